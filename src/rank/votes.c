/*-------------------------------------------------------------------------
 *
 * votes.c
 *		Scores from votes: hot, lobsters, gravity, wilson, bayesian.
 *
 * The first three join votes with age, so that a list of papers turns over; the
 * last two say how good something is whatever its age.  Counts of votes are
 * float8 in SQL: that takes count(*), sum(), a jsonb number cast to numeric and
 * weighted votes alike, without a cast or an overload.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/timestamp.h"

#include "rank/args.h"
#include "rank/rank.h"

#define HOT_EPOCH			1134028003.0	/* 2005-12-08 07:46:43 UTC */
#define HOT_SECONDS			45000.0 /* ten times the votes are worth 12.5 hours */
#define LOBSTERS_SECONDS	79200.0 /* ... or 22 hours */
#define GRAVITY_TIMEBASE	120.0	/* minutes */
#define GRAVITY_POINTS		0.8

static double
sign(double x)
{
	return x > 0 ? 1 : x < 0 ? -1 : 0;
}

/*
 * Round to 7 decimal places, a half away from zero, as Python 2, Ruby and
 * numeric round.  Exact: fma gives what the product lost, so a value that only
 * looks like a half after the multiplication is not taken for one.
 */
double
pf_rank_round7(double x)
{
	const double scale = 1e7;
	double		a = fabs(x);
	double		product;
	double		whole;

	/* From here on the product has no bits for a fraction. */
	if (!(a < 4503599627370496.0 / scale))
		return x;
	product = a * scale;
	whole = floor(product);
	if ((product - whole - 0.5) + fma(a, scale, -product) >= 0)
		whole += 1;

	/* No negative zero: it prints as -0. */
	return copysign(whole / scale, x) + 0.0;
}

double
pf_rank_hot(double score, double epoch)
{
	return pf_rank_round7(sign(score) * log10(fmax(fabs(score), 1)) +
						  (epoch - HOT_EPOCH) / HOT_SECONDS);
}

/*
 * The comments count no more than the votes do, and a story at zero votes is
 * not killed by its logarithm.  Lobsters sorts by the negated value; here, as
 * everywhere in paperfeed, more is hotter.
 */
double
pf_rank_lobsters(double score, double comment_points, double epoch, double base)
{
	double		order = log10(fmax(fabs(score + 1) + fmin(score, comment_points), 1));

	return pf_rank_round7(sign(score) * order + base + epoch / LOBSTERS_SECONDS);
}

/*
 * A time that is yet to come counts as now: feeds do announce tomorrow's
 * papers, and the power of a negative number has no value.
 */
double
pf_rank_gravity(double points, double age_minutes, double gravity, double penalty)
{
	double		base = points - 1;

	if (base > 0)
		base = pow(base, GRAVITY_POINTS);
	if (base == 0 || penalty == 0)
		return 0;
	return base / pow((fmax(age_minutes, 0) + GRAVITY_TIMEBASE) / 60, gravity) * penalty;
}

/*
 * The usual form, (p + z2/2n - z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n),
 * subtracts two numbers that are nearly equal where few of many are ups.
 * Multiplied by its conjugate it is a quotient of sums, is never negative and
 * neither overflows nor cancels.
 */
double
pf_rank_wilson(double ups, double downs, double z)
{
	double		n = ups + downs;
	double		half = z * z / 2;
	double		root = z * sqrt(ups / n * downs + half / 2);

	if (ups == 0)
		return 0;
	if (isinf(n))
		return pf_rank_wilson(ups / 2, downs / 2, z);
	return ups / n * (ups / (ups + half + root));
}

/* With nothing to go by, neither votes nor a prior, the prior mean stands. */
double
pf_rank_bayesian(double mean, double votes, double prior_mean, double prior_votes)
{
	if (isinf(votes + prior_votes))
	{
		votes /= 2;
		prior_votes /= 2;
	}
	if (votes + prior_votes == 0)
		return prior_mean;
	return votes / (votes + prior_votes) * mean + prior_votes / (votes + prior_votes) * prior_mean;
}

PG_FUNCTION_INFO_V1(pf_hot);
PG_FUNCTION_INFO_V1(pf_hot_votes);
PG_FUNCTION_INFO_V1(pf_lobsters);
PG_FUNCTION_INFO_V1(pf_gravity);
PG_FUNCTION_INFO_V1(pf_gravity_at);
PG_FUNCTION_INFO_V1(pf_wilson);
PG_FUNCTION_INFO_V1(pf_bayesian);

