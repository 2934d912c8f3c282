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
 * The bound of a stretch from doc on, in which no clause changes its block; its
 * last document in *last.
 */
static float4
stretch(PfBmSearch *search, uint32 doc, uint32 *last)
{
	float4		bound = 0;

	*last = PF_BM_NO_DOC;
	for (int i = 0; i < search->nclauses; i++)
	{
		PfBmClause *clause = search->clauses[i];
		uint16		impact;
		uint32		end = pf_bm_cursor_shallow(&clause->cursor, Max(doc, clause->cursor.doc), &impact);

		*last = Min(*last, end);
		bound += clause->bound * impact / Max(clause->cursor.term.impact, 1);
		if (end == PF_BM_NO_DOC)
			return 0;
	}
	return bound;
}

void
pf_bm_search_all(PfBmSearch *search)
{
	PfBmClause **clauses = search->clauses;
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
		bool		all = true;

		if ((++rounds & 0x3FF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (search->top->threshold >= 0 && (!known || doc > last))
		{
			float4		bound = stretch(search, doc, &last);

			known = true;
			if (bound <= search->top->threshold)
			{
				if (last >= search->high - 1)
					return;
				known = false;
				doc = pf_bm_cursor_seek(lead, last + 1);
				continue;
			}
		}

		for (int i = 1; i < n; i++)
		{
			uint32		other = pf_bm_cursor_seek(&clauses[i]->cursor, doc);

			if (other != doc)
			{
				if (other >= search->high)
					return;
				doc = pf_bm_cursor_seek(lead, other);
				all = false;
				break;
			}
		}
		if (!all)
			continue;
		score = 0;
		for (int i = 0; i < n; i++)
			score += pf_bm_clause_score(search, clauses[i]);
		pf_bm_search_offer(search, doc, score);
		doc = pf_bm_cursor_next(lead);
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
