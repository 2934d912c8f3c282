/*-------------------------------------------------------------------------
 *
 * sources.c
 *		SQL: paperfeed.add_feed, pause_feed, resume_feed, remove_feed.
 *
 * A feed is a row of paperfeed.feeds, for an address and a target.  Here it gets
 * into the list of those that refresh() asks, and out of it again; what comes
 * of asking is noted in feeds.c.  Nothing waits for a refresh() that is at the
 * feed right now: that holds the row's lock for no longer than it takes to note
 * something, and finds the row changed, or gone, when it does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "fetch/fetch.h"
#include "fmgr.h"
#include "ingest/feeds.h"
#include "ingest/sources.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define MAX_LABEL	500			/* bytes of a title or a tag */
#define MAX_TAGS	64			/* of a feed */
#define MIN_EVERY	60.0		/* seconds */
#define MAX_EVERY	(366.0 * SECS_PER_DAY)

PG_FUNCTION_INFO_V1(pf_add_feed);
PG_FUNCTION_INFO_V1(pf_pause_feed);
PG_FUNCTION_INFO_V1(pf_pause_feed_url);
PG_FUNCTION_INFO_V1(pf_resume_feed);
PG_FUNCTION_INFO_V1(pf_resume_feed_url);
PG_FUNCTION_INFO_V1(pf_remove_feed);
PG_FUNCTION_INFO_V1(pf_remove_feed_url);

enum
{
	ARG_URL, ARG_TARGET, ARG_TITLE, ARG_TAGS, ARG_EVERY, ARG_HEADERS, ARG_NOW, NARG
};

static const Oid types[NARG] = {
	TEXTOID, REGCLASSOID, TEXTOID, TEXTARRAYOID, INTERVALOID, TEXTARRAYOID, TIMESTAMPTZOID
};

#define RESULT	" RETURNING f.id, f.title, f.tags"

/*
 * What is given takes the place of what was there.  A feed that is asked already
 * keeps its turn, unless how it is to be asked has changed.
 */
#define GIVEN \
	" title = COALESCE($3, f.title), own_title = f.own_title OR $3 IS NOT NULL," \
	" tags = CASE WHEN $4 = '{}' THEN f.tags ELSE $4 END," \
	" every = COALESCE($5, f.every), headers = COALESCE($6, f.headers), state = 'active'," \
	" next_check = CASE WHEN " KEEPS_TURN " THEN f.next_check ELSE $7 END," \
	" why = CASE WHEN " KEEPS_TURN " THEN f.why ELSE 'it was just added' END"
#define KEEPS_TURN \
	"f.state = 'active' AND COALESCE($5, f.every) IS NOT DISTINCT FROM f.every" \
	" AND COALESCE($6, f.headers) IS NOT DISTINCT FROM f.headers"

static PfPlan change_plan = {
	.sql = "UPDATE paperfeed.feeds AS f SET" GIVEN " WHERE url = $1 AND target = $2" RESULT
};

#define INSERT \
	"INSERT INTO paperfeed.feeds AS f (url, target, title, own_title, tags, every, headers," \
	" state, added_at, next_check, why)" \
	" VALUES ($1, $2, $3, $3 IS NOT NULL, $4, $5, $6, 'active', $7, $7, 'it was just added')" \
	" ON CONFLICT (url, target)"

static PfPlan add_plan = {
	.sql = INSERT " DO UPDATE SET" GIVEN RESULT
};

/* For an import, which leaves alone what is in the list. */
static PfPlan revive_plan = {
	.sql = "UPDATE paperfeed.feeds AS f SET" GIVEN " WHERE url = $1 AND target = $2"
	" AND state IN ('manual', 'ended')" RESULT
};

static PfPlan insert_plan = {
	.sql = INSERT " DO NOTHING" RESULT
};

static PfPlan join_plan = {
	.sql = "UPDATE paperfeed.feeds AS f SET tags = f.tags || ARRAY(SELECT t.tag"
	" FROM unnest($4) WITH ORDINALITY AS t (tag, n) WHERE t.tag <> ALL (f.tags) ORDER BY t.n"
	" LIMIT greatest(" CppAsString2(MAX_TAGS) " - cardinality(f.tags), 0))"
	" WHERE url = $1 AND target = $2 AND state IN ('active', 'paused')" RESULT
};

