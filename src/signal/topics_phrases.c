/*-------------------------------------------------------------------------
 *
 * topics_phrases.c
 *		How many titles of the window and of the reference have a phrase.
 *
 * Phrases are counted level by level, as in Apriori (Agrawal and Srikant 1994):
 * a phrase of n words is looked at only where one of n - 1 words has been
 * in enough titles of the window.  For each token there is the node of the phrase
 * that begins with it and has reached the level so far, or none.  Only titles
 * of the window make nodes; those of the reference find them.  A title counts
 * once for a phrase.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "signal/topics_phrases.h"

#define MAX_WORDS		4		/* of a phrase, but for stop words */

static inline uint32
hash_words(uint32 parent, uint32 word)
{
	uint64		h = ((uint64) parent << 32 | word) * UINT64CONST(0x9E3779B97F4A7C15);

	return (uint32) (h >> 32);
}

uint32
pf_topics_gram(PfPhrases *phrases, uint32 parent, uint32 word, bool enter)
{
	uint32		i;

	if (phrases->by_words.slots == NULL || (enter && pf_numbers_full(&phrases->by_words)))
	{
		pf_numbers_resize(&phrases->by_words, CurrentMemoryContext);
		for (uint32 n = 0; n < phrases->nnodes; n++)
		{
			i = hash_words(phrases->nodes[n].parent, phrases->nodes[n].word);
			while (phrases->by_words.slots[i & phrases->by_words.mask] != 0)
				i++;
			phrases->by_words.slots[i & phrases->by_words.mask] = n + 1;
		}
	}
	for (i = hash_words(parent, word);; i++)
	{
		uint32	   *slot = pf_numbers_slot(&phrases->by_words, i);
		PfGram	   *node;

		if (*slot == 0)
		{
			if (!enter)
				return PF_NO_GRAM;
			phrases->nodes = pf_topics_grow(CurrentMemoryContext, phrases->nodes, phrases->nnodes,
											&phrases->maxnodes, sizeof(PfGram));
			node = &phrases->nodes[phrases->nnodes];
			*node = (PfGram) {.parent = parent, .word = word, .tokens = 1};
			if (parent != PF_NO_GRAM)
				node->tokens = phrases->nodes[parent].tokens + 1;
			phrases->by_words.used++;
			*slot = ++phrases->nnodes;
			return phrases->nnodes - 1;
		}
		node = &phrases->nodes[*slot - 1];
		if (node->parent == parent && node->word == word)
			return *slot - 1;
	}
}

/* The first part of a compound stands for itself if it mostly does: "LLM" in "LLM-based", not "multi". */
static inline bool
is_free(const PfTopics *topics, const PfSpelling *spelling)
{
	const PfStem *stem = &topics->stems[spelling->word];

	return stem->free >= stem->bound;
}

static inline bool
is_glued(const PfTopics *topics, uint32 token)
{
	return topics->tokens[token] & PF_TOKEN_GLUED;
}

/* Can a phrase begin with the token? end is that of the title. */
bool
pf_topics_can_begin(const PfTopics *topics, uint32 token, uint32 end)
{
	const PfSpelling *spelling = pf_topics_spelling(topics, token);
	bool		glues = token + 1 < end && is_glued(topics, token + 1);

	/* The rest of a compound says something else: "correcting codes" in "error-correcting codes". */
	if (is_glued(topics, token) || (spelling->kind & PF_WORD_YEAR))
		return false;
	if (spelling->kind & (PF_WORD_STOP | PF_WORD_WEAK | PF_WORD_NUMBER))
		return glues;
	/* "Recovering signals from noise" is not about recovering. */
	if ((spelling->kind & PF_WORD_GERUND) && (topics->tokens[token] & PF_TOKEN_FIRST) && !glues &&
		token + 1 < end && !(topics->tokens[token + 1] & PF_TOKEN_FIRST))
		return false;
	return true;
}

/* Can a phrase of this many tokens end with the token? */
bool
pf_topics_can_end(const PfTopics *topics, uint32 token, uint32 end, int tokens)
{
	const PfSpelling *spelling = pf_topics_spelling(topics, token);

	if (spelling->kind & (PF_WORD_STOP | PF_WORD_YEAR))
		return false;
	if (spelling->kind & PF_WORD_WEAK)
		return false;
	if (tokens == 1 && (spelling->kind & (PF_WORD_NUMBER | PF_WORD_SINGLE)))
		return false;
	if (token + 1 < end && is_glued(topics, token + 1) && !is_free(topics, spelling))
		return false;
	return true;
}

