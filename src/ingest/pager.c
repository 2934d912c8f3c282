/*-------------------------------------------------------------------------
 *
 * pager.c
 *		Where a source's history begins, and which page comes next: no
 *		database and no network.
 *
 * A list that can be asked for by days is read in windows of days, one after
 * the other, and each window page by page.  A window is what is begun anew when
 * its place in the list is lost (OAI-PMH's tokens and Crossref's cursors last for
 * a day or for minutes): no order within the list is relied upon, and nothing is
 * skipped.  A window that was lost, or has more records than the service gives
 * out, is made smaller; one that went well is followed by one twice as large.
 *
 * Other documents are followed from one to the next, until their dates show
 * that they are older than what is wanted.
 *
 * No list is endless: a page that leads back to one read before ends it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/dates.h"
#include "common/urls.h"
#include "fetch/fetch.h"
#include "ingest/pager_url.h"
#include "utils/timestamp.h"

#define ARXIV_MOST		30000	/* records that it pages through */
#define MAX_RESTARTS	3		/* of a window that cannot be made smaller */
#define MAX_EMPTY		2		/* times that an empty page of arXiv's is asked for again */
#define MAX_DAY_PAGES	100		/* of one day's list at Hugging Face */
#define ALL_DAYS		1000000

static const struct
{
	const char *name;
	const char *earliest;		/* day; NULL = none that we know of */
	int			days;			/* of a window, at most; 0 = it has none */
	bool		open;			/* the last one needs no end */
}			kinds[] = {
	[PF_PAGER_LINKS] = {"links", NULL, 0, false},
	[PF_PAGER_OAI] = {"oai-pmh", NULL, 365, true},
	[PF_PAGER_ARXIV] = {"arxiv api", "1991-07-01", ALL_DAYS, false},
	[PF_PAGER_BIORXIV] = {"biorxiv api", "2013-11-01", ALL_DAYS, false},
	[PF_PAGER_CROSSREF] = {"crossref", "2000-01-01", ALL_DAYS, true},
	[PF_PAGER_OPENALEX] = {"openalex", NULL, ALL_DAYS, true},
	[PF_PAGER_S2] = {"semantic scholar", NULL, 0, false},
	[PF_PAGER_DAILY] = {"huggingface", "2023-05-04", 1, false},
};

const char *
pf_pager_kind_name(PfPagerKind kind)
{
	return kinds[kind].name;
}

DateADT
pf_day_of(TimestampTz at)
{
	int64		day = at / USECS_PER_DAY;

	if (at < 0 && at % USECS_PER_DAY != 0)
		day--;
	return (DateADT) day;
}

DateADT
pf_pager_since(DateADT since)
{
	return since < pf_day_of(pf_date_ymd(1000, 1, 1)) ? DATEVAL_NOBEGIN : since;
}

/* The last day that is wanted, as of now: what the address says, but no day to come. */
static DateADT
last_day(const PfPager *pager, DateADT today)
{
	DateADT		from;
	DateADT		to;

	pf_pager_own_days(pager->kind, pager->feed, &from, &to);
	return to < pager->since ? today : Min(to, today);
}

/*
 * A window from pager->from on, of so many days.  The last one is open where that
 * can be said: journals have papers of days to come.
 */
static void
begin_window(PfPager *pager, int days, DateADT today)
{
	DateADT		last = last_day(pager, today);

	pager->total = -1;
	pager->seen = 0;
	pager->landmark = PF_STR_NONE;
	pager->has_checksum = false;
	if (kinds[pager->kind].days == 0)
		pager->to = DATEVAL_NOEND;
	else if (DATE_IS_NOBEGIN(pager->from) || last - pager->from < days)
		pager->to = kinds[pager->kind].open && last == today ? DATEVAL_NOEND : last;
	else
		pager->to = pager->from + days - 1;
	pager->next = pf_pager_window_url(pager);
}

static int
window_days(const PfPager *pager, DateADT today)
{
	return Min(pager->to, today) - pager->from + 1;
}

