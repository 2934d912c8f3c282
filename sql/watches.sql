-- If this fails, a reader is not told of a paper that he watches for, is told of
-- another one, or twice, or sees what another reader looks for.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.feeds, paperfeed.watches, paperfeed.watch_hits;
CREATE ROLE regress_paperfeed_ann;
CREATE ROLE regress_paperfeed_bob;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_ann, regress_paperfeed_bob;
GRANT SELECT ON paperfeed.papers, paperfeed.watches, paperfeed.watch_hits, paperfeed.my_hits TO regress_paperfeed_ann, regress_paperfeed_bob;
GRANT INSERT, UPDATE, DELETE ON paperfeed.watches, paperfeed.watch_hits TO regress_paperfeed_bob;

CREATE FUNCTION pg_temp.bring(papers json) RETURNS text LANGUAGE sql AS
$$ SELECT r.added || ' ' || r.updated || coalesce(' ' || r.error, '') FROM paperfeed.ingest_document(convert_to((SELECT string_agg(p::text, E'\n') FROM json_array_elements(papers) AS p), 'UTF8')) AS r $$;
CREATE FUNCTION pg_temp.found() RETURNS SETOF text LANGUAGE sql AS
$$ SELECT format('%s %s %s%s', w.name, h.paper, h.is_new, CASE WHEN h.similarity IS NOT NULL THEN ' alike' END)
	FROM paperfeed.watch_hits AS h JOIN paperfeed.watches AS w ON w.id = h.watch ORDER BY w.id, h.paper $$;

-- what is asked, one kind each
SELECT count(paperfeed.add_watch(query, authors, categories, sources, name => name)) FROM (VALUES
	('words', 'graph network', NULL::text[], NULL::text[], NULL::text[]),
	('phrase', '"graph network"', NULL, NULL, NULL),
	('either', 'kernel or "tree search"', NULL, NULL, NULL),
	('without', 'graph -molecule', NULL, NULL, NULL),
	('only without', '-graph', NULL, NULL, NULL),
	('beginning', 'mole*', NULL, NULL, NULL),
	('in the title', 'title:molecule', NULL, NULL, NULL),
	('author', NULL, '{"Ada Lovelace"}', NULL, NULL),
	('family name', NULL, '{Gödel}', NULL, NULL),
	('author''s beginning', NULL, '{ada*}', NULL, NULL),
	('category', NULL, NULL, '{cs.lg,math.LO}', NULL),
	('categories', NULL, NULL, '{cs.*}', NULL),
	('all of them', 'graph', '{Lovelace}', '{cs.LG}', NULL),
	('another source', 'graph', NULL, NULL, '{nowhere}'),
	('any source', NULL, NULL, NULL, '{nowhere*}')) AS v (name, query, authors, categories, sources);
SELECT pg_temp.bring('[
	{"id": "2401.00001", "title": "Graph networks", "abstract": "A network of graphs of each molecule.", "authors": ["Ada Lovelace", "B C"], "categories": ["cs.LG"]},
	{"id": "2401.00002", "title": "A network as a graph", "abstract": "Nothing else.", "authors": ["Kurt Goedel", "Kurt G\u00f6del"], "categories": ["math.LO", "cs.AI"]},
	{"id": "2401.00003", "title": "Of molecules", "abstract": "Tree search with kernels.", "authors": ["Augusta Ada"], "categories": ["physics"]},
	{"id": "2401.00004", "title": "Search in a tree", "abstract": "No words of interest.", "authors": ["D. E."], "published": "2001-02-03"}]');
SELECT pg_temp.found();

-- papers that are told apart by one of title, abstract and authors only, in one batch
SELECT paperfeed.add_watch('lemon', name => 'lemon') IS NOT NULL;
SELECT pg_temp.bring('[{"id": "2401.00011", "title": "Fruit", "abstract": "lemon", "authors": ["A B"]}, {"id": "2401.00012", "title": "Fruit", "abstract": "peach", "authors": ["A B"]},
	{"id": "2401.00013", "title": "Fruit", "authors": ["A Lemon"]}, {"id": "2401.00014", "title": "Fruit", "authors": ["A Peach"]}, {"id": "2401.00015", "title": "Lemon"}, {"id": "2401.00016", "title": "Peach"}]');
