/*-------------------------------------------------------------------------
 *
 * check_dictionary.c
 *		index_check() of a segment's dictionary.
 *
 * Leaves are read from the first to the last, with the postings of each of their
 * terms.  Then the inner levels, from below: a level's entries must name the pages
 * of the level below one after the other, so that none is out of reach, with
 * terms that separate them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/check.h"
#include "index/codec.h"

#include "miscadmin.h"

#define RESTART		16			/* entries */
#define MAX_TERM	2047
#define MAX_HEIGHT	32

static const char *const part = "dictionary";

/* A page's entries, one after the other. */
typedef struct Entries
{
	PfBmCheck  *check;
	BlockNumber blkno;
	const char *data;
	const char *end;
	const char *pos;
	uint32		nentries;
	uint32		nrestarts;
	uint32		entry;			/* the next one */
	char		term[MAX_TERM + 1];
	int			len;
} Entries;

/* What an inner level has to separate: terms of the leaves below a page. */
typedef struct Bounds
{
	char	   *before;			/* last term before the page; NULL = none, or not known */
	int			before_len;
	char	   *first;			/* NULL = not known */
	int			first_len;
} Bounds;

static int
compare(const char *a, int alen, const char *b, int blen)
{
	int			cmp = memcmp(a, b, Min(alen, blen));

	return cmp != 0 ? cmp : (alen > blen) - (alen < blen);
}

static bool
begin(Entries *entries, PfBmCheck *check, const PfBmCheckSegment *segment, uint32 number,
	  PGAlignedBlock *page)
{
	uint16		numbers[2] = {0, 0};
	Size		used;

	if (!pf_bm_check_area(check, segment, PF_BM_AREA_DICTIONARY, number, page))
		return false;
	used = PF_BM_USED(page->data);
	entries->check = check;
	entries->blkno = pf_bm_check_block(segment, PF_BM_AREA_DICTIONARY, number);
	entries->data = PF_BM_DATA(page->data);
	entries->end = entries->data + used;
	if (used >= sizeof(numbers))
		memcpy(numbers, entries->data, sizeof(numbers));
	entries->nentries = numbers[0];
	entries->nrestarts = numbers[1];
	entries->entry = 0;
	entries->len = 0;
	entries->pos = entries->data + sizeof(numbers) + sizeof(uint16) * entries->nrestarts;
	if (entries->nentries == 0 ||
		entries->nrestarts != (entries->nentries + RESTART - 1) / RESTART ||
		entries->pos > entries->end)
	{
		pf_bm_check_report(check, entries->blkno, part,
						   "%u entries and %u restarts on a page of %u bytes",
						   entries->nentries, entries->nrestarts, (unsigned) used);
		return false;
	}
	return true;
}

/* Reads the next entry's term; false if that cannot be. */
static bool
next_term(Entries *entries)
{
	const char *pos = entries->pos;
	uint32		shared = 0;
	uint32		unshared = 0;

	if (entries->entry % RESTART == 0)
	{
		uint16		restart;

		memcpy(&restart, entries->data + sizeof(uint16) * (2 + entries->entry / RESTART),
			   sizeof(restart));
		if (restart != pos - entries->data)
			pf_bm_check_report(entries->check, entries->blkno, part,
							   "restart %u is at %u, the entry at %u",
							   entries->entry / RESTART, restart, (unsigned) (pos - entries->data));
	}
	pos = pf_bm_varint_get32(pos, entries->end, &shared);
	if (pos != NULL)
		pos = pf_bm_varint_get32(pos, entries->end, &unshared);
	if (pos == NULL || shared > (uint32) entries->len || unshared > MAX_TERM - shared ||
		unshared > (Size) (entries->end - pos) || (entries->entry % RESTART == 0 && shared != 0))
	{
		pf_bm_check_report(entries->check, entries->blkno, part,
						   "entry %u: %u bytes of the term before, %u more",
						   entries->entry, shared, unshared);
		return false;
	}
	memcpy(entries->term + shared, pos, unshared);
	entries->len = (int) (shared + unshared);
	entries->pos = pos + unshared;
	return true;
}

static const char *
get_byte(const char *pos, const char *end, uint8 *value)
{
	if (pos == NULL || pos >= end)
		return NULL;
	*value = (uint8) *pos;
	return pos + 1;
}

