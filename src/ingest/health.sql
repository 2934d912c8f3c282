/*
 * src/ingest/health.sql: views that watch the feeds and what they bring
 *
 * feed_health, intake_per_day and sources_overlap show what their owner may read,
 * which is more than it is good to show: so no header, validator or password of
 * an address is among their columns.  papers_per_day reads the papers with the
 * rights of who selects, so that row-level security on them holds.
 */

CREATE FUNCTION paperfeed.clock() RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'pf_clock'
	LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.clock() IS
'the time that feeds go by: that of the setting paperfeed.clock, else the start of the statement';

CREATE VIEW paperfeed.feed_health AS
	SELECT f.id AS feed, paperfeed.public_url(f.url) AS url, f.title, f.tags, f.state,
		CASE
			WHEN f.state IN ('paused', 'ended') THEN f.state
			WHEN f.errors > 0 THEN 'failing'
			WHEN n.at > f.next_check + interval '1 hour' THEN 'overdue'
			WHEN f.last_checked IS NULL THEN 'new'
			WHEN n.at - COALESCE(f.last_changed, f.added_at) > GREATEST(interval '30 days', f.changes_every * 8.0::double precision) THEN 'stale'
			ELSE 'ok'
		END AS health,
		f.last_checked, f.last_success, f.last_changed, f.next_check,
		CASE WHEN n.at > f.next_check THEN n.at - f.next_check END AS lag,
		f.why, f.errors,
		CASE WHEN f.errors > 0 THEN f.last_error END AS last_error,
		COALESCE(h.host, u.host) AS host,
		CASE WHEN h.blocked_until > n.at THEN h.blocked_until END AS blocked_until,
		r.added_28_days, r.updated_28_days, r.runs_7_days, r.failures_7_days, r.bytes_7_days, r.mean_elapsed
	FROM paperfeed.feeds AS f
	CROSS JOIN (SELECT paperfeed.clock() AS at) AS n
	CROSS JOIN LATERAL (
		SELECT rtrim(lower(btrim(substring(f.url FROM '(?i)^https?://(?:[^/?#]*@)?(\[[^]]*\]|[^:/?#]+)'), '[]') COLLATE "C"), '.') AS host
	) AS u
	-- the row that a request goes by, as host_of() finds it
	LEFT JOIN LATERAL (
		SELECT o.host, o.blocked_until
		FROM paperfeed.hosts AS o
		WHERE o.host = u.host OR o.subdomains AND right(u.host, length(o.host) + 1) = '.' || o.host
		ORDER BY length(o.host) DESC
		LIMIT 1
	) AS h ON true
	CROSS JOIN LATERAL (
		SELECT COALESCE(sum(r.added), 0)::bigint AS added_28_days,
			COALESCE(sum(r.updated), 0)::bigint AS updated_28_days,
			count(*) FILTER (WHERE r.started_at > n.at - interval '7 days') AS runs_7_days,
			count(*) FILTER (WHERE r.started_at > n.at - interval '7 days' AND r.status = 'failed') AS failures_7_days,
			COALESCE(sum(r.bytes) FILTER (WHERE r.started_at > n.at - interval '7 days'), 0)::bigint AS bytes_7_days,
			avg(r.elapsed) FILTER (WHERE r.started_at > n.at - interval '7 days') AS mean_elapsed
		FROM paperfeed.runs AS r
		WHERE r.feed = f.id AND r.kind IN ('ingest', 'refresh') AND r.started_at > n.at - interval '28 days'
	) AS r;

