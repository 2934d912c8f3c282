/*-------------------------------------------------------------------------
 *
 * keywords.c
 *		Words and their statistics: what tells a text apart, and what a query's
 *		terms weigh.
 *
 * A keyword's score is tf * idf: how often the text has the word, times how rare
 * it is among the papers.  Words are told apart by their lexemes, as the index
 * does it, and shown as the text spells them most often.
 *
 * Of PostgreSQL's own parser only words are taken, not numbers, addresses or
 * markup; and of a compound the whole, not its parts: "state-of-the-art" says
 * more than "art".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tsearch/ts_cache.h"
#include "tsearch/ts_public.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "index/query.h"
#include "index/search.h"

#define DEFAULT_PARSER	3722	/* pg_catalog.default, as initdb makes it */

/* Token types of that parser: asciiword, word, numword, numhword, asciihword, hword. */
#define WORD_TYPES		((1 << 1) | (1 << 2) | (1 << 3) | (1 << 15) | (1 << 16) | (1 << 17))

/* A word of the text: a lexeme and the spelling it comes from. */
typedef struct Token
{
	const char *lexeme;
	const char *spelling;
	int			lexeme_len;
	int			spelling_len;
} Token;

typedef struct Tokens
{
	Token	   *items;
	Size		n;
	Size		max;
} Tokens;

static void
add_token(Tokens *tokens, const char *lexeme, const char *spelling, int spelling_len)
{
	Size		len = strlen(lexeme);

	if (len == 0 || len > MAXSTRLEN)
		return;
	if (tokens->n == tokens->max)
	{
		tokens->max = tokens->max > 0 ? tokens->max * 2 : 256;
		if (tokens->items == NULL)
			tokens->items = palloc(sizeof(Token) * tokens->max);
		else
			tokens->items = repalloc_huge(tokens->items, sizeof(Token) * tokens->max);
	}
	tokens->items[tokens->n++] = (Token) {lexeme, spelling, (int) len, spelling_len};
}

/* ---- lexemes of a text ---- */

/* What the first dictionary that knows the token makes of it; stop words are nothing. */
static void
add_lexemes(Tokens *tokens, TSConfigCacheEntry *config, int type, char *token, int len)
{
	ListDictionary *map = &config->map[type];
	char	   *word = token;
	int			word_len = len;

	for (int i = 0; i < map->len; i++)
	{
		TSDictionaryCacheEntry *dictionary = lookup_ts_dictionary_cache(map->dictIds[i]);
		DictSubState state = {false, false, NULL};
		TSLexeme   *lexeme = (TSLexeme *)
			DatumGetPointer(FunctionCall4(&dictionary->lexize, PointerGetDatum(dictionary->dictData),
										  PointerGetDatum(word), Int32GetDatum(word_len),
										  PointerGetDatum(&state)));

		/* One that waits for more words knows this one alone when asked again, with its end. */
		if (state.getnext)
		{
			state.isend = true;
			lexeme = (TSLexeme *)
				DatumGetPointer(FunctionCall4(&dictionary->lexize, PointerGetDatum(dictionary->dictData),
											  PointerGetDatum(word), Int32GetDatum(word_len),
											  PointerGetDatum(&state)));
		}
		if (lexeme == NULL)
			continue;
		if (lexeme->flags & TSL_FILTER)
		{
			word = lexeme->lexeme;
			word_len = (int) strlen(word);
			continue;
		}
		for (; lexeme->lexeme != NULL; lexeme++)
			add_token(tokens, lexeme->lexeme, token, len);
		return;
	}
}

static void
read_tokens(Tokens *tokens, TSConfigCacheEntry *config, char *s, int len)
{
	TSParserCacheEntry *parser = lookup_ts_parser_cache(config->prsId);
	void	   *state = DatumGetPointer(FunctionCall2(&parser->prsstart, PointerGetDatum(s),
													  Int32GetDatum(len)));

	for (;;)
	{
		char	   *token = NULL;
		int			token_len = 0;
		int			type = DatumGetInt32(FunctionCall3(&parser->prstoken, PointerGetDatum(state),
													   PointerGetDatum(&token),
													   PointerGetDatum(&token_len)));

		if (type <= 0)
			break;
		if (type >= config->lenmap || token_len > MAXSTRLEN ||
			(config->prsId == DEFAULT_PARSER && !(type < 32 && (WORD_TYPES & (1 << type)))))
			continue;
		/* A letter on its own is a variable in a formula. */
		if (token_len > 1)
			add_lexemes(tokens, config, type, token, token_len);
	}
	FunctionCall1(&parser->prsend, PointerGetDatum(state));
}

static void
read_text(Tokens *tokens, Oid config_id, text *in)
{
	TSConfigCacheEntry *config = lookup_ts_config_cache(config_id);
	char	   *s = VARDATA_ANY(in);
	int			len = VARSIZE_ANY_EXHDR(in);

	while (len > 0)
	{
		int			piece = pf_text_piece(s, len);

		CHECK_FOR_INTERRUPTS();
		read_tokens(tokens, config, s, piece);
		s += piece;
		len -= piece;
	}
}

/* ---- keywords ---- */

static inline int
compare_bytes(const char *a, int alen, const char *b, int blen)
{
	int			result = memcmp(a, b, Min(alen, blen));

	return result != 0 ? result : alen - blen;
}

