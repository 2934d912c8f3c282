/*-------------------------------------------------------------------------
 *
 * presets.c
 *		Addresses of the services' feeds, and SQL: paperfeed.arxiv, arxiv_query,
 *		arxiv_oai, huggingface_daily, biorxiv, medrxiv, pubmed, openreview, acl,
 *		crossref, openalex, semantic_scholar, dblp.
 *
 * Each address is one request that brings the newest papers first, as far as
 * the service can do that, in a format that src/feed reads.  What goes into a
 * query is percent-encoded but for the unreserved characters of RFC 3986, so
 * that a +, & or # in it means itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "feed/arxiv.h"
#include "fmgr.h"
#include "ingest/presets.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

PG_FUNCTION_INFO_V1(pf_arxiv_sql);
PG_FUNCTION_INFO_V1(pf_arxiv_query_sql);
PG_FUNCTION_INFO_V1(pf_arxiv_oai_sql);
PG_FUNCTION_INFO_V1(pf_huggingface_daily_sql);
PG_FUNCTION_INFO_V1(pf_biorxiv_sql);
PG_FUNCTION_INFO_V1(pf_medrxiv_sql);
PG_FUNCTION_INFO_V1(pf_pubmed_sql);
PG_FUNCTION_INFO_V1(pf_openreview_sql);
PG_FUNCTION_INFO_V1(pf_acl_sql);
PG_FUNCTION_INFO_V1(pf_crossref_sql);
PG_FUNCTION_INFO_V1(pf_openalex_sql);
PG_FUNCTION_INFO_V1(pf_semantic_scholar_sql);
PG_FUNCTION_INFO_V1(pf_dblp_sql);

/* ----------------------------------------------------------------
 * Making an address
 * ----------------------------------------------------------------
 */

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c);
}

static void
put_encoded(StringInfo url, PfStr a)
{
	for (int i = 0; i < a.len; i++)
	{
		if (is_alnum(a.s[i]) || (a.s[i] != '\0' && strchr("-_.~", a.s[i]) != NULL))
			appendStringInfoChar(url, a.s[i]);
		else
			appendStringInfo(url, "%%%02X", (unsigned char) a.s[i]);
	}
}

/* Add name=value, if there is a value; the first parameter follows a "?" that is there. */
static void
put_param(StringInfo url, const char *name, PfStr value)
{
	if (value.s == NULL)
		return;
	if (url->data[url->len - 1] != '?')
		appendStringInfoChar(url, '&');
	appendStringInfo(url, "%s=", name);
	put_encoded(url, value);
}

static void
put_int_param(StringInfo url, const char *name, int value)
{
	if (value > 0)
		put_param(url, name, pf_str_printf("%d", value));
}

static StringInfo
begin(const char *address)
{
	StringInfo	url = makeStringInfo();

	appendStringInfoString(url, address);
	return url;
}

static PfStr
done(StringInfo url)
{
	return (PfStr) {url->data, url->len};
}

/* ----------------------------------------------------------------
 * The services
 * ----------------------------------------------------------------
 */

PfStr
pf_preset_arxiv(const PfStrings *categories)
{
	StringInfo	url = begin("https://rss.arxiv.org/atom/");

	for (int i = 0; i < categories->n; i++)
	{
		PfStr		code = pf_arxiv_category_code(pf_str_trim(categories->items[i]));

		if (code.s == NULL)
			return PF_STR_NONE;
		appendStringInfo(url, "%s%.*s", i > 0 ? "+" : "", code.len, code.s);
	}
	return categories->n > 0 ? done(url) : PF_STR_NONE;
}

PfStr
pf_preset_arxiv_query(PfStr query, int max_results)
{
	StringInfo	url = begin("https://export.arxiv.org/api/query?");

	put_param(url, "search_query", query);
	put_param(url, "sortBy", PF_STR_LIT("submittedDate"));
	put_param(url, "sortOrder", PF_STR_LIT("descending"));
	put_int_param(url, "max_results", max_results);
	return done(url);
}

/* "cs:cs:CL": letters and hyphens, in up to three parts. */
static bool
is_set(PfStr a)
{
	int			parts = 1;
	int			n = 0;

	for (int i = 0; i < a.len; i++)
	{
		if (a.s[i] == ':' && n > 0 && parts < 3)
		{
			parts++;
			n = 0;
		}
		else if ((is_alnum(a.s[i]) && !is_digit(a.s[i])) || a.s[i] == '-')
			n++;
		else
			return false;
	}
	return n > 0;
}