static const char *
get_number(const char *pos, const char *end, uint32 *value)
{
	return pos == NULL ? NULL : pf_bm_varint_get32(pos, end, value);
}

static const char *
get_impact(const char *pos, const char *end, uint16 *value)
{
	if (pos == NULL || end - pos < (ptrdiff_t) sizeof(*value))
		return NULL;
	memcpy(value, pos, sizeof(*value));
	return pos + sizeof(*value);
}

/* Reads what a leaf's entry says of its term; false if it is cut off. */
static bool
next_value(Entries *entries, PfBmTerm *term)
{
	const char *end = entries->end;
	const char *pos;
	uint32		offset = 0;

	memset(term, 0, sizeof(PfBmTerm));
	pos = get_number(entries->pos, end, &term->df);
	if (pos != NULL && term->df == 1)
	{
		pos = get_number(pos, end, &term->doc);
		pos = get_number(pos, end, &term->code);
		pos = get_number(pos, end, &term->length);
	}
	else if (pos != NULL && term->df <= PF_BM_BLOCK)
	{
		pos = get_number(pos, end, &term->only.page);
		pos = get_number(pos, end, &offset);
		pos = get_impact(pos, end, &term->impact);
		pos = get_byte(pos, end, &term->only.doc_bits);
		pos = get_byte(pos, end, &term->only.count_bits);
		pos = get_byte(pos, end, &term->only.length_bits);
		term->nblocks = 1;
		term->only.offset = (uint16) offset;
		term->only.impact = term->impact;
		term->only.n = (uint8) (term->df - 1);
	}
	else if (pos != NULL)
	{
		term->nblocks = (term->df - 1) / PF_BM_BLOCK + 1;
		pos = get_number(pos, end, &term->skip);
		pos = get_impact(pos, end, &term->impact);
	}
	if (pos == NULL || offset >= PF_BM_PAYLOAD)
	{
		pf_bm_check_report(entries->check, entries->blkno, part,
						   "entry %u is cut off, or its place is none",
						   entries->entry);
		return false;
	}
	entries->pos = pos;
	return true;
}

static void
check_end(const Entries *entries)
{
	if (entries->pos != entries->end)
		pf_bm_check_report(entries->check, entries->blkno, part,
						   "%u entries take %u of the page's %u bytes",
						   entries->nentries, (unsigned) (entries->pos - entries->data),
						   (unsigned) (entries->end - entries->data));
}

static char *
copy_term(const char *term, int len)
{
	char	   *copy = palloc(len + 1);

	memcpy(copy, term, len);
	return copy;
}

