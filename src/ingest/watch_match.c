/*-------------------------------------------------------------------------
 *
 * watch_match.c
 *		Papers that were written meet the watches.
 *
 * It happens in the subtransaction that writes a batch, as the tables' owner:
 * hits are there if the papers are, whoever ingests.  A paper hits a watch once:
 * when it is new, or when a change of what is looked at makes it match for the
 * first time.  One that is changed later and matches no more stays a hit, as its
 * reader was told of it.  Withdrawn papers hit nothing.
 *
 * Who listens on the channel paperfeed_watch is told with the commit.  Anybody
 * may listen, so the reader is not named.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/async.h"
#include "ingest/watch.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define CHANNEL		"paperfeed_watch"

/* Bytes of a notification; PostgreSQL takes less than 8,000. */
#define MAX_PAYLOAD	7900

/* Hits that one statement writes: where many readers wait for the same, a batch has millions. */
#define HITS_AT_ONCE	50000

#define BIT(column)	((PfColumnSet) 1 << (column))
#define WORD_COLUMNS	(BIT(PF_COL_TITLE) | BIT(PF_COL_ABSTRACT) | BIT(PF_COL_AUTHORS))
#define LOOKED_AT \
	(WORD_COLUMNS | BIT(PF_COL_CATEGORIES) | BIT(PF_COL_SOURCE) | BIT(PF_COL_WITHDRAWN))

static bool match_watches = true;	/* paperfeed.match_watches */

/* ---- hits ---- */

/* Arrays for a statement: what goes into a column, hit by hit. */
static Datum
array_of(Datum *items, bool *nulls, int n, Oid type, int16 len, bool byval, char align)
{
	int			dims[1] = {n};
	int			lbs[1] = {1};

	return PointerGetDatum(construct_md_array(items, nulls, 1, dims, lbs, type, len, byval, align));
}

static void
notify(int64 watch, PfStr *papers, int n)
{
	StringInfoData payload;
	StringInfoData id;

	initStringInfo(&payload);
	initStringInfo(&id);
	appendStringInfo(&payload, "{\"watch\": " INT64_FORMAT ", \"n\": %d, \"papers\": [", watch, n);
	for (int i = 0; i < n; i++)
	{
		resetStringInfo(&id);
		escape_json(&id, text_to_cstring(cstring_to_text_with_len(papers[i].s, papers[i].len)));
		if (payload.len + id.len > MAX_PAYLOAD)
			break;
		appendStringInfo(&payload, "%s%s", i > 0 ? ", " : "", id.data);
	}
	appendStringInfoString(&payload, "]}");
	Async_Notify(CHANNEL, payload.data);
}

typedef struct Told
{
	int64		watch;
	PfStr		paper;
} Told;

static int
compare_told(const void *a, const void *b)
{
	const Told *x = a;
	const Told *y = b;

	if (x->watch != y->watch)
		return x->watch < y->watch ? -1 : 1;
	return pf_compare_strs(&x->paper, &y->paper);
}

typedef struct ToldList
{
	Told	   *items;
	int			n;
	int			max;
} ToldList;

/* What the statement gave; copies, in CurrentMemoryContext. */
static void
add_told(ToldList *list, uint64 n)
{
	for (uint64 i = 0; i < n; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		bool		isnull;
		text	   *paper = DatumGetTextPP(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull));

		if (list->n == list->max)
		{
			list->max = Max(64, list->max * 2);
			list->items = list->items == NULL ? palloc(list->max * sizeof(Told)) :
				repalloc_huge(list->items, list->max * sizeof(Told));
		}
		list->items[list->n++] = (Told) {
			DatumGetInt64(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull)),
			pf_str_dup((PfStr) {VARDATA_ANY(paper), (int) VARSIZE_ANY_EXHDR(paper)})
		};
	}
}

/* One notification for each watch. */
static void
notify_all(ToldList *list)
{
	Told	   *told = list->items;
	PfStr	   *papers = palloc_extended(Max(list->n, 1) * sizeof(PfStr), MCXT_ALLOC_HUGE);

	if (list->n > 1)
		qsort(told, list->n, sizeof(Told), compare_told);
	for (int i = 0, next; i < list->n; i = next)
	{
		int			npapers = 0;

		for (next = i; next < list->n && told[next].watch == told[i].watch; next++)
			papers[npapers++] = told[next].paper;
		notify(told[i].watch, papers, npapers);
	}
}

