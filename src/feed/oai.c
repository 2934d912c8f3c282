/*-------------------------------------------------------------------------
 *
 * oai.c
 *		OAI-PMH: the protocol, and arXiv's two formats of metadata.
 *
 * Pieces are the children of the envelope (responseDate, request, error) and
 * of the list (record, header, resumptionToken).  A record alone, without its
 * envelope, is read all the same.
 *
 * A deleted record gives no more than its identity; a header in
 * ListIdentifiers is a paper only if it is deleted, as it says nothing else.
 * The header's datestamp is when the repository last touched the record,
 * neither when the paper appeared nor when it changed, so it is not kept.
 *
 * Harvests run to millions of records: each element is walked once, and text
 * is copied only where it must be changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/oai_dc.h"
#include "feed/parts.h"

static PfStr
author_name(const PfNode *author)
{
	PfStr		family = PF_STR_NONE;
	PfStr		given = PF_STR_NONE;
	PfStr		suffix = PF_STR_NONE;

	PF_EACH_ELEMENT(c, author)
	{
		if (pf_is(c, "keyname"))
			family = pf_text(c);
		else if (pf_is(c, "forenames"))
			given = pf_text(c);
		else if (pf_is(c, "suffix"))
			suffix = pf_text(c);
	}
	if (family.s != NULL)
		family = pf_arxiv_name(family);
	if (given.s != NULL)
		given = pf_arxiv_name(given);
	return pf_name_join(given, family, suffix);
}

static void
read_authors(PfRecord *rec, const PfNode *authors)
{
	PF_EACH_ELEMENT(author, authors)
	{
		PfStr		name = author_name(author);

		if (name.s != NULL)
			pf_strings_add(&rec->authors, name);
		PF_EACH_ELEMENT(c, author)
		{
			if (pf_is(c, "affiliation"))
				pf_part_add_to(&rec->extra, "affiliations",
							   pf_plain_str(pf_text(c), PF_PLAIN_ALL));
		}
	}
}

/* The elements that arXiv and arXivRaw have in common; false if it is another. */
static bool
read_common(PfRecord *rec, const PfNode *c)
{
	if (pf_is(c, "title"))
		rec->title = pf_plain_str(pf_text(c), PF_PLAIN_ALL);
	else if (pf_is(c, "abstract"))
		pf_arxiv_abstract(rec, pf_text(c));
	else if (pf_is(c, "categories"))
		pf_strings_split(&rec->categories, pf_text(c), " \t\r\n");
	else if (pf_is(c, "comments"))
		pf_arxiv_comment(rec, pf_text(c));
	else if (pf_is(c, "journal-ref"))
		rec->venue = pf_plain_str(pf_text(c), PF_PLAIN_ALL);
	else if (pf_is(c, "doi"))
		pf_arxiv_dois(rec, pf_text(c));
	else if (pf_is(c, "license"))
		rec->license = pf_text(c);
	else if (pf_is(c, "msc-class"))
		pf_part_set(&rec->extra, "msc_class", pf_text(c));
	else if (pf_is(c, "acm-class"))
		pf_part_set(&rec->extra, "acm_class", pf_text(c));
	else if (pf_is(c, "report-no"))
		pf_part_set(&rec->extra, "report_no", pf_plain_str(pf_text(c), PF_PLAIN_ALL));
	else
		return false;
	return true;
}

/* 'id' is the element's own identifier; the header's comes first where there is one. */
static void
read_arxiv_id(PfRecord *rec, PfStr id)
{
	if (rec->url.s == NULL && id.s != NULL)
		pf_arxiv_identify(rec, pf_str_printf("arXiv:%.*s", id.len, id.s));
}

/* Dates are days; no version is told. */
static void
read_arxiv(PfRecord *rec, const PfNode *metadata)
{
	PF_EACH_ELEMENT(c, metadata)
	{
		if (read_common(rec, c))
			continue;
		if (pf_is(c, "authors"))
			read_authors(rec, c);
		else if (pf_is(c, "created"))
			rec->published = pf_date(pf_text(c));
		else if (pf_is(c, "updated"))
			rec->updated = pf_date(pf_text(c));
		else if (pf_is(c, "id"))
			read_arxiv_id(rec, pf_text(c));
	}
}