/* The set of a category: its group, its archive, its own name, as far as these differ. */
static PfStr
set_of_category(PfStr code)
{
	static const char *const physics[] = {
		"astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph",
		"nlin", "nucl-ex", "nucl-th", "quant-ph"
	};
	const char *dot = memchr(code.s, '.', code.len);
	PfStr		archive = {code.s, dot != NULL ? (int) (dot - code.s) : code.len};
	PfStr		group = archive;

	for (int i = 0; i < (int) lengthof(physics); i++)
	{
		if (pf_str_eq(archive, pf_str(physics[i])))
			group = PF_STR_LIT("physics");
	}
	if (dot != NULL)
		return pf_str_printf("%.*s:%.*s:%s", group.len, group.s, archive.len, archive.s, dot + 1);
	if (group.s == archive.s)
		return archive;
	return pf_str_printf("%.*s:%.*s", group.len, group.s, archive.len, archive.s);
}

PfStr
pf_preset_arxiv_oai(PfStr set, PfStr since)
{
	StringInfo	url = begin("https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv");

	if (set.s != NULL)
	{
		PfStr		code = pf_arxiv_category_code(set);

		if (code.s != NULL)
			set = set_of_category(code);
		else if (memchr(set.s, ':', set.len) == NULL || !is_set(set))
			return PF_STR_NONE;
		/* Colons may stand as they are, and always do there. */
		appendStringInfo(url, "&set=%.*s", set.len, set.s);
	}
	put_param(url, "from", since);
	return done(url);
}

PfStr
pf_preset_huggingface(const char *what, PfStr value)
{
	StringInfo	url = begin("https://huggingface.co/api/daily_papers?");

	if (what != NULL)
		put_param(url, what, value);
	put_int_param(url, "limit", 100);
	return done(url);
}

/* "Cell Biology", "cell-biology" and "cell_biology" are all the last one there. */
PfStr
pf_preset_biorxiv(const char *server, PfStr collection)
{
	StringInfo	url = begin(psprintf("https://connect.%s.org/%s_xml.php?subject=", server, server));
	int			start = url->len;

	for (int i = 0; i < collection.len; i++)
	{
		if (is_alnum(collection.s[i]))
			appendStringInfoChar(url, pg_ascii_tolower((unsigned char) collection.s[i]));
		else if (collection.s[i] == '\0' || strchr(" _-/&,", collection.s[i]) == NULL)
			return PF_STR_NONE;
		else if (url->len > start && url->data[url->len - 1] != '_')
			appendStringInfoChar(url, '_');
	}
	return url->len > start && url->data[url->len - 1] != '_' ? done(url) : PF_STR_NONE;
}

/*
 * PubMed's own service wants two requests, one for numbers and one for what they
 * stand for.  Europe PMC has all of PubMed and gives it in one.
 */
PfStr
pf_preset_pubmed(PfStr query, int max_results)
{
	StringInfo	url = begin("https://www.ebi.ac.uk/europepmc/webservices/rest/search?");

	put_param(url, "query", pf_str_printf("(%.*s) AND SRC:MED", query.len, query.s));
	put_param(url, "resultType", PF_STR_LIT("core"));
	put_param(url, "format", PF_STR_LIT("json"));
	put_param(url, "sort", PF_STR_LIT("P_PDATE_D desc"));
	put_int_param(url, "pageSize", max_results);
	return done(url);
}

PfStr
pf_preset_openreview(PfStr venue)
{
	StringInfo	url = begin("https://api2.openreview.net/notes?");

	for (int i = 0; i < venue.len; i++)
	{
		if (!is_alnum(venue.s[i]) && (venue.s[i] == '\0' || strchr("._/&-", venue.s[i]) == NULL))
			return PF_STR_NONE;
	}
	if (venue.len == 0 || venue.s[0] == '/')
		return PF_STR_NONE;
	put_param(url, "content.venueid", venue);
	put_int_param(url, "limit", 1000);
	return done(url);
}

/* "2024.acl", "2024.acl-long" or "2024.acl-long.1" is in 2024.acl; "P19" and "P19-1001" in P19. */
PfStr
pf_preset_acl(PfStr collection)
{
	const char *s = collection.s;
	int			len = collection.len;
	int			n;

	if (len >= 3 && s[0] >= 'A' && s[0] <= 'Z' && is_digit(s[1]) && is_digit(s[2]))
		n = 3;
	else
	{
		if (len < 6 || s[4] != '.')
			return PF_STR_NONE;
		for (n = 0; n < 4; n++)
		{
			if (!is_digit(s[n]))
				return PF_STR_NONE;
		}
		for (n = 5; n < len && (is_lower(s[n]) || is_digit(s[n]) || s[n] == '_'); n++)
			;
		if (n == 5)
			return PF_STR_NONE;
	}
	/* A volume and a paper may follow. */
	for (int i = n; i < len; i++)
	{
		if (i == n ? s[i] != '-' : !is_alnum(s[i]) && s[i] != '.' && s[i] != '_')
			return PF_STR_NONE;
	}
	return pf_str_printf("https://raw.githubusercontent.com/acl-org/acl-anthology/master/data/xml/"
						 "%.*s.xml", n, s);
}

