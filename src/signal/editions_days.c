/*-------------------------------------------------------------------------
 *
 * editions_days.c
 *		Where editions begin: days, weeks and months in paperfeed.time_zone.
 *
 * The session's own TimeZone is how a reader likes times to be shown; which
 * papers are today's should be the same for all, so editions have a setting of
 * their own, to be set for the database.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "pgtime.h"
#include "signal/editions.h"
#include "utils/datetime.h"
#include "utils/guc.h"

static char *time_zone_name = NULL; /* paperfeed.time_zone */
static pg_tz *time_zone = NULL; /* that one, once it was needed */

static bool
check_time_zone(char **newval, void **extra pg_attribute_unused(),
				GucSource source pg_attribute_unused())
{
	pg_tz	   *zone = pg_tzset(*newval);

	if (zone == NULL)
	{
		GUC_check_errdetail("Names of time zones are in pg_timezone_names.");
		return false;
	}
	if (!pg_tz_acceptable(zone))
	{
		GUC_check_errdetail("Time zones with leap seconds are not supported.");
		return false;
	}
	return true;
}

static void
assign_time_zone(const char *newval pg_attribute_unused(), void *extra pg_attribute_unused())
{
	time_zone = NULL;
}

void
pf_editions_init(void)
{
	DefineCustomStringVariable("paperfeed.time_zone",
							   "Time zone in which the days of editions begin and end.",
							   "It is for paperfeed.daily(), weekly(), monthly(), previous_edition() "
							   "and next_edition(); set it for the database, so that all readers have "
							   "the same editions. Sources that tell a day without a time mean "
							   "00:00 UTC, which is the day before in zones west of it.",
							   &time_zone_name,
							   "UTC",
							   PGC_USERSET, 0,
							   check_time_zone, assign_time_zone, NULL);
}

static pg_tz *
zone(void)
{
	if (time_zone == NULL)
		time_zone = pg_tzset(time_zone_name);
	if (time_zone == NULL)
		elog(ERROR, "time zone \"%s\" is gone", time_zone_name);
	return time_zone;
}

/* The date in the zone, and how far that is west of UTC then, in seconds. */
static DateADT
local_date(TimestampTz at, int *west)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(at, west, &tm, &fsec, NULL, zone()) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
}

DateADT
pf_edition_day(TimestampTz at)
{
	int			west;

	if (TIMESTAMP_IS_NOBEGIN(at))
		return DATEVAL_NOBEGIN;
	if (TIMESTAMP_IS_NOEND(at))
		return DATEVAL_NOEND;
	return local_date(at, &west);
}

/*
 * The first moment of a day.  Where clocks skip midnight, it is when they do;
 * where they are put back to it, so that it comes twice, it is the first time.
 */
static TimestampTz
first_moment(DateADT day)
{
	struct pg_tm tm;
	TimestampTz result;
	int			west;

	if (day >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)
		return DT_NOEND;
	if (day < DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE)
		return MIN_TIMESTAMP;
	memset(&tm, 0, sizeof(tm));
	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	result = day * USECS_PER_DAY + DetermineTimeZoneOffset(&tm, zone()) * USECS_PER_SEC;
	if (result >= END_TIMESTAMP)
		return DT_NOEND;
	if (result <= MIN_TIMESTAMP)
		return MIN_TIMESTAMP;
	if (local_date(result - 1, &west) == day)
		result = Min(result, day * USECS_PER_DAY + west * USECS_PER_SEC);
	return result;
}

PfEdition
pf_edition_of(DateADT day, PfPeriod period)
{
	int			julian = day + POSTGRES_EPOCH_JDATE;
	int			year;
	int			month;
	int			mday;
	DateADT		next;
	PfEdition	edition;

	edition.first = day;
	if (DATE_IS_NOBEGIN(day))
	{
		edition.since = edition.until = DT_NOBEGIN;
		return edition;
	}
	if (DATE_IS_NOEND(day))
	{
		edition.since = edition.until = DT_NOEND;
		return edition;
	}
	switch (period)
	{
		case PF_PERIOD_WEEK:
			edition.first = day - (j2day(julian) + 6) % 7;
			next = edition.first + 7;
			break;
		case PF_PERIOD_MONTH:
			j2date(julian, &year, &month, &mday);
			edition.first = day - (mday - 1);
			next = (month == 12 ? date2j(year + 1, 1, 1) : date2j(year, month + 1, 1)) -
				POSTGRES_EPOCH_JDATE;
			break;
		default:
			next = day + 1;
			break;
	}
	edition.since = first_moment(edition.first);
	edition.until = first_moment(next);
	return edition;
}

PG_FUNCTION_INFO_V1(pf_edition_day_sql);

/* edition_day(at timestamptz) */
Datum
pf_edition_day_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(pf_edition_day(PG_GETARG_TIMESTAMPTZ(0)));
}

PG_FUNCTION_INFO_V1(pf_edition_start);

/* edition_start(day date) */
Datum
pf_edition_start(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(pf_edition_of(PG_GETARG_DATEADT(0), PF_PERIOD_DAY).since);
}
