/* src/paper/paper.sql: the paper, its table and what is known beside it */

CREATE TYPE paperfeed.paper AS (
	id			paperfeed.paperid,
	title		text,
	abstract	text,
	authors		text[],
	published	timestamptz,
	updated		timestamptz,
	version		integer,
	categories	text[],
	doi			text,
	venue		text,
	comment		text,
	license		text,
	url			text,
	pdf_url		text,
	links		jsonb,
	metrics		jsonb,
	withdrawn	boolean,
	source		text,
	extra		jsonb
);

COMMENT ON TYPE paperfeed.paper IS 'a research paper as one row; make tables of it by CREATE TABLE mine OF paperfeed.paper (PRIMARY KEY (id))';
COMMENT ON COLUMN paperfeed.paper.id IS 'identity, scheme:value: arXiv id, else DOI, PMID, ACL Anthology id, OpenReview id, else canonical link, else OAI identifier, else hash of title and first author';
COMMENT ON COLUMN paperfeed.paper.title IS 'display text';
COMMENT ON COLUMN paperfeed.paper.abstract IS 'display text, NULL where no source gives one';
COMMENT ON COLUMN paperfeed.paper.authors IS '"Given Family" in the order of the source';
COMMENT ON COLUMN paperfeed.paper.published IS 'first publication as the source tells it; a missing part is the earliest possible, a missing zone UTC';
COMMENT ON COLUMN paperfeed.paper.updated IS 'last change of the paper as the source tells it';
COMMENT ON COLUMN paperfeed.paper.version IS 'version, from 1; NULL where the source has none';
COMMENT ON COLUMN paperfeed.paper.categories IS 'subjects, the primary one first';
COMMENT ON COLUMN paperfeed.paper.doi IS 'DOI in lower case, without a resolver''s address';
COMMENT ON COLUMN paperfeed.paper.venue IS 'journal, proceedings or journal reference';
COMMENT ON COLUMN paperfeed.paper.comment IS 'the authors'' comment: pages, figures, where it was accepted';
COMMENT ON COLUMN paperfeed.paper.license IS 'address or name of the license';
COMMENT ON COLUMN paperfeed.paper.url IS 'page for people';
COMMENT ON COLUMN paperfeed.paper.pdf_url IS 'address of the PDF';
COMMENT ON COLUMN paperfeed.paper.links IS 'addresses by kind: {"code": [...], "model": [...], "data": [...], "project": [...]}';
COMMENT ON COLUMN paperfeed.paper.metrics IS 'numbers that sources report: {"upvotes": 9, "comments": 2, "github_stars": 120, "citations": 7}';
COMMENT ON COLUMN paperfeed.paper.withdrawn IS 'true when the source deleted, withdrew or retracted it';
COMMENT ON COLUMN paperfeed.paper.source IS 'source that title, abstract, authors and dates come from';
COMMENT ON COLUMN paperfeed.paper.extra IS 'what else the sources tell';

CREATE TABLE paperfeed.papers OF paperfeed.paper (PRIMARY KEY (id));
CREATE INDEX papers_published_idx ON paperfeed.papers (published);

-- The table's columns are the type's.
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT attname, pg_catalog.col_description(attrelid, attnum) AS comment
		FROM pg_catalog.pg_attribute
		WHERE attrelid = 'paperfeed.paper'::regclass AND attnum > 0
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON COLUMN paperfeed.papers.%I IS %L', c.attname, c.comment);
	END LOOP;
END
$$;

COMMENT ON TABLE paperfeed.papers IS 'the papers, one row for each, however many feeds show it';
COMMENT ON INDEX paperfeed.papers_published_idx IS 'newest papers first';

CREATE TABLE paperfeed._identity (
	identity	paperfeed.paperid NOT NULL,
	target		regclass NOT NULL DEFAULT 'paperfeed.papers'::regclass,
	paper		paperfeed.paperid NOT NULL,
	PRIMARY KEY (identity, target),
	-- an arXiv id is always its paper's own, so it is not looked for here
	CONSTRAINT _identity_not_arxiv CHECK (paperfeed.scheme(identity) OPERATOR(pg_catalog.<>) 'arxiv')
);
CREATE INDEX _identity_paper_idx ON paperfeed._identity (paper) WHERE identity OPERATOR(pg_catalog.<>) paper;

