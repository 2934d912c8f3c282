/*-------------------------------------------------------------------------
 *
 * dblp_json.c
 *		dblp's search: dblp.org/search/publ/api?format=json.
 *
 * result.hits.hit[].info; whatever can occur more than once is an object (or
 * a string) when it occurs once: hit, author, venue, ee.  Titles end in a full
 * stop, and people of the same name have a number behind it ("Wei Wang 0001").
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/json_item.h"
#include "feed/parts.h"

/* Without the number that tells people of one name apart. */
static PfStr
strip_number(PfStr name)
{
	if (name.len > 5 && name.s[name.len - 5] == ' ')
	{
		int			number;

		if (pf_str_int((PfStr) {name.s + name.len - 4, 4}, &number))
			return pf_str_trim((PfStr) {name.s, name.len - 5});
	}
	return name;
}

static void
add_author(PfRecord *rec, const PfNode *author)
{
	PfStr		name = author->kind == PF_NODE_OBJECT ? pf_json_text(author, "text") :
		pf_text(author);

	if (name.s == NULL)
		return;
	name = pf_plain_str(name, PF_PLAIN_ALL);
	if (name.s != NULL)
		pf_strings_add(&rec->authors, strip_number(name));
}

/* CoRR is arXiv: its volume is "abs/2106.09685", or of old "cs.LG/0102003". */
static void
identify(PfRecord *rec, const PfNode *info)
{
	PfStr		volume = pf_json_text(info, "volume");

	if (pf_str_eq_nocase(pf_json_text(info, "venue"), "CoRR") && volume.s != NULL)
	{
		if (pf_str_starts(volume, "abs/"))
			volume = (PfStr) {volume.s + 4, volume.len - 4};
		pf_arxiv_identify(rec, volume);
	}
	pf_part_add_doi(rec, pf_json_text(info, "doi"));
	pf_part_add(&rec->ids, pf_json_text(info, "ee"));
	pf_part_add(&rec->ids, pf_json_text(info, "url"));
}

PfPiece
pf_dblp_json_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	const PfNode *info = pf_child(node, "info");
	const PfNode *authors = pf_path(info, "authors.author");
	PfStr		key = pf_json_text(info, "key");
	PfStr		type = pf_json_text(info, "type");
	PfStr		pages = pf_json_text(info, "pages");
	PfStr		title;

	if (info == NULL || info->kind != PF_NODE_OBJECT || key.s == NULL ||
		pf_child(info, "title") == NULL)
		return PF_PIECE_OTHER;

	doc->info.format = "dblp search";
	rec->source = PF_STR_LIT("dblp");
	if (pf_str_starts_nocase(type, "Editorship") ||
		pf_str_starts_nocase(type, "Data and Artifacts"))
		rec->reject = "the entry describes something else than a paper";
	identify(rec, info);

	title = pf_json_plain(info, "title", PF_PLAIN_ALL);
	rec->title = title.s != NULL ? pf_part_title_stop(title) : title;
	if (authors != NULL && authors->kind == PF_NODE_ARRAY)
	{
		PF_EACH_CHILD(author, authors)
			add_author(rec, author);
	}
	else if (authors != NULL)
		add_author(rec, authors);
	rec->published = pf_json_date(info, "year");
	rec->venue = pf_json_plain(info, "venue", PF_PLAIN_ALL);
	if (rec->url.s == NULL)
		rec->url = pf_json_url(doc, info, "ee");
	if (rec->url.s == NULL)
		rec->url = pf_json_url(doc, info, "url");

	pf_part_set(&rec->extra, "type", type);
	pf_part_set(&rec->extra, "dblp", key);
	pf_json_extra(rec, "volume", info, "volume");
	pf_part_set(&rec->extra, "pages", pages);
	return PF_PIECE_RECORD;
}
