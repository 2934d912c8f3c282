/*-------------------------------------------------------------------------
 *
 * scan.c
 *		Index scans: rows in the order of their scores, or those that match.
 *
 * An access method is not told the LIMIT.  An ordered scan therefore looks for the k
 * best, gives them out, and when asked for more looks for four times as many, leaving out
 * those given already; the first k is what the planner was seen to want.  All of that is
 * in one view of the index, so what happens to it meanwhile neither doubles nor loses
 * a row.  When no document with a score is left, the others follow at distance 0, and
 * last those whose tsvector is NULL.
 *
 * Whether a row is visible is for the executor to find out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "index/index.h"

#include "access/relscan.h"
#include "catalog/pg_type.h"
#include "nodes/tidbitmap.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#define FIRST_K		64
#define MAX_FIRST_K	10000
#define GROWTH		4

typedef enum Phase
{
	BEGIN,
	SCORED,						/* documents with a score */
	UNSCORED,					/* the others */
	NULLS,						/* those without a tsvector */
	END
} Phase;

typedef struct State
{
	MemoryContext context;		/* of one rescan */
	Phase		phase;
	bool		ordered;
	bool		recheck;
	bool		recheck_order;
	bool		never;			/* a condition that nothing meets */
	bool		null_order;		/* ORDER BY tsv <=> NULL */
	bool		unknown_order;	/* by weights that the index does not have */

	PfBmQuery  *query;			/* or NULL */
	PfBmMatcher *matcher;		/* or NULL */
	PfBmRange  *ranges;
	int			nranges;
	PfBmView   *view;

	/* SCORED */
	PfBmHit    *hits;
	int			nhits;
	int			next;
	int			k;
	bool		complete;
	uint64	   *given;			/* documents given out, sorted but for the present hits */
	uint32		ngiven;

	/* UNSCORED and NULLS */
	uint32		source;
	uint32		doc;
	PfBmMatch  *match;
	uint32		turns;			/* since the last check for interrupts */
	bool		nulls;			/* some were seen */
	Buffer		docs;			/* pins */
	Buffer		alive;
} State;

static inline uint64
place(uint32 source, uint32 doc)
{
	return ((uint64) source << 32) | doc;
}

static int
compare_places(const void *a, const void *b)
{
	uint64		left = *(const uint64 *) a;
	uint64		right = *(const uint64 *) b;

	return left < right ? -1 : left > right;
}

static bool
was_given(const State *scan, uint32 source, uint32 doc)
{
	uint64		key = place(source, doc);

	return scan->ngiven > 0 &&
		bsearch(&key, scan->given, scan->ngiven, sizeof(uint64), compare_places) != NULL;
}

/* ---- beginning ---- */

IndexScanDesc
pf_bm_beginscan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc desc = RelationGetIndexScan(index, nkeys, norderbys);
	State	   *scan = palloc0(sizeof(State));

	scan->context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed scan", ALLOCSET_DEFAULT_SIZES);
	scan->docs = InvalidBuffer;
	scan->alive = InvalidBuffer;
	desc->opaque = scan;
	if (norderbys > 0)
	{
		desc->xs_orderbyvals = palloc0(sizeof(Datum) * norderbys);
		desc->xs_orderbynulls = palloc(sizeof(bool) * norderbys);
		memset(desc->xs_orderbynulls, true, sizeof(bool) * norderbys);
	}
	return desc;
}

static void
let_go(State *scan)
{
	if (BufferIsValid(scan->docs))
		ReleaseBuffer(scan->docs);
	if (BufferIsValid(scan->alive))
		ReleaseBuffer(scan->alive);
	scan->docs = InvalidBuffer;
	scan->alive = InvalidBuffer;
	if (scan->match != NULL)
		pf_bm_match_close(scan->match);
	scan->match = NULL;
	if (scan->view != NULL)
		pf_bm_view_close(scan->view);
	scan->view = NULL;
	MemoryContextReset(scan->context);
}

