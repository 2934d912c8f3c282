/*-------------------------------------------------------------------------
 *
 * arxiv.c
 *		What arXiv's feeds have in common, whatever carries them.
 *
 * arXiv writes one paper in many ways: Atom of the API, Atom and RSS of the
 * daily announcements, three formats of OAI-PMH.  The records made of them
 * must agree, or every other feed would revise what the last one wrote.  So
 * page and PDF are made from the identifier here, without the version (which
 * has a column of its own), and text is TeX, never HTML: "x < y" is text.
 *
 * Nothing here raises an error over what a feed says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/parts.h"

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static PfStr
skip(PfStr a, int n)
{
	return (PfStr) {a.s + n, a.len - n};
}

/* Length of the word at the front, up to white space. */
static int
word_length(PfStr a)
{
	int			n = 0;

	while (n < a.len && !is_space(a.s[n]))
		n++;
	return n;
}

/* Cut "scheme://host" off an address; the host goes to 'host'. */
static bool
cut_host(PfStr *a, PfStr *host)
{
	int			n;

	if (pf_str_starts_nocase(*a, "https://"))
		n = 8;
	else if (pf_str_starts_nocase(*a, "http://"))
		n = 7;
	else
		return false;
	*a = skip(*a, n);
	n = 0;
	while (n < a->len && a->s[n] != '/' && a->s[n] != '?' && a->s[n] != '#' && a->s[n] != ':')
		n++;
	*host = (PfStr) {a->s, n};
	*a = skip(*a, n);
	return true;
}

/* Its hosts of papers: blog.arxiv.org and info.arxiv.org are not. */
static bool
is_arxiv_host(PfStr host)
{
	static const char *const names[] = {"arxiv.org", "www.arxiv.org", "export.arxiv.org",
	"rss.arxiv.org", "oaipmh.arxiv.org"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (pf_str_eq_nocase(host, names[i]))
			return true;
	}
	return false;
}

bool
pf_arxiv_is_host(PfStr url)
{
	PfStr		host;

	url = pf_str_trim(url);
	return cut_host(&url, &host) && is_arxiv_host(host);
}

/* Length of the identifier at the front, without a version; 0 if there is none. */
static int
id_length(PfStr a)
{
	int			n = 0;
	int			start;

	/* 0704.0001, 2303.12345 */
	if (a.len >= 9 && is_digit(a.s[0]))
	{
		while (n < a.len && n < 4 && is_digit(a.s[n]))
			n++;
		if (n < 4 || a.s[n] != '.')
			return 0;
		start = ++n;
		while (n < a.len && n - start < 5 && is_digit(a.s[n]))
			n++;
		return n - start >= 4 ? n : 0;
	}

	/* hep-th/9901001, math.AG/0306266 */
	while (n < a.len && n < 20 && (is_alpha(a.s[n]) || a.s[n] == '-' || a.s[n] == '.'))
		n++;
	if (n < 2 || n == a.len || a.s[n] != '/')
		return 0;
	start = ++n;
	while (n < a.len && n - start < 7 && is_digit(a.s[n]))
		n++;
	return n - start == 7 ? n : 0;
}

bool
pf_arxiv_id(PfStr in, PfStr *id, int *version)
{
	static const char *const paths[] = {"/abs/", "/pdf/", "/html/", "/format/", "/src/"};
	PfStr		a = pf_str_trim(in);
	PfStr		host;
	int			n;

	if (pf_str_starts_nocase(a, "oai:arxiv.org:"))
		a = skip(a, 14);
	else if (pf_str_starts_nocase(a, "arxiv:"))
		a = pf_str_trim(skip(a, 6));
	else if (cut_host(&a, &host))
	{
		int			i = 0;

		if (!is_arxiv_host(host))
			return false;
		while (i < (int) lengthof(paths) && !pf_str_starts(a, paths[i]))
			i++;
		if (i == (int) lengthof(paths))
			return false;
		a = skip(a, (int) strlen(paths[i]));
		for (i = 0; i < a.len; i++)
		{
			if (a.s[i] == '?' || a.s[i] == '#')
				a.len = i;
		}
		if (a.len > 4 && pf_str_eq_nocase(skip(a, a.len - 4), ".pdf"))
			a.len -= 4;
	}

	n = id_length(a);
	if (n == 0)
		return false;
	*id = (PfStr) {a.s, n};
	*version = 0;
	if (n == a.len)
		return true;
	return a.s[n] == 'v' && a.len - n <= 5 && pf_str_int(skip(a, n + 1), version);
}

