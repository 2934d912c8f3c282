/*-------------------------------------------------------------------------
 *
 * document.h
 *		Read a whole document from an input.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_DOCUMENT_H
#define PF_DOCUMENT_H

#include "feed/feed.h"
#include "ingest/input.h"

typedef struct PfOutcome
{
	const PfFeedInfo *info;
	bool		ok;				/* read to the end, perhaps recovered */
	int			sqlstate;		/* if not */
	const char *problem;		/* why not, or what was recovered from; NULL = all well */
} PfOutcome;

/*
 * Read 'in' to its end and hand each record to 'fn'.  The result lives in
 * CurrentMemoryContext.  A fault of the document is told, not raised.
 */
extern PfOutcome pf_document_read(PfInput *in, PfStr base_url, PfStr content_type,
								  PfRecordFn fn, void *arg);

/* The last step of it, for those who push the bytes themselves: what came of the document. */
extern PfOutcome pf_document_end(PfFeed *feed, const PfInput *in);

/* Raise the fault of an outcome that is not ok. */
extern _Noreturn void pf_document_raise(const PfOutcome *outcome);

#endif							/* PF_DOCUMENT_H */
