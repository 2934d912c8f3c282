/*-------------------------------------------------------------------------
 *
 * feeds.c
 *		Reading and noting rows of paperfeed.feeds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/dates.h"
#include "common/encoding.h"
#include "ingest/feeds.h"
#include "mb/pg_wchar.h"
#include "paper/plan.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define MAX_ERROR		2000	/* bytes of an error that are kept */
#define MOVE_HOLDS		USECS_PER_DAY	/* how long a server must say that a feed has moved */

/* What is read of a row, in this order. */
#define COLUMNS(t) \
	t "id, " t "url, " t "target, " t "title, " t "tags, " t "headers, " t "etag, " \
	t "last_modified, " t "checksum, " t "records, " t "rejected, " t "state, " t "moved_to, " \
	t "moved_since, " t "every, " t "changes_every, " t "ttl, " t "skip_days, " t "skip_hours, " \
	t "added_at, " t "last_changed, " t "errors, " t "next_check"

enum
{
	COL_ID = 1, COL_URL, COL_TARGET, COL_TITLE, COL_TAGS, COL_HEADERS, COL_ETAG,
	COL_LAST_MODIFIED, COL_CHECKSUM, COL_RECORDS, COL_REJECTED, COL_STATE, COL_MOVED_TO,
	COL_MOVED_SINCE, COL_EVERY, COL_CHANGES_EVERY, COL_TTL, COL_SKIP_DAYS, COL_SKIP_HOURS,
	COL_ADDED_AT, COL_LAST_CHANGED, COL_ERRORS, COL_NEXT_CHECK,
	COL_IS_NEW
};

static PfPlan read_plan = {
	.sql = "SELECT " COLUMNS("") " FROM paperfeed.feeds WHERE url = $1 AND target = $2"
};

static PfPlan ensure_plan = {
	.sql = "WITH known AS ("
	"UPDATE paperfeed.feeds AS f SET url = url WHERE url = $1 AND target = $2"
	" RETURNING " COLUMNS("f.") ", false AS is_new),"
	" new AS ("
	"INSERT INTO paperfeed.feeds AS f (url, target, added_at)"
	" SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM known)"
	" ON CONFLICT (url, target) DO UPDATE SET url = f.url"
	" RETURNING " COLUMNS("f.") ", xmax = 0)"
	" SELECT * FROM known UNION ALL SELECT * FROM new"
};

static PfPlan read_id_plan = {
	.sql = "SELECT " COLUMNS("") " FROM paperfeed.feeds WHERE id = $1"
};

static PfPlan lock_plan = {
	.sql = "SELECT " COLUMNS("") " FROM paperfeed.feeds WHERE id = $1 FOR NO KEY UPDATE"
};

static PfPlan try_lock_plan = {
	.sql = "SELECT " COLUMNS("") " FROM paperfeed.feeds WHERE id = $1"
	" FOR NO KEY UPDATE SKIP LOCKED"
};

enum
{
	NOTE_ID, NOTE_NOW, NOTE_STATUS, NOTE_HTTP_STATUS, NOTE_ERROR, NOTE_CHANGED, NOTE_COMPLETE,
	NOTE_ETAG, NOTE_LAST_MODIFIED, NOTE_CHECKSUM, NOTE_RECORDS, NOTE_REJECTED, NOTE_TITLE,
	NOTE_HOME, NOTE_FORMAT, NOTE_TTL, NOTE_SKIP_DAYS, NOTE_SKIP_HOURS, NOTE_ENDED, NOTE_NEXT,
	NOTE_WHY, NOTE_CHANGES_EVERY, NARG_NOTE
};

static const Oid note_types[NARG_NOTE] = {
	INT8OID, TIMESTAMPTZOID, TEXTOID, INT4OID, TEXTOID, BOOLOID, BOOLOID,
	TEXTOID, TEXTOID, INT8OID, INT8OID, INT8OID, TEXTOID,
	TEXTOID, TEXTOID, INTERVALOID, TEXTOID, TEXTOID, BOOLOID, TIMESTAMPTZOID,
	TEXTOID, INTERVALOID
};

