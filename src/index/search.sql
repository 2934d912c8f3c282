/*
 * src/index/search.sql: search in paperfeed.papers
 *
 * No body here may sort or group by a paperid: pg_upgrade makes functions before
 * operator classes, and looks for the latter when it reads the body.  Nor may one
 * name the index by a constant of type regclass: REINDEX CONCURRENTLY puts another
 * index in its place.
 */

CREATE FUNCTION paperfeed.document(title text, abstract text, authors text[])
RETURNS tsvector
AS 'MODULE_PATHNAME', 'pf_document'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3000;

COMMENT ON FUNCTION paperfeed.document(text, text, text[]) IS
'what search looks at: the title (weight A), the authors, as they are and without diacritics (B), and the abstract (C), all read as English; and two lexemes for each author as a whole (they count as D), as in ''bengio y'' and ''yoshua bengio''; of longer ones the first 10 kB of the title, 80 kB of the authors and 50 kB of the abstract; NULLs count as empty';

CREATE INDEX papers_search ON paperfeed.papers
	USING paperfeed_bm25 (paperfeed.document(title, abstract, authors), published)
	WITH (config = 'pg_catalog.english', weights = '{1,1,1,3}');

-- Statistics of documents cost more to gather than they are worth: scans are planned without.
ALTER INDEX paperfeed.papers_search ALTER COLUMN 1 SET STATISTICS 0;

COMMENT ON INDEX paperfeed.papers_search IS 'what paperfeed.search goes by; conditions on published are answered by it, too';

CREATE FUNCTION paperfeed._search_query(
	query text, OUT ranking paperfeed.bm25query, OUT condition tsquery, OUT words tsquery)
AS 'MODULE_PATHNAME', 'pf_search_query'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION paperfeed._search_query(text) IS
'a query of paperfeed.search: the terms that rank by the index papers_search (the 64 that tell the most), the condition that a paper must meet, and the words to mark; NULLs where there is nothing to rank or to find';

-- A function of its own, since the rights on what a statement names are checked whether it gets there or not.
CREATE FUNCTION paperfeed._search_alias(alias paperfeed.paperid) RETURNS paperfeed.paperid
LANGUAGE SQL STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT a.paper FROM paperfeed.aliases AS a WHERE a.alias OPERATOR(pg_catalog.=) _search_alias.alias;
END;

COMMENT ON FUNCTION paperfeed._search_alias(paperfeed.paperid) IS
'the id of the paper that an alias names, or NULL';

-- It has a plan of its own: what it would cost is not to make the planner compile all of search().
CREATE FUNCTION paperfeed._search_newest(
	condition tsquery, k integer, since timestamptz, categories text[],
	OUT id paperfeed.paperid, OUT title text, OUT abstract text, OUT authors text[], OUT published timestamptz)
RETURNS SETOF record
LANGUAGE SQL STABLE PARALLEL SAFE ROWS 10
SET jit = off
BEGIN ATOMIC
	SELECT p.id, p.title, p.abstract, p.authors, p.published
	FROM paperfeed.papers AS p
	WHERE paperfeed.document(p.title, p.abstract, p.authors) OPERATOR(pg_catalog.@@) _search_newest.condition
		AND (_search_newest.since IS NULL OR p.published OPERATOR(pg_catalog.>=) _search_newest.since)
		AND (_search_newest.categories IS NULL OR p.categories OPERATOR(pg_catalog.&&) _search_newest.categories)
		AND p.withdrawn IS NOT TRUE
	ORDER BY p.published DESC NULLS LAST, p.id::pg_catalog.text COLLATE pg_catalog."C"
	LIMIT _search_newest.k;
END;

COMMENT ON FUNCTION paperfeed._search_newest(tsquery, integer, timestamptz, text[]) IS
'the newest k papers that meet a condition, as paperfeed.search narrows them';

CREATE FUNCTION paperfeed.search(
	query text, k integer DEFAULT 10, since timestamptz DEFAULT NULL, categories text[] DEFAULT NULL,
	OUT rank integer, OUT score double precision, OUT id paperfeed.paperid, OUT title text, OUT authors text[],
	OUT published timestamptz, OUT snippet text)
