/*-------------------------------------------------------------------------
 *
 * criteria.c
 *		What a rule or a watch looks for in a paper.
 *
 * A paper is looked at as a subject, which makes what can be asked of it when
 * it is first asked for, and once: its words cost some fifty times as much as
 * the rest.  So criteria ask for the source, the categories and the authors
 * first, and for the words only if these are right.
 *
 * The words are those that search looks at, by the same SQL function.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "common/fold.h"
#include "common/names.h"
#include "compat.h"
#include "fmgr.h"
#include "ingest/criteria.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "tsearch/ts_utils.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define MAX_LIST		1000	/* members, and ... */
#define MAX_ITEM		200		/* ... characters of each, in what a user asks for */
#define MAX_PARTICLES	3		/* before a family name: "van der", "de la" */

struct PfSubject
{
	MemoryContext context;
	const PfRow *row;
	TSVector	words;
	bool		has_authors;
	PfStrings	authors;
	bool		has_categories;
	PfStrings	categories;
	bool		has_source;
	PfStr		source;
};

int
pf_compare_strs(const void *a, const void *b)
{
	const PfStr *x = a;
	const PfStr *y = b;
	int			c = memcmp(x->s, y->s, Min(x->len, y->len));

	return c != 0 ? c : x->len - y->len;
}

static void
sort(PfStrings *list)
{
	int			n = 0;

	if (list->n < 2)
		return;
	qsort(list->items, list->n, sizeof(PfStr), pf_compare_strs);
	for (int i = 0; i < list->n; i++)
	{
		if (n == 0 || !pf_str_eq(list->items[n - 1], list->items[i]))
			list->items[n++] = list->items[i];
	}
	list->n = n;
}

/* ---- names ---- */

PfStr
pf_category_fold(PfStr name)
{
	StringInfoData folded;

	initStringInfo(&folded);
	(void) pf_fold(&folded, name);
	return pf_str_trim((PfStr) {folded.data, folded.len});
}

PfStr
pf_author_fold(PfStr name)
{
	StringInfoData folded;
	int			n = 0;

	/* "Lovelace, Ada" */
	if (memchr(name.s, ',', name.len) != NULL)
		name = pf_name(name);
	initStringInfo(&folded);
	(void) pf_fold(&folded, name);
	for (int i = 0; i < folded.len; i++)
	{
		if (!pf_is_space(folded.data[i]) && folded.data[i] != '.')
			folded.data[n++] = folded.data[i];
		else if (n > 0 && folded.data[n - 1] != ' ')
			folded.data[n++] = ' ';
	}
	return pf_str_trim((PfStr) {folded.data, n});
}

static bool
is_one_of(PfStr word, const char *const *list, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (pf_str_eq(word, pf_str(list[i])))
			return true;
	}
	return false;
}

/* The last word of 'name' up to 'end'. */
static PfStr
word_before(PfStr name, int end)
{
	int			start;

	while (end > 0 && name.s[end - 1] == ' ')
		end--;
	for (start = end; start > 0 && name.s[start - 1] != ' ';)
		start--;
	return (PfStr) {name.s + start, end - start};
}

/* A folded name, its last word and, if that is not all of the family name, the family name. */
static void
add_author(PfStrings *list, PfStr name)
{
	static const char *const suffixes[] = {"jr", "sr", "ii", "iii", "iv"};
	static const char *const particles[] = {
		"al", "da", "das", "de", "degli", "del", "della", "den", "der", "di", "dos", "du", "el",
		"la", "le", "ten", "ter", "van", "vom", "von", "zu", "zum", "zur"
	};
	PfStr		word = word_before(name, name.len);
	PfStr		family;

	if (name.len == 0)
		return;
	pf_strings_add(list, name);
	if (is_one_of(word, suffixes, lengthof(suffixes)) && word.s > name.s)
		word = word_before(name, (int) (word.s - name.s));
	if (word.s == name.s)
		return;
	pf_strings_add(list, word);
	family = word;
	for (int i = 0; i < MAX_PARTICLES && family.s > name.s; i++)
	{
		PfStr		before = word_before(name, (int) (family.s - name.s));

		if (!is_one_of(before, particles, lengthof(particles)))
			break;
		family = (PfStr) {before.s, (int) (word.s + word.len - before.s)};
	}
	if (family.s != word.s)
		pf_strings_add(list, family);
}

