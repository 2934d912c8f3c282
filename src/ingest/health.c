/*-------------------------------------------------------------------------
 *
 * health.c
 *		SQL: paperfeed.clock: the time that the views on feeds go by.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/clock.h"
#include "fmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(pf_clock);

/* clock(): the same all through a statement, unlike pf_now() */
Datum
pf_clock(PG_FUNCTION_ARGS)
{
	TimestampTz now = pf_now();

	(void) fcinfo;
	PG_RETURN_TIMESTAMPTZ(Min(now, GetCurrentStatementStartTimestamp()));
}
