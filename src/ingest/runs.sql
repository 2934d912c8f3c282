/* src/ingest/runs.sql: what was done, and what is being done */

CREATE TABLE paperfeed.runs (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	feed		bigint NOT NULL,
	kind		text NOT NULL CHECK (kind IN ('ingest', 'refresh', 'backfill', 'load')),
	started_at	timestamptz NOT NULL,
	elapsed		interval NOT NULL,
	status		text NOT NULL CHECK (status IN ('ok', 'unchanged', 'recovered', 'failed')),
	http_status	integer,
	page		text,
	bytes		bigint NOT NULL,
	seen		bigint NOT NULL,
	added		bigint NOT NULL,
	updated		bigint NOT NULL,
	unchanged	bigint NOT NULL,
	dropped		bigint NOT NULL,
	rejected	bigint NOT NULL,
	error		text
);
CREATE INDEX runs_feed_idx ON paperfeed.runs (feed, id);
CREATE INDEX runs_started_at_idx ON paperfeed.runs (started_at);

COMMENT ON TABLE paperfeed.runs IS 'every attempt at a feed and what came of it, of the last paperfeed.keep_runs days';
COMMENT ON COLUMN paperfeed.runs.id IS 'number of the run';
COMMENT ON COLUMN paperfeed.runs.feed IS 'id in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.runs.kind IS 'ingest (by hand), refresh, backfill (one page) or load (one file, to its end or its fault)';
COMMENT ON COLUMN paperfeed.runs.started_at IS 'start of the request, or of reading the file';
COMMENT ON COLUMN paperfeed.runs.elapsed IS 'until its papers were written';
COMMENT ON COLUMN paperfeed.runs.status IS 'ok, unchanged, recovered (read in spite of faults) or failed';
COMMENT ON COLUMN paperfeed.runs.http_status IS 'HTTP status; NULL where there was none';
COMMENT ON COLUMN paperfeed.runs.page IS 'address, where it is not the feed''s own';
COMMENT ON COLUMN paperfeed.runs.bytes IS 'bytes of the document';
COMMENT ON COLUMN paperfeed.runs.seen IS 'records in it; added + updated + unchanged + dropped + rejected';
COMMENT ON COLUMN paperfeed.runs.added IS 'papers that were new';
COMMENT ON COLUMN paperfeed.runs.updated IS 'papers whose row changed';
COMMENT ON COLUMN paperfeed.runs.unchanged IS 'records that told nothing new';
COMMENT ON COLUMN paperfeed.runs.dropped IS 'papers that a rule kept out';
COMMENT ON COLUMN paperfeed.runs.rejected IS 'records that are no papers; see paperfeed.rejects';
COMMENT ON COLUMN paperfeed.runs.error IS 'what was wrong; NULL if nothing';
COMMENT ON INDEX paperfeed.runs_feed_idx IS 'runs of a feed, newest last';
COMMENT ON INDEX paperfeed.runs_started_at_idx IS 'runs by time';

CREATE TABLE paperfeed._jobs (
	id			integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind		text NOT NULL,
	what		text NOT NULL,
	started_at	timestamptz NOT NULL,
	done		bigint NOT NULL DEFAULT 0,
	total		bigint,
	unit		text NOT NULL,
	papers		bigint NOT NULL DEFAULT 0,
	doing		text,
	changed_at	timestamptz NOT NULL
);

COMMENT ON TABLE paperfeed._jobs IS 'long jobs under way, and those that were broken off and not cleaned up yet; see the view progress';
COMMENT ON COLUMN paperfeed._jobs.id IS 'number of the job; it runs as long as its lock is held';
COMMENT ON COLUMN paperfeed._jobs.kind IS 'refresh, backfill, load or apply_rules';
COMMENT ON COLUMN paperfeed._jobs.what IS 'the feed, file or table it is about';
COMMENT ON COLUMN paperfeed._jobs.started_at IS 'when it began';
COMMENT ON COLUMN paperfeed._jobs.done IS 'how much is done';
COMMENT ON COLUMN paperfeed._jobs.total IS 'of how much; NULL = not known';
COMMENT ON COLUMN paperfeed._jobs.unit IS 'of what: feeds, pages, bytes, papers';
COMMENT ON COLUMN paperfeed._jobs.papers IS 'papers added or changed so far';
COMMENT ON COLUMN paperfeed._jobs.doing IS 'what it is at';
COMMENT ON COLUMN paperfeed._jobs.changed_at IS 'when this row was last brought up to date';

CREATE VIEW paperfeed.progress AS
	SELECT j.id, l.pid, j.kind, j.what, j.done, j.total, j.unit, j.papers, j.doing, j.started_at,
		j.changed_at
	FROM paperfeed._jobs AS j
	JOIN pg_catalog.pg_locks AS l ON l.locktype OPERATOR(pg_catalog.=) 'object'
		AND l.database OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
		AND l.classid OPERATOR(pg_catalog.=) 'paperfeed._jobs'::regclass
		AND l.objid OPERATOR(pg_catalog.=) j.id::oid AND l.objsubid OPERATOR(pg_catalog.=) 0
		AND l.granted;

COMMENT ON VIEW paperfeed.progress IS 'how far refresh(), backfill() and other long jobs are that run right now';
COMMENT ON COLUMN paperfeed.progress.id IS 'number of the job';
COMMENT ON COLUMN paperfeed.progress.pid IS 'process id of its session, as in pg_stat_activity';
COMMENT ON COLUMN paperfeed.progress.kind IS 'refresh, backfill, load or apply_rules';
COMMENT ON COLUMN paperfeed.progress.what IS 'the feed, file or table it is about';
COMMENT ON COLUMN paperfeed.progress.done IS 'how much is done';
COMMENT ON COLUMN paperfeed.progress.total IS 'of how much; NULL = not known';
COMMENT ON COLUMN paperfeed.progress.unit IS 'of what: feeds, pages, bytes, papers';
COMMENT ON COLUMN paperfeed.progress.papers IS 'papers added or changed so far';
COMMENT ON COLUMN paperfeed.progress.doing IS 'what it is at';
COMMENT ON COLUMN paperfeed.progress.started_at IS 'when it began';
COMMENT ON COLUMN paperfeed.progress.changed_at IS 'when this was last brought up to date';

SELECT pg_catalog.pg_extension_config_dump('paperfeed.runs', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.runs_id_seq', '');
-- no job goes on in another database
SELECT pg_catalog.pg_extension_config_dump('paperfeed._jobs', 'WHERE false');
SELECT pg_catalog.pg_extension_config_dump('paperfeed._jobs_id_seq', '');
