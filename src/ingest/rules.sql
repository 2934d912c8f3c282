/* src/ingest/rules.sql: what to keep, to drop, to tag and to boost */

CREATE TABLE paperfeed.rules (
	id			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name		text NOT NULL UNIQUE
		CHECK (paperfeed._is_list(ARRAY[name])),
	action		text NOT NULL CHECK (action IN ('keep', 'drop', 'tag', 'boost')),
	query		text,
	authors		text[] CHECK (paperfeed._is_list(authors)),
	categories	text[] CHECK (paperfeed._is_list(categories)),
	sources		text[] CHECK (paperfeed._is_list(sources)),
	feed_tags	text[] CHECK (paperfeed._is_list(feed_tags)),
	tag			text CHECK (paperfeed._is_tag(tag)),
	boost		double precision CHECK (pg_catalog.abs(boost) BETWEEN 1e-6 AND 1e6),
	enabled		boolean NOT NULL DEFAULT true,
	created_at	timestamptz NOT NULL DEFAULT now(),
	condition	tsquery GENERATED ALWAYS AS (paperfeed.condition(query)) STORED,
	CONSTRAINT tag_goes_with_tag CHECK ((action OPERATOR(pg_catalog.=) 'tag') OPERATOR(pg_catalog.=) (tag IS NOT NULL)),
	CONSTRAINT boost_goes_with_boost CHECK ((action OPERATOR(pg_catalog.=) 'boost') OPERATOR(pg_catalog.=) (boost IS NOT NULL)),
	CONSTRAINT looks_for_something CHECK (pg_catalog.num_nonnulls(query, authors, categories, sources, feed_tags) OPERATOR(pg_catalog.>) 0)
);

COMMENT ON TABLE paperfeed.rules IS 'what is to be kept, dropped, tagged or boosted of what feeds bring into paperfeed.papers; yours to edit; all that a rule gives must hold, of a list any member; a change takes effect with the next record, apply_rules() makes it do so for papers that are there; try_rule() shows what a rule would match';
COMMENT ON COLUMN paperfeed.rules.id IS 'number of the rule';
COMMENT ON COLUMN paperfeed.rules.name IS 'what you call it, up to 200 characters';
COMMENT ON COLUMN paperfeed.rules.action IS 'drop: a matching record makes no new paper; keep: nor does a record that matches none of the keep rules for its feed, if it has any; tag, boost: matching papers get that';
COMMENT ON COLUMN paperfeed.rules.query IS 'what title, authors and abstract must say, as condition() reads it; NULL = anything';
COMMENT ON COLUMN paperfeed.rules.authors IS 'any of these: full names as sources spell them, or family names; case and accents do not matter, * at the end stands for anything; NULL = anybody';
COMMENT ON COLUMN paperfeed.rules.categories IS 'any of these: "cs.LG", or "cs.*" for all that begin with "cs."; NULL = any, or none';
COMMENT ON COLUMN paperfeed.rules.sources IS 'any of these, as in papers.source: "arxiv", "pubmed"; NULL = any';
COMMENT ON COLUMN paperfeed.rules.feed_tags IS 'only what comes from feeds with any of these tags (feeds.tags); for tag and boost: came from one of them at some time; NULL = any feed';
COMMENT ON COLUMN paperfeed.rules.tag IS 'for action tag: the tag, up to 100 characters';
COMMENT ON COLUMN paperfeed.rules.boost IS 'for action boost: what it is worth, in votes at the time when the paper came in; negative = against it; up to 1e6';
COMMENT ON COLUMN paperfeed.rules.enabled IS 'false = it does nothing, and what it gave does not count';
COMMENT ON COLUMN paperfeed.rules.created_at IS 'when it was made';
COMMENT ON COLUMN paperfeed.rules.condition IS 'query as a tsquery over document()';

CREATE TABLE paperfeed.rule_hits (
	paper		paperfeed.paperid NOT NULL,
	rule		bigint NOT NULL REFERENCES paperfeed.rules ON DELETE CASCADE,
	at			timestamptz NOT NULL,
	boost		double precision,
	PRIMARY KEY (paper, rule)
);
CREATE INDEX rule_hits_rule_idx ON paperfeed.rule_hits (rule);

