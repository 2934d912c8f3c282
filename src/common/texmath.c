/*-------------------------------------------------------------------------
 *
 * texmath.c
 *		Formulas of TeX as text: "$x_i^2 \le \frac{1}{2n}$" to "xᵢ² ≤ 1/(2n)".
 *
 * A descent over groups, which stops going down at MAX_DEPTH: braces beyond
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

#include "common/plain.h"

#define MAX_DEPTH 32

/* A blank is wanted before what follows. */
typedef enum Gap
{
	GAP_NONE,
	GAP_WORD,					/* if that is a letter or digit */
	GAP_FACTOR					/* or a parenthesis */
} Gap;

typedef struct Math
{
	PfText		t;
	int			depth;
	int			text;			/* inside of \text and the like */
	Gap			gap;
	bool		blackboard;
	bool		swallow;		/* blanks here only ended a command */
} Math;

static void math_list(Math *m, bool group);
static void math_token(Math *m);

static inline bool
at_end(const Math *m)
{
	return m->t.p >= m->t.end;
}

/* The last character written, 0 at the start. */
static uint32
last_char(const Math *m)
{
	const StringInfo out = m->t.out;

	return pf_char_before(out->data + m->t.base, out->data + out->len);
}

static bool
is_word_char(uint32 c)
{
	return pf_char_is_letter(c) || (c < 0x80 && pf_is_digit((unsigned char) c));
}

static void
trim_blank(Math *m, int pos)
{
	StringInfo	out = m->t.out;

	while (out->len > pos && out->data[out->len - 1] == ' ')
		out->len--;
}

static void
put_blank(Math *m)
{
	if (!pf_text_is_blank(&m->t))
		pf_put(m->t.out, ' ');
	m->gap = GAP_NONE;
}

/* To be called before any text is written: the blank that was put off. */
static void
before(Math *m, uint32 first)
{
	if (m->gap)
	{
		uint32		last = last_char(m);

		if ((is_word_char(first) || (m->gap == GAP_FACTOR && (first == '(' || first == '['))) &&
			last != ' ' && last != '(')
			pf_put(m->t.out, ' ');
		m->gap = GAP_NONE;
	}
	m->swallow = false;
}

static void
put_text(Math *m, const char *s)
{
	int			len;

	if (*s == '\0')
		return;
	before(m, pf_char_at(s, s + strlen(s), &len));
	pf_puts(m->t.out, s);
}

static void
skip_space(Math *m)
{
	while (!at_end(m) && pf_is_space(*m->t.p))
		m->t.p++;
}

/*
 * One argument: a group or a single token.  Returns where its text begins in
 * the output; blanks at its end are trimmed.
 */
static int
math_arg(Math *m)
{
	int			pos;

	skip_space(m);
	m->gap = GAP_NONE;
	pos = m->t.out->len;
	if (at_end(m) || *m->t.p == '}' || *m->t.p == '&')
		return pos;
	if (*m->t.p == '{')
	{
		m->t.p++;
		math_list(m, true);
	}
	else if (m->depth < MAX_DEPTH)
	{
		m->depth++;
		math_token(m);
		m->depth--;
	}
	else
		m->t.p++;
	m->gap = GAP_NONE;
	m->swallow = false;
	trim_blank(m, pos);
	return pos;
}

/* An argument whose text is not wanted. */
static void
drop_arg(Math *m)
{
	int			pos = math_arg(m);

	m->t.out->len = pos;
}

