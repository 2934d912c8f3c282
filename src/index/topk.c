/*-------------------------------------------------------------------------
 *
 * topk.c
 *		The k best documents of a view.
 *
 * Segments are searched one after the other, the largest first, with one heap of
 * the best so far; the least score in it is the threshold that lets a search leave out
 * what cannot get in.  While searching, scores are single-precision sums in any order;
 * those of the k best are computed again at the end, as for a row on its own.
 *
 * Bounds: a block's largest impact was computed with the k1, b and average of the time
 * when its segment was written.  With others, the saturation tf / (tf + norm) may have
 * grown, at most by norm / norm' where that is greatest, which is at one end of
 * the lengths.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"
#include "index/topk.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* Runs of documents that a condition narrows a search to, at most. */
#define MAX_RUNS	128

/* Beyond so many terms cursors do not hold their pages. */
#define MAX_PINS	64

/* Bounds are a little larger than they need be, for single precision's sake. */
#define SLACK(nterms)	(1.00001f + (nterms) * 1.2e-7f)

/* ---- the heap ---- */

/* Is a a worse hit than b? */
static inline bool
worse(const PfBmHit *a, const PfBmHit *b)
{
	if (a->score != b->score)
		return a->score < b->score;
	if (a->source != b->source)
		return a->source > b->source;
	return a->doc > b->doc;
}

static void
sift_down(PfBmTop *top, int at)
{
	PfBmHit		hit = top->hits[at];

	for (;;)
	{
		int			child = 2 * at + 1;

		if (child >= top->n)
			break;
		if (child + 1 < top->n && worse(&top->hits[child + 1], &top->hits[child]))
			child++;
		if (!worse(&top->hits[child], &hit))
			break;
		top->hits[at] = top->hits[child];
		at = child;
	}
	top->hits[at] = hit;
}

static void
top_add(PfBmTop *top, uint32 source, uint32 doc, double score)
{
	PfBmHit		hit = {.score = score, .source = source, .doc = doc};

	if (top->n < top->k)
	{
		int			at = top->n++;

		while (at > 0 && worse(&hit, &top->hits[(at - 1) / 2]))
		{
			top->hits[at] = top->hits[(at - 1) / 2];
			at = (at - 1) / 2;
		}
		top->hits[at] = hit;
	}
	else
	{
		top->hits[0] = hit;
		sift_down(top, 0);
	}
	if (top->n == top->k)
		top->threshold = (float4) top->hits[0].score;
}

/* ---- clauses ---- */

void
pf_bm_clause_score_block(PfBmSearch *search, PfBmClause *clause)
{
	const PfBmCursor *cursor = &clause->cursor;
	const float4 *lengths = search->segment->lengths;
	const float4 *tf = clause->tf;
	float4		weight = clause->weight;
	float4		norm = search->norm;
	float4		norm_length = search->norm_length;
	float4		frequencies[PF_BM_BLOCK];
	float4		norms[PF_BM_BLOCK];

	if (clause->scored == cursor->block)
		return;
	pf_bm_cursor_codes(&clause->cursor);
	for (int i = 0; i < cursor->n; i++)
	{
		frequencies[i] = tf[cursor->codes[i]];
		norms[i] = lengths[cursor->lengths[i]];
	}
	/* A frequency of 0 with a norm of 0 would be no number. */
	for (int i = 0; i < cursor->n; i++)
		clause->scores[i] = weight * frequencies[i] /
			(frequencies[i] + norm + norm_length * norms[i] + 1e-30f);
	clause->scored = cursor->block;
}

float4
pf_bm_clause_score(PfBmSearch *search, PfBmClause *clause)
{
	uint32		code;
	uint32		length;
	float4		tf;

	if (clause->scored == clause->cursor.block)
		return clause->scores[clause->cursor.pos];
	pf_bm_cursor_posting(&clause->cursor, &code, &length);
	tf = clause->tf[code];
	return clause->weight * tf /
		(tf + search->norm + search->norm_length * search->segment->lengths[length] + 1e-30f);
}

