/*-------------------------------------------------------------------------
 *
 * html.c
 *		Tags and character references: HTML, JATS and what else feeds carry.
 *
 * References are resolved once per pass; if that
 * gave a '<' or '&', another pass follows, up to MAX_PASSES, because feeds
 * encode twice and three times.
 *
 * Raised and lowered text, formulas of MathML and titles are set when they
 * close; what is open is kept on a stack of fixed depth, tags beyond it are
 * left out without effect.  Each scan for the end of a construct goes to the
 * next character that cannot be in it, or is remembered when it finds none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/markup.h"

#define MAX_PASSES 3
#define MAX_OPEN 64

/* Elements whose text is handled when they close. */
typedef struct Open
{
	PfTagKind	kind;
	int			pos;
} Open;

typedef struct Html
{
	const char *p;
	const char *end;
	StringInfo	out;
	bool		again;			/* a reference gave '<' or '&' */
	bool		in_math;
	bool		no_comment_end; /* there is no "-->" from here on, and so forth */
	bool		no_cdata_end;
	bool		no_pi_end;
	bool		cdata;
	int			maybe;			/* open tags that are one only with attributes */
	int			title_end;		/* where the title ended that came last; -1 = none */
	int			tex_start;		/* of the TeX among alternatives; -1 = none */
	int			n;
	Open		open[MAX_OPEN];
	PfStr		unclosed[8];	/* elements to drop that have no end */
	int			n_unclosed;
	PfMathml	math;
} Html;

/* From p, the first 'what', or NULL; remembers in *none that there is none. */
static const char *
find(const Html *h, const char *p, const char *what, bool *none)
{
	int			n = (int) strlen(what);

	if (*none)
		return NULL;
	while (h->end - p >= n && (p = memchr(p, what[0], h->end - p - n + 1)) != NULL)
	{
		if (memcmp(p, what, n) == 0)
			return p;
		p++;
	}
	*none = true;
	return NULL;
}

/* Behind the closing tag of the element that 'tag' opens; NULL if it has none. */
static const char *
end_of_element(Html *h, const PfTag *tag)
{
	const char *p = tag->end;

	if (h->n_unclosed == (int) lengthof(h->unclosed))
		return NULL;
	for (int i = 0; i < h->n_unclosed; i++)
	{
		if (pf_str_eq(tag->name, h->unclosed[i]))
			return NULL;
	}
	while (p < h->end && (p = memchr(p, '<', h->end - p)) != NULL)
	{
		PfTag		other;

		if (p + 1 < h->end && p[1] == '/' && pf_read_tag(p, h->end, &other) &&
			other.name.len == tag->name.len &&
			pg_strncasecmp(other.name.s, tag->name.s, tag->name.len) == 0)
			return other.end;
		p++;
	}
	h->unclosed[h->n_unclosed++] = tag->name;
	return NULL;
}

static void
blank(Html *h)
{
	if (h->out->len > 0 && h->out->data[h->out->len - 1] != ' ')
		pf_put(h->out, ' ');
}

static void
push(Html *h, PfTagKind kind)
{
	if (h->n < MAX_OPEN)
	{
		h->open[h->n].kind = kind;
		h->open[h->n].pos = h->out->len;
		h->n++;
	}
}

/* Take the innermost open element of that kind off the stack: where it began, or -1. */
static int
pop(Html *h, PfTagKind kind)
{
	for (int i = h->n - 1; i >= 0; i--)
	{
		if (h->open[i].kind == kind)
		{
			h->n = i;
			return h->open[i].pos;
		}
	}
	return -1;
}

static void
end_title(Html *h, int pos)
{
	PfStr		title = pf_str_trim((PfStr) {h->out->data + pos, h->out->len - pos});

	/* The heading of the whole says nothing. */
	if (pf_str_trim((PfStr) {h->out->data, pos}).len == 0 && pf_str_eq_nocase(title, "abstract"))
		h->out->len = pos;
	else if (title.len > 0)
		h->title_end = (int) (title.s + title.len - h->out->data);
	blank(h);
}

