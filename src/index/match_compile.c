/*-------------------------------------------------------------------------
 *
 * match_compile.c
 *		tsquerys as one condition on documents, and on a record of the buffer.
 *
 * The index knows which terms a document has, and in which fields, but not at
 * which positions.  Where that is not enough the condition is made weaker, so
 * that it holds for every row that PostgreSQL's own tsvector @@ tsquery finds,
 * and the rows are rechecked: a phrase becomes the AND of its words; below a
 * NOT, where it would have to be made stronger, it becomes FALSE.  The same
 * holds for a lexeme that may have been stripped of its positions: those match
 * whatever weight the query asks for.
 *
 * Operands of AND and OR are gathered without recursion, since a query of
 * thousands of words joined by one operator is a chain as deep.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/match.h"

#include "miscadmin.h"

/* Beyond so many comparisons pf_bm_matcher_implied() is not worth its answer. */
#define MAX_IMPLIED_WORK	1000000

typedef struct NodeList
{
	PfBmNode  **nodes;
	int			n;
	int			room;
} NodeList;

static PfBmNode *compile(PfBmMatcher *matcher, QueryItem *item, const char *operands, bool negated,
						 bool in_phrase);

static PfBmNode *
new_node(PfBmNodeType type)
{
	PfBmNode   *node = palloc0(sizeof(PfBmNode));

	node->type = type;
	node->vacuous = (type == PF_BM_NODE_TRUE);
	return node;
}

static void
list_add(NodeList *list, PfBmNode *node)
{
	if (list->n == list->room)
	{
		list->room = list->room == 0 ? 8 : list->room * 2;
		if (list->nodes == NULL)
			list->nodes = palloc(sizeof(PfBmNode *) * list->room);
		else
			list->nodes = repalloc_huge(list->nodes, sizeof(PfBmNode *) * list->room);
	}
	list->nodes[list->n++] = node;
}

static PfBmNode *
make_not(PfBmNode *child)
{
	PfBmNode   *node;

	if (child->type == PF_BM_NODE_TRUE)
		return new_node(PF_BM_NODE_FALSE);
	if (child->type == PF_BM_NODE_FALSE)
		return new_node(PF_BM_NODE_TRUE);
	if (child->type == PF_BM_NODE_NOT)
		return child->children[0];

	node = new_node(PF_BM_NODE_NOT);
	node->vacuous = !child->vacuous;
	node->nleaves = child->nleaves;
	node->nchildren = 1;
	node->children = palloc(sizeof(PfBmNode *));
	node->children[0] = child;
	return node;
}

static int
compare_sizes(const void *a, const void *b)
{
	const PfBmNode *one = *(PfBmNode *const *) a;
	const PfBmNode *other = *(PfBmNode *const *) b;

	return (one->nleaves > other->nleaves) - (one->nleaves < other->nleaves);
}

/* AND or OR of what is in the list, folded and flattened, what is simple first. */
static PfBmNode *
make_join(PfBmNodeType type, const NodeList *list)
{
	PfBmNodeType neutral = type == PF_BM_NODE_AND ? PF_BM_NODE_TRUE : PF_BM_NODE_FALSE;
	PfBmNodeType absorbing = type == PF_BM_NODE_AND ? PF_BM_NODE_FALSE : PF_BM_NODE_TRUE;
	NodeList	flat = {NULL, 0, 0};
	PfBmNode   *node;

	for (int i = 0; i < list->n; i++)
	{
		PfBmNode   *child = list->nodes[i];

		if (child->type == absorbing)
			return child;
		if (child->type == neutral)
			continue;
		if (child->type == type)
		{
			for (int j = 0; j < child->nchildren; j++)
				list_add(&flat, child->children[j]);
		}
		else
			list_add(&flat, child);
	}
	if (flat.n == 0)
		return new_node(neutral);
	if (flat.n == 1)
		return flat.nodes[0];

	node = new_node(type);
	node->vacuous = (type == PF_BM_NODE_AND);
	node->nchildren = flat.n;
	node->children = flat.nodes;
	qsort(flat.nodes, flat.n, sizeof(PfBmNode *), compare_sizes);
	for (int i = 0; i < flat.n; i++)
	{
		node->nleaves += flat.nodes[i]->nleaves;
		if (type == PF_BM_NODE_AND)
			node->vacuous = node->vacuous && flat.nodes[i]->vacuous;
		else
			node->vacuous = node->vacuous || flat.nodes[i]->vacuous;
	}
	return node;
}

