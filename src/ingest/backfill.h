/*-------------------------------------------------------------------------
 *
 * backfill.h
 *		Rows of paperfeed.backfills: how far each one is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_BACKFILL_H
#define PF_BACKFILL_H

#include "ingest/pager.h"
#include "paper/paper.h"

typedef struct PfBackfillRow
{
	int64		feed;
	PfPager		pager;
	PfStep		step;			/* the last one */
	int			attempts;		/* at the page 'next', in vain */
	PfStr		error;
} PfBackfillRow;

/* Raise 22023: the feed of this address cannot be backfilled. */
extern _Noreturn void pf_backfill_refuse(PfStr url, const char *why);

/* SPI is connected for these; they run as the tables' owner. */

/*
 * Go on with an unfinished backfill of the feed if 'any' is true or it has the
 * same 'since', else begin anew.
 */
extern void pf_backfill_row_begin(int64 feed, PfStr url, bool any, DateADT since);

/* Where it is; pager.feed is left to the caller.  False if there is no row. */
extern bool pf_backfill_row_read(int64 feed, PfBackfillRow *row);

/* After a step, with what the page brought. */
extern void pf_backfill_row_save(const PfBackfillRow *row, const PfCounts *counts);

#endif							/* PF_BACKFILL_H */