/* A paragraph begins: after a title "Methods" reads "Methods:". */
static void
begin_block(Html *h)
{
	int			i = h->title_end;

	if (i > 0)
	{
		unsigned char c = h->out->data[i - 1];

		while (i < h->out->len && pf_is_space(h->out->data[i]))
			i++;
		if (i >= h->out->len && (pf_is_alnum(c) || c >= 0x80 || c == ')'))
		{
			h->out->len = h->title_end;
			pf_put(h->out, ':');
		}
	}
	h->title_end = -1;
	blank(h);
}

/* A formula of TeX: left to the stage that knows TeX, between its own marks. */
static void
end_tex(Html *h, int pos)
{
	PfStr		tex = pf_str_trim((PfStr) {h->out->data + pos, h->out->len - pos});
	PfStr		document = pf_str_find(tex, "\\begin{document}");
	char	   *copy;

	if (document.s != NULL)
	{
		PfStr		rest = pf_str_find(document, "\\end{document}");

		tex.s = document.s + strlen("\\begin{document}");
		tex.len = document.len - (int) strlen("\\begin{document}") - rest.len;
		tex = pf_str_trim(tex);
	}
	while (tex.len >= 2 && tex.s[0] == '$' && tex.s[tex.len - 1] == '$')
	{
		tex.s++;
		tex.len -= 2;
	}
	copy = pnstrdup(tex.s, tex.len);
	h->out->len = pos;
	if (tex.len > 0)
		pf_texmath((PfStr) {copy, tex.len}, h->out);
	pfree(copy);
}

static void
take_tag(Html *h, const PfTag *tag)
{
	int			pos;

	switch (tag->kind)
	{
		case PF_TAG_BLOCK:
			if (tag->closing)
				blank(h);
			else
				begin_block(h);
			break;
		case PF_TAG_TITLE:
			if (!tag->closing)
			{
				begin_block(h);
				push(h, PF_TAG_TITLE);
			}
			else if ((pos = pop(h, PF_TAG_TITLE)) >= 0)
				end_title(h, pos);
			break;
		case PF_TAG_SUP:
		case PF_TAG_SUB:
			if (!tag->closing)
				push(h, tag->kind);
			else if ((pos = pop(h, tag->kind)) >= 0)
				pf_script(h->out, pos, tag->kind == PF_TAG_SUP,
						  h->p < h->end && pf_is_alnum(*h->p));
			break;
		case PF_TAG_QUOTE:
			pf_puts(h->out, tag->closing ? "”" : "“");
			break;
		case PF_TAG_TEX:
			if (!tag->closing)
				push(h, PF_TAG_TEX);
			else if ((pos = pop(h, PF_TAG_TEX)) >= 0)
			{
				end_tex(h, pos);
				h->tex_start = pos;
			}
			break;
		case PF_TAG_ALTERNATIVES:
			h->tex_start = -1;
			break;
		case PF_TAG_MATH:
			if (tag->closing || tag->empty)
				break;
			/* The same formula as TeX was there already. */
			if (h->tex_start >= 0)
			{
				h->out->len = Min(h->out->len, h->tex_start);
				h->tex_start = -1;
			}
			pf_mathml_begin(&h->math);
			h->in_math = true;
			break;
		default:
			break;
	}
}

static void
put_text(Html *h, const char *s, int len)
{
	if (h->in_math)
		pf_mathml_text(&h->math, s, len);
	else
		appendBinaryStringInfo(h->out, s, len);
}

