/*-------------------------------------------------------------------------
 *
 * segment_source.c
 *		A published segment as a source to merge from.
 *
 * Documents and alive bits are read a page at a time: a page of either is copied
 * once and then served from memory.  Postings keep the segment's own
 * document numbers, the dead among them; the merge drops those.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "utils/memutils.h"

typedef struct SegmentSource
{
	PfBmSource	source;			/* first: what the users of the source see of this */
	MemoryContext context;
	Relation	index;
	PfBmMeta	meta;
	PfBmSegment *segment;

	uint32		next_doc;
	Buffer		pinned;
	char		docs[PF_BM_PAYLOAD];	/* the page of next_doc */
	uint8		alive[PF_BM_PAYLOAD];

	bool		walking;		/* terms was begun */
	PfBmTermScan terms;
	bool		single;			/* the current term's only posting is still to come */
	bool		open;			/* cursor is, on the current term */
	PfBmCursor	cursor;
} SegmentSource;

/* Copies a page of an area, of which size bytes are needed. */
static void
copy_page(SegmentSource *segment_source, PfBmArea area, uint32 number, void *to, Size size)
{
	Page		page = pf_bm_segment_page(segment_source->index, segment_source->segment, area, number,
										  &segment_source->pinned);

	if (size > ((PageHeader) page)->pd_lower - SizeOfPageHeaderData)
		pf_bm_corrupt(segment_source->index, BufferGetBlockNumber(segment_source->pinned),
					  "documents are missing");
	memcpy(to, PF_BM_DATA(page), size);
	pf_bm_segment_done(area, segment_source->pinned);
	ReleaseBuffer(segment_source->pinned);
	segment_source->pinned = InvalidBuffer;
}

static bool
source_doc(PfBmSource *source, PfBmDoc *doc)
{
	SegmentSource *segment_source = (SegmentSource *) source;
	uint32		width = segment_source->meta.doc_width;
	uint32		per_page = PF_BM_PAYLOAD / width;
	uint32		per_alive = PF_BM_PAYLOAD * 8;
	uint32		number = segment_source->next_doc++;
	uint32		left = source->ndocs - number;
	uint32		bit = number % per_alive;

	Assert(number < source->ndocs);
	if (bit == 0)
		copy_page(segment_source, PF_BM_AREA_ALIVE, number / per_alive, segment_source->alive,
				  (Min(left, per_alive) + 7) / 8);
	if (number % per_page == 0)
		copy_page(segment_source, PF_BM_AREA_DOCS, number / per_page, segment_source->docs,
				  (Size) Min(left, per_page) * width);
	if ((segment_source->alive[bit / 8] & (1 << (bit % 8))) == 0)
		return false;
	pf_bm_doc_unpack(&segment_source->meta, segment_source->docs + (Size) (number % per_page) * width, doc);
	return true;
}

static void
close_cursor(SegmentSource *segment_source)
{
	if (segment_source->open)
		pf_bm_cursor_close(&segment_source->cursor);
	segment_source->open = false;
}

static bool
source_next(PfBmSource *source)
{
	SegmentSource *segment_source = (SegmentSource *) source;
	PfBmTermScan *terms = &segment_source->terms;

	if (!segment_source->walking)
	{
		MemoryContext old = MemoryContextSwitchTo(segment_source->context);

		pf_bm_terms_begin(terms, segment_source->index, segment_source->segment, "", 0);
		segment_source->walking = true;
		MemoryContextSwitchTo(old);
	}
	close_cursor(segment_source);
	if (!pf_bm_terms_next(terms))
		return false;
	source->term = terms->term;
	source->len = terms->len;
	segment_source->single = terms->info.df == 1;
	return true;
}

static int
source_postings(PfBmSource *source, uint32 *docs, uint32 *codes)
{
	SegmentSource *segment_source = (SegmentSource *) source;
	const PfBmTerm *term = &segment_source->terms.info;
	PfBmCursor *cursor = &segment_source->cursor;
	int			n;

	/* Most terms are like this, and need no cursor. */
	if (term->df == 1)
	{
		if (!segment_source->single)
			return 0;
		segment_source->single = false;
		docs[0] = term->doc;
		codes[0] = term->code;
		return 1;
	}

	if (!segment_source->open)
	{
		MemoryContext old = MemoryContextSwitchTo(segment_source->context);

		pf_bm_cursor_open(cursor, segment_source->index, segment_source->segment, term, false);
		segment_source->open = true;
		MemoryContextSwitchTo(old);
	}
	if (cursor->doc == PF_BM_NO_DOC)
		return 0;

	/* Decodes the codes of the whole block. */
	(void) pf_bm_cursor_code(cursor);
	n = cursor->n - cursor->pos;
	memcpy(docs, cursor->docs + cursor->pos, sizeof(uint32) * n);
	memcpy(codes, cursor->codes + cursor->pos, sizeof(uint32) * n);
	cursor->pos = cursor->n - 1;
	cursor->doc = cursor->docs[cursor->pos];
	(void) pf_bm_cursor_next(cursor);
	return n;
}

static void
source_close(PfBmSource *source)
{
	SegmentSource *segment_source = (SegmentSource *) source;

	close_cursor(segment_source);
	if (segment_source->walking)
		pf_bm_terms_end(&segment_source->terms);
	pf_bm_segment_release(segment_source->segment);
	MemoryContextDelete(segment_source->context);
}

PfBmSource *
pf_bm_segment_source(Relation index, const PfBmMeta *meta, const PfBmSegmentEntry *entry)
{
	PfBmSegment *segment = pf_bm_segment_open(index, meta, entry);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed segment source",
												  ALLOCSET_DEFAULT_SIZES);
	SegmentSource *segment_source = MemoryContextAllocZero(context, sizeof(SegmentSource));
	PfBmSource *source = &segment_source->source;

	segment_source->context = context;
	segment_source->index = index;
	segment_source->segment = segment;
	segment_source->pinned = InvalidBuffer;
	memcpy(&segment_source->meta, meta, offsetof(PfBmMeta, nsegments));

	source->ndocs = segment->header.ndocs;
	source->ncounts = segment->header.ncounts;
	source->counts = segment->entries;
	source->doc = source_doc;
	source->next = source_next;
	source->postings = source_postings;
	source->close = source_close;
	return source;
}
