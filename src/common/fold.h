/*-------------------------------------------------------------------------
 *
 * fold.h
 *		Text as it is compared where neither case nor diacritics matter.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_FOLD_H
#define PF_FOLD_H

#include "common/strings.h"
#include "lib/stringinfo.h"

/*
 * In lower case and without diacritics, to out, whose content it replaces.
 * true = more than the case has changed, so that a search for the plain letters
 * would not find it as it is.
 */
extern bool pf_fold(StringInfo out, PfStr in);

#endif							/* PF_FOLD_H */
