/*-------------------------------------------------------------------------
 *
 * spill.c
 *		From the write buffer to a segment, and from segments to larger ones.
 *
 * Either makes a segment that nothing refers to, then publishes it by one change
 * of the metapage that at the same time takes away what it was made of.  Whatever
 * happens before, nothing has changed but that some pages are nobody's; VACUUM
 * finds those.  After it, a merge's inputs are retired page by page, and if that
 * is cut short, VACUUM goes on with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"

/*
 * Pages of input of a merge that an insert does, when there are few segments:
 * some 30 ms.
 */
#define INLINE_PAGES	400

/* From this number of segments on, inserts do larger merges, too: twice as large for each 8 more. */
#define MANY_SEGMENTS	24

/* Inserts merge this many segments of a tier; each tier's segments are this much larger. */
#define FAN_IN			4
#define TIER_PAGES		64		/* the lowest tier ends here */

/* VACUUM merges a segment with all smaller ones unless it is more than this times larger than they are. */
#define VACUUM_RATIO	2

/* Segments up to this size are rewritten by VACUUM if they have any dead document, */
#define SMALL_PAGES		1000
/* and larger ones if more than one in so many is dead. */
#define DEAD_SHARE		5

/* ---- policy ---- */

typedef struct Candidate
{
	double		live;			/* pages, if the dead were gone */
	uint32		position;
} Candidate;

static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *left = a;
	const Candidate *right = b;

	if (left->live != right->live)
		return left->live < right->live ? -1 : 1;
	return left->position < right->position ? -1 : 1;
}

static int
tier_of(double live)
{
	int			tier = 0;

	for (; live >= TIER_PAGES; live /= FAN_IN)
		tier++;
	return tier;
}

/* How many of the candidates from first to end - 1, in their order, fit into a merge. */
static int
how_many(const PfBmSegmentEntry *entries, const Candidate *candidates, int first, int end, uint64 max_pages)
{
	uint64		pages = 0;
	uint64		docs = 0;

	for (int i = first; i < end; i++)
	{
		const PfBmSegmentEntry *entry = &entries[candidates[i].position];

		pages += entry->npages;
		docs += entry->ndocs;
		if ((max_pages > 0 && pages > max_pages) || docs >= PF_BM_NO_DOC)
			return i - first;
	}
	return end - first;
}

/*
 * Which segments should be one: gives their number, and their positions in
 * chosen.  Sizes are pages times the share of documents that are alive.
 *
 * Inserts (max_pages > 0) merge FAN_IN segments of one tier, the lowest that has
 * so many, so a page is written once for each tier on its way up:
 * log4(size / TIER_PAGES) times, and each tier has at most FAN_IN - 1 segments
 * when the merge is done.  They never read more than max_pages, so larger
 * segments wait for VACUUM; only when very many are waiting do they read more,
 * since each segment costs every query.
 *
 * VACUUM (max_pages = 0) merges the longest series of the smallest segments of which each
 * is at most VACUUM_RATIO times the size of all smaller ones together.  The sum
 * grows by at least half of the largest whenever that is written again, so a page is
 * written at most log1.5(final size / first size) times in this way, and a segment
 * that remains is more than twice as large as all smaller ones: there are few.
 * A segment that is alone is rewritten for its dead: if it is small always,
 * so that small tables have exact statistics after VACUUM, if it is large when
 * they are many.
 */
static int
choose(const PfBmSegmentEntry *entries, uint32 n, uint32 max_pages, uint32 *chosen)
{
	Candidate	candidates[PF_BM_MAX_SEGMENTS];
	int			count = 0;

	for (uint32 i = 0; i < n; i++)
	{
		const PfBmSegmentEntry *entry = &entries[i];
		uint32		dead = Min(entry->ndead, entry->ndocs);

		candidates[i].live = entry->npages * (entry->ndocs > 0 ? 1 - (double) dead / entry->ndocs : 0);
		candidates[i].position = i;
	}
	qsort(candidates, n, sizeof(Candidate), compare_candidates);

	if (max_pages > 0)
	{
		uint64		limit = (uint64) max_pages << (n > MANY_SEGMENTS ? (n - MANY_SEGMENTS) / 8 : 0);

		for (uint32 first = 0, end; first < n && count == 0; first = end)
		{
			int			tier = tier_of(candidates[first].live);

			for (end = first + 1; end < n && tier_of(candidates[end].live) == tier;)
				end++;
			if (end - first < FAN_IN)
				continue;
			count = how_many(entries, candidates, first, Min(end, first + 2 * FAN_IN), limit);
			/* Fewer are better than none, as long as the result moves up. */
			if (count < FAN_IN - 1)
				count = 0;
			for (int i = 0; i < count; i++)
				chosen[i] = candidates[first + i].position;
		}
		return count;
	}

	for (uint32 first = 0, end; first < n && count == 0; first = end)
	{
		double		sum = candidates[first].live;

		for (end = first + 1; end < n && candidates[end].live <= VACUUM_RATIO * sum; end++)
			sum += candidates[end].live;
		if (end - first < 2)
			continue;
		/* Those still smaller come along for next to nothing. */
		count = how_many(entries, candidates, 0, end, 0);
		if (count < 2)
			count = 0;
		for (int i = 0; i < count; i++)
			chosen[i] = candidates[i].position;
	}
	for (uint32 i = 0; i < n && count == 0; i++)
	{
		const PfBmSegmentEntry *entry = &entries[i];

		if (entry->ndead > 0 &&
			(entry->npages < SMALL_PAGES || entry->ndead > entry->ndocs / DEAD_SHARE))
			chosen[count++] = i;
	}
	return count;
}

