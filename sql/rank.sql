-- If this fails, a score is not the published formula any more, or an argument
-- that has no answer gets one.  The numbers were computed from the formulas in
-- 40 decimal digits; hot, lobsters and gravity from the sites' own source texts.

-- hot: zero at reddit's epoch, one more for ten times the votes or 45000 s
SELECT score, paperfeed.hot(score, at::timestamptz)
FROM (VALUES
	(0, '2005-12-08 07:46:43+00'),		-- 0
	(10, '2005-12-08 20:16:43+00'),		-- 2
	(100, '2026-01-01 00:00+00'),		-- 14073.0577111
	(0, '2026-01-01 00:00+00'),			-- 14071.0577111
	(1, '2026-01-01 00:00+00'),			-- 14071.0577111
	(-100, '2026-01-01 00:00+00'),		-- 14069.0577111
	(137, '2026-03-04 05:06:07.25+00'),	-- 14192.6425928
	(0, '2005-12-08 07:49:38.78125+00'),	-- 0.00390625, a half in the 7th place: 0.0039063
	(0, '2005-12-08 07:43:47.21875+00'),	-- -0.0039063
	(0, 'infinity'),
	(5, '-infinity')) v(score, at);

-- the same by the SQL that reddit had in its database (numeric has 15 digits of the sum)
SELECT count(*) FILTER (WHERE abs(paperfeed.hot(ups, downs, at) -
	round(((log(greatest(abs(ups - downs), 1)::float8) * sign(ups - downs) +
			(extract(epoch FROM at)::float8 - 1134028003) / 45000.0))::numeric, 7)::float8) > 1e-10) AS differ,
	count(*)
FROM generate_series(1, 2000) i,
	LATERAL (SELECT (i * 7919) % 1009, (i * 104729) % 499,
			 timestamptz '2006-01-01 00:00+00' + i * interval '3 days 11:13:17.123') v(ups, downs, at);

-- more votes, more comments and a later time never make a paper cooler
SELECT bool_and(paperfeed.hot(s + 1, t) >= paperfeed.hot(s, t)) AS votes,
	bool_and(paperfeed.hot(s, t + interval '1 second') > paperfeed.hot(s, t)) AS later,
	bool_and(paperfeed.lobsters(s, 3, t) >= paperfeed.lobsters(s, 2, t)) FILTER (WHERE s >= 0) AS comments
FROM generate_series(-30, 30) s, LATERAL (SELECT timestamptz '2026-01-01 00:00+00' + s * interval '7 hours') v(t);

-- lobsters: 0.30103, 22314.4545455, 22315.3173293, 22314.8695188, 22313.4545455 twice
SELECT paperfeed.lobsters(1, 0, '1970-01-01 00:00+00');
SELECT score, comments, paperfeed.lobsters(score, comments, '2026-01-01 00:00+00', base)
FROM (VALUES (9, 0, 0), (20, 100, 0.25), (20, 5, 0), (-5, 3, 0), (0, 50, 0)) v(score, comments, base);

-- gravity: 0, 0.287174588749, 1.582441811190, 0.632976724476, -0.287174588749, 2^-0.5
SELECT points, age, round(paperfeed.gravity(points, age::interval, g, penalty)::numeric, 12) AS by_age,
	round(paperfeed.gravity(points, now() - age::interval, now(), g, penalty)::numeric, 12) AS by_time
FROM (VALUES (1, '0', 1.8, 1), (2, '0', 1.8, 1), (101, '4 h', 1.8, 1), (101, '4 h', 1.8, 0.4), (0, '0', 1.8, 1), (33, '6 h', 1.5, 1))
	v(points, age, g, penalty);
-- what is yet to come counts as now; the infinitely old is nothing
SELECT paperfeed.gravity(50, '-3 days') = paperfeed.gravity(50, '0') AS future,
	paperfeed.gravity(50, 'infinity', now()) = paperfeed.gravity(50, '0') AS never,
	paperfeed.gravity(50, '-infinity', now()) AS ever,
	paperfeed.gravity(1e308, '0', 0) > 0 AS large;

