-- If this fails, an edition has other papers than were announced then, another
-- order, or other days than its time zone; or it shows what its reader may not see.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds, paperfeed.signals;
SELECT paperfeed.rebuild_heat() >= 0;

INSERT INTO paperfeed.feeds (id, url) OVERRIDING SYSTEM VALUE
	VALUES (1, 'https://arxiv.example/rss'), (2, 'https://featured.example/'), (3, 'https://bulk.example/oai');
CREATE TABLE public.editions_reading OF paperfeed.paper (PRIMARY KEY (id));
INSERT INTO paperfeed.feeds (id, url, target) OVERRIDING SYSTEM VALUE
	VALUES (4, 'https://own.example/', 'public.editions_reading');

-- a paper, published then; and what a feed said of it
CREATE FUNCTION pg_temp.paper(n text, published timestamptz) RETURNS void LANGUAGE sql AS
$$ INSERT INTO paperfeed.papers (id, title, published) VALUES ('2401.000' || n, 'Paper ' || n, published) $$;
CREATE FUNCTION pg_temp.sight(n text, feed bigint, announce text, announced timestamptz) RETURNS void LANGUAGE sql AS
$$ INSERT INTO paperfeed.sightings (paper, feed, announce, announced, fingerprint) VALUES ('2401.000' || n, feed, announce, announced, 0) $$;
-- the edition as the last two digits of its papers' ids, in its order
CREATE FUNCTION pg_temp.day(day date, k integer DEFAULT NULL, categories text[] DEFAULT NULL) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(right(id::text, 2), ' ' ORDER BY rank) FROM paperfeed.daily(day, k, categories) $$;
CREATE FUNCTION pg_temp.week(day date) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(right(id::text, 2), ' ' ORDER BY rank) FROM paperfeed.weekly(day) $$;
CREATE FUNCTION pg_temp.month(day date) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(right(id::text, 2), ' ' ORDER BY rank) FROM paperfeed.monthly(day) $$;

-- nothing there
SELECT pg_temp.day('2024-01-10'), paperfeed.previous_edition('infinity'), paperfeed.next_edition('-infinity'), (SELECT count(*) FROM paperfeed.daily_papers);

-- announced, whatever the kind, but for new versions; published where no feed announced it
DO $$
BEGIN
	PERFORM pg_temp.paper('01', '2024-01-08'), pg_temp.sight('01', 1, 'new', '2024-01-10 05:00Z');
	PERFORM pg_temp.paper('02', '2024-01-08'), pg_temp.sight('02', 1, 'cross', '2024-01-10 05:00Z');
	PERFORM pg_temp.paper('03', '2024-01-08'), pg_temp.sight('03', 2, 'featured', '2024-01-10 07:00Z');
	PERFORM pg_temp.paper('04', '2024-01-08'), pg_temp.sight('04', 1, NULL, '2024-01-10 05:00Z');
	PERFORM pg_temp.paper('05', '2024-01-08'), pg_temp.sight('05', 1, 'replace', '2024-01-10 05:00Z');
	PERFORM pg_temp.paper('06', '2024-01-08'), pg_temp.sight('06', 1, 'replace-cross', '2024-01-10 05:00Z');
	PERFORM pg_temp.paper('07', '2024-01-10'), pg_temp.sight('07', 3, NULL, NULL);
	PERFORM pg_temp.paper('08', '2024-01-10');
	PERFORM pg_temp.paper('09', '2024-01-10 12:00Z'), pg_temp.sight('09', 1, 'new', '2024-01-11 05:00Z');
	PERFORM pg_temp.paper('10', NULL), pg_temp.sight('10', 1, 'new', '2024-01-10 05:00Z');
	PERFORM pg_temp.paper('11', NULL), pg_temp.sight('11', 3, NULL, NULL);
	-- known by being featured alone; and from bulk metadata, too
	PERFORM pg_temp.paper('12', '2024-01-09'), pg_temp.sight('12', 2, 'featured', '2024-01-12 07:00Z');
	PERFORM pg_temp.paper('13', '2024-01-09'), pg_temp.sight('13', 2, 'featured', '2024-01-12 07:00Z'), pg_temp.sight('13', 3, NULL, NULL);
	-- announced and featured: both; the same day: once
	PERFORM pg_temp.paper('14', '2024-01-08'), pg_temp.sight('14', 1, 'new', '2024-01-09 05:00Z'), pg_temp.sight('14', 2, 'featured', '2024-01-12 07:00Z');
	PERFORM pg_temp.paper('15', '2024-01-10'), pg_temp.sight('15', 1, 'new', '2024-01-10 05:00Z'), pg_temp.sight('15', 2, 'featured', '2024-01-10 03:00Z');
	-- announced to a table of somebody's own
	PERFORM pg_temp.paper('16', '2024-01-11'), pg_temp.sight('16', 4, 'new', '2024-01-10 05:00Z');
	-- of which the table has no paper
	PERFORM pg_temp.sight('99', 1, 'new', '2024-01-10 05:00Z');