/* ---- merging ---- */

static void
retire_extents(Relation index, const PfBmSegment *segment, PfBmArea area)
{
	for (uint32 i = 0; i < segment->header.nextents[area]; i++)
	{
		const PfBmExtent *extent = &segment->extents[area][i];

		for (uint32 page = 0; page < extent->npages; page++)
		{
			CHECK_FOR_INTERRUPTS();
			pf_bm_page_retire(index, extent->start + page, segment->id);
		}
		pf_bm_free_later(segment->index_id, extent->start, extent->npages);
	}
}

static BlockNumber
next_header(Relation index, BlockNumber blkno, uint64 owner)
{
	Buffer		buffer = pf_bm_read(index, blkno, PF_BM_HEADER, owner);
	BlockNumber next = ((const PfBmMoreExtents *) PF_BM_DATA(BufferGetPage(buffer)))->next;

	UnlockReleaseBuffer(buffer);
	return next;
}

/* Gives back the pages of a segment that is not on the metapage any more. */
static void
retire_segment(Relation index, const PfBmSegment *segment, BlockNumber blkno)
{
	BlockNumber next = segment->header.next;
	BlockNumber most = RelationGetNumberOfBlocks(index);

	for (int area = 0; area < PF_BM_AREAS; area++)
		retire_extents(index, segment, area);
	for (BlockNumber i = 0; blkno != InvalidBlockNumber && i < most; i++)
	{
		BlockNumber this = blkno;

		blkno = next;
		if (next != InvalidBlockNumber)
			next = next_header(index, next, segment->id);
		pf_bm_page_retire(index, this, segment->id);
		pf_bm_free_later(segment->index_id, this, 1);
	}
}

/* Takes the segments off the metapage, and puts another in the place of the first; NULL = none. */
static void
publish_merge(Relation index, PfBmSegment **inputs, int n, const PfBmSegmentEntry *entry)
{
	PfBmChange	change;
	PfBmMeta   *meta;
	uint32		kept = 0;
	int			found = 0;

	pf_bm_meta_begin(index, &change);
	meta = change.meta;
	for (uint32 i = 0; i < meta->nsegments; i++)
	{
		bool		is_input = false;

		for (int j = 0; j < n; j++)
			is_input |= meta->segments[i].id == inputs[j]->id;
		if (!is_input)
			meta->segments[kept++] = meta->segments[i];
		else if (found++ == 0 && entry != NULL)
			meta->segments[kept++] = *entry;
	}
	if (found != n)
		pf_bm_corrupt(index, PF_BM_META_BLKNO, "segments are missing that were being merged");
	memset(&meta->segments[kept], 0, (meta->nsegments - kept) * sizeof(PfBmSegmentEntry));
	meta->nsegments = kept;
	pf_bm_meta_finish(&change);
}

/* Makes one segment of those chosen, and publishes it. */
static void
merge(Relation index, const PfBmMeta *meta, const uint32 *chosen, int n)
{
	PfBmSource *sources[PF_BM_MAX_SEGMENTS];
	PfBmSegment *inputs[PF_BM_MAX_SEGMENTS];
	PfBmSegmentEntry entry;
	bool		any;

	pf_bm_free_due(index, meta->index_id);
	for (int i = 0; i < n; i++)
	{
		inputs[i] = pf_bm_segment_open(index, meta, &meta->segments[chosen[i]]);
		sources[i] = pf_bm_segment_source(index, meta, &meta->segments[chosen[i]]);
	}
	any = pf_bm_merge(index, meta, false, sources, n, &entry);
	for (int i = 0; i < n; i++)
		sources[i]->close(sources[i]);
	publish_merge(index, inputs, n, any ? &entry : NULL);
	for (int i = 0; i < n; i++)
	{
		retire_segment(index, inputs[i], meta->segments[chosen[i]].header);
		pf_bm_segment_release(inputs[i]);
	}
}

