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
	TSQuery		query;			/* over document(paper): words, phrases, fields by weights; NULL = any */
	PfStrings	authors;		/* in the form of pf_author_fold(): "ada lovelace", or a family name alone */
	PfStrings	categories;		/* lower case; "cs.*" stands for all that begin with "cs." */
	PfStrings	sources;		/* as in the column 'source', lower case */
} PfCriteria;

/* A paper as it is looked at; what is dear to make is made when it is first asked for. */
typedef struct PfSubject PfSubject;

/* They live in CurrentMemoryContext and point into what they are made of. */
extern PfSubject *pf_subject_of_row(const PfRow *row);
extern PfSubject *pf_subject_of_record(const PfRecord *rec);

extern TSVector pf_subject_words(PfSubject *subject);	/* what document() gives */
extern const PfStrings *pf_subject_authors(PfSubject *subject); /* folded, the family name alone beside each */
extern const PfStrings *pf_subject_categories(PfSubject *subject);	/* lower case */
extern PfStr pf_subject_source(PfSubject *subject);	/* lower case */

/* A name as it is compared: lower case, without accents, initials as they are, blanks single. */
extern PfStr pf_author_fold(PfStr name);

extern bool pf_criteria_match(const PfCriteria *criteria, PfSubject *subject);

#endif							/* PF_CRITERIA_H */
