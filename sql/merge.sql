-- If this fails, what two sources say of one paper is put together by other
-- rules than those at the head of src/paper/merge.c, or depends on which came first.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\pset format unaligned
\pset tuples_only on

CREATE PROCEDURE pg_temp.forget() LANGUAGE sql AS
$$
	DELETE FROM paperfeed.papers;
	DELETE FROM paperfeed._identity;
	DELETE FROM paperfeed.sightings;
	DELETE FROM paperfeed.revisions;
	DELETE FROM paperfeed.feeds;
$$;

-- the row that documents make in this order; each is 'address document'
CREATE FUNCTION pg_temp.merge(columns text[], VARIADIC docs text[]) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	doc text;
	made text;
BEGIN
	CALL pg_temp.forget();
	FOREACH doc IN ARRAY docs LOOP
		PERFORM paperfeed.ingest_document(convert_to(substr(doc, strpos(doc, ' ') + 1), 'UTF8'),
			base_url => split_part(doc, ' ', 1));
	END LOOP;
	SELECT string_agg((SELECT concat_ws(', ', VARIADIC array_agg(c || '=' || CASE jsonb_typeof(to_jsonb(p) -> c)
			WHEN 'null' THEN 'NULL' ELSE to_jsonb(p) ->> c END ORDER BY n)) FROM unnest(columns) WITH ORDINALITY AS u (c, n)),
		' | ' ORDER BY p.id) INTO made
	FROM paperfeed.papers AS p;
	RETURN made;
END
$$;

-- in both orders
CREATE FUNCTION pg_temp.both(columns text, a text, b text) RETURNS SETOF text LANGUAGE plpgsql AS
$$
DECLARE
	ab text := pg_temp.merge(string_to_array(columns, ' '), a, b);
	ba text := pg_temp.merge(string_to_array(columns, ' '), b, a);
BEGIN
	IF ab = ba THEN
		RETURN NEXT 'either: ' || ab;
	ELSE
		RETURN NEXT 'a, b: ' || ab;
		RETURN NEXT 'b, a: ' || ba;
	END IF;
END
$$;

-- documents: arXiv's Atom, Hugging Face, Semantic Scholar, and a line of JSON at any address
CREATE FUNCTION pg_temp.arxiv(version integer, title text, updated text DEFAULT '2024-01-02', more text DEFAULT '',
	summary text DEFAULT 'By arXiv.', published text DEFAULT '2024-01-01T10:00:00Z') RETURNS text LANGUAGE sql AS
$$
	SELECT format('http://export.arxiv.org/api/%s <feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">'
		'<id>http://arxiv.org/api/1</id><entry><id>http://arxiv.org/abs/2401.00001v%s</id><title>%s</title><updated>%sT00:00:00Z</updated>'
		'<published>%s</published><summary>%s</summary><author><name>Ann Bell</name></author><category term="cs.LG"/>%s</entry></feed>',
		md5(title || version || updated), version, title, updated, published, summary, more)
$$;
CREATE FUNCTION pg_temp.hf(title text, summary text DEFAULT 'By the hub.', upvotes integer DEFAULT 7, more text DEFAULT '') RETURNS text LANGUAGE sql AS
$$
	SELECT format('https://huggingface.co/api/daily_papers [{"paper": {"id": "2401.00001", "authors": [{"name": "A. Bell"}, {"name": "B. Cord"}], '
		'"publishedAt": "2024-01-05T09:00:00.000Z", "title": "%s", "summary": "%s", "upvotes": %s%s}, "numComments": 1}]', title, summary, upvotes, more)
$$;
CREATE FUNCTION pg_temp.s2(title text, more text) RETURNS text LANGUAGE sql AS
$$
	SELECT format('https://api.semanticscholar.org/graph/v1/ {"total": 1, "offset": 0, "data": [{"paperId": "0a", '
		'"externalIds": {"ArXiv": "2401.00001"}, "url": "https://www.semanticscholar.org/paper/0a", "title": "%s", %s}]}', title, more)
$$;
CREATE FUNCTION pg_temp.line(host text, members text) RETURNS text LANGUAGE sql AS
$$ SELECT format('https://%s/ {"id": "arXiv:2401.00001", %s}', host, members) $$;

