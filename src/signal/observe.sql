/* src/signal/observe.sql: counters that feeds and others report */

CREATE TABLE paperfeed.readings (
	paper		paperfeed.paperid NOT NULL,
	kind		text COLLATE "C" NOT NULL,
	source		text COLLATE "C" NOT NULL DEFAULT '',
	value		double precision NOT NULL
		CONSTRAINT value_is_sensible CHECK (value BETWEEN 0 AND 1e12),
	base		double precision NOT NULL DEFAULT 0
		CONSTRAINT base_is_sensible CHECK (base BETWEEN 0 AND 1e12),
	at			timestamptz NOT NULL
		CONSTRAINT at_is_finite CHECK (pg_catalog.isfinite(at)),
	PRIMARY KEY (paper, kind, source)
) WITH (fillfactor = 90);

COMMENT ON TABLE paperfeed.readings IS 'what each source said last of a number that counts as signals; the counter of a paper and kind is the largest value - base among its sources, and the sum of the signals that were made of it';
COMMENT ON COLUMN paperfeed.readings.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.readings.kind IS 'kind, as in signal_kinds: the name of a key in papers.metrics';
COMMENT ON COLUMN paperfeed.readings.source IS 'who counts: source of the feed''s record, or what observe() was given; empty = not told';
COMMENT ON COLUMN paperfeed.readings.value IS 'number that it said last, 0 to 1e12';
COMMENT ON COLUMN paperfeed.readings.base IS 'number above which it counts: 0, or its first reading where signal_kinds.counts_from says so';
COMMENT ON COLUMN paperfeed.readings.at IS 'time of the reading; one of an earlier time is ignored';

CREATE FUNCTION paperfeed.observe(
	paper paperfeed.paperid, kind text, value double precision,
	at timestamptz DEFAULT NULL, source text DEFAULT NULL)
RETURNS double precision
AS 'MODULE_PATHNAME', 'pf_observe'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.observe(paperfeed.paperid, text, double precision, timestamptz, text) IS
'note that a counter of a paper (downloads, citations) stands at a value, 0 to 1e12; what it grew by since the last reading becomes a signal, what it shrank by is taken back from the newest ones, and this is returned; of several sources the largest count is the counter; a first reading counts as signal_kinds.counts_from says, dated at papers.published; a reading older than the source''s last one gives 0; the paper may have any of its names, and need not be in papers; feeds'' metrics are noted in the same way, while to write into papers.metrics by hand makes no signal; at NULL = now, or paperfeed.clock; source NULL = none; NULL paper, kind or value gives NULL; errors: 42704 for a kind that is not in signal_kinds, 22023 for a value out of range, 22008 for a time that is infinite or more than 5 minutes ahead';

REVOKE EXECUTE ON FUNCTION paperfeed.observe(paperfeed.paperid, text, double precision, timestamptz, text) FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('paperfeed.readings', '');
