/*
 * What paperfeed_bm25 has to answer, by brute force over the table: the oracle
 * that the index is compared with.  In a schema of its own; loaded by
 * PaperfeedIndex.pm and by some of sql/index_*.sql.  Tables have columns id
 * integer and tsv tsvector; one at a time is looked at.
 *
 *   oracle.load()          what the index was told of is what the table has now
 *   oracle.remember()      it was told of one more version; also as a trigger
 *   oracle.scores()        BM25F of the table's rows that have one of the query's terms
 *   oracle.faults()        where an ordering scan differs; no rows = nowhere
 *   oracle.match_faults()  the same for conditions, without an order
 *   oracle.agree()         where index and table differ by the operator's own scores
 *   oracle.corpus(), change(), query(), tsquery(), condition()   random ones
 */
CREATE SCHEMA oracle;

-- the table, its index and the index's options; the lexemes start with 'w'
CREATE TABLE oracle.setting (tab regclass, ind regclass, config regconfig, k1 float8, b float8, weights real[],
	vocabulary integer);
-- every version that statistics are over; the last one of an id is the table's, if that has the id at all
CREATE TABLE oracle.versions (version serial PRIMARY KEY, id integer, tsv tsvector, len float8);
CREATE TABLE oracle.words (lexeme text COLLATE "C", version integer, tf float8);
CREATE INDEX ON oracle.words (lexeme);

-- weighted frequency of each lexeme; the index keeps float4, and counts to 255 (a tsvector can have 256)
CREATE FUNCTION oracle.postings(tsv tsvector, by_field real[], OUT lexeme text, OUT tf float8, OUT raw float8)
RETURNS SETOF record LANGUAGE sql IMMUTABLE AS
$$
	SELECT lexeme, raw::real, raw
	FROM (SELECT u.lexeme, CASE WHEN u.positions IS NULL THEN by_field[1]
			ELSE (SELECT sum(by_field[strpos('DCBA', w)]::float8) FROM unnest(u.weights[1:255]) AS w) END::float8 AS raw
		FROM unnest(tsv) AS u) AS p
$$;

CREATE PROCEDURE oracle.add(first integer DEFAULT 0) LANGUAGE plpgsql AS
$$
BEGIN
	UPDATE oracle.versions AS v SET len = (SELECT coalesce(sum(p.raw), 0)::real FROM oracle.postings(v.tsv, s.weights) AS p)
		FROM oracle.setting AS s WHERE v.tsv IS NOT NULL AND v.version >= first;
	INSERT INTO oracle.words SELECT p.lexeme, v.version, p.tf
		FROM oracle.setting AS s, oracle.versions AS v, oracle.postings(v.tsv, s.weights) AS p WHERE v.version >= first;
END
$$;

CREATE PROCEDURE oracle.load() LANGUAGE plpgsql AS
$$
BEGIN
	TRUNCATE oracle.versions, oracle.words;
	EXECUTE format('INSERT INTO oracle.versions (id, tsv) SELECT id, tsv FROM %s', (SELECT tab FROM oracle.setting));
	CALL oracle.add();
	ANALYZE oracle.words, oracle.versions;
END
$$;

CREATE PROCEDURE oracle.remember(id integer, tsv tsvector) LANGUAGE plpgsql AS
$$
DECLARE
	added integer;
BEGIN
	INSERT INTO oracle.versions (id, tsv) VALUES (remember.id, remember.tsv) RETURNING version INTO added;
	CALL oracle.add(added);
END
$$;

CREATE FUNCTION oracle.remember() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN CALL oracle.remember(NEW.id, NEW.tsv); RETURN NULL; END $$;

CREATE FUNCTION oracle.scores(query text, OUT id integer, OUT score float8)
RETURNS SETOF record LANGUAGE plpgsql AS
$$
DECLARE
	s oracle.setting;
	n float8;
	average float8;
