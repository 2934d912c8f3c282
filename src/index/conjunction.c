/*-------------------------------------------------------------------------
 *
 * conjunction.c
 *		The best documents among those that pass a condition: all terms of the
 *		query, or a tsquery.
 *
 * All terms: the rarest leads, the others are asked in the order of how rare they are.
 * Stretches in which the blocks' impacts together do not reach the threshold are left out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"
#include "index/topk.h"

#include "miscadmin.h"

static int
rarest_first(const void *a, const void *b)
{
	const PfBmClause *left = *(PfBmClause *const *) a;
	const PfBmClause *right = *(PfBmClause *const *) b;

	if (left->cursor.term.df != right->cursor.term.df)
		return left->cursor.term.df < right->cursor.term.df ? -1 : 1;
	return left->term < right->term ? -1 : 1;
}

/*
 * The bounds of a stretch from doc on in which no clause changes its block: of each clause
 * with those behind it in sum_bound.  Gives its last document, or PF_BM_NO_DOC when a list is
 * at its end.
 */
static uint32
stretch(PfBmSearch *search, uint32 doc)
{
	uint32		last = PF_BM_NO_DOC;
	float4		sum = 0;

	for (int i = search->nclauses - 1; i >= 0; i--)
	{
		PfBmClause *clause = search->clauses[i];
		uint16		impact;
		uint32		end = pf_bm_cursor_shallow(&clause->cursor, Max(doc, clause->cursor.doc), &impact);

		if (end == PF_BM_NO_DOC)
			return end;
		last = Min(last, end);
		clause->block_bound = pf_bm_clause_bound(clause, impact);
		sum += clause->block_bound;
		clause->sum_bound = sum;
	}
	return last;
}

/*
 * The lead's next posting, from the one it stands on, that may get over the threshold within a
 * stretch; its document, which is behind last if there is none.
 */
static uint32
next_of_lead(PfBmSearch *search, uint32 last)
{
	PfBmClause *lead = search->clauses[0];
	PfBmCursor *cursor = &lead->cursor;
	float4		rest = search->clauses[1]->sum_bound;
	float4		threshold = search->top->threshold;

	while (cursor->doc <= last && cursor->doc != PF_BM_NO_DOC)
	{
		int			i = cursor->pos;

		pf_bm_clause_score_block(search, lead);
		/* The bounds are those of the stretch. */
		while (i < cursor->n && cursor->docs[i] <= last && lead->scores[i] + rest <= threshold)
			i++;
		if (i < cursor->n)
		{
			cursor->pos = i;
			return cursor->doc = cursor->docs[i];
		}
		cursor->pos = cursor->n - 1;
		pf_bm_cursor_next(cursor);
	}
	return cursor->doc;
}

void
pf_bm_search_all(PfBmSearch *search)
{
	PfBmClause **clauses = search->clauses;
	PfBmTop    *top = search->top;
	int			n = search->nclauses;
	PfBmCursor *lead;
	uint32		doc;
	uint32		last = 0;
	uint32		rounds = 0;
	bool		known = false;

	if (n == 0)
		return;
	if (n == 1)
	{
		pf_bm_search_any(search);
		return;
	}
	qsort(clauses, n, sizeof(PfBmClause *), rarest_first);
	lead = &clauses[0]->cursor;
	doc = pf_bm_cursor_seek(lead, search->low);
	while (doc < search->high)
	{
		float4		score;
		uint32		next;
		int			i;

		if ((++rounds & 0x3FF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!known || doc > last)
		{
			last = stretch(search, doc);
			known = true;
			if (last == PF_BM_NO_DOC)
				return;
		}
		if (clauses[0]->sum_bound <= top->threshold)
		{
			doc = pf_bm_cursor_seek(lead, last + 1);
			continue;
		}
		doc = next_of_lead(search, last);
		if (doc > last || doc >= search->high)
			continue;

		score = clauses[0]->scores[lead->pos];
		next = doc + 1;
		for (i = 1; i < n && score + clauses[i]->sum_bound > top->threshold; i++)
		{
			uint32		other = pf_bm_cursor_seek(&clauses[i]->cursor, doc);

			if (other != doc)
			{
				next = other;
				break;
			}
			score += pf_bm_clause_score(search, clauses[i]);
		}
		if (i == n)
			pf_bm_search_offer(search, doc, score);
		doc = pf_bm_cursor_seek(lead, next);
	}
}

/* Documents that match a tsquery which has few. */
void
pf_bm_search_matches(PfBmSearch *search)
{
	PfBmMatch  *match = search->match;
	uint32		doc = pf_bm_match_seek(match, search->low);

	search->match = NULL;
	for (; doc < search->high; doc = pf_bm_match_seek(match, doc + 1))
	{
		float4		score = 0;

		for (int i = 0; i < search->nclauses; i++)
		{
			if (pf_bm_cursor_seek(&search->clauses[i]->cursor, doc) == doc)
				score += pf_bm_clause_score(search, search->clauses[i]);
		}
		pf_bm_search_offer(search, doc, score);
		CHECK_FOR_INTERRUPTS();
	}
	search->match = match;
}
