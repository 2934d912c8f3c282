-- If this fails, figures of ranking quality are not those of trec_eval.  The
-- definitions: gain / log2(rank + 1), the ideal over all judged documents,
-- relevant means gain > 0.  Numbers computed in 40 decimal digits.

-- places 1 to 6 gain 3, 2, 3, 0, 1, 2, and documents of gain 3 and 2 are missed:
-- DCG 6.861126688594; nDCG 0.785002371970; without the missed ones 0.960808194336
CREATE TEMP TABLE judged (gain float8, rank int);
INSERT INTO judged VALUES (3, 1), (2, 2), (3, 3), (0, 4), (1, 5), (2, 6), (3, NULL), (2, NULL);
SELECT round(paperfeed.ndcg(gain, rank, 6)::numeric, 12) AS ndcg,
	round(paperfeed.ndcg(gain, rank, 6) FILTER (WHERE rank IS NOT NULL)::numeric, 12) AS found_only,
	round(paperfeed.recall(gain, rank, 3)::numeric, 12) AS recall_3, round(paperfeed.recall(gain, rank)::numeric, 12) AS recall,
	paperfeed.mrr(gain, rank) AS rr
FROM judged;

-- places 2 and 4 gain 1 and 2, a document of gain 1 is missed: nDCG 0.476626110189, @2 0.239812466568, @3 0.201515141901
SELECT k, round(paperfeed.ndcg(gain, rank, k)::numeric, 12) AS ndcg, round(paperfeed.recall(gain, rank, k)::numeric, 12) AS recall,
	paperfeed.mrr(gain, rank, k) AS rr
FROM (VALUES (1, 2), (2, 4), (1, NULL)) v(gain, rank), (VALUES (1), (2), (3), (4), (1000), (NULL)) c(k)
GROUP BY k ORDER BY k;

-- from a table of judgements and a run, with documents that nobody judged
WITH qrels(query, doc, gain) AS (VALUES (1, 'a', 2), (1, 'b', 1), (1, 'c', 0), (2, 'a', 1), (3, 'a', 0), (4, 'z', 1)),
	run(query, doc, rank) AS (VALUES (1, 'a', 1), (1, 'x', 2), (1, 'b', 3), (2, 'y', 1), (2, 'c', 2), (2, 'a', 3), (3, 'a', 1), (4, 'a', 1)),
	per_query AS (SELECT query, paperfeed.ndcg(gain, rank, 10) AS ndcg, paperfeed.recall(gain, rank, 10) AS recall, paperfeed.mrr(gain, rank, 10) AS rr,
				  paperfeed.ndcg(gain, rank, 10) = paperfeed.ndcg(gain, rank, 10) FILTER (WHERE gain IS NOT NULL) AS same
				  FROM qrels FULL JOIN run USING (query, doc) GROUP BY query)
SELECT query, round(ndcg::numeric, 12) AS ndcg, recall, round(rr::numeric, 12) AS rr, same FROM per_query
UNION ALL
SELECT NULL, round(avg(ndcg)::numeric, 12), avg(recall), round(avg(rr)::numeric, 12), NULL FROM per_query ORDER BY 1;

-- a perfect list is 1, nothing relevant or found 0, no rows null; negative gains gain nothing
SELECT paperfeed.ndcg(101 - i, i) AS ndcg, paperfeed.recall(1, i, 25) AS recall, paperfeed.mrr(i - 4, i) AS rr FROM generate_series(1, 100) i;
SELECT paperfeed.ndcg(gain, rank), paperfeed.recall(gain, rank), paperfeed.mrr(gain, rank) FROM (VALUES (-1, 1), (0, 2), (NULL, 3)) v(gain, rank);
SELECT paperfeed.ndcg(gain, rank), paperfeed.recall(gain, rank), paperfeed.mrr(gain, rank) FROM (VALUES (1, NULL::int), (2, NULL)) v(gain, rank);
SELECT paperfeed.ndcg(gain, rank), paperfeed.recall(gain, rank), paperfeed.mrr(gain, rank) FROM judged WHERE false;
-- ranks beyond an int
SELECT paperfeed.recall(1, 9223372036854775807), paperfeed.mrr(1, 9223372036854775807) > 0 AS positive, paperfeed.recall(1, 9223372036854775807, 2147483647);

-- swapping two places so that the better comes first never lowers nDCG
SELECT bool_and(better >= worse) FROM generate_series(1, 19) p,
	LATERAL (SELECT paperfeed.ndcg((i * 7) % 11, i, 10) AS given,
				paperfeed.ndcg((i * 7) % 11, CASE i WHEN p THEN p + 1 WHEN p + 1 THEN p ELSE i END, 10) AS swapped FROM generate_series(1, 20) i) v,
	LATERAL (SELECT CASE WHEN (p * 7) % 11 >= ((p + 1) * 7) % 11 THEN given ELSE swapped END,
				CASE WHEN (p * 7) % 11 >= ((p + 1) * 7) % 11 THEN swapped ELSE given END) w(better, worse);

-- parallel = serial, to the last bit: with combine, serialize and deserialize
CREATE TABLE rank_judged WITH (parallel_workers = 3) AS
SELECT q AS query, (i * 31 + q) % 4 - 0.5 AS gain, CASE WHEN (i * 17 + q) % 3 > 0 THEN i END AS rank
FROM generate_series(1, 20) q, generate_series(1, 1500) i;
ANALYZE rank_judged;
CREATE VIEW rank_figures AS
SELECT md5(string_agg(query || ' ' || n || ' ' || m || ' ' || r || ' ' || f, ',' ORDER BY query))
FROM (SELECT query, paperfeed.ndcg(gain, rank, 700) AS n, paperfeed.ndcg(gain, rank) AS m,
		paperfeed.recall(gain, rank, 700) AS r, paperfeed.mrr(gain, rank, 700) AS f
	  FROM rank_judged GROUP BY query) v;
SELECT md5 AS serial FROM rank_figures \gset
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT paperfeed.ndcg(gain, rank, 10) FROM rank_judged WHERE query = 1;
SELECT md5 = :'serial' AS same FROM rank_figures;
RESET ALL;
DROP VIEW rank_figures;
DROP TABLE rank_judged;

-- what has no answer
SELECT paperfeed.ndcg(1, r, 10) FROM (VALUES (3), (1), (3)) v(r);
\set VERBOSITY sqlstate
SELECT paperfeed.recall(1, r) FROM (VALUES (3), (3)) v(r);
SELECT paperfeed.ndcg('NaN', 1);
SELECT paperfeed.ndcg('Infinity', 1);
SELECT paperfeed.ndcg(1, 0);
SELECT paperfeed.mrr(1, -1, 10);
SELECT paperfeed.recall(1, 1, 0);
SELECT paperfeed.recall(1, 1, k) FROM (VALUES (5), (10)) v(k);
SELECT paperfeed.recall(1, 1, k) FROM (VALUES (5), (NULL)) v(k);
SELECT paperfeed.ndcg(1.7e308, r) FROM generate_series(1, 5) r;
