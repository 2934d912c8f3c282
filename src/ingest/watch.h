/*-------------------------------------------------------------------------
 *
 * watch.h
 *		Watches: what is looked for, and the index that matches papers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_WATCH_H
#define PF_WATCH_H

#include "ingest/criteria.h"

#define PF_MAX_VECTOR	64		/* words of a paper that others are compared with */

/* A paper's most telling words; the squares of the weights add up to 1. */
typedef struct PfVector
{
	int			n;
	PfStr	   *words;			/* in the server's encoding, as a tsvector has them */
	float4	   *weights;
} PfVector;

typedef struct PfWatch
{
	int64		id;
	PfCriteria	criteria;
	PfStr		similar_to;		/* id of a paper; none = no matter */
	float8		min_similarity;
	PfVector	vector;			/* of that paper */
	TimestampTz since;			/* papers that were published before do not matter */
	bool		notify;
} PfWatch;

typedef struct PfHit
{
	int64		watch;
	bool		notify;
	float4		similarity;		/* < 0 = not compared */
} PfHit;

typedef struct PfHits
{
	PfHit	   *items;
	int			n;
	int			max;
} PfHits;

/* ---- similar.c: how alike two papers are ---- */

/* Frequency in title and abstract; 0 if it is no word to compare by. */
extern int	pf_similar_count(TSVector words, const WordEntry *word);

/*
 * How many papers have each word (0 if nobody knows), and what that makes it
 * weigh.  SPI is connected.
 */
extern void pf_similar_idf(const PfStr *words, int n, double *papers, double *idf);

/* In CurrentMemoryContext. */
extern void pf_similar_vector(PfVector *out, TSVector words);

/* ---- watch_index.c ---- */

typedef struct PfWatchIndex PfWatchIndex;

typedef struct PfWatchIndexStats
{
	int64		watches;
	int64		terms;			/* words, names, categories and sources that are known */
	int64		filed;			/* entries under them */
	int64		everywhere;		/* watches that each paper is compared with */
	int64		bytes;
} PfWatchIndexStats;

/* It lives in a context of its own below 'parent', and keeps what watches point at. */
extern PfWatchIndex *pf_watch_index_begin(MemoryContext parent);
extern MemoryContext pf_watch_index_context(PfWatchIndex *index);
extern void pf_watch_index_add(PfWatchIndex *index, const PfWatch *watch);
extern void pf_watch_index_end(PfWatchIndex *index);	/* SPI is connected */
extern void pf_watch_index_stats(const PfWatchIndex *index, PfWatchIndexStats *out);

/* Does a watch compare with this paper? */
/* False if it is time to make it anew: it has grown too much, or an error came in between. */
extern bool pf_watch_index_is_good(const PfWatchIndex *index);

extern bool pf_watch_index_compares(const PfWatchIndex *index, PfStr paper);

/*
 * What papers have to be told of before they are matched; some at a time, so
 * that it is asked once what their words weigh.  SPI is connected.
 */
extern void pf_watch_index_prepare(PfWatchIndex *index, PfSubject **papers, int n);

/* The watches that want this paper, in no order; appended to 'out'. */
extern void pf_watch_index_match(PfWatchIndex *index, PfStr id, TimestampTz published,
								 PfSubject *paper, PfHits *out);

/* ---- watch_table.c ---- */

/* Columns of watches, in the order of watches.sql. */
enum
{
	PF_WATCH_ID, PF_WATCH_READER, PF_WATCH_NAME, PF_WATCH_QUERY, PF_WATCH_AUTHORS,
	PF_WATCH_CATEGORIES, PF_WATCH_SOURCES, PF_WATCH_SIMILAR_TO, PF_WATCH_MIN_SIMILARITY,
	PF_WATCH_SINCE, PF_WATCH_ENABLED, PF_WATCH_NOTIFY, PF_WATCH_CREATED_AT, PF_WATCH_CONDITION,
	PF_WATCH_WORDS, PF_WATCH_WEIGHTS, PF_WATCH_NCOLUMNS
};

/* What a row says; in CurrentMemoryContext. */
extern void pf_watch_read(PfWatch *out, const Datum *values, const bool *nulls);

/*
 * The watches as they are now, whatever the transaction's snapshot; NULL if
 * there are none.  Good until the next call, or until other code than ours is
 * run.  SPI is connected.
 */
extern PfWatchIndex *pf_watches(void);
extern double pf_watches_made_in(void);	/* milliseconds */

/* ---- watch_match.c ---- */

extern void pf_watches_init(void);	/* hooks and the setting; from _PG_init */
extern void pf_hits_write(const PfHits *hits, const Datum *papers, const bool *is_new);	/* one each */

#endif							/* PF_WATCH_H */
