-- If this fails, one paper becomes two, or two papers become one.
SET search_path = paperfeed, public;

-- arXiv: every spelling of a new identifier is the same one
SELECT count(*), bool_and(id::paperid = '2303.12345')
FROM unnest(ARRAY[
	'2303.12345', 'arXiv:2303.12345', 'arXiv:2303.12345v2', 'ARXIV: 2303.12345', 'arXiv 2303.12345',
	'[arXiv:2303.12345]', 'arXiv:2303.12345v2 [cs.CL] 5 Mar 2023', '(arXiv:2303.12345v1).',
	'oai:arXiv.org:2303.12345', 'oai:arXiv.org:2303.12345v1', 'info:arxiv/2303.12345',
	'https://arxiv.org/abs/2303.12345', 'http://www.arxiv.org/abs/2303.12345v3', 'arxiv.org/abs/2303.12345',
	'https://arxiv.org/pdf/2303.12345.pdf', 'https://arxiv.org/pdf/2303.12345v2',
	'https://arxiv.org/html/2303.12345v1/#S1', 'https://arxiv.org/format/2303.12345',
	'https://arxiv.org/ps/2303.12345', 'https://arxiv.org/src/2303.12345',
	'https://arxiv.org/e-print/2303.12345', 'https://arxiv.org/abs/2303.12345?context=cs',
	'http://export.arxiv.org/abs/2303.12345v1', 'https://www.alphaxiv.org/abs/2303.12345v2',
	'https://ar5iv.org/abs/2303.12345', 'https://ar5iv.labs.arxiv.org/html/2303.12345',
	'https://huggingface.co/papers/2303.12345', 'https://huggingface.co/papers/2303.12345#community',
	'https://doi.org/10.48550/arXiv.2303.12345', '10.48550/arxiv.2303.12345v2',
	'doi:10.48550/ARXIV.2303.12345', 'https://HUGGINGFACE.co:443/papers/2303.12345/?utm_source=x'
]) AS id;

-- arXiv before 2007: the archive is part of the identity, the subject class is not
SELECT id AS written, id::paperid
FROM unnest(ARRAY[
	'hep-th/9901001', 'arXiv:hep-th/9901001v3', 'math.GT/0309136', 'math/0309136',
	'cond-mat.mtrl-sci/0703001', 'https://arxiv.org/abs/math.GT/0309136v2',
	'oai:arXiv.org:hep-th/9901001', '10.48550/arXiv.hep-th/9901001', '[hep-th/9901001]', '0704.0002'
]) AS id;

-- arXiv: months and lengths of numbers that were never given out
SELECT id, try_paperid(id)
FROM unnest(ARRAY[
	'1234.56789', '2313.12345', '2300.12345', '0703.1234', '1412.12345', '1501.1234', '2303.123456',
	'2303.00000', '704.0002', '9901.12345', '2303.12345v0', '2303.12345x', 'hep-th/9913001',
	'hep-th/0704001', 'foo/9901001', 'hep-th/9901000', 'arXiv:', 'https://arxiv.org/abs/'
]) AS id
WHERE try_paperid(id) IS NOT NULL AND scheme(try_paperid(id)) = 'arxiv';

-- DOI: spellings, in any case of letters
SELECT count(*), bool_and(id::paperid = 'doi:10.1145/3292500.abc')
FROM unnest(ARRAY[
	'10.1145/3292500.ABC', 'doi:10.1145/3292500.abc', 'DOI 10.1145/3292500.abc', 'doi: 10.1145/3292500.abc.',
	'https://doi.org/10.1145/3292500.abc', 'http://dx.doi.org/10.1145/3292500.ABC', 'dx.doi.org/10.1145/3292500.abc',
	'info:doi/10.1145/3292500.abc', 'urn:doi:10.1145/3292500.abc', 'DOI: https://doi.org/10.1145/3292500.abc',
	'https://doi.org/10.1145%2F3292500.abc?utm_source=x', '(10.1145/3292500.abc)', '"10.1145/3292500.abc",',
	'https://doi.org/10.1145/3292500.abc)', '<https://doi.org/10.1145/3292500.abc>',
	'http://doi.acm.org/10.1145/3292500.abc', 'https://dl.acm.org/doi/10.1145/3292500.abc',
	'https://dl.acm.org/doi/abs/10.1145/3292500.abc', 'https://dl.acm.org/doi/pdf/10.1145/3292500.abc?download=true',
	'https://dl.acm.org/doi/full/10.1145/3292500.abc', 'https://example.org/article?doi=10.1145/3292500.abc',
	'https://doi-org.proxy.example.edu/10.1145/3292500.abc', '10.1145/3292500.abc 10.1145/9999999'
]) AS id;

