/*-------------------------------------------------------------------------
 *
 * editions.c
 *		SQL: daily(), weekly() and monthly().
 *
 * Papers are read as the caller, with his rights and under his row-level
 * security; when they were announced, and their signals, as the owner of these
 * tables.  So it takes three steps: the caller's papers that were published in
 * the time; what was announced or submitted in it, together with those of the former that
 * no feed announced, and how they stand; and the caller's papers of these.
 * Nobody is told of a paper that he may not see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/tstoreReceiver.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/params.h"
#include "signal/editions.h"
#include "signal/standing.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

/* Ties of votes go by the heat of a week. */
#define EDITION_HALF_LIFE	(7 * USECS_PER_DAY)

PG_FUNCTION_INFO_V1(pf_daily);
PG_FUNCTION_INFO_V1(pf_weekly);
PG_FUNCTION_INFO_V1(pf_monthly);

typedef struct Request
{
	PfEdition	edition;
	Datum		categories;
	bool		any;			/* no matter which category */
	Datum		k;
	bool		all;
} Request;

/* A column that becomes an array. */
typedef struct Column
{
	Datum	   *values;
	bool	   *nulls;
} Column;

static Column
new_column(uint64 n)
{
	return (Column) {
		palloc_extended(Max(n, 1) * sizeof(Datum), MCXT_ALLOC_HUGE),
		palloc0(Max(n, 1) * sizeof(bool))
	};
}

static Datum
array_of(Column column, uint64 n, Oid type)
{
	int			dims[1] = {(int) n};
	int			lbs[1] = {1};
	int16		len;
	bool		byval;
	char		align;

	get_typlenbyvalalign(type, &len, &byval, &align);
	return PointerGetDatum(construct_md_array(column.values, column.nulls, 1, dims, lbs, type,
											  len, byval, align));
}

void
pf_edition_param(ParamListInfo params, int i, Oid type, Datum value, bool isnull)
{
	params->params[i] = (ParamExternData) {value, isnull, PARAM_FLAG_CONST, type};
}

