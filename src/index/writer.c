/*-------------------------------------------------------------------------
 *
 * writer.c
 *		A segment from its documents, then its terms with their postings.
 *
 * Six streams of pages are written side by side, one for each area.  A page is
 * filled in memory and goes to the index once, in full; the header goes last.
 * A list's skip entries are kept until its end; the inner levels of the dictionary
 * until all leaves are written (dictionary_writer.c).  What is kept for all documents is the
 * code of their length, 4 bytes each.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "index/codec.h"
#include "index/index.h"
#include "index/writer.h"

#include "miscadmin.h"
#include "storage/indexfsm.h"
#include "utils/memutils.h"

/* A build takes pages of an area in runs, so that extents are few. */
#define MAX_RESERVE		64

struct PfBmWriter
{
	Relation	index;
	const PfBmMeta *meta;
	MemoryContext context;
	PfBmPages	pages;
	PfBmDictionaryWriter *dictionary;
	PfBmHeader	header;

	uint32	   *map;			/* code of the caller -> code on disk */
	PfBmCountsEntry *counts;	/* on disk */
	float4	   *tf;				/* by code on disk */

	float4	   *lengths;		/* by document, until the first term */
	uint32	   *length_codes;	/* by document, in the same memory, from then on */
	float4	   *distinct;		/* ascending */
	float4	   *norms;			/* k1 * (1 - b + b * length / average) */
	uint32		max_docs;
	PfBmZone   *zones;			/* by page of the docs area, then filter */
	uint32		max_zones;
	bool		terms_begun;

	/* the current term */
	uint32		df;
	uint32		last_doc;		/* of the blocks written, PF_BM_NO_DOC = none */
	int			n;				/* postings of the block in the making */
	uint32		docs[PF_BM_BLOCK];
	uint32		codes[PF_BM_BLOCK];
	PfBmSkip   *skips;
	uint32		nskips;
	uint32		max_skips;
};

/* ---- pages ---- */

/* The block where an area's next page goes. */
static BlockNumber
next_block(PfBmPages *pages, PfBmStream *stream, Buffer *buffer)
{
	if (!pages->build)
	{
		*buffer = pf_bm_page_claim(pages->index, false);
		return BufferGetBlockNumber(*buffer);
	}
	if (stream->nreserved == 0)
	{
		stream->nreserved = Min(Max(stream->npages / 16, 1), MAX_RESERVE);
		stream->reserved = pf_bm_pages_extend(pages->index, stream->nreserved);
	}
	stream->nreserved--;
	*buffer = ReadBuffer(pages->index, stream->reserved);
	LockBuffer(*buffer, BUFFER_LOCK_EXCLUSIVE);
	return stream->reserved++;
}

