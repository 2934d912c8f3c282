/*-------------------------------------------------------------------------
 *
 * text_sql.c
 *		paperfeed.plain and paperfeed.links: display text and addresses in SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "common/encoding.h"
#include "common/text.h"
#include "compat.h"

PG_FUNCTION_INFO_V1(pf_sql_plain);
PG_FUNCTION_INFO_V1(pf_sql_links);

Datum
pf_sql_plain(PG_FUNCTION_ARGS)
{
	text	   *in = PG_GETARG_TEXT_PP(0);
	StringInfoData out;

	initStringInfo(&out);
	pf_plain(pf_text_to_utf8(in), PF_PLAIN_ALL, &out);
	PG_RETURN_TEXT_P(pf_utf8_to_text((PfStr) {out.data, out.len}));
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, PfStr s)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, s.s);
	value.val.string.len = s.len;
	(void) pushJsonbValue(state, token, &value);
}

Datum
pf_sql_links(PG_FUNCTION_ARGS)
{
	static const char *const keys[] = {"code", "data", "model", "project"};
	text	   *in = PG_GETARG_TEXT_PP(0);
	JsonbParseState *state = NULL;
	JsonbValue *result;
	PfPairs		links = {NULL, 0, 0};

	pf_links(pf_text_to_utf8(in), &links);

	/* Addresses are ASCII, which is the same in every server encoding. */
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int k = 0; k < (int) lengthof(keys); k++)
	{
		bool		any = false;

		for (int i = 0; i < links.n; i++)
		{
			if (strcmp(links.items[i].key, keys[k]) != 0)
				continue;
			if (!any)
			{
				push_string(&state, WJB_KEY, pf_str(keys[k]));
				(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
				any = true;
			}
			push_string(&state, WJB_ELEM, links.items[i].value);
		}
		if (any)
			(void) pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	}
	result = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(result));
}
