/*-------------------------------------------------------------------------
 *
 * topics_show.c
 *		The chosen phrases as series, and as people write them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "signal/topics_phrases.h"

/*
 * "Diffusion" is shown as "diffusion", unless it has its capital also in titles
 * where not every word has one, as "Gaussian" does.
 */
static void
know_cases(PfTopics *topics)
{
	for (uint32 i = 0; i < topics->nspellings; i++)
	{
		PfSpelling *spelling = &topics->spellings[i];
		const char *s = topics->text + spelling->text;
		char		lower[PF_MAX_TOKEN];
		int64		other;

		spelling->shown = i;
		if (s[0] < 'A' || s[0] > 'Z' || spelling->len < 2 || (spelling->kind & PF_WORD_ACRONYM))
			continue;
		memcpy(lower, s, spelling->len);
		lower[0] = pg_ascii_tolower((unsigned char) lower[0]);
		other = pf_topics_find(topics, lower, spelling->len);
		if (other >= 0 ? topics->spellings[other].sentence >= spelling->sentence : spelling->sentence == 0)
			spelling->shown = other >= 0 ? (uint32) other : i | PF_TOKEN_FIRST;
	}
}

typedef struct Variant
{
	uint32		choice;
	uint32		tokens[PF_MAX_TOKENS]; /* spellings, PF_TOKEN_GLUED, and PF_TOKEN_FIRST if in lower case */
} Variant;

static int
compare_variants(const void *a, const void *b)
{
	const Variant *x = a;
	const Variant *y = b;

	if (x->choice != y->choice)
		return x->choice < y->choice ? -1 : 1;
	for (int i = 0; i < PF_MAX_TOKENS; i++)
	{
		if (x->tokens[i] != y->tokens[i])
			return x->tokens[i] < y->tokens[i] ? -1 : 1;
	}
	return 0;
}

/* Of variants that are as frequent, that in lower case and without hyphens is preferred. */
static bool
is_nicer(const PfTopics *topics, const Variant *a, const Variant *b)
{
	for (int i = 0; i < PF_MAX_TOKENS; i++)
	{
		const PfSpelling *x = &topics->spellings[a->tokens[i] & PF_TOKEN_SPELLING];
		const PfSpelling *y = &topics->spellings[b->tokens[i] & PF_TOKEN_SPELLING];
		int			result = pf_topics_compare(topics, x->text, x->len, y->text, y->len);

		if (result == 0 && a->tokens[i] != b->tokens[i])
			result = a->tokens[i] < b->tokens[i] ? 1 : -1;
		if (result != 0)
			return result > 0;
	}
	return false;
}

/* The most frequent variant of each. */
static void
show_phrases(const PfTopics *topics, PfChoice *chosen, const PfPhrases *phrases, Variant *variants, uint32 nvariants)
{
	for (uint32 i = 0; i < nvariants;)
	{
		uint32		choice = variants[i].choice;
		const Variant *best = NULL;
		uint32		most = 0;
		StringInfoData out;

		while (i < nvariants && variants[i].choice == choice)
		{
			uint32		first = i;

			while (i < nvariants && compare_variants(&variants[first], &variants[i]) == 0)
				i++;
			if (i - first > most || (i - first == most && is_nicer(topics, &variants[first], best)))
			{
				most = i - first;
				best = &variants[first];
			}
		}
		initStringInfo(&out);
		for (int t = 0; t < phrases->nodes[chosen[choice].node].tokens; t++)
		{
			const PfSpelling *spelling = &topics->spellings[best->tokens[t] & PF_TOKEN_SPELLING];

			if (t > 0)
				appendStringInfoChar(&out, (best->tokens[t] & PF_TOKEN_GLUED) ? '-' : ' ');
			appendBinaryStringInfo(&out, topics->text + spelling->text, spelling->len);
			if (best->tokens[t] & PF_TOKEN_FIRST)
				out.data[out.len - spelling->len] = pg_ascii_tolower((unsigned char) out.data[out.len - spelling->len]);
		}
		chosen[choice].topic.phrase = out.data;
	}
}

/* Go over the window once more, for the series and the spellings of those chosen. */
void
pf_topics_follow(PfPhrases *phrases, PfChoice *chosen, int nchosen, int nbuckets)
{
	PfTopics   *topics = phrases->topics;
	uint32	   *choice_of = MemoryContextAllocHuge(CurrentMemoryContext, Max(phrases->nnodes, 1) * sizeof(uint32));
	Variant    *variants = NULL;
	uint32		nvariants = 0;
	uint32		maxvariants = 0;

	know_cases(topics);
	memset(choice_of, 0, phrases->nnodes * sizeof(uint32));
	for (int i = 0; i < nchosen; i++)
	{
		choice_of[chosen[i].node] = i + 1;
		chosen[i].topic.series = palloc0(Max(nbuckets, 1) * sizeof(int64));
	}
	for (uint32 n = 0; n < phrases->nnodes; n++)
		phrases->nodes[n].counted = 0;
	for (uint32 t = 0; t < topics->ntitles; t++)
	{
		uint32		end = topics->titles[t + 1].start;

		if (topics->titles[t].bucket <= 0)
			continue;
		if (t % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		for (uint32 i = topics->titles[t].start; i < end; i++)
		{
			uint32		n = PF_NO_GRAM;

			if (!pf_topics_can_begin(topics, i, end))
				continue;
			for (uint32 last = i; last < end && last < i + PF_MAX_TOKENS; last++)
			{
				PfGram	   *node;
				PfChoice	   *choice;
				Variant    *variant;

				if (last > i && !pf_topics_can_follow(topics, last))
					break;
				n = pf_topics_gram(phrases, n, pf_topics_spelling(topics, last)->word, false);
				if (n == PF_NO_GRAM)
					break;
				node = &phrases->nodes[n];
				if (choice_of[n] == 0 || node->counted == t + 1 || !pf_topics_can_end(topics, last, end, node->tokens))
					continue;
				node->counted = t + 1;
				choice = &chosen[choice_of[n] - 1];
				choice->topic.series[topics->titles[t].bucket - 1]++;
				variants = pf_topics_grow(CurrentMemoryContext, variants, nvariants, &maxvariants, sizeof(Variant));
				variant = &variants[nvariants++];
				*variant = (Variant) {.choice = choice_of[n] - 1};
				for (int k = 0; k < node->tokens; k++)
					variant->tokens[k] = topics->spellings[topics->tokens[i + k] & PF_TOKEN_SPELLING].shown |
						(k > 0 ? topics->tokens[i + k] & PF_TOKEN_GLUED : 0);
			}
		}
	}
	if (nvariants > 0)
		qsort(variants, nvariants, sizeof(Variant), compare_variants);
	show_phrases(topics, chosen, phrases, variants, nvariants);
}
