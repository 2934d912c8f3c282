/*-------------------------------------------------------------------------
 *
 * match_fill.c
 *		A compiled condition as a bitmap of a segment's documents.
 *
 * For conditions with too many terms to have a cursor for each: one cursor
 * reads the postings of one term after the other, and bitmaps are joined.  Of
 * the operands of an AND or OR the largest comes first, when no bitmap is held
 * yet; so there are never more at a time than the logarithm of the number of
 * terms.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/match.h"

#include "miscadmin.h"
#include "utils/memutils.h"

void
pf_bm_fill_corrupt(PfBmFill *fill, const PfBmCursor *cursor)
{
	BlockNumber blkno = PF_BM_META_BLKNO;

	if (cursor != NULL && BufferIsValid(cursor->postings))
		blkno = BufferGetBlockNumber(cursor->postings);
	else if (fill->segment->header.nextents[PF_BM_AREA_POSTINGS] > 0)
		blkno = fill->segment->extents[PF_BM_AREA_POSTINGS][0].start;
	pf_bm_corrupt(fill->index, blkno, "documents of a term are not in order");
}

uint64 *
pf_bm_fill_new(PfBmFill *fill)
{
	return MemoryContextAllocZero(fill->context, sizeof(uint64) * Max(fill->nwords, 1));
}

static PfBmCursor *
begin_term(PfBmFill *fill, const PfBmTerm *term)
{
	CHECK_FOR_INTERRUPTS();
	if (fill->cursor == NULL)
		fill->cursor = MemoryContextAlloc(fill->context, sizeof(PfBmCursor));
	pf_bm_cursor_open(fill->cursor, fill->index, fill->segment, term, false);
	return fill->cursor;
}

static inline bool
is_wanted(const PfBmFill *fill, const PfBmNode *leaf, uint32 code)
{
	return leaf == NULL || leaf->fields == PF_BM_ALL_FIELDS ||
		pf_bm_node_wants(leaf, fill->segment->counts[code]);
}

/* At most MAX_WANTED documents of a term. */
void
pf_bm_fill_wanted(PfBmFill *fill, const PfBmNode *leaf, const PfBmTerm *term, PfBmWanted *wanted)
{
	PfBmCursor *cursor = begin_term(fill, term);
	uint32		last = 0;

	wanted->docs = MemoryContextAlloc(fill->context, sizeof(uint32) * Max(term->df, 1));
	wanted->n = 0;
	for (uint32 i = 0; i < term->df && cursor->doc != PF_BM_NO_DOC; i++)
	{
		if (cursor->doc < last)
			pf_bm_fill_corrupt(fill, cursor);
		last = cursor->doc;
		if (leaf == NULL || is_wanted(fill, leaf, pf_bm_cursor_code(cursor)))
			wanted->docs[wanted->n++] = last;
		pf_bm_cursor_next(cursor);
	}
	pf_bm_cursor_close(cursor);
}

static inline void
set_bit(PfBmFill *fill, uint64 *bits, uint32 doc)
{
	if (doc >= fill->ndocs)
		pf_bm_fill_corrupt(fill, fill->cursor);
	bits[doc / 64] |= UINT64CONST(1) << (doc % 64);
}

/* The documents of the term that are wanted. */
static void
fill_some(PfBmFill *fill, uint64 *bits, const PfBmNode *leaf, PfBmCursor *cursor,
		  const PfBmWanted *wanted)
{
	uint32		i = 0;

	while (i < wanted->n)
	{
		uint32		doc = pf_bm_cursor_seek(cursor, wanted->docs[i]);

		if (doc == PF_BM_NO_DOC)
			break;
		while (i < wanted->n && wanted->docs[i] < doc)
			i++;
		if (i < wanted->n && wanted->docs[i] == doc)
		{
			if (leaf->fields == PF_BM_ALL_FIELDS || is_wanted(fill, leaf,
															  pf_bm_cursor_code(cursor)))
				set_bit(fill, bits, doc);
			i++;
		}
	}
}

void
pf_bm_fill_term(PfBmFill *fill, uint64 *bits, const PfBmNode *leaf, const PfBmTerm *term,
				const PfBmWanted *wanted)
{
	bool		any = leaf->fields == PF_BM_ALL_FIELDS;
	PfBmCursor *cursor;

	if (term->df == 1)
	{
		if (is_wanted(fill, leaf, term->code))
			set_bit(fill, bits, term->doc);
		return;
	}

	cursor = begin_term(fill, term);
	if (wanted != NULL)
		fill_some(fill, bits, leaf, cursor, wanted);
	else if (cursor->doc != PF_BM_NO_DOC)
	{
		/* A block at a time. */
		do
		{
			if (!any)
				pf_bm_cursor_codes(cursor);
			for (int i = 0; i < cursor->n; i++)
			{
				if (any || is_wanted(fill, leaf, cursor->codes[i]))
					set_bit(fill, bits, cursor->docs[i]);
			}
			cursor->pos = cursor->n - 1;
			CHECK_FOR_INTERRUPTS();
		} while (pf_bm_cursor_next(cursor) != PF_BM_NO_DOC);
	}
	pf_bm_cursor_close(cursor);
}

static uint64 *
fill_prefix(PfBmFill *fill, const PfBmNode *node, const PfBmWanted *wanted)
{
	PfBmTermScan *scan = palloc(sizeof(PfBmTermScan));
	uint64	   *bits = NULL;

	pf_bm_terms_begin(scan, fill->index, fill->segment, node->term, node->len);
	while (pf_bm_terms_next(scan) && pf_bm_has_prefix(scan->term, scan->len, node))
	{
		if (bits == NULL)
			bits = pf_bm_fill_new(fill);
		pf_bm_fill_term(fill, bits, node, &scan->info, wanted);
	}
	pf_bm_terms_end(scan);
	pfree(scan);
	return bits;
}

