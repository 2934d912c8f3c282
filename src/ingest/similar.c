/*-------------------------------------------------------------------------
 *
 * similar.c
 *		How alike two papers are by their words.
 *
 * A paper is a vector: a word weighs sqrt(tf) * idf, where tf is how often
 * title and abstract have it and idf = ln(1 + (N - n + 0.5) / (n + 0.5)), with n
 * of the N papers having it by the index papers_search.  Two papers are as
 * alike as the cosine of the angle between their vectors, 0 to 1.  Of the one
 * that others are compared with only the heaviest words count.
 *
 * Words are document()'s, but for authors, and for what has no two letters in
 * a row: numbers and variables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "ingest/watch.h"
#include "paper/plan.h"
#include "tsearch/ts_utils.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define WEIGHT_OF_AUTHORS	2

#define MAX_ASKED	10000		/* words at a time */

static bool
has_letters(const char *s, int len)
{
	int			n = 0;

	for (int i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) s[i];

		n = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80 ? n + 1 : 0;
		if (n == 2)
			return true;
	}
	return false;
}

int
pf_similar_count(TSVector words, const WordEntry *word)
{
	int			n = POSDATALEN(words, word);
	const WordEntryPos *pos;
	int			count = 0;

	if (n == 0 || !has_letters(STRPTR(words) + word->pos, (int) word->len))
		return 0;
	pos = POSDATAPTR(words, word);
	for (int i = 0; i < n; i++)
		count += WEP_GETWEIGHT(pos[i]) != WEIGHT_OF_AUTHORS;
	return count;
}

typedef struct Wanted
{
	PfStr		word;
	int			number;
} Wanted;

static int
compare_wanted(const void *a, const void *b)
{
	return pf_compare_strs(&((const Wanted *) a)->word, &((const Wanted *) b)->word);
}

/* Words ascend. */
static void
ask(const Wanted *wanted, int n, double *papers, double *idf)
{
	static const Oid types[] = {TEXTARRAYOID};
	static PfPlan plan = {
		.sql = "SELECT t.term, t.documents, t.idf FROM paperfeed.bm25_terms(("
		"SELECT 'paperfeed.papers_search: ' || string_agg('''' || replace(replace(w,"
		" E'\\\\', E'\\\\\\\\'), '''', '''''') || '''', ' ') FROM unnest($1) AS w"
		/* Somebody may have dropped or replaced the index: then nothing is rare, and nothing alike. */
		" WHERE EXISTS (SELECT FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam"
		" WHERE c.oid = to_regclass('paperfeed.papers_search') AND a.amname = 'paperfeed_bm25')"
		")::paperfeed.bm25query) AS t"
	};
	Datum	   *items = palloc(n * sizeof(Datum));
	Datum		args[1];
	uint64		found;
	int			at = 0;

	for (int i = 0; i < n; i++)
		items[i] = PointerGetDatum(cstring_to_text_with_len(wanted[i].word.s, wanted[i].word.len));
	args[0] = PointerGetDatum(construct_array(items, n, TEXTOID, -1, false, TYPALIGN_INT));
	found = pf_plan_run(&plan, 1, types, args, NULL, true, NULL);
	for (uint64 i = 0; i < found; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	tupdesc = SPI_tuptable->tupdesc;
		bool		isnull;
		text	   *term = DatumGetTextPP(SPI_getbinval(row, tupdesc, 1, &isnull));
		PfStr		word = {VARDATA_ANY(term), (int) VARSIZE_ANY_EXHDR(term)};

		/* Both are in the same order. */
		while (at < n && pf_compare_strs(&wanted[at].word, &word) < 0)
			at++;
		if (at < n && pf_str_eq(wanted[at].word, word))
		{
			papers[wanted[at].number] =
				(double) DatumGetInt64(SPI_getbinval(row, tupdesc, 2, &isnull));
			idf[wanted[at].number] = DatumGetFloat8(SPI_getbinval(row, tupdesc, 3, &isnull));
		}
	}
	SPI_freetuptable(SPI_tuptable);
}

void
pf_similar_idf(const PfStr *words, int n, double *papers, double *idf)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed idf",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Wanted	   *wanted = palloc_extended(Max(n, 1) * sizeof(Wanted), MCXT_ALLOC_HUGE);

	for (int i = 0; i < n; i++)
	{
		wanted[i] = (Wanted) {words[i], i};
		papers[i] = idf[i] = 0;
	}
	if (n > 1)
		qsort(wanted, n, sizeof(Wanted), compare_wanted);
	for (int i = 0; i < n; i += MAX_ASKED)
		ask(&wanted[i], Min(n - i, MAX_ASKED), papers, idf);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

typedef struct Weighed
{
	PfStr		word;
	double		weight;
} Weighed;

/* The heaviest first; where that is equal, in the order of the words. */
static int
compare_weighed(const void *a, const void *b)
{
	const Weighed *x = a;
	const Weighed *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return pf_compare_strs(&x->word, &y->word);
}

void
pf_similar_vector(PfVector *out, TSVector words)
{
	const WordEntry *entries = ARRPTR(words);
	int			max = Max(words->size, 1);
	PfStr	   *items = palloc(max * sizeof(PfStr));
	Weighed    *weighed = palloc(max * sizeof(Weighed));
	double	   *papers = palloc(max * sizeof(double));
	double	   *idf = palloc(max * sizeof(double));
	double		sum = 0;
	int			n = 0;

	for (int i = 0; i < words->size; i++)
	{
		int			count = pf_similar_count(words, &entries[i]);

		if (count == 0)
			continue;
		items[n] = (PfStr) {STRPTR(words) + entries[i].pos, (int) entries[i].len};
		weighed[n] = (Weighed) {items[n], sqrt(count)};
		n++;
	}
	pf_similar_idf(items, n, papers, idf);
	for (int i = 0; i < n; i++)
		weighed[i].weight *= idf[i];
	if (n > 1)
		qsort(weighed, n, sizeof(Weighed), compare_weighed);
	n = Min(n, PF_MAX_VECTOR);
	while (n > 0 && weighed[n - 1].weight <= 0)
		n--;
	for (int i = 0; i < n; i++)
		sum += weighed[i].weight * weighed[i].weight;

	out->n = n;
	out->words = palloc(Max(n, 1) * sizeof(PfStr));
	out->weights = palloc(Max(n, 1) * sizeof(float4));
	for (int i = 0; i < n; i++)
	{
		out->words[i] = pf_str_dup(weighed[i].word);
		out->weights[i] = (float4) (weighed[i].weight / sqrt(sum));
	}
}
