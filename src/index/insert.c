/*-------------------------------------------------------------------------
 *
 * insert.c
 *		Adding a document: a record at the end of the write buffer.
 *
 * The one open page of kind BUFFER is the buffer's tail: a page is opened in the
 * record of WAL that links it, and closed before anything comes behind it or it
 * is consumed.  So an insert that finds the tail of its copy of the metapage still
 * open may append to it, with that page's lock alone.  Everything else, a new
 * page or a long record, is done under the metapage's lock.
 *
 * Who makes the buffer too large spills it, and who comes next, to an empty
 * buffer, merges a few small segments.  Both are bounded, so that no insert
 * waits noticeably.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "miscadmin.h"
#include "storage/indexfsm.h"
#include "utils/memutils.h"

/*
 * Times the buffer's size that it may grow to while somebody else spills or, with the
 * list of segments full, merges; from then on inserts wait for them.
 */
#define MAX_OVERFLOW	16

/* What inserts of one statement keep; a REINDEX cannot come between them. */
typedef struct InsertCache
{
	MemoryContext context;
	float4		weights[PF_BM_FIELDS];
} InsertCache;

/* A record as it goes onto the page. */
typedef struct Encoded
{
	char	   *record;
	uint32		size;
	uint32		nlong;			/* LONG pages that it refers to */
} Encoded;

/* ---- encoding ---- */

static int
compare_words(const void *a, const void *b, void *arg)
{
	const char *str = arg;
	const WordEntry *left = *(const WordEntry *const *) a;
	const WordEntry *right = *(const WordEntry *const *) b;
	int			result = memcmp(str + left->pos, str + right->pos, Min(left->len, right->len));

	return result != 0 ? result : (int) left->len - (int) right->len;
}

/* The tsvector's words, ascending by memcmp, then length. */
static const WordEntry **
sorted_words(TSVector tsv)
{
	const WordEntry *word = ARRPTR(tsv);
	const WordEntry **words = palloc(sizeof(WordEntry *) * Max(tsv->size, 1));
	bool		sorted = true;

	for (int i = 0; i < tsv->size; i++)
	{
		words[i] = &word[i];
		if (i > 0 && sorted && compare_words(&words[i - 1], &words[i], STRPTR(tsv)) > 0)
			sorted = false;
	}
	if (!sorted)
		qsort_arg(words, tsv->size, sizeof(WordEntry *), compare_words, STRPTR(tsv));
	return words;
}

/* The terms of a record, from nterms on, zeros up to a multiple of 4; to NULL: only the size. */
static uint32
encode_terms(TSVector tsv, const WordEntry **words, char *to)
{
	uint32		n = tsv != NULL ? (uint32) tsv->size : 0;
	const char *str = tsv != NULL ? STRPTR(tsv) : NULL;
	uint32	   *hashes = (uint32 *) (to + sizeof(uint32));
	PfBmCounts *counts;
	uint16	   *lengths;
	char	   *terms;

	if (to == NULL)
	{
		uint32		size = sizeof(uint32) + n * PF_BM_RECORD_TERM;

		for (uint32 i = 0; i < n; i++)
			size += words[i]->len;
		return TYPEALIGN(4, size);
	}

	*(uint32 *) to = n;
	counts = hashes + n;
	lengths = (uint16 *) (counts + n);
	terms = (char *) (lengths + n);
	for (uint32 i = 0; i < n; i++)
	{
		const char *term = str + words[i]->pos;
		int			len = words[i]->len;

		hashes[i] = pf_bm_hash(term, len);
		counts[i] = pf_bm_tsv_counts(tsv, words[i]);
		lengths[i] = (uint16) len;
		memcpy(terms, term, len);
		terms += len;
	}
	while ((terms - to) % 4 != 0)
		*terms++ = 0;
	return (uint32) (terms - to);
}

/* ---- pages ---- */