-- 1. an empty value never replaces one that is not
SELECT pg_temp.both('title comment venue version', pg_temp.arxiv(1, 'One', more => '<arxiv:comment>9 pages</arxiv:comment><arxiv:journal_ref>J. 1</arxiv:journal_ref>'),
	pg_temp.arxiv(2, 'Two'));
SELECT pg_temp.both('title abstract', pg_temp.line('a.example', '"title": "T", "abstract": "A"'), pg_temp.line('a.example', '"title": "", "url": "https://a.example/1"'));

-- 2. the higher rank wins, the lower one fills
SELECT pg_temp.both('source title abstract authors published version categories metrics', pg_temp.arxiv(1, 'By arXiv'), pg_temp.hf('By the hub'));
SELECT pg_temp.both('source title venue pdf_url url categories metrics', pg_temp.arxiv(1, 'By arXiv'),
	pg_temp.s2('By an index', '"venue": "Venue", "openAccessPdf": {"url": "https://x.example/1.pdf"}, "fieldsOfStudy": ["Computer Science"], "citationCount": 3'));
SELECT pg_temp.both('source title published', pg_temp.hf('By the hub'), pg_temp.s2('By an index', '"year": 2023'));
SELECT pg_temp.both('source title venue', pg_temp.hf('By the hub'), pg_temp.line('a.example', '"title": "By a feed", "venue": "V"'));
-- three in every order make one row
SELECT DISTINCT pg_temp.merge('{source,title,abstract,venue,comment,metrics}', VARIADIC o) FROM (SELECT pg_temp.arxiv(1, 'By arXiv') AS a, pg_temp.hf('By the hub') AS h,
		pg_temp.line('a.example', '"title": "By a feed", "venue": "V", "comment": "C"') AS f) AS d,
	LATERAL (VALUES (ARRAY[a, h, f]), (ARRAY[a, f, h]), (ARRAY[h, a, f]), (ARRAY[h, f, a]), (ARRAY[f, a, h]), (ARRAY[f, h, a])) AS p (o);

-- 3. within one source the newer version wins, else the later update, else what comes in
SELECT pg_temp.both('version title updated', pg_temp.arxiv(1, 'One', '2024-01-02'), pg_temp.arxiv(2, 'Two', '2024-02-02'));
SELECT pg_temp.both('version title', pg_temp.arxiv(1, 'One', '2024-03-02'), pg_temp.arxiv(2, 'Two', '2024-02-02'));
SELECT pg_temp.both('title updated', pg_temp.line('a.example', '"title": "Early", "updated": "2024-01-01"'), pg_temp.line('a.example', '"title": "Late", "updated": "2024-01-02"'));
SELECT pg_temp.both('title', pg_temp.line('a.example', '"title": "One", "updated": "2024-01-01"'), pg_temp.line('a.example', '"title": "Other", "updated": "2024-01-01"'));
SELECT pg_temp.both('title', pg_temp.line('a.example', '"title": "One"'), pg_temp.line('a.example', '"title": "Other"'));
-- of two sources of one rank what is there stays
SELECT pg_temp.both('source title venue', pg_temp.line('a.example', '"title": "A"'), pg_temp.line('b.example', '"title": "B", "version": 9, "venue": "V"'));

-- 4. 'published': the earlier day, and on one day who knows the hour
SELECT pg_temp.both('published', pg_temp.arxiv(1, 'One', published => '2024-01-01T10:00:00Z'), pg_temp.arxiv(2, 'Two', published => '2024-01-03T10:00:00Z'));
SELECT pg_temp.both('published', pg_temp.arxiv(1, 'One', published => '2024-01-01T10:00:00Z'), pg_temp.arxiv(1, 'Two', published => '2024-01-01'));
SELECT pg_temp.both('published', pg_temp.arxiv(1, 'One', published => '2024-01-01T10:00:00Z'), pg_temp.line('a.example', '"title": "T", "published": "2019"'));

-- 5. links are the union, metrics the latest reading, of 'extra' the winner's members win
CREATE FUNCTION pg_temp.sorted(jsonb) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_object_agg(key, (SELECT jsonb_agg(e ORDER BY e) FROM jsonb_array_elements(value) AS e)) FROM jsonb_each($1) $$;
SELECT pg_temp.merge('{links}', a, b) AS ab, pg_temp.merge('{links}', b, a) AS ba
FROM (SELECT pg_temp.line('a.example', '"title": "T", "links": {"code": ["https://github.com/x/1", "https://github.com/x/2"], "data": "https://x.example/d"}') AS a,
	pg_temp.arxiv(1, 'One', summary => 'See https://github.com/x/2 and https://github.com/x/3.') AS b) AS d;
