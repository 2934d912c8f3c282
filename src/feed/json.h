/*-------------------------------------------------------------------------
 *
 * json.h
 *		One JSON value to records, by PostgreSQL's own parser.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_JSON_H
#define PF_JSON_H

#include "feed/format.h"

/* What came of a value.  'fault' is kept in the document's context until the next value. */
typedef struct PfJsonOutcome
{
	bool		ok;				/* it was read to its end */
	int			sqlstate;		/* if not */
	PfStr		fault;			/* the first fault of form, also one that was mended; none = none */
	int64		records;		/* handed on */
	bool		is_list;		/* it has a list of records, which may be empty, or is one */
	PfStr		recording;		/* body of an HTTP recording (palloc'd); none = it is none */
} PfJsonOutcome;

/*
 * Read one complete JSON value (a document, a line of JSON lines, or an
 * element of a root array) and hand its records on by pf_doc_emit.  'line' is
 * where the value begins, for messages.  If it is malformed, what was complete
 * before the fault has been handed on.  Nothing of an HTTP recording is.  The
 * first fault of all values becomes doc->info.problem.
 */
extern void pf_json_read(PfDoc *doc, const char *s, size_t len, int64 line, PfJsonOutcome *out);

#endif							/* PF_JSON_H */
