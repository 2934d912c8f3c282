/*-------------------------------------------------------------------------
 *
 * writer.c
 *		Records into a papers table, one row for each paper.
 *
 * Records are collected into batches; each batch is written by a handful of
 * statements over arrays:
 *
 * 1. Look up which rows the identities of the batch belong to, which of these
 *	  rows exist, and what this feed said of them last.
 * 2. Group the records: those that share an identity, with each other or with
 *	  a row, are one paper (see batch.c).
 * 3. Leave out groups whose feed says nothing new (same fingerprint), and those
 *	  without a row that nobody wants.
 * 4. Claim the identities that are new.  Their unique key is what keeps two
 *	  transactions from making two rows of one paper: the later one waits for
 *	  the earlier one and finds its claim taken.
 * 5. Lock the rows that exist and merge (merge.c).
 * 6. Insert, update; move what pointed at rows that were joined into others.
 * 7. Note sightings and revisions.
 * 8. Tell those above what the feed told, if it told something of use to them,
 *	  and which rows were written.
 *
 * All of this is one subtransaction.  If a claim or an insert meets one that
 * another transaction committed in the meantime, it is rolled back and the
 * batch starts again from 1, which then finds what is there.  Statements
 * handle ids in sorted order, so that two ingests of the same papers wait for
 * each other; a deadlock, which different documents can still make, is retried
 * in the same way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/memo.h"
#include "miscadmin.h"
#include "paper/batch.h"
#include "tcop/pquery.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#define BATCH_RECORDS	1000
#define BATCH_BYTES		(4 * 1024 * 1024)
#define MAX_ATTEMPTS	20
#define MAX_REJECTS		1000	/* of a document that are kept; more are counted */
#define MAX_DEADLOCKS	3
#define MAX_PRESENT		100000	/* papers of a feed that are looked for */

struct PfWriter
{
	PfStore		store;
	PfBatch		batch;
	PfCounts	counts;
	MemoryContext context;		/* the items and rejects */
	PfWantedFn	wanted;			/* NULL = all are */
	void	   *wanted_arg;
	MemoryContext scratch;		/* one attempt to write them; child of 'context' */
	int			nrejects;
	Datum		rejects[4][2 * BATCH_RECORDS];	/* records, and items that turn out so */
};

/* In the batch's memory: it is written with the other rejects. */
static void
add_reject(PfWriter *w, uint64 fingerprint, int position, const char *reason, Datum record)
{
	int			n = w->nrejects++;

	w->counts.rejected++;
	w->rejects[0][n] = Int64GetDatum((int64) fingerprint);
	w->rejects[1][n] = Int32GetDatum(position);
	w->rejects[2][n] = CStringGetTextDatum(reason);
	w->rejects[3][n] = record;
}

static void
reject_item(PfWriter *w, const PfItem *item)
{
	add_reject(w, item->fingerprint, item->position,
			   "each of its identities belongs to another paper",
			   pf_row_jsonb(&item->row, (PfColumnSet) -1));
}

static void
count_outcomes(PfWriter *w)
{
	for (int g = 0; g < w->batch.ngroups; g++)
	{
		PfGroup    *group = &w->batch.groups[g];

		if (group->first < 0)
			continue;
		if (group->id.s == NULL)
		{
			for (int i = group->first; i >= 0; i = w->batch.items[i].next)
				reject_item(w, &w->batch.items[i]);
		}
		else if (group->unwanted)
		{
			for (int i = group->first; i >= 0; i = w->batch.items[i].next)
				w->counts.dropped++;
		}
		else if (group->outcome == PF_OUTCOME_ADDED)
			w->counts.added++;
		else if (group->outcome == PF_OUTCOME_UPDATED)
			w->counts.updated++;
	}
}

/* Write the batch in a subtransaction.  False if another transaction got in its way. */
static bool
try_batch(PfWriter *w, int attempt)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool ok = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		pf_batch_write(&w->batch, w->scratch);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!pf_store_is_race(&w->store, error))
			ReThrowError(error);
		if (IsolationUsesXactSnapshot())
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to a concurrent ingest"),
					 errhint("The transaction might succeed if retried.")));
		/* A deadlock over what earlier batches hold comes again and again. */
		if (attempt >= (error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ?
						MAX_DEADLOCKS : MAX_ATTEMPTS))
			ReThrowError(error);
		FreeErrorData(error);
		ok = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return ok;
}

static void
write_rejects(PfWriter *w)
{
	Datum		args[5];
	int			n = w->nrejects;

	if (n == 0)
		return;
	args[0] = Int64GetDatum(w->batch.feed);
	args[1] = PointerGetDatum(construct_array(w->rejects[0], n, INT8OID, 8, FLOAT8PASSBYVAL,
											  TYPALIGN_DOUBLE));
	args[2] = PointerGetDatum(construct_array(w->rejects[1], n, INT4OID, 4, true, TYPALIGN_INT));
	args[3] = PointerGetDatum(construct_array(w->rejects[2], n, TEXTOID, -1, false, TYPALIGN_INT));
	args[4] = PointerGetDatum(construct_array(w->rejects[3], n, JSONBOID, -1, false, TYPALIGN_INT));
	(void) pf_store_run(&w->store, PF_STMT_REJECT, args);
}

/* What the index on the papers makes of the batch's words serves those above, too. */
static void
begin_memo(PfWriter *w)
{
	MemoryContext old = MemoryContextSwitchTo(w->context);

	if (w->store.is_papers)
		pf_document_memo_begin();
	MemoryContextSwitchTo(old);
}