SELECT * FROM pg_temp.found() AS f WHERE f ~ '^lemon';

-- the same again, and changes of what is not looked at, hit nothing; a change that makes it match does, once
TRUNCATE paperfeed.watch_hits;
SELECT pg_temp.bring('[{"id": "2401.00001", "title": "Graph networks", "abstract": "A network of graphs of each molecule.", "authors": ["Ada Lovelace", "B C"], "categories": ["cs.LG"]}]');
SELECT pg_temp.bring('[{"id": "2401.00001", "title": "Graph networks", "abstract": "A network of graphs of each molecule.", "authors": ["Ada Lovelace", "B C"], "categories": ["cs.LG"], "comment": "Three pages"}]');
SELECT count(*) FROM paperfeed.watch_hits;
UPDATE paperfeed.papers SET version = 1;
SELECT pg_temp.bring('[{"id": "2401.00003", "version": 2, "title": "Of molecules and a graph network", "abstract": "Tree search with kernels.", "authors": ["Augusta Ada"], "categories": ["physics"]}]');
SELECT pg_temp.found();
SELECT pg_temp.bring('[{"id": "2401.00003", "version": 3, "title": "Of molecules and a graph network, again", "abstract": "Tree search with kernels.", "authors": ["Augusta Ada"], "categories": ["physics"]}]');
SELECT count(*), count(DISTINCT at) FROM paperfeed.watch_hits;

-- not asked: paused, too old, withdrawn, switched off; and another table than papers
TRUNCATE paperfeed.watch_hits;
UPDATE paperfeed.watches SET enabled = name = 'phrase';
SELECT watches FROM paperfeed.watch_index();
SELECT pg_temp.bring('[{"id": "2402.00001", "title": "Graph network of today"}, {"id": "2402.00002", "title": "Graph network of old", "published": "1999-01-01"}]');
UPDATE paperfeed.watches SET since = '1990-01-01';
SELECT pg_temp.bring('[{"id": "2402.00003", "title": "Graph network of old", "published": "1999-01-01"}]');
SET paperfeed.match_watches = off;
SELECT pg_temp.bring('[{"id": "2402.00004", "title": "Graph network for nobody"}]');
RESET paperfeed.match_watches;
CREATE TABLE own OF paperfeed.paper (PRIMARY KEY (id));
SELECT added FROM paperfeed.ingest_document(convert_to('{"id": "2402.00005", "title": "Graph network elsewhere"}', 'UTF8'), 'own');
SELECT pg_temp.found();

-- what is not committed is matched by its own transaction, and forgotten with it
BEGIN;
SELECT paperfeed.add_watch('evanescent') IS NOT NULL;
SAVEPOINT s;
UPDATE paperfeed.watches SET enabled = false WHERE name = 'phrase';
SELECT watches FROM paperfeed.watch_index();
ROLLBACK TO s;
SELECT watches FROM paperfeed.watch_index();
SELECT pg_temp.bring('[{"id": "2402.00006", "title": "An evanescent wave"}]');
SELECT count(*) FROM paperfeed.watch_hits JOIN paperfeed.watches ON id = watch WHERE query = 'evanescent';
ROLLBACK;
SELECT watches FROM paperfeed.watch_index();

