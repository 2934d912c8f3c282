/*-------------------------------------------------------------------------
 *
 * standing.h
 *		How papers stand at a moment: their scores, in the order of these.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_STANDING_H
#define PF_STANDING_H

#include "signal/signal.h"

typedef struct PfStanding
{
	text	   *paper;
	double		score;
	double		votes;			/* readers' and feeds', less those against */
	double		comments;
} PfStanding;

/* Fills all but 'paper'; 'slot' is the place of the half-life in the sums. */
extern void pf_standing_of(PfStanding *standing, const PfSums *sums, const PfSignalConfig *config,
						   int slot, int64 half_life, TimestampTz as_of);

/* replay.c: a moment of the past, or a half-life that no heat is kept for */

typedef struct PfReplay PfReplay;

extern PfReplay *pf_replay_begin(const PfSignalConfig *config, int64 half_life, TimestampTz as_of);

/*
 * The k papers of the highest scores above zero, the highest first, those of
 * the same score by id; fewer if there are no more.  SPI is connected.
 */
extern PfStanding *pf_replay_top(PfReplay *replay, int k, int *n);

/* The sums of one paper, with the replay's half-life in the first slot. */
extern PfSums *pf_replay_paper(PfReplay *replay, text *paper);

extern int	pf_standing_compare(const void *a, const void *b);	/* of PfStanding, best first */

#endif							/* PF_STANDING_H */
