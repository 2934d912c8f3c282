/*-------------------------------------------------------------------------
 *
 * build.c
 *		CREATE INDEX: the table's rows into one segment.
 *
 * Rows are collected in memory (invert.c) until maintenance_work_mem is full,
 * then written as a sorted run to a temporary file (run.c).  At the end the runs
 * and what is in memory are merged straight into the segment.  Pages are not
 * logged as they are written, but all together at the end.
 *
 * In a parallel build each worker scans its share of the table and leaves runs in
 * a set of shared files; the leader scans, too, and merges everything when the
 * workers have finished.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>

#include "index/index.h"

#include "access/parallel.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xloginsert.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "pgstat.h"
#include "storage/buffile.h"
#include "storage/sharedfileset.h"
#include "storage/spin.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* The first phase is PostgreSQL's own. */
#define PHASE_SCAN		2
#define PHASE_WAIT		3
#define PHASE_MERGE		4
#define PHASE_LOG		5

#define KEY_SHARED		UINT64CONST(0xB250000000000001)
#define KEY_QUERY		UINT64CONST(0xB250000000000002)

/* What the participants of a parallel build share; the table scan's description follows. */
typedef struct BuildShared
{
	Oid			heap;
	Oid			index;
	bool		concurrent;
	Size		limit;			/* bytes of memory for each */
	PfBmMeta	meta;
	SharedFileSet files;

	slock_t		mutex;			/* protects what follows */
	double		heap_tuples;
	double		index_tuples;
	uint32		nruns;			/* of workers */
	bool		broken_hot_chain;
} BuildShared;

#define SHARED_SCAN(shared) \
	((ParallelTableScanDesc) ((char *) (shared) + BUFFERALIGN(sizeof(BuildShared))))

/* One participant, or the only one. */
typedef struct Builder
{
	const PfBmMeta *meta;
	MemoryContext context;
	MemoryContext row_context;	/* for one row */
	PfBmInvert *invert;
	Size		limit;
	double		index_tuples;

	BuildShared *shared;		/* runs go to its files; NULL = to files of our own */
	BufFile   **runs;
	uint32		nruns;
	uint32		max_runs;
} Builder;

typedef struct Leader
{
	ParallelContext *context;
	BuildShared *shared;
	Snapshot	snapshot;
} Leader;

extern PGDLLEXPORT void pf_bm_build_worker(dsm_segment *segment, shm_toc *toc);

/* ---- rows ---- */

static void
builder_init(Builder *builder, const PfBmMeta *meta, Size limit)
{
	memset(builder, 0, sizeof(Builder));
	builder->meta = meta;
	builder->context = CurrentMemoryContext;
	builder->row_context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed row",
												 ALLOCSET_DEFAULT_SIZES);
	builder->limit = limit;
	builder->invert = pf_bm_invert_begin(meta);
}

static void
run_name(char name[MAXPGPATH], uint32 number)
{
	snprintf(name, MAXPGPATH, "run%u", number);
}

/* What is in memory becomes a run. */
static void
flush(Builder *builder)
{
	PfBmSource *source = pf_bm_invert_source(builder->invert);
	BufFile    *file;

	if (builder->shared != NULL)
	{
		char		name[MAXPGPATH];
		uint32		number;

		SpinLockAcquire(&builder->shared->mutex);
		number = builder->shared->nruns++;
		SpinLockRelease(&builder->shared->mutex);
		run_name(name, number);
		file = BufFileCreateFileSet(&builder->shared->files.fs, name);
		pf_bm_run_write(file, builder->meta, source);
		BufFileExportFileSet(file);
		BufFileClose(file);
	}
	else
	{
		if (builder->nruns == builder->max_runs)
		{
			builder->max_runs = Max(builder->max_runs * 2, 16);
			builder->runs = builder->runs == NULL ?
				palloc(sizeof(BufFile *) * builder->max_runs) :
				repalloc(builder->runs, sizeof(BufFile *) * builder->max_runs);
		}
		file = BufFileCreateTemp(false);
		builder->runs[builder->nruns++] = file;
		pf_bm_run_write(file, builder->meta, source);
	}
	source->close(source);
	builder->invert = pf_bm_invert_begin(builder->meta);
}

static void
add_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
		bool alive pg_attribute_unused(), void *state)
{
	Builder    *builder = state;
	MemoryContext old = MemoryContextSwitchTo(builder->row_context);
	TSVector	tsv = isnull[0] ? NULL : DatumGetTSVector(values[0]);
	PfBmDoc		doc;

	memset(&doc, 0, sizeof(doc));
	doc.tid = *tid;
	doc.length = tsv == NULL ? -1 : pf_bm_tsv_length(tsv, builder->meta->weights);
	pf_bm_filter_values(index, values, isnull, &doc);
	pf_bm_invert_add_tsv(builder->invert, &doc, tsv);
	builder->index_tuples++;

	MemoryContextSwitchTo(builder->context);
	MemoryContextReset(builder->row_context);
	if (pf_bm_invert_size(builder->invert) > builder->limit)
		flush(builder);
	MemoryContextSwitchTo(old);
}

