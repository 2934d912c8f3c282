/*-------------------------------------------------------------------------
 *
 * datacite.c
 *		DataCite: api.datacite.org/dois, data[] or one "data".
 *
 * A record describes anything that has a DOI of DataCite's, data sets and
 * software above all; what says that it is something else than text is
 * rejected.  arXiv's papers are there too (10.48550/arXiv.*): their text is
 * TeX, their subjects carry arXiv's codes, their versions are numbered and
 * their note on length stands among the descriptions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/json_item.h"
#include "feed/parts.h"

#define MAX_RELATED		64		/* related identifiers that are looked at */

/* What is a paper, or may be one. */
static const char *
why_no_paper(PfStr type)
{
	static const char *const papers[] = {"Text", "Preprint", "JournalArticle", "ConferencePaper",
	"ConferenceProceeding", "Dissertation", "Report", "Book", "BookChapter", "DataPaper",
	"OutputManagementPlan", "Other"};

	if (type.s == NULL)
		return NULL;
	for (int i = 0; i < (int) lengthof(papers); i++)
	{
		if (pf_str_eq_nocase(type, papers[i]))
			return NULL;
	}
	return "the entry describes something else than a paper";
}

/* Other DOIs of the same paper, and its identifier at arXiv. */
static void
add_related(PfRecord *rec, const PfNode *attributes)
{
	static const char *const lists[] = {"identifiers", "alternateIdentifiers"};
	int			n = 0;

	for (int i = 0; i < (int) lengthof(lists); i++)
	{
		PF_EACH_CHILD(other, pf_child(attributes, lists[i]))
		{
			if (n++ == MAX_RELATED)
				return;
			if (pf_str_eq_nocase(pf_json_text(other, "identifierType"), "arXiv") ||
				pf_str_eq_nocase(pf_json_text(other, "alternateIdentifierType"), "arXiv"))
			{
				PfStr		id = pf_json_text(other, "identifier");

				if (id.s == NULL)
					id = pf_json_text(other, "alternateIdentifier");
				pf_part_add(&rec->ids, id);
			}
		}
	}
	PF_EACH_CHILD(related, pf_child(attributes, "relatedIdentifiers"))
	{
		PfStr		relation = pf_json_text(related, "relationType");
		PfStr		type = pf_json_text(related, "relatedIdentifierType");
		PfStr		id = pf_json_text(related, "relatedIdentifier");

		if (n++ == MAX_RELATED)
			return;
		if (!PF_STR_IS(relation, "IsVersionOf") && !PF_STR_IS(relation, "IsPreprintOf") &&
			!PF_STR_IS(relation, "IsIdenticalTo") && !PF_STR_IS(relation, "IsVariantFormOf"))
			continue;
		if (pf_str_eq_nocase(type, "DOI"))
			pf_part_add_doi(rec, id);
		else if (pf_str_eq_nocase(type, "arXiv"))
			pf_part_add(&rec->ids, id);
	}
}

/* The main title: one without a type ("Subtitle", "TranslatedTitle" ...). */
static PfStr
choose_title(const PfNode *titles)
{
	PF_EACH_CHILD(title, titles)
	{
		if (pf_json_text(title, "titleType").s == NULL && pf_json_text(title, "title").s != NULL)
			return pf_json_text(title, "title");
	}
	return pf_json_text(pf_first_child(titles), "title");
}

static PfStr
description(const PfNode *attributes, const char *type)
{
	PF_EACH_CHILD(description, pf_child(attributes, "descriptions"))
	{
		if (pf_str_eq_nocase(pf_json_text(description, "descriptionType"), type))
			return pf_json_text(description, "description");
	}
	return PF_STR_NONE;
}

static void
add_authors(PfRecord *rec, const PfNode *creators, int flags)
{
	PF_EACH_CHILD(creator, creators)
	{
		PfStr		family = pf_json_plain(creator, "familyName", flags);
		PfStr		name;

		if (family.s != NULL)
			name = pf_name_join(pf_json_plain(creator, "givenName", flags), family, PF_STR_NONE);
		else
		{
			name = pf_json_plain(creator, "name", flags);
			if (name.s != NULL && !PF_STR_IS(pf_json_text(creator, "nameType"), "Organizational"))
				name = pf_name(name);
		}
		if (name.s != NULL)
			pf_strings_add(&rec->authors, name);
	}
}

/* The first date of this type. */
static TimestampTz
date_of(const PfNode *attributes, const char *type)
{
	PF_EACH_CHILD(date, pf_child(attributes, "dates"))
	{
		if (pf_str_eq_nocase(pf_json_text(date, "dateType"), type))
			return pf_json_date(date, "date");
	}
	return PF_NO_TIME;
}