bool
pf_pager_begin(PfPager *pager, PfStr feed, DateADT since, DateADT today)
{
	DateADT		from;
	DateADT		to;

	memset(pager, 0, sizeof(PfPager));
	pager->feed = feed;
	pager->since = since;
	pager->reached = PF_NO_TIME;
	if (!pf_pager_recognize(feed, &pager->kind))
		return false;

	pf_pager_own_days(pager->kind, feed, &from, &to);
	if (kinds[pager->kind].days > 0 && !DATE_IS_NOBEGIN(since))
		from = since;
	if (kinds[pager->kind].earliest != NULL)
		from = Max(from, pf_day_of(pf_date(pf_str(kinds[pager->kind].earliest))));
	pager->from = from;
	begin_window(pager, kinds[pager->kind].days, today);
	if (pager->kind == PF_PAGER_OAI && DATE_IS_NOBEGIN(from))
		pager->next = pf_pager_identify_url(pager);
	return true;
}

/* ----------------------------------------------------------------
 * Steps that all kinds share
 * ----------------------------------------------------------------
 */

static PfStep
again(PfPager *pager, const char *note)
{
	pager->note = note;
	return PF_STEP_AGAIN;
}

static PfStep
failed(PfPager *pager, const char *note)
{
	pager->note = note;
	return PF_STEP_FAILED;
}

/* The page was read. */
static void
count_page(PfPager *pager, const PfPage *page)
{
	pager->pages++;
	pager->seen += page->info->records;
	pager->has_checksum = true;
	pager->checksum = page->checksum;
}

static PfStep
done(PfPager *pager)
{
	pager->next = PF_STR_NONE;
	return PF_STEP_DONE;
}

/* The window is read; on to the next one. */
static PfStep
end_window(PfPager *pager, const PfPage *page)
{
	int			days = kinds[pager->kind].days;
	int			size;

	if (days == 0 || pager->to >= last_day(pager, page->today))
		return done(pager);
	size = window_days(pager, page->today);
	pager->from = pager->to + 1;
	pager->restarts = 0;
	begin_window(pager, size <= days / 2 ? 2 * size : days, page->today);
	return PF_STEP_NEXT;
}

/* Begin the window anew, with so many days. */
static PfStep
restart(PfPager *pager, const PfPage *page, int days, const char *why)
{
	if (DATE_IS_NOBEGIN(pager->from) || days >= window_days(pager, page->today))
	{
		if (pager->restarts == MAX_RESTARTS)
		{
			pager->restarts = 0;	/* for whoever wants to try later */
			return failed(pager, why);
		}
		pager->restarts++;
		days = kinds[pager->kind].days;
		if (!DATE_IS_NOBEGIN(pager->from))
			days = window_days(pager, page->today);
	}
	begin_window(pager, days, page->today);
	pager->note = why;
	return PF_STEP_NEXT;
}

/* Its place in the list is lost. */
static PfStep
lose_place(PfPager *pager, const PfPage *page, const char *why)
{
	int			days = 1;

	if (!DATE_IS_NOBEGIN(pager->from))
		days = Max(1, window_days(pager, page->today) / 4);
	return restart(pager, page, days, why);
}

/*
 * Does it lead back?  To the page itself, to one that was read at a power of two
 * of pages (which a circle of any size comes by), or are its bytes those of the
 * page before?  Crossref's cursor may stay the same, and yet move.
 */
static bool
leads_back(const PfPager *pager, const PfPage *page, PfStr next)
{
	if (pager->has_checksum && page->checksum == pager->checksum && page->info->records > 0)
		return true;
	return pager->kind != PF_PAGER_CROSSREF &&
		(pf_str_eq(next, pager->next) ||
		 (pager->landmark.s != NULL && pf_str_eq(next, pager->landmark)));
}

/* Go on to a page of the same window. */
static PfStep
turn_to(PfPager *pager, const PfPage *page, PfStr next)
{
	if (leads_back(pager, page, next))
	{
		count_page(pager, page);
		if (pager->kind == PF_PAGER_DAILY)
			return end_window(pager, page);
		pager->note = "its next page is one that was read before";
		return pager->kind == PF_PAGER_LINKS ? done(pager) : PF_STEP_FAILED;
	}
	if (pf_fetch_url_problem(next) != NULL)
		return failed(pager, "its next page has no address that can be asked for");
	count_page(pager, page);
	if ((pager->pages & (pager->pages - 1)) == 0)
		pager->landmark = pager->next;
	pager->next = next;
	return PF_STEP_NEXT;
}

