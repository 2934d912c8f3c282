/*-------------------------------------------------------------------------
 *
 * watches.c
 *		SQL: paperfeed.add_watch, remove_watch, try_watch, watch_index, and the
 *		triggers on the table of watches.
 *
 * What is asked of papers that are there already, by a trial or by a watch that
 * is to be told of the past, goes through an index of that one watch: so it is
 * the same that new papers are asked.  These papers are read with the caller's
 * rights.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ingest/watch.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#define MAX_WATCHES		100	/* of a reader */
#define MIN_SIMILARITY	0.2		/* unless something else is said; as in watches.sql */
#define MAX_LIST	100		/* members of a list; as there, as are the next */
#define LEAST_SIMILARITY	0.05

/* Papers that are read at a time. */
#define PAPERS_AT_ONCE	200

PG_FUNCTION_INFO_V1(pf_add_watch);
PG_FUNCTION_INFO_V1(pf_remove_watch);
PG_FUNCTION_INFO_V1(pf_try_watch);
PG_FUNCTION_INFO_V1(pf_watch_index);
PG_FUNCTION_INFO_V1(pf_watch_vector);
PG_FUNCTION_INFO_V1(pf_watches_changed);

extern Datum pf_condition(PG_FUNCTION_ARGS);

/* ---- what a watch compares with ---- */

/* Its words tell of a paper: they are for those who may read it. */
static void
check_may_read(void)
{
	Oid			papers = pf_own_table("papers");
	AclResult	result = pg_class_aclcheck(papers, GetUserId(), ACL_SELECT);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_TABLE, "papers");
}

/* The paper's id and vector as columns of watches. */
static void
make_vector(Datum paper, Datum *id, Datum *words, Datum *weights)
{
	static const Oid types[] = {PF_ARG_PAPER};
	static PfPlan plan = {
		.sql = "SELECT id, title, abstract, authors FROM paperfeed.papers"
		" WHERE id OPERATOR(pg_catalog.=) $1"
		" UNION ALL SELECT p.id, p.title, p.abstract, p.authors FROM paperfeed.aliases AS a"
		" JOIN paperfeed.papers AS p ON p.id OPERATOR(pg_catalog.=) a.paper"
		" WHERE a.alias OPERATOR(pg_catalog.=) $1 LIMIT 1"
	};
	static const PfColumn columns[] = {
		PF_COL_ID, PF_COL_TITLE, PF_COL_ABSTRACT, PF_COL_AUTHORS
	};
	PfRow		row;
	PfVector	vector;
	Datum	   *items;
	Datum	   *numbers;
	SPITupleTable *found;

	check_may_read();
	pf_spi_connect();
	if (pf_plan_run(&plan, 1, types, &paper, NULL, true, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("paper \"%s\" is not in paperfeed.papers", TextDatumGetCString(paper)),
				 errhint("SELECT * FROM paperfeed.submit(%s) proposes it.",
						 quote_literal_cstr(TextDatumGetCString(paper)))));
	found = SPI_tuptable;
	memset(row.nulls, true, sizeof(row.nulls));
	for (int i = 0; i < (int) lengthof(columns); i++)
		row.values[columns[i]] = SPI_getbinval(found->vals[0], found->tupdesc, i + 1,
											   &row.nulls[columns[i]]);
	*id = PointerGetDatum(DatumGetTextPCopy(row.values[PF_COL_ID]));
	pf_similar_vector(&vector, pf_subject_words(pf_subject_of_row(&row)));
	SPI_finish();

	items = palloc(Max(vector.n, 1) * sizeof(Datum));
	numbers = palloc(Max(vector.n, 1) * sizeof(Datum));
	for (int i = 0; i < vector.n; i++)
	{
		items[i] = PointerGetDatum(cstring_to_text_with_len(vector.words[i].s,
															vector.words[i].len));
		numbers[i] = Float4GetDatum(vector.weights[i]);
	}
	*words = PointerGetDatum(construct_array(items, vector.n, TEXTOID, -1, false, TYPALIGN_INT));
	*weights = PointerGetDatum(construct_array(numbers, vector.n, FLOAT4OID, sizeof(float4),
											   true, TYPALIGN_INT));
}

/* ---- triggers ---- */

