/*-------------------------------------------------------------------------
 *
 * document.c
 *		document(): what search looks at of a paper, as a tsvector.
 *
 * The title has weight A, the authors B, the abstract C, all read as English;
 * what stands for a name as a whole (author.c) has no position, which counts as
 * D.  Between title, abstract and each of the authors a position is left free,
 * so that no phrase goes from one into the next.
 *
 * A tsvector holds 1 MB of lexemes and no more.  A paper must not fail over
 * that, so of texts that are longer than any title or abstract the rest is left
 * out: with the bounds below even the worst text takes less.  The parser gets
 * texts in pieces, see pf_text_piece().
 *
 * The configuration is PostgreSQL's own "english", whatever the search_path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/encoding.h"
#include "common/fold.h"
#include "common/memo.h"
#include "index/author.h"
#include "index/search.h"

/* In bytes; lexemes and positions take at most four times as much. */
#define MAX_TITLE		10000
#define MAX_AUTHORS		80000
#define MAX_ABSTRACT	50000
#define MAX_NAMES		80000	/* as wholes */

/* Text that the parser gets at once. */
#define MAX_PIECE		256

/* A lexeme at one position, with its weight; 0 = no position. */
typedef struct Occurrence
{
	const char *s;
	int			len;
	WordEntryPos pos;
} Occurrence;

typedef struct Document
{
	Oid			config;
	ParsedText	parsed;			/* of all texts, one after the other */
	Occurrence *items;
	int			n;
	int			max;
} Document;

static void
add(Document *document, const char *s, int len, WordEntryPos pos)
{
	if (document->n == document->max)
	{
		document->max *= 2;
		document->items = repalloc(document->items, sizeof(Occurrence) * document->max);
	}
	document->items[document->n++] = (Occurrence) {s, len, pos};
}

/* ---- texts ---- */

int
pf_text_piece(const char *s, int len)
{
	int			end;

	if (len <= MAX_PIECE)
		return len;
	for (end = MAX_PIECE; end > 0; end--)
	{
		if (s[end - 1] == ' ' || s[end - 1] == '\n' || s[end - 1] == '\t')
			return end;
	}
	end = pg_mbcliplen(s, len, MAX_PIECE);
	return end > 0 ? end : Min(pg_mblen(s), len);
}

void
pf_text_parse(Oid config, ParsedText *parsed, const char *s, int len)
{
	while (len > 0)
	{
		int			piece = pf_text_piece(s, len);

		CHECK_FOR_INTERRUPTS();
		parsetext(config, parsed, unconstify(char *, s), piece);
		s += piece;
		len -= piece;
	}
}

static void
add_text(Document *document, const char *s, int len, int weight)
{
	ParsedText *parsed = &document->parsed;

	parsed->curwords = 0;
	pf_text_parse(document->config, parsed, s, len);
	for (int i = 0; i < parsed->curwords; i++)
	{
		const ParsedWord *word = &parsed->words[i];
		WordEntryPos pos = 0;

		WEP_SETPOS(pos, LIMITPOS(word->pos.pos));
		WEP_SETWEIGHT(pos, weight);
		if (word->len > 0)
			add(document, word->word, word->len, pos);
	}
	if (parsed->curwords > 0)
		parsed->pos++;
}

static void
add_clipped(Document *document, text *in, int max, int weight)
{
	int			len = VARSIZE_ANY_EXHDR(in);

	add_text(document, VARDATA_ANY(in), pg_mbcliplen(VARDATA_ANY(in), len, max), weight);
}

/* ---- authors ---- */

static void
add_authors(Document *document, ArrayType *array, int weight)
{
	Datum	   *items;
	bool	   *nulls;
	int			n;
	int			bytes = 0;
	int			key_bytes = 0;
	StringInfoData folded;
	PfStrings	keys = {0};

	initStringInfo(&folded);
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	for (int i = 0; i < n && bytes < MAX_AUTHORS; i++)
	{
		text	   *name;
		if (nulls[i])
			continue;
		name = DatumGetTextPP(items[i]);
		bytes += VARSIZE_ANY_EXHDR(name);
		if (bytes > MAX_AUTHORS)
			break;
		add_text(document, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), weight);

		if (pf_fold(&folded, pf_text_to_utf8(name)))
		{
			text	   *plain = pf_utf8_to_text((PfStr) {folded.data, folded.len});

			bytes += folded.len;
			add_text(document, VARDATA(plain), VARSIZE(plain) - VARHDRSZ, weight);
		}
		keys.n = 0;
		pf_author_keys(&keys, (PfStr) {folded.data, folded.len}, false);
		for (int k = 0; k < keys.n && key_bytes < MAX_NAMES; k++)
		{
			text	   *key = pf_utf8_to_text(keys.items[k]);

			key_bytes += keys.items[k].len;
			add(document, VARDATA(key), VARSIZE(key) - VARHDRSZ, 0);
		}
	}
}

/* ---- the tsvector ---- */