BEGIN
	SELECT * INTO s FROM oracle.setting;
	SELECT count(*), avg(v.len) INTO n, average FROM oracle.versions AS v WHERE v.tsv IS NOT NULL;
	RETURN QUERY EXECUTE format($q$
		WITH terms AS MATERIALIZED (
			SELECT u.lexeme, cardinality(u.positions) * ln(1 + (%L::float8 - df.n + 0.5) / (df.n + 0.5)) AS idf
			FROM unnest(to_tsvector(%L::regconfig, %L)) AS u,
				LATERAL (SELECT count(*)::float8 AS n FROM oracle.words AS w WHERE w.lexeme = u.lexeme) AS df
		), live AS MATERIALIZED (
			SELECT max(v.version) AS version FROM oracle.versions AS v JOIN %s AS t USING (id) GROUP BY v.id
		)
		SELECT v.id, sum(CASE WHEN w.tf > 0 THEN t.idf * w.tf / (w.tf + %L::float8 * %s) ELSE 0 END)
		FROM terms AS t JOIN oracle.words AS w USING (lexeme) JOIN live USING (version) JOIN oracle.versions AS v USING (version)
		GROUP BY v.id$q$, n, s.config, query, s.tab, s.k1,
		CASE WHEN average > 0 THEN format('(1 - %L::float8 + %L::float8 * v.len / %L::float8)', s.b, s.b, average) ELSE '1' END);
END
$$;

-- scans may be by 'index', 'bitmap' or 'table', until the function that says so ends
CREATE PROCEDURE oracle.scan(how text) LANGUAGE sql AS
$$
	SELECT set_config('enable_indexscan', CASE how WHEN 'index' THEN 'on' ELSE 'off' END, true),
		set_config('enable_bitmapscan', CASE how WHEN 'bitmap' THEN 'on' ELSE 'off' END, true),
		set_config('enable_seqscan', CASE how WHEN 'table' THEN 'on' ELSE 'off' END, true),
		set_config('enable_sort', CASE how WHEN 'index' THEN 'off' ELSE 'on' END, true);
$$;

