/* src/ingest/hosts.sql: how each host wants to be asked */

CREATE TABLE paperfeed.hosts (
	host			text PRIMARY KEY CHECK (host OPERATOR(pg_catalog.=) pg_catalog.lower(host) AND host OPERATOR(pg_catalog.<>) ''),
	id				integer GENERATED ALWAYS AS IDENTITY UNIQUE,
	subdomains		boolean NOT NULL DEFAULT false,
	spacing			interval CHECK (spacing >= interval '0'),
	connections		integer CHECK (connections BETWEEN 1 AND 32),
	busy_statuses	integer[] NOT NULL DEFAULT '{429,503}',
	next_request	timestamptz,
	blocked_until	timestamptz,
	why				text,
	refusals		integer NOT NULL DEFAULT 0
);

COMMENT ON TABLE paperfeed.hosts IS 'how each host is asked: refresh(), backfill() and all else that asks on its own keep to it, over all sessions together; a row is made when a host is met first, from what is known of it, and may be changed or inserted before that';
COMMENT ON COLUMN paperfeed.hosts.host IS 'name or address as in URLs, lower case, without a port';
COMMENT ON COLUMN paperfeed.hosts.id IS 'number of the host, as in pg_locks';
COMMENT ON COLUMN paperfeed.hosts.subdomains IS 'true: the row holds for all hosts below this name together';
COMMENT ON COLUMN paperfeed.hosts.spacing IS 'least time from the start of one request to that of the next; NULL = paperfeed.host_spacing';
COMMENT ON COLUMN paperfeed.hosts.connections IS 'most requests at once, 1 to 32; NULL = paperfeed.host_connections';
COMMENT ON COLUMN paperfeed.hosts.busy_statuses IS 'HTTP statuses by which it tells everybody to slow down, whichever address was asked for';
COMMENT ON COLUMN paperfeed.hosts.next_request IS 'no request before this, for the spacing';
COMMENT ON COLUMN paperfeed.hosts.blocked_until IS 'no request before this, as it was busy; infinity keeps everybody away until that is taken back (its feeds look again once a week)';
COMMENT ON COLUMN paperfeed.hosts.why IS 'why it is blocked, in words';
COMMENT ON COLUMN paperfeed.hosts.refusals IS 'busy answers in a row';

CREATE FUNCTION paperfeed.host_of(url text) RETURNS text
	AS 'MODULE_PATHNAME', 'pf_host_of'
	LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed.host_of(text) IS
'row of paperfeed.hosts that a request to this address goes by, existing or to be made: the longest name that has the address''s host below it (subdomains), else the host itself; services that count all their hosts together are known: arxiv.org, biorxiv.org, medrxiv.org, ncbi.nlm.nih.gov ...; NULL for NULL; error: 22023 for no http or https address';

REVOKE EXECUTE ON FUNCTION paperfeed.host_of(text) FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('paperfeed.hosts', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.hosts_id_seq', '');
