/*-------------------------------------------------------------------------
 *
 * kinds.c
 *		Triggers on signal_kinds and half_lives: what the user edits there
 *		takes effect at once, on the signals of the past, too.
 *
 * A new weight needs no look at the signals, as heat.parts knows the sums of
 * each kind.  A new half-life does.
 *
 * Both tables have rows from the start.  So that a dump can bring the user's
 * rows back, a row that is there already is changed (or, for a half-life, left
 * alone) instead of refused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "rank/args.h"
#include "signal/heat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"

static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *name, const char *table)
{
	pf_check_trigger(fcinfo, name, table);
	return (TriggerData *) fcinfo->context;
}

static Datum
column(HeapTuple row, TupleDesc tupdesc, const char *name, bool *isnull)
{
	int			number = SPI_fnumber(tupdesc, name);

	if (number <= 0)
		elog(ERROR, "column \"%s\" does not exist", name);
	return SPI_getbinval(row, tupdesc, number, isnull);
}

PG_FUNCTION_INFO_V1(pf_signal_kinds_insert);
PG_FUNCTION_INFO_V1(pf_signal_kinds_changed);
PG_FUNCTION_INFO_V1(pf_half_lives_insert);
PG_FUNCTION_INFO_V1(pf_half_lives_changed);

/* BEFORE INSERT ON signal_kinds FOR EACH ROW, and UPDATE of what must not be */
Datum
pf_signal_kinds_insert(PG_FUNCTION_ARGS)
{
	static PfPlan update = {
		.sql = "UPDATE paperfeed.signal_kinds SET weight = $2, counts_from = $3,"
		" description = COALESCE($4, description)"
		" WHERE kind OPERATOR(pg_catalog.=) $1"
	};
	static const Oid types[] = {TEXTOID, FLOAT8OID, TEXTOID, TEXTOID};
	static const char *const names[] = {"kind", "weight", "counts_from", "description"};
	TriggerData *data = trigger_data(fcinfo, "_signal_kinds_insert", "signal_kinds");
	TupleDesc	tupdesc = RelationGetDescr(data->tg_relation);
	Datum		args[4];
	char		nulls[4];
	uint64		updated;

	/* The sums in heat go by its number. */
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("name and number of a kind of signals cannot be changed"),
				 errhint("Insert another one, and update the signals.")));
	for (int i = 0; i < 4; i++)
	{
		bool		isnull;

		args[i] = column(data->tg_trigtuple, tupdesc, names[i], &isnull);
		nulls[i] = isnull ? 'n' : ' ';
	}
	/* Without a name it is for the constraint to refuse. */
	if (nulls[0] == 'n')
		return PointerGetDatum(data->tg_trigtuple);
	pf_spi_connect();
	updated = pf_plan_run(&update, 4, types, args, nulls, false, NULL);
	SPI_finish();
	return PointerGetDatum(updated > 0 ? NULL : data->tg_trigtuple);
}

/* Are there signals of kinds that a statement inserted?  They were not counted, then. */
static bool
have_signals(TriggerData *data)
{
	static PfPlan plan = {
		.sql = "SELECT FROM paperfeed.signals WHERE kind = ANY ($1) LIMIT 1"
	};
	static const Oid types[] = {TEXTARRAYOID};
	TupleDesc	tupdesc = RelationGetDescr(data->tg_relation);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	ArrayBuildState *names = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	AttrNumber	number = (AttrNumber) SPI_fnumber(tupdesc, "kind");
	Datum		args[1];

	while (tuplestore_gettupleslot(data->tg_newtable, true, false, slot))
	{
		bool		isnull;
		Datum		name = slot_getattr(slot, number, &isnull);

		names = accumArrayResult(names, name, isnull, TEXTOID, CurrentMemoryContext);
	}
	ExecDropSingleTupleTableSlot(slot);
	args[0] = makeArrayResult(names, CurrentMemoryContext);
	return pf_plan_run(&plan, 1, types, args, NULL, false, NULL) > 0;
}

