/*-------------------------------------------------------------------------
 *
 * dictionary.c
 *		Looking up and walking the terms of a segment.
 *
 * Terms of a page share prefixes with those before them, so a page is searched by
 * its restarts, which have their terms in full, then from there entry by
 * entry.  The bytes are in README; nothing is believed that is not checked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/codec.h"
#include "index/index.h"

#include "miscadmin.h"

/* A page's entries, and the one it stands on. */
typedef struct Entries
{
	Relation	index;
	BlockNumber blkno;
	const char *data;
	const char *end;
	const char *pos;			/* behind the term: the value */
	uint32		left;			/* entries behind this one */
	char	   *term;			/* 2048 bytes */
	int			len;
} Entries;

static inline int
compare(const char *a, int a_len, const char *b, int b_len)
{
	int			result = memcmp(a, b, Min(a_len, b_len));

	return result != 0 ? result : a_len - b_len;
}

/* Reads the term of the entry at pos. */
static void
read_term(Entries *entries)
{
	uint32		shared;
	uint32		unshared;
	const char *pos = entries->pos;

	pos = pf_bm_varint_get32(pos, entries->end, &shared);
	if (pos != NULL)
		pos = pf_bm_varint_get32(pos, entries->end, &unshared);
	if (pos == NULL || shared > (uint32) entries->len || unshared > 2047 - shared ||
		unshared > entries->end - pos)
		pf_bm_corrupt(entries->index, entries->blkno, "a term of the dictionary is out of bounds");
	memcpy(entries->term + shared, pos, unshared);
	entries->len = shared + unshared;
	entries->pos = pos + unshared;
}

static const char *
get_uint16(const char *pos, const char *end, uint16 *value)
{
	if (pos == NULL || end - pos < (ptrdiff_t) sizeof(*value))
		return NULL;
	memcpy(value, pos, sizeof(*value));
	return pos + sizeof(*value);
}

/* Reads what a leaf's entry says of its term. */
static void
read_value(Entries *entries, const PfBmHeader *header, PfBmTerm *term)
{
	const char *end = entries->end;
	const char *pos = entries->pos;

	memset(term, 0, sizeof(PfBmTerm));
	pos = pf_bm_varint_get32(pos, end, &term->df);
	if (pos != NULL && term->df == 1)
	{
		pos = pf_bm_varint_get32(pos, end, &term->doc);
		pos = pos == NULL ? NULL : pf_bm_varint_get32(pos, end, &term->code);
		pos = pos == NULL ? NULL : pf_bm_varint_get32(pos, end, &term->length);
		term->impact = PG_UINT16_MAX;
		if (term->doc >= header->ndocs || term->code >= header->ncounts || term->length >= header->nlengths)
			pos = NULL;
	}
	else if (pos != NULL && term->df <= PF_BM_BLOCK)
	{
		uint32		offset = 0;

		term->nblocks = 1;
		pos = pf_bm_varint_get32(pos, end, &term->only.page);
		pos = pos == NULL ? NULL : pf_bm_varint_get32(pos, end, &offset);
		pos = get_uint16(pos, end, &term->impact);
		if (pos != NULL && end - pos >= 3 && term->df > 0 && offset < PF_BM_PAYLOAD)
		{
			term->only.offset = offset;
			term->only.impact = term->impact;
			term->only.doc_bits = *pos++;
			term->only.count_bits = *pos++;
			term->only.length_bits = *pos++;
			term->only.n = term->df - 1;
			term->only.last_doc = PF_BM_NO_DOC - 1;
		}
		else
			pos = NULL;
	}
	else if (pos != NULL)
	{
		term->nblocks = (term->df - 1) / PF_BM_BLOCK + 1;
		pos = pf_bm_varint_get32(pos, end, &term->skip);
		pos = get_uint16(pos, end, &term->impact);
		if (term->skip > header->nskips || term->nblocks > header->nskips - term->skip)
			pos = NULL;
	}
	if (pos == NULL || term->df > header->ndocs)
		pf_bm_corrupt(entries->index, entries->blkno, "an entry of the dictionary is out of bounds");
	entries->pos = pos;
}

