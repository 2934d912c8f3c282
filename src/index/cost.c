/*-------------------------------------------------------------------------
 *
 * cost.c
 *		What a scan costs, for the planner; and how many rows it will want.
 *
 * An ordering scan has its first rows after it has looked at a part of the
 * postings of the query's terms: that is its startup cost.  From then on rows
 * come in the order of their scores, that is, all over the table, until the
 * last one that did not match.  So its whole is dear, and is worth it for a
 * LIMIT that the filters behind it do not spoil.
 *
 * A boolean scan reads the postings of its lexemes.  A scan with nothing but
 * filters goes over all documents; it is there since the planner may ask for
 * it, and dearer than an index made for that.
 *
 * An access method is not told the LIMIT.  The planner knows it when it asks
 * for costs, so it is noted here for the scan, which takes it as a hint.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/pathnodes.h"
#include "nodes/primnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "tsearch/ts_type.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"

#include "index/index.h"

/* Share of the documents that have a term of a query, by and large. */
#define TERM_FREQUENCY	0.02

/* Work for a posting, decoded in blocks, as a share of an operator's. */
#define POSTING_WORK	0.1

/* Share of postings that a ranked query looks at. */
#define UNPRUNED		0.2

#define POSTING_BYTES	2.0
#define DOC_BYTES		12.0
#define FILTER_BYTES	8.0
#define DICTIONARY_PAGES	2	/* to find a term and its postings */
#define WORD_BYTES		7		/* of a query's text */
#define DEFAULT_TERMS	3

/* ---- LIMIT ---- */

#define MAX_HINTS	16
#define MAX_HINT	100000

static struct
{
	Oid			index;
	int			rows;
}			hints[MAX_HINTS];
static int	next_hint = 0;

static void
note_limit(Oid index, double rows)
{
	int			at = 0;

	while (at < MAX_HINTS && hints[at].index != index)
		at++;
	if (at == MAX_HINTS)
	{
		at = next_hint;
		next_hint = (next_hint + 1) % MAX_HINTS;
	}
	hints[at].index = index;
	hints[at].rows = rows > 0 ? (int) Min(ceil(rows), MAX_HINT) : 0;
}

int
pf_bm_limit_hint(Oid index)
{
	for (int i = 0; i < MAX_HINTS; i++)
	{
		if (hints[i].index == index)
			return hints[i].rows;
	}
	return 0;
}

/* ---- what is asked ---- */

/*
 * Terms of a bm25query.  It is a call of bm25_query() more often than not,
 * which is not made here: a long text is not to be parsed for each path that
 * the planner thinks of.
 */
