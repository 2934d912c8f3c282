/*-------------------------------------------------------------------------
 *
 * search.h
 *		What the functions over paperfeed.papers and its index share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_SEARCH_H
#define PF_INDEX_SEARCH_H

#include "fmgr.h"

/* search.c */

/* papers_search, the index of paperfeed.papers, by its name; ERROR 42704 if it is not there. */
extern Oid	pf_search_index(FunctionCallInfo fcinfo);

#endif							/* PF_INDEX_SEARCH_H */
