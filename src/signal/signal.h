/*-------------------------------------------------------------------------
 *
 * signal.h
 *		What the files of this room share: kinds and half-lives, the sums that
 *		heat is made of, and how statements are run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_SIGNAL_H
#define PF_SIGNAL_H

#include "postgres.h"

#include "executor/spi.h"
#include "rank/rank.h"
#include "tcop/dest.h"

#define PF_MAX_SLOTS	16

/* config.c: the tables signal_kinds and half_lives */

typedef struct PfSignalKind
{
	char		name[NAMEDATALEN];
	int16		id;
	double		weight;
	bool		from_first_reading;
} PfSignalKind;

typedef struct PfSignalConfig
{
	int			nkinds;
	PfSignalKind *kinds;		/* by id */
	int			nslots;
	int64		half_lives[PF_MAX_SLOTS];	/* in microseconds; 0 = the slot is free */
} PfSignalConfig;

/* As of now, whatever the transaction's snapshot; in CurrentMemoryContext. */
extern PfSignalConfig *pf_signal_config(void);
extern const PfSignalKind *pf_signal_kind_by_id(const PfSignalConfig *config, int id);
extern const PfSignalKind *pf_signal_kind_by_name(const PfSignalConfig *config,
												  const char *name, int len);
extern int	pf_signal_slot(const PfSignalConfig *config, int64 half_life);	/* from 0; -1 = none */

/* sums.c: what is kept of a paper's signals */

typedef struct PfKindSums
{
	int32		kind;
	double		ups;			/* weights of signals, none decayed; what was retracted is out again */
	double		downs;			/* those below zero, without their sign */
	double		gross;			/* of all signals and retractions, without their sign */
	TimestampTz last_at;
	PfDecaySum	sums[PF_MAX_SLOTS];
} PfKindSums;

typedef struct PfSums
{
	int			nkinds;
	int			max_kinds;
	PfKindSums *kinds;			/* by id */
} PfSums;

typedef struct PfSignal
{
	int			kind;
	double		weight;
	TimestampTz at;
	bool		retracts;
} PfSignal;

/* 'half_lives' has 'nslots' elements; a slot of 0 is left out. */
extern void pf_sums_add(PfSums *sums, const PfSignal *signal, const int64 *half_lives, int nslots);
extern void pf_sums_merge(PfSums *sums, const PfSums *other);
extern void pf_sums_reset(PfSums *sums);
extern PfDecaySum pf_sums_total(const PfSums *sums, const PfSignalConfig *config, int slot);
extern double pf_sums_net(const PfSums *sums, const PfSignalConfig *config, const char *kind);
extern bytea *pf_sums_out(const PfSums *sums, int nslots);
extern void pf_sums_in(PfSums *sums, const bytea *parts);	/* into empty sums */

/* run.c: statements of ours on tables of ours */

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

extern uint64 pf_signal_run(PfPlan *plan, int nargs, const Oid *types, Datum *args,
							const char *nulls, bool read_only, DestReceiver *dest);

/* reader.c */

extern void pf_signal_init(void);	/* defines the settings; from _PG_init */

/* heat.c */

extern void pf_heat_lock(void);	/* keeps all that would change heat out, till the transaction's end */
extern void pf_heat_lock_out(void);
extern int64 pf_heat_rebuild(void); /* from signals; locked; SPI is connected */

#endif							/* PF_SIGNAL_H */
