/*-------------------------------------------------------------------------
 *
 * pubmed.c
 *		PubMed: articles and books as efetch and the baseline give them.
 *
 * Titles and abstracts hold sup, sub, i and MathML, so both are read as
 * markup.  A labelled abstract keeps its labels ("METHODS: ...").
 *
 * Published is the electronic date where there is one, as the date of an issue
 * may lie months after the article was out; else the issue's, which may say no
 * more than a year or a season; else the day that PubMed got the article.
 * History dates of 1 January are put there for old articles and tell nothing.
 *
 * Categories are the MeSH headings that the article is mainly about; the
 * rest ("Humans", "Female") would drown them and stays in "mesh".  NLM's
 * revision of its own record is no revision of the paper.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/parts.h"

typedef struct Dates
{
	TimestampTz electronic;		/* ArticleDate */
	TimestampTz issue;			/* PubDate */
	TimestampTz history;		/* first known to PubMed */
} Dates;

static int
number_of(const PfNode *node, const char *name)
{
	int			value;

	return pf_str_int(pf_child_text(node, name), &value) ? value : 0;
}

/* Year, Month ("Jun" or "06") and Day below a node. */
static TimestampTz
date_of(const PfNode *node, int *year, int *month, int *day)
{
	PfStr		name = pf_child_text(node, "Month");

	*year = number_of(node, "Year");
	*month = name.s != NULL ? pf_month(name) : 0;
	*day = *month > 0 ? number_of(node, "Day") : 0;
	return *year > 0 ? pf_date_ymd(*year, *month, *day) : PF_NO_TIME;
}

/* Seasons begin in these months; winter is taken for that of the year's beginning. */
static int
season_month(PfStr season)
{
	if (pf_str_starts_nocase(season, "spring"))
		return 3;
	if (pf_str_starts_nocase(season, "summer"))
		return 6;
	if (pf_str_starts_nocase(season, "fall") || pf_str_starts_nocase(season, "autumn"))
		return 9;
	return 0;
}

static void
read_issue_date(Dates *dates, const PfNode *node)
{
	int			year;
	int			month;
	int			day;
	PfStr		season = pf_child_text(node, "Season");

	dates->issue = date_of(node, &year, &month, &day);
	if (dates->issue == PF_NO_TIME)
		/* "2019 Mar-Apr", "1998 Dec-1999 Jan", "1944-1945" */
		dates->issue = pf_date(pf_child_text(node, "MedlineDate"));
	else if (month == 0 && season.s != NULL)
		dates->issue = pf_date_ymd(year, season_month(season), 0);
}

static void
read_history(Dates *dates, const PfNode *node)
{
	PF_EACH_ELEMENT(c, node)
	{
		PfStr		status = pf_attr(c, "PubStatus");
		TimestampTz date;
		int			year;
		int			month;
		int			day;

		if (status.s == NULL ||
			(!PF_STR_IS(status, "pubmed") && !PF_STR_IS(status, "entrez")))
			continue;
		date = date_of(c, &year, &month, &day);
		if (date == PF_NO_TIME || (month <= 1 && day <= 1))
			continue;
		if (dates->history == PF_NO_TIME || date < dates->history)
			dates->history = date;
	}
}

static TimestampTz
published(const Dates *dates)
{
	if (dates->electronic != PF_NO_TIME)
		return dates->electronic;
	if (dates->issue != PF_NO_TIME)
		return dates->issue;
	return dates->history;
}

/* Without the address for letters that stands behind it. */
static PfStr
affiliation_of(const PfNode *node)
{
	PfStr		text = pf_part_plain(node, PF_PLAIN_HTML);
	int			n = 0;

	while (n < text.len && text.s[n] != '@')
		n++;
	if (n == text.len)
		return text;
	while (n > 0 && text.s[n - 1] != ' ')
		n--;
	text = pf_str_trim((PfStr) {text.s, n});
	if (text.len > 19 &&
		pf_str_eq_nocase((PfStr) {text.s + text.len - 19, 19}, "electronic address:"))
		text = pf_str_trim((PfStr) {text.s, text.len - 19});
	return text;
}

