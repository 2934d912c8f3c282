/*-------------------------------------------------------------------------
 *
 * texcommand.c
 *		TeX in running text: commands.
 *
 * A command of text is done here.  One that belongs into a formula, but stands
 * in text because its author left out the dollars, goes to texmath.c.  A name
 * that is not known is a macro of the author's own: the name is shown, because
 * it most often is the name of the thing ("\ourmethod"), but where it has an
 * argument that alone is shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/tex.h"

/* A citation was dropped: mend the blanks, commas and brackets around it. */
static void
dropped(PfTex *x)
{
	StringInfo	out = x->t.out;
	const char *p = pf_tex_skip_space(x, x->t.p);
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

/* Is the {...} at p, if there is one, closed before long? */
static bool
closed_argument(const PfTex *x, const char *p)
{
	const char *limit = pf_tex_limit(x, p, PF_TEX_ARGUMENT);
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
 * Commands
 */

/* An accent over the letter, group or dotless i that follows; false if none does. */
static bool
accent(PfTex *x, uint32 mark, bool by_name)
{
	StringInfo	out = x->t.out;
	const char *p = x->t.p;
	int			pos = out->len;
	bool		brace;
	uint32		c;
	int			len;

	if (by_name)
		p = pf_tex_skip_space(x, p);
	brace = p < x->t.end && *p == '{';
	if (brace)
		p = pf_tex_skip_space(x, p + 1);
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

		if (s < x->t.end && pf_tex_accent(*s) != 0 && x->n_groups < PF_TEX_GROUPS)
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
		pf_tex_put(x, cmd->text);
		if (!brace && s + 1 < x->t.end && *s == '{' && s[1] == '}')
			s += 2;
		else if (!brace && s < x->t.end && *s == ' ')
			s++;
mark:
		pf_mark(out, pos, mark);
		if (brace)
		{
			s = pf_tex_skip_space(x, s);
			if (s < x->t.end && *s == '}')
				s++;
			else
				pf_tex_push(x, PF_GROUP_SILENT);
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
			pf_tex_push(x, PF_GROUP_SILENT);
	}
	return true;
}

/*
 * \' and \" are also what is left of quotes that some program escaped:
 * "it\'s", "the authors\' view", "a \"new\" way".
 */
static bool
is_escaped_quote(const PfTex *x, char c)
{
	const char *p = x->t.p + 2;
	unsigned char before = pf_tex_before(x, x->t.p);
	unsigned char after = pf_tex_at(x, p);

	if (c == '\'')
	{
		int			n;

		if (after == '{' || after == '\\')
			return false;
		if (!pf_is_alpha(after) && after < 0x80)
			return true;
		n = pf_tex_word_length(p, x->t.end);
		if (!pf_is_alpha(before))
			return false;
		return (n == 1 && strchr("stdm", after) != NULL) ||
			(n == 2 && (memcmp(p, "re", 2) == 0 || memcmp(p, "ll", 2) == 0 ||
						memcmp(p, "ve", 2) == 0));
	}
	if (c == '"')
		return after != '{' && after != '\\' &&
			(after >= 0x80 || strchr("aeiouyAEIOUY", after) == NULL);
	return !(pf_is_alpha(after) || after == '{' || after == '\\' || after >= 0x80);
}

/* A backslash and a sign. */
void
pf_tex_sign(PfTex *x)
{
	const char *p = x->t.p;
	unsigned char c = pf_tex_at(x, p + 1);
	const char *end;

	if (p + 1 >= x->t.end || c < ' ' || c >= 0x7F)
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
			end = pf_tex_find(x, p + 2, "\\)", &x->no_paren);
			if (end != NULL)
				pf_tex_formula(x, p + 2, end, end + 2);
			else
			{
				pf_put(x->t.out, c);
				x->t.p = p + 2;
			}
			return;
		case '[':
			end = pf_tex_find(x, p + 2, "\\]", &x->no_bracket);
			if (end != NULL)
				pf_tex_display(x, p + 2, end, end + 2);
			else
			{
				pf_put(x->t.out, c);
				x->t.p = p + 2;
			}
			return;
		case '\\':
			x->t.p = pf_tex_optional_argument(x, p + 2);
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
			pf_tex_put(x, "‖");
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

/* Copy what is no TeX, up to 'end'. */
static void
literal(PfTex *x, const char *end)
{
	x->t.stop = end;
	for (;;)
	{
		unsigned char c;

		pf_text_run(&x->t);
		if (x->t.p >= end)
			break;
		c = *x->t.p;
		if (c <= ' ' || c >= 0x7F)
			pf_text_other(&x->t);
		else
		{
			pf_put(x->t.out, c);
			x->t.p++;
		}
	}
}

/* \verb|x| */
static void
verbatim(PfTex *x)
{
	const char *p = x->t.p;
	const char *limit = pf_tex_limit(x, p, PF_TEX_ARGUMENT);
	const char *e;

	if (p >= limit || pf_is_alnum(*p) || pf_is_space(*p) || (unsigned char) *p >= 0x80)
		return;
	e = p + 1 < limit ? memchr(p + 1, *p == '{' ? '}' : *p, limit - p - 1) : NULL;
	if (e == NULL)
		return;
	x->t.p = p + 1;
	literal(x, e);
	x->t.p = e + 1;
}

/* \item[x] */
static void
item(PfTex *x)
{
	const char *p = pf_tex_skip_space(x, x->t.p);
	const char *e = pf_tex_optional_argument(x, p);

	pf_text_blank(&x->t);
	if (e > p)
	{
		x->t.p = p + 1;
		literal(x, e - 1);
		x->t.p = e;
	}
	else
		pf_tex_put(x, "•");
	if (!pf_text_is_blank(&x->t))
		pf_put(x->t.out, ' ');
}

/* \begin{equation} and its like begin a formula. */
static void
begin_environment(PfTex *x)
{
	static const char *const math[] = {
		"equation", "align", "eqnarray", "displaymath", "math", "gather", "multline", "aligned"
	};
	const char *p = pf_tex_skip_space(x, x->t.p);
	const char *e = pf_tex_flat_argument(x, p);
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
			const char *end = pf_tex_find(x, e, "\\end", &x->no_end);

			if (end != NULL)
			{
				pf_tex_display(x, e, end, end);
				return;
			}
		}
	}
	x->t.p = pf_tex_optional_argument(x, e);
	pf_text_blank(&x->t);
}

void
pf_tex_command(PfTex *x)
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
			if (strcmp(cmd->name, "deg") == 0 && pf_tex_at(x, e) != '(' && pf_tex_at(x, e) != '_')
			{
				/* arXiv writes ° so */
				pf_tex_put(x, "°");
				return;
			}
			if (cmd->kind == PF_TEX_OP && out->len > x->t.base &&
				pf_is_alnum(out->data[out->len - 1]))
				pf_put(out, ' ');
			pos = out->len;
			pf_tex_put(x, cmd->text);
			if (pf_tex_at(x, e) == '{' && pf_tex_at(x, e + 1) == '}')
				x->t.p = e + 2;
			else if ((pf_tex_at(x, e) == '_' || pf_tex_at(x, e) == '^') &&
					 closed_argument(x, e + 1))
				pf_texmath_scripts(&x->t);
			if (pf_tex_has_base(x, pos))
			{
				/* x^\star, x^{\infty} */
				bool		sup = out->data[pos - 1] == '^';

				memmove(out->data + pos - 1, out->data + pos, out->len - pos);
				out->len--;
				pf_script(out, pos - 1, sup, false);
			}
			return;

		case PF_TEX_CHAR:
			pf_tex_put(x, cmd->text);
			if (pf_tex_at(x, e) == '{' && pf_tex_at(x, e + 1) == '}')
				x->t.p = e + 2;
			else if ((unsigned char) cmd->text[0] >= 0x80 && *name != 'S' && *name != 'P')
			{
				/* the blank after "\o" only ends the command */
				const char *s = pf_tex_skip_space(x, e);

				if (s < x->t.end && pf_is_alpha(*s))
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
			x->t.p = pf_tex_skip_space(x, e);
			if (pf_tex_at(x, x->t.p) == '{' && pf_tex_at(x, x->t.p + 1) == '}')
				x->t.p += 2;
			return;

		case PF_TEX_ARG:
		case PF_TEX_TEXT:
		case PF_TEX_NAME:
			x->t.p = pf_tex_optional_argument(x, x->t.p);
			(void) pf_tex_open_argument(x, PF_GROUP_SILENT);
			return;

		case PF_TEX_FOOT:
			if (pf_tex_open_argument(x, PF_GROUP_NOTE))
			{
				if (!pf_text_is_blank(&x->t))
					pf_put(out, ' ');
				pf_put(out, '(');
				x->t.p = pf_tex_skip_space(x, x->t.p);
			}
			return;

		case PF_TEX_QUOTE:
			if (pf_tex_open_argument(x, PF_GROUP_QUOTE))
				pf_tex_put(x, "“");
			return;

		case PF_TEX_SUP:
		case PF_TEX_SUB:
			(void) pf_tex_open_argument(x, cmd->kind == PF_TEX_SUP ? PF_GROUP_SUP : PF_GROUP_SUB);
			return;

		case PF_TEX_CITE:
		case PF_TEX_DROP:
			if (pf_tex_at(x, e) == '*')
				e++;
			e = pf_tex_optional_argument(x, pf_tex_skip_space(x, e));
			e = pf_tex_optional_argument(x, e);
			e = pf_tex_flat_argument(x, pf_tex_skip_space(x, e));
			if (e == NULL)
				return;
			x->t.p = e;
			dropped(x);
			return;

		case PF_TEX_SECOND:
			e = pf_tex_optional_argument(x, e);
			e = pf_tex_flat_argument(x, pf_tex_skip_space(x, e));
			if (e != NULL)
				x->t.p = e;
			(void) pf_tex_open_argument(x, PF_GROUP_SILENT);
			return;

		case PF_TEX_URL:
			e = pf_tex_skip_space(x, e);
			if (pf_tex_at(x, e) != '{')
				return;
			x->t.p = e + 1;
			pf_tex_address(x);
			if (x->t.p < x->t.end && *x->t.p == '}')
				x->t.p++;
			else
				pf_tex_push(x, PF_GROUP_SILENT);
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
			e = pf_tex_flat_argument(x, pf_tex_skip_space(x, e));
			if (e != NULL)
				x->t.p = e;
			pf_text_blank(&x->t);
			return;

		case PF_TEX_UNKNOWN:
			if (pf_tex_at(x, e) == '{' && pf_tex_at(x, e + 1) == '}')
				x->t.p = e + 2;
			else if (pf_tex_at(x, e) == '{' && pf_tex_open_argument(x, PF_GROUP_SILENT))
				return;
			appendBinaryStringInfo(out, name, len);
			return;

		default:
			/* A command of mathematics with arguments. */
			if (closed_argument(x, pf_tex_skip_space(x, e)))
			{
				x->t.p = p;
				pf_texmath_command(&x->t);
			}
			else
				appendBinaryStringInfo(out, name, len);
			return;
	}
}
