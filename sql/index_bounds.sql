--
-- The best rows of an index scan are those of a sort of all rows.  If this fails,
-- a search leaves out what it must not: bounds are too low, fields are mixed up,
-- or conditions are not looked at.
--
\set VERBOSITY terse
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

CREATE TABLE bounds (id serial, tsv tsvector, few int, many int);
CREATE FUNCTION pg_temp.text_of(i int, n int) RETURNS tsvector LANGUAGE SQL IMMUTABLE AS $$
	SELECT to_tsvector('simple', string_agg('w' || (1 + (j * (i % 97 + 1) * 7919 + i * 31) % (3 + (j * i) % 300)), ' '))
	FROM generate_series(1, n) AS j
$$;
INSERT INTO bounds (tsv, few, many)
	SELECT pg_temp.text_of(i, 5 + i % 30), nullif(i % 6, 5), (i * 7919) % 10007 FROM generate_series(1, 6000) AS i;
CREATE INDEX bounds_idx ON bounds USING paperfeed_bm25 (tsv, many, few) WITH (config = simple);

-- how many of the k best by the index have other scores than the k best of all
CREATE FUNCTION pg_temp.wrong(query text, conditions text DEFAULT 'true', k int DEFAULT 20) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	form text := 'SELECT array_agg(round(d::numeric, 9) ORDER BY d) FROM (SELECT tsv <=> %1$s AS d FROM bounds WHERE %2$s ORDER BY tsv <=> %1$s LIMIT %3$s) AS best';
	plan text := '';
	line text;
	fast numeric[];
	slow numeric[];
BEGIN
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_sort = off;
	SET LOCAL enable_bitmapscan = off;
	FOR line IN EXECUTE 'EXPLAIN ' || format(form, query, conditions, k) LOOP
		plan := plan || line;
	END LOOP;
	EXECUTE format(form, query, conditions, k) INTO fast;
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_sort = on;
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_bitmapscan = off;
	EXECUTE format(form, query, conditions, k) INTO slow;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_bitmapscan = on;
	RETURN (SELECT count(*) FROM unnest(fast, slow) AS u(a, b) WHERE a IS DISTINCT FROM b)::text ||
		CASE WHEN plan LIKE '%Index Scan using bounds_%' THEN ' wrong' ELSE ' wrong, without the index' END;
END $$;

-- one term, several, with conditions that make runs of documents, and together with a match
SELECT pg_temp.wrong(q, c, k) FROM
	(VALUES ('w1'), ('w2 w3'), ('w1 w7 w20 w150'), ('w299 w5 none')) AS queries(words)
	CROSS JOIN LATERAL (SELECT format('paperfeed.bm25_query(%L, ''bounds_idx'')', words) AS q) AS x
	CROSS JOIN (VALUES ('true'), ('few = 3'), ('many > 9000'), ('few = ANY (''{1,4}'') AND many < 3000'), ('few < 2'),
		('tsv @@ ''w2 & w3'''), ('tsv @@ ''w1 & !w2'' AND few = 0')) AS conditions(c)
	CROSS JOIN (VALUES (1), (20), (700)) AS ks(k)
	GROUP BY 1;

-- statistics and parameters move away from those of the time when segments were written
INSERT INTO bounds (tsv, few, many) SELECT pg_temp.text_of(i, 300), i % 6, i FROM generate_series(1, 1500) AS i;
SELECT pg_temp.wrong(format('paperfeed.bm25_query(%L, ''bounds_idx'')', words), 'true', k)
	FROM (VALUES ('w1'), ('w2 w3'), ('w1 w7 w20 w150')) AS queries(words) CROSS JOIN (VALUES (1), (10), (500)) AS ks(k) GROUP BY 1;
ALTER INDEX bounds_idx SET (k1 = 0.1, b = 1);
SELECT pg_temp.wrong(format('paperfeed.bm25_query(%L, ''bounds_idx'')', words), c, k)
	FROM (VALUES ('w1'), ('w2 w3'), ('w1 w7 w20 w150')) AS queries(words) CROSS JOIN (VALUES (1), (10), (500)) AS ks(k)
	CROSS JOIN (VALUES ('true'), ('tsv @@ ''w1 & w7''')) AS conditions(c) GROUP BY 1;
ALTER INDEX bounds_idx SET (k1 = 5, b = 0);
SELECT pg_temp.wrong(format('paperfeed.bm25_query(%L, ''bounds_idx'')', words), 'few = 1', k)
	FROM (VALUES ('w1'), ('w2 w3'), ('w1 w7 w20 w150')) AS queries(words) CROSS JOIN (VALUES (1), (10), (500)) AS ks(k) GROUP BY 1;
ALTER INDEX bounds_idx RESET (k1, b);

-- many terms
SELECT pg_temp.wrong(format('paperfeed.bm25_query(%L, ''bounds_idx'')', (SELECT string_agg('w' || i, ' ') FROM generate_series(1, 400) AS i)));