/* Puts a page of the segment into the index; its data are the first size bytes of image's. */
static void
put_page(PfBmPages *pages, Buffer buffer, char *image, uint16 kind, Size size)
{
	Page		page = (Page) image;
	PGAlignedBlock filled;

	pf_bm_page_init((Page) filled.data, kind, pages->id);
	memcpy(PF_BM_DATA(filled.data), PF_BM_DATA(page), size);
	pf_bm_page_set_size((Page) filled.data, size);
	pf_bm_page_seal((Page) filled.data);

	if (pages->build)
	{
		START_CRIT_SECTION();
		memcpy(BufferGetPage(buffer), filled.data, BLCKSZ);
		MarkBufferDirty(buffer);
		END_CRIT_SECTION();
	}
	else
	{
		GenericXLogState *state = GenericXLogStart(pages->index);

		memcpy(GenericXLogRegisterBuffer(state, buffer, GENERIC_XLOG_FULL_IMAGE), filled.data, BLCKSZ);
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
	pages->npages++;
}

void
pf_bm_stream_flush(PfBmPages *pages, PfBmArea area)
{
	PfBmStream *stream = &pages->streams[area];
	Buffer		buffer;
	BlockNumber blkno;
	PfBmExtent *last;

	if (stream->used == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	blkno = next_block(pages, stream, &buffer);
	put_page(pages, buffer, stream->image, PF_BM_DOCS + area, stream->used);
	memset(PF_BM_DATA(stream->image), 0, PF_BM_PAYLOAD);
	stream->used = 0;
	stream->npages++;

	last = stream->nextents > 0 ? &stream->extents[stream->nextents - 1] : NULL;
	if (last != NULL && last->start + last->npages == blkno)
	{
		last->npages++;
		return;
	}
	if (stream->nextents == stream->max_extents)
	{
		stream->max_extents *= 2;
		stream->extents = repalloc_huge(stream->extents, sizeof(PfBmExtent) * (Size) stream->max_extents);
	}
	stream->extents[stream->nextents].start = blkno;
	stream->extents[stream->nextents].npages = 1;
	stream->nextents++;
}

char *
pf_bm_stream_room(PfBmPages *pages, PfBmArea area, Size size)
{
	PfBmStream *stream = &pages->streams[area];

	Assert(size <= PF_BM_PAYLOAD);
	if (stream->used + size > PF_BM_PAYLOAD)
		pf_bm_stream_flush(pages, area);
	return PF_BM_DATA(stream->image) + stream->used;
}

static void
stream_add(PfBmPages *pages, PfBmArea area, const void *data, Size size)
{
	memcpy(pf_bm_stream_room(pages, area, size), data, size);
	pages->streams[area].used += size;
}

/* ---- documents ---- */

static int
counts_compare(const void *a, const void *b, void *arg)
{
	const PfBmCountsEntry *entries = arg;
	const PfBmCountsEntry *left = &entries[*(const uint32 *) a];
	const PfBmCountsEntry *right = &entries[*(const uint32 *) b];

	if (left->n != right->n)
		return left->n > right->n ? -1 : 1;
	return left->counts < right->counts ? -1 : left->counts > right->counts;
}

/* The commonest counts get the smallest codes. */
static void
assign_codes(PfBmWriter *writer, const PfBmCountsEntry *counts, uint32 ncounts)
{
	uint32	   *order = palloc_extended(sizeof(uint32) * Max(ncounts, 1), MCXT_ALLOC_HUGE);

	writer->map = palloc_extended(sizeof(uint32) * Max(ncounts, 1), MCXT_ALLOC_HUGE);
	writer->counts = palloc_extended(sizeof(PfBmCountsEntry) * Max(ncounts, 1), MCXT_ALLOC_HUGE);
	writer->tf = palloc_extended(sizeof(float4) * Max(ncounts, 1), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < ncounts; i++)
		order[i] = i;
	qsort_arg(order, ncounts, sizeof(uint32), counts_compare, unconstify(PfBmCountsEntry *, counts));
	for (uint32 i = 0; i < ncounts; i++)
	{
		writer->map[order[i]] = i;
		writer->counts[i] = counts[order[i]];
		writer->tf[i] = pf_bm_weighted(counts[order[i]].counts, writer->meta->weights, PF_BM_ALL_FIELDS);
	}
	writer->header.ncounts = ncounts;
	pfree(order);
}

PfBmWriter *
pf_bm_writer_begin(Relation index, const PfBmMeta *meta, bool build,
				   const PfBmCountsEntry *counts, uint32 ncounts)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed segment writer",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfBmWriter *writer = palloc0(sizeof(PfBmWriter));

	writer->index = index;
	writer->meta = meta;
	writer->context = context;
	writer->pages.index = index;
	writer->pages.build = build;
	writer->pages.id = build ? meta->next_owner : pf_bm_next_owner(index);
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		PfBmStream *stream = &writer->pages.streams[area];

		stream->image = palloc0(BLCKSZ);
		stream->max_extents = 16;
		stream->extents = palloc(sizeof(PfBmExtent) * stream->max_extents);
	}
	writer->header.id = writer->pages.id;
	writer->header.index_id = meta->index_id;
	writer->header.k1 = (float4) pf_bm_k1(index);
	writer->header.b = (float4) pf_bm_b(index);
	writer->header.next = InvalidBlockNumber;
	for (int i = 0; i < PF_BM_MAX_FILTERS; i++)
	{
		writer->header.min[i] = PG_INT64_MAX;
		writer->header.max[i] = PG_INT64_MIN;
	}
	writer->max_docs = 1024;
	writer->lengths = palloc(sizeof(float4) * writer->max_docs);
	writer->max_zones = 64;
	writer->zones = palloc(sizeof(PfBmZone) * writer->max_zones);
	writer->max_skips = 64;
	writer->skips = palloc(sizeof(PfBmSkip) * writer->max_skips);
	assign_codes(writer, counts, ncounts);
	writer->dictionary = pf_bm_dictionary_begin(&writer->pages);
	MemoryContextSwitchTo(old);
	return writer;
}

