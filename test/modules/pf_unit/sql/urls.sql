-- If this fails, links in feeds lead astray, or one page counts as two papers.

-- RFC 3986, section 5.4, without its empty reference
WITH refs(ref, expected) AS (VALUES
	('g', 'http://a/b/c/g'), ('./g', 'http://a/b/c/g'), ('g/', 'http://a/b/c/g/'),
	('/g', 'http://a/g'), ('//g', 'http://g'), ('?y', 'http://a/b/c/d;p?y'),
	('g?y', 'http://a/b/c/g?y'), ('#s', 'http://a/b/c/d;p?q#s'), ('g#s', 'http://a/b/c/g#s'),
	('g?y#s', 'http://a/b/c/g?y#s'), (';x', 'http://a/b/c/;x'), ('g;x', 'http://a/b/c/g;x'),
	('g;x?y#s', 'http://a/b/c/g;x?y#s'), ('.', 'http://a/b/c/'), ('./', 'http://a/b/c/'),
	('..', 'http://a/b/'), ('../', 'http://a/b/'), ('../g', 'http://a/b/g'),
	('../..', 'http://a/'), ('../../', 'http://a/'), ('../../g', 'http://a/g'),
	('../../../g', 'http://a/g'), ('../../../../g', 'http://a/g'), ('/./g', 'http://a/g'),
	('/../g', 'http://a/g'), ('g.', 'http://a/b/c/g.'), ('.g', 'http://a/b/c/.g'),
	('g..', 'http://a/b/c/g..'), ('..g', 'http://a/b/c/..g'), ('./../g', 'http://a/b/g'),
	('./g/.', 'http://a/b/c/g/'), ('g/./h', 'http://a/b/c/g/h'), ('g/../h', 'http://a/b/c/h'),
	('g;x=1/./y', 'http://a/b/c/g;x=1/y'), ('g;x=1/../y', 'http://a/b/c/y'),
	('g?y/./x', 'http://a/b/c/g?y/./x'), ('g#s/../x', 'http://a/b/c/g#s/../x'))
SELECT ref, expected, pf_unit_url_resolve('http://a/b/c/d;p?q', ref) AS got
FROM refs
WHERE pf_unit_url_resolve('http://a/b/c/d;p?q', ref) IS DISTINCT FROM expected;

-- bases and references as feeds have them
SELECT pf_unit_url_resolve('https://example.org', 'a'),
	pf_unit_url_resolve(NULL, ' https://example.org/a '),
	pf_unit_url_resolve('https://example.org/x', E'a b\n.pdf'),
	pf_unit_url_resolve('https://example.org/x', 'mailto:jane@example.org');
SELECT ref
FROM unnest(ARRAY['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'http:g',
				  'https://', '', ' ', E'a\x01b', 'https://a:99999/', repeat('a', 70000)]) AS ref
WHERE pf_unit_url_resolve('https://example.org/', ref) IS NOT NULL;
SELECT pf_unit_url_resolve(NULL, 'a'), pf_unit_url_resolve('not a base', 'a'),
	pf_unit_url_resolve('https://example.org/', NULL);

-- splitting: scheme, userinfo, host, port, path, query, fragment
SELECT u, pf_unit_url_split(u)
FROM unnest(ARRAY[
	'https://jane:secret@example.org:8080/a/b?c=d#e', 'http://[2001:db8::1]:80/x',
	'http://example.org:/', '//example.org', 'a/b?c', 'mailto:jane@example.org', '?', '#', '',
	'http://a@b@c/', 'https://example.org:65536/', 'https://example.org:x/', 'https://[::1/',
	'https://[::1]x/', 'https://exa mple.org/', 'https://exa\mple.org/', E'https://a/\t'
]) AS u;

-- the canonical form
SELECT u, pf_unit_url_canonical(u)
FROM unnest(ARRAY[
	'HTTP://WWW.Example.ORG:80/a/./b/../c/?utm_source=x&b=2&a=1&fbclid=3#frag',
	'https://example.org', 'https://example.org/', 'https://example.org./', 'https://www.com/x',
	'https://jane@example.org:443/%7Ejane/%2e%2E/x//', 'https://example.org:8443/',
	'https://example.org/a?rss=1', 'https://example.org/a?x=1&&RSS=yes&y', 'https://example.org/?',
	'https://[2001:DB8::1]:8080/x', 'https://müller.example/ü?ö=ß', 'https://example.org/a b',
	'https://example.org/%zz%41%2f%25', 'ftp://example.org/', 'https:///x', 'https://../',
	'https://exa%20mple.org/', 'example.org/x'
]) AS u;

-- it is its own canonical form
WITH pieces AS (
	SELECT ARRAY['%', '%2', '%2E', '%41', '%c3', '/', '//', '.', '..', '?', '&', '=', '#', 'www.', ':80',
				 '@', 'a', 'utm_x', 'ü', '[', ']', ' ', 'A', '~', '''', '|'] AS p
), random AS (
	SELECT string_agg(p[1 + (i * 7919 + j * (104729 + i * 31)) % array_length(p, 1)], '' ORDER BY j) AS tail
	FROM pieces, generate_series(1, 3000) AS i, generate_series(1, 9) AS j
	GROUP BY i
), once AS (
	SELECT pf_unit_url_canonical('http://' || host || tail) AS u
	FROM random, unnest(ARRAY['example.org/', 'www.www.', 'example.org:', 'a']) AS host
)
SELECT count(*) > 1000 AS enough,
	count(*) FILTER (WHERE pf_unit_url_canonical(u) IS DISTINCT FROM u) AS wrong
FROM once WHERE u IS NOT NULL;

-- decoding
SELECT convert_from(pf_unit_url_decode('a%20b%C3%A9%zz%2'), 'UTF8');
