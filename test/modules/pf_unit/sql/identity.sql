-- If this fails, versions get lost, or papers without identifiers change theirs.

-- the version that a spelling names; 0 = none
SELECT id, pf_unit_paperid_version(id) AS version
FROM unnest(ARRAY[
	'arXiv:2303.12345v2', '2303.12345', '2303.12345v12', 'hep-th/9901001v3', 'oai:arXiv.org:2303.12345v1',
	'https://arxiv.org/pdf/2303.12345v3.pdf', '10.48550/arXiv.2303.12345v4', 'arXiv:2303.12345v2 [cs.CL]',
	'10.1101/2023.12.16.571984v5', 'https://www.biorxiv.org/content/10.1101/2023.12.16.571984v6.full.pdf',
	'http://biorxiv.org/cgi/content/short/2023.12.16.571984v7?rss=1', 'https://aclanthology.org/P18-1001v8.pdf',
	'10.1145/3292500v9', 'https://example.org/v10', '2303.12345v0', '2303.12345v99999', 'hello'
]) AS id;

-- the hash: these are stored, so they must never change
SELECT pf_unit_paperid_hash('Deep Learning', 'Jane Doe'), pf_unit_paperid_hash('Über Größe', NULL);

-- case, white space and punctuation make no difference
SELECT count(*), count(DISTINCT pf_unit_paperid_hash(t, a))
FROM unnest(ARRAY['Deep Learning', 'deep  learning.', 'DEEP-LEARNING', '“Deep” – learning!', E'Deep\u00a0Learning？']) AS t,
	unnest(ARRAY['Jane Doe', 'JANE DOE', 'Jane  Doe,']) AS a;
SELECT count(*), count(DISTINCT pf_unit_paperid_hash(t, 'x'))
FROM unnest(ARRAY['ÀÉÎÞ ĀĲĿŁŊŸŽ ΑΣΩ АЯЁЏ', 'àéîþ āĳŀłŋÿž ασω аяёџ']) AS t;

-- letters, the author, and which is which do
SELECT count(*), count(DISTINCT pf_unit_paperid_hash(t, a))
FROM (VALUES ('ab', 'c'), ('a', 'bc'), ('abc', NULL), ('abd', NULL), ('äbc', NULL), ('x × y', NULL), ('x y', NULL),
			 ('深度学习', NULL), ('机器学习', NULL), ('m²', NULL), ('m', NULL)) AS v(t, a);

-- no title, no hash
SELECT pf_unit_paperid_hash(t, 'Jane Doe')
FROM unnest(ARRAY['', ' ', '...', '。', NULL]) AS t
WHERE pf_unit_paperid_hash(t, 'Jane Doe') IS NOT NULL;
