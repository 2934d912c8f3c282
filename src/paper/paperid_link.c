/*-------------------------------------------------------------------------
 *
 * paperid_link.c
 *		Addresses of papers' pages to identities.
 *
 * A table of sites says which function reads a host's paths; for all other
 * hosts a DOI in the path is taken where the path says that it is one.  What
 * no site knows is "url:" and the canonical address.
 *
 * An address is looked up twice, as it is and in its canonical form.  The
 * first is the common case and needs no memory, and a DOI's resolver must see
 * the DOI untouched (it may have segments of dots).  The second makes the
 * result the same for every spelling of an address, so that a canonical
 * "url:" can never be read as something else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/urls.h"
#include "paper/paperid_read.h"

#define PF_MAX_HOST	64			/* longer hosts are no site we know */

typedef struct Link
{
	PfStr		host;			/* in lower case, without "www." */
	PfStr		path;			/* with its first slash; no slashes at its end */
	PfStr		query;
	char		host_buf[PF_MAX_HOST];
} Link;

typedef bool (*SiteFn) (const Link *link, PfReading *r);

static bool site_arxiv(const Link *link, PfReading *r);
static bool site_resolver(const Link *link, PfReading *r);
static bool site_pubmed(const Link *link, PfReading *r);
static bool site_acl(const Link *link, PfReading *r);
static bool site_openreview(const Link *link, PfReading *r);
static bool site_biorxiv(const Link *link, PfReading *r);
static bool site_nature(const Link *link, PfReading *r);

#define SITE(host, read) {(host), sizeof(host) - 1, (read)}

static const struct
{
	const char *host;
	int			len;
	SiteFn		read;
}			sites[] =
{
	SITE("arxiv.org", site_arxiv),
	SITE("doi.org", site_resolver),
	SITE("huggingface.co", site_arxiv),
	SITE("hf.co", site_arxiv),
	SITE("alphaxiv.org", site_arxiv),
	SITE("ar5iv.org", site_arxiv),
	SITE("arxiv-vanity.com", site_arxiv),
	SITE("scirate.com", site_arxiv),
	SITE("semanticscholar.org", site_arxiv),
	SITE("xxx.lanl.gov", site_arxiv),
	SITE("pubmed.ncbi.nlm.nih.gov", site_pubmed),
	SITE("ncbi.nlm.nih.gov", site_pubmed),
	SITE("europepmc.org", site_pubmed),
	SITE("aclanthology.org", site_acl),
	SITE("aclanthology.info", site_acl),
	SITE("aclweb.org", site_acl),
	SITE("openreview.net", site_openreview),
	SITE("biorxiv.org", site_biorxiv),
	SITE("medrxiv.org", site_biorxiv),
	SITE("nature.com", site_nature),
};

/* Paths of arXiv and of the sites that mirror it, before the identifier. */
static const char *const arxiv_paths[] = {
	"/abs/", "/pdf/", "/html/", "/papers/", "/format/", "/ps/", "/src/",
	"/e-print/", "/arxiv/", "/overview/", "/api/papers/", "/dvi/",
};

/* Words of a path that say that a "10.nnnn/" behind them is a DOI. */
static const char *const doi_words[] = {
	"doi", "article", "chapter", "content", "abstract", "abs", "pdf", "book",
	"works", "full", "protocol", "referenceworkentry",
};

/* What publishers append to a DOI in their paths. */
static const char *const doi_tails[] = {
	"/full", "/fulltext", "/full-text", "/abstract", "/pdf", "/pdfft", "/html",
	"/meta", "/epub", "/summary", "/references", "/figures", "/tables",
	"/metrics", "/export", "/full/html", ".pdf", ".full", ".full-text", ".html",
	".abstract", ".short", ".long", ".epub",
};

/*
 * Take an address apart; "https://" may be missing.  False if it has no host
 * that we could know.
 */
static bool
take_apart(PfStr in, Link *link)
{
	const char *end;
	const char *s;
	const char *host;
	const char *host_end;
	int			len;

	if (!pf_take(&in, "https://"))
		pf_take(&in, "http://");
	end = in.s + in.len;
	for (s = host = in.s; s < end && *s != '/' && *s != '?' && *s != '#'; s++)
	{
		if (*s == '@')
			host = s + 1;
	}
	for (host_end = host; host_end < s && *host_end != ':'; host_end++)
		;
	if (!(host_end == s || pf_digits(host_end + 1, s) == s - host_end - 1))
		return false;
	if (host_end - host > 4 && pg_strncasecmp(host, "www.", 4) == 0)
		host += 4;
	len = (int) (host_end - host);
	if (len < 4 || len > PF_MAX_HOST)
		return false;
	for (int i = 0; i < len; i++)
		link->host_buf[i] = (unsigned char) (host[i] - 'A') < 26 ? (char) (host[i] | 0x20) : host[i];
	link->host = (PfStr) {link->host_buf, len};

	host = s;
	while (s < end && *s != '?' && *s != '#')
		s++;
	link->path = (PfStr) {host, (int) (s - host)};
	while (link->path.len > 0 && link->path.s[link->path.len - 1] == '/')
		link->path.len--;
	link->query = PF_STR_NONE;
	if (s < end && *s == '?')
	{
		host = ++s;
		while (s < end && *s != '#')
			s++;
		link->query = (PfStr) {host, (int) (s - host)};
	}
	return true;
}

