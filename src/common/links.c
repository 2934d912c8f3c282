/*-------------------------------------------------------------------------
 *
 * links.c
 *		The addresses that an abstract names: code, models, data, project pages.
 *
 * Every address has a dot inside of its host, so the search goes from dot to
 * dot and looks around each that has a letter or digit on both sides; prose
 * costs next to nothing.  An address counts with a scheme in front (even one
 * glued to the word before), with "www.", or when its host is one that papers
 * name bare.  Its end is found by what addresses of that host look like, as
 * the text around it may be TeX, Markdown, HTML or just a careless sentence.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/plain.h"

/* Nobody names more; what is compared with each other stays few. */
#define MAX_LINKS 64
#define MAX_HOST 253
#define MAX_ADDRESS 2000

typedef enum Site
{
	SITE_OTHER,
	SITE_NOT,					/* not the paper's own */
	SITE_GITHUB,
	SITE_CODE,					/* owner/name */
	SITE_CODE_ANY,
	SITE_HUGGINGFACE,
	SITE_MODELSCOPE,
	SITE_MODEL,
	SITE_KAGGLE,
	SITE_DATA,
	SITE_DOI,
	SITE_NCBI
} Site;

/* Hosts and those below them, the more special first. */
static const struct
{
	const char *host;
	Site		site;
	bool		bare;			/* counts without a scheme */
}			sites[] = {
	{"github.com", SITE_GITHUB, true},
	{"gist.github.com", SITE_CODE_ANY, true},
	{"raw.githubusercontent.com", SITE_CODE_ANY, true},
	{"gitlab.com", SITE_CODE, true},
	{"bitbucket.org", SITE_CODE, true},
	{"codeberg.org", SITE_CODE, true},
	{"gitee.com", SITE_CODE, true},
	{"git.sr.ht", SITE_CODE_ANY, true},
	{"sourceforge.net", SITE_CODE_ANY, true},
	{"anonymous.4open.science", SITE_CODE_ANY, true},
	{"code.google.com", SITE_CODE_ANY, true},
	{"colab.research.google.com", SITE_CODE_ANY, true},
	{"pypi.org", SITE_CODE_ANY, true},
	{"cran.r-project.org", SITE_CODE_ANY, true},
	{"huggingface.co", SITE_HUGGINGFACE, true},
	{"hf.co", SITE_HUGGINGFACE, true},
	{"modelscope.cn", SITE_MODELSCOPE, true},
	{"civitai.com", SITE_MODEL, true},
	{"ollama.com", SITE_MODEL, true},
	{"kaggle.com", SITE_KAGGLE, true},
	{"zenodo.org", SITE_DATA, true},
	{"figshare.com", SITE_DATA, true},
	{"osf.io", SITE_DATA, true},
	{"physionet.org", SITE_DATA, true},
	{"data.mendeley.com", SITE_DATA, true},
	{"datadryad.org", SITE_DATA, true},
	{"openneuro.org", SITE_DATA, true},
	{"ieee-dataport.org", SITE_DATA, true},
	{"archive.ics.uci.edu", SITE_DATA, true},
	{"doi.org", SITE_DOI, true},
	{"dx.doi.org", SITE_DOI, true},
	{"ncbi.nlm.nih.gov", SITE_NCBI, false},
	{"github.io", SITE_OTHER, true},
	{"gitlab.io", SITE_OTHER, true},
	{"sites.google.com", SITE_OTHER, true},
	{"arxiv.org", SITE_NOT, false},
	{"alphaxiv.org", SITE_NOT, false},
	{"creativecommons.org", SITE_NOT, false},
	{"orcid.org", SITE_NOT, false},
	{"crossref.org", SITE_NOT, false},
	{"clinicaltrials.gov", SITE_NOT, false},
	{"crd.york.ac.uk", SITE_NOT, false},
	{"openreview.net", SITE_NOT, false},
	{"semanticscholar.org", SITE_NOT, false},
	{"w3.org", SITE_NOT, false},
	{"gnu.org", SITE_NOT, false},
	{"opensource.org", SITE_NOT, false},
	{"example.com", SITE_NOT, false},
	{"example.org", SITE_NOT, false},
	/* publishers: their pages are the paper again, or its license */
	{"acm.org", SITE_NOT, false},
	{"aps.org", SITE_NOT, false},
	{"biomedcentral.com", SITE_NOT, false},
	{"biorxiv.org", SITE_NOT, false},
	{"elsevier.com", SITE_NOT, false},
	{"frontiersin.org", SITE_NOT, false},
	{"ieeexplore.ieee.org", SITE_NOT, false},
	{"iop.org", SITE_NOT, false},
	{"mdpi.com", SITE_NOT, false},
	{"medrxiv.org", SITE_NOT, false},
	{"nature.com", SITE_NOT, false},
	{"oup.com", SITE_NOT, false},
	{"plos.org", SITE_NOT, false},
	{"sagepub.com", SITE_NOT, false},
	{"sciencedirect.com", SITE_NOT, false},
	{"springer.com", SITE_NOT, false},
	{"springeropen.com", SITE_NOT, false},
	{"tandfonline.com", SITE_NOT, false},
	{"wiley.com", SITE_NOT, false}
};

