/*-------------------------------------------------------------------------
 *
 * europepmc.c
 *		Europe PMC: /webservices/rest/search?format=json&resultType=core.
 *
 * It has all of PubMed (source MED) and more: PMC, preprints (PPR), theses.  The
 * DOI and the number of PubMed name the paper; what Europe PMC numbers itself
 * is its own page.  As in PubMed, a title ends in a full stop, and categories
 * are the MeSH headings that the paper is mainly about, the rest is in "mesh".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_item.h"
#include "feed/parts.h"

/* "Curie M" */
static PfStr
turn_round(PfStr name)
{
	int			n = name.len;

	while (n > 0 && name.s[n - 1] >= 'A' && name.s[n - 1] <= 'Z')
		n--;
	if (n < 2 || n == name.len || name.s[n - 1] != ' ')
		return name;
	return pf_str_printf("%.*s %.*s", name.len - n, name.s + n, n - 1, name.s);
}

static void
take_authors(PfRecord *rec, const PfNode *node)
{
	PfStrings	names = {0};
	PfStr		list;

	PF_EACH_CHILD(author, pf_path(node, "authorList.author"))
	{
		PfStr		family = pf_json_plain(author, "lastName", PF_PLAIN_ALL);
		PfStr		given = pf_json_plain(author, "firstName", PF_PLAIN_ALL);
		PfStr		name = pf_json_plain(author, "collectiveName", PF_PLAIN_ALL);

		if (given.s == NULL)
			given = pf_json_plain(author, "initials", PF_PLAIN_ALL);
		if (family.s != NULL)
			name = pf_name_join(given, family, PF_STR_NONE);
		else if (name.s == NULL)
			name = pf_json_plain(author, "fullName", PF_PLAIN_ALL);
		if (name.s != NULL)
			pf_strings_add(&rec->authors, name);
	}
	if (rec->authors.n > 0)
		return;
	list = pf_part_title_stop(pf_json_plain(node, "authorString", PF_PLAIN_ALL));
	if (list.s != NULL)
		pf_strings_split(&names, list, ",");
	for (int i = 0; i < names.n; i++)
		pf_strings_add(&rec->authors, turn_round(names.items[i]));
}

static void
take_mesh(PfRecord *rec, const PfNode *node)
{
	PF_EACH_CHILD(heading, pf_path(node, "meshHeadingList.meshHeading"))
	{
		PfStr		name = pf_json_plain(heading, "descriptorName", PF_PLAIN_ALL);

		if (name.s == NULL)
			continue;
		if (PF_STR_IS(pf_json_text(heading, "majorTopic_YN"), "Y"))
			pf_part_add(&rec->categories, name);
		else
			pf_part_add_to(&rec->extra, "mesh", name);
	}
}

/* A PDF that is free to read. */
static PfStr
pdf_url(const PfDoc *doc, const PfNode *node)
{
	PF_EACH_CHILD(url, pf_path(node, "fullTextUrlList.fullTextUrl"))
	{
		PfStr		free = pf_json_text(url, "availabilityCode");

		if (PF_STR_IS(pf_json_text(url, "documentStyle"), "pdf") &&
			(PF_STR_IS(free, "OA") || PF_STR_IS(free, "F")))
			return pf_json_url(doc, url, "url");
	}
	return PF_STR_NONE;
}

PfPiece
pf_europepmc_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	PfStr		id = pf_json_text(node, "id");
	PfStr		source = pf_json_text(node, "source");

	if (id.s == NULL || source.s == NULL || pf_child(node, "title") == NULL ||
		(pf_child(node, "authorString") == NULL && pf_child(node, "pubYear") == NULL &&
		 pf_child(node, "firstPublicationDate") == NULL))
		return PF_PIECE_OTHER;

	doc->info.format = "europepmc";
	rec->source = PF_STR_LIT("europepmc");
	pf_json_id(rec, "pmid:", node, "pmid");
	pf_part_add_doi(rec, pf_json_text(node, "doi"));
	rec->url = pf_str_printf("https://europepmc.org/article/%.*s/%.*s",
							 source.len, source.s, id.len, id.s);
	pf_part_add(&rec->ids, rec->url);

	rec->title = pf_part_title_stop(pf_json_plain(node, "title", PF_PLAIN_ALL));
	rec->abstract = pf_json_plain(node, "abstractText", PF_PLAIN_ALL);
	take_authors(rec, node);
	take_mesh(rec, node);
	rec->published = pf_json_date(node, "firstPublicationDate");
	if (rec->published == PF_NO_TIME)
		rec->published = pf_json_date(node, "pubYear");
	rec->venue = pf_json_plain(node, "journalInfo.journal.title", PF_PLAIN_ALL);
	if (rec->venue.s == NULL)
		rec->venue = pf_json_plain(node, "journalTitle", PF_PLAIN_ALL);
	rec->license = pf_json_text(node, "license");
	rec->pdf_url = pdf_url(doc, node);

	pf_json_metric(rec, "citations", node, "citedByCount");
	pf_json_list(&rec->extra, "keywords", pf_path(node, "keywordList.keyword"), NULL);
	pf_json_list(&rec->extra, "publication_types", pf_path(node, "pubTypeList.pubType"), NULL);
	pf_json_extra(rec, "pmcid", node, "pmcid");
	PF_EACH_CHILD(type, pf_path(node, "pubTypeList.pubType"))
	{
		if (pf_str_eq_nocase(pf_text(type), "Retracted Publication"))
			rec->withdrawn = true;
	}
	return PF_PIECE_RECORD;
}
