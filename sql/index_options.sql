-- If this fails, an index takes options or columns that it cannot have, refuses what
-- it should take, does not go by its options, or tells its content to somebody who
-- may not read the table.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
CREATE TABLE ix_docs (id serial, tsv tsvector, n integer, t text, j jsonb, v numeric, a integer[]) WITH (autovacuum_enabled = off);
INSERT INTO ix_docs (tsv, n) SELECT to_tsvector('simple', repeat('graph ', i) || repeat('pad ', 9 - i)), i FROM generate_series(1, 9) AS i;
INSERT INTO ix_docs (tsv) VALUES (to_tsvector('simple', 'running')), (to_tsvector('english', 'running'));
\set VERBOSITY terse

-- options that are out of their bounds, or none
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (k1 = -0.1);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (k1 = 10.1);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (k1 = 'NaN');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (b = 1.01);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (b = -1);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (b = 'half');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (buffer_size = 63);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (buffer_size = -1);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'nonesuch');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = '');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = '{1,1,1}');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = '{1,1,1,1,1}');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = '{1,1,1,-1}');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = '{1,1,1,NaN}');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = '{1,1,1,Infinity}');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = '{1,1,1,NULL}');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = '{0,0,0,0}');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = '{1,1,1,100.1}');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (weights = 'heavy');
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) WITH (fillfactor = 70);
-- columns
CREATE INDEX ON ix_docs USING paperfeed_bm25 (n);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (n, tsv);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv, tsv);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv, v);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv, j);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv, a);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv, n, n, n, n, n, n, n, n, n);
CREATE UNIQUE INDEX ON ix_docs USING paperfeed_bm25 (tsv);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv DESC);
CREATE INDEX ON ix_docs USING paperfeed_bm25 (tsv) INCLUDE (n);
ALTER TABLE ix_docs ADD EXCLUDE USING paperfeed_bm25 (tsv WITH @@);
CLUSTER ix_docs USING ix_docs_none;
SELECT count(*) FROM pg_index WHERE indrelid = 'ix_docs'::regclass;

-- the ends that are allowed
CREATE INDEX ix_low ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', k1 = 0, b = 0, weights = '{0,0,0,1}', buffer_size = 64);
CREATE INDEX ix_high ON ix_docs USING paperfeed_bm25 (tsv, n, n, n, n, n, n, n, n) WITH (config = 'pg_catalog.simple', k1 = 10, b = 1, weights = '{100,1,1,0.001}');
-- k1 = 0: only which terms there are; weight 0: what is not in A counts nothing
CREATE INDEX ix_flat ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', k1 = 0);
SELECT count(DISTINCT tsv <=> paperfeed.bm25_query('graph', 'ix_flat')), max(tsv <=> paperfeed.bm25_query('graph', 'ix_low')) FROM ix_docs WHERE n > 0;
-- b = 0: the length does not matter; b = 1: it does
CREATE INDEX ix_b0 ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', b = 0);
SELECT (SELECT tsv <=> paperfeed.bm25_query('graph', 'ix_b0') FROM ix_docs WHERE n = 9) < (SELECT tsv <=> paperfeed.bm25_query('graph', 'ix_b0') FROM ix_docs WHERE n = 8);
-- changed without a new index: k1 and b go at once, also by the index scan
ALTER INDEX ix_b0 SET (k1 = 0);
SELECT count(DISTINCT tsv <=> paperfeed.bm25_query('graph', 'ix_b0')) FROM ix_docs WHERE n > 0;
ALTER INDEX ix_b0 SET (b = 7);
ALTER INDEX ix_b0 RESET (k1, b);
-- the configuration reads the query
CREATE INDEX ix_english ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'english');
SELECT id, tsv FROM ix_docs WHERE (tsv <=> paperfeed.bm25_query('He runs', 'ix_english')) < 0;
SELECT id, tsv FROM ix_docs WHERE (tsv <=> paperfeed.bm25_query('Running', 'ix_b0')) < 0;
-- without one it is the session's
CREATE INDEX ix_default ON ix_docs USING paperfeed_bm25 (tsv);
SET default_text_search_config = 'simple';
SELECT count(*) FROM ix_docs WHERE (tsv <=> paperfeed.bm25_query('Running the', 'ix_default')) < 0;
SET default_text_search_config = 'english';
SELECT count(*) FROM ix_docs WHERE (tsv <=> paperfeed.bm25_query('Running the', 'ix_default')) < 0;
RESET default_text_search_config;