/* From number 'from' on, those that are to be told of or the others; gives where it ended. */
static int
write_some(const PfHits *hits, int from, bool tell, const Datum *papers, const bool *is_new,
		   uint64 *written)
{
	/*
	 * A hit that somebody is about to delete would be waited for, with the
	 * paper's row locked, as long as he likes: it is looked for first.  OFFSET
	 * keeps the planner from reading all hits at once.
	 */
#define INSERT_HITS \
	"INSERT INTO paperfeed.watch_hits (watch, paper, is_new, similarity)" \
	" SELECT u.* FROM unnest($1, $2, $3, $4) AS u (watch, paper, is_new, similarity)" \
	" WHERE CASE WHEN u.is_new THEN true ELSE NOT EXISTS (SELECT FROM paperfeed.watch_hits AS h" \
	" WHERE h.paper OPERATOR(pg_catalog.=) u.paper AND h.watch = u.watch OFFSET 0) END" \
	" ON CONFLICT DO NOTHING"
	static PfPlan quietly = {.sql = INSERT_HITS};
	static PfPlan aloud = {.sql = INSERT_HITS " RETURNING watch, paper"};
	static const Oid types[4] = {INT8ARRAYOID, PF_ARG_PAPERS, BOOLARRAYOID, FLOAT4ARRAYOID};
	int			max = Min(hits->n - from, HITS_AT_ONCE);
	Datum	   *columns[4];
	bool	   *nulls = palloc(max * sizeof(bool));
	Datum		args[4];
	int			n = 0;

	*written = 0;
	for (int c = 0; c < 4; c++)
		columns[c] = palloc(max * sizeof(Datum));
	for (; from < hits->n && n < max; from++)
	{
		const PfHit *hit = &hits->items[from];

		if (hit->notify != tell)
			continue;
		columns[0][n] = Int64GetDatum(hit->watch);
		columns[1][n] = papers[from];
		columns[2][n] = BoolGetDatum(is_new[from]);
		columns[3][n] = Float4GetDatum(hit->similarity);
		nulls[n++] = hit->similarity < 0;
	}
	if (n == 0)
		return from;
	args[0] = PointerGetDatum(construct_array(columns[0], n, INT8OID, 8, FLOAT8PASSBYVAL,
											  TYPALIGN_DOUBLE));
	args[1] = pf_paperid_array(columns[1], n);
	args[2] = PointerGetDatum(construct_array(columns[2], n, BOOLOID, 1, true, TYPALIGN_CHAR));
	args[3] = array_of(columns[3], nulls, n, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT);
	*written = pf_plan_run(tell ? &aloud : &quietly, 4, types, args, NULL, false, NULL);
	return from;
}

void
pf_hits_write(const PfHits *hits, const Datum *papers, const bool *is_new)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed hits at once",
												  ALLOCSET_DEFAULT_SIZES);
	ToldList	told = {0};

	for (int pass = 0; pass < 2; pass++)
	{
		for (int from = 0; from < hits->n;)
		{
			MemoryContext old = MemoryContextSwitchTo(context);
			uint64		written;

			CHECK_FOR_INTERRUPTS();
			from = write_some(hits, from, pass == 1, papers, is_new, &written);
			MemoryContextSwitchTo(old);
			if (pass == 1 && written > 0)
			{
				add_told(&told, written);
				SPI_freetuptable(SPI_tuptable);
			}
			MemoryContextReset(context);
		}
	}
	MemoryContextDelete(context);
	notify_all(&told);
}

/* ---- the hooks ---- */

/*
 * Papers that watches compare with are other papers now: the trigger makes their vectors anew.
 * Who changes or removes his watch at this moment is not waited for: he may take as long as he
 * likes, and a vector that is a little old does no harm.
 */