/* Widens the zones of the page that a document goes to. */
static void
add_to_zones(PfBmWriter *writer, const PfBmDoc *doc)
{
	PfBmHeader *header = &writer->header;
	const PfBmStream *docs = &writer->pages.streams[PF_BM_AREA_DOCS];
	int			nfilters = writer->meta->nfilters;
	PfBmZone   *zones;

	if (docs->used == 0)
	{
		if (header->nzones + nfilters > writer->max_zones)
		{
			writer->max_zones *= 2;
			writer->zones = repalloc_huge(writer->zones, sizeof(PfBmZone) * (Size) writer->max_zones);
		}
		for (int i = 0; i < nfilters; i++)
		{
			writer->zones[header->nzones].min = PG_INT64_MAX;
			writer->zones[header->nzones++].max = PG_INT64_MIN;
		}
	}
	zones = writer->zones + header->nzones - nfilters;
	for (int i = 0; i < nfilters; i++)
	{
		if (doc->nulls & (1 << i))
		{
			header->null_filters |= 1 << i;
			continue;
		}
		zones[i].min = Min(zones[i].min, doc->values[i]);
		zones[i].max = Max(zones[i].max, doc->values[i]);
		header->min[i] = Min(header->min[i], doc->values[i]);
		header->max[i] = Max(header->max[i], doc->values[i]);
	}
}

uint32
pf_bm_writer_add_doc(PfBmWriter *writer, const PfBmDoc *doc)
{
	PfBmHeader *header = &writer->header;
	PfBmPages  *pages = &writer->pages;

	Assert(!writer->terms_begun);
	if (header->ndocs == PF_BM_NO_DOC - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("index \"%s\" has too many documents", RelationGetRelationName(writer->index)),
				 errhint("Partition the table.")));
	if (header->ndocs == writer->max_docs)
	{
		writer->max_docs = writer->max_docs > PF_BM_NO_DOC / 2 ? PF_BM_NO_DOC : writer->max_docs * 2;
		writer->lengths = repalloc_huge(writer->lengths, sizeof(float4) * (Size) writer->max_docs);
	}
	writer->lengths[header->ndocs] = doc->length;
	if (doc->length >= 0)
	{
		header->ntexts++;
		header->sum_length += doc->length;
	}
	pf_bm_doc_pack(writer->meta, doc, pf_bm_stream_room(pages, PF_BM_AREA_DOCS, writer->meta->doc_width));
	add_to_zones(writer, doc);
	pages->streams[PF_BM_AREA_DOCS].used += writer->meta->doc_width;
	return header->ndocs++;
}

static int
length_compare(const void *a, const void *b)
{
	float4		left = *(const float4 *) a;
	float4		right = *(const float4 *) b;

	return left < right ? -1 : left > right;
}

