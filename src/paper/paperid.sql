/* src/paper/paperid.sql: the identity of a paper */

CREATE TYPE paperfeed.paperid;

CREATE FUNCTION paperfeed.paperid_in(cstring) RETURNS paperfeed.paperid
AS 'MODULE_PATHNAME', 'pf_paperid_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.paperid_in(cstring) IS
'input of paperid: any spelling of an identity; error 22P02 for what is none';

CREATE FUNCTION paperfeed.paperid_out(paperfeed.paperid) RETURNS cstring
AS 'MODULE_PATHNAME', 'pf_paperid_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.paperid_out(paperfeed.paperid) IS
'output of paperid: the canonical scheme:value';

CREATE FUNCTION paperfeed.paperid_recv(internal) RETURNS paperfeed.paperid
AS 'MODULE_PATHNAME', 'pf_paperid_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.paperid_recv(internal) IS
'binary input of paperid: text in the client''s encoding, read like any input';

CREATE FUNCTION paperfeed.paperid_send(paperfeed.paperid) RETURNS bytea
AS 'MODULE_PATHNAME', 'pf_paperid_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.paperid_send(paperfeed.paperid) IS
'binary output of paperid: the canonical scheme:value';

CREATE TYPE paperfeed.paperid
(
	INPUT = paperfeed.paperid_in,
	OUTPUT = paperfeed.paperid_out,
	RECEIVE = paperfeed.paperid_recv,
	SEND = paperfeed.paperid_send,
	LIKE = pg_catalog.text,
	CATEGORY = 'U',
	COLLATABLE = false
);

COMMENT ON TYPE paperfeed.paperid IS
'the identity of a paper, canonical scheme:value with scheme arxiv, doi, pmid, acl, openreview, url, oai or hash; reads every spelling that people paste (arXiv:2303.12345v2, https://doi.org/10.1145/3292500, PMID: 31452104, an http(s) address ...)';

/* Casts */

CREATE FUNCTION paperfeed.paperid(text) RETURNS paperfeed.paperid
AS 'MODULE_PATHNAME', 'pf_paperid_from_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.paperid(text) IS
'text to paperid: any spelling of an identity; error 22P02 for what is none (see try_paperid)';

/*
 * To text the cast is free, but not implicit: where it was, a paperid that is
 * compared with a text would be compared as text, and 'arXiv:2303.12345v2'
 * would silently equal nothing.
 */
CREATE CAST (paperfeed.paperid AS text) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (text AS paperfeed.paperid) WITH FUNCTION paperfeed.paperid(text) AS ASSIGNMENT;
CREATE CAST (varchar AS paperfeed.paperid) WITH FUNCTION paperfeed.paperid(text) AS ASSIGNMENT;

CREATE FUNCTION paperfeed.try_paperid(text) RETURNS paperfeed.paperid
AS 'MODULE_PATHNAME', 'pf_paperid_try'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.try_paperid(text) IS
'text to paperid: any spelling of an identity; NULL for what is none';

CREATE FUNCTION paperfeed.url(paperfeed.paperid) RETURNS text
AS 'MODULE_PATHNAME', 'pf_paperid_page'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.url(paperfeed.paperid) IS
'the address of the paper''s page for people; NULL for oai and hash, which have none; reads as the same paperid';

CREATE FUNCTION paperfeed.scheme(paperfeed.paperid) RETURNS text
AS 'MODULE_PATHNAME', 'pf_paperid_scheme_name'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.scheme(paperfeed.paperid) IS
'who gave the identity: arxiv, doi, pmid, acl, openreview, url (an address), oai (a repository''s record) or hash (of title and first author)';

/*
 * Comparison.  The operators stand in pg_catalog, which is on every
 * search_path: whoever writes WHERE id = '...' or joins on id must not have
 * to set one, and nobody's = can come before ours.
 */

