-- If this fails, a condition on a column behind the tsvector lets other rows through
-- in the search index than in the table: at the ends of a type, for NULL, NaN or
-- infinity, for text of a collation, for = ANY.
SET client_min_messages = warning;
SET timezone = 'UTC';
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set oracle :abs_srcdir '/test/t/index_oracle.sql'
\set ECHO none
\i :oracle
\set ECHO all

CREATE TABLE ix_docs (id serial, tsv tsvector, c_int2 smallint, c_int4 integer, c_int8 bigint, c_bool boolean, c_float4 real, c_float8 double precision,
	c_date date, c_text text) WITH (autovacuum_enabled = off);
CREATE TABLE ix_times (id serial, tsv tsvector, c_timestamp timestamp, c_timestamptz timestamptz) WITH (autovacuum_enabled = off);
SELECT setseed(0.3);
INSERT INTO ix_docs (tsv, c_int2, c_int4, c_int8, c_bool, c_float4, c_float8, c_date, c_text)
	SELECT oracle.document(20), oracle.value('smallint')::smallint, oracle.value('integer')::integer, oracle.value('bigint')::bigint, oracle.value('boolean')::boolean,
		oracle.value('real')::real, oracle.value('double precision')::float8, oracle.value('date')::date, oracle.value('text') FROM generate_series(1, 150);
CREATE INDEX ix_docs_tsv ON ix_docs USING paperfeed_bm25 (tsv, c_int2, c_int4, c_int8, c_bool, c_float4, c_float8, c_date, c_text) WITH (config = 'simple', buffer_size = 64);
INSERT INTO ix_docs (tsv, c_int2, c_int4, c_int8, c_bool, c_float4, c_float8, c_date, c_text)
	SELECT oracle.document(20), oracle.value('smallint')::smallint, oracle.value('integer')::integer, oracle.value('bigint')::bigint, oracle.value('boolean')::boolean,
		oracle.value('real')::real, oracle.value('double precision')::float8, oracle.value('date')::date, oracle.value('text') FROM generate_series(1, 300);
INSERT INTO oracle.setting VALUES ('ix_docs', 'ix_docs_tsv', 'simple', 1.2, 0.75, '{1,1,1,1}', 20);
CALL oracle.load();

SET enable_seqscan = off;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT id FROM ix_docs WHERE c_int4 >= 3 AND c_text = 'cs.LG' ORDER BY tsv <=> paperfeed.bm25_query('w1', 'ix_docs_tsv') LIMIT 3;
RESET enable_seqscan;
RESET enable_sort;
-- every column, operator and value that the corpus has, with a tsquery and alone
SELECT oracle.match_faults(format('tsv @@ ''w1 | w2'' AND %I %s %L::%s', c.name, op, v, c.type), false)
	FROM oracle.filter_columns('ix_docs') AS c, unnest('{<,<=,=,>=,>}'::text[]) AS op, LATERAL (SELECT oracle.value(c.type) AS v FROM generate_series(1, 6)) AS v
	WHERE c.type <> 'text' OR op = '=';
SELECT oracle.match_faults(oracle.filter(), false) FROM generate_series(1, 150);
SELECT oracle.match_faults(oracle.filter() || ' AND ' || oracle.filter(), false) FROM generate_series(1, 60);
SELECT oracle.faults(oracle.query(20), 10, oracle.filter() || ' AND ' || oracle.filter()) FROM generate_series(1, 60);
-- of another type than the column's
SELECT oracle.match_faults('tsv @@ ''w1'' AND ' || c, false) FROM unnest(ARRAY['c_int2 = 7::bigint', 'c_int2 < 70000', 'c_int2 > -2147483648', 'c_int2 = 70000', 'c_int2 >= 4294967296::bigint',
	'c_int4 >= 4294967296::bigint', 'c_int4 < -9223372036854775808', 'c_int8 = 1::smallint', 'c_int4 = ANY (''{1,9999999999}''::bigint[])', 'c_float4 = 1.5::float8', 'c_float4 < 1e300::float8',
	'c_float4 > ''NaN''::float8', 'c_float4 >= 0.1::float8', 'c_float8 >= ''NaN''', 'c_float8 <= ''NaN''', 'c_float8 = ''-0''', 'c_float8 > ''-Infinity''', 'c_date = timestamp ''2020-01-05 00:00''',
	'c_date > timestamp ''2020-01-05 12:00''', 'c_date < ''infinity''::timestamp', 'c_bool', 'NOT c_bool', 'c_bool IS NOT TRUE', 'c_int4 IS NULL', 'c_int4 IS NOT NULL', 'c_int4 <> 0',
	'c_int4 IN (1, 0, -1)', 'c_int4 = ANY (NULL::integer[])', 'c_int4 = ANY (''{NULL}'')', 'c_int4 > 3 AND c_int4 < 1', 'c_int4 BETWEEN -3 AND 3', 'c_int4 >= 0 AND c_int4 <= 0', 'c_int4 < NULL',
	'c_text = ANY (''{a,NULL,b}'')', 'c_text > ''b''', 'c_text LIKE ''cs.%''', 'c_text = ''A'' COLLATE "C"', 'c_int8 = ALL (''{0}'')', 'c_int8 < ANY (''{0,1}'')']) AS c;
