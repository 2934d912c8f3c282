/*-------------------------------------------------------------------------
 *
 * record.h
 *		One paper as a source told it: what the readers of formats fill in
 *		and what the papers table is written from.
 *
 * All text is UTF-8.  Title, abstract, authors, venue and comment are display
 * text (the output of pf_plain); everything else is as the source spells it.
 * A record and all it points at live in the memory context of its reader and
 * are gone after the callback that was handed the record returns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_RECORD_H
#define PF_RECORD_H

#include "common/strings.h"
#include "datatype/timestamp.h"

/* A member of one of the jsonb columns. */
typedef enum PfPairType
{
	PF_PAIR_STRING,				/* "key": "value" */
	PF_PAIR_NUMBER,				/* "key": value; the text of a JSON number */
	PF_PAIR_BOOL,				/* "key": true or false */
	PF_PAIR_LIST				/* "key": [..., "value"]; add each element in turn */
} PfPairType;

typedef struct PfPair
{
	const char *key;			/* static or as long-lived as the record */
	PfStr		value;
	PfPairType	type;
} PfPair;

typedef struct PfPairs
{
	PfPair	   *items;
	int			n;
	int			max;
} PfPairs;

typedef struct PfRecord
{
	/*
	 * Identities in any spelling that paperid accepts, the most telling
	 * first: "arXiv:2303.12345v2", "doi:10.1145/1", "pmid:123", a link ...
	 */
	PfStrings	ids;
	PfStr		title;
	PfStr		abstract;
	PfStrings	authors;		/* "Given Family" in the source's order */
	TimestampTz published;		/* PF_NO_TIME = absent */
	TimestampTz updated;
	int			version;		/* 1, 2, ...; 0 = absent */
	PfStrings	categories;
	PfStr		doi;			/* without "doi:" or a resolver's address */
	PfStr		venue;			/* journal, proceedings, journal reference */
	PfStr		comment;
	PfStr		license;		/* an address where the source gives one */
	PfStr		url;			/* the page for people, absolute */
	PfStr		pdf_url;
	PfPairs		links;			/* code, model, data, project: lists of addresses */
	PfPairs		metrics;		/* upvotes, comments, stars, citations: numbers */
	PfPairs		extra;			/* anything else worth keeping */
	bool		withdrawn;		/* deleted at the source, retracted or withdrawn */
	PfStr		source;			/* "arxiv", "huggingface", "pubmed", ... */

	/* Of the sighting, not of the paper. */
	PfStr		announce;		/* "new", "cross", "replace", "replace-cross", "featured" */
	TimestampTz announced;		/* when the feed says that it listed the paper */

	/* Set by a reader that can tell why this is no paper; else NULL. */
	const char *reject;
} PfRecord;

#define PF_NO_TIME	DT_NOBEGIN

extern void pf_record_init(PfRecord *rec);
extern void pf_pairs_add(PfPairs *pairs, const char *key, PfPairType type, PfStr value);

#endif							/* PF_RECORD_H */
