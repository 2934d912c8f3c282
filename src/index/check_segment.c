/*-------------------------------------------------------------------------
 *
 * check_segment.c
 *		index_check() of a segment: its header, extents and tables, and in what
 *		order the rest is looked at.
 *
 * Of each document the code of its length is kept, 4 bytes, and 8 more for the
 * sum of its postings, which must come to that length in the end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/check.h"

#include <math.h>

#include "utils/memutils.h"

static const char *const area_names[PF_BM_AREAS] = {
	"docs", "alive", "dictionary", "skips", "postings", "tables"
};

#define COUNTS_PER_PAGE		((uint32) (PF_BM_PAYLOAD / sizeof(PfBmCountsEntry)))
#define LENGTHS_PER_PAGE	((uint32) (PF_BM_PAYLOAD / sizeof(float4)))
#define ZONES_PER_PAGE		((uint32) (PF_BM_PAYLOAD / sizeof(PfBmZone)))
#define SKIPS_PER_PAGE		((uint32) (PF_BM_PAYLOAD / sizeof(PfBmSkip)))

static inline uint64
pages_for(uint64 n, uint32 per_page)
{
	return (n + per_page - 1) / per_page;
}

static void *
alloc(uint64 n, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, (Size) Max(n, 1) * size);
}

/* ---- header ---- */

BlockNumber
pf_bm_check_block(const PfBmCheckSegment *segment, PfBmArea area, uint32 page)
{
	const uint32 *first = segment->first[area];
	uint32		low = 0;
	uint32		high = segment->header.nextents[area];

	if (page >= segment->header.npages[area])
		return InvalidBlockNumber;
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

bool
pf_bm_check_area(PfBmCheck *check, const PfBmCheckSegment *segment, PfBmArea area, uint32 page,
				 PGAlignedBlock *copy)
{
	return pf_bm_check_page(check, pf_bm_check_block(segment, area, page), PF_BM_DOCS + area,
							segment->header.id, area_names[area], copy);
}

/* The header says how large all areas must be. */
static bool
check_header(PfBmCheck *check, const PfBmCheckSegment *segment)
{
	const PfBmSegmentEntry *entry = segment->entry;
	const PfBmHeader *header = &segment->header;
	BlockNumber blkno = entry->header;
	const char *part = "header";
	uint64		expected[PF_BM_AREAS];
	bool		sound = true;

	if (header->id != entry->id || header->index_id != check->meta.index_id)
	{
		pf_bm_check_report(check, blkno, part, "it is that of segment " UINT64_FORMAT, header->id);
		return false;
	}
	if (header->ndocs != entry->ndocs || header->ntexts != entry->ntexts ||
		header->sum_length != entry->sum_length)
		pf_bm_check_report(check, blkno, part,
						   "%u documents, %u texts of length %g; the metapage says %u, %u and %g",
						   header->ndocs, header->ntexts, header->sum_length,
						   entry->ndocs, entry->ntexts, entry->sum_length);
	if (header->ntexts > header->ndocs || entry->ndead > entry->ndocs || header->ndocs == 0 ||
		header->ndocs == PF_BM_NO_DOC)
		pf_bm_check_report(check, blkno, part, "%u documents, %u texts, %u dead", header->ndocs,
						   header->ntexts, entry->ndead);
	if (!(header->k1 >= 0 && isfinite(header->k1) && header->b >= 0 && header->b <= 1 &&
		  header->average >= 0 && isfinite(header->average)))
		pf_bm_check_report(check, blkno, part, "k1 %g, b %g, average length %g", header->k1,
						   header->b,
						   header->average);
	if (header->nlengths > header->ntexts || header->nterms > header->npostings)
		pf_bm_check_report(check, blkno, part, "%u lengths, %u terms, " UINT64_FORMAT " postings",
						   header->nlengths, header->nterms, header->npostings);

	expected[PF_BM_AREA_DOCS] = pages_for(header->ndocs, PF_BM_PAYLOAD / check->meta.doc_width);
	expected[PF_BM_AREA_ALIVE] = pages_for(header->ndocs, PF_BM_PAYLOAD * 8);
	expected[PF_BM_AREA_DICTIONARY] = header->npages[PF_BM_AREA_DICTIONARY];
	expected[PF_BM_AREA_SKIPS] = pages_for(header->nskips, SKIPS_PER_PAGE);
	expected[PF_BM_AREA_POSTINGS] = header->npages[PF_BM_AREA_POSTINGS];
	expected[PF_BM_AREA_TABLES] = pages_for(header->ncounts, COUNTS_PER_PAGE) +
		pages_for(header->nlengths, LENGTHS_PER_PAGE) + pages_for(header->nzones, ZONES_PER_PAGE);
	if (header->nzones != expected[PF_BM_AREA_DOCS] * check->meta.nfilters)
	{
		pf_bm_check_report(check, blkno, part, "%u zones of %u filters", header->nzones,
						   check->meta.nfilters);
		sound = false;
	}
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		if (header->npages[area] == expected[area])
			continue;
		pf_bm_check_report(check, blkno, part, "area %s has %u pages, not " UINT64_FORMAT,
						   area_names[area],
						   header->npages[area], expected[area]);
		sound = false;
	}
	if (header->dictionary_leaves > header->npages[PF_BM_AREA_DICTIONARY] ||
		(header->dictionary_height == 0) != (header->nterms == 0) ||
		(header->dictionary_leaves == 0) != (header->nterms == 0) ||
		(header->nterms > 0 &&
		 header->dictionary_root != header->npages[PF_BM_AREA_DICTIONARY] - 1))
	{
		pf_bm_check_report(check, blkno, part,
						   "%u terms in a dictionary of height %u, %u leaves, root %u",
						   header->nterms, header->dictionary_height, header->dictionary_leaves,
						   header->dictionary_root);
		sound = false;
	}
	return sound;
}

