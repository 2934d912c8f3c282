/*-------------------------------------------------------------------------
 *
 * tex.c
 *		TeX in running text: accents, escapes, quotes, dashes, groups, and
 *		where formulas begin and end.
 *
 * Abstracts are TeX as people type it into a form: half of it meant for a
 * compiler, half for the eye, often with a dollar too few.  So each sign is
 * taken for TeX only where the text around it bears that out; "costs $5 to
 * $10", "--flag", "{0,1}", "~20%" and `code` stay as they are.  What this
 * gives is meant to pass through it again unchanged.
 *
 * A brace is written to the output, and what was in it is looked at when it
 * closes; the stack of open ones is of fixed depth, those above it are plain
 * text.  Every look ahead goes to the next such sign, or is bounded, or is
 * remembered when it found nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/plain.h"

#define MAX_GROUPS 64

/* Bytes of a look ahead for the other half of something. */
#define MAX_QUOTED 600
#define MAX_ARGUMENT 600
#define MAX_FORMULA 8000

typedef enum GroupKind
{
	GROUP_BRACE,				/* '{' is in the output; to be judged */
	GROUP_SILENT,				/* nothing is in the output */
	GROUP_NOTE,					/* footnote: in parentheses */
	GROUP_QUOTE,
	GROUP_SUP,
	GROUP_SUB
} GroupKind;

typedef struct Group
{
	GroupKind	kind;
	int			pos;			/* where its output begins */
} Group;

typedef struct Tex
{
	PfText		t;
	const char *begin;
	const char *single;			/* the ' and the '' or " that close a quotation; */
	const char *twofold;		/* NULL = none is open */
	const char *no_display;		/* no "$$", "\]", "\)" from here on */
	const char *no_bracket;
	const char *no_paren;
	const char *no_end;			/* no "\end" */
	int			n_groups;
	Group		groups[MAX_GROUPS];
} Tex;

static inline void
put(Tex *x, const char *s)
{
	pf_puts(x->t.out, s);
}

/* The byte before p in the input; a blank at the start. */
static inline unsigned char
byte_before(const Tex *x, const char *p)
{
	return p > x->begin ? (unsigned char) p[-1] : ' ';
}

/* The byte at p; a blank at the end. */
static inline unsigned char
byte_at(const Tex *x, const char *p)
{
	return p < x->t.end ? (unsigned char) *p : ' ';
}

/* The last character written; 0 at the start. */
static uint32
last_char(const Tex *x)
{
	const StringInfo out = x->t.out;

	return pf_char_before(out->data + x->t.base, out->data + out->len);
}

static const char *
skip_space(const Tex *x, const char *p)
{
	while (p < x->t.end && pf_is_space(*p))
		p++;
	return p;
}

/* A citation was dropped: mend the blanks, commas and brackets around it. */
static void
dropped(Tex *x)
{
	StringInfo	out = x->t.out;
	const char *p = skip_space(x, x->t.p);
	char		last;

	if (p >= x->t.end)
		return;
	while (out->len > x->t.base && out->data[out->len - 1] == ' ' && strchr(".,;:)?!]", *p) != NULL)
		out->len--;
	if (out->len == x->t.base)
		return;
	last = out->data[out->len - 1];
	if (last == '(' || last == '[')
	{
		/* "(\cite{a}, \cite{b})" */
		while (p < x->t.end && (pf_is_space(*p) || *p == ',' || *p == ';'))
			p++;
		x->t.p = p;
		if (p < x->t.end && *p == (last == '(' ? ')' : ']'))
		{
			x->t.p = p + 1;
			out->len--;
			if (x->t.p < x->t.end && strchr(".,;:)?!]", *x->t.p) != NULL &&
				out->len > x->t.base && out->data[out->len - 1] == ' ')
				out->len--;
		}
	}
	else if ((last == ',' || last == ';') && strchr(".;:)]", *p) != NULL)
		out->len--;
}

/*
 * Groups
 */

static void
push(Tex *x, GroupKind kind)
{
	if (x->n_groups < MAX_GROUPS)
	{
		x->groups[x->n_groups].kind = kind;
		x->groups[x->n_groups].pos = x->t.out->len;
		x->n_groups++;
	}
}

/*
 * Words in braces are grouped for TeX's sake ("{B}ayesian", "{\em x}", "{two
 * words, and more}"); anything else may be a set, a template or a program.
 */
