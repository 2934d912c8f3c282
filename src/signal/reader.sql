/*
 * src/signal/reader.sql: what readers do, and what of it others may see
 *
 * Nothing here refers to the papers by a foreign key: each vote would lock the
 * paper's row, and what readers said outlives a row that is deleted and comes back.
 */

CREATE FUNCTION paperfeed.current_reader() RETURNS text
AS 'MODULE_PATHNAME', 'pf_current_reader_sql' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.current_reader() IS
'who votes, saves and comments here: the setting paperfeed.reader, which an application sets for each of its users (for the transaction: SET LOCAL) and nobody may set who was not granted it: GRANT SET ON PARAMETER paperfeed.reader TO webapp; where it is empty, the database role, as logged in or by SET ROLE, also within SECURITY DEFINER functions; names of both kinds are in one room, so let no user of the application choose that of a role; never NULL';

CREATE TABLE paperfeed.votes (
	reader		text COLLATE "C" NOT NULL,
	paper		paperfeed.paperid NOT NULL,
	value		smallint NOT NULL,
	at			timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (reader, paper)
);

COMMENT ON TABLE paperfeed.votes IS 'readers'' votes as they stand, of each reader visible to himself alone; written by paperfeed.vote()';
COMMENT ON COLUMN paperfeed.votes.reader IS 'who voted, as paperfeed.current_reader() told';
COMMENT ON COLUMN paperfeed.votes.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.votes.value IS '1 or -1';
COMMENT ON COLUMN paperfeed.votes.at IS 'when it was given, or changed';

CREATE TABLE paperfeed.saves (
	reader		text COLLATE "C" NOT NULL,
	paper		paperfeed.paperid NOT NULL,
	tags		text[] NOT NULL DEFAULT '{}',
	note		text,
	saved_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (reader, paper)
);

COMMENT ON TABLE paperfeed.saves IS 'papers that readers keep, with tags and notes, of each reader visible to himself alone; written by paperfeed.save() and unsave()';
COMMENT ON COLUMN paperfeed.saves.reader IS 'whose it is, as paperfeed.current_reader() told';
COMMENT ON COLUMN paperfeed.saves.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.saves.tags IS 'tags in the order in which they were given, each once';
COMMENT ON COLUMN paperfeed.saves.note IS 'the reader''s note; NULL = none';
COMMENT ON COLUMN paperfeed.saves.saved_at IS 'when it was first saved';

CREATE TABLE paperfeed.reads (
	reader		text COLLATE "C" NOT NULL,
	paper		paperfeed.paperid NOT NULL,
	read_at		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (reader, paper)
);

COMMENT ON TABLE paperfeed.reads IS 'which reader has read which paper, of each reader visible to himself alone; written by paperfeed.mark_read()';
COMMENT ON COLUMN paperfeed.reads.reader IS 'who read it, as paperfeed.current_reader() told';
COMMENT ON COLUMN paperfeed.reads.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.reads.read_at IS 'when it was first marked';

CREATE TABLE paperfeed.comments (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	paper		paperfeed.paperid NOT NULL,
	reader		text COLLATE "C" NOT NULL,
	body		text,
	reply_to	bigint,
	at			timestamptz NOT NULL DEFAULT now(),
	edited_at	timestamptz,
	deleted_at	timestamptz
);
CREATE INDEX comments_paper_idx ON paperfeed.comments (paper, at);

COMMENT ON TABLE paperfeed.comments IS 'readers'' comments, visible to all who may read the table; written by paperfeed.comment(), edit_comment() and delete_comment()';
COMMENT ON COLUMN paperfeed.comments.id IS 'number of the comment';
COMMENT ON COLUMN paperfeed.comments.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.comments.reader IS 'who wrote it, as paperfeed.current_reader() told';
COMMENT ON COLUMN paperfeed.comments.body IS 'its words, plain text; NULL once it was deleted';
COMMENT ON COLUMN paperfeed.comments.reply_to IS 'id of the comment that it answers, on the same paper; NULL = none';
COMMENT ON COLUMN paperfeed.comments.at IS 'when it was written';
COMMENT ON COLUMN paperfeed.comments.edited_at IS 'when it was last edited; NULL = never';
COMMENT ON COLUMN paperfeed.comments.deleted_at IS 'when it was deleted; NULL = it was not';
COMMENT ON INDEX paperfeed.comments_paper_idx IS 'the comments on a paper';

CREATE FUNCTION paperfeed.vote(paper paperfeed.paperid, value integer DEFAULT 1) RETURNS integer
AS 'MODULE_PATHNAME', 'pf_vote' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.vote(paperfeed.paperid, integer) IS
'the current reader''s vote on a paper: 1, -1, or 0 to take it back; gives the vote that it replaces, 0 if there was none, so that vote(paper, that) undoes it; the same again changes nothing; any other identity of the paper will do; NULL votes nothing and gives NULL; errors: 22023 for another value, 23503 for a paper that is not in paperfeed.papers (see submit), though a vote may be taken back there';

