/*-------------------------------------------------------------------------
 *
 * check_buffer.c
 *		index_check() of the write buffer and of the spare pages.
 *
 * Inserts go on meanwhile.  Pages up to the one that is the tail in the copy of the
 * metapage stay where they are, since spills are kept away; the tail may have
 * got more records and a page behind it.  Spare pages may be taken at any
 * time, always the first: if it is another one at the end, the walk is repeated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/check.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define MAX_LONG	((uint32) 12 * 1024 * 1024)	/* more than any tsvector needs */
#define MAX_TRIES	10

static const char *const part = "buffer";

/* The terms of the record at pos, in size bytes at data. */
static void
check_terms(PfBmCheck *check, BlockNumber blkno, uint32 pos, const PfBmDoc *doc, const char *data,
			uint32 size)
{
	uint32		n;
	const char *hashes;
	const char *counts;
	const char *lengths;
	const char *term;
	const char *before = NULL;
	uint16		before_len = 0;
	uint64		total = 0;
	double		sum = 0;

	if (size >= sizeof(uint32))
		memcpy(&n, data, sizeof(uint32));
	if (size < sizeof(uint32) || n > (size - sizeof(uint32)) / PF_BM_RECORD_TERM)
	{
		pf_bm_check_report(check, blkno, part,
						   "record at %u: its terms do not fit into its %u bytes", pos, size);
		return;
	}
	hashes = data + sizeof(uint32);
	counts = hashes + sizeof(uint32) * (Size) n;
	lengths = counts + sizeof(uint32) * (Size) n;
	term = lengths + sizeof(uint16) * (Size) n;
	for (uint32 i = 0; i < n; i++)
	{
		uint16		len;

		memcpy(&len, lengths + sizeof(uint16) * i, sizeof(len));
		total += len;
	}
	if (TYPEALIGN(4, sizeof(uint32) + (uint64) n * PF_BM_RECORD_TERM + total) != size)
	{
		pf_bm_check_report(check, blkno, part, "record at %u: its terms do not take its %u bytes",
						   pos, size);
		return;
	}

	for (uint32 i = 0; i < n; i++)
	{
		uint32		hash;
		PfBmCounts	count;
		uint16		len;

		memcpy(&hash, hashes + sizeof(uint32) * i, sizeof(hash));
		memcpy(&count, counts + sizeof(uint32) * i, sizeof(count));
		memcpy(&len, lengths + sizeof(uint16) * i, sizeof(len));
		if (hash != pf_bm_hash(term, len))
			pf_bm_check_report(check, blkno, part, "record at %u: term %u has a wrong hash", pos,
							   i);
		if (!pf_bm_check_counts(count))
			pf_bm_check_report(check, blkno, part, "record at %u: term %u has counts %08X", pos, i,
							   count);
		if (before != NULL)
		{
			int			cmp = memcmp(before, term, Min(before_len, len));

			if (cmp > 0 || (cmp == 0 && before_len >= len))
				pf_bm_check_report(check, blkno, part, "record at %u: term %u is not in order", pos,
								   i);
		}
		sum += pf_bm_weighted(count, check->meta.weights, PF_BM_ALL_FIELDS);
		before = term;
		before_len = len;
		term += len;
	}

	if (doc->length < 0 ? n > 0 : !pf_bm_check_length(doc->length, sum))
		pf_bm_check_report(check, blkno, part,
						   "record at %u: its length is %g, that of its terms %g",
						   pos, doc->length, sum);
}

/* Gives the pages of a long record that were found. */
static uint32
check_long(PfBmCheck *check, BlockNumber referrer, uint32 pos, const PfBmDoc *doc,
		   const PfBmLongRef *ref)
{
	BlockNumber blkno = ref->first;
	uint64		owner = ref->owner;
	uint32		done = 0;
	uint32		npages = 0;
	char	   *bytes;

	if (ref->nbytes < sizeof(uint32) || ref->nbytes > MAX_LONG)
	{
		pf_bm_check_report(check, referrer, part, "record at %u: a long one of %u bytes", pos,
						   ref->nbytes);
		return 0;
	}
	bytes = palloc(ref->nbytes);
	while (done < ref->nbytes)
	{
		PGAlignedBlock page;
		PfBmLongPage head;
		Size		n;

		if (blkno == InvalidBlockNumber)
		{
			pf_bm_check_report(check, referrer, part,
							   "record at %u: a long one ends after %u of %u bytes",
							   pos, done, ref->nbytes);
			break;
		}
		if (!pf_bm_check_take(check, blkno, part) ||
			!pf_bm_check_page(check, blkno, PF_BM_LONG, owner, part, &page))
			break;
		npages++;
		n = PF_BM_USED(page.data);
		if (n <= sizeof(PfBmLongPage) || n - sizeof(PfBmLongPage) > ref->nbytes - done)
		{
			pf_bm_check_report(check, blkno, part,
							   "a page of a long record of %u bytes has %u behind %u",
							   ref->nbytes, (unsigned) n, done);
			break;
		}
		memcpy(&head, PF_BM_DATA(page.data), sizeof(head));
		n -= sizeof(PfBmLongPage);
		memcpy(bytes + done, PF_BM_DATA(page.data) + sizeof(PfBmLongPage), n);
		done += n;
		blkno = head.next;
		owner = head.next_owner;
	}
	if (done == ref->nbytes)
		check_terms(check, referrer, pos, doc, bytes, ref->nbytes);
	pfree(bytes);
	return npages;
}