/* Can the token be inside a phrase, or end it? */
bool
pf_topics_can_follow(const PfTopics *topics, uint32 token)
{
	const PfSpelling *spelling = pf_topics_spelling(topics, token);

	return !(topics->tokens[token] & PF_TOKEN_FIRST) &&
		(!(spelling->kind & PF_WORD_STOP) || (spelling->kind & PF_WORD_OF) || is_glued(topics, token) ||
		 is_glued(topics, token - 1));
}

/* Does the token name something by itself: no word follows that it would describe, or it is an acronym? */
static bool
is_closed(const PfTopics *topics, uint32 token, uint32 end)
{
	const PfSpelling *spelling = pf_topics_spelling(topics, token);

	return (spelling->kind & PF_WORD_ACRONYM) ||
		token + 1 >= end || (topics->tokens[token + 1] & PF_TOKEN_FIRST) ||
		(pf_topics_spelling(topics, token + 1)->kind & (PF_WORD_STOP | PF_WORD_WEAK));
}

/* One level: the phrases of this many tokens, in the titles of the window or in those of the reference. */
static bool
count_level(PfPhrases *phrases, int level, bool window)
{
	PfTopics   *topics = phrases->topics;
	bool		any = false;

	for (uint32 t = 0; t < topics->ntitles; t++)
	{
		uint32		end = topics->titles[t + 1].start;

		if ((topics->titles[t].bucket > 0) != window)
			continue;
		if (t % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		for (uint32 i = topics->titles[t].start; i < end; i++)
		{
			uint32		last = i + level - 1;
			uint32		parent = level == 1 ? PF_NO_GRAM : phrases->at[i];
			const PfSpelling *spelling;
			PfGram	   *node;
			uint32		n;

			if (level == 1 ? !pf_topics_can_begin(topics, i, end) : parent == PF_NO_GRAM)
				continue;
			phrases->at[i] = PF_NO_GRAM;
			if (last >= end || (level > 1 && !pf_topics_can_follow(topics, last)))
				continue;
			spelling = pf_topics_spelling(topics, last);
			if (parent != PF_NO_GRAM && window &&
				(phrases->nodes[parent].titles < PF_MIN_TITLES ||
				 (phrases->nodes[parent].words >= MAX_WORDS && !(spelling->kind & PF_WORD_STOP))))
				continue;
			n = pf_topics_gram(phrases, parent, spelling->word, window);
			if (n == PF_NO_GRAM)
				continue;
			phrases->at[i] = n;
			any = true;
			node = &phrases->nodes[n];
			if (node->words == 0)
				node->words = (parent == PF_NO_GRAM ? 0 : phrases->nodes[parent].words) + !(spelling->kind & PF_WORD_STOP);
			if (window && node->seen != t + 1)
			{
				node->seen = t + 1;
				node->titles++;
			}
			if (node->counted != t + 1 && pf_topics_can_end(topics, last, end, level))
			{
				node->counted = t + 1;
				if (window)
				{
					node->papers++;
					node->closed += level > 1 || is_closed(topics, last, end);
				}
				else
					node->before++;
			}
		}
	}
	return any;
}

void
pf_topics_count(PfPhrases *phrases)
{
	PfTopics   *topics = phrases->topics;
	Size		size = Max(topics->ntokens, 1) * sizeof(uint32);

	phrases->at = MemoryContextAllocHuge(CurrentMemoryContext, size);
	memset(phrases->at, 0xFF, size);
	for (int window = 1; window >= 0; window--)
	{
		for (int level = 1; level <= PF_MAX_TOKENS && count_level(phrases, level, window); level++)
			;
	}
}

/* The words of a phrase. */
void
pf_topics_words(const PfPhrases *phrases, uint32 n, uint32 *words)
{
	for (; n != PF_NO_GRAM; n = phrases->nodes[n].parent)
		words[phrases->nodes[n].tokens - 1] = phrases->nodes[n].word;
}

/* Tell the pieces of each phrase how many titles it has. */
void
pf_topics_mark_pieces(PfPhrases *phrases)
{
	for (uint32 n = 0; n < phrases->nnodes; n++)
	{
		PfGram	   *node = &phrases->nodes[n];
		uint32		words[PF_MAX_TOKENS];

		if (node->papers < PF_MIN_TITLES || node->tokens == 1)
			continue;
		pf_topics_words(phrases, n, words);
		for (int first = 0; first < node->tokens; first++)
		{
			uint32		piece = PF_NO_GRAM;

			for (int i = first; i < node->tokens; i++)
			{
				piece = pf_topics_gram(phrases, piece, words[i], false);
				if (piece == PF_NO_GRAM)
					break;
				if (piece != n)
					phrases->nodes[piece].longest = Max(phrases->nodes[piece].longest, node->papers);
			}
		}
	}
}
