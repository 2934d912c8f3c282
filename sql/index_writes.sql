-- If this fails, the search index loses track of its table: of a row that was rolled
-- back, updated, deleted, of one whose place another row took, after TRUNCATE,
-- REINDEX or VACUUM FULL.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set oracle :abs_srcdir '/test/t/index_oracle.sql'
\set ECHO none
\i :oracle
\set ECHO all

-- temporary, so that VACUUM waits for nobody else's snapshot
CREATE TEMP TABLE ix_docs (id serial, tsv tsvector, n integer, note text) WITH (autovacuum_enabled = off, fillfactor = 50);
CREATE INDEX ix_docs_tsv ON ix_docs USING paperfeed_bm25 (tsv, n) WITH (config = 'simple', buffer_size = 64);
-- index result = sequential result, and the index is sound
CREATE FUNCTION pg_temp.faults() RETURNS SETOF text LANGUAGE sql AS $$ SELECT oracle.agrees('ix_docs', 'ix_docs_tsv') $$;
CREATE FUNCTION pg_temp.texts() RETURNS text LANGUAGE sql AS $$ SELECT documents || ' documents, ' || dead || ' dead, ' || texts || ' texts' FROM paperfeed.index_stats('ix_docs_tsv') $$;
-- n rows of words that are always the same ones
CREATE PROCEDURE pg_temp.fill(n integer, seed float8 DEFAULT 0.5) LANGUAGE plpgsql AS
$$ BEGIN PERFORM setseed(seed); INSERT INTO ix_docs (tsv, n) SELECT to_tsvector('simple', oracle.text(300, 15)), i % 7 FROM generate_series(1, n) AS i; END $$;

-- an index of nothing
SELECT pg_temp.faults();
SELECT pg_temp.texts();
VACUUM ix_docs;
SELECT pg_temp.faults();

-- rows of one's own transaction are there at once; of a rolled-back one they go
BEGIN;
CALL pg_temp.fill(5);
SELECT pg_temp.faults();
SAVEPOINT a;
CALL pg_temp.fill(400);
SELECT pg_temp.faults();
ROLLBACK TO a;
SELECT pg_temp.faults();
CALL pg_temp.fill(3);
RELEASE a;
SELECT pg_temp.faults();
COMMIT;
SELECT count(*) FROM ix_docs;
BEGIN;
CALL pg_temp.fill(700);
SELECT pg_temp.faults();
ROLLBACK;
SELECT pg_temp.faults();
SELECT pg_temp.texts();
VACUUM ix_docs;
SELECT pg_temp.texts();
SELECT pg_temp.faults();

-- updates that change the document, the filter, or neither
CALL pg_temp.fill(900);
UPDATE ix_docs SET note = 'a' WHERE id % 3 = 0;
SELECT pg_temp.faults();
UPDATE ix_docs SET tsv = tsv || 'w1:1' WHERE id % 5 = 0;
UPDATE ix_docs SET n = n + 1 WHERE id % 7 = 0;
UPDATE ix_docs SET tsv = NULL WHERE id % 50 = 1;
UPDATE ix_docs SET tsv = '' WHERE id % 50 = 2;
SELECT pg_temp.faults();
-- one row many times in a transaction
BEGIN;
DO $$ BEGIN FOR i IN 1 .. 300 LOOP UPDATE ix_docs SET tsv = to_tsvector('simple', 'version v' || i) WHERE id = 3; END LOOP; END $$;
SELECT count(*) FROM ix_docs WHERE tsv @@ 'version';
SELECT pg_temp.faults();
COMMIT;
SELECT pg_temp.faults();
VACUUM ix_docs;
SELECT pg_temp.faults();
SELECT pg_temp.texts() = format('%s documents, 0 dead, %s texts', count(*), count(tsv)) FROM ix_docs;

-- another row in a place that was a dead one's has its own words only
CREATE TEMP TABLE places AS SELECT ctid AS place FROM ix_docs WHERE id % 2 = 0;
DELETE FROM ix_docs WHERE id % 2 = 0;
SELECT pg_temp.faults();
VACUUM ix_docs;
SELECT pg_temp.faults();
INSERT INTO ix_docs (tsv, n) SELECT to_tsvector('simple', 'again a' || i), i % 7 FROM generate_series(1, 600) AS i;
SELECT count(*) > 100 FROM ix_docs WHERE ctid IN (SELECT place FROM places);
SELECT count(*) FROM ix_docs WHERE tsv @@ 'again';
SELECT pg_temp.faults();
-- deletes of what is in the buffer still
DELETE FROM ix_docs WHERE tsv @@ 'again';
VACUUM ix_docs;
SELECT pg_temp.faults();

-- by VACUUM until nothing is left, and on
DELETE FROM ix_docs;
SELECT pg_temp.faults();
VACUUM ix_docs;
SELECT pg_temp.faults();
SELECT pg_temp.texts();
CALL pg_temp.fill(50);
SELECT pg_temp.faults();
-- without the index, and again
DELETE FROM ix_docs WHERE id % 2 = 0;
VACUUM (INDEX_CLEANUP off) ix_docs;
CALL pg_temp.fill(50);
SELECT pg_temp.faults();
VACUUM (INDEX_CLEANUP on) ix_docs;
SELECT pg_temp.faults();