-- DOI: brackets and other signs that belong to it, and repairs
SELECT id AS written, id::paperid
FROM unnest(ARRAY[
	'10.1002/(SICI)1099-1425(200005/06)3:3<139::AID-JOS41>3.0.CO;2-2',
	'10.1002/(SICI)1099-1425(200005/06)3:3&lt;139::AID-JOS41&gt;3.0.CO;2-2',
	'https://doi.org/10.1002/(SICI)1099-1425(200005/06)3:3%3C139::AID-JOS41%3E3.0.CO;2-2',
	'10.1016/0004-3702(94)00092-1).', '10.1023/A:1016536623961,', '10.2168/LMCS-10(1:13)2014',
	'http://dx.doi.org/10.1007/978-3-540-87877-3 3', '10.1145/3292500‐1', '10.1234/50%off',
	'10.1234/ä', '10.1000.10/123'
]) AS id;

-- DOI: not one
SELECT id, try_paperid(id)
FROM unnest(ARRAY[
	'10.1145', '10.1145/', '10.1145/).', '10.471/x', '11.1145/x', '10.x/1', '10.1145/a b',
	E'10.1145/a\x01b', 'doi:', 'https://doi.org/', '10.1145/' || repeat('x', 1100)
]) AS id
WHERE scheme(try_paperid(id)) = 'doi';

-- publishers' pages whose path names the DOI
SELECT id AS written, id::paperid
FROM unnest(ARRAY[
	'https://www.nature.com/articles/s41586-020-2649-2', 'https://link.springer.com/article/10.1007/s10994-019-05855-6',
	'https://link.springer.com/content/pdf/10.1007/s10994-019-05855-6.pdf',
	'https://www.frontiersin.org/articles/10.3389/fnins.2018.00001/full',
	'https://iopscience.iop.org/article/10.1088/1367-2630/16/3/033001/meta',
	'https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0123456',
	'https://academic.oup.com/bib/article/doi/10.1093/bib/bbad123/7123456',
	'https://www.biorxiv.org/content/10.1101/2023.12.16.571984v1',
	'https://www.biorxiv.org/content/10.1101/2023.12.16.571984v1.full.pdf',
	'http://biorxiv.org/cgi/content/short/2023.12.16.571984v1?rss=1',
	'https://www.biorxiv.org/content/10.64898/2025.12.16.571984v1.full',
	'https://www.medrxiv.org/content/10.1101/2020.03.24.20042937v2', '10.1101/571984v2', '10.1101/gr.123456.108',
	-- the prefix could be either: no guess
	'http://biorxiv.org/cgi/content/short/2025.12.16.571984v1?rss=1',
	-- a date, not a DOI
	'https://example.org/news/10.2023/title'
]) AS id;

-- ACL Anthology
SELECT id AS written, id::paperid
FROM unnest(ARRAY[
	'2020.acl-main.1', 'ACL:2020.ACL-Main.1', '10.18653/v1/2020.acl-main.1', 'https://aclanthology.org/2020.acl-main.1/',
	'https://aclanthology.org/2020.acl-main.1.pdf', 'p19-1001', 'https://www.aclweb.org/anthology/P19-1001',
	'http://aclweb.org/anthology/P/P19/P19-1001.pdf', '10.18653/v1/P19-1001', '10.3115/v1/P14-1001',
	'10.3115/1075218.1075226', 'https://aclanthology.org/venues/acl/'
]) AS id;

