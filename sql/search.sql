-- If this fails, a search finds other papers than it says, in an order that
-- changes from run to run, or without its index.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;

INSERT INTO paperfeed.papers (id, title, abstract, authors, published, categories, withdrawn) VALUES
	('2401.00001', 'Graph networks for proteins', 'We fold proteins by graph networks, and show where that fails.', '{"Ann Bell", "Will Cord"}', '2024-01-01', '{q-bio.BM,cs.LG}', false),
	('2401.00002', 'Proteins without graphs', 'We fold proteins by other means.', '{"Bob Jones"}', '2024-02-01', '{q-bio.BM}', NULL),
	('2401.00003', 'On knots', 'A survey of ropes. It names graph networks once.', '{"A. Eck"}', '2024-03-01', '{math.GT}', false),
	('2401.00004', 'Graph networks, withdrawn', NULL, '{"Carl Jones"}', '2024-03-02', '{cs.LG}', true),
	('2401.00005', 'Twin', 'The same words.', NULL, '2024-04-01', NULL, false),
	('2401.00006', 'Twin', 'The same words.', NULL, '2024-04-02', NULL, false),
	('2401.00008', 'Twin', 'The same words.', NULL, NULL, NULL, false),
	('2401.00007', 'Twin', 'The same words.', NULL, NULL, NULL, false),
	('2401.00009', NULL, 'Abstract without a title.', NULL, NULL, '{}', NULL),
	('2401.00010', NULL, NULL, NULL, NULL, NULL, NULL);

CREATE FUNCTION pg_temp.found(query text, k integer DEFAULT 10, since timestamptz DEFAULT NULL, categories text[] DEFAULT NULL)
RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(substr(id::text, 14), ' ' ORDER BY rank) FROM paperfeed.search(query, k, since, categories) $$;

-- title before authors before abstract; the word's form does not matter
SELECT pg_temp.found('graph'), pg_temp.found('Graphs'), pg_temp.found('networks'), pg_temp.found('proteins');
SELECT pg_temp.found('jones'), pg_temp.found('Bell'), pg_temp.found('will cord');
SELECT rank, round(score::numeric, 3), id, title, authors, published, snippet FROM paperfeed.search('graph networks');
SELECT title, snippet FROM paperfeed.search('abstract') UNION ALL SELECT title, snippet FROM paperfeed.search('knots');

-- the score is the index's
SELECT count(*), bool_and(s.score = -(paperfeed.document(p.title, p.abstract, p.authors) <=> paperfeed.bm25_query('graph', 'paperfeed.papers_search')))
FROM paperfeed.search('graph') AS s JOIN paperfeed.papers AS p USING (id);

-- words rank, phrases and quoted words are required, a dash excludes, or leaves the choice
SELECT pg_temp.found('graph proteins'), pg_temp.found('graph knots'), pg_temp.found('graph or ropes'), pg_temp.found('knots or bell');
SELECT pg_temp.found('"graph networks"'), pg_temp.found('"networks graph"'), pg_temp.found('"fold proteins"'), pg_temp.found('graph "proteins"');
SELECT pg_temp.found('proteins -networks'), pg_temp.found('proteins -network'), pg_temp.found('graph -proteins'), pg_temp.found('graph -jones -bell'),
	pg_temp.found('graph -"fold proteins"');
SELECT q, (paperfeed._search_query(q)).condition, (paperfeed._search_query(q)).ranking FROM unnest(ARRAY[
	'deep', 'deep deep', '"deep"', '"deep nets" bio -cell', 'deep or "graph nets"', 'deep nets or bio -cell', '"deep nets" bio or -cell', '-cell', '-cell or -bio',
	'-"deep nets" bio', 'state-of-the-art', '"state-of-the-art"', '-state-of-the-art', 'deep - nets', 'deep --nets', '"deep nets', '-"deep', 'deep"nets bio"cell',
	'or deep', 'deep or', 'deep OR the', 'or', '"the"', 'deep "the"', '(deep & nets) | !bio', '"deep the nets"']) AS q;

