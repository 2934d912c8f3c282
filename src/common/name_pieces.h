/*-------------------------------------------------------------------------
 *
 * name_pieces.h
 *		A list of names as pieces between commas and "and".
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_NAME_PIECES_H
#define PF_NAME_PIECES_H

#include "common/strings.h"

/* What a piece looks like. */
typedef enum PfLook
{
	PF_LOOK_NAME,					/* several words, or Chinese, Japanese, Korean */
	PF_LOOK_WORD,					/* one, or several that begin in lower case */
	PF_LOOK_INITIALS,				/* "J.-F.", "R. J." */
	PF_LOOK_CAPITALS,				/* "JF": initials, or a short name in capitals */
	PF_LOOK_SUFFIX,				/* "Jr." */
	PF_LOOK_NOTHING				/* "PhD", "et al." */
} PfLook;

/* A walk over the pieces of a list. */
typedef struct PfNameWalk
{
	const char *s;				/* what is left */
	const char *end;
	bool		split_and;		/* "and" separates, too */
	PfStr		piece;
	PfLook		look;
	bool		after_and;		/* "and" stands before the piece */
} PfNameWalk;

/* A walk from the start of 'a'. */
#define PF_NAME_WALK(a, with_and) \
	((PfNameWalk) {.s = (a).s,.end = (a).s + (a).len, \
		.split_and = (with_and),.look = PF_LOOK_NOTHING})

/*
 * Go to the next piece; false at the end.  Empty pieces and those that say
 * nothing are passed over.
 */
extern bool pf_next_piece(PfNameWalk *w);

extern PfStr pf_last_word(PfStr a);
extern bool pf_is_group(PfStr a);	/* by its last word: "ATLAS Collaboration" */

static inline bool
pf_is_lower(char c)
{
	return (unsigned char) (c - 'a') < 26;
}

static inline bool
pf_is_upper(char c)
{
	return (unsigned char) (c - 'A') < 26;
}

/* Does it begin in Chinese, Japanese or Korean, where names are one word? */
static inline bool
pf_is_whole(PfStr a)
{
	return (unsigned char) a.s[0] >= 0xe3 && (unsigned char) a.s[0] < 0xf0;
}

#endif							/* PF_NAME_PIECES_H */
