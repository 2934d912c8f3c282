/*-------------------------------------------------------------------------
 *
 * query_make.c
 *		bm25_query(): a bm25query from a text or from a tsquery.
 *
 * A text is read under the configuration of the index, and a term weighs as
 * often as it is there.  Of a tsquery it is the lexemes that a match may have:
 * those below a NOT are left out.  A prefix stands for the terms of the index
 * that begin with it, the most frequent ones of them.  To find them, the
 * dictionaries of all segments are walked side by side, with the terms of the
 * write buffer, sorted, as one more; so memory does not grow with the number
 * of terms that a short prefix has.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/index.h"
#include "fmgr.h"
#include "lib/binaryheap.h"
#include "miscadmin.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"

#include "index/query.h"

/* How many terms of the index a prefix stands for. */
#define MAX_EXPANSION	64

typedef struct Bytes
{
	const char *s;
	int			len;
} Bytes;

/* Terms of the write buffers that have the prefix, with repetitions. */
typedef struct Buffered
{
	Bytes		prefix;
	MemoryContext context;
	PfBmWords	words;
	int			before;			/* of them are of other indexes */
	int			at;
} Buffered;

/* Ascending terms of one source that have the prefix; it stands on one. */
typedef struct Stream
{
	PfBmTermScan *scan;			/* NULL: the write buffers */
	PfBmSegment *segment;
	Bytes		term;
	double		df;
} Stream;

typedef struct Frequent
{
	char	   *s;
	int			len;
	double		df;
} Frequent;

static inline int
compare_bytes(Bytes a, Bytes b)
{
	int			result = memcmp(a.s, b.s, Min(a.len, b.len));

	return result != 0 ? result : a.len - b.len;
}

static inline bool
has_prefix(Bytes a, Bytes prefix)
{
	return a.len >= prefix.len && memcmp(a.s, prefix.s, prefix.len) == 0;
}

static inline Bytes
word_bytes(const PfBmWord *word)
{
	return (Bytes) {word->s, word->len};
}

/* ---- where terms come from ---- */

static void
buffered_restart(void *arg)
{
	Buffered   *buffered = arg;

	buffered->words.n = buffered->before;
}

static void
buffered_record(const PfBmRecord *record, void *arg)
{
	Buffered   *buffered = arg;
	MemoryContext old = MemoryContextSwitchTo(buffered->context);
	const char *s = record->terms;

	for (uint32 i = 0; i < record->nterms; i++)
	{
		Bytes		term = {s, record->lengths[i]};

		if (has_prefix(term, buffered->prefix))
			pf_bm_words_add(&buffered->words, pnstrdup(term.s, term.len), term.len, 1, 1);
		else if (compare_bytes(term, buffered->prefix) > 0)
			break;
		s += term.len;
	}
	MemoryContextSwitchTo(old);
}

static int
compare_words(const void *a, const void *b)
{
	return compare_bytes(word_bytes(a), word_bytes(b));
}

/* To the stream's next term; false = there is none with the prefix. */
static bool
stream_next(Stream *stream, Buffered *buffered)
{
	const PfBmWords *words = &buffered->words;

	if (stream->scan != NULL)
	{
		if (!pf_bm_terms_next(stream->scan))
			return false;
		stream->term = (Bytes) {stream->scan->term, stream->scan->len};
		stream->df = stream->scan->info.df;
		return has_prefix(stream->term, buffered->prefix);
	}

	if (buffered->at >= words->n)
		return false;
	stream->term = word_bytes(&words->items[buffered->at]);
	stream->df = 0;
	while (buffered->at < words->n &&
		   compare_bytes(word_bytes(&words->items[buffered->at]), stream->term) == 0)
	{
		stream->df++;
		buffered->at++;
	}
	return true;
}

/* A binaryheap has the greatest on top; here that is to be the least term. */
static int
compare_streams(Datum a, Datum b, void *arg)
{
	const Stream *x = (const Stream *) DatumGetPointer(a);
	const Stream *y = (const Stream *) DatumGetPointer(b);

	(void) arg;
	return compare_bytes(y->term, x->term);
}

/* Adds the streams of an index; terms of its write buffer go to *buffered. */
static List *
open_streams(List *streams, Relation index, Buffered *buffered)
{
	PfBmMeta   *meta = palloc(sizeof(PfBmMeta));

	buffered->before = buffered->words.n;
	pf_bm_meta_read(index, meta);
	pf_bm_buffer_scan(index, meta, buffered_record, buffered_restart, buffered);
	for (uint32 i = 0; i < meta->nsegments; i++)
	{
		Stream	   *stream = palloc0(sizeof(Stream));

		stream->segment = pf_bm_segment_open(index, meta, &meta->segments[i]);
		stream->scan = palloc(sizeof(PfBmTermScan));
		pf_bm_terms_begin(stream->scan, index, stream->segment, buffered->prefix.s,
						  buffered->prefix.len);
		streams = lappend(streams, stream);
	}
	return streams;
}

/* ---- prefixes ---- */

/* Keeps the most frequent; where that is equal, the first. */
static void
keep_frequent(Frequent *best, int *nbest, Bytes term, double df)
{
	Frequent   *to;

	if (*nbest < MAX_EXPANSION)
		to = &best[(*nbest)++];
	else
	{
		to = &best[0];
		for (int i = 1; i < MAX_EXPANSION; i++)
		{
			/* Terms come in order, so of equals the last to be kept goes first. */
			if (best[i].df < to->df ||
				(best[i].df == to->df &&
				 compare_bytes((Bytes) {best[i].s, best[i].len}, (Bytes) {to->s, to->len}) > 0))
				to = &best[i];
		}
		if (df <= to->df)
			return;
		pfree(to->s);
	}
	to->s = pnstrdup(term.s, term.len);
	to->len = term.len;
	to->df = df;
}

