/*-------------------------------------------------------------------------
 *
 * huggingface.c
 *		Hugging Face: /api/daily_papers, /api/papers/search, /api/papers/{id}.
 *
 * An element of a list has the paper in a member "paper" and says part of it
 * again outside; there "publishedAt" has been the day of the listing or the
 * paper's, so the inner words come first.  /api/papers/{id} gives the inner
 * object alone.
 *
 * The papers are arXiv's: page, PDF and text are what arXiv's own feeds give.
 * Authors that are marked hidden are authors still (the mark is about a
 * member's own page there), so they are kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/json_item.h"
#include "feed/parts.h"

/* The member of the paper, else of what is around it. */
static const PfNode *
either(const PfNode *paper, const PfNode *outer, const char *name)
{
	const PfNode *member = pf_child(paper, name);

	if (member == NULL || member->kind == PF_NODE_NULL)
		member = pf_child(outer, name);
	return member;
}

/* A person or an organization: the full name, else the short one. */
static PfStr
full_name(const PfNode *who)
{
	PfStr		name = pf_json_text(who, "fullname");

	if (name.s == NULL)
		name = pf_json_text(who, "name");
	if (name.s == NULL)
		name = pf_json_text(who, "user");
	return name;
}

/* An address, or "owner/name" on GitHub. */
static PfStr
repository(PfStr text)
{
	PfStr		url;

	if (text.s == NULL)
		return PF_STR_NONE;
	url = pf_url_resolve(PF_STR_NONE, text);
	if (url.s != NULL)
		return url;
	if (pf_str_starts_nocase(text, "github.com/"))
		return pf_url_resolve(PF_STR_NONE, pf_str_printf("https://%.*s", text.len, text.s));
	if (memchr(text.s, '/', text.len) == NULL || memchr(text.s, ':', text.len) != NULL ||
		text.s[0] == '/')
		return PF_STR_NONE;
	return pf_url_resolve(PF_STR_LIT("https://github.com/"), text);
}

/* Models, data sets and spaces that are linked to the paper, under their names there. */
static void
add_linked(PfRecord *rec, const char *key, const PfNode *list, const char *at)
{
	int			n = 0;

	PF_EACH_CHILD(element, list)
	{
		PfStr		id = pf_json_text(element, "id");

		if (n++ == PF_MAX_EXTRA_LIST)
			break;
		if (id.s != NULL)
			pf_part_add_to(&rec->links, key, pf_str_printf("%s%.*s", at, id.len, id.s));
	}
}

PfPiece
pf_huggingface_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	const PfNode *paper = pf_child(node, "paper");
	const PfNode *author;
	const PfNode *who;
	PfStr		id;

	if (paper == NULL || paper->kind != PF_NODE_OBJECT)
	{
		/* The members are less telling alone. */
		paper = node;
		author = pf_first_child(pf_child(node, "authors"));
		if ((pf_child(node, "upvotes") == NULL && pf_child(node, "discussionId") == NULL &&
			 pf_child(node, "submittedOnDailyAt") == NULL) ||
			(author != NULL && author->kind != PF_NODE_OBJECT))
			return PF_PIECE_OTHER;
	}
	id = pf_json_text(paper, "id");
	if (id.s == NULL || pf_child(paper, "authors") == NULL)
		return PF_PIECE_OTHER;

	doc->info.format = "huggingface daily_papers";
	rec->source = PF_STR_LIT("huggingface");
	if (!pf_arxiv_identify(rec, id))
	{
		rec->url = pf_str_printf("https://huggingface.co/papers/%.*s", id.len, id.s);
		pf_strings_add(&rec->ids, rec->url);
	}
	rec->title = pf_plain_str(pf_text(either(paper, node, "title")), PF_PLAIN_ALL);
	pf_arxiv_abstract(rec, pf_text(either(paper, node, "summary")));
	for (author = pf_first_child(pf_child(paper, "authors")); author != NULL; author = author->next)
	{
		PfStr		name = pf_json_text(author, "name");

		if (name.s != NULL && (name = pf_arxiv_name(name)).s != NULL)
			pf_strings_add(&rec->authors, name);
	}
	rec->published = pf_json_date(paper, "publishedAt");
	if (rec->published == PF_NO_TIME)
		rec->published = pf_json_date(node, "publishedAt");
	if (pf_json_text(paper, "withdrawnAt").s != NULL)
		rec->withdrawn = true;

	who = either(paper, node, "submittedOnDailyBy");
	if (who == NULL)
		who = pf_child(node, "submittedBy");
	rec->announced = pf_json_date(paper, "submittedOnDailyAt");
	if (rec->announced != PF_NO_TIME || who != NULL)
		rec->announce = PF_STR_LIT("featured");

	pf_part_add_to(&rec->links, "code", repository(pf_text(either(paper, node, "githubRepo"))));
	pf_part_add_to(&rec->links, "project",
				   pf_url_resolve(PF_STR_NONE, pf_text(either(paper, node, "projectPage"))));
	add_linked(rec, "model", pf_child(paper, "linkedModels"), "https://huggingface.co/");
	add_linked(rec, "data", pf_child(paper, "linkedDatasets"), "https://huggingface.co/datasets/");

	pf_json_metric(rec, "upvotes", paper, "upvotes");
	pf_json_metric(rec, "comments", node, "numComments");
	pf_json_metric(rec, "github_stars", paper, "githubStars");

	pf_part_set(&rec->extra, "submitted_by", full_name(who));
	pf_part_set(&rec->extra, "organization", full_name(either(paper, node, "organization")));
	pf_json_extra(rec, "ai_summary", paper, "ai_summary");
	pf_json_list(&rec->extra, "ai_keywords", pf_child(paper, "ai_keywords"), NULL);
	pf_json_extra(rec, "thumbnail", node, "thumbnail");
	pf_json_list(&rec->extra, "media_urls", either(paper, node, "mediaUrls"), NULL);
	return PF_PIECE_RECORD;
}
