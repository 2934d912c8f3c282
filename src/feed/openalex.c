/*-------------------------------------------------------------------------
 *
 * openalex.c
 *		OpenAlex: api.openalex.org/works, results[] or one work.
 *
 * The abstract comes as an inverted index, {"word": [places]}, and is put
 * together again.  Authors are taken as the paper prints them
 * (raw_author_name): the names of OpenAlex's own author entries are shortened,
 * or wrong where two people were taken for one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/json_item.h"
#include "feed/parts.h"

#define MAX_WORDS		20000	/* of an abstract */
#define MAX_ABSTRACT	(1024 * 1024)	/* bytes, as a long word may be said to be everywhere */
#define MAX_LOCATIONS	32		/* of a work that are looked at */

typedef struct Word
{
	int			place;
	PfStr		text;
} Word;

static int
by_place(const void *a, const void *b)
{
	const Word *x = a;
	const Word *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	/* Whatever the sort does, the first in the document comes first. */
	return x->text.s < y->text.s ? -1 : (x->text.s > y->text.s);
}

/* {"word": [0, 7], ...} -> text; of words that claim one place the first one counts. */
static PfStr
join_abstract(const PfNode *index)
{
	Word	   *words;
	StringInfoData buf;
	int			n = 0;

	PF_EACH_CHILD(word, index)
	{
		PF_EACH_CHILD(place, word)
			n++;
	}
	if (n == 0)
		return PF_STR_NONE;

	words = palloc(Min(n, MAX_WORDS) * sizeof(Word));
	n = 0;
	PF_EACH_CHILD(word, index)
	{
		PF_EACH_CHILD(place, word)
		{
			int64		at;

			if (n < MAX_WORDS && pf_int(place, &at) && at >= 0 && at < MAX_WORDS)
				words[n++] = (Word) {(int) at, word->name};
		}
	}
	qsort(words, n, sizeof(Word), by_place);

	initStringInfo(&buf);
	for (int i = 0; i < n; i++)
	{
		if (words[i].text.len == 0 || (i > 0 && words[i].place == words[i - 1].place))
			continue;
		if (words[i].text.len > MAX_ABSTRACT - buf.len)
			break;
		if (buf.len > 0)
			appendStringInfoChar(&buf, ' ');
		appendBinaryStringInfo(&buf, words[i].text.s, words[i].text.len);
	}
	return pf_plain_str((PfStr) {buf.data, buf.len}, PF_PLAIN_ALL);
}

static void
add_authors(PfRecord *rec, const PfNode *authorships)
{
	PF_EACH_CHILD(authorship, authorships)
	{
		PfStr		name = pf_json_plain(authorship, "raw_author_name", PF_PLAIN_ALL);

		if (name.s == NULL)
			name = pf_json_plain(authorship, "author.display_name", PF_PLAIN_ALL);
		if (name.s != NULL && (name = pf_name(name)).s != NULL)
			pf_strings_add(&rec->authors, name);
	}
}

/* Where the work lies tells of its other identities: arXiv's page, the DOI of a preprint. */
static void
take_location(PfRecord *rec, const PfNode *location)
{
	PfStr		page = pf_json_text(location, "landing_page_url");
	PfStr		pdf = pf_json_text(location, "pdf_url");
	PfStr		id;
	int			version;

	if (page.s != NULL && pf_arxiv_id(page, &id, &version))
		pf_part_add(&rec->ids, page);
	else if (pf_part_doi(page).s != NULL)
		pf_part_add(&rec->ids, pf_part_doi(page));
	else if (pdf.s != NULL && pf_arxiv_id(pdf, &id, &version))
		pf_part_add(&rec->ids, pdf);
}

PfPiece
pf_openalex_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	const PfNode *location = pf_child(node, "primary_location");
	const PfNode *best = pf_child(node, "best_oa_location");
	PfStr		id = pf_json_text(node, "id");
	int			n = 0;
	int64		year;

	if (id.s == NULL || pf_str_find(id, "openalex.org/W").s == NULL)
		return PF_PIECE_OTHER;

	doc->info.format = "openalex works";
	rec->source = PF_STR_LIT("openalex");
	if (pf_json_true(node, "is_paratext"))
		rec->reject = "the entry describes something else than a paper";

	pf_part_add_doi(rec, pf_json_text(node, "doi"));
	if (rec->doi.s == NULL)
		pf_part_add_doi(rec, pf_json_text(node, "ids.doi"));
	pf_part_add(&rec->ids, pf_json_text(node, "ids.pmid"));
	take_location(rec, location);
	PF_EACH_CHILD(other, pf_child(node, "locations"))
	{
		if (n++ == MAX_LOCATIONS)
			break;
		take_location(rec, other);
	}
	pf_part_add(&rec->ids, id);

	rec->title = pf_json_plain(node, "title", PF_PLAIN_ALL);
	if (rec->title.s == NULL)
		rec->title = pf_json_plain(node, "display_name", PF_PLAIN_ALL);
	rec->abstract = join_abstract(pf_child(node, "abstract_inverted_index"));
	if (rec->abstract.s == NULL)
		rec->abstract = pf_json_plain(node, "abstract", PF_PLAIN_ALL);
	add_authors(rec, pf_child(node, "authorships"));

	rec->published = pf_json_date(node, "publication_date");
	if (rec->published == PF_NO_TIME && pf_int(pf_child(node, "publication_year"), &year) &&
		year > 0 && year < 10000)
		rec->published = pf_date_ymd((int) year, 0, 0);

	rec->venue = pf_json_plain(location, "source.display_name", PF_PLAIN_ALL);
	if (rec->venue.s == NULL)	/* until 2023 */
		rec->venue = pf_json_plain(node, "host_venue.display_name", PF_PLAIN_ALL);
	rec->license = pf_json_text(location, "license");
	if (rec->license.s == NULL)
		rec->license = pf_json_text(best, "license");
	rec->url = pf_json_url(doc, location, "landing_page_url");
	if (rec->url.s == NULL)
		rec->url = pf_json_url(doc, node, "doi");
	if (rec->url.s == NULL)
		rec->url = pf_url_resolve(PF_STR_NONE, id);
	rec->pdf_url = pf_json_url(doc, best, "pdf_url");
	if (rec->pdf_url.s == NULL)
		rec->pdf_url = pf_json_url(doc, location, "pdf_url");
	rec->withdrawn = pf_json_true(node, "is_retracted");

	pf_json_strings(&rec->categories, pf_child(node, "topics"), "display_name");
	pf_json_metric(rec, "citations", node, "cited_by_count");
	pf_json_extra(rec, "type", node, "type");
	pf_json_extra(rec, "open_access", node, "open_access.oa_status");
	pf_json_list(&rec->extra, "keywords", pf_child(node, "keywords"), "display_name");
	pf_json_list(&rec->extra, "concepts", pf_child(node, "concepts"), "display_name");
	pf_json_extra(rec, "volume", node, "biblio.volume");
	pf_json_extra(rec, "issue", node, "biblio.issue");
	return PF_PIECE_RECORD;
}