/*
 * A prefix shows words of the table, so who makes a query of one must be able to read
 * it, and all of its rows.
 */
static void
check_visible(Relation index)
{
	Oid			table = IndexGetRelation(RelationGetRelid(index), false);

	pf_bm_check_select(index);
	if (check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a prefix cannot be looked up in table \"%s\", which has row-level security",
						get_rel_name(table)),
				 errhint("Write the words in full.")));
}

static void
add_prefix(PfBmWords *words, Relation index, Bytes prefix, int mask)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed prefix",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Buffered	buffered = {.prefix = prefix, .context = context};
	List	   *leaves = pf_bm_index_leaves(index, AccessShareLock);
	List	   *streams = list_make1(palloc0(sizeof(Stream)));
	binaryheap *heap;
	Frequent   *best = palloc(sizeof(Frequent) * MAX_EXPANSION);
	int			nbest = 0;
	ListCell   *cell;

	foreach(cell, leaves)
		streams = open_streams(streams, lfirst(cell), &buffered);
	if (buffered.words.n > 1)
		qsort(buffered.words.items, buffered.words.n, sizeof(PfBmWord), compare_words);

	heap = binaryheap_allocate(list_length(streams), compare_streams, NULL);
	foreach(cell, streams)
	{
		if (stream_next(lfirst(cell), &buffered))
			binaryheap_add_unordered(heap, PointerGetDatum(lfirst(cell)));
	}
	binaryheap_build(heap);

	while (!binaryheap_empty(heap))
	{
		char		bytes[MAXSTRLEN];
		Bytes		term = {bytes, 0};
		double		df = 0;

		do
		{
			Stream	   *stream = (Stream *) DatumGetPointer(binaryheap_first(heap));

			if (term.len == 0)
			{
				term.len = Min(stream->term.len, MAXSTRLEN);
				memcpy(bytes, stream->term.s, term.len);
			}
			else if (compare_bytes(stream->term, term) != 0)
				break;
			df += stream->df;
			if (stream_next(stream, &buffered))
				binaryheap_replace_first(heap, PointerGetDatum(stream));
			else
				(void) binaryheap_remove_first(heap);
		} while (!binaryheap_empty(heap));
		keep_frequent(best, &nbest, term, df);
		CHECK_FOR_INTERRUPTS();
	}

	foreach(cell, streams)
	{
		Stream	   *stream = lfirst(cell);

		if (stream->scan != NULL)
		{
			pf_bm_terms_end(stream->scan);
			pf_bm_segment_release(stream->segment);
		}
	}
	pf_bm_index_leaves_close(index, leaves);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < nbest; i++)
		pf_bm_words_add(words, pnstrdup(best[i].s, best[i].len), best[i].len, mask, 1);
	MemoryContextDelete(context);
}

/* ---- tsquery ---- */

static void
add_items(PfBmWords *words, Relation index, TSQuery query, const QueryItem *item, bool negated)
{
	check_stack_depth();
	if (item->type == QI_VAL)
	{
		const QueryOperand *operand = &item->qoperand;
		Bytes		term = {GETOPERAND(query) + operand->distance, operand->length};
		int			mask = operand->weight & PF_BM_ALL_FIELDS;

		if (mask == 0)
			mask = PF_BM_ALL_FIELDS;
		if (negated)
			return;
		if (operand->prefix)
		{
			check_visible(index);
			add_prefix(words, index, term, mask);
		}
		else if (term.len > 0)
			pf_bm_words_add(words, term.s, term.len, mask, 1);
	}
	else if (item->type == QI_OPR)
	{
		if (item->qoperator.oper == OP_NOT)
			add_items(words, index, query, item + 1, !negated);
		else
		{
			add_items(words, index, query, item + 1, negated);
			add_items(words, index, query, item + item->qoperator.left, negated);
		}
	}
}

PG_FUNCTION_INFO_V1(pf_bm25_query_text);
PG_FUNCTION_INFO_V1(pf_bm25_query_tsquery);

Datum
pf_bm25_query_text(PG_FUNCTION_ARGS)
{
	text	   *in = PG_GETARG_TEXT_PP(0);
	Relation	index = pf_bm_index_open_any(PG_GETARG_OID(1), AccessShareLock);
	Oid			config = pf_bm_config(index);
	ParsedText	parsed = {0};
	PfBmWords	words = {0};
	PfBmQuery  *query;

	parsed.lenwords = (int32) Min(VARSIZE_ANY_EXHDR(in) / 6 + 2, MaxAllocSize / sizeof(ParsedWord));
	parsed.words = palloc(sizeof(ParsedWord) * parsed.lenwords);
	parsetext(config, &parsed, VARDATA_ANY(in), VARSIZE_ANY_EXHDR(in));
	for (int i = 0; i < parsed.curwords; i++)
	{
		if (parsed.words[i].len > 0)
			pf_bm_words_add(&words, parsed.words[i].word, parsed.words[i].len, PF_BM_ALL_FIELDS, 1);
	}
	query = pf_bm_query_make(RelationGetRelid(index), &words);
	relation_close(index, AccessShareLock);
	PG_RETURN_POINTER(query);
}

Datum
pf_bm25_query_tsquery(PG_FUNCTION_ARGS)
{
	TSQuery		in = PG_GETARG_TSQUERY(0);
	Relation	index = pf_bm_index_open_any(PG_GETARG_OID(1), AccessShareLock);
	PfBmWords	words = {0};
	PfBmQuery  *query;

	if (in->size > 0)
		add_items(&words, index, in, GETQUERY(in), false);
	query = pf_bm_query_make(RelationGetRelid(index), &words);
	relation_close(index, AccessShareLock);
	PG_RETURN_POINTER(query);
}
