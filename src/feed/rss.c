/*-------------------------------------------------------------------------
 *
 * rss.c
 *		RSS 0.90 to 2.0 and RSS 1.0 in RDF, with the modules that publishers
 *		of papers use.
 *
 * Items stand in the channel or, in RDF, beside it.  An item's children are
 * walked once; what must be weighed (description against content, pubDate
 * against dc:date) is kept until all are known.
 *
 * Two publishers have dialects.  arXiv puts identifier, kind of announcement
 * and abstract into the description; its pubDate is the day of the
 * announcement, which is the paper's own date only when the paper is new.
 * bioRxiv and medRxiv name the version in a short link only, from which the
 * address of the page is made.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/parts.h"

#define MAX_SKIP	24			/* hours or days that are listed */

typedef struct Item
{
	const PfNode *title;
	const PfNode *description;
	const PfNode *content;		/* content:encoded */
	const PfNode *author;		/* the first; the others are siblings */
	PfStr		guid;
	PfStr		link;			/* not resolved */
	const PfNode *link_node;
	bool		guid_is_link;
	TimestampTz date;			/* pubDate */
	PfExtension ext;
} Item;

/*
 * Is the element one of RSS's own?  Some feeds give their elements a name
 * space that is in no list.
 */
static bool
is_core(const PfNode *node, const PfNode *item)
{
	return node->ns == item->ns || node->ns == PF_NS_RSS || node->ns == PF_NS_NONE;
}

static void
take_enclosure(const PfDoc *doc, PfRecord *rec, const PfNode *c, PfStr url)
{
	PfStr		type = pf_attr(c, "type");

	if (rec->pdf_url.s == NULL &&
		(pf_str_starts_nocase(type, "application/pdf") ||
		 (pf_str_blank(type) && pf_part_is_pdf(url))))
		rec->pdf_url = pf_part_link(doc, c, url);
}

static void
take_core(const PfDoc *doc, PfRecord *rec, Item *item, const PfNode *c)
{
	if (pf_is(c, "title"))
	{
		if (item->title == NULL)
			item->title = c;
	}
	else if (pf_is(c, "link"))
	{
		PfStr		link = pf_text(c);

		if (link.s == NULL)
			link = pf_attr(c, "href");
		if (item->link.s == NULL && !pf_str_blank(link))
		{
			item->link = link;
			item->link_node = c;
		}
	}
	else if (pf_is(c, "description"))
	{
		if (item->description == NULL)
			item->description = c;
	}
	else if (pf_is(c, "guid"))
	{
		PfStr		permanent = pf_attr(c, "isPermaLink");

		item->guid = pf_text(c);
		item->guid_is_link = !pf_str_eq_nocase(permanent, "false");
	}
	else if (pf_is(c, "pubDate"))
	{
		if (item->date == PF_NO_TIME)
			item->date = pf_date(pf_text(c));
	}
	else if (pf_is(c, "category"))
		pf_part_add(&rec->categories, pf_part_plain(c, PF_PLAIN_HTML));
	else if (pf_is(c, "author"))
	{
		if (item->author == NULL)
			item->author = c;
	}
	else if (pf_is(c, "enclosure"))
		take_enclosure(doc, rec, c, pf_attr(c, "url"));
}

static void
take_other(const PfDoc *doc, PfRecord *rec, Item *item, const PfNode *c)
{
	switch (c->ns)
	{
		case PF_NS_CONTENT:
			if (pf_is(c, "encoded") && item->content == NULL)
				item->content = c;
			break;
		case PF_NS_ATOM:
			if (pf_is(c, "updated") && rec->updated == PF_NO_TIME)
				rec->updated = pf_date(pf_text(c));
			break;
		case PF_NS_MEDIA:
			if (pf_is(c, "content"))
				take_enclosure(doc, rec, c, pf_attr(c, "url"));
			break;
		case PF_NS_OTHER:
			/* The address behind a counter of clicks. */
			if (pf_is(c, "origLink") && pf_text(c).s != NULL)
			{
				item->link = pf_text(c);
				item->link_node = c;
			}
			break;
		default:
			pf_extension_take(c, rec, &item->ext);
			break;
	}
}

