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
#include "tsearch/ts_utils.h"

/* document.c */

/*
 * Bytes of the next piece of a text for the parser, at least one if len is not 0.  PostgreSQL's own
 * takes time that grows with the square of some texts, such as "a_a_a_"..., and
 * cannot be interrupted; so no text goes to it in one piece.
 */
extern int	pf_text_piece(const char *s, int len);

/* parsetext(), piece by piece; appends to parsed. */
extern void pf_text_parse(Oid config, ParsedText *parsed, const char *s, int len);

/* search.c */

/* papers_search, the index of paperfeed.papers, by its name; ERROR 42704 if it is not there. */
extern Oid	pf_search_index(FunctionCallInfo fcinfo);

#endif							/* PF_INDEX_SEARCH_H */
