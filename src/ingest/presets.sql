/* src/ingest/presets.sql: addresses of the services' feeds */

CREATE FUNCTION paperfeed.arxiv(category text, VARIADIC more text[] DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'pf_arxiv_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.arxiv(text, text[]) IS
'address of arXiv''s daily announcements in some categories (cs.CL) or archives (cs), in any case of letters: new, cross-listed and replaced papers, up to 2000 in one feed, none on weekends; for add_feed(), ingest() and fetch(); NULL for NULL; errors: 22023 for a category that arXiv does not have, 22004 for NULL among several';

CREATE FUNCTION paperfeed.arxiv_query(query text, max_results integer DEFAULT 200) RETURNS text
AS 'MODULE_PATHNAME', 'pf_arxiv_query_sql'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.arxiv_query(text, integer) IS
'address of what arXiv''s API finds, newest submissions first; the query is in its language, ''cat:cs.CL AND abs:"machine translation"''; max_results is 1 to 2000, NULL = the service''s own; NULL for a NULL query; error: 22023 for an empty query or a number out of range';

CREATE FUNCTION paperfeed.arxiv_oai(set text DEFAULT NULL, since date DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'pf_arxiv_oai_sql'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.arxiv_oai(text, date) IS
'address of arXiv''s records by OAI-PMH, changed ones as well, page after page: for backfill(); set is one of arXiv''s (cs:cs:CL, physics:hep-th) or a category or archive, NULL = all of arXiv; since is the day from which on records were changed, NULL = from the start; errors: 22023 for what is neither, 22008 for a day out of the years 1 to 9999';

CREATE FUNCTION paperfeed.huggingface_daily(day date DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'pf_huggingface_daily_sql'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.huggingface_daily(date) IS
'address of Hugging Face''s daily papers, with their upvotes: of a day, NULL = the latest hundred; error: 22008 for a day out of the years 1 to 9999';

CREATE FUNCTION paperfeed.biorxiv(collection text DEFAULT 'all') RETURNS text
AS 'MODULE_PATHNAME', 'pf_biorxiv_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.biorxiv(text) IS
'address of the newest preprints in a collection of bioRxiv: neuroscience, Cell Biology, all; it has the last thirty, so it is to be asked often; NULL for NULL; error: 22023 for what cannot be the name of a collection';

CREATE FUNCTION paperfeed.medrxiv(collection text DEFAULT 'all') RETURNS text
AS 'MODULE_PATHNAME', 'pf_medrxiv_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.medrxiv(text) IS
'the same for medRxiv: epidemiology, Health Economics, all';

CREATE FUNCTION paperfeed.pubmed(query text, max_results integer DEFAULT 100) RETURNS text
AS 'MODULE_PATHNAME', 'pf_pubmed_sql'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.pubmed(text, integer) IS
'address of what Europe PMC finds in PubMed, newest publications first, as PubMed''s own service takes two requests; the query is in Europe PMC''s language, ''TITLE:crispr AND JOURNAL:nature''; max_results is 1 to 1000, NULL = the service''s own; NULL for a NULL query; error: 22023 for an empty query or a number out of range';

CREATE FUNCTION paperfeed.openreview(venue text) RETURNS text
AS 'MODULE_PATHNAME', 'pf_openreview_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.openreview(text) IS
'address of the papers that a venue of OpenReview has taken, by its venueid: ICLR.cc/2024/Conference, TMLR; NULL for NULL; error: 22023 for what cannot be one';

CREATE FUNCTION paperfeed.acl(collection text) RETURNS text
AS 'MODULE_PATHNAME', 'pf_acl_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.acl(text) IS
'address of a collection of the ACL Anthology, all volumes of a venue in a year: 2024.acl (also from 2024.acl-long.1), before 2020 P19; NULL for NULL; error: 22023 for what cannot be one';

CREATE FUNCTION paperfeed.crossref(
	query text DEFAULT NULL, issn text DEFAULT NULL, since date DEFAULT NULL, max_results integer DEFAULT 100)
RETURNS text
AS 'MODULE_PATHNAME', 'pf_crossref_sql'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.crossref(text, text, date, integer) IS
'address of what is new at Crossref, newest registrations first: that has the words of a query, or is of the journal with an ISSN, or both; since is the day from which on it was registered; NULL = not asked for; max_results is 1 to 1000, NULL = the service''s own; errors: 22023 without query and ISSN, for an empty one, for what is no ISSN or a number out of range, 22008 for a day out of the years 1 to 9999';

CREATE FUNCTION paperfeed.openalex(
	search text DEFAULT NULL, filter text DEFAULT NULL, max_results integer DEFAULT 100)
RETURNS text
AS 'MODULE_PATHNAME', 'pf_openalex_sql'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.openalex(text, text, integer) IS
'address of the works that OpenAlex finds, newest publications first: by words, by a filter in its language (''primary_topic.id:T10028,type:article''), or both; its key goes behind it: || ''&api_key=...''; max_results is 1 to 200, NULL = the service''s own; error: 22023 without search and filter, for an empty one or a number out of range';

CREATE FUNCTION paperfeed.semantic_scholar(query text) RETURNS text
AS 'MODULE_PATHNAME', 'pf_semantic_scholar_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.semantic_scholar(text) IS
'address of what Semantic Scholar finds, newest publications first, up to 1000; the query is in the language of its bulk search, ''"in-context learning" + retrieval''; a key goes into add_feed(headers => ''{x-api-key: ...}''); NULL for NULL; error: 22023 for an empty query';

CREATE FUNCTION paperfeed.dblp(query text, max_results integer DEFAULT 100) RETURNS text
AS 'MODULE_PATHNAME', 'pf_dblp_sql'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.dblp(text, integer) IS
'address of what dblp finds, newest years first; the query is in its language, ''stream:conf/vldb: index''; max_results is 1 to 1000, NULL = the service''s own; NULL for a NULL query; error: 22023 for an empty query or a number out of range';
