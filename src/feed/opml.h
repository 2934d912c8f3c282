/*-------------------------------------------------------------------------
 *
 * opml.h
 *		OPML, in which readers of feeds hand on lists of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_OPML_H
#define PF_OPML_H

#include "common/strings.h"

/* An outline that is a feed, or is meant to be one.  It is gone after the callback. */
typedef struct PfOutline
{
	PfStr		url;			/* as it is written; empty if there is none */
	PfStr		title;			/* none if it has no name but its address */
	PfStrings	tags;			/* the folders it is in, outermost first, then its categories */
} PfOutline;

/* May raise errors. */
typedef void (*PfOutlineFn) (const PfOutline *outline, void *arg);

/*
 * Read a document in UTF-8, whatever charset it says it is in, and hand on its
 * feeds in order.  NULL, or why it is no OPML, palloc'd.  '*cut_off': it ends too
 * early.
 */
extern const char *pf_opml_read(PfStr document, PfOutlineFn fn, void *arg, bool *cut_off);

/* A tag as one of an outline's categories: what would part it is encoded.  palloc'd. */
extern PfStr pf_opml_category(PfStr tag);

#endif							/* PF_OPML_H */