static void
read_authors(PfRecord *rec, const PfNode *list)
{
	PF_EACH_ELEMENT(author, list)
	{
		PfStr		family = PF_STR_NONE;
		PfStr		given = PF_STR_NONE;
		PfStr		initials = PF_STR_NONE;
		PfStr		suffix = PF_STR_NONE;
		PfStr		name = PF_STR_NONE;
		PfStr		valid = pf_attr(author, "ValidYN");

		if (!pf_is(author, "Author") || (valid.s != NULL && PF_STR_IS(valid, "N")))
			continue;
		PF_EACH_ELEMENT(c, author)
		{
			if (pf_is(c, "LastName"))
				family = pf_part_plain(c, PF_PLAIN_HTML);
			else if (pf_is(c, "ForeName"))
				given = pf_part_plain(c, PF_PLAIN_HTML);
			else if (pf_is(c, "Initials"))
				initials = pf_text(c);
			else if (pf_is(c, "Suffix"))
				suffix = pf_part_plain(c, PF_PLAIN_HTML);
			else if (pf_is(c, "CollectiveName"))
				name = pf_part_plain(c, PF_PLAIN_HTML);
			else if (pf_is(c, "AffiliationInfo"))
				pf_part_add_to(&rec->extra, "affiliations",
							   affiliation_of(pf_child(c, "Affiliation")));
		}
		if (name.s == NULL)
			name = pf_name_join(given.s != NULL ? given : initials, family, suffix);
		if (name.s != NULL)
			pf_strings_add(&rec->authors, name);
	}
}

/* Parts are joined by blanks; a label goes before its part. */
static PfStr
read_abstract(const PfNode *abstract)
{
	StringInfoData buf;

	initStringInfo(&buf);
	PF_EACH_ELEMENT(c, abstract)
	{
		PfStr		label = pf_attr(c, "Label");
		int			start = buf.len;
		int			begin;

		if (!pf_is(c, "AbstractText"))
			continue;
		if (start > 0)
			appendStringInfoChar(&buf, ' ');
		if (!pf_str_blank(label) && !pf_str_eq_nocase(label, "UNLABELLED"))
		{
			appendBinaryStringInfo(&buf, label.s, label.len);
			if (label.s[label.len - 1] != ':')
				appendStringInfoChar(&buf, ':');
			appendStringInfoChar(&buf, ' ');
		}
		begin = buf.len;
		pf_plain(pf_markup(c), PF_PLAIN_ALL, &buf);
		if (buf.len == begin)
		{
			buf.len = start;
			buf.data[start] = '\0';
		}
	}
	return buf.len > 0 ? (PfStr) {buf.data, buf.len} : PF_STR_NONE;
}

/*
 * "[Title in English]." is NLM's translation of the vernacular title; the
 * brackets and the full stop after any title are theirs.
 */
static PfStr
read_title(const PfNode *node, bool *translated)
{
	PfStr		title = pf_part_plain(node, PF_PLAIN_ALL);
	int			depth = 0;

	*translated = false;
	if (title.len > 3 && memcmp(title.s + title.len - 2, "].", 2) == 0)
		title.len--;
	if (title.len < 3 || title.s[0] != '[' || title.s[title.len - 1] != ']')
		return pf_part_title_stop(title);
	for (int i = 0; i < title.len - 1; i++)
	{
		if (title.s[i] == '[')
			depth++;
		else if (title.s[i] == ']' && --depth == 0)
			return title;		/* "[A] and [B]" */
	}
	title = pf_part_title_stop((PfStr) {title.s + 1, title.len - 2});
	if (pf_str_eq_nocase(title, "Not Available"))
		return PF_STR_NONE;
	*translated = true;
	return title;
}

static void
read_types(PfRecord *rec, const PfNode *list)
{
	PF_EACH_ELEMENT(c, list)
	{
		PfStr		type = pf_text(c);

		if (type.s == NULL)
			continue;
		if (PF_STR_IS(type, "Retracted Publication"))
			rec->withdrawn = true;
		pf_part_add_to(&rec->extra, "publication_types", type);
	}
}

static bool
is_major(const PfNode *node)
{
	PfStr		major = pf_attr(node, "MajorTopicYN");

	return major.s != NULL && PF_STR_IS(major, "Y");
}

