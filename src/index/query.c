/*-------------------------------------------------------------------------
 *
 * query.c
 *		The type bm25query: the terms of a ranked query and the index whose
 *		statistics weigh them.
 *
 * As text: the index, a colon, and the terms, as in
 *
 *		papers_search: 'deep':2 'graph' 'networks':AB0.5
 *
 * The index is written as a regclass is.  Terms are written as in a tsvector;
 * behind one may stand the fields that count for it, unless all do, and its
 * weight, unless that is 1.
 *
 * Terms ascend (by memcmp, then length, then fields), as the words of a
 * tsvector do, and each is there once.  The binary form is the index's name,
 * the number of terms, and for each its text, fields (D is bit 0) and weight.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "index/query.h"

StaticAssertDecl(sizeof(PfBmQueryTerm) == 12, "bm25query's term");
StaticAssertDecl(offsetof(PfBmQuery, terms) == 12, "bm25query's head");
StaticAssertDecl(MAXSTRLEN <= PG_UINT16_MAX, "length of a term");

/* ---- making ---- */

void
pf_bm_words_add(PfBmWords *words, const char *s, int len, int mask, double weight)
{
	PfBmWord   *word;

	if (words->n == words->max)
	{
		int			max = words->max > 0 ? words->max * 2 : 16;
		Size		size = sizeof(PfBmWord) * (Size) max;

		/* Texts are at most 1 GB, and words two bytes: max does not overflow. */
		if (words->items == NULL)
			words->items = MemoryContextAllocHuge(CurrentMemoryContext, size);
		else
			words->items = repalloc_huge(words->items, size);
		words->max = max;
	}
	word = &words->items[words->n++];
	word->s = s;
	word->len = len;
	word->mask = mask;
	word->weight = weight;
}

static inline int
compare_terms(const char *a, int alen, int amask, const char *b, int blen, int bmask)
{
	int			result = memcmp(a, b, Min(alen, blen));

	if (result == 0)
		result = alen - blen;
	if (result == 0)
		result = amask - bmask;
	return result;
}

static int
compare_words(const void *a, const void *b)
{
	const PfBmWord *x = a;
	const PfBmWord *y = b;

	return compare_terms(x->s, x->len, x->mask, y->s, y->len, y->mask);
}

PfBmQuery *
pf_bm_query_make(Oid index, PfBmWords *words)
{
	PfBmQuery  *query;
	PfBmWord   *items = words->items;
	int			n = 0;
	Size		size = offsetof(PfBmQuery, terms);
	char	   *bytes;

	if (words->n > 1)
		qsort(items, words->n, sizeof(PfBmWord), compare_words);
	for (int i = 0; i < words->n; i++)
	{
		if (n > 0 && compare_words(&items[n - 1], &items[i]) == 0)
		{
			items[n - 1].weight += items[i].weight;
			continue;
		}
		items[n++] = items[i];
		size += sizeof(PfBmQueryTerm) + items[i].len;
		if (n > PF_BM_MAX_QUERY_TERMS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a bm25query cannot have more than %d terms", PF_BM_MAX_QUERY_TERMS)));
	}

	query = palloc0(size);
	SET_VARSIZE(query, size);
	query->index = index;
	query->nterms = (uint32) n;
	bytes = (char *) &query->terms[n];
	for (int i = 0; i < n; i++)
	{
		PfBmQueryTerm *term = &query->terms[i];

		term->offset = (uint32) (bytes - (char *) query);
		term->len = (uint16) items[i].len;
		term->mask = (uint16) items[i].mask;
		/* A text may have a word more often than that. */
		term->weight = items[i].weight > PF_BM_MAX_WEIGHT ? PF_BM_MAX_WEIGHT : (float4) items[i].weight;
		if (!PF_BM_WEIGHT_IN_RANGE(term->weight))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("weight of a bm25query's term is out of range"),
					 errdetail("It must be from 1e-6 to 1e6.")));
		memcpy(bytes, items[i].s, items[i].len);
		bytes += items[i].len;
	}
	return query;
}

/* ---- checking ---- */

static bool
is_sound(const PfBmQuery *query)
{
	Size		size = VARSIZE(query);
	Size		head;

	if (size < offsetof(PfBmQuery, terms) || query->nterms > PF_BM_MAX_QUERY_TERMS)
		return false;
	head = offsetof(PfBmQuery, terms) + sizeof(PfBmQueryTerm) * (Size) query->nterms;
	if (size < head)
		return false;
	for (uint32 i = 0; i < query->nterms; i++)
	{
		const PfBmQueryTerm *term = &query->terms[i];

		if (term->offset < head || term->offset > size || term->len > size - term->offset ||
			term->len == 0 || term->len > MAXSTRLEN ||
			term->mask == 0 || term->mask > PF_BM_ALL_FIELDS ||
			!PF_BM_WEIGHT_IN_RANGE(term->weight))
			return false;
		if (i > 0 &&
			compare_terms(PF_BM_QUERY_TERM(query, i - 1), term[-1].len, term[-1].mask,
						  PF_BM_QUERY_TERM(query, i), term->len, term->mask) >= 0)
			return false;
	}
	return true;
}