CREATE FUNCTION oracle.plan(query text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	line text;
	lines text[];
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		lines := lines || line;
	END LOOP;
	RETURN array_to_string(lines, E'\n');
END
$$;

/*
 * The k best by the index against the oracle.  Rows may change places only if
 * their scores are equal but for a part in a million; the score that the
 * operator shows must be the oracle's.
 */
CREATE FUNCTION oracle.faults(query text, k integer DEFAULT NULL, condition text DEFAULT 'true', must boolean DEFAULT true)
RETURNS SETOF text LANGUAGE plpgsql
SET enable_indexscan = on SET enable_bitmapscan = on SET enable_seqscan = on SET enable_sort = on AS
$$
DECLARE
	s oracle.setting;
	statement text;
	plan text;
	got_ids integer[];
	got float8[];
	want_ids integer[];
	want float8[];
	tolerance float8 := 1e-9;
	n integer;
BEGIN
	SELECT * INTO s FROM oracle.setting;
	CALL oracle.scan('table');
	EXECUTE format('SELECT array_agg(t.id ORDER BY score DESC NULLS LAST, t.id), array_agg(score ORDER BY score DESC NULLS LAST, t.id)
		FROM (SELECT t.id, CASE WHEN tsv IS NOT NULL THEN coalesce(o.score, 0) END AS score FROM %s AS t
			LEFT JOIN oracle.scores(%L) AS o USING (id) WHERE %s) AS t', s.tab, query, condition)
		INTO want_ids, want;
	statement := format('SELECT id, tsv <=> paperfeed.bm25_query(%L, %L) AS distance FROM %s WHERE %s ORDER BY tsv <=> paperfeed.bm25_query(%L, %L)%s',
		query, s.ind, s.tab, condition, query, s.ind, ' LIMIT ' || k);
	CALL oracle.scan('index');
	plan := oracle.plan(statement);
	EXECUTE format('SELECT array_agg(id ORDER BY r), array_agg(-distance ORDER BY r) FROM (SELECT row_number() OVER () AS r, * FROM (%s) AS i) AS i', statement)
		INTO got_ids, got;
	IF must AND (plan !~ ('Index Scan using ' || (SELECT relname FROM pg_class WHERE oid = s.ind)) OR plan ~ '(^|-> +)Sort *\n') AND plan !~ 'One-Time Filter' THEN
		RETURN NEXT format('%s: another plan: %s', statement, plan);
	END IF;
	n := least(k, coalesce(cardinality(want_ids), 0));
	IF coalesce(cardinality(got_ids), 0) <> n THEN
		RETURN NEXT format('%s: %s rows for %s', statement, coalesce(cardinality(got_ids), 0), n);
	END IF;
	IF (SELECT count(DISTINCT i) < count(*) FROM unnest(got_ids) AS i) THEN
		RETURN NEXT format('%s: a row twice', statement);
	END IF;
	-- a score of its own, in the place it has; rows that the condition does not let through have none
	RETURN QUERY
		SELECT format('%s: row %s, id %s: the operator says %s, the oracle %s, and %s is in that place', statement, r, g.id, g.score, o.score, w.score)
		FROM unnest(got_ids, got) WITH ORDINALITY AS g (id, score, r)
			LEFT JOIN unnest(want_ids, want) AS o (id, score) USING (id)
			LEFT JOIN unnest(want_ids, want) WITH ORDINALITY AS w (id, score, r) USING (r)
		WHERE o.id IS NULL OR w.id IS NULL OR (g.score IS NULL) <> (o.score IS NULL) OR (w.score IS NULL) <> (o.score IS NULL)
			OR abs(g.score - o.score) > tolerance * greatest(1, o.score) OR abs(w.score - o.score) > 1e-6 * o.score
		ORDER BY r LIMIT 3;
END
$$;

-- what a condition lets through, by index and bitmap, against the table
CREATE FUNCTION oracle.match_faults(condition text, must boolean DEFAULT true) RETURNS SETOF text LANGUAGE plpgsql
SET enable_indexscan = on SET enable_bitmapscan = on SET enable_seqscan = on SET enable_sort = on AS
$$
DECLARE
	s oracle.setting;
	how text;
	statement text;
	plan text;
	got integer[];
	want integer[];
BEGIN
	SELECT * INTO s FROM oracle.setting;
	statement := format('SELECT id FROM %s WHERE %s', s.tab, condition);
	CALL oracle.scan('table');
	EXECUTE format('SELECT array_agg(id ORDER BY id) FROM (%s) AS t', statement) INTO want;
	FOREACH how IN ARRAY '{index,bitmap}'::text[] LOOP
		CALL oracle.scan(how);
		PERFORM set_config('enable_sort', 'on', true);
		plan := oracle.plan(statement);
		IF must AND plan !~ 'Index Scan' THEN
			RETURN NEXT format('%s: another plan: %s', statement, plan);
		END IF;
		EXECUTE format('SELECT array_agg(id ORDER BY id) FROM (%s) AS t', statement) INTO got;
		IF got IS DISTINCT FROM want THEN
			RETURN NEXT format('%s by %s: lost %s, too many %s', statement, how,
				(SELECT array_agg(i) FROM (SELECT unnest(want) EXCEPT ALL SELECT unnest(got) LIMIT 5) AS d (i)),
				(SELECT array_agg(i) FROM (SELECT unnest(got) EXCEPT ALL SELECT unnest(want) LIMIT 5) AS d (i)));
		END IF;
	END LOOP;
END
$$;

/*
 * The index against a sequential scan and sort by the same operator, for corpora
 * too large for the oracle.  Where others write, statistics change from one
 * statement to the next: then not exact, only the rows.
 */
CREATE FUNCTION oracle.agree(tab regclass, ind regclass, query text, k integer DEFAULT NULL, condition text DEFAULT 'true',
	exact boolean DEFAULT true)
RETURNS SETOF text LANGUAGE plpgsql
SET enable_indexscan = on SET enable_bitmapscan = on SET enable_seqscan = on SET enable_sort = on AS
$$
DECLARE
	statement text := format('SELECT id, tsv <=> paperfeed.bm25_query(%L, %L) AS d FROM %s WHERE %s ORDER BY tsv <=> paperfeed.bm25_query(%L, %L)%s',
		query, ind::text, tab, condition, query, ind::text, ' LIMIT ' || k);
	aggregate text := 'SELECT coalesce(array_agg(id ORDER BY r), ''{}''), coalesce(array_agg(d ORDER BY r), ''{}'') FROM (SELECT row_number() OVER () AS r, * FROM (%s) AS i) AS i';
	plan text;
	got integer[];
	got_d float8[];
	want integer[];
	want_d float8[];
BEGIN
	CALL oracle.scan('table');
	EXECUTE format(aggregate, statement) INTO want, want_d;
	CALL oracle.scan('index');
	plan := oracle.plan(statement);
	EXECUTE format(aggregate, statement) INTO got, got_d;
	IF plan !~ 'Index Scan using' OR plan ~ '(^|-> +)Sort *\n' THEN
		RETURN NEXT format('%s: another plan: %s', statement, plan);
	END IF;
	IF cardinality(got) <> cardinality(want) OR (SELECT count(DISTINCT i) < count(*) FROM unnest(got) AS i) THEN
		RETURN NEXT format('%s: %s rows (%s different ones) for %s', statement, cardinality(got), (SELECT count(DISTINCT i) FROM unnest(got) AS i), cardinality(want));
	END IF;
	IF k IS NULL AND EXISTS (SELECT unnest(got) EXCEPT SELECT unnest(want)) OR EXISTS (SELECT unnest(want) EXCEPT SELECT unnest(got)) AND k IS NULL THEN
		RETURN NEXT format('%s: lost %s, too many %s', statement,
			(SELECT array_agg(i) FROM (SELECT unnest(want) EXCEPT SELECT unnest(got) LIMIT 5) AS d (i)),
			(SELECT array_agg(i) FROM (SELECT unnest(got) EXCEPT SELECT unnest(want) LIMIT 5) AS d (i)));
	END IF;
	IF exact THEN
		RETURN QUERY SELECT format('%s: row %s, id %s at %s; it should be %s at %s', statement, g.r, g.id, g.d, w.id, w.d)
			FROM unnest(got, got_d) WITH ORDINALITY AS g (id, d, r) JOIN unnest(want, want_d) WITH ORDINALITY AS w (id, d, r) USING (r)
			WHERE (g.d IS NULL) <> (w.d IS NULL) OR abs(g.d - w.d) > 1e-6 * -w.d ORDER BY g.r LIMIT 2;
	END IF;
END
$$;

-- many questions of that kind, and the index's own check
CREATE FUNCTION oracle.agrees(tab regclass, ind regclass, exact boolean DEFAULT true) RETURNS SETOF text LANGUAGE plpgsql AS
$$
DECLARE
	query text;
BEGIN
	FOREACH query IN ARRAY '{w1,w2 w3,w1 w7 w20 w90,w5 w200 w44,missing,w11 w12 w13 w14 w15 w16 w17}'::text[] LOOP
		RETURN QUERY SELECT oracle.agree(tab, ind, query, NULL, 'true', exact);
		RETURN QUERY SELECT oracle.agree(tab, ind, query, 10, 'true', exact);
		RETURN QUERY SELECT oracle.agree(tab, ind, query, 30, 'tsv @@ ''w1 & !w2''', exact);
		RETURN QUERY SELECT oracle.agree(tab, ind, query, NULL, format('tsv @@ %L', replace(query, ' ', '|')), exact);
	END LOOP;
	RETURN QUERY EXECUTE format('SELECT ''index_check: '' || c::text FROM paperfeed.index_check(%L) AS c', ind);
END
$$;

-- ---- random ones; setseed() makes them the same again ----

CREATE FUNCTION oracle.random(low integer, high integer) RETURNS integer LANGUAGE sql VOLATILE AS
$$ SELECT low + floor(random() * (high - low + 1))::integer $$;

CREATE FUNCTION oracle.pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT choices[oracle.random(1, cardinality(choices))] $$;

-- by Zipf's law, near enough; some share long prefixes, some are not ASCII
CREATE FUNCTION oracle.word(vocabulary integer) RETURNS text LANGUAGE sql VOLATILE AS
$$
	SELECT CASE n % 11 WHEN 3 THEN 'wö' || n WHEN 7 THEN 'w' || repeat('long', 1 + n % 40) || n ELSE 'w' || n END
	FROM (SELECT floor(greatest(vocabulary, 4) ^ random())::integer AS n) AS w
$$;

-- without a vocabulary all are the same; else lengths are skewed, and kinds: of one weight, of all, without positions, empty, NULL
CREATE FUNCTION oracle.document(vocabulary integer) RETURNS tsvector LANGUAGE plpgsql VOLATILE AS
$$
DECLARE
	kind integer := oracle.random(1, 20);
	n integer := floor(exp(random() * random() * 6.5))::integer;
	doc tsvector;
BEGIN
	IF vocabulary = 0 THEN
		RETURN 'w1:1 w2:2';
	ELSIF kind = 1 THEN
		RETURN NULL;
	ELSIF kind = 2 AND random() < 0.5 THEN
		RETURN '';
	END IF;
	SELECT string_agg(format('%s:%s%s', oracle.word(vocabulary), i, CASE WHEN kind < 10 THEN '' ELSE substr('DDDCCBA', oracle.random(1, 7), 1) END), ' ')::tsvector
		INTO doc FROM generate_series(1, n) AS i;
	RETURN CASE kind WHEN 3 THEN strip(doc) ELSE doc END;
END
$$;

-- columns for filters; few distinct values, the ends of the types, NULLs
CREATE FUNCTION oracle.value(type text) RETURNS text LANGUAGE sql VOLATILE AS
$$
	SELECT CASE WHEN oracle.random(1, 12) = 1 THEN NULL
		ELSE CASE type
			WHEN 'smallint' THEN oracle.pick('-32768', '32767', '0', '-1', '1', '7', '8')
			WHEN 'integer' THEN oracle.pick('-2147483648', '2147483647', '0', '-1', '1', oracle.random(-50, 50)::text)
			WHEN 'bigint' THEN oracle.pick('-9223372036854775808', '9223372036854775807', '0', '-1', oracle.random(-5, 5)::text, '4294967296')
			WHEN 'boolean' THEN oracle.pick('t', 'f')
			WHEN 'real' THEN oracle.pick('NaN', 'Infinity', '-Infinity', '0', '-0', '1.5', '-1.5', '1e-40', '-1e-40', oracle.random(-5, 5)::text)
			WHEN 'double precision' THEN oracle.pick('NaN', 'Infinity', '-Infinity', '0', '-0', '1e308', '-1e-300', oracle.random(-5, 5)::text)
			WHEN 'date' THEN oracle.pick('infinity', '-infinity', '1999-12-31', '2000-01-01', (date '2020-01-01' + oracle.random(0, 30))::text)
			WHEN 'timestamp' THEN oracle.pick('infinity', '-infinity', '1999-12-31 23:59:59.999999', (timestamp '2020-01-01' + oracle.random(0, 30) * interval '1 hour')::text)
			WHEN 'timestamptz' THEN oracle.pick('infinity', '-infinity', '1999-12-31 23:59:59.999999+00', (timestamp '2020-01-01' + oracle.random(0, 30) * interval '1 hour')::text || '+00')
			ELSE oracle.pick('', 'a', 'A', 'b', 'ä', 'cs.CL', 'cs.LG', repeat('x', 300)) END
		END
$$;

CREATE FUNCTION oracle.filter_columns(tab regclass, OUT name name, OUT type text) RETURNS SETOF record LANGUAGE sql STABLE AS
$$
	SELECT attname, CASE atttypid WHEN 'timestamp'::regtype THEN 'timestamp' WHEN 'timestamptz'::regtype THEN 'timestamptz' ELSE atttypid::regtype::text END
	FROM pg_attribute WHERE attrelid = tab AND attnum > 2 AND NOT attisdropped ORDER BY attnum
$$;

-- comparison of a filter column with something
CREATE FUNCTION oracle.filter() RETURNS text LANGUAGE plpgsql VOLATILE AS
$$
DECLARE
	col record;
	op text;
BEGIN
	SELECT * INTO col FROM oracle.setting AS s, oracle.filter_columns(s.tab) ORDER BY random() LIMIT 1;
	IF col IS NULL THEN
		RETURN 'true';
	END IF;
	op := CASE WHEN col.type = 'text' THEN oracle.pick('=', 'any') ELSE oracle.pick('<', '<=', '=', '>=', '>', 'any') END;
	IF op = 'any' THEN
		RETURN format('%I = ANY (%L::%s[])', col.name, (SELECT coalesce(array_agg(oracle.value(col.type)), '{}') FROM generate_series(1, oracle.random(0, 4))), col.type);
	END IF;
	RETURN format('%I %s %L::%s', col.name, op, oracle.value(col.type), col.type);
END
$$;

-- quickly made: n words of one weight
CREATE FUNCTION oracle.text(vocabulary integer, n integer) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT string_agg('w' || floor(vocabulary ^ random())::integer, ' ') FROM generate_series(1, n) $$;

CREATE FUNCTION oracle.query(vocabulary integer) RETURNS text LANGUAGE sql VOLATILE AS
$$
	SELECT string_agg(CASE oracle.random(1, 12) WHEN 1 THEN 'missing' || i ELSE oracle.word(vocabulary) END, ' ')
	FROM generate_series(1, oracle.random(1, oracle.pick('1', '2', '3', '6', '20')::integer)) AS i
$$;

CREATE FUNCTION oracle.tsquery(vocabulary integer, depth integer DEFAULT 3) RETURNS text LANGUAGE plpgsql VOLATILE AS
$$
DECLARE
	kind integer := CASE WHEN depth = 0 THEN 1 ELSE oracle.random(1, 12) END;
BEGIN
	IF kind <= 3 THEN
		RETURN CASE oracle.random(1, 9)
			WHEN 1 THEN left(oracle.word(vocabulary), oracle.random(1, 3)) || ':*'
			WHEN 2 THEN oracle.word(vocabulary) || ':' || oracle.pick('A', 'B', 'C', 'D', 'AB', 'CD', 'ABCD')
			WHEN 3 THEN left(oracle.word(vocabulary), oracle.random(1, 4)) || ':*' || oracle.pick('A', 'B', 'C', 'D', 'AB')
			WHEN 4 THEN oracle.pick('missing', 'zzz', 'w:*', 'x:*', 'a:*', 'missing:A')
			ELSE oracle.word(vocabulary) END;
	ELSIF kind <= 6 THEN
		RETURN '(' || oracle.tsquery(vocabulary, depth - 1) || ' & ' || oracle.tsquery(vocabulary, depth - 1) || ')';
	ELSIF kind <= 9 THEN
		RETURN '(' || oracle.tsquery(vocabulary, depth - 1) || ' | ' || oracle.tsquery(vocabulary, depth - 1) || ')';
	ELSIF kind <= 11 THEN
		RETURN '!' || oracle.tsquery(vocabulary, depth - 1);
	ELSE
		RETURN '(' || oracle.tsquery(vocabulary, depth - 1) || oracle.pick(' <-> ', ' <2> ', ' <-> ', ' <0> ') || oracle.tsquery(vocabulary, depth - 1) || ')';
	END IF;
END
$$;

CREATE FUNCTION oracle.condition() RETURNS text LANGUAGE plpgsql VOLATILE AS
$$
DECLARE
	s oracle.setting;
	match text;
BEGIN
	SELECT * INTO s FROM oracle.setting;
	match := format('tsv @@ %L::tsquery', oracle.tsquery(s.vocabulary));
	RETURN CASE oracle.random(1, 7) WHEN 1 THEN 'true' WHEN 2 THEN oracle.filter() WHEN 3 THEN oracle.filter() || ' AND ' || oracle.filter()
		WHEN 4 THEN match || ' AND ' || oracle.filter()
		WHEN 5 THEN match || format(' AND tsv @@ %L::tsquery', oracle.tsquery(s.vocabulary, 1))
		WHEN 6 THEN format('tsv @@ %L::tsquery', array_to_string(ARRAY(SELECT oracle.word(s.vocabulary) FROM generate_series(1, 3)), oracle.pick(' & ', ' | ')))
		ELSE match END;
END
$$;

-- a table oracle.corpus with an index, both of random kinds
CREATE PROCEDURE oracle.corpus(ndocs integer, vocabulary integer) LANGUAGE plpgsql AS
$$
DECLARE
	types text[] := '{smallint,integer,bigint,boolean,real,double precision,date,timestamp,timestamptz,text}';
	columns text[] := ARRAY(SELECT t FROM unnest(types) AS t ORDER BY random() LIMIT (oracle.pick('0', '1', '2', '3', '8')::integer));
	nfilters integer := cardinality(columns);
	definitions text := (SELECT string_agg(format(', f%s %s', n, t), '') FROM unnest(columns) WITH ORDINALITY AS u (t, n));
	names text := (SELECT string_agg(format(', f%s', n), '') FROM generate_series(1, nfilters) AS n);
	built integer := CASE oracle.random(1, 4) WHEN 1 THEN 0 WHEN 2 THEN ndocs ELSE oracle.random(0, ndocs) END;
	s oracle.setting;
BEGIN
	s.config := 'simple';
	s.k1 := oracle.pick('1.2', '0', '0.5', '2', '10');
	s.b := oracle.pick('0.75', '0', '1', '0.3');
	s.weights := oracle.pick('{1,1,1,1}', '{1,2,3,4}', '{0.1,0.2,0.4,1}', '{1,0,0,5}', '{0,0,1,1}');
	s.vocabulary := vocabulary;
	DROP TABLE IF EXISTS oracle.corpus;
	EXECUTE format('CREATE TABLE oracle.corpus (id integer, tsv tsvector%s) WITH (autovacuum_enabled = off, fillfactor = %s)',
		definitions, oracle.pick('100', '50'));
	DELETE FROM oracle.setting;
	s.tab := 'oracle.corpus';
	INSERT INTO oracle.setting VALUES (s.*);
	-- a part of it before the index is built
	CALL oracle.insert(built);
	EXECUTE format($i$CREATE INDEX corpus_tsv ON oracle.corpus USING paperfeed_bm25 (tsv%s) WITH (config = 'simple', k1 = %s, b = %s, weights = %L, buffer_size = %s)$i$,
		names, s.k1, s.b, s.weights, oracle.pick('64', '64', '64', '512'));
	UPDATE oracle.setting SET ind = 'oracle.corpus_tsv';
	CALL oracle.load();
	CREATE TRIGGER remember AFTER INSERT OR UPDATE ON oracle.corpus FOR EACH ROW EXECUTE FUNCTION oracle.remember();
	CALL oracle.insert(ndocs - built);
END
$$;

CREATE PROCEDURE oracle.insert(n integer) LANGUAGE plpgsql AS
$$
DECLARE
	s oracle.setting;
	vals text;
BEGIN
	SELECT * INTO s FROM oracle.setting;
	SELECT string_agg(format(', oracle.value(%L)::%s', type, type), '') INTO vals FROM oracle.filter_columns(s.tab);
	EXECUTE format('INSERT INTO %s SELECT i, oracle.document(%s)%s FROM generate_series((SELECT coalesce(max(id), 0) FROM %s) + 1, (SELECT coalesce(max(id), 0) FROM %s) + %s) AS i',
		s.tab, s.vocabulary, vals, s.tab, s.tab, n);
END
$$;

-- some updates and deletes, inserts, inserts that are rolled back; every update writes another tsvector
CREATE PROCEDURE oracle.change() LANGUAGE plpgsql AS
$$
DECLARE
	s oracle.setting;
	share float8 := random() * random();
	lost tsvector;
BEGIN
	SELECT * INTO s FROM oracle.setting;
	IF random() < 0.7 THEN
		EXECUTE format('DELETE FROM %s WHERE random() < %s', s.tab, share);
	END IF;
	IF random() < 0.7 THEN
		/* Never to the same, which would be no new version; a lexeme with all its positions gets no more. */
		EXECUTE format('UPDATE %s AS t SET tsv = coalesce(nullif(n.tsv, t.tsv), nullif(t.tsv || ''w1:1'', t.tsv), ''w1:1'') FROM (SELECT id, oracle.document(%s) AS tsv FROM %s WHERE random() < %s) AS n WHERE n.id = t.id AND t.tsv IS NOT NULL',
			s.tab, s.vocabulary, s.tab, share);
	END IF;
	FOR i IN 1 .. oracle.random(0, 5) LOOP
		lost := oracle.document(s.vocabulary);
		BEGIN
			EXECUTE format('INSERT INTO %s VALUES (-1, $1)', s.tab) USING lost;
			RAISE EXCEPTION division_by_zero;
		EXCEPTION WHEN division_by_zero THEN
			CALL oracle.remember(-1, lost);
		END;
	END LOOP;
	CALL oracle.insert(oracle.random(0, 100));
END
$$;

-- other options without a new index: weights are those of the build, k1 and b are not
CREATE PROCEDURE oracle.options() LANGUAGE plpgsql AS
$$
BEGIN
	UPDATE oracle.setting SET k1 = oracle.pick('1.2', '0', '0.1', '3', '10')::float8, b = oracle.pick('0.75', '0', '1', '0.5')::float8;
	EXECUTE (SELECT format('ALTER INDEX %s SET (k1 = %s, b = %s)', ind, k1, b) FROM oracle.setting);
END
$$;

-- a number of questions about the corpus as it is
CREATE FUNCTION oracle.ask(questions integer) RETURNS SETOF text LANGUAGE plpgsql AS
$$
DECLARE
	s oracle.setting;
	n integer;
BEGIN
	SELECT * INTO s FROM oracle.setting;
	EXECUTE format('SELECT count(*) FROM %s', s.tab) INTO n;
	FOR i IN 1 .. questions LOOP
		RETURN QUERY SELECT oracle.faults(oracle.query(s.vocabulary), oracle.pick('1', '2', '10', '64', '65', '200', greatest(n - 1, 1)::text, (n + 5)::text)::integer, 'true');
		RETURN QUERY SELECT oracle.faults(oracle.query(s.vocabulary), oracle.pick('1', '10', '100', (n + 5)::text)::integer, oracle.condition());
		RETURN QUERY SELECT oracle.match_faults(oracle.condition(), false);
	END LOOP;
	RETURN QUERY EXECUTE format('SELECT ''index_check: '' || c::text FROM paperfeed.index_check(%L) AS c', s.ind);
END
$$;
