/* src/ingest/parse.sql: documents to papers, with nothing stored */

CREATE FUNCTION paperfeed.parse(document bytea, base_url text DEFAULT NULL, content_type text DEFAULT NULL)
RETURNS SETOF paperfeed.paper
AS 'MODULE_PATHNAME', 'pf_parse'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 100 COST 10000;

COMMENT ON FUNCTION paperfeed.parse(bytea, text, text) IS
'the papers in a document: RSS, Atom, RDF, arXiv, OAI-PMH, bioRxiv, PubMed, Europe PMC, ACL Anthology, DBLP, Hugging Face, Crossref, OpenAlex, Semantic Scholar, OpenReview, DataCite, JSON Feed or JSON lines, found by content, plain or gzip; links are resolved against base_url, content_type may name the charset; NULL gives no rows; error 2200M or 22P02 if it is no feed of papers, 54000 over a limit';

CREATE FUNCTION paperfeed.feed_info(
	document bytea, base_url text DEFAULT NULL, content_type text DEFAULT NULL,
	OUT format text, OUT title text, OUT home text, OUT self text, OUT next text,
	OUT resumption_token text, OUT language text, OUT updated timestamptz, OUT ttl integer,
	OUT skip_days text, OUT skip_hours text, OUT total bigint, OUT records bigint,
	OUT charset text, OUT state text, OUT problem text, OUT error_code text, OUT error text)
AS 'MODULE_PATHNAME', 'pf_feed_info_sql'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION paperfeed.feed_info(bytea, text, text) IS
'what a document says of itself: its format, title, home page, next page, OAI-PMH resumption token (empty on the last page), ttl in minutes, size of the whole list, the service''s own error; state is well-formed, recovered (problem says from what) or failed (problem says why); never an error over what the document says';

CREATE FUNCTION paperfeed.fetch(url text)
RETURNS SETOF paperfeed.paper
AS 'MODULE_PATHNAME', 'pf_fetch_sql'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 100 COST 10000;

COMMENT ON FUNCTION paperfeed.fetch(text) IS
'the papers in the document at an http or https address: one request, nothing stored; private addresses are refused unless paperfeed.allow_private_hosts names them; errors: 22023 for an address of another kind, 08xxx where the host or the transfer fails, 54000 over a limit';

REVOKE EXECUTE ON FUNCTION paperfeed.fetch(text) FROM PUBLIC;
