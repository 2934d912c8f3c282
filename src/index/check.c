/*-------------------------------------------------------------------------
 *
 * check.c
 *		paperfeed.index_check(): every structure of an index, fault by fault.
 *
 * The walk begins at the metapage and follows everything that is linked from there.
 * Each fault becomes a row, and the walk goes on where that makes sense.  No
 * page's content is believed: sizes and positions are held against the page,
 * block numbers against the file, and a block that is met twice ends a chain.
 *
 * Pages that nothing refers to are no fault: somebody may be about to use them, or a
 * crash left them, and VACUUM will take them back.
 *
 * Merges are kept away as long as segments are looked at, spills only while
 * the write buffer is.  On a standby nothing can be kept away; there the
 * metapage is read again at the end, and if it is another, so is the index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/check.h"

#include <math.h>

#include "access/relation.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/checksum.h"
#include "storage/lmgr.h"
#include "storage/smgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define MAX_TRIES	10			/* on a standby */

PG_FUNCTION_INFO_V1(pf_bm_index_check);

/* ---- what the files of the check share ---- */

bool
pf_bm_check_full(const PfBmCheck *check)
{
	return check->nproblems > PF_BM_MAX_PROBLEMS;
}

void
pf_bm_check_report(PfBmCheck *check, BlockNumber blkno, const char *part, const char *fmt,...)
{
	MemoryContext old;
	PfBmProblem *problem;
	char		message[256];
	va_list		args;

	if (pf_bm_check_full(check))
		return;
	if (check->nproblems++ == PF_BM_MAX_PROBLEMS)
		return;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);

	old = MemoryContextSwitchTo(check->context);
	problem = &check->problems[check->nproblems - 1];
	problem->blkno = blkno;
	problem->part = part;
	if (check->segment != 0)
		problem->text = psprintf("segment " UINT64_FORMAT ": %s", check->segment, message);
	else
		problem->text = pstrdup(message);
	MemoryContextSwitchTo(old);
}

static inline bool
get_bit(const uint8 *bits, BlockNumber blkno)
{
	return (bits[blkno / 8] & (1 << (blkno % 8))) != 0;
}

static inline void
set_bit(uint8 *bits, BlockNumber blkno)
{
	bits[blkno / 8] |= 1 << (blkno % 8);
}

/* Is the block in the file?  That may have grown meanwhile. */
static bool
in_file(PfBmCheck *check, BlockNumber blkno)
{
	BlockNumber nblocks;
	Size		old_size = (Size) check->nblocks / 8 + 1;
	Size		size;

	if (blkno < check->nblocks)
		return true;
	if (blkno == InvalidBlockNumber)
		return false;
	nblocks = RelationGetNumberOfBlocks(check->index);
	if (blkno >= nblocks)
		return false;

	size = (Size) nblocks / 8 + 1;
	check->used = repalloc_huge(check->used, size);
	check->unreadable = repalloc_huge(check->unreadable, size);
	memset(check->used + old_size, 0, size - old_size);
	memset(check->unreadable + old_size, 0, size - old_size);
	check->nblocks = nblocks;
	return true;
}

/* What the server demands of a page that it reads. */
static bool
server_accepts(Page page, BlockNumber blkno)
{
	PageHeader	header = (PageHeader) page;

	if (PageIsNew(page))
	{
		for (int i = 0; i < BLCKSZ; i++)
		{
			if (page[i] != 0)
				return false;
		}
		return true;
	}
	if (DataChecksumsEnabled() && pg_checksum_page((char *) page, blkno) != header->pd_checksum)
		return false;
	return (header->pd_flags & ~PD_VALID_FLAG_BITS) == 0 &&
		header->pd_lower <= header->pd_upper && header->pd_upper <= header->pd_special &&
		header->pd_special <= BLCKSZ && header->pd_special == MAXALIGN(header->pd_special);
}

/*
 * ReadBuffer() raises an error if the server does not accept the page.  So what
 * is not in shared buffers yet is read on the side first.
 */