-- a query of another index, or of none
CREATE INDEX ix_btree ON ix_docs (n);
SELECT paperfeed.bm25_query('graph', 'ix_btree');
SELECT paperfeed.bm25_query('graph', 'ix_docs');
SELECT paperfeed.bm25_query('graph', 'ix_nonesuch');
SELECT paperfeed.bm25_query('graph', 0);
SELECT paperfeed.bm25_query('graph'::text, NULL) IS NULL, paperfeed.bm25_query(NULL::text, 'ix_b0') IS NULL;
SELECT paperfeed.index_check('ix_btree');
SELECT paperfeed.index_stats('ix_docs');
SELECT paperfeed.index_segments('ix_btree');
-- its text can be read back; what is no text of one is refused
SELECT paperfeed.bm25_query('graph knot graph', 'ix_b0'), paperfeed.bm25_query('graph:A | kn:*'::tsquery, 'ix_b0');
SELECT (SELECT min(tsv <=> q::text::paperfeed.bm25query) FROM ix_docs) = (SELECT min(tsv <=> q) FROM ix_docs) FROM paperfeed.bm25_query('graph knot graph', 'ix_b0') AS q;
SELECT ''::paperfeed.bm25query;
SELECT 'ix_b0'::paperfeed.bm25query;
SELECT 'ix_b0: ''graph'::paperfeed.bm25query;
SELECT 'graph:1'::tsvector <=> 'ix_btree: ''graph'''::paperfeed.bm25query;
SELECT 'ix_nonesuch: ''graph'''::paperfeed.bm25query;
SELECT 'ix_b0: ''graph'':-1'::paperfeed.bm25query;
SELECT 'ix_b0: ''graph'':NaN'::paperfeed.bm25query;
SELECT 'ix_b0: ''graph'':1e999'::paperfeed.bm25query;
-- the index goes, the query is there still
CREATE TABLE ix_queries (q paperfeed.bm25query);
INSERT INTO ix_queries SELECT paperfeed.bm25_query('graph', 'ix_flat');
DROP INDEX ix_flat;
\set VERBOSITY sqlstate
SELECT count(tsv <=> q) FROM ix_docs, ix_queries;
\set VERBOSITY terse

-- who may not read the table learns nothing by scores
CREATE ROLE ix_reader;
CREATE ROLE ix_stranger;
GRANT USAGE ON SCHEMA paperfeed TO ix_reader, ix_stranger;
GRANT SELECT (id, tsv) ON ix_docs TO ix_reader;
\set VERBOSITY sqlstate
SET ROLE ix_stranger;
SELECT 'graph:1'::tsvector <=> paperfeed.bm25_query('graph', 'ix_b0');
SELECT 'graph:1'::tsvector <=> 'ix_b0: ''graph'''::paperfeed.bm25query;
SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_b0') LIMIT 1;
SELECT paperfeed.bm25_query('gr:*'::tsquery, 'ix_b0');
SELECT * FROM paperfeed.index_check('ix_b0');
SELECT * FROM paperfeed.index_stats('ix_b0');
SELECT * FROM paperfeed.index_segments('ix_b0');
SET ROLE ix_reader;
SELECT ('graph:1'::tsvector <=> paperfeed.bm25_query('graph', 'ix_b0')) < 0;
SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_b0') LIMIT 1;
SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_high') LIMIT 1;
RESET ROLE;
-- row-level security: scores of rows that may not be seen are not given, statistics are those of all
ALTER TABLE ix_docs ENABLE ROW LEVEL SECURITY;
CREATE POLICY ix_few ON ix_docs FOR SELECT TO ix_reader USING (id < 4);
GRANT SELECT ON ix_docs TO ix_reader;
SET ROLE ix_reader;
SET enable_seqscan = off;
SELECT count(*), max(id) FROM (SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_b0') OFFSET 0) AS s;
SELECT ('graph:1'::tsvector <=> paperfeed.bm25_query('graph', 'ix_b0')) < 0;
RESET ROLE;
\set VERBOSITY default

SELECT i, c FROM unnest('{ix_low,ix_high,ix_b0,ix_english,ix_default}'::regclass[]) AS i, paperfeed.index_check(i) AS c;
DROP TABLE ix_docs, ix_queries;
REVOKE USAGE ON SCHEMA paperfeed FROM ix_reader, ix_stranger;
DROP ROLE ix_reader, ix_stranger;
