/*-------------------------------------------------------------------------
 *
 * comment.c
 *		SQL: paperfeed.comment, edit_comment, delete_comment.
 *
 * Comments form threads by reply_to.  One that is deleted loses its words and
 * its signal, and keeps its place, so that the answers to it keep theirs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "signal/reader.h"
#include "utils/builtins.h"

#define MAX_BODY	10000		/* characters */

PG_FUNCTION_INFO_V1(pf_comment);
PG_FUNCTION_INFO_V1(pf_edit_comment);
PG_FUNCTION_INFO_V1(pf_delete_comment);

static PfPlan add_plan = {
	.sql = "WITH c AS (INSERT INTO paperfeed.comments (paper, reader, body, reply_to, at)"
	" SELECT $2, $1, $3, $4, now() WHERE $4 IS NULL OR EXISTS"
	" (SELECT FROM paperfeed.comments WHERE id = $4 AND paper = $2) RETURNING *),"
	" g AS (INSERT INTO paperfeed.signals (paper, kind, weight, at, reader)"
	" SELECT paper, 'comment', 1, at, reader FROM c)"
	" SELECT id FROM c"
};

static PfPlan look_plan = {
	.sql = "SELECT paper, reader = $2, deleted_at IS NOT NULL FROM paperfeed.comments WHERE id = $1"
};

static PfPlan edit_plan = {
	.sql = "UPDATE paperfeed.comments SET body = $2, edited_at = now()"
	" WHERE id = $1 AND deleted_at IS NULL"
};

static PfPlan delete_plan = {
	.sql = "WITH c AS (UPDATE paperfeed.comments SET body = NULL, deleted_at = now()"
	" WHERE id = $1 AND deleted_at IS NULL RETURNING *)"
	" INSERT INTO paperfeed.signals (paper, kind, weight, at, reader, known_at, retracts)"
	" SELECT paper, 'comment', -1, at, reader, GREATEST(now(), at), true FROM c"
};

static text *
read_body(text *in)
{
	return pf_reader_text(in, "a comment", MAX_BODY, false);
}

/* comment(paper paperid, body text, reply_to bigint) */
Datum
pf_comment(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, PF_ARG_PAPER, TEXTOID, INT8OID};
	Datum		args[4] = {0};
	char		nulls[5] = "    ";
	bool		isnull;
	int64		id;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	args[2] = PointerGetDatum(read_body(PG_GETARG_TEXT_PP(1)));
	if (PG_ARGISNULL(2))
		nulls[3] = 'n';
	else
		args[3] = PG_GETARG_DATUM(2);
	pf_reader_connect("paperfeed.comment()");
	args[0] = PointerGetDatum(pf_current_reader());
	args[1] = PointerGetDatum(pf_reader_paper(PG_GETARG_TEXT_PP(0), false));
	if (pf_plan_run(&add_plan, 4, types, args, nulls, false, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("there is no comment " INT64_FORMAT " on paper \"%s\"",
						DatumGetInt64(args[3]), TextDatumGetCString(args[1])),
				 errdetail("An answer must be to a comment on the same paper.")));
	id = DatumGetInt64(pf_reader_column(1, &isnull));
	SPI_finish();
	PG_RETURN_INT64(id);
}

/* SPI is connected.  False if the comment was deleted; errors if it is not the reader's own. */
static bool
check_own(int64 id)
{
	static const Oid types[] = {INT8OID, TEXTOID};
	Datum		args[2];
	text	   *paper;
	bool		isnull;
	bool		own;
	bool		deleted;

	args[0] = Int64GetDatum(id);
	args[1] = PointerGetDatum(pf_current_reader());
	if (pf_plan_run(&look_plan, 2, types, args, NULL, false, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no comment " INT64_FORMAT, id)));
	paper = DatumGetTextPCopy(pf_reader_column(1, &isnull));
	own = DatumGetBool(pf_reader_column(2, &isnull));
	deleted = DatumGetBool(pf_reader_column(3, &isnull));
	if (!own)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("comment " INT64_FORMAT " is another reader's", id)));
	(void) pf_reader_paper(paper, true);
	return !deleted;
}

/* edit_comment(id bigint, body text) */
Datum
pf_edit_comment(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT8OID, TEXTOID};
	int64		id = PG_GETARG_INT64(0);
	Datum		args[2];

	args[0] = Int64GetDatum(id);
	args[1] = PointerGetDatum(read_body(PG_GETARG_TEXT_PP(1)));
	pf_reader_connect("paperfeed.edit_comment()");
	if (!check_own(id) || pf_plan_run(&edit_plan, 2, types, args, NULL, false, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("comment " INT64_FORMAT " was deleted", id)));
	SPI_finish();
	PG_RETURN_VOID();
}

/* delete_comment(id bigint) */
Datum
pf_delete_comment(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT8OID};
	Datum		args[1];
	bool		done;

	args[0] = PG_GETARG_DATUM(0);
	pf_reader_connect("paperfeed.delete_comment()");
	done = check_own(DatumGetInt64(args[0])) &&
		pf_plan_run(&delete_plan, 1, types, args, NULL, false, NULL) > 0;
	SPI_finish();
	PG_RETURN_BOOL(done);
}
