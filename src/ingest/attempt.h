/*-------------------------------------------------------------------------
 *
 * attempt.h
 *		Something for one feed, whose failure is not to be that of the others.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_ATTEMPT_H
#define PF_ATTEMPT_H

/*
 * Do something in a subtransaction, deferred triggers and constraints included.
 * Its error in UTF-8 if there was one, and what
 * it did is undone; else NULL.  Cancel, lack of resources and damaged data are
 * raised: they are about more than one feed.
 */
extern const char *pf_attempt(void (*what) (void *), void *arg);

#endif							/* PF_ATTEMPT_H */
