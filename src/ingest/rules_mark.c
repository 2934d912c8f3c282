/*-------------------------------------------------------------------------
 *
 * rules_mark.c
 *		Tags and boosts: which paper matches which rule.
 *
 * paperfeed.rule_hits has a row for each match.  Matches of papers that a feed
 * brings are looked for in the batch that writes them, on rows as they are after
 * merging; those of all others by apply_rules().
 *
 * What a match gives is up to its rule: the view paper_tags reads the tag from
 * there, and the column boost is brought up to date by what writes matches and by
 * the trigger on rules.  The room of signals has a trigger that makes a change of
 * it, from nothing or to nothing or else, a change of the paper's heat.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "ingest/job.h"
#include "ingest/rules.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define BATCH_PAPERS	500		/* that apply_rules() commits at once */

/* What rules look at of a row. */
#define LOOKED_AT \
	((PfColumnSet) 1 << PF_COL_TITLE | (PfColumnSet) 1 << PF_COL_ABSTRACT | \
	 (PfColumnSet) 1 << PF_COL_AUTHORS | (PfColumnSet) 1 << PF_COL_CATEGORIES | \
	 (PfColumnSet) 1 << PF_COL_SOURCE)

/*
 * The rules that match are locked such that they are not deleted meanwhile.  A
 * paper comes in when a feed first shows it; without feeds, when it was published.
 */
static PfPlan match_plan = {
	.sql = "WITH wanted AS MATERIALIZED (SELECT u.paper, r.id AS rule"
	" FROM unnest($2, $3) AS u (paper, rule) JOIN paperfeed.rules AS r ON r.id = u.rule"
	" WHERE r.feed_tags IS NULL OR EXISTS (SELECT FROM paperfeed.sightings AS s"
	" JOIN paperfeed.feeds AS f ON f.id = s.feed"
	" WHERE s.paper OPERATOR(pg_catalog.=) u.paper AND f.tags && r.feed_tags)"
	" FOR KEY SHARE OF r),"
	" gone AS (DELETE FROM paperfeed.rule_hits AS h"
	" WHERE h.paper OPERATOR(pg_catalog.=) ANY ($1) AND h.rule = ANY ($4) AND NOT EXISTS ("
	"SELECT FROM wanted AS w WHERE w.paper OPERATOR(pg_catalog.=) h.paper AND w.rule = h.rule)"
	" RETURNING 1),"
	" come AS (INSERT INTO paperfeed.rule_hits (paper, rule, at) SELECT w.paper, w.rule,"
	" LEAST(now(), COALESCE((SELECT min(first_seen) FROM paperfeed.sightings AS s"
	" WHERE s.paper OPERATOR(pg_catalog.=) w.paper), (SELECT published FROM paperfeed.papers AS p"
	" WHERE p.id OPERATOR(pg_catalog.=) w.paper AND isfinite(published)), now()))"
	" FROM wanted AS w WHERE NOT EXISTS (SELECT FROM paperfeed.rule_hits AS h"
	" WHERE h.paper OPERATOR(pg_catalog.=) w.paper AND h.rule = w.rule)"
	" ON CONFLICT DO NOTHING RETURNING 1)"
	" SELECT (SELECT count(*) FROM come), (SELECT count(*) FROM gone)"
};

static PfPlan boost_plan = {
	.sql = "UPDATE paperfeed.rule_hits AS h SET boost = r.boost FROM paperfeed.rules AS r"
	" WHERE h.paper OPERATOR(pg_catalog.=) ANY ($1) AND r.id = h.rule AND r.enabled"
	" AND h.boost IS DISTINCT FROM r.boost"
};

static Datum
numbers(Datum *items, int n)
{
	return PointerGetDatum(construct_array(items, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

static int64
result_count(int column)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column,
									   &isnull));
}

typedef struct Matches
{
	Datum	   *papers;
	Datum	   *rules;
	int			n;
	int			max;
} Matches;

static void
add_match(Matches *matches, Datum paper, int64 rule)
{
	if (matches->n == matches->max)
	{
		matches->max *= 2;
		matches->papers = repalloc_huge(matches->papers, matches->max * sizeof(Datum));
		matches->rules = repalloc_huge(matches->rules, matches->max * sizeof(Datum));
	}
	matches->papers[matches->n] = paper;
	matches->rules[matches->n++] = Int64GetDatum(rule);
}

/* Of one paper with all rules from 'first' on; all that is made is in CurrentMemoryContext. */
static void
match_paper(Matches *matches, const PfRules *rules, int first, Datum paper, const PfRow *row)
{
	PfSubject  *subject = pf_subject_of_row(row);

	for (int i = first; i < rules->n; i++)
	{
		if (pf_criteria_match(&rules->items[i].criteria, subject))
			add_match(matches, paper, rules->items[i].id);
	}
}

