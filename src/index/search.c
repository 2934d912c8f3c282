/*-------------------------------------------------------------------------
 *
 * search.c
 *		A query in web syntax: what ranks, and what a paper must meet.
 *
 * The syntax is that of websearch_to_tsquery(), but words are not required:
 * they rank, as in a search engine, and what has more of them comes first.
 * Required is what is quoted, excluded what has a dash before it:
 *
 *		deep graph				any of them
 *		"deep graph" nets -bio	deep <-> graph & !bio, and nets ranks
 *		deep or "graph nets"	deep | graph <-> nets
 *		-bio					!bio, and nothing ranks
 *
 * So a query is branches joined by OR, each with words, phrases and exclusions,
 * and becomes the terms that rank (a bm25query) and a condition (a tsquery).
 * The condition always asks for one of the words, too: a scan in the order of
 * scores then ends behind the last paper that has one.  A branch of nothing but
 * exclusions counts only where no branch has more.
 *
 * A dash or a quote that a text has by chance must do no harm: a dash counts at
 * the start of a word alone, a quote only if it is closed, and in prose, an
 * abstract say, neither counts, nor does OR.  A long text is cut to the terms
 * that matter most: what a term adds to any score is at most its idf times its
 * weight.  Of a short one, words that may be a name are looked for as such, too
 * (author.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/pg_crc.h"

#include "common/encoding.h"
#include "common/fold.h"
#include "common/names.h"
#include "index/author.h"
#include "index/query.h"
#include "index/search.h"

#define INDEX_NAME	"papers_search"

/* How many terms of a query count. */
#define MAX_TERMS	64

/* A text of more words is prose: nobody has typed it as a query. */
#define MAX_TYPED	32

/* A text of so many words may be a name, or hold one. */
#define MAX_NAME_WORDS	6

/* Bytes of a phrase that are looked at. */
#define MAX_PHRASE		500

/* A whole name says more than its words in a title. */
#define NAME_WEIGHT		2

/* Between two ORs. */
typedef struct Branch
{
	int			first_word;		/* in Search.words */
	int			nwords;
	List	   *phrases;		/* TSQuery, all of them required */
	List	   *excluded;		/* TSQuery */
} Branch;

typedef struct Search
{
	Oid			config;
	ParsedText	parsed;			/* used over and over */
	PfBmWords	words;			/* plain ones, in the order of the text */
	PfBmWords	terms;			/* those and the words of phrases */
	StringInfoData plain;		/* text of the plain words */
	int			nplain;			/* how many */
	List	   *branches;			/* Branch; the last one is being read */
} Search;

Oid
pf_search_index(FunctionCallInfo fcinfo)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Oid			index = get_relname_relid(INDEX_NAME, schema);

	/* By its name: REINDEX CONCURRENTLY gives it another OID. */
	if (!OidIsValid(index))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("index \"%s.%s\" does not exist", get_namespace_name(schema), INDEX_NAME),
				 errhint("Make it anew: CREATE INDEX %s ON paperfeed.papers USING paperfeed_bm25 "
						 "(paperfeed.document(title, abstract, authors), published) "
						 "WITH (config = 'pg_catalog.english', weights = '{1,1,1,3}').",
						 INDEX_NAME)));
	return index;
}

/* ---- reading ---- */

/* Operators of a tsquery part words here as they do in websearch_to_tsquery(). */
static inline bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '!' || c == '&' || c == '|' || c == '(' || c == ')';
}

static void
parse(Search *search, const char *s, int len)
{
	search->parsed.curwords = 0;
	search->parsed.pos = 0;
	pf_text_parse(search->config, &search->parsed, s, len);
}

static void
add_word(Search *search, Branch *branch, const char *s, int len, double weight)
{
	pf_bm_words_add(&search->words, s, len, PF_BM_ALL_FIELDS, weight);
	pf_bm_words_add(&search->terms, s, len, PF_BM_ALL_FIELDS, weight);
	branch->nwords++;
}

static void
add_words(Search *search, Branch *branch, const char *s, int len)
{
	parse(search, s, len);
	for (int i = 0; i < search->parsed.curwords; i++)
	{
		const ParsedWord *word = &search->parsed.words[i];

		if (word->len > 0)
			add_word(search, branch, word->word, word->len, 1);
	}
}

