/*
 * test/bench/search_quality.sql: what search_quality.pl calls; psql sets :eval
 * to the folder of the judged collections.
 */
\set ON_ERROR_STOP 1
SET client_min_messages = warning;

CREATE EXTENSION paperfeed;
CREATE SCHEMA bench;

CREATE TABLE bench.line (line text);
CREATE TABLE bench.documents (collection text, docid text, tsv tsvector);
CREATE TABLE bench.queries (collection text, qid text, words text);
CREATE TABLE bench.qrels (collection text, qid text, docid text, grade float8);

/* One row of BM25's sums for each term of a document, of all collections. */
CREATE TABLE bench.terms (collection text, docid text, lexeme text, tf float8, length float8);
CREATE TABLE bench.asked (collection text, qid text, lexeme text, n float8);
CREATE TABLE bench.weights (collection text, lexeme text, idf float8, average float8);

CREATE PROCEDURE bench.prepare_terms()
LANGUAGE SQL AS $$
	INSERT INTO bench.terms
	SELECT collection, docid, lexeme, cardinality(positions),
		sum(cardinality(positions)) OVER (PARTITION BY collection, docid)
	FROM bench.documents, unnest(tsv);

	INSERT INTO bench.asked
	SELECT collection, qid, lexeme, cardinality(positions)
	FROM bench.queries, unnest(to_tsvector('english', words));

	INSERT INTO bench.weights
	SELECT t.collection, lexeme, ln(1 + (c.n - count(*) + 0.5) / (count(*) + 0.5)), min(c.average)
	FROM bench.terms AS t
	JOIN (SELECT d.collection, count(*) AS n,
			(SELECT sum(tf) FROM bench.terms AS s WHERE s.collection = d.collection) / count(*) AS average
		FROM bench.documents AS d GROUP BY d.collection) AS c ON c.collection = t.collection
	GROUP BY t.collection, lexeme, c.n;

	CREATE INDEX ON bench.terms (collection, lexeme);
	ANALYZE bench.terms, bench.asked, bench.weights;
$$;

/* BM25 as Lucene has it, from nothing but the tsvectors; lengths are exact. */
CREATE FUNCTION bench.by_sum(asked text, k1 float8, b float8)
RETURNS TABLE (qid text, docid text, rank bigint)
LANGUAGE SQL AS $$
	SELECT qid, docid, row_number() OVER (PARTITION BY qid ORDER BY score DESC, docid)
	FROM (
		SELECT a.qid, t.docid,
			sum(a.n * w.idf * t.tf / (t.tf + k1 * (1 - b + b * t.length / w.average))) AS score
		FROM bench.asked AS a
		JOIN bench.weights AS w USING (collection, lexeme)
		JOIN bench.terms AS t USING (collection, lexeme)
		WHERE a.collection = asked
		GROUP BY a.qid, t.docid) AS scored
$$;

CREATE FUNCTION bench.by_ts_rank(asked text)
RETURNS TABLE (qid text, docid text, rank bigint)
LANGUAGE SQL AS $$
	SELECT q.qid, d.docid, row_number() OVER (PARTITION BY q.qid ORDER BY ts_rank(d.tsv, any_of) DESC, d.docid)
	FROM bench.queries AS q
	CROSS JOIN LATERAL (SELECT replace(plainto_tsquery('english', q.words)::text, ' & ', ' | ')::tsquery AS any_of) AS a
	JOIN bench.documents AS d ON d.collection = q.collection AND d.tsv @@ any_of
	WHERE q.collection = asked
$$;

/* The best hundred by the index, in its order. */
CREATE FUNCTION bench.by_index(asked text, index text)
RETURNS TABLE (qid text, docid text, rank bigint)
LANGUAGE plpgsql AS $$
DECLARE
	q bench.queries;
BEGIN
	FOR q IN SELECT * FROM bench.queries WHERE collection = asked LOOP
		RETURN QUERY EXECUTE format('SELECT %L::text, docid, row_number() OVER () FROM ('
			'SELECT docid FROM bench.%I ORDER BY tsv <=> paperfeed.bm25_query(%L, %L) LIMIT 100) AS best',
			q.qid, asked, q.words, 'bench.' || index);
	END LOOP;
END
$$;

/*
 * nDCG@10 of a list, made by a function above.  A query that is a document of
 * its collection (it is <docid>-<facet> then) does not count as found.
 */
CREATE FUNCTION bench.quality(asked text, run text) RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
	result float8;
BEGIN
	EXECUTE format(
		'WITH run AS MATERIALIZED (
			SELECT qid, docid, row_number() OVER (PARTITION BY qid ORDER BY rank) AS rank FROM %s AS r
			WHERE docid <> split_part(qid, ''-'', 1) OR strpos(qid, ''-'') = 0)
		SELECT avg(ndcg) FROM (
			SELECT paperfeed.ndcg(grade, rank, 10) AS ndcg
			FROM (SELECT * FROM bench.qrels WHERE collection = %L) AS qrels LEFT JOIN run USING (qid, docid)
			GROUP BY qid HAVING max(grade) > 0) AS each', run, asked) INTO result;
	RETURN result;
END
$$;
