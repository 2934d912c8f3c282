/*-------------------------------------------------------------------------
 *
 * check_segment.c
 *		index_check() of a segment: header, extents, documents, alive bits and
 *		tables.
 *
 * From these the code of each document's length is kept, 4 bytes, and 8 more
 * for the sum of its postings, which must come to that length in the end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/check.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

static const char *const area_names[PF_BM_AREAS] = {
	"docs", "alive", "dictionary", "skips", "postings", "tables"
};

#define COUNTS_PER_PAGE		((uint32) (PF_BM_PAYLOAD / sizeof(PfBmCountsEntry)))
#define LENGTHS_PER_PAGE	((uint32) (PF_BM_PAYLOAD / sizeof(float4)))
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
						   "%u documents, %u texts of length %g in all; the metapage says %u, %u and %g",
						   header->ndocs, header->ntexts, header->sum_length,
						   entry->ndocs, entry->ntexts, entry->sum_length);
	if (header->ntexts > header->ndocs || entry->ndead > entry->ndocs || header->ndocs == 0 ||
		header->ndocs == PF_BM_NO_DOC)
		pf_bm_check_report(check, blkno, part, "%u documents, %u texts, %u dead", header->ndocs,
						   header->ntexts, entry->ndead);
	if (!(header->k1 >= 0 && isfinite(header->k1) && header->b >= 0 && header->b <= 1 &&
		  header->average >= 0 && isfinite(header->average)))
		pf_bm_check_report(check, blkno, part, "k1 %g, b %g, average length %g", header->k1, header->b,
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
		pages_for(header->nlengths, LENGTHS_PER_PAGE);
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		if (header->npages[area] == expected[area])
			continue;
		pf_bm_check_report(check, blkno, part, "area %s has %u pages, not " UINT64_FORMAT, area_names[area],
						   header->npages[area], expected[area]);
		sound = false;
	}
	if (header->dictionary_leaves > header->npages[PF_BM_AREA_DICTIONARY] ||
		(header->dictionary_height == 0) != (header->nterms == 0) ||
		(header->dictionary_leaves == 0) != (header->nterms == 0) ||
		(header->nterms > 0 && header->dictionary_root != header->npages[PF_BM_AREA_DICTIONARY] - 1))
	{
		pf_bm_check_report(check, blkno, part, "%u terms in a dictionary of height %u, %u leaves, root %u",
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
					pf_bm_check_report(check, blkno, part, "%u extents on a page of %u bytes", more.n,
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
				pf_bm_check_report(check, blkno, part, "an extent of area %s has %u pages from block %u on",
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
			pf_bm_check_report(check, blkno, part, "area %s has " UINT64_FORMAT " pages in extents, not %u",
							   area_names[area], in_area, header->npages[area]);
			sound = false;
		}
		npages += header->npages[area];
	}
	if (more.next != InvalidBlockNumber || left > 0)
		pf_bm_check_report(check, blkno, part, "there are more extents than areas have");
	if (npages != segment->entry->npages)
		pf_bm_check_report(check, PF_BM_META_BLKNO, "metapage", "it has " UINT64_FORMAT " pages, not %u", npages,
						   segment->entry->npages);
	return sound;
}

/* ---- tables ---- */

/* Reads n items, which go on from page to page; gives whether all are there. */
static bool
read_table(PfBmCheck *check, const PfBmCheckSegment *segment, uint32 page_number, char *to, uint32 n, Size size)
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
			pf_bm_check_report(check, pf_bm_check_block(segment, PF_BM_AREA_TABLES, page_number), "tables",
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
	PfBmCountsEntry *entries = alloc(ncounts, sizeof(PfBmCountsEntry));
	PfBmCounts *sorted = alloc(ncounts, sizeof(PfBmCounts));
	float4	   *lengths = alloc(nlengths, sizeof(float4));

	if (read_table(check, segment, 0, (char *) entries, ncounts, sizeof(PfBmCountsEntry)))
	{
		segment->counts = alloc(ncounts, sizeof(PfBmCounts));
		for (uint32 i = 0; i < ncounts; i++)
		{
			BlockNumber blkno = pf_bm_check_block(segment, PF_BM_AREA_TABLES, i / COUNTS_PER_PAGE);

			segment->counts[i] = sorted[i] = entries[i].counts;
			if (!pf_bm_check_counts(entries[i].counts))
				pf_bm_check_report(check, blkno, part, "code %u is of counts %08X", i, entries[i].counts);
			if (i > 0 && entries[i - 1].n < entries[i].n)
				pf_bm_check_report(check, blkno, part, "code %u is more common than the one before", i);
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
			if (!isfinite(lengths[i]) || lengths[i] < 0 || (i > 0 && !(lengths[i - 1] < lengths[i])))
			{
				pf_bm_check_report(check,
								   pf_bm_check_block(segment, PF_BM_AREA_TABLES, first_lengths + i / LENGTHS_PER_PAGE),
								   part, "length %u is %g", i, lengths[i]);
				segment->lengths = NULL;
				break;
			}
		}
	}
	segment->complete = segment->counts != NULL && segment->lengths != NULL;
	pfree(entries);
	pfree(sorted);
}

