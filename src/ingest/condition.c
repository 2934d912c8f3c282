/*-------------------------------------------------------------------------
 *
 * condition.c
 *		condition(): what a paper's words must meet, from text to tsquery.
 *
 * The syntax is that of search(), but all words are required, since here they
 * decide and do not rank:
 *
 *		deep graph				deep & graph
 *		"deep graph" nets -bio	deep <-> graph & net & !bio
 *		deep or "graph nets"	deep | graph <-> net
 *		deep (graph or tree)	deep & (graph | tree)
 *		transform*				words that begin so
 *		title:graph author:(ada or "alan turing") -abstract:"deep graph"
 *
 * It goes with document(): the same configuration, and fields are its weights.
 * Here, unlike in a search box, what looks like a slip of the pen is an error: a
 * rule that means something else than its author thought does harm for months.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "common/strings.h"
#include "compat.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"

#define MAX_CONDITION	10000	/* bytes */
#define MAX_RESULT		7000	/* bytes; a tsquery in a table must fit on a page */
#define MAX_SHOWN		80		/* of it in messages */

typedef struct Reader
{
	const char *s;				/* what is left */
	const char *end;
	Oid			config;
	int			depth;			/* of parentheses */
	text	   *all;
	ParsedText	parsed;			/* used over and over */
} Reader;

static const struct
{
	const char *name;
	int			weights;		/* bit n = weight n, D being 0 */
}			fields[] = {
	{"title:", 1 << 3}, {"author:", 1 << 2}, {"authors:", 1 << 2}, {"abstract:", 1 << 1}
};

static const char not_closed[] = "A parenthesis is not closed.";

static TSQuery read_branches(Reader *reader);

/* For messages. */
static const char *
beginning(const text *query)
{
	int			len = (int) VARSIZE_ANY_EXHDR(query);
	int			shown = pg_mbcliplen(VARDATA_ANY(query), len, MAX_SHOWN);

	return psprintf("%.*s%s", shown, VARDATA_ANY(query), shown < len ? "..." : "");
}

static _Noreturn void
syntax_error(const Reader *reader, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("cannot read the query \"%s\"", beginning(reader->all)),
			 errdetail_internal("%s", detail)));
}

/* Operators of a tsquery part words, as they do in search(). */
static inline bool
is_blank(char c)
{
	return pf_is_space(c) || c == '!' || c == '&' || c == '|';
}

static inline bool
ends_word(char c)
{
	return is_blank(c) || c == '(' || c == ')' || c == '"';
}

static void
skip_blanks(Reader *reader)
{
	while (reader->s < reader->end && is_blank(*reader->s))
		reader->s++;
}

/* ---- tsqueries; NULL = nothing but stop words ---- */

static void
check_size(const Reader *reader, TSQuery query)
{
	if (query != NULL && VARSIZE(query) > MAX_RESULT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the query \"%s\" has too many words", beginning(reader->all)),
				 errdetail("As a tsquery it takes more than %d bytes.", MAX_RESULT),
				 errhint("Make several of it.")));
}

/* Each step copies all there is: what is too large must not grow on. */
static TSQuery
both(const Reader *reader, PGFunction operator, TSQuery a, TSQuery b)
{
	TSQuery		out;

	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	out = DatumGetTSQuery(DirectFunctionCall2(operator, TSQueryGetDatum(a), TSQueryGetDatum(b)));
	check_size(reader, out);
	return out;
}

static Oid
find_config(char *name)
{
	return get_ts_config_oid(list_make2(makeString("pg_catalog"), makeString(name)), false);
}

static TSQuery
make_phrase(Reader *reader, Oid config, const char *s, int len)
{
	/* The function below has a notice for what is nothing. */
	reader->parsed.curwords = 0;
	parsetext(config, &reader->parsed, unconstify(char *, s), len);
	if (reader->parsed.curwords == 0)
		return NULL;
	return DatumGetTSQuery(DirectFunctionCall2(phraseto_tsquery_byid, ObjectIdGetDatum(config),
											   PointerGetDatum(cstring_to_text_with_len(s, len))));
}

/* What words begin with: "be", too, though that is a word that is left out. */
static TSQuery
make_prefix(Reader *reader, const char *s, int len)
{
	TSQuery		query = make_phrase(reader, reader->config, s, len);

	if (query == NULL)
		query = make_phrase(reader, find_config("simple"), s, len);
	for (int i = 0; query != NULL && i < query->size; i++)
	{
		if (GETQUERY(query)[i].type == QI_VAL)
			GETQUERY(query)[i].qoperand.prefix = true;
	}
	return query;
}

/* A field within another one stays as it is. */
static void
set_weights(TSQuery query, int weights)
{
	for (int i = 0; query != NULL && i < query->size; i++)
	{
		if (GETQUERY(query)[i].type == QI_VAL && GETQUERY(query)[i].qoperand.weight == 0)
			GETQUERY(query)[i].qoperand.weight = (uint8) weights;
	}
}

/* ---- reading ---- */

static bool
is_or(const char *s, int len)
{
	return len == 2 && pg_strncasecmp(s, "or", 2) == 0;
}