/* All records of a page; gives the pages of the long ones. */
static uint32
check_records(PfBmCheck *check, BlockNumber blkno, const char *data, uint32 used, uint32 nrecords)
{
	uint32		fixed = sizeof(PfBmRecordHead) + TYPEALIGN(4, check->meta.doc_width);
	uint32		pos = sizeof(PfBmBufferPage);
	uint32		npages = 0;

	for (uint32 i = 0; i < nrecords; i++)
	{
		PfBmRecordHead head;
		PfBmDoc		doc;
		const char *terms;

		if (used - pos >= sizeof(head))
			memcpy(&head, data + pos, sizeof(head));
		if (used - pos < sizeof(head) || head.size % 4 != 0 || head.size < fixed ||
			head.size > used - pos)
		{
			pf_bm_check_report(check, blkno, part,
							   "record %u of %u at %u goes over the end of the page's %u bytes",
							   i, nrecords, pos, used);
			return npages;
		}
		if ((head.flags & ~(PF_BM_TOMBSTONE | PF_BM_IS_LONG)) != 0)
			pf_bm_check_report(check, blkno, part, "record at %u has flags %04X", pos, head.flags);

		pf_bm_doc_unpack(&check->meta, data + pos + sizeof(head), &doc);
		(void) pf_bm_check_doc(check, blkno, part, pos, &doc);
		terms = data + pos + fixed;
		if ((head.flags & PF_BM_IS_LONG) == 0)
			check_terms(check, blkno, pos, &doc, terms, head.size - fixed);
		else if (head.size != fixed + sizeof(PfBmLongRef))
			pf_bm_check_report(check, blkno, part, "record at %u is a long one of %u bytes", pos,
							   head.size);
		else
		{
			PfBmLongRef ref;

			memcpy(&ref, terms, sizeof(ref));
			npages += check_long(check, blkno, pos, &doc, &ref);
		}
		pos += head.size;
	}
	if (pos != used)
		pf_bm_check_report(check, blkno, part, "%u records take %u of the page's %u bytes",
						   nrecords, pos, used);
	return npages;
}

void
pf_bm_check_buffer(PfBmCheck *check)
{
	BlockNumber blkno = check->meta.buffer_head;
	uint64		owner = check->meta.buffer_owner;
	uint32		npages = 0;
	PGAlignedBlock page;
	PfBmMeta	now;

	while (blkno != InvalidBlockNumber)
	{
		PfBmBufferPage head;

		if (pf_bm_check_full(check) || !pf_bm_check_take(check, blkno, part) ||
			!pf_bm_check_page(check, blkno, PF_BM_BUFFER, owner, part, &page))
			return;
		if (PF_BM_USED(page.data) < sizeof(head))
		{
			pf_bm_check_report(check, blkno, part, "a page of %u bytes",
							   (unsigned) PF_BM_USED(page.data));
			return;
		}
		memcpy(&head, PF_BM_DATA(page.data), sizeof(head));
		npages += 1 + check_records(check, blkno, PF_BM_DATA(page.data), PF_BM_USED(page.data),
									head.nrecords);
		if (head.closed > 1)
			pf_bm_check_report(check, blkno, part, "closed is %u", head.closed);

		/* What is behind the tail came later. */
		if (blkno == check->meta.buffer_tail)
			break;
		if (head.next == InvalidBlockNumber)
		{
			pf_bm_check_report(check, blkno, part,
							   "the chain ends before block %u, its last according to the metapage",
							   check->meta.buffer_tail);
			return;
		}
		if (!head.closed || head.next_owner <= owner)
			pf_bm_check_report(check, blkno, part,
							   "closed is %u and the next page's owner " UINT64_FORMAT
							   " where its own is " UINT64_FORMAT,
							   head.closed, head.next_owner, owner);
		blkno = head.next;
		owner = head.next_owner;
	}

	/* Only if no page came meanwhile, which the metapage would say. */
	if (npages != check->meta.buffer_pages && pf_bm_check_meta(check, &now) &&
		now.buffer_pages == check->meta.buffer_pages && now.buffer_tail == check->meta.buffer_tail)
		pf_bm_check_report(check, PF_BM_META_BLKNO, "metapage",
						   "the write buffer has %u pages, not %u", npages,
						   check->meta.buffer_pages);
}

void
pf_bm_check_spare(PfBmCheck *check)
{
	int			nproblems = check->nproblems;
	uint8	   *used = MemoryContextAllocHuge(check->context, (Size) check->nblocks / 8 + 1);
	BlockNumber nblocks = check->nblocks;

	memcpy(used, check->used, (Size) nblocks / 8 + 1);
	for (int try = 0; try < MAX_TRIES && !pf_bm_check_full(check); try++)
	{
		PfBmMeta	meta;
		PfBmMeta	now;
		BlockNumber blkno;

		if (!pf_bm_check_meta(check, &meta))
			break;
		blkno = meta.spare_head;
		while (blkno != InvalidBlockNumber)
		{
			PGAlignedBlock page;
			uint16		kind;

			if (!pf_bm_check_take(check, blkno, "spare") ||
				!pf_bm_check_read(check, blkno, "spare", &page))
				break;
			kind = PF_BM_TAIL((Page) page.data)->kind;
			if ((kind != PF_BM_BUFFER && kind != PF_BM_LONG) ||
				PF_BM_USED(page.data) < sizeof(PfBmLongPage))
			{
				pf_bm_check_report(check, blkno, "spare", "the page is of kind %u", kind);
				break;
			}
			memcpy(&blkno, PF_BM_DATA(page.data), sizeof(blkno));
		}
		if (pf_bm_check_meta(check, &now) && now.spare_head == meta.spare_head)
			break;

		/* Somebody took the first one, and what was read behind it may be anything. */
		check->nproblems = nproblems;
		memset(check->used, 0, (Size) check->nblocks / 8 + 1);
		memcpy(check->used, used, (Size) nblocks / 8 + 1);
	}
	pfree(used);
}
