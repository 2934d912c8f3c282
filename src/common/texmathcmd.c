/*-------------------------------------------------------------------------
 *
 * texmathcmd.c
 *		Formulas of TeX: commands.
 *
 * Signs and names are in the table of texchar.c and only need their blanks;
 * the rest have arguments.  Of a macro of the author's own the name is shown,
 * which tells most, and its argument in parentheses.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/texmath.h"

static void
put_text(PfMath *m, const char *s)
{
	int			len;

	if (*s == '\0')
		return;
	pf_math_before(m, pf_char_at(s, s + strlen(s), &len));
	pf_puts(m->t.out, s);
}

/* An argument whose text is not wanted. */
static void
drop_arg(PfMath *m)
{
	int			pos = pf_math_arg(m);

	m->t.out->len = pos;
}

/* [...]: give its extent; false if there is none. */
static bool
optional_arg(PfMath *m, PfStr *arg)
{
	const char *s = m->t.p;
	const char *limit = m->t.end - s > 100 ? s + 100 : m->t.end;

	while (s < limit && pf_is_space(*s))
		s++;
	if (s >= limit || *s != '[')
		return false;
	for (const char *e = s + 1; e < limit && *e != '$'; e++)
	{
		if (*e == ']')
		{
			*arg = (PfStr) {s + 1, (int) (e - s - 1)};
			m->t.p = e + 1;
			return true;
		}
	}
	return false;
}

/* What stands before a fraction or root must not run into it. */
static void
before_group(PfMath *m)
{
	m->gap = PF_GAP_NONE;
	m->swallow = false;
	if (pf_math_is_word(pf_math_last_char(m)))
		pf_put(m->t.out, ' ');
}

static void
fraction(PfMath *m)
{
	bool		enclose = m->gap != PF_GAP_NONE;	/* of a function: "log(a/b)" */
	int			pos;

	if (enclose)
	{
		m->gap = PF_GAP_NONE;
		m->swallow = false;
		pf_put(m->t.out, '(');
	}
	else
		before_group(m);
	pos = pf_math_arg(m);
	pf_math_parenthesize(m, pos, false);
	pf_put(m->t.out, '/');
	pos = pf_math_arg(m);
	pf_math_parenthesize(m, pos, true);
	if (enclose)
		pf_put(m->t.out, ')');
	else
		m->gap = PF_GAP_FACTOR;
}

static void
binomial(PfMath *m)
{
	before_group(m);
	pf_put(m->t.out, '(');
	(void) pf_math_arg(m);
	pf_puts(m->t.out, " choose ");
	(void) pf_math_arg(m);
	pf_put(m->t.out, ')');
}

static void
root(PfMath *m)
{
	PfStr		index;
	int			pos;

	if (m->gap != PF_GAP_NONE)
		pf_math_blank(m);
	if (optional_arg(m, &index))
	{
		if (PF_STR_IS(index, "2"))
			pf_puts(m->t.out, "√");
		else if (PF_STR_IS(index, "3"))
			pf_puts(m->t.out, "∛");
		else if (PF_STR_IS(index, "4"))
			pf_puts(m->t.out, "∜");
		else
		{
			if (pf_math_is_word(pf_math_last_char(m)))
				pf_put(m->t.out, ' ');
			pos = m->t.out->len;
			if (m->depth < PF_MATH_DEPTH)
			{
				PfMath		inner = *m;

				inner.t.p = index.s;
				inner.t.end = inner.t.stop = index.s + index.len;
				inner.depth++;
				pf_math_list(&inner, false);
			}
			pf_script(m->t.out, pos, true, false);
			pf_puts(m->t.out, "√");
		}
	}
	else
		pf_puts(m->t.out, "√");
	m->swallow = false;
	pos = pf_math_arg(m);
	pf_math_parenthesize(m, pos, true);
	m->gap = PF_GAP_FACTOR;
}

