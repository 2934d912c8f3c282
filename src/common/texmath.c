/*-------------------------------------------------------------------------
 *
 * texmath.c
 *		Formulas of TeX as text: "$x_i^2 \le \frac{1}{2n}$" to "xᵢ² ≤ 1/(2n)".
 *
 * A descent over groups, which stops going down at PF_MATH_DEPTH: braces beyond
 * that are skipped, so that hostile input costs neither stack nor more than
 * linear time.  What has to be known of a whole argument (a raised exponent,
 * a fraction that needs parentheses) is mended in the output once the
 * argument is there.
 *
 * White space means nothing to TeX in a formula, but people set it so that it
 * reads well, so it is kept where the author wrote it, and dropped where it
 * only ends a command: "a \le b" keeps its blanks, "\alpha x" is "αx".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/texmath.h"

/* The last character written, 0 at the start. */
uint32
pf_math_last_char(const PfMath *m)
{
	const StringInfo out = m->t.out;

	return pf_char_before(out->data + m->t.base, out->data + out->len);
}

void
pf_math_trim(PfMath *m, int pos)
{
	StringInfo	out = m->t.out;

	while (out->len > pos && out->data[out->len - 1] == ' ')
		out->len--;
}

void
pf_math_blank(PfMath *m)
{
	if (!pf_text_is_blank(&m->t))
		pf_put(m->t.out, ' ');
	m->gap = PF_GAP_NONE;
}

/* To be called before any text is written: the blank that was put off. */
void
pf_math_before(PfMath *m, uint32 first)
{
	if (m->gap)
	{
		uint32		last = pf_math_last_char(m);

		bool		factor = m->gap == PF_GAP_FACTOR && (first == '(' || first == '[');

		if ((factor || pf_math_is_word(first)) && last != ' ' && last != '(')
			pf_put(m->t.out, ' ');
		m->gap = PF_GAP_NONE;
	}
	m->swallow = false;
}

/*
 * One argument: a group or a single token.  Returns where its text begins in
 * the output; blanks at its end are trimmed.
 */
int
pf_math_arg(PfMath *m)
{
	int			floor = m->floor;
	int			pos;

	pf_math_skip_space(m);
	m->gap = PF_GAP_NONE;
	pos = m->t.out->len;
	if (pf_math_at_end(m) || *m->t.p == '}' || *m->t.p == '&')
		return pos;
	m->floor = pos;
	if (*m->t.p == '{')
	{
		m->t.p++;
		pf_math_list(m, true);
	}
	else if (m->depth < PF_MATH_DEPTH)
	{
		m->depth++;
		pf_math_token(m);
		m->depth--;
	}
	else
	{
		int			len;

		/* the whole character: text stays UTF-8 */
		(void) pf_char_at(m->t.p, m->t.end, &len);
		m->t.p += len;
	}
	m->gap = PF_GAP_NONE;
	m->swallow = false;
	pf_math_trim(m, pos);
	m->floor = floor;
	return pos;
}

void
pf_math_insert(PfMath *m, int pos, const char *s)
{
	StringInfo	out = m->t.out;
	int			n = (int) strlen(s);

	pf_room(out, n);
	memmove(out->data + pos + n, out->data + pos, out->len - pos);
	memcpy(out->data + pos, s, n);
	out->len += n;
}

/* Something that belongs to the character before it. */
bool
pf_math_is_modifier(uint32 c)
{
	return pf_char_is_script(c) || c == 0x2032 || c == 0x2033 || c == 0x2034 ||
		c == '*' || c == '\'' || c == '!' || c == '%';
}

/*
 * Does out[pos..] need parentheses as part of a fraction or under a root?
 * A sum always does; a product only where 'product' is set.
 */
