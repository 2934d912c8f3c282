/*-------------------------------------------------------------------------
 *
 * tagscan.h
 *		The tags in a document, however badly it is made.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_TAGSCAN_H
#define PF_TAGSCAN_H

#include "common/strings.h"

#define PF_TAGSCAN_ATTRIBUTES	64	/* of a tag that are kept */

typedef struct PfTagScan
{
	const char *p;
	const char *end;
	bool		html;			/* what is in scripts and the like is text, not tags */
} PfTagScan;

/* Points into the document; values are as they are written. */
typedef struct PfScannedTag
{
	PfStr		before;			/* what stands between the tag before and this one */
	PfStr		name;
	bool		closing;		/* </x> */
	bool		empty;			/* <x/> */
	int			n;
	struct
	{
		PfStr		name;
		PfStr		value;
	}			attributes[PF_TAGSCAN_ATTRIBUTES];
} PfScannedTag;

/*
 * The next tag; false at the end.  'scan' starts with the whole document, in
 * UTF-8.  All calls together take time linear in its length.
 */
extern bool pf_tagscan_next(PfTagScan *scan, PfScannedTag *tag);

/*
 * The value of an attribute, ASCII case of its name disregarded, references
 * resolved, trimmed; none if there is none.  It may be palloc'd.
 */
extern PfStr pf_tagscan_value(const PfScannedTag *tag, const char *name);

#endif							/* PF_TAGSCAN_H */
