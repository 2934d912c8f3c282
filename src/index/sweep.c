/*-------------------------------------------------------------------------
 *
 * sweep.c
 *		Looking for pages that nobody has any more.
 *
 * VACUUM looks at every page.  Pages that are free for reuse go to the free space
 * map.  Pages that belong to nothing, since a crash or an error came between their
 * writing and the change that would have made them part of the index, are retired.
 *
 * Which pages are nobody's is judged with a horizon older than what is looked at:
 * first the horizon is fixed, then the lists of what is in use are made.  A page
 * stamped before the horizon was written by a transaction that had ended when the
 * lists were made, so it is on them or nobody will ever use it.  VACUUM's own
 * merges write pages without a transaction, but not while it sweeps.
 *
 * Between two VACUUMs a backend remembers which pages it has retired, and puts
 * them into the free space map once they can be used again: pages that cannot
 * would only be in the way there.  What it forgets is left to VACUUM.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/storage.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "storage/indexfsm.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Spare pages beyond so many times the buffer's size are given back. */
#define SPARE_RATIO		2

/* The file is cut when that frees so many pages, or this share of it and not next to nothing. */
#define TRUNCATE_PAGES	1000
#define TRUNCATE_SHARE	16
#define TRUNCATE_LEAST	64

typedef struct Sweep
{
	Relation	index;
	uint64		horizon;
	PfBmMeta	meta;
	PfBmChain	chain;
	PfBmNumbers linked;			/* pages of the buffer and spare ones, sorted */
	BlockNumber nspare;
} Sweep;

/* Most series of retired pages that a backend remembers. */
#define MAX_LATER		4096

typedef struct Later
{
	uint64		index_id;
	uint64		xid;			/* full transaction id, at least those on the pages */
	BlockNumber start;
	uint32		npages;
} Later;

static Later *later = NULL;
static int	nlater = 0;

/* ---- pages retired between VACUUMs ---- */

void
pf_bm_free_later(uint64 index_id, BlockNumber start, uint32 npages)
{
	if (later == NULL)
		later = MemoryContextAlloc(TopMemoryContext, sizeof(Later) * MAX_LATER);
	/* What is forgotten, VACUUM will find. */
	if (nlater == MAX_LATER)
		memmove(later, later + 1, sizeof(Later) * --nlater);
	later[nlater].index_id = index_id;
	later[nlater].xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	later[nlater].start = start;
	later[nlater].npages = npages;
	nlater++;
}

void
pf_bm_free_due(Relation index, uint64 index_id)
{
	int			kept = 0;
	bool		any = false;

	for (int i = 0; i < nlater; i++)
	{
		if (later[i].index_id != index_id || !pf_bm_is_past(later[i].xid))
		{
			later[kept++] = later[i];
			continue;
		}
		for (uint32 page = 0; page < later[i].npages; page++)
			RecordFreeIndexPage(index, later[i].start + page);
		any = true;
	}
	nlater = kept;
	if (any)
		IndexFreeSpaceMapVacuum(index);
}

/* ---- what is in use ---- */

/* No page stamped with a smaller full transaction id can be in the making. */
static uint64
oldest_running(void)
{
	TransactionId oldest = GetOldestNonRemovableTransactionId(NULL);
	FullTransactionId next = ReadNextFullTransactionId();
	uint32		age = XidFromFullTransactionId(next) - oldest;

	/* Where cleanup is deferred, the oldest may be before the first there ever was. */
	return age < U64FromFullTransactionId(next) ? U64FromFullTransactionId(next) - age : 0;
}

/* With the metapage locked, so that no insert takes one off the list meanwhile. */
static void
list_spare(Sweep *sweep)
{
	Relation	index = sweep->index;
	BlockNumber nblocks = RelationGetNumberOfBlocks(index);
	Buffer		metabuffer = pf_bm_read(index, PF_BM_META_BLKNO, PF_BM_META, 0);
	BlockNumber blkno = PF_BM_META(BufferGetPage(metabuffer))->spare_head;

	while (blkno != InvalidBlockNumber)
	{
		Buffer		buffer;
		Page		page;

		if (sweep->nspare++ > nblocks)
			pf_bm_corrupt(index, blkno, "the list of spare pages has no end");
		pf_bm_numbers_add(&sweep->linked, blkno);
		buffer = ReadBuffer(index, blkno);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		if (!pf_bm_page_is_sound(page) || PF_BM_USED(page) < sizeof(PfBmLongPage) ||
			(PF_BM_TAIL(page)->kind != PF_BM_BUFFER && PF_BM_TAIL(page)->kind != PF_BM_LONG))
			pf_bm_corrupt(index, blkno, "it is linked as a spare page and is none");
		blkno = ((const PfBmLongPage *) PF_BM_DATA(page))->next;
		UnlockReleaseBuffer(buffer);
	}
	UnlockReleaseBuffer(metabuffer);
}

