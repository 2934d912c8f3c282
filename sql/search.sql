-- If this fails, plain full-text search finds other papers than it says, or in
-- an order that changes from run to run.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;

INSERT INTO paperfeed.papers (id, title, abstract, authors, published, categories, withdrawn) VALUES
	('2401.00001', 'Graph networks for proteins', 'We fold proteins by graph networks, and show where that fails.', '{"Ann Bell", "Will Cord"}', '2024-01-01', '{q-bio.BM,cs.LG}', false),
	('2401.00002', 'Proteins without graphs', 'We fold proteins by other means.', '{"Bob Jones"}', '2024-02-01', '{q-bio.BM}', NULL),
	('2401.00003', 'On knots', 'A survey of ropes. It names graph networks once.', '{"A. Eck"}', '2024-03-01', '{math.GT}', false),
	('2401.00004', 'Graph networks, withdrawn', NULL, '{"Carl Jones"}', '2024-03-02', '{cs.LG}', true),
	('2401.00005', 'Twin', 'The same words.', NULL, '2024-04-01', NULL, false),
	('2401.00006', 'Twin', 'The same words.', NULL, '2024-04-02', NULL, false),
	('2401.00008', 'Twin', 'The same words.', NULL, NULL, NULL, false),
	('2401.00007', 'Twin', 'The same words.', NULL, NULL, NULL, false),
	('2401.00009', NULL, 'Abstract without a title.', NULL, NULL, '{}', NULL),
	('2401.00010', NULL, NULL, NULL, NULL, NULL, NULL);

CREATE FUNCTION pg_temp.found(query text, k integer DEFAULT 10, since timestamptz DEFAULT NULL, categories text[] DEFAULT NULL)
RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(substr(id::text, 14), ' ' ORDER BY rank) FROM paperfeed.search(query, k, since, categories) $$;

-- title before authors before abstract; the word's form does not matter
SELECT pg_temp.found('graph'), pg_temp.found('Graphs'), pg_temp.found('networks'), pg_temp.found('proteins');
SELECT pg_temp.found('jones'), pg_temp.found('Bell'), pg_temp.found('will cord');
SELECT rank, round(score::numeric, 3), id, title, authors, published, snippet FROM paperfeed.search('graph networks');
SELECT title, snippet FROM paperfeed.search('abstract') UNION ALL SELECT title, snippet FROM paperfeed.search('knots');

-- all words, either, a phrase, without one
SELECT pg_temp.found('graph proteins'), pg_temp.found('graph knots'), pg_temp.found('graph or ropes'), pg_temp.found('knots or bell');
SELECT pg_temp.found('"graph networks"'), pg_temp.found('"networks graph"'), pg_temp.found('"fold proteins"');
SELECT pg_temp.found('proteins -networks'), pg_temp.found('proteins -network'), pg_temp.found('graph -proteins'), pg_temp.found('graph -jones -bell');

-- ties: the newer, then by id; twice the same
SELECT pg_temp.found('twin'), pg_temp.found('twin') = pg_temp.found('twin');
SELECT rank FROM paperfeed.search('twin');
SELECT pg_temp.found('twin', 2), pg_temp.found('twin', 0), pg_temp.found('twin', NULL);
SET enable_hashjoin = off; SET enable_nestloop = off; SET max_parallel_workers_per_gather = 0;
SELECT pg_temp.found('twin');
RESET enable_hashjoin; RESET enable_nestloop; RESET max_parallel_workers_per_gather;

-- since and categories
SELECT pg_temp.found('graph', since => '2024-01-02'), pg_temp.found('twin', since => '2024-04-02'), pg_temp.found('twin', since => '-infinity');
SELECT pg_temp.found('graph', categories => '{cs.LG}'), pg_temp.found('graph', categories => '{math.GT,q-bio.BM}'),
	pg_temp.found('graph', categories => '{cs}'), pg_temp.found('graph', categories => '{}');

-- withdrawn papers are left out
SELECT pg_temp.found('withdrawn'), pg_temp.found('carl');

-- nothing to look for, and what is no query, find nothing and are no error
SELECT count(*) FROM paperfeed.search('');
SELECT count(*) FROM paperfeed.search('  ');
SELECT count(*) FROM paperfeed.search('the of a will');
SELECT count(*) FROM paperfeed.search(NULL);
SELECT q, pg_temp.found(q) FROM unnest(ARRAY['"', '-', 'or', '& | !', 'graph:*', '(graph', '''', '\', 'graph or', '"graph', '<->', 'graph -']) AS q;
SELECT count(*) FROM paperfeed.search(repeat('knot ', 20000));
\set VERBOSITY sqlstate
SELECT count(*) FROM paperfeed.search('graph', -1);
\set VERBOSITY default

-- what is looked at
SELECT paperfeed.document('Graph networks', 'Networks of the graph', '{"Ann Jones",NULL,"B. Eck"}');
SELECT paperfeed.document(NULL, NULL, NULL) = '', paperfeed.document('', '', '{}') = '';

-- the caller's names are not taken for ours, and neither are his settings
CREATE SCHEMA trap;
CREATE FUNCTION trap.ts_rank(tsvector, tsquery) RETURNS real LANGUAGE sql AS 'SELECT -1::real';
CREATE FUNCTION trap.row_number() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
SET search_path = trap, pg_catalog;
SET default_text_search_config = 'pg_catalog.simple';
SELECT round(score::numeric, 3) FROM paperfeed.search('graph networks');
RESET search_path;
RESET default_text_search_config;
DROP SCHEMA trap CASCADE;

-- with the caller's rights
CREATE ROLE regress_paperfeed_searcher;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_searcher;
SET ROLE regress_paperfeed_searcher;
\set VERBOSITY sqlstate
SELECT count(*) FROM paperfeed.search('graph');
\set VERBOSITY default
RESET ROLE;
DROP OWNED BY regress_paperfeed_searcher;
DROP ROLE regress_paperfeed_searcher;
TRUNCATE paperfeed.papers;
