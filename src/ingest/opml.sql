/* src/ingest/opml.sql: lists of feeds in and out */

CREATE FUNCTION paperfeed.import_opml(
	document text, target regclass DEFAULT 'paperfeed.papers',
	OUT feed bigint, OUT url text, OUT title text, OUT tags text[], OUT outcome text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_import_opml'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 100 COST 10000;

COMMENT ON FUNCTION paperfeed.import_opml(text, regclass) IS
'have refresh() ask the feeds of an OPML document, as other readers of feeds export it; one row for each, in its order: id in paperfeed.feeds (NULL if refused), address, title, tags, and what came of it: added, known (active or paused already: it only gets the tags that it lacked) or "refused: " and why; nothing is asked yet, and a refused feed does not keep others out; the folders that a feed is in and its categories become tags; a charset that the document names is disregarded, as text has been converted; what is not well-formed is read as far as it can be; no rows for NULL; errors: 2200M if it is no OPML, 42809 or 42P10 for a table that cannot take papers, 42501 without the rights to write to it';

CREATE FUNCTION paperfeed.export_opml(
	target regclass DEFAULT 'paperfeed.papers', passwords boolean DEFAULT false)
RETURNS text
AS 'MODULE_PATHNAME', 'pf_export_opml'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION paperfeed.export_opml(regclass, boolean) IS
'the active and paused feeds of a target as OPML 2.0, all of it ASCII: a feed''s first tag is its folder, the others are its categories (with %2C for a comma), such that import_opml() gives the same addresses, titles and tags; user:password@ is left out of addresses unless passwords is true, headers always are; NULL for NULL';

REVOKE EXECUTE ON FUNCTION paperfeed.import_opml(text, regclass) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.export_opml(regclass, boolean) FROM PUBLIC;