-- ties: the newer, then by id; twice the same, however few are asked for
SELECT pg_temp.found('twin'), pg_temp.found('twin') = pg_temp.found('twin');
SELECT rank FROM paperfeed.search('twin');
SELECT pg_temp.found('twin', 1), pg_temp.found('twin', 2), pg_temp.found('twin', 3), pg_temp.found('twin', 0), pg_temp.found('twin', NULL);
SET enable_seqscan = off;
SELECT pg_temp.found('twin'), pg_temp.found('twin', 2), pg_temp.found('twin graph', 3);
RESET enable_seqscan;
SET enable_indexscan = off; SET enable_bitmapscan = off;
SELECT pg_temp.found('twin'), pg_temp.found('twin', 2), pg_temp.found('twin graph', 3);
RESET enable_indexscan; RESET enable_bitmapscan;

-- since and categories
SELECT pg_temp.found('graph', since => '2024-01-02'), pg_temp.found('twin', since => '2024-04-02'), pg_temp.found('twin', since => '-infinity'),
	pg_temp.found('twin', since => 'infinity');
SELECT pg_temp.found('graph', categories => '{cs.LG}'), pg_temp.found('graph', categories => '{math.GT,q-bio.BM}'),
	pg_temp.found('graph', categories => '{cs}'), pg_temp.found('graph', categories => '{}');

-- withdrawn papers are left out
SELECT pg_temp.found('withdrawn'), pg_temp.found('carl');

-- exclusions alone: the newest
SELECT pg_temp.found('-twin'), pg_temp.found('-twin -knots', 2), pg_temp.found('-twin', since => '2024-02-01'), pg_temp.found('-twin', categories => '{cs.LG}');
SELECT rank, score, id FROM paperfeed.search('-twin', 2);

-- an identity finds its paper first, whatever its spelling, and withdrawn or not; an alias does, too
INSERT INTO paperfeed.papers (id, title, abstract, published) VALUES ('10.1000/knot', 'Arxiv and its org', 'What arxiv.org holds: arxiv, arxiv and arxiv.', '2023-01-01'),
	('https://example.org/paper', 'By its address', NULL, NULL);
INSERT INTO paperfeed.aliases VALUES ('pmid:77', 'doi:10.1000/knot');
SELECT q, ids FROM unnest(ARRAY['2401.00003', 'arXiv:2401.00003v2', 'https://arxiv.org/abs/2401.00003', ' https://arxiv.org/pdf/2401.00004v1 ', '10.1000/KNOT', 'doi: 10.1000/knot',
	'https://doi.org/10.1000/knot', 'PMID: 77', 'https://example.org/paper', 'arXiv:2401.09999', '2401.00003 graph']) AS q,
	LATERAL (SELECT string_agg(id::text, ' ' ORDER BY rank) FROM paperfeed.search(q)) AS s (ids);
SELECT rank, score, id FROM paperfeed.search('2401.00003');
SELECT count(*) FROM paperfeed.search('2401.00003', 0);
SELECT pg_temp.found('2401.00003', since => '2024-03-01'), pg_temp.found('2401.00003', since => '2024-03-02'), pg_temp.found('2401.00003', categories => '{cs.LG}');
-- words are none
SELECT word FROM unnest(ARRAY['graph', 'P19', 'covid-19', 'gpt-4', 'h.264', 'cs.LG', 'q-bio', 'a/b', '3.14159', '2024', '10', 'pmid', 'arxiv', 'doi', 'acl', 'C++', 'naïve', '10.5 billion parameters',
	'arxiv 2024', 'acl: findings', 'doi of papers', 'pmid for papers', 'hash tables', 'url shortening', 'openreview: a study', 'math/logic', 'cs/ai']) AS word
