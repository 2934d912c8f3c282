/*-------------------------------------------------------------------------
 *
 * html_links.c
 *		Links of an HTML page that lead to feeds.
 *
 * A page names its feeds by <link rel="alternate" type="application/rss+xml">,
 * as all readers of feeds look for.  Many a publisher's page has no more than
 * an <a> somewhere, so what looks like the address of a feed counts too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/tagscan.h"
#include "common/text.h"
#include "common/urls.h"
#include "feed/html_links.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define MAX_TITLE	200			/* bytes */
#define MAX_URL		2048

/* ----------------------------------------------------------------
 * What looks like a feed
 * ----------------------------------------------------------------
 */

static bool
ends_with(PfStr a, const char *end)
{
	int			len = (int) strlen(end);

	return a.len >= len && pf_str_eq_nocase((PfStr) {a.s + a.len - len, len}, end);
}

static bool
contains(PfStr a, const char *word)
{
	int			len = (int) strlen(word);

	for (int i = 0; i + len <= a.len; i++)
	{
		if (pg_strncasecmp(a.s + i, word, len) == 0)
			return true;
	}
	return false;
}

static bool
names_feed(PfStr a)
{
	return contains(a, "rss") || contains(a, "atom") || contains(a, "feed");
}

/* "rss", "atom.php": a part of a path that can be nothing else. */
static bool
is_feed_word(PfStr a)
{
	static const char *const words[] = {
		"rss", "rss2", "atom", "rdf", "feed", "feeds", "rss.php", "atom.php", "feed.php",
		"index.rdf", "index.xml"
	};

	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (pf_str_eq_nocase(a, words[i]))
			return true;
	}
	return false;
}

static bool
is_feed_file(PfStr a)
{
	return ends_with(a, ".rss") || ends_with(a, ".atom") || ends_with(a, ".rdf") ||
		ends_with(a, "_xml.php") ||
		((ends_with(a, ".xml") || ends_with(a, ".json")) && names_feed(a));
}

/* A page about feeds, a picture of their sign ... */
static bool
is_other_file(PfStr a)
{
	static const char *const ends[] = {
		".css", ".gif", ".htm", ".html", ".ico", ".jpg", ".js", ".pdf", ".png", ".svg"
	};

	for (int i = 0; i < (int) lengthof(ends); i++)
	{
		if (ends_with(a, ends[i]))
			return true;
	}
	return false;
}

/* "format=rss", "feed=rss2", "alt=atom", "rss=1" */
static bool
query_names_feed(PfStr query)
{
	static const char *const names[] = {"alt", "feed", "format", "output", "type", "view"};
	PfStrings	params = {0};

	pf_strings_split(&params, query, "&;");
	for (int i = 0; i < params.n; i++)
	{
		PfStr		value = pf_str_find(params.items[i], "=");
		PfStr		name = {params.items[i].s, params.items[i].len - value.len};

		if (pf_str_eq_nocase(name, "rss"))
			return true;
		for (int j = 0; j < (int) lengthof(names); j++)
		{
			if (pf_str_eq_nocase(name, names[j]) &&
				(contains(value, "rss") || contains(value, "atom")))
				return true;
		}
	}
	return false;
}

static bool
looks_like_feed(PfStr url)
{
	PfStrings	path = {0};
	PfUrl		parts;

	if (!pf_url_split(url, &parts))
		return false;
	pf_strings_split(&path, parts.path, "/");
	if (path.n > 0 && is_other_file(path.items[path.n - 1]))
		return false;
	for (int i = 0; i < path.n; i++)
	{
		if (is_feed_word(path.items[i]))
			return true;
	}
	return (path.n > 0 && is_feed_file(path.items[path.n - 1])) || query_names_feed(parts.query) ||
		(path.n > 0 && (pf_str_starts_nocase(parts.host, "rss.") ||
						pf_str_starts_nocase(parts.host, "feeds.")));
}

/* ----------------------------------------------------------------
 * Links
 * ----------------------------------------------------------------
 */

/* What a media type stands for; NULL if it is of no feed. */
static const char *
feed_type(PfStr type, bool looks_so)
{
	static const struct
	{
		const char *type;
		const char *name;
		bool		sure;		/* it is not used for anything else */
	}			known[] = {
		{"application/atom+xml", "atom", true},
		{"application/rss+xml", "rss", true},
		{"application/rdf+xml", "rdf", true},
		{"application/feed+json", "json feed", true},
		{"application/json", "json feed", false},
		{"application/xml", "xml", false},
		{"text/xml", "xml", false},
	};
	const char *semicolon = type.len > 0 ? memchr(type.s, ';', type.len) : NULL;

	if (semicolon != NULL)
		type = pf_str_trim((PfStr) {type.s, (int) (semicolon - type.s)});
	for (int i = 0; i < (int) lengthof(known); i++)
	{
		if (pf_str_eq_nocase(type, known[i].type))
			return known[i].sure || looks_so ? known[i].name : NULL;
	}
	return NULL;
}

static bool
has_word(PfStr list, const char *word)
{
	PfStrings	words = {0};

	pf_strings_split(&words, list, " \t\r\n\f");
	for (int i = 0; i < words.n; i++)
	{
		if (pf_str_eq_nocase(words.items[i], word))
			return true;
	}
	return false;
}