/* "name@host (Given Family)" is one person; anything else may be a list. */
static void
read_author(PfRecord *rec, const PfNode *node)
{
	PfStr		text = pf_part_plain(node, PF_PLAIN_ALL);

	if (text.s == NULL)
		return;
	if (memchr(text.s, '@', text.len) != NULL)
	{
		const char *open = memchr(text.s, '(', text.len);

		if (open == NULL)
			return;
		text.len -= (int) (open + 1 - text.s);
		text.s = open + 1;
		if (text.len > 0 && text.s[text.len - 1] == ')')
			text.len--;
	}
	pf_names_split(&rec->authors, text);
}

/* "bioRxiv Subject Collection: Genomics": the subject, as no item has it. */
static PfStr
collection_subject(PfStr title)
{
	PfStr		at = pf_str_find(title, "Subject Collection: ");

	if (at.s == NULL)
		return PF_STR_NONE;
	at.s += 20;
	at.len -= 20;
	at = pf_str_trim(at);
	return pf_str_eq_nocase(at, "all") ? PF_STR_NONE : at;
}

/* The API spells subjects in lower case. */
static PfStr
to_lower(PfStr a)
{
	a = pf_str_dup(a);
	for (int i = 0; i < a.len; i++)
		((char *) a.s)[i] = (char) pg_ascii_tolower((unsigned char) a.s[i]);
	return a;
}

/* ".../cgi/content/short/2023.12.16.571984v1?rss=1": the version, 0 if there is none. */
static int
biorxiv_version(PfStr link)
{
	int			end = 0;
	int			n;
	int			version;

	while (end < link.len && link.s[end] != '?' && link.s[end] != '#')
		end++;
	n = end;
	while (n > 0 && link.s[n - 1] >= '0' && link.s[n - 1] <= '9')
		n--;
	if (n < 2 || link.s[n - 1] != 'v' || link.s[n - 2] < '0' || link.s[n - 2] > '9' ||
		!pf_str_int((PfStr) {link.s + n, end - n}, &version))
		return 0;
	return version;
}

/* The words between 'label' and 'end' (or the end of the text), or none. */
static PfStr
labelled(PfStr text, const char *label, const char *end)
{
	PfStr		at = pf_str_find(text, label);
	PfStr		rest;

	if (at.s == NULL)
		return PF_STR_NONE;
	at.s += strlen(label);
	at.len -= (int) strlen(label);
	rest = pf_str_find(at, end);
	at = pf_str_trim((PfStr) {at.s, at.len - rest.len});
	return at.len > 0 ? at : PF_STR_NONE;
}

/*
 * ScienceDirect has no abstracts; its descriptions are "Publication date: May
 * 2024 Source: Journal, Volume 1 Author(s): A. B, C. D".
 */
static void
read_sciencedirect(PfRecord *rec)
{
	PfStr		text = rec->abstract;
	PfStr		date;

	if (!pf_str_starts(text, "Publication date:") || pf_str_find(text, "Source:").s == NULL)
		return;
	date = labelled(text, "Publication date:", "Source:");
	if (pf_str_starts(date, "Available online "))
		date = pf_str_trim((PfStr) {date.s + 17, date.len - 17});
	if (rec->published == PF_NO_TIME && date.s != NULL)
		rec->published = pf_date(date);
	rec->venue = labelled(text, "Source:", "Author(s):");
	pf_names_split(&rec->authors, labelled(text, "Author(s):", "\n"));
	rec->abstract = PF_STR_NONE;
}

static const char *
preprint_server(PfStr text)
{
	if (pf_str_find(text, "biorxiv.org").s != NULL)
		return "biorxiv";
	if (pf_str_find(text, "medrxiv.org").s != NULL)
		return "medrxiv";
	return NULL;
}

