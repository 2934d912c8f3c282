/*-------------------------------------------------------------------------
 *
 * strings.h
 *		Counted strings and lists of them.
 *
 * A PfStr points at UTF-8 bytes it does not own; it need not end in NUL.
 * s == NULL means absent, which is not the same as empty.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_STRINGS_H
#define PF_STRINGS_H

#include "postgres.h"

typedef struct PfStr
{
	const char *s;
	int			len;
} PfStr;

typedef struct PfStrings
{
	PfStr	   *items;
	int			n;
	int			max;
} PfStrings;

#define PF_STR_NONE		((PfStr) {NULL, 0})
#define PF_STR_LIT(lit) ((PfStr) {(lit), (int) sizeof(lit) - 1})

/* Compare with a literal; the length is tested first. */
#define PF_STR_IS(str, lit) \
	((str).len == (int) sizeof(lit) - 1 && memcmp((str).s, (lit), sizeof(lit) - 1) == 0)

static inline bool
pf_str_blank(PfStr a)
{
	return a.s == NULL || a.len == 0;
}

static inline bool
pf_str_eq(PfStr a, PfStr b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}

static inline bool
pf_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without ASCII white space at both ends. */
static inline PfStr
pf_str_trim(PfStr a)
{
	while (a.len > 0 && pf_is_space(a.s[0]))
	{
		a.s++;
		a.len--;
	}
	while (a.len > 0 && pf_is_space(a.s[a.len - 1]))
		a.len--;
	return a;
}

extern PfStr pf_str(const char *cstring);
extern PfStr pf_str_dup(PfStr a);	/* palloc'd in CurrentMemoryContext, ends in NUL */
extern PfStr pf_str_join(PfStr a, PfStr b);	/* palloc'd, ends in NUL */
extern bool pf_str_starts(PfStr a, const char *prefix);
extern bool pf_str_starts_nocase(PfStr a, const char *prefix);	/* ASCII case */
extern bool pf_str_eq_nocase(PfStr a, const char *other);	/* ASCII case */
extern PfStr pf_str_find(PfStr hay, const char *needle);	/* from the match to the end, or none */
extern PfStr pf_str_printf(const char *fmt,...) __attribute__((format(printf, 1, 2)));	/* palloc'd */
extern bool pf_str_int(PfStr a, int *out);	/* decimal digits only, fits an int */

/* Append; the array is palloc'd in CurrentMemoryContext, the bytes are shared. */
extern void pf_strings_add(PfStrings *list, PfStr a);
extern bool pf_strings_has(const PfStrings *list, PfStr a);

/*
 * Split at any of the bytes in 'seps', trim each piece, leave out empty ones,
 * and append them to 'list'.
 */
extern void pf_strings_split(PfStrings *list, PfStr a, const char *seps);

#endif							/* PF_STRINGS_H */