-- PubMed, OpenReview
SELECT id AS written, try_paperid(id)
FROM unnest(ARRAY[
	'pmid:31452104', 'PMID: 31452104', 'info:pmid/31452104', 'https://pubmed.ncbi.nlm.nih.gov/31452104/?fc=1&v=2',
	'https://www.ncbi.nlm.nih.gov/pubmed/31452104', 'pmid:0', 'openreview:SyxAb30cY7',
	'https://openreview.net/forum?id=SyxAb30cY7&noteId=x', 'https://openreview.net/pdf?id=SyxAb30cY7',
	'https://openreview.net/group?id=ICLR.cc'
]) AS id;

-- links, hashes; what is too long is none
SELECT left(id, 60) AS written, try_paperid(id)
FROM unnest(ARRAY[
	'http://www.Example.org/a/?utm_source=x&b=1#c', 'url:https://example.org/a', 'url:https://arxiv.org/abs/2303.12345',
	'url:ftp://example.org/', 'ftp://example.org/', 'example.org/a', 'https://arxiv.org', 'https://', 'mailto:jane@example.org',
	'hash:0123456789ABCDEF0123456789abcdef', 'hash:0123', '', ' ', 'hello', 'doi:doi:doi:', 'info:info:info:info:info:2303.12345',
	'https://example.org/' || repeat('x', 1100)
]) AS id;

-- errors
SELECT 'hello'::paperid;
SELECT paperid('10.1145/a b'::text);
SELECT ''::paperid;

-- NULL in, NULL out
SELECT try_paperid(NULL), url(NULL), scheme(NULL), paperid(NULL::text);

-- pages for people; each reads as its own paper
SELECT p AS id, scheme(p), url(p), url(p)::paperid = p AS same
FROM unnest(ARRAY[
	'2303.12345', 'hep-th/9901001', '10.1145/3292500', 'pmid:31452104', 'P19-1001', 'openreview:SyxAb30cY7',
	'https://example.org/a?b=c', 'hash:0123456789abcdef0123456789abcdef',
	'10.1234/a?b#c%d<e>"f"[g]', '10.1234/a/../b'
]::paperid[]) AS p;

-- whatever is read: its canonical form reads as itself, and so does its page
CREATE TEMP TABLE seed (s text);
INSERT INTO seed VALUES
	('arXiv:2303.12345v2'), ('https://arxiv.org/abs/hep-th/9901001'), ('10.1145/3292500'),
	('https://doi.org/10.1002/(SICI)1<139::A>3.0;2-2'), ('10.1101/2023.12.16.571984v1'),
	('10.18653/v1/P19-1001'), ('10.1007/978-3-540-87877-3 3'), ('https://example.org/a/b?c=d&utm_x=1'),
	('https://openreview.net/forum?id=SyxAb30cY7'), ('https://www.nature.com/articles/s41586-020-2649-2'),
	('https://dl.acm.org/doi/abs/10.1145/3292500/full'), ('pmid:31452104'), ('doi:10.1234/a&lt;b');
