/*-------------------------------------------------------------------------
 *
 * mathml.c
 *		MathML, element by element, to a formula of TeX, which texmath.c sets.
 *
 * Most elements become a command of TeX with their children as its arguments
 * ("<mfrac>" is "\frac" and each child puts itself in braces).  Those whose
 * arguments TeX takes in another order, or that depend on what an argument
 * turned out to be (a root's index, an accent, scripts before the base), are
 * put right in the buffer when they close.  Elements nest to a fixed depth;
 * below it they are left out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/markup.h"

void
pf_mathml_begin(PfMathml *m)
{
	if (m->tex.data == NULL)
	{
		initStringInfo(&m->tex);
		initStringInfo(&m->token);
	}
	resetStringInfo(&m->tex);
	resetStringInfo(&m->token);
	m->in_token = false;
	m->too_deep = 0;
	m->n = 0;
}

void
pf_mathml_free(PfMathml *m)
{
	if (m->tex.data != NULL)
	{
		pfree(m->tex.data);
		pfree(m->token.data);
		m->tex.data = NULL;
	}
}

/* Text so that TeX takes it as it is. */
static void
escaped(StringInfo tex, const char *s, int len)
{
	for (int i = 0; i < len; i++)
	{
		switch (s[i])
		{
			case '\\':
				pf_puts(tex, "\\backslash ");
				break;
			case '{':
			case '}':
			case '$':
			case '&':
			case '#':
			case '%':
			case '_':
			case '^':
			case '~':
				pf_put(tex, '\\');
				pf_put(tex, s[i]);
				break;
			case '\'':
				pf_puts(tex, "\\prime ");
				break;
			default:
				pf_put(tex, s[i]);
				break;
		}
	}
}

static void
insert(StringInfo tex, int pos, const char *s)
{
	int			n = (int) strlen(s);

	pf_room(tex, n);
	memmove(tex->data + pos + n, tex->data + pos, tex->len - pos);
	memcpy(tex->data + pos, s, n);
	tex->len += n;
}

static inline bool
is_token(PfTagKind kind)
{
	return kind >= PF_TAG_MI && kind <= PF_TAG_MTEXT;
}

/* What comes before a child, by its parent. */
static bool
begin_child(PfMathml *m, PfMathmlFrame *parent)
{
	StringInfo	tex = &m->tex;
	int			i = parent->children++;

	if (i == 1)
		parent->mid = tex->len;
	switch (parent->kind)
	{
		case PF_TAG_MSUP:
		case PF_TAG_MOVER:
			pf_puts(tex, i == 1 ? "^{" : "{");
			return true;
		case PF_TAG_MSUB:
		case PF_TAG_MUNDER:
			pf_puts(tex, i == 1 ? "_{" : "{");
			return true;
		case PF_TAG_MSUBSUP:
		case PF_TAG_MUNDEROVER:
			pf_puts(tex, i == 1 ? "_{" : i == 2 ? "^{" : "{");
			return true;
		case PF_TAG_MMULTISCRIPTS:
			pf_puts(tex, i == 0 ? "{" : i % 2 == 1 ? "_{" : "^{");
			return true;
		case PF_TAG_MFRAC:
		case PF_TAG_MROOT:
			pf_put(tex, '{');
			return true;
		case PF_TAG_MFENCED:
			if (i > 0 && parent->separator != 0)
			{
				pf_put_char(tex, parent->separator);
				pf_puts(tex, "\\ ");
			}
			return false;
		default:
			return false;
	}
}

/* The first character of an attribute's value, or 'otherwise'. */
static int
fence(const PfTag *tag, const char *name, int otherwise)
{
	StringInfoData value;
	PfStr		raw = pf_tag_attribute(tag, name);
	int			c = 0;
	int			len;

	if (raw.s == NULL)
		return otherwise;
	initStringInfo(&value);
	pf_references(raw, &value);
	for (int i = 0; i < value.len; i += len)
	{
		c = (int) pf_char_at(value.data + i, value.data + value.len, &len);
		if (c > ' ')
			break;
		c = 0;
	}
	pfree(value.data);
	return c;
}

static void
put_fence(StringInfo tex, int c)
{
	if (c == 0)
		return;
	if (c < 0x80)
	{
		char		ch = (char) c;

		escaped(tex, &ch, 1);
	}
	else
		pf_put_char(tex, c);
}

