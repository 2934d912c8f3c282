/*-------------------------------------------------------------------------
 *
 * filter.c
 *		The columns behind the tsvector: values, conditions, documents' records.
 *
 * Every value becomes an int64 that orders as the column does: integers, dates
 * and times are themselves, floats have their bits turned so, and text is its
 * hash, which is good for equality only.  A condition is then a range of
 * integers.  Its comparison value may be of another type than the column, even
 * one with values between those of the column; so it is turned into a Cut: the
 * greatest value of the column that is not above it, and whether that is
 * equal.  From there on <, <=, =, >= and > are exact.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/skey.h"
#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "index/index.h"

/* Offsets in a document's record */
#define RECORD_LENGTH	0
#define RECORD_BLOCK	4
#define RECORD_OFFSET	8
#define RECORD_NULLS	10
#define RECORD_VALUES	12

typedef struct Cut
{
	int64		floor;			/* greatest value of the column <= the comparison value */
	bool		exact;			/* they are equal */
} Cut;

#define EXACTLY(value)	((Cut) {(value), true})
#define ABOVE(value)	((Cut) {(value), false})

/* ---- values ---- */

/* -0 is 0, and NaN is greatest, as in comparisons of SQL. */
static int64
order_float4(float4 value)
{
	int32		bits;

	if (isnan(value))
		return PG_INT32_MAX;
	if (value == 0)
		return 0;
	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? bits ^ PG_INT32_MAX : bits;
}

static int64
order_float8(float8 value)
{
	int64		bits;

	if (isnan(value))
		return PG_INT64_MAX;
	if (value == 0)
		return 0;
	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? bits ^ PG_INT64_MAX : bits;
}

static int64
order_text(Datum value, Oid collation)
{
	return DatumGetInt64(DirectFunctionCall2Coll(hashtextextended, collation, value,
												 Int64GetDatum(0)));
}

static int64
order_value(Oid type, Oid collation, Datum value)
{
	switch (type)
	{
		case BOOLOID:
			return DatumGetBool(value) ? 1 : 0;
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return DatumGetInt64(value);
		case DATEOID:
			return DatumGetDateADT(value);
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return DatumGetTimestamp(value);
		case FLOAT4OID:
			return order_float4(DatumGetFloat4(value));
		case FLOAT8OID:
			return order_float8(DatumGetFloat8(value));
		case TEXTOID:
			return order_text(value, collation);
		default:
			elog(ERROR, "unexpected type %u of a filter column", type);
			return 0;
	}
}

int64
pf_bm_filter_value(Relation index, int filter, Datum value)
{
	return order_value(index->rd_opcintype[filter + 1], index->rd_indcollation[filter + 1], value);
}

void
pf_bm_filter_values(Relation index, const Datum *values, const bool *isnull, PfBmDoc *doc)
{
	int			nfilters = IndexRelationGetNumberOfKeyAttributes(index) - 1;

	doc->nulls = 0;
	for (int i = 0; i < nfilters; i++)
	{
		if (isnull[i + 1])
		{
			doc->nulls |= (uint16) (1 << i);
			doc->values[i] = 0;
		}
		else
			doc->values[i] = pf_bm_filter_value(index, i, values[i + 1]);
	}
}

/* ---- layout of a document's record ---- */

void
pf_bm_filters_init(Relation index, PfBmMeta *meta)
{
	int			nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	uint16		offset = nkeys > 1 ? RECORD_VALUES : RECORD_NULLS;

	if (index->rd_opcintype[0] != TSVECTOROID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the first column of a paperfeed_bm25 index must be a tsvector")));
	if (nkeys - 1 > PF_BM_MAX_FILTERS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("a paperfeed_bm25 index cannot have more than %d columns behind the tsvector",
						PF_BM_MAX_FILTERS)));

	meta->nfilters = (uint16) (nkeys - 1);
	for (int i = 0; i < nkeys - 1; i++)
	{
		PfBmFilter *filter = &meta->filters[i];

		meta->order[i] = (uint8) i;
		filter->type = PF_BM_FILTER_INT;
		switch (index->rd_opcintype[i + 1])
		{
			case BOOLOID:
				filter->width = 1;
				break;
			case INT2OID:
				filter->width = 2;
				break;
			case INT4OID:
			case DATEOID:
				filter->width = 4;
				break;
			case INT8OID:
			case TIMESTAMPOID:
			case TIMESTAMPTZOID:
				filter->width = 8;
				break;
			case FLOAT4OID:
				filter->type = PF_BM_FILTER_FLOAT;
				filter->width = 4;
				break;
			case FLOAT8OID:
				filter->type = PF_BM_FILTER_FLOAT;
				filter->width = 8;
				break;
			case TEXTOID:
				filter->type = PF_BM_FILTER_HASH;
				filter->width = 8;
				break;
			default:
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("column %d of a paperfeed_bm25 index cannot be of type %s", i + 2,
								format_type_be(index->rd_opcintype[i + 1]))));
		}
		filter->offset = offset;
		offset += filter->width;
	}
	meta->doc_width = offset;
}