/* Takes the first spare page off the list, locked and registered; InvalidBuffer = there is none. */
static Buffer
take_spare(Relation index, PfBmChange *change, Page *page)
{
	BlockNumber blkno = change->meta->spare_head;
	Buffer		buffer;
	const PfBmTail *tail;

	if (blkno == InvalidBlockNumber)
		return InvalidBuffer;
	buffer = ReadBuffer(index, blkno);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	*page = GenericXLogRegisterBuffer(change->state, buffer, GENERIC_XLOG_FULL_IMAGE);
	if (!pf_bm_page_is_sound(*page))
		pf_bm_corrupt(index, blkno, "a spare page has a wrong layout or checksum");
	tail = PF_BM_TAIL(*page);
	if ((tail->kind != PF_BM_BUFFER && tail->kind != PF_BM_LONG) ||
		PF_BM_USED(*page) < sizeof(PfBmLongPage) ||
		(tail->kind == PF_BM_BUFFER && !((PfBmBufferPage *) PF_BM_DATA(*page))->closed))
		pf_bm_corrupt(index, blkno, "it is linked as a spare page and is none");
	change->meta->spare_head = *(const BlockNumber *) PF_BM_DATA(*page);
	return buffer;
}

/*
 * Begins a change of the metapage with up to n new pages of a kind, from the spare
 * ones, else from the file; gives their number, at least 1.  They have owners.
 */
static int
begin_with_pages(Relation index, PfBmChange *change, PfBmKind kind, int n, Buffer *buffers, Page *pages)
{
	PfBmMeta	meta;
	int			got = 0;
	int			claimed = 0;

	/* Finding a page in the file may take a while: not under the metapage's lock. */
	pf_bm_meta_read(index, &meta);
	if (meta.spare_head == InvalidBlockNumber)
	{
		/* One: no heavyweight lock may be waited for with a page locked. */
		buffers[claimed++] = pf_bm_page_claim(index, false);
	}

	for (;;)
	{
		pf_bm_meta_begin(index, change);
		for (got = 0; got < claimed; got++)
			pages[got] = GenericXLogRegisterBuffer(change->state, buffers[got], GENERIC_XLOG_FULL_IMAGE);
		while (claimed == 0 && got < n)
		{
			/* BufferIsValid() may evaluate its argument more than once. */
			buffers[got] = take_spare(index, change, &pages[got]);
			if (!BufferIsValid(buffers[got]))
				break;
			got++;
		}
		if (got > 0)
			break;
		pf_bm_meta_abort(change);
		buffers[claimed++] = pf_bm_page_claim(index, false);
	}
	for (int i = 0; i < got; i++)
		pf_bm_page_init(pages[i], kind, change->meta->next_owner++);
	return got;
}

/* Writes bytes to LONG pages, from the last one to the first. */
static uint32
write_long(Relation index, const char *bytes, uint32 nbytes, PfBmLongRef *ref)
{
	const uint32 room = PF_BM_PAYLOAD - sizeof(PfBmLongPage);
	uint32		npages = (nbytes + room - 1) / room;
	uint32		left = npages;

	ref->nbytes = nbytes;
	ref->first = InvalidBlockNumber;
	ref->owner = 0;
	while (left > 0)
	{
		Buffer		buffers[MAX_GENERIC_XLOG_PAGES - 1];
		Page		pages[MAX_GENERIC_XLOG_PAGES - 1];
		PfBmChange	change;
		int			n;

		CHECK_FOR_INTERRUPTS();
		n = begin_with_pages(index, &change, PF_BM_LONG, (int) Min(left, lengthof(buffers)), buffers, pages);
		for (int i = 0; i < n; i++)
		{
			PfBmLongPage *head = (PfBmLongPage *) PF_BM_DATA(pages[i]);
			uint32		start = --left * room;
			uint32		some = Min(room, nbytes - start);

			head->next = ref->first;
			head->unused = 0;
			head->next_owner = ref->owner;
			memcpy(head + 1, bytes + start, some);
			pf_bm_page_set_size(pages[i], sizeof(PfBmLongPage) + some);
			pf_bm_page_seal(pages[i]);
			ref->first = BufferGetBlockNumber(buffers[i]);
			ref->owner = PF_BM_TAIL(pages[i])->owner;
		}
		pf_bm_meta_finish(&change);
		for (int i = 0; i < n; i++)
			UnlockReleaseBuffer(buffers[i]);
	}
	return npages;
}

