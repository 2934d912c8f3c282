/* src/signal/boosts.sql: what rules boost is a signal */

CREATE FUNCTION paperfeed._boosts_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'pf_boosts_changed' LANGUAGE C;
REVOKE EXECUTE ON FUNCTION paperfeed._boosts_changed() FROM PUBLIC;

COMMENT ON FUNCTION paperfeed._boosts_changed() IS
'trigger: makes a change of rule_hits.boost a signal of kind boost, or takes that back';

-- None on INSERT: a match has no boost before it is given one.  So a dump can bring both back.
CREATE TRIGGER boosts_updated AFTER UPDATE ON paperfeed.rule_hits
	REFERENCING OLD TABLE AS was NEW TABLE AS become
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._boosts_changed();
CREATE TRIGGER boosts_deleted AFTER DELETE ON paperfeed.rule_hits
	REFERENCING OLD TABLE AS was
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._boosts_changed();
CREATE TRIGGER boosts_truncated BEFORE TRUNCATE ON paperfeed.rule_hits
	FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._boosts_changed();

COMMENT ON TRIGGER boosts_updated ON paperfeed.rule_hits IS 'keeps signals of kind boost up to date';
COMMENT ON TRIGGER boosts_deleted ON paperfeed.rule_hits IS 'keeps signals of kind boost up to date';
COMMENT ON TRIGGER boosts_truncated ON paperfeed.rule_hits IS 'keeps signals of kind boost up to date';
