-- If this fails, an ordering scan of the search index does not give what a sort
-- by the same score gives: another order, a row too few or twice, other scores
-- than the formula's.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set oracle :abs_srcdir '/test/t/index_oracle.sql'
\set ECHO none
\i :oracle
\set ECHO all
SET enable_seqscan = off;
SET enable_sort = off;

CREATE TABLE ix_docs (id integer, tsv tsvector) WITH (autovacuum_enabled = off);
INSERT INTO ix_docs VALUES (1, 'graph:1 network:2'), (2, 'graph:1,2,3 network:4 deep:5'), (3, 'deep:1 learning:2'),
	(4, ''), (5, NULL), (6, 'graph:1A'), (7, 'knot:1 rope:2 string:3 graph:4 other:5 words:6 make:7 it:8 long:9'),
	(8, strip('graph:1,2,3,4 survey:5')), (9, NULL);
CREATE INDEX ix_docs_tsv ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64);

EXPLAIN (COSTS OFF) SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv') LIMIT 3;
-- what matches, the best first; then what does not, at 0; then NULLs
SELECT id, round((tsv <=> paperfeed.bm25_query('graph network', 'ix_docs_tsv'))::numeric, 6) FROM ix_docs
	ORDER BY tsv <=> paperfeed.bm25_query('graph network', 'ix_docs_tsv') LIMIT 5;
SELECT count(*), count(d), count(*) FILTER (WHERE d = 0) FROM
	(SELECT tsv <=> paperfeed.bm25_query('graph network', 'ix_docs_tsv') AS d FROM ix_docs ORDER BY 1) AS s;
SELECT string_agg(coalesce(sign(d)::text, 'NULL'), ' ') FROM
	(SELECT tsv <=> paperfeed.bm25_query('graph network', 'ix_docs_tsv') AS d FROM ix_docs ORDER BY 1 OFFSET 0) AS s;

-- the formula, by hand: 7 documents that are not NULL, 5 of them with graph, 19 positions and 2 lexemes without
SELECT id, abs((tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv')) + ln(1 + (7 - 5 + 0.5) / (5 + 0.5)) * tf / (tf + 1.2 * (0.25 + 0.75 * len / (21 / 7.0)))) < 1e-9 AS right
	FROM ix_docs JOIN (VALUES (1, 1, 2), (2, 3, 5), (6, 1, 1), (7, 1, 9), (8, 1, 2)) AS v (id, tf, len) USING (id) ORDER BY id;
-- a word twice in the query counts twice
SELECT id, (tsv <=> paperfeed.bm25_query('Graph knot graph', 'ix_docs_tsv')) = 2 * (tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv')) AS twice
	FROM ix_docs WHERE id IN (1, 2, 6) ORDER BY id;

-- the oracle agrees
INSERT INTO oracle.setting VALUES ('ix_docs', 'ix_docs_tsv', 'simple', 1.2, 0.75, '{1,1,1,1}', 10);
CALL oracle.load();
SELECT oracle.faults(q, k) FROM unnest('{graph,graph network,deep deep graph,missing,survey missing,knot}'::text[]) AS q, unnest('{1,3,100}'::integer[]) AS k;

-- no terms: everything, in any order
SELECT count(*), count(d), max(d) FROM (SELECT tsv <=> paperfeed.bm25_query('', 'ix_docs_tsv') AS d FROM ix_docs ORDER BY 1 OFFSET 0) AS s;
SELECT count(*) FROM (SELECT id FROM ix_docs ORDER BY tsv <=> NULL::paperfeed.bm25query OFFSET 0) AS s;
SELECT count(*) FROM (SELECT id FROM ix_docs WHERE tsv @@ NULL::tsquery ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv') OFFSET 0) AS s;
-- LIMIT 0, beyond the matches, beyond the rows
SELECT n, (SELECT count(*) FROM (SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('deep', 'ix_docs_tsv') LIMIT n) AS s)
	FROM unnest('{0,1,2,3,8,9,10,1000}'::integer[]) AS n;
-- a tsquery as the query: its terms, each field that it names
SELECT id, round((tsv <=> paperfeed.bm25_query('graph & !network'::tsquery, 'ix_docs_tsv'))::numeric, 6) = round((tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv'))::numeric, 6)
	FROM ix_docs WHERE tsv @@ 'graph' ORDER BY id;
SELECT id FROM ix_docs WHERE (tsv <=> paperfeed.bm25_query('graph:A'::tsquery, 'ix_docs_tsv')) < 0 ORDER BY id;

-- more, in the buffer and in segments; ties are all there
INSERT INTO ix_docs SELECT 100 + i, to_tsvector('simple', 'tie ' || repeat('graph ', i % 4) || repeat('pad' || i || ' ', i % 50)) FROM generate_series(1, 1000) AS i;
CALL oracle.load();
SELECT oracle.faults(q, k) FROM unnest('{graph,tie,tie graph,pad7 pad8 graph,network}'::text[]) AS q, unnest('{1,10,64,65,1008,5000}'::integer[]) AS k;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('tie', 'ix_docs_tsv') OFFSET 0) AS s;

-- every document the same, and each term in each: nothing to tell in a posting
CREATE TABLE ix_same AS SELECT i AS id, 'a:1 b:2'::tsvector AS tsv FROM generate_series(1, 500) AS i;
CREATE INDEX ix_same_tsv ON ix_same USING paperfeed_bm25 (tsv) WITH (config = 'simple');
SELECT count(*), count(DISTINCT id), count(DISTINCT d) FROM (SELECT id, tsv <=> paperfeed.bm25_query('a b', 'ix_same_tsv') AS d FROM ix_same ORDER BY 2 OFFSET 0) AS s;
DELETE FROM ix_same WHERE id % 3 = 0;
VACUUM ix_same;
SELECT count(*), count(DISTINCT id), count(DISTINCT d) FROM (SELECT id, tsv <=> paperfeed.bm25_query('a b', 'ix_same_tsv') AS d FROM ix_same ORDER BY 2 OFFSET 0) AS s;
SELECT * FROM paperfeed.index_check('ix_same_tsv');

-- what needs no column of the table
VACUUM ANALYZE ix_docs;
SELECT count(*) FROM ix_docs;
RESET enable_seqscan;
SELECT count(*) FROM ix_docs;
SELECT count(*) FROM (SELECT 1 FROM ix_docs LIMIT 20) AS s;
SELECT count(*) FROM ix_docs WHERE tsv @@ 'tie';

SELECT * FROM paperfeed.index_check('ix_docs_tsv');
DROP TABLE ix_docs, ix_same;
DROP SCHEMA oracle CASCADE;
