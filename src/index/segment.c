/*-------------------------------------------------------------------------
 *
 * segment.c
 *		Open segments: their pages, documents and alive bits.
 *
 * A segment never changes, so what a backend has read of its header and tables is
 * kept for its next queries, under the index's random number and the segment's,
 * which together name nothing else ever.  Handles in use are counted; an error,
 * of a subtransaction too, leaves counts behind, which the end of the transaction
 * sets to zero.  Until then such handles stay.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* Bytes of handles beyond which those that nobody uses are dropped. */
#define MAX_KEPT	((Size) 32 * 1024 * 1024)

typedef struct Key
{
	uint64		index_id;
	uint64		id;
} Key;

typedef struct Kept
{
	Key			key;
	PfBmSegment *segment;
} Kept;

static HTAB *kept = NULL;
static MemoryContext kept_context = NULL;
static uint64 uses = 0;

/* ---- handles ---- */

static void
end_of_transaction(XactEvent event, void *arg)
{
	HASH_SEQ_STATUS status;
	Kept	   *entry;

	(void) arg;
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PARALLEL_COMMIT && event != XACT_EVENT_PARALLEL_ABORT &&
		event != XACT_EVENT_PREPARE)
		return;
	hash_seq_init(&status, kept);
	while ((entry = hash_seq_search(&status)) != NULL)
		entry->segment->users = 0;
}

static void
kept_init(void)
{
	HASHCTL		info;

	kept_context = AllocSetContextCreate(TopMemoryContext, "paperfeed segments", ALLOCSET_DEFAULT_SIZES);
	info.keysize = sizeof(Key);
	info.entrysize = sizeof(Kept);
	info.hcxt = kept_context;
	kept = hash_create("paperfeed segments", 64, &info, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	RegisterXactCallback(end_of_transaction, NULL);
}

static void
forget(Kept *entry)
{
	MemoryContext context = entry->segment->context;

	hash_search(kept, &entry->key, HASH_REMOVE, NULL);
	MemoryContextDelete(context);
}

/* Drops the handles least recently used, half of what is kept. */
static void
evict(void)
{
	uint64		oldest = uses;
	HASH_SEQ_STATUS status;
	Kept	   *entry;

	if (MemoryContextMemAllocated(kept_context, true) <= MAX_KEPT)
		return;
	hash_seq_init(&status, kept);
	while ((entry = hash_seq_search(&status)) != NULL)
		oldest = Min(oldest, entry->segment->used);
	hash_seq_init(&status, kept);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->segment->users == 0 && entry->segment->used <= oldest + (uses - oldest) / 2)
			forget(entry);
	}
}

/* Pages of the tables area that n items of a size take. */
static uint32
table_pages(uint32 n, Size item)
{
	uint32		per_page = PF_BM_PAYLOAD / item;

	return n / per_page + (n % per_page > 0);
}

static void
read_extents(Relation index, PfBmSegment *segment, BlockNumber blkno)
{
	PfBmHeader *header = &segment->header;
	BlockNumber nblocks = RelationGetNumberOfBlocks(index);
	Buffer		buffer = pf_bm_read(index, blkno, PF_BM_HEADER, segment->id);
	Page		page = BufferGetPage(buffer);
	const char *data = PF_BM_DATA(page);
	Size		size = ((PageHeader) page)->pd_lower - SizeOfPageHeaderData;
	const PfBmExtent *from;
	BlockNumber next;
	uint64		left;
	uint64		total = 0;
	uint64		pages = 0;

	if (size < MAXALIGN(sizeof(PfBmHeader)))
		pf_bm_corrupt(index, blkno, "the segment's header is cut off");
	memcpy(header, data, sizeof(PfBmHeader));
	if (header->id != segment->id || header->index_id != segment->index_id)
		pf_bm_corrupt(index, blkno, "it is the header of another segment");
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		total += header->nextents[area];
		pages += header->npages[area];
	}
	if (total > nblocks || pages > nblocks)
		pf_bm_corrupt(index, blkno, "the segment is larger than the file");
	if (table_pages(header->ncounts, sizeof(PfBmCountsEntry)) + table_pages(header->nlengths, sizeof(float4)) +
		table_pages(header->nzones, sizeof(PfBmZone)) != header->npages[PF_BM_AREA_TABLES])
		pf_bm_corrupt(index, blkno, "the segment's tables have another size than it says");

	from = (const PfBmExtent *) (data + MAXALIGN(sizeof(PfBmHeader)));
	left = (size - MAXALIGN(sizeof(PfBmHeader))) / sizeof(PfBmExtent);
	next = header->next;
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		uint32		n = header->nextents[area];
		uint64		page_number = 0;

		segment->extents[area] = palloc_extended(sizeof(PfBmExtent) * Max((Size) n, 1), MCXT_ALLOC_HUGE);
		segment->first[area] = palloc_extended(sizeof(uint32) * Max((Size) n, 1), MCXT_ALLOC_HUGE);
		for (uint32 i = 0; i < n; i++)
		{
			PfBmExtent *extent = &segment->extents[area][i];

			if (left == 0)
			{
				const PfBmMoreExtents *more;

				UnlockReleaseBuffer(buffer);
				if (next == InvalidBlockNumber)
					pf_bm_corrupt(index, blkno, "extents of the segment are missing");
				blkno = next;
				buffer = pf_bm_read(index, blkno, PF_BM_HEADER, segment->id);
				page = BufferGetPage(buffer);
				more = (const PfBmMoreExtents *) PF_BM_DATA(page);
				next = more->next;
				left = more->n;
				from = (const PfBmExtent *) (more + 1);
				if (left == 0 || sizeof(PfBmMoreExtents) + left * sizeof(PfBmExtent) >
					((PageHeader) page)->pd_lower - SizeOfPageHeaderData)
					pf_bm_corrupt(index, blkno, "extents of the segment are cut off");
			}
			*extent = *from++;
			left--;
			if (extent->npages == 0 || extent->start >= nblocks || extent->npages > nblocks - extent->start)
				pf_bm_corrupt(index, blkno, "an extent of the segment is outside of the file");
			segment->first[area][i] = (uint32) page_number;
			page_number += extent->npages;
		}
		if (page_number != header->npages[area])
			pf_bm_corrupt(index, blkno, "extents of the segment do not add up");
	}
	UnlockReleaseBuffer(buffer);
}

