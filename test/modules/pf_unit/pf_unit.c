/*-------------------------------------------------------------------------
 *
 * pf_unit.c
 *		What paperfeed's C has no SQL surface for, as SQL, for tests alone.
 *
 * Each wrapper hands its function a copy of just the input's bytes, so that
 * a build with a memory checker sees any read beyond a PfStr.  None comes out
 * as NULL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "compat.h"
#include "catalog/pg_type_d.h"
#include "common/dates.h"
#include "common/names.h"
#include "common/urls.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ingest/schedule.h"
#include "paper/paperid.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(pf_unit_date);
PG_FUNCTION_INFO_V1(pf_unit_date_ymd);
PG_FUNCTION_INFO_V1(pf_unit_date_epoch_ms);
PG_FUNCTION_INFO_V1(pf_unit_month);
PG_FUNCTION_INFO_V1(pf_unit_url_split);
PG_FUNCTION_INFO_V1(pf_unit_url_resolve);
PG_FUNCTION_INFO_V1(pf_unit_url_canonical);
PG_FUNCTION_INFO_V1(pf_unit_url_decode);
PG_FUNCTION_INFO_V1(pf_unit_name);
PG_FUNCTION_INFO_V1(pf_unit_name_join);
PG_FUNCTION_INFO_V1(pf_unit_names);
PG_FUNCTION_INFO_V1(pf_unit_names_given);
PG_FUNCTION_INFO_V1(pf_unit_paperid_version);
PG_FUNCTION_INFO_V1(pf_unit_paperid_hash);
PG_FUNCTION_INFO_V1(pf_unit_schedule);

/* Argument n; none if it is NULL. */
static PfStr
arg(FunctionCallInfo fcinfo, int n)
{
	text	   *in;
	int			len;
	char	   *copy;

	if (PG_ARGISNULL(n))
		return PF_STR_NONE;
	in = PG_GETARG_TEXT_PP(n);
	len = VARSIZE_ANY_EXHDR(in);
	copy = palloc(Max(len, 1));
	memcpy(copy, VARDATA_ANY(in), len);
	return (PfStr) {copy, len};
}

static Datum
give(FunctionCallInfo fcinfo, PfStr a)
{
	if (a.s == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(a.s, a.len));
}

static Datum
give_time(FunctionCallInfo fcinfo, TimestampTz t)
{
	if (t == PF_NO_TIME)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(t);
}

static Datum
give_list(FunctionCallInfo fcinfo, const PfStr *items, int n)
{
	Datum	   *datums = palloc(sizeof(Datum) * Max(n, 1));
	bool	   *nulls = palloc(sizeof(bool) * Max(n, 1));
	int			lower = 1;

	(void) fcinfo;
	for (int i = 0; i < n; i++)
	{
		nulls[i] = items[i].s == NULL;
		if (!nulls[i])
			datums[i] = PointerGetDatum(cstring_to_text_with_len(items[i].s, items[i].len));
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(datums, nulls, 1, &n, &lower, TEXTOID,
											 -1, false, TYPALIGN_INT));
}

Datum
pf_unit_date(PG_FUNCTION_ARGS)
{
	return give_time(fcinfo, pf_date(arg(fcinfo, 0)));
}

Datum
pf_unit_date_ymd(PG_FUNCTION_ARGS)
{
	return give_time(fcinfo, pf_date_ymd(PG_GETARG_INT32(0), PG_GETARG_INT32(1),
										 PG_GETARG_INT32(2)));
}

Datum
pf_unit_date_epoch_ms(PG_FUNCTION_ARGS)
{
	return give_time(fcinfo, pf_date_epoch_ms(PG_GETARG_INT64(0)));
}

Datum
pf_unit_month(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(pf_month(arg(fcinfo, 0)));
}

