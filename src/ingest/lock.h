/*-------------------------------------------------------------------------
 *
 * lock.h
 *		Locks that a session holds over many transactions: one feed, one
 *		connection to a host, one job.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_LOCK_H
#define PF_LOCK_H

#include "postgres.h"

typedef struct PfLock PfLock;

/*
 * Take the lock of row 'id' of one of our tables, with 'part' of its parts; NULL
 * if it is taken.  Nothing is waited for.  It is held over commits and rollbacks,
 * until it is released or CurrentMemoryContext goes; so an error or the session's
 * end, however it comes, leaves no lock.  A session's own locks keep it out too.
 */
extern PfLock *pf_lock_try(const char *table, int64 id, uint16 part);
extern void pf_lock_release(PfLock *lock);	/* NULL is fine */

#endif							/* PF_LOCK_H */
