/*-------------------------------------------------------------------------
 *
 * schedule.c
 *		When a feed is due again, and why: plain arithmetic.
 *
 * A feed is asked eight times in the time between two changes of it, as far as
 * that is known, so that on average a new paper waits a sixteenth of it: every
 * three hours if it changes once a day.  What is not known yet counts as an
 * eighth of a day.  The estimate is an average of the times between changes that
 * forgets old ones; a feed that has been silent for longer than that is taken to
 * change as rarely as its silence is long.  All of it within MIN_INTERVAL and
 * MAX_INTERVAL, unless the user says how often.
 *
 * The server's and the feed's own word puts it off: Cache-Control and Expires,
 * ttl, skipDays and skipHours, Retry-After.  After failures the time doubles
 * with each one in a row, up to MAX_BACKOFF.  A little of a feed's number is
 * added, so that feeds that were added together drift apart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/dates.h"
#include "common/hashfn.h"
#include "ingest/schedule.h"
#include "utils/timestamp.h"

#define MIN_INTERVAL	(15 * USECS_PER_MINUTE)
#define MAX_INTERVAL	USECS_PER_DAY
#define FIRST_INTERVAL	(3 * USECS_PER_HOUR)
#define MAX_BACKOFF		(7 * USECS_PER_DAY)
#define POLLS_PER_CHANGE	8
#define WEIGHT_OF_NEW	0.25	/* of the latest time between changes in the average */
#define SPREAD			0.05	/* of the interval */

static const char *const day_names[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"
};

/* "3 hours", "1 day" */
static const char *
words(int64 span)
{
	static const struct
	{
		int64		size;
		const char *name;
	}			units[] = {
		{USECS_PER_DAY, "day"}, {USECS_PER_HOUR, "hour"}, {USECS_PER_MINUTE, "minute"},
		{USECS_PER_SEC, "second"}
	};
	int			u = 0;
	long		n;

	while (u < (int) lengthof(units) - 1 && span < 2 * units[u].size && span != units[u].size)
		u++;
	n = (long) ((span + units[u].size / 2) / units[u].size);
	return psprintf("%ld %s%s", n, units[u].name, n == 1 ? "" : "s");
}

/* Is 'item' in the list "a,b,c"? */
static bool
lists(PfStr list, const char *item)
{
	int			at = 0;

	while (at < list.len)
	{
		const char *comma = memchr(list.s + at, ',', list.len - at);
		int			end = comma != NULL ? (int) (comma - list.s) : list.len;
		PfStr		one = pf_str_trim((PfStr) {list.s + at, end - at});

		if (pf_str_eq_nocase(one, item))
			return true;
		at = end + 1;
	}
	return false;
}

static bool
is_skipped(const PfRhythm *rhythm, int64 hour)
{
	char		number[8];

	/* 2000-01-01, where timestamps start, was a Saturday. */
	snprintf(number, sizeof(number), "%d", (int) (((hour % 24) + 24) % 24));
	return lists(rhythm->skip_days, day_names[(((hour + 6 * 24) / 24) % 7 + 7) % 7]) ||
		lists(rhythm->skip_hours, number);
}

/* The first time from 'next' on that the feed does not say is useless. */
static TimestampTz
after_skips(const PfRhythm *rhythm, TimestampTz next)
{
	int64		hour = next / USECS_PER_HOUR;

	if (rhythm->skip_days.len == 0 && rhythm->skip_hours.len == 0)
		return next;
	if (!is_skipped(rhythm, hour))
		return next;
	for (int i = 1; i <= 7 * 24; i++)
		if (!is_skipped(rhythm, hour + i))
			return (hour + i) * USECS_PER_HOUR;
	return next;				/* it skips all the time: its word is of no use */
}

/* Every feed has its own share of 'span', always the same. */
static int64
spread(const PfRhythm *rhythm, int64 span)
{
	return (int64) (span * SPREAD * (hash_bytes_uint32((uint32) rhythm->feed) / 4294967296.0));
}

