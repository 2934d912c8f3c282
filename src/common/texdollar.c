/*-------------------------------------------------------------------------
 *
 * texdollar.c
 *		TeX in running text: where formulas begin and end.
 *
 * Dollars come in pairs in TeX, but not in abstracts: there they are money,
 * too, and get lost.  What stands between two of them is a formula if it looks
 * like one; else the first is a dollar, and the second may begin a formula.
 * Every search goes to the next dollar, so all of them together are linear.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/tex.h"

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
				p += pf_tex_word_length(p, end) - 1;
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
			int			n = pf_tex_word_length(p, end);

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
		if (pf_is_digit(next))
			return false;
		if (signs)
			return words == 0 || (words == 1 && !back);
		if (back)
			return false;
		return words + short_words == 0 || (words + short_words == 1 && blanks == 1 && !comma);
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
next_dollar(const PfTex *x, const char *p)
{
	const char *limit = pf_tex_limit(x, p, PF_TEX_FORMULA_MAX);

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

void
pf_tex_formula(PfTex *x, const char *s, const char *end, const char *after)
{
	pf_texmath((PfStr) {s, (int) (end - s)}, x->t.out);
	x->t.p = after;
}

/* The same on a line of its own. */
void
pf_tex_display(PfTex *x, const char *s, const char *end, const char *after)
{
	if (!pf_text_is_blank(&x->t))
		pf_put(x->t.out, ' ');
	pf_tex_formula(x, s, end, after);
	if (!pf_text_is_blank(&x->t) && after < x->t.end && strchr(".,;:)", *after) == NULL)
		pf_put(x->t.out, ' ');
}

void
pf_tex_dollar(PfTex *x)
{
	const char *s = x->t.p + 1;
	const char *end;

	if (s < x->t.end && *s == '$')
	{
		const char *p = s + 1;

		if (x->no_display == NULL || p < x->no_display)
		{
			while ((end = next_dollar(x, p)) != NULL && pf_tex_at(x, end + 1) != '$')
				p = end + 1;
			if (end != NULL && end > s + 1)
			{
				pf_tex_display(x, s + 1, end, end + 2);
				return;
			}
			if (end == NULL)
				x->no_display = pf_tex_limit(x, p, PF_TEX_FORMULA_MAX);
		}
		/* an empty formula, or two dollars of text */
		pf_tex_put(x, "$$");
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
		if (looks_like_math(s, end, pf_tex_at(x, end + 1)))
		{
			pf_tex_formula(x, s, end, end + 1);
			return;
		}
	}
	pf_put(x->t.out, '$');
	x->t.p = s;
}

/* The next "\c" from p, or NULL; '*none' remembers that there is none. */
const char *
pf_tex_find(const PfTex *x, const char *p, const char *what, const char **none)
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
