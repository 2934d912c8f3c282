/*-------------------------------------------------------------------------
 *
 * tuple.c
 *		The paper record as a row.
 *
 * Text is converted to the server's encoding here; what is above and below
 * in C is UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "paper/paper.h"
#include "port/pg_bswap.h"
#include "port/pg_crc32c.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#define MAX_NUMBER_LENGTH	40

Oid
pf_paper_typeid(void)
{
	Oid			schema = get_namespace_oid("paperfeed", false);
	Oid			typeid = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
										 CStringGetDatum("paper"), ObjectIdGetDatum(schema));

	if (!OidIsValid(typeid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type paperfeed.paper does not exist"),
				 errhint("Run CREATE EXTENSION paperfeed.")));
	return typeid;
}

TupleDesc
pf_paper_tupdesc(void)
{
	TupleDesc	tupdesc = lookup_rowtype_tupdesc_copy(pf_paper_typeid(), -1);

	if (tupdesc->natts != PF_NCOLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("type paperfeed.paper has %d columns, but the library knows %d",
						tupdesc->natts, PF_NCOLUMNS),
				 errhint("Run ALTER EXTENSION paperfeed UPDATE.")));
	return BlessTupleDesc(tupdesc);
}

static inline void
set_text(PfRow *row, PfColumn column, PfStr value)
{
	row->nulls[column] = value.s == NULL || value.len == 0;
	if (!row->nulls[column])
		row->values[column] = PointerGetDatum(pf_utf8_to_text(value));
}

/*
 * An array of text, its elements written in place: construct_array would
 * want each of them as a datum first.
 */
static ArrayType *
make_text_array(const PfStr *items, int n)
{
	Size		size = ARR_OVERHEAD_NONULLS(1);
	ArrayType  *array;
	char	   *to;

	for (int i = 0; i < n; i++)
		size = INTALIGN(size) + VARHDRSZ + items[i].len;
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a list of %d strings is too large", n)));
	array = palloc0(INTALIGN(size));
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = TEXTOID;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	to = ARR_DATA_PTR(array);
	for (int i = 0; i < n; i++)
	{
		to = (char *) INTALIGN(to);
		SET_VARSIZE(to, VARHDRSZ + items[i].len);
		memcpy(VARDATA(to), items[i].s, items[i].len);
		to += VARHDRSZ + items[i].len;
	}
	return array;
}

static void
set_texts(PfRow *row, PfColumn column, const PfStrings *list)
{
	PfStr	   *items = list->items;

	row->nulls[column] = list->n == 0;
	if (list->n == 0)
		return;
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		items = palloc(list->n * sizeof(PfStr));
		for (int i = 0; i < list->n; i++)
		{
			text	   *t = pf_utf8_to_text(list->items[i]);

			items[i] = (PfStr) {VARDATA(t), (int) VARSIZE(t) - VARHDRSZ};
		}
	}
	row->values[column] = PointerGetDatum(make_text_array(items, list->n));
}

/* In lower case and without a resolver's address: DOIs compare without regard to case. */
static void
set_doi(const PfRecord *rec, const PfIdentities *ids, PfRow *row)
{
	PfStr		doi = PF_STR_NONE;

	/* The record's own is among the identities. */
	for (int i = 0; i < ids->n && doi.s == NULL; i++)
	{
		if (pf_paperid_scheme(ids->ids[i]) == PF_SCHEME_DOI)
			doi = (PfStr) {ids->ids[i].s + strlen("doi:"), ids->ids[i].len - (int) strlen("doi:")};
	}
	if (doi.s == NULL && !pf_str_blank(rec->doi))
	{
		/* One of arXiv's or the ACL Anthology's, whose identity is not the DOI. */
		doi = pf_str_dup(pf_str_trim(rec->doi));
		for (int i = 0; i < doi.len; i++)
			unconstify(char *, doi.s)[i] = pg_ascii_tolower((unsigned char) doi.s[i]);
	}
	set_text(row, PF_COL_DOI, doi);
}

/* Where the source gives no address, the identity has one. */
static void
set_addresses(const PfRecord *rec, const PfIdentities *ids, PfRow *row)
{
	PfStr		url = rec->url;
	PfStr		pdf = rec->pdf_url;

	if (ids->n > 0 && pf_str_blank(url))
		url = pf_paperid_url(ids->ids[0]);
	if (ids->n > 0 && pf_str_blank(pdf) && pf_str_starts(ids->ids[0], "arxiv:"))
		pdf = pf_str_join(PF_STR_LIT("https://arxiv.org/pdf/"),
						  (PfStr) {ids->ids[0].s + strlen("arxiv:"),
								   ids->ids[0].len - (int) strlen("arxiv:")});
	set_text(row, PF_COL_URL, url);
	set_text(row, PF_COL_PDF_URL, pdf);
}

