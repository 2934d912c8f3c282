-- If this fails, the search index does not serve a kind of table, of index or of
-- document: partial, on an expression, of partitions, temporary, unlogged, built
-- concurrently; documents of thousands of words, words of 2046 bytes.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set oracle :abs_srcdir '/test/t/index_oracle.sql'
\set ECHO none
\i :oracle
\set ECHO all
SELECT setseed(0.5);
CREATE TABLE ix_docs (id integer, tsv tsvector, title text, n integer) WITH (autovacuum_enabled = off);
INSERT INTO ix_docs SELECT i, to_tsvector('simple', t), t, i % 10 FROM (SELECT i, oracle.text(200, 1 + i % 20) AS t FROM generate_series(1, 300) AS i OFFSET 0) AS s;

-- concurrently; with data, without, inside a transaction not
CREATE INDEX CONCURRENTLY ix_docs_tsv ON ix_docs USING paperfeed_bm25 (tsv, n) WITH (config = 'simple', buffer_size = 64);
SELECT oracle.agrees('ix_docs', 'ix_docs_tsv');
REINDEX INDEX CONCURRENTLY ix_docs_tsv;
SELECT oracle.agrees('ix_docs', 'ix_docs_tsv');
INSERT INTO ix_docs SELECT 1000 + id, tsv, title, n FROM ix_docs;
REINDEX TABLE CONCURRENTLY ix_docs;
SELECT oracle.agrees('ix_docs', 'ix_docs_tsv');
SELECT indisvalid, indisready FROM pg_index WHERE indexrelid = 'ix_docs_tsv'::regclass;
DROP INDEX CONCURRENTLY ix_docs_tsv;

-- partial: only for queries that imply its condition
CREATE INDEX ix_docs_part ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64) WHERE n < 3;
SELECT oracle.agree('ix_docs', 'ix_docs_part', 'w1 w2 w50', 20, 'n < 3');
SELECT oracle.agree('ix_docs', 'ix_docs_part', 'w1 w2 w50', NULL, 'n < 3 AND tsv @@ ''w1''');
INSERT INTO ix_docs SELECT 5000 + id, tsv, title, n FROM ix_docs WHERE id < 900;
UPDATE ix_docs SET n = 9 - n WHERE id % 7 = 0;
SELECT oracle.agree('ix_docs', 'ix_docs_part', 'w1 w2 w50', 20, 'n < 3');
SET enable_seqscan = off;
SELECT count(*) > 100 FROM (SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('w1', 'ix_docs_part') OFFSET 0) AS s;
RESET enable_seqscan;
SELECT paperfeed.index_check('ix_docs_part');
DROP INDEX ix_docs_part;

-- on an expression, found by writing it the same
CREATE INDEX ix_docs_title ON ix_docs USING paperfeed_bm25 (to_tsvector('simple', title), (n * 2), lower(title)) WITH (config = 'simple', buffer_size = 64);
INSERT INTO ix_docs SELECT 9000 + i, NULL, 'Title number' || i, i FROM generate_series(1, 200) AS i;
SET enable_seqscan = off;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT id FROM ix_docs WHERE n * 2 = 8 ORDER BY to_tsvector('simple', title) <=> paperfeed.bm25_query('title', 'ix_docs_title') LIMIT 2;
SELECT id FROM ix_docs WHERE n * 2 = 8 ORDER BY to_tsvector('simple', title) <=> paperfeed.bm25_query('TITLE number4', 'ix_docs_title') LIMIT 1;
SELECT id FROM ix_docs WHERE lower(title) = 'title number7' AND to_tsvector('simple', title) @@ 'title';
RESET enable_seqscan;
RESET enable_sort;
-- statistics are of the expression, too
SELECT (SELECT to_tsvector('simple', 'title') <=> paperfeed.bm25_query('title', 'ix_docs_title')) < 0;
SELECT paperfeed.index_check('ix_docs_title');
DROP TABLE ix_docs;

-- partitions: each has an index with statistics of its own
CREATE TABLE ix_part (id integer, tsv tsvector, n integer) PARTITION BY RANGE (id);
CREATE TABLE ix_part1 PARTITION OF ix_part FOR VALUES FROM (0) TO (500);
CREATE INDEX ix_part_tsv ON ix_part USING paperfeed_bm25 (tsv, n) WITH (config = 'simple', buffer_size = 64);
CREATE TABLE ix_part2 PARTITION OF ix_part FOR VALUES FROM (500) TO (1000);
INSERT INTO ix_part SELECT i, to_tsvector('simple', oracle.text(200, 1 + i % 20)), i % 5 FROM generate_series(1, 999) AS i;
SELECT relname, relkind FROM pg_class WHERE relname LIKE 'ix\_part%tsv%' ORDER BY 1;
SELECT oracle.agrees('ix_part1', 'ix_part1_tsv_n_idx');
SELECT oracle.agrees('ix_part2', 'ix_part2_tsv_n_idx');
DELETE FROM ix_part WHERE id BETWEEN 600 AND 620;
UPDATE ix_part SET id = id + 150 WHERE id BETWEEN 450 AND 470;
SELECT oracle.agrees('ix_part1', 'ix_part1_tsv_n_idx');
SELECT oracle.agrees('ix_part2', 'ix_part2_tsv_n_idx');
-- all rows, by one partition's statistics or those of all
SELECT oracle.agree('ix_part', 'ix_part1_tsv_n_idx', 'w1 w20', 10);
SELECT oracle.agree('ix_part', 'ix_part1_tsv_n_idx', 'w1 w20', NULL, 'tsv @@ ''w1''');
SELECT oracle.agree('ix_part', 'ix_part_tsv', 'w1 w20', 10);
SELECT oracle.agree('ix_part', 'ix_part_tsv', 'w1 w20', NULL, 'tsv @@ ''w1'' AND n < 3');
SELECT oracle.agree('ix_part2', 'ix_part_tsv', 'w1 w20', 10);
\set VERBOSITY sqlstate
SELECT * FROM paperfeed.index_check('ix_part_tsv');
\set VERBOSITY default
DROP TABLE ix_part;