-- counts that change from one stretch of documents to the next, so that bounds do, and conditions that make several runs
TRUNCATE bounds;
CREATE FUNCTION pg_temp.hash(a int, b int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT (hashint8(a * 1000000::bigint + b) & 65535) % n $$;
INSERT INTO bounds (tsv, few, many)
	SELECT string_agg('w' || t || ':' || (SELECT string_agg(p::text, ',') FROM generate_series(1, ('{1,2,6,30}'::int[])[1 + pg_temp.hash(t, i / (40 * t), 4)] + pg_temp.hash(t + 10, i, 3)) AS p), ' ')::tsvector, i / 1500, i % 1500
	FROM generate_series(0, 8999) AS i, (VALUES (1, 1), (2, 2), (3, 3), (4, 20), (5, 150), (6, 7), (7, 1)) AS terms(t, seldom)
	WHERE pg_temp.hash(t + 20, i, seldom) = 0 GROUP BY i ORDER BY i;
REINDEX INDEX bounds_idx;
SELECT words, string_agg(DISTINCT pg_temp.wrong(format('paperfeed.bm25_query(%L, ''bounds_idx'')', words), c || CASE WHEN match THEN format(' AND tsv @@ %L', replace(words, ' ', ' & ')) ELSE '' END, k), ' ')
	FROM (VALUES ('w2', false), ('w5', false), ('w2 w5', false), ('w2 w6 w3 w7', false), ('w1 w4', false), ('w2 w4', true), ('w2 w3 w6', true)) AS queries(words, match)
	CROSS JOIN (VALUES (1), (40)) AS ks(k) CROSS JOIN (VALUES ('true'), ('many < 200'), ('many BETWEEN 700 AND 800 AND few > 1')) AS conditions(c)
	GROUP BY words ORDER BY words;

-- in a block of the rarer word the other one's bound rises, and with it what the rarer one's postings need
TRUNCATE bounds;
INSERT INTO bounds (tsv)
	SELECT CASE WHEN i < 4096 THEN CASE i / 128 WHEN 8 THEN 'much:1,2,3,4,5,6,7,8,9,10' ELSE 'much:1' END || CASE WHEN i IN (0, 16, 32, 2032) THEN ' few:1,2,3,4,5,6,7,8,9,10' WHEN i % 16 = 0 THEN ' few:1' ELSE '' END ELSE 'none' END::tsvector
	FROM generate_series(0, 12287) AS i;
ALTER INDEX bounds_idx SET (b = 0);
REINDEX INDEX bounds_idx;
SELECT pg_temp.wrong('''bounds_idx: few much:4''::paperfeed.bm25query', c, 1) FROM (VALUES ('true'), ('tsv @@ ''few & much''')) AS conditions(c);
ALTER INDEX bounds_idx RESET (b);

-- an index of other weights cannot sort by this one's scores, and says so to the planner
CREATE INDEX bounds_other ON bounds USING paperfeed_bm25 (tsv) WITH (config = simple, weights = '{3,1,1,1}');
SELECT pg_temp.wrong('paperfeed.bm25_query(''w2 w3'', ''bounds_idx'')'), pg_temp.wrong('paperfeed.bm25_query(''w2 w3'', ''bounds_other'')');
ALTER INDEX bounds_idx RENAME TO bounds_named;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'bounds_named'::regclass;
SELECT pg_temp.wrong('paperfeed.bm25_query(''w2 w3'', ''bounds_named'')');
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'bounds_named'::regclass;
DROP TABLE bounds;

-- fields count in a conjunction, and arrays of queries are alternatives
CREATE TABLE fields (id int, tsv tsvector);
INSERT INTO fields VALUES (1, 'foo:1A bar:2'), (2, 'foo:1 bar:2'), (3, 'foo:1B bar:2C'), (4, 'bar:1'), (5, NULL), (6, 'baz:1A');
CREATE INDEX fields_idx ON fields USING paperfeed_bm25 (tsv) WITH (config = simple);
SET enable_seqscan = off;
SELECT id FROM fields WHERE tsv @@ 'foo:D & bar:D' ORDER BY tsv <=> paperfeed.bm25_query('foo:D & bar:D'::tsquery, 'fields_idx'), id;
SELECT id FROM fields WHERE tsv @@ 'foo & bar' ORDER BY tsv <=> paperfeed.bm25_query('foo:A & bar'::tsquery, 'fields_idx'), id;
SELECT array_agg(id ORDER BY id) FROM fields WHERE tsv @@ ANY ('{foo,baz:A,NULL}'::tsquery[]);
SELECT array_agg(id ORDER BY id) FROM fields WHERE tsv @@ ANY ('{NULL}'::tsquery[]);
SELECT count(*) FROM fields;
SELECT paperfeed.bm25_query('fields_idx: ''w'':1e7'::text, 'fields_idx');
SELECT 'fields_idx: ''w'':1e7'::paperfeed.bm25query;
-- what adds up to more than the largest weight has that weight
SELECT 'fields_idx: w:6e5 w:6e5 v:A6e5 v:6e5'::paperfeed.bm25query;
SELECT paperfeed.bm25_query(repeat('Foo ', 1000002) || 'bar', 'fields_idx');
SELECT 'fields_idx: w:1e6 w:1e7'::paperfeed.bm25query;
SELECT 'fields_idx: w:nan w:1'::paperfeed.bm25query;

-- a prefix would show words of rows that a policy hides
CREATE ROLE bounds_reader;
GRANT SELECT ON fields TO bounds_reader;
GRANT USAGE ON SCHEMA paperfeed TO bounds_reader;
ALTER TABLE fields ENABLE ROW LEVEL SECURITY;
CREATE POLICY hidden ON fields USING (id < 4);
SET ROLE bounds_reader;
SELECT paperfeed.bm25_query('ba:*'::tsquery, 'fields_idx');
SELECT id FROM fields ORDER BY tsv <=> paperfeed.bm25_query('foo', 'fields_idx'), id LIMIT 2;
RESET ROLE;
SELECT paperfeed.bm25_query('ba:*'::tsquery, 'fields_idx');
DROP TABLE fields;
DROP OWNED BY bounds_reader;
DROP ROLE bounds_reader;
