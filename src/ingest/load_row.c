/*-------------------------------------------------------------------------
 *
 * load_row.c
 *		Rows of paperfeed.loads: how far each file is.
 *
 * Who loads a file holds its row's lock for the session (lock.c), so that only
 * he changes the row.  A row that says 'loading' without that lock is that of a
 * load that was broken off.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "ingest/load.h"
#include "mb/pg_wchar.h"
#include "paper/plan.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define MAX_ERROR	2000		/* bytes of an error that are kept */

static const char *const states[] = {
	[PF_LOAD_LOADING] = "loading",
	[PF_LOAD_DONE] = "done",
	[PF_LOAD_FAILED] = "failed"
};

enum
{
	KEY_PATH, KEY_TARGET, KEY_BASE_URL, KEY_SIZE, KEY_MODIFIED, KEY_HEAD, KEY_NOW, NKEY
};

static const Oid key_types[NKEY] = {
	TEXTOID, REGCLASSOID, TEXTOID, INT8OID, TIMESTAMPTZOID, INT8OID, TIMESTAMPTZOID
};

/* Without its feed, which somebody removed, nothing is known of its records. */
#define SAME \
	"((l.base_url, l.size, l.modified_at, l.head) IS NOT DISTINCT FROM ($3::text, $4, $5, $6)" \
	" AND (l.feed IS NULL OR EXISTS (SELECT FROM paperfeed.feeds AS f WHERE f.id = l.feed)))"

static PfPlan done_plan = {
	.sql = "SELECT FROM paperfeed.loads AS l WHERE path = $1 AND target = $2 AND state = 'done'"
	" AND " SAME
};

static PfPlan open_plan = {
	.sql = "INSERT INTO paperfeed.loads AS l (path, target, base_url, size, modified_at, head,"
	" started_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
	" ON CONFLICT (path, target) DO UPDATE SET path = l.path"
	" RETURNING id, xmax = 0, " SAME ", state, feed, bytes, records, added, updated, unchanged,"
	" dropped, rejected"
};

static PfPlan begin_plan = {
	.sql = "UPDATE paperfeed.loads SET base_url = $3, size = $4, modified_at = $5, head = $6,"
	" changed_at = $7, state = 'loading', done_at = NULL, error = NULL"
	" WHERE path = $1 AND target = $2"
};

static PfPlan anew_plan = {
	.sql = "UPDATE paperfeed.loads SET base_url = $3, size = $4, modified_at = $5, head = $6,"
	" started_at = $7, changed_at = $7, state = 'loading', done_at = NULL, error = NULL,"
	" bytes = 0, records = 0, added = 0, updated = 0, unchanged = 0, dropped = 0, rejected = 0"
	" WHERE path = $1 AND target = $2"
};

static PfPlan note_plan = {
	.sql = "UPDATE paperfeed.loads SET state = $2, feed = $3, bytes = $4, records = $5, added = $6,"
	" updated = $7, unchanged = $8, dropped = $9, rejected = $10, changed_at = $11,"
	" done_at = CASE WHEN $2 = 'done' THEN $11 END, error = $12 WHERE id = $1"
};

static uint64
run_keyed(PfPlan *plan, const PfLoadKey *key)
{
	Datum		args[NKEY] = {0};
	char		nulls[NKEY];

	memset(nulls, ' ', sizeof(nulls));
	args[KEY_PATH] = CStringGetTextDatum(key->path);
	args[KEY_TARGET] = ObjectIdGetDatum(key->target);
	args[KEY_NOW] = TimestampTzGetDatum(pf_now());
	if (key->base_url.s == NULL)
		nulls[KEY_BASE_URL] = 'n';
	else
		args[KEY_BASE_URL] = PointerGetDatum(pf_utf8_to_text(key->base_url));
	if (key->file == NULL)
		nulls[KEY_SIZE] = nulls[KEY_MODIFIED] = nulls[KEY_HEAD] = 'n';
	else
	{
		args[KEY_SIZE] = Int64GetDatum(key->file->size);
		args[KEY_MODIFIED] = TimestampTzGetDatum(key->file->modified);
		args[KEY_HEAD] = Int64GetDatum(key->file->head);
	}
	return pf_plan_run(plan, NKEY, key_types, args, nulls, false, NULL);
}

