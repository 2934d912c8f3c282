/*-------------------------------------------------------------------------
 *
 * backfill.c
 *		SQL: paperfeed.backfill: the depth of a source, page by page.
 *
 * For each page: read the row of paperfeed.backfills, wait for a turn at the
 * host, commit, request the page with nothing held, then write its papers, and
 * the row that says which page comes next, in one transaction.  So whatever
 * breaks the session off, the next call goes on with the page that was under
 * way, and with no other one.  pager.c knows which page comes next.
 *
 * The feed is locked for the whole of it (lock.c), as nobody else is to page
 * through it.  What is known of the feed itself (validators, schedule) is not
 * touched: a page is not its document.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "fmgr.h"
#include "ingest/attempt.h"
#include "ingest/backfill.h"
#include "ingest/hosts.h"
#include "ingest/job.h"
#include "ingest/lock.h"
#include "ingest/run.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MAX_ATTEMPTS	5		/* at a page, in one call */
#define FIRST_PAUSE		1000	/* ms, after the first one; then twice as long each time */
#define MAX_HOST_WAIT	(15 * 60 * 1000)	/* ms, for a busy host, unless max_time says more */

PG_FUNCTION_INFO_V1(pf_backfill);
PG_FUNCTION_INFO_V1(pf_backfill_url);

/* ----------------------------------------------------------------
 * Arguments
 * ----------------------------------------------------------------
 */

static int64
arg_max_pages(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(2))
		return PG_INT64_MAX;
	if (PG_GETARG_INT32(2) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_pages must be at least 1")));
	return PG_GETARG_INT32(2);
}

static TimestampTz
arg_deadline(FunctionCallInfo fcinfo)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz deadline;

	if (PG_ARGISNULL(3))
		return DT_NOEND;
	deadline = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
													   TimestampTzGetDatum(now),
													   PG_GETARG_DATUM(3)));
	if (deadline <= now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_time must be more than nothing")));
	return deadline;
}

/* DATEVAL_NOBEGIN for all there is. */
static DateADT
arg_since(FunctionCallInfo fcinfo)
{
	DateADT		since = PG_ARGISNULL(1) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(1);

	if (since > pf_day_of(pf_now()))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is nothing to go back to: since is a day to come")));
	return pf_pager_since(since);
}

/* ----------------------------------------------------------------
 * One page
 * ----------------------------------------------------------------
 */

static PfPageFault
fault_of(const PfRun *run)
{
	const PfResponse *response = run->response;

	if (strcmp(run->status, "failed") != 0)
		return PF_PAGE_GOOD;
	switch (response->status)
	{
		case PF_FETCH_FAILED:
			if (ERRCODE_TO_CATEGORY(response->sqlstate) == ERRCODE_CONNECTION_EXCEPTION)
				return PF_PAGE_TEMPORARY;
			return PF_PAGE_BAD;
		case PF_FETCH_HTTP_ERROR:
			if (response->http_status >= 500 || response->http_status == 406 ||
				response->http_status == 408 || response->http_status == 425 ||
				response->http_status == 429)
				return PF_PAGE_TEMPORARY;
			return PF_PAGE_BAD;
		default:
			if (run->info == NULL || run->info->bytes == 0 || run->info->cut_off)
				return PF_PAGE_TEMPORARY;
			return PF_PAGE_BAD;
	}
}

/* Tell how it ended. */
static void
tell_end(const PfBackfill *b)
{
	static const struct
	{
		int			level;
		const char *verb;
		const char *what_a_call_does;	/* NULL = nothing of use */
	}			ends[] = {
		[PF_STEP_NEXT] = {NOTICE, "pauses", "goes on"},
		[PF_STEP_AGAIN] = {WARNING, "pauses", "goes on"},
		[PF_STEP_DONE] = {NOTICE, "is done", NULL},
		[PF_STEP_FAILED] = {WARNING, "has failed", "tries that page again"},
	};
	PfStep		step = b->end;
	const char *words = b->why.s == NULL ? "" : psprintf(": %s", b->why.s);

	ereport(ends[step].level,
			(errmsg("backfill of feed %lld %s%s", (long long) b->feed, ends[step].verb,
					text_to_cstring(pf_utf8_to_text(pf_str(words)))),
			 errdetail("%lld pages, %lld records, %lld papers added, %lld updated.",
					   (long long) b->pages, (long long) b->records, (long long) b->added,
					   (long long) b->updated),
			 ends[step].what_a_call_does == NULL ? 0 :
			 errhint("CALL paperfeed.backfill(%lld) %s.", (long long) b->feed,
					 ends[step].what_a_call_does)));
}

static int64
ms_left(const PfBackfill *b)
{
	return b->deadline == DT_NOEND ? PG_INT64_MAX :
		(int64) TimestampDifferenceMilliseconds(GetCurrentTimestamp(), b->deadline);
}

