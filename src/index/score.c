/*-------------------------------------------------------------------------
 *
 * score.c
 *		tsvector <=> bm25query: the score of one row, negated.
 *
 * The same score as an index scan gives, from the same statistics: those of
 * the index that the query names, added up over its partitions if it is
 * partitioned.  Terms are summed in the query's order and in doubles, as they
 * are there, so that the two are equal to the last bit.
 *
 * Statistics are read once per call site, and again when the query, the
 * snapshot, the transaction or the user is another; an expression of PL/pgSQL
 * keeps its call site for a whole transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "index/index.h"

/* Queries that one call site keeps: a join may bring several, over and over. */
#define MAX_KEPT	8

typedef struct Kept
{
	MemoryContext context;		/* NULL = free */
	PfBmQuery  *query;			/* a copy */
	PfBmStats	stats;
	uint64		used;
} Kept;

typedef struct Site
{
	MemoryContext parent;

	/* What the statistics were read for. */
	TimestampTz transaction;
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	CommandId	curcid;
	Oid			user;

	uint64		uses;
	int			last;
	Kept		kept[MAX_KEPT];
} Site;

/* ---- permissions ---- */

/* May the current user SELECT all columns that the index is made of? */
static bool
may_select_columns(Relation index, Oid table)
{
	Bitmapset  *columns = NULL;
	int			column = -1;

	for (int i = 0; i < index->rd_index->indnatts; i++)
	{
		AttrNumber	attno = index->rd_index->indkey.values[i];

		if (attno != 0)
			columns = bms_add_member(columns, attno - FirstLowInvalidHeapAttributeNumber);
	}
	pull_varattnos((Node *) RelationGetIndexExpressions(index), 1, &columns);
	pull_varattnos((Node *) RelationGetIndexPredicate(index), 1, &columns);
	while ((column = bms_next_member(columns, column)) >= 0)
	{
		AttrNumber	attno = (AttrNumber) (column + FirstLowInvalidHeapAttributeNumber);

		/* 0 is the whole row, which takes a right on the table. */
		if (attno == 0 ||
			pg_attribute_aclcheck(table, attno, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			return false;
	}
	return columns != NULL;
}

void
pf_bm_check_select(Relation index)
{
	Oid			table = index->rd_index->indrelid;

	if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		!may_select_columns(index, table))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table));
}

/* ---- statistics ---- */

static void
add_view(PfBmStats *stats, const PfBmQuery *query, Relation leaf, bool first)
{
	PfBmView   *view = pf_bm_view_open(leaf, query, NULL);

	if (first)
		memcpy(stats->weights, view->meta.weights, sizeof(stats->weights));
	else if (memcmp(stats->weights, view->meta.weights, sizeof(stats->weights)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" was built with other weights than those of other partitions",
						RelationGetRelationName(leaf)),
				 errhint("Set the same weights for all, and REINDEX.")));
	stats->ntexts += view->ntexts;
	stats->sum_length += view->sum_length;
	for (uint32 i = 0; i < query->nterms; i++)
		stats->df[i] += view->df[i];
	pf_bm_view_close(view);
}

void
pf_bm_stats_read(const PfBmQuery *query, PfBmStats *stats)
{
	Oid			table = IndexGetRelation(query->index, true);
	Relation	index;
	List	   *leaves;
	ListCell   *cell;

	/* A table is locked before its indexes, here as everywhere. */
	if (OidIsValid(table))
		LockRelationOid(table, AccessShareLock);
	index = pf_bm_index_open_any(query->index, AccessShareLock);
	pf_bm_check_select(index);

	memset(stats, 0, sizeof(PfBmStats));
	stats->df = palloc0(sizeof(double) * Max(query->nterms, 1));
	stats->idf = palloc0(sizeof(double) * Max(query->nterms, 1));
	stats->k1 = pf_bm_k1(index);
	stats->b = pf_bm_b(index);
	pf_bm_weights(index, stats->weights);

	leaves = pf_bm_index_leaves(index, AccessShareLock);
	foreach(cell, leaves)
		add_view(stats, query, lfirst(cell), cell == list_head(leaves));
	pf_bm_index_leaves_close(index, leaves);

	stats->average = stats->ntexts > 0 ? stats->sum_length / stats->ntexts : 0;
	for (uint32 i = 0; i < query->nterms; i++)
		stats->idf[i] = pf_bm_idf(stats->ntexts, stats->df[i]) * query->terms[i].weight;
	relation_close(index, NoLock);
}

