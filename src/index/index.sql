/* src/index/index.sql: the search index */

CREATE TYPE paperfeed.bm25query;

/* Its text names an index, which is found by the search_path: stable, not immutable. */
CREATE FUNCTION paperfeed.bm25query_in(cstring) RETURNS paperfeed.bm25query
AS 'MODULE_PATHNAME', 'pf_bm25query_in'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION paperfeed.bm25query_out(paperfeed.bm25query) RETURNS cstring
AS 'MODULE_PATHNAME', 'pf_bm25query_out'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION paperfeed.bm25query_recv(internal) RETURNS paperfeed.bm25query
AS 'MODULE_PATHNAME', 'pf_bm25query_recv'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION paperfeed.bm25query_send(paperfeed.bm25query) RETURNS bytea
AS 'MODULE_PATHNAME', 'pf_bm25query_send'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.bm25query_in(cstring) IS
'input of bm25query: an index, a colon and terms as in papers_search: ''deep'':2 ''graph'' ''networks'':AB0.5';
COMMENT ON FUNCTION paperfeed.bm25query_out(paperfeed.bm25query) IS
'output of bm25query: the index, a colon and the terms in order';
COMMENT ON FUNCTION paperfeed.bm25query_recv(internal) IS
'binary input of bm25query: the index''s name, then each term with its fields and weight';
COMMENT ON FUNCTION paperfeed.bm25query_send(paperfeed.bm25query) IS
'binary output of bm25query: the index''s name, then each term with its fields and weight';

CREATE TYPE paperfeed.bm25query
(
	INPUT = paperfeed.bm25query_in,
	OUTPUT = paperfeed.bm25query_out,
	RECEIVE = paperfeed.bm25query_recv,
	SEND = paperfeed.bm25query_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended,
	CATEGORY = 'U'
);

COMMENT ON TYPE paperfeed.bm25query IS
'a query that ranks: terms, each with a weight and the fields (A to D) that count for it, and the paperfeed_bm25 index whose statistics it goes by';

CREATE FUNCTION paperfeed.bm25_query(query text, index regclass) RETURNS paperfeed.bm25query
AS 'MODULE_PATHNAME', 'pf_bm25_query_text'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION paperfeed.bm25_query(text, regclass) IS
'the terms of a text, read under the index''s text search configuration (its parameter config, else default_text_search_config); a term weighs as often as it is there; no operators, no syntax errors';

CREATE FUNCTION paperfeed.bm25_query(query tsquery, index regclass) RETURNS paperfeed.bm25query
AS 'MODULE_PATHNAME', 'pf_bm25_query_tsquery'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;

COMMENT ON FUNCTION paperfeed.bm25_query(tsquery, regclass) IS
'the lexemes of a tsquery, without those below NOT; weights (:AB) say which fields count, a prefix (:*) stands for the 64 most frequent terms of the index that begin with it';

/*
 * The operator stands in pg_catalog, as those of paperid do: ORDER BY needs no
 * search_path.
 */
CREATE FUNCTION paperfeed.bm25_distance(tsvector, paperfeed.bm25query) RETURNS double precision
AS 'MODULE_PATHNAME', 'pf_bm25_distance'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION paperfeed.bm25_distance(tsvector, paperfeed.bm25query) IS
'implementation of <=> operator: the BM25F score, negated, by the statistics of the query''s index; 0 without a term in common; needs SELECT on what the index is made of';

CREATE OPERATOR pg_catalog.<=>
(
	LEFTARG = tsvector, RIGHTARG = paperfeed.bm25query,
	FUNCTION = paperfeed.bm25_distance
);

COMMENT ON OPERATOR pg_catalog.<=>(tsvector, paperfeed.bm25query) IS
'the score negated, so that the best come first';

/* The access method */

CREATE FUNCTION paperfeed.bm25_handler(internal) RETURNS index_am_handler
AS 'MODULE_PATHNAME', 'pf_bm25_handler'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.bm25_handler(internal) IS
'handler of the access method paperfeed_bm25';

CREATE ACCESS METHOD paperfeed_bm25 TYPE INDEX HANDLER paperfeed.bm25_handler;

COMMENT ON ACCESS METHOD paperfeed_bm25 IS
'ranked and boolean search over a tsvector, with filters on further columns';

CREATE OPERATOR CLASS paperfeed.tsvector_ops
DEFAULT FOR TYPE tsvector USING paperfeed_bm25 AS
	OPERATOR 6 pg_catalog.@@ (tsvector, tsquery),
	OPERATOR 7 pg_catalog.<=> (tsvector, paperfeed.bm25query) FOR ORDER BY pg_catalog.float_ops;

