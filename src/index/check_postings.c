/*-------------------------------------------------------------------------
 *
 * check_postings.c
 *		index_check() of a segment's postings and skip entries.
 *
 * Lists come in the order of the terms and were written in that order, so
 * each begins where the one before ended, with nothing between and nothing
 * shared.  Every posting is decoded: its document, counts and length, and the
 * largest impact of its block, which queries rely on to leave blocks out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/check.h"
#include "index/codec.h"

#include "miscadmin.h"

#define SKIPS_PER_PAGE	((uint32) (PF_BM_PAYLOAD / sizeof(PfBmSkip)))

PfBmCheckPostings *
pf_bm_check_postings_begin(PfBmCheck *check, PfBmCheckSegment *segment)
{
	PfBmCheckPostings *state = palloc0(sizeof(PfBmCheckPostings));

	state->check = check;
	state->segment = segment;
	state->known = true;
	state->skips_page = PF_BM_NO_DOC;
	state->postings_page = PF_BM_NO_DOC;
	return state;
}

/* The page of an area, kept for the next call; false if it is not sound. */
static bool
load(PfBmCheckPostings *state, PfBmArea area, uint32 page)
{
	bool		skips = area == PF_BM_AREA_SKIPS;
	uint32	   *number = skips ? &state->skips_page : &state->postings_page;
	bool	   *sound = skips ? &state->skips_sound : &state->postings_sound;

	if (*number != page)
	{
		*number = page;
		*sound = pf_bm_check_area(state->check, state->segment, area, page,
								  skips ? &state->skips : &state->postings);
	}
	if (!*sound)
		state->segment->complete = false;
	return *sound;
}

/* A skip entry; false if it could not be read. */
static bool
read_skip(PfBmCheckPostings *state, uint32 number, PfBmSkip *skip)
{
	uint32		page = number / SKIPS_PER_PAGE;
	Size		pos = (number % SKIPS_PER_PAGE) * sizeof(PfBmSkip);

	if (!load(state, PF_BM_AREA_SKIPS, page))
		return false;
	if (pos + sizeof(PfBmSkip) > PF_BM_USED(state->skips.data))
	{
		pf_bm_check_report(state->check, pf_bm_check_block(state->segment, PF_BM_AREA_SKIPS, page),
						   "skips",
						   "entry %u is behind the page's %u bytes", number,
						   (unsigned) PF_BM_USED(state->skips.data));
		state->segment->complete = false;
		return false;
	}
	memcpy(skip, PF_BM_DATA(state->skips.data) + pos, sizeof(PfBmSkip));
	return true;
}

/* One posting; gives whether its code and length are in the tables. */
static bool
check_posting(PfBmCheckPostings *state, BlockNumber blkno, const char *part, uint32 doc,
			  uint32 code, uint32 length)
{
	PfBmCheckSegment *segment = state->segment;
	uint32		of_doc = segment->codes[doc];

	if (code >= segment->header.ncounts || length >= segment->header.nlengths)
	{
		pf_bm_check_report(state->check, blkno, part,
						   "posting of document %u has code %u of %u, length %u of %u", doc,
						   code, segment->header.ncounts, length, segment->header.nlengths);
		segment->complete = false;
		return false;
	}
	if (of_doc != PF_BM_CODE_UNKNOWN && of_doc != length)
		pf_bm_check_report(state->check, blkno, part,
						   "posting of document %u has length %u, the document has %u", doc,
						   length, of_doc);
	if (segment->counts != NULL)
		segment->sums[doc] += pf_bm_weighted(segment->counts[code], state->check->meta.weights,
											 PF_BM_ALL_FIELDS);
	return true;
}

/* Is the impact stored at least that of the postings, and no more than rounding adds? */
static void
check_impact(PfBmCheckPostings *state, BlockNumber blkno, const char *part, double impact,
			 uint16 stored)
{
	double		exact = impact * 65535;

	if (stored + 0.01 < Min(exact, 65535) || stored > exact + 4)
		pf_bm_check_report(state->check, blkno, part,
						   "impact is %u where the largest of the block is %.3f", stored,
						   exact);
}

