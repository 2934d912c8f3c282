/*-------------------------------------------------------------------------
 *
 * dblp.c
 *		The XML of DBLP: the dump, single records and the pages of persons.
 *
 * Home pages (www) are persons, proceedings are volumes and "data" is a set
 * of data without a text: none is a paper.  DBLP numbers authors of the same
 * name ("Wei Wang 0001"), ends titles with a full stop, and knows the year at
 * best; mdate is when it last touched its own record, not a revision.
 *
 * "ee" is the electronic edition: the first is the page for people, and all
 * of them may name the paper (DOI, arXiv).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"
#include "feed/parts.h"

static PfStr
author_name(const PfNode *node)
{
	PfStr		name = pf_part_plain(node, PF_PLAIN_HTML);
	int			n = name.len;

	/* "Wei Wang 0001" */
	while (n > 0 && name.s[n - 1] >= '0' && name.s[n - 1] <= '9')
		n--;
	if (name.len - n == 4 && n > 1 && name.s[n - 1] == ' ')
		name.len = n - 1;
	return name;
}

static void
read_ee(const PfDoc *doc, PfRecord *rec, const PfNode *node)
{
	PfStr		link = pf_part_link(doc, node, pf_text(node));

	if (link.s == NULL)
		return;
	pf_part_add_id(rec, link);
	if (pf_part_is_pdf(link))
	{
		if (rec->pdf_url.s == NULL)
			rec->pdf_url = link;
	}
	else if (rec->url.s == NULL)
		rec->url = link;
}

static bool
is_paper(const PfNode *node)
{
	return pf_is(node, "article") || pf_is(node, "inproceedings") ||
		pf_is(node, "incollection") || pf_is(node, "book") || pf_is(node, "phdthesis") ||
		pf_is(node, "mastersthesis");
}

PfPiece
pf_dblp_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec)
{
	PfStrings	editors = {NULL, 0, 0};
	PfStr		key;
	PfStr		kind;
	PfStr		school = PF_STR_NONE;
	PfStr		volume = PF_STR_NONE;
	int			year = 0;
	int			month = 0;

	doc->info.format = "dblp";
	if (opened || !is_paper(node))
		return PF_PIECE_OTHER;

	PF_EACH_ELEMENT(c, node)
	{
		if (pf_is(c, "author") || pf_is(c, "editor"))
		{
			PfStr		name = author_name(c);

			if (name.s != NULL)
				pf_strings_add(pf_is(c, "author") ? &rec->authors : &editors, name);
		}
		else if (pf_is(c, "title"))
			rec->title = pf_part_title_stop(pf_part_plain(c, PF_PLAIN_ALL));
		else if (pf_is(c, "year"))
		{
			if (!pf_str_int(pf_text(c), &year))
				year = 0;
		}
		else if (pf_is(c, "month"))
		{
			PfStr		text = pf_text(c);

			month = text.s != NULL ? pf_month(text) : 0;
		}
		else if (pf_is(c, "journal") || pf_is(c, "booktitle"))
			rec->venue = pf_part_plain(c, PF_PLAIN_ALL);
		else if (pf_is(c, "volume"))
			volume = pf_text(c);
		else if (pf_is(c, "school"))
			school = pf_part_plain(c, PF_PLAIN_ALL);
		else if (pf_is(c, "ee"))
			read_ee(doc, rec, c);
	}
	/* CoRR is arXiv; its volumes are "abs/2001.00007" and, once, "cs.LG/0102003". */
	if (rec->venue.s != NULL && PF_STR_IS(rec->venue, "CoRR") && volume.s != NULL)
	{
		if (pf_str_starts(volume, "abs/"))
			volume = (PfStr) {volume.s + 4, volume.len - 4};
		pf_arxiv_identify(rec, volume);
	}
	if (rec->authors.n == 0)
		rec->authors = editors;
	if (rec->venue.s == NULL)
		rec->venue = school;
	if (year > 0)
		rec->published = pf_date_ymd(year, month, 0);

	key = pf_attr(node, "key");
	if (!pf_str_blank(key))
	{
		PfStr		page = pf_str_printf("https://dblp.org/rec/%.*s", key.len, key.s);

		pf_part_add(&rec->ids, page);
		if (rec->url.s == NULL)
			rec->url = page;
		pf_part_set(&rec->extra, "dblp", key);
	}
	kind = pf_attr(node, "publtype");
	if (kind.s != NULL && PF_STR_IS(kind, "withdrawn"))
		rec->withdrawn = true;
	pf_part_set(&rec->extra, "type", node->name);
	rec->source = PF_STR_LIT("dblp");
	return PF_PIECE_RECORD;
}