/* What a document says of itself holds until the next one says something else. */
static PfPlan note_plan = {
	.sql = "UPDATE paperfeed.feeds SET"
	" last_checked = $2, status = $3, http_status = $4,"
	" errors = CASE WHEN $3 = 'failed' THEN errors + 1 ELSE 0 END,"
	" last_error = COALESCE($5, last_error),"
	" last_success = CASE WHEN $3 = 'failed' THEN last_success ELSE $2 END,"
	" last_changed = CASE WHEN $6 THEN $2 ELSE last_changed END,"
	" etag = CASE $3 WHEN 'failed' THEN etag WHEN 'unchanged' THEN COALESCE($8, etag)"
	"  ELSE CASE WHEN $7 THEN $8 END END,"
	" last_modified = CASE $3 WHEN 'failed' THEN last_modified"
	"  WHEN 'unchanged' THEN COALESCE($9, last_modified) ELSE CASE WHEN $7 THEN $9 END END,"
	" checksum = CASE WHEN $3 IN ('failed', 'unchanged') THEN checksum WHEN $7 THEN $10 END,"
	" records = CASE WHEN $3 IN ('failed', 'unchanged') THEN records ELSE $11 END,"
	" rejected = CASE WHEN $3 IN ('failed', 'unchanged') THEN rejected ELSE $12 END,"
	" title = CASE WHEN own_title THEN title ELSE COALESCE($13, title) END,"
	" home = COALESCE($14, home), format = COALESCE($15, format),"
	" ttl = CASE WHEN $3 IN ('failed', 'unchanged') THEN ttl ELSE $16 END,"
	" skip_days = CASE WHEN $3 IN ('failed', 'unchanged') THEN skip_days ELSE $17 END,"
	" skip_hours = CASE WHEN $3 IN ('failed', 'unchanged') THEN skip_hours ELSE $18 END,"
	" state = CASE WHEN $19 AND state = 'active' THEN 'ended' ELSE state END,"
	" next_check = CASE WHEN state = 'active' AND NOT $19 THEN $20 END,"
	" why = CASE WHEN state = 'active' THEN $21 ELSE why END,"
	" changes_every = $22"
	" WHERE id = $1"
};

static Datum
column(int number, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, isnull);
}

static PfStr
column_str(int number)
{
	bool		isnull;
	Datum		datum = column(number, &isnull);

	return isnull ? PF_STR_NONE : pf_str_dup(pf_text_to_utf8(DatumGetTextPP(datum)));
}

static PfStrings
column_strings(int number)
{
	PfStrings	out = {0};
	bool		isnull;
	Datum		datum = column(number, &isnull);
	Datum	   *items;
	bool	   *nulls;
	int			n;

	if (isnull)
		return out;
	deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false, TYPALIGN_INT,
					  &items, &nulls, &n);
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			pf_strings_add(&out, pf_str_dup(pf_text_to_utf8(DatumGetTextPP(items[i]))));
	return out;
}

static int64
column_int(int number)
{
	bool		isnull;
	Datum		datum = column(number, &isnull);

	return isnull ? 0 : DatumGetInt64(datum);
}

static TimestampTz
column_time(int number)
{
	bool		isnull;
	Datum		datum = column(number, &isnull);

	return isnull ? PF_NO_TIME : DatumGetTimestampTz(datum);
}

/* In microseconds, a month having 30 days; 0 if NULL. */
static int64
column_span(int number)
{
	bool		isnull;
	Datum		datum = column(number, &isnull);
	Interval   *span;

	if (isnull)
		return 0;
	span = DatumGetIntervalP(datum);
	return span->time + (span->day + (int64) span->month * DAYS_PER_MONTH) * USECS_PER_DAY;
}

