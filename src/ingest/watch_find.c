/*-------------------------------------------------------------------------
 *
 * watch_find.c
 *		The watches that want a paper: through the index.
 *
 * Watches that compare with another paper are found by adding up products of
 * weights, the paper's heaviest words first.  What a watch may gain from the
 * words that are left is at most the length of that part of the paper's vector,
 * its own being 1 at most.  Once that is less than any watch wants, no other
 * watch can come in, and the lists of the common words, the long ones, only add
 * to those that did (as in MaxScore).
 *
 * The length of a paper's vector takes the weights of all of its words, so these
 * become terms of the index, too, up to a limit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "ingest/watch_index.h"
#include "tsearch/ts_utils.h"
#include "utils/memutils.h"

/* Words of papers that are kept beyond those of the watches. */
#define MAX_LEARNT		300000

/* Weights are asked for anew when the papers have doubled, though not before so many have come. */
#define MIN_RENEWAL		1000

/* Candidates' sums are added up until they are known so well, as a part of what is wanted. */
#define PRECISION		0.25

/* Sums of float4 are that far off, or less. */
#define INEXACT			1e-4

bool
pf_watch_index_compares(const PfWatchIndex *index, PfStr paper)
{
	return index->kinds[PF_TERM_PAPER] && pf_terms_find(index->terms, PF_TERM_PAPER, paper) >= 0;
}

bool
pf_watch_index_is_good(const PfWatchIndex *index)
{
	return index->is_sound && pf_terms_count(index->terms) - index->nterms <= MAX_LEARNT;
}

void
pf_watch_index_prepare(PfWatchIndex *index, PfSubject **papers, int n)
{
	int			known = pf_terms_count(index->terms);

	if (index->ncompared == 0)
		return;
	index->is_sound = false;
	for (int i = 0; i < n; i++)
	{
		TSVector	words = pf_subject_words(papers[i]);
		const WordEntry *entries = ARRPTR(words);

		for (int w = 0; w < words->size; w++)
		{
			if (pf_similar_count(words, &entries[w]) > 0)
				(void) pf_terms_add(index->terms, PF_TERM_WORD,
									(PfStr) {STRPTR(words) + entries[w].pos, (int) entries[w].len});
		}
	}
	index->matched += n;
	if (index->matched > MIN_RENEWAL && index->matched > index->known)
		pf_watch_index_weigh(index, 0);
	else if (pf_terms_count(index->terms) > known)
		pf_watch_index_weigh(index, known);
	index->is_sound = true;
}

/* ---- one paper ---- */

typedef struct Paper
{
	PfStr		id;
	TimestampTz published;
	PfSubject  *subject;
	PfHits	   *hits;
} Paper;

static double
similarity(const PfWatchIndex *index, const PfWatchEntry *entry)
{
	double		sum = 0;

	for (int i = 0; i < entry->watch->vector.n; i++)
	{
		int			term = index->vectors.items[entry->vector + i];

		if (index->has[term] == index->now)
			sum += (double) entry->watch->vector.weights[i] * (double) index->weight[term];
	}
	return Min(sum, 1);
}

/* Does this watch want the paper? */
static void
ask(PfWatchIndex *index, const Paper *paper, int number)
{
	const PfWatchEntry *entry = &index->entries[number];
	const PfWatch *watch = entry->watch;
	double		alike = -1;

	if (index->asked[number] == index->now)
		return;
	index->asked[number] = index->now;
	for (int i = 0; i < entry->nrequired; i++)
	{
		if (index->has[index->required.items[entry->required + i]] != index->now)
			return;
	}
	if (paper->published != PF_NO_TIME && paper->published < entry->since)
		return;
	if (watch->similar_to.s != NULL)
	{
		alike = similarity(index, entry);
		if (alike < watch->min_similarity || pf_str_eq(watch->similar_to, paper->id))
			return;
	}
	if (!pf_criteria_match(&watch->criteria, paper->subject))
		return;

	if (paper->hits->n == paper->hits->max)
	{
		paper->hits->max = Max(64, paper->hits->max * 2);
		paper->hits->items = paper->hits->items == NULL ?
			palloc(paper->hits->max * sizeof(PfHit)) :
			repalloc_huge(paper->hits->items, paper->hits->max * sizeof(PfHit));
	}
	paper->hits->items[paper->hits->n++] =
		(PfHit) {watch->id, watch->notify, (float4) alike};
}

static void
ask_filed(PfWatchIndex *index, const Paper *paper, int term)
{
	if (term < 0 || term >= index->nterms)
		return;
	for (int i = index->start[term]; i < index->start[term + 1]; i++)
	{
		const PfFiledEntry *filed = &index->filed[i];

		if (filed->guard < 0 || index->has[filed->guard] == index->now)
			ask(index, paper, filed->entry);
	}
}

/* Which words it has, and what they weigh. */
static void
note_words(PfWatchIndex *index, TSVector words)
{
	const WordEntry *entries = ARRPTR(words);
	double		length = 0;

	index->words.n = 0;
	for (int i = 0; i < words->size; i++)
	{
		int			term = pf_terms_find(index->terms, PF_TERM_WORD,
										 (PfStr) {STRPTR(words) + entries[i].pos, (int) entries[i].len});
		int			count;

		if (term < 0)
			continue;
		pf_numbers_add(&index->words, term);
		index->has[term] = index->now;
		if (index->ncompared == 0)
			continue;
		count = pf_similar_count(words, &entries[i]);
		index->weight[term] = (float4) (sqrt(count) * index->idf[term]);
		length += count * index->idf[term] * index->idf[term];
	}
	if (length > 0)
	{
		float4		scale = (float4) (1 / sqrt(length));

		for (int i = 0; i < index->words.n; i++)
			index->weight[index->words.items[i]] *= scale;
	}
}

