/*-------------------------------------------------------------------------
 *
 * heat.c
 *		The table heat, kept up to date from signals.
 *
 * A statement that adds signals ends in a trigger that adds their sums to the
 * rows of their papers (see heat_row.c), in the order of the papers' ids, so
 * that statements do not wait for each other in a circle.  A row's lock makes
 * additions follow one another, and as sums they may come in any order.
 *
 * What is not an addition (a changed or deleted signal, a new half-life) makes
 * rows anew from the signals.  Whoever does that must see every signal whose
 * sum is in the row that he replaces, and none that is still to be added: he
 * locks the row, or the table, before he takes the snapshot.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "paper/owner.h"
#include "signal/heat.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#define BATCH_PAPERS	1000
#define FETCH_SIGNALS	10000

/* Clocks differ a little; what lies further ahead is a mistake. */
#define MAX_AHEAD		(5 * SECS_PER_MINUTE * USECS_PER_SEC)

#define COLUMNS \
	"paper, heat_1, heat_2, heat_3, heat_4, heat_5, heat_6, heat_7, heat_8, gross, parts"
#define NEW_ROWS \
	"INSERT INTO paperfeed.heat AS h (" COLUMNS ") SELECT m.*" \
	" FROM unnest($1, $2) AS u (paper, parts), LATERAL paperfeed._heat_row(u.paper, u.parts) AS m" \
	" ON CONFLICT (paper) DO UPDATE SET (" COLUMNS ")"

static PfPlan add_plan = {
	.sql = NEW_ROWS
	" = (SELECT m.* FROM paperfeed._heat_row(h.paper, paperfeed._heat_add(h.parts, excluded.parts)) AS m)"
};

static PfPlan set_plan = {
	.sql = NEW_ROWS " = (SELECT excluded.*) WHERE h IS DISTINCT FROM excluded"
};

/* Sums of many papers on their way into heat, each paper's signals one after the other. */
typedef struct HeatWriter
{
	PfPlan	   *plan;
	PfHeatTable *heat;			/* for additions only */
	PfSignalConfig *config;
	MemoryContext batch;		/* papers and parts; reset with each statement */
	Datum		papers[BATCH_PAPERS];
	Datum		parts[BATCH_PAPERS];
	int			n;
	text	   *paper;			/* that is being summed up; NULL = none yet */
	PfSums		sums;
	int64		total;
	bool		has_warned;
} HeatWriter;

static HeatWriter *
writer_begin(PfPlan *plan)
{
	HeatWriter *w = palloc0(sizeof(HeatWriter));

	w->plan = plan;
	w->config = pf_signal_config();
	if (plan == &add_plan)
		w->heat = pf_heat_open(w->config);
	w->batch = AllocSetContextCreate(CurrentMemoryContext, "paperfeed heat", ALLOCSET_DEFAULT_SIZES);
	return w;
}

static void
flush(HeatWriter *w)
{
	static const Oid types[] = {PF_ARG_PAPERS, BYTEAARRAYOID};
	MemoryContext old;
	Datum		args[2];

	if (w->n == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	old = MemoryContextSwitchTo(w->batch);
	args[0] = pf_paperid_array(w->papers, w->n);
	args[1] = PointerGetDatum(construct_array(w->parts, w->n, BYTEAOID, -1, false, TYPALIGN_INT));
	(void) pf_plan_run(w->plan, 2, types, args, NULL, false, NULL);
	MemoryContextSwitchTo(old);
	MemoryContextReset(w->batch);
	w->total += w->n;
	w->n = 0;
}

static void
finish_paper(HeatWriter *w)
{
	MemoryContext old;

	if (w->paper == NULL)
		return;
	if (w->heat != NULL)
	{
		/* In the order of papers: those that wait to be inserted are first. */
		if (w->n > 0 && pf_heat_row_exists(w->heat, PointerGetDatum(w->paper)))
			flush(w);
		if (w->n == 0 && pf_heat_row_add(w->heat, PointerGetDatum(w->paper), &w->sums))
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(w->batch);
			w->paper = NULL;
			pf_sums_reset(&w->sums);
			return;
		}
	}
	old = MemoryContextSwitchTo(w->batch);
	w->papers[w->n] = PointerGetDatum(w->paper);
	w->parts[w->n] = PointerGetDatum(pf_sums_out(&w->sums, w->config->nslots));
	w->n++;
	MemoryContextSwitchTo(old);
	w->paper = NULL;
	pf_sums_reset(&w->sums);
	if (w->n == BATCH_PAPERS)
		flush(w);
}

