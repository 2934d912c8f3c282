/*-------------------------------------------------------------------------
 *
 * buffer.c
 *		The write buffer: its records, reading it, and handing it over.
 *
 * Reading is optimistic.  No lock is held from page to page; a spill may take
 * the chain away under a reader, and inserts may use its pages again.  Every
 * page's owner is a number given out once, and owners ascend along the chain, so
 * a reader that was overtaken meets an owner it does not expect, at the latest
 * at the end of the consumed part, which the spill links to pages with smaller
 * owners.  Then the metapage has a new head, and the reader begins anew; if
 * it has the same head, the pages are corrupted.  See README, "Write buffer".
 *
 * insert.c adds records; here, too, is what spill.c and vacuum.c need to have the
 * buffer's pages and records out of the way.  They hold the spill lock, so no one
 * overtakes them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "commands/vacuum.h"
#include "miscadmin.h"

/* More than any tsvector needs: 2^20 bytes in at most as many terms. */
#define MAX_LONG	((uint32) 12 * 1024 * 1024)

typedef struct Reader
{
	Relation	index;
	const PfBmMeta *meta;
	PfBmChain  *chain;			/* what was read, or NULL */

	/* the page it stands on, a copy */
	BlockNumber blkno;
	uint64		owner;
	PGAlignedBlock *page;
	uint32		pos;			/* in its data: the record that is next */
	uint32		left;			/* records */

	/* a long record's bytes */
	char	   *bytes;
	Size		max_bytes;
	PGAlignedBlock *long_page;
} Reader;

typedef enum Step
{
	FOUND,
	END,
	OVERTAKEN
} Step;

/* ---- records ---- */

/* FNV-1a: it is on disk, so it is ours and not the server's. */
uint32
pf_bm_hash(const char *term, int len)
{
	uint32		hash = 2166136261u;

	for (int i = 0; i < len; i++)
		hash = (hash ^ (uint8) term[i]) * 16777619u;
	return hash;
}

/* Of n hashes from the first on, one that is this term's. */
static int
find_among(const PfBmRecord *record, uint32 first, uint32 n, const char *term, int len, uint32 hash)
{
	for (uint32 i = first; i < first + n; i++)
	{
		uint32		offset = 0;

		if (record->hashes[i] != hash || record->lengths[i] != len)
			continue;
		for (uint32 j = 0; j < i; j++)
			offset += record->lengths[j];
		if (memcmp(record->terms + offset, term, len) == 0)
			return (int) i;
	}
	return -1;
}

/*
 * Nearly every record has not got the term.  Whether one of 16 hashes is equal
 * is said without a branch, so that the compiler makes it a few instructions.
 */
#define LANES	16

int
pf_bm_record_find(const PfBmRecord *record, const char *term, int len, uint32 hash)
{
	const uint32 *hashes = record->hashes;
	uint32		n = record->nterms;
	uint32		i = 0;
	int			found;

	for (; n - i >= LANES; i += LANES)
	{
		uint32		any = 0;

		for (int j = 0; j < LANES; j++)
			any |= hashes[i + j] == hash ? PG_UINT32_MAX : 0;
		if (any == 0)
			continue;
		found = find_among(record, i, LANES, term, len, hash);
		if (found >= 0)
			return found;
	}
	return find_among(record, i, n - i, term, len, hash);
}

/* The arrays of a record's terms, in size bytes at data, which is aligned for them. */
static void
parse_terms(const Reader *reader, const char *data, uint32 size, PfBmRecord *record)
{
	uint32		n;
	uint32		total = 0;

	if (size < sizeof(uint32))
		pf_bm_corrupt(reader->index, reader->blkno, "a record is cut off");
	n = *(const uint32 *) data;
	data += sizeof(uint32);
	size -= sizeof(uint32);
	if (n > size / PF_BM_RECORD_TERM)
		pf_bm_corrupt(reader->index, reader->blkno, "a record of %u bytes says that it has %u terms",
					  size, n);
	record->nterms = n;
	record->hashes = (const uint32 *) data;
	record->counts = record->hashes + n;
	record->lengths = (const uint16 *) (record->counts + n);
	record->terms = (const char *) (record->lengths + n);
	for (uint32 i = 0; i < n; i++)
		total += record->lengths[i];
	if (total > size - n * PF_BM_RECORD_TERM)
		pf_bm_corrupt(reader->index, reader->blkno, "the terms of a record go over its end");
}

