/*-------------------------------------------------------------------------
 *
 * paperid_read.c
 *		Every spelling of a paper's identity to the one canonical form.
 *
 * pf_paperid_read() looks at the first bytes to see what a text could be and
 * hands the rest to the reader of that scheme.  A reader writes the canonical
 * form into a PfReading on the stack; only a success allocates, once.
 *
 * What is promised, and tested with random text: the canonical form is
 * printable ASCII without blanks, it reads as itself, and so does the address
 * of its page (pf_paperid_url).  Therefore a DOI keeps '%' and bytes outside
 * ASCII percent-encoded, and is percent-decoded whenever it is read.
 *
 * A paper that has several identities gets the first in the order of
 * PfScheme.  So a DOI that only stands for another scheme's identity is
 * written as that one: arXiv's (10.48550/arXiv.…) and the ACL Anthology's
 * (10.18653/v1/…, 10.3115/v1/…).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "paper/paperid_read.h"

#define PF_MAX_NESTED	4		/* prefixes before prefixes: "doi:https://doi.org/..." */

/* What ends a spelling without being part of it. */
#define END_PUNCTUATION ".,;:!?\"'`)]}>"

/* Archives of arXiv up to March 2007, when identifiers began with one. */
static const char *const archives[] = {
	"acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph",
	"bayes-an", "chao-dyn", "chem-ph", "cmp-lg", "comp-gas", "cond-mat", "cs",
	"dg-ga", "funct-an", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th",
	"math", "math-ph", "mtrl-th", "nlin", "nucl-ex", "nucl-th", "patt-sol",
	"physics", "plasm-ph", "q-alg", "q-bio", "quant-ph", "solv-int",
	"supr-con",
};

bool
pf_at_end(const char *s, const char *end)
{
	PfStr		rest = {s, (int) (end - s)};

	pf_skip(&rest, END_PUNCTUATION);
	return rest.len == 0;
}

int
pf_take_version(const char **s, const char *end)
{
	int			version = 0;
	int			n;

	if (end - *s < 2 || pf_lower(**s) != 'v' || (*s)[1] == '0')
		return 0;
	n = pf_digits(*s + 1, end);
	if (n < 1 || n > 4)
		return 0;
	for (int i = 1; i <= n; i++)
		version = version * 10 + ((*s)[i] - '0');
	*s += n + 1;
	return version;
}

/*
 * What may follow an arXiv identifier: a version, the name of a format,
 * the class in brackets that arXiv prints in its margin.
 */
static bool
arxiv_rest(const char *s, const char *end, PfReading *r)
{
	PfStr		rest;

	r->version = pf_take_version(&s, end);
	if (s == end)
		return true;
	rest = (PfStr) {s, (int) (end - s)};
	if (pf_take(&rest, ".pdf") || pf_take(&rest, ".html") || pf_take(&rest, ".ps"))
		return pf_at_end(rest.s, end);
	if (*s == ' ')
	{
		pf_skip(&rest, " ");
		if (rest.len > 0 && *rest.s == '[')
			return true;
	}
	return pf_at_end(s, end);
}

static inline int
two(const char *s)
{
	return (s[0] - '0') * 10 + (s[1] - '0');
}

/* "2303.12345": month and length of the number are those that arXiv gave out. */
static bool
read_arxiv_new(PfStr in, PfReading *r)
{
	const char *s = in.s;
	const char *end = in.s + in.len;
	int			year;
	int			month;
	int			n;

	if (in.len < 9 || s[4] != '.' || pf_digits(s, s + 4) != 4)
		return false;
	year = two(s);
	month = two(s + 2);
	if (year < 7 || year > 90 || month < 1 || month > 12 || (year == 7 && month < 4))
		return false;
	n = pf_digits(s + 5, end);
	if (n != (year < 15 ? 4 : 5) || memcmp(s + 5, "00000", n) == 0)
		return false;

	pf_reading_begin(r, PF_SCHEME_ARXIV, "arxiv:");
	memcpy(r->text + r->len, s, 5 + n);
	r->len += 5 + n;
	return arxiv_rest(s + 5 + n, end, r);
}

/*
 * "hep-th/9901001", "math.GT/0309136".  The archive is part of the identity
 * (numbers began anew in each), the subject class is not.
 */
