/*-------------------------------------------------------------------------
 *
 * schedule.h
 *		When a feed is due again, and why: plain arithmetic.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_SCHEDULE_H
#define PF_SCHEDULE_H

#include "common/strings.h"
#include "datatype/timestamp.h"

/* What is known of a feed; spans are in microseconds, 0 = not known or not said. */
typedef struct PfRhythm
{
	int64		feed;			/* its number, for a little spread */
	int64		every;			/* as the user wants it */
	int64		changes_every;	/* estimated time between two changes */
	int64		ttl;			/* as the feed says */
	PfStr		skip_days;		/* "Saturday,Sunday"; none = none */
	PfStr		skip_hours;		/* "0,1,2" */
	TimestampTz added_at;
	TimestampTz last_changed;	/* PF_NO_TIME = never */
	int			errors;			/* in a row */
} PfRhythm;

/* One more attempt. */
typedef struct PfAttempt
{
	TimestampTz now;
	bool		failed;
	bool		changed;		/* it brought something new */
	int			http_status;	/* 0 = none */
	int			retry_after;	/* seconds; -1 = not said */
	int			max_age;		/* seconds; -1 = not said */
} PfAttempt;

/* What follows from it. */
typedef struct PfDue
{
	bool		ended;			/* never again */
	TimestampTz next;
	int64		changes_every;
	const char *why;			/* palloc'd or static */
} PfDue;

/*
 * 'rhythm' is what was known before the attempt, but for what the document
 * itself said (ttl, skip_days, skip_hours).
 */
extern PfDue pf_schedule(const PfRhythm *rhythm, const PfAttempt *attempt);

#endif							/* PF_SCHEDULE_H */
