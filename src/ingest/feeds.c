/*-------------------------------------------------------------------------
 *
 * feeds.c
 *		Reading and noting rows of paperfeed.feeds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/encoding.h"
#include "executor/spi.h"
#include "ingest/feeds.h"
#include "paper/owner.h"
#include "utils/builtins.h"

#define MAX_ERROR	2000		/* bytes of an error that are kept */

static const char *const read_sql =
"SELECT id, etag, last_modified, checksum FROM paperfeed.feeds WHERE url = $1 AND target = $2";

static const char *const ensure_sql =
"INSERT INTO paperfeed.feeds AS f (url, target) VALUES ($1, $2)"
" ON CONFLICT (url, target) DO UPDATE SET url = f.url RETURNING id, xmax = 0";

static const char *const note_sql =
"UPDATE paperfeed.feeds SET"
" last_checked = pg_catalog.clock_timestamp(),"
" status = $2, http_status = $3,"
" errors = CASE WHEN $2 = 'failed' THEN errors + 1 ELSE 0 END,"
" last_error = COALESCE($4, last_error),"
" last_success = CASE WHEN $2 = 'failed' THEN last_success ELSE pg_catalog.clock_timestamp() END,"
" last_changed = CASE WHEN $5 THEN pg_catalog.clock_timestamp() ELSE last_changed END,"
" etag = CASE $2 WHEN 'failed' THEN etag WHEN 'unchanged' THEN COALESCE($6, etag) ELSE $6 END,"
" last_modified = CASE $2 WHEN 'failed' THEN last_modified"
"  WHEN 'unchanged' THEN COALESCE($7, last_modified) ELSE $7 END,"
" checksum = CASE WHEN $2 IN ('failed', 'unchanged') THEN checksum ELSE $8 END,"
" title = COALESCE($9, title), home = COALESCE($10, home), format = COALESCE($11, format)"
" WHERE id = $1";

void
pf_checksum(PfStr bytes, uint8 *out)
{
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	if (ctx == NULL || pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, (const uint8 *) bytes.s, bytes.len) < 0 ||
		pg_cryptohash_final(ctx, out, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute a SHA-256 checksum");
	pg_cryptohash_free(ctx);
}

static void
run(const char *sql, int nargs, Oid *types, Datum *args, const char *nulls, int expected)
{
	PfAsOwner	saved;
	int			rc;

	pf_as_owner_begin(&saved);
	rc = SPI_execute_with_args(sql, nargs, types, args, nulls, false, 0);
	pf_as_owner_end(&saved);
	if (rc != expected)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(rc));
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

void
pf_feed_row_read(PfStr url, Oid target, PfFeedRow *row)
{
	MemoryContext upper = CurrentMemoryContext;
	Oid			types[2] = {TEXTOID, REGCLASSOID};
	Datum		args[2];

	memset(row, 0, sizeof(PfFeedRow));
	args[0] = PointerGetDatum(pf_utf8_to_text(url));
	args[1] = ObjectIdGetDatum(target);
	SPI_connect();
	run(read_sql, 2, types, args, NULL, SPI_OK_SELECT);
	if (SPI_processed > 0)
	{
		bool		isnull;
		Datum		checksum;

		row->id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
											  &isnull));
		row->etag = column_str(2, upper);
		row->last_modified = column_str(3, upper);
		checksum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull);
		if (!isnull)
		{
			bytea	   *b = DatumGetByteaPP(checksum);

			if (VARSIZE_ANY_EXHDR(b) == PG_SHA256_DIGEST_LENGTH)
			{
				row->has_checksum = true;
				memcpy(row->checksum, VARDATA_ANY(b), PG_SHA256_DIGEST_LENGTH);
			}
		}
	}
	SPI_finish();
}

void
pf_feed_row_ensure(PfFeedRow *row, PfStr url, Oid target)
{
	Oid			types[2] = {TEXTOID, REGCLASSOID};
	Datum		args[2];
	bool		isnull;

	if (row->id != 0)
		return;
	args[0] = PointerGetDatum(pf_utf8_to_text(url));
	args[1] = ObjectIdGetDatum(target);
	run(ensure_sql, 2, types, args, NULL, SPI_OK_INSERT_RETURNING);
	row->id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	row->is_new = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2,
											 &isnull));
}

void
pf_feed_row_note(const PfFeedRow *row, const PfRun *r)
{
	Oid			types[11] = {INT8OID, TEXTOID, INT4OID, TEXTOID, BOOLOID, TEXTOID, TEXTOID, BYTEAOID,
	TEXTOID, TEXTOID, TEXTOID};
	Datum		args[11];
	char		nulls[12] = "           ";
	PfStr		texts[11];

	for (int i = 0; i < 11; i++)
		texts[i] = PF_STR_NONE;
	args[0] = Int64GetDatum(row->id);
	args[1] = CStringGetTextDatum(r->status);
	args[2] = Int32GetDatum(r->http_status);
	nulls[2] = r->http_status == 0 ? 'n' : ' ';
	texts[3] = pf_str(r->error);
	if (texts[3].len > MAX_ERROR)
		texts[3].len = MAX_ERROR;
	args[4] = BoolGetDatum(r->counts.added > 0 || r->counts.updated > 0);
	texts[5] = r->etag;
	texts[6] = r->last_modified;
	nulls[7] = r->has_checksum ? ' ' : 'n';
	if (r->has_checksum)
	{
		bytea	   *b = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

		SET_VARSIZE(b, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
		memcpy(VARDATA(b), r->checksum, PG_SHA256_DIGEST_LENGTH);
		args[7] = PointerGetDatum(b);
	}
	if (r->info != NULL)
	{
		texts[8] = r->info->title;
		texts[9] = r->info->home;
		texts[10] = pf_str(r->info->format);
	}
	for (int i = 0; i < 11; i++)
	{
		if (types[i] != TEXTOID || i == 1)
			continue;
		nulls[i] = texts[i].s == NULL ? 'n' : ' ';
		if (texts[i].s != NULL)
			args[i] = PointerGetDatum(pf_utf8_to_text(texts[i]));
	}
	run(note_sql, 11, types, args, nulls, SPI_OK_UPDATE);
}
