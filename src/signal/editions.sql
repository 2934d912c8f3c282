/*
 * src/signal/editions.sql: the papers of a day, a week or a month
 *
 * Papers get into an edition by what happened then, so one may be in several:
 * that of the day on which arXiv announced it, and that of the day on which
 * Hugging Face featured it.
 *
 * - Feeds that tell when they announced a paper (arXiv's and bioRxiv's new and
 *   cross-listed ones, Hugging Face's featured ones): that day.  New versions
 *   are no announcements.
 * - Papers that no feed announced as new, as those of bulk metadata (OAI-PMH, a
 *   snapshot) and of most APIs: the day on which they were published.
 * - But papers known only because they were featured or cross-listed somewhere:
 *   then alone, so that a database of Hugging Face's daily papers has the
 *   editions that its pages have.
 * - Papers that readers submitted: the day on which they did.
 */

-- Partial, since most papers of bulk metadata are not announced; so no statement that
-- looks for sightings otherwise can be planned with it.
CREATE INDEX sightings_announced_idx ON paperfeed.sightings (announced) WHERE announced IS NOT NULL;

COMMENT ON INDEX paperfeed.sightings_announced_idx IS 'papers of an edition';

CREATE TYPE paperfeed.edition_paper AS (
	rank		integer,
	id			paperfeed.paperid,
	title		text,
	abstract	text,
	authors		text[],
	categories	text[],
	published	timestamptz,
	announced	timestamptz,
	submitter	text,
	votes		double precision,
	comments	double precision,
	url			text,
	pdf_url		text,
	code		text,
	model		text,
	data		text,
	project		text
);

COMMENT ON TYPE paperfeed.edition_paper IS 'a paper at its place in an edition';
COMMENT ON COLUMN paperfeed.edition_paper.rank IS 'place, from 1';
COMMENT ON COLUMN paperfeed.edition_paper.id IS 'id of the paper';
COMMENT ON COLUMN paperfeed.edition_paper.title IS 'display text';
COMMENT ON COLUMN paperfeed.edition_paper.abstract IS 'display text; NULL where no source gives one';
COMMENT ON COLUMN paperfeed.edition_paper.authors IS 'authors, in their order';
COMMENT ON COLUMN paperfeed.edition_paper.categories IS 'subjects, the primary one first';
COMMENT ON COLUMN paperfeed.edition_paper.published IS 'first publication';
COMMENT ON COLUMN paperfeed.edition_paper.announced IS 'when it got into the edition: the first time within it that it was announced, featured, published or submitted';
COMMENT ON COLUMN paperfeed.edition_paper.submitter IS 'reader who first submitted it, else who proposed it where it was featured; NULL = not known';
COMMENT ON COLUMN paperfeed.edition_paper.votes IS 'readers'' votes and those that feeds report, less those against, until now';
COMMENT ON COLUMN paperfeed.edition_paper.comments IS 'readers'' comments and those that feeds report, until now';
COMMENT ON COLUMN paperfeed.edition_paper.url IS 'page for people';
COMMENT ON COLUMN paperfeed.edition_paper.pdf_url IS 'address of the PDF';
COMMENT ON COLUMN paperfeed.edition_paper.code IS 'address of its code, the first one known; all are in papers.links; NULL = none known, as with the next three';
COMMENT ON COLUMN paperfeed.edition_paper.model IS 'address of its model';
COMMENT ON COLUMN paperfeed.edition_paper.data IS 'address of its data';
COMMENT ON COLUMN paperfeed.edition_paper.project IS 'address of its project''s page';

CREATE FUNCTION paperfeed.edition_day(at timestamptz DEFAULT now()) RETURNS date
AS 'MODULE_PATHNAME', 'pf_edition_day_sql'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.edition_day(timestamptz) IS
'the day of a time in the time zone of editions, the setting paperfeed.time_zone: without an argument, today; infinite times give infinite dates; error 22008 for a time that is out of range there';

CREATE FUNCTION paperfeed.edition_start(day date) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'pf_edition_start'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.edition_start(date) IS
'the first moment of a day in the time zone of editions, the setting paperfeed.time_zone: a condition published >= edition_start(day) AND published < edition_start(day + 1) can use an index, edition_day(published) = day cannot; an infinite day gives an infinite time; NULL for NULL; raises no errors';

CREATE FUNCTION paperfeed.daily(
	day date DEFAULT paperfeed.edition_day(), k integer DEFAULT NULL, categories text[] DEFAULT NULL)