/* All documents are there: number their lengths, and write what is for documents. */
static void
end_documents(PfBmWriter *writer)
{
	PfBmHeader *header = &writer->header;
	uint32		ndocs = header->ndocs;
	MemoryContext old = MemoryContextSwitchTo(writer->context);
	uint32		n = 0;

	writer->terms_begun = true;
	pf_bm_stream_flush(&writer->pages, PF_BM_AREA_DOCS);

	header->average = header->ntexts > 0 ? (float4) (header->sum_length / header->ntexts) : 0;
	writer->distinct = palloc_extended(sizeof(float4) * Max((Size) header->ntexts, 1), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < ndocs; i++)
	{
		if (writer->lengths[i] >= 0)
			writer->distinct[n++] = writer->lengths[i];
	}
	qsort(writer->distinct, n, sizeof(float4), length_compare);
	for (uint32 i = 0; i < n; i++)
	{
		if (header->nlengths == 0 || writer->distinct[header->nlengths - 1] != writer->distinct[i])
			writer->distinct[header->nlengths++] = writer->distinct[i];
	}
	writer->norms = palloc_extended(sizeof(float4) * Max((Size) header->nlengths, 1), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < header->nlengths; i++)
		writer->norms[i] = header->average > 0 ?
			header->k1 * (1 - header->b + header->b * writer->distinct[i] / header->average) : header->k1;

	writer->length_codes = (uint32 *) writer->lengths;
	for (uint32 i = 0; i < ndocs; i++)
	{
		float4		length = writer->lengths[i];
		uint32		low = 0;
		uint32		high = header->nlengths;

		if ((i & 0xFFFF) == 0xFFFF)
			CHECK_FOR_INTERRUPTS();
		while (high > low + 1)
		{
			uint32		middle = low + (high - low) / 2;

			if (writer->distinct[middle] <= length)
				low = middle;
			else
				high = middle;
		}
		writer->length_codes[i] = low;
	}

	for (uint32 doc = 0; doc < ndocs; doc += 8)
	{
		uint8		bits = ndocs - doc >= 8 ? 0xFF : (1 << (ndocs - doc)) - 1;

		stream_add(&writer->pages, PF_BM_AREA_ALIVE, &bits, 1);
	}
	pf_bm_stream_flush(&writer->pages, PF_BM_AREA_ALIVE);

	for (uint32 i = 0; i < header->ncounts; i++)
		stream_add(&writer->pages, PF_BM_AREA_TABLES, &writer->counts[i], sizeof(PfBmCountsEntry));
	pf_bm_stream_flush(&writer->pages, PF_BM_AREA_TABLES);
	for (uint32 i = 0; i < header->nlengths; i++)
		stream_add(&writer->pages, PF_BM_AREA_TABLES, &writer->distinct[i], sizeof(float4));
	pf_bm_stream_flush(&writer->pages, PF_BM_AREA_TABLES);
	for (int filter = 0; filter < writer->meta->nfilters; filter++)
	{
		for (uint32 i = filter; i < header->nzones; i += writer->meta->nfilters)
			stream_add(&writer->pages, PF_BM_AREA_TABLES, &writer->zones[i], sizeof(PfBmZone));
	}
	pf_bm_stream_flush(&writer->pages, PF_BM_AREA_TABLES);
	MemoryContextSwitchTo(old);
}

/* ---- postings ---- */

