/*-------------------------------------------------------------------------
 *
 * json_text.c
 *		The text of JSON strings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_text.h"
#include "mb/pg_wchar.h"

/* Four hexadecimal digits, which the lexer has checked. */
static pg_wchar
read_hex4(const char *p)
{
	pg_wchar	c = 0;

	for (int i = 0; i < 4; i++)
	{
		char		h = p[i];

		c = c * 16 + (h <= '9' ? h - '0' : (h | 0x20) - 'a' + 10);
	}
	return c;
}

/*
 * The code point of "\uXXXX" at 'p', or of a pair of them; '*n' bytes long.
 * Half a pair becomes U+FFFD and NUL, which no text in PostgreSQL can have, a
 * blank.
 */
static pg_wchar
read_escape(const char *p, const char *end, int *n, const char **flaw)
{
	pg_wchar	c = read_hex4(p + 2);

	*n = 6;
	if (c == 0)
	{
		*flaw = "a NUL character";
		return ' ';
	}
	if (c < 0xD800 || c > 0xDFFF)
		return c;
	if (c <= 0xDBFF && end - p >= 12 && p[6] == '\\' && p[7] == 'u')
	{
		pg_wchar	low = read_hex4(p + 8);

		if (low >= 0xDC00 && low <= 0xDFFF)
		{
			*n = 12;
			return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		}
	}
	*flaw = "half of a surrogate pair";
	return 0xFFFD;
}

static char
plain_escape(char c)
{
	switch (c)
	{
		case 'b':
			return '\b';
		case 'f':
			return '\f';
		case 'n':
			return '\n';
		case 'r':
			return '\r';
		case 't':
			return '\t';
		default:
			return c;
	}
}

bool
pf_json_unescape(PfArena *arena, const char *p, const char *end, PfStr *out, PfJsonFlaw *flaw)
{
	const char *escape = p < end ? memchr(p, '\\', end - p) : NULL;
	char	   *start;
	char	   *to;

	if (escape == NULL)
	{
		*out = (PfStr) {p, (int) (end - p)};
		return true;
	}

	/* No escape is shorter than what it stands for. */
	start = to = pf_arena_alloc(arena, end - p);
	if (to == NULL)
		return false;
	while (escape != NULL)
	{
		memcpy(to, p, escape - p);
		to += escape - p;
		p = escape;
		if (p[1] == 'u')
		{
			const char *what = NULL;
			int			n;
			pg_wchar	c = read_escape(p, end, &n, &what);

			if (what != NULL && flaw->what == NULL)
				*flaw = (PfJsonFlaw) {what, p};
			unicode_to_utf8(c, (unsigned char *) to);
			to += pg_utf_mblen((unsigned char *) to);
			p += n;
		}
		else
		{
			*to++ = plain_escape(p[1]);
			p += 2;
		}
		escape = p < end ? memchr(p, '\\', end - p) : NULL;
	}
	memcpy(to, p, end - p);
	to += end - p;
	*out = (PfStr) {start, (int) (to - start)};
	return true;
}

PfStr
pf_json_undo_latin1(PfStr text)
{
	char	   *bytes = palloc(text.len + 1);
	int			n = 0;

	for (int i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.s[i];

		if (c >= 0x80)
		{
			if (c > 0xC3 || i + 1 == text.len)
				return text;
			c = (unsigned char) ((c << 6) | (text.s[++i] & 0x3F));
		}
		bytes[n++] = (char) c;
	}
	bytes[n] = '\0';
	return pg_encoding_verifymbstr(PG_UTF8, bytes, n) == n ? (PfStr) {bytes, n} : text;
}