END
$$;
SELECT day::date, pg_temp.day(day::date) FROM generate_series('2024-01-07'::timestamp, '2024-01-13', '1 day') AS day;
-- the first time within the edition
SELECT id, announced FROM paperfeed.daily('2024-01-10') WHERE right(id::text, 2) IN ('08', '15');
SELECT id, announced FROM paperfeed.weekly('2024-01-10') WHERE right(id::text, 2) IN ('13', '14');
-- withdrawn papers are left out
UPDATE paperfeed.papers SET withdrawn = true WHERE right(id::text, 2) IN ('01', '08');
SELECT pg_temp.day('2024-01-10');
UPDATE paperfeed.papers SET withdrawn = false WHERE withdrawn;

-- submitted then, of whatever age, once it is there; the first one to do so is its submitter
BEGIN;
UPDATE paperfeed.papers SET extra = '{"submitted_by": "Cy Dee"}' WHERE right(id::text, 2) IN ('01', '05');
INSERT INTO paperfeed.submissions (paper, source, reader, at, state) VALUES
	('2401.00005', 'a', 'ann', '2024-01-13 10:00Z', 'found'), ('2401.00005', 'b', 'bob', '2024-01-13 09:00Z', 'found'),
	('2401.00011', 'c', 'ann', '2023-06-01 10:00Z', 'found'), (NULL, 'd', 'ann', '2023-07-01 10:00Z', 'waiting'),
	('2401.00099', 'e', 'ann', '2023-08-01 10:00Z', 'found');
SELECT pg_temp.day('2024-01-08'), pg_temp.day('2024-01-13'), pg_temp.day('2023-06-01'), pg_temp.day('2023-08-01');
SELECT id, announced, submitter FROM paperfeed.weekly('2024-01-13') WHERE right(id::text, 2) IN ('01', '05');
SELECT announced, submitter FROM paperfeed.daily('2024-01-13');
SELECT paperfeed.next_edition('-infinity'), paperfeed.next_edition('2023-06-01'), paperfeed.previous_edition('2024-01-08'), paperfeed.previous_edition('infinity');
ROLLBACK;

-- votes here and those that feeds report; where no signals of the latter are kept, what the feed last said
INSERT INTO paperfeed.signals (paper, kind, weight, at) VALUES
	('2401.00003', 'vote', 1, '2024-01-10'), ('2401.00003', 'vote', 1, '2024-01-10'), ('2401.00003', 'comment', 1, '2024-01-10'),
	('2401.00007', 'upvotes', 5, '2024-01-10'), ('2401.00007', 'comments', 0, '2024-01-10'),
	('2401.00010', 'vote', -1, '2024-01-10'),
	-- as many votes, but later ones
	('2401.00008', 'upvotes', 5, '2024-01-10 12:00Z'),
	-- no votes, but read
	('2401.00004', 'view', 1, '2024-01-10');
UPDATE paperfeed.papers SET metrics = '{"upvotes": 3, "comments": 4}' WHERE right(id::text, 2) IN ('01', '03', '07');
UPDATE paperfeed.papers SET metrics = '{"upvotes": "many", "comments": null}' WHERE right(id::text, 2) = '02';
SELECT rank, id, votes, comments FROM paperfeed.daily('2024-01-10');
SELECT pg_temp.day('2024-01-10', 3), pg_temp.day('2024-01-10', 0), pg_temp.day('2024-01-10', 100);
-- a kind that is not there counts nothing
BEGIN;
DELETE FROM paperfeed.signal_kinds WHERE kind IN ('upvotes', 'comments');
SELECT pg_temp.day('2024-01-10', 4), votes, comments FROM paperfeed.daily('2024-01-10') WHERE id = '2401.00007';
ROLLBACK;
-- nor does a half-life that is not: ties are in the order of ids
BEGIN;
DELETE FROM paperfeed.half_lives WHERE half_life = '7 days';
SELECT pg_temp.day('2024-01-10');
ROLLBACK;

