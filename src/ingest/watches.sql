/*
 * src/ingest/watches.sql: standing queries of readers, matched inside the ingest
 *
 * Hits refer to nothing by a foreign key: each one would lock the watch's row and
 * the paper's.  One of a watch that was removed while it was written is nobody's.
 */

CREATE TABLE paperfeed.watches (
	id				bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	reader			text COLLATE "C" NOT NULL DEFAULT paperfeed.current_reader(),
	name			text CONSTRAINT watch_name_is_a_line CHECK (pg_catalog.length(name) BETWEEN 1 AND 200 AND name OPERATOR(pg_catalog.!~) '[[:cntrl:]]'),
	query			text,
	authors			text[] CONSTRAINT watch_authors_is_a_list CHECK (paperfeed._is_list(authors) AND pg_catalog.cardinality(authors) OPERATOR(pg_catalog.<=) 100),
	categories		text[] CONSTRAINT watch_categories_is_a_list CHECK (paperfeed._is_list(categories) AND pg_catalog.cardinality(categories) OPERATOR(pg_catalog.<=) 100),
	sources			text[] CONSTRAINT watch_sources_is_a_list CHECK (paperfeed._is_list(sources) AND pg_catalog.cardinality(sources) OPERATOR(pg_catalog.<=) 100),
	similar_to		paperfeed.paperid,
	min_similarity	double precision NOT NULL DEFAULT 0.2
		CONSTRAINT watch_min_similarity_is_sensible CHECK (min_similarity BETWEEN 0.05 AND 1),
	since			timestamptz NOT NULL DEFAULT (now() - interval '1 year'),
	enabled			boolean NOT NULL DEFAULT true,
	notify			boolean NOT NULL DEFAULT false,
	created_at		timestamptz NOT NULL DEFAULT now(),
	condition		tsquery GENERATED ALWAYS AS (paperfeed.condition(query)) STORED,
	words			text[] COLLATE "C",
	weights			real[],
	CONSTRAINT watch_looks_for_something CHECK (query IS NOT NULL OR authors IS NOT NULL OR categories IS NOT NULL
		OR sources IS NOT NULL OR similar_to IS NOT NULL)
);
CREATE INDEX watches_reader_idx ON paperfeed.watches (reader);
CREATE INDEX watches_similar_to_idx ON paperfeed.watches (similar_to) WHERE similar_to IS NOT NULL;

COMMENT ON TABLE paperfeed.watches IS 'standing queries of readers: what is looked for in each paper that is new or changed in paperfeed.papers; all that is given must hold; of each reader visible to himself alone, who may change his own where he was granted that; changes reach all sessions with the commit';
COMMENT ON COLUMN paperfeed.watches.id IS 'number of the watch';
COMMENT ON COLUMN paperfeed.watches.reader IS 'whose it is, as paperfeed.current_reader() told';
COMMENT ON COLUMN paperfeed.watches.name IS 'what the reader calls it, one line of up to 200 characters; NULL = nothing';
COMMENT ON COLUMN paperfeed.watches.query IS 'words, phrases, exclusions, fields: see paperfeed.condition(); NULL = any';
COMMENT ON COLUMN paperfeed.watches.authors IS 'any of these wrote it: full names, or family names alone; case and accents do not matter; up to 100; NULL = any';
COMMENT ON COLUMN paperfeed.watches.categories IS 'it is in any of these; cs.* stands for all that begin with cs.; up to 100; NULL = any';
COMMENT ON COLUMN paperfeed.watches.sources IS 'it comes from any of these, as in papers.source; up to 100; NULL = any';
COMMENT ON COLUMN paperfeed.watches.similar_to IS 'it is like this paper, by its words; NULL = no matter';
COMMENT ON COLUMN paperfeed.watches.min_similarity IS 'how much, 0.05 to 1: cosine of the angle between the weights of their words; of unrelated papers one in ten thousand reaches 0.2';
COMMENT ON COLUMN paperfeed.watches.since IS 'papers that were published before do not matter: who loads the past does not flood the readers';
COMMENT ON COLUMN paperfeed.watches.enabled IS 'false: it rests, and what comes meanwhile is no hit later';
COMMENT ON COLUMN paperfeed.watches.notify IS 'true: who listens on channel paperfeed_watch is told of its hits: {"watch": 7, "n": 2, "papers": ["arxiv:2401.00001", ...]}, once for each batch of up to 1,000 papers, with as many ids of the n as fit in';
COMMENT ON COLUMN paperfeed.watches.created_at IS 'when it was added';
COMMENT ON COLUMN paperfeed.watches.condition IS 'what the query asks of paperfeed.document()';
COMMENT ON COLUMN paperfeed.watches.words IS 'words that tell the most of the paper similar_to, up to 64; set them NULL to have them made anew';
COMMENT ON COLUMN paperfeed.watches.weights IS 'what these weigh; the sum of the squares is 1';
COMMENT ON INDEX paperfeed.watches_reader_idx IS 'the watches of a reader';
COMMENT ON INDEX paperfeed.watches_similar_to_idx IS 'the watches that compare with a paper';

