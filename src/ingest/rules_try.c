/*-------------------------------------------------------------------------
 *
 * rules_try.c
 *		What rules would do to the papers that are there.
 *
 * These are statements on paperfeed.papers with the caller's rights, planned for
 * what is asked: a query goes by the index of search.  The newest papers come
 * first, and the order is one that the index on published has, so those without a
 * date are a statement of their own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ingest/criteria.h"
#include "paper/plan.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* Arguments of the statements; the last is how many rows are still wanted. */
enum
{
	ARG_QUERY, ARG_AUTHORS, ARG_CATEGORIES, ARG_SOURCES, ARG_FEED_TAGS, ARG_K, NARG
};

static Oid types[NARG] = {
	TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8OID
};

typedef struct Arguments
{
	Datum		values[NARG];
	char		nulls[NARG];	/* as SPI has them */
} Arguments;

#define WORDS "paperfeed.document(p.title, p.abstract, p.authors)"

/* Marked are the words that a match must have. */
#define SNIPPET \
	"pg_catalog.ts_headline('pg_catalog.english'::pg_catalog.regconfig," \
	" pg_catalog.concat_ws('. ', p.title, pg_catalog.left(p.abstract, 4000))," \
	" paperfeed.condition($1)," \
	" 'StartSel=**, StopSel=**, MaxWords=30, MinWords=15')"

static void
put_row(ReturnSetInfo *rsinfo, uint64 i)
{
	Datum		values[4];
	bool		nulls[4];

	for (int c = 0; c < 4; c++)
		values[c] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, c + 1, &nulls[c]);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* The newest papers 'p' of which 'condition' holds, with 'why'; 'from' may add to the FROM clause. */
static void
put_newest(FunctionCallInfo fcinfo, const char *why, const char *from, const char *condition,
		   Arguments *args)
{
	static const char *const dated[] = {"IS NOT NULL", "IS NULL"};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (size_t i = 0; i < lengthof(dated); i++)
	{
		char	   *sql = psprintf("SELECT p.id, p.title, p.published, %s"
								   " FROM paperfeed.papers AS p%s WHERE p.published %s AND %s"
								   " ORDER BY p.published DESC, p.id LIMIT $%d",
								   why, from, dated[i], condition, ARG_K + 1);

		if (SPI_execute_with_args(sql, NARG, types, args->values, args->nulls,
								  true, 0) != SPI_OK_SELECT)
			elog(ERROR, "unexpected result of: %s", sql);
		for (uint64 row = 0; row < SPI_processed; row++)
			put_row(rsinfo, row);
		if (args->nulls[ARG_K] != 'n')
			args->values[ARG_K] = Int64GetDatum(DatumGetInt64(args->values[ARG_K]) - SPI_processed);
		SPI_freetuptable(SPI_tuptable);
	}
}

static void
set_k(FunctionCallInfo fcinfo, int number, Arguments *args)
{
	args->nulls[ARG_K] = PG_ARGISNULL(number) ? 'n' : ' ';
	if (PG_ARGISNULL(number))
		return;
	if (PG_GETARG_INT32(number) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
				 errmsg("k must not be negative")));
	args->values[ARG_K] = Int64GetDatum(PG_GETARG_INT32(number));
}

static bool
is_given(const Arguments *args, int number)
{
	return args->nulls[number] != 'n';
}

static void
try_rule(FunctionCallInfo fcinfo, Arguments *args, bool matched)
{
	StringInfoData condition;
	StringInfoData why;

	initStringInfo(&condition);
	appendStringInfoString(&condition, matched ? "(true" : "NOT (true");
	initStringInfo(&why);
	appendStringInfoString(&why, "NULLIF(pg_catalog.concat_ws(' | ', NULL");
	if (is_given(args, ARG_QUERY))
	{
		appendStringInfoString(&condition, " AND " WORDS
							   " OPERATOR(pg_catalog.@@) paperfeed.condition($1)");
		appendStringInfoString(&why, ", " SNIPPET);
	}
	if (is_given(args, ARG_AUTHORS) || is_given(args, ARG_CATEGORIES) ||
		is_given(args, ARG_SOURCES))
		appendStringInfoString(&condition, " AND paperfeed._meets(p.authors, p.categories,"
							   " p.source, $2, $3, $4)");
	if (is_given(args, ARG_AUTHORS))
		appendStringInfoString(&why, ", pg_catalog.array_to_string(p.authors, ', ')");
	if (is_given(args, ARG_CATEGORIES))
		appendStringInfoString(&why, ", pg_catalog.array_to_string(p.categories, ' ')");
	if (is_given(args, ARG_SOURCES))
		appendStringInfoString(&why, ", p.source");
	if (is_given(args, ARG_FEED_TAGS))
		appendStringInfoString(&condition, " AND EXISTS (SELECT FROM paperfeed.sightings AS s"
							   " JOIN paperfeed.feeds AS f ON f.id OPERATOR(pg_catalog.=) s.feed"
							   " WHERE s.paper OPERATOR(pg_catalog.=) p.id"
							   " AND f.tags OPERATOR(pg_catalog.&&) $5)");
	appendStringInfoString(&condition, ")");
	appendStringInfoString(&why, "), '')");
	put_newest(fcinfo, why.data, "", condition.data, args);
}

