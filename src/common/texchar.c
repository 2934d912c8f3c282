/*-------------------------------------------------------------------------
 *
 * texchar.c
 *		Characters of formulas and accents, and the commands of TeX.
 *
 * Lookups in the tables that make_tables.py wrote, and the three operations
 * on text that was just written to a buffer: put a mark on its first
 * character, raise it, lower it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/plain.h"
#include "common/tex_table.h"

/* Raised and lowered letters are hard to read: no more of them, and no long scripts. */
#define MAX_SCRIPT 48
#define MAX_SCRIPT_LETTERS 5

const PfTexName *
pf_tex_name(const char *name, int len)
{
	int			low = 0;
	int			high = lengthof(tex_names) - 1;

	while (low <= high)
	{
		int			mid = (low + high) / 2;
		const char *at = tex_names[mid].name;
		int			cmp = strncmp(name, at, len);

		/* The name has letters only, so a NUL in 'at' ended the comparison. */
		if (cmp == 0 && at[len] != '\0')
			cmp = -1;
		if (cmp == 0)
			return &tex_names[mid];
		if (cmp < 0)
			high = mid - 1;
		else
			low = mid + 1;
	}
	return NULL;
}

/* The combining character of an accent that is no letter; 0 if it is none. */
uint32
pf_tex_accent(char c)
{
	switch (c)
	{
		case '`':
			return 0x300;
		case '\'':
			return 0x301;
		case '^':
			return 0x302;
		case '~':
			return 0x303;
		case '=':
			return 0x304;
		case '.':
			return 0x307;
		case '"':
			return 0x308;
		default:
			return 0;
	}
}

static uint32
pair_lookup(const PfPairOfChars *pairs, int n, uint32 from)
{
	int			low = 0;
	int			high = n - 1;

	while (low <= high)
	{
		int			mid = (low + high) / 2;

		if (pairs[mid].from == from)
			return pairs[mid].to;
		if (pairs[mid].from > from)
			high = mid - 1;
		else
			low = mid + 1;
	}
	return 0;
}

/* The double-struck form, or the character itself. */
uint32
pf_blackboard(uint32 c)
{
	uint32		to = pair_lookup(blackboard, lengthof(blackboard), c);

	return to != 0 ? to : c;
}

/* One character for base and mark; 0 if Unicode has none. */
uint32
pf_compose(uint32 base, uint32 mark)
{
	uint64		key = ((uint64) mark << 32) | base;
	int			low = 0;
	int			high = lengthof(composed) - 1;

	while (low <= high)
	{
		int			mid = (low + high) / 2;
		uint64		at = ((uint64) composed[mid].mark << 32) | composed[mid].base;

		if (at == key)
			return composed[mid].composed;
		if (at > key)
			high = mid - 1;
		else
			low = mid + 1;
	}
	return 0;
}

/* The character at p and its length; U+FFFD and 1 for what is no UTF-8. */
uint32
pf_char_at(const char *p, const char *end, int *len)
{
	const unsigned char *s = (const unsigned char *) p;
	ptrdiff_t	n = end - p;
	uint32		c = s[0];

	*len = 1;
	if (c < 0x80)
		return c;
	if (c >= 0xC0 && c < 0xE0 && n >= 2 && (s[1] & 0xC0) == 0x80)
	{
		*len = 2;
		return ((c & 0x1F) << 6) | (s[1] & 0x3F);
	}
	if (c >= 0xE0 && c < 0xF0 && n >= 3 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80)
	{
		*len = 3;
		return ((c & 0x0F) << 12) | ((s[1] & 0x3F) << 6) | (s[2] & 0x3F);
	}
	if (c >= 0xF0 && n >= 4 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80 &&
		(s[3] & 0xC0) == 0x80)
	{
		*len = 4;
		return ((c & 0x07) << 18) | ((s[1] & 0x3F) << 12) | ((s[2] & 0x3F) << 6) | (s[3] & 0x3F);
	}
	return 0xFFFD;
}

/* The character that ends just before p; 0 if p is at 'start'. */
uint32
pf_char_before(const char *start, const char *p)
{
	const char *s = p;
	int			len;

	if (p <= start)
		return 0;
	do
		s--;
	while (s > start && p - s < 4 && ((unsigned char) *s & 0xC0) == 0x80);
	return pf_char_at(s, p, &len);
}

void
pf_put_char(StringInfo out, uint32 c)
{
	char	   *d;

	pf_room(out, 4);
	d = out->data + out->len;
	if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = 0xFFFD;
	if (c < 0x80)
		*d++ = (char) c;
	else if (c < 0x800)
	{
		*d++ = (char) (0xC0 | (c >> 6));
		*d++ = (char) (0x80 | (c & 0x3F));
	}
	else if (c < 0x10000)
	{
		*d++ = (char) (0xE0 | (c >> 12));
		*d++ = (char) (0x80 | ((c >> 6) & 0x3F));
		*d++ = (char) (0x80 | (c & 0x3F));
	}
	else
	{
		*d++ = (char) (0xF0 | (c >> 18));
		*d++ = (char) (0x80 | ((c >> 12) & 0x3F));
		*d++ = (char) (0x80 | ((c >> 6) & 0x3F));
		*d++ = (char) (0x80 | (c & 0x3F));
	}
	out->len = (int) (d - out->data);
}

