/*
 * test/bench/watches.sql: papers, and readers who watch for more of their kind; psql
 * sets :dir to where search_corpus.pl's files are, :module to the path of cpu.so.
 */
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET synchronous_commit = off;
SELECT FROM setseed(0.5);
CREATE EXTENSION paperfeed;
CREATE SCHEMA bench;
CREATE FUNCTION bench.cpu() RETURNS double precision AS :'module', 'bench_cpu' LANGUAGE C VOLATILE STRICT;

CREATE UNLOGGED TABLE bench.docs (id bigint, title text, abstract text, published timestamptz, tenth integer, category text);
\cd :dir
\copy bench.docs FROM 'docs'

-- As JSON, a paper a line: two thirds are there before, the others are to come.
CREATE UNLOGGED TABLE bench.lines AS
	SELECT id, id % 3 = 0 AS comes, json_build_object('id', '10.1000/' || id, 'title', title, 'abstract', abstract, 'published', published,
		'categories', json_build_array(category), 'authors', (SELECT json_agg(format('%s Name%s', chr(65 + (random() * 25)::int), floor(random() * 30000))) FROM generate_series(0, id % 6))) AS line
	FROM bench.docs;
CREATE FUNCTION bench.bring(new boolean) RETURNS bigint LANGUAGE sql AS
$$ SELECT (paperfeed.ingest_document(convert_to((SELECT string_agg(line::text, E'\n' ORDER BY id) FROM bench.lines WHERE comes = new), 'UTF8'))).added $$;
SELECT bench.bring(false);
VACUUM ANALYZE;

/*
 * What readers watch for is told by a paper that they liked.  Nobody has a query all of whose words
 * are common: each has one at least that not more than 1 in 100 papers has.
 */
CREATE UNLOGGED TABLE bench.words AS
	SELECT lexeme, count(*) AS papers FROM paperfeed.papers, unnest(paperfeed.document(title, abstract, NULL)) GROUP BY lexeme;
CREATE UNIQUE INDEX ON bench.words (lexeme);
CREATE UNLOGGED TABLE bench.liked AS
	SELECT row_number() OVER (ORDER BY random()) AS n, * FROM (
		SELECT p.id, p.authors, p.categories, array_agg(w ORDER BY papers) AS rare, array_agg(w ORDER BY i) AS words, min(papers) AS least
		FROM paperfeed.papers AS p, regexp_split_to_table(regexp_replace(p.title, '[^[:alpha:] ]', ' ', 'g'), '\s+') WITH ORDINALITY AS t (w, i), bench.words,
			LATERAL (SELECT tsvector_to_array(to_tsvector('pg_catalog.english', w))) AS x (l)
		WHERE lexeme = l[1] AND length(w) > 2 AND papers > 2 GROUP BY p.id) AS p
	WHERE least <= (SELECT count(*) / 100 FROM paperfeed.papers) AND cardinality(words) >= 4;
