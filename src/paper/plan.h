/*-------------------------------------------------------------------------
 *
 * plan.h
 *		Statements of ours on the extension's own tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PLAN_H
#define PF_PLAN_H

#include "executor/spi.h"

/* SPI, but what is allocated outlives it. */
extern void pf_spi_connect(void);

extern Oid	pf_own_table(const char *name);	/* of ours; InvalidOid if it is not there */

/* Lists of papers to and from arrays of the type paperid. */
extern Oid	pf_paperid_type(void);
extern Datum pf_paperid_array(Datum *papers, int n);

/*
 * Run a statement as the owner of the extension's tables, with the planner told
 * to use their indexes; SPI is connected.  The plan is kept for the session in
 * *plan.  Rows go to 'dest' if there is one, else to SPI_tuptable.  Returns the
 * number of rows.
 */
typedef struct PfPlan
{
	const char *sql;
	SPIPlanPtr	plan;
	Oid			made_for;
} PfPlan;

#define PF_ARG_PAPER		((Oid) 1)	/* stand for the types paperid and paperid[] */
#define PF_ARG_PAPERS		((Oid) 2)

extern uint64 pf_plan_run(PfPlan *plan, int nargs, const Oid *types, Datum *args,
						  const char *nulls, bool read_only, DestReceiver *dest);

#endif							/* PF_PLAN_H */
