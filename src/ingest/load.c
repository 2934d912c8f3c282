/*-------------------------------------------------------------------------
 *
 * load.c
 *		SQL: paperfeed.ingest_files: files with millions of records to rows.
 *
 * A file is read once, from its beginning, piece by piece; the reader lives in
 * the procedure's memory, not in a transaction.  The records of some pieces are
 * written and committed together with their number, in paperfeed.loads.  A load
 * that was broken off reads from the beginning again, but passes over as many
 * records: to read them costs little beside writing them, and so it goes on for
 * every format, compressed or not.  Batches end at the same records as those of
 * a load that was not broken off, so that what they add up to is the same.
 *
 * Whoever loads a file holds its lock (see load_row.c).  Each batch locks the
 * feed's row, as every ingest does, and has a writer and a memory context of its
 * own.  Between batches, while records are passed over, nothing is held: no
 * snapshot and no lock on a row.
 *
 * A fault of a file is told and noted, and the next file is read; papers before
 * the fault stay.  An error of the caller's, a constraint of his table for
 * instance, ends the call; what was committed stays.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/encoding.h"
#include "fmgr.h"
#include "ingest/job.h"
#include "ingest/load.h"
#include "ingest/rules.h"
#include "ingest/run.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define TELL_EVERY			(5 * USECS_PER_SEC)
#define MAX_COMMIT_EVERY	1000000

PG_FUNCTION_INFO_V1(pf_ingest_files);

/* The arguments, in their order. */
enum
{
	ARG_PATH, ARG_TARGET, ARG_BASE_URL, ARG_COMMIT_EVERY, ARG_RECURSIVE, ARG_AGAIN
};

typedef struct Load
{
	/* Of the call. */
	Oid			target;
	PfStr		base_url;		/* may be none */
	int			commit_every;	/* records */
	bool		again;			/* also what is done */
	PfJob	   *job;
	PfLoadFiles files;
	int64		done;			/* bytes of files that are behind us */
	int64		read;			/* bytes that this call read */
	int64		records;		/* that this call wrote, committed */
	int64		papers;			/* of these, added or updated */
	int			nloaded;
	int			nfailed;
	int			nskipped;		/* as they are done */
	int			nbusy;			/* as others are at them */
	TimestampTz started;
	TimestampTz told;

	/* Of the file. */
	const char *path;
	PfStr		url;			/* of its feed */
	PfInput    *in;
	PfLoadRow	row;
	int64		skip;			/* records still to be passed over */

	/* Of the batch. */
	MemoryContext context;
	PfWriter   *writer;			/* NULL = there is no batch */
	PfFeedRow	feed;
	int			in_batch;		/* records */
} Load;

/* ----------------------------------------------------------------
 * Batches
 * ----------------------------------------------------------------
 */

static void
begin_batch(Load *load)
{
	MemoryContext old = MemoryContextSwitchTo(load->context);

	pf_feed_row_lock(&load->feed, load->url, load->target);
	load->writer = pf_writer_begin(load->target, load->feed.id, load->feed.is_new);
	pf_rules_filter(load->writer, load->target, &load->feed.tags);
	pf_writer_go_on(load->writer, &load->row.counts);
	load->row.feed = load->feed.id;
	load->in_batch = 0;
	MemoryContextSwitchTo(old);
}

static void
note_progress(Load *load)
{
	int64		bytes = pf_input_bytes(load->in);

	pf_job_note(load->job, load->done + bytes, load->files.bytes, load->papers,
				pf_text_to_utf8(cstring_to_text(load->path)));
}

/* What the batch did; it is still to be noted and committed. */
static void
write_batch(Load *load)
{
	MemoryContext old = MemoryContextSwitchTo(load->context);
	PfCounts	before = load->row.counts;
	PfCounts   *counts = &load->row.counts;

	*counts = pf_writer_end(load->writer);
	load->writer = NULL;
	load->row.bytes = pf_input_bytes(load->in);
	load->records += counts->seen - before.seen;
	load->papers += counts->added + counts->updated - before.added - before.updated;
	MemoryContextSwitchTo(old);
}

