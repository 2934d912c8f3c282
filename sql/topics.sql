-- If this fails, a dashboard draws topics that nobody turned to, or lines with holes.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;

CREATE SEQUENCE pg_temp.number;
CREATE FUNCTION pg_temp.add(n integer, at timestamptz, title text, categories text[] DEFAULT '{cs.LG}', withdrawn boolean DEFAULT NULL)
RETURNS void LANGUAGE sql AS
$$ INSERT INTO paperfeed.papers (id, title, published, categories, withdrawn)
SELECT '10.1000/t' || nextval('pg_temp.number'), title, at, categories, withdrawn FROM generate_series(1, n) $$;

-- categories: 2024-06-03 is a Monday
SELECT pg_temp.add(10, '2024-05-22', 'Before', '{cs.LG,cs.AI}'), pg_temp.add(10, '2024-05-23', 'Before', '{cs.CV}'),
	pg_temp.add(3, '2024-06-03', 'First week', '{cs.LG,cs.AI}'), pg_temp.add(1, '2024-06-05', 'First week', '{cs.CV,cs.LG,cs.LG}'),
	pg_temp.add(4, '2024-06-17', 'Third week', '{q-bio.BM}'), pg_temp.add(2, '2024-06-18', 'Third week', NULL),
	pg_temp.add(1, '2024-06-19', 'Third week', '{}'), pg_temp.add(1, '2024-06-20', 'Third week', '{NULL,cs.CV}'),
	pg_temp.add(5, '2024-06-18', 'Withdrawn', '{cs.LG}', true), pg_temp.add(5, NULL, 'Without a date'),
	pg_temp.add(5, '2024-06-24', 'Too late'), pg_temp.add(5, '2024-05-12', 'Too early');
SELECT rank, category, bucket_start::date, papers, round(share::numeric, 3), round(growth::numeric, 3), round(score::numeric, 3)
FROM paperfeed.category_trends('2024-06-04', until => '2024-06-24');
CREATE FUNCTION pg_temp.lines(s text, VARIADIC args text[] DEFAULT '{}') RETURNS SETOF text LANGUAGE plpgsql AS
$$ BEGIN RETURN QUERY EXECUTE format('SELECT format(''%%s %%s: %%s'', rank, %1$I, string_agg(papers::text, '' '' ORDER BY bucket_start)) FROM paperfeed.%1$s_trends(%2$s) GROUP BY rank, %1$I ORDER BY rank', s, array_to_string(args, ', ')); END $$;
SELECT pg_temp.lines('category', '''2024-06-04''', 'until => ''2024-06-24''', 'primary_only => true');
SELECT pg_temp.lines('category', '''2024-06-04''', 'until => ''2024-06-24''', 'by_change => true');
SELECT pg_temp.lines('category', '''2024-06-04''', 'until => ''2024-06-24''', 'k => 2');
SELECT pg_temp.lines('category', '''2024-06-04''', 'until => ''2024-06-24''', 'k => 0');
SELECT count(DISTINCT category) FROM paperfeed.category_trends('2024-06-04', k => NULL, until => '2024-06-24');
-- the shares of first categories are those of one whole
SELECT bucket_start::date, sum(share) FROM paperfeed.category_trends('2024-06-04', k => NULL, primary_only => true, until => '2024-06-17') GROUP BY 1 ORDER BY 1;
-- what changed most, up or down, where that is sure
SELECT pg_temp.add(30, '2024-06-19', 'More', '{q-bio.BM}'), pg_temp.add(30, '2024-05-20', 'More', '{cs.CV,cs.GR}'), pg_temp.add(70, '2024-06-20', 'More', '{cs.GR}'), pg_temp.add(60, '2024-05-20', 'More', '{cs.GR}');
SELECT DISTINCT rank, category, round(growth::numeric, 3), round(score::numeric, 3) FROM paperfeed.category_trends('2024-06-04', until => '2024-06-24', by_change => true) ORDER BY rank;
-- without papers before, or without any
SELECT DISTINCT category, growth, score FROM paperfeed.category_trends('2024-05-12', '12 days', until => '2024-05-13');
SELECT count(*) FROM paperfeed.category_trends('1999-01-01', until => '1999-02-01');
-- by default the last 90 days, until now
SELECT pg_temp.add(1, now() - interval '1 minute', 'Now', '{cs.NEW}');
SELECT category, count(*) BETWEEN 13 AND 15, sum(papers) FROM paperfeed.category_trends() GROUP BY 1;
DELETE FROM paperfeed.papers WHERE published > '2025-01-01';

