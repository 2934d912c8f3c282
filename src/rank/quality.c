/*-------------------------------------------------------------------------
 *
 * quality.c
 *		How good a ranked list is, against judgements: ndcg, recall, mrr.
 *
 * The definitions are those of trec_eval (measures ndcg_cut, recall and
 * recip_rank), for one query; avg() over the queries gives the figure that
 * papers report.  The rows of a group are the judged documents of the query,
 * each with its gain and its place in the list, null if the list lacks it:
 *
 *		qrels LEFT JOIN run USING (query, paper) ... GROUP BY query
 *
 * Documents of the list that nobody judged may be there or not; they gain
 * nothing.
 *
 * The three aggregates have one transition function, so a query with all of
 * them keeps one state.  It holds the relevant documents only; the final
 * functions sort a copy, which makes the result the same to the last bit
 * whatever the order of the rows or the number of workers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/memutils.h"

#include "rank/args.h"
#include "rank/rank.h"

#define MAX_JUDGED	((int64) (MaxAllocSize / sizeof(PfJudged)))

/* What a document takes in a serialized state. */
#define SENT_SIZE	((int64) (sizeof(int64) + sizeof(float8)))

typedef struct QualityState
{
	int32		k;				/* 0 = the whole list */
	int64		n;
	int64		max;
	PfJudged   *docs;			/* in the aggregate's context, like this struct */
} QualityState;

/* Documents that are not in the list come last. */
static int
by_rank(const void *a, const void *b)
{
	uint64		x = (uint64) ((const PfJudged *) a)->rank - 1;
	uint64		y = (uint64) ((const PfJudged *) b)->rank - 1;

	return x < y ? -1 : x > y ? 1 : 0;
}

static int
by_gain(const void *a, const void *b)
{
	double		x = ((const PfJudged *) a)->gain;
	double		y = ((const PfJudged *) b)->gain;

	return x > y ? -1 : x < y ? 1 : 0;
}

int64
pf_rank_same_place(PfJudged *docs, int64 n)
{
	qsort(docs, n, sizeof(PfJudged), by_rank);
	for (int64 i = 1; i < n && docs[i].rank > 0; i++)
	{
		if (docs[i].rank == docs[i - 1].rank)
			return docs[i].rank;
	}
	return 0;
}

double
pf_rank_dcg(PfJudged *docs, int64 n, int32 k)
{
	double		sum = 0;

	qsort(docs, n, sizeof(PfJudged), by_rank);
	for (int64 i = 0; i < n && docs[i].rank > 0 && (k == 0 || docs[i].rank <= k); i++)
		sum += docs[i].gain / log2((double) docs[i].rank + 1);
	return sum;
}

double
pf_rank_ideal_dcg(PfJudged *docs, int64 n, int32 k)
{
	double		sum = 0;

	qsort(docs, n, sizeof(PfJudged), by_gain);
	for (int64 i = 0; i < n && (k == 0 || i < k); i++)
		sum += docs[i].gain / log2((double) i + 2);
	return sum;
}

static QualityState *
new_state(MemoryContext context, int32 k)
{
	QualityState *state = MemoryContextAllocZero(context, sizeof(QualityState));

	state->k = k;
	return state;
}

static void
check_same(const QualityState *state, int32 k)
{
	if (state->k != k)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must be the same for all rows of a group")));
}

static void
add_docs(MemoryContext context, QualityState *state, const PfJudged *docs, int64 n)
{
	if (n == 0)
		return;
	if (n > MAX_JUDGED - state->n)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than " INT64_FORMAT " relevant documents in a group", MAX_JUDGED)));
	if (n > state->max - state->n)
	{
		int64		max = Min(Max(16, 2 * (state->n + n)), MAX_JUDGED);

		if (state->docs == NULL)
			state->docs = MemoryContextAlloc(context, max * sizeof(PfJudged));
		else
			state->docs = repalloc(state->docs, max * sizeof(PfJudged));
		state->max = max;
	}
	memcpy(state->docs + state->n, docs, n * sizeof(PfJudged));
	state->n += n;
}

PG_FUNCTION_INFO_V1(pf_quality_accum);
PG_FUNCTION_INFO_V1(pf_quality_combine);
PG_FUNCTION_INFO_V1(pf_quality_serialize);
PG_FUNCTION_INFO_V1(pf_quality_deserialize);
PG_FUNCTION_INFO_V1(pf_ndcg_final);
PG_FUNCTION_INFO_V1(pf_recall_final);
PG_FUNCTION_INFO_V1(pf_mrr_final);