static void
commit_batch(Load *load)
{
	MemoryContext old = MemoryContextSwitchTo(load->context);

	pf_load_row_note(&load->row);
	note_progress(load);
	pf_job_commit();
	MemoryContextSwitchTo(old);
	MemoryContextReset(load->context);
}

/* A PfRecordFn. */
static void
on_record(PfRecord *rec, const PfFeedInfo *info, void *arg)
{
	Load	   *load = arg;

	if (load->skip > 0)
	{
		load->skip--;
		return;
	}
	if (load->writer == NULL)
		begin_batch(load);
	pf_run_record(rec, info, load->writer);
	load->in_batch++;
}

/* ----------------------------------------------------------------
 * Words
 * ----------------------------------------------------------------
 */

static char *
time_left(int64 seconds)
{
	if (seconds < 60)
		return psprintf("%d s", (int) Max(seconds, 0));
	if (seconds < 3600)
		return psprintf("%d min", (int) (seconds / 60));
	return psprintf("%lld h %d min", (long long) (seconds / 3600), (int) (seconds / 60 % 60));
}

/* Now and then say how far it is; for others to see, too, where that costs no batch. */
static void
tell(Load *load)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		read = load->read + pf_input_bytes(load->in);
	int64		done = load->done + pf_input_bytes(load->in);
	int64		total = Max(load->files.bytes, done);
	int64		records = load->records + (load->writer == NULL ? 0 : load->in_batch);
	double		elapsed = (double) (now - load->started) / USECS_PER_SEC;

	if (now - load->told < TELL_EVERY)
		return;
	load->told = now;
	ereport(NOTICE,
			(errmsg("%lld records, %lld of %lld MB (%d %%), %.0f records/s, %s left: \"%s\"",
					(long long) records, (long long) (done >> 20), (long long) (total >> 20),
					total == 0 ? 100 : (int) (done * 100.0 / total), (double) records / elapsed,
					time_left((int64) ((double) (total - done) * elapsed / Max(read, 1))),
					load->path)));
	if (load->writer == NULL)
	{
		note_progress(load);
		pf_job_commit();
	}
}

static void
in_file(void *arg)
{
	Load	   *load = arg;

	errcontext("file \"%s\", behind record %lld", load->path, (long long) load->row.counts.seen);
}

/* ----------------------------------------------------------------
 * Files
 * ----------------------------------------------------------------
 */

/* Note what came of the file, in one transaction with the last of its papers. */
static void
finish_file(Load *load, PfRun *run, const PfOutcome *outcome)
{
	/* The feed's row is to be locked. */
	if (load->writer == NULL)
		begin_batch(load);
	pf_run_conclude(run, outcome);
	if (strcmp(run->status, "failed") != 0 && outcome->info->cut_off)
	{
		run->status = "failed";
		run->error = "the document is cut off";
	}
	load->row.state = strcmp(run->status, "failed") == 0 ? PF_LOAD_FAILED : PF_LOAD_DONE;
	load->row.error = run->error;
	if (load->row.state == PF_LOAD_DONE)
		run->checksum = pf_input_end_checksum(load->in);
	write_batch(load);
	run->bytes = pf_input_bytes(load->in);
	run->counts = load->row.counts;
	pf_feed_row_note(&load->feed, run);
	commit_batch(load);
}

static void
tell_faults(Load *load, const PfOutcome *outcome)
{
	const PfCounts *counts = &load->row.counts;
	const char *error = text_to_cstring(pf_utf8_to_text(pf_str(load->row.error)));

	if (load->row.state == PF_LOAD_FAILED)
		ereport(WARNING,
				(errcode(outcome->ok ? ERRCODE_DATA_EXCEPTION : outcome->sqlstate),
				 errmsg("could not load all of \"%s\": %s", load->path, error),
				 errdetail("%lld records before that are loaded.", (long long) counts->seen)));
	else
		ereport(NOTICE,
				(errmsg("\"%s\" has faults: %s", load->path, error),
				 errdetail("%lld of %lld records were rejected, see paperfeed.rejects.",
						   (long long) counts->rejected, (long long) counts->seen)));
}