COMMENT ON OPERATOR FAMILY paperfeed.tsvector_ops USING paperfeed_bm25 IS 'search in a tsvector, and ranking';
COMMENT ON OPERATOR CLASS paperfeed.tsvector_ops USING paperfeed_bm25 IS 'search in a tsvector, and ranking';

/* Classes of the columns behind the tsvector */

CREATE OPERATOR FAMILY paperfeed.integer_ops USING paperfeed_bm25;

CREATE OPERATOR CLASS paperfeed.int2_ops
DEFAULT FOR TYPE int2 USING paperfeed_bm25 FAMILY paperfeed.integer_ops AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

CREATE OPERATOR CLASS paperfeed.int4_ops
DEFAULT FOR TYPE int4 USING paperfeed_bm25 FAMILY paperfeed.integer_ops AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

CREATE OPERATOR CLASS paperfeed.int8_ops
DEFAULT FOR TYPE int8 USING paperfeed_bm25 FAMILY paperfeed.integer_ops AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

ALTER OPERATOR FAMILY paperfeed.integer_ops USING paperfeed_bm25 ADD
	OPERATOR 1 pg_catalog.< (int2, int4),
	OPERATOR 2 pg_catalog.<= (int2, int4),
	OPERATOR 3 pg_catalog.= (int2, int4),
	OPERATOR 4 pg_catalog.>= (int2, int4),
	OPERATOR 5 pg_catalog.> (int2, int4),
	OPERATOR 1 pg_catalog.< (int2, int8),
	OPERATOR 2 pg_catalog.<= (int2, int8),
	OPERATOR 3 pg_catalog.= (int2, int8),
	OPERATOR 4 pg_catalog.>= (int2, int8),
	OPERATOR 5 pg_catalog.> (int2, int8),
	OPERATOR 1 pg_catalog.< (int4, int2),
	OPERATOR 2 pg_catalog.<= (int4, int2),
	OPERATOR 3 pg_catalog.= (int4, int2),
	OPERATOR 4 pg_catalog.>= (int4, int2),
	OPERATOR 5 pg_catalog.> (int4, int2),
	OPERATOR 1 pg_catalog.< (int4, int8),
	OPERATOR 2 pg_catalog.<= (int4, int8),
	OPERATOR 3 pg_catalog.= (int4, int8),
	OPERATOR 4 pg_catalog.>= (int4, int8),
	OPERATOR 5 pg_catalog.> (int4, int8),
	OPERATOR 1 pg_catalog.< (int8, int2),
	OPERATOR 2 pg_catalog.<= (int8, int2),
	OPERATOR 3 pg_catalog.= (int8, int2),
	OPERATOR 4 pg_catalog.>= (int8, int2),
	OPERATOR 5 pg_catalog.> (int8, int2),
	OPERATOR 1 pg_catalog.< (int8, int4),
	OPERATOR 2 pg_catalog.<= (int8, int4),
	OPERATOR 3 pg_catalog.= (int8, int4),
	OPERATOR 4 pg_catalog.>= (int8, int4),
	OPERATOR 5 pg_catalog.> (int8, int4);

COMMENT ON OPERATOR FAMILY paperfeed.integer_ops USING paperfeed_bm25 IS 'conditions on integers';
COMMENT ON OPERATOR CLASS paperfeed.int2_ops USING paperfeed_bm25 IS 'conditions on int2';
COMMENT ON OPERATOR CLASS paperfeed.int4_ops USING paperfeed_bm25 IS 'conditions on int4';
COMMENT ON OPERATOR CLASS paperfeed.int8_ops USING paperfeed_bm25 IS 'conditions on int8';

CREATE OPERATOR FAMILY paperfeed.float_ops USING paperfeed_bm25;

CREATE OPERATOR CLASS paperfeed.float4_ops
DEFAULT FOR TYPE float4 USING paperfeed_bm25 FAMILY paperfeed.float_ops AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

CREATE OPERATOR CLASS paperfeed.float8_ops
DEFAULT FOR TYPE float8 USING paperfeed_bm25 FAMILY paperfeed.float_ops AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

