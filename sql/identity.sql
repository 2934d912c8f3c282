-- If this fails, a paper that several feeds show has several rows, two papers
-- share one, or what pointed at a row is lost when it becomes part of another.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;

-- lines of JSON from a host; what it made of them
CREATE FUNCTION pg_temp.ingest(host text, VARIADIC lines text[]) RETURNS text LANGUAGE sql AS
$$
	SELECT format('%s %s added, %s updated, %s unchanged, %s rejected', (i).status, (i).added, (i).updated, (i).unchanged, (i).rejected)
	FROM paperfeed.ingest_document(convert_to(array_to_string(lines, E'\n'), 'UTF8'), base_url => format('https://%s/', host)) AS i
$$;
CREATE PROCEDURE pg_temp.forget() LANGUAGE sql AS
$$ TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects, paperfeed.feeds CASCADE $$;
CREATE VIEW pg_temp.papers AS SELECT id, title, doi, source FROM paperfeed.papers ORDER BY id;
CREATE VIEW pg_temp.aliases AS SELECT alias, paper FROM paperfeed.aliases ORDER BY alias;
CREATE VIEW pg_temp.sightings AS
	SELECT s.paper, f.url FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed ORDER BY f.url, s.paper;

-- one paper by its DOI, by its arXiv id, and then by both; users' rows follow
CREATE TABLE votes (
	paper paperfeed.paperid NOT NULL REFERENCES paperfeed.papers ON DELETE CASCADE,
	reader text,
	value integer NOT NULL,
	UNIQUE (paper, reader)
);
CREATE TABLE notes (
	paper paperfeed.paperid NOT NULL REFERENCES paperfeed.papers,
	note text NOT NULL
);
CREATE TABLE picks (
	paper paperfeed.paperid NOT NULL REFERENCES paperfeed.papers ON DELETE CASCADE,
	list text NOT NULL,
	current boolean NOT NULL
);
CREATE UNIQUE INDEX ON picks (paper) WHERE current;
CREATE UNIQUE INDEX ON picks (paper, lower(list));
SELECT pg_temp.ingest('doi.example', '{"id": "10.1000/A", "title": "A knot", "venue": "Ropes"}', '{"id": "10.1000/z", "title": "Else"}');
SELECT pg_temp.ingest('doi.example', '{"id": "10.1000/A", "title": "Knot A", "venue": "Ropes"}', '{"id": "10.1000/z", "title": "Else"}');
SELECT pg_temp.ingest('arxiv.example', '{"id": "arXiv:2401.00001v1", "title": "A knot"}');
INSERT INTO votes VALUES
	('doi:10.1000/a', 'ann', 1), ('doi:10.1000/a', 'bob', 1), ('doi:10.1000/a', NULL, 5),
	('arXiv:2401.00001', 'bob', -1), ('arXiv:2401.00001', NULL, 6), ('doi:10.1000/z', 'ann', 9);
INSERT INTO notes VALUES ('doi:10.1000/a', 'by DOI'), ('arXiv:2401.00001', 'by arXiv id');
INSERT INTO picks VALUES
	('doi:10.1000/a', 'Mine', false), ('doi:10.1000/a', 'Yours', true), ('doi:10.1000/a', 'Theirs', false),
	('arXiv:2401.00001', 'mine', false), ('arXiv:2401.00001', 'Ours', true);
TABLE pg_temp.papers;
SELECT pg_temp.ingest('both.example', '{"id": "arXiv:2401.00001v1", "doi": "10.1000/a", "title": "A knot"}');
TABLE pg_temp.papers;
TABLE pg_temp.aliases;
TABLE pg_temp.sightings;
SELECT paper, was FROM paperfeed.revisions ORDER BY id;
SELECT * FROM votes ORDER BY paper, reader, value;
SELECT * FROM notes ORDER BY note;
SELECT * FROM picks ORDER BY list;
-- from now on either feed finds it, and has nothing new to say
SELECT pg_temp.ingest('doi.example', '{"id": "10.1000/A", "title": "Knot A", "venue": "Ropes"} ', '{"id": "10.1000/z", "title": "Else"}');
SELECT pg_temp.ingest('doi.example', '{"id": "doi:10.1000/a", "title": "Knot A", "comment": "Now with a comment"}');
SELECT id, comment FROM paperfeed.papers WHERE comment IS NOT NULL;
DROP TABLE votes, notes, picks;

