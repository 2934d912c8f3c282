/*-------------------------------------------------------------------------
 *
 * acl.c
 *		The XML of the ACL Anthology: a collection of volumes of papers.
 *
 * A paper's identity is made of the numbers of its collection, volume and
 * paper; so are the addresses that the Anthology leaves out.  The volume's
 * own elements (meta) come before its papers and say where and when they
 * appeared.  The front matter is no paper.
 *
 * Collections of before 2020 ("P19") run the three numbers together; in older
 * files the papers stand in the collection itself and are numbered with the
 * volume in front ("1001").
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/parts.h"

#define ANTHOLOGY	"https://aclanthology.org/"

static PfStr
author_name(const PfNode *author)
{
	PfStr		first = PF_STR_NONE;
	PfStr		last = PF_STR_NONE;

	/* A "variant" has the name in another script; it has children of its own. */
	PF_EACH_ELEMENT(c, author)
	{
		if (pf_is(c, "first"))
			first = pf_part_plain(c, PF_PLAIN_ALL);
		else if (pf_is(c, "last"))
			last = pf_part_plain(c, PF_PLAIN_ALL);
	}
	if (first.s == NULL && last.s == NULL && pf_element(author->child) == NULL)
		return pf_part_plain(author, PF_PLAIN_ALL);
	return pf_name_join(first, last, PF_STR_NONE);
}

/* "July", "July 5-10", "July--August", "7" */
static TimestampTz
volume_date(PfStr year, PfStr month)
{
	int			n = 0;
	int			y;

	if (!pf_str_int(year, &y))
		return PF_NO_TIME;
	while (n < month.len && ((month.s[n] | 0x20) >= 'a' && (month.s[n] | 0x20) <= 'z'))
		n++;
	if (n > 0)
		month.len = n;
	return pf_date_ymd(y, month.len > 0 ? pf_month(month) : 0, 0);
}

static void
read_meta(PfDoc *doc, const PfNode *meta)
{
	PfStr		title = pf_part_plain(pf_child(meta, "journal-title"), PF_PLAIN_ALL);

	if (title.s == NULL)
		title = pf_part_plain(pf_child(meta, "booktitle"), PF_PLAIN_ALL);
	doc->volume_title = pf_doc_keep(doc, title);
	doc->volume_date = volume_date(pf_child_text(meta, "year"), pf_child_text(meta, "month"));
	if (doc->info.title.s == NULL)
		doc->info.title = doc->volume_title;
}

static bool
is_new_style(PfStr collection)
{
	return memchr(collection.s, '.', collection.len) != NULL;
}

/*
 * The Anthology's rule: "2020.acl-main.1"; before 2020 "P19-1001", but with
 * two digits each for volume and paper in W, in C69 and in D19 from volume 5.
 */
static PfStr
anthology_id(PfStr collection, PfStr volume, PfStr paper)
{
	int			v;
	int			p;

	if (pf_str_blank(collection) || pf_str_blank(paper))
		return PF_STR_NONE;
	if (is_new_style(collection))
	{
		if (pf_str_blank(volume))
			return PF_STR_NONE;
		return pf_str_printf("%.*s-%.*s.%.*s", collection.len, collection.s,
							 volume.len, volume.s, paper.len, paper.s);
	}
	if (!pf_str_int(paper, &p))
		return PF_STR_NONE;
	if (pf_str_blank(volume))
		return pf_str_printf("%.*s-%04d", collection.len, collection.s, p);
	if (!pf_str_int(volume, &v))
		return PF_STR_NONE;
	if (collection.s[0] == 'W' || PF_STR_IS(collection, "C69") ||
		(PF_STR_IS(collection, "D19") && v >= 5))
		return pf_str_printf("%.*s-%02d%02d", collection.len, collection.s, v, p);
	return pf_str_printf("%.*s-%d%03d", collection.len, collection.s, v, p);
}

/* A name is the Anthology's own file; anything else is somebody else's address of the PDF. */
static void
read_url(const PfDoc *doc, PfRecord *rec, const PfNode *node)
{
	PfStr		name = pf_text(node);

	if (name.s == NULL)
		return;
	if (pf_str_find(name, "://").s != NULL)
		rec->pdf_url = pf_part_link(doc, node, name);
	else
		rec->pdf_url = pf_str_printf(ANTHOLOGY "%.*s.pdf", name.len, name.s);
}

static void
read_revision(PfRecord *rec, const PfNode *node)
{
	PfStr		date = pf_attr(node, "date");
	int			version;

	if (!pf_str_int(pf_attr(node, "id"), &version) || version <= rec->version)
		return;
	rec->version = version;
	if (!pf_str_blank(date))
		rec->updated = pf_date(date);
}