/* To a journal a paper is submitted long before it is published; to arXiv, it is the same. */
static void
take_dates(PfRecord *rec, const PfNode *attributes, bool arxiv)
{
	static const char *const types[] = {"Issued", "Available", "Created", "Submitted"};
	int64		year;

	if (arxiv)
		rec->published = date_of(attributes, "Submitted");
	for (int i = 0; i < (int) lengthof(types) && rec->published == PF_NO_TIME; i++)
		rec->published = date_of(attributes, types[i]);
	if (rec->published == PF_NO_TIME &&
		pf_int(pf_child(attributes, "publicationYear"), &year) && year > 0 && year < 10000)
		rec->published = pf_date_ymd((int) year, 0, 0);
	rec->updated = date_of(attributes, "Updated");
}

/* "Logic in Computer Science (cs.LO)", "FOS: Mathematics", a keyword. */
static void
take_subjects(PfRecord *rec, const PfNode *subjects, bool arxiv)
{
	PF_EACH_CHILD(subject, subjects)
	{
		PfStr		text = pf_json_plain(subject, "subject", PF_PLAIN_ALL);
		PfStr		scheme = pf_json_text(subject, "subjectScheme");

		if (text.s == NULL)
			continue;
		if (arxiv)
		{
			int			at = text.len - 1;

			if (!PF_STR_IS(scheme, "arXiv") || text.s[at] != ')')
				continue;		/* derived from arXiv's own */
			while (at > 0 && text.s[at] != '(')
				at--;
			pf_arxiv_category(rec, (PfStr) {text.s + at + 1, text.len - at - 2});
		}
		else if (pf_str_starts(text, "FOS: "))
			pf_part_add(&rec->categories, (PfStr) {text.s + 5, text.len - 5});
		else if (scheme.s != NULL)
			pf_part_add(&rec->categories, text);
		else
			pf_part_add_to(&rec->extra, "keywords", text);
	}
}

PfPiece
pf_datacite_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	const PfNode *attributes = pf_child(node, "attributes");
	PfStr		doi = pf_part_doi(pf_json_text(attributes, "doi"));
	PfStr		version = pf_json_text(attributes, "version");
	PfStr		url;
	int64		citations;
	bool		arxiv;
	int			flags;

	if (doi.s == NULL)
		return PF_PIECE_OTHER;

	doc->info.format = "datacite dois";
	rec->source = PF_STR_LIT("datacite");
	rec->reject = why_no_paper(pf_json_text(attributes, "types.resourceTypeGeneral"));
	arxiv = pf_str_starts_nocase(doi, "10.48550/arxiv.");
	flags = PF_PLAIN_ALL;

	/* arXiv's own DOI says no more than its identifier; the column is for the journal's. */
	if (arxiv)
		pf_arxiv_identify(rec, (PfStr) {doi.s + 15, doi.len - 15});
	else
		pf_part_add_doi(rec, doi);
	add_related(rec, attributes);

	rec->title = pf_plain_str(choose_title(pf_child(attributes, "titles")), flags);
	rec->abstract = pf_plain_str(description(attributes, "Abstract"), flags);
	if (arxiv)
		pf_arxiv_comment(rec, description(attributes, "Other"));
	add_authors(rec, pf_child(attributes, "creators"), flags);
	take_dates(rec, attributes, arxiv);
	take_subjects(rec, pf_child(attributes, "subjects"), arxiv);
	if (version.len > 1 && (version.s[0] == 'v' || version.s[0] == 'V'))
		version = (PfStr) {version.s + 1, version.len - 1};
	if (version.s != NULL)
		pf_str_int(version, &rec->version);

	rec->venue = pf_json_plain(attributes, "container.title", PF_PLAIN_ALL);
	rec->license = pf_json_text(pf_first_child(pf_child(attributes, "rightsList")), "rightsUri");
	if (rec->license.s == NULL)
		rec->license = pf_json_text(pf_first_child(pf_child(attributes, "rightsList")), "rights");
	if (rec->url.s == NULL)
		rec->url = pf_json_url(doc, attributes, "url");
	url = pf_json_url(doc, attributes, "contentUrl");
	if (rec->pdf_url.s == NULL && pf_part_is_pdf(url))
		rec->pdf_url = url;

	/* It counts what its own members deposit: none does not mean none. */
	if (pf_int(pf_child(attributes, "citationCount"), &citations) && citations > 0)
		pf_json_metric(rec, "citations", attributes, "citationCount");
	pf_json_extra(rec, "type", attributes, "types.resourceTypeGeneral");
	pf_json_extra(rec, "publisher", attributes, "publisher");
	pf_json_extra(rec, "publisher", attributes, "publisher.name");
	return PF_PIECE_RECORD;
}