static bool
needs_parens(const StringInfo out, int pos, bool product)
{
	const char *s = out->data + pos;
	const char *end = out->data + out->len;
	int			atoms = 0;
	int			nesting = 0;
	uint32		prev = 0;

	for (int i = 0; s < end; i++)
	{
		int			len;
		uint32		c = pf_char_at(s, end, &len);

		s += len;
		if (c == '(' || c == '[' || c == '{' || c == 0x27E8 || c == 0x230A || c == 0x2308)
		{
			/* f(x) is one thing, x(y) cannot be told from it */
			if (nesting++ == 0 && i == 0)
				atoms++;
		}
		else if (c == ')' || c == ']' || c == '}' || c == 0x27E9 || c == 0x230B || c == 0x2309)
			nesting--;
		else if (nesting > 0)
			 /* inside */ ;
		else if (c == ' ' || c == '/' || c == '=' || c == '<' || c == '>' || c == ',' ||
				 c == 0xB1 || c == 0xD7 || c == 0xB7 || (c >= 0x2190 && c < 0x2300 && c != 0x221A &&
														 c != 0x221E && c != 0x2202 && c != 0x2207))
			return true;
		else if (c == '+' || c == '-' || c == 0x2212)
		{
			if (i > 0)
				return true;
		}
		else if (c == '_' || c == '^')
		{
			/* the next character is a part of this one */
			if (s < end && *s != '{')
			{
				pf_char_at(s, end, &len);
				s += len;
			}
		}
		else if (pf_math_is_modifier(c) || c == '|')
			 /* goes with what it stands at */ ;
		else if ((c < 0x80 && pf_is_digit((unsigned char) c)) || c == '.')
		{
			if (!(prev < 0x80 && (pf_is_digit((unsigned char) prev) || prev == '.')))
				atoms++;
		}
		else if (prev != 'd' && prev != 0x2202 && prev != 0x221A && prev != 0x394)
			atoms++;
		if (nesting < 0)
			return true;
		prev = c;
	}
	return product && atoms > 1;
}

void
pf_math_parenthesize(PfMath *m, int pos, bool product)
{
	if (needs_parens(m->t.out, pos, product))
	{
		pf_math_insert(m, pos, "(");
		pf_put(m->t.out, ')');
	}
}

/* '^' or '_' and what it raises or lowers. */
void
pf_math_script(PfMath *m, bool sup)
{
	PfMathGap	gap = m->gap;
	bool		in_word;
	int			pos;

	pf_math_trim(m, m->floor);
	m->swallow = false;
	pos = pf_math_arg(m);
	in_word = !gap && !pf_math_at_end(m) && pf_math_is_word((unsigned char) *m->t.p);
	pf_script(m->t.out, pos, sup, in_word);
	m->gap = gap;
}

/* One character, group or command. */
void
pf_math_token(PfMath *m)
{
	StringInfo	out = m->t.out;
	unsigned char c = *m->t.p;

	switch (c)
	{
		case '\\':
			pf_math_command(m);
			break;
		case '{':
			m->t.p++;
			pf_math_list(m, true);
			break;
		case '}':
		case '$':
			m->t.p++;			/* without its other half */
			break;
		case '&':
			m->t.p++;
			pf_math_blank(m);
			break;
		case '~':
			m->t.p++;
			if (pf_math_last_char(m) == 'O' && !pf_math_at_end(m) && *m->t.p == '(')
				pf_put(out, '~');	/* meant as a tilde on the O */
			else
				pf_math_blank(m);
			break;
		case '^':
		case '_':
			m->t.p++;
			pf_math_script(m, c == '^');
			break;
		case '\'':
			{
				int			n = 0;

				while (!pf_math_at_end(m) && *m->t.p == '\'')
				{
					n++;
					m->t.p++;
				}
				if (m->text > 0)
				{
					pf_puts(out, n == 2 ? "”" : "'");
					break;
				}
				pf_math_trim(m, m->floor);
				for (; n > 3; n--)
					pf_puts(out, "′");
				pf_puts(out, n == 3 ? "‴" : n == 2 ? "″" : "′");
				break;
			}
		default:
			if (pf_is_space(c))
			{
				/* After a command word blanks are shown only before an operator. */
				if (m->swallow && m->text == 0)
				{
					pf_math_skip_space(m);
					if (pf_math_at_end(m))
						break;
					c = *m->t.p;
					if (strchr("+-=<>*:|", c) != NULL)
					{
						if (m->t.p + 1 < m->t.end && pf_is_space(m->t.p[1]))
							pf_math_blank(m);
					}
					else if (c == '\\')
					{
						const char *e = m->t.p + 1;
						const PfTexName *next;

						while (e < m->t.end && pf_is_alpha(*e) && e - m->t.p < PF_TEX_NAME_MAX)
							e++;
						next = pf_tex_name(m->t.p + 1, (int) (e - m->t.p - 1));
						if (next != NULL && (next->kind == PF_TEX_BIN || next->kind == PF_TEX_REL))
							pf_math_blank(m);
					}
					m->swallow = false;
				}
				else
				{
					pf_math_skip_space(m);
					pf_math_blank(m);
				}
			}
			else if (c < ' ' || c >= 0x7F)
			{
				int			len;

				if (c >= 0x80)
				{
					uint32		ch = pf_char_at(m->t.p, m->t.end, &len);

					/* not for an invisible one, as MathML has between sin and x */
					if (!(ch >= 0x2060 && ch < 0x2070))
						pf_math_before(m, ch);
				}
				if (m->depth > 0 && c >= 0x80)
				{
					/* one character only: it may be an argument */
					const char *end = m->t.end;

					pf_char_at(m->t.p, m->t.end, &len);
					m->t.stop = m->t.p + len;
					pf_text_other(&m->t);
					m->t.stop = end;
				}
				else
					pf_text_other(&m->t);
			}
			else if (c == '-' && m->t.end - m->t.p > 2 && m->t.p[1] == '-' &&
					 pf_is_digit(m->t.p[2]) && pf_math_last_char(m) - '0' < 10)
			{
				pf_puts(out, "–");	/* a range of numbers */
				m->t.p += 2;
			}
			else
			{
				pf_math_before(m, c);
				if (m->blackboard && pf_blackboard(c) != c)
					pf_put_char(out, pf_blackboard(c));
				else
					pf_put(out, c);
				m->t.p++;
			}
			break;
	}
}