static void
read_mesh(PfRecord *rec, const PfNode *list)
{
	PF_EACH_ELEMENT(heading, list)
	{
		PfStr		name = PF_STR_NONE;
		bool		major = false;

		PF_EACH_ELEMENT(c, heading)
		{
			if (pf_is(c, "DescriptorName"))
				name = pf_text(c);
			major |= is_major(c);
		}
		if (major)
			pf_part_add(&rec->categories, name);
		pf_part_add_to(&rec->extra, "mesh", name);
	}
}

static void
read_article_ids(PfRecord *rec, const PfNode *list)
{
	PF_EACH_ELEMENT(c, list)
	{
		PfStr		type = pf_attr(c, "IdType");

		if (type.s == NULL)
			continue;
		if (PF_STR_IS(type, "doi"))
			pf_part_add_doi(rec, pf_text(c));
		else if (PF_STR_IS(type, "pmc"))
			pf_part_set(&rec->extra, "pmcid", pf_text(c));
		else if (PF_STR_IS(type, "arxiv"))
			pf_part_add(&rec->ids, pf_text(c));
	}
}

static void
read_pmid(PfRecord *rec, const PfNode *node)
{
	PfStr		pmid = pf_text(node);

	if (pmid.s == NULL || rec->url.s != NULL)
		return;
	pf_strings_add(&rec->ids, pf_str_printf("pmid:%.*s", pmid.len, pmid.s));
	rec->url = pf_str_printf("https://pubmed.ncbi.nlm.nih.gov/%.*s/", pmid.len, pmid.s);
}

static void
read_keywords(PfRecord *rec, const PfNode *list)
{
	PF_EACH_ELEMENT(c, list)
		pf_part_add_to(&rec->extra, "keywords", pf_part_plain(c, PF_PLAIN_HTML));
}

/* What an article and a document of a book have in common. */
static bool
read_common(PfRecord *rec, const PfNode *c)
{
	if (pf_is(c, "ArticleTitle"))
	{
		bool		translated;

		rec->title = read_title(c, &translated);
		if (translated)
			pf_pairs_add(&rec->extra, "translated_title", PF_PAIR_BOOL, PF_STR_LIT("true"));
	}
	else if (pf_is(c, "VernacularTitle"))
		pf_part_set(&rec->extra, "original_title",
					pf_part_title_stop(pf_part_plain(c, PF_PLAIN_ALL)));
	else if (pf_is(c, "Abstract"))
		rec->abstract = read_abstract(c);
	else if (pf_is(c, "AuthorList"))
	{
		PfStr		type = pf_attr(c, "Type");

		if (type.s == NULL || !PF_STR_IS(type, "editors"))
			read_authors(rec, c);
	}
	else if (pf_is(c, "ELocationID"))
	{
		PfStr		type = pf_attr(c, "EIdType");
		PfStr		valid = pf_attr(c, "ValidYN");

		if (type.s != NULL && PF_STR_IS(type, "doi") &&
			(valid.s == NULL || !PF_STR_IS(valid, "N")))
			pf_part_add_doi(rec, pf_text(c));
	}
	else if (pf_is(c, "Language"))
	{
		PfStr		language = pf_text(c);

		if (language.s != NULL && !PF_STR_IS(language, "eng"))
			pf_part_set(&rec->extra, "language", language);
	}
	else if (pf_is(c, "PublicationTypeList"))
		read_types(rec, c);
	else if (pf_is(c, "KeywordList"))
		read_keywords(rec, c);
	else
		return false;
	return true;
}

static void
read_article(PfRecord *rec, const PfNode *article, Dates *dates)
{
	PF_EACH_ELEMENT(c, article)
	{
		int			year;
		int			month;
		int			day;

		if (read_common(rec, c))
			continue;
		if (pf_is(c, "Journal"))
		{
			rec->venue = pf_part_plain(pf_child(c, "Title"), PF_PLAIN_ALL);
			if (rec->venue.s == NULL)
				rec->venue = pf_part_plain(pf_child(c, "ISOAbbreviation"), PF_PLAIN_ALL);
			read_issue_date(dates, pf_path(c, "JournalIssue.PubDate"));
		}
		else if (pf_is(c, "ArticleDate"))
			dates->electronic = date_of(c, &year, &month, &day);
	}
}