/* [...]: give its extent; false if there is none. */
static bool
optional_arg(Math *m, PfStr *arg)
{
	const char *s = m->t.p;
	const char *limit = Min(m->t.end, s + 100);

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

static void
insert(Math *m, int pos, const char *s)
{
	StringInfo	out = m->t.out;
	int			n = (int) strlen(s);

	pf_room(out, n);
	memmove(out->data + pos + n, out->data + pos, out->len - pos);
	memcpy(out->data + pos, s, n);
	out->len += n;
}

/* Something that belongs to the character before it. */
static bool
is_modifier(uint32 c)
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
		else if (is_modifier(c) || c == '|')
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

static void
parenthesize(Math *m, int pos, bool product)
{
	if (needs_parens(m->t.out, pos, product))
	{
		insert(m, pos, "(");
		pf_put(m->t.out, ')');
	}
}

/* What stands before a fraction or root must not run into it. */
static void
before_group(Math *m)
{
	m->gap = GAP_NONE;
	m->swallow = false;
	if (is_word_char(last_char(m)))
		pf_put(m->t.out, ' ');
}

static void
fraction(Math *m)
{
	bool		enclose = m->gap != GAP_NONE;	/* of a function: "log(a/b)" */
	int			pos;

	if (enclose)
	{
		m->gap = GAP_NONE;
		m->swallow = false;
		pf_put(m->t.out, '(');
	}
	else
		before_group(m);
	pos = math_arg(m);
	parenthesize(m, pos, false);
	pf_put(m->t.out, '/');
	pos = math_arg(m);
	parenthesize(m, pos, true);
	if (enclose)
		pf_put(m->t.out, ')');
	else
		m->gap = GAP_FACTOR;
}

static void
binomial(Math *m)
{
	before_group(m);
	pf_put(m->t.out, '(');
	(void) math_arg(m);
	pf_puts(m->t.out, " choose ");
	(void) math_arg(m);
	pf_put(m->t.out, ')');
}

static void
root(Math *m)
{
	PfStr		index;
	int			pos;

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
			if (is_word_char(last_char(m)))
				pf_put(m->t.out, ' ');
			pos = m->t.out->len;
			if (m->depth < MAX_DEPTH)
			{
				Math		inner = *m;

				inner.t.p = index.s;
				inner.t.end = inner.t.stop = index.s + index.len;
				inner.depth++;
				math_list(&inner, false);
			}
			pf_script(m->t.out, pos, true, false);
			pf_puts(m->t.out, "√");
		}
	}
	else
		pf_puts(m->t.out, "√");
	m->swallow = false;
	pos = math_arg(m);
	parenthesize(m, pos, true);
	m->gap = GAP_FACTOR;
}

/* '^' or '_' and what it raises or lowers. */
static void
script(Math *m, bool sup)
{
	Gap			gap = m->gap;
	bool		in_word;
	int			pos;

	trim_blank(m, m->t.base);
	m->swallow = false;
	pos = math_arg(m);
	in_word = !gap && !at_end(m) && is_word_char((unsigned char) *m->t.p);
	pf_script(m->t.out, pos, sup, in_word);
	m->gap = gap;
}

/* A relation or binary operator: as much blank behind as in front. */
static void
operator(Math *m, const PfTexName *cmd)
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
	m->gap = GAP_NONE;
	pf_puts(out, cmd->text);
	skip_space(m);
	if (cmd->kind == PF_TEX_REL && cmd->name[0] == 'x')
	{
		PfStr		below;
		int			pos;

		(void) optional_arg(m, &below);
		pos = math_arg(m);
		pf_script(out, pos, true, false);
	}
	if (blank && !at_end(m) && *m->t.p != '_' && *m->t.p != '^')
		pf_put(out, ' ');
	m->swallow = false;
}

/* A name in letters, set off from letters and digits on both sides. */
static void
name_begin(Math *m, uint32 first)
{
	uint32		last = last_char(m);

	m->gap = GAP_NONE;
	m->swallow = false;
	if (pf_char_is_letter(first) && last != ' ' &&
		(is_word_char(last) || last == ')' || last == ']' || last == '}' || is_modifier(last)))
		pf_put(m->t.out, ' ');
}

/* {name} as raw letters, for the likes of \begin. */
static PfStr
raw_arg(Math *m)
{
	const char *s;

	skip_space(m);
	s = m->t.p;
	if (at_end(m) || *s != '{')
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
delimiter(Math *m, const char *name)
{
	bool		right = strncmp(name, "right", 5) == 0;

	if (right)
	{
		trim_blank(m, m->t.base);
		m->gap = GAP_NONE;
	}
	skip_space(m);
	if (at_end(m))
		return;
	if (*m->t.p == '.')
		m->t.p++;
	else if (strncmp(name, "left", 4) == 0 && m->depth < MAX_DEPTH && *m->t.p != '}')
	{
		m->depth++;
		math_token(m);
		m->depth--;
		skip_space(m);
	}
}

/* A character by its number: {x2713}, {"2713}, "2713, 9733. */
static void
character(Math *m)
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
		before(m, c);
		pf_put_char(m->t.out, c);
	}
}

