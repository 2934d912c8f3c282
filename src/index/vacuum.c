/*-------------------------------------------------------------------------
 *
 * vacuum.c
 *		VACUUM: taking out the dead, and tidying up.
 *
 * A dead row's record in the buffer becomes a tombstone, its bit in a segment is
 * cleared; spills and merges leave it out.  The buffer comes first: what a spill
 * publishes behind our back then holds no dead row, or only such as we have
 * made tombstones.  How many of a segment's documents are dead is always counted
 * from its bits, so that a crash in between makes the number on the metapage no
 * worse than late.
 *
 * At the end free pages are looked for (sweep.c), segments merged, and what is
 * free at the end of the file is cut off.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "access/table.h"
#include "catalog/index.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"

/* Inserts go on while VACUUM merges, so it has to stop some time. */
#define MAX_MERGES		64

/* VACUUM makes a segment of a buffer that is larger than this share of its size: queries read all of it. */
#define SPILL_SHARE		8

/* Free pages that are worth moving segments for, if they are most of the file. */
#define MOVE_PAGES		256

typedef struct Deletion
{
	Relation	index;
	PfBmMeta	meta;
	IndexBulkDeleteCallback callback;
	void	   *state;
	double		removed;
	struct
	{
		uint64	   *ids;		/* segments looked at */
		uint32		n;
		uint32		max;
	}			done;

	/* copies of pages */
	char		docs[PF_BM_PAYLOAD];
	char		alive[PF_BM_PAYLOAD];
} Deletion;

/* ---- bulkdelete ---- */

/* Copies the first size bytes of a page of an area. */
static void
copy_page(Relation index, PfBmSegment *segment, PfBmArea area, uint32 number, Size size, char *to,
		  Buffer *pinned)
{
	Page		page = pf_bm_segment_page(index, segment, area, number, pinned);

	if (PF_BM_USED(page) < size)
		pf_bm_corrupt(index, BufferGetBlockNumber(*pinned), "documents of the segment are missing");
	memcpy(to, PF_BM_DATA(page), size);
	pf_bm_segment_done(area, *pinned);
}

static void
write_alive(Deletion *deletion, PfBmSegment *segment, uint32 number, Size size)
{
	BlockNumber blkno = pf_bm_segment_block(segment, PF_BM_AREA_ALIVE, number);
	Buffer		buffer = ReadBuffer(deletion->index, blkno);
	GenericXLogState *state;
	Page		page;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	state = GenericXLogStart(deletion->index);
	page = GenericXLogRegisterBuffer(state, buffer, 0);
	pf_bm_page_check(deletion->index, blkno, page, PF_BM_ALIVE, segment->id, true);
	memcpy(PF_BM_DATA(page), deletion->alive, size);
	pf_bm_page_seal(page);
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}

/* Clears the bits of a segment's dead; gives how many are not alive then. */
static uint32
delete_from_segment(Deletion *deletion, const PfBmSegmentEntry *entry)
{
	Relation	index = deletion->index;
	PfBmSegment *segment = pf_bm_segment_open(index, &deletion->meta, entry);
	const uint32 width = deletion->meta.doc_width;
	const uint32 per_docs = PF_BM_PAYLOAD / width;
	const uint32 per_alive = PF_BM_PAYLOAD * 8;
	const uint32 ndocs = segment->header.ndocs;
	Buffer		pinned = InvalidBuffer;
	uint32		nalive = 0;

	for (uint32 first = 0; first < ndocs;)
	{
		uint32		n = Min(per_alive, ndocs - first);
		Size		size = (n + 7) / 8;
		bool		changed = false;
		bool		loaded = false;

		copy_page(index, segment, PF_BM_AREA_ALIVE, first / per_alive, size, deletion->alive, &pinned);
		for (uint32 i = 0; i < n; i++)
		{
			uint32		doc = first + i;
			uint32		in_page = doc % per_docs;
			PfBmDoc		unpacked;

			if (!loaded || in_page == 0)
			{
				pf_vacuum_delay_point();
				copy_page(index, segment, PF_BM_AREA_DOCS, doc / per_docs,
						  (Size) Min(per_docs, ndocs - (doc - in_page)) * width, deletion->docs, &pinned);
				loaded = true;
			}
			if ((deletion->alive[i / 8] & (1 << (i % 8))) == 0)
				continue;
			pf_bm_doc_unpack(&deletion->meta, deletion->docs + in_page * width, &unpacked);
			if (!ItemPointerIsValid(&unpacked.tid))
				pf_bm_corrupt(index, BufferGetBlockNumber(pinned), "document %u is of no row", doc);
			if (deletion->callback(&unpacked.tid, deletion->state))
			{
				deletion->alive[i / 8] &= ~(1 << (i % 8));
				deletion->removed++;
				changed = true;
			}
			else
				nalive++;
		}
		if (changed)
			write_alive(deletion, segment, first / per_alive, size);
		first += n;
	}
	if (BufferIsValid(pinned))
		ReleaseBuffer(pinned);
	pf_bm_segment_release(segment);
	return ndocs - nalive;
}

/* Puts the number of a segment's dead documents onto the metapage, if it is another. */
static void
publish_ndead(Relation index, uint64 id, uint32 ndead)
{
	PfBmChange	change;
	bool		changed = false;

	pf_bm_meta_begin(index, &change);
	for (uint32 i = 0; i < change.meta->nsegments; i++)
	{
		PfBmSegmentEntry *entry = &change.meta->segments[i];

		if (entry->id == id && entry->ndead != ndead)
		{
			entry->ndead = ndead;
			changed = true;
		}
	}
	if (changed)
		pf_bm_meta_finish(&change);
	else
		pf_bm_meta_abort(&change);
}