COMMENT ON TABLE paperfeed._identity IS 'every identity by which a row of a papers table is known, its own included unless that is an arXiv id; the unique key keeps concurrent ingests from making two rows of one paper';
COMMENT ON COLUMN paperfeed._identity.identity IS 'an identity that some record carried';
COMMENT ON COLUMN paperfeed._identity.target IS 'table that the paper is in';
COMMENT ON COLUMN paperfeed._identity.paper IS 'id of the row';

CREATE VIEW paperfeed.aliases AS
	SELECT identity AS alias, paper
	FROM paperfeed._identity
	WHERE target = 'paperfeed.papers'::regclass
		AND identity OPERATOR(pg_catalog.<>) paper
	WITH CASCADED CHECK OPTION;

COMMENT ON VIEW paperfeed.aliases IS 'every other identity of the papers in paperfeed.papers; insert a row to teach one that no paper has yet';
COMMENT ON COLUMN paperfeed.aliases.alias IS 'the other identity';
COMMENT ON COLUMN paperfeed.aliases.paper IS 'id of the row in paperfeed.papers';

CREATE TABLE paperfeed.sightings (
	paper		paperfeed.paperid NOT NULL,
	feed		bigint NOT NULL,
	first_seen	timestamptz NOT NULL DEFAULT now(),
	last_seen	timestamptz NOT NULL DEFAULT now(),
	position	integer,
	announce	text,
	announced	timestamptz,
	fingerprint	bigint NOT NULL,
	PRIMARY KEY (paper, feed)
);


COMMENT ON TABLE paperfeed.sightings IS 'which feed showed which paper';
COMMENT ON COLUMN paperfeed.sightings.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.sightings.feed IS 'id in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.sightings.first_seen IS 'when the feed showed it first';
COMMENT ON COLUMN paperfeed.sightings.last_seen IS 'when the feed last had something new to say of it';
COMMENT ON COLUMN paperfeed.sightings.position IS 'place in the document then, from 1';
COMMENT ON COLUMN paperfeed.sightings.announce IS 'kind of announcement: new, cross, replace, replace-cross, featured';
COMMENT ON COLUMN paperfeed.sightings.announced IS 'when the feed says that it listed the paper';
COMMENT ON COLUMN paperfeed.sightings.fingerprint IS 'hash of what the feed said; equal = nothing new';

CREATE TABLE paperfeed.revisions (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	paper		paperfeed.paperid NOT NULL,
	revised_at	timestamptz NOT NULL DEFAULT now(),
	feed		bigint,
	version		integer,
	was			jsonb NOT NULL
);
CREATE INDEX revisions_paper_idx ON paperfeed.revisions (paper);

COMMENT ON TABLE paperfeed.revisions IS 'what the changed rows of paperfeed.papers said before';
COMMENT ON COLUMN paperfeed.revisions.id IS 'number of the revision';
COMMENT ON COLUMN paperfeed.revisions.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.revisions.revised_at IS 'when the row was changed';
COMMENT ON COLUMN paperfeed.revisions.feed IS 'feed that brought the change, id in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.revisions.version IS 'version that said it; NULL where the source has none';
COMMENT ON COLUMN paperfeed.revisions.was IS 'the columns that changed with their values before; a row that was joined into another one stands here whole';

CREATE TABLE paperfeed.rejects (
	feed		bigint NOT NULL,
	fingerprint	bigint NOT NULL,
	rejected_at	timestamptz NOT NULL DEFAULT now(),
	position	integer,
	reason		text NOT NULL,
	record		jsonb NOT NULL,
	PRIMARY KEY (feed, fingerprint)
);

COMMENT ON TABLE paperfeed.rejects IS 'records that could not become papers, and why; the first thousand of a document';
COMMENT ON COLUMN paperfeed.rejects.feed IS 'id in paperfeed.feeds';
COMMENT ON COLUMN paperfeed.rejects.fingerprint IS 'hash of the record: a record is kept once, however often its feed repeats it';
COMMENT ON COLUMN paperfeed.rejects.rejected_at IS 'when it was first rejected';
COMMENT ON COLUMN paperfeed.rejects.position IS 'place in the document, from 1';
COMMENT ON COLUMN paperfeed.rejects.reason IS 'why it is no paper';
COMMENT ON COLUMN paperfeed.rejects.record IS 'what could be read of it';

SELECT pg_catalog.pg_extension_config_dump('paperfeed.papers', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed._identity', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.sightings', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.revisions', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.revisions_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.rejects', '');
