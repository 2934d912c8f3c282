/*-------------------------------------------------------------------------
 *
 * table.c
 *		Rows of our tables, read and written without statements.
 *
 * To run a prepared statement takes several times as long as to find a row by
 * its key and to replace it.  Where that is done for each vote, it is done here,
 * in the way that logical replication applies changes.
 *
 * Only for tables without constraints that would have to be checked, other than
 * their keys, and without triggers of row level; see also
 * pf_table_has_triggers().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "signal/table.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#include "compat.h"

PfTable *
pf_table_open(const char *name, int ncolumns)
{
	PfTable    *table = palloc0(sizeof(PfTable));
	Oid			schema = get_namespace_oid("paperfeed", false);

	CommandCounterIncrement();
	table->rel = table_open(get_relname_relid(name, schema), RowExclusiveLock);
	if (RelationGetDescr(table->rel)->natts != ncolumns)
		elog(ERROR, "table \"%s\" has an unexpected number of columns", name);
	table->pkey = pf_primary_key_index(table->rel);
	table->estate = CreateExecutorState();
	table->info = makeNode(ResultRelInfo);
	InitResultRelInfo(table->info, table->rel, 0, NULL, 0);
	ExecOpenIndices(table->info, true);
	table->row = table_slot_create(table->rel, &table->estate->es_tupleTable);
	table->found = table_slot_create(table->rel, &table->estate->es_tupleTable);
	return table;
}

void
pf_table_close(PfTable *table)
{
	ExecResetTupleTable(table->estate->es_tupleTable, false);
	ExecCloseIndices(table->info);
	FreeExecutorState(table->estate);
	table_close(table->rel, NoLock);
	pfree(table);
}

void
pf_table_set(PfTable *table, const Datum *values, const bool *nulls)
{
	int			natts = RelationGetDescr(table->rel)->natts;

	ExecClearTuple(table->row);
	memcpy(table->row->tts_values, values, natts * sizeof(Datum));
	memcpy(table->row->tts_isnull, nulls, natts * sizeof(bool));
	ExecStoreVirtualTuple(table->row);
}

bool
pf_table_find(PfTable *table, LockTupleMode mode)
{
	return RelationFindReplTupleByIndex(table->rel, table->pkey, mode, table->row, table->found);
}

void
pf_table_update(PfTable *table)
{
	ExecSimpleRelationUpdate(table->info, table->estate, NULL, table->found, table->row);
	ResetPerTupleExprContext(table->estate);
}

void
pf_table_insert(PfTable *table)
{
	ExecSimpleRelationInsert(table->info, table->estate, table->row);
	ResetPerTupleExprContext(table->estate);
}

/* As INSERT ... ON CONFLICT DO NOTHING does, once it has looked. */
bool
pf_table_insert_new(PfTable *table)
{
	uint32		token = SpeculativeInsertionLockAcquire(GetCurrentTransactionId());
	bool		conflict = false;

	table_tuple_insert_speculative(table->rel, table->row, GetCurrentCommandId(true), 0, NULL,
								   token);
	list_free(pf_insert_index_tuples(table->info, table->row, table->estate, &conflict));
	table_tuple_complete_speculative(table->rel, table->row, token, !conflict);
	SpeculativeInsertionLockRelease(GetCurrentTransactionId());
	ResetPerTupleExprContext(table->estate);
	return !conflict;
}

bool
pf_table_has_triggers(PfTable *table, int ours)
{
	return table->rel->trigdesc != NULL && table->rel->trigdesc->numtriggers != ours;
}
