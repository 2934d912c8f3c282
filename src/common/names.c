/*-------------------------------------------------------------------------
 *
 * names.c
 *		Author names, from the many ways that feeds write them to
 *		"Given Family" in the source's order.
 *
 * A list is walked twice as pieces between commas and "and", without memory
 * of its own.  The first walk counts what the pieces look like: words, whole
 * names, initials.  From the counts follows the layout: each piece a name;
 * pairs of family and given name; or pairs only where initials follow a name
 * ("Doe, J., R. Roe, and P. Poe").  The second walk appends the names.
 *
 * What is ambiguous stays as the source has it ("Doe J, Roe R"), and so do
 * capitals: whether LAPALU is Lapalu or LaPalu is not for us to say.  A name
 * that needs no rearranging shares the bytes of the input.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/name_pieces.h"
#include "common/names.h"

/* How a list is laid out. */
typedef enum Layout
{
	LAYOUT_NAMES,				/* each piece is a name */
	LAYOUT_PAIRS,				/* family, given, family, given */
	LAYOUT_INITIALS				/* initials belong to the piece before them */
} Layout;

/* First walk: which layout is it? */
static Layout
find_layout(PfStr in)
{
	PfNameWalk	w = PF_NAME_WALK(in, true);
	int			n = 0;
	bool		any_initials = false;
	bool		any_and = false;
	bool		even_words = true;
	bool		odd_words = true;	/* or initials */
	bool		pairs = true;		/* could be */
	bool		bibtex = true;		/* "Doe, Jane M. and Roe, Richard" */

	while (pf_next_piece(&w))
	{
		if (w.look == PF_LOOK_SUFFIX)
			continue;
		if (n % 2 == 0)
		{
			even_words &= w.look == PF_LOOK_WORD || w.look == PF_LOOK_CAPITALS;
			pairs &= w.look != PF_LOOK_INITIALS;
			bibtex &= w.after_and || n == 0;
		}
		else
		{
			odd_words &= w.look != PF_LOOK_NAME;
			pairs &= !w.after_and;
		}
		any_initials |= w.look == PF_LOOK_INITIALS;
		any_and |= w.after_and;
		n++;
	}
	if (pairs && n > 0 && n % 2 == 0 && (even_words || odd_words || (bibtex && any_and)))
		return LAYOUT_PAIRS;
	return any_initials ? LAYOUT_INITIALS : LAYOUT_NAMES;
}

PfStr
pf_name_join(PfStr given, PfStr family, PfStr suffix)
{
	PfStr		parts[3];
	int			n = 0;
	int			len = 0;
	char	   *buf;
	char	   *out;

	for (int i = 0; i < 3; i++)
	{
		PfStr		part = pf_str_trim(i == 0 ? given : i == 1 ? family : suffix);

		while (part.len > 0 && (part.s[part.len - 1] == ',' || part.s[part.len - 1] == ' '))
			part.len--;
		if (part.len > 0)
			parts[n++] = part;
	}
	if (n == 0)
		return PF_STR_NONE;
	if (n == 1)
		return parts[0];

	for (int i = 0; i < n; i++)
	{
		if (parts[i].len > PG_INT32_MAX / 4)
			return PF_STR_NONE;
		len += parts[i].len + 1;
	}
	buf = out = palloc(len);
	for (int i = 0; i < n; i++)
	{
		memcpy(out, parts[i].s, parts[i].len);
		out += parts[i].len;
		*out++ = ' ';
	}
	out[-1] = '\0';
	return (PfStr) {buf, len - 1};
}

/* Punctuation and marks that are not part of a name off its end. */
static PfStr
polish(PfStr a)
{
	if (a.len > 0 && a.s[0] != ' ' && (pf_is_lower(a.s[a.len - 1]) && a.s[a.len - 1] != 'l'))
		return a;				/* as nearly all are */
	for (;;)
	{
		PfStr		last;
		char		c;

		a = pf_str_trim(a);
		if (a.len == 0)
			return a;
		c = a.s[a.len - 1];
		if (c == '*' || c == ',' || c == ';' || c == ':')
			a.len--;
		else if ((c == '.' || c == 'l') && a.len >= 6 &&
				 (pf_str_eq_nocase((PfStr) {a.s + a.len - 6, 6}, " et al") ||
				  pf_str_eq_nocase((PfStr) {a.s + a.len - 6, 6}, "et al.")))
			a.len -= 6;
		else if (c == '.' && a.len > 4 && pf_is_lower(a.s[a.len - 2]))
		{
			/* The end of a sentence, unless it is an abbreviation. */
			last = pf_last_word(a);
			if (last.len < 5 || memchr(last.s, '.', last.len - 1) != NULL)
				return a;
			a.len--;
		}
		else
			return a;
	}
}

