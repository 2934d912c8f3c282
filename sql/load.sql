-- If this fails, a file that is loaded with commits on the way loses records, writes
-- some twice, does not go on where it stopped, or one bad file keeps others out.
SET timezone = 'UTC';
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds, paperfeed.runs, paperfeed.loads;

-- files are written below the data directory, where relative paths begin
\set to_file '(FORMAT csv, QUOTE E''\\x01'', DELIMITER E''\\x02'')'
COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; rm -rf regress_load; mkdir -p regress_load/many/below';
CREATE FUNCTION pg_temp.line(i integer, more text DEFAULT '') RETURNS text LANGUAGE sql AS
$$ SELECT format('{"id": "doi:10.1000/%s", "title": "Paper %s%s"}', i, i, more) $$;
CREATE VIEW pg_temp.loads AS
	SELECT path, target, state, records, added, updated, unchanged, dropped, rejected, error,
		bytes = size AS all_read, done_at IS NOT NULL AS done, feed = (SELECT f.id FROM paperfeed.feeds AS f WHERE f.url = 'file:' || path AND f.target = l.target) AS feed
	FROM paperfeed.loads AS l ORDER BY path, target;

-- lines that are no JSON stand among the rejects with their number; the others are papers
COPY (SELECT CASE i WHEN 4 THEN '{"id": "doi:10.1000/4", "title": }' WHEN 13 THEN '{"id": "doi:10.1000/13", "title": "Pap' WHEN 20 THEN repeat('[', 100)
	WHEN 22 THEN '{"title": ""}' WHEN 23 THEN pg_temp.line(3) ELSE pg_temp.line(i) END
	FROM generate_series(1, 25) AS i) TO PROGRAM 'cat >regress_load/a.jsonl' :to_file;
CALL paperfeed.ingest_files('regress_load/a.jsonl', commit_every => 10);
TABLE pg_temp.loads;
SELECT position, reason, record #>> '{extra,text}' FROM paperfeed.rejects ORDER BY position;
SELECT count(*), count(DISTINCT s.position), min(s.position), max(s.position) FROM paperfeed.sightings AS s;
SELECT string_agg(s.position || ':' || p.title, ', ' ORDER BY s.position) FROM paperfeed.sightings AS s JOIN paperfeed.papers AS p ON p.id = s.paper;
SELECT kind, status, seen, added, updated, unchanged, rejected, error FROM paperfeed.runs;
SELECT url, status, records, rejected, format, checksum IS NOT NULL, last_error FROM paperfeed.feeds;
SELECT count(*) FROM paperfeed.progress;
SELECT count(*) FROM paperfeed._jobs;

-- what is done is passed over, unless it is asked for, or the file or its base address has changed
CALL paperfeed.ingest_files('regress_load/a.jsonl');
CALL paperfeed.ingest_files('regress_load/a.jsonl', again => true);
TABLE pg_temp.loads;
SELECT count(*) FROM paperfeed.rejects;
SELECT status, seen, unchanged FROM paperfeed.ingest_file('regress_load/a.jsonl');
COPY (SELECT pg_temp.line(i, CASE i WHEN 7 THEN ', new' ELSE '' END) FROM generate_series(1, 12) AS i) TO PROGRAM 'cat >regress_load/a.jsonl' :to_file;
CALL paperfeed.ingest_files('regress_load/a.jsonl');
CALL paperfeed.ingest_files('regress_load/a.jsonl', base_url => 'https://a.example/');
CALL paperfeed.ingest_files('./regress_load//a.jsonl', base_url => 'https://a.example/');
TABLE pg_temp.loads;

-- without its feed it is loaded again
DELETE FROM paperfeed.feeds;
DELETE FROM paperfeed.sightings;
CALL paperfeed.ingest_files('regress_load/a.jsonl', base_url => 'https://a.example/');
SELECT count(*), (SELECT count(*) FROM paperfeed.sightings) FROM paperfeed.feeds;

-- one table is not another
CREATE TABLE load_mine OF paperfeed.paper (PRIMARY KEY (id));
CALL paperfeed.ingest_files('regress_load/a.jsonl', 'load_mine', commit_every => 5);
-- an error of the caller's ends the call, and the next one goes on behind what was committed
TRUNCATE load_mine;
DELETE FROM paperfeed.loads;
DELETE FROM paperfeed.sightings;
ALTER TABLE load_mine ADD CONSTRAINT not_nine CHECK (title <> 'Paper 9');
\set VERBOSITY default
\set SHOW_CONTEXT never
CALL paperfeed.ingest_files('regress_load/a.jsonl', 'load_mine', commit_every => 4);
\set VERBOSITY sqlstate
-- the file is one piece, so that all of it was one batch
SELECT count(*) FROM load_mine;
TABLE pg_temp.loads;
ALTER TABLE load_mine DROP CONSTRAINT not_nine;
\set VERBOSITY terse
CALL paperfeed.ingest_files('regress_load/a.jsonl', 'load_mine', commit_every => 4);
SELECT count(*) FROM load_mine;
TABLE pg_temp.loads;

