-- If this fails, the search index is scanned wrongly where a plan does more with it
-- than read it once: cursors, rescans by joins and LATERAL, bitmaps, parameters of
-- prepared statements, several indexes on a table.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
SET enable_seqscan = off;
SET enable_sort = off;

CREATE TABLE ix_docs (id integer PRIMARY KEY, n integer, tsv tsvector) WITH (autovacuum_enabled = off);
INSERT INTO ix_docs SELECT i, i % 10, to_tsvector('simple', repeat('graph ', i % 7) || repeat('deep ', i % 5) || repeat('pad ', i % 23) || 'number' || i)
	FROM generate_series(1, 400) AS i;
CREATE INDEX ix_docs_tsv ON ix_docs USING paperfeed_bm25 (tsv, n) WITH (config = 'simple', buffer_size = 64);
INSERT INTO ix_docs SELECT i, i % 10, to_tsvector('simple', repeat('graph ', i % 7) || repeat('deep ', i % 5) || repeat('pad ', i % 23) || 'number' || i)
	FROM generate_series(401, 800) AS i;

-- a cursor goes on where it was, whatever is written meanwhile
BEGIN;
DECLARE c CURSOR FOR SELECT id, tsv <=> paperfeed.bm25_query('graph deep', 'ix_docs_tsv') AS d FROM ix_docs ORDER BY 2;
CREATE TEMP TABLE fetched (r serial, id integer, d float8);
CREATE FUNCTION pg_temp.get(n integer) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
	c refcursor := 'c';
	row record;
BEGIN
	FOR i IN 1 .. n LOOP
		FETCH c INTO row;
		EXIT WHEN NOT FOUND;
		INSERT INTO fetched (id, d) VALUES (row.id, row.d);
	END LOOP;
END
$$;
SELECT pg_temp.get(10);
INSERT INTO ix_docs SELECT 1000 + i, 1, to_tsvector('simple', repeat('graph ', 9) || 'new' || i) FROM generate_series(1, 800) AS i;
DELETE FROM ix_docs WHERE id % 3 = 0;
SELECT pg_temp.get(100);
SELECT pg_temp.get(100000);
COMMIT;
SELECT count(*), count(DISTINCT id), max(id), bool_and(d >= before) FROM (SELECT *, lag(d, 1, d) OVER (ORDER BY r) AS before FROM fetched WHERE r < 600) AS f;
-- backwards: not by this index alone
BEGIN;
DECLARE s SCROLL CURSOR FOR SELECT id FROM ix_docs WHERE tsv @@ 'number1 | number2 | number4' ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv');
FETCH 2 FROM s;
FETCH BACKWARD 1 FROM s;
FETCH 2 FROM s;
COMMIT;

-- rescans with other keys: the best of each n, and of each query
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
EXPLAIN (COSTS OFF) SELECT g, best.id FROM generate_series(1, 3) AS g,
	LATERAL (SELECT id, tsv <=> paperfeed.bm25_query('deep', 'ix_docs_tsv') AS d FROM ix_docs WHERE n = g ORDER BY 2 LIMIT 1) AS best;
