-- If this fails, a trending list depends on when it is read, in which order its
-- signals came or how many workers read them, or a vote that was taken back
-- still counts.

-- decay: 1, 2^-0.5, 2^0.5, 2^-0.1, nothing; a month is 30 days and a year 365.25
SELECT paperfeed.decay(8, '3 h', '1 h'), round(paperfeed.decay(1, '12 h', '1 day')::numeric, 12),
	round(paperfeed.decay(1, '-12 h', '1 day')::numeric, 12), round(paperfeed.decay(1, '1 day', '10 days')::numeric, 12),
	paperfeed.decay(1, '50 years', '1 day'), paperfeed.decay(0, '1 day', '1 day');
SELECT paperfeed.decay(4, '60 days', '1 month'), paperfeed.decay(-4, '1461 days', '2 years'),
	paperfeed.decay(1e300, '2000 h', '1 h') > 0 AS exponent_is_kept;

CREATE TEMP TABLE signals (paper text, weight float8, at timestamptz);
INSERT INTO signals
SELECT 'p' || (i * i) % 23, 1 + i % 3, timestamptz '1976-01-01 00:00+00' + i * interval '3 days 4 h 19 min'
FROM generate_series(1, 6000) i;

-- by the definition, at several times of 50 years
SELECT as_of, bool_and(abs(trend - sum) <= 1e-14 * sum) AS equal, count(*)
FROM (VALUES ('1990-01-01 00:00+00'::timestamptz), ('2026-01-01 00:00+00'), ('2100-01-01 00:00+00')) t(as_of),
	LATERAL (SELECT paper, paperfeed.trend(weight, at, '400 days', as_of),
				sum(weight * 2 ^ (-extract(epoch FROM as_of - at) / 34560000)::float8) FILTER (WHERE at <= as_of)
			 FROM signals GROUP BY paper) v
GROUP BY as_of ORDER BY as_of;

-- the order does not depend on the time of reading, at any half-life that leaves something
SELECT half_life, count(DISTINCT places) AS orders
FROM (VALUES ('7 days'::interval), ('1 month'), ('1 year'), ('40 years')) h(half_life),
	(VALUES (interval '0'), ('1 day'), ('400 days'), ('15 years')) l(later),
	LATERAL (SELECT string_agg(paper, ' ' ORDER BY trend DESC, paper) AS places
			 FROM (SELECT paper, paperfeed.trend(weight, at, half_life, '2030-01-01 00:00+00'::timestamptz + later)
				   FROM signals GROUP BY paper) p) v
GROUP BY half_life ORDER BY half_life;

-- nor does heat, which never looks at the present
SELECT string_agg(paper, ' ' ORDER BY heat DESC) = string_agg(paper, ' ' ORDER BY trend DESC) AS same_order,
	bool_and(abs(paperfeed.heat_value(heat, '2028-04-10 00:00+00', '12 h') - trend) <= 1e-9 * trend) AS same_value
FROM (SELECT paper, paperfeed.heat_sum(paperfeed.heat(weight, at, '12 h')) AS heat,
		paperfeed.trend(weight, at, '12 h', '2028-04-10 00:00+00'::timestamptz) AS trend
	  FROM signals GROUP BY paper) v;
-- a half-life of an hour is no trouble over 50 years, nor one of 50 years over an hour
SELECT y, paperfeed.trend(1, t, '1 h', t + interval '3 h'), round(paperfeed.heat_value(paperfeed.heat(1, t, '1 h'), t + interval '3 h', '1 h')::numeric, 9) AS heat,
	round(paperfeed.trend(1, t, '50 years', t + interval '1 h')::numeric, 12) AS half_century
FROM (VALUES (1976), (2026)) v(y), LATERAL (SELECT make_timestamptz(y, 1, 1, 0, 0, 0.123456, 'UTC')) w(t) GROUP BY y, t ORDER BY y;