-- readers: each his own
TRUNCATE paperfeed.watches;
SELECT count(*) FROM paperfeed.watch_hits;
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.add_watch('quantum', name => 'Ann''s') AS ann \gset
RESET ROLE;
SET ROLE regress_paperfeed_bob;
SELECT paperfeed.add_watch('quantum', name => 'Bob''s', notify => true) AS bob \gset
INSERT INTO paperfeed.watches (query, name) VALUES ('entangle*', 'by hand') RETURNING reader, condition;
RESET ROLE;
SELECT pg_temp.bring('[{"id": "2403.00001", "title": "Quantum entanglement"}]');
SET ROLE regress_paperfeed_ann;
SELECT reader, name FROM paperfeed.watches;
SELECT watch = :ann, paper FROM paperfeed.watch_hits;
SELECT name, paper, title, is_new FROM paperfeed.my_hits;
\set VERBOSITY sqlstate
DELETE FROM paperfeed.watches;
\set VERBOSITY default
SELECT paperfeed.remove_watch(:bob), paperfeed.remove_watch(NULL);
RESET ROLE;
SET ROLE regress_paperfeed_bob;
SELECT name, title FROM paperfeed.my_hits ORDER BY name;
UPDATE paperfeed.watches SET name = 'changed' RETURNING id = :bob;
DELETE FROM paperfeed.watch_hits WHERE watch <> :bob RETURNING paper;
\set VERBOSITY sqlstate
UPDATE paperfeed.watches SET reader = 'regress_paperfeed_ann';
INSERT INTO paperfeed.watches (reader, query) VALUES ('regress_paperfeed_ann', 'x-ray');
INSERT INTO paperfeed.watch_hits (watch, paper, is_new) VALUES (:bob, '2403.00001', true);
SELECT * FROM paperfeed.watch_index();
\set VERBOSITY default
SELECT paperfeed.remove_watch(:bob), paperfeed.remove_watch(:bob);
RESET ROLE;
SELECT reader, name, (SELECT count(*) FROM paperfeed.watch_hits WHERE watch = id) FROM paperfeed.watches ORDER BY id;

-- who ingests needs no rights on what is watched for
GRANT SELECT, INSERT, UPDATE ON paperfeed.papers TO regress_paperfeed_ann;
GRANT EXECUTE ON FUNCTION paperfeed.ingest_document TO regress_paperfeed_ann;
REVOKE ALL ON paperfeed.watches, paperfeed.watch_hits FROM regress_paperfeed_ann;
SELECT paperfeed.add_watch(similar_to => '2403.00001', name => 'alike') IS NOT NULL;
SET ROLE regress_paperfeed_ann;
SELECT pg_temp.bring('[{"id": "2403.00002", "title": "Entanglement of quantum states"}]');
RESET ROLE;
SELECT pg_temp.found();
REVOKE EXECUTE ON FUNCTION paperfeed.ingest_document FROM regress_paperfeed_ann;

-- faults of the caller
\set VERBOSITY sqlstate
SELECT paperfeed.add_watch();
SELECT paperfeed.add_watch('"open');
SELECT paperfeed.add_watch('the');
SELECT paperfeed.add_watch('x', name => E'two\nlines');
SELECT paperfeed.add_watch(authors => '{}');
SELECT paperfeed.add_watch(categories => '{NULL}');
SELECT paperfeed.add_watch(sources => (SELECT array_agg(i::text) FROM generate_series(1, 101) AS i));
SELECT paperfeed.add_watch(similar_to => '2403.99999');
SELECT paperfeed.add_watch(similar_to => '2403.00001', min_similarity => 0.01);
SELECT paperfeed.add_watch(similar_to => '2403.00001', min_similarity => 'NaN');
SELECT * FROM paperfeed.try_watch();
SELECT * FROM paperfeed.try_watch('"open');
SELECT * FROM paperfeed.try_watch('x', last => -1);
SELECT * FROM paperfeed.try_watch(authors => '{}');
SELECT * FROM paperfeed.try_watch('x', categories => (SELECT array_agg('c' || i) FROM generate_series(1, 101) AS i));
SELECT * FROM paperfeed.try_watch('x', min_similarity => 'NaN');
UPDATE paperfeed.watches SET query = NULL WHERE name = 'Ann''s';
BEGIN READ ONLY; SELECT paperfeed.add_watch('x'); ROLLBACK;
SELECT count(paperfeed.add_watch('filler')) FROM generate_series(1, 101);
\set VERBOSITY default
SELECT count(*) FROM paperfeed.watches;