static TriggerData *
trigger_data(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(data->tg_relation) != pf_own_table("watches"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function is for triggers on paperfeed.watches only")));
	return data;
}

static Datum
column(HeapTuple row, TriggerData *data, int number, bool *isnull)
{
	return heap_getattr(row, number + 1, RelationGetDescr(data->tg_relation), isnull);
}

/* Has the row the vector of the paper that it compares with? */
static bool
has_vector(TriggerData *data, HeapTuple row, Datum paper)
{
	bool		isnull;
	Datum		before;

	(void) column(row, data, PF_WATCH_WORDS, &isnull);
	if (!isnull)
		(void) column(row, data, PF_WATCH_WEIGHTS, &isnull);
	if (isnull || !TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		return !isnull;
	before = column(data->tg_trigtuple, data, PF_WATCH_SIMILAR_TO, &isnull);
	return !isnull && strcmp(TextDatumGetCString(before), TextDatumGetCString(paper)) == 0;
}

/* Hits go by it. */
static void
check_id(TriggerData *data)
{
	bool		isnull;
	int64		was = DatumGetInt64(column(data->tg_trigtuple, data, PF_WATCH_ID, &isnull));

	if (DatumGetInt64(column(data->tg_newtuple, data, PF_WATCH_ID, &isnull)) != was)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the id of a watch cannot be changed")));
}

/* BEFORE INSERT OR UPDATE ON watches FOR EACH ROW */
Datum
pf_watch_vector(PG_FUNCTION_ARGS)
{
	int			columns[] = {
		PF_WATCH_SIMILAR_TO + 1, PF_WATCH_WORDS + 1, PF_WATCH_WEIGHTS + 1
	};
	TriggerData *data = trigger_data(fcinfo);
	HeapTuple	row = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ?
		data->tg_newtuple : data->tg_trigtuple;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};
	bool		isnull;
	Datum		paper = column(row, data, PF_WATCH_SIMILAR_TO, &isnull);

	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		check_id(data);
	if (!isnull)
	{
		/* A dump brings its vector along: its paper may come later. */
		if (has_vector(data, row, paper))
			return PointerGetDatum(row);
		make_vector(paper, &values[0], &values[1], &values[2]);
		memset(nulls, false, sizeof(nulls));
	}
	return PointerGetDatum(heap_modify_tuple_by_cols(row, RelationGetDescr(data->tg_relation),
													 lengthof(columns),
													 columns, values, nulls));
}

/* AFTER INSERT, UPDATE, DELETE or TRUNCATE ON watches FOR EACH STATEMENT; AFTER DELETE FOR EACH ROW */
Datum
pf_watches_changed(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT8OID};
	static PfPlan drop_hits = {.sql = "DELETE FROM paperfeed.watch_hits WHERE watch = $1"};
	static PfPlan drop_all = {.sql = "DELETE FROM paperfeed.watch_hits"};
	TriggerData *data = trigger_data(fcinfo);

	if (TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
		CacheInvalidateRelcache(data->tg_relation);
	if (TRIGGER_FIRED_FOR_ROW(data->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
	{
		pf_spi_connect();
		if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
		{
			bool		isnull;
			Datum		args[1] = {column(data->tg_trigtuple, data, PF_WATCH_ID, &isnull)};

			(void) pf_plan_run(&drop_hits, 1, types, args, NULL, false, NULL);
		}
		else
			(void) pf_plan_run(&drop_all, 0, NULL, NULL, NULL, false, NULL);
		SPI_finish();
	}
	return PointerGetDatum(NULL);
}

/* ---- papers that are there ---- */

#define COLUMNS \
	"SELECT " PF_PAPER_COLUMNS " FROM paperfeed.papers WHERE withdrawn IS NOT TRUE"
#define MEETS \
	" AND paperfeed.document(title, abstract, authors) OPERATOR(pg_catalog.@@) $2"

typedef void (*HitFn) (const PfHit *hit, const PfRow *row, void *arg);

static void
match_row(PfWatchIndex *index, const PfRow *row, PfSubject *subject, HitFn fn, void *arg)
{
	text	   *id = DatumGetTextPP(row->values[PF_COL_ID]);
	PfHits		hits = {0};

	pf_watch_index_match(index, (PfStr) {VARDATA_ANY(id), (int) VARSIZE_ANY_EXHDR(id)},
						 row->nulls[PF_COL_PUBLISHED] ? PF_NO_TIME :
						 DatumGetTimestampTz(row->values[PF_COL_PUBLISHED]), subject, &hits);
	for (int i = 0; i < hits.n; i++)
		fn(&hits.items[i], row, arg);
}

/* All papers of a statement's that a watch wants; SPI is connected. */
static void
match_stored(const PfWatch *watch, const char *sql, int nargs, Oid *types, Datum *args, HitFn fn,
			 void *arg)
{
	MemoryContext upper = CurrentMemoryContext;
	PfWatchIndex *index = pf_watch_index_begin(upper);
	MemoryContext context = AllocSetContextCreate(upper, "paperfeed watched papers",
												  ALLOCSET_DEFAULT_SIZES);
	Portal		portal = SPI_cursor_open_with_args(NULL, sql, nargs, types, args, NULL, true,
												   CURSOR_OPT_NO_SCROLL);

	pf_watch_index_add(index, watch);
	pf_watch_index_end(index);
	for (;;)
	{
		PfRow	   *rows;
		PfSubject **subjects;
		SPITupleTable *found;
		int			n;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, PAPERS_AT_ONCE);
		found = SPI_tuptable;
		n = (int) SPI_processed;
		if (n == 0)
			break;
		MemoryContextSwitchTo(context);
		rows = palloc(n * sizeof(PfRow));
		subjects = palloc(n * sizeof(PfSubject *));
		for (int i = 0; i < n; i++)
		{
			heap_deform_tuple(found->vals[i], found->tupdesc, rows[i].values, rows[i].nulls);
			subjects[i] = pf_subject_of_row(&rows[i]);
		}
		pf_watch_index_prepare(index, subjects, n);
		for (int i = 0; i < n; i++)
			match_row(index, &rows[i], subjects[i], fn, arg);
		MemoryContextSwitchTo(upper);
		SPI_freetuptable(found);
		MemoryContextReset(context);
	}
	SPI_freetuptable(SPI_tuptable);
	SPI_cursor_close(portal);
	MemoryContextDelete(context);
	MemoryContextDelete(pf_watch_index_context(index));
}

/* ---- adding and removing ---- */

/* Arguments of add_watch(); the first ones are try_watch()'s, too. */
enum
{
	ARG_QUERY, ARG_AUTHORS, ARG_CATEGORIES, ARG_SOURCES, ARG_SIMILAR_TO, ARG_MIN_SIMILARITY,
	ARG_NAME, ARG_NOTIFY, ARG_SINCE, NARG_ADD,
	ARG_LAST = ARG_NAME
};

typedef struct Filling
{
	MemoryContext context;
	PfHits		hits;
	Datum	   *papers;
	int			max;
} Filling;

static void
add_hit(const PfHit *hit, const PfRow *row, void *arg)
{
	Filling    *filling = arg;
	MemoryContext old = MemoryContextSwitchTo(filling->context);
	PfHits	   *hits = &filling->hits;

	if (hits->n == hits->max)
	{
		hits->max = Max(64, hits->max * 2);
		hits->items = hits->items == NULL ? palloc(hits->max * sizeof(PfHit)) :
			repalloc_huge(hits->items, hits->max * sizeof(PfHit));
		filling->papers = filling->papers == NULL ? palloc(hits->max * sizeof(Datum)) :
			repalloc_huge(filling->papers, hits->max * sizeof(Datum));
	}
	filling->papers[hits->n] = PointerGetDatum(DatumGetTextPCopy(row->values[PF_COL_ID]));
	hits->items[hits->n] = *hit;
	/* Who asks for the past is there to look at it. */
	hits->items[hits->n++].notify = false;
	MemoryContextSwitchTo(old);
}

/* The hits of a watch that is there, among the papers that are. */
static void
fill(int64 id)
{
	static const Oid types[] = {INT8OID};
	static PfPlan plan = {.sql = "SELECT * FROM paperfeed.watches WHERE id = $1"};
	Datum		args[2] = {Int64GetDatum(id)};
	Oid			scan_types[2] = {TIMESTAMPTZOID, TSQUERYOID};
	Datum		values[PF_WATCH_NCOLUMNS];
	bool		nulls[PF_WATCH_NCOLUMNS];
	Filling		filling = {.context = CurrentMemoryContext};
	bool	   *is_new;
	PfWatch		watch;
	bool		enabled;

	if (pf_plan_run(&plan, 1, types, args, NULL, false, NULL) == 0)
		return;
	/* Somebody may have added columns of his own behind ours. */
	for (int i = 0; i < PF_WATCH_NCOLUMNS; i++)
		values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &nulls[i]);
	pf_watch_read(&watch, values, nulls);
	enabled = DatumGetBool(values[PF_WATCH_ENABLED]);
	SPI_freetuptable(SPI_tuptable);
	if (!enabled)
		return;
	args[0] = TimestampTzGetDatum(watch.since);
	args[1] = PointerGetDatum(watch.criteria.query);
	if (watch.criteria.query == NULL)
		match_stored(&watch, COLUMNS " AND published OPERATOR(pg_catalog.>=) $1", 1, scan_types,
					 args, add_hit, &filling);
	else
		match_stored(&watch, COLUMNS " AND published OPERATOR(pg_catalog.>=) $1" MEETS, 2,
					 scan_types, args, add_hit, &filling);
	is_new = palloc_extended(Max(filling.hits.n, 1) * sizeof(bool),
							 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	pf_hits_write(&filling.hits, filling.papers, is_new);
}

/*
 * add_watch(query text, authors text[], categories text[], sources text[], similar_to paperid,
 * min_similarity float8, name text, notify boolean, since timestamptz)
 */
Datum
pf_add_watch(PG_FUNCTION_ARGS)
{
	static const Oid types[NARG_ADD] = {
		TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, PF_ARG_PAPER, FLOAT8OID, TEXTOID,
		BOOLOID, TIMESTAMPTZOID
	};
	static PfPlan count = {
		.sql = "SELECT count(*) FROM (SELECT FROM paperfeed.watches"
		" WHERE reader = paperfeed.current_reader() LIMIT 100) AS w"
	};
	static PfPlan insert = {
		.sql = "INSERT INTO paperfeed.watches (query, authors, categories, sources, similar_to,"
		" min_similarity, name, notify, since)"
		" VALUES ($1, $2, $3, $4, $5, COALESCE($6, 0.2), $7, COALESCE($8, false),"
		" COALESCE($9, now() - interval '1 year')) RETURNING id"
	};
	Datum		args[NARG_ADD];
	char		nulls[NARG_ADD + 1] = {0};
	bool		isnull;
	int64		id;

	for (int i = 0; i < NARG_ADD; i++)
	{
		args[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	PreventCommandIfReadOnly("paperfeed.add_watch()");
	/* The triggers run as the owner. */
	if (!PG_ARGISNULL(ARG_SIMILAR_TO))
		check_may_read();
	pf_spi_connect();
	(void) pf_plan_run(&count, 0, NULL, NULL, NULL, false, NULL);
	if (DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)) >=
		MAX_WATCHES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a reader cannot have more than %d watches", MAX_WATCHES),
				 errhint("Remove one with paperfeed.remove_watch().")));
	(void) pf_plan_run(&insert, NARG_ADD, types, args, nulls, false, NULL);
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	if (!PG_ARGISNULL(ARG_SINCE))
		fill(id);
	SPI_finish();
	PG_RETURN_INT64(id);
}

/* remove_watch(id bigint) */
Datum
pf_remove_watch(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT8OID};
	static PfPlan plan = {
		.sql = "DELETE FROM paperfeed.watches WHERE id = $1 AND reader = paperfeed.current_reader()"
	};
	Datum		args[1] = {PG_GETARG_DATUM(0)};
	bool		removed;

	PreventCommandIfReadOnly("paperfeed.remove_watch()");
	pf_spi_connect();
	removed = pf_plan_run(&plan, 1, types, args, NULL, false, NULL) > 0;
	SPI_finish();
	PG_RETURN_BOOL(removed);
}

