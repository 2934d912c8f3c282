-- If this fails, a list of feeds that another reader exported loses feeds or their
-- names, one bad line spoils the rest, or a list of ours does not come back as it was.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects, paperfeed.runs,
	paperfeed.feeds RESTART IDENTITY;
SET paperfeed.clock = '2026-01-05 12:00+00';

CREATE FUNCTION pg_temp.import(document text) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT format('%s %s %s %s: %s', i.feed, i.url, quote_nullable(i.title), i.tags, i.outcome) FROM paperfeed.import_opml(document) AS i $$;

-- folders become tags, from the outside in; a feed in two folders has both
SELECT pg_temp.import($$<?xml version="1.0" encoding="UTF-8"?>
<!-- OPML as hosted readers export it -->
<opml version="1.0">
    <head><title>Subscriptions of somebody</title></head>
    <body>
        <outline text="Machine learning" title="Machine learning">
            <outline type="rss" text="First &amp; foremost" title="First &amp; foremost" xmlUrl="https://one.example/feed?a=1&amp;b=2" htmlUrl="https://one.example/"/>
            <outline text="Theory">
                <outline type="rss" text="Bounds" title="Bounds" xmlUrl="https://two.example/atom.xml" htmlUrl="https://two.example/"/>
            </outline>
        </outline>
        <outline text="Daily" title="Daily">
            <outline type="rss" text="First again" title="First again" xmlUrl="https://one.example/feed?a=1&amp;b=2" htmlUrl="https://one.example/"/>
        </outline>
        <outline text="Empty"></outline>
        <outline type="rss" text="No folder" xmlUrl="https://three.example/rss" ></outline>
    </body>
</opml>$$);
SELECT id, title, own_title, tags, state, next_check, why FROM paperfeed.feeds ORDER BY id;

-- categories: tags, paths of folders, encoded commas; any case of names; "url" of type rss; a name that is only the address
SELECT pg_temp.import($$<?xml version="1.0"?><OPML version="2.0"><Head/><Body>
	<Outline Text="Upper" Type="RSS" XMLURL="https://four.example/" Category="tag one, /Folder/Sub Folder,tag one,100%2C%2fa%25b,C%23" />
	<outline text='Single "quotes"' xmlurl='https://five.example/' category=''/>
	<outline type="rss" text="By url" url="https://six.example/"/>
	<outline type="link" text="No feed" url="https://seven.example/"/>
	<outline text="https://eight.example/" title="https://eight.example/ " xmlUrl="https://eight.example/"/>
	<outline text="https://nine.example/" xmlUrl="https://nine.example/"/>
	<outline text="" title="Title alone" xmlUrl="feed://ten.example/"/>
	<outline text="Ours" title="Theirs" xmlUrl=" https://eleven.example/
		"/>
</Body></OPML>$$);

-- what is not well-formed: no quotes, & and < and > alone, a quote too many, references of HTML, no end of a folder
SELECT pg_temp.import(U&'\FEFF' || E'\r\n' || $$<?xml version='1.0' encoding='windows-1252'?>
<opml version=1.1><body>
	<outline text="A & B &eacute;&#233;&#xe9; &unknown; <b> >" xmlUrl="https://a.example/?x&y=1"/>
	<outline text=Bare type=rss xmlUrl=https://b.example/feed category=x/>
	<outline text="Say "hi" twice" xmlUrl="https://c.example/" / >
	<outline text="Twice" text="Second" xmlUrl="https://d.example/" xmlUrl="https://other.example/"/>
	<outline text="Wrapped
		name"
		xmlUrl="https://e.example/"/></outline></outline>
	<outline text="Open"><outline text="In it" xmlUrl="https://f.example/"/>
	<![CDATA[ <outline text="Not to be seen" xmlUrl="https://cdata.example/"/> ]]>
	<!-- <outline text="Nor this" xmlUrl="https://comment.example/"/> -->
</body></opml>$$);

