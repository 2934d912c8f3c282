-- Scores from heat and from the signals, against sums made by plain SQL.
SET TIME ZONE 'UTC';
SET jit = off;

CREATE FUNCTION pg_temp.expected(half_life interval, as_of timestamptz)
RETURNS TABLE (id paperfeed.paperid, score float8)
LANGUAGE SQL AS $$
	SELECT s.paper, sum(k.weight * s.weight * power(2::float8, greatest(-1000,
		- extract(epoch FROM as_of - s.at)::float8 / extract(epoch FROM half_life)::float8))) AS score
	FROM paperfeed.signals AS s JOIN paperfeed.signal_kinds AS k USING (kind)
	WHERE as_of >= now() OR (s.at <= as_of AND COALESCE(s.known_at, s.at) <= as_of)
	GROUP BY s.paper
$$;

-- What differs: a place with another score, or a paper with another score than it has.
CREATE FUNCTION pg_temp.differences(k int, half_life interval, as_of timestamptz, categories text[] DEFAULT NULL)
RETURNS bigint LANGUAGE SQL AS $$
	WITH e AS MATERIALIZED (
		SELECT e.id, e.score, row_number() OVER (ORDER BY e.score DESC) AS rank
		FROM pg_temp.expected(half_life, as_of) AS e JOIN paperfeed.papers AS p USING (id)
		WHERE e.score > 1e-9 AND p.withdrawn IS NOT TRUE
			AND (differences.categories IS NULL OR p.categories && differences.categories)),
	t AS MATERIALIZED (
		SELECT * FROM paperfeed.trending(k, half_life, as_of, categories) WHERE score > 1e-9)
	SELECT count(*)
	FROM t FULL JOIN (SELECT * FROM e WHERE rank <= k) AS by_rank USING (rank)
		LEFT JOIN e AS by_id ON by_id.id = t.id
	WHERE (abs(t.score - by_rank.score) <= 1e-9 * by_rank.score
		AND abs(t.score - by_id.score) <= 1e-9 * by_id.score) IS NOT TRUE
$$;

-- a thousand papers, a few with very many signals, over three years
SELECT setseed(0.25);
INSERT INTO paperfeed.papers (id, title, categories, withdrawn, published)
SELECT 'arxiv:2301.' || lpad(n::text, 5, '0'), 'Paper ' || n, ARRAY['cs.' || chr(65 + n % 7)], n % 50 = 0, now() - random() * interval '3 years'
FROM generate_series(1, 1000) AS n;
INSERT INTO paperfeed.signals (paper, kind, weight, at)
SELECT p.id, (ARRAY['vote', 'upvotes', 'comments', 'view', 'save', 'github_stars'])[ceil(random() * 6)],
	CASE WHEN random() < 0.1 THEN -1 WHEN random() < 0.05 THEN 0 ELSE ceil(random() * 3) END, least(now(), p.published - ln(1 - random()) * interval '20 days')
FROM paperfeed.papers AS p, generate_series(1, ceil(power(random(), -0.8) * 4)::int) AS g
WHERE g < 5000;
-- and some that nobody knew of at first, and some that were taken back
INSERT INTO paperfeed.signals (paper, kind, weight, at, known_at, retracts)
SELECT paper, kind, CASE WHEN n = 1 THEN weight ELSE -weight END, at, at + random() * (now() - at), n = 2
FROM (SELECT *, 1 + (random() < 0.5)::int AS n FROM paperfeed.signals WHERE random() < 0.2) AS s;

SELECT count(*) > 8000 AS enough FROM paperfeed.signals;
SELECT sum(pg_temp.differences(k, h, now())) AS now
FROM unnest(ARRAY[1, 30, 2000]) AS k, unnest(ARRAY[interval '1 day', '1 week', '30 days']) AS h;
SELECT k, h, sum(pg_temp.differences(k, h, now() - a)) AS past
FROM unnest(ARRAY[1, 30, 300]) AS k, unnest(ARRAY[interval '2 hours', '1 day', '1 week', '30 days', '1 year']) AS h,
	unnest(ARRAY[interval '1 second', '1 day', '1 month', '1 year', '4 years']) AS a
GROUP BY k, h HAVING sum(pg_temp.differences(k, h, now() - a)) <> 0;
SELECT sum(pg_temp.differences(20, h, now() - a, c)) AS categories
FROM unnest(ARRAY[interval '1 day', '1 week']) AS h, unnest(ARRAY[interval '0', '1 month', '1 year']) AS a,
	(VALUES ('{cs.B}'::text[]), ('{cs.C,cs.D}'), ('{none}'), ('{}')) AS v (c);
-- Old signals that outdo new ones, and old ones against papers that the new ones would put on top:
-- what is read of a window must not be taken for all, at any width of it.
CREATE TEMP TABLE old AS SELECT id, row_number() OVER (ORDER BY id)::int AS n, now() - interval '200 days' AS moment
	FROM paperfeed.papers WHERE withdrawn IS NOT TRUE;