PfStr
pf_preset_semantic_scholar(PfStr query)
{
	StringInfo	url = begin("https://api.semanticscholar.org/graph/v1/paper/search/bulk?");

	put_param(url, "query", query);
	put_param(url, "sort", PF_STR_LIT("publicationDate:desc"));
	put_param(url, "fields",
			  PF_STR_LIT("title,abstract,authors,externalIds,url,venue,year,publicationDate,"
						 "citationCount,openAccessPdf,fieldsOfStudy"));
	return done(url);
}

PfStr
pf_preset_dblp(PfStr query, int max_results)
{
	StringInfo	url = begin("https://dblp.org/search/publ/api?");

	put_param(url, "q", query);
	put_param(url, "format", PF_STR_LIT("json"));
	put_int_param(url, "h", max_results);
	return done(url);
}

/* ----------------------------------------------------------------
 * SQL
 * ----------------------------------------------------------------
 */

/* An argument that is not blank, or none for NULL. */
static PfStr
text_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	PfStr		value;

	if (PG_ARGISNULL(number))
		return PF_STR_NONE;
	value = pf_str_trim(pf_text_to_utf8(PG_GETARG_TEXT_PP(number)));
	if (pf_str_blank(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", name)));
	return value;
}

static int
count_argument(FunctionCallInfo fcinfo, int number, int max)
{
	int			value;

	/* NULL leaves it to the service. */
	if (PG_ARGISNULL(number))
		return 0;
	value = PG_GETARG_INT32(number);
	if (value < 1 || value > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_results must be between 1 and %d", max)));
	return value;
}

/* "2025-02-18", whatever the style of dates is. */
static PfStr
date_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	DateADT		date;
	int			year;
	int			month;
	int			day;

	if (PG_ARGISNULL(number))
		return PF_STR_NONE;
	date = PG_GETARG_DATEADT(number);
	if (!DATE_NOT_FINITE(date))
	{
		j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
		if (year >= 1 && year <= 9999)
			return pf_str_printf("%04d-%02d-%02d", year, month, day);
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("%s must be a day of the years 1 to 9999", name)));
}

static Datum
give(PfStr url)
{
	return PointerGetDatum(pf_utf8_to_text(url));
}

static _Noreturn void
no_such(PfStr value, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no %s", text_to_cstring(pf_utf8_to_text(value)), what),
			 errhint("%s", hint)));
}

/* arxiv(category text, VARIADIC more text[]) */
Datum
pf_arxiv_sql(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	PfStrings	categories = {0};
	Datum	   *items;
	int			n;

	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a category must not be null")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, NULL, &n);
	pf_strings_add(&categories, text_argument(fcinfo, 0, "category"));
	for (int i = 0; i < n; i++)
		pf_strings_add(&categories, pf_text_to_utf8(DatumGetTextPP(items[i])));
	for (int i = 0; i < categories.n; i++)
	{
		if (pf_arxiv_category_code(pf_str_trim(categories.items[i])).s == NULL)
			no_such(categories.items[i], "category of arXiv",
					"See https://arxiv.org/category_taxonomy; for one that is new there, "
					"write the address itself.");
	}
	return give(pf_preset_arxiv(&categories));
}

/* arxiv_query(query text, max_results integer) */
Datum
pf_arxiv_query_sql(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return give(pf_preset_arxiv_query(text_argument(fcinfo, 0, "query"),
									  count_argument(fcinfo, 1, 2000)));
}

/* arxiv_oai(set text, since date) */
Datum
pf_arxiv_oai_sql(PG_FUNCTION_ARGS)
{
	PfStr		set = text_argument(fcinfo, 0, "set");
	PfStr		url = pf_preset_arxiv_oai(set, date_argument(fcinfo, 1, "since"));

	if (url.s == NULL)
		no_such(set, "set or category of arXiv",
				"Sets are such as \"cs\", \"cs:cs:CL\" and \"physics:hep-th\".");
	return give(url);
}

/* huggingface_daily(day date) */
Datum
pf_huggingface_daily_sql(PG_FUNCTION_ARGS)
{
	PfStr		day = date_argument(fcinfo, 0, "day");

	return give(pf_preset_huggingface(day.s != NULL ? "date" : NULL, day));
}

static Datum
biorxiv(FunctionCallInfo fcinfo, const char *server, const char *what)
{
	PfStr		collection = text_argument(fcinfo, 0, "collection");
	PfStr		url = pf_preset_biorxiv(server, collection);

	if (url.s == NULL)
		no_such(collection, what, "Collections are such as \"neuroscience\" and "
				"\"Cell Biology\"; \"all\" is all of them.");
	return give(url);
}

