/*-------------------------------------------------------------------------
 *
 * meta.c
 *		The metapage: copies of it, and changes by one record of WAL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

static void
meta_check(Relation index, const PfBmMeta *meta)
{
	if (meta->magic != PF_BM_MAGIC)
		pf_bm_corrupt(index, PF_BM_META_BLKNO, "it is no metapage");
	if (meta->version != PF_BM_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("index \"%s\" has format version %u, this library reads version %u",
						RelationGetRelationName(index), meta->version, PF_BM_VERSION),
				 errhint("REINDEX it.")));
	if (meta->nsegments > PF_BM_MAX_SEGMENTS || meta->nfilters > PF_BM_MAX_FILTERS ||
		meta->doc_width < 10 || meta->doc_width > 12 + 8 * PF_BM_MAX_FILTERS)
		pf_bm_corrupt(index, PF_BM_META_BLKNO, "its counts are out of range");
	for (int i = 0; i < meta->nfilters; i++)
	{
		if (meta->order[i] >= meta->nfilters)
			pf_bm_corrupt(index, PF_BM_META_BLKNO, "its order of filters is out of range");
	}
}

void
pf_bm_meta_read(Relation index, PfBmMeta *meta)
{
	Buffer		buffer = pf_bm_read(index, PF_BM_META_BLKNO, PF_BM_META, 0);
	const PfBmMeta *page = PF_BM_META(BufferGetPage(buffer));
	uint32		n = Min(page->nsegments, PF_BM_MAX_SEGMENTS);

	memcpy(meta, page, offsetof(PfBmMeta, segments) + n * sizeof(PfBmSegmentEntry));
	UnlockReleaseBuffer(buffer);
	meta_check(index, meta);
}

void
pf_bm_meta_begin(Relation index, PfBmChange *change)
{
	change->buffer = ReadBuffer(index, PF_BM_META_BLKNO);
	LockBuffer(change->buffer, BUFFER_LOCK_EXCLUSIVE);
	pf_bm_page_check(index, PF_BM_META_BLKNO, BufferGetPage(change->buffer), PF_BM_META, 0, true);
	change->state = GenericXLogStart(index);
	change->page = GenericXLogRegisterBuffer(change->state, change->buffer, 0);
	change->meta = PF_BM_META(change->page);
	meta_check(index, change->meta);
}

void
pf_bm_meta_finish(PfBmChange *change)
{
	pf_bm_page_seal(change->page);
	GenericXLogFinish(change->state);
	UnlockReleaseBuffer(change->buffer);
}

void
pf_bm_meta_abort(PfBmChange *change)
{
	GenericXLogAbort(change->state);
	UnlockReleaseBuffer(change->buffer);
}

uint64
pf_bm_next_owner(Relation index)
{
	PfBmChange	change;
	uint64		owner;

	pf_bm_meta_begin(index, &change);
	owner = change.meta->next_owner++;
	pf_bm_meta_finish(&change);
	return owner;
}
