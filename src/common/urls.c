/*-------------------------------------------------------------------------
 *
 * urls.c
 *		Addresses: splitting, resolving (RFC 3986), canonical form.
 *
 * Splitting copies nothing.  Resolving and making canonical write into one
 * palloc'd buffer whose size is known beforehand; an address longer than
 * PF_URL_MAX is none at all, so that no sum of lengths can overflow.
 *
 * pf_url_canonical() is idempotent, which the identity of papers relies on:
 * each of its steps leaves nothing that a second round would change.
 * Percent-encodings are settled before dot segments are removed, because
 * %2E%2E is one; both default ports are dropped, because http becomes https.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/urls.h"

#define PF_URL_MAX	65536		/* bytes */

/* Classes of bytes. */
#define UNRESERVED	0x01		/* needs no percent-encoding anywhere */
#define UNSAFE		0x02		/* in no address: control bytes, blanks */
#define ENCODE		0x04		/* percent-encoded in a canonical address */
#define SCHEME		0x08		/* in a scheme, after its first letter */
#define NOT_HOST	0x10		/* in no host */

static const uint8 classes[256] = {
	[0 ... 32] = UNSAFE | ENCODE | NOT_HOST,
	[127] = UNSAFE | ENCODE | NOT_HOST,
	[128 ... 255] = ENCODE,
	['A' ... 'Z'] = UNRESERVED | SCHEME,
	['a' ... 'z'] = UNRESERVED | SCHEME,
	['0' ... '9'] = UNRESERVED | SCHEME,
	['-'] = UNRESERVED | SCHEME,
	['.'] = UNRESERVED | SCHEME,
	['_'] = UNRESERVED,
	['~'] = UNRESERVED,
	['+'] = SCHEME,
	['"'] = ENCODE | NOT_HOST,
	['<'] = ENCODE | NOT_HOST,
	['>'] = ENCODE | NOT_HOST,
	['\\'] = ENCODE | NOT_HOST,
	['^'] = ENCODE | NOT_HOST,
	['`'] = ENCODE | NOT_HOST,
	['{'] = ENCODE | NOT_HOST,
	['|'] = ENCODE | NOT_HOST,
	['}'] = ENCODE | NOT_HOST,
	['['] = NOT_HOST,
	[']'] = NOT_HOST,
	[':'] = NOT_HOST,
};

#define IS(c, class) ((classes[(unsigned char) (c)] & (class)) != 0)

/*
 * Parameters that say how a reader came to a page, not which page it is, in
 * lower case.
 */
#define NAME(name)		{(name), sizeof(name) - 1, false}
#define PREFIX(name)	{(name), sizeof(name) - 1, true}

static const struct
{
	const char *name;
	int			len;
	bool		prefix;
}			tracking[] =
{
	PREFIX("utm_"), NAME("rss"), NAME("af"), NAME("dgcid"), NAME("fbclid"),
	NAME("gclid"), NAME("dclid"), NAME("gbraid"), NAME("wbraid"), NAME("msclkid"),
	NAME("yclid"), NAME("twclid"), NAME("igshid"), NAME("mc_cid"), NAME("mc_eid"),
	NAME("mkt_tok"), NAME("_hsenc"), NAME("_hsmi"), NAME("_ga"), NAME("_gl"),
	NAME("cmpid"), PREFIX("pk_"), PREFIX("mtm_"), PREFIX("wt.mc"),
};

static inline char
lower(char c)
{
	return (unsigned char) (c - 'A') < 26 ? (char) (c | 0x20) : c;
}

/* The value of a hexadecimal digit, or -1. */
static inline int
hex(char c)
{
	if ((unsigned char) (c - '0') < 10)
		return c - '0';
	c |= 0x20;
	return (unsigned char) (c - 'a') < 6 ? c - 'a' + 10 : -1;
}

/* The byte that the three characters at s encode, or -1. */
static inline int
encoded_byte(const char *s, const char *end)
{
	int			high;
	int			low;

	if (end - s < 3 || s[0] != '%')
		return -1;
	high = hex(s[1]);
	low = hex(s[2]);
	return (high | low) < 0 ? -1 : high * 16 + low;
}

