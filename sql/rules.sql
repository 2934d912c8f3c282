-- If this fails, rules keep out what was wanted, let in what was not, or give papers tags and
-- boosts that they should not have.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds, paperfeed.signals, paperfeed.readings, paperfeed.rules, paperfeed.rule_hits, paperfeed.hand_tags;

CREATE FUNCTION pg_temp.ingest(document text, base_url text DEFAULT NULL, target regclass DEFAULT 'paperfeed.papers') RETURNS text LANGUAGE sql AS
$$
	SELECT format('%s: %s seen, %s added, %s updated, %s unchanged, %s dropped, %s rejected', status, seen, added, updated, unchanged, dropped, rejected)
	FROM paperfeed.ingest_document(convert_to($1, 'UTF8'), target, $2)
$$;
CREATE VIEW pg_temp.hits AS
	SELECT h.paper, r.name, h.boost FROM paperfeed.rule_hits AS h JOIN paperfeed.rules AS r ON r.id = h.rule ORDER BY h.paper, r.name;
CREATE VIEW pg_temp.tags AS
	SELECT t.paper, t.tag, r.name FROM paperfeed.paper_tags AS t LEFT JOIN paperfeed.rules AS r ON r.id = t.rule ORDER BY t.paper, t.tag, r.name;
-- boosts that the signals do not add up to
CREATE VIEW pg_temp.wrong AS
	SELECT paper, boost, weight FROM (SELECT paper, sum(boost) AS boost FROM paperfeed.rule_hits GROUP BY paper HAVING sum(boost) <> 0) AS h
	FULL JOIN (SELECT paper, sum(weight) AS weight FROM paperfeed.signals WHERE kind = 'boost' GROUP BY paper HAVING sum(weight) <> 0) AS s USING (paper)
	WHERE boost IS DISTINCT FROM weight;