/* A relation or binary operator: as much blank behind as in front. */
static void
put_operator(PfMath *m, const PfTexName *cmd)
{
	StringInfo	out = m->t.out;
	bool		blank = out->len > m->t.base && out->data[out->len - 1] == ' ';

	if (blank && cmd->kind == PF_TEX_BIN)
	{
		/* a sign of what follows, not between two things */
		uint32		prev = pf_char_before(out->data + m->t.base, out->data + out->len - 1);

		if (prev == 0 || prev == ',' || prev == '=' || prev == '(' || prev == '<' || prev == '>')
			blank = false;
	}
	m->gap = PF_GAP_NONE;
	pf_puts(out, cmd->text);
	pf_math_skip_space(m);
	if (cmd->kind == PF_TEX_REL && cmd->name[0] == 'x')
	{
		PfStr		below;
		int			pos;

		(void) optional_arg(m, &below);
		pos = pf_math_arg(m);
		pf_script(out, pos, true, false);
	}
	if (blank && !pf_math_at_end(m) && *m->t.p != '_' && *m->t.p != '^')
		pf_put(out, ' ');
	m->swallow = false;
}

/* A name in letters, set off from letters and digits on both sides. */
static void
name_begin(PfMath *m, uint32 first)
{
	uint32		last = pf_math_last_char(m);

	m->gap = PF_GAP_NONE;
	m->swallow = false;
	if (pf_char_is_letter(first) && last != ' ' &&
		(pf_math_is_word(last) || last == ')' || last == ']' || last == '}' ||
		 pf_math_is_modifier(last)))
		pf_put(m->t.out, ' ');
}

/* {name} as raw letters, for the likes of \begin. */
static PfStr
raw_arg(PfMath *m)
{
	const char *s;

	pf_math_skip_space(m);
	s = m->t.p;
	if (pf_math_at_end(m) || *s != '{')
		return PF_STR_NONE;
	for (const char *e = s + 1; e < m->t.end && e - s < 100 && *e != '{'; e++)
	{
		if (*e == '}')
		{
			m->t.p = e + 1;
			return (PfStr) {s + 1, (int) (e - s - 1)};
		}
	}
	return PF_STR_NONE;
}

/* \left and its like, and the delimiter behind it: '.' is none. */
static void
delimiter(PfMath *m, const char *name)
{
	bool		right = strncmp(name, "right", 5) == 0;

	if (right)
	{
		pf_math_trim(m, m->floor);
		m->gap = PF_GAP_NONE;
	}
	pf_math_skip_space(m);
	if (pf_math_at_end(m))
		return;
	if (*m->t.p == '.')
		m->t.p++;
	else if (strncmp(name, "left", 4) == 0 && m->depth < PF_MATH_DEPTH && *m->t.p != '}')
	{
		m->depth++;
		pf_math_token(m);
		m->depth--;
		pf_math_skip_space(m);
	}
}