static bool
is_ascii(const char *s, int len)
{
	for (int i = 0; i < len; i++)
	{
		if (IS_HIGHBIT_SET(s[i]))
			return false;
	}
	return true;
}

/* A plain word, and the same without diacritics. */
static void
add_plain(Search *search, Branch *branch, const char *s, int len)
{
	add_words(search, branch, s, len);
	if (!is_ascii(s, len))
	{
		StringInfoData folded;

		initStringInfo(&folded);
		if (pf_fold(&folded, pf_text_to_utf8(cstring_to_text_with_len(s, len))))
		{
			text	   *plain = pf_utf8_to_text((PfStr) {folded.data, folded.len});

			add_words(search, branch, VARDATA(plain), VARSIZE(plain) - VARHDRSZ);
		}
	}
	if (++search->nplain <= MAX_NAME_WORDS)
	{
		appendBinaryStringInfo(&search->plain, s, len);
		appendStringInfoChar(&search->plain, ' ');
	}
}

/* The plain words as names. */
static void
add_names(Search *search, Branch *branch)
{
	PfStrings	names = {0};
	PfStrings	keys = {0};
	StringInfoData folded;

	if (search->nplain < 2 || search->nplain > MAX_NAME_WORDS)
		return;
	pf_names_split(&names, pf_text_to_utf8(cstring_to_text_with_len(search->plain.data, search->plain.len)));
	initStringInfo(&folded);
	for (int i = 0; i < names.n; i++)
	{
		pf_fold(&folded, names.items[i]);
		pf_author_keys(&keys, (PfStr) {folded.data, folded.len}, true);
	}
	for (int i = 0; i < keys.n; i++)
	{
		text	   *key = pf_utf8_to_text(keys.items[i]);

		add_word(search, branch, VARDATA(key), VARSIZE(key) - VARHDRSZ, NAME_WEIGHT);
	}
}

/* What is quoted, or has a dash before it. */
static void
add_phrase(Search *search, Branch *branch, const char *s, int len, bool negated)
{
	Datum		phrase;

	len = pg_mbcliplen(s, len, MAX_PHRASE);
	parse(search, s, len);
	if (search->parsed.curwords == 0)
		return;
	phrase = DirectFunctionCall2(phraseto_tsquery_byid, ObjectIdGetDatum(search->config),
								 PointerGetDatum(cstring_to_text_with_len(s, len)));
	if (DatumGetTSQuery(phrase)->size == 0)
		return;
	if (negated)
	{
		branch->excluded = lappend(branch->excluded, DatumGetTSQuery(phrase));
		return;
	}
	branch->phrases = lappend(branch->phrases, DatumGetTSQuery(phrase));
	for (int i = 0; i < search->parsed.curwords; i++)
	{
		const ParsedWord *word = &search->parsed.words[i];

		if (word->len > 0)
			pf_bm_words_add(&search->terms, word->word, word->len, PF_BM_ALL_FIELDS, 1);
	}
}

static Branch *
next_branch(Search *search)
{
	Branch	   *branch = palloc0(sizeof(Branch));

	branch->first_word = search->words.n;
	search->branches = lappend(search->branches, branch);
	return branch;
}

static bool
is_prose(const char *s, int len)
{
	int			n = 0;

	for (int i = 0; i < len && n <= MAX_TYPED; i++)
	{
		if (!is_blank(s[i]) && (i == 0 || is_blank(s[i - 1])))
			n++;
	}
	return n > MAX_TYPED;
}

