/*-------------------------------------------------------------------------
 *
 * topics.h
 *		Topics: the words and phrases of titles that grew most.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_TOPICS_H
#define PF_TOPICS_H

#include "postgres.h"

/* topics_words.c: titles as rows of tokens */

/* A token is the number of its spelling and what stands before it. */
#define PF_TOKEN_GLUED		(UINT32_C(1) << 31)	/* a hyphen, as before "Thought" in "Chain-of-Thought" */
#define PF_TOKEN_FIRST		(UINT32_C(1) << 30)	/* punctuation, or the start of the title */
#define PF_TOKEN_SPELLING	(PF_TOKEN_FIRST - 1)

#define PF_MAX_TOKEN		60		/* bytes; what is longer is no word */

/* What a spelling is. */
#define PF_WORD_STOP		(1 << 0)	/* a stop word: no phrase begins or ends with it */
#define PF_WORD_WEAK		(1 << 1)	/* "Towards", "novel", "framework": the same */
#define PF_WORD_NUMBER		(1 << 2)	/* "4", "2026" */
#define PF_WORD_YEAR		(1 << 3)
#define PF_WORD_GERUND		(1 << 4)	/* ends in "ing" */
#define PF_WORD_SINGLE		(1 << 5)	/* one letter */
#define PF_WORD_ACRONYM	(1 << 7)	/* a capital or a digit behind the first letter: "LLMs", "Qwen3" */
#define PF_WORD_OF			(1 << 6)	/* the stop word that may be inside a phrase */

typedef struct PfSpelling
{
	uint32		text;			/* where it is in the state's text */
	uint32		word;			/* number of its stem */
	uint32		sentence;		/* occurrences inside titles in sentence case */
	uint32		shown;			/* number of the spelling to show, once that is known */
	uint16		len;
	uint16		kind;
} PfSpelling;

typedef struct PfStem
{
	uint32		text;
	uint32		free;			/* occurrences on its own */
	uint32		bound;			/* occurrences as a part of a compound */
	uint16		len;
} PfStem;

typedef struct PfTitle
{
	uint32		start;			/* its first token */
	int32		bucket;			/* 0 is the reference */
} PfTitle;

/* A table of numbers by hash; what they stand for is compared by the caller. */
typedef struct PfNumbers
{
	uint32	   *slots;			/* number + 1, 0 is empty */
	uint32		mask;
	uint32		used;
} PfNumbers;

typedef struct PfTopics
{
	MemoryContext context;
	MemoryContext scratch;
	Oid			dictionary;		/* english_stem */
	char	   *text;
	uint32		ntext;
	uint32		maxtext;
	PfSpelling *spellings;
	uint32		nspellings;
	uint32		maxspellings;
	PfStem	   *stems;
	uint32		nstems;
	uint32		maxstems;
	PfNumbers	by_spelling;
	PfNumbers	by_stem;
	uint32	   *tokens;
	uint32		ntokens;
	uint32		maxtokens;
	PfTitle    *titles;			/* one more than there are, which ends the last one */
	uint32		ntitles;
	uint32		maxtitles;
	int			k;				/* how many are wanted, or -1 for all */
} PfTopics;

extern PfTopics *pf_topics_new(MemoryContext context, int k);
extern void pf_topics_add(PfTopics *topics, const char *title, int len, int bucket);
extern int64 pf_topics_find(const PfTopics *topics, const char *spelling, int len);

/* Room for one more item of an array in the given context. */
extern void *pf_topics_grow(MemoryContext context, void *items, uint32 n, uint32 *max, Size size);

/* Find or enter: the slot where the caller looks on, and what to do after entering. */
extern uint32 *pf_numbers_slot(PfNumbers *numbers, uint32 hash);
extern bool pf_numbers_full(const PfNumbers *numbers);
extern void pf_numbers_resize(PfNumbers *numbers, MemoryContext context);

/* topics_choose.c: what grew most */

typedef struct PfTopic
{
	char	   *phrase;
	int64		papers;			/* in the window */
	int64		before;			/* in the reference */
	double		score;
	int64	   *series;			/* by bucket, from the first one */
} PfTopic;

/* The k that grew most, in order; the totals have as many buckets as were told of. */
extern PfTopic *pf_topics_choose(PfTopics *topics, int *ntopics, int64 **totals, int *nbuckets);

/* log2 of the least growth of a share that chance leaves open; see topics_choose.c */
extern double pf_topics_least_growth(double papers, double of, double before, double of_before);
extern double pf_topics_growth_score(double papers, double of, double before, double of_before);

#endif