/* ---- trying ---- */

static void
show_hit(const PfHit *hit, const PfRow *row, void *arg)
{
	ReturnSetInfo *result = arg;
	Datum		values[4];
	bool		nulls[4];

	values[0] = row->values[PF_COL_ID];
	nulls[0] = false;
	values[1] = row->values[PF_COL_TITLE];
	nulls[1] = row->nulls[PF_COL_TITLE];
	values[2] = row->values[PF_COL_PUBLISHED];
	nulls[2] = row->nulls[PF_COL_PUBLISHED];
	values[3] = Float4GetDatum(hit->similarity);
	nulls[3] = hit->similarity < 0;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* As the constraints of the table have it. */
static void
check_list(Datum list, const char *name)
{
	if (!DatumGetBool(DirectFunctionCall1(pf_is_list, list)) ||
		ArrayGetNItems(ARR_NDIM(DatumGetArrayTypeP(list)),
					   ARR_DIMS(DatumGetArrayTypeP(list))) > MAX_LIST)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("\"%s\" is no list that a watch can have", name),
				 errdetail("It may have 1 to %d members of 1 to 200 characters, "
						   "none of them blank or NULL.", MAX_LIST),
				 errhint("NULL stands for anything.")));
}

static void
check_similarity(double similarity)
{
	if (!(similarity >= LEAST_SIMILARITY && similarity <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("min_similarity must be from %g to 1", LEAST_SIMILARITY)));
}

