/*-------------------------------------------------------------------------
 *
 * page.c
 *		Pages of the index: layout, checksum, taking and giving back.
 *
 * The free space map only hints at pages.  Who takes one locks it, sees that it
 * is new or was retired longer ago than anyone can remember, and stamps it as
 * its own before the lock goes.  See README, "Pages" and "Space".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/freespace.h"
#include "storage/indexfsm.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"

/* Free pages to look at before the file is extended: hints may be stale. */
#define MAX_HINTS	32

void
pf_bm_corrupt(Relation index, BlockNumber blkno, const char *fmt,...)
{
	char		message[256];
	va_list		args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" is corrupted at block %u: %s",
					RelationGetRelationName(index), blkno, message),
			 errhint("Look at paperfeed.index_check('%s'), then REINDEX it.",
					 RelationGetRelationName(index))));
}

void
pf_bm_page_init(Page page, uint16 kind, uint64 owner)
{
	PfBmTail   *tail;

	PageInit(page, BLCKSZ, sizeof(PfBmTail));
	tail = PF_BM_TAIL(page);
	tail->owner = owner;
	tail->xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	tail->kind = kind;
	tail->page_id = PF_BM_PAGE_ID;
}

void
pf_bm_page_set_size(Page page, Size size)
{
	Assert(size <= PF_BM_PAYLOAD);
	((PageHeader) page)->pd_lower = SizeOfPageHeaderData + size;
}

static pg_crc32c
page_crc(Page page)
{
	const PfBmTail *tail = PF_BM_TAIL(page);
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, PF_BM_DATA(page), ((PageHeader) page)->pd_lower - SizeOfPageHeaderData);
	COMP_CRC32C(crc, &tail->owner, sizeof(tail->owner));
	COMP_CRC32C(crc, &tail->xid, sizeof(tail->xid));
	COMP_CRC32C(crc, &tail->kind, sizeof(tail->kind));
	COMP_CRC32C(crc, &tail->page_id, sizeof(tail->page_id));
	FIN_CRC32C(crc);
	return crc;
}

void
pf_bm_page_seal(Page page)
{
	PF_BM_TAIL(page)->crc = page_crc(page);
}

/* The parts of the header that everything else relies on. */
static bool
layout_is_sound(Page page)
{
	PageHeader	header = (PageHeader) page;

	return header->pd_special == BLCKSZ - MAXALIGN(sizeof(PfBmTail)) &&
		header->pd_upper == header->pd_special &&
		header->pd_lower >= SizeOfPageHeaderData &&
		header->pd_lower <= header->pd_upper &&
		PF_BM_TAIL(page)->page_id == PF_BM_PAGE_ID;
}

bool
pf_bm_page_is_sound(Page page)
{
	return layout_is_sound(page) && PF_BM_TAIL(page)->crc == page_crc(page);
}

void
pf_bm_page_check(Relation index, BlockNumber blkno, Page page, PfBmKind kind, uint64 owner, bool crc)
{
	const PfBmTail *tail;

	if (!layout_is_sound(page))
		pf_bm_corrupt(index, blkno, "it is no page of such an index");
	if (crc && PF_BM_TAIL(page)->crc != page_crc(page))
		pf_bm_corrupt(index, blkno, "wrong checksum");

	tail = PF_BM_TAIL(page);
	if ((tail->kind & ~PF_BM_RETIRED) == kind && (owner == 0 || tail->owner == owner))
		return;
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("canceling statement due to conflict with recovery"),
				 errdetail("Pages of index \"%s\" that the query reads were given to something else.",
						   RelationGetRelationName(index)),
				 errhint("Run it again; hot_standby_feedback = on makes this rare.")));
	pf_bm_corrupt(index, blkno, "it is of kind %u and owner " UINT64_FORMAT
				  ", not of kind %u and owner " UINT64_FORMAT,
				  tail->kind, tail->owner, (unsigned) kind, owner);
}

Buffer
pf_bm_read(Relation index, BlockNumber blkno, PfBmKind kind, uint64 owner)
{
	Buffer		buffer;

	if (blkno != PF_BM_META_BLKNO && blkno >= RelationGetNumberOfBlocks(index))
		pf_bm_corrupt(index, blkno, "it is referred to, but the file ends before");
	buffer = ReadBuffer(index, blkno);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	pf_bm_page_check(index, blkno, BufferGetPage(buffer), kind, owner, true);
	return buffer;
}

/* For all databases' transactions, whoever asks: one page must not be free for VACUUM and in use for an insert. */
bool
pf_bm_is_past(uint64 xid)
{
	return GlobalVisCheckRemovableFullXid(NULL, FullTransactionIdFromU64(xid));
}

bool
pf_bm_page_reusable(Page page)
{
	const PfBmTail *tail;

	if (PageIsNew(page))
		return true;
	if (!layout_is_sound(page))
		return false;
	tail = PF_BM_TAIL(page);
	return (tail->kind & PF_BM_RETIRED) != 0 && pf_bm_is_past(tail->xid);
}

static Buffer
extend(Relation index)
{
	Buffer		buffer;
	bool		lock = !RELATION_IS_LOCAL(index);

	if (lock)
		LockRelationForExtension(index, ExclusiveLock);
	buffer = ReadBuffer(index, P_NEW);

	/* Before the extension lock goes: VACUUM takes that before it looks for new pages. */
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	if (lock)
		UnlockRelationForExtension(index, ExclusiveLock);
	return buffer;
}

Buffer
pf_bm_page_claim(Relation index, bool extend_only)
{
	for (int i = 0; !extend_only && i < MAX_HINTS; i++)
	{
		BlockNumber blkno = GetFreeIndexPage(index);
		Buffer		buffer;

		if (blkno == InvalidBlockNumber)
			break;
		if (blkno == PF_BM_META_BLKNO || blkno >= RelationGetNumberOfBlocks(index))
			continue;
		buffer = ReadBuffer(index, blkno);
		/* Whoever holds it may be waiting for a lock that we hold. */
		if (ConditionalLockBuffer(buffer))
		{
			if (pf_bm_page_reusable(BufferGetPage(buffer)))
				return buffer;
			UnlockReleaseBuffer(buffer);
		}
		else
			ReleaseBuffer(buffer);
	}
	return extend(index);
}

BlockNumber
pf_bm_pages_extend(Relation index, uint32 n)
{
	BlockNumber first = InvalidBlockNumber;
	bool		lock = !RELATION_IS_LOCAL(index);

	if (lock)
		LockRelationForExtension(index, ExclusiveLock);
	for (uint32 i = 0; i < n; i++)
	{
		Buffer		buffer = ReadBuffer(index, P_NEW);

		if (i == 0)
			first = BufferGetBlockNumber(buffer);
		ReleaseBuffer(buffer);
	}
	if (lock)
		UnlockRelationForExtension(index, ExclusiveLock);
	return first;
}

void
pf_bm_page_retire(Relation index, BlockNumber blkno, uint64 owner)
{
	Buffer		buffer = ReadBuffer(index, blkno);
	Page		page;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	page = BufferGetPage(buffer);
	if (layout_is_sound(page) && PF_BM_TAIL(page)->owner == owner &&
		(PF_BM_TAIL(page)->kind & PF_BM_RETIRED) == 0)
	{
		GenericXLogState *state = GenericXLogStart(index);
		PfBmTail   *tail;

		page = GenericXLogRegisterBuffer(state, buffer, 0);
		tail = PF_BM_TAIL(page);
		tail->kind |= PF_BM_RETIRED;
		tail->xid = U64FromFullTransactionId(ReadNextFullTransactionId());
		pf_bm_page_seal(page);
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
}