-- no entity is expanded, no declaration obeyed
SELECT pg_temp.import($$<?xml version="1.0"?><!DOCTYPE opml SYSTEM "http://127.0.0.1:9/dtd" [<!ENTITY a "&b;&b;"><!ENTITY b "boom"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<opml><body><outline text="&a;&c;" xmlUrl="https://g.example/&a;"/></body></opml>$$);

-- one that is refused does not keep the others out
SELECT replace(pg_temp.import('<opml><body><outline text="Folder"><outline type="rss" text="Nothing"/><outline text="Empty" xmlUrl=""/>
	<outline text="Other" xmlUrl="gopher://h.example/"/><outline text="Relative" xmlUrl="/feed"/>
	<outline text="Long" xmlUrl="https://h.example/' || repeat('a', 2031) || '"/><outline text="Control" xmlUrl="https://h.example/&#7;"/></outline>
	<outline text="Good" xmlUrl="https://h.example/"/></body></opml>'), repeat('a', 2031), 'aa...');

-- a known feed only gets the tags that it lacked; one that is not asked is asked again
SET paperfeed.clock = '2026-01-06 12:00+00';
SELECT paperfeed.pause_feed('https://two.example/atom.xml');
UPDATE paperfeed.feeds SET state = 'ended', next_check = NULL WHERE url = 'https://three.example/rss';
SELECT pg_temp.import($$<opml><body><outline text="New folder">
	<outline text="Other name" xmlUrl="https://three.example/rss"/>
	<outline text="Other name" xmlUrl="https://two.example/atom.xml" category="Theory,a"/>
	<outline text="Other name" xmlUrl="https://one.example/feed?a=1&amp;b=2"/></outline></body></opml>$$);
SELECT url, title, tags, state, next_check FROM paperfeed.feeds WHERE url ~ '(one|two|three).example' ORDER BY id;

-- a list that is cut off gives what is there of it
SELECT pg_temp.import('<opml><body><outline text="Whole" xmlUrl="https://i.example/"/><outline text="Half" xmlUrl="https://j.exam');

-- what is no list
SELECT pg_temp.import('');
SELECT pg_temp.import('https://one.example/');
SELECT pg_temp.import('<!DOCTYPE html><html><body><outline xmlUrl="https://k.example/"/></body></html>');
SELECT pg_temp.import('<rss version="2.0"><channel/></rss>');
SELECT pg_temp.import('<opml/>');
SELECT paperfeed.import_opml(NULL);
SELECT paperfeed.import_opml('<opml></opml>', 'pg_class');
SELECT error, problem FROM paperfeed.feed_info('<opml version="2.0"><body/></opml>');

-- deep and wide
SELECT count(*), max(cardinality(i.tags)), (min(i.tags))[1:2] FROM paperfeed.import_opml('<opml><body>' || (SELECT string_agg(format('<outline text="level %s">', n), '') FROM generate_series(1, 5000) AS n)
	|| '<outline text="Deep" xmlUrl="https://deep.example/"/>' || repeat('</outline>', 5000) || '</body></opml>') AS i;
SELECT count(*), max(cardinality(i.tags)), count(DISTINCT i.feed) FROM paperfeed.import_opml('<opml><body>' || (SELECT string_agg(format('<outline text="n" xmlUrl="https://wide.example/%s" category="%s"/>', n % 3, c), '')
	FROM generate_series(1, 3000) AS n, (SELECT string_agg('c' || n, ',') AS c FROM generate_series(1, 300) AS n) AS c) || '</body></opml>') AS i;

SELECT cardinality(i.tags) FROM paperfeed.import_opml('<opml><outline xmlUrl="https://wide.example/1" category="one,more"/></opml>') AS i;

-- ours: what comes back is what was there
DELETE FROM paperfeed.feeds;
SELECT paperfeed.add_feed('https://b.example/?a=1&b=<>"''&amp;copy;', title => $$<b>"bold"</b> &amp; 'more' Größe 中文 𝒜$$, tags => '{"a, b",/c/,d/e,100%,%2C,"  f  g "}');
SELECT paperfeed.add_feed('https://a.example/', tags => '{"<&\">",second}');
SELECT paperfeed.add_feed('https://c.example/', title => 'Same folder', tags => '{"<&\">"}');
SELECT paperfeed.add_feed('https://d.example/', title => 'https://d.example/');
SELECT paperfeed.add_feed('https://e.example/', title => 'Paused', tags => '{Ä}');
SELECT paperfeed.pause_feed('https://e.example/');
SELECT paperfeed.add_feed('https://me:secret@f.example/feed', tags => '{"<&\">"}');
SELECT paperfeed.add_feed('https://G.example/@somebody/feed?b=<>');
SELECT (paperfeed.ingest_document('{"id": "10.1000/a", "title": "A"}', base_url => 'https://manual.example/')).status;
UPDATE paperfeed.feeds SET home = 'https://home.example/?a&b' WHERE url = 'https://c.example/';
SELECT paperfeed.export_opml();
SELECT paperfeed.export_opml(passwords => true) AS exported,
	(SELECT array_agg((url, title, tags)::text ORDER BY url) FROM paperfeed.feeds WHERE state <> 'manual') AS before \gset
SELECT :'exported' ~ 'me:secret', xml_is_well_formed_document(:'exported'), :'exported' !~ '[^\x01-\x7f]';
DELETE FROM paperfeed.feeds;
SELECT count(*) FROM paperfeed.import_opml(:'exported') AS i WHERE i.outcome = 'added';
SELECT array_agg((url, title, tags)::text ORDER BY url) = :'before'::text[] FROM paperfeed.feeds;
-- and once more it is the same to the letter
SELECT replace(paperfeed.export_opml(passwords => true), ' htmlUrl="https://home.example/?a&#x26;b"', '') = replace(:'exported', ' htmlUrl="https://home.example/?a&#x26;b"', '');
-- every character that a title can have
DELETE FROM paperfeed.feeds;
SELECT count(paperfeed.add_feed('https://z.example/' || n, title => 'x' || chr(n) || 'y', tags => ARRAY['a' || chr(n) || 'b']))
FROM generate_series(1, 70000) AS n WHERE n < 1000 OR n BETWEEN 55000 AND 55295 OR n BETWEEN 65000 AND 66000;
SELECT array_agg((url, title, tags)::text ORDER BY url) AS before FROM paperfeed.feeds WHERE title !~ U&'[\FFFE\FFFF]' \gset
SELECT paperfeed.export_opml() AS exported \gset
DELETE FROM paperfeed.feeds;
SELECT count(*) FROM paperfeed.import_opml(:'exported');
SELECT array_agg((url, title, tags)::text ORDER BY url) = :'before'::text[] FROM paperfeed.feeds WHERE url !~ '/(65534|65535)$';

-- an empty list; another table's
CREATE TABLE mine OF paperfeed.paper (PRIMARY KEY (id));
SELECT paperfeed.export_opml('mine');
SELECT i.outcome FROM paperfeed.import_opml('<opml><outline xmlUrl="https://l.example/"/></opml>', 'mine') AS i;
SELECT url, target FROM paperfeed.feeds WHERE target = 'mine'::regclass;
SELECT paperfeed.export_opml(NULL);

CREATE ROLE regress_paperfeed_importer;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_importer;
SET ROLE regress_paperfeed_importer;
\set VERBOSITY sqlstate
SELECT paperfeed.export_opml();
SELECT paperfeed.import_opml('<opml/>');
RESET ROLE;
GRANT EXECUTE ON FUNCTION paperfeed.import_opml TO regress_paperfeed_importer;
SET ROLE regress_paperfeed_importer;
SELECT paperfeed.import_opml('<opml/>');
RESET ROLE;
SELECT paperfeed.import_opml('<html/>');
BEGIN READ ONLY;
SELECT paperfeed.import_opml('<opml/>');
ROLLBACK;
DROP TABLE mine;
DROP OWNED BY regress_paperfeed_importer;
DROP ROLE regress_paperfeed_importer;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects, paperfeed.runs,
	paperfeed.feeds;
