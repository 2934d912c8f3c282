/*-------------------------------------------------------------------------
 *
 * services.c
 *		What the address of a service's page tells of its feeds.
 *
 * The services that papers come from have pages for people whose addresses say
 * which feed, or which question to their API, shows the same: so nothing needs
 * to be asked to find it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/urls.h"
#include "feed/arxiv.h"
#include "ingest/presets.h"
#include "ingest/services.h"
#include "mb/pg_wchar.h"

/* A page's address, taken apart. */
typedef struct Page
{
	PfStrings	path;			/* segments that are not empty, decoded */
	PfStr		query;
	PfServiceFn fn;
	void	   *arg;
} Page;

/* Segment n of the path, from 0; none if it is shorter. */
static PfStr
segment(const Page *page, int n)
{
	return n < page->path.n ? page->path.items[n] : PF_STR_NONE;
}

/* A parameter's value, decoded; none if it is not there or empty. */
static PfStr
parameter(const Page *page, const char *name)
{
	PfStrings	params = {0};
	int			len = (int) strlen(name);

	pf_strings_split(&params, page->query, "&;");
	for (int i = 0; i < params.n; i++)
	{
		PfStr		value;

		if (params.items[i].len <= len || params.items[i].s[len] != '=' ||
			!pf_str_starts(params.items[i], name))
			continue;
		value = pf_str_dup((PfStr) {params.items[i].s + len + 1, params.items[i].len - len - 1});
		for (int j = 0; j < value.len; j++)
		{
			if (value.s[j] == '+')
				unconstify(char *, value.s)[j] = ' ';
		}
		value = pf_str_trim(pf_url_decode(value));
		if (pg_encoding_verifymbstr(PG_UTF8, value.s, value.len) != value.len)
			return PF_STR_NONE;
		return value.len > 0 ? value : PF_STR_NONE;
	}
	return PF_STR_NONE;
}

static void
tell(const Page *page, PfStr url, const char *type, const char *before, PfStr what,
	 const char *after)
{
	if (url.s != NULL)
		page->fn(url, pf_str_printf("%s%.*s%s", before, what.len, what.s, after), type, page->arg);
}

/* The archives of arXiv that are categories too, all others having some below them. */
static bool
is_whole_archive(PfStr code)
{
	static const char *const archives[] = {
		"gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th",
		"quant-ph"
	};

	for (int i = 0; i < (int) lengthof(archives); i++)
	{
		if (pf_str_eq(code, pf_str(archives[i])))
			return true;
	}
	return false;
}

/* "2025-02-18", "2025-W08", "2025-02" */
static bool
is_period(PfStr a)
{
	for (int i = 0; i < a.len; i++)
	{
		if (!((a.s[i] >= '0' && a.s[i] <= '9') || a.s[i] == '-' || a.s[i] == 'W'))
			return false;
	}
	return a.len >= 7 && a.len <= 10;
}

/* /list/cs.CL/recent, /archive/cs; /a/lastname_f_1 */
static void
arxiv(const Page *page)
{
	PfStr		what = segment(page, 1);
	PfStr		code = pf_arxiv_category_code(what);
	PfStrings	categories = {0};
	const char *below;

	if (PF_STR_IS(segment(page, 0), "a") && what.s != NULL)
	{
		for (int i = 0; i < what.len; i++)
		{
			char		c = what.s[i];

			if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
				return;
		}
		tell(page, pf_str_printf("https://arxiv.org/a/%.*s.atom2", what.len, what.s), "atom",
			 "arXiv, papers of ", what, "");
	}
	if (code.s == NULL ||
		!(PF_STR_IS(segment(page, 0), "list") || PF_STR_IS(segment(page, 0), "archive")))
		return;
	below = memchr(code.s, '.', code.len) != NULL || is_whole_archive(code) ? "" : ".*";
	pf_strings_add(&categories, code);
	tell(page, pf_preset_arxiv(&categories), "atom", "arXiv ", code,
		 ", announced each working day");
	tell(page,
		 pf_preset_arxiv_query(pf_str_printf("cat:%.*s%s", code.len, code.s, below), 200),
		 "atom", "arXiv ", code, ", the newest two hundred");
	tell(page, pf_preset_arxiv_oai(code, PF_STR_NONE), "oai-pmh", "arXiv ", code,
		 ", all of it page by page");
}

