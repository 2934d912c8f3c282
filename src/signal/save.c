/*-------------------------------------------------------------------------
 *
 * save.c
 *		SQL: paperfeed.save, unsave, mark_read: a reader's own shelf.
 *
 * A paper that is saved, or was read, is one signal for each reader, however
 * many tags there are and however often it is said.  Taking it back takes the
 * signal back; that works for papers that are gone from paperfeed.papers, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "signal/reader.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define MAX_TAGS		100
#define MAX_TAG			100		/* characters */
#define MAX_NOTE		10000

PG_FUNCTION_INFO_V1(pf_save);
PG_FUNCTION_INFO_V1(pf_unsave);
PG_FUNCTION_INFO_V1(pf_mark_read);

static const Oid types[] = {TEXTOID, PF_ARG_PAPER, TEXTOID, TEXTOID};

static PfPlan first_save = {
	.sql = "WITH s AS (INSERT INTO paperfeed.saves (reader, paper, tags, note, saved_at)"
	" VALUES ($1, $2, array_remove(ARRAY[$3], NULL), NULLIF($4, ''), now())"
	" ON CONFLICT DO NOTHING RETURNING *),"
	" g AS (INSERT INTO paperfeed.signals (paper, kind, weight, at, reader)"
	" SELECT paper, 'save', 1, saved_at, reader FROM s)"
	" SELECT tags FROM s"
};

static PfPlan more_save = {
	.sql = "UPDATE paperfeed.saves SET"
	" tags = CASE WHEN $3 IS NULL OR $3 = ANY (tags) THEN tags ELSE tags || $3 END,"
	" note = CASE WHEN $4 IS NULL THEN note ELSE NULLIF($4, '') END"
	" WHERE reader = $1 AND paper = $2 RETURNING tags"
};

static PfPlan remove_tag = {
	.sql = "UPDATE paperfeed.saves SET tags = array_remove(tags, $3)"
	" WHERE reader = $1 AND paper = $2 AND $3 = ANY (tags)"
};

static PfPlan remove_save = {
	.sql = "WITH was AS (DELETE FROM paperfeed.saves WHERE reader = $1 AND paper = $2 RETURNING *)"
	" INSERT INTO paperfeed.signals (paper, kind, weight, at, reader, known_at, retracts)"
	" SELECT paper, 'save', -1, saved_at, reader, GREATEST(now(), saved_at), true FROM was"
};

static PfPlan first_read = {
	.sql = "WITH r AS (INSERT INTO paperfeed.reads (reader, paper, read_at)"
	" VALUES ($1, $2, now()) ON CONFLICT DO NOTHING RETURNING *)"
	" INSERT INTO paperfeed.signals (paper, kind, weight, at, reader)"
	" SELECT paper, 'view', 1, read_at, reader FROM r"
};

static PfPlan remove_read = {
	.sql = "WITH was AS (DELETE FROM paperfeed.reads WHERE reader = $1 AND paper = $2 RETURNING *)"
	" INSERT INTO paperfeed.signals (paper, kind, weight, at, reader, known_at, retracts)"
	" SELECT paper, 'view', -1, read_at, reader, GREATEST(now(), read_at), true FROM was"
};

/* save(paper paperid, tag text, note text) */
Datum
pf_save(PG_FUNCTION_ARGS)
{
	Datum		args[4] = {0};
	char		nulls[5] = "  nn";
	bool		isnull;
	Datum		tags;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
	{
		args[2] = PointerGetDatum(pf_reader_line(PG_GETARG_TEXT_PP(1), "a tag", MAX_TAG, false));
		nulls[2] = ' ';
	}
	if (!PG_ARGISNULL(2))
	{
		args[3] = PointerGetDatum(pf_reader_text(PG_GETARG_TEXT_PP(2), "a note", MAX_NOTE, true));
		nulls[3] = ' ';
	}
	pf_reader_connect("paperfeed.save()");
	args[0] = PointerGetDatum(pf_current_reader());
	args[1] = PointerGetDatum(pf_reader_paper(PG_GETARG_TEXT_PP(0), false));

	/* What is there may be taken away before it is changed. */
	while (pf_plan_run(&first_save, 4, types, args, nulls, false, NULL) == 0 &&
		   pf_plan_run(&more_save, 4, types, args, nulls, false, NULL) == 0)
		CHECK_FOR_INTERRUPTS();

	tags = SPI_datumTransfer(pf_reader_column(1, &isnull), false, -1);
	SPI_finish();
	if (nulls[2] == ' ' &&
		ArrayGetNItems(ARR_NDIM(DatumGetArrayTypeP(tags)), ARR_DIMS(DatumGetArrayTypeP(tags))) >
		MAX_TAGS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a saved paper may have at most %d tags", MAX_TAGS)));
	PG_RETURN_DATUM(tags);
}

/* Run what takes something back; was there anything? */
static bool
take_back(PfPlan *plan, text *paper, text *tag)
{
	Datum		args[3];
	text	   *id;
	bool		done;

	pf_reader_connect("paperfeed.unsave()");
	id = pf_reader_paper(paper, true);
	args[0] = PointerGetDatum(pf_current_reader());
	args[1] = PointerGetDatum(id != NULL ? id : paper);
	args[2] = PointerGetDatum(tag);
	done = pf_plan_run(plan, tag != NULL ? 3 : 2, types, args, NULL, false, NULL) > 0;
	SPI_finish();
	return done;
}

/* unsave(paper paperid, tag text) */
Datum
pf_unsave(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(1))
		PG_RETURN_BOOL(take_back(&remove_save, PG_GETARG_TEXT_PP(0), NULL));
	PG_RETURN_BOOL(take_back(&remove_tag, PG_GETARG_TEXT_PP(0),
							 pf_reader_line(PG_GETARG_TEXT_PP(1), "a tag", MAX_TAG, false)));
}

/* mark_read(paper paperid, read boolean) */
Datum
pf_mark_read(PG_FUNCTION_ARGS)
{
	Datum		args[2];
	bool		first;

	if (!PG_GETARG_BOOL(1))
		PG_RETURN_BOOL(take_back(&remove_read, PG_GETARG_TEXT_PP(0), NULL));
	pf_reader_connect("paperfeed.mark_read()");
	args[0] = PointerGetDatum(pf_current_reader());
	args[1] = PointerGetDatum(pf_reader_paper(PG_GETARG_TEXT_PP(0), false));
	first = pf_plan_run(&first_read, 2, types, args, NULL, false, NULL) > 0;
	SPI_finish();
	PG_RETURN_BOOL(!first);
}