ALTER OPERATOR FAMILY paperfeed.float_ops USING paperfeed_bm25 ADD
	OPERATOR 1 pg_catalog.< (float4, float8),
	OPERATOR 2 pg_catalog.<= (float4, float8),
	OPERATOR 3 pg_catalog.= (float4, float8),
	OPERATOR 4 pg_catalog.>= (float4, float8),
	OPERATOR 5 pg_catalog.> (float4, float8),
	OPERATOR 1 pg_catalog.< (float8, float4),
	OPERATOR 2 pg_catalog.<= (float8, float4),
	OPERATOR 3 pg_catalog.= (float8, float4),
	OPERATOR 4 pg_catalog.>= (float8, float4),
	OPERATOR 5 pg_catalog.> (float8, float4);

COMMENT ON OPERATOR FAMILY paperfeed.float_ops USING paperfeed_bm25 IS 'conditions on floating-point numbers';
COMMENT ON OPERATOR CLASS paperfeed.float4_ops USING paperfeed_bm25 IS 'conditions on float4';
COMMENT ON OPERATOR CLASS paperfeed.float8_ops USING paperfeed_bm25 IS 'conditions on float8';

CREATE OPERATOR FAMILY paperfeed.datetime_ops USING paperfeed_bm25;

CREATE OPERATOR CLASS paperfeed.date_ops
DEFAULT FOR TYPE date USING paperfeed_bm25 FAMILY paperfeed.datetime_ops AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

CREATE OPERATOR CLASS paperfeed.timestamp_ops
DEFAULT FOR TYPE timestamp USING paperfeed_bm25 FAMILY paperfeed.datetime_ops AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

CREATE OPERATOR CLASS paperfeed.timestamptz_ops
DEFAULT FOR TYPE timestamptz USING paperfeed_bm25 FAMILY paperfeed.datetime_ops AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

ALTER OPERATOR FAMILY paperfeed.datetime_ops USING paperfeed_bm25 ADD
	OPERATOR 1 pg_catalog.< (date, timestamp),
	OPERATOR 2 pg_catalog.<= (date, timestamp),
	OPERATOR 3 pg_catalog.= (date, timestamp),
	OPERATOR 4 pg_catalog.>= (date, timestamp),
	OPERATOR 5 pg_catalog.> (date, timestamp),
	OPERATOR 1 pg_catalog.< (timestamp, date),
	OPERATOR 2 pg_catalog.<= (timestamp, date),
	OPERATOR 3 pg_catalog.= (timestamp, date),
	OPERATOR 4 pg_catalog.>= (timestamp, date),
	OPERATOR 5 pg_catalog.> (timestamp, date),
	OPERATOR 1 pg_catalog.< (timestamptz, date),
	OPERATOR 2 pg_catalog.<= (timestamptz, date),
	OPERATOR 3 pg_catalog.= (timestamptz, date),
	OPERATOR 4 pg_catalog.>= (timestamptz, date),
	OPERATOR 5 pg_catalog.> (timestamptz, date),
	OPERATOR 1 pg_catalog.< (timestamptz, timestamp),
	OPERATOR 2 pg_catalog.<= (timestamptz, timestamp),
	OPERATOR 3 pg_catalog.= (timestamptz, timestamp),
	OPERATOR 4 pg_catalog.>= (timestamptz, timestamp),
	OPERATOR 5 pg_catalog.> (timestamptz, timestamp);

COMMENT ON OPERATOR FAMILY paperfeed.datetime_ops USING paperfeed_bm25 IS 'conditions on dates and times';
COMMENT ON OPERATOR CLASS paperfeed.date_ops USING paperfeed_bm25 IS 'conditions on date';
COMMENT ON OPERATOR CLASS paperfeed.timestamp_ops USING paperfeed_bm25 IS 'conditions on timestamp';
COMMENT ON OPERATOR CLASS paperfeed.timestamptz_ops USING paperfeed_bm25 IS 'conditions on timestamptz';

CREATE OPERATOR CLASS paperfeed.bool_ops
DEFAULT FOR TYPE bool USING paperfeed_bm25 AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>;

COMMENT ON OPERATOR FAMILY paperfeed.bool_ops USING paperfeed_bm25 IS 'conditions on boolean';
COMMENT ON OPERATOR CLASS paperfeed.bool_ops USING paperfeed_bm25 IS 'conditions on bool';

CREATE OPERATOR CLASS paperfeed.text_ops
DEFAULT FOR TYPE text USING paperfeed_bm25 AS
	OPERATOR 3 pg_catalog.=;

COMMENT ON OPERATOR FAMILY paperfeed.text_ops USING paperfeed_bm25 IS 'equality of text';
COMMENT ON OPERATOR CLASS paperfeed.text_ops USING paperfeed_bm25 IS 'equality of text';