/* The DOI holds the day of the first version: "10.1101/2023.12.16.571984". */
static TimestampTz
biorxiv_first_day(PfStr doi)
{
	const char *slash = doi.s != NULL ? memchr(doi.s, '/', doi.len) : NULL;
	int			year;
	int			month;
	int			day;

	if (slash == NULL || doi.s + doi.len - slash < 13 || slash[5] != '.' || slash[8] != '.' ||
		slash[11] != '.' || !pf_str_int((PfStr) {slash + 1, 4}, &year) ||
		!pf_str_int((PfStr) {slash + 6, 2}, &month) || !pf_str_int((PfStr) {slash + 9, 2}, &day))
		return PF_NO_TIME;
	return pf_date_ymd(year, month, day);
}

static void
read_biorxiv(PfDoc *doc, PfRecord *rec, const Item *item, const char *server)
{
	int			version = biorxiv_version(item->link);

	rec->title = pf_part_title_stop(rec->title);
	doc->info.format = "biorxiv rss";
	rec->source = pf_str(server);
	if (rec->venue.s == NULL)
		rec->venue = pf_str(server[0] == 'b' ? "bioRxiv" : "medRxiv");
	if (version > 0)
		rec->version = version;
	if (rec->doi.s != NULL)
	{
		rec->url = pf_str_printf("https://www.%s.org/content/%.*s", server,
								 rec->doi.len, rec->doi.s);
		rec->pdf_url = pf_str_printf("%sv%d.full.pdf", rec->url.s, Max(version, 1));
	}

	/* The feed's date is that of the version. */
	rec->announced = item->date != PF_NO_TIME ? item->date : item->ext.date;
	rec->announce = PF_STR_LIT("new");
	if (version > 1)
	{
		rec->announce = PF_STR_LIT("replace");
		rec->updated = rec->announced;
		rec->published = biorxiv_first_day(rec->doi);
	}
	if (rec->categories.n == 0)
		pf_part_add(&rec->categories,
					to_lower(item->ext.section.s != NULL ? item->ext.section :
							 collection_subject(doc->info.title)));
}

/* arXiv's item, of today or, with all of it in the title, of 2023 and before. */
static void
read_arxiv(PfDoc *doc, PfRecord *rec, Item *item)
{
	PfStr		title = pf_text(item->title);
	PfStr		text = pf_text(item->description);

	doc->info.format = "arxiv rss";
	rec->source = PF_STR_LIT("arxiv");
	rec->title = pf_plain_str(pf_arxiv_title(title, rec), PF_PLAIN_ALL);
	if (!pf_arxiv_identify(rec, item->guid))
		pf_arxiv_identify(rec, item->link);
	if (!pf_arxiv_description(doc, text, rec))
	{
		/* The old feeds' abstracts are HTML. */
		rec->abstract = pf_part_plain(item->description, PF_PLAIN_ALL);
	}

	pf_arxiv_announced(rec, item->date != PF_NO_TIME ? item->date : item->ext.date);
	item->ext.date = PF_NO_TIME;
}

/* The creators of arXiv's old feeds are links in HTML. */
static void
read_creators(PfRecord *rec, const Item *item, bool arxiv)
{
	PfStr		text = arxiv ? pf_text(item->ext.creator) : PF_STR_NONE;

	if (text.s != NULL && pf_str_find(text, "<a ").s != NULL)
		pf_arxiv_authors(&rec->authors, pf_plain_str(text, PF_PLAIN_ALL));
	else
		pf_extension_creators(rec, &item->ext, arxiv);
	if (rec->authors.n > 0)
		return;
	for (const PfNode *n = item->author; n != NULL; n = pf_element(n->next))
	{
		if (pf_is(n, "author") && is_core(n, n->parent))
			read_author(rec, n);
	}
}