BEGIN;
TRUNCATE paperfeed.signals;
INSERT INTO paperfeed.signals (paper, kind, weight, at)
-- scores of 1.02^n, each from a time of its own
SELECT id, 'upvotes', power(1.02, n) * power(2, a), moment - a * interval '1 day' FROM old, LATERAL (SELECT n % 25 AS a) AS t WHERE n <= 400
UNION ALL
-- and some half-lives before them nine tenths of it against the paper, or as much for it
SELECT id, 'vote', power(1.02, n) * power(2, 25) * CASE WHEN n % 3 = 0 THEN 0.9 ELSE -0.9 END, moment - interval '25 days'
FROM old WHERE n <= 400 AND n % 4 = 0
UNION ALL
-- new and old ones of much the same scores,
SELECT id, 'upvotes', 3000 * power(1.01, n - 500), moment - interval '1 hour' FROM old WHERE n BETWEEN 500 AND 600
UNION ALL
SELECT id, 'upvotes', 3000 * power(1.01, n - 600) * power(2, a), moment - a * interval '1 day' FROM old, LATERAL (SELECT 2 + n % 9 AS a) AS t WHERE n BETWEEN 601 AND 700
-- and some whose last tenth is old, or all but nothing of what they seem to have
UNION ALL
SELECT id, 'upvotes', 3000 * power(1.01, n - 700) * 0.93, moment - interval '1 hour' FROM old WHERE n BETWEEN 701 AND 800
UNION ALL
SELECT id, 'upvotes', 3000 * power(1.01, n - 700) * 0.1 * power(2, a), moment - a * interval '1 day' FROM old, LATERAL (SELECT 1.1 + n % 8 AS a) AS t WHERE n BETWEEN 701 AND 800
UNION ALL
SELECT id, 'upvotes', 90000, moment - interval '1 hour' FROM old WHERE n BETWEEN 801 AND 840
UNION ALL
SELECT id, 'vote', -87000 * power(2, 12), moment - interval '12 days' FROM old WHERE n BETWEEN 801 AND 840
UNION ALL
-- and many that came after
SELECT id, 'upvotes', n, moment + n * interval '1 hour' FROM old WHERE n % 5 = 0;
INSERT INTO paperfeed.signals (paper, kind, weight, at, known_at, retracts)
SELECT paper, kind, -weight, at, at + interval '300 days', true FROM paperfeed.signals JOIN old ON id = paper WHERE n % 7 = 0 AND at < moment - interval '120 days';
SELECT k, h, a, pg_temp.differences(k, h, now() - a) AS past
FROM unnest(ARRAY[1, 5, 20, 50, 150, 250, 600]) AS k, unnest(ARRAY[interval '1 day', '1 day 1 second', '20 hours', '3 days', '40 days']) AS h,
	unnest(ARRAY[interval '199 days', '200 days', '203 days']) AS a
WHERE pg_temp.differences(k, h, now() - a) <> 0;
ROLLBACK;

-- a half-life that no heat is kept for, as of now and later
SELECT sum(pg_temp.differences(k, h, now() + a)) AS other
FROM unnest(ARRAY[10, 200]) AS k, unnest(ARRAY[interval '3 days', '7 days']) AS h, unnest(ARRAY[interval '0', '10 days']) AS a;

-- what was shown is what a replay gives
CREATE TEMP TABLE shown AS SELECT now() AS at, t.* FROM paperfeed.trending(50) AS t;
SELECT pg_sleep(0.01);
INSERT INTO paperfeed.signals (paper, kind, at) SELECT id, 'vote', clock_timestamp() FROM shown WHERE rank % 2 = 0;
INSERT INTO paperfeed.signals (paper, kind, weight, at, known_at, retracts)
SELECT DISTINCT ON (s.paper) s.paper, s.kind, -s.weight, s.at, clock_timestamp(), true
FROM paperfeed.signals AS s JOIN shown ON shown.id = s.paper AND s.at <= shown.at AND s.weight > 0 WHERE rank % 3 = 0 ORDER BY s.paper, s.at DESC;
SELECT count(*) FILTER (WHERE t.id = s.id AND abs(t.score - s.score) <= 1e-12 * s.score AND t.votes = s.votes AND t.comments = s.comments) AS same, count(*)
FROM shown AS s, paperfeed.trending(50, as_of => s.at) AS t WHERE t.rank = s.rank;
SELECT count(*) > 0 AS changed FROM shown AS s, paperfeed.trending(50) AS t WHERE t.rank = s.rank AND t.id <> s.id;