/* A character by its number: {x2713}, {"2713}, "2713, 9733. */
static void
character(PfMath *m)
{
	PfStr		arg = raw_arg(m);
	const char *s = arg.s != NULL ? arg.s : m->t.p;
	const char *end = arg.s != NULL ? arg.s + arg.len : m->t.end;
	uint32		base = 10;
	uint32		c = 0;
	int			digits = 0;

	while (s < end && pf_is_space(*s))
		s++;
	if (s < end && (*s == 'x' || *s == '"' || *s == 'U'))
	{
		base = 16;
		s++;
		if (s < end && *s == '+')
			s++;
	}
	for (; s < end && digits < 6; s++, digits++)
	{
		char		ch = *s;

		if (pf_is_digit(ch))
			c = c * base + (ch - '0');
		else if (base == 16 && ((ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F')))
			c = c * 16 + ((ch | 0x20) - 'a' + 10);
		else
			break;
	}
	if (arg.s == NULL && digits > 0)
		m->t.p = s;
	if (digits > 0 && c > ' ' && (c < 0x7F || c > 0xA0))
	{
		pf_math_before(m, c);
		pf_put_char(m->t.out, c);
	}
}

/* \overset{script}{base}: both in turn, then the other way round. */
static void
over_or_under(PfMath *m, bool over)
{
	StringInfo	out = m->t.out;
	int			pos = pf_math_arg(m);
	int			mid = out->len;
	int			len = mid - pos;
	char	   *copy = palloc(len + 1);
	int			base = m->t.base;

	m->t.base = mid;			/* what is there already will come behind */
	(void) pf_math_arg(m);
	m->t.base = base;
	memcpy(copy, out->data + pos, len);
	memmove(out->data + pos, out->data + mid, out->len - mid);
	memcpy(out->data + out->len - len, copy, len);
	pfree(copy);
	pf_script(out, out->len - len, over, false);
}

/* \not and the sign that it denies. */
static void
negation(PfMath *m)
{
	int			pos;

	pf_math_skip_space(m);
	pos = m->t.out->len;
	if (pf_math_at_end(m) || *m->t.p == '}' || *m->t.p == '_' || *m->t.p == '^')
		return;
	pf_math_token(m);
	while (pos < m->t.out->len && m->t.out->data[pos] == ' ')
		pos++;
	pf_mark(m->t.out, pos, 0x338);
}

void
pf_math_command(PfMath *m)
{
	StringInfo	out = m->t.out;
	const char *name = ++m->t.p;
	const PfTexName *cmd;
	PfStr		arg;
	int			name_len;
	int			pos;
	int			len;

	if (pf_math_at_end(m))
		return;
	if (!pf_is_alpha(*name))
	{
		unsigned char c = *name;

		if (c >= 0x80)
			return;
		m->t.p++;
		switch (c)
		{
			case '\\':
				(void) optional_arg(m, &arg);
				pf_math_skip_space(m);
				if (!pf_math_at_end(m) && *m->t.p != '\\')
					pf_math_blank(m);
				return;
			case ',':
			case ':':
			case ';':
			case '>':
			case ' ':
			case '\t':
			case '\n':
			case '\r':
				pf_math_blank(m);
				return;
			case '!':
			case '/':
			case '-':
			case '(':
			case ')':
			case '[':
			case ']':
				return;
			case '|':
				put_text(m, "‖");
				return;
			default:
				if (m->text > 0 && pf_tex_accent(c) != 0 && c != '~' && c != '^')
				{
					pos = pf_math_arg(m);
					pf_mark(out, pos, pf_tex_accent(c));
					return;
				}
				if (c > ' ' && c != 0x7F)
				{
					pf_math_before(m, c);
					pf_put(out, c);
				}
				return;
		}
	}

	while (!pf_math_at_end(m) && pf_is_alpha(*m->t.p) && m->t.p - name < PF_TEX_NAME_MAX)
		m->t.p++;
	len = name_len = (int) (m->t.p - name);
	cmd = pf_tex_name(name, len);
	if (!pf_math_at_end(m) && *m->t.p == '*' && (cmd == NULL || cmd->kind == PF_TEX_NAME))
	{
		/* \operatorname*{...}; a product otherwise */
		if (m->t.p + 1 < m->t.end && m->t.p[1] == '{')
			m->t.p++;
	}

	if (cmd == NULL || cmd->kind == PF_TEX_UNKNOWN ||
		((cmd->kind == PF_TEX_ACCENT || (cmd->kind == PF_TEX_CHAR && len < 3)) &&
		 !(m->text > 0) && *name != 'i' && *name != 'j'))
	{
		/* A macro of the author's: its name tells most. */
		if (len == 1 && (*name == 'R' || *name == 'Z' ||
						 (strchr("NQCF", *name) != NULL && !pf_math_at_end(m) &&
						  (*m->t.p == '^' || *m->t.p == '_'))))
		{
			pf_math_before(m, 'R');
			pf_put_char(out, pf_blackboard(*name));
			m->swallow = true;
			return;
		}
		if (len > 1)
			name_begin(m, *name);
		else
			pf_math_before(m, *name);
		if (len > 1 && !pf_math_at_end(m) && *m->t.p == '{')
		{
			/* a short one is for the looks of its argument, a long one for its sense */
			if (len > 3)
				appendBinaryStringInfo(out, name, len);
			pos = out->len;
			(void) pf_math_arg(m);
			if (len > 3 && out->len > pos)
			{
				pf_math_insert(m, pos, "(");
				pf_put(out, ')');
			}
			return;
		}
		appendBinaryStringInfo(out, name, len);
		m->gap = len > 1 ? PF_GAP_WORD : PF_GAP_NONE;
		m->swallow = true;
		return;
	}

	switch (cmd->kind)
	{
		case PF_TEX_ORD:
		case PF_TEX_CHAR:
			put_text(m, cmd->text);
			m->swallow = true;
			break;
		case PF_TEX_BIN:
		case PF_TEX_REL:
			put_operator(m, cmd);
			break;
		case PF_TEX_OPEN:
			put_text(m, cmd->text);
			pf_math_skip_space(m);
			break;
		case PF_TEX_CLOSE:
			m->gap = PF_GAP_NONE;
			pf_math_trim(m, m->floor);
			put_text(m, cmd->text);
			break;
		case PF_TEX_OP:
			if (strcmp(cmd->name, "deg") == 0 && pf_math_last_char(m) - '0' < 10)
			{
				pf_puts(out, "°");
				break;
			}
			name_begin(m, 'x');
			pf_puts(out, cmd->text);
			m->gap = PF_GAP_WORD;
			pf_math_skip_space(m);
			break;
		case PF_TEX_BIGO:
			put_text(m, cmd->text);
			pf_math_skip_space(m);
			if (!pf_math_at_end(m) && *m->t.p == '{')
			{
				pf_put(out, '(');
				(void) pf_math_arg(m);
				pf_put(out, ')');
			}
			break;
		case PF_TEX_NAME:
			name_begin(m, 'x');
			pos = pf_math_arg(m);
			m->gap = out->len > pos + 1 ? PF_GAP_WORD : PF_GAP_NONE;
			pf_math_skip_space(m);
			break;
		case PF_TEX_SPACE:
			pf_math_blank(m);
			break;
		case PF_TEX_NONE:
			if (strncmp(cmd->name, "left", 4) == 0 || strncmp(cmd->name, "right", 5) == 0 ||
				pg_strncasecmp(cmd->name, "big", 3) == 0)
				delimiter(m, cmd->name);
			else
				pf_math_skip_space(m);
			break;
		case PF_TEX_FENCE:
			{
				const char *s = cmd->text;
				const char *end = s + strlen(s);

				pf_math_skip_space(m);
				if (pf_math_at_end(m) || *m->t.p != '{')
				{
					name_begin(m, 'x');
					appendBinaryStringInfo(out, name, name_len);
					m->gap = PF_GAP_WORD;
					break;
				}
				(void) pf_char_at(s, end, &len);
				pf_math_before(m, '|');
				appendBinaryStringInfo(out, s, len);
				(void) pf_math_arg(m);
				pf_puts(out, s + len);
				break;
			}
		case PF_TEX_ARG:
		case PF_TEX_FORMULA:
		case PF_TEX_FOOT:
		case PF_TEX_QUOTE:
			pf_math_skip_space(m);
			if (m->gap)
				pf_math_before(m, 'x');
			(void) pf_math_arg(m);
			break;
		case PF_TEX_TEXT:
			m->gap = PF_GAP_NONE;
			m->swallow = false;
			m->text++;
			pf_math_skip_space(m);
			if (!pf_math_at_end(m) && *m->t.p == '{')
			{
				m->t.p++;
				pf_math_list(m, true);
			}
			m->text--;
			break;
		case PF_TEX_BB:
			if (m->gap)
				pf_math_before(m, 'x');
			if (!m->blackboard)
			{
				m->blackboard = true;
				(void) pf_math_arg(m);
				m->blackboard = false;
			}
			break;
		case PF_TEX_CITE:
			(void) optional_arg(m, &arg);
			drop_arg(m);
			break;
		case PF_TEX_DROP:
			drop_arg(m);
			break;
		case PF_TEX_SECOND:
			if (raw_arg(m).s == NULL)
				drop_arg(m);
			(void) pf_math_arg(m);
			break;
		case PF_TEX_FIRST:
			(void) pf_math_arg(m);
			drop_arg(m);
			break;
		case PF_TEX_SUP:
		case PF_TEX_SUB:
			pf_math_script(m, cmd->kind == PF_TEX_SUP);
			break;
		case PF_TEX_FRAC:
			fraction(m);
			break;
		case PF_TEX_BINOM:
			binomial(m);
			break;
		case PF_TEX_SQRT:
			root(m);
			break;
		case PF_TEX_OVER:
			/* handled by the list; alone it means nothing */
			break;
		case PF_TEX_NOT:
			if (!pf_math_at_end(m) && m->depth < PF_MATH_DEPTH)
			{
				m->depth++;
				negation(m);
				m->depth--;
			}
			break;
		case PF_TEX_OVERSET:
		case PF_TEX_UNDERSET:
			over_or_under(m, cmd->kind == PF_TEX_OVERSET);
			break;
		case PF_TEX_PMOD:
			pf_math_blank(m);
			pf_puts(out, "(mod ");
			(void) pf_math_arg(m);
			pf_put(out, ')');
			break;
		case PF_TEX_PAREN:
			pf_math_blank(m);
			pf_put(out, '(');
			(void) pf_math_arg(m);
			pf_put(out, ')');
			break;
		case PF_TEX_MOD:
			pf_math_blank(m);
			pf_puts(out, "mod ");
			pf_math_skip_space(m);
			break;
		case PF_TEX_BEGIN:
			arg = raw_arg(m);
			if (PF_STR_IS(arg, "array") || PF_STR_IS(arg, "tabular"))
				(void) raw_arg(m);
			pf_math_skip_space(m);
			break;
		case PF_TEX_END:
			(void) raw_arg(m);
			break;
		case PF_TEX_ITEM:
			pf_math_blank(m);
			break;
		case PF_TEX_URL:
		case PF_TEX_VERB:
			break;
		case PF_TEX_CODE:
			character(m);
			break;
		case PF_TEX_DING:
			arg = raw_arg(m);
			put_text(m, PF_STR_IS(arg, "51") || PF_STR_IS(arg, "52") ? "✓" :
					 PF_STR_IS(arg, "55") || PF_STR_IS(arg, "56") ? "✗" : "•");
			break;
		case PF_TEX_SI:
			(void) pf_math_arg(m);
			pf_math_blank(m);
			(void) pf_math_arg(m);
			break;
		case PF_TEX_MARK:
		case PF_TEX_ACCENT:
			{
				uint32		mark = pf_char_at(cmd->text, cmd->text + strlen(cmd->text), &len);

				if (m->gap)
					pf_math_before(m, 'x');
				pos = pf_math_arg(m);
				pf_mark(out, pos, mark);
				break;
			}
		case PF_TEX_LINE:
			{
				uint32		mark = pf_char_at(cmd->text, cmd->text + strlen(cmd->text), &len);
				int			end;

				if (m->gap)
					pf_math_before(m, 'x');
				pos = pf_math_arg(m);
				end = out->len;
				(void) pf_char_at(out->data + pos, out->data + end, &len);
				if (pos + len == end && mark == 0x305)
					pf_mark(out, pos, 0x304);
				else if (end - pos <= 12)
				{
					/* from the last to the first, so that what was marked stays behind */
					while (end > pos)
					{
						do
							end--;
						while (end > pos && ((unsigned char) out->data[end] & 0xC0) == 0x80);
						pf_mark(out, end, mark);
					}
				}
				break;
			}
		case PF_TEX_UNKNOWN:
			break;
	}
}