/* _quality_accum(state, gain, rank [, k]) */
Datum
pf_quality_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = pf_rank_aggregate_context(fcinfo);
	QualityState *state = PG_ARGISNULL(0) ? NULL : (QualityState *) PG_GETARG_POINTER(0);
	PfJudged	doc = {0, 0};
	int32		k = 0;

	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
	{
		k = PG_GETARG_INT32(3);
		if (k < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("k must be positive")));
	}
	if (!PG_ARGISNULL(1))
		doc.gain = pf_rank_arg_number(PG_GETARG_FLOAT8(1), "gain");
	if (!PG_ARGISNULL(2))
	{
		doc.rank = PG_GETARG_INT64(2);
		if (doc.rank < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("rank must be positive")));
	}

	if (state == NULL)
		state = new_state(context, k);
	else
		check_same(state, k);
	if (doc.gain > 0)
		add_docs(context, state, &doc, 1);
	PG_RETURN_POINTER(state);
}

Datum
pf_quality_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = pf_rank_aggregate_context(fcinfo);
	QualityState *state = PG_ARGISNULL(0) ? NULL : (QualityState *) PG_GETARG_POINTER(0);
	QualityState *other = PG_ARGISNULL(1) ? NULL : (QualityState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(context, other->k);
		else
			check_same(state, other->k);
		add_docs(context, state, other->docs, other->n);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

Datum
pf_quality_serialize(PG_FUNCTION_ARGS)
{
	QualityState *state;
	StringInfoData buf;

	(void) pf_rank_aggregate_context(fcinfo);
	state = (QualityState *) PG_GETARG_POINTER(0);

	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->k);
	pq_sendint64(&buf, state->n);
	for (int64 i = 0; i < state->n; i++)
	{
		pq_sendint64(&buf, state->docs[i].rank);
		pq_sendfloat8(&buf, state->docs[i].gain);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

Datum
pf_quality_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	StringInfoData buf;
	QualityState *state;
	bool		valid;

	(void) pf_rank_aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);

	/* A reader only: the bytes stay where they are. */
	buf.data = VARDATA_ANY(bytes);
	buf.len = VARSIZE_ANY_EXHDR(bytes);
	buf.maxlen = buf.len;
	buf.cursor = 0;

	state = palloc0(sizeof(QualityState));
	state->k = pq_getmsgint(&buf, 4);
	state->n = pq_getmsgint64(&buf);
	valid = state->k >= 0 && state->n == (buf.len - buf.cursor) / SENT_SIZE;
	if (valid && state->n > 0)
	{
		state->max = state->n;
		state->docs = palloc(state->n * sizeof(PfJudged));
	}
	for (int64 i = 0; valid && i < state->n; i++)
	{
		PfJudged   *doc = &state->docs[i];

		doc->rank = pq_getmsgint64(&buf);
		doc->gain = pq_getmsgfloat8(&buf);
		valid = doc->rank >= 0 && doc->gain > 0 && isfinite(doc->gain);
	}
	if (!valid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid state of aggregate ndcg, recall or mrr")));
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/* A copy of the relevant documents that may be sorted, with the places checked. */
static PfJudged *
sorted_docs(const QualityState *state)
{
	PfJudged   *docs = palloc(Max(state->n, 1) * sizeof(PfJudged));
	int64		place;

	if (state->n > 0)
		memcpy(docs, state->docs, state->n * sizeof(PfJudged));
	place = pf_rank_same_place(docs, state->n);
	if (place > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("two documents have rank " INT64_FORMAT, place),
				 errhint("Group by query, and number the list with row_number().")));
	return docs;
}

Datum
pf_ndcg_final(PG_FUNCTION_ARGS)
{
	QualityState *state;
	PfJudged   *docs;
	double		dcg;
	double		ideal;

	(void) pf_rank_aggregate_context(fcinfo);
	state = (QualityState *) PG_GETARG_POINTER(0);
	docs = sorted_docs(state);
	dcg = pf_rank_dcg(docs, state->n, state->k);
	ideal = pf_rank_result(pf_rank_ideal_dcg(docs, state->n, state->k));
	pfree(docs);
	PG_RETURN_FLOAT8(ideal > 0 ? dcg / ideal : 0);
}

Datum
pf_recall_final(PG_FUNCTION_ARGS)
{
	QualityState *state;
	PfJudged   *docs;
	int64		found = 0;

	(void) pf_rank_aggregate_context(fcinfo);
	state = (QualityState *) PG_GETARG_POINTER(0);
	docs = sorted_docs(state);
	while (found < state->n && docs[found].rank > 0 &&
		   (state->k == 0 || docs[found].rank <= state->k))
		found++;
	pfree(docs);
	PG_RETURN_FLOAT8(state->n > 0 ? (double) found / state->n : 0);
}

Datum
pf_mrr_final(PG_FUNCTION_ARGS)
{
	QualityState *state;
	PfJudged   *docs;
	int64		first;

	(void) pf_rank_aggregate_context(fcinfo);
	state = (QualityState *) PG_GETARG_POINTER(0);
	docs = sorted_docs(state);
	first = state->n > 0 ? docs[0].rank : 0;
	pfree(docs);
	PG_RETURN_FLOAT8(first > 0 && (state->k == 0 || first <= state->k) ? 1.0 / first : 0);
}
