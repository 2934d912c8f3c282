/*-------------------------------------------------------------------------
 *
 * topk.h
 *		What the files that look for the best documents share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_TOPK_H
#define PF_INDEX_TOPK_H

#include "index/index.h"

/* A term of the query in one segment. */
typedef struct PfBmClause
{
	PfBmCursor	cursor;
	uint32		term;			/* of the query */
	float4		weight;			/* idf times the query's weight */
	float4		bound;			/* what it can add to a score at most, in the segment */
	float4		unit;			/* the same for an impact of 1/65535, without a limit */
	float4		order;			/* maxscore.c's */
	float4		block_bound;	/* the same within the present window */
	float4		sum_bound;		/* with those of all clauses before it */
	const float4 *tf;			/* weighted term frequency by code, of the fields that count */
	uint32		scored;			/* block that scores are of, PF_BM_NO_DOC = none */
	float4		scores[PF_BM_BLOCK];
} PfBmClause;

/* What a block or list of this impact can add: where saturations have grown, a score has a limit. */
static inline float4
pf_bm_clause_bound(const PfBmClause *clause, uint16 impact)
{
	return Min(clause->unit * impact, clause->bound);
}

/* The best documents so far, the worst of them first: a heap. */
typedef struct PfBmTop
{
	PfBmHit    *hits;
	int			n;
	int			k;
	float4		threshold;		/* a score must be greater to get in; -1 while there is room */
} PfBmTop;

/* The search in one segment. */
typedef struct PfBmSearch
{
	PfBmView   *view;
	PfBmSegment *segment;
	uint32		number;			/* of the segment in the view */
	bool		dead;			/* some documents are */
	const PfBmRange *ranges;	/* those that must be tested */
	int			nranges;
	PfBmMatch  *match;			/* must pass, or NULL */
	uint32		low;			/* documents from low to high - 1; runs ascend */
	uint32		high;
	Buffer		docs;			/* pins */
	Buffer		alive;
	float4		norm;			/* k1 * (1 - b) */
	float4		norm_length;	/* k1 * b / average */
	PfBmTop    *top;
	PfBmClause **clauses;
	int			nclauses;
	void	   *any;			/* maxscore.c's */
} PfBmSearch;

/* Documents, ascending, with their scores so far. */
#define PF_BM_CANDIDATES	512

typedef struct PfBmCandidates
{
	int			n;
	uint32		docs[PF_BM_CANDIDATES];
	float4		scores[PF_BM_CANDIDATES];
} PfBmCandidates;

/* candidates.c: adds the scores of clauses with their sum_bounds, the last one first; offers; empties */
extern void pf_bm_candidates_finish(PfBmSearch *search, PfBmClause **clauses, int nclauses,
									PfBmCandidates *candidates);

/* topk.c */
extern void pf_bm_search_offer(PfBmSearch *search, uint32 doc, float4 score);
extern void pf_bm_clause_score_block(PfBmSearch *search, PfBmClause *clause);
extern float4 pf_bm_clause_score(PfBmSearch *search, PfBmClause *clause);	/* of its posting */
extern float4 pf_bm_clause_window(PfBmClause *clause, uint32 low, uint32 high);

/* maxscore.c, conjunction.c */
extern void pf_bm_search_any(PfBmSearch *search);
extern void pf_bm_search_all(PfBmSearch *search);
extern void pf_bm_search_matches(PfBmSearch *search);

#endif							/* PF_INDEX_TOPK_H */