static bool
can_be_read(PfBmCheck *check, BlockNumber blkno)
{
	char	   *raw;
	char	   *page;
	bool		result = false;

	if (BufferIsValid(PrefetchBuffer(check->index, MAIN_FORKNUM, blkno).recent_buffer))
		return true;

	/* Some ways of reading want it aligned as far as this. */
	raw = palloc(BLCKSZ + 4096);
	page = (char *) TYPEALIGN(4096, raw);
	/* More than once: somebody may be writing it. */
	for (int try = 0; try < 3 && !result; try++)
	{
		smgrread(RelationGetSmgr(check->index), MAIN_FORKNUM, blkno, page);
		result = server_accepts(page, blkno);
	}
	pfree(raw);
	return result;
}

bool
pf_bm_check_read(PfBmCheck *check, BlockNumber blkno, const char *part, PGAlignedBlock *copy)
{
	Buffer		buffer;
	const char *fault;

	CHECK_FOR_INTERRUPTS();
	if (!in_file(check, blkno))
	{
		pf_bm_check_report(check, blkno, part, "it is behind the end of the file");
		return false;
	}
	if (get_bit(check->unreadable, blkno))
		return false;

	if (!can_be_read(check, blkno))
		fault = "page header or checksum of the server is wrong";
	else
	{
		buffer = ReadBufferExtended(check->index, MAIN_FORKNUM, blkno, RBM_NORMAL, check->strategy);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		memcpy(copy->data, BufferGetPage(buffer), BLCKSZ);
		UnlockReleaseBuffer(buffer);
		if (PageIsNew((Page) copy->data))
			fault = "the page is empty";
		else if (!pf_bm_page_is_sound((Page) copy->data))
			fault = "the page's layout or checksum is wrong";
		else
			return true;
	}
	set_bit(check->unreadable, blkno);
	pf_bm_check_report(check, blkno, part, "%s", fault);
	return false;
}

bool
pf_bm_check_page(PfBmCheck *check, BlockNumber blkno, PfBmKind kind, uint64 owner, const char *part,
				 PGAlignedBlock *copy)
{
	const PfBmTail *tail;

	if (!pf_bm_check_read(check, blkno, part, copy))
		return false;
	tail = PF_BM_TAIL((Page) copy->data);
	if (tail->kind == kind && (owner == 0 || tail->owner == owner))
		return true;
	set_bit(check->unreadable, blkno);
	pf_bm_check_report(check, blkno, part, "the page is of kind %u and owner " UINT64_FORMAT
					   ", not of kind %u and owner " UINT64_FORMAT,
					   tail->kind, tail->owner, (unsigned) kind, owner);
	return false;
}

bool
pf_bm_check_take(PfBmCheck *check, BlockNumber blkno, const char *part)
{
	if (!in_file(check, blkno))
	{
		pf_bm_check_report(check, blkno, part, "it is behind the end of the file");
		return false;
	}
	if (get_bit(check->used, blkno))
	{
		pf_bm_check_report(check, blkno, part, "the page is in use elsewhere, too");
		return false;
	}
	set_bit(check->used, blkno);
	return true;
}

bool
pf_bm_check_doc(PfBmCheck *check, BlockNumber blkno, const char *part, uint32 at,
				const PfBmDoc *doc)
{
	OffsetNumber offset = ItemPointerGetOffsetNumberNoCheck(&doc->tid);
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(&doc->tid);
	const char *fault = NULL;

	if (block > MaxBlockNumber || offset == 0 || offset > MaxOffsetNumber)
		fault = "it is of no possible row";
	else if (!isfinite(doc->length) || (doc->length < 0 && doc->length != -1))
		fault = "its length is none";
	else if ((doc->nulls >> check->meta.nfilters) != 0)
		fault = "a filter that is not there is NULL";
	if (fault == NULL)
		return true;
	pf_bm_check_report(check, blkno, part, "document at %u: %s", at, fault);
	return false;
}

/* ---- metapage ---- */