/* ---- pages ---- */

/*
 * Is the page as this backend has seen it before, and was it sound?  A change of a
 * page gives it another LSN, so most pages of the buffer are verified once.
 */
static bool
was_sound(Relation index, BlockNumber blkno, Page page)
{
	static struct
	{
		BlockNumber blkno;
		XLogRecPtr	lsn;
	}			known[256];
	int			slot = blkno % lengthof(known);
	XLogRecPtr	lsn = PageGetLSN(page);

	if (RelationNeedsWAL(index) && lsn != InvalidXLogRecPtr && known[slot].blkno == blkno &&
		known[slot].lsn == lsn)
		return true;
	if (!pf_bm_page_is_sound(page))
		return false;
	known[slot].blkno = blkno;
	known[slot].lsn = lsn;
	return true;
}

/* Copies a page; false if it is sound but not, or no more, the one expected. */
static bool
read_page(Relation index, BlockNumber blkno, PfBmKind kind, uint64 owner, PGAlignedBlock *copy)
{
	Buffer		buffer;
	Page		page = (Page) copy->data;
	const PfBmTail *tail;

	if (blkno >= RelationGetNumberOfBlocks(index))
		pf_bm_corrupt(index, blkno, "it is linked as a page of the write buffer, but the file ends before");
	buffer = ReadBuffer(index, blkno);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	memcpy(copy->data, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
	if (!was_sound(index, blkno, page))
		pf_bm_corrupt(index, blkno, "a page of the write buffer has a wrong layout or checksum");
	tail = PF_BM_TAIL(page);
	return tail->kind == kind && tail->owner == owner;
}

static bool
reader_page(Reader *reader, BlockNumber blkno, uint64 owner)
{
	const PfBmBufferPage *head = (const PfBmBufferPage *) PF_BM_DATA(reader->page->data);

	reader->blkno = blkno;
	reader->owner = owner;
	if (!read_page(reader->index, blkno, PF_BM_BUFFER, owner, reader->page))
		return false;
	if (PF_BM_USED(reader->page->data) < sizeof(PfBmBufferPage))
		pf_bm_corrupt(reader->index, blkno, "a page of the write buffer is cut off");
	reader->pos = sizeof(PfBmBufferPage);
	reader->left = head->nrecords;
	if (reader->chain != NULL)
	{
		reader->chain->npages++;
		pf_bm_numbers_add(&reader->chain->blocks, blkno);
	}
	return true;
}

static void
reader_begin(Reader *reader, Relation index, const PfBmMeta *meta, PfBmChain *chain)
{
	memset(reader, 0, sizeof(Reader));
	reader->index = index;
	reader->meta = meta;
	reader->chain = chain;
	reader->page = palloc(sizeof(PGAlignedBlock));
	reader->blkno = InvalidBlockNumber;
}

static void
reader_end(Reader *reader)
{
	pfree(reader->page);
	if (reader->long_page != NULL)
		pfree(reader->long_page);
	if (reader->bytes != NULL)
		pfree(reader->bytes);
}

/* Reads a long record's bytes; false if overtaken. */
static bool
read_long(Reader *reader, const PfBmLongRef *ref)
{
	BlockNumber blkno = ref->first;
	uint64		owner = ref->owner;
	uint32		done = 0;

	if (ref->nbytes < sizeof(uint32) || ref->nbytes > MAX_LONG)
		pf_bm_corrupt(reader->index, reader->blkno, "a long record of %u bytes", ref->nbytes);
	if (reader->long_page == NULL)
		reader->long_page = palloc(sizeof(PGAlignedBlock));
	if (reader->max_bytes < ref->nbytes)
	{
		if (reader->bytes != NULL)
			pfree(reader->bytes);
		reader->bytes = palloc(ref->nbytes);
		reader->max_bytes = ref->nbytes;
	}
	for (;;)
	{
		Page		page = (Page) reader->long_page->data;
		const PfBmLongPage *head = (const PfBmLongPage *) PF_BM_DATA(page);
		uint32		n;

		CHECK_FOR_INTERRUPTS();
		if (blkno == InvalidBlockNumber)
			pf_bm_corrupt(reader->index, reader->blkno, "a long record is cut off");
		if (!read_page(reader->index, blkno, PF_BM_LONG, owner, reader->long_page))
			return false;
		n = PF_BM_USED(page);
		if (n <= sizeof(PfBmLongPage) || n - sizeof(PfBmLongPage) > ref->nbytes - done)
			pf_bm_corrupt(reader->index, blkno, "a long record has another size than it says");
		n -= sizeof(PfBmLongPage);
		memcpy(reader->bytes + done, head + 1, n);
		done += n;
		if (reader->chain != NULL)
		{
			reader->chain->npages++;
			pf_bm_numbers_add(&reader->chain->blocks, blkno);
		}
		if (done == ref->nbytes)
			break;
		blkno = head->next;
		owner = head->next_owner;
	}
	if (reader->chain != NULL)
	{
		pf_bm_numbers_add(&reader->chain->long_first, ref->first);
		pf_bm_numbers_add(&reader->chain->long_last, blkno);
	}
	return true;
}

/*
 * The page's next record, without those of its terms: the record's place, with
 * its document, or NULL.
 */
static const PfBmRecordHead *
reader_head(Reader *reader, PfBmDoc *doc)
{
	const PfBmRecordHead *head;
	uint32		used = PF_BM_USED(reader->page->data);
	uint32		fixed = sizeof(PfBmRecordHead) + TYPEALIGN(4, reader->meta->doc_width);

	if (reader->left == 0)
		return NULL;
	head = (const PfBmRecordHead *) (PF_BM_DATA(reader->page->data) + reader->pos);
	if (used - reader->pos < sizeof(PfBmRecordHead) || head->size % 4 != 0 || head->size < fixed ||
		head->size > used - reader->pos)
		pf_bm_corrupt(reader->index, reader->blkno, "the record at %u is cut off", reader->pos);
	pf_bm_doc_unpack(reader->meta, (const char *) (head + 1), doc);
	if (!ItemPointerIsValid(&doc->tid))
		pf_bm_corrupt(reader->index, reader->blkno, "the record at %u is of no row", reader->pos);
	reader->pos += head->size;
	reader->left--;
	return head;
}

/* The next record that is not a tombstone. */
static Step
reader_next(Reader *reader, PfBmRecord *record)
{
	uint32		fixed = sizeof(PfBmRecordHead) + TYPEALIGN(4, reader->meta->doc_width);
	const PfBmRecordHead *head;

	while ((head = reader_head(reader, &record->doc)) != NULL)
	{
		bool		tombstone = (head->flags & PF_BM_TOMBSTONE) != 0;
		const char *data = (const char *) head + fixed;
		uint32		size = head->size - fixed;

		if (tombstone && ((head->flags & PF_BM_IS_LONG) == 0 || reader->chain == NULL))
			continue;
		if (head->flags & PF_BM_IS_LONG)
		{
			PfBmLongRef ref;

			if (size < sizeof(PfBmLongRef))
				pf_bm_corrupt(reader->index, reader->blkno, "a long record is cut off");
			memcpy(&ref, data, sizeof(PfBmLongRef));
			if (!read_long(reader, &ref))
				return OVERTAKEN;
			data = reader->bytes;
			size = ref.nbytes;
		}
		if (tombstone)
			continue;
		parse_terms(reader, data, size, record);
		return FOUND;
	}
	return END;
}

/* To the page behind, unless this is the last one of the metapage's copy. */
static Step
reader_next_page(Reader *reader)
{
	const PfBmBufferPage *head = (const PfBmBufferPage *) PF_BM_DATA(reader->page->data);

	CHECK_FOR_INTERRUPTS();
	if (reader->blkno == reader->meta->buffer_tail)
		return END;
	/* A consumed chain is linked to what was consumed before. */
	if (head->next == InvalidBlockNumber || head->next_owner <= reader->owner)
		return OVERTAKEN;
	return reader_page(reader, head->next, head->next_owner) ? FOUND : OVERTAKEN;
}

/* Reads the whole chain; false if overtaken. */
static bool
read_chain(Relation index, const PfBmMeta *meta, PfBmRecordFn fn, void *arg, PfBmChain *chain)
{
	Reader		reader;
	PfBmRecord	record;
	Step		step;

	if (meta->buffer_head == InvalidBlockNumber)
		return true;
	reader_begin(&reader, index, meta, chain);
	step = reader_page(&reader, meta->buffer_head, meta->buffer_owner) ? FOUND : OVERTAKEN;
	while (step == FOUND)
	{
		while ((step = reader_next(&reader, &record)) == FOUND)
			fn(&record, arg);
		if (step == END)
			step = reader_next_page(&reader);
	}
	reader_end(&reader);
	return step == END;
}

void
pf_bm_buffer_scan(Relation index, PfBmMeta *meta, PfBmRecordFn fn, void (*restart) (void *arg),
				  void *arg)
{
	while (!read_chain(index, meta, fn, arg, NULL))
	{
		uint64		owner = meta->buffer_owner;
		BlockNumber head = meta->buffer_head;

		pf_bm_meta_read(index, meta);
		if (meta->buffer_head == head && meta->buffer_owner == owner)
			pf_bm_corrupt(index, head, "the write buffer's pages are not linked as they should be");
		if (restart != NULL)
			restart(arg);
	}
}

/* ---- for holders of the spill lock ---- */

void
pf_bm_numbers_add(PfBmNumbers *numbers, BlockNumber blkno)
{
	if (numbers->n == numbers->max)
	{
		numbers->max = Max(numbers->max * 2, 64);
		if (numbers->items == NULL)
			numbers->items = palloc(sizeof(BlockNumber) * numbers->max);
		else
			numbers->items = repalloc_huge(numbers->items, sizeof(BlockNumber) * numbers->max);
	}
	numbers->items[numbers->n++] = blkno;
}

void
pf_bm_buffer_walk(Relation index, const PfBmMeta *meta, PfBmRecordFn fn, void *arg, PfBmChain *chain)
{
	memset(chain, 0, sizeof(PfBmChain));
	chain->head = meta->buffer_head;
	chain->owner = meta->buffer_owner;
	chain->tail = meta->buffer_tail;
	if (!read_chain(index, meta, fn, arg, chain))
		pf_bm_corrupt(index, meta->buffer_head, "the write buffer's pages are not linked as they should be");
}

void
pf_bm_buffer_close(Relation index, const PfBmMeta *meta)
{
	Buffer		buffer;
	PfBmBufferPage *head;

	if (meta->buffer_tail == InvalidBlockNumber)
		return;
	buffer = ReadBuffer(index, meta->buffer_tail);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	pf_bm_page_check(index, meta->buffer_tail, BufferGetPage(buffer), PF_BM_BUFFER, 0, true);
	head = (PfBmBufferPage *) PF_BM_DATA(BufferGetPage(buffer));
	if (!head->closed)
	{
		GenericXLogState *state = GenericXLogStart(index);
		Page		page = GenericXLogRegisterBuffer(state, buffer, 0);

		head = (PfBmBufferPage *) PF_BM_DATA(page);
		head->closed = 1;
		pf_bm_page_seal(page);
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
}

static void
link_long(Relation index, Page page, BlockNumber blkno, BlockNumber next)
{
	pf_bm_page_check(index, blkno, page, PF_BM_LONG, 0, true);
	((PfBmLongPage *) PF_BM_DATA(page))->next = next;
}

/*
 * One chain of all the LONG pages.  Readers count bytes and do not follow the
 * link behind a record's last page, so this may be done, and be done again
 * after a crash, before anybody else may have the pages.
 */
void
pf_bm_chain_link(Relation index, const PfBmChain *chain)
{
	for (Size i = 0; i + 1 < chain->long_last.n; i++)
	{
		BlockNumber blkno = chain->long_last.items[i];
		Buffer		buffer = ReadBuffer(index, blkno);
		GenericXLogState *state;
		Page		page;

		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		state = GenericXLogStart(index);
		page = GenericXLogRegisterBuffer(state, buffer, 0);
		link_long(index, page, blkno, chain->long_first.items[i + 1]);
		pf_bm_page_seal(page);
		GenericXLogFinish(state);
		UnlockReleaseBuffer(buffer);
	}
}

void
pf_bm_chain_drop(Relation index, PfBmChange *change, const PfBmChain *chain, Buffer locked[2])
{
	PfBmMeta   *meta = change->meta;
	Page		page;
	PfBmBufferPage *head;
	BlockNumber spare = meta->spare_head;

	locked[0] = locked[1] = InvalidBuffer;
	if (chain->head == InvalidBlockNumber)
		return;
	if (meta->buffer_head != chain->head || meta->buffer_owner != chain->owner)
		pf_bm_corrupt(index, PF_BM_META_BLKNO, "the write buffer was replaced during a spill");

	locked[0] = ReadBuffer(index, chain->tail);
	LockBuffer(locked[0], BUFFER_LOCK_EXCLUSIVE);
	page = GenericXLogRegisterBuffer(change->state, locked[0], 0);
	pf_bm_page_check(index, chain->tail, page, PF_BM_BUFFER, 0, true);
	head = (PfBmBufferPage *) PF_BM_DATA(page);
	if (!head->closed || (head->next == InvalidBlockNumber) != (meta->buffer_tail == chain->tail))
		pf_bm_corrupt(index, chain->tail, "the write buffer's end is not where the metapage says");

	/* What was linked behind is the buffer now. */
	meta->buffer_head = head->next;
	meta->buffer_owner = head->next_owner;
	if (head->next == InvalidBlockNumber)
		meta->buffer_tail = InvalidBlockNumber;
	meta->buffer_pages -= Min(meta->buffer_pages, chain->npages);

	/* The chain's pages, the LONG ones, what was spare before. */
	meta->spare_head = chain->head;
	head->next = spare;
	head->next_owner = 0;
	if (chain->long_last.n > 0)
	{
		BlockNumber blkno = chain->long_last.items[chain->long_last.n - 1];
		Page		last;

		head->next = chain->long_first.items[0];
		locked[1] = ReadBuffer(index, blkno);
		LockBuffer(locked[1], BUFFER_LOCK_EXCLUSIVE);
		last = GenericXLogRegisterBuffer(change->state, locked[1], 0);
		link_long(index, last, blkno, spare);
		pf_bm_page_seal(last);
	}
	pf_bm_page_seal(page);
}

/* Marks the records of the page that the reader stands on whose rows are dead. */
static void
delete_page(Reader *reader, IndexBulkDeleteCallback callback, void *state, double *removed)
{
	PfBmDoc		doc;
	const PfBmRecordHead *record;
	PfBmNumbers	dead = {0};

	while ((record = reader_head(reader, &doc)) != NULL)
	{
		if ((record->flags & PF_BM_TOMBSTONE) == 0 && callback(&doc.tid, state))
			pf_bm_numbers_add(&dead, (BlockNumber) ((const char *) record - PF_BM_DATA(reader->page->data)));
	}
	if (dead.n > 0)
	{
		Buffer		buffer = ReadBuffer(reader->index, reader->blkno);
		GenericXLogState *xlog;
		Page		page;

		/* Records may have been added meanwhile; none of the others has moved. */
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		xlog = GenericXLogStart(reader->index);
		page = GenericXLogRegisterBuffer(xlog, buffer, 0);
		pf_bm_page_check(reader->index, reader->blkno, page, PF_BM_BUFFER, reader->owner, true);
		for (Size i = 0; i < dead.n; i++)
			((PfBmRecordHead *) (PF_BM_DATA(page) + dead.items[i]))->flags |= PF_BM_TOMBSTONE;
		pf_bm_page_seal(page);
		GenericXLogFinish(xlog);
		UnlockReleaseBuffer(buffer);
		pfree(dead.items);
		*removed += dead.n;
	}
}

void
pf_bm_buffer_delete(Relation index, const PfBmMeta *meta, IndexBulkDeleteCallback callback, void *state,
					double *removed)
{
	Reader		reader;
	Step		step;

	if (meta->buffer_head == InvalidBlockNumber)
		return;
	reader_begin(&reader, index, meta, NULL);
	step = reader_page(&reader, meta->buffer_head, meta->buffer_owner) ? FOUND : OVERTAKEN;
	while (step == FOUND)
	{
		pf_vacuum_delay_point();
		delete_page(&reader, callback, state, removed);
		step = reader_next_page(&reader);
	}
	if (step != END)
		pf_bm_corrupt(index, meta->buffer_head, "the write buffer's pages are not linked as they should be");
	reader_end(&reader);
}
