/*-------------------------------------------------------------------------
 *
 * plain.c
 *		Display text: the two stages put together, and white space.
 *
 * Most of what comes in is ASCII prose wrapped at some column, so the work is
 * to copy runs: pf_text_run goes sixteen bytes at a time, turns single line
 * breaks into blanks on the way, and stops where something needs a look (a
 * character of TeX, a control, anything beyond ASCII, two blanks, two quotes,
 * hyphens or slashes in a row).  pf_text_other takes the white space, controls
 * and multi-byte characters that the run leaves.
 *
 * The markup stage is entered only for text with a '<' or '&' in it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "common/plain.h"

/* What pf_text_run does at a byte. */
enum
{
	RUN_COPY = 0,
	RUN_BLANK = 1,				/* goes on if the next is no blank */
	RUN_PAIR = 2,				/* goes on if the next is another byte */
	RUN_STOP = 3
};

#define R4(x)	x, x, x, x
#define R16(x)	R4(x), R4(x), R4(x), R4(x)

static const uint8 run_class[256] = {
	RUN_STOP, RUN_STOP, RUN_STOP, RUN_STOP, RUN_STOP, RUN_STOP, RUN_STOP, RUN_STOP,
	RUN_STOP, RUN_STOP, RUN_BLANK, RUN_STOP, RUN_STOP, RUN_STOP, RUN_STOP, RUN_STOP,
	R16(RUN_STOP),
	RUN_BLANK, 0, 0, 0, RUN_STOP /* $ */ , 0, 0, RUN_PAIR /* ' */ ,
	0, 0, 0, 0, 0, RUN_PAIR /* - */ , 0, RUN_PAIR /* / */ ,
	R16(0),
	R16(0),
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, RUN_STOP /* \ */ , 0, RUN_STOP /* ^ */ , 0,
	RUN_STOP /* ` */ , 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, R4(RUN_STOP) /* { | } ~ */ , RUN_STOP,
	R16(RUN_STOP), R16(RUN_STOP), R16(RUN_STOP), R16(RUN_STOP),
	R16(RUN_STOP), R16(RUN_STOP), R16(RUN_STOP), R16(RUN_STOP)
};

static inline bool
blank_or_newline(char c)
{
	return c == ' ' || c == '\n';
}

/*
 * Copy up to the next byte that needs a look, or to 'stop'.  Never writes two
 * blanks in a row, nor one at the start.
 */
void
pf_text_run(PfText *t)
{
	const char *s = t->p;
	const char *stop = t->stop;
	char	   *d;

	while (s < stop && blank_or_newline(*s) && pf_text_is_blank(t))
		s++;
	if (s < stop)
		pf_room(t->out, (int) (stop - s) + 16);
	d = t->out->data + t->out->len;

#ifdef __SSE2__
	{
		const __m128i blank = _mm_set1_epi8(' ');
		const __m128i newline = _mm_set1_epi8('\n');
		const __m128i two = _mm_set1_epi8(2);

		/* One more byte than sixteen is looked at. */
		while (stop - s > 16)
		{
			__m128i		v = _mm_loadu_si128((const __m128i *) s);
			__m128i		w = _mm_loadu_si128((const __m128i *) (s + 1));
			__m128i		nl = _mm_cmpeq_epi8(v, newline);
			__m128i		blanks;
			__m128i		pairs;
			__m128i		hits;
			int			mask;

			blanks = _mm_and_si128(_mm_or_si128(nl, _mm_cmpeq_epi8(v, blank)),
								   _mm_or_si128(_mm_cmpeq_epi8(w, newline),
												_mm_cmpeq_epi8(w, blank)));
			/* '-' and '/' differ in one bit */
			pairs = _mm_and_si128(_mm_cmpeq_epi8(v, w),
								  _mm_or_si128(_mm_cmpeq_epi8(_mm_or_si128(v, two),
															  _mm_set1_epi8('/')),
											   _mm_cmpeq_epi8(v, _mm_set1_epi8('\''))));
			/* signed: beyond ASCII is below blank; the last five of ASCII are { | } ~ and DEL */
			hits = _mm_andnot_si128(nl, _mm_cmplt_epi8(v, blank));
			hits = _mm_or_si128(hits, _mm_cmpgt_epi8(v, _mm_set1_epi8('z')));
			hits = _mm_or_si128(hits, _mm_cmpeq_epi8(v, _mm_set1_epi8('$')));
			/* '\\' and '^' differ in that bit, too */
			hits = _mm_or_si128(hits, _mm_cmpeq_epi8(_mm_or_si128(v, two), _mm_set1_epi8('^')));
			hits = _mm_or_si128(hits, _mm_cmpeq_epi8(v, _mm_set1_epi8('`')));
			hits = _mm_or_si128(hits, _mm_or_si128(blanks, pairs));

			/* '\n' is ' ' but for the bits 0x2A */
			v = _mm_xor_si128(v, _mm_and_si128(nl, _mm_set1_epi8('\n' ^ ' ')));
			_mm_storeu_si128((__m128i *) d, v);

			mask = _mm_movemask_epi8(hits);
			if (mask != 0)
			{
				int			n = __builtin_ctz(mask);

				s += n;
				d += n;
				goto done;
			}
			s += 16;
			d += 16;
		}
	}
#endif

	while (s < stop)
	{
		uint8		cls = run_class[(unsigned char) *s];

		if (cls == RUN_STOP)
			break;
		if (cls != RUN_COPY && s + 1 < t->end)
		{
			if (cls == RUN_BLANK ? blank_or_newline(s[1]) : s[1] == s[0])
				break;
		}
		*d++ = (*s == '\n') ? ' ' : *s;
		s++;
	}

#ifdef __SSE2__
done:
#endif
	t->out->len = (int) (d - t->out->data);
	t->p = s;
}