/* What the clause can add to the score of a document from low to high - 1. */
float4
pf_bm_clause_window(PfBmClause *clause, uint32 low, uint32 high)
{
	PfBmCursor *cursor = &clause->cursor;
	uint16		impact;
	uint16		largest = 0;

	if (cursor->doc == PF_BM_NO_DOC || cursor->doc >= high)
		return 0;
	low = Max(low, cursor->doc);
	if (cursor->term.nblocks <= 1)
		return clause->bound;
	pf_bm_cursor_shallow(cursor, low, &impact);
	for (uint32 block = cursor->shallow; block < cursor->term.nblocks; block++)
	{
		largest = Max(largest, cursor->skip[block].impact);
		if (cursor->skip[block].last_doc >= high - 1)
			break;
	}
	return pf_bm_clause_bound(clause, largest);
}

/* ---- documents ---- */

void
pf_bm_search_offer(PfBmSearch *search, uint32 doc, float4 score)
{
	PfBmTop    *top = search->top;

	if (score <= top->threshold || score <= 0)
		return;
	if (search->dead && !pf_bm_segment_alive(search->view->index, search->segment, doc, &search->alive))
		return;
	if (search->nranges > 0)
	{
		PfBmDoc		record;

		pf_bm_segment_doc(search->view->index, &search->view->meta, search->segment, doc, &search->docs, &record);
		for (int i = 0; i < search->nranges; i++)
		{
			if (!pf_bm_range_test(&search->ranges[i], &record))
				return;
		}
	}
	if (search->match != NULL && !pf_bm_match_test(search->match, doc))
		return;
	top_add(top, search->number, doc, score);
}

/* Documents in a row that a search goes over. */
typedef struct Run
{
	uint32		low;
	uint32		high;
} Run;

/*
 * The runs of documents that may be in the ranges, by the zones of their pages:
 * few long ones rather than many short.  Gives their number, and the ranges
 * that must be tested on each document.
 */
static int
narrow(PfBmSearch *search, const PfBmRange *ranges, int nranges, PfBmRange *tested, Run *runs)
{
	const PfBmHeader *header = &search->segment->header;
	const PfBmZone *zones[PF_BM_MAX_FILTERS];
	uint32		per_page = PF_BM_PAYLOAD / search->view->meta.doc_width;
	uint32		npages = header->npages[PF_BM_AREA_DOCS];
	uint32		gap = 1;

	search->nranges = 0;
	search->ranges = tested;
	runs[0].low = 0;
	runs[0].high = header->ndocs;
	for (int i = 0; i < nranges; i++)
	{
		const PfBmRange *range = &ranges[i];
		int			filter = range->filter;

		if (range->low > range->high || range->low > header->max[filter] || range->high < header->min[filter])
			return 0;
		if (range->nvalues < 0 && range->low <= header->min[filter] && range->high >= header->max[filter] &&
			(header->null_filters & (1 << filter)) == 0)
			continue;
		zones[search->nranges] = pf_bm_segment_zones(search->view->index, search->segment, filter);
		tested[search->nranges++] = *range;
	}
	if (search->nranges == 0)
		return 1;

	for (;; gap *= 2)
	{
		int			n = 0;
		uint32		left = gap;

		for (uint32 page = 0; page < npages; page++)
		{
			bool		in = true;

			for (int i = 0; i < search->nranges; i++)
				in &= zones[i][page].min <= tested[i].high && zones[i][page].max >= tested[i].low;
			if (!in)
			{
				left = Min(left + 1, gap);
				continue;
			}
			if (n > 0 && left < gap)
				runs[n - 1].high = (page + 1) * per_page;
			else if (n < MAX_RUNS)
			{
				runs[n].low = page * per_page;
				runs[n].high = (page + 1) * per_page;
				n++;
			}
			else
			{
				n = -1;
				break;
			}
			left = 0;
		}
		if (n >= 0)
		{
			if (n > 0)
				runs[n - 1].high = Min(runs[n - 1].high, header->ndocs);
			return n;
		}
	}
}

/* ---- segments ---- */

/* How much saturations may have grown since the segment was written. */
static double
drift(const PfBmView *view, const PfBmHeader *header)
{
	double		short_then = header->k1 * (1 - (double) header->b);
	double		short_now = view->k1 * (1 - view->b);
	double		long_then = header->average > 0 ? (double) header->k1 * header->b / header->average : 0;
	double		long_now = view->average > 0 ? view->k1 * view->b / view->average : 0;
	double		least = 1;

	if (short_then > 0)
		least = Min(least, short_now / short_then);
	if (long_then > 0)
		least = Min(least, long_now / long_then);
	return least > 0 ? 1 / least : 65535;
}

