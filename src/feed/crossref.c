/*-------------------------------------------------------------------------
 *
 * crossref.c
 *		Crossref: api.crossref.org/works, message.items[] or one message.
 *
 * Journals deposit what they like: titles and abstracts carry JATS, authors
 * come with one name only, dates may be a year or [[null]].  Of the dates, the
 * earliest counts, and of two that agree the more exact one.
 *
 * Relations say which other DOIs are the same paper (its preprint, its printed
 * version); these become identities.  "update-to" stands in the notice of a
 * retraction, not in the retracted paper; that one has "updated-by".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_item.h"
#include "feed/parts.h"

#define MAX_RELATED		16		/* identities out of relations */

typedef struct PartialDate
{
	int			part[3];		/* year, month, day; 0 = unknown */
} PartialDate;

/* {"date-parts": [[2019, 12, 4]]} */
static bool
read_date(const PfNode *node, PartialDate *date)
{
	const PfNode *part = pf_first_child(pf_first_child(pf_child(node, "date-parts")));

	memset(date, 0, sizeof(*date));
	for (int i = 0; i < 3 && part != NULL; i++, part = part->next)
	{
		int64		value;

		if (!pf_int(part, &value) || value < 1 || value > 9999)
			break;
		date->part[i] = (int) value;
	}
	return date->part[0] != 0;
}

/* Earlier, or the same as far as both go and more exact? */
static bool
is_better(const PartialDate *a, const PartialDate *b)
{
	for (int i = 0; i < 3; i++)
	{
		if (a->part[i] == 0)
			return false;
		if (b->part[i] == 0)
			return true;
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i];
	}
	return false;
}

static TimestampTz
published(const PfNode *node)
{
	static const char *const names[] = {"issued", "published", "published-online",
	"published-print", "posted"};
	PartialDate best = {{0, 0, 0}};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		PartialDate date;

		if (read_date(pf_child(node, names[i]), &date) &&
			(best.part[0] == 0 || is_better(&date, &best)))
			best = date;
	}
	if (best.part[0] == 0)
		return pf_json_date(node, "created.date-time");
	return pf_date_ymd(best.part[0], best.part[1], best.part[2]);
}

static void
add_authors(PfRecord *rec, const PfNode *authors)
{
	PF_EACH_CHILD(author, authors)
	{
		PfStr		name = pf_name_join(pf_json_plain(author, "given", PF_PLAIN_ALL),
										pf_json_plain(author, "family", PF_PLAIN_ALL),
										pf_json_plain(author, "suffix", PF_PLAIN_ALL));

		if (name.s == NULL)		/* a collaboration */
			name = pf_json_plain(author, "name", PF_PLAIN_ALL);
		if (name.s != NULL)
			pf_strings_add(&rec->authors, name);
	}
}

static void
add_relations(PfRecord *rec, const PfNode *relations)
{
	static const char *const same[] = {"is-preprint-of", "has-preprint", "is-identical-to",
	"is-version-of", "has-version", "is-manuscript-of", "has-manuscript"};
	int			n = 0;

	for (int i = 0; i < (int) lengthof(same); i++)
	{
		PF_EACH_CHILD(relation, pf_child(relations, same[i]))
		{
			PfStr		type = pf_json_text(relation, "id-type");

			if (n++ == MAX_RELATED)
				return;
			if (pf_str_eq_nocase(type, "doi"))
				pf_part_add(&rec->ids, pf_part_doi(pf_json_text(relation, "id")));
			else if (pf_str_eq_nocase(type, "arxiv"))
				pf_json_id(rec, "", relation, "id");
			else if (pf_str_eq_nocase(type, "pmid"))
				pf_json_id(rec, "pmid:", relation, "id");
		}
	}
}

/* Has the paper been taken back? */
static bool
is_withdrawn(const PfNode *node, PfStr title)
{
	PF_EACH_CHILD(update, pf_child(node, "updated-by"))
	{
		PfStr		type = pf_json_text(update, "type");

		if (pf_json_says(type, "retraction") || pf_json_says(type, "withdrawal") ||
			pf_json_says(type, "removal"))
			return true;
	}
	return pf_str_starts_nocase(title, "retracted:") ||
		pf_str_starts_nocase(title, "retracted article:") ||
		pf_str_starts_nocase(title, "withdrawn:") ||
		pf_str_starts_nocase(title, "[retracted]");
}