static void
ignore_record(const PfBmRecord *record, void *arg)
{
	(void) record;
	(void) arg;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32		left = *(const uint32 *) a;
	uint32		right = *(const uint32 *) b;

	return (left > right) - (left < right);
}

static void
list_linked(Sweep *sweep)
{
	Relation	index = sweep->index;

	/* So that no page goes from the buffer to the spare ones between the two lists. */
	LockPage(index, PF_BM_SPILL_LOCK, ExclusiveLock);
	pf_bm_meta_read(index, &sweep->meta);
	pf_bm_buffer_walk(index, &sweep->meta, ignore_record, NULL, &sweep->chain);
	sweep->linked = sweep->chain.blocks;
	list_spare(sweep);
	UnlockPage(index, PF_BM_SPILL_LOCK, ExclusiveLock);
	if (sweep->linked.n > 0)
		qsort(sweep->linked.items, sweep->linked.n, sizeof(uint32), compare_numbers);
}

static bool
in_use(const Sweep *sweep, BlockNumber blkno, const PfBmTail *tail)
{
	if (tail->kind == PF_BM_BUFFER || tail->kind == PF_BM_LONG)
		return sweep->linked.n > 0 &&
			bsearch(&blkno, sweep->linked.items, sweep->linked.n, sizeof(uint32), compare_numbers) != NULL;
	for (uint32 i = 0; i < sweep->meta.nsegments; i++)
	{
		if (sweep->meta.segments[i].id == tail->owner)
			return true;
	}
	return false;
}

/* ---- looking at every page ---- */

/* Is it free?  If it is nobody's, retires it. */
static bool
sweep_page(Sweep *sweep, BlockNumber blkno, BufferAccessStrategy strategy, IndexBulkDeleteResult *stats)
{
	Buffer		buffer = ReadBufferExtended(sweep->index, MAIN_FORKNUM, blkno, RBM_NORMAL, strategy);
	Page		page = BufferGetPage(buffer);
	bool		is_free;
	bool		orphan = false;
	uint64		owner = 0;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	is_free = pf_bm_page_reusable(page);
	if (!is_free && !PageIsNew(page) && pf_bm_page_is_sound(page))
	{
		const PfBmTail *tail = PF_BM_TAIL(page);

		owner = tail->owner;
		if (tail->kind & PF_BM_RETIRED)
			stats->pages_deleted++;
		else
			orphan = tail->kind != PF_BM_META && tail->xid < sweep->horizon && !in_use(sweep, blkno, tail);
	}
	UnlockReleaseBuffer(buffer);

	if (is_free)
	{
		RecordFreeIndexPage(sweep->index, blkno);
		stats->pages_deleted++;
		stats->pages_free++;
	}
	else if (orphan)
	{
		pf_bm_page_retire(sweep->index, blkno, owner);
		stats->pages_newly_deleted++;
		stats->pages_deleted++;
	}
	return is_free;
}

/* Retires spare pages that no insert will need soon, from the head of the list. */
static void
trim_spare(Sweep *sweep)
{
	BlockNumber enough = SPARE_RATIO * pf_bm_buffer_pages(sweep->index);

	for (; sweep->nspare > enough; sweep->nspare--)
	{
		PfBmChange	change;
		BlockNumber blkno;
		Buffer		buffer;
		Page		page;

		pf_vacuum_delay_point();
		pf_bm_meta_begin(sweep->index, &change);
		blkno = change.meta->spare_head;
		if (blkno == InvalidBlockNumber)
		{
			pf_bm_meta_abort(&change);
			break;
		}
		buffer = ReadBuffer(sweep->index, blkno);
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		page = GenericXLogRegisterBuffer(change.state, buffer, 0);
		if (!pf_bm_page_is_sound(page))
			pf_bm_corrupt(sweep->index, blkno, "a spare page has a wrong layout or checksum");
		change.meta->spare_head = ((const PfBmLongPage *) PF_BM_DATA(page))->next;
		PF_BM_TAIL(page)->kind |= PF_BM_RETIRED;
		PF_BM_TAIL(page)->xid = U64FromFullTransactionId(ReadNextFullTransactionId());
		pf_bm_page_seal(page);
		pf_bm_meta_finish(&change);
		UnlockReleaseBuffer(buffer);
		pf_bm_free_later(sweep->meta.index_id, blkno, 1);
	}
}

