/*-------------------------------------------------------------------------
 *
 * textype.c
 *		TeX in running text: quotes, dashes, ties, exponents, addresses.
 *
 * What TeX writes with ASCII signs, where the text around says that it is TeX:
 * an opening quote needs a closing one, a dash needs words, digits or blanks on
 * both sides, a tie must not be an "about" before a number.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/tex.h"

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
ends_word(const PfTex *x, const char *p, int len)
{
	return !pf_is_space(pf_tex_before(x, p)) && pf_tex_before(x, p) != '\\' &&
		!pf_is_alnum(pf_tex_at(x, p + len));
}

/*
 * Where the quotation ends that "``" began at p: at two quotes of any kind,
 * or for want of these at the first that may be meant so; or NULL.
 */
static const char *
end_of_double(const PfTex *x, const char *p)
{
	const char *limit = pf_tex_limit(x, p, PF_TEX_QUOTED);
	const char *single = NULL;

	for (const char *s = p; s < limit; s++)
	{
		if (*s == '`' && pf_tex_at(x, s + 1) == '`')
			return s > p && ends_word(x, s, 2) ? s : single;
		if (*s == '\'' && pf_tex_at(x, s + 1) == '\'')
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
end_of_single(const PfTex *x, const char *p)
{
	const char *limit = pf_tex_limit(x, p, PF_TEX_QUOTED);

	for (; p < limit && *p != '`'; p++)
	{
		if (*p == '\'' && ends_word(x, p, 1))
			return p;
	}
	return NULL;
}

void
pf_tex_backquote(PfTex *x)
{
	const char *p = x->t.p;
	int			n = 1;
	const char *close;

	while (pf_tex_at(x, p + n) == '`')
		n++;
	if (n == 2)
	{
		close = end_of_double(x, p + 2);
		if (close != NULL)
		{
			pf_tex_put(x, "“");
			x->twofold = close;
			x->t.p = p + 2;
			return;
		}
	}
	else if (n == 1 && opens_quote(pf_tex_before(x, p)) && !pf_is_space(pf_tex_at(x, p + 1)))
	{
		close = end_of_single(x, p + 1);
		if (close != NULL)
		{
			pf_tex_put(x, "‘");
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
void
pf_tex_two_quotes(PfTex *x)
{
	const char *p = x->t.p;
	const char *close;

	x->t.p = p + 2;
	if (opens_quote(pf_tex_before(x, p)) && !pf_is_space(pf_tex_at(x, p + 2)))
	{
		close = end_of_double(x, p + 2);
		if (close != NULL && *close != '`' && pf_tex_at(x, close + 1) != '`' &&
			!(*close == '\'' && pf_tex_at(x, close + 1) != '\''))
		{
			pf_tex_put(x, "“");
			x->twofold = close;
			return;
		}
	}
	else if (ends_word(x, p, 2) && !pf_is_digit(pf_tex_before(x, p)) &&
			 (!pf_is_alpha(pf_tex_before(x, p)) || pf_is_alpha(pf_tex_before(x, p - 1))))
	{
		pf_put(x->t.out, '"');
		return;
	}
	pf_tex_put(x, "''");
}

/* The end of a quotation, if p is one that was looked ahead to. */
bool
pf_tex_closing_quote(PfTex *x)
{
	const char *p = x->t.p;

	if (p == x->twofold)
	{
		pf_tex_put(x, "”");
		x->t.p = p + (pf_tex_at(x, p + 1) == *p && *p != '"' ? 2 : 1);
		x->twofold = NULL;
		return true;
	}
	if (p == x->single)
	{
		pf_tex_put(x, "’");
		x->t.p = p + 1;
		x->single = NULL;
		return true;
	}
	return false;
}

void
pf_tex_dashes(PfTex *x)
{
	const char *p = x->t.p;
	unsigned char before = pf_tex_before(x, p);
	unsigned char after;
	bool		dash;
	int			n = 1;

	while (pf_tex_at(x, p + n) == '-')
		n++;
	after = pf_tex_at(x, p + n);

	/* An option has a blank before it and none behind. */
	if (pf_is_space(before))
		dash = pf_is_space(after) || (n == 3 && p > x->begin);
	else
		dash = strchr("<!=+({[/\\|", before) == NULL;
	if (after == '>' || n > 3 || n < 2)
		dash = false;

	if (dash)
		pf_tex_put(x, n == 2 ? "–" : "—");
	else
		appendBinaryStringInfo(x->t.out, p, n);
	x->t.p = p + n;
}

/* "Fig.~3" has a tie, "~20%", "2~4" and "A ~ B" have none. */
void
pf_tex_tie(PfTex *x)
{
	const char *p = x->t.p;
	unsigned char before = pf_tex_before(x, p);
	unsigned char after = pf_tex_at(x, p + 1);
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
			(before == 'O' && after == '(' && !pf_is_alnum(pf_tex_before(x, p - 1)));

	x->t.p++;
	if (keep)
		pf_put(x->t.out, '~');
	else if (!pf_text_is_blank(&x->t))
		pf_put(x->t.out, ' ');
}

/* "10^-3", "R^2" and "O(n^2)" without their dollars. */
void
pf_tex_caret(PfTex *x)
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
	if (e == p || !pf_is_digit(e[-1]) || pf_is_digit(pf_tex_at(x, e)) || !pf_tex_has_base(x, pos) ||
		(pf_tex_at(x, e) == '.' && pf_is_digit(pf_tex_at(x, e + 1))) || pf_tex_at(x, e) == '^' ||
		pf_tex_at(x, e) == '_')
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

void
pf_tex_address(PfTex *x)
{
	int			depth = 0;

	while (x->t.p < x->t.end)
	{
		const char *p = x->t.p;
		unsigned char c = *p;
		unsigned char next = pf_tex_at(x, p + 1);

		if (c <= ' ' || c >= 0x7F || c == '<' || c == '>' || c == '"' || c == '`' ||
			p == x->single || p == x->twofold || (c == '\'' && next == '\''))
			return;
		if (c == '\\')
		{
			static const char sim[] = "textasciitilde";

			if (next != '\0' && strchr("_%#&$~", next) != NULL)
			{
				pf_put(x->t.out, next);
				p += 2;
				if (next == '~' && pf_tex_at(x, p) == '{' && pf_tex_at(x, p + 1) == '}')
					p += 2;
				x->t.p = p;
				continue;
			}
			if (x->t.end - p > (int) sizeof(sim) - 1 && memcmp(p + 1, sim, sizeof(sim) - 1) == 0)
			{
				pf_put(x->t.out, '~');
				p += sizeof(sim);
				if (pf_tex_at(x, p) == '{' && pf_tex_at(x, p + 1) == '}')
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