static bool
read_arxiv_old(PfStr in, PfReading *r)
{
	const char *slash = memchr(in.s, '/', Min(in.len, 24));
	const char *end = in.s + in.len;
	const char *dot;
	int			len;
	int			year;
	int			month;

	if (slash == NULL || end - slash < 8 || pf_digits(slash + 1, slash + 8) != 7)
		return false;
	dot = memchr(in.s, '.', slash - in.s);
	if (dot != NULL)
	{
		if (slash - dot < 3)
			return false;
		for (const char *c = dot + 1; c < slash; c++)
		{
			if (!pf_is_alnum(*c) && *c != '-')
				return false;
		}
	}
	len = (int) ((dot ? dot : slash) - in.s);
	for (int i = 0;; i++)
	{
		if (i == lengthof(archives))
			return false;
		if (pf_str_eq_nocase((PfStr) {in.s, len}, archives[i]))
			break;
	}

	year = two(slash + 1);
	month = two(slash + 3);
	if (month < 1 || month > 12 || (year > 7 && year < 91) || (year == 7 && month > 3) ||
		memcmp(slash + 5, "000", 3) == 0)
		return false;

	pf_reading_begin(r, PF_SCHEME_ARXIV, "arxiv:");
	return pf_reading_add_lower(r, in.s, len) && pf_reading_add_lower(r, slash, 8) &&
		arxiv_rest(slash + 8, end, r);
}

bool
pf_read_arxiv(PfStr in, PfReading *r)
{
	if (in.len > 0 && pf_is_digit(in.s[0]))
		return read_arxiv_new(in, r);
	return read_arxiv_old(in, r);
}

/*
 * "2020.acl-main.1" (in lower case) and, from before 2020, "P19-1001" (in
 * capitals); a version ("P18-1001v2") names a revised file of the same paper.
 */
bool
pf_read_acl(PfStr in, PfReading *r)
{
	const char *s = in.s;
	const char *end = in.s + in.len;
	PfStr		rest;

	pf_reading_begin(r, PF_SCHEME_ACL, "acl:");
	if (in.len >= 8 && !pf_is_digit(s[0]))
	{
		if (!pf_is_alnum(s[0]) || pf_digits(s + 1, s + 3) != 2 || s[3] != '-' ||
			pf_digits(s + 4, end) != 4)
			return false;
		pf_reading_add_lower(r, s, 8);
		r->text[r->len - 8] &= ~0x20;
		s += 8;
	}
	else
	{
		int			n;

		if (pf_digits(s, end) != 4 || in.len < 10 || s[4] != '.' ||
			(memcmp(s, "19", 2) != 0 && memcmp(s, "20", 2) != 0))
			return false;
		s += 5;
		for (n = 0; s + n < end && pf_is_alnum(s[n]); n++)
			;
		if (n == 0 || s + n == end || s[n] != '-')
			return false;
		s += n + 1;
		for (n = 0; s + n < end && pf_is_alnum(s[n]); n++)
			;
		if (n == 0 || s + n == end || s[n] != '.')
			return false;
		s += n + 1;
		n = pf_digits(s, end);
		if (n < 1 || n > 5)
			return false;
		s += n;
		if (!pf_reading_add_lower(r, in.s, (int) (s - in.s)))
			return false;
	}

	r->version = pf_take_version(&s, end);
	rest = (PfStr) {s, (int) (end - s)};
	if (!pf_take(&rest, ".pdf") && !pf_take(&rest, ".bib"))
		pf_take(&rest, ".xml");
	return pf_at_end(rest.s, end);
}

bool
pf_read_pmid(PfStr in, PfReading *r)
{
	int			n;

	pf_skip(&in, "0");
	n = pf_digits(in.s, in.s + in.len);
	if (n < 1 || n > 9)
		return false;
	pf_reading_begin(r, PF_SCHEME_PMID, "pmid:");
	return pf_reading_add_lower(r, in.s, n) && pf_at_end(in.s + n, in.s + in.len);
}

bool
pf_read_openreview(PfStr in, PfReading *r)
{
	int			n = 0;

	while (n < in.len && (pf_is_alnum(in.s[n]) || in.s[n] == '-' || in.s[n] == '_'))
		n++;
	if (n < 1 || n > 64)
		return false;
	pf_reading_begin(r, PF_SCHEME_OPENREVIEW, "openreview:");
	for (int i = 0; i < n; i++)
		pf_reading_add(r, in.s[i]);
	return pf_at_end(in.s + n, in.s + in.len);
}

/* "repository.org:item", as the OAI's guidelines have it: the repository's name in any case. */
static bool
read_oai(PfStr in, PfReading *r)
{
	int			n = 0;

	while (n < in.len && (pf_is_alnum(in.s[n]) || in.s[n] == '-' || in.s[n] == '.'))
		n++;
	if (n == 0 || n + 1 >= in.len || in.s[n] != ':')
		return false;
	pf_reading_begin(r, PF_SCHEME_OAI, "oai:");
	if (!pf_reading_add_lower(r, in.s, n))
		return false;
	for (; n < in.len; n++)
	{
		if (in.s[n] <= ' ' || in.s[n] > '~' || !pf_reading_add(r, in.s[n]))
			return false;
	}
	return true;
}

