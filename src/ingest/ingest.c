/*-------------------------------------------------------------------------
 *
 * ingest.c
 *		SQL: paperfeed.ingest, ingest_document, ingest_file: documents to rows.
 *
 * The order of things: check the target and the caller's rights; read what is
 * known of the feed; fetch, with no SPI connection and no lock of ours held;
 * lock the feed's row; parse and write batch by batch; note the outcome.
 * Everything is one transaction, the caller's.
 *
 * A fault of the feed (no answer, an error, a document that cannot be read)
 * ends up in the report and in paperfeed.feeds.  What the caller did wrong,
 * lack of rights for instance, is raised.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "fetch/fetch.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ingest/run.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "storage/fd.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(pf_ingest);
PG_FUNCTION_INFO_V1(pf_ingest_document);
PG_FUNCTION_INFO_V1(pf_ingest_file);

static Datum
make_report(FunctionCallInfo fcinfo, const PfRun *run)
{
	TupleDesc	tupdesc;
	Datum		values[12];
	bool		nulls[12] = {false};
	Interval   *elapsed = palloc0(sizeof(Interval));
	int			http_status = run->response == NULL ? 0 : run->response->http_status;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != 12)
		elog(ERROR, "return type must be paperfeed.ingest_report");
	tupdesc = BlessTupleDesc(tupdesc);

	elapsed->time = GetCurrentTimestamp() - run->started;
	values[0] = PointerGetDatum(pf_utf8_to_text(run->url));
	values[1] = CStringGetTextDatum(run->status);
	nulls[2] = http_status == 0;
	values[2] = Int32GetDatum(http_status);
	values[3] = Int64GetDatum(run->counts.seen);
	values[4] = Int64GetDatum(run->counts.added);
	values[5] = Int64GetDatum(run->counts.updated);
	values[6] = Int64GetDatum(run->counts.unchanged);
	values[7] = Int64GetDatum(run->counts.dropped);
	values[8] = Int64GetDatum(run->counts.rejected);
	values[9] = Int64GetDatum(run->bytes);
	values[10] = IntervalPGetDatum(elapsed);
	nulls[11] = run->error == NULL;
	if (run->error != NULL)
		values[11] = PointerGetDatum(pf_utf8_to_text(pf_str(run->error)));
	return HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls));
}

/* paperfeed.ingest(source text, target regclass) */
Datum
pf_ingest(PG_FUNCTION_ARGS)
{
	TimestampTz start = GetCurrentTimestamp();
	PfStr		url = pf_str_trim(pf_text_to_utf8(PG_GETARG_TEXT_PP(0)));
	PfRun		run;
	PfFeedRow	feed;
	PfRequest	request;
	PfResponse *response;

	memset(&run, 0, sizeof(run));
	run.kind = "ingest";
	run.started = start;
	run.url = url;
	run.target = PG_GETARG_OID(1);

	PreventCommandIfReadOnly("paperfeed.ingest()");
	pf_fetch_check_url(url);
	pf_writer_check(run.target);
	(void) pf_feed_row_read(url, run.target, &feed);

	memset(&request, 0, sizeof(request));
	request.url = url;
	request.etag = feed.etag;
	request.last_modified = feed.last_modified;
	request.headers = feed.headers;
	response = pf_fetch(&request);

	pf_spi_connect();
	pf_feed_row_lock(&feed, url, run.target);
	pf_run_response(&run, &feed, response);
	pf_feed_row_note(&feed, &run);
	SPI_finish();
	PG_RETURN_DATUM(make_report(fcinfo, &run));
}

/* What ingest_document and ingest_file share. */
static void
ingest_input(PfRun *run, PfInput *in, PfStr base_url, PfStr content_type)
{
	PfFeedRow	feed;

	memset(&feed, 0, sizeof(feed));
	pf_spi_connect();
	pf_feed_row_lock(&feed, run->url, run->target);

	/*
	 * What is handed over again may be meant to bring back rows that were
	 * deleted: it is left alone only if all of them are there.
	 */
	if (!pf_run_is_same(run, &feed, in) || !pf_writer_all_present(run->target, feed.id))
	{
		memset(&run->counts, 0, sizeof(run->counts));
		pf_run_document(run, &feed, in, base_url, content_type);
	}
	pf_feed_row_note(&feed, run);
	SPI_finish();
}

/* paperfeed.ingest_document(document bytea, target regclass, base_url text, content_type text) */
Datum
pf_ingest_document(PG_FUNCTION_ARGS)
{
	TimestampTz start = GetCurrentTimestamp();
	PfStr		base_url = PF_STR_NONE;
	PfStr		content_type = PF_STR_NONE;
	bytea	   *document;
	PfRun		run;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	document = PG_GETARG_BYTEA_PP(0);
	if (!PG_ARGISNULL(2))
		base_url = pf_str_trim(pf_text_to_utf8(PG_GETARG_TEXT_PP(2)));
	if (!PG_ARGISNULL(3))
		content_type = pf_text_to_utf8(PG_GETARG_TEXT_PP(3));

	memset(&run, 0, sizeof(run));
	run.kind = "ingest";
	run.started = start;
	run.url = pf_str_blank(base_url) ? PF_STR_LIT("document:") : base_url;
	run.target = PG_GETARG_OID(1);
	pf_writer_check(run.target);
	ingest_input(&run, pf_input_memory((PfStr) {VARDATA_ANY(document),
												(int) VARSIZE_ANY_EXHDR(document)}),
				 base_url, content_type);
	PG_RETURN_DATUM(make_report(fcinfo, &run));
}

/* paperfeed.ingest_file(path text, target regclass, base_url text) */
Datum
pf_ingest_file(PG_FUNCTION_ARGS)
{
	TimestampTz start = GetCurrentTimestamp();
	char	   *path;
	PfStr		base_url = PF_STR_NONE;
	PfInput    *in;
	PfRun		run;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	pf_input_check_rights();
	path = text_to_cstring(PG_GETARG_TEXT_PP(0));
	canonicalize_path(path);
	if (!PG_ARGISNULL(2))
		base_url = pf_str_trim(pf_text_to_utf8(PG_GETARG_TEXT_PP(2)));

	memset(&run, 0, sizeof(run));
	run.kind = "ingest";
	run.started = start;
	run.url = pf_str_join(PF_STR_LIT("file:"), pf_text_to_utf8(cstring_to_text(path)));
	run.target = PG_GETARG_OID(1);
	pf_writer_check(run.target);
	in = pf_input_file(path);
	ingest_input(&run, in, base_url, PF_STR_NONE);
	pf_input_close(in);
	PG_RETURN_DATUM(make_report(fcinfo, &run));
}
