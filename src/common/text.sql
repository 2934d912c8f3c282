
-- Display text (src/common)

CREATE FUNCTION paperfeed.plain(text) RETURNS text
	AS 'MODULE_PATHNAME', 'pf_sql_plain'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION paperfeed.plain(text) IS
'display text out of HTML, JATS, MathML and TeX: tags left out, character references, accents and formulas as Unicode, white space folded to single blanks and trimmed; unknown tags, lone dollars and amounts of money stay; never an error; NULL for NULL';

CREATE FUNCTION paperfeed.links(text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'pf_sql_links'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION paperfeed.links(text) IS
'addresses that an abstract or comment names, as an object of arrays under code, data, model and project, in the order of the text, each once; bare hosts get https; links to arXiv, DOIs of papers, publishers and licenses are left out; {} if there is none; never an error; NULL for NULL';