CREATE FUNCTION bench.query(words text[], rare text[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	r float := random();
	at integer := Greatest(1, Least(array_position(words, rare[1]) - floor(random() * 3)::int, cardinality(words) - 3));
BEGIN
	RETURN CASE
		WHEN r < 0.1 THEN rare[1]
		WHEN r < 0.35 THEN rare[1] || ' ' || rare[2 + floor(random() * 3)::int]
		WHEN r < 0.55 THEN array_to_string(words[at:at + 3], ' ')
		WHEN r < 0.75 THEN format('"%s"', array_to_string(words[at:at + 1 + floor(random() * 2)::int], ' '))
		WHEN r < 0.85 THEN format('%s %s or "%s %s"', rare[1], rare[4], words[1], words[2])
		WHEN r < 0.97 THEN format('%s %s -%s', rare[1], rare[3], rare[2])
		ELSE format('%s* %s', left(rare[1], 5), rare[2]) END;
END
$$;
CREATE FUNCTION bench.watch(wanted integer) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO paperfeed.watches (reader, query, authors, categories, similar_to, since)
	SELECT 'reader ' || i % 1000, CASE WHEN kind < 0.8 THEN bench.query(words, rare) END, CASE WHEN kind BETWEEN 0.8 AND 0.9 THEN authors[1:2] END,
		CASE WHEN kind < 0.1 THEN categories END, CASE WHEN kind > 0.9 THEN id END, '-infinity'
	FROM (SELECT i, random() AS kind, i % (SELECT count(*) FROM bench.liked) + 1 AS n FROM generate_series(1, wanted) AS i) AS g JOIN bench.liked USING (n);
	SELECT count(*) FROM paperfeed.watches;
$$;

CREATE FUNCTION bench.forget() RETURNS void LANGUAGE sql AS $$
	DELETE FROM paperfeed.papers AS p USING bench.lines WHERE comes AND p.id::text = 'doi:' || (line ->> 'id');
	DELETE FROM paperfeed._identity AS i WHERE NOT EXISTS (SELECT FROM paperfeed.papers AS p WHERE p.id = i.paper);
	DELETE FROM paperfeed.sightings AS i WHERE NOT EXISTS (SELECT FROM paperfeed.papers AS p WHERE p.id = i.paper);
	UPDATE paperfeed.feeds SET checksum = NULL;
$$;

/* Bring the papers, forget them again; microseconds of CPU time for each. */
CREATE FUNCTION bench.time(matched boolean, OUT cpu double precision, OUT hits double precision) LANGUAGE plpgsql AS $$
DECLARE
	papers bigint;
BEGIN
	PERFORM set_config('paperfeed.match_watches', matched::text, true);
	PERFORM FROM paperfeed.watch_index();
	BEGIN
		cpu := bench.cpu();
		papers := bench.bring(true);
		cpu := (bench.cpu() - cpu) / papers * 1e6;
		hits := (SELECT count(*) FROM paperfeed.watch_hits)::float / papers;
		RAISE SQLSTATE 'PF000';
	EXCEPTION WHEN SQLSTATE 'PF000' THEN
	END;
END
$$;

/* The same hits once more, without looking for them; microseconds for each. */
CREATE FUNCTION bench.time_hits(OUT cpu double precision) LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	CREATE TEMP TABLE h AS SELECT * FROM paperfeed.watch_hits ORDER BY paper, watch;
	TRUNCATE paperfeed.watch_hits;
	cpu := bench.cpu();
	FOR part IN 0 .. (SELECT count(*) / 10000 FROM h) LOOP
		INSERT INTO paperfeed.watch_hits SELECT * FROM h WHERE h.ctid IN (SELECT ctid FROM h AS s OFFSET part * 10000 LIMIT 10000) ON CONFLICT DO NOTHING;
	END LOOP;
	n := (SELECT count(*) FROM h);
	cpu := (bench.cpu() - cpu) / Greatest(n, 1) * 1e6;
	DROP TABLE h;
END
$$;

/* Hits that asking each watch about each new paper would give and the index did not, or the other way round. */
CREATE FUNCTION bench.wrong(OUT pairs bigint, OUT missed bigint, OUT invented bigint) LANGUAGE plpgsql SET enable_indexscan = off AS $$
BEGIN
	CREATE TEMP TABLE p AS SELECT papers.id, paperfeed.document(title, abstract, authors) AS words, lower(authors::text)::text[] AS authors, categories
		FROM paperfeed.papers JOIN bench.lines ON line ->> 'id' = substr(papers.id::text, 5) WHERE comes ORDER BY random() LIMIT 300;
	CREATE TEMP TABLE e AS SELECT w.id AS watch, p.id AS paper FROM paperfeed.watches AS w, p
		WHERE (w.condition IS NULL OR p.words @@ w.condition) AND (w.authors IS NULL OR lower(w.authors::text)::text[] && p.authors)
			AND (w.categories IS NULL OR w.categories && p.categories) AND w.similar_to IS NULL;
	pairs := (SELECT count(*) FROM p) * (SELECT count(*) FROM paperfeed.watches WHERE similar_to IS NULL);
	SELECT count(*) FILTER (WHERE h.paper IS NULL), count(*) FILTER (WHERE e.paper IS NULL) INTO missed, invented
	FROM e FULL JOIN (SELECT h.* FROM paperfeed.watch_hits AS h JOIN p ON p.id = h.paper JOIN paperfeed.watches AS w ON w.id = h.watch WHERE w.similar_to IS NULL) AS h USING (watch, paper);
	DROP TABLE e, p;
END
$$;
CHECKPOINT;
