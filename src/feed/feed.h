/*-------------------------------------------------------------------------
 *
 * feed.h
 *		Bytes to records: what this room gives to the floors above.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_FEED_H
#define PF_FEED_H

#include "common/record.h"
#include "common/strings.h"

/* Dates of one kind that its records have. */
typedef struct PfSpan
{
	TimestampTz newest;			/* PF_NO_TIME if none has one */
	TimestampTz oldest;
	bool		mixed;			/* they do not come newest first */
} PfSpan;

/* What a document says of itself; strings are palloc'd in the context of pf_feed_begin. */
typedef struct PfFeedInfo
{
	const char *format;			/* "atom", "rss 2.0", "oai-pmh arXiv", "huggingface daily_papers", ... */
	PfStr		title;
	PfStr		home;			/* the page for people, absolute */
	PfStr		self;
	PfStr		next;			/* the next page, absolute */
	PfStr		language;
	TimestampTz updated;
	int			ttl;			/* minutes; 0 = none given */
	PfStr		skip_days;		/* "Saturday,Sunday" */
	PfStr		skip_hours;		/* "0,1,2" (UTC) */
	PfStr		resumption_token;	/* none given; empty = this was the last page */
	int64		total;			/* size of the whole list; -1 = not said */
	TimestampTz earliest;		/* OAI-PMH, Identify: of the oldest record */
	const char *charset;		/* that the bytes were read in */
	bool		recovered;		/* not well-formed; what could be read was */
	bool		cut_off;		/* it ends too early */
	PfStr		problem;		/* first fault of form, for people */
	PfStr		error_code;		/* the service's own error: "noRecordsMatch", "400", ... */
	PfStr		error;			/* the service's own words */
	int64		bytes;			/* read, after decompression */
	int64		records;
	PfSpan		published;
	PfSpan		changed;
} PfFeedInfo;

/* Called for each record in turn; may raise errors. */
typedef void (*PfRecordFn) (PfRecord *rec, const PfFeedInfo *info, void *arg);

/*
 * A document being read.  Bytes are pushed in pieces of any size, records
 * come out through the callback; memory does not grow with the document for
 * XML and JSON lines.  All state hangs on a memory context that is a child of
 * the one current at pf_feed_begin; foreign memory is released by a reset
 * callback of that context, so an error anywhere needs no clean-up.
 */
typedef struct PfFeed PfFeed;

extern PfFeed *pf_feed_begin(PfStr base_url, PfStr content_type, PfRecordFn fn, void *arg);
extern void pf_feed_push(PfFeed *feed, const char *bytes, size_t len);

/*
 * Read what is left and close.  True: read to its end (perhaps recovered).
 * False: no feed of papers, or broken beyond recovery, or over a limit; then
 * '*sqlstate' and info->problem say why.  Records handed out before stand.
 */
extern bool pf_feed_end(PfFeed *feed, int *sqlstate);
extern const PfFeedInfo *pf_feed_info(const PfFeed *feed);

#endif							/* PF_FEED_H */
