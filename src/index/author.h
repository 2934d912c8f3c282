/*-------------------------------------------------------------------------
 *
 * author.h
 *		Authors' names as terms: without diacritics, and as wholes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_AUTHOR_H
#define PF_INDEX_AUTHOR_H

#include "common/strings.h"

/*
 * The terms that stand for a name as a whole, of a name that is folded, appended
 * to keys: "bengio y" and "yoshua bengio".  With windows, for a text of few words
 * that may hold a name: those of each two to four words in a row.
 */
extern void pf_author_keys(PfStrings *keys, PfStr folded, bool windows);

#endif							/* PF_INDEX_AUTHOR_H */