static void
read_version(PfRecord *rec, const PfNode *node)
{
	PfStr		name = pf_attr(node, "version");
	TimestampTz date = PF_NO_TIME;
	PfStr		text = pf_child_text(node, "date");
	int			version;

	if (name.len > 1 && name.s[0] == 'v' &&
		pf_str_int((PfStr) {name.s + 1, name.len - 1}, &version))
		rec->version = Max(rec->version, version);
	if (text.s != NULL)
		date = pf_date(text);
	if (date == PF_NO_TIME)
		return;
	if (rec->published == PF_NO_TIME || date < rec->published)
		rec->published = date;
	if (rec->updated == PF_NO_TIME || date > rec->updated)
		rec->updated = date;
}

static void
read_arxiv_raw(PfRecord *rec, const PfNode *metadata)
{
	PF_EACH_ELEMENT(c, metadata)
	{
		if (read_common(rec, c))
			continue;
		if (pf_is(c, "version"))
			read_version(rec, c);
		else if (pf_is(c, "authors"))
			pf_arxiv_authors(&rec->authors, pf_text(c));
		else if (pf_is(c, "submitter"))
		{
			PfStr		name = pf_text(c);

			if (name.s != NULL)
				pf_part_set(&rec->extra, "submitter", pf_arxiv_name(name));
		}
		else if (pf_is(c, "id"))
			read_arxiv_id(rec, pf_text(c));
	}
}

/* "oai:repository:item"; the repository, or none. */
static PfStr
repository_of(PfStr identifier)
{
	const char *colon;
	int			len;

	if (!pf_str_starts_nocase(identifier, "oai:"))
		return PF_STR_NONE;
	identifier.s += 4;
	identifier.len -= 4;
	colon = memchr(identifier.s, ':', identifier.len);
	if (colon == NULL)
		return PF_STR_NONE;
	len = (int) (colon - identifier.s);
	return len > 0 ? (PfStr) {identifier.s, len} : PF_STR_NONE;
}

/*
 * The identifier gives the source: arXiv, whatever the metadata's format, or
 * the repository that it names.  '*identifier' is for later, as what the
 * metadata names (a DOI, a page) says more than another repository's number.
 */
static void
read_header(const PfDoc *doc, PfRecord *rec, const PfNode *header, PfStr *identifier)
{
	PfStr		status = pf_attr(header, "status");

	if (status.s != NULL && PF_STR_IS(status, "deleted"))
		rec->withdrawn = true;
	*identifier = pf_child_text(header, "identifier");
	if (identifier->s != NULL)
	{
		rec->source = repository_of(*identifier);
		if (rec->source.s != NULL && pf_str_eq_nocase(rec->source, "arXiv.org"))
		{
			rec->source = PF_STR_LIT("arxiv");
			pf_arxiv_identify(rec, *identifier);
		}
	}
	if (rec->source.s == NULL)
		rec->source = doc->host;
}

static void
add_identifier(PfRecord *rec, PfStr identifier)
{
	if (rec->ids.n == 0 || !pf_str_eq(rec->ids.items[0], identifier))
		pf_part_add(&rec->ids, identifier);
}

/* A deleted record has its identity and nothing else to tell. */
static PfPiece
deleted(PfRecord *rec, PfStr identifier)
{
	add_identifier(rec, identifier);
	rec->url = PF_STR_NONE;
	rec->pdf_url = PF_STR_NONE;
	return PF_PIECE_RECORD;
}

