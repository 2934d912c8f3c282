-- If this fails, a rule or a watch looks for something else than its author wrote.
\pset format unaligned
\pset tuples_only on

-- words are required; phrases, exclusions, branches, groups, beginnings and fields
SELECT q, paperfeed.condition(q) FROM unnest(ARRAY[
	'deep graphs', '"deep graphs" nets -bio', 'deep or "graph nets"', 'deep OR graph -bio', 'deep (graphs or trees)',
	'(deep or wide) (graphs or "decision trees") -(survey or review)', 'transform*', 'be*', 'self-superv*', 'self-supervised', 'gpt-4',
	'title:graphs author:(ada or "alan turing") -abstract:"deep nets"', 'TITLE:graph* authors:ada title:(deep or author:ada)',
	'the graph of graphs', 'the or graph', '-the graph', '-graph', '-"deep graph"', '--graph', 'deep - graph', 'a & b1 | c1 !d1',
	'or1 nor', 'graph(deep)nets', '"deep"graph', 'title:"deep', 'C++ naïve', '*', 'x''y \ z']) AS q
WHERE q NOT IN ('title:"deep', '*');

-- what would not mean what was meant is an error
CREATE FUNCTION pg_temp.fault(statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	message text;
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, regexp_replace(message, '(.{100}).*', '\1'), detail);
END
$$;
SELECT pg_temp.fault(format('SELECT paperfeed.condition(%L)', q)) FROM unnest(ARRAY[
	'', '  ', '-', '&', 'the of', '*', '"deep', 'title:"deep', '(deep', 'deep)', '()', 'deep ()', 'or', 'or deep', 'deep or', 'deep or or nets',
	'(deep or) nets', 'title:', 'title: deep', 'title:-deep', '-title:)', 'deep (nets', repeat('(', 6000), repeat('é', 6000), repeat('a1 ', 400)]) AS q;
SELECT paperfeed.condition(NULL);
-- one that is long, and in a table
CREATE TEMP TABLE long AS SELECT paperfeed.condition(string_agg('longword' || n, ' or ')) AS condition FROM generate_series(1, 180) AS n;
SELECT numnode(condition), to_tsvector('english', 'a longword77') @@ condition FROM long;
SELECT paperfeed.condition(repeat('(', 4990) || 'deep' || repeat(')', 4990));

-- a condition finds what plain SQL finds, of random words in all forms; document() reads as condition() does
CREATE TEMP TABLE words AS SELECT n, (ARRAY['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'])[n] AS w FROM generate_series(1, 6) AS n;
SELECT setseed(0.5);
CREATE TEMP TABLE papers AS
	SELECT id, string_agg(w, ' ' ORDER BY random()) AS title FROM generate_series(1, 200) AS id, words WHERE random() < 0.5 GROUP BY id;
CREATE FUNCTION pg_temp.has(title text, word text) RETURNS boolean LANGUAGE sql AS
$$ SELECT title ~ ('\m' || word || '\M') $$;
SELECT count(*) FILTER (WHERE found <> meant) AS wrong, count(*) FILTER (WHERE found) BETWEEN 1000 AND 300000 AS some
FROM papers, words AS a (i, a), words AS b (i, b), words AS c (i, c), LATERAL (VALUES
	(format('%s %s', a, b), pg_temp.has(title, a) AND pg_temp.has(title, b)),
	(format('%s or %s -%s', a, b, c), pg_temp.has(title, a) OR (pg_temp.has(title, b) AND NOT pg_temp.has(title, c))),
	(format('%s (%s or %s)', a, b, c), pg_temp.has(title, a) AND (pg_temp.has(title, b) OR pg_temp.has(title, c))),
	(format('-(%s or title:%s)', a, left(b, 2) || '*'), NOT (pg_temp.has(title, a) OR pg_temp.has(title, b))),
	(format('"%s %s"', a, b), pg_temp.has(title, a || ' ' || b)),
	(format('abstract:%s or -"%s %s"', a, b, c), NOT pg_temp.has(title, b || ' ' || c))) AS v (query, meant),
	LATERAL (SELECT paperfeed.document(title, NULL, NULL) @@ paperfeed.condition(query) AS found) AS f
