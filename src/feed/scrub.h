/*-------------------------------------------------------------------------
 *
 * scrub.h
 *		Make text that claims to be XML safe to feed to an XML parser.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_SCRUB_H
#define PF_SCRUB_H

#include "common/strings.h"

#define PF_MAX_TAG			65536	/* bytes from < to > */
#define PF_MAX_ATTRIBUTES	256

typedef void (*PfScrubFn) (void *arg, const char *s, size_t len);

typedef struct PfScrub PfScrub;

/* Allocates in CurrentMemoryContext. */
extern PfScrub *pf_scrub_begin(PfScrubFn fn, void *arg);

/* Takes valid UTF-8 without NUL in pieces of any size. */
extern void pf_scrub_push(PfScrub *scrub, const char *s, size_t len);
extern void pf_scrub_end(PfScrub *scrub);

/* What was mended first, for people; NULL if nothing was.  A DOCTYPE left out or an HTML entity resolved is no fault. */
extern const char *pf_scrub_problem(const PfScrub *scrub);

#endif							/* PF_SCRUB_H */