void
pf_bm_rescan(IndexScanDesc desc, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys)
{
	State	   *scan = desc->opaque;

	(void) nkeys;
	(void) norderbys;
	let_go(scan);
	scan->phase = BEGIN;
	if (keys != NULL && desc->numberOfKeys > 0)
		memmove(desc->keyData, keys, sizeof(ScanKeyData) * desc->numberOfKeys);
	if (orderbys != NULL && desc->numberOfOrderBys > 0)
		memmove(desc->orderByData, orderbys, sizeof(ScanKeyData) * desc->numberOfOrderBys);
}

/*
 * Statistics of another index than the one scanned: a query that names a partitioned
 * index has those of all partitions together, wherever it is evaluated.  False
 * if the other index has other weights: this one cannot tell such scores.
 */
static bool
use_statistics_of_query(PfBmView *view)
{
	const PfBmStats *stats = pf_bm_stats_kept(view->query);

	if (memcmp(stats->weights, view->meta.weights, sizeof(stats->weights)) != 0)
		return false;
	view->ntexts = stats->ntexts;
	view->average = stats->average;
	view->k1 = stats->k1;
	view->b = stats->b;
	memcpy(view->idf, stats->idf, sizeof(double) * view->query->nterms);
	pf_bm_view_score(view);
	return true;
}

/* tsvector @@ ANY (array): the OR of its queries; NULL = there is none. */
static TSQuery
any_query(Datum value)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;
	TSQuery		all = NULL;

	deconstruct_array(DatumGetArrayTypeP(value), TSQUERYOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			continue;
		all = all == NULL ? DatumGetTSQuery(values[i]) :
			DatumGetTSQuery(DirectFunctionCall2(tsquery_or, TSQueryGetDatum(all), values[i]));
	}
	return all;
}

static void
begin(IndexScanDesc desc)
{
	State	   *scan = desc->opaque;
	Relation	index = desc->indexRelation;
	MemoryContext old = MemoryContextSwitchTo(scan->context);
	TSQuery    *queries = palloc(sizeof(TSQuery) * Max(desc->numberOfKeys, 1));
	ScanKey		filters = palloc(sizeof(ScanKeyData) * Max(desc->numberOfKeys, 1));
	int			nqueries = 0;
	int			nfilters = 0;
	int			hint;

	scan->ordered = desc->numberOfOrderBys > 0;
	scan->recheck = false;
	scan->recheck_order = desc->numberOfOrderBys > 1;
	scan->never = false;
	scan->null_order = false;
	scan->unknown_order = false;
	scan->query = NULL;
	scan->matcher = NULL;
	scan->hits = NULL;
	scan->given = NULL;
	scan->ngiven = 0;
	scan->nhits = 0;
	scan->next = 0;

	for (int i = 0; i < desc->numberOfKeys; i++)
	{
		ScanKey		key = &desc->keyData[i];

		if (key->sk_attno > 1)
			filters[nfilters++] = *key;
		else if (key->sk_flags & SK_ISNULL)
			scan->never = true;
		else
		{
			TSQuery		query = (key->sk_flags & SK_SEARCHARRAY) != 0 ? any_query(key->sk_argument) :
				DatumGetTSQuery(key->sk_argument);

			if (query == NULL)
				scan->never = true;
			else
				queries[nqueries++] = query;
		}
	}
	scan->ranges = palloc(sizeof(PfBmRange) * Max(nfilters, 1));
	scan->nranges = 0;
	if (nfilters > 0)
	{
		bool		never;

		scan->nranges = pf_bm_ranges(index, filters, nfilters, scan->ranges, &never);
		scan->never |= never;
	}
	for (int i = 0; i < scan->nranges; i++)
		scan->recheck |= scan->ranges[i].recheck;
	if (nqueries > 0)
	{
		scan->matcher = pf_bm_matcher_begin(queries, nqueries);
		scan->recheck |= pf_bm_matcher_recheck(scan->matcher);
	}
	if (scan->ordered)
	{
		ScanKey		key = &desc->orderByData[0];

		if (key->sk_flags & SK_ISNULL)
			scan->null_order = true;
		else
			scan->query = pf_bm_query_check(key->sk_argument);
	}

	if (!scan->never)
	{
		pgstat_count_index_scan(index);
		scan->view = pf_bm_view_open(index, scan->query, scan->matcher);
		if (scan->query != NULL && scan->query->index != RelationGetRelid(index))
			scan->unknown_order = !use_statistics_of_query(scan->view);
	}
	scan->phase = scan->never ? END : scan->query != NULL && !scan->unknown_order ? SCORED : UNSCORED;
	hint = pf_bm_limit_hint(RelationGetRelid(index));
	scan->k = hint > 0 ? Min(hint, MAX_FIRST_K) + 2 : FIRST_K;
	scan->complete = false;
	scan->source = 0;
	scan->doc = 0;
	scan->nulls = false;
	MemoryContextSwitchTo(old);
}