static void
search_segment(PfBmView *view, uint32 number, const PfBmRange *ranges, int nranges,
			   const PfBmMatcher *matcher, PfBmTop *top)
{
	const PfBmQuery *query = view->query;
	const PfBmSegmentEntry *entry = &view->meta.segments[number];
	PfBmSegment *segment = view->segments[number];
	const PfBmTerm *terms = view->terms + (Size) number * query->nterms;
	PfBmRange	tested[PF_BM_MAX_FILTERS];
	Run			runs[MAX_RUNS];
	int			nruns;
	PfBmSearch	search = {.view = view,.segment = segment,.number = number,.top = top};
	double		growth = drift(view, &segment->header);
	float4	   *masked[PF_BM_ALL_FIELDS] = {NULL};
	double		postings = 0;
	bool		all = matcher != NULL && pf_bm_matcher_is_and(matcher, query);
	bool		missing = false;

	search.dead = entry->ndead > 0;
	search.norm = view->average > 0 ? (float4) (view->k1 * (1 - view->b)) : (float4) view->k1;
	search.norm_length = view->average > 0 ? (float4) (view->k1 * view->b / view->average) : 0;
	search.docs = InvalidBuffer;
	search.alive = InvalidBuffer;
	nruns = narrow(&search, ranges, nranges, tested, runs);
	if (nruns == 0)
		return;

	search.clauses = palloc(sizeof(PfBmClause *) * Max(query->nterms, 1));
	for (uint32 i = 0; i < query->nterms; i++)
	{
		PfBmClause *clause;
		double		impact;

		if (terms[i].df == 0)
		{
			missing = true;
			continue;
		}
		if (view->idf[i] <= 0 && !all)
			continue;
		clause = palloc(sizeof(PfBmClause));
		pf_bm_cursor_open(&clause->cursor, view->index, segment, &terms[i], query->nterms > MAX_PINS);
		clause->term = i;
		clause->weight = (float4) view->idf[i];
		clause->scored = PF_BM_NO_DOC;
		impact = Min(terms[i].impact / 65535.0 * growth, 1.0);
		clause->bound = (float4) (view->idf[i] * impact) * SLACK(query->nterms);
		clause->unit = (float4) (view->idf[i] * growth / 65535.0) * SLACK(query->nterms);
		clause->tf = segment->tf;
		if (query->terms[i].mask != PF_BM_ALL_FIELDS)
		{
			float4	  **tf = &masked[query->terms[i].mask];

			if (*tf == NULL)
			{
				*tf = palloc_extended(sizeof(float4) * (Size) segment->header.ncounts, MCXT_ALLOC_HUGE);
				for (uint32 code = 0; code < segment->header.ncounts; code++)
					(*tf)[code] = pf_bm_weighted(segment->counts[code], view->meta.weights,
												 query->terms[i].mask);
			}
			clause->tf = *tf;
		}
		search.clauses[search.nclauses++] = clause;
		postings += terms[i].df;
	}

	if (matcher != NULL && !all && !pf_bm_matcher_implied(matcher, query))
		search.match = pf_bm_match_open(matcher, view->index, &view->meta, segment);

	for (int i = 0; i < nruns; i++)
	{
		search.low = runs[i].low;
		search.high = runs[i].high;
		if (all)
		{
			if (!missing)
				pf_bm_search_all(&search);
		}
		else if (search.match != NULL && pf_bm_match_estimate(search.match) < postings / 4)
			pf_bm_search_matches(&search);
		else if (search.nclauses > 0)
			pf_bm_search_any(&search);
	}

	if (search.match != NULL)
		pf_bm_match_close(search.match);
	for (int i = 0; i < search.nclauses; i++)
		pf_bm_cursor_close(&search.clauses[i]->cursor);
	if (BufferIsValid(search.docs))
		ReleaseBuffer(search.docs);
	if (BufferIsValid(search.alive))
		ReleaseBuffer(search.alive);
}

/* ---- the end: exact scores and rows ---- */

static int
by_place(const void *a, const void *b)
{
	const PfBmHit *left = a;
	const PfBmHit *right = b;

	if (left->source != right->source)
		return left->source < right->source ? -1 : 1;
	return left->doc < right->doc ? -1 : left->doc > right->doc;
}

