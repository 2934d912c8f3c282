/*-------------------------------------------------------------------------
 *
 * observe.c
 *		What feeds tell of papers, and what anybody else counts: news to
 *		signals.
 *
 * The writer of papers calls tell_news() for each batch.  The metrics of a
 * record whose names are kinds of signals are readings of counters (see
 * observe_count.c).  A feed that features a paper announces it, and so does one
 * that shows a paper which others have shown before, unless it is a catalogue.
 *
 * A feed announces a paper once, when it shows it first.  A listing that is
 * found under several addresses (a day's page and the newest one, two subjects
 * of one archive) is one announcement still: same source, same time.  A new
 * version of a paper is no announcement.
 *
 * Two observers of a paper must follow one another.  Feeds' batches hold the
 * rows of their papers, so observe() locks the paper's row, too.  For a paper
 * that has no row, it keeps everybody out who would add papers with numbers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/clock.h"
#include "compat.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "paper/paper.h"
#include "rank/args.h"
#include "signal/signal.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* Clocks differ a little, as for signals. */
#define MAX_AHEAD	(5 * SECS_PER_MINUTE * USECS_PER_SEC)
#define MAX_NAMES	8			/* in a chain from a paper's old id to its row */
#define MAX_ATTEMPTS	100

/* Nobody sees papers without a row, and adds one, at the same time. */
static void
lock_unknown(LOCKMODE mode)
{
	LockDatabaseObject(RelationRelationId, pf_own_table("readings"), 1, mode);
}

static void
unlock_unknown(LOCKMODE mode)
{
	UnlockDatabaseObject(RelationRelationId, pf_own_table("readings"), 1, mode);
}

/* Who changes them keeps those out who change heat. */
void
pf_observe_lock_kinds(void)
{
	LockRelationOid(pf_own_table("heat"), RowExclusiveLock);
}

static void
grow(Datum **column, int max)
{
	*column = *column == NULL ? palloc(max * sizeof(Datum)) : repalloc(*column, max * sizeof(Datum));
}

void
pf_new_signal(PfNewSignals *list, Datum paper, Datum kind, double weight, TimestampTz at,
			  text *source, TimestampTz known_at)
{
	int			n = list->n++;

	if (n == list->max)
	{
		list->max = Max(16, list->max * 2);
		grow(&list->papers, list->max);
		grow(&list->kinds, list->max);
		grow(&list->weights, list->max);
		grow(&list->ats, list->max);
		grow(&list->sources, list->max);
		grow(&list->known_ats, list->max);
	}
	list->papers[n] = paper;
	list->kinds[n] = kind;
	list->weights[n] = Float8GetDatum(weight);
	list->ats[n] = TimestampTzGetDatum(at);
	list->sources[n] = PointerGetDatum(source);
	list->known_ats[n] = TimestampTzGetDatum(known_at);
}