static PfBmNode *
make_leaf(PfBmMatcher *matcher, const QueryOperand *operand, const char *operands, bool negated)
{
	PfBmNode   *node = new_node(operand->prefix ? PF_BM_NODE_PREFIX : PF_BM_NODE_TERM);
	char	   *term = palloc(operand->length + 1);

	memcpy(term, operands + operand->distance, operand->length);
	term[operand->length] = '\0';
	node->nleaves = operand->prefix ? PF_BM_PREFIX_LEAVES : 1;
	node->term = term;
	node->len = operand->length;
	node->hash = pf_bm_hash(term, node->len);

	node->fields = operand->weight & PF_BM_ALL_FIELDS;
	if (node->fields == 0)
		node->fields = PF_BM_ALL_FIELDS;
	for (int f = 0; f < PF_BM_FIELDS; f++)
	{
		if (node->fields & (1 << f))
			node->bits |= (PfBmCounts) 0xFF << (8 * f);
	}

	/* With D wanted, what may be stripped is found either way. */
	if ((node->fields & 1) == 0)
	{
		node->stripped = !negated;
		matcher->recheck = true;
	}
	return node;
}

/* All operands of a chain of one operator. */
static PfBmNode *
compile_join(PfBmMatcher *matcher, QueryItem *item, const char *operands, bool negated,
			 bool in_phrase)
{
	int8		oper = item->qoperator.oper;
	int			room = 16;
	int			depth = 0;
	QueryItem **stack = palloc(sizeof(QueryItem *) * room);
	NodeList	list = {NULL, 0, 0};
	PfBmNode   *node;

	stack[depth++] = item;
	while (depth > 0)
	{
		item = stack[--depth];
		if (item->type == QI_OPR && item->qoperator.oper == oper)
		{
			if (depth + 2 > room)
			{
				room *= 2;
				stack = repalloc_huge(stack, sizeof(QueryItem *) * room);
			}
			stack[depth++] = item + 1;
			stack[depth++] = item + item->qoperator.left;
		}
		else
			list_add(&list, compile(matcher, item, operands, negated, in_phrase));
	}
	pfree(stack);

	node = make_join(oper == OP_OR ? PF_BM_NODE_OR : PF_BM_NODE_AND, &list);
	if (list.nodes != NULL)
		pfree(list.nodes);
	return node;
}

static PfBmNode *
compile(PfBmMatcher *matcher, QueryItem *item, const char *operands, bool negated, bool in_phrase)
{
	bool		invert = false;
	PfBmNode   *node;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();

	while (item->type == QI_OPR && item->qoperator.oper == OP_NOT)
	{
		/* In a phrase, "not this word" is said of one position. */
		if (in_phrase)
			return new_node(PF_BM_NODE_TRUE);
		invert = !invert;
		item++;
	}
	negated = negated != invert;

	if (item->type == QI_VAL)
		node = make_leaf(matcher, &item->qoperand, operands, negated);
	else if (item->type != QI_OPR)
		elog(ERROR, "unrecognized tsquery node type: %d", item->type);
	else if (item->qoperator.oper == OP_PHRASE)
	{
		matcher->phrases = matcher->recheck = true;
		if (negated)
			node = new_node(PF_BM_NODE_FALSE);
		else
			node = compile_join(matcher, item, operands, negated, true);
	}
	else
		node = compile_join(matcher, item, operands, negated, in_phrase);

	return invert ? make_not(node) : node;
}

PfBmMatcher *
pf_bm_matcher_begin(TSQuery *queries, int n)
{
	PfBmMatcher *matcher = palloc0(sizeof(PfBmMatcher));
	NodeList	list = {NULL, 0, 0};

	for (int i = 0; i < n; i++)
	{
		TSQuery		query = queries[i];

		/* The empty query finds nothing. */
		if (query->size <= 0)
			list_add(&list, new_node(PF_BM_NODE_FALSE));
		else
			list_add(&list, compile(matcher, GETQUERY(query), GETOPERAND(query), false, false));
	}
	matcher->root = make_join(PF_BM_NODE_AND, &list);
	return matcher;
}

bool
pf_bm_matcher_recheck(const PfBmMatcher *matcher)
{
	return matcher->recheck;
}

/* Does some term of the record begin with the prefix, in a field that counts? */
static bool
record_has_prefix(const PfBmNode *node, const PfBmRecord *record)
{
	const char *term = record->terms;

	for (uint32 i = 0; i < record->nterms; i++)
	{
		int			len = record->lengths[i];
		int			cmp = memcmp(term, node->term, Min(len, node->len));

		if (cmp > 0)
			break;
		if (cmp == 0 && len >= node->len && pf_bm_node_wants(node, record->counts[i]))
			return true;
		term += len;
	}
	return false;
}