static void
flush_batch(PfWriter *w)
{
	MemoryContext old = MemoryContextSwitchTo(w->scratch);

	if (w->batch.nitems > 0)
	{
		MemoryContextSwitchTo(w->context);
		pf_batch_drop_shared_links(&w->batch);
		MemoryContextSwitchTo(w->scratch);
		for (int attempt = 1; !try_batch(w, attempt); attempt++)
		{
			/* Let the one that waited for us wake up first. */
			pg_usleep(10000L);
			CHECK_FOR_INTERRUPTS();
			w->batch.may_have_sighted = true;
			MemoryContextReset(w->scratch);
		}
		count_outcomes(w);
	}
	write_rejects(w);
	MemoryContextSwitchTo(old);
	MemoryContextReset(w->context);
	w->scratch = AllocSetContextCreate(w->context, "paperfeed batch attempt", ALLOCSET_DEFAULT_SIZES);
	begin_memo(w);
	w->batch.nitems = 0;
	w->batch.may_have_sighted = true;
	w->nrejects = 0;
}

void
pf_writer_check(Oid target)
{
	PfStore		store;

	pf_store_check(&store, target);
}

PfWriter *
pf_writer_begin(Oid target, int64 feed, bool feed_is_new)
{
	PfWriter   *w = palloc(sizeof(PfWriter));

	memset(w, 0, offsetof(PfWriter, rejects));

	/* To merge, rows may be fetched from TOAST; after a commit in a procedure there is no snapshot. */
	EnsurePortalSnapshotExists();
	pf_store_begin(&w->store, target);
	w->batch.store = &w->store;
	w->batch.feed = feed;
	w->batch.may_have_sighted = !feed_is_new;
	w->batch.items = palloc(BATCH_RECORDS * sizeof(PfItem));
	/* Blocks that a reset keeps hold most batches. */
	w->context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed batch",
									   2 * 1024 * 1024, 1024 * 1024, ALLOCSET_DEFAULT_MAXSIZE);
	w->scratch = AllocSetContextCreate(w->context, "paperfeed batch attempt", ALLOCSET_DEFAULT_SIZES);
	begin_memo(w);
	return w;
}

void
pf_writer_go_on(PfWriter *w, const PfCounts *counts)
{
	w->counts = *counts;
}

void
pf_writer_filter(PfWriter *w, PfWantedFn wanted, void *arg)
{
	w->wanted = wanted;
	w->wanted_arg = arg;
}

void
pf_writer_add(PfWriter *w, const PfRecord *rec)
{
	MemoryContext old = MemoryContextSwitchTo(w->context);
	PfIdentities ids;
	const char *reject = rec->reject;

	w->counts.seen++;
	pf_identify(rec, &ids);
	if (reject == NULL && ids.n == 0)
		reject = "it has neither a title nor an identity";
	if (reject != NULL)
	{
		if (w->counts.rejected >= MAX_REJECTS)
			w->counts.rejected++;
		else
			add_reject(w, pf_record_fingerprint(rec), (int) Min(w->counts.seen, PG_INT32_MAX),
					   reject, pf_record_jsonb(rec));
	}
	else
	{
		PfItem	   *item = &w->batch.items[w->batch.nitems++];

		item->ids = ids;
		item->hash = PF_STR_NONE;
		if (pf_paperid_scheme(ids.ids[0]) >= PF_SCHEME_URL)
			item->hash = pf_paperid_hash(rec->title, rec->authors.n > 0 ?
										 rec->authors.items[0] : PF_STR_NONE);
		pf_row_from_record(rec, &ids, false, &item->row);
		item->fingerprint = pf_record_fingerprint(rec);
		item->position = (int) Min(w->counts.seen, PG_INT32_MAX);
		item->announce = pf_str_dup(rec->announce);
		item->announced = rec->announced;
		item->unwanted = w->wanted != NULL && !w->wanted(&item->row, w->wanted_arg);
	}
	MemoryContextSwitchTo(old);

	if (w->batch.nitems == BATCH_RECORDS || w->nrejects == BATCH_RECORDS ||
		MemoryContextMemAllocated(w->context, false) > BATCH_BYTES)
		flush_batch(w);
}

PfCounts
pf_writer_end(PfWriter *w)
{
	flush_batch(w);
	pf_store_end(&w->store);
	w->counts.unchanged = w->counts.seen - w->counts.added - w->counts.updated -
		w->counts.dropped - w->counts.rejected;
	MemoryContextDelete(w->context);
	return w->counts;
}

bool
pf_writer_all_present(Oid target, int64 feed)
{
	PfStore		store;
	Datum		args[2] = {Int64GetDatum(feed), Int64GetDatum(MAX_PRESENT + 1)};
	PfStr	   *ids;
	uint64		n;
	bool		present;

	pf_store_begin(&store, target);
	n = pf_store_run(&store, PF_STMT_SHOWN, args);
	if (n > MAX_PRESENT)
	{
		pf_store_end(&store);
		return false;
	}
	ids = palloc((n + 1) * sizeof(PfStr));
	for (uint64 i = 0; i < n; i++)
		ids[i] = pf_batch_result(i, 1);
	SPI_freetuptable(SPI_tuptable);

	args[0] = pf_store_ids(&store, ids, (int) n);
	present = pf_store_run(&store, PF_STMT_EXISTING, args) == n;
	pf_store_end(&store);
	return present;
}
