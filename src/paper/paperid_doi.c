/*-------------------------------------------------------------------------
 *
 * paperid_doi.c
 *		DOIs in any spelling to the canonical form.
 *
 * A DOI's case of letters says nothing: the canonical form is in lower case.
 * Nearly all DOIs are letters, digits and punctuation and are read in one pass
 * into place.  One with other bytes is decoded first (percent-encoding,
 * entities, dashes that a PDF put in) and then written with '%' and what is
 * outside ASCII encoded anew; so the canonical form reads as itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "paper/paperid_read.h"

#define PF_MAX_SPELLING	4096	/* bytes before decoding */

/*
 * Take punctuation off the end of a DOI; brackets go only where nothing opens
 * them, for "10.1016/0004-3702(94)00092-1" and "...<139::aid>3.0.co;2-2".
 */
static void
strip_doi_end(PfReading *r, int start)
{
	static const char pairs[] = "()[]{}<>";
	int			open[4] = {0, 0, 0, 0};	/* opening less closing */

	if (pf_is_alnum(r->text[r->len - 1]))
		return;
	for (int i = start; i < r->len; i++)
	{
		const char *at = strchr(pairs, r->text[i]);

		if (at != NULL)
			open[(at - pairs) / 2] += (at - pairs) % 2 == 0 ? 1 : -1;
	}
	while (r->len > start)
	{
		char		c = r->text[r->len - 1];
		const char *at = strchr(pairs, c);

		if (at != NULL)
		{
			int		   *balance = &open[(at - pairs) / 2];

			if ((at - pairs) % 2 == 0)
				(*balance)--;	/* opens at the very end: nothing */
			else if (*balance < 0)
				(*balance)++;
			else
				break;
		}
		else if (strchr(".,;:!?\"'`/", c) == NULL)
			break;
		r->len--;
	}
}

/*
 * bioRxiv and medRxiv print the version behind the DOI, which has none:
 * 10.1101/2023.12.16.571984v1, 10.1101/571984v2.
 */
static void
strip_preprint_version(PfReading *r, const char *suffix)
{
	const char *end = r->text + r->len;
	const char *s = suffix;
	int			digits = 0;

	for (; s < end && (pf_is_digit(*s) || *s == '.'); s++)
		digits += pf_is_digit(*s);
	if (digits >= 6 && s < end)
	{
		const char *v = s;
		int			version = pf_take_version(&s, end);

		if (version > 0 && s == end)
		{
			while (v[-1] == '.')
				v--;
			r->version = version;
			r->len = (int) (v - r->text);
		}
	}
}

/* 'r' holds "doi:" and a text in lower case: see that it is a DOI, and whose. */
static bool
finish_doi(PfReading *r)
{
	const char *value = r->text + 4;
	const char *end = r->text + r->len;
	const char *s;
	PfStr		rest;
	int			n;

	if (r->len < 4 + 9 || memcmp(value, "10.", 3) != 0)
		return false;
	n = pf_digits(value + 3, end);
	if (n < 4 || n > 9)
		return false;
	s = value + 3 + n;
	while (s < end && *s == '.' && (n = pf_digits(s + 1, end)) > 0)
		s += n + 1;
	if (s == end || *s != '/')
		return false;
	s++;
	strip_doi_end(r, (int) (s - r->text));
	end = r->text + r->len;
	if (s == end)
		return false;

	rest = (PfStr) {value, (int) (end - value)};
	if (pf_take(&rest, "10.48550/arxiv.") || pf_take(&rest, "10.18653/v1/") ||
		pf_take(&rest, "10.3115/v1/"))
	{
		PfReading	other;
		bool		arxiv = value[3] == '4';

		if (rest.len < 64 &&
			(arxiv ? pf_read_arxiv(rest, &other) : pf_read_acl(rest, &other)))
		{
			r->scheme = other.scheme;
			r->version = other.version;
			r->len = other.len;
			memcpy(r->text, other.text, other.len);
		}
	}
	else if (pf_take(&rest, "10.1101/") || pf_take(&rest, "10.64898/"))
		strip_preprint_version(r, rest.s);
	return true;
}

/*
 * What the end of out[0..n) stands for: an entity, a dash from a PDF, a
 * character of no width.  Gives the new length.
 */
