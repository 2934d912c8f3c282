/*-------------------------------------------------------------------------
 *
 * rank.h
 *		Scores as pure functions: votes, time, fusion, quality, vectors.
 *
 * Nothing here allocates, raises an error, looks at the clock or reads a
 * table.  The callers see to it that numbers are finite and in the ranges
 * told below (args.h has the checks); the result is then a number, or an
 * infinity where the true value does not fit a double.  doc/ranking.md has the
 * formulas, their sources and when to use which.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_RANK_H
#define PF_RANK_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* votes.c: times in seconds since 1970-01-01 UTC, possibly infinite */

#define PF_RANK_WILSON_Z	1.281551565545	/* one-sided 90%, as reddit has it */
#define PF_RANK_GRAVITY		1.8

extern double pf_rank_round7(double x);
extern double pf_rank_hot(double score, double epoch);
extern double pf_rank_lobsters(double score, double comment_points, double epoch, double base);
extern double pf_rank_gravity(double points, double age_minutes, double gravity, double penalty);
extern double pf_rank_wilson(double ups, double downs, double z);	/* none negative */
extern double pf_rank_bayesian(double mean, double votes, double prior_mean, double prior_votes);

/* time.c: ages and half-lives in microseconds, a half-life is positive */

extern double pf_rank_decay(double weight, int64 age, int64 half_life);

/*
 * A sum of decaying weights, (hi + lo) * 2^exponent as seen from 2000-01-01
 * UTC, and in the same scale the sum of their absolute values.  All zero is the
 * empty sum.
 */
typedef struct PfDecaySum
{
	int64		exponent;
	double		hi;
	double		lo;
	double		terms;
} PfDecaySum;

extern void pf_rank_sum_add(PfDecaySum *sum, double weight, TimestampTz at, int64 half_life);
extern void pf_rank_sum_merge(PfDecaySum *sum, const PfDecaySum *other);
extern void pf_rank_sum_scale(PfDecaySum *sum, double factor);
extern double pf_rank_sum_value(const PfDecaySum *sum, TimestampTz as_of, int64 half_life);

/*
 * Heat: the base-2 logarithm of such a sum as seen from 2000-01-01 UTC, so
 * log2(weight) + (at - 2000-01-01) / half_life for one signal.  It is one
 * number, does not depend on the present and orders as the sums themselves.
 * -infinity is the heat of nothing; no heat is +infinity or NaN.
 */
extern double pf_rank_sum_heat(const PfDecaySum *sum);	/* -infinity unless above zero */
extern double pf_rank_heat(double weight, TimestampTz at, int64 half_life);	/* weight >= 0 */
extern double pf_rank_heat_add(double a, double b);
extern double pf_rank_heat_subtract(double a, double b);	/* nothing is left if b >= a */
extern double pf_rank_heat_value(double heat, TimestampTz as_of, int64 half_life);

/* fusion.c */

#define PF_RANK_RRF_K		60

extern double pf_rank_rrf(int64 rank, int32 k); /* rank >= 1, k >= 0 */

/* quality.c */

/* A relevant document: its gain (> 0) and its place in the list from 1, 0 = not in it. */
typedef struct PfJudged
{
	int64		rank;
	double		gain;
} PfJudged;

/*
 * Each sorts 'docs'.  k is the length of the list that counts, 0 = all of it.
 * pf_rank_same_place gives a place that two documents claim, or 0.
 */
extern int64 pf_rank_same_place(PfJudged *docs, int64 n);
extern double pf_rank_dcg(PfJudged *docs, int64 n, int32 k);
extern double pf_rank_ideal_dcg(PfJudged *docs, int64 n, int32 k);

/* vectors.c */

/*
 * Cosine of the angle between two vectors, in [-1, 1]; 0 if one of them is
 * null or empty, NaN if an element is not finite.
 */
extern double pf_rank_cosine(const float *a, const float *b, int n);
extern int64 pf_rank_hamming(const uint8 *a, const uint8 *b, int64 nbytes);
extern int	pf_rank_hamming64(uint64 a, uint64 b);

#endif							/* PF_RANK_H */
