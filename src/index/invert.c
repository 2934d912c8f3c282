/*-------------------------------------------------------------------------
 *
 * invert.c
 *		Documents in memory, turned over into a source of sorted terms.
 *
 * While documents come in, each distinct term gets a number, by a hash table
 * over the terms' bytes, each distinct counts a code, and a document's postings,
 * (term, code), go to the end of one array.  Turning over is a counting sort of
 * that array by term; it visits the documents in their order, so each term's
 * postings ascend without being compared.  Only documents (unless they came
 * sorted) and terms are sorted by comparison.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#define ARENA_CHUNK		(64 * 1024)
#define MIN_SLOTS		1024

typedef struct InvertTerm
{
	const char *bytes;
	uint64		start;			/* of its postings, when turned over */
	uint32		n;				/* postings */
	uint16		len;
} InvertTerm;

typedef struct InvertPosting
{
	uint32		number;			/* of the term; of the document, when turned over */
	uint32		code;
} InvertPosting;

/* A slot of the terms' hash table. */
typedef struct InvertSlot
{
	uint32		hash;
	uint32		term;			/* + 1; 0 = free */
} InvertSlot;

/* A term's place in the order: its first bytes settle most comparisons. */
typedef struct InvertKey
{
	uint64		prefix;
	uint32		term;
} InvertKey;

struct PfBmInvert
{
	PfBmSource	source;			/* first: what the users of the source see of this */
	MemoryContext context;
	PfBmMeta	meta;

	PfBmDoc    *docs;
	uint64	   *ends;			/* by document: where its postings end */
	uint32		ndocs;
	Size		max_docs;
	Size		max_ends;

	InvertPosting *postings;
	uint64		npostings;
	Size		max_postings;

	InvertTerm *terms;
	uint32		nterms;
	Size		max_terms;
	InvertSlot *slots;
	uint32		nslots;			/* a power of two, as are ncount_slots */
	char	   *arena;			/* the chunk in use */
	Size		arena_left;
	Size		arena_size;		/* bytes in all chunks */

	PfBmCountsEntry *counts;
	uint32		ncounts;
	Size		max_counts;
	uint32	   *count_slots;	/* code + 1; 0 = free */
	uint32		ncount_slots;

	/* turned over */
	uint32	   *order;			/* documents in order; NULL = as they came */
	InvertPosting *sorted;		/* by term, then document */
	InvertKey  *keys;			/* terms in order */
	uint32		next_doc;
	uint32		next_term;
	uint64		pos;			/* in sorted: the current term's next posting */
	uint64		end;
};

/* ---- sorts ---- */

static inline int
key_compare(const InvertKey *a, const InvertKey *b, const InvertTerm *terms)
{
	const InvertTerm *left;
	const InvertTerm *right;
	int			result;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	left = &terms[a->term];
	right = &terms[b->term];
	result = memcmp(left->bytes, right->bytes, Min(left->len, right->len));
	return result != 0 ? result : (int) left->len - (int) right->len;
}

#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE InvertKey
#define ST_COMPARE(a, b, terms) key_compare(a, b, terms)
#define ST_COMPARE_ARG_TYPE const InvertTerm
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_docs
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b, invert) \
	pf_bm_doc_compare(&(invert)->meta, &(invert)->docs[*(a)], &(invert)->docs[*(b)])
#define ST_COMPARE_ARG_TYPE const PfBmInvert
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* ---- adding ---- */

/* Room for one more item behind n. */
static void *
grow(const PfBmInvert *invert, void *array, Size n, Size *max, Size width)
{
	if (n < *max)
		return array;
	*max = Max(*max * 2, 64);
	if (array == NULL)
		return MemoryContextAllocHuge(invert->context, *max * width);
	return repalloc_huge(array, *max * width);
}

