/*-------------------------------------------------------------------------
 *
 * clock.h
 *		The time that what feeds report is dated at.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_CLOCK_H
#define PF_CLOCK_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* What the setting paperfeed.clock says, else the real time; never later than that. */
extern TimestampTz pf_now(void);

/* Do nothing for a while, in real time, with interrupts processed. */
extern void pf_pause(int64 ms);

extern void pf_clock_init(void);

#endif							/* PF_CLOCK_H */
