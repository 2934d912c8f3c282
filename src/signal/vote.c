/*-------------------------------------------------------------------------
 *
 * vote.c
 *		SQL: paperfeed.vote: one for each reader and paper.
 *
 * A first vote is one statement, which ends where another one of this reader
 * was faster: the unique key lets one of two clicks through.  Whoever finds a
 * vote locks it, and takes it back in the signals before he gives his own: the
 * opposite weight at the old one's own time, so that nothing remains of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "signal/reader.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(pf_vote);

static const Oid types[] = {TEXTOID, PF_ARG_PAPER, INT4OID};

static PfPlan first_plan = {
	.sql = "WITH v AS (INSERT INTO paperfeed.votes (reader, paper, value, at)"
	" VALUES ($1, $2, $3, now()) ON CONFLICT DO NOTHING RETURNING *)"
	" INSERT INTO paperfeed.signals (paper, kind, weight, at, reader)"
	" SELECT paper, 'vote', value, at, reader FROM v"
};

static PfPlan look_plan = {
	.sql = "SELECT value FROM paperfeed.votes WHERE reader = $1 AND paper = $2 FOR UPDATE"
};

#define RETRACTION \
	"SELECT paper, 'vote', 0 - value, at, reader, GREATEST(now(), at), true FROM was"
#define COLUMNS \
	"paper, kind, weight, at, reader, known_at, retracts"

static PfPlan change_plan = {
	.sql = "WITH was AS (SELECT * FROM paperfeed.votes WHERE reader = $1 AND paper = $2),"
	" v AS (UPDATE paperfeed.votes SET value = $3, at = now() WHERE reader = $1 AND paper = $2"
	" RETURNING *)"
	" INSERT INTO paperfeed.signals (" COLUMNS ") " RETRACTION
	" UNION ALL SELECT paper, 'vote', value, at, reader, NULL, false FROM v"
};

static PfPlan retract_plan = {
	.sql = "WITH was AS (DELETE FROM paperfeed.votes WHERE reader = $1 AND paper = $2 RETURNING *)"
	" INSERT INTO paperfeed.signals (" COLUMNS ") " RETRACTION
};

/* Returns the vote before. */
static int
give_vote(Datum *args, int value)
{
	for (;;)
	{
		bool		isnull;
		int			before;

		CHECK_FOR_INTERRUPTS();
		if (value != 0 && pf_signal_run(&first_plan, 3, types, args, NULL, false, NULL) > 0)
			return 0;
		if (pf_signal_run(&look_plan, 2, types, args, NULL, false, NULL) == 0)
		{
			if (value == 0)
				return 0;
			/* It was there, and was taken back: the next may be the first again. */
			continue;
		}
		before = DatumGetInt16(pf_reader_column(1, &isnull));
		if (value == 0)
			(void) pf_signal_run(&retract_plan, 2, types, args, NULL, false, NULL);
		else if (value != before)
			(void) pf_signal_run(&change_plan, 3, types, args, NULL, false, NULL);
		return before;
	}
}

/* vote(paper paperid, value integer) */
Datum
pf_vote(PG_FUNCTION_ARGS)
{
	int			value = PG_GETARG_INT32(1);
	Datum		args[3];
	text	   *paper;
	int			before;

	if (value < -1 || value > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a vote is 1, -1, or 0 to take it back, not %d", value)));
	pf_reader_connect();
	args[0] = PointerGetDatum(pf_current_reader());
	paper = pf_reader_paper(PG_GETARG_TEXT_PP(0), value == 0);
	args[1] = paper != NULL ? PointerGetDatum(paper) : PG_GETARG_DATUM(0);
	args[2] = Int32GetDatum(value);
	before = give_vote(args, value);
	SPI_finish();
	PG_RETURN_INT32(before);
}