/* Reads the header and the extents, and takes all pages. */
static bool
read_header(PfBmCheck *check, PfBmCheckSegment *segment)
{
	const char *part = "header";
	PfBmHeader *header = &segment->header;
	BlockNumber blkno = segment->entry->header;
	PGAlignedBlock page;
	PfBmMoreExtents more;
	Size		pos = MAXALIGN(sizeof(PfBmHeader));
	Size		left;
	uint64		total = 0;
	uint64		npages = 1;
	bool		sound = true;

	if (!pf_bm_check_take(check, blkno, part) ||
		!pf_bm_check_page(check, blkno, PF_BM_HEADER, segment->entry->id, part, &page))
		return false;
	if (PF_BM_USED(page.data) < pos)
	{
		pf_bm_check_report(check, blkno, part, "it has %u bytes", (unsigned) PF_BM_USED(page.data));
		return false;
	}
	memcpy(header, PF_BM_DATA(page.data), sizeof(PfBmHeader));
	if (!check_header(check, segment))
		return false;

	for (int area = 0; area < PF_BM_AREAS; area++)
		total += header->nextents[area];
	if (total > check->nblocks)
	{
		pf_bm_check_report(check, blkno, part, "it has " UINT64_FORMAT " extents", total);
		return false;
	}
	left = (PF_BM_USED(page.data) - pos) / sizeof(PfBmExtent);
	more.next = header->next;
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		uint64		in_area = 0;

		segment->extents[area] = alloc(header->nextents[area], sizeof(PfBmExtent));
		segment->first[area] = alloc(header->nextents[area], sizeof(uint32));
		for (uint32 i = 0; i < header->nextents[area]; i++)
		{
			PfBmExtent *extent = &segment->extents[area][i];

			if (left == 0)
			{
				BlockNumber next = more.next;

				if (next == InvalidBlockNumber)
				{
					pf_bm_check_report(check, blkno, part, "extents are missing");
					return false;
				}
				blkno = next;
				if (!pf_bm_check_take(check, blkno, part) ||
					!pf_bm_check_page(check, blkno, PF_BM_HEADER, segment->entry->id, part, &page))
					return false;
				npages++;
				memcpy(&more, PF_BM_DATA(page.data), sizeof(more));
				pos = sizeof(more);
				left = more.n;
				if (PF_BM_USED(page.data) < pos || left == 0 ||
					left > (PF_BM_USED(page.data) - pos) / sizeof(PfBmExtent))
				{
					pf_bm_check_report(check, blkno, part, "%u extents on a page of %u bytes",
									   more.n,
									   (unsigned) PF_BM_USED(page.data));
					return false;
				}
			}
			memcpy(extent, PF_BM_DATA(page.data) + pos, sizeof(PfBmExtent));
			pos += sizeof(PfBmExtent);
			left--;
			if (extent->npages == 0 || extent->start >= check->nblocks ||
				extent->npages > check->nblocks - extent->start)
			{
				pf_bm_check_report(check, blkno, part,
								   "an extent of area %s has %u pages from block %u on",
								   area_names[area], extent->npages, extent->start);
				return false;
			}
			segment->first[area][i] = (uint32) in_area;
			in_area += extent->npages;
			for (uint32 j = 0; j < extent->npages && !pf_bm_check_full(check); j++)
				(void) pf_bm_check_take(check, extent->start + j, area_names[area]);
		}
		if (in_area != header->npages[area])
		{
			pf_bm_check_report(check, blkno, part,
							   "area %s has " UINT64_FORMAT " pages in extents, not %u",
							   area_names[area], in_area, header->npages[area]);
			sound = false;
		}
		npages += header->npages[area];
	}
	if (more.next != InvalidBlockNumber || left > 0)
		pf_bm_check_report(check, blkno, part, "there are more extents than areas have");
	if (npages != segment->entry->npages)
		pf_bm_check_report(check, PF_BM_META_BLKNO, "metapage",
						   "it has " UINT64_FORMAT " pages, not %u", npages,
						   segment->entry->npages);
	return sound;
}