void
pf_rules_mark(const Datum *papers, const PfRow *const *rows, int n, int64 *added, int64 *removed)
{
	static const Oid types[] = {PF_ARG_PAPERS, PF_ARG_PAPERS, INT8ARRAYOID, INT8ARRAYOID};
	const PfRules *rules = pf_rules();
	int			first = rules->first[PF_ACTION_TAG];
	int			nrules = rules->n - first;
	bool		has_boosts = rules->first[PF_ACTION_BOOST] < rules->n;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed matches",
												  ALLOCSET_DEFAULT_SIZES);
	Matches		matches = {palloc(64 * sizeof(Datum)), palloc(64 * sizeof(Datum)), 0, 64};
	Datum	   *ids = palloc((nrules + 1) * sizeof(Datum));
	Datum		args[4];

	for (int i = 0; i < nrules; i++)
		ids[i] = Int64GetDatum(rules->items[first + i].id);
	for (int i = 0; i < n; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		match_paper(&matches, rules, first, papers[i], rows[i]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);

	/* From here on the rules may be read anew. */
	args[0] = pf_paperid_array(unconstify(Datum *, papers), n);
	args[1] = pf_paperid_array(matches.papers, matches.n);
	args[2] = numbers(matches.rules, matches.n);
	args[3] = numbers(ids, nrules);
	(void) pf_plan_run(&match_plan, 4, types, args, NULL, false, NULL);
	*added += result_count(1);
	*removed += result_count(2);
	SPI_freetuptable(SPI_tuptable);
	if (has_boosts)
		(void) pf_plan_run(&boost_plan, 1, types, args, NULL, false, NULL);
}

/* A PfWrittenHook. */
static void
written(const PfWritten *papers, int n)
{
	const PfRules *rules = pf_rules();
	Datum	   *ids;
	const PfRow **rows;
	int			nlook = 0;
	int64		added = 0;
	int64		removed = 0;

	if (rules->first[PF_ACTION_TAG] == rules->n)
		return;
	ids = palloc(n * sizeof(Datum));
	rows = palloc(n * sizeof(PfRow *));
	for (int i = 0; i < n; i++)
	{
		if (!papers[i].is_new && papers[i].was_shown && (papers[i].changed & LOOKED_AT) == 0)
			continue;
		ids[nlook] = papers[i].paper;
		rows[nlook++] = papers[i].row;
	}
	if (nlook > 0)
		pf_rules_mark(ids, rows, nlook, &added, &removed);
}

/* A PfMovedHook: what both papers have, one of them loses. */
static void
moved(Datum old, Datum new)
{
	static const Oid types[] = {PF_ARG_PAPER, PF_ARG_PAPER};
	static PfPlan plans[] = {
		{.sql = "DELETE FROM paperfeed.rule_hits AS o WHERE o.paper OPERATOR(pg_catalog.=) $1"
			" AND EXISTS (SELECT FROM paperfeed.rule_hits AS n"
		" WHERE n.paper OPERATOR(pg_catalog.=) $2 AND n.rule = o.rule)"},
		{.sql = "UPDATE paperfeed.rule_hits SET paper = $2 WHERE paper OPERATOR(pg_catalog.=) $1"},
		{.sql = "DELETE FROM paperfeed.hand_tags AS o WHERE o.paper OPERATOR(pg_catalog.=) $1"
			" AND EXISTS (SELECT FROM paperfeed.hand_tags AS n"
		" WHERE n.paper OPERATOR(pg_catalog.=) $2 AND n.tag = o.tag)"},
		{.sql = "UPDATE paperfeed.hand_tags SET paper = $2 WHERE paper OPERATOR(pg_catalog.=) $1"},
	};
	static PfPlan count = {
		.sql = "SELECT (SELECT count(*) FROM paperfeed.rule_hits"
		" WHERE paper OPERATOR(pg_catalog.=) $1) + (SELECT count(*) FROM paperfeed.hand_tags"
		" WHERE paper OPERATOR(pg_catalog.=) $1)"
	};
	Datum		args[2] = {old, new};

	if (!OidIsValid(pf_own_table("rule_hits")))
		return;
	if (IsolationUsesXactSnapshot())
	{
		int64		seen;

		/* What came since the snapshot would be left behind. */
		(void) pf_plan_run(&count, 1, types, args, NULL, false, NULL);
		seen = result_count(1);
		PushActiveSnapshot(GetLatestSnapshot());
		(void) pf_plan_run(&count, 1, types, args, NULL, true, NULL);
		PopActiveSnapshot();
		if (seen != result_count(1))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent tagging")));
	}
	for (size_t i = 0; i < lengthof(plans); i++)
		(void) pf_plan_run(&plans[i], 2, types, args, NULL, false, NULL);
}

void
pf_rules_init(void)
{
	pf_add_written_hook(written);
	pf_add_moved_hook(moved);
}

