-- If this fails, readers see what is another's, speak in his name, count twice, or
-- leave something behind in heat when they take their words back.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.feeds, paperfeed.readings, paperfeed.signals, paperfeed.heat, paperfeed.votes, paperfeed.saves,
	paperfeed.reads, paperfeed.comments, paperfeed.submissions;
INSERT INTO paperfeed.papers (id, title) SELECT ('2401.0000' || i)::paperfeed.paperid, 'Paper ' || i FROM generate_series(1, 9) AS i;
INSERT INTO paperfeed.aliases VALUES ('10.1000/one', '2401.00001');

-- nobody is asked for anything here
UPDATE paperfeed.resolvers SET url = 'http://127.0.0.1:9/{id}', pause = '0';
CREATE ROLE regress_paperfeed_ann;
CREATE ROLE regress_paperfeed_bob;
CREATE ROLE regress_paperfeed_app;
CREATE ROLE regress_paperfeed_none;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_ann, regress_paperfeed_bob, regress_paperfeed_app;
GRANT SELECT ON ALL TABLES IN SCHEMA paperfeed TO regress_paperfeed_ann, regress_paperfeed_bob;

-- what heat knows, beside the signals that say so
CREATE FUNCTION pg_temp.heat(paper paperfeed.paperid) RETURNS text LANGUAGE sql AS
$$ SELECT (SELECT string_agg(round(h::numeric, 9)::text, ' ') FROM unnest(ARRAY[heat_1, heat_2, heat_3]) AS h) FROM paperfeed.heat WHERE heat.paper = $1 $$;
CREATE FUNCTION pg_temp.net(paper paperfeed.paperid) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(kind || ' ' || sum || '/' || count, ', ' ORDER BY kind) FROM (SELECT kind, sum(weight), count(*) FROM paperfeed.signals AS s WHERE s.paper = $1 GROUP BY kind) AS s $$;

-- who is reading
SELECT paperfeed.current_reader() = session_user;
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.current_reader();
RESET ROLE;
SET paperfeed.reader = 'carl';
SELECT paperfeed.current_reader();
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.current_reader();
RESET paperfeed.reader;
SELECT paperfeed.current_reader();
RESET ROLE;
SET paperfeed.reader = 'Ünï "quoted" ''name''; --';
SELECT paperfeed.current_reader(), paperfeed.vote('2401.00009');
SELECT reader = paperfeed.current_reader() FROM paperfeed.votes;
SELECT paperfeed.vote('2401.00009', 0);
SET paperfeed.reader = '';
SELECT paperfeed.current_reader() = session_user;
RESET paperfeed.reader;
\set VERBOSITY sqlstate
SELECT set_config('paperfeed.reader', repeat('x', 201), false);
SELECT length(set_config('paperfeed.reader', repeat('x', 200), true));
SELECT set_config('paperfeed.reader', E'two\nlines', false);
SELECT set_config('paperfeed.reader', E'\x7f', false);

-- nobody is somebody else, unless he was granted it
SET ROLE regress_paperfeed_ann;
SET paperfeed.reader = 'regress_paperfeed_bob';
SET LOCAL paperfeed.reader = 'regress_paperfeed_bob';
SELECT set_config('paperfeed.reader', 'regress_paperfeed_bob', true);
ALTER ROLE regress_paperfeed_ann SET paperfeed.reader = 'regress_paperfeed_bob';
UPDATE pg_settings SET setting = 'regress_paperfeed_bob' WHERE name = 'paperfeed.reader';
SELECT paperfeed.current_reader();
RESET ROLE;
CREATE SCHEMA trap AUTHORIZATION regress_paperfeed_ann;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
SET ROLE regress_paperfeed_ann;
CREATE FUNCTION trap.as_bob() RETURNS text LANGUAGE sql SET paperfeed.reader = 'regress_paperfeed_bob' AS 'SELECT paperfeed.current_reader()';
CREATE FUNCTION trap.definer() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT paperfeed.current_reader() || ''|'' || current_user';
CREATE FUNCTION trap.definer_sets() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT set_config('paperfeed.reader', 'regress_paperfeed_ann', true) $$;
SELECT trap.as_bob();
RESET ROLE;
SET ROLE regress_paperfeed_bob;
SELECT trap.definer();
SELECT trap.definer_sets();
RESET ROLE;
GRANT SET ON PARAMETER paperfeed.reader TO regress_paperfeed_app;
SET ROLE regress_paperfeed_app;
BEGIN;
SET LOCAL paperfeed.reader = 'user 17';
SELECT paperfeed.current_reader(), paperfeed.vote('2401.00009', -1), paperfeed.vote('2401.00009', 0);
COMMIT;
SELECT paperfeed.current_reader();
RESET ROLE;
\set VERBOSITY default