static bool
record_matches(const PfBmNode *node, const PfBmRecord *record)
{
	int			at;

	switch (node->type)
	{
		case PF_BM_NODE_TRUE:
			return true;
		case PF_BM_NODE_FALSE:
			return false;
		case PF_BM_NODE_TERM:
			at = pf_bm_record_find(record, node->term, node->len, node->hash);
			return at >= 0 && pf_bm_node_wants(node, record->counts[at]);
		case PF_BM_NODE_PREFIX:
			return record_has_prefix(node, record);
		case PF_BM_NODE_NOT:
			check_stack_depth();
			return !record_matches(node->children[0], record);
		case PF_BM_NODE_AND:
		case PF_BM_NODE_OR:
			check_stack_depth();
			for (int i = 0; i < node->nchildren; i++)
			{
				if (record_matches(node->children[i], record) == (node->type == PF_BM_NODE_OR))
					return node->type == PF_BM_NODE_OR;
			}
			return node->type == PF_BM_NODE_AND;
	}
	return false;
}

bool
pf_bm_matcher_record(const PfBmMatcher *matcher, const PfBmRecord *record)
{
	/* A NULL matches nothing, not even a NOT. */
	if (record->doc.length < 0)
		return false;
	return record_matches(matcher->root, record);
}

static int
compare_terms(const char *a, int alen, const char *b, int blen)
{
	int			cmp = memcmp(a, b, Min(alen, blen));

	return cmp != 0 ? cmp : (alen > blen) - (alen < blen);
}

static uint32
query_fields(const PfBmQueryTerm *term)
{
	return (term->mask & PF_BM_ALL_FIELDS) == 0 ? PF_BM_ALL_FIELDS : term->mask & PF_BM_ALL_FIELDS;
}

/* Does the node match every document that has the term in a field of the mask? */
static bool
covers(const PfBmNode *node, const char *term, int len, uint32 fields)
{
	switch (node->type)
	{
		case PF_BM_NODE_TRUE:
			return true;
		case PF_BM_NODE_FALSE:
		case PF_BM_NODE_NOT:
			return false;
		case PF_BM_NODE_TERM:
			return (fields & ~node->fields) == 0 && len == node->len &&
				memcmp(term, node->term, len) == 0;
		case PF_BM_NODE_PREFIX:
			return (fields & ~node->fields) == 0 && len >= node->len &&
				memcmp(term, node->term, node->len) == 0;
		case PF_BM_NODE_AND:
		case PF_BM_NODE_OR:
			check_stack_depth();
			for (int i = 0; i < node->nchildren; i++)
			{
				if (covers(node->children[i], term, len, fields) == (node->type == PF_BM_NODE_OR))
					return node->type == PF_BM_NODE_OR;
			}
			return node->type == PF_BM_NODE_AND;
	}
	return false;
}

bool
pf_bm_matcher_implied(const PfBmMatcher *matcher, const PfBmQuery *query)
{
	/* The AND that stands for a phrase is weaker than the phrase. */
	if (matcher->phrases)
		return false;
	if ((uint64) query->nterms * matcher->root->nleaves > MAX_IMPLIED_WORK)
		return false;

	for (uint32 i = 0; i < query->nterms; i++)
	{
		const PfBmQueryTerm *term = &query->terms[i];

		if (!covers(matcher->root, PF_BM_QUERY_TERM(query, i), term->len, query_fields(term)))
			return false;
	}
	return true;
}

static int
compare_leaves(const void *a, const void *b)
{
	const PfBmNode *one = *(PfBmNode *const *) a;
	const PfBmNode *other = *(PfBmNode *const *) b;
	int			cmp = compare_terms(one->term, one->len, other->term, other->len);

	return cmp != 0 ? cmp : (one->fields > other->fields) - (one->fields < other->fields);
}

bool
pf_bm_matcher_is_and(const PfBmMatcher *matcher, const PfBmQuery *query)
{
	PfBmNode   *root = matcher->root;
	int			nleaves = root->type == PF_BM_NODE_AND ? root->nchildren : 1;
	PfBmNode  **leaves;
	uint32		n = 0;
	bool		same = true;

	/* Lexemes without positions are matched, but have no count, outside D. */
	if (matcher->recheck || nleaves < (int) query->nterms)
		return false;

	leaves = palloc(sizeof(PfBmNode *) * nleaves);
	for (int i = 0; i < nleaves; i++)
	{
		leaves[i] = root->type == PF_BM_NODE_AND ? root->children[i] : root;
		if (leaves[i]->type != PF_BM_NODE_TERM)
		{
			pfree(leaves);
			return false;
		}
	}
	qsort(leaves, nleaves, sizeof(PfBmNode *), compare_leaves);

	for (int i = 0; i < nleaves && same; i++)
	{
		const PfBmNode *leaf = leaves[i];

		if (i > 0 && compare_leaves(&leaves[i - 1], &leaves[i]) == 0)
			continue;
		same = n < query->nterms &&
			compare_terms(PF_BM_QUERY_TERM(query, n), query->terms[n].len, leaf->term,
						  leaf->len) == 0 &&
			query_fields(&query->terms[n]) == PF_BM_ALL_FIELDS && leaf->fields == PF_BM_ALL_FIELDS;
		n++;
	}
	pfree(leaves);
	return same && n == query->nterms;
}
