/*-------------------------------------------------------------------------
 *
 * query.h
 *		How a bm25query is made: shared by the files behind it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_QUERY_H
#define PF_INDEX_QUERY_H

#include "index/index.h"

/* A term of a query to be; its bytes are the caller's. */
typedef struct PfBmWord
{
	const char *s;
	int			len;			/* 1 to MAXSTRLEN */
	int			mask;			/* 1 to PF_BM_ALL_FIELDS */
	double		weight;			/* > 0 */
} PfBmWord;

typedef struct PfBmWords
{
	PfBmWord   *items;
	int			n;
	int			max;
} PfBmWords;

/* query.c */
extern void pf_bm_words_add(PfBmWords *words, const char *s, int len, int mask, double weight);
extern PfBmQuery *pf_bm_query_make(Oid index, PfBmWords *words);	/* sorts them and adds up weights */

#endif							/* PF_INDEX_QUERY_H */