-- the rows of an explanation add up
SELECT count(*), count(*) FILTER (WHERE abs(t.score - e.score) <= 1e-12 * t.score AND abs(e.share - 1) < 1e-12) AS add_up
FROM (SELECT * FROM paperfeed.trending(20) UNION ALL SELECT * FROM paperfeed.trending(20)) AS t,
	LATERAL (SELECT sum(score) AS score, sum(share) AS share FROM paperfeed.explain(t.id)) AS e;
SELECT count(*), count(*) FILTER (WHERE abs(t.score - e.score) <= 1e-12 * t.score AND e.votes = t.votes) AS add_up
FROM paperfeed.trending(20, '3 days', now() - interval '40 days') AS t,
	LATERAL (SELECT sum(score) AS score, COALESCE(sum(amount) FILTER (WHERE kind IN ('vote', 'upvotes')), 0) AS votes
		FROM paperfeed.explain(t.id, '3 days', now() - interval '40 days')) AS e;
SELECT * FROM paperfeed.explain('arxiv:2301.99999');
SELECT count(*) FROM paperfeed.explain(NULL);

-- heat made anew is the heat that was kept
CREATE TEMP TABLE kept AS SELECT * FROM paperfeed.heat;
SELECT paperfeed.rebuild_heat() = (SELECT count(*) FROM kept) AS all_of_them;
SELECT count(*) FROM kept AS k FULL JOIN paperfeed.heat AS h USING (paper),
	LATERAL (VALUES (k.heat_1, h.heat_1), (k.heat_2, h.heat_2), (k.heat_3, h.heat_3)) AS v (kept, made)
WHERE (abs(made - v.kept) <= 1e-9 OR made = v.kept) IS NOT TRUE OR abs(h.gross - k.gross) > 1e-9 * h.gross;

-- rising: yesterday's giant does not hide today's newcomer
TRUNCATE paperfeed.signals;
INSERT INTO paperfeed.signals (paper, kind, weight, at) VALUES
	('arxiv:2301.00001', 'upvotes', 500, now() - interval '30 hours'),
	('arxiv:2301.00001', 'upvotes', 20, now() - interval '2 hours'),
	('arxiv:2301.00002', 'upvotes', 12, now() - interval '2 hours'),
	('arxiv:2301.00003', 'upvotes', 1, now() - interval '1 hour'),
	('arxiv:2301.00004', 'upvotes', 300, now() - interval '60 days'),
	('arxiv:2301.00004', 'upvotes', 2, now() - interval '1 hour'),
	('arxiv:2301.00005', 'vote', -5, now() - interval '1 hour');
SELECT rank, id, votes FROM paperfeed.trending();
SELECT rank, id, round(score::numeric, 3) AS score, votes FROM paperfeed.rising();
SELECT t.rank, t.id, abs(t.score - ln(2) * s / (greatest(l, s) + 3)) < 1e-12 AS right
FROM paperfeed.rising(2) AS t, LATERAL (
	SELECT sum(score) AS s FROM paperfeed.explain(t.id, '1 day')) AS short, LATERAL (
	SELECT sum(score) AS l FROM paperfeed.explain(t.id, '30 days')) AS long;
SELECT rank, id FROM paperfeed.rising(5, '7 days', '30 days', '{cs.C}');

-- formulas of one's own over the same numbers
SELECT paper, ups, downs, votes, comments, saves, views, stars, citations, round(paperfeed.wilson(ups, downs)::numeric, 3) AS wilson
FROM paperfeed.standings ORDER BY wilson DESC, paper;

-- by parallel workers, too
BEGIN;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SELECT sum(votes) FROM paperfeed.standings;
COMMIT;

-- odd arguments
SELECT * FROM paperfeed.trending(0);
SELECT * FROM paperfeed.trending(NULL);
SELECT * FROM paperfeed.trending(1, '0');
SELECT * FROM paperfeed.trending(1, '-1 day');
SELECT * FROM paperfeed.trending(1, NULL);
SELECT * FROM paperfeed.trending(1, as_of => NULL);
SELECT * FROM paperfeed.trending(1, as_of => 'infinity');
SELECT count(*) FROM paperfeed.trending(1, as_of => '-infinity');
SELECT count(*) FROM paperfeed.trending(1, as_of => '4000-01-01 BC');
SELECT rank, id, score FROM paperfeed.trending(1, as_of => '9999-01-01');
SELECT count(*) FROM paperfeed.trending(5, '1000 years');
SELECT count(*) FROM paperfeed.trending(5, '1 microsecond', now() - interval '1 hour');
SELECT * FROM paperfeed.rising(1, '1 day', '1 day');
SELECT * FROM paperfeed.rising(1, '3 days', '30 days');
SELECT * FROM paperfeed.rising(1, '1 day', '40 days');
SELECT * FROM paperfeed.explain('arxiv:2301.00001', '0');
TRUNCATE paperfeed.signals, paperfeed.papers;