/* By ids and dates, and not by reading the table, whatever the planner makes of an array. */
void
pf_edition_run(const char *sql, ParamListInfo params, DestReceiver *dest)
{
	static const char *const off[] = {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"};
	MemoryContext context = CurrentMemoryContext;
	SPIExecuteOptions options = {.params = params,.read_only = true,.dest = dest};
	int			nest = NewGUCNestLevel();

	for (size_t i = 0; i < lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	if (SPI_execute_extended(sql, &options) != SPI_OK_SELECT)
		elog(ERROR, "could not read papers");
	AtEOXact_GUC(true, nest);
	MemoryContextSwitchTo(context);
}

/* Papers that the caller sees which were published then, and when: two arrays. */
static void
published_then(const Request *request, Datum *papers, Datum *times)
{
	static const char sql[] =
		"SELECT p.id, p.published FROM paperfeed.papers AS p"
		" WHERE p.published OPERATOR(pg_catalog.>=) $1 AND p.published OPERATOR(pg_catalog.<) $2"
		" AND p.withdrawn IS NOT TRUE"
		" AND ($3 IS NULL OR p.categories OPERATOR(pg_catalog.&&) $3)";
	ParamListInfo params = makeParamList(3);
	Column		ids;
	Column		at;
	uint64		n;

	pf_edition_param(params, 0, TIMESTAMPTZOID, TimestampTzGetDatum(request->edition.since), false);
	pf_edition_param(params, 1, TIMESTAMPTZOID, TimestampTzGetDatum(request->edition.until), false);
	pf_edition_param(params, 2, TEXTARRAYOID, request->categories, request->any);
	pf_edition_run(sql, params, NULL);
	n = SPI_processed;
	ids = new_column(n);
	at = new_column(n);
	for (uint64 i = 0; i < n; i++)
	{
		ids.values[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &ids.nulls[i]);
		at.values[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &at.nulls[i]);
	}
	*papers = array_of(ids, n, pf_paperid_type());
	*times = array_of(at, n, TIMESTAMPTZOID);
	SPI_freetuptable(SPI_tuptable);
}

/* What the edition is made of: columns of the statement below, and of the next one's $1 and so on. */
enum
{
	IN_ID, IN_AT, IN_PARTS, IN_SUBMITTER, NIN
};
enum
{
	MEMBER_ID, MEMBER_AT, MEMBER_SUBMITTER, MEMBER_HEAT, MEMBER_VOTES, MEMBER_UPVOTES,
	MEMBER_OWN_COMMENTS, MEMBER_COMMENTS, NMEMBER
};

/*
 * The sum of the signals of what a feed reports; NULL if there are none, so
 * that what the feed last said is taken instead.
 */
static Datum
reported(const PfSums *sums, const PfSignalConfig *config, const char *name, bool *isnull)
{
	const PfSignalKind *kind = pf_signal_kind_by_name(config, name, strlen(name));

	*isnull = kind != NULL;
	for (int i = 0; i < sums->nkinds && kind != NULL; i++)
	{
		if (sums->kinds[i].kind == kind->id)
			*isnull = false;
	}
	return Float8GetDatum(*isnull ? 0 : pf_sums_net(sums, config, name));
}

/* Papers that are in the edition as far as the feeds and readers go, and how they stand. */
static void
find_members(const Request *request, Datum papers, Datum times, Datum *arrays)
{
	static PfPlan plan = {
		.sql = "SELECT m.paper, m.at, h.parts,"
		" (SELECT b.reader FROM paperfeed.submissions AS b"
		" WHERE b.paper OPERATOR(pg_catalog.=) m.paper ORDER BY b.at, b.id LIMIT 1)"
		" FROM (SELECT e.paper, pg_catalog.min(e.at) AS at FROM ("
		"SELECT s.paper, s.announced AS at FROM paperfeed.sightings AS s"
		" WHERE s.announced >= $1 AND s.announced < $2 AND " PF_EDITION_ANNOUNCES
		" UNION ALL"
		" SELECT u.id, u.published FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4))"
		" AS u (id, published)"
		PF_EDITION_PUBLISHED
		" UNION ALL"
		" SELECT b.paper, b.at FROM paperfeed.submissions AS b"
		" WHERE b.at >= $1 AND b.at < $2 AND b.paper IS NOT NULL"
		") AS e GROUP BY e.paper) AS m"
		" LEFT JOIN paperfeed.heat AS h ON h.paper OPERATOR(pg_catalog.=) m.paper"
	};
	static const Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, PF_ARG_PAPERS, TIMESTAMPTZARRAYOID};
	PfSignalConfig *config = pf_signal_config();
	int			slot = pf_signal_slot(config, EDITION_HALF_LIFE);
	Datum		args[] = {TimestampTzGetDatum(request->edition.since),
		TimestampTzGetDatum(request->edition.until), papers, times};
	Column		columns[NMEMBER];
	uint64		n = pf_plan_run(&plan, lengthof(types), types, args, NULL, true, NULL);

	for (int c = 0; c < NMEMBER; c++)
		columns[c] = new_column(n);
	for (uint64 i = 0; i < n; i++)
	{
		PfSums		sums = {0};
		PfDecaySum	total = {0, 0, 0, 0};
		Datum		values[NIN];
		bool		nulls[NIN];

		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, nulls);
		if (!nulls[IN_PARTS])
			pf_sums_in(&sums, DatumGetByteaPP(values[IN_PARTS]));
		columns[MEMBER_ID].values[i] = values[IN_ID];
		columns[MEMBER_AT].values[i] = values[IN_AT];
		columns[MEMBER_SUBMITTER].values[i] = values[IN_SUBMITTER];
		columns[MEMBER_SUBMITTER].nulls[i] = nulls[IN_SUBMITTER];
		if (slot >= 0)
			total = pf_sums_total(&sums, config, slot);
		columns[MEMBER_HEAT].values[i] = Float8GetDatum(pf_rank_sum_heat(&total));
		columns[MEMBER_VOTES].values[i] = Float8GetDatum(pf_sums_net(&sums, config, "vote"));
		columns[MEMBER_UPVOTES].values[i] = reported(&sums, config, "upvotes",
												   &columns[MEMBER_UPVOTES].nulls[i]);
		columns[MEMBER_OWN_COMMENTS].values[i] = Float8GetDatum(pf_sums_net(&sums, config, "comment"));
		columns[MEMBER_COMMENTS].values[i] = reported(&sums, config, "comments",
													&columns[MEMBER_COMMENTS].nulls[i]);
		if (sums.kinds != NULL)
			pfree(sums.kinds);
	}
	arrays[MEMBER_ID] = array_of(columns[MEMBER_ID], n, pf_paperid_type());
	arrays[MEMBER_AT] = array_of(columns[MEMBER_AT], n, TIMESTAMPTZOID);
	arrays[MEMBER_SUBMITTER] = array_of(columns[MEMBER_SUBMITTER], n, TEXTOID);
	for (int c = MEMBER_HEAT; c < NMEMBER; c++)
		arrays[c] = array_of(columns[c], n, FLOAT8OID);
	SPI_freetuptable(SPI_tuptable);
}

