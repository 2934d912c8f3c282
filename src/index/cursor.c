/*-------------------------------------------------------------------------
 *
 * cursor.c
 *		Reading the postings of a term, block by block.
 *
 * A block is decoded into the cursor from its pinned page, on a standby under a share
 * lock: documents when it is entered, codes and lengths when they are asked for.  The skip
 * entries of a list are copied whole, 16 bytes for 128 postings, so that
 * finding a block costs no more page reads.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/codec.h"
#include "index/index.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* Postings that a search in a block goes over at once. */
#define STRIDE			16

#define SKIPS_PER_PAGE	(PF_BM_PAYLOAD / sizeof(PfBmSkip))

static void
read_skips(PfBmCursor *cursor)
{
	uint32		n = cursor->term.nblocks;
	uint32		at = cursor->term.skip;
	uint32		done = 0;
	Buffer		pinned = InvalidBuffer;

	cursor->skip = palloc_extended(sizeof(PfBmSkip) * (Size) n, MCXT_ALLOC_HUGE);
	while (done < n)
	{
		uint32		from = (at + done) % SKIPS_PER_PAGE;
		uint32		some = Min(SKIPS_PER_PAGE - from, n - done);
		Page		page = pf_bm_segment_page(cursor->index, cursor->segment, PF_BM_AREA_SKIPS,
											  (at + done) / SKIPS_PER_PAGE, &pinned);

		if ((from + some) * sizeof(PfBmSkip) > ((PageHeader) page)->pd_lower - SizeOfPageHeaderData)
			pf_bm_corrupt(cursor->index, BufferGetBlockNumber(pinned), "skip entries are missing");
		memcpy(cursor->skip + done, PF_BM_DATA(page) + from * sizeof(PfBmSkip), some * sizeof(PfBmSkip));
		pf_bm_segment_done(PF_BM_AREA_SKIPS, pinned);
		done += some;
	}
	ReleaseBuffer(pinned);
}

static inline const PfBmSkip *
skip_of(const PfBmCursor *cursor, uint32 block)
{
	return cursor->term.nblocks == 1 ? &cursor->term.only : &cursor->skip[block];
}

/* A query of many terms must not hold a page for each of them. */
static inline void
unpin(PfBmCursor *cursor)
{
	if (cursor->unpinned && BufferIsValid(cursor->postings))
	{
		ReleaseBuffer(cursor->postings);
		cursor->postings = InvalidBuffer;
	}
}

/* Decodes a block's documents, or with codes what goes with them. */
static void
decode(PfBmCursor *cursor, uint32 block, bool codes)
{
	const PfBmSkip *skip = skip_of(cursor, block);
	const PfBmHeader *header = &cursor->segment->header;
	int			n = skip->n + 1;
	Size		docs_size = pf_bm_packed_size(n, skip->doc_bits);
	Size		codes_size = pf_bm_packed_size(n, skip->count_bits);
	Size		lengths_size = pf_bm_packed_size(n, skip->length_bits);
	Page		page = pf_bm_segment_page(cursor->index, cursor->segment, PF_BM_AREA_POSTINGS, skip->page,
										  &cursor->postings);
	const char *from = PF_BM_DATA(page) + skip->offset;

	if (n > PF_BM_BLOCK || skip->doc_bits > 32 || skip->count_bits > 32 || skip->length_bits > 32 ||
		skip->offset + docs_size + codes_size + lengths_size >
		((PageHeader) page)->pd_lower - SizeOfPageHeaderData)
		pf_bm_corrupt(cursor->index, BufferGetBlockNumber(cursor->postings), "a block of postings is out of bounds");

	if (!codes)
	{
		uint64		next = block == 0 ? 0 : (uint64) skip_of(cursor, block - 1)->last_doc + 1;

		pf_bm_unpack(from, cursor->docs, n, skip->doc_bits);
		pf_bm_segment_done(PF_BM_AREA_POSTINGS, cursor->postings);
		for (int i = 0; i < n; i++)
		{
			next += cursor->docs[i];
			cursor->docs[i] = (uint32) next++;
		}
		if (next > header->ndocs || (cursor->term.nblocks > 1 && next != (uint64) skip->last_doc + 1))
			pf_bm_corrupt(cursor->index, BufferGetBlockNumber(cursor->postings), "a block of postings ends elsewhere");
		for (int i = n; i % STRIDE != 0; i++)
			cursor->docs[i] = PF_BM_NO_DOC;
		cursor->n = n;
		cursor->block = block;
		cursor->coded = false;
	}
	else
	{
		uint32		max_code = 0;
		uint32		max_length = 0;

		pf_bm_unpack(from + docs_size, cursor->codes, n, skip->count_bits);
		pf_bm_unpack(from + docs_size + codes_size, cursor->lengths, n, skip->length_bits);
		pf_bm_segment_done(PF_BM_AREA_POSTINGS, cursor->postings);
		for (int i = 0; i < n; i++)
		{
			max_code = Max(max_code, cursor->codes[i]);
			max_length = Max(max_length, cursor->lengths[i]);
		}
		if (max_code >= header->ncounts || max_length >= header->nlengths)
			pf_bm_corrupt(cursor->index, BufferGetBlockNumber(cursor->postings), "a posting is out of range");
		cursor->coded = true;
	}
	unpin(cursor);
}

