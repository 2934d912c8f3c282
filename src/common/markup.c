/*-------------------------------------------------------------------------
 *
 * markup.c
 *		Tags, attributes and character references, one at a time.
 *
 * A tag is one only if its name is known (or has the prefix of a known
 * vocabulary) and all of it is well-formed, so that "p<0.05", "a <b and c>"
 * and "<think>" stay text.  No scan goes past a character that cannot be in
 * what it looks for, so that text full of broken tags costs linear time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/markup.h"

#define MAX_NAME 31

static const struct
{
	const char *name;
	PfTagKind	kind;
}			tags[] = {
	{"a", PF_TAG_INLINE}, {"abbr", PF_TAG_INLINE}, {"abbrev", PF_TAG_INLINE},
	{"abstract", PF_TAG_BLOCK}, {"abstracttext", PF_TAG_BLOCK}, {"ack", PF_TAG_BLOCK},
	{"acronym", PF_TAG_INLINE}, {"address", PF_TAG_BLOCK},
	{"alternatives", PF_TAG_ALTERNATIVES}, {"annotation", PF_TAG_DROP},
	{"annotation-xml", PF_TAG_DROP}, {"area", PF_TAG_MAYBE}, {"article", PF_TAG_BLOCK},
	{"aside", PF_TAG_BLOCK}, {"attrib", PF_TAG_BLOCK}, {"audio", PF_TAG_INLINE},
	{"b", PF_TAG_INLINE}, {"base", PF_TAG_MAYBE}, {"bdi", PF_TAG_INLINE},
	{"bdo", PF_TAG_INLINE}, {"big", PF_TAG_INLINE}, {"blockquote", PF_TAG_BLOCK},
	{"body", PF_TAG_BLOCK}, {"bold", PF_TAG_INLINE}, {"boxed-text", PF_TAG_BLOCK},
	{"br", PF_TAG_BLOCK}, {"break", PF_TAG_BLOCK}, {"button", PF_TAG_MAYBE},
	{"canvas", PF_TAG_INLINE}, {"caption", PF_TAG_BLOCK}, {"center", PF_TAG_INLINE},
	{"chem-struct", PF_TAG_INLINE}, {"citationref", PF_TAG_INLINE}, {"cite", PF_TAG_INLINE},
	{"code", PF_TAG_INLINE}, {"col", PF_TAG_BLOCK}, {"colgroup", PF_TAG_BLOCK},
	{"compound-kwd", PF_TAG_INLINE}, {"content", PF_TAG_INLINE}, {"data", PF_TAG_MAYBE},
	{"dd", PF_TAG_BLOCK}, {"def", PF_TAG_BLOCK}, {"def-item", PF_TAG_BLOCK},
	{"def-list", PF_TAG_BLOCK}, {"del", PF_TAG_INLINE}, {"details", PF_TAG_BLOCK},
	{"dfn", PF_TAG_INLINE}, {"dialog", PF_TAG_MAYBE}, {"disp-formula", PF_TAG_BLOCK},
	{"disp-formula-group", PF_TAG_BLOCK}, {"disp-quote", PF_TAG_BLOCK}, {"div", PF_TAG_BLOCK},
	{"dl", PF_TAG_BLOCK}, {"dt", PF_TAG_BLOCK}, {"em", PF_TAG_INLINE},
	{"email", PF_TAG_INLINE}, {"embed", PF_TAG_INLINE}, {"emphasis", PF_TAG_INLINE},
	{"ext-link", PF_TAG_INLINE}, {"fieldset", PF_TAG_BLOCK}, {"fig", PF_TAG_BLOCK},
	{"figcaption", PF_TAG_BLOCK}, {"figure", PF_TAG_BLOCK}, {"fixed-case", PF_TAG_INLINE},
	{"fn", PF_TAG_INLINE}, {"fn-group", PF_TAG_INLINE}, {"font", PF_TAG_INLINE},
	{"footer", PF_TAG_BLOCK}, {"form", PF_TAG_MAYBE}, {"frame", PF_TAG_MAYBE},
	{"glyph-data", PF_TAG_INLINE}, {"glyph-ref", PF_TAG_INLINE}, {"graphic", PF_TAG_BLOCK},
	{"h1", PF_TAG_BLOCK}, {"h2", PF_TAG_BLOCK}, {"h3", PF_TAG_BLOCK}, {"h4", PF_TAG_BLOCK},
	{"h5", PF_TAG_BLOCK}, {"h6", PF_TAG_BLOCK}, {"head", PF_TAG_BLOCK},
	{"header", PF_TAG_BLOCK}, {"hgroup", PF_TAG_BLOCK}, {"hr", PF_TAG_BLOCK},
	{"html", PF_TAG_BLOCK}, {"i", PF_TAG_INLINE}, {"iframe", PF_TAG_INLINE},
	{"image", PF_TAG_MAYBE}, {"img", PF_TAG_MAYBE}, {"inf", PF_TAG_SUB},
	{"inline-formula", PF_TAG_INLINE}, {"inline-graphic", PF_TAG_INLINE},
	{"inline-media", PF_TAG_INLINE}, {"inline-supplementary-material", PF_TAG_INLINE},
	{"input", PF_TAG_MAYBE}, {"ins", PF_TAG_INLINE}, {"institution", PF_TAG_INLINE},
	{"italic", PF_TAG_INLINE}, {"kbd", PF_TAG_INLINE}, {"label", PF_TAG_INLINE},
	{"legend", PF_TAG_BLOCK}, {"li", PF_TAG_BLOCK}, {"link", PF_TAG_MAYBE},
	{"list", PF_TAG_BLOCK}, {"list-item", PF_TAG_BLOCK}, {"maction", PF_TAG_MROW},
	{"main", PF_TAG_BLOCK}, {"maligngroup", PF_TAG_MROW}, {"malignmark", PF_TAG_MROW},
	{"map", PF_TAG_MAYBE}, {"mark", PF_TAG_INLINE}, {"math", PF_TAG_MATH},
	{"menclose", PF_TAG_MROW}, {"menu", PF_TAG_MAYBE}, {"merror", PF_TAG_MROW},
	{"meter", PF_TAG_MAYBE}, {"mfenced", PF_TAG_MFENCED}, {"mfrac", PF_TAG_MFRAC},
	{"mglyph", PF_TAG_MROW}, {"mi", PF_TAG_MI}, {"milestone-end", PF_TAG_INLINE},
	{"milestone-start", PF_TAG_INLINE}, {"mlabeledtr", PF_TAG_MTR},
	{"mmultiscripts", PF_TAG_MMULTISCRIPTS}, {"mn", PF_TAG_MN}, {"mo", PF_TAG_MO},
	{"monospace", PF_TAG_INLINE}, {"mover", PF_TAG_MOVER}, {"mpadded", PF_TAG_MROW},
	{"mphantom", PF_TAG_DROP}, {"mprescripts", PF_TAG_MPRESCRIPTS}, {"mroot", PF_TAG_MROOT},
	{"mrow", PF_TAG_MROW}, {"ms", PF_TAG_MTEXT}, {"mspace", PF_TAG_MSPACE},
	{"msqrt", PF_TAG_MSQRT}, {"mstyle", PF_TAG_MROW}, {"msub", PF_TAG_MSUB},
	{"msubsup", PF_TAG_MSUBSUP}, {"msup", PF_TAG_MSUP}, {"mtable", PF_TAG_MROW},
	{"mtd", PF_TAG_MTD}, {"mtext", PF_TAG_MTEXT}, {"mtr", PF_TAG_MTR},
	{"munder", PF_TAG_MUNDER}, {"munderover", PF_TAG_MUNDEROVER},
	{"named-content", PF_TAG_INLINE}, {"nav", PF_TAG_BLOCK}, {"nobr", PF_TAG_INLINE},
	{"none", PF_TAG_MROW}, {"noscript", PF_TAG_INLINE}, {"object", PF_TAG_MAYBE},
	{"object-id", PF_TAG_DROP}, {"ol", PF_TAG_BLOCK}, {"optgroup", PF_TAG_BLOCK},
	{"option", PF_TAG_MAYBE}, {"output", PF_TAG_MAYBE}, {"overline", PF_TAG_INLINE},
	{"p", PF_TAG_BLOCK}, {"para", PF_TAG_BLOCK}, {"param", PF_TAG_MAYBE},
	{"picture", PF_TAG_INLINE}, {"pre", PF_TAG_BLOCK}, {"private-char", PF_TAG_INLINE},
	{"progress", PF_TAG_MAYBE}, {"q", PF_TAG_QUOTE}, {"quote", PF_TAG_QUOTE},
	{"rb", PF_TAG_INLINE}, {"related-article", PF_TAG_INLINE},
	{"related-object", PF_TAG_INLINE}, {"roman", PF_TAG_INLINE}, {"rp", PF_TAG_INLINE},
	{"rt", PF_TAG_INLINE}, {"ruby", PF_TAG_INLINE}, {"s", PF_TAG_MAYBE},
	{"samp", PF_TAG_INLINE}, {"sans-serif", PF_TAG_INLINE}, {"sc", PF_TAG_INLINE},
	{"script", PF_TAG_DROP}, {"search", PF_TAG_MAYBE}, {"sec", PF_TAG_BLOCK},
	{"section", PF_TAG_BLOCK}, {"select", PF_TAG_MAYBE}, {"semantics", PF_TAG_MROW},
	{"simplepara", PF_TAG_BLOCK}, {"slot", PF_TAG_MAYBE}, {"small", PF_TAG_INLINE},
	{"source", PF_TAG_MAYBE}, {"span", PF_TAG_INLINE}, {"speech", PF_TAG_BLOCK},
	{"statement", PF_TAG_BLOCK}, {"strike", PF_TAG_INLINE}, {"strong", PF_TAG_INLINE},
	{"style", PF_TAG_DROP}, {"styled-content", PF_TAG_INLINE}, {"sub", PF_TAG_SUB},
	{"subscript", PF_TAG_SUB}, {"summary", PF_TAG_MAYBE}, {"sup", PF_TAG_SUP},
	{"superscript", PF_TAG_SUP}, {"supplementary-material", PF_TAG_INLINE},
	{"svg", PF_TAG_INLINE}, {"table", PF_TAG_BLOCK}, {"table-wrap", PF_TAG_BLOCK},
	{"target", PF_TAG_INLINE}, {"tbody", PF_TAG_BLOCK}, {"td", PF_TAG_BLOCK},
	{"template", PF_TAG_DROP}, {"term", PF_TAG_BLOCK}, {"tex-math", PF_TAG_TEX},
	{"tfoot", PF_TAG_BLOCK}, {"th", PF_TAG_BLOCK}, {"thead", PF_TAG_BLOCK},
	{"time", PF_TAG_MAYBE}, {"title", PF_TAG_TITLE}, {"tr", PF_TAG_BLOCK},
	{"track", PF_TAG_MAYBE}, {"trans-abstract", PF_TAG_BLOCK}, {"tt", PF_TAG_INLINE},
	{"u", PF_TAG_INLINE}, {"ul", PF_TAG_BLOCK}, {"underline", PF_TAG_INLINE},
	{"uri", PF_TAG_INLINE}, {"var", PF_TAG_INLINE}, {"verse-group", PF_TAG_BLOCK},
	{"verse-line", PF_TAG_BLOCK}, {"video", PF_TAG_INLINE}, {"wbr", PF_TAG_INLINE},
	{"xref", PF_TAG_INLINE}
};

/* Windows-1252's characters where ISO 8859-1 has controls. */
static const uint16 windows[32] = {
	0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
	0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
	0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
	0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178
};

