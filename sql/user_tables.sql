-- If this fails, papers cannot be kept in a table of one's own, or an ingest does
-- not say before it begins that a table cannot take them.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;
CREATE SCHEMA kept;

CREATE FUNCTION kept.ingest(target regclass, VARIADIC lines text[]) RETURNS text LANGUAGE sql AS
$$
	SELECT format('%s %s added, %s updated, %s unchanged', (i).status, (i).added, (i).updated, (i).unchanged)
	FROM paperfeed.ingest_document(pg_catalog.convert_to(pg_catalog.array_to_string(lines, E'\n'), 'UTF8'), target,
		base_url => pg_catalog.format('https://%s.example/', pg_catalog.md5(pg_catalog.array_to_string(lines, '')))) AS i
$$;

-- one's own table, and the default one, do not know each other
CREATE TABLE kept.mine OF paperfeed.paper (PRIMARY KEY (id));
SELECT kept.ingest('paperfeed.papers', '{"id": "10.1000/a", "title": "A"}');
SELECT kept.ingest('kept.mine', '{"id": "10.1000/a", "pmid": 7, "title": "A"}', '{"id": "2401.00001", "title": "B"}');
SELECT kept.ingest('kept.mine', '{"id": "10.1000/a", "pmid": 7, "title": "A"}', '{"id": "2401.00001", "title": "B"}');
SELECT kept.ingest('kept.mine', '{"id": "pmid:7", "title": "A", "venue": "V"}');
SELECT kept.ingest('kept.mine', '{"id": "2401.00001", "doi": "10.1000/a", "title": "B"}');
SELECT id, title, doi, venue FROM kept.mine ORDER BY id;
SELECT id, title, doi, venue FROM paperfeed.papers ORDER BY id;
SELECT target, identity, paper FROM paperfeed._identity ORDER BY 1::text, 2;
SELECT count(*) FROM paperfeed.revisions;
-- one address can feed both
SELECT count(DISTINCT url), count(*) FROM paperfeed.feeds WHERE url = 'https://' || md5('{"id": "10.1000/a", "title": "A"}') || '.example/';
SELECT kept.ingest('kept.mine', '{"id": "10.1000/a", "title": "A"}');
SELECT target FROM paperfeed.feeds WHERE url = 'https://' || md5('{"id": "10.1000/a", "title": "A"}') || '.example/' ORDER BY id;

-- tables that cannot take papers, told before anything is written
CREATE TABLE kept.bare OF paperfeed.paper;
CREATE TABLE kept.partial OF paperfeed.paper;
CREATE UNIQUE INDEX ON kept.partial (id) WHERE NOT withdrawn;
CREATE TABLE kept.wide OF paperfeed.paper (PRIMARY KEY (id, title));
CREATE TABLE kept.late OF paperfeed.paper (UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE kept.likewise (LIKE paperfeed.papers INCLUDING ALL);
CREATE VIEW kept.view AS TABLE kept.mine;
CREATE TABLE kept.indexed OF paperfeed.paper;
CREATE UNIQUE INDEX ON kept.indexed (id) INCLUDE (title);
CREATE TABLE kept.parted OF paperfeed.paper (PRIMARY KEY (id)) PARTITION BY HASH (id);
CREATE TABLE kept.parted_0 PARTITION OF kept.parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE kept.parted_1 PARTITION OF kept.parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT kept.ingest('kept.bare', '{"id": "10.1000/a", "title": "A"}');
\set VERBOSITY sqlstate
SELECT kept.ingest('kept.partial', '{"id": "10.1000/a", "title": "A"}');
SELECT kept.ingest('kept.wide', '{"id": "10.1000/a", "title": "A"}');
SELECT kept.ingest('kept.late', '{"id": "10.1000/a", "title": "A"}');
\set VERBOSITY default
SELECT kept.ingest('kept.likewise', '{"id": "10.1000/a", "title": "A"}');
\set VERBOSITY sqlstate
SELECT kept.ingest('kept.view', '{"id": "10.1000/a", "title": "A"}');
SELECT kept.ingest('paperfeed.feeds', '{"id": "10.1000/a", "title": "A"}');
SELECT kept.ingest('pg_catalog.pg_class', '{"id": "10.1000/a", "title": "A"}');
SELECT kept.ingest('kept.mine_pkey', '{"id": "10.1000/a", "title": "A"}');
SELECT kept.ingest(0, '{"id": "10.1000/a", "title": "A"}');
\set VERBOSITY default
SELECT kept.ingest('kept.indexed', '{"id": "10.1000/a", "title": "A"}');
SELECT kept.ingest('kept.parted', '{"id": "10.1000/a", "title": "A"}', '{"id": "10.1000/b", "title": "B"}', '{"id": "2401.00001", "title": "C"}');
SELECT kept.ingest('kept.parted', '{"id": "2401.00001", "doi": "10.1000/a", "title": "C"}', '{"id": "2401.00002", "doi": "10.1000/b", "title": "B"}');
SELECT id, title, doi FROM kept.parted ORDER BY id;

DROP SCHEMA kept CASCADE;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;