-- unlogged, temporary
CREATE UNLOGGED TABLE ix_unlogged (id serial, tsv tsvector);
CREATE INDEX ix_unlogged_tsv ON ix_unlogged USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64);
INSERT INTO ix_unlogged (tsv) SELECT to_tsvector('simple', oracle.text(200, 10)) FROM generate_series(1, 800);
SELECT oracle.agrees('ix_unlogged', 'ix_unlogged_tsv');
ALTER TABLE ix_unlogged SET LOGGED;
SELECT oracle.agrees('ix_unlogged', 'ix_unlogged_tsv');
DROP TABLE ix_unlogged;
CREATE TEMP TABLE ix_temp (id serial, tsv tsvector) ON COMMIT DELETE ROWS;
CREATE INDEX ix_temp_tsv ON ix_temp USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64);
BEGIN;
INSERT INTO ix_temp (tsv) SELECT to_tsvector('simple', oracle.text(200, 10)) FROM generate_series(1, 800);
SELECT oracle.agrees('ix_temp', 'ix_temp_tsv');
COMMIT;
SELECT oracle.agrees('ix_temp', 'ix_temp_tsv');
DROP TABLE ix_temp;

-- documents at the limits: many lexemes, the longest, the most positions, built and inserted
CREATE TABLE ix_large (id integer, tsv tsvector) WITH (autovacuum_enabled = off);
CREATE TABLE ix_limits AS SELECT id, tsv FROM (VALUES
	(1, (SELECT array_to_tsvector(array_agg('w' || i)) FROM generate_series(1, 20000) AS i)),
	(2, (SELECT string_agg('w' || i || ':' || (1 + i % 16383) || substr('ABCD', 1 + i % 4, 1), ' ')::tsvector FROM generate_series(1, 20000) AS i)),
	(3, (repeat('x', 2046) || ':1')::tsvector), (4, (repeat('x', 2045) || 'y:1 ' || repeat('x', 2046) || ':2,3')::tsvector),
	(5, ('w1:' || (SELECT string_agg(i::text, ',') FROM generate_series(1, 300) AS i))::tsvector),
	(6, ('w1:' || (SELECT string_agg(i || substr('ABCD', 1 + i % 4, 1), ',') FROM generate_series(1, 255) AS i))::tsvector),
	(7, 'w1:16383A w2:16383'), (8, (SELECT string_agg(repeat(chr(200 + i), 1000) || ':' || i, ' ')::tsvector FROM generate_series(1, 200) AS i)),
	(9, 'w1'), (10, ''), (11, NULL)) AS v (id, tsv);
INSERT INTO ix_large SELECT * FROM ix_limits;
CREATE INDEX ix_large_tsv ON ix_large USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64);
INSERT INTO oracle.setting VALUES ('ix_large', 'ix_large_tsv', 'simple', 1.2, 0.75, '{1,1,1,1}', 10);
CALL oracle.load();
CREATE FUNCTION pg_temp.faults() RETURNS SETOF text LANGUAGE sql AS
$$
	SELECT oracle.faults(q) FROM unnest(ARRAY['w1', 'w1 w2 w20000', repeat('x', 2046), repeat('x', 2045) || 'y w7', repeat('x', 2045), repeat(chr(210), 1000), 'w19999 w19999']) AS q
	UNION ALL SELECT oracle.match_faults(c) FROM unnest(ARRAY['tsv @@ ''w1 & w20000''', 'tsv @@ ''w199:*''', 'tsv @@ ''xx:*''', format('tsv @@ ''%s''', repeat('x', 2046)),
		format('tsv @@ ''%s:*''', repeat('x', 2045)), 'tsv @@ ''!w5''', 'tsv @@ ''w1:A''']) AS c
	UNION ALL SELECT c::text FROM paperfeed.index_check('ix_large_tsv') AS c
$$;
SELECT substr(pg_temp.faults(), 1, 2000);
TRUNCATE ix_large;
INSERT INTO ix_large SELECT * FROM ix_limits ORDER BY id DESC;
SELECT substr(pg_temp.faults(), 1, 2000);
INSERT INTO ix_large SELECT 100 + id, tsv FROM ix_limits;
CALL oracle.load();
SELECT substr(pg_temp.faults(), 1, 2000);
DELETE FROM ix_large WHERE id % 2 = 0;
VACUUM ix_large;
CALL oracle.load();
SELECT substr(pg_temp.faults(), 1, 2000);
DROP TABLE ix_large, ix_limits;
DROP SCHEMA oracle CASCADE;