/* Copies n items of a size from the tables area, which go on from page to page. */
static void
read_table(Relation index, PfBmSegment *segment, uint32 page, void *to, uint32 n, Size item)
{
	Size		per_page = PF_BM_PAYLOAD / item;
	Buffer		pinned = InvalidBuffer;

	for (uint32 done = 0; done < n; page++)
	{
		uint32		some = (uint32) Min(per_page, n - done);
		Page		data = pf_bm_segment_page(index, segment, PF_BM_AREA_TABLES, page, &pinned);

		if (some * item > ((PageHeader) data)->pd_lower - SizeOfPageHeaderData)
			pf_bm_corrupt(index, BufferGetBlockNumber(pinned), "a table of the segment is cut off");
		memcpy((char *) to + done * item, PF_BM_DATA(data), some * item);
		pf_bm_segment_done(PF_BM_AREA_TABLES, pinned);
		done += some;
	}
	if (BufferIsValid(pinned))
		ReleaseBuffer(pinned);
}

static void
read_segment(Relation index, const PfBmMeta *meta, PfBmSegment *segment, BlockNumber header_block)
{
	PfBmHeader *header = &segment->header;
	uint64		pages = 0;

	read_extents(index, segment, header_block);
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		segment->first_checked[area] = (uint32) pages;
		pages += header->npages[area];
	}
	segment->checked = palloc0(pages / 8 + 1);

	segment->entries = palloc_extended(sizeof(PfBmCountsEntry) * Max((Size) header->ncounts, 1), MCXT_ALLOC_HUGE);
	segment->counts = palloc_extended(sizeof(PfBmCounts) * Max((Size) header->ncounts, 1), MCXT_ALLOC_HUGE);
	segment->tf = palloc_extended(sizeof(float4) * Max((Size) header->ncounts, 1), MCXT_ALLOC_HUGE);
	segment->lengths = palloc_extended(sizeof(float4) * Max((Size) header->nlengths, 1), MCXT_ALLOC_HUGE);
	read_table(index, segment, 0, segment->entries, header->ncounts, sizeof(PfBmCountsEntry));
	read_table(index, segment, table_pages(header->ncounts, sizeof(PfBmCountsEntry)), segment->lengths,
			   header->nlengths, sizeof(float4));
	for (uint32 i = 0; i < header->ncounts; i++)
	{
		segment->counts[i] = segment->entries[i].counts;
		segment->tf[i] = pf_bm_weighted(segment->counts[i], meta->weights, PF_BM_ALL_FIELDS);
	}
}

PfBmSegment *
pf_bm_segment_open(Relation index, const PfBmMeta *meta, const PfBmSegmentEntry *entry)
{
	Key			key = {meta->index_id, entry->id};
	MemoryContext context;
	MemoryContext old;
	PfBmSegment *segment;
	Kept	   *found;

	if (kept == NULL)
		kept_init();
	found = hash_search(kept, &key, HASH_FIND, NULL);
	if (found != NULL)
	{
		found->segment->users++;
		found->segment->used = ++uses;
		return found->segment;
	}

	evict();
	context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed segment", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	segment = palloc0(sizeof(PfBmSegment));
	segment->context = context;
	segment->index_id = key.index_id;
	segment->id = key.id;
	read_segment(index, meta, segment, entry->header);
	if (segment->header.ndocs != entry->ndocs)
		pf_bm_corrupt(index, entry->header, "the segment has another number of documents than the metapage says");
	MemoryContextSwitchTo(old);

	found = hash_search(kept, &key, HASH_ENTER, NULL);
	found->segment = segment;
	MemoryContextSetParent(context, kept_context);
	segment->users = 1;
	segment->used = ++uses;
	return segment;
}