static Interval *
make_span(int64 microseconds)
{
	Interval   *span = palloc0(sizeof(Interval));

	span->day = (int32) (microseconds / USECS_PER_DAY);
	span->time = microseconds % USECS_PER_DAY;
	return span;
}

/* What the statement before gave. */
static void
take_row(PfFeedRow *row)
{
	bool		isnull;

	memset(row, 0, sizeof(PfFeedRow));
	row->id = column_int(COL_ID);
	row->url = column_str(COL_URL);
	row->target = DatumGetObjectId(column(COL_TARGET, &isnull));
	row->title = column_str(COL_TITLE);
	row->tags = column_strings(COL_TAGS);
	row->headers = column_strings(COL_HEADERS);
	row->etag = column_str(COL_ETAG);
	row->last_modified = column_str(COL_LAST_MODIFIED);
	(void) column(COL_CHECKSUM, &isnull);
	row->has_checksum = !isnull;
	row->checksum = (uint64) column_int(COL_CHECKSUM);
	row->records = column_int(COL_RECORDS);
	row->rejected = column_int(COL_REJECTED);
	row->active = PF_STR_IS(column_str(COL_STATE), "active");
	row->moved_to = column_str(COL_MOVED_TO);
	row->moved_since = column_time(COL_MOVED_SINCE);
	row->next_check = column_time(COL_NEXT_CHECK);
	row->rhythm.feed = row->id;
	row->rhythm.every = column_span(COL_EVERY);
	row->rhythm.changes_every = column_span(COL_CHANGES_EVERY);
	row->rhythm.ttl = column_span(COL_TTL);
	row->rhythm.skip_days = column_str(COL_SKIP_DAYS);
	row->rhythm.skip_hours = column_str(COL_SKIP_HOURS);
	row->rhythm.added_at = column_time(COL_ADDED_AT);
	row->rhythm.last_changed = column_time(COL_LAST_CHANGED);
	row->rhythm.errors = DatumGetInt32(column(COL_ERRORS, &isnull));
}

static void
check_url(PfStr url)
{
	if (url.len > PF_FEED_MAX_URL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the address of a feed is longer than %d bytes", PF_FEED_MAX_URL),
				 errdetail("It begins with \"%.60s\".", pf_fetch_public_url(url).s)));
}

bool
pf_feed_row_read(PfStr url, Oid target, PfFeedRow *row)
{
	static const Oid types[] = {TEXTOID, REGCLASSOID};
	Datum		args[2];
	bool		found;

	check_url(url);
	memset(row, 0, sizeof(PfFeedRow));
	row->url = url;
	row->target = target;
	args[0] = PointerGetDatum(pf_utf8_to_text(url));
	args[1] = ObjectIdGetDatum(target);
	pf_spi_connect();
	found = pf_plan_run(&read_plan, 2, types, args, NULL, false, NULL) > 0;
	if (found)
		take_row(row);
	SPI_finish();
	return found;
}

void
pf_feed_row_lock(PfFeedRow *row, PfStr url, Oid target)
{
	static const Oid types[] = {TEXTOID, REGCLASSOID, TIMESTAMPTZOID};
	Datum		args[3];
	bool		isnull;

	check_url(url);
	args[0] = PointerGetDatum(pf_utf8_to_text(url));
	args[1] = ObjectIdGetDatum(target);
	args[2] = TimestampTzGetDatum(pf_now());
	(void) pf_plan_run(&ensure_plan, 3, types, args, NULL, false, NULL);
	take_row(row);
	row->is_new = DatumGetBool(column(COL_IS_NEW, &isnull));
	SPI_freetuptable(SPI_tuptable);
}

