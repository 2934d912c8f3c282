/*-------------------------------------------------------------------------
 *
 * trend.c
 *		The aggregate trend: a sum of decaying weights as of a time.
 *
 * The state is a PfDecaySum (see time.c), the half-life it is kept in and the
 * time it is wanted for.  as_of enters only to leave out what came later and in
 * the final function, so a list can be replayed for any day; without as_of it
 * is the start of the transaction, which parallel workers share.
 *
 * The state is one flat struct in the aggregate's context; combining and
 * serializing need no more than its fields.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "compat.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/timestamp.h"

#include "rank/args.h"
#include "rank/rank.h"

typedef struct TrendState
{
	int64		half_life;
	TimestampTz as_of;
	PfDecaySum	sum;
} TrendState;

static TrendState *
new_state(MemoryContext context, int64 half_life, TimestampTz as_of)
{
	TrendState *state = MemoryContextAllocZero(context, sizeof(TrendState));

	state->half_life = half_life;
	state->as_of = as_of;
	return state;
}

static void
check_same(const TrendState *state, int64 half_life, TimestampTz as_of)
{
	if (state->half_life != half_life)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("half_life must be the same for all rows of a group")));
	if (state->as_of != as_of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be the same for all rows of a group")));
}

PG_FUNCTION_INFO_V1(pf_trend_accum);
PG_FUNCTION_INFO_V1(pf_trend_combine);
PG_FUNCTION_INFO_V1(pf_trend_serialize);
PG_FUNCTION_INFO_V1(pf_trend_deserialize);
PG_FUNCTION_INFO_V1(pf_trend_final);

/* _trend_accum(state, weight, at, half_life [, as_of]) */
Datum
pf_trend_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = pf_rank_aggregate_context(fcinfo);
	TrendState *state = PG_ARGISNULL(0) ? NULL : (TrendState *) PG_GETARG_POINTER(0);
	double		weight;
	TimestampTz at;
	int64		half_life;
	TimestampTz as_of = GetCurrentTransactionStartTimestamp();

	/* The row that an outer join makes up where there is no signal. */
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}

	if (PG_ARGISNULL(3) || (PG_NARGS() > 4 && PG_ARGISNULL(4)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", PG_ARGISNULL(3) ? "half_life" : "as_of")));
	weight = pf_rank_arg_number(PG_GETARG_FLOAT8(1), "weight");
	at = PG_GETARG_TIMESTAMPTZ(2);
	half_life = pf_rank_arg_half_life(PG_GETARG_INTERVAL_P(3));
	if (PG_NARGS() > 4)
		as_of = pf_rank_arg_time(PG_GETARG_TIMESTAMPTZ(4), "as_of");

	if (state == NULL)
		state = new_state(context, half_life, as_of);
	else
		check_same(state, half_life, as_of);

	/* What is yet to come does not count, and infinitely long ago is nothing. */
	if (at <= as_of && !TIMESTAMP_IS_NOBEGIN(at))
		pf_rank_sum_add(&state->sum, weight, at, half_life);
	PG_RETURN_POINTER(state);
}

Datum
pf_trend_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = pf_rank_aggregate_context(fcinfo);
	TrendState *state = PG_ARGISNULL(0) ? NULL : (TrendState *) PG_GETARG_POINTER(0);
	TrendState *other = PG_ARGISNULL(1) ? NULL : (TrendState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(context, other->half_life, other->as_of);
		else
			check_same(state, other->half_life, other->as_of);
		pf_rank_sum_merge(&state->sum, &other->sum);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

Datum
pf_trend_serialize(PG_FUNCTION_ARGS)
{
	TrendState *state;
	StringInfoData buf;

	(void) pf_rank_aggregate_context(fcinfo);
	state = (TrendState *) PG_GETARG_POINTER(0);

	pq_begintypsend(&buf);
	pq_sendint64(&buf, state->half_life);
	pq_sendint64(&buf, state->as_of);
	pq_sendint64(&buf, state->sum.exponent);
	pq_sendfloat8(&buf, state->sum.hi);
	pq_sendfloat8(&buf, state->sum.lo);
	pq_sendfloat8(&buf, state->sum.terms);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

Datum
pf_trend_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	StringInfoData buf;
	TrendState *state;

	(void) pf_rank_aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);

	/* A reader only: the bytes stay where they are. */
	buf.data = VARDATA_ANY(bytes);
	buf.len = VARSIZE_ANY_EXHDR(bytes);
	buf.maxlen = buf.len;
	buf.cursor = 0;

	state = palloc0(sizeof(TrendState));
	state->half_life = pq_getmsgint64(&buf);
	state->as_of = pq_getmsgint64(&buf);
	state->sum.exponent = pq_getmsgint64(&buf);
	state->sum.hi = pq_getmsgfloat8(&buf);
	state->sum.lo = pq_getmsgfloat8(&buf);
	state->sum.terms = pq_getmsgfloat8(&buf);
	pq_getmsgend(&buf);
	if (state->half_life <= 0 || TIMESTAMP_NOT_FINITE(state->as_of) ||
		!isfinite(state->sum.hi) || !isfinite(state->sum.lo) ||
		!isfinite(state->sum.terms) || state->sum.terms < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid state of aggregate trend")));
	PG_RETURN_POINTER(state);
}

Datum
pf_trend_final(PG_FUNCTION_ARGS)
{
	TrendState *state;

	(void) pf_rank_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_FLOAT8(0);
	state = (TrendState *) PG_GETARG_POINTER(0);
	PG_RETURN_FLOAT8(pf_rank_result(pf_rank_sum_value(&state->sum, state->as_of,
													  state->half_life)));
}