/* Where the block is: behind the one before, and on the page. */
static bool
check_place(PfBmCheckPostings *state, BlockNumber from, const char *part, const PfBmSkip *skip,
			Size size)
{
	BlockNumber blkno;

	if (skip->doc_bits > 32 || skip->count_bits > 32 || skip->length_bits > 32 ||
		skip->n >= PF_BM_BLOCK ||
		skip->page >= state->segment->header.npages[PF_BM_AREA_POSTINGS])
	{
		pf_bm_check_report(state->check, from, part,
						   "block on page %u, %u postings of %u, %u and %u bits", skip->page,
						   skip->n + 1, skip->doc_bits, skip->count_bits, skip->length_bits);
		state->segment->complete = state->known = false;
		return false;
	}
	blkno = pf_bm_check_block(state->segment, PF_BM_AREA_POSTINGS, skip->page);
	if (state->known &&
		!(skip->page == state->next_page && skip->offset == state->next_offset) &&
		!(skip->page == state->next_page + 1 && skip->offset == 0 && state->next_offset > 0))
		pf_bm_check_report(state->check, blkno, "postings",
						   "block at %u does not follow the one before, on page %u to %u",
						   skip->offset, state->next_page, state->next_offset);
	state->known = true;
	state->next_page = skip->page;
	state->next_offset = skip->offset + size;
	if (!load(state, PF_BM_AREA_POSTINGS, skip->page))
		return false;
	if (skip->offset + size > PF_BM_USED(state->postings.data))
	{
		pf_bm_check_report(state->check, blkno, "postings",
						   "block at %u of %u bytes is behind the page's %u",
						   skip->offset, (unsigned) size,
						   (unsigned) PF_BM_USED(state->postings.data));
		state->segment->complete = false;
		return false;
	}
	return true;
}

/*
 * A block, whose first document is behind "before" (-1 = none).  Skip entries
 * were read from block "from"; last_doc PF_BM_NO_DOC = not told there.
 */
static void
check_block(PfBmCheckPostings *state, BlockNumber from, const char *part, const PfBmSkip *skip,
			int64 before,
			uint32 last_doc)
{
	const PfBmHeader *header = &state->segment->header;
	int			n = skip->n + 1;
	Size		sizes[3] = {
		pf_bm_packed_size(n, skip->doc_bits),
		pf_bm_packed_size(n, skip->count_bits),
		pf_bm_packed_size(n, skip->length_bits)
	};
	uint32		values[3][PF_BM_BLOCK];
	const char *data;
	BlockNumber blkno;
	int64		doc = before;
	double		impact = 0;
	bool		sound = state->segment->counts != NULL && state->segment->lengths != NULL;

	if (!check_place(state, from, part, skip,
					 pf_bm_block_size(n, skip->doc_bits, skip->count_bits, skip->length_bits)))
		return;
	blkno = pf_bm_check_block(state->segment, PF_BM_AREA_POSTINGS, skip->page);
	data = PF_BM_DATA(state->postings.data) + skip->offset;
	pf_bm_unpack(data, values[0], n, skip->doc_bits);
	pf_bm_unpack(data + sizes[0], values[1], n, skip->count_bits);
	pf_bm_unpack(data + sizes[0] + sizes[1], values[2], n, skip->length_bits);

	for (int i = 0; i < n; i++)
	{
		doc += (int64) values[0][i] + 1;
		if (doc >= header->ndocs)
		{
			pf_bm_check_report(state->check, blkno, "postings",
							   "block at %u: document " INT64_FORMAT " of %u",
							   skip->offset, doc, header->ndocs);
			state->segment->complete = false;
			return;
		}
		if (!check_posting(state, blkno, "postings", (uint32) doc, values[1][i], values[2][i]))
			sound = false;
		if (sound)
		{
			float4		tf = pf_bm_weighted(state->segment->counts[values[1][i]],
											state->check->meta.weights,
											PF_BM_ALL_FIELDS);
			double		saturation = pf_bm_saturation(tf, state->segment->lengths[values[2][i]],
													  header->average,
													  header->k1, header->b);

			impact = Max(impact, saturation);
		}
	}
	if (last_doc != PF_BM_NO_DOC && doc != last_doc)
		pf_bm_check_report(state->check, blkno, "postings",
						   "block at %u ends with document " INT64_FORMAT ", not %u",
						   skip->offset, doc, last_doc);
	if (sound)
		check_impact(state, from, part, impact, skip->impact);
}

