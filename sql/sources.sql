-- If this fails, feeds are not added, paused, resumed or removed as they should be,
-- something that cannot be asked gets into the list, or what a feed told is lost with it.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects, paperfeed.runs,
	paperfeed.feeds RESTART IDENTITY;
SET paperfeed.clock = '2026-01-05 12:00+00';

CREATE FUNCTION pg_temp.feeds() RETURNS SETOF text LANGUAGE sql AS
$$
	SELECT concat_ws(' ', id, url, quote_nullable(title), own_title, tags, every, headers, state, next_check, '-- ' || why)
	FROM paperfeed.feeds ORDER BY id
$$;

-- what is added is due at once
SELECT paperfeed.add_feed('https://one.example/feed');
SELECT paperfeed.add_feed(E'  feed://two.example/feed\n', title => E' Two\t of\n them ', tags => '{x,"  y  z ",x,""}',
	every => '6 hours', headers => '{"X-Key:  secret ",Accept-Language: de}');
SELECT paperfeed.add_feed('feed:https://three.example/feed', title => ' ', tags => NULL);
SELECT * FROM pg_temp.feeds();

-- it may be added again and again: it keeps its number, its turn and what is not said
SET paperfeed.clock = '2026-01-06 12:00+00';
SELECT paperfeed.add_feed('http://two.example/feed');
SELECT paperfeed.add_feed('http://two.example/feed', every => '360 minutes', headers => '{"X-Key:  secret ",Accept-Language: de}');
SELECT * FROM pg_temp.feeds() OFFSET 1 LIMIT 1;
-- what is given takes the place of what was there; how it is asked has changed, so it is asked
SELECT paperfeed.add_feed('http://two.example/feed', 'Second', '{b,a}');
SELECT * FROM pg_temp.feeds() OFFSET 1 LIMIT 1;
SELECT paperfeed.add_feed('http://two.example/feed', headers => '{}', every => '1 hour');
SELECT * FROM pg_temp.feeds() OFFSET 1 LIMIT 1;
-- no number was used up
SELECT paperfeed.add_feed('https://four.example/feed');

-- the same address for another table is another feed
CREATE TABLE mine OF paperfeed.paper (PRIMARY KEY (id));
SELECT paperfeed.add_feed('https://one.example/feed', target => 'mine');
SELECT id, target FROM paperfeed.feeds WHERE url = 'https://one.example/feed' ORDER BY id;

-- NULL gives NULL
SELECT paperfeed.add_feed(NULL) IS NULL, paperfeed.add_feed('https://x.example/', target => NULL) IS NULL, paperfeed.pause_feed(NULL::bigint) IS NULL;

-- what cannot be asked is refused, and nothing is stored
\set VERBOSITY default
SELECT paperfeed.add_feed('example.org/feed');
SELECT paperfeed.add_feed('ftp://me:secret@example.org/feed');
SELECT paperfeed.add_feed('feed:');
SELECT paperfeed.add_feed('https://x.example/' || repeat('a', 2031));
SELECT paperfeed.add_feed('https://x.example/', every => '59 seconds');
SELECT paperfeed.add_feed('https://x.example/', every => '-1 day');
SELECT paperfeed.add_feed('https://x.example/', every => '2 years');
SELECT paperfeed.add_feed('https://x.example/', headers => '{Host: other}');
SELECT paperfeed.add_feed('https://x.example/', headers => E'{"X: a\r\nY: b"}');
SELECT paperfeed.add_feed('https://x.example/', headers => '{no header}');
SELECT paperfeed.add_feed('https://x.example/', headers => ARRAY['X: a', NULL]);
SELECT paperfeed.add_feed('https://x.example/', headers => array_fill('X: a'::text, '{33}'));
SELECT paperfeed.add_feed('https://x.example/', tags => '{{a,b},{c,d}}');
SELECT paperfeed.add_feed('https://x.example/', tags => ARRAY['a', NULL]);
SELECT paperfeed.add_feed('https://x.example/', tags => (SELECT array_agg(n::text) FROM generate_series(1, 65) AS n));
SELECT paperfeed.add_feed('https://x.example/', target => 'pg_class');
SELECT count(*) FROM paperfeed.feeds;
-- nearly so
SELECT paperfeed.add_feed('https://x.example/' || repeat('a', 2030));
SELECT paperfeed.add_feed('https://y.example/', title => repeat('a', 499) || 'é', tags => ARRAY[U&'C1\0085\007F\00A0control'], every => '1 minute');
SELECT length(url), octet_length(title), right(title, 2), tags[1] = U&'C1 \00A0control' FROM paperfeed.feeds WHERE url ~ '^https://[xy]' ORDER BY id;
SELECT paperfeed.remove_feed(url) FROM paperfeed.feeds WHERE url ~ '^https://[xy]';

