-- If this fails, the views that watch the feeds call a sick feed well or a well one
-- sick, count wrongly, or show what should stay hidden.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET paperfeed.clock = '2026-03-10 12:00Z';
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds, paperfeed.hosts, paperfeed.runs;

-- the time of feeds
SELECT paperfeed.clock();
BEGIN;
SET LOCAL paperfeed.clock = '';
SELECT paperfeed.clock() = statement_timestamp(), paperfeed.clock() > now() FROM pg_sleep(0.001);
COMMIT;

-- one feed of each kind
INSERT INTO paperfeed.feeds (id, url, state, added_at, next_check, last_checked, last_changed, changes_every, errors, last_error) VALUES
	(1, 'https://a.example.org/1', 'active', '2026-01-01Z', '2026-03-10 13:00Z', '2026-03-10 11:00Z', '2026-03-09Z', '1 day', 0, 'of long ago'),
	(2, 'https://bob:secret@a.example.org/2', 'active', '2026-01-01Z', '2026-03-10 11:30Z', '2026-03-10 11:00Z', '2026-03-09Z', NULL, 0, NULL),
	(3, 'https://a.example.org/3', 'active', '2026-01-01Z', '2026-03-10 11:00Z', '2026-03-10 09:00Z', '2026-03-09Z', '1 day', 0, NULL),
	(4, 'https://a.example.org/4', 'active', '2026-01-01Z', '2026-03-10 10:59:59Z', '2026-03-10 09:00Z', '2026-03-09Z', '1 day', 0, NULL),
	(5, 'https://a.example.org/5', 'active', '2026-01-01Z', '2026-03-10 10:00Z', '2026-03-10 09:00Z', '2026-03-09Z', '1 day', 3, 'HTTP status 500'),
	(6, 'https://a.example.org/6', 'active', '2026-03-10Z', '2026-03-10 11:59Z', NULL, NULL, NULL, 0, NULL),
	(7, 'https://a.example.org/7', 'active', '2026-01-01Z', '2026-03-10 13:00Z', '2026-03-10 11:00Z', '2026-02-08 11:59Z', '1 day', 0, NULL),
	(8, 'https://a.example.org/8', 'active', '2026-01-01Z', '2026-03-10 13:00Z', '2026-03-10 11:00Z', '2026-02-08 12:00Z', NULL, 0, NULL),
	(9, 'https://a.example.org/9', 'active', '2025-01-01Z', '2026-03-10 13:00Z', '2026-03-10 11:00Z', '2026-01-01Z', '9 days', 0, NULL),
	(10, 'https://a.example.org/10', 'active', '2025-01-01Z', '2026-03-10 13:00Z', '2026-03-10 11:00Z', '2026-01-01Z', '8 days', 0, NULL),
	(11, 'https://a.example.org/11', 'active', '2026-01-01Z', '2026-03-10 13:00Z', '2026-03-10 11:00Z', NULL, NULL, 0, NULL),
	(12, 'https://a.example.org/12', 'paused', '2026-01-01Z', NULL, '2026-03-01Z', NULL, NULL, 2, 'timeout'),
	(13, 'https://a.example.org/13', 'ended', '2026-01-01Z', NULL, '2026-03-01Z', NULL, NULL, 1, 'HTTP status 410'),
	(14, 'file:/srv/papers.xml', 'manual', '2026-03-01Z', NULL, '2026-03-01Z', '2026-03-01Z', NULL, 0, NULL);
SELECT feed, health, lag, errors, last_error FROM paperfeed.feed_health ORDER BY feed;

-- the host, and when it may be asked, as host_of() finds it
TRUNCATE paperfeed.feeds;
INSERT INTO paperfeed.hosts (host, subdomains, blocked_until) VALUES
	('example.org', true, '2026-03-10 12:10Z'), ('b.example.org', false, '2026-03-10 11:50Z'), ('other.org', false, '2026-03-10 13:00Z');