static void
read_file(Load *load)
{
	PfFeed	   *feed = pf_feed_begin(load->base_url, PF_STR_NONE, on_record, load);
	ErrorContextCallback callback = {error_context_stack, in_file, load};
	PfRun		run;
	PfOutcome	outcome;
	const char *bytes;
	size_t		n;

	memset(&run, 0, sizeof(run));
	run.kind = "load";
	run.url = load->url;
	run.target = load->target;
	run.started = GetCurrentTimestamp();

	error_context_stack = &callback;
	pf_input_start_checksum(load->in);
	while ((n = pf_input_next(load->in, &bytes)) > 0)
	{
		pf_feed_push(feed, bytes, n);
		if (load->writer != NULL && load->in_batch >= load->commit_every)
		{
			write_batch(load);
			commit_batch(load);
		}
		tell(load);
	}
	outcome = pf_document_end(feed, load->in);
	finish_file(load, &run, &outcome);
	error_context_stack = callback.previous;

	if (load->row.state == PF_LOAD_FAILED)
		load->nfailed++;
	else
		load->nloaded++;
	if (load->row.error != NULL)
		tell_faults(load, &outcome);
}

/* The file cannot be opened. */
static void
note_unread(Load *load, const char *problem)
{
	load->row.state = PF_LOAD_FAILED;
	load->row.error = pf_str_dup(pf_text_to_utf8(cstring_to_text(problem))).s;
	pf_load_row_note(&load->row);
	pf_job_commit();
	load->nfailed++;
	ereport(WARNING,
			(errcode(ERRCODE_IO_ERROR),
			 errmsg("could not open file \"%s\": %s", load->path, problem)));
}

/* Somebody else loads it. */
static void
leave(Load *load)
{
	if (load->files.one)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("file \"%s\" is being loaded by another session", load->path),
				 errhint("See paperfeed.progress for how far it is.")));
	/* What is not ours to do is no fault: several sessions may share a directory's files. */
	pf_job_commit();
	load->nbusy++;
	ereport(NOTICE,
			(errmsg("left file \"%s\" to another session that is loading it", load->path)));
}

/* What was there before, and what follows from it. */
static void
begin_file(Load *load, const PfLoadKey *key)
{
	PfLoadRow  *row = &load->row;
	bool		anew = !row->same || row->state == PF_LOAD_DONE;

	if (row->counts.seen > 0 && !row->same)
		ereport(NOTICE,
				(errmsg("beginning anew with \"%s\"", load->path),
				 errdetail("The file, its base_url or its feed has changed since it was loaded.")));
	else if (row->counts.seen > 0 && !anew)
		ereport(NOTICE,
				(errmsg("going on with \"%s\" behind record %lld", load->path,
						(long long) row->counts.seen)));
	if (!row->is_new)
		pf_load_row_begin(row, key, anew);
	load->skip = row->counts.seen;
	load->url = pf_str_join(PF_STR_LIT("file:"), pf_text_to_utf8(cstring_to_text(load->path)));
	note_progress(load);
	pf_job_commit();
}

/* All that it makes lives in CurrentMemoryContext: the input, the lock, the reader. */
static void
load_one(Load *load)
{
	PfFileIdentity file = {0};
	PfLoadKey	key = {load->path, load->target, load->base_url, NULL};
	const char *problem = NULL;

	load->in = load->files.one ? pf_input_file(load->path) :
		pf_input_try_file(load->path, &problem);
	if (load->in != NULL)
	{
		pf_input_identify(load->in, &file);
		key.file = &file;
	}
	if (!load->again && pf_load_row_is_done(&key))
		load->nskipped++;
	else if (pf_load_row_open(&load->row, &key) == NULL)
		leave(load);
	else if (load->in == NULL)
		note_unread(load, problem);
	else if (!load->again && load->row.same && load->row.state == PF_LOAD_DONE)
	{
		/* Another session was through with it just now. */
		load->nskipped++;
		pf_job_commit();
	}
	else
	{
		begin_file(load, &key);
		read_file(load);
		load->read += pf_input_bytes(load->in);
	}
	load->done += file.size;
}