COMMENT ON TABLE paperfeed.rule_hits IS 'which paper matches which rule of action tag or boost; written as papers come in and by apply_rules()';
COMMENT ON COLUMN paperfeed.rule_hits.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.rule_hits.rule IS 'id in paperfeed.rules';
COMMENT ON COLUMN paperfeed.rule_hits.at IS 'when the paper came in, which is what a boost decays from';
COMMENT ON COLUMN paperfeed.rule_hits.boost IS 'what the rule adds to its heat now; NULL = nothing';
COMMENT ON INDEX paperfeed.rule_hits_rule_idx IS 'what a rule matches';

CREATE TABLE paperfeed.hand_tags (
	paper		paperfeed.paperid NOT NULL,
	tag			text NOT NULL CHECK (paperfeed._is_tag(tag)),
	given		boolean NOT NULL DEFAULT true,
	at			timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (paper, tag)
);

COMMENT ON TABLE paperfeed.hand_tags IS 'tags that were given or taken off by hand, whatever rules say; written by tag_paper() and untag_paper()';
COMMENT ON COLUMN paperfeed.hand_tags.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.hand_tags.tag IS 'the tag';
COMMENT ON COLUMN paperfeed.hand_tags.given IS 'false = taken off: rules do not give it to this paper';
COMMENT ON COLUMN paperfeed.hand_tags.at IS 'when';

CREATE VIEW paperfeed.paper_tags AS
	SELECT h.paper, r.tag, r.id AS rule, h.at
	FROM paperfeed.rule_hits AS h JOIN paperfeed.rules AS r ON r.id OPERATOR(pg_catalog.=) h.rule
	WHERE r.enabled AND r.action OPERATOR(pg_catalog.=) 'tag'
		AND NOT EXISTS (SELECT FROM paperfeed.hand_tags AS t
			WHERE t.paper OPERATOR(pg_catalog.=) h.paper AND t.tag OPERATOR(pg_catalog.=) r.tag)
	UNION ALL
	SELECT paper, tag, NULL::bigint, at FROM paperfeed.hand_tags WHERE given;

COMMENT ON VIEW paperfeed.paper_tags IS 'tags of papers, by rules and by hand; one row for each rule that gives it';
COMMENT ON COLUMN paperfeed.paper_tags.paper IS 'id of the paper';
COMMENT ON COLUMN paperfeed.paper_tags.tag IS 'the tag';
COMMENT ON COLUMN paperfeed.paper_tags.rule IS 'rule that gives it, id in paperfeed.rules; NULL = by hand';
COMMENT ON COLUMN paperfeed.paper_tags.at IS 'when the paper came in, or when it was tagged by hand';

CREATE FUNCTION paperfeed.tag_paper(paper paperfeed.paperid, tag text) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_tag_paper' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.tag_paper(paperfeed.paperid, text) IS
'give a paper a tag by hand, for all to see; gives whether it is new to the paper; any other identity of the paper will do; not for PUBLIC; NULL tags nothing and gives NULL; errors: 22023 for a tag that is blank, longer than 100 characters or has control characters, 23503 for a paper that is not in paperfeed.papers';

CREATE FUNCTION paperfeed.untag_paper(paper paperfeed.paperid, tag text) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_untag_paper' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;

COMMENT ON FUNCTION paperfeed.untag_paper(paperfeed.paperid, text) IS
'take a tag off a paper, whether it was given by hand or by rules, which then do not give it again; gives whether the paper had it; not for PUBLIC; NULL changes nothing and gives NULL; errors as for tag_paper';

CREATE FUNCTION paperfeed._rules_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_rules_changed' LANGUAGE C;
CREATE FUNCTION paperfeed._rule_updated() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_rule_updated' LANGUAGE C;

COMMENT ON FUNCTION paperfeed._rules_changed() IS 'trigger: sessions read the rules anew';
COMMENT ON FUNCTION paperfeed._rule_updated() IS 'trigger: papers that a rule boosts get its new boost';

CREATE TRIGGER rules_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON paperfeed.rules
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._rules_changed();
CREATE TRIGGER rule_updated AFTER UPDATE ON paperfeed.rules
	FOR EACH ROW WHEN (old.boost IS DISTINCT FROM new.boost OR old.enabled IS DISTINCT FROM new.enabled
		OR old.action IS DISTINCT FROM new.action)
	EXECUTE FUNCTION paperfeed._rule_updated();

COMMENT ON TRIGGER rules_changed ON paperfeed.rules IS 'sessions read the rules anew';
COMMENT ON TRIGGER rule_updated ON paperfeed.rules IS 'a new boost counts at once';