INSERT INTO paperfeed.feeds (id, url) VALUES
	(1, 'https://example.org/x'), (2, 'http://deep.a.example.org:8080?q'), (3, 'https://B.Example.Org./x'), (4, 'https://c.b.example.org'),
	(5, 'https://notexample.org/x'), (6, 'https://a.other.org#x'), (7, 'HTTP://u:p@ss/word@other.org/x'), (8, 'http://u:p%40@other.org/a@b'), (9, 'http://[::1]:80/x'),
	(10, 'http://127.0.0.1/x'), (11, 'document:'), (12, 'file:/https://other.org/');
SELECT feed, host, blocked_until, CASE WHEN url ~* '^http' AND feed <> 7 THEN host = paperfeed.host_of(url) END AS same
FROM paperfeed.feed_health ORDER BY feed;

-- what it brought
TRUNCATE paperfeed.feeds;
INSERT INTO paperfeed.feeds (id, url, headers, etag, tags) VALUES
	(1, 'https://bob:secret@example.org/1?key=shown', '{"Authorization: Bearer secret"}', 'secret', '{x}'), (2, 'https://example.org/2', NULL, NULL, '{}');
INSERT INTO paperfeed.runs (feed, kind, started_at, elapsed, status, bytes, seen, added, updated, unchanged, dropped, rejected) VALUES
	(1, 'refresh', '2026-03-10 11:00Z', '1 second', 'ok', 100, 9, 5, 2, 2, 0, 0),
	(1, 'ingest', '2026-03-04 12:00Z', '3 seconds', 'failed', 50, 0, 0, 0, 0, 0, 0),
	(1, 'refresh', '2026-03-03 11:59Z', '9 seconds', 'failed', 7, 1, 1, 1, 0, 0, 0),
	(1, 'refresh', '2026-02-10 11:59Z', '9 seconds', 'ok', 7, 100, 100, 0, 0, 0, 0),
	(1, 'backfill', '2026-03-10 10:00Z', '9 seconds', 'failed', 7, 1000, 1000, 0, 0, 0, 0),
	(1, 'load', '2026-03-10 09:00Z', '9 seconds', 'ok', 7, 1000, 1000, 0, 0, 0, 0);
SELECT feed, added_28_days, updated_28_days, runs_7_days, failures_7_days, bytes_7_days, mean_elapsed FROM paperfeed.feed_health ORDER BY feed;
SELECT * FROM paperfeed.intake_per_day ORDER BY day, feed, kind;

-- a role that watches needs the views alone, and sees no secret by them
CREATE ROLE regress_paperfeed_watch;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_watch;
GRANT SELECT ON paperfeed.feed_health, paperfeed.intake_per_day, paperfeed.sources_overlap, paperfeed.papers_per_day TO regress_paperfeed_watch;
SET ROLE regress_paperfeed_watch;
SELECT url FROM paperfeed.feed_health ORDER BY feed;
SELECT count(*) FILTER (WHERE h::text ~ 'secret'), count(*) FROM paperfeed.feed_health AS h;
SELECT count(*) FROM paperfeed.intake_per_day;
SELECT count(*) FROM paperfeed.sources_overlap;
\set VERBOSITY sqlstate
SELECT count(*) FROM paperfeed.papers_per_day;
SELECT url FROM paperfeed.feeds;
SELECT paperfeed.schedule();
SELECT paperfeed.unschedule();
\set VERBOSITY default
RESET ROLE;

-- papers by day: days are those of editions, also where clocks are changed
INSERT INTO paperfeed.papers (id, title, published, source, withdrawn)
SELECT '10.1000/' || i, 'T', timestamptz '2026-03-27 22:30Z' + i * interval '1 hour', CASE WHEN i % 3 = 0 THEN 'arxiv' WHEN i % 3 = 1 THEN 'crossref' END, i % 20 = 0
FROM generate_series(0, 99) AS i WHERE i % 7 <> 3;
INSERT INTO paperfeed.papers (id, title, published) VALUES ('10.1000/none', 'T', NULL), ('10.1000/never', 'T', 'infinity'), ('10.1000/ever', 'T', '-infinity'),
	('10.1000/old', 'T', '1665-03-06Z'), ('10.1000/far', 'T', '9999-01-01Z'), ('10.1000/zero', 'T', '0001-01-01Z');