COMMENT ON VIEW paperfeed.feed_health IS 'how each feed does, as of paperfeed.clock(): one row for each of paperfeed.feeds; SELECT on the view is enough to see it, so a role that watches needs no more; passwords in addresses and request headers are not shown, but what stands behind the ? of an address is';
COMMENT ON COLUMN paperfeed.feed_health.feed IS 'id in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.feed_health.url IS 'address, without user:password@';
COMMENT ON COLUMN paperfeed.feed_health.title IS 'what it is called';
COMMENT ON COLUMN paperfeed.feed_health.tags IS 'words of the user''s own for it';
COMMENT ON COLUMN paperfeed.feed_health.state IS 'active, manual, paused or ended, as in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.feed_health.health IS 'the first of these that is so: paused or ended (its state); failing: the last attempt failed; overdue: due for more than an hour, so refresh() does not run, has too much to do or waits for a host; new: not asked yet; stale: served well, but nothing that is new in its table for 30 days and for eight times as long as usual; ok';
COMMENT ON COLUMN paperfeed.feed_health.last_checked IS 'when it was last asked; NULL = never';
COMMENT ON COLUMN paperfeed.feed_health.last_success IS 'when it last answered with a document that could be read, or with nothing new';
COMMENT ON COLUMN paperfeed.feed_health.last_changed IS 'when it last brought a new or changed paper';
COMMENT ON COLUMN paperfeed.feed_health.next_check IS 'when refresh() asks it next; NULL = not on its own';
COMMENT ON COLUMN paperfeed.feed_health.lag IS 'for how long it has been due; NULL = it is not';
COMMENT ON COLUMN paperfeed.feed_health.why IS 'why it is asked then, or why not, in words';
COMMENT ON COLUMN paperfeed.feed_health.errors IS 'failures in a row';
COMMENT ON COLUMN paperfeed.feed_health.last_error IS 'what is wrong, while it fails; NULL = nothing';
COMMENT ON COLUMN paperfeed.feed_health.host IS 'row of paperfeed.hosts that its requests go by, made or yet to be made; NULL for what is no http or https address';
COMMENT ON COLUMN paperfeed.feed_health.blocked_until IS 'nothing is asked of its host before this; NULL = it is not busy';
COMMENT ON COLUMN paperfeed.feed_health.added_28_days IS 'papers that were new in their table when it brought them, in the last 28 days, not counting backfill() and loads; fewer if paperfeed.keep_runs is less, as for all that follows';
COMMENT ON COLUMN paperfeed.feed_health.updated_28_days IS 'papers that it changed, likewise';
COMMENT ON COLUMN paperfeed.feed_health.runs_7_days IS 'how often it was asked in the last 7 days';
COMMENT ON COLUMN paperfeed.feed_health.failures_7_days IS 'how many of these failed';
COMMENT ON COLUMN paperfeed.feed_health.bytes_7_days IS 'bytes of the documents that it gave then';
COMMENT ON COLUMN paperfeed.feed_health.mean_elapsed IS 'mean time of these, from the request to the last row; NULL = there were none';

CREATE VIEW paperfeed.intake_per_day AS
	SELECT paperfeed.edition_day(r.started_at) AS day, r.feed, r.kind, count(*) AS runs,
		count(*) FILTER (WHERE r.status = 'failed') AS failures,
		sum(r.added)::bigint AS added, sum(r.updated)::bigint AS updated, sum(r.rejected)::bigint AS rejected,
		sum(r.bytes)::bigint AS bytes, sum(r.elapsed) AS elapsed
	FROM paperfeed.runs AS r
	GROUP BY 1, 2, 3;

COMMENT ON VIEW paperfeed.intake_per_day IS 'what each feed brought each day, as far back as paperfeed.runs goes (paperfeed.keep_runs); days are those of paperfeed.time_zone; all runs are read, about 0.1 s for 100,000';
COMMENT ON COLUMN paperfeed.intake_per_day.day IS 'day on which it was asked';
COMMENT ON COLUMN paperfeed.intake_per_day.feed IS 'id in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.intake_per_day.kind IS 'ingest (by hand), refresh, backfill or load';
COMMENT ON COLUMN paperfeed.intake_per_day.runs IS 'attempts, pages or batches';
COMMENT ON COLUMN paperfeed.intake_per_day.failures IS 'how many of these failed';
COMMENT ON COLUMN paperfeed.intake_per_day.added IS 'papers that were new';
COMMENT ON COLUMN paperfeed.intake_per_day.updated IS 'papers whose row changed';
COMMENT ON COLUMN paperfeed.intake_per_day.rejected IS 'records that are no papers';
COMMENT ON COLUMN paperfeed.intake_per_day.bytes IS 'bytes of the documents';
COMMENT ON COLUMN paperfeed.intake_per_day.elapsed IS 'time spent, all runs together';

