/*-------------------------------------------------------------------------
 *
 * atom.c
 *		Atom 1.0 and 0.3, and arXiv's dialects of it.
 *
 * arXiv has three: the API before and after 2026, which differ in links and
 * name spaces only, and the daily announcements of rss.arxiv.org.  There the
 * dates are those of the announcement: a new paper has no earlier date in
 * public, so it is taken for the day of publication, but that of a cross-list
 * or a replacement says nothing of the paper and stays with the sighting.
 * The entry's "updated" is when the feed was made, and is left out.
 *
 * The authors of a feed are not made those of its entries, as the
 * specification would have it: with papers they are the publisher.  An entry
 * that has "updated" only was published then, as far as the feed can tell.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/parts.h"

/* An entry's children, as far as they must be weighed when all are known. */
typedef struct Entry
{
	const PfNode *entry;
	PfStr		id;
	const PfNode *title;
	const PfNode *summary;
	const PfNode *content;
	const PfNode *author;		/* the first; the others are siblings */
	TimestampTz published;
	TimestampTz created;		/* of 0.3; counts where there is no "issued" */
	TimestampTz updated;
} Entry;

/* Is the element one of Atom's own?  Some feeds misspell the name space, but use it throughout. */
static bool
is_core(const PfNode *node, const PfNode *entry)
{
	return node->ns == entry->ns || node->ns == PF_NS_ATOM || node->ns == PF_NS_NONE;
}

/*
 * A text construct.  "type" says whether the text is HTML, but so many feeds
 * err there that HTML is looked for in any text.  arXiv's own entries hold
 * none, unless the type says so.
 */
static PfStr
text_of(const PfNode *node, bool arxiv)
{
	int			flags = PF_PLAIN_ALL;

	if (arxiv)
	{
		PfStr		type = pf_attr(node, "type");

		if (type.s == NULL || PF_STR_IS(type, "text"))
			flags = PF_PLAIN_ALL;
	}
	return pf_part_plain(node, flags);
}

/* A page for people, by the type of a link; most links give none. */
static bool
is_page(PfStr type)
{
	return pf_str_blank(type) || pf_str_starts_nocase(type, "text/html") ||
		pf_str_starts_nocase(type, "application/xhtml");
}

static void
read_link(const PfDoc *doc, PfRecord *rec, const PfNode *link)
{
	PfStr		rel = pf_attr(link, "rel");
	PfStr		type = pf_attr(link, "type");
	PfStr		title = pf_attr(link, "title");
	PfStr		href = pf_attr(link, "href");
	bool		pdf;

	/* Text inside is RSS's way to write it, in feeds that are neither. */
	href = pf_part_page(doc, link, href.s != NULL ? href : pf_text(link));
	if (href.s == NULL)
		return;
	pdf = pf_str_starts_nocase(type, "application/pdf") ||
		(title.s != NULL && PF_STR_IS(title, "pdf")) ||
		(type.s == NULL && pf_part_is_pdf(href));

	if (pf_str_blank(rel) || PF_STR_IS(rel, "alternate"))
	{
		if (pdf)
			rec->pdf_url = href;
		else if (rec->url.s == NULL && is_page(type))
			rec->url = href;
	}
	else if (PF_STR_IS(rel, "related") || PF_STR_IS(rel, "enclosure"))
	{
		if (title.s != NULL && PF_STR_IS(title, "doi"))
			pf_part_add_doi(rec, href);
		else if (pdf && rec->pdf_url.s == NULL)
			rec->pdf_url = href;
	}
	else if (PF_STR_IS(rel, "via"))
	{
		PfStr		id;
		int			version;

		/* What the entry is about, if that is a paper. */
		if (!pf_part_add_doi(rec, href) && pf_arxiv_id(href, &id, &version))
			pf_part_add(&rec->ids, href);
	}
	else if (PF_STR_IS(rel, "license"))
		rec->license = href;
}

static void
read_category(PfRecord *rec, const PfNode *node, bool arxiv)
{
	PfStr		term = pf_attr(node, "term");
	PfStr		label = pf_attr(node, "label");

	if (pf_str_blank(term))
		term = pf_text(node);
	if (arxiv)
	{
		if (!pf_str_blank(term))
			pf_arxiv_category(rec, term);
		return;
	}
	if (!pf_str_blank(label) &&
		(pf_str_blank(term) || pf_str_starts(term, "http://") || pf_str_starts(term, "https://")))
		term = label;
	if (!pf_str_blank(term))
		pf_part_add(&rec->categories, pf_plain_str(term, PF_PLAIN_HTML));
}