PfBmQuery *
pf_bm_query_check(Datum value)
{
	PfBmQuery  *query = (PfBmQuery *) PG_DETOAST_DATUM(value);

	if (!is_sound(query))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid value of type %s", "bm25query")));
	return query;
}

/* ---- text ---- */

typedef struct Reader
{
	const char *start;
	const char *p;
	struct Node *escontext;
} Reader;

static bool
syntax_error(const Reader *reader, const char *detail)
{
	ereturn(reader->escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "bm25query", reader->start),
			 errdetail("%s", detail),
			 errhint("Write it like this: papers_search: 'deep':2 'graph' 'networks':AB0.5")));
}

static inline bool
is_blank(char c)
{
	return scanner_isspace(c);
}

/* The name before the colon, which may be in double quotes. */
static bool
read_index(Reader *reader, Oid *index)
{
	const char *start;
	const char *end;
	bool		quoted = false;
	Datum		result;

	while (is_blank(*reader->p))
		reader->p++;
	start = reader->p;
	for (; *reader->p != '\0' && (quoted || *reader->p != ':'); reader->p++)
	{
		if (*reader->p == '"')
			quoted = !quoted;
	}
	if (*reader->p != ':')
		return syntax_error(reader, "There must be an index and a colon before the terms.");
	end = reader->p++;
	while (end > start && is_blank(end[-1]))
		end--;
	if (end == start)
		return syntax_error(reader, "There must be an index and a colon before the terms.");
	if (!DirectInputFunctionCallSafe(regclassin, pnstrdup(start, end - start), InvalidOid, -1,
									 reader->escontext, &result))
		return false;
	*index = DatumGetObjectId(result);
	if (!OidIsValid(*index))
		return syntax_error(reader, "There must be an index and a colon before the terms.");
	return true;
}