-- the same in one document, in any order of its records
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"id": "10.1000/a", "title": "A"}', '{"id": "2401.00001", "title": "A"}', '{"id": "2401.00001", "doi": "10.1000/a", "title": "A"}',
	'{"id": "2401.00002", "doi": "10.1000/b", "title": "B"}', '{"id": "10.1000/b", "title": "B"}', '{"id": "2401.00002", "title": "B"}');
TABLE pg_temp.papers;
TABLE pg_temp.aliases;

-- a chain: PMID and DOI, DOI and arXiv id, a link and PMID
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"id": "pmid:31452104", "doi": "10.1000/c", "title": "C"}');
SELECT pg_temp.ingest('two.example', '{"id": "https://lab.example/c", "pmid": "31452104", "title": "C"}');
TABLE pg_temp.papers;
SELECT pg_temp.ingest('three.example', '{"id": "2401.00003", "doi": "10.1000/C", "title": "C"}');
TABLE pg_temp.papers;
TABLE pg_temp.aliases;
SELECT pg_temp.ingest('four.example', '{"url": "https://lab.example/c", "title": "C again"}');
SELECT count(*) FROM paperfeed.papers;

-- two arXiv papers that name one DOI are two, whoever comes first, and what names the DOI is the first one's
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"id": "2401.00004", "doi": "10.1000/d", "title": "D"}', '{"id": "2401.00005", "doi": "10.1000/d", "title": "Not D"}');
SELECT pg_temp.ingest('two.example', '{"id": "2401.00005", "doi": "10.1000/d", "title": "Not D"}');
SELECT pg_temp.ingest('three.example', '{"id": "10.1000/d", "title": "D", "venue": "V"}');
SELECT id, title, doi, venue FROM paperfeed.papers ORDER BY id;
TABLE pg_temp.aliases;
-- nor does a record join them that has a name of each and is itself of neither
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"id": "2401.00004", "doi": "10.1000/d", "title": "D"}', '{"id": "2401.00005", "pmid": 55, "title": "E"}');
SELECT pg_temp.ingest('two.example', '{"id": "10.1000/d", "pmid": 55, "title": "Which?"}');
SELECT pg_temp.ingest('one.example', '{"id": "2401.00005", "pmid": 55, "title": "E", "comment": "x"}');
TABLE pg_temp.papers;
-- a preprint's DOI and the printed paper's are two names of one paper, if somebody says so
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"id": "10.1101/2024.01.01.000001", "title": "P"}', '{"id": "10.1000/p", "title": "P"}');
SELECT (i).status, (i).added, (i).updated FROM paperfeed.ingest_document(convert_to('{"messages": [{"status": "ok"}], "collection": [{"doi": "10.1101/2024.01.01.000001", '
	'"title": "P", "authors": "Bell, A.", "date": "2024-01-01", "version": "1", "type": "new results", "category": "x", "abstract": "Y.", "published": "10.1000/p", "server": "biorxiv"}]}', 'UTF8')) AS i;
TABLE pg_temp.papers;

-- links: a page is an identity, the address of a list that titles share is none
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"url": "https://lab.example/papers", "title": "E"}', '{"url": "https://lab.example/papers", "title": "F"}',
	'{"url": "https://lab.example/g?utm_source=x", "title": "G"}');