/* Reads the value of an inner page's entry. */
static uint32
read_child(Entries *entries)
{
	uint32		child;
	const char *pos = pf_bm_varint_get32(entries->pos, entries->end, &child);

	if (pos == NULL)
		pf_bm_corrupt(entries->index, entries->blkno, "an entry of the dictionary is cut off");
	entries->pos = pos;
	return child;
}

/* Stands before the first entry of restart i. */
static void
at_restart(Entries *entries, uint32 i, uint32 nentries)
{
	uint16		offset;

	memcpy(&offset, entries->data + sizeof(uint16) * (2 + i), sizeof(offset));
	if (offset > entries->end - entries->data)
		pf_bm_corrupt(entries->index, entries->blkno, "a restart of the dictionary is out of bounds");
	entries->pos = entries->data + offset;
	entries->len = 0;
	entries->left = nentries - i * 16;
}

/* Begins with the entries of a page: at the last restart whose term is <= term. */
static void
begin(Entries *entries, const char *term, int len)
{
	uint16		numbers[2];
	uint32		low = 0;
	uint32		high;

	if (entries->end - entries->data < (ptrdiff_t) sizeof(numbers))
		pf_bm_corrupt(entries->index, entries->blkno, "a page of the dictionary is empty");
	memcpy(numbers, entries->data, sizeof(numbers));
	high = numbers[1];
	if (high == 0 || (numbers[0] + 15) / 16 != (int) high ||
		sizeof(uint16) * (2 + high) > (Size) (entries->end - entries->data))
		pf_bm_corrupt(entries->index, entries->blkno, "a page of the dictionary has wrong counts");
	while (high > low + 1)
	{
		uint32		middle = low + (high - low) / 2;

		at_restart(entries, middle, numbers[0]);
		read_term(entries);
		if (compare(entries->term, entries->len, term, len) <= 0)
			low = middle;
		else
			high = middle;
	}
	at_restart(entries, low, numbers[0]);
}

/* The page, and where in it; the caller unlocks *pinned. */
static void
open_page(Entries *entries, Relation index, PfBmSegment *segment, uint32 number, Buffer *pinned)
{
	Page		page = pf_bm_segment_page(index, segment, PF_BM_AREA_DICTIONARY, number, pinned);

	entries->index = index;
	entries->blkno = BufferGetBlockNumber(*pinned);
	entries->data = PF_BM_DATA(page);
	entries->end = (const char *) page + ((PageHeader) page)->pd_lower;
}

/* The leaf that has the term if the segment has it. */
static uint32
find_leaf(Relation index, PfBmSegment *segment, const char *term, int len, Entries *entries, Buffer *pinned)
{
	uint32		number = segment->header.dictionary_root;

	for (uint32 level = segment->header.dictionary_height; level > 1; level--)
	{
		uint32		child;

		open_page(entries, index, segment, number, pinned);
		begin(entries, term, len);
		read_term(entries);
		child = read_child(entries);
		while (--entries->left > 0)
		{
			read_term(entries);
			if (compare(entries->term, entries->len, term, len) > 0)
				break;
			child = read_child(entries);
		}
		pf_bm_segment_done(PF_BM_AREA_DICTIONARY, *pinned);
		if (child >= number)
			pf_bm_corrupt(index, entries->blkno, "the dictionary's levels are mixed up");
		number = child;
	}
	if (number >= segment->header.dictionary_leaves)
		pf_bm_corrupt(index, entries->blkno, "the dictionary's levels are mixed up");
	return number;
}