static int64
new_estimate(const PfRhythm *rhythm, const PfAttempt *attempt)
{
	int64		gap;

	if (!attempt->changed || rhythm->last_changed == PF_NO_TIME)
		return rhythm->changes_every;
	gap = Max(attempt->now - rhythm->last_changed, USECS_PER_MINUTE);
	if (rhythm->changes_every == 0)
		return gap;
	return (int64) (rhythm->changes_every * (1 - WEIGHT_OF_NEW) + gap * WEIGHT_OF_NEW);
}

/* How often, and why, when all goes well. */
static int64
ordinary(const PfRhythm *rhythm, const PfAttempt *attempt, int64 estimate, const char **why)
{
	TimestampTz since = rhythm->last_changed != PF_NO_TIME ? rhythm->last_changed : rhythm->added_at;
	int64		silence = attempt->changed ? 0 : Max(attempt->now - since, 0);
	int64		span;

	if (rhythm->every > 0)
	{
		*why = psprintf("every %s, as was asked for", words(rhythm->every));
		return rhythm->every;
	}
	if (estimate == 0 && silence / POLLS_PER_CHANGE < FIRST_INTERVAL)
	{
		*why = psprintf("every %s, until it is known how often it changes",
						words(FIRST_INTERVAL));
		return FIRST_INTERVAL;
	}
	span = Max(estimate, silence) / POLLS_PER_CHANGE;
	span = Min(Max(span, MIN_INTERVAL), MAX_INTERVAL);
	if (silence > estimate)
		*why = psprintf("every %s: nothing new for %s", words(span), words(silence));
	else
		*why = psprintf("every %s: something new about every %s", words(span), words(estimate));
	return span;
}

static int64
back_off(const PfRhythm *rhythm, const PfAttempt *attempt, const char **why)
{
	int			times = rhythm->errors + 1;
	int64		span = rhythm->every > 0 ? rhythm->every : MIN_INTERVAL * 2;

	for (int i = 1; i < times && span < MAX_BACKOFF; i++)
		span *= 2;
	span = Min(span, Max(MAX_BACKOFF, rhythm->every));
	*why = psprintf("in %s: it failed %s%s", words(span),
					times == 1 ? "once" : psprintf("%d times in a row", times),
					attempt->http_status >= 400 ?
					psprintf(", last with HTTP status %d", attempt->http_status) : "");
	return span;
}

PfDue
pf_schedule(const PfRhythm *rhythm, const PfAttempt *attempt)
{
	PfDue		due;
	int64		span;
	int64		wait;

	due.ended = false;
	due.changes_every = new_estimate(rhythm, attempt);
	if (attempt->failed && attempt->http_status == 410)
	{
		due.ended = true;
		due.next = DT_NOEND;
		due.why = "its server says that it is gone for good (HTTP status 410)";
		return due;
	}

	if (attempt->failed)
		span = back_off(rhythm, attempt, &due.why);
	else
		span = ordinary(rhythm, attempt, due.changes_every, &due.why);
	if (rhythm->every == 0 || attempt->failed)
		span += spread(rhythm, span);
	due.next = attempt->now + span;

	if (!attempt->failed)
	{
		wait = Min(attempt->max_age * USECS_PER_SEC, MAX_INTERVAL);
		if (wait > span)
		{
			due.next = attempt->now + wait;
			due.why = psprintf("in %s: its server says that it stays as it is until then",
							   words(wait));
			span = wait;
		}
		wait = Min(rhythm->ttl, MAX_INTERVAL);
		if (wait > span)
		{
			due.next = attempt->now + wait;
			due.why = psprintf("in %s: it says that it stays as it is for so long (ttl)",
							   words(wait));
			span = wait;
		}
	}
	wait = attempt->retry_after * USECS_PER_SEC;
	if (attempt->failed && wait > span)
	{
		due.next = attempt->now + wait;
		due.why = psprintf("in %s: its server asked for that (Retry-After)", words(wait));
	}
	if (after_skips(rhythm, due.next) != due.next)
	{
		due.next = after_skips(rhythm, due.next);
		due.why = psprintf("%s; then not before the days and hours that it skips are over",
						   due.why);
	}
	return due;
}