/* The caller's papers among them, in their order. */
static void
put_papers(const Request *request, const Datum *arrays, ReturnSetInfo *rsinfo, MemoryContext context)
{
#define REPORTED(key) \
	"CASE WHEN pg_catalog.jsonb_typeof(p.metrics OPERATOR(pg_catalog.->) '" key "')" \
	" OPERATOR(pg_catalog.=) 'number'" \
	" THEN (p.metrics OPERATOR(pg_catalog.->) '" key "')::pg_catalog.float8 ELSE 0 END"
#define FIRST_LINK(key) \
	"p.links OPERATOR(pg_catalog.->) '" key "' OPERATOR(pg_catalog.->>) 0"
	/* The rows come sorted; to number them so is cheaper than to sort all for the sake of the first few. */
	static const char sql[] =
		"SELECT pg_catalog.row_number() OVER ()::pg_catalog.int4, e.*"
		" FROM (SELECT p.id, p.title, p.abstract, p.authors, p.categories, p.published, m.at,"
		" COALESCE(m.submitter, p.extra OPERATOR(pg_catalog.->>) 'submitted_by'),"
		" m.votes OPERATOR(pg_catalog.+) COALESCE(m.upvotes, " REPORTED("upvotes") ") AS votes,"
		" m.own_comments OPERATOR(pg_catalog.+) COALESCE(m.comments, " REPORTED("comments") "),"
		" p.url, p.pdf_url, " FIRST_LINK("code") ", " FIRST_LINK("model") ", "
		FIRST_LINK("data") ", " FIRST_LINK("project")
		" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3),"
		" pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7),"
		" pg_catalog.unnest($8))"
		" AS m (id, at, submitter, heat, votes, upvotes, own_comments, comments)"
		" JOIN paperfeed.papers AS p ON p.id OPERATOR(pg_catalog.=) m.id"
		" WHERE p.withdrawn IS NOT TRUE AND ($9 IS NULL OR p.categories OPERATOR(pg_catalog.&&) $9)"
		" ORDER BY votes DESC, m.heat DESC NULLS LAST, p.id::pg_catalog.text COLLATE pg_catalog.\"C\""
		" LIMIT $10) AS e";
	ParamListInfo params = makeParamList(NMEMBER + 2);
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);

	pf_edition_param(params, MEMBER_ID, get_array_type(pf_paperid_type()), arrays[MEMBER_ID], false);
	pf_edition_param(params, MEMBER_AT, TIMESTAMPTZARRAYOID, arrays[MEMBER_AT], false);
	pf_edition_param(params, MEMBER_SUBMITTER, TEXTARRAYOID, arrays[MEMBER_SUBMITTER], false);
	for (int c = MEMBER_HEAT; c < NMEMBER; c++)
		pf_edition_param(params, c, FLOAT8ARRAYOID, arrays[c], false);
	pf_edition_param(params, NMEMBER, TEXTARRAYOID, request->categories, request->any);
	pf_edition_param(params, NMEMBER + 1, INT8OID, request->k, request->all);
	SetTuplestoreDestReceiverParams(dest, rsinfo->setResult, context, false, NULL, NULL);
	pf_edition_run(sql, params, dest);
}

static Datum
edition(FunctionCallInfo fcinfo, PfPeriod period)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext context;
	Request		request;
	DateADT		day;
	Datum		published[2];
	Datum		members[NMEMBER];

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	day = PG_GETARG_DATEADT(0);
	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("day must be finite")));
	request.all = PG_ARGISNULL(1);
	request.k = request.all ? (Datum) 0 : Int64GetDatum(PG_GETARG_INT32(1));
	if (!request.all && PG_GETARG_INT32(1) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
				 errmsg("k must not be negative")));
	request.any = PG_ARGISNULL(2);
	request.categories = request.any ? (Datum) 0 : PG_GETARG_DATUM(2);
	request.edition = pf_edition_of(day, period);

	context = CurrentMemoryContext;
	SPI_connect();
	MemoryContextSwitchTo(context);
	published_then(&request, &published[0], &published[1]);
	find_members(&request, published[0], published[1], members);
	put_papers(&request, members, rsinfo, rsinfo->econtext->ecxt_per_query_memory);
	SPI_finish();
	return (Datum) 0;
}

/* daily(day date, k int, categories text[]) */
Datum
pf_daily(PG_FUNCTION_ARGS)
{
	return edition(fcinfo, PF_PERIOD_DAY);
}

/* weekly(day date, k int, categories text[]) */
Datum
pf_weekly(PG_FUNCTION_ARGS)
{
	return edition(fcinfo, PF_PERIOD_WEEK);
}

/* monthly(day date, k int, categories text[]) */
Datum
pf_monthly(PG_FUNCTION_ARGS)
{
	return edition(fcinfo, PF_PERIOD_MONTH);
}
