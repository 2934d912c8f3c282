/* Rank: scores from votes and time, fusion, evaluation, vectors.  See doc/ranking.md. */

-- Votes

CREATE FUNCTION paperfeed.hot(score float8, at timestamptz) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_hot';

COMMENT ON FUNCTION paperfeed.hot(float8, timestamptz) IS
'Reddit''s hot: round(sign(score) * log10(max(|score|, 1)) + (epoch(at) - 1134028003) / 45000, 7), times in seconds. '
'Ten times the votes weigh as much as 12.5 hours; the order never depends on the present, so the value can be stored and indexed. '
'An infinite "at" gives plus or minus Infinity. Error 22023 unless score is finite. Source: reddit, r2/lib/db/_sorts.pyx.';

CREATE FUNCTION paperfeed.hot(ups float8, downs float8, at timestamptz) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_hot_votes';

COMMENT ON FUNCTION paperfeed.hot(float8, float8, timestamptz) IS
'Reddit''s hot of the score ups - downs; see hot(score, at). Error 22023 unless both counts are finite and not negative.';

CREATE FUNCTION paperfeed.lobsters(score float8, comment_points float8, at timestamptz, base float8 DEFAULT 0) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_lobsters';

COMMENT ON FUNCTION paperfeed.lobsters(float8, float8, timestamptz, float8) IS
'The hotness of lobste.rs, which counts discussion: round(sign(score) * log10(max(|score + 1| + min(comment_points, score), 1)) + base + epoch(at) / 79200, 7). '
'comment_points: there, half the sum of (score + 1) over the comments of others; base: a bonus or malus, in powers of ten of votes. '
'More is hotter (lobste.rs itself stores the negated value). An infinite "at" gives plus or minus Infinity. '
'Error 22023 unless the numbers are finite. Source: lobsters, app/models/story.rb.';

CREATE FUNCTION paperfeed.gravity(points float8, age interval, gravity float8 DEFAULT 1.8, penalty float8 DEFAULT 1) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_gravity';

COMMENT ON FUNCTION paperfeed.gravity(float8, interval, float8, float8) IS
'Hacker News'' rank: (points - 1)^0.8 / ((age in minutes + 120) / 60)^gravity * penalty; points - 1 is taken as it is where it is not positive. '
'A negative age counts as 0; a year has 365.25 days and a month 30, as in EXTRACT(EPOCH). The order changes as time goes by: compute it when asked. '
'Error 22023 unless the numbers are finite, 22008 if the age is out of range, 22003 on overflow. Source: Arc 3.1, news.arc (frontpage-rank).';

CREATE FUNCTION paperfeed.gravity(points float8, at timestamptz, as_of timestamptz, gravity float8 DEFAULT 1.8, penalty float8 DEFAULT 1) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_gravity_at';

COMMENT ON FUNCTION paperfeed.gravity(float8, timestamptz, timestamptz, float8, float8) IS
'Hacker News'' rank of something from "at" as it stands at as_of (say now()); see gravity(points, age). '
'"at" may be infinite: ''-infinity'' is infinitely old, ''infinity'' is as of now. Error 22008 if as_of is infinite.';

CREATE FUNCTION paperfeed.wilson(ups float8, downs float8, z float8 DEFAULT 1.281551565545) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_wilson';

COMMENT ON FUNCTION paperfeed.wilson(float8, float8, float8) IS
'Lower bound of the Wilson score interval for the share of ups, reddit''s best: with n = ups + downs and p = ups / n, '
'(p + z^2/2n - z * sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), in [0, 1]; 0 without votes. '
'z is a normal quantile: 1.281551565545 makes the bound hold in 90% of cases, 1.644854 in 95%, 1.959964 in 97.5%. '
'Error 22023 unless the numbers are finite and not negative. Source: Wilson 1927; reddit, r2/lib/db/_sorts.pyx (which computes in single precision).';

CREATE FUNCTION paperfeed.bayesian(mean float8, votes float8, prior_mean float8, prior_votes float8) RETURNS float8
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_bayesian';

COMMENT ON FUNCTION paperfeed.bayesian(float8, float8, float8, float8) IS
'Bayesian average: v/(v+m) * R + m/(v+m) * C with R = mean, v = votes, C = prior_mean, m = prior_votes; prior_mean if v and m are 0. '
'Without votes the mean may be null, as avg() is; any other null gives null. '
'Error 22023 unless the numbers are finite and the votes not negative. Source: IMDb''s published formula of its Top 250.';

-- Time

CREATE FUNCTION paperfeed.decay(weight float8, age interval, half_life interval) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_decay';

