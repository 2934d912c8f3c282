/*-------------------------------------------------------------------------
 *
 * rules.c
 *		What the user wants to keep and drop: the table rules, read and asked.
 *
 * The rules are kept in the backend, made ready to match.  A trigger on the table
 * sends an invalidation of its relcache entry, which reaches every backend with
 * the commit; what is kept is then read again when it is next needed.  It is what
 * is committed, even where the transaction's snapshot is older.
 *
 * A record that is dropped makes no new paper.  Of a paper that is there already
 * it goes on telling: a row that was wanted once does not go stale because its
 * later versions say something else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/encoding.h"
#include "fmgr.h"
#include "ingest/rules.h"
#include "paper/plan.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Columns, in the order of rules.sql. */
enum
{
	RULE_ID, RULE_NAME, RULE_ACTION, RULE_QUERY, RULE_AUTHORS, RULE_CATEGORIES, RULE_SOURCES,
	RULE_FEED_TAGS, RULE_TAG, RULE_BOOST, RULE_ENABLED, RULE_CREATED_AT, RULE_CONDITION, NRULE
};

static const char *const action_names[PF_NACTIONS] = {"drop", "keep", "tag", "boost"};

/* What keeps records of one feed out. */
typedef struct Filter
{
	const PfStrings *feed_tags;
	MemoryContext context;		/* of one record */
} Filter;

static PfRules *kept = NULL;	/* what it is made of lives in the same context */
static uint64 changes = 1;		/* counts what may have made it old */
static uint64 kept_at = 0;		/* 'changes' when it was read */
static Oid	kept_table = InvalidOid;

static void
forget(Datum arg pg_attribute_unused(), Oid relid)
{
	if (!OidIsValid(relid) || relid == kept_table)
		changes++;
}

/* ---- reading ---- */

