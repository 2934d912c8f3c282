/*-------------------------------------------------------------------------
 *
 * stats.c
 *		paperfeed.index_stats() and index_segments(): how large an index and its
 *		parts are.
 *
 * All is read from the metapage, the segments' headers and the write buffer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "fmgr.h"
#include "funcapi.h"

PG_FUNCTION_INFO_V1(pf_bm_index_stats);
PG_FUNCTION_INFO_V1(pf_bm_index_segments);

#define STATS_COLUMNS		21
#define SEGMENTS_COLUMNS	16

/* What the records of the buffer add. */
typedef struct Buffered
{
	uint64		documents;
	uint64		texts;
	double		sum_length;
} Buffered;

/* A row in the making. */
typedef struct Row
{
	Datum		values[STATS_COLUMNS];
	bool		nulls[STATS_COLUMNS];
	int			n;
} Row;

static void
add_record(const PfBmRecord *record, void *arg)
{
	Buffered   *buffered = arg;

	buffered->documents++;
	if (record->doc.length >= 0)
	{
		buffered->texts++;
		buffered->sum_length += record->doc.length;
	}
}

static void
forget_records(void *arg)
{
	memset(arg, 0, sizeof(Buffered));
}

static void
read_header(Relation index, const PfBmMeta *meta, const PfBmSegmentEntry *entry, PfBmHeader *header)
{
	Buffer		buffer = pf_bm_read(index, entry->header, PF_BM_HEADER, entry->id);
	Page		page = BufferGetPage(buffer);

	if (PF_BM_USED(page) < sizeof(PfBmHeader))
		pf_bm_corrupt(index, entry->header, "the segment's header is cut off");
	memcpy(header, PF_BM_DATA(page), sizeof(PfBmHeader));
	UnlockReleaseBuffer(buffer);
	if (header->id != entry->id || header->index_id != meta->index_id)
		pf_bm_corrupt(index, entry->header, "it is the header of another segment");
}

static uint64
header_pages(const PfBmSegmentEntry *entry, const PfBmHeader *header)
{
	uint64		npages = 0;

	for (int area = 0; area < PF_BM_AREAS; area++)
		npages += header->npages[area];
	return entry->npages > npages ? entry->npages - npages : 0;
}

static void
add_integer(Row *row, uint64 value)
{
	row->values[row->n++] = Int64GetDatum((int64) value);
}

static void
add_ratio(Row *row, double value, double of)
{
	row->nulls[row->n] = of <= 0;
	row->values[row->n++] = Float8GetDatum(of > 0 ? value / of : 0);
}

static void
add_pages(Row *row, uint64 npages)
{
	add_integer(row, npages * BLCKSZ);
}

/* Columns are in the order of check.sql. */
Datum
pf_bm_index_stats(PG_FUNCTION_ARGS)
{
	Relation	index = pf_bm_index_open(PG_GETARG_OID(0), AccessShareLock);
	PfBmMeta	meta;
	Buffered	buffered = {0, 0, 0};
	Row			row;
	TupleDesc	desc;
	uint64		documents = 0;
	uint64		dead = 0;
	uint64		texts = 0;
	double		sum_length = 0;
	uint64		terms = 0;
	uint64		postings = 0;
	uint64		area_pages[PF_BM_AREAS] = {0};
	uint64		headers = 0;
	uint64		npages = 1;
	uint64		total;

	pf_bm_check_select(index);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	pf_bm_meta_read(index, &meta);
	pf_bm_buffer_scan(index, &meta, add_record, forget_records, &buffered);
	for (uint32 i = 0; i < meta.nsegments; i++)
	{
		const PfBmSegmentEntry *entry = &meta.segments[i];
		PfBmHeader	header;

		read_header(index, &meta, entry, &header);
		documents += entry->ndocs - Min(entry->ndead, entry->ndocs);
		dead += entry->ndead;
		texts += entry->ntexts;
		sum_length += entry->sum_length;
		terms += header.nterms;
		postings += header.npostings;
		for (int area = 0; area < PF_BM_AREAS; area++)
			area_pages[area] += header.npages[area];
		headers += header_pages(entry, &header);
		npages += entry->npages;
	}
	documents += buffered.documents;
	npages += meta.buffer_pages;
	total = Max(RelationGetNumberOfBlocks(index), npages);

	memset(&row, 0, sizeof(row));
	add_integer(&row, documents);
	add_integer(&row, dead);
	add_ratio(&row, (double) dead, (double) (documents + dead));
	add_integer(&row, texts + buffered.texts);
	add_ratio(&row, sum_length + buffered.sum_length, (double) (texts + buffered.texts));
	add_integer(&row, terms);
	add_integer(&row, postings);
	add_integer(&row, meta.nsegments);
	add_integer(&row, buffered.documents);
	add_integer(&row, meta.buffer_pages);
	for (int area = 0; area < PF_BM_AREAS; area++)
		add_pages(&row, area_pages[area]);
	add_pages(&row, headers);
	add_pages(&row, meta.buffer_pages);
	add_pages(&row, 1);
	add_pages(&row, total - npages);
	add_pages(&row, total);
	Assert(row.n == STATS_COLUMNS);

	relation_close(index, AccessShareLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), row.values,
													  row.nulls)));
}

Datum
pf_bm_index_segments(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	index = pf_bm_index_open(PG_GETARG_OID(0), AccessShareLock);
	PfBmMeta	meta;

	pf_bm_check_select(index);
	InitMaterializedSRF(fcinfo, 0);
	pf_bm_meta_read(index, &meta);
	for (uint32 i = 0; i < meta.nsegments; i++)
	{
		const PfBmSegmentEntry *entry = &meta.segments[i];
		PfBmHeader	header;
		Row			row;

		read_header(index, &meta, entry, &header);
		memset(&row, 0, sizeof(row));
		add_integer(&row, entry->id);
		add_integer(&row, entry->ndocs - Min(entry->ndead, entry->ndocs));
		add_integer(&row, entry->ndead);
		add_integer(&row, entry->ntexts);
		add_ratio(&row, entry->sum_length, entry->ntexts);
		add_integer(&row, header.nterms);
		add_integer(&row, header.npostings);
		add_integer(&row, entry->npages);
		for (int area = 0; area < PF_BM_AREAS; area++)
			add_pages(&row, header.npages[area]);
		add_pages(&row, header_pages(entry, &header));
		add_pages(&row, entry->npages);
		Assert(row.n == SEGMENTS_COLUMNS);
		tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
	}
	relation_close(index, AccessShareLock);
	PG_RETURN_NULL();
}
