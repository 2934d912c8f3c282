-- Papers of three years, each with signals in the weeks after it: a few with
-- very many, most with few.  They are loaded in no order of time or paper.
CREATE EXTENSION paperfeed;
SET work_mem = '256MB';
SET maintenance_work_mem = '1GB';
SELECT FROM setseed(0.5);
INSERT INTO paperfeed.papers (id, title, published, categories)
SELECT 'doi:10.1000/' || n, 'Paper ' || n, now() - random() * interval '3 years', ARRAY['cs.' || chr(65 + n % 20)]
FROM generate_series(1, :papers) AS n;

CREATE UNLOGGED TABLE raw AS
	SELECT paper, at, random() AS dice
	FROM (SELECT p.id AS paper, p.published - ln(1 - random()) * interval '10 days' AS at
		FROM (SELECT id, published, least(ceil(power(random(), -0.7) * 0.34 * :signals / :papers)::int, :papers / 5) AS n
			FROM paperfeed.papers OFFSET 0) AS p, generate_series(1, p.n)) AS s
	WHERE at < now();
\pset format unaligned
SELECT clock_timestamp() AS begun \gset
INSERT INTO paperfeed.signals (paper, kind, weight, at)
SELECT paper, CASE WHEN dice < 0.7 THEN 'upvotes' WHEN dice < 0.8 THEN 'vote' WHEN dice < 0.9 THEN 'comments' WHEN dice < 0.95 THEN 'view' ELSE 'save' END,
	CASE WHEN dice BETWEEN 0.7 AND 0.702 THEN -1 ELSE 1 END, at
FROM raw ORDER BY random();
SELECT format('%s signals of %s papers, the most of one %s', sum(n), count(*), max(n)) FROM (SELECT count(*) AS n FROM paperfeed.signals GROUP BY paper) AS s;
SELECT format('inserted in one statement in %s s, %s µs each', round(s, 1), round(s / n * 1e6, 1))
FROM (SELECT extract(epoch FROM clock_timestamp() - :'begun'::timestamptz) AS s, (SELECT count(*) FROM paperfeed.signals) AS n) AS t;
DROP TABLE raw;
SELECT clock_timestamp() AS begun \gset
SELECT paperfeed.rebuild_heat() AS papers \gset
SELECT format('heat of %s papers rebuilt in %s s', :papers, round(extract(epoch FROM clock_timestamp() - :'begun'::timestamptz), 1));
VACUUM ANALYZE;
CHECKPOINT;
SELECT format('signals %s, their indexes %s; heat %s, its indexes %s',
	pg_size_pretty(pg_table_size('paperfeed.signals')), pg_size_pretty(pg_indexes_size('paperfeed.signals')),
	pg_size_pretty(pg_table_size('paperfeed.heat')), pg_size_pretty(pg_indexes_size('paperfeed.heat')));

-- What a vote is compared with: one row into a table of the same columns and indexes.
CREATE TABLE bare (LIKE paperfeed.signals INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
INSERT INTO bare SELECT * FROM paperfeed.signals;
SELECT replace(replace(indexdef, 'INDEX ', 'INDEX bare_'), ' paperfeed.signals ', ' bare ')
FROM pg_indexes WHERE schemaname = 'paperfeed' AND tablename = 'signals' \gexec
VACUUM ANALYZE bare;
CHECKPOINT;
