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

/*
 * Read one complete JSON value (a document, a line of JSON lines, or an
 * element of a root array) and hand its records on by pf_doc_emit.  'line' is
 * where the value begins, for doc->info.problem.  Returns false, with
 * '*sqlstate' and doc->info.problem set, if the value is malformed; what was
 * complete before the fault has been handed on then.  If the value is an HTTP
 * recording, '*recording' is its body (palloc'd) and nothing is handed on.
 */
extern bool pf_json_read(PfDoc *doc, const char *s, size_t len, int64 line,
						 PfStr *recording, int *sqlstate);

#endif							/* PF_JSON_H */