static void
read_query(Search *search, const char *s, int len)
{
	const char *end = s + len;
	Branch	   *branch = next_branch(search);

	if (is_prose(s, len))
	{
		add_words(search, branch, s, len);
		return;
	}
	for (;;)
	{
		const char *start;
		const char *close = NULL;
		bool		negated = false;

		CHECK_FOR_INTERRUPTS();
		while (s < end && is_blank(*s))
			s++;
		if (s == end)
			break;

		/* One dash, right before a word or a quote. */
		start = s;
		while (s < end && *s == '-')
			s++;
		if (s == end || is_blank(*s))
			continue;
		negated = s - start == 1;

		if (*s == '"')
		{
			start = ++s;
			close = memchr(s, '"', end - s);
			if (close != NULL)
			{
				add_phrase(search, branch, start, (int) (close - start), negated);
				s = close + 1;
				continue;
			}
		}

		start = s;
		while (s < end && !is_blank(*s) && *s != '"')
			s++;
		if (negated)
			add_phrase(search, branch, start, (int) (s - start), true);
		else if (s - start == 2 && pg_strncasecmp(start, "or", 2) == 0)
			branch = next_branch(search);
		else
			add_plain(search, branch, start, (int) (s - start));
	}
	if (list_length(search->branches) == 1)
		add_names(search, branch);
}

/* ---- what ranks ---- */

typedef struct Ranked
{
	uint32		term;
	double		score;
} Ranked;

static int
compare_ranked(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->term < y->term ? -1 : x->term > y->term;
}

/* The terms that can add most to a score; those that no paper has can add nothing. */
static PfBmQuery *
cut_terms(const PfBmQuery *query)
{
	PfBmStats	stats;
	PfBmWords	words = {0};
	Ranked	   *ranked = palloc(sizeof(Ranked) * query->nterms);
	uint32		n = 0;

	pf_bm_stats_read(query, &stats);
	for (uint32 i = 0; i < query->nterms; i++)
	{
		if (stats.df[i] > 0)
			ranked[n++] = (Ranked) {i, stats.idf[i]};
	}
	qsort(ranked, n, sizeof(Ranked), compare_ranked);
	for (uint32 i = 0; i < Min(n, MAX_TERMS); i++)
	{
		const PfBmQueryTerm *term = &query->terms[ranked[i].term];

		pf_bm_words_add(&words, PF_BM_QUERY_TERM(query, ranked[i].term), term->len, term->mask, term->weight);
	}
	return pf_bm_query_make(query->index, &words);
}