static inline char
lower(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char) (c | 0x20) : c;
}

static PfTagKind
tag_kind(PfStr name)
{
	char		buf[MAX_NAME + 1];
	int			low = 0;
	int			high = lengthof(tags) - 1;

	for (int i = 0; i < name.len; i++)
		buf[i] = lower(name.s[i]);
	buf[name.len] = '\0';
	while (low <= high)
	{
		int			mid = (low + high) / 2;
		int			cmp = strcmp(buf, tags[mid].name);

		if (cmp == 0)
			return tags[mid].kind;
		if (cmp < 0)
			high = mid - 1;
		else
			low = mid + 1;
	}
	return PF_TAG_UNKNOWN;
}

/* Attributes that may do without a value. */
static bool
is_boolean_attribute(PfStr name)
{
	static const char *const names[] = {
		"allowfullscreen", "async", "autoplay", "checked", "compact", "controls", "defer",
		"disabled", "hidden", "loop", "muted", "noshade", "nowrap", "open", "readonly",
		"required", "reversed", "selected"
	};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (pf_str_eq_nocase(name, names[i]))
			return true;
	}
	return false;
}

static inline bool
is_name_char(unsigned char c)
{
	return pf_is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '@';
}

/*
 * Read one attribute at *p.  False if there is none, or it is broken; then
 * *p is where it broke.
 */
