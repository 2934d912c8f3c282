/*-------------------------------------------------------------------------
 *
 * boosts.c
 *		What rules boost is a signal.
 *
 * A rule's boost of a paper (paperfeed.rule_hits) counts like so many votes at
 * the time when the paper came in.  It is a signal of kind "boost", so lists show
 * it and replays leave it out until it was given.  A boost that changes or goes is
 * taken back at its own time, as anything else that is.
 *
 * A match that moves to another paper, when two of them are joined, is left
 * alone: the paper's signals move, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/clock.h"
#include "fmgr.h"
#include "signal/heat.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(pf_boosts_changed);

/* A kind that its user has deleted is not missed. */
#define INTO_SIGNALS(from) \
	"INSERT INTO paperfeed.signals (paper, kind, weight, at, source, known_at, retracts)" \
	" SELECT paper, 'boost', weight, at, 'rule ' || rule, CASE WHEN $1 > at THEN $1 END, retracts" \
	" FROM (" from ") AS c (paper, rule, at, weight, retracts) WHERE weight IS NOT NULL" \
	" AND EXISTS (SELECT FROM paperfeed.signal_kinds WHERE kind = 'boost')"

/* Old and new rows, brought together without a join, which would be planned for few rows. */
#define CHANGED \
	"SELECT paper, rule, at, weight, retracts FROM (SELECT paper, rule, min(at) AS at," \
	" min(boost) FILTER (WHERE NOT is_new) AS was, min(boost) FILTER (WHERE is_new) AS become" \
	" FROM (SELECT *, false AS is_new FROM was UNION ALL SELECT *, true FROM become) AS b" \
	" GROUP BY paper, rule HAVING count(*) = 2) AS g," \
	" LATERAL (VALUES (-was, true), (become, false)) AS v (weight, retracts)" \
	" WHERE was IS DISTINCT FROM become"

/* AFTER UPDATE or DELETE, with the rows, or BEFORE TRUNCATE ON rule_hits FOR EACH STATEMENT */
Datum
pf_boosts_changed(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TIMESTAMPTZOID};
	static PfPlan updated = {
		.sql = INTO_SIGNALS(CHANGED)
	};
	static PfPlan deleted = {
		.sql = INTO_SIGNALS("SELECT paper, rule, at, -boost, true FROM was")
	};
	static PfPlan truncated = {
		.sql = INTO_SIGNALS("SELECT paper, rule, at, -boost, true FROM paperfeed.rule_hits")
	};
	TriggerData *data = (TriggerData *) fcinfo->context;
	Datum		now = TimestampTzGetDatum(pf_now());
	PfPlan	   *plan = &truncated;

	pf_check_trigger(fcinfo, "_boosts_changed", "rule_hits");
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		plan = &updated;
	else if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		plan = &deleted;
	pf_spi_connect();
	if (SPI_register_trigger_data(data) != SPI_OK_TD_REGISTER)
		elog(ERROR, "could not register the trigger's tables");
	(void) pf_plan_run(plan, 1, types, &now, NULL, false, NULL);
	SPI_finish();
	return PointerGetDatum(NULL);
}
