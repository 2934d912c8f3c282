/*-------------------------------------------------------------------------
 *
 * job.c
 *		A long job that commits as it goes: what all of them share.
 *
 * A job is a row of paperfeed._jobs and a lock of its session's on that row.  A
 * row without its lock is that of a job that was broken off; the next job to
 * begin clears it away.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "ingest/job.h"
#include "ingest/lock.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "paper/plan.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

struct PfJob
{
	int			id;
	PfLock	   *lock;
};

void
pf_job_connect(FunctionCallInfo fcinfo, const char *name)
{
	CallContext *call = (CallContext *) fcinfo->context;
	MemoryContext upper = CurrentMemoryContext;

	PreventCommandIfReadOnly(name);
	if (call == NULL || !IsA(call, CallContext) || call->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run inside a transaction block", name),
				 errdetail("It commits what it has done as it goes."),
				 errhint("CALL it by itself, outside of BEGIN and of functions.")));
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	MemoryContextSwitchTo(upper);
	/* This one has its snapshot already. */
	if (XactIsoLevel != XACT_READ_COMMITTED)
		pf_job_commit();
}

void
pf_job_commit(void)
{
	MemoryContext context = CurrentMemoryContext;

	SPI_commit();
	/* Whatever the session's default: what other jobs do meanwhile is to be seen, not to be an error. */
	XactIsoLevel = XACT_READ_COMMITTED;
	MemoryContextSwitchTo(context);
}

static void
delete_job(int id)
{
	static const Oid types[] = {INT4OID};
	static PfPlan plan = {.sql = "DELETE FROM paperfeed._jobs WHERE id = $1"};
	Datum		args[1] = {Int32GetDatum(id)};

	(void) pf_plan_run(&plan, 1, types, args, NULL, false, NULL);
}

/* Jobs that were broken off. */
static void
clear_away(void)
{
	static PfPlan plan = {.sql = "SELECT id FROM paperfeed._jobs ORDER BY id FOR UPDATE SKIP LOCKED"};
	uint64		n = pf_plan_run(&plan, 0, NULL, NULL, NULL, false, NULL);
	int		   *ids = palloc((n + 1) * sizeof(int));

	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;

		ids[i] = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1,
											 &isnull));
	}
	for (uint64 i = 0; i < n; i++)
	{
		PfLock	   *lock = pf_lock_try("_jobs", ids[i], 0);

		if (lock == NULL)
			continue;
		delete_job(ids[i]);
		pf_lock_release(lock);
	}
	pfree(ids);
}

PfJob *
pf_job_begin(const char *kind, PfStr what, const char *unit, int64 total)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, INT8OID};
	static PfPlan plan = {
		.sql = "INSERT INTO paperfeed._jobs (kind, what, unit, total, started_at, changed_at)"
		" VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp()) RETURNING id"
	};
	Datum		args[4] = {CStringGetTextDatum(kind), PointerGetDatum(pf_utf8_to_text(what)),
	CStringGetTextDatum(unit), Int64GetDatum(total)};
	char		nulls[4] = {' ', ' ', ' ', total < 0 ? 'n' : ' '};
	PfJob	   *job = palloc(sizeof(PfJob));
	bool		isnull;

	clear_away();
	(void) pf_plan_run(&plan, 4, types, args, nulls, false, NULL);
	job->id = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	/* Nobody else can see the row yet. */
	job->lock = pf_lock_try("_jobs", job->id, 0);
	pf_job_commit();
	return job;
}

void
pf_job_note(PfJob *job, int64 done, int64 total, int64 papers, PfStr doing)
{
	static const Oid types[] = {INT4OID, INT8OID, INT8OID, INT8OID, TEXTOID};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed._jobs SET done = $2, total = $3, papers = $4, doing = $5,"
		" changed_at = clock_timestamp() WHERE id = $1"
	};
	Datum		args[5] = {Int32GetDatum(job->id), Int64GetDatum(done), Int64GetDatum(total),
	Int64GetDatum(papers), (Datum) 0};
	char		nulls[5] = {' ', ' ', total < 0 ? 'n' : ' ', ' ', doing.s == NULL ? 'n' : ' '};

	if (doing.s != NULL)
		args[4] = PointerGetDatum(pf_utf8_to_text(doing));
	(void) pf_plan_run(&plan, 5, types, args, nulls, false, NULL);
}

void
pf_job_end(PfJob *job)
{
	delete_job(job->id);
	pf_job_commit();
	pf_lock_release(job->lock);
	pfree(job);
}