static Datum
texts(Datum *items, int n)
{
	return PointerGetDatum(construct_array(items, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
times(Datum *items, int n)
{
	return PointerGetDatum(construct_array(items, n, TIMESTAMPTZOID, sizeof(TimestampTz),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

void
pf_new_signals_write(PfNewSignals *list)
{
	static const Oid types[] = {
		PF_ARG_PAPERS, TEXTARRAYOID, FLOAT8ARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID,
		TIMESTAMPTZARRAYOID
	};
	static PfPlan plan = {
		.sql = "INSERT INTO paperfeed.signals (paper, kind, weight, at, source, known_at)"
		" SELECT paper, kind, weight, at, NULLIF(source, ''),"
		" CASE WHEN known_at > at THEN known_at END"
		" FROM unnest($1, $2, $3, $4, $5, $6) AS u (paper, kind, weight, at, source, known_at)"
	};
	Datum		args[6];

	if (list->n == 0)
		return;
	args[0] = pf_paperid_array(list->papers, list->n);
	args[1] = texts(list->kinds, list->n);
	args[2] = PointerGetDatum(construct_array(list->weights, list->n, FLOAT8OID, sizeof(float8),
											  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	args[3] = times(list->ats, list->n);
	args[4] = texts(list->sources, list->n);
	args[5] = times(list->known_ats, list->n);
	(void) pf_plan_run(&plan, 6, types, args, NULL, false, NULL);
	list->n = 0;
}

/* The names of kinds as text, made when they are first needed. */
typedef struct Kinds
{
	PfSignalConfig *config;
	Datum	   *names;
} Kinds;

static Kinds
begin_kinds(void)
{
	Kinds		kinds;

	pf_observe_lock_kinds();
	kinds.config = pf_signal_config();
	kinds.names = palloc0(Max(kinds.config->nkinds, 1) * sizeof(Datum));
	return kinds;
}

static Datum
kind_name(const Kinds *kinds, const PfSignalKind *kind)
{
	Datum	   *name = &kinds->names[kind - kinds->config->kinds];

	if (*name == (Datum) 0)
		*name = CStringGetTextDatum(kind->name);
	return *name;
}

typedef struct Readings
{
	PfReading  *items;
	int			n;
	int			max;
	bool		of_new;			/* one of the papers was not there before */
} Readings;

/* Is it what readers and rules do here?  No feed can report that. */
static bool
is_our_own(const PfSignalKind *kind)
{
	static const char *const names[] = {
		"announcement", "boost", "comment", "save", "submission", "view", "vote"
	};

	for (size_t i = 0; i < lengthof(names); i++)
		if (strcmp(kind->name, names[i]) == 0)
			return true;
	return false;
}

/* The metrics that count. */
static void
add_readings(Readings *readings, const Kinds *kinds, const PfNews *news, text *source,
			 TimestampTz dated)
{
	Jsonb	   *metrics = DatumGetJsonbP(news->told->values[PF_COL_METRICS]);
	JsonbIterator *it;
	JsonbValue	v;
	JsonbIteratorToken token;
	const PfSignalKind *kind = NULL;

	if (!JB_ROOT_IS_OBJECT(metrics))
		return;
	it = JsonbIteratorInit(&metrics->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		double		value;

		if (token == WJB_KEY)
			kind = pf_signal_kind_by_name(kinds->config, v.val.string.val, v.val.string.len);
		if (token != WJB_VALUE || kind == NULL || v.type != jbvNumeric || is_our_own(kind))
			continue;
		value = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												   NumericGetDatum(v.val.numeric)));
		if (!(value >= 0 && value <= PF_MAX_COUNT))
			continue;
		if (readings->n == readings->max)
		{
			readings->max = Max(64, readings->max * 2);
			readings->items = readings->items == NULL ?
				palloc(readings->max * sizeof(PfReading)) :
				repalloc(readings->items, readings->max * sizeof(PfReading));
		}
		readings->items[readings->n++] = (PfReading) {
			.paper = news->paper,
			.kind = kind_name(kinds, kind),
			.from_first_reading = kind->from_first_reading,
			.source = source,
			.value = value,
			.dated = dated
		};
		readings->of_new |= news->is_new;
	}
}

/*
 * Is it the announcement of a paper?  'news' is the last that the feed says of
 * it.  What the catalogue of a service lists (records without a date of
 * announcement, or a kind) is none; the feed of any other site, whose source is
 * its host, is about what is new there.
 */
static bool
is_announcement(const PfNews *news, const text *source)
{
	if (news->was_shown)
		return false;
	if (PF_STR_IS(news->announce, "featured"))
		return true;
	if (news->is_new || (news->announce.s != NULL && pf_str_starts(news->announce, "replace")))
		return false;
	return news->announce.s != NULL || news->announced != PF_NO_TIME ||
		memchr(VARDATA_ANY(source), '.', VARSIZE_ANY_EXHDR(source)) != NULL;
}

/*
 * Drop those that are known, from the address at hand or another one of the
 * source.  Many papers can have one time: that is no way to find them.
 */
static void
drop_known(PfNewSignals *announced)
{
	static const Oid types[] = {PF_ARG_PAPERS, TEXTARRAYOID, TIMESTAMPTZARRAYOID};
	static PfPlan plan = {
		.sql = "SELECT u.n::int4 FROM unnest($1, $2, $3) WITH ORDINALITY AS u (paper, source, at, n)"
		" WHERE EXISTS (SELECT FROM paperfeed.signals AS s"
		" WHERE s.paper OPERATOR(pg_catalog.=) u.paper AND s.at - u.at = '0'::interval"
		" AND s.kind = 'announcement' AND COALESCE(s.source, '') = u.source)"
	};
	Datum		args[3];
	uint64		found;
	bool	   *known;
	int			n = 0;

	if (announced->n == 0)
		return;
	args[0] = pf_paperid_array(announced->papers, announced->n);
	args[1] = texts(announced->sources, announced->n);
	args[2] = times(announced->ats, announced->n);
	found = pf_plan_run(&plan, 3, types, args, NULL, false, NULL);
	known = palloc0(announced->n * sizeof(bool));
	for (uint64 i = 0; i < found; i++)
	{
		bool		isnull;

		known[DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1,
										  &isnull)) - 1] = true;
	}
	SPI_freetuptable(SPI_tuptable);
	for (int i = 0; i < announced->n; i++)
	{
		if (known[i])
			continue;
		announced->papers[n] = announced->papers[i];
		announced->kinds[n] = announced->kinds[i];
		announced->weights[n] = announced->weights[i];
		announced->ats[n] = announced->ats[i];
		announced->sources[n] = announced->sources[i];
		announced->known_ats[n] = announced->known_ats[i];
		n++;
	}
	announced->n = n;
}

/* A PfNewsHook */
static void
tell_news(const PfNews *news, int n)
{
	Kinds		kinds;
	const PfSignalKind *announcement;
	text	   *nowhere = cstring_to_text("");
	Readings	readings = {NULL, 0, 0, false};
	PfNewSignals signals = {0};
	TimestampTz now;

	/* The extension's tables may be older than this library. */
	if (!OidIsValid(pf_own_table("readings")))
		return;
	kinds = begin_kinds();
	announcement = pf_signal_kind_by_name(kinds.config, "announcement", 12);
	now = pf_now();
	for (int i = 0; i < n; i++)
	{
		const PfNews *it = &news[i];
		bool		last = i == n - 1 || news[i + 1].row != it->row;
		text	   *source = it->told->nulls[PF_COL_SOURCE] ? nowhere :
			DatumGetTextPP(it->told->values[PF_COL_SOURCE]);
		TimestampTz dated = it->announced;

		if (dated == PF_NO_TIME && !it->row->nulls[PF_COL_PUBLISHED])
			dated = DatumGetTimestampTz(it->row->values[PF_COL_PUBLISHED]);
		if (TIMESTAMP_NOT_FINITE(dated))
			dated = PF_NO_TIME;
		if (!it->told->nulls[PF_COL_METRICS])
			add_readings(&readings, &kinds, it, source, dated);
		if (announcement != NULL && last && is_announcement(it, source))
			pf_new_signal(&signals, it->paper, kind_name(&kinds, announcement), 1,
						  dated == PF_NO_TIME ? now : Min(dated, now), source, now);
	}
	drop_known(&signals);
	if (readings.of_new)
		lock_unknown(ShareLock);
	if (readings.n > 0)
		(void) pf_observe_readings(readings.items, readings.n, now, &signals);
	else
		pf_new_signals_write(&signals);
}

void
pf_observe_init(void)
{
	pf_news_hook = tell_news;
	pf_add_moved_hook(pf_observe_moved);
}

/* The id of the row that the paper has become part of; false if there is none. */
static bool
other_name(Datum *paper)
{
	static const Oid types[] = {PF_ARG_PAPER};
	static PfPlan plan = {
		.sql = "SELECT paper FROM paperfeed.aliases WHERE alias OPERATOR(pg_catalog.=) $1"
	};
	bool		isnull;

	if (pf_plan_run(&plan, 1, types, paper, NULL, false, NULL) == 0)
		return false;
	*paper = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return true;
}

/*
 * Lock the row of a paper, '*paper' becomes its id and '*dated' the time of its
 * publication.  False if there is none, by whichever name.
 */
static bool
lock_row(Datum *paper, TimestampTz *dated)
{
	static const Oid types[] = {PF_ARG_PAPER};
	static PfPlan plan = {
		.sql = "SELECT published FROM paperfeed.papers WHERE id OPERATOR(pg_catalog.=) $1"
		" FOR NO KEY UPDATE"
	};
	Datum		name = *paper;

	for (int i = 0; i < MAX_NAMES; i++)
	{
		if (pf_plan_run(&plan, 1, types, &name, NULL, false, NULL) > 0)
		{
			bool		isnull;
			Datum		published = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
												  &isnull);

			if (!isnull && !TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(published)))
				*dated = DatumGetTimestampTz(published);
			*paper = name;
			return true;
		}
		if (!other_name(&name))
			break;
	}
	return false;
}

/* Has it a row, or does it begin to have one under another name? */
static bool
is_known(Datum paper)
{
	static const Oid types[] = {PF_ARG_PAPER};
	static PfPlan plan = {
		.sql = "SELECT FROM paperfeed.papers WHERE id OPERATOR(pg_catalog.=) $1"
		" OR id OPERATOR(pg_catalog.=) (SELECT paper FROM paperfeed.aliases"
		" WHERE alias OPERATOR(pg_catalog.=) $1)"
	};

	return pf_plan_run(&plan, 1, types, &paper, NULL, false, NULL) > 0;
}

static void
lock_paper(Datum *paper, TimestampTz *dated)
{
	for (int attempt = 0; !lock_row(paper, dated); attempt++)
	{
		CHECK_FOR_INTERRUPTS();
		lock_unknown(ExclusiveLock);
		if (!is_known(*paper))
			return;
		/* It came in the meantime.  Who has its row may wait for us. */
		unlock_unknown(ExclusiveLock);
		if (attempt == MAX_ATTEMPTS)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not lock paper \"%s\" because of concurrent updates",
							TextDatumGetCString(*paper)),
					 errhint("Try again.")));
	}
}

