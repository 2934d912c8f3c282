/*-------------------------------------------------------------------------
 *
 * watch_index.c
 *		Which of many watches want a paper, without asking each of them.
 *
 * The index is made of the watches as a search index is made of papers, the
 * other way round: terms lead to watches.  A watch is filed under few terms, of
 * which a paper that it wants has one at least (watch_cover.c); so a paper is
 * compared with the watches under its own words, authors, categories and source,
 * and with those few that nothing covers.  Of the words that such a watch
 * requires the paper must have all, which is known at once, before the whole is
 * looked at by pf_criteria_match().
 *
 * Watches that compare with a paper, and ask for no words or authors besides,
 * are filed under all words of its vector.
 *
 * This file makes the index; watch_find.c goes through it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "ingest/watch_index.h"
#include "miscadmin.h"
#include "tsearch/ts_utils.h"
#include "utils/memutils.h"

/* ---- making ---- */

PfWatchIndex *
pf_watch_index_begin(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "paperfeed watches",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfWatchIndex *index = palloc0(sizeof(PfWatchIndex));

	index->context = context;
	index->terms = pf_terms_new();
	index->max = 64;
	index->entries = palloc(index->max * sizeof(PfWatchEntry));
	index->min_similarity = INFINITY;
	MemoryContextSwitchTo(old);
	return index;
}

MemoryContext
pf_watch_index_context(PfWatchIndex *index)
{
	return index->context;
}

void
pf_watch_index_add(PfWatchIndex *index, const PfWatch *watch)
{
	MemoryContext old = MemoryContextSwitchTo(index->context);
	PfWatch    *copy;

	if (index->n == index->max)
	{
		index->max *= 2;
		index->entries = repalloc_huge(index->entries, index->max * sizeof(PfWatchEntry));
	}
	copy = palloc(sizeof(PfWatch));
	*copy = *watch;
	index->entries[index->n++] = (PfWatchEntry) {.watch = copy, .since = watch->since};
	pf_cover_add_terms(index->terms, &watch->criteria);
	for (int i = 0; i < watch->vector.n; i++)
		(void) pf_terms_add(index->terms, PF_TERM_WORD, watch->vector.words[i]);
	if (watch->similar_to.s != NULL)
		(void) pf_terms_add(index->terms, PF_TERM_PAPER, watch->similar_to);
	MemoryContextSwitchTo(old);
}

/* Room for what is kept by term. */
static void
make_room(PfWatchIndex *index)
{
	int			n = pf_terms_count(index->terms);
	int			max = index->max_terms;

	if (n <= max)
		return;
	max = Max(n, max + max / 2);
	if (index->papers == NULL)
	{
		index->papers = MemoryContextAllocHuge(index->context, max * sizeof(double));
		index->idf = MemoryContextAllocHuge(index->context, max * sizeof(double));
		index->has = MemoryContextAllocHuge(index->context, max * sizeof(uint32));
		index->weight = MemoryContextAllocHuge(index->context, max * sizeof(float4));
	}
	else
	{
		index->papers = repalloc_huge(index->papers, max * sizeof(double));
		index->idf = repalloc_huge(index->idf, max * sizeof(double));
		index->has = repalloc_huge(index->has, max * sizeof(uint32));
		index->weight = repalloc_huge(index->weight, max * sizeof(float4));
	}
	for (int i = index->max_terms; i < max; i++)
	{
		index->papers[i] = index->idf[i] = 0;
		index->has[i] = 0;
		index->weight[i] = 0;
	}
	index->max_terms = max;
}