/* Append what has a letter in it. */
static void
add_if_name(PfStrings *list, PfStr name)
{
	for (int i = 0; i < name.len; i++)
	{
		if (pf_is_lower(name.s[i]) || pf_is_upper(name.s[i]) || IS_HIGHBIT_SET(name.s[i]))
		{
			pf_strings_add(list, name);
			return;
		}
	}
}

/* Append a name that needs no rearranging. */
static void
add_plain(PfStrings *list, PfStr name)
{
	PfStr		at;

	name = polish(name);
	if (pf_str_starts(name, "the "))
		name = (PfStr) {name.s + 4, name.len - 4};
	if (name.len > 20)
	{
		/* "Planck Collaboration: P. Ade", "J. Doe on behalf of the X Group" */
		at = pf_str_find(name, ": ");
		if (at.s != NULL && pf_is_group((PfStr) {name.s, (int) (at.s - name.s)}))
		{
			add_plain(list, (PfStr) {name.s, (int) (at.s - name.s)});
			name = polish((PfStr) {at.s + 2, at.len - 2});
		}
		else if ((at = pf_str_find(name, " on behalf of ")).s != NULL ||
				 ((at = pf_str_find(name, " for the ")).s != NULL && pf_is_group(name)))
		{
			int			skip = at.s[1] == 'o' ? 14 : 5;
			PfStr		first = polish((PfStr) {name.s, (int) (at.s - name.s)});

			add_if_name(list, first);
			name = polish((PfStr) {at.s + skip, at.len - skip});
			if (pf_str_starts(name, "the "))
				name = (PfStr) {name.s + 4, name.len - 4};
		}
	}
	add_if_name(list, name);
}

/* Append the name whose pieces were found; 'family' is none if it is in order. */
static void
add_name(PfStrings *list, PfStr name, PfStr family, PfStr suffix)
{
	if (family.s == NULL && suffix.s == NULL)
		add_plain(list, name);
	else
	{
		name = family.s == NULL ? pf_name_join(name, suffix, PF_STR_NONE) :
			pf_name_join(polish(name), polish(family), suffix);
		add_if_name(list, name);
	}
}

/* Second walk: append the names. */
static void
add_names(PfStrings *list, PfStr in, Layout layout)
{
	PfNameWalk	w = PF_NAME_WALK(in, true);
	bool		more = pf_next_piece(&w);

	while (more)
	{
		PfStr		name = w.piece;
		PfStr		family = PF_STR_NONE;
		PfStr		suffix = PF_STR_NONE;

		more = pf_next_piece(&w);
		if (more && w.look == PF_LOOK_SUFFIX)
		{
			suffix = w.piece;
			more = pf_next_piece(&w);
		}
		if (more && !w.after_and &&
			(layout == LAYOUT_PAIRS || (layout == LAYOUT_INITIALS && w.look == PF_LOOK_INITIALS)))
		{
			family = name;
			name = w.piece;
			more = pf_next_piece(&w);
			if (more && w.look == PF_LOOK_SUFFIX)
			{
				suffix = w.piece;
				more = pf_next_piece(&w);
			}
		}
		add_name(list, name, family, suffix);
	}
}

/*
 * Without what stands in brackets, without addresses of mail, East Asian
 * commas as commas.  A bracket that nothing closes takes the rest along.  If
 * all there is is in brackets behind an address ("jane@example.org (Jane
 * Doe)", as RSS wants it), that is the name.
 */