WHERE paperfeed.try_paperid(word) IS NOT NULL;
DELETE FROM paperfeed.papers WHERE id IN ('10.1000/knot', 'https://example.org/paper');
DELETE FROM paperfeed._identity;

-- authors: who has the whole name comes before those who have its parts; diacritics may be left out
INSERT INTO paperfeed.papers (id, title, abstract, authors, published) VALUES
	('2501.00001', 'Kernels', 'Of Bernhard and of Y.', '{"Bernhard Schölkopf", "Yoshua Bengio"}', '2025-01-01'),
	('2501.00002', 'Layers', 'Bernhard, and Wei.', '{"Samy Bengio", "Yoshua Marr"}', '2025-01-02'),
	('2501.00003', 'Layers of Yoshua', 'By Bengio, says Yoshua.', '{"Łukasz Øre Jr.", "Yves Bengio"}', '2025-01-03'),
	('2501.00004', 'Wei', 'Wei and Zhang.', '{"Wei Li", "Ann Zhang"}', '2025-01-04'),
	('2501.00005', 'Wen', NULL, '{"Yi Xu", "Wei Zhang", "Anna-Maria van der Maaten"}', '2025-01-04');
SELECT q, pg_temp.found(q, 2) FROM unnest(ARRAY['Yoshua Bengio', 'yoshua bengio', 'Bengio, Yoshua', 'Bengio, Y.', 'Y. Bengio', 'Bengio Y', 'Yves Bengio', 'Bernhard Schölkopf', 'Bernhard Scholkopf',
	'Schölkopf, B.', 'Scholkopf', 'schölkopf', 'lukasz ore', 'Wei Zhang', 'zhang, w', 'Anna-Maria van der Maaten', 'Maaten', 'Schölkopf and Bengio', '"Wei Zhang"', '"Li Ann"']) AS q;
DELETE FROM paperfeed.papers WHERE id >= '2501.00001' AND id <= '2501.99999';

