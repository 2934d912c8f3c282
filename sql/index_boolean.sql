-- If this fails, a condition tsvector @@ tsquery by the search index lets other rows
-- through than the same condition by a sequential scan.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set oracle :abs_srcdir '/test/t/index_oracle.sql'
\set ECHO none
\i :oracle
\set ECHO all

CREATE TABLE ix_docs (id serial, tsv tsvector) WITH (autovacuum_enabled = off);
DO $$ BEGIN PERFORM setseed(0.25); INSERT INTO ix_docs (tsv) SELECT oracle.document(40) FROM generate_series(1, 200) AS i; END $$;
CREATE INDEX ix_docs_tsv ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64);
DO $$ BEGIN PERFORM setseed(0.5); INSERT INTO ix_docs (tsv) SELECT oracle.document(40) FROM generate_series(1, 400) AS i; END $$;
INSERT INTO oracle.setting VALUES ('ix_docs', 'ix_docs_tsv', 'simple', 1.2, 0.75, '{1,1,1,1}', 40);
CALL oracle.load();

-- by hand
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', q)) FROM unnest(ARRAY['w1', 'w1 & w2', 'w1 | w39', '!w1', 'w1 & !w2', '!w1 & !w2', '!(w1 | w2)', '!!w1', 'w1 | !w1',
	'w1 & !w1', 'missing', '!missing', 'missing | w1', 'missing & w1', 'w1 & (w2 | w5) & !(w4 & w6)', 'w:*', 'w1:*', '!w1:*', 'w1:* & w2:*', 'x:*', '!x:*', 'wlong:*', 'wö:*',
	'w1:A', 'w1:D', 'w1:AB', 'w1:*C', '!w1:A', 'w1:D & !w1:A', '!w1:D', 'w1 <-> w2', 'w1 <2> w2', 'w1 <0> w1', '!(w1 <-> w2)', 'w1 & !(w1 <-> w1)', 'w1 <-> !w2', '!w1 <-> w2',
	'w1:A <-> w2:*', '(w1 | w5) <-> (w2 & w1)', 'w1 <-> w2 <-> w1', 'w1 | (w2 <-> w4)', '!(!(w1 <-> w2))', 'w5 & (!w1 <-> w2)']) AS q;
-- an empty query matches nothing, and is no error
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', q)) FROM unnest(ARRAY['']) AS q;
-- several conditions at once
SELECT oracle.match_faults(c) FROM unnest(ARRAY[$$tsv @@ 'w1' AND tsv @@ '!w2'$$, $$tsv @@ 'w1' AND NOT tsv @@ 'w2'$$, $$tsv @@ 'w1' AND tsv @@ 'w1 <-> w2'$$,
	$$tsv @@ 'w4' AND tsv @@ 'missing'$$]) AS c;
SELECT oracle.match_faults($$tsv @@ 'w10' OR tsv @@ 'w11'$$, false);
SELECT oracle.match_faults($$tsv @@ 'w1' AND tsv @@ NULL$$, false);

-- a few hundred at random; and as a condition of a ranked scan
SELECT setseed(0.75);
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', oracle.tsquery(40))) FROM generate_series(1, 250);
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', oracle.tsquery(40, 6))) FROM generate_series(1, 20);
SELECT oracle.faults(oracle.query(40), oracle.pick('1', '5', '64', '1000')::integer, format('tsv @@ %L::tsquery', oracle.tsquery(40))) FROM generate_series(1, 80);
-- after deletes, and in the buffer alone
DELETE FROM ix_docs WHERE id % 4 = 1;
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', oracle.tsquery(40))) FROM generate_series(1, 50);
VACUUM ix_docs;
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', oracle.tsquery(40))) FROM generate_series(1, 50);
TRUNCATE ix_docs;
DO $$ BEGIN PERFORM setseed(0.1); INSERT INTO ix_docs (tsv) SELECT oracle.document(40) FROM generate_series(1, 30) AS i; END $$;
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', oracle.tsquery(40))) FROM generate_series(1, 100);

-- a query of many terms
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', (SELECT string_agg('x' || i, ' | ') || ' | w7' FROM generate_series(1, 2000) AS i)));
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', (SELECT string_agg('!x' || i, ' & ') || ' & w7' FROM generate_series(1, 2000) AS i)));
SELECT oracle.match_faults(format('tsv @@ %L::tsquery', repeat('!', 29) || 'w1'));

SELECT * FROM paperfeed.index_check('ix_docs_tsv');
DROP TABLE ix_docs;
DROP SCHEMA oracle CASCADE;