bool
pf_bm_merge_step(Relation index, uint32 max_pages)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed merge step",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfBmMeta   *meta = palloc(sizeof(PfBmMeta));
	uint32		chosen[PF_BM_MAX_SEGMENTS];
	int			n;

	pf_bm_meta_read(index, meta);
	n = choose(meta->segments, meta->nsegments, max_pages, chosen);
	if (n > 0)
		merge(index, meta, chosen, n);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return n > 0;
}

/* Has the segment a page at or behind a block? */
static bool
reaches(const PfBmSegment *segment, BlockNumber limit)
{
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		for (uint32 i = 0; i < segment->header.nextents[area]; i++)
		{
			const PfBmExtent *extent = &segment->extents[area][i];

			if (extent->start + extent->npages > limit)
				return true;
		}
	}
	return false;
}

bool
pf_bm_move_step(Relation index, uint64 id, BlockNumber limit)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed move step",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfBmMeta   *meta = palloc(sizeof(PfBmMeta));
	bool		moved = false;

	pf_bm_meta_read(index, meta);
	for (uint32 i = 0; i < meta->nsegments && !moved; i++)
	{
		PfBmSegment *segment;

		if (meta->segments[i].id != id)
			continue;
		segment = pf_bm_segment_open(index, meta, &meta->segments[i]);
		moved = reaches(segment, limit);
		pf_bm_segment_release(segment);
		if (moved)
			merge(index, meta, &i, 1);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return moved;
}

void
pf_bm_merge_inline(Relation index)
{
	if (!ConditionalLockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock))
		return;
	(void) pf_bm_merge_step(index, INLINE_PAGES);
	UnlockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
}

/* ---- spilling ---- */

/*
 * With the list of segments full, merges some, the smallest that the policy
 * finds: with that many there always are some.  false = somebody else is merging, and not
 * wait; or none was found.
 */
static bool
make_room(Relation index, bool wait)
{
	bool		merged;

	if (wait)
		LockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
	else if (!ConditionalLockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock))
		return false;
	merged = pf_bm_merge_step(index, INLINE_PAGES);
	UnlockPage(index, PF_BM_MERGE_LOCK, ExclusiveLock);
	return merged;
}

static void
add_record(const PfBmRecord *record, void *arg)
{
	pf_bm_invert_add_record(arg, record);
}

static void
publish_spill(Relation index, const PfBmChain *chain, const PfBmSegmentEntry *entry)
{
	PfBmChange	change;
	Buffer		locked[2];

	pf_bm_meta_begin(index, &change);
	if (entry != NULL)
	{
		/* Nobody else adds segments, and there was room. */
		if (change.meta->nsegments >= PF_BM_MAX_SEGMENTS)
			pf_bm_corrupt(index, PF_BM_META_BLKNO, "the list of segments overflows");
		change.meta->segments[change.meta->nsegments++] = *entry;
	}
	pf_bm_chain_drop(index, &change, chain, locked);
	pf_bm_meta_finish(&change);
	for (int i = 0; i < 2; i++)
	{
		if (BufferIsValid(locked[i]))
			UnlockReleaseBuffer(locked[i]);
	}
}

/* The caller holds the spill lock, and the list of segments has room. */
static void
spill(Relation index, PfBmMeta *meta)
{
	PfBmInvert *invert = pf_bm_invert_begin(meta);
	PfBmChain	chain;
	PfBmSegmentEntry entry;
	bool		any = false;

	pf_bm_buffer_close(index, meta);
	pf_bm_buffer_walk(index, meta, add_record, invert, &chain);
	if (pf_bm_invert_ndocs(invert) > 0)
	{
		PfBmSource *source = pf_bm_invert_source(invert);

		any = pf_bm_merge(index, meta, false, &source, 1, &entry);
	}
	pf_bm_chain_link(index, &chain);
	publish_spill(index, &chain, any ? &entry : NULL);
}

bool
pf_bm_spill(Relation index, uint32 pages, bool wait)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed spill",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfBmMeta   *meta = palloc(sizeof(PfBmMeta));
	bool		again = true;
	bool		behind = false;

	while (again)
	{
		CHECK_FOR_INTERRUPTS();
		if (wait)
			LockPage(index, PF_BM_SPILL_LOCK, ExclusiveLock);
		else if (!ConditionalLockPage(index, PF_BM_SPILL_LOCK, ExclusiveLock))
			break;

		/* Somebody else may just have done it. */
		pf_bm_meta_read(index, meta);
		again = meta->buffer_head != InvalidBlockNumber &&
			meta->buffer_pages > pages;
		if (again && meta->nsegments < PF_BM_MAX_SEGMENTS)
		{
			spill(index, meta);
			again = false;
			pf_bm_meta_read(index, meta);
			behind = meta->buffer_head != InvalidBlockNumber;
		}
		UnlockPage(index, PF_BM_SPILL_LOCK, ExclusiveLock);
		if (again && !make_room(index, wait))
			again = false;
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return behind;
}
