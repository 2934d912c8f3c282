/* src/signal/submit.sql: papers that readers propose */

CREATE TABLE paperfeed.resolvers (
	scheme		text COLLATE "C" PRIMARY KEY
		CHECK (scheme IN ('arxiv', 'doi', 'pmid', 'acl', 'openreview', 'url', 'oai', 'title')),
	url			text CONSTRAINT url_has_a_place CHECK (pg_catalog.strpos(url, '{id}') OPERATOR(pg_catalog.>) 0),
	pause		interval NOT NULL DEFAULT '1 second'
		CONSTRAINT pause_is_sensible CHECK (pause BETWEEN '0 seconds' AND '1 minute')
);

COMMENT ON TABLE paperfeed.resolvers IS 'which address has what was submitted, yours to edit: to insert a scheme that is there changes it; a scheme without a row is not asked for (a default one that is deleted is there again after a restore: give it the url NULL)';
COMMENT ON COLUMN paperfeed.resolvers.scheme IS 'kind of identity, as paperfeed.scheme() tells it, or title';
COMMENT ON COLUMN paperfeed.resolvers.url IS 'http or https address of a document with the paper, with {id} where the identity goes (without "arxiv:", percent-encoded), or the words of the title; {id} alone is the submitted address itself; the service is trusted with what it says of papers, but for scheme url, where only the paper of that very address is taken; NULL = not asked for';
COMMENT ON COLUMN paperfeed.resolvers.pause IS 'least time between requests when many are resolved, up to a minute';

INSERT INTO paperfeed.resolvers VALUES
	('arxiv', 'https://export.arxiv.org/api/query?id_list={id}', '3 seconds'),
	('doi', 'https://api.crossref.org/works/{id}', '1 second'),
	('pmid', 'https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?db=pubmed&retmode=xml&id={id}', '1 second'),
	('openreview', 'https://api2.openreview.net/notes?id={id}', '1 second'),
	('url', '{id}', '1 second'),
	('title', 'https://export.arxiv.org/api/query?max_results=10&search_query=ti:%22{id}%22', '3 seconds');

CREATE TABLE paperfeed.submissions (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	paper		paperfeed.paperid,
	source		text NOT NULL,
	note		text,
	reader		text COLLATE "C" NOT NULL,
	at			timestamptz NOT NULL DEFAULT now(),
	state		text NOT NULL DEFAULT 'waiting' CHECK (state IN ('found', 'waiting', 'failed')),
	attempts	integer NOT NULL DEFAULT 0,
	tried_at	timestamptz,
	problem		text,
	CHECK ((paper IS NOT NULL) = (state = 'found'))
);
CREATE UNIQUE INDEX submissions_paper_idx ON paperfeed.submissions (paper, reader) WHERE paper IS NOT NULL;
CREATE UNIQUE INDEX submissions_source_idx ON paperfeed.submissions (reader, pg_catalog.md5(source)) WHERE paper IS NULL;
CREATE INDEX submissions_waiting_idx ON paperfeed.submissions (tried_at) WHERE state = 'waiting';
CREATE INDEX submissions_at_idx ON paperfeed.submissions (at);

COMMENT ON TABLE paperfeed.submissions IS 'papers that readers propose, visible to all who may read the table; written by paperfeed.submit() and resolve_submissions()';
COMMENT ON COLUMN paperfeed.submissions.id IS 'number of the submission';
COMMENT ON COLUMN paperfeed.submissions.paper IS 'id of the paper; NULL until it is there';
COMMENT ON COLUMN paperfeed.submissions.source IS 'what was submitted: an identity, an address or a title';
COMMENT ON COLUMN paperfeed.submissions.note IS 'what the reader says of it; NULL = nothing';
COMMENT ON COLUMN paperfeed.submissions.reader IS 'who submitted it, as paperfeed.current_reader() told';
COMMENT ON COLUMN paperfeed.submissions.at IS 'when he first did, which is the day of its edition';
COMMENT ON COLUMN paperfeed.submissions.state IS 'found: the paper is there; waiting: it will be asked for; failed: it was, in vain, and will not be again unless it is submitted anew';
COMMENT ON COLUMN paperfeed.submissions.attempts IS 'how often it was asked for by resolve_submissions()';
COMMENT ON COLUMN paperfeed.submissions.tried_at IS 'when that was last; NULL = never';
COMMENT ON COLUMN paperfeed.submissions.problem IS 'why it is not there; NULL = it is, or was not asked for yet';
COMMENT ON INDEX paperfeed.submissions_paper_idx IS 'who proposed a paper; each reader once';
COMMENT ON INDEX paperfeed.submissions_source_idx IS 'what waits is there once for each reader';
COMMENT ON INDEX paperfeed.submissions_waiting_idx IS 'what is next to be asked for';
COMMENT ON INDEX paperfeed.submissions_at_idx IS 'the submissions of a day';

