-- If this fails, what feeds and others count of papers does not become the
-- signals that it should: votes that count twice or not at all, or at another
-- time than that at which they were given.
\getenv abs_srcdir PG_ABS_SRCDIR
SET timezone = 'UTC';
SET datestyle = 'ISO';
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds, paperfeed.signals, paperfeed.readings;
SELECT set_config('fixtures.dir', :'abs_srcdir' || '/test/fixtures/ingest/', false) IS NOT NULL;

CREATE FUNCTION pg_temp.ingest(document text, base_url text DEFAULT NULL) RETURNS text LANGUAGE sql AS
$$
	SELECT format('%s: %s added, %s updated, %s unchanged', status, added, updated, unchanged)
	FROM paperfeed.ingest_document(convert_to($1, 'UTF8'), base_url => $2)
$$;
CREATE FUNCTION pg_temp.ingest_file(file text, base_url text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.ingest(pg_read_file(current_setting('fixtures.dir') || $1), $2) $$;

-- the real time stands for what is not told; everything else here is of the past
CREATE FUNCTION pg_temp.told(t timestamptz) RETURNS text LANGUAGE sql AS
$$ SELECT CASE WHEN t > now() - interval '1 hour' THEN 'now' ELSE to_char(t, 'MM-DD HH24') END $$;
CREATE VIEW pg_temp.signals AS
	SELECT paper, kind, weight, pg_temp.told(at) AS at, source, pg_temp.told(known_at) AS known, retracts
	FROM paperfeed.signals ORDER BY paper, kind, signals.at, COALESCE(known_at, signals.at), weight DESC, source;
CREATE VIEW pg_temp.readings AS
	SELECT paper, kind, source, value, base, pg_temp.told(at) AS at FROM paperfeed.readings ORDER BY paper, kind, source;

CREATE TEMP TABLE was AS TABLE paperfeed.heat;

-- what does not hold, of: a counter's signals add up to it, and nothing of them is below zero; heat is
-- what it would be made anew
CREATE FUNCTION pg_temp.wrong() RETURNS SETOF text LANGUAGE plpgsql AS
$$
BEGIN
	RETURN QUERY SELECT format('%s of %s are %s, not %s', r.kind, r.paper, s.sum, r.counter)
	FROM (SELECT paper, kind, GREATEST(0, max(value - base)) AS counter FROM paperfeed.readings GROUP BY paper, kind) AS r,
		LATERAL (SELECT COALESCE(sum(weight), 0) AS sum FROM paperfeed.signals AS s
			WHERE s.paper = r.paper AND s.kind = r.kind AND s.reader IS NULL) AS s
	WHERE s.sum <> r.counter;
	RETURN QUERY SELECT format('%s of %s at %s are %s', kind, paper, at, sum(weight)) FROM paperfeed.signals
	GROUP BY paper, kind, at, source HAVING sum(weight) < 0;
	TRUNCATE was;
	INSERT INTO was TABLE paperfeed.heat;
	PERFORM paperfeed.rebuild_heat();
	RETURN QUERY SELECT format('heat of %s', COALESCE(w.paper, h.paper))
	FROM was AS w FULL JOIN paperfeed.heat AS h USING (paper)
	WHERE w.paper IS NULL OR h.paper IS NULL OR abs(w.gross - h.gross) > 1e-9
		OR EXISTS (SELECT FROM (VALUES (w.heat_1, h.heat_1), (w.heat_2, h.heat_2), (w.heat_3, h.heat_3)) AS u (a, b) WHERE a <> b AND NOT abs(a - b) <= 1e-9);
END
$$;

-- 5, 9, 8, 12: what is taken back are the newest, at their own time, known since they were
SELECT paperfeed.observe('2602.00001', 'upvotes', value, at) FROM (VALUES
	(5, timestamptz '2026-03-01'), (9, '2026-03-02'), (8, '2026-03-03'), (12, '2026-03-04')) AS v (value, at);
TABLE pg_temp.signals;
-- older than the last reading; the same again; the same at the same time; down over three of them, to nothing, and up again
SELECT paperfeed.observe('2602.00001', 'upvotes', value, at) FROM (VALUES
	(99, timestamptz '2026-03-03 23:00'), (12, '2026-03-05'), (13, '2026-03-05'), (2, '2026-03-06'), (0, '2026-03-07'), (3, '2026-03-08')) AS v (value, at);
SELECT weight, at, known, retracts FROM pg_temp.signals WHERE known > '03-05' OR at > '03-04 00';
TABLE pg_temp.readings;
SELECT * FROM pg_temp.wrong();
TRUNCATE paperfeed.signals, paperfeed.readings;

-- two sources that count the same things do not add up
SELECT paperfeed.observe('2602.00001', 'upvotes', value, at, source) FROM (VALUES
	(5, timestamptz '2026-03-01', 'a'), (4, '2026-03-02', 'b'), (7, '2026-03-03', 'b'), (6, '2026-03-04', 'a'),
	(9, '2026-03-05', 'a'), (3, '2026-03-06', 'a'), (1, '2026-03-07', 'b'), (0, '2026-03-08', 'a'), (8, '2026-02-01', 'c')) AS v (value, at, source);
SELECT weight, at, source, known, retracts FROM pg_temp.signals;
TABLE pg_temp.readings;
SELECT * FROM pg_temp.wrong();
TRUNCATE paperfeed.signals, paperfeed.readings;

-- the first reading of citations counts nothing, whoever tells it; what comes after it counts, whoever sees it first
SELECT paperfeed.observe('2602.00001', 'citations', value, at, source) FROM (VALUES
	(100, timestamptz '2026-03-01', 'a'), (120, '2026-03-02', 'b'), (105, '2026-03-03', 'a'), (118, '2026-03-04', 'b'), (121, '2026-03-05', 'b'),
	(127, '2026-03-06', 'b'), (108, '2026-03-07', 'a'), (90, '2026-03-08', 'a'), (119, '2026-03-09', 'b'), (101, '2026-03-10', 'a')) AS v (value, at, source);
SELECT weight, at, source, known, retracts FROM pg_temp.signals;
TABLE pg_temp.readings;
SELECT * FROM pg_temp.wrong();
TRUNCATE paperfeed.signals, paperfeed.readings;

-- what may be asked
SELECT paperfeed.observe(NULL, 'upvotes', 1), paperfeed.observe('2602.00001', NULL, 1), paperfeed.observe('2602.00001', 'upvotes', NULL);
SELECT paperfeed.observe('2602.00001', 'upvotes', 'NaN');
SELECT paperfeed.observe('2602.00001', 'upvotes', 'Infinity');
SELECT paperfeed.observe('2602.00001', 'upvotes', -1);
SELECT paperfeed.observe('2602.00001', 'upvotes', 2e12);
SELECT paperfeed.observe('2602.00001', 'upvotes', 1, 'infinity');
DO $$
BEGIN
	PERFORM paperfeed.observe('2602.00001', 'upvotes', 1, clock_timestamp() + interval '6 minutes');
EXCEPTION WHEN datetime_field_overflow THEN
	RAISE NOTICE '22008';
END
$$;
SELECT paperfeed.observe('2602.00001', 'downloads', 1);
SELECT (SELECT count(*) FROM paperfeed.signals), (SELECT count(*) FROM paperfeed.readings);
-- a kind of one's own
INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES ('downloads', 0.01);
SELECT paperfeed.observe('2602.00001', 'downloads', 250, source => 'library'), paperfeed.observe('2602.00001', 'downloads', 251.5, source => 'library');
TABLE pg_temp.signals;
SELECT * FROM pg_temp.wrong();
TRUNCATE paperfeed.signals, paperfeed.readings;

-- a feed, in the morning, at noon with other numbers, and again; the clock is set to when it was kept
SET paperfeed.clock = '2026-03-01 09:00';
SELECT pg_temp.ingest_file('hf_votes_1.json', 'https://huggingface.co/api/daily_papers');
SET paperfeed.clock = '2026-03-01 12:00';
SELECT pg_temp.ingest_file('hf_votes_2.json', 'https://huggingface.co/api/daily_papers');
SET paperfeed.clock = '2026-03-01 13:00';
SELECT pg_temp.ingest_file('hf_votes_2.json', 'https://huggingface.co/api/daily_papers');
-- the same listing at another address, and a document that is older than what is known
SELECT pg_temp.ingest_file('hf_votes_2.json', 'https://huggingface.co/api/daily_papers?date=2026-03-01');
SET paperfeed.clock = '2026-03-01 11:00';
SELECT pg_temp.ingest_file('hf_votes_1.json', 'https://huggingface.co/api/daily_papers?sort=trending');
TABLE pg_temp.signals;
TABLE pg_temp.readings;
SELECT * FROM pg_temp.wrong();
RESET paperfeed.clock;
SHOW paperfeed.clock;
SET paperfeed.clock = 'yesterday or so';
SET paperfeed.clock = '2999-01-01';
-- published is when the first reading of somebody else counts; an alias is the paper's name, too
INSERT INTO paperfeed.aliases VALUES ('doi:10.1000/fish', '2602.00012');
SELECT paperfeed.observe('doi:10.1000/fish', 'upvotes', 4, '2026-03-02', 'forum');
SELECT weight, at, source, known FROM pg_temp.signals WHERE source = 'forum';
-- whoever changes the row makes no signals, nor does what he writes there count for feeds
UPDATE paperfeed.papers SET metrics = '{"upvotes": 1000}' WHERE id = '2602.00011';
SELECT sum(weight) FROM paperfeed.signals WHERE paper = '2602.00011' AND kind = 'upvotes';
SELECT * FROM pg_temp.wrong();

-- numbers that count nothing, and those that cannot be
SELECT pg_temp.ingest('[{"paper": {"id": "2602.00013", "authors": [], "title": "Odd", "submittedOnDailyAt": "2026-03-01T07:00:00.000Z", "upvotes": -3, "githubStars": 1e13}, "numComments": 1e400}]', 'https://huggingface.co/api/odd');
SELECT kind, weight FROM pg_temp.signals WHERE paper = '2602.00013';
-- a table of one's own makes no signals
CREATE TABLE mine OF paperfeed.paper (PRIMARY KEY (id));
SELECT added FROM paperfeed.ingest_document(convert_to('[{"paper": {"id": "2602.00014", "authors": [], "title": "Mine", "upvotes": 3}, "numComments": 1}]', 'UTF8'), 'mine');
SELECT count(*) FROM paperfeed.signals WHERE paper = '2602.00014';
DROP TABLE mine;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.feeds, paperfeed.signals, paperfeed.readings;

-- announcements: not by the first feed, by the second one, at the time of publication; not again; not a new version;
-- a featured one at once
SET paperfeed.clock = '2026-03-05';
SELECT pg_temp.ingest('{"id": "2602.00021", "title": "One", "published": "2026-02-20"}', 'https://a.example/feed');
SELECT pg_temp.ingest('{"id": "2602.00021", "title": "One", "published": "2026-02-20"}', 'https://b.example/feed');
SELECT pg_temp.ingest('{"id": "2602.00021", "title": "One", "venue": "New", "published": "2026-02-20"}', 'https://b.example/feed');
SELECT pg_temp.ingest('{"id": "2602.00021", "title": "One", "venue": "New", "published": "2026-02-20"}', 'https://a.example/feed');
SELECT pg_temp.ingest('<rss version="2.0" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>cs.DB updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.DB</link><pubDate>Wed, 04 Mar 2026 00:00:00 -0500</pubDate><item><title>One</title><link>https://arxiv.org/abs/2602.00021</link><description>arXiv:2602.00021v2 Announce Type: replace Abstract: We count.</description><guid isPermaLink="false">oai:arXiv.org:2602.00021v2</guid><pubDate>Wed, 04 Mar 2026 00:00:00 -0500</pubDate><arxiv:announce_type>replace</arxiv:announce_type><dc:creator>Iris Vale</dc:creator></item></channel></rss>', 'https://rss.arxiv.org/rss/cs.DB');
SELECT pg_temp.ingest('[{"paper": {"id": "2602.00021", "authors": [], "title": "One", "submittedOnDailyAt": "2026-03-04T07:00:00.000Z"}}, {"paper": {"id": "2602.00022", "authors": [], "title": "Two", "submittedOnDailyAt": "2026-03-04T08:00:00.000Z"}}]', 'https://huggingface.co/api/daily_papers');
-- listed in the future, so now; a document that has the paper twice
SELECT pg_temp.ingest('[{"paper": {"id": "2602.00023", "authors": [], "title": "Three", "submittedOnDailyAt": "2026-03-06T07:00:00.000Z"}}]', 'https://huggingface.co/api/daily_papers');
SELECT pg_temp.ingest('{"id": "2602.00023", "title": "Three"}{"id": "2602.00023", "title": "Three"}', 'https://a.example/feed');
SELECT paper, kind, weight, at, source, known FROM pg_temp.signals;
SELECT * FROM pg_temp.wrong();
-- without the kind there is none
BEGIN;
DELETE FROM paperfeed.signal_kinds WHERE kind = 'announcement';
SELECT pg_temp.ingest('{"id": "2602.00022", "title": "Two"}', 'https://a.example/feed');
SELECT count(*) FROM paperfeed.signals WHERE paper = '2602.00022';
ROLLBACK;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.feeds, paperfeed.signals, paperfeed.readings;

-- two rows turn out to be one: what both have of the same thing counts once, the rest goes along
SET paperfeed.clock = '2026-03-01';
SELECT pg_temp.ingest('{"id": "doi:10.1000/x", "title": "X"}{"id": "2602.00031", "title": "X"}', 'https://a.example/feed');
SELECT pg_temp.ingest('{"id": "doi:10.1000/x", "title": "X", "published": "2026-02-20"}{"id": "2602.00031", "title": "X", "published": "2026-02-20"}', 'https://b.example/feed');
SELECT paperfeed.observe(p, k, v, a, s) FROM (VALUES
	(paperfeed.paperid 'doi:10.1000/x', 'upvotes', 5, timestamptz '2026-03-02', 'a'), ('doi:10.1000/x', 'upvotes', 7, '2026-03-03', 'a'),
	('2602.00031', 'upvotes', 6, '2026-03-03', 'a'), ('2602.00031', 'upvotes', 9, '2026-03-04', 'b'),
	('doi:10.1000/x', 'comments', 4, '2026-03-02', ''), ('2602.00031', 'comments', 3, '2026-03-02', 'b'),
	('doi:10.1000/x', 'citations', 10, '2026-03-02', 'a'), ('doi:10.1000/x', 'citations', 16, '2026-03-03', 'a'),
	('2602.00031', 'citations', 15, '2026-03-03', 'a'), ('2602.00031', 'citations', 17, '2026-03-04', 'a'),
	('doi:10.1000/x', 'downloads', 10, '2026-03-02', NULL)) AS v (p, k, v, a, s);
INSERT INTO paperfeed.signals (paper, kind, at, reader) VALUES ('doi:10.1000/x', 'vote', '2026-03-02', 'ann');
SELECT * FROM pg_temp.wrong();
SET paperfeed.clock = '2026-03-08';
SELECT pg_temp.ingest('{"id": "2602.00031", "doi": "10.1000/x", "title": "X"}', 'https://c.example/feed');
TABLE pg_temp.signals;
TABLE pg_temp.readings;
SELECT paper FROM paperfeed.heat;
SELECT * FROM pg_temp.wrong();
-- and on it goes
SELECT paperfeed.observe('doi:10.1000/x', 'upvotes', 11, '2026-03-09', 'a'), paperfeed.observe('2602.00031', 'upvotes', 1, '2026-03-09', 'b'),
	paperfeed.observe('2602.00031', 'upvotes', 2, '2026-03-10', 'a'), paperfeed.observe('2602.00031', 'citations', 19, '2026-03-10', 'a');
SELECT * FROM pg_temp.wrong();

-- no feed can report what is counted here: votes, boosts and the like
SELECT pg_temp.ingest('{"id": "10.1000/rigged", "title": "Rigged", "metrics": {"vote": 1000, "boost": 9, "save": 1, "view": 5,
	"comment": 2, "submission": 1, "announcement": 1, "upvotes": 3}}', 'http://127.0.0.1/rigged');
