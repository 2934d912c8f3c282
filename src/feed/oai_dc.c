/*-------------------------------------------------------------------------
 *
 * oai_dc.c
 *		Dublin Core as the repositories of OAI-PMH fill it in.
 *
 * All fifteen elements may be absent, repeated and in any order, and each
 * repository has habits of its own.  What can be told apart by its looks is:
 * an identifier is an address, a DOI or, with arXiv, the journal reference; a
 * description is a comment ("Comment: ...") or, being the longest, the
 * abstract.  Of several dates the earliest is when the work appeared; the
 * latest is a revision with arXiv, and elsewhere often no more than the day
 * on which somebody catalogued it, so it is left out there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/oai_dc.h"
#include "feed/parts.h"

/* What catalogues write for a name, a place or a text that they do not have. */
static bool
is_sine_nomine(PfStr a)
{
	static const char *const words[] = {"[s.n.]", "[s. n.]", "s.n.", "[s.l.]", "[s. l.]", "[s.c.]",
	"[n.n.]", "n.n.", "[n.d.]", "n/a", "[not available]"};

	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (pf_str_eq_nocase(a, words[i]))
			return true;
	}
	return false;
}

static PfStr
text_of(const PfNode *node, int flags)
{
	PfStr		text = pf_part_plain(node, flags);

	return text.s != NULL && is_sine_nomine(text) ? PF_STR_NONE : text;
}

/* "info:eu-repo/semantics/altIdentifier/doi/10.1/x" and the like in dc:relation. */
static PfStr
alternative_doi(PfStr a)
{
	PfStr		at = pf_str_find(a, "altIdentifier/doi/");

	if (at.s == NULL)
		return PF_STR_NONE;
	at.s += 18;
	at.len -= 18;
	return pf_part_doi(at);
}

static bool
is_address(PfStr a)
{
	return pf_str_starts_nocase(a, "http://") || pf_str_starts_nocase(a, "https://");
}

/*
 * A resolver's address is the DOI once more, not a page of the repository;
 * it becomes one only where there is no other (below).
 */
static void
read_identifier(PfRecord *rec, PfStr text, bool arxiv)
{
	if (text.s == NULL)
		return;
	if (arxiv)
	{
		PfStr		id;
		int			version;

		/* The paper's own address is known. */
		if (pf_arxiv_id(text, &id, &version))
		{
			if (rec->url.s == NULL)
				pf_arxiv_identify(rec, text);
		}
		else if (!pf_part_add_doi(rec, text) && !is_address(text))
			rec->venue = pf_plain_str(text, PF_PLAIN_ALL);
		return;
	}
	if (pf_part_add_doi(rec, text))
		return;
	if (is_address(text))
	{
		pf_part_add(&rec->ids, text);
		if (pf_part_is_pdf(text))
		{
			if (rec->pdf_url.s == NULL)
				rec->pdf_url = text;
		}
		else if (rec->url.s == NULL)
			rec->url = text;
	}
}

static void
read_date(PfRecord *rec, PfStr text, bool arxiv)
{
	TimestampTz date = text.s != NULL ? pf_date(text) : PF_NO_TIME;

	if (date == PF_NO_TIME)
		return;
	if (arxiv && rec->published != PF_NO_TIME)
	{
		TimestampTz late = Max(date, rec->published);

		if (rec->updated == PF_NO_TIME || late > rec->updated)
			rec->updated = late;
	}
	if (rec->published == PF_NO_TIME || date < rec->published)
		rec->published = date;
}

static void
read_subject(PfRecord *rec, const PfNode *node, bool arxiv)
{
	if (arxiv)
	{
		PfStr		text = pf_text(node);

		if (text.s != NULL)
			pf_arxiv_category(rec, text);
	}
	else
		pf_part_add(&rec->categories, text_of(node, PF_PLAIN_HTML));
}

static void
read_rights(PfRecord *rec, PfStr text)
{
	if (text.s != NULL &&
		(rec->license.s == NULL || (is_address(text) && !is_address(rec->license))))
		rec->license = text;
}

bool
pf_oai_dc_read(PfDoc *doc, const PfNode *metadata, PfRecord *rec)
{
	bool		arxiv = rec->source.s != NULL && PF_STR_IS(rec->source, "arxiv");
	int			flags = PF_PLAIN_ALL;
	const PfNode *abstract = NULL;
	int			longest = 0;
	bool		found = false;

	PF_EACH_ELEMENT(c, metadata)
	{
		if (c->ns != PF_NS_DC && c->ns != PF_NS_NONE && c->ns != metadata->ns)
			continue;
		if (pf_is(c, "title"))
		{
			if (rec->title.s == NULL)
				rec->title = text_of(c, flags);
			found = true;
		}
		else if (pf_is(c, "creator"))
		{
			PfStr		name = arxiv ? pf_text(c) : text_of(c, PF_PLAIN_ALL);

			if (name.s == NULL)
				continue;
			if (!arxiv && memchr(name.s, ';', name.len) != NULL)
			{
				pf_names_split(&rec->authors, name);
				continue;
			}
			name = pf_name(arxiv ? pf_arxiv_name(name) : name);
			if (name.s != NULL)
				pf_strings_add(&rec->authors, name);
		}
		else if (pf_is(c, "description") || pf_is(c, "abstract"))
		{
			PfStr		text = pf_text(c);

			if (pf_str_starts(text, "Comment: "))
				pf_arxiv_comment(rec, (PfStr) {text.s + 9, text.len - 9});
			else if (text.len > longest)
			{
				longest = text.len;
				abstract = c;
			}
		}
		else if (pf_is(c, "identifier"))
			read_identifier(rec, pf_text(c), arxiv);
		else if (pf_is(c, "date") || pf_is(c, "issued") || pf_is(c, "created"))
			read_date(rec, pf_text(c), arxiv);
		else if (pf_is(c, "subject"))
			read_subject(rec, c, arxiv);
		else if (pf_is(c, "rights") || pf_is(c, "license"))
			read_rights(rec, pf_text(c));
		else if (pf_is(c, "source"))
		{
			/* Of several in other languages and as an ISSN the first stands. */
			if (rec->venue.s == NULL)
				rec->venue = text_of(c, flags);
		}
		else if (pf_is(c, "relation"))
		{
			PfStr		doi = alternative_doi(pf_text(c));

			if (doi.s != NULL)
				pf_part_add_doi(rec, doi);
		}
		else if (arxiv)
			continue;
		else if (pf_is(c, "publisher"))
			pf_part_set(&rec->extra, "publisher", text_of(c, PF_PLAIN_ALL));
		else if (pf_is(c, "type"))
			pf_part_set(&rec->extra, "type", text_of(c, PF_PLAIN_HTML));
		else if (pf_is(c, "language"))
			pf_part_set(&rec->extra, "language", pf_text(c));
	}

	if (abstract != NULL)
	{
		if (arxiv)
			pf_arxiv_abstract(rec, pf_text(abstract));
		else
			rec->abstract = text_of(abstract, PF_PLAIN_ALL);
	}
	if (rec->source.s == NULL)
		rec->source = doc->host;
	return found;
}