bool
pf_arxiv_identify(PfRecord *rec, PfStr in)
{
	static const char prefix[] = "https://arxiv.org/abs/";
	const int	prefix_len = (int) sizeof(prefix) - 1;
	PfStr		id;
	char	   *buf;
	int			len;
	int			version;

	if (!pf_arxiv_id(in, &id, &version))
		return false;

	pf_strings_add(&rec->ids, in);
	if (rec->ids.n > 1)
	{
		memmove(rec->ids.items + 1, rec->ids.items, (rec->ids.n - 1) * sizeof(PfStr));
		rec->ids.items[0] = in;
	}
	if (version > 0)
		rec->version = version;

	len = prefix_len + id.len;
	buf = palloc(2 * (len + 1));
	memcpy(buf, prefix, prefix_len);
	memcpy(buf + prefix_len, id.s, id.len);
	buf[len] = '\0';
	memcpy(buf + len + 1, buf, len + 1);
	memcpy(buf + len + 1 + prefix_len - 4, "pdf", 3);
	rec->url = (PfStr) {buf, len};
	rec->pdf_url = (PfStr) {buf + len + 1, len};
	return true;
}

/*
 * A DOI may hold commas and semicolons of its own, so these part two DOIs
 * only where another "10." follows.
 */
void
pf_arxiv_dois(PfRecord *rec, PfStr in)
{
	while (in.len > 0)
	{
		int			n = 0;

		while (n < in.len && !is_space(in.s[n]) &&
			   !((in.s[n] == ',' || in.s[n] == ';') && in.len - n > 4 &&
				 memcmp(in.s + n + 1, "10.", 3) == 0))
			n++;
		if (n > 0)
			pf_part_add_doi(rec, (PfStr) {in.s, n});
		in = skip(in, Min(n + 1, in.len));
	}
}

bool
pf_arxiv_is_category(PfStr a)
{
	int			n = 0;

	while (n < a.len && ((a.s[n] >= 'a' && a.s[n] <= 'z') || a.s[n] == '-'))
		n++;
	if (n < 2 || n > 10)
		return false;
	if (n == a.len)
		return true;
	if (a.s[n++] != '.' || n == a.len || a.len - n > 18)
		return false;
	while (n < a.len && (is_alpha(a.s[n]) || a.s[n] == '-'))
		n++;
	return n == a.len;
}

/* MSC's classes begin with two digits ("05C80"), ACM's with a letter ("I.2.7"). */
void
pf_arxiv_category(PfRecord *rec, PfStr a)
{
	PfStr		code;

	a = pf_str_trim(a);
	if (pf_arxiv_is_category(a))
		pf_part_add(&rec->categories, a);
	else if ((code = pf_arxiv_subject(a)).s != NULL)
		pf_part_add(&rec->categories, code);
	else if (a.len > 2 && is_digit(a.s[0]) && is_digit(a.s[1]))
		pf_part_set(&rec->extra, "msc_class", a);
	else if (a.len > 2 && a.s[0] >= 'A' && a.s[0] <= 'K' && a.s[1] == '.')
		pf_part_set(&rec->extra, "acm_class", a);
	else
		pf_part_add(&rec->categories, a);
}

