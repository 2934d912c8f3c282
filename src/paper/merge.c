/*-------------------------------------------------------------------------
 *
 * merge.c
 *		What two records of one paper make together.
 *
 * The row in the table is merged with a record that comes in:
 *
 * 1. An empty value never replaces one that is not empty.
 * 2. Sources have ranks: the place where a paper is published (arXiv, bioRxiv,
 *	  the ACL Anthology ...) is above registries and indexes, and these are
 *	  above aggregators and other feeds.  The higher rank wins for title,
 *	  abstract, authors, dates, categories, version and links to itself; the
 *	  lower one only fills what is empty.
 * 3. Within one source the newer version wins; without versions the later
 *	  'updated'; if these are equal, what comes in, as it was read later.
 *	  Between two sources of one rank, what is there stays.
 * 4. 'published' is the first publication: within one source the earlier one
 *	  stays, and of two on one day the one that knows the hour.
 * 5. Links are the union.  Metrics are readings: the latest counts, whoever
 *	  tells it.  Of 'extra' the winner's members win.
 * 6. Any source can mark a paper withdrawn; a record that says nothing else
 *	  makes no row.  The mark goes when the row's own source brings a newer
 *	  version.
 * 7. An abstract that is cut off (ends in an ellipsis) does not replace a
 *	  longer one that begins alike.
 * 8. arXiv's own DOI never replaces a publisher's, and always gives way to it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "paper/paper.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define RANK_FEED		20		/* any feed that is named after its host */
#define RANK_UNKNOWN	10

#define MAX_LINKS		128		/* of one kind that are joined; the work is quadratic */
#define ARXIV_DOI		"10.48550/"

static const struct
{
	const char *source;
	int			rank;
}			ranks[] = {
	{"arxiv", 90},
	{"biorxiv", 90},
	{"medrxiv", 90},
	{"acl", 85},
	{"openreview", 80},
	{"pubmed", 70},
	{"crossref", 65},
	{"datacite", 60},
	{"openalex", 50},
	{"semanticscholar", 45},
	{"huggingface", 40},
	{"dblp", 30},
};

typedef enum Winner
{
	ROW_WINS,
	IN_WINS
} Winner;

static inline PfStr
get_text(const PfRow *row, PfColumn column)
{
	text	   *t;

	if (row->nulls[column])
		return PF_STR_NONE;
	t = DatumGetTextPP(row->values[column]);
	return (PfStr) {VARDATA_ANY(t), (int) VARSIZE_ANY_EXHDR(t)};
}

static int
source_rank(const PfRow *row)
{
	PfStr		source = get_text(row, PF_COL_SOURCE);

	if (source.s == NULL)
		return RANK_UNKNOWN;
	for (size_t i = 0; i < lengthof(ranks); i++)
	{
		if (pf_str_eq(source, pf_str(ranks[i].source)))
			return ranks[i].rank;
	}
	return RANK_FEED;
}

static inline bool
by_value(PfColumn column)
{
	if (column == PF_COL_PUBLISHED || column == PF_COL_UPDATED)
		return FLOAT8PASSBYVAL;
	return column == PF_COL_VERSION || column == PF_COL_WITHDRAWN;
}

static inline int
type_length(PfColumn column)
{
	switch (column)
	{
		case PF_COL_PUBLISHED:
		case PF_COL_UPDATED:
			return sizeof(TimestampTz);
		case PF_COL_VERSION:
			return sizeof(int32);
		case PF_COL_WITHDRAWN:
			return sizeof(bool);
		default:
			return -1;
	}
}

/* Does 'in' say something newer than 'row' (1), older (-1), or can't tell (0)?  For one source. */
static int
compare_age(const PfRow *row, const PfRow *in)
{
	if (!row->nulls[PF_COL_VERSION] && !in->nulls[PF_COL_VERSION])
	{
		int32		a = DatumGetInt32(row->values[PF_COL_VERSION]);
		int32		b = DatumGetInt32(in->values[PF_COL_VERSION]);

		if (a != b)
			return b > a ? 1 : -1;
	}
	if (!row->nulls[PF_COL_UPDATED] && !in->nulls[PF_COL_UPDATED])
	{
		TimestampTz a = DatumGetTimestampTz(row->values[PF_COL_UPDATED]);
		TimestampTz b = DatumGetTimestampTz(in->values[PF_COL_UPDATED]);

		if (a != b)
			return b > a ? 1 : -1;
	}
	return 0;
}

static PfColumnSet
set_column(PfRow *row, PfColumn column, Datum value)
{
	if (!row->nulls[column] &&
		datum_image_eq(row->values[column], value, by_value(column), type_length(column)))
		return 0;
	row->values[column] = value;
	row->nulls[column] = false;
	return (PfColumnSet) 1 << column;
}