static bool
take_by_id(PfPlan *plan, PfFeedRow *row, int64 id)
{
	static const Oid types[] = {INT8OID};
	Datum		args[1] = {Int64GetDatum(id)};
	bool		found = pf_plan_run(plan, 1, types, args, NULL, false, NULL) > 0;

	if (found)
		take_row(row);
	SPI_freetuptable(SPI_tuptable);
	return found;
}

bool
pf_feed_row_read_id(PfFeedRow *row, int64 id)
{
	return take_by_id(&read_id_plan, row, id);
}

bool
pf_feed_row_lock_id(PfFeedRow *row, int64 id, bool skip)
{
	return take_by_id(skip ? &try_lock_plan : &lock_plan, row, id);
}

/*
 * False if another feed has that address.  Headers, which may have a key, are for
 * the host that they were given for; the new one has answered without them.
 */
static bool
move(const PfFeedRow *row, PfStr url)
{
	static const Oid types[] = {INT8OID, TEXTOID, OIDOID, BOOLOID};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.feeds SET url = $2, moved_to = NULL, moved_since = NULL,"
		" headers = CASE WHEN $4 THEN headers END"
		" WHERE id = $1 AND NOT EXISTS (SELECT FROM paperfeed.feeds"
		"  WHERE url = $2 AND target = $3::pg_catalog.regclass)"
	};
	Datum		args[4] = {Int64GetDatum(row->id), PointerGetDatum(pf_utf8_to_text(url)),
	ObjectIdGetDatum(row->target), BoolGetDatum(pf_fetch_same_origin(row->url, url))};

	return pf_plan_run(&plan, 4, types, args, NULL, false, NULL) > 0;
}

static void
note_move(const PfFeedRow *row, PfStr url, TimestampTz now)
{
	static const Oid types[] = {INT8OID, TEXTOID, TIMESTAMPTZOID};
	static PfPlan plan = {
		.sql = "UPDATE paperfeed.feeds SET moved_to = $2,"
		" moved_since = CASE WHEN $2 = moved_to THEN moved_since WHEN $2 IS NOT NULL THEN $3 END"
		" WHERE id = $1"
	};
	Datum		args[3] = {Int64GetDatum(row->id), (Datum) 0, TimestampTzGetDatum(now)};
	char		nulls[3] = {' ', url.s == NULL ? 'n' : ' ', ' '};

	if (url.s != NULL)
		args[1] = PointerGetDatum(pf_utf8_to_text(url));
	(void) pf_plan_run(&plan, 3, types, args, nulls, false, NULL);
}

/*
 * A permanent redirect is believed when it has held for a day.  Then the feed has
 * a new address; true if another feed has that already, so that this one is over.
 */
static bool
follow_move(const PfFeedRow *row, const PfRun *run, TimestampTz now)
{
	PfStr		to = run->response == NULL ? PF_STR_NONE : run->response->moved_permanently_url;

	/* Failures say nothing of it. */
	if (run->response == NULL || strcmp(run->status, "failed") == 0)
		return false;
	if (to.s != NULL && (to.len > PF_FEED_MAX_URL || pf_str_eq(to, row->url)))
		to = PF_STR_NONE;
	if (to.s != NULL && row->active && row->moved_to.s != NULL &&
		pf_str_eq(to, row->moved_to) && now - row->moved_since >= MOVE_HOLDS)
		return !move(row, to);
	if (to.s != NULL || row->moved_to.s != NULL)
		note_move(row, to, now);
	return false;
}

static void
put_str(Datum *args, char *nulls, int number, PfStr value)
{
	if (value.s != NULL)
	{
		args[number] = PointerGetDatum(pf_utf8_to_text(value));
		nulls[number] = ' ';
	}
}

