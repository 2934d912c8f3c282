/*-------------------------------------------------------------------------
 *
 * refresh.c
 *		SQL: paperfeed.refresh: all feeds that are due, many at once.
 *
 * The feeds that are due wait in a queue for each host.  As long as there is
 * room, queues take turns: the first feed is locked for the session, looked at
 * again (another refresh may have had it meanwhile), and asked when its host
 * may be.  Requests are under way in no transaction of ours.  What comes back
 * is written and committed feed by feed, in the order in which it comes.
 *
 * Feeds that are lists of all there is come last, see harvest.c.
 *
 * Whatever ends the session leaves what was committed, and no lock: a feed that
 * was under way is due as before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "fmgr.h"
#include "ingest/attempt.h"
#include "ingest/harvest.h"
#include "ingest/hosts.h"
#include "ingest/job.h"
#include "ingest/lock.h"
#include "ingest/run.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define PATIENCE_MS		10000	/* a host that is busy for longer is left for another time */
#define LOCK_TRIES		5		/* for the row of a feed whose answer has come */
#define LOCK_PAUSE_MS	20
#define NOTE_EVERY_MS	500		/* how often the job's progress is noted */

PG_FUNCTION_INFO_V1(pf_refresh);

typedef struct Feed
{
	slist_node	node;			/* in its host's queue */
	int64		id;
} Feed;

/* One that is read page by page. */
typedef struct Harvest
{
	dlist_node	node;
	int64		id;
} Harvest;

/* Feeds of one host that wait. */
typedef struct Queue
{
	dlist_node	node;			/* in the ring of those that have some */
	PfHost	   *host;
	slist_head	feeds;
	slist_node *last;
	TimestampTz not_before;		/* no turn is to be had before */
	bool		waited;			/* as the host was busy; not twice in a row */
} Queue;

/* A feed that is asked. */
typedef struct Flight
{
	int64		id;
	Queue	   *queue;
	PfLock	   *lock;
	PfTurn	   *turn;
	TimestampTz started;
} Flight;

typedef struct Refresh
{
	MemoryContext context;		/* as long as the procedure */
	MemoryContext each;			/* as long as one step */
	PfJob	   *job;
	PfHosts    *hosts;
	PfFetchSet *set;
	dlist_head	queues;
	dlist_head	harvests;		/* feeds that are read page by page */
	bool		harvest_first;	/* one of them waits longest of all */
	int			concurrency;
	int			active;
	TimestampTz deadline;		/* DT_NOEND = none */
	TimestampTz noted;
	int64		total;
	int64		done;
	int64		failed;
	int64		put_off;
	int64		forbidden;
	int64		papers;
} Refresh;

/* What came of asking a feed. */
typedef struct Answer
{
	int64		id;
	const PfResponse *response; /* NULL if it could not even be asked */
	PfRun		run;
	bool		found;			/* its row is there, and nobody else holds it */
} Answer;

/* Lock the row of a feed; somebody who has it for a moment is waited for, but not longer. */
static bool
lock_row(PfFeedRow *row, int64 id)
{
	for (int tries = 0; tries < LOCK_TRIES; tries++)
	{
		if (tries > 0)
			pf_pause(LOCK_PAUSE_MS);
		if (pf_feed_row_lock_id(row, id, true))
			return true;
		if (!pf_feed_row_read_id(row, id))
			break;
	}
	return false;
}

/* Write what came of a feed. */
static void
write_answer(void *arg)
{
	Answer	   *a = arg;
	PfFeedRow	row;

	a->found = lock_row(&row, a->id);
	if (!a->found)
		return;
	a->run.url = row.url;
	a->run.target = row.target;
	pf_run_response(&a->run, &row, a->response);
	pf_feed_row_note(&row, &a->run);
}