-- nothing to look for, and what is no query, find nothing and are no error
SELECT count(*) FROM paperfeed.search('');
SELECT count(*) FROM paperfeed.search('  ');
SELECT count(*) FROM paperfeed.search('the of a will');
SELECT count(*) FROM paperfeed.search(NULL);
SELECT count(*) FROM paperfeed.search(NULL, NULL, NULL, NULL);
SELECT q, pg_temp.found(q) FROM unnest(ARRAY['"', '-', 'or', '& | !', 'graph:*', '(graph', '''', '\', 'graph or', '"graph', '<->', 'graph -', '--', '""', '-""', '!graph', '<a href="graph">']) AS q;
\set VERBOSITY sqlstate
SELECT count(*) FROM paperfeed.search('graph', -1);
SELECT count(*) FROM paperfeed.search('', -1);
\set VERBOSITY default

-- long ones: quotes and dashes are punctuation then, and the words that tell the most count
SELECT count(*) FROM paperfeed.search(repeat('knot ', 20000));
SELECT pg_temp.found((SELECT string_agg('word' || i, ' ') FROM generate_series(1, 10000) AS i) || ' "ropes knots" -survey');
SELECT (SELECT count(*) FROM paperfeed.bm25_terms(s.ranking)), numnode(s.condition) FROM (SELECT string_agg('word' || i, ' ') FROM generate_series(1, 10000) AS i) AS t (words),
	LATERAL paperfeed._search_query(words || ' knots ropes graph') AS s;
SELECT pg_temp.found((SELECT string_agg('-word' || i, ' ') FROM generate_series(1, 30) AS i) || ' knots');
SELECT pg_temp.found((SELECT string_agg('word' || i, ' or ') FROM generate_series(1, 10) AS i) || ' or "ropes"');
\set VERBOSITY sqlstate
SELECT count(*) FROM paperfeed.search((SELECT string_agg('word' || i, ' ') FROM generate_series(1, 70000) AS i));
\set VERBOSITY default

-- other scripts: words are found as they are written
INSERT INTO paperfeed.papers (id, title, abstract, authors) VALUES
	('2501.00001', 'Глубокое обучение графов', 'Обзор методов.', '{"Иван Петров"}'), ('2501.00002', '深度学习 综述', '图神经网络', '{"张伟"}'),
	('2501.00003', 'التعلم العميق', NULL, NULL), ('2501.00004', 'β-decay of naïve Ω', NULL, NULL);
SELECT q, pg_temp.found(q) FROM unnest(ARRAY['обучение', 'Иван Петров', 'петров, и.', '深度学习', '图神经网络', '学习', '张伟', 'العميق', 'naïve', 'naive', 'Ω', '🙂', U&'\FEFF\200B']) AS q;
SELECT snippet FROM paperfeed.search('методов');
DELETE FROM paperfeed.papers WHERE id >= '2501.00001' AND id <= '2501.99999';

-- a huge paper takes no harm, and neither does who finds it
INSERT INTO paperfeed.papers (id, title, abstract, authors)
	SELECT '2501.00001', string_agg('Title' || i, ' '), 'Enormous. ' || string_agg(md5(i::text), ' '), array_agg(format('Ünal%s von Author-%s', i, i)) FROM generate_series(1, 50000) AS i;
SELECT pg_temp.found('title7'), pg_temp.found('author-7'), pg_temp.found('enormous'), pg_temp.found('title50000');
SELECT length(snippet) < 1000 FROM paperfeed.search('enormous');
DELETE FROM paperfeed.papers WHERE id >= '2501.00001' AND id <= '2501.99999';

-- what would take PostgreSQL's parser minutes does not
SET statement_timeout = '20s';
INSERT INTO paperfeed.papers (id, title, abstract, authors)
	SELECT '2501.00001', 'Odd ' || x, 'Odd. ' || x, array_fill(left(x, 1000), ARRAY[100]) FROM repeat('a_', 50000) AS x;
SELECT x, pg_temp.found(repeat(x, 15000) || ' knots'), pg_temp.found('"' || repeat(x, 15000) || '" odd'), pg_temp.found('-' || repeat(x, 15000) || ' odd'),
	(SELECT count(*) FROM paperfeed.keywords(repeat(x, 15000))) < 10 FROM unnest(ARRAY['a_', '~/', '<!--']) AS x;
SELECT id FROM paperfeed.search('odd');
DELETE FROM paperfeed.papers WHERE id = '2501.00001';
RESET statement_timeout;

-- what is looked at
SELECT paperfeed.document('Graph networks', 'Networks of the graph', '{"Ann Jones",NULL,"B. Eck"}');
SELECT paperfeed.document(NULL, NULL, '{"Doe, Jane X.", Madonna, "J.-P. Serre", "Doe J", "Bob Doe, Jr.", "", " , ", "Bernhard Schölkopf"}');
SELECT paperfeed.document(NULL, NULL, NULL) = '', paperfeed.document('', '', '{}') = '', paperfeed.document('', '', '{NULL}') = '';
SELECT paperfeed.document('knot', 'knot rope', '{}') = setweight(to_tsvector('english', 'knot'), 'A') || setweight(' ''knot'':2 ''rope'':3', 'C');

-- keywords: what the papers have seldom and the text often, as the text spells it
SELECT keyword, round(score::numeric, 3), occurrences, documents FROM paperfeed.keywords('Graphs and a graph; graphs of Twins, twin proteins, Ropes and ropes. The 42 of x!');
SELECT keyword FROM paperfeed.keywords('graph twin knots', 2);
SELECT count(*) FROM paperfeed.keywords('graph twin knots', 0) UNION ALL SELECT count(*) FROM paperfeed.keywords('graph twin knots', NULL) UNION ALL
	SELECT count(*) FROM paperfeed.keywords(NULL) UNION ALL SELECT count(*) FROM paperfeed.keywords('') UNION ALL SELECT count(*) FROM paperfeed.keywords('the of 42 http://example.org/a');
SELECT string_agg(keyword, '|') FROM paperfeed.keywords('A state-of-the-art GPT-4 at 3.5 GHz, naïve β-decay; see https://example.org/x, a@example.org, /usr/bin and <b>bold</b>', NULL);
SELECT string_agg(keyword, '|') FROM paperfeed.keywords('обзор методов 图神经网络 обзор', NULL);
SELECT count(*) FROM paperfeed.keywords((SELECT string_agg('w' || i, ' ') FROM generate_series(1, 20000) AS i), NULL);
\set VERBOSITY sqlstate
SELECT * FROM paperfeed.keywords('graph', -1);
SELECT keyword, occurrences FROM paperfeed.keywords(repeat('Graph ', 1000002) || 'twin');
SELECT count(*) FROM paperfeed.keywords((SELECT string_agg('w' || i, ' ') FROM generate_series(1, 70000) AS i), NULL);
\set VERBOSITY default

-- what the terms of a query weigh
SELECT term, fields, weight, documents, round(idf::numeric, 3) FROM paperfeed.bm25_terms('paperfeed.papers_search: ''graph'':AB2 ''network'' ''none'':D');
SELECT sum(t.weight * t.idf) >= max(s.score) FROM paperfeed.search('graph networks') AS s, paperfeed.bm25_terms((paperfeed._search_query('graph networks')).ranking) AS t GROUP BY s.id;
SELECT count(*) FROM paperfeed.bm25_terms(NULL) UNION ALL SELECT count(*) FROM paperfeed.bm25_terms('paperfeed.papers_search:');

-- the caller's names are not taken for ours, and neither are his settings
CREATE SCHEMA trap;
CREATE FUNCTION trap.row_number() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
CREATE FUNCTION trap.to_tsvector(regconfig, text) RETURNS tsvector LANGUAGE sql AS $$ SELECT ''::tsvector $$;
CREATE FUNCTION trap.never(tsvector, tsquery) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR trap.@@ (LEFTARG = tsvector, RIGHTARG = tsquery, FUNCTION = trap.never);
CREATE TEXT SEARCH CONFIGURATION trap.english (COPY = pg_catalog.simple);
SET search_path = trap, pg_catalog;
SET default_text_search_config = 'pg_catalog.simple';
SELECT round(score::numeric, 3), id OPERATOR(pg_catalog.=) '2401.00001' FROM paperfeed.search('graph networks');
SELECT paperfeed.document('Networks', NULL, NULL);
SELECT keyword FROM paperfeed.keywords('the networks');
RESET search_path;
RESET default_text_search_config;
DROP SCHEMA trap CASCADE;

-- with the caller's rights: on the papers, and on the aliases to find by one
CREATE ROLE regress_paperfeed_searcher;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_searcher;
INSERT INTO paperfeed.aliases VALUES ('pmid:77', '2401.00003');
SET ROLE regress_paperfeed_searcher;
\set VERBOSITY sqlstate
SELECT count(*) FROM paperfeed.search('graph');
SELECT count(*) FROM paperfeed.search('-graph');
SELECT * FROM paperfeed.keywords('graph');
SELECT * FROM paperfeed.bm25_terms('paperfeed.papers_search: ''graph''');
\set VERBOSITY default
RESET ROLE;
GRANT SELECT ON paperfeed.papers TO regress_paperfeed_searcher;
SET ROLE regress_paperfeed_searcher;
SELECT pg_temp.found('graph'), pg_temp.found('2401.00003'), pg_temp.found('pmid:77'), pg_temp.found('-graph', 1), (SELECT count(*) FROM paperfeed.keywords('graph'));
RESET ROLE;
GRANT SELECT ON paperfeed.aliases TO regress_paperfeed_searcher;
SET ROLE regress_paperfeed_searcher;
SELECT pg_temp.found('pmid:77');
RESET ROLE;
-- rows that are not for him are not found
ALTER TABLE paperfeed.papers ENABLE ROW LEVEL SECURITY;
CREATE POLICY before_february ON paperfeed.papers FOR SELECT USING (published < '2024-02-01');
SET ROLE regress_paperfeed_searcher;
SELECT pg_temp.found('graph'), pg_temp.found('graph -jones'), pg_temp.found('2401.00003'), pg_temp.found('-graph'), pg_temp.found('twin', since => '2020-01-01');
RESET ROLE;
DROP POLICY before_february ON paperfeed.papers;
ALTER TABLE paperfeed.papers DISABLE ROW LEVEL SECURITY;
DROP OWNED BY regress_paperfeed_searcher;
DROP ROLE regress_paperfeed_searcher;
DELETE FROM paperfeed._identity;

-- the index made anew is the same one; without it, what to do is said
REINDEX INDEX CONCURRENTLY paperfeed.papers_search;
SELECT pg_temp.found('graph'), pg_temp.found('twin', 2);
SELECT pg_get_indexdef('paperfeed.papers_search'::regclass) AS indexdef \gset
DROP INDEX paperfeed.papers_search;
SELECT count(*) FROM paperfeed.search('graph');
SELECT count(*) FROM paperfeed.keywords('graph');
:indexdef;
ALTER INDEX paperfeed.papers_search ALTER COLUMN 1 SET STATISTICS 0;
COMMENT ON INDEX paperfeed.papers_search IS 'what paperfeed.search goes by; conditions on published are answered by it, too';
SELECT pg_temp.found('graph'), pg_temp.found('twin', 2);

-- by the index: in the order of the scores, since as a condition of its own; also where nothing is known of the arguments
-- (last, so that no autovacuum changes the scores above)
INSERT INTO paperfeed.papers (id, title, published) SELECT format('2402.%s', to_char(i, 'FM00000'))::paperfeed.paperid, 'Filler', '2024-02-01' FROM generate_series(1, 300) AS i;
ANALYZE paperfeed.papers;
CREATE FUNCTION pg_temp.plan(statement text) RETURNS SETOF text LANGUAGE plpgsql AS
$$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		IF line ~ 'papers_search|Seq Scan on papers|Order By|Index Cond: .*document' THEN
			RETURN NEXT regexp_replace(regexp_replace(ltrim(line, ' ->'), '\(InitPlan \d+\)\.col1|\$\d+', '$n', 'g'), ' papers p_\d', ' papers');
		END IF;
	END LOOP;
END
$$;
SET enable_seqscan = off; SET enable_bitmapscan = off;
SELECT pg_temp.plan($$ SELECT * FROM paperfeed.search('graph networks') $$);
SELECT pg_temp.plan($$ SELECT * FROM paperfeed.search('graph networks', 5, '2024-01-15', '{cs.LG}') $$);
SET plan_cache_mode = force_generic_plan;
PREPARE any_search(text, int, timestamptz, text[]) AS SELECT id FROM paperfeed.search($1, $2, $3, $4);
SELECT pg_temp.plan($$ EXECUTE any_search('graph networks', 5, '2024-01-15', '{cs.LG}') $$);
EXECUTE any_search('graph networks', 5, NULL, NULL);
EXECUTE any_search('graph networks', 5, '2024-01-02', NULL);
EXECUTE any_search('graph networks', 5, '2024-01-02', '{math.GT}');
EXECUTE any_search('-filler', 2, NULL, NULL);
DEALLOCATE any_search;
RESET plan_cache_mode; RESET enable_seqscan; RESET enable_bitmapscan;
SELECT q, found FROM unnest(ARRAY['knots', 'proteins']) AS q, LATERAL (SELECT string_agg(id::text, ' ' ORDER BY rank) FROM paperfeed.search(q)) AS s (found);
SELECT (paperfeed.search('knots')).id;
TRUNCATE paperfeed.papers;
SELECT count(*) FROM paperfeed.search('graph');