static void
ask_prefixes(PfWatchIndex *index, const Paper *paper, TSVector words)
{
	const WordEntry *entries = ARRPTR(words);

	for (int i = 0; i < words->size; i++)
	{
		PfStr		word = {STRPTR(words) + entries[i].pos, (int) entries[i].len};
		int			low = 0;
		int			high = index->nprefixes;

		/* All prefixes of a word are what the last one that is not behind it begins with. */
		while (low < high)
		{
			int			middle = low + (high - low) / 2;

			if (pf_compare_strs(&index->prefixes[middle].s, &word) <= 0)
				low = middle + 1;
			else
				high = middle;
		}
		for (int p = low - 1; p >= 0; p = index->prefixes[p].shorter)
		{
			if (pf_is_prefix(index->prefixes[p].s, word))
				ask_filed(index, paper, index->prefixes[p].number);
		}
	}
}

static void
ask_lists(PfWatchIndex *index, const Paper *paper)
{
	if (index->kinds[PF_TERM_AUTHOR])
	{
		const PfStrings *authors = pf_subject_authors(paper->subject);

		for (int i = 0; i < authors->n; i++)
			ask_filed(index, paper, pf_terms_find(index->terms, PF_TERM_AUTHOR, authors->items[i]));
	}
	if (index->kinds[PF_TERM_CATEGORY] || index->kinds[PF_TERM_CATEGORIES])
	{
		const PfStrings *categories = pf_subject_categories(paper->subject);

		for (int i = 0; i < categories->n; i++)
		{
			PfStr		category = categories->items[i];
			char	   *any = palloc(category.len + 1);

			ask_filed(index, paper, pf_terms_find(index->terms, PF_TERM_CATEGORY, category));
			memcpy(any, category.s, category.len);
			for (int c = 0; c < category.len; c++)
			{
				if (category.s[c] != '.')
					continue;
				any[c + 1] = '*';
				ask_filed(index, paper, pf_terms_find(index->terms, PF_TERM_CATEGORIES,
													  (PfStr) {any, c + 2}));
				if (c + 1 < category.len)
					any[c + 1] = category.s[c + 1];
			}
			pfree(any);
		}
	}
	if (index->kinds[PF_TERM_SOURCE])
	{
		PfStr		source = pf_subject_source(paper->subject);

		if (source.s != NULL)
			ask_filed(index, paper, pf_terms_find(index->terms, PF_TERM_SOURCE, source));
	}
}

typedef struct Heavy
{
	float4		weight;
	int			term;
} Heavy;

static int
compare_heavy(const void *a, const void *b)
{
	const Heavy *x = a;
	const Heavy *y = b;

	return x->weight > y->weight ? -1 : x->weight < y->weight;
}

static void
ask_similar(PfWatchIndex *index, const Paper *paper)
{
	Heavy	   *heavy = palloc(Max(index->words.n, 1) * sizeof(Heavy));
	double		left = 0;
	double		rest;
	int			n = 0;

	for (int i = 0; i < index->words.n; i++)
	{
		int			term = index->words.items[i];
		float4		weight = index->weight[term];

		if (term >= index->nterms || weight <= 0 ||
			index->similar_start[term] == index->similar_start[term + 1])
			continue;
		heavy[n++] = (Heavy) {weight, term};
		left += (double) weight * (double) weight;
	}
	if (n > 1)
		qsort(heavy, n, sizeof(Heavy), compare_heavy);

	index->candidates.n = 0;
	for (int i = 0; i < n; i++)
	{
		double		gain = sqrt(Max(left, 0)) + INEXACT;
		bool		is_open = gain >= index->min_similarity;

		if (gain < index->min_similarity * PRECISION)
			break;
		for (int s = index->similar_start[heavy[i].term]; s < index->similar_start[heavy[i].term + 1]; s++)
		{
			const PfSimilarEntry *similar = &index->similar[s];

			if (index->sum[similar->entry] == 0)
			{
				if (!is_open)
					continue;
				pf_numbers_add(&index->candidates, similar->entry);
			}
			index->sum[similar->entry] += similar->weight * heavy[i].weight;
		}
		left -= (double) heavy[i].weight * (double) heavy[i].weight;
	}
	rest = sqrt(Max(left, 0)) + INEXACT;
	for (int i = 0; i < index->candidates.n; i++)
	{
		int			number = index->candidates.items[i];
		double		sum = (double) index->sum[number];

		index->sum[number] = 0;
		if (sum + rest >= index->entries[number].watch->min_similarity)
			ask(index, paper, number);
	}
	pfree(heavy);
}

void
pf_watch_index_match(PfWatchIndex *index, PfStr id, TimestampTz published, PfSubject *subject,
					 PfHits *out)
{
	Paper		paper = {id, published, subject, out};

	index->is_sound = false;
	if (++index->now == 0)
	{
		memset(index->has, 0, index->max_terms * sizeof(uint32));
		memset(index->asked, 0, index->n * sizeof(uint32));
		index->now = 1;
	}
	index->words.n = 0;
	if (index->kinds[PF_TERM_WORD] || index->kinds[PF_TERM_PREFIX])
	{
		TSVector	words = pf_subject_words(subject);

		note_words(index, words);
		for (int i = 0; i < index->words.n; i++)
			ask_filed(index, &paper, index->words.items[i]);
		if (index->nprefixes > 0)
			ask_prefixes(index, &paper, words);
		if (index->nsimilar > 0)
			ask_similar(index, &paper);
	}
	ask_lists(index, &paper);
	for (int i = 0; i < index->everywhere.n; i++)
		ask(index, &paper, index->everywhere.items[i]);
	index->is_sound = true;
}
