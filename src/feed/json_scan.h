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

#endif							/* PF_JSON_SCAN_H */
