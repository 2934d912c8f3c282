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

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "signal/table.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "compat.h"

PfTable *
pf_table_open(const char *name, int ncolumns, bool insert_new)
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
	ExecOpenIndices(table->info, insert_new);
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

/* Keys for the columns of the primary key, from table->row. */
static int
make_keys(PfTable *table, ScanKey keys)
{
	TupleDesc	tupdesc = RelationGetDescr(table->rel);
	Relation	index = index_open(table->pkey, AccessShareLock);
	int			n = IndexRelationGetNumberOfKeyAttributes(index);

	for (int i = 0; i < n; i++)
	{
		AttrNumber	column = index->rd_index->indkey.values[i];
		TypeCacheEntry *type = lookup_type_cache(TupleDescAttr(tupdesc, column - 1)->atttypid,
												 TYPECACHE_EQ_OPR_FINFO);

		ScanKeyInit(&keys[i], column, BTEqualStrategyNumber, type->eq_opr_finfo.fn_oid,
					table->row->tts_values[column - 1]);
	}
	index_close(index, AccessShareLock);
	return n;
}

/*
 * A row that is not committed yet, or goes away meanwhile, counts as not there:
 * insertion has to be ready for it anyway.
 */
bool
pf_table_find(PfTable *table, LockTupleMode mode)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyData keys[INDEX_MAX_KEYS];
	SysScanDesc scan;
	HeapTuple	tuple;
	TM_FailureData failure;
	bool		found = false;

	scan = systable_beginscan(table->rel, table->pkey, true, snapshot, make_keys(table, keys), keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		ItemPointerData tid = tuple->t_self;

		found = table_tuple_lock(table->rel, &tid, snapshot, table->found,
								 GetCurrentCommandId(false), mode, LockWaitBlock,
								 TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure) == TM_Ok;
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);

	/* To replace a row that the transaction does not see would show it two of them. */
	if (found && IsolationUsesXactSnapshot() &&
		!table_tuple_satisfies_snapshot(table->rel, table->found, GetTransactionSnapshot()))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	return found;
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

/* As INSERT ... ON CONFLICT DO NOTHING, but it does not look first: usually there is none. */
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
	TupleConstr *constraints = RelationGetDescr(table->rel)->constr;

	return (table->rel->trigdesc != NULL && table->rel->trigdesc->numtriggers != ours) ||
		(constraints != NULL && constraints->num_check > 0);
}