void
pf_bm_cursor_open(PfBmCursor *cursor, Relation index, PfBmSegment *segment, const PfBmTerm *term, bool unpinned)
{
	cursor->index = index;
	cursor->segment = segment;
	cursor->term = *term;
	cursor->pos = 0;
	cursor->n = 0;
	cursor->block = 0;
	cursor->shallow = 0;
	cursor->coded = false;
	cursor->unpinned = unpinned;
	cursor->postings = InvalidBuffer;
	cursor->skip = NULL;
	if (term->df == 0)
	{
		cursor->doc = PF_BM_NO_DOC;
		return;
	}
	if (term->df == 1)
	{
		cursor->docs[0] = term->doc;
		cursor->codes[0] = term->code;
		cursor->lengths[0] = term->length;
		cursor->n = 1;
		cursor->coded = true;
		cursor->doc = term->doc;
		return;
	}
	if (term->nblocks > 1)
		read_skips(cursor);
	decode(cursor, 0, false);
	cursor->doc = cursor->docs[0];
}

void
pf_bm_cursor_close(PfBmCursor *cursor)
{
	if (BufferIsValid(cursor->postings))
		ReleaseBuffer(cursor->postings);
	if (cursor->skip != NULL)
		pfree(cursor->skip);
	cursor->postings = InvalidBuffer;
	cursor->skip = NULL;
	cursor->doc = PF_BM_NO_DOC;
}

