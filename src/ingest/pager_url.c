/*-------------------------------------------------------------------------
 *
 * pager_url.c
 *		The addresses that services want for a page of a range of days.
 *
 * A feed's address keeps what it says of the papers (a set, a query, a filter);
 * what it says of days, order and pages is replaced.  Pages are as large as the
 * service likes to give them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/dates.h"
#include "common/urls.h"
#include "ingest/pager_url.h"
#include "utils/datetime.h"

#define ARXIV_ROWS		1000	/* of 2000 at most */
#define CROSSREF_ROWS	200		/* with their references these are some MB already */
#define CROSSREF_MAX_ROWS 1000
#define OPENALEX_ROWS	200
#define DAILY_ROWS		100

/* "2024-02-29", or with separators of another kind. */
static PfStr
day(DateADT date, const char *format)
{
	int			year;
	int			month;
	int			mday;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	return pf_str(psprintf(format, year, month, mday));
}

#define ISO_DAY		"%04d-%02d-%02d"

static PfStr
optional_day(DateADT date)
{
	return DATE_NOT_FINITE(date) ? PF_STR_NONE : day(date, ISO_DAY);
}

static void
read_day(PfStr text, DateADT *date)
{
	TimestampTz at = pf_date(text);

	if (at != PF_NO_TIME)
		*date = pf_day_of(at);
}

static bool
ends_with(PfStr a, const char *end)
{
	int			n = (int) strlen(end);

	return a.len >= n && memcmp(a.s + a.len - n, end, n) == 0;
}

/* Is it the host, or one below it? */
static bool
is_below(PfStr host, const char *name)
{
	int			n = (int) strlen(name);
	PfStr		tail = host;

	if (host.len > n && host.s[host.len - n - 1] == '.')
		tail = (PfStr) {host.s + host.len - n, n};
	return pf_str_eq_nocase(tail, name);
}

/* A parameter's value in plain text; a plus sign is a blank there. */
static PfStr
param(PfStr url, const char *name)
{
	PfStr		value = pf_url_param(url, name);
	char	   *copy;

	if (value.s == NULL)
		return PF_STR_NONE;
	copy = pnstrdup(value.s, value.len);
	for (int i = 0; i < value.len; i++)
		if (copy[i] == '+')
			copy[i] = ' ';
	return pf_url_decode((PfStr) {copy, value.len});
}

static PfStr
without(PfStr url, const char *const *names)
{
	for (; *names != NULL; names++)
		url = pf_url_with_param(url, *names, PF_STR_NONE);
	return url;
}

static PfStr
with_number(PfStr url, const char *name, int64 value)
{
	return pf_url_with_param(url, name, pf_str_printf("%lld", (long long) value));
}

/* What the address asks for, if that is within reason. */
static int
rows(PfStr url, const char *name, int least, int most)
{
	int			own;

	if (!pf_str_int(pf_url_param(url, name), &own))
		own = 0;
	return Min(Max(own, least), most);
}

/* ----------------------------------------------------------------
 * bioRxiv and medRxiv: "/details/server/from/to/cursor"
 * ----------------------------------------------------------------
 */

/* What is between the n-th and the next slash behind "/details/", from 0. */
static PfStr
segment(PfStr url, int n)
{
	PfStr		tail = pf_str_find(url, "/details/");
	int			at = (int) strlen("/details/");
	int			end;

	if (tail.s == NULL)
		return PF_STR_NONE;
	for (;; n--)
	{
		for (end = at; end < tail.len; end++)
			if (strchr("/?#", tail.s[end]) != NULL)
				break;
		if (n == 0)
			return (PfStr) {tail.s + at, end - at};
		if (end == tail.len || tail.s[end] != '/')
			return PF_STR_NONE;
		at = end + 1;
	}
}

static bool
is_biorxiv(PfStr url)
{
	PfStr		server = segment(url, 0);

	/* "/details/biorxiv/10.1101/2020.01.01.123456" is one paper. */
	return (pf_str_eq_nocase(server, "biorxiv") || pf_str_eq_nocase(server, "medrxiv")) &&
		segment(url, 1).len > 0 && !pf_str_starts(segment(url, 1), "10.");
}

static PfStr
biorxiv_url(const PfPager *pager)
{
	PfStr		server = segment(pager->feed, 0);
	PfStr		query = pf_str_find(pager->feed, "?");
	int			before = (int) (server.s + server.len - pager->feed.s);

	return pf_str_printf("%.*s/%s/%s/%lld%.*s", before, pager->feed.s,
						 day(pager->from, ISO_DAY).s, day(pager->to, ISO_DAY).s,
						 (long long) pager->seen, query.len, query.s != NULL ? query.s : "");
}

/* ----------------------------------------------------------------
 * Crossref and OpenAlex: "filter=name:value,name:value"
 * ----------------------------------------------------------------
 */