static char *
put(char *out, PfStr a)
{
	if (a.len > 0)
		memcpy(out, a.s, a.len);
	return out + Max(a.len, 0);
}

/*
 * 'in' without white space around it, blanks inside as %20, tabs and line
 * ends inside left out, as browsers do; none if it is too long.
 */
static PfStr
clean(PfStr in)
{
	bool		found = false;
	char	   *buf;
	char	   *out;

	in = pf_str_trim(in);
	if (pf_str_blank(in) || in.len > PF_URL_MAX)
		return PF_STR_NONE;
	for (int i = 0; i < in.len && !found; i++)
		found = in.s[i] == ' ' || in.s[i] == '\t' || in.s[i] == '\n' || in.s[i] == '\r';
	if (!found)
		return in;

	buf = out = palloc(in.len * 3 + 1);
	for (int i = 0; i < in.len; i++)
	{
		char		c = in.s[i];

		if (c == ' ')
			out = put(out, PF_STR_LIT("%20"));
		else if (c != '\t' && c != '\n' && c != '\r')
			*out++ = c;
	}
	return (PfStr) {buf, (int) (out - buf)};
}

/* Take host, port and userinfo apart. */
static bool
split_authority(PfStr a, PfUrl *out)
{
	const char *end = a.s + a.len;
	const char *p = a.s;
	const char *host_end;

	for (const char *q = end; q > a.s; q--)
	{
		if (q[-1] == '@')
		{
			out->userinfo = (PfStr) {a.s, (int) (q - 1 - a.s)};
			p = q;
			break;
		}
	}

	if (p < end && *p == '[')
	{
		host_end = memchr(p, ']', end - p);
		if (host_end == NULL)
			return false;
		out->host = (PfStr) {p + 1, (int) (host_end - p - 1)};
		for (int i = 0; i < out->host.len; i++)
		{
			if (out->host.s[i] != ':' && IS(out->host.s[i], NOT_HOST))
				return false;
		}
		host_end++;
	}
	else
	{
		for (host_end = p; host_end < end && *host_end != ':'; host_end++)
		{
			if (IS(*host_end, NOT_HOST))
				return false;
		}
		out->host = (PfStr) {p, (int) (host_end - p)};
	}

	if (host_end < end)
	{
		PfStr		port = {host_end + 1, (int) (end - host_end - 1)};

		if (*host_end != ':')
			return false;
		if (port.len > 0 &&
			(port.len > 5 || !pf_str_int(port, &out->port) || out->port > 65535))
			return false;
	}
	return true;
}

bool
pf_url_split(PfStr in, PfUrl *out)
{
	const char *s = in.s;
	const char *end;
	const char *p;

	memset(out, 0, sizeof(PfUrl));
	out->port = -1;
	if (in.s == NULL || in.len > PF_URL_MAX)
		return false;
	end = s + in.len;
	for (p = s; p < end; p++)
	{
		if (IS(*p, UNSAFE))
			return false;
	}

	p = s;
	if (p < end && (unsigned char) (lower(*p) - 'a') < 26)
	{
		while (p < end && IS(*p, SCHEME))
			p++;
		if (p < end && *p == ':')
		{
			out->scheme = (PfStr) {s, (int) (p - s)};
			s = p + 1;
		}
	}
	if (end - s >= 2 && s[0] == '/' && s[1] == '/')
	{
		s += 2;
		for (p = s; p < end && *p != '/' && *p != '?' && *p != '#'; p++)
			;
		if (!split_authority((PfStr) {s, (int) (p - s)}, out))
			return false;
		s = p;
	}
	for (p = s; p < end && *p != '?' && *p != '#'; p++)
		;
	out->path = (PfStr) {s, (int) (p - s)};
	if (p < end && *p == '?')
	{
		s = ++p;
		while (p < end && *p != '#')
			p++;
		out->query = (PfStr) {s, (int) (p - s)};
	}
	if (p < end)
		out->fragment = (PfStr) {p + 1, (int) (end - p - 1)};
	return true;
}

