/*-------------------------------------------------------------------------
 *
 * opml.c
 *		SQL: paperfeed.import_opml, export_opml: lists of feeds in and out.
 *
 * An import reads the whole document before it writes anything.  Then it adds
 * the feeds in the order of their addresses, so that two imports of one list
 * wait for each other and never in a circle, and tells what came of each in
 * the document's order.  What is wrong with an outline is told of it alone.
 *
 * An export is made so that an import of it gives the same addresses, titles
 * and tags: a feed's first tag is the folder it is in, the others are its
 * categories.  All of it is ASCII, other characters being written as
 * references, so that it is right in whatever charset it is saved.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "common/urls.h"
#include "feed/opml.h"
#include "fetch/fetch.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ingest/sources.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "paper/paper.h"
#include "paper/plan.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(pf_import_opml);
PG_FUNCTION_INFO_V1(pf_export_opml);

/* ----------------------------------------------------------------
 * Import
 * ----------------------------------------------------------------
 */

/* Columns of the result. */
enum
{
	OUT_FEED, OUT_URL, OUT_TITLE, OUT_TAGS, OUT_OUTCOME, NOUT
};

typedef struct Entry
{
	PfSource	source;
	int			position;
	Datum		values[NOUT];
	bool		nulls[NOUT];
} Entry;

typedef struct Import
{
	Oid			target;
	Entry	   *entries;
	int			n;
	int			max;
} Import;

static void
on_outline(const PfOutline *outline, void *arg)
{
	Import	   *import = arg;
	PfSource   *source;

	if (import->n == import->max)
	{
		import->max = Max(import->max * 2, 64);
		import->entries = import->entries == NULL ? palloc(sizeof(Entry) * import->max) :
			repalloc_huge(import->entries, sizeof(Entry) * import->max);
	}
	memset(&import->entries[import->n], 0, sizeof(Entry));
	import->entries[import->n].position = import->n;
	source = &import->entries[import->n++].source;
	source->url = pf_str_dup(pf_source_url(outline->url));
	source->target = import->target;
	source->title = pf_source_label(outline->title);
	for (int i = 0; i < outline->tags.n; i++)
		pf_source_tag(&source->tags, outline->tags.items[i]);
}

static int
compare_addresses(const void *a, const void *b)
{
	const Entry *x = *(Entry *const *) a;
	const Entry *y = *(Entry *const *) b;
	int			cmp = memcmp(x->source.url.s, y->source.url.s,
							 Min(x->source.url.len, y->source.url.len));

	if (cmp == 0)
		cmp = x->source.url.len - y->source.url.len;
	return cmp != 0 ? cmp : x->position - y->position;
}

/* Take what the statement left in SPI_tuptable: id, title, tags. */
static void
take_row(Entry *entry)
{
	static const int columns[] = {OUT_FEED, OUT_TITLE, OUT_TAGS};

	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		bool	   *isnull = &entry->nulls[columns[i]];
		Datum		datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1,
										  isnull);

		if (!*isnull)
			entry->values[columns[i]] = i == 0 ? Int64GetDatum(DatumGetInt64(datum)) :
				PointerGetDatum(PG_DETOAST_DATUM_COPY(datum));
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
refuse(Entry *entry, const char *problem)
{
	const PfSource *source = &entry->source;
	Datum	   *tags = palloc(sizeof(Datum) * (source->tags.n + 1));

	for (int i = 0; i < source->tags.n; i++)
		tags[i] = PointerGetDatum(pf_utf8_to_text(source->tags.items[i]));
	entry->nulls[OUT_FEED] = true;
	entry->nulls[OUT_TITLE] = source->title.s == NULL;
	if (source->title.s != NULL)
		entry->values[OUT_TITLE] = PointerGetDatum(pf_utf8_to_text(source->title));
	entry->values[OUT_TAGS] = PointerGetDatum(construct_array(tags, source->tags.n, TEXTOID, -1,
															  false, TYPALIGN_INT));
	entry->values[OUT_OUTCOME] = CStringGetTextDatum(psprintf("refused: %s", problem));
}

