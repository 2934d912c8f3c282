/*-------------------------------------------------------------------------
 *
 * fold.c
 *		Text as it is compared where neither case nor diacritics matter.
 *
 * What is made here is stored in indexes: as with a dictionary, a change of
 * the rules asks for a REINDEX.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/fold.h"
#include "common/unicode_norm.h"
#include "mb/pg_wchar.h"

/* What no decomposition takes apart. */
static const struct
{
	pg_wchar	c;
	const char *plain;
}			letters[] = {
	{0xC6, "ae"}, {0xD0, "d"}, {0xD8, "o"}, {0xDE, "th"}, {0xDF, "ss"}, {0xE6, "ae"}, {0xF0, "d"},
	{0xF8, "o"}, {0xFE, "th"}, {0x110, "d"}, {0x111, "d"}, {0x126, "h"}, {0x127, "h"}, {0x131, "i"},
	{0x141, "l"}, {0x142, "l"}, {0x152, "oe"}, {0x153, "oe"}, {0x2019, "'"}, {0x2010, "-"}, {0x2011, "-"}
};

static pg_wchar
lower_case(pg_wchar c)
{
	if (c < 0x80)
		return pg_ascii_tolower((unsigned char) c);
	if (c >= 0x391 && c <= 0x3A9)
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40F)
		return c + 0x50;
	if (c >= 0x410 && c <= 0x42F)
		return c + 0x20;
	return c;
}

/* The letter below the diacritics; Latin ones only. */
static pg_wchar
base_letter(pg_wchar c)
{
	pg_wchar	in[2] = {c, 0};
	pg_wchar   *out;
	pg_wchar	base;

	if (c < 0xC0 || (c > 0x24F && c < 0x1E00) || c > 0x1EFF)
		return c;
	out = unicode_normalize(UNICODE_NFD, in);
	base = out[0];
	pfree(out);
	return base;
}

static void
append_char(StringInfo out, pg_wchar c)
{
	unsigned char utf8[4];

	unicode_to_utf8(c, utf8);
	appendBinaryStringInfo(out, (char *) utf8, pg_utf_mblen(utf8));
}

bool
pf_fold(StringInfo out, PfStr in)
{
	bool		changed = false;

	resetStringInfo(out);
	for (int i = 0; i < in.len;)
	{
		const unsigned char *s = (const unsigned char *) in.s + i;
		int			len = Min(pg_utf_mblen(s), in.len - i);
		pg_wchar	c;
		pg_wchar	base;
		const char *plain = NULL;

		i += len;
		if (len == 1)
		{
			appendStringInfoChar(out, (char) pg_ascii_tolower(*s));
			continue;
		}
		c = utf8_to_unicode(s);

		/* combining marks */
		if (c >= 0x300 && c <= 0x36F)
		{
			changed = true;
			continue;
		}
		base = base_letter(c);
		for (size_t l = 0; l < lengthof(letters); l++)
		{
			if (letters[l].c == base)
				plain = letters[l].plain;
		}
		changed |= base != c || plain != NULL;
		if (plain != NULL)
			appendStringInfoString(out, plain);
		else
			append_char(out, lower_case(base));
	}
	return changed;
}
