/* src/index/check.sql: what an index is made of, and whether it is sound */

CREATE FUNCTION paperfeed.index_stats(
	index regclass,
	OUT documents bigint, OUT dead bigint, OUT dead_share float8, OUT texts bigint, OUT avg_length float8,
	OUT terms bigint, OUT postings bigint, OUT segments bigint,
	OUT buffer_documents bigint, OUT buffer_pages bigint,
	OUT docs_bytes bigint, OUT alive_bytes bigint, OUT dictionary_bytes bigint, OUT skips_bytes bigint,
	OUT postings_bytes bigint, OUT tables_bytes bigint, OUT headers_bytes bigint, OUT buffer_bytes bigint,
	OUT metapage_bytes bigint, OUT free_bytes bigint, OUT total_bytes bigint)
LANGUAGE C VOLATILE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pf_bm_index_stats';

COMMENT ON FUNCTION paperfeed.index_stats(regclass) IS
'how large a paperfeed_bm25 index and its parts are. documents: those that VACUUM has not taken out, the write buffer''s among them; '
'dead: those that it has, and that no merge has dropped yet; dead_share: of both together; '
'texts, avg_length: documents with a tsvector that is not NULL and their average weighted length, as ranking counts them, the dead among them; '
'terms, postings: summed over the segments, so that a term counts once in each, the buffer''s not among them; '
'free_bytes: pages that are spare, free or about to be either. Takes the right to SELECT what is indexed.';

CREATE FUNCTION paperfeed.index_segments(
	index regclass,
	OUT id bigint, OUT documents bigint, OUT dead bigint, OUT texts bigint, OUT avg_length float8,
	OUT terms bigint, OUT postings bigint, OUT pages bigint,
	OUT docs_bytes bigint, OUT alive_bytes bigint, OUT dictionary_bytes bigint, OUT skips_bytes bigint,
	OUT postings_bytes bigint, OUT tables_bytes bigint, OUT headers_bytes bigint, OUT total_bytes bigint)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'pf_bm_index_segments';

COMMENT ON FUNCTION paperfeed.index_segments(regclass) IS
'the segments of a paperfeed_bm25 index in the order they were published; columns as in index_stats(). Takes the right to SELECT what is indexed.';

CREATE FUNCTION paperfeed.index_check(
	index regclass,
	OUT block bigint, OUT part text, OUT problem text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 10 COST 10000
AS 'MODULE_PATHNAME', 'pf_bm_index_check';

COMMENT ON FUNCTION paperfeed.index_check(regclass) IS
'reads every structure of a paperfeed_bm25 index and gives a row for each inconsistency, at most 1000; none: the index is sound. '
'block: where it was found; part: metapage, buffer, spare, header, docs, alive, dictionary, skips, postings or tables. '
'Reads and writes go on meanwhile, merges wait. Whether the index agrees with its table is not looked at. REINDEX mends what is found.';

REVOKE EXECUTE ON FUNCTION paperfeed.index_check(regclass) FROM PUBLIC;