/* Is 'shorter' the beginning of 'longer', cut off with an ellipsis? */
static bool
is_cut_off(PfStr shorter, PfStr longer)
{
	int			n = shorter.len;

	if (n >= longer.len || n < 3)
		return false;
	if (memcmp(shorter.s + n - 3, "...", 3) != 0 && memcmp(shorter.s + n - 3, "\xE2\x80\xA6", 3) != 0)
		return false;
	while (n > 0 && (shorter.s[n - 1] == '.' || shorter.s[n - 1] == ' ' ||
					 IS_HIGHBIT_SET(shorter.s[n - 1])))
		n--;
	return n > 0 && memcmp(shorter.s, longer.s, n) == 0;
}

static PfColumnSet
merge_published(PfRow *row, const PfRow *in, Winner winner, bool same_source)
{
	TimestampTz a = DatumGetTimestampTz(row->values[PF_COL_PUBLISHED]);
	TimestampTz b = DatumGetTimestampTz(in->values[PF_COL_PUBLISHED]);
	int64		day_a = a >= 0 ? a / USECS_PER_DAY : (a + 1) / USECS_PER_DAY - 1;
	int64		day_b = b >= 0 ? b / USECS_PER_DAY : (b + 1) / USECS_PER_DAY - 1;
	bool		take;

	if (!same_source)
		take = winner == IN_WINS;
	else if (day_a == day_b)
		take = a == day_a * USECS_PER_DAY;	/* at midnight: the hour is not known */
	else
		take = b < a;
	return take ? set_column(row, PF_COL_PUBLISHED, in->values[PF_COL_PUBLISHED]) : 0;
}

/* Add the elements of the lists in 'b' to those of the same name in 'a'. */
static Datum
union_of_lists(Datum a, Datum b)
{
	JsonbParseState *state = NULL;
	Jsonb	   *objects[2];

	objects[0] = DatumGetJsonbP(a);
	objects[1] = DatumGetJsonbP(b);
	if (!JB_ROOT_IS_OBJECT(objects[0]) || !JB_ROOT_IS_OBJECT(objects[1]))
		return a;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int o = 0; o < 2; o++)
	{
		JsonbIterator *it = JsonbIteratorInit(&objects[o]->root);
		JsonbValue	key;
		JsonbValue	value;
		JsonbIteratorToken token;

		while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
		{
			JsonbValue	both[2];
			JsonbValue *other;

			if (token != WJB_KEY)
				continue;
			(void) JsonbIteratorNext(&it, &value, true);
			other = getKeyJsonValueFromContainer(&objects[1 - o]->root, key.val.string.val,
												 key.val.string.len, NULL);
			if (o == 1 && other != NULL)
				continue;		/* was joined already */
			pushJsonbValue(&state, WJB_KEY, &key);
			if (other == NULL || value.type != jbvBinary || other->type != jbvBinary ||
				!JsonContainerIsArray(value.val.binary.data) ||
				!JsonContainerIsArray(other->val.binary.data))
			{
				pushJsonbValue(&state, WJB_VALUE, &value);
				continue;
			}
			both[0] = value;
			both[1] = *other;
			pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
			for (int l = 0; l < 2; l++)
			{
				uint32		n = JsonContainerSize(both[l].val.binary.data);

				for (uint32 i = 0; i < n && i < MAX_LINKS; i++)
				{
					JsonbValue *element = getIthJsonbValueFromContainer(both[l].val.binary.data, i);

					if (l == 1 && findJsonbValueFromContainer(both[0].val.binary.data, JB_FARRAY,
															  element) != NULL)
						continue;
					pushJsonbValue(&state, WJB_ELEM, element);
				}
			}
			pushJsonbValue(&state, WJB_END_ARRAY, NULL);
		}
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

static PfColumnSet
merge_object(PfRow *row, const PfRow *in, PfColumn column, Winner winner)
{
	Datum		a = row->values[column];
	Datum		b = in->values[column];

	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(a)))
		a = b;					/* somebody's hand was at it */
	else if (column == PF_COL_LINKS)
		a = union_of_lists(a, b);
	else if (column == PF_COL_METRICS || winner == IN_WINS)
		a = DirectFunctionCall2(jsonb_concat, a, b);
	else
		a = DirectFunctionCall2(jsonb_concat, b, a);
	return set_column(row, column, a);
}