/* ---- parallel ---- */

/* A participant's part of the scan. */
static void
scan_share(Builder *builder, BuildShared *shared, Relation heap, Relation index, IndexInfo *info, bool progress)
{
	TableScanDesc scan = table_beginscan_parallel(heap, SHARED_SCAN(shared));
	double		heap_tuples = table_index_build_scan(heap, index, info, true, progress, add_row,
													 builder, scan);

	SpinLockAcquire(&shared->mutex);
	shared->heap_tuples += heap_tuples;
	shared->index_tuples += builder->index_tuples;
	shared->broken_hot_chain |= info->ii_BrokenHotChain;
	SpinLockRelease(&shared->mutex);
}

void
pf_bm_build_worker(dsm_segment *segment, shm_toc *toc)
{
	BuildShared *shared = shm_toc_lookup(toc, KEY_SHARED, false);
	LOCKMODE	heap_lock = shared->concurrent ? ShareUpdateExclusiveLock : ShareLock;
	LOCKMODE	index_lock = shared->concurrent ? RowExclusiveLock : AccessExclusiveLock;
	Relation	heap;
	Relation	index;
	IndexInfo  *info;
	Builder		builder;

	debug_query_string = shm_toc_lookup(toc, KEY_QUERY, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);

	/* The locks that the leader has. */
	heap = table_open(shared->heap, heap_lock);
	index = index_open(shared->index, index_lock);
	info = BuildIndexInfo(index);
	info->ii_Concurrent = shared->concurrent;
	SharedFileSetAttach(&shared->files, segment);

	builder_init(&builder, &shared->meta, shared->limit);
	builder.shared = shared;
	scan_share(&builder, shared, heap, index, info, false);
	if (pf_bm_invert_ndocs(builder.invert) > 0)
		flush(&builder);

	index_close(index, index_lock);
	table_close(heap, heap_lock);
}

static void
parallel_end(Leader *leader)
{
	if (IsMVCCSnapshot(leader->snapshot))
		UnregisterSnapshot(leader->snapshot);
	DestroyParallelContext(leader->context);
	ExitParallelMode();
	leader->shared = NULL;
}

/* Gives false if there is no worker to be had: the build is serial then. */
static bool
parallel_begin(Leader *leader, const PfBmMeta *meta, Relation heap, Relation index, IndexInfo *info,
			   int nworkers)
{
	ParallelContext *context;
	BuildShared *shared;
	Size		size;
	Size		query_size = debug_query_string != NULL ? strlen(debug_query_string) + 1 : 0;

	EnterParallelMode();
	context = CreateParallelContext("paperfeed", "pf_bm_build_worker", nworkers);
	leader->context = context;
	leader->snapshot = info->ii_Concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;

	size = add_size(BUFFERALIGN(sizeof(BuildShared)), table_parallelscan_estimate(heap, leader->snapshot));
	shm_toc_estimate_chunk(&context->estimator, size);
	shm_toc_estimate_keys(&context->estimator, 1);
	if (query_size > 0)
	{
		shm_toc_estimate_chunk(&context->estimator, query_size);
		shm_toc_estimate_keys(&context->estimator, 1);
	}
	InitializeParallelDSM(context);
	if (context->seg == NULL)
	{
		parallel_end(leader);
		return false;
	}

	shared = shm_toc_allocate(context->toc, size);
	leader->shared = shared;
	memset(shared, 0, sizeof(BuildShared));
	shared->heap = RelationGetRelid(heap);
	shared->index = RelationGetRelid(index);
	shared->concurrent = info->ii_Concurrent;
	shared->limit = (Size) maintenance_work_mem * 1024 / (nworkers + 1);
	shared->meta = *meta;
	SharedFileSetInit(&shared->files, context->seg);
	SpinLockInit(&shared->mutex);
	table_parallelscan_initialize(heap, SHARED_SCAN(shared), leader->snapshot);
	shm_toc_insert(context->toc, KEY_SHARED, shared);
	if (query_size > 0)
	{
		char	   *query = shm_toc_allocate(context->toc, query_size);

		memcpy(query, debug_query_string, query_size);
		shm_toc_insert(context->toc, KEY_QUERY, query);
	}

	LaunchParallelWorkers(context);
	elog(DEBUG1, "building index \"%s\" with %d parallel workers", RelationGetRelationName(index),
		 context->nworkers_launched);
	if (context->nworkers_launched > 0)
		return true;
	WaitForParallelWorkersToFinish(context);
	parallel_end(leader);
	return false;
}

/* ---- the metapage ---- */

static void
meta_init(Relation index, PfBmMeta *meta)
{
	memset(meta, 0, sizeof(PfBmMeta));
	meta->magic = PF_BM_MAGIC;
	meta->version = PF_BM_VERSION;
	if (!pg_strong_random(&meta->index_id, sizeof(meta->index_id)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random number for index \"%s\"",
						RelationGetRelationName(index))));
	meta->next_owner = 1;
	pf_bm_weights(index, meta->weights);
	meta->buffer_head = InvalidBlockNumber;
	meta->buffer_tail = InvalidBlockNumber;
	meta->spare_head = InvalidBlockNumber;
	pf_bm_filters_init(index, meta);
}