static void
import_entry(Entry *entry)
{
	const char *problem = pf_str_blank(entry->source.url) ? "it has no address" :
		pf_source_url_problem(entry->source.url);

	CHECK_FOR_INTERRUPTS();
	entry->values[OUT_URL] = PointerGetDatum(pf_utf8_to_text(entry->source.url));
	if (problem != NULL)
	{
		refuse(entry, problem);
		return;
	}
	entry->values[OUT_OUTCOME] = CStringGetTextDatum(pf_source_import(&entry->source) ?
													 "added" : "known");
	take_row(entry);
}

/* import_opml(document text, target regclass) */
Datum
pf_import_opml(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Import		import = {0};
	Entry	  **sorted;
	const char *fault;
	bool		cut_off;

	InitMaterializedSRF(fcinfo, 0);
	if (result->setDesc->natts != NOUT)
		elog(ERROR, "unexpected result type");
	PreventCommandIfReadOnly("paperfeed.import_opml()");
	import.target = PG_GETARG_OID(1);
	pf_writer_check(import.target);

	fault = pf_opml_read(pf_text_to_utf8(PG_GETARG_TEXT_PP(0)), on_outline, &import, &cut_off);
	if (fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_XML_DOCUMENT),
				 errmsg("this is no list of feeds (OPML): %s", fault)));
	if (cut_off)
		ereport(NOTICE, (errmsg("the list of feeds ends too early; what is there of it is added")));

	sorted = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Entry *) * (import.n + 1));
	for (int i = 0; i < import.n; i++)
		sorted[i] = &import.entries[i];
	qsort(sorted, import.n, sizeof(Entry *), compare_addresses);
	pf_spi_connect();
	for (int i = 0; i < import.n; i++)
		import_entry(sorted[i]);
	SPI_finish();
	for (int i = 0; i < import.n; i++)
		tuplestore_putvalues(result->setResult, result->setDesc, import.entries[i].values,
							 import.entries[i].nulls);
	return (Datum) 0;
}

/* ----------------------------------------------------------------
 * Export
 * ----------------------------------------------------------------
 */

static void
put_attribute(StringInfo out, const char *name, PfStr value)
{
	const unsigned char *s = (const unsigned char *) value.s;
	const unsigned char *end = s + value.len;

	appendStringInfo(out, " %s=\"", name);
	while (s < end)
	{
		pg_wchar	c = utf8_to_unicode(s);

		if (c == '&' || c == '<' || c == '>' || c == '"' || c > 0x7f)
			appendStringInfo(out, "&#x%X;", (c >= 0x80 && c < 0xA0) || c == 0xFFFE || c == 0xFFFF ?
							 0xFFFD : (unsigned int) c);
		else
			appendStringInfoChar(out, c < ' ' || c == 0x7f ? ' ' : (char) c);
		s += pg_utf_mblen(s);
	}
	appendStringInfoChar(out, '"');
}

static PfStr
column_str(HeapTuple row, TupleDesc desc, int number)
{
	bool		isnull;
	Datum		datum = SPI_getbinval(row, desc, number, &isnull);

	return isnull ? PF_STR_NONE : pf_text_to_utf8(DatumGetTextPP(datum));
}

static PfStrings
column_strings(HeapTuple row, TupleDesc desc, int number)
{
	PfStrings	out = {0};
	bool		isnull;
	Datum		datum = SPI_getbinval(row, desc, number, &isnull);
	Datum	   *items;
	bool	   *nulls;
	int			n;

	if (isnull)
		return out;
	deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false, TYPALIGN_INT,
					  &items, &nulls, &n);
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			pf_source_tag(&out, pf_text_to_utf8(DatumGetTextPP(items[i])));
	return out;
}

