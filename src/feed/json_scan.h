/*-------------------------------------------------------------------------
 *
 * json_scan.h
 *		A look over JSON before it is parsed: its depth, and what has to be
 *		mended.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_JSON_SCAN_H
#define PF_JSON_SCAN_H

#include "lib/stringinfo.h"

#define PF_JSON_MAX_DEPTH	64

typedef struct PfJsonScan
{
	bool		too_deep;		/* beyond PF_JSON_MAX_DEPTH; the scan stopped there */
	bool		open;			/* a bracket or a string is not closed */
	const char *flaw;			/* the first thing that has to be mended, for people; or NULL */
	size_t		flaw_at;
} PfJsonScan;

/*
 * Look at the value s[0 .. len-1].  If 'mended' is given, append the value to
 * it with every flaw mended: at most twice its length.
 */
extern void pf_json_scan(const char *s, size_t len, StringInfo mended, PfJsonScan *out);

#define PF_ONES		UINT64CONST(0x0101010101010101)
#define PF_HIGHS	UINT64CONST(0x8080808080808080)
#define PF_HAS_ZERO(w)		(((w) - PF_ONES) & ~(w) & PF_HIGHS)
#define PF_HAS_LESS(w, n)	(((w) - PF_ONES * (n)) & ~(w) & PF_HIGHS)

/* The first quote, backslash or control character of a string's inside, or 'end'. */
static inline const char *
pf_json_skip_plain(const char *p, const char *end)
{
	while (end - p >= (ptrdiff_t) sizeof(uint64))
	{
		uint64		w;

		memcpy(&w, p, sizeof(w));
		if (PF_HAS_LESS(w, 0x20) | PF_HAS_ZERO(w ^ (PF_ONES * '"')) |
			PF_HAS_ZERO(w ^ (PF_ONES * '\\')))
			break;
		p += sizeof(w);
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char) *p >= 0x20)
		p++;
	return p;
}

#endif							/* PF_JSON_SCAN_H */
