/*-------------------------------------------------------------------------
 *
 * submit_source.c
 *		From what a reader submitted to a paper: an identity, an address, a title.
 *
 * What is not there is asked for by paperfeed.ingest and its like, with the
 * rights of the caller.  They are called by SQL, as the room that has them is
 * none of ours to look into.  Which address serves which identity is in the
 * table resolvers.
 *
 * An address is any reader's choice, and its page may say what it wants.  So of
 * a page nothing is taken but the paper of that very address: words, not
 * identities, by which it could get hold of other papers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "compat.h"
#include "miscadmin.h"
#include "signal/reader.h"
#include "signal/submit.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/acl.h"
#include "catalog/namespace.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#define TITLE_CANDIDATES "200"

PfSource
pf_source_read(text *source)
{
	PfSource	result = {source, PF_SCHEME_NONE, NULL};
	PfStr		canonical;

	result.scheme = pf_paperid_read(pf_text_to_utf8(source), &canonical, NULL);
	if (result.scheme != PF_SCHEME_NONE)
		result.id = pf_utf8_to_text(canonical);
	return result;
}

/* What two spellings of one title have in common. */
static PfStr
fold_title(text *title)
{
	return pf_paperid_hash(pf_text_to_utf8(title), PF_STR_NONE);
}

/* The one paper of a title, by the search index. */
static text *
find_title(text *title, const char **problem)
{
	static const char sql[] =
		"SELECT p.id, p.title FROM paperfeed.papers AS p"
		" WHERE paperfeed.document(p.title, p.abstract, p.authors)"
		" OPERATOR(pg_catalog.@@) pg_catalog.plainto_tsquery('pg_catalog.english', $1)"
		" ORDER BY paperfeed.document(p.title, p.abstract, p.authors) OPERATOR(pg_catalog.<=>)"
		" paperfeed.bm25_query(pg_catalog.plainto_tsquery('pg_catalog.english', $1),"
		" pg_catalog.to_regclass('paperfeed.papers_search'))"
		" LIMIT " TITLE_CANDIDATES;
	MemoryContext context = CurrentMemoryContext;
	Oid			types[1] = {TEXTOID};
	Datum		args[1] = {PointerGetDatum(title)};
	PfStr		wanted = fold_title(title);
	Oid			papers = get_relname_relid("papers", get_namespace_oid("paperfeed", false));
	text	   *found = NULL;

	/* As the caller: nobody is told of a paper that he may not see. */
	if (pg_class_aclcheck(papers, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		return NULL;
	if (SPI_execute_with_args(sql, 1, types, args, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for a title");
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		bool		isnull;
		Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull);

		if (isnull || !pf_str_eq(fold_title(DatumGetTextPP(value)), wanted))
			continue;
		if (found != NULL)
		{
			*problem = "several papers have this title; submit an identity or an address";
			return NULL;
		}
		found = DatumGetTextPCopy(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull));
	}
	return found;
}

text *
pf_source_paper(const PfSource *source, const char **problem)
{
	text	   *id = source->id;

	*problem = NULL;
	if (id == NULL)
		id = find_title(source->text, problem);
	return id == NULL ? NULL : pf_reader_paper(id, true);
}

/* A statement as the caller, whose only row has one column; palloc'd, NULL if there is none. */
static char *
ask(const char *sql, int nargs, Oid *types, Datum *args)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *value = NULL;

	if (SPI_execute_with_args(sql, nargs, types, args, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of: %s", sql);
	MemoryContextSwitchTo(context);
	if (SPI_processed > 0)
	{
		value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		if (value != NULL)
			value = MemoryContextStrdup(context, value);
	}
	SPI_freetuptable(SPI_tuptable);
	return value;
}

#define MAY_EXECUTE(function) \
	"pg_catalog.has_function_privilege('paperfeed." function "', 'EXECUTE')"
#define MAY_ON_PAPERS(what) \
	"pg_catalog.has_table_privilege('paperfeed.papers', '" what "')"
#define MAY_WRITE \
	MAY_ON_PAPERS("SELECT") " AND " MAY_ON_PAPERS("INSERT") " AND " MAY_ON_PAPERS("UPDATE")
#define MAY_INGEST \
	MAY_EXECUTE("ingest(pg_catalog.text, pg_catalog.regclass)")
#define MAY_FETCH \
	MAY_EXECUTE("fetch(pg_catalog.text)")
#define MAY_TAKE_IN \
	MAY_EXECUTE("ingest_document(pg_catalog.bytea, pg_catalog.regclass, " \
				"pg_catalog.text, pg_catalog.text)")

bool
pf_source_allowed(const PfSource *source)
{
	const char *sql = "SELECT " MAY_WRITE " AND " MAY_INGEST;

	if (source == NULL)
		sql = "SELECT " MAY_WRITE " AND " MAY_INGEST " AND " MAY_FETCH " AND " MAY_TAKE_IN;
	else if (source->scheme == PF_SCHEME_NONE)
		sql = "SELECT " MAY_WRITE " AND " MAY_INGEST " AND " MAY_FETCH;
	else if (source->scheme == PF_SCHEME_URL)
		sql = "SELECT " MAY_WRITE " AND " MAY_FETCH " AND " MAY_TAKE_IN;
	return strcmp(ask(sql, 0, NULL, NULL), "t") == 0;
}

/* The name of a source's kind, and what stands for {id}. */
static text *
scheme_of(const PfSource *source, PfStr *value)
{
	const char *id;
	const char *colon;

	if (source->id == NULL)
	{
		*value = pf_str(text_to_cstring(source->text));
		return cstring_to_text("title");
	}
	id = text_to_cstring(source->id);
	colon = strchr(id, ':');
	if (colon == NULL)
		elog(ERROR, "\"%s\" is no canonical identity", id);
	*value = pf_str(colon + 1);
	return cstring_to_text_with_len(id, (int) (colon - id));
}

/*
 * In a title, what is not a letter or digit parts words only, and might mean
 * something to the service.
 */
static void
append_encoded(StringInfo out, PfStr value, bool words_only)
{
	for (int i = 0; i < value.len; i++)
	{
		unsigned char c = (unsigned char) value.s[i];
		bool		alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

		if (words_only && !alnum && c < 0x80)
			c = ' ';
		if (alnum || strchr("-._~", c) != NULL)
			appendStringInfoChar(out, (char) c);
		else
			appendStringInfo(out, "%%%02X", c);
	}
}

static PfPlan resolver_plan = {
	.sql = "SELECT url, pause FROM paperfeed.resolvers WHERE scheme = $1 AND url IS NOT NULL"
};

/* The address that has it; NULL if nobody does. */
static text *
address_of(const PfSource *source)
{
	static const Oid types[] = {TEXTOID};
	StringInfoData out;
	PfStr		value;
	PfStr		submitted = pf_text_to_utf8(source->text);
	Datum		args[1];
	bool		isnull;
	const char *pattern;
	const char *place;

	args[0] = PointerGetDatum(scheme_of(source, &value));
	if (pf_plan_run(&resolver_plan, 1, types, args, NULL, false, NULL) == 0)
		return NULL;
	pattern = TextDatumGetCString(pf_reader_column(1, &isnull));

	/* The canonical address may not be the one that answers. */
	if (source->scheme == PF_SCHEME_URL &&
		(pf_str_starts_nocase(submitted, "http://") || pf_str_starts_nocase(submitted, "https://")))
		value = pf_str(text_to_cstring(source->text));
	if (strcmp(pattern, "{id}") == 0)
		return cstring_to_text_with_len(value.s, value.len);
	value = pf_text_to_utf8(cstring_to_text_with_len(value.s, value.len));
	initStringInfo(&out);
	while ((place = strstr(pattern, "{id}")) != NULL)
	{
		appendBinaryStringInfo(&out, pattern, (int) (place - pattern));
		append_encoded(&out, value, source->id == NULL);
		pattern = place + strlen("{id}");
	}
	appendStringInfoString(&out, pattern);
	return cstring_to_text_with_len(out.data, out.len);
}

int
pf_source_pause(const PfSource *source)
{
	static const Oid types[] = {TEXTOID};
	PfStr		value;
	Datum		args[1];
	bool		isnull;
	Interval   *pause;

	args[0] = PointerGetDatum(scheme_of(source, &value));
	if (pf_plan_run(&resolver_plan, 1, types, args, NULL, false, NULL) == 0)
		return 0;
	pause = DatumGetIntervalP(pf_reader_column(2, &isnull));
	return (int) (pause->time / 1000);
}

static const char *
ingest(text *address)
{
	Oid			types[1] = {TEXTOID};
	Datum		args[1] = {PointerGetDatum(address)};

	return ask("SELECT CASE WHEN r.status OPERATOR(pg_catalog.=) 'failed' THEN r.error END"
			   " FROM paperfeed.ingest($1) AS r", 1, types, args);
}

/* A page: the paper of its own address, without what would make it another one. */
static const char *
ingest_page(const PfSource *source, text *address)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		args[2] = {PointerGetDatum(address), PointerGetDatum(source->id)};
	const char *error;

	error = ask("SELECT COALESCE((SELECT CASE WHEN r.status OPERATOR(pg_catalog.=) 'failed'"
				" THEN r.error ELSE '' END"
				" FROM (SELECT f.* FROM paperfeed.fetch($1) AS f"
				" WHERE f.id OPERATOR(pg_catalog.=) $2::paperfeed.paperid LIMIT 1) AS f,"
				" LATERAL paperfeed.ingest_document(pg_catalog.convert_to(pg_catalog.jsonb_build_object("
				"'id', $2, 'title', f.title, 'abstract', f.abstract, 'authors', f.authors,"
				" 'published', f.published, 'categories', f.categories)::pg_catalog.text, 'UTF8'),"
				" base_url => $1) AS r), 'there is no paper of this address at the address')",
				2, types, args);
	return error[0] == '\0' ? NULL : error;
}

/* A title's paper, as a search of the service has it. */
static const char *
ingest_title(PfSource *source, text *address)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[1] = {TEXTOID};
	Datum		args[1] = {PointerGetDatum(address)};
	PfStr		wanted = fold_title(source->text);
	text	   *found = NULL;
	PfSource	paper;

	if (SPI_execute_with_args("SELECT f.id::pg_catalog.text, f.title FROM paperfeed.fetch($1) AS f",
							  1, types, args, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not call paperfeed.fetch");
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed && found == NULL; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		bool		isnull;
		Datum		title = SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull);

		if (!isnull && pf_str_eq(fold_title(DatumGetTextPP(title)), wanted))
			found = DatumGetTextPCopy(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
	if (found == NULL)
		return "no paper of this title was found";
	paper = pf_source_read(found);
	if (paper.scheme == PF_SCHEME_NONE || paper.scheme == PF_SCHEME_URL)
		return "the paper of this title has no identity to ask for";
	source->scheme = paper.scheme;
	source->id = paper.id;
	return pf_source_fetch(source);
}

/* An error of these classes is none of the service's: the transaction has to end. */
static bool
must_end(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_READ_ONLY_SQL_TRANSACTION);
}

const char *
pf_source_fetch(PfSource *source)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	text	   *address = address_of(source);
	const char *volatile problem = NULL;

	if (address == NULL)
		return "no service is known for such an identity; see paperfeed.resolvers";
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		problem = source->id == NULL ? ingest_title(source, address) :
			source->scheme == PF_SCHEME_URL ? ingest_page(source, address) : ingest(address);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (must_end(error->sqlerrcode))
			ReThrowError(error);
		problem = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return problem;
}