/* AFTER INSERT, with the new rows, UPDATE, DELETE or TRUNCATE ON signal_kinds FOR EACH STATEMENT */
Datum
pf_signal_kinds_changed(PG_FUNCTION_ARGS)
{
	static PfPlan weigh = {
		.sql = "UPDATE paperfeed.heat AS h SET (heat_1, heat_2, heat_3, heat_4, heat_5, heat_6, heat_7,"
		" heat_8, gross) = (SELECT m.heat_1, m.heat_2, m.heat_3, m.heat_4, m.heat_5, m.heat_6,"
		" m.heat_7, m.heat_8, m.gross)"
		" FROM (SELECT (paperfeed._heat_row(paper, parts)).* FROM paperfeed.heat OFFSET 0) AS m"
		" WHERE h.paper OPERATOR(pg_catalog.=) m.paper AND (h.heat_1, h.heat_2, h.heat_3, h.heat_4,"
		" h.heat_5, h.heat_6, h.heat_7, h.heat_8, h.gross) IS DISTINCT FROM (m.heat_1, m.heat_2,"
		" m.heat_3, m.heat_4, m.heat_5, m.heat_6, m.heat_7, m.heat_8, m.gross)"
	};
	TriggerData *data = trigger_data(fcinfo, "_signal_kinds_changed", "signal_kinds");

	CacheInvalidateRelcache(data->tg_relation);
	pf_spi_connect();
	pf_heat_lock();
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		(void) pf_heat_rebuild(false);
	else if (data->tg_newtable == NULL)
		(void) pf_plan_run(&weigh, 0, NULL, NULL, NULL, false, NULL);
	else if (have_signals(data))
		(void) pf_heat_rebuild(false);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* BEFORE INSERT ON half_lives FOR EACH ROW */
Datum
pf_half_lives_insert(PG_FUNCTION_ARGS)
{
	static PfPlan find = {
		.sql = "SELECT EXISTS (SELECT FROM paperfeed.half_lives WHERE half_life = $1),"
		" (SELECT n FROM generate_series(1, $2) AS n"
		" WHERE n NOT IN (SELECT slot FROM paperfeed.half_lives)"
		" ORDER BY n <> $3, n LIMIT 1)::smallint"
	};
	static const Oid types[] = {INTERVALOID, INT4OID, INT4OID};
	TriggerData *data = trigger_data(fcinfo, "_half_lives_insert", "half_lives");
	TupleDesc	tupdesc = RelationGetDescr(data->tg_relation);
	HeapTuple	row = data->tg_trigtuple;
	Datum		args[3];
	bool		isnull;
	Datum		slot;
	int			number = SPI_fnumber(tupdesc, "slot");

	args[0] = column(row, tupdesc, "half_life", &isnull);
	if (isnull)
		return PointerGetDatum(row);
	args[1] = Int32GetDatum(PF_MAX_SLOTS);
	slot = column(row, tupdesc, "slot", &isnull);
	args[2] = Int32GetDatum(isnull ? 0 : DatumGetInt16(slot));
	/* One that cannot be is for the constraint to refuse. */
	if (!isnull && (DatumGetInt16(slot) < 1 || DatumGetInt16(slot) > PF_MAX_SLOTS))
		return PointerGetDatum(row);

	pf_spi_connect();
	(void) pf_plan_run(&find, 3, types, args, NULL, false, NULL);
	if (DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)))
		row = NULL;
	else
	{
		slot = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("cannot keep heat for more than %d half-lives", PF_MAX_SLOTS),
					 errhint("Delete one from paperfeed.half_lives first.")));
		isnull = false;
		row = heap_modify_tuple_by_cols(row, tupdesc, 1, &number, &slot, &isnull);
	}
	SPI_finish();
	return PointerGetDatum(row);
}

/* AFTER INSERT, UPDATE, DELETE or TRUNCATE ON half_lives FOR EACH STATEMENT */
Datum
pf_half_lives_changed(PG_FUNCTION_ARGS)
{
	(void) trigger_data(fcinfo, "_half_lives_changed", "half_lives");
	pf_spi_connect();
	/* An index may be dropped: readers wait, too. */
	pf_heat_lock_out();
	(void) pf_heat_rebuild(true);
	SPI_finish();
	return PointerGetDatum(NULL);
}