PfBmInvert *
pf_bm_invert_begin(const PfBmMeta *meta)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed documents",
												  ALLOCSET_DEFAULT_SIZES);
	PfBmInvert *invert = MemoryContextAllocZero(context, sizeof(PfBmInvert));

	invert->context = context;
	memcpy(&invert->meta, meta, offsetof(PfBmMeta, nsegments));
	invert->nslots = MIN_SLOTS;
	invert->slots = MemoryContextAllocZero(context, sizeof(InvertSlot) * MIN_SLOTS);
	invert->ncount_slots = MIN_SLOTS;
	invert->count_slots = MemoryContextAllocZero(context, sizeof(uint32) * MIN_SLOTS);
	return invert;
}

static void
grow_slots(PfBmInvert *invert)
{
	InvertSlot *old = invert->slots;
	uint32		nold = invert->nslots;
	uint32		mask;

	if (nold > PG_UINT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many distinct lexemes at a time"),
				 errhint("Lower maintenance_work_mem.")));
	invert->nslots = nold * 2;
	invert->slots = MemoryContextAllocExtended(invert->context,
											   sizeof(InvertSlot) * (Size) invert->nslots,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	mask = invert->nslots - 1;
	for (uint32 i = 0; i < nold; i++)
	{
		uint32		slot = old[i].hash & mask;

		if (old[i].term == 0)
			continue;
		while (invert->slots[slot].term != 0)
			slot = (slot + 1) & mask;
		invert->slots[slot] = old[i];
	}
	pfree(old);
}

/* A copy of a term's bytes that stays. */
static const char *
keep_bytes(PfBmInvert *invert, const char *bytes, int len)
{
	char	   *copy;

	if (invert->arena_left < (Size) len)
	{
		invert->arena = MemoryContextAlloc(invert->context, ARENA_CHUNK);
		invert->arena_left = ARENA_CHUNK;
		invert->arena_size += ARENA_CHUNK;
	}
	copy = invert->arena;
	memcpy(copy, bytes, len);
	invert->arena += len;
	invert->arena_left -= len;
	return copy;
}

static uint32
term_number(PfBmInvert *invert, const char *bytes, int len, uint32 hash)
{
	uint32		mask = invert->nslots - 1;
	uint32		slot = hash & mask;
	InvertTerm *term;

	for (; invert->slots[slot].term != 0; slot = (slot + 1) & mask)
	{
		if (invert->slots[slot].hash == hash)
		{
			term = &invert->terms[invert->slots[slot].term - 1];
			if (term->len == len && memcmp(term->bytes, bytes, len) == 0)
				return invert->slots[slot].term - 1;
		}
	}

	Assert(len < ARENA_CHUNK);
	invert->terms = grow(invert, invert->terms, invert->nterms, &invert->max_terms, sizeof(InvertTerm));
	term = &invert->terms[invert->nterms];
	term->bytes = keep_bytes(invert, bytes, len);
	term->len = (uint16) len;
	term->n = 0;
	invert->slots[slot].hash = hash;
	invert->slots[slot].term = ++invert->nterms;
	if (invert->nterms > invert->nslots / 2)
		grow_slots(invert);
	return invert->nterms - 1;
}

