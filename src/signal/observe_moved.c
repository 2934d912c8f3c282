/*-------------------------------------------------------------------------
 *
 * observe_moved.c
 *		Two papers turned out to be one: its signals follow.
 *
 * Signals and readings get the id that stays.  What both papers have had of the
 * same thing is not to count twice: of two counters of a kind the smaller one's
 * signals are taken back, and of two announcements by one source for the same
 * time one.  Nothing is deleted, so that a replay of an earlier time gives what
 * was known then, under the new id.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/clock.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "signal/heat.h"
#include "utils/snapmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static const Oid both[] = {PF_ARG_PAPER, PF_ARG_PAPER, TIMESTAMPTZOID};

/* Votes and the like are another file's. */
static void
move_readers(Datum *ids)
{
	static PfPlan plan = {.sql = "SELECT paperfeed._readers_moved($1, $2)"};
	Oid			types[2] = {pf_paperid_type(), pf_paperid_type()};

	if (OidIsValid(LookupFuncName(list_make2(makeString("paperfeed"), makeString("_readers_moved")),
								  2, types, true)))
		(void) pf_plan_run(&plan, 2, both, ids, NULL, false, NULL);
}

/* Of the counters that both papers have, take back the smaller one's signals. */
static void
retract_smaller(Datum *ids, TimestampTz now)
{
	static PfPlan plan = {
		.sql = "SELECT kind, CASE WHEN o.count <= n.count THEN $1 ELSE $2 END,"
		" LEAST(o.count, n.count)"
		" FROM (SELECT kind, max(value - base) FROM paperfeed.readings"
		" WHERE paper OPERATOR(pg_catalog.=) $1 GROUP BY kind) AS o (kind, count)"
		" JOIN (SELECT kind, max(value - base) FROM paperfeed.readings"
		" WHERE paper OPERATOR(pg_catalog.=) $2 GROUP BY kind) AS n (kind, count) USING (kind)"
		" JOIN paperfeed.signal_kinds USING (kind)"
		" WHERE LEAST(o.count, n.count) > 0 ORDER BY kind"
	};
	uint64		n = pf_plan_run(&plan, 2, both, ids, NULL, false, NULL);
	SPITupleTable *rows = SPI_tuptable;

	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;
		Datum		kind = SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull);
		Datum		paper = SPI_getbinval(rows->vals[i], rows->tupdesc, 2, &isnull);
		Datum		amount = SPI_getbinval(rows->vals[i], rows->tupdesc, 3, &isnull);

		pf_observe_retract(&paper, &kind, &amount, 1, now);
	}
	SPI_freetuptable(rows);
}

void
pf_observe_moved(Datum old, Datum new)
{
	static PfPlan has_some = {
		.sql = "SELECT WHERE EXISTS (SELECT FROM paperfeed.signals"
		" WHERE paper OPERATOR(pg_catalog.=) $1)"
		" OR EXISTS (SELECT FROM paperfeed.readings WHERE paper OPERATOR(pg_catalog.=) $1)"
	};
	static PfPlan is_talked_of = {
		.sql = "SELECT WHERE EXISTS (SELECT FROM paperfeed.signals"
		" WHERE paper OPERATOR(pg_catalog.=) $1)"
		" OR EXISTS (SELECT FROM paperfeed.readings WHERE paper OPERATOR(pg_catalog.=) $1)"
		" OR EXISTS (SELECT FROM paperfeed.comments WHERE paper OPERATOR(pg_catalog.=) $1)"
		" OR EXISTS (SELECT FROM paperfeed.submissions WHERE paper OPERATOR(pg_catalog.=) $1)"
	};
	static PfPlan retract_announcements = {
		.sql = "INSERT INTO paperfeed.signals (paper, kind, weight, at, source, known_at, retracts)"
		" SELECT o.paper, 'announcement', -LEAST(o.net, n.net), o.at, o.source,"
		" CASE WHEN $3 > o.at THEN $3 END, true"
		" FROM (SELECT paper, at, source, sum(weight) AS net FROM paperfeed.signals"
		" WHERE paper OPERATOR(pg_catalog.=) $1 AND kind = 'announcement' AND reader IS NULL"
		" GROUP BY paper, at, source) AS o"
		" JOIN (SELECT at, source, sum(weight) AS net FROM paperfeed.signals"
		" WHERE paper OPERATOR(pg_catalog.=) $2 AND kind = 'announcement' AND reader IS NULL"
		" GROUP BY at, source) AS n ON n.at = o.at AND n.source IS NOT DISTINCT FROM o.source"
		" WHERE LEAST(o.net, n.net) > 0"
		" AND EXISTS (SELECT FROM paperfeed.signal_kinds WHERE kind = 'announcement')"
	};

	/* A source that both have had keeps its last word, and the larger count. */
	static PfPlan move_readings = {
		.sql = "WITH o AS (DELETE FROM paperfeed.readings"
		" WHERE paper OPERATOR(pg_catalog.=) $1 RETURNING *)"
		" INSERT INTO paperfeed.readings AS n (paper, kind, source, value, base, at)"
		" SELECT $2, kind, source, value, base, at FROM o"
		" ON CONFLICT (paper, kind, source) DO UPDATE"
		" SET value = GREATEST(n.value, excluded.value), base = GREATEST(n.value, excluded.value)"
		" - GREATEST(n.value - n.base, excluded.value - excluded.base),"
		" at = GREATEST(n.at, excluded.at)"
	};
	static PfPlan move_signals = {
		.sql = "UPDATE paperfeed.signals SET paper = $2 WHERE paper OPERATOR(pg_catalog.=) $1"
	};
	TimestampTz now = pf_now();
	Datum		args[3] = {old, new, TimestampTzGetDatum(now)};

	move_readers(args);
	if (IsolationUsesXactSnapshot())
	{
		bool		found;

		/* What came since the snapshot would be left behind. */
		PushActiveSnapshot(GetLatestSnapshot());
		found = pf_plan_run(&is_talked_of, 2, both, args, NULL, true, NULL) > 0;
		PopActiveSnapshot();
		if (found)
			pf_heat_refuse_old_snapshot();
	}
	if (pf_plan_run(&has_some, 1, both, args, NULL, false, NULL) == 0)
		return;
	pf_observe_lock_kinds();
	retract_smaller(args, now);
	(void) pf_plan_run(&retract_announcements, 3, both, args, NULL, false, NULL);
	(void) pf_plan_run(&move_readings, 2, both, args, NULL, false, NULL);
	(void) pf_plan_run(&move_signals, 2, both, args, NULL, false, NULL);
}