static bool
only_words(const char *s, const char *end)
{
	int			words = 0;
	int			breaks = 0;		/* commas and the like, rarer in prose than in sets */
	bool		prose = false;
	bool		in_word = false;

	while (s < end)
	{
		unsigned char c = *s;

		if (c >= 0x80)
		{
			int			len;
			uint32		ch = pf_char_at(s, end, &len);

			if ((ch >= 0x2190 && ch < 0x2600) || pf_char_is_script(ch))
				return false;	/* arrows, operators, scripts */
			if (pf_char_is_letter(ch) && !in_word)
			{
				in_word = true;
				words++;
			}
			s += len;
			continue;
		}
		if (pf_is_alpha(c))
		{
			if (!in_word)
				words++;
			in_word = true;
		}
		else if (c == ' ')
			in_word = false;
		else if (c == '.' && s + 1 < end && s[1] == '.')
			return false;
		else if (c == ',' || c == ';' || c == '|')
			breaks++;
		else if (strchr("()?!", c) != NULL)
			prose = true;
		else if (!pf_is_digit(c) && strchr("-.':/@_&%\"~", c) == NULL)
			return false;
		s++;
	}
	if (breaks > 0 || prose)
		return words >= 3 && words > 2 * breaks + 1;
	return words > 0;
}

/* Is there a '^' or '_' just before out[pos], and something that it can belong to? */
static bool
has_base(const Tex *x, int pos)
{
	const char *start = x->t.out->data + x->t.base;
	const char *s = x->t.out->data + pos - 1;
	uint32		base;

	if (s <= start || (*s != '^' && *s != '_'))
		return false;
	base = pf_char_before(start, s);
	return base >= 0x80 || pf_is_alnum((unsigned char) base) || strchr(")]}|", (int) base) != NULL;
}

/* What a brace that closes makes of its group. */
static void
close_group(Tex *x)
{
	StringInfo	out = x->t.out;
	Group		g = x->groups[--x->n_groups];
	char	   *s = out->data + g.pos;
	int			len = out->len - g.pos;
	bool		follows = x->t.p < x->t.end && pf_is_alnum(*x->t.p);
	char		before;

	switch (g.kind)
	{
		case GROUP_SILENT:
			return;
		case GROUP_NOTE:
			if (len > 0 && out->data[out->len - 1] == ' ')
				out->len--;
			pf_put(out, ')');
			return;
		case GROUP_QUOTE:
			put(x, "”");
			return;
		case GROUP_SUP:
		case GROUP_SUB:
			pf_script(out, g.pos, g.kind == GROUP_SUP, follows);
			return;
		case GROUP_BRACE:
			break;
	}

	/* 10^{-3} in text is as good as in a formula. */
	before = g.pos > x->t.base ? s[-1] : '\0';
	if (before == '^' || before == '_')
	{
		if (len > 1 && len <= 40 && has_base(x, g.pos))
		{
			memmove(s - 1, s + 1, len - 1);
			out->len -= 2;
			pf_script(out, g.pos - 1, before == '^', follows);
		}
		else
			pf_put(out, '}');
		return;
	}

	/* "sqrt{n}" lacks a backslash, "i{P}hone" does not */
	if (len > 1 && (!only_words(s + 1, s + len) ||
					(pf_is_alpha(before) && !(s[1] >= 'A' && s[1] <= 'Z'))))
	{
		pf_put(out, '}');
		return;
	}
	memmove(s, s + 1, len - 1);
	out->len--;
	if (out->len > g.pos && *s == ' ' && (before == ' ' || g.pos == x->t.base))
	{
		memmove(s, s + 1, out->len - g.pos - 1);
		out->len--;
	}
}

/* Does a group that begins at p begin with a declaration or an accent? */
static bool
begins_with_declaration(const Tex *x, const char *p)
{
	const char *s = p;
	const PfTexName *cmd;

	if (p >= x->t.end || *p != '\\' || p + 1 >= x->t.end)
		return false;
	s++;
	if (!pf_is_alpha(*s))
		return pf_tex_accent(*s) != 0;
	while (s < x->t.end && pf_is_alpha(*s) && s - p <= PF_TEX_NAME_MAX)
		s++;
	cmd = pf_tex_name(p + 1, (int) (s - p - 1));
	return cmd != NULL && (cmd->kind == PF_TEX_NONE || cmd->kind == PF_TEX_CHAR ||
						   cmd->kind == PF_TEX_ACCENT);
}

static void
open_brace(Tex *x)
{
	x->t.p++;
	if (x->n_groups >= MAX_GROUPS)
		pf_put(x->t.out, '{');
	else if (begins_with_declaration(x, skip_space(x, x->t.p)))
	{
		x->t.p = skip_space(x, x->t.p);
		push(x, GROUP_SILENT);
	}
	else
	{
		push(x, GROUP_BRACE);
		pf_put(x->t.out, '{');
	}
}

/* Take the brace at p, perhaps after blanks, as the argument of a command. */
static bool
open_argument(Tex *x, GroupKind kind)
{
	const char *p = skip_space(x, x->t.p);

	if (p >= x->t.end || *p != '{' || x->n_groups >= MAX_GROUPS)
		return false;
	x->t.p = p + 1;
	push(x, kind);
	return true;
}

/* The end of {...} at p without any braces in it, or NULL. */
static const char *
flat_argument(const Tex *x, const char *p)
{
	const char *limit = Min(x->t.end, p + MAX_ARGUMENT);

	if (p >= x->t.end || *p != '{')
		return NULL;
	for (p++; p < limit; p++)
	{
		if (*p == '}')
			return p + 1;
		if (*p == '{' && !(p + 1 < limit && p[1] == '}'))
			return NULL;
		if (*p == '{')
			p++;
	}
	return NULL;
}

