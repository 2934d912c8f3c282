/*
 * src/signal/topics.sql: what the field turns to, as series
 *
 * What is read is the window and a reference before it, by the index on published.
 * Bounds come from subselects, since OPERATOR() has one precedence for all and a
 * scan wants them known before it starts.  See doc/topics.md.
 */

CREATE FUNCTION paperfeed._topic_buckets(since timestamptz, until timestamptz, bucket interval, zone text)
RETURNS timestamptz[]
AS 'MODULE_PATHNAME', 'pf_topic_buckets'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed._topic_buckets(timestamptz, timestamptz, interval, text) IS
'the starts of the buckets from that which has since, up to until; see paperfeed.category_trends';

CREATE FUNCTION paperfeed._topic_score(papers bigint, of bigint, before bigint, of_before bigint) RETURNS double precision
AS 'MODULE_PATHNAME', 'pf_topic_score'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed._topic_score(bigint, bigint, bigint, bigint) IS
'by how many doublings the share papers / of differs from before / of_before at least; see paperfeed.category_trends';

CREATE FUNCTION paperfeed.category_trends(
	since timestamptz DEFAULT pg_catalog.now() OPERATOR(pg_catalog.-) interval '90 days', bucket interval DEFAULT '1 week',
	k integer DEFAULT 10, primary_only boolean DEFAULT false, by_change boolean DEFAULT false,
	until timestamptz DEFAULT pg_catalog.now(), zone text DEFAULT pg_catalog.current_setting('TimeZone'),
	OUT rank integer, OUT category text, OUT bucket_start timestamptz, OUT papers bigint, OUT share double precision,
	OUT growth double precision, OUT score double precision)
RETURNS SETOF record
LANGUAGE SQL STABLE PARALLEL SAFE ROWS 130
BEGIN ATOMIC
	WITH w AS MATERIALIZED (
		SELECT b.starts, b.starts[1] OPERATOR(pg_catalog.-) (category_trends.until OPERATOR(pg_catalog.-) b.starts[1]) AS reference
		FROM paperfeed._topic_buckets(category_trends.since, category_trends.until, category_trends.bucket, category_trends.zone) AS b (starts)
	), same AS MATERIALIZED (
		-- papers of the same categories are taken together first; bucket 0 is the reference
		SELECT pg_catalog.width_bucket(p.published, (SELECT w.starts FROM w)) AS bucket,
			CASE WHEN category_trends.primary_only THEN p.categories[1:1] ELSE p.categories END AS categories,
			pg_catalog.count(*) AS papers
		FROM paperfeed.papers AS p
		WHERE p.published OPERATOR(pg_catalog.>=) (SELECT w.reference FROM w)
			AND p.published OPERATOR(pg_catalog.<) category_trends.until
			AND p.withdrawn IS NOT TRUE
		GROUP BY 1, 2
	), total AS MATERIALIZED (
		SELECT s.bucket, pg_catalog.sum(s.papers)::bigint AS papers FROM same AS s GROUP BY s.bucket
	), counted AS MATERIALIZED (
		SELECT s.bucket, c.category, pg_catalog.sum(s.papers)::bigint AS papers
		FROM same AS s CROSS JOIN LATERAL (SELECT DISTINCT u.category FROM pg_catalog.unnest(s.categories) AS u (category)) AS c
		WHERE c.category IS NOT NULL
		GROUP BY s.bucket, c.category
	), n AS MATERIALIZED (
		SELECT COALESCE(pg_catalog.sum(t.papers) FILTER (WHERE t.bucket OPERATOR(pg_catalog.>) 0), 0)::bigint AS papers,
			COALESCE(pg_catalog.sum(t.papers) FILTER (WHERE t.bucket OPERATOR(pg_catalog.=) 0), 0)::bigint AS before
		FROM total AS t
	), scored AS (
		SELECT s.category, s.papers,
			s.papers::double precision OPERATOR(pg_catalog./) NULLIF(n.papers, 0) OPERATOR(pg_catalog./) (NULLIF(s.before, 0)::double precision OPERATOR(pg_catalog./) n.before) AS growth,
			CASE WHEN n.before OPERATOR(pg_catalog.>) 0 THEN paperfeed._topic_score(s.papers, n.papers, s.before, n.before) END AS score
		FROM n CROSS JOIN (
			SELECT c.category, COALESCE(pg_catalog.sum(c.papers) FILTER (WHERE c.bucket OPERATOR(pg_catalog.>) 0), 0)::bigint AS papers,
				COALESCE(pg_catalog.sum(c.papers) FILTER (WHERE c.bucket OPERATOR(pg_catalog.=) 0), 0)::bigint AS before
			FROM counted AS c
			GROUP BY c.category) AS s
		WHERE n.papers OPERATOR(pg_catalog.>) 0
	), ranked AS (
		SELECT s.*, pg_catalog.row_number() OVER (
			ORDER BY CASE WHEN category_trends.by_change THEN pg_catalog.abs(s.score) END DESC NULLS LAST, s.papers DESC, s.category COLLATE pg_catalog."C") AS rank
		FROM scored AS s
		ORDER BY rank
		LIMIT category_trends.k
	)
	SELECT r.rank::integer, r.category, b.bucket_start, COALESCE(c.papers, 0),
		COALESCE(c.papers::double precision OPERATOR(pg_catalog./) t.papers, 0), r.growth, r.score
	FROM ranked AS r
		CROSS JOIN ROWS FROM (pg_catalog.unnest((SELECT w.starts FROM w))) WITH ORDINALITY AS b (bucket_start, bucket)
		LEFT JOIN counted AS c ON c.bucket OPERATOR(pg_catalog.=) b.bucket AND c.category OPERATOR(pg_catalog.=) r.category
		LEFT JOIN total AS t ON t.bucket OPERATOR(pg_catalog.=) b.bucket
	ORDER BY r.rank, b.bucket_start;