-- buckets
CREATE FUNCTION pg_temp.buckets(since timestamptz, until timestamptz, bucket interval, zone text DEFAULT 'UTC') RETURNS text LANGUAGE sql AS
$$ SELECT array_to_string(paperfeed._topic_buckets(since, until, bucket, zone), '  ') $$;
SELECT pg_temp.buckets('2024-02-14', '2024-05-01', '1 month');
SELECT pg_temp.buckets('2024-02-14', '2024-10-02', '3 months');
SELECT pg_temp.buckets('1999-02-14', '2002-10-02', '1 year');
SELECT pg_temp.buckets('2000-12-31 23:59', '2001-01-14', '1 week');
SELECT pg_temp.buckets('1969-12-31', '1970-01-02', '12 hours');
SELECT pg_temp.buckets('2024-06-04', '2024-06-24', '2 weeks');
-- a zone's days: of 23 hours, of 25 hours; and its hours, which are an hour short, or one is of two
SELECT pg_temp.buckets('2024-03-10 00:00-05', '2024-03-12', '1 day', 'America/New_York');
SELECT pg_temp.buckets('2024-11-02 12:00-04', '2024-11-05', '1 day', 'America/New_York');
SELECT pg_temp.buckets('2024-03-10 05:30', '2024-03-10 09:00', '1 hour', 'America/New_York');
SELECT pg_temp.buckets('2024-03-10 05:30', '2024-03-10 09:00', '30 minutes', 'America/New_York');
SELECT pg_temp.buckets('2024-11-03 04:30', '2024-11-03 09:00', '1 hour', 'America/New_York');
-- the setting is the default
SET timezone = 'Asia/Tokyo';
SELECT DISTINCT bucket_start FROM paperfeed.category_trends('2024-06-04', until => '2024-06-17') ORDER BY 1;
SET timezone = 'UTC';
SELECT cardinality(paperfeed._topic_buckets('2000-01-01', '2000-01-01 02:46:40', '1 second', 'UTC'));
\set VERBOSITY sqlstate
SELECT pg_temp.buckets('2000-01-01', '2000-01-01 02:46:41', '1 second');
SELECT pg_temp.buckets('-infinity', '2024-01-01', '1 day');
SELECT pg_temp.buckets('2024-01-01', 'infinity', '1 day');
SELECT pg_temp.buckets('2024-01-01', '2024-01-01', '1 day');
SELECT pg_temp.buckets('2024-01-02', '2024-01-01', '1 day');
SELECT pg_temp.buckets('2024-01-01', '2024-01-02', '0');
SELECT pg_temp.buckets('2024-01-01', '2024-01-02', '-1 day');
SELECT pg_temp.buckets('2024-01-01', '2024-01-02', '-1 month');
SELECT pg_temp.buckets('2024-01-01', '2024-01-02', '1 month 1 day');
SELECT pg_temp.buckets('2024-01-01', '2024-01-02', '2147483647 days');
SELECT count(*) FROM paperfeed.category_trends('4700-01-01 BC', '1000 years', until => '294276-12-31');
SELECT pg_temp.buckets('2024-01-01', '2024-01-02', '2147483647 months') IS NULL;
SELECT pg_temp.buckets('2024-01-01', '2024-01-02', '1 day', 'Nowhere/City');
SELECT count(*) FROM paperfeed.category_trends('infinity');
SELECT count(*) FROM paperfeed.category_trends(k => -1);
SELECT count(*) FROM paperfeed.category_trends('2024-06-04', until => '2024-06-24', k => -1);
SELECT count(*) FROM paperfeed.keyword_trends('2024-06-04', '-1');
SELECT count(*) FROM paperfeed.keyword_trends('1999-01-01', '-1', until => '1999-02-01');
SELECT count(*) FROM paperfeed.keyword_trends(bucket => '-1 week');
\set VERBOSITY default
SELECT count(*) FROM paperfeed.category_trends(NULL);
SELECT count(*) FROM paperfeed.category_trends(bucket => NULL);
SELECT count(*) FROM paperfeed.category_trends('2024-01-01', until => NULL);
SELECT count(*) FROM paperfeed.category_trends('2024-01-01', zone => NULL);
SELECT count(*) FROM paperfeed.keyword_trends(NULL);
SELECT count(*) FROM paperfeed.keyword_trends('2024-01-01', bucket => NULL);
SELECT count(*) FROM paperfeed.keyword_trends('2024-01-01', categories => '{}');

