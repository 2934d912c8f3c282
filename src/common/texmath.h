/*-------------------------------------------------------------------------
 *
 * texmath.h
 *		Formulas of TeX: what the files that set them share.
 *
 * texmath.c has the tokens, groups and arguments, texmathcmd.c the commands.
 * Nobody else includes this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_TEXMATH_H
#define PF_TEXMATH_H

#include "common/plain.h"

#define PF_MATH_DEPTH 32

/* A blank is wanted before what follows. */
typedef enum PfMathGap
{
	PF_GAP_NONE,
	PF_GAP_WORD,				/* if that is a letter or digit */
	PF_GAP_FACTOR				/* or a parenthesis */
} PfMathGap;

typedef struct PfMath
{
	PfText		t;
	int			floor;			/* output before this belongs to others */
	int			depth;
	int			text;			/* inside of \text and the like */
	PfMathGap	gap;
	bool		blackboard;
	bool		swallow;		/* blanks here only ended a command */
} PfMath;

/* texmath.c */
extern void pf_math_list(PfMath *m, bool group);
extern void pf_math_token(PfMath *m);
extern int	pf_math_arg(PfMath *m);
extern uint32 pf_math_last_char(const PfMath *m);
extern void pf_math_trim(PfMath *m, int pos);
extern void pf_math_blank(PfMath *m);
extern void pf_math_before(PfMath *m, uint32 first);
extern void pf_math_insert(PfMath *m, int pos, const char *s);
extern void pf_math_parenthesize(PfMath *m, int pos, bool product);
extern bool pf_math_is_modifier(uint32 c);
extern void pf_math_script(PfMath *m, bool sup);

/* texmathcmd.c */
extern void pf_math_command(PfMath *m);

static inline bool
pf_math_at_end(const PfMath *m)
{
	return m->t.p >= m->t.end;
}

static inline bool
pf_math_is_word(uint32 c)
{
	return pf_char_is_letter(c) || (c < 0x80 && pf_is_digit((unsigned char) c));
}

static inline void
pf_math_skip_space(PfMath *m)
{
	while (!pf_math_at_end(m) && pf_is_space(*m->t.p))
		m->t.p++;
}

#endif							/* PF_TEXMATH_H */
