/*-------------------------------------------------------------------------
 *
 * topics_choose.c
 *		What grew most: how much is sure, and what says nothing new.
 *
 * The phrases that have grown are taken in the order of their score, and what
 * says nothing new is left out: the pieces of a longer phrase that has most of
 * their titles; a word whose growth is all that of a phrase already taken; a
 * phrase that did not grow much faster than a piece already taken; what overlaps
 * with one taken and is in as many titles.
 *
 * A single word must mostly stand for itself: in "gated attention" the topic is
 * not "gated".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "signal/topics_phrases.h"

#define MOST			0.75	/* of a piece's titles that make it a piece only */
#define CLOSED			0.5		/* least share of a word's titles where it stands for itself */
#define FASTER			1.5		/* how much more than its piece a phrase must have grown */
#define Z99				2.5758293035489

/* ---- statistics ---- */

/*
 * Log ratio of two shares, in doublings, with half a title added everywhere so
 * that it is finite (Haldane 1956, Anscombe 1956), less 2.58 standard errors
 * (Katz et al. 1978): the lower end of its 99 % confidence interval.
 */
double
pf_topics_least_growth(double papers, double of, double before, double of_before)
{
	double		a = papers + 0.5;
	double		b = before + 0.5;
	double		ratio = log(a / (of + 0.5)) - log(b / (of_before + 0.5));
	double		error = sqrt(Max(1 / a - 1 / (of + 0.5) + 1 / b - 1 / (of_before + 0.5), 0));

	return (ratio - Z99 * error) / M_LN2;
}

/*
 * The end of the interval that is nearer to 0, and 0 if it has 0: what has
 * grown, or shrunk, at least.  Log ratio with conservative estimate, LRC (Evert 2022).
 */
double
pf_topics_growth_score(double papers, double of, double before, double of_before)
{
	double		least = pf_topics_least_growth(papers, of, before, of_before);
	double		most;

	if (least > 0)
		return least;
	most = -pf_topics_least_growth(before, of_before, papers, of);
	return most < 0 ? most : 0;
}

/* ---- choosing ---- */

/* By score; what is equal by its words, so that the order of the titles does not matter. */
static int
compare_choices(const void *a, const void *b, void *arg)
{
	const PfChoice *x = a;
	const PfChoice *y = b;
	const PfTopics *topics = arg;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->topic.papers != y->topic.papers)
		return x->topic.papers > y->topic.papers ? -1 : 1;
	if (x->tokens != y->tokens)
		return x->tokens > y->tokens ? -1 : 1;
	for (int i = 0; i < x->tokens; i++)
	{
		const PfStem *v = &topics->stems[x->words[i]];
		const PfStem *w = &topics->stems[y->words[i]];
		int			result = pf_topics_compare(topics, v->text, v->len, w->text, w->len);

		if (result != 0)
			return result;
	}
	return 0;
}

static bool
is_within(const uint32 *piece, int npiece, const uint32 *words, int nwords)
{
	for (int i = 0; i + npiece <= nwords; i++)
	{
		if (memcmp(piece, words + i, npiece * sizeof(uint32)) == 0)
			return true;
	}
	return false;
}

/* Does one end with two words or more that the other one begins with? */
static bool
overlap(const uint32 *a, int na, const uint32 *b, int nb)
{
	for (int n = Min(na, nb) - 1; n >= 2; n--)
	{
		if (memcmp(a + na - n, b, n * sizeof(uint32)) == 0 || memcmp(b + nb - n, a, n * sizeof(uint32)) == 0)
			return true;
	}
	return false;
}

/* Does it say something that those chosen before do not say? */
static bool
is_news(const PfPhrases *phrases, const PfChoice *chosen, int nchosen, const PfChoice *choice, double of, double of_before)
{
	const PfGram *node = &phrases->nodes[choice->node];

	for (int i = 0; i < nchosen; i++)
	{
		const PfGram *other = &phrases->nodes[chosen[i].node];

		if (other->papers == node->papers && other->before == node->before &&
			overlap(choice->words, node->tokens, chosen[i].words, other->tokens))
			return false;
		if (other->tokens > node->tokens)
		{
			if (is_within(choice->words, node->tokens, chosen[i].words, other->tokens) &&
				pf_topics_least_growth(node->papers - Min(other->papers, node->papers), of,
									   node->before - Min(other->before, node->before), of_before) <= 0)
				return false;
		}
		else if (is_within(chosen[i].words, other->tokens, choice->words, node->tokens) &&
				 choice->growth <= chosen[i].growth * FASTER)
			return false;
	}
	return true;
}

PfTopic *
pf_topics_choose(PfTopics *topics, int *ntopics, int64 **totals, int *nbuckets)
{
	PfPhrases	phrases = {.topics = topics};
	PfChoice   *choices = NULL;
	uint32		nchoices = 0;
	uint32		maxchoices = 0;
	int			nchosen = 0;
	int64		of = 0;
	int64		of_before = 0;
	PfTopic    *result;

	*nbuckets = 0;
	for (uint32 t = 0; t < topics->ntitles; t++)
		*nbuckets = Max(*nbuckets, topics->titles[t].bucket);
	*totals = palloc0(Max(*nbuckets, 1) * sizeof(int64));
	for (uint32 t = 0; t < topics->ntitles; t++)
	{
		if (topics->titles[t].bucket > 0)
		{
			(*totals)[topics->titles[t].bucket - 1]++;
			of++;
		}
		else
			of_before++;
	}
	*ntopics = 0;
	if (of == 0 || of_before == 0)
		return NULL;

	pf_topics_count(&phrases);
	pf_topics_mark_pieces(&phrases);
	for (uint32 n = 0; n < phrases.nnodes; n++)
	{
		PfGram	   *node = &phrases.nodes[n];
		double		growth = ((node->papers + 0.5) / (of + 0.5)) / ((node->before + 0.5) / (of_before + 0.5));

		if (node->papers < PF_MIN_TITLES || node->longest >= MOST * node->papers ||
			node->closed < CLOSED * node->papers ||
			(double) node->papers / of <= (double) node->before / of_before)
			continue;
		choices = pf_topics_grow(CurrentMemoryContext, choices, nchoices, &maxchoices, sizeof(PfChoice));
		choices[nchoices] = (PfChoice) {.node = n, .growth = growth, .tokens = node->tokens};
		choices[nchoices].score = pf_topics_least_growth(node->papers, of, node->before, of_before);
		choices[nchoices].topic = (PfTopic) {.papers = node->papers, .before = node->before,
			.score = Max(choices[nchoices].score, 0)};
		pf_topics_words(&phrases, n, choices[nchoices].words);
		nchoices++;
	}
	if (nchoices > 0)
		qsort_arg(choices, nchoices, sizeof(PfChoice), compare_choices, topics);
	for (uint32 i = 0; i < nchoices && (topics->k < 0 || nchosen < topics->k); i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (is_news(&phrases, choices, nchosen, &choices[i], of, of_before))
		{
			PfChoice	choice = choices[i];

			choices[nchosen++] = choice;
		}
	}
	pf_topics_follow(&phrases, choices, nchosen, *nbuckets);

	result = palloc(Max(nchosen, 1) * sizeof(PfTopic));
	for (int i = 0; i < nchosen; i++)
		result[i] = choices[i].topic;
	*ntopics = nchosen;
	return result;
}