SELECT kind, value FROM paperfeed.readings WHERE paper = 'doi:10.1000/rigged';
SELECT kind, weight FROM paperfeed.signals WHERE paper = 'doi:10.1000/rigged';

-- an ingest that is rolled back leaves nothing
BEGIN;
SELECT pg_temp.ingest_file('hf_votes_1.json', 'https://huggingface.co/api/daily_papers');
ROLLBACK;
SELECT count(*) FROM paperfeed.readings WHERE source = 'huggingface';

-- who may call it
CREATE ROLE regress_paperfeed_counter;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_counter;
SET ROLE regress_paperfeed_counter;
SELECT paperfeed.observe('2602.00031', 'upvotes', 1);
SET paperfeed.clock = '2026-01-01';
RESET ROLE;
GRANT EXECUTE ON FUNCTION paperfeed.observe TO regress_paperfeed_counter;
SET ROLE regress_paperfeed_counter;
SELECT paperfeed.observe('2602.00031', 'upvotes', 20, '2026-03-11', 'b');
RESET ROLE;
DROP OWNED BY regress_paperfeed_counter;
DROP ROLE regress_paperfeed_counter;

RESET paperfeed.clock;
DELETE FROM paperfeed.signal_kinds WHERE kind = 'downloads';
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.feeds, paperfeed.signals, paperfeed.readings;