-- what a page needs
UPDATE paperfeed.papers SET categories = '{cs.CL,cs.LG}', authors = '{"Ann Bell"}', abstract = 'About it.', url = 'https://arxiv.org/abs/2401.00003',
	pdf_url = 'https://arxiv.org/pdf/2401.00003', extra = '{"submitted_by": "Cy Dee"}',
	links = '{"code": ["https://github.com/a/b", "https://github.com/c/d"], "model": ["https://huggingface.co/a/m"], "data": [], "project": "https://x.example/"}'
	WHERE id = '2401.00003';
\pset expanded on
\pset tuples_only off
SELECT * FROM paperfeed.daily('2024-01-10', 1);
SELECT * FROM paperfeed.daily('2024-01-10', NULL, '{cs.LG,math.GT}');
\pset expanded off
\pset tuples_only on
SELECT pg_temp.day('2024-01-10', categories => '{}'), pg_temp.day('2024-01-10', categories => '{cs}');

-- the nearest editions
SELECT day::date, paperfeed.previous_edition(day::date), paperfeed.next_edition(day::date)
	FROM unnest('{-infinity,2020-02-03,2024-01-08,2024-01-09,2024-01-10,2024-01-11,2024-01-12,2030-01-01,infinity}'::date[]) AS day;
DO $$
BEGIN
	-- far away, by being announced and by being published; withdrawn ones and new versions are no edition
	PERFORM pg_temp.paper('20', '2019-12-31 23:59Z');
	PERFORM pg_temp.paper('21', '2031-05-01'), pg_temp.sight('21', 2, 'featured', '2031-05-05 05:00Z');
	PERFORM pg_temp.paper('22', '2022-01-01');
	PERFORM pg_temp.paper('23', NULL), pg_temp.sight('23', 1, 'new', '2022-02-01');
	PERFORM pg_temp.paper('24', NULL), pg_temp.sight('24', 1, 'replace', '2022-03-01');
	PERFORM pg_temp.sight('98', 1, 'new', '2022-04-01');
	UPDATE paperfeed.papers SET withdrawn = true WHERE right(id::text, 2) IN ('22', '23');
END
$$;
SELECT paperfeed.previous_edition('2024-01-08'), paperfeed.next_edition('2024-01-12'), paperfeed.next_edition('2019-12-31'),
	paperfeed.previous_edition('infinity'), paperfeed.next_edition('-infinity'), paperfeed.next_edition('2031-05-05');
SELECT p, paperfeed.previous_edition('2024-01-10', p), paperfeed.next_edition('2024-01-10', p), paperfeed.previous_edition('2031-05-31', p),
	paperfeed.next_edition('2019-12-01', p), paperfeed.previous_edition('infinity', p), paperfeed.next_edition('-infinity', p)
	FROM unnest('{day,week,month,Month}'::text[]) AS p;
-- each edition that they lead to has papers, there and back
WITH RECURSIVE e AS (
	SELECT paperfeed.next_edition('-infinity') AS day
	UNION ALL
	SELECT paperfeed.next_edition(day) FROM e WHERE day IS NOT NULL
)
SELECT day, count(p.id), paperfeed.next_edition(paperfeed.previous_edition(day)) = day AS back
	FROM e CROSS JOIN LATERAL paperfeed.daily(day) AS p GROUP BY day ORDER BY day;
-- many that do not count on the way
INSERT INTO paperfeed.sightings (paper, feed, announce, announced, fingerprint)
	SELECT format('2402.%s', to_char(n, 'FM00000'))::paperfeed.paperid, 1, 'new', '2023-01-01'::timestamptz + n * interval '1 hour', 0
	FROM generate_series(1, 2000) AS n;
INSERT INTO paperfeed.papers (id, title, published)
	SELECT format('2403.%s', to_char(n, 'FM00000')), 'Featured later', '2021-01-01'::timestamptz + n * interval '1 hour' FROM generate_series(1, 2000) AS n;
