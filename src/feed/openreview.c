/*-------------------------------------------------------------------------
 *
 * openreview.c
 *		OpenReview: api.openreview.net and api2.openreview.net, notes[].
 *
 * Everything there is a note: submissions, reviews, comments, decisions.  A
 * submission is the note that begins its forum; the others reply to it and
 * are rejected.  Version 1 has content.title, version 2 content.title.value.
 * Times are milliseconds since 1970: "pdate" is the day of publication,
 * "odate" when the note became public, "cdate" when it was made.
 *
 * Keywords are the authors' own words, hundreds for one conference, so they go
 * to "extra"; the area that a conference has its authors choose is the
 * category.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_item.h"
#include "feed/parts.h"

#define MAX_OTHER_IDS	16

/* A member of the content, in either version. */
static const PfNode *
field(const PfNode *content, const char *name)
{
	const PfNode *member = pf_child(content, name);

	if (member != NULL && member->kind == PF_NODE_OBJECT)
		member = pf_child(member, "value");
	return member;
}

static PfStr
field_text(const PfNode *content, const char *name)
{
	const PfNode *member = field(content, name);

	if (member != NULL && member->kind == PF_NODE_ARRAY)
		member = member->child;
	return pf_text(member);
}

static PfStr
field_plain(const PfNode *content, const char *name)
{
	PfStr		text = field_text(content, name);

	return text.s != NULL ? pf_plain_str(text, PF_PLAIN_ALL) : PF_STR_NONE;
}

static PfStr
field_url(const PfNode *content, const char *name)
{
	PfStr		text = field_text(content, name);

	return text.s != NULL ? pf_url_resolve(PF_STR_LIT("https://openreview.net/"), text) :
		PF_STR_NONE;
}

/* The address in a field that may hold it in Markdown: "[![github](/icon.svg)](https://...)". */
static PfStr
field_link(const PfNode *content, const char *name)
{
	PfStr		text = field_text(content, name);
	PfStr		url = pf_str_find(text, "https://");
	int			n = 0;

	if (url.s == NULL)
		url = pf_str_find(text, "http://");
	while (n < url.len && (unsigned char) url.s[n] > ' ' && strchr(")]>\"", url.s[n]) == NULL)
		n++;
	return n > 0 ? pf_url_resolve(PF_STR_NONE, (PfStr) {url.s, n}) : PF_STR_NONE;
}

/* The first of these times that the note has. */
static TimestampTz
first_time(const PfNode *node, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		int64		ms;

		if (pf_int(pf_child(node, *names), &ms) && ms > 0)
			return pf_date_epoch_ms(ms);
	}
	return PF_NO_TIME;
}

/* "ICLR 2024 Conference Withdrawn Submission", ".../-/Desk_Rejected_Submission" */
static bool
tells_withdrawal(PfStr text)
{
	return pf_json_says(text, "withdrawn") || pf_json_says(text, "desk rejected") ||
		pf_json_says(text, "desk_rejected") || pf_json_says(text, "desk reject ");
}

static bool
is_withdrawn(const PfNode *node, const PfNode *content)
{
	int64		deleted;
	int			n = 0;

	if (tells_withdrawal(field_text(content, "venue")) ||
		tells_withdrawal(field_text(content, "venueid")) ||
		tells_withdrawal(pf_json_text(node, "invitation")) ||
		pf_int(pf_child(node, "ddate"), &deleted))
		return true;
	PF_EACH_CHILD(invitation, pf_child(node, "invitations"))
	{
		if (n++ == MAX_OTHER_IDS)
			break;
		if (tells_withdrawal(pf_text(invitation)))
			return true;
	}
	return false;
}

PfPiece
pf_openreview_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	static const char *const published[] = {"pdate", "odate", "cdate", "tcdate", NULL};
	static const char *const updated[] = {"mdate", "tmdate", NULL};
	const PfNode *content = pf_child(node, "content");
	const PfNode *keywords;
	PfStr		id = pf_json_text(node, "id");
	PfStr		forum = pf_json_text(node, "forum");
	PfStr		to = pf_json_text(node, "replyto");
	int			n = 0;

	if (id.s == NULL || content == NULL || content->kind != PF_NODE_OBJECT ||
		(forum.s == NULL && pf_child(node, "invitation") == NULL &&
		 pf_child(node, "invitations") == NULL))
		return PF_PIECE_OTHER;

	doc->info.format = "openreview notes";
	rec->source = PF_STR_LIT("openreview");
	if ((forum.s != NULL && !pf_str_eq(forum, id)) || (to.s != NULL && !pf_str_eq(to, id)))
		rec->reject = "the note replies to a submission";

	pf_json_id(rec, "openreview:", node, "id");
	PF_EACH_CHILD(other, pf_child(node, "externalIds"))
	{
		PfStr		text = pf_text(other);

		if (n++ == MAX_OTHER_IDS)
			break;
		if (pf_str_starts_nocase(text, "arxiv:"))
			pf_part_add(&rec->ids, text);
		else if (pf_str_starts_nocase(text, "doi:"))
			pf_part_add_doi(rec, text);
	}
	pf_part_add_doi(rec, field_text(content, "doi"));
	pf_part_add_doi(rec, field_text(content, "html"));

	rec->title = field_plain(content, "title");
	rec->abstract = field_plain(content, "abstract");
	pf_json_strings(&rec->authors, field(content, "authors"), "fullname");
	rec->published = first_time(node, published);
	rec->updated = first_time(node, updated);
	rec->venue = field_plain(content, "venue");
	rec->license = pf_json_text(node, "license");
	rec->url = pf_str_printf("https://openreview.net/forum?id=%.*s", id.len, id.s);
	rec->pdf_url = field_url(content, "pdf");
	rec->withdrawn = is_withdrawn(node, content);

	pf_json_strings(&rec->categories, field(content, "primary_area"), NULL);
	pf_json_strings(&rec->categories, field(content, "subject_areas"), NULL);
	keywords = field(content, "keywords");
	if (keywords != NULL && keywords->kind == PF_NODE_STRING)
	{
		PfStrings	list = {0};

		pf_strings_split(&list, keywords->text, ",;");
		for (int i = 0; i < list.n && i < PF_MAX_EXTRA_LIST; i++)
			pf_part_add_to(&rec->extra, "keywords", list.items[i]);
	}
	else
		pf_json_list(&rec->extra, "keywords", keywords, NULL);
	pf_part_add_to(&rec->links, "code", field_link(content, "code"));
	pf_part_add_to(&rec->links, "project", field_link(content, "project_page"));
	pf_part_set(&rec->extra, "tldr", field_plain(content, "TLDR"));
	if (field(content, "TLDR") == NULL)
		pf_part_set(&rec->extra, "tldr", field_plain(content, "TL;DR"));
	pf_part_set(&rec->extra, "decision", field_plain(content, "decision"));
	return PF_PIECE_RECORD;
}