-- the score by its formula; what is no growth for sure is 0, and a decline is negative
SELECT a, n, b, m, round(paperfeed._topic_score(a, n, b, m)::numeric, 6) AS score,
	round(((ln((a + 0.5) / (n + 0.5)) - ln((b + 0.5) / (m + 0.5))
	- 2.5758293035489 * sqrt(1 / (a + 0.5) - 1 / (n + 0.5) + 1 / (b + 0.5) - 1 / (m + 0.5))) / ln(2))::numeric, 6) AS lower
FROM (VALUES (40, 1000, 10, 4000), (10, 1000, 40, 4000), (5, 1000, 60, 1000), (0, 0, 0, 0), (3, 100, 0, 400), (100, 100, 100, 100), (8, 100, 0, 400)) AS v (a, n, b, m);
SELECT paperfeed._topic_score(40, 1000, 10, 4000) = - paperfeed._topic_score(10, 4000, 40, 1000);

-- keywords: 40 titles of old matters, then new ones among them
TRUNCATE paperfeed.papers;
SELECT pg_temp.add(30, '2024-05-01', 'A Study of Parsing for Spoken Languages'), pg_temp.add(10, '2024-05-08', 'Learning to rank results by clicks'),
	pg_temp.add(8, '2024-06-03', 'A Study of Parsing for Spoken Languages'), pg_temp.add(2, '2024-06-18', 'Learning to rank results by clicks'),
	pg_temp.add(2, '2024-06-04', 'Towards Moss Diffusion Models: A Survey'), pg_temp.add(3, '2024-06-18', 'MossNet-2: a moss diffusion model that works'),
	pg_temp.add(1, '2024-06-19', 'We train Moss-Diffusion models'), pg_temp.add(2, '2024-06-19', 'Teaching models for moss diffusion'),
	pg_temp.add(3, '2024-06-18', 'Recovering Gaussian Noise in 2024'), pg_temp.add(2, '2024-06-20', 'We look at Gaussian noise'),
	pg_temp.add(4, '2024-06-21', 'Chain-of-Thorns prompting, chains of thorns'), pg_temp.add(9, '2024-06-21', 'Withdrawn ferns', withdrawn => true);
SELECT rank, keyword, bucket_start::date, papers, round(share::numeric, 3), round(growth::numeric, 3), round(score::numeric, 3)
FROM paperfeed.keyword_trends('2024-06-03', 2, until => '2024-06-24');
SELECT pg_temp.lines('keyword', '''2024-06-03''', 'k => NULL', 'until => ''2024-06-24''');
SELECT count(*) FROM paperfeed.keyword_trends('2024-06-03', 0, until => '2024-06-24');
-- whichever way the table is read
CREATE TEMP TABLE seen AS SELECT * FROM paperfeed.keyword_trends('2024-06-03', NULL, until => '2024-06-24');
CREATE TEMP TABLE shuffled AS SELECT * FROM paperfeed.papers;
TRUNCATE paperfeed.papers;
INSERT INTO paperfeed.papers SELECT * FROM shuffled ORDER BY md5(id::text);
SELECT count(*) > 0, count(*) FILTER (WHERE s IS DISTINCT FROM t) FROM seen AS s
FULL JOIN paperfeed.keyword_trends('2024-06-03', NULL, until => '2024-06-24') AS t USING (rank, bucket_start);
-- other buckets, and none before
SELECT pg_temp.lines('keyword', '''2024-06-03''', 'k => 1', 'bucket => ''1 month''', 'until => ''2024-06-24''');
SELECT count(*) FROM paperfeed.keyword_trends('2024-05-01', until => '2024-06-24');

