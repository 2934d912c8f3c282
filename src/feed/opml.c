/*-------------------------------------------------------------------------
 *
 * opml.c
 *		OPML, in which readers of feeds hand on lists of them.
 *
 *	<opml><body>
 *		<outline text="Folder">
 *			<outline type="rss" text="Name" xmlUrl="https://..." category="a,b"/>
 *
 * All that matters is tags and their attributes, so an XML parser would bring
 * what must be kept from it (entities, declarations, limits on attributes) and
 * nothing that is needed.  And of a tag that is not well-formed, as people and
 * programs do make them, it would lose the address.
 *
 * What programs write differs: the case of names, "url" for "xmlUrl", folders
 * in folders, feeds in several of them, names in "text" or "title" or both.
 * Categories are parted by commas, and those that begin with a slash are
 * paths of folders; a tag that has such characters is percent-encoded, as far
 * as it must be (pf_opml_category).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/tagscan.h"
#include "feed/opml.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define MAX_DEPTH	32			/* of outlines whose names are remembered */
#define MAX_TAGS	256			/* of an outline that are handed on */
#define MAX_CATEGORIES	65536	/* bytes of an attribute "category" that are read */

static PfStr
get_address(const PfScannedTag *tag)
{
	PfStr		url = pf_tagscan_value(tag, "xmlUrl");
	PfStr		type;

	if (url.s != NULL)
		return url;
	type = pf_tagscan_value(tag, "type");
	if (!pf_str_eq_nocase(type, "rss") && !pf_str_eq_nocase(type, "atom"))
		return PF_STR_NONE;
	url = pf_tagscan_value(tag, "url");
	return url.s != NULL ? url : PF_STR_LIT("");
}

/* The first of its names; what is no more than the address is none. */
static PfStr
get_name(const PfScannedTag *tag, PfStr url)
{
	PfStr		text = pf_tagscan_value(tag, "text");
	PfStr		title = pf_tagscan_value(tag, "title");

	if (pf_str_blank(text) || (title.s != NULL && pf_str_eq(text, url)))
		text = title;
	else if (pf_str_eq(text, url))
		return PF_STR_NONE;
	return pf_str_blank(text) ? PF_STR_NONE : text;
}

static void
add_tag(PfStrings *tags, PfStr tag)
{
	if (!pf_str_blank(tag) && tags->n < MAX_TAGS)
		pf_strings_add(tags, tag);
}

/* What pf_opml_category encodes, and nothing else. */
static PfStr
decode(PfStr in)
{
	StringInfoData out;

	if (in.len == 0 || memchr(in.s, '%', in.len) == NULL)
		return in;
	initStringInfo(&out);
	for (int i = 0; i < in.len; i++)
	{
		PfStr		rest = {in.s + i, in.len - i};
		char		c = in.s[i];

		if (pf_str_starts_nocase(rest, "%2c"))
			c = ',';
		else if (pf_str_starts_nocase(rest, "%2f"))
			c = '/';
		if (c != in.s[i] || pf_str_starts(rest, "%25"))
			i += 2;
		appendStringInfoChar(&out, c);
	}
	return (PfStr) {out.data, out.len};
}

PfStr
pf_opml_category(PfStr tag)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < tag.len; i++)
	{
		char		c = tag.s[i];

		if (c == ',' || c == '%' || (c == '/' && i == 0))
			appendStringInfo(&out, "%%%02X", (unsigned char) c);
		else
			appendStringInfoChar(&out, c);
	}
	return (PfStr) {out.data, out.len};
}

static void
add_categories(PfStrings *tags, PfStr categories)
{
	PfStrings	list = {0};

	if (categories.len > MAX_CATEGORIES)
		categories.len = pg_encoding_mbcliplen(PG_UTF8, categories.s, categories.len,
											   MAX_CATEGORIES);
	pf_strings_split(&list, categories, ",");
	for (int i = 0; i < list.n && tags->n < MAX_TAGS; i++)
	{
		PfStrings	path = {0};

		if (list.items[i].s[0] == '/')
			pf_strings_split(&path, list.items[i], "/");
		else
			pf_strings_add(&path, list.items[i]);
		for (int j = 0; j < path.n; j++)
			add_tag(tags, decode(path.items[j]));
	}
}

/* A name for messages: short, and whole characters of it. */
static const char *
no_opml(const PfScannedTag *tag)
{
	for (int i = 0; i < tag->name.len; i++)
	{
		if (i > 64 || (unsigned char) tag->name.s[i] >= 0x80)
			return pstrdup("it has another root element than <opml>");
	}
	return psprintf("its root element is <%.*s>, not <opml>", tag->name.len, tag->name.s);
}

const char *
pf_opml_read(PfStr document, PfOutlineFn fn, void *arg, bool *cut_off)
{
	MemoryContext upper = CurrentMemoryContext;
	MemoryContext each = AllocSetContextCreate(upper, "paperfeed outline", ALLOCSET_DEFAULT_SIZES);
	PfTagScan	scan = {document.s, document.s + document.len, false};
	PfScannedTag *tag = palloc(sizeof(PfScannedTag));
	PfStr		folders[MAX_DEPTH]; /* names of the open outlines; none if one is a feed */
	int			depth = 0;
	bool		began = false;

	*cut_off = true;
	while (pf_tagscan_next(&scan, tag))
	{
		PfOutline	outline = {0};

		CHECK_FOR_INTERRUPTS();
		if (!began && !pf_str_eq_nocase(tag->name, "opml"))
			return no_opml(tag);
		began = true;
		if (pf_str_eq_nocase(tag->name, "opml") && (tag->closing || tag->empty))
			*cut_off = false;
		if (!pf_str_eq_nocase(tag->name, "outline"))
			continue;
		if (tag->closing)
		{
			depth = Max(depth - 1, 0);
			continue;
		}

		outline.url = get_address(tag);
		if (outline.url.s != NULL)
		{
			MemoryContextSwitchTo(each);
			outline.title = get_name(tag, outline.url);
			for (int i = 0; i < Min(depth, MAX_DEPTH); i++)
				add_tag(&outline.tags, folders[i]);
			add_categories(&outline.tags, pf_tagscan_value(tag, "category"));
			MemoryContextSwitchTo(upper);
			fn(&outline, arg);
			MemoryContextReset(each);
		}
		if (tag->empty)
			continue;
		if (depth < MAX_DEPTH)
			folders[depth] = outline.url.s != NULL ? PF_STR_NONE : get_name(tag, PF_STR_NONE);
		depth++;
	}
	MemoryContextDelete(each);
	return began ? NULL : "it has no elements";
}
