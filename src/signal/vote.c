/*-------------------------------------------------------------------------
 *
 * vote.c
 *		SQL: paperfeed.vote: one for each reader and paper.
 *
 * The unique key lets one of two clicks of a reader through.  Whoever finds a
 * vote locks it, and takes it back in the signals before he gives his own: the
 * opposite weight at the old one's own time, so that nothing remains of it.
 *
 * A first vote, the usual one, is written without statements (see table.c),
 * unless somebody put triggers of his own on the tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "paper/owner.h"
#include "signal/heat.h"
#include "signal/reader.h"
#include "signal/table.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

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

/* Columns, in the order of reader.sql. */
enum
{
	VOTE_READER, VOTE_PAPER, VOTE_VALUE, VOTE_AT, NVOTE
};

#define SIGNAL_TRIGGERS	4		/* ours on signals */

/* False if it is none, or none for here. */
static bool
first_vote(Datum *args, int value)
{
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	Datum		vote[NVOTE] = {args[0], args[1], Int16GetDatum((int16) value), now};
	bool		vote_nulls[NVOTE] = {false};
	Datum		signal[NSIGNAL] = {args[1], (Datum) 0, Float8GetDatum(value), now, args[0]};
	bool		signal_nulls[NSIGNAL] = {false};
	PfTable    *votes = pf_table_open("votes", NVOTE, true);
	PfTable    *signals = pf_table_open("signals", NSIGNAL, false);
	bool		done = false;

	pf_table_set(votes, vote, vote_nulls);
	if (!pf_table_has_triggers(votes, 0) && !pf_table_has_triggers(signals, SIGNAL_TRIGGERS) &&
		pf_table_insert_new(votes))
	{
		signal[SIGNAL_KIND] = CStringGetTextDatum("vote");
		signal[SIGNAL_RETRACTS] = BoolGetDatum(false);
		signal_nulls[SIGNAL_SOURCE] = signal_nulls[SIGNAL_KNOWN_AT] = true;
		pf_table_set(signals, signal, signal_nulls);
		pf_table_insert(signals);
		done = true;
	}
	pf_table_close(signals);
	pf_table_close(votes);
	if (done)
		pf_heat_add_signal(args[1], "vote", value, GetCurrentTransactionStartTimestamp());
	return done;
}

/* Returns the vote before. */
static int
give_vote(Datum *args, int value)
{
	if (value != 0 && first_vote(args, value))
		return 0;
	for (;;)
	{
		bool		isnull;
		int			before;

		CHECK_FOR_INTERRUPTS();
		if (value != 0 && pf_plan_run(&first_plan, 3, types, args, NULL, false, NULL) > 0)
			return 0;
		if (pf_plan_run(&look_plan, 2, types, args, NULL, false, NULL) == 0)
		{
			if (value == 0)
				return 0;
			/* It was there, and was taken back: the next may be the first again. */
			continue;
		}
		before = DatumGetInt16(pf_reader_column(1, &isnull));
		if (value == 0)
			(void) pf_plan_run(&retract_plan, 2, types, args, NULL, false, NULL);
		else if (value != before)
			(void) pf_plan_run(&change_plan, 3, types, args, NULL, false, NULL);
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
	PfAsOwner	saved;
	int			before;

	if (value < -1 || value > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a vote is 1, -1, or 0 to take it back, not %d", value)));
	pf_reader_connect("paperfeed.vote()");
	args[0] = PointerGetDatum(pf_current_reader());
	paper = pf_reader_paper(PG_GETARG_TEXT_PP(0), value == 0);
	args[1] = paper != NULL ? PointerGetDatum(paper) : PG_GETARG_DATUM(0);
	args[2] = Int32GetDatum(value);
	pf_as_owner_begin(&saved);
	before = give_vote(args, value);
	pf_as_owner_end(&saved);
	SPI_finish();
	PG_RETURN_INT32(before);
}