void
pf_watch_index_weigh(PfWatchIndex *index, int from)
{
	int			n = pf_terms_count(index->terms);
	PfStr	   *words;
	int		   *numbers;
	double	   *papers;
	double	   *idf;
	int			nwords = 0;

	make_room(index);
	words = palloc_extended(Max(n - from, 1) * sizeof(PfStr), MCXT_ALLOC_HUGE);
	numbers = palloc_extended(Max(n - from, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	papers = palloc_extended(Max(n - from, 1) * sizeof(double), MCXT_ALLOC_HUGE);
	idf = palloc_extended(Max(n - from, 1) * sizeof(double), MCXT_ALLOC_HUGE);
	for (int i = from; i < n; i++)
	{
		if (pf_terms_kind(index->terms, i) != PF_TERM_WORD)
			continue;
		numbers[nwords] = i;
		words[nwords++] = pf_terms_get(index->terms, i);
	}
	pf_similar_idf(words, nwords, papers, idf);
	for (int i = 0; i < nwords; i++)
	{
		index->papers[numbers[i]] = papers[i];
		index->idf[numbers[i]] = idf[i];
	}
	if (from == 0 && nwords > 0)
	{
		/* How many papers there are, by the formula of idf. */
		index->known = expm1(idf[0]) * (papers[0] + 0.5) + papers[0] - 0.5;
		index->matched = 0;
	}
	pfree(words);
	pfree(numbers);
	pfree(papers);
	pfree(idf);
}

static int
compare_prefixes(const void *a, const void *b)
{
	return pf_compare_strs(&((const PfWatchPrefix *) a)->s, &((const PfWatchPrefix *) b)->s);
}

static void
sort_prefixes(PfWatchIndex *index)
{
	int			last = -1;

	if (!index->kinds[PF_TERM_PREFIX])
		return;
	index->prefixes = palloc_extended(index->nterms * sizeof(PfWatchPrefix), MCXT_ALLOC_HUGE);
	for (int i = 0; i < index->nterms; i++)
	{
		if (pf_terms_kind(index->terms, i) == PF_TERM_PREFIX)
			index->prefixes[index->nprefixes++] = (PfWatchPrefix) {pf_terms_get(index->terms, i), i, -1};
	}
	if (index->nprefixes > 1)
		qsort(index->prefixes, index->nprefixes, sizeof(PfWatchPrefix), compare_prefixes);
	for (int i = 0; i < index->nprefixes; i++)
	{
		while (last >= 0 && !pf_is_prefix(index->prefixes[last].s, index->prefixes[i].s))
			last = index->prefixes[last].shorter;
		index->prefixes[i].shorter = last;
		last = i;
	}
}

/* Places of pairs by their terms: those of term t are from start[t] to start[t + 1]. */
static int *
sort_places(int nterms, const PfNumbers *terms, int **start)
{
	int		   *places = palloc_extended(Max(terms->n, 1) * sizeof(int), MCXT_ALLOC_HUGE);

	for (int i = 0; i < terms->n; i++)
		(*start)[terms->items[i]]++;
	for (int t = 1; t <= nterms; t++)
		(*start)[t] += (*start)[t - 1];
	/* From behind, so that each list begins where the next lower one ends. */
	for (int i = terms->n - 1; i >= 0; i--)
		places[--(*start)[terms->items[i]]] = i;
	return places;
}

static int *
new_starts(PfWatchIndex *index)
{
	return MemoryContextAllocExtended(index->context, (index->nterms + 1) * sizeof(int),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* The rarest word that the entry requires besides this one. */
static int
find_guard(const PfWatchIndex *index, const PfWatchEntry *entry, int term)
{
	int			guard = -1;

	for (int i = 0; i < entry->nrequired; i++)
	{
		int			other = index->required.items[entry->required + i];

		if (other != term && (guard < 0 || index->papers[other] < index->papers[guard]))
			guard = other;
	}
	return guard;
}

static void
file_entries(PfWatchIndex *index, const PfNumbers *terms, const PfNumbers *entries)
{
	int		   *places;

	index->start = new_starts(index);
	places = sort_places(index->nterms, terms, &index->start);
	index->filed = MemoryContextAllocHuge(index->context, Max(terms->n, 1) * sizeof(PfFiledEntry));
	for (int i = 0; i < terms->n; i++)
	{
		int			e = entries->items[places[i]];

		index->filed[i] = (PfFiledEntry) {
			e, find_guard(index, &index->entries[e], terms->items[places[i]])
		};
	}
	pfree(places);
}

/* Others that compare are found by what else they ask. */
static inline bool
is_found_by_vector(const PfWatch *watch)
{
	return watch->similar_to.s != NULL && watch->criteria.query == NULL &&
		watch->criteria.authors.n == 0;
}

static void
file_similar(PfWatchIndex *index)
{
	PfNumbers	terms = {0};
	PfNumbers	entries = {0};
	PfNumbers	numbers = {0};	/* of the words in the vectors */
	int		   *places;

	for (int e = 0; e < index->n; e++)
	{
		const PfWatchEntry *entry = &index->entries[e];

		if (!is_found_by_vector(entry->watch))
			continue;
		index->nsimilar++;
		index->min_similarity = Min(index->min_similarity, entry->watch->min_similarity);
		for (int i = 0; i < entry->watch->vector.n; i++)
		{
			pf_numbers_add(&terms, index->vectors.items[entry->vector + i]);
			pf_numbers_add(&entries, e);
			pf_numbers_add(&numbers, i);
		}
	}
	index->similar_start = new_starts(index);
	places = sort_places(index->nterms, &terms, &index->similar_start);
	index->similar = MemoryContextAllocHuge(index->context,
											Max(terms.n, 1) * sizeof(PfSimilarEntry));
	for (int i = 0; i < terms.n; i++)
	{
		int			e = entries.items[places[i]];

		index->similar[i] = (PfSimilarEntry) {
			e, index->entries[e].watch->vector.weights[numbers.items[places[i]]]
		};
	}
}

void
pf_watch_index_end(PfWatchIndex *index)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "paperfeed watches made",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	PfNumbers	terms = {0};
	PfNumbers	entries = {0};

	index->nterms = pf_terms_count(index->terms);
	for (int i = 0; i < index->nterms; i++)
		index->kinds[pf_terms_kind(index->terms, i)] = true;
	pf_watch_index_weigh(index, 0);

	for (int e = 0; e < index->n; e++)
	{
		PfWatchEntry	   *entry = &index->entries[e];
		const PfWatch *watch = entry->watch;
		PfCover		cover;

		if (e % 1000 == 0)
			CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(index->context);
		entry->required = index->required.n;
		pf_cover_required(index->terms, watch->criteria.query, &index->required);
		entry->nrequired = index->required.n - entry->required;
		entry->vector = index->vectors.n;
		for (int i = 0; i < watch->vector.n; i++)
			pf_numbers_add(&index->vectors, pf_terms_find(index->terms, PF_TERM_WORD,
														  watch->vector.words[i]));
		index->ncompared += watch->similar_to.s != NULL;
		MemoryContextSwitchTo(scratch);

		if (is_found_by_vector(watch))
			continue;
		cover = pf_cover(index->terms, &watch->criteria, index->papers);
		for (int i = 0; i < cover.terms.n && !isinf(cover.cost); i++)
		{
			pf_numbers_add(&terms, cover.terms.items[i]);
			pf_numbers_add(&entries, e);
		}
		if (isinf(cover.cost))
		{
			MemoryContextSwitchTo(index->context);
			pf_numbers_add(&index->everywhere, e);
			MemoryContextSwitchTo(scratch);
		}
	}
	file_entries(index, &terms, &entries);
	file_similar(index);
	MemoryContextSwitchTo(index->context);
	sort_prefixes(index);
	/* Lists that grow stay where they are made first. */
	pf_numbers_add(&index->words, 0);
	pf_numbers_add(&index->candidates, 0);
	index->asked = palloc_extended(Max(index->n, 1) * sizeof(uint32),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	index->sum = palloc_extended(Max(index->n, 1) * sizeof(float4),
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	index->is_sound = true;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

void
pf_watch_index_stats(const PfWatchIndex *index, PfWatchIndexStats *out)
{
	*out = (PfWatchIndexStats) {
		.watches = index->n,
		.terms = pf_terms_count(index->terms),
		.filed = index->start[index->nterms] + index->similar_start[index->nterms],
		.everywhere = index->everywhere.n,
		.bytes = (int64) MemoryContextMemAllocated(index->context, true)
	};
}
