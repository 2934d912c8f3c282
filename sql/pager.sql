-- If this fails, backfill() begins a source's history at the wrong place, turns to the wrong page,
-- stops too early, or never.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET paperfeed.clock = '2024-03-12 12:00Z';
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION pg_temp.pages(url text, since date, VARIADIC answers text[] DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS $$
SELECT concat_ws(' ', page, kind, window_from, window_to, replace(url, 'https://', ''), '->', outcome, note) FROM paperfeed.backfill_pages(url, since, answers) $$;

-- where each kind begins: what the address says of the papers stays, what it says of days and pages goes
SELECT pg_temp.pages('https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs:cs:AI', '2024-02-01');
SELECT pg_temp.pages('https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv', '2020-02-01');
SELECT pg_temp.pages('https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv', NULL);
SELECT pg_temp.pages('https://a.b/oai?verb=ListRecords&metadataPrefix=oai_dc&from=2024-01-01T00:00:00Z&until=2024-01-31', NULL);
SELECT pg_temp.pages('https://a.b/oai?verb=ListRecords&metadataPrefix=oai_dc&from=2023-01-01&resumptionToken=x', '2024-01-10');
SELECT pg_temp.pages('https://export.arxiv.org/api/query?search_query=cat:cs.AI+OR+all:%22a+b%22&sortBy=lastUpdatedDate&start=10&max_results=5', '2024-02-29');
SELECT pg_temp.pages('https://export.arxiv.org/api/query?search_query=cat:cs.AI&max_results=5000', NULL);
SELECT pg_temp.pages('https://api.biorxiv.org/details/biorxiv/7d', '2024-03-01');
SELECT pg_temp.pages('https://api.biorxiv.org/details/medrxiv/2024-01-01/2024-01-31/30/json?category=neurology', NULL);
SELECT pg_temp.pages('https://api.crossref.org/works?query=graph&rows=5&offset=10', '2024-03-01');
SELECT pg_temp.pages('https://api.crossref.org/journals/1234-5678/works?filter=type:journal-article,from-pub-date:2023-01-01,until-pub-date:2023-12-31', NULL);
SELECT pg_temp.pages('https://api.openalex.org/works?filter=from_publication_date:2020-01-01,type:article&page=2&per_page=10', '2024-03-01');
SELECT pg_temp.pages('https://api.semanticscholar.org/graph/v1/paper/search/bulk?query=graph&token=x', '2024-03-01');
SELECT pg_temp.pages('https://huggingface.co/api/daily_papers?week=2024-W01&sort=trending&p=3', '2024-03-01');
SELECT pg_temp.pages('https://huggingface.co/api/daily_papers', NULL);
SELECT pg_temp.pages('https://ann:secret@example.org/feed', '2024-03-01');
SELECT count(*) FROM paperfeed.backfill_pages(NULL);

-- and what does not
\set VERBOSITY sqlstate
SELECT pg_temp.pages('https://rss.arxiv.org/atom/cs.AI', NULL);
SELECT pg_temp.pages('https://a.b/oai?verb=ListIdentifiers&metadataPrefix=oai_dc', NULL);
SELECT pg_temp.pages('https://export.arxiv.org/api/query?id_list=2401.00001', NULL);
SELECT pg_temp.pages('document:', NULL);
SELECT pg_temp.pages('', NULL);
\set VERBOSITY default

-- OAI-PMH: a repository says when it begins; tokens go alone; an expired one costs a part of the window; none, or an empty one, is the end
CREATE FUNCTION pg_temp.oai(body text) RETURNS text LANGUAGE sql AS $$
SELECT '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-03-12T00:00:00Z</responseDate>' || body || '</OAI-PMH>' $$;
CREATE FUNCTION pg_temp.list(token text) RETURNS text LANGUAGE sql AS $$
SELECT pg_temp.oai('<ListRecords><record><header status="deleted"><identifier>oai:a.b:' || COALESCE(token, 'x') || '</identifier></header></record>' || COALESCE('<resumptionToken>' || token || '</resumptionToken>', '') || '</ListRecords>') $$;
SELECT pg_temp.pages('https://a.b/oai?verb=ListRecords&metadataPrefix=oai_dc&set=s', NULL,
	pg_temp.oai('<Identify><repositoryName>R</repositoryName><earliestDatestamp>2023-01-01T00:00:00Z</earliestDatestamp></Identify>'),
	pg_temp.list('a/b c&amp;'), pg_temp.oai('<error code="badResumptionToken">expired</error>'), pg_temp.list(''),
	pg_temp.oai('<error code="noRecordsMatch">none</error>'), pg_temp.list(NULL), pg_temp.list(NULL));
SELECT pg_temp.pages('https://a.b/oai?verb=ListRecords&metadataPrefix=oai_dc', NULL, pg_temp.oai('<error code="badVerb">what?</error>'), pg_temp.list('a'), pg_temp.list('a'));
SELECT pg_temp.pages('https://a.b/oai?verb=ListRecords&metadataPrefix=oai_dc', '2024-03-12', VARIADIC array_fill(pg_temp.oai('<error code="badResumptionToken">expired</error>'), '{6}'));
SELECT pg_temp.pages('https://a.b/oai?verb=ListRecords&metadataPrefix=oai_dc', '2024-03-12', pg_temp.oai('<error code="badArgument">what?</error>'));
SELECT pg_temp.pages('https://a.b/oai?verb=ListRecords&metadataPrefix=oai_dc', '2024-03-12', left(pg_temp.list('a'), -60));

-- the arXiv API: empty pages that are none, and lists that are too long
CREATE FUNCTION pg_temp.arxiv(total integer, n integer, tag text DEFAULT '') RETURNS text LANGUAGE sql AS $$
SELECT '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/"><title>' || tag || '</title><o:totalResults>' || total || '</o:totalResults>' ||
	COALESCE(string_agg('<entry><id>http://arxiv.org/abs/2403.0000' || i || 'v1</id><title>Paper ' || i || '</title></entry>', ''), '') || '</feed>' FROM generate_series(1, n) AS i $$;
SELECT regexp_replace(p, 'search_query=.*ascending', '...') FROM pg_temp.pages('https://export.arxiv.org/api/query?search_query=cat:cs.AI', '2024-02-01',
	pg_temp.arxiv(5, 3), pg_temp.arxiv(0, 0), pg_temp.arxiv(5, 2)) AS p;
SELECT regexp_replace(p, 'search_query=.*ascending', '...') FROM pg_temp.pages('https://export.arxiv.org/api/query?search_query=cat:cs.AI', '2024-02-01',
	pg_temp.arxiv(0, 0), pg_temp.arxiv(0, 0)) AS p;
SELECT regexp_replace(p, 'search_query=.*ascending', '...') FROM pg_temp.pages('https://export.arxiv.org/api/query?search_query=cat:cs.AI', '2024-02-01',
	pg_temp.arxiv(60000, 3), pg_temp.arxiv(3, 3, 'b'), pg_temp.arxiv(4, 2), pg_temp.arxiv(0, 0), pg_temp.arxiv(0, 0), pg_temp.arxiv(0, 0), pg_temp.arxiv(2, 2)) AS p;
SELECT regexp_replace(p, 'search_query=.*ascending', '...') FROM pg_temp.pages('https://export.arxiv.org/api/query?search_query=cat:cs.AI', '2024-02-01',
	'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#bad</id><title>Error</title><summary>bad</summary></entry></feed>') AS p;

-- bioRxiv: the list ends with an empty page, whatever the total is
CREATE FUNCTION pg_temp.biorxiv(at integer, n integer) RETURNS text LANGUAGE sql AS $$
SELECT format('{"messages": [{"status": "ok", "cursor": %s, "count": %s, "total": "100"}], "collection": %s}', at, n,
	(SELECT COALESCE(jsonb_agg(jsonb_build_object('doi', '10.1101/2024.01.01.' || i, 'title', 'P', 'date', '2024-01-01', 'version', '1', 'category', 'c', 'server', 'bioRxiv')), '[]') FROM generate_series(at + 1, at + n) AS i)) $$;
SELECT pg_temp.pages('https://api.biorxiv.org/details/biorxiv/7d', '2024-03-01', pg_temp.biorxiv(0, 3), pg_temp.biorxiv(3, 2), pg_temp.biorxiv(5, 0));

-- cursors: one that stays the same may move on, but not with the same page; one that has expired costs a part of the window
CREATE FUNCTION pg_temp.crossref(cursor text, VARIADIC dois text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
SELECT jsonb_build_object('status', 'ok', 'message', jsonb_build_object('total-results', 9, 'next-cursor', cursor, 'items',
	(SELECT COALESCE(jsonb_agg(jsonb_build_object('DOI', '10.5555/' || d, 'title', jsonb_build_array('P ' || d), 'type', 'journal-article')), '[]') FROM unnest(dois) AS d)))::text $$;
SELECT pg_temp.pages('https://api.crossref.org/works', '2024-03-01', pg_temp.crossref('c=', 'a', 'b'), pg_temp.crossref('c=', 'c', 'd'), pg_temp.crossref('c='));
SELECT pg_temp.pages('https://api.crossref.org/works', '2024-03-01', pg_temp.crossref('c', 'a', 'b'), pg_temp.crossref('c', 'c'), pg_temp.crossref('c', 'c'));
SELECT page, window_from, window_to, outcome, note FROM paperfeed.backfill_pages('https://api.crossref.org/works', '2024-03-01',
	ARRAY[pg_temp.crossref('c', 'a'), '{"status": "failed"}', pg_temp.crossref('c', 'a'), pg_temp.crossref('c'), pg_temp.crossref('d', 'b'), '{}'], '{200,400,200,200,200,404}');
SELECT pg_temp.pages('https://api.openalex.org/works', '2024-03-01', '{"meta": {"count": 1, "next_cursor": "x"}, "results": [{"id": "https://openalex.org/W1", "display_name": "P"}]}', '{"meta": {"count": 1, "next_cursor": null}, "results": []}');
SELECT pg_temp.pages('https://api.semanticscholar.org/graph/v1/paper/search/bulk?query=graph', NULL, '{"total": 2, "token": "t", "data": [{"paperId": "a", "title": "P"}]}', '{"total": 2, "token": null, "data": [{"paperId": "b", "title": "Q"}]}');

-- Hugging Face: day by day, an empty one is one, a full page has another one behind it, a day that is not open yet is the last one
CREATE FUNCTION pg_temp.daily(n integer, first integer DEFAULT 1) RETURNS text LANGUAGE sql AS $$
SELECT COALESCE(jsonb_agg(jsonb_build_object('paper', jsonb_build_object('id', '2403.' || lpad(i::text, 5, '0'), 'title', 'P', 'authors', jsonb_build_array(jsonb_build_object('name', 'A')), 'upvotes', 1), 'publishedAt', '2024-03-01')), '[]')::text FROM generate_series(first, first + n - 1) AS i $$;
SELECT page, window_from, right(url, 12), outcome, note FROM paperfeed.backfill_pages('https://huggingface.co/api/daily_papers', '2024-03-09',
	ARRAY[pg_temp.daily(100), pg_temp.daily(3, 101), pg_temp.daily(0), pg_temp.daily(100), pg_temp.daily(100), '{"error": "not yet"}'], '{200,200,200,200,200,400}');
SELECT page, window_from, outcome FROM paperfeed.backfill_pages('https://huggingface.co/api/daily_papers', '2024-03-09', '{"{\"error\": \"no\"}"}', '{400}');

-- links: until there is none, or it is older than what is wanted, or it leads back
CREATE FUNCTION pg_temp.feed(next text, VARIADIC days text[]) RETURNS text LANGUAGE sql AS $$
SELECT '<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>' || COALESCE('<link rel="prev-archive" href="' || next || '"/>', '') ||
	string_agg('<entry><id>urn:' || d || '</id><title>Of ' || d || '</title><published>' || d || '</published></entry>', '') || '</feed>' FROM unnest(days) AS d $$;
SELECT pg_temp.pages('https://a.b/feed', '2024-02-01', pg_temp.feed('/2', '2024-03-02', '2024-03-01'), pg_temp.feed('/3', '2024-02-02', '2024-01-20'), pg_temp.feed('/4', '2024-01-19', '2024-01-18'));
SELECT pg_temp.pages('https://a.b/feed', '2024-02-01', pg_temp.feed('/2', '2024-03-01', '2024-03-02'), pg_temp.feed('/3', '2024-01-02', '2024-01-20'), pg_temp.feed(NULL, '2024-02-19'));
SELECT pg_temp.pages('https://a.b/feed', '2024-02-01', pg_temp.feed('/2', '2024-01-02'), pg_temp.feed('/3', '2024-01-01'));
SELECT pg_temp.pages('https://a.b/feed', NULL, pg_temp.feed('/feed', '2024-01-02'));
SELECT pg_temp.pages('https://a.b/1', NULL, pg_temp.feed('/2', '2024-01-09'), pg_temp.feed('/3', '2024-01-08'), pg_temp.feed('/2', '2024-01-07'), pg_temp.feed('/3', '2024-01-06'));
SELECT pg_temp.pages('https://a.b/1', NULL, pg_temp.feed('/2', '2024-01-09'), pg_temp.feed('/3', '2024-01-09'), pg_temp.feed('/4', '2024-01-09'));
SELECT pg_temp.pages('https://a.b/1', NULL, pg_temp.feed('ftp://a.b/2', '2024-01-09'));
SELECT pg_temp.pages('https://a.b/1', NULL, pg_temp.feed('mailto:x', '2024-01-09'));
SELECT page, outcome FROM paperfeed.backfill_pages('https://a.b/1', NULL, ARRAY['', NULL, 'no feed', '{}'], '{503}');
