/*-------------------------------------------------------------------------
 *
 * watch_index.h
 *		The index of watches; for the files that make it and go through it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_WATCH_INDEX_H
#define PF_WATCH_INDEX_H

#include "ingest/watch_cover.h"

/* What is looked at first is side by side. */
typedef struct PfWatchEntry
{
	const PfWatch *watch;
	TimestampTz since;
	int			required;		/* its first one in PfWatchIndex.required */
	int			nrequired;
	int			vector;			/* its first one in PfWatchIndex.vectors */
} PfWatchEntry;

/* An entry under a term, and another term that a paper must have for it; -1 = none. */
typedef struct PfFiledEntry
{
	int			entry;
	int			guard;
} PfFiledEntry;

typedef struct PfSimilarEntry
{
	int			entry;
	float4		weight;
} PfSimilarEntry;

typedef struct PfWatchPrefix
{
	PfStr		s;
	int			number;
	int			shorter;		/* the longest other one that this one begins with, -1 = none */
} PfWatchPrefix;

struct PfWatchIndex
{
	MemoryContext context;
	PfWatchEntry *entries;
	int			n;
	int			max;

	PfTerms    *terms;
	int			nterms;			/* of watches; those behind are of papers */
	int			max_terms;		/* room in what is kept by term */
	double	   *papers;			/* by term: how many have it */
	double	   *idf;
	bool		kinds[PF_TERM_KINDS];	/* are there any? */

	/* The entries under term t are from start[t] to start[t + 1]. */
	int		   *start;
	PfFiledEntry *filed;
	int		   *similar_start;
	PfSimilarEntry *similar;

	PfNumbers	everywhere;		/* entries that nothing covers */
	PfNumbers	required;		/* terms */
	PfNumbers	vectors;		/* terms */
	PfWatchPrefix *prefixes;	/* ascending */
	int			nprefixes;

	int			ncompared;		/* entries with a vector */
	int			nsimilar;		/* those of them that are filed by it */
	double		min_similarity;	/* the least that any of these wants */
	double		matched;		/* papers since the weights were asked for, ... */
	double		known;			/* ... and those that they are of */

	/* While a paper is looked at; if an error comes in between, all of it is thrown away. */
	bool		is_sound;
	uint32		now;			/* its number */
	uint32	   *has;			/* by term: the last paper that had it, and ... */
	float4	   *weight;			/* ... what it weighs there; of unit length */
	uint32	   *asked;			/* by entry: the last paper that it was asked about */
	float4	   *sum;			/* by entry: 0 but for candidates */
	PfNumbers	words;			/* of the paper, that are known */
	PfNumbers	candidates;
};

static inline bool
pf_is_prefix(PfStr prefix, PfStr s)
{
	return s.len >= prefix.len && memcmp(s.s, prefix.s, prefix.len) == 0;
}

/* Ask what the words from this number on weigh. */
extern void pf_watch_index_weigh(PfWatchIndex *index, int from);

#endif							/* PF_WATCH_INDEX_H */
