-- If this fails, feeds are asked at the wrong time, or for the wrong reason.
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, DMY';
SET IntervalStyle = 'postgres';
-- feed 0's share of the spread is left out, to be looked at below
CREATE FUNCTION pg_temp.wait(next timestamptz) RETURNS interval LANGUAGE sql
	AS $$ SELECT next - '2026-03-04 10:00Z' $$;	-- a Wednesday

-- how often: unknown, a daily one, an hourly one, a rare one, one that fell silent, the user's word
SELECT t AS case, pg_temp.wait(next), estimate, why FROM (
	SELECT 1 AS t, (pf_unit_schedule('2026-03-04 10:00Z', 'changed')).*
	UNION ALL SELECT 2, (pf_unit_schedule('2026-03-04 10:00Z', 'unchanged', added_at => '2026-03-04 09:00Z')).*
	UNION ALL SELECT 3, (pf_unit_schedule('2026-03-04 10:00Z', 'unchanged', added_at => '2026-02-04 10:00Z')).*
	UNION ALL SELECT 4, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', '2026-03-03 10:00Z')).*
	UNION ALL SELECT 5, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', '2026-03-03 10:00Z', '48 hours')).*
	UNION ALL SELECT 6, (pf_unit_schedule('2026-03-04 10:00Z', 'unchanged', '2026-03-04 06:00Z', '24 hours')).*
	UNION ALL SELECT 7, (pf_unit_schedule('2026-03-04 10:00Z', 'unchanged', '2026-03-01 10:00Z', '24 hours')).*
	UNION ALL SELECT 8, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', '2026-03-04 09:59Z', '1 hour')).*
	UNION ALL SELECT 9, (pf_unit_schedule('2026-03-04 10:00Z', 'unchanged', '2025-03-04 10:00Z', '24 hours')).*
	UNION ALL SELECT 10, (pf_unit_schedule('2026-03-04 10:00Z', 'unchanged', '2025-03-04 10:00Z', every => '10 minutes')).*
	UNION ALL SELECT 11, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', '2026-03-05 10:00Z', '24 hours')).*
) AS s ORDER BY t;

-- what the server and the feed say puts it off, within bounds, but never brings it forward
SELECT t AS case, pg_temp.wait(next), why FROM (
	SELECT 1 AS t, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', max_age => 60)).*
	UNION ALL SELECT 2, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', max_age => 18000)).*
	UNION ALL SELECT 3, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', max_age => 604800)).*
	UNION ALL SELECT 4, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', ttl => '5 hours')).*
	UNION ALL SELECT 5, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', ttl => '5 hours', max_age => 21600)).*
	UNION ALL SELECT 6, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', every => '15 minutes', max_age => 3600)).*
	UNION ALL SELECT 7, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', ttl => '300 days')).*
) AS s ORDER BY t;

-- days and hours that it skips
SELECT t AS case, to_char(next, 'Dy HH24:MI') AS next, why FROM (
	SELECT 1 AS t, (pf_unit_schedule('2026-03-06 23:00Z', 'changed', every => '1 hour', skip_days => 'Saturday,Sunday')).*
	UNION ALL SELECT 2, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', every => '1 hour', skip_days => 'Saturday,Sunday')).*
	UNION ALL SELECT 3, (pf_unit_schedule('2026-03-04 22:30Z', 'changed', every => '1 hour', skip_hours => '23, 0,1')).*
	UNION ALL SELECT 4, (pf_unit_schedule('2026-03-06 22:30Z', 'changed', every => '1 hour', skip_days => 'saturday', skip_hours => '23')).*
	UNION ALL SELECT 5, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', every => '1 hour',
		skip_days => 'Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday')).*
	UNION ALL SELECT 6, (pf_unit_schedule('2026-03-04 10:00Z', 'changed', every => '1 hour', skip_days => ',,Satur day,', skip_hours => '24,-1,x')).*
) AS s ORDER BY t;

-- failures: later each time, up to a week; Retry-After; gone for good
SELECT n, pg_temp.wait(next), why
FROM generate_series(0, 10, 2) AS n, pf_unit_schedule('2026-03-04 10:00Z', 'failed', errors => n, http_status => 503);
SELECT t AS case, pg_temp.wait(next), ended, why FROM (
	SELECT 1 AS t, (pf_unit_schedule('2026-03-04 10:00Z', 'failed', http_status => 0)).*
	UNION ALL SELECT 2, (pf_unit_schedule('2026-03-04 10:00Z', 'failed', http_status => 429, retry_after => 7200)).*
	UNION ALL SELECT 3, (pf_unit_schedule('2026-03-04 10:00Z', 'failed', http_status => 429, retry_after => 1)).*
	UNION ALL SELECT 4, (pf_unit_schedule('2026-03-04 10:00Z', 'failed', http_status => 410, every => '1 hour')).*
	UNION ALL SELECT 5, (pf_unit_schedule('2026-03-04 10:00Z', 'failed', http_status => 404, every => '12 hours', errors => 3)).*
	UNION ALL SELECT 6, (pf_unit_schedule('2026-03-04 10:00Z', 'failed', every => '30 days', errors => 3)).*
	UNION ALL SELECT 7, (pf_unit_schedule('2026-03-04 10:00Z', 'failed', errors => 2147483646)).*
	UNION ALL SELECT 8, (pf_unit_schedule('2026-03-04 10:00Z', 'unchanged', every => '1 hour', retry_after => 90000)).*
) AS s ORDER BY t;

-- feeds that were added together drift apart, by a twentieth at most, and each keeps its place
SELECT count(DISTINCT next) > 90 AS apart, min(next) >= '2026-03-04 13:00Z' AND max(next) < '2026-03-04 13:09Z' AS near
FROM generate_series(1, 100) AS f, pf_unit_schedule('2026-03-04 10:00Z', 'changed', feed => f);
SELECT count(DISTINCT next) FROM generate_series(1, 100) AS f,
	pf_unit_schedule('2026-03-04 10:00Z', 'changed', feed => f, every => '2 hours');

-- a feed that brings something every day is asked some eight times in between, and no change is missed
WITH RECURSIVE polls (n, at, last_changed, estimate, changes) AS (
	SELECT 0, '2026-03-01 00:10Z'::timestamptz, NULL::timestamptz, NULL::interval, 0
	UNION ALL
	SELECT n + 1, s.next, CASE WHEN is_new THEN at ELSE last_changed END, s.estimate, changes + is_new::integer
	FROM (SELECT *, last_changed IS NULL OR at::date > last_changed::date AS is_new FROM polls) AS p,
		pf_unit_schedule(at, CASE WHEN is_new THEN 'changed' ELSE 'unchanged' END, last_changed,
			NULLIF(p.estimate, '0'), added_at => '2026-03-01 00:00Z') AS s
	WHERE n < 500
)
SELECT count(*) AS days, min(polls), max(polls), (SELECT max(changes) FROM polls) AS changes
FROM (SELECT count(*) AS polls FROM polls WHERE at > '2026-03-04' AND at < '2026-04-04' GROUP BY at::date) AS s;
