/* src/signal/trending.sql: what the community is reading */

CREATE TYPE paperfeed.ranked_paper AS (
	rank		integer,
	score		double precision,
	id			paperfeed.paperid,
	title		text,
	authors		text[],
	published	timestamptz,
	categories	text[],
	votes		double precision,
	comments	double precision,
	url			text,
	links		jsonb
);

COMMENT ON TYPE paperfeed.ranked_paper IS 'a paper at its place in a list';
COMMENT ON COLUMN paperfeed.ranked_paper.rank IS 'place, from 1';
COMMENT ON COLUMN paperfeed.ranked_paper.score IS 'what it is ranked by; see the function';
COMMENT ON COLUMN paperfeed.ranked_paper.id IS 'id of the paper';
COMMENT ON COLUMN paperfeed.ranked_paper.title IS 'display text';
COMMENT ON COLUMN paperfeed.ranked_paper.authors IS 'authors, in their order';
COMMENT ON COLUMN paperfeed.ranked_paper.published IS 'first publication';
COMMENT ON COLUMN paperfeed.ranked_paper.categories IS 'subjects, the primary one first';
COMMENT ON COLUMN paperfeed.ranked_paper.votes IS 'readers'' votes and those that feeds report, less those against, by then';
COMMENT ON COLUMN paperfeed.ranked_paper.comments IS 'readers'' comments and those that feeds report, by then';
COMMENT ON COLUMN paperfeed.ranked_paper.url IS 'page for people';
COMMENT ON COLUMN paperfeed.ranked_paper.links IS 'addresses by kind: code, model, data, project';

CREATE FUNCTION paperfeed.trending(
	k integer DEFAULT 30, half_life interval DEFAULT '1 day', as_of timestamptz DEFAULT now(),
	categories text[] DEFAULT NULL)
RETURNS SETOF paperfeed.ranked_paper
AS 'MODULE_PATHNAME', 'pf_trending'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 30;

COMMENT ON FUNCTION paperfeed.trending(integer, interval, timestamptz, text[]) IS
'the k (1 to 1,000,000) papers in paperfeed.papers of the highest scores above zero: the sum over a paper''s signals of the kind''s weight * the signal''s weight * 2^(-age / half_life); as of now from paperfeed.heat if half_life is one of paperfeed.half_lives; otherwise, and as of any earlier moment, replayed from the signals known then, by today''s weights of kinds; a day foresees best what will be liked (doc/trending.md), a week or 30 days show what was; categories: only papers that are in one of them (NULL = all); withdrawn papers are left out; papers are read with the caller''s rights; errors: 22023 for k or half_life out of range, 22004 for NULLs, 22008 for an infinite time';

CREATE FUNCTION paperfeed.rising(
	k integer DEFAULT 30, short_half_life interval DEFAULT '1 day', long_half_life interval DEFAULT '30 days',
	categories text[] DEFAULT NULL)
RETURNS SETOF paperfeed.ranked_paper
AS 'MODULE_PATHNAME', 'pf_rising'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 30;

COMMENT ON FUNCTION paperfeed.rising(integer, interval, interval, text[]) IS
'the k papers that grow fastest against what they have: score = (ln 2 / h) * S_h / (S_l + 3), in parts per day, where S_h and S_l are the scores of trending() by the short half-life h (in days) and the long one: votes of yesterday''s giant are many, but much the same as it had before; 3 is what a paper is taken to have had, so that one vote is not yet a rise; both must be in paperfeed.half_lives (22023); else as trending()';

CREATE FUNCTION paperfeed.explain(
	paper paperfeed.paperid, half_life interval DEFAULT '1 day', as_of timestamptz DEFAULT now(),
	OUT kind text, OUT amount double precision, OUT weight double precision, OUT score double precision,
	OUT share double precision, OUT last_at timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_explain'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000 ROWS 5;

COMMENT ON FUNCTION paperfeed.explain(paperfeed.paperid, interval, timestamptz) IS
'where a paper''s score in trending() comes from, a row for each kind of signals that it has: the amount of them, less those against; the weight of the kind; its score, decayed (these add up to the paper''s); that as a share of the whole (NULL if that is 0); and the time of the last one; no rows for a paper without signals; errors as of trending()';

CREATE FUNCTION paperfeed._standing(
	parts bytea, OUT ups double precision, OUT downs double precision, OUT comments double precision,
	OUT saves double precision, OUT views double precision, OUT stars double precision,
	OUT citations double precision, OUT last_at timestamptz)
AS 'MODULE_PATHNAME', 'pf_standing'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed._standing(bytea) IS 'columns of paperfeed.standings from heat.parts';

CREATE VIEW paperfeed.standings WITH (security_invoker = true) AS
	SELECT h.paper, s.ups, s.downs, s.ups - s.downs AS votes, s.comments, s.saves, s.views, s.stars, s.citations,
		s.last_at, p.published, h.heat_1, h.heat_2, h.heat_3
	FROM paperfeed.heat AS h
		JOIN paperfeed.papers AS p ON p.id OPERATOR(pg_catalog.=) h.paper
		CROSS JOIN LATERAL paperfeed._standing(h.parts) AS s;

COMMENT ON VIEW paperfeed.standings IS 'how papers stand now: what to rank them by with a formula of one''s own, such as ORDER BY paperfeed.hot(ups, downs, published) DESC, paperfeed.gravity(votes, published, now()), paperfeed.wilson(ups, downs), or heat_2; papers without signals are not in it; read with the caller''s rights on papers and heat';
COMMENT ON COLUMN paperfeed.standings.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.standings.ups IS 'readers'' votes for it and those that feeds report';
COMMENT ON COLUMN paperfeed.standings.downs IS 'votes against it';
COMMENT ON COLUMN paperfeed.standings.votes IS 'ups less downs';
COMMENT ON COLUMN paperfeed.standings.comments IS 'readers'' comments and those that feeds report';
COMMENT ON COLUMN paperfeed.standings.saves IS 'readers who saved it';
COMMENT ON COLUMN paperfeed.standings.views IS 'readers who read it';
COMMENT ON COLUMN paperfeed.standings.stars IS 'GitHub stars it gained since a feed first told them';
COMMENT ON COLUMN paperfeed.standings.citations IS 'citations it gained since a feed first told them';
COMMENT ON COLUMN paperfeed.standings.last_at IS 'time of its last signal';
COMMENT ON COLUMN paperfeed.standings.published IS 'first publication';
COMMENT ON COLUMN paperfeed.standings.heat_1 IS 'log2 of the decaying sum, as in paperfeed.heat: by a half-life of a day';
COMMENT ON COLUMN paperfeed.standings.heat_2 IS 'by a half-life of a week';
COMMENT ON COLUMN paperfeed.standings.heat_3 IS 'by a half-life of 30 days';
