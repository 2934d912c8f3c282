-- Signals, their kinds, and the heat that triggers keep of them.
SET TIME ZONE 'UTC';

-- half-lives whose heat is not the sum of the signals, by plain SQL
CREATE VIEW pg_temp.wrong AS
	WITH expected AS (
		SELECT s.paper, l.slot, sum(k.weight * s.weight * power(2::float8, greatest(-1000,
			- extract(epoch FROM now() - s.at)::float8 / extract(epoch FROM l.half_life)::float8))) AS score
		FROM paperfeed.signals AS s JOIN paperfeed.signal_kinds AS k USING (kind), paperfeed.half_lives AS l
		GROUP BY s.paper, l.slot)
	SELECT e.paper, l.half_life, x.heat, e.score
	FROM expected AS e JOIN paperfeed.half_lives AS l USING (slot) FULL JOIN paperfeed.heat AS h USING (paper),
		LATERAL (SELECT (ARRAY[heat_1, heat_2, heat_3, heat_4, heat_5, heat_6, heat_7, heat_8])[l.slot] AS heat) AS x
	WHERE (abs(paperfeed.heat_value(x.heat, now(), l.half_life) - greatest(e.score, 0)) <= 1e-9 * greatest(e.score, 1e-6)) IS NOT TRUE;

SELECT kind, weight, counts_from FROM paperfeed.signal_kinds ORDER BY id;
SELECT * FROM paperfeed.half_lives ORDER BY slot;

-- one by one and many at once, in any order of their times
INSERT INTO paperfeed.signals (paper, kind) VALUES ('arxiv:2303.00001', 'vote');
INSERT INTO paperfeed.signals (paper, kind, weight, at) VALUES
	('arxiv:2303.00002', 'upvotes', 7, now() - interval '3 days'),
	('arxiv:2303.00001', 'save', 1, now() - interval '30 days'),
	('doi:10.1000/x', 'view', 3, now()),
	('arxiv:2303.00002', 'vote', -1, now() - interval '10 hours'),
	('arxiv:2303.00001', 'comment', 0, now() - interval '1 day');
SELECT paper, gross FROM paperfeed.heat ORDER BY paper;
SELECT * FROM pg_temp.wrong;

-- more against a paper than for it
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00003', 'vote', -1);
SELECT heat_1, heat_2, heat_3 FROM paperfeed.heat WHERE paper = 'arxiv:2303.00003';
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00003', 'upvotes', 3);
SELECT * FROM pg_temp.wrong;

-- what is taken back leaves nothing, and what was there before is there again
CREATE TEMP TABLE before AS SELECT * FROM paperfeed.heat;
INSERT INTO paperfeed.signals (paper, kind, at) VALUES ('arxiv:2303.00002', 'vote', now() - interval '5 hours'), ('arxiv:2303.00009', 'vote', now());
INSERT INTO paperfeed.signals (paper, kind, weight, at, known_at, retracts) VALUES
	('arxiv:2303.00002', 'vote', -1, now() - interval '5 hours', now(), true), ('arxiv:2303.00009', 'vote', -1, now(), now(), true);
SELECT h.paper, (h.heat_1, h.heat_2, h.heat_3) = (b.heat_1, b.heat_2, b.heat_3) AS same, h.gross - b.gross AS gross FROM paperfeed.heat AS h JOIN before AS b USING (paper) ORDER BY paper;
SELECT heat_1, heat_2, heat_3 FROM paperfeed.heat WHERE paper = 'arxiv:2303.00009';
SELECT paper, ups, downs FROM paperfeed.heat, paperfeed._standing(parts) WHERE paper IN ('arxiv:2303.00002', 'arxiv:2303.00009') ORDER BY paper;
SELECT * FROM pg_temp.wrong;

-- changed, moved, deleted
UPDATE paperfeed.signals SET weight = 20 WHERE weight = 7;
UPDATE paperfeed.signals SET paper = 'arxiv:2303.00004' WHERE paper = 'arxiv:2303.00001';
SELECT paper FROM paperfeed.heat ORDER BY paper;
SELECT * FROM pg_temp.wrong;
DELETE FROM paperfeed.signals WHERE paper = 'arxiv:2303.00003' OR kind = 'view';
SELECT paper FROM paperfeed.heat ORDER BY paper;
SELECT * FROM pg_temp.wrong;
DELETE FROM paperfeed.signals WHERE false;
UPDATE paperfeed.signals SET weight = weight WHERE false;

-- weights of kinds are the user's
UPDATE paperfeed.signal_kinds SET weight = 2.5 WHERE kind = 'vote';
UPDATE paperfeed.signal_kinds SET weight = -1 WHERE kind = 'upvotes';
SELECT * FROM pg_temp.wrong;
INSERT INTO paperfeed.signals (paper, kind) VALUES ('arxiv:2303.00004', 'vote');
SELECT * FROM pg_temp.wrong;
INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES ('downloads', 0.01), ('vote', 1);
INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES ('upvotes', 1);
SELECT kind, weight, description FROM paperfeed.signal_kinds WHERE kind IN ('vote', 'upvotes', 'downloads') ORDER BY id;
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00004', 'downloads', 1000);
SELECT * FROM pg_temp.wrong;
-- undone with its transaction
BEGIN;
UPDATE paperfeed.signal_kinds SET weight = 100 WHERE kind = 'downloads';
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00005', 'downloads', 1);
SELECT round(score::numeric, 6) AS score FROM paperfeed.explain('arxiv:2303.00005');
ROLLBACK;
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00005', 'downloads', 1);
SELECT round(score::numeric, 6) AS score FROM paperfeed.explain('arxiv:2303.00005');
SELECT * FROM pg_temp.wrong;
-- without the kind its signals count nothing
DELETE FROM paperfeed.signal_kinds WHERE kind = 'downloads';
SELECT paper, ups FROM paperfeed.heat, paperfeed._standing(parts) ORDER BY paper;
SELECT heat_1, heat_2, heat_3 FROM paperfeed.heat WHERE paper = 'arxiv:2303.00005';
SELECT * FROM paperfeed.explain('arxiv:2303.00005');
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00004', 'downloads', 5), ('arxiv:2303.00005', 'downloads', 5);
-- and again with it
INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES ('downloads', 1);
SELECT * FROM pg_temp.wrong;
SELECT amount FROM paperfeed.explain('arxiv:2303.00004') WHERE kind = 'downloads';

