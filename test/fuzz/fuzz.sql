-- Documents with faults, made out of good ones, for test/t/031_fuzz.pl.
--
--   INSERT INTO hostile.seeds (name, document) ...;
--   SELECT * FROM hostile.fuzz(1, 1000);     -- what came of documents 1 to 1000
--   SELECT hostile.mutated(17);              -- document 17, the same each time
--
-- Needs schema hostile.

CREATE TABLE hostile.seeds (
	n			integer GENERATED ALWAYS AS IDENTITY (START 0 MINVALUE 0) PRIMARY KEY,
	name		text NOT NULL,
	document	bytea NOT NULL
);

-- What means something to some reader.
CREATE TABLE hostile.words (n integer GENERATED ALWAYS AS IDENTITY (START 0 MINVALUE 0) PRIMARY KEY, word bytea NOT NULL);
INSERT INTO hostile.words (word)
SELECT convert_to(w, 'UTF8') FROM unnest(ARRAY[
	'<', '>', '&', ';', '"', '''', '{', '}', '[', ']', ',', ':', '\', '\u', '\ud800', '\u0000', '\"', '$', '(', ')', '/', '-', '=', '%', '#',
	'<!--', '-->', '<![CDATA[', ']]>', '<?', '?>', '<!DOCTYPE a [', '<a b="', '</', '/>', '<b>', '</b>', '<br>', '&amp;', '&lt;', '&#x', '&#0;', '&#128;',
	'&eacute;', '&none;', '<item>', '</item>', '<entry>', '</entry>', '<record>', '</record>', '<title>', '</title>', '<channel>', '</channel>', '</rss>', '</feed>',
	' xmlns:x="y"', ' xml:base="http://x/"', 'http://', 'https://doi.org/10.1/', 'arXiv:2303.12345v2', '10.1145/1', 'doi:', '\frac{', '\''e', '^{', '_{', '$$',
	'null', 'true', 'NaN', '-1', '1e9', '99999999999999999999', '{}', '[]', '""', '"items":[', '"title":', '"id":', 'Mon, 01 Jan 2024 00:00:00 GMT', '2024-02-30',
	' and ', ', Jr.', 'et al.', E'\n', E'\t', E'\r\n', U&'\FEFF', U&'\0301', U&'\200B', U&'\+01D538']) AS w;
INSERT INTO hostile.words (word) VALUES
	('\x00'), ('\xff'), ('\xc3'), ('\xe282'), ('\xeda080'), ('\xc0bc'), ('\xf4908080'), ('\x1f8b'), ('\xfffe'), ('\xfeff'), ('\x01'), ('\x7f');

CREATE FUNCTION hostile.mutated(round bigint) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
DECLARE
	x bigint := (round * 2654435761 + 97) % 2147483648;
	seeds integer := (SELECT count(*) FROM hostile.seeds);
	words integer := (SELECT count(*) FROM hostile.words);
	d bytea;
	other bytea;
	size integer;
	at integer;
	n integer;
BEGIN
	-- let the first numbers drawn differ
	FOR i IN 1 .. 3 LOOP
		x := (x * 1103515245 + 12345) % 2147483648;
	END LOOP;
	SELECT s.document INTO d FROM hostile.seeds AS s WHERE s.n = x / 65536 % seeds;
	x := (x * 1103515245 + 12345) % 2147483648;
	FOR i IN 0 .. x / 65536 % 4 LOOP
		size := octet_length(d);
		EXIT WHEN size = 0;
		x := (x * 1103515245 + 12345) % 2147483648;
		n := x / 65536 % 9;
		x := (x * 1103515245 + 12345) % 2147483648;
		at := x % size;
		x := (x * 1103515245 + 12345) % 2147483648;
		CASE n
			WHEN 0 THEN		-- cut off
				d := substring(d FROM 1 FOR at);
			WHEN 1, 2 THEN	-- flip a bit, or set a byte
				d := set_byte(d, at, CASE WHEN x % 2 = 0 THEN get_byte(d, at) # (1 << (x / 65536 % 8)::integer)
					ELSE (x / 65536 % 256)::integer END);
			WHEN 3 THEN		-- leave something out
				d := substring(d FROM 1 FOR at) || substring(d FROM at + 2 + (x / 65536 % 60)::integer);
			WHEN 4 THEN		-- repeat something
				d := substring(d FROM 1 FOR at) || substring(d FROM greatest(1, at - (x / 65536 % 500)::integer));
			WHEN 5 THEN		-- something out of another document
				SELECT s.document INTO other FROM hostile.seeds AS s WHERE s.n = x / 65536 % seeds;
				d := substring(d FROM 1 FOR at) ||
					substring(other FROM 1 + (x % (octet_length(other) + 1))::integer FOR (x / 4096 % 400)::integer) ||
					substring(d FROM at + 1);
			ELSE			-- a word, sometimes often
				d := substring(d FROM 1 FOR at) ||
					(SELECT CASE WHEN x % 16 = 0 THEN convert_to(repeat(encode(w.word, 'escape'), 300), 'UTF8') ELSE w.word END
					   FROM hostile.words AS w WHERE w.n = x / 65536 % words) ||
					substring(d FROM at + 1);
		END CASE;
	END LOOP;
	RETURN d;
END $$;

-- Each document goes through parse and feed_info; all text that comes out must be valid.
CREATE FUNCTION hostile.fuzz(first bigint, last bigint,
	OUT papers bigint, OUT failed bigint, OUT slowest numeric, OUT slowest_round bigint, OUT wrong text[])
LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz;
	took numeric;
	document bytea;
	n bigint;
	snippet text;
BEGIN
	papers := 0;
	failed := 0;
	slowest := 0;
	wrong := '{}';
	FOR round IN first .. last LOOP
		document := hostile.mutated(round);
		start := clock_timestamp();
		BEGIN
			SELECT count(convert_from(textsend(p::text), 'UTF8')) INTO n
			  FROM paperfeed.parse(document, CASE round % 3 WHEN 0 THEN 'https://x.example/a/b?c' END,
					CASE round % 5 WHEN 0 THEN 'text/xml; charset=iso-8859-1' WHEN 1 THEN 'application/json; charset=gb18030' END) AS p;
			papers := papers + n;
		EXCEPTION WHEN OTHERS THEN
			failed := failed + 1;
			-- no feed, no JSON, damaged, over a limit
			IF SQLSTATE NOT IN ('2200M', '22P02', '22032', '22000', '54000') THEN
				wrong := wrong || format('%s: parse: %s %s', round, SQLSTATE, SQLERRM);
			END IF;
		END;
		BEGIN
			PERFORM convert_from(textsend(i::text), 'UTF8') FROM paperfeed.feed_info(document) AS i;
		EXCEPTION WHEN OTHERS THEN
			wrong := wrong || format('%s: feed_info: %s %s', round, SQLSTATE, SQLERRM);
		END;
		BEGIN
			snippet := convert_from(substring(document FROM octet_length(document) / 2 FOR 300), 'LATIN1');
			PERFORM convert_from(textsend(paperfeed.plain(snippet)), 'UTF8'), paperfeed.links(snippet),
				paperfeed.try_paperid(snippet);
		EXCEPTION
			WHEN character_not_in_repertoire THEN	-- NUL in the snippet
				NULL;
			WHEN OTHERS THEN
				wrong := wrong || format('%s: text: %s %s', round, SQLSTATE, SQLERRM);
		END;
		took := 1000 * extract(epoch FROM clock_timestamp() - start);
		IF took > slowest THEN
			slowest := took;
			slowest_round := round;
		END IF;
	END LOOP;
END $$;
