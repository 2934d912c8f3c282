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
 * In lower case and without diacritics, palloc'd; *changed = more than the case
 * is another, so that a search for the plain letters would not find it.
 */
extern PfStr pf_author_fold(PfStr in, bool *changed);

/*
 * The terms that stand for a name as a whole, appended to keys: "bengio y" and
 * "yoshua bengio".  With windows, for a text of few words that may hold a name:
 * those of each two to four words in a row.
 */
extern void pf_author_keys(PfStrings *keys, PfStr name, bool windows);

#endif							/* PF_INDEX_AUTHOR_H */
