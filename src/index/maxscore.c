/*-------------------------------------------------------------------------
 *
 * maxscore.c
 *		The best documents that have any of the terms: block-max MaxScore.
 *
 * Documents are gone through in windows that end where a block of a leading
 * list ends.  In each, what every clause can add at most is known from its blocks'
 * impacts.  Clauses that cannot lift a document over the threshold all together are
 * not essential: a document must have one of the others.  So only these are
 * read; the rest are asked about documents that may still get over the threshold,
 * those that can add most first.  A window in which no clause is essential is left out.
 *
 * With several essential clauses their scores are summed by document, in an
 * array over some thousand documents.
 *
 * Sources: Turtle and Flood, Inf. Process. Manage. 31, 1995 (MaxScore); Ding and Suel, SIGIR
 * 2011 (block-max); Grand et al., ECIR 2020 (in Lucene).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"
#include "index/topk.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#define SPAN	4096			/* documents summed at once */
#define MANY	32				/* clauses: sorted by qsort() then, and windows begin large */
#define EMPTY	(64 * SPAN)		/* the longest window to leave out at once */
#define STRIDE	16				/* sums compared at once */

typedef struct Any
{
	PfBmSearch *search;
	PfBmClause **clauses;		/* the essential ones last */
	int			n;
	int			first;			/* of the essential ones */
	float4	   *sums;			/* SPAN */
	uint64		bits[SPAN / 64];
	PfBmCandidates candidates;
} Any;

/* ---- one clause ---- */

static void
search_one(PfBmSearch *search)
{
	PfBmClause *clause = search->clauses[0];
	PfBmCursor *cursor = &clause->cursor;

	pf_bm_cursor_seek(cursor, search->low);
	while (cursor->doc < search->high)
	{
		float4		threshold;
		int			i;

		if (cursor->term.nblocks > 1)
		{
			uint32		block = cursor->block;

			while (block < cursor->term.nblocks &&
				   pf_bm_clause_bound(clause, cursor->skip[block].impact) <= search->top->threshold)
				block++;
			if (block >= cursor->term.nblocks)
				return;
			if (block != cursor->block &&
				pf_bm_cursor_seek(cursor, cursor->skip[block - 1].last_doc + 1) >= search->high)
				return;
		}
		else if (clause->bound <= search->top->threshold)
			return;

		pf_bm_clause_score_block(search, clause);
		threshold = search->top->threshold;
		for (i = cursor->pos; i < cursor->n && cursor->docs[i] < search->high; i++)
		{
			if (clause->scores[i] > threshold)
			{
				pf_bm_search_offer(search, cursor->docs[i], clause->scores[i]);
				threshold = search->top->threshold;
			}
		}
		if (i < cursor->n)
		{
			cursor->pos = i;
			cursor->doc = cursor->docs[i];
			return;
		}
		cursor->pos = cursor->n - 1;
		pf_bm_cursor_next(cursor);
		CHECK_FOR_INTERRUPTS();
	}
}

/* ---- windows ---- */

/* The window from low on: up to where the next block of an essential clause ends. */
static uint32
window_end(Any *any, uint32 low, uint32 least)
{
	uint32		high = any->search->high;
	uint32		end = high;

	for (int i = any->first; i < any->n; i++)
	{
		PfBmCursor *cursor = &any->clauses[i]->cursor;
		uint16		impact;
		uint32		last;

		if (cursor->doc == PF_BM_NO_DOC)
			continue;
		last = pf_bm_cursor_shallow(cursor, Max(low, cursor->doc), &impact);
		if (last < end)
			end = last + 1;
	}
	/* While nothing gets in, bounds of a whole list's rest would be looked at again and again. */
	if (any->first == any->n && end - low > EMPTY)
		end = low + EMPTY;
	if (any->n - any->first > 1 && end - low < least)
		end = high - low > least ? low + least : high;
	return end;
}

static int
compare_order(const void *a, const void *b)
{
	float4		left = (*(PfBmClause *const *) a)->order;
	float4		right = (*(PfBmClause *const *) b)->order;

	return (left > right) - (left < right);
}

