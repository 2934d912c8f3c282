/*-------------------------------------------------------------------------
 *
 * hosts.c
 *		When a host may be asked: its spacing, its connections, its word.
 *
 * What holds for a host holds for all sessions together.  A connection is a
 * lock of the session's (lock.c), so that one that breaks off gives it back;
 * the time of the next request and how long the host is busy stand in its row
 * of paperfeed.hosts, which is locked for a moment only.
 *
 * The spacing is by the real time, being busy by paperfeed.clock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/urls.h"
#include "fmgr.h"
#include "ingest/hosts.h"
#include "ingest/job.h"
#include "ingest/lock.h"
#include "paper/plan.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MAX_CONNECTIONS	32
#define POLL_MS			200		/* how often a connection that others hold is tried for */
#define RETRY_MS		10		/* the same for a row that is locked for a moment */
#define GONE_MS			60000	/* how long feeds are put off whose host's row is gone */
#define FIRST_BLOCK		USECS_PER_MINUTE	/* of a busy host that does not say how long */
#define MAX_BLOCK		USECS_PER_DAY
#define LONGEST			"interval '7 days'"	/* that feeds are put off at once, as by Retry-After */
#define MAX_LABELS		32		/* of a name that are looked at */

PG_FUNCTION_INFO_V1(pf_host_of);

static int	host_spacing = 1000;	/* paperfeed.host_spacing, ms */
static int	host_connections = 2;	/* paperfeed.host_connections */

struct PfHost
{
	int			id;				/* key of the hash table */
	PfHosts    *hosts;
	PfStr		name;
	void	   *data;			/* the job's own */
};

struct PfHosts
{
	MemoryContext context;
	HTAB	   *by_id;
};

struct PfTurn
{
	PfHost	   *host;
	PfLock	   *lock;
};

/* Services that ask for more patience than usual, over all hosts below the name. */
static const struct
{
	const char *name;
	int			spacing_ms;
	int			connections;
	const char *busy_statuses;	/* NULL = the usual ones */
}			services[] = {
	{"aclanthology.org", 1000, 1, NULL},
	{"arxiv.org", 3000, 1, "{406,429,503}"},
	{"biorxiv.org", 1000, 1, NULL},
	{"crossref.org", 200, 1, NULL},
	{"dblp.org", 2000, 1, NULL},
	{"ebi.ac.uk", 200, 1, NULL},
	{"huggingface.co", 500, 1, NULL},
	{"medrxiv.org", 1000, 1, NULL},
	{"ncbi.nlm.nih.gov", 350, 1, NULL},
	{"openalex.org", 150, 1, NULL},
	{"openreview.net", 1000, 1, NULL},
	{"semanticscholar.org", 1100, 1, NULL},
};

/* The host of an address, in lower case and without the dot of the root; none if it has none. */
static PfStr
host_in(PfStr url)
{
	PfUrl		parts;
	char	   *name;

	if (!pf_url_split(url, &parts) || parts.host.len == 0)
		return PF_STR_NONE;
	name = asc_tolower(parts.host.s, parts.host.len);
	if (parts.host.len > 1 && name[parts.host.len - 1] == '.')
		name[parts.host.len - 1] = '\0';
	return pf_str(name);
}

static PfStr
name_of(PfStr url)
{
	PfStr		name;

	pf_fetch_check_url(url);
	name = host_in(url);
	if (name.s == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" names no host", pf_fetch_public_url(url).s)));
	return name;
}

/* "b.c" for "a.b.c"; none when there is no dot left. */
static PfStr
parent_of(PfStr name)
{
	const char *dot = memchr(name.s, '.', name.len);

	if (dot == NULL)
		return PF_STR_NONE;
	dot++;
	return (PfStr) {dot, name.len - (int) (dot - name.s)};
}

/* The service that a name belongs to; -1 = none that we know of. */
static int
service_of(PfStr name)
{
	for (PfStr at = name; at.s != NULL; at = parent_of(at))
		for (int i = 0; i < (int) lengthof(services); i++)
			if (pf_str_eq(at, pf_str(services[i].name)))
				return i;
	return -1;
}