/* An init fork's page is logged, whatever the table is: replay makes the main fork of it. */
static void
meta_write(Relation index, ForkNumber fork, const PfBmMeta *meta, bool first)
{
	Buffer		buffer = ReadBufferExtended(index, fork, first ? P_NEW : PF_BM_META_BLKNO, RBM_NORMAL, NULL);
	Page		page = BufferGetPage(buffer);

	Assert(BufferGetBlockNumber(buffer) == PF_BM_META_BLKNO);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	START_CRIT_SECTION();
	pf_bm_page_init(page, PF_BM_META, 0);
	*PF_BM_META(page) = *meta;
	pf_bm_page_set_size(page, sizeof(PfBmMeta));
	pf_bm_page_seal(page);
	MarkBufferDirty(buffer);
	if (fork == INIT_FORKNUM)
		log_newpage_buffer(buffer, true);
	END_CRIT_SECTION();
	UnlockReleaseBuffer(buffer);
}

/* ---- the build ---- */

/* The runs of all, and what is in memory, become the index's segment. */
static void
merge_runs(Builder *builder, BuildShared *shared, Relation index, PfBmMeta *meta)
{
	uint32		nshared = shared != NULL ? shared->nruns : 0;
	PfBmSource **sources = palloc_extended(sizeof(PfBmSource *) * ((Size) builder->nruns + nshared + 1),
										   MCXT_ALLOC_HUGE);
	int			n = 0;

	for (uint32 i = 0; i < builder->nruns; i++)
		sources[n++] = pf_bm_run_source(builder->runs[i], builder->meta);
	for (uint32 i = 0; i < nshared; i++)
	{
		char		name[MAXPGPATH];

		run_name(name, i);
		sources[n++] = pf_bm_run_source(BufFileOpenFileSet(&shared->files.fs, name, O_RDONLY, false),
										builder->meta);
	}
	sources[n++] = pf_bm_invert_source(builder->invert);

	if (pf_bm_merge(index, meta, true, sources, n, &meta->segments[0]))
	{
		meta->nsegments = 1;
		meta->next_owner = meta->segments[0].id + 1;
	}
	for (int i = 0; i < n; i++)
		sources[i]->close(sources[i]);
}

IndexBuildResult *
pf_bm_build(Relation heap, Relation index, IndexInfo *info)
{
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	PfBmMeta   *meta = palloc(sizeof(PfBmMeta));
	PfBmMeta   *started = palloc(sizeof(PfBmMeta));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed build",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	Builder		builder;
	Leader		leader = {.shared = NULL};
	bool		parallel = false;
	int			nworkers = info->ii_ParallelWorkers;

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
	meta_init(index, meta);
	pf_bm_choose_order(heap, index, info, meta);
	*started = *meta;
	meta_write(index, MAIN_FORKNUM, meta, true);

	/* PostgreSQL itself asks only for access methods that it knows to be parallel. */
	if (nworkers == 0 && RelationGetNumberOfBlocks(heap) > 0)
		nworkers = plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(index));
	if (nworkers > 0)
		parallel = parallel_begin(&leader, meta, heap, index, info, nworkers);

	old = MemoryContextSwitchTo(context);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, PHASE_SCAN);
	builder_init(&builder, started, (Size) maintenance_work_mem * 1024);
	if (parallel)
	{
		builder.limit = leader.shared->limit;
		scan_share(&builder, leader.shared, heap, index, info, true);
		pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, PHASE_WAIT);
		WaitForParallelWorkersToFinish(leader.context);
		result->heap_tuples = leader.shared->heap_tuples;
		result->index_tuples = leader.shared->index_tuples;
		info->ii_BrokenHotChain |= leader.shared->broken_hot_chain;
	}
	else
	{
		/* Not along with other scans: rows in their order make merging cheap. */
		result->heap_tuples = table_index_build_scan(heap, index, info, false, true, add_row, &builder, NULL);
		result->index_tuples = builder.index_tuples;
	}

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, PHASE_MERGE);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, (int64) result->index_tuples);
	merge_runs(&builder, leader.shared, index, meta);
	meta_write(index, MAIN_FORKNUM, meta, false);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	if (parallel)
		parallel_end(&leader);

	if (RelationNeedsWAL(index))
	{
		pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, PHASE_LOG);
		log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
	}
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, (int64) result->index_tuples);
	return result;
}

void
pf_bm_buildempty(Relation index)
{
	PfBmMeta   *meta = palloc(sizeof(PfBmMeta));

	meta_init(index, meta);
	meta_write(index, INIT_FORKNUM, meta, true);
	pfree(meta);
}

char *
pf_bm_buildphasename(int64 phase)
{
	switch (phase)
	{
		case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
			return "initializing";
		case PHASE_SCAN:
			return "scanning table";
		case PHASE_WAIT:
			return "waiting for workers";
		case PHASE_MERGE:
			return "merging runs";
		case PHASE_LOG:
			return "writing WAL";
		default:
			return NULL;
	}
}
