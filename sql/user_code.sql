-- If this fails, code of the caller's is run in place of ours, or what his triggers
-- do (ingest themselves, raise an error) does harm to the ingest that fires them.
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
CREATE SCHEMA trap AUTHORIZATION regress_paperfeed_keeper;
CREATE SCHEMA kept AUTHORIZATION regress_paperfeed_keeper;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_keeper, regress_paperfeed_reader;

CREATE FUNCTION kept.ingest(target regclass, VARIADIC lines text[]) RETURNS text LANGUAGE sql AS
$$
	SELECT format('%s %s added, %s updated, %s unchanged', (i).status, (i).added, (i).updated, (i).unchanged)
	FROM paperfeed.ingest_document(pg_catalog.convert_to(pg_catalog.array_to_string(lines, E'\n'), 'UTF8'), target,
		base_url => pg_catalog.format('https://%s.example/', pg_catalog.md5(pg_catalog.array_to_string(lines, '')))) AS i
$$;
GRANT USAGE ON SCHEMA kept TO PUBLIC;
GRANT EXECUTE ON FUNCTION paperfeed.ingest_document TO regress_paperfeed_keeper;
SET ROLE regress_paperfeed_keeper;
CREATE TABLE kept.own OF paperfeed.paper (PRIMARY KEY (id));
SELECT kept.ingest('kept.own', '{"id": "10.1000/c", "title": "C"}', '{"id": "10.1000/d", "title": "D"}');

-- names that could be taken for ours: none of them is run
CREATE FUNCTION trap.snap() RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'trapped % in %', current_user, current_setting('search_path'); END $$;
CREATE FUNCTION trap.ids(paperfeed.paperid, paperfeed.paperid) RETURNS boolean LANGUAGE sql AS 'SELECT trap.snap()';
CREATE FUNCTION trap.tables(regclass, regclass) RETURNS boolean LANGUAGE sql AS 'SELECT trap.snap()';
CREATE FUNCTION trap.numbers(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT trap.snap()';
CREATE FUNCTION trap.texts(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT trap.snap()';
CREATE FUNCTION trap.oids(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT trap.snap()';
CREATE OPERATOR trap.= (LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid, FUNCTION = trap.ids);
CREATE OPERATOR trap.<> (LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid, FUNCTION = trap.ids);
CREATE OPERATOR trap.< (LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid, FUNCTION = trap.ids);
CREATE OPERATOR trap.= (LEFTARG = regclass, RIGHTARG = regclass, FUNCTION = trap.tables);
CREATE OPERATOR trap.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = trap.numbers);
CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.texts);
CREATE OPERATOR trap.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = trap.oids);
CREATE FUNCTION trap.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT $1[1] WHERE trap.snap()';
CREATE FUNCTION trap.unnest(paperfeed.paperid[], paperfeed.paperid[]) RETURNS TABLE (a paperfeed.paperid, b paperfeed.paperid)
	LANGUAGE sql AS 'SELECT $1[1], $2[1] WHERE trap.snap()';
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.now() WHERE trap.snap()';
CREATE FUNCTION trap.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.now() WHERE trap.snap()';
CREATE FUNCTION trap.quote_ident(text) RETURNS text LANGUAGE sql AS 'SELECT $1 WHERE trap.snap()';
CREATE FUNCTION trap.array_position(anyarray, anyelement) RETURNS integer LANGUAGE sql AS 'SELECT 1 WHERE trap.snap()';
CREATE TABLE trap.feeds (url text, target regclass);
CREATE TABLE trap._identity (identity text, target text, paper text);
CREATE TABLE trap.paperfeed_rows OF paperfeed.paper;
CREATE TABLE trap.paperfeed_sighted (x text);
CREATE TABLE trap.pg_constraint (LIKE pg_catalog.pg_constraint);
CREATE TABLE kept.points (own paperfeed.paperid REFERENCES kept.own ON DELETE CASCADE, own2 paperfeed.paperid REFERENCES kept.own (id), UNIQUE (own));
INSERT INTO kept.points VALUES ('10.1000/c', '10.1000/c'), ('10.1000/d', NULL);
SET search_path = trap, pg_catalog, public;
SELECT kept.ingest('kept.own', '{"id": "2401.00001", "doi": "10.1000/c", "title": "C", "comment": "D"}', '{"id": "10.1000/x", "title": "X"}', '{}');
SELECT kept.ingest('kept.own', '{"id": "2401.00001", "doi": "10.1000/d", "title": "C", "comment": "D"}');
SET search_path = pg_temp, trap, pg_catalog, public;
CREATE TEMP TABLE feeds (url text, target regclass);
CREATE TEMP TABLE paperfeed_rows OF paperfeed.paper;
CREATE TEMP TABLE unnest (a paperfeed.paperid, b paperfeed.paperid);
CREATE TEMP TABLE own OF paperfeed.paper (PRIMARY KEY (id));
SELECT kept.ingest('kept.own', '{"id": "2401.00002", "doi": "10.1000/x", "title": "X", "comment": "D"}');
SELECT kept.ingest('pg_temp.own', '{"id": "2401.00002", "doi": "10.1000/x", "title": "X", "comment": "D"}');
RESET search_path;
SELECT id, title, comment FROM kept.own ORDER BY id;
SELECT id FROM pg_temp.own;
TABLE kept.points;
SELECT count(*) FROM trap.feeds;

