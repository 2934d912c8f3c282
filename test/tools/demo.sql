-- demo.sql: what "make demo" shows; for psql, with the variables
--   offline  1 = ask no feed in the network
--   sample   directory of the bundled sample, as the server sees it
-- Nothing here is wider than 100 columns.

SET TimeZone = 'UTC';
SET client_min_messages = warning;
\pset footer off
\pset linestyle ascii
\set QUIET 1

CREATE TEMPORARY TABLE reports OF paperfeed.ingest_report;

-- Today's papers from the network, if it answers.  The first feed decides:
-- where it does not, nothing of the attempt is kept.
SELECT :'offline' NOT IN ('', '0') AS offline \gset
\if :offline
	\set live f
	\echo 'Feeds: none is asked in the network, as DEMO_OFFLINE is set'
\else
	\echo 'Feeds: asking https://huggingface.co/api/daily_papers, for 5 seconds at most'
	SET paperfeed.connect_timeout = '3s';
	SET paperfeed.fetch_timeout = '5s';
	BEGIN;
	INSERT INTO reports SELECT * FROM paperfeed.ingest('https://huggingface.co/api/daily_papers');
	SELECT status <> 'failed' AS live, error AS why FROM reports \gset
	\if :live
		COMMIT;
		INSERT INTO reports SELECT * FROM paperfeed.ingest('http://rss.arxiv.org/rss/cs.CL');
	\else
		ROLLBACK;
		\echo 'Feeds: no answer (':why')'
	\endif
\endif

-- Else the sample, unless papers have come from the network before.
SELECT NOT EXISTS (SELECT FROM paperfeed.sightings WHERE announce = 'featured')
	OR (NOT :'live'::boolean
		AND NOT EXISTS (SELECT FROM paperfeed.feeds WHERE url = 'https://huggingface.co/api/daily_papers')) AS sample_wanted \gset
\if :sample_wanted
	\echo 'Feeds: the bundled sample, papers of 30 September 2025 and a few old ones'
	INSERT INTO reports
	SELECT r.*
	FROM (VALUES (1, 'daily_papers.json', 'https://huggingface.co/api/daily_papers?date=2025-09-30'),
			(2, 'arxiv.atom', 'http://rss.arxiv.org/atom/cs.AI+cs.CL'),
			(3, 'oai.xml', 'http://export.arxiv.org/oai2?verb=ListRecords&metadataPrefix=arXiv&set=cs')) AS f (n, file, url)
		CROSS JOIN LATERAL paperfeed.ingest_document(pg_read_binary_file(:'sample' || f.file), base_url => f.url) AS r
	ORDER BY f.n;
\endif

SELECT count(*) > 0 AS any_report FROM reports \gset
\if :any_report
	\echo
	\echo 'WHAT CAME IN: a report by paperfeed.ingest() for each feed'
	\echo
	SELECT CASE WHEN length(feed) > 45 THEN left(feed, 44) || '…' ELSE feed END AS feed,
		status, seen, added, updated, unchanged AS same,
		round(extract(epoch FROM elapsed) * 1000) AS ms
	FROM reports;
\endif

-- Today's edition: of the latest day on which papers were featured; gravity as of now, or of the end of that day.
SELECT paperfeed.edition_day(max(announced)) AS day,
	to_char(paperfeed.edition_day(max(announced)), 'FMDD Month YYYY') AS day_in_words,
	least(now(), max(announced) + interval '6 hours') AS as_of
FROM paperfeed.sightings WHERE announce = 'featured' \gset

CREATE TEMPORARY TABLE today AS SELECT * FROM paperfeed.daily(:'day');
SELECT count(*) AS edition FROM today \gset

\echo 'EDITION OF' :day_in_words: paperfeed.daily(:'day'), :edition papers by votes
\echo '(gravity() is Hacker News'' formula, hot() is Reddit''s)'
\echo
SELECT rank AS "#", votes, comments, CASE WHEN code IS NULL THEN '' ELSE 'code' END AS code,
	round(paperfeed.gravity(votes, announced, :'as_of')::numeric, 3) AS "gravity()",
	round(paperfeed.hot(votes, announced)::numeric, 2) AS "hot()",
	CASE WHEN length(title) > 42 THEN left(title, 41) || '…' ELSE title END AS paper
FROM today
ORDER BY rank
LIMIT 10;

SELECT count(*) > 0 AS any_trend FROM paperfeed.trending(1) \gset
\if :any_trend
	\echo 'TRENDING: paperfeed.trending(), all signs of interest, the older the less'
	\echo
	SELECT rank AS "#", round(100 * score / max(score) OVER ()) AS "% of first", votes, comments,
		CASE WHEN length(title) > 61 THEN left(title, 60) || '…' ELSE title END AS paper
	FROM paperfeed.trending(5)
	ORDER BY rank;
\endif

SELECT count(*) AS shared, count(*) > 0 AS any_shared FROM (SELECT FROM paperfeed.sightings GROUP BY paper HAVING count(*) > 1) AS twice \gset
\if :any_shared
	\echo 'ONE PAPER, ONE ROW:' :shared 'papers came by more than one feed; what each told is put together'
	\echo
	SELECT p.id, CASE WHEN length(p.title) > 42 THEN left(p.title, 41) || '…' ELSE p.title END AS paper,
		(p.metrics ->> 'upvotes')::integer AS votes,
		left(string_agg(DISTINCT substring(f.url FROM '//(?:www\.|rss\.)?([^/]+)'), ', '), 28) AS "came by"
	FROM paperfeed.sightings AS s JOIN paperfeed.papers AS p ON p.id = s.paper JOIN paperfeed.feeds AS f ON f.id = s.feed
	GROUP BY p.id HAVING count(*) > 1
	ORDER BY votes DESC NULLS LAST, p.id
	LIMIT 4;
\endif

-- Did the index answer?  The planner says it.
CREATE FUNCTION pg_temp.index_of(statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		IF line ~ 'Order By' THEN
			RETURN 'the index papers_search';
		END IF;
	END LOOP;
	RETURN 'reading all papers';
END
$$;
SELECT pg_temp.index_of($$ SELECT * FROM paperfeed.search('"language models" diffusion -image') $$) AS answered_by \gset

\echo 'A SEARCH: paperfeed.search(''"language models" diffusion -image''), by' :answered_by
\echo
SELECT rank AS "#", round(score::numeric, 2) AS score, id,
	CASE WHEN length(title) > 63 THEN left(title, 62) || '…' ELSE title END AS paper
FROM paperfeed.search('"language models" diffusion -image', 5);

SELECT id AS top_id, title || ' ' || COALESCE(abstract, '') AS top_text
FROM paperfeed.papers
WHERE id = (SELECT id FROM today WHERE rank = 1) \gset

\echo 'KEYWORDS of the first paper: paperfeed.keywords(title and abstract)'
\echo
SELECT keyword, round(score::numeric, 2) AS "tf * idf", occurrences AS "in the text", documents AS "papers with it"
FROM paperfeed.keywords(:'top_text', 5);

\echo 'MORE LIKE THE FIRST PAPER: its whole text as a query'
\echo
SELECT row_number() OVER (ORDER BY rank) AS "#", round(score::numeric, 2) AS score, id,
	CASE WHEN length(title) > 63 THEN left(title, 62) || '…' ELSE title END AS paper
FROM paperfeed.search(:'top_text', 6)
WHERE id <> :'top_id'
ORDER BY rank
LIMIT 5;