-- to the last bit the same in any order of the rows
SELECT count(DISTINCT trend) AS results
FROM generate_series(1, 5) i,
	LATERAL (SELECT paperfeed.trend(weight, at, '90 days', '2026-01-01 00:00+00'::timestamptz)
			 FROM (SELECT weight, at FROM signals ORDER BY md5(i::text || at::text)) v) v;

-- what came later does not count; without as_of, now() is meant
SELECT paperfeed.trend(w, now() - a::interval, '1 day', now() - interval '1 day') AS yesterday,
	paperfeed.trend(w, now() - a::interval, '1 day') AS today
FROM (VALUES (4, '2 days'), (8, '1 day'), (16, '0'), (32, '-1 second')) v(w, a);

-- retractions: negative, exactly nothing in any order, and nothing but the rest
SELECT paperfeed.trend(w, now(), '1 day') FROM (VALUES (1), (-3)) v(w);
SELECT paperfeed.trend(sign * (1 + i % 7), now() - i * interval '1 h', '1 day') AS nothing,
	paperfeed.trend(CASE WHEN sign < 0 AND i = 24 THEN 0 ELSE sign * (1 + i % 7) END, now() - i * interval '1 h', '1 day') AS rest
FROM (SELECT i, sign FROM generate_series(1, 2000) i, (VALUES (1), (-1)) s(sign) ORDER BY md5(i::text || sign::text)) v;

-- rows without a signal, groups without a row, infinite times
SELECT paper, paperfeed.trend(weight, at, '1 day'), paperfeed.trend(weight, at, NULL) AS never_needed
FROM (VALUES ('none', NULL::float8, NULL::timestamptz), ('none', 1, NULL), ('none', NULL, now())) v(paper, weight, at) GROUP BY paper;
SELECT paperfeed.trend(1, now(), '1 day') FROM signals WHERE false;
SELECT paperfeed.trend(3, t, '1 day') FROM (VALUES (now()), ('infinity'), ('-infinity')) v(t);
-- over all the time there is
SELECT paperfeed.trend(1, '4713-01-01 00:00+00 BC', '1 microsecond', '294276-12-31 00:00+00'::timestamptz),
	paperfeed.trend(1, '294276-12-31 00:00+00', '1 microsecond', '294276-12-31 00:00+00'::timestamptz);
-- as a window function
SELECT d, paperfeed.trend(1, t, '1 day', '2026-01-04 00:00+00'::timestamptz) OVER (ORDER BY t)
FROM generate_series(1, 4) d, LATERAL (SELECT timestamptz '2026-01-01 00:00+00' + (d - 1) * interval '1 day') v(t) ORDER BY d;

-- parallel = serial, to the last bit: with combine, serialize and deserialize
CREATE TABLE rank_signals WITH (parallel_workers = 3) AS
SELECT s.*, r FROM signals s, generate_series(1, 10) r;
ANALYZE rank_signals;
CREATE VIEW rank_trends AS
SELECT md5(string_agg(paper || ' ' || t || ' ' || round(h::numeric, 9) || ' ' || n, ',' ORDER BY paper))
FROM (SELECT paper, paperfeed.trend(weight, at + r * interval '1 s', '1 month', '2026-01-01 00:00+00'::timestamptz) AS t,
		paperfeed.heat_sum(paperfeed.heat(weight, at, '1 month')) AS h,
		paperfeed.trend(weight, at, '40 years') AS n
	  FROM rank_signals GROUP BY paper) v;
BEGIN;	-- one now()
SELECT md5 AS serial FROM rank_trends \gset
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT paperfeed.trend(weight, at, '1 day', '2026-01-01 00:00+00'::timestamptz), paperfeed.heat_sum(weight) FROM rank_signals;
SELECT md5 = :'serial' AS same FROM rank_trends;
COMMIT;
-- an error in a worker arrives
\set VERBOSITY sqlstate
SELECT paperfeed.trend(weight, at, r * interval '1 day', '2026-01-01 00:00+00'::timestamptz) FROM rank_signals;
RESET ALL;
DROP VIEW rank_trends;
DROP TABLE rank_signals;