/* Sorts the clauses for a window: false if no document of it can get in. */
static bool
partition(Any *any, uint32 low, uint32 end)
{
	float4		threshold = any->search->top->threshold;
	float4		sum = 0;

	for (int i = 0; i < any->n; i++)
		any->clauses[i]->block_bound = pf_bm_clause_window(any->clauses[i], low, end);

	/* By what they can add for what they cost to read. */
	for (int i = 0; i < any->n; i++)
		any->clauses[i]->order = any->clauses[i]->block_bound / any->clauses[i]->cursor.term.df;
	if (any->n > MANY)
		qsort(any->clauses, any->n, sizeof(PfBmClause *), compare_order);
	for (int i = 1; any->n <= MANY && i < any->n; i++)
	{
		PfBmClause *clause = any->clauses[i];
		int			j = i;

		while (j > 0 && any->clauses[j - 1]->order > clause->order)
		{
			any->clauses[j] = any->clauses[j - 1];
			j--;
		}
		any->clauses[j] = clause;
	}
	any->first = any->n;
	for (int i = 0; i < any->n; i++)
	{
		sum += any->clauses[i]->block_bound;
		any->clauses[i]->sum_bound = sum;
		if (sum > threshold)
		{
			any->first = i;
			break;
		}
	}
	return any->first < any->n;
}

/* Asks the clauses that are not essential about the candidates. */
static inline void
finish(Any *any)
{
	if (any->candidates.n > 0)
		pf_bm_candidates_finish(any->search, any->clauses, any->first, &any->candidates);
}

/* A window with one essential clause; gives how many of its postings may get in. */
static uint32
search_lead(Any *any, uint32 low, uint32 end)
{
	PfBmClause *clause = any->clauses[any->first];
	PfBmCursor *cursor = &clause->cursor;
	PfBmCandidates *candidates = &any->candidates;
	float4		rest = any->first > 0 ? any->clauses[any->first - 1]->sum_bound : 0;
	uint32		total = 0;

	pf_bm_cursor_seek(cursor, low);
	while (cursor->doc < end)
	{
		float4		threshold = any->search->top->threshold;
		int			stop = cursor->n;
		int			n = 0;

		pf_bm_clause_score_block(any->search, clause);
		while (cursor->docs[stop - 1] >= end)
			stop--;
		for (int i = cursor->pos; i < stop; i++)
		{
			candidates->docs[n] = cursor->docs[i];
			candidates->scores[n] = clause->scores[i];
			n += clause->scores[i] + rest > threshold;
		}
		candidates->n = n;
		total += n;
		finish(any);
		if (stop < cursor->n)
		{
			cursor->pos = stop;
			cursor->doc = cursor->docs[stop];
			break;
		}
		cursor->pos = stop - 1;
		pf_bm_cursor_next(cursor);
	}
	return total;
}

/* Adds a clause's scores from base on to the sums, up to end, and marks the documents unless dense. */
static uint32
add_scores(Any *any, PfBmClause *clause, uint32 base, uint32 end, bool dense)
{
	PfBmCursor *cursor = &clause->cursor;
	float4	   *sums = any->sums;
	uint32		added = 0;

	pf_bm_cursor_seek(cursor, base);
	while (cursor->doc < end)
	{
		int			i = cursor->pos;
		int			n = cursor->n;

		pf_bm_clause_score_block(any->search, clause);
		/* Where the block ends in the window, there is no need to look at each. */
		while (cursor->docs[n - 1] >= end)
			n--;
		added += n - i;
		if (dense)
		{
			for (; i < n; i++)
				sums[cursor->docs[i] - base] += clause->scores[i];
		}
		else
		{
			for (; i < n; i++)
			{
				uint32		at = cursor->docs[i] - base;

				sums[at] += clause->scores[i];
				any->bits[at / 64] |= UINT64CONST(1) << (at % 64);
			}
		}
		if (n < cursor->n)
		{
			cursor->pos = n;
			cursor->doc = cursor->docs[n];
			break;
		}
		cursor->pos = n - 1;
		pf_bm_cursor_next(cursor);
	}
	return added;
}

