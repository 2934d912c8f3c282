/*-------------------------------------------------------------------------
 *
 * jsonfeed.c
 *		JSON Feed 1.0 and 1.1 (jsonfeed.org), the items.
 *
 * "url" is the item's page on the feed's own site and "external_url" the page
 * elsewhere that it tells of; both are identities, as either may be that of a
 * known paper.  An item without authors has those of the feed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_item.h"
#include "feed/parts.h"

static void
add_authors(PfRecord *rec, const PfDoc *doc, const PfNode *node)
{
	pf_json_strings(&rec->authors, pf_child(node, "authors"), "name");
	if (rec->authors.n == 0)
	{
		PfStr		name = pf_json_plain(node, "author.name", PF_PLAIN_ALL);

		if (name.s != NULL)
			pf_names_split(&rec->authors, name);
	}
	for (int i = 0; i < doc->authors.n && rec->authors.n < doc->authors.n; i++)
		pf_strings_add(&rec->authors, doc->authors.items[i]);
}

PfPiece
pf_jsonfeed_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	static const char *const links[] = {"id", "external_url", "url"};
	static const char *const texts[] = {"content_text", "content_html", "summary"};
	PfStr		text = PF_STR_NONE;

	if (pf_child(node, "content_html") == NULL && pf_child(node, "content_text") == NULL &&
		pf_child(node, "date_published") == NULL && pf_child(node, "external_url") == NULL &&
		pf_child(node, "date_modified") == NULL)
		return PF_PIECE_OTHER;

	if (doc->info.format == NULL || strncmp(doc->info.format, "json feed", 9) != 0)
		doc->info.format = "json feed";
	rec->source = doc->host;
	for (int i = 0; i < (int) lengthof(links); i++)
	{
		PfStr		link = pf_json_text(node, links[i]);

		if (link.s == NULL || pf_part_add_doi(rec, link))
			continue;
		if (i > 0)
			link = pf_url_resolve(doc->base, link);
		pf_part_add(&rec->ids, link);
	}
	rec->url = pf_json_url(doc, node, "url");
	if (rec->url.s == NULL)
		rec->url = pf_json_url(doc, node, "external_url");

	rec->title = pf_json_plain(node, "title", PF_PLAIN_ALL);
	for (int i = 0; i < (int) lengthof(texts) && text.s == NULL; i++)
		text = pf_json_text(node, texts[i]);
	if (text.s != NULL && !pf_arxiv_description(doc, text, rec))
		rec->abstract = pf_plain_str(text, PF_PLAIN_ALL);
	add_authors(rec, doc, node);
	rec->published = pf_json_date(node, "date_published");
	rec->updated = pf_json_date(node, "date_modified");
	pf_json_strings(&rec->categories, pf_child(node, "tags"), NULL);

	PF_EACH_CHILD(attachment, pf_child(node, "attachments"))
	{
		if (pf_str_starts_nocase(pf_json_text(attachment, "mime_type"), "application/pdf"))
		{
			rec->pdf_url = pf_json_url(doc, attachment, "url");
			break;
		}
	}
	pf_json_extra(rec, "thumbnail", node, "image");
	return PF_PIECE_RECORD;
}