static inline void
set_time(PfRow *row, PfColumn column, TimestampTz t)
{
	row->nulls[column] = t == PF_NO_TIME;
	row->values[column] = TimestampTzGetDatum(t);
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, PfStr value)
{
	JsonbValue	v;

	if (GetDatabaseEncoding() != PG_UTF8)
	{
		text	   *converted = pf_utf8_to_text(value);

		value = (PfStr) {VARDATA(converted), (int) VARSIZE(converted) - VARHDRSZ};
	}
	v.type = jbvString;
	v.val.string.val = unconstify(char *, value.s);
	v.val.string.len = value.len;
	pushJsonbValue(state, token, &v);
}

/* Is it a number as JSON writes them, and of a sane length? */
static bool
is_number(PfStr a)
{
	int			i = 0;
	int			digits = 0;

	if (a.len == 0 || a.len > MAX_NUMBER_LENGTH)
		return false;
	if (a.s[i] == '-')
		i++;
	for (; i < a.len && a.s[i] >= '0' && a.s[i] <= '9'; i++)
		digits++;
	if (digits == 0)
		return false;
	if (i < a.len && a.s[i] == '.')
	{
		for (i++, digits = 0; i < a.len && a.s[i] >= '0' && a.s[i] <= '9'; i++)
			digits++;
		if (digits == 0)
			return false;
	}
	if (i < a.len && (a.s[i] == 'e' || a.s[i] == 'E'))
	{
		i++;
		if (i < a.len && (a.s[i] == '+' || a.s[i] == '-'))
			i++;
		/* Two digits of exponent are plenty, and cannot overflow numeric. */
		for (digits = 0; i < a.len && a.s[i] >= '0' && a.s[i] <= '9'; i++)
			digits++;
		if (digits == 0 || digits > 2)
			return false;
	}
	return i == a.len;
}

static void
push_pair(JsonbParseState **state, JsonbIteratorToken token, const PfPair *pair)
{
	JsonbValue	v;

	switch (pair->type)
	{
		case PF_PAIR_NUMBER:
			if (is_number(pair->value))
			{
				v.type = jbvNumeric;
				v.val.numeric =
					DatumGetNumeric(DirectFunctionCall3(numeric_in,
														CStringGetDatum(pnstrdup(pair->value.s,
																				 pair->value.len)),
														ObjectIdGetDatum(InvalidOid),
														Int32GetDatum(-1)));
				pushJsonbValue(state, token, &v);
				return;
			}
			break;
		case PF_PAIR_BOOL:
			v.type = jbvBool;
			v.val.boolean = PF_STR_IS(pair->value, "true");
			pushJsonbValue(state, token, &v);
			return;
		default:
			break;
	}
	push_string(state, token, pair->value);
}

/* Push the pairs as members of an object that is open. */
static void
push_pairs(JsonbParseState **state, const PfPairs *pairs)
{
	bool	   *done = palloc0(pairs->n * sizeof(bool));

	for (int i = 0; i < pairs->n; i++)
	{
		const PfPair *pair = &pairs->items[i];

		if (done[i])
			continue;
		push_string(state, WJB_KEY, pf_str(pair->key));
		if (pair->type != PF_PAIR_LIST)
		{
			push_pair(state, WJB_VALUE, pair);
			continue;
		}
		pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
		for (int k = i; k < pairs->n; k++)
		{
			if (!done[k] && pairs->items[k].type == PF_PAIR_LIST &&
				strcmp(pairs->items[k].key, pair->key) == 0)
			{
				push_pair(state, WJB_ELEM, &pairs->items[k]);
				done[k] = true;
			}
		}
		pushJsonbValue(state, WJB_END_ARRAY, NULL);
	}
	pfree(done);
}

static void
set_pairs(PfRow *row, PfColumn column, const PfPairs *pairs)
{
	JsonbParseState *state = NULL;

	row->nulls[column] = pairs->n == 0;
	if (pairs->n == 0)
		return;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_pairs(&state, pairs);
	row->values[column] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT,
																		  NULL)));
}

static char *
put_digits(char *to, int value, int n)
{
	for (int i = n - 1; i >= 0; i--, value /= 10)
		to[i] = (char) ('0' + value % 10);
	return to + n;
}

/* ISO 8601 in UTC, whatever TimeZone and DateStyle are. */
static PfStr
iso_time(TimestampTz t)
{
	struct pg_tm tm;
	fsec_t		fsec;
	char	   *s;
	char	   *to;

	if (timestamp2tm(t, NULL, &tm, &fsec, NULL, NULL) != 0 || tm.tm_year < 1 || tm.tm_year > 9999)
		return PF_STR_NONE;
	s = to = palloc(20);
	to = put_digits(to, tm.tm_year, 4);
	*to++ = '-';
	to = put_digits(to, tm.tm_mon, 2);
	*to++ = '-';
	to = put_digits(to, tm.tm_mday, 2);
	*to++ = 'T';
	to = put_digits(to, tm.tm_hour, 2);
	*to++ = ':';
	to = put_digits(to, tm.tm_min, 2);
	*to++ = ':';
	to = put_digits(to, tm.tm_sec, 2);
	*to++ = 'Z';
	return (PfStr) {s, (int) (to - s)};
}

