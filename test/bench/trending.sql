/*
 * test/bench/trending.sql: what trending.pl calls: from readings of votes, what
 * was known at which moment, and which votes came after.
 */
\set ON_ERROR_STOP 1
SET client_min_messages = warning;


CREATE EXTENSION paperfeed;
CREATE SCHEMA bench;

CREATE TABLE bench.line (line text);
CREATE TABLE bench.readings (paper text, at timestamptz, votes float8, comments float8, source text, kind text);

/* Days since a listing: half of what a paper will ever get comes in its first day, three quarters in three; and other guesses. */
CREATE FUNCTION bench.growth(guess text, days float8) RETURNS float8
LANGUAGE SQL IMMUTABLE AS $$
	SELECT CASE guess WHEN 'hyperbola' THEN days / (1 + days) WHEN 'log' THEN ln(1 + days) WHEN 'even' THEN days END
$$;

/* What part of the votes between two readings came after a moment between them, all as days since the listing. */
CREATE FUNCTION bench.share(guess text, read float8, moment float8, next float8) RETURNS float8
LANGUAGE SQL IMMUTABLE AS $$
	SELECT CASE guess WHEN 'whole' THEN 1 ELSE
		(bench.growth(guess, next) - bench.growth(guess, moment)) / (bench.growth(guess, next) - bench.growth(guess, read)) END
$$;

CREATE FUNCTION bench.days(listed timestamptz, at timestamptz) RETURNS float8
LANGUAGE SQL IMMUTABLE AS $$ SELECT extract(epoch FROM at - listed)::float8 / 86400 $$;

