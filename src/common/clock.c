/*-------------------------------------------------------------------------
 *
 * clock.c
 *		The time that what feeds report is dated at.
 *
 * Who takes in a payload that he kept sets paperfeed.clock to the time at which
 * he got it, and what it reports is dated as it would have been then.
 *
 * Otherwise it is the time of the call, not that of the transaction's start: of
 * two transactions that wait for each other the second one is the later one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/clock.h"
#include "common/dates.h"
#include "compat.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

static char *clock_setting;
static const TimestampTz *set_to;	/* NULL = the real time */

TimestampTz
pf_now(void)
{
	return set_to != NULL ? *set_to : GetCurrentTimestamp();
}

void
pf_pause(int64 ms)
{
	static uint32 wait_event = 0;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);

	if (wait_event == 0)
		wait_event = pf_wait_event_new("PaperfeedPause");
	for (;;)
	{
		long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);

		CHECK_FOR_INTERRUPTS();
		if (left <= 0)
			break;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left,
						 wait_event);
		ResetLatch(MyLatch);
	}
}

static bool
check_clock(char **newval, void **extra, GucSource source pg_attribute_unused())
{
	TimestampTz time;
	TimestampTz *kept;

	if (pf_str_blank(pf_str_trim(pf_str(*newval))))
		return true;
	time = pf_date(pf_str(*newval));
	if (time == PF_NO_TIME)
	{
		GUC_check_errdetail("It is no time, as \"2026-03-01 12:00Z\" is one.");
		return false;
	}
	if (time > GetCurrentTimestamp())
	{
		GUC_check_errdetail("The time lies in the future.");
		return false;
	}
	kept = guc_malloc(LOG, sizeof(TimestampTz));
	if (kept == NULL)
		return false;
	*kept = time;
	*extra = kept;
	return true;
}

static void
assign_clock(const char *newval pg_attribute_unused(), void *extra)
{
	set_to = extra;
}

void
pf_clock_init(void)
{
	DefineCustomStringVariable("paperfeed.clock",
							   "Sets the time that what feeds report is dated at.",
							   "To take in documents of the past as of then; a time without a zone "
							   "is UTC. Empty is the real time.",
							   &clock_setting, "", PGC_SUSET, 0,
							   check_clock, assign_clock, NULL);
}
