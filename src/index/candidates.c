/*-------------------------------------------------------------------------
 *
 * candidates.c
 *		Documents that may get over the threshold: what is still missing of their
 *		scores.
 *
 * A search hands over documents with the scores that its essential clauses gave
 * them, some hundred at once.  The other clauses are then gone through one by one, those
 * that can add most first: candidates that cannot make it any more are dropped, and
 * the rest, in order of documents, is merged with the clause's postings.  Taken
 * together they cost a fraction of what they would one by one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"
#include "index/topk.h"

#define STRIDE		16			/* postings to step over at once */
#define FEW			4			/* postings of a block to be scored alone; then all of them are */

/* Drops the candidates that cannot get over the threshold with so much more. */
static void
drop(PfBmCandidates *candidates, float4 rest, float4 threshold)
{
	int			n = 0;

	for (int i = 0; i < candidates->n; i++)
	{
		float4		score = candidates->scores[i];

		candidates->docs[n] = candidates->docs[i];
		candidates->scores[n] = score;
		n += score + rest > threshold;
	}
	candidates->n = n;
}

/* Score of the posting a clause stands on; before is how many of its block were asked for. */
static inline float4
score_of(PfBmSearch *search, PfBmClause *clause, int *before)
{
	if (clause->scored != clause->cursor.block && ++*before > FEW)
		pf_bm_clause_score_block(search, clause);
	return pf_bm_clause_score(search, clause);
}

/* Adds a clause's scores.  rest is what the clauses after it can add at most. */
static void
add_clause(PfBmSearch *search, PfBmClause *clause, PfBmCandidates *candidates, float4 rest)
{
	PfBmCursor *cursor = &clause->cursor;
	float4		threshold = search->top->threshold;
	int			asked = 0;

	for (int i = 0; i < candidates->n; i++)
	{
		uint32		doc = candidates->docs[i];
		int			pos;

		if (cursor->doc > doc)
			continue;
		if (cursor->docs[cursor->n - 1] < doc)
		{
			/* The one block that may have it can often add less than the window's best. */
			if (cursor->term.nblocks > 1)
			{
				uint16		impact;

				pf_bm_cursor_shallow(cursor, doc, &impact);
				if (candidates->scores[i] + pf_bm_clause_bound(clause, impact) + rest <= threshold)
				{
					candidates->scores[i] = -1;
					continue;
				}
			}
			asked = 0;
			if (pf_bm_cursor_seek(cursor, doc) == PF_BM_NO_DOC)
				return;
		}
		else
		{
			pos = cursor->pos;
			while (pos + STRIDE < cursor->n && cursor->docs[pos + STRIDE] < doc)
				pos += STRIDE;
			while (cursor->docs[pos] < doc)
				pos++;
			cursor->pos = pos;
			cursor->doc = cursor->docs[pos];
		}
		if (cursor->doc == doc)
			candidates->scores[i] += score_of(search, clause, &asked);
	}
}

void
pf_bm_candidates_finish(PfBmSearch *search, PfBmClause **clauses, int nclauses,
						PfBmCandidates *candidates)
{
	for (int i = nclauses - 1; i >= 0 && candidates->n > 0; i--)
	{
		drop(candidates, clauses[i]->sum_bound, search->top->threshold);
		add_clause(search, clauses[i], candidates, i > 0 ? clauses[i - 1]->sum_bound : 0);
	}
	for (int i = 0; i < candidates->n; i++)
	{
		if (candidates->scores[i] > search->top->threshold)
			pf_bm_search_offer(search, candidates->docs[i], candidates->scores[i]);
	}
	candidates->n = 0;
}
