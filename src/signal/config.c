/*-------------------------------------------------------------------------
 *
 * config.c
 *		Kinds of signals and half-lives, as the tables have them.
 *
 * They are needed for each signal, so they are kept in the backend.  Triggers on
 * the two tables send an invalidation of the tables' relcache entries, which
 * reaches every backend with the commit and drops what it keeps.
 *
 * Heat is written under the latest committed kinds and half-lives, even where
 * the transaction's snapshot is older: the change of a weight has gone over all
 * heat with writers kept out, and who writes afterwards must not fall behind it.
 * (In parallel operations, which do not write, there is no latest snapshot.)
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "rank/args.h"
#include "signal/signal.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Columns, in the order of signals.sql. */
enum
{
	KIND_NAME, KIND_WEIGHT, KIND_COUNTS_FROM, KIND_DESCRIPTION, KIND_ID, NKIND
};
enum
{
	LIFE_INTERVAL, LIFE_SLOT, NLIFE
};

/* Where caches are discarded all the time it is read each time, and valid never. */
#define MAX_ATTEMPTS	3

static PfSignalConfig *kept = NULL;
static MemoryContext kept_context = NULL;
static Oid	kept_tables[2];
static bool kept_is_valid = false;
static bool kept_is_old = false;	/* read in a parallel operation */

static void
forget(Datum arg pg_attribute_unused(), Oid relid)
{
	if (!OidIsValid(relid) || relid == kept_tables[0] || relid == kept_tables[1])
		kept_is_valid = false;
}

static int
compare_ids(const void *a, const void *b)
{
	return ((const PfSignalKind *) a)->id - ((const PfSignalKind *) b)->id;
}

static void
read_kind(PfSignalConfig *config, const Datum *values, const bool *nulls pg_attribute_unused())
{
	PfSignalKind *kind;
	char	   *name = TextDatumGetCString(values[KIND_NAME]);
	char	   *from = TextDatumGetCString(values[KIND_COUNTS_FROM]);

	if (config->kinds == NULL)
		config->kinds = palloc(sizeof(PfSignalKind));
	else
		config->kinds = repalloc(config->kinds, (config->nkinds + 1) * sizeof(PfSignalKind));
	kind = &config->kinds[config->nkinds++];
	memset(kind, 0, sizeof(PfSignalKind));
	strlcpy(kind->name, name, NAMEDATALEN);
	kind->id = DatumGetInt32(values[KIND_ID]);
	kind->weight = DatumGetFloat8(values[KIND_WEIGHT]);
	kind->from_first_reading = strcmp(from, "start") != 0;
	pfree(name);
	pfree(from);
}

static void
read_half_life(PfSignalConfig *config, const Datum *values, const bool *nulls pg_attribute_unused())
{
	int			slot = DatumGetInt16(values[LIFE_SLOT]);

	if (slot < 1 || slot > PF_MAX_SLOTS)
		elog(ERROR, "slot %d of a half-life is out of range", slot);
	config->half_lives[slot - 1] = pf_rank_arg_half_life(DatumGetIntervalP(values[LIFE_INTERVAL]));
	config->nslots = Max(config->nslots, slot);
}

static void
read_table(PfSignalConfig *config, Oid relid, int ncolumns,
		   void (*read_row) (PfSignalConfig *, const Datum *, const bool *))
{
	Relation	rel = table_open(relid, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot());
	TableScanDesc scan;
	TupleTableSlot *slot = table_slot_create(rel, NULL);

	if (RelationGetDescr(rel)->natts != ncolumns)
		elog(ERROR, "table \"%s\" has an unexpected number of columns", RelationGetRelationName(rel));
	scan = table_beginscan(rel, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		slot_getallattrs(slot);
		read_row(config, slot->tts_values, slot->tts_isnull);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
}

static void
load(void)
{
	static bool registered = false;
	Oid			schema = get_namespace_oid("paperfeed", false);
	MemoryContext old;
	int			attempts = 0;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		registered = true;
	}
	if (kept_context == NULL)
		kept_context = AllocSetContextCreate(TopMemoryContext, "paperfeed kinds of signals",
											 ALLOCSET_SMALL_SIZES);
	kept_tables[0] = get_relname_relid("signal_kinds", schema);
	kept_tables[1] = get_relname_relid("half_lives", schema);
	if (!OidIsValid(kept_tables[0]) || !OidIsValid(kept_tables[1]))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("tables paperfeed.signal_kinds and paperfeed.half_lives do not exist"),
				 errhint("Drop and create the extension paperfeed again.")));

	/* What arrives while the tables are read makes the result old again. */
	do
	{
		MemoryContextReset(kept_context);
		old = MemoryContextSwitchTo(kept_context);
		kept_is_valid = true;
		kept_is_old = IsInParallelMode();
		kept = palloc0(sizeof(PfSignalConfig));
		read_table(kept, kept_tables[0], NKIND, read_kind);
		read_table(kept, kept_tables[1], NLIFE, read_half_life);
		if (kept->nkinds > 1)
			qsort(kept->kinds, kept->nkinds, sizeof(PfSignalKind), compare_ids);
		MemoryContextSwitchTo(old);
	} while (!kept_is_valid && ++attempts < MAX_ATTEMPTS);
}

PfSignalConfig *
pf_signal_config(void)
{
	PfSignalConfig *config;

	/* What was read by an older snapshot is not for those who write. */
	if (!kept_is_valid || (kept_is_old && !IsInParallelMode()))
	{
		/* An error in the middle must not leave half of it as valid. */
		PG_TRY();
		{
			load();
		}
		PG_CATCH();
		{
			kept_is_valid = false;
			PG_RE_THROW();
		}
		PG_END_TRY();
	}
	config = palloc(sizeof(PfSignalConfig));
	*config = *kept;
	config->kinds = palloc(Max(kept->nkinds, 1) * sizeof(PfSignalKind));
	if (kept->nkinds > 0)
		memcpy(config->kinds, kept->kinds, kept->nkinds * sizeof(PfSignalKind));
	return config;
}

const PfSignalKind *
pf_signal_kind_by_id(const PfSignalConfig *config, int id)
{
	for (int i = 0; i < config->nkinds; i++)
	{
		if (config->kinds[i].id == id)
			return &config->kinds[i];
	}
	return NULL;
}

const PfSignalKind *
pf_signal_kind_by_name(const PfSignalConfig *config, const char *name, int len)
{
	for (int i = 0; i < config->nkinds; i++)
	{
		if (strncmp(config->kinds[i].name, name, len) == 0 && config->kinds[i].name[len] == '\0')
			return &config->kinds[i];
	}
	return NULL;
}

int
pf_signal_slot(const PfSignalConfig *config, int64 half_life)
{
	for (int i = 0; i < config->nslots; i++)
	{
		if (config->half_lives[i] == half_life)
			return i;
	}
	return -1;
}