bool
pf_bm_check_meta(PfBmCheck *check, PfBmMeta *meta)
{
	const char *part = "metapage";
	PGAlignedBlock copy;
	uint32		width;
	int			seen = 0;

	if (!pf_bm_check_page(check, PF_BM_META_BLKNO, PF_BM_META, 0, part, &copy))
		return false;
	memset(meta, 0, sizeof(PfBmMeta));
	memcpy(meta, PF_BM_DATA(copy.data), Min(sizeof(PfBmMeta), PF_BM_USED(copy.data)));

	if (meta->magic != PF_BM_MAGIC || meta->version != PF_BM_VERSION)
	{
		pf_bm_check_report(check, PF_BM_META_BLKNO, part, "magic number is %08X, version %u",
						   meta->magic, meta->version);
		return false;
	}
	if (meta->nsegments > PF_BM_MAX_SEGMENTS || meta->nfilters > PF_BM_MAX_FILTERS ||
		PF_BM_USED(copy.data) < offsetof(PfBmMeta,
										 segments) + meta->nsegments * sizeof(PfBmSegmentEntry))
	{
		pf_bm_check_report(check, PF_BM_META_BLKNO, part,
						   "it has %u segments, %u filters and %u bytes",
						   meta->nsegments, meta->nfilters, (unsigned) PF_BM_USED(copy.data));
		return false;
	}
	if ((meta->buffer_head == InvalidBlockNumber) != (meta->buffer_tail == InvalidBlockNumber))
		pf_bm_check_report(check, PF_BM_META_BLKNO, part, "the write buffer has only one end");
	for (int f = 0; f < PF_BM_FIELDS; f++)
	{
		if (!isfinite(meta->weights[f]) || meta->weights[f] < 0)
			pf_bm_check_report(check, PF_BM_META_BLKNO, part, "weight %d is %g", f,
							   meta->weights[f]);
	}

	/* length, row, nulls; then the filters, each behind what is before */
	width = meta->nfilters > 0 ? 12 : 10;
	for (int i = 0; i < meta->nfilters; i++)
	{
		const PfBmFilter *filter = &meta->filters[i];

		if ((filter->width != 1 && filter->width != 2 && filter->width != 4 &&
			 filter->width != 8) ||
			filter->type > PF_BM_FILTER_HASH || filter->offset < width ||
			filter->offset + filter->width > meta->doc_width)
		{
			pf_bm_check_report(check, PF_BM_META_BLKNO, part, "filter %d has no sound layout", i);
			return false;
		}
		width = filter->offset + filter->width;
	}
	if (meta->doc_width < width || meta->doc_width > 12 + 8 * PF_BM_MAX_FILTERS)
	{
		pf_bm_check_report(check, PF_BM_META_BLKNO, part, "documents of %u bytes", meta->doc_width);
		return false;
	}
	for (int i = 0; i < meta->nfilters; i++)
		seen |= meta->order[i] < meta->nfilters ? 1 << meta->order[i] : 0;
	if (seen != (1 << meta->nfilters) - 1)
	{
		pf_bm_check_report(check, PF_BM_META_BLKNO, part, "the order of filters leaves some out");
		return false;
	}
	for (uint32 i = 0; i < meta->nsegments; i++)
	{
		if (meta->segments[i].id == 0 || meta->segments[i].id >= meta->next_owner)
			pf_bm_check_report(check, PF_BM_META_BLKNO, part,
							   "segment " UINT64_FORMAT " is of no owner yet",
							   meta->segments[i].id);
		for (uint32 j = 0; j < i; j++)
		{
			if (meta->segments[i].id == meta->segments[j].id)
				pf_bm_check_report(check, PF_BM_META_BLKNO, part,
								   "segment " UINT64_FORMAT " is there twice",
								   meta->segments[i].id);
		}
	}
	return true;
}

/* ---- the walk ---- */

/* Begins to look at the file as long as it is now. */
static void
measure(PfBmCheck *check)
{
	Size		size;

	check->nblocks = RelationGetNumberOfBlocks(check->index);
	size = (Size) check->nblocks / 8 + 1;
	check->used = MemoryContextAllocZero(check->context, size);
	check->unreadable = MemoryContextAllocZero(check->context, size);
}