PG_FUNCTION_INFO_V1(pf_try_rule);
PG_FUNCTION_INFO_V1(pf_rule_matches);
PG_FUNCTION_INFO_V1(pf_unwanted_papers);
PG_FUNCTION_INFO_V1(pf_meets);

/* As the constraints of the table have it. */
static void
check_list(Datum list, const char *name)
{
	if (!DatumGetBool(DirectFunctionCall1(pf_is_list, list)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no list that a rule can have", name),
				 errdetail("It may have 1 to 1000 members of 1 to 200 characters, "
						   "none of them blank or NULL."),
				 errhint("NULL stands for anything.")));
}

/* try_rule(query, authors, categories, sources, feed_tags, k, matched) */
Datum
pf_try_rule(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"query", "authors", "categories", "sources", "feed_tags"};
	Arguments	args = {.nulls = {0}};

	InitMaterializedSRF(fcinfo, 0);
	set_k(fcinfo, ARG_K, &args);
	for (int i = 0; i < ARG_K; i++)
	{
		args.nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		args.values[i] = PG_GETARG_DATUM(i);
		if (i > ARG_QUERY && !PG_ARGISNULL(i))
			check_list(args.values[i], names[i]);
	}
	pf_spi_connect();
	try_rule(fcinfo, &args, PG_ARGISNULL(ARG_K + 1) || PG_GETARG_BOOL(ARG_K + 1));
	SPI_finish();
	return (Datum) 0;
}

/* rule_matches(rule bigint, k, matched) */
Datum
pf_rule_matches(PG_FUNCTION_ARGS)
{
	Arguments	args = {.nulls = {0}};
	Oid			id_types[1] = {INT8OID};
	Datum		id[1];

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	set_k(fcinfo, 1, &args);
	pf_spi_connect();
	id[0] = PG_GETARG_DATUM(0);
	if (SPI_execute_with_args("SELECT query, authors, categories, sources, feed_tags"
							  " FROM paperfeed.rules WHERE id OPERATOR(pg_catalog.=) $1",
							  1, id_types, id, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the rule");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no rule %lld", (long long) PG_GETARG_INT64(0))));
	for (int i = 0; i < ARG_K; i++)
	{
		bool		isnull;

		args.values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1,
									   &isnull);
		args.nulls[i] = isnull ? 'n' : ' ';
	}
	try_rule(fcinfo, &args, PG_ARGISNULL(2) || PG_GETARG_BOOL(2));
	SPI_finish();
	return (Datum) 0;
}

/* unwanted_papers(k integer) */
Datum
pf_unwanted_papers(PG_FUNCTION_ARGS)
{
	Arguments	args = {.nulls = {0}};

	InitMaterializedSRF(fcinfo, 0);
	memset(args.nulls, 'n', sizeof(args.nulls));
	set_k(fcinfo, 0, &args);
	pf_spi_connect();
	/* A paper is unwanted if it is from each feed that showed it; OFFSET: asked once. */
	put_newest(fcinfo, "w.why",
			   " CROSS JOIN LATERAL (SELECT CASE WHEN pg_catalog.bool_and(u.why IS NOT NULL)"
			   " THEN pg_catalog.min(u.why) END AS why FROM (SELECT paperfeed._unwanted(p.title,"
			   " p.abstract, p.authors, p.categories, p.source, t.tags) AS why"
			   " FROM (SELECT DISTINCT f.tags FROM (SELECT) AS one"
			   " LEFT JOIN paperfeed.sightings AS s ON s.paper OPERATOR(pg_catalog.=) p.id"
			   " LEFT JOIN paperfeed.feeds AS f ON f.id OPERATOR(pg_catalog.=) s.feed"
			   ") AS t OFFSET 0) AS u) AS w",
			   "w.why IS NOT NULL", &args);
	SPI_finish();
	return (Datum) 0;
}

/* _meets(paper_authors, paper_categories, paper_source, authors, categories, sources) */
Datum
pf_meets(PG_FUNCTION_ARGS)
{
	static const PfColumn columns[] = {PF_COL_AUTHORS, PF_COL_CATEGORIES, PF_COL_SOURCE};
	static const int lists[] = {PF_CRITERIA_AUTHORS, PF_CRITERIA_CATEGORIES, PF_CRITERIA_SOURCES};
	Datum		values[PF_NCRITERIA] = {0};
	bool		nulls[PF_NCRITERIA] = {true};
	PfRow		row;
	PfCriteria	criteria;

	memset(row.nulls, true, sizeof(row.nulls));
	for (int i = 0; i < 3; i++)
	{
		row.nulls[columns[i]] = PG_ARGISNULL(i);
		row.values[columns[i]] = PG_GETARG_DATUM(i);
		nulls[lists[i]] = PG_ARGISNULL(3 + i);
		values[lists[i]] = PG_GETARG_DATUM(3 + i);
	}
	pf_criteria_read(&criteria, values, nulls);
	PG_RETURN_BOOL(pf_criteria_match(&criteria, pf_subject_of_row(&row)));
}