/* The row that holds for a name, if there is one: its name and '*id'. */
static PfStr
find_row(PfStr name, int *id)
{
	static const Oid types[] = {TEXTOID, TEXTARRAYOID};
	static PfPlan plan = {
		.sql = "SELECT id, host FROM paperfeed.hosts"
		" WHERE host = $1 OR host = ANY ($2) AND subdomains"
		" ORDER BY length(host) DESC LIMIT 1"
	};
	Datum		above[MAX_LABELS];
	Datum		args[2];
	int			n = 0;
	bool		isnull;
	PfStr		row = PF_STR_NONE;

	for (PfStr at = parent_of(name); at.s != NULL && n < MAX_LABELS; at = parent_of(at))
		above[n++] = PointerGetDatum(pf_utf8_to_text(at));
	args[0] = PointerGetDatum(pf_utf8_to_text(name));
	args[1] = PointerGetDatum(construct_array(above, n, TEXTOID, -1, false, TYPALIGN_INT));
	if (pf_plan_run(&plan, 2, types, args, NULL, false, NULL) > 0)
	{
		HeapTuple	tuple = SPI_tuptable->vals[0];
		TupleDesc	tupdesc = SPI_tuptable->tupdesc;

		*id = DatumGetInt32(SPI_getbinval(tuple, tupdesc, 1, &isnull));
		row = pf_str_dup(pf_text_to_utf8(DatumGetTextPP(SPI_getbinval(tuple, tupdesc, 2,
																	  &isnull))));
	}
	SPI_freetuptable(SPI_tuptable);
	return row;
}

static void
insert_row(PfStr name)
{
	static const Oid types[] = {TEXTOID, BOOLOID, INTERVALOID, INT4OID, TEXTOID};
	static PfPlan plan = {
		.sql = "INSERT INTO paperfeed.hosts (host, subdomains, spacing, connections, busy_statuses)"
		" VALUES ($1, $2, $3, $4, COALESCE($5::integer[], '{429,503}')) ON CONFLICT DO NOTHING"
	};
	int			service = service_of(name);
	Interval	spacing = {0};
	Datum		args[5];
	char		nulls[5] = {' ', ' ', 'n', 'n', 'n'};

	args[0] = PointerGetDatum(pf_utf8_to_text(service >= 0 ? pf_str(services[service].name) : name));
	args[1] = BoolGetDatum(service >= 0);
	if (service >= 0)
	{
		spacing.time = services[service].spacing_ms * INT64CONST(1000);
		args[2] = IntervalPGetDatum(&spacing);
		args[3] = Int32GetDatum(services[service].connections);
		nulls[2] = nulls[3] = ' ';
		if (services[service].busy_statuses != NULL)
		{
			args[4] = CStringGetTextDatum(services[service].busy_statuses);
			nulls[4] = ' ';
		}
	}
	(void) pf_plan_run(&plan, 5, types, args, nulls, false, NULL);
}

PfHosts *
pf_hosts_begin(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed hosts",
												  ALLOCSET_SMALL_SIZES);
	PfHosts    *hosts = MemoryContextAllocZero(context, sizeof(PfHosts));
	HASHCTL		control = {.keysize = sizeof(int), .entrysize = sizeof(PfHost), .hcxt = context};

	hosts->context = context;
	hosts->by_id = hash_create("paperfeed hosts", 64, &control,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return hosts;
}

PfHost *
pf_hosts_get(PfHosts *hosts, PfStr url)
{
	PfStr		name = name_of(url);
	PfStr		row;
	int			id = 0;
	bool		found;
	PfHost	   *host;

	row = find_row(name, &id);
	/* A row of the service's, even if somebody has just made one. */
	for (int attempt = 0; row.s == NULL; attempt++)
	{
		if (attempt == 3)
			elog(ERROR, "the row of host \"%.*s\" goes as fast as it is made", name.len, name.s);
		insert_row(name);
		row = find_row(name, &id);
	}
	host = hash_search(hosts->by_id, &id, HASH_ENTER, &found);
	if (!found)
	{
		host->hosts = hosts;
		host->name.s = MemoryContextStrdup(hosts->context, row.s);
		host->name.len = row.len;
		host->data = NULL;
	}
	return host;
}

void **
pf_host_data(PfHost *host)
{
	return &host->data;
}

PfStr
pf_host_name(const PfHost *host)
{
	return host->name;
}

static PfLock *
take_connection(PfHost *host, int connections)
{
	MemoryContext old = MemoryContextSwitchTo(host->hosts->context);
	PfLock	   *lock = NULL;

	for (int i = 0; i < connections && lock == NULL; i++)
		lock = pf_lock_try("hosts", host->id, (uint16) (i + 1));
	MemoryContextSwitchTo(old);
	return lock;
}

/* What the row of a host says now. */
typedef struct HostState
{
	int			connections;
	bool		spaced;			/* turns are to be noted */
	int64		blocked;		/* for how many milliseconds yet; <= 0 = it is not */
	int64		too_soon;		/* the same for the spacing */
	PfStr		why;			/* it is blocked */
} HostState;