static inline void
add_candidate(Any *any, uint32 doc, float4 score, float4 rest)
{
	PfBmCandidates *candidates = &any->candidates;

	if (score + rest <= any->search->top->threshold)
		return;
	if (candidates->n == PF_BM_CANDIDATES)
		finish(any);
	candidates->docs[candidates->n] = doc;
	candidates->scores[candidates->n++] = score;
}

/* Goes over the documents of a span that were marked. */
static void
offer_marked(Any *any, uint32 base, uint32 n, float4 rest)
{
	for (uint32 word = 0; word * 64 < n; word++)
	{
		uint64		bits = any->bits[word];

		any->bits[word] = 0;
		while (bits != 0)
		{
			uint32		at = word * 64 + pg_rightmost_one_pos64(bits);
			float4		score = any->sums[at];

			bits &= bits - 1;
			any->sums[at] = 0;
			add_candidate(any, base + at, score, rest);
		}
	}
	finish(any);
}

/* Goes over all documents of a span, some at once. */
static void
offer_dense(Any *any, uint32 base, uint32 n, float4 rest)
{
	float4	   *sums = any->sums;

	for (uint32 at = 0; at < n; at += STRIDE)
	{
		float4		least = Max(any->search->top->threshold - rest, 0);
		int			above = 0;

		for (int i = 0; i < STRIDE; i++)
			above |= sums[at + i] > least;
		if (!above)
			continue;
		for (int i = 0; i < STRIDE; i++)
		{
			if (sums[at + i] > 0)
				add_candidate(any, base + at + i, sums[at + i], rest);
		}
	}
	memset(sums, 0, sizeof(float4) * n);
	finish(any);
}

/* A window with several essential clauses. */
static uint32
search_sums(Any *any, uint32 low, uint32 end)
{
	float4		rest = any->first > 0 ? any->clauses[any->first - 1]->sum_bound : 0;
	uint32		candidates = 0;
	double		postings = 0;
	bool		dense;

	for (int i = any->first; i < any->n; i++)
		postings += any->clauses[i]->cursor.term.df;
	dense = postings * STRIDE > any->search->segment->header.ndocs;

	for (;;)
	{
		uint32		base = PF_BM_NO_DOC;
		uint32		stop;

		for (int i = any->first; i < any->n; i++)
			base = Min(base, pf_bm_cursor_seek(&any->clauses[i]->cursor, low));
		if (base >= end)
			break;
		stop = end - base > SPAN ? base + SPAN : end;
		for (int i = any->first; i < any->n; i++)
			candidates += add_scores(any, any->clauses[i], base, stop, dense);
		if (dense)
			offer_dense(any, base, stop - base, rest);
		else
			offer_marked(any, base, stop - base, rest);
		low = stop;
		CHECK_FOR_INTERRUPTS();
	}
	return candidates;
}

void
pf_bm_search_any(PfBmSearch *search)
{
	Any		   *any = search->any;
	uint32		low = search->low;
	uint32		least = search->nclauses > MANY ? SPAN : 1;
	uint64		windows = 0;
	uint64		candidates = 0;

	if (search->nclauses == 1)
	{
		search_one(search);
		return;
	}
	if (any == NULL)
	{
		any = search->any = palloc0(sizeof(Any));
		any->search = search;
		any->clauses = search->clauses;
		any->n = search->nclauses;
		any->sums = palloc0(sizeof(float4) * SPAN);
	}

	while (low < search->high)
	{
		uint32		end = window_end(any, low, least);

		/* Fewer essential clauses may make the window shorter, and that the clauses fewer. */
		for (;;)
		{
			uint32		shorter;

			if (!partition(any, low, end))
				break;
			shorter = window_end(any, low, least);
			if (shorter >= end)
				break;
			end = shorter;
		}
		if (any->first < any->n)
		{
			windows++;
			if (any->n - any->first == 1)
				candidates += search_lead(any, low, end);
			else
			{
				candidates += search_sums(any, low, end);
				if (candidates < windows * 32 && least < SPAN)
					least *= 2;
			}
		}
		low = end;
		CHECK_FOR_INTERRUPTS();
	}
}
