-- If this fails, a JSON source's papers are read wrongly: a field is lost, comes
-- from the wrong member, or is not display text.  test/fixtures/json/README.txt
-- says what is odd in each document.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir '/test/fixtures/json/'
SET timezone = 'UTC';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on

SELECT set_config('fixtures.dir', :'fixtures', false) IS NOT NULL;

CREATE FUNCTION pg_temp.doc(file text) RETURNS bytea LANGUAGE sql AS
$$ SELECT pg_read_binary_file(current_setting('fixtures.dir') || file) $$;

-- each paper's columns that are not empty, in the table's order
CREATE FUNCTION pg_temp.show(file text, base text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS
$$
	SELECT format('%s %s: %s', p.n, a.attname, to_jsonb(p) ->> a.attname)
	FROM paperfeed.parse(pg_temp.doc(file), base) WITH ORDINALITY AS
			p(id, title, abstract, authors, published, updated, version, categories, doi, venue, comment,
			  license, url, pdf_url, links, metrics, withdrawn, source, extra, n),
		 pg_attribute a
	WHERE a.attrelid = 'paperfeed.paper'::regclass AND a.attnum > 0
	  AND to_jsonb(p) ->> a.attname NOT IN ('', '[]', '{}', 'false')
	ORDER BY p.n, a.attnum
$$;

-- what the document says of itself, without what is empty
CREATE FUNCTION pg_temp.info(file text, base text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_strip_nulls(to_jsonb(i)) FROM paperfeed.feed_info(pg_temp.doc(file), base) i $$;

-- Hugging Face
SELECT pg_temp.info('hf_daily.json');
SELECT pg_temp.show('hf_daily.json');
SELECT pg_temp.show('hf_paper.json');
SELECT pg_temp.info('hf_error.json');

-- bioRxiv and medRxiv; the next page out of the document's address
SELECT pg_temp.info('biorxiv.json', 'https://api.biorxiv.org/details/biorxiv/2024-01-01/2024-01-02/100/json');
SELECT pg_temp.info('biorxiv.json', 'https://api.biorxiv.org/details/biorxiv/2024-01-01/2024-01-02') ->> 'next';
SELECT pg_temp.show('biorxiv.json');
SELECT pg_temp.info('biorxiv_empty.json');
SELECT pg_temp.show('biorxiv_pubs.json');

-- Crossref
SELECT pg_temp.info('crossref.json', 'https://api.crossref.org/works?filter=type:journal-article&cursor=*&rows=7');
SELECT pg_temp.show('crossref.json');
SELECT pg_temp.show('crossref_work.json');
SELECT pg_temp.info('crossref_error.json');

-- Europe PMC; the last page has the mark that it was asked for
SELECT pg_temp.info('europepmc.json', 'https://www.ebi.ac.uk/europepmc/webservices/rest/search?query=tides&cursorMark=*');
SELECT pg_temp.info('europepmc.json', 'https://www.ebi.ac.uk/europepmc/webservices/rest/search?query=tides&cursorMark=AoIIP4%3D%2Bb%2F') ->> 'next';
SELECT pg_temp.show('europepmc.json');
SELECT pg_temp.info('europepmc_error.json');

-- OpenAlex
SELECT pg_temp.info('openalex.json', 'https://api.openalex.org/works?search=x&cursor=*');
SELECT pg_temp.show('openalex.json');

-- Semantic Scholar
SELECT pg_temp.info('s2.json', 'https://api.semanticscholar.org/graph/v1/paper/search?query=x&offset=0&limit=2');
SELECT pg_temp.show('s2.json');
SELECT pg_temp.show('s2_batch.json');
SELECT pg_temp.show('s2_citations.json');
SELECT pg_temp.info('s2_error.json');

-- OpenReview
SELECT pg_temp.show('openreview_v1.json');
SELECT pg_temp.info('openreview_v2.json');
SELECT pg_temp.show('openreview_v2.json');
SELECT pg_temp.info('openreview_error.json');

-- DataCite
SELECT pg_temp.info('datacite.json');
SELECT pg_temp.show('datacite.json');
SELECT pg_temp.show('datacite_one.json');
SELECT pg_temp.info('datacite_error.json');

-- dblp
SELECT pg_temp.info('dblp.json', 'https://dblp.org/search/publ/api?q=attention&format=json&h=3&f=30');
SELECT pg_temp.show('dblp.json');
SELECT pg_temp.show('dblp_one.json');

-- JSON Feed
SELECT pg_temp.info('jsonfeed_11.json', 'https://blog.example.org/a/feed.json');
SELECT pg_temp.show('jsonfeed_11.json', 'https://blog.example.org/a/feed.json');
SELECT pg_temp.info('jsonfeed_10.json');
SELECT pg_temp.show('jsonfeed_10.json');
SELECT pg_temp.info('jsonfeed_empty.json');

-- JSON lines
SELECT pg_temp.info('snapshot.jsonl');
SELECT pg_temp.show('snapshot.jsonl');
SELECT pg_temp.info('generic.jsonl', 'https://files.example.org/papers.jsonl');
SELECT pg_temp.show('generic.jsonl', 'https://files.example.org/papers.jsonl');

-- HTTP recordings
SELECT pg_temp.info('recording.json');
SELECT pg_temp.show('recording.json');
SELECT pg_temp.show('recording_json.json');