/* A source of which the first page is all there is, was not one to be backfilled. */
static void
check_has_pages(const PfFeedRow *feed, const PfPager *pager, const PfPage *page)
{
	if (pager->kind == PF_PAGER_LINKS && pager->pages == 1 && pager->next.s == NULL &&
		page->info->next.s == NULL)
		pf_backfill_refuse(pf_fetch_public_url(feed->url), "its document names no next page");
}

typedef struct Write
{
	PfRun	   *run;
	const PfFeedRow *feed;
	const PfResponse *response;
} Write;

static void
write_page(void *arg)
{
	Write	   *write = arg;

	pf_run_response(write->run, write->feed, write->response);
}

/* Parse and write the answer, and tell what it is for the pager. */
static void
run_page(const PfBackfill *b, const PfBackfillRow *row, PfFeedRow *feed, const PfResponse *response,
		 TimestampTz started, PfRun *run, PfPage *page)
{
	Write		write = {run, feed, response};
	const char *error = NULL;

	memset(run, 0, sizeof(PfRun));
	run->kind = "backfill";
	run->url = feed->url;
	run->page = row->pager.next;
	run->target = feed->target;
	run->started = started;
	feed->has_checksum = false; /* a page is never the document that the feed gave last */
	if (b->bear_errors)
		error = pf_attempt(write_page, &write);
	else
		write_page(&write);
	if (error != NULL)
	{
		memset(&run->counts, 0, sizeof(run->counts));
		run->info = NULL;
		run->status = "failed";
		run->error = error;
	}

	memset(page, 0, sizeof(PfPage));
	page->fault = error != NULL ? PF_PAGE_BAD : fault_of(run);
	page->http_status = response->http_status;
	page->error_code = run->error_code;
	page->info = run->info;
	page->checksum = run->checksum;
	page->attempt = b->attempts;
	page->today = pf_day_of(pf_now());
}

static void
end(PfBackfill *b, PfStep step, PfStr why)
{
	MemoryContext old = MemoryContextSwitchTo(b->context);

	b->over = true;
	b->end = step;
	b->why = pf_str_dup(why);
	MemoryContextSwitchTo(old);
}

static void
lose_feed(PfBackfill *b)
{
	b->gone = true;
	end(b, PF_STEP_FAILED, PF_STR_LIT("it was removed while it was backfilled"));
}

/* The page is taken in and committed: how does it go on? */
static void
after_page(PfBackfill *b, PfStep step, const char *why)
{
	if (step == PF_STEP_NEXT)
		return;
	if (step == PF_STEP_AGAIN && b->attempts < MAX_ATTEMPTS)
	{
		int64		pause = (int64) FIRST_PAUSE << (b->attempts - 1);

		if (pause < ms_left(b))
		{
			pf_pause(pause);
			return;
		}
	}
	end(b, step, pf_str(why));
}

/*
 * Write what came, and the place where it goes on, and commit.  The feed may be
 * gone; then nothing is written.
 */
static void
take_page(PfBackfill *b, PfBackfillRow *row, PfTurn *turn, const PfResponse *response,
		  TimestampTz started)
{
	PfFeedRow	feed;
	PfRun		run;
	PfPage		page;
	PfStep		step;
	const char *why;

	if (!pf_feed_row_lock_id(&feed, b->feed, false))
	{
		pf_turn_end(turn, response);
		pf_job_commit();
		lose_feed(b);
		return;
	}
	run_page(b, row, &feed, response, started, &run, &page);
	step = pf_pager_step(&row->pager, &page);
	check_has_pages(&feed, &row->pager, &page);

	/* An error that is the end of the list is none. */
	why = run.error != NULL && step != PF_STEP_DONE ? run.error : row->pager.note;
	b->attempts = step == PF_STEP_AGAIN ? b->attempts + 1 : 0;
	b->pages++;
	b->records += run.counts.seen;
	b->added += run.counts.added;
	b->updated += run.counts.updated;
	row->step = step;
	row->attempts = b->attempts;
	row->error = pf_str(why);
	pf_backfill_row_save(row, &run.counts);
	pf_run_note(feed.id, &run);
	if (b->job != NULL)
		pf_job_note(b->job, row->pager.pages, -1, b->added + b->updated, row->pager.next);
	pf_turn_end(turn, response);
	pf_job_commit();
	after_page(b, step, why);
}

/* Why there is to be no further page now; NULL = there is. */
static const char *
out_of_limits(const PfBackfill *b)
{
	if (b->pages >= b->max_pages)
		return "it has read as many pages as it was to";
	if (ms_left(b) <= 0)
		return "its time is up";
	return NULL;
}