PfColumnSet
pf_row_merge(PfRow *row, const PfRow *in)
{
	PfColumnSet changed = 0;
	int			row_rank = source_rank(row);
	int			in_rank = source_rank(in);
	bool		same_source = pf_str_eq(get_text(row, PF_COL_SOURCE), get_text(in, PF_COL_SOURCE));
	int			age = same_source ? compare_age(row, in) : 0;
	bool		was_withdrawn = !row->nulls[PF_COL_WITHDRAWN] &&
		DatumGetBool(row->values[PF_COL_WITHDRAWN]);
	bool		in_withdrawn = !in->nulls[PF_COL_WITHDRAWN] &&
		DatumGetBool(in->values[PF_COL_WITHDRAWN]);
	Winner		winner;

	if (in_rank != row_rank)
		winner = in_rank > row_rank ? IN_WINS : ROW_WINS;
	else
		winner = same_source && age >= 0 ? IN_WINS : ROW_WINS;

	for (PfColumn column = PF_COL_TITLE; column < PF_NCOLUMNS; column++)
	{
		if (in->nulls[column] || column == PF_COL_WITHDRAWN)
			continue;
		if (row->nulls[column])
		{
			changed |= set_column(row, column, in->values[column]);
			continue;
		}
		switch (column)
		{
			case PF_COL_ABSTRACT:
				if (winner == IN_WINS &&
					!is_cut_off(get_text(in, column), get_text(row, column)))
					changed |= set_column(row, column, in->values[column]);
				else if (winner == ROW_WINS &&
						 is_cut_off(get_text(row, column), get_text(in, column)))
					changed |= set_column(row, column, in->values[column]);
				break;
			case PF_COL_PUBLISHED:
				changed |= merge_published(row, in, winner, same_source);
				break;
			case PF_COL_UPDATED:
				if (winner == IN_WINS &&
					(!same_source || DatumGetTimestampTz(in->values[column]) >
					 DatumGetTimestampTz(row->values[column])))
					changed |= set_column(row, column, in->values[column]);
				break;
			case PF_COL_DOI:
				if (pf_str_starts(get_text(in, column), ARXIV_DOI))
					break;
				if (winner == IN_WINS || pf_str_starts(get_text(row, column), ARXIV_DOI))
					changed |= set_column(row, column, in->values[column]);
				break;
			case PF_COL_LINKS:
			case PF_COL_METRICS:
			case PF_COL_EXTRA:
				changed |= merge_object(row, in, column, winner);
				break;
			default:
				if (winner == IN_WINS)
					changed |= set_column(row, column, in->values[column]);
				break;
		}
	}

	if (in_withdrawn && !was_withdrawn)
		changed |= set_column(row, PF_COL_WITHDRAWN, BoolGetDatum(true));
	else if (was_withdrawn && !in_withdrawn && same_source && age > 0 && !in->nulls[PF_COL_TITLE])
		changed |= set_column(row, PF_COL_WITHDRAWN, BoolGetDatum(false));
	else if (row->nulls[PF_COL_WITHDRAWN])
		changed |= set_column(row, PF_COL_WITHDRAWN, BoolGetDatum(in_withdrawn));
	return changed;
}

Datum
pf_row_jsonb(const PfRow *row, PfColumnSet columns)
{
	static const char *const names[PF_NCOLUMNS] = {
		"id", "title", "abstract", "authors", "published", "updated", "version", "categories",
		"doi", "venue", "comment", "license", "url", "pdf_url", "links", "metrics", "withdrawn",
		"source", "extra"
	};
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (PfColumn column = 0; column < PF_NCOLUMNS; column++)
	{
		JsonbValue	v;

		if ((columns & ((PfColumnSet) 1 << column)) == 0 || row->nulls[column])
			continue;
		v.type = jbvString;
		v.val.string.val = unconstify(char *, names[column]);
		v.val.string.len = (int) strlen(names[column]);
		pushJsonbValue(&state, WJB_KEY, &v);
		switch (column)
		{
			case PF_COL_AUTHORS:
			case PF_COL_CATEGORIES:
				{
					Datum	   *datums;
					bool	   *nulls;
					int			n;

					deconstruct_array(DatumGetArrayTypeP(row->values[column]), TEXTOID, -1, false,
									  TYPALIGN_INT, &datums, &nulls, &n);
					pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
					for (int i = 0; i < n; i++)
					{
						text	   *t;

						if (nulls[i])
							continue;
						t = DatumGetTextPP(datums[i]);
						v.type = jbvString;
						v.val.string.val = VARDATA_ANY(t);
						v.val.string.len = (int) VARSIZE_ANY_EXHDR(t);
						pushJsonbValue(&state, WJB_ELEM, &v);
					}
					pushJsonbValue(&state, WJB_END_ARRAY, NULL);
					continue;
				}
			case PF_COL_LINKS:
			case PF_COL_METRICS:
			case PF_COL_EXTRA:
				{
					Jsonb	   *jb = DatumGetJsonbP(row->values[column]);

					v.type = jbvBinary;
					v.val.binary.data = &jb->root;
					v.val.binary.len = VARSIZE(jb) - VARHDRSZ;
					break;
				}
			case PF_COL_PUBLISHED:
			case PF_COL_UPDATED:
				{
					v.type = jbvDatetime;
					v.val.datetime.value = row->values[column];
					v.val.datetime.typid = TIMESTAMPTZOID;
					v.val.datetime.typmod = -1;
					v.val.datetime.tz = 0;
					break;
				}
			case PF_COL_VERSION:
				v.type = jbvNumeric;
				v.val.numeric = int64_to_numeric(DatumGetInt32(row->values[column]));
				break;
			case PF_COL_WITHDRAWN:
				v.type = jbvBool;
				v.val.boolean = DatumGetBool(row->values[column]);
				break;
			default:
				{
					PfStr		s = get_text(row, column);

					v.type = jbvString;
					v.val.string.val = unconstify(char *, s.s);
					v.val.string.len = s.len;
					break;
				}
		}
		pushJsonbValue(&state, WJB_VALUE, &v);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