CREATE PROCEDURE bench.prepare()
LANGUAGE plpgsql AS $$
BEGIN
	CREATE INDEX ON bench.readings (paper, at);
	ANALYZE bench.readings, bench.line;

	/*
	 * When a paper was listed.  Where that is not told: two hours into the day if the
	 * morning's list has it, as is usual; the afternoon, if only the day's feed has it.
	 */
	CREATE TABLE bench.papers AS
	SELECT paper, stars, stars_at, feed_day, coalesce(
		CASE WHEN told.listed <= first.at THEN told.listed END,
		CASE first.kind
			WHEN 'day_json' THEN date_trunc('day', first.at) + interval '2 hours'
			WHEN 'feed.xml' THEN date_trunc('day', first.at - interval '2 hours') + interval '16 hours'
		END) AS listed
	FROM (SELECT DISTINCT ON (paper) paper, at, kind FROM bench.readings ORDER BY paper, at) AS first
	LEFT JOIN (
		SELECT DISTINCT ON (paper) d->>'arxiv_id' AS paper, (d->>'hf_listed_at')::timestamptz AS listed,
			(d->'github_stars_obs'->0->>0)::timestamptz AS stars_at, (d->'github_stars_obs'->0->>1)::float8 AS stars
		FROM (SELECT line::jsonb AS d FROM bench.line) AS lines ORDER BY 1) AS told USING (paper)
	LEFT JOIN (
		SELECT paper, (min(at) - interval '2 hours')::date AS feed_day
		FROM bench.readings WHERE kind = 'feed.xml' GROUP BY paper) AS fed USING (paper);
	DELETE FROM bench.papers WHERE listed IS NULL;
	ALTER TABLE bench.papers ADD PRIMARY KEY (paper);

	/* since: the reading before, or the listing */
	CREATE TABLE bench.signals AS
	SELECT paper, 'vote' AS kind, at, coalesce(lag(at) OVER w, listed) AS since, row_number() OVER w = 1 AS first,
		votes - coalesce(lag(votes) OVER w, 0) AS weight, coalesce(lag(votes) OVER w, 0) AS before, votes AS after
	FROM bench.readings JOIN bench.papers USING (paper)
	WINDOW w AS (PARTITION BY paper ORDER BY at)
	UNION ALL
	SELECT paper, 'comment', at, at, false, comments - coalesce(lag(comments) OVER w, 0), 0, 0
	FROM bench.readings JOIN bench.papers USING (paper)
	WHERE comments IS NOT NULL
	WINDOW w AS (PARTITION BY paper ORDER BY at)
	UNION ALL
	SELECT paper, 'stars', stars_at, stars_at, false, ln(1 + stars), 0, 0 FROM bench.papers WHERE stars_at IS NOT NULL
	UNION ALL
	SELECT paper, 'listed', listed, listed, false, 1, 0, 0 FROM bench.papers;
	CREATE INDEX ON bench.signals (paper, at);

	/*
	 * Evenings: ends of days, with the feed that is read just after midnight.  Mornings:
	 * when that day's list was first read.  Both only while there are feeds.
	 */
	CREATE TABLE bench.moments AS
	SELECT row_number() OVER (ORDER BY moment) AS m, moment, morning,
		((moment - interval '2 hours')::date - '2024-01-01') / 7 AS week
	FROM (
		SELECT DISTINCT date_trunc('day', at) + interval '1 hour' AS moment, false AS morning
		FROM bench.readings WHERE kind = 'feed.xml' AND at < date_trunc('day', at) + interval '1 hour'
		UNION ALL
		SELECT DISTINCT at, true
		FROM bench.readings
		WHERE kind = 'day_json' AND at > (SELECT min(at) FROM bench.readings WHERE kind = 'feed.xml')) AS u;

	/* The candidates of a moment, as they were last read: whatever was listed in seven days. */
	CREATE TABLE bench.known AS
	SELECT row_number() OVER (ORDER BY m, paper) AS id, m, moment, morning, paper, listed, feed_day, last.at AS read,
		last.votes, coalesce((SELECT max(comments) FROM bench.readings AS r WHERE r.paper = p.paper AND r.at <= moment), 0) AS comments,
		extract(epoch FROM moment - listed)::float8 / 3600 AS hours,
		row_number() OVER (PARTITION BY m ORDER BY md5(paper)) AS tie
	FROM bench.moments
	JOIN bench.papers AS p ON listed > moment - interval '7 days' AND listed < moment
	JOIN LATERAL (
		SELECT at, votes FROM bench.readings AS r
		WHERE r.paper = p.paper AND at <= moment ORDER BY at DESC LIMIT 1) AS last ON true;
	ALTER TABLE bench.known ADD PRIMARY KEY (id);
	ANALYZE bench.signals, bench.papers, bench.moments, bench.known;

	/*
	 * The next weekly list: all papers of the week, up to some hundred.  A paper that is
	 * not among so many has at most as many votes as the last of them, if the list
	 * is about its day at all.
	 */
	CREATE TABLE bench.lists AS
	SELECT at, min(votes) AS least, count(*) >= 100 AS full,
		array(SELECT DISTINCT feed_day FROM bench.readings AS s JOIN bench.papers USING (paper)
			WHERE s.at = r.at AND s.kind = r.kind AND feed_day > r.at - interval '8 days') AS days
	FROM bench.readings AS r WHERE kind = 'feed_weekly.xml' GROUP BY at, kind;

	CREATE TABLE bench.weekly AS
	SELECT id, moment, morning, read, l.at AS next, bench.days(listed, read) AS read_days,
		bench.days(listed, moment) AS days, bench.days(listed, l.at) AS next_days, coalesce(r.votes - k.votes, 0) AS low,
		coalesce(r.votes, least) - k.votes AS high
	FROM bench.known AS k
	JOIN LATERAL (
		SELECT * FROM bench.lists WHERE at > moment AND at < moment + interval '7 days' ORDER BY at LIMIT 1) AS l ON true
	LEFT JOIN bench.readings AS r ON r.paper = k.paper AND r.at = l.at AND r.kind = 'feed_weekly.xml'
	WHERE r.paper IS NOT NULL OR (l.full AND least >= k.votes AND feed_day = ANY (days));

	CREATE TABLE bench.shares AS
	SELECT guess, id, low, high, bench.share(guess, read_days, days, next_days) AS share
	FROM bench.weekly, unnest('{hyperbola,log,even,whole}'::text[]) AS guess WHERE NOT morning;

	/* Votes to come, between bounds that are the same where they are known. */
	CREATE TABLE bench.targets (target text, id bigint, low float8, high float8);

	INSERT INTO bench.targets
	SELECT 'week', id, low * share, high * share
	FROM bench.shares WHERE guess = 'hyperbola';
	INSERT INTO bench.targets
	SELECT 'days', id, t.low, t.high FROM bench.targets AS t JOIN bench.known USING (id)
	WHERE listed > moment - interval '3 days';
	INSERT INTO bench.targets
	SELECT 'complete', id, t.low, t.high
	FROM bench.targets AS t JOIN bench.weekly AS w USING (id)
	WHERE target = 'week' AND next IN (
		SELECT next FROM bench.weekly WHERE NOT morning GROUP BY next HAVING avg((low < high)::integer) < 0.1);

	/* The same by other guesses */
	INSERT INTO bench.targets
	SELECT 'low', id, low * share, low * share
	FROM bench.shares WHERE guess = 'hyperbola'
	UNION ALL
	SELECT 'high', id, high * share, high * share
	FROM bench.shares WHERE guess = 'hyperbola'
	UNION ALL
	SELECT guess, id, low * share, high * share FROM bench.shares WHERE guess <> 'hyperbola';

	/* Nothing to guess: in the morning, papers of that day and of the day before, whose feed was read at midnight */
	INSERT INTO bench.targets
	SELECT 'fresh', id, low, high
	FROM bench.weekly WHERE morning AND moment - read < interval '16 hours' AND extract(isodow FROM moment) BETWEEN 2 AND 5;

	/* Nobody left out, but one day's papers alone: from the morning to midnight, or over the days of a weekend */
	INSERT INTO bench.targets
	SELECT CASE WHEN morning THEN 'day' ELSE 'weekend' END, id, next.votes - k.votes, next.votes - k.votes
	FROM bench.known AS k
	JOIN LATERAL (
		SELECT votes FROM bench.readings AS r
		WHERE r.paper = k.paper AND r.kind = 'feed.xml' AND r.at > moment AND r.at <= moment + interval '24 hours'
		ORDER BY at LIMIT 1) AS next ON true
	WHERE moment - read < interval '2 hours';

	/* Whoever was read again within a week, the monthly lists of winners included */
	INSERT INTO bench.targets
	SELECT 'all', id, (next.votes - k.votes) * share, (next.votes - k.votes) * share
	FROM bench.known AS k
	JOIN LATERAL (
		SELECT at, votes FROM bench.readings AS r
		WHERE r.paper = k.paper AND r.at > moment AND r.at <= moment + interval '7 days'
		ORDER BY at DESC LIMIT 1) AS next ON true,
	bench.share('hyperbola', bench.days(listed, read), bench.days(listed, moment), bench.days(listed, next.at)) AS share
	WHERE NOT morning;

	/* Lists too short to be ranked, or without any vote to come, tell nothing. */
	DELETE FROM bench.targets AS t USING bench.known AS k, (
		SELECT target, m FROM bench.targets JOIN bench.known USING (id)
		GROUP BY target, m HAVING count(*) < 10 OR max(low) <= 0) AS useless
	WHERE k.id = t.id AND useless.target = t.target AND useless.m = k.m;
	CREATE INDEX ON bench.targets (target, id);
	ANALYZE bench.targets;
END
$$;
