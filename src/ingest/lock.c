/*-------------------------------------------------------------------------
 *
 * lock.c
 *		Locks that a session holds over many transactions.
 *
 * They are PostgreSQL's own, on a row of ours as an object: seen in pg_locks
 * (locktype object, classid the table, objid the lower 32 bits of the id), and
 * gone with the session.  The reset callback of a memory context releases them
 * when an error takes that away.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "ingest/lock.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "storage/lock.h"
#include "utils/memutils.h"

struct PfLock
{
	LOCKTAG		tag;
	bool		held;
	MemoryContextCallback callback;
};

static void
release(void *arg)
{
	PfLock	   *lock = arg;

	/* The end of a transaction that failed takes locks away, too. */
	if (lock->held && pf_lock_is_held(&lock->tag, ExclusiveLock))
		(void) LockRelease(&lock->tag, ExclusiveLock, true);
	lock->held = false;
}

PfLock *
pf_lock_try(const char *table, int64 id, uint16 part)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed lock",
												  ALLOCSET_SMALL_SIZES);
	PfLock	   *lock = MemoryContextAllocZero(context, sizeof(PfLock));
	LockAcquireResult result;

	SET_LOCKTAG_OBJECT(lock->tag, MyDatabaseId, pf_own_table(table), (uint32) id, part);
	lock->callback.func = release;
	lock->callback.arg = lock;
	MemoryContextRegisterResetCallback(context, &lock->callback);

	result = LockAcquire(&lock->tag, ExclusiveLock, true, true);
	lock->held = result == LOCKACQUIRE_OK;
	if (lock->held)
		return lock;
	/* The session has it already: one hold less, and it is as if another had it. */
	if (result != LOCKACQUIRE_NOT_AVAIL)
		(void) LockRelease(&lock->tag, ExclusiveLock, true);
	MemoryContextDelete(context);
	return NULL;
}

void
pf_lock_release(PfLock *lock)
{
	if (lock != NULL)
		MemoryContextDelete(GetMemoryChunkContext(lock));
}