/* The papers could not be written, or the feed not asked: that is its failure. */
static void
note_error(Answer *a, const char *message)
{
	PfFeedRow	row;

	a->found = lock_row(&row, a->id);
	if (!a->found)
		return;
	memset(&a->run.counts, 0, sizeof(a->run.counts));
	a->run.url = row.url;
	a->run.target = row.target;
	a->run.response = a->response;
	a->run.info = NULL;
	a->run.bytes = a->response != NULL ? a->response->body.len : 0;
	a->run.status = "failed";
	a->run.error = message;
	pf_feed_row_note(&row, &a->run);
}

static void
begin_answer(Answer *a, int64 id, const PfResponse *response, TimestampTz started)
{
	memset(a, 0, sizeof(Answer));
	a->id = id;
	a->response = response;
	a->run.kind = "refresh";
	a->run.started = started;
}

static void
count(Refresh *r, const Answer *a)
{
	if (!a->found)
	{
		r->total--;
		return;
	}
	r->done++;
	r->failed += strcmp(a->run.status, "failed") == 0;
	r->papers += a->run.counts.added + a->run.counts.updated;
}

/* It has no usable address, or headers that cannot be sent. */
static void
note_unaskable(Refresh *r, int64 id, const char *message)
{
	Answer		answer;

	begin_answer(&answer, id, NULL, GetCurrentTimestamp());
	note_error(&answer, message);
	count(r, &answer);
}

typedef struct Enqueue
{
	Refresh    *r;
	PfStr		url;
	Queue	   *queue;			/* result */
} Enqueue;

static void
find_queue(void *arg)
{
	Enqueue    *e = arg;
	PfHost	   *host = pf_hosts_get(e->r->hosts, e->url);
	Queue	  **queue = (Queue **) pf_host_data(host);

	if (*queue == NULL)
	{
		*queue = MemoryContextAllocZero(e->r->context, sizeof(Queue));
		(*queue)->host = host;
		slist_init(&(*queue)->feeds);
		(*queue)->not_before = DT_NOBEGIN;
	}
	e->queue = *queue;
}

static void
enqueue(Refresh *r, int64 id, PfStr url)
{
	Enqueue		e = {r, url, NULL};
	const char *message = pf_attempt(find_queue, &e);
	Feed	   *feed;

	r->total++;
	if (message != NULL)
	{
		note_unaskable(r, id, message);
		return;
	}
	if (pf_harvest_is(url))
	{
		Harvest    *harvest = MemoryContextAlloc(r->context, sizeof(Harvest));

		harvest->id = id;
		r->harvest_first |= r->total == 1;
		dlist_push_tail(&r->harvests, &harvest->node);
		return;
	}
	feed = MemoryContextAlloc(r->context, sizeof(Feed));
	feed->id = id;
	if (slist_is_empty(&e.queue->feeds))
	{
		slist_push_head(&e.queue->feeds, &feed->node);
		dlist_push_tail(&r->queues, &e.queue->node);
	}
	else
		slist_insert_after(e.queue->last, &feed->node);
	e.queue->last = &feed->node;
}

/* Take the first feed of a queue out of it, and the queue out of the ring if that was all. */
static void
dequeue(Queue *queue)
{
	pfree(slist_container(Feed, node, slist_pop_head_node(&queue->feeds)));
	if (slist_is_empty(&queue->feeds))
		dlist_delete(&queue->node);
}

/*
 * Those that were not asked for longest come first, even if they have been put
 * off meanwhile: when there is less time than is wanted, it goes round.
 */
static void
list_due(Refresh *r, int max_feeds)
{
	static const Oid types[] = {TIMESTAMPTZOID, INT8OID};
	static PfPlan plan = {
		.sql = "SELECT id, url FROM paperfeed.feeds WHERE next_check <= $1"
		" ORDER BY last_checked NULLS FIRST, next_check, id LIMIT $2"
	};
	Datum		args[2] = {TimestampTzGetDatum(pf_now()), Int64GetDatum(max_feeds)};
	uint64		n = pf_plan_run(&plan, 2, types, args, NULL, false, NULL);
	SPITupleTable *rows = SPI_tuptable;

	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;
		int64		id = DatumGetInt64(SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull));
		Datum		url = SPI_getbinval(rows->vals[i], rows->tupdesc, 2, &isnull);

		CHECK_FOR_INTERRUPTS();
		enqueue(r, id, pf_text_to_utf8(DatumGetTextPP(url)));
		/* Two that make rows of the same hosts in another order must not wait for each other. */
		if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
			pf_job_commit();
	}
	SPI_freetuptable(rows);
}

