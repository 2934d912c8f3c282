/*-------------------------------------------------------------------------
 *
 * charset.c
 *		Bytes in any of an allow-list of charsets to valid UTF-8, piece by piece.
 *
 * The charset is that of a byte order mark, else of the XML declaration, else
 * of the Content-Type, else UTF-8.  Labels lie: a document that is labelled
 * with a single-byte charset, but whose first bytes beyond ASCII are valid
 * UTF-8, is UTF-8.  Inside UTF-8 a byte that cannot be is read as
 * Windows-1252, which is what it nearly always is.
 *
 * Only the charsets below are read: UTF-7 and the like, whose ASCII bytes mean
 * something else, are taken as UTF-8.
 *
 * The first bytes are held back until there are enough of them to see the
 * declaration.  PostgreSQL's conversions do the work for charsets other than
 * Unicode's own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "feed/charset.h"
#include "mb/pg_wchar.h"

#define HEAD_SIZE		1024	/* bytes in which a declaration must end */
#define OUT_SIZE		8192
#define PIECE_SIZE		1024	/* bytes handed to a conversion at a time */

typedef enum Kind
{
	KIND_UTF8,
	KIND_UTF16LE,
	KIND_UTF16BE,
	KIND_UTF32LE,
	KIND_UTF32BE,
	KIND_OTHER					/* by PostgreSQL's conversion */
} Kind;

struct PfCharset
{
	PfStr		content_type;
	PfUtf8Fn	fn;
	void	   *arg;

	bool		decided;
	Kind		kind;
	bool		doubted;		/* labelled KIND_OTHER, not yet seen a byte > 127 */
	int			encoding;		/* of KIND_OTHER */
	Oid			proc;
	const char *name;
	uint64		faults;

	unsigned char head[HEAD_SIZE];
	size_t		nhead;
	unsigned char tail[8];		/* an incomplete character */
	int			ntail;
	unsigned high_surrogate;

	unsigned char out[OUT_SIZE + 8];
	size_t		nout;
};

/* Windows-1252 for 0x80 to 0x9F; 0 = undefined there. */
static const uint16 windows1252[32] = {
	0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
	0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
	0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
	0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178
};

/* Names that PostgreSQL does not know, or means otherwise than the web does. */
static const struct
{
	const char *name;
	int			encoding;
}			aliases[] = {
	{"iso-8859-1", PG_WIN1252},
	{"iso_8859-1", PG_WIN1252},
	{"latin1", PG_WIN1252},
	{"us-ascii", PG_WIN1252},
	{"ascii", PG_WIN1252},
	{"iso-8859-9", PG_WIN1254},
	{"iso-8859-11", PG_WIN874},
	{"tis-620", PG_WIN874},
	{"gb2312", PG_GBK},
	{"x-gbk", PG_GBK},
	{"cp936", PG_GBK},
	{"x-sjis", PG_SJIS},
	{"shift_jis", PG_SJIS},
	{"windows-31j", PG_SJIS},
	{"ks_c_5601-1987", PG_UHC},
	{"euc-kr", PG_UHC},
	{"big5-hkscs", PG_BIG5}
};

static void
flush(PfCharset *cs)
{
	if (cs->nout > 0)
		cs->fn(cs->arg, (char *) cs->out, cs->nout);
	cs->nout = 0;
}

static void
put(PfCharset *cs, pg_wchar c)
{
	if (c == 0)
		return;
	if (cs->nout + 4 > OUT_SIZE)
		flush(cs);
	unicode_to_utf8(c, cs->out + cs->nout);
	cs->nout += pg_utf_mblen(cs->out + cs->nout);
}

/* A byte that the charset does not have. */
static void
put_fault(PfCharset *cs, unsigned char byte)
{
	pg_wchar	c = byte;

	if (byte == 0)
		return;
	cs->faults++;
	if (byte >= 0x80 && byte < 0xA0)
		c = windows1252[byte - 0x80];
	put(cs, c != 0 ? c : 0xFFFD);
}

static void
use_utf8(PfCharset *cs)
{
	cs->kind = KIND_UTF8;
	cs->name = "utf-8";
}

