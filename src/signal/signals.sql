/* src/signal/signals.sql: what is known of the interest in papers */

CREATE TABLE paperfeed.signal_kinds (
	kind		text COLLATE "C" PRIMARY KEY CHECK (kind OPERATOR(pg_catalog.~) '^[a-z][a-z0-9_]{0,62}$'),
	weight		double precision NOT NULL DEFAULT 1
		CONSTRAINT weight_is_sensible CHECK (weight BETWEEN -1e12 AND 1e12),
	counts_from	text NOT NULL DEFAULT 'start' CHECK (counts_from IN ('start', 'first reading')),
	description	text,
	id			integer GENERATED ALWAYS AS IDENTITY UNIQUE
);

COMMENT ON TABLE paperfeed.signal_kinds IS 'kinds of signals and what they count, yours to edit: a new weight is applied to all signals, the past ones too; to insert a kind that is there changes it; a row that is deleted makes its signals count nothing (but one that was there from the start is there again after a restore: give it the weight 0 instead)';
COMMENT ON COLUMN paperfeed.signal_kinds.kind IS 'name, as in signals.kind; a kind of the name of a key in papers.metrics makes a signal of each increase that a feed reports';
COMMENT ON COLUMN paperfeed.signal_kinds.weight IS 'what a signal of weight 1 is worth in votes, within 1e12 of zero; 0 = nothing, negative = counts against the paper';
COMMENT ON COLUMN paperfeed.signal_kinds.counts_from IS 'for numbers that feeds report: "start", what the first reading says was gathered since the paper was announced; "first reading", only what comes after it counts, as with the stars of a repository that is older than the paper';
COMMENT ON COLUMN paperfeed.signal_kinds.description IS 'what it is';
COMMENT ON COLUMN paperfeed.signal_kinds.id IS 'number of the kind within heat.parts';

INSERT INTO paperfeed.signal_kinds (kind, weight, counts_from, description) VALUES
	('vote', 1, 'start', 'a reader''s vote here, 1 or -1'),
	('save', 1, 'start', 'a reader saved the paper'),
	('view', 0.1, 'start', 'a reader read it'),
	('comment', 1, 'start', 'a reader''s comment here'),
	('submission', 1, 'start', 'a reader proposed the paper'),
	('upvotes', 1, 'start', 'votes that a feed reports'),
	('comments', 0.5, 'start', 'comments that a feed reports'),
	('github_stars', 0.05, 'first reading', 'stars of the code''s repository that a feed reports'),
	('citations', 0.5, 'first reading', 'citations that a feed reports'),
	('announcement', 0.5, 'start', 'a feed featured the paper, or showed it after another feed had'),
	('boost', 1, 'start', 'a rule of yours boosts the paper');

CREATE TABLE paperfeed.half_lives (
	half_life	interval PRIMARY KEY
		CONSTRAINT half_life_is_at_least_an_hour CHECK (half_life OPERATOR(pg_catalog.>=) '1 hour'::interval),
	slot		smallint NOT NULL UNIQUE CHECK (slot BETWEEN 1 AND 8)
);

COMMENT ON TABLE paperfeed.half_lives IS 'half-lives for which heat is kept, so that trending() answers at once; add one by INSERT INTO paperfeed.half_lives VALUES (''3 days''): its heat and the index are made then, from all signals';
COMMENT ON COLUMN paperfeed.half_lives.half_life IS 'time after which a signal counts half, at least an hour; up to eight of them';
COMMENT ON COLUMN paperfeed.half_lives.slot IS 'number of its column in heat, heat_1 to heat_8; the first free one unless a free one is given';

INSERT INTO paperfeed.half_lives VALUES ('1 day', 1), ('7 days', 2), ('30 days', 3);

CREATE TABLE paperfeed.signals (
	paper		paperfeed.paperid NOT NULL,
	kind		text COLLATE "C" NOT NULL,
	weight		double precision NOT NULL DEFAULT 1,
	at			timestamptz NOT NULL DEFAULT now(),
	reader		text COLLATE "C",
	source		text,
	known_at	timestamptz,
	retracts	boolean NOT NULL DEFAULT false
);
CREATE INDEX signals_paper_idx ON paperfeed.signals (paper, at) INCLUDE (kind, weight, known_at, retracts);
CREATE INDEX signals_at_idx ON paperfeed.signals (at) INCLUDE (paper, kind, weight, known_at);

