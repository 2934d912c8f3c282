/*-------------------------------------------------------------------------
 *
 * time.c
 *		Exponential decay: of one weight, of a sum of weights, and as heat.
 *
 * The value of a sum of decaying weights, sum of w * 2^-((as_of - at) / h),
 * is a number that only the signals make, times a power of two that only as_of
 * makes.  So signals are taken as seen from a fixed time, 2000-01-01 UTC, and
 * the present enters last, if at all; it cannot change an order.
 *
 * (at - 2000) / h is too large for a double's exponent (50 years at a half-life
 * of an hour: 438,000).  Whole half-lives are therefore counted in an int64,
 * exactly, by integer division of microseconds; what remains is a fraction of
 * one half-life.  A sum is (hi + lo) * 2^exponent with the exponent of its
 * newest signal; scaling by a power of two is exact, and hi + lo is a
 * compensated (double-double) sum of about 106 bits.  What that buys:
 *
 * - weights and their retractions, each with the time of the weight, leave
 *   exactly nothing in any order: a remainder of less than 2^-80 of all that was
 *   added or taken is rounding, and zero;
 * - the order of arrival and the split among parallel workers do not show in
 *   the 53 bits of the result;
 * - no overflow before the last step, at any time that PostgreSQL knows.
 *
 * Heat gives up the sign and the exactness (some 12 digits at a half-life of a
 * day) for being one float8 that can be a column with a b-tree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "rank/args.h"
#include "rank/rank.h"

#define LN2			0.693147180559945309417

/* Beyond this many halvings nothing of a double-double is left. */
#define MAX_SHIFT	4096

/*
 * Bits after the point that a signal's share keeps: what x86 has, so that arm64
 * with its longer long double gives the same.
 */
#define SHARE_BITS	64

/* What is left of a sum is taken for rounding below this part of its terms. */
#define REMAINDER	ldexp(1, -80)

/* t / half_life, rounded down, and the fraction of a half-life that remains. */
static int64
half_lives(int64 t, int64 half_life, long double *fraction)
{
	int64		whole = t / half_life;
	int64		rest = t % half_life;

	if (rest < 0)
	{
		whole--;
		rest += half_life;
	}
	*fraction = (long double) rest / half_life;
	return whole;
}

/* x * 2^(a - b), where a - b need not fit an int or an int64. */
static double
scale(long double x, int64 a, int64 b)
{
	int64		shift;

	if (pg_sub_s64_overflow(a, b, &shift))
		shift = a > b ? PG_INT64_MAX : PG_INT64_MIN;
	shift = Min(Max(shift, -MAX_SHIFT), MAX_SHIFT);

	/* Rounded to a double first: the shift is exact then, unless it underflows. */
	return ldexp((double) x, (int) shift);
}

double
pf_rank_decay(double weight, int64 age, int64 half_life)
{
	long double fraction;
	int64		whole = half_lives(age, half_life, &fraction);
	int			exponent;
	double		mantissa = frexp(weight, &exponent);

	return scale(mantissa * exp2l(-fraction), exponent, whole);
}

/* Multiplies by 2^(a - b) and says so in the exponent. */
static void
shift(PfDecaySum *sum, int64 a, int64 b)
{
	sum->hi = scale(sum->hi, a, b);
	sum->lo = scale(sum->lo, a, b);
	sum->terms = scale(sum->terms, a, b);
	sum->exponent = b;
}

/* All numbers here are far from a double's limits; no sum overflows. */
void
pf_rank_sum_merge(PfDecaySum *sum, const PfDecaySum *other)
{
	PfDecaySum	term = *other;
	double		total;
	double		part;
	double		rest;

	if (term.terms == 0)
		return;
	if (sum->terms == 0)
	{
		*sum = term;
		return;
	}
	if (term.exponent > sum->exponent)
		shift(sum, sum->exponent, term.exponent);
	else
		shift(&term, term.exponent, sum->exponent);

	/* Knuth's two-sum, then make |lo| at most half a unit of hi. */
	total = sum->hi + term.hi;
	part = total - sum->hi;
	rest = (sum->hi - (total - part)) + (term.hi - part);
	rest += sum->lo + term.lo;
	sum->hi = total + rest;
	sum->lo = rest - (sum->hi - total);
	sum->terms += term.terms;
}

void
pf_rank_sum_add(PfDecaySum *sum, double weight, TimestampTz at, int64 half_life)
{
	long double fraction;
	int64		whole = half_lives(at, half_life, &fraction);
	int			exponent;
	long double share = frexp(weight, &exponent) * exp2l(fraction);
	PfDecaySum	term;

	term.exponent = whole + exponent;
	term.hi = (double) share;
	term.lo = ldexp(rint(ldexp((double) (share - term.hi), SHARE_BITS)), -SHARE_BITS);
	term.terms = fabs(term.hi);
	pf_rank_sum_merge(sum, &term);
}

