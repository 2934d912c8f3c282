/*-------------------------------------------------------------------------
 *
 * pf_unit.c
 *		What paperfeed's C has no SQL surface for, as SQL, for tests alone.
 *
 * Each wrapper hands its function a copy of just the input's bytes, so that
 * a build with a memory checker sees any read beyond a PfStr.  None comes out
 * as NULL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "catalog/pg_type_d.h"
#include "common/dates.h"
#include "common/names.h"
#include "common/urls.h"
#include "fmgr.h"
#include "paper/paperid.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(pf_unit_date);
PG_FUNCTION_INFO_V1(pf_unit_date_ymd);
PG_FUNCTION_INFO_V1(pf_unit_date_epoch_ms);
PG_FUNCTION_INFO_V1(pf_unit_month);
PG_FUNCTION_INFO_V1(pf_unit_url_split);
PG_FUNCTION_INFO_V1(pf_unit_url_resolve);
PG_FUNCTION_INFO_V1(pf_unit_url_canonical);
PG_FUNCTION_INFO_V1(pf_unit_url_decode);
PG_FUNCTION_INFO_V1(pf_unit_name);
PG_FUNCTION_INFO_V1(pf_unit_name_join);
PG_FUNCTION_INFO_V1(pf_unit_names);
PG_FUNCTION_INFO_V1(pf_unit_names_given);
PG_FUNCTION_INFO_V1(pf_unit_paperid_version);
PG_FUNCTION_INFO_V1(pf_unit_paperid_hash);

/* Argument n; none if it is NULL. */
static PfStr
arg(FunctionCallInfo fcinfo, int n)
{
	text	   *in;
	int			len;
	char	   *copy;

	if (PG_ARGISNULL(n))
		return PF_STR_NONE;
	in = PG_GETARG_TEXT_PP(n);
	len = VARSIZE_ANY_EXHDR(in);
	copy = palloc(Max(len, 1));
	memcpy(copy, VARDATA_ANY(in), len);
	return (PfStr) {copy, len};
}

static Datum
give(FunctionCallInfo fcinfo, PfStr a)
{
	if (a.s == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(a.s, a.len));
}

static Datum
give_time(FunctionCallInfo fcinfo, TimestampTz t)
{
	if (t == PF_NO_TIME)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(t);
}

static Datum
give_list(FunctionCallInfo fcinfo, const PfStr *items, int n)
{
	Datum	   *datums = palloc(sizeof(Datum) * Max(n, 1));
	bool	   *nulls = palloc(sizeof(bool) * Max(n, 1));
	int			lower = 1;

	(void) fcinfo;
	for (int i = 0; i < n; i++)
	{
		nulls[i] = items[i].s == NULL;
		if (!nulls[i])
			datums[i] = PointerGetDatum(cstring_to_text_with_len(items[i].s, items[i].len));
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(datums, nulls, 1, &n, &lower, TEXTOID,
											 -1, false, TYPALIGN_INT));
}

Datum
pf_unit_date(PG_FUNCTION_ARGS)
{
	return give_time(fcinfo, pf_date(arg(fcinfo, 0)));
}

Datum
pf_unit_date_ymd(PG_FUNCTION_ARGS)
{
	return give_time(fcinfo, pf_date_ymd(PG_GETARG_INT32(0), PG_GETARG_INT32(1),
										 PG_GETARG_INT32(2)));
}

Datum
pf_unit_date_epoch_ms(PG_FUNCTION_ARGS)
{
	return give_time(fcinfo, pf_date_epoch_ms(PG_GETARG_INT64(0)));
}

Datum
pf_unit_month(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(pf_month(arg(fcinfo, 0)));
}

/* {scheme, userinfo, host, port, path, query, fragment} */
Datum
pf_unit_url_split(PG_FUNCTION_ARGS)
{
	PfUrl		url;
	PfStr		items[7];

	if (!pf_url_split(arg(fcinfo, 0), &url))
		PG_RETURN_NULL();
	items[0] = url.scheme;
	items[1] = url.userinfo;
	items[2] = url.host;
	items[3] = url.port < 0 ? PF_STR_NONE : pf_str_printf("%d", url.port);
	items[4] = url.path;
	items[5] = url.query;
	items[6] = url.fragment;
	return give_list(fcinfo, items, 7);
}

Datum
pf_unit_url_resolve(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_url_resolve(arg(fcinfo, 0), arg(fcinfo, 1)));
}

Datum
pf_unit_url_canonical(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_url_canonical(arg(fcinfo, 0)));
}

/* As bytea: what was encoded need not be text. */
Datum
pf_unit_url_decode(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_url_decode(arg(fcinfo, 0)));
}

Datum
pf_unit_name(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_name(arg(fcinfo, 0)));
}

Datum
pf_unit_name_join(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_name_join(arg(fcinfo, 0), arg(fcinfo, 1), arg(fcinfo, 2)));
}

Datum
pf_unit_names(PG_FUNCTION_ARGS)
{
	PfStrings	list = {NULL, 0, 0};

	pf_names_split(&list, arg(fcinfo, 0));
	return give_list(fcinfo, list.items, list.n);
}

Datum
pf_unit_names_given(PG_FUNCTION_ARGS)
{
	PfStrings	list = {NULL, 0, 0};

	pf_names_split_given(&list, arg(fcinfo, 0));
	return give_list(fcinfo, list.items, list.n);
}

/* The version that a spelling of an identity names; NULL if it is none. */
Datum
pf_unit_paperid_version(PG_FUNCTION_ARGS)
{
	int			version;

	if (pf_paperid_read(arg(fcinfo, 0), NULL, &version) == PF_SCHEME_NONE)
		PG_RETURN_NULL();
	PG_RETURN_INT32(version);
}

Datum
pf_unit_paperid_hash(PG_FUNCTION_ARGS)
{
	return give(fcinfo, pf_paperid_hash(arg(fcinfo, 0), arg(fcinfo, 1)));
}