static int
by_score(const void *a, const void *b)
{
	if (worse(b, a))
		return -1;
	return worse(a, b);
}

/* Scores of hits of one segment, documents ascending, as for rows on their own; and where the rows are. */
static void
finish_hits(PfBmView *view, uint32 number, PfBmHit *hits, int n)
{
	const PfBmQuery *query = view->query;
	PfBmSegment *segment = view->segments[number];
	Buffer		pinned = InvalidBuffer;
	float4	   *lengths = palloc_extended(sizeof(float4) * n, MCXT_ALLOC_HUGE);
	PfBmCursor *cursor = palloc(sizeof(PfBmCursor));

	for (int i = 0; i < n; i++)
	{
		PfBmDoc		doc;

		pf_bm_segment_doc(view->index, &view->meta, segment, hits[i].doc, &pinned, &doc);
		hits[i].tid = doc.tid;
		hits[i].score = 0;
		lengths[i] = doc.length;
	}
	ReleaseBuffer(pinned);
	for (uint32 t = 0; t < query->nterms; t++)
	{
		const PfBmTerm *term = &view->terms[(Size) number * query->nterms + t];

		if (term->df == 0)
			continue;
		pf_bm_cursor_open(cursor, view->index, segment, term, false);
		for (int i = 0; i < n; i++)
		{
			uint32		code;
			uint32		length;
			double		tf;

			if ((i & 0x3FF) == 0x3FF)
				CHECK_FOR_INTERRUPTS();
			if (pf_bm_cursor_seek(cursor, hits[i].doc) != hits[i].doc)
				continue;
			pf_bm_cursor_posting(cursor, &code, &length);
			tf = pf_bm_weighted(segment->counts[code], view->meta.weights, query->terms[t].mask);
			hits[i].score += view->idf[t] * pf_bm_saturation(tf, lengths[i], view->average, view->k1, view->b);
		}
		pf_bm_cursor_close(cursor);
	}
	pfree(cursor);
	pfree(lengths);
}

typedef struct BySize
{
	uint32		number;
	uint32		ndocs;
} BySize;

static int
largest_first(const void *a, const void *b)
{
	const BySize *left = a;
	const BySize *right = b;

	if (left->ndocs != right->ndocs)
		return left->ndocs > right->ndocs ? -1 : 1;
	return left->number < right->number ? -1 : left->number > right->number;
}

int
pf_bm_topk(PfBmView *view, const PfBmRange *ranges, int nranges, const PfBmMatcher *matcher,
		   int k, PfBmHit *hits, bool *complete)
{
	uint32		nsegments = view->meta.nsegments;
	PfBmTop		top = {.hits = hits,.k = k,.threshold = -1};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed search", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	BySize		order[PF_BM_MAX_SEGMENTS];

	for (uint32 i = 0; i < view->nbuffered; i++)
	{
		const PfBmBuffered *buffered = &view->buffered[i];
		bool		passes = buffered->score > 0 && buffered->matches;

		for (int r = 0; r < nranges && passes; r++)
			passes = pf_bm_range_test(&ranges[r], &buffered->doc);
		if (passes && (top.n < k || buffered->score > hits[0].score))
			top_add(&top, nsegments, i, buffered->score);
	}

	for (uint32 s = 0; s < nsegments; s++)
	{
		order[s].number = s;
		order[s].ndocs = view->meta.segments[s].ndocs;
	}
	qsort(order, nsegments, sizeof(BySize), largest_first);
	for (uint32 s = 0; s < nsegments; s++)
	{
		CHECK_FOR_INTERRUPTS();
		search_segment(view, order[s].number, ranges, nranges, matcher, &top);
		MemoryContextReset(context);
	}

	qsort(hits, top.n, sizeof(PfBmHit), by_place);
	for (int i = 0; i < top.n;)
	{
		int			n = 1;

		while (i + n < top.n && hits[i + n].source == hits[i].source)
			n++;
		if (hits[i].source < nsegments)
			finish_hits(view, hits[i].source, hits + i, n);
		else
		{
			for (int j = i; j < i + n; j++)
				hits[j].tid = view->buffered[hits[j].doc].doc.tid;
		}
		i += n;
	}
	qsort(hits, top.n, sizeof(PfBmHit), by_score);
	*complete = top.n < k;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return top.n;
}