RETURNS SETOF paperfeed.edition_paper
AS 'MODULE_PATHNAME', 'pf_daily'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 100;

COMMENT ON FUNCTION paperfeed.daily(date, integer, text[]) IS
'the edition of a day, as paperfeed.time_zone has days: the papers in paperfeed.papers that a feed announced or featured or a reader submitted then; and those published then that no feed announced as new, unless all that is known of them is that they were featured or cross-listed; new versions are no announcements, and a paper may be in several editions; by votes, then by the heat of a week, then by id; k: only the first k (NULL = all); categories: only papers that are in one of them (NULL = all); withdrawn papers are left out; papers are read with the caller''s rights, so it takes SELECT on paperfeed.papers, and nothing else; day NULL gives none; errors: 22008 for an infinite day, 2201W for a negative k';

CREATE FUNCTION paperfeed.weekly(
	day date DEFAULT paperfeed.edition_day(), k integer DEFAULT NULL, categories text[] DEFAULT NULL)
RETURNS SETOF paperfeed.edition_paper
AS 'MODULE_PATHNAME', 'pf_weekly'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 500;

COMMENT ON FUNCTION paperfeed.weekly(date, integer, text[]) IS
'the edition of the week, Monday to Sunday, that the day is in; else as daily()';

CREATE FUNCTION paperfeed.monthly(
	day date DEFAULT paperfeed.edition_day(), k integer DEFAULT NULL, categories text[] DEFAULT NULL)
RETURNS SETOF paperfeed.edition_paper
AS 'MODULE_PATHNAME', 'pf_monthly'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 2000;

COMMENT ON FUNCTION paperfeed.monthly(date, integer, text[]) IS
'the edition of the month that the day is in; else as daily()';

CREATE FUNCTION paperfeed.previous_edition(day date, period text DEFAULT 'day') RETURNS date
AS 'MODULE_PATHNAME', 'pf_previous_edition'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION paperfeed.previous_edition(date, text) IS
'the nearest edition that has papers before the one of that day, by its first day; period: day, week or month; NULL if there is none; of ''infinity'': the last of all; rights as of daily(); error 22023 for another period';

CREATE FUNCTION paperfeed.next_edition(day date, period text DEFAULT 'day') RETURNS date
AS 'MODULE_PATHNAME', 'pf_next_edition'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION paperfeed.next_edition(date, text) IS
'the nearest edition that has papers after the one of that day, by its first day; period: day, week or month; NULL if there is none; of ''-infinity'': the first of all; rights as of daily(); error 22023 for another period';

-- The lists' functions run with the rights of who selects, through a view as well: so
-- row-level security on the papers holds here, too.
CREATE VIEW paperfeed.daily_papers AS
	SELECT e.day, p.rank, p.id, p.title, p.abstract, p.authors, p.categories, p.published, p.announced, p.submitter,
		p.votes, p.comments, p.url, p.pdf_url, p.code, p.model, p.data, p.project
	FROM (SELECT paperfeed.previous_edition(paperfeed.edition_day() OPERATOR(pg_catalog.+) 1) AS day) AS e
		CROSS JOIN LATERAL paperfeed.daily(e.day) AS p;

COMMENT ON VIEW paperfeed.daily_papers IS 'the latest daily edition that has papers, up to today''s: on a Sunday that of Friday, say; who may SELECT here needs SELECT on paperfeed.papers, too, whose row-level security holds';

CREATE VIEW paperfeed.trending_now AS
	SELECT t.rank, t.score, t.id, t.title, t.authors, t.published, t.categories, t.votes, t.comments, t.url, t.links
	FROM paperfeed.trending() AS t;

COMMENT ON VIEW paperfeed.trending_now IS 'trending() as it is without arguments; who may SELECT here needs SELECT on paperfeed.papers, too, whose row-level security holds';

-- Their columns are those of the functions' types.
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT v.attrelid::regclass AS view, v.attname, pg_catalog.col_description(t.attrelid, t.attnum) AS comment
		FROM (VALUES ('paperfeed.daily_papers'::regclass, 'paperfeed.edition_paper'::regclass),
				('paperfeed.trending_now', 'paperfeed.ranked_paper')) AS l (view, type)
			JOIN pg_catalog.pg_attribute AS v ON v.attrelid = l.view
			JOIN pg_catalog.pg_attribute AS t ON t.attrelid = l.type AND t.attname = v.attname
		WHERE v.attnum > 0
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', c.view, c.attname, c.comment);
	END LOOP;
END
$$;
COMMENT ON COLUMN paperfeed.daily_papers.day IS 'day of the edition';
