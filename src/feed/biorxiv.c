/*-------------------------------------------------------------------------
 *
 * biorxiv.c
 *		bioRxiv and medRxiv: api.biorxiv.org/details and /pubs.
 *
 * /details lists versions, each as an element of its own: {"doi", "title",
 * "authors": "A, B.; C, D.", "date", "version", "type", "license",
 * "category", "abstract", "published": "NA" or a DOI, "server"}.  /pubs lists
 * preprints that a journal has printed, under names of its own.
 *
 * The DOI of the printed paper is another identity of the same paper: who
 * follows a journal too should see one row, not two.  The preprint's own DOI
 * comes first and is the one in the column "doi".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_item.h"
#include "feed/parts.h"

/*
 * Preprints since 2019 have the day on which they came in within their DOI:
 * "10.1101/2020.01.30.927871".
 */
static TimestampTz
date_in_doi(PfStr doi)
{
	PfStr		tail = pf_str_find(doi, "/");
	int			year;
	int			month;
	int			day;

	if (tail.len < 12 || tail.s[5] != '.' || tail.s[8] != '.' || tail.s[11] != '.' ||
		!pf_str_int((PfStr) {tail.s + 1, 4}, &year) ||
		!pf_str_int((PfStr) {tail.s + 6, 2}, &month) ||
		!pf_str_int((PfStr) {tail.s + 9, 2}, &day))
		return PF_NO_TIME;
	return pf_date_ymd(year, month, day);
}

static PfPiece
take_printed(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	PfStr		doi = pf_json_text(node, "biorxiv_doi");

	if (doi.s == NULL)
		doi = pf_json_text(node, "preprint_doi");
	if (!pf_part_add_doi(rec, doi))
		return PF_PIECE_OTHER;

	doc->info.format = "biorxiv pubs";
	rec->source = pf_json_says(pf_json_text(node, "preprint_platform"), "medrxiv") ?
		PF_STR_LIT("medrxiv") : PF_STR_LIT("biorxiv");
	pf_part_add_doi(rec, pf_json_text(node, "published_doi"));
	rec->title = pf_json_plain(node, "preprint_title", PF_PLAIN_ALL);
	rec->abstract = pf_json_plain(node, "preprint_abstract", PF_PLAIN_ALL);
	pf_names_split(&rec->authors, pf_json_plain(node, "preprint_authors", PF_PLAIN_ALL));
	rec->published = pf_json_date(node, "preprint_date");
	rec->updated = pf_json_date(node, "published_date");
	rec->venue = pf_json_plain(node, "published_journal", PF_PLAIN_ALL);
	pf_part_add(&rec->categories, pf_json_plain(node, "preprint_category", PF_PLAIN_ALL));
	pf_json_extra(rec, "published_doi", node, "published_doi");
	rec->url = pf_str_printf("https://www.%s.org/content/%.*s", rec->source.s,
							 rec->doi.len, rec->doi.s);
	return PF_PIECE_RECORD;
}

PfPiece
pf_biorxiv_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	PfStr		type = pf_json_text(node, "type");
	PfStr		version = pf_json_text(node, "version");
	TimestampTz date;
	PfStr		printed;

	if (pf_child(node, "preprint_title") != NULL)
		return take_printed(doc, node, rec);
	if (pf_child(node, "server") == NULL || pf_child(node, "category") == NULL ||
		!pf_part_add_doi(rec, pf_json_text(node, "doi")))
		return PF_PIECE_OTHER;

	doc->info.format = "biorxiv details";
	rec->source = pf_json_says(pf_json_text(node, "server"), "medrxiv") ?
		PF_STR_LIT("medrxiv") : PF_STR_LIT("biorxiv");
	printed = pf_json_text(node, "published");
	if (pf_part_add_doi(rec, printed))
		pf_part_set(&rec->extra, "published_doi", pf_part_doi(printed));

	rec->title = pf_json_plain(node, "title", PF_PLAIN_ALL);
	rec->abstract = pf_json_plain(node, "abstract", PF_PLAIN_ALL);
	pf_names_split(&rec->authors, pf_json_plain(node, "authors", PF_PLAIN_ALL));
	pf_part_add(&rec->categories, pf_json_plain(node, "category", PF_PLAIN_ALL));

	/* The date is that of the version. */
	if (version.s != NULL && !pf_str_int(version, &rec->version))
		rec->version = 0;
	date = pf_json_date(node, "date");
	rec->announced = date;
	if (rec->version <= 1)
	{
		rec->published = date;
		rec->announce = PF_STR_LIT("new");
	}
	else
	{
		rec->published = date_in_doi(rec->doi);
		if (rec->published == PF_NO_TIME || (date != PF_NO_TIME && rec->published > date))
			rec->published = date;
		rec->updated = date;
		rec->announce = PF_STR_LIT("replace");
	}

	rec->license = pf_json_text(node, "license");
	rec->withdrawn = pf_json_says(type, "withdrawn") ||
		pf_str_starts_nocase(rec->title, "withdrawn:") ||
		pf_str_starts_nocase(rec->title, "[withdrawn]");
	rec->url = pf_str_printf("https://www.%s.org/content/%.*s", rec->source.s,
							 rec->doi.len, rec->doi.s);
	rec->pdf_url = pf_str_printf("%sv%d.full.pdf", rec->url.s, Max(rec->version, 1));
	pf_part_set(&rec->extra, "type", type);
	pf_json_extra(rec, "corresponding_author", node, "author_corresponding");
	pf_json_extra(rec, "institution", node, "author_corresponding_institution");
	return PF_PIECE_RECORD;
}