-- heat: log2(3) + 9497 / 3 half-lives = 3167.251629167388, and 9497
SELECT round(paperfeed.heat(3, '2026-01-01 00:00+00', '3 days')::numeric, 10), paperfeed.heat(1, '2026-01-01 00:00+00', '1 day'),
	paperfeed.heat(0, now(), '1 day'), paperfeed.heat(1, '-infinity', '1 day');
SELECT paperfeed.heat_add(9497, 9497), paperfeed.heat_subtract(9498, 9497), paperfeed.heat_subtract(9497, 9497),
	paperfeed.heat_subtract(9497, 9498), paperfeed.heat_add('-Infinity', 9497), paperfeed.heat_add(9497, -20000),
	paperfeed.heat_subtract(9497, '-Infinity'), paperfeed.heat_add('-Infinity', '-Infinity');
SELECT paperfeed.heat_value(9500, '2026-01-01 00:00+00', '1 day'), paperfeed.heat_value('-Infinity', now(), '1 day'),
	paperfeed.heat_value(0, '2026-01-01 00:00+00', '1 day'), paperfeed.heat_sum(h) FROM (SELECT 1::float8 WHERE false) v(h);
-- votes one at a time, one of them late, one taken back
WITH v(a, b, c, d) AS (SELECT paperfeed.heat(1, '2026-01-05 00:00+00', '2 days'), paperfeed.heat(5, '2026-01-03 00:00+00', '2 days'),
					   paperfeed.heat(1, '2026-01-09 12:00+00', '2 days'), paperfeed.heat(2, '2025-12-24 00:00+00', '2 days'))
SELECT abs(paperfeed.heat_value(paperfeed.heat_subtract(paperfeed.heat_add(paperfeed.heat_add(paperfeed.heat_add(a, b), c), d), b), '2026-01-11 00:00+00', '2 days') -
		   (1 * 2 ^ -3 + 1 * 2 ^ -0.75 + 2 * 2 ^ -9)) < 1e-10 AS right_value FROM v;

-- what has no answer
SELECT paperfeed.decay('NaN', '1 day', '1 day');
SELECT paperfeed.decay(1, '1 day', '0');
SELECT paperfeed.decay(1, '1 day', '-1 day');
SELECT paperfeed.decay(1, '200000000 years', '1 day');
SELECT paperfeed.decay(1, '-2000 days', '1 day');
SELECT paperfeed.heat(-1, now(), '1 day');
SELECT paperfeed.heat(1, 'infinity', '1 day');
SELECT paperfeed.heat_add('NaN', 1);
SELECT paperfeed.heat_add('Infinity', 1);
SELECT paperfeed.heat_value(20000, '2026-01-01 00:00+00', '1 day');
SELECT paperfeed.heat_value(1, 'infinity', '1 day');
SELECT paperfeed.trend('NaN', now(), '1 day');
SELECT paperfeed.trend('-Infinity', now(), '1 day');
SELECT paperfeed.trend(1, now(), '0');
SELECT paperfeed.trend(1, now(), '-1 day');
SELECT paperfeed.trend(1, now(), NULL);
SELECT paperfeed.trend(1, now(), '1 day', NULL);
SELECT paperfeed.trend(1, now(), '1 day', 'infinity');
SELECT paperfeed.trend(1e308, now(), '1 day') FROM generate_series(1, 10);
SELECT paperfeed.trend(1, now(), h) FROM (VALUES (interval '1 day'), ('2 days')) v(h);
SELECT paperfeed.trend(1, now(), '1 day', t) FROM (VALUES (now()), (now() - interval '1 day')) v(t);
\set VERBOSITY terse
SELECT paperfeed.trend(1, now(), h) FROM (VALUES (interval '1 day'), ('2 days')) v(h);
SELECT paperfeed.trend(1, now(), '0');