COMMENT ON TABLE paperfeed.signals IS 'every sign of interest in a paper, append-only: votes, saves, views, comments, submissions, and what feeds report; what trending() and its replays are made of; a paper need not be in papers (yet)';
COMMENT ON COLUMN paperfeed.signals.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.signals.kind IS 'kind, as in signal_kinds; one that is not there counts nothing, with a warning';
COMMENT ON COLUMN paperfeed.signals.weight IS 'how many of it (5 upvotes at once), within 1e12 of zero (22003); what one counts is in signal_kinds';
COMMENT ON COLUMN paperfeed.signals.at IS 'time it decays from; finite, and at most 5 minutes ahead of the clock (22008)';
COMMENT ON COLUMN paperfeed.signals.reader IS 'reader who gave it; a row with a reader is visible to him alone; NULL = none, or not known';
COMMENT ON COLUMN paperfeed.signals.source IS 'where it comes from: source of the feed''s record; NULL for readers'' own';
COMMENT ON COLUMN paperfeed.signals.known_at IS 'since when it is known, where that is later than "at": replays of an earlier time leave it out; NULL = since "at"';
COMMENT ON COLUMN paperfeed.signals.retracts IS 'true where it takes back an earlier one: the opposite weight at that one''s own time, so that nothing remains of both';
COMMENT ON INDEX paperfeed.signals_paper_idx IS 'what a score is made of, without reading the table';
COMMENT ON INDEX paperfeed.signals_at_idx IS 'replay of a past moment, without reading the table';