-- wilson: 0 twice, 0.378447503225, 0.858931317909, 0.536089556153, 0.164251720030, 2.99108745143e-10
SELECT ups, downs, round(paperfeed.wilson(ups, downs)::numeric, 21) AS wilson
FROM (VALUES (0, 0), (0, 5), (1, 0), (10, 0), (60, 40), (1, 1), (1, 1000000000)) v(ups, downs);
-- 95%: 0.502002586017; p itself at z = 0; huge counts do not overflow
SELECT round(paperfeed.wilson(60, 40, 1.959964)::numeric, 12), paperfeed.wilson(60, 40, 0),
	paperfeed.wilson(1.5e308, 1.5e308), paperfeed.wilson(1e-300, 0) > 0 AS tiny, paperfeed.wilson(3, 1, 1e300);
SELECT bool_and(w >= 0 AND w <= n / (n + d)) AS below_p, bool_and(w < more) AS grows
FROM generate_series(1, 60) u, generate_series(0, 60) d,
	LATERAL (SELECT paperfeed.wilson(u, d), paperfeed.wilson(u + 1, d), u::float8) v(w, more, n);

-- bayesian: 8.166666666667; the prior alone; the mean alone; what avg() and count() give without votes
SELECT round(paperfeed.bayesian(9, 10, 6.5, 5)::numeric, 12), paperfeed.bayesian(9, 0, 6.5, 5),
	paperfeed.bayesian(9, 10, 6.5, 0), paperfeed.bayesian(9, 0, 6.5, 0), paperfeed.bayesian(9, 1e308, 9, 1e308);
SELECT paperfeed.bayesian(avg(r), count(r), 6.5, 5) AS no_votes, paperfeed.bayesian(NULL, 1, 6.5, 5) AS unknown,
	paperfeed.bayesian(9, NULL, 6.5, 5) AS votes, paperfeed.bayesian(9, 10, NULL, 5) AS prior
FROM (SELECT 1 WHERE false) v(r);

-- rrf: 1/61, 1/70, 1/1, 0 for a list that lacks the document
SELECT round(paperfeed.rrf(1)::numeric, 12), round(paperfeed.rrf(10)::numeric, 12), paperfeed.rrf(1, 0),
	paperfeed.rrf(NULL), paperfeed.rrf(1, NULL), paperfeed.rrf(9223372036854775807, 2147483647) > 0;
-- b: 1/62 + 1/61, c: 1/61 + 1/63, a: 1/63, d: 1/62; sum() over the union is the same as + after a full join
WITH words(id, rank) AS (VALUES ('c', 1), ('b', 2), ('a', 3)),
	meaning(id, rank) AS (VALUES ('b', 1), ('d', 2), ('c', 3)),
	joined AS (SELECT id, paperfeed.rrf(w.rank) + paperfeed.rrf(m.rank) AS score
			   FROM words w FULL JOIN meaning m USING (id)),
	summed AS (SELECT id, sum(paperfeed.rrf(rank)) AS score
			   FROM (TABLE words UNION ALL TABLE meaning) u GROUP BY id)
SELECT id, round(j.score::numeric, 9) AS score, j.score = s.score AS same
FROM joined j JOIN summed s USING (id) ORDER BY j.score DESC, id;

-- what has no answer
\set VERBOSITY sqlstate
SELECT paperfeed.hot('NaN'::float8, now());
SELECT paperfeed.hot('Infinity'::float8, now());
SELECT paperfeed.hot(-1, 0, now());
SELECT paperfeed.lobsters(1, 'NaN', now());
SELECT paperfeed.gravity('NaN', interval '1 h');
SELECT paperfeed.gravity(5, now(), 'infinity'::timestamptz);
SELECT paperfeed.gravity(5, interval '200000000 years');
SELECT paperfeed.gravity(5, interval '1 h', -1e6);
SELECT paperfeed.wilson(-1, 5);
SELECT paperfeed.wilson(1, 5, -1);
SELECT paperfeed.wilson('Infinity', 5);
SELECT paperfeed.bayesian(9, -1, 6.5, 5);
SELECT paperfeed.bayesian('NaN', 0, 6.5, 5);
SELECT paperfeed.rrf(0);
SELECT paperfeed.rrf(1, -1);
\set VERBOSITY terse
SELECT paperfeed.wilson(-1, 5);
SELECT paperfeed.rrf(0);
