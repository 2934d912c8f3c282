/*-------------------------------------------------------------------------
 *
 * topics.c
 *		Topics in SQL: buckets of time, how much a share has grown, and the
 *		aggregate that finds what grew most.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "compat.h"
#include "rank/args.h"
#include "signal/topics.h"

#define MAX_BUCKETS		10000

/* ---- buckets ---- */

/* 2001-01-01: the first of a month and of a year, and a Monday. */
static Timestamp
origin_of_buckets(void)
{
	return ((Timestamp) date2j(2001, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

/* The start of a month, counted from the origin's. */
static Timestamp
month_start(int64 month)
{
	int64		year = 2001 + (month >= 0 ? month / 12 : -((11 - month) / 12));
	int64		of_year = month - (year - 2001) * 12;

	if (year < -4713 || year > 294276)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return ((Timestamp) date2j((int) year, (int) of_year + 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

static int64
floor_div(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

PG_FUNCTION_INFO_V1(pf_topic_buckets);

/* _topic_buckets(since timestamptz, until timestamptz, bucket interval, zone text) returns timestamptz[] */
Datum
pf_topic_buckets(PG_FUNCTION_ARGS)
{
	TimestampTz since = pf_rank_arg_time(PG_GETARG_TIMESTAMPTZ(0), "since");
	TimestampTz until = pf_rank_arg_time(PG_GETARG_TIMESTAMPTZ(1), "until");
	Interval   *bucket = PG_GETARG_INTERVAL_P(2);
	Datum		zone = PG_GETARG_DATUM(3);
	int64		stride = 0;
	Timestamp	local;
	int64		number;
	Datum	   *starts;
	int			n = 0;

	if (since >= until)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("since must be before until")));
	if (bucket->month != 0 && (bucket->day != 0 || bucket->time != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bucket must not have both months and days or times")));
	if (bucket->month == 0 &&
		(pg_mul_s64_overflow(bucket->day, USECS_PER_DAY, &stride) ||
		 pg_add_s64_overflow(stride, bucket->time, &stride)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	if (bucket->month == 0 ? stride <= 0 : bucket->month < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bucket must be greater than zero")));

	/* Buckets are those of the zone's clocks and calendar. */
	local = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone, TimestampTzGetDatum(since)));
	if (bucket->month != 0)
	{
		struct pg_tm tm;
		fsec_t		fsec;

		if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("timestamp out of range")));
		number = floor_div(((int64) tm.tm_year - 2001) * 12 + tm.tm_mon - 1, bucket->month);
	}
	else
		number = floor_div(local - origin_of_buckets(), stride);

	starts = palloc(sizeof(Datum) * MAX_BUCKETS);
	for (;; number++)
	{
		Timestamp	start;
		TimestampTz at;

		if (bucket->month != 0)
			start = month_start(number * bucket->month);
		else if (pg_mul_s64_overflow(number, stride, &start) ||
				 pg_add_s64_overflow(start, origin_of_buckets(), &start))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("timestamp out of range")));
		at = DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, zone, TimestampGetDatum(start)));
		if (at >= until)
			break;
		/* Where clocks are put forward a start may be one that has been. */
		if (n > 0 && at <= DatumGetTimestampTz(starts[n - 1]))
			continue;
		if (n >= MAX_BUCKETS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("more than %d buckets", MAX_BUCKETS),
					 errhint("Take a longer bucket, or a shorter time.")));
		starts[n++] = TimestampTzGetDatum(at);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(starts, n, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* ---- growth ---- */

PG_FUNCTION_INFO_V1(pf_topic_score);

/* _topic_score(papers bigint, of bigint, before bigint, of_before bigint) returns float8 */
Datum
pf_topic_score(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(pf_topics_growth_score((double) PG_GETARG_INT64(0), (double) PG_GETARG_INT64(1),
											(double) PG_GETARG_INT64(2), (double) PG_GETARG_INT64(3)));
}

PG_FUNCTION_INFO_V1(pf_topics_accum);
PG_FUNCTION_INFO_V1(pf_topics_final);

/* _topics_accum(state, title text, bucket integer, k integer) */
Datum
pf_topics_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = pf_rank_aggregate_context(fcinfo);
	PfTopics   *topics = PG_ARGISNULL(0) ? NULL : (PfTopics *) PG_GETARG_POINTER(0);

	if (topics == NULL)
	{
		if (!PG_ARGISNULL(3) && PG_GETARG_INT32(3) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
					 errmsg("k must not be negative")));
		topics = pf_topics_new(context, PG_ARGISNULL(3) ? -1 : PG_GETARG_INT32(3));
	}
	if (!PG_ARGISNULL(2))
	{
		text	   *title = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);

		pf_topics_add(topics, title == NULL ? "" : VARDATA_ANY(title), title == NULL ? 0 : (int) VARSIZE_ANY_EXHDR(title),
					  PG_GETARG_INT32(2));
	}
	PG_RETURN_POINTER(topics);
}

/* An array of paperfeed._topic, whose columns are those of values below. */
Datum
pf_topics_final(PG_FUNCTION_ARGS)
{
	PfTopics   *topics = PG_ARGISNULL(0) ? NULL : (PfTopics *) PG_GETARG_POINTER(0);
	Oid			array_type = get_fn_expr_rettype(fcinfo->flinfo);
	Oid			type;
	TupleDesc	desc;
	PfTopic    *chosen;
	int64	   *totals;
	int64		of = 0;
	int64		of_before;
	Datum	   *rows;
	int			n;
	int			nbuckets;

	(void) pf_rank_aggregate_context(fcinfo);
	if (topics == NULL)
		PG_RETURN_NULL();
	type = get_element_type(array_type);
	if (!OidIsValid(type))
		elog(ERROR, "no array type");
	desc = lookup_rowtype_tupdesc_copy(type, -1);
	chosen = pf_topics_choose(topics, &n, &totals, &nbuckets);
	for (int b = 0; b < nbuckets; b++)
		of += totals[b];
	of_before = topics->ntitles - of;

	rows = palloc(sizeof(Datum) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};
		Datum	   *series = palloc(sizeof(Datum) * nbuckets);
		Datum	   *shares = palloc(sizeof(Datum) * nbuckets);

		for (int b = 0; b < nbuckets; b++)
		{
			series[b] = Int64GetDatum(chosen[i].series[b]);
			shares[b] = Float8GetDatum(totals[b] == 0 ? 0 : (double) chosen[i].series[b] / totals[b]);
		}
		values[0] = CStringGetTextDatum(chosen[i].phrase);
		values[1] = PointerGetDatum(construct_array(series, nbuckets, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
		values[2] = PointerGetDatum(construct_array(shares, nbuckets, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
		nulls[3] = chosen[i].before == 0;
		values[3] = nulls[3] ? (Datum) 0 :
			Float8GetDatum(((double) chosen[i].papers / of) / ((double) chosen[i].before / of_before));
		values[4] = Float8GetDatum(chosen[i].score);
		rows[i] = HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, n, type, -1, false, TYPALIGN_DOUBLE));
}
