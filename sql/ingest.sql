-- If this fails, documents do not become rows, or what an ingest reports and
-- notes is not what happened.
\getenv abs_srcdir PG_ABS_SRCDIR
SET timezone = 'UTC';
SET datestyle = 'ISO';
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;

CREATE FUNCTION pg_temp.bytes(text) RETURNS bytea LANGUAGE sql RETURN convert_to($1, 'UTF8');

-- a report in one line; the last part is false if its numbers do not add up
CREATE FUNCTION pg_temp.tell(i paperfeed.ingest_report) RETURNS text LANGUAGE sql AS
$$
	SELECT concat_ws(' ', regexp_replace(i.feed, '^file:/.*/', 'file:.../'), i.status, i.http_status,
		format('seen %s: %s added, %s updated, %s unchanged, %s rejected', i.seen, i.added, i.updated, i.unchanged, i.rejected),
		i.error, i.seen = i.added + i.updated + i.unchanged + i.rejected AND i.elapsed >= '0' AND i.bytes >= 0)
$$;
CREATE FUNCTION pg_temp.ingest(document text, base_url text DEFAULT NULL) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.tell(paperfeed.ingest_document(pg_temp.bytes(document), base_url => base_url)) $$;

CREATE VIEW pg_temp.papers AS
	SELECT id, title, authors, published, version, source, withdrawn FROM paperfeed.papers ORDER BY id;

\set atom '<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/1</id><title>ArXiv Query</title><entry><id>http://arxiv.org/abs/2401.00001v2</id><title>Knots in ropes</title><updated>2024-01-03T00:00:00Z</updated><published>2024-01-01T10:00:00Z</published><summary>We tie.</summary><author><name>Ann Bell</name></author><category term="math.GT"/></entry></feed>'
\set oai '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header><identifier>oai:arXiv.org:math/0301001</identifier><datestamp>2008-12-13</datestamp></header><metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>math/0301001</id><created>2003-01-02</created><authors><author><keyname>Cord</keyname><forenames>Carl</forenames></author></authors><title>Older knots</title><categories>math.GT</categories><abstract>We untie.</abstract></arXiv></metadata></record></ListRecords></OAI-PMH>'
\set hf '[{"paper": {"id": "2401.00003", "authors": [{"name": "Dora Eck"}], "publishedAt": "2024-01-02T09:00:00.000Z", "submittedOnDailyAt": "2024-01-04T08:00:00.000Z", "title": "Loops", "summary": "We loop.", "upvotes": 5}, "numComments": 1}]'
\set two '{"id": "doi:10.1000/a", "title": "First"}\n{"id": "doi:10.1000/b", "title": "Second"}'

-- three formats, three papers
SELECT pg_temp.ingest(:'atom', 'http://export.arxiv.org/api/query?search_query=all:knot');
SELECT pg_temp.ingest(:'oai', 'https://oaipmh.arxiv.org/oai');
SELECT pg_temp.ingest(:'hf', 'https://huggingface.co/api/daily_papers');
TABLE pg_temp.papers;
SELECT f.url, f.title, f.format, f.status, f.records, f.rejected, f.errors, f.last_error, f.http_status, f.etag,
	f.last_checked >= f.added_at, f.last_success >= f.added_at, f.last_changed >= f.added_at, f.checksum IS NOT NULL
FROM paperfeed.feeds AS f ORDER BY id;
SELECT s.paper, f.url, s.position, s.announce, s.announced, s.first_seen = s.last_seen
FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed ORDER BY s.paper;
SELECT (i).bytes = octet_length(pg_temp.bytes(:'hf'))
FROM paperfeed.ingest_document(pg_temp.bytes(:'hf'), base_url => 'https://else.example/') AS i;

-- the same document again tells nothing new; one that says the same in other bytes neither
SELECT pg_temp.ingest(:'atom', 'http://export.arxiv.org/api/query?search_query=all:knot');
SELECT pg_temp.ingest(:'atom' || '  ', 'http://export.arxiv.org/api/query?search_query=all:knot');
SELECT (i).bytes = octet_length(pg_temp.bytes(:'hf')) AS bytes_of_unchanged
FROM paperfeed.ingest_document(pg_temp.bytes(:'hf'), base_url => 'https://else.example/') AS i;