-- a vote: given, given again, turned, taken back
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.vote('2401.00001'), paperfeed.vote('10.1000/one'), paperfeed.vote('https://arxiv.org/abs/2401.00001v2', -1), paperfeed.vote('2401.00001', -1);
SELECT reader, paper, value FROM paperfeed.votes;
SELECT kind, weight, reader, source, known_at IS NOT NULL, retracts FROM paperfeed.signals ORDER BY weight, retracts;
RESET ROLE;
SELECT pg_temp.net('2401.00001'), pg_temp.heat('2401.00001');
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.vote('2401.00001', 0), paperfeed.vote('2401.00001', 0), paperfeed.vote(NULL, 1), paperfeed.vote('2401.00001', NULL);
SELECT count(*) FROM paperfeed.votes;
RESET ROLE;
SELECT pg_temp.net('2401.00001'), pg_temp.heat('2401.00001');
-- what is taken back is taken back at its own time
UPDATE paperfeed.papers SET title = title;
SELECT paperfeed.vote('2401.00002');
SELECT pg_temp.heat('2401.00002') AS before \gset
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.vote('2401.00002', -1), paperfeed.save('2401.00002', 'x'), paperfeed.mark_read('2401.00002');
RESET ROLE;
UPDATE paperfeed.votes SET at = '2024-05-01' WHERE reader = 'regress_paperfeed_ann';
UPDATE paperfeed.saves SET saved_at = '2024-05-02';
UPDATE paperfeed.reads SET read_at = '2024-05-03';
UPDATE paperfeed.signals SET at = CASE kind WHEN 'vote' THEN '2024-05-01' WHEN 'save' THEN '2024-05-02' ELSE '2024-05-03' END::timestamptz WHERE reader = 'regress_paperfeed_ann' AND paper = '2401.00002';
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.vote('2401.00002'), paperfeed.unsave('2401.00002'), paperfeed.mark_read('2401.00002', false), paperfeed.vote('2401.00002', 0);
SELECT kind, weight, at, known_at > '2024-06-01', retracts FROM paperfeed.signals WHERE paper = '2401.00002' AND at < '2024-06-01' ORDER BY at, weight;
RESET ROLE;
SELECT pg_temp.heat('2401.00002') = :'before', pg_temp.net('2401.00002');
\set VERBOSITY sqlstate
SELECT paperfeed.vote('2401.00001', 2);
SELECT paperfeed.vote('2401.00001', -2147483648);
SELECT paperfeed.vote('2401.00099');
SELECT paperfeed.vote('2401.00099', 0);
SELECT paperfeed.vote('no paper');
SET ROLE regress_paperfeed_none;
SELECT paperfeed.vote('2401.00001');
RESET ROLE;
BEGIN READ ONLY;
SELECT paperfeed.vote('2401.00001');
ROLLBACK;
\set VERBOSITY default
SELECT paperfeed.vote('2401.00099');

