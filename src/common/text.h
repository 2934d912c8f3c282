/*-------------------------------------------------------------------------
 *
 * text.h
 *		Display text out of markup: HTML, JATS, MathML and TeX.
 *
 * Everything here takes and gives valid UTF-8, is pure, takes time linear in
 * its input and never raises an error over what the input says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_TEXT_H
#define PF_TEXT_H

#include "common/record.h"
#include "common/strings.h"
#include "lib/stringinfo.h"

#define PF_PLAIN_HTML	0x01	/* tags and character references of HTML, JATS, MathML */
#define PF_PLAIN_TEX	0x02	/* accents, escapes, quotes and math of TeX */
#define PF_PLAIN_ALL	(PF_PLAIN_HTML | PF_PLAIN_TEX)

/*
 * Append the display text of 'in' to 'out': markup resolved, white space
 * folded to single blanks and trimmed at both ends.
 */
extern void pf_plain(PfStr in, int flags, StringInfo out);

/* The same as a palloc'd PfStr; none for an absent or empty result. */
extern PfStr pf_plain_str(PfStr in, int flags);

/*
 * The character that an HTML entity names ("eacute", without & and ;) as
 * UTF-8; none if there is no such entity.  The result is static.
 */
extern PfStr pf_entity(PfStr name);

/*
 * Find the addresses that 'in' names (display text or raw) and add them to
 * 'links' under "code", "model", "data" or "project", each once.
 */
extern void pf_links(PfStr in, PfPairs *links);

#endif							/* PF_TEXT_H */
