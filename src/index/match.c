/*-------------------------------------------------------------------------
 *
 * match.c
 *		A compiled condition over the documents of a segment.
 *
 * The tree of match_compile.c becomes a tree of iterators: AND leaps from the
 * rarest operand to the next document that all have, OR gives the least of its
 * operands, NOT is tested within an AND and else goes through all documents.
 *
 * A cursor takes 2 kB and a pin, so there is only a limited number of them.
 * What has more terms, most of all a prefix, becomes a bitmap of documents, one
 * term after the other (match_fill.c).  Where an AND has a rare term, bitmaps
 * are only right for that term's documents, which takes far fewer postings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/match.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define MAX_OPERANDS	32		/* of one AND or OR that are iterated */
#define MAX_LEAVES		64		/* of a tree that is iterated whole */
#define MAX_EXPANDED	4		/* terms of a prefix that are iterated */

typedef enum IterType
{
	ITER_ALL,
	ITER_TERM,
	ITER_BITS,
	ITER_AND,
	ITER_OR,
	ITER_NOT
} IterType;

/*
 * An iterator; NULL is one that has no document.
 *
 * "at" is what the last seek gave.  What is below was not asked for documents
 * beyond it, but may have been asked for any before it and is not asked for those
 * again: between the document sought and "at" there is no match.
 */
typedef struct Iter
{
	IterType	type;
	bool		sought;			/* at is set */
	uint32		at;
	double		estimate;

	const PfBmNode *leaf;		/* TERM: its fields, or NULL if any will do */
	PfBmTerm	term;
	PfBmCursor *cursor;			/* NULL = not opened yet */
	uint64	   *bits;			/* BITS */
	int			nchildren;		/* AND: the first one leads */
	struct Iter **children;
} Iter;

struct PfBmMatch
{
	PfBmFill	fill;
	Iter	   *root;
	bool		check_null;		/* documents without a text could match */
	Buffer		docs;
	int			ncursors;
	int			max_cursors;
	PfBmCursor **cursors;		/* opened: they hold pins */
};

static Iter *open_node(PfBmMatch *match, const PfBmNode *node, const PfBmWanted *wanted,
					   bool tight);
static uint32 iter_seek(PfBmMatch *match, Iter *iter, uint32 doc);
static bool iter_test(PfBmMatch *match, Iter *iter, uint32 doc);

/* ---- opening ---- */

static Iter *
new_iter(IterType type, double estimate)
{
	Iter	   *iter = palloc0(sizeof(Iter));

	iter->type = type;
	iter->estimate = estimate;
	return iter;
}

static Iter *
new_all(PfBmMatch *match)
{
	return new_iter(ITER_ALL, match->fill.ndocs);
}

static Iter *
new_bits(PfBmMatch *match, uint64 *bits)
{
	uint64		n;
	Iter	   *iter;

	if (bits == NULL)
		return NULL;
	n = pg_popcount((const char *) bits, (int) (sizeof(uint64) * match->fill.nwords));
	if (n == 0)
	{
		pfree(bits);
		return NULL;
	}
	iter = new_iter(ITER_BITS, (double) n);
	iter->bits = bits;
	return iter;
}

static Iter *
new_term(PfBmMatch *match, const PfBmNode *leaf, const PfBmTerm *term)
{
	Iter	   *iter;
	bool		any = leaf->fields == PF_BM_ALL_FIELDS;

	if (term->df == 0)
		return NULL;
	if (term->df == 1 && !any)
	{
		if (!pf_bm_node_wants(leaf, match->fill.segment->counts[term->code]))
			return NULL;
		any = true;
	}
	iter = new_iter(ITER_TERM, term->df);
	iter->term = *term;
	iter->leaf = any ? NULL : leaf;
	return iter;
}

static int
compare_estimates(const void *a, const void *b)
{
	const Iter *one = *(Iter *const *) a;
	const Iter *other = *(Iter *const *) b;

	/* A NOT never leads. */
	if ((one->type == ITER_NOT) != (other->type == ITER_NOT))
		return one->type == ITER_NOT ? 1 : -1;
	return (one->estimate > other->estimate) - (one->estimate < other->estimate);
}

static Iter *
join(PfBmMatch *match, IterType type, Iter **children, int n)
{
	Iter	   *iter;
	double		sum = 0;

	if (n == 1)
		return children[0];
	iter = new_iter(type, 0);
	iter->children = children;
	iter->nchildren = n;
	qsort(children, n, sizeof(Iter *), compare_estimates);
	for (int i = 0; i < n; i++)
		sum += children[i]->estimate;
	iter->estimate = type == ITER_AND ? children[0]->estimate : Min(sum, match->fill.ndocs);
	return iter;
}