/* Registrants of DOIs that stand for data. */
static const char *const data_dois[] = {
	"10.5281/", "10.6084/", "10.17632/", "10.7910/", "10.5061/", "10.13026/", "10.21227/",
	"10.17605/", "10.34740/", "10.57967/", "10.4121/", "10.18112/", "10.25573/", "10.24432/",
	"10.21942/"
};

typedef struct Links
{
	const char *begin;
	const char *end;
	PfPairs    *out;
	int			found;
	StringInfoData buf;			/* the address being read; data == NULL until the first */
} Links;

static inline bool
is_host_char(unsigned char c)
{
	return pf_is_alnum(c) || c == '.' || c == '-';
}

static inline char
at(const Links *l, const char *p)
{
	return p < l->end ? *p : ' ';
}

static bool
ends_with(PfStr host, const char *domain)
{
	int			n = (int) strlen(domain);

	return host.len >= n && pg_strncasecmp(host.s + host.len - n, domain, n) == 0 &&
		(host.len == n || host.s[host.len - n - 1] == '.');
}

/* The site of a host, without "www."; SITE_OTHER and not bare if it is unknown. */
static Site
find_site(PfStr host, bool *bare)
{
	*bare = false;
	for (int i = 0; i < (int) lengthof(sites); i++)
	{
		if (!ends_with(host, sites[i].host))
			continue;
		/* The hosts that people have a part of below; of others only the host itself. */
		if (sites[i].bare && host.len > (int) strlen(sites[i].host))
		{
			if (sites[i].site != SITE_OTHER && sites[i].site != SITE_DATA)
				continue;
		}
		else if (strcmp(sites[i].host, "github.io") == 0 || strcmp(sites[i].host, "gitlab.io") == 0)
			return SITE_NOT;	/* of nobody */
		*bare = sites[i].bare;
		return sites[i].site;
	}
	if (pf_str_starts_nocase(host, "gitlab.") || pf_str_starts_nocase(host, "git."))
		return SITE_CODE;
	if (pf_str_find(host, "figshare").s != NULL || pf_str_find(host, "ckan").s != NULL ||
		pf_str_find(host, "dataverse").s != NULL || pf_str_starts_nocase(host, "data."))
		return SITE_DATA;
	return SITE_OTHER;
}

/* The first and second part of a path, without slashes. */
static void
first_parts(PfStr path, PfStr *first, PfStr *second)
{
	PfStr	   *parts[2];
	const char *p = path.s;
	const char *end = p + path.len;

	parts[0] = first;
	parts[1] = second;
	*first = *second = PF_STR_NONE;
	for (int i = 0; i < 2; i++)
	{
		const char *s;

		while (p < end && *p == '/')
			p++;
		s = p;
		while (p < end && *p != '/' && *p != '?' && *p != '#')
			p++;
		if (p > s)
			*parts[i] = (PfStr) {s, (int) (p - s)};
		if (p < end && *p != '/')
			break;
	}
}

static bool
one_of(PfStr a, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (pf_str_eq_nocase(a, *names))
			return true;
	}
	return false;
}