/* The licence of the published version, else the first one that is not for text mining alone. */
static PfStr
choose_license(const PfNode *licenses)
{
	PfStr		best = PF_STR_NONE;

	PF_EACH_CHILD(license, licenses)
	{
		PfStr		version = pf_json_text(license, "content-version");
		PfStr		url = pf_json_text(license, "URL");

		if (url.s != NULL && PF_STR_IS(version, "vor"))
			return url;
		if (best.s == NULL && !PF_STR_IS(version, "tdm"))
			best = url;
	}
	return best.s != NULL ? best : pf_json_text(pf_first_child(licenses), "URL");
}

/* Addresses for similarity checks are not for readers. */
static PfStr
choose_pdf(const PfDoc *doc, const PfNode *links)
{
	PF_EACH_CHILD(link, links)
	{
		if (pf_str_eq_nocase(pf_json_text(link, "content-type"), "application/pdf") &&
			!PF_STR_IS(pf_json_text(link, "intended-application"), "similarity-checking"))
			return pf_json_url(doc, link, "URL");
	}
	return PF_STR_NONE;
}

/* What Crossref registers beside papers. */
static const char *
why_no_paper(PfStr type)
{
	static const char *const others[] = {"component", "journal", "journal-issue",
	"journal-volume", "proceedings-series", "book-series", "book-set", "report-series", "grant",
	"peer-review", "database"};

	for (int i = 0; i < (int) lengthof(others); i++)
	{
		if (pf_str_eq_nocase(type, others[i]))
			return "the entry describes something else than a paper";
	}
	return NULL;
}

PfPiece
pf_crossref_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	PfStr		type = pf_json_text(node, "type");
	PfStr		doi = pf_part_doi(pf_json_text(node, "DOI"));

	if (doi.s == NULL)
		return PF_PIECE_OTHER;

	doc->info.format = "crossref works";
	rec->source = PF_STR_LIT("crossref");
	rec->reject = why_no_paper(type);
	pf_part_add_doi(rec, doi);
	add_relations(rec, pf_child(node, "relation"));

	rec->title = pf_json_plain(node, "title", PF_PLAIN_ALL);
	if (rec->title.s == NULL)
		rec->title = pf_json_plain(node, "original-title", PF_PLAIN_ALL);
	rec->abstract = pf_json_plain(node, "abstract", PF_PLAIN_ALL);
	add_authors(rec, pf_child(node, "author"));
	rec->published = published(node);
	rec->venue = pf_json_plain(node, "container-title", PF_PLAIN_ALL);
	if (rec->venue.s == NULL)	/* of preprints */
		rec->venue = pf_json_plain(pf_first_child(pf_child(node, "institution")), "name",
								   PF_PLAIN_ALL);
	pf_json_strings(&rec->categories, pf_child(node, "subject"), NULL);
	pf_json_strings(&rec->categories, pf_child(node, "group-title"), NULL);
	rec->license = choose_license(pf_child(node, "license"));
	rec->url = pf_json_url(doc, node, "URL");
	rec->pdf_url = choose_pdf(doc, pf_child(node, "link"));
	rec->withdrawn = is_withdrawn(node, rec->title);

	pf_json_metric(rec, "citations", node, "is-referenced-by-count");
	pf_part_set(&rec->extra, "type", type);
	pf_part_set(&rec->extra, "publisher", pf_json_plain(node, "publisher", PF_PLAIN_ALL));
	pf_part_set(&rec->extra, "subtitle", pf_json_plain(node, "subtitle", PF_PLAIN_ALL));
	pf_json_extra(rec, "volume", node, "volume");
	pf_json_extra(rec, "issue", node, "issue");
	pf_json_extra(rec, "pages", node, "page");
	pf_json_list(&rec->extra, "updates", pf_child(node, "update-to"), "DOI");
	return PF_PIECE_RECORD;
}