-- what is a phrase: in 20 papers before, then in some
CREATE FUNCTION pg_temp.phrases(VARIADIC titles text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	TRUNCATE paperfeed.papers;
	PERFORM pg_temp.add(20, '2024-05-01', 'Old matters');
	PERFORM pg_temp.add(2, '2024-06-10', 'Old matters');
	PERFORM pg_temp.add(3, '2024-06-03', t) FROM unnest(titles) AS t;
	SELECT string_agg(format('%s [%s]', keyword, papers), ', ' ORDER BY keyword COLLATE "C") INTO found
	FROM paperfeed.keyword_trends('2024-06-03', NULL, '1 month', until => '2024-06-24');
	RETURN found;
END $$;
SELECT pg_temp.phrases('Large moss models', 'Large moss models for ferns');
SELECT pg_temp.phrases('The moss', 'of moss and of the ferns', 'Towards a Framework for Ferns');
SELECT pg_temp.phrases('Mixture of mosses', 'Mixtures of Moss', 'Mixture-of-Mosses');
SELECT pg_temp.phrases('Moss-as-a-Judge', 'Error-Correcting Ferns', 'Multi-frond systems', 'On-Moss Sampling');
SELECT pg_temp.phrases('Fern4, Moss 2.5 and Moss', 'Fern4 in C++', 'GPT-7 at MOSS 2024', 'A 3D fern', 'Q&A by x');
SELECT pg_temp.phrases('Newton''s moss', 'Newton’s fern', 'Newton – “moss”', 'moss/fern (lichen) [alga]');
SELECT pg_temp.phrases('Growing mosses quickly', 'Mossing', 'Moss growing');
-- seven words are a phrase of four at most
SELECT pg_temp.phrases('alpha bravo charlie delta echo foxtrot golf');
-- any language, any junk
SELECT pg_temp.phrases('苔藓的扩散模型', 'Мхи и лишайники', 'Über Moose und Écologie', 'モスとシダ', '🌿🌿 moss 🌿', 'τ² ferns');
SELECT pg_temp.phrases('', ' ', NULL, '-', '--', '- -', 'a-', '-a', '''', 's', '''s', 'x''s', '.', '..', '&', 'C#', '1', '2024', '1.2.3', E'\n', E'a\u0301', '½', repeat('-', 5000));
SELECT pg_temp.phrases(repeat('x', 61) || ' moss', repeat('y', 60) || ' fern', repeat('苔', 3000), repeat('moss ', 3000), repeat('moss-', 3000));

-- categories narrow both times
TRUNCATE paperfeed.papers;
SELECT pg_temp.add(20, '2024-05-08', 'Moss', '{a,b}'), pg_temp.add(20, '2024-05-08', 'Fern', '{c}'),
	pg_temp.add(5, '2024-06-04', 'Moss', '{b}'), pg_temp.add(5, '2024-06-04', 'Fern', '{b,c}'), pg_temp.add(20, '2024-06-04', 'Moss', '{d}');
SELECT c, keyword, papers, share, growth, score > 0 FROM unnest(ARRAY['{b}', '{a,b}', '{c}', '{b,c}', NULL]) AS c,
	paperfeed.keyword_trends('2024-06-03', categories => c::text[], until => '2024-06-10');
SELECT score = paperfeed._topic_score(25, 30, 20, 40) FROM paperfeed.keyword_trends('2024-06-03', until => '2024-06-10');

-- an index can bound what is read
CREATE FUNCTION pg_temp.reads_all(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, VERBOSE) ' || query LOOP
		IF line ~ 'Seq Scan on paperfeed.papers' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;
SELECT pg_temp.reads_all('TABLE paperfeed.papers');
SET enable_seqscan = off;
SELECT pg_temp.reads_all('SELECT * FROM paperfeed.keyword_trends()'), pg_temp.reads_all('SELECT * FROM paperfeed.category_trends()');
RESET enable_seqscan;

-- the caller's rights count, and policies
CREATE ROLE paperfeed_trends_reader;
GRANT USAGE ON SCHEMA paperfeed TO paperfeed_trends_reader;
SET ROLE paperfeed_trends_reader;
\set VERBOSITY sqlstate
SELECT count(*) FROM paperfeed.category_trends('2024-06-03', until => '2024-06-10');
SELECT count(*) FROM paperfeed.keyword_trends('2024-06-03', until => '2024-06-10');
\set VERBOSITY default
RESET ROLE;
GRANT SELECT ON paperfeed.papers TO paperfeed_trends_reader;
ALTER TABLE paperfeed.papers ENABLE ROW LEVEL SECURITY;
CREATE POLICY b ON paperfeed.papers USING (categories @> '{b}');
SET ROLE paperfeed_trends_reader;
SELECT rank, category, papers FROM paperfeed.category_trends('2024-06-03', until => '2024-06-10');
SELECT rank, keyword, papers FROM paperfeed.keyword_trends('2024-06-03', until => '2024-06-10');
RESET ROLE;
DROP POLICY b ON paperfeed.papers;
ALTER TABLE paperfeed.papers DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON paperfeed.papers FROM paperfeed_trends_reader;
REVOKE USAGE ON SCHEMA paperfeed FROM paperfeed_trends_reader;
DROP ROLE paperfeed_trends_reader;
-- so do no operators and functions of whoever comes first in the search_path
CREATE SCHEMA trap;
CREATE FUNCTION trap.wrong(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR trap.>= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = trap.wrong);
CREATE OPERATOR trap.= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = trap.wrong);
SET search_path = trap, pg_catalog;
SELECT count(*) FROM paperfeed.category_trends('2024-06-03', until => '2024-06-10');
SELECT count(*) FROM paperfeed.keyword_trends('2024-06-03', until => '2024-06-10');
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA trap CASCADE;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;
