/*-------------------------------------------------------------------------
 *
 * backfill_row.c
 *		Rows of paperfeed.backfills: how far each one is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "ingest/backfill.h"
#include "mb/pg_wchar.h"
#include "paper/plan.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define MAX_ERROR		2000	/* bytes of an error that are kept */

/* What tells the place, in this order. */
enum
{
	COL_NEXT_PAGE, COL_FROM, COL_TO, COL_TOTAL, COL_SEEN, COL_RESTARTS, COL_PAGES, COL_LANDMARK,
	COL_CHECKSUM, COL_REACHED, NPLACE
};

#define PLACE \
	"next_page, window_from, window_to, window_total, window_seen, restarts, pages, landmark," \
	" checksum, reached"

static const Oid place_types[NPLACE] = {
	TEXTOID, DATEOID, DATEOID, INT8OID, INT8OID, INT4OID, INT8OID, TEXTOID, INT8OID, TIMESTAMPTZOID
};

static PfPlan read_plan = {
	.sql = "SELECT " PLACE ", kind, since FROM paperfeed.backfills WHERE feed = $1"
};

/* Place, then feed, kind, since, now. */
static PfPlan begin_plan = {
	.sql = "INSERT INTO paperfeed.backfills (" PLACE ", feed, kind, since, state, started_at,"
	" changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'running', $14,"
	" $14) ON CONFLICT (feed) DO UPDATE SET (" PLACE ", kind, since, state, started_at,"
	" changed_at, done_at, attempts, records, added, updated, rejected, error) = ROW ("
	"$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $13, 'running', $14, $14, NULL, 0, 0, 0, 0, 0,"
	" NULL)"
};

static PfPlan resume_plan = {
	.sql = "UPDATE paperfeed.backfills SET state = 'running', attempts = 0, changed_at = $5"
	" WHERE feed = $1 AND kind = $2 AND state <> 'done'"
	" AND ($3 OR since IS NOT DISTINCT FROM $4) AND next_page IS NOT NULL"
};

/* Place, then feed, now, state, attempts, error, and what the page brought. */
static PfPlan save_plan = {
	.sql = "UPDATE paperfeed.backfills SET (" PLACE ") = ROW ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
	" $10), changed_at = $12, state = $13, done_at = CASE WHEN $13 = 'done' THEN $12 END,"
	" attempts = $14, error = $15, records = records + $16, added = added + $17,"
	" updated = updated + $18, rejected = rejected + $19 WHERE feed = $11"
};

static void
put_str(Datum *args, char *nulls, int number, PfStr value)
{
	nulls[number] = value.s == NULL ? 'n' : ' ';
	if (value.s != NULL)
		args[number] = PointerGetDatum(pf_utf8_to_text(value));
}

static void
put_date(Datum *args, char *nulls, int number, DateADT value)
{
	nulls[number] = DATE_NOT_FINITE(value) ? 'n' : ' ';
	args[number] = DateADTGetDatum(value);
}

static void
put_place(Datum *args, char *nulls, const PfPager *pager)
{
	memset(nulls, ' ', NPLACE);
	put_str(args, nulls, COL_NEXT_PAGE, pager->next);
	put_date(args, nulls, COL_FROM, pager->from);
	put_date(args, nulls, COL_TO, pager->to);
	args[COL_TOTAL] = Int64GetDatum(pager->total);
	nulls[COL_TOTAL] = pager->total < 0 ? 'n' : ' ';
	args[COL_SEEN] = Int64GetDatum(pager->seen);
	args[COL_RESTARTS] = Int32GetDatum(pager->restarts);
	args[COL_PAGES] = Int64GetDatum(pager->pages);
	put_str(args, nulls, COL_LANDMARK, pager->landmark);
	args[COL_CHECKSUM] = Int64GetDatum((int64) pager->checksum);
	nulls[COL_CHECKSUM] = pager->has_checksum ? ' ' : 'n';
	args[COL_REACHED] = TimestampTzGetDatum(pager->reached);
	nulls[COL_REACHED] = pager->reached == PF_NO_TIME ? 'n' : ' ';
}

void
pf_backfill_refuse(PfStr url, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no way back through \"%s\"", text_to_cstring(pf_utf8_to_text(url))),
			 why != NULL ? errdetail("That is, %s.", why) : 0,
			 errhint("Feeds that can be backfilled are lists of OAI-PMH (verb=ListRecords), the "
					 "APIs of arXiv, bioRxiv, medRxiv, Crossref, OpenAlex, Semantic Scholar and "
					 "Hugging Face, and feeds whose documents name a next page.")));
}

static bool
resume(int64 feed, const PfPager *pager, bool any)
{
	static const Oid types[] = {INT8OID, TEXTOID, BOOLOID, DATEOID, TIMESTAMPTZOID};
	Datum		args[5] = {
		Int64GetDatum(feed), CStringGetTextDatum(pf_pager_kind_name(pager->kind)),
		BoolGetDatum(any), (Datum) 0, TimestampTzGetDatum(pf_now())
	};
	char		nulls[6] = "     ";

	put_date(args, nulls, 3, pager->since);
	return pf_plan_run(&resume_plan, 5, types, args, nulls, false, NULL) > 0;
}