static void
use_label(PfCharset *cs, PfStr label)
{
	char		name[64];
	int			encoding = -1;

	use_utf8(cs);
	if (label.len == 0 || label.len >= (int) sizeof(name))
		return;
	for (int i = 0; i < label.len; i++)
		name[i] = pg_ascii_tolower((unsigned char) label.s[i]);
	name[label.len] = '\0';

	for (size_t i = 0; i < lengthof(aliases); i++)
	{
		if (strcmp(aliases[i].name, name) == 0)
			encoding = aliases[i].encoding;
	}
	if (encoding < 0)
		encoding = pg_char_to_encoding(name);
	if (encoding < 0 || encoding == PG_UTF8 || encoding == PG_SQL_ASCII ||
		encoding == PG_MULE_INTERNAL)
		return;

	cs->proc = FindDefaultConversionProc(encoding, PG_UTF8);
	if (!OidIsValid(cs->proc))
		return;
	cs->kind = KIND_OTHER;
	cs->encoding = encoding;
	cs->name = pg_encoding_to_char(encoding);
	cs->doubted = true;
}

/* The value of 'key' in "...; key=value" or key="value"; none if it is not there. */
static PfStr
parameter(PfStr in, const char *key)
{
	for (int i = 0; i < in.len; i++)
	{
		PfStr		rest = {in.s + i, in.len - i};
		int			n = (int) strlen(key);
		int			start;

		if (!pf_str_starts_nocase(rest, key))
			continue;
		while (n < rest.len && rest.s[n] == ' ')
			n++;
		if (n >= rest.len || rest.s[n] != '=')
			continue;
		n++;
		while (n < rest.len && (rest.s[n] == ' ' || rest.s[n] == '"' || rest.s[n] == '\''))
			n++;
		start = n;
		while (n < rest.len && strchr(" \t\r\n\"';?>", rest.s[n]) == NULL)
			n++;
		return (PfStr) {rest.s + start, n - start};
	}
	return PF_STR_NONE;
}

/* Decide on the charset; returns the length of the byte order mark. */
static size_t
decide(PfCharset *cs)
{
	const unsigned char *h = cs->head;
	size_t		n = cs->nhead;
	PfStr		label = PF_STR_NONE;

	cs->decided = true;
	if (n >= 3 && h[0] == 0xEF && h[1] == 0xBB && h[2] == 0xBF)
	{
		use_utf8(cs);
		return 3;
	}
	if (n >= 4 && h[0] == 0xFF && h[1] == 0xFE && h[2] == 0 && h[3] == 0)
	{
		cs->kind = KIND_UTF32LE;
		cs->name = "utf-32le";
		return 4;
	}
	if (n >= 4 && h[0] == 0 && h[1] == 0 && h[2] == 0xFE && h[3] == 0xFF)
	{
		cs->kind = KIND_UTF32BE;
		cs->name = "utf-32be";
		return 4;
	}
	if (n >= 2 && ((h[0] == 0xFF && h[1] == 0xFE) || (h[0] == 0xFE && h[1] == 0xFF)))
	{
		cs->kind = h[0] == 0xFF ? KIND_UTF16LE : KIND_UTF16BE;
		cs->name = h[0] == 0xFF ? "utf-16le" : "utf-16be";
		return 2;
	}
	/* Without a mark, "<?" or "{" and a NUL where ASCII in UTF-16 and UTF-32 has it. */
	if (n >= 8 && h[0] != 0 && h[1] == 0 && h[2] == 0 && h[3] == 0 && h[4] != 0)
	{
		cs->kind = KIND_UTF32LE;
		cs->name = "utf-32le";
		return 0;
	}
	if (n >= 8 && h[0] == 0 && h[1] == 0 && h[2] == 0 && h[3] != 0 && h[4] == 0)
	{
		cs->kind = KIND_UTF32BE;
		cs->name = "utf-32be";
		return 0;
	}
	if (n >= 4 && h[0] != 0 && h[1] == 0 && h[2] != 0 && h[3] == 0)
	{
		cs->kind = KIND_UTF16LE;
		cs->name = "utf-16le";
		return 0;
	}
	if (n >= 4 && h[0] == 0 && h[1] != 0 && h[2] == 0 && h[3] != 0)
	{
		cs->kind = KIND_UTF16BE;
		cs->name = "utf-16be";
		return 0;
	}

	for (size_t i = 0; i + 5 < n && label.s == NULL; i++)
	{
		const void *end;

		if (strchr(" \t\r\n", h[i]) != NULL && h[i] != 0)
			continue;
		if (memcmp(h + i, "<?xml", 5) != 0)
			break;
		end = memchr(h + i, '>', n - i);
		if (end != NULL)
			label = parameter((PfStr) {(const char *) h + i,
									   (int) ((const unsigned char *) end - (h + i))}, "encoding");
		break;
	}
	if (label.s == NULL)
		label = parameter(cs->content_type, "charset");
	use_label(cs, label);
	return 0;
}

