/*
 * test/bench/search_load.sql: a database for the search benchmark, from the
 * files of search_corpus.pl; psql sets :dir to where they are, :about to what
 * they say of themselves, :stamp to what tells whether they would be made otherwise.
 */
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET synchronous_commit = off;
SET max_parallel_workers_per_gather = 0;

CREATE SCHEMA bench;

CREATE FUNCTION bench.document(title text, abstract text) RETURNS tsvector
LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
	SELECT setweight(to_tsvector('pg_catalog.english', title), 'A')
		|| setweight(to_tsvector('pg_catalog.english', abstract), 'D')
$$;

CREATE UNLOGGED TABLE bench.raw (
	id bigint, title text, abstract text, published timestamptz, tenth integer, category text);
CREATE TABLE bench.extra (LIKE bench.raw);
CREATE TABLE bench.docs (LIKE bench.raw, tsv tsvector);
CREATE TABLE bench.spans (n integer PRIMARY KEY, words text);

\cd :dir
\copy bench.raw FROM 'docs'
\copy bench.extra FROM 'extra'
\copy bench.spans FROM 'spans'

INSERT INTO bench.docs SELECT r.*, bench.document(title, abstract) FROM bench.raw AS r ORDER BY id;
DROP TABLE bench.raw;
ALTER TABLE bench.docs ADD PRIMARY KEY (id);
ALTER TABLE bench.extra ADD PRIMARY KEY (id);
CREATE INDEX docs_published ON bench.docs (published);
CREATE INDEX docs_tenth ON bench.docs (tenth);

/* The quotation marks in a tsquery's text are for lexemes, which have no blanks. */
CREATE TABLE bench.queries AS
SELECT row_number() OVER (ORDER BY n) AS n, s.words, ts::text AS all_of, replace(ts::text, ' & ', ' | ') AS any_of,
	fts.all_of AS fts_all_of, fts.any_of AS fts_any_of
FROM bench.spans AS s
CROSS JOIN LATERAL plainto_tsquery('english', s.words) AS ts
CROSS JOIN LATERAL (
	SELECT string_agg('"' || word || '"', ' ') AS all_of, string_agg('"' || word || '"', ' OR ') AS any_of
	FROM regexp_split_to_table(s.words, '[^[:alnum:]]+') AS word
	WHERE to_tsvector('english', word) <> '') AS fts
WHERE numnode(ts) > 0 AND fts.all_of IS NOT NULL;

CREATE TABLE bench.about AS
SELECT :'about'::text AS about, :'stamp'::text AS stamp, count(*) AS docs,
	percentile_disc(0.9) WITHIN GROUP (ORDER BY published) AS newest_tenth,
	avg(length(title) + length(abstract)) AS characters, avg(length(tsv)) AS terms
FROM bench.docs;

VACUUM (FREEZE, ANALYZE) bench.docs;
VACUUM (FREEZE, ANALYZE) bench.extra;
VACUUM (FREEZE, ANALYZE) bench.queries;
CHECKPOINT;