static char *
server_text(PfStr in)
{
	return text_to_cstring(pf_utf8_to_text(in));
}

/* ----------------------------------------------------------------
 * What a feed is made of
 * ----------------------------------------------------------------
 */

PfStr
pf_source_url(PfStr in)
{
	PfStr		url = pf_str_trim(in);

	if (!pf_str_starts_nocase(url, "feed:"))
		return url;
	url = (PfStr) {url.s + 5, url.len - 5};
	if (pf_str_starts(url, "//"))
		return pf_str_join(PF_STR_LIT("http:"), url);
	return url;
}

const char *
pf_source_url_problem(PfStr url)
{
	const char *problem = pf_fetch_url_problem(url);

	if (problem == NULL && url.len > PF_FEED_MAX_URL)
		problem = psprintf("it is longer than %d bytes", PF_FEED_MAX_URL);
	if (problem == NULL && !pf_str_eq(pf_text_to_utf8(pf_utf8_to_text(url)), url))
		problem = "it has characters that the database's encoding lacks";
	return problem;
}

PfStr
pf_source_label(PfStr in)
{
	char	   *buf;
	int			n = 0;

	if (in.s == NULL)
		return PF_STR_NONE;
	buf = palloc(in.len + 1);
	for (int i = 0; i < in.len; i++)
	{
		unsigned char c = (unsigned char) in.s[i];
		/* U+0080 to U+009F are control characters, too. */
		bool		high = c == 0xC2 && i + 1 < in.len && (unsigned char) in.s[i + 1] < 0xA0;

		if (c > ' ' && c != 0x7f && !high)
			buf[n++] = in.s[i];
		else if (n > 0 && buf[n - 1] != ' ')
			buf[n++] = ' ';
		i += high;
	}
	if (n > MAX_LABEL)
		n = pg_encoding_mbcliplen(PG_UTF8, buf, n, MAX_LABEL);
	if (n > 0 && buf[n - 1] == ' ')
		n--;
	return n > 0 ? (PfStr) {buf, n} : PF_STR_NONE;
}

void
pf_source_tag(PfStrings *tags, PfStr tag)
{
	PfStr		label = pf_source_label(tag);

	if (!pf_str_blank(label) && tags->n < MAX_TAGS && !pf_strings_has(tags, label))
		pf_strings_add(tags, label);
}

static Datum
text_array(const PfStrings *list)
{
	Datum	   *items = palloc(sizeof(Datum) * (list->n + 1));

	for (int i = 0; i < list->n; i++)
		items[i] = PointerGetDatum(pf_utf8_to_text(list->items[i]));
	return PointerGetDatum(construct_array(items, list->n, TEXTOID, -1, false, TYPALIGN_INT));
}

static bool
run(PfPlan *plan, int nargs, const PfSource *source)
{
	Datum		args[NARG] = {0};
	char		nulls[NARG + 1];

	memset(nulls, ' ', sizeof(nulls));
	args[ARG_URL] = PointerGetDatum(pf_utf8_to_text(source->url));
	args[ARG_TARGET] = ObjectIdGetDatum(source->target);
	if (source->title.s != NULL)
		args[ARG_TITLE] = PointerGetDatum(pf_utf8_to_text(source->title));
	args[ARG_TAGS] = text_array(&source->tags);
	if (source->every != NULL)
		args[ARG_EVERY] = IntervalPGetDatum(source->every);
	if (source->headers != NULL)
		args[ARG_HEADERS] = text_array(source->headers);
	args[ARG_NOW] = TimestampTzGetDatum(pf_now());
	nulls[ARG_TITLE] = source->title.s != NULL ? ' ' : 'n';
	nulls[ARG_EVERY] = source->every != NULL ? ' ' : 'n';
	nulls[ARG_HEADERS] = source->headers != NULL ? ' ' : 'n';
	return pf_plan_run(plan, nargs, types, args, nulls, false, NULL) > 0;
}

