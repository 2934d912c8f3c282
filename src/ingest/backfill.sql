/* src/ingest/backfill.sql: the depth of a source, page by page */

CREATE TABLE paperfeed.backfills (
	feed			bigint PRIMARY KEY,
	kind			text NOT NULL,
	since			date,
	state			text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
	next_page		text,
	window_from		date,
	window_to		date,
	window_total	bigint,
	window_seen		bigint NOT NULL DEFAULT 0,
	reached			timestamptz,
	pages			bigint NOT NULL DEFAULT 0,
	records			bigint NOT NULL DEFAULT 0,
	added			bigint NOT NULL DEFAULT 0,
	updated			bigint NOT NULL DEFAULT 0,
	rejected		bigint NOT NULL DEFAULT 0,
	attempts		integer NOT NULL DEFAULT 0,
	restarts		integer NOT NULL DEFAULT 0,
	error			text,
	started_at		timestamptz NOT NULL,
	changed_at		timestamptz NOT NULL,
	done_at			timestamptz,
	landmark		text,
	checksum		bigint,
	CHECK ((state OPERATOR(pg_catalog.=) 'done') OPERATOR(pg_catalog.=) (next_page IS NULL))
);

COMMENT ON TABLE paperfeed.backfills IS 'how far backfill() has gone through the pages of each feed; written with the papers of each page, in one transaction; delete a row to forget about it';
COMMENT ON COLUMN paperfeed.backfills.feed IS 'id in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.backfills.kind IS 'how it pages: oai-pmh, arxiv api, biorxiv api, crossref, openalex, semantic scholar, huggingface, or links (each document names the next one)';
COMMENT ON COLUMN paperfeed.backfills.since IS 'first day that is wanted; NULL = all there is';
COMMENT ON COLUMN paperfeed.backfills.state IS 'running: there are pages to come (whether a session is at it, paperfeed.progress tells); done; failed: it cannot go on, see error';
COMMENT ON COLUMN paperfeed.backfills.next_page IS 'address of the page that comes next, without user:password@; NULL when done';
COMMENT ON COLUMN paperfeed.backfills.window_from IS 'first of the days that are being read; NULL = from the beginning, or they cannot be asked for by days';
COMMENT ON COLUMN paperfeed.backfills.window_to IS 'last of these days; NULL = up to now';
COMMENT ON COLUMN paperfeed.backfills.window_total IS 'records of these days, as the service says; NULL = not known';
COMMENT ON COLUMN paperfeed.backfills.window_seen IS 'of these, how many were read';
COMMENT ON COLUMN paperfeed.backfills.reached IS 'date of the oldest record on the last page, of pages that come newest first';
COMMENT ON COLUMN paperfeed.backfills.pages IS 'pages read since it began';
COMMENT ON COLUMN paperfeed.backfills.records IS 'records on these and on pages that were asked for again';
COMMENT ON COLUMN paperfeed.backfills.added IS 'papers that were new';
COMMENT ON COLUMN paperfeed.backfills.updated IS 'papers whose row changed';
COMMENT ON COLUMN paperfeed.backfills.rejected IS 'records that are no papers; see paperfeed.rejects';
COMMENT ON COLUMN paperfeed.backfills.attempts IS 'how often the next page was asked for in vain';
COMMENT ON COLUMN paperfeed.backfills.restarts IS 'how often these days were begun anew, as their pages were lost';
COMMENT ON COLUMN paperfeed.backfills.error IS 'what was wrong with the last answer, or why it ended early; NULL if nothing';
COMMENT ON COLUMN paperfeed.backfills.started_at IS 'when it began; what the source has got since then is for refresh()';
COMMENT ON COLUMN paperfeed.backfills.changed_at IS 'when the last answer was taken in';
COMMENT ON COLUMN paperfeed.backfills.done_at IS 'when it was done';
COMMENT ON COLUMN paperfeed.backfills.landmark IS 'an earlier page, to notice pages that go in a circle';
COMMENT ON COLUMN paperfeed.backfills.checksum IS 'of the last page''s document, for the same end';

CREATE PROCEDURE paperfeed.backfill(
	feed bigint, since date DEFAULT NULL, max_pages integer DEFAULT NULL,
	max_time interval DEFAULT NULL)
AS 'MODULE_PATHNAME', 'pf_backfill'
LANGUAGE C;

COMMENT ON PROCEDURE paperfeed.backfill(bigint, date, integer, interval) IS
'read a feed''s past, page by page, and commit after each: what breaks it off costs no more than the page under way, and the next call goes on there; since is the first day (UTC) that is wanted: NULL goes on with what is unfinished, else reads all there is, which is what -infinity stands for; another one than before, or a backfill that is done, begins anew; it ends after max_pages answers, and begins none after max_time (NULL = no limit); faults that pass are waited for, others are told in a WARNING and in paperfeed.backfills; errors: 22023 if there is no way to page through it, 42704 for no such feed, 55006 if the feed is being asked, 25001 in a transaction block';

CREATE PROCEDURE paperfeed.backfill(
	source text, since date DEFAULT NULL, max_pages integer DEFAULT NULL,
	max_time interval DEFAULT NULL, target regclass DEFAULT 'paperfeed.papers')
AS 'MODULE_PATHNAME', 'pf_backfill_url'
LANGUAGE C;

COMMENT ON PROCEDURE paperfeed.backfill(text, date, integer, interval, regclass) IS
'the same for the feed of an http or https address and a table; it is remembered in paperfeed.feeds, as with paperfeed.ingest; errors: 22004 for NULL';

CREATE FUNCTION paperfeed.backfill_pages(
	source text, since date DEFAULT NULL, answers text[] DEFAULT '{}', statuses integer[] DEFAULT '{}',
	OUT page integer, OUT kind text, OUT url text, OUT window_from date, OUT window_to date,
	OUT outcome text, OUT note text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_backfill_pages'
LANGUAGE C STABLE PARALLEL SAFE ROWS 10;

COMMENT ON FUNCTION paperfeed.backfill_pages(text, date, text[], integer[]) IS
'what backfill() would ask for first, and, were it given these answers (documents, with their HTTP statuses if not 200), then; nothing is sent or stored; outcome of an answer is next, again (the same page), done or failed, and NULL in the last row if that has none; NULL source gives no rows; error: 22023 if there is no way to page through it';

REVOKE EXECUTE ON PROCEDURE paperfeed.backfill(bigint, date, integer, interval) FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE paperfeed.backfill(text, date, integer, interval, regclass) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.backfill_pages(text, date, text[], integer[]) FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('paperfeed.backfills', '');