CREATE FUNCTION paperfeed._meets(
	paper_authors text[], paper_categories text[], paper_source text,
	authors text[], categories text[], sources text[]) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_meets' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;

COMMENT ON FUNCTION paperfeed._meets(text[], text[], text, text[], text[], text[]) IS
'do authors, categories and source of a paper meet the lists of a rule or a watch; a NULL list is met';

CREATE FUNCTION paperfeed._unwanted(
	title text, abstract text, authors text[], categories text[], source text, feed_tags text[]) RETURNS text
AS 'MODULE_PATHNAME', 'pf_unwanted' LANGUAGE C STABLE PARALLEL UNSAFE COST 3000;

COMMENT ON FUNCTION paperfeed._unwanted(text, text, text[], text[], text, text[]) IS
'why the rules would drop such a record from a feed with these tags; NULL = they would not';

CREATE FUNCTION paperfeed.try_rule(
	query text DEFAULT NULL, authors text[] DEFAULT NULL, categories text[] DEFAULT NULL,
	sources text[] DEFAULT NULL, feed_tags text[] DEFAULT NULL,
	k integer DEFAULT 20, matched boolean DEFAULT true,
	OUT paper paperfeed.paperid, OUT title text, OUT published timestamptz, OUT why text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_try_rule' LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 20;

COMMENT ON FUNCTION paperfeed.try_rule(text, text[], text[], text[], text[], integer, boolean) IS
'which papers of paperfeed.papers a rule with these columns would match, the newest k, before you INSERT it; with matched => false those that it would not match (which a rule of action keep would drop); why shows what of them was looked at, words that were found between **; k NULL gives all; needs SELECT on papers, with feed_tags also on sightings and feeds; errors: 42601 and 22023 for a query or a list that a rule could not have, 2201W for a negative k';

CREATE FUNCTION paperfeed.rule_matches(
	rule bigint, k integer DEFAULT 20, matched boolean DEFAULT true,
	OUT paper paperfeed.paperid, OUT title text, OUT published timestamptz, OUT why text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_rule_matches' LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 20;

COMMENT ON FUNCTION paperfeed.rule_matches(bigint, integer, boolean) IS
'which papers a rule that is in paperfeed.rules matches, enabled or not, as by try_rule(); needs SELECT on rules, too; NULL gives no rows; error P0002 if there is no such rule';

CREATE FUNCTION paperfeed.unwanted_papers(
	k integer DEFAULT 20,
	OUT paper paperfeed.paperid, OUT title text, OUT published timestamptz, OUT why text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pf_unwanted_papers' LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 20;

COMMENT ON FUNCTION paperfeed.unwanted_papers(integer) IS
'papers that came in before the rules of action keep and drop were as they are, and would not come in now from any of the feeds that showed them; the newest k, NULL gives all, and why; nothing deletes them but you: DELETE FROM paperfeed.papers WHERE id IN (SELECT paper FROM paperfeed.unwanted_papers(NULL)), which takes nothing away that readers said; needs SELECT on papers, sightings and feeds and EXECUTE on _unwanted(); neither is for PUBLIC; error 2201W for a negative k';

CREATE PROCEDURE paperfeed.apply_rules(since timestamptz DEFAULT NULL)
AS 'MODULE_PATHNAME', 'pf_apply_rules' LANGUAGE C;

COMMENT ON PROCEDURE paperfeed.apply_rules(timestamptz) IS
'make tags and boosts of the papers that are there what the enabled rules say now, of those published since a time or of all; those of disabled rules and tags by hand stay; a notice tells how many papers were looked at and how many matches (rows of rule_hits) were added and removed; commits every 500 papers and may be broken off and called again at any time, see progress; papers that are kept out by keep and drop come in with the next refresh() if their feed still shows them, as feeds are then asked for all they have, and those that are in stay (see unwanted_papers); not for PUBLIC; errors: 25001 in a transaction block';

REVOKE EXECUTE ON FUNCTION paperfeed.tag_paper(paperfeed.paperid, text), paperfeed.untag_paper(paperfeed.paperid, text),
	paperfeed._rules_changed(), paperfeed._rule_updated(), paperfeed._unwanted(text, text, text[], text[], text, text[]),
	paperfeed.unwanted_papers(integer) FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE paperfeed.apply_rules(timestamptz) FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('paperfeed.rules', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.rules_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.rule_hits', '');
SELECT pg_catalog.pg_extension_config_dump('paperfeed.hand_tags', '');