bool
pf_bm_segment_lookup(Relation index, PfBmSegment *segment, const char *term, int len, PfBmTerm *out)
{
	char		buffer[2048];
	Buffer		pinned = InvalidBuffer;
	Entries		entries = {.blkno = 0, .term = buffer};
	bool		found = false;
	uint32		leaf;

	memset(out, 0, sizeof(PfBmTerm));
	if (segment->header.dictionary_height == 0)
		return false;
	leaf = find_leaf(index, segment, term, len, &entries, &pinned);
	open_page(&entries, index, segment, leaf, &pinned);
	begin(&entries, term, len);
	for (; entries.left > 0; entries.left--)
	{
		int			result;

		read_term(&entries);
		result = compare(entries.term, entries.len, term, len);
		if (result > 0)
			break;
		read_value(&entries, &segment->header, out);
		if (result == 0)
		{
			found = true;
			break;
		}
	}
	pf_bm_segment_done(PF_BM_AREA_DICTIONARY, pinned);
	ReleaseBuffer(pinned);
	if (!found)
		memset(out, 0, sizeof(PfBmTerm));
	return found;
}

/* ---- walks ---- */

static void
next_leaf(PfBmTermScan *scan)
{
	Buffer		pinned = InvalidBuffer;
	Page		page = pf_bm_segment_page(scan->index, scan->segment, PF_BM_AREA_DICTIONARY, scan->page++, &pinned);

	memcpy(scan->data, PF_BM_DATA(page), PF_BM_PAYLOAD);
	scan->end = scan->data + ((PageHeader) page)->pd_lower - SizeOfPageHeaderData;
	scan->blkno = BufferGetBlockNumber(pinned);
	pf_bm_segment_done(PF_BM_AREA_DICTIONARY, pinned);
	ReleaseBuffer(pinned);
}

void
pf_bm_terms_begin(PfBmTermScan *scan, Relation index, PfBmSegment *segment, const char *prefix, int len)
{
	Entries		entries = {.blkno = 0, .term = scan->term};

	scan->index = index;
	scan->segment = segment;
	scan->data = palloc0(PF_BM_PAYLOAD + 8);
	scan->page = 0;
	scan->left = 0;
	scan->len = 0;
	scan->pending = false;
	if (segment->header.dictionary_height == 0)
		return;
	if (len > 0)
	{
		Buffer		pinned = InvalidBuffer;

		scan->page = find_leaf(index, segment, prefix, len, &entries, &pinned);
		if (BufferIsValid(pinned))
			ReleaseBuffer(pinned);
	}
	next_leaf(scan);
	entries.index = index;
	entries.blkno = scan->blkno;
	entries.data = scan->data;
	entries.end = scan->end;
	begin(&entries, prefix, len);
	scan->pos = entries.pos;
	scan->left = entries.left;
	while (pf_bm_terms_next(scan))
	{
		if (compare(scan->term, scan->len, prefix, len) >= 0)
		{
			scan->pending = true;
			return;
		}
	}
}

bool
pf_bm_terms_next(PfBmTermScan *scan)
{
	Entries		entries = {.index = scan->index, .term = scan->term};

	if (scan->pending)
	{
		scan->pending = false;
		return true;
	}
	if (scan->left == 0)
	{
		if (scan->page >= scan->segment->header.dictionary_leaves)
			return false;
		CHECK_FOR_INTERRUPTS();
		next_leaf(scan);
		entries.blkno = scan->blkno;
		entries.data = scan->data;
		entries.end = scan->end;
		begin(&entries, "", 0);
		scan->pos = entries.pos;
		scan->left = entries.left;
		scan->len = 0;
	}
	entries.blkno = scan->blkno;
	entries.pos = scan->pos;
	entries.end = scan->end;
	entries.len = scan->len;
	read_term(&entries);
	read_value(&entries, &scan->segment->header, &scan->info);
	scan->len = entries.len;
	scan->pos = entries.pos;
	scan->left--;
	return true;
}

void
pf_bm_terms_end(PfBmTermScan *scan)
{
	pfree(scan->data);
}
