/*-------------------------------------------------------------------------
 *
 * harvest.h
 *		Feeds that are lists of all that there is: what changed since the last time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_HARVEST_H
#define PF_HARVEST_H

#include "ingest/hosts.h"

typedef struct PfHarvest
{
	PfHosts    *hosts;
	PfFetchSet *set;
	TimestampTz deadline;		/* DT_NOEND = none */

	/* What came of it. */
	bool		forbidden;		/* the caller may not write to its table */
	bool		failed;
	int64		papers;			/* added or updated */
} PfHarvest;

/* Is the feed of this address one of them? */
extern bool pf_harvest_is(PfStr url);

/*
 * Read what changed of a feed that is due, page by page.  Commits.  False if it
 * is not due any more, somebody else is at it, or it is forbidden.
 */
extern bool pf_harvest(int64 feed, PfHarvest *harvest);

#endif							/* PF_HARVEST_H */