/*
 * Remove "." and ".." segments in place (RFC 3986 section 5.2.4); gives the
 * new length.  A path that does not begin with a slash keeps its first
 * segment where it is.
 */
static int
remove_dots(char *path, int len)
{
	const char *s = path;
	const char *end = path + len;
	char	   *out = path;

	while (s < end)
	{
		const char *next = s + 1;
		int			n;

		while (next < end && *next != '/')
			next++;
		n = (int) (next - s);
		if (s[0] == '/' && n == 2 && s[1] == '.')
		{
			if (next == end)
				*out++ = '/';
		}
		else if (s[0] == '/' && n == 3 && s[1] == '.' && s[2] == '.')
		{
			while (out > path && *--out != '/')
				;
			if (next == end)
				*out++ = '/';
		}
		else
		{
			memmove(out, s, n);
			out += n;
		}
		s = next;
	}
	return (int) (out - path);
}

static bool
known_scheme(PfStr scheme)
{
	return pf_str_eq_nocase(scheme, "https") || pf_str_eq_nocase(scheme, "http") ||
		pf_str_eq_nocase(scheme, "ftp") || pf_str_eq_nocase(scheme, "mailto");
}

PfStr
pf_url_resolve(PfStr base, PfStr ref)
{
	PfUrl		r;
	PfUrl		b;
	const char *authority_end;
	PfStr		prefix;			/* of the base: scheme and authority */
	char	   *buf;
	char	   *out;
	char	   *path;

	ref = clean(ref);
	base = clean(base);
	if (ref.s == NULL || !pf_url_split(ref, &r))
		return PF_STR_NONE;
	if (r.scheme.s != NULL)
	{
		if (!known_scheme(r.scheme))
			return PF_STR_NONE;
		if (r.host.len == 0 && !pf_str_eq_nocase(r.scheme, "mailto"))
			return PF_STR_NONE;
		return pf_str_dup(ref);
	}
	if (base.s == NULL || !pf_url_split(base, &b) || b.host.len == 0 || !known_scheme(b.scheme))
		return PF_STR_NONE;

	buf = out = palloc(base.len + ref.len + 2);
	if (r.host.s != NULL)
	{
		if (r.host.len == 0)
			return PF_STR_NONE;
		out = put(out, b.scheme);
		*out++ = ':';
		out = put(out, ref);
		return (PfStr) {buf, (int) (out - buf)};
	}

	authority_end = b.path.s;
	prefix = (PfStr) {base.s, (int) (authority_end - base.s)};
	out = put(out, prefix);
	path = out;
	if (r.path.len == 0)
	{
		out = put(out, b.path);
		if (r.query.s == NULL)
			r.query = b.query;
	}
	else
	{
		if (r.path.s[0] != '/')
		{
			int			keep = b.path.len;

			while (keep > 0 && b.path.s[keep - 1] != '/')
				keep--;
			out = put(out, (PfStr) {b.path.s, keep});
			if (keep == 0)
				*out++ = '/';
		}
		out = put(out, r.path);
		out = path + remove_dots(path, (int) (out - path));
	}
	if (r.query.s != NULL)
	{
		*out++ = '?';
		out = put(out, r.query);
	}
	if (r.fragment.s != NULL)
	{
		*out++ = '#';
		out = put(out, r.fragment);
	}
	return (PfStr) {buf, (int) (out - buf)};
}

/* Write 'in' with its percent-encodings settled; up to three times as long. */
static char *
put_normal(char *out, PfStr in, bool fold)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *end = in.s + in.len;

	for (const char *s = in.s; s < end; s++)
	{
		int			byte = (unsigned char) *s;

		if (byte == '%')
		{
			byte = encoded_byte(s, end);
			if (byte >= 0)
				s += 2;
			else
				byte = '%';
			if (!IS(byte, UNRESERVED))
			{
				*out++ = '%';
				*out++ = digits[byte >> 4];
				*out++ = digits[byte & 15];
				continue;
			}
		}
		else if (IS(byte, ENCODE))
		{
			*out++ = '%';
			*out++ = digits[byte >> 4];
			*out++ = digits[byte & 15];
			continue;
		}
		*out++ = fold ? lower((char) byte) : (char) byte;
	}
	return out;
}