SELECT pg_temp.both('metrics title', pg_temp.arxiv(1, 'One'), pg_temp.line('a.example', '"title": "T", "metrics": {"upvotes": 1, "stars": 4}'));
SELECT pg_temp.both('metrics', pg_temp.hf('By the hub', upvotes => 9), pg_temp.line('a.example', '"title": "T", "metrics": {"upvotes": 1, "stars": 4}'));
SELECT pg_temp.both('metrics', pg_temp.hf('By the hub', upvotes => 9), pg_temp.hf('By the hub', upvotes => 3));
SELECT pg_temp.both('extra', pg_temp.line('a.example', '"title": "T", "extra": {"x": "a", "y": [1]}'), pg_temp.s2('T', '"tldr": {"text": "Short."}, "publicationTypes": ["Review"]'));
SELECT pg_temp.both('extra', pg_temp.line('a.example', '"title": "T", "extra": {"tldr": "Longer.", "y": true}'), pg_temp.s2('T', '"tldr": {"text": "Short."}'));

-- 6. withdrawn by any source; back by a newer version of the row's own
CREATE FUNCTION pg_temp.gone() RETURNS text LANGUAGE sql AS
$$
	SELECT 'https://oaipmh.arxiv.org/oai <OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header status="deleted">'
		'<identifier>oai:arXiv.org:2401.00001</identifier><datestamp>2024-01-31</datestamp></header></record></ListRecords></OAI-PMH>'
$$;
SELECT pg_temp.both('withdrawn title source version abstract', pg_temp.arxiv(1, 'One'), pg_temp.gone());
SELECT pg_temp.both('withdrawn title source', pg_temp.arxiv(1, 'One'), pg_temp.line('a.example', '"title": "T", "withdrawn": true'));
SELECT pg_temp.merge('{withdrawn,title}', pg_temp.arxiv(1, 'One'), pg_temp.gone(), pg_temp.arxiv(2, 'Two', '2024-03-01'));
SELECT pg_temp.merge('{withdrawn,title}', pg_temp.arxiv(2, 'Two', '2024-03-01'), pg_temp.gone(), pg_temp.arxiv(1, 'One'));
SELECT pg_temp.merge('{withdrawn,title}', pg_temp.arxiv(1, 'One'), pg_temp.gone(), pg_temp.arxiv(1, 'One, again'));
SELECT pg_temp.merge('{withdrawn,title}', pg_temp.arxiv(1, 'One'), pg_temp.gone(), pg_temp.hf('By the hub'));

-- 7. an abstract that is cut off does not replace a longer one that begins alike
SELECT pg_temp.both('abstract source', pg_temp.arxiv(1, 'One', summary => 'We tie kno...'), pg_temp.hf('By the hub', 'We tie knots in ropes.'));
SELECT pg_temp.both('abstract source', pg_temp.arxiv(1, 'One', summary => 'We tie knots in ropes.'), pg_temp.hf('By the hub', 'We tie …'));
SELECT pg_temp.both('abstract', pg_temp.arxiv(1, 'One', summary => 'We tie knots in ropes.'), pg_temp.arxiv(2, 'Two', '2024-03-01', summary => 'We tie knots …'));
SELECT pg_temp.both('abstract', pg_temp.arxiv(1, 'One', summary => 'We tie knots in ropes.'), pg_temp.arxiv(2, 'Two', '2024-03-01', summary => 'We cut …'));
SELECT pg_temp.both('abstract', pg_temp.arxiv(1, 'One', summary => '...'), pg_temp.arxiv(2, 'Two', '2024-03-01', summary => 'We cut.'));