-- the same over several batches: each piece of a file is some 64 kB
COPY (SELECT pg_temp.line(i, ' ' || repeat('long ', 60)) FROM generate_series(1, 1000) AS i) TO PROGRAM 'gzip -n >regress_load/b.jsonl.gz' :to_file;
TRUNCATE load_mine;
CREATE FUNCTION load_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON load_mine FOR EACH ROW WHEN (NEW.id = 'doi:10.1000/650') EXECUTE FUNCTION load_refuse();
\set SHOW_CONTEXT errors
\set VERBOSITY default
CALL paperfeed.ingest_files('regress_load/b.jsonl.gz', 'load_mine', commit_every => 1);
\set VERBOSITY terse
\set SHOW_CONTEXT never
SELECT count(*) AS n FROM load_mine \gset
SELECT :n > 0 AND :n < 650, records = :n, state, bytes <= size FROM paperfeed.loads WHERE path ~ 'b.jsonl';
SELECT count(*) = :n FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed WHERE f.url ~ 'b.jsonl';
ALTER TABLE load_mine DISABLE TRIGGER refuse;
\o /dev/null
SET client_min_messages = warning;
CALL paperfeed.ingest_files('regress_load/b.jsonl.gz', 'load_mine', commit_every => 1);
RESET client_min_messages;
\o
SELECT count(*) FROM load_mine;
SELECT * FROM pg_temp.loads WHERE path ~ 'b.jsonl';
SELECT count(*), count(DISTINCT position), max(position) FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed WHERE f.url ~ 'b.jsonl';

-- rows are merged after a commit, too, when their text lies elsewhere
ALTER TABLE load_mine ALTER abstract SET STORAGE EXTERNAL;
COPY (SELECT format('{"id": "doi:10.1000/1", "title": "Paper 1", "abstract": "%s"}', repeat('Long text. ', 500))) TO PROGRAM 'cat >regress_load/c.json' :to_file;
COPY (SELECT format('{"id": "doi:10.1000/1", "title": "Paper 1", "comment": "Another", "abstract": "%s"}', repeat('Long text. ', 501))) TO PROGRAM 'cat >regress_load/d.json' :to_file;
CALL paperfeed.ingest_files('regress_load/[cd].json', 'load_mine');
SELECT id, length(abstract), comment FROM load_mine WHERE abstract IS NOT NULL;