void
pf_source_add(const PfSource *source)
{
	/* The first does not use up a number. */
	if (!run(&change_plan, NARG, source) && !run(&add_plan, NARG, source))
		elog(ERROR, "a feed was not stored");
}

bool
pf_source_import(const PfSource *source)
{
	/* Again if somebody else added or removed it in between. */
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (run(&join_plan, ARG_TAGS + 1, source))
			return false;
		if (run(&revive_plan, NARG, source) || run(&insert_plan, NARG, source))
			return true;
	}
}

/* ----------------------------------------------------------------
 * SQL: add_feed
 * ----------------------------------------------------------------
 */

static PfStrings
strings_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(number);
	PfStrings	out = {0};
	Datum	   *items;
	int			n;

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_ELEMENT_ERROR),
				 errmsg("%s must have one dimension and no null elements", name)));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, NULL, &n);
	for (int i = 0; i < n; i++)
		pf_strings_add(&out, pf_text_to_utf8(DatumGetTextPP(items[i])));
	return out;
}

static void
check_url(PfStr url)
{
	pf_fetch_check_url(url);
	if (url.len > PF_FEED_MAX_URL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the address of a feed is longer than %d bytes", PF_FEED_MAX_URL)));
}

static void
check_every(const Interval *every)
{
	/* In floating point, where infinite intervals do not overflow. */
	double		days = every->day + (double) DAYS_PER_MONTH * every->month;
	double		seconds = every->time / (double) USECS_PER_SEC + days * SECS_PER_DAY;

	if (seconds < MIN_EVERY || seconds > MAX_EVERY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a feed cannot be asked every %s",
						DatumGetCString(DirectFunctionCall1(interval_out,
															IntervalPGetDatum(every)))),
				 errdetail("It must be between a minute and a year.")));
}

/* add_feed(url text, title text, tags text[], every interval, headers text[], target regclass) */
Datum
pf_add_feed(PG_FUNCTION_ARGS)
{
	PfSource	source;
	PfStrings	headers;
	bool		isnull;
	int64		id;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(5))
		PG_RETURN_NULL();
	PreventCommandIfReadOnly("paperfeed.add_feed()");
	memset(&source, 0, sizeof(source));
	source.url = pf_source_url(pf_text_to_utf8(PG_GETARG_TEXT_PP(0)));
	check_url(source.url);
	if (!PG_ARGISNULL(1))
		source.title = pf_source_label(pf_text_to_utf8(PG_GETARG_TEXT_PP(1)));
	if (!PG_ARGISNULL(2))
	{
		PfStrings	tags = strings_argument(fcinfo, 2, "tags");

		if (tags.n > MAX_TAGS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a feed cannot have more than %d tags", MAX_TAGS)));
		for (int i = 0; i < tags.n; i++)
			pf_source_tag(&source.tags, tags.items[i]);
	}
	if (!PG_ARGISNULL(3))
	{
		source.every = PG_GETARG_INTERVAL_P(3);
		check_every(source.every);
	}
	if (!PG_ARGISNULL(4))
	{
		headers = strings_argument(fcinfo, 4, "headers");
		pf_fetch_check_headers(&headers);
		source.headers = &headers;
	}
	source.target = PG_GETARG_OID(5);
	pf_writer_check(source.target);

	pf_spi_connect();
	pf_source_add(&source);
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	PG_RETURN_INT64(id);
}

/* ----------------------------------------------------------------
 * SQL: pause_feed, resume_feed, remove_feed
 * ----------------------------------------------------------------
 */

/* The feed of an address and a target, which are the function's arguments. */
static int64
find_feed(FunctionCallInfo fcinfo)
{
	static PfPlan plan = {
		.sql = "SELECT id FROM paperfeed.feeds WHERE url = $1 AND target = $2"
	};
	PfSource	source;
	bool		isnull;
	int64		id;

	memset(&source, 0, sizeof(source));
	/* What is no address may be one of a document or a file. */
	source.url = pf_source_url(pf_text_to_utf8(PG_GETARG_TEXT_PP(0)));
	source.target = PG_GETARG_OID(1);
	pf_spi_connect();
	if (!run(&plan, ARG_TARGET + 1, &source))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("feed \"%s\" for table \"%s\" does not exist",
						server_text(pf_fetch_public_url(source.url)),
						DatumGetCString(DirectFunctionCall1(regclassout,
															ObjectIdGetDatum(source.target))))));
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return id;
}