-- half-lives are, too
INSERT INTO paperfeed.half_lives VALUES ('3 days');
SELECT half_life, slot FROM paperfeed.half_lives ORDER BY slot;
SELECT indexdef FROM pg_indexes WHERE indexname = 'heat_4_idx';
SELECT * FROM pg_temp.wrong;
INSERT INTO paperfeed.signals (paper, kind, at) VALUES ('arxiv:2303.00004', 'vote', now() - interval '2 days');
SELECT * FROM pg_temp.wrong;
INSERT INTO paperfeed.half_lives VALUES ('72 hours'), ('7 days'), ('2 hours');
DELETE FROM paperfeed.half_lives WHERE half_life = '1 day';
SELECT half_life, slot FROM paperfeed.half_lives ORDER BY slot;
SELECT indexname FROM pg_indexes WHERE indexname ~ '^heat_' ORDER BY 1;
SELECT * FROM pg_temp.wrong;
INSERT INTO paperfeed.half_lives VALUES ('1 day');
DELETE FROM paperfeed.half_lives WHERE slot > 3;
SELECT half_life, slot FROM paperfeed.half_lives ORDER BY slot;
SELECT * FROM pg_temp.wrong;

-- odd signals
\set VERBOSITY terse
INSERT INTO paperfeed.signals (paper, kind) VALUES ('arxiv:2303.00001', 'likes');
INSERT INTO paperfeed.signals (paper, kind) VALUES ('arxiv:2303.00001', 'vot'), ('arxiv:2303.00001', 'votes');
DELETE FROM paperfeed.signals WHERE kind IN ('likes', 'vot', 'votes');
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00001', 'vote', 'NaN');
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00001', 'vote', 'Infinity');
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('arxiv:2303.00001', 'vote', -2e12);
INSERT INTO paperfeed.signals (paper, kind, at) VALUES ('arxiv:2303.00001', 'vote', '-infinity');
INSERT INTO paperfeed.signals (paper, kind, at) VALUES ('arxiv:2303.00001', 'vote', '2999-01-01');
INSERT INTO paperfeed.signals (paper, kind) VALUES (NULL, 'vote');
INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES ('x', 'NaN');
INSERT INTO paperfeed.signal_kinds (kind) VALUES ('No Name');
INSERT INTO paperfeed.signal_kinds (kind) VALUES (NULL);
INSERT INTO paperfeed.half_lives VALUES ('0');
INSERT INTO paperfeed.half_lives VALUES ('30 minutes');
INSERT INTO paperfeed.half_lives VALUES (NULL);
INSERT INTO paperfeed.half_lives SELECT n * interval '100 days' FROM generate_series(1, 10) AS n;
SELECT paperfeed._signals_added();
SELECT paperfeed._half_lives_insert();
SELECT paperfeed._heat_row('arxiv:2303.00001', '\x00');
SELECT paperfeed._heat_add('\x00000000', '\x0100');
SELECT * FROM pg_temp.wrong;

-- fifty years of signals: no overflow, no order lost
TRUNCATE paperfeed.signals;
SELECT count(*) FROM paperfeed.heat;
INSERT INTO paperfeed.signals (paper, kind, weight, at)
SELECT 'doi:10.1000/' || y, 'vote', CASE WHEN y % 2 = 0 THEN 1e6 ELSE 1e-6 END, now() - y * interval '1 year' FROM generate_series(0, 50) AS y;
INSERT INTO paperfeed.signals (paper, kind, at) VALUES ('doi:10.1000/bc', 'vote', '4713-01-01 BC');
SELECT count(*), bool_and(p.heat_1 > n.heat_1) AS by_day, bool_and(p.heat_2 > n.heat_2) AS by_week
FROM paperfeed.heat AS p, LATERAL (SELECT substr(p.paper::text, 13)) AS s (y), paperfeed.heat AS n
WHERE y <> 'bc' AND n.paper = ('doi:10.1000/' || (CASE WHEN y <> 'bc' THEN y END::int + 1))::paperfeed.paperid;
SELECT heat_1 > '-Infinity' AND heat_1 < '-2000000' AS finite FROM paperfeed.heat WHERE paper = 'doi:10.1000/bc';
TRUNCATE paperfeed.signals;

-- a large statement is sorted, and written part by part
INSERT INTO paperfeed.signals (paper, kind, weight, at)
SELECT 'doi:10.1000/' || n % 2500, 'upvotes', n % 5, now() - n * interval '1 minute' FROM generate_series(1, 10000) AS n;
SELECT count(*) FROM paperfeed.heat;
SELECT count(*) FROM pg_temp.wrong;
SELECT paperfeed.rebuild_heat();
SELECT count(*) FROM pg_temp.wrong;
TRUNCATE paperfeed.signals;
DELETE FROM paperfeed.signal_kinds WHERE kind = 'downloads';