static void
load_all(Load *load)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext each = AllocSetContextCreate(old, "paperfeed file", ALLOCSET_DEFAULT_SIZES);

	load->context = AllocSetContextCreate(old, "paperfeed load batch", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < load->files.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(each);
		load->path = load->files.paths[i];
		load_one(load);
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
	}
}

static void
tell_totals(Load *load)
{
	if (load->files.one && load->nskipped > 0)
		ereport(NOTICE,
				(errmsg("\"%s\" was loaded before and has not changed", load->path),
				 errhint("Give again => true to load it all the same.")));
	else
		ereport(NOTICE,
				(errmsg("%lld records of %d files, %lld papers added or changed",
						(long long) load->records, load->nloaded + load->nfailed,
						(long long) load->papers),
				 load->nfailed + load->nskipped + load->nbusy == 0 ? 0 :
				 errdetail("Of %d files %d have faults, %d were loaded before, %d are left to "
						   "others.", load->files.n, load->nfailed, load->nskipped, load->nbusy)));
}

/* ----------------------------------------------------------------
 * SQL
 * ----------------------------------------------------------------
 */

static void
take_arguments(FunctionCallInfo fcinfo, Load *load, char **path)
{
	static const char *const names[] = {
		"path", "target", NULL, "commit_every", "recursive", "again"
	};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (PG_ARGISNULL(i) && names[i] != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", names[i])));
	}
	*path = text_to_cstring(PG_GETARG_TEXT_PP(ARG_PATH));
	if (**path == '\0' || strlen(*path) >= MAXPGPATH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path must have 1 to %d bytes", MAXPGPATH - 1)));
	canonicalize_path(*path);
	load->target = PG_GETARG_OID(ARG_TARGET);
	if (!PG_ARGISNULL(ARG_BASE_URL))
		load->base_url = pf_str_dup(pf_str_trim(pf_text_to_utf8(PG_GETARG_TEXT_PP(ARG_BASE_URL))));
	load->commit_every = PG_GETARG_INT32(ARG_COMMIT_EVERY);
	if (load->commit_every < 1 || load->commit_every > MAX_COMMIT_EVERY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("commit_every must be a number of records from 1 to %d",
						MAX_COMMIT_EVERY)));
	load->again = PG_GETARG_BOOL(ARG_AGAIN);
}

/* paperfeed.ingest_files(path text, target regclass, base_url text, ...) */
Datum
pf_ingest_files(PG_FUNCTION_ARGS)
{
	MemoryContext upper = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(upper, "paperfeed load", ALLOCSET_DEFAULT_SIZES);
	Load		load;
	char	   *path;

	MemoryContextSwitchTo(context);
	memset(&load, 0, sizeof(load));
	take_arguments(fcinfo, &load, &path);
	pf_input_check_rights();
	pf_job_connect(fcinfo, "paperfeed.ingest_files()");
	pf_writer_check(load.target);
	pf_load_files_find(&load.files, path, PG_GETARG_BOOL(ARG_RECURSIVE));

	load.started = load.told = GetCurrentTimestamp();
	load.job = pf_job_begin("load", pf_text_to_utf8(cstring_to_text(path)), "bytes",
							load.files.bytes);
	load_all(&load);
	pf_job_end(load.job);
	SPI_finish();
	tell_totals(&load);
	MemoryContextSwitchTo(upper);
	MemoryContextDelete(context);
	PG_RETURN_VOID();
}