-- an ingest within an ingest, into another table and into the same
CREATE TABLE kept.inner OF paperfeed.paper (PRIMARY KEY (id));
CREATE FUNCTION kept.nest() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
	INSERT INTO kept.log (what) VALUES (TG_OP || ' ' || kept.ingest('kept.inner', '{"id": "10.1000/nested", "title": "Nested"}')),
		(TG_OP || ' ' || kept.ingest('kept.outer', '{"id": "10.1000/nested' || TG_OP || '", "title": "Nested"}'));
	RETURN NULL;
END
$$;
CREATE TABLE kept.log (n serial, what text);
CREATE TABLE kept.outer OF paperfeed.paper (PRIMARY KEY (id));
INSERT INTO kept.outer (id, title) VALUES ('10.1000/a', 'A');
CREATE TRIGGER nest AFTER INSERT OR UPDATE ON kept.outer FOR EACH STATEMENT WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION kept.nest();
SELECT kept.ingest('kept.outer', '{"id": "10.1000/e", "title": "E"}', '{"id": "10.1000/a", "title": "A", "venue": "V"}', '{"id": "10.1000/f", "title": "F"}');
SELECT what FROM kept.log ORDER BY n;
SELECT id, title, venue FROM kept.outer ORDER BY id;
SELECT id FROM kept.inner;

-- an error from within leaves nothing behind, in a transaction, a block and alone
CREATE FUNCTION kept.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.title = 'Bad' THEN RAISE EXCEPTION 'not this' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON kept.inner FOR EACH ROW EXECUTE FUNCTION kept.refuse();
\set VERBOSITY terse
SELECT kept.ingest('kept.inner', '{"id": "10.1000/good", "title": "Good"}', '{"id": "10.1000/bad", "title": "Bad"}');
SELECT id FROM kept.inner ORDER BY id;
BEGIN;
INSERT INTO kept.inner (id) VALUES ('10.1000/before');
SAVEPOINT s;
SELECT kept.ingest('kept.inner', '{"id": "10.1000/bad", "title": "Bad"}');
ROLLBACK TO s;
SELECT kept.ingest('kept.inner', '{"id": "10.1000/good", "title": "Good"}');
COMMIT;
DO $$
BEGIN
	BEGIN
		INSERT INTO kept.inner (id) VALUES ('10.1000/undone');
		PERFORM kept.ingest('kept.inner', '{"id": "10.1000/bad", "title": "Bad"}');
	EXCEPTION WHEN check_violation THEN
		INSERT INTO kept.inner (id) VALUES ('10.1000/handled');
	END;
END
$$;
SELECT id FROM kept.inner ORDER BY id;
\set VERBOSITY default
-- a key of the user's own is no race to be tried again
CREATE UNIQUE INDEX ON kept.inner (title);
\set VERBOSITY sqlstate
SELECT kept.ingest('kept.inner', '{"id": "10.1000/good2", "title": "Good"}');
\set VERBOSITY default

-- read-only transactions
BEGIN TRANSACTION READ ONLY;
\set VERBOSITY sqlstate
SELECT kept.ingest('kept.inner', '{"id": "10.1000/g", "title": "G"}');
\set VERBOSITY default
ROLLBACK;

-- who has more rights than the table's owner does not lend them to its triggers
CREATE TABLE kept.owned OF paperfeed.paper (PRIMARY KEY (id));
CREATE FUNCTION kept.who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.comment := current_user; RETURN NEW; END $$;
CREATE TRIGGER who BEFORE INSERT OR UPDATE ON kept.owned FOR EACH ROW EXECUTE FUNCTION kept.who();
RESET ROLE;
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/owned", "title": "Owned"}', 'UTF8'), 'kept.owned')).added;
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/owned", "title": "Owned", "abstract": "By somebody."}', 'UTF8'), 'kept.owned')).updated;
SELECT comment, abstract FROM kept.owned;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON kept.owned DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kept.who();
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/later", "title": "Later"}', 'UTF8'), 'kept.owned')).added;
DROP TRIGGER later ON kept.owned;
SELECT current_user = session_user, count(*) FROM kept.owned;

DROP SCHEMA kept, trap CASCADE;
DROP OWNED BY regress_paperfeed_keeper, regress_paperfeed_reader CASCADE;
DROP ROLE regress_paperfeed_keeper, regress_paperfeed_reader;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;