static void
renew_vectors(Datum *papers, int n)
{
	static const Oid types[] = {PF_ARG_PAPERS};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.watches SET words = NULL, weights = NULL WHERE id = ANY (ARRAY("
		"SELECT id FROM paperfeed.watches WHERE similar_to OPERATOR(pg_catalog.=) ANY ($1)"
		" ORDER BY id FOR NO KEY UPDATE SKIP LOCKED))"
	};
	Datum		args[1] = {pf_paperid_array(papers, n)};

	(void) pf_plan_run(&plan, 1, types, args, NULL, false, NULL);
}

static PfStr
paper_id(Datum paper)
{
	text	   *id = DatumGetTextPP(paper);

	return (PfStr) {VARDATA_ANY(id), (int) VARSIZE_ANY_EXHDR(id)};
}

static int
compare_hits(const void *a, const void *b)
{
	int64		x = ((const PfHit *) a)->watch;
	int64		y = ((const PfHit *) b)->watch;

	return x < y ? -1 : x > y;
}

static bool
is_of_interest(const PfWritten *paper)
{
	const PfRow *row = paper->row;

	return (paper->changed & LOOKED_AT) != 0 &&
		(row->nulls[PF_COL_WITHDRAWN] || !DatumGetBool(row->values[PF_COL_WITHDRAWN]));
}

static void
match_papers(PfWatchIndex *index, const PfWritten *papers, int n)
{
	PfSubject **subjects = palloc(Max(n, 1) * sizeof(PfSubject *));
	Datum	   *changed = palloc(Max(n, 1) * sizeof(Datum));
	PfHits		hits = {0};
	Datum	   *hit_papers;
	bool	   *hit_is_new;
	int		   *until = palloc(Max(n, 1) * sizeof(int));
	int			nsubjects = 0;
	int			nchanged = 0;
	int			h = 0;

	for (int i = 0; i < n; i++)
	{
		if ((papers[i].changed & WORD_COLUMNS) != 0 &&
			pf_watch_index_compares(index, paper_id(papers[i].paper)))
			changed[nchanged++] = papers[i].paper;
		if (is_of_interest(&papers[i]))
			subjects[nsubjects++] = pf_subject_of_row(papers[i].row);
	}
	pf_watch_index_prepare(index, subjects, nsubjects);
	nsubjects = 0;
	for (int i = 0; i < n; i++)
	{
		const PfRow *row = papers[i].row;
		int			first = hits.n;

		CHECK_FOR_INTERRUPTS();
		if (is_of_interest(&papers[i]))
			pf_watch_index_match(index, paper_id(papers[i].paper),
								 row->nulls[PF_COL_PUBLISHED] ? PF_NO_TIME :
								 DatumGetTimestampTz(row->values[PF_COL_PUBLISHED]),
								 subjects[nsubjects++], &hits);
		if (hits.n > first + 1)
			qsort(&hits.items[first], hits.n - first, sizeof(PfHit), compare_hits);
		until[i] = hits.n;
	}

	/* From here on the index is not needed any more: what is written may change it. */
	hit_papers = palloc_extended(Max(hits.n, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	hit_is_new = palloc_extended(Max(hits.n, 1) * sizeof(bool), MCXT_ALLOC_HUGE);
	for (int i = 0; i < n; i++)
	{
		for (; h < until[i]; h++)
		{
			hit_papers[h] = papers[i].paper;
			hit_is_new[h] = papers[i].is_new;
		}
	}
	if (hits.n > 0)
		pf_hits_write(&hits, hit_papers, hit_is_new);
	if (nchanged > 0)
		renew_vectors(changed, nchanged);
}

/* A PfWordsHook */
static bool
wants_words(void)
{
	PfWatchIndex *index = match_watches ? pf_watches() : NULL;

	return index != NULL && pf_watch_index_uses_words(index);
}

/* A PfWrittenHook */
static void
written(const PfWritten *papers, int n)
{
	MemoryContext context;
	MemoryContext old;
	PfWatchIndex *index;

	if (!match_watches || (index = pf_watches()) == NULL)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed hits", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	match_papers(index, papers, n);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* A PfMovedHook */
static void
moved(Datum old, Datum new)
{
	static const Oid types[] = {PF_ARG_PAPER, PF_ARG_PAPER};
	static PfPlan drop = {
		.sql = "DELETE FROM paperfeed.watch_hits AS h WHERE paper OPERATOR(pg_catalog.=) $1"
		" AND EXISTS (SELECT FROM paperfeed.watch_hits AS o"
		" WHERE o.paper OPERATOR(pg_catalog.=) $2 AND o.watch = h.watch)"
	};
	static PfPlan move = {
		.sql = "UPDATE paperfeed.watch_hits SET paper = $2 WHERE paper OPERATOR(pg_catalog.=) $1"
	};
	static PfPlan compares = {
		.sql = "SELECT FROM paperfeed.watches WHERE similar_to OPERATOR(pg_catalog.=) $1 LIMIT 1"
	};
	static PfPlan compare = {
		.sql = "UPDATE paperfeed.watches SET similar_to = $2"
		" WHERE similar_to OPERATOR(pg_catalog.=) $1"
	};
	Datum		args[2] = {old, new};

	if (!OidIsValid(pf_own_table("watches")))
		return;
	(void) pf_plan_run(&drop, 2, types, args, NULL, false, NULL);
	(void) pf_plan_run(&move, 2, types, args, NULL, false, NULL);
	/* An update, even of nothing, makes each session read the watches again. */
	if (pf_plan_run(&compares, 1, types, args, NULL, false, NULL) > 0)
		(void) pf_plan_run(&compare, 2, types, args, NULL, false, NULL);
}

void
pf_watches_init(void)
{
	DefineCustomBoolVariable("paperfeed.match_watches",
							 "Compares papers that are written with the watches of readers.",
							 "Switch it off to load papers that nobody is to be told of.",
							 &match_watches, true, PGC_USERSET, 0, NULL, NULL, NULL);
	pf_add_words_hook(wants_words);
	pf_add_written_hook(written);
	pf_add_moved_hook(moved);
}