/* ---- apply_rules() ---- */

#define PUBLISHED_SINCE "($1 IS NULL OR p.published >= $1)"

static int64
count_papers(Datum since, char isnull)
{
	static const Oid types[] = {TIMESTAMPTZOID};
	static PfPlan plan = {
		.sql = "SELECT count(*) FROM paperfeed.papers AS p WHERE " PUBLISHED_SINCE
	};

	(void) pf_plan_run(&plan, 1, types, &since, &isnull, true, NULL);
	return result_count(1);
}

/* The next papers behind 'after', locked against changes; the number of them. */
static int
mark_next(Datum since, bool since_isnull, text **after, MemoryContext keep, int64 *added,
		  int64 *removed)
{
	static const Oid types[] = {TIMESTAMPTZOID, PF_ARG_PAPER, INT4OID};
	static PfPlan first_plan = {
		.sql = "SELECT " PF_PAPER_COLUMNS " FROM paperfeed.papers AS p WHERE " PUBLISHED_SINCE
		" AND $2 IS NULL ORDER BY p.id LIMIT $3 FOR SHARE"
	};
	static PfPlan next_plan = {
		.sql = "SELECT " PF_PAPER_COLUMNS " FROM paperfeed.papers AS p WHERE " PUBLISHED_SINCE
		" AND p.id OPERATOR(pg_catalog.>) $2 ORDER BY p.id LIMIT $3 FOR SHARE"
	};
	Datum		args[3] = {since, PointerGetDatum(*after), Int32GetDatum(BATCH_PAPERS)};
	char		nulls[3] = {since_isnull ? 'n' : ' ', *after == NULL ? 'n' : ' ', ' '};
	int			n = (int) pf_plan_run(*after == NULL ? &first_plan : &next_plan, 3, types, args,
									  nulls, false, NULL);
	SPITupleTable *found = SPI_tuptable;
	Datum	   *papers = palloc((n + 1) * sizeof(Datum));
	const PfRow **rows = palloc((n + 1) * sizeof(PfRow *));

	for (int i = 0; i < n; i++)
	{
		PfRow	   *row = palloc(sizeof(PfRow));

		heap_deform_tuple(found->vals[i], found->tupdesc, row->values, row->nulls);
		papers[i] = row->values[PF_COL_ID];
		rows[i] = row;
	}
	if (n > 0)
	{
		MemoryContext old;

		pf_rules_mark(papers, rows, n, added, removed);
		old = MemoryContextSwitchTo(keep);
		*after = DatumGetTextPCopy(papers[n - 1]);
		MemoryContextSwitchTo(old);
	}
	SPI_freetuptable(found);
	return n;
}

/* A feed that gave what it gave before is asked for all of it again. */
static void
forget_documents(void)
{
	static PfPlan plan = {
		.sql = "WITH d AS (SELECT id FROM paperfeed.feeds"
		" WHERE target = 'paperfeed.papers'::regclass"
		" AND num_nonnulls(checksum, etag, last_modified) > 0 ORDER BY id FOR NO KEY UPDATE)"
		" UPDATE paperfeed.feeds AS f SET checksum = NULL, etag = NULL, last_modified = NULL"
		" FROM d WHERE f.id = d.id"
	};

	(void) pf_plan_run(&plan, 0, NULL, NULL, NULL, false, NULL);
}

PG_FUNCTION_INFO_V1(pf_apply_rules);

/* apply_rules(since timestamptz) */
Datum
pf_apply_rules(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext batch;
	bool		isnull = PG_ARGISNULL(0);
	Datum		since = isnull ? (Datum) 0 : PG_GETARG_DATUM(0);
	PfJob	   *job;
	int64		total;
	text	   *after = NULL;
	int64		done = 0;
	int64		added = 0;
	int64		removed = 0;
	int			n;

	pf_job_connect(fcinfo, "paperfeed.apply_rules()");
	total = count_papers(since, isnull ? 'n' : ' ');
	job = pf_job_begin("apply_rules", PF_STR_LIT("paperfeed.papers"), "papers", total);
	batch = AllocSetContextCreate(context, "paperfeed batch of papers", ALLOCSET_DEFAULT_SIZES);
	do
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(batch);
		n = mark_next(since, isnull, &after, context, &added, &removed);
		done += n;
		pf_job_note(job, done, Max(total, done), added + removed, PF_STR_NONE);
		MemoryContextSwitchTo(context);
		MemoryContextReset(batch);
		pf_job_commit();
	} while (n == BATCH_PAPERS);
	forget_documents();
	pf_job_end(job);
	ereport(NOTICE,
			(errmsg("%lld papers looked at, %lld matches added, %lld removed",
					(long long) done, (long long) added, (long long) removed)));
	SPI_finish();
	PG_RETURN_VOID();
}
