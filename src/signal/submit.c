/*-------------------------------------------------------------------------
 *
 * submit.c
 *		SQL: paperfeed.submit, resolve_submissions: papers that readers propose.
 *
 * A submission has its paper from the start, or gets it when the paper is
 * there: then it is a signal, once for each reader and paper, of the time of
 * the submission.  Until then it waits.  Requests come before anything is
 * written or locked.
 *
 * An attempt is counted, and committed, before it is made, so that what breaks
 * the session off is not tried for ever.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/clock.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "signal/heat.h"
#include "signal/reader.h"
#include "signal/submit.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#define MAX_SOURCE		2000	/* characters */
#define MAX_NOTE		10000
#define MAX_WAITING		100		/* submissions of a reader */

PG_FUNCTION_INFO_V1(pf_submit);
PG_FUNCTION_INFO_V1(pf_resolve_submissions);
PG_FUNCTION_INFO_V1(pf_resolvers_insert);

static const Oid types[] = {TEXTOID, PF_ARG_PAPER, TEXTOID, TEXTOID, TEXTOID};

enum
{
	ARG_READER, ARG_PAPER, ARG_SOURCE, ARG_NOTE, ARG_PROBLEM, NARG
};

#define SIGNALS "INSERT INTO paperfeed.signals (paper, kind, weight, at, reader, known_at)"

static PfPlan add_found = {
	.sql = "WITH s AS (INSERT INTO paperfeed.submissions (reader, paper, source, note, state)"
	" VALUES ($1, $2, $3, $4, 'found') ON CONFLICT DO NOTHING RETURNING *)"
	" " SIGNALS " SELECT paper, 'submission', 1, at, reader, NULL FROM s"
};

/* What waits or failed, if it is the reader's own and the same. */
static PfPlan look_waiting = {
	.sql = "SELECT id FROM paperfeed.submissions WHERE reader = $1 AND source = $3"
	" AND md5(source) = md5($3) AND paper IS NULL FOR UPDATE"
};

static PfPlan settle_plan = {
	.sql = "WITH s AS (UPDATE paperfeed.submissions AS s"
	" SET paper = $2, state = 'found', problem = NULL"
	" WHERE id = $1 AND paper IS NULL AND NOT EXISTS (SELECT FROM paperfeed.submissions AS o"
	" WHERE o.reader = s.reader AND o.paper = $2) RETURNING *)"
	" " SIGNALS " SELECT paper, 'submission', 1, at, reader, now() FROM s"
};

static PfPlan drop_plan = {
	.sql = "DELETE FROM paperfeed.submissions WHERE id = $1 AND paper IS NULL"
};

/* Anew, also after it failed. */
static PfPlan add_waiting = {
	.sql = "INSERT INTO paperfeed.submissions AS s (reader, paper, source, note, problem)"
	" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (reader, md5(source)) WHERE paper IS NULL"
	" DO UPDATE SET note = COALESCE(excluded.note, s.note),"
	" problem = COALESCE(excluded.problem, s.problem), state = 'waiting',"
	" attempts = CASE WHEN s.state = 'failed' OR s.tried_at < now() - interval '1 day' THEN 0 ELSE s.attempts END"
	" RETURNING s"
};

static PfPlan count_waiting = {
	.sql = "SELECT count(*) FROM (SELECT FROM paperfeed.submissions WHERE reader = $1"
	" AND paper IS NULL AND state = 'waiting' AND source <> $3 LIMIT 100) AS s"
};

static PfPlan new_note = {
	.sql = "UPDATE paperfeed.submissions SET note = $4"
	" WHERE reader = $1 AND paper = $2 AND note IS DISTINCT FROM $4"
};

static PfPlan show_found = {
	.sql = "SELECT s FROM paperfeed.submissions AS s WHERE reader = $1 AND paper = $2"
};

/* A submission that waited gets its paper; it goes if its reader has submitted that, too. */
static void
settle(int64 id, text *paper)
{
	static const Oid settle_types[] = {INT8OID, PF_ARG_PAPER};
	Datum		args[2] = {Int64GetDatum(id), PointerGetDatum(paper)};

	pf_reader_paper_alone(paper);
	if (pf_plan_run(&settle_plan, 2, settle_types, args, NULL, false, NULL) == 0)
		(void) pf_plan_run(&drop_plan, 1, settle_types, args, NULL, false, NULL);
}