/* One author element is one person, but some feeds put all names into one. */
static void
read_authors(PfRecord *rec, const Entry *e, bool arxiv)
{
	int			count = 0;
	PfStr		last = PF_STR_NONE;

	for (const PfNode *n = pf_element(e->author); n != NULL; n = pf_element(n->next))
	{
		PfStr		name;

		if (!pf_is(n, "author") || !is_core(n, e->entry))
			continue;
		name = pf_child_text(n, "name");
		if (name.s == NULL && pf_element(n->child) == NULL)
			name = pf_text(n);
		if (name.s == NULL)
			continue;
		if (arxiv)
		{
			PF_EACH_ELEMENT(c, n)
			{
				if (pf_is_ns(c, PF_NS_ARXIV, "affiliation"))
					pf_part_add_to(&rec->extra, "affiliations",
								   pf_plain_str(pf_text(c), PF_PLAIN_ALL));
			}
			name = pf_arxiv_name(name);
		}
		else
		{
			last = pf_plain_str(name, PF_PLAIN_ALL);
			name = last.s != NULL ? pf_name(last) : PF_STR_NONE;
		}
		count++;
		if (name.s != NULL)
			pf_strings_add(&rec->authors, name);
	}
	if (count == 1 && last.s != NULL &&
		(memchr(last.s, ',', last.len) != NULL || memchr(last.s, ';', last.len) != NULL ||
		 pf_str_find(last, " and ").s != NULL))
	{
		rec->authors.n = 0;
		pf_names_split(&rec->authors, last);
	}
}

/* The first of several stands. */
static void
read_date(TimestampTz *at, const PfNode *node)
{
	if (*at == PF_NO_TIME)
		*at = pf_date(pf_text(node));
}

/* Content may lie elsewhere (src) or be no text; then it is of no use here. */
static PfStr
content_of(const PfNode *node, bool arxiv)
{
	PfStr		type = pf_attr(node, "type");
	PfStr		mode = pf_attr(node, "mode");

	if (node == NULL || pf_attr(node, "src").s != NULL ||
		(mode.s != NULL && PF_STR_IS(mode, "base64")) ||
		(memchr(type.s != NULL ? type.s : "", '/', type.len) != NULL &&
		 !pf_str_starts_nocase(type, "text/") && !pf_str_starts_nocase(type, "application/xhtml")))
		return PF_STR_NONE;
	return text_of(node, arxiv);
}

/* What the entry's own elements say; arXiv's dialects read them in their own way. */
static void
take_core(const PfDoc *doc, PfRecord *rec, Entry *e, const PfNode *c, bool arxiv)
{
	if (pf_is(c, "link"))
		read_link(doc, rec, c);
	else if (pf_is(c, "category"))
		read_category(rec, c, arxiv);
	else if (pf_is(c, "author"))
	{
		if (e->author == NULL)
			e->author = c;
	}
	else if (pf_is(c, "id"))
		e->id = pf_text(c);
	else if (pf_is(c, "title"))
		e->title = c;
	else if (pf_is(c, "summary"))
		e->summary = c;
	else if (pf_is(c, "content"))
		e->content = c;
	else if (pf_is(c, "published") || pf_is(c, "issued"))
		read_date(&e->published, c);
	else if (pf_is(c, "created"))
		read_date(&e->created, c);
	else if (pf_is(c, "updated") || pf_is(c, "modified"))
		read_date(&e->updated, c);
	else if (pf_is(c, "rights"))
	{
		if (rec->license.s == NULL)
			rec->license = pf_text(c);
	}
}

static PfPiece
arxiv_error(PfDoc *doc, const Entry *e)
{
	PfStr		code = pf_str_find(e->id, "#");
	PfStr		text = text_of(e->summary != NULL ? e->summary : e->title, true);

	if (doc->info.error_code.s != NULL)
		return PF_PIECE_OTHER;
	code.s++;
	code.len--;
	doc->info.error_code = pf_doc_keep(doc, code.len > 0 ? code : PF_STR_LIT("error"));
	doc->info.error = pf_doc_keep(doc, text.s != NULL ? text : doc->info.error_code);
	return PF_PIECE_OTHER;
}