/* /papers, /papers/trending, /papers/date/2025-02-18, /papers/week/..., /papers/month/... */
static void
huggingface(const Page *page)
{
	static const char *const periods[] = {"date", "week", "month"};
	PfStr		kind = segment(page, 1);
	PfStr		value = segment(page, 2);

	if (!PF_STR_IS(segment(page, 0), "papers"))
		return;
	if (kind.s == NULL)
		tell(page, pf_preset_huggingface(NULL, PF_STR_NONE), "json", "Hugging Face daily papers",
			 PF_STR_LIT(""), "");
	else if (PF_STR_IS(kind, "trending") && value.s == NULL)
		tell(page, pf_preset_huggingface("sort", kind), "json", "Hugging Face papers, ", kind, "");
	for (int i = 0; i < (int) lengthof(periods); i++)
	{
		if (pf_str_eq_nocase(kind, periods[i]) && value.s != NULL && is_period(value))
			tell(page, pf_preset_huggingface(periods[i], value), "json",
				 "Hugging Face daily papers of ", value, "");
	}
}

/* /collection/neuroscience, /content/early/recent */
static void
preprints(const Page *page, const char *server)
{
	PfStr		what = PF_STR_NONE;

	if (PF_STR_IS(segment(page, 0), "collection"))
		what = segment(page, 1);
	else if (page->path.n == 0 || PF_STR_IS(segment(page, 1), "early"))
		what = PF_STR_LIT("all");
	if (what.s != NULL)
		tell(page, pf_preset_biorxiv(server, what), "rdf",
			 strcmp(server, "biorxiv") == 0 ? "bioRxiv, " : "medRxiv, ", what, "");
}

static void
biorxiv(const Page *page)
{
	preprints(page, "biorxiv");
}

static void
medrxiv(const Page *page)
{
	preprints(page, "medrxiv");
}

/* /group?id=ICLR.cc/2024/Conference */
static void
openreview(const Page *page)
{
	PfStr		venue = parameter(page, "id");

	if (!PF_STR_IS(segment(page, 0), "group") || venue.s == NULL)
		return;
	tell(page, pf_preset_openreview(venue), "json", "OpenReview, papers of ", venue, "");
	tell(page, pf_preset_openreview(pf_str_join(venue, PF_STR_LIT("/Submission"))), "json",
		 "OpenReview, papers under review for ", venue, "");
}

/* /events/acl-2024/, /volumes/2024.acl-long/, /2024.acl-long.1/ */
static void
acl(const Page *page)
{
	PfStr		what = segment(page, 0);

	if (PF_STR_IS(what, "volumes"))
		what = segment(page, 1);
	else if (PF_STR_IS(what, "events"))
	{
		PfStr		event = segment(page, 1);

		if (event.len < 6 || event.s[event.len - 5] != '-')
			return;
		what = pf_str_printf("%.4s.%.*s", event.s + event.len - 4, event.len - 5, event.s);
	}
	if (what.s != NULL)
		tell(page, pf_preset_acl(what), "xml", "ACL Anthology, all volumes around ", what, "");
}

/* /search?q=words */
static void
dblp(const Page *page)
{
	PfStr		query = parameter(page, "q");

	if (PF_STR_IS(segment(page, 0), "search") && query.s != NULL)
		tell(page, pf_preset_dblp(query, 100), "json", "dblp, ", query, "");
}

static void
semantic_scholar(const Page *page)
{
	PfStr		query = parameter(page, "q");

	if (PF_STR_IS(segment(page, 0), "search") && query.s != NULL)
		tell(page, pf_preset_semantic_scholar(query), "json", "Semantic Scholar, ", query, "");
}

static const struct
{
	const char *host;			/* with or without "www." */
	void		(*feeds) (const Page *page);
}			services[] = {
	{"aclanthology.org", acl},
	{"arxiv.org", arxiv},
	{"biorxiv.org", biorxiv},
	{"dblp.org", dblp},
	{"export.arxiv.org", arxiv},
	{"huggingface.co", huggingface},
	{"medrxiv.org", medrxiv},
	{"openreview.net", openreview},
	{"semanticscholar.org", semantic_scholar},
};

void
pf_service_feeds(PfStr url, PfServiceFn fn, void *arg)
{
	PfUrl		parts;
	Page		page = {.fn = fn, .arg = arg};

	if (!pf_url_split(pf_str_trim(url), &parts) || parts.host.len == 0)
		return;
	if (pf_str_starts_nocase(parts.host, "www."))
		parts.host = (PfStr) {parts.host.s + 4, parts.host.len - 4};
	page.query = parts.query;
	pf_strings_split(&page.path, parts.path, "/");
	for (int i = 0; i < page.path.n; i++)
		page.path.items[i] = pf_url_decode(page.path.items[i]);
	for (int i = 0; i < (int) lengthof(services); i++)
	{
		if (pf_str_eq_nocase(parts.host, services[i].host))
			services[i].feeds(&page);
	}
}
