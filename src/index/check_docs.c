/*-------------------------------------------------------------------------
 *
 * check_docs.c
 *		index_check() of a segment's documents and their alive bits.
 *
 * Documents must be in their order, with lengths that are in the segment's table, and
 * their filters within the zone of their page; what the header says of all is
 * computed anew.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/check.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

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
	if (low < segment->header.nlengths && segment->lengths[low] == length)
		return low;
	return PF_BM_CODE_UNKNOWN;
}

/* What the header says of all documents, and zones of those of a page. */
typedef struct Totals
{
	uint32		ntexts;
	double		sum_length;
	uint32		null_filters;
	PfBmZone	zones[PF_BM_MAX_FILTERS];	/* of the page */
	PfBmZone	all[PF_BM_MAX_FILTERS];
} Totals;

static void
clear_zones(PfBmZone *zones)
{
	for (int i = 0; i < PF_BM_MAX_FILTERS; i++)
	{
		zones[i].min = PG_INT64_MAX;
		zones[i].max = PG_INT64_MIN;
	}
}

/* A page has been read: its zones must be those of the table. */
static void
check_zones(PfBmCheck *check, const PfBmCheckSegment *segment, uint32 number, Totals *totals)
{
	uint32		npages = segment->header.npages[PF_BM_AREA_DOCS];

	for (int i = 0; i < check->meta.nfilters; i++)
	{
		const PfBmZone *found = &totals->zones[i];

		totals->all[i].min = Min(totals->all[i].min, found->min);
		totals->all[i].max = Max(totals->all[i].max, found->max);
		if (segment->zones != NULL)
		{
			const PfBmZone *zone = &segment->zones[(Size) i * npages + number];

			if (zone->min != found->min || zone->max != found->max)
				pf_bm_check_report(check, pf_bm_check_block(segment, PF_BM_AREA_DOCS, number),
								   "docs", "filter %d is from " INT64_FORMAT " to " INT64_FORMAT
								   ", its zone from " INT64_FORMAT " to " INT64_FORMAT,
								   i, found->min, found->max, zone->min, zone->max);
		}
	}
	clear_zones(totals->zones);
}

static void
check_totals(PfBmCheck *check, const PfBmCheckSegment *segment, const Totals *totals)
{
	const PfBmHeader *header = &segment->header;
	BlockNumber blkno = segment->entry->header;

	if (totals->ntexts != header->ntexts)
		pf_bm_check_report(check, blkno, "header", "there are %u texts, not %u", totals->ntexts,
						   header->ntexts);
	if (!pf_bm_check_length(totals->sum_length, header->sum_length))
		pf_bm_check_report(check, blkno, "header", "the sum of lengths is %g, not %g",
						   totals->sum_length,
						   header->sum_length);
	if (header->ntexts > 0 && !pf_bm_check_length(header->average,
												  header->sum_length / header->ntexts))
		pf_bm_check_report(check, blkno, "header", "the average length is %g, not %g",
						   header->sum_length / header->ntexts, header->average);
	if (totals->null_filters != header->null_filters)
		pf_bm_check_report(check, blkno, "header", "filters that may be NULL are %02X, not %02X",
						   totals->null_filters, header->null_filters);
	for (int i = 0; i < check->meta.nfilters; i++)
	{
		if (totals->all[i].min != header->min[i] || totals->all[i].max != header->max[i])
			pf_bm_check_report(check, blkno, "header",
							   "filter %d is from " INT64_FORMAT " to " INT64_FORMAT
							   ", not from " INT64_FORMAT " to " INT64_FORMAT,
							   i, totals->all[i].min, totals->all[i].max, header->min[i],
							   header->max[i]);
	}
}

/* A document on its own, and behind the one before. */
static void
check_doc(PfBmCheck *check, PfBmCheckSegment *segment, BlockNumber blkno, uint32 doc,
		  const PfBmDoc *found,
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
				pf_bm_check_report(check, blkno, part,
								   "document at %u: length %g is not in the table", doc,
								   found->length);
		}
	}
	for (int i = 0; i < check->meta.nfilters; i++)
	{
		if (found->nulls & (1 << i))
		{
			totals->null_filters |= 1 << i;
			if (found->values[i] != 0)
				pf_bm_check_report(check, blkno, part,
								   "document at %u: filter %d is NULL and has a value", doc, i);
			continue;
		}
		totals->zones[i].min = Min(totals->zones[i].min, found->values[i]);
		totals->zones[i].max = Max(totals->zones[i].max, found->values[i]);
	}
}

void
pf_bm_check_docs(PfBmCheck *check, PfBmCheckSegment *segment)
{
	uint32		ndocs = segment->header.ndocs;
	uint32		per_page = PF_BM_PAYLOAD / check->meta.doc_width;
	PfBmDoc		before;
	Totals		totals;
	bool		complete = true;

	memset(&totals, 0, sizeof(totals));
	clear_zones(totals.zones);
	clear_zones(totals.all);
	segment->codes = MemoryContextAllocHuge(CurrentMemoryContext,
											sizeof(uint32) * (Size) Max(ndocs, 1));
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
			check_doc(check, segment, blkno, first + i, &doc, have_before ? &before : NULL,
					  &totals);
			before = doc;
			have_before = true;
		}
		check_zones(check, segment, number, &totals);
	}
	if (complete)
		check_totals(check, segment, &totals);
	else
		segment->complete = false;
}

void
pf_bm_check_alive(PfBmCheck *check, const PfBmCheckSegment *segment)
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
			pf_bm_check_report(check, blkno, part, "page of %u bytes, not %u",
							   (unsigned) PF_BM_USED(page.data), some);
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
		pf_bm_check_report(check, PF_BM_META_BLKNO, "metapage",
						   UINT64_FORMAT " documents of %u are alive, and %u dead",
						   alive, segment->header.ndocs, segment->entry->ndead);
}
