/*-------------------------------------------------------------------------
 *
 * view.c
 *		An index as of one moment, and what a query finds in its statistics.
 *
 * A view is a copy of the metapage, handles of its segments, and what the query
 * needs of every record in the write buffer; nothing that happens to the
 * index later changes it.  The number of documents, their lengths and how many have
 * a term are summed over segments and buffer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "index/index.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* From here on a record's terms are looked up in the query, not the other way around. */
#define MANY_TERMS	32

typedef struct Collect
{
	PfBmView   *view;
	PfBmMatcher *matcher;
	uint32	   *hashes;			/* of the query's terms */
	uint32		max_buffered;
	uint32		max_found;
	double		ntexts;
	double		sum_length;
} Collect;

double
pf_bm_idf(double ntexts, double df)
{
	return log(1 + (ntexts - df + 0.5) / (df + 0.5));
}

/* ---- the write buffer ---- */

static void
restart(void *arg)
{
	Collect    *collect = arg;

	collect->view->nbuffered = 0;
	collect->view->nfound = 0;
	collect->ntexts = 0;
	collect->sum_length = 0;
}

static void
add_found(Collect *collect, uint32 term, PfBmCounts counts)
{
	PfBmView   *view = collect->view;

	if (view->nfound == collect->max_found)
	{
		collect->max_found *= 2;
		view->found = repalloc_huge(view->found, sizeof(PfBmFound) * (Size) collect->max_found);
	}
	view->found[view->nfound].term = term;
	view->found[view->nfound].counts = counts;
	view->nfound++;
}

/* Both the query's terms and the record's ascend. */
static void
find_many(Collect *collect, const PfBmRecord *record)
{
	const PfBmQuery *query = collect->view->query;
	const char *term = record->terms;
	uint32		at = 0;

	for (uint32 i = 0; i < record->nterms; i++)
	{
		uint32		high = query->nterms;

		while (at < high)
		{
			uint32		middle = at + (high - at) / 2;
			const PfBmQueryTerm *other = &query->terms[middle];
			int			result = memcmp(PF_BM_QUERY_TERM(query, middle), term, Min(other->len, record->lengths[i]));

			if (result < 0 || (result == 0 && other->len < record->lengths[i]))
				at = middle + 1;
			else
				high = middle;
		}
		for (; at < query->nterms && query->terms[at].len == record->lengths[i] &&
			 memcmp(PF_BM_QUERY_TERM(query, at), term, record->lengths[i]) == 0; at++)
			add_found(collect, at, record->counts[i]);
		term += record->lengths[i];
	}
}

static void
collect_record(const PfBmRecord *record, void *arg)
{
	Collect    *collect = arg;
	PfBmView   *view = collect->view;
	const PfBmQuery *query = view->query;
	PfBmBuffered *buffered;

	if (view->nbuffered == collect->max_buffered)
	{
		collect->max_buffered *= 2;
		view->buffered = repalloc_huge(view->buffered, sizeof(PfBmBuffered) * (Size) collect->max_buffered);
	}
	buffered = &view->buffered[view->nbuffered++];
	buffered->doc = record->doc;
	buffered->score = 0;
	buffered->first = view->nfound;
	buffered->nfound = 0;
	buffered->matches = false;
	if (record->doc.length < 0)
		return;
	collect->ntexts++;
	collect->sum_length += record->doc.length;
	buffered->matches = collect->matcher == NULL || pf_bm_matcher_record(collect->matcher, record);
	if (query != NULL && query->nterms > MANY_TERMS)
		find_many(collect, record);
	else if (query != NULL)
	{
		for (uint32 i = 0; i < query->nterms; i++)
		{
			int			at = pf_bm_record_find(record, PF_BM_QUERY_TERM(query, i), query->terms[i].len,
											   collect->hashes[i]);

			if (at >= 0)
				add_found(collect, i, record->counts[at]);
		}
	}
	buffered->nfound = view->nfound - buffered->first;
}

/* ---- scores ---- */

