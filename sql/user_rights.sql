-- If this fails, an ingest does in a papers table what its caller may not do, or
-- refuses what he may.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;
DROP ROLE IF EXISTS regress_paperfeed_keeper, regress_paperfeed_reader;
CREATE ROLE regress_paperfeed_keeper;
CREATE ROLE regress_paperfeed_reader;
CREATE SCHEMA kept AUTHORIZATION regress_paperfeed_keeper;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_keeper, regress_paperfeed_reader;

CREATE FUNCTION kept.ingest(target regclass, VARIADIC lines text[]) RETURNS text LANGUAGE sql AS
$$
	SELECT format('%s %s added, %s updated, %s unchanged', (i).status, (i).added, (i).updated, (i).unchanged)
	FROM paperfeed.ingest_document(pg_catalog.convert_to(pg_catalog.array_to_string(lines, E'\n'), 'UTF8'), target,
		base_url => pg_catalog.format('https://%s.example/', pg_catalog.md5(pg_catalog.array_to_string(lines, '')))) AS i
$$;
GRANT USAGE ON SCHEMA kept TO PUBLIC;

-- with EXECUTE, but without rights on the papers: 42501, and a transaction goes on as after any error
CREATE FUNCTION kept.try(target regclass, line text) RETURNS text LANGUAGE plpgsql AS
$$
BEGIN
	RETURN kept.ingest(target, line);
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused: ' || SQLERRM;
END
$$;
SELECT kept.ingest('paperfeed.papers', '{"id": "10.1000/a", "title": "A"}');
SET ROLE regress_paperfeed_reader;
SELECT kept.try('paperfeed.papers', '{"id": "10.1000/c", "title": "C"}');
RESET ROLE;
GRANT EXECUTE ON FUNCTION paperfeed.ingest_document TO regress_paperfeed_reader, regress_paperfeed_keeper;
SET ROLE regress_paperfeed_reader;
\set VERBOSITY terse
SELECT kept.ingest('paperfeed.papers', '{"id": "10.1000/c", "title": "C"}');
\set VERBOSITY default
SELECT kept.try('paperfeed.papers', '{"id": "10.1000/c", "title": "C"}');
RESET ROLE;
GRANT SELECT ON paperfeed.papers TO regress_paperfeed_reader;
SET ROLE regress_paperfeed_reader;
SELECT kept.try('paperfeed.papers', '{"id": "10.1000/c", "title": "C"}');
SELECT kept.try('paperfeed.papers', '{"id": "10.1000/a", "title": "A", "venue": "V"}');
RESET ROLE;
GRANT INSERT ON paperfeed.papers TO regress_paperfeed_reader;
SET ROLE regress_paperfeed_reader;
SELECT kept.try('paperfeed.papers', '{"id": "10.1000/c", "title": "C"}');
SELECT kept.try('paperfeed.papers', '{"id": "10.1000/a", "title": "A", "venue": "V"}');
RESET ROLE;
GRANT UPDATE ON paperfeed.papers TO regress_paperfeed_reader;
SET ROLE regress_paperfeed_reader;
SELECT kept.try('paperfeed.papers', '{"id": "10.1000/a", "title": "A", "venue": "V"}');
SELECT kept.try('paperfeed.papers', '{"id": "2401.00001", "doi": "10.1000/a", "title": "A"}');
SELECT id, venue FROM paperfeed.papers ORDER BY id;
-- nothing else came with it
\set VERBOSITY sqlstate
SELECT count(*) FROM paperfeed.feeds;
SELECT count(*) FROM paperfeed._identity;
SELECT paperfeed.ingest_file('postgresql.conf');
SELECT paperfeed.ingest('http://127.0.0.1:1/');
RESET ROLE;
GRANT EXECUTE ON FUNCTION paperfeed.ingest_file TO regress_paperfeed_reader;
SET ROLE regress_paperfeed_reader;
SELECT paperfeed.ingest_file('postgresql.conf');
\set VERBOSITY default
RESET ROLE;
-- nor may one who cannot write papers write notes on where they come from
REVOKE INSERT, UPDATE ON paperfeed.papers FROM regress_paperfeed_reader;
SET ROLE regress_paperfeed_reader;
\set VERBOSITY sqlstate
SELECT paperfeed.ingest_document('no feed at all', base_url => 'https://other.example/');
SELECT paperfeed.ingest_document('<rss version="2.0"><channel><title>Spam</title><item/></channel></rss>', base_url => 'https://other.example/');
\set VERBOSITY default
RESET ROLE;
SELECT count(*) FROM paperfeed.feeds WHERE url = 'https://other.example/';
SELECT count(*) FROM paperfeed.rejects;
-- what was refused left no trace
SELECT identity, paper FROM paperfeed._identity WHERE target = 'paperfeed.papers'::regclass ORDER BY 1;
SELECT paper FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed WHERE f.target = 'paperfeed.papers'::regclass ORDER BY 1;

