/* src/ingest/discover.sql: which feeds a page has */

CREATE FUNCTION paperfeed.discover(page text, OUT url text, OUT title text, OUT type text, OUT how text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_discover'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 5 COST 10000;

COMMENT ON FUNCTION paperfeed.discover(text) IS
'the feeds of a page, the likeliest first: addresses for add_feed(), what they call themselves, their type (atom, rss, rdf, json feed ...; of a feed itself its format; NULL = not said), and how they were found: "service" (the address is a page of arXiv, Hugging Face, bioRxiv, medRxiv, OpenReview, the ACL Anthology, dblp or Semantic Scholar, and tells; no request is made), else by one request: "itself" (it is a feed), "link" (<link rel="alternate">) or "anchor" (an <a> that looks like it, up to a hundred of each); nothing is stored; no rows for NULL and for a page without feeds; errors: 22023 for what is no http or https address, 08xxx where the host or the transfer fails, 42501 for a private one, 54000 over a limit, 2200M or 22P02 if it is neither feed nor HTML';

REVOKE EXECUTE ON FUNCTION paperfeed.discover(text) FROM PUBLIC;