-- the past: a trial, and a watch that is told of it
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.feeds, paperfeed.watches;
SELECT pg_temp.bring('[
	{"id": "2404.00001", "title": "Sparse attention", "published": "2024-04-01", "authors": ["A B"]},
	{"id": "2404.00002", "title": "Dense attention", "published": "2024-04-02"},
	{"id": "2404.00003", "title": "Attention withdrawn", "published": "2024-04-03"},
	{"id": "2404.00004", "title": "Attention without a date"},
	{"id": "2404.00005", "title": "Something else", "published": "2024-04-05", "authors": ["A B"]}]');
UPDATE paperfeed.papers SET withdrawn = true WHERE id = '2404.00003';
SELECT * FROM paperfeed.try_watch('attention');
SELECT paper FROM paperfeed.try_watch('attention', last => 2);
SELECT paper FROM paperfeed.try_watch('dense or attention or den* or att*', last => 3);
SELECT paper FROM paperfeed.try_watch(authors => '{b}');
SELECT count(*) FROM paperfeed.try_watch('attention', last => NULL);
SELECT paperfeed.add_watch('attention', name => 'since', since => '2024-04-02') IS NOT NULL, paperfeed.add_watch(authors => '{b}', name => 'author since', since => '2024-04-02', notify => true) IS NOT NULL;
SELECT pg_temp.found();
SELECT pg_temp.bring('[{"id": "2404.00006", "title": "Attention of before", "published": "2024-04-01"}, {"id": "2404.00007", "title": "Attention of after", "published": "2024-04-03"}]');
SELECT pg_temp.found();

-- joined papers are hit once
INSERT INTO paperfeed.watch_hits (watch, paper, is_new) SELECT id, '2404.00002', true FROM paperfeed.watches ON CONFLICT DO NOTHING;
SELECT pg_temp.bring('[{"id": "10.1000/x", "title": "Attention of a journal"}]');
SELECT count(*) FROM paperfeed.watch_hits WHERE paper = '10.1000/x';
SELECT pg_temp.bring('[{"id": "2404.00002", "doi": "10.1000/x", "title": "Dense attention", "published": "2024-04-02"}]');
SELECT pg_temp.found();

-- likeness
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.feeds, paperfeed.watches;
SELECT pg_temp.bring((SELECT json_agg(json_build_object('id', '2405.' || lpad(i::text, 5, '0'), 'title', 'Common words number' || i, 'abstract',
	'We show common results of word' || i % 7 || 'x and thing' || i % 11 || 'y')) FROM generate_series(1, 200) AS i));
SELECT pg_temp.bring('[{"id": "2406.00001", "title": "Zebra stripes and thermal regulation", "abstract": "We show how stripes of the zebra confuse horseflies in thermal images: ε, ε and x2.", "authors": ["Q Mammal"]},
	{"id": "2406.00002", "title": "Horseflies", "doi": "10.1000/flies", "abstract": "Common results."}]');
SELECT paperfeed.add_watch(similar_to => '2406.00001', name => 'zebras', since => '1990-01-01') IS NOT NULL,
	paperfeed.add_watch(similar_to => '10.1000/flies', min_similarity => 0.3, name => 'flies') IS NOT NULL,
	paperfeed.add_watch('-images', similar_to => '2406.00001', name => 'no images') IS NOT NULL,
	paperfeed.add_watch(similar_to => '2406.00001', authors => '{mammal}', name => 'one author') IS NOT NULL;
UPDATE paperfeed.watches SET since = '1990-01-01';
SELECT name, similar_to, words[1:3], cardinality(words), round((SELECT sum(w * w) FROM unnest(weights) AS w)::numeric, 5) FROM paperfeed.watches ORDER BY id;
SELECT pg_temp.bring('[{"id": "2406.00003", "published": "2026-06-03", "title": "Stripes of the zebra", "abstract": "Thermal images of horseflies.", "authors": ["Q Mammal"]},
	{"id": "2406.00004", "published": "2026-06-04", "title": "Stripes of the zebra again", "abstract": "Thermal regulation of horseflies.", "authors": ["Q Quagga"]},
	{"id": "2406.00005", "published": "2026-06-05", "title": "Common words", "abstract": "Common results of the common kind."}]');