static int
fold_end(char *out, int n)
{
	const char *end = out + n;
	char		as;
	int			len;

	if (end[-1] == ';')
	{
		if (n >= 5 && memcmp(end - 5, "&amp;", 5) == 0)
			as = '&', len = 5;
		else if (n >= 4 && memcmp(end - 4, "&lt;", 4) == 0)
			as = '<', len = 4;
		else if (n >= 4 && memcmp(end - 4, "&gt;", 4) == 0)
			as = '>', len = 4;
		else
			return n;
	}
	else if (n >= 2 && memcmp(end - 2, "\xc2\xad", 2) == 0)
		return n - 2;			/* soft hyphen */
	else if (n >= 3 && memcmp(end - 3, "\xe2\x80\x8b", 3) == 0)
		return n - 3;			/* zero-width space */
	else if (n >= 3 && memcmp(end - 3, "\xe2\x80", 2) == 0 &&
			 (unsigned char) end[-1] >= 0x90 && (unsigned char) end[-1] <= 0x95)
		as = '-', len = 3;		/* U+2010 hyphen to U+2015 bar */
	else
		return n;
	n -= len;
	out[n] = as;
	return n + 1;
}

/*
 * Percent-decoded, in lower case, entities and lookalikes folded.  The fold is
 * tried behind each byte that is written, so that what one makes can be part
 * of the next, and a second round finds nothing left to do.
 */
static int
decode_doi(PfStr in, char *out)
{
	static const char hex[] = "0123456789abcdef";
	int			n = 0;

	for (int i = 0; i < in.len; i++)
	{
		char		c = pf_lower(in.s[i]);

		if (c == '%' && i + 2 < in.len)
		{
			const char *high = memchr(hex, pf_lower(in.s[i + 1]), 16);
			const char *low = memchr(hex, pf_lower(in.s[i + 2]), 16);

			if (high != NULL && low != NULL)
			{
				c = pf_lower((char) ((high - hex) * 16 + (low - hex)));
				i += 2;
			}
		}
		out[n++] = c;
		if (c == ';' || IS_HIGHBIT_SET(c))
			n = fold_end(out, n);
	}
	return n;
}

/* A DOI with bytes in it that are more than letters, digits and punctuation. */
static bool
read_doi_encoded(PfStr in, PfReading *r)
{
	static const char hex[] = "0123456789abcdef";
	char		raw[PF_MAX_SPELLING];
	const char *end;

	end = raw + decode_doi(in, raw);
	pf_reading_begin(r, PF_SCHEME_DOI, "doi:");
	for (const char *s = raw; s < end; s++)
	{
		unsigned char c = *s;

		if (c == ' ' || (c >= '\t' && c <= '\r'))
		{
			PfStr		rest = pf_str_trim((PfStr) {s, (int) (end - s)});
			int			n = pf_digits(rest.s, end);

			/* A list of DOIs: the first. */
			if (rest.len == 0 || pf_str_starts(rest, "10.") || pf_str_starts(rest, "doi") ||
				pf_str_starts(rest, "http"))
				break;

			/*
			 * Springer's DOI of a chapter is its book's and "_3"; where the
			 * underscore was lost, what is left of the blank is the book.
			 */
			if (r->len > 16 && memcmp(r->text, "doi:10.1007/978-", 16) == 0 &&
				n > 0 && n <= 4 && pf_at_end(rest.s + n, rest.s + rest.len))
			{
				if (!pf_reading_add(r, '_') || !pf_reading_add_lower(r, rest.s, n))
					return false;
				break;
			}
			return false;
		}
		if (c < 32 || c == 127)
			return false;
		if (c == '%' || IS_HIGHBIT_SET(c))
		{
			if (!pf_reading_add(r, '%') || !pf_reading_add(r, hex[c >> 4]) ||
				!pf_reading_add(r, hex[c & 15]))
				return false;
		}
		else if (!pf_reading_add(r, c))
			return false;
	}
	return finish_doi(r);
}

bool
pf_read_doi(PfStr in, PfReading *r)
{
	char	   *out;

	if (in.len > PF_MAX_SPELLING)
		return false;
	pf_reading_begin(r, PF_SCHEME_DOI, "doi:");
	if (in.len > PF_PAPERID_MAX - r->len)
		return read_doi_encoded(in, r); /* may shrink */
	out = r->text + r->len;
	for (int i = 0; i < in.len; i++)
	{
		unsigned char c = in.s[i];

		if (c <= ' ' || c == '%' || c == '&' || c >= 127)
			return read_doi_encoded(in, r);
		out[i] = pf_lower(c);
	}
	r->len += in.len;
	return finish_doi(r);
}
