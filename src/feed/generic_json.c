/*-------------------------------------------------------------------------
 *
 * generic_json.c
 *		Objects that name their members as the papers table its columns.
 *
 * For files that people write by hand or export from elsewhere, a paper a
 * line:
 *
 *	{"id": "arxiv:2303.12345", "title": "...", "abstract": "...",
 *	 "authors": ["A B"], "published": "2023-03-21", "categories": ["cs.CL"],
 *	 "url": "...", "links": {"code": "..."}, "metrics": {"citations": 3}}
 *
 * Common other names are understood too.  A title is needed, and something
 * that makes it a paper: an identity, an address, an abstract or authors.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/json_item.h"
#include "feed/parts.h"

#define MAX_PAIRS	64			/* members of metrics, of extra */
#define MAX_KEY		64			/* bytes of their names */

/* The first of the members that has a value. */
static const PfNode *
first_of(const PfNode *node, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		const PfNode *member = pf_child(node, *names);

		if (member != NULL && member->kind != PF_NODE_NULL)
			return member;
	}
	return NULL;
}

#define FIRST_OF(node, ...)	first_of((node), (const char *const[]) {__VA_ARGS__, NULL})

static TimestampTz
to_date(const PfNode *node)
{
	PfStr		text = pf_text(node);

	return text.s != NULL ? pf_date(text) : PF_NO_TIME;
}

static PfStr
to_url(const PfDoc *doc, const PfNode *node)
{
	PfStr		text = pf_text(node);

	return text.s != NULL ? pf_url_resolve(doc->base, text) : PF_STR_NONE;
}

static PfStr
to_plain(const PfNode *node, int flags)
{
	PfStr		text = pf_text(node);

	return text.s != NULL ? pf_plain_str(text, flags) : PF_STR_NONE;
}

static PfStr
author_name(const PfNode *author, int flags)
{
	PfStr		name;

	if (author->kind != PF_NODE_OBJECT)
		return to_plain(author, flags);
	name = to_plain(FIRST_OF(author, "name", "full_name", "fullname"), flags);
	if (name.s == NULL)
		name = pf_name_join(to_plain(FIRST_OF(author, "given", "first", "given_name"), flags),
							to_plain(FIRST_OF(author, "family", "last", "family_name"), flags),
							PF_STR_NONE);
	return name;
}

/*
 * A string is a list in one of the usual layouts.  The elements of an array
 * are names; they are turned round only if each has a comma, as a name of the
 * table may have one too.
 */
static void
take_authors(PfRecord *rec, const PfNode *authors, int flags)
{
	bool		inverted = true;

	if (authors == NULL)
		return;
	if (authors->kind == PF_NODE_STRING)
	{
		PfStr		text = to_plain(authors, flags);

		if (text.s != NULL)
			pf_names_split(&rec->authors, text);
		return;
	}
	PF_EACH_CHILD(author, authors)
	{
		PfStr		name = author_name(author, flags);

		if (name.s == NULL)
			continue;
		if (memchr(name.s, ',', name.len) == NULL)
			inverted = false;
		pf_strings_add(&rec->authors, name);
	}
	for (int i = 0; inverted && i < rec->authors.n; i++)
	{
		PfStr		name = pf_name(rec->authors.items[i]);

		if (name.s != NULL)
			rec->authors.items[i] = name;
	}
}

/* An array, or one string: "cs.CL cs.AI", "Biology; Physics of Fluids". */
static void
take_categories(PfRecord *rec, const PfNode *categories, bool arxiv)
{
	PfStrings	list = {0};
	const char *seps = " ";

	if (categories == NULL || categories->kind != PF_NODE_STRING)
		pf_json_strings(&list, categories, "name");
	else
	{
		if (memchr(categories->text.s, ';', categories->text.len) != NULL)
			seps = ";";
		else if (memchr(categories->text.s, ',', categories->text.len) != NULL)
			seps = ",";
		pf_strings_split(&list, categories->text, seps);
	}
	for (int i = 0; i < list.n; i++)
	{
		if (arxiv)
			pf_arxiv_category(rec, list.items[i]);
		else
			pf_part_add(&rec->categories, list.items[i]);
	}
}

/* A name out of the document, as long-lived as the record; NULL if it cannot be a key. */
static const char *
to_key(PfStr name)
{
	if (name.len < 1 || name.len > MAX_KEY || memchr(name.s, '\0', name.len) != NULL)
		return NULL;
	return pf_str_dup(name).s;
}

static void
take_links(PfRecord *rec, const PfNode *node)
{
	static const char *const keys[] = {"code", "model", "data", "project"};

	for (int i = 0; i < (int) lengthof(keys); i++)
	{
		const PfNode *links = pf_child(pf_child(node, "links"), keys[i]);
		PfStr		url = pf_text(links);

		if (url.s != NULL)
			pf_part_add_to(&rec->links, keys[i], pf_url_resolve(PF_STR_NONE, url));
		else
			pf_json_list(&rec->links, keys[i], links, NULL);
	}
	pf_part_add_to(&rec->links, "code",
				   pf_url_resolve(PF_STR_NONE,
								  pf_text(FIRST_OF(node, "code", "code_url", "github", "repo"))));
	pf_part_add_to(&rec->links, "project",
				   pf_url_resolve(PF_STR_NONE,
								  pf_text(FIRST_OF(node, "project", "project_url",
												   "project_page"))));
}

