/*-------------------------------------------------------------------------
 *
 * watch_cover.c
 *		Terms of watches by number, and under which of them a watch is found.
 *
 * A watch is filed under a cover: terms of which each paper that it wants has
 * at least one.  A word covers itself; of what is joined by AND, or follows one
 * another in a phrase, one part will do, and the rarest is taken; of what is
 * joined by OR each part is needed; an exclusion has none.  Lists of authors,
 * categories and sources are covered by all of their members.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "ingest/watch_cover.h"
#include "miscadmin.h"
#include "tsearch/ts_utils.h"

typedef struct TermKey
{
	PfStr		s;
	PfTermKind	kind;
} TermKey;

typedef struct TermEntry
{
	TermKey		key;
	int			number;
	uint32		hash;
	char		status;
} TermEntry;

static inline uint32
hash_key(TermKey key)
{
	return hash_combine(hash_bytes((const unsigned char *) key.s.s, key.s.len), (uint32) key.kind);
}

#define SH_PREFIX		termmap
#define SH_ELEMENT_TYPE	TermEntry
#define SH_KEY_TYPE		TermKey
#define SH_KEY			key
#define SH_HASH_KEY(tb, key)	hash_key(key)
#define SH_EQUAL(tb, a, b)		((a).kind == (b).kind && pf_str_eq((a).s, (b).s))
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct PfTerms
{
	MemoryContext context;
	termmap_hash *map;
	TermKey    *keys;			/* by number */
	int			n;
	int			max;
};

/* ---- terms ---- */

PfTerms *
pf_terms_new(void)
{
	PfTerms    *terms = palloc0(sizeof(PfTerms));

	terms->context = CurrentMemoryContext;
	terms->map = termmap_create(CurrentMemoryContext, 1024, NULL);
	terms->max = 1024;
	terms->keys = palloc(terms->max * sizeof(TermKey));
	return terms;
}

int
pf_terms_add(PfTerms *terms, PfTermKind kind, PfStr s)
{
	bool		found;
	TermEntry  *entry = termmap_insert(terms->map, (TermKey) {s, kind}, &found);

	if (!found)
	{
		MemoryContext old = MemoryContextSwitchTo(terms->context);

		if (terms->n == terms->max)
		{
			terms->max *= 2;
			terms->keys = repalloc_huge(terms->keys, terms->max * sizeof(TermKey));
		}
		entry->key.s = pf_str_dup(s);
		entry->number = terms->n;
		terms->keys[terms->n++] = entry->key;
		MemoryContextSwitchTo(old);
	}
	return entry->number;
}

int
pf_terms_find(const PfTerms *terms, PfTermKind kind, PfStr s)
{
	TermEntry  *entry = termmap_lookup(terms->map, (TermKey) {s, kind});

	return entry == NULL ? -1 : entry->number;
}

int
pf_terms_count(const PfTerms *terms)
{
	return terms->n;
}

PfTermKind
pf_terms_kind(const PfTerms *terms, int number)
{
	return terms->keys[number].kind;
}

PfStr
pf_terms_get(const PfTerms *terms, int number)
{
	return terms->keys[number].s;
}

void
pf_numbers_add(PfNumbers *list, int number)
{
	if (list->items == NULL)
	{
		list->max = 8;
		list->items = palloc(list->max * sizeof(int));
	}
	else if (list->n == list->max)
	{
		list->max *= 2;
		list->items = repalloc_huge(list->items, list->max * sizeof(int));
	}
	list->items[list->n++] = number;
}

/* ---- queries ---- */

static inline PfStr
operand_text(TSQuery query, const QueryOperand *operand)
{
	return (PfStr) {GETOPERAND(query) + operand->distance, (int) operand->length};
}

static inline int
find_operand(const PfTerms *terms, TSQuery query, const QueryOperand *operand)
{
	return pf_terms_find(terms, operand->prefix ? PF_TERM_PREFIX : PF_TERM_WORD,
						 operand_text(query, operand));
}

static const PfCover no_cover = {.cost = INFINITY};

/* As if it were in that many papers for each one that has a rare word. */
#define COST_OF_PREFIX		50

static PfCover
cheaper(PfCover a, PfCover b)
{
	return b.cost < a.cost ? b : a;
}

