/*-------------------------------------------------------------------------
 *
 * runs.c
 *		Rows of paperfeed.runs: every attempt at a feed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "ingest/feeds.h"
#include "mb/pg_wchar.h"
#include "paper/plan.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#define MAX_ERROR		2000	/* bytes of an error that are kept */
#define MAX_DAYS		36500
#define PRUNE_AT_ONCE	10000

static int	keep_runs = 30;		/* paperfeed.keep_runs, days */

enum
{
	ARG_FEED, ARG_KIND, ARG_STARTED, ARG_ELAPSED, ARG_STATUS, ARG_HTTP_STATUS, ARG_PAGE, ARG_BYTES,
	ARG_SEEN, ARG_ADDED, ARG_UPDATED, ARG_UNCHANGED, ARG_DROPPED, ARG_REJECTED, ARG_ERROR, NARG
};

static const Oid types[NARG] = {
	INT8OID, TEXTOID, TIMESTAMPTZOID, INTERVALOID, TEXTOID, INT4OID, TEXTOID, INT8OID,
	INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID
};

static PfPlan insert_plan = {
	.sql = "INSERT INTO paperfeed.runs (feed, kind, started_at, elapsed, status, http_status, page,"
	" bytes, seen, added, updated, unchanged, dropped, rejected, error)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
};

void
pf_run_note(int64 feed, const PfRun *run)
{
	Datum		args[NARG];
	char		nulls[NARG];
	Interval   *elapsed = palloc0(sizeof(Interval));
	PfStr		error = pf_str(run->error);
	int			http_status = run->response == NULL ? 0 : run->response->http_status;

	memset(nulls, ' ', sizeof(nulls));
	memset(args, 0, sizeof(args));
	elapsed->time = GetCurrentTimestamp() - run->started;
	args[ARG_FEED] = Int64GetDatum(feed);
	args[ARG_KIND] = CStringGetTextDatum(run->kind);
	/* With the clock set to a time of the past, a run ends then. */
	args[ARG_STARTED] = TimestampTzGetDatum(pf_now() - elapsed->time);
	args[ARG_ELAPSED] = IntervalPGetDatum(elapsed);
	args[ARG_STATUS] = CStringGetTextDatum(run->status);
	args[ARG_HTTP_STATUS] = Int32GetDatum(http_status);
	nulls[ARG_HTTP_STATUS] = http_status == 0 ? 'n' : ' ';
	nulls[ARG_PAGE] = run->page.s == NULL ? 'n' : ' ';
	if (run->page.s != NULL)
		args[ARG_PAGE] = PointerGetDatum(pf_utf8_to_text(run->page));
	args[ARG_BYTES] = Int64GetDatum(run->bytes);
	args[ARG_SEEN] = Int64GetDatum(run->counts.seen);
	args[ARG_ADDED] = Int64GetDatum(run->counts.added);
	args[ARG_UPDATED] = Int64GetDatum(run->counts.updated);
	args[ARG_UNCHANGED] = Int64GetDatum(run->counts.unchanged);
	args[ARG_DROPPED] = Int64GetDatum(run->counts.dropped);
	args[ARG_REJECTED] = Int64GetDatum(run->counts.rejected);
	nulls[ARG_ERROR] = run->error == NULL ? 'n' : ' ';
	if (error.len > MAX_ERROR)
		error.len = pg_encoding_mbcliplen(PG_UTF8, error.s, error.len, MAX_ERROR);
	if (run->error != NULL)
		args[ARG_ERROR] = PointerGetDatum(pf_utf8_to_text(error));
	(void) pf_plan_run(&insert_plan, NARG, types, args, nulls, false, NULL);
}

void
pf_runs_prune(void)
{
	static const Oid prune_types[] = {TIMESTAMPTZOID, INT8OID};
	static PfPlan plan = {
		.sql = "DELETE FROM paperfeed.runs WHERE id IN (SELECT id FROM paperfeed.runs"
		" WHERE started_at < $1 ORDER BY started_at LIMIT $2 FOR UPDATE SKIP LOCKED)"
	};
	Datum		args[2] = {
		TimestampTzGetDatum(pf_now() - keep_runs * USECS_PER_DAY), Int64GetDatum(PRUNE_AT_ONCE)
	};

	(void) pf_plan_run(&plan, 2, prune_types, args, NULL, false, NULL);
}

void
pf_runs_init(void)
{
	DefineCustomIntVariable("paperfeed.keep_runs",
							"Sets for how many days paperfeed.runs keeps what was done.",
							"refresh() takes away what is older.",
							&keep_runs, 30, 1, MAX_DAYS, PGC_USERSET, 0, NULL, NULL, NULL);
}