/* Place of a word among the terms, or -1. */
static int
find_term(const PfBmQuery *query, const PfBmWord *word)
{
	int			low = 0;
	int			high = (int) query->nterms - 1;

	while (low <= high)
	{
		int			middle = low + (high - low) / 2;
		int			len = query->terms[middle].len;
		int			order = memcmp(PF_BM_QUERY_TERM(query, middle), word->s, Min(len, word->len));

		if (order == 0)
			order = len - word->len;
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

/* ---- the condition ---- */

static QTNode *
leaf(const PfBmQuery *query, int term)
{
	QTNode	   *node = palloc0(sizeof(QTNode));
	QueryOperand *operand = palloc0(sizeof(QueryOperand));
	pg_crc32	crc;

	node->valnode = (QueryItem *) operand;
	node->word = unconstify(char *, PF_BM_QUERY_TERM(query, term));
	operand->type = QI_VAL;
	operand->length = query->terms[term].len;
	INIT_LEGACY_CRC32(crc);
	COMP_LEGACY_CRC32(crc, node->word, operand->length);
	FIN_LEGACY_CRC32(crc);
	operand->valcrc = (int32) crc;
	return node;
}

static QTNode *
operator(int8 oper, QTNode *left, QTNode *right)
{
	QTNode	   *node = palloc0(sizeof(QTNode));

	node->valnode = palloc0(sizeof(QueryItem));
	node->valnode->type = QI_OPR;
	node->valnode->qoperator.oper = oper;
	node->nchild = right ? 2 : 1;
	node->child = palloc(sizeof(QTNode *) * 2);
	node->child[0] = left;
	node->child[1] = right;
	return node;
}

/* Halves, so that thousands of operands make no deep tree. */
static QTNode *
join_nodes(int8 oper, const List *nodes, int from, int to)
{
	int			middle = from + (to - from) / 2;

	if (to - from == 1)
		return list_nth(nodes, from);
	return operator(oper, join_nodes(oper, nodes, from, middle), join_nodes(oper, nodes, middle, to));
}

static QTNode *
join(int8 oper, const List *nodes)
{
	return nodes == NIL ? NULL : join_nodes(oper, nodes, 0, list_length(nodes));
}

static QTNode *
phrase_node(TSQuery phrase)
{
	return QT2QTN(GETQUERY(phrase), GETOPERAND(phrase));
}

/* Any of the words that have used[]. */
static QTNode *
any_of(const PfBmQuery *query, const bool *used)
{
	List	   *leaves = NIL;

	for (uint32 i = 0; i < query->nterms; i++)
	{
		if (used[i])
			leaves = lappend(leaves, leaf(query, (int) i));
	}
	return join(OP_OR, leaves);
}

static void
use_words(const Search *search, const PfBmQuery *query, const Branch *branch, bool *used)
{
	for (int i = 0; i < branch->nwords; i++)
	{
		int			term = find_term(query, &search->words.items[branch->first_word + i]);

		if (term >= 0)
			used[term] = true;
	}
}

/* NULL = nothing of it can be found. */
static QTNode *
branch_node(const Search *search, const PfBmQuery *query, const Branch *branch)
{
	List	   *nodes = NIL;
	ListCell   *cell;

	foreach(cell, branch->phrases)
		nodes = lappend(nodes, phrase_node(lfirst(cell)));
	if (nodes == NIL && branch->nwords > 0)
	{
		bool	   *used = palloc0(sizeof(bool) * Max(query->nterms, 1));
		QTNode	   *any;

		use_words(search, query, branch, used);
		any = any_of(query, used);
		if (any == NULL)
			return NULL;
		nodes = lappend(nodes, any);
	}
	foreach(cell, branch->excluded)
		nodes = lappend(nodes, operator(OP_NOT, phrase_node(lfirst(cell)), NULL));
	return join(OP_AND, nodes);
}

static QTNode *
condition(const Search *search, const PfBmQuery *query)
{
	List	   *nodes = NIL;
	bool	   *used = palloc0(sizeof(bool) * Max(query->nterms, 1));
	QTNode	   *any;
	ListCell   *cell;

	foreach(cell, search->branches)
	{
		const Branch *branch = lfirst(cell);
		QTNode	   *node;

		/* Branches of words alone are one. */
		if (branch->phrases == NIL && branch->excluded == NIL)
		{
			use_words(search, query, branch, used);
			continue;
		}
		if (branch->phrases == NIL && branch->nwords == 0 && search->terms.n > 0)
			continue;
		node = branch_node(search, query, branch);
		if (node != NULL)
			nodes = lappend(nodes, node);
	}
	any = any_of(query, used);
	if (any != NULL)
		nodes = lcons(any, nodes);
	return join(OP_OR, nodes);
}

/* ---- SQL ---- */

PG_FUNCTION_INFO_V1(pf_search_query);

/* _search_query(query text, OUT ranking bm25query, OUT condition tsquery, OUT words tsquery) */
Datum
pf_search_query(PG_FUNCTION_ARGS)
{
	text	   *in = PG_GETARG_TEXT_PP(0);
	Relation	index = pf_bm_index_open_any(pf_search_index(fcinfo), AccessShareLock);
	Search		search = {0};
	PfBmQuery  *query;
	QTNode	   *node;
	TupleDesc	desc;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != 3)
		elog(ERROR, "unexpected result type");

	search.config = pf_bm_config(index);
	search.parsed.lenwords = 16;
	search.parsed.words = palloc(sizeof(ParsedWord) * search.parsed.lenwords);
	initStringInfo(&search.plain);
	read_query(&search, VARDATA_ANY(in), VARSIZE_ANY_EXHDR(in));

	query = pf_bm_query_make(RelationGetRelid(index), &search.terms);
	if (query->nterms > MAX_TERMS)
		query = cut_terms(query);
	node = condition(&search, query);
	if (node != NULL)
	{
		values[1] = TSQueryGetDatum(QTN2QT(node));
		nulls[1] = false;
		if (query->nterms > 0)
		{
			bool	   *used = palloc(sizeof(bool) * query->nterms);

			memset(used, true, query->nterms);
			values[0] = PointerGetDatum(query);
			values[2] = TSQueryGetDatum(QTN2QT(any_of(query, used)));
			nulls[0] = nulls[2] = false;
		}
	}
	relation_close(index, AccessShareLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