COMMENT ON FUNCTION paperfeed.decay(float8, interval, interval) IS
'Exponential decay: weight * 2^(-age / half_life). A negative age gives more than weight; what is too small for a float8 is 0. '
'A year has 365.25 days and a month 30, as in EXTRACT(EPOCH). '
'Error 22023 unless weight is finite and half_life positive, 22008 if an interval is out of range, 22003 on overflow.';

CREATE FUNCTION paperfeed.heat(weight float8, at timestamptz, half_life interval) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_heat';

COMMENT ON FUNCTION paperfeed.heat(float8, timestamptz, interval) IS
'A decaying weight as a number that does not depend on the present: log2(weight) + (at - 2000-01-01 00:00 UTC) / half_life, in half-lives. '
'Heats of one half-life order as the decayed weights do at any time, so a column of them with a b-tree serves the top k. '
'''-Infinity'' is the heat of nothing: of weight 0, or at ''-infinity''. '
'Error 22023 unless weight is finite and not negative and half_life positive, 22008 if half_life is out of range or "at" is ''infinity''.';

CREATE FUNCTION paperfeed.heat_add(a float8, b float8) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_heat_add';

COMMENT ON FUNCTION paperfeed.heat_add(float8, float8) IS
'The heat of two heats of one half-life together: log2(2^a + 2^b). Keeps a sum of decaying weights up to date in O(1), in any order of arrival: '
'SET heat = paperfeed.heat_add(heat, paperfeed.heat(1, now(), ''3 days'')). Start from ''-Infinity''. Error 22023 for NaN and Infinity.';

CREATE FUNCTION paperfeed.heat_subtract(a float8, b float8) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_heat_subtract';

COMMENT ON FUNCTION paperfeed.heat_subtract(float8, float8) IS
'The heat a without the heat b, for a vote that is taken back: log2(2^a - 2^b), or ''-Infinity'' where b is not less than a. '
'b is the heat of the weight at its own time. Rounding may leave some 1e-12 of the largest heat that was taken out; the aggregate trend is exact. '
'Error 22023 for NaN and Infinity.';

CREATE FUNCTION paperfeed.heat_value(heat float8, as_of timestamptz, half_life interval) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_heat_value';

COMMENT ON FUNCTION paperfeed.heat_value(float8, timestamptz, interval) IS
'The sum of decaying weights that a heat stands for, as of a time: 2^(heat - (as_of - 2000-01-01 00:00 UTC) / half_life). '
'What is too small for a float8 is 0. Error 22023 for NaN, Infinity or a half_life that is not positive, 22008 if as_of is infinite or half_life out of range, 22003 on overflow.';

CREATE AGGREGATE paperfeed.heat_sum(float8) (
	SFUNC = paperfeed.heat_add,
	STYPE = float8,
	COMBINEFUNC = paperfeed.heat_add,
	INITCOND = '-Infinity',
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.heat_sum(float8) IS
'The heat of all heats of a group together, log2(sum(2^heat)); ''-Infinity'' without rows, nulls are skipped. See heat_add.';

-- STABLE: takes the start of the transaction for as_of
CREATE FUNCTION paperfeed._trend_accum(internal, float8, timestamptz, interval) RETURNS internal
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_trend_accum';

CREATE FUNCTION paperfeed._trend_accum(internal, float8, timestamptz, interval, timestamptz) RETURNS internal
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_trend_accum';

CREATE FUNCTION paperfeed._trend_combine(internal, internal) RETURNS internal
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_trend_combine';

CREATE FUNCTION paperfeed._trend_serialize(internal) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_trend_serialize';

CREATE FUNCTION paperfeed._trend_deserialize(bytea, internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_trend_deserialize';

CREATE FUNCTION paperfeed._trend_final(internal) RETURNS float8
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_trend_final';

COMMENT ON FUNCTION paperfeed._trend_accum(internal, float8, timestamptz, interval) IS 'part of aggregate trend';
COMMENT ON FUNCTION paperfeed._trend_accum(internal, float8, timestamptz, interval, timestamptz) IS 'part of aggregate trend';
COMMENT ON FUNCTION paperfeed._trend_combine(internal, internal) IS 'part of aggregate trend';
COMMENT ON FUNCTION paperfeed._trend_serialize(internal) IS 'part of aggregate trend';
COMMENT ON FUNCTION paperfeed._trend_deserialize(bytea, internal) IS 'part of aggregate trend';
COMMENT ON FUNCTION paperfeed._trend_final(internal) IS 'part of aggregate trend';

CREATE AGGREGATE paperfeed.trend(weight float8, at timestamptz, half_life interval) (
	SFUNC = paperfeed._trend_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = paperfeed._trend_final,
	COMBINEFUNC = paperfeed._trend_combine,
	SERIALFUNC = paperfeed._trend_serialize,
	DESERIALFUNC = paperfeed._trend_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.trend(float8, timestamptz, interval) IS
'Sum of exponentially decaying weights at the start of the transaction: the same as trend(weight, at, half_life, now()).';

CREATE AGGREGATE paperfeed.trend(weight float8, at timestamptz, half_life interval, as_of timestamptz) (
	SFUNC = paperfeed._trend_accum,
	STYPE = internal,
	SSPACE = 64,
	FINALFUNC = paperfeed._trend_final,
	COMBINEFUNC = paperfeed._trend_combine,
	SERIALFUNC = paperfeed._trend_serialize,
	DESERIALFUNC = paperfeed._trend_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.trend(float8, timestamptz, interval, timestamptz) IS
'Sum of exponentially decaying weights: the sum of weight * 2^(-(as_of - at) / half_life) over the rows with at <= as_of, so a list can be replayed for any time. '
'A weight may be negative, and one that is taken back by its negative at the same time leaves exactly nothing. '
'Rows with a null weight or "at" are skipped; 0 without rows, and what is too small for a float8 is 0. "at" may be infinite. '
'A year has 365.25 days and a month 30, as in EXTRACT(EPOCH). '
'Error 22023 unless weight is finite, half_life positive, and half_life and as_of the same in all rows of the group; 22004 if one of those is null; '
'22008 if as_of is infinite or half_life out of range; 22003 on overflow.';

-- Fusion

CREATE FUNCTION paperfeed.rrf(rank bigint, k integer DEFAULT 60) RETURNS float8
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_rrf';

COMMENT ON FUNCTION paperfeed.rrf(bigint, integer) IS
'What one ranked list gives a document in reciprocal rank fusion: 1 / (k + rank), rank from 1; 0 if rank is null, that is, if the list lacks the document. '
'Fuse lists by adding: rrf(a.rank) + rrf(b.rank) after a full join, or sum(rrf(rank)) over their union. '
'Null if k is null. Error 22023 unless rank is positive and k not negative. Source: Cormack, Clarke and Buettcher, SIGIR 2009, doi:10.1145/1571941.1572114.';

-- Evaluation

CREATE FUNCTION paperfeed._quality_accum(internal, float8, bigint) RETURNS internal
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_quality_accum';

CREATE FUNCTION paperfeed._quality_accum(internal, float8, bigint, integer) RETURNS internal
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_quality_accum';

CREATE FUNCTION paperfeed._quality_combine(internal, internal) RETURNS internal
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_quality_combine';

CREATE FUNCTION paperfeed._quality_serialize(internal) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_quality_serialize';

CREATE FUNCTION paperfeed._quality_deserialize(bytea, internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_quality_deserialize';

CREATE FUNCTION paperfeed._ndcg_final(internal) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_ndcg_final';

CREATE FUNCTION paperfeed._recall_final(internal) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_recall_final';

CREATE FUNCTION paperfeed._mrr_final(internal) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_mrr_final';

COMMENT ON FUNCTION paperfeed._quality_accum(internal, float8, bigint) IS 'part of aggregates ndcg, recall and mrr';
COMMENT ON FUNCTION paperfeed._quality_accum(internal, float8, bigint, integer) IS 'part of aggregates ndcg, recall and mrr';
COMMENT ON FUNCTION paperfeed._quality_combine(internal, internal) IS 'part of aggregates ndcg, recall and mrr';
COMMENT ON FUNCTION paperfeed._quality_serialize(internal) IS 'part of aggregates ndcg, recall and mrr';
COMMENT ON FUNCTION paperfeed._quality_deserialize(bytea, internal) IS 'part of aggregates ndcg, recall and mrr';
COMMENT ON FUNCTION paperfeed._ndcg_final(internal) IS 'part of aggregate ndcg';
COMMENT ON FUNCTION paperfeed._recall_final(internal) IS 'part of aggregate recall';
COMMENT ON FUNCTION paperfeed._mrr_final(internal) IS 'part of aggregate mrr';

CREATE AGGREGATE paperfeed.ndcg(gain float8, rank bigint) (
	SFUNC = paperfeed._quality_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = paperfeed._ndcg_final,
	COMBINEFUNC = paperfeed._quality_combine,
	SERIALFUNC = paperfeed._quality_serialize,
	DESERIALFUNC = paperfeed._quality_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.ndcg(float8, bigint) IS
'Normalised discounted cumulative gain of the whole list; see ndcg(gain, rank, k).';

CREATE AGGREGATE paperfeed.ndcg(gain float8, rank bigint, k integer) (
	SFUNC = paperfeed._quality_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = paperfeed._ndcg_final,
	COMBINEFUNC = paperfeed._quality_combine,
	SERIALFUNC = paperfeed._quality_serialize,
	DESERIALFUNC = paperfeed._quality_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.ndcg(float8, bigint, integer) IS
'Normalised discounted cumulative gain of the first k places (all if k is null): the sum of gain / log2(rank + 1) over its greatest possible value, in [0, 1]; 0 if nothing is relevant. '
'Rows: the judged documents of one query, rank from 1, null where the list lacks the document; a null or non-positive gain gains nothing. '
'Null without rows. Error 22023 unless gain is finite, rank and k positive, k the same in all rows, and the ranks of relevant documents distinct; 22003 on overflow. '
'Source: Jarvelin and Kekalainen, TOIS 20, 2002; trec_eval''s ndcg_cut.';

CREATE AGGREGATE paperfeed.recall(gain float8, rank bigint) (
	SFUNC = paperfeed._quality_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = paperfeed._recall_final,
	COMBINEFUNC = paperfeed._quality_combine,
	SERIALFUNC = paperfeed._quality_serialize,
	DESERIALFUNC = paperfeed._quality_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.recall(float8, bigint) IS
'Share of the relevant documents that the list has; see recall(gain, rank, k).';

CREATE AGGREGATE paperfeed.recall(gain float8, rank bigint, k integer) (
	SFUNC = paperfeed._quality_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = paperfeed._recall_final,
	COMBINEFUNC = paperfeed._quality_combine,
	SERIALFUNC = paperfeed._quality_serialize,
	DESERIALFUNC = paperfeed._quality_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.recall(float8, bigint, integer) IS
'Recall: the share of the relevant documents (gain > 0) that are in the first k places (all if k is null), in [0, 1]; 0 if nothing is relevant. '
'Rows: the judged documents of one query, rank from 1, null where the list lacks the document; a null or non-positive gain gains nothing. '
'Null without rows. Error 22023 unless gain is finite, rank and k positive, k the same in all rows, and the ranks of relevant documents distinct. '
'Source: trec_eval''s recall.';

CREATE AGGREGATE paperfeed.mrr(gain float8, rank bigint) (
	SFUNC = paperfeed._quality_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = paperfeed._mrr_final,
	COMBINEFUNC = paperfeed._quality_combine,
	SERIALFUNC = paperfeed._quality_serialize,
	DESERIALFUNC = paperfeed._quality_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.mrr(float8, bigint) IS
'Reciprocal rank of the first relevant document; see mrr(gain, rank, k).';

CREATE AGGREGATE paperfeed.mrr(gain float8, rank bigint, k integer) (
	SFUNC = paperfeed._quality_accum,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = paperfeed._mrr_final,
	COMBINEFUNC = paperfeed._quality_combine,
	SERIALFUNC = paperfeed._quality_serialize,
	DESERIALFUNC = paperfeed._quality_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed.mrr(float8, bigint, integer) IS
'Reciprocal rank: 1 / the rank of the first relevant document (gain > 0) of the first k places (all if k is null); 0 if there is none. '
'That is for one query; the mean reciprocal rank is avg() of it over the queries. '
'Rows: the judged documents of one query, rank from 1, null where the list lacks the document; a null or non-positive gain gains nothing. '
'Null without rows. Error 22023 unless gain is finite, rank and k positive, k the same in all rows, and the ranks of relevant documents distinct. '
'Source: trec_eval''s recip_rank.';

-- Vectors

CREATE FUNCTION paperfeed.cosine(a real[], b real[]) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_cosine';

COMMENT ON FUNCTION paperfeed.cosine(real[], real[]) IS
'Cosine similarity a.b / (|a| |b|) of two vectors, in [-1, 1]; 0 if one of them is all zeros or empty. '
'Error 22023 if the dimensions differ, an array has more than one dimension or an element is not finite, 22004 if an element is null.';

CREATE FUNCTION paperfeed.hamming(a bit, b bit) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_hamming_bit';

COMMENT ON FUNCTION paperfeed.hamming(bit, bit) IS
'Hamming distance: the number of places at which two bit strings differ. Error 22026 if their lengths differ.';

CREATE FUNCTION paperfeed.hamming(a bigint, b bigint) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_hamming_int8';

COMMENT ON FUNCTION paperfeed.hamming(bigint, bigint) IS
'Hamming distance of two 64-bit codes such as SimHash, 0 to 64; near-duplicates are at most 3 apart (Manku, Jain and Das Sarma 2007).';