/* What an address is to a paper: a key of 'links', or NULL. */
static const char *
kind_of(Site site, PfStr path)
{
	static const char *const github_not[] = {
		"about", "apps", "collections", "customer-stories", "enterprise", "events", "explore",
		"features", "login", "marketplace", "pricing", "search", "settings", "signup", "site",
		"sponsors", "topics", "trending", NULL
	};
	static const char *const hub_not[] = {
		"api", "chat", "docs", "join", "learn", "login", "models", "new", "papers", "posts",
		"pricing", "search", "settings", "tasks", NULL
	};
	PfStr		first;
	PfStr		second;

	first_parts(path, &first, &second);
	switch (site)
	{
		case SITE_NOT:
			return NULL;
		case SITE_OTHER:
			if (pf_str_find(path, "/license").s != NULL || pf_str_find(path, "/licence").s != NULL)
				return NULL;
			return "project";
		case SITE_GITHUB:
			return first.s == NULL || one_of(first, github_not) ? NULL : "code";
		case SITE_CODE:
		case SITE_CODE_ANY:
			return first.s == NULL ? NULL : "code";
		case SITE_HUGGINGFACE:
			if (first.s == NULL || one_of(first, hub_not))
				return NULL;
			if (pf_str_eq_nocase(first, "datasets"))
				return second.s == NULL ? NULL : "data";
			if (pf_str_eq_nocase(first, "collections"))
				return second.s == NULL ? NULL : "model";
			if (second.s == NULL || pf_str_eq_nocase(first, "spaces") ||
				pf_str_eq_nocase(first, "blog"))
				return "project";
			return "model";
		case SITE_MODELSCOPE:
			if (second.s == NULL)
				return NULL;
			if (pf_str_eq_nocase(first, "datasets"))
				return "data";
			return pf_str_eq_nocase(first, "studios") ? "project" : "model";
		case SITE_MODEL:
			return first.s == NULL ? NULL : "model";
		case SITE_KAGGLE:
			if (second.s == NULL)
				return NULL;
			if (pf_str_eq_nocase(first, "code"))
				return "code";
			return pf_str_eq_nocase(first, "models") ? "model" : "data";
		case SITE_DATA:
			return first.s == NULL ? NULL : "data";
		case SITE_DOI:
			for (int i = 0; i < (int) lengthof(data_dois); i++)
			{
				if (path.len > 1 && pf_str_starts((PfStr) {path.s + 1, path.len - 1}, data_dois[i]))
					return "data";
			}
			return NULL;
		case SITE_NCBI:
			if (pf_str_eq_nocase(first, "geo") || pf_str_eq_nocase(first, "sra") ||
				pf_str_eq_nocase(first, "bioproject") || pf_str_eq_nocase(first, "gap"))
				return "data";
			return NULL;
	}
	return NULL;
}

/* What addresses of one page share: all but the scheme, "www." and a slash at the end. */
static PfStr
compared_part(PfStr a)
{
	PfStr		rest = pf_str_find(a, "://");

	if (rest.s != NULL)
		a = (PfStr) {rest.s + 3, rest.len - 3};
	if (pf_str_starts_nocase(a, "www."))
		a = (PfStr) {a.s + 4, a.len - 4};
	while (a.len > 0 && a.s[a.len - 1] == '/')
		a.len--;
	return a;
}

static bool
is_known(const Links *l, PfStr address)
{
	PfStr		a = compared_part(address);
	bool		any_case = pf_str_starts_nocase(a, "github.com/") ||
		pf_str_starts_nocase(a, "huggingface.co/");

	for (int i = 0; i < l->out->n; i++)
	{
		PfStr		b;

		if (l->out->items[i].type != PF_PAIR_LIST)
			continue;
		b = compared_part(l->out->items[i].value);
		if (a.len != b.len)
			continue;
		if (any_case ? pg_strncasecmp(a.s, b.s, a.len) == 0 : memcmp(a.s, b.s, a.len) == 0)
			return true;
	}
	return false;
}

/*
 * ".We" in "github.com/a/b.We then": a dot that ends a sentence to which the
 * author forgot the blank.
 */
static bool
is_sentence_end(const Links *l, const char *dot)
{
	const char *p = dot + 1;
	int			n = 0;

	if (!(at(l, p) >= 'A' && at(l, p) <= 'Z'))
		return false;
	for (p++; p < l->end && *p >= 'a' && *p <= 'z'; p++)
		n++;
	if (p < l->end && !pf_is_space(*p) && (unsigned char) *p < 0x80 &&
		strchr(",;:.!?'", *p) == NULL)
		return false;
	/* file names on the way end in .R, .Rmd or so */
	if (n == 0)
		return (dot[1] == 'A' || dot[1] == 'I') && p < l->end && pf_is_space(*p);
	return !(dot[1] == 'R' && n == 2 && dot[2] == 'm' && dot[3] == 'd');
}

