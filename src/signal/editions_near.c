/*-------------------------------------------------------------------------
 *
 * editions_near.c
 *		SQL: previous_edition() and next_edition().
 *
 * What puts papers into editions is walked through in the order of time, by
 * its index, from the given day on, until there is a paper that the caller may
 * see.  Each walk goes no farther than the ones before it got.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "paper/owner.h"
#include "signal/editions.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define FIRST_PAGE	20
#define MAX_PAGE	10000

PG_FUNCTION_INFO_V1(pf_previous_edition);
PG_FUNCTION_INFO_V1(pf_next_edition);

/* A walk: papers and their times from $1 up to $2; and which of a page of them, $1, count. */
typedef struct Walk
{
	bool		as_owner;
	const char *papers;			/* up to its order */
	const char *order_by;
	const char *caller_counts;	/* the place of the first that counts: one of the two */
	PfPlan	   *owner_counts;
} Walk;

static const char visible[] =
	"SELECT u.n FROM pg_catalog.unnest($1) WITH ORDINALITY AS u (id, n)"
	" JOIN paperfeed.papers AS p ON p.id OPERATOR(pg_catalog.=) u.id"
	" WHERE p.withdrawn IS NOT TRUE ORDER BY u.n LIMIT 1";

static PfPlan published = {
	.sql = "SELECT u.n FROM pg_catalog.unnest($1) WITH ORDINALITY AS u (id, n)"
	PF_EDITION_PUBLISHED " ORDER BY u.n LIMIT 1"
};

static const Walk walks[] = {
	{true,
		"SELECT s.paper, s.announced FROM paperfeed.sightings AS s"
		" WHERE s.announced >= $1 AND s.announced < $2 AND " PF_EDITION_ANNOUNCES,
		"s.announced", visible, NULL},
	{true,
		"SELECT s.paper, s.at FROM paperfeed.submissions AS s"
		" WHERE s.at >= $1 AND s.at < $2 AND s.paper IS NOT NULL",
		"s.at", visible, NULL},
	{false,
		"SELECT p.id, p.published FROM paperfeed.papers AS p"
		" WHERE p.published OPERATOR(pg_catalog.>=) $1 AND p.published OPERATOR(pg_catalog.<) $2"
		" AND p.withdrawn IS NOT TRUE",
		"p.published", NULL, &published},
};

static Portal
open_walk(const Walk *walk, bool back, TimestampTz since, TimestampTz until)
{
	static const char *const off[] = {"enable_seqscan", "enable_bitmapscan", "enable_sort", "jit"};
	MemoryContext context = CurrentMemoryContext;
	Oid			types[2] = {TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		args[2] = {TimestampTzGetDatum(since), TimestampTzGetDatum(until)};
	char	   *sql = psprintf("%s ORDER BY %s%s", walk->papers, walk->order_by, back ? " DESC" : "");
	int			nest = NewGUCNestLevel();
	PfAsOwner	saved;
	Portal		portal;
	SPIPlanPtr	plan;

	if (walk->as_owner)
		pf_as_owner_begin(&saved);
	for (size_t i = 0; i < lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	plan = SPI_prepare_cursor(sql, 2, types, CURSOR_OPT_FAST_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	portal = SPI_cursor_open(NULL, plan, args, NULL, true);
	if (walk->as_owner)
		pf_as_owner_end(&saved);
	AtEOXact_GUC(true, nest);
	MemoryContextSwitchTo(context);
	return portal;
}

/* The place, from 1, of the first of these papers that is in an edition; 0 if none is. */
static int64
first_that_counts(const Walk *walk, Datum ids)
{
	static const Oid types[] = {PF_ARG_PAPERS};
	int64		place = 0;
	bool		isnull;

	if (walk->caller_counts == NULL)
		(void) pf_plan_run(walk->owner_counts, 1, types, &ids, NULL, true, NULL);
	else
	{
		ParamListInfo params = makeParamList(1);

		pf_edition_param(params, 0, get_array_type(pf_paperid_type()), ids, false);
		pf_edition_run(walk->caller_counts, params, NULL);
	}
	if (SPI_processed > 0)
		place = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return place;
}

/* The time of the first paper on the way; false if there is none. */
static bool
walk_on(const Walk *walk, bool back, TimestampTz since, TimestampTz until, TimestampTz *at)
{
	Portal		portal;
	int64		place = 0;
	int			page = FIRST_PAGE;
	uint64		n;
	MemoryContext context = CurrentMemoryContext;
	MemoryContext page_context;

	if (since >= until)
		return false;
	portal = open_walk(walk, back, since, until);
	page_context = AllocSetContextCreate(context, "paperfeed page of papers", ALLOCSET_DEFAULT_SIZES);
	do
	{
		SPITupleTable *rows;
		Datum	   *ids;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(page_context);
		MemoryContextSwitchTo(page_context);
		SPI_cursor_fetch(portal, true, page);
		MemoryContextSwitchTo(page_context);
		rows = SPI_tuptable;
		n = SPI_processed;
		ids = palloc((n + 1) * sizeof(Datum));
		for (uint64 i = 0; i < n; i++)
			ids[i] = SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull);
		if (n > 0)
			place = first_that_counts(walk, pf_paperid_array(ids, (int) n));
		if (place > 0)
			*at = DatumGetTimestampTz(SPI_getbinval(rows->vals[place - 1], rows->tupdesc, 2, &isnull));
		SPI_freetuptable(rows);
		MemoryContextSwitchTo(context);
		page = Min(page * 4, MAX_PAGE);
	} while (place == 0 && n > 0);
	SPI_cursor_close(portal);
	MemoryContextDelete(page_context);
	return place > 0;
}

static PfPeriod
arg_period(text *period)
{
	static const char *const names[] = {"day", "week", "month"};
	char	   *name = text_to_cstring(period);

	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (pg_strcasecmp(name, names[i]) == 0)
			return (PfPeriod) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("period \"%s\" not recognized", name),
			 errhint("Editions are of a day, a week or a month.")));
}

static Datum
near_edition(FunctionCallInfo fcinfo, bool back)
{
	PfPeriod	period = arg_period(PG_GETARG_TEXT_PP(1));
	PfEdition	edition = pf_edition_of(PG_GETARG_DATEADT(0), period);
	MemoryContext context = CurrentMemoryContext;

	/* Infinite times are no dates of papers. */
	TimestampTz since = back ? MIN_TIMESTAMP : Max(edition.until, MIN_TIMESTAMP);
	TimestampTz until = back ? edition.since : DT_NOEND;
	bool		found = false;

	SPI_connect();
	MemoryContextSwitchTo(context);
	for (size_t i = 0; i < lengthof(walks); i++)
	{
		TimestampTz at;

		if (!walk_on(&walks[i], back, since, until, &at))
			continue;
		/* What is nearer yet? */
		edition = pf_edition_of(pf_edition_day(at), period);
		found = true;
		if (back)
			since = edition.until;
		else
			until = edition.since;
	}
	SPI_finish();
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(edition.first);
}

/* previous_edition(day date, period text) */
Datum
pf_previous_edition(PG_FUNCTION_ARGS)
{
	return near_edition(fcinfo, true);
}

/* next_edition(day date, period text) */
Datum
pf_next_edition(PG_FUNCTION_ARGS)
{
	return near_edition(fcinfo, false);
}
