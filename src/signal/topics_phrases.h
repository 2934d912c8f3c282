/*-------------------------------------------------------------------------
 *
 * topics_phrases.h
 *		Phrases, counted and chosen: what the files of it share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_TOPICS_PHRASES_H
#define PF_TOPICS_PHRASES_H

#include "signal/topics.h"

#define PF_MIN_TITLES	3		/* of the window that must have a phrase */
#define PF_MAX_TOKENS	7		/* of a phrase, stop words included */
#define PF_NO_GRAM		PG_UINT32_MAX

/* A phrase: one of a word less, and its last word. */
typedef struct PfGram
{
	uint32		parent;			/* the phrase without its last word, or PF_NO_GRAM */
	uint32		word;
	uint32		titles;			/* of the window that have these words in a row */
	uint32		papers;			/* the same, where they can be a phrase */
	uint32		before;			/* the same in the reference */
	uint32		closed;			/* of a single word: papers where it does not describe the next word */
	uint32		seen;			/* the last title that was counted, + 1 */
	uint32		counted;		/* the last title that was counted as a phrase, + 1 */
	uint32		longest;		/* papers of the longer phrase that has most */
	uint8		tokens;
	uint8		words;
} PfGram;

typedef struct PfPhrases
{
	PfTopics   *topics;
	PfGram	   *nodes;
	uint32		nnodes;
	uint32		maxnodes;
	PfNumbers	by_words;
	uint32	   *at;				/* node of the phrase that begins with a token */
} PfPhrases;

/* A phrase that grew; the score is not yet cut off at 0. */
typedef struct PfChoice
{
	uint32		node;
	double		score;
	double		growth;
	int			tokens;
	uint32		words[PF_MAX_TOKENS];
	PfTopic		topic;
} PfChoice;

/* topics_phrases.c: counting */

extern void pf_topics_count(PfPhrases *phrases);
extern void pf_topics_mark_pieces(PfPhrases *phrases);

/* The phrase that is another one and a word more; PF_NO_GRAM if there is none and none is to be made. */
extern uint32 pf_topics_gram(PfPhrases *phrases, uint32 parent, uint32 word, bool enter);
extern void pf_topics_words(const PfPhrases *phrases, uint32 gram, uint32 *words);

/* Can a phrase begin with the token, go on with it, end with it?  end is that of the title. */
extern bool pf_topics_can_begin(const PfTopics *topics, uint32 token, uint32 end);
extern bool pf_topics_can_follow(const PfTopics *topics, uint32 token);
extern bool pf_topics_can_end(const PfTopics *topics, uint32 token, uint32 end, int tokens);

/* topics_show.c: the series and the spellings of those chosen */

extern void pf_topics_follow(PfPhrases *phrases, PfChoice *chosen, int nchosen, int nbuckets);

static inline const PfSpelling *
pf_topics_spelling(const PfTopics *topics, uint32 token)
{
	return &topics->spellings[topics->tokens[token] & PF_TOKEN_SPELLING];
}

static inline int
pf_topics_compare(const PfTopics *topics, uint32 a, int alen, uint32 b, int blen)
{
	int			result = memcmp(topics->text + a, topics->text + b, Min(alen, blen));

	return result != 0 ? result : alen - blen;
}

#endif
