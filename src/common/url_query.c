/*-------------------------------------------------------------------------
 *
 * url_query.c
 *		Addresses: the parameters of a query.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/urls.h"
#include "lib/stringinfo.h"

static void
append_encoded(StringInfo buf, PfStr a)
{
	for (int i = 0; i < a.len; i++)
	{
		unsigned char c = (unsigned char) a.s[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			c == '-' || c == '_' || c == '.' || c == '~')
			appendStringInfoChar(buf, c);
		else
			appendStringInfo(buf, "%%%02X", c);
	}
}

/* Is it "name=..." or "name"? */
static bool
is_param(PfStr a, const char *name)
{
	int			n = (int) strlen(name);

	return pf_str_starts(a, name) && (a.len == n || a.s[n] == '=');
}

/* Take the first parameter off a query. */
static PfStr
next_param(PfStr *query)
{
	PfStr		param = *query;
	int			n = 0;

	while (n < query->len && query->s[n] != '&')
		n++;
	param.len = n;
	*query = (PfStr) {query->s + Min(n + 1, query->len), query->len - Min(n + 1, query->len)};
	return param;
}

PfStr
pf_url_param(PfStr url, const char *name)
{
	int			n = (int) strlen(name) + 1;
	PfUrl		parts;

	if (pf_str_blank(url) || !pf_url_split(url, &parts))
		return PF_STR_NONE;
	while (parts.query.len > 0)
	{
		PfStr		param = next_param(&parts.query);

		if (is_param(param, name) && param.len >= n)
			return (PfStr) {param.s + n, param.len - n};
	}
	return PF_STR_NONE;
}

PfStr
pf_url_with_param(PfStr url, const char *name, PfStr value)
{
	StringInfoData buf;
	PfUrl		parts;
	char		sep = '?';
	int			n;

	if (pf_str_blank(url) || !pf_url_split(url, &parts))
		return PF_STR_NONE;
	for (n = 0; n < url.len; n++)
	{
		if (url.s[n] == '?' || url.s[n] == '#')
			break;
	}
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, url.s, n);
	while (parts.query.len > 0)
	{
		PfStr		param = next_param(&parts.query);

		if (param.len == 0 || is_param(param, name))
			continue;
		appendStringInfoChar(&buf, sep);
		appendBinaryStringInfo(&buf, param.s, param.len);
		sep = '&';
	}
	if (value.s != NULL)
	{
		appendStringInfo(&buf, "%c%s=", sep, name);
		append_encoded(&buf, value);
	}
	return (PfStr) {buf.data, buf.len};
}