/* Is there \over, \atop or \choose at p?  Then step over it. */
static const PfTexName *
over_here(PfMath *m)
{
	const char *s = m->t.p + 1;
	const char *e = s;
	const PfTexName *cmd;

	while (e < m->t.end && pf_is_alpha(*e) && e - s < 8)
		e++;
	if (e - s < 4)
		return NULL;
	cmd = pf_tex_name(s, (int) (e - s));
	if (cmd == NULL || cmd->kind != PF_TEX_OVER)
		return NULL;
	m->t.p = e;
	return cmd;
}

/* Tokens up to the end of the group, its brace included, or of the formula. */
void
pf_math_list(PfMath *m, bool group)
{
	int			pos = m->t.out->len;
	int			part = pos;
	int			floor = m->floor;
	const PfTexName *over = NULL;

	/* Too deep: this brace is dropped, and its mate will close another one. */
	if (m->depth >= PF_MATH_DEPTH)
		return;
	m->depth++;
	m->floor = pos;

	if (m->text == 0)
		pf_math_skip_space(m);
	while (!pf_math_at_end(m))
	{
		char		c = *m->t.p;

		if (c == '}' && group)
		{
			m->t.p++;
			break;
		}
		if (c == '\\' && over == NULL)
		{
			over = over_here(m);
			if (over != NULL)
			{
				pf_math_trim(m, pos);
				m->gap = PF_GAP_NONE;
				if (over->text[0] == '/')
					pf_math_parenthesize(m, pos, false);
				pf_puts(m->t.out, over->text[0] == '/' ? "/" : " choose ");
				part = m->floor = m->t.out->len;
				pf_math_skip_space(m);
				continue;
			}
		}
		pf_math_token(m);
	}
	if (over != NULL)
	{
		pf_math_trim(m, part);
		if (over->text[0] == '/')
			pf_math_parenthesize(m, part, true);
		else
		{
			pf_math_insert(m, pos, "(");
			pf_put(m->t.out, ')');
		}
	}
	m->floor = floor;
	m->depth--;
}

static void
begin(PfMath *m, PfStr in, StringInfo out)
{
	memset(m, 0, sizeof(*m));
	m->t.p = in.s;
	m->t.end = m->t.stop = in.s + in.len;
	m->t.out = out;
	m->t.base = m->floor = out->len;
}

/* Append a formula, given without its dollars. */
void
pf_texmath(PfStr in, StringInfo out)
{
	PfMath		m;

	begin(&m, in, out);
	m.depth = -1;
	while (!pf_math_at_end(&m))
		pf_math_list(&m, false);
	pf_math_trim(&m, m.t.base);
}

/* Append one command of mathematics that stands in text, with its arguments. */
void
pf_texmath_command(PfText *t)
{
	PfMath		m;

	memset(&m, 0, sizeof(m));
	m.t = *t;
	m.t.stop = m.t.end;
	m.floor = t->out->len;
	m.depth = 1;
	pf_math_command(&m);
	t->p = m.t.p;
}

/* Append the scripts at a sign that stands in text: "\log_2", "\ell^{\infty}". */
void
pf_texmath_scripts(PfText *t)
{
	PfMath		m;

	memset(&m, 0, sizeof(m));
	m.t = *t;
	m.t.stop = m.t.end;
	m.floor = t->out->len;
	m.depth = 1;
	while (!pf_math_at_end(&m) && (*m.t.p == '_' || *m.t.p == '^'))
	{
		bool		sup = *m.t.p++ == '^';

		pf_math_script(&m, sup);
	}
	t->p = m.t.p;
}