SELECT pg_temp.ingest('two.example', '{"url": "http://lab.example/g", "title": "G by another", "abstract": "H."}');
SELECT paperfeed.scheme(id), title, abstract FROM paperfeed.papers ORDER BY title;
-- one title twice with one address is one paper
SELECT pg_temp.ingest('three.example', '{"url": "https://lab.example/h", "title": "H"}', '{"url": "https://lab.example/h", "title": "H."}');
SELECT count(*) FROM paperfeed.papers WHERE title LIKE 'H%';
-- known by title and first author alone
SELECT pg_temp.ingest('four.example', '{"title": "The Same Title", "authors": ["Ann Bell", "Bob Cord"]}', '{"title": "The same title", "authors": ["Ann Bell"], "abstract": "x"}',
	'{"title": "The same title", "authors": ["Carl Eck"]}');
SELECT paperfeed.scheme(id), title, authors FROM paperfeed.papers WHERE title ILIKE 'the same%' ORDER BY authors;

-- a record that its source deleted marks the paper, whatever it is known by; of a paper never seen it makes none
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"id": "2401.00006", "title": "J"}');
SELECT (i).added, (i).updated, (i).unchanged FROM paperfeed.ingest_document(convert_to('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>'
	'<record><header status="deleted"><identifier>oai:arXiv.org:2401.00006</identifier><datestamp>2024-01-31</datestamp></header></record>'
	'<record><header status="deleted"><identifier>oai:arXiv.org:2401.00007</identifier><datestamp>2024-01-31</datestamp></header></record>'
	'</ListRecords></OAI-PMH>', 'UTF8')) AS i;
SELECT id, title, withdrawn FROM paperfeed.papers ORDER BY id;

-- rows that somebody put in by hand are found by their id
CALL pg_temp.forget();
INSERT INTO paperfeed.papers (id, title, comment) VALUES ('https://doi.org/10.1000/M', 'By hand', 'kept'), ('arXiv:2401.00008v3', NULL, NULL);
SELECT pg_temp.ingest('one.example', '{"id": "10.1000/m", "title": "By feed", "venue": "V"}', '{"id": "2401.00008", "title": "K"}');
SELECT id, title, comment, venue, source FROM paperfeed.papers ORDER BY id;

-- an alias can be taught, before or after the row is there, and taken back
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"id": "2401.00009", "title": "L"}', '{"id": "10.1000/l", "title": "L"}');
INSERT INTO paperfeed.aliases (alias, paper) VALUES ('PMID: 99', 'arXiv:2401.00009'), ('https://lab.example/l', '2401.00009');
SELECT pg_temp.ingest('two.example', '{"id": "pmid:99", "title": "L", "venue": "V"}', '{"url": "https://lab.example/l", "title": "L", "comment": "C"}');
SELECT id, venue, comment FROM paperfeed.papers ORDER BY id;
DELETE FROM paperfeed.aliases WHERE alias = 'pmid:99';
TABLE pg_temp.aliases;
SELECT count(*) FROM paperfeed._identity WHERE identity = 'doi:10.1000/l';
\set VERBOSITY sqlstate
INSERT INTO paperfeed.aliases VALUES ('arXiv:2401.00010', 'arXiv:2401.00009');
INSERT INTO paperfeed.aliases VALUES ('no identity', 'arXiv:2401.00009');
INSERT INTO paperfeed.aliases VALUES ('pmid:100', NULL);
INSERT INTO paperfeed.aliases VALUES ('pmid:100', 'pmid:100');
-- one that a paper has is that paper's
INSERT INTO paperfeed.aliases VALUES ('doi:10.1000/l', 'arXiv:2401.00009');
\set VERBOSITY default

-- a joined row's aliases come with it
CALL pg_temp.forget();
SELECT pg_temp.ingest('one.example', '{"id": "10.1000/n", "pmid": 1, "title": "N"}', '{"id": "https://lab.example/n", "title": "N"}');
INSERT INTO paperfeed.aliases VALUES ('https://lab.example/n2', 'https://lab.example/n');
SELECT pg_temp.ingest('two.example', '{"id": "2401.00011", "doi": "10.1000/n", "url": "https://lab.example/n", "title": "N"}');
SELECT pg_temp.ingest('three.example', '{"id": "pmid:1", "url": "https://lab.example/n", "title": "N"}');
TABLE pg_temp.aliases;
SELECT count(*) FROM paperfeed.papers;

CALL pg_temp.forget();