/*
 * The host may not be asked for longer than we wait: its feeds are due when it may.
 */
static void
put_off(Refresh *r, Queue *queue, int64 wait_ms, PfStr why)
{
	static const Oid types[] = {INT8ARRAYOID, TIMESTAMPTZOID, TEXTOID, TIMESTAMPTZOID};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.feeds SET next_check = $2, why = $3"
		" WHERE id IN (SELECT id FROM paperfeed.feeds WHERE id = ANY ($1) AND next_check <= $4"
		"  FOR NO KEY UPDATE SKIP LOCKED)"
	};
	Datum	   *ids;
	int			n = 0;
	slist_iter	iter;
	Datum		args[4];

	slist_foreach(iter, &queue->feeds)
		n++;
	ids = palloc(n * sizeof(Datum));
	n = 0;
	slist_foreach(iter, &queue->feeds)
		ids[n++] = Int64GetDatum(slist_container(Feed, node, iter.cur)->id);
	args[0] = PointerGetDatum(construct_array(ids, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	args[1] = TimestampTzGetDatum(TimestampTzPlusMilliseconds(pf_now(), wait_ms));
	args[2] = PointerGetDatum(pf_utf8_to_text(why));
	args[3] = TimestampTzGetDatum(pf_now());
	(void) pf_plan_run(&plan, 4, types, args, NULL, false, NULL);
	r->put_off += n;
	while (n-- > 0)
		dequeue(queue);
}

/* In a transaction that is to be committed before another session is to see the feed as free. */
static void
end_flight(Flight *flight, const PfResponse *response)
{
	pf_turn_end(flight->turn, response);
	flight->queue->not_before = DT_NOBEGIN;
	pf_job_commit();
	pf_lock_release(flight->lock);
	pfree(flight);
}

typedef struct Start
{
	Refresh    *r;
	PfRequest	request;
} Start;

static void
add_request(void *arg)
{
	Start	   *start = arg;

	pf_fetch_add(start->r->set, &start->request);
}

/*
 * Ask the first feed of a queue if that can be done now.  False if its host has
 * no turn for us.
 */
static bool
start_one(Refresh *r, Queue *queue)
{
	Feed	   *feed = slist_container(Feed, node, slist_head_node(&queue->feeds));
	int64		id = feed->id;
	PfFeedRow	row;
	PfLock	   *lock;
	PfTurn	   *turn;
	Flight	   *flight;
	Start		start;
	const char *message;
	int64		wait_ms;
	PfStr		why;

	MemoryContextSwitchTo(r->context);
	lock = pf_lock_try("feeds", id, 0);
	MemoryContextSwitchTo(r->each);
	if (lock == NULL || !pf_feed_row_lock_id(&row, id, true) ||
		row.next_check == PF_NO_TIME || row.next_check > pf_now())
	{
		/*
		 * Somebody else asks it, or has asked it, or it is gone; or its row is
		 * held, and what comes could not be noted.
		 */
		pf_lock_release(lock);
		dequeue(queue);
		r->total--;
		return true;
	}
	/* The caller's lack of rights is no fault of the feed, which others may be able to ask. */
	if (!pf_writer_may(row.target))
	{
		pf_lock_release(lock);
		dequeue(queue);
		r->total--;
		r->forbidden++;
		return true;
	}

	turn = pf_host_turn(queue->host, &wait_ms, &why);
	if (turn == NULL)
	{
		pf_lock_release(lock);
		if (wait_ms > PATIENCE_MS || (why.s != NULL && queue->waited))
			put_off(r, queue, wait_ms, why.s != NULL ? why :
					PF_STR_LIT("its host is to be asked more rarely (paperfeed.hosts.spacing)"));
		else
		{
			queue->waited = why.s != NULL;
			queue->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), wait_ms);
		}
		return false;
	}

	queue->waited = false;
	dequeue(queue);
	flight = MemoryContextAlloc(r->context, sizeof(Flight));
	flight->id = id;
	flight->queue = queue;
	flight->lock = lock;
	flight->turn = turn;
	flight->started = GetCurrentTimestamp();
	memset(&start, 0, sizeof(start));
	start.r = r;
	start.request.url = row.url;
	start.request.etag = row.etag;
	start.request.last_modified = row.last_modified;
	start.request.headers = row.headers;
	start.request.tag = flight;
	message = pf_attempt(add_request, &start);
	if (message != NULL)
	{
		note_unaskable(r, id, message);
		end_flight(flight, NULL);
		return true;
	}
	r->active++;
	return true;
}