static PfPiece
read_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	Item		item;
	const char *server;
	bool		arxiv;

	memset(&item, 0, sizeof(item));
	item.date = PF_NO_TIME;
	pf_extension_init(&item.ext);

	PF_EACH_ELEMENT(c, node)
	{
		if (is_core(c, node))
			take_core(doc, rec, &item, c);
		else
			take_other(doc, rec, &item, c);
	}
	if (item.link.s == NULL)
	{
		item.link = pf_attr(node, "about");
		item.link_node = node;
	}
	if (item.link.s == NULL && item.guid_is_link && pf_str_starts_nocase(item.guid, "http"))
		item.link = item.guid;
	if (!pf_str_blank(item.link))
		rec->url = pf_part_page(doc, item.link_node, item.link);
	arxiv = doc->arxiv || item.ext.arxiv || pf_str_starts_nocase(item.guid, "oai:arxiv.org:");

	if (arxiv)
		read_arxiv(doc, rec, &item);
	else
	{
		rec->title = pf_part_plain(item.title, PF_PLAIN_ALL);
		if (!pf_arxiv_description(doc, pf_text(item.description), rec))
			rec->abstract = pf_part_plain(item.description, PF_PLAIN_ALL);
		pf_part_add_id(rec, item.guid);
		pf_part_add_id(rec, rec->url);
		rec->published = item.date;
		read_sciencedirect(rec);
		server = preprint_server(item.link);
		if (server != NULL)
			read_biorxiv(doc, rec, &item, server);
	}
	read_creators(rec, &item, arxiv);
	pf_extension_finish(doc, rec, &item.ext, PF_PLAIN_ALL);
	if (rec->abstract.s == NULL)
		rec->abstract = pf_part_plain(item.content, PF_PLAIN_ALL);
	return PF_PIECE_RECORD;
}

/* The texts of the children called 'name', joined by commas. */
static PfStr
join_children(PfDoc *doc, const PfNode *node, const char *name)
{
	StringInfoData buf;
	PfStr		joined;
	int			n = 0;

	initStringInfo(&buf);
	PF_EACH_ELEMENT(c, node)
	{
		PfStr		text = pf_text(c);

		if (!pf_str_eq_nocase(c->name, name) || text.s == NULL || n == MAX_SKIP)
			continue;
		if (n++ > 0)
			appendStringInfoChar(&buf, ',');
		appendBinaryStringInfo(&buf, text.s, text.len);
	}
	joined = n > 0 ? pf_doc_keep(doc, (PfStr) {buf.data, buf.len}) : PF_STR_NONE;
	pfree(buf.data);
	return joined;
}

/* Minutes between two updates: a period, divided by how often in it. */
static void
read_syndication(PfDoc *doc, const PfNode *node)
{
	static const struct
	{
		const char *name;
		int			minutes;
	}			periods[] = {
		{"hourly", 60}, {"daily", 1440}, {"weekly", 10080}, {"monthly", 43200}, {"yearly", 525600}
	};
	PfStr		text = pf_text(node);
	int			frequency;

	if (pf_is(node, "updatePeriod"))
	{
		for (int i = 0; i < (int) lengthof(periods); i++)
		{
			if (pf_str_eq_nocase(text, periods[i].name))
				doc->update_period = periods[i].minutes;
		}
	}
	else if (pf_is(node, "updateFrequency"))
	{
		if (pf_str_int(text, &frequency) && frequency > 0)
			doc->update_frequency = frequency;
	}
	else
		return;
	if (doc->has_ttl)
		return;
	doc->info.ttl = (doc->update_period > 0 ? doc->update_period : 1440) /
		(doc->update_frequency > 0 ? doc->update_frequency : 1);
	doc->info.ttl = Max(doc->info.ttl, 1);
}

/* Note that the feed is arXiv's if this address of its own says so. */
static void
note_arxiv(PfDoc *doc, PfStr address)
{
	if (!pf_arxiv_is_host(address))
		return;
	doc->arxiv = true;
	doc->info.format = "arxiv rss";
}

static void
keep_text(PfDoc *doc, PfStr *to, PfStr text)
{
	if (to->s == NULL && !pf_str_blank(text))
		*to = pf_doc_keep(doc, text);
}

