/*-------------------------------------------------------------------------
 *
 * markup.h
 *		Tags, as markup.c reads them, html.c and mathml.c take them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_MARKUP_H
#define PF_MARKUP_H

#include "common/plain.h"

/* What is done at an element. */
typedef enum PfTagKind
{
	PF_TAG_UNKNOWN,				/* no tag at all */
	PF_TAG_INLINE,				/* leave the tag out */
	PF_TAG_MAYBE,				/* a tag only with attributes: <s>, <img> are words, too */
	PF_TAG_BLOCK,				/* a blank in its place */
	PF_TAG_TITLE,
	PF_TAG_DROP,				/* leave out with its content */
	PF_TAG_SUP,
	PF_TAG_SUB,
	PF_TAG_QUOTE,
	PF_TAG_TEX,					/* a formula of TeX */
	PF_TAG_ALTERNATIVES,		/* of which one is shown */
	PF_TAG_MATH,
	/* elements of MathML */
	PF_TAG_MROW,				/* and all that only wraps */
	PF_TAG_MI,
	PF_TAG_MN,
	PF_TAG_MO,
	PF_TAG_MTEXT,
	PF_TAG_MSPACE,
	PF_TAG_MSUP,
	PF_TAG_MSUB,
	PF_TAG_MSUBSUP,
	PF_TAG_MUNDER,
	PF_TAG_MOVER,
	PF_TAG_MUNDEROVER,
	PF_TAG_MFRAC,
	PF_TAG_MSQRT,
	PF_TAG_MROOT,
	PF_TAG_MFENCED,
	PF_TAG_MMULTISCRIPTS,
	PF_TAG_MPRESCRIPTS,
	PF_TAG_MTR,
	PF_TAG_MTD
} PfTagKind;

typedef struct PfTag
{
	PfTagKind	kind;
	bool		closing;		/* </x> */
	bool		empty;			/* <x/> */
	int			n_attributes;
	PfStr		attributes;		/* all of them, well-formed */
	PfStr		name;			/* without its prefix, as written */
	const char *end;			/* behind '>' */
} PfTag;

#define PF_MATHML_DEPTH 48

/* An open element of MathML. */
typedef struct PfMathmlFrame
{
	PfTagKind	kind;
	int			children;
	bool		braced;			/* is an argument: close with a brace */
	int			start;			/* of its TeX, after what its parent put before it */
	int			mid;			/* of its second argument */
	int			close;			/* closing fence of mfenced; 0 = none */
	int			separator;
} PfMathmlFrame;

/* A formula on its way from MathML to TeX. */
typedef struct PfMathml
{
	StringInfoData tex;			/* data == NULL until the first formula */
	StringInfoData token;		/* text of mi, mn, mo ... */
	bool		in_token;
	int			too_deep;
	int			n;
	PfMathmlFrame frames[PF_MATHML_DEPTH];
} PfMathml;

/* markup.c */
extern bool pf_read_tag(const char *p, const char *end, PfTag *tag);
extern int	pf_read_reference(const char *p, const char *end, PfStr *text, uint32 *c);
extern PfStr pf_tag_attribute(const PfTag *tag, const char *name);
extern void pf_references(PfStr in, StringInfo out);

/* mathml.c */
extern void pf_mathml_begin(PfMathml *m);
extern void pf_mathml_tag(PfMathml *m, const PfTag *tag);
extern void pf_mathml_text(PfMathml *m, const char *s, int len);
extern void pf_mathml_end(PfMathml *m, StringInfo out);
extern void pf_mathml_free(PfMathml *m);

#endif							/* PF_MARKUP_H */