-- Day by day, so that a condition on the day keeps to that part of the index on published.
-- DISTINCT keeps the subquery whole, so that the bounds are plain columns: row-level security
-- on the papers lets no function near the index.
CREATE VIEW paperfeed.papers_per_day WITH (security_invoker = true) AS
	SELECT d.day, p.source, p.papers, p.withdrawn
	FROM (
		SELECT DISTINCT s.day, paperfeed.edition_start(s.day) AS since, paperfeed.edition_start(s.day + 1) AS until
		FROM (
			SELECT paperfeed.edition_day(min(published)) AS first, paperfeed.edition_day(max(published)) AS last
			FROM paperfeed.papers
			WHERE published BETWEEN timestamptz '1600-01-01 00:00Z' AND timestamptz '2199-12-31 00:00Z'
		) AS b, pg_catalog.generate_series(0, b.last - b.first) AS i, LATERAL (SELECT (b.first + i)::date AS day) AS s
	) AS d
	CROSS JOIN LATERAL (
		SELECT q.source, count(*) AS papers, count(*) FILTER (WHERE q.withdrawn) AS withdrawn
		FROM paperfeed.papers AS q
		WHERE q.published >= d.since AND q.published < d.until
		GROUP BY q.source
	) AS p;

COMMENT ON VIEW paperfeed.papers_per_day IS 'papers in paperfeed.papers by the day on which they were published, and by source; days are those of paperfeed.time_zone, days without papers have no row, nor have papers without a date or of years before 1600 or after 2199; a condition on day is quick, since it reads these days'' papers only; who may SELECT here needs SELECT on paperfeed.papers, too, whose row-level security holds; by category, see category_trends()';
COMMENT ON COLUMN paperfeed.papers_per_day.day IS 'day of first publication';
COMMENT ON COLUMN paperfeed.papers_per_day.source IS 'source of the papers, as in papers.source; NULL = they have none';
COMMENT ON COLUMN paperfeed.papers_per_day.papers IS 'how many';
COMMENT ON COLUMN paperfeed.papers_per_day.withdrawn IS 'how many of these have been withdrawn since';

-- Papers that the same feeds showed are counted together first: there are few such sets of feeds.
CREATE VIEW paperfeed.sources_overlap AS
	WITH sets AS MATERIALIZED (
		SELECT feeds, count(*) AS papers
		FROM (SELECT array_agg(feed ORDER BY feed) AS feeds FROM paperfeed.sightings GROUP BY paper) AS s
		GROUP BY feeds
	), each AS MATERIALIZED (
		SELECT f.feed, sum(s.papers)::bigint AS papers
		FROM sets AS s, pg_catalog.unnest(s.feeds) AS f (feed)
		GROUP BY f.feed
	), pairs AS (
		SELECT a.feed, b.feed AS other, sum(s.papers)::bigint AS papers
		FROM sets AS s, pg_catalog.unnest(s.feeds) AS a (feed), pg_catalog.unnest(s.feeds) AS b (feed)
		WHERE a.feed < b.feed
		GROUP BY a.feed, b.feed
	)
	SELECT p.feed, paperfeed.public_url(f.url) AS url, p.other AS other_feed, paperfeed.public_url(o.url) AS other_url,
		a.papers, b.papers AS other_papers, p.papers AS both_papers,
		(p.papers / (a.papers + b.papers - p.papers)::double precision) AS jaccard
	FROM pairs AS p
	JOIN each AS a ON a.feed = p.feed
	JOIN each AS b ON b.feed = p.other
	LEFT JOIN paperfeed.feeds AS f ON f.id = p.feed
	LEFT JOIN paperfeed.feeds AS o ON o.id = p.other;

COMMENT ON VIEW paperfeed.sources_overlap IS 'pairs of feeds that showed the same papers, each pair once; all of paperfeed.sightings is read, whatever is asked for: about two seconds for a million';
COMMENT ON COLUMN paperfeed.sources_overlap.feed IS 'id in paperfeed.feeds of the one, which has been known for longer';
COMMENT ON COLUMN paperfeed.sources_overlap.url IS 'its address, without user:password@; NULL = it was removed';
COMMENT ON COLUMN paperfeed.sources_overlap.other_feed IS 'id in paperfeed.feeds of the other';
COMMENT ON COLUMN paperfeed.sources_overlap.other_url IS 'its address, likewise';
COMMENT ON COLUMN paperfeed.sources_overlap.papers IS 'papers that the one showed';
COMMENT ON COLUMN paperfeed.sources_overlap.other_papers IS 'papers that the other showed';
COMMENT ON COLUMN paperfeed.sources_overlap.both_papers IS 'papers that both showed, at least one';
COMMENT ON COLUMN paperfeed.sources_overlap.jaccard IS 'both_papers / papers that either showed; 1 = the same papers';
