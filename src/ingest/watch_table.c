/*-------------------------------------------------------------------------
 *
 * watch_table.c
 *		The table of watches, and the index of them that a session keeps.
 *
 * The index is made when papers are first written, and again when the table
 * has changed: a trigger invalidates the table's relcache entry, which reaches
 * every session with the commit.  It is of the latest committed rows, and of the
 * transaction's own, even where its snapshot is older: who adds a watch is told
 * of what is written from then on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "ingest/watch.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Where caches are discarded all the time it is read each time, and valid never. */
#define MAX_ATTEMPTS	3

static PfWatchIndex *kept = NULL;	/* NULL with kept_is_valid: there are no watches */
static Oid	kept_table = InvalidOid;
static bool kept_is_valid = false;
static double kept_made_in = 0;

static void
forget(Datum arg pg_attribute_unused(), Oid relid)
{
	if (!OidIsValid(relid) || relid == kept_table)
		kept_is_valid = false;
}

/* What is not as the trigger makes it counts as no vector. */
static void
read_vector(PfVector *out, Datum words, Datum weights)
{
	Datum	   *items;
	Datum	   *numbers;
	bool	   *item_nulls;
	bool	   *number_nulls;
	int			nitems;
	int			nnumbers;

	deconstruct_array(DatumGetArrayTypePCopy(words), TEXTOID, -1, false, TYPALIGN_INT, &items,
					  &item_nulls, &nitems);
	deconstruct_array(DatumGetArrayTypeP(weights), FLOAT4OID, sizeof(float4), true, TYPALIGN_INT,
					  &numbers, &number_nulls, &nnumbers);
	if (nitems != nnumbers || nitems > PF_MAX_VECTOR)
		return;
	out->words = palloc(Max(nitems, 1) * sizeof(PfStr));
	out->weights = palloc(Max(nitems, 1) * sizeof(float4));
	for (int i = 0; i < nitems; i++)
	{
		text	   *word;

		if (item_nulls[i] || number_nulls[i] || !(DatumGetFloat4(numbers[i]) > 0))
			continue;
		word = DatumGetTextPP(items[i]);
		/* A reader may write his row himself: asking what it weighs must not fail. */
		if (VARSIZE_ANY_EXHDR(word) == 0 || VARSIZE_ANY_EXHDR(word) > MAXSTRLEN)
			continue;
		out->words[out->n] = (PfStr) {VARDATA_ANY(word), (int) VARSIZE_ANY_EXHDR(word)};
		out->weights[out->n++] = Min(DatumGetFloat4(numbers[i]), 1);
	}
	pfree(items);
	pfree(item_nulls);
	pfree(numbers);
	pfree(number_nulls);
}

void
pf_watch_read(PfWatch *out, const Datum *values, const bool *nulls)
{
	Datum		criteria[PF_NCRITERIA];
	bool		criteria_nulls[PF_NCRITERIA];
	static const int columns[PF_NCRITERIA] = {
		[PF_CRITERIA_CONDITION] = PF_WATCH_CONDITION,
		[PF_CRITERIA_AUTHORS] = PF_WATCH_AUTHORS,
		[PF_CRITERIA_CATEGORIES] = PF_WATCH_CATEGORIES,
		[PF_CRITERIA_SOURCES] = PF_WATCH_SOURCES
	};

	memset(out, 0, sizeof(PfWatch));
	for (int i = 0; i < PF_NCRITERIA; i++)
	{
		criteria[i] = values[columns[i]];
		criteria_nulls[i] = nulls[columns[i]];
	}
	pf_criteria_read(&out->criteria, criteria, criteria_nulls);
	if (!nulls[PF_WATCH_ID])
		out->id = DatumGetInt64(values[PF_WATCH_ID]);
	if (!nulls[PF_WATCH_SIMILAR_TO])
	{
		text	   *paper = DatumGetTextPP(values[PF_WATCH_SIMILAR_TO]);

		out->similar_to = pf_str_dup((PfStr) {VARDATA_ANY(paper), (int) VARSIZE_ANY_EXHDR(paper)});
		out->min_similarity = DatumGetFloat8(values[PF_WATCH_MIN_SIMILARITY]);
		if (!nulls[PF_WATCH_WORDS] && !nulls[PF_WATCH_WEIGHTS])
			read_vector(&out->vector, values[PF_WATCH_WORDS], values[PF_WATCH_WEIGHTS]);
	}
	out->since = DatumGetTimestampTz(values[PF_WATCH_SINCE]);
	out->notify = DatumGetBool(values[PF_WATCH_NOTIFY]);
}

/* All watches that are switched on; NULL = there are none. */
static PfWatchIndex *
read_table(void)
{
	Relation	rel = table_open(kept_table, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	PfWatchIndex *index = NULL;
	TableScanDesc scan;

	/* Columns that somebody added behind ours are his. */
	if (RelationGetDescr(rel)->natts < PF_WATCH_NCOLUMNS)
		elog(ERROR, "table \"%s\" has too few columns", RelationGetRelationName(rel));
	scan = table_beginscan(rel, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		MemoryContext old;
		PfWatch		watch;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		if (!DatumGetBool(slot->tts_values[PF_WATCH_ENABLED]))
			continue;
		if (index == NULL)
			index = pf_watch_index_begin(CurrentMemoryContext);
		old = MemoryContextSwitchTo(pf_watch_index_context(index));
		pf_watch_read(&watch, slot->tts_values, slot->tts_isnull);
		MemoryContextSwitchTo(old);
		pf_watch_index_add(index, &watch);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	if (index != NULL)
		pf_watch_index_end(index);
	return index;
}

PfWatchIndex *
pf_watches(void)
{
	static bool registered = false;
	Oid			table = pf_own_table("watches");
	int			attempts = 0;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		registered = true;
	}
	if (kept_is_valid && table == kept_table && (kept == NULL || pf_watch_index_is_good(kept)))
		return kept;

	kept_is_valid = false;
	kept_table = table;
	/* What arrives while the table is read makes the result old again. */
	while (OidIsValid(table) && !kept_is_valid && attempts++ < MAX_ATTEMPTS)
	{
		instr_time	start;
		instr_time	end;

		if (kept != NULL)
			MemoryContextDelete(pf_watch_index_context(kept));
		kept = NULL;
		kept_is_valid = true;
		INSTR_TIME_SET_CURRENT(start);
		PG_TRY();
		{
			PfWatchIndex *made = read_table();

			/* Until here it went with the transaction. */
			if (made != NULL)
				MemoryContextSetParent(pf_watch_index_context(made), TopMemoryContext);
			kept = made;
		}
		PG_CATCH();
		{
			kept_is_valid = false;
			PG_RE_THROW();
		}
		PG_END_TRY();
		INSTR_TIME_SET_CURRENT(end);
		INSTR_TIME_SUBTRACT(end, start);
		kept_made_in = INSTR_TIME_GET_MILLISEC(end);
	}
	return OidIsValid(table) ? kept : NULL;
}

double
pf_watches_made_in(void)
{
	return kept_made_in;
}
