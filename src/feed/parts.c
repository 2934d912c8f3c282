/*-------------------------------------------------------------------------
 *
 * parts.c
 *		What the XML formats share.
 *
 * Elements of Dublin Core and PRISM may stand in items of any feed, beside
 * core elements that say the same in other words.  They are gathered while
 * the item's children are walked once and weighed when all are known: the
 * core element first, then Dublin Core, then PRISM.
 *
 * Everything is palloc'd in CurrentMemoryContext or points into the tree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/parts.h"
#include "mb/pg_wchar.h"

/* xml:base attributes between an element and the root that are looked at. */
#define MAX_BASES	8

PfStr
pf_part_plain(const PfNode *node, int flags)
{
	if (node == NULL)
		return PF_STR_NONE;
	if (pf_element(node->child) != NULL)
		return pf_plain_str(pf_markup(node), flags | PF_PLAIN_HTML);
	return pf_plain_str(pf_text(node), flags);
}

PfStr
pf_part_link(const PfDoc *doc, const PfNode *node, PfStr ref)
{
	PfStr		bases[MAX_BASES];
	PfStr		base = doc->base;
	int			n = 0;

	if (pf_str_blank(ref))
		return PF_STR_NONE;

	/* A document that nobody knows the origin of names it, as a rule. */
	if (base.s == NULL)
		base = doc->info.self.s != NULL ? doc->info.self : doc->info.home;
	for (; node != NULL && n < MAX_BASES; node = node->parent)
	{
		for (const PfNode *a = node->child; a != NULL && a->kind == PF_NODE_ATTRIBUTE;
			 a = a->next)
		{
			if (pf_is_ns(a, PF_NS_XML, "base"))
			{
				bases[n++] = a->text;
				break;
			}
		}
	}
	while (n > 0)
	{
		PfStr		resolved = pf_url_resolve(base, bases[--n]);

		if (resolved.s != NULL)
			base = resolved;
	}
	return pf_url_resolve(base, ref);
}

PfStr
pf_part_page(const PfDoc *doc, const PfNode *node, PfStr ref)
{
	PfStr		url = pf_part_link(doc, node, ref);
	PfStr		page = url;
	PfStr		home = doc->info.home;

	if (home.len > 0 && home.s[home.len - 1] == '/')
		home.len--;
	if (page.len > 0 && page.s[page.len - 1] == '/')
		page.len--;
	return home.len > 0 && pf_str_eq(page, home) ? PF_STR_NONE : url;
}

bool
pf_part_is_pdf(PfStr url)
{
	for (int i = 0; i < url.len; i++)
	{
		if (url.s[i] == '?' || url.s[i] == '#')
			url.len = i;
	}
	return url.len > 4 &&
		pf_str_starts_nocase((PfStr) {url.s + url.len - 4, 4}, ".pdf");
}

/* Cut 'prefix' off the front, in any case; false if it is not there. */
static bool
cut(PfStr *a, const char *prefix)
{
	int			n;

	if (!pf_str_starts_nocase(*a, prefix))
		return false;
	n = (int) strlen(prefix);
	a->s += n;
	a->len -= n;
	return true;
}

PfStr
pf_part_doi(PfStr in)
{
	PfStr		a = pf_str_trim(in);
	int			slash = -1;

	if (cut(&a, "info:doi/") || cut(&a, "urn:doi:"))
		;
	else if (cut(&a, "https://") || cut(&a, "http://"))
	{
		if (!cut(&a, "doi.org/") && !cut(&a, "dx.doi.org/") && !cut(&a, "www.doi.org/") &&
			!cut(&a, "doi.acm.org/") && !cut(&a, "doi.ieeecomputersociety.org/"))
			return PF_STR_NONE;
		if (pf_str_starts(a, "10.") && memchr(a.s, '%', a.len) != NULL)
		{
			PfStr		decoded = pf_url_decode(a);

			/* What was encoded need not be text. */
			if (pg_encoding_verifymbstr(PG_UTF8, decoded.s, decoded.len) == decoded.len)
				a = decoded;
		}
	}
	else
		cut(&a, "doi.org/");
	if (cut(&a, "doi:"))
		a = pf_str_trim(a);

	/* "10.", a registrant, a slash and something that has no blanks. */
	if (a.len < 6 || a.s == NULL || memcmp(a.s, "10.", 3) != 0)
		return PF_STR_NONE;
	while (a.len > 0 && (a.s[a.len - 1] == ',' || a.s[a.len - 1] == ';'))
		a.len--;
	for (int i = 3; i < a.len; i++)
	{
		unsigned char c = (unsigned char) a.s[i];

		if (c <= ' ' || c == 0x7f)
			return PF_STR_NONE;
		if (slash < 0 && c == '/')
			slash = i;
		else if (slash < 0 && c != '.' && (c < '0' || c > '9'))
			return PF_STR_NONE;
	}
	if (slash < 4 || slash == a.len - 1)
		return PF_STR_NONE;
	return a;
}