-- 8. arXiv's own DOI does not replace a publisher's
SELECT pg_temp.both('doi', pg_temp.arxiv(1, 'One', more => '<arxiv:doi>10.48550/arXiv.2401.00001</arxiv:doi>'), pg_temp.line('a.example', '"title": "T", "doi": "10.1000/X"'));
SELECT pg_temp.both('doi', pg_temp.arxiv(1, 'One', more => '<arxiv:doi>10.1000/y</arxiv:doi>'), pg_temp.line('a.example', '"title": "T", "doi": "10.1000/X"'));
SELECT pg_temp.both('doi', pg_temp.line('a.example', '"title": "S", "doi": "10.48550/arXiv.2401.00001"'), pg_temp.line('b.example', '"title": "T", "doi": "10.1000/X"'));

-- revisions: former values of what says something else, not of what was empty, of links, metrics and 'extra'
CREATE VIEW pg_temp.revisions AS
	SELECT r.paper, f.url LIKE 'https://oai%' AS by_oai, r.version, r.was FROM paperfeed.revisions AS r JOIN paperfeed.feeds AS f ON f.id = r.feed ORDER BY r.id;
SELECT pg_temp.merge('{title}', pg_temp.arxiv(1, 'One', more => '<arxiv:comment>9 pages</arxiv:comment>'),
	pg_temp.arxiv(2, 'Two', '2024-03-01', more => '<arxiv:comment>10 pages</arxiv:comment><arxiv:journal_ref>J. 1</arxiv:journal_ref>'), pg_temp.gone());
TABLE pg_temp.revisions;
SELECT pg_temp.merge('{title}', pg_temp.hf('By the hub', upvotes => 1), pg_temp.hf('By the hub', upvotes => 2, more => ', "githubRepo": "https://github.com/x/1", "ai_summary": "S"'));
TABLE pg_temp.revisions;
SELECT pg_temp.merge('{title}', pg_temp.arxiv(2, 'Two'), pg_temp.arxiv(1, 'One'), pg_temp.hf('By the hub'));
TABLE pg_temp.revisions;
SELECT pg_temp.merge('{title}', pg_temp.hf('By the hub'), pg_temp.arxiv(1, 'By arXiv'));
SELECT paper, version, was - 'updated' FROM paperfeed.revisions;

-- a row that nothing changes is not written
SELECT pg_temp.merge('{title}', pg_temp.arxiv(1, 'One'));
SELECT xmin AS before FROM paperfeed.papers \gset
SELECT (i).updated, (i).unchanged
FROM paperfeed.ingest_document(convert_to('{"id": "arXiv:2401.00001", "title": "Else"}', 'UTF8'), base_url => 'https://a.example/') AS i;
SELECT xmin = :'before' FROM paperfeed.papers;

-- what somebody wrote by hand does not hinder: what is no object gives way, what is no list stays
UPDATE paperfeed.papers SET metrics = '5', extra = '[1]', links = '{"code": "https://github.com/x/1", "data": []}';
SELECT (paperfeed.ingest_document(convert_to('{"id": "arXiv:2401.00001", "title": "T", "metrics": {"x": 1}, "extra": {"y": "z"}, '
	'"links": {"code": ["https://github.com/x/2"], "data": ["https://x.example/d"]}}', 'UTF8'), base_url => 'https://a.example/')).updated;
SELECT metrics, extra, links FROM paperfeed.papers;
UPDATE paperfeed.papers SET metrics = 'null', extra = 'null', links = '[]', published = 'infinity', authors = '{{a,b},{c,NULL}}', version = -1;
SELECT (paperfeed.ingest_document(convert_to('{"id": "arXiv:2401.00001", "title": "T", "metrics": {"x": 2}, "extra": {"y": "z"}, '
	'"links": {"code": ["https://github.com/x/2"]}}', 'UTF8'), base_url => 'https://a.example/')).updated;
SELECT metrics, extra, links FROM paperfeed.papers;
SELECT split_part(pg_temp.arxiv(3, 'Three', '2024-05-01'), ' ', 1) AS address, substr(pg_temp.arxiv(3, 'Three', '2024-05-01'),
	strpos(pg_temp.arxiv(3, 'Three', '2024-05-01'), ' ') + 1) AS document \gset
SELECT (paperfeed.ingest_document(convert_to(:'document', 'UTF8'), base_url => :'address')).updated;
SELECT title, version, published, authors FROM paperfeed.papers;
SELECT was FROM paperfeed.revisions ORDER BY id DESC LIMIT 1;

CALL pg_temp.forget();