/* A word as in a tsvector, in quotes or not; *to has room for it. */
static bool
read_word(Reader *reader, char *to, int *len)
{
	char	   *out = to;
	bool		quoted = *reader->p == '\'';

	if (quoted)
		reader->p++;
	for (;; reader->p++)
	{
		char		c = *reader->p;

		if (c == '\0' && quoted)
			return syntax_error(reader, "A quote is not closed.");
		if (quoted && c == '\'')
		{
			if (reader->p[1] != '\'')
			{
				reader->p++;
				break;
			}
			reader->p++;
		}
		else if (!quoted && (c == '\0' || c == ':' || is_blank(c)))
			break;
		else if (c == '\\')
		{
			c = *++reader->p;
			if (c == '\0')
				return syntax_error(reader, "There is nothing behind a backslash.");
		}
		*out++ = c;
	}
	if (out == to)
		return syntax_error(reader, "A term is empty.");
	if (out - to > MAXSTRLEN)
		ereturn(reader->escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a term is too long (%ld bytes, max %d bytes)", (long) (out - to), MAXSTRLEN)));
	*len = (int) (out - to);
	return true;
}

/* ":AB0.5", all of it optional */
static bool
read_suffix(Reader *reader, int *mask, double *weight)
{
	const char *start;

	*mask = 0;
	*weight = 1;
	if (*reader->p == ':')
	{
		start = ++reader->p;
		for (;; reader->p++)
		{
			char		c = pg_toupper((unsigned char) *reader->p);

			if (c < 'A' || c > 'D')
				break;
			*mask |= 1 << ('D' - c);
		}
		if (*reader->p != '\0' && !is_blank(*reader->p))
		{
			char	   *end;

			*weight = strtof(reader->p, &end);
			if (end == reader->p || !PF_BM_WEIGHT_IN_RANGE(*weight))
				return syntax_error(reader, "The weight of a term must be a number from 1e-6 to 1e6.");
			reader->p = end;
		}
		if (reader->p == start)
			return syntax_error(reader, "There is nothing behind the colon of a term.");
	}
	if (*mask == 0)
		*mask = PF_BM_ALL_FIELDS;
	if (*reader->p != '\0' && !is_blank(*reader->p))
		return syntax_error(reader, "There must be a blank between terms.");
	return true;
}

PG_FUNCTION_INFO_V1(pf_bm25query_in);
PG_FUNCTION_INFO_V1(pf_bm25query_out);
PG_FUNCTION_INFO_V1(pf_bm25query_recv);
PG_FUNCTION_INFO_V1(pf_bm25query_send);

Datum
pf_bm25query_in(PG_FUNCTION_ARGS)
{
	const char *s = PG_GETARG_CSTRING(0);
	Reader		reader = {s, s, fcinfo->context};
	PfBmWords	words = {0};
	Oid			index;
	char	   *bytes;

	if (!read_index(&reader, &index))
		PG_RETURN_NULL();
	bytes = palloc(strlen(reader.p) + 1);
	for (;;)
	{
		int			len = 0;
		int			mask;
		double		weight;

		while (is_blank(*reader.p))
			reader.p++;
		if (*reader.p == '\0')
			break;
		if (words.n % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (!read_word(&reader, bytes, &len) || !read_suffix(&reader, &mask, &weight))
			PG_RETURN_NULL();
		pf_bm_words_add(&words, bytes, len, mask, weight);
		bytes += len;
	}
	PG_RETURN_POINTER(pf_bm_query_make(index, &words));
}

static void
write_term(StringInfo out, const PfBmQuery *query, uint32 i)
{
	const PfBmQueryTerm *term = &query->terms[i];
	const char *s = PF_BM_QUERY_TERM(query, i);
	char		number[FLOAT_SHORTEST_DECIMAL_LEN];

	appendStringInfoString(out, " '");
	for (int c = 0; c < term->len; c++)
	{
		if (s[c] == '\'' || s[c] == '\\')
			appendStringInfoChar(out, s[c]);
		appendStringInfoChar(out, s[c]);
	}
	appendStringInfoChar(out, '\'');
	if (term->mask == PF_BM_ALL_FIELDS && term->weight == 1)
		return;
	appendStringInfoChar(out, ':');
	for (int f = PF_BM_FIELDS - 1; f >= 0 && term->mask != PF_BM_ALL_FIELDS; f--)
	{
		if (term->mask & (1 << f))
			appendStringInfoChar(out, (char) ('D' - f));
	}
	if (term->weight != 1)
	{
		float_to_shortest_decimal_buf(term->weight, number);
		appendStringInfoString(out, number);
	}
}

static char *
index_name(const PfBmQuery *query)
{
	return DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(query->index)));
}

Datum
pf_bm25query_out(PG_FUNCTION_ARGS)
{
	PfBmQuery  *query = pf_bm_query_check(PG_GETARG_DATUM(0));
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "%s:", index_name(query));
	for (uint32 i = 0; i < query->nterms; i++)
		write_term(&out, query, i);
	PG_RETURN_CSTRING(out.data);
}

/* ---- binary ---- */

Datum
pf_bm25query_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	PfBmWords	words = {0};
	Oid			index;
	uint32		n;

	index = DatumGetObjectId(DirectFunctionCall1(regclassin,
												 CStringGetDatum(pstrdup(pq_getmsgstring(buf)))));
	n = pq_getmsgint(buf, 4);
	if (n > PF_BM_MAX_QUERY_TERMS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a bm25query cannot have more than %d terms", PF_BM_MAX_QUERY_TERMS)));
	for (uint32 i = 0; i < n; i++)
	{
		const char *s = pq_getmsgstring(buf);
		Size		len = strlen(s);
		int			mask = (int) pq_getmsgint(buf, 2);
		float4		weight = pq_getmsgfloat4(buf);

		if (len == 0 || len > MAXSTRLEN || mask == 0 || mask > PF_BM_ALL_FIELDS ||
			!PF_BM_WEIGHT_IN_RANGE(weight))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid term %u of a bm25query", i + 1)));
		pf_bm_words_add(&words, s, (int) len, mask, weight);
	}
	if (!OidIsValid(index))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("a bm25query must name an index")));
	PG_RETURN_POINTER(pf_bm_query_make(index, &words));
}

Datum
pf_bm25query_send(PG_FUNCTION_ARGS)
{
	PfBmQuery  *query = pf_bm_query_check(PG_GETARG_DATUM(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendstring(&buf, index_name(query));
	pq_sendint32(&buf, query->nterms);
	for (uint32 i = 0; i < query->nterms; i++)
	{
		char	   *s = pnstrdup(PF_BM_QUERY_TERM(query, i), query->terms[i].len);

		pq_sendstring(&buf, s);
		pq_sendint16(&buf, query->terms[i].mask);
		pq_sendfloat4(&buf, query->terms[i].weight);
		pfree(s);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