bool
pf_part_add_doi(PfRecord *rec, PfStr in)
{
	PfStr		doi = pf_part_doi(in);

	if (doi.s == NULL)
		return false;
	if (rec->doi.s == NULL)
		rec->doi = doi;
	pf_part_add(&rec->ids, doi);
	return true;
}

void
pf_part_add_id(PfRecord *rec, PfStr in)
{
	if (!pf_part_add_doi(rec, in))
		pf_part_add(&rec->ids, in);
}

void
pf_part_add(PfStrings *list, PfStr a)
{
	if (pf_str_blank(a))
		return;
	for (int i = list->n - 1; i >= 0 && i >= list->n - PF_MAX_LOOKBACK; i--)
	{
		if (pf_str_eq(list->items[i], a))
			return;
	}
	pf_strings_add(list, a);
}

void
pf_part_add_to(PfPairs *pairs, const char *key, PfStr a)
{
	int			n = 0;

	if (pf_str_blank(a))
		return;
	for (int i = 0; i < pairs->n; i++)
	{
		if (pairs->items[i].type != PF_PAIR_LIST || strcmp(pairs->items[i].key, key) != 0)
			continue;
		if (pf_str_eq(pairs->items[i].value, a) || ++n == PF_MAX_EXTRA_LIST)
			return;
	}
	pf_pairs_add(pairs, key, PF_PAIR_LIST, a);
}

void
pf_part_set(PfPairs *pairs, const char *key, PfStr a)
{
	if (pf_str_blank(a))
		return;
	for (int i = 0; i < pairs->n; i++)
	{
		if (strcmp(pairs->items[i].key, key) == 0)
			return;
	}
	pf_pairs_add(pairs, key, PF_PAIR_STRING, a);
}

PfStr
pf_part_title_stop(PfStr title)
{
	const char *end;

	if (title.len < 2)
		return title;
	end = title.s + title.len;
	if (end[-1] != '.' || end[-2] == '.')
		return title;
	if (title.len > 3 && end[-3] == '.' &&
		((end[-2] >= 'A' && end[-2] <= 'Z') || (end[-2] >= 'a' && end[-2] <= 'z')))
		return title;
	title.len--;
	return title;
}

void
pf_extension_init(PfExtension *ext)
{
	memset(ext, 0, sizeof(PfExtension));
	ext->date = PF_NO_TIME;
	ext->modified = PF_NO_TIME;
	ext->cover = PF_NO_TIME;
}

static void
take_date(TimestampTz *at, const PfNode *node)
{
	PfStr		text;

	if (*at == PF_NO_TIME && (text = pf_text(node)).s != NULL)
		*at = pf_date(text);
}

static void
take_dc(const PfNode *child, PfRecord *rec, PfExtension *ext)
{
	if (pf_is(child, "creator"))
	{
		if (ext->creator == NULL)
			ext->creator = child;
	}
	else if (pf_is(child, "title"))
	{
		if (ext->title == NULL)
			ext->title = child;
	}
	else if (pf_is(child, "description") || pf_is(child, "abstract"))
	{
		if (ext->abstract == NULL)
			ext->abstract = child;
	}
	else if (pf_is(child, "identifier"))
		pf_part_add_id(rec, pf_text(child));
	else if (pf_is(child, "subject"))
		pf_part_add(&rec->categories, pf_part_plain(child, PF_PLAIN_HTML));
	else if (pf_is(child, "date") || pf_is(child, "issued") || pf_is(child, "created"))
		take_date(&ext->date, child);
	else if (pf_is(child, "modified"))
		take_date(&ext->modified, child);
	else if (pf_is(child, "rights") || pf_is(child, "license"))
	{
		if (rec->license.s == NULL || pf_is(child, "license"))
			rec->license = pf_text(child);
	}
	else if (pf_is(child, "source"))
	{
		if (ext->source == NULL)
			ext->source = child;
	}
}

