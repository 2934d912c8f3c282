/*-------------------------------------------------------------------------
 *
 * match.h
 *		A compiled condition: the tree that match_compile.c makes of tsquerys,
 *		and match.c and match_fill.c run over a segment.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_MATCH_H
#define PF_INDEX_MATCH_H

#include "index/index.h"

typedef enum PfBmNodeType
{
	PF_BM_NODE_TRUE,			/* only at the root, as is FALSE */
	PF_BM_NODE_FALSE,
	PF_BM_NODE_TERM,
	PF_BM_NODE_PREFIX,
	PF_BM_NODE_AND,				/* no child is an AND */
	PF_BM_NODE_OR,				/* no child is an OR */
	PF_BM_NODE_NOT
} PfBmNodeType;

typedef struct PfBmNode
{
	PfBmNodeType type;
	bool		vacuous;		/* what it is for a document without any of its terms */
	uint32		nleaves;		/* terms; a prefix counts PF_BM_PREFIX_LEAVES */

	/* TERM, PREFIX */
	const char *term;
	int			len;
	uint32		hash;
	uint32		fields;			/* mask of fields, bit f; all = PF_BM_ALL_FIELDS */
	PfBmCounts	bits;			/* the same, as ones in counts */
	bool		stripped;		/* a lexeme that may have no positions will do */

	/* AND, OR, NOT */
	int			nchildren;
	struct PfBmNode **children;	/* ascending by nleaves */
} PfBmNode;

#define PF_BM_PREFIX_LEAVES	16

struct PfBmMatcher
{
	bool		phrases;		/* some phrase stands for the AND of its words */
	bool		recheck;
	PfBmNode   *root;
};

/*
 * Is the term where the query wants it?  For PostgreSQL a lexeme without
 * positions has any weight; here it looks like a single position in D.
 */
static inline bool
pf_bm_node_wants(const PfBmNode *node, PfBmCounts counts)
{
	return (counts & node->bits) != 0 || (node->stripped && counts == 1);
}

static inline bool
pf_bm_has_prefix(const char *term, int len, const PfBmNode *node)
{
	return len >= node->len && memcmp(term, node->term, node->len) == 0;
}

/* ---- match_fill.c: bitmaps of a segment's documents ---- */

typedef struct PfBmFill
{
	Relation	index;
	const PfBmMeta *meta;
	PfBmSegment *segment;
	MemoryContext context;
	uint32		ndocs;
	Size		nwords;			/* of a bitmap; bits behind ndocs are 0 */
	PfBmCursor *cursor;			/* for one term after the other */
} PfBmFill;

/* The only documents that a bitmap has to be right for, ascending. */
typedef struct PfBmWanted
{
	uint32	   *docs;
	uint32		n;
} PfBmWanted;

#define PF_BM_MAX_WANTED	4096

/* leaf NULL: in any field */
extern void pf_bm_fill_wanted(PfBmFill *fill, const PfBmNode *leaf, const PfBmTerm *term,
							  PfBmWanted *wanted);
extern uint64 *pf_bm_fill_new(PfBmFill *fill);
extern void pf_bm_fill_term(PfBmFill *fill, uint64 *bits, const PfBmNode *leaf,
							const PfBmTerm *term,
							const PfBmWanted *wanted);

/* The node's documents; NULL = none.  wanted may be NULL: all. */
extern uint64 *pf_bm_fill(PfBmFill *fill, const PfBmNode *node, const PfBmWanted *wanted);
extern _Noreturn void pf_bm_fill_corrupt(PfBmFill *fill, const PfBmCursor *cursor);

#endif							/* PF_INDEX_MATCH_H */
