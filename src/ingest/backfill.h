/*-------------------------------------------------------------------------
 *
 * backfill.h
 *		Rows of paperfeed.backfills: how far each one is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_BACKFILL_H
#define PF_BACKFILL_H

#include "ingest/hosts.h"
#include "ingest/job.h"
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

/*
 * The first day that is still to be read, if all before the last one of the feed's
 * backfills began is there; 'otherwise' if there was none.
 */
extern DateADT pf_backfill_row_day(int64 feed, DateADT otherwise);

/* After a step, with what the page brought. */
extern void pf_backfill_row_save(const PfBackfillRow *row, const PfCounts *counts);

/* Pages that are being read. */
typedef struct PfBackfill
{
	int64		feed;			/* which is locked for the session */
	int64		max_pages;
	TimestampTz deadline;		/* DT_NOEND = none */
	int64		max_host_wait;	/* ms, for a busy host */
	bool		bear_errors;	/* those of writing papers are the page's fault, and not raised */
	PfHosts    *hosts;
	PfFetchSet *fetches;
	PfJob	   *job;			/* to be told of pages; NULL = none */

	MemoryContext context;		/* set by pf_backfill_run */

	/* What came of it. */
	int			attempts;		/* at the last page, in vain */
	int64		pages;
	int64		records;
	int64		added;
	int64		updated;
	bool		over;
	bool		gone;			/* the feed was removed meanwhile */
	PfStep		end;			/* how it is with the last page */
	PfStr		why;			/* none = nothing to say */
} PfBackfill;

/*
 * Go on from what the row says, until the end, a limit or a fault.  Commits; SPI is
 * connected such that it can, and CurrentMemoryContext outlasts transactions.
 */
extern void pf_backfill_run(PfBackfill *b);

#endif							/* PF_BACKFILL_H */
