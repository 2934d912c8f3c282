/*-------------------------------------------------------------------------
 *
 * plain.h
 *		What the files behind pf_plain share; nobody else includes this.
 *
 * Text goes through at most two stages: html.c resolves tags and character
 * references into a buffer of its own (mathml.c turns MathML into TeX for
 * it), then plain.c, with tex.c where TeX is wanted, folds white space on the
 * way to the caller's buffer.  texmath.c sets formulas, texchar.c knows the
 * characters and the commands.
 *
 * All of them write to a StringInfo that only ever grows at its end, but for
 * the last few bytes of an open group, which are rewritten when it closes;
 * groups nest to a fixed depth, so all of it takes linear time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PLAIN_H
#define PF_PLAIN_H

#include "common/text.h"

/* Text on its way: bytes from p to end, output behind 'base' in 'out'. */
typedef struct PfText
{
	const char *p;
	const char *end;
	const char *stop;			/* pf_text_run goes no further; at most 'end' */
	StringInfo	out;
	int			base;
} PfText;

/* plain.c */
extern void pf_text_run(PfText *t);
extern void pf_text_other(PfText *t);
extern void pf_text_blank(PfText *t);

/* html.c */
extern void pf_html(PfStr in, StringInfo out);

/* tex.c */
extern void pf_tex(PfText *t);

/* texmath.c */
extern void pf_texmath(PfStr in, StringInfo out);
extern void pf_texmath_command(PfText *t);
extern void pf_texmath_scripts(PfText *t);

/*
 * texchar.c: the kinds of TeX's commands.  ORD to OP carry the text that
 * they stand for, MARK, LINE and ACCENT a combining character.
 */
typedef enum PfTexKind
{
	PF_TEX_UNKNOWN,
	PF_TEX_ORD,					/* a letter or sign */
	PF_TEX_BIN,					/* binary operator */
	PF_TEX_REL,					/* relation, arrow */
	PF_TEX_OPEN,
	PF_TEX_CLOSE,
	PF_TEX_OP,					/* function written in letters */
	PF_TEX_CHAR,				/* character of text, perhaps inside of a word */
	PF_TEX_SPACE,
	PF_TEX_NONE,				/* declaration: font, size, layout */
	PF_TEX_ARG,					/* {shown} */
	PF_TEX_TEXT,				/* {shown}, text even in a formula */
	PF_TEX_FORMULA,				/* {shown}, a formula even in text */
	PF_TEX_FENCE,				/* {shown} between two characters */
	PF_TEX_NAME,				/* {shown} like a function */
	PF_TEX_BB,					/* {double-struck} */
	PF_TEX_BIGO,				/* (argument), with or without braces */
	PF_TEX_DROP,				/* {dropped} */
	PF_TEX_CITE,				/* [dropped]{dropped} */
	PF_TEX_SECOND,				/* {dropped}{shown} */
	PF_TEX_FIRST,				/* {shown}{dropped} */
	PF_TEX_FOOT,
	PF_TEX_QUOTE,
	PF_TEX_SUP,
	PF_TEX_SUB,
	PF_TEX_FRAC,
	PF_TEX_BINOM,
	PF_TEX_SQRT,
	PF_TEX_OVER,				/* between numerator and denominator */
	PF_TEX_NOT,
	PF_TEX_OVERSET,
	PF_TEX_UNDERSET,
	PF_TEX_PMOD,
	PF_TEX_MOD,
	PF_TEX_PAREN,
	PF_TEX_BEGIN,
	PF_TEX_END,
	PF_TEX_ITEM,
	PF_TEX_URL,
	PF_TEX_VERB,
	PF_TEX_CODE,				/* {x2013}, {"2013}, {8211} */
	PF_TEX_DING,
	PF_TEX_SI,					/* {number}{unit} */
	PF_TEX_MARK,				/* accent of mathematics */
	PF_TEX_LINE,				/* the same over all of the argument */
	PF_TEX_ACCENT				/* accent of text */
} PfTexKind;

typedef struct PfTexName
{
	const char *name;
	PfTexKind	kind;
	const char *text;
} PfTexName;

typedef struct PfPairOfChars
{
	uint32		from;
	uint32		to;
} PfPairOfChars;

typedef struct PfComposed
{
	uint16		mark;
	uint16		base;
	uint16		composed;
} PfComposed;

/* The longest name that is looked up; longer ones are no commands. */
#define PF_TEX_NAME_MAX 32

extern const PfTexName *pf_tex_name(const char *name, int len);
extern uint32 pf_tex_accent(char c);
extern uint32 pf_compose(uint32 base, uint32 mark);
extern uint32 pf_blackboard(uint32 c);
extern void pf_mark(StringInfo out, int pos, uint32 mark);
extern void pf_script(StringInfo out, int pos, bool sup, bool in_word);

/* UTF-8; pf_char_at reads no further than 'end' and gives U+FFFD for what is none. */
extern uint32 pf_char_at(const char *p, const char *end, int *len);
extern uint32 pf_char_before(const char *start, const char *p);
extern void pf_put_char(StringInfo out, uint32 c);
extern bool pf_char_is_letter(uint32 c);
extern bool pf_char_is_script(uint32 c);

static inline void
pf_room(StringInfo out, int n)
{
	if (unlikely(out->maxlen - out->len <= n))
		enlargeStringInfo(out, n);
}

static inline void
pf_put(StringInfo out, char c)
{
	pf_room(out, 1);
	out->data[out->len++] = c;
}

static inline void
pf_puts(StringInfo out, const char *s)
{
	appendBinaryStringInfo(out, s, strlen(s));
}

static inline bool
pf_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
pf_is_alpha(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
pf_is_alnum(unsigned char c)
{
	return pf_is_alpha(c) || pf_is_digit(c);
}

/* Does the output so far end in a blank, or is there none yet? */
static inline bool
pf_text_is_blank(const PfText *t)
{
	return t->out->len == t->base || t->out->data[t->out->len - 1] == ' ';
}

#endif							/* PF_PLAIN_H */