SELECT g, (SELECT min(d) FROM (SELECT tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv') AS d FROM ix_docs WHERE n = g OFFSET 0) AS t) = best.d
	FROM generate_series(0, 11) AS g,
	LATERAL (SELECT id, tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv') AS d FROM ix_docs WHERE n = g ORDER BY 2 LIMIT 1) AS best;
SELECT q, count(*), bool_and(d <= worst) FROM (VALUES ('graph'), ('deep'), ('missing'), (NULL), ('number5 graph')) AS q (q),
	LATERAL (SELECT tsv <=> paperfeed.bm25_query(q, 'ix_docs_tsv') AS d FROM ix_docs ORDER BY 1 LIMIT 70) AS best,
	LATERAL (SELECT d AS worst FROM (SELECT tsv <=> paperfeed.bm25_query(q, 'ix_docs_tsv') AS d FROM ix_docs OFFSET 0) AS t ORDER BY d OFFSET 69 LIMIT 1) AS w
	GROUP BY q ORDER BY q;
SELECT w, count(d.id) FROM unnest('{number1,number2,number3,graph}'::text[]) AS w LEFT JOIN ix_docs AS d ON d.tsv @@ w::tsquery GROUP BY w ORDER BY w;
-- on both sides of a join
SELECT count(*) FROM (SELECT * FROM ix_docs WHERE tsv @@ 'graph & deep' ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv') LIMIT 5) AS a
	JOIN ix_docs AS b ON b.n = a.n AND b.tsv @@ 'number11 | number12 | number13 | number14';
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- bitmaps, alone and with another index's
SET enable_indexscan = off;
SET enable_sort = on;
CREATE INDEX ix_docs_n ON ix_docs (n);
EXPLAIN (COSTS OFF) SELECT count(*) FROM ix_docs WHERE tsv @@ 'graph & !deep';
SELECT count(*) FROM ix_docs WHERE tsv @@ 'graph & !deep';
SELECT count(*) FROM ix_docs WHERE tsv @@ 'number7' OR id = 8 OR tsv @@ 'number10 & graph';
SELECT count(*) FROM ix_docs WHERE tsv @@ 'graph' AND id < 10;
SET work_mem = '64kB';
SELECT count(*) FROM ix_docs WHERE tsv @@ 'graph';
RESET work_mem;
SET enable_bitmapscan = off; SET enable_seqscan = on;
SELECT count(*) FROM ix_docs WHERE tsv @@ 'graph & !deep';
SELECT count(*) FROM ix_docs WHERE tsv @@ 'number7' OR id = 8 OR tsv @@ 'number10 & graph';
SELECT count(*) FROM ix_docs WHERE tsv @@ 'graph' AND id < 10;
RESET enable_bitmapscan; RESET enable_indexscan; SET enable_seqscan = off; SET enable_sort = off;

-- parameters, of generic plans too
SET plan_cache_mode = force_generic_plan;
PREPARE best(text, integer, integer) AS SELECT count(*), count(*) FILTER (WHERE d < 0) FROM
	(SELECT tsv <=> paperfeed.bm25_query($1, 'ix_docs_tsv') AS d FROM ix_docs WHERE n = $2 ORDER BY 1 LIMIT $3) AS s;
EXECUTE best('graph', 2, 3);
EXECUTE best('missing', 2, 3);
EXECUTE best('graph', NULL, 3);
EXECUTE best(NULL, 2, 3);
EXECUTE best('graph', 2, NULL);
PREPARE matches(tsquery, integer[]) AS SELECT count(*) FROM ix_docs WHERE tsv @@ $1 AND n = ANY ($2);
EXECUTE matches('graph', '{1,2,2,NULL}');
EXECUTE matches('graph', '{}');
EXECUTE matches('graph', NULL);
EXECUTE matches(NULL, '{1}');
RESET plan_cache_mode;

-- two indexes: the one that the query names is the one whose scores count
CREATE INDEX ix_docs_flat ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', b = 0, k1 = 5);
CREATE FUNCTION pg_temp.ordered(ind regclass) RETURNS boolean LANGUAGE sql AS
$$
	SELECT bool_and(d >= before) FROM (SELECT d, lag(d, 1, d) OVER (ORDER BY r) AS before FROM
		(SELECT row_number() OVER () AS r, d FROM (SELECT tsv <=> paperfeed.bm25_query('graph pad', ind) AS d FROM ix_docs ORDER BY 1) AS i) AS i) AS i
$$;
SELECT pg_temp.ordered('ix_docs_tsv'), pg_temp.ordered('ix_docs_flat');
-- descending, and two orders: not by the index, but right
SELECT (SELECT d FROM (SELECT tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv') AS d FROM ix_docs) AS s ORDER BY d DESC NULLS LAST LIMIT 1) = 0;
SELECT count(*) FROM (SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv'), id LIMIT 7) AS s;
SELECT count(*) FROM (SELECT id FROM ix_docs ORDER BY tsv <=> paperfeed.bm25_query('graph', 'ix_docs_tsv'), tsv <=> paperfeed.bm25_query('deep', 'ix_docs_tsv') LIMIT 7) AS s;

SELECT i, c FROM unnest('{ix_docs_tsv,ix_docs_flat}'::regclass[]) AS i, paperfeed.index_check(i) AS c;
DROP TABLE ix_docs;