void
pf_bm_doc_pack(const PfBmMeta *meta, const PfBmDoc *doc, char *record)
{
	uint32		block = ItemPointerGetBlockNumberNoCheck(&doc->tid);
	uint16		offset = ItemPointerGetOffsetNumberNoCheck(&doc->tid);

	memcpy(record + RECORD_LENGTH, &doc->length, sizeof(float4));
	memcpy(record + RECORD_BLOCK, &block, sizeof(uint32));
	memcpy(record + RECORD_OFFSET, &offset, sizeof(uint16));
	if (meta->nfilters > 0)
		memcpy(record + RECORD_NULLS, &doc->nulls, sizeof(uint16));
	for (int i = 0; i < meta->nfilters; i++)
	{
		char	   *to = record + meta->filters[i].offset;

		switch (meta->filters[i].width)
		{
			case 1:
				*to = (char) doc->values[i];
				break;
			case 2:
				{
					int16		value = (int16) doc->values[i];

					memcpy(to, &value, sizeof(value));
					break;
				}
			case 4:
				{
					int32		value = (int32) doc->values[i];

					memcpy(to, &value, sizeof(value));
					break;
				}
			default:
				memcpy(to, &doc->values[i], sizeof(int64));
		}
	}
}

void
pf_bm_doc_unpack(const PfBmMeta *meta, const char *record, PfBmDoc *doc)
{
	uint32		block;
	uint16		offset;

	memcpy(&doc->length, record + RECORD_LENGTH, sizeof(float4));
	memcpy(&block, record + RECORD_BLOCK, sizeof(uint32));
	memcpy(&offset, record + RECORD_OFFSET, sizeof(uint16));
	ItemPointerSet(&doc->tid, block, offset);
	doc->nulls = 0;
	if (meta->nfilters > 0)
		memcpy(&doc->nulls, record + RECORD_NULLS, sizeof(uint16));
	for (int i = 0; i < meta->nfilters; i++)
	{
		const char *from = record + meta->filters[i].offset;

		switch (meta->filters[i].width)
		{
			case 1:
				doc->values[i] = *(const int8 *) from;
				break;
			case 2:
				{
					int16		value;

					memcpy(&value, from, sizeof(value));
					doc->values[i] = value;
					break;
				}
			case 4:
				{
					int32		value;

					memcpy(&value, from, sizeof(value));
					doc->values[i] = value;
					break;
				}
			default:
				memcpy(&doc->values[i], from, sizeof(int64));
		}
	}
}

int
pf_bm_doc_compare(const PfBmMeta *meta, const PfBmDoc *a, const PfBmDoc *b)
{
	for (int i = 0; i < meta->nfilters; i++)
	{
		int			filter = meta->order[i];
		int			a_null = (a->nulls >> filter) & 1;
		int			b_null = (b->nulls >> filter) & 1;

		if (a_null != b_null)
			return a_null - b_null;
		if (a->values[filter] != b->values[filter])
			return a->values[filter] < b->values[filter] ? -1 : 1;
	}
	return ItemPointerCompare(unconstify(ItemPointerData *, &a->tid),
							  unconstify(ItemPointerData *, &b->tid));
}

/* ---- conditions ---- */

