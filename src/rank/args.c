/*-------------------------------------------------------------------------
 *
 * args.c
 *		What the SQL functions of this room demand of their arguments.
 *
 * A NaN sorts above every number, so one that slipped into a score would lead
 * the list for good; hence numbers have to be finite.  Times are another
 * matter: 'at' may be infinite wherever the formula has a limit, as a row with
 * an odd date should not take the whole list down.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "utils/timestamp.h"

#include "rank/args.h"

/* DAYS_PER_YEAR is 365.25, so this is a whole number. */
#define USECS_PER_YEAR	INT64CONST(31557600000000)
#define USECS_PER_MONTH (INT64CONST(30) * USECS_PER_DAY)

double
pf_rank_arg_number(double value, const char *name)
{
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number", name)));
	return value;
}

double
pf_rank_arg_count(double value, const char *name)
{
	if (!isfinite(value) || value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number that is not negative", name)));
	return value;
}

int64
pf_rank_arg_interval(const Interval *value, const char *name)
{
	int64		years;
	int64		usecs = value->time;

	if (pg_mul_s64_overflow(value->month / MONTHS_PER_YEAR, USECS_PER_YEAR, &years) ||
		pg_add_s64_overflow(usecs, years, &usecs) ||
		pg_add_s64_overflow(usecs, (value->month % MONTHS_PER_YEAR) * USECS_PER_MONTH, &usecs) ||
		pg_add_s64_overflow(usecs, value->day * USECS_PER_DAY, &usecs))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is out of range", name)));
	return usecs;
}

int64
pf_rank_arg_half_life(const Interval *value)
{
	int64		usecs = pf_rank_arg_interval(value, "half_life");

	if (usecs <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("half_life must be positive")));
	return usecs;
}

TimestampTz
pf_rank_arg_time(TimestampTz value, const char *name)
{
	if (TIMESTAMP_NOT_FINITE(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be a finite time", name)));
	return value;
}

double
pf_rank_arg_epoch(TimestampTz value)
{
	if (TIMESTAMP_IS_NOBEGIN(value))
		return -INFINITY;
	if (TIMESTAMP_IS_NOEND(value))
		return INFINITY;

	/*
	 * Whole seconds and the rest are split first: a double holds 53 bits, and
	 * the microseconds of the far future need more.
	 */
	return (double) (value / USECS_PER_SEC +
					 (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY) +
		(double) (value % USECS_PER_SEC) / USECS_PER_SEC;
}

MemoryContext
pf_rank_aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

double
pf_rank_result(double value)
{
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow")));
	return value;
}
