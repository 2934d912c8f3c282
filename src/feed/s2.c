/*-------------------------------------------------------------------------
 *
 * s2.c
 *		Semantic Scholar: /graph/v1/paper/..., recommendations, data sets.
 *
 * The caller of the API chooses the members, so every one may be missing but
 * "paperId".  Lists of citations and references have the paper within
 * "citingPaper" or "citedPaper".  The identities of other services stand in
 * "externalIds"; the paper's own page is the last of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_item.h"
#include "feed/parts.h"

static const PfNode *
get_paper(const PfNode *node)
{
	const PfNode *inner = pf_child(node, "citingPaper");

	if (inner == NULL)
		inner = pf_child(node, "citedPaper");
	return inner != NULL ? inner : node;
}

PfPiece
pf_s2_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	const PfNode *paper = get_paper(node);
	const PfNode *ids = pf_child(paper, "externalIds");
	PfStr		id = pf_json_text(paper, "paperId");
	PfStr		page;
	int64		year;

	if (ids == NULL)
		ids = pf_child(paper, "externalids");	/* data sets */
	if (id.s == NULL && !(pf_child(paper, "corpusid") != NULL && ids != NULL))
		return PF_PIECE_OTHER;

	doc->info.format = "semantic scholar";
	rec->source = PF_STR_LIT("semanticscholar");
	pf_json_id(rec, "arXiv:", ids, "ArXiv");
	pf_part_add_doi(rec, pf_json_text(ids, "DOI"));
	pf_json_id(rec, "pmid:", ids, "PubMed");
	pf_json_id(rec, "acl:", ids, "ACL");
	page = pf_json_url(doc, paper, "url");
	if (page.s == NULL && id.s != NULL)
		page = pf_str_printf("https://www.semanticscholar.org/paper/%.*s", id.len, id.s);
	pf_part_add(&rec->ids, page);
	rec->url = page;

	rec->title = pf_json_plain(paper, "title", PF_PLAIN_ALL);
	rec->abstract = pf_json_plain(paper, "abstract", PF_PLAIN_ALL);
	PF_EACH_CHILD(author, pf_child(paper, "authors"))
	{
		PfStr		name = pf_json_plain(author, "name", PF_PLAIN_ALL);

		if (name.s != NULL)
			pf_strings_add(&rec->authors, name);
	}

	rec->published = pf_json_date(paper, "publicationDate");
	if (rec->published == PF_NO_TIME)
		rec->published = pf_json_date(paper, "publicationdate");
	if (rec->published == PF_NO_TIME && pf_int(pf_child(paper, "year"), &year) &&
		year > 0 && year < 10000)
		rec->published = pf_date_ymd((int) year, 0, 0);

	rec->venue = pf_json_plain(paper, "venue", PF_PLAIN_ALL);
	if (rec->venue.s == NULL)
		rec->venue = pf_json_plain(paper, "publicationVenue.name", PF_PLAIN_ALL);
	if (rec->venue.s == NULL)
		rec->venue = pf_json_plain(paper, "journal.name", PF_PLAIN_ALL);
	rec->pdf_url = pf_json_url(doc, paper, "openAccessPdf.url");
	rec->license = pf_json_text(paper, "openAccessPdf.license");

	pf_json_strings(&rec->categories, pf_child(paper, "fieldsOfStudy"), NULL);
	pf_json_strings(&rec->categories, pf_child(paper, "s2FieldsOfStudy"), "category");
	pf_json_metric(rec, "citations", paper, "citationCount");
	pf_json_metric(rec, "influential_citations", paper, "influentialCitationCount");
	pf_part_set(&rec->extra, "tldr", pf_json_plain(paper, "tldr.text", PF_PLAIN_ALL));
	pf_json_list(&rec->extra, "publication_types", pf_child(paper, "publicationTypes"), NULL);
	pf_json_extra(rec, "dblp", ids, "DBLP");
	return PF_PIECE_RECORD;
}