/*
 * Gives whether the metapage could be read.  With lock, first the buffer is kept
 * from being spilled, then segments from being merged: never both, since who
 * holds a page lock may not wait for another.
 */
static bool
walk(PfBmCheck *check, bool lock)
{
	bool		sound;

	if (lock)
		LockPage(check->index, PF_BM_SPILL_LOCK, ShareLock);
	sound = pf_bm_check_meta(check, &check->meta);
	if (sound)
	{
		(void) pf_bm_check_take(check, PF_BM_META_BLKNO, "metapage");
		pf_bm_check_buffer(check);
		pf_bm_check_spare(check);
	}
	if (lock)
	{
		UnlockPage(check->index, PF_BM_SPILL_LOCK, ShareLock);
		LockPage(check->index, PF_BM_MERGE_LOCK, ShareLock);
		measure(check);
		sound = sound && pf_bm_check_meta(check, &check->meta);
	}

	for (uint32 i = 0; sound && i < check->meta.nsegments && !pf_bm_check_full(check); i++)
	{
		MemoryContext context = AllocSetContextCreate(check->context, "paperfeed segment check",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);

		check->segment = check->meta.segments[i].id;
		pf_bm_check_segment(check, &check->meta.segments[i]);
		check->segment = 0;
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
	}
	if (lock)
		UnlockPage(check->index, PF_BM_MERGE_LOCK, ShareLock);
	return sound;
}

static PfBmCheck *
begin(Relation index)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed index check",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfBmCheck  *check = palloc0(sizeof(PfBmCheck));

	check->index = index;
	check->context = context;
	check->strategy = GetAccessStrategy(BAS_BULKREAD);
	measure(check);
	check->problems = palloc(sizeof(PfBmProblem) * PF_BM_MAX_PROBLEMS);
	MemoryContextSwitchTo(old);
	return check;
}

/* Replay goes on while we look, and may take away what we look at. */
static PfBmCheck *
check_standby(Relation index)
{
	for (int try = 0; try < MAX_TRIES; try++)
	{
		PfBmCheck  *check = begin(index);
		PfBmMeta   *meta = MemoryContextAlloc(check->context, sizeof(PfBmMeta));
		bool		sound = walk(check, false);

		/* Nothing is wrong, or it is and stays so. */
		if (check->nproblems == 0 || !sound ||
			(pf_bm_check_meta(check, meta) && memcmp(meta, &check->meta, sizeof(PfBmMeta)) == 0))
			return check;
		MemoryContextDelete(check->context);
	}
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("index \"%s\" keeps changing while it is checked",
					RelationGetRelationName(index)),
			 errhint("Try again, or check it on the primary.")));
}

static PfBmCheck *
check_primary(Relation index)
{
	PfBmCheck  *check = begin(index);

	(void) walk(check, true);
	return check;
}

/* index_check(index regclass, OUT block bigint, OUT part text, OUT problem text) */
Datum
pf_bm_index_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	index = pf_bm_index_open(PG_GETARG_OID(0), AccessShareLock);
	PfBmCheck  *check;

	InitMaterializedSRF(fcinfo, 0);
	check = RecoveryInProgress() ? check_standby(index) : check_primary(index);
	for (int i = 0; i < check->nproblems; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		if (i < PF_BM_MAX_PROBLEMS)
		{
			nulls[0] = check->problems[i].blkno == InvalidBlockNumber;
			values[0] = Int64GetDatum(check->problems[i].blkno);
			values[1] = CStringGetTextDatum(check->problems[i].part);
			values[2] = CStringGetTextDatum(check->problems[i].text);
		}
		else
		{
			nulls[0] = nulls[1] = true;
			values[0] = values[1] = (Datum) 0;
			values[2] = CStringGetTextDatum("there are more problems than are listed here");
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextDelete(check->context);
	relation_close(index, AccessShareLock);
	PG_RETURN_NULL();
}
