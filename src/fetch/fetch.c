/*-------------------------------------------------------------------------
 *
 * fetch.c
 *		Many requests under way at once, in a backend that must stay
 *		interruptible.
 *
 * libcurl's multi handle is driven by events: it says which sockets and which
 * timer it waits for (on_socket, on_timer), we wait for them together with the
 * backend's latch in a WaitEventSet, process interrupts, and tell it what
 * happened.  So a cancel or a timeout ends the wait at once, with the SQLSTATE
 * of its own, and no interrupt is ever processed inside libcurl.
 *
 * Threads: libcurl looks names up in a thread of its own, which does nothing
 * but call getaddrinfo and write to a socket pair.  All signals are blocked
 * around calls of libcurl, so that thread inherits a mask under which none of
 * the backend's handlers can run in it.  A transfer that is given up leaves
 * its look-up behind (CURLOPT_QUICK_EXIT); the thread ends by itself when the
 * resolver gives up.
 *
 * Memory: a set and each of its transfers are memory contexts.  Their reset
 * callbacks release what libcurl owns, transfers first, as they are children
 * of the set's context.  libcurl allocates with malloc throughout: palloc'd
 * memory under it could vanish, or raise an error, in the middle of its work.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>
#include <signal.h>

#include "fetch/transfer.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#define PF_MAX_WAIT			100.0	/* ms; a net under the latch and the timer */
#define PF_EVENTS			16	/* taken from one wait */
#define PF_FIRST_SOCKETS	8

/* A socket that libcurl wants to be told of. */
typedef struct Socket
{
	curl_socket_t fd;
	int			what;			/* CURL_POLL_IN, _OUT, _INOUT */
	int			position;		/* in the wait event set */
	bool		changed;		/* 'what' is not what the wait event set has */
} Socket;

struct PfFetchSet
{
	MemoryContext context;
	MemoryContextCallback callback;
	CURLM	   *multi;
	WaitEventSet *wait;
	bool		stale;			/* sockets came or went since 'wait' was made */
	Socket	   *sockets;		/* malloc'd, as libcurl's callbacks add to it */
	int			n_sockets;
	int			max_sockets;
	bool		no_memory;		/* for 'sockets' */
	double		due;			/* when libcurl's timer expires; < 0 = not set */
	dlist_head	waiting;		/* not started */
	dlist_head	finished;		/* not taken */
	int			active;
	int			pending;
};

static bool initialized = false;
static sigset_t all_signals;
static uint32 wait_event;

double
pf_fetch_now(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return INSTR_TIME_GET_MILLISEC(now);
}

void
pf_fetch_no_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("Failed while fetching a document.")));
	pg_unreachable();
}

/*
 * Once per backend, when it fetches for the first time: what libraries set up
 * here is not fit to be inherited by a fork.
 */
static void
initialize(void)
{
	CURLcode	code;

	if (initialized)
		return;

	sigfillset(&all_signals);
	sigdelset(&all_signals, SIGSEGV);	/* these mean a fault of the code that runs */
	sigdelset(&all_signals, SIGBUS);
	sigdelset(&all_signals, SIGFPE);
	sigdelset(&all_signals, SIGILL);
	sigdelset(&all_signals, SIGABRT);
	sigdelset(&all_signals, SIGTRAP);
	sigdelset(&all_signals, SIGSYS);

	wait_event = pf_wait_event_new("PaperfeedFetch");
	code = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not initialize libcurl: %s", curl_easy_strerror(code))));
	initialized = true;
}

/* Calls of libcurl that may start a thread stand between these two. */
static void
block_signals(sigset_t *old)
{
	pthread_sigmask(SIG_BLOCK, &all_signals, old);
}

static void
restore_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

static void
check_multi(CURLMcode code)
{
	if (code == CURLM_OUT_OF_MEMORY)
		pf_fetch_no_memory();
	if (code != CURLM_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not drive a request: %s", curl_multi_strerror(code))));
}

/*
 * libcurl wants to hear of events on a socket, or no longer.
 */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	PfFetchSet *set = arg;
	int			i;

	(void) easy;
	(void) socket_arg;
	for (i = 0; i < set->n_sockets; i++)
	{
		if (set->sockets[i].fd == fd)
			break;
	}

	if (what == CURL_POLL_REMOVE)
	{
		if (i < set->n_sockets)
		{
			set->sockets[i] = set->sockets[--set->n_sockets];
			set->stale = true;
		}
		return 0;
	}

	if (i == set->n_sockets)
	{
		if (i == set->max_sockets)
		{
			int			max = Max(set->max_sockets * 2, PF_FIRST_SOCKETS);
			Socket	   *sockets = realloc(set->sockets, max * sizeof(Socket));

			if (sockets == NULL)
			{
				set->no_memory = true;
				return -1;
			}
			set->sockets = sockets;
			set->max_sockets = max;
		}
		set->n_sockets++;
		set->sockets[i].fd = fd;
		set->stale = true;
	}
	set->sockets[i].what = what;
	set->sockets[i].changed = true;
	return 0;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	PfFetchSet *set = arg;

	(void) multi;
	set->due = timeout_ms < 0 ? -1 : pf_fetch_now() + timeout_ms;
	return 0;
}