RETURNS SETOF record
LANGUAGE SQL STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	WITH q AS MATERIALIZED (
		SELECT s.ranking, s.condition, s.words, COALESCE(
			CASE WHEN i.id IS NOT NULL AND pg_catalog.has_table_privilege('paperfeed.aliases', 'SELECT')
				THEN paperfeed._search_alias(i.id) END, i.id) AS id
		FROM paperfeed._search_query(search.query) AS s, paperfeed.try_paperid(search.query) AS i (id)
	), hit AS (
		-- the paper whose identity was given
		(SELECT true AS named, p.id, p.title, p.abstract, p.authors, p.published,
			COALESCE(paperfeed.document(p.title, p.abstract, p.authors) OPERATOR(pg_catalog.<=>) (SELECT q.ranking FROM q), 0) AS distance
		FROM paperfeed.papers AS p
		WHERE p.id OPERATOR(pg_catalog.=) (SELECT q.id FROM q)
			AND (search.since IS NULL OR p.published OPERATOR(pg_catalog.>=) search.since)
			AND (search.categories IS NULL OR p.categories OPERATOR(pg_catalog.&&) search.categories))
		UNION ALL
		-- the best of all times
		(SELECT false, p.id, p.title, p.abstract, p.authors, p.published,
			paperfeed.document(p.title, p.abstract, p.authors) OPERATOR(pg_catalog.<=>) (SELECT q.ranking FROM q) AS distance
		FROM paperfeed.papers AS p
		WHERE search.since IS NULL
			AND (SELECT q.ranking IS NOT NULL FROM q)
			AND paperfeed.document(p.title, p.abstract, p.authors) OPERATOR(pg_catalog.@@) (SELECT q.condition FROM q)
			AND (search.categories IS NULL OR p.categories OPERATOR(pg_catalog.&&) search.categories)
			AND p.withdrawn IS NOT TRUE
			AND p.id OPERATOR(pg_catalog.=) (SELECT q.id FROM q) IS NOT TRUE
		ORDER BY distance
		FETCH FIRST (search.k) ROWS WITH TIES)
		UNION ALL
		-- the best since then
		(SELECT false, p.id, p.title, p.abstract, p.authors, p.published,
			paperfeed.document(p.title, p.abstract, p.authors) OPERATOR(pg_catalog.<=>) (SELECT q.ranking FROM q) AS distance
		FROM paperfeed.papers AS p
		WHERE p.published OPERATOR(pg_catalog.>=) search.since
			AND (SELECT q.ranking IS NOT NULL FROM q)
			AND paperfeed.document(p.title, p.abstract, p.authors) OPERATOR(pg_catalog.@@) (SELECT q.condition FROM q)
			AND (search.categories IS NULL OR p.categories OPERATOR(pg_catalog.&&) search.categories)
			AND p.withdrawn IS NOT TRUE
			AND p.id OPERATOR(pg_catalog.=) (SELECT q.id FROM q) IS NOT TRUE
		ORDER BY distance
		FETCH FIRST (search.k) ROWS WITH TIES)
		UNION ALL
		-- the newest, where nothing ranks
		(SELECT false, n.id, n.title, n.abstract, n.authors, n.published, 0
		FROM q CROSS JOIN LATERAL paperfeed._search_newest(q.condition, search.k, search.since, search.categories) AS n
		WHERE q.ranking IS NULL
			AND n.id OPERATOR(pg_catalog.=) q.id IS NOT TRUE)
	), best AS (
		SELECT h.*, pg_catalog.row_number() OVER (
			ORDER BY h.named DESC, h.distance, h.published DESC NULLS LAST, h.id::pg_catalog.text COLLATE pg_catalog."C") AS rank
		FROM hit AS h
		ORDER BY rank
		LIMIT search.k
	)
	SELECT b.rank::integer, 0 OPERATOR(pg_catalog.-) b.distance, b.id, b.title, b.authors, b.published,
		pg_catalog.ts_headline('pg_catalog.english'::regconfig, pg_catalog.left(COALESCE(b.abstract, b.title), 4000),
			COALESCE((SELECT q.words FROM q), ''::tsquery), 'StartSel=**, StopSel=**, MaxWords=30, MinWords=15')
	FROM best AS b
	ORDER BY b.rank;
END;

COMMENT ON FUNCTION paperfeed.search(text, integer, timestamptz, text[]) IS
'the k best of paperfeed.papers for a query, by BM25F over title, authors and abstract (index papers_search): words rank, what is in double quotes must be there, -word or -"phrase" must not, or between two parts: one of them; an identity or an alias (arXiv number, DOI, address ...) finds its paper first, withdrawn or not, other withdrawn papers are left out; since and categories (any of them) narrow it; score is 0 or more, higher is better, comparable within one query; equal scores: the newer first, then by id; the snippet, of the first 4,000 characters of the abstract, has the words found between **; a query of nothing but exclusions gives the newest papers; an empty query, one of stop words and NULL find nothing; k NULL gives all, negative is error 2201W; of a long query the 64 words that tell the most count; errors: 42501 without SELECT on paperfeed.papers, 42704 without the index';

CREATE FUNCTION paperfeed.keywords(
	text text, n integer DEFAULT 10,
	OUT keyword text, OUT score double precision, OUT occurrences bigint, OUT documents bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_keywords'
LANGUAGE C STABLE PARALLEL SAFE ROWS 10 COST 1000;

COMMENT ON FUNCTION paperfeed.keywords(text, integer) IS
'the n words of a text that tell it apart from the papers in paperfeed.papers, in the order of their score, tf * idf by the statistics of the index papers_search: how often the text has the word (occurrences) times ln(1 + (N - documents + 0.5) / (documents + 0.5)), where documents is the number of papers that have it, of N; forms of a word are one, shown as the text spells it most often; stop words, numbers and single letters are none; equal scores are in the order of the words; NULL text gives no rows, n NULL all, negative is error 2201W; needs SELECT on paperfeed.papers';

CREATE FUNCTION paperfeed.bm25_terms(
	query paperfeed.bm25query,
	OUT term text, OUT fields text, OUT weight real, OUT documents bigint, OUT idf double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_bm25_terms'
LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 5 COST 100;

COMMENT ON FUNCTION paperfeed.bm25_terms(paperfeed.bm25query) IS
'the terms of a query by the statistics of its index: fields that count (A to D), weight in the query, documents that have the term, its idf; a term adds to a score at most weight * idf; needs SELECT on what the index is made of';