static void
set_extra_with_sighting(PfRow *row, const PfRecord *rec, const PfIdentities *ids)
{
	PfPairs		pairs = {NULL, 0, 0};

	for (int i = 0; i < rec->extra.n; i++)
		pf_pairs_add(&pairs, rec->extra.items[i].key, rec->extra.items[i].type,
					 rec->extra.items[i].value);
	for (int i = 1; i < ids->n; i++)
		pf_pairs_add(&pairs, "ids", PF_PAIR_LIST, ids->ids[i]);
	pf_pairs_add(&pairs, "announce", PF_PAIR_STRING, rec->announce);
	if (rec->announced != PF_NO_TIME)
		pf_pairs_add(&pairs, "announced", PF_PAIR_STRING, iso_time(rec->announced));
	set_pairs(row, PF_COL_EXTRA, &pairs);
}

void
pf_row_from_record(const PfRecord *rec, const PfIdentities *ids, bool with_sighting, PfRow *row)
{
	int			version = rec->version > 0 ? rec->version : ids->version;

	set_text(row, PF_COL_ID, ids->n > 0 ? ids->ids[0] : PF_STR_NONE);
	set_text(row, PF_COL_TITLE, rec->title);
	set_text(row, PF_COL_ABSTRACT, rec->abstract);
	set_texts(row, PF_COL_AUTHORS, &rec->authors);
	set_time(row, PF_COL_PUBLISHED, rec->published);
	set_time(row, PF_COL_UPDATED, rec->updated);
	row->nulls[PF_COL_VERSION] = version <= 0;
	row->values[PF_COL_VERSION] = Int32GetDatum(version);
	set_texts(row, PF_COL_CATEGORIES, &rec->categories);
	set_doi(rec, ids, row);
	set_text(row, PF_COL_VENUE, rec->venue);
	set_text(row, PF_COL_COMMENT, rec->comment);
	set_text(row, PF_COL_LICENSE, rec->license);
	set_addresses(rec, ids, row);
	set_pairs(row, PF_COL_LINKS, &rec->links);
	set_pairs(row, PF_COL_METRICS, &rec->metrics);
	row->nulls[PF_COL_WITHDRAWN] = false;
	row->values[PF_COL_WITHDRAWN] = BoolGetDatum(rec->withdrawn);
	set_text(row, PF_COL_SOURCE, rec->source);
	if (with_sighting && (ids->n > 1 || rec->announce.s != NULL || rec->announced != PF_NO_TIME))
		set_extra_with_sighting(row, rec, ids);
	else
		set_pairs(row, PF_COL_EXTRA, &rec->extra);
}

/* CRC-32C and total length; a CRC is quick to compute, and the same on every machine. */
typedef struct Fingerprint
{
	pg_crc32c	crc;
	uint32		length;
} Fingerprint;

static void
add_bytes(Fingerprint *f, const void *bytes, int len)
{
	COMP_CRC32C(f->crc, bytes, len);
	f->length += len;
}

static void
add_int(Fingerprint *f, int64 value)
{
	value = (int64) pg_hton64((uint64) value);
	add_bytes(f, &value, sizeof(value));
}

static void
add_str(Fingerprint *f, PfStr a)
{
	if (a.len > 0)
		add_bytes(f, a.s, a.len);
	add_bytes(f, "", 1);
}

static void
add_strings(Fingerprint *f, const PfStrings *list)
{
	for (int i = 0; i < list->n; i++)
		add_str(f, list->items[i]);
	add_bytes(f, "", 1);
}

static void
add_pairs(Fingerprint *f, const PfPairs *pairs)
{
	for (int i = 0; i < pairs->n; i++)
	{
		add_str(f, pf_str(pairs->items[i].key));
		add_str(f, pairs->items[i].value);
	}
	add_bytes(f, "", 1);
}

uint64
pf_record_fingerprint(const PfRecord *rec)
{
	Fingerprint f;

	INIT_CRC32C(f.crc);
	f.length = 0;
	add_strings(&f, &rec->ids);
	add_str(&f, rec->title);
	add_str(&f, rec->abstract);
	add_strings(&f, &rec->authors);
	add_int(&f, rec->published);
	add_int(&f, rec->updated);
	add_int(&f, rec->version);
	add_strings(&f, &rec->categories);
	add_str(&f, rec->doi);
	add_str(&f, rec->venue);
	add_str(&f, rec->comment);
	add_str(&f, rec->license);
	add_str(&f, rec->url);
	add_str(&f, rec->pdf_url);
	add_pairs(&f, &rec->links);
	add_pairs(&f, &rec->metrics);
	add_pairs(&f, &rec->extra);
	add_int(&f, rec->withdrawn);
	add_str(&f, rec->source);
	add_str(&f, rec->announce);
	add_int(&f, rec->announced);
	FIN_CRC32C(f.crc);
	return (uint64) f.crc << 32 | f.length;
}

Datum
pf_record_jsonb(const PfRecord *rec)
{
	PfIdentities ids;
	PfRow		row;

	ids.n = 0;
	ids.version = 0;
	pf_row_from_record(rec, &ids, true, &row);
	return pf_row_jsonb(&row, (PfColumnSet) -1);
}