/*
 * Release what a set owns; its transfers are gone already.
 */
static void
set_release(void *arg)
{
	PfFetchSet *set = arg;

	if (set->multi != NULL)
	{
		curl_multi_setopt(set->multi, CURLMOPT_SOCKETFUNCTION, NULL);
		curl_multi_setopt(set->multi, CURLMOPT_TIMERFUNCTION, NULL);
		curl_multi_cleanup(set->multi);
	}
	if (set->wait != NULL)
		FreeWaitEventSet(set->wait);
	free(set->sockets);
}

/* Release the handle of a transfer and the connection it is on; its body stays. */
static void
transfer_disconnect(PfTransfer *t)
{
	if (t->added)
		curl_multi_remove_handle(t->set->multi, t->easy);
	t->added = false;
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	curl_url_cleanup(t->url);
	t->url = NULL;
	if (t->reserved)
		ReleaseExternalFD();
	t->reserved = false;
}

static void
transfer_release(void *arg)
{
	PfTransfer *t = arg;

	transfer_disconnect(t);
	free(t->body);
}

PfFetchSet *
pf_fetch_begin(void)
{
	MemoryContext context;
	PfFetchSet *set;
	CURLMcode	code;

	initialize();
	context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed fetch", ALLOCSET_SMALL_SIZES);
	set = MemoryContextAllocZero(context, sizeof(PfFetchSet));
	set->context = context;
	set->due = -1;
	dlist_init(&set->waiting);
	dlist_init(&set->finished);
	set->callback.func = set_release;
	set->callback.arg = set;
	MemoryContextRegisterResetCallback(context, &set->callback);

	set->multi = curl_multi_init();
	if (set->multi == NULL)
		pf_fetch_no_memory();
	code = curl_multi_setopt(set->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	if (code == CURLM_OK)
		code = curl_multi_setopt(set->multi, CURLMOPT_SOCKETDATA, set);
	if (code == CURLM_OK)
		code = curl_multi_setopt(set->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	if (code == CURLM_OK)
		code = curl_multi_setopt(set->multi, CURLMOPT_TIMERDATA, set);
	if (code == CURLM_OK)
		code = curl_multi_setopt(set->multi, CURLMOPT_MAXCONNECTS, (long) PF_FETCH_MAX_ACTIVE);
	check_multi(code);
	return set;
}

void
pf_fetch_end(PfFetchSet *set)
{
	MemoryContextDelete(set->context);
}

void
pf_response_free(PfResponse *response)
{
	MemoryContextDelete(GetMemoryChunkContext(response));
}

void
pf_fetch_add(PfFetchSet *set, const PfRequest *request)
{
	MemoryContext context;
	PfTransfer *t;

	context = AllocSetContextCreate(set->context, "paperfeed request", ALLOCSET_SMALL_SIZES);
	t = MemoryContextAllocZero(context, sizeof(PfTransfer));
	t->context = context;
	t->set = set;
	t->callback.func = transfer_release;
	t->callback.arg = t;
	MemoryContextRegisterResetCallback(context, &t->callback);
	t->response = MemoryContextAllocZero(context, sizeof(PfResponse));

	/* An error here leaves the transfer to the set, which is in no list and started nothing. */
	pf_transfer_prepare(t, request);
	dlist_push_tail(&set->waiting, &t->node);
	set->pending++;
}

static void
finish(PfTransfer *t)
{
	transfer_disconnect(t);
	t->response->elapsed_ms = pf_fetch_now() - t->started;
	dlist_push_tail(&t->set->finished, &t->node);
	t->set->active--;
}

/*
 * Start the hop that t->url names, or finish.
 */
static void
start_hop(PfTransfer *t)
{
	sigset_t	old;
	CURLMcode	code;

	if (!pf_transfer_hop(t))
	{
		finish(t);
		return;
	}
	block_signals(&old);
	code = curl_multi_add_handle(t->set->multi, t->easy);
	restore_signals(&old);
	check_multi(code);
	t->added = true;
}

/*
 * Start what waits, as far as there is room.
 */
static void
start_waiting(PfFetchSet *set)
{
	while (set->active < PF_FETCH_MAX_ACTIVE && !dlist_is_empty(&set->waiting))
	{
		PfTransfer *t;

		if (!AcquireExternalFD())
		{
			if (set->active > 0)
				return;			/* when one of those ends */
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("no file descriptor is left for a connection"),
					 errhint("Raise the operating system's limit on open files, or "
							 "max_files_per_process.")));
		}
		t = dlist_container(PfTransfer, node, dlist_pop_head_node(&set->waiting));
		t->reserved = true;
		t->started = pf_fetch_now();
		set->active++;
		start_hop(t);
	}
}

/*
 * Take the transfers that libcurl says have ended.
 */