/* ---- one row ---- */

static inline int
compare_bytes(const char *a, int alen, const char *b, int blen)
{
	int			result = memcmp(a, b, Min(alen, blen));

	return result != 0 ? result : alen - blen;
}

/* First word from at on that is >= the term: steps that double, then halves. */
static int
find_word(TSVector tsv, int at, const char *term, int len)
{
	const WordEntry *words = ARRPTR(tsv);
	const char *bytes = STRPTR(tsv);
	int			low = at;
	int			high = at;
	int			step = 1;

	while (high < tsv->size && compare_bytes(bytes + words[high].pos, words[high].len, term, len) < 0)
	{
		low = high + 1;
		high += Min(step, tsv->size - high);
		step *= 2;
	}
	high = Min(high, tsv->size);
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (compare_bytes(bytes + words[middle].pos, words[middle].len, term, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* First term of the query from at on that is >= the word. */
static uint32
find_term(const PfBmQuery *query, uint32 at, const char *word, int len)
{
	uint32		high = query->nterms;

	while (at < high)
	{
		uint32		middle = at + (high - at) / 2;

		if (compare_bytes(PF_BM_QUERY_TERM(query, middle), query->terms[middle].len, word, len) < 0)
			at = middle + 1;
		else
			high = middle;
	}
	return at;
}

typedef struct Row
{
	TSVector	tsv;
	const PfBmQuery *query;
	const PfBmStats *stats;
	double		length;			/* < 0 = not known yet */
	double		score;
} Row;

static void
add_term(Row *row, uint32 term, const WordEntry *word)
{
	const PfBmStats *stats = row->stats;
	double		tf = pf_bm_weighted(pf_bm_tsv_counts(row->tsv, word), stats->weights,
									row->query->terms[term].mask);

	if (row->length < 0)
		row->length = pf_bm_tsv_length(row->tsv, stats->weights);
	row->score += stats->idf[term] *
		pf_bm_saturation(tf, row->length, stats->average, stats->k1, stats->b);
}

/* Both ascend; whichever has less is looked up in the other. */
static double
score_row(TSVector tsv, const PfBmQuery *query, const PfBmStats *stats)
{
	const WordEntry *words = ARRPTR(tsv);
	const char *bytes = STRPTR(tsv);
	Row			row = {.tsv = tsv, .query = query, .stats = stats, .length = -1};

	if (query->nterms <= (uint32) tsv->size)
	{
		int			at = 0;

		for (uint32 i = 0; i < query->nterms && at < tsv->size; i++)
		{
			const char *term = PF_BM_QUERY_TERM(query, i);
			int			len = query->terms[i].len;

			at = find_word(tsv, at, term, len);
			if (at < tsv->size &&
				compare_bytes(bytes + words[at].pos, words[at].len, term, len) == 0)
				add_term(&row, i, &words[at]);
		}
	}
	else
	{
		uint32		at = 0;

		for (int w = 0; w < tsv->size && at < query->nterms; w++)
		{
			const char *word = bytes + words[w].pos;

			at = find_term(query, at, word, words[w].len);
			for (; at < query->nterms &&
				 compare_bytes(PF_BM_QUERY_TERM(query, at), query->terms[at].len, word, words[w].len) == 0;
				 at++)
				add_term(&row, at, &words[w]);
		}
	}
	return row.score;
}

/* ---- call sites ---- */

/* Forgets everything that was read for another snapshot, transaction or user. */
static void
check_moment(Site *site)
{
	Snapshot	snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;
	TimestampTz transaction = GetCurrentTransactionStartTimestamp();
	Oid			user = GetUserId();

	if (site->transaction == transaction && site->user == user &&
		(snapshot == NULL ||
		 (site->xmin == snapshot->xmin && site->xmax == snapshot->xmax &&
		  site->xcnt == snapshot->xcnt && site->curcid == snapshot->curcid)))
		return;

	for (int i = 0; i < MAX_KEPT; i++)
	{
		if (site->kept[i].context != NULL)
			MemoryContextDelete(site->kept[i].context);
		site->kept[i].context = NULL;
	}
	site->transaction = transaction;
	site->user = user;
	if (snapshot != NULL)
	{
		site->xmin = snapshot->xmin;
		site->xmax = snapshot->xmax;
		site->xcnt = snapshot->xcnt;
		site->curcid = snapshot->curcid;
	}
}

static inline bool
is_kept(const Kept *kept, const struct varlena *value)
{
	return kept->context != NULL &&
		VARSIZE_ANY_EXHDR(value) == VARSIZE(kept->query) - VARHDRSZ &&
		memcmp(VARDATA_ANY(value), VARDATA(kept->query), VARSIZE_ANY_EXHDR(value)) == 0;
}

static Kept *
keep_query(Site *site, Datum value)
{
	int			at = 0;
	MemoryContext context;
	MemoryContext old;
	Kept		fresh = {0};

	for (int i = 1; i < MAX_KEPT && site->kept[at].context != NULL; i++)
	{
		if (site->kept[i].context == NULL || site->kept[i].used < site->kept[at].used)
			at = i;
	}

	/* Until all is read, the context hangs on the caller's, which an error frees. */
	context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed score", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	fresh.query = pf_bm_query_check(PointerGetDatum(PG_DETOAST_DATUM_COPY(value)));
	pf_bm_stats_read(fresh.query, &fresh.stats);
	MemoryContextSwitchTo(old);

	fresh.context = context;
	MemoryContextSetParent(context, site->parent);
	if (site->kept[at].context != NULL)
		MemoryContextDelete(site->kept[at].context);
	site->kept[at] = fresh;
	site->last = at;
	return &site->kept[at];
}

static Kept *
find_query(Site *site, const struct varlena *value)
{
	if (is_kept(&site->kept[site->last], value))
		return &site->kept[site->last];
	for (int i = 0; i < MAX_KEPT; i++)
	{
		if (is_kept(&site->kept[i], value))
		{
			site->last = i;
			return &site->kept[i];
		}
	}
	return NULL;
}

/* Kept for the scans of this backend: a query is scanned for in each partition. */
const PfBmStats *
pf_bm_stats_kept(const PfBmQuery *query)
{
	static Site site;
	const struct varlena *value = (const struct varlena *) query;
	Kept	   *kept;

	site.parent = TopMemoryContext;
	check_moment(&site);
	kept = find_query(&site, value);
	if (kept == NULL)
		kept = keep_query(&site, PointerGetDatum(value));
	kept->used = ++site.uses;
	return &kept->stats;
}

PG_FUNCTION_INFO_V1(pf_bm25_distance);

Datum
pf_bm25_distance(PG_FUNCTION_ARGS)
{
	Site	   *site = fcinfo->flinfo->fn_extra;
	TSVector	tsv;
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	Kept	   *kept;
	double		score;

	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Site));
		site->parent = fcinfo->flinfo->fn_mcxt;
		fcinfo->flinfo->fn_extra = site;
	}
	check_moment(site);
	kept = find_query(site, value);
	if (kept == NULL)
		kept = keep_query(site, PointerGetDatum(value));
	kept->used = ++site->uses;

	tsv = PG_GETARG_TSVECTOR(0);
	score = score_row(tsv, kept->query, &kept->stats);
	PG_FREE_IF_COPY(tsv, 0);
	if ((Pointer) value != DatumGetPointer(PG_GETARG_DATUM(1)))
		pfree(value);
	/* 0 - 0 is 0, where -0 would be shown as such. */
	PG_RETURN_FLOAT8(0 - score);
}