/* The value of a parameter of the query, or none. */
static PfStr
parameter(PfStr query, const char *name)
{
	while (query.len > 0)
	{
		const char *next = memchr(query.s, '&', query.len);
		PfStr		one = {query.s, next ? (int) (next - query.s) : query.len};
		int			used = Min(one.len + 1, query.len);

		if (pf_take(&one, name) && one.len > 0 && one.s[0] == '=')
			return (PfStr) {one.s + 1, one.len - 1};
		query.s += used;
		query.len -= used;
	}
	return PF_STR_NONE;
}

static PfStr
last_segment(PfStr path)
{
	int			i = path.len;

	while (i > 0 && path.s[i - 1] != '/')
		i--;
	return (PfStr) {path.s + i, path.len - i};
}

static bool
site_arxiv(const Link *link, PfReading *r)
{
	for (int i = 0; i < (int) lengthof(arxiv_paths); i++)
	{
		PfStr		rest = link->path;

		if (pf_take(&rest, arxiv_paths[i]))
		{
			pf_take(&rest, "arxiv:");
			return pf_read_arxiv(rest, r);
		}
	}
	return false;
}

/* doi.org, its older names, and publishers' "doi." hosts. */
static bool
site_resolver(const Link *link, PfReading *r)
{
	PfStr		rest = link->path;

	pf_skip(&rest, "/");
	if (pf_take(&rest, "https:") || pf_take(&rest, "http:"))
	{
		/* An address behind the resolver's own. */
		pf_skip(&rest, "/");
		if (!pf_take(&rest, "doi.org/") && !pf_take(&rest, "dx.doi.org/"))
			return false;
	}
	if (pf_take(&rest, "doi"))
		pf_skip(&rest, ":/ ");
	return pf_read_doi(rest, r);
}

static bool
site_pubmed(const Link *link, PfReading *r)
{
	PfStr		rest = link->path;

	if (pf_take(&rest, "/pubmed/") || pf_take(&rest, "/m/pubmed/") ||
		pf_take(&rest, "/article/med/") || pf_take(&rest, "/abstract/med/"))
		return pf_read_pmid(rest, r);
	if (PF_STR_IS(link->host, "pubmed.ncbi.nlm.nih.gov") && pf_take(&rest, "/"))
		return pf_read_pmid(rest, r);
	return false;
}

/* Today "/P19-1001/", once "/anthology/P/P14/P14-1001.pdf". */
static bool
site_acl(const Link *link, PfReading *r)
{
	return pf_read_acl(last_segment(link->path), r);
}

static bool
site_openreview(const Link *link, PfReading *r)
{
	if (!pf_str_eq_nocase(link->path, "/forum") && !pf_str_eq_nocase(link->path, "/pdf"))
		return false;
	return pf_read_openreview(parameter(link->query, "id"), r);
}

/* Read a DOI made of a prefix and what a path says. */
static bool
read_composed(const char *prefix, PfStr suffix, PfReading *r)
{
	char		buf[128];
	int			n = (int) strlen(prefix);

	if (suffix.len == 0 || suffix.len > (int) sizeof(buf) - n)
		return false;
	memcpy(buf, prefix, n);
	memcpy(buf + n, suffix.s, suffix.len);
	return pf_read_doi((PfStr) {buf, n + suffix.len}, r);
}

/*
 * "/content/10.1101/2023.12.16.571984v1.full.pdf" names the DOI; short links
 * like "/cgi/content/short/2023.12.16.571984v1" leave out its prefix, which
 * was 10.1101 for all until a second one came into use in December 2025.
 */
static bool
site_biorxiv(const Link *link, PfReading *r)
{
	PfStr		at = pf_str_find(link->path, "/10.");
	PfStr		name;
	const char *end = link->path.s + link->path.len;
	char		prefix[16];
	int			n;
	int			digits;

	if (at.s != NULL)
	{
		n = pf_digits(at.s + 4, end) + 5;
		if (n > (int) sizeof(prefix) || n > at.len || at.s[n - 1] != '/')
			return false;
		memcpy(prefix, at.s + 1, n - 1);
		prefix[n - 1] = '\0';
		name = (PfStr) {at.s + n, at.len - n};
	}
	else
	{
		if (!pf_str_starts(link->path, "/cgi/content/") &&
			!pf_str_starts(link->path, "/content/"))
			return false;
		strcpy(prefix, "10.1101/");
		name = last_segment(link->path);
		if (name.len > 8 && name.s[4] == '.' && memcmp(name.s, "2025.12", 7) >= 0)
			return false;
	}

	for (n = 0, digits = 0; n < name.len && (pf_is_digit(name.s[n]) || name.s[n] == '.'); n++)
		digits += pf_is_digit(name.s[n]);
	if (digits < 6)
		return false;
	if (n < name.len && (name.s[n] == 'v' || name.s[n] == 'V') &&
		pf_digits(name.s + n + 1, end) > 0)
		n += 1 + pf_digits(name.s + n + 1, end);
	else if (n < name.len && name.s[n - 1] != '.')
		return false;
	return read_composed(prefix, (PfStr) {name.s, n}, r);
}