/* ---- documents with a score ---- */

/* Looks for the k best, and keeps those that were not given out yet. */
static void
next_batch(State *scan)
{
	MemoryContext old = MemoryContextSwitchTo(scan->context);
	int			kept = 0;
	int			before = scan->k;

	if (scan->hits != NULL)
	{
		qsort(scan->given, scan->ngiven, sizeof(uint64), compare_places);
		scan->k = scan->k > PG_INT32_MAX / GROWTH ? PG_INT32_MAX : scan->k * GROWTH;
		scan->k = Min((uint32) scan->k, Max(scan->view->ndocs, 1) + 1);
		scan->hits = repalloc_huge(scan->hits, sizeof(PfBmHit) * (Size) scan->k);
		scan->given = repalloc_huge(scan->given, sizeof(uint64) * (Size) (scan->k + scan->ngiven));
	}
	else
	{
		scan->k = Min((uint32) scan->k, Max(scan->view->ndocs, 1) + 1);
		scan->hits = palloc_extended(sizeof(PfBmHit) * (Size) scan->k, MCXT_ALLOC_HUGE);
		scan->given = palloc_extended(sizeof(uint64) * (Size) scan->k, MCXT_ALLOC_HUGE);
	}
	scan->nhits = pf_bm_topk(scan->view, scan->ranges, scan->nranges, scan->matcher, scan->k, scan->hits,
							 &scan->complete);
	for (int i = 0; i < scan->nhits; i++)
	{
		if (!was_given(scan, scan->hits[i].source, scan->hits[i].doc))
			scan->hits[kept++] = scan->hits[i];
	}
	for (int i = 0; i < kept; i++)
		scan->given[scan->ngiven + i] = place(scan->hits[i].source, scan->hits[i].doc);
	/* More hits than there are documents: then a count is wrong, but there is an end to it. */
	if (scan->ngiven > 0 && kept == 0 && scan->k == before)
		scan->complete = true;
	scan->ngiven += kept;
	scan->nhits = kept;
	scan->next = 0;
	MemoryContextSwitchTo(old);
}

static bool
next_scored(State *scan, ItemPointer tid, double *score)
{
	while (scan->hits == NULL || scan->next >= scan->nhits)
	{
		if (scan->complete)
			return false;
		next_batch(scan);
	}
	*tid = scan->hits[scan->next].tid;
	*score = scan->hits[scan->next].score;
	scan->next++;
	return true;
}

/* ---- the other documents ---- */

static bool
in_ranges(const State *scan, const PfBmDoc *doc)
{
	for (int i = 0; i < scan->nranges; i++)
	{
		if (!pf_bm_range_test(&scan->ranges[i], doc))
			return false;
	}
	return true;
}