static void
next_page(PfBackfill *b)
{
	PfBackfillRow row;
	PfFeedRow	feed;
	PfRequest	request;
	PfResponse *response;
	PfTurn	   *turn;
	PfStr		why;
	const char *limit = out_of_limits(b);
	TimestampTz started;

	if (limit != NULL)
	{
		end(b, PF_STEP_NEXT, pf_str(limit));
		return;
	}
	if (!pf_feed_row_read_id(&feed, b->feed) || !pf_backfill_row_read(b->feed, &row))
	{
		lose_feed(b);
		return;
	}
	row.pager.feed = pf_fetch_public_url(feed.url);
	pf_writer_check(feed.target);
	memset(&request, 0, sizeof(request));
	request.url = pf_pager_request_url(feed.url, row.pager.next);
	if (pf_pager_same_origin(feed.url, row.pager.next))
		request.headers = feed.headers;

	turn = pf_host_wait_turn(pf_hosts_get(b->hosts, request.url),
							 Min(b->max_host_wait, ms_left(b)), &why);
	if (turn == NULL)
	{
		end(b, PF_STEP_AGAIN, why);
		return;
	}
	started = GetCurrentTimestamp();
	pf_fetch_add(b->fetches, &request);
	response = pf_fetch_next(b->fetches, -1);
	take_page(b, &row, turn, response, started);
	pf_response_free(response);
}

/* ----------------------------------------------------------------
 * The whole of it
 * ----------------------------------------------------------------
 */

void
pf_backfill_run(PfBackfill *b)
{
	MemoryContext each;

	b->context = CurrentMemoryContext;
	each = AllocSetContextCreate(b->context, "paperfeed page", ALLOCSET_DEFAULT_SIZES);
	while (!b->over)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(each);
		next_page(b);
		MemoryContextSwitchTo(b->context);
		MemoryContextReset(each);
	}
	MemoryContextDelete(each);
}

static void
backfill(FunctionCallInfo fcinfo, const PfFeedRow *feed)
{
	DateADT		since = arg_since(fcinfo);
	PfStr		name;
	PfLock	   *lock;
	PfBackfill	b;

	memset(&b, 0, sizeof(b));
	b.feed = feed->id;
	b.max_pages = arg_max_pages(fcinfo);
	b.deadline = arg_deadline(fcinfo);
	b.max_host_wait = b.deadline == DT_NOEND ? MAX_HOST_WAIT : PG_INT64_MAX;
	pf_writer_check(feed->target);
	lock = pf_lock_try("feeds", feed->id, 0);
	if (lock == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("feed %lld is being asked by another session", (long long) feed->id),
				 errhint("The view paperfeed.progress shows who is at work.")));
	name = pf_fetch_url_problem(feed->url) == NULL ? pf_fetch_public_url(feed->url) : feed->url;
	pf_backfill_row_begin(feed->id, name, PG_ARGISNULL(1), since);
	b.job = pf_job_begin("backfill", name, "pages", -1);

	b.hosts = pf_hosts_begin();
	b.fetches = pf_fetch_begin();
	pf_backfill_run(&b);
	pf_fetch_end(b.fetches);
	if (b.gone)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("feed %lld was removed while it was backfilled", (long long) b.feed)));
	tell_end(&b);
	pf_job_end(b.job);
	pf_lock_release(lock);
}

/* backfill(feed bigint, since date, max_pages integer, max_time interval) */
Datum
pf_backfill(PG_FUNCTION_ARGS)
{
	PfFeedRow	feed;

	pf_job_connect(fcinfo, "paperfeed.backfill()");
	if (PG_ARGISNULL(0) || !pf_feed_row_read_id(&feed, PG_GETARG_INT64(0)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 PG_ARGISNULL(0) ? errmsg("feed is NULL") :
				 errmsg("there is no feed %lld", (long long) PG_GETARG_INT64(0)),
				 errhint("See paperfeed.feeds; an address will do, too.")));
	backfill(fcinfo, &feed);
	SPI_finish();
	PG_RETURN_VOID();
}

/* backfill(source text, since date, max_pages integer, max_time interval, target regclass) */
Datum
pf_backfill_url(PG_FUNCTION_ARGS)
{
	PfFeedRow	feed;
	PfStr		url;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s is NULL", PG_ARGISNULL(0) ? "source" : "target")));
	pf_job_connect(fcinfo, "paperfeed.backfill()");
	url = pf_str_dup(pf_str_trim(pf_text_to_utf8(PG_GETARG_TEXT_PP(0))));
	pf_fetch_check_url(url);
	pf_writer_check(PG_GETARG_OID(4));
	pf_feed_row_lock(&feed, url, PG_GETARG_OID(4));
	backfill(fcinfo, &feed);
	SPI_finish();
	PG_RETURN_VOID();
}
