/*-------------------------------------------------------------------------
 *
 * criteria.h
 *		What a rule or a watch looks for in a paper.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_CRITERIA_H
#define PF_CRITERIA_H

#include "paper/paper.h"
#include "tsearch/ts_type.h"

/*
 * All of what is given must hold; nothing given = every paper.  Lists hold if
 * any of their members does.
 */
typedef struct PfCriteria
{
	TSQuery		query;			/* over document(paper), see condition(); NULL = any */
	PfStrings	authors;		/* in the form of pf_author_fold(): "ada lovelace", or a family name alone */
	PfStrings	categories;		/* in the form of pf_category_fold(); "cs.*" = all that begin with "cs." */
	PfStrings	sources;		/* as in the column 'source', in the same form */
} PfCriteria;

/* The columns of a table that has criteria; here they are in this order. */
enum
{
	PF_CRITERIA_CONDITION,		/* tsquery, made of what the user wrote by condition() */
	PF_CRITERIA_AUTHORS,		/* text[], the rest, too */
	PF_CRITERIA_CATEGORIES,
	PF_CRITERIA_SOURCES,
	PF_NCRITERIA
};

/* All that is made is palloc'd in CurrentMemoryContext. */
extern void pf_criteria_read(PfCriteria *out, const Datum values[PF_NCRITERIA],
							 const bool nulls[PF_NCRITERIA]);

/* A paper as it is looked at; what is dear to make is made when it is first asked for. */
typedef struct PfSubject PfSubject;

/* It lives in CurrentMemoryContext and points into the row. */
extern PfSubject *pf_subject_of_row(const PfRow *row);

/* The lists are sorted by pf_compare_strs() and have no two alike. */
extern TSVector pf_subject_words(PfSubject *subject);	/* what document() gives */
extern const PfStrings *pf_subject_authors(PfSubject *subject); /* folded, the family name alone beside each */
extern const PfStrings *pf_subject_categories(PfSubject *subject);	/* folded */
extern PfStr pf_subject_source(PfSubject *subject);	/* folded; none if there is none */

/* A name as it is compared: lower case, without accents, initials without dots, blanks single. */
extern PfStr pf_author_fold(PfStr name);

/* The same for a category or a source: lower case, without accents. */
extern PfStr pf_category_fold(PfStr name);

extern bool pf_criteria_match(const PfCriteria *criteria, PfSubject *subject);

/* SQL: _is_list() */
extern Datum pf_is_list(PG_FUNCTION_ARGS);

extern int	pf_compare_strs(const void *a, const void *b);	/* of PfStr, byte by byte, for qsort */

#endif							/* PF_CRITERIA_H */