static PfCover
cover_item(const PfTerms *terms, TSQuery query, const QueryItem *item, const double *papers)
{
	PfCover		cover = {.cost = 0};
	PfCover		other;

	check_stack_depth();
	if (item->type == QI_VAL)
	{
		int			number = find_operand(terms, query, &item->qoperand);

		Assert(number >= 0);
		pf_numbers_add(&cover.terms, number);
		/* A word that nobody has is not for nothing: it may come up. */
		cover.cost = item->qoperand.prefix ? COST_OF_PREFIX + papers[number] : 1 + papers[number];
		return cover;
	}
	if (item->type != QI_OPR || item->qoperator.oper == OP_NOT)
		return no_cover;

	cover = cover_item(terms, query, item + 1, papers);
	other = cover_item(terms, query, item + item->qoperator.left, papers);
	if (item->qoperator.oper != OP_OR)
		return cheaper(cover, other);
	for (int i = 0; i < other.terms.n; i++)
		pf_numbers_add(&cover.terms, other.terms.items[i]);
	cover.cost += other.cost;
	return cover;
}

static void
required_item(const PfTerms *terms, TSQuery query, const QueryItem *item, PfNumbers *out)
{
	check_stack_depth();
	if (item->type == QI_VAL)
	{
		if (!item->qoperand.prefix)
			pf_numbers_add(out, find_operand(terms, query, &item->qoperand));
	}
	else if (item->type == QI_OPR &&
			 (item->qoperator.oper == OP_AND || item->qoperator.oper == OP_PHRASE))
	{
		required_item(terms, query, item + 1, out);
		required_item(terms, query, item + item->qoperator.left, out);
	}
}

void
pf_cover_required(const PfTerms *terms, TSQuery query, PfNumbers *out)
{
	if (query != NULL && query->size > 0)
		required_item(terms, query, GETQUERY(query), out);
}

/* ---- lists ---- */

#define NLISTS	3

/* The lists of criteria, and what a member costs: few papers have an author, many a source. */
static void
get_lists(const PfCriteria *criteria, const PfStrings **lists, PfTermKind *kinds, double *costs)
{
	lists[0] = &criteria->authors;
	kinds[0] = PF_TERM_AUTHOR;
	costs[0] = 1;
	lists[1] = &criteria->categories;
	kinds[1] = PF_TERM_CATEGORY;
	costs[1] = 1e6;
	lists[2] = &criteria->sources;
	kinds[2] = PF_TERM_SOURCE;
	costs[2] = 1e8;
}

/* False for what is given by its beginning, unless that is a category up to a dot: "cs.*". */
static bool
member_term(PfStr member, PfTermKind *kind)
{
	if (member.len == 0 || member.s[member.len - 1] != '*')
		return true;
	if (*kind != PF_TERM_CATEGORY || member.len < 2 || member.s[member.len - 2] != '.')
		return false;
	*kind = PF_TERM_CATEGORIES;
	return true;
}

static PfCover
cover_list(const PfTerms *terms, const PfStrings *list, PfTermKind kind, double cost)
{
	PfCover		cover = {.cost = cost * list->n};

	for (int i = 0; i < list->n; i++)
	{
		PfTermKind	its_kind = kind;

		if (!member_term(list->items[i], &its_kind))
			return no_cover;
		pf_numbers_add(&cover.terms, pf_terms_find(terms, its_kind, list->items[i]));
	}
	return cover;
}

/* ---- criteria ---- */

void
pf_cover_add_terms(PfTerms *terms, const PfCriteria *criteria)
{
	const PfStrings *lists[NLISTS];
	PfTermKind	kinds[NLISTS];
	double		costs[NLISTS];

	if (criteria->query != NULL)
	{
		const QueryItem *items = GETQUERY(criteria->query);

		for (int i = 0; i < criteria->query->size; i++)
		{
			if (items[i].type == QI_VAL)
				(void) pf_terms_add(terms, items[i].qoperand.prefix ? PF_TERM_PREFIX : PF_TERM_WORD,
									operand_text(criteria->query, &items[i].qoperand));
		}
	}
	get_lists(criteria, lists, kinds, costs);
	for (int l = 0; l < NLISTS; l++)
	{
		for (int i = 0; i < lists[l]->n; i++)
		{
			PfTermKind	kind = kinds[l];

			if (member_term(lists[l]->items[i], &kind))
				(void) pf_terms_add(terms, kind, lists[l]->items[i]);
		}
	}
}

PfCover
pf_cover(const PfTerms *terms, const PfCriteria *criteria, const double *papers)
{
	const PfStrings *lists[NLISTS];
	PfTermKind	kinds[NLISTS];
	double		costs[NLISTS];
	PfCover		best = no_cover;

	if (criteria->query != NULL && criteria->query->size > 0)
		best = cover_item(terms, criteria->query, GETQUERY(criteria->query), papers);
	get_lists(criteria, lists, kinds, costs);
	for (int l = 0; l < NLISTS; l++)
	{
		if (lists[l]->n > 0)
			best = cheaper(best, cover_list(terms, lists[l], kinds[l], costs[l]));
	}
	return best;
}