/*
 * Start what can be started, one feed of each host after the other, and commit.
 * Gives the time until which there is nothing more to start, however many end.
 */
static TimestampTz
start_some(Refresh *r)
{
	TimestampTz soonest = DT_NOEND;
	TimestampTz now = GetCurrentTimestamp();
	bool		any = true;
	bool		asked = false;

	while (any && now < r->deadline)
	{
		dlist_mutable_iter iter;

		any = false;
		soonest = DT_NOEND;
		dlist_foreach_modify(iter, &r->queues)
		{
			Queue	   *queue = dlist_container(Queue, node, iter.cur);

			if (r->active >= r->concurrency)
				break;
			if (queue->not_before <= now)
			{
				asked = true;
				if (start_one(r, queue))
					any = true;
				if (slist_is_empty(&queue->feeds))
					continue;
			}
			if (queue->not_before > now)
				soonest = Min(soonest, queue->not_before);
		}
		if (r->active >= r->concurrency)
			break;
	}
	if (asked)
		pf_job_commit();
	return soonest;
}

static void
land(Refresh *r, const PfResponse *response)
{
	Flight	   *flight = response->tag;
	TimestampTz now = GetCurrentTimestamp();
	Answer		answer;
	const char *message;

	begin_answer(&answer, flight->id, response, flight->started);
	message = pf_attempt(write_answer, &answer);
	if (message != NULL)
		note_error(&answer, message);
	count(r, &answer);
	if (TimestampDifferenceExceeds(r->noted, now, NOTE_EVERY_MS))
	{
		pf_job_note(r->job, r->done, r->total, r->papers, answer.found ?
					pf_fetch_public_url(answer.run.url) : PF_STR_NONE);
		r->noted = now;
	}
	end_flight(flight, response);
	r->active--;
}

static void
run_all(Refresh *r)
{
	for (;;)
	{
		TimestampTz next;
		PfResponse *response;
		long		wait;

		MemoryContextReset(r->each);
		MemoryContextSwitchTo(r->each);
		next = start_some(r);
		if (r->active == 0 && (next == DT_NOEND || next >= r->deadline))
			break;
		wait = next == DT_NOEND ? -1 :
			TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next);
		if (r->active == 0)
		{
			pf_pause(wait);
			continue;
		}
		response = pf_fetch_next(r->set, r->active < r->concurrency ? (int) wait : -1);
		if (response != NULL)
		{
			land(r, response);
			pf_response_free(response);
		}
	}
}