CREATE FUNCTION paperfeed.save(paper paperfeed.paperid, tag text DEFAULT NULL, note text DEFAULT NULL) RETURNS text[]
AS 'MODULE_PATHNAME', 'pf_save' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.save(paperfeed.paperid, text, text) IS
'keep a paper for the current reader, under a tag if one is given, beside those it has; gives its tags now; note NULL leaves the note alone, an empty one removes it; NULL paper saves nothing and gives NULL; errors: 22023 for a tag that is blank, longer than 100 characters or has control characters and for a note of more than 10,000 characters, 54000 for more than 100 tags, 23503 for a paper that is not in paperfeed.papers (see submit)';

CREATE FUNCTION paperfeed.unsave(paper paperfeed.paperid, tag text DEFAULT NULL) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_unsave' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.unsave(paperfeed.paperid, text) IS
'take a tag off a paper that the current reader saved (it stays saved), or, without a tag, keep it no longer, its tags and note included; false if there was nothing to do; NULL paper gives NULL; error 22023 for what is no tag (see save)';

CREATE FUNCTION paperfeed.mark_read(paper paperfeed.paperid, read boolean DEFAULT true) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_mark_read' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.mark_read(paperfeed.paperid, boolean) IS
'note that the current reader has read a paper, or has not; gives whether he had; NULL changes nothing and gives NULL; error 23503 for a paper that is not in paperfeed.papers (see submit), though a mark may be removed there';

CREATE FUNCTION paperfeed.comment(paper paperfeed.paperid, body text, reply_to bigint DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'pf_comment' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.comment(paperfeed.paperid, text, bigint) IS
'write a comment on a paper as the current reader, or with reply_to an answer to one on the same paper; gives its id; it is plain text, so escape it where it is shown; NULL paper or body writes nothing and gives NULL; errors: 22023 for a body that is blank, longer than 10,000 characters or has control characters but those of lines, 23503 for a paper that is not in paperfeed.papers (see submit) and for an answer to what is no comment on it';

CREATE FUNCTION paperfeed.edit_comment(id bigint, body text) RETURNS void
AS 'MODULE_PATHNAME', 'pf_edit_comment' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.edit_comment(bigint, text) IS
'change the words of a comment of the current reader''s own; NULL changes nothing; errors: 42501 for another''s, P0002 for one that is not there or was deleted, 22023 as for comment';

CREATE FUNCTION paperfeed.delete_comment(id bigint) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_delete_comment' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.delete_comment(bigint) IS
'delete a comment of the current reader''s own: its words go, its place among the answers stays; false if it was deleted before; NULL gives NULL; errors: 42501 for another''s, P0002 for one that is not there';

CREATE FUNCTION paperfeed._readers_moved(old paperfeed.paperid, new paperfeed.paperid) RETURNS void
AS 'MODULE_PATHNAME', 'pf_readers_moved' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE EXECUTE ON FUNCTION paperfeed._readers_moved(paperfeed.paperid, paperfeed.paperid) FROM PUBLIC;

COMMENT ON FUNCTION paperfeed._readers_moved(paperfeed.paperid, paperfeed.paperid) IS
'what readers said of a paper follows it to another id; call it before the signals follow';

/*
 * Whoever was granted SELECT sees his own rows, and no others.  Only the functions
 * write: they run as the owner, to whom these policies do not apply.
 */
ALTER TABLE paperfeed.votes ENABLE ROW LEVEL SECURITY;
ALTER TABLE paperfeed.saves ENABLE ROW LEVEL SECURITY;
ALTER TABLE paperfeed.reads ENABLE ROW LEVEL SECURITY;
ALTER TABLE paperfeed.signals ENABLE ROW LEVEL SECURITY;
ALTER TABLE paperfeed.comments ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON paperfeed.votes FOR SELECT
	USING (reader OPERATOR(pg_catalog.=) paperfeed.current_reader());
CREATE POLICY own ON paperfeed.saves FOR SELECT
	USING (reader OPERATOR(pg_catalog.=) paperfeed.current_reader());
CREATE POLICY own ON paperfeed.reads FOR SELECT
	USING (reader OPERATOR(pg_catalog.=) paperfeed.current_reader());
CREATE POLICY own ON paperfeed.signals FOR SELECT
	USING (reader IS NULL OR reader OPERATOR(pg_catalog.=) paperfeed.current_reader());
CREATE POLICY add_own ON paperfeed.signals FOR INSERT
	WITH CHECK (reader IS NULL OR reader OPERATOR(pg_catalog.=) paperfeed.current_reader());
CREATE POLICY everybody ON paperfeed.comments FOR SELECT USING (true);

COMMENT ON POLICY own ON paperfeed.votes IS 'a reader sees what is his';
COMMENT ON POLICY own ON paperfeed.saves IS 'a reader sees what is his';
COMMENT ON POLICY own ON paperfeed.reads IS 'a reader sees what is his';
COMMENT ON POLICY own ON paperfeed.signals IS 'a reader sees what is his, and what is nobody''s';
COMMENT ON POLICY add_own ON paperfeed.signals IS 'who may insert signals gives them in his own name, or in none';
COMMENT ON POLICY everybody ON paperfeed.comments IS 'comments are for all, and written by functions only';

SELECT pg_catalog.pg_extension_config_dump('paperfeed.votes', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.saves', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.reads', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.comments', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.comments_id_seq', '');