/* The end of [...] at p, or p. */
static const char *
optional_argument(const Tex *x, const char *p)
{
	const char *limit = Min(x->t.end, p + 100);
	const char *s;

	if (p >= x->t.end || *p != '[')
		return p;
	for (s = p + 1; s < limit && *s != '['; s++)
	{
		if (*s == ']')
			return s + 1;
	}
	return p;
}

/* Is the {...} at p, if there is one, closed before long? */
static bool
closed_argument(const Tex *x, const char *p)
{
	const char *limit = Min(x->t.end, p + MAX_ARGUMENT);
	int			depth = 0;

	if (p >= x->t.end || *p != '{')
		return true;
	for (; p < limit; p++)
	{
		if (*p == '\\')
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return true;
	}
	return false;
}

/*
 * Formulas
 */

/* Letters in a row that are no command; their number. */
static int
word_length(const char *s, const char *end)
{
	const char *e = s;

	while (e < end && pf_is_alpha(*e))
		e++;
	return (int) (e - s);
}

/*
 * Is what stands between two dollars a formula?  'next' is the byte after the
 * second one.
 */
static bool
looks_like_math(const char *s, const char *end, unsigned char next)
{
	bool		front = pf_is_space(*s);
	bool		back = pf_is_space(end[-1]);
	bool		money = false;
	bool		signs = false;
	bool		comma = false;
	int			depth = 0;
	int			words = 0;
	int			short_words = 0;
	int			blanks = 0;

	for (const char *p = s; p < end; p++)
	{
		if (!pf_is_space(*p))
		{
			money = pf_is_digit(*p);
			break;
		}
	}
	for (const char *p = s; p < end; p++)
	{
		if (*p == '\\')
		{
			p++;
			if (p < end && pf_is_alpha(*p))
			{
				p += word_length(p, end) - 1;
				signs = true;
			}
		}
		else if (*p == '{' || *p == '}')
		{
			depth += (*p == '{') ? 1 : -1;
			signs = true;
		}
		else if (*p == '^' || *p == '_' || *p == '=' || *p == '<' || *p == '>')
			signs = true;
		else if (pf_is_space(*p))
		{
			blanks++;
			comma |= p > s && p[-1] == ',';
		}
		else if (pf_is_alpha(*p))
		{
			int			n = word_length(p, end);

			if (depth <= 0)
			{
				if (n >= 3)
					words++;
				else if (n == 2)
					short_words++;
			}
			p += n - 1;
		}
	}

	if (blanks == 0)
		return !(money && !signs && pf_is_digit(next));
	if (money)
	{
		/* "$5 to $10" and "$5 for $x$" against "$5 \times $" and "$5 nJ$" */
		if (signs && words == 0)
			return !pf_is_digit(next);
		return !back && words + short_words <= 1 && !pf_is_digit(next) && !comma;
	}
	if (!signs)
	{
		if (front || back)
			return words + short_words == 0 && (front == back || blanks == 1);
		return words == 0 || (words == 1 && blanks <= 2 && short_words == 0);
	}
	/* "$ and 3_a $", where the dollars belong to others */
	if (front && back)
		return words + short_words <= 1;
	return words <= 3 || !(front || back);
}

/* The next "$" from p that is not escaped, or NULL. */
static const char *
next_dollar(const Tex *x, const char *p)
{
	const char *limit = Min(x->t.end, p + MAX_FORMULA);

	while (p < limit && (p = memchr(p, '$', limit - p)) != NULL)
	{
		int			slashes = 0;

		while (p - slashes > x->begin && p[-slashes - 1] == '\\' && slashes < 16)
			slashes++;
		if (slashes % 2 == 0)
			return p;
		p++;
	}
	return NULL;
}

/* Braces that open less those that close. */
static int
brace_balance(const char *s, const char *end)
{
	int			depth = 0;

	for (; s < end; s++)
	{
		if (*s == '\\')
			s++;
		else if (*s == '{')
			depth++;
		else if (*s == '}')
			depth--;
	}
	return depth;
}

static void
formula(Tex *x, const char *s, const char *end, const char *after)
{
	pf_texmath((PfStr) {s, (int) (end - s)}, x->t.out);
	x->t.p = after;
}

/* The same on a line of its own. */
static void
display(Tex *x, const char *s, const char *end, const char *after)
{
	if (!pf_text_is_blank(&x->t))
		pf_put(x->t.out, ' ');
	formula(x, s, end, after);
	if (!pf_text_is_blank(&x->t) && after < x->t.end && strchr(".,;:)", *after) == NULL)
		pf_put(x->t.out, ' ');
}