/* All leaves; gives the bounds of each. */
static Bounds *
check_leaves(PfBmCheck *check, PfBmCheckSegment *segment)
{
	const PfBmHeader *header = &segment->header;
	PfBmCheckPostings *postings = pf_bm_check_postings_begin(check, segment);
	Bounds	   *bounds = palloc_extended(sizeof(Bounds) * (Size) Max(header->dictionary_leaves, 1),
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	Entries    *entries = palloc0(sizeof(Entries));
	char	   *last = palloc(MAX_TERM + 1);
	int			last_len = -1;	/* -1 = not known */
	uint32		nterms = 0;

	for (uint32 number = 0; number < header->dictionary_leaves; number++)
	{
		PGAlignedBlock page;
		bool		sound;

		if (pf_bm_check_full(check))
			break;
		sound = begin(entries, check, segment, number, &page);
		for (; sound && entries->entry < entries->nentries; entries->entry++)
		{
			PfBmTerm	term;

			sound = next_term(entries);
			if (!sound)
				break;
			if (last_len >= 0 && compare(last, last_len, entries->term, entries->len) >= 0)
				pf_bm_check_report(check, entries->blkno, part, "entry %u is not in order",
								   entries->entry);
			if (entries->entry == 0)
			{
				bounds[number].first = copy_term(entries->term, entries->len);
				bounds[number].first_len = entries->len;
				if (last_len >= 0)
				{
					bounds[number].before = copy_term(last, last_len);
					bounds[number].before_len = last_len;
				}
			}
			memcpy(last, entries->term, entries->len);
			last_len = entries->len;
			sound = next_value(entries, &term);
			if (!sound)
				break;
			pf_bm_check_postings(postings, entries->blkno, &term);
			nterms++;
		}
		if (sound)
			check_end(entries);
		else
		{
			/* The rest of the page is lost, and its postings with it. */
			segment->complete = false;
			postings->known = false;
			last_len = -1;
		}
	}
	if (segment->complete && !pf_bm_check_full(check) && nterms != header->nterms)
		pf_bm_check_report(check, segment->entry->header, "header", "there are %u terms, not %u",
						   nterms,
						   header->nterms);
	pf_bm_check_postings_end(postings);
	pfree(postings);
	pfree(entries);
	return bounds;
}

/* An inner page, whose first entry must lead to page child; gives its entries, 0 = unknown. */
static uint32
check_inner(PfBmCheck *check, const PfBmCheckSegment *segment, uint32 number, uint32 child,
			uint32 nchildren,
			const Bounds *bounds)
{
	PGAlignedBlock page;
	Entries    *entries = palloc0(sizeof(Entries));
	uint32		n = 0;

	if (begin(entries, check, segment, number, &page))
	{
		n = entries->nentries;
		for (; entries->entry < n; entries->entry++)
		{
			const Bounds *below = entries->entry < nchildren ? &bounds[entries->entry] : NULL;
			uint32		to;
			const char *pos;

			if (!next_term(entries))
				break;
			pos = pf_bm_varint_get32(entries->pos, entries->end, &to);
			if (pos == NULL)
			{
				pf_bm_check_report(check, entries->blkno, part, "entry %u is cut off",
								   entries->entry);
				break;
			}
			entries->pos = pos;
			if (below == NULL || to != child + entries->entry)
			{
				pf_bm_check_report(check, entries->blkno, part,
								   "entry %u leads to page %u, not to %u of %u",
								   entries->entry, to, child + entries->entry, child + nchildren);
				break;
			}
			if ((below->first != NULL &&
				 compare(entries->term, entries->len, below->first, below->first_len) > 0) ||
				(below->before != NULL &&
				 compare(below->before, below->before_len, entries->term, entries->len) >= 0))
				pf_bm_check_report(check, entries->blkno, part,
								   "entry %u does not separate page %u from the one before",
								   entries->entry, to);
		}
		if (entries->entry < n)
			n = 0;
		else
			check_end(entries);
	}
	pfree(entries);
	return n;
}

void
pf_bm_check_dictionary(PfBmCheck *check, PfBmCheckSegment *segment)
{
	const PfBmHeader *header = &segment->header;
	Bounds	   *bounds = check_leaves(check, segment);
	uint32		below = 0;		/* first page of the level below */
	uint32		nbelow = header->dictionary_leaves;
	uint32		number = header->dictionary_leaves;
	uint32		height = 1;

	/* Bounds of a level's pages are those of their first children, and take their places. */
	while (nbelow > 1 && height < MAX_HEIGHT && !pf_bm_check_full(check))
	{
		uint32		first = number;
		uint32		done = 0;

		while (done < nbelow && number < header->npages[PF_BM_AREA_DICTIONARY])
		{
			uint32		n = check_inner(check, segment, number, below + done, nbelow - done,
										bounds + done);

			/* Without it nobody knows where the level goes on. */
			if (n == 0)
				return;
			bounds[number - first] = bounds[done];
			number++;
			done += n;
		}
		if (done != nbelow)
		{
			pf_bm_check_report(check, segment->entry->header, part,
							   "%u of the %u pages of a level are out of reach",
							   done < nbelow ? nbelow - done : 0, nbelow);
			return;
		}
		below = first;
		nbelow = number - first;
		height++;
		CHECK_FOR_INTERRUPTS();
	}
	if (nbelow <= 1 && header->nterms > 0 &&
		(height != header->dictionary_height || number != header->npages[PF_BM_AREA_DICTIONARY]))
		pf_bm_check_report(check, segment->entry->header, "header",
						   "the dictionary's height is %u and its pages %u, not %u and %u",
						   height, number, header->dictionary_height,
						   header->npages[PF_BM_AREA_DICTIONARY]);
}