static int
compare_tokens(const void *a, const void *b)
{
	const Token *x = a;
	const Token *y = b;
	int			result = compare_bytes(x->lexeme, x->lexeme_len, y->lexeme, y->lexeme_len);

	if (result == 0)
		result = compare_bytes(x->spelling, x->spelling_len, y->spelling, y->spelling_len);
	return result;
}

typedef struct Keyword
{
	const Token *spelling;
	Size		spelled;		/* how often it is spelled so */
	Size		occurrences;
	double		score;
	double		df;
} Keyword;

/*
 * Tokens are sorted.  Of spellings that are as frequent the last one is taken,
 * which is the one in lower case.
 */
static int
group_tokens(const Tokens *tokens, Keyword *keywords, PfBmWords *words)
{
	int			n = 0;
	Size		same = 0;		/* of this spelling so far */

	for (Size i = 0; i < tokens->n; i++)
	{
		const Token *token = &tokens->items[i];
		bool		new_lexeme = i == 0 ||
			compare_bytes(token->lexeme, token->lexeme_len, token[-1].lexeme, token[-1].lexeme_len) != 0;

		same = new_lexeme || compare_tokens(token, token - 1) != 0 ? 1 : same + 1;
		if (new_lexeme)
		{
			keywords[n++] = (Keyword) {.spelling = token};
			pf_bm_words_add(words, token->lexeme, token->lexeme_len, PF_BM_ALL_FIELDS, 0);
		}
		keywords[n - 1].occurrences++;
		words->items[n - 1].weight++;
		if (same >= keywords[n - 1].spelled)
		{
			keywords[n - 1].spelling = token;
			keywords[n - 1].spelled = same;
		}
	}
	return n;
}

/* By score; where that is equal, by spelling. */
static int
compare_keywords(const void *a, const void *b)
{
	const Keyword *x = a;
	const Keyword *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return compare_bytes(x->spelling->spelling, x->spelling->spelling_len,
						 y->spelling->spelling, y->spelling->spelling_len);
}

PG_FUNCTION_INFO_V1(pf_keywords);

/* keywords(text text, n integer, OUT keyword text, OUT score float8, OUT occurrences bigint, OUT documents bigint) */
Datum
pf_keywords(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Tokens		tokens = {0};
	PfBmWords	words = {0};
	PfBmQuery  *query;
	PfBmStats	stats;
	Keyword    *keywords;
	Relation	index;
	int			n;
	int			max = PG_INT32_MAX;

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(1))
		max = PG_GETARG_INT32(1);
	if (max < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
				 errmsg("n must not be negative")));
	if (PG_ARGISNULL(0))
		return (Datum) 0;

	index = pf_bm_index_open_any(pf_search_index(fcinfo), AccessShareLock);
	pf_bm_check_select(index);
	read_text(&tokens, pf_bm_config(index), PG_GETARG_TEXT_PP(0));
	if (tokens.n > 1)
		qsort(tokens.items, tokens.n, sizeof(Token), compare_tokens);
	keywords = palloc_extended(sizeof(Keyword) * Max(tokens.n, 1), MCXT_ALLOC_HUGE);
	n = group_tokens(&tokens, keywords, &words);

	/* The words ascend, so the query's terms are in their order. */
	query = pf_bm_query_make(RelationGetRelid(index), &words);
	pf_bm_stats_read(query, &stats);
	for (int i = 0; i < n; i++)
	{
		keywords[i].score = stats.idf[i];
		keywords[i].df = stats.df[i];
	}
	relation_close(index, AccessShareLock);

	qsort(keywords, n, sizeof(Keyword), compare_keywords);
	for (int i = 0; i < Min(n, max); i++)
	{
		const Keyword *keyword = &keywords[i];
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = PointerGetDatum(cstring_to_text_with_len(keyword->spelling->spelling,
															 keyword->spelling->spelling_len));
		values[1] = Float8GetDatum(keyword->score);
		values[2] = Int64GetDatum((int64) keyword->occurrences);
		values[3] = Int64GetDatum((int64) keyword->df);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* ---- terms of a query ---- */

PG_FUNCTION_INFO_V1(pf_bm25_terms);

/* bm25_terms(bm25query, OUT term text, OUT fields text, OUT weight real, OUT documents bigint, OUT idf float8) */
Datum
pf_bm25_terms(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PfBmQuery  *query = pf_bm_query_check(PG_GETARG_DATUM(0));
	PfBmStats	stats;

	InitMaterializedSRF(fcinfo, 0);
	pf_bm_stats_read(query, &stats);
	for (uint32 i = 0; i < query->nterms; i++)
	{
		const PfBmQueryTerm *term = &query->terms[i];
		char		fields[PF_BM_FIELDS + 1];
		int			nfields = 0;
		Datum		values[5];
		bool		nulls[5] = {false};

		for (int f = PF_BM_FIELDS - 1; f >= 0; f--)
		{
			if (term->mask & (1 << f))
				fields[nfields++] = (char) ('D' - f);
		}
		values[0] = PointerGetDatum(cstring_to_text_with_len(PF_BM_QUERY_TERM(query, i), term->len));
		values[1] = PointerGetDatum(cstring_to_text_with_len(fields, nfields));
		values[2] = Float4GetDatum(term->weight);
		values[3] = Int64GetDatum((int64) stats.df[i]);
		values[4] = Float8GetDatum(pf_bm_idf(stats.ntexts, stats.df[i]));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