/* The page behind this one, where records are counted. */
static PfStep
turn_to_rest(PfPager *pager, const PfPage *page)
{
	PfPager		rest = *pager;

	rest.seen += page->info->records;
	return turn_to(pager, page, pf_pager_window_url(&rest));
}

/* ----------------------------------------------------------------
 * The kinds
 * ----------------------------------------------------------------
 */

/* Did the service not know what to do with a token of its own? */
static bool
is_refused(const PfPage *page)
{
	return page->http_status == 400 || page->http_status == 404 || page->http_status == 410 ||
		page->http_status == 422;
}

static bool
is_error(const PfPage *page, const char *code)
{
	return page->error_code.s != NULL && pf_str_eq_nocase(page->error_code, code);
}

static PfStep
step_oai(PfPager *pager, const PfPage *page)
{
	PfStr		token;

	if (PF_STR_IS(pf_url_param(pager->next, "verb"), "Identify"))
	{
		/* A repository that does not say when it begins is read as a whole. */
		if (page->fault == PF_PAGE_GOOD && page->info->earliest != PF_NO_TIME)
			pager->from = Min(pf_day_of(page->info->earliest), last_day(pager, page->today));
		begin_window(pager, kinds[PF_PAGER_OAI].days, page->today);
		return PF_STEP_NEXT;
	}
	if (is_error(page, "noRecordsMatch"))
		return end_window(pager, page);
	if (is_error(page, "badResumptionToken") ||
		(is_refused(page) && pf_url_param(pager->next, "resumptionToken").s != NULL))
		return lose_place(pager, page, "the token for its next page has expired");
	if (page->fault == PF_PAGE_BAD)
		return PF_STEP_FAILED;

	token = page->info->resumption_token;
	if (!pf_str_blank(token))
		return turn_to(pager, page, pf_pager_token_url(pager, token));
	count_page(pager, page);
	return end_window(pager, page);
}

/*
 * This service now and then gives an empty page where there are records: it is
 * asked again, and then, as that happens to long lists, for fewer days.  A window
 * that seems empty is asked for twice.
 */
static PfStep
step_arxiv(PfPager *pager, const PfPage *page)
{
	int64		told = page->info != NULL ? page->info->total : -1;
	int			days;

	if (page->fault == PF_PAGE_BAD)
		return PF_STEP_FAILED;
	if (page->info->records == 0)
	{
		if (Max(told, pager->total) > pager->seen && page->attempt == MAX_EMPTY)
			return lose_place(pager, page, "the page stays empty, but the list has more records");
		if (Max(told, pager->total) > pager->seen)
			return again(pager, "the page is empty, but the list has more records");
		if (pager->seen == 0 && page->attempt == 0)
			return again(pager, "the list is empty");
		count_page(pager, page);
		return end_window(pager, page);
	}

	days = window_days(pager, page->today);
	if (told > ARXIV_MOST && pager->seen == 0 && days > 1)
	{
		pager->pages++;
		return restart(pager, page, Max(1, (int) (days * (ARXIV_MOST * 0.75 / told))),
					   "the list has more records than the service gives out");
	}
	pager->total = Max(told, pager->total);
	if (pager->seen + page->info->records >= pager->total)
	{
		count_page(pager, page);
		return end_window(pager, page);
	}
	return turn_to_rest(pager, page);
}

/* The total that it tells is too high: the list ends with an empty page. */
static PfStep
step_biorxiv(PfPager *pager, const PfPage *page)
{
	if (page->fault == PF_PAGE_BAD)
		return PF_STEP_FAILED;
	if (page->info->records == 0)
	{
		count_page(pager, page);
		return end_window(pager, page);
	}
	pager->total = page->info->total;
	return turn_to_rest(pager, page);
}

static PfStep
step_cursor(PfPager *pager, const PfPage *page)
{
	if (page->fault == PF_PAGE_BAD)
	{
		if (is_refused(page) && pager->seen > 0)
			return lose_place(pager, page, "the cursor for its next page has expired");
		return PF_STEP_FAILED;
	}
	pager->total = page->info->total;
	if (page->info->records > 0 && page->info->next.s != NULL)
		return turn_to(pager, page, page->info->next);
	count_page(pager, page);
	return end_window(pager, page);
}