/* Of two bitmaps one, without a document is NULL; the other is freed. */
static uint64 *
join_bits(PfBmFill *fill, uint64 *a, uint64 *b, bool both)
{
	uint64		any = 0;

	if (a == NULL || b == NULL)
	{
		uint64	   *left = a == NULL ? b : a;

		if (!both || left == NULL)
			return left;
		pfree(left);
		return NULL;
	}
	for (Size i = 0; i < fill->nwords; i++)
	{
		a[i] = both ? a[i] & b[i] : a[i] | b[i];
		any |= a[i];
	}
	pfree(b);
	if (any == 0)
	{
		pfree(a);
		return NULL;
	}
	return a;
}

static uint64 *
fill_or(PfBmFill *fill, const PfBmNode *node, const PfBmWanted *wanted)
{
	uint64	   *bits = NULL;

	for (int i = node->nchildren - 1; i >= 0; i--)
	{
		const PfBmNode *child = node->children[i];
		PfBmTerm	term;

		if (child->type != PF_BM_NODE_TERM)
			bits = join_bits(fill, bits, pf_bm_fill(fill, child, wanted), false);
		else if (pf_bm_segment_lookup(fill->index, fill->segment, child->term, child->len, &term))
		{
			if (bits == NULL)
				bits = pf_bm_fill_new(fill);
			pf_bm_fill_term(fill, bits, child, &term, wanted);
		}
	}
	return bits;
}

typedef struct Operand
{
	const PfBmNode *node;
	PfBmTerm	term;			/* df 0 = it is no term */
} Operand;

/* What is no term first, the largest first; then terms, the rarest first. */
static int
compare_operands(const void *a, const void *b)
{
	const Operand *one = a;
	const Operand *other = b;

	if (one->term.df != other->term.df)
		return one->term.df > other->term.df ? 1 : -1;
	if (one->node->nleaves != other->node->nleaves)
		return one->node->nleaves < other->node->nleaves ? 1 : -1;
	return 0;
}

static uint64 *
fill_and(PfBmFill *fill, const PfBmNode *node, const PfBmWanted *wanted)
{
	Operand    *operands = palloc_extended(sizeof(Operand) * (Size) node->nchildren,
										   MCXT_ALLOC_HUGE);
	int			n = node->nchildren;
	PfBmWanted	own = {NULL, 0};
	uint64	   *bits = NULL;
	int			i;

	for (i = 0; i < n; i++)
	{
		const PfBmNode *child = node->children[i];

		operands[i].node = child;
		operands[i].term.df = 0;
		if (child->type == PF_BM_NODE_TERM &&
			!pf_bm_segment_lookup(fill->index, fill->segment, child->term, child->len,
								  &operands[i].term))
		{
			pfree(operands);
			return NULL;
		}
		CHECK_FOR_INTERRUPTS();
	}
	qsort(operands, n, sizeof(Operand), compare_operands);

	for (i = 0; i < n && operands[i].term.df == 0; i++)
		;
	if (i < n && operands[i].term.df <= PF_BM_MAX_WANTED &&
		(wanted == NULL || operands[i].term.df < wanted->n))
	{
		pf_bm_fill_wanted(fill, operands[i].node, &operands[i].term, &own);
		wanted = &own;
	}

	for (i = 0; i < n; i++)
	{
		uint64	   *some;

		if (operands[i].term.df == 0)
			some = pf_bm_fill(fill, operands[i].node, wanted);
		else
		{
			some = pf_bm_fill_new(fill);
			pf_bm_fill_term(fill, some, operands[i].node, &operands[i].term, wanted);
		}
		bits = i == 0 ? some : join_bits(fill, bits, some, true);
		if (bits == NULL)
			break;
	}
	if (own.docs != NULL)
		pfree(own.docs);
	pfree(operands);
	return bits;
}

static uint64 *
fill_not(PfBmFill *fill, const PfBmNode *node, const PfBmWanted *wanted)
{
	uint64	   *bits = pf_bm_fill(fill, node->children[0], wanted);

	if (bits == NULL)
		bits = pf_bm_fill_new(fill);
	for (Size i = 0; i < fill->nwords; i++)
		bits[i] = ~bits[i];
	if (fill->ndocs % 64 != 0)
		bits[fill->nwords - 1] &= (UINT64CONST(1) << (fill->ndocs % 64)) - 1;
	return bits;
}

uint64 *
pf_bm_fill(PfBmFill *fill, const PfBmNode *node, const PfBmWanted *wanted)
{
	uint64	   *bits = NULL;
	PfBmTerm	term;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();

	switch (node->type)
	{
		case PF_BM_NODE_TRUE:
		case PF_BM_NODE_FALSE:
			elog(ERROR, "a condition was not folded");
			break;
		case PF_BM_NODE_TERM:
			if (pf_bm_segment_lookup(fill->index, fill->segment, node->term, node->len, &term))
			{
				bits = pf_bm_fill_new(fill);
				pf_bm_fill_term(fill, bits, node, &term, wanted);
			}
			break;
		case PF_BM_NODE_PREFIX:
			bits = fill_prefix(fill, node, wanted);
			break;
		case PF_BM_NODE_AND:
			bits = fill_and(fill, node, wanted);
			break;
		case PF_BM_NODE_OR:
			bits = fill_or(fill, node, wanted);
			break;
		case PF_BM_NODE_NOT:
			bits = fill_not(fill, node, wanted);
			break;
	}
	return bits;
}