static void
encode(Relation index, const PfBmMeta *meta, const PfBmDoc *doc, TSVector tsv, Encoded *encoded)
{
	const WordEntry **words = tsv != NULL ? sorted_words(tsv) : NULL;
	uint32		fixed = sizeof(PfBmRecordHead) + TYPEALIGN(4, meta->doc_width);
	uint32		size = encode_terms(tsv, words, NULL);
	bool		is_long = fixed + size > PF_BM_PAYLOAD - sizeof(PfBmBufferPage);
	PfBmRecordHead *head;

	encoded->nlong = 0;
	encoded->size = fixed + (is_long ? sizeof(PfBmLongRef) : size);
	encoded->record = palloc0(encoded->size);
	head = (PfBmRecordHead *) encoded->record;
	head->size = encoded->size;
	head->flags = is_long ? PF_BM_IS_LONG : 0;
	pf_bm_doc_pack(meta, doc, encoded->record + sizeof(PfBmRecordHead));
	if (is_long)
	{
		char	   *bytes = palloc(size);
		PfBmLongRef ref;

		encode_terms(tsv, words, bytes);
		encoded->nlong = write_long(index, bytes, size, &ref);
		memcpy(encoded->record + fixed, &ref, sizeof(PfBmLongRef));
		pfree(bytes);
	}
	else
		encode_terms(tsv, words, encoded->record + fixed);
	if (words != NULL)
		pfree(words);
}

/* ---- appending ---- */

/* Locks the page that was the tail, exclusively: is it that yet, and has it room? */
static Buffer
lock_tail(Relation index, BlockNumber blkno, uint32 size, bool *is_buffer, bool *has_room)
{
	Buffer		buffer = ReadBuffer(index, blkno);
	Page		page = BufferGetPage(buffer);
	const PfBmBufferPage *head = (const PfBmBufferPage *) PF_BM_DATA(page);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	if (!pf_bm_page_is_sound(page))
		pf_bm_corrupt(index, blkno, "a page of the write buffer has a wrong layout or checksum");
	*is_buffer = PF_BM_TAIL(page)->kind == PF_BM_BUFFER && PF_BM_USED(page) >= sizeof(PfBmBufferPage);
	*has_room = *is_buffer && !head->closed && size <= PF_BM_PAYLOAD - PF_BM_USED(page);
	return buffer;
}

static void
append(Page page, const Encoded *encoded)
{
	Size		used = PF_BM_USED(page);

	memcpy(PF_BM_DATA(page) + used, encoded->record, encoded->size);
	((PfBmBufferPage *) PF_BM_DATA(page))->nrecords++;
	pf_bm_page_set_size(page, used + encoded->size);
	pf_bm_page_seal(page);
}