/*
 * try_watch(query text, authors text[], categories text[], sources text[], similar_to paperid,
 * min_similarity float8, last integer)
 */
Datum
pf_try_watch(PG_FUNCTION_ARGS)
{
	/* Which columns of a watch the arguments are. */
	static const int columns[ARG_MIN_SIMILARITY] = {
		[ARG_QUERY] = PF_WATCH_QUERY,
		[ARG_AUTHORS] = PF_WATCH_AUTHORS,
		[ARG_CATEGORIES] = PF_WATCH_CATEGORIES,
		[ARG_SOURCES] = PF_WATCH_SOURCES,
		[ARG_SIMILAR_TO] = PF_WATCH_SIMILAR_TO
	};
	Datum		values[PF_WATCH_NCOLUMNS] = {0};
	bool		nulls[PF_WATCH_NCOLUMNS];
	Oid			types[1] = {INT4OID};
	Datum		args[1];
	bool		is_given = false;
	PfWatch		watch;

	InitMaterializedSRF(fcinfo, 0);
	memset(nulls, true, sizeof(nulls));
	for (int i = 0; i < ARG_MIN_SIMILARITY; i++)
	{
		nulls[columns[i]] = PG_ARGISNULL(i);
		values[columns[i]] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
		is_given |= !PG_ARGISNULL(i);
	}
	for (int i = ARG_AUTHORS; i <= ARG_SOURCES; i++)
	{
		static const char *const names[] = {"authors", "categories", "sources"};

		if (!PG_ARGISNULL(i))
			check_list(PG_GETARG_DATUM(i), names[i - ARG_AUTHORS]);
	}
	if (!PG_ARGISNULL(ARG_MIN_SIMILARITY))
		check_similarity(PG_GETARG_FLOAT8(ARG_MIN_SIMILARITY));
	if (!is_given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a watch must look for something"),
				 errhint("Give a query, authors, categories, sources, or a paper to be "
						 "similar to.")));
	if (PG_ARGISNULL(ARG_LAST))
		return (Datum) 0;
	args[0] = PG_GETARG_DATUM(ARG_LAST);
	if (DatumGetInt32(args[0]) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of papers must not be negative")));
	values[PF_WATCH_SINCE] = TimestampTzGetDatum(DT_NOBEGIN);
	values[PF_WATCH_MIN_SIMILARITY] = PG_ARGISNULL(ARG_MIN_SIMILARITY) ?
		Float8GetDatum(MIN_SIMILARITY) : PG_GETARG_DATUM(ARG_MIN_SIMILARITY);
	nulls[PF_WATCH_CONDITION] = PG_ARGISNULL(ARG_QUERY);
	if (!PG_ARGISNULL(ARG_QUERY))
		values[PF_WATCH_CONDITION] = DirectFunctionCall1(pf_condition, PG_GETARG_DATUM(ARG_QUERY));
	if (!PG_ARGISNULL(ARG_SIMILAR_TO))
	{
		make_vector(PG_GETARG_DATUM(ARG_SIMILAR_TO), &values[PF_WATCH_SIMILAR_TO],
					&values[PF_WATCH_WORDS], &values[PF_WATCH_WEIGHTS]);
		nulls[PF_WATCH_WORDS] = nulls[PF_WATCH_WEIGHTS] = false;
	}
	pf_watch_read(&watch, values, nulls);

	pf_spi_connect();
	match_stored(&watch, COLUMNS " AND published IS NOT NULL ORDER BY published DESC LIMIT $1", 1,
				 types, args, show_hit, fcinfo->resultinfo);
	SPI_finish();
	return (Datum) 0;
}

/* watch_index(OUT watches bigint, terms, filed, everywhere, bytes, OUT made_in double precision) */
Datum
pf_watch_index(PG_FUNCTION_ARGS)
{
	PfWatchIndexStats stats = {0};
	PfWatchIndex *index;
	TupleDesc	tupdesc;
	Datum		values[6];
	bool		nulls[6] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != 6)
		elog(ERROR, "return type must be a row of six columns");
	tupdesc = BlessTupleDesc(tupdesc);
	pf_spi_connect();
	index = pf_watches();
	if (index != NULL)
		pf_watch_index_stats(index, &stats);
	SPI_finish();
	values[0] = Int64GetDatum(stats.watches);
	values[1] = Int64GetDatum(stats.terms);
	values[2] = Int64GetDatum(stats.filed);
	values[3] = Int64GetDatum(stats.everywhere);
	values[4] = Int64GetDatum(stats.bytes);
	values[5] = Float8GetDatum(pf_watches_made_in());
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