static void
writer_add(HeatWriter *w, Datum paper, const PfSignal *signal)
{
	text	   *id = DatumGetTextPP(paper);

	if (w->paper != NULL &&
		(VARSIZE_ANY_EXHDR(id) != VARSIZE_ANY_EXHDR(w->paper) ||
		 memcmp(VARDATA_ANY(id), VARDATA_ANY(w->paper), VARSIZE_ANY_EXHDR(id)) != 0))
		finish_paper(w);
	if (w->paper == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(w->batch);

		w->paper = cstring_to_text_with_len(VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
		MemoryContextSwitchTo(old);
	}
	if (signal != NULL)
		pf_sums_add(&w->sums, signal, w->config->half_lives, w->config->nslots);
}

static int64
writer_end(HeatWriter *w)
{
	int64		total;

	finish_paper(w);
	flush(w);
	total = w->total;
	if (w->heat != NULL)
		pf_heat_close(w->heat);
	MemoryContextDelete(w->batch);
	return total;
}

/* What has to see all signals that are committed cannot do it by a snapshot that is older than its locks. */
void
pf_heat_refuse_old_snapshot(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("signals cannot be changed, and heat not made anew, under REPEATABLE READ or SERIALIZABLE"),
				 errdetail("Signals that others committed since the transaction began would be lost from heat."),
				 errhint("Do it in a transaction of its own at READ COMMITTED; to add signals any will do.")));
}

void
pf_heat_lock(void)
{
	pf_heat_refuse_old_snapshot();
	/* In the order in which TRUNCATE comes to both. */
	LockRelationOid(pf_own_table("signals"), AccessShareLock);
	LockRelationOid(pf_own_table("heat"), ShareRowExclusiveLock);
}

void
pf_heat_lock_out(void)
{
	pf_heat_refuse_old_snapshot();
	LockRelationOid(pf_own_table("signals"), AccessShareLock);
	LockRelationOid(pf_own_table("heat"), AccessExclusiveLock);
}

void
pf_check_trigger(FunctionCallInfo fcinfo, const char *function, const char *table)
{
	/* Anybody may make a trigger of any function on a table of his own. */
	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation) != pf_own_table(table))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function paperfeed.%s() may be called by its trigger only", function)));
}

static void
check_signal(const PfSignal *signal, text *kind, text *paper)
{
	if (!(fabs(signal->weight) <= PF_MAX_COUNT))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weight of a signal of kind \"%s\" for \"%s\" is out of range: %g",
						text_to_cstring(kind),
						text_to_cstring(paper), signal->weight),
				 errdetail("A weight must be between %g and %g.", -PF_MAX_COUNT, PF_MAX_COUNT)));
	if (TIMESTAMP_NOT_FINITE(signal->at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time of a signal of kind \"%s\" for \"%s\" must be finite",
						text_to_cstring(kind),
						text_to_cstring(paper))));
}

/*
 * A row of signals, checked; false if it counts nothing, as its kind is not
 * known.  That is told once a statement and is no error: a parallel restore may
 * bring signals before their kinds.
 */
static bool
read_signal(HeatWriter *w, TupleTableSlot *slot, TimestampTz latest, PfSignal *signal)
{
	text	   *name;
	const PfSignalKind *kind;

	slot_getallattrs(slot);
	name = DatumGetTextPP(slot->tts_values[SIGNAL_KIND]);
	kind = pf_signal_kind_by_name(w->config, VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name));
	signal->at = DatumGetTimestampTz(slot->tts_values[SIGNAL_AT]);
	signal->weight = DatumGetFloat8(slot->tts_values[SIGNAL_WEIGHT]);
	signal->retracts = DatumGetBool(slot->tts_values[SIGNAL_RETRACTS]);
	check_signal(signal, name, DatumGetTextPP(slot->tts_values[SIGNAL_PAPER]));
	if (signal->at > latest)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("signal of kind \"%s\" for \"%s\" lies in the future: %s",
						text_to_cstring(name),
						TextDatumGetCString(slot->tts_values[SIGNAL_PAPER]),
						timestamptz_to_str(signal->at)),
				 errdetail("A signal may be at most 5 minutes ahead of the server's clock.")));
	if (kind == NULL)
	{
		if (!w->has_warned)
			ereport(WARNING,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("there is no kind of signals \"%s\"", text_to_cstring(name)),
					 errdetail("Its signals are kept, but count nothing until there is."),
					 errhint("INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES (%s, 1) makes it.",
							 quote_literal_cstr(text_to_cstring(name)))));
		w->has_warned = true;
		return false;
	}
	signal->kind = kind->id;
	return true;
}