/* \overset{script}{base}: both in turn, then the other way round. */
static void
over_or_under(Math *m, bool over)
{
	StringInfo	out = m->t.out;
	int			pos = math_arg(m);
	int			mid = out->len;
	int			len = mid - pos;
	char	   *copy = palloc(len + 1);

	(void) math_arg(m);
	memcpy(copy, out->data + pos, len);
	memmove(out->data + pos, out->data + mid, out->len - mid);
	memcpy(out->data + out->len - len, copy, len);
	pfree(copy);
	pf_script(out, out->len - len, over, false);
}

/* \not and the sign that it denies. */
static void
negation(Math *m)
{
	int			pos;

	skip_space(m);
	pos = m->t.out->len;
	math_token(m);
	while (pos < m->t.out->len && m->t.out->data[pos] == ' ')
		pos++;
	pf_mark(m->t.out, pos, 0x338);
}

static void
command(Math *m)
{
	StringInfo	out = m->t.out;
	const char *name = ++m->t.p;
	const PfTexName *cmd;
	PfStr		arg;
	int			name_len;
	int			pos;
	int			len;

	if (at_end(m))
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
				skip_space(m);
				if (!at_end(m) && *m->t.p != '\\')
					put_blank(m);
				return;
			case ',':
			case ':':
			case ';':
			case '>':
			case ' ':
			case '\t':
			case '\n':
			case '\r':
				put_blank(m);
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
					pos = math_arg(m);
					pf_mark(out, pos, pf_tex_accent(c));
					return;
				}
				if (c > ' ' && c != 0x7F)
				{
					before(m, c);
					pf_put(out, c);
				}
				return;
		}
	}

	while (!at_end(m) && pf_is_alpha(*m->t.p) && m->t.p - name < PF_TEX_NAME_MAX)
		m->t.p++;
	len = name_len = (int) (m->t.p - name);
	cmd = pf_tex_name(name, len);
	if (!at_end(m) && *m->t.p == '*' && (cmd == NULL || cmd->kind == PF_TEX_NAME))
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
						 (strchr("NQCF", *name) != NULL && !at_end(m) &&
						  (*m->t.p == '^' || *m->t.p == '_'))))
		{
			before(m, 'R');
			pf_put_char(out, pf_blackboard(*name));
			m->swallow = true;
			return;
		}
		if (len > 1)
			name_begin(m, *name);
		else
			before(m, *name);
		if (len > 1 && !at_end(m) && *m->t.p == '{')
		{
			/* a short one is for the looks of its argument, a long one for its sense */
			if (len > 3)
				appendBinaryStringInfo(out, name, len);
			pos = out->len;
			(void) math_arg(m);
			if (len > 3 && out->len > pos)
			{
				insert(m, pos, "(");
				pf_put(out, ')');
			}
			return;
		}
		appendBinaryStringInfo(out, name, len);
		m->gap = len > 1 ? GAP_WORD : GAP_NONE;
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
			operator(m, cmd);
			break;
		case PF_TEX_OPEN:
			put_text(m, cmd->text);
			skip_space(m);
			break;
		case PF_TEX_CLOSE:
			m->gap = GAP_NONE;
			trim_blank(m, m->t.base);
			put_text(m, cmd->text);
			break;
		case PF_TEX_OP:
			name_begin(m, 'x');
			pf_puts(out, cmd->text);
			m->gap = GAP_WORD;
			skip_space(m);
			break;
		case PF_TEX_BIGO:
			put_text(m, cmd->text);
			skip_space(m);
			if (!at_end(m) && *m->t.p == '{')
			{
				pf_put(out, '(');
				(void) math_arg(m);
				pf_put(out, ')');
			}
			break;
		case PF_TEX_NAME:
			name_begin(m, 'x');
			pos = math_arg(m);
			m->gap = out->len > pos + 1 ? GAP_WORD : GAP_NONE;
			skip_space(m);
			break;
		case PF_TEX_SPACE:
			put_blank(m);
			break;
		case PF_TEX_NONE:
			if (strncmp(cmd->name, "left", 4) == 0 || strncmp(cmd->name, "right", 5) == 0 ||
				pg_strncasecmp(cmd->name, "big", 3) == 0)
				delimiter(m, cmd->name);
			else
				skip_space(m);
			break;
		case PF_TEX_FENCE:
			{
				const char *s = cmd->text;
				const char *end = s + strlen(s);

				skip_space(m);
				if (at_end(m) || *m->t.p != '{')
				{
					name_begin(m, 'x');
					appendBinaryStringInfo(out, name, name_len);
					m->gap = GAP_WORD;
					break;
				}
				(void) pf_char_at(s, end, &len);
				before(m, '|');
				appendBinaryStringInfo(out, s, len);
				(void) math_arg(m);
				pf_puts(out, s + len);
				break;
			}
		case PF_TEX_ARG:
		case PF_TEX_FORMULA:
		case PF_TEX_FOOT:
		case PF_TEX_QUOTE:
			skip_space(m);
			if (m->gap)
				before(m, 'x');
			(void) math_arg(m);
			break;
		case PF_TEX_TEXT:
			m->gap = GAP_NONE;
			m->swallow = false;
			m->text++;
			skip_space(m);
			if (!at_end(m) && *m->t.p == '{')
			{
				m->t.p++;
				math_list(m, true);
			}
			m->text--;
			break;
		case PF_TEX_BB:
			if (m->gap)
				before(m, 'x');
			if (!m->blackboard)
			{
				m->blackboard = true;
				(void) math_arg(m);
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
			(void) math_arg(m);
			break;
		case PF_TEX_FIRST:
			(void) math_arg(m);
			drop_arg(m);
			break;
		case PF_TEX_SUP:
		case PF_TEX_SUB:
			script(m, cmd->kind == PF_TEX_SUP);
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
			if (!at_end(m) && m->depth < MAX_DEPTH)
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
			put_blank(m);
			pf_puts(out, "(mod ");
			(void) math_arg(m);
			pf_put(out, ')');
			break;
		case PF_TEX_PAREN:
			put_blank(m);
			pf_put(out, '(');
			(void) math_arg(m);
			pf_put(out, ')');
			break;
		case PF_TEX_MOD:
			put_blank(m);
			pf_puts(out, "mod ");
			skip_space(m);
			break;
		case PF_TEX_BEGIN:
			arg = raw_arg(m);
			if (PF_STR_IS(arg, "array") || PF_STR_IS(arg, "tabular"))
				(void) raw_arg(m);
			skip_space(m);
			break;
		case PF_TEX_END:
			(void) raw_arg(m);
			break;
		case PF_TEX_ITEM:
			put_blank(m);
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
			(void) math_arg(m);
			pf_put(out, ' ');
			(void) math_arg(m);
			break;
		case PF_TEX_MARK:
		case PF_TEX_ACCENT:
			{
				uint32		mark = pf_char_at(cmd->text, cmd->text + strlen(cmd->text), &len);

				if (m->gap)
					before(m, 'x');
				pos = math_arg(m);
				pf_mark(out, pos, mark);
				break;
			}
		case PF_TEX_LINE:
			{
				uint32		mark = pf_char_at(cmd->text, cmd->text + strlen(cmd->text), &len);
				int			end;

				if (m->gap)
					before(m, 'x');
				pos = math_arg(m);
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

/* One character, group or command. */
static void
math_token(Math *m)
{
	StringInfo	out = m->t.out;
	unsigned char c = *m->t.p;

	switch (c)
	{
		case '\\':
			command(m);
			break;
		case '{':
			m->t.p++;
			math_list(m, true);
			break;
		case '}':
		case '$':
			m->t.p++;			/* without its other half */
			break;
		case '&':
			m->t.p++;
			put_blank(m);
			break;
		case '~':
			m->t.p++;
			if (last_char(m) == 'O' && !at_end(m) && *m->t.p == '(')
				pf_put(out, '~');	/* meant as a tilde on the O */
			else
				put_blank(m);
			break;
		case '^':
		case '_':
			m->t.p++;
			script(m, c == '^');
			break;
		case '\'':
			{
				int			n = 0;

				while (!at_end(m) && *m->t.p == '\'')
				{
					n++;
					m->t.p++;
				}
				if (m->text > 0)
				{
					pf_puts(out, n == 2 ? "”" : "'");
					break;
				}
				trim_blank(m, m->t.base);
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
					skip_space(m);
					if (at_end(m))
						break;
					c = *m->t.p;
					if (strchr("+-=<>*:|", c) != NULL)
					{
						if (m->t.p + 1 < m->t.end && pf_is_space(m->t.p[1]))
							put_blank(m);
					}
					else if (c == '\\')
					{
						const char *e = m->t.p + 1;
						const PfTexName *next;

						while (e < m->t.end && pf_is_alpha(*e) && e - m->t.p < PF_TEX_NAME_MAX)
							e++;
						next = pf_tex_name(m->t.p + 1, (int) (e - m->t.p - 1));
						if (next != NULL && (next->kind == PF_TEX_BIN || next->kind == PF_TEX_REL))
							put_blank(m);
					}
					m->swallow = false;
				}
				else
				{
					skip_space(m);
					put_blank(m);
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
						before(m, ch);
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
			else if (c == '-' && m->t.end - m->t.p > 2 && m->t.p[1] == '-' && pf_is_digit(m->t.p[2]) &&
					 last_char(m) < 0x80 && pf_is_digit((unsigned char) last_char(m)))
			{
				pf_puts(out, "–");	/* a range of numbers */
				m->t.p += 2;
			}
			else
			{
				before(m, c);
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
over_here(Math *m)
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
static void
math_list(Math *m, bool group)
{
	int			pos = m->t.out->len;
	int			part = pos;
	const PfTexName *over = NULL;

	/* Too deep: this brace is dropped, and its mate will close another one. */
	if (m->depth >= MAX_DEPTH)
		return;
	m->depth++;

	if (m->text == 0)
		skip_space(m);
	while (!at_end(m))
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
				trim_blank(m, pos);
				m->gap = GAP_NONE;
				if (over->text[0] == '/')
					parenthesize(m, pos, false);
				pf_puts(m->t.out, over->text[0] == '/' ? "/" : " choose ");
				part = m->t.out->len;
				skip_space(m);
				continue;
			}
		}
		math_token(m);
	}
	if (over != NULL)
	{
		trim_blank(m, part);
		if (over->text[0] == '/')
			parenthesize(m, part, true);
		else
		{
			insert(m, pos, "(");
			pf_put(m->t.out, ')');
		}
	}
	m->depth--;
}

static void
begin(Math *m, PfStr in, StringInfo out)
{
	memset(m, 0, sizeof(*m));
	m->t.p = in.s;
	m->t.end = m->t.stop = in.s + in.len;
	m->t.out = out;
	m->t.base = out->len;
}

/* Append a formula, given without its dollars. */
void
pf_texmath(PfStr in, StringInfo out)
{
	Math		m;

	begin(&m, in, out);
	m.depth = -1;
	while (!at_end(&m))
		math_list(&m, false);
	trim_blank(&m, m.t.base);
}

/* Append one command of mathematics that stands in text, with its arguments. */
void
pf_texmath_command(PfText *t)
{
	Math		m;

	memset(&m, 0, sizeof(m));
	m.t = *t;
	m.t.stop = m.t.end;
	m.depth = 1;
	command(&m);
	t->p = m.t.p;
}

/* Append the scripts at a sign that stands in text: "\log_2", "\ell^{\infty}". */
void
pf_texmath_scripts(PfText *t)
{
	Math		m;

	memset(&m, 0, sizeof(m));
	m.t = *t;
	m.t.stop = m.t.end;
	m.depth = 1;
	while (!at_end(&m) && (*m.t.p == '_' || *m.t.p == '^'))
	{
		bool		sup = *m.t.p++ == '^';

		script(&m, sup);
	}
	t->p = m.t.p;
}