static PfPiece
read_record(PfDoc *doc, const PfNode *record, PfRecord *rec)
{
	const PfNode *body = NULL;
	PfStr		identifier = PF_STR_NONE;

	PF_EACH_ELEMENT(c, record)
	{
		if (pf_is(c, "header"))
			read_header(doc, rec, c, &identifier);
		else if (pf_is(c, "metadata"))
			body = pf_element(c->child);
	}
	if (rec->withdrawn)
		return deleted(rec, identifier);
	if (body == NULL)
	{
		/* Neither deleted nor described: a document of another kind. */
		if (identifier.s == NULL)
			return PF_PIECE_OTHER;
		add_identifier(rec, identifier);
		rec->reject = "the record has no metadata";
		return PF_PIECE_RECORD;
	}

	if (pf_is(body, "arXiv"))
	{
		doc->info.format = "oai-pmh arXiv";
		rec->source = PF_STR_LIT("arxiv");
		read_arxiv(rec, body);
	}
	else if (pf_is(body, "arXivRaw"))
	{
		doc->info.format = "oai-pmh arXivRaw";
		rec->source = PF_STR_LIT("arxiv");
		read_arxiv_raw(rec, body);
	}
	else
	{
		doc->info.format = "oai-pmh oai_dc";
		if (!pf_oai_dc_read(doc, body, rec))
			rec->reject = "the metadata is in a format that is not read";
	}
	add_identifier(rec, identifier);
	return PF_PIECE_RECORD;
}

static void
read_token(PfDoc *doc, const PfNode *node)
{
	PfFeedInfo *info = &doc->info;
	PfStr		text = pf_text(node);
	PfStr		size = pf_attr(node, "completeListSize");
	int			total;

	/* An empty token ends the list; none at all says that it was never cut. */
	info->resumption_token = text.s != NULL ? pf_doc_keep(doc, text) : PF_STR_LIT("");
	if (size.s != NULL && pf_str_int(pf_str_trim(size), &total))
		info->total = total;
}

static void
read_request(PfDoc *doc, const PfNode *node)
{
	PfFeedInfo *info = &doc->info;
	PfStr		prefix = pf_attr(node, "metadataPrefix");
	PfStr		self = pf_part_link(doc, node, pf_text(node));

	if (self.s != NULL)
		info->self = pf_doc_keep(doc, self);
	if (prefix.s == NULL)
		return;
	if (PF_STR_IS(prefix, "arXiv"))
		info->format = "oai-pmh arXiv";
	else if (PF_STR_IS(prefix, "arXivRaw"))
		info->format = "oai-pmh arXivRaw";
	else if (PF_STR_IS(prefix, "oai_dc"))
		info->format = "oai-pmh oai_dc";
}

static void
read_error(PfDoc *doc, const PfNode *node)
{
	PfFeedInfo *info = &doc->info;
	PfStr		code = pf_attr(node, "code");
	PfStr		text = pf_part_plain(node, PF_PLAIN_HTML);

	/* The first of several stands. */
	if (info->error_code.s != NULL)
		return;
	info->error_code = pf_doc_keep(doc, pf_str_blank(code) ? PF_STR_LIT("error") : code);
	info->error = pf_doc_keep(doc, text.s != NULL ? text : info->error_code);
}

PfPiece
pf_oai_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec)
{
	PfFeedInfo *info = &doc->info;

	if (opened)
	{
		if (info->format == NULL)
			info->format = "oai-pmh";
		return PF_PIECE_OTHER;
	}

	if (pf_is(node, "record"))
		return read_record(doc, node, rec);
	if (pf_is(node, "header"))
	{
		PfStr		identifier;

		read_header(doc, rec, node, &identifier);
		return rec->withdrawn ? deleted(rec, identifier) : PF_PIECE_OTHER;
	}
	if (pf_is(node, "resumptionToken"))
		read_token(doc, node);
	else if (pf_is(node, "responseDate"))
		info->updated = pf_date(pf_text(node));
	else if (pf_is(node, "request"))
		read_request(doc, node);
	else if (pf_is(node, "error"))
		read_error(doc, node);
	else if (pf_is(node, "Identify"))
	{
		PfStr		name = pf_part_plain(pf_child(node, "repositoryName"), PF_PLAIN_HTML);
		PfStr		home = pf_part_link(doc, node, pf_child_text(node, "baseURL"));

		if (name.s != NULL)
			info->title = pf_doc_keep(doc, name);
		if (home.s != NULL)
			info->self = pf_doc_keep(doc, home);
		info->earliest = pf_date(pf_child_text(node, "earliestDatestamp"));
	}
	return PF_PIECE_OTHER;
}
