/*-------------------------------------------------------------------------
 *
 * dates.h
 *		The dates that feeds of papers carry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_DATES_H
#define PF_DATES_H

#include "common/record.h"

/*
 * Read a date in any layout that feeds use (RFC 822 with odd zones, W3CDTF
 * with missing parts, ISO 8601, "2019 Mar-Apr", "12 June 2026", asctime ...).
 * Missing parts are the earliest possible, a missing zone is UTC.  Returns
 * PF_NO_TIME for what is no date; never raises an error, does not depend on
 * DateStyle or TimeZone.
 */
extern TimestampTz pf_date(PfStr in);

/* From year, month (1-12, 0 = unknown), day (1-31, 0 = unknown); PF_NO_TIME if out of range. */
extern TimestampTz pf_date_ymd(int year, int month, int day);

/* From milliseconds since 1970-01-01 UTC; PF_NO_TIME if out of range. */
extern TimestampTz pf_date_epoch_ms(int64 ms);

/* "Jan", "January", "1", "01" -> 1; 0 if it is no month. */
extern int	pf_month(PfStr in);

#endif							/* PF_DATES_H */