/* Milliseconds, rounded up. */
static int64
to_ms(int64 microseconds)
{
	return (microseconds + 999) / 1000;
}

/*
 * False if it is gone, or to be locked and another has it.  Nobody waits for
 * that: those who hold turns of several hosts would wait for each other.  A row may
 * say infinity; after LONGEST it is looked at again.
 */
static bool
read_row(PfHost *host, bool lock, HostState *state)
{
	static const Oid types[] = {INT4OID, INTERVALOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID};
#define SQL \
	"SELECT COALESCE(connections, $3)," \
	" CASE WHEN blocked_until > $4 THEN" \
	"  (EXTRACT(epoch FROM LEAST(blocked_until, $4 + " LONGEST ") - $4) * 1000000)::bigint END," \
	" CASE WHEN COALESCE(spacing, $2) > '0' THEN CASE WHEN next_request > $5 THEN" \
	"  (EXTRACT(epoch FROM LEAST(next_request, $5 + LEAST(COALESCE(spacing, $2), " LONGEST ")) - $5)" \
	"   * 1000000)::bigint ELSE 0 END END," \
	" why FROM paperfeed.hosts WHERE id = $1"
	static PfPlan look = {.sql = SQL};
	static PfPlan take = {.sql = SQL " FOR NO KEY UPDATE SKIP LOCKED"};
#undef SQL
	Interval	spacing = {0};
	Datum		args[5];
	Datum		values[4];
	bool		nulls[4];
	bool		found;

	spacing.time = host_spacing * INT64CONST(1000);
	args[0] = Int32GetDatum(host->id);
	args[1] = IntervalPGetDatum(&spacing);
	args[2] = Int32GetDatum(host_connections);
	args[3] = TimestampTzGetDatum(pf_now());
	args[4] = TimestampTzGetDatum(GetCurrentTimestamp());
	found = pf_plan_run(lock ? &take : &look, 5, types, args, NULL, false, NULL) > 0;
	if (found)
	{
		heap_deform_tuple(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, values, nulls);
		state->connections = DatumGetInt32(values[0]);
		state->blocked = nulls[1] ? 0 : to_ms(DatumGetInt64(values[1]));
		state->spaced = !nulls[2];
		state->too_soon = nulls[2] ? 0 : to_ms(DatumGetInt64(values[2]));
		state->why = nulls[3] ? PF_STR_LIT("its host is busy") :
			pf_str_dup(pf_text_to_utf8(DatumGetTextPP(values[3])));
	}
	SPI_freetuptable(SPI_tuptable);
	return found;
}

static void
note_turn(PfHost *host)
{
	static const Oid types[] = {INT4OID, INTERVALOID, TIMESTAMPTZOID};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.hosts SET next_request = $3 + LEAST(COALESCE(spacing, $2), " LONGEST ")"
		" WHERE id = $1"
	};
	Interval	spacing = {0};
	Datum		args[3];

	spacing.time = host_spacing * INT64CONST(1000);
	args[0] = Int32GetDatum(host->id);
	args[1] = IntervalPGetDatum(&spacing);
	args[2] = TimestampTzGetDatum(GetCurrentTimestamp());
	(void) pf_plan_run(&plan, 3, types, args, NULL, false, NULL);
}

/* Can there be no turn now? */
static bool
must_wait(const HostState *state, int64 *wait_ms, PfStr *why)
{
	if (state->blocked > 0)
	{
		*wait_ms = state->blocked;
		*why = state->why;
		return true;
	}
	if (state->too_soon > 0)
	{
		*wait_ms = state->too_soon;
		return true;
	}
	return false;
}

PfTurn *
pf_host_turn(PfHost *host, int64 *wait_ms, PfStr *why)
{
	HostState	state;
	PfLock	   *lock;
	PfTurn	   *turn;

	*why = PF_STR_NONE;
	*wait_ms = POLL_MS;
	if (!read_row(host, false, &state))
	{
		/* Whoever comes next makes it again. */
		*wait_ms = GONE_MS;
		*why = PF_STR_LIT("the row of its host was taken away");
		return NULL;
	}
	if (must_wait(&state, wait_ms, why))
		return NULL;
	lock = take_connection(host, state.connections);
	if (lock == NULL)
		return NULL;

	/* The time is given out to one after the other. */
	if (state.spaced)
	{
		*wait_ms = RETRY_MS;
		if (!read_row(host, true, &state) || must_wait(&state, wait_ms, why))
		{
			pf_lock_release(lock);
			return NULL;
		}
		note_turn(host);
	}
	turn = MemoryContextAlloc(host->hosts->context, sizeof(PfTurn));
	turn->host = host;
	turn->lock = lock;
	return turn;
}

