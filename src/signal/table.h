/*-------------------------------------------------------------------------
 *
 * table.h
 *		Rows of our tables, read and written without statements.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_TABLE_H
#define PF_TABLE_H

#include "postgres.h"

#include "executor/executor.h"

typedef struct PfTable
{
	Relation	rel;
	Oid			pkey;			/* the primary key's index */
	EState	   *estate;
	ResultRelInfo *info;
	TupleTableSlot *row;		/* what is looked for or written */
	TupleTableSlot *found;
} PfTable;

/*
 * Locked as writers do.  What was written before by this transaction is seen
 * from here on, what is written after only by who opens it later.  XX000 unless
 * the table has so many columns.  'insert_new': it is for pf_table_insert_new().
 */
extern PfTable *pf_table_open(const char *name, int ncolumns, bool insert_new);
extern void pf_table_close(PfTable *table);

/* Let table->row be a row of these values. */
extern void pf_table_set(PfTable *table, const Datum *values, const bool *nulls);

/*
 * Find the row of which table->row has the key, as it is now, and lock it;
 * table->found becomes that row.  Waits for those who are changing it.  40001
 * under REPEATABLE READ if it was changed since the transaction's snapshot.
 */
extern bool pf_table_find(PfTable *table, LockTupleMode mode);
extern void pf_table_update(PfTable *table);	/* table->found becomes table->row */

extern void pf_table_insert(PfTable *table);
extern bool pf_table_insert_new(PfTable *table);	/* false if there is one with its key */

/*
 * Has somebody put triggers or constraints on it, so that it must be written by
 * statements?  'ours' is the number of triggers of ours.
 */
extern bool pf_table_has_triggers(PfTable *table, int ours);

#endif							/* PF_TABLE_H */
