-- If this fails, a feed that is not well-formed, or labelled with the wrong
-- charset, is lost, read as garbage, or does harm.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir '/test/fixtures/xml/'
SET timezone = 'UTC';
SET datestyle = 'ISO';
\pset format unaligned
SELECT set_config('fixtures.dir', :'fixtures', false) IS NOT NULL AS set;

CREATE FUNCTION pg_temp.doc(file text) RETURNS bytea LANGUAGE sql AS
$$ SELECT pg_read_binary_file(current_setting('fixtures.dir') || file || '.xml') $$;

-- what was read, and whether it is said that something was mended
SELECT f.file, i.state, i.charset, i.records, i.title, i.problem IS NOT NULL AS problem
FROM (VALUES ('broken_prefix'), ('broken_ampersand'), ('broken_entities'), ('broken_nesting'),
	('broken_truncated'), ('charset_wrong_label'), ('charset_latin1'), ('charset_cp1252'),
	('charset_utf16'), ('charset_utf16be'), ('hostile_entities')) f(file),
	LATERAL paperfeed.feed_info(pg_temp.doc(f.file)) i;

SELECT f.file, p.title, p.abstract, p.authors, p.doi, p.published::date AS published, p.url
FROM (VALUES ('broken_prefix'), ('broken_ampersand'), ('broken_entities'), ('broken_nesting'),
	('broken_truncated'), ('charset_wrong_label'), ('charset_latin1'), ('charset_cp1252'),
	('charset_utf16'), ('charset_utf16be'), ('hostile_entities')) f(file),
	LATERAL paperfeed.parse(pg_temp.doc(f.file)) p;

-- the charset of the transport counts where the document says nothing
SELECT title FROM paperfeed.parse(pg_temp.doc('charset_latin1'), NULL, 'text/xml; charset=iso-8859-1');

-- cut anywhere, a document gives the papers that were complete, and never an error of its own
SELECT count(*) AS cuts, count(*) FILTER (WHERE i.state = 'well-formed') AS well_formed, max(i.records) AS most
FROM (SELECT pg_temp.doc('oai_arxiv') AS doc) d, generate_series(100, length(doc) - 1, 13) n,
	LATERAL paperfeed.feed_info(substr(doc, 1, n)) i;

-- papers with nothing in their elements are left out or empty, but are read
SELECT i.state, i.records
FROM (VALUES
	('<rss version="2.0"><channel><item/><item><title/><link/><guid/><author/><pubDate/></item></channel></rss>'),
	('<feed xmlns="http://www.w3.org/2005/Atom"><entry/><entry><id/><title/><link/><author/><updated/></entry></feed>'),
	('<OAI-PMH><ListRecords><record/><record><header/><metadata/></record><record><header><identifier/></header><metadata><arXiv/></metadata></record></ListRecords></OAI-PMH>'),
	('<PubmedArticleSet><PubmedArticle/><PubmedArticle><MedlineCitation><PMID/><Article><ArticleTitle/><Journal/></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>'),
	('<collection><paper/><volume><meta/><paper/><paper id="x"/></volume></collection>'),
	('<dblp><article/><www/><article key=""><author/><title/><ee/></article></dblp>')) v(doc),
	LATERAL paperfeed.feed_info(convert_to(doc, 'UTF8')) i;

-- many names, links and categories take time in proportion, not squared
SELECT cardinality(authors) AS authors, cardinality(categories) AS categories
FROM paperfeed.parse(convert_to('<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://x.example.org/1</id><title>Many</title>' ||
	(SELECT string_agg(format('<author><name>A. Name%s</name></author><category term="c%s"/><link href="/%s"/><created>2020-01-01</created>', i, i, i), '')
	 FROM generate_series(1, 20000) i) || '</entry></feed>', 'UTF8'), 'http://x.example.org/');

-- what is no feed says so
SELECT i.state, i.problem
FROM (VALUES ('<html><body>Not found</body></html>'), ('<svg/>'), ('hello'), ('')) v(doc),
	LATERAL paperfeed.feed_info(convert_to(doc, 'UTF8')) i;