/* The text of mi, mn, mo or mtext. */
static void
end_token(PfMathml *m, PfTagKind kind)
{
	StringInfo	tex = &m->tex;
	PfStr		text = {m->token.data, m->token.len};
	int			len;

	m->in_token = false;
	if (kind != PF_TAG_MTEXT)
		text = pf_str_trim(text);
	if (text.len == 0)
		return;

	switch (kind)
	{
		case PF_TAG_MTEXT:
			pf_puts(tex, "\\text{");
			escaped(tex, text.s, text.len);
			pf_put(tex, '}');
			return;

		case PF_TAG_MI:
			(void) pf_char_at(text.s, text.s + text.len, &len);
			if (len < text.len)
			{
				const PfTexName *cmd = text.len < PF_TEX_NAME_MAX ?
					pf_tex_name(text.s, text.len) : NULL;

				pf_puts(tex, cmd != NULL && cmd->kind == PF_TEX_OP ?
						"\\operatorname{" : "\\mathrm{");
				escaped(tex, text.s, text.len);
				pf_put(tex, '}');
				return;
			}
			break;

		case PF_TAG_MO:
			if (text.len > 1 && pf_is_alpha(text.s[0]))
			{
				pf_puts(tex, "\\operatorname{");
				escaped(tex, text.s, text.len);
				pf_put(tex, '}');
				return;
			}
			if (PF_STR_IS(text, ",") || PF_STR_IS(text, ";"))
			{
				pf_put(tex, text.s[0]);
				pf_puts(tex, "\\ ");
				return;
			}
			break;

		default:
			break;
	}
	escaped(tex, text.s, text.len);
}

/* The command for an accent that stands over its base; NULL if it is none. */
static const char *
accent_command(PfStr over)
{
	static const struct
	{
		const char *sign;
		const char *command;
	}			accents[] = {
		{"\\^", "\\hat"}, {"^", "\\hat"}, {"ˆ", "\\hat"}, {"\314\202", "\\hat"},
		{"\\~", "\\tilde"}, {"˜", "\\tilde"}, {"∼", "\\tilde"}, {"\314\203", "\\tilde"},
		{"¯", "\\bar"}, {"‾", "\\bar"}, {"\314\204", "\\bar"}, {"-", "\\bar"},
		{"−", "\\bar"}, {"\\_", "\\bar"}, {"_", "\\bar"}, {"―", "\\bar"}, {"→", "\\vec"},
		{"\342\203\227", "\\vec"}, {"⇀", "\\vec"}, {".", "\\dot"}, {"˙", "\\dot"},
		{"\314\207", "\\dot"}, {"¨", "\\ddot"}, {"\314\210", "\\ddot"}, {"..", "\\ddot"},
		{"ˇ", "\\check"}, {"\314\214", "\\check"}, {"˘", "\\breve"},
		{"\314\206", "\\breve"}, {"´", "\\acute"}, {"`", "\\grave"}
	};

	for (int i = 0; i < (int) lengthof(accents); i++)
	{
		if (over.len == (int) strlen(accents[i].sign) &&
			memcmp(over.s, accents[i].sign, over.len) == 0)
			return accents[i].command;
	}
	return NULL;
}

/* \command{base}: 'over' turned out to be an accent. */
static void
end_mover(PfMathml *m, const PfMathmlFrame *f)
{
	StringInfo	tex = &m->tex;
	const char *command;

	if (f->children != 2)
		return;
	/* "^{" over "}" */
	command = accent_command(pf_str_trim((PfStr) {tex->data + f->mid + 2, tex->len - f->mid - 3}));
	if (command == NULL)
		return;
	tex->len = f->mid;
	insert(tex, f->start, command);
}

/* {base}{index} to \sqrt[index]{base} */
static void
end_mroot(PfMathml *m, const PfMathmlFrame *f)
{
	StringInfo	tex = &m->tex;
	char	   *index;
	int			len;

	if (f->children != 2)
		return;
	len = tex->len - f->mid;
	index = palloc(len + 1);
	memcpy(index, tex->data + f->mid, len);
	index[0] = '[';
	index[len - 1] = ']';
	index[len] = '\0';
	tex->len = f->mid;
	insert(tex, f->start, index);
	insert(tex, f->start, "\\sqrt");
	pfree(index);
}

/* Scripts before the base go there. */
static void
end_mmultiscripts(PfMathml *m, const PfMathmlFrame *f)
{
	StringInfo	tex = &m->tex;
	int			len = tex->len - f->mid;
	char	   *copy;

	if (f->separator == 0 || len == 0)
		return;
	copy = palloc(len);
	memcpy(copy, tex->data + f->mid, len);
	memmove(tex->data + f->start + len, tex->data + f->start, f->mid - f->start);
	memcpy(tex->data + f->start, copy, len);
	pfree(copy);
}

