-- If this fails, similar papers are not the similar ones.

-- cosine: 32 / sqrt(14 * 77) = 0.974631846197, 1, -1, 0, and 0 for a vector without a direction
SELECT round(paperfeed.cosine('{1,2,3}', '{4,5,6}')::numeric, 12), paperfeed.cosine('{1,2,3}', '{2,4,6}'),
	paperfeed.cosine('{1,2}', '{-2,-4}'), paperfeed.cosine('{1,0}', '{0,1}'), paperfeed.cosine('{0,0}', '{1,2}'),
	paperfeed.cosine('{}', '{}'), paperfeed.cosine(NULL, '{1}');
-- the largest and the smallest floats neither overflow nor vanish
SELECT paperfeed.cosine('{3e38,3e38}', '{3e38,3e38}'), round(paperfeed.cosine('{1e-45,0}', '{1e-45,1e-45}')::numeric, 12);
-- by the definition, for every length about the width of the lanes
SELECT bool_and(abs(paperfeed.cosine(a, b) - want) < 1e-14) AS equal, count(*)
FROM generate_series(1, 70) n,
	LATERAL (SELECT array_agg(x ORDER BY i), array_agg(y ORDER BY i), sum(x::float8 * y) / sqrt(sum(x::float8 * x) * sum(y::float8 * y))
			 FROM generate_series(1, n) i, LATERAL (SELECT ((i * 37) % 19 - 8.5)::real, ((i * 53 + n) % 23 - 11.25)::real) e(x, y)) v(a, b, want);
-- a lower bound other than 1, a slice, a value from a table's short header
CREATE TEMP TABLE vectors (v real[]);
INSERT INTO vectors VALUES ('[5:7]={1,2,3}'), ('{1,2,3}');
SELECT paperfeed.cosine(v, '{1,2,3}'), paperfeed.cosine(v, v) FROM vectors;

-- hamming
SELECT paperfeed.hamming(B'10110', B'00111'), paperfeed.hamming(B'', B''),
	paperfeed.hamming(repeat('1', 777)::bit(777), repeat('0', 777)::bit(777)), paperfeed.hamming('101'::varbit, '100'::varbit),
	paperfeed.hamming(0, -1), paperfeed.hamming(5, 6), paperfeed.hamming(9223372036854775807, (-9223372036854775808)::bigint);
SELECT bool_and(paperfeed.hamming(a, b) = length(replace((a # b)::text, '0', ''))) AS equal
FROM generate_series(1, 200) n,
	LATERAL (SELECT string_agg(((i * i * 7 + n) % 11 / 6)::text, '' ORDER BY i)::varbit, string_agg(((i * 13 + n * i) % 7 / 4)::text, '' ORDER BY i)::varbit
			 FROM generate_series(1, n) i) v(a, b);

-- what has no answer
SELECT paperfeed.cosine('{1,2}', '{1,2,3}');
SELECT paperfeed.hamming(B'1', B'10');
\set VERBOSITY sqlstate
SELECT paperfeed.cosine('{1,2}', '{1,2,3}');
SELECT paperfeed.cosine('{1,NULL}', '{1,2}');
SELECT paperfeed.cosine('{{1,2}}', '{1,2}');
SELECT paperfeed.cosine('{1,NaN}', '{1,2}');
SELECT paperfeed.cosine('{1,2}', '{1,Infinity}');
SELECT paperfeed.cosine('{Infinity,0}', '{0,0}');
SELECT paperfeed.hamming(B'1', B'10');