/* An address without its password, and as it is but for that. */
static PfStr
without_password(PfStr url)
{
	PfUrl		parts;
	const char *host;

	if (memchr(url.s, '@', url.len) == NULL)
		return url;
	if (!pf_url_split(url, &parts))
		return pf_fetch_public_url(url);
	if (parts.userinfo.s == NULL)
		return url;
	host = parts.userinfo.s + parts.userinfo.len + 1;
	return pf_str_join((PfStr) {url.s, (int) (parts.userinfo.s - url.s)},
					   (PfStr) {host, (int) (url.s + url.len - host)});
}

static void
put_feed(StringInfo out, HeapTuple row, TupleDesc desc, const PfStrings *tags, bool passwords)
{
	PfStr		url = column_str(row, desc, 1);
	PfStr		title = pf_source_label(column_str(row, desc, 2));
	PfStr		home = column_str(row, desc, 3);
	PfStr		categories = PF_STR_NONE;

	if (!passwords)
		url = without_password(url);
	appendStringInfoString(out, "<outline type=\"rss\"");
	put_attribute(out, "text", title.s != NULL ? title : url);
	if (title.s != NULL)
		put_attribute(out, "title", title);
	put_attribute(out, "xmlUrl", url);
	if (home.s != NULL)
		put_attribute(out, "htmlUrl", home);
	for (int i = 1; i < tags->n; i++)
	{
		if (categories.s != NULL)
			categories = pf_str_join(categories, PF_STR_LIT(","));
		categories = pf_str_join(categories, pf_opml_category(tags->items[i]));
	}
	if (categories.s != NULL)
		put_attribute(out, "category", categories);
	appendStringInfoString(out, "/>\n");
}

/* export_opml(target regclass, passwords boolean) */
Datum
pf_export_opml(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {REGCLASSOID};
	static PfPlan plan = {
		.sql = "SELECT url, title, home, tags FROM paperfeed.feeds"
		" WHERE target = $1 AND state IN ('active', 'paused')"
		" ORDER BY tags[array_lower(tags, 1)] COLLATE \"C\" NULLS FIRST, url COLLATE \"C\""
	};
	Datum		args[1] = {ObjectIdGetDatum(PG_GETARG_OID(0))};
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "paperfeed outline",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext upper;
	StringInfoData out;
	PfStr		folder = PF_STR_NONE;
	uint64		n;

	initStringInfo(&out);
	appendStringInfoString(&out, "<?xml version=\"1.0\"?>\n<opml version=\"2.0\">\n"
						   "<head><title>Feeds of papers</title></head>\n<body>\n");
	pf_spi_connect();
	n = pf_plan_run(&plan, 1, types, args, NULL, true, NULL);
	upper = CurrentMemoryContext;
	for (uint64 i = 0; i < n; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		PfStrings	tags;
		PfStr		first;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(each);
		MemoryContextSwitchTo(each);
		tags = column_strings(row, SPI_tuptable->tupdesc, 4);
		first = tags.n > 0 ? tags.items[0] : PF_STR_NONE;
		if (folder.s != NULL && (first.s == NULL || !pf_str_eq(first, folder)))
		{
			appendStringInfoString(&out, "</outline>\n");
			folder = PF_STR_NONE;
		}
		if (folder.s == NULL && first.s != NULL)
		{
			MemoryContextSwitchTo(upper);
			folder = pf_str_dup(first);
			MemoryContextSwitchTo(each);
			appendStringInfoString(&out, "<outline");
			put_attribute(&out, "text", folder);
			appendStringInfoString(&out, ">\n");
		}
		put_feed(&out, row, SPI_tuptable->tupdesc, &tags, PG_GETARG_BOOL(1));
		MemoryContextSwitchTo(upper);
	}
	SPI_finish();
	if (folder.s != NULL)
		appendStringInfoString(&out, "</outline>\n");
	appendStringInfoString(&out, "</body>\n</opml>\n");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