/* The block in the making goes to its page. */
static void
put_block(PfBmWriter *writer)
{
	PfBmStream *stream = &writer->pages.streams[PF_BM_AREA_POSTINGS];
	uint32		gaps[PF_BM_BLOCK];
	uint32		lengths[PF_BM_BLOCK];
	uint32		doc = writer->last_doc;
	uint32		all_gaps = 0;
	uint32		all_codes = 0;
	uint32		all_lengths = 0;
	float4		impact = 0;
	PfBmSkip	skip;
	Size		size;
	char	   *to;

	for (int i = 0; i < writer->n; i++)
	{
		float4		tf = writer->tf[writer->codes[i]];

		/* PF_BM_NO_DOC + 1 is 0 */
		gaps[i] = writer->docs[i] - doc - 1;
		doc = writer->docs[i];
		lengths[i] = writer->length_codes[doc];
		all_gaps |= gaps[i];
		all_codes |= writer->codes[i];
		all_lengths |= lengths[i];
		if (tf > 0)
		{
			float4		saturation = tf / (tf + writer->norms[lengths[i]]);

			impact = Max(impact, saturation);
		}
	}

	memset(&skip, 0, sizeof(skip));
	skip.last_doc = doc;
	skip.doc_bits = pf_bm_width(all_gaps);
	skip.count_bits = pf_bm_width(all_codes);
	skip.length_bits = pf_bm_width(all_lengths);
	skip.n = writer->n - 1;
	/* One more than needed makes up for single precision. */
	skip.impact = (uint16) Min(ceilf(impact * 65535.0f) + 1, 65535.0f);

	size = pf_bm_block_size(writer->n, skip.doc_bits, skip.count_bits, skip.length_bits);
	to = pf_bm_stream_room(&writer->pages, PF_BM_AREA_POSTINGS, size);
	*to = 0;
	skip.page = stream->npages;
	skip.offset = stream->used;
	to = pf_bm_pack(to, gaps, writer->n, skip.doc_bits);
	to = pf_bm_pack(to, writer->codes, writer->n, skip.count_bits);
	to = pf_bm_pack(to, lengths, writer->n, skip.length_bits);
	stream->used += size;

	if (writer->nskips == writer->max_skips)
	{
		writer->max_skips *= 2;
		writer->skips = repalloc_huge(writer->skips, sizeof(PfBmSkip) * (Size) writer->max_skips);
	}
	writer->skips[writer->nskips++] = skip;
	writer->last_doc = doc;
	writer->n = 0;
}

/* The current term has all its postings: its skip entries and its place in the dictionary. */
static void
end_term(PfBmWriter *writer)
{
	PfBmTerm	term;

	if (writer->df == 0)
		return;
	memset(&term, 0, sizeof(term));
	term.df = writer->df;
	if (writer->df == 1)
	{
		term.doc = writer->docs[0];
		term.code = writer->codes[0];
		term.length = writer->length_codes[term.doc];
	}
	else
	{
		if (writer->n > 0)
			put_block(writer);
		term.nblocks = writer->nskips;
		for (uint32 i = 0; i < writer->nskips; i++)
			term.impact = Max(term.impact, writer->skips[i].impact);
		if (writer->nskips == 1)
			term.only = writer->skips[0];
		else
		{
			if (writer->header.nskips > PG_UINT32_MAX - writer->nskips)
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("index \"%s\" has too many postings", RelationGetRelationName(writer->index)),
						 errhint("Partition the table.")));
			term.skip = writer->header.nskips;
			for (uint32 i = 0; i < writer->nskips; i++)
				stream_add(&writer->pages, PF_BM_AREA_SKIPS, &writer->skips[i], sizeof(PfBmSkip));
			writer->header.nskips += writer->nskips;
		}
	}
	pf_bm_dictionary_add(writer->dictionary, &term);
	writer->header.nterms++;
	writer->header.npostings += writer->df;
	writer->df = 0;
	writer->n = 0;
}

void
pf_bm_writer_term(PfBmWriter *writer, const char *term, int len)
{
	if (!writer->terms_begun)
		end_documents(writer);
	end_term(writer);
	pf_bm_dictionary_term(writer->dictionary, term, len);
	writer->last_doc = PF_BM_NO_DOC;
	writer->nskips = 0;
}

