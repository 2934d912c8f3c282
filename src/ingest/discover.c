/*-------------------------------------------------------------------------
 *
 * discover.c
 *		SQL: paperfeed.discover: which feeds a page has.
 *
 * The address of a page of a known service tells its feeds, without a request.
 * Any other address is asked once: it may be a feed itself, or an HTML page that
 * links to some.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/encoding.h"
#include "feed/charset.h"
#include "feed/html_links.h"
#include "fetch/fetch.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ingest/document.h"
#include "ingest/services.h"
#include "ingest/sources.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define MAX_PAGE	(4 * 1024 * 1024)	/* bytes of HTML that are looked at */
#define MAX_FOUND	100			/* feeds of either kind of link */
#define PIECE_SIZE	65536
#define ACCEPT		"text/html, application/xhtml+xml, application/atom+xml, " \
					"application/rss+xml, application/rdf+xml, application/feed+json, application/json;q=0.9, " \
					"application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"

PG_FUNCTION_INFO_V1(pf_discover);

typedef struct Found
{
	ReturnSetInfo *result;
	PfHtmlLink	links[2 * MAX_FOUND];
	int			n;				/* of them, or feeds of a service */
	int			kinds[2];		/* how many of them are <a>, <link> */
} Found;

static void
put(Found *found, PfStr url, PfStr title, const char *type, const char *how)
{
	Datum		values[4] = {0};
	bool		nulls[4] = {false};

	values[0] = PointerGetDatum(pf_utf8_to_text(url));
	nulls[1] = title.s == NULL;
	if (title.s != NULL)
		values[1] = PointerGetDatum(pf_utf8_to_text(title));
	nulls[2] = type == NULL;
	if (type != NULL)
		values[2] = CStringGetTextDatum(type);
	values[3] = CStringGetTextDatum(how);
	tuplestore_putvalues(found->result->setResult, found->result->setDesc, values, nulls);
}

static void
on_service(PfStr url, PfStr title, const char *type, void *arg)
{
	Found	   *found = arg;

	put(found, url, title, type, "service");
	found->n++;
}

static void
on_link(const PfHtmlLink *link, void *arg)
{
	Found	   *found = arg;
	PfHtmlLink *kept;

	for (int i = 0; i < found->n; i++)
	{
		kept = &found->links[i];
		if (!pf_str_eq(kept->url, link->url))
			continue;
		/* The page's own word for it counts more. */
		if (!link->alternate || kept->alternate)
			return;
		kept->alternate = true;
		if (link->title.s != NULL)
			kept->title = pf_str_dup(link->title);
		kept->type = link->type;
		return;
	}
	if (found->kinds[link->alternate] == MAX_FOUND)
		return;
	found->kinds[link->alternate]++;
	kept = &found->links[found->n++];
	*kept = *link;
	kept->url = pf_str_dup(link->url);
	kept->title = pf_str_dup(link->title);
}

static void
on_text(void *arg, const char *s, size_t len)
{
	appendBinaryStringInfo(arg, s, (int) len);
}

/* Look for links; false if it is no HTML. */
static bool
read_page(Found *found, const PfResponse *response)
{
	StringInfoData text;
	PfCharset  *charset;
	size_t		len = Min(response->body.len, MAX_PAGE);

	initStringInfo(&text);
	charset = pf_charset_begin(response->content_type, on_text, &text);
	for (size_t at = 0; at < len; at += PIECE_SIZE)
	{
		CHECK_FOR_INTERRUPTS();
		pf_charset_push(charset, response->body.s + at, Min(len - at, PIECE_SIZE));
	}
	pf_charset_end(charset);
	if (!pf_html_links((PfStr) {text.data, text.len}, response->effective_url, on_link, found))
		return false;
	for (int alternate = 1; alternate >= 0; alternate--)
	{
		for (int i = 0; i < found->n; i++)
		{
			const PfHtmlLink *link = &found->links[i];

			if (link->alternate == (bool) alternate)
				put(found, link->url, link->title, link->type, alternate ? "link" : "anchor");
		}
	}
	return true;
}

static void
ignore_record(PfRecord *rec pg_attribute_unused(), const PfFeedInfo *info pg_attribute_unused(),
			  void *arg pg_attribute_unused())
{
}

/* discover(page text) */
Datum
pf_discover(PG_FUNCTION_ARGS)
{
	Found	   *found = palloc0(sizeof(Found));
	PfRequest	request;
	PfResponse *response;
	PfOutcome	outcome;

	InitMaterializedSRF(fcinfo, 0);
	found->result = (ReturnSetInfo *) fcinfo->resultinfo;
	if (found->result->setDesc->natts != 4)
		elog(ERROR, "unexpected result type");
	memset(&request, 0, sizeof(request));
	request.url = pf_source_url(pf_text_to_utf8(PG_GETARG_TEXT_PP(0)));
	request.accept = PF_STR_LIT(ACCEPT);
	pf_fetch_check_url(request.url);
	pf_service_feeds(request.url, on_service, found);
	if (found->n > 0)
		return (Datum) 0;

	response = pf_fetch(&request);
	if (response->status != PF_FETCH_OK)
		ereport(ERROR,
				(errcode(response->sqlstate),
				 errmsg("%s", response->error),
				 response->hint != NULL ? errhint("%s", response->hint) : 0));
	outcome = pf_document_read(pf_input_memory(response->body), response->effective_url,
							   response->content_type, ignore_record, NULL);
	if (outcome.ok && outcome.info->format != NULL)
		put(found, response->moved_permanently_url.s != NULL ? response->moved_permanently_url :
			request.url, outcome.info->title, outcome.info->format, "itself");
	else if (!read_page(found, response))
		ereport(ERROR,
				(errcode(outcome.ok ? ERRCODE_INVALID_TEXT_REPRESENTATION : outcome.sqlstate),
				 errmsg("the document at \"%s\" is neither a feed nor an HTML page",
						pf_fetch_public_url(request.url).s),
				 outcome.problem != NULL ?
				 errdetail("As a feed: %s.",
						   text_to_cstring(pf_utf8_to_text(pf_str(outcome.problem)))) : 0));
	pf_response_free(response);
	return (Datum) 0;
}