TRUNCATE ix_docs;
SELECT pg_temp.faults();
CALL pg_temp.fill(300);
BEGIN;
TRUNCATE ix_docs;
CALL pg_temp.fill(20);
SELECT pg_temp.faults();
ROLLBACK;
SELECT count(*) FROM ix_docs;
SELECT pg_temp.faults();
REINDEX INDEX ix_docs_tsv;
SELECT pg_temp.faults();
VACUUM FULL ix_docs;
SELECT pg_temp.faults();
BEGIN;
REINDEX TABLE ix_docs;
CALL pg_temp.fill(300);
ROLLBACK;
SELECT pg_temp.faults();
-- other weights are taken up by the next build
ALTER INDEX ix_docs_tsv SET (weights = '{2,1,1,1}');
SELECT pg_temp.faults();
CALL pg_temp.fill(100);
SELECT pg_temp.faults();
REINDEX INDEX ix_docs_tsv;
SELECT pg_temp.faults();
SELECT avg_length = 2 * (SELECT avg((SELECT sum(coalesce(cardinality(positions), 1)) FROM unnest(tsv))) FROM ix_docs)::float8 FROM paperfeed.index_stats('ix_docs_tsv');
-- a build inside a transaction that goes
BEGIN;
CREATE INDEX ix_docs_two ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple');
CALL pg_temp.fill(300);
ROLLBACK;
SELECT pg_temp.faults();

-- space is used again: as many rows come as go
CALL pg_temp.fill(1000);
VACUUM ix_docs;
\set round 'DELETE FROM ix_docs WHERE id IN (SELECT id FROM ix_docs ORDER BY id LIMIT 500); CALL pg_temp.fill(500); '
:round
VACUUM ix_docs;
:round
VACUUM ix_docs;
:round
VACUUM ix_docs;
SELECT pg_relation_size('ix_docs_tsv') AS before \gset
:round
VACUUM ix_docs;
:round
VACUUM ix_docs;
:round
VACUUM ix_docs;
:round
VACUUM ix_docs;
:round
VACUUM ix_docs;
SELECT CASE WHEN pg_relation_size('ix_docs_tsv') > 1.3 * :before + 262144 THEN pg_relation_size('ix_docs_tsv') - :before ELSE 0 END AS grown;
SELECT pg_temp.faults();

-- A segment that is too large to be written again for few dead ones keeps them: neither they nor the rows that
-- took their places are found by their words.
CREATE TEMP TABLE large (id serial, tsv tsvector, n integer) WITH (autovacuum_enabled = off);
INSERT INTO large (tsv, n) SELECT array_to_tsvector('{old}' || array_agg(repeat(md5(i || ' ' || j), 60))), i % 3
	FROM generate_series(1, 500) AS i, generate_series(1, 10) AS j GROUP BY i ORDER BY i;
CREATE INDEX large_tsv ON large USING paperfeed_bm25 (tsv, n) WITH (config = 'simple', buffer_size = 64);
SELECT pages > 1000 FROM paperfeed.index_segments('large_tsv');
INSERT INTO large (tsv, n) VALUES ('old', 1);
DELETE FROM large WHERE id % 10 = 1;
VACUUM (INDEX_CLEANUP on) large;
SELECT documents, dead FROM paperfeed.index_segments('large_tsv');
INSERT INTO large (tsv, n) SELECT 'new', i % 3 FROM generate_series(1, 100) AS i;
-- those of a second VACUUM come on top
DELETE FROM large WHERE id % 50 = 2;
VACUUM (INDEX_CLEANUP on) large;
SELECT documents, dead FROM paperfeed.index_segments('large_tsv') ORDER BY 1 DESC LIMIT 1;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT count(*) FILTER (WHERE tsv @@ 'new') AS wrong, count(*) FROM (SELECT tsv FROM large ORDER BY tsv <=> paperfeed.bm25_query('old', 'large_tsv') LIMIT 400) AS best;
SELECT count(*) FILTER (WHERE tsv @@ 'new') AS wrong, count(*) FROM (SELECT tsv FROM large WHERE tsv @@ 'old') AS found;
SELECT count(*) FILTER (WHERE tsv @@ 'new') AS wrong, count(*) FROM (SELECT tsv FROM large WHERE n = 1 AND tsv @@ 'old | x') AS found;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM large ORDER BY tsv <=> paperfeed.bm25_query('new', 'large_tsv')) AS every;
RESET enable_seqscan;
RESET enable_sort;
-- those of a large merge are dropped
DELETE FROM large WHERE id % 3 = 0;
VACUUM (INDEX_CLEANUP on) large;
SELECT documents - (SELECT count(*) FROM large) AS too_many, dead FROM paperfeed.index_stats('large_tsv');
SELECT * FROM paperfeed.index_check('large_tsv');
DROP TABLE large;

DROP TABLE ix_docs;
DROP SCHEMA oracle CASCADE;
