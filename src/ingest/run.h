/*-------------------------------------------------------------------------
 *
 * run.h
 *		One attempt at a feed: a document to rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_RUN_H
#define PF_RUN_H

#include "fetch/fetch.h"
#include "ingest/document.h"
#include "ingest/feeds.h"
#include "ingest/input.h"

/*
 * Parse and write what came, and fill in the run's outcome.  SPI is connected,
 * the feed's row is locked (pf_feed_row_lock); nothing is noted yet, see
 * pf_feed_row_note and pf_run_note.  A fault of the feed is told, not raised.
 */
extern void pf_run_document(PfRun *run, const PfFeedRow *feed, PfInput *in, PfStr base_url,
							PfStr content_type);

/* What is done with each record, a PfRecordFn; and what follows from a document's outcome. */
extern void pf_run_record(PfRecord *rec, const PfFeedInfo *info, void *writer);
extern void pf_run_conclude(PfRun *run, const PfOutcome *outcome);

/* Is the input, byte for byte, the document that the feed gave last?  Then that is the outcome. */
extern bool pf_run_is_same(PfRun *run, const PfFeedRow *feed, PfInput *in);

/* Either of them, for an answer of whatever kind. */
extern void pf_run_response(PfRun *run, const PfFeedRow *feed, const PfResponse *response);

#endif							/* PF_RUN_H */