static Cut
cut_float4(float8 value)
{
	float4		nearest;

	if (isnan(value))
		return EXACTLY(order_float4((float4) value));
	if (value > FLT_MAX && !isinf(value))
		return ABOVE(order_float4(FLT_MAX));
	if (value < -FLT_MAX && !isinf(value))
		return ABOVE(order_float4(-(float4) INFINITY));
	nearest = (float4) value;
	if ((float8) nearest == value)
		return EXACTLY(order_float4(nearest));
	return ABOVE(order_float4(nearest) - ((float8) nearest > value ? 1 : 0));
}

static Cut
cut_date(Timestamp value)
{
	int64		day = value / USECS_PER_DAY;

	if (TIMESTAMP_IS_NOBEGIN(value))
		return EXACTLY(DATEVAL_NOBEGIN);
	if (TIMESTAMP_IS_NOEND(value))
		return EXACTLY(DATEVAL_NOEND);
	if (day * USECS_PER_DAY == value)
		return EXACTLY(day);
	return ABOVE(value < 0 ? day - 1 : day);
}

/* What does not fit is beyond all that is finite, but not infinite. */
static Cut
cut_timestamp(Timestamp value, int overflow)
{
	if (overflow > 0)
		return ABOVE(DT_NOEND - 1);
	if (overflow < 0)
		return ABOVE(DT_NOBEGIN);
	return EXACTLY(value);
}

/* As a date or a timestamp is compared with a timestamptz: in the session's time zone. */
static Cut
cut_timestamptz(Oid subtype, Datum value)
{
	int			overflow = 0;
	TimestampTz result;

	if (subtype == DATEOID)
		result = date2timestamptz_opt_overflow(DatumGetDateADT(value), &overflow);
	else
		result = timestamp2timestamptz_opt_overflow(DatumGetTimestamp(value), &overflow);
	return cut_timestamp(result, overflow);
}

static Cut
make_cut(Oid type, Oid collation, Oid subtype, Datum value)
{
	int			overflow = 0;

	if (subtype == type || !OidIsValid(subtype))
		return EXACTLY(order_value(type, collation, value));
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			if (subtype == INT2OID || subtype == INT4OID || subtype == INT8OID)
				return EXACTLY(order_value(subtype, collation, value));
			break;
		case FLOAT4OID:
			if (subtype == FLOAT8OID)
				return cut_float4(DatumGetFloat8(value));
			break;
		case FLOAT8OID:
			if (subtype == FLOAT4OID)
				return EXACTLY(order_float8((float8) DatumGetFloat4(value)));
			break;
		case DATEOID:
			if (subtype == TIMESTAMPOID)
				return cut_date(DatumGetTimestamp(value));
			break;
		case TIMESTAMPOID:
			if (subtype == DATEOID)
			{
				Timestamp	result = date2timestamp_opt_overflow(DatumGetDateADT(value), &overflow);

				return cut_timestamp(result, overflow);
			}
			break;
		case TIMESTAMPTZOID:
			if (subtype == DATEOID || subtype == TIMESTAMPOID)
				return cut_timestamptz(subtype, value);
			break;
		default:
			break;
	}
	elog(ERROR, "unexpected types %u and %u of a condition", type, subtype);
	return EXACTLY(0);
}

/* Values of the column for which "column operator cut" is true; low > high = none. */
static void
cut_range(Cut cut, StrategyNumber strategy, int64 *low, int64 *high)
{
	bool		none = false;

	*low = PG_INT64_MIN;
	*high = PG_INT64_MAX;
	switch (strategy)
	{
		case BTLessStrategyNumber:
			none = cut.exact && cut.floor == PG_INT64_MIN;
			*high = cut.exact && !none ? cut.floor - 1 : cut.floor;
			break;
		case BTLessEqualStrategyNumber:
			*high = cut.floor;
			break;
		case BTEqualStrategyNumber:
			none = !cut.exact;
			*low = *high = cut.floor;
			break;
		case BTGreaterEqualStrategyNumber:
			none = !cut.exact && cut.floor == PG_INT64_MAX;
			*low = cut.exact || none ? cut.floor : cut.floor + 1;
			break;
		case BTGreaterStrategyNumber:
			none = cut.floor == PG_INT64_MAX;
			*low = none ? cut.floor : cut.floor + 1;
			break;
		default:
			elog(ERROR, "unexpected strategy %u of a condition", strategy);
	}
	if (none)
	{
		*low = 1;
		*high = 0;
	}
}

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* Leaves those of range->in that are between low and high. */
static void
trim_values(PfBmRange *range)
{
	int			n = 0;

	for (int i = 0; i < range->nvalues; i++)
	{
		if (range->in[i] >= range->low && range->in[i] <= range->high)
			range->in[n++] = range->in[i];
	}
	range->nvalues = n;
	if (n == 0)
	{
		range->low = 1;
		range->high = 0;
	}
	else
	{
		range->low = range->in[0];
		range->high = range->in[n - 1];
	}
}