static PfPiece
read_entry(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	Entry		e;
	PfExtension ext;
	bool		arxiv = doc->arxiv;
	bool		announcement;

	memset(&e, 0, sizeof(e));
	e.entry = node;
	e.published = PF_NO_TIME;
	e.created = PF_NO_TIME;
	e.updated = PF_NO_TIME;
	pf_extension_init(&ext);

	/* arXiv's entries may come in a file that has lost the feed's own elements. */
	if (!arxiv)
	{
		for (const PfNode *c = pf_element(node->child); c != NULL && !arxiv;
			 c = pf_element(c->next))
			arxiv = c->ns == PF_NS_ARXIV;
	}
	PF_EACH_ELEMENT(c, node)
	{
		if (is_core(c, node))
			take_core(doc, rec, &e, c, arxiv);
		else
			pf_extension_take(c, rec, &ext);
	}
	if (arxiv && pf_str_find(e.id, "/api/errors#").s != NULL)
		return arxiv_error(doc, &e);

	rec->title = text_of(e.title, arxiv);
	announcement = arxiv && (rec->announce.s != NULL || pf_str_starts(e.id, "oai:"));
	if (arxiv)
	{
		PfStr		summary = pf_text(e.summary);

		doc->info.format = announcement ? "arxiv atom" : "arxiv api";
		rec->source = PF_STR_LIT("arxiv");
		pf_arxiv_identify(rec, e.id);
		if (!pf_arxiv_description(doc, summary, rec))
			pf_arxiv_abstract(rec, summary);
	}
	else
	{
		rec->abstract = content_of(e.summary, false);
		if (rec->abstract.s == NULL)
			rec->abstract = content_of(e.content, false);
		pf_part_add_id(rec, e.id);
		pf_part_add_id(rec, rec->url);
	}

	if (e.author != NULL)
		read_authors(rec, &e, arxiv);
	if (rec->authors.n == 0)
		pf_extension_creators(rec, &ext, arxiv);
	if (rec->authors.n == 0)
		pf_part_add(&rec->authors, pf_child_text(e.author, "email"));

	if (announcement)
		pf_arxiv_announced(rec, e.published);
	else
	{
		rec->published = e.published != PF_NO_TIME ? e.published : e.created;
		rec->updated = e.updated;
	}
	pf_extension_finish(doc, rec, &ext, PF_PLAIN_ALL);
	if (rec->published == PF_NO_TIME && !arxiv)
		rec->published = rec->updated;
	return PF_PIECE_RECORD;
}

/* Note that the feed is arXiv's if this address of its own says so. */
static void
note_arxiv(PfDoc *doc, PfStr address)
{
	if (!pf_arxiv_is_host(address))
		return;
	doc->arxiv = true;
	if (doc->info.format == NULL || doc->info.format[0] == 'a')
		doc->info.format = pf_str_find(address, "//rss.").s != NULL ? "arxiv atom" : "arxiv api";
}

static void
feed_link(PfDoc *doc, const PfNode *node)
{
	PfFeedInfo *info = &doc->info;
	PfStr		rel = pf_attr(node, "rel");
	PfStr		type = pf_attr(node, "type");
	PfStr		href = pf_attr(node, "href");
	PfStr	   *to = NULL;

	href = pf_part_link(doc, node, href);
	if (href.s == NULL)
		return;

	/* The API of 2026 links to itself without saying so. */
	if (pf_str_blank(rel) || PF_STR_IS(rel, "alternate"))
		to = pf_str_starts_nocase(type, "application/atom") ? &info->self : &info->home;
	else if (PF_STR_IS(rel, "self"))
		to = &info->self;
	else if (PF_STR_IS(rel, "next"))
		to = &info->next;
	else if (PF_STR_IS(rel, "prev-archive") && info->next.s == NULL)
		to = &info->next;
	if (to == NULL)
		return;
	if (to == &info->self)
		note_arxiv(doc, href);
	if (to->s == NULL || PF_STR_IS(rel, "next"))
		*to = pf_doc_keep(doc, href);
}

static void
feed_opened(PfDoc *doc, const PfNode *node)
{
	PfStr		version = pf_attr(node, "version");
	PfStr		language = pf_attr(node, "lang");

	doc->info.format = version.s != NULL && PF_STR_IS(version, "0.3") ? "atom 0.3" : "atom 1.0";
	if (!pf_str_blank(language))
		doc->info.language = pf_doc_keep(doc, language);
	if (doc->host.s != NULL)
		note_arxiv(doc, doc->base);
}

PfPiece
pf_atom_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec)
{
	PfFeedInfo *info = &doc->info;

	if (opened)
	{
		feed_opened(doc, node);
		return PF_PIECE_OTHER;
	}
	if (pf_is(node, "entry"))
	{
		if (info->format == NULL)
			info->format = "atom 1.0";
		return read_entry(doc, node, rec);
	}

	if (node->ns == PF_NS_OPENSEARCH)
	{
		int			total;

		if (pf_is(node, "totalResults") && pf_str_int(pf_text(node), &total))
			info->total = total;
	}
	else if (node->parent == NULL || !is_core(node, node->parent))
		return PF_PIECE_OTHER;
	else if (pf_is(node, "link"))
		feed_link(doc, node);
	else if (pf_is(node, "id"))
		note_arxiv(doc, pf_text(node));
	else if (pf_is(node, "title"))
	{
		PfStr		title = text_of(node, false);

		if (title.s != NULL)
			info->title = pf_doc_keep(doc, title);
	}
	else if (pf_is(node, "updated") || pf_is(node, "modified"))
		info->updated = pf_date(pf_text(node));
	return PF_PIECE_OTHER;
}