static PfStr
resolve(PfStr base, PfStr href)
{
	PfStr		url = pf_str_blank(href) ? PF_STR_NONE : pf_url_resolve(base, href);
	const char *hash = url.len > 0 ? memchr(url.s, '#', url.len) : NULL;

	if (hash != NULL)
		url.len = (int) (hash - url.s);
	if (url.len > MAX_URL ||
		!(pf_str_starts_nocase(url, "http://") || pf_str_starts_nocase(url, "https://")))
		return PF_STR_NONE;
	return url;
}

static PfStr
short_title(PfStr title)
{
	title = pf_str_blank(title) ? PF_STR_NONE : pf_plain_str(title, PF_PLAIN_HTML);
	if (title.len > MAX_TITLE)
		title.len = pg_encoding_mbcliplen(PG_UTF8, title.s, title.len, MAX_TITLE);
	return title;
}

/* <link>: false if it leads to no feed. */
static bool
read_link(const PfScannedTag *tag, PfStr base, PfHtmlLink *link)
{
	PfStr		rel = pf_tagscan_value(tag, "rel");
	PfStr		type = pf_tagscan_value(tag, "type");
	bool		looks_so;

	if (!(has_word(rel, "alternate") || has_word(rel, "feed")) || has_word(rel, "stylesheet"))
		return false;
	link->alternate = true;
	link->url = resolve(base, pf_tagscan_value(tag, "href"));
	if (link->url.s == NULL)
		return false;
	looks_so = looks_like_feed(link->url);
	link->type = feed_type(type, looks_so);
	link->title = short_title(pf_tagscan_value(tag, "title"));
	/* Without a type it may be the page in another language. */
	return link->type != NULL || (pf_str_blank(type) && (looks_so || has_word(rel, "feed")));
}

static bool
read_anchor(const PfScannedTag *tag, PfStr base, PfHtmlLink *link)
{
	PfStr		type = pf_tagscan_value(tag, "type");

	link->alternate = false;
	link->url = resolve(base, pf_tagscan_value(tag, "href"));
	if (link->url.s == NULL)
		return false;
	link->type = feed_type(type, true);
	link->title = short_title(pf_tagscan_value(tag, "title"));
	return link->type != NULL || looks_like_feed(link->url);
}

bool
pf_html_links(PfStr page, PfStr base, PfHtmlLinkFn fn, void *arg)
{
	MemoryContext upper = CurrentMemoryContext;
	MemoryContext each = AllocSetContextCreate(upper, "paperfeed link", ALLOCSET_DEFAULT_SIZES);
	MemoryContext open = AllocSetContextCreate(upper, "paperfeed anchor", ALLOCSET_DEFAULT_SIZES);
	PfTagScan	scan = {page.s, page.s + page.len, true};
	PfScannedTag *tag = palloc(sizeof(PfScannedTag));
	PfHtmlLink	anchor = {0};	/* that is open, waiting for its text */
	StringInfoData text;
	bool		in_anchor = false;
	bool		has_base = false;
	bool		is_html = false;

	initStringInfo(&text);
	while (pf_tagscan_next(&scan, tag))
	{
		PfHtmlLink	link = {0};

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(each);
		MemoryContextSwitchTo(each);
		if (in_anchor && text.len < MAX_TITLE * 4)
		{
			/* An icon and words, say: tags stand for blanks. */
			appendBinaryStringInfo(&text, tag->before.s,
								   pg_encoding_mbcliplen(PG_UTF8, tag->before.s, tag->before.len,
														 MAX_TITLE * 4));
			appendStringInfoChar(&text, ' ');
		}
		if (in_anchor && pf_str_eq_nocase(tag->name, "a"))
		{
			if (anchor.title.s == NULL)
				anchor.title = short_title((PfStr) {text.data, text.len});
			MemoryContextSwitchTo(upper);
			fn(&anchor, arg);
			MemoryContextSwitchTo(each);
			in_anchor = false;
		}

		is_html |= pf_str_eq_nocase(tag->name, "html") || pf_str_eq_nocase(tag->name, "head") ||
			pf_str_eq_nocase(tag->name, "body") || pf_str_eq_nocase(tag->name, "a");
		if (!tag->closing && pf_str_eq_nocase(tag->name, "base") && !has_base)
		{
			PfStr		url = resolve(base, pf_tagscan_value(tag, "href"));

			MemoryContextSwitchTo(upper);
			if (url.s != NULL)
				base = pf_str_dup(url);
			has_base = url.s != NULL;
		}
		else if (!tag->closing && pf_str_eq_nocase(tag->name, "link") &&
				 read_link(tag, base, &link))
		{
			MemoryContextSwitchTo(upper);
			fn(&link, arg);
		}
		else if (!tag->closing && pf_str_eq_nocase(tag->name, "a"))
		{
			MemoryContextReset(open);
			MemoryContextSwitchTo(open);
			in_anchor = read_anchor(tag, base, &anchor);
			resetStringInfo(&text);
		}
		MemoryContextSwitchTo(upper);
	}
	if (in_anchor)
		fn(&anchor, arg);
	MemoryContextDelete(each);
	MemoryContextDelete(open);
	return is_html;
}