static inline int
compare_lexemes(const Occurrence *a, const Occurrence *b)
{
	int			result = memcmp(a->s, b->s, Min(a->len, b->len));

	return result != 0 ? result : a->len - b->len;
}

static int
compare_occurrences(const void *a, const void *b)
{
	const Occurrence *x = a;
	const Occurrence *y = b;
	int			result = compare_lexemes(x, y);

	if (result == 0)
		result = (int) WEP_GETPOS(x->pos) - (int) WEP_GETPOS(y->pos);
	return result != 0 ? result : (int) WEP_GETWEIGHT(y->pos) - (int) WEP_GETWEIGHT(x->pos);
}

/* What goes with a lexeme of n occurrences, to out unless that is NULL; gives the number. */
static int
positions(const Occurrence *items, int n, WordEntryPos *out)
{
	int			npos = 0;
	int			last = 0;

	for (int i = 0; i < n && npos < MAXNUMPOS - 1 && last < MAXENTRYPOS - 1; i++)
	{
		if (WEP_GETPOS(items[i].pos) == last)
			continue;
		last = WEP_GETPOS(items[i].pos);
		if (out != NULL)
			out[npos] = items[i].pos;
		npos++;
	}
	return npos;
}

static TSVector
make_vector(const Occurrence *items, int n)
{
	TSVector	out;
	WordEntry  *word;
	char	   *bytes;
	Size		size = 0;
	Size		total;
	int			nlexemes = 0;

	for (int i = 0, next; i < n; i = next)
	{
		int			npos;

		for (next = i + 1; next < n && compare_lexemes(&items[i], &items[next]) == 0;)
			next++;
		npos = positions(&items[i], next - i, NULL);
		size += items[i].len;
		if (npos > 0)
			size = SHORTALIGN(size) + sizeof(uint16) + npos * sizeof(WordEntryPos);
		nlexemes++;
	}
	if (size > MAXSTRPOS)
		elog(ERROR, "a document takes %zu bytes", size);

	total = CALCDATASIZE(nlexemes, size);
	out = palloc0(total);
	SET_VARSIZE(out, total);
	out->size = nlexemes;
	word = ARRPTR(out);
	bytes = STRPTR(out);
	size = 0;
	for (int i = 0, next; i < n; i = next)
	{
		int			npos;

		for (next = i + 1; next < n && compare_lexemes(&items[i], &items[next]) == 0;)
			next++;
		npos = positions(&items[i], next - i, NULL);
		word->len = items[i].len;
		word->pos = size;
		word->haspos = npos > 0;
		word++;
		memcpy(bytes + size, items[i].s, items[i].len);
		size += items[i].len;
		if (npos > 0)
		{
			size = SHORTALIGN(size);
			*(uint16 *) (bytes + size) = (uint16) npos;
			positions(&items[i], next - i, (WordEntryPos *) (bytes + size + sizeof(uint16)));
			size += sizeof(uint16) + npos * sizeof(WordEntryPos);
		}
	}
	return out;
}

PG_FUNCTION_INFO_V1(pf_document);

/* An argument's bytes, whatever its header. */
static PfStr
key(FunctionCallInfo fcinfo, int number)
{
	struct varlena *value;

	if (PG_ARGISNULL(number))
		return PF_STR_NONE;
	value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(number));
	return (PfStr) {VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value)};
}

/* document(title text, abstract text, authors text[]) */
Datum
pf_document(PG_FUNCTION_ARGS)
{
	Document	document = {0};
	PfStr		keys[PF_MEMO_KEYS] = {{NULL, 0}};
	TSVector	result;

	if (pf_document_memo != NULL)
	{
		for (int i = 0; i < PF_MEMO_KEYS; i++)
			keys[i] = key(fcinfo, i);
		result = pf_memo_find(pf_document_memo, keys);
		if (result != NULL)
			PG_RETURN_TSVECTOR(result);
	}

	document.config = get_ts_config_oid(list_make2(makeString("pg_catalog"), makeString("english")), false);
	document.parsed.lenwords = 64;
	document.parsed.words = palloc(sizeof(ParsedWord) * document.parsed.lenwords);
	document.max = 256;
	document.items = palloc(sizeof(Occurrence) * document.max);

	if (!PG_ARGISNULL(0))
		add_clipped(&document, PG_GETARG_TEXT_PP(0), MAX_TITLE, 3);
	if (!PG_ARGISNULL(2))
		add_authors(&document, PG_GETARG_ARRAYTYPE_P(2), 2);
	if (!PG_ARGISNULL(1))
		add_clipped(&document, PG_GETARG_TEXT_PP(1), MAX_ABSTRACT, 1);

	if (document.n > 1)
		qsort(document.items, document.n, sizeof(Occurrence), compare_occurrences);
	result = make_vector(document.items, document.n);
	if (pf_document_memo != NULL)
		pf_memo_add(pf_document_memo, keys, result, VARSIZE(result));
	PG_RETURN_TSVECTOR(result);
}