static void
read_citation(PfRecord *rec, const PfNode *citation, Dates *dates)
{
	const PfNode *other = NULL;

	PF_EACH_ELEMENT(c, citation)
	{
		if (pf_is(c, "PMID"))
			read_pmid(rec, c);
		else if (pf_is(c, "Article"))
			read_article(rec, c, dates);
		else if (pf_is(c, "MeshHeadingList"))
			read_mesh(rec, c);
		else if (pf_is(c, "KeywordList"))
			read_keywords(rec, c);
		else if (pf_is(c, "OtherAbstract"))
			other = c;
		else if (pf_is(c, "CommentsCorrectionsList"))
		{
			PF_EACH_ELEMENT(note, c)
			{
				PfStr		type = pf_attr(note, "RefType");

				if (type.s != NULL && PF_STR_IS(type, "RetractionIn"))
					rec->withdrawn = true;
			}
		}
	}
	if (rec->abstract.s == NULL && other != NULL)
		rec->abstract = read_abstract(other);
}

static void
read_data(PfRecord *rec, const PfNode *data, Dates *dates)
{
	PF_EACH_ELEMENT(c, data)
	{
		if (pf_is(c, "History"))
			read_history(dates, c);
		else if (pf_is(c, "ArticleIdList"))
			read_article_ids(rec, c);
	}
}

/* A chapter names its book; a book has no title but the book's. */
static void
read_book(PfRecord *rec, const PfNode *document, Dates *dates)
{
	const PfNode *book = pf_child(document, "Book");
	PfStr		title = pf_part_plain(pf_child(book, "BookTitle"), PF_PLAIN_ALL);

	PF_EACH_ELEMENT(c, document)
	{
		int			year;
		int			month;
		int			day;

		if (read_common(rec, c))
			continue;
		if (pf_is(c, "PMID"))
			read_pmid(rec, c);
		else if (pf_is(c, "ArticleIdList"))
			read_article_ids(rec, c);
		else if (pf_is(c, "ContributionDate"))
			dates->electronic = date_of(c, &year, &month, &day);
		else if (pf_is(c, "PublicationType"))
			pf_part_add_to(&rec->extra, "publication_types", pf_text(c));
	}
	if (book == NULL)
		return;
	title = pf_part_title_stop(title);
	if (rec->title.s == NULL)
		rec->title = title;
	else
		rec->venue = title;
	read_issue_date(dates, pf_child(book, "PubDate"));
	PF_EACH_ELEMENT(c, book)
	{
		if (rec->authors.n == 0 && pf_is(c, "AuthorList"))
			read_authors(rec, c);
	}
	if (rec->venue.s == NULL)
		rec->venue = pf_part_plain(pf_path(book, "Publisher.PublisherName"), PF_PLAIN_ALL);
}

PfPiece
pf_pubmed_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec)
{
	Dates		dates = {PF_NO_TIME, PF_NO_TIME, PF_NO_TIME};

	doc->info.format = "pubmed";
	if (opened)
		return PF_PIECE_OTHER;
	rec->source = PF_STR_LIT("pubmed");

	if (pf_is(node, "PMID") && node->parent != NULL && pf_is(node->parent, "DeleteCitation"))
	{
		read_pmid(rec, node);
		rec->url = PF_STR_NONE;
		rec->withdrawn = true;
		return PF_PIECE_RECORD;
	}
	if (!pf_is(node, "PubmedArticle") && !pf_is(node, "PubmedBookArticle"))
		return PF_PIECE_OTHER;

	PF_EACH_ELEMENT(c, node)
	{
		if (pf_is(c, "MedlineCitation"))
			read_citation(rec, c, &dates);
		else if (pf_is(c, "BookDocument"))
			read_book(rec, c, &dates);
		else if (pf_is(c, "PubmedData") || pf_is(c, "PubmedBookData"))
			read_data(rec, c, &dates);
	}
	if (rec->title.s == NULL)
	{
		/* "[Not Available]." */
		for (int i = 0; i < rec->extra.n; i++)
		{
			if (strcmp(rec->extra.items[i].key, "original_title") == 0)
				rec->title = rec->extra.items[i].value;
		}
	}
	rec->published = published(&dates);
	return PF_PIECE_RECORD;
}