/* From its first row, whoever else reads it. */
static void
start_reading(Tuplestorestate *rows)
{
	tuplestore_select_read_pointer(rows, tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
}

static Tuplesortstate *
sort_begin(TupleDesc tupdesc)
{
	AttrNumber	column = SIGNAL_PAPER + 1;
	Oid			less = lookup_type_cache(pf_paperid_type(), TYPECACHE_LT_OPR)->lt_opr;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;

	return tuplesort_begin_heap(tupdesc, 1, &column, &less, &collation, &nulls_first,
								work_mem, NULL, TUPLESORT_NONE);
}

PG_FUNCTION_INFO_V1(pf_signals_added);
PG_FUNCTION_INFO_V1(pf_signals_changed);
PG_FUNCTION_INFO_V1(pf_rebuild_heat);

/* AFTER INSERT ON signals FOR EACH STATEMENT, with the new rows */
Datum
pf_signals_added(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	TupleDesc	tupdesc;
	TupleTableSlot *slot;
	TupleTableSlot *next;
	Tuplesortstate *sort;
	HeatWriter *w;
	TimestampTz latest;

	pf_check_trigger(fcinfo, "_signals_added", "signals");
	tupdesc = RelationGetDescr(data->tg_relation);
	if (tupdesc->natts != NSIGNAL || data->tg_newtable == NULL)
		elog(ERROR, "table paperfeed.signals or its trigger was changed");

	slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	start_reading(data->tg_newtable);
	if (!tuplestore_gettupleslot(data->tg_newtable, true, true, slot))
	{
		ExecDropSingleTupleTableSlot(slot);
		return PointerGetDatum(NULL);
	}

	pf_spi_connect();
	/* Before the weights are looked at: who changes them keeps writers out. */
	LockRelationOid(pf_own_table("heat"), RowExclusiveLock);
	w = writer_begin(&add_plan);
	latest = GetCurrentTimestamp() + MAX_AHEAD;

	next = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	if (!tuplestore_gettupleslot(data->tg_newtable, true, false, next))
	{
		PfSignal	signal;

		if (read_signal(w, slot, latest, &signal))
			writer_add(w, slot->tts_values[SIGNAL_PAPER], &signal);
	}
	else
	{
		sort = sort_begin(tupdesc);
		tuplesort_puttupleslot(sort, slot);
		do
		{
			CHECK_FOR_INTERRUPTS();
			tuplesort_puttupleslot(sort, next);
		} while (tuplestore_gettupleslot(data->tg_newtable, true, false, next));
		tuplesort_performsort(sort);
		while (tuplesort_gettupleslot(sort, true, false, slot, NULL))
		{
			PfSignal	signal;

			if (read_signal(w, slot, latest, &signal))
				writer_add(w, slot->tts_values[SIGNAL_PAPER], &signal);
		}
		tuplesort_end(sort);
	}
	ExecDropSingleTupleTableSlot(next);
	ExecDropSingleTupleTableSlot(slot);
	(void) writer_end(w);
	SPI_finish();
	return PointerGetDatum(NULL);
}

void
pf_heat_add_signal(Datum paper, const char *name, double weight, TimestampTz at)
{
	HeatWriter *w;
	const PfSignalKind *kind;

	LockRelationOid(pf_own_table("heat"), RowExclusiveLock);
	w = writer_begin(&add_plan);
	kind = pf_signal_kind_by_name(w->config, name, (int) strlen(name));
	if (kind != NULL)
	{
		PfSignal	signal = {kind->id, weight, at, false};

		writer_add(w, paper, &signal);
	}
	(void) writer_end(w);
}

/* Add up what a query of signals gives in the order of their papers, into heat. */
static int64
add_up(SPIPlanPtr plan, Datum *args)
{
	PfAsOwner	saved;
	HeatWriter *w = writer_begin(&set_plan);
	Portal		portal;

	pf_as_owner_begin(&saved);
	portal = SPI_cursor_open(NULL, plan, args, NULL, false);
	pf_as_owner_end(&saved);
	for (;;)
	{
		SPITupleTable *rows;
		uint64		n;

		SPI_cursor_fetch(portal, true, FETCH_SIGNALS);
		rows = SPI_tuptable;
		n = SPI_processed;
		for (uint64 i = 0; i < n; i++)
		{
			Datum		values[5];
			bool		nulls[5];
			text	   *name = NULL;
			const PfSignalKind *kind = NULL;
			PfSignal	signal;

			heap_deform_tuple(rows->vals[i], rows->tupdesc, values, nulls);
			if (!nulls[1])
			{
				name = DatumGetTextPP(values[1]);
				kind = pf_signal_kind_by_name(w->config, VARDATA_ANY(name),
											  (int) VARSIZE_ANY_EXHDR(name));
			}
			if (kind != NULL)
			{
				signal.kind = kind->id;
				signal.weight = DatumGetFloat8(values[2]);
				signal.at = DatumGetTimestampTz(values[3]);
				signal.retracts = DatumGetBool(values[4]);
				check_signal(&signal, name, DatumGetTextPP(values[0]));
			}
			writer_add(w, values[0], kind == NULL ? NULL : &signal);
		}
		SPI_freetuptable(rows);
		if (n == 0)
			break;
	}
	SPI_cursor_close(portal);
	return writer_end(w);
}

static SPIPlanPtr
prepare(const char *sql, int nargs, Oid *types)
{
	PfAsOwner	saved;
	SPIPlanPtr	plan;

	pf_as_owner_begin(&saved);
	plan = SPI_prepare(sql, nargs, types);
	pf_as_owner_end(&saved);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* An index for each half-life; 'drop': and none for free slots, readers being locked out. */
static void
make_indexes(bool drop)
{
	Oid			schema = get_namespace_oid("paperfeed", false);
	PfSignalConfig *config = pf_signal_config();
	PfAsOwner	saved;

	pf_as_owner_begin(&saved);
	for (int i = 0; i < PF_MAX_SLOTS; i++)
	{
		char	   *name = psprintf("heat_%d_idx", i + 1);
		bool		wanted = config->half_lives[i] > 0;
		char	   *sql;

		if (wanted == OidIsValid(get_relname_relid(name, schema)) || (!wanted && !drop))
			continue;
		sql = wanted ?
			psprintf("CREATE INDEX %s ON paperfeed.heat (heat_%d DESC)", name, i + 1) :
			psprintf("DROP INDEX paperfeed.%s", name);
		if (SPI_execute(sql, false, 0) < 0)
			elog(ERROR, "could not run: %s", sql);
	}
	pf_as_owner_end(&saved);
}

/*
 * All of heat; the table is locked, and SPI is connected.  Kinds and half-lives
 * are read anew by everybody: a restore may have brought them with triggers
 * disabled.
 */
int64
pf_heat_rebuild(bool drop_indexes)
{
	MemoryContext context = CurrentMemoryContext;
	static PfPlan leave_out = {
		.sql = "DELETE FROM paperfeed.heat AS h WHERE NOT EXISTS (SELECT FROM paperfeed.signals AS s"
		" WHERE s.paper OPERATOR(pg_catalog.=) h.paper)"
	};
	SPIPlanPtr	plan;
	int64		papers;

	CacheInvalidateRelcacheByRelid(pf_own_table("signal_kinds"));
	CacheInvalidateRelcacheByRelid(pf_own_table("half_lives"));
	CommandCounterIncrement();
	make_indexes(drop_indexes);
	MemoryContextSwitchTo(context);
	plan = prepare("SELECT paper, kind, weight, at, retracts FROM paperfeed.signals ORDER BY paper",
				   0, NULL);
	MemoryContextSwitchTo(context);
	papers = add_up(plan, NULL);
	(void) pf_plan_run(&leave_out, 0, NULL, NULL, NULL, false, NULL);
	return papers;
}

/* rebuild_heat() */
Datum
pf_rebuild_heat(PG_FUNCTION_ARGS)
{
	int64		papers;

	(void) fcinfo;
	pf_spi_connect();
	pf_heat_lock();
	papers = pf_heat_rebuild(false);
	SPI_finish();
	PG_RETURN_INT64(papers);
}

typedef struct Papers
{
	text	  **items;
	int			n;
	int			max;
} Papers;

/* The papers of rows that a statement changed. */
static void
add_papers(Papers *papers, Tuplestorestate *rows, TupleDesc tupdesc)
{
	TupleTableSlot *slot;

	if (rows == NULL)
		return;
	start_reading(rows);
	slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		isnull;

		if (papers->n == papers->max)
		{
			papers->max = Max(64, papers->max * 2);
			papers->items = papers->items == NULL ?
				palloc(papers->max * sizeof(text *)) :
				repalloc_huge(papers->items, papers->max * sizeof(text *));
		}
		papers->items[papers->n++] =
			DatumGetTextPCopy(slot_getattr(slot, SIGNAL_PAPER + 1, &isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
}

static int
compare_papers(const void *a, const void *b)
{
	return pf_compare_texts(PointerGetDatum(*(text *const *) a), PointerGetDatum(*(text *const *) b));
}

/* AFTER UPDATE, DELETE or TRUNCATE ON signals FOR EACH STATEMENT */
Datum
pf_signals_changed(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {PF_ARG_PAPERS};
	static PfPlan lock_rows = {
		.sql = "INSERT INTO paperfeed.heat (paper, gross, parts)"
		" SELECT u.paper, 0, decode('00000000', 'hex') FROM unnest($1) AS u (paper)"
		" ON CONFLICT (paper) DO UPDATE SET paper = excluded.paper WHERE false"
	};
	static PfPlan leave_out = {
		.sql = "DELETE FROM paperfeed.heat AS h WHERE h.paper OPERATOR(pg_catalog.=) ANY ($1)"
		" AND NOT EXISTS (SELECT FROM paperfeed.signals AS s"
		" WHERE s.paper OPERATOR(pg_catalog.=) h.paper)"
	};
	static PfPlan empty = {.sql = "DELETE FROM paperfeed.heat"};
	TriggerData *data = (TriggerData *) fcinfo->context;
	TupleDesc	tupdesc;
	Papers		papers = {NULL, 0, 0};
	Datum	   *ids;
	Oid			array_type[1];
	Datum		args[1];
	int			n = 0;

	pf_check_trigger(fcinfo, "_signals_changed", "signals");
	pf_spi_connect();
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
	{
		pf_heat_lock();
		(void) pf_plan_run(&empty, 0, NULL, NULL, NULL, false, NULL);
		SPI_finish();
		return PointerGetDatum(NULL);
	}

	tupdesc = RelationGetDescr(data->tg_relation);
	add_papers(&papers, data->tg_oldtable, tupdesc);
	add_papers(&papers, data->tg_newtable, tupdesc);
	if (papers.n > 0)
	{
		pf_heat_refuse_old_snapshot();
		qsort(papers.items, papers.n, sizeof(text *), compare_papers);
		ids = palloc(papers.n * sizeof(Datum));
		for (int i = 0; i < papers.n; i++)
		{
			if (i == 0 || compare_papers(&papers.items[i], &papers.items[i - 1]) != 0)
				ids[n++] = PointerGetDatum(papers.items[i]);
		}
		args[0] = pf_paperid_array(ids, n);
		(void) pf_plan_run(&lock_rows, 1, types, args, NULL, false, NULL);
		array_type[0] = get_array_type(pf_paperid_type());
		(void) add_up(prepare("SELECT u.paper, s.kind, s.weight, s.at, s.retracts"
							  " FROM unnest($1) AS u (paper) LEFT JOIN paperfeed.signals AS s"
							  " ON s.paper OPERATOR(pg_catalog.=) u.paper ORDER BY u.paper",
							  1, array_type), args);
		(void) pf_plan_run(&leave_out, 1, types, args, NULL, false, NULL);
	}
	SPI_finish();
	return PointerGetDatum(NULL);
}