INSERT INTO paperfeed.sightings (paper, feed, announce, announced, fingerprint)
	SELECT format('2403.%s', to_char(n, 'FM00000'))::paperfeed.paperid, 2, 'featured', '2031-05-05 06:00Z', 0 FROM generate_series(1, 2000) AS n;
SELECT paperfeed.previous_edition('2024-01-08'), paperfeed.next_edition('2019-12-31'), (SELECT count(*) FROM paperfeed.daily('2031-05-05')),
	(SELECT count(*) FROM paperfeed.weekly('2031-05-11')), pg_temp.day('2021-02-01');
DELETE FROM paperfeed.papers WHERE id >= '2402.00001';
DELETE FROM paperfeed.sightings WHERE paper >= '2402.00001';

-- views: the latest edition up to today's, and what trends now
SELECT DISTINCT day FROM paperfeed.daily_papers;
SELECT day, rank, id, votes FROM paperfeed.daily_papers ORDER BY rank LIMIT 2;
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('2401.00014', 'vote', 1), ('2401.00014', 'upvotes', 1);
SELECT rank, id, votes FROM paperfeed.trending_now LIMIT 1;
SELECT paperfeed.edition_day() = (now() AT TIME ZONE 'UTC')::date;
SELECT pg_temp.paper('30', now());
SELECT id, announced <= now() FROM paperfeed.daily();

-- days are those of the setting, whatever the session's time zone
SELECT pg_temp.paper('40', NULL), pg_temp.sight('40', 1, 'new', '2024-06-30 23:30Z');
SET timezone = 'America/New_York';
SELECT paperfeed.edition_day('2024-06-30 23:30Z'), pg_temp.day('2024-06-30'), pg_temp.day('2024-07-01'), pg_temp.month('2024-06-01'), pg_temp.month('2024-07-31');
SET timezone = 'UTC';
SET paperfeed.time_zone = 'Asia/Tokyo';
SELECT paperfeed.edition_day('2024-06-30 23:30Z'), pg_temp.day('2024-06-30'), pg_temp.day('2024-07-01'), pg_temp.month('2024-06-01'), pg_temp.month('2024-07-31'),
	paperfeed.next_edition('2024-06-30'), paperfeed.previous_edition('2024-07-02'), paperfeed.next_edition('2024-06-30', 'month');
SET paperfeed.time_zone = 'america/new_york';
SHOW paperfeed.time_zone;
SELECT paperfeed.edition_day('2024-07-01 03:59Z'), paperfeed.edition_day('2024-07-01 04:00Z'), paperfeed.edition_day('infinity'), paperfeed.edition_day('-infinity');
SET paperfeed.time_zone = '<+0530>-05:30';
SELECT paperfeed.edition_day('2024-06-30 18:29Z'), paperfeed.edition_day('2024-06-30 18:30Z');
SET paperfeed.time_zone = 'Europe/Atlantis';
\set VERBOSITY sqlstate
SET paperfeed.time_zone = 'Europe/Atlantis';
SET paperfeed.time_zone = '';
\set VERBOSITY default

-- days of 23 and 25 hours; those that begin at 1 o'clock, and those whose first hour comes twice
CREATE FUNCTION pg_temp.bounds(zone text, day date, OUT hours numeric, OUT first timestamptz, OUT same_day boolean) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('paperfeed.time_zone', zone, true);
	DELETE FROM paperfeed.papers WHERE id >= '2405.00001' AND id <= '2405.99999';
	INSERT INTO paperfeed.papers (id, published)
		SELECT format('2405.%s', to_char(i, 'FM00000')), day - interval '1 day' + i * interval '15 minutes' FROM generate_series(1, 4 * 72) AS i;
	SELECT round(count(*) / 4.0, 2), min(d.published), bool_and(paperfeed.edition_day(d.published) = day) INTO hours, first, same_day
		FROM paperfeed.daily(day) AS d WHERE d.id >= '2405.00001' AND d.id <= '2405.99999';
	DELETE FROM paperfeed.papers WHERE id >= '2405.00001' AND id <= '2405.99999';
