/*-------------------------------------------------------------------------
 *
 * merge.c
 *		Many sources into one segment.
 *
 * First the documents, by a heap over the sources' next ones; that gives each
 * source a map from its document numbers to the new ones.  A map ascends, so
 * postings of one source stay in order.  Then the terms, by a heap over the
 * sources' current ones.
 *
 * A term that several sources have is merged without comparing postings: new
 * document numbers are taken window by window, each source drops its postings
 * of the window into a table by number, marking their bits, and the bits are swept
 * in order.  A second level of bits finds the words that are marked, so a
 * window with one posting costs little.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "commands/progress.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define WINDOW			65536
#define WINDOW_WORDS	(WINDOW / 64)
#define WINDOW_MARKS	(WINDOW_WORDS / 64)

/* Postings between two reports of progress. */
#define REPORT_STEP		1000000

typedef struct Input
{
	PfBmSource *source;
	uint32	   *map;			/* document -> new one, or PF_BM_NO_DOC if it is dead */
	uint32	   *codes;			/* code -> new one */
	PfBmDoc		doc;			/* the next one, while documents are merged */
	uint32		ndocs;			/* read */
	uint32		rank;			/* among the sources, by first new document */

	/* the current term's postings, with new numbers */
	uint32		last;			/* old number of the one read last */
	int			n;
	int			pos;
	uint32		new_docs[PF_BM_BLOCK];
	uint32		new_codes[PF_BM_BLOCK];
} Input;

typedef struct Merge
{
	Relation	index;
	const PfBmMeta *meta;
	bool		build;
	PfBmWriter *writer;
	Input	   *inputs;
	int			ninputs;
	Input	  **heap;
	int			nheap;
	bool		apart;			/* no two sources' documents interleave */

	PfBmCountsEntry *counts;
	uint32		ncounts;

	uint64		npostings;		/* expected in all, the dead included */
	uint64		done;
	uint64		report;			/* when to report progress next */
	double		per_posting;	/* documents */

	uint64		marks[WINDOW_MARKS];	/* words that are not 0 */
	uint64		words[WINDOW_WORDS];
	uint32		table[WINDOW];	/* code by document, where its bit is set */
} Merge;

typedef bool (*InputBefore) (const Merge *merge, const Input *a, const Input *b);

static void
mismatch(const Merge *merge, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" is corrupted: %s", RelationGetRelationName(merge->index), what),
			 errhint("REINDEX it.")));
}

/* ---- the heap of inputs, the first on top ---- */

