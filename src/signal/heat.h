/*-------------------------------------------------------------------------
 *
 * heat.h
 *		The table heat: its rows, and all of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_HEAT_H
#define PF_HEAT_H

#include "fmgr.h"
#include "signal/signal.h"

/* heat_row.c: additions to rows that are there */

typedef struct PfHeatTable PfHeatTable;

/*
 * Locks the table as writers do; what was written before is seen from here on.
 * NULL if somebody put triggers on it: then it is for statements.
 */
extern PfHeatTable *pf_heat_open(const PfSignalConfig *config);
extern void pf_heat_close(PfHeatTable *heat);

/* False if there is no row of the paper.  A paper may be added to once between open and close. */
extern bool pf_heat_row_add(PfHeatTable *heat, Datum paper, const PfSums *more);
extern bool pf_heat_row_exists(PfHeatTable *heat, Datum paper);	/* as the snapshot sees it; not locked */

/* heat.c */

/* As the trigger on signals does, for who wrote the signal himself; SPI is connected. */
extern void pf_heat_add_signal(Datum paper, const char *kind, double weight, TimestampTz at);

extern void pf_heat_refuse_old_snapshot(void);	/* 0A000 under REPEATABLE READ */
extern void pf_heat_lock(void);	/* keeps all that would change heat out, till the transaction's end */
extern void pf_heat_lock_out(void); /* and those who read it */
extern int64 pf_heat_rebuild(bool drop_indexes);	/* from signals; locked; SPI is connected */

/* 39P01 unless called by a trigger on this table of ours. */
extern void pf_check_trigger(FunctionCallInfo fcinfo, const char *function, const char *table);

#endif							/* PF_HEAT_H */
