/*-------------------------------------------------------------------------
 *
 * heat_row.c
 *		The rows of heat, written without statements.
 *
 * Nearly every signal is an addition to a row that is there, which is done
 * without a statement (see table.c).  That takes the row as it is now, whatever
 * the snapshot of the transaction: sums may be added in any order.
 *
 * Rows that are not there yet are inserted by a statement, which is made for
 * two who do so at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "fmgr.h"
#include "funcapi.h"
#include "signal/heat.h"
#include "signal/table.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

/* Columns of heat, in the order of signals.sql. */
enum
{
	HEAT_PAPER, HEAT_FIRST, HEAT_GROSS = HEAT_FIRST + PF_MAX_SLOTS, HEAT_PARTS, NHEAT
};

struct PfHeatTable
{
	const PfSignalConfig *config;
	PfTable    *table;
	MemoryContext scratch;
};

PfHeatTable *
pf_heat_open(const PfSignalConfig *config)
{
	PfHeatTable *heat = palloc0(sizeof(PfHeatTable));

	heat->config = config;
	heat->table = pf_table_open("heat", NHEAT, false);
	if (pf_table_has_triggers(heat->table, 0))
	{
		pf_table_close(heat->table);
		pfree(heat);
		return NULL;
	}
	heat->scratch = AllocSetContextCreate(CurrentMemoryContext, "paperfeed row of heat",
										  ALLOCSET_DEFAULT_SIZES);
	return heat;
}

void
pf_heat_close(PfHeatTable *heat)
{
	pf_table_close(heat->table);
	MemoryContextDelete(heat->scratch);
	pfree(heat);
}

bool
pf_heat_row_exists(PfHeatTable *heat, Datum paper)
{
	TypeCacheEntry *type = lookup_type_cache(pf_paperid_type(), TYPECACHE_EQ_OPR_FINFO);
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	ScanKeyInit(&key, HEAT_PAPER + 1, BTEqualStrategyNumber, type->eq_opr_finfo.fn_oid, paper);
	scan = systable_beginscan(heat->table->rel, heat->table->pkey, true, GetActiveSnapshot(), 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	return found;
}

/* All columns that follow from the sums. */
static void
fill_row(const PfSignalConfig *config, const PfSums *sums, Datum *values, bool *nulls)
{
	double		gross = 0;

	for (int i = 0; i < PF_MAX_SLOTS; i++)
	{
		PfDecaySum	total;

		nulls[HEAT_FIRST + i] = i >= config->nslots || config->half_lives[i] == 0;
		values[HEAT_FIRST + i] = (Datum) 0;
		if (nulls[HEAT_FIRST + i])
			continue;
		total = pf_sums_total(sums, config, i);
		values[HEAT_FIRST + i] = Float8GetDatum(pf_rank_sum_heat(&total));
	}
	for (int i = 0; i < sums->nkinds; i++)
	{
		const PfSignalKind *kind = pf_signal_kind_by_id(config, sums->kinds[i].kind);

		if (kind != NULL)
			gross += fabs(kind->weight) * sums->kinds[i].gross;
	}
	values[HEAT_GROSS] = Float8GetDatum(gross);
	nulls[HEAT_GROSS] = false;
	values[HEAT_PARTS] = PointerGetDatum(pf_sums_out(sums, config->nslots));
	nulls[HEAT_PARTS] = false;
}

bool
pf_heat_row_add(PfHeatTable *heat, Datum paper, const PfSums *more)
{
	PfTable    *table = heat->table;
	MemoryContext old;
	PfSums		sums = {0};
	Datum		values[NHEAT];
	bool		nulls[NHEAT];

	memset(nulls, true, sizeof(nulls));
	values[HEAT_PAPER] = paper;
	nulls[HEAT_PAPER] = false;
	pf_table_set(table, values, nulls);
	if (!pf_table_find(table, LockTupleNoKeyExclusive))
		return false;

	old = MemoryContextSwitchTo(heat->scratch);
	slot_getallattrs(table->found);
	pf_sums_in(&sums, DatumGetByteaPP(table->found->tts_values[HEAT_PARTS]));
	pf_sums_merge(&sums, more);
	fill_row(heat->config, &sums, values, nulls);
	pf_table_set(table, values, nulls);
	pf_table_update(table);
	ExecClearTuple(table->row);
	MemoryContextSwitchTo(old);
	MemoryContextReset(heat->scratch);
	return true;
}

PG_FUNCTION_INFO_V1(pf_heat_row);

/* _heat_row(paper paperid, parts bytea) returns heat */
Datum
pf_heat_row(PG_FUNCTION_ARGS)
{
	PfSignalConfig *config = pf_signal_config();
	PfSums		sums = {0};
	TupleDesc	tupdesc;
	Datum		values[NHEAT];
	bool		nulls[NHEAT];

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != NHEAT)
		elog(ERROR, "return type must be paperfeed.heat");
	pf_sums_in(&sums, PG_GETARG_BYTEA_PP(1));
	fill_row(config, &sums, values, nulls);
	values[HEAT_PAPER] = PG_GETARG_DATUM(0);
	nulls[HEAT_PAPER] = false;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