/* Few terms are iterated, many go into a bitmap; the dictionary is walked once. */
static Iter *
open_prefix(PfBmMatch *match, const PfBmNode *node, const PfBmWanted *wanted)
{
	PfBmTermScan *scan = palloc(sizeof(PfBmTermScan));
	PfBmTerm	terms[MAX_EXPANDED];
	int			n = 0;
	Iter	  **children;
	int			nchildren = 0;
	uint64	   *bits = NULL;

	pf_bm_terms_begin(scan, match->fill.index, match->fill.segment, node->term, node->len);
	while (pf_bm_terms_next(scan) && pf_bm_has_prefix(scan->term, scan->len, node))
	{
		if (bits == NULL && n < MAX_EXPANDED)
		{
			terms[n++] = scan->info;
			continue;
		}
		if (bits == NULL)
		{
			bits = pf_bm_fill_new(&match->fill);
			for (int i = 0; i < n; i++)
				pf_bm_fill_term(&match->fill, bits, node, &terms[i], wanted);
		}
		pf_bm_fill_term(&match->fill, bits, node, &scan->info, wanted);
	}
	pf_bm_terms_end(scan);
	pfree(scan);

	if (bits != NULL)
		return new_bits(match, bits);
	children = palloc(sizeof(Iter *) * MAX_EXPANDED);
	for (int i = 0; i < n; i++)
	{
		children[nchildren] = new_term(match, node, &terms[i]);
		if (children[nchildren] != NULL)
			nchildren++;
	}
	return nchildren == 0 ? NULL : join(match, ITER_OR, children, nchildren);
}

static Iter *
open_or(PfBmMatch *match, const PfBmNode *node, const PfBmWanted *wanted, bool tight)
{
	Iter	  **children = palloc(sizeof(Iter *) * node->nchildren);
	int			n = 0;

	for (int i = 0; i < node->nchildren; i++)
	{
		Iter	   *child = open_node(match, node->children[i], wanted, tight);

		if (child == NULL)
			continue;
		if (child->type == ITER_ALL)
			return child;
		children[n++] = child;
	}
	return n == 0 ? NULL : join(match, ITER_OR, children, n);
}

/* Terms first: if one is not there, or rare, the rest costs nothing, or little. */
static Iter *
open_and(PfBmMatch *match, const PfBmNode *node, const PfBmWanted *wanted, bool tight)
{
	Iter	  **children = palloc(sizeof(Iter *) * (node->nchildren + 1));
	Iter	   *rarest = NULL;
	PfBmWanted	own;
	bool		heavy = false;
	int			n = 0;

	for (int i = 0; i < node->nchildren; i++)
	{
		Iter	   *child;

		if (node->children[i]->type != PF_BM_NODE_TERM)
		{
			heavy = heavy || tight || node->children[i]->nleaves >= PF_BM_PREFIX_LEAVES;
			continue;
		}
		child = open_node(match, node->children[i], wanted, tight);
		if (child == NULL)
			return NULL;
		if (rarest == NULL || child->term.df < rarest->term.df)
			rarest = child;
		children[n++] = child;
	}

	if (heavy && rarest != NULL && rarest->term.df <= PF_BM_MAX_WANTED)
	{
		pf_bm_fill_wanted(&match->fill, rarest->leaf, &rarest->term, &own);
		if (own.n == 0)
			return NULL;
		wanted = &own;
	}
	else
		own.docs = NULL;

	for (int i = 0; i < node->nchildren; i++)
	{
		Iter	   *child;

		if (node->children[i]->type == PF_BM_NODE_TERM)
			continue;
		child = open_node(match, node->children[i], wanted, tight);
		if (child == NULL)
			return NULL;
		if (child->type != ITER_ALL)
			children[n++] = child;
	}
	if (own.docs != NULL)
		pfree(own.docs);

	if (n == 0)
		return new_all(match);
	if (n > 1)
	{
		bool		positive = false;

		for (int i = 0; i < n; i++)
			positive = positive || children[i]->type != ITER_NOT;
		if (!positive)
			children[n++] = new_all(match);
	}
	return join(match, ITER_AND, children, n);
}

