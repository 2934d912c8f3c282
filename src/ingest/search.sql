/*
 * src/ingest/search.sql: plain full-text search
 *
 * No body here may sort or group by a paperid: pg_upgrade makes functions before
 * operator classes, and looks for the latter when it reads the body.
 */

CREATE FUNCTION paperfeed.document(title text, abstract text, authors text[])
RETURNS tsvector
LANGUAGE SQL IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english'::regconfig, COALESCE(title, '')), 'A')
	OPERATOR(pg_catalog.||) pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english'::regconfig,
		COALESCE(pg_catalog.array_to_string(authors, ' '), '')), 'B')
	OPERATOR(pg_catalog.||) pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english'::regconfig, COALESCE(abstract, '')), 'C');

COMMENT ON FUNCTION paperfeed.document(text, text, text[]) IS
'what search looks at: title (weight A), authors (B) and abstract (C), all read as English; NULLs count as empty';

CREATE FUNCTION paperfeed.search(
	query text, k integer DEFAULT 10, since timestamptz DEFAULT NULL, categories text[] DEFAULT NULL,
	OUT rank integer, OUT score real, OUT id paperfeed.paperid, OUT title text, OUT authors text[],
	OUT published timestamptz, OUT snippet text)
RETURNS SETOF record
LANGUAGE SQL STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	WITH q AS (
		SELECT pg_catalog.websearch_to_tsquery('pg_catalog.english'::regconfig, search.query) AS query
	), hit AS (
		SELECT p.id, p.title, p.abstract, p.authors, p.published,
			pg_catalog.ts_rank(d.document, q.query) AS score
		FROM q, paperfeed.papers AS p
			CROSS JOIN LATERAL (SELECT paperfeed.document(p.title, p.abstract, p.authors) AS document) AS d
		WHERE d.document OPERATOR(pg_catalog.@@) q.query
			AND (search.since IS NULL OR p.published >= search.since)
			AND (search.categories IS NULL OR p.categories OPERATOR(pg_catalog.&&) search.categories)
			AND NOT COALESCE(p.withdrawn, false)
		ORDER BY score DESC, p.published DESC NULLS LAST, p.id::pg_catalog.text COLLATE pg_catalog."C"
		LIMIT search.k
	)
	SELECT (pg_catalog.row_number() OVER (ORDER BY h.score DESC, h.published DESC NULLS LAST, h.id::pg_catalog.text COLLATE pg_catalog."C"))::integer,
		h.score, h.id, h.title, h.authors, h.published,
		pg_catalog.ts_headline('pg_catalog.english'::regconfig, COALESCE(h.abstract, h.title), q.query,
			'StartSel=**, StopSel=**, MaxWords=30, MinWords=15')
	FROM hit AS h, q
	ORDER BY 1;
END;

COMMENT ON FUNCTION paperfeed.search(text, integer, timestamptz, text[]) IS
'the k best of paperfeed.papers for a query in web syntax ("phrase", -word, or), by ts_rank over title, authors and abstract; since and categories (any of them) narrow it; withdrawn papers are left out; score is ts_rank''s, the snippet has the words found between **; k NULL gives all; an empty query or one of stop words finds nothing';