static PfStr
clean(PfStr in)
{
	bool		found = false;
	bool		mail = false;
	int			depth = 0;
	char	   *buf;
	char	   *out;
	char	   *word;

	in = pf_str_trim(in);
	if (in.s == NULL)
		return in;
	for (int i = 0; i < in.len; i++)
	{
		unsigned char c = in.s[i];

		mail |= c == '@';
		found |= c == '(' || c == ')' || c == 0xe3 || c == 0xef;
	}
	if (!found && !mail)
		return in;

	if (mail && in.s[in.len - 1] == ')')
	{
		const char *at = memchr(in.s, '(', in.len);

		if (at != NULL && at > in.s && at[-1] == ' ' &&
			memchr(in.s, ' ', at - in.s) == at - 1 && memchr(in.s, '@', at - in.s) != NULL)
			return pf_str_trim((PfStr) {at + 1, (int) (in.s + in.len - at) - 2});
	}

	buf = out = palloc(in.len + 1);
	word = buf;
	mail = false;				/* from here on: in this word */
	for (int i = 0; i < in.len; i++)
	{
		char		c = in.s[i];

		if ((unsigned char) c >= 0xe3 && i + 2 < in.len)
		{
			static const struct
			{
				char		bytes[4];
				char		as;
			}			wide[] =
			{
				{"、", ','}, {"，", ','}, {"；", ';'}, {"（", '('}, {"）", ')'},
			};

			for (int k = 0; k < (int) lengthof(wide); k++)
			{
				if (memcmp(in.s + i, wide[k].bytes, 3) == 0)
				{
					c = wide[k].as;
					i += 2;
					break;
				}
			}
		}
		if (c == '(')
			depth++;
		else if (c == ')')
			depth -= depth > 0;
		else if (depth == 0)
		{
			if (c == ' ' || c == ',' || c == ';')
			{
				if (mail)
					out = word;
				mail = false;
				if (c != ' ' || (out > buf && out[-1] != ' '))
					*out++ = c;
				word = out;
			}
			else
			{
				mail |= c == '@' && out > word;
				*out++ = c;
			}
		}
	}
	if (mail)
		out = word;
	return pf_str_trim((PfStr) {buf, (int) (out - buf)});
}

PfStr
pf_name(PfStr in)
{
	PfStr		pieces[2] = {PF_STR_NONE, PF_STR_NONE};
	PfStr		suffix = PF_STR_NONE;
	int			n = 0;
	PfNameWalk	w;

	in = polish(clean(in));
	if (pf_str_blank(in))
		return PF_STR_NONE;
	if (memchr(in.s, ',', in.len) == NULL)
		return in;

	w = PF_NAME_WALK(in, false);
	while (pf_next_piece(&w))
	{
		if (w.look == PF_LOOK_SUFFIX && n > 0)
			suffix = w.piece;
		else if (n < 2)
			pieces[n++] = w.piece;
	}
	if (n == 2)
		return pf_name_join(pieces[1], pieces[0], suffix);
	return pf_name_join(pieces[0], suffix, PF_STR_NONE);
}

static void
split(PfStrings *list, PfStr in, bool given_first)
{
	in = clean(in);
	if (pf_str_blank(in))
		return;
	if (memchr(in.s, ';', in.len) != NULL)
	{
		const char *s = in.s;
		const char *end = in.s + in.len;

		while (s < end)
		{
			const char *next = memchr(s, ';', end - s);
			PfStr		piece;

			if (next == NULL)
				next = end;
			piece = pf_str_trim((PfStr) {s, (int) (next - s)});
			if (piece.len > 0 && (given_first || pf_is_whole(piece) ||
								  memchr(piece.s, ',', piece.len) == NULL))
				add_names(list, piece, LAYOUT_NAMES);
			else if (find_layout(piece) == LAYOUT_PAIRS)
				add_names(list, piece, LAYOUT_PAIRS);
			else
				add_if_name(list, pf_name(piece));
			s = next + 1;
		}
		return;
	}
	if (given_first || memchr(in.s, ',', in.len) == NULL)
		add_names(list, in, LAYOUT_NAMES);
	else
		add_names(list, in, find_layout(in));
}

void
pf_names_split(PfStrings *list, PfStr in)
{
	split(list, in, false);
}

void
pf_names_split_given(PfStrings *list, PfStr in)
{
	split(list, in, true);
}
