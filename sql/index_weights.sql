-- If this fails, weights of the fields do not mean what they say: a weight of n is to
-- be the same as a field that is there n times.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set oracle :abs_srcdir '/test/t/index_oracle.sql'
\set ECHO none
\i :oracle
\set ECHO all

-- D once, C twice, B three times, A not at all; by another index the same words are written so often
CREATE TABLE ix_docs (id serial, tsv tsvector, written tsvector);
DO $$ BEGIN PERFORM setseed(0.6); INSERT INTO ix_docs (tsv) SELECT string_agg(oracle.word(30) || ':' || p || substr('DDDCCBA', oracle.random(1, 7), 1), ' ')::tsvector
	FROM generate_series(1, 500) AS d, LATERAL generate_series(1, 1 + d % 40) AS p GROUP BY d; END $$;
CREATE FUNCTION pg_temp.write(tsv tsvector) RETURNS tsvector LANGUAGE sql AS
$$
	SELECT coalesce(string_agg(lexeme || ':' || r, ' '), '')::tsvector
	FROM (SELECT lexeme, row_number() OVER () AS r FROM unnest(tsv) AS u, unnest(u.weights) AS w, generate_series(1, strpos('DCB', w)) AS n) AS s
$$;
UPDATE ix_docs SET written = pg_temp.write(tsv);
CREATE INDEX ix_docs_weights ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', weights = '{1,2,3,0}');
CREATE INDEX ix_docs_written ON ix_docs USING paperfeed_bm25 (written) WITH (config = 'simple');
SELECT avg_length = (SELECT avg_length FROM paperfeed.index_stats('ix_docs_written')) FROM paperfeed.index_stats('ix_docs_weights');
-- a document whose word is in A alone has the word still: idf differs by that
SELECT count(*) > 0 FROM ix_docs WHERE tsv @@ 'w2' AND NOT written @@ 'w2';
DELETE FROM ix_docs WHERE length(tsv) <> length(written);
-- an old snapshot of autovacuum's would keep the deleted rows in the indexes' statistics
DO $$
BEGIN
	FOR i IN 1 .. 100 LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL);
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$$;
VACUUM FULL ix_docs;
SELECT count(*) > 100 FROM ix_docs;
SELECT q, k, a.d = b.d OR abs(a.d - b.d) < 1e-9 AS same
	FROM unnest('{w1,w1 w2,w5 w10 wö3,w29 w29 w1}'::text[]) AS q, unnest('{1,50}'::integer[]) AS k,
	LATERAL (SELECT sum(d) AS d FROM (SELECT tsv <=> paperfeed.bm25_query(q, 'ix_docs_weights') AS d FROM ix_docs ORDER BY 1 LIMIT k) AS s) AS a,
	LATERAL (SELECT sum(d) AS d FROM (SELECT written <=> paperfeed.bm25_query(q, 'ix_docs_written') AS d FROM ix_docs ORDER BY 1 LIMIT k) AS s) AS b;
SELECT count(*) FROM ix_docs, unnest('{w1,w1 w2,w5 w10 wö3,w29 w29 w1}'::text[]) AS q
	WHERE abs((tsv <=> paperfeed.bm25_query(q, 'ix_docs_weights')) - (written <=> paperfeed.bm25_query(q, 'ix_docs_written'))) > 1e-9;

-- every field by itself
DROP INDEX ix_docs_weights;
CREATE PROCEDURE pg_temp.by_weights(weights text) LANGUAGE plpgsql AS
$$
DECLARE
	fault text;
BEGIN
	DROP INDEX IF EXISTS ix_docs_weights;
	EXECUTE format('CREATE INDEX ix_docs_weights ON ix_docs USING paperfeed_bm25 (tsv) WITH (config = ''simple'', weights = %L)', weights);
	DELETE FROM oracle.setting;
	INSERT INTO oracle.setting VALUES ('ix_docs', 'ix_docs_weights', 'simple', 1.2, 0.75, weights::real[], 30);
	CALL oracle.load();
	FOR fault IN SELECT oracle.faults(q, k) FROM unnest('{w1,w1 w2,w5 w10 wö3,w29 w29 w1}'::text[]) AS q, unnest('{3,2000}'::integer[]) AS k LOOP
		RAISE WARNING '%', fault;
	END LOOP;
END
$$;
CALL pg_temp.by_weights('{1,0,0,0}');
CALL pg_temp.by_weights('{0,1,0,0}');
CALL pg_temp.by_weights('{0,0,1,0}');
CALL pg_temp.by_weights('{0,0,0,1}');
CALL pg_temp.by_weights('{0.1,0.2,0.4,1}');
CALL pg_temp.by_weights('{0.3,0,0,0.7}');
CALL pg_temp.by_weights('{100,50,1e-3,99.9}');
DROP TABLE ix_docs;
DROP SCHEMA oracle CASCADE;