/* "/articles/s41586-020-2649-2" is 10.1038/s41586-020-2649-2. */
static bool
site_nature(const Link *link, PfReading *r)
{
	PfStr		rest = link->path;
	bool		digit = false;

	if (!pf_take(&rest, "/articles/"))
		return false;
	if (rest.len > 4 && pg_strncasecmp(rest.s + rest.len - 4, ".pdf", 4) == 0)
		rest.len -= 4;
	for (int i = 0; i < rest.len; i++)
	{
		char		c = rest.s[i];

		digit |= pf_is_digit(c);
		if (!pf_is_digit(c) && (unsigned char) ((c | 0x20) - 'a') >= 26 && c != '-' && c != '.')
			return false;
	}
	return digit && read_composed("10.1038/", rest, r);
}

/* Drop what a publisher put behind the DOI. */
static PfStr
without_tails(PfStr doi)
{
	bool		again = true;

	while (again)
	{
		again = false;
		for (int i = 0; i < (int) lengthof(doi_tails); i++)
		{
			int			n = (int) strlen(doi_tails[i]);

			if (doi.len > n && pg_strncasecmp(doi.s + doi.len - n, doi_tails[i], n) == 0)
			{
				doi.len -= n;
				again = true;
			}
		}
	}
	return doi;
}

/* A publisher's page: the DOI is in the path, or is a parameter. */
static bool
read_publisher(const Link *link, PfReading *r)
{
	PfStr		at = pf_str_find(link->path, "/10.");
	PfStr		doi;

	if (at.s != NULL)
	{
		PfStr		before = {link->path.s, (int) (at.s - link->path.s)};

		for (int i = 0; i < (int) lengthof(doi_words); i++)
		{
			if (pf_str_find(before, doi_words[i]).s == NULL)
				continue;
			doi = without_tails((PfStr) {at.s + 1, at.len - 1});
			if (PF_STR_IS(link->host, "academic.oup.com"))
			{
				/* An article's number follows. */
				PfStr		last = last_segment(doi);

				if (pf_digits(last.s, last.s + last.len) == last.len)
					doi.len -= last.len;
			}
			return pf_read_doi(doi, r);
		}
	}
	doi = parameter(link->query, "doi");
	if (doi.s == NULL && link->host.len >= 8 &&
		memcmp(link->host.s + link->host.len - 8, "plos.org", 8) == 0)
		doi = parameter(link->query, "id");
	return doi.s != NULL && pf_read_doi(doi, r);
}

static bool
read_known(PfStr in, PfReading *r)
{
	Link		link;

	if (!take_apart(in, &link) || link.path.len == 0)
		return false;
	for (int i = 0; i < (int) lengthof(sites); i++)
	{
		if (link.host.len == sites[i].len &&
			memcmp(link.host.s, sites[i].host, link.host.len) == 0)
		{
			if (sites[i].read(&link, r))
				return true;
			break;
		}
	}
	if (link.host.len > 10 && memcmp(link.host.s + link.host.len - 10, ".arxiv.org", 10) == 0)
		return site_arxiv(&link, r);

	/* "dx.", "doi.", and libraries' proxies of doi.org. */
	if ((pf_str_starts(link.host, "doi.") || pf_str_starts(link.host, "dx.") ||
		 pf_str_starts(link.host, "doi-org.")) && site_resolver(&link, r))
		return true;
	return read_publisher(&link, r);
}

bool
pf_read_link(PfStr in, PfReading *r)
{
	PfStr		url;

	if (read_known(in, r))
		return true;
	url = pf_url_canonical(in);
	if (url.s == NULL || url.len > PF_PAPERID_MAX - 4)
		return false;
	if (read_known(url, r))
		return true;
	r->scheme = PF_SCHEME_URL;
	r->version = 0;
	memcpy(r->text, "url:", 4);
	memcpy(r->text + 4, url.s, url.len);
	r->len = 4 + url.len;
	return true;
}

bool
pf_read_paper_page(PfStr in, PfReading *r)
{
	const char *slash = memchr(in.s, '/', in.len);

	return slash != NULL && memchr(in.s, '.', slash - in.s) != NULL && read_known(in, r);
}