static void
dollar(Tex *x)
{
	const char *s = x->t.p + 1;
	const char *end;

	if (s < x->t.end && *s == '$')
	{
		const char *p = s + 1;

		if (x->no_display == NULL || p < x->no_display)
		{
			while ((end = next_dollar(x, p)) != NULL && byte_at(x, end + 1) != '$')
				p = end + 1;
			if (end != NULL && end > s + 1)
			{
				display(x, s + 1, end, end + 2);
				return;
			}
			if (end == NULL)
				x->no_display = Min(x->t.end, p + MAX_FORMULA);
		}
		/* an empty formula, or two dollars of text */
		put(x, "$$");
		x->t.p = s + 1;
		return;
	}

	end = next_dollar(x, s);
	if (end != NULL && end > s)
	{
		/* $\text{a $b$ c}$ */
		for (int i = 0; i < 2 && brace_balance(s, end) > 0; i++)
		{
			const char *more = next_dollar(x, end + 1);

			if (more == NULL)
				break;
			if (brace_balance(s, more) == 0)
			{
				end = more;
				break;
			}
		}
		if (looks_like_math(s, end, byte_at(x, end + 1)))
		{
			formula(x, s, end, end + 1);
			return;
		}
	}
	pf_put(x->t.out, '$');
	x->t.p = s;
}

/* The next "\c" from p, or NULL; '*none' remembers that there is none. */
static const char *
find_command(const Tex *x, const char *p, const char *what, const char **none)
{
	int			n = (int) strlen(what);

	if (*none != NULL && p >= *none)
		return NULL;
	for (const char *s = p; s < x->t.end;)
	{
		s = memchr(s, '\\', x->t.end - s);
		if (s == NULL)
			break;
		if (x->t.end - s >= n && memcmp(s, what, n) == 0)
			return s;
		s += 2;					/* "\\)" is a line break and a parenthesis */
	}
	*none = p;
	return NULL;
}

/*
 * Quotes, dashes, ties
 */

static bool
opens_quote(unsigned char c)
{
	return pf_is_space(c) || strchr("([{-/\"'$~", c) != NULL;
}

/* Is p behind a word or its punctuation, and before none? */
static bool
ends_word(const Tex *x, const char *p, int len)
{
	return !pf_is_space(byte_before(x, p)) && byte_before(x, p) != '\\' &&
		!pf_is_alnum(byte_at(x, p + len));
}

/*
 * Where the quotation ends that "``" began at p: at two quotes of any kind,
 * or for want of these at the first that may be meant so; or NULL.
 */
static const char *
end_of_double(const Tex *x, const char *p)
{
	const char *limit = Min(x->t.end, p + MAX_QUOTED);
	const char *single = NULL;

	for (const char *s = p; s < limit; s++)
	{
		if (*s == '`' && byte_at(x, s + 1) == '`')
			return s > p && ends_word(x, s, 2) ? s : single;
		if (*s == '\'' && byte_at(x, s + 1) == '\'')
			return s;
		if (*s == '"' && ends_word(x, s, 1))
			return s;
		if (*s == '\'' && single == NULL && ends_word(x, s, 1))
			single = s;
	}
	return single;
}

/* "`": the same. */
static const char *
end_of_single(const Tex *x, const char *p)
{
	const char *limit = Min(x->t.end, p + MAX_QUOTED);

	for (; p < limit && *p != '`'; p++)
	{
		if (*p == '\'' && ends_word(x, p, 1))
			return p;
	}
	return NULL;
}

static void
backquote(Tex *x)
{
	const char *p = x->t.p;
	int			n = 1;
	const char *close;

	while (byte_at(x, p + n) == '`')
		n++;
	if (n == 2)
	{
		close = end_of_double(x, p + 2);
		if (close != NULL)
		{
			put(x, "“");
			x->twofold = close;
			x->t.p = p + 2;
			return;
		}
	}
	else if (n == 1 && opens_quote(byte_before(x, p)) && !pf_is_space(byte_at(x, p + 1)))
	{
		close = end_of_single(x, p + 1);
		if (close != NULL)
		{
			put(x, "‘");
			x->single = close;
			x->t.p = p + 1;
			return;
		}
	}
	while (n-- > 0)
	{
		pf_put(x->t.out, '`');
		x->t.p++;
	}
}

/*
 * "''" that closes nothing: it opens, as a careless "``", or closes what a '"'
 * opened; behind a letter it is a double prime.
 */
static void
two_quotes(Tex *x)
{
	const char *p = x->t.p;
	const char *close;

	x->t.p = p + 2;
	if (opens_quote(byte_before(x, p)) && !pf_is_space(byte_at(x, p + 2)))
	{
		close = end_of_double(x, p + 2);
		if (close != NULL && *close != '`' && byte_at(x, close + 1) != '`' &&
			!(*close == '\'' && byte_at(x, close + 1) != '\''))
		{
			put(x, "“");
			x->twofold = close;
			return;
		}
	}
	else if (ends_word(x, p, 2) && !pf_is_digit(byte_before(x, p)) &&
			 (!pf_is_alpha(byte_before(x, p)) || pf_is_alpha(byte_before(x, p - 1))))
	{
		pf_put(x->t.out, '"');
		return;
	}
	put(x, "''");
}