static bool
is_tracking(const char *s, const char *end)
{
	char		name[8];		/* as much as the longest prefix or name needs */
	int			len = 0;

	for (; s + len < end && s[len] != '='; len++)
	{
		if (len < (int) sizeof(name))
			name[len] = lower(s[len]);
	}
	for (int i = 0; i < (int) lengthof(tracking); i++)
	{
		if ((len == tracking[i].len || (tracking[i].prefix && len > tracking[i].len)) &&
			memcmp(name, tracking[i].name, tracking[i].len) == 0)
			return true;
	}
	return false;
}

/* Write the query, "?" included, without what is_tracking() says. */
static char *
put_query(char *out, PfStr query)
{
	const char *s = query.s;
	const char *end = query.s + query.len;
	char		sep = '?';

	while (s < end)
	{
		const char *next = memchr(s, '&', end - s);
		char	   *start = out;

		if (next == NULL)
			next = end;
		*out++ = sep;
		out = put_normal(out, (PfStr) {s, (int) (next - s)}, false);
		if (out == start + 1 || is_tracking(start + 1, out))
			out = start;
		else
			sep = '&';
		s = next + 1;
	}
	return out;
}

/* No host has ASCII characters that would have to be percent-encoded. */
static bool
good_host(PfStr host)
{
	for (int i = 0; i < host.len; i++)
	{
		int			byte = encoded_byte(host.s + i, host.s + host.len);

		if (host.s[i] == '%' && (byte < 0 || !IS_HIGHBIT_SET(byte)))
			return false;
	}
	return host.len > 0;
}

PfStr
pf_url_canonical(PfStr in)
{
	PfUrl		url;
	char	   *buf;
	char	   *out;
	char	   *start;
	bool		bracket;

	in = clean(in);
	if (in.s == NULL || !pf_url_split(in, &url) || url.host.len == 0 ||
		!(pf_str_eq_nocase(url.scheme, "https") || pf_str_eq_nocase(url.scheme, "http")))
		return PF_STR_NONE;

	buf = palloc(in.len * 3 + 16);
	out = put(buf, PF_STR_LIT("https://"));

	bracket = memchr(url.host.s, ':', url.host.len) != NULL;
	if (bracket)
		*out++ = '[';
	start = out;
	out = put_normal(out, url.host, true);
	while (out > start && out[-1] == '.')
		out--;
	while (out - start > 4 && memcmp(start, "www.", 4) == 0 &&
		   memchr(start + 4, '.', out - start - 4) != NULL)
	{
		memmove(start, start + 4, out - start - 4);
		out -= 4;
	}
	if (!good_host((PfStr) {start, (int) (out - start)}))
		return PF_STR_NONE;
	if (bracket)
		*out++ = ']';
	if (url.port >= 0 && url.port != 80 && url.port != 443)
		out += sprintf(out, ":%d", url.port);

	start = out;
	out = put_normal(out, url.path, false);
	out = start + remove_dots(start, (int) (out - start));
	while (out > start && out[-1] == '/')
		out--;
	if (url.query.len > 0)
		out = put_query(out, url.query);
	return (PfStr) {buf, (int) (out - buf)};
}

PfStr
pf_url_decode(PfStr in)
{
	const char *s = in.s;
	const char *end = in.s + in.len;
	char	   *buf;
	char	   *out;

	if (in.s == NULL)
		return PF_STR_NONE;
	buf = out = palloc(in.len + 1);
	while (s < end)
	{
		int			byte = encoded_byte(s, end);

		*out++ = byte < 0 ? *s : (char) byte;
		s += byte < 0 ? 1 : 3;
	}
	*out = '\0';
	return (PfStr) {buf, (int) (out - buf)};
}