static BlockNumber
number_of_blocks(Relation index)
{
	bool		lock = !RELATION_IS_LOCAL(index);
	BlockNumber nblocks;

	/* Who extends the file holds this until the new page is locked, so we never see it unlocked and new. */
	if (lock)
		LockRelationForExtension(index, ExclusiveLock);
	nblocks = RelationGetNumberOfBlocks(index);
	if (lock)
		UnlockRelationForExtension(index, ExclusiveLock);
	return nblocks;
}

BlockNumber
pf_bm_sweep(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed sweep",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Sweep	   *sweep = palloc0(sizeof(Sweep));
	BlockNumber nblocks;
	BlockNumber used = 1;

	sweep->index = info->index;
	sweep->horizon = oldest_running();
	list_linked(sweep);
	nblocks = number_of_blocks(info->index);
	stats->pages_deleted = stats->pages_free = 0;
	for (BlockNumber blkno = 1; blkno < nblocks; blkno++)
	{
		pf_vacuum_delay_point();
		if (!sweep_page(sweep, blkno, info->strategy, stats))
			used = blkno + 1;
	}
	trim_spare(sweep);
	IndexFreeSpaceMapVacuum(info->index);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return used;
}

/* ---- cutting off the end of the file ---- */

static bool
worth_cutting(BlockNumber nblocks, BlockNumber used)
{
	BlockNumber gain = nblocks > used ? nblocks - used : 0;

	return gain >= TRUNCATE_PAGES || (gain >= TRUNCATE_LEAST && gain >= nblocks / TRUNCATE_SHARE);
}

/* The number of blocks without the free ones at the end. */
static BlockNumber
find_end(Relation index, BlockNumber nblocks, BufferAccessStrategy strategy)
{
	while (nblocks > 1)
	{
		Buffer		buffer = ReadBufferExtended(index, MAIN_FORKNUM, nblocks - 1, RBM_NORMAL, strategy);
		bool		is_free;

		CHECK_FOR_INTERRUPTS();
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		is_free = pf_bm_page_reusable(BufferGetPage(buffer));
		UnlockReleaseBuffer(buffer);
		if (!is_free)
			break;
		nblocks--;
	}
	return nblocks;
}

/*
 * As VACUUM does for tables, and as safe: the lock, if it is free at once, keeps
 * everybody off the index, on standbys too, where it is replayed; RelationTruncate()
 * logs the cut and sees to the free space map.  Not in parallel mode, since
 * the lock needs a transaction id to be logged.
 */
void
pf_bm_truncate(IndexVacuumInfo *info, Relation heap, BlockNumber used, IndexBulkDeleteResult *stats)
{
	Relation	index = info->index;
	const StdRdOptions *options = (const StdRdOptions *) heap->rd_options;
	BlockNumber nblocks = RelationGetNumberOfBlocks(index);

	if (!worth_cutting(nblocks, used) || IsInParallelMode() || !pf_vacuum_truncates(options))
		return;
	/* Merges may have used some of them since. */
	if (!worth_cutting(nblocks, find_end(index, nblocks, info->strategy)))
		return;
	if (!ConditionalLockRelation(index, AccessExclusiveLock))
		return;
	nblocks = RelationGetNumberOfBlocks(index);
	used = find_end(index, nblocks, info->strategy);
	if (worth_cutting(nblocks, used))
	{
		RelationTruncate(index, used);
		stats->pages_free -= Min(stats->pages_free, nblocks - used);
		stats->pages_deleted -= Min(stats->pages_deleted, nblocks - used);
	}
	UnlockRelation(index, AccessExclusiveLock);
}
