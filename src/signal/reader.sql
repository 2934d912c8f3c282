/* src/signal/reader.sql: what readers do, and what of it others may see */

CREATE FUNCTION paperfeed.current_reader() RETURNS text
AS 'MODULE_PATHNAME', 'pf_current_reader_sql' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.current_reader() IS
'who votes, saves and comments here: the setting paperfeed.reader, which an application sets for each of its users (for the transaction: SET LOCAL) and nobody may set who was not granted it: GRANT SET ON PARAMETER paperfeed.reader TO webapp; where it is empty, the database role, as logged in or by SET ROLE, also within SECURITY DEFINER functions; names of both kinds are in one room, so let no user of the application choose that of a role; never NULL';

CREATE TABLE paperfeed.votes (
	reader		text COLLATE "C" NOT NULL,
	paper		paperfeed.paperid NOT NULL,
	value		smallint NOT NULL CONSTRAINT vote_is_up_or_down CHECK (value IN (1, -1)),
	at			timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (reader, paper)
);
CREATE INDEX votes_paper_idx ON paperfeed.votes (paper);

COMMENT ON TABLE paperfeed.votes IS 'readers'' votes as they stand, of each reader visible to himself alone; written by paperfeed.vote()';
COMMENT ON COLUMN paperfeed.votes.reader IS 'who voted, as paperfeed.current_reader() told';
COMMENT ON COLUMN paperfeed.votes.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.votes.value IS '1 or -1';
COMMENT ON COLUMN paperfeed.votes.at IS 'when it was given, or changed';
COMMENT ON INDEX paperfeed.votes_paper_idx IS 'to follow papers that are joined';

CREATE FUNCTION paperfeed.vote(paper paperfeed.paperid, value integer DEFAULT 1) RETURNS integer
AS 'MODULE_PATHNAME', 'pf_vote' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.vote(paperfeed.paperid, integer) IS
'the current reader''s vote on a paper: 1, -1, or 0 to take it back; gives the vote that it replaces, 0 if there was none, so that vote(paper, that) undoes it; the same again changes nothing; any other identity of the paper will do; NULL votes nothing and gives NULL; errors: 22023 for another value, 23503 for a paper that is not in paperfeed.papers (see submit)';

/*
 * Whoever was granted SELECT sees his own rows, and no others.  Only the functions
 * write: they run as the owner, to whom these policies do not apply.
 */
ALTER TABLE paperfeed.votes ENABLE ROW LEVEL SECURITY;
ALTER TABLE paperfeed.signals ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON paperfeed.votes FOR SELECT
	USING (reader OPERATOR(pg_catalog.=) paperfeed.current_reader());
CREATE POLICY own ON paperfeed.signals FOR SELECT
	USING (reader IS NULL OR reader OPERATOR(pg_catalog.=) paperfeed.current_reader());
CREATE POLICY add_own ON paperfeed.signals FOR INSERT
	WITH CHECK (reader IS NULL OR reader OPERATOR(pg_catalog.=) paperfeed.current_reader());

COMMENT ON POLICY own ON paperfeed.votes IS 'a reader sees what is his';
COMMENT ON POLICY own ON paperfeed.signals IS 'a reader sees what is his, and what is nobody''s';
COMMENT ON POLICY add_own ON paperfeed.signals IS 'who may insert signals gives them in his own name, or in none';

SELECT pg_catalog.pg_extension_config_dump('paperfeed.votes', '');