CREATE FUNCTION pg_temp.differences() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM ((TABLE paperfeed.papers_per_day EXCEPT ALL SELECT paperfeed.edition_day(published), source, count(*), count(*) FILTER (WHERE withdrawn)
			FROM paperfeed.papers WHERE published BETWEEN '1600-01-01' AND '2199-12-31' GROUP BY 1, 2)
		UNION ALL (SELECT paperfeed.edition_day(published), source, count(*), count(*) FILTER (WHERE withdrawn)
			FROM paperfeed.papers WHERE published BETWEEN '1600-01-01' AND '2199-12-31' GROUP BY 1, 2 EXCEPT ALL TABLE paperfeed.papers_per_day)) AS d $$;
SELECT * FROM paperfeed.papers_per_day ORDER BY day, source;
SELECT pg_temp.differences();
DELETE FROM paperfeed.papers WHERE id = '10.1000/old';
SET paperfeed.time_zone = 'Europe/Berlin';
SELECT day, sum(papers) FROM paperfeed.papers_per_day WHERE day BETWEEN '2026-03-28' AND '2026-03-30' GROUP BY day ORDER BY day;
SELECT pg_temp.differences(), paperfeed.edition_start('2026-03-29'), paperfeed.edition_start('2026-03-30');
SET paperfeed.time_zone = 'America/Los_Angeles';
SELECT pg_temp.differences(), paperfeed.edition_start('infinity'), paperfeed.edition_start('-infinity'), paperfeed.edition_start(NULL);
RESET paperfeed.time_zone;
-- a condition on the day reads these days alone, with row-level security as well
SET enable_seqscan = off;
SET enable_bitmapscan = off;
CREATE POLICY own ON paperfeed.papers USING (source = 'arxiv');
ALTER TABLE paperfeed.papers ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON paperfeed.papers TO regress_paperfeed_watch;
SET ROLE regress_paperfeed_watch;
SELECT DISTINCT source FROM paperfeed.papers_per_day;
CREATE FUNCTION pg_temp.scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Seq Scan on papers q|Index Cond: \(\(published >= \(' THEN RETURN NEXT regexp_replace(btrim(line), 'published >= .*', 'published >= ...'); END IF;
	END LOOP;
END $$;
SELECT pg_temp.scans('SELECT * FROM paperfeed.papers_per_day WHERE day >= ''2026-03-28''');
RESET ROLE;
ALTER TABLE paperfeed.papers DISABLE ROW LEVEL SECURITY;
DROP POLICY own ON paperfeed.papers;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- feeds that show the same papers
INSERT INTO paperfeed.sightings (paper, feed, fingerprint)
SELECT '10.1000/' || p, f, 1 FROM generate_series(1, 60) AS p, generate_series(1, 5) AS f WHERE p % (f + 1) = 0 AND NOT (f = 5 AND p % 4 = 0);
INSERT INTO paperfeed.sightings (paper, feed, fingerprint) VALUES ('10.1000/alone', 6, 1);
SELECT feed, url, other_feed, other_url, papers, other_papers, both_papers, round(jaccard::numeric, 4) FROM paperfeed.sources_overlap ORDER BY feed, other_feed;
WITH expected AS (
	SELECT a.feed, b.feed AS other_feed, count(*) AS both_papers, (SELECT count(*) FROM paperfeed.sightings WHERE feed = a.feed) AS papers,
		(SELECT count(*) FROM paperfeed.sightings WHERE feed = b.feed) AS other_papers
	FROM paperfeed.sightings AS a JOIN paperfeed.sightings AS b USING (paper) WHERE a.feed < b.feed GROUP BY 1, 2)
SELECT count(*) FROM expected FULL JOIN paperfeed.sources_overlap AS o USING (feed, other_feed, both_papers, papers, other_papers)
WHERE o.jaccard IS DISTINCT FROM both_papers / (papers + other_papers - both_papers)::float8;

DROP OWNED BY regress_paperfeed_watch;
DROP ROLE regress_paperfeed_watch;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds, paperfeed.hosts, paperfeed.runs;
