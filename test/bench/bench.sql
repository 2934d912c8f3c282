/* test/bench/bench.sql: what bench.pl calls; psql sets :module to the path of cpu.so */

CREATE EXTENSION paperfeed;
CREATE SCHEMA bench;

CREATE FUNCTION bench.cpu() RETURNS double precision
AS :'module', 'bench_cpu' LANGUAGE C VOLATILE STRICT;

/*
 * Parse documents that are in memory already; cpu and wall in seconds.  With
 * more work_mem than the papers take, as this is not about temporary files,
 * and with generic plans, as making others copies the array.
 */
CREATE FUNCTION bench.parse(paths text[],
	OUT cpu double precision, OUT wall double precision, OUT papers bigint)
LANGUAGE plpgsql SET work_mem = '64MB' SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	documents bytea[] := (SELECT array_agg(pg_read_binary_file(p)) FROM unnest(paths) AS p);
	start timestamptz;
BEGIN
	papers := 0;
	start := clock_timestamp();
	cpu := bench.cpu();
	FOR i IN 1 .. cardinality(documents) LOOP
		papers := papers + (SELECT count(*) FROM paperfeed.parse(documents[i]));
	END LOOP;
	cpu := bench.cpu() - cpu;
	wall := extract(epoch FROM clock_timestamp() - start);
END
$$;

/* Ingest files one after the other, in one transaction. */
CREATE FUNCTION bench.ingest(paths text[], target regclass, OUT added bigint, OUT updated bigint)
LANGUAGE plpgsql AS $$
DECLARE
	path text;
	report paperfeed.ingest_report;
BEGIN
	added := 0;
	updated := 0;
	FOREACH path IN ARRAY paths LOOP
		SELECT * INTO report FROM paperfeed.ingest_file(path, target);
		IF report.status NOT IN ('ok', 'unchanged') THEN
			RAISE EXCEPTION '%: % %', path, report.status, report.error;
		END IF;
		added := added + report.added;
		updated := updated + report.updated;
	END LOOP;
END
$$;

/* Forget all papers and what is known of them. */
CREATE PROCEDURE bench.reset()
LANGUAGE SQL AS $$
	TRUNCATE paperfeed.papers, bench.mine, paperfeed._identity, paperfeed.sightings,
		paperfeed.revisions, paperfeed.rejects, paperfeed.feeds, paperfeed.runs, paperfeed.loads,
		bench.papers_copy, bench.mine_copy;
$$;

/* Time a query over an array of texts that is in memory already. */
CREATE FUNCTION bench.over(query text, texts text[],
	OUT cpu double precision, OUT wall double precision)
LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	cpu := bench.cpu();
	EXECUTE query USING texts;
	cpu := bench.cpu() - cpu;
	wall := extract(epoch FROM clock_timestamp() - start);
END
$$;

CREATE TABLE bench.mine OF paperfeed.paper (PRIMARY KEY (id));
CREATE TABLE bench.papers_copy (LIKE paperfeed.papers INCLUDING ALL);
CREATE TABLE bench.mine_copy (LIKE bench.mine INCLUDING ALL);