static int
word_length(const Reader *reader)
{
	const char *s = reader->s;

	while (s < reader->end && !ends_word(*s))
		s++;
	return (int) (s - reader->s);
}

/* The weights of a field that is named here, and past it; 0 = none is. */
static int
read_field(Reader *reader)
{
	PfStr		rest = {reader->s, (int) (reader->end - reader->s)};

	for (size_t i = 0; i < lengthof(fields); i++)
	{
		if (!pf_str_starts_nocase(rest, fields[i].name))
			continue;
		reader->s += strlen(fields[i].name);
		if (reader->s == reader->end || is_blank(*reader->s) || *reader->s == ')')
			syntax_error(reader, psprintf("Nothing stands behind \"%s\".", fields[i].name));
		if (*reader->s == '-')
			syntax_error(reader, psprintf("A dash stands before \"%s\", not behind it.",
										  fields[i].name));
		return fields[i].weights;
	}
	return 0;
}

/* A word, a phrase or what is in parentheses; the reader stands on it. */
static TSQuery
read_part(Reader *reader)
{
	TSQuery		out;
	const char *start;
	int			len;

	check_stack_depth();
	if (*reader->s == '(')
	{
		reader->s++;
		reader->depth++;
		out = read_branches(reader);
		if (reader->s == reader->end)
			syntax_error(reader, not_closed);
		reader->s++;
		reader->depth--;
		return out;
	}
	if (*reader->s == '"')
	{
		start = ++reader->s;
		reader->s = memchr(start, '"', reader->end - start);
		if (reader->s == NULL)
			syntax_error(reader, "A quotation mark is not closed.");
		return make_phrase(reader, reader->config, start, (int) (reader->s++ - start));
	}
	start = reader->s;
	len = word_length(reader);
	reader->s += len;
	if (len > 1 && start[len - 1] == '*')
		return make_prefix(reader, start, len - 1);
	return make_phrase(reader, reader->config, start, len);
}

/* What is between two ORs: all of it is required. */
static TSQuery
read_branch(Reader *reader, bool behind_or)
{
	TSQuery		all = NULL;
	bool		any = false;

	for (;;)
	{
		TSQuery		part;
		const char *start;
		bool		negated;
		int			weights;

		CHECK_FOR_INTERRUPTS();
		skip_blanks(reader);
		if (reader->s == reader->end || *reader->s == ')' ||
			is_or(reader->s, word_length(reader)))
			break;

		/* One dash, right before what it excludes. */
		start = reader->s;
		while (reader->s < reader->end && *reader->s == '-')
			reader->s++;
		negated = reader->s - start == 1;
		if (reader->s == reader->end || is_blank(*reader->s) || *reader->s == ')')
			continue;
		any = true;
		weights = read_field(reader);
		part = read_part(reader);
		if (weights != 0)
			set_weights(part, weights);
		if (negated && part != NULL)
			part = DatumGetTSQuery(DirectFunctionCall1(tsquery_not, TSQueryGetDatum(part)));
		check_size(reader, part);
		all = both(reader, tsquery_and, all, part);
	}
	if (any)
		return all;
	if (reader->s < reader->end && *reader->s != ')')
		syntax_error(reader, "Nothing stands before an \"or\".");
	if (behind_or)
		syntax_error(reader, "Nothing stands behind an \"or\".");
	if (reader->depth == 0)
		syntax_error(reader, "There is nothing in it.");
	syntax_error(reader, reader->s == reader->end ? not_closed :
				 "Nothing stands between parentheses.");
}

/* Up to the end or a closing parenthesis. */
static TSQuery
read_branches(Reader *reader)
{
	TSQuery		any = read_branch(reader, false);

	while (reader->s < reader->end && *reader->s != ')')
	{
		reader->s += 2;
		any = both(reader, tsquery_or, any, read_branch(reader, true));
	}
	return any;
}

PG_FUNCTION_INFO_V1(pf_condition);

/* condition(query text) */
Datum
pf_condition(PG_FUNCTION_ARGS)
{
	text	   *in = PG_GETARG_TEXT_PP(0);
	Reader		reader = {
		.s = VARDATA_ANY(in),
		.end = VARDATA_ANY(in) + VARSIZE_ANY_EXHDR(in),
		.all = in
	};
	TSQuery		out;

	if (VARSIZE_ANY_EXHDR(in) > MAX_CONDITION)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query of %d bytes is too long", (int) VARSIZE_ANY_EXHDR(in)),
				 errdetail("It may have %d bytes.", MAX_CONDITION)));
	reader.config = find_config("english");
	reader.parsed.lenwords = 16;
	reader.parsed.words = palloc(sizeof(ParsedWord) * reader.parsed.lenwords);
	out = read_branches(&reader);
	if (reader.s < reader.end)
		syntax_error(&reader, "A parenthesis is closed that was not opened.");
	if (out == NULL || out->size == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query \"%s\" has no words to look for", beginning(in)),
				 errdetail("Words like \"the\" and \"of\" are in every paper "
						   "and are not looked for.")));
	check_size(&reader, out);
	PG_RETURN_TSQUERY(out);
}