/* ---- criteria ---- */

static PfStrings
read_texts(Datum array)
{
	PfStrings	out = {0};
	Datum	   *items;
	bool	   *nulls;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			pf_strings_add(&out, pf_text_to_utf8(DatumGetTextPP(items[i])));
	}
	return out;
}

static PfStrings
read_folded(Datum array, PfStr (*fold) (PfStr))
{
	PfStrings	out = read_texts(array);

	for (int i = 0; i < out.n; i++)
		out.items[i] = fold(out.items[i]);
	sort(&out);
	return out;
}

void
pf_criteria_read(PfCriteria *out, const Datum values[PF_NCRITERIA], const bool nulls[PF_NCRITERIA])
{
	memset(out, 0, sizeof(PfCriteria));
	if (!nulls[PF_CRITERIA_CONDITION])
		out->query = DatumGetTSQueryCopy(values[PF_CRITERIA_CONDITION]);
	if (!nulls[PF_CRITERIA_AUTHORS])
		out->authors = read_folded(values[PF_CRITERIA_AUTHORS], pf_author_fold);
	if (!nulls[PF_CRITERIA_CATEGORIES])
		out->categories = read_folded(values[PF_CRITERIA_CATEGORIES], pf_category_fold);
	if (!nulls[PF_CRITERIA_SOURCES])
		out->sources = read_folded(values[PF_CRITERIA_SOURCES], pf_category_fold);
}

/* ---- what is looked at ---- */

PfSubject *
pf_subject_of_row(const PfRow *row)
{
	PfSubject  *subject = palloc0(sizeof(PfSubject));

	subject->context = CurrentMemoryContext;
	subject->row = row;
	return subject;
}

/* paperfeed.document(title, abstract, authors), of a room on the same floor */
static TSVector
make_words(const PfSubject *subject)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTARRAYOID};
	static const PfColumn columns[] = {PF_COL_TITLE, PF_COL_ABSTRACT, PF_COL_AUTHORS};
	LOCAL_FCINFO(fcinfo, 3);
	FmgrInfo	function;
	Datum		result;

	fmgr_info(LookupFuncName(list_make2(makeString("paperfeed"), makeString("document")), 3, types,
							 false), &function);
	InitFunctionCallInfoData(*fcinfo, &function, 3, InvalidOid, NULL, NULL);
	for (int i = 0; i < 3; i++)
	{
		fcinfo->args[i].value = subject->row->values[columns[i]];
		fcinfo->args[i].isnull = subject->row->nulls[columns[i]];
	}
	result = FunctionCallInvoke(fcinfo);
	if (fcinfo->isnull)
		elog(ERROR, "paperfeed.document() gave NULL");
	return DatumGetTSVector(result);
}

TSVector
pf_subject_words(PfSubject *subject)
{
	if (subject->words == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(subject->context);

		subject->words = make_words(subject);
		MemoryContextSwitchTo(old);
	}
	return subject->words;
}

static PfStrings
row_list(const PfRow *row, PfColumn column)
{
	return row->nulls[column] ? (PfStrings) {0} : read_texts(row->values[column]);
}

const PfStrings *
pf_subject_authors(PfSubject *subject)
{
	if (!subject->has_authors)
	{
		MemoryContext old = MemoryContextSwitchTo(subject->context);
		PfStrings	names = row_list(subject->row, PF_COL_AUTHORS);

		for (int i = 0; i < names.n; i++)
			add_author(&subject->authors, pf_author_fold(names.items[i]));
		sort(&subject->authors);
		subject->has_authors = true;
		MemoryContextSwitchTo(old);
	}
	return &subject->authors;
}