/* A day that is not open yet is answered with an error, and is the last one. */
static PfStep
step_daily(PfPager *pager, const PfPage *page)
{
	int			limit = 0;
	int			number = 0;

	if (page->fault == PF_PAGE_BAD)
	{
		if (page->http_status == 400 && pager->from >= page->today - 1)
			return done(pager);
		return PF_STEP_FAILED;
	}
	(void) pf_str_int(pf_url_param(pager->next, "limit"), &limit);
	(void) pf_str_int(pf_url_param(pager->next, "p"), &number);
	if (page->info->records >= limit && number + 1 < MAX_DAY_PAGES)
		return turn_to(pager, page, pf_pager_day_url(pager, number + 1));
	count_page(pager, page);
	return end_window(pager, page);
}

/* Are the records in order, from the last page on, and older than what is wanted? */
static bool
is_past(PfPager *pager, const PfFeedInfo *info)
{
	const PfSpan *span = &info->published;
	bool		in_order;
	bool		past;

	if (span->newest == PF_NO_TIME || span->mixed)
		span = &info->changed;
	if (span->newest == PF_NO_TIME)
		return false;
	in_order = !span->mixed && (pager->reached == PF_NO_TIME || span->newest <= pager->reached);
	past = in_order && !DATE_IS_NOBEGIN(pager->since) &&
		pf_day_of(span->newest) < pager->since;
	pager->reached = span->oldest;
	return past;
}

static PfStep
step_links(PfPager *pager, const PfPage *page)
{
	bool		past;

	if (page->fault == PF_PAGE_BAD)
		return PF_STEP_FAILED;
	past = is_past(pager, page->info);
	if (past || page->info->next.s == NULL)
	{
		count_page(pager, page);
		return done(pager);
	}
	return turn_to(pager, page, page->info->next);
}

PfStep
pf_pager_step(PfPager *pager, const PfPage *page)
{
	pager->note = NULL;
	if (page->fault == PF_PAGE_TEMPORARY)
		return PF_STEP_AGAIN;
	/* What tells of the next page may be missing. */
	if (page->fault == PF_PAGE_GOOD && page->info->cut_off)
		return again(pager, "the document is cut off");
	switch (pager->kind)
	{
		case PF_PAGER_OAI:
			return step_oai(pager, page);
		case PF_PAGER_ARXIV:
			return step_arxiv(pager, page);
		case PF_PAGER_BIORXIV:
			return step_biorxiv(pager, page);
		case PF_PAGER_CROSSREF:
		case PF_PAGER_OPENALEX:
			return step_cursor(pager, page);
		case PF_PAGER_DAILY:
			return step_daily(pager, page);
		case PF_PAGER_S2:
		case PF_PAGER_LINKS:
			break;
	}
	return step_links(pager, page);
}

/* ----------------------------------------------------------------
 * Passwords
 * ----------------------------------------------------------------
 */

static int
port_of(const PfUrl *url)
{
	if (url->port >= 0)
		return url->port;
	return pf_str_eq_nocase(url->scheme, "https") ? 443 : 80;
}

static bool
eq_nocase(PfStr a, PfStr b)
{
	return a.len == b.len && pg_strncasecmp(a.s, b.s, a.len) == 0;
}

bool
pf_pager_same_origin(PfStr a, PfStr b)
{
	PfUrl		of_a;
	PfUrl		of_b;

	return pf_url_split(a, &of_a) && pf_url_split(b, &of_b) &&
		of_a.host.s != NULL && of_b.host.s != NULL &&
		eq_nocase(of_a.scheme, of_b.scheme) && eq_nocase(of_a.host, of_b.host) &&
		port_of(&of_a) == port_of(&of_b);
}

PfStr
pf_pager_request_url(PfStr feed, PfStr page)
{
	PfUrl		of_feed;
	PfUrl		of_page;
	int			head;

	if (!pf_pager_same_origin(feed, page) || !pf_url_split(feed, &of_feed) ||
		!pf_url_split(page, &of_page) || of_feed.userinfo.len == 0 || of_page.userinfo.s != NULL)
		return page;
	head = of_page.scheme.len + (int) strlen("://");
	return pf_str_printf("%.*s%.*s@%.*s", head, page.s, of_feed.userinfo.len, of_feed.userinfo.s,
						 page.len - head, page.s + head);
}
