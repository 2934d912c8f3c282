/*-------------------------------------------------------------------------
 *
 * store.h
 *		The statements that the writer runs; within the paper room only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_STORE_H
#define PF_STORE_H

#include "executor/spi.h"
#include "paper/paper.h"
#include "utils/queryenvironment.h"

/* Statements on the papers table run as the caller, those on our own tables as their owner. */
typedef enum PfStatement
{
	PF_STMT_IDENTITIES,			/* ($1 paperid[], $2 target) -> identity, paper */
	PF_STMT_CLAIM,				/* ($1 paperid[] identities, $2 target, $3 paperid[] papers) */
	PF_STMT_POINT,				/* ($1 paperid[] identities, $2 target, $3 paperid[] papers, $4 paperid[] before) */
	PF_STMT_SIGHTINGS,			/* ($1 paperid[], $2 feed) -> paper, fingerprint */
	PF_STMT_SHOWN,				/* ($1 feed, $2 limit) -> paper */
	PF_STMT_SIGHT,				/* ($1 feed) and sightings */
	PF_STMT_SIGHT_AGAIN,		/* the same, where some may have been sighted before */
	PF_STMT_REVISE,				/* ($1 feed, $2 paperid[], $3 int[], $4 jsonb[]) */
	PF_STMT_REJECT,				/* ($1 feed, $2 bigint[], $3 int[], $4 text[], $5 jsonb[]) */
	PF_STMT_MOVE_NOTES,			/* ($1 old paper, $2 new paper, $3 target) */
	PF_STMT_EXISTING,			/* ($1 paperid[]) -> id */
	PF_STMT_FETCH,				/* ($1 paperid[]) -> all columns, locked */
	PF_STMT_INSERT,				/* (rows) */
	PF_STMT_UPDATE,				/* (rows) */
	PF_NSTATEMENTS
} PfStatement;

typedef struct PfStore
{
	Oid			target;
	char	   *table;			/* quoted, qualified */
	bool		is_papers;		/* it is paperfeed.papers itself */
	Oid			run_as;			/* the target's owner; InvalidOid = the caller, see pf_store_check */
	Oid			paperid;		/* type */
	Oid			paperid_array;
	TupleDesc	tupdesc;		/* of paperfeed.paper */
	SPIPlanPtr	plans[PF_NSTATEMENTS];	/* of the statements on the papers table */
	EphemeralNamedRelation rows;	/* what INSERT and UPDATE take */
	EphemeralNamedRelation sightings;	/* what SIGHT and SIGHT_AGAIN take */
} PfStore;

/* Columns of a sighting, as SIGHT takes them. */
typedef enum PfSightingColumn
{
	PF_SIGHTING_PAPER,
	PF_SIGHTING_POSITION,
	PF_SIGHTING_ANNOUNCE,
	PF_SIGHTING_ANNOUNCED,
	PF_SIGHTING_FINGERPRINT,
	PF_NSIGHTING
} PfSightingColumn;

typedef struct PfSighting
{
	Datum		values[PF_NSIGHTING];
	bool		nulls[PF_NSIGHTING];
} PfSighting;

/*
 * Triggers and expressions of a table are its owner's code.  Where the caller could
 * act as the owner, but not the other way round, that code gets no more rights than
 * its owner has: the statements run as he, as a security-restricted operation.
 *
 * Checks that 'target' can take papers; raises 42809 or 42P10 otherwise.
 */
extern void pf_store_check(PfStore *store, Oid target);

/* The same, and connects SPI, until the end; in between CurrentMemoryContext must live on. */
extern void pf_store_begin(PfStore *store, Oid target);
extern void pf_store_end(PfStore *store);

/* Run a statement; its result is in SPI_tuptable.  Returns the number of rows. */
extern uint64 pf_store_run(PfStore *store, PfStatement statement, Datum *args);

/* Is it a breach of the keys that keep concurrent ingests apart? */
extern bool pf_store_is_race(PfStore *store, const ErrorData *error);

/* An array for the arguments above, in CurrentMemoryContext. */
extern Datum pf_store_ids(PfStore *store, const PfStr *ids, int n);

/* The rows for the next INSERT or UPDATE. */
extern void pf_store_set_rows(PfStore *store, PfRow **rows, int n);

/* The sightings for the next SIGHT or SIGHT_AGAIN. */
extern void pf_store_set_sightings(PfStore *store, PfSighting *sightings, int n);

/* rekey.c: keep others from pointing at 'old', until the transaction's end. */
extern void pf_store_lock_out(PfStore *store, PfStr old);

/* Let every foreign key on the table that points at 'old', which is locked, point at 'new'. */
extern void pf_store_repoint(PfStore *store, PfStr old, PfStr new);

/* Delete the row of 'old', which became 'new'; a warning if something still needs it. */
extern void pf_store_remove(PfStore *store, PfStr old, PfStr new);

#endif							/* PF_STORE_H */