-- news are a later sighting, at the place and with the announcement of now; a feed that says no more of a paper leaves it
SELECT pg_temp.ingest(replace(:'hf', '"upvotes": 5', '"upvotes": 6'), 'https://huggingface.co/api/daily_papers');
SELECT s.position, s.announce, s.last_seen > s.first_seen, p.metrics
FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed JOIN paperfeed.papers AS p ON p.id = s.paper
WHERE f.url LIKE 'https://huggingface.co/%';
SELECT pg_temp.ingest('[]', 'https://huggingface.co/api/daily_papers');
SELECT count(*) FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed WHERE f.url LIKE 'https://huggingface.co/%';

-- what is deleted comes back, what is changed by hand stays
SELECT pg_temp.ingest(:'two');
DELETE FROM paperfeed.papers WHERE id = 'doi:10.1000/a';
UPDATE paperfeed.papers SET comment = 'by hand' WHERE id = 'doi:10.1000/b';
SELECT pg_temp.ingest(:'two');
SELECT id, comment FROM paperfeed.papers WHERE paperfeed.scheme(id) = 'doi' ORDER BY id;
TRUNCATE paperfeed.papers;
SELECT pg_temp.ingest(:'two');
SELECT pg_temp.ingest(:'two');
TRUNCATE paperfeed.sightings;
SELECT pg_temp.ingest(:'two' || ' ');
TRUNCATE paperfeed._identity;
SELECT pg_temp.ingest(:'two' || '  ');
SELECT count(*) FROM paperfeed.papers;
SELECT count(*) FROM paperfeed._identity;
SELECT count(*) FROM paperfeed.sightings;

-- one paper twice in a document: one row, of which the document is one sighting
SELECT pg_temp.ingest(E'{"id": "arXiv:2402.00001v1", "title": "Once"}\n{"id": "10.1000/c", "title": "Other"}\n'
	'{"id": "https://arxiv.org/abs/2402.00001", "title": "Once", "abstract": "And again."}', 'https://twice.example/');
SELECT id, title, abstract, version FROM paperfeed.papers WHERE id = 'arXiv:2402.00001';
SELECT s.paper, s.position FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed
WHERE f.url = 'https://twice.example/' ORDER BY s.position;

-- records that are no papers are kept once, however often they come
\set bad '<rss version="2.0"><channel><title>Bad</title><item/><item><title>A title alone</title></item><item><link>https://x.example/1</link></item><item><description>neither</description></item>'
SELECT pg_temp.ingest(:'bad' || '</channel></rss>', 'https://bad.example/');
SELECT pg_temp.ingest(:'bad' || '</channel></rss> ', 'https://bad.example/');
SELECT pg_temp.ingest(:'bad' || '</channel></rss> ', 'https://bad.example/');
SELECT r.position, r.reason, r.record FROM paperfeed.rejects AS r JOIN paperfeed.feeds AS f ON f.id = r.feed
ORDER BY f.url, r.position;
SELECT records, rejected, status FROM paperfeed.feeds WHERE url = 'https://bad.example/';
SELECT id, title FROM paperfeed.papers WHERE source = 'bad.example' ORDER BY id;

-- mended documents
SELECT pg_temp.ingest(:'bad' || '<item><title>Bell & Cord</title><link>https://x.example/2</link></item>', 'https://bad.example/2');
SELECT status, errors, last_error IS NOT NULL, last_success IS NOT NULL FROM paperfeed.feeds WHERE url = 'https://bad.example/2';
-- not shortcut: the rest may come next time
SELECT pg_temp.ingest(:'bad' || '<item><title>Bell & Cord</title><link>https://x.example/2</link></item>', 'https://bad.example/2');
SELECT title FROM paperfeed.papers WHERE id = 'https://x.example/2';

