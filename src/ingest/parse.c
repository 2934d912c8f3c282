/*-------------------------------------------------------------------------
 *
 * parse.c
 *		SQL: paperfeed.parse, paperfeed.feed_info, paperfeed.fetch: documents
 *		to papers, with nothing stored.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/encoding.h"
#include "fetch/fetch.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ingest/document.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "paper/paper.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(pf_parse);
PG_FUNCTION_INFO_V1(pf_feed_info_sql);
PG_FUNCTION_INFO_V1(pf_fetch_sql);

typedef struct Sink
{
	TupleDesc	tupdesc;
	Tuplestorestate *store;
} Sink;

static PfStr
arg_text(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return PF_STR_NONE;
	return pf_text_to_utf8(PG_GETARG_TEXT_PP(n));
}

static PfStr
arg_bytes(FunctionCallInfo fcinfo, int n)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(n);

	return (PfStr) {VARDATA_ANY(bytes), (int) VARSIZE_ANY_EXHDR(bytes)};
}

/* A record that is no paper (no identity at all) is left out of a set of papers. */
static void
store_record(PfRecord *rec, const PfFeedInfo *info pg_attribute_unused(), void *arg)
{
	Sink	   *sink = arg;
	PfIdentities ids;
	PfRow		row;

	pf_identify(rec, &ids);
	if (ids.n == 0 || rec->reject != NULL)
		return;
	pf_row_from_record(rec, &ids, true, &row);
	tuplestore_putvalues(sink->store, sink->tupdesc, row.values, row.nulls);
}

static void
ignore_record(PfRecord *rec pg_attribute_unused(), const PfFeedInfo *info pg_attribute_unused(),
			  void *arg pg_attribute_unused())
{
}

static void
begin_set(FunctionCallInfo fcinfo, Sink *sink)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	sink->tupdesc = rsinfo->setDesc;
	sink->store = rsinfo->setResult;
	if (sink->tupdesc->natts != PF_NCOLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("type paperfeed.paper has %d columns, but the library knows %d",
						sink->tupdesc->natts, PF_NCOLUMNS),
				 errhint("Run ALTER EXTENSION paperfeed UPDATE.")));
}

/* paperfeed.parse(document bytea, base_url text, content_type text) */
Datum
pf_parse(PG_FUNCTION_ARGS)
{
	Sink		sink;
	PfOutcome	outcome;

	begin_set(fcinfo, &sink);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	outcome = pf_document_read(pf_input_memory(arg_bytes(fcinfo, 0)), arg_text(fcinfo, 1),
							   arg_text(fcinfo, 2), store_record, &sink);
	if (!outcome.ok)
		pf_document_raise(&outcome);
	return (Datum) 0;
}

/* paperfeed.fetch(url text) */
Datum
pf_fetch_sql(PG_FUNCTION_ARGS)
{
	Sink		sink;
	PfRequest	request;
	PfResponse *response;
	PfOutcome	outcome;

	begin_set(fcinfo, &sink);
	memset(&request, 0, sizeof(request));
	request.url = pf_text_to_utf8(PG_GETARG_TEXT_PP(0));
	pf_fetch_check_url(request.url);
	response = pf_fetch(&request);
	if (response->status != PF_FETCH_OK)
		ereport(ERROR,
				(errcode(response->sqlstate),
				 errmsg("%s", response->error),
				 response->hint != NULL ? errhint("%s", response->hint) : 0));
	outcome = pf_document_read(pf_input_memory(response->body), response->effective_url,
							   response->content_type, store_record, &sink);
	if (!outcome.ok)
		ereport(ERROR,
				(errcode(outcome.sqlstate),
				 errmsg("could not read the document at \"%s\": %s",
						pf_fetch_public_url(request.url).s,
						text_to_cstring(pf_utf8_to_text(pf_str(outcome.problem))))));
	pf_response_free(response);
	return (Datum) 0;
}

static void
put_text(Datum *values, bool *nulls, int column, PfStr value)
{
	nulls[column] = value.s == NULL;
	if (value.s != NULL)
		values[column] = PointerGetDatum(pf_utf8_to_text(value));
}

/* paperfeed.feed_info(document bytea, base_url text, content_type text) */
Datum
pf_feed_info_sql(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	Datum		values[20];
	bool		nulls[20];
	PfOutcome	outcome;
	const PfFeedInfo *info;
	int			c = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE ||
		tupdesc->natts > (int) lengthof(values))
		elog(ERROR, "return type must be a row type");
	tupdesc = BlessTupleDesc(tupdesc);

	outcome = pf_document_read(pf_input_memory(arg_bytes(fcinfo, 0)), arg_text(fcinfo, 1),
							   arg_text(fcinfo, 2), ignore_record, NULL);
	info = outcome.info;
	memset(nulls, 0, sizeof(nulls));
	put_text(values, nulls, c++, pf_str(info->format));
	put_text(values, nulls, c++, info->title);
	put_text(values, nulls, c++, info->home);
	put_text(values, nulls, c++, info->self);
	put_text(values, nulls, c++, info->next);
	put_text(values, nulls, c++, info->resumption_token);
	put_text(values, nulls, c++, info->language);
	nulls[c] = info->updated == PF_NO_TIME;
	values[c++] = TimestampTzGetDatum(info->updated);
	nulls[c] = info->ttl <= 0;
	values[c++] = Int32GetDatum(info->ttl);
	put_text(values, nulls, c++, info->skip_days);
	put_text(values, nulls, c++, info->skip_hours);
	nulls[c] = info->total < 0;
	values[c++] = Int64GetDatum(info->total);
	values[c++] = Int64GetDatum(info->records);
	put_text(values, nulls, c++, pf_str(info->charset));
	put_text(values, nulls, c++, outcome.ok ? (info->recovered ? PF_STR_LIT("recovered") :
											   PF_STR_LIT("well-formed")) : PF_STR_LIT("failed"));
	put_text(values, nulls, c++, pf_str(outcome.problem));
	put_text(values, nulls, c++, info->error_code);
	put_text(values, nulls, c++, info->error);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