static bool
read_hash(PfStr in, PfReading *r)
{
	if (in.len != 32)
		return false;
	for (int i = 0; i < 32; i++)
	{
		if (!pf_is_digit(in.s[i]) && (unsigned char) (pf_lower(in.s[i]) - 'a') >= 6)
			return false;
	}
	pf_reading_begin(r, PF_SCHEME_HASH, "hash:");
	return pf_reading_add_lower(r, in.s, 32);
}

/* Any spelling; 'depth' counts the prefixes that were taken off. */
static bool
read_any(PfStr in, PfReading *r, int depth)
{
	PfStr		rest = in;

	if (in.len == 0 || depth > PF_MAX_NESTED)
		return false;
	if (pf_is_digit(in.s[0]))
	{
		if (in.len > 3 && in.s[2] == '.')
			return pf_read_doi(in, r);
		return read_arxiv_new(in, r) || pf_read_acl(in, r);
	}

	switch (pf_lower(in.s[0]))
	{
		case 'a':
			if (pf_take(&rest, "arxiv"))
			{
				pf_skip(&rest, ":./ ");
				if (pf_read_arxiv(rest, r))
					return true;
			}
			else if (pf_take(&rest, "acl:"))
			{
				pf_skip(&rest, " ");
				return pf_read_acl(rest, r);
			}
			break;
		case 'd':
			if (pf_take(&rest, "doi"))
			{
				pf_skip(&rest, ":/= ");
				if (pf_str_starts(rest, "10."))
					return pf_read_doi(rest, r);
				if (pf_str_starts_nocase(rest, "http") && read_any(rest, r, depth + 1))
					return r->scheme != PF_SCHEME_URL;
			}
			break;
		case 'h':
			if (pf_str_starts_nocase(rest, "http://") || pf_str_starts_nocase(rest, "https://"))
				return pf_read_link(in, r);
			if (pf_take(&rest, "hash:"))
				return read_hash(rest, r);
			break;
		case 'i':
			if (pf_take(&rest, "info:"))
				return read_any(rest, r, depth + 1);
			break;
		case 'o':
			if (pf_take(&rest, "oai:arxiv.org:"))
				return pf_read_arxiv(rest, r);
			if (pf_take(&rest, "oai:"))
				return read_oai(rest, r);
			if (pf_take(&rest, "openreview:"))
			{
				pf_skip(&rest, " ");
				return pf_read_openreview(rest, r);
			}
			break;
		case 'p':
			if (pf_take(&rest, "pmid"))
			{
				pf_skip(&rest, ":/ ");
				return pf_read_pmid(rest, r);
			}
			break;
		case 'u':
			if (pf_take(&rest, "urn:"))
				return read_any(rest, r, depth + 1);
			if (pf_take(&rest, "url:"))
			{
				if (pf_str_starts_nocase(rest, "http://") ||
					pf_str_starts_nocase(rest, "https://"))
					return pf_read_link(rest, r);
				return false;
			}
			break;
		default:
			break;
	}
	return read_arxiv_old(in, r) || pf_read_acl(in, r) || pf_read_paper_page(in, r);
}

/* Without white space and one pair of brackets or quotes around it. */
static PfStr
unwrap(PfStr in)
{
	static const char opening[] = "<([{\"'";
	static const char closing[] = ">)]}\"'";
	const char *at;

	in = pf_str_trim(in);
	if (in.len < 3 || in.s[0] == '\0' || (at = strchr(opening, in.s[0])) == NULL)
		return in;
	in.s++;
	in.len--;
	while (in.len > 1 && strchr(".,;", in.s[in.len - 1]) != NULL && in.s[in.len - 1] != '\0')
		in.len--;
	if (in.s[in.len - 1] == closing[at - opening])
		in.len--;
	return pf_str_trim(in);
}

PfScheme
pf_paperid_read(PfStr in, PfStr *canonical, int *version)
{
	PfReading	r;

	if (in.s == NULL || !read_any(unwrap(in), &r, 0))
		return PF_SCHEME_NONE;
	if (version != NULL)
		*version = r.version;
	if (canonical != NULL)
	{
		char	   *s = palloc(r.len + 1);

		memcpy(s, r.text, r.len);
		s[r.len] = '\0';
		*canonical = (PfStr) {s, r.len};
	}
	return r.scheme;
}
