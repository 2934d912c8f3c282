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

#include "paper/plan.h"
#include "rank/rank.h"

#define PF_MAX_SLOTS	8			/* heat.heat_1 to heat_8 */

/* Columns of signals, in the order of signals.sql. */
enum
{
	SIGNAL_PAPER, SIGNAL_KIND, SIGNAL_WEIGHT, SIGNAL_AT, SIGNAL_READER, SIGNAL_SOURCE,
	SIGNAL_KNOWN_AT, SIGNAL_RETRACTS, NSIGNAL
};

/* config.c: the tables signal_kinds and half_lives */

typedef struct PfSignalKind
{
	char		name[NAMEDATALEN];
	int			id;
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

/* reader.c */

extern void pf_signal_init(void);	/* defines the settings; from _PG_init */


/* observe.c: what feeds tell, and observe() */

extern void pf_observe_init(void);
extern void pf_observe_lock_kinds(void);	/* they stay as they are, till the transaction's end */

/* Signals on their way into the table, in the order of their papers' ids. */
typedef struct PfNewSignals
{
	int			n;
	int			max;
	Datum	   *papers;
	Datum	   *kinds;
	Datum	   *weights;
	Datum	   *ats;
	Datum	   *sources;		/* text, never NULL; empty = none */
	Datum	   *known_ats;		/* not used where not later than 'at' */
} PfNewSignals;

extern void pf_new_signal(PfNewSignals *list, Datum paper, Datum kind, double weight,
						  TimestampTz at, text *source, TimestampTz known_at);
extern void pf_new_signals_write(PfNewSignals *list);	/* SPI is connected */

/* observe_count.c: readings of counters, and what they make signals of */

#define PF_MAX_COUNT	1e12	/* as the tables have it */

typedef struct PfReading
{
	Datum		paper;			/* locked against other observers */
	Datum		kind;			/* text, with ... */
	bool		from_first_reading; /* ... what its row says */
	text	   *source;			/* empty = none */
	double		value;			/* 0 .. PF_MAX_COUNT */
	TimestampTz dated;			/* what a first reading is as old as; PF_NO_TIME = not known */
} PfReading;

/* As of 'at'; sorts the readings.  Returns by how much their counters grew. */
extern double pf_observe_readings(PfReading *readings, int n, TimestampTz at,
								  PfNewSignals *signals);

/* The newest signals of a counter are taken back, until they are less by 'amount'. */
extern void pf_observe_retract(Datum *papers, Datum *kinds, Datum *amounts, int n,
							   TimestampTz known_at);

extern int	pf_compare_texts(Datum a, Datum b);	/* byte by byte */

/* observe_moved.c: two papers turned out to be one; a PfMovedHook */

extern void pf_observe_moved(Datum old, Datum new);

#endif							/* PF_SIGNAL_H */