CREATE TABLE paperfeed.watch_hits (
	watch		bigint NOT NULL,
	paper		paperfeed.paperid NOT NULL,
	at			timestamptz NOT NULL DEFAULT now(),
	is_new		boolean NOT NULL,
	similarity	real,
	PRIMARY KEY (paper, watch)
);
CREATE INDEX watch_hits_watch_idx ON paperfeed.watch_hits (watch, at);

COMMENT ON TABLE paperfeed.watch_hits IS 'papers that watches found, each once; of each reader visible to himself alone, who may delete his own where he was granted that; see paperfeed.my_hits';
COMMENT ON COLUMN paperfeed.watch_hits.watch IS 'number of the watch';
COMMENT ON COLUMN paperfeed.watch_hits.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.watch_hits.at IS 'when it was found: start of the transaction that wrote the paper';
COMMENT ON COLUMN paperfeed.watch_hits.is_new IS 'true: the paper was new; false: it was there, and a change made it match, or add_watch() looked for it';
COMMENT ON COLUMN paperfeed.watch_hits.similarity IS 'to the paper that the watch compares with, up to 1; NULL = the watch compares with none';
COMMENT ON INDEX paperfeed.watch_hits_watch_idx IS 'the hits of a watch by time';

CREATE FUNCTION paperfeed.add_watch(
	query text DEFAULT NULL, authors text[] DEFAULT NULL, categories text[] DEFAULT NULL, sources text[] DEFAULT NULL,
	similar_to paperfeed.paperid DEFAULT NULL, min_similarity double precision DEFAULT NULL, name text DEFAULT NULL,
	notify boolean DEFAULT false, since timestamptz DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'pf_add_watch' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.add_watch(text, text[], text[], text[], paperfeed.paperid, double precision, text, boolean, timestamptz) IS
'tell the current reader of papers to come: new or changed ones of paperfeed.papers that have all of what is given (see watches for each, try_watch to see first what it finds); gives the number of the watch; with since, papers published since then that are there already are hits at once, which takes SELECT on paperfeed.papers (42501) and time where no query narrows them; without, those published more than a year ago do not matter; errors: 23514 for nothing to look for and for what the table does not take, 42601, 22023 and 54000 as for condition(), 23503 for a paper that is not in paperfeed.papers (any other identity of it will do), 54000 for more than 100 watches of a reader';

CREATE FUNCTION paperfeed.remove_watch(id bigint) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_remove_watch' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.remove_watch(bigint) IS
'remove a watch of the current reader''s own, with its hits; false if he has none of that number; NULL gives NULL';

CREATE FUNCTION paperfeed.try_watch(
	query text DEFAULT NULL, authors text[] DEFAULT NULL, categories text[] DEFAULT NULL, sources text[] DEFAULT NULL,
	similar_to paperfeed.paperid DEFAULT NULL, min_similarity double precision DEFAULT NULL, last integer DEFAULT 1000,
	OUT paper paperfeed.paperid, OUT title text, OUT published timestamptz, OUT similarity real)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_try_watch' LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 10;

COMMENT ON FUNCTION paperfeed.try_watch(text, text[], text[], text[], paperfeed.paperid, double precision, integer) IS
'what such a watch would have found among the last papers of paperfeed.papers by date, the newest first; similarity is NULL unless it compares with a paper; last NULL looks at none; needs SELECT on paperfeed.papers; errors: 22023 for nothing to look for and a negative number, else as for add_watch';

CREATE FUNCTION paperfeed.watch_index(
	OUT watches bigint, OUT terms bigint, OUT filed bigint, OUT everywhere bigint, OUT bytes bigint,
	OUT made_in double precision)
AS 'MODULE_PATHNAME', 'pf_watch_index' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.watch_index() IS
'the index of all watches as this session keeps it, made now if it has none: watches that are enabled, terms (words, names and the like) that it knows, entries filed under them, watches that nothing narrows, so that each paper is compared with them, bytes of memory, and milliseconds that it took to make; not for PUBLIC';

CREATE FUNCTION paperfeed._watch_vector() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_watch_vector' LANGUAGE C;
CREATE FUNCTION paperfeed._watches_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_watches_changed' LANGUAGE C;

COMMENT ON FUNCTION paperfeed._watch_vector() IS 'trigger: gives a watch the words of the paper that it compares with';
COMMENT ON FUNCTION paperfeed._watches_changed() IS 'trigger: lets all sessions read the watches again, and removes the hits of those that are gone';

REVOKE EXECUTE ON FUNCTION paperfeed.watch_index(), paperfeed._watch_vector(), paperfeed._watches_changed() FROM PUBLIC;

CREATE TRIGGER watch_vector BEFORE INSERT OR UPDATE ON paperfeed.watches
	FOR EACH ROW EXECUTE FUNCTION paperfeed._watch_vector();
CREATE TRIGGER watches_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON paperfeed.watches
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._watches_changed();
CREATE TRIGGER watch_removed AFTER DELETE ON paperfeed.watches
	FOR EACH ROW EXECUTE FUNCTION paperfeed._watches_changed();

COMMENT ON TRIGGER watch_vector ON paperfeed.watches IS 'gives a watch the words of the paper that it compares with';
COMMENT ON TRIGGER watches_changed ON paperfeed.watches IS 'lets all sessions read the watches again';
COMMENT ON TRIGGER watch_removed ON paperfeed.watches IS 'removes the hits of a watch with it';

ALTER TABLE paperfeed.watches ENABLE ROW LEVEL SECURITY;
ALTER TABLE paperfeed.watch_hits ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON paperfeed.watches
	USING (reader OPERATOR(pg_catalog.=) paperfeed.current_reader());
CREATE POLICY see_own ON paperfeed.watch_hits FOR SELECT
	USING (watch OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT w.id FROM paperfeed.watches AS w
		WHERE w.reader OPERATOR(pg_catalog.=) paperfeed.current_reader())));