CREATE FUNCTION paperfeed.submit(source text, note text DEFAULT NULL) RETURNS paperfeed.submissions
AS 'MODULE_PATHNAME', 'pf_submit' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.submit(text, text) IS
'propose a paper as the current reader, by an identity, an address or its title (case and punctuation do not matter); gives the submission as it stands, the first one if he did so before, with the new note if there is one; a paper that is not there yet is asked for at once (see resolvers) if the caller may EXECUTE paperfeed.ingest and write to paperfeed.papers (for a title fetch, too, for other addresses fetch and ingest_document), else it waits for resolve_submissions(); a fault of the service is told in column problem and is no error; NULL source submits nothing and gives NULL; errors: 22023 for a source that is blank, longer than 2,000 characters or has control characters and for a note of more than 10,000 characters, 54000 for a reader with 100 submissions that wait';

CREATE PROCEDURE paperfeed.resolve_submissions(max_requests integer DEFAULT 20, max_attempts integer DEFAULT 5)
AS 'MODULE_PATHNAME', 'pf_resolve_submissions' LANGUAGE C;
REVOKE EXECUTE ON PROCEDURE paperfeed.resolve_submissions(integer, integer) FROM PUBLIC;

COMMENT ON PROCEDURE paperfeed.resolve_submissions(integer, integer) IS
'ask for papers that were submitted and wait, those first that were not asked for yet; at most max_requests of them, each a second time after an hour, a third after four, and no more than max_attempts times; a commit after each, unless it is called in a transaction; what went wrong is in paperfeed.submissions; readers choose what is asked for, from public addresses; several at once do not get in each other''s way; errors: 42501 unless the caller may EXECUTE ingest, ingest_document and fetch and write to paperfeed.papers, 22023 for negative or NULL numbers';

CREATE FUNCTION paperfeed._resolvers_insert() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_resolvers_insert' LANGUAGE C;
REVOKE EXECUTE ON FUNCTION paperfeed._resolvers_insert() FROM PUBLIC;

CREATE TRIGGER resolvers_insert BEFORE INSERT ON paperfeed.resolvers
	FOR EACH ROW EXECUTE FUNCTION paperfeed._resolvers_insert();

COMMENT ON FUNCTION paperfeed._resolvers_insert() IS 'trigger: a scheme that is there is changed instead';
COMMENT ON TRIGGER resolvers_insert ON paperfeed.resolvers IS 'a scheme that is there is changed instead';

ALTER TABLE paperfeed.submissions ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON paperfeed.submissions FOR SELECT USING (true);
COMMENT ON POLICY everybody ON paperfeed.submissions IS 'submissions are for all, and written by functions only';

-- what was not edited is there anyway
SELECT pg_catalog.pg_extension_config_dump('paperfeed.resolvers',
	$$WHERE ((scheme, url, pause) IN (VALUES
		('arxiv', 'https://export.arxiv.org/api/query?id_list={id}', interval '3 seconds'),
		('doi', 'https://api.crossref.org/works/{id}', '1 second'),
		('pmid', 'https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?db=pubmed&retmode=xml&id={id}', '1 second'),
		('openreview', 'https://api2.openreview.net/notes?id={id}', '1 second'),
		('url', '{id}', '1 second'),
		('title', 'https://export.arxiv.org/api/query?max_results=10&search_query=ti:%22{id}%22', '3 seconds'))) IS NOT TRUE$$);
SELECT pg_catalog.pg_extension_config_dump('paperfeed.submissions', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.submissions_id_seq', '');
