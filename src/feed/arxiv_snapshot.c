/*-------------------------------------------------------------------------
 *
 * arxiv_snapshot.c
 *		The JSON lines in which all of arXiv's metadata is handed out (Kaggle).
 *
 * One line is one paper: {"id", "submitter", "authors", "title", "comments",
 * "journal-ref", "doi", "report-no", "categories", "license", "abstract",
 * "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
 * "update_date", "authors_parsed": [["Family", "Given", "Suffix", ...]]}.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/json_item.h"
#include "feed/parts.h"

/* ["Family", "Given", "Suffix", "Affiliation", ...] */
static PfStr
parsed_name(const PfNode *name)
{
	const PfNode *family = pf_first_child(name);
	const PfNode *given = family != NULL ? family->next : NULL;
	const PfNode *suffix = given != NULL ? given->next : NULL;
	PfStr		joined = pf_name_join(pf_text(given), pf_text(family), pf_text(suffix));

	return joined.s != NULL ? pf_arxiv_name(joined) : PF_STR_NONE;
}

/* The first version tells when the paper was published, the last one when it was updated. */
static void
take_versions(PfRecord *rec, const PfNode *versions)
{
	const PfNode *last = versions != NULL ? versions->last : NULL;
	PfStr		number;

	if (last == NULL)
		return;
	rec->published = pf_json_date(versions->child, "created");
	rec->updated = pf_json_date(last, "created");
	number = pf_json_text(last, "version");
	if (number.len > 1 && number.s[0] == 'v')
		pf_str_int((PfStr) {number.s + 1, number.len - 1}, &rec->version);
}

PfPiece
pf_arxiv_snapshot_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	const PfNode *authors = pf_child(node, "authors_parsed");
	PfStr		id = pf_json_text(node, "id");

	if (id.s == NULL ||
		(!pf_json_has(node, "authors_parsed", PF_NODE_ARRAY) &&
		 !(pf_json_has(node, "versions", PF_NODE_ARRAY) && pf_child(node, "update_date") != NULL)))
		return PF_PIECE_OTHER;
	if (!pf_arxiv_identify(rec, id))
		return PF_PIECE_OTHER;

	doc->info.format = "arxiv snapshot";
	rec->source = PF_STR_LIT("arxiv");
	take_versions(rec, pf_child(node, "versions"));
	if (rec->updated == PF_NO_TIME)
		rec->updated = pf_json_date(node, "update_date");

	rec->title = pf_json_plain(node, "title", PF_PLAIN_ALL);
	pf_arxiv_abstract(rec, pf_json_text(node, "abstract"));
	PF_EACH_CHILD(name, authors)
	{
		PfStr		joined = parsed_name(name);

		if (joined.s != NULL)
			pf_strings_add(&rec->authors, joined);
	}
	if (rec->authors.n == 0)
		pf_arxiv_authors(&rec->authors, pf_json_text(node, "authors"));

	pf_strings_split(&rec->categories, pf_json_text(node, "categories"), " ");
	pf_arxiv_dois(rec, pf_json_text(node, "doi"));
	rec->venue = pf_json_plain(node, "journal-ref", PF_PLAIN_ALL);
	pf_arxiv_comment(rec, pf_json_text(node, "comments"));
	rec->license = pf_json_text(node, "license");
	pf_json_extra(rec, "report_no", node, "report-no");
	pf_part_set(&rec->extra, "submitter", pf_json_plain(node, "submitter", PF_PLAIN_ALL));
	return PF_PIECE_RECORD;
}