SELECT pg_temp.found();
SELECT paper, round(similarity::numeric, 1) FROM paperfeed.try_watch(similar_to => '2406.00001', last => 1000);
-- ... to itself it is not
UPDATE paperfeed.papers SET version = 1 WHERE id = '2406.00001';
SELECT pg_temp.bring('[{"id": "2406.00001", "version": 2, "title": "Zebra stripes and thermal regulation, revised", "abstract": "We show how stripes of the zebra confuse horseflies in thermal images.", "authors": ["Q Mammal"]}]');
SELECT * FROM pg_temp.found() AS f WHERE f ~ '2406.00001';
-- ... of a paper that changes, or becomes another
UPDATE paperfeed.papers SET version = 1 WHERE id = '2406.00002';
SELECT pg_temp.bring('[{"id": "2406.00002", "version": 2, "title": "Butterflies", "abstract": "Common results."}]');
SELECT words[1] FROM paperfeed.watches WHERE name = 'flies';
SELECT pg_temp.bring('[{"id": "10.1000/moth", "title": "Moth lights", "abstract": "Lanterns and moths."}]');
SELECT paperfeed.add_watch(similar_to => '10.1000/moth', name => 'moths') IS NOT NULL;
SELECT pg_temp.bring('[{"id": "2406.00007", "doi": "10.1000/moth", "title": "Moth lights", "abstract": "Lanterns and moths."}]');
SELECT similar_to, words[1] FROM paperfeed.watches WHERE name = 'moths';
-- ... and what does not look like a vector is none
UPDATE paperfeed.watches SET weights = '{1}' WHERE name = 'zebras';
UPDATE paperfeed.watches SET words = '{zebra,NULL}', weights = '{Infinity,NaN}' WHERE name = 'no images';
SELECT pg_temp.bring('[{"id": "2406.00008", "title": "Zebra stripes and horseflies"}]');
SELECT * FROM pg_temp.found() AS f WHERE f ~ '2406.00008';
-- ... nor may it fail the ingest
UPDATE paperfeed.watches SET words = ARRAY['', repeat('x', 3000)], weights = '{1,1}' WHERE name = 'zebras';
SELECT pg_temp.bring('[{"id": "2406.00011", "title": "Zebra stripes"}]');
-- ... without the index nothing is alike, and all else goes on
BEGIN;
DROP INDEX paperfeed.papers_search;
SELECT paperfeed.add_watch('stripes', name => 'words') IS NOT NULL;
SELECT pg_temp.bring('[{"id": "2406.00009", "title": "Zebra stripes"}]');
SELECT * FROM pg_temp.found() AS f WHERE f ~ '2406.00009';
CREATE INDEX papers_search ON paperfeed.papers USING gin (paperfeed.document(title, abstract, authors));
SELECT pg_temp.bring('[{"id": "2406.00010", "title": "Zebra stripes"}]');
SELECT * FROM pg_temp.found() AS f WHERE f ~ '2406.00010';
ROLLBACK;

-- many watches of all kinds against each of many papers
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.feeds, paperfeed.watches;
SELECT FROM (SELECT setseed(0.5)) AS s;
CREATE FUNCTION pg_temp.word() RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT (string_to_array('graph graphs graphic neural network nets learn learning learned deep depth tree trees search kernel kernels sparse dense attention attentive quantum quantity protein proteins prove proof logic logical state-of-the-art 3d x2 Ångström', ' '))[1 + floor(32 * random() * random())::int] $$;
CREATE FUNCTION pg_temp.term() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	r float := random();
	field text := CASE WHEN random() < 0.2 THEN (ARRAY['title:', 'abstract:', 'author:'])[1 + floor(3 * random())::int] ELSE '' END;
