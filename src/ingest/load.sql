/* src/ingest/load.sql: files with millions of records */

CREATE TABLE paperfeed.loads (
	id			integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	path		text NOT NULL,
	target		regclass NOT NULL DEFAULT 'paperfeed.papers'::regclass,
	base_url	text,
	size		bigint,
	modified_at	timestamptz,
	head		bigint,
	feed		bigint,
	state		text NOT NULL DEFAULT 'loading' CHECK (state IN ('loading', 'done', 'failed')),
	bytes		bigint NOT NULL DEFAULT 0,
	records		bigint NOT NULL DEFAULT 0,
	added		bigint NOT NULL DEFAULT 0,
	updated		bigint NOT NULL DEFAULT 0,
	unchanged	bigint NOT NULL DEFAULT 0,
	dropped		bigint NOT NULL DEFAULT 0,
	rejected	bigint NOT NULL DEFAULT 0,
	started_at	timestamptz NOT NULL,
	changed_at	timestamptz NOT NULL,
	done_at		timestamptz,
	error		text,
	UNIQUE (path, target)
);

COMMENT ON TABLE paperfeed.loads IS 'files that ingest_files() loaded or is loading, and how far each is; delete a row to have its file loaded from its beginning';
COMMENT ON COLUMN paperfeed.loads.id IS 'number of the load, as in pg_locks while it runs';
COMMENT ON COLUMN paperfeed.loads.path IS 'of the file on the server; a relative one starts at the data directory';
COMMENT ON COLUMN paperfeed.loads.target IS 'table that its papers go to';
COMMENT ON COLUMN paperfeed.loads.base_url IS 'address that its links are resolved against';
COMMENT ON COLUMN paperfeed.loads.size IS 'of the file, in bytes; with the next two it tells whether the file is still the same; NULL = it could not be opened';
COMMENT ON COLUMN paperfeed.loads.modified_at IS 'when the file was last changed, in whole seconds';
COMMENT ON COLUMN paperfeed.loads.head IS 'CRC-32C of its first 64 kB';
COMMENT ON COLUMN paperfeed.loads.feed IS 'id in paperfeed.feeds, as in sightings and rejects; NULL = nothing is committed yet';
COMMENT ON COLUMN paperfeed.loads.state IS 'loading (under way if paperfeed.progress shows it; else it was broken off, and the next call goes on), done, or failed (see error; the next call tries again)';
COMMENT ON COLUMN paperfeed.loads.bytes IS 'of the file, that were read when the last batch was committed';
COMMENT ON COLUMN paperfeed.loads.records IS 'records that are committed; added + updated + unchanged + dropped + rejected';
COMMENT ON COLUMN paperfeed.loads.added IS 'papers that were new';
COMMENT ON COLUMN paperfeed.loads.updated IS 'papers whose row changed';
COMMENT ON COLUMN paperfeed.loads.unchanged IS 'records that told nothing new';
COMMENT ON COLUMN paperfeed.loads.dropped IS 'papers that a rule kept out';
COMMENT ON COLUMN paperfeed.loads.rejected IS 'records that are no papers, malformed lines among them; see paperfeed.rejects';
COMMENT ON COLUMN paperfeed.loads.started_at IS 'when it began with the first record';
COMMENT ON COLUMN paperfeed.loads.changed_at IS 'when this row was last brought up to date';
COMMENT ON COLUMN paperfeed.loads.done_at IS 'when the end was reached';
COMMENT ON COLUMN paperfeed.loads.error IS 'what was wrong: why it failed, or the first fault of a file that was loaded in spite of it; NULL if nothing';

CREATE PROCEDURE paperfeed.ingest_files(
	path text, target regclass DEFAULT 'paperfeed.papers', base_url text DEFAULT NULL,
	commit_every integer DEFAULT 10000, recursive boolean DEFAULT false, again boolean DEFAULT false)
AS 'MODULE_PATHNAME', 'pf_ingest_files' LANGUAGE C;
REVOKE EXECUTE ON PROCEDURE paperfeed.ingest_files(text, regclass, text, integer, boolean, boolean) FROM PUBLIC;

COMMENT ON PROCEDURE paperfeed.ingest_files(text, regclass, text, integer, boolean, boolean) IS
'write the papers in server files, plain or gzip, into a table OF paperfeed.paper, as paperfeed.ingest_file does, but with commits, commit_every records (1 to 1,000,000) or a little more apart: for OAI-PMH dumps, snapshots in JSON lines, PubMed''s yearly files; path is a file, a directory (its files in byte order of their names, those in directories below too if recursive; none that begins with a dot) or a pattern with * ? [] for the names in one; a load that was broken off goes on where it stopped, a file that is done and has not changed is passed over unless again is true; how far it is: paperfeed.progress and loads, and a NOTICE every few seconds; a file that cannot be read to its end is told by a WARNING and in loads, and the others are loaded; errors: 42501 without the rights of pg_read_server_files or on the table, 25001 in a transaction block, 58P01 if nothing is there, 55006 if another session loads the file, 22004 for NULL but as base_url, 22023 for an empty path or commit_every out of range, 42809 or 42P10 for a table that cannot take papers';

SELECT pg_catalog.pg_extension_config_dump('paperfeed.loads', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.loads_id_seq', '');
