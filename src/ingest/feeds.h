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
#include "paper/paper.h"

/* What is remembered of a feed. */
typedef struct PfFeedRow
{
	int64		id;				/* 0 = not known yet */
	bool		is_new;			/* it got its id just now */
	PfStr		etag;
	PfStr		last_modified;
	bool		has_checksum;
	uint64		checksum;
	int64		records;		/* in the document of that checksum */
	int64		rejected;
} PfFeedRow;

/* One attempt and what came of it. */
typedef struct PfRun
{
	PfStr		url;
	Oid			target;
	const char *status;			/* "ok", "unchanged", "recovered", "failed" */
	int			http_status;	/* 0 = none */
	PfStr		etag;
	PfStr		last_modified;
	uint64		checksum;		/* of the document, if one was read */
	PfCounts	counts;
	int64		bytes;
	const PfFeedInfo *info;		/* NULL if no document was read */
	const char *error;
} PfRun;

/* All but the first need SPI to be connected; they run as the tables' owner. */
extern void pf_feed_row_read(PfStr url, Oid target, PfFeedRow *row);

/*
 * Make sure that there is a row, lock it and read it again.  It is locked before
 * any paper is written: two ingests of one feed wait for each other here, and
 * the second one finds what the first one did.
 */
extern void pf_feed_row_lock(PfFeedRow *row, PfStr url, Oid target);
extern void pf_feed_row_note(const PfFeedRow *row, const PfRun *run);

#endif							/* PF_FEEDS_H */