-- a failed document is told, counted and forgiven, and changes nothing
CREATE TEMP TABLE before AS SELECT * FROM paperfeed.papers;
SELECT pg_temp.ingest('', 'https://bad.example/3');
SELECT pg_temp.ingest('neither this nor that', 'https://bad.example/3');
SELECT pg_temp.ingest('<!DOCTYPE html><html><body>Busy.</body></html>', 'https://bad.example/3');
SELECT pg_temp.ingest('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badArgument">no set</error></OAI-PMH>', 'https://bad.example/3');
SELECT status, errors, last_error, last_success, last_changed, checksum, format FROM paperfeed.feeds WHERE url = 'https://bad.example/3';
SELECT pg_temp.ingest('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="noRecordsMatch">none</error></OAI-PMH>', 'https://bad.example/3');
SELECT pg_temp.ingest('<rss version="2.0"><channel><title>Empty</title></channel></rss>', 'https://bad.example/3');
SELECT status, errors, last_error, last_success IS NOT NULL, last_changed, title FROM paperfeed.feeds WHERE url = 'https://bad.example/3';
SELECT count(*) FROM (TABLE before EXCEPT TABLE paperfeed.papers) AS x;
-- what was stored under the address stays, and is still known
SELECT pg_temp.ingest('neither', 'http://export.arxiv.org/api/query?search_query=all:knot');
SELECT status, errors, records, title FROM paperfeed.feeds WHERE url LIKE 'http://export.arxiv.org/%';
SELECT pg_temp.ingest(:'atom' || '  ', 'http://export.arxiv.org/api/query?search_query=all:knot');
-- an error longer than what is kept of it is cut between two characters
SELECT left(pg_temp.ingest('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badArgument' || c || '">' ||
	repeat('é', 1500) || '</error></OAI-PMH>', 'https://bad.example/4'), 40) FROM unnest(ARRAY['', 's']) AS c;
SELECT last_error LIKE '%éé', octet_length(convert_to(last_error, 'UTF8')) BETWEEN 1000 AND 2000
FROM paperfeed.feeds WHERE url = 'https://bad.example/4';

-- gzip, whole and cut off, of which the papers read before are kept; its bytes are counted as they come
\set gz 'H4sIAAAAAAACA6tWykxRslJQSsnPtDI00DM0MDDQrzJU0lFQKsksyUkFSbllFhWXKOSnKSQqFJcUpSbmKtVyVWPTZoSiLTg1OT8vBU0fAFG0kKlvAAAA'
SELECT pg_temp.tell(paperfeed.ingest_document(decode(:'gz', 'base64'), base_url => 'https://gz.example/'));
DELETE FROM paperfeed.papers WHERE title LIKE '% of a stream';
SELECT pg_temp.tell(paperfeed.ingest_document(substr(z, 1, length(z) - 9), base_url => 'https://gz.example/cut')) FROM decode(:'gz', 'base64') AS z;
SELECT (i).bytes = length(z), (i).status FROM decode(:'gz', 'base64') AS z, paperfeed.ingest_document(z, base_url => 'https://gz.example/2') AS i;

-- files of the server
\set file :abs_srcdir '/test/fixtures/ingest/two.jsonl.gz'
SELECT pg_temp.tell(paperfeed.ingest_file(:'file'));
SELECT pg_temp.tell(paperfeed.ingest_file(:'file'));
SELECT id, title, source FROM paperfeed.papers WHERE title LIKE '% of a file' ORDER BY id;
\set plain :abs_srcdir '/test/fixtures/xml/oai_arxiv.xml'
SELECT pg_temp.tell(paperfeed.ingest_file(:'plain', base_url => 'https://oaipmh.arxiv.org/oai'));
\set VERBOSITY sqlstate
SELECT paperfeed.ingest_file('no/such/file');
SELECT paperfeed.ingest_file('.');
\set VERBOSITY default

-- NULLs: no document, no target or no path gives no report; no address is an address of its own
SELECT paperfeed.ingest_document(NULL) IS NULL, paperfeed.ingest_document('', NULL) IS NULL, paperfeed.ingest_file(NULL) IS NULL,
	paperfeed.ingest_file('x', NULL) IS NULL, paperfeed.ingest(NULL) IS NULL;
SELECT (paperfeed.ingest_document(pg_temp.bytes(:'two'), base_url => NULL, content_type => NULL)).feed;
SELECT (paperfeed.ingest_document(pg_temp.bytes(:'two'), base_url => u)).feed FROM unnest(ARRAY['', '  ', E' https://a.example/x\n', 'https://a.example/x']) AS u;
SELECT url, count(*) FROM paperfeed.feeds WHERE url ~ '^(document:|.?https://a.example/x.?| *)$' GROUP BY url ORDER BY url;

-- more than one batch, and a paper in two of them
SELECT pg_temp.ingest((SELECT string_agg(format('{"id": "doi:10.1000/n%s", "title": "Number %s"}', n % 2400, n % 2400), E'\n')
	FROM generate_series(1, 2500) AS n), 'https://many.example/');
SELECT count(*) FROM paperfeed.papers WHERE title LIKE 'Number %';

TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;