static bool
read_attribute(const char **at, const char *end, PfStr *name, PfStr *value)
{
	const char *p = *at;
	const char *s;

	while (p < end && is_name_char(*p))
		p++;
	*name = (PfStr) {*at, (int) (p - *at)};
	*value = PF_STR_NONE;
	*at = p;
	if (name->len == 0)
		return false;

	while (p < end && pf_is_space(*p))
		p++;
	if (p >= end || *p != '=')
		return is_boolean_attribute(*name);
	p++;
	while (p < end && pf_is_space(*p))
		p++;
	if (p >= end)
		return false;
	if (*p == '"' || *p == '\'')
	{
		s = p + 1;
		p = memchr(s, *p, end - s);
		if (p == NULL)
			return false;
		*value = (PfStr) {s, (int) (p - s)};
		*at = p + 1;
		return true;
	}
	s = p;
	while (p < end && !pf_is_space(*p) && strchr("\"'<>=`", *p) == NULL && *p != '\0')
		p++;
	if (p < end && *p == '>' && p > s && p[-1] == '/')
		p--;
	*value = (PfStr) {s, (int) (p - s)};
	*at = p;
	return p > s;
}

/* Is there a tag at p (which is a '<')? */
bool
pf_read_tag(const char *p, const char *end, PfTag *tag)
{
	const char *s;

	memset(tag, 0, sizeof(*tag));
	p++;
	if (p < end && *p == '/')
	{
		tag->closing = true;
		p++;
	}
	if (p >= end || !pf_is_alpha(*p))
		return false;

	s = p;
	while (p < end && (pf_is_alnum(*p) || *p == '-') && p - s <= MAX_NAME)
		p++;
	tag->name = (PfStr) {s, (int) (p - s)};
	if (p < end && *p == ':')
	{
		bool		known = pf_str_eq_nocase(tag->name, "jats") ||
			pf_str_eq_nocase(tag->name, "mml") || pf_str_eq_nocase(tag->name, "m");

		s = ++p;
		while (p < end && (pf_is_alnum(*p) || *p == '-') && p - s <= MAX_NAME)
			p++;
		if (p == s)
			return false;
		tag->name = (PfStr) {s, (int) (p - s)};
		if (known)
			tag->kind = PF_TAG_INLINE;
	}
	if (tag->name.len > MAX_NAME)
		return false;
	{
		PfTagKind	kind = tag_kind(tag->name);

		if (kind != PF_TAG_UNKNOWN && !(kind == PF_TAG_MAYBE && tag->kind == PF_TAG_INLINE))
			tag->kind = kind;
	}
	if (tag->kind == PF_TAG_UNKNOWN)
		return false;

	tag->attributes.s = p;
	for (;;)
	{
		const char *before = p;
		PfStr		name;
		PfStr		value;

		while (p < end && pf_is_space(*p))
			p++;
		if (p >= end)
			return false;
		if (*p == '>' || (*p == '/' && p + 1 < end && p[1] == '>'))
		{
			tag->attributes.len = (int) (p - tag->attributes.s);
			tag->empty = (*p == '/');
			tag->end = p + (tag->empty ? 2 : 1);
			break;
		}
		if (tag->closing || p == before || !read_attribute(&p, end, &name, &value))
			return false;
		tag->n_attributes++;
	}
	return true;
}