/* tight: so many terms are about that what is not simple becomes a bitmap. */
static Iter *
open_node(PfBmMatch *match, const PfBmNode *node, const PfBmWanted *wanted, bool tight)
{
	PfBmTerm	term;
	Iter	   *child;
	Iter	   *iter;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();

	switch (node->type)
	{
		case PF_BM_NODE_TRUE:
			return new_all(match);
		case PF_BM_NODE_FALSE:
			return NULL;
		case PF_BM_NODE_TERM:
			pf_bm_segment_lookup(match->fill.index, match->fill.segment, node->term, node->len,
								 &term);
			return new_term(match, node, &term);
		case PF_BM_NODE_PREFIX:
			return open_prefix(match, node, wanted);
		case PF_BM_NODE_AND:
		case PF_BM_NODE_OR:
			if (node->nchildren > MAX_OPERANDS || (tight && node->nleaves > 2))
				return new_bits(match, pf_bm_fill(&match->fill, node, wanted));
			tight = tight || node->nleaves > MAX_LEAVES;
			return node->type == PF_BM_NODE_AND ? open_and(match, node, wanted, tight) :
				open_or(match, node, wanted, tight);
		case PF_BM_NODE_NOT:
			child = open_node(match, node->children[0], wanted, tight);
			if (child == NULL)
				return new_all(match);
			if (child->type == ITER_ALL)
				return NULL;
			iter = new_iter(ITER_NOT, match->fill.ndocs);
			if (wanted == NULL && (child->type == ITER_BITS ||
								   (child->type == ITER_TERM && child->leaf == NULL)))
				iter->estimate -= child->estimate;
			iter->children = palloc(sizeof(Iter *));
			iter->children[0] = child;
			iter->nchildren = 1;
			return iter;
	}
	return NULL;
}

PfBmMatch *
pf_bm_match_open(const PfBmMatcher *matcher, Relation index, const PfBmMeta *meta,
				 PfBmSegment *segment)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed match",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfBmMatch  *match = palloc0(sizeof(PfBmMatch));

	match->fill.index = index;
	match->fill.meta = meta;
	match->fill.segment = segment;
	match->fill.context = context;
	match->fill.ndocs = segment->header.ndocs;
	match->fill.nwords = ((Size) segment->header.ndocs + 63) / 64;
	match->docs = InvalidBuffer;
	match->check_null = matcher->root->vacuous && segment->header.ntexts < segment->header.ndocs;
	match->root = open_node(match, matcher->root, NULL, false);
	MemoryContextSwitchTo(old);
	return match;
}

void
pf_bm_match_close(PfBmMatch *match)
{
	for (int i = 0; i < match->ncursors; i++)
		pf_bm_cursor_close(match->cursors[i]);
	if (BufferIsValid(match->docs))
		ReleaseBuffer(match->docs);
	MemoryContextDelete(match->fill.context);
}

/* ---- going through the documents ---- */

static void
open_cursor(PfBmMatch *match, Iter *iter)
{
	MemoryContext old = MemoryContextSwitchTo(match->fill.context);
	PfBmCursor *cursor = palloc(sizeof(PfBmCursor));

	if (match->ncursors == match->max_cursors)
	{
		match->max_cursors = match->max_cursors == 0 ? 8 : match->max_cursors * 2;
		if (match->cursors == NULL)
			match->cursors = palloc(sizeof(PfBmCursor *) * match->max_cursors);
		else
			match->cursors = repalloc(match->cursors, sizeof(PfBmCursor *) * match->max_cursors);
	}
	pf_bm_cursor_open(cursor, match->fill.index, match->fill.segment, &iter->term, false);
	match->cursors[match->ncursors++] = cursor;
	iter->cursor = cursor;
	MemoryContextSwitchTo(old);
}

static inline bool
cursor_wanted(const PfBmMatch *match, const Iter *iter)
{
	return iter->leaf == NULL ||
		pf_bm_node_wants(iter->leaf, match->fill.segment->counts[pf_bm_cursor_code(iter->cursor)]);
}