PG_FUNCTION_INFO_V1(pf_observe);

/* observe(paper paperid, kind text, value float8, at timestamptz, source text) */
Datum
pf_observe(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	PfReading	reading = {.dated = PF_NO_TIME};
	PfNewSignals signals = {0};
	const PfSignalKind *kind;
	Kinds		kinds;
	text	   *name;
	TimestampTz at;
	double		grown;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	PreventCommandIfReadOnly("paperfeed.observe()");
	reading.paper = PG_GETARG_DATUM(0);
	name = PG_GETARG_TEXT_PP(1);
	reading.value = pf_rank_arg_count(PG_GETARG_FLOAT8(2), "value");
	if (reading.value > PF_MAX_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("value must not be above %g", PF_MAX_COUNT)));
	if (!PG_ARGISNULL(3) &&
		pf_rank_arg_time(PG_GETARG_TIMESTAMPTZ(3), "at") > GetCurrentTimestamp() + MAX_AHEAD)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("reading of \"%s\" lies in the future: %s", text_to_cstring(name),
						timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(3))),
				 errdetail("A reading may be at most 5 minutes ahead of the server's clock.")));
	reading.source = PG_ARGISNULL(4) ? cstring_to_text("") : PG_GETARG_TEXT_PP(4);

	SPI_connect();
	MemoryContextSwitchTo(context);
	lock_paper(&reading.paper, &reading.dated);
	kinds = begin_kinds();
	kind = pf_signal_kind_by_name(kinds.config, VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name));
	if (kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no kind of signals \"%s\"", text_to_cstring(name)),
				 errhint("INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES (%s, 1) makes it.",
						 quote_literal_cstr(text_to_cstring(name)))));
	reading.kind = kind_name(&kinds, kind);
	reading.from_first_reading = kind->from_first_reading;

	/* Of two that waited for each other the second one is the later one. */
	at = PG_ARGISNULL(3) ? pf_now() : PG_GETARG_TIMESTAMPTZ(3);
	grown = pf_observe_readings(&reading, 1, at, &signals);
	SPI_finish();
	PG_RETURN_FLOAT8(grown);
}