/* hot(score, at) */
Datum
pf_hot(PG_FUNCTION_ARGS)
{
	double		score = pf_rank_arg_number(PG_GETARG_FLOAT8(0), "score");

	PG_RETURN_FLOAT8(pf_rank_hot(score, pf_rank_arg_epoch(PG_GETARG_TIMESTAMPTZ(1))));
}

/* hot(ups, downs, at) */
Datum
pf_hot_votes(PG_FUNCTION_ARGS)
{
	double		ups = pf_rank_arg_count(PG_GETARG_FLOAT8(0), "ups");
	double		downs = pf_rank_arg_count(PG_GETARG_FLOAT8(1), "downs");

	PG_RETURN_FLOAT8(pf_rank_hot(ups - downs, pf_rank_arg_epoch(PG_GETARG_TIMESTAMPTZ(2))));
}

/* lobsters(score, comment_points, at, base) */
Datum
pf_lobsters(PG_FUNCTION_ARGS)
{
	double		score = pf_rank_arg_number(PG_GETARG_FLOAT8(0), "score");
	double		comment_points = pf_rank_arg_number(PG_GETARG_FLOAT8(1), "comment_points");
	double		epoch = pf_rank_arg_epoch(PG_GETARG_TIMESTAMPTZ(2));
	double		base = pf_rank_arg_number(PG_GETARG_FLOAT8(3), "base");

	PG_RETURN_FLOAT8(pf_rank_lobsters(score, comment_points, epoch, base));
}

static Datum
gravity(FunctionCallInfo fcinfo, double age_minutes, int next_arg)
{
	double		points = pf_rank_arg_number(PG_GETARG_FLOAT8(0), "points");
	double		exponent = pf_rank_arg_number(PG_GETARG_FLOAT8(next_arg), "gravity");
	double		penalty = pf_rank_arg_number(PG_GETARG_FLOAT8(next_arg + 1), "penalty");

	return Float8GetDatum(pf_rank_result(pf_rank_gravity(points, age_minutes, exponent, penalty)));
}

/* gravity(points, age, gravity, penalty) */
Datum
pf_gravity(PG_FUNCTION_ARGS)
{
	int64		age = pf_rank_arg_interval(PG_GETARG_INTERVAL_P(1), "age");

	return gravity(fcinfo, (double) age / USECS_PER_MINUTE, 2);
}

/* gravity(points, at, as_of, gravity, penalty) */
Datum
pf_gravity_at(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz as_of = pf_rank_arg_time(PG_GETARG_TIMESTAMPTZ(2), "as_of");
	double		age;

	/* In floating point, as the longest time does not fit 64 bits. */
	if (TIMESTAMP_IS_NOBEGIN(at))
		age = INFINITY;
	else
		age = ((double) as_of - (double) at) / USECS_PER_MINUTE;
	return gravity(fcinfo, age, 3);
}

/* wilson(ups, downs, z) */
Datum
pf_wilson(PG_FUNCTION_ARGS)
{
	double		ups = pf_rank_arg_count(PG_GETARG_FLOAT8(0), "ups");
	double		downs = pf_rank_arg_count(PG_GETARG_FLOAT8(1), "downs");
	double		z = pf_rank_arg_count(PG_GETARG_FLOAT8(2), "z");

	PG_RETURN_FLOAT8(pf_rank_result(pf_rank_wilson(ups, downs, z)));
}

/* bayesian(mean, votes, prior_mean, prior_votes); no votes have no mean, so that may be null */
Datum
pf_bayesian(PG_FUNCTION_ARGS)
{
	double		mean = 0;
	double		votes;
	double		prior_mean;
	double		prior_votes;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	votes = pf_rank_arg_count(PG_GETARG_FLOAT8(1), "votes");
	prior_mean = pf_rank_arg_number(PG_GETARG_FLOAT8(2), "prior_mean");
	prior_votes = pf_rank_arg_count(PG_GETARG_FLOAT8(3), "prior_votes");
	if (!PG_ARGISNULL(0))
		mean = pf_rank_arg_number(PG_GETARG_FLOAT8(0), "mean");
	else if (votes > 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(pf_rank_result(pf_rank_bayesian(mean, votes, prior_mean, prior_votes)));
}
