/*-------------------------------------------------------------------------
 *
 * watch_cover.h
 *		Terms of watches by number, and under which of them a watch is found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_WATCH_COVER_H
#define PF_WATCH_COVER_H

#include "ingest/watch.h"

typedef enum PfTermKind
{
	PF_TERM_WORD,				/* in the server's encoding, as the next */
	PF_TERM_PREFIX,
	PF_TERM_AUTHOR,
	PF_TERM_CATEGORY,
	PF_TERM_CATEGORIES,			/* that begin with it: "cs." */
	PF_TERM_SOURCE,
	PF_TERM_PAPER,				/* that a watch compares with */
	PF_TERM_KINDS
} PfTermKind;

typedef struct PfTerms PfTerms;

extern PfTerms *pf_terms_new(void);	/* in CurrentMemoryContext; what is added, too */
extern int	pf_terms_add(PfTerms *terms, PfTermKind kind, PfStr s);	/* its number, from 0 */
extern int	pf_terms_find(const PfTerms *terms, PfTermKind kind, PfStr s);	/* -1 = not there */
extern int	pf_terms_count(const PfTerms *terms);
extern PfTermKind pf_terms_kind(const PfTerms *terms, int number);
extern PfStr pf_terms_get(const PfTerms *terms, int number);

/* A growing list of numbers. */
typedef struct PfNumbers
{
	int		   *items;
	int			n;
	int			max;
} PfNumbers;

extern void pf_numbers_add(PfNumbers *list, int number);

/*
 * Terms of which a paper has at least one if it meets the criteria; the cost
 * is the number of papers that have one, more or less.
 */
typedef struct PfCover
{
	PfNumbers	terms;
	double		cost;			/* infinite = there are no such terms */
} PfCover;

/* All terms that the functions below may name. */
extern void pf_cover_add_terms(PfTerms *terms, const PfCriteria *criteria);

/* papers[number] says how many of them have a term, for words. */
extern PfCover pf_cover(const PfTerms *terms, const PfCriteria *criteria, const double *papers);

/* Words that a paper has all of if it meets the query. */
extern void pf_cover_required(const PfTerms *terms, TSQuery query, PfNumbers *out);

#endif							/* PF_WATCH_COVER_H */