/* biorxiv(collection text) */
Datum
pf_biorxiv_sql(PG_FUNCTION_ARGS)
{
	return biorxiv(fcinfo, "biorxiv", "collection of bioRxiv");
}

/* medrxiv(collection text) */
Datum
pf_medrxiv_sql(PG_FUNCTION_ARGS)
{
	return biorxiv(fcinfo, "medrxiv", "collection of medRxiv");
}

/* pubmed(query text, max_results integer) */
Datum
pf_pubmed_sql(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return give(pf_preset_pubmed(text_argument(fcinfo, 0, "query"),
								 count_argument(fcinfo, 1, 1000)));
}

/* openreview(venue text) */
Datum
pf_openreview_sql(PG_FUNCTION_ARGS)
{
	PfStr		venue = text_argument(fcinfo, 0, "venue");
	PfStr		url = pf_preset_openreview(venue);

	if (url.s == NULL)
		no_such(venue, "venue of OpenReview", "Venues are such as \"ICLR.cc/2024/Conference\".");
	return give(url);
}

/* acl(collection text) */
Datum
pf_acl_sql(PG_FUNCTION_ARGS)
{
	PfStr		collection = text_argument(fcinfo, 0, "collection");
	PfStr		url = pf_preset_acl(collection);

	if (url.s == NULL)
		no_such(collection, "collection of the ACL Anthology",
				"Collections are such as \"2024.acl\" and \"P19\".");
	return give(url);
}

/* An ISSN with its hyphen; none if it is none. */
static PfStr
read_issn(PfStr in)
{
	char		digits[8];
	int			n = 0;

	for (int i = 0; i < in.len; i++)
	{
		char		c = in.s[i];

		if (c == '-' && n == 4 && i == 4)
			continue;
		if (n == 8 || !(is_digit(c) || (n == 7 && (c == 'X' || c == 'x'))))
			return PF_STR_NONE;
		digits[n++] = c == 'x' ? 'X' : c;
	}
	return n == 8 ? pf_str_printf("%.4s-%.4s", digits, digits + 4) : PF_STR_NONE;
}

/* crossref(query text, issn text, since date, max_results integer) */
Datum
pf_crossref_sql(PG_FUNCTION_ARGS)
{
	StringInfo	url = begin("https://api.crossref.org/works?");
	PfStr		query = text_argument(fcinfo, 0, "query");
	PfStr		issn = text_argument(fcinfo, 1, "issn");
	PfStr		since = date_argument(fcinfo, 2, "since");
	PfStr		filter = PF_STR_NONE;

	if (query.s == NULL && issn.s == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("crossref() takes a query, an ISSN or both")));
	if (issn.s != NULL)
	{
		PfStr		read = read_issn(issn);

		if (read.s == NULL)
			no_such(issn, "ISSN", "An ISSN is such as \"2041-1723\".");
		filter = pf_str_printf("issn:%s", read.s);
	}
	if (since.s != NULL)
		filter = pf_str_printf("%s%sfrom-created-date:%s", filter.s != NULL ? filter.s : "",
							   filter.s != NULL ? "," : "", since.s);
	put_param(url, "query", query);
	put_param(url, "filter", filter);
	put_param(url, "sort", PF_STR_LIT("created"));
	put_param(url, "order", PF_STR_LIT("desc"));
	put_int_param(url, "rows", count_argument(fcinfo, 3, 1000));
	return give(done(url));
}

/* openalex(search text, filter text, max_results integer) */
Datum
pf_openalex_sql(PG_FUNCTION_ARGS)
{
	StringInfo	url = begin("https://api.openalex.org/works?");
	PfStr		search = text_argument(fcinfo, 0, "search");
	PfStr		filter = text_argument(fcinfo, 1, "filter");

	if (search.s == NULL && filter.s == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("openalex() takes a search, a filter or both")));
	put_param(url, "search", search);
	put_param(url, "filter", filter);
	put_param(url, "sort", PF_STR_LIT("publication_date:desc"));
	put_int_param(url, "per_page", count_argument(fcinfo, 2, 200));
	return give(done(url));
}

/* semantic_scholar(query text) */
Datum
pf_semantic_scholar_sql(PG_FUNCTION_ARGS)
{
	return give(pf_preset_semantic_scholar(text_argument(fcinfo, 0, "query")));
}

/* dblp(query text, max_results integer) */
Datum
pf_dblp_sql(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return give(pf_preset_dblp(text_argument(fcinfo, 0, "query"),
							   count_argument(fcinfo, 1, 1000)));
}