/*
 * A busy host is left alone for as long as it says, else for longer each time.
 * Any other answer shows that it is well again, but for one to a request that was
 * under way when it said so.
 */
static void
note_answer(int host, int http_status, int retry_after)
{
	static const Oid types[] = {INT4OID, INT4OID, INTERVALOID, TIMESTAMPTZOID, INT8OID, INT8OID};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.hosts SET refusals = CASE WHEN $2 = ANY (busy_statuses)"
		"  THEN refusals + 1 ELSE 0 END,"
		" blocked_until = CASE WHEN $2 = ANY (busy_statuses)"
		"  THEN GREATEST(blocked_until, $4 + COALESCE($3,"
		"   LEAST($5 * power(2, LEAST(refusals, 20)), $6) * interval '1 microsecond')) END,"
		" why = CASE WHEN $2 = ANY (busy_statuses) THEN 'host ' || host ||"
		"  ' is busy (HTTP status ' || $2 || CASE WHEN $3 IS NULL THEN ')'"
		"  ELSE ', Retry-After)' END END"
		" WHERE id = $1 AND ($2 = ANY (busy_statuses)"
		"  OR refusals > 0 AND COALESCE(blocked_until, '-infinity') <= $4)"
	};
	Interval	wait = {0};
	Datum		args[6];
	char		nulls[6] = {' ', ' ', retry_after < 0 ? 'n' : ' ', ' ', ' ', ' '};

	wait.time = retry_after * USECS_PER_SEC;
	args[0] = Int32GetDatum(host);
	args[1] = Int32GetDatum(http_status);
	args[2] = IntervalPGetDatum(&wait);
	args[3] = TimestampTzGetDatum(pf_now());
	args[4] = Int64GetDatum(FIRST_BLOCK);
	args[5] = Int64GetDatum(MAX_BLOCK);
	(void) pf_plan_run(&plan, 6, types, args, nulls, false, NULL);
}

void
pf_turn_end(PfTurn *turn, const PfResponse *response)
{
	/* What a redirect led to speaks for its own host, if that is one that we ask. */
	if (response != NULL && response->http_status > 0)
	{
		int			host = turn->host->id;
		PfStr		name = PF_STR_NONE;

		if (response->redirects > 0 && response->effective_url.s != NULL)
			name = host_in(response->effective_url);
		if (response->redirects == 0 || (name.s != NULL && find_row(name, &host).s != NULL))
			note_answer(host, response->http_status, response->retry_after);
	}
	pf_lock_release(turn->lock);
	pfree(turn);
}

PfTurn *
pf_host_wait_turn(PfHost *host, int64 max_wait_ms, PfStr *why)
{
	int64		left = max_wait_ms;

	for (;;)
	{
		int64		wait_ms;
		PfTurn	   *turn = pf_host_turn(host, &wait_ms, why);

		pf_job_commit();
		if (turn != NULL || (why->s != NULL && wait_ms > left))
			return turn;
		pf_pause(wait_ms);
		/* By the real time: paperfeed.clock may stand still. */
		if (why->s != NULL)
			left -= wait_ms;
	}
}

/* paperfeed.host_of(url text) */
Datum
pf_host_of(PG_FUNCTION_ARGS)
{
	PfStr		name = name_of(pf_str_trim(pf_text_to_utf8(PG_GETARG_TEXT_PP(0))));
	PfStr		row;
	int			id;
	int			service;

	pf_spi_connect();
	row = find_row(name, &id);
	SPI_finish();
	if (row.s == NULL)
	{
		service = service_of(name);
		row = service >= 0 ? pf_str(services[service].name) : name;
	}
	PG_RETURN_TEXT_P(pf_utf8_to_text(row));
}

void
pf_hosts_init(void)
{
	DefineCustomIntVariable("paperfeed.host_spacing",
							"Sets the least time between two requests to one host.",
							"From the start of one to that of the next; for hosts whose row of "
							"paperfeed.hosts says nothing else.",
							&host_spacing, 1000, 0, 60 * 60 * 1000, PGC_USERSET, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("paperfeed.host_connections",
							"Sets how many requests to one host may be under way at once.",
							"For hosts whose row of paperfeed.hosts says nothing else.",
							&host_connections, 2, 1, MAX_CONNECTIONS, PGC_USERSET, 0,
							NULL, NULL, NULL);
}
