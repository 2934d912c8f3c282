/* src/ingest/refresh.sql: all feeds that are due */

CREATE PROCEDURE paperfeed.refresh(
	max_feeds integer DEFAULT NULL, max_time interval DEFAULT NULL, concurrency integer DEFAULT 8)
AS 'MODULE_PATHNAME', 'pf_refresh'
LANGUAGE C;

COMMENT ON PROCEDURE paperfeed.refresh(integer, interval, integer) IS
'ask the active feeds that are due (paperfeed.feeds.next_check), those that were asked longest ago first, and write their papers with the caller''s rights; each feed is committed on its own, and what went wrong with one stands in paperfeed.runs and paperfeed.feeds; max_feeds: ask no more than these (NULL = all); max_time: start no request after that time (NULL = until all are done), those under way end within paperfeed.fetch_timeout; concurrency: requests at once, 1 to 32, within what paperfeed.hosts allows each host; several may run at once and ask no feed twice; see paperfeed.progress while it runs; errors: 25001 inside a transaction block, 22023 for an argument out of range';

REVOKE EXECUTE ON PROCEDURE paperfeed.refresh(integer, interval, integer) FROM PUBLIC;