/* range = range AND value is one of n, which need not be sorted; keeps in. */
static void
intersect_values(PfBmRange *range, int64 *in, int n)
{
	int			kept = 0;

	if (n > 1)
		qsort(in, n, sizeof(int64), compare_int64);
	for (int i = 0; i < n; i++)
	{
		if (kept > 0 && in[kept - 1] == in[i])
			continue;
		if (range->nvalues >= 0 &&
			bsearch(&in[i], range->in, range->nvalues, sizeof(int64), compare_int64) == NULL)
			continue;
		in[kept++] = in[i];
	}
	range->in = in;
	range->nvalues = kept;
}

/*
 * column operator ANY (array).  For an inequality the loosest of the ranges is
 * their union.
 */
static void
intersect_array(PfBmRange *range, Oid type, Oid collation, const ScanKeyData *key)
{
	ArrayType  *array = DatumGetArrayTypeP(key->sk_argument);
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *values;
	bool	   *nulls;
	int			nvalues;
	int			n = 0;
	int64	   *in;
	int64		any_low = PG_INT64_MAX;
	int64		any_high = PG_INT64_MIN;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign, &values, &nulls,
					  &nvalues);
	in = palloc(sizeof(int64) * Max(nvalues, 1));
	for (int i = 0; i < nvalues; i++)
	{
		int64		low;
		int64		high;

		if (nulls[i])
			continue;
		cut_range(make_cut(type, collation, key->sk_subtype, values[i]), key->sk_strategy, &low, &high);
		if (low > high)
			continue;
		in[n++] = low;
		any_low = Min(any_low, low);
		any_high = Max(any_high, high);
	}
	if (key->sk_strategy == BTEqualStrategyNumber)
		intersect_values(range, in, n);
	range->low = Max(range->low, any_low);
	range->high = Min(range->high, any_high);
	pfree(values);
	pfree(nulls);
}

int
pf_bm_ranges(Relation index, ScanKey keys, int nkeys, PfBmRange *ranges, bool *never)
{
	int			nranges = 0;

	*never = false;
	for (int k = 0; k < nkeys; k++)
	{
		const ScanKeyData *key = &keys[k];
		int			column = key->sk_attno - 1;
		Oid			type;
		Oid			collation;
		PfBmRange  *range = NULL;

		if (column == 0)
			continue;
		type = index->rd_opcintype[column];
		collation = index->rd_indcollation[column];
		if (key->sk_flags & SK_ISNULL)
		{
			*never = true;
			continue;
		}

		for (int r = 0; r < nranges; r++)
		{
			if (ranges[r].filter == column - 1)
				range = &ranges[r];
		}
		if (range == NULL)
		{
			range = &ranges[nranges++];
			range->filter = column - 1;
			range->low = PG_INT64_MIN;
			range->high = PG_INT64_MAX;
			range->recheck = type == TEXTOID;
			range->nvalues = -1;
			range->in = NULL;
		}

		if (key->sk_flags & SK_SEARCHARRAY)
			intersect_array(range, type, collation, key);
		else
		{
			int64		low;
			int64		high;

			cut_range(make_cut(type, collation, key->sk_subtype, key->sk_argument),
					  key->sk_strategy, &low, &high);
			range->low = Max(range->low, low);
			range->high = Min(range->high, high);
		}
	}

	for (int r = 0; r < nranges; r++)
	{
		PfBmRange  *range = &ranges[r];

		if (range->nvalues >= 0)
			trim_values(range);
		if (range->low > range->high)
			*never = true;
		/* One value is a range of its own. */
		if (range->nvalues == 1)
			range->nvalues = -1;
	}
	return nranges;
}