/* The next document of a segment that has no score; PF_BM_NO_DOC at its end. */
static uint32
next_in_segment(State *scan, PfBmDoc *doc)
{
	PfBmView   *view = scan->view;
	PfBmSegment *segment = view->segments[scan->source];
	bool		dead = view->meta.segments[scan->source].ndead > 0;

	if (scan->matcher != NULL && scan->match == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(scan->context);

		scan->match = pf_bm_match_open(scan->matcher, view->index, &view->meta, segment);
		MemoryContextSwitchTo(old);
	}
	while (scan->doc < segment->header.ndocs)
	{
		uint32		number = scan->doc;

		if ((++scan->turns & 0x3FF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (scan->match != NULL)
		{
			number = pf_bm_match_seek(scan->match, number);
			if (number >= segment->header.ndocs)
				break;
		}
		scan->doc = number + 1;
		if (dead && !pf_bm_segment_alive(view->index, segment, number, &scan->alive))
			continue;
		if (was_given(scan, scan->source, number))
			continue;
		pf_bm_segment_doc(view->index, &view->meta, segment, number, &scan->docs, doc);
		if (doc->length < 0)
			scan->nulls = true;
		if ((doc->length < 0) == (scan->phase == NULLS) && in_ranges(scan, doc))
			return number;
	}
	if (scan->match != NULL)
		pf_bm_match_close(scan->match);
	scan->match = NULL;
	return PF_BM_NO_DOC;
}

static bool
next_unscored(State *scan, ItemPointer tid)
{
	PfBmView   *view = scan->view;
	PfBmDoc		doc;

	for (; scan->source < view->meta.nsegments; scan->source++)
	{
		if (next_in_segment(scan, &doc) != PF_BM_NO_DOC)
		{
			*tid = doc.tid;
			return true;
		}
		scan->doc = 0;
	}
	while (scan->doc < view->nbuffered)
	{
		const PfBmBuffered *buffered = &view->buffered[scan->doc++];

		if (buffered->doc.length < 0)
			scan->nulls = true;
		if ((buffered->doc.length < 0) == (scan->phase == NULLS) &&
			(buffered->matches || scan->phase == NULLS) &&
			!was_given(scan, scan->source, scan->doc - 1) && in_ranges(scan, &buffered->doc))
		{
			*tid = buffered->doc.tid;
			return true;
		}
	}
	return false;
}

/* ---- giving out ---- */

/* The next row, with its distance; false = no more. */
static bool
next_row(State *scan, ItemPointer tid, double *distance, bool *isnull)
{
	double		score;

	*distance = 0;
	*isnull = scan->null_order;
	if (scan->phase == SCORED)
	{
		if (next_scored(scan, tid, &score))
		{
			*distance = -score;
			return true;
		}
		qsort(scan->given, scan->ngiven, sizeof(uint64), compare_places);
		scan->phase = UNSCORED;
	}
	if (scan->phase == UNSCORED)
	{
		if (next_unscored(scan, tid))
			return true;
		/* A condition on the tsvector is never true of a NULL. */
		scan->phase = scan->nulls && scan->matcher == NULL ? NULLS : END;
		scan->source = 0;
		scan->doc = 0;
	}
	if (scan->phase == NULLS)
	{
		*isnull = true;
		if (next_unscored(scan, tid))
			return true;
		scan->phase = END;
	}
	return false;
}

bool
pf_bm_gettuple(IndexScanDesc desc, ScanDirection direction)
{
	State	   *scan = desc->opaque;
	double		distance;
	bool		isnull;

	if (direction != ForwardScanDirection)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("index \"%s\" cannot be read backwards", RelationGetRelationName(desc->indexRelation))));
	if (scan->phase == BEGIN)
		begin(desc);
	if (!next_row(scan, &desc->xs_heaptid, &distance, &isnull))
		return false;
	desc->xs_recheck = scan->recheck;
	desc->xs_recheckorderby = false;
	for (int i = 0; i < desc->numberOfOrderBys; i++)
	{
		double		bound = -get_float8_infinity();

		/*
		 * Of what the index does not know the executor sorts, by bounds that no
		 * distance is less than; statistics may have moved a little since.
		 */
		if (i == 0 && !scan->unknown_order)
			bound = scan->recheck_order ? distance - fabs(distance) * 0.01 : distance;
		desc->xs_orderbyvals[i] = Float8GetDatum(bound);
		desc->xs_orderbynulls[i] = isnull && i == 0;
		desc->xs_recheckorderby = scan->recheck_order || scan->unknown_order;
	}
	return true;
}

int64
pf_bm_getbitmap(IndexScanDesc desc, TIDBitmap *tbm)
{
	State	   *scan = desc->opaque;
	int64		n = 0;
	ItemPointerData tid;
	double		distance;
	bool		isnull;

	if (scan->phase == BEGIN)
		begin(desc);
	while (next_row(scan, &tid, &distance, &isnull))
	{
		tbm_add_tuples(tbm, &tid, 1, scan->recheck);
		if ((++n & 0x3FF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return n;
}

void
pf_bm_endscan(IndexScanDesc desc)
{
	State	   *scan = desc->opaque;

	let_go(scan);
	MemoryContextDelete(scan->context);
	pfree(scan);
	desc->opaque = NULL;
}