const PfBmZone *
pf_bm_segment_zones(Relation index, PfBmSegment *segment, int filter)
{
	const PfBmHeader *header = &segment->header;
	uint32		npages = header->npages[PF_BM_AREA_DOCS];

	if (((uint64) filter + 1) * npages > header->nzones)
		pf_bm_corrupt(index, segment->extents[PF_BM_AREA_DOCS][0].start, "zones of filter %d are missing", filter);
	if (segment->zones == NULL)
	{
		PfBmZone   *zones = MemoryContextAllocHuge(segment->context, sizeof(PfBmZone) * (Size) header->nzones);

		read_table(index, segment, table_pages(header->ncounts, sizeof(PfBmCountsEntry)) +
				   table_pages(header->nlengths, sizeof(float4)), zones, header->nzones, sizeof(PfBmZone));
		segment->zones = zones;
	}
	return segment->zones + (Size) filter * npages;
}

void
pf_bm_segment_release(PfBmSegment *segment)
{
	if (segment->users > 0)
		segment->users--;
}

/* ---- pages ---- */

BlockNumber
pf_bm_segment_block(const PfBmSegment *segment, PfBmArea area, uint32 page)
{
	const uint32 *first = segment->first[area];
	uint32		low = 0;
	uint32		high = segment->header.nextents[area];

	Assert(page < segment->header.npages[area]);
	while (high > low + 1)
	{
		uint32		middle = low + (high - low) / 2;

		if (first[middle] <= page)
			low = middle;
		else
			high = middle;
	}
	return segment->extents[area][low].start + (page - first[low]);
}

/*
 * Must pages of a segment be locked and looked at anew each time?  On a
 * primary they stay as they are while a snapshot may need them.  On a standby
 * replay may give them to something else under a scan, which then finds
 * another owner; so it is for the rest of a backend that began on one.
 */
static bool
pages_may_change(void)
{
	static int	answer = -1;

	if (unlikely(answer < 0))
		answer = RecoveryInProgress();
	return answer != 0;
}

Page
pf_bm_segment_page(Relation index, PfBmSegment *segment, PfBmArea area, uint32 page, Buffer *pinned)
{
	BlockNumber blkno;
	uint32		number;
	bool		checked;
	Page		data;

	if (page >= segment->header.npages[area])
		pf_bm_corrupt(index, segment->header.nextents[area] > 0 ? segment->extents[area][0].start : 0,
					  "page %u of an area of %u is referred to", page, segment->header.npages[area]);
	blkno = pf_bm_segment_block(segment, area, page);
	if (!BufferIsValid(*pinned) || BufferGetBlockNumber(*pinned) != blkno)
		*pinned = ReleaseAndReadBuffer(*pinned, index, blkno);
	data = BufferGetPage(*pinned);
	number = segment->first_checked[area] + page;
	checked = (segment->checked[number / 8] & (1 << (number % 8))) != 0;
	if (likely(checked && area != PF_BM_AREA_ALIVE && !pages_may_change()))
		return data;

	LockBuffer(*pinned, BUFFER_LOCK_SHARE);
	pf_bm_page_check(index, blkno, data, PF_BM_DOCS + area, segment->id, !checked);
	segment->checked[number / 8] |= 1 << (number % 8);
	if (area != PF_BM_AREA_ALIVE && !pages_may_change())
		LockBuffer(*pinned, BUFFER_LOCK_UNLOCK);
	return data;
}

void
pf_bm_segment_done(PfBmArea area, Buffer pinned)
{
	if (unlikely(area == PF_BM_AREA_ALIVE || pages_may_change()))
		LockBuffer(pinned, BUFFER_LOCK_UNLOCK);
}

void
pf_bm_segment_doc(Relation index, const PfBmMeta *meta, PfBmSegment *segment, uint32 doc,
				  Buffer *pinned, PfBmDoc *out)
{
	uint32		per_page = PF_BM_PAYLOAD / meta->doc_width;
	Page		page = pf_bm_segment_page(index, segment, PF_BM_AREA_DOCS, doc / per_page, pinned);
	Size		offset = (Size) (doc % per_page) * meta->doc_width;

	if (offset + meta->doc_width > ((PageHeader) page)->pd_lower - SizeOfPageHeaderData)
		pf_bm_corrupt(index, BufferGetBlockNumber(*pinned), "document %u is missing", doc);
	pf_bm_doc_unpack(meta, PF_BM_DATA(page) + offset, out);
	pf_bm_segment_done(PF_BM_AREA_DOCS, *pinned);
}

bool
pf_bm_segment_alive(Relation index, PfBmSegment *segment, uint32 doc, Buffer *pinned)
{
	uint32		per_page = PF_BM_PAYLOAD * 8;
	Page		page = pf_bm_segment_page(index, segment, PF_BM_AREA_ALIVE, doc / per_page, pinned);
	uint32		bit = doc % per_page;
	bool		alive;

	if (bit / 8 >= ((PageHeader) page)->pd_lower - SizeOfPageHeaderData)
		pf_bm_corrupt(index, BufferGetBlockNumber(*pinned), "the alive bit of document %u is missing", doc);
	alive = (PF_BM_DATA(page)[bit / 8] & (1 << (bit % 8))) != 0;
	pf_bm_segment_done(PF_BM_AREA_ALIVE, *pinned);
	return alive;
}