/* {scheme, userinfo, host, port, path, query, fragment} */
Datum
pf_unit_url_split(PG_FUNCTION_ARGS)
{
	PfUrl		url;
	PfStr		items[7];

	if (!pf_url_split(arg(fcinfo, 0), &url))
		PG_RETURN_NULL();
	items[0] = url.scheme;
	items[1] = url.userinfo;
	items[2] = url.host;
	items[3] = url.port < 0 ? PF_STR_NONE : pf_str_printf("%d", url.port);
	items[4] = url.path;
	items[5] = url.query;
	items[6] = url.fragment;
	return give_list(fcinfo, items, 7);
}

Datum
pf_unit_url_resolve(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_url_resolve(arg(fcinfo, 0), arg(fcinfo, 1)));
}

Datum
pf_unit_url_canonical(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_url_canonical(arg(fcinfo, 0)));
}

/* As bytea: what was encoded need not be text. */
Datum
pf_unit_url_decode(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_url_decode(arg(fcinfo, 0)));
}

Datum
pf_unit_name(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_name(arg(fcinfo, 0)));
}

Datum
pf_unit_name_join(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_name_join(arg(fcinfo, 0), arg(fcinfo, 1), arg(fcinfo, 2)));
}

Datum
pf_unit_names(PG_FUNCTION_ARGS)
{
	PfStrings	list = {NULL, 0, 0};

	pf_names_split(&list, arg(fcinfo, 0));
	return give_list(fcinfo, list.items, list.n);
}

Datum
pf_unit_names_given(PG_FUNCTION_ARGS)
{
	PfStrings	list = {NULL, 0, 0};

	pf_names_split_given(&list, arg(fcinfo, 0));
	return give_list(fcinfo, list.items, list.n);
}

/* The version that a spelling of an identity names; NULL if it is none. */
Datum
pf_unit_paperid_version(PG_FUNCTION_ARGS)
{
	int			version;

	if (pf_paperid_read(arg(fcinfo, 0), NULL, &version) == PF_SCHEME_NONE)
		PG_RETURN_NULL();
	PG_RETURN_INT32(version);
}

Datum
pf_unit_paperid_hash(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_paperid_hash(arg(fcinfo, 0), arg(fcinfo, 1)));
}

static int64
arg_span(FunctionCallInfo fcinfo, int n)
{
	Interval   *span;

	if (PG_ARGISNULL(n))
		return 0;
	span = PG_GETARG_INTERVAL_P(n);
	return span->time + span->day * USECS_PER_DAY;
}

Datum
pf_unit_schedule(PG_FUNCTION_ARGS)
{
	PfStr		outcome = arg(fcinfo, 1);
	PfRhythm	rhythm = {0};
	PfAttempt	attempt = {0};
	Interval   *estimate = palloc0(sizeof(Interval));
	TupleDesc	tupdesc;
	Datum		values[4];
	bool		nulls[4] = {false};
	PfDue		due;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	attempt.now = PG_GETARG_TIMESTAMPTZ(0);
	attempt.failed = PF_STR_IS(outcome, "failed");
	attempt.changed = PF_STR_IS(outcome, "changed");
	rhythm.last_changed = PG_ARGISNULL(2) ? PF_NO_TIME : PG_GETARG_TIMESTAMPTZ(2);
	rhythm.changes_every = arg_span(fcinfo, 3);
	rhythm.every = arg_span(fcinfo, 4);
	rhythm.ttl = arg_span(fcinfo, 5);
	rhythm.skip_days = arg(fcinfo, 6);
	rhythm.skip_hours = arg(fcinfo, 7);
	rhythm.errors = PG_GETARG_INT32(8);
	attempt.http_status = PG_GETARG_INT32(9);
	attempt.retry_after = PG_GETARG_INT32(10);
	attempt.max_age = PG_GETARG_INT32(11);
	rhythm.feed = PG_GETARG_INT64(12);
	rhythm.added_at = PG_GETARG_TIMESTAMPTZ(13);
	due = pf_schedule(&rhythm, &attempt);

	nulls[0] = due.ended;
	values[0] = TimestampTzGetDatum(due.next);
	estimate->time = due.changes_every;
	values[1] = IntervalPGetDatum(estimate);
	values[2] = BoolGetDatum(due.ended);
	values[3] = CStringGetTextDatum(due.why);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
