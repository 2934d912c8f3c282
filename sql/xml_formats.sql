-- If this fails, an XML source's papers are read wrongly: a field is lost, comes
-- from the wrong element, or is not display text.  test/fixtures/xml/README.txt
-- says what is odd in each document.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir '/test/fixtures/xml/'
SET timezone = 'UTC';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on

SELECT set_config('fixtures.dir', :'fixtures', false) IS NOT NULL;

CREATE FUNCTION pg_temp.doc(file text) RETURNS bytea LANGUAGE sql AS
$$ SELECT pg_read_binary_file(current_setting('fixtures.dir') || file || '.xml') $$;

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

-- arXiv's API, old and new, and its way to say no
SELECT pg_temp.info('arxiv_api_old');
SELECT pg_temp.show('arxiv_api_old');
SELECT pg_temp.info('arxiv_api_new');
SELECT pg_temp.show('arxiv_api_new');
SELECT pg_temp.info('arxiv_api_error');
SELECT pg_temp.show('arxiv_api_error');

-- arXiv's announcements: a date is the paper's own only where it is new
SELECT pg_temp.info('arxiv_atom');
SELECT pg_temp.show('arxiv_atom');
SELECT pg_temp.info('arxiv_rss');
SELECT pg_temp.show('arxiv_rss');
SELECT pg_temp.info('arxiv_rss_empty');
SELECT pg_temp.info('arxiv_rss_2020');
SELECT pg_temp.show('arxiv_rss_2020');

-- OAI-PMH
SELECT pg_temp.info('oai_arxiv');
SELECT pg_temp.show('oai_arxiv');
SELECT pg_temp.info('oai_arxivraw');
SELECT pg_temp.show('oai_arxivraw');
SELECT pg_temp.info('oai_dc_arxiv');
SELECT pg_temp.show('oai_dc_arxiv');
SELECT pg_temp.info('oai_dc_repository');
SELECT pg_temp.show('oai_dc_repository');
SELECT pg_temp.show('oai_record');
SELECT pg_temp.info('oai_identifiers');
SELECT pg_temp.show('oai_identifiers');
SELECT pg_temp.info('oai_no_records');
SELECT pg_temp.info('oai_bad_token');

-- the same paper by API, OAI-PMH and RSS: page and PDF agree
SELECT count(DISTINCT (url, pdf_url)) FROM
	(SELECT replace(url, 'hep-th/9901001', '0704.0002'), replace(pdf_url, 'hep-th/9901001', '0704.0002')
	 FROM paperfeed.parse(pg_temp.doc('arxiv_api_old')) WHERE id::text = 'arxiv:hep-th/9901001'
	 UNION ALL
	 SELECT url, pdf_url FROM paperfeed.parse(pg_temp.doc('oai_arxiv')) WHERE id::text = 'arxiv:0704.0002') p(url, pdf_url);

-- Atom: with the feed's address, relative links are resolved against it
SELECT pg_temp.info('atom_10', 'http://fetched.example.org/feed');
SELECT pg_temp.show('atom_10', 'http://fetched.example.org/feed');
SELECT pg_temp.info('atom_03');
SELECT pg_temp.show('atom_03');

-- RSS
SELECT pg_temp.info('rss_20');
SELECT pg_temp.show('rss_20');
SELECT pg_temp.show('rss_20', 'https://mirror.example.org/feed');
SELECT pg_temp.info('rss_10');
SELECT pg_temp.show('rss_10');
SELECT pg_temp.info('rss_092');
SELECT pg_temp.show('rss_092');
SELECT pg_temp.info('rss_091');
SELECT pg_temp.show('rss_091');
SELECT pg_temp.info('rss_090');
SELECT pg_temp.show('rss_090');
SELECT pg_temp.info('biorxiv');
SELECT pg_temp.show('biorxiv');

-- bibliographies
SELECT pg_temp.info('pubmed');
SELECT pg_temp.show('pubmed');
SELECT pg_temp.info('acl');
SELECT pg_temp.show('acl');
SELECT pg_temp.show('acl_w');
SELECT pg_temp.show('acl_p');
SELECT pg_temp.info('dblp');
SELECT pg_temp.show('dblp');
