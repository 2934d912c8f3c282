/*-------------------------------------------------------------------------
 *
 * harvest.c
 *		Feeds that are lists of all that there is: what changed since the last time.
 *
 * The first page of an OAI-PMH list has the oldest records, and the same ones
 * for ever.  So for refresh() such a feed is a backfill that begins, each time
 * that one is done, with the day before the one at which that began; it is read
 * by the same code, and goes on in the same way when it was broken off.  Only
 * what was there before the feed was added is left to backfill() itself.
 *
 * One feed reads MAX_PAGES at a time, lest the others wait for days.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/clock.h"
#include "common/dates.h"
#include "ingest/attempt.h"
#include "ingest/backfill.h"
#include "ingest/harvest.h"
#include "ingest/job.h"
#include "ingest/lock.h"
#include "ingest/pager_url.h"
#include "ingest/run.h"
#include "utils/timestamp.h"

#define MAX_PAGES	50
#define MAX_HOST_WAIT	10000	/* ms; who is busy for longer is asked another time */

bool
pf_harvest_is(PfStr url)
{
	PfPagerKind kind;

	return pf_pager_recognize(url, &kind) && kind == PF_PAGER_OAI;
}

/* In the target there is a table for papers, and the list has a next page. */
static void
begin(void *arg)
{
	const PfFeedRow *feed = arg;
	DateADT		day = pf_day_of(feed->rhythm.added_at) - 1;

	pf_writer_check(feed->target);
	pf_backfill_row_begin(feed->id, pf_fetch_public_url(feed->url), true,
						  pf_backfill_row_day(feed->id, day));
}

/* Note how it went with the feed; each page is a row of paperfeed.runs already. */
static void
note(int64 id, const PfBackfill *b, TimestampTz started)
{
	PfFeedRow	feed;
	PfRun		run;

	if (!pf_feed_row_lock_id(&feed, id, false))
		return;
	memset(&run, 0, sizeof(run));
	run.started = started;
	run.url = feed.url;
	run.target = feed.target;
	run.counts.seen = b->records;
	run.counts.added = b->added;
	run.counts.updated = b->updated;
	run.counts.unchanged = b->records - b->added - b->updated;
	run.goes_on = b->end == PF_STEP_NEXT;
	run.status = "ok";
	if (b->end == PF_STEP_FAILED || b->end == PF_STEP_AGAIN)
	{
		run.status = "failed";
		run.error = b->why.s;
	}
	pf_feed_row_note(&feed, &run);
}

bool
pf_harvest(int64 id, PfHarvest *harvest)
{
	TimestampTz started = GetCurrentTimestamp();
	PfLock	   *lock = pf_lock_try("feeds", id, 0);
	PfFeedRow	feed;
	PfBackfill	b;
	const char *error;

	if (lock == NULL)
		return false;
	if (!pf_feed_row_read_id(&feed, id) || feed.next_check == PF_NO_TIME ||
		feed.next_check > pf_now())
	{
		pf_job_commit();
		pf_lock_release(lock);
		return false;
	}
	harvest->forbidden = !pf_writer_may(feed.target);
	if (harvest->forbidden)
	{
		pf_job_commit();
		pf_lock_release(lock);
		return false;
	}

	memset(&b, 0, sizeof(b));
	b.feed = id;
	b.max_pages = MAX_PAGES;
	b.deadline = harvest->deadline;
	b.max_host_wait = MAX_HOST_WAIT;
	b.bear_errors = true;
	b.hosts = harvest->hosts;
	b.fetches = harvest->set;
	error = pf_attempt(begin, &feed);
	pf_job_commit();
	if (error != NULL)
	{
		b.end = PF_STEP_FAILED;
		b.why = pf_str(error);
	}
	else
		pf_backfill_run(&b);
	if (!b.gone)
		note(id, &b, started);
	pf_job_commit();
	pf_lock_release(lock);
	harvest->failed = b.end == PF_STEP_FAILED || b.end == PF_STEP_AGAIN;
	harvest->papers = b.added + b.updated;
	return true;
}