/* A list of more than one block. */
static void
check_list(PfBmCheckPostings *state, BlockNumber leaf, const PfBmTerm *term)
{
	uint32		nskips = state->segment->header.nskips;
	int64		before = -1;
	uint16		impact = 0;
	bool		complete = true;

	if (term->skip > nskips || term->nblocks > nskips - term->skip)
	{
		pf_bm_check_report(state->check, leaf, "dictionary",
						   "a term has skip entries from %u on, %u of %u", term->skip,
						   term->nblocks, nskips);
		state->segment->complete = state->known = false;
		return;
	}
	if (state->known && term->skip != state->next_skip)
		pf_bm_check_report(state->check, leaf, "dictionary",
						   "a term has skip entries from %u on, not from %u",
						   term->skip, state->next_skip);
	state->next_skip = term->skip + term->nblocks;

	for (uint32 i = 0; i < term->nblocks && !pf_bm_check_full(state->check); i++)
	{
		uint32		number = term->skip + i;
		uint32		n = i + 1 < term->nblocks ? PF_BM_BLOCK : (term->df - 1) % PF_BM_BLOCK + 1;
		BlockNumber blkno = pf_bm_check_block(state->segment, PF_BM_AREA_SKIPS,
											  number / SKIPS_PER_PAGE);
		PfBmSkip	skip;

		if (!read_skip(state, number, &skip))
		{
			/* What is behind cannot be decoded, nor placed. */
			state->known = false;
			return;
		}
		if (skip.n + 1u != n)
			pf_bm_check_report(state->check, blkno, "skips", "entry %u has %u postings, not %u",
							   number, skip.n + 1, n);
		check_block(state, blkno, "skips", &skip, before, skip.last_doc);
		if ((int64) skip.last_doc <= before || skip.last_doc >= state->segment->header.ndocs)
			complete = false;
		before = skip.last_doc;
		impact = Max(impact, skip.impact);
		CHECK_FOR_INTERRUPTS();
	}
	if (!complete)
		pf_bm_check_report(state->check, leaf, "skips",
						   "last documents of entries %u to %u are not in order",
						   term->skip, term->skip + term->nblocks - 1);
	if (impact != term->impact)
		pf_bm_check_report(state->check, leaf, "dictionary",
						   "a term's impact is %u, the largest of its entries %u",
						   term->impact, impact);
}

/* The postings of the next term, as its entry on block "leaf" says. */
void
pf_bm_check_postings(PfBmCheckPostings *state, BlockNumber leaf, const PfBmTerm *term)
{
	const PfBmHeader *header = &state->segment->header;

	if (term->df == 0 || term->df > header->ndocs)
	{
		pf_bm_check_report(state->check, leaf, "dictionary", "a term is in %u documents of %u",
						   term->df, header->ndocs);
		state->segment->complete = state->known = false;
		return;
	}
	state->npostings += term->df;
	if (term->df == 1)
	{
		if (term->doc >= header->ndocs)
		{
			pf_bm_check_report(state->check, leaf, "dictionary", "a term is in document %u of %u",
							   term->doc,
							   header->ndocs);
			state->segment->complete = false;
		}
		else
			(void) check_posting(state, leaf, "dictionary", term->doc, term->code, term->length);
	}
	else if (term->nblocks == 1)
		check_block(state, leaf, "dictionary", &term->only, -1, PF_BM_NO_DOC);
	else
		check_list(state, leaf, term);
}

/* All terms were there, if the segment is complete. */
void
pf_bm_check_postings_end(PfBmCheckPostings *state)
{
	PfBmCheckSegment *segment = state->segment;
	const PfBmHeader *header = &segment->header;
	BlockNumber blkno = segment->entry->header;
	uint32		npages = header->npages[PF_BM_AREA_POSTINGS];

	if (!segment->complete || pf_bm_check_full(state->check))
		return;
	if (state->npostings != header->npostings)
		pf_bm_check_report(state->check, blkno, "header",
						   "there are " UINT64_FORMAT " postings, not " UINT64_FORMAT,
						   state->npostings, header->npostings);
	if (state->known && state->next_skip != header->nskips)
		pf_bm_check_report(state->check, blkno, "header", "%u of %u skip entries are of a term",
						   state->next_skip,
						   header->nskips);
	if (state->known && npages != (state->next_offset > 0 ? state->next_page + 1 : 0))
		pf_bm_check_report(state->check, blkno, "header", "postings end on page %u of %u",
						   state->next_page, npages);

	for (uint32 doc = 0; doc < header->ndocs; doc++)
	{
		if (segment->codes[doc] == PF_BM_CODE_UNKNOWN)
			continue;
		if (segment->codes[doc] == PF_BM_CODE_NULL)
			continue;
		if (!pf_bm_check_length(segment->lengths[segment->codes[doc]], segment->sums[doc]))
			pf_bm_check_report(state->check, blkno, "postings",
							   "document %u has length %g, its terms have %g", doc,
							   segment->lengths[segment->codes[doc]], segment->sums[doc]);
	}
}