/* The end of a quotation, if p is one that was looked ahead to. */
static bool
closing_quote(Tex *x)
{
	const char *p = x->t.p;

	if (p == x->twofold)
	{
		put(x, "”");
		x->t.p = p + (byte_at(x, p + 1) == *p && *p != '"' ? 2 : 1);
		x->twofold = NULL;
		return true;
	}
	if (p == x->single)
	{
		put(x, "’");
		x->t.p = p + 1;
		x->single = NULL;
		return true;
	}
	return false;
}

static void
dashes(Tex *x)
{
	const char *p = x->t.p;
	unsigned char before = byte_before(x, p);
	unsigned char after;
	bool		dash;
	int			n = 1;

	while (byte_at(x, p + n) == '-')
		n++;
	after = byte_at(x, p + n);

	/* An option has a blank before it and none behind. */
	if (pf_is_space(before))
		dash = pf_is_space(after) || (n == 3 && p > x->begin);
	else
		dash = strchr("<!=+({[/\\|", before) == NULL;
	if (after == '>' || n > 3 || n < 2)
		dash = false;

	if (dash)
		put(x, n == 2 ? "–" : "—");
	else
		appendBinaryStringInfo(x->t.out, p, n);
	x->t.p = p + n;
}

/* "Fig.~3" has a tie, "~20%", "2~4" and "A ~ B" have none. */
static void
tie(Tex *x)
{
	const char *p = x->t.p;
	unsigned char before = byte_before(x, p);
	unsigned char after = byte_at(x, p + 1);
	bool		keep;

	if (before == '(' || before == '[' || before == '+' || before == '<' || before == '>' ||
		before == '=')
		keep = pf_is_digit(after) || after == '.' || pf_is_space(after) || after == '$';
	else if (pf_is_space(before))
		keep = pf_is_space(after) ? p > x->begin && p + 1 < x->t.end :
			pf_is_digit(after) || strchr(".$=+-", after) != NULL;
	else if (pf_is_digit(before) || before == '%')
		keep = pf_is_digit(after);
	else
		keep = before == '/' || after == '/' || before == '~' || after == '~' ||
			(before == 'O' && after == '(' && !pf_is_alnum(byte_before(x, p - 1)));

	x->t.p++;
	if (keep)
		pf_put(x->t.out, '~');
	else if (!pf_text_is_blank(&x->t))
		pf_put(x->t.out, ' ');
}

/* "10^-3", "R^2" and "O(n^2)" without their dollars. */
static void
caret(Tex *x)
{
	StringInfo	out = x->t.out;
	const char *p = x->t.p + 1;
	const char *e = p;
	int			pos;

	if (e < x->t.end && (*e == '-' || *e == '+'))
		e++;
	while (e < x->t.end && pf_is_digit(*e) && e - p < 5)
		e++;
	pf_put(out, '^');
	x->t.p = p;
	pos = out->len;
	if (e == p || !pf_is_digit(e[-1]) || pf_is_digit(byte_at(x, e)) || !has_base(x, pos) ||
		(byte_at(x, e) == '.' && pf_is_digit(byte_at(x, e + 1))) || byte_at(x, e) == '^')
		return;
	appendBinaryStringInfo(out, p, e - p);
	memmove(out->data + pos - 1, out->data + pos, out->len - pos);
	out->len--;
	pf_script(out, pos - 1, true, false);
	x->t.p = e;
}

/*
 * Addresses: copied as they are, but for TeX's escapes
 */

static void
address(Tex *x)
{
	int			depth = 0;

	while (x->t.p < x->t.end)
	{
		const char *p = x->t.p;
		unsigned char c = *p;
		unsigned char next = byte_at(x, p + 1);

		if (c <= ' ' || c >= 0x7F || c == '<' || c == '>' || c == '"' || c == '`' || p == x->single ||
			p == x->twofold || (c == '\'' && next == '\''))
			return;
		if (c == '\\')
		{
			static const char sim[] = "textasciitilde";

			if (next != '\0' && strchr("_%#&$~", next) != NULL)
			{
				pf_put(x->t.out, next);
				p += 2;
				if (next == '~' && byte_at(x, p) == '{' && byte_at(x, p + 1) == '}')
					p += 2;
				x->t.p = p;
				continue;
			}
			if (x->t.end - p > (int) sizeof(sim) - 1 && memcmp(p + 1, sim, sizeof(sim) - 1) == 0)
			{
				pf_put(x->t.out, '~');
				p += sizeof(sim);
				if (byte_at(x, p) == '{' && byte_at(x, p + 1) == '}')
					p += 2;
				x->t.p = p;
				continue;
			}
			return;
		}
		if (c == '$')
		{
			if (x->t.end - p >= 6 && memcmp(p, "$\\sim$", 6) == 0)
			{
				pf_put(x->t.out, '~');
				x->t.p = p + 6;
				continue;
			}
			if (x->t.end - p >= 3 && memcmp(p, "$_$", 3) == 0)
			{
				pf_put(x->t.out, '_');
				x->t.p = p + 3;
				continue;
			}
			return;
		}
		if (c == '{')
			depth++;
		else if (c == '}' && --depth < 0)
			return;
		else if (c != '}')
			pf_put(x->t.out, c);
		x->t.p++;
	}
}