/* The value of an attribute as it is written, or none. */
PfStr
pf_tag_attribute(const PfTag *tag, const char *name)
{
	const char *p = tag->attributes.s;
	const char *end = p + tag->attributes.len;
	PfStr		at;
	PfStr		value;

	for (;;)
	{
		while (p < end && pf_is_space(*p))
			p++;
		if (p >= end || !read_attribute(&p, end, &at, &value))
			return PF_STR_NONE;
		if (pf_str_eq_nocase(at, name))
			return value;
	}
}

/*
 * Resolve the reference at p (which is an '&'): its length, or 0 if it is
 * none.  What it stands for is *text, or the character *c if that is not 0.
 */
int
pf_read_reference(const char *p, const char *end, PfStr *text, uint32 *c)
{
	static const char *const bare[] = {"amp", "lt", "gt", "quot", "nbsp"};
	const char *s = p + 1;
	const char *e = s;

	*c = 0;
	if (s < end && *s == '#')
	{
		uint32		base = 10;
		uint32		n = 0;
		const char *digits;

		s++;
		if (s < end && (*s == 'x' || *s == 'X'))
		{
			base = 16;
			s++;
		}
		for (digits = s; s < end; s++)
		{
			char		d = lower(*s);

			if (pf_is_digit(d))
				n = n * base + (d - '0');
			else if (base == 16 && d >= 'a' && d <= 'f')
				n = n * base + (d - 'a' + 10);
			else
				break;
			if (n > 0x10FFFF)
				n = 0x110000;	/* too big stays too big */
		}
		if (s == digits)
			return 0;
		if (n >= 128 && n < 160)
			n = windows[n - 128];
		if (n == 0 || n > 0x10FFFF || (n >= 0xD800 && n <= 0xDFFF))
			n = 0xFFFD;
		*c = n;
		if (s < end && *s == ';')
			s++;
		return (int) (s - p);
	}

	while (e < end && pf_is_alnum(*e) && e - s <= MAX_NAME)
		e++;
	if (e < end && *e == ';')
	{
		*text = pf_entity((PfStr) {s, (int) (e - s)});
		return text->s != NULL ? (int) (e + 1 - p) : 0;
	}
	/* The semicolon is left out often enough behind these. */
	for (int i = 0; i < (int) lengthof(bare); i++)
	{
		if (e - s == (int) strlen(bare[i]) && memcmp(s, bare[i], e - s) == 0 &&
			!(e < end && (*e == '=' || *e == '_')))
		{
			*text = pf_entity((PfStr) {s, (int) (e - s)});
			return (int) (e - p);
		}
	}
	return 0;
}

/* Append 'in' with its references resolved, once. */
void
pf_references(PfStr in, StringInfo out)
{
	const char *p = in.s;
	const char *end = in.s + in.len;

	while (p < end)
	{
		const char *amp = memchr(p, '&', end - p);
		PfStr		text;
		uint32		c;
		int			len;

		if (amp == NULL)
			amp = end;
		appendBinaryStringInfo(out, p, amp - p);
		p = amp;
		if (p >= end)
			break;
		len = pf_read_reference(p, end, &text, &c);
		if (len == 0)
			pf_put(out, '&');
		else if (c != 0)
			pf_put_char(out, c);
		else
			appendBinaryStringInfo(out, text.s, text.len);
		p += Max(len, 1);
	}
}