static void
open_element(PfMathml *m, const PfTag *tag)
{
	StringInfo	tex = &m->tex;
	PfMathmlFrame *parent = m->n > 0 ? &m->frames[m->n - 1] : NULL;
	PfMathmlFrame *f;
	bool		braced = false;

	if (m->in_token)
		return;					/* a tag inside of a token */
	if (m->n >= PF_MATHML_DEPTH || m->too_deep > 0)
	{
		m->too_deep++;
		return;
	}
	if (tag->kind == PF_TAG_MPRESCRIPTS)
	{
		if (parent != NULL && parent->kind == PF_TAG_MMULTISCRIPTS && parent->separator == 0)
		{
			/* the base and its scripts end here; the next child is lowered */
			parent->mid = tex->len;
			parent->separator = 1;
			parent->children = 3;
		}
	}
	else if (parent != NULL)
		braced = begin_child(m, parent);

	f = &m->frames[m->n++];
	f->kind = tag->kind;
	f->children = 0;
	f->braced = braced;
	f->start = f->mid = tex->len;
	f->close = 0;
	f->separator = 0;

	switch (tag->kind)
	{
		case PF_TAG_MI:
		case PF_TAG_MN:
		case PF_TAG_MO:
		case PF_TAG_MTEXT:
			m->in_token = true;
			resetStringInfo(&m->token);
			break;
		case PF_TAG_MFRAC:
			{
				PfStr		line = pf_tag_attribute(tag, "linethickness");

				pf_puts(tex, line.len > 0 && line.s[0] == '0' ? "\\binom" : "\\frac");
				break;
			}
		case PF_TAG_MSQRT:
			pf_puts(tex, "\\sqrt{");
			break;
		case PF_TAG_MFENCED:
			put_fence(tex, fence(tag, "open", '('));
			f->close = fence(tag, "close", ')');
			f->separator = fence(tag, "separators", ',');
			if (f->separator < 0x80 && f->separator != ',' && f->separator != ';' &&
				f->separator != '|' && f->separator != ':')
				f->separator = 0;
			break;
		case PF_TAG_MSPACE:
			pf_puts(tex, "\\ ");
			break;
		case PF_TAG_MTR:
			if (parent != NULL && parent->children > 1)
				pf_puts(tex, ";\\ ");
			break;
		case PF_TAG_MTD:
			if (parent != NULL && parent->children > 1)
				pf_puts(tex, "\\ ");
			break;
		default:
			break;
	}
}

static void
close_frame(PfMathml *m)
{
	PfMathmlFrame *f = &m->frames[m->n - 1];

	switch (f->kind)
	{
		case PF_TAG_MI:
		case PF_TAG_MN:
		case PF_TAG_MO:
		case PF_TAG_MTEXT:
			end_token(m, f->kind);
			break;
		case PF_TAG_MSQRT:
			pf_put(&m->tex, '}');
			break;
		case PF_TAG_MFENCED:
			put_fence(&m->tex, f->close);
			break;
		case PF_TAG_MOVER:
			end_mover(m, f);
			break;
		case PF_TAG_MROOT:
			end_mroot(m, f);
			break;
		case PF_TAG_MMULTISCRIPTS:
			end_mmultiscripts(m, f);
			break;
		default:
			break;
	}
	if (f->braced)
		pf_put(&m->tex, '}');
	m->n--;
}

void
pf_mathml_tag(PfMathml *m, const PfTag *tag)
{
	if (!tag->closing)
	{
		bool		was_token = m->in_token;

		open_element(m, tag);
		if (tag->empty && !was_token)
		{
			if (m->too_deep > 0)
				m->too_deep--;
			else
				close_frame(m);
		}
		return;
	}

	if (m->in_token && !is_token(tag->kind))
		return;
	if (m->too_deep > 0)
	{
		m->too_deep--;
		return;
	}
	for (int i = m->n - 1; i >= 0; i--)
	{
		if (m->frames[i].kind == tag->kind)
		{
			while (m->n > i)
				close_frame(m);
			return;
		}
	}
}

void
pf_mathml_text(PfMathml *m, const char *s, int len)
{
	if (m->too_deep > 0)
		return;
	if (m->in_token)
		appendBinaryStringInfo(&m->token, s, len);
	else if (pf_str_trim((PfStr) {s, len}).len > 0)
	{
		/* text where none should be */
		bool		braced = m->n > 0 ? begin_child(m, &m->frames[m->n - 1]) : false;

		escaped(&m->tex, s, len);
		if (braced)
			pf_put(&m->tex, '}');
	}
}

/* Set the formula. */
void
pf_mathml_end(PfMathml *m, StringInfo out)
{
	while (m->n > 0)
		close_frame(m);
	pf_texmath((PfStr) {m->tex.data, m->tex.len}, out);
}