static void
collect(PfFetchSet *set)
{
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(set->multi, &left)) != NULL)
	{
		CURL	   *easy = message->easy_handle;
		CURLcode	code = message->data.result;
		char	   *private = NULL;
		PfTransfer *t;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		t = (PfTransfer *) private;
		check_multi(curl_multi_remove_handle(set->multi, easy));
		t->added = false;		/* 'message' is gone, too */
		if (pf_transfer_done(t, code))
			start_hop(t);
		else
			finish(t);
	}
}

/*
 * Tell libcurl of events on 'fd', or with CURL_SOCKET_TIMEOUT of its timer.
 */
static void
tell(PfFetchSet *set, curl_socket_t fd, int events)
{
	sigset_t	old;
	CURLMcode	code;
	int			running;

	block_signals(&old);
	code = curl_multi_socket_action(set->multi, fd, events, &running);
	restore_signals(&old);
	if (set->no_memory)
		pf_fetch_no_memory();
	check_multi(code);
}

static uint32
wanted(const Socket *s)
{
	return ((s->what & CURL_POLL_IN) ? WL_SOCKET_READABLE : 0) |
		((s->what & CURL_POLL_OUT) ? WL_SOCKET_WRITEABLE : 0);
}

/*
 * Bring the wait event set up to date with libcurl's wishes.  Sockets cannot
 * be taken out of one, so when any has gone it is made anew.
 */
static void
update_wait(PfFetchSet *set)
{
	int			i;

	if (set->wait != NULL && !set->stale)
	{
		for (i = 0; i < set->n_sockets; i++)
		{
			Socket	   *s = &set->sockets[i];

			if (s->changed)
				ModifyWaitEvent(set->wait, s->position, wanted(s), NULL);
			s->changed = false;
		}
		return;
	}

	if (set->wait != NULL)
	{
		WaitEventSet *wait = set->wait;

		set->wait = NULL;
		FreeWaitEventSet(wait);
	}
	set->wait = pf_wait_set_create(set->context, set->n_sockets + 2);
	AddWaitEventToSet(set->wait, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (IsUnderPostmaster)
		AddWaitEventToSet(set->wait, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (i = 0; i < set->n_sockets; i++)
	{
		Socket	   *s = &set->sockets[i];

		s->position = AddWaitEventToSet(set->wait, wanted(s), s->fd, NULL, NULL);
		s->changed = false;
	}
	set->stale = false;
}

/*
 * Wait for events, at most 'wait_ms', and let libcurl act on them.
 */
static void
drive(PfFetchSet *set, double wait_ms)
{
	WaitEvent	events[PF_EVENTS];
	int			n;
	int			i;

	CHECK_FOR_INTERRUPTS();
	start_waiting(set);
	if (!dlist_is_empty(&set->finished))
		wait_ms = 0;
	if (set->due >= 0)
		wait_ms = Min(wait_ms, Max(set->due - pf_fetch_now(), 0));

	update_wait(set);
	n = WaitEventSetWait(set->wait, (long) ceil(Min(wait_ms, PF_MAX_WAIT)), events, PF_EVENTS,
						 wait_event);
	for (i = 0; i < n; i++)
	{
		int			mask = 0;

		if (events[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		if (events[i].events & WL_SOCKET_READABLE)
			mask |= CURL_CSELECT_IN;
		if (events[i].events & WL_SOCKET_WRITEABLE)
			mask |= CURL_CSELECT_OUT;
		if (mask == 0)
			continue;
		tell(set, events[i].fd, mask);
		CHECK_FOR_INTERRUPTS(); /* setting up TLS takes many milliseconds */
	}
	if (set->due >= 0 && set->due <= pf_fetch_now())
	{
		set->due = -1;			/* libcurl sets it again if it wants to */
		tell(set, CURL_SOCKET_TIMEOUT, 0);
	}
	collect(set);
	CHECK_FOR_INTERRUPTS();
}

PfResponse *
pf_fetch_next(PfFetchSet *set, int wait_ms)
{
	double		end = wait_ms < 0 ? -1 : pf_fetch_now() + wait_ms;

	for (;;)
	{
		double		left = PF_MAX_WAIT;

		if (!dlist_is_empty(&set->finished))
		{
			PfTransfer *t;

			/* The others' time runs while the caller is at work with this one: let them go on. */
			drive(set, 0);
			t = dlist_container(PfTransfer, node, dlist_pop_head_node(&set->finished));

			set->pending--;
			return t->response;
		}
		if (set->pending == 0)
			return NULL;
		if (end >= 0)
		{
			left = end - pf_fetch_now();
			if (left < 0)
				return NULL;
		}
		drive(set, left);
	}
}

PfResponse *
pf_fetch(const PfRequest *request)
{
	MemoryContext context = CurrentMemoryContext;
	PfFetchSet *set = pf_fetch_begin();
	PfResponse *response;

	pf_fetch_add(set, request);
	response = pf_fetch_next(set, -1);
	MemoryContextSetParent(GetMemoryChunkContext(response), context);
	pf_fetch_end(set);
	return response;
}
