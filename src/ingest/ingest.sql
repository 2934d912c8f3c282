/* src/ingest/ingest.sql: documents to rows */

CREATE TYPE paperfeed.ingest_report AS (
	feed		text,
	status		text,
	http_status	integer,
	seen		bigint,
	added		bigint,
	updated		bigint,
	unchanged	bigint,
	dropped		bigint,
	rejected	bigint,
	bytes		bigint,
	elapsed		interval,
	error		text
);

COMMENT ON TYPE paperfeed.ingest_report IS 'what came of one document';
COMMENT ON COLUMN paperfeed.ingest_report.feed IS 'url of the feed, as in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.ingest_report.status IS 'ok, unchanged (nothing new: HTTP 304 or the same bytes), recovered (read in spite of faults, see error) or failed (see error)';
COMMENT ON COLUMN paperfeed.ingest_report.http_status IS 'HTTP status; NULL where there was none';
COMMENT ON COLUMN paperfeed.ingest_report.seen IS 'records in the document; added + updated + unchanged + dropped + rejected';
COMMENT ON COLUMN paperfeed.ingest_report.added IS 'papers that are new in the table';
COMMENT ON COLUMN paperfeed.ingest_report.updated IS 'papers whose row changed';
COMMENT ON COLUMN paperfeed.ingest_report.unchanged IS 'records that told nothing new, a paper''s second record in one document among them';
COMMENT ON COLUMN paperfeed.ingest_report.dropped IS 'papers that a rule kept out; see paperfeed.rules';
COMMENT ON COLUMN paperfeed.ingest_report.rejected IS 'records that are no papers; see paperfeed.rejects';
COMMENT ON COLUMN paperfeed.ingest_report.bytes IS 'bytes of the document as it was read: of a .gz file, compressed';
COMMENT ON COLUMN paperfeed.ingest_report.elapsed IS 'from the request to the last row';
COMMENT ON COLUMN paperfeed.ingest_report.error IS 'what was wrong; NULL if nothing';

CREATE FUNCTION paperfeed.ingest(source text, target regclass DEFAULT 'paperfeed.papers')
RETURNS paperfeed.ingest_report
AS 'MODULE_PATHNAME', 'pf_ingest'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION paperfeed.ingest(text, regclass) IS
'fetch the feed at an http or https address and write its papers into a table OF paperfeed.paper, with the caller''s rights on it (SELECT, INSERT, UPDATE, and DELETE where rows are joined); remembers the feed in paperfeed.feeds and asks only for what is new; a feed is believed to be of the service whose format it has, so ingest what you trust; a fault of the feed is told in the report and is no error; errors: 22023 for an address of another kind, 42809 or 42P10 for a table that cannot take papers';

CREATE FUNCTION paperfeed.ingest_document(
	document bytea, target regclass DEFAULT 'paperfeed.papers',
	base_url text DEFAULT NULL, content_type text DEFAULT NULL)
RETURNS paperfeed.ingest_report
AS 'MODULE_PATHNAME', 'pf_ingest_document'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION paperfeed.ingest_document(bytea, regclass, text, text) IS
'write the papers in a document into a table OF paperfeed.paper, as paperfeed.ingest does; base_url is the address it came from: links are resolved against it and the feed is remembered under it; NULL document or target gives NULL';

CREATE FUNCTION paperfeed.ingest_file(
	path text, target regclass DEFAULT 'paperfeed.papers', base_url text DEFAULT NULL)
RETURNS paperfeed.ingest_report
AS 'MODULE_PATHNAME', 'pf_ingest_file'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION paperfeed.ingest_file(text, regclass, text) IS
'write the papers in a file on the server, plain or gzip, into a table OF paperfeed.paper, as paperfeed.ingest does; memory does not grow with the file; needs the rights of pg_read_server_files (42501); a relative path starts at the data directory; NULL path or target gives NULL';

REVOKE EXECUTE ON FUNCTION paperfeed.ingest(text, regclass) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.ingest_document(bytea, regclass, text, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.ingest_file(text, regclass, text) FROM PUBLIC;