/* Escapes of TeX in an address, at p: how long, and what for; 0 if there is none. */
static int
tex_escape(const Links *l, const char *p, char *c)
{
	static const struct
	{
		const char *tex;
		char		c;
	}			escapes[] = {
		{"\\_", '_'}, {"\\%", '%'}, {"\\#", '#'}, {"\\&", '&'}, {"\\-", 0}, {"\\/", 0},
		{"\\~{}", '~'}, {"\\~", '~'}, {"$\\sim$", '~'}, {"$\\tilde{}$", '~'}, {"$_$", '_'},
		{"\\textasciitilde{}", '~'}, {"{\\textasciitilde}", '~'}, {"\\textasciitilde ", '~'},
		{"\\textunderscore{}", '_'}, {"{\\textunderscore}", '_'}, {"{\\_}", '_'}, {"{\\~{}}", '~'},
		{"{\\~}", '~'}, {"\\sim ", '~'}, {"{_}", '_'}, {"{~}", '~'}, {"{-}", '-'}, {"&amp;", '&'}
	};

	for (int i = 0; i < (int) lengthof(escapes); i++)
	{
		int			n = (int) strlen(escapes[i].tex);

		if (l->end - p >= n && memcmp(p, escapes[i].tex, n) == 0)
		{
			*c = escapes[i].c;
			return n;
		}
	}
	return 0;
}

static inline bool
starts_scheme(const Links *l, const char *p)
{
	return l->end - p >= 8 && (memcmp(p, "http://", 7) == 0 || memcmp(p, "https://", 8) == 0);
}

/* Append the rest of an address behind its host; returns where it ends. */
static const char *
read_path(Links *l, const char *p, Site site)
{
	StringInfo	buf = &l->buf;
	bool		strict = site == SITE_GITHUB || site == SITE_CODE || site == SITE_HUGGINGFACE;
	int			start = buf->len;
	int			parts = 0;
	int			round = 0;
	int			square = 0;

	if (at(l, p) == ':' && pf_is_digit(at(l, p + 1)))
	{
		do
			pf_put(buf, *p++);
		while (p < l->end && pf_is_digit(*p) && buf->len - start < 6);
		start = buf->len;
	}
	if (p >= l->end || strchr("/?#", *p) == NULL)
		return p;

	while (p < l->end && buf->len < MAX_ADDRESS)
	{
		unsigned char c = *p;
		char		as;
		int			n;

		if (c <= ' ' || c >= 0x7F || strchr("<>\"`|^\\{}$&'", c) != NULL)
		{
			n = (c == '\\' || c == '$' || c == '{' || c == '&') ? tex_escape(l, p, &as) : 0;
			if (n > 0)
			{
				if (as != 0)
					pf_put(buf, as);
				p += n;
				continue;
			}
			if (c != '&')
				break;
		}
		if (c == '/')
			parts++;
		else if (c == '(')
			round++;
		else if (c == '[')
			square++;
		else if (c == ')' && --round < 0)
			break;
		else if (c == ']' && --square < 0)
			break;
		else if (c == '.' && buf->len > start + 1 && is_sentence_end(l, p))
			break;
		else if (c == '*' && at(l, p + 1) == '*')
			break;
		else if ((c == ',' || c == ';') && !pf_is_alnum(at(l, p + 1)))
			break;
		else if (c == 'h' && starts_scheme(l, p) &&
				 (buf->len == start + 1 || strchr("/=:?&%", buf->data[buf->len - 1]) == NULL))
			break;
		/* owner and name are of few characters */
		if (c == '?' || c == '#')
			strict = false;
		if (strict && parts <= 2 && !pf_is_alnum(c) && strchr("/._-?#~@", c) == NULL)
			break;
		pf_put(buf, c);
		p++;
	}
	while (buf->len > start && strchr(".,;:!?*'", buf->data[buf->len - 1]) != NULL)
		buf->len--;
	return p;
}

static void
add_link(Links *l, const char *key, PfStr address)
{
	if (l->found < MAX_LINKS && !is_known(l, address))
	{
		pf_pairs_add(l->out, key, PF_PAIR_LIST, pf_str_dup(address));
		l->found++;
	}
}

/* Drop what does not tell one page of a site from another. */
static void
tidy(StringInfo buf, int path, Site site)
{
	if (site == SITE_OTHER || site == SITE_NOT)
		return;
	while (buf->len > path && buf->data[buf->len - 1] == '/')
		buf->len--;
	if ((site == SITE_GITHUB || site == SITE_CODE) && buf->len - path > 4 &&
		memcmp(buf->data + buf->len - 4, ".git", 4) == 0)
		buf->len -= 4;
}

/* A DOI of data that has no resolver in front, with its first dot at 'dot': where it ends. */
static const char *
bare_doi(Links *l, const char *dot)
{
	const char *s = dot - 2;
	const char *p;

	if (s < l->begin || s[0] != '1' || s[1] != '0' ||
		(s > l->begin && (pf_is_alnum(s[-1]) || s[-1] == '.')) ||
		(s - l->begin >= 8 && memcmp(s - 8, "doi.org/", 8) == 0))
		return NULL;
	for (p = dot + 1; p < l->end && p - dot < 7 && pf_is_digit(*p); p++)
		;
	if (at(l, p) != '/')
		return NULL;

	resetStringInfo(&l->buf);
	pf_puts(&l->buf, "https://doi.org/");
	appendBinaryStringInfo(&l->buf, s, p - s);
	p = read_path(l, p, SITE_DOI);
	if (kind_of(SITE_DOI, (PfStr) {l->buf.data + 15, l->buf.len - 15}) == NULL)
		return p;
	add_link(l, "data", (PfStr) {l->buf.data, l->buf.len});
	return p;
}