/*
 * Commands
 */

/* An accent over the letter, group or dotless i that follows; false if none does. */
static bool
accent(Tex *x, uint32 mark, bool by_name)
{
	StringInfo	out = x->t.out;
	const char *p = x->t.p;
	int			pos = out->len;
	bool		brace;
	uint32		c;
	int			len;

	if (by_name)
		p = skip_space(x, p);
	brace = p < x->t.end && *p == '{';
	if (brace)
		p = skip_space(x, p + 1);
	if (p >= x->t.end)
		return false;
	if (brace && *p == '}')
	{
		/* \~{} and \^{} are the characters themselves */
		x->t.p = p + 1;
		if (mark == 0x303 || mark == 0x302)
			pf_put(out, mark == 0x303 ? '~' : '^');
		return true;
	}
	if (*p == '\\')
	{
		const char *s = p + 1;
		const PfTexName *cmd;

		if (s < x->t.end && pf_tex_accent(*s) != 0 && x->n_groups < MAX_GROUPS)
		{
			/* two accents on one letter */
			uint32		inner = pf_tex_accent(*s);

			s++;
			if (s < x->t.end && *s == '{')
				s++;
			if (s >= x->t.end || !pf_is_alpha(*s))
				return false;
			pf_put(out, *s++);
			if (s < x->t.end && *s == '}' && s[-2] == '{')
				s++;
			pf_mark(out, pos, inner);
			goto mark;
		}
		while (s < x->t.end && pf_is_alpha(*s) && s - p < 4)
			s++;
		cmd = pf_tex_name(p + 1, (int) (s - p - 1));
		if (cmd == NULL || cmd->kind != PF_TEX_CHAR)
			return false;
		put(x, cmd->text);
		if (!brace && s + 1 < x->t.end && *s == '{' && s[1] == '}')
			s += 2;
		else if (!brace && s < x->t.end && *s == ' ')
			s++;
mark:
		pf_mark(out, pos, mark);
		if (brace)
		{
			s = skip_space(x, s);
			if (s < x->t.end && *s == '}')
				s++;
			else
				push(x, GROUP_SILENT);
		}
		x->t.p = s;
		return true;
	}

	c = pf_char_at(p, x->t.end, &len);
	if (!pf_char_is_letter(c))
		return false;
	pf_put_char(out, c);
	pf_mark(out, pos, mark);
	x->t.p = p + len;
	if (brace)
	{
		if (x->t.p < x->t.end && *x->t.p == '}')
			x->t.p++;
		else
			push(x, GROUP_SILENT);
	}
	return true;
}

/*
 * \' and \" are also what is left of quotes that some program escaped:
 * "it\'s", "the authors\' view", "a \"new\" way".
 */
static bool
is_escaped_quote(const Tex *x, char c)
{
	const char *p = x->t.p + 2;
	unsigned char before = byte_before(x, x->t.p);
	unsigned char after = byte_at(x, p);

	if (c == '\'')
	{
		int			n;

		if (after == '{' || after == '\\')
			return false;
		if (!pf_is_alpha(after) && after < 0x80)
			return true;
		n = word_length(p, x->t.end);
		if (!pf_is_alpha(before))
			return false;
		return (n == 1 && strchr("stdm", after) != NULL) ||
			(n == 2 && (memcmp(p, "re", 2) == 0 || memcmp(p, "ll", 2) == 0 || memcmp(p, "ve", 2) == 0));
	}
	if (c == '"')
		return after != '{' && after != '\\' && (after >= 0x80 || strchr("aeiouyAEIOUY", after) == NULL);
	return !(pf_is_alpha(after) || after == '{' || after == '\\' || after >= 0x80);
}

/* A backslash and a sign. */
static void
sign_command(Tex *x)
{
	const char *p = x->t.p;
	unsigned char c = byte_at(x, p + 1);
	const char *end;

	if (p + 1 >= x->t.end || c >= 0x80 || c < ' ')
	{
		/* at the end of a line or of the text */
		if (c >= 0x80 || p + 1 >= x->t.end)
			pf_put(x->t.out, '\\');
		x->t.p++;
		return;
	}
	switch (c)
	{
		case '(':
			end = find_command(x, p + 2, "\\)", &x->no_paren);
			if (end != NULL)
				formula(x, p + 2, end, end + 2);
			else
			{
				pf_put(x->t.out, c);
				x->t.p = p + 2;
			}
			return;
		case '[':
			end = find_command(x, p + 2, "\\]", &x->no_bracket);
			if (end != NULL)
				display(x, p + 2, end, end + 2);
			else
			{
				pf_put(x->t.out, c);
				x->t.p = p + 2;
			}
			return;
		case '\\':
			x->t.p = optional_argument(x, p + 2);
			pf_text_blank(&x->t);
			return;
		case ' ':
		case ',':
		case ':':
		case ';':
			x->t.p = p + 2;
			pf_text_blank(&x->t);
			return;
		case '-':
		case '/':
		case '!':
		case '@':
			x->t.p = p + 2;
			return;
		case '|':
			put(x, "‖");
			x->t.p = p + 2;
			return;
		default:
			break;
	}
	if (pf_tex_accent(c) != 0 && !is_escaped_quote(x, c))
	{
		x->t.p = p + 2;
		if (accent(x, pf_tex_accent(c), false))
			return;
	}
	pf_put(x->t.out, c);
	x->t.p = p + 2;
}