static PfPiece
read_paper(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	const PfNode *parent = node->parent;
	bool		in_volume = parent != NULL && parent->parent != NULL && pf_is(parent, "volume");
	PfStr		collection = pf_attr(in_volume ? parent->parent : parent, "id");
	PfStr		paper = pf_attr(node, "id");
	PfStr		added = pf_attr(node, "ingest-date");
	PfStr		year = PF_STR_NONE;
	PfStr		month = PF_STR_NONE;
	PfStr		name = PF_STR_NONE;
	PfStr		id;
	int			number;

	/* Number 0 of a volume was the front matter once. */
	if (pf_str_int(paper, &number) &&
		(number == 0 ||
		 (!in_volume && number % (pf_str_starts(collection, "W") ? 100 : 1000) == 0)))
		return PF_PIECE_OTHER;

	PF_EACH_ELEMENT(c, node)
	{
		if (pf_is(c, "title"))
			rec->title = pf_part_plain(c, PF_PLAIN_ALL);
		else if (pf_is(c, "abstract"))
			rec->abstract = pf_part_plain(c, PF_PLAIN_ALL);
		else if (pf_is(c, "author"))
		{
			PfStr		author = author_name(c);

			if (author.s != NULL)
				pf_strings_add(&rec->authors, author);
		}
		else if (pf_is(c, "doi"))
			pf_part_add_doi(rec, pf_text(c));
		else if (pf_is(c, "url"))
		{
			name = pf_text(c);
			read_url(doc, rec, c);
		}
		else if (pf_is(c, "booktitle") || pf_is(c, "journal-title"))
			rec->venue = pf_part_plain(c, PF_PLAIN_ALL);
		else if (pf_is(c, "year"))
			year = pf_text(c);
		else if (pf_is(c, "month"))
			month = pf_text(c);
		else if (pf_is(c, "retracted") || pf_is(c, "removed"))
		{
			PfStr		reason = pf_part_plain(c, PF_PLAIN_ALL);

			rec->withdrawn = true;
			if (rec->comment.s == NULL)
				rec->comment = reason;
		}
		else if (pf_is(c, "revision"))
			read_revision(rec, c);
		else if (pf_is(c, "award"))
			pf_part_add_to(&rec->extra, "awards", pf_part_plain(c, PF_PLAIN_ALL));
		else if (pf_is(c, "language"))
			pf_part_set(&rec->extra, "language", pf_text(c));
		else if (pf_is(c, "pwccode"))
			pf_part_add_to(&rec->links, "code", pf_part_link(doc, c, pf_attr(c, "url")));
		else if (pf_is(c, "pwcdataset"))
			pf_part_add_to(&rec->links, "data", pf_part_link(doc, c, pf_attr(c, "url")));
	}

	id = anthology_id(collection, in_volume ? pf_attr(parent, "id") : PF_STR_NONE, paper);
	if (id.s == NULL && name.s != NULL && pf_str_find(name, "/").s == NULL)
		id = name;
	if (id.s != NULL)
	{
		PfStr		spelled = pf_str_printf("acl:%.*s", id.len, id.s);

		pf_strings_add(&rec->ids, spelled);
		if (rec->ids.n > 1)
		{
			PfStr		doi = rec->ids.items[0];

			rec->ids.items[0] = spelled;
			rec->ids.items[rec->ids.n - 1] = doi;
		}
		rec->url = pf_str_printf(ANTHOLOGY "%.*s/", id.len, id.s);
	}
	if (rec->venue.s == NULL)
		rec->venue = doc->volume_title;
	rec->published = year.s != NULL ? volume_date(year, month) : doc->volume_date;
	if (pf_str_blank(added) && in_volume)
		added = pf_attr(parent, "ingest-date");
	if (!pf_str_blank(added))
		rec->announced = pf_date(added);
	rec->source = PF_STR_LIT("acl");
	return PF_PIECE_RECORD;
}

PfPiece
pf_acl_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec)
{
	doc->info.format = "acl anthology";
	if (opened)
	{
		/* What the last volume said does not hold for this one. */
		doc->volume_title = PF_STR_NONE;
		doc->volume_date = PF_NO_TIME;
		return PF_PIECE_OTHER;
	}
	if (pf_is(node, "meta"))
		read_meta(doc, node);
	else if (pf_is(node, "paper"))
		return read_paper(doc, node, rec);
	return PF_PIECE_OTHER;
}
