/*-------------------------------------------------------------------------
 *
 * args.h
 *		What the SQL functions of this room demand of their arguments.
 *
 * Each returns its argument in the unit that rank.h works in, or raises an
 * error that names the argument.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_RANK_ARGS_H
#define PF_RANK_ARGS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

/* 22023 unless finite; 22023 unless finite and not negative. */
extern double pf_rank_arg_number(double value, const char *name);
extern double pf_rank_arg_count(double value, const char *name);

/*
 * Microseconds, as EXTRACT(EPOCH FROM ...) counts them: a year is 365.25 days,
 * a month beyond whole years 30 days, a day 24 hours.  22008 if they do not fit
 * 64 bits, which an infinite interval never does; a half-life that is not
 * positive is 22023.
 */
extern int64 pf_rank_arg_interval(const Interval *value, const char *name);
extern int64 pf_rank_arg_half_life(const Interval *value);

/* 22008 if the time is infinite. */
extern TimestampTz pf_rank_arg_time(TimestampTz value, const char *name);

/* Seconds since 1970-01-01 UTC; an infinite time gives an infinity. */
extern double pf_rank_arg_epoch(TimestampTz value);

/* The context that an aggregate's state lives in; an error unless called by an aggregate. */
extern MemoryContext pf_rank_aggregate_context(FunctionCallInfo fcinfo);

/* The result of a score: 22003 if it does not fit a float8. */
extern double pf_rank_result(double value);

#endif							/* PF_RANK_ARGS_H */