/*
 * Deletes from a segment that was not looked at; false if there is none.  The merge
 * lock is held for one segment only, so that inserts can merge in between: what
 * they make is looked at again, since it has another id.
 */
static bool
delete_from_next(Deletion *deletion)
{
	Relation	index = deletion->index;
	const PfBmSegmentEntry *next = NULL;

	LockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
	pf_bm_meta_read(index, &deletion->meta);
	for (uint32 i = 0; i < deletion->meta.nsegments && next == NULL; i++)
	{
		next = &deletion->meta.segments[i];
		for (uint32 j = 0; j < deletion->done.n; j++)
		{
			if (deletion->done.ids[j] == next->id)
			{
				next = NULL;
				break;
			}
		}
	}
	if (next != NULL)
	{
		publish_ndead(index, next->id, delete_from_segment(deletion, next));
		if (deletion->done.n == deletion->done.max)
		{
			deletion->done.max *= 2;
			deletion->done.ids = repalloc(deletion->done.ids, sizeof(uint64) * deletion->done.max);
		}
		deletion->done.ids[deletion->done.n++] = next->id;
	}
	UnlockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
	return next != NULL;
}

IndexBulkDeleteResult *
pf_bm_bulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats, IndexBulkDeleteCallback callback,
				 void *state)
{
	Relation	index = info->index;
	Deletion   *deletion = palloc0(sizeof(Deletion));

	if (stats == NULL)
		stats = palloc0(sizeof(IndexBulkDeleteResult));
	deletion->index = index;
	deletion->callback = callback;
	deletion->state = state;
	deletion->done.max = PF_BM_MAX_SEGMENTS;
	deletion->done.ids = palloc(sizeof(uint64) * deletion->done.max);

	LockPage(index, PF_BM_SPILL_LOCK, ExclusiveLock);
	pf_bm_meta_read(index, &deletion->meta);
	pf_bm_buffer_delete(index, &deletion->meta, callback, state, &deletion->removed);
	UnlockPage(index, PF_BM_SPILL_LOCK, ExclusiveLock);

	while (delete_from_next(deletion))
		CHECK_FOR_INTERRUPTS();

	stats->tuples_removed += deletion->removed;
	pfree(deletion->done.ids);
	pfree(deletion);
	return stats;
}

/* ---- vacuumcleanup ---- */

static void
count_record(const PfBmRecord *record, void *arg)
{
	(void) record;
	(*(double *) arg)++;
}

static void
count_again(void *arg)
{
	*(double *) arg = 0;
}

/* Documents that are not known to be dead. */
static double
count_alive(Relation index)
{
	PfBmMeta   *meta = palloc(sizeof(PfBmMeta));
	double		n = 0;

	pf_bm_meta_read(index, meta);
	pf_bm_buffer_scan(index, meta, count_record, count_again, &n);
	for (uint32 i = 0; i < meta->nsegments; i++)
		n += meta->segments[i].ndocs - Min(meta->segments[i].ndead, meta->segments[i].ndocs);
	pfree(meta);
	return n;
}

static void
merge_all(Relation index)
{
	bool		more = true;

	for (int i = 0; more && i < MAX_MERGES; i++)
	{
		pf_vacuum_delay_point();
		LockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
		more = pf_bm_merge_step(index, 0);
		UnlockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
	}
}

/*
 * After a bulk load most of the file may be free, and its end in use.  Segments there are written to
 * the free pages before, so that the next VACUUM can cut the end off.  Each is written once at most, since
 * it may come to lie at the end again; and none any more once the file has grown, since then
 * others take the free pages, too.  nfree is of the time when next_owner was no segment's id yet.
 */
static void
move_down(Relation index, BlockNumber nfree, uint64 next_owner)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(index);
	BlockNumber limit;
	PfBmMeta	meta;

	pf_bm_meta_read(index, &meta);
	for (uint32 i = 0; i < meta.nsegments; i++)
	{
		if (meta.segments[i].id >= next_owner)
			nfree -= Min(nfree, meta.segments[i].npages);
	}
	if (nfree < MOVE_PAGES || nfree <= nblocks / 2)
		return;

	limit = (nblocks - Min(nfree, nblocks)) * 2;
	for (uint32 i = 0; i < meta.nsegments && RelationGetNumberOfBlocks(index) <= nblocks; i++)
	{
		if (meta.segments[i].npages > nfree)
			continue;
		pf_vacuum_delay_point();
		LockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
		if (pf_bm_move_step(index, meta.segments[i].id, limit))
			nfree -= meta.segments[i].npages;
		UnlockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
	}
}

IndexBulkDeleteResult *
pf_bm_vacuumcleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	Relation	index = info->index;
	Relation	heap;
	PfBmMeta	before;
	BlockNumber used;

	if (info->analyze_only)
		return stats;
	if (stats == NULL)
		stats = palloc0(sizeof(IndexBulkDeleteResult));

	/* First the sweep, so that merges write to pages that it found. */
	pf_bm_meta_read(index, &before);
	used = pf_bm_sweep(info, stats);
	(void) pf_bm_spill(index, pf_bm_buffer_pages(index) / SPILL_SHARE, true);
	merge_all(index);
	move_down(index, stats->pages_free, before.next_owner);
	heap = pf_vacuum_heap_open(info);
	pf_bm_truncate(info, heap, used, stats);
	pf_vacuum_heap_close(heap);

	stats->num_pages = RelationGetNumberOfBlocks(index);
	stats->num_index_tuples = count_alive(index);
	stats->estimated_count = false;
	if (!info->estimated_count && stats->num_index_tuples > info->num_heap_tuples)
		stats->num_index_tuples = info->num_heap_tuples;
	return stats;
}