static void
take_pairs(PfRecord *rec, const PfNode *node)
{
	int			n = 0;

	PF_EACH_CHILD(metric, pf_child(node, "metrics"))
	{
		const char *key = to_key(metric->name);

		if (n++ == MAX_PAIRS)
			break;
		if (key != NULL && metric->kind == PF_NODE_NUMBER)
			pf_json_number(&rec->metrics, key, metric);
	}
	n = 0;
	PF_EACH_CHILD(member, pf_child(node, "extra"))
	{
		const char *key = to_key(member->name);

		if (n++ == MAX_PAIRS)
			break;
		if (key == NULL)
			continue;
		if (member->kind == PF_NODE_ARRAY)
			pf_json_list(&rec->extra, key, member, NULL);
		else if (member->kind == PF_NODE_TRUE || member->kind == PF_NODE_FALSE)
			pf_pairs_add(&rec->extra, key, PF_PAIR_BOOL, member->text);
		else if (member->kind != PF_NODE_NUMBER || !pf_json_number(&rec->extra, key, member))
			pf_part_set(&rec->extra, key, pf_text(member));
	}
}

static void
take_version(PfRecord *rec, const PfNode *version)
{
	PfStr		text = pf_text(version);

	if (text.len > 1 && (text.s[0] == 'v' || text.s[0] == 'V'))
		text = (PfStr) {text.s + 1, text.len - 1};
	if (text.s != NULL)
		pf_str_int(text, &rec->version);
}

PfPiece
pf_generic_json_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	const PfNode *id = FIRST_OF(node, "id", "paper_id", "guid");
	const PfNode *arxiv_id = FIRST_OF(node, "arxiv_id", "arxiv", "arxivId");
	const PfNode *doi = FIRST_OF(node, "doi");
	const PfNode *url = FIRST_OF(node, "url", "link", "abs_url");
	const PfNode *abstract = FIRST_OF(node, "abstract", "summary", "description");
	const PfNode *authors = FIRST_OF(node, "authors", "author", "creators");
	bool		arxiv;
	int			flags;

	if (!pf_json_has(node, "title", PF_NODE_STRING) ||
		(id == NULL && arxiv_id == NULL && doi == NULL && url == NULL && abstract == NULL &&
		 authors == NULL) ||
		pf_child(node, "items") != NULL)	/* a feed, perhaps an empty one */
		return PF_PIECE_OTHER;

	if (doc->info.format == NULL)
		doc->info.format = "json lines";
	rec->source = doc->host;

	/* The identity that the file itself names comes first; arXiv's sets page and PDF. */
	arxiv = pf_arxiv_identify(rec, pf_text(id));
	if (!arxiv)
		pf_part_add(&rec->ids, pf_text(id));
	if (!arxiv)
		arxiv = pf_arxiv_identify(rec, pf_text(arxiv_id)) ||
			(id == NULL && pf_arxiv_identify(rec, pf_text(url)));
	pf_part_add_doi(rec, pf_text(doi));
	pf_json_id(rec, "pmid:", node, "pmid");
	if (rec->url.s == NULL)
		rec->url = to_url(doc, url);
	pf_part_add(&rec->ids, rec->url);
	flags = PF_PLAIN_ALL;

	rec->title = pf_json_plain(node, "title", flags);
	if (arxiv)
	{
		pf_arxiv_abstract(rec, pf_text(abstract));
		pf_arxiv_comment(rec, pf_text(FIRST_OF(node, "comment", "comments")));
	}
	else
	{
		rec->abstract = to_plain(abstract, flags);
		rec->comment = to_plain(FIRST_OF(node, "comment"), flags);
	}
	take_authors(rec, authors, flags);
	rec->published = to_date(FIRST_OF(node, "published", "published_at", "publishedAt",
									  "published_date", "publication_date", "date", "pubDate",
									  "year"));
	rec->updated = to_date(FIRST_OF(node, "updated", "updated_at", "updatedAt", "update_date"));
	take_version(rec, FIRST_OF(node, "version"));
	take_categories(rec, FIRST_OF(node, "categories", "category", "subjects"), arxiv);
	rec->venue = to_plain(FIRST_OF(node, "venue", "journal", "booktitle", "journal_ref"), flags);
	rec->license = pf_text(FIRST_OF(node, "license", "licence"));
	if (rec->pdf_url.s == NULL)
		rec->pdf_url = to_url(doc, FIRST_OF(node, "pdf_url", "pdf", "pdfUrl"));
	if (pf_json_true(node, "withdrawn"))
		rec->withdrawn = true;

	take_links(rec, node);
	take_pairs(rec, node);
	pf_json_list(&rec->extra, "keywords", FIRST_OF(node, "keywords", "tags"), NULL);
	return PF_PIECE_RECORD;
}
