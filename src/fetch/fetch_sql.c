/*-------------------------------------------------------------------------
 *
 * fetch_sql.c
 *		What of fetching can be asked for in SQL: a bare request, and the
 *		guard's judgement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/socket.h>

#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "fetch/fetch.h"
#include "fetch/guard.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/timestamp.h"

#define PF_RESPONSE_COLUMNS 18	/* of paperfeed.http_response */

PG_FUNCTION_INFO_V1(pf_http_get);
PG_FUNCTION_INFO_V1(pf_http_get_many);
PG_FUNCTION_INFO_V1(pf_is_private_address);
PG_FUNCTION_INFO_V1(pf_public_url);

static Datum
text_out(PfStr in, bool *isnull)
{
	*isnull = in.s == NULL;
	return in.s == NULL ? (Datum) 0 : PointerGetDatum(pf_utf8_to_text(in));
}

static Datum
milliseconds_out(double ms, bool *isnull)
{
	Interval   *span = palloc0(sizeof(Interval));

	*isnull = ms < 0;
	span->time = (TimeOffset) (ms * 1000.0);
	return IntervalPGetDatum(span);
}

static void
response_out(const PfResponse *r, int place, Datum *values, bool *nulls)
{
	static const char *const words[] = {
		[PF_FETCH_OK] = "ok",
		[PF_FETCH_NOT_MODIFIED] = "not modified",
		[PF_FETCH_HTTP_ERROR] = "http error",
		[PF_FETCH_FAILED] = "failed"
	};
	bytea	   *body;
	int			n = 0;

	memset(nulls, 0, PF_RESPONSE_COLUMNS * sizeof(bool));
	values[n++] = Int32GetDatum(place);
	values[n++] = CStringGetTextDatum(words[r->status]);
	nulls[n] = r->http_status == 0;
	values[n++] = Int32GetDatum(r->http_status);
	values[n] = text_out(r->effective_url, &nulls[n]);
	n++;
	values[n] = text_out(r->moved_permanently_url, &nulls[n]);
	n++;
	values[n++] = Int32GetDatum(r->redirects);
	values[n] = text_out(r->content_type, &nulls[n]);
	n++;
	values[n] = text_out(r->etag, &nulls[n]);
	n++;
	values[n] = text_out(r->last_modified, &nulls[n]);
	n++;
	values[n] = milliseconds_out(r->retry_after * 1000.0, &nulls[n]);
	n++;
	values[n] = milliseconds_out(r->max_age * 1000.0, &nulls[n]);
	n++;
	nulls[n] = r->body.s == NULL;
	body = palloc((Size) r->body.len + VARHDRSZ);
	SET_VARSIZE(body, r->body.len + VARHDRSZ);
	if (r->body.len > 0)
		memcpy(VARDATA(body), r->body.s, r->body.len);
	values[n++] = PointerGetDatum(body);
	values[n++] = BoolGetDatum(r->body_cut);
	values[n++] = Int64GetDatum(r->wire_bytes);
	values[n] = milliseconds_out(r->elapsed_ms, &nulls[n]);
	n++;
	nulls[n] = r->sqlstate == 0;
	values[n++] = CStringGetTextDatum(unpack_sql_state(r->sqlstate));
	values[n] = text_out(pf_str(r->error), &nulls[n]);
	n++;
	values[n] = text_out(pf_str(r->hint), &nulls[n]);
	n++;
	Assert(n == PF_RESPONSE_COLUMNS);
}

static Datum *
text_array(ArrayType *array, int *n)
{
	Datum	   *elements;

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_ELEMENT_ERROR),
				 errmsg("array must have one dimension and no null elements")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, n);
	return elements;
}

/*
 * http_get(url, etag, last_modified, headers text[]) returns http_response
 */
Datum
pf_http_get(PG_FUNCTION_ARGS)
{
	PfRequest	request = {0};
	PfResponse *response;
	TupleDesc	desc;
	Datum		values[PF_RESPONSE_COLUMNS];
	bool		nulls[PF_RESPONSE_COLUMNS];
	HeapTuple	tuple;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != PF_RESPONSE_COLUMNS)
		elog(ERROR, "unexpected result type");

	request.url = pf_text_to_utf8(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		request.etag = pf_text_to_utf8(PG_GETARG_TEXT_PP(1));
	if (!PG_ARGISNULL(2))
		request.last_modified = pf_text_to_utf8(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
	{
		int			n;
		Datum	   *headers = text_array(PG_GETARG_ARRAYTYPE_P(3), &n);
		int			i;

		for (i = 0; i < n; i++)
			pf_strings_add(&request.headers, pf_text_to_utf8(DatumGetTextPP(headers[i])));
	}

	response = pf_fetch(&request);
	response_out(response, 1, values, nulls);
	pf_response_free(response);
	tuple = heap_form_tuple(BlessTupleDesc(desc), values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(tuple));
}

/*
 * http_get(urls text[]) returns setof http_response
 *
 * In the order of completion; 'place' tells which of the array it is.
 */
Datum
pf_http_get_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PfFetchSet *set;
	PfResponse *response;
	Datum	   *urls;
	int			n;
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	if (result->setDesc->natts != PF_RESPONSE_COLUMNS)
		elog(ERROR, "unexpected result type");
	urls = text_array(PG_GETARG_ARRAYTYPE_P(0), &n);

	set = pf_fetch_begin();
	for (i = 0; i < n; i++)
	{
		PfRequest	request = {0};

		request.url = pf_text_to_utf8(DatumGetTextPP(urls[i]));
		request.tag = (void *) (uintptr_t) (i + 1);
		pf_fetch_add(set, &request);
	}
	while ((response = pf_fetch_next(set, -1)) != NULL)
	{
		Datum		values[PF_RESPONSE_COLUMNS];
		bool		nulls[PF_RESPONSE_COLUMNS];
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed response",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);

		response_out(response, (int) (uintptr_t) response->tag, values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		pf_response_free(response);
	}
	pf_fetch_end(set);
	return (Datum) 0;
}

/*
 * is_private_address(inet) returns boolean
 *
 * A netmask is disregarded: the address itself is judged.
 */
Datum
pf_is_private_address(PG_FUNCTION_ARGS)
{
	inet	   *address = PG_GETARG_INET_PP(0);

	PG_RETURN_BOOL(pf_guard_reason(ip_addr(address), ip_addrsize(address)) != NULL);
}

/* public_url(url text) returns text */
Datum
pf_public_url(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(pf_utf8_to_text(pf_fetch_public_url(pf_text_to_utf8(PG_GETARG_TEXT_PP(0)))));
}