static void
sift_down(Merge *merge, int i, InputBefore before)
{
	Input	  **heap = merge->heap;
	Input	   *moving = heap[i];

	for (;;)
	{
		int			child = 2 * i + 1;

		if (child >= merge->nheap)
			break;
		if (child + 1 < merge->nheap && before(merge, heap[child + 1], heap[child]))
			child++;
		if (!before(merge, heap[child], moving))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = moving;
}

static void
heapify(Merge *merge, InputBefore before)
{
	for (int i = merge->nheap / 2 - 1; i >= 0; i--)
		sift_down(merge, i, before);
}

static void
push(Merge *merge, Input *input, InputBefore before)
{
	Input	  **heap = merge->heap;
	int			i = merge->nheap++;

	for (; i > 0 && before(merge, input, heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = input;
}

static Input *
pop(Merge *merge, InputBefore before)
{
	Input	   *top = merge->heap[0];

	merge->heap[0] = merge->heap[--merge->nheap];
	if (merge->nheap > 1)
		sift_down(merge, 0, before);
	return top;
}

/* ---- counts ---- */

typedef struct CountsSlot
{
	PfBmCounts	counts;
	uint32		code;			/* + 1; 0 = free */
} CountsSlot;

/* One table of counts for all sources, and each source's map to it. */
static void
unite_counts(Merge *merge)
{
	uint64		total = 0;
	uint64		nslots = 64;
	CountsSlot *slots;

	for (int i = 0; i < merge->ninputs; i++)
		total += merge->inputs[i].source->ncounts;
	while (nslots < total * 2)
		nslots *= 2;
	slots = palloc_extended(sizeof(CountsSlot) * nslots, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	merge->counts = palloc_extended(sizeof(PfBmCountsEntry) * Max(total, 1), MCXT_ALLOC_HUGE);

	for (int i = 0; i < merge->ninputs; i++)
	{
		Input	   *input = &merge->inputs[i];
		const PfBmSource *source = input->source;

		input->codes = palloc_extended(sizeof(uint32) * Max((Size) source->ncounts, 1), MCXT_ALLOC_HUGE);
		for (uint32 code = 0; code < source->ncounts; code++)
		{
			PfBmCountsEntry entry = source->counts[code];
			uint64		slot = murmurhash32(entry.counts) & (nslots - 1);
			PfBmCountsEntry *united;

			while (slots[slot].code != 0 && slots[slot].counts != entry.counts)
				slot = (slot + 1) & (nslots - 1);
			if (slots[slot].code == 0)
			{
				united = &merge->counts[merge->ncounts++];
				united->counts = entry.counts;
				united->n = 0;
				slots[slot].counts = entry.counts;
				slots[slot].code = merge->ncounts;
			}
			united = &merge->counts[slots[slot].code - 1];
			united->n = entry.n > PG_UINT32_MAX - united->n ? PG_UINT32_MAX : united->n + entry.n;
			input->codes[code] = slots[slot].code - 1;
			merge->npostings += entry.n;
		}
	}
	pfree(slots);
}

/* ---- documents ---- */

static bool
doc_before(const Merge *merge, const Input *a, const Input *b)
{
	return pf_bm_doc_compare(merge->meta, &a->doc, &b->doc) < 0;
}

/* Reads the next document that is alive. */
static bool
next_doc(Input *input)
{
	PfBmSource *source = input->source;

	while (input->ndocs < source->ndocs)
	{
		if (source->doc(source, &input->doc))
		{
			input->ndocs++;
			return true;
		}
		input->map[input->ndocs++] = PF_BM_NO_DOC;
		if (input->ndocs % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return false;
}

static int
first_compare(const void *a, const void *b)
{
	uint32		left = (*(Input *const *) a)->rank;
	uint32		right = (*(Input *const *) b)->rank;

	return left < right ? -1 : left > right;
}

/* Ranks the sources by their first new document, and sees whether they interleave. */
static void
rank_inputs(Merge *merge, uint32 ndocs)
{
	Input	  **order = palloc(sizeof(Input *) * merge->ninputs);
	uint32		end = 0;

	merge->apart = true;
	for (int i = 0; i < merge->ninputs; i++)
	{
		Input	   *input = &merge->inputs[i];
		uint32		old = 0;

		while (old < input->ndocs && input->map[old] == PF_BM_NO_DOC)
			old++;
		input->rank = old < input->ndocs ? input->map[old] : ndocs;
		order[i] = input;
	}
	qsort(order, merge->ninputs, sizeof(Input *), first_compare);
	for (int i = 0; i < merge->ninputs; i++)
	{
		Input	   *input = order[i];
		uint32		old = input->ndocs;

		while (old > 0 && input->map[old - 1] == PF_BM_NO_DOC)
			old--;
		if (old > 0)
		{
			merge->apart &= input->rank >= end;
			end = Max(end, input->map[old - 1] + 1);
		}
		input->rank = i;
	}
	pfree(order);
}

/* Gives false if there is no document at all; else the writer has them. */
static bool
merge_docs(Merge *merge)
{
	uint32		ndocs = 0;

	for (int i = 0; i < merge->ninputs; i++)
	{
		Input	   *input = &merge->inputs[i];

		input->map = palloc_extended(sizeof(uint32) * Max((Size) input->source->ndocs, 1), MCXT_ALLOC_HUGE);
		if (next_doc(input))
			merge->heap[merge->nheap++] = input;
	}
	if (merge->nheap == 0)
		return false;
	heapify(merge, doc_before);

	merge->writer = pf_bm_writer_begin(merge->index, merge->meta, merge->build, merge->counts, merge->ncounts);
	while (merge->nheap > 0)
	{
		Input	   *input = merge->heap[0];

		input->map[input->ndocs - 1] = pf_bm_writer_add_doc(merge->writer, &input->doc);
		if (++ndocs % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (next_doc(input))
			sift_down(merge, 0, doc_before);
		else
			(void) pop(merge, doc_before);
	}
	rank_inputs(merge, ndocs);
	if (merge->npostings > 0)
		merge->per_posting = (double) ndocs / merge->npostings;
	return true;
}

/* ---- terms and postings ---- */

static inline int
term_compare(const char *a, int a_len, const char *b, int b_len)
{
	int			result = memcmp(a, b, Min(a_len, b_len));

	return result != 0 ? result : a_len - b_len;
}

static bool
term_before(const Merge *merge pg_attribute_unused(), const Input *a, const Input *b)
{
	int			result = term_compare(a->source->term, a->source->len, b->source->term, b->source->len);

	return result != 0 ? result < 0 : a->rank < b->rank;
}

/* Reads some postings of the current term, at least one that is alive; gives false at the end. */
static bool
fill(Merge *merge, Input *input)
{
	PfBmSource *source = input->source;
	uint32		last = input->last;
	int			n;
	int			kept;

	do
	{
		n = source->postings(source, input->new_docs, input->new_codes);
		if (n == 0)
			return false;
		kept = 0;
		for (int i = 0; i < n; i++)
		{
			uint32		old = input->new_docs[i];
			uint32		code = input->new_codes[i];

			if (old >= source->ndocs || (old <= last && last != PF_BM_NO_DOC) || code >= source->ncounts)
				mismatch(merge, "postings are out of order or out of range");
			last = old;
			input->new_docs[kept] = input->map[old];
			input->new_codes[kept] = input->codes[code];
			kept += input->new_docs[kept] != PF_BM_NO_DOC;
		}
		merge->done += n;
	} while (kept == 0);
	input->last = last;
	input->n = kept;
	input->pos = 0;

	CHECK_FOR_INTERRUPTS();
	if (merge->build && merge->done >= merge->report)
	{
		merge->report = merge->done + REPORT_STEP;
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE,
									 (int64) (merge->done * merge->per_posting));
	}
	return true;
}

/* Drops the postings below base + WINDOW into the table; gives false when there are no more behind. */
static inline bool
drop(Merge *merge, Input *input, uint32 base)
{
	for (;;)
	{
		while (input->pos < input->n)
		{
			uint32		at = input->new_docs[input->pos] - base;

			if (at >= WINDOW)
				return true;
			merge->table[at] = input->new_codes[input->pos];
			merge->words[at / 64] |= UINT64CONST(1) << (at % 64);
			merge->marks[at / 4096] |= UINT64CONST(1) << (at / 64 % 64);
			input->pos++;
		}
		if (!fill(merge, input))
			return false;
	}
}

/* Hands the table's postings to the writer, and clears the bits. */
static void
sweep(Merge *merge, uint32 base)
{
	uint32		docs[PF_BM_BLOCK];
	uint32		codes[PF_BM_BLOCK];
	int			n = 0;

	for (uint32 i = 0; i < WINDOW_MARKS; i++)
	{
		uint64		mark = merge->marks[i];

		merge->marks[i] = 0;
		for (; mark != 0; mark &= mark - 1)
		{
			uint32		at = i * 64 + pg_rightmost_one_pos64(mark);
			uint64		word = merge->words[at];

			merge->words[at] = 0;
			for (; word != 0; word &= word - 1)
			{
				uint32		doc = at * 64 + pg_rightmost_one_pos64(word);

				docs[n] = base + doc;
				codes[n] = merge->table[doc];
				if (++n == PF_BM_BLOCK)
				{
					pf_bm_writer_postings(merge->writer, docs, codes, n);
					n = 0;
				}
			}
		}
	}
	if (n > 0)
		pf_bm_writer_postings(merge->writer, docs, codes, n);
}

/* The postings of the inputs that have the current term, in the order of their ranks. */
static void
merge_postings(Merge *merge, Input **active, int nactive)
{
	int			n = 0;

	if (nactive == 1 || merge->apart)
	{
		for (int i = 0; i < nactive; i++)
		{
			while (fill(merge, active[i]))
				pf_bm_writer_postings(merge->writer, active[i]->new_docs, active[i]->new_codes, active[i]->n);
		}
		return;
	}

	for (int i = 0; i < nactive; i++)
	{
		if (fill(merge, active[i]))
			active[n++] = active[i];
	}
	while (n > 0)
	{
		uint32		base = PF_BM_NO_DOC;
		int			left = 0;

		for (int i = 0; i < n; i++)
			base = Min(base, active[i]->new_docs[active[i]->pos]);
		for (int i = 0; i < n; i++)
		{
			if (drop(merge, active[i], base))
				active[left++] = active[i];
		}
		sweep(merge, base);
		n = left;
	}
}

static void
merge_terms(Merge *merge)
{
	Input	  **same = palloc(sizeof(Input *) * merge->ninputs);
	Input	  **active = palloc(sizeof(Input *) * merge->ninputs);
	StringInfoData term;
	bool		any = false;

	initStringInfo(&term);
	Assert(merge->nheap == 0);
	for (int i = 0; i < merge->ninputs; i++)
	{
		if (merge->inputs[i].source->next(merge->inputs[i].source))
			merge->heap[merge->nheap++] = &merge->inputs[i];
	}
	heapify(merge, term_before);

	while (merge->nheap > 0)
	{
		const PfBmSource *first = merge->heap[0]->source;
		int			nsame = 0;

		CHECK_FOR_INTERRUPTS();
		if (any && term_compare(first->term, first->len, term.data, term.len) <= 0)
			mismatch(merge, "terms are out of order");
		resetStringInfo(&term);
		appendBinaryStringInfo(&term, first->term, first->len);
		any = true;

		do
			same[nsame++] = pop(merge, term_before);
		while (merge->nheap > 0 &&
			   merge->heap[0]->source->len == term.len &&
			   memcmp(merge->heap[0]->source->term, term.data, term.len) == 0);

		pf_bm_writer_term(merge->writer, term.data, term.len);
		for (int i = 0; i < nsame; i++)
		{
			same[i]->last = PF_BM_NO_DOC;
			active[i] = same[i];
		}
		merge_postings(merge, active, nsame);

		for (int i = 0; i < nsame; i++)
		{
			if (same[i]->source->next(same[i]->source))
				push(merge, same[i], term_before);
		}
	}
}

bool
pf_bm_merge(Relation index, const PfBmMeta *meta, bool build, PfBmSource **sources, int nsources,
			PfBmSegmentEntry *entry)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed merge",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Merge	   *merge = palloc0(sizeof(Merge));
	bool		any;

	merge->index = index;
	merge->meta = meta;
	merge->build = build;
	merge->ninputs = nsources;
	merge->inputs = palloc_extended(sizeof(Input) * Max((Size) nsources, 1),
									MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	merge->heap = palloc(sizeof(Input *) * Max(nsources, 1));
	for (int i = 0; i < nsources; i++)
		merge->inputs[i].source = sources[i];

	unite_counts(merge);
	any = merge_docs(merge);
	if (any)
	{
		merge_terms(merge);
		pf_bm_writer_end(merge->writer, entry);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return any;
}
