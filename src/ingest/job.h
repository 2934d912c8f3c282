/*-------------------------------------------------------------------------
 *
 * job.h
 *		A long job that commits as it goes: what all of them share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_JOB_H
#define PF_JOB_H

#include "common/strings.h"
#include "fmgr.h"

typedef struct PfJob PfJob;

/*
 * To be called first by a procedure that commits: raises 25001 inside of a
 * transaction block or a function and 25006 where nothing can be written, then
 * connects SPI such that pf_job_commit works.  The transaction is READ COMMITTED
 * from here on.  'name' is for messages: "paperfeed.refresh()".
 */
extern void pf_job_connect(FunctionCallInfo fcinfo, const char *name);

/* Begin and commit.  Lives in CurrentMemoryContext, which must outlast transactions. */
extern PfJob *pf_job_begin(const char *kind, PfStr what, const char *unit, int64 total);

/* In the current transaction; 'total' -1 = not known, 'doing' may be none. */
extern void pf_job_note(PfJob *job, int64 done, int64 total, int64 papers, PfStr doing);

/* Commit; CurrentMemoryContext stays as it is. */
extern void pf_job_commit(void);

/* Take the row away and commit. */
extern void pf_job_end(PfJob *job);

#endif							/* PF_JOB_H */