/* ---- tables ---- */

/* Reads n items, which go on from page to page; gives whether all are there. */
static bool
read_table(PfBmCheck *check, const PfBmCheckSegment *segment, uint32 page_number, char *to,
		   uint32 n, Size size)
{
	uint32		per_page = (uint32) (PF_BM_PAYLOAD / size);

	for (uint32 done = 0; done < n; page_number++)
	{
		PGAlignedBlock page;
		uint32		some = Min(per_page, n - done);

		if (!pf_bm_check_area(check, segment, PF_BM_AREA_TABLES, page_number, &page))
			return false;
		if (PF_BM_USED(page.data) != some * size)
		{
			pf_bm_check_report(check, pf_bm_check_block(segment, PF_BM_AREA_TABLES, page_number),
							   "tables",
							   "page of %u bytes, not %u", (unsigned) PF_BM_USED(page.data),
							   (unsigned) (some * size));
			return false;
		}
		memcpy(to + done * size, PF_BM_DATA(page.data), some * size);
		done += some;
	}
	return true;
}

static int
compare_uint32(const void *a, const void *b)
{
	uint32		one = *(const uint32 *) a;
	uint32		other = *(const uint32 *) b;

	return (one > other) - (one < other);
}

static void
check_tables(PfBmCheck *check, PfBmCheckSegment *segment)
{
	const char *part = "tables";
	uint32		ncounts = segment->header.ncounts;
	uint32		nlengths = segment->header.nlengths;
	uint32		first_lengths = (uint32) pages_for(ncounts, COUNTS_PER_PAGE);
	uint32		first_zones = first_lengths + (uint32) pages_for(nlengths, LENGTHS_PER_PAGE);
	PfBmCountsEntry *entries = alloc(ncounts, sizeof(PfBmCountsEntry));
	PfBmCounts *sorted = alloc(ncounts, sizeof(PfBmCounts));
	float4	   *lengths = alloc(nlengths, sizeof(float4));
	PfBmZone   *zones = alloc(segment->header.nzones, sizeof(PfBmZone));

	if (read_table(check, segment, 0, (char *) entries, ncounts, sizeof(PfBmCountsEntry)))
	{
		segment->counts = alloc(ncounts, sizeof(PfBmCounts));
		for (uint32 i = 0; i < ncounts; i++)
		{
			BlockNumber blkno = pf_bm_check_block(segment, PF_BM_AREA_TABLES, i / COUNTS_PER_PAGE);

			segment->counts[i] = sorted[i] = entries[i].counts;
			if (!pf_bm_check_counts(entries[i].counts))
				pf_bm_check_report(check, blkno, part, "code %u is of counts %08X", i,
								   entries[i].counts);
			if (i > 0 && entries[i - 1].n < entries[i].n)
				pf_bm_check_report(check, blkno, part, "code %u is more common than the one before",
								   i);
		}
		qsort(sorted, ncounts, sizeof(PfBmCounts), compare_uint32);
		for (uint32 i = 1; i < ncounts; i++)
		{
			if (sorted[i - 1] == sorted[i])
				pf_bm_check_report(check, pf_bm_check_block(segment, PF_BM_AREA_TABLES, 0), part,
								   "counts %08X have two codes", sorted[i]);
		}
	}
	if (read_table(check, segment, first_lengths, (char *) lengths, nlengths, sizeof(float4)))
	{
		segment->lengths = lengths;
		for (uint32 i = 0; i < nlengths; i++)
		{
			if (!isfinite(lengths[i]) || lengths[i] < 0 ||
				(i > 0 && !(lengths[i - 1] < lengths[i])))
			{
				pf_bm_check_report(check,
								   pf_bm_check_block(segment, PF_BM_AREA_TABLES,
													 first_lengths + i / LENGTHS_PER_PAGE),
								   part, "length %u is %g", i, lengths[i]);
				segment->lengths = NULL;
				break;
			}
		}
	}
	if (read_table(check, segment, first_zones, (char *) zones, segment->header.nzones,
				   sizeof(PfBmZone)))
		segment->zones = zones;
	segment->complete = segment->counts != NULL && segment->lengths != NULL;
	pfree(entries);
	pfree(sorted);
}

/* ---- all of it ---- */

void
pf_bm_check_segment(PfBmCheck *check, const PfBmSegmentEntry *entry)
{
	PfBmCheckSegment *segment = palloc0(sizeof(PfBmCheckSegment));

	segment->entry = entry;
	if (!read_header(check, segment))
		return;
	check_tables(check, segment);
	pf_bm_check_docs(check, segment);
	pf_bm_check_alive(check, segment);
	segment->sums = alloc(segment->header.ndocs, sizeof(double));
	memset(segment->sums, 0, sizeof(double) * (Size) segment->header.ndocs);
	pf_bm_check_dictionary(check, segment);
}