/* \verb|x|, \item[x] */
static void
verbatim(Tex *x)
{
	const char *p = x->t.p;
	const char *limit = Min(x->t.end, p + MAX_ARGUMENT);
	const char *e;

	if (p >= limit || pf_is_alnum(*p) || pf_is_space(*p))
		return;
	e = p + 1 < limit ? memchr(p + 1, *p == '{' ? '}' : *p, limit - p - 1) : NULL;
	if (e == NULL)
		return;
	appendBinaryStringInfo(x->t.out, p + 1, e - p - 1);
	x->t.p = e + 1;
}

static void
item(Tex *x)
{
	const char *p = skip_space(x, x->t.p);
	const char *e = optional_argument(x, p);

	pf_text_blank(&x->t);
	if (e > p)
	{
		x->t.p = p + 1;			/* its text, up to the bracket */
		appendBinaryStringInfo(x->t.out, p + 1, e - p - 2);
		x->t.p = e;
		if (!pf_text_is_blank(&x->t))
			pf_put(x->t.out, ' ');
	}
	else
		put(x, "• ");
}

/* \begin{equation} and its like begin a formula. */
static void
begin_environment(Tex *x)
{
	static const char *const math[] = {
		"equation", "align", "eqnarray", "displaymath", "math", "gather", "multline", "aligned"
	};
	const char *p = skip_space(x, x->t.p);
	const char *e = flat_argument(x, p);
	int			len;

	if (e == NULL)
		return;
	x->t.p = e;
	len = (int) (e - p - 2);
	if (len > 0 && p[len] == '*')
		len--;
	for (int i = 0; i < (int) lengthof(math); i++)
	{
		if ((int) strlen(math[i]) == len && memcmp(math[i], p + 1, len) == 0)
		{
			const char *end = find_command(x, e, "\\end", &x->no_end);

			if (end != NULL)
			{
				display(x, e, end, end);
				return;
			}
		}
	}
	x->t.p = optional_argument(x, e);
	pf_text_blank(&x->t);
}