-- paused, it is not asked, and it is told since when
SELECT paperfeed.pause_feed(1);
SELECT paperfeed.pause_feed('feed://two.example/feed');
SET paperfeed.clock = '2026-01-07 12:00+00';
SELECT paperfeed.pause_feed(1);
SELECT * FROM pg_temp.feeds() LIMIT 2;
-- an ingest by hand leaves it paused
UPDATE paperfeed.feeds SET status = 'ok' WHERE id = 1;
SELECT paperfeed.resume_feed(1);
SELECT paperfeed.resume_feed('http://two.example/feed');
SET paperfeed.clock = '2026-01-08 12:00+00';
SELECT paperfeed.resume_feed(1);
SELECT * FROM pg_temp.feeds() LIMIT 2;
-- to add it resumes it, too
SELECT paperfeed.pause_feed('https://one.example/feed', 'mine');
SELECT paperfeed.add_feed('https://one.example/feed', target => 'mine');
SELECT state, next_check, why FROM paperfeed.feeds WHERE target = 'mine'::regclass;

-- a feed that has ended can be resumed, one that was never added cannot
UPDATE paperfeed.feeds SET state = 'ended', next_check = NULL, why = 'gone' WHERE id = 3;
SELECT paperfeed.pause_feed(3);
SELECT paperfeed.resume_feed(3);
SELECT (paperfeed.ingest_document('{"notes": [{"id": "x1234", "forum": "y1234", "replyto": "y1234", "content": {"title": "A review"}}]}',
	base_url => 'https://by.hand/feed')).rejected;
SELECT (paperfeed.ingest_document('{"id": "10.1000/a", "title": "A"}', base_url => 'https://by.hand/feed')).status;
SELECT (paperfeed.ingest_document('{"id": "10.1000/b", "title": "B"}')).status;
SELECT id, url, state, next_check, why FROM paperfeed.feeds WHERE state <> 'active' ORDER BY id;
SELECT paperfeed.pause_feed('https://by.hand/feed');
SELECT paperfeed.resume_feed('https://by.hand/feed');
SELECT paperfeed.add_feed('https://by.hand/feed');
SELECT id, state, next_check FROM paperfeed.feeds WHERE url = 'https://by.hand/feed';

-- removed, what it told stays
SELECT (SELECT count(*) FROM paperfeed.runs AS r WHERE r.feed = f.id), (SELECT count(*) FROM paperfeed.rejects AS r WHERE r.feed = f.id)
FROM paperfeed.feeds AS f WHERE url = 'https://by.hand/feed';
SELECT paperfeed.remove_feed('https://by.hand/feed');
SELECT paperfeed.remove_feed('document:');
SELECT paperfeed.remove_feed(1);
SELECT count(*) FROM paperfeed.papers;
SELECT count(*) FROM paperfeed.sightings;
SELECT (SELECT count(*) FROM paperfeed.runs), (SELECT count(*) FROM paperfeed.rejects);
SELECT * FROM pg_temp.feeds();

-- there is no such feed
SELECT paperfeed.pause_feed(1);
SELECT paperfeed.resume_feed(-1);
SELECT paperfeed.remove_feed(1);
SELECT paperfeed.remove_feed('https://me:secret@one.example/feed');
\set VERBOSITY sqlstate
SELECT paperfeed.pause_feed(1);
SELECT paperfeed.pause_feed(' ', 'mine');
SELECT paperfeed.pause_feed('http://two.example/feed', 'mine');

-- rights: EXECUTE to add, and those on the target; the tables themselves are no business of the caller's
CREATE ROLE regress_paperfeed_adder;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_adder;
SET ROLE regress_paperfeed_adder;
SELECT paperfeed.add_feed('https://a.example/');
SELECT paperfeed.pause_feed(2);
SELECT paperfeed.resume_feed('http://two.example/feed');
SELECT paperfeed.remove_feed(2);
RESET ROLE;
GRANT EXECUTE ON FUNCTION paperfeed.add_feed TO regress_paperfeed_adder;
SET ROLE regress_paperfeed_adder;
SELECT paperfeed.add_feed('https://a.example/');
RESET ROLE;
GRANT SELECT, INSERT, UPDATE ON mine TO regress_paperfeed_adder;
SET ROLE regress_paperfeed_adder;
SELECT paperfeed.add_feed('https://a.example/', target => 'mine') > 0;
SELECT count(*) FROM paperfeed.feeds;
-- nothing of the caller's is run in the owner's name
RESET ROLE;
CREATE SCHEMA trap AUTHORIZATION regress_paperfeed_adder;
SET ROLE regress_paperfeed_adder;
CREATE FUNCTION trap.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.equal);
SET search_path = trap, pg_catalog;
SELECT 'a'::text = 'b';
SELECT paperfeed.add_feed('https://a.example/', target => 'public.mine') > 0;
RESET search_path;
RESET ROLE;
BEGIN READ ONLY;
SELECT paperfeed.add_feed('https://a.example/');
ROLLBACK;

-- an address without its password, for reports
\set VERBOSITY default
SELECT u, paperfeed.public_url(u) FROM unnest(ARRAY['https://me:secret@example.org:8443/feed?x=1#y', 'https://example.org/',
	'ftp://me:secret@host/x', 'me:secret@host/x', 'nothing', '', NULL]) AS u;

DROP TABLE mine;
-- a feed whose table is gone can be told by its number
SELECT paperfeed.remove_feed(id) FROM paperfeed.feeds WHERE url = 'https://a.example/';
DROP OWNED BY regress_paperfeed_adder CASCADE;
DROP ROLE regress_paperfeed_adder;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects, paperfeed.runs,
	paperfeed.feeds;