static void
note_found(Datum *args, const char *nulls, text *paper)
{
	bool		isnull;

	pf_reader_paper_alone(paper);
	if (pf_plan_run(&look_waiting, 3, types, args, nulls, false, NULL) > 0)
		settle(DatumGetInt64(pf_reader_column(1, &isnull)), paper);
	else
		(void) pf_plan_run(&add_found, 4, types, args, nulls, false, NULL);
	if (nulls[ARG_NOTE] != 'n')
		(void) pf_plan_run(&new_note, 4, types, args, nulls, false, NULL);
	if (pf_plan_run(&show_found, 2, types, args, nulls, false, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the submission was changed meanwhile"),
				 errhint("Submit again.")));
}

static void
note_waiting(Datum *args, const char *nulls)
{
	bool		isnull;

	(void) pf_plan_run(&count_waiting, 3, types, args, nulls, false, NULL);
	if (DatumGetInt64(pf_reader_column(1, &isnull)) >= MAX_WAITING)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d submissions of reader \"%s\" wait already", MAX_WAITING,
						TextDatumGetCString(args[ARG_READER]))));
	if (pf_plan_run(&add_waiting, 5, types, args, nulls, false, NULL) == 0)
		elog(ERROR, "a submission was not stored");
}

/* submit(source text, note text) */
Datum
pf_submit(PG_FUNCTION_ARGS)
{
	Datum		args[NARG] = {0};
	char		nulls[NARG + 1] = " n nn";
	PfSource	source;
	text	   *paper;
	const char *problem;
	bool		isnull;
	Datum		result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	source = pf_source_read(pf_reader_line(PG_GETARG_TEXT_PP(0), "what is submitted", MAX_SOURCE,
										   false));
	if (!PG_ARGISNULL(1))
	{
		text	   *note = pf_reader_text(PG_GETARG_TEXT_PP(1), "a note", MAX_NOTE, true);

		args[ARG_NOTE] = PointerGetDatum(note);
		nulls[ARG_NOTE] = VARSIZE_ANY_EXHDR(note) > 0 ? ' ' : 'n';
	}
	pf_reader_connect("paperfeed.submit()");
	paper = pf_source_paper(&source, &problem);
	if (paper == NULL && problem == NULL && pf_source_allowed(&source))
	{
		const char *fault = pf_source_fetch(&source);

		paper = pf_source_paper(&source, &problem);
		if (paper == NULL && problem == NULL)
			problem = fault != NULL ? fault : "the service has no such paper";
	}
	args[ARG_READER] = PointerGetDatum(pf_current_reader());
	args[ARG_SOURCE] = PointerGetDatum(source.text);
	if (paper != NULL)
	{
		args[ARG_PAPER] = PointerGetDatum(paper);
		nulls[ARG_PAPER] = ' ';
		note_found(args, nulls, paper);
	}
	else
	{
		if (problem != NULL)
		{
			args[ARG_PROBLEM] = CStringGetTextDatum(problem);
			nulls[ARG_PROBLEM] = ' ';
		}
		note_waiting(args, nulls);
	}
	result = SPI_datumTransfer(pf_reader_column(1, &isnull), false, -1);
	SPI_finish();
	PG_RETURN_DATUM(result);
}

/*
 * The next submission that is due, its attempt counted; false if there is none.
 * What waits an hour for its second attempt is not met twice.
 */
static bool
next_due(int max_attempts, int64 *id, text **source)
{
	static const Oid due_types[] = {INT4OID};
	static PfPlan plan = {
		.sql = "WITH d AS (SELECT id FROM paperfeed.submissions WHERE state = 'waiting'"
		" AND attempts < $1 AND (tried_at IS NULL OR"
		" tried_at + attempts * attempts * interval '1 hour' <= now())"
		" ORDER BY tried_at NULLS FIRST, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
		" UPDATE paperfeed.submissions AS s SET attempts = attempts + 1, tried_at = now()"
		" FROM d WHERE s.id = d.id RETURNING s.id, s.source"
	};
	Datum		args[1] = {Int32GetDatum(max_attempts)};
	bool		isnull;

	if (pf_plan_run(&plan, 1, due_types, args, NULL, false, NULL) == 0)
		return false;
	*id = DatumGetInt64(pf_reader_column(1, &isnull));
	*source = DatumGetTextPCopy(pf_reader_column(2, &isnull));
	return true;
}