WITH bits AS (
	SELECT ARRAY['', '%', '%25', '%2F', '%41', '/', '//', '/../', '.', '. ', ',', ')', '(', '>', '<', '&lt;', '&amp;',
				 'amp;', 'lt;', '?', '#', ' ', ' 10.1/x', ' 3', 'v1', '.v2', 'ä', '‐', E'\u200b', '10.', 'doi:', 'https://',
				 'https://doi.org/', 'www.', ':80', '@', 'url:', '.pdf', '/full', '"', '''', ';', E'\t'] AS b
), mutant AS (
	SELECT overlay(overlay(s PLACING b[1 + (i * 7919 + 11) % array_length(b, 1)]
						   FROM 1 + (i * 31) % (length(s) + 1) FOR i % 3)
				   PLACING b[1 + (i * 104729 / 43) % array_length(b, 1)]
				   FROM 1 + (i * 17) % (length(s) + 1) FOR i % 2) AS m
	FROM seed, bits, generate_series(0, 2999) AS i
), id AS (
	SELECT try_paperid(m) AS p FROM mutant
)
SELECT count(*) > 10000 AS enough,
	count(*) FILTER (WHERE try_paperid(p::text) IS DISTINCT FROM p) AS wrong,
	count(*) FILTER (WHERE try_paperid(url(p)) IS DISTINCT FROM p) AS wrong_page,
	count(*) FILTER (WHERE p::text !~ '^[a-z]+:[!-~]+$' OR length(p::text) > 1024) AS wrong_form
FROM id WHERE p IS NOT NULL;

-- comparison by bytes, whatever the collation of the database
SELECT p
FROM unnest(ARRAY[
	'2303.12345', '10.1145/b', 'acl:P19-1001', 'acl:2020.acl-main.1', '10.1145/3', '10.1145/33', 'openreview:Z',
	'openreview:a'
]::paperid[]) AS p
ORDER BY p;
SELECT a, b, a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge, paperid_cmp(a, b) < 0 AS cmp
FROM (VALUES ('10.1145/3'::paperid, '10.1145/33'::paperid), ('10.1145/3', '10.1145/3'), ('2303.12345', '10.1145/3')) AS v(a, b);

-- a paperid is not compared as text by accident
SELECT '2303.12345'::paperid = 'arXiv:2303.12345v2'::text;
SELECT '2303.12345'::paperid = 'arXiv:2303.12345v2';

-- casts: in assignment both ways
CREATE TEMP TABLE cast_test (p paperid, t text, v varchar(40));
INSERT INTO cast_test VALUES ('10.1145/3292500'::text, '10.1145/3292500'::paperid, '2303.12345');
UPDATE cast_test SET p = v;
SELECT * FROM cast_test;

-- indexes and joins find what a scan finds; another spelling is a duplicate
CREATE TEMP TABLE many (p paperid PRIMARY KEY, n integer);
INSERT INTO many
SELECT CASE WHEN i % 3 = 0 THEN '10.1145/' || i ELSE to_char(2301 + i % 9, 'FM0000') || '.' || to_char(i, 'FM00000') END, i
FROM generate_series(1, 20000) AS i;
INSERT INTO many VALUES ('https://arxiv.org/abs/2302.00001v7', 0);
ANALYZE many;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT n FROM many WHERE p = 'arXiv:2302.00001v3';
SELECT n FROM many WHERE p = 'arXiv:2302.00001v3';
SELECT count(*) FROM many WHERE p >= '2305.00001' AND p < '2306.00001';
RESET enable_seqscan;
RESET enable_bitmapscan;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM many AS a JOIN (SELECT p FROM many OFFSET 0) AS b USING (p);
SELECT count(*) FROM many AS a JOIN (SELECT p FROM many OFFSET 0) AS b USING (p);
SET enable_hashjoin = off;
SET enable_mergejoin = on;
SELECT count(*) FROM many AS a JOIN (SELECT p FROM many OFFSET 0) AS b USING (p);
RESET ALL;
SET search_path = paperfeed, public;
SELECT array_agg(p ORDER BY p) = array_agg(p ORDER BY p::text COLLATE "C") AS sorted FROM many;
CREATE INDEX ON many USING hash (p);
CREATE TEMP TABLE parts (p paperid) PARTITION BY HASH (p);
CREATE TEMP TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TEMP TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT p FROM many;
SELECT (SELECT count(*) FROM parts_0) BETWEEN 9000 AND 11000 AS even;
SELECT count(DISTINCT p) FROM parts;

-- the operator classes are whole
SELECT amname, amvalidate.valid
FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod, LATERAL amvalidate(pg_opclass.oid) AS amvalidate(valid)
WHERE opcintype = 'paperfeed.paperid'::regtype
ORDER BY amname;

-- binary: output is the canonical form, input reads any
SELECT encode(paperid_send('arXiv:2303.12345v2'), 'escape');
CREATE TEMP TABLE spelled (t text);
INSERT INTO spelled VALUES ('arXiv:2303.12345v2'), ('https://doi.org/10.1145/3292500');
CREATE TEMP TABLE received (p paperid);
\copy spelled TO 'results/paperid.bin' WITH (FORMAT binary)
\copy received FROM 'results/paperid.bin' WITH (FORMAT binary)
\copy received TO 'results/paperid.bin' WITH (FORMAT binary)
\copy received FROM 'results/paperid.bin' WITH (FORMAT binary)
SELECT p, count(*) FROM received GROUP BY p ORDER BY p;
INSERT INTO spelled VALUES ('hello');
\copy spelled TO 'results/paperid.bin' WITH (FORMAT binary)
\copy received FROM 'results/paperid.bin' WITH (FORMAT binary)