static void
named_command(Tex *x)
{
	StringInfo	out = x->t.out;
	const char *p = x->t.p;
	const char *name = p + 1;
	const char *e = name;
	const PfTexName *cmd;
	int			len;
	int			pos;

	while (e < x->t.end && pf_is_alpha(*e) && e - name < PF_TEX_NAME_MAX)
		e++;
	len = (int) (e - name);
	cmd = pf_tex_name(name, len);
	x->t.p = e;

	switch (cmd != NULL ? cmd->kind : PF_TEX_UNKNOWN)
	{
		case PF_TEX_ORD:
		case PF_TEX_BIN:
		case PF_TEX_REL:
		case PF_TEX_OPEN:
		case PF_TEX_CLOSE:
		case PF_TEX_OP:
			if (cmd->kind == PF_TEX_OP && out->len > x->t.base &&
				pf_is_alnum(out->data[out->len - 1]))
				pf_put(out, ' ');
			pos = out->len;
			put(x, cmd->text);
			if (byte_at(x, e) == '{' && byte_at(x, e + 1) == '}')
				x->t.p = e + 2;
			else if ((byte_at(x, e) == '_' || byte_at(x, e) == '^') && closed_argument(x, e + 1))
				pf_texmath_scripts(&x->t);
			if (has_base(x, pos))
			{
				/* x^\star */
				memmove(out->data + pos - 1, out->data + pos, out->len - pos);
				out->len--;
				pf_script(out, pos - 1, byte_before(x, p) == '^', false);
			}
			return;

		case PF_TEX_CHAR:
			put(x, cmd->text);
			if (byte_at(x, e) == '{' && byte_at(x, e + 1) == '}')
				x->t.p = e + 2;
			else if (pf_char_is_letter((unsigned char) cmd->text[0] >= 0x80 ? 0xC0 : ' ') && len < 3)
			{
				/* the blank after "\o" only ends the command */
				const char *s = skip_space(x, e);

				if (s > e && s < x->t.end && pf_is_alpha(*s) && cmd->name[0] != 'S' && cmd->name[0] != 'P')
					x->t.p = s;
			}
			return;

		case PF_TEX_ACCENT:
			{
				uint32		mark = pf_char_at(cmd->text, cmd->text + strlen(cmd->text), &len);

				if (accent(x, mark, true))
					return;
				pf_put(out, *name);
				return;
			}

		case PF_TEX_SPACE:
			pf_text_blank(&x->t);
			return;

		case PF_TEX_NONE:
			x->t.p = skip_space(x, e);
			if (byte_at(x, x->t.p) == '{' && byte_at(x, x->t.p + 1) == '}')
				x->t.p += 2;
			return;

		case PF_TEX_ARG:
		case PF_TEX_TEXT:
		case PF_TEX_NAME:
			x->t.p = optional_argument(x, x->t.p);
			(void) open_argument(x, GROUP_SILENT);
			return;

		case PF_TEX_FOOT:
			if (open_argument(x, GROUP_NOTE))
			{
				if (!pf_text_is_blank(&x->t))
					pf_put(out, ' ');
				pf_put(out, '(');
				x->t.p = skip_space(x, x->t.p);
			}
			return;

		case PF_TEX_QUOTE:
			if (open_argument(x, GROUP_QUOTE))
				put(x, "“");
			return;

		case PF_TEX_SUP:
		case PF_TEX_SUB:
			(void) open_argument(x, cmd->kind == PF_TEX_SUP ? GROUP_SUP : GROUP_SUB);
			return;

		case PF_TEX_CITE:
		case PF_TEX_DROP:
			if (byte_at(x, e) == '*')
				e++;
			e = optional_argument(x, skip_space(x, e));
			e = optional_argument(x, e);
			e = flat_argument(x, skip_space(x, e));
			if (e == NULL)
				return;
			x->t.p = e;
			dropped(x);
			return;

		case PF_TEX_SECOND:
			e = optional_argument(x, e);
			e = flat_argument(x, skip_space(x, e));
			if (e != NULL)
				x->t.p = e;
			(void) open_argument(x, GROUP_SILENT);
			return;

		case PF_TEX_URL:
			e = skip_space(x, e);
			if (byte_at(x, e) != '{')
				return;
			x->t.p = e + 1;
			address(x);
			if (x->t.p < x->t.end && *x->t.p == '}')
				x->t.p++;
			else
				push(x, GROUP_SILENT);
			return;

		case PF_TEX_VERB:
			verbatim(x);
			return;

		case PF_TEX_ITEM:
			item(x);
			return;

		case PF_TEX_BEGIN:
			begin_environment(x);
			return;

		case PF_TEX_END:
			e = flat_argument(x, skip_space(x, e));
			if (e != NULL)
				x->t.p = e;
			pf_text_blank(&x->t);
			return;

		case PF_TEX_UNKNOWN:
			if (byte_at(x, e) == '{' && byte_at(x, e + 1) == '}')
				x->t.p = e + 2;
			else if (byte_at(x, e) == '{' && open_argument(x, GROUP_SILENT))
				return;
			appendBinaryStringInfo(out, name, len);
			return;

		default:
			/* A command of mathematics with arguments. */
			if (closed_argument(x, skip_space(x, e)))
			{
				x->t.p = p;
				pf_texmath_command(&x->t);
			}
			else
				appendBinaryStringInfo(out, name, len);
			return;
	}
}

void
pf_tex(PfText *t)
{
	Tex			x;

	memset(&x, 0, offsetof(Tex, groups));
	x.t = *t;
	x.begin = t->p;

	for (;;)
	{
		const char *stop = x.t.end;
		unsigned char c;

		/* A quotation that ended inside of something else is over. */
		if (x.single != NULL && x.single < x.t.p)
			x.single = NULL;
		if (x.twofold != NULL && x.twofold < x.t.p)
			x.twofold = NULL;
		if (x.single != NULL)
			stop = x.single;
		if (x.twofold != NULL && x.twofold < stop)
			stop = x.twofold;
		x.t.stop = stop;

		pf_text_run(&x.t);
		if (x.t.p >= x.t.end)
			break;
		if (x.t.p == stop && closing_quote(&x))
			continue;

		c = *x.t.p;
		switch (c)
		{
			case '\\':
				if (pf_is_alpha(byte_at(&x, x.t.p + 1)))
					named_command(&x);
				else
					sign_command(&x);
				break;
			case '$':
				dollar(&x);
				break;
			case '{':
				open_brace(&x);
				break;
			case '}':
				x.t.p++;
				if (x.n_groups > 0)
					close_group(&x);
				else
					pf_put(x.t.out, '}');
				break;
			case '^':
				caret(&x);
				break;
			case '`':
				backquote(&x);
				break;
			case '\'':
				two_quotes(&x);
				break;
			case '-':
				dashes(&x);
				break;
			case '~':
				tie(&x);
				break;
			case '/':
				if (last_char(&x) == ':')
					address(&x);
				else
				{
					pf_put(x.t.out, '/');
					x.t.p++;
				}
				break;
			default:
				if (c <= ' ' || c >= 0x7F)
					pf_text_other(&x.t);
				else
				{
					pf_put(x.t.out, c);
					x.t.p++;
				}
				break;
		}
	}
	t->p = x.t.p;
}