static void
note_problem(int64 id, int max_attempts, const char *problem)
{
	static const Oid problem_types[] = {INT8OID, INT4OID, TEXTOID};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.submissions SET problem = $3,"
		" state = CASE WHEN attempts >= $2 THEN 'failed' ELSE 'waiting' END"
		" WHERE id = $1 AND paper IS NULL"
	};
	Datum		args[3] = {Int64GetDatum(id), Int32GetDatum(max_attempts), CStringGetTextDatum(problem)};

	(void) pf_plan_run(&plan, 3, problem_types, args, NULL, false, NULL);
}

static int
argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number) || PG_GETARG_INT32(number) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a number, and not negative", name)));
	return PG_GETARG_INT32(number);
}

/* resolve_submissions(max_requests integer, max_attempts integer) */
Datum
pf_resolve_submissions(PG_FUNCTION_ARGS)
{
	int			max_requests = argument(fcinfo, 0, "max_requests");
	int			max_attempts = argument(fcinfo, 1, "max_attempts");
	CallContext *call = (CallContext *) fcinfo->context;
	bool		atomic = call == NULL || !IsA(call, CallContext) || call->atomic;
	MemoryContext upper = CurrentMemoryContext;
	MemoryContext each = AllocSetContextCreate(upper, "paperfeed submission", ALLOCSET_DEFAULT_SIZES);
	TimestampTz last = DT_NOBEGIN;
	int			found = 0;
	int			asked = 0;

	PreventCommandIfReadOnly("paperfeed.resolve_submissions()");
	SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC);
	if (!pf_source_allowed(NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to ask for submitted papers"),
				 errdetail("It takes EXECUTE on paperfeed.ingest, ingest_document and fetch, "
						   "and SELECT, INSERT and UPDATE on paperfeed.papers.")));
	for (; asked < max_requests; asked++)
	{
		int64		id;
		text	   *what;
		text	   *paper;
		PfSource	source;
		const char *problem;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(each);
		MemoryContextReset(each);
		if (!next_due(max_attempts, &id, &what))
			break;
		source = pf_source_read(what);
		if (!atomic)
			SPI_commit();
		MemoryContextSwitchTo(each);

		/* Some other feed may have brought it. */
		paper = pf_source_paper(&source, &problem);
		if (paper == NULL && problem == NULL)
		{
			const char *fault;

			if (last != DT_NOBEGIN)
				pf_pause(pf_source_pause(&source) - (GetCurrentTimestamp() - last) / 1000);
			fault = pf_source_fetch(&source);
			last = GetCurrentTimestamp();
			paper = pf_source_paper(&source, &problem);
			if (paper == NULL && problem == NULL)
				problem = fault != NULL ? fault : "the service has no such paper";
		}
		if (paper != NULL)
		{
			settle(id, paper);
			found++;
		}
		else
			note_problem(id, max_attempts, problem);
		if (!atomic)
			SPI_commit();
	}
	MemoryContextSwitchTo(upper);
	SPI_finish();
	if (asked > 0)
		ereport(NOTICE, (errmsg("%d of %d submissions found", found, asked)));
	PG_RETURN_VOID();
}

/* BEFORE INSERT ON resolvers FOR EACH ROW: so that a dump brings back what was edited */
Datum
pf_resolvers_insert(PG_FUNCTION_ARGS)
{
	static const Oid row_types[] = {TEXTOID, TEXTOID, INTERVALOID};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.resolvers SET url = $2, pause = $3 WHERE scheme = $1"
	};
	TriggerData *data = (TriggerData *) fcinfo->context;
	Datum		args[3];
	char		nulls[3];
	uint64		updated;

	pf_check_trigger(fcinfo, "_resolvers_insert", "resolvers");
	for (int i = 0; i < 3; i++)
	{
		bool		isnull;

		args[i] = heap_getattr(data->tg_trigtuple, i + 1, RelationGetDescr(data->tg_relation),
							   &isnull);
		nulls[i] = isnull ? 'n' : ' ';
		/* It is for the constraint to refuse. */
		if (isnull && i != 1)
			return PointerGetDatum(data->tg_trigtuple);
	}
	pf_reader_connect("paperfeed._resolvers_insert()");
	updated = pf_plan_run(&plan, 3, row_types, args, nulls, false, NULL);
	SPI_finish();
	return PointerGetDatum(updated > 0 ? NULL : data->tg_trigtuple);
}