/* To the tail as of a copy of the metapage, with no lock but the page's. */
static bool
append_to_tail(Relation index, const PfBmMeta *meta, const Encoded *encoded)
{
	Buffer		buffer;
	bool		is_buffer;
	bool		has_room;

	if (meta->buffer_tail == InvalidBlockNumber)
		return false;
	buffer = lock_tail(index, meta->buffer_tail, encoded->size, &is_buffer, &has_room);
	if (has_room)
	{
		GenericXLogState *state = GenericXLogStart(index);

		append(GenericXLogRegisterBuffer(state, buffer, 0), encoded);
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
	return has_room;
}

/* To the tail, a long record, whose pages the metapage counts. */
static uint32
append_long(Relation index, const Encoded *encoded)
{
	PfBmChange	change;
	Buffer		tail;
	bool		is_buffer;
	bool		has_room;
	uint32		pages = 0;

	pf_bm_meta_begin(index, &change);
	if (change.meta->buffer_tail == InvalidBlockNumber)
	{
		pf_bm_meta_abort(&change);
		return 0;
	}
	tail = lock_tail(index, change.meta->buffer_tail, encoded->size, &is_buffer, &has_room);
	if (has_room)
	{
		append(GenericXLogRegisterBuffer(change.state, tail, 0), encoded);
		pages = change.meta->buffer_pages += encoded->nlong;
		pf_bm_meta_finish(&change);
	}
	else
		pf_bm_meta_abort(&change);
	UnlockReleaseBuffer(tail);
	return pages;
}

/*
 * To a new page behind the tail; gives the pages the buffer has then, and whether
 * it is the only one.  0, and nothing done, if somebody else came before and
 * the tail has room.
 */
static uint32
append_to_new(Relation index, const Encoded *encoded, bool *first)
{
	PfBmChange	change;
	PfBmMeta   *meta;
	Buffer		fresh;
	Page		page;
	BlockNumber blkno;
	uint64		owner;
	Buffer		tail = InvalidBuffer;
	PfBmBufferPage *head;
	uint32		pages;

	(void) begin_with_pages(index, &change, PF_BM_BUFFER, 1, &fresh, &page);
	meta = change.meta;
	blkno = BufferGetBlockNumber(fresh);
	owner = PF_BM_TAIL(page)->owner;

	if (meta->buffer_tail == InvalidBlockNumber)
	{
		meta->buffer_head = blkno;
		meta->buffer_owner = owner;
	}
	else
	{
		bool		is_buffer;
		bool		has_room;
		Page		old;

		tail = lock_tail(index, meta->buffer_tail, encoded->size, &is_buffer, &has_room);
		if (has_room)
		{
			Page		unused = BufferGetPage(fresh);
			bool		spare = !PageIsNew(unused) && !(PF_BM_TAIL(unused)->kind & PF_BM_RETIRED);

			UnlockReleaseBuffer(tail);
			pf_bm_meta_abort(&change);
			UnlockReleaseBuffer(fresh);
			if (!spare)
				RecordFreeIndexPage(index, blkno);
			return 0;
		}
		old = GenericXLogRegisterBuffer(change.state, tail, 0);
		head = (PfBmBufferPage *) PF_BM_DATA(old);
		if (!is_buffer || head->next != InvalidBlockNumber)
			pf_bm_corrupt(index, meta->buffer_tail, "it is not the end of the write buffer, as the metapage says");
		head->closed = 1;
		head->next = blkno;
		head->next_owner = owner;
		pf_bm_page_seal(old);
	}
	meta->buffer_tail = blkno;
	pages = meta->buffer_pages += encoded->nlong + 1;
	*first = meta->buffer_head == blkno;

	head = (PfBmBufferPage *) PF_BM_DATA(page);
	head->next = InvalidBlockNumber;
	pf_bm_page_set_size(page, sizeof(PfBmBufferPage));
	append(page, encoded);
	pf_bm_meta_finish(&change);
	UnlockReleaseBuffer(fresh);
	if (BufferIsValid(tail))
		UnlockReleaseBuffer(tail);
	return pages;
}

uint32
pf_bm_buffer_add(Relation index, const PfBmDoc *doc, TSVector tsv, bool *first)
{
	PfBmMeta	meta;
	Encoded		encoded;
	uint32		pages = 0;

	pf_bm_meta_read(index, &meta);
	encode(index, &meta, doc, tsv, &encoded);
	*first = false;
	while (pages == 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (encoded.nlong > 0)
			pages = append_long(index, &encoded);
		else if (append_to_tail(index, &meta, &encoded))
			pages = Max(meta.buffer_pages, 1);
		if (pages == 0)
			pages = append_to_new(index, &encoded, first);
		if (pages == 0)
			pf_bm_meta_read(index, &meta);
	}
	pfree(encoded.record);
	return pages;
}

/* ---- aminsert ---- */

static InsertCache *
get_cache(Relation index, IndexInfo *info)
{
	InsertCache *cache = info->ii_AmCache;

	if (cache == NULL)
	{
		PfBmMeta	meta;

		pf_bm_meta_read(index, &meta);
		cache = MemoryContextAlloc(info->ii_Context, sizeof(InsertCache));
		memcpy(cache->weights, meta.weights, sizeof(cache->weights));
		cache->context = AllocSetContextCreate(info->ii_Context, "paperfeed insert", ALLOCSET_DEFAULT_SIZES);
		info->ii_AmCache = cache;
	}
	return cache;
}

bool
pf_bm_insert(Relation index, Datum *values, bool *isnull, ItemPointer tid, Relation heap,
			 IndexUniqueCheck unique, bool unchanged, IndexInfo *info)
{
	InsertCache *cache = get_cache(index, info);
	MemoryContext old = MemoryContextSwitchTo(cache->context);
	TSVector	tsv = isnull[0] ? NULL : DatumGetTSVector(values[0]);
	PfBmDoc		doc;
	uint32		pages;
	bool		merge;

	(void) heap;
	(void) unique;
	(void) unchanged;

	memset(&doc, 0, sizeof(doc));
	doc.tid = *tid;
	doc.length = tsv != NULL ? pf_bm_tsv_length(tsv, cache->weights) : -1;
	pf_bm_filter_values(index, values, isnull, &doc);
	pages = pf_bm_buffer_add(index, &doc, tsv, &merge);
	if (pages > pf_bm_buffer_pages(index))
	{
		MemoryContextReset(cache->context);
		merge = pf_bm_spill(index, pf_bm_buffer_pages(index), pages > MAX_OVERFLOW * pf_bm_buffer_pages(index));
	}
	if (merge)
		pf_bm_merge_inline(index);
	MemoryContextSwitchTo(old);
	MemoryContextReset(cache->context);
	return false;
}