void
pf_backfill_row_begin(int64 feed, PfStr url, bool any, DateADT since)
{
	Oid			types[NPLACE + 4];
	Datum		args[NPLACE + 4];
	char		nulls[NPLACE + 4];
	PfPager		pager;

	if (!pf_pager_begin(&pager, url, since, pf_day_of(pf_now())))
		pf_backfill_refuse(url, NULL);
	if (resume(feed, &pager, any))
		return;
	memcpy(types, place_types, sizeof(place_types));
	put_place(args, nulls, &pager);
	types[NPLACE] = INT8OID;
	args[NPLACE] = Int64GetDatum(feed);
	nulls[NPLACE] = ' ';
	types[NPLACE + 1] = TEXTOID;
	put_str(args, nulls, NPLACE + 1, pf_str(pf_pager_kind_name(pager.kind)));
	types[NPLACE + 2] = DATEOID;
	put_date(args, nulls, NPLACE + 2, since);
	types[NPLACE + 3] = TIMESTAMPTZOID;
	args[NPLACE + 3] = TimestampTzGetDatum(pf_now());
	nulls[NPLACE + 3] = ' ';
	(void) pf_plan_run(&begin_plan, NPLACE + 4, types, args, nulls, false, NULL);
}

DateADT
pf_backfill_row_day(int64 feed, DateADT otherwise)
{
	static const Oid types[] = {INT8OID};
	static PfPlan plan = {.sql = "SELECT started_at FROM paperfeed.backfills WHERE feed = $1"};
	Datum		args[1] = {Int64GetDatum(feed)};
	DateADT		day = otherwise;
	bool		isnull;

	/* A day more, as services count days by clocks of their own. */
	if (pf_plan_run(&plan, 1, types, args, NULL, false, NULL) > 0)
		day = pf_day_of(DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0],
														  SPI_tuptable->tupdesc, 1, &isnull))) - 1;
	SPI_freetuptable(SPI_tuptable);
	return day;
}

static Datum
column(int number, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number + 1, isnull);
}

static PfStr
column_str(int number)
{
	bool		isnull;
	Datum		datum = column(number, &isnull);

	return isnull ? PF_STR_NONE : pf_str_dup(pf_text_to_utf8(DatumGetTextPP(datum)));
}

static int64
column_int(int number, int64 if_null)
{
	bool		isnull;
	Datum		datum = column(number, &isnull);

	return isnull ? if_null : DatumGetInt64(datum);
}

static DateADT
column_date(int number, DateADT if_null)
{
	bool		isnull;
	Datum		datum = column(number, &isnull);

	return isnull ? if_null : DatumGetDateADT(datum);
}

bool
pf_backfill_row_read(int64 feed, PfBackfillRow *row)
{
	static const Oid types[] = {INT8OID};
	Datum		args[1] = {Int64GetDatum(feed)};
	PfPager    *pager = &row->pager;
	PfStr		kind;
	bool		isnull;

	memset(row, 0, sizeof(PfBackfillRow));
	row->feed = feed;
	if (pf_plan_run(&read_plan, 1, types, args, NULL, false, NULL) == 0)
		return false;
	kind = column_str(NPLACE);
	while (!pf_str_eq(kind, pf_str(pf_pager_kind_name(pager->kind))))
		if (pager->kind++ == PF_PAGER_DAILY)
			elog(ERROR, "backfill of feed %lld is of an unknown kind", (long long) feed);
	pager->since = column_date(NPLACE + 1, DATEVAL_NOBEGIN);
	pager->next = column_str(COL_NEXT_PAGE);
	pager->from = column_date(COL_FROM, DATEVAL_NOBEGIN);
	pager->to = column_date(COL_TO, DATEVAL_NOEND);
	pager->total = column_int(COL_TOTAL, -1);
	pager->seen = column_int(COL_SEEN, 0);
	pager->restarts = DatumGetInt32(column(COL_RESTARTS, &isnull));
	pager->pages = column_int(COL_PAGES, 0);
	pager->landmark = column_str(COL_LANDMARK);
	(void) column(COL_CHECKSUM, &isnull);
	pager->has_checksum = !isnull;
	pager->checksum = (uint64) column_int(COL_CHECKSUM, 0);
	pager->reached = column_int(COL_REACHED, PF_NO_TIME);
	return pager->next.s != NULL;
}

void
pf_backfill_row_save(const PfBackfillRow *row, const PfCounts *counts)
{
	static const char *const states[] = {
		[PF_STEP_NEXT] = "running", [PF_STEP_AGAIN] = "running",
		[PF_STEP_DONE] = "done", [PF_STEP_FAILED] = "failed"
	};
	static const Oid more_types[] = {
		INT8OID, TIMESTAMPTZOID, TEXTOID, INT4OID, TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID
	};
	Oid			types[NPLACE + lengthof(more_types)];
	Datum		args[NPLACE + lengthof(more_types)];
	char		nulls[NPLACE + lengthof(more_types)];
	Datum	   *more = args + NPLACE;
	PfStr		error = row->error;

	if (error.len > MAX_ERROR)
		error.len = pg_encoding_mbcliplen(PG_UTF8, error.s, error.len, MAX_ERROR);
	memcpy(types, place_types, sizeof(place_types));
	memcpy(types + NPLACE, more_types, sizeof(more_types));
	memset(nulls, ' ', sizeof(nulls));
	put_place(args, nulls, &row->pager);
	more[0] = Int64GetDatum(row->feed);
	more[1] = TimestampTzGetDatum(pf_now());
	more[2] = CStringGetTextDatum(states[row->step]);
	more[3] = Int32GetDatum(row->attempts);
	put_str(args, nulls, NPLACE + 4, error);
	more[5] = Int64GetDatum(counts->seen);
	more[6] = Int64GetDatum(counts->added);
	more[7] = Int64GetDatum(counts->updated);
	more[8] = Int64GetDatum(counts->rejected);
	if (pf_plan_run(&save_plan, lengthof(args), types, args, nulls, false, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the backfill of feed %lld was removed meanwhile", (long long) row->feed)));
}