PfStr
pf_arxiv_title(PfStr in, PfRecord *rec)
{
	PfStr		a = pf_str_trim(in);
	PfStr		tail;
	PfStr		id;
	int			version;
	int			at;
	int			n;

	if (a.len < 16 || a.s[a.len - 1] != ')')
		return a;
	at = a.len - 2;
	while (at >= 0 && a.s[at] != '(')
		at--;
	tail = skip(a, at + 1);
	if (at < 0 || !pf_str_starts(tail, "arXiv:"))
		return a;
	tail.len--;
	n = word_length(tail);
	if (!pf_arxiv_id((PfStr) {tail.s, n}, &id, &version))
		return a;

	if (rec->version == 0)
		rec->version = version;
	tail = pf_str_trim(skip(tail, n));
	if (tail.len > 2 && tail.s[0] == '[')
	{
		n = 1;
		while (n < tail.len && tail.s[n] != ']')
			n++;
		pf_part_add(&rec->categories, (PfStr) {tail.s + 1, n - 1});
		tail = pf_str_trim(skip(tail, Min(n + 1, tail.len)));
	}
	if (rec->announce.s == NULL)
	{
		if (PF_STR_IS(tail, "UPDATED"))
			rec->announce = PF_STR_LIT("replace");
		else if (PF_STR_IS(tail, "CROSS LISTED"))
			rec->announce = PF_STR_LIT("cross");
		else
			rec->announce = PF_STR_LIT("new");
	}

	a = pf_str_trim((PfStr) {a.s, at});
	return pf_part_title_stop(a);
}

/*
 * "arXiv:2508.13426v1 Announce Type: cross", a line break, "Abstract: ...".
 * The words are arXiv's own even where another site passes them on, but then
 * they may have become HTML.
 */
bool
pf_arxiv_description(PfDoc *doc, PfStr text, PfRecord *rec)
{
	PfStr		a = pf_str_trim(text);
	PfStr		spelled;
	PfStr		id;
	int			version;

	if (!pf_str_starts(a, "arXiv:"))
		return false;
	spelled = (PfStr) {a.s, word_length(a)};
	if (!pf_arxiv_id(spelled, &id, &version))
		return false;
	a = pf_str_trim(skip(a, spelled.len));

	if (pf_str_starts_nocase(a, "announce type:"))
	{
		int			n;

		a = pf_str_trim(skip(a, 14));
		n = word_length(a);
		if (rec->announce.s == NULL && n > 0)
			rec->announce = (PfStr) {a.s, n};
		a = pf_str_trim(skip(a, n));
	}
	else if (!pf_str_starts_nocase(a, "abstract:"))
		return false;
	if (pf_str_starts_nocase(a, "abstract:"))
		a = skip(a, 9);

	if (rec->version == 0)
		pf_arxiv_identify(rec, spelled);
	if (doc->arxiv)
		pf_arxiv_abstract(rec, a);
	else
		rec->abstract = pf_plain_str(a, PF_PLAIN_ALL);
	return true;
}

void
pf_arxiv_announced(PfRecord *rec, TimestampTz when)
{
	PfStr		id;
	int			version;

	rec->announced = when;
	if (rec->announce.s == NULL || when == PF_NO_TIME)
		return;
	if (PF_STR_IS(rec->announce, "new"))
		rec->published = when;
	else if (PF_STR_IS(rec->announce, "cross") && rec->version <= 1 && rec->ids.n > 0 &&
			 pf_arxiv_id(rec->ids.items[0], &id, &version) && id.len > 4 && id.s[4] == '.')
	{
		/* YYMM.number: the month of the submission. */
		TimestampTz month = pf_date_ymd(2000 + (id.s[0] - '0') * 10 + (id.s[1] - '0'),
										(id.s[2] - '0') * 10 + (id.s[3] - '0'), 1);

		if (month != PF_NO_TIME && when >= month && when - month < 45 * USECS_PER_DAY)
			rec->published = when;
	}
}