bool
pf_load_row_is_done(const PfLoadKey *key)
{
	bool		done = run_keyed(&done_plan, key) > 0;

	SPI_freetuptable(SPI_tuptable);
	return done;
}

static Datum
column(int number, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, isnull);
}

static int64
column_int(int number)
{
	bool		isnull;
	Datum		datum = column(number, &isnull);

	return isnull ? 0 : DatumGetInt64(datum);
}

PfLock *
pf_load_row_open(PfLoadRow *row, const PfLoadKey *key)
{
	bool		isnull;
	char	   *state;

	(void) run_keyed(&open_plan, key);
	memset(row, 0, sizeof(PfLoadRow));
	row->id = DatumGetInt32(column(1, &isnull));
	row->is_new = DatumGetBool(column(2, &isnull));
	row->same = DatumGetBool(column(3, &isnull));
	state = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4);
	row->state = strcmp(state, states[PF_LOAD_DONE]) == 0 ? PF_LOAD_DONE :
		strcmp(state, states[PF_LOAD_FAILED]) == 0 ? PF_LOAD_FAILED : PF_LOAD_LOADING;
	row->feed = column_int(5);
	row->bytes = column_int(6);
	row->counts.seen = column_int(7);
	row->counts.added = column_int(8);
	row->counts.updated = column_int(9);
	row->counts.unchanged = column_int(10);
	row->counts.dropped = column_int(11);
	row->counts.rejected = column_int(12);
	SPI_freetuptable(SPI_tuptable);
	/* The row is ours until the commit: who had the lock before has written what he had to. */
	return pf_lock_try("loads", row->id, 0);
}

void
pf_load_row_begin(PfLoadRow *row, const PfLoadKey *key, bool anew)
{
	(void) run_keyed(anew ? &anew_plan : &begin_plan, key);
	row->state = PF_LOAD_LOADING;
	if (anew)
	{
		row->bytes = 0;
		memset(&row->counts, 0, sizeof(PfCounts));
	}
}

void
pf_load_row_note(const PfLoadRow *row)
{
	static const Oid types[] = {
		INT4OID, TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID,
		INT8OID, INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID, TEXTOID
	};
	Datum		args[12];
	char		nulls[12];
	PfStr		error = pf_str(row->error);

	memset(nulls, ' ', sizeof(nulls));
	args[0] = Int32GetDatum(row->id);
	args[1] = CStringGetTextDatum(states[row->state]);
	args[2] = Int64GetDatum(row->feed);
	nulls[2] = row->feed == 0 ? 'n' : ' ';
	args[3] = Int64GetDatum(row->bytes);
	args[4] = Int64GetDatum(row->counts.seen);
	args[5] = Int64GetDatum(row->counts.added);
	args[6] = Int64GetDatum(row->counts.updated);
	args[7] = Int64GetDatum(row->counts.unchanged);
	args[8] = Int64GetDatum(row->counts.dropped);
	args[9] = Int64GetDatum(row->counts.rejected);
	args[10] = TimestampTzGetDatum(pf_now());
	args[11] = (Datum) 0;
	nulls[11] = row->error == NULL ? 'n' : ' ';
	if (error.len > MAX_ERROR)
		error.len = pg_encoding_mbcliplen(PG_UTF8, error.s, error.len, MAX_ERROR);
	if (row->error != NULL)
		args[11] = PointerGetDatum(pf_utf8_to_text(error));
	(void) pf_plan_run(&note_plan, 12, types, args, nulls, false, NULL);
}