const PfStrings *
pf_subject_categories(PfSubject *subject)
{
	if (!subject->has_categories)
	{
		MemoryContext old = MemoryContextSwitchTo(subject->context);
		PfStrings	names = row_list(subject->row, PF_COL_CATEGORIES);

		for (int i = 0; i < names.n; i++)
			pf_strings_add(&subject->categories, pf_category_fold(names.items[i]));
		sort(&subject->categories);
		subject->has_categories = true;
		MemoryContextSwitchTo(old);
	}
	return &subject->categories;
}

PfStr
pf_subject_source(PfSubject *subject)
{
	if (!subject->has_source)
	{
		MemoryContext old = MemoryContextSwitchTo(subject->context);

		if (!subject->row->nulls[PF_COL_SOURCE])
			subject->source = pf_text_to_utf8(DatumGetTextPP(subject->row->values[PF_COL_SOURCE]));
		if (subject->source.s != NULL)
			subject->source = pf_category_fold(subject->source);
		subject->has_source = true;
		MemoryContextSwitchTo(old);
	}
	return subject->source;
}

/* ---- matching ---- */

/* The first of a sorted list that is not less than 'wanted'; list->n if all are. */
static int
lower_bound(const PfStrings *list, PfStr wanted)
{
	int			low = 0;
	int			high = list->n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (pf_compare_strs(&list->items[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has_any(const PfStrings *list, const PfStrings *wanted)
{
	for (int i = 0; i < wanted->n; i++)
	{
		PfStr		want = wanted->items[i];
		bool		prefix = want.len > 0 && want.s[want.len - 1] == '*';
		int			at;

		if (prefix)
			want.len--;
		at = lower_bound(list, want);
		if (at < list->n && (prefix ? list->items[at].len >= want.len &&
							 memcmp(list->items[at].s, want.s, want.len) == 0 :
							 pf_str_eq(list->items[at], want)))
			return true;
	}
	return false;
}

bool
pf_criteria_match(const PfCriteria *criteria, PfSubject *subject)
{
	if (criteria->sources.n > 0)
	{
		PfStr		source = pf_subject_source(subject);
		PfStrings	list = {&source, source.s != NULL ? 1 : 0, 1};

		if (!has_any(&list, &criteria->sources))
			return false;
	}
	if (criteria->categories.n > 0 &&
		!has_any(pf_subject_categories(subject), &criteria->categories))
		return false;
	if (criteria->authors.n > 0 && !has_any(pf_subject_authors(subject), &criteria->authors))
		return false;
	return criteria->query == NULL ||
		DatumGetBool(DirectFunctionCall2(ts_match_vq,
										 TSVectorGetDatum(pf_subject_words(subject)),
										 TSQueryGetDatum(criteria->query)));
}

PG_FUNCTION_INFO_V1(pf_is_list);

/* _is_list(list text[]): for the CHECKs of tables that have criteria */
Datum
pf_is_list(PG_FUNCTION_ARGS)
{
	ArrayType  *list = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *items;
	bool	   *nulls;
	int			n;

	if (ARR_NDIM(list) != 1 || ARR_DIMS(list)[0] > MAX_LIST)
		PG_RETURN_BOOL(false);
	deconstruct_array(list, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		text	   *item;
		PfStr		trimmed;

		if (nulls[i])
			PG_RETURN_BOOL(false);
		item = DatumGetTextPP(items[i]);
		trimmed = pf_str_trim((PfStr) {VARDATA_ANY(item), (int) VARSIZE_ANY_EXHDR(item)});
		if (trimmed.len == 0 || pg_mbstrlen_with_len(trimmed.s, trimmed.len) > MAX_ITEM)
			PG_RETURN_BOOL(false);
	}
	PG_RETURN_BOOL(true);
}