/* The names of the filters by days; those of Crossref that the address has, or of creation. */
static void
day_filters(PfPagerKind kind, PfStr filter, const char **from, const char **until)
{
	PfStrings	items = {0};

	if (kind == PF_PAGER_OPENALEX)
	{
		*from = "from_publication_date:";
		*until = "to_publication_date:";
		return;
	}
	*from = "from-created-date:";
	*until = "until-created-date:";
	pf_strings_split(&items, filter, ",");
	for (int i = 0; i < items.n; i++)
	{
		PfStr		end = pf_str_find(items.items[i], "-date:");
		int			len = (int) (end.s - items.items[i].s);

		if (!pf_str_starts(items.items[i], "from-") || end.s == NULL || len < 5)
			continue;
		*from = psprintf("%.*s-date:", len, items.items[i].s);
		*until = psprintf("until-%.*s-date:", len - 5, items.items[i].s + 5);
		break;
	}
}

static void
own_filter_days(PfPagerKind kind, PfStr url, DateADT *first, DateADT *last)
{
	PfStr		filter = param(url, "filter");
	PfStrings	items = {0};
	const char *from;
	const char *until;

	day_filters(kind, filter, &from, &until);
	pf_strings_split(&items, filter, ",");
	for (int i = 0; i < items.n; i++)
	{
		PfStr		item = items.items[i];

		if (pf_str_starts(item, from))
			read_day((PfStr) {item.s + strlen(from), item.len - (int) strlen(from)}, first);
		else if (pf_str_starts(item, until))
			read_day((PfStr) {item.s + strlen(until), item.len - (int) strlen(until)}, last);
	}
}

static PfStr
with_filter(const PfPager *pager)
{
	PfStr		old = param(pager->feed, "filter");
	PfStr		new = PF_STR_LIT("");
	PfStrings	items = {0};
	const char *from;
	const char *until;

	day_filters(pager->kind, old, &from, &until);
	pf_strings_split(&items, old, ",");
	for (int i = 0; i < items.n; i++)
		if (!pf_str_starts(items.items[i], from) && !pf_str_starts(items.items[i], until))
			new = pf_str_printf("%s%s%.*s", new.s, new.len > 0 ? "," : "", items.items[i].len,
								items.items[i].s);
	if (!DATE_NOT_FINITE(pager->from))
		new = pf_str_printf("%s%s%s%s", new.s, new.len > 0 ? "," : "", from,
							day(pager->from, ISO_DAY).s);
	if (!DATE_NOT_FINITE(pager->to))
		new = pf_str_printf("%s%s%s%s", new.s, new.len > 0 ? "," : "", until,
							day(pager->to, ISO_DAY).s);
	return pf_url_with_param(pager->feed, "filter", new.len > 0 ? new : PF_STR_NONE);
}

static PfStr
crossref_url(const PfPager *pager)
{
	static const char *const paging[] = {"offset", "rows", "cursor", NULL};
	PfStr		url = without(with_filter(pager), paging);

	url = with_number(url, "rows", rows(pager->feed, "rows", CROSSREF_ROWS, CROSSREF_MAX_ROWS));
	return pf_url_with_param(url, "cursor", PF_STR_LIT("*"));
}

static PfStr
openalex_url(const PfPager *pager)
{
	static const char *const paging[] = {"page", "per-page", "per_page", "cursor", NULL};
	PfStr		url = without(with_filter(pager), paging);

	url = with_number(url, "per-page", OPENALEX_ROWS);
	return pf_url_with_param(url, "cursor", PF_STR_LIT("*"));
}

/* ----------------------------------------------------------------
 * The others
 * ----------------------------------------------------------------
 */

PfStr
pf_pager_identify_url(const PfPager *pager)
{
	return pf_pager_token_url(pager, PF_STR_NONE);
}

/* A token stands for all other arguments, and is not to be sent with them. */
PfStr
pf_pager_token_url(const PfPager *pager, PfStr token)
{
	static const char *const arguments[] = {
		"verb", "metadataPrefix", "set", "from", "until", "resumptionToken", NULL
	};
	PfStr		url = without(pager->feed, arguments);

	if (token.s == NULL)
		return pf_url_with_param(url, "verb", PF_STR_LIT("Identify"));
	url = pf_url_with_param(url, "verb", PF_STR_LIT("ListRecords"));
	return pf_url_with_param(url, "resumptionToken", token);
}

/* Every repository understands days. */
static PfStr
oai_url(const PfPager *pager)
{
	PfStr		url = pf_url_with_param(pager->feed, "resumptionToken", PF_STR_NONE);

	url = pf_url_with_param(url, "from", optional_day(pager->from));
	return pf_url_with_param(url, "until", optional_day(pager->to));
}