/* Append a blank unless there is one already; skip all white space here. */
void
pf_text_blank(PfText *t)
{
	while (t->p < t->end && pf_is_space(*t->p))
		t->p++;
	if (!pf_text_is_blank(t))
		pf_put(t->out, ' ');
}

/* How a character beyond ASCII is shown. */
typedef enum Shown
{
	SHOWN,
	SHOWN_BLANK,
	SHOWN_NOT
} Shown;

static Shown
shown(const unsigned char *s, int len)
{
	switch (s[0])
	{
		case 0xC2:				/* U+0080..U+00BF */
			if (s[1] < 0xA0)
				return s[1] == 0x85 ? SHOWN_BLANK : SHOWN_NOT;
			if (s[1] == 0xA0)
				return SHOWN_BLANK;
			return s[1] == 0xAD ? SHOWN_NOT : SHOWN;	/* soft hyphen */
		case 0xD8:				/* U+061C, a mark of direction */
			return s[1] == 0x9C ? SHOWN_NOT : SHOWN;
		case 0xE1:
			if (len == 3 && s[1] == 0x9A && s[2] == 0x80)	/* U+1680 */
				return SHOWN_BLANK;
			return (len == 3 && s[1] == 0xA0 && s[2] == 0x8E) ? SHOWN_NOT : SHOWN;
		case 0xE2:
			if (len == 3 && s[1] == 0x80)
			{
				if (s[2] <= 0x8A || s[2] == 0xA8 || s[2] == 0xA9 || s[2] == 0xAF)
					return SHOWN_BLANK; /* U+2000..200A, 2028, 2029, 202F */
				if (s[2] == 0x8B || s[2] == 0x8E || s[2] == 0x8F ||
					(s[2] >= 0xAA && s[2] <= 0xAE))
					return SHOWN_NOT;	/* zero width, marks of direction */
			}
			else if (len == 3 && s[1] == 0x81)
			{
				if (s[2] == 0x9F)
					return SHOWN_BLANK;
				if (s[2] >= 0xA0 && s[2] <= 0xAF)
					return SHOWN_NOT;	/* U+2060..206F */
			}
			return SHOWN;
		case 0xE3:				/* U+3000 */
			return (len == 3 && s[1] == 0x80 && s[2] == 0x80) ? SHOWN_BLANK : SHOWN;
		case 0xEF:
			if (len == 3 && s[1] == 0xBB && s[2] == 0xBF)
				return SHOWN_NOT;	/* U+FEFF */
			return (len == 3 && s[1] == 0xBF && s[2] >= 0xB9 && s[2] <= 0xBB)
				? SHOWN_NOT : SHOWN;
		default:
			return SHOWN;
	}
}

/*
 * Take what is at p and is no ordinary ASCII: white space, controls and
 * characters beyond ASCII, these up to the next ASCII byte.
 */
void
pf_text_other(PfText *t)
{
	unsigned char c = *t->p;

	if (pf_is_space(c))
	{
		pf_text_blank(t);
		return;
	}
	if (c < 0x80)
	{
		t->p++;					/* a control */
		return;
	}

	pf_room(t->out, (int) (t->stop - t->p) + 4);
	while (t->p < t->stop && (c = *t->p) >= 0x80)
	{
		int			len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;

		if (len > t->end - t->p)
			len = (int) (t->end - t->p);
		switch (len < 2 ? SHOWN : shown((const unsigned char *) t->p, len))
		{
			case SHOWN:
				memcpy(t->out->data + t->out->len, t->p, len);
				t->out->len += len;
				break;
			case SHOWN_BLANK:
				if (!pf_text_is_blank(t))
					t->out->data[t->out->len++] = ' ';
				break;
			case SHOWN_NOT:
				break;
		}
		t->p += len;
	}
}

/* White space alone: text without TeX. */
static void
fold(PfText *t)
{
	for (;;)
	{
		unsigned char c;

		pf_text_run(t);
		if (t->p >= t->end)
			return;
		c = *t->p;
		if (c <= ' ' || c >= 0x7F)
			pf_text_other(t);
		else
		{
			pf_put(t->out, c);
			t->p++;
		}
	}
}

void
pf_plain(PfStr in, int flags, StringInfo out)
{
	StringInfoData markup;
	PfText		t;

	if (pf_str_blank(in))
		return;

	markup.data = NULL;
	if ((flags & PF_PLAIN_HTML) != 0 &&
		(memchr(in.s, '&', in.len) != NULL || memchr(in.s, '<', in.len) != NULL))
	{
		initStringInfo(&markup);
		pf_html(in, &markup);
		in = (PfStr) {markup.data, markup.len};
	}

	t.p = in.s;
	t.end = t.stop = in.s + in.len;
	t.out = out;
	t.base = out->len;
	if (flags & PF_PLAIN_TEX)
		pf_tex(&t);
	else
		fold(&t);

	if (out->len > t.base && out->data[out->len - 1] == ' ')
		out->len--;
	pf_room(out, 1);
	out->data[out->len] = '\0';

	if (markup.data != NULL)
		pfree(markup.data);
}

PfStr
pf_plain_str(PfStr in, int flags)
{
	StringInfoData out;

	if (pf_str_blank(in))
		return PF_STR_NONE;

	/* Rarely longer than what went in; a list may have very many short strings. */
	out.maxlen = in.len + 8;
	out.data = palloc(out.maxlen);
	resetStringInfo(&out);
	pf_plain(in, flags, &out);
	if (out.len == 0)
	{
		pfree(out.data);
		return PF_STR_NONE;
	}
	return (PfStr) {out.data, out.len};
}