-- rows that make no sense cannot be
CREATE FUNCTION pg_temp.fault(statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	constraint_name text;
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS constraint_name = CONSTRAINT_NAME;
	RETURN concat_ws(' ', SQLSTATE, COALESCE(NULLIF(constraint_name, ''), SQLERRM));
END
$$;
SELECT v, pg_temp.fault('INSERT INTO paperfeed.rules (name, action, query, authors, feed_tags, tag, boost) VALUES (' || v || ')') FROM unnest(ARRAY[
	$$'r', 'delete', 'a1', NULL, NULL, NULL, NULL$$, $$' ', 'drop', 'a1', NULL, NULL, NULL, NULL$$, $$'r', 'drop', NULL, NULL, NULL, NULL, NULL$$,
	$$'r', 'drop', '(a1', NULL, NULL, NULL, NULL$$, $$'r', 'drop', 'the', NULL, NULL, NULL, NULL$$, $$'r', 'drop', NULL, '{}', NULL, NULL, NULL$$,
	$$'r', 'drop', NULL, '{a,NULL}', NULL, NULL, NULL$$, $$'r', 'drop', NULL, NULL, '{""}', NULL, NULL$$, $$'r', 'drop', 'a1', NULL, NULL, 't', NULL$$,
	$$'r', 'tag', 'a1', NULL, NULL, NULL, NULL$$, $$'r', 'tag', 'a1', NULL, NULL, ' t', NULL$$, $$'r', 'tag', 'a1', NULL, NULL, 't', 1$$,
	$$'r', 'boost', 'a1', NULL, NULL, NULL, NULL$$, $$'r', 'boost', 'a1', NULL, NULL, NULL, 0$$, $$'r', 'boost', 'a1', NULL, NULL, NULL, 'NaN'$$,
	$$'r', 'boost', 'a1', NULL, NULL, NULL, 1e7$$]) AS v;
SELECT pg_temp.fault($$SELECT paperfeed._rules_changed()$$), pg_temp.fault($$SELECT paperfeed._rule_updated()$$), pg_temp.fault($$SELECT paperfeed._boosts_changed()$$);
CREATE TEMP TABLE other (id bigint);
CREATE TRIGGER t AFTER INSERT ON other FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._rules_changed();
CREATE TRIGGER u AFTER UPDATE ON other FOR EACH ROW EXECUTE FUNCTION paperfeed._rule_updated();
CREATE TRIGGER v AFTER DELETE ON other FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._boosts_changed();
SELECT pg_temp.fault('INSERT INTO other VALUES (1)'), pg_temp.fault('DELETE FROM other');

-- drop beats keep; a keep rule lets nothing else in; both look at the record; papers only
INSERT INTO paperfeed.rules (name, action, query) VALUES ('no surveys', 'drop', 'title:(survey or review)');
SELECT pg_temp.ingest('{"id": "10.1000/a", "title": "A survey of graphs", "abstract": "All of them."}
{"id": "10.1000/b", "title": "Colouring graphs", "abstract": "No survey of colours."}
{"id": "10.1000/c", "title": "Prime numbers", "categories": ["math.NT"]}
{"title": ""}');
SELECT id FROM paperfeed.papers ORDER BY id;
SELECT count(*) FROM paperfeed._identity;
INSERT INTO paperfeed.rules (name, action, categories) VALUES ('mathematics', 'keep', '{math.*}');
INSERT INTO paperfeed.rules (name, action, query) VALUES ('trees', 'keep', 'trees');
SELECT pg_temp.ingest('{"id": "10.1000/d", "title": "A survey of primes", "categories": ["math.NT"]}
{"id": "10.1000/e", "title": "Composite numbers", "categories": ["cs.DS", "math.NT"]}
{"id": "10.1000/f", "title": "Decision tree pruning", "categories": ["cs.LG"]}
{"id": "10.1000/g", "title": "Kernels", "categories": ["cs.LG"]}');
SELECT id FROM paperfeed.papers ORDER BY id;
CREATE TEMP TABLE own OF paperfeed.paper (PRIMARY KEY (id));
SELECT pg_temp.ingest('{"id": "10.1000/d", "title": "A survey of primes"}', target => 'own');

-- what is in goes on being updated, whatever rules say; also by a record of the same batch
SELECT pg_temp.ingest('{"id": "10.1000/b", "title": "Colouring graphs: a survey", "version": 2}');
SELECT id, title FROM paperfeed.papers WHERE id = '10.1000/b';
SELECT pg_temp.ingest('{"id": "10.1000/h", "title": "Kernels of primes", "categories": ["stat.ML"]}
{"id": "10.1000/h", "title": "Kernels of primes", "categories": ["math.NT"]}
{"id": "10.1000/i", "title": "Kernels of kernels", "categories": ["stat.ML"]}
{"id": "10.1000/i", "title": "Kernels of kernels", "venue": "Somewhere"}');
SELECT id, categories FROM paperfeed.papers WHERE id IN ('10.1000/h', '10.1000/i');
-- a deleted record of what is not there
SELECT pg_temp.ingest('{"id": "10.1000/j", "withdrawn": true}');

-- off, on, changed, gone: all at once, and back with the transaction
UPDATE paperfeed.rules SET enabled = false WHERE action = 'keep';
SELECT pg_temp.ingest('{"id": "10.1000/k", "title": "Kernel methods"}');
BEGIN;
UPDATE paperfeed.rules SET enabled = true WHERE action = 'keep';
SELECT pg_temp.ingest('{"id": "10.1000/l", "title": "Kernel functions"}');
SAVEPOINT s;
DELETE FROM paperfeed.rules WHERE name = 'no surveys';
UPDATE paperfeed.rules SET query = 'functions' WHERE name = 'trees';
SELECT pg_temp.ingest('{"id": "10.1000/m", "title": "A survey of functions"}');
ROLLBACK TO s;
SELECT pg_temp.ingest('{"id": "10.1000/n", "title": "A survey of functions, again"}');
ROLLBACK;
SELECT pg_temp.ingest('{"id": "10.1000/l", "title": "Kernel functions"}');
-- under an older snapshot, too, as what is kept in the session is for later transactions
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM paperfeed.rules;
UPDATE paperfeed.rules SET query = 'title:functions' WHERE name = 'no surveys';
SELECT pg_temp.ingest('{"id": "10.1000/o", "title": "More functions"}
{"id": "10.1000/p", "title": "More surveys"}');
COMMIT;
TRUNCATE paperfeed.rules CASCADE;
SELECT pg_temp.ingest('{"id": "10.1000/q", "title": "A survey of more functions"}');

-- rules for some feeds: by the tags of the feed that brings the record
SELECT pg_temp.ingest('{"id": "10.1000/r", "title": "First of a feed"}', 'http://127.0.0.1/tagged');
UPDATE paperfeed.feeds SET tags = '{ml,daily}' WHERE url = 'http://127.0.0.1/tagged';
INSERT INTO paperfeed.rules (name, action, query, feed_tags) VALUES ('graphs', 'keep', 'graphs', '{theory,ml}'), ('none', 'drop', NULL, '{noise}');
SELECT pg_temp.ingest('{"id": "10.1000/s", "title": "Second of a feed"}
{"id": "10.1000/t", "title": "Graphs of a feed"}', 'http://127.0.0.1/tagged');
SELECT pg_temp.ingest('{"id": "10.1000/s", "title": "Second of a feed"}', 'http://127.0.0.1/untagged');
UPDATE paperfeed.feeds SET tags = '{noise}' WHERE url = 'http://127.0.0.1/untagged';
SELECT pg_temp.ingest('{"id": "10.1000/u", "title": "Third of a feed"}', 'http://127.0.0.1/untagged');

-- what would not come in now, from any of its feeds
SELECT paper, why FROM paperfeed.unwanted_papers();
INSERT INTO paperfeed.rules (name, action, query) VALUES ('no functions', 'drop', 'functions');
INSERT INTO paperfeed.papers (id, title, published) VALUES ('10.1000/hand', 'Functions by hand', '2026-01-01'), ('10.1000/hand2', 'Functions again', '2026-02-01');
SELECT paper, published, why FROM paperfeed.unwanted_papers(NULL);
SELECT paper FROM paperfeed.unwanted_papers(3);
SELECT pg_temp.fault('SELECT paperfeed.unwanted_papers(-1)');
SELECT count(*) FROM paperfeed.unwanted_papers(0);

-- tags and boosts: of what is merged, once, and no longer where it does not match any more
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.feeds, paperfeed.rules CASCADE;
INSERT INTO paperfeed.rules (name, action, query, authors, tag, boost) VALUES
	('graphs', 'tag', 'graphs', NULL, 'theory', NULL), ('trees', 'tag', 'trees', NULL, 'theory', NULL),
	('ada', 'boost', NULL, '{Lovelace}', NULL, 5), ('cooked', 'boost', 'recipes', NULL, NULL, -2);
SELECT pg_temp.ingest('{"id": "10.1000/a", "title": "Trees and graphs", "authors": ["Ada Lovelace"]}
{"id": "10.1000/b", "title": "Graphs of recipes", "authors": ["Alan Turing"], "source": "cookbook"}
{"id": "10.1000/c", "title": "Numbers", "authors": ["Ada Lovelace"], "abstract": "No recipe is known."}
{"id": "10.1000/d", "title": "Nothing"}');
TABLE pg_temp.hits;
TABLE pg_temp.tags;
SELECT paper, kind, weight, source LIKE 'rule %' AS source, at = (SELECT first_seen FROM paperfeed.sightings AS i WHERE i.paper = s.paper) AS at, retracts
FROM paperfeed.signals AS s ORDER BY paper, weight;
TABLE pg_temp.wrong;
SELECT pg_temp.ingest('{"id": "10.1000/c", "title": "Numbers", "authors": ["Ada Lovelace"], "abstract": "No tree is known.", "version": 2, "updated": "2030-01-01"}
{"id": "10.1000/d", "title": "Nothing", "metrics": {"upvotes": 3}}');
TABLE pg_temp.hits;
TABLE pg_temp.wrong;
-- trending() shows it, and explain() says why
SELECT id FROM paperfeed.trending(k => 2);

-- another tag, another boost, off and on, gone: without a look at the papers
UPDATE paperfeed.rules SET tag = 'plants' WHERE name = 'trees';
UPDATE paperfeed.rules SET boost = 7 WHERE name = 'ada';
TABLE pg_temp.tags;
TABLE pg_temp.wrong;
SELECT paper, weight, retracts FROM paperfeed.signals WHERE paper = '10.1000/a' ORDER BY weight;
UPDATE paperfeed.rules SET enabled = false WHERE name IN ('ada', 'trees');
TABLE pg_temp.tags;
SELECT paper, sum(weight) FROM paperfeed.signals WHERE kind = 'boost' GROUP BY paper ORDER BY paper;
UPDATE paperfeed.rules SET enabled = true WHERE name IN ('ada', 'trees');
TABLE pg_temp.hits;
UPDATE paperfeed.rules SET action = 'keep', boost = NULL WHERE name = 'ada';
TABLE pg_temp.hits;
TABLE pg_temp.wrong;
DELETE FROM paperfeed.rules WHERE name IN ('ada', 'cooked', 'trees');
TABLE pg_temp.hits;
SELECT paper, sum(weight), count(*) FROM paperfeed.signals WHERE kind = 'boost' GROUP BY paper ORDER BY paper;
-- truncation and direct deletion, too
INSERT INTO paperfeed.rules (name, action, authors, boost) VALUES ('ada', 'boost', '{Lovelace}', 5);
SELECT pg_temp.ingest('{"id": "10.1000/a", "title": "Trees and graphs", "authors": ["Ada Lovelace", "Alan Turing"], "version": 2}
{"id": "10.1000/e", "title": "Numbers again", "authors": ["Ada Lovelace"]}');
TABLE pg_temp.hits;
DELETE FROM paperfeed.rule_hits WHERE paper = '10.1000/e';
TABLE pg_temp.wrong;
TRUNCATE paperfeed.rule_hits;
TABLE pg_temp.wrong;
SELECT sum(weight) FROM paperfeed.signals WHERE kind = 'boost';
-- a kind that its user has deleted is not missed
BEGIN;
DELETE FROM paperfeed.signal_kinds WHERE kind = 'boost';
SELECT pg_temp.ingest('{"id": "10.1000/f", "title": "Numbers once more", "authors": ["Ada Lovelace"]}');
TABLE pg_temp.hits;
ROLLBACK;

-- apply_rules(): the papers that are there
INSERT INTO paperfeed.rules (name, action, query, feed_tags, tag) VALUES ('numbers', 'tag', 'numbers', '{daily}', 'numeric'), ('off', 'tag', 'numbers', NULL, 'off');
INSERT INTO paperfeed.papers (id, title, authors, published) VALUES ('10.1000/hand', 'Numbers by hand', '{"Ada Lovelace"}', '2020-01-01'), ('10.1000/never', 'Never', '{"Ada Lovelace"}', 'infinity');
CALL paperfeed.apply_rules();
TABLE pg_temp.hits;
TABLE pg_temp.wrong;
SELECT paper, at FROM paperfeed.signals WHERE kind = 'boost' AND paper IN ('10.1000/hand') AND NOT retracts;
CALL paperfeed.apply_rules();
UPDATE paperfeed.rules SET enabled = false WHERE name = 'off';
UPDATE paperfeed.rules SET authors = '{Turing}' WHERE name = 'ada';
UPDATE paperfeed.feeds SET tags = '{daily}';
CALL paperfeed.apply_rules('2019-01-01');
TABLE pg_temp.wrong;
CALL paperfeed.apply_rules();
TABLE pg_temp.hits;
TABLE pg_temp.wrong;
-- a rule about a feed's tag hears of it when such a feed shows the paper, though nothing else is new
SELECT pg_temp.ingest('{"id": "10.1000/hand", "title": "Numbers by hand", "authors": ["Ada Lovelace"], "published": "2020-01-01"}', 'http://127.0.0.1/x');
TABLE pg_temp.tags;
UPDATE paperfeed.feeds SET tags = '{daily}';
DELETE FROM paperfeed.sightings WHERE paper = '10.1000/hand';
SELECT pg_temp.ingest('{"id": "10.1000/hand", "title": "Numbers by hand", "authors": ["Ada Lovelace"], "published": "2020-01-01"} ', 'http://127.0.0.1/x');
TABLE pg_temp.tags;
-- documents are read again, as what was dropped may be wanted now
INSERT INTO paperfeed.rules (name, action, query) VALUES ('no kernels', 'drop', 'kernels');
SELECT pg_temp.ingest('{"id": "10.1000/g", "title": "Kernels"}');
DELETE FROM paperfeed.rules WHERE name = 'no kernels';
SELECT pg_temp.ingest('{"id": "10.1000/g", "title": "Kernels"}');
CALL paperfeed.apply_rules();
SELECT pg_temp.ingest('{"id": "10.1000/g", "title": "Kernels"}');
BEGIN;
CALL paperfeed.apply_rules();
ROLLBACK;
SELECT count(*) FROM paperfeed.progress;

-- by hand, by any name of the paper; what is taken off stays off
TRUNCATE paperfeed.rules CASCADE;
INSERT INTO paperfeed.rules (name, action, query, tag) VALUES ('graphs', 'tag', 'graphs', 'theory'), ('trees', 'tag', 'trees', 'theory');
CALL paperfeed.apply_rules();
TABLE pg_temp.tags;
INSERT INTO paperfeed.aliases VALUES ('pmid:77', '10.1000/a');
SELECT paperfeed.tag_paper('pmid:77', ' to read '), paperfeed.tag_paper('10.1000/a', 'to read'), paperfeed.tag_paper('10.1000/a', 'theory'), paperfeed.tag_paper(NULL, 'a'), paperfeed.tag_paper('10.1000/a', NULL);
TABLE pg_temp.tags;
SELECT paperfeed.untag_paper('pmid:77', 'theory');
SELECT paperfeed.untag_paper('pmid:77', 'theory'), paperfeed.untag_paper('pmid:77', 'never'), paperfeed.untag_paper('pmid:77', 'to read');
TABLE pg_temp.tags;
SELECT paper, tag, given FROM paperfeed.hand_tags ORDER BY paper, tag;
CALL paperfeed.apply_rules();
TABLE pg_temp.tags;
SELECT paperfeed.tag_paper('10.1000/a', 'theory');
TABLE pg_temp.tags;
SELECT pg_temp.fault($$SELECT paperfeed.tag_paper('10.1000/a', ' ')$$), pg_temp.fault($$SELECT paperfeed.untag_paper('10.1000/a', E'a\tb')$$), pg_temp.fault($$SELECT paperfeed.tag_paper('10.1000/nowhere', 'a')$$);

-- tags and boosts follow when two papers turn out to be one, and count once
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.feeds, paperfeed.rules, paperfeed.hand_tags, paperfeed.signals CASCADE;
INSERT INTO paperfeed.rules (name, action, query, tag, boost) VALUES
	('kites', 'boost', 'kites', NULL, 3), ('strings', 'boost', 'strings', NULL, 10), ('toys', 'tag', 'strings or kites', 'toys', NULL);
SELECT pg_temp.ingest('{"id": "10.1000/kite", "title": "Kites and strings", "authors": ["Ben Franklin"]}', 'http://127.0.0.1/1');
SELECT pg_temp.ingest('{"id": "2501.00001", "title": "Kites", "authors": ["Ben Franklin"]}', 'http://127.0.0.1/2');
SELECT paperfeed.tag_paper('10.1000/kite', 'sky'), paperfeed.tag_paper('10.1000/kite', 'fun'), paperfeed.tag_paper('2501.00001', 'fun');
SELECT pg_temp.ingest('{"id": "2501.00001", "ids": ["doi:10.1000/kite"], "doi": "10.1000/kite", "title": "Kites", "authors": ["Ben Franklin"]}', 'http://127.0.0.1/3');
SELECT id, title FROM paperfeed.papers;
TABLE pg_temp.hits;
TABLE pg_temp.tags;
TABLE pg_temp.wrong;
SELECT paper, sum(weight) FROM paperfeed.signals WHERE kind = 'boost' GROUP BY paper;

-- before it is saved: what a rule would match, newest first, those without a date last
INSERT INTO paperfeed.papers (id, title, abstract, authors, categories, published, source) VALUES
	('10.1000/1', 'Winds', 'On kites in winds.', '{"Ada Lovelace"}', '{cs.LG}', '2026-01-01', 'arxiv'), ('10.1000/2', 'Kites', NULL, '{"Alan Turing"}', '{math.NT}', '2026-02-01', 'acl'),
	('10.1000/3', 'Rain', NULL, '{"Ada Lovelace", "Alan Turing"}', '{cs.CL}', '2026-03-01', NULL);
SELECT * FROM paperfeed.try_rule('kites');
SELECT * FROM paperfeed.try_rule('kites', k => 1);
SELECT paper FROM paperfeed.try_rule('kites', matched => false);
SELECT * FROM paperfeed.try_rule(authors => '{turing,lovelace}', categories => '{cs.*}', sources => '{arxiv}');
SELECT * FROM paperfeed.try_rule('kites', '{Franklin}');
SELECT paper FROM paperfeed.try_rule(feed_tags => '{daily}');
UPDATE paperfeed.feeds SET tags = '{daily}' WHERE url LIKE '%/3';
SELECT paper FROM paperfeed.try_rule(feed_tags => '{daily}');
SELECT paper FROM paperfeed.try_rule(k => NULL);
SELECT paper, why FROM paperfeed.rule_matches((SELECT id FROM paperfeed.rules WHERE name = 'kites'), 2);
SELECT paper, why FROM paperfeed.rule_matches((SELECT id FROM paperfeed.rules WHERE name = 'kites'), matched => false);
SELECT count(*) FROM paperfeed.rule_matches(NULL);
SELECT pg_temp.fault($$SELECT paperfeed.try_rule('(a')$$), pg_temp.fault($$SELECT paperfeed.try_rule(authors => '{}')$$), pg_temp.fault($$SELECT paperfeed.try_rule(k => -1)$$),
	pg_temp.fault($$SELECT paperfeed.rule_matches(0)$$), pg_temp.fault($$SELECT paperfeed.rule_matches(0, -1)$$);

-- who may: who ingests needs no rights on rules, and who has none cannot see or do anything
CREATE ROLE regress_rules;
GRANT USAGE ON SCHEMA paperfeed TO regress_rules;
GRANT SELECT, INSERT, UPDATE ON paperfeed.papers TO regress_rules;
GRANT EXECUTE ON FUNCTION paperfeed.ingest_document TO regress_rules;
SET ROLE regress_rules;
SELECT added FROM paperfeed.ingest_document(convert_to('{"id": "10.1000/role", "title": "Kites of a role"}', 'UTF8'));
SELECT pg_temp.fault('TABLE paperfeed.rules'), pg_temp.fault($$SELECT paperfeed.tag_paper('10.1000/role', 'a')$$), pg_temp.fault('CALL paperfeed.apply_rules()'),
	pg_temp.fault('SELECT paperfeed.rule_matches(1)'), pg_temp.fault('SELECT paperfeed.unwanted_papers()');
SELECT count(*) FROM paperfeed.try_rule('kites');
RESET ROLE;
SELECT name FROM pg_temp.hits WHERE paper = '10.1000/role';
DROP OWNED BY regress_rules;
DROP ROLE regress_rules;

TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.feeds, paperfeed.rules, paperfeed.hand_tags, paperfeed.signals CASCADE;