END
$$;
SELECT z, d, (pg_temp.bounds(z, d::date)).* FROM (VALUES ('Europe/Berlin', '2024-03-31'), ('Europe/Berlin', '2024-10-27'), ('Europe/Berlin', '2024-10-28'),
	('America/Sao_Paulo', '2018-11-04'), ('America/Sao_Paulo', '2018-02-17'), ('America/Havana', '2024-11-03'), ('America/Havana', '2024-11-02'),
	('Asia/Kathmandu', '2024-03-31'), ('Pacific/Apia', '2011-12-30'), ('Pacific/Apia', '2011-12-31')) AS v (z, d);
RESET paperfeed.time_zone;

-- weeks begin on Monday, also across the end of a year; months have their days
DO $$
BEGIN
	PERFORM pg_temp.paper('50', '2024-12-29 23:59Z'), pg_temp.paper('51', '2024-12-30'), pg_temp.paper('52', '2024-12-31'), pg_temp.paper('53', '2025-01-01'),
		pg_temp.paper('54', '2025-01-05 23:59Z'), pg_temp.paper('55', '2025-01-06'), pg_temp.paper('56', '2024-02-29 12:00Z'), pg_temp.paper('57', '2024-03-01');
END
$$;
SELECT day, pg_temp.week(day) FROM unnest('{2024-12-29,2024-12-30,2025-01-01,2025-01-05,2025-01-06}'::date[]) AS day;
SELECT day, pg_temp.month(day) FROM unnest('{2024-02-01,2024-02-29,2024-03-31,2024-12-01,2024-12-31,2025-01-31}'::date[]) AS day;
SELECT paperfeed.previous_edition('2025-01-01', 'week'), paperfeed.next_edition('2025-01-01', 'week'), paperfeed.next_edition('2024-12-31', 'month'),
	paperfeed.previous_edition('2024-12-01', 'month');

-- NULLs, infinities, the ends of time
SELECT pg_temp.day(NULL), pg_temp.week(NULL), pg_temp.month(NULL), paperfeed.previous_edition(NULL), paperfeed.next_edition('2024-01-01', NULL), paperfeed.edition_day(NULL);
SELECT paperfeed.daily('infinity');
SELECT paperfeed.weekly('-infinity');
SELECT paperfeed.daily('2024-01-01', -1);
SELECT paperfeed.previous_edition('2024-01-01', 'year');
\set VERBOSITY sqlstate
SELECT paperfeed.daily('infinity');
SELECT paperfeed.daily('2024-01-01', -1);
SELECT paperfeed.next_edition('2024-01-01', '');
\set VERBOSITY default
INSERT INTO paperfeed.papers (id, published) VALUES ('2401.00060', 'infinity'), ('2401.00061', '-infinity'), ('2401.00062', '294276-12-31 23:59:59Z'),
	('2401.00063', '4714-11-24 00:00:00Z BC');
SELECT pg_temp.day('294276-12-31'), pg_temp.week('294276-12-31'), pg_temp.month('294276-12-31'), pg_temp.day('4714-11-24 BC'), pg_temp.week('4714-11-24 BC'), pg_temp.month('4714-11-24 BC');
SELECT pg_temp.day('5874897-12-31'), pg_temp.month('5874897-12-31'), paperfeed.previous_edition('5874897-12-31'), paperfeed.next_edition('5874897-12-31'),
	paperfeed.next_edition('-infinity'), paperfeed.previous_edition('2019-12-31');
SET paperfeed.time_zone = 'Asia/Tokyo';
SELECT pg_temp.day('294276-12-31'), pg_temp.month('294276-12-31'), pg_temp.day('4714-11-24 BC'), pg_temp.week('4714-11-24 BC');
RESET paperfeed.time_zone;
DELETE FROM paperfeed.papers WHERE id >= '2401.00060' AND id < '2401.00070';

-- who may read papers needs nothing else, and sees none that row-level security hides
CREATE ROLE regress_editions_reader;
CREATE ROLE regress_editions_viewer;
GRANT USAGE ON SCHEMA paperfeed TO regress_editions_reader, regress_editions_viewer;
GRANT SELECT ON paperfeed.papers TO regress_editions_reader;
GRANT SELECT ON paperfeed.daily_papers, paperfeed.trending_now TO regress_editions_reader, regress_editions_viewer;
SET ROLE regress_editions_reader;
SELECT rank, id, votes, comments FROM paperfeed.daily('2024-01-10', 4);
SELECT paperfeed.previous_edition('2024-01-10'), paperfeed.next_edition('2024-01-10'), (SELECT count(*) FROM paperfeed.daily_papers),
	(SELECT id FROM paperfeed.trending_now LIMIT 1);