BEGIN
	RETURN field || CASE
		WHEN r < 0.5 THEN pg_temp.word()
		WHEN r < 0.6 THEN left(pg_temp.word(), 3 + floor(3 * random())::int) || '*'
		WHEN r < 0.8 THEN format('"%s %s"', pg_temp.word(), pg_temp.word())
		ELSE format('"%s %s %s"', pg_temp.word(), pg_temp.word(), pg_temp.word()) END;
END $$;
CREATE FUNCTION pg_temp.query(depth integer) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	r float := random();
BEGIN
	RETURN CASE
		WHEN depth = 0 OR r < 0.2 THEN pg_temp.term()
		WHEN r < 0.5 THEN format('%s %s', pg_temp.query(depth - 1), pg_temp.query(depth - 1))
		WHEN r < 0.75 THEN format('(%s or %s)', pg_temp.query(depth - 1), pg_temp.query(depth - 1))
		WHEN r < 0.95 THEN format('%s -(%s)', pg_temp.query(depth - 1), pg_temp.query(depth - 1))
		ELSE format('-(%s)', pg_temp.query(depth - 1)) END;
END $$;
CREATE FUNCTION pg_temp.maybe(list text[], chance float) RETURNS text[] LANGUAGE sql VOLATILE AS
$$ SELECT CASE WHEN random() < chance THEN (SELECT array_agg(x) FROM unnest(list) AS x WHERE random() < 0.4) END $$;
INSERT INTO paperfeed.watches (reader, query, authors, categories, sources, since)
	SELECT 'reader', q, a, c, s, '1990-01-01' FROM (
		SELECT i, CASE WHEN random() < 0.8 THEN pg_temp.query(i % 5) END AS q, pg_temp.maybe('{Ada Lovelace,turing,"van der Waals",A. Turing,ada*,kurt gödel}', 0.3) AS a,
			pg_temp.maybe('{cs.LG,cs.*,math.LO,m*,stat.ML,q-bio}', 0.3) AS c, pg_temp.maybe('{json,arxiv,js*}', 0.1) AS s
		FROM generate_series(1, 600) AS i) AS w WHERE COALESCE(q, a::text, c::text, s::text) IS NOT NULL;
SELECT count(*) > 400, count(condition) > 300 FROM paperfeed.watches;
SELECT pg_temp.bring((SELECT json_agg(json_build_object('id', '2407.' || lpad(i::text, 5, '0'), 'title', t, 'abstract', a,
	'authors', COALESCE(pg_temp.maybe('{Ada Lovelace,Alan Turing,Johannes van der Waals,Kurt Gödel,X Graph}', 1), '{N N}'), 'categories', COALESCE(pg_temp.maybe('{cs.LG,cs.AI,math.LO,stat.ML,q-bio,cs}', 1), '{none}')))
	FROM (SELECT i, string_agg(pg_temp.word(), ' ') FILTER (WHERE j < 6) AS t, string_agg(pg_temp.word(), ' ') AS a FROM generate_series(1, 250) AS i, generate_series(1, 5 + i % 20) AS j GROUP BY i) AS p));
CREATE TEMP TABLE expected AS
	WITH p AS MATERIALIZED (
		SELECT id, paperfeed.document(title, abstract, authors) AS words, categories, source,
			ARRAY(SELECT unnest(ARRAY[lower(a), regexp_replace(lower(a), '^.* ', ''), substring(lower(a) FROM 'van der .*')]) FROM unnest(translate(authors::text, 'öÖ', 'oO')::text[]) AS a) AS authors
		FROM paperfeed.papers)
	SELECT w.id AS watch, p.id AS paper FROM paperfeed.watches AS w, p
	WHERE (w.condition IS NULL OR p.words @@ w.condition)
		AND (w.authors IS NULL OR EXISTS (SELECT FROM unnest(w.authors) AS a, unnest(p.authors) AS n WHERE n LIKE replace(replace(lower(translate(a, 'ö', 'o')), '.', ''), '*', '%')))
		AND (w.categories IS NULL OR EXISTS (SELECT FROM unnest(w.categories) AS a, unnest(p.categories) AS n WHERE lower(n) LIKE replace(lower(a), '*', '%')))
		AND (w.sources IS NULL OR EXISTS (SELECT FROM unnest(w.sources) AS a WHERE lower(p.source) LIKE replace(lower(a), '*', '%')));
