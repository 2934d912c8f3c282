/* src/ingest/cron.sql: refresh() on a schedule, by pg_cron */

CREATE FUNCTION paperfeed.schedule(
	cron text DEFAULT '*/15 * * * *', max_feeds integer DEFAULT NULL, max_time interval DEFAULT NULL,
	concurrency integer DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'pf_cron_schedule'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION paperfeed.schedule(text, integer, interval, integer) IS
'have pg_cron run CALL paperfeed.refresh() in this database, with the rights of the caller, as job "paperfeed refresh" of his, which is made or changed; gives its jobid in cron.job; cron: minute, hour, day of month, month and day of week, in pg_cron''s time zone (GMT unless cron.timezone says otherwise); the rest is for refresh(), NULL = as refresh() has it; NULL cron gives NULL; errors: 55000 or 0A000, with what to do instead, where pg_cron is in another database or not at all, 42501 for who may not run refresh() or use pg_cron, 22023 for a cron that pg_cron cannot read, a max_feeds or max_time that is not positive or a concurrency outside of 1 to 32';

CREATE FUNCTION paperfeed.unschedule() RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_cron_unschedule'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION paperfeed.unschedule() IS
'take away what schedule() made for the caller; a refresh that is under way goes on to its end; false if there was nothing; error: 55000 where pg_cron is in another database, which may have a job for this one';

REVOKE EXECUTE ON FUNCTION paperfeed.schedule(text, integer, interval, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.unschedule() FROM PUBLIC;