SELECT count(*) FROM paperfeed.sightings;
-- a view's functions run as who selects
\set VERBOSITY terse
SET ROLE regress_editions_viewer;
SELECT * FROM paperfeed.daily('2024-01-10');
SELECT paperfeed.previous_edition('2024-01-10');
SELECT count(*) FROM paperfeed.daily_papers;
SELECT count(*) FROM paperfeed.trending_now;
\set VERBOSITY default
RESET ROLE;
ALTER TABLE paperfeed.papers ENABLE ROW LEVEL SECURITY;
CREATE POLICY regress_editions ON paperfeed.papers TO regress_editions_reader
	USING (id <= '2401.00010' AND id NOT IN ('2401.00007', '2401.00009'));
SELECT paperfeed.previous_edition('2024-01-10'), paperfeed.next_edition('2024-01-10'), paperfeed.previous_edition('infinity');
SET ROLE regress_editions_reader;
SELECT pg_temp.day('2024-01-10');
SELECT paperfeed.previous_edition('2024-01-10'), paperfeed.next_edition('2024-01-10'), paperfeed.previous_edition('infinity');
SELECT count(*), min(day) FROM paperfeed.daily_papers;
RESET ROLE;
DROP POLICY regress_editions ON paperfeed.papers;
ALTER TABLE paperfeed.papers DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON paperfeed.papers, paperfeed.daily_papers, paperfeed.trending_now FROM regress_editions_reader, regress_editions_viewer;
REVOKE ALL ON SCHEMA paperfeed FROM regress_editions_reader, regress_editions_viewer;
DROP ROLE regress_editions_reader, regress_editions_viewer;

-- whatever the caller's search_path holds
CREATE SCHEMA editions_trap;
CREATE FUNCTION editions_trap.refuse(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION editions_trap.refuse(float8, float8) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR editions_trap.< (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = editions_trap.refuse);
CREATE OPERATOR editions_trap.>= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = editions_trap.refuse);
CREATE OPERATOR editions_trap.+ (LEFTARG = float8, RIGHTARG = float8, FUNCTION = editions_trap.refuse);
SET search_path = editions_trap, pg_catalog;
SELECT count(*) FROM paperfeed.weekly('2024-01-10');
SELECT paperfeed.previous_edition('2024-01-10'), paperfeed.next_edition('2024-01-10');
RESET search_path;
DROP SCHEMA editions_trap CASCADE;

DROP TABLE public.editions_reading;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds, paperfeed.signals;
SELECT paperfeed.rebuild_heat() >= 0;

-- the day that a paper was announced stays its edition's when its feed tells of a new version
CREATE FUNCTION pg_temp.listing(day text, version int, kind text) RETURNS text LANGUAGE sql AS $$
	SELECT status FROM paperfeed.ingest_document(convert_to(format('<rss version="2.0" xmlns:arxiv="http://arxiv.org/schemas/atom"><channel><title>cs.DB updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.DB</link><pubDate>%1$s 00:00:00 +0000</pubDate><item><title>Kept</title><link>https://arxiv.org/abs/2602.00031</link><description>arXiv:2602.00031v%2$s Announce Type: %3$s Abstract: We keep.</description><guid isPermaLink="false">oai:arXiv.org:2602.00031v%2$s</guid><pubDate>%1$s 00:00:00 +0000</pubDate><arxiv:announce_type>%3$s</arxiv:announce_type></item></channel></rss>', day, version, kind), 'UTF8'), base_url => 'https://rss.arxiv.org/rss/cs.DB')
$$;
SELECT pg_temp.listing('Wed, 04 Feb 2026', 1, 'new'), pg_temp.listing('Wed, 04 Mar 2026', 2, 'replace');
SELECT announce, announced AT TIME ZONE 'UTC' AS announced FROM paperfeed.sightings WHERE paper = 'arxiv:2602.00031';
SELECT pg_temp.listing('Thu, 05 Mar 2026', 2, 'cross');
SELECT announce, announced AT TIME ZONE 'UTC' AS announced FROM paperfeed.sightings WHERE paper = 'arxiv:2602.00031';
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.feeds;