/* First block from a given one whose last document is >= doc: by galloping. */
static inline uint32
find_block(const PfBmCursor *cursor, uint32 from, uint32 doc)
{
	const PfBmSkip *skip = cursor->skip;
	uint32		nblocks = cursor->term.nblocks;
	uint32		low = from;
	uint32		high = from;
	uint32		step = 1;

	while (high < nblocks && skip[high].last_doc < doc)
	{
		low = high + 1;
		high = nblocks - high > step ? high + step : nblocks;
		step *= 2;
	}
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (skip[middle].last_doc < doc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32
pf_bm_cursor_seek(PfBmCursor *cursor, uint32 doc)
{
	int			low;

	if (cursor->doc >= doc)
		return cursor->doc;
	if (cursor->docs[cursor->n - 1] < doc)
	{
		uint32		block;

		if (cursor->term.nblocks <= 1)
			return cursor->doc = PF_BM_NO_DOC;
		block = find_block(cursor, Max(cursor->block + 1, cursor->shallow), doc);
		if (block >= cursor->term.nblocks)
			return cursor->doc = PF_BM_NO_DOC;
		decode(cursor, block, false);
		cursor->pos = 0;
	}

	/* The block has a document >= doc; count those before it, first by strides. */
	low = cursor->pos;
	if (cursor->docs[low] < doc)
	{
		const uint32 *docs = cursor->docs;
		int			strides = 0;
		int			before = 0;

		for (int i = STRIDE - 1; i < cursor->n - 1; i += STRIDE)
			strides += docs[i] < doc;
		docs += strides * STRIDE;
		for (int i = 0; i < STRIDE; i++)
			before += docs[i] < doc;
		low = strides * STRIDE + before;
	}
	cursor->pos = low;
	return cursor->doc = cursor->docs[low];
}

uint32
pf_bm_cursor_next(PfBmCursor *cursor)
{
	if (cursor->pos + 1 < cursor->n)
		return cursor->doc = cursor->docs[++cursor->pos];
	if (cursor->block + 1 >= cursor->term.nblocks)
		return cursor->doc = PF_BM_NO_DOC;
	decode(cursor, cursor->block + 1, false);
	cursor->pos = 0;
	return cursor->doc = cursor->docs[0];
}

void
pf_bm_cursor_codes(PfBmCursor *cursor)
{
	if (!cursor->coded)
		decode(cursor, cursor->block, true);
}

void
pf_bm_cursor_posting(PfBmCursor *cursor, uint32 *code, uint32 *length)
{
	const PfBmSkip *skip;
	Size		docs_size;
	Size		codes_size;
	Size		at;
	Page		page;
	const char *from;
	int			n;

	if (cursor->coded)
	{
		*code = cursor->codes[cursor->pos];
		*length = cursor->lengths[cursor->pos];
		return;
	}

	/* The bounds were seen to when the block's documents were decoded. */
	skip = skip_of(cursor, cursor->block);
	n = skip->n + 1;
	docs_size = pf_bm_packed_size(n, skip->doc_bits);
	codes_size = pf_bm_packed_size(n, skip->count_bits);
	page = pf_bm_segment_page(cursor->index, cursor->segment, PF_BM_AREA_POSTINGS, skip->page, &cursor->postings);
	from = PF_BM_DATA(page) + skip->offset + docs_size;
	at = (Size) cursor->pos * skip->count_bits;
	pf_bm_unpack_one(from, at, skip->count_bits, code);
	at = (Size) cursor->pos * skip->length_bits;
	pf_bm_unpack_one(from + codes_size, at, skip->length_bits, length);
	pf_bm_segment_done(PF_BM_AREA_POSTINGS, cursor->postings);
	if (*code >= cursor->segment->header.ncounts || *length >= cursor->segment->header.nlengths)
		pf_bm_corrupt(cursor->index, BufferGetBlockNumber(cursor->postings), "a posting is out of range");
	unpin(cursor);
}

uint32
pf_bm_cursor_code(PfBmCursor *cursor)
{
	pf_bm_cursor_codes(cursor);
	return cursor->codes[cursor->pos];
}

uint32
pf_bm_cursor_shallow(PfBmCursor *cursor, uint32 doc, uint16 *impact)
{
	const PfBmSkip *skip;

	if (cursor->term.nblocks <= 1)
	{
		/* One block, whose end the dictionary does not tell. */
		uint32		last = cursor->n > 0 ? cursor->docs[cursor->n - 1] : 0;

		if (cursor->n == 0 || doc > last)
		{
			*impact = 0;
			return PF_BM_NO_DOC;
		}
		*impact = cursor->term.impact;
		return last;
	}
	if (cursor->shallow < cursor->term.nblocks && cursor->skip[cursor->shallow].last_doc < doc)
		cursor->shallow = find_block(cursor, cursor->shallow + 1, doc);
	if (cursor->shallow >= cursor->term.nblocks)
	{
		*impact = 0;
		return PF_BM_NO_DOC;
	}
	skip = &cursor->skip[cursor->shallow];
	*impact = skip->impact;
	return skip->last_doc;
}
