/*-------------------------------------------------------------------------
 *
 * tagscan.c
 *		The tags in a document, however badly it is made.
 *
 * For those who look for a few elements and their attributes, and not for the
 * text: the links of an HTML page, the outlines of OPML.  A tag is what HTML 5
 * takes for one (13.2.5), so values may do without quotes, & may stand alone,
 * and a quote too many spoils one attribute, not the document.  Comments,
 * declarations, processing instructions and CDATA sections are left out.
 *
 * The scan goes forward only.  What does not end (a comment, a quoted value, a
 * script) ends with the document, so nothing is looked at twice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/markup.h"
#include "common/tagscan.h"
#include "lib/stringinfo.h"

/* Behind the next 'what', ASCII case disregarded, or the end. */
static const char *
skip_past(const char *p, const char *end, const char *what)
{
	int			len = (int) strlen(what);

	while ((p = memchr(p, what[0], end - p)) != NULL)
	{
		if (end - p >= len && pg_strncasecmp(p, what, len) == 0)
			return p + len;
		p++;
	}
	return end;
}

/* Elements whose content is text, whatever it looks like. */
static const char *
raw_text_end(PfStr name)
{
	static const struct
	{
		const char *name;
		const char *end;
	}			elements[] = {
		{"iframe", "</iframe"}, {"noembed", "</noembed"}, {"noframes", "</noframes"},
		{"script", "</script"}, {"style", "</style"}, {"textarea", "</textarea"},
		{"title", "</title"}, {"xmp", "</xmp"}
	};

	for (int i = 0; i < (int) lengthof(elements); i++)
	{
		if (pf_str_eq_nocase(name, elements[i].name))
			return elements[i].end;
	}
	return NULL;
}

/* Read one attribute at 'p', where there is one; NULL if the document ends in it. */
static const char *
read_attribute(const char *p, const char *end, PfStr *name, PfStr *value)
{
	const char *s = p++;		/* whatever it is, even a = */

	while (p < end && !pf_is_space(*p) && *p != '/' && *p != '>' && *p != '=')
		p++;
	*name = (PfStr) {s, (int) (p - s)};
	*value = PF_STR_LIT("");
	while (p < end && pf_is_space(*p))
		p++;
	if (p >= end || *p != '=')
		return p;
	p++;
	while (p < end && pf_is_space(*p))
		p++;
	if (p < end && (*p == '"' || *p == '\''))
	{
		s = p + 1;
		p = memchr(s, *p, end - s);
		if (p == NULL)
			return NULL;
		*value = (PfStr) {s, (int) (p - s)};
		return p + 1;
	}
	s = p;
	while (p < end && !pf_is_space(*p) && *p != '>')
		p++;
	/* <x a=b/> is not HTML, but meant to be closed. */
	if (p < end && p > s + 1 && *p == '>' && p[-1] == '/')
		p--;
	*value = (PfStr) {s, (int) (p - s)};
	return p;
}

/* Read the tag whose name is at 'p'; NULL if the document ends in it. */
static const char *
read_tag(const char *p, const char *end, PfScannedTag *tag)
{
	const char *s = p;

	while (p < end && !pf_is_space(*p) && *p != '/' && *p != '>')
		p++;
	tag->name = (PfStr) {s, (int) (p - s)};
	tag->n = 0;
	tag->empty = false;
	while (p < end)
	{
		PfStr		name;
		PfStr		value;

		if (*p == '>')
			return p + 1;
		if (pf_is_space(*p) || *p == '/')
		{
			tag->empty |= *p++ == '/';
			continue;
		}
		tag->empty = false;
		p = read_attribute(p, end, &name, &value);
		if (p == NULL)
			return NULL;
		if (tag->n < PF_TAGSCAN_ATTRIBUTES)
		{
			tag->attributes[tag->n].name = name;
			tag->attributes[tag->n++].value = value;
		}
	}
	return NULL;
}

bool
pf_tagscan_next(PfTagScan *scan, PfScannedTag *tag)
{
	const char *end = scan->end;
	const char *p = scan->p;

	tag->before.s = p;
	while (p < end && (p = memchr(p, '<', end - p)) != NULL)
	{
		const char *start = p++;

		if (p >= end)
			break;
		if (*p == '!')
		{
			if (end - p >= 3 && memcmp(p, "!--", 3) == 0)
				p = skip_past(p + 1, end, "-->");	/* "<!-->" is one, too */
			else if (end - p >= 8 && memcmp(p, "![CDATA[", 8) == 0)
				p = skip_past(p + 8, end, "]]>");
			else
				p = skip_past(p, end, ">");
			continue;
		}
		if (*p == '?')
		{
			p = skip_past(p, end, ">");
			continue;
		}
		tag->closing = *p == '/';
		if (tag->closing)
			p++;
		if (p >= end || !pf_is_alpha((unsigned char) *p))
			continue;
		tag->before.len = (int) (start - tag->before.s);
		p = read_tag(p, end, tag);
		if (p == NULL)
			break;
		if (scan->html && !tag->closing && raw_text_end(tag->name) != NULL)
			p = skip_past(p, end, raw_text_end(tag->name));
		scan->p = p;
		return true;
	}
	scan->p = end;
	return false;
}

PfStr
pf_tagscan_value(const PfScannedTag *tag, const char *name)
{
	for (int i = 0; i < tag->n; i++)
	{
		PfStr		value = tag->attributes[i].value;
		StringInfoData out;

		if (!pf_str_eq_nocase(tag->attributes[i].name, name))
			continue;
		if (value.len > 0 && memchr(value.s, '&', value.len) != NULL)
		{
			initStringInfo(&out);
			pf_references(value, &out);
			value = (PfStr) {out.data, out.len};
		}
		return pf_str_trim(value);
	}
	return PF_STR_NONE;
}
