/*-------------------------------------------------------------------------
 *
 * feeds.h
 *		Reading and noting rows of paperfeed.feeds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_FEEDS_H
#define PF_FEEDS_H

#include "feed/feed.h"
#include "fetch/fetch.h"
#include "ingest/schedule.h"
#include "paper/paper.h"

#define PF_FEED_MAX_URL	2048	/* bytes of a feed's address, as it is part of a key */

/* What is remembered of a feed. */
typedef struct PfFeedRow
{
	int64		id;				/* 0 = not known yet */
	bool		is_new;			/* it got its id just now */
	PfStr		url;
	Oid			target;
	PfStr		title;
	PfStrings	tags;
	PfStrings	headers;		/* "Name: value" */
	PfStr		etag;
	PfStr		last_modified;
	bool		has_checksum;
	uint64		checksum;
	int64		records;		/* in the document of that checksum */
	int64		rejected;
	bool		active;			/* refresh() asks it */
	TimestampTz next_check;		/* PF_NO_TIME = not on its own */
	PfStr		moved_to;
	TimestampTz moved_since;
	PfRhythm	rhythm;
} PfFeedRow;

/* One attempt and what came of it. */
typedef struct PfRun
{
	const char *kind;			/* "ingest", "refresh", "backfill", "load"; NULL = no run of its own */
	PfStr		url;			/* of the feed */
	PfStr		page;			/* of the document, if that is another one */
	Oid			target;
	TimestampTz started;		/* GetCurrentTimestamp() before the request */
	const PfResponse *response; /* NULL if nothing was asked */
	const char *status;			/* "ok", "unchanged", "recovered", "failed" */
	uint64		checksum;		/* of the document, if one was read */
	PfCounts	counts;
	int64		bytes;
	bool		goes_on;		/* there is more to be asked for at once */
	const PfFeedInfo *info;		/* NULL if no document was read */
	PfStr		error_code;		/* the service's own, also of an HTTP error */
	const char *error;
} PfRun;

/*
 * These run as the tables' owner; all but the first need SPI to be connected.
 * What they read lives in CurrentMemoryContext.
 */

/* False, and nothing but url and target set, if there is no row. */
extern bool pf_feed_row_read(PfStr url, Oid target, PfFeedRow *row);

/*
 * Make sure that there is a row, lock it and read it again.  It is locked before
 * any paper is written: two ingests of one feed wait for each other here, and
 * the second one finds what the first one did.
 */
extern void pf_feed_row_lock(PfFeedRow *row, PfStr url, Oid target);

/* The same by its number, without a lock; false if it is gone. */
extern bool pf_feed_row_read_id(PfFeedRow *row, int64 id);

/* Lock a row that is there; false if it is gone, or 'skip' is true and somebody has it. */
extern bool pf_feed_row_lock_id(PfFeedRow *row, int64 id, bool skip);

/* Note the run with the feed, and when it is due again; adds it to paperfeed.runs. */
extern void pf_feed_row_note(const PfFeedRow *row, const PfRun *run);

/* runs.c: add it to paperfeed.runs only. */
extern void pf_run_note(int64 feed, const PfRun *run);

/* Forget runs that are older than paperfeed.keep_runs days; a bounded number at a time. */
extern void pf_runs_prune(void);
extern void pf_runs_init(void);	/* defines the setting; from _PG_init */

#endif							/* PF_FEEDS_H */