/* Length of the incomplete UTF-8 character at the end, 0 if there is none. */
static size_t
incomplete_utf8(const unsigned char *s, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++)
	{
		unsigned char c = s[len - back];

		if ((c & 0xC0) == 0x80)
			continue;
		if (c >= 0xC2 && c <= 0xF4 && (size_t) pg_utf_mblen(&c) > back)
			return back;
		return 0;
	}
	return 0;
}

/* Hand on valid UTF-8; short runs are collected, as what follows works by pieces. */
static void
put_valid(PfCharset *cs, const unsigned char *s, size_t len)
{
	if (len > OUT_SIZE / 8)
	{
		flush(cs);
		cs->fn(cs->arg, (const char *) s, len);
		return;
	}
	if (cs->nout + len > OUT_SIZE)
		flush(cs);
	memcpy(cs->out + cs->nout, s, len);
	cs->nout += len;
}

static void
push_utf8(PfCharset *cs, const unsigned char *s, size_t len, bool final)
{
	size_t		keep = final ? 0 : incomplete_utf8(s, len);
	const unsigned char *end = s + (len - keep);
	int			careful = 0;	/* characters to be looked at one by one */

	while (s < end)
	{
		int			n = (int) Min(end - s, 1 << 30);
		int			valid;

		/* Where one fault is there are more, and each look ahead goes to the end. */
		if (careful > 0)
		{
			careful--;
			valid = *s == 0 ? 0 : pg_encoding_verifymbchar(PG_UTF8, (const char *) s, n);
			n = 0;
		}
		else
			valid = pg_encoding_verifymbstr(PG_UTF8, (const char *) s, n);
		if (valid > 0)
		{
			put_valid(cs, s, valid);
			s += valid;
		}
		if (valid <= 0 || valid < n)
		{
			put_fault(cs, *s);
			s++;
			careful = 64;
		}
	}
	flush(cs);
	memcpy(cs->tail, s, keep);
	cs->ntail = (int) keep;
}

static void
put_utf16(PfCharset *cs, unsigned unit)
{
	if (unit >= 0xD800 && unit < 0xDC00)
	{
		if (cs->high_surrogate != 0)
		{
			cs->faults++;
			put(cs, 0xFFFD);
		}
		cs->high_surrogate = unit;
		return;
	}
	if (unit >= 0xDC00 && unit < 0xE000)
	{
		if (cs->high_surrogate != 0)
			put(cs, 0x10000 + ((cs->high_surrogate - 0xD800) << 10) + (unit - 0xDC00));
		else
		{
			cs->faults++;
			put(cs, 0xFFFD);
		}
		cs->high_surrogate = 0;
		return;
	}
	if (cs->high_surrogate != 0)
	{
		cs->faults++;
		put(cs, 0xFFFD);
		cs->high_surrogate = 0;
	}
	put(cs, unit);
}

/* UTF-16 and UTF-32. */
static void
push_wide(PfCharset *cs, const unsigned char *s, size_t len)
{
	bool		big = cs->kind == KIND_UTF16BE || cs->kind == KIND_UTF32BE;
	int			width = (cs->kind == KIND_UTF16LE || cs->kind == KIND_UTF16BE) ? 2 : 4;
	size_t		i = 0;

	for (; i + width <= len; i += width)
	{
		const unsigned char *u = s + i;
		pg_wchar	c;

		if (width == 2)
			put_utf16(cs, big ? (unsigned) u[0] << 8 | u[1] : (unsigned) u[1] << 8 | u[0]);
		else
		{
			c = big ? (pg_wchar) u[0] << 24 | u[1] << 16 | u[2] << 8 | u[3] :
				(pg_wchar) u[3] << 24 | u[2] << 16 | u[1] << 8 | u[0];
			if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
			{
				cs->faults++;
				c = 0xFFFD;
			}
			put(cs, c);
		}
	}
	flush(cs);
	cs->ntail = (int) (len - i);
	memcpy(cs->tail, s + i, cs->ntail);
}

/* Is what lies beyond ASCII in 's' valid UTF-8?  False if there is nothing. */
static bool
looks_like_utf8(PfCharset *cs, const unsigned char *s, size_t len)
{
	size_t		n = len - incomplete_utf8(s, len);
	bool		high = false;

	for (size_t i = 0; i < len && !high; i++)
		high = IS_HIGHBIT_SET(s[i]);
	if (!high)
		return false;
	cs->doubted = false;
	return n > 0 && (size_t) pg_encoding_verifymbstr(PG_UTF8, (const char *) s, (int) n) == n;
}