/* An address may be around this dot: returns where to go on. */
static const char *
around_dot(Links *l, const char *dot, const char *from)
{
	StringInfo	buf = &l->buf;
	const char *s = dot;
	const char *e = dot;
	const char *scheme = NULL;
	const char *label;
	const char *next;
	const char *key;
	PfStr		host;
	PfStr		name;
	Site		site;
	bool		bare;
	bool		www;
	int			path;

	if (l->buf.data == NULL)
		initStringInfo(&l->buf);
	if (pf_is_digit(dot[-1]) && pf_is_digit(dot[1]))
	{
		next = bare_doi(l, dot);
		return next != NULL ? next : dot + 1;
	}

	while (s > from && is_host_char(s[-1]) && dot - s < MAX_HOST)
		s--;
	while (e < l->end && is_host_char(*e) && e - s < MAX_HOST)
		e++;
	next = e;

	if (s - l->begin >= 3 && memcmp(s - 3, "://", 3) == 0)
	{
		if (s - l->begin >= 8 && pg_strncasecmp(s - 8, "https", 5) == 0)
			scheme = "https";
		else if (s - l->begin >= 7 && pg_strncasecmp(s - 7, "http", 4) == 0)
			scheme = "http";
		else
			return next;
	}
	else if (s > l->begin && (strchr("@_\\=%", s[-1]) != NULL ||
							  (s[-1] == '/' && !(s - l->begin >= 2 && s[-2] == '/'))))
		return next;			/* a mail address, or within something else */

	while (s < e && (*s == '.' || *s == '-'))
		s++;
	while (e > s && (e[-1] == '.' || e[-1] == '-'))
		e--;
	/* "x.github.io.We": the last label begins a sentence */
	for (label = e; label > s && label[-1] != '.'; label--)
		;
	if (label - s > 3 && *label >= 'A' && *label <= 'Z' && is_sentence_end(l, label - 1) &&
		memchr(s, '.', label - 1 - s) != NULL)
	{
		const char *prev = label - 1;

		while (prev > s && prev[-1] != '.')
			prev--;
		if (!(*prev >= 'A' && *prev <= 'Z'))
		{
			e = label - 1;
			label = prev;
		}
	}
	host = (PfStr) {s, (int) (e - s)};
	if (host.len < 4 || e - label < 2 || memchr(s, '.', host.len) == NULL || !pf_is_alpha(*label) ||
		!pf_is_alpha(label[1]))
		return next;

	www = pf_str_starts_nocase(host, "www.");
	name = www ? (PfStr) {host.s + 4, host.len - 4} : host;
	site = find_site(name, &bare);
	if (scheme == NULL)
	{
		if (!bare && !(www && memchr(name.s, '.', name.len) != NULL))
			return next;
		scheme = "https";
	}

	resetStringInfo(buf);
	pf_puts(buf, scheme);
	pf_puts(buf, "://");
	path = buf->len;
	appendBinaryStringInfo(buf, host.s, host.len);
	for (; path < buf->len; path++)
	{
		if (buf->data[path] >= 'A' && buf->data[path] <= 'Z')
			buf->data[path] |= 0x20;
	}
	if (e == next || at(l, e) != '.')
		next = read_path(l, e, site);
	tidy(buf, path, site);
	key = kind_of(site, (PfStr) {buf->data + path, buf->len - path});
	if (key != NULL)
		add_link(l, key, (PfStr) {buf->data, buf->len});
	return next;
}

void
pf_links(PfStr in, PfPairs *links)
{
	Links		l;
	const char *p;
	const char *from;

	if (in.s == NULL || in.len < 5)
		return;
	l.begin = from = in.s;
	l.end = in.s + in.len;
	l.out = links;
	l.found = 0;
	l.buf.data = NULL;

	p = l.begin + 1;
	while (p < l.end - 1 && (p = memchr(p, '.', l.end - 1 - p)) != NULL)
	{
		if (pf_is_alnum(p[1]) && pf_is_alnum(p[-1]))
			p = from = around_dot(&l, p, from);
		else
			p++;
	}
	if (l.buf.data != NULL)
		pfree(l.buf.data);
}