/* The oldest first: what appears meanwhile comes last, and shifts nothing. */
static PfStr
arxiv_url(const PfPager *pager)
{
	PfStr		query = pf_str_trim(param(pager->feed, "search_query"));
	PfStr		url;

	query = pf_str_printf("(%.*s) AND submittedDate:[%s0000 TO %s2359]", query.len, query.s,
						  day(pager->from, "%04d%02d%02d").s, day(pager->to, "%04d%02d%02d").s);
	url = pf_url_with_param(pager->feed, "search_query", query);
	url = pf_url_with_param(url, "sortBy", PF_STR_LIT("submittedDate"));
	url = pf_url_with_param(url, "sortOrder", PF_STR_LIT("ascending"));
	url = with_number(url, "start", pager->seen);
	return with_number(url, "max_results",
					   rows(pager->feed, "max_results", ARXIV_ROWS, 2 * ARXIV_ROWS));
}

static PfStr
s2_url(const PfPager *pager)
{
	static const char *const paging[] = {"token", "offset", NULL};
	PfStr		url = without(pager->feed, paging);

	if (DATE_NOT_FINITE(pager->since))
		return url;
	return pf_url_with_param(url, "publicationDateOrYear",
							 pf_str_printf("%s:", day(pager->since, ISO_DAY).s));
}

PfStr
pf_pager_day_url(const PfPager *pager, int page)
{
	static const char *const paging[] = {"date", "week", "month", "p", "limit", NULL};
	PfStr		url = without(pager->feed, paging);

	url = pf_url_with_param(url, "date", day(pager->from, ISO_DAY));
	url = with_number(url, "limit", DAILY_ROWS);
	return page == 0 ? url : with_number(url, "p", page);
}

bool
pf_pager_recognize(PfStr url, PfPagerKind *kind)
{
	PfUrl		parts;
	PfStr		path;

	*kind = PF_PAGER_LINKS;
	if (!pf_url_split(url, &parts) || pf_str_blank(parts.host))
		return false;
	path = parts.path;
	while (path.len > 0 && path.s[path.len - 1] == '/')
		path.len--;

	if (PF_STR_IS(pf_url_param(url, "verb"), "ListRecords"))
		*kind = PF_PAGER_OAI;
	else if (ends_with(path, "/api/query") && pf_url_param(url, "search_query").len > 0)
		*kind = PF_PAGER_ARXIV;
	else if (is_biorxiv(url))
		*kind = PF_PAGER_BIORXIV;
	else if (ends_with(path, "/api/daily_papers"))
		*kind = PF_PAGER_DAILY;
	else if (ends_with(path, "/paper/search") || ends_with(path, "/paper/search/bulk"))
		*kind = PF_PAGER_S2;
	else if (ends_with(path, "/works"))
	{
		if (is_below(parts.host, "openalex.org") || pf_url_param(url, "per-page").s != NULL ||
			pf_url_param(url, "per_page").s != NULL)
			*kind = PF_PAGER_OPENALEX;
		else if (is_below(parts.host, "crossref.org") || pf_url_param(url, "rows").s != NULL)
			*kind = PF_PAGER_CROSSREF;
	}
	/* The day's announcements; other verbs of OAI-PMH, and lists of ids. */
	return *kind != PF_PAGER_LINKS ||
		!(is_below(parts.host, "rss.arxiv.org") || pf_url_param(url, "verb").s != NULL ||
		  ends_with(path, "/api/query"));
}

void
pf_pager_own_days(PfPagerKind kind, PfStr url, DateADT *from, DateADT *to)
{
	*from = DATEVAL_NOBEGIN;
	*to = DATEVAL_NOEND;
	switch (kind)
	{
		case PF_PAGER_OAI:
			read_day(param(url, "from"), from);
			read_day(param(url, "until"), to);
			break;
		case PF_PAGER_BIORXIV:
			if (memchr(segment(url, 1).s, '-', segment(url, 1).len) == NULL)
				break;			/* "7d" or "100": the latest */
			read_day(segment(url, 1), from);
			read_day(segment(url, 2), to);
			break;
		case PF_PAGER_CROSSREF:
		case PF_PAGER_OPENALEX:
			own_filter_days(kind, url, from, to);
			break;
		default:
			break;
	}
}

PfStr
pf_pager_window_url(const PfPager *pager)
{
	switch (pager->kind)
	{
		case PF_PAGER_OAI:
			return oai_url(pager);
		case PF_PAGER_ARXIV:
			return arxiv_url(pager);
		case PF_PAGER_BIORXIV:
			return biorxiv_url(pager);
		case PF_PAGER_CROSSREF:
			return crossref_url(pager);
		case PF_PAGER_OPENALEX:
			return openalex_url(pager);
		case PF_PAGER_S2:
			return s2_url(pager);
		case PF_PAGER_DAILY:
			return pf_pager_day_url(pager, 0);
		case PF_PAGER_LINKS:
			break;
	}
	return pager->feed;
}