-- after an update of a filter's column alone
UPDATE ix_docs SET c_int4 = 12345 WHERE id % 5 = 0;
SELECT oracle.match_faults('tsv @@ ''w1'' AND c_int4 = 12345');
SELECT oracle.match_faults('c_int4 = 12345');
VACUUM ix_docs;
SELECT oracle.match_faults('c_int4 >= 12345');

-- moments; those with a time zone against dates depend on the setting
CREATE INDEX ix_times_tsv ON ix_times USING paperfeed_bm25 (tsv, c_timestamptz, c_timestamp) WITH (config = 'simple');
INSERT INTO ix_times (tsv, c_timestamp, c_timestamptz)
	SELECT oracle.document(20), oracle.value('timestamp')::timestamp, oracle.value('timestamptz')::timestamptz FROM generate_series(1, 200);
DELETE FROM oracle.setting;
INSERT INTO oracle.setting VALUES ('ix_times', 'ix_times_tsv', 'simple', 1.2, 0.75, '{1,1,1,1}', 20);
CALL oracle.load();
SELECT oracle.match_faults(oracle.filter(), false) FROM generate_series(1, 40);
CREATE FUNCTION pg_temp.moments() RETURNS SETOF text LANGUAGE sql AS
$$
	SELECT oracle.match_faults(c, false) FROM unnest(ARRAY['c_timestamptz = date ''2020-01-01''', 'c_timestamptz >= date ''2020-01-02''', 'c_timestamptz < timestamp ''2020-01-01 12:00''',
		'c_timestamptz <= ''infinity''::date', 'c_timestamp > date ''2020-01-01''', 'c_timestamp < ''infinity''::date', 'c_timestamp >= ''-infinity''::date', 'c_timestamp > date ''5874897-12-31''',
		'c_timestamptz < ''2020-01-01 05:00+02''', 'c_timestamptz > now() - interval ''100 years''']) AS c
$$;
SELECT pg_temp.moments();
SET timezone = 'America/New_York';
SELECT pg_temp.moments();
SET timezone = 'UTC';

-- text of a collation under which two spellings are equal is compared by it
CREATE COLLATION ix_any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE ix_case (id integer, tsv tsvector, c text COLLATE ix_any_case);
INSERT INTO ix_case SELECT i, 'a:1', (ARRAY['CS.lg', 'cs.LG', 'CS.LG', 'cs.cl', NULL, ''])[1 + i % 6] FROM generate_series(1, 60) AS i;
CREATE INDEX ix_case_tsv ON ix_case USING paperfeed_bm25 (tsv, c) WITH (config = 'simple');
SET enable_seqscan = off;
SELECT count(*) FROM ix_case WHERE tsv @@ 'a' AND c = 'cs.lg';
SELECT count(*) FROM ix_case WHERE tsv @@ 'a' AND c = 'cs.lg' COLLATE "C";
SELECT count(*) FROM ix_case WHERE tsv @@ 'a' AND c = ANY ('{cs.Lg,"",x}');
RESET enable_seqscan;

SELECT i, c FROM unnest('{ix_docs_tsv,ix_times_tsv,ix_case_tsv}'::regclass[]) AS i, paperfeed.index_check(i) AS c;
DROP TABLE ix_docs, ix_times, ix_case;
DROP COLLATION ix_any_case;
DROP SCHEMA oracle CASCADE;