static double
count_terms(Node *node)
{
	if (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (IsA(node, FuncExpr) && ((FuncExpr *) node)->args != NIL)
		node = linitial(((FuncExpr *) node)->args);
	if (IsA(node, Const) && !((Const *) node)->constisnull)
	{
		Const	   *value = (Const *) node;
		double		size = value->constlen == -1 ? (double) toast_raw_datum_size(value->constvalue) : 0;

		if (value->consttype == TEXTOID)
			return Max(1, (size - VARHDRSZ) / WORD_BYTES);
		if (value->consttype == TSQUERYOID)
			return Max(1, (size - HDRSIZETQ) / (sizeof(QueryItem) + WORD_BYTES));
		if (value->constlen == -1)
			return Max(1, (size - offsetof(PfBmQuery, terms)) / (sizeof(PfBmQueryTerm) + WORD_BYTES));
	}
	return DEFAULT_TERMS;
}

/* The right side of "column operator value"; the planner puts the column on the left. */
static Node *
operand(Expr *clause)
{
	if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
		return lsecond(((OpExpr *) clause)->args);
	return NULL;
}

typedef struct Asked
{
	double		ranked;			/* terms to order by; 0 = no order */
	double		lexemes;		/* of boolean conditions */
	double		lexeme_share;	/* of the documents, that have one of them */
	int			filters;
	bool		foreign;		/* the order is by another index's scores */
	Selectivity selectivity;	/* of all conditions */
} Asked;

/* Does the query, as far as can be seen, name another index that is not partitioned? */
static bool
is_foreign(Node *node, Oid index)
{
	Oid			named = InvalidOid;

	if (IsA(node, FuncExpr) && list_length(((FuncExpr *) node)->args) == 2)
		node = lsecond(((FuncExpr *) node)->args);
	if (IsA(node, Const) && !((Const *) node)->constisnull)
	{
		Const	   *value = (Const *) node;

		if (value->consttype == REGCLASSOID)
			named = DatumGetObjectId(value->constvalue);
		else if (value->constlen == -1 && value->consttype != TEXTOID && value->consttype != TSQUERYOID)
			named = pf_bm_query_check(value->constvalue)->index;
	}
	return OidIsValid(named) && named != index && get_rel_relkind(named) == RELKIND_INDEX;
}

static void
find_asked(PlannerInfo *root, IndexPath *path, Asked *asked)
{
	IndexOptInfo *index = path->indexinfo;
	List	   *quals = get_quals_from_indexclauses(path->indexclauses);
	List	   *matches = NIL;
	ListCell   *cell;

	memset(asked, 0, sizeof(Asked));
	foreach(cell, path->indexorderbys)
	{
		Node	   *query = operand(lfirst(cell));

		asked->ranked += query ? count_terms(query) : DEFAULT_TERMS;
		asked->foreign |= query && is_foreign(query, index->indexoid);
	}
	foreach(cell, path->indexclauses)
	{
		IndexClause *clause = lfirst(cell);

		if (clause->indexcol == 0)
		{
			ListCell   *inner;

			foreach(inner, clause->indexquals)
			{
				RestrictInfo *info = lfirst(inner);
				Node	   *query = operand(info->clause);

				asked->lexemes += query ? count_terms(query) : DEFAULT_TERMS;
				matches = lappend(matches, info);
			}
		}
		else
			asked->filters++;
	}
	asked->selectivity = clauselist_selectivity(root, add_predicate_to_index_quals(index, quals),
												index->rel->relid, JOIN_INNER, NULL);

	/* Terms joined by AND are each more frequent than all together. */
	if (asked->lexemes > 0)
	{
		Selectivity share = clauselist_selectivity(root, matches, index->rel->relid, JOIN_INNER, NULL);

		asked->lexeme_share = pow(share, 1 / asked->lexemes);
	}
}

/* ---- what it costs ---- */

static double
posting_pages(double postings)
{
	return ceil(postings * POSTING_BYTES / PF_BM_PAYLOAD);
}

static double
doc_pages(double ndocs, int filters)
{
	return ceil(ndocs * (DOC_BYTES + FILTER_BYTES * filters) / PF_BM_PAYLOAD);
}

void
pf_bm_costestimate(PlannerInfo *root, IndexPath *path, double loop_count, Cost *startup, Cost *total,
				   Selectivity *selectivity, double *correlation, double *pages)
{
	IndexOptInfo *index = path->indexinfo;
	double		ndocs = Max(index->tuples, 1);
	double		index_pages = Max(index->pages, 1);
	double		random_cost;
	double		seq_cost;
	Asked		asked;
	double		rows;
	double		docs;
	double		first_pages = 0;	/* before the first row */
	double		all_pages = 0;	/* read in one go */
	Cost		first_cpu = 0;
	Cost		row_cpu;

	(void) loop_count;
	get_tablespace_page_costs(index->reltablespace, &random_cost, &seq_cost);
	find_asked(root, path, &asked);
	rows = clamp_row_est(ndocs * asked.selectivity);
	docs = doc_pages(ndocs, index->nkeycolumns - 1);
	row_cpu = cpu_index_tuple_cost + cpu_operator_cost * (asked.filters + asked.lexemes);

	if (asked.ranked > 0)
	{
		double		postings = asked.ranked * TERM_FREQUENCY * ndocs * UNPRUNED;
		double		conditions = Max(asked.selectivity, 0.1);

		/* Less can be left out where rows that score well are refused. */
		postings = Min(postings / conditions, asked.ranked * TERM_FREQUENCY * ndocs);
		first_pages = asked.ranked * DICTIONARY_PAGES + posting_pages(postings);
		first_cpu = postings * POSTING_WORK * cpu_operator_cost;

		/* More rows than expected come from further passes, and each is sorted. */
		row_cpu += 4 * cpu_operator_cost * log2(Max(rows, 2));
		all_pages = posting_pages(asked.ranked * TERM_FREQUENCY * ndocs);
	}
	if (asked.lexemes > 0)
	{
		double		postings = asked.lexemes * asked.lexeme_share * ndocs;

		first_pages += asked.lexemes * DICTIONARY_PAGES;
		first_cpu += asked.lexemes * cpu_operator_cost * log2(ndocs + 1);
		all_pages += posting_pages(postings) + Min(rows, docs);
		row_cpu += postings * POSTING_WORK * cpu_operator_cost / rows;
	}
	else
	{
		/* Every document is looked at in the end. */
		all_pages += docs;
		row_cpu += cpu_index_tuple_cost * ndocs / rows;
	}
	first_pages = Min(first_pages, index_pages);
	all_pages = Min(all_pages, index_pages);

	*startup = first_cpu + first_pages * random_cost;
	*total = *startup + rows * row_cpu + all_pages * seq_cost;

	/* An index with other weights than the query's could only give its rows unsorted. */
	if (asked.foreign)
		*startup = *total;
	*selectivity = asked.selectivity;
	*correlation = 0;
	*pages = Min(first_pages + all_pages, index_pages);

	/*
	 * Rows come from a view that VACUUM does not wait for, so only the heap
	 * can tell whether they are still there.
	 */
	if (path->path.pathtype == T_IndexOnlyScan)
	{
		pf_disable_path(&path->path);
		*startup = *total = get_float8_infinity();
		return;
	}

	if (asked.ranked > 0)
	{
		double		kept = index->rel->rows / Max(index->rel->tuples * asked.selectivity, 1);
		double		limit = root->limit_tuples > 0 ? root->limit_tuples / Min(Max(kept, 1e-6), 1) : 0;

		note_limit(index->indexoid, limit);
	}
}