void
pf_feed_row_note(const PfFeedRow *row, const PfRun *run)
{
	Datum		args[NARG_NOTE];
	char		nulls[NARG_NOTE];
	PfRhythm	rhythm = row->rhythm;
	PfAttempt	attempt;
	PfDue		due;
	PfStr		error = pf_str(run->error);

	memset(args, 0, sizeof(args));
	memset(nulls, 'n', sizeof(nulls));
	attempt.now = pf_now();
	attempt.failed = strcmp(run->status, "failed") == 0;
	attempt.changed = run->counts.added > 0 || run->counts.updated > 0;
	attempt.http_status = run->response == NULL ? 0 : run->response->http_status;
	attempt.retry_after = run->response == NULL ? -1 : run->response->retry_after;
	attempt.max_age = run->response == NULL ? -1 : run->response->max_age;
	if (run->info != NULL && !attempt.failed)
	{
		rhythm.ttl = run->info->ttl * USECS_PER_MINUTE;
		rhythm.skip_days = run->info->skip_days;
		rhythm.skip_hours = run->info->skip_hours;
	}
	due = pf_schedule(&rhythm, &attempt);
	if (run->goes_on)
	{
		due.next = attempt.now;
		due.why = "there are further pages";
	}
	if (follow_move(row, run, attempt.now))
	{
		due.ended = true;
		due.why = "it has moved to an address that another feed has";
	}

	if (error.len > MAX_ERROR)
		error.len = pg_encoding_mbcliplen(PG_UTF8, error.s, error.len, MAX_ERROR);
	args[NOTE_ID] = Int64GetDatum(row->id);
	args[NOTE_NOW] = TimestampTzGetDatum(attempt.now);
	args[NOTE_HTTP_STATUS] = Int32GetDatum(attempt.http_status);
	args[NOTE_CHANGED] = BoolGetDatum(attempt.changed);
	/* Of a document that was cut off the rest may come next time: ask for it again. */
	args[NOTE_COMPLETE] = BoolGetDatum(run->info == NULL || !run->info->cut_off);
	args[NOTE_CHECKSUM] = Int64GetDatum((int64) run->checksum);
	args[NOTE_RECORDS] = Int64GetDatum(run->counts.seen);
	args[NOTE_REJECTED] = Int64GetDatum(run->counts.rejected);
	args[NOTE_TTL] = IntervalPGetDatum(make_span(rhythm.ttl));
	args[NOTE_ENDED] = BoolGetDatum(due.ended);
	args[NOTE_NEXT] = TimestampTzGetDatum(due.next);
	args[NOTE_CHANGES_EVERY] = IntervalPGetDatum(make_span(due.changes_every));
	for (int i = 0; i < NARG_NOTE; i++)
		nulls[i] = note_types[i] == TEXTOID ? 'n' : ' ';
	nulls[NOTE_HTTP_STATUS] = attempt.http_status == 0 ? 'n' : ' ';
	nulls[NOTE_TTL] = rhythm.ttl == 0 ? 'n' : ' ';
	nulls[NOTE_CHANGES_EVERY] = due.changes_every == 0 ? 'n' : ' ';
	put_str(args, nulls, NOTE_STATUS, pf_str(run->status));
	put_str(args, nulls, NOTE_ERROR, error);
	put_str(args, nulls, NOTE_WHY, pf_str(due.why));
	put_str(args, nulls, NOTE_SKIP_DAYS, rhythm.skip_days);
	put_str(args, nulls, NOTE_SKIP_HOURS, rhythm.skip_hours);
	if (run->response != NULL)
	{
		put_str(args, nulls, NOTE_ETAG, run->response->etag);
		put_str(args, nulls, NOTE_LAST_MODIFIED, run->response->last_modified);
	}
	if (run->info != NULL)
	{
		put_str(args, nulls, NOTE_TITLE, run->info->title);
		put_str(args, nulls, NOTE_HOME, run->info->home);
		put_str(args, nulls, NOTE_FORMAT, pf_str(run->info->format));
	}
	(void) pf_plan_run(&note_plan, NARG_NOTE, note_types, args, nulls, false, NULL);
	if (run->kind != NULL)
		pf_run_note(row->id, run);
}