-- many at once, and in a transaction that fails
SELECT sum(paperfeed.vote(id)) FROM paperfeed.papers;
SELECT sum(paperfeed.vote(id, -1)) FROM paperfeed.papers;
BEGIN; SELECT sum(paperfeed.vote(id, 0)) FROM paperfeed.papers; ROLLBACK;
SELECT count(*), sum(value) FROM paperfeed.votes;

-- saves, tags, notes
SET ROLE regress_paperfeed_bob;
SELECT paperfeed.save('2401.00003'), paperfeed.save('2401.00003', ' to read '), paperfeed.save('2401.00003', 'Graphs', E'A note\non two lines'), paperfeed.save('10.1000/one', NULL, 'n');
SELECT paperfeed.save('2401.00003', 'to read'), paperfeed.save('2401.00003', '''; DROP TABLE paperfeed.saves; --', '''; DROP TABLE paperfeed.saves; --');
SELECT paper, tags, note FROM paperfeed.saves ORDER BY paper;
SELECT paperfeed.unsave('2401.00003', 'to read'), paperfeed.unsave('2401.00003', 'to read'), paperfeed.save('2401.00003', note => ''), paperfeed.unsave('2401.00099'), paperfeed.save(NULL), paperfeed.unsave(NULL);
SELECT paper, tags, note FROM paperfeed.saves ORDER BY paper;
SELECT paperfeed.mark_read('2401.00003'), paperfeed.mark_read('2401.00003'), paperfeed.mark_read('2401.00004', false), paperfeed.mark_read(NULL);
RESET ROLE;
SELECT pg_temp.net('2401.00003');
\set VERBOSITY sqlstate
SELECT paperfeed.save('2401.00003', '');
SELECT paperfeed.save('2401.00003', E' \t');
SELECT paperfeed.save('2401.00003', E'a\nb');
SELECT paperfeed.save('2401.00003', repeat('ü', 101));
SELECT length(tags[1]) FROM paperfeed.save('2401.00004', repeat('ü', 100)) AS s (tags);
SELECT paperfeed.save('2401.00003', NULL, repeat('x', 10001));
SELECT paperfeed.save('2401.00003', NULL, E'\x01');
SELECT count(paperfeed.save('2401.00003', 'tag ' || i)) FROM generate_series(1, 101) AS i;
SELECT paperfeed.save('2401.00099');
SELECT paperfeed.mark_read('2401.00099');
\set VERBOSITY default

-- comments
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.comment('10.1000/one', ' First ') AS first \gset
SELECT paperfeed.comment('2401.00001', $$Robert'); DROP TABLE paperfeed.comments; --$$, :first) AS second \gset
RESET ROLE;
SET ROLE regress_paperfeed_bob;
SELECT paperfeed.comment('2401.00001', E'An answer\nof two lines', :second) AS third \gset
SELECT paperfeed.edit_comment(:third, 'Edited');
SELECT id - :first, paper, reader, body, reply_to - :first, edited_at IS NOT NULL, deleted_at IS NOT NULL FROM paperfeed.comments ORDER BY id;
\set VERBOSITY sqlstate
SELECT paperfeed.comment('2401.00002', 'elsewhere', :third);
SELECT paperfeed.comment('2401.00001', 'to none', 0);
SELECT paperfeed.comment('2401.00001', E' \n ');
SELECT paperfeed.comment('2401.00001', repeat('ü', 10001));
SELECT paperfeed.comment('2401.00001', E'bell \x07');
SELECT paperfeed.comment('2401.00099', 'x');
SELECT paperfeed.comment(NULL, 'x'), paperfeed.comment('2401.00001', NULL);
SELECT paperfeed.edit_comment(:first, 'mine');
SELECT paperfeed.delete_comment(:first);
SELECT paperfeed.edit_comment(0, 'x');
SELECT paperfeed.delete_comment(0);
SELECT paperfeed.edit_comment(:third, '');
DELETE FROM paperfeed.comments;
UPDATE paperfeed.comments SET body = '';
INSERT INTO paperfeed.comments (paper, reader, body) VALUES ('2401.00001', 'regress_paperfeed_ann', 'x');
\set VERBOSITY default
RESET ROLE;
SELECT pg_temp.net('2401.00001');
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.delete_comment(:second), paperfeed.delete_comment(:second);
\set VERBOSITY sqlstate
SELECT paperfeed.edit_comment(:second, 'again');
\set VERBOSITY default
SELECT id - :first, body, reply_to - :first, deleted_at IS NOT NULL FROM paperfeed.comments ORDER BY id;
RESET ROLE;
SELECT pg_temp.net('2401.00001');

-- submissions, of what is there
SET ROLE regress_paperfeed_ann;
SELECT paper, source, note, reader, state FROM paperfeed.submit(' https://arxiv.org/abs/2401.00005v3 ', 'Look!');
SELECT paper, source, note, state FROM paperfeed.submit('2401.00005');
SELECT paper, note FROM paperfeed.submit('arXiv:2401.00005', 'Look again');
SELECT paper FROM paperfeed.submit('PAPER: 6.');
SELECT paper FROM paperfeed.submit('10.1000/one');
RESET ROLE;
SET ROLE regress_paperfeed_bob;
SELECT paper, source, reader FROM paperfeed.submit('2401.00005');
-- of what is not, which waits, as he may not ask for it
SELECT paper, source, state, problem FROM paperfeed.submit('10.1000/later', 'n');
SELECT paper, source, note, state FROM paperfeed.submit('10.1000/later');
SELECT paper, source FROM paperfeed.submit('''; DROP TABLE paperfeed.submissions; --', '''); --');
\set VERBOSITY sqlstate
SELECT paperfeed.submit(' ');
SELECT paperfeed.submit(E'a\nb');
SELECT paperfeed.submit(repeat('x', 2001));
SELECT paperfeed.submit('x', E'\x02');
SELECT paperfeed.submit(NULL) IS NULL;
SELECT count((paperfeed.submit('waiting ' || i)).id) FROM generate_series(1, 99) AS i;
CALL paperfeed.resolve_submissions();
SELECT paperfeed._readers_moved('2401.00001', '2401.00002');
\set VERBOSITY default
RESET ROLE;
SELECT pg_temp.net('2401.00005'), pg_temp.net('2401.00006');
-- several papers of one title
INSERT INTO paperfeed.papers (id, title) VALUES ('10.1000/twin1', 'Twin titles'), ('10.1000/twin2', 'Twin Titles?');
SET ROLE regress_paperfeed_ann;
SELECT paper, state, problem FROM paperfeed.submit('twin titles');
RESET ROLE;
-- what came meanwhile is found without a request
INSERT INTO paperfeed.papers (id, title) VALUES ('10.1000/later', 'Later');
CALL paperfeed.resolve_submissions(2);
SELECT paper, source, state, attempts FROM paperfeed.submissions WHERE attempts > 0 ORDER BY id;
SELECT pg_temp.net('10.1000/later'), (SELECT count(*) FROM paperfeed.signals WHERE paper = '10.1000/later' AND known_at > at);
\set VERBOSITY sqlstate
CALL paperfeed.resolve_submissions(-1);
CALL paperfeed.resolve_submissions(1, NULL);
INSERT INTO paperfeed.resolvers VALUES ('hash', '{id}');
INSERT INTO paperfeed.resolvers VALUES ('oai', 'https://example.org/');
\set VERBOSITY default
INSERT INTO paperfeed.resolvers VALUES ('doi', 'https://example.org/{id}', '2 seconds'), ('oai', 'https://example.org/{id}', '1 second');
SELECT * FROM paperfeed.resolvers WHERE url LIKE 'https:%' ORDER BY 1;

-- what others see: the counts, the comments and the submissions
SET ROLE regress_paperfeed_bob;
SELECT paperfeed.vote('2401.00007', -1);
RESET ROLE;
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('2401.00007', 'upvotes', 5);
SET ROLE regress_paperfeed_ann;
SELECT paperfeed.vote('2401.00007');
SELECT reader, value FROM paperfeed.votes WHERE paper = '2401.00007';
SELECT kind, weight, reader FROM paperfeed.signals WHERE paper = '2401.00007' ORDER BY kind;
SELECT (SELECT count(*) FROM paperfeed.votes WHERE reader <> paperfeed.current_reader()), (SELECT count(*) FROM paperfeed.saves), (SELECT count(*) FROM paperfeed.reads),
	(SELECT count(*) FROM paperfeed.signals WHERE reader <> paperfeed.current_reader()), (SELECT count(DISTINCT reader) FROM paperfeed.comments),
	(SELECT count(DISTINCT reader) FROM paperfeed.submissions), (SELECT gross > 0 FROM paperfeed.heat WHERE paper = '2401.00007');
-- not by a leak in a condition either
CREATE FUNCTION trap.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE WARNING 'leaked %', $1; RETURN true; END $$;
SELECT count(*) FROM paperfeed.saves WHERE trap.leak(note);
\set VERBOSITY sqlstate
INSERT INTO paperfeed.votes VALUES ('regress_paperfeed_bob', '2401.00008', 1);
UPDATE paperfeed.votes SET reader = 'regress_paperfeed_bob';
DELETE FROM paperfeed.signals;
\set VERBOSITY default
RESET ROLE;
-- rights to write do not help either; signals may be added in one's own name
GRANT ALL ON ALL TABLES IN SCHEMA paperfeed TO regress_paperfeed_ann;
SET ROLE regress_paperfeed_ann;
\set VERBOSITY sqlstate
INSERT INTO paperfeed.votes VALUES ('regress_paperfeed_bob', '2401.00008', 1);
INSERT INTO paperfeed.signals (paper, kind, reader) VALUES ('2401.00008', 'vote', 'regress_paperfeed_bob');
INSERT INTO paperfeed.signals (paper, kind, reader) VALUES ('2401.00008', 'view', 'regress_paperfeed_ann');
DELETE FROM paperfeed.signals;
UPDATE paperfeed.saves SET note = 'x';
\set VERBOSITY default
RESET ROLE;
REVOKE ALL ON ALL TABLES IN SCHEMA paperfeed FROM regress_paperfeed_ann;
SELECT pg_temp.net('2401.00008');

-- names of the caller's are not taken for ours
CREATE FUNCTION trap.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.eq);
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2020-01-01'::timestamptz $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA trap TO PUBLIC;
SET ROLE regress_paperfeed_bob;
SET search_path = trap, pg_catalog;
SELECT paperfeed.vote('2401.00008'), paperfeed.unsave('2401.00003', 'none'), paperfeed.mark_read('2401.00008'), paperfeed.comment('2401.00008', 'x') > 0, (paperfeed.submit('2401.00008')).state;
RESET search_path;
SELECT count(*) FROM paperfeed.votes WHERE paper = '2401.00008' AND at > '2021-01-01';
RESET ROLE;

-- papers that become one: each reader counts once
SET paperfeed.reader = 'r1';
SELECT paperfeed.vote('2401.00004'), paperfeed.save('2401.00004', 'a', 'one'), paperfeed.mark_read('2401.00004'), paperfeed.comment('2401.00004', 'x') > 0, (paperfeed.submit('2401.00004')).state;
SELECT paperfeed.vote('2401.00005', -1), paperfeed.save('2401.00005', 'b', 'two'), paperfeed.mark_read('2401.00005'), (paperfeed.submit('2401.00005')).state;
SET paperfeed.reader = 'r2';
SELECT paperfeed.vote('2401.00005'), paperfeed.save('2401.00005', 'c'), paperfeed.mark_read('2401.00005');
SELECT paperfeed.vote('2401.00004'), paperfeed.save('2401.00004', 'c');
SET paperfeed.reader = 'r3';
SELECT paperfeed.vote('2401.00004'), paperfeed.save('2401.00004'), (paperfeed.submit('2401.00004')).state;
RESET paperfeed.reader;
SELECT paperfeed._readers_moved('2401.00004', '2401.00005');
UPDATE paperfeed.signals SET paper = '2401.00005' WHERE paper = '2401.00004';
SELECT reader, paper, value FROM paperfeed.votes WHERE reader ~ '^r[123]$' ORDER BY reader;
SELECT reader, paper, tags, note FROM paperfeed.saves WHERE reader ~ '^r[123]$' ORDER BY reader;
SELECT reader, paper FROM paperfeed.reads WHERE reader ~ '^r[123]$' ORDER BY reader;
SELECT reader, paper FROM paperfeed.submissions WHERE reader ~ '^r[123]$' ORDER BY reader;
SELECT kind, reader, sum(weight) FROM paperfeed.signals WHERE paper = '2401.00005' AND reader ~ '^r[123]$' GROUP BY kind, reader ORDER BY 1, 2;
SELECT count(*) FROM paperfeed.comments WHERE paper = '2401.00004';

-- and so it is when an ingest finds that they are one
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/j", "title": "J"}{"id": "pmid:9", "title": "J"}', 'UTF8'))).added;
SET paperfeed.reader = 'r1';
SELECT paperfeed.vote('10.1000/j'), paperfeed.vote('pmid:9', -1), paperfeed.comment('pmid:9', 'x') > 0;
RESET paperfeed.reader;
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/j", "pmid": "9", "title": "J"}', 'UTF8'))).status;
SELECT reader, paper, value, pg_temp.net(paper) FROM paperfeed.votes WHERE paper IN ('10.1000/j', 'pmid:9');
SET paperfeed.reader = 'r1';
SELECT paperfeed.vote('pmid:9', 0);
RESET paperfeed.reader;
SELECT pg_temp.net('10.1000/j'), (SELECT count(*) FROM paperfeed.signals WHERE paper = 'pmid:9');

-- heat is what its signals say
CREATE TEMP TABLE was AS TABLE paperfeed.heat;
SELECT paperfeed.rebuild_heat() > 0;
SELECT count(*) FROM was FULL JOIN paperfeed.heat AS h USING (paper), LATERAL (VALUES (was.heat_1, h.heat_1), (was.heat_2, h.heat_2), (was.heat_3, h.heat_3)) AS x (a, b)
	WHERE (a <> b AND NOT abs(a - b) < 1e-9) IS NOT FALSE AND (a > '-Infinity' OR b > '-Infinity');

DELETE FROM paperfeed.resolvers;
INSERT INTO paperfeed.resolvers VALUES
	('arxiv', 'https://export.arxiv.org/api/query?id_list={id}', '3 seconds'),
	('doi', 'https://api.crossref.org/works/{id}', '1 second'),
	('pmid', 'https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?db=pubmed&retmode=xml&id={id}', '1 second'),
	('openreview', 'https://api2.openreview.net/notes?id={id}', '1 second'),
	('url', '{id}', '1 second'),
	('title', 'https://export.arxiv.org/api/query?max_results=10&search_query=ti:%22{id}%22', '3 seconds');
DROP SCHEMA trap CASCADE;
DROP OWNED BY regress_paperfeed_ann, regress_paperfeed_bob, regress_paperfeed_app;
REVOKE SET ON PARAMETER paperfeed.reader FROM regress_paperfeed_app;
DROP ROLE regress_paperfeed_ann, regress_paperfeed_bob, regress_paperfeed_app, regress_paperfeed_none;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.feeds, paperfeed.readings, paperfeed.signals, paperfeed.heat, paperfeed.votes, paperfeed.saves,
	paperfeed.reads, paperfeed.comments, paperfeed.submissions;