/* What begins with '<' at p. */
static void
less_than(Html *h)
{
	const char *p = h->p;
	const char *e;
	PfTag		tag;

	if (h->end - p >= 4 && memcmp(p, "<!--", 4) == 0 &&
		(e = find(h, p + 4, "-->", &h->no_comment_end)) != NULL)
	{
		h->p = e + 3;
		return;
	}
	if (h->end - p >= 9 && memcmp(p, "<![CDATA[", 9) == 0 &&
		find(h, p + 9, "]]>", &h->no_cdata_end) != NULL)
	{
		h->cdata = true;
		h->p = p + 9;
		return;
	}
	if (h->end - p >= 6 && (memcmp(p, "<?xml", 5) == 0 || pg_strncasecmp(p, "<!doct", 6) == 0) &&
		(e = find(h, p, ">", &h->no_pi_end)) != NULL)
	{
		h->p = e + 1;
		return;
	}

	if (!pf_read_tag(p, h->end, &tag))
	{
		put_text(h, "<", 1);
		h->p++;
		return;
	}
	if (tag.kind == PF_TAG_MAYBE)
	{
		if (tag.closing ? h->maybe == 0 : tag.n_attributes == 0)
		{
			put_text(h, "<", 1);
			h->p++;
			return;
		}
		h->maybe += tag.closing ? -1 : tag.empty ? 0 : 1;
	}

	h->p = tag.end;
	if (tag.kind == PF_TAG_DROP)
	{
		if (!tag.closing && !tag.empty && (e = end_of_element(h, &tag)) != NULL)
			h->p = e;
		return;
	}
	if (!h->in_math)
		take_tag(h, &tag);
	else if (tag.kind >= PF_TAG_MROW)
		pf_mathml_tag(&h->math, &tag);
	else if (tag.kind == PF_TAG_MATH && tag.closing)
	{
		h->in_math = false;
		pf_mathml_end(&h->math, h->out);
	}
	else if (tag.kind == PF_TAG_BLOCK && pf_str_eq_nocase(tag.name, "p"))
	{
		/* a formula that was never closed */
		h->in_math = false;
		pf_mathml_end(&h->math, h->out);
		take_tag(h, &tag);
	}
}

static void
ampersand(Html *h)
{
	PfStr		with;
	uint32		c;
	int			len = pf_read_reference(h->p, h->end, &with, &c);
	char		buf[8];

	if (len == 0)
	{
		put_text(h, "&", 1);
		h->p++;
		return;
	}
	h->p += len;
	if (c != 0)
	{
		StringInfoData one;

		one.data = buf;
		one.len = one.cursor = 0;
		one.maxlen = sizeof(buf);
		pf_put_char(&one, c);
		with = (PfStr) {buf, one.len};
	}
	if (with.s[0] == '<' || with.s[0] == '&')
		h->again = true;
	put_text(h, with.s, with.len);
}

static bool
pass(PfStr in, StringInfo out)
{
	Html		h;

	memset(&h, 0, sizeof(h));
	h.p = in.s;
	h.end = in.s + in.len;
	h.out = out;
	h.title_end = h.tex_start = -1;

	while (h.p < h.end)
	{
		const char *s = h.p;

		while (s < h.end && *s != '<' && *s != '&' && *s != ']')
			s++;
		if (s > h.p)
			put_text(&h, h.p, (int) (s - h.p));
		h.p = s;
		if (s >= h.end)
			break;
		if (*s == '<')
			less_than(&h);
		else if (*s == '&')
			ampersand(&h);
		else if (h.cdata && h.end - s >= 3 && s[1] == ']' && s[2] == '>')
		{
			h.cdata = false;
			h.p += 3;
		}
		else
		{
			put_text(&h, "]", 1);
			h.p++;
		}
	}
	if (h.in_math)
		pf_mathml_end(&h.math, out);
	pf_mathml_free(&h.math);
	return h.again;
}

/* Write 'in' without its markup to 'out', which is empty. */
void
pf_html(PfStr in, StringInfo out)
{
	StringInfoData other;
	bool		again = pass(in, out);

	if (!again)
		return;
	initStringInfo(&other);
	for (int i = 1; again && i < MAX_PASSES; i++)
	{
		StringInfoData swap = *out;

		*out = other;
		other = swap;
		resetStringInfo(out);
		again = pass((PfStr) {other.data, other.len}, out);
	}
	pfree(other.data);
}