static void
read_channel_link(PfDoc *doc, const PfNode *node)
{
	PfFeedInfo *info = &doc->info;
	PfStr		rel = pf_attr(node, "rel");
	PfStr		href = pf_attr(node, "href");
	PfStr		link = pf_part_link(doc, node, pf_str_blank(href) ? pf_text(node) : href);

	if (link.s == NULL)
		return;
	if (pf_str_blank(rel) || PF_STR_IS(rel, "alternate"))
	{
		note_arxiv(doc, link);
		keep_text(doc, &info->home, link);
	}
	else if (PF_STR_IS(rel, "self"))
	{
		note_arxiv(doc, link);
		keep_text(doc, &info->self, link);
	}
	else if (PF_STR_IS(rel, "next") || PF_STR_IS(rel, "prev-archive"))
		keep_text(doc, &info->next, link);
}

static void
read_channel_child(PfDoc *doc, const PfNode *node)
{
	PfFeedInfo *info = &doc->info;

	if (node->ns == PF_NS_SYNDICATION)
		read_syndication(doc, node);
	else if (node->ns == PF_NS_OPENSEARCH)
	{
		int			total;

		if (pf_is(node, "totalResults") && pf_str_int(pf_text(node), &total))
			info->total = total;
	}
	else if (node->ns == PF_NS_DC)
	{
		if (pf_is(node, "language"))
			keep_text(doc, &info->language, pf_text(node));
		else if (pf_is(node, "date") && info->updated == PF_NO_TIME)
			info->updated = pf_date(pf_text(node));
		else if (pf_is(node, "title"))
			keep_text(doc, &info->title, pf_part_plain(node, PF_PLAIN_ALL));
	}
	else if (pf_is(node, "link") && (node->ns == PF_NS_ATOM || is_core(node, node->parent)))
		read_channel_link(doc, node);
	else if (!is_core(node, node->parent))
		return;
	else if (pf_is(node, "title"))
		keep_text(doc, &info->title, pf_part_plain(node, PF_PLAIN_ALL));
	else if (pf_is(node, "language"))
		keep_text(doc, &info->language, pf_text(node));
	else if (pf_is(node, "lastBuildDate") ||
			 (pf_is(node, "pubDate") && info->updated == PF_NO_TIME))
		info->updated = pf_date(pf_text(node));
	else if (pf_is(node, "ttl"))
	{
		int			ttl;

		if (pf_str_int(pf_text(node), &ttl) && ttl > 0)
		{
			info->ttl = ttl;
			doc->has_ttl = true;
		}
	}
	else if (pf_str_eq_nocase(node->name, "skipDays"))
		info->skip_days = join_children(doc, node, "day");
	else if (pf_str_eq_nocase(node->name, "skipHours"))
		info->skip_hours = join_children(doc, node, "hour");
}

static void
opened_container(PfDoc *doc, const PfNode *node)
{
	PfFeedInfo *info = &doc->info;

	if (pf_str_eq_nocase(node->name, "rss"))
	{
		PfStr		version = pf_attr(node, "version");

		if (pf_str_starts(version, "0.90"))
			info->format = "rss 0.90";
		else if (pf_str_starts(version, "0.91"))
			info->format = "rss 0.91";
		else if (pf_str_starts(version, "0.92") || pf_str_starts(version, "0.93"))
			info->format = "rss 0.92";
		else
			info->format = "rss 2.0";
	}
	else if (pf_str_eq_nocase(node->name, "RDF"))
		info->format = "rss 1.0";
	else if (info->format == NULL)
		info->format = "rss 1.1";
	else if (node->parent != NULL && pf_str_eq_nocase(node->parent->name, "RDF"))
	{
		PfStr		about = pf_attr(node, "about");

		/* What 1.0 added to 0.90 is that everything has a name. */
		if (about.s == NULL)
			info->format = "rss 0.90";
		else
			note_arxiv(doc, about);
	}
	if (doc->host.s != NULL)
		note_arxiv(doc, doc->base);
}

PfPiece
pf_rss_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec)
{
	if (opened)
		opened_container(doc, node);
	else if (node->parent == NULL)
		return PF_PIECE_OTHER;
	else if (pf_is(node, "item"))
		return read_item(doc, node, rec);
	else if (pf_str_eq_nocase(node->parent->name, "channel"))
		read_channel_child(doc, node);
	return PF_PIECE_OTHER;
}