-- a directory: in the order of names; what is bad is told, and the others are loaded
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.rejects, paperfeed.feeds, paperfeed.loads;
COPY (SELECT pg_temp.line(1)) TO PROGRAM 'cat >regress_load/many/09-good.json' :to_file;
COPY (SELECT pg_temp.line(2)) TO PROGRAM 'cat >regress_load/many/.hidden' :to_file;
COPY (SELECT pg_temp.line(3)) TO PROGRAM 'cat >regress_load/many/below/good' :to_file;
COPY (SELECT pg_temp.line(i, md5(i::text)) FROM generate_series(10, 3000) AS i) TO PROGRAM 'gzip -n | head -c 50000 >regress_load/many/01-cut.gz' :to_file;
COPY (SELECT pg_temp.line(4)) TO PROGRAM 'gzip -n | tr "[:alnum:]" x >regress_load/many/02-damaged.gz' :to_file;
COPY (SELECT '<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/1</id><entry><id>http://arxiv.org/abs/2401.00001v2</id><title>Whole</title></entry><entry><id>http://arxiv.org/ab') TO PROGRAM 'cat >regress_load/many/03-cut.xml' :to_file;
COPY (SELECT 'Dear reader, this is a README.') TO PROGRAM 'cat >regress_load/many/README' :to_file;
COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; : >regress_load/many/04-empty; ln -s nowhere regress_load/many/05-link; mkfifo regress_load/many/06-pipe';
COPY (SELECT * FROM unnest(ARRAY['{"id": "doi:10.1000/5", "title": "Five"}', '{"id": "doi:10.1000/6", "titl'])) TO PROGRAM 'cat >regress_load/many/07-tail.jsonl' :to_file;
COPY (SELECT pg_temp.line(8)) TO PROGRAM 'cat >"regress_load/many/08 with ''quotes'' and %s.json"' :to_file;
CALL paperfeed.ingest_files('regress_load/many');
SELECT path, state, CASE WHEN path ~ '01-cut' THEN records BETWEEN 100 AND 2990 ELSE records = 0 END AS few, rejected, error FROM paperfeed.loads WHERE path ~ '01|02|03|04|05|README' ORDER BY path COLLATE "C";
SELECT path, state, records, rejected, error, size IS NULL AS unread FROM paperfeed.loads WHERE path !~ '01-cut' ORDER BY path COLLATE "C";
SELECT (SELECT count(*) FROM paperfeed.papers WHERE title ~ '[0-9a-f]{32}$') = (SELECT records FROM paperfeed.loads WHERE path ~ '01-cut');
SELECT id, title FROM paperfeed.papers WHERE title !~ '[0-9a-f]{32}$' ORDER BY id;
-- what failed is tried again, with the directories below; what was mended is loaded
COPY (SELECT pg_temp.line(i, md5(i::text)) FROM generate_series(10, 3000) AS i) TO PROGRAM 'gzip -n >regress_load/many/01-cut.gz' :to_file;
COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; rm regress_load/many/0[2-6]*; echo "{\"id\": \"doi:10.1000/77\", \"title\": \"Linked\"}" >regress_load/below; ln -s ../below regress_load/many/05-link; ln -s .. regress_load/many/below/loop';
CALL paperfeed.ingest_files('regress_load/many/', recursive => true);
SELECT path, state, records, rejected FROM paperfeed.loads ORDER BY path COLLATE "C";
SELECT count(*) FROM paperfeed.papers;
CALL paperfeed.ingest_files('regress_load/many/0[1-9]*.json');
CALL paperfeed.ingest_files('regress_load/many/below/l*');

-- what the caller did wrong
\set VERBOSITY sqlstate
BEGIN;
CALL paperfeed.ingest_files('regress_load/a.jsonl');
ROLLBACK;
DO $$ BEGIN CALL paperfeed.ingest_files('regress_load/a.jsonl'); EXCEPTION WHEN active_sql_transaction THEN RAISE NOTICE 'refused'; END $$;
CALL paperfeed.ingest_files(NULL);
CALL paperfeed.ingest_files('');
CALL paperfeed.ingest_files(repeat('x', 2000));
CALL paperfeed.ingest_files('regress_load/a.jsonl', NULL);
CALL paperfeed.ingest_files('regress_load/a.jsonl', again => NULL);
CALL paperfeed.ingest_files('regress_load/a.jsonl', commit_every => 0);
CALL paperfeed.ingest_files('regress_load/a.jsonl', commit_every => 1000001);
CALL paperfeed.ingest_files('regress_load/missing');
CALL paperfeed.ingest_files('regress_load/missing*');
CALL paperfeed.ingest_files('regress_load/missing/*');
CALL paperfeed.ingest_files('/dev/null');
CALL paperfeed.ingest_files('regress_load/a.jsonl', 'pg_class');
CREATE ROLE regress_paperfeed_loader;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_loader;
SET ROLE regress_paperfeed_loader;
CALL paperfeed.ingest_files('regress_load/a.jsonl');
RESET ROLE;
GRANT EXECUTE ON PROCEDURE paperfeed.ingest_files TO regress_paperfeed_loader;
SET ROLE regress_paperfeed_loader;
CALL paperfeed.ingest_files('regress_load/a.jsonl');
RESET ROLE;
GRANT pg_read_server_files TO regress_paperfeed_loader;
SET ROLE regress_paperfeed_loader;
CALL paperfeed.ingest_files('regress_load/a.jsonl', 'public.load_mine');
RESET ROLE;
\set VERBOSITY terse
-- he needs no rights on our tables
GRANT SELECT, INSERT, UPDATE ON load_mine TO regress_paperfeed_loader;
SET ROLE regress_paperfeed_loader;
CALL paperfeed.ingest_files('regress_load/a.jsonl', 'public.load_mine');
SELECT count(*) FROM paperfeed.loads;
RESET ROLE;
-- a directory without files is no fault
CALL paperfeed.ingest_files('regress_load/many/below');

COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; rm -r regress_load';
DROP TABLE load_mine;
DROP FUNCTION load_refuse();
REVOKE ALL ON PROCEDURE paperfeed.ingest_files FROM regress_paperfeed_loader;
REVOKE ALL ON SCHEMA paperfeed FROM regress_paperfeed_loader;
DROP ROLE regress_paperfeed_loader;
