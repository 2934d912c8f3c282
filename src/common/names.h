/*-------------------------------------------------------------------------
 *
 * names.h
 *		Author names, from the many ways that feeds write them to
 *		"Given Family" in the source's order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_NAMES_H
#define PF_NAMES_H

#include "common/strings.h"

/* "Given", "Family", "Jr." (any may be none) -> "Given Family Jr."; none if all are. */
extern PfStr pf_name_join(PfStr given, PfStr family, PfStr suffix);

/*
 * One name, possibly "Family, Given" or "Family, Given, Jr.", to "Given Family
 * Jr."; an affiliation in parentheses is left out.
 */
extern PfStr pf_name(PfStr in);

/*
 * A list of names in one string, appended to 'list' as "Given Family".
 * Understands "A B, C D and E F", "Family, G., Family, G. H.", "Family, G.; Family, G.",
 * "A B; C D", affiliations in parentheses (nested too), "et al.", and a single name.
 */
extern void pf_names_split(PfStrings *list, PfStr in);

/*
 * The same for a source that is known to write given names first, as arXiv
 * does: a comma always separates names, but for one before "Jr." and the like.
 */
extern void pf_names_split_given(PfStrings *list, PfStr in);

#endif							/* PF_NAMES_H */