static void
take_prism(const PfNode *child, PfRecord *rec, PfExtension *ext)
{
	if (pf_is(child, "doi"))
		pf_part_add_doi(rec, pf_text(child));
	else if (pf_is(child, "publicationName"))
	{
		if (ext->venue.s == NULL)
			ext->venue = pf_part_plain(child, PF_PLAIN_ALL);
	}
	else if (pf_is(child, "publicationDate") || pf_is(child, "coverDate"))
		take_date(&ext->cover, child);
	else if (pf_is(child, "modificationDate"))
		take_date(&ext->modified, child);
	else if (pf_is(child, "url"))
	{
		if (ext->url.s == NULL)
			ext->url = pf_text(child);
	}
	else if (pf_is(child, "section"))
	{
		if (ext->section.s == NULL)
			ext->section = pf_part_plain(child, PF_PLAIN_HTML);
	}
}

/* The names of the API (doi, journal_ref) and those of rss.arxiv.org (DOI, journal_reference). */
static void
take_arxiv(const PfNode *child, PfRecord *rec, PfExtension *ext)
{
	ext->arxiv = true;
	if (pf_is(child, "announce_type"))
		rec->announce = pf_text(child);
	else if (pf_is(child, "primary_category"))
	{
		PfStr		term = pf_attr(child, "term");

		/* First among the categories, wherever it stood before; but only once. */
		if (!ext->primary && !pf_str_blank(term))
		{
			PfStrings  *list = &rec->categories;
			int			at = 0;

			while (at < list->n && !pf_str_eq(list->items[at], term))
				at++;
			if (at == list->n)
				pf_strings_add(list, term);
			memmove(list->items + 1, list->items, at * sizeof(PfStr));
			list->items[0] = term;
			ext->primary = true;
		}
	}
	else if (pf_is(child, "comment"))
		pf_arxiv_comment(rec, pf_text(child));
	else if (pf_is(child, "journal_ref") || pf_is(child, "journal_reference"))
		ext->venue = pf_plain_str(pf_text(child), PF_PLAIN_ALL);
	else if (pf_is(child, "doi") || pf_is(child, "DOI"))
		pf_arxiv_dois(rec, pf_text(child));
	else if (pf_is(child, "license"))
		rec->license = pf_text(child);
}

void
pf_extension_take(const PfNode *child, PfRecord *rec, PfExtension *ext)
{
	switch (child->ns)
	{
		case PF_NS_DC:
			take_dc(child, rec, ext);
			break;
		case PF_NS_PRISM:
			take_prism(child, rec, ext);
			break;
		case PF_NS_ARXIV:
			take_arxiv(child, rec, ext);
			break;
		default:
			break;
	}
}

/* The feed's host, by its own word if need be. */
static PfStr
host_of(const PfDoc *doc)
{
	PfStr		address = doc->info.self.s != NULL ? doc->info.self : doc->info.home;
	PfUrl		url;

	if (doc->host.s != NULL)
		return doc->host;
	return address.s != NULL && pf_url_split(address, &url) ? url.host : PF_STR_NONE;
}

void
pf_extension_finish(const PfDoc *doc, PfRecord *rec, const PfExtension *ext, int flags)
{
	if (rec->title.s == NULL)
		rec->title = pf_part_plain(ext->title, flags);
	if (rec->abstract.s == NULL)
		rec->abstract = pf_part_plain(ext->abstract, flags);
	if (rec->published == PF_NO_TIME)
		rec->published = ext->date != PF_NO_TIME ? ext->date : ext->cover;
	if (rec->updated == PF_NO_TIME)
		rec->updated = ext->modified;
	if (rec->venue.s == NULL)
		rec->venue = ext->venue.s != NULL ? ext->venue : pf_part_plain(ext->source, flags);
	if (rec->url.s == NULL && ext->url.s != NULL)
		rec->url = pf_part_link(doc, NULL, ext->url);
	if (rec->categories.n == 0)
		pf_part_add(&rec->categories, ext->section);
	if (rec->source.s == NULL)
		rec->source = host_of(doc);
}

void
pf_extension_creators(PfRecord *rec, const PfExtension *ext, bool arxiv)
{
	if (ext->creator == NULL)
		return;
	for (const PfNode *n = ext->creator; n != NULL; n = n->next)
	{
		if (n->kind != PF_NODE_ELEMENT || !pf_is_ns(n, PF_NS_DC, "creator"))
			continue;
		if (arxiv)
			pf_arxiv_authors(&rec->authors, pf_text(n));
		else
			pf_names_split(&rec->authors, pf_part_plain(n, PF_PLAIN_ALL));
	}
}
