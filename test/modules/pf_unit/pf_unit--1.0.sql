/* test/modules/pf_unit/pf_unit--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pf_unit" to load this file. \quit

CREATE FUNCTION pf_unit_date(text) RETURNS timestamptz
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_date_ymd(integer, integer, integer) RETURNS timestamptz
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_date_epoch_ms(bigint) RETURNS timestamptz
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_month(text) RETURNS integer
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_url_split(text) RETURNS text[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_url_resolve(base text, ref text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;

CREATE FUNCTION pf_unit_url_canonical(text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_url_decode(text) RETURNS bytea
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_name(text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_name_join(given text, family text, suffix text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;

CREATE FUNCTION pf_unit_names(text) RETURNS text[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_names_given(text) RETURNS text[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_paperid_version(text) RETURNS integer
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT;

CREATE FUNCTION pf_unit_paperid_hash(title text, first_author text) RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;

-- outcome: changed, unchanged or failed
CREATE FUNCTION pf_unit_schedule(now timestamptz, outcome text, last_changed timestamptz DEFAULT NULL,
	changes_every interval DEFAULT NULL, every interval DEFAULT NULL, ttl interval DEFAULT NULL,
	skip_days text DEFAULT NULL, skip_hours text DEFAULT NULL, errors integer DEFAULT 0,
	http_status integer DEFAULT 200, retry_after integer DEFAULT -1, max_age integer DEFAULT -1,
	feed bigint DEFAULT 0, added_at timestamptz DEFAULT '2026-01-01 00:00Z',
	OUT next timestamptz, OUT estimate interval, OUT ended boolean, OUT why text)
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;