void
pf_bm_view_score(PfBmView *view)
{
	for (uint32 i = 0; i < view->nbuffered; i++)
	{
		PfBmBuffered *buffered = &view->buffered[i];

		buffered->score = 0;
		for (uint32 j = 0; j < buffered->nfound; j++)
		{
			const PfBmFound *found = &view->found[buffered->first + j];
			double		tf = pf_bm_weighted(found->counts, view->meta.weights, view->query->terms[found->term].mask);

			buffered->score += view->idf[found->term] *
				pf_bm_saturation(tf, buffered->doc.length, view->average, view->k1, view->b);
		}
	}
}

static void
look_up_terms(PfBmView *view)
{
	const PfBmQuery *query = view->query;
	uint32		n = query->nterms;
	uint32		nsegments = view->meta.nsegments;

	view->terms = palloc_extended(sizeof(PfBmTerm) * Max((Size) n * nsegments, 1), MCXT_ALLOC_HUGE);
	view->df = palloc0(sizeof(double) * Max(n, 1));
	view->idf = palloc0(sizeof(double) * Max(n, 1));
	for (uint32 s = 0; s < nsegments; s++)
	{
		for (uint32 i = 0; i < n; i++)
		{
			PfBmTerm   *term = &view->terms[(Size) s * n + i];

			if (i % 1024 == 1023)
				CHECK_FOR_INTERRUPTS();
			pf_bm_segment_lookup(view->index, view->segments[s], PF_BM_QUERY_TERM(query, i),
								 query->terms[i].len, term);
			view->df[i] += term->df;
		}
	}
	for (uint32 i = 0; i < view->nfound; i++)
		view->df[view->found[i].term]++;
	for (uint32 i = 0; i < n; i++)
		view->idf[i] = pf_bm_idf(view->ntexts, view->df[i]) * query->terms[i].weight;
}

/* ---- views ---- */

PfBmView *
pf_bm_view_open(Relation index, const PfBmQuery *query, PfBmMatcher *matcher)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed view", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfBmView   *view = palloc0(sizeof(PfBmView));
	Collect		collect = {.view = view, .matcher = matcher, .max_buffered = 64, .max_found = 64};

	view->index = index;
	view->context = context;
	view->query = query;
	view->k1 = pf_bm_k1(index);
	view->b = pf_bm_b(index);
	view->buffered = palloc(sizeof(PfBmBuffered) * collect.max_buffered);
	view->found = palloc(sizeof(PfBmFound) * collect.max_found);
	if (query != NULL)
	{
		collect.hashes = palloc(sizeof(uint32) * Max(query->nterms, 1));
		for (uint32 i = 0; i < query->nterms; i++)
			collect.hashes[i] = pf_bm_hash(PF_BM_QUERY_TERM(query, i), query->terms[i].len);
	}

	pf_bm_meta_read(index, &view->meta);
	pf_bm_buffer_scan(index, &view->meta, collect_record, restart, &collect);
	view->ntexts = collect.ntexts;
	view->sum_length = collect.sum_length;
	view->ndocs = view->nbuffered;
	view->segments = palloc0(sizeof(PfBmSegment *) * PF_BM_MAX_SEGMENTS);
	for (uint32 s = 0; s < view->meta.nsegments; s++)
	{
		const PfBmSegmentEntry *entry = &view->meta.segments[s];

		view->segments[s] = pf_bm_segment_open(index, &view->meta, entry);
		view->ntexts += entry->ntexts;
		view->sum_length += entry->sum_length;
		view->ndocs += entry->ndocs - Min(entry->ndead, entry->ndocs);
	}
	view->average = view->ntexts > 0 ? view->sum_length / view->ntexts : 0;
	if (query != NULL)
	{
		look_up_terms(view);
		pf_bm_view_score(view);
	}
	MemoryContextSwitchTo(old);
	return view;
}

void
pf_bm_view_close(PfBmView *view)
{
	for (uint32 s = 0; s < view->meta.nsegments; s++)
		pf_bm_segment_release(view->segments[s]);
	MemoryContextDelete(view->context);
}