/* A raised, lowered or combining character. */
bool
pf_char_is_script(uint32 c)
{
	if (c < 0x2B0)
		return c == 0xB2 || c == 0xB3 || c == 0xB9 || c == 0xB0;
	return c < 0x370 || (c >= 0x1D2C && c < 0x1E00) || (c >= 0x2070 && c < 0x20A0) ||
		(c >= 0x20D0 && c < 0x2100) || c == 0x2C7C || c == 0x2C7D;
}

/* Something that words are made of, as far as spacing and quotes need to know. */
bool
pf_char_is_letter(uint32 c)
{
	if (c < 0x80)
		return pf_is_alpha((unsigned char) c);
	if (pf_char_is_script(c))
		return false;
	return (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7) ||
		(c >= 0x2100 && c < 0x2150) || (c >= 0x2C00 && c < 0x2E00) ||
		(c >= 0x3040 && c < 0xD800) || (c >= 0x1D400 && c < 0x1D800);
}

/* Put a combining mark on the first character of out[pos..]. */
void
pf_mark(StringInfo out, int pos, uint32 mark)
{
	StringInfoData one;
	char		buf[16];
	uint32		base;
	uint32		c;
	int			len;
	int			rest;

	if (pos >= out->len)
		return;
	base = pf_char_at(out->data + pos, out->data + out->len, &len);
	if ((mark < 0x323 || mark > 0x331) && (base == 0x131 || base == 0x237))
		base = (base == 0x131) ? 'i' : 'j';

	/* At most two characters of three bytes: no growth beyond the stack. */
	one.data = buf;
	one.len = 0;
	one.maxlen = sizeof(buf);
	one.cursor = 0;
	c = pf_compose(base, mark);
	if (c != 0)
		pf_put_char(&one, c);
	else
	{
		pf_put_char(&one, base);
		pf_put_char(&one, mark);
	}

	pf_room(out, one.len);
	rest = out->len - pos - len;
	memmove(out->data + pos + one.len, out->data + pos + len, rest);
	memcpy(out->data + pos, one.data, one.len);
	out->len = pos + one.len + rest;
}

/* Signs that stand raised by themselves. */
static bool
is_raised(uint32 c)
{
	switch (c)
	{
		case '*':
		case '\'':
		case 0xA7:				/* section */
		case 0xA9:				/* copyright */
		case 0xAA:
		case 0xAE:				/* registered */
		case 0xB0:				/* degree */
		case 0xB6:
		case 0xBA:
		case 0x2020:			/* daggers */
		case 0x2021:
		case 0x2032:			/* primes */
		case 0x2033:
		case 0x2034:
		case 0x2120:
		case 0x2122:			/* trade mark */
		case 0x2217:			/* asterisk operator */
		case 0x22C6:			/* star */
			return true;
		default:
			return (c >= 0x2070 && c <= 0x207F) || c == 0xB2 || c == 0xB3 || c == 0xB9;
	}
}

/*
 * Raise or lower out[pos..]: with Unicode's own characters where it has them
 * all, else behind '^' or '_', in braces where it could be misread.
 * 'in_word' says that a letter or digit follows.
 */
void
pf_script(StringInfo out, int pos, bool sup, bool in_word)
{
	uint32		to[MAX_SCRIPT];
	int			n = 0;
	int			chars = 0;
	int			letters = 0;
	uint32		prev = 0;
	bool		mapped = true;
	bool		raised = sup;
	bool		word = true;
	bool		braces;
	const char *s;
	const char *end;
	int			rest;

	while (out->len > pos && out->data[out->len - 1] == ' ')
		out->len--;
	s = out->data + pos;
	end = out->data + out->len;
	while (s < end && *s == ' ')
		s++;
	if (s > out->data + pos)
	{
		memmove(out->data + pos, s, end - s);
		out->len -= (int) (s - (out->data + pos));
		s = out->data + pos;
		end = out->data + out->len;
	}
	if (s == end)
		return;

	if (end - s > MAX_SCRIPT)
		mapped = raised = word = false;
	for (; s < end && (mapped || raised || word); chars++)
	{
		int			len;
		uint32		c = pf_char_at(s, end, &len);

		s += len;
		if (pf_char_is_letter(c))
		{
			if (++letters > MAX_SCRIPT_LETTERS || prev == ' ')
				mapped = false;
		}
		else if (c == '.' ? !(s < end && pf_is_digit(*s) && pf_is_digit((unsigned char) prev)) :
				 !(c < 0x80 && pf_is_digit((unsigned char) c)))
			word = false;
		if (!is_raised(c))
			raised = false;
		if (c == ' ')
		{
			/* "i = 1" can do without its blanks, "log n" cannot */
			if (prev == '=' || prev == '+' || prev == '-' || (s < end && strchr("=+-", *s) != NULL))
				continue;
			prev = c;
			continue;
		}
		prev = c;
		if (!mapped)
			continue;
		to[n] = sup ? pair_lookup(superscripts, lengthof(superscripts), c) :
			pair_lookup(subscripts, lengthof(subscripts), c);
		if (to[n] == 0)
			mapped = false;
		else
			n++;
	}
	if (raised && s == end)
		return;
	if (mapped && n > 0)
	{
		out->len = pos;
		for (int i = 0; i < n; i++)
			pf_put_char(out, to[i]);
		return;
	}

	braces = !(s == end && (chars == 1 || (word && !in_word)));
	pf_room(out, 4);
	rest = out->len - pos;
	memmove(out->data + pos + (braces ? 2 : 1), out->data + pos, rest);
	out->data[pos] = sup ? '^' : '_';
	if (braces)
	{
		out->data[pos + 1] = '{';
		out->data[pos + 2 + rest] = '}';
	}
	out->len += braces ? 3 : 1;
}
