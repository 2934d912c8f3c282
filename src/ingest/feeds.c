/*-------------------------------------------------------------------------
 *
 * feeds.c
 *		Reading and noting rows of paperfeed.feeds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "executor/spi.h"
#include "ingest/feeds.h"
#include "mb/pg_wchar.h"
#include "paper/owner.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define NOTE_ARGS		15
#define MAX_URL			2048	/* bytes, as it is part of a key */
#define MAX_ERROR	2000		/* bytes of an error that are kept */

typedef enum Statement
{
	READ,
	ENSURE,
	NOTE,
	NSTATEMENTS
} Statement;

static const char *const read_sql =
"SELECT id, etag, last_modified FROM paperfeed.feeds WHERE url = $1 AND target = $2";

static const char *const ensure_sql =
"WITH known AS ("
"UPDATE paperfeed.feeds SET url = url WHERE url = $1 AND target = $2"
" RETURNING id, false AS is_new, checksum, records, rejected),"
" new AS ("
"INSERT INTO paperfeed.feeds AS f (url, target)"
" SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM known)"
" ON CONFLICT (url, target) DO UPDATE SET url = f.url"
" RETURNING id, xmax = 0, checksum, records, rejected)"
" SELECT * FROM known UNION ALL SELECT * FROM new";

static const char *const note_sql =
"UPDATE paperfeed.feeds SET"
" last_checked = $15,"
" status = $2, http_status = $3,"
" errors = CASE WHEN $2 = 'failed' THEN errors + 1 ELSE 0 END,"
" last_error = COALESCE($4, last_error),"
" last_success = CASE WHEN $2 = 'failed' THEN last_success ELSE $15 END,"
" last_changed = CASE WHEN $5 THEN $15 ELSE last_changed END,"
" etag = CASE $2 WHEN 'failed' THEN etag WHEN 'unchanged' THEN COALESCE($6, etag)"
"  ELSE CASE WHEN $14 THEN $6 END END,"
" last_modified = CASE $2 WHEN 'failed' THEN last_modified"
"  WHEN 'unchanged' THEN COALESCE($7, last_modified) ELSE CASE WHEN $14 THEN $7 END END,"
" checksum = CASE WHEN $2 IN ('failed', 'unchanged') THEN checksum WHEN $14 THEN $8 END,"
" records = CASE WHEN $2 IN ('failed', 'unchanged') THEN records ELSE $12 END,"
" rejected = CASE WHEN $2 IN ('failed', 'unchanged') THEN rejected ELSE $13 END,"
" title = COALESCE($9, title), home = COALESCE($10, home), format = COALESCE($11, format)"
" WHERE id = $1";

/* Runs as the owner of the table.  Plans are kept for the session. */
static void
run(Statement statement, const char *sql, int nargs, Oid *types, Datum *args, const char *nulls)
{
	static SPIPlanPtr plans[NSTATEMENTS];
	MemoryContext context = CurrentMemoryContext;
	PfAsOwner	saved;
	int			rc;

	pf_as_owner_begin(&saved);
	if (plans[statement] == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(sql, nargs, types);

		if (plan == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		plans[statement] = plan;
	}
	rc = SPI_execute_plan(plans[statement], args, nulls, false, 0);
	pf_as_owner_end(&saved);
	/* SPI leaves its own context behind. */
	MemoryContextSwitchTo(context);
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
}

static PfStr
column_str(int column, MemoryContext context)
{
	bool		isnull;
	Datum		datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);
	MemoryContext old;
	PfStr		out;

	if (isnull)
		return PF_STR_NONE;
	old = MemoryContextSwitchTo(context);
	out = pf_str_dup(pf_text_to_utf8(DatumGetTextPP(datum)));
	MemoryContextSwitchTo(old);
	return out;
}

static int64
column_int(int column)
{
	bool		isnull;
	Datum		datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetInt64(datum);
}