CREATE FUNCTION paperfeed.paperid_eq(paperfeed.paperid, paperfeed.paperid) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_paperid_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_ne(paperfeed.paperid, paperfeed.paperid) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_paperid_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_lt(paperfeed.paperid, paperfeed.paperid) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_paperid_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_le(paperfeed.paperid, paperfeed.paperid) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_paperid_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_gt(paperfeed.paperid, paperfeed.paperid) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_paperid_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_ge(paperfeed.paperid, paperfeed.paperid) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_paperid_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_cmp(paperfeed.paperid, paperfeed.paperid) RETURNS integer
AS 'MODULE_PATHNAME', 'pf_paperid_cmp'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_sortsupport(internal) RETURNS void
AS 'MODULE_PATHNAME', 'pf_paperid_sortsupport'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_hash(paperfeed.paperid) RETURNS integer
AS 'MODULE_PATHNAME', 'pf_paperid_hashcode'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION paperfeed.paperid_hash_extended(paperfeed.paperid, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'pf_paperid_hashcode_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.paperid_eq(paperfeed.paperid, paperfeed.paperid) IS
'implementation of = operator: the same canonical form';
COMMENT ON FUNCTION paperfeed.paperid_ne(paperfeed.paperid, paperfeed.paperid) IS
'implementation of <> operator';
COMMENT ON FUNCTION paperfeed.paperid_lt(paperfeed.paperid, paperfeed.paperid) IS
'implementation of < operator: by the bytes of the canonical forms';
COMMENT ON FUNCTION paperfeed.paperid_le(paperfeed.paperid, paperfeed.paperid) IS
'implementation of <= operator: by the bytes of the canonical forms';
COMMENT ON FUNCTION paperfeed.paperid_gt(paperfeed.paperid, paperfeed.paperid) IS
'implementation of > operator: by the bytes of the canonical forms';
COMMENT ON FUNCTION paperfeed.paperid_ge(paperfeed.paperid, paperfeed.paperid) IS
'implementation of >= operator: by the bytes of the canonical forms';
COMMENT ON FUNCTION paperfeed.paperid_cmp(paperfeed.paperid, paperfeed.paperid) IS
'less than, equal to or greater than 0, by the bytes of the canonical forms';
COMMENT ON FUNCTION paperfeed.paperid_sortsupport(internal) IS
'sort support of paperid';
COMMENT ON FUNCTION paperfeed.paperid_hash(paperfeed.paperid) IS
'hash code of a paperid, for hash joins and indexes';
COMMENT ON FUNCTION paperfeed.paperid_hash_extended(paperfeed.paperid, bigint) IS
'hash code of a paperid with a seed, for hash partitions';

CREATE OPERATOR pg_catalog.=
(
	LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid,
	FUNCTION = paperfeed.paperid_eq,
	COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
	HASHES, MERGES
);

CREATE OPERATOR pg_catalog.<>
(
	LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid,
	FUNCTION = paperfeed.paperid_ne,
	COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);

CREATE OPERATOR pg_catalog.<
(
	LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid,
	FUNCTION = paperfeed.paperid_lt,
	COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);

CREATE OPERATOR pg_catalog.<=
(
	LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid,
	FUNCTION = paperfeed.paperid_le,
	COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);

CREATE OPERATOR pg_catalog.>
(
	LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid,
	FUNCTION = paperfeed.paperid_gt,
	COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);

CREATE OPERATOR pg_catalog.>=
(
	LEFTARG = paperfeed.paperid, RIGHTARG = paperfeed.paperid,
	FUNCTION = paperfeed.paperid_ge,
	COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);

COMMENT ON OPERATOR pg_catalog.=(paperfeed.paperid, paperfeed.paperid) IS 'equal';
COMMENT ON OPERATOR pg_catalog.<>(paperfeed.paperid, paperfeed.paperid) IS 'not equal';
COMMENT ON OPERATOR pg_catalog.<(paperfeed.paperid, paperfeed.paperid) IS 'less than';
COMMENT ON OPERATOR pg_catalog.<=(paperfeed.paperid, paperfeed.paperid) IS 'less than or equal';
COMMENT ON OPERATOR pg_catalog.>(paperfeed.paperid, paperfeed.paperid) IS 'greater than';
COMMENT ON OPERATOR pg_catalog.>=(paperfeed.paperid, paperfeed.paperid) IS 'greater than or equal';

CREATE OPERATOR CLASS paperfeed.paperid_ops
DEFAULT FOR TYPE paperfeed.paperid USING btree AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>,
	FUNCTION 1 paperfeed.paperid_cmp(paperfeed.paperid, paperfeed.paperid),
	FUNCTION 2 paperfeed.paperid_sortsupport(internal),
	FUNCTION 4 pg_catalog.btequalimage(oid);

CREATE OPERATOR CLASS paperfeed.paperid_ops
DEFAULT FOR TYPE paperfeed.paperid USING hash AS
	OPERATOR 1 pg_catalog.=,
	FUNCTION 1 paperfeed.paperid_hash(paperfeed.paperid),
	FUNCTION 2 paperfeed.paperid_hash_extended(paperfeed.paperid, bigint);

COMMENT ON OPERATOR CLASS paperfeed.paperid_ops USING btree IS 'order of paperid by bytes';
COMMENT ON OPERATOR CLASS paperfeed.paperid_ops USING hash IS 'equality of paperid';
