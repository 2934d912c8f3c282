/*-------------------------------------------------------------------------
 *
 * tex.c
 *		TeX in running text: the loop and the groups.
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

#include "common/tex.h"

/* The last character written; 0 at the start. */
static uint32
last_char(const PfTex *x)
{
	const StringInfo out = x->t.out;

	return pf_char_before(out->data + x->t.base, out->data + out->len);
}

/*
 * Groups
 */

void
pf_tex_push(PfTex *x, PfTexGroupKind kind)
{
	if (x->n_groups < PF_TEX_GROUPS)
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
	bool		quoted = false;
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
		else if (strchr("()?!", c) != NULL || (c == ':' && !(s + 1 < end && s[1] == '/')))
			prose = true;
		else if (c == '"')
			quoted = true;
		else if (!pf_is_digit(c) && strchr("-.':/@_&%~", c) == NULL)
			return false;
		s++;
	}
	if (breaks > 0 || prose)
		return !quoted && words >= 3 && words > 2 * breaks + 1;
	return words > 0;
}

/* Is there a '^' or '_' just before out[pos], and something that it can belong to? */
bool
pf_tex_has_base(const PfTex *x, int pos)
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
close_group(PfTex *x)
{
	StringInfo	out = x->t.out;
	PfTexGroup	g = x->groups[--x->n_groups];
	char	   *s = out->data + g.pos;
	int			len = out->len - g.pos;
	bool		follows = x->t.p < x->t.end && pf_is_alnum(*x->t.p);
	char		before;

	switch (g.kind)
	{
		case PF_GROUP_SILENT:
			return;
		case PF_GROUP_NOTE:
			if (len > 0 && out->data[out->len - 1] == ' ')
				out->len--;
			pf_put(out, ')');
			return;
		case PF_GROUP_QUOTE:
			pf_tex_put(x, "”");
			return;
		case PF_GROUP_SUP:
		case PF_GROUP_SUB:
			pf_script(out, g.pos, g.kind == PF_GROUP_SUP, follows);
			return;
		case PF_GROUP_BRACE:
			break;
	}

	/* 10^{-3} in text is as good as in a formula. */
	before = g.pos > x->t.base ? s[-1] : '\0';
	if (before == '^' || before == '_')
	{
		if (len > 1 && len <= 40 && pf_tex_has_base(x, g.pos))
		{
			memmove(s - 1, s + 1, len - 1);
			out->len -= 2;
			pf_script(out, g.pos - 1, before == '^', follows);
		}
		else
			pf_put(out, '}');
		return;
	}

	/* "sqrt{n}" lacks a backslash, "i{P}hone" and "w{i}th" do not */
	if (len > 1)
	{
		unsigned char first = s[1];
		bool		bare = pf_is_alpha(before) && first < 0x80 &&
			!(first >= 'A' && first <= 'Z') && !(follows && len <= 3);

		if (bare || !only_words(s + 1, s + len))
		{
			pf_put(out, '}');
			return;
		}
	}
	memmove(s, s + 1, len - 1);
	out->len--;
	if (out->len > g.pos && *s == ' ' && (before == ' ' || g.pos == x->t.base))
	{
		memmove(s, s + 1, out->len - g.pos - 1);
		out->len--;
	}
}

/*
 * Does a group that begins at p begin with a declaration or an accent, or is
 * it nothing but a command?  "{\pm}" is how arXiv writes ± in its metadata.
 */
static bool
begins_with_declaration(const PfTex *x, const char *p)
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
	if (s < x->t.end && *s == '}')
		return true;
	cmd = pf_tex_name(p + 1, (int) (s - p - 1));
	return cmd != NULL && (cmd->kind == PF_TEX_NONE || cmd->kind == PF_TEX_CHAR ||
						   cmd->kind == PF_TEX_ACCENT);
}

static void
open_brace(PfTex *x)
{
	x->t.p++;
	if (x->n_groups >= PF_TEX_GROUPS)
		pf_put(x->t.out, '{');
	else if (begins_with_declaration(x, pf_tex_skip_space(x, x->t.p)))
	{
		x->t.p = pf_tex_skip_space(x, x->t.p);
		pf_tex_push(x, PF_GROUP_SILENT);
	}
	else
	{
		pf_tex_push(x, PF_GROUP_BRACE);
		pf_put(x->t.out, '{');
	}
}

/* Take the brace at p, perhaps after blanks, as the argument of a command. */
bool
pf_tex_open_argument(PfTex *x, PfTexGroupKind kind)
{
	const char *p = pf_tex_skip_space(x, x->t.p);

	if (p >= x->t.end || *p != '{' || x->n_groups >= PF_TEX_GROUPS)
		return false;
	x->t.p = p + 1;
	pf_tex_push(x, kind);
	return true;
}

/* The end of {...} at p without any braces in it, or NULL. */
const char *
pf_tex_flat_argument(const PfTex *x, const char *p)
{
	const char *limit = pf_tex_limit(x, p, PF_TEX_ARGUMENT);

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
const char *
pf_tex_optional_argument(const PfTex *x, const char *p)
{
	const char *limit = pf_tex_limit(x, p, 100);
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

void
pf_tex(PfText *t)
{
	PfTex		x;

	memset(&x, 0, offsetof(PfTex, groups));
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
		if (x.t.p == stop && pf_tex_closing_quote(&x))
			continue;

		c = *x.t.p;
		switch (c)
		{
			case '\\':
				if (pf_is_alpha(pf_tex_at(&x, x.t.p + 1)))
					pf_tex_command(&x);
				else
					pf_tex_sign(&x);
				break;
			case '$':
				pf_tex_dollar(&x);
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
				pf_tex_caret(&x);
				break;
			case '`':
				pf_tex_backquote(&x);
				break;
			case '\'':
				pf_tex_two_quotes(&x);
				break;
			case '-':
				pf_tex_dashes(&x);
				break;
			case '~':
				pf_tex_tie(&x);
				break;
			case '/':
				if (last_char(&x) == ':')
					pf_tex_address(&x);
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