void
pf_feed_row_read(PfStr url, Oid target, PfFeedRow *row)
{
	MemoryContext upper = CurrentMemoryContext;
	Oid			types[2] = {TEXTOID, REGCLASSOID};
	Datum		args[2];

	if (url.len > MAX_URL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the address of a feed is longer than %d bytes", MAX_URL),
				 errdetail("It begins with \"%.60s\".", url.s)));
	memset(row, 0, sizeof(PfFeedRow));
	args[0] = PointerGetDatum(pf_utf8_to_text(url));
	args[1] = ObjectIdGetDatum(target);
	SPI_connect();
	run(READ, read_sql, 2, types, args, NULL);
	if (SPI_processed > 0)
	{
		row->id = column_int(1);
		row->etag = column_str(2, upper);
		row->last_modified = column_str(3, upper);
	}
	SPI_finish();
}

/* What RETURNING or SELECT gave, from column 'first' on. */
static void
take_document(PfFeedRow *row, int first)
{
	bool		isnull;

	SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, first, &isnull);
	row->has_checksum = !isnull;
	row->checksum = (uint64) column_int(first);
	row->records = column_int(first + 1);
	row->rejected = column_int(first + 2);
}

void
pf_feed_row_lock(PfFeedRow *row, PfStr url, Oid target)
{
	Oid			types[2] = {TEXTOID, REGCLASSOID};
	Datum		args[2];
	bool		isnull;

	args[0] = PointerGetDatum(pf_utf8_to_text(url));
	args[1] = ObjectIdGetDatum(target);
	run(ENSURE, ensure_sql, 2, types, args, NULL);
	row->id = column_int(1);
	row->is_new = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2,
											 &isnull));
	take_document(row, 3);
	SPI_freetuptable(SPI_tuptable);
}

void
pf_feed_row_note(const PfFeedRow *row, const PfRun *r)
{
	Oid			types[NOTE_ARGS] = {INT8OID, TEXTOID, INT4OID, TEXTOID, BOOLOID, TEXTOID, TEXTOID,
	INT8OID, TEXTOID, TEXTOID, TEXTOID, INT8OID, INT8OID, BOOLOID, TIMESTAMPTZOID};
	Datum		args[NOTE_ARGS];
	char		nulls[NOTE_ARGS];
	PfStr		texts[NOTE_ARGS];

	memset(nulls, ' ', sizeof(nulls));
	for (int i = 0; i < NOTE_ARGS; i++)
		texts[i] = PF_STR_NONE;
	args[0] = Int64GetDatum(row->id);
	args[1] = CStringGetTextDatum(r->status);
	args[2] = Int32GetDatum(r->http_status);
	nulls[2] = r->http_status == 0 ? 'n' : ' ';
	texts[3] = pf_str(r->error);
	if (texts[3].len > MAX_ERROR)
		texts[3].len = pg_encoding_mbcliplen(PG_UTF8, texts[3].s, texts[3].len, MAX_ERROR);
	args[4] = BoolGetDatum(r->counts.added > 0 || r->counts.updated > 0);
	texts[5] = r->etag;
	texts[6] = r->last_modified;
	args[7] = Int64GetDatum((int64) r->checksum);
	if (r->info != NULL)
	{
		texts[8] = r->info->title;
		texts[9] = r->info->home;
		texts[10] = pf_str(r->info->format);
	}
	args[11] = Int64GetDatum(r->counts.seen);
	args[12] = Int64GetDatum(r->counts.rejected);
	/* Of a document that was cut off the rest may come next time: ask for it again. */
	args[13] = BoolGetDatum(r->info == NULL || !r->info->cut_off);
	args[14] = TimestampTzGetDatum(GetCurrentTimestamp());
	for (int i = 0; i < NOTE_ARGS; i++)
	{
		if (types[i] != TEXTOID || i == 1)
			continue;
		nulls[i] = texts[i].s == NULL ? 'n' : ' ';
		if (texts[i].s != NULL)
			args[i] = PointerGetDatum(pf_utf8_to_text(texts[i]));
	}
	run(NOTE, note_sql, NOTE_ARGS, types, args, nulls);
}