static void
grow_count_slots(PfBmInvert *invert)
{
	uint32		mask;

	pfree(invert->count_slots);
	invert->ncount_slots *= 2;
	invert->count_slots = MemoryContextAllocExtended(invert->context,
													 sizeof(uint32) * (Size) invert->ncount_slots,
													 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	mask = invert->ncount_slots - 1;
	for (uint32 code = 0; code < invert->ncounts; code++)
	{
		uint32		slot = murmurhash32(invert->counts[code].counts) & mask;

		while (invert->count_slots[slot] != 0)
			slot = (slot + 1) & mask;
		invert->count_slots[slot] = code + 1;
	}
}

static uint32
counts_code(PfBmInvert *invert, PfBmCounts counts)
{
	uint32		mask = invert->ncount_slots - 1;
	uint32		slot = murmurhash32(counts) & mask;
	uint32		code;

	for (; invert->count_slots[slot] != 0; slot = (slot + 1) & mask)
	{
		code = invert->count_slots[slot] - 1;
		if (invert->counts[code].counts == counts)
		{
			if (invert->counts[code].n < PG_UINT32_MAX)
				invert->counts[code].n++;
			return code;
		}
	}

	invert->counts = grow(invert, invert->counts, invert->ncounts, &invert->max_counts,
						  sizeof(PfBmCountsEntry));
	code = invert->ncounts++;
	invert->counts[code].counts = counts;
	invert->counts[code].n = 1;
	invert->count_slots[slot] = code + 1;
	if (invert->ncounts > invert->ncount_slots / 2)
		grow_count_slots(invert);
	return code;
}

static void
add_doc(PfBmInvert *invert, const PfBmDoc *doc)
{
	Assert(invert->keys == NULL);
	if (invert->ndocs == PF_BM_NO_DOC - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many documents at a time")));
	invert->docs = grow(invert, invert->docs, invert->ndocs, &invert->max_docs, sizeof(PfBmDoc));
	invert->ends = grow(invert, invert->ends, invert->ndocs, &invert->max_ends, sizeof(uint64));
	invert->docs[invert->ndocs] = *doc;
	invert->ends[invert->ndocs] = invert->npostings;
	invert->ndocs++;
}

static inline void
add_posting(PfBmInvert *invert, const char *bytes, int len, uint32 hash, PfBmCounts counts)
{
	InvertPosting *posting;
	uint32		term = term_number(invert, bytes, len, hash);

	invert->postings = grow(invert, invert->postings, invert->npostings, &invert->max_postings,
							sizeof(InvertPosting));
	posting = &invert->postings[invert->npostings++];
	posting->number = term;
	posting->code = counts_code(invert, counts);
	invert->terms[term].n++;
	invert->ends[invert->ndocs - 1] = invert->npostings;
}

void
pf_bm_invert_add_tsv(PfBmInvert *invert, const PfBmDoc *doc, TSVector tsv)
{
	add_doc(invert, doc);
	if (tsv == NULL)
		return;
	for (int i = 0; i < tsv->size; i++)
	{
		const WordEntry *word = &ARRPTR(tsv)[i];
		const char *bytes = STRPTR(tsv) + word->pos;

		add_posting(invert, bytes, word->len, pf_bm_hash(bytes, word->len), pf_bm_tsv_counts(tsv, word));
	}
}

void
pf_bm_invert_add_record(PfBmInvert *invert, const PfBmRecord *record)
{
	const char *bytes = record->terms;

	add_doc(invert, &record->doc);
	for (uint32 i = 0; i < record->nterms; i++)
	{
		add_posting(invert, bytes, record->lengths[i], record->hashes[i], record->counts[i]);
		bytes += record->lengths[i];
	}
}

/* With what turning over will take.  Arrays count by what is used: the rest was never touched. */
Size
pf_bm_invert_size(const PfBmInvert *invert)
{
	return sizeof(PfBmInvert) +
		(sizeof(PfBmDoc) + sizeof(uint64) + sizeof(uint32)) * invert->ndocs +
		sizeof(InvertPosting) * 2 * invert->npostings +
		(sizeof(InvertTerm) + sizeof(InvertKey)) * invert->nterms +
		sizeof(InvertSlot) * invert->nslots + invert->arena_size +
		sizeof(PfBmCountsEntry) * invert->ncounts + sizeof(uint32) * invert->ncount_slots;
}

uint32
pf_bm_invert_ndocs(const PfBmInvert *invert)
{
	return invert->ndocs;
}

/* ---- turning over ---- */

static void
order_docs(PfBmInvert *invert)
{
	uint32		n = invert->ndocs;
	uint32		i;

	for (i = 1; i < n; i++)
	{
		if (pf_bm_doc_compare(&invert->meta, &invert->docs[i - 1], &invert->docs[i]) > 0)
			break;
	}
	if (i >= n)
		return;
	invert->order = MemoryContextAllocHuge(invert->context, sizeof(uint32) * (Size) n);
	for (i = 0; i < n; i++)
		invert->order[i] = i;
	sort_docs(invert->order, n, invert);
}

/* Each term's postings to their place. */
static void
distribute(PfBmInvert *invert)
{
	InvertTerm *terms = invert->terms;
	InvertPosting *sorted;
	uint64		start = 0;

	for (uint32 i = 0; i < invert->nterms; i++)
	{
		terms[i].start = start;
		start += terms[i].n;
		terms[i].n = 0;
	}
	sorted = MemoryContextAllocHuge(invert->context, sizeof(InvertPosting) * Max(start, 1));
	for (uint32 doc = 0; doc < invert->ndocs; doc++)
	{
		uint32		i = invert->order != NULL ? invert->order[doc] : doc;
		const InvertPosting *from = &invert->postings[i > 0 ? invert->ends[i - 1] : 0];
		const InvertPosting *end = &invert->postings[invert->ends[i]];

		if (doc % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		for (; from < end; from++)
		{
			InvertTerm *term = &terms[from->number];
			InvertPosting *to = &sorted[term->start + term->n];

			/* A tsvector received in binary may have a lexeme twice. */
			if (term->n > 0 && to[-1].number == doc)
				continue;
			to->number = doc;
			to->code = from->code;
			term->n++;
		}
	}
	invert->sorted = sorted;
	if (invert->postings != NULL)
		pfree(invert->postings);
	invert->postings = NULL;
}

static void
order_terms(PfBmInvert *invert)
{
	InvertKey  *keys = MemoryContextAllocHuge(invert->context,
											  sizeof(InvertKey) * Max((Size) invert->nterms, 1));

	for (uint32 i = 0; i < invert->nterms; i++)
	{
		const InvertTerm *term = &invert->terms[i];
		uint64		prefix = 0;

		memcpy(&prefix, term->bytes, Min(term->len, sizeof(prefix)));
		keys[i].prefix = pg_ntoh64(prefix);
		keys[i].term = i;
	}
	sort_keys(keys, invert->nterms, invert->terms);
	invert->keys = keys;
}

static bool
source_doc(PfBmSource *source, PfBmDoc *doc)
{
	PfBmInvert *invert = (PfBmInvert *) source;
	uint32		i = invert->next_doc++;

	Assert(i < invert->ndocs);
	*doc = invert->docs[invert->order != NULL ? invert->order[i] : i];
	return true;
}

static bool
source_next(PfBmSource *source)
{
	PfBmInvert *invert = (PfBmInvert *) source;
	const InvertTerm *term;

	if (invert->next_term >= invert->nterms)
		return false;
	term = &invert->terms[invert->keys[invert->next_term++].term];
	source->term = term->bytes;
	source->len = term->len;
	invert->pos = term->start;
	invert->end = term->start + term->n;
	return true;
}

static int
source_postings(PfBmSource *source, uint32 *docs, uint32 *codes)
{
	PfBmInvert *invert = (PfBmInvert *) source;
	int			n = (int) Min(invert->end - invert->pos, PF_BM_BLOCK);
	const InvertPosting *from = invert->sorted + invert->pos;

	for (int i = 0; i < n; i++)
	{
		docs[i] = from[i].number;
		codes[i] = from[i].code;
	}
	invert->pos += n;
	return n;
}

static void
source_close(PfBmSource *source)
{
	MemoryContextDelete(((PfBmInvert *) source)->context);
}

PfBmSource *
pf_bm_invert_source(PfBmInvert *invert)
{
	PfBmSource *source = &invert->source;

	order_docs(invert);
	distribute(invert);
	order_terms(invert);

	source->ndocs = invert->ndocs;
	source->ncounts = invert->ncounts;
	source->counts = invert->counts;
	source->doc = source_doc;
	source->next = source_next;
	source->postings = source_postings;
	source->close = source_close;
	return source;
}