static void
push_other(PfCharset *cs, const unsigned char *s, size_t len, bool final)
{
	while (len > 0)
	{
		int			n = (int) Min(len, PIECE_SIZE);
		int			done;
		int			room = OUT_SIZE - (int) cs->nout;
		int			width;

		if (room < n * 4 + 1)
		{
			flush(cs);
			room = OUT_SIZE;
		}
		done = pg_do_encoding_conversion_buf(cs->proc, cs->encoding, PG_UTF8,
											 unconstify(unsigned char *, s), n,
											 cs->out + cs->nout, room, true);
		cs->nout += strlen((char *) cs->out + cs->nout);
		s += done;
		len -= done;
		if (done == n)
			continue;

		/* Cut off at the end of the piece, or a byte that cannot be? */
		width = pg_encoding_mblen(cs->encoding, (const char *) s);
		if ((size_t) width > len && !final && len < sizeof(cs->tail))
			break;
		if (done == 0 || width <= n - done)
		{
			put_fault(cs, *s);
			s++;
			len--;
		}
	}
	flush(cs);
	memcpy(cs->tail, s, len);
	cs->ntail = (int) len;
}

static void
push_decided(PfCharset *cs, const unsigned char *s, size_t len, bool final)
{
	if (cs->kind == KIND_OTHER && cs->doubted && looks_like_utf8(cs, s, len))
		use_utf8(cs);

	switch (cs->kind)
	{
		case KIND_UTF8:
			push_utf8(cs, s, len, final);
			break;
		case KIND_OTHER:
			push_other(cs, s, len, final);
			break;
		default:
			push_wide(cs, s, len);
			break;
	}
}

PfCharset *
pf_charset_begin(PfStr content_type, PfUtf8Fn fn, void *arg)
{
	PfCharset  *cs = palloc0(sizeof(PfCharset));

	cs->content_type = content_type;
	cs->fn = fn;
	cs->arg = arg;
	cs->name = "utf-8";
	return cs;
}

void
pf_charset_push(PfCharset *cs, const char *bytes, size_t len)
{
	const unsigned char *s = (const unsigned char *) bytes;

	if (!cs->decided)
	{
		size_t		n = Min(len, HEAD_SIZE - cs->nhead);
		size_t		mark;

		memcpy(cs->head + cs->nhead, s, n);
		cs->nhead += n;
		s += n;
		len -= n;
		if (cs->nhead < HEAD_SIZE)
			return;
		mark = decide(cs);
		push_decided(cs, cs->head + mark, cs->nhead - mark, false);
	}

	/* Complete the character that the last piece ended in. */
	while (cs->ntail > 0 && len > 0)
	{
		unsigned char joined[sizeof(cs->tail) * 2];
		size_t		n = Min(len, sizeof(cs->tail) - 1);
		size_t		have = cs->ntail;

		memcpy(joined, cs->tail, have);
		memcpy(joined + have, s, n);
		cs->ntail = 0;
		push_decided(cs, joined, have + n, false);
		if ((size_t) cs->ntail > n)
		{
			/* Nothing of it was used yet: all is in the tail now. */
			s += n;
			len -= n;
			continue;
		}
		/* Read on behind what was used; the new tail begins in 's'. */
		s += n - cs->ntail;
		len -= n - cs->ntail;
		cs->ntail = 0;
	}
	if (len > 0)
		push_decided(cs, s, len, false);
}

void
pf_charset_end(PfCharset *cs)
{
	if (!cs->decided)
	{
		size_t		mark = decide(cs);

		push_decided(cs, cs->head + mark, cs->nhead - mark, true);
	}
	else if (cs->ntail > 0)
	{
		unsigned char last[sizeof(cs->tail)];
		int			n = cs->ntail;

		memcpy(last, cs->tail, n);
		cs->ntail = 0;
		push_decided(cs, last, n, true);
	}
	if (cs->ntail > 0 || cs->high_surrogate != 0)
	{
		cs->faults++;
		put(cs, 0xFFFD);
		flush(cs);
	}
}

const char *
pf_charset_name(const PfCharset *cs)
{
	return cs->name;
}

uint64
pf_charset_faults(const PfCharset *cs)
{
	return cs->faults;
}