void
pf_bm_writer_postings(PfBmWriter *writer, const uint32 *docs, const uint32 *codes, int n)
{
	for (int i = 0; i < n; i++)
	{
		Assert(docs[i] < writer->header.ndocs);
		Assert(codes[i] < writer->header.ncounts);
		if (writer->n == PF_BM_BLOCK)
			put_block(writer);
		writer->docs[writer->n] = docs[i];
		writer->codes[writer->n] = writer->map[codes[i]];
		writer->n++;
	}
	writer->df += n;
}

/* ---- header ---- */

/* The header, with as many further pages as the extents need, the last one first. */
static BlockNumber
put_header(PfBmWriter *writer)
{
	PfBmHeader *header = &writer->header;
	PfBmPages  *pages = &writer->pages;
	uint32		nfirst = (PF_BM_PAYLOAD - MAXALIGN(sizeof(PfBmHeader))) / sizeof(PfBmExtent);
	uint32		nmore = (PF_BM_PAYLOAD - sizeof(PfBmMoreExtents)) / sizeof(PfBmExtent);
	uint32		n = 0;
	PfBmExtent *all;
	char	   *image = palloc0(BLCKSZ);
	BlockNumber next = InvalidBlockNumber;
	Buffer		buffer;

	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		header->npages[area] = pages->streams[area].npages;
		header->nextents[area] = pages->streams[area].nextents;
		n += header->nextents[area];
	}
	all = palloc_extended(sizeof(PfBmExtent) * Max((Size) n, 1), MCXT_ALLOC_HUGE);
	n = 0;
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		memcpy(all + n, pages->streams[area].extents, sizeof(PfBmExtent) * header->nextents[area]);
		n += header->nextents[area];
	}

	while (n > nfirst)
	{
		PfBmMoreExtents *more = (PfBmMoreExtents *) PF_BM_DATA(image);

		more->next = next;
		more->n = (n - nfirst - 1) % nmore + 1;
		n -= more->n;
		memcpy(more + 1, all + n, sizeof(PfBmExtent) * more->n);
		buffer = pf_bm_page_claim(pages->index, pages->build);
		next = BufferGetBlockNumber(buffer);
		put_page(pages, buffer, image, PF_BM_HEADER, sizeof(PfBmMoreExtents) + sizeof(PfBmExtent) * more->n);
	}
	header->next = next;
	memset(image, 0, BLCKSZ);
	memcpy(PF_BM_DATA(image), header, sizeof(PfBmHeader));
	memcpy(PF_BM_DATA(image) + MAXALIGN(sizeof(PfBmHeader)), all, sizeof(PfBmExtent) * n);
	buffer = pf_bm_page_claim(pages->index, pages->build);
	next = BufferGetBlockNumber(buffer);
	put_page(pages, buffer, image, PF_BM_HEADER,
			 MAXALIGN(sizeof(PfBmHeader)) + sizeof(PfBmExtent) * n);
	return next;
}

void
pf_bm_writer_end(PfBmWriter *writer, PfBmSegmentEntry *entry)
{
	PfBmHeader *header = &writer->header;
	PfBmPages  *pages = &writer->pages;
	MemoryContext old = MemoryContextSwitchTo(writer->context);

	if (!writer->terms_begun)
		end_documents(writer);
	end_term(writer);
	pf_bm_stream_flush(pages, PF_BM_AREA_POSTINGS);
	pf_bm_stream_flush(pages, PF_BM_AREA_SKIPS);
	pf_bm_dictionary_end(writer->dictionary, header);

	memset(entry, 0, sizeof(PfBmSegmentEntry));
	entry->header = put_header(writer);
	entry->id = header->id;
	entry->ndocs = header->ndocs;
	entry->ntexts = header->ntexts;
	entry->sum_length = header->sum_length;
	entry->npages = pages->npages;

	/* What was reserved and not needed. */
	for (int area = 0; area < PF_BM_AREAS; area++)
	{
		PfBmStream *stream = &pages->streams[area];

		for (; stream->nreserved > 0; stream->nreserved--)
			RecordFreeIndexPage(writer->index, stream->reserved++);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(writer->context);
}
