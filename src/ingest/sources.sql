/* src/ingest/sources.sql: which feeds are asked */

CREATE FUNCTION paperfeed.add_feed(
	url text, title text DEFAULT NULL, tags text[] DEFAULT '{}', every interval DEFAULT NULL,
	headers text[] DEFAULT NULL, target regclass DEFAULT 'paperfeed.papers')
RETURNS bigint
AS 'MODULE_PATHNAME', 'pf_add_feed'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION paperfeed.add_feed(text, text, text[], interval, text[], regclass) IS
'have refresh() ask an http or https address (feed: is understood) for papers that go to a table OF paperfeed.paper; gives its id in paperfeed.feeds; asks nothing itself: the feed is due at once; a feed of that address and target that is known becomes active again, what is given takes the place of what was there, and NULL, or no tags, leaves it: so a script may add its feeds whenever it runs; title NULL = what the feed calls itself; tags are up to 64; every is a minute to a year, NULL = by how often the feed changes; headers are "Name: value", an empty array takes them away; white space and control characters in title and tags become single blanks, beyond 500 bytes they are cut off; NULL url or target gives NULL; errors: 22023 for what is no address, no such interval or no such header, 2202E for null elements, 54000 for an address over 2048 bytes, 42809 or 42P10 for a table that cannot take papers, 42501 without the rights to write to it';

CREATE FUNCTION paperfeed.pause_feed(feed bigint) RETURNS void
AS 'MODULE_PATHNAME', 'pf_pause_feed'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION paperfeed.pause_feed(bigint) IS
'refresh() asks the feed no more until resume_feed(); a paused one stays as it is; nothing for NULL; errors: 42704 if there is no such feed, 55000 if it was never added or has ended';

CREATE FUNCTION paperfeed.pause_feed(url text, target regclass DEFAULT 'paperfeed.papers') RETURNS void
AS 'MODULE_PATHNAME', 'pf_pause_feed_url'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION paperfeed.pause_feed(text, regclass) IS
'the same for the feed of an address and a target';

CREATE FUNCTION paperfeed.resume_feed(feed bigint) RETURNS void
AS 'MODULE_PATHNAME', 'pf_resume_feed'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION paperfeed.resume_feed(bigint) IS
'refresh() asks a feed again that was paused or has ended, at once for the first time; an active one stays as it is; nothing for NULL; errors: 42704 if there is no such feed, 55000 if it was never added';

CREATE FUNCTION paperfeed.resume_feed(url text, target regclass DEFAULT 'paperfeed.papers') RETURNS void
AS 'MODULE_PATHNAME', 'pf_resume_feed_url'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION paperfeed.resume_feed(text, regclass) IS
'the same for the feed of an address and a target';

CREATE FUNCTION paperfeed.remove_feed(feed bigint) RETURNS void
AS 'MODULE_PATHNAME', 'pf_remove_feed'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION paperfeed.remove_feed(bigint) IS
'forget a feed, its runs and its rejected records; what it told stays: papers, sightings and revisions; nothing for NULL; error: 42704 if there is no such feed';

CREATE FUNCTION paperfeed.remove_feed(url text, target regclass DEFAULT 'paperfeed.papers') RETURNS void
AS 'MODULE_PATHNAME', 'pf_remove_feed_url'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION paperfeed.remove_feed(text, regclass) IS
'the same for the feed of an address and a target';

REVOKE EXECUTE ON FUNCTION paperfeed.add_feed(text, text, text[], interval, text[], regclass) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.pause_feed(bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.pause_feed(text, regclass) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.resume_feed(bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.resume_feed(text, regclass) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.remove_feed(bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION paperfeed.remove_feed(text, regclass) FROM PUBLIC;
