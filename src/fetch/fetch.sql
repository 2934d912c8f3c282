-- fetching: a bare request, and which addresses the guard keeps requests away from

CREATE TYPE paperfeed.http_response AS (
	place integer,
	status text,
	http_status integer,
	url text,
	moved_to text,
	redirects integer,
	content_type text,
	etag text,
	last_modified text,
	retry_after interval,
	max_age interval,
	body bytea,
	body_cut boolean,
	wire_bytes bigint,
	elapsed interval,
	sqlstate text,
	error text,
	hint text
);

COMMENT ON TYPE paperfeed.http_response IS 'what came of one HTTP request';
COMMENT ON COLUMN paperfeed.http_response.place IS 'which of the addresses asked for, from 1';
COMMENT ON COLUMN paperfeed.http_response.status IS
'ok (2xx), not modified (304 to validators), http error (any other status) or failed (no '
'usable answer)';
COMMENT ON COLUMN paperfeed.http_response.http_status IS
'status of the last answer; NULL if none came';
COMMENT ON COLUMN paperfeed.http_response.url IS
'address of the last answer, after redirects, without its password';
COMMENT ON COLUMN paperfeed.http_response.moved_to IS
'the new address, if all redirects on the way to an answer were permanent (301, 308)';
COMMENT ON COLUMN paperfeed.http_response.redirects IS 'redirects followed';
COMMENT ON COLUMN paperfeed.http_response.content_type IS 'Content-Type, as sent';
COMMENT ON COLUMN paperfeed.http_response.etag IS 'ETag, to be sent with the next request';
COMMENT ON COLUMN paperfeed.http_response.last_modified IS
'Last-Modified, to be sent with the next request';
COMMENT ON COLUMN paperfeed.http_response.retry_after IS
'Retry-After from now, at most 7 days; NULL if not said';
COMMENT ON COLUMN paperfeed.http_response.max_age IS
'how long it is fresh by Cache-Control or Expires, at most 7 days; NULL if not said';
COMMENT ON COLUMN paperfeed.http_response.body IS
'the document, decompressed; of an http error the first 256 kB';
COMMENT ON COLUMN paperfeed.http_response.body_cut IS
'true if the body of an http error is not complete';
COMMENT ON COLUMN paperfeed.http_response.wire_bytes IS 'bytes of all bodies as transferred';
COMMENT ON COLUMN paperfeed.http_response.elapsed IS 'from start to end, redirects included';
COMMENT ON COLUMN paperfeed.http_response.sqlstate IS
'class of the fault; NULL if ok or not modified';
COMMENT ON COLUMN paperfeed.http_response.error IS 'the fault in words; NULL if ok or not modified';
COMMENT ON COLUMN paperfeed.http_response.hint IS 'what to do about it; may be NULL';

CREATE FUNCTION paperfeed.http_get(url text, etag text DEFAULT NULL,
								   last_modified text DEFAULT NULL, headers text[] DEFAULT NULL)
	RETURNS paperfeed.http_response
	AS 'MODULE_PATHNAME', 'pf_http_get'
	LANGUAGE C VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION paperfeed.http_get(text, text, text, text[]) IS
'One HTTP GET of an http or https address, for a look at what a source answers; stores '
'nothing. etag and last_modified are validators of an earlier response (NULL = none), headers '
'are "Name: value". Faults of the source are told in the result; raises 22023 for an address or '
'header that cannot be sent, 57014 on cancel and statement_timeout. NULL for a NULL url. Limits '
'are the settings paperfeed.fetch_timeout, connect_timeout, max_body_size, max_redirects; '
'private addresses are refused unless paperfeed.allow_private_hosts lists them.';

CREATE FUNCTION paperfeed.http_get(urls text[]) RETURNS SETOF paperfeed.http_response
	AS 'MODULE_PATHNAME', 'pf_http_get_many'
	LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION paperfeed.http_get(text[]) IS
'HTTP GETs of several addresses, up to 32 under way at once; rows come in the order of '
'completion, place tells which address each is for. Else as http_get of one address, without '
'validators. No rows for NULL.';

REVOKE ALL ON FUNCTION paperfeed.http_get(text, text, text, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION paperfeed.http_get(text[]) FROM PUBLIC;

CREATE FUNCTION paperfeed.is_private_address(address inet) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pf_is_private_address'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.is_private_address(inet) IS
'Would a request to this address be refused, unless paperfeed.allow_private_hosts lists it? '
'True for every block that is not for public hosts: private, loopback, link-local, shared, '
'multicast, reserved, documentation and translated ones by the registries of IANA (RFC 6890); '
'an IPv6 address that carries an IPv4 one (6to4, Teredo) is judged by it. A netmask is '
'disregarded. NULL for NULL; raises no errors.';

CREATE FUNCTION paperfeed.public_url(url text) RETURNS text
	AS 'MODULE_PATHNAME', 'pf_public_url'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.public_url(text) IS
'The address without its user:password@, for pages and logs; what is no http or https address '
'comes back as it is, but for what looks like a password. Sends nothing. NULL for NULL; raises '
'no errors.';
