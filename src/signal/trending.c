/*-------------------------------------------------------------------------
 *
 * trending.c
 *		SQL: trending(), rising() and explain().
 *
 * The present is read from heat, by its index and with the sums in its rows; a
 * moment of the past, or a half-life that no heat is kept for, is replayed from
 * the signals.  Both give scores from the same sums, so they agree.
 *
 * Heat and signals are read as the owner of these tables; the papers as the
 * caller, with his rights and under his row-level security.  So papers are
 * looked up a batch at a time, until enough of them are his and in the wanted
 * categories.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "paper/owner.h"
#include "rank/args.h"
#include "signal/standing.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define LN2				0.693147180559945309417
#define MAX_K			1000000
#define MAX_BATCH		10000

/* rising(): as many votes of long standing are taken for granted */
#define RISING_PRIOR	3

PG_FUNCTION_INFO_V1(pf_trending);
PG_FUNCTION_INFO_V1(pf_rising);
PG_FUNCTION_INFO_V1(pf_explain);

static int
arg_k(int32 k)
{
	if (k < 1 || k > MAX_K)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must be between 1 and %d", MAX_K)));
	return k;
}

/* Papers in the order of their heat, from the index. */
static Portal
open_heat(int slot)
{
	MemoryContext context = CurrentMemoryContext;
	static const char *const off[] = {"enable_seqscan", "enable_bitmapscan", "enable_sort", "jit"};
	PfAsOwner	saved;
	Portal		portal;
	SPIPlanPtr	plan;
	char	   *sql = psprintf("SELECT paper, parts FROM paperfeed.heat"
							   " WHERE heat_%d > '-Infinity' ORDER BY heat_%d DESC, paper",
							   slot + 1, slot + 1);

	pf_as_owner_begin(&saved);
	for (size_t i = 0; i < lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	plan = SPI_prepare_cursor(sql, 0, NULL, CURSOR_OPT_FAST_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	pf_as_owner_end(&saved);
	MemoryContextSwitchTo(context);
	return portal;
}

static PfStanding *
next_of_heat(Portal portal, const PfSignalConfig *config, int slot, int want, TimestampTz as_of,
			 PfSums **sums, int *n)
{
	PfStanding *result = palloc(want * sizeof(PfStanding));
	MemoryContext context = CurrentMemoryContext;
	SPITupleTable *rows;

	SPI_cursor_fetch(portal, true, want);
	MemoryContextSwitchTo(context);
	rows = SPI_tuptable;
	*n = (int) SPI_processed;
	if (sums != NULL)
		*sums = palloc0(want * sizeof(PfSums));
	for (int i = 0; i < *n; i++)
	{
		PfSums		own = {0};
		PfSums	   *s = sums != NULL ? &(*sums)[i] : &own;
		Datum		values[2];
		bool		nulls[2];

		heap_deform_tuple(rows->vals[i], rows->tupdesc, values, nulls);
		pf_sums_in(s, DatumGetByteaPP(values[1]));
		result[i].paper = DatumGetTextPCopy(values[0]);
		pf_standing_of(&result[i], s, config, slot, config->half_lives[slot], as_of);
		if (sums == NULL)
			pfree(own.kinds);
	}
	SPI_freetuptable(rows);
	return result;
}

/* Where rows go: the columns of paperfeed.ranked_paper. */
enum
{
	OUT_RANK, OUT_SCORE, OUT_ID, OUT_TITLE, OUT_AUTHORS, OUT_PUBLISHED, OUT_CATEGORIES,
	OUT_VOTES, OUT_COMMENTS, OUT_URL, OUT_LINKS, NOUT
};

/* A paper that the caller gets. */
typedef struct Hit
{
	PfStanding	standing;
	HeapTuple	row;			/* in a table of SPI's, until the end */
} Hit;

typedef struct Hits
{
	Hit		   *items;
	int			n;
	int			max;
	TupleDesc	tupdesc;		/* of the rows */
	Datum		categories;
	bool		any;			/* no matter which category */
} Hits;

/*
 * Of these papers, add those that the caller may see and that are in one of the
 * categories, in their order.
 */
static void
look_up(Hits *hits, const PfStanding *standings, int n)
{
	static const char sql[] =
		"SELECT NULL::pg_catalog.int4, NULL::pg_catalog.float8, p.id, p.title, p.authors,"
		" p.published, p.categories, NULL::pg_catalog.float8, NULL::pg_catalog.float8, p.url,"
		" p.links, u.n"
		" FROM pg_catalog.unnest($1) WITH ORDINALITY AS u (id, n)"
		" JOIN paperfeed.papers AS p ON p.id OPERATOR(pg_catalog.=) u.id"
		" WHERE p.withdrawn IS NOT TRUE AND ($2 IS NULL OR p.categories OPERATOR(pg_catalog.&&) $2)"
		" ORDER BY u.n";
	static const char *const off[] = {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"};
	MemoryContext context = CurrentMemoryContext;
	Datum	   *ids;
	Oid			types[2] = {get_array_type(pf_paperid_type()), TEXTARRAYOID};
	Datum		args[2];
	char		nulls[2] = {' ', hits->any ? 'n' : ' '};
	int			found;
	int			nest;

	if (n == 0)
		return;
	ids = palloc(n * sizeof(Datum));
	for (int i = 0; i < n; i++)
		ids[i] = PointerGetDatum(standings[i].paper);
	args[0] = pf_paperid_array(ids, n);
	args[1] = hits->categories;
	pfree(ids);

	/* Each by its id, and not by reading the table, whatever the planner makes of an array. */
	nest = NewGUCNestLevel();
	for (size_t i = 0; i < lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	if (SPI_execute_with_args(sql, 2, types, args, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up papers");
	AtEOXact_GUC(true, nest);
	MemoryContextSwitchTo(context);

	found = (int) SPI_processed;
	hits->tupdesc = SPI_tuptable->tupdesc;
	if (hits->n + found > hits->max)
	{
		hits->max = Max(hits->n + found, hits->max * 2);
		hits->items = hits->items == NULL ? palloc(hits->max * sizeof(Hit)) :
			repalloc_huge(hits->items, hits->max * sizeof(Hit));
	}
	for (int i = 0; i < found; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		bool		isnull;
		int64		place = DatumGetInt64(SPI_getbinval(row, hits->tupdesc, NOUT + 1, &isnull));

		hits->items[hits->n++] = (Hit) {standings[place - 1], row};
	}
	if (found == 0)
		SPI_freetuptable(SPI_tuptable);
	pfree(DatumGetPointer(args[0]));
}

static void
put_rows(ReturnSetInfo *rsinfo, const Hits *hits, int k)
{
	for (int i = 0; i < hits->n && i < k; i++)
	{
		const PfStanding *standing = &hits->items[i].standing;
		Datum		values[NOUT + 1];
		bool		nulls[NOUT + 1];

		heap_deform_tuple(hits->items[i].row, hits->tupdesc, values, nulls);
		values[OUT_RANK] = Int32GetDatum(i + 1);
		values[OUT_SCORE] = Float8GetDatum(standing->score);
		values[OUT_VOTES] = Float8GetDatum(standing->votes);
		values[OUT_COMMENTS] = Float8GetDatum(standing->comments);
		nulls[OUT_RANK] = nulls[OUT_SCORE] = nulls[OUT_VOTES] = nulls[OUT_COMMENTS] = false;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

static void
refuse_nulls(FunctionCallInfo fcinfo, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", names[i])));
	}
}

/* trending(k int, half_life interval, as_of timestamptz, categories text[]) */
Datum
pf_trending(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"k", "half_life", "as_of"};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PfSignalConfig *config;
	Hits		hits = {0};
	int			k;
	int64		half_life;
	TimestampTz as_of;
	int			slot;

	refuse_nulls(fcinfo, names, lengthof(names));
	k = arg_k(PG_GETARG_INT32(0));
	half_life = pf_rank_arg_half_life(PG_GETARG_INTERVAL_P(1));
	as_of = pf_rank_arg_time(PG_GETARG_TIMESTAMPTZ(2), "as_of");
	hits.any = PG_ARGISNULL(3);
	hits.categories = hits.any ? (Datum) 0 : PG_GETARG_DATUM(3);

	InitMaterializedSRF(fcinfo, 0);
	pf_spi_connect();
	config = pf_signal_config();
	slot = pf_signal_slot(config, half_life);
	if (slot >= 0 && as_of >= GetCurrentTransactionStartTimestamp())
	{
		Portal		portal = open_heat(slot);
		int			want = Min(k, MAX_BATCH);
		bool		more;
		int			n;

		do
		{
			PfStanding *standings = next_of_heat(portal, config, slot, want, as_of, NULL, &n);

			more = n == want;
			/* So long ago that nothing is left of it. */
			while (n > 0 && standings[n - 1].score <= 0)
				n--;
			look_up(&hits, standings, n);
			for (int i = 0; i < n; i++)
				pfree(standings[i].paper);
			pfree(standings);
			want = Min(want * 2, MAX_BATCH);
		} while (hits.n < k && more && n > 0);
		SPI_cursor_close(portal);
	}
	else
	{
		PfReplay   *replay = pf_replay_begin(config, half_life, as_of);
		int			done = 0;
		int			want = k;
		int			n;

		for (;;)
		{
			PfStanding *standings = pf_replay_top(replay, want, &n);

			look_up(&hits, standings + done, n - done);
			if (hits.n >= k || n < want)
				break;
			done = n;
			want = want > INT_MAX / 4 ? INT_MAX : want * 4;
		}
	}
	put_rows(rsinfo, &hits, k);
	SPI_finish();
	return (Datum) 0;
}

static int
compare_hits(const void *a, const void *b)
{
	return pf_standing_compare(&((const Hit *) a)->standing, &((const Hit *) b)->standing);
}

/*
 * rising(k int, short_half_life interval, long_half_life interval, categories text[])
 *
 * A score is (ln 2 / h) * S_h / (S_l + prior).  As S_l is not below S_h (and is
 * taken for that where votes against make it so), it is at most (ln 2 / h) *
 * S_h / (S_h + prior), which falls with S_h: the search goes down the heat of
 * the short half-life, and ends where that is not above the k-th score found.
 */
Datum
pf_rising(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"k", "short_half_life", "long_half_life"};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PfSignalConfig *config;
	Hits		hits = {0};
	int			k;
	int64		half_lives[2];
	int			slots[2];
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	Portal		portal;
	double		rate;
	double		bound;
	int			want;
	int			n;

	refuse_nulls(fcinfo, names, lengthof(names));
	k = arg_k(PG_GETARG_INT32(0));
	for (int i = 0; i < 2; i++)
		half_lives[i] = pf_rank_arg_half_life(PG_GETARG_INTERVAL_P(1 + i));
	if (half_lives[0] >= half_lives[1])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("short_half_life must be shorter than long_half_life")));
	hits.any = PG_ARGISNULL(3);
	hits.categories = hits.any ? (Datum) 0 : PG_GETARG_DATUM(3);

	InitMaterializedSRF(fcinfo, 0);
	pf_spi_connect();
	config = pf_signal_config();
	for (int i = 0; i < 2; i++)
	{
		slots[i] = pf_signal_slot(config, half_lives[i]);
		if (slots[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("no heat is kept for this %s", names[1 + i]),
					 errhint("INSERT INTO paperfeed.half_lives (half_life) VALUES (...) keeps it.")));
	}
	rate = LN2 / ((double) half_lives[0] / USECS_PER_DAY);
	portal = open_heat(slots[0]);
	want = Min(Max(2 * k, 200), MAX_BATCH);
	do
	{
		PfSums	   *sums;
		PfStanding *standings = next_of_heat(portal, config, slots[0], want, now, &sums, &n);

		bound = n == 0 ? 0 : standings[n - 1].score;
		bound = rate * bound / (bound + RISING_PRIOR);
		for (int i = 0; i < n; i++)
		{
			PfDecaySum	total = pf_sums_total(&sums[i], config, slots[1]);
			double		has = pf_rank_sum_value(&total, now, half_lives[1]);

			standings[i].score *= rate / (Max(has, standings[i].score) + RISING_PRIOR);
			pfree(sums[i].kinds);
		}
		look_up(&hits, standings, n);
		if (hits.n > 0)
			qsort(hits.items, hits.n, sizeof(Hit), compare_hits);
		hits.n = Min(hits.n, k);
		pfree(sums);
	} while (n == want && (hits.n < k || hits.items[k - 1].standing.score < bound));
	SPI_cursor_close(portal);
	put_rows(rsinfo, &hits, k);
	SPI_finish();
	return (Datum) 0;
}

/* The sums that heat has of a paper. */
static PfSums *
kept_sums(text *paper)
{
	static PfPlan plan = {
		.sql = "SELECT parts FROM paperfeed.heat WHERE paper OPERATOR(pg_catalog.=) $1"
	};
	static const Oid types[] = {PF_ARG_PAPER};
	Datum		args[1] = {PointerGetDatum(paper)};
	PfSums	   *sums = palloc0(sizeof(PfSums));
	bool		isnull;

	if (pf_plan_run(&plan, 1, types, args, NULL, true, NULL) > 0)
		pf_sums_in(sums, DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[0],
													   SPI_tuptable->tupdesc, 1, &isnull)));
	return sums;
}

/* explain(paper paperid, half_life interval, as_of timestamptz) */
Datum
pf_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	text	   *paper = PG_GETARG_TEXT_PP(0);
	int64		half_life = pf_rank_arg_half_life(PG_GETARG_INTERVAL_P(1));
	TimestampTz as_of = pf_rank_arg_time(PG_GETARG_TIMESTAMPTZ(2), "as_of");
	PfSignalConfig *config;
	PfSums	   *sums;
	PfDecaySum	total;
	double		score;
	int			slot;

	InitMaterializedSRF(fcinfo, 0);
	pf_spi_connect();
	config = pf_signal_config();
	slot = pf_signal_slot(config, half_life);
	if (slot >= 0 && as_of >= GetCurrentTransactionStartTimestamp())
		sums = kept_sums(paper);
	else
	{
		sums = pf_replay_paper(pf_replay_begin(config, half_life, as_of), paper);
		slot = 0;
	}
	total = pf_sums_total(sums, config, slot);
	score = pf_rank_sum_value(&total, as_of, half_life);
	for (int i = 0; i < sums->nkinds; i++)
	{
		const PfKindSums *part = &sums->kinds[i];
		const PfSignalKind *kind = pf_signal_kind_by_id(config, part->kind);
		PfDecaySum	weighted = part->sums[slot];
		Datum		values[6];
		bool		nulls[6] = {false};
		double		share;

		if (kind == NULL)
			continue;
		pf_rank_sum_scale(&weighted, kind->weight);
		share = pf_rank_sum_value(&weighted, as_of, half_life);
		values[0] = CStringGetTextDatum(kind->name);
		values[1] = Float8GetDatum(part->ups - part->downs);
		values[2] = Float8GetDatum(kind->weight);
		values[3] = Float8GetDatum(share);
		nulls[4] = score == 0;
		values[4] = Float8GetDatum(score == 0 ? 0 : share / score);
		values[5] = TimestampTzGetDatum(part->last_at);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}