CREATE TABLE paperfeed.heat (
	paper		paperfeed.paperid PRIMARY KEY,
	heat_1		double precision,
	heat_2		double precision,
	heat_3		double precision,
	heat_4		double precision,
	heat_5		double precision,
	heat_6		double precision,
	heat_7		double precision,
	heat_8		double precision,
	gross		double precision NOT NULL,
	parts		bytea NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX heat_1_idx ON paperfeed.heat (heat_1 DESC);
CREATE INDEX heat_2_idx ON paperfeed.heat (heat_2 DESC);
CREATE INDEX heat_3_idx ON paperfeed.heat (heat_3 DESC);
CREATE INDEX heat_gross_idx ON paperfeed.heat (gross) WHERE gross >= 16;

COMMENT ON TABLE paperfeed.heat IS 'the sum of each paper''s decaying signals, kept up to date by a trigger on signals; made anew from signals by paperfeed.rebuild_heat()';
COMMENT ON COLUMN paperfeed.heat.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.heat.heat_1 IS 'log2 of the sum as seen from 2000-01-01 UTC, for the half-life of half_lives.slot 1; its order does not depend on the present; -Infinity = nothing, or less';
COMMENT ON COLUMN paperfeed.heat.heat_2 IS 'the same for slot 2; NULL if that is free';
COMMENT ON COLUMN paperfeed.heat.heat_3 IS 'the same for slot 3; NULL if that is free';
COMMENT ON COLUMN paperfeed.heat.heat_4 IS 'the same for slot 4; NULL if that is free';
COMMENT ON COLUMN paperfeed.heat.heat_5 IS 'the same for slot 5; NULL if that is free';
COMMENT ON COLUMN paperfeed.heat.heat_6 IS 'the same for slot 6; NULL if that is free';
COMMENT ON COLUMN paperfeed.heat.heat_7 IS 'the same for slot 7; NULL if that is free';
COMMENT ON COLUMN paperfeed.heat.heat_8 IS 'the same for slot 8; NULL if that is free';
COMMENT ON COLUMN paperfeed.heat.gross IS 'sum of the weights of all its signals, none decayed, each without its sign: no score was ever larger';
COMMENT ON COLUMN paperfeed.heat.parts IS 'the sums by kind; see paperfeed.standings and paperfeed.explain()';
COMMENT ON INDEX paperfeed.heat_1_idx IS 'trending by a half-life of a day';
COMMENT ON INDEX paperfeed.heat_2_idx IS 'trending by a half-life of a week';
COMMENT ON INDEX paperfeed.heat_3_idx IS 'trending by a half-life of 30 days';
COMMENT ON INDEX paperfeed.heat_gross_idx IS 'papers that may outdo others by old signals alone';

CREATE FUNCTION paperfeed._heat_add(parts bytea, more bytea) RETURNS bytea
AS 'MODULE_PATHNAME', 'pf_heat_parts_add' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION paperfeed._heat_row(paper paperfeed.paperid, parts bytea) RETURNS paperfeed.heat
AS 'MODULE_PATHNAME', 'pf_heat_row' LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed._heat_add(bytea, bytea) IS 'sum of two values of heat.parts';
COMMENT ON FUNCTION paperfeed._heat_row(paperfeed.paperid, bytea) IS 'the row of paperfeed.heat that belongs to its parts, by the weights and half-lives of now';

CREATE FUNCTION paperfeed._signals_added() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_signals_added' LANGUAGE C;
CREATE FUNCTION paperfeed._signals_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_signals_changed' LANGUAGE C;
CREATE FUNCTION paperfeed._signal_kinds_insert() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_signal_kinds_insert' LANGUAGE C;
CREATE FUNCTION paperfeed._signal_kinds_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_signal_kinds_changed' LANGUAGE C;
CREATE FUNCTION paperfeed._half_lives_insert() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_half_lives_insert' LANGUAGE C;
CREATE FUNCTION paperfeed._half_lives_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_half_lives_changed' LANGUAGE C;

COMMENT ON FUNCTION paperfeed._signals_added() IS 'trigger: adds new signals to heat';
COMMENT ON FUNCTION paperfeed._signals_changed() IS 'trigger: makes the heat anew of papers whose signals were changed or deleted';
COMMENT ON FUNCTION paperfeed._signal_kinds_insert() IS 'trigger: a kind that is there is changed instead';
COMMENT ON FUNCTION paperfeed._signal_kinds_changed() IS 'trigger: applies new weights to heat';
COMMENT ON FUNCTION paperfeed._half_lives_insert() IS 'trigger: gives a half-life its slot; one that is there is left alone';
COMMENT ON FUNCTION paperfeed._half_lives_changed() IS 'trigger: makes heat and the indexes for new half-lives, removes those of deleted ones';

CREATE FUNCTION paperfeed.rebuild_heat() RETURNS bigint
AS 'MODULE_PATHNAME', 'pf_rebuild_heat' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION paperfeed.rebuild_heat() IS
'make paperfeed.heat anew from paperfeed.signals and give the number of papers in it; not for PUBLIC; votes wait meanwhile, lists do not; needs no arguments and is right at any time, after signals were loaded with triggers disabled, say';

REVOKE EXECUTE ON FUNCTION paperfeed.rebuild_heat(), paperfeed._signals_added(), paperfeed._signals_changed(),
	paperfeed._signal_kinds_insert(), paperfeed._signal_kinds_changed(), paperfeed._half_lives_insert(),
	paperfeed._half_lives_changed() FROM PUBLIC;

CREATE TRIGGER signals_added AFTER INSERT ON paperfeed.signals
	REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signals_added();
CREATE TRIGGER signals_updated AFTER UPDATE ON paperfeed.signals
	REFERENCING OLD TABLE AS was NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signals_changed();
CREATE TRIGGER signals_deleted AFTER DELETE ON paperfeed.signals
	REFERENCING OLD TABLE AS was
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signals_changed();
CREATE TRIGGER signals_truncated AFTER TRUNCATE ON paperfeed.signals
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signals_changed();

CREATE TRIGGER signal_kinds_insert BEFORE INSERT ON paperfeed.signal_kinds
	FOR EACH ROW EXECUTE FUNCTION paperfeed._signal_kinds_insert();
CREATE TRIGGER signal_kinds_renamed BEFORE UPDATE ON paperfeed.signal_kinds
	FOR EACH ROW WHEN (old.kind IS DISTINCT FROM new.kind OR old.id IS DISTINCT FROM new.id)
	EXECUTE FUNCTION paperfeed._signal_kinds_insert();
CREATE TRIGGER signal_kinds_inserted AFTER INSERT ON paperfeed.signal_kinds
	REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signal_kinds_changed();
CREATE TRIGGER signal_kinds_changed AFTER UPDATE OR DELETE OR TRUNCATE ON paperfeed.signal_kinds
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signal_kinds_changed();
CREATE TRIGGER half_lives_insert BEFORE INSERT ON paperfeed.half_lives
	FOR EACH ROW EXECUTE FUNCTION paperfeed._half_lives_insert();
CREATE TRIGGER half_lives_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON paperfeed.half_lives
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._half_lives_changed();

COMMENT ON TRIGGER signals_added ON paperfeed.signals IS 'keeps paperfeed.heat up to date';
COMMENT ON TRIGGER signals_updated ON paperfeed.signals IS 'keeps paperfeed.heat up to date';
COMMENT ON TRIGGER signals_deleted ON paperfeed.signals IS 'keeps paperfeed.heat up to date';
COMMENT ON TRIGGER signals_truncated ON paperfeed.signals IS 'keeps paperfeed.heat up to date';
COMMENT ON TRIGGER signal_kinds_insert ON paperfeed.signal_kinds IS 'a kind that is there is changed instead';
COMMENT ON TRIGGER signal_kinds_renamed ON paperfeed.signal_kinds IS 'refuses another name';
COMMENT ON TRIGGER signal_kinds_inserted ON paperfeed.signal_kinds IS 'keeps paperfeed.heat up to date';
COMMENT ON TRIGGER signal_kinds_changed ON paperfeed.signal_kinds IS 'keeps paperfeed.heat up to date';
COMMENT ON TRIGGER half_lives_insert ON paperfeed.half_lives IS 'gives a half-life its slot';
COMMENT ON TRIGGER half_lives_changed ON paperfeed.half_lives IS 'keeps paperfeed.heat up to date';

-- Rows that are there from the start are dumped where they were changed.  Heat is not: it is made
-- from the signals as they are restored.
SELECT pg_catalog.pg_extension_config_dump('paperfeed.signal_kinds',
	$$WHERE (kind, weight, counts_from) NOT IN (VALUES ('vote', 1, 'start'), ('save', 1, 'start'), ('view', 0.1, 'start'),
		('comment', 1, 'start'), ('submission', 1, 'start'), ('upvotes', 1, 'start'), ('comments', 0.5, 'start'),
		('github_stars', 0.05, 'first reading'), ('citations', 0.5, 'first reading'), ('announcement', 0.5, 'start'),
		('boost', 1, 'start'))$$);
SELECT pg_catalog.pg_extension_config_dump('paperfeed.signal_kinds_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.half_lives',
	$$WHERE (half_life, slot) NOT IN (VALUES (interval '1 day', 1), ('7 days', 2), ('30 days', 3))$$);
SELECT pg_catalog.pg_extension_config_dump('paperfeed.signals', '');