static PfStrings
read_list(Datum array)
{
	PfStrings	out = {0};
	Datum	   *items;
	bool	   *nulls;
	int			n;

	deconstruct_array(DatumGetArrayTypePCopy(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			pf_strings_add(&out, pf_str_dup(pf_text_to_utf8(DatumGetTextPP(items[i]))));
	}
	return out;
}

static void
read_rule(PfRules *rules, const Datum *values, const bool *nulls)
{
	static const int columns[PF_NCRITERIA] = {
		[PF_CRITERIA_CONDITION] = RULE_CONDITION,
		[PF_CRITERIA_AUTHORS] = RULE_AUTHORS,
		[PF_CRITERIA_CATEGORIES] = RULE_CATEGORIES,
		[PF_CRITERIA_SOURCES] = RULE_SOURCES
	};
	Datum		criteria[PF_NCRITERIA];
	bool		criteria_nulls[PF_NCRITERIA];
	char	   *action = TextDatumGetCString(values[RULE_ACTION]);
	PfRule	   *rule;

	if (!DatumGetBool(values[RULE_ENABLED]))
		return;
	rules->items = rules->items == NULL ? palloc(sizeof(PfRule)) :
		repalloc(rules->items, (rules->n + 1) * sizeof(PfRule));
	rule = &rules->items[rules->n++];
	memset(rule, 0, sizeof(PfRule));
	rule->id = DatumGetInt64(values[RULE_ID]);
	rule->name = pf_str_dup(pf_text_to_utf8(DatumGetTextPP(values[RULE_NAME])));
	while (rule->action < PF_NACTIONS && strcmp(action, action_names[rule->action]) != 0)
		rule->action++;
	if (rule->action == PF_NACTIONS)
		elog(ERROR, "unknown action \"%s\" of a rule", action);
	for (int i = 0; i < PF_NCRITERIA; i++)
	{
		criteria[i] = values[columns[i]];
		criteria_nulls[i] = nulls[columns[i]];
	}
	pf_criteria_read(&rule->criteria, criteria, criteria_nulls);
	if (!nulls[RULE_FEED_TAGS])
		rule->feed_tags = read_list(values[RULE_FEED_TAGS]);
}

static int
compare_rules(const void *a, const void *b)
{
	const PfRule *x = a;
	const PfRule *y = b;

	if (x->action != y->action)
		return (int) x->action - (int) y->action;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void
read_table(PfRules *rules)
{
	Relation	rel = table_open(kept_table, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan;

	/* Columns that somebody added behind ours are his. */
	if (RelationGetDescr(rel)->natts < NRULE)
		elog(ERROR, "table \"%s\" has too few columns",
			 RelationGetRelationName(rel));
	scan = table_beginscan(rel, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		slot_getallattrs(slot);
		read_rule(rules, slot->tts_values, slot->tts_isnull);
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
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed rules",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfRules    *rules = palloc0(sizeof(PfRules));
	uint64		at;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		registered = true;
	}
	kept_table = pf_own_table("rules");
	/* What arrives while the table is read makes the result old again. */
	at = changes;
	/* The extension's tables may be older than this library. */
	if (OidIsValid(kept_table))
		read_table(rules);
	if (rules->n > 1)
		qsort(rules->items, rules->n, sizeof(PfRule), compare_rules);
	for (int i = 0; i < rules->n; i++)
	{
		for (int action = rules->items[i].action + 1; action <= PF_NACTIONS; action++)
			rules->first[action]++;
	}
	MemoryContextSwitchTo(old);

	MemoryContextSetParent(context, TopMemoryContext);
	if (kept != NULL)
		MemoryContextDelete(GetMemoryChunkContext(kept));
	kept = rules;
	kept_at = OidIsValid(kept_table) ? at : 0;
}

const PfRules *
pf_rules(void)
{
	if (kept == NULL || kept_at != changes)
		load();
	return kept;
}

/* ---- asking ---- */

static bool
is_about(const PfRule *rule, const PfStrings *feed_tags)
{
	if (rule->feed_tags.n == 0)
		return true;
	for (int i = 0; i < rule->feed_tags.n; i++)
	{
		if (pf_strings_has(feed_tags, rule->feed_tags.items[i]))
			return true;
	}
	return false;
}

bool
pf_rules_want(const PfRules *rules, PfSubject *subject, const PfStrings *feed_tags, PfStr *why)
{
	bool		some_keep = false;

	for (int i = 0; i < rules->first[PF_ACTION_TAG]; i++)
	{
		const PfRule *rule = &rules->items[i];

		if (!is_about(rule, feed_tags))
			continue;
		some_keep |= rule->action == PF_ACTION_KEEP;
		if (!pf_criteria_match(&rule->criteria, subject))
			continue;
		if (rule->action == PF_ACTION_KEEP)
			return true;
		*why = pf_str_printf("rule \"%.*s\" drops it", rule->name.len, rule->name.s);
		return false;
	}
	if (some_keep)
		*why = PF_STR_LIT("no rule keeps it");
	return !some_keep;
}

/* A PfWantedFn. */
static bool
is_wanted(const PfRow *told, void *arg)
{
	Filter	   *filter = arg;
	const PfRules *rules = pf_rules();
	MemoryContext old;
	PfStr		why;
	bool		wanted;

	if (rules->first[PF_ACTION_TAG] == 0)
		return true;
	old = MemoryContextSwitchTo(filter->context);
	wanted = pf_rules_want(rules, pf_subject_of_row(told), filter->feed_tags, &why);
	MemoryContextSwitchTo(old);
	MemoryContextReset(filter->context);
	return wanted;
}

/* Rules are about paperfeed.papers; what goes elsewhere is for whoever sends it there. */
void
pf_rules_filter(PfWriter *writer, Oid target, const PfStrings *feed_tags)
{
	Filter	   *filter;

	if (target != pf_own_table("papers"))
		return;
	filter = palloc(sizeof(Filter));
	filter->feed_tags = feed_tags;
	filter->context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed filter",
											ALLOCSET_DEFAULT_SIZES);
	pf_writer_filter(writer, is_wanted, filter);
}

/* ---- SQL ---- */

PG_FUNCTION_INFO_V1(pf_rules_changed);
PG_FUNCTION_INFO_V1(pf_rule_updated);
PG_FUNCTION_INFO_V1(pf_unwanted);

static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *name)
{
	/* Anybody may make a trigger of any function on a table of his own. */
	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation) != pf_own_table("rules"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function paperfeed.%s() may be called by its trigger only", name)));
	return (TriggerData *) fcinfo->context;
}

/* AFTER INSERT, UPDATE, DELETE or TRUNCATE ON rules FOR EACH STATEMENT */
Datum
pf_rules_changed(PG_FUNCTION_ARGS)
{
	CacheInvalidateRelcache(trigger_data(fcinfo, "_rules_changed")->tg_relation);
	return PointerGetDatum(NULL);
}

/* AFTER UPDATE ON rules FOR EACH ROW with another boost or action, or enabled or disabled */
Datum
pf_rule_updated(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT8OID};
	static PfPlan boost = {
		.sql = "UPDATE paperfeed.rule_hits AS h SET boost = r.boost FROM ("
		"SELECT id, CASE WHEN enabled THEN boost END AS boost FROM paperfeed.rules"
		" WHERE id = $1) AS r WHERE h.rule = r.id AND h.boost IS DISTINCT FROM r.boost"
	};
	static PfPlan no_match = {
		.sql = "DELETE FROM paperfeed.rule_hits AS h USING paperfeed.rules AS r"
		" WHERE r.id = $1 AND r.action IN ('keep', 'drop') AND h.rule = r.id"
	};
	TriggerData *data = trigger_data(fcinfo, "_rule_updated");
	bool		isnull;
	Datum		id = SPI_getbinval(data->tg_newtuple, RelationGetDescr(data->tg_relation),
								   RULE_ID + 1, &isnull);

	pf_spi_connect();
	(void) pf_plan_run(&boost, 1, types, &id, NULL, false, NULL);
	(void) pf_plan_run(&no_match, 1, types, &id, NULL, false, NULL);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* _unwanted(title, abstract, authors, categories, source, feed_tags) */
Datum
pf_unwanted(PG_FUNCTION_ARGS)
{
	static const PfColumn columns[] = {
		PF_COL_TITLE, PF_COL_ABSTRACT, PF_COL_AUTHORS, PF_COL_CATEGORIES, PF_COL_SOURCE
	};
	const PfRules *rules = pf_rules();
	PfRow		row;
	PfStrings	feed_tags = {0};
	PfStr		why;

	if (rules->first[PF_ACTION_TAG] == 0)
		PG_RETURN_NULL();
	memset(row.nulls, true, sizeof(row.nulls));
	for (size_t i = 0; i < lengthof(columns); i++)
	{
		row.nulls[columns[i]] = PG_ARGISNULL(i);
		row.values[columns[i]] = PG_GETARG_DATUM(i);
	}
	if (!PG_ARGISNULL(5))
		feed_tags = read_list(PG_GETARG_DATUM(5));
	if (pf_rules_want(rules, pf_subject_of_row(&row), &feed_tags, &why))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(pf_utf8_to_text(why));
}