/* Feeds that are lists of all there is, at most n: one after the other, by many requests each. */
static void
run_harvests(Refresh *r, int n)
{
	while (n-- > 0 && !dlist_is_empty(&r->harvests) && GetCurrentTimestamp() < r->deadline)
	{
		int64		id = dlist_container(Harvest, node, dlist_pop_head_node(&r->harvests))->id;
		PfHarvest	harvest = {.hosts = r->hosts, .set = r->set, .deadline = r->deadline};

		MemoryContextReset(r->each);
		MemoryContextSwitchTo(r->each);
		pf_job_note(r->job, r->done, r->total, r->papers, PF_STR_LIT("lists, page by page"));
		pf_job_commit();
		if (!pf_harvest(id, &harvest))
		{
			r->total--;
			r->forbidden += harvest.forbidden;
			continue;
		}
		r->done++;
		r->failed += harvest.failed;
		r->papers += harvest.papers;
	}
}

static TimestampTz
read_deadline(FunctionCallInfo fcinfo, int number)
{
	Interval   *span;
	Interval	none = {0};

	if (PG_ARGISNULL(number))
		return DT_NOEND;
	span = PG_GETARG_INTERVAL_P(number);
	/* As schedule() compares it: a part of it may be negative. */
	if (DatumGetBool(DirectFunctionCall2(interval_lt, IntervalPGetDatum(span),
										 IntervalPGetDatum(&none))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_time must not be negative")));
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(GetCurrentTimestamp()),
												   IntervalPGetDatum(span)));
}

static int
read_count(FunctionCallInfo fcinfo, int number, const char *name, int otherwise, int max)
{
	int			value;

	if (PG_ARGISNULL(number))
		return otherwise;
	value = PG_GETARG_INT32(number);
	if (value < 1 || value > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %d, but must be between 1 and %d", name, value, max)));
	return value;
}

/* paperfeed.refresh(max_feeds integer, max_time interval, concurrency integer) */
Datum
pf_refresh(PG_FUNCTION_ARGS)
{
	int			max_feeds = read_count(fcinfo, 0, "max_feeds", PG_INT32_MAX, PG_INT32_MAX);
	MemoryContext upper = CurrentMemoryContext;
	Refresh		r;

	memset(&r, 0, sizeof(r));
	r.deadline = read_deadline(fcinfo, 1);
	r.concurrency = read_count(fcinfo, 2, "concurrency", 8, PF_FETCH_MAX_ACTIVE);
	pf_job_connect(fcinfo, "paperfeed.refresh()");
	r.context = AllocSetContextCreate(upper, "paperfeed refresh", ALLOCSET_DEFAULT_SIZES);
	r.each = AllocSetContextCreate(r.context, "paperfeed refresh step", ALLOCSET_DEFAULT_SIZES);
	dlist_init(&r.queues);
	dlist_init(&r.harvests);

	MemoryContextSwitchTo(r.context);
	r.job = pf_job_begin("refresh", PF_STR_LIT("feeds that are due"), "feeds", -1);
	r.hosts = pf_hosts_begin();
	r.set = pf_fetch_begin();
	MemoryContextSwitchTo(r.each);
	list_due(&r, max_feeds);
	pf_job_note(r.job, 0, r.total, 0, PF_STR_NONE);
	pf_job_commit();

	/* The others could take all the time there is, each time. */
	run_harvests(&r, r.harvest_first ? 1 : 0);
	run_all(&r);
	run_harvests(&r, PG_INT32_MAX);

	pf_fetch_end(r.set);
	pf_runs_prune();
	pf_job_end(r.job);
	if (r.forbidden > 0)
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%lld feeds are left out, as you may not write to their tables",
						(long long) r.forbidden),
				 errhint("GRANT SELECT, INSERT, UPDATE on the tables that paperfeed.feeds names as "
						 "targets.")));
	ereport(NOTICE,
			(errmsg("%lld feeds asked, %lld papers new or changed, %lld feeds failed",
					(long long) r.done, (long long) r.papers, (long long) r.failed),
			 r.put_off > 0 ? errdetail("%lld feeds are put off, as their hosts are busy.",
									   (long long) r.put_off) : 0));
	MemoryContextSwitchTo(upper);
	MemoryContextDelete(r.context);
	SPI_finish();
	PG_RETURN_VOID();
}
