/*-------------------------------------------------------------------------
 *
 * paperid_read.h
 *		What paperid_read.c, paperid_doi.c and paperid_link.c share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PAPERID_READ_H
#define PF_PAPERID_READ_H

#include "paper/paperid.h"

/* The canonical form as it is being written. */
typedef struct PfReading
{
	PfScheme	scheme;
	int			version;		/* 0 = not named */
	int			len;
	char		text[PF_PAPERID_MAX];
} PfReading;

/*
 * Each reads a whole spelling, already trimmed, without its prefix: punctuation
 * at the end is forgiven, anything else there is not.  True: 'r' holds the
 * identity.  False: 'r' holds nothing of use.
 */
extern bool pf_read_arxiv(PfStr in, PfReading *r);
extern bool pf_read_doi(PfStr in, PfReading *r);	/* "10...." */
extern bool pf_read_pmid(PfStr in, PfReading *r);
extern bool pf_read_acl(PfStr in, PfReading *r);
extern bool pf_read_openreview(PfStr in, PfReading *r);

/* An http(s) address: the paper it is known to be the page of, else "url:". */
extern bool pf_read_link(PfStr in, PfReading *r);

/* The same for what may lack "https://", and only for pages of papers. */
extern bool pf_read_paper_page(PfStr in, PfReading *r);

/* Is what is left nothing but punctuation? */
extern bool pf_at_end(const char *s, const char *end);

/* "v12" at *s: its number, and *s behind it; else 0. */
extern int	pf_take_version(const char **s, const char *end);

/* Advance '*in' past a prefix (in lower case), in any case of letters. */
static inline bool
pf_take(PfStr *in, const char *prefix)
{
	int			i;

	for (i = 0; prefix[i] != '\0'; i++)
	{
		char		c;

		if (i >= in->len)
			return false;
		c = in->s[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c != prefix[i])
			return false;
	}
	in->s += i;
	in->len -= i;
	return true;
}

/* Advance '*in' past any of the bytes in 'set'. */
static inline void
pf_skip(PfStr *in, const char *set)
{
	while (in->len > 0 && in->s[0] != '\0' && strchr(set, in->s[0]) != NULL)
	{
		in->s++;
		in->len--;
	}
}

static inline bool
pf_is_digit(char c)
{
	return (unsigned char) (c - '0') < 10;
}

/* The number of digits at the start. */
static inline int
pf_digits(const char *s, const char *end)
{
	int			n = 0;

	while (s + n < end && pf_is_digit(s[n]))
		n++;
	return n;
}

static inline char
pf_lower(char c)
{
	return (unsigned char) (c - 'A') < 26 ? (char) (c | 0x20) : c;
}

static inline bool
pf_is_alnum(char c)
{
	return pf_is_digit(c) || (unsigned char) ((c | 0x20) - 'a') < 26;
}

/* Begin the canonical form with "scheme:". */
static inline void
pf_reading_begin(PfReading *r, PfScheme scheme, const char *prefix)
{
	r->scheme = scheme;
	r->version = 0;
	r->len = (int) strlen(prefix);
	memcpy(r->text, prefix, r->len);
}

/* Append; false if it gets too long. */
static inline bool
pf_reading_add(PfReading *r, char c)
{
	if (r->len >= PF_PAPERID_MAX)
		return false;
	r->text[r->len++] = c;
	return true;
}

static inline bool
pf_reading_add_lower(PfReading *r, const char *s, int len)
{
	if (len > PF_PAPERID_MAX - r->len)
		return false;
	for (int i = 0; i < len; i++)
		r->text[r->len + i] = pf_lower(s[i]);
	r->len += len;
	return true;
}

#endif							/* PF_PAPERID_READ_H */