END;

COMMENT ON FUNCTION paperfeed.category_trends(timestamptz, interval, integer, boolean, boolean, timestamptz, text) IS
'the k categories of paperfeed.papers that have most papers, or with by_change changed most, as series: a row for each and each bucket, 0 where there is nothing; '
'a paper counts in each of its categories, with primary_only in its first; withdrawn papers and those without a date do not; '
'share: of all papers of the bucket, 0 to 1 (so that shares of all categories together exceed 1 unless primary_only); '
'growth: share in the window by share in the time as long before it, 1 is no change, NULL if the category had none then; '
'score: by how many doublings the share changed at least, that is the end nearer to 0 of the 99 % confidence interval of log2(growth), 0 if chance explains it, negative for a decline, NULL without papers before; '
'buckets are of whole months or of days and times, begin as counted from 2001-01-01, a Monday, by the clocks of the time zone zone; the first one is whole, so that the window begins where it begins, the last one ends at until, which is not in the window (its share can be compared, its papers cannot yet); papers dated by day are at midnight UTC; '
'k NULL gives all categories, another NULL no rows; errors: 22023 for a bucket that is not positive, or mixes months with days, a since that is not before until, more than 10,000 buckets, an unknown zone; 22008 for infinite times; 2201W for a negative k; 42501 without SELECT on paperfeed.papers; '
'source of the score: LRC, Evert 2022, with Katz et al. 1978 for the interval';

CREATE TYPE paperfeed._topic AS (
	keyword		text,
	papers		bigint[],
	shares		double precision[],
	growth		double precision,
	score		double precision
);

COMMENT ON TYPE paperfeed._topic IS 'a keyword that grew, as the aggregate _topics gives it; paperfeed.keyword_trends makes rows of it';
COMMENT ON COLUMN paperfeed._topic.keyword IS 'the word or phrase';
COMMENT ON COLUMN paperfeed._topic.papers IS 'how many papers have it, by bucket, up to the last bucket that has papers';
COMMENT ON COLUMN paperfeed._topic.shares IS 'the same, as a share of the bucket''s papers';
COMMENT ON COLUMN paperfeed._topic.growth IS 'share in the window by share in the reference; NULL if none there has it';
COMMENT ON COLUMN paperfeed._topic.score IS 'log2 of the growth that is sure';

CREATE FUNCTION paperfeed._topics_accum(internal, text, integer, integer) RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_topics_accum';

CREATE FUNCTION paperfeed._topics_final(internal) RETURNS paperfeed._topic[]
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_topics_final';

COMMENT ON FUNCTION paperfeed._topics_accum(internal, text, integer, integer) IS 'part of aggregate _topics';
COMMENT ON FUNCTION paperfeed._topics_final(internal) IS 'part of aggregate _topics';