CREATE POLICY delete_own ON paperfeed.watch_hits FOR DELETE
	USING (watch OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT w.id FROM paperfeed.watches AS w
		WHERE w.reader OPERATOR(pg_catalog.=) paperfeed.current_reader())));

COMMENT ON POLICY own ON paperfeed.watches IS 'a reader sees and changes what is his';
COMMENT ON POLICY see_own ON paperfeed.watch_hits IS 'a reader sees what his watches found';
COMMENT ON POLICY delete_own ON paperfeed.watch_hits IS 'a reader deletes what his watches found';

CREATE VIEW paperfeed.my_hits WITH (security_invoker = true) AS
	SELECT h.at, h.watch, w.name, h.paper, p.title, p.authors, p.published, p.url, h.is_new, h.similarity
	FROM paperfeed.watches AS w
	JOIN paperfeed.watch_hits AS h ON h.watch OPERATOR(pg_catalog.=) w.id
	JOIN paperfeed.papers AS p ON p.id OPERATOR(pg_catalog.=) h.paper
	WHERE w.reader OPERATOR(pg_catalog.=) paperfeed.current_reader();

COMMENT ON VIEW paperfeed.my_hits IS 'what the current reader''s watches found; needs SELECT on watches, watch_hits and papers';
COMMENT ON COLUMN paperfeed.my_hits.at IS 'when it was found';
COMMENT ON COLUMN paperfeed.my_hits.watch IS 'number of the watch';
COMMENT ON COLUMN paperfeed.my_hits.name IS 'what the reader calls the watch';
COMMENT ON COLUMN paperfeed.my_hits.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.my_hits.title IS 'its title';
COMMENT ON COLUMN paperfeed.my_hits.authors IS 'its authors';
COMMENT ON COLUMN paperfeed.my_hits.published IS 'its date';
COMMENT ON COLUMN paperfeed.my_hits.url IS 'its page for people';
COMMENT ON COLUMN paperfeed.my_hits.is_new IS 'true: it was new; false: a change made it match, or add_watch() looked for it';
COMMENT ON COLUMN paperfeed.my_hits.similarity IS 'to the paper that the watch compares with; NULL = the watch compares with none';

SELECT pg_catalog.pg_extension_config_dump('paperfeed.watches', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.watches_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.watch_hits', '');