/* ---- documents ---- */

static uint32
length_code(const PfBmCheckSegment *segment, float4 length)
{
	uint32		low = 0;
	uint32		high = segment->header.nlengths;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (segment->lengths[middle] < length)
			low = middle + 1;
		else
			high = middle;
	}
	return low < segment->header.nlengths && segment->lengths[low] == length ? low : PF_BM_CODE_UNKNOWN;
}

/* What the header says of all documents. */
typedef struct Totals
{
	uint32		ntexts;
	double		sum_length;
	int64		min[PF_BM_MAX_FILTERS];
	int64		max[PF_BM_MAX_FILTERS];
	uint32		null_filters;
} Totals;

static void
check_totals(PfBmCheck *check, const PfBmCheckSegment *segment, const Totals *totals)
{
	const PfBmHeader *header = &segment->header;
	BlockNumber blkno = segment->entry->header;

	if (totals->ntexts != header->ntexts)
		pf_bm_check_report(check, blkno, "header", "there are %u texts, not %u", totals->ntexts, header->ntexts);
	if (!pf_bm_check_length(totals->sum_length, header->sum_length))
		pf_bm_check_report(check, blkno, "header", "the sum of lengths is %g, not %g", totals->sum_length,
						   header->sum_length);
	if (header->ntexts > 0 && !pf_bm_check_length(header->average, header->sum_length / header->ntexts))
		pf_bm_check_report(check, blkno, "header", "the average length is %g, not %g",
						   header->sum_length / header->ntexts, header->average);
	if (totals->null_filters != header->null_filters)
		pf_bm_check_report(check, blkno, "header", "filters that may be NULL are %02X, not %02X",
						   totals->null_filters, header->null_filters);
	for (int i = 0; i < check->meta.nfilters; i++)
	{
		if (totals->min[i] != header->min[i] || totals->max[i] != header->max[i])
			pf_bm_check_report(check, blkno, "header", "filter %d is from " INT64_FORMAT " to " INT64_FORMAT
							   ", not from " INT64_FORMAT " to " INT64_FORMAT,
							   i, totals->min[i], totals->max[i], header->min[i], header->max[i]);
	}
}

/* A document on its own, and behind the one before. */
static void
check_doc(PfBmCheck *check, PfBmCheckSegment *segment, BlockNumber blkno, uint32 doc, const PfBmDoc *found,
		  const PfBmDoc *before, Totals *totals)
{
	const char *part = "docs";

	(void) pf_bm_check_doc(check, blkno, part, doc, found);
	if (before != NULL && pf_bm_doc_compare(&check->meta, before, found) >= 0)
		pf_bm_check_report(check, blkno, part, "document at %u is not in order", doc);

	if (found->length < 0)
		segment->codes[doc] = PF_BM_CODE_NULL;
	else
	{
		totals->ntexts++;
		totals->sum_length += found->length;
		if (segment->lengths != NULL)
		{
			segment->codes[doc] = length_code(segment, found->length);
			if (segment->codes[doc] == PF_BM_CODE_UNKNOWN)
				pf_bm_check_report(check, blkno, part, "document at %u: length %g is not in the table", doc,
								   found->length);
		}
	}
	for (int i = 0; i < check->meta.nfilters; i++)
	{
		if (found->nulls & (1 << i))
		{
			totals->null_filters |= 1 << i;
			if (found->values[i] != 0)
				pf_bm_check_report(check, blkno, part, "document at %u: filter %d is NULL and has a value", doc, i);
			continue;
		}
		totals->min[i] = Min(totals->min[i], found->values[i]);
		totals->max[i] = Max(totals->max[i], found->values[i]);
	}
}