static uint32
term_seek(PfBmMatch *match, Iter *iter, uint32 doc)
{
	uint32		found;

	if (iter->term.df == 1)
		return iter->term.doc >= doc ? iter->term.doc : PF_BM_NO_DOC;
	if (iter->cursor == NULL)
		open_cursor(match, iter);
	found = pf_bm_cursor_seek(iter->cursor, doc);
	while (found != PF_BM_NO_DOC && !cursor_wanted(match, iter))
	{
		found = pf_bm_cursor_next(iter->cursor);
		if (iter->cursor->pos == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return found;
}

static bool
term_test(PfBmMatch *match, Iter *iter, uint32 doc)
{
	if (iter->term.df == 1)
		return iter->term.doc == doc;
	if (iter->cursor == NULL)
		open_cursor(match, iter);
	return pf_bm_cursor_seek(iter->cursor, doc) == doc && cursor_wanted(match, iter);
}

static uint32
bits_seek(const PfBmMatch *match, const Iter *iter, uint32 doc)
{
	Size		word = doc / 64;
	uint64		bits;

	if (doc >= match->fill.ndocs)
		return PF_BM_NO_DOC;
	bits = iter->bits[word] & (~UINT64CONST(0) << (doc % 64));
	while (bits == 0)
	{
		if (++word >= match->fill.nwords)
			return PF_BM_NO_DOC;
		bits = iter->bits[word];
	}
	return (uint32) (word * 64 + pg_rightmost_one_pos64(bits));
}

static uint32
and_seek(PfBmMatch *match, Iter *iter, uint32 doc)
{
	Iter	   *first = iter->children[0];
	uint32		found = iter_seek(match, first, doc);
	int			i = 1;

	while (i < iter->nchildren && found != PF_BM_NO_DOC)
	{
		Iter	   *child = iter->children[i];
		uint32		next = found;

		/* What is dear to seek, and seldom gets far, is tested. */
		if (child->type == ITER_TERM || child->type == ITER_AND)
			next = iter_seek(match, child, found);
		else if (!iter_test(match, child, found))
			next = found + 1;
		if (next == found)
		{
			i++;
			continue;
		}
		CHECK_FOR_INTERRUPTS();
		found = next == PF_BM_NO_DOC ? next : iter_seek(match, first, next);
		i = 1;
	}
	return found;
}

static uint32
or_seek(PfBmMatch *match, Iter *iter, uint32 doc)
{
	uint32		least = PF_BM_NO_DOC;

	for (int i = 0; i < iter->nchildren; i++)
	{
		uint32		found = iter_seek(match, iter->children[i], doc);

		least = Min(least, found);
	}
	return least;
}

static uint32
not_seek(PfBmMatch *match, Iter *iter, uint32 doc)
{
	for (; doc < match->fill.ndocs; doc++)
	{
		if (!iter_test(match, iter->children[0], doc))
			return doc;
		CHECK_FOR_INTERRUPTS();
	}
	return PF_BM_NO_DOC;
}

/* The first document >= doc; doc never less than in a call before. */
static uint32
iter_seek(PfBmMatch *match, Iter *iter, uint32 doc)
{
	uint32		found = PF_BM_NO_DOC;

	if (iter->sought && iter->at >= doc)
		return iter->at;
	switch (iter->type)
	{
		case ITER_ALL:
			found = doc < match->fill.ndocs ? doc : PF_BM_NO_DOC;
			break;
		case ITER_TERM:
			found = term_seek(match, iter, doc);
			break;
		case ITER_BITS:
			found = bits_seek(match, iter, doc);
			break;
		case ITER_AND:
			found = and_seek(match, iter, doc);
			break;
		case ITER_OR:
			found = or_seek(match, iter, doc);
			break;
		case ITER_NOT:
			found = not_seek(match, iter, doc);
			break;
	}
	/* Postings that do not ascend must not make it go round in circles. */
	if (found < doc || (found >= match->fill.ndocs && found != PF_BM_NO_DOC))
		pf_bm_fill_corrupt(&match->fill, iter->cursor);
	iter->sought = true;
	iter->at = found;
	return found;
}

static bool
iter_test(PfBmMatch *match, Iter *iter, uint32 doc)
{
	if (iter->sought && iter->at >= doc)
		return iter->at == doc;
	switch (iter->type)
	{
		case ITER_ALL:
			return true;
		case ITER_TERM:
			return term_test(match, iter, doc);
		case ITER_BITS:
			return (iter->bits[doc / 64] & (UINT64CONST(1) << (doc % 64))) != 0;
		case ITER_AND:
		case ITER_OR:
			for (int i = 0; i < iter->nchildren; i++)
			{
				if (iter_test(match, iter->children[i], doc) == (iter->type == ITER_OR))
					return iter->type == ITER_OR;
			}
			return iter->type == ITER_AND;
		case ITER_NOT:
			return !iter_test(match, iter->children[0], doc);
	}
	return false;
}

/* A NULL matches nothing; only asked where it might. */
static bool
has_text(PfBmMatch *match, uint32 doc)
{
	PfBmDoc		found;

	if (!match->check_null)
		return true;
	pf_bm_segment_doc(match->fill.index, match->fill.meta, match->fill.segment, doc, &match->docs,
					  &found);
	return found.length >= 0;
}

double
pf_bm_match_estimate(const PfBmMatch *match)
{
	return match->root == NULL ? 0 : match->root->estimate;
}

uint32
pf_bm_match_seek(PfBmMatch *match, uint32 doc)
{
	if (match->root == NULL)
		return PF_BM_NO_DOC;
	while ((doc = iter_seek(match, match->root, doc)) != PF_BM_NO_DOC)
	{
		if (has_text(match, doc))
			break;
		doc++;
		CHECK_FOR_INTERRUPTS();
	}
	return doc;
}

bool
pf_bm_match_test(PfBmMatch *match, uint32 doc)
{
	return match->root != NULL && doc < match->fill.ndocs &&
		iter_test(match, match->root, doc) && has_text(match, doc);
}