/* Multiplies by a factor; its exponent is kept apart, and the product's rounding is added again. */
void
pf_rank_sum_scale(PfDecaySum *sum, double factor)
{
	int			exponent;
	double		mantissa = frexp(factor, &exponent);
	double		product = sum->hi * mantissa;
	double		rest = fma(sum->hi, mantissa, -product) + sum->lo * mantissa;

	sum->hi = product + rest;
	sum->lo = rest - (sum->hi - product);
	sum->terms *= fabs(mantissa);
	sum->exponent += exponent;
	if (sum->terms == 0)
		memset(sum, 0, sizeof(PfDecaySum));
}

double
pf_rank_sum_heat(const PfDecaySum *sum)
{
	if (sum->hi <= 0 || sum->hi < sum->terms * REMAINDER)
		return -INFINITY;
	return (double) (sum->exponent + log2l((long double) sum->hi + sum->lo));
}

double
pf_rank_sum_value(const PfDecaySum *sum, TimestampTz as_of, int64 half_life)
{
	long double fraction;
	int64		whole = half_lives(as_of, half_life, &fraction);

	if (fabs(sum->hi) < sum->terms * REMAINDER)
		return 0;
	return scale(((long double) sum->hi + sum->lo) * exp2l(-fraction), sum->exponent, whole);
}

double
pf_rank_heat(double weight, TimestampTz at, int64 half_life)
{
	long double fraction;
	int64		whole = half_lives(at, half_life, &fraction);

	if (weight == 0)
		return -INFINITY;
	return (double) (whole + (fraction + log2l(weight)));
}

/* log2(2^a + 2^b), by way of the larger so that nothing overflows. */
double
pf_rank_heat_add(double a, double b)
{
	double		high = fmax(a, b);
	double		low = fmin(a, b);

	if (low == -INFINITY)
		return high;
	return high + log1p(exp2(low - high)) / LN2;
}

/* log2(2^a - 2^b) */
double
pf_rank_heat_subtract(double a, double b)
{
	if (b == -INFINITY)
		return a;
	if (b >= a)
		return -INFINITY;
	return a + log2(-expm1((b - a) * LN2));
}

double
pf_rank_heat_value(double heat, TimestampTz as_of, int64 half_life)
{
	long double fraction;
	int64		whole = half_lives(as_of, half_life, &fraction);

	return (double) exp2l(((long double) heat - whole) - fraction);
}

PG_FUNCTION_INFO_V1(pf_decay);
PG_FUNCTION_INFO_V1(pf_heat);
PG_FUNCTION_INFO_V1(pf_heat_add);
PG_FUNCTION_INFO_V1(pf_heat_subtract);
PG_FUNCTION_INFO_V1(pf_heat_value);

/* decay(weight, age, half_life) */
Datum
pf_decay(PG_FUNCTION_ARGS)
{
	double		weight = pf_rank_arg_number(PG_GETARG_FLOAT8(0), "weight");
	int64		age = pf_rank_arg_interval(PG_GETARG_INTERVAL_P(1), "age");
	int64		half_life = pf_rank_arg_half_life(PG_GETARG_INTERVAL_P(2));

	PG_RETURN_FLOAT8(pf_rank_result(pf_rank_decay(weight, age, half_life)));
}

/* heat(weight, at, half_life) */
Datum
pf_heat(PG_FUNCTION_ARGS)
{
	double		weight = pf_rank_arg_count(PG_GETARG_FLOAT8(0), "weight");
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	int64		half_life = pf_rank_arg_half_life(PG_GETARG_INTERVAL_P(2));

	if (TIMESTAMP_IS_NOBEGIN(at))
		PG_RETURN_FLOAT8(-INFINITY);
	at = pf_rank_arg_time(at, "at");
	PG_RETURN_FLOAT8(pf_rank_heat(weight, at, half_life));
}

static double
heat_arg(double heat)
{
	if (heat == -INFINITY)
		return heat;
	return pf_rank_arg_number(heat, "heat");
}

/* heat_add(a, b) */
Datum
pf_heat_add(PG_FUNCTION_ARGS)
{
	double		a = heat_arg(PG_GETARG_FLOAT8(0));
	double		b = heat_arg(PG_GETARG_FLOAT8(1));

	PG_RETURN_FLOAT8(pf_rank_heat_add(a, b));
}

/* heat_subtract(a, b) */
Datum
pf_heat_subtract(PG_FUNCTION_ARGS)
{
	double		a = heat_arg(PG_GETARG_FLOAT8(0));
	double		b = heat_arg(PG_GETARG_FLOAT8(1));

	PG_RETURN_FLOAT8(pf_rank_heat_subtract(a, b));
}

/* heat_value(heat, as_of, half_life) */
Datum
pf_heat_value(PG_FUNCTION_ARGS)
{
	double		heat = heat_arg(PG_GETARG_FLOAT8(0));
	TimestampTz as_of = pf_rank_arg_time(PG_GETARG_TIMESTAMPTZ(1), "as_of");
	int64		half_life = pf_rank_arg_half_life(PG_GETARG_INTERVAL_P(2));

	PG_RETURN_FLOAT8(pf_rank_result(pf_rank_heat_value(heat, as_of, half_life)));
}