static void
check_docs(PfBmCheck *check, PfBmCheckSegment *segment)
{
	uint32		ndocs = segment->header.ndocs;
	uint32		per_page = PF_BM_PAYLOAD / check->meta.doc_width;
	PfBmDoc		before;
	Totals		totals;
	bool		complete = true;

	memset(&totals, 0, sizeof(totals));
	for (int i = 0; i < PF_BM_MAX_FILTERS; i++)
	{
		totals.min[i] = PG_INT64_MAX;
		totals.max[i] = PG_INT64_MIN;
	}
	segment->codes = alloc(ndocs, sizeof(uint32));
	for (uint32 doc = 0; doc < ndocs; doc++)
		segment->codes[doc] = PF_BM_CODE_UNKNOWN;

	for (uint32 number = 0; number < segment->header.npages[PF_BM_AREA_DOCS]; number++)
	{
		BlockNumber blkno = pf_bm_check_block(segment, PF_BM_AREA_DOCS, number);
		uint32		first = number * per_page;
		uint32		some = Min(per_page, ndocs - first);
		bool		have_before = complete && number > 0;
		PGAlignedBlock page;

		if (pf_bm_check_full(check))
			return;
		if (!pf_bm_check_area(check, segment, PF_BM_AREA_DOCS, number, &page))
		{
			complete = false;
			continue;
		}
		if (PF_BM_USED(page.data) != some * check->meta.doc_width)
		{
			pf_bm_check_report(check, blkno, "docs", "page of %u bytes for %u documents",
							   (unsigned) PF_BM_USED(page.data), some);
			complete = false;
			continue;
		}
		for (uint32 i = 0; i < some; i++)
		{
			PfBmDoc		doc;

			pf_bm_doc_unpack(&check->meta, PF_BM_DATA(page.data) + i * check->meta.doc_width, &doc);
			check_doc(check, segment, blkno, first + i, &doc, have_before ? &before : NULL, &totals);
			before = doc;
			have_before = true;
		}
	}
	if (complete)
		check_totals(check, segment, &totals);
	else
		segment->complete = false;
}

static void
check_alive(PfBmCheck *check, const PfBmCheckSegment *segment)
{
	const char *part = "alive";
	uint64		nbytes = ((uint64) segment->header.ndocs + 7) / 8;
	uint32		npages = segment->header.npages[PF_BM_AREA_ALIVE];
	uint64		alive = 0;
	bool		complete = true;

	for (uint32 number = 0; number < npages; number++)
	{
		BlockNumber blkno = pf_bm_check_block(segment, PF_BM_AREA_ALIVE, number);
		uint32		some = (uint32) Min(PF_BM_PAYLOAD, nbytes - (uint64) number * PF_BM_PAYLOAD);
		PGAlignedBlock page;

		if (!pf_bm_check_area(check, segment, PF_BM_AREA_ALIVE, number, &page))
		{
			complete = false;
			continue;
		}
		if (PF_BM_USED(page.data) != some)
		{
			pf_bm_check_report(check, blkno, part, "page of %u bytes, not %u", (unsigned) PF_BM_USED(page.data), some);
			complete = false;
			continue;
		}
		alive += pg_popcount(PF_BM_DATA(page.data), (int) some);
		if (number == npages - 1 && segment->header.ndocs % 8 != 0 &&
			((uint8) PF_BM_DATA(page.data)[some - 1] >> (segment->header.ndocs % 8)) != 0)
			pf_bm_check_report(check, blkno, part, "bits are set behind the last document");
	}

	/* Fewer may be alive than is counted: bits are cleared first, and a crash may come between. */
	if (complete && alive > (uint64) segment->header.ndocs - segment->entry->ndead)
		pf_bm_check_report(check, PF_BM_META_BLKNO, "metapage", UINT64_FORMAT " documents of %u are alive, and %u dead",
						   alive, segment->header.ndocs, segment->entry->ndead);
}

void
pf_bm_check_segment(PfBmCheck *check, const PfBmSegmentEntry *entry)
{
	PfBmCheckSegment *segment = palloc0(sizeof(PfBmCheckSegment));

	segment->entry = entry;
	if (!read_header(check, segment))
		return;
	check_tables(check, segment);
	check_docs(check, segment);
	check_alive(check, segment);
	segment->sums = alloc(segment->header.ndocs, sizeof(double));
	memset(segment->sums, 0, sizeof(double) * (Size) segment->header.ndocs);
	pf_bm_check_dictionary(check, segment);
}