CREATE AGGREGATE paperfeed._topics(title text, bucket integer, k integer) (
	SFUNC = paperfeed._topics_accum,
	STYPE = internal,
	SSPACE = 16777216,
	FINALFUNC = paperfeed._topics_final,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE paperfeed._topics(text, integer, integer) IS
'the k words and phrases of titles whose share grew most in the buckets from 1 on, against bucket 0; see paperfeed.keyword_trends';

CREATE FUNCTION paperfeed.keyword_trends(
	since timestamptz DEFAULT pg_catalog.now() OPERATOR(pg_catalog.-) interval '90 days', k integer DEFAULT 30,
	bucket interval DEFAULT '1 week', categories text[] DEFAULT NULL,
	until timestamptz DEFAULT pg_catalog.now(), zone text DEFAULT pg_catalog.current_setting('TimeZone'),
	OUT rank integer, OUT keyword text, OUT bucket_start timestamptz, OUT papers bigint, OUT share double precision,
	OUT growth double precision, OUT score double precision)
RETURNS SETOF record
LANGUAGE SQL STABLE PARALLEL SAFE ROWS 400
BEGIN ATOMIC
	WITH w AS MATERIALIZED (
		SELECT b.starts, b.starts[1] OPERATOR(pg_catalog.-) ((keyword_trends.until OPERATOR(pg_catalog.-) b.starts[1]) OPERATOR(pg_catalog.*) 4::double precision) AS reference
		FROM paperfeed._topic_buckets(keyword_trends.since, keyword_trends.until, keyword_trends.bucket, keyword_trends.zone) AS b (starts)
	), found AS MATERIALIZED (
		SELECT paperfeed._topics(p.title, pg_catalog.width_bucket(p.published, (SELECT w.starts FROM w)), keyword_trends.k) AS topics
		FROM paperfeed.papers AS p
		WHERE p.published OPERATOR(pg_catalog.>=) (SELECT w.reference FROM w)
			AND p.published OPERATOR(pg_catalog.<) keyword_trends.until
			AND (keyword_trends.categories IS NULL OR p.categories OPERATOR(pg_catalog.&&) keyword_trends.categories)
			AND p.withdrawn IS NOT TRUE
	)
	SELECT t.rank::integer, t.keyword, b.bucket_start, COALESCE(t.papers[b.bucket], 0), COALESCE(t.shares[b.bucket], 0), t.growth, t.score
	FROM (SELECT u.* FROM ROWS FROM (pg_catalog.unnest((SELECT f.topics FROM found AS f))) WITH ORDINALITY
				AS u (keyword, papers, shares, growth, score, rank)
			ORDER BY u.rank LIMIT keyword_trends.k) AS t
		CROSS JOIN ROWS FROM (pg_catalog.unnest((SELECT w.starts FROM w))) WITH ORDINALITY AS b (bucket_start, bucket)
	ORDER BY t.rank, b.bucket_start;
END;

COMMENT ON FUNCTION paperfeed.keyword_trends(timestamptz, integer, interval, text[], timestamptz, text) IS
'the k words and phrases (up to four words) of the titles in paperfeed.papers whose share of papers grew most since then, against the time four times as long before, as series: a row for each and each bucket, 0 where there is nothing; '
'categories (any of them) narrows both times; withdrawn papers and those without a date do not count; '
'keyword: as titles write it most often, in lower case unless titles that are not all in capitals write it otherwise; forms of a word are one (dictionary english_stem), stop words, words like "towards" or "framework", numbers and years are none; at least three papers of the window have it; what only is a piece of a longer phrase, or grew because of one that is listed, is left out; '
'share: of the papers of the bucket (in those categories), 0 to 1; growth: share in the window by share before, more than 1, NULL if none had it before; '
'score: by how many doublings the share grew at least, that is the lower end of the 99 % confidence interval of log2(growth), and what the rank goes by; 0 if chance may explain it; '
'buckets as in paperfeed.category_trends; no rows if there are no papers before since; '
'k NULL gives all that grew, categories NULL takes all papers, another NULL gives no rows; errors: as in paperfeed.category_trends; of titles the first 2,000 bytes count, words beyond 60 bytes are none; 4 bytes of memory for each word of a title; '
'source of the score: LRC, Evert 2022, with Katz et al. 1978 for the interval';