SELECT count(*) > 1000 FROM expected;
SELECT w.query, w.authors, w.categories, w.sources, count(e.*) AS expected, count(h.*) AS found
FROM expected AS e FULL JOIN paperfeed.watch_hits AS h USING (watch, paper) JOIN paperfeed.watches AS w ON w.id = watch
WHERE e.paper IS NULL OR h.paper IS NULL GROUP BY w.id ORDER BY w.id;

-- more hits than are written at once
BEGIN;
TRUNCATE paperfeed.watches;
INSERT INTO paperfeed.watches (reader, categories, notify) SELECT 'reader ' || i, '{many.X}', i % 2 = 0 FROM generate_series(1, 1010) AS i;
SELECT pg_temp.bring((SELECT json_agg(json_build_object('id', '2408.' || lpad(i::text, 5, '0'), 'title', 'Paper ' || i, 'categories', ARRAY['many.X'])) FROM generate_series(1, 200) AS i));
SELECT notify, count(*), count(DISTINCT watch), count(DISTINCT paper) FROM paperfeed.watch_hits JOIN paperfeed.watches AS w ON w.id = watch GROUP BY notify ORDER BY notify;
ROLLBACK;
-- columns that somebody adds to the tables are no matter
BEGIN;
ALTER TABLE paperfeed.watches ADD COLUMN a text DEFAULT 'a', ADD COLUMN b int, ADD COLUMN c text;
ALTER TABLE paperfeed.watches DROP COLUMN b;
ALTER TABLE paperfeed.rules ADD COLUMN a text DEFAULT 'a';
INSERT INTO paperfeed.rules (name, action, query, tag) VALUES ('more columns', 'tag', 'okapi', 'okapi');
SELECT paperfeed.add_watch('okapi', name => 'more columns', since => '2020-01-01') IS NOT NULL;
SELECT pg_temp.bring('[{"id": "2406.00012", "title": "Okapi"}]');
SELECT name FROM paperfeed.watches AS w JOIN paperfeed.watch_hits AS h ON h.watch = w.id WHERE paper = '2406.00012' AND query IS NOT NULL AND name IS NOT NULL;
SELECT tag FROM paperfeed.paper_tags WHERE paper = '2406.00012';
ROLLBACK;

-- the words of a paper are for those who may read it, and a watch keeps its number
SELECT pg_temp.bring('[{"id": "2406.00013", "title": "Secret okapis of the northern forest"}]');
REVOKE SELECT ON paperfeed.papers FROM regress_paperfeed_ann, regress_paperfeed_bob;
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.add_watch(similar_to => '2406.00013');
SELECT paperfeed.add_watch('okapi') IS NOT NULL;
SET ROLE regress_paperfeed_bob;
INSERT INTO paperfeed.watches (similar_to) VALUES ('2406.00013');
INSERT INTO paperfeed.watches (query) VALUES ('okapi');
UPDATE paperfeed.watches SET id = DEFAULT WHERE query = 'okapi';
RESET ROLE;

DROP TABLE own;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects, paperfeed.feeds, paperfeed.watches;
REVOKE ALL ON ALL TABLES IN SCHEMA paperfeed FROM regress_paperfeed_ann, regress_paperfeed_bob;
REVOKE ALL ON SCHEMA paperfeed FROM regress_paperfeed_ann, regress_paperfeed_bob;
DROP ROLE regress_paperfeed_ann, regress_paperfeed_bob;
