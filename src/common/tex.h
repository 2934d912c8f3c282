/*-------------------------------------------------------------------------
 *
 * tex.h
 *		TeX in running text: what the files that read it share.
 *
 * tex.c has the loop and the groups, texcommand.c the commands, texdollar.c
 * finds where formulas begin and end, textype.c does quotes, dashes and the
 * other signs.  Nobody else includes this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_TEX_H
#define PF_TEX_H

#include "common/plain.h"

#define PF_TEX_GROUPS 64

/* Bytes of a look ahead for the other half of something. */
#define PF_TEX_QUOTED 600
#define PF_TEX_ARGUMENT 600
#define PF_TEX_FORMULA_MAX 8000

typedef enum PfTexGroupKind
{
	PF_GROUP_BRACE,				/* '{' is in the output; to be judged */
	PF_GROUP_SILENT,			/* nothing is in the output */
	PF_GROUP_NOTE,				/* footnote: in parentheses */
	PF_GROUP_QUOTE,
	PF_GROUP_SUP,
	PF_GROUP_SUB
} PfTexGroupKind;

typedef struct PfTexGroup
{
	PfTexGroupKind kind;
	int			pos;			/* where its output begins */
} PfTexGroup;

typedef struct PfTex
{
	PfText		t;
	const char *begin;
	const char *single;			/* the ' and the '' or " that close a quotation; */
	const char *twofold;		/* NULL = none is open */
	const char *no_display;		/* no "$$", "\]", "\)" from here on */
	const char *no_bracket;
	const char *no_paren;
	const char *no_end;			/* no "\end" */
	int			n_groups;
	PfTexGroup	groups[PF_TEX_GROUPS];
} PfTex;

/* tex.c */
extern void pf_tex_push(PfTex *x, PfTexGroupKind kind);
extern bool pf_tex_open_argument(PfTex *x, PfTexGroupKind kind);
extern bool pf_tex_has_base(const PfTex *x, int pos);
extern const char *pf_tex_flat_argument(const PfTex *x, const char *p);
extern const char *pf_tex_optional_argument(const PfTex *x, const char *p);

/* texcommand.c */
extern void pf_tex_command(PfTex *x);
extern void pf_tex_sign(PfTex *x);

/* texdollar.c */
extern void pf_tex_dollar(PfTex *x);
extern void pf_tex_formula(PfTex *x, const char *s, const char *end, const char *after);
extern void pf_tex_display(PfTex *x, const char *s, const char *end, const char *after);
extern const char *pf_tex_find(const PfTex *x, const char *p, const char *what, const char **none);

/* textype.c */
extern void pf_tex_backquote(PfTex *x);
extern void pf_tex_two_quotes(PfTex *x);
extern bool pf_tex_closing_quote(PfTex *x);
extern void pf_tex_dashes(PfTex *x);
extern void pf_tex_tie(PfTex *x);
extern void pf_tex_caret(PfTex *x);
extern void pf_tex_address(PfTex *x);

static inline void
pf_tex_put(PfTex *x, const char *s)
{
	pf_puts(x->t.out, s);
}

/* The byte before p in the input; a blank at the start. */
static inline unsigned char
pf_tex_before(const PfTex *x, const char *p)
{
	return p > x->begin ? (unsigned char) p[-1] : ' ';
}

/* The byte at p; a blank at the end. */
static inline unsigned char
pf_tex_at(const PfTex *x, const char *p)
{
	return p < x->t.end ? (unsigned char) *p : ' ';
}

/* How far a look ahead of n bytes from p may go. */
static inline const char *
pf_tex_limit(const PfTex *x, const char *p, int n)
{
	return x->t.end - p > n ? p + n : x->t.end;
}

static inline const char *
pf_tex_skip_space(const PfTex *x, const char *p)
{
	while (p < x->t.end && pf_is_space(*p))
		p++;
	return p;
}

/* Letters in a row that are no command; their number. */
static inline int
pf_tex_word_length(const char *s, const char *end)
{
	const char *e = s;

	while (e < end && pf_is_alpha(*e))
		e++;
	return (int) (e - s);
}

#endif							/* PF_TEX_H */
