-- If this fails, something of the extension has no comment, may do what it should
-- not, or promises the planner something else than was meant.
\pset format unaligned
\pset tuples_only on

CREATE TEMP VIEW members AS
	SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS what,
		obj_description(d.objid, c.relname) AS comment
	FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.classid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
		-- PostgreSQL 17 counts types of rows and of arrays too
		AND NOT (d.classid = 'pg_type'::regclass
			AND EXISTS (SELECT FROM pg_type AS t LEFT JOIN pg_class AS r ON r.oid = t.typrelid
				WHERE t.oid = d.objid AND (t.typcategory = 'A' OR r.relkind <> 'c')))
		AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'paperfeed');

-- what belongs to the extension, but for functions, of which below
SELECT what FROM members WHERE classid <> 'pg_proc'::regclass ORDER BY what COLLATE "C";

-- no comment, or one that says nothing, on functions, types, tables, views, operators, classes ...
SELECT what FROM members
WHERE classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass,
		'pg_am'::regclass, 'pg_namespace'::regclass)
	AND NOT (classid = 'pg_class'::regclass AND (SELECT relkind = 'S' FROM pg_class WHERE oid = objid))
	AND COALESCE(length(comment), 0) < 5
ORDER BY what COLLATE "C";
-- ... columns (those of a typed table have the type's) ...
SELECT format('%s.%s', c.relname, a.attname)
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'paperfeed'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'c') AND c.reloftype = 0
	AND a.attnum > 0 AND NOT a.attisdropped AND col_description(a.attrelid, a.attnum) IS NULL
ORDER BY c.relname, a.attnum;
-- ... and the extension and its schema
SELECT obj_description('paperfeed'::regnamespace, 'pg_namespace') IS NOT NULL,
	(SELECT obj_description(oid, 'pg_extension') IS NOT NULL FROM pg_extension WHERE extname = 'paperfeed');

-- volatility, strictness and parallel label of every function; a new one is to be added here
-- with a reason for each of the three
SELECT p.proname || '(' || oidvectortypes(p.proargtypes) || ')' AS function,
	CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END ||
	CASE WHEN p.proisstrict THEN ' strict' ELSE '' END ||
	CASE p.proparallel WHEN 's' THEN '' WHEN 'r' THEN ' parallel restricted' ELSE ' parallel unsafe' END ||
	CASE p.prokind WHEN 'a' THEN ' aggregate' WHEN 'p' THEN ' procedure' ELSE '' END AS label
FROM pg_proc AS p JOIN members AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
ORDER BY p.proname COLLATE "C", oidvectortypes(p.proargtypes) COLLATE "C";

-- an immutable or parallel safe function of ours does not look at tables, the clock or settings: it is C or plain SQL
SELECT p.proname FROM pg_proc AS p JOIN members AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal', 'sql')) ORDER BY 1;

-- what PUBLIC may not call: all that takes an address or a file, writes, or spends the server's network
SELECT p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
FROM pg_proc AS p JOIN members AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE NOT EXISTS (SELECT FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) AS a WHERE a.grantee = 0)
ORDER BY p.proname COLLATE "C", oidvectortypes(p.proargtypes) COLLATE "C";
-- what it may call and sounds as if it should not: submit() asks for nothing unless its caller may ingest
SELECT p.proname
FROM pg_proc AS p JOIN members AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE EXISTS (SELECT FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) AS a WHERE a.grantee = 0)
	AND (p.proname ~ 'fetch|http|ingest|file|^send|mail|refresh|schedule|discover|import'
		OR EXISTS (SELECT FROM unnest(p.proargnames) AS n WHERE n ~ '^(path|file|source|urls?|address)$'
			AND p.provolatile <> 'i'))
ORDER BY 1;
-- tables are nobody's but the owner's, the schema open to those to whom it is granted
SELECT c.relname, a.* FROM pg_class AS c, aclexplode(c.relacl) AS a
WHERE c.relnamespace = 'paperfeed'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND a.grantee <> c.relowner;
SELECT p, has_schema_privilege('public', 'paperfeed', p) FROM unnest(ARRAY['USAGE', 'CREATE']) AS p;

-- a definer's function has a search_path of its own
SELECT p.proname FROM pg_proc AS p JOIN members AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE p.prosecdef AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c LIKE 'search_path=%') ORDER BY 1;

-- what is not in schema paperfeed: the operators, so that WHERE id = '...' works whatever the search_path is
SELECT m.what FROM members AS m, pg_identify_object(m.classid, m.objid, 0) AS i
WHERE i.schema <> 'paperfeed' ORDER BY m.what COLLATE "C";

-- rows of every table go into a dump, and where every identity column stands
SELECT c.relname FROM pg_class AS c JOIN members AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind IN ('r', 'p', 'S') AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'paperfeed' AND c.oid = ANY (extconfig)) ORDER BY 1;
SELECT extcondition FROM pg_extension WHERE extname = 'paperfeed' AND EXISTS (SELECT FROM unnest(extcondition) AS c WHERE c <> '');

-- operator classes are what amvalidate takes them for
SELECT opcname, amname, amvalidate(o.oid) FROM pg_opclass AS o JOIN pg_am AS a ON a.oid = o.opcmethod
JOIN members AS m ON m.classid = 'pg_opclass'::regclass AND m.objid = o.oid ORDER BY 1, 2;

-- settings: all documented, and those that open the network are a superuser's
LOAD 'paperfeed';
SELECT name, context, length(short_desc) > 10, category FROM pg_settings WHERE name LIKE 'paperfeed.%' ORDER BY name;
\set VERBOSITY sqlstate
SET paperfeed.no_such_setting = 1;
\set VERBOSITY default

-- made anew in one session, the extension works; so nothing is remembered of the old one
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/a", "title": "A"}', 'UTF8'))).added;
CREATE TEMP TABLE own OF paperfeed.paper (PRIMARY KEY (id));
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/a", "title": "A"}', 'UTF8'), 'own')).added;
SET client_min_messages = warning;
DROP EXTENSION paperfeed CASCADE;
RESET client_min_messages;
SELECT count(*) FROM pg_proc WHERE probin LIKE '%/paperfeed';
CREATE EXTENSION paperfeed;
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/a", "title": "A"}', 'UTF8'))).added;
CREATE TEMP TABLE own OF paperfeed.paper (PRIMARY KEY (id));
SELECT (paperfeed.ingest_document(convert_to('{"id": "10.1000/a", "title": "A"}', 'UTF8'), 'own')).added;
TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects,
	paperfeed.feeds;