/* $1 is the feed, $2 the time. */
static uint64
run_for(PfPlan *plan, int nargs, int64 id)
{
	static const Oid id_types[] = {INT8OID, TIMESTAMPTZOID};
	Datum		args[2] = {Int64GetDatum(id), TimestampTzGetDatum(pf_now())};

	return pf_plan_run(plan, nargs, id_types, args, NULL, false, NULL);
}

static void
no_feed(int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("feed %lld does not exist", (long long) id)));
}

/* Run a statement that leaves a feed's state, as it was before, in the result. */
static void
change_state(PfPlan *plan, int64 id, const char *other)
{
	static PfPlan state_plan = {.sql = "SELECT state FROM paperfeed.feeds WHERE id = $1"};
	bool		isnull;
	char	   *state;

	pf_spi_connect();
	if (run_for(plan, 2, id) == 0)
	{
		if (run_for(&state_plan, 1, id) == 0)
			no_feed(id);
		state = TextDatumGetCString(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
												  1, &isnull));
		if (strcmp(state, other) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 strcmp(state, "ended") == 0 ? errmsg("feed %lld has ended", (long long) id) :
					 errmsg("feed %lld was never added", (long long) id),
					 errhint("paperfeed.add_feed() makes a feed one that is asked.")));
	}
	SPI_finish();
}

static void
pause_feed(int64 id)
{
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.feeds SET state = 'paused', next_check = NULL,"
		" why = 'it was paused on ' || to_char($2 AT TIME ZONE 'UTC', 'YYYY-MM-DD \"at\" HH24:MI')"
		" || ' UTC' WHERE id = $1 AND state = 'active'"
	};

	PreventCommandIfReadOnly("paperfeed.pause_feed()");
	change_state(&plan, id, "paused");
}

static void
resume_feed(int64 id)
{
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.feeds SET state = 'active', next_check = $2,"
		" why = 'it was just resumed' WHERE id = $1 AND state IN ('paused', 'ended')"
	};

	PreventCommandIfReadOnly("paperfeed.resume_feed()");
	change_state(&plan, id, "active");
}

static void
remove_feed(int64 id)
{
	static PfPlan feed_plan = {.sql = "DELETE FROM paperfeed.feeds WHERE id = $1"};
	static PfPlan runs_plan = {.sql = "DELETE FROM paperfeed.runs WHERE feed = $1"};
	static PfPlan rejects_plan = {.sql = "DELETE FROM paperfeed.rejects WHERE feed = $1"};

	PreventCommandIfReadOnly("paperfeed.remove_feed()");
	pf_spi_connect();
	/* It waits for who is noting a run; then that is seen by the others. */
	if (run_for(&feed_plan, 1, id) == 0)
		no_feed(id);
	(void) run_for(&runs_plan, 1, id);
	(void) run_for(&rejects_plan, 1, id);
	SPI_finish();
}

/* pause_feed(feed bigint) */
Datum
pf_pause_feed(PG_FUNCTION_ARGS)
{
	pause_feed(PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}

/* pause_feed(url text, target regclass) */
Datum
pf_pause_feed_url(PG_FUNCTION_ARGS)
{
	pause_feed(find_feed(fcinfo));
	PG_RETURN_VOID();
}

/* resume_feed(feed bigint) */
Datum
pf_resume_feed(PG_FUNCTION_ARGS)
{
	resume_feed(PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}

/* resume_feed(url text, target regclass) */
Datum
pf_resume_feed_url(PG_FUNCTION_ARGS)
{
	resume_feed(find_feed(fcinfo));
	PG_RETURN_VOID();
}

/* remove_feed(feed bigint) */
Datum
pf_remove_feed(PG_FUNCTION_ARGS)
{
	remove_feed(PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}

/* remove_feed(url text, target regclass) */
Datum
pf_remove_feed_url(PG_FUNCTION_ARGS)
{
	remove_feed(find_feed(fcinfo));
	PG_RETURN_VOID();
}
