/* src/ingest/criteria.sql: what rules and watches look for */

CREATE FUNCTION paperfeed.condition(query text) RETURNS tsquery
AS 'MODULE_PATHNAME', 'pf_condition'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

COMMENT ON FUNCTION paperfeed.condition(text) IS
'what the query of a rule or a watch asks of paperfeed.document(): as in search(), but all words are required; in double quotes: these words in a row; -word, -"phrase" or -(...): not that; or between two parts, parentheses; word*: words that begin so; title:, author: and abstract: before any of these: there only; all read as English; NULL gives NULL; errors: 42601 for a quotation mark or a parenthesis without its other half and for an or between nothing, 22023 for a query of nothing but stop words, 54000 for one of more than 10,000 bytes or some 200 words';

CREATE FUNCTION paperfeed._is_list(list text[]) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_is_list'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed._is_list(text[]) IS
'is it a list of 1 to 1,000 texts, each of 1 to 200 characters, none blank; NULL gives NULL';

CREATE FUNCTION paperfeed._is_tag(tag text) RETURNS boolean
AS 'MODULE_PATHNAME', 'pf_is_tag'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION paperfeed._is_tag(text) IS
'is it a tag: 1 to 100 characters, no blanks at its ends, no control characters; NULL gives NULL';