-- rights on one's own table are enough; its triggers run as the caller, with his search_path
SET ROLE regress_paperfeed_keeper;
CREATE TABLE kept.own OF paperfeed.paper (PRIMARY KEY (id));
CREATE TABLE kept.log (n serial, what text);
CREATE FUNCTION kept.note() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
	INSERT INTO kept.log (what) VALUES (format('%s %s as %s, path %s', TG_OP, NEW.id, current_user, current_setting('search_path')));
	RETURN NEW;
END
$$;
CREATE TRIGGER note BEFORE INSERT OR UPDATE ON kept.own FOR EACH ROW EXECUTE FUNCTION kept.note();
SET search_path = kept, public;
SELECT kept.ingest('own', '{"id": "10.1000/c", "title": "C"}');
SELECT kept.ingest('own', '{"id": "10.1000/c", "title": "C", "venue": "V"}');
SELECT what FROM kept.log ORDER BY n;
RESET search_path;
-- a definer's function lends his rights
CREATE FUNCTION kept.lend(line text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT kept.ingest('kept.own', line) $$;
SET ROLE regress_paperfeed_reader;
SELECT kept.try('kept.own', '{"id": "10.1000/d", "title": "D"}');
SELECT kept.lend('{"id": "10.1000/d", "title": "D"}');
SET ROLE regress_paperfeed_keeper;
SELECT what FROM kept.log ORDER BY n DESC LIMIT 1;

-- row-level security: what is not seen is not touched, what may not be written is an error
CREATE TABLE kept.mine OF paperfeed.paper (PRIMARY KEY (id));
ALTER TABLE kept.mine ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON kept.mine FOR SELECT USING (title <> 'Secret');
CREATE POLICY written ON kept.mine FOR INSERT WITH CHECK (title <> 'Secret' AND title <> 'Unwelcome');
CREATE POLICY changed ON kept.mine FOR UPDATE USING (title <> 'Fixed');
GRANT SELECT, INSERT, UPDATE ON kept.mine TO regress_paperfeed_reader;
INSERT INTO kept.mine (id, title) VALUES ('10.1000/secret', 'Secret'), ('10.1000/open', 'Open');
SET ROLE regress_paperfeed_reader;
SELECT kept.ingest('kept.mine', '{"id": "10.1000/open", "title": "Open", "venue": "V"}', '{"id": "10.1000/new", "title": "New"}');
SELECT kept.try('kept.mine', '{"id": "10.1000/e", "title": "Unwelcome"}');
\set VERBOSITY sqlstate
SELECT kept.ingest('kept.mine', '{"id": "10.1000/secret", "title": "Guess"}');
\set VERBOSITY default
SET ROLE regress_paperfeed_keeper;
SELECT id, title, venue FROM kept.mine ORDER BY id;

-- what points at a row that is joined follows, as by ON UPDATE CASCADE: whether the caller sees it,
-- may change it, or not; its triggers run as its owner
RESET ROLE;
CREATE TABLE kept.votes (paper paperfeed.paperid REFERENCES kept.mine ON DELETE CASCADE, reader text, moved_by text);
ALTER TABLE kept.votes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON kept.votes USING (reader = current_user);
CREATE FUNCTION kept.moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.moved_by := current_user; RETURN NEW; END $$;
CREATE TRIGGER moved BEFORE UPDATE ON kept.votes FOR EACH ROW EXECUTE FUNCTION kept.moved();
ALTER TABLE kept.votes OWNER TO regress_paperfeed_keeper;
ALTER TABLE kept.votes FORCE ROW LEVEL SECURITY;
INSERT INTO kept.votes VALUES ('10.1000/open', 'ann'), ('10.1000/open', 'regress_paperfeed_reader');
CREATE POLICY removed ON kept.mine FOR DELETE USING (true);
GRANT DELETE ON kept.mine TO regress_paperfeed_reader;
SET ROLE regress_paperfeed_reader;
SELECT kept.ingest('kept.mine', '{"id": "2401.00003", "doi": "10.1000/open", "title": "Open"}');
RESET ROLE;
SELECT * FROM kept.votes ORDER BY reader;

RESET ROLE;
DROP SCHEMA kept CASCADE;
DROP OWNED BY regress_paperfeed_keeper, regress_paperfeed_reader CASCADE;
DROP ROLE regress_paperfeed_keeper, regress_paperfeed_reader;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;