WHERE a <> b AND b <> c AND a <> c AND id % 10 = 0;

-- fields are title, authors and abstract
SELECT q, paperfeed.document('Graphs', 'Trees of Ada', ARRAY['Ada Lovelace']) @@ paperfeed.condition(q) FROM unnest(ARRAY[
	'title:graph', 'abstract:graph', 'author:ada', 'title:ada', 'author:tree', 'abstract:tree', 'authors:"ada lovelace"', 'abstract:"ada lovelace"', 'title:(tree or graph)']) AS q;

-- authors: full or family names, in any case and without accents; categories: whole or by their beginning; sources
CREATE FUNCTION pg_temp.by(author text, VARIADIC names text[]) RETURNS boolean LANGUAGE sql AS
$$ SELECT paperfeed._meets(names, NULL, NULL, ARRAY[author], NULL, NULL) $$;
SELECT wanted, name, pg_temp.by(wanted, 'Somebody Else', name) FROM (VALUES
	('Ada Lovelace', 'Ada Lovelace'), ('ada lovelace', 'ADA LOVELACE'), ('Lovelace', 'Ada Lovelace'), ('Lovelace, Ada', 'Ada Lovelace'), ('Ada', 'Ada Lovelace'),
	('Love*', 'Ada Lovelace'), ('Schölkopf', 'Bernhard Schölkopf'), ('scholkopf', 'Bernhard Schölkopf'), ('Bernhard Schölkopf', 'Bernhard Scholkopf'),
	('J. Smith', 'J Smith'), ('J. K. Smith', 'J.K. Smith'), ('John Smith', 'J. Smith'), ('Smith', 'John Smith Jr.'), ('John Smith Jr', 'John Smith Jr.'),
	('van der Berg', 'Jan van der Berg'), ('Berg', 'Jan van der Berg'), ('der Berg', 'Jan van der Berg'), ('  Ada   Lovelace ', 'Ada Lovelace'), ('李飞飞', '李飞飞'), ('van', 'van'), ('Jr', 'Jr')) AS v (wanted, name);
SELECT w, c, paperfeed._meets(NULL, c, NULL, NULL, w, NULL) FROM (VALUES
	('{cs.LG}'::text[], '{math.ST,CS.lg}'::text[]), ('{cs}', '{cs.LG}'), ('{cs.*}', '{math.ST,cs.LG}'), ('{cs.*}', '{csx}'), ('{cs*}', '{csx}'), ('{*}', '{csx}'), ('{*}', NULL), ('{q-bio.*,cs.CL}', '{cs.CL}'), (NULL, NULL)) AS v (w, c);
SELECT w, s, paperfeed._meets(NULL, NULL, s, NULL, NULL, w) FROM (VALUES ('{arXiv}'::text[], 'arxiv'), ('{acl,pubmed}', 'pubmed'), ('{acl}', 'aclx'), ('{acl}', NULL), (NULL, 'acl')) AS v (w, s);
-- all of them together
SELECT paperfeed._meets('{Ada Lovelace}', '{cs.LG}', 'arxiv', '{lovelace}', '{cs.*}', '{arxiv}'), paperfeed._meets('{Ada Lovelace}', '{cs.LG}', 'arxiv', '{lovelace}', '{math.*}', '{arxiv}');

-- lists and tags that a table may have
SELECT l, paperfeed._is_list(l) FROM (VALUES ('{a}'::text[]), ('{}'), ('{a," "}'), ('{a,NULL}'), ('{{a}}'), (NULL)) AS v (l);
SELECT paperfeed._is_list(array_fill('a'::text, ARRAY[1000])), paperfeed._is_list(array_fill('a'::text, ARRAY[1001])), paperfeed._is_list(ARRAY[repeat('é', 200)]), paperfeed._is_list(ARRAY[repeat('é', 201)]);
SELECT paperfeed._is_tag('to read'), paperfeed._is_tag(''), paperfeed._is_tag(' a'), paperfeed._is_tag(E'a\nb'), paperfeed._is_tag(repeat('é', 100)), paperfeed._is_tag(repeat('é', 101)), paperfeed._is_tag(NULL);
