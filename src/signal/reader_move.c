/*-------------------------------------------------------------------------
 *
 * reader_move.c
 *		What readers said follows a paper to its new id.
 *
 * Where a reader has voted for both of what turns out to be one paper (saved
 * it, read it, submitted it), the later word stays, and the other one's signal
 * is taken back, under the id that it has still.  The signals themselves follow
 * afterwards; see who calls this.
 *
 * Tables of one row for each reader and paper have no index by paper, as each
 * row would pay for it: their readers are found by the signals, of which each
 * row has one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "signal/reader.h"

PG_FUNCTION_INFO_V1(pf_readers_moved);

#define READERS(kind) \
	"r AS MATERIALIZED (SELECT DISTINCT reader FROM paperfeed.signals" \
	" WHERE paper = $1 AND kind = '" kind "' AND reader IS NOT NULL)"

/* The rows of 'tab' at both papers, of which one must go: the earlier vote, and what else was done again later. */
#define BOTH(tab, at, later) \
	"b AS MATERIALIZED (SELECT o.reader," \
	" CASE WHEN o." at " " later " n." at " THEN $2 ELSE $1 END AS loser" \
	" FROM r JOIN paperfeed." tab " AS o ON o.reader = r.reader AND o.paper = $1" \
	" JOIN paperfeed." tab " AS n ON n.reader = r.reader AND n.paper = $2)," \
	" lost AS (DELETE FROM paperfeed." tab " AS t USING b" \
	" WHERE t.reader = b.reader AND t.paper = b.loser RETURNING t.*)"

#define TAKE_BACK(kind, weight, at) \
	" INSERT INTO paperfeed.signals (paper, kind, weight, at, reader, known_at, retracts)" \
	" SELECT paper, '" kind "', " weight ", " at ", reader, GREATEST(now(), " at "), true FROM lost"

#define FOLLOW(kind, tab) \
	"WITH " READERS(kind) " UPDATE paperfeed." tab " AS t SET paper = $2 FROM r" \
	" WHERE t.reader = r.reader AND t.paper = $1"

static PfPlan plans[] = {
	{.sql = "WITH " READERS("vote") ", " BOTH("votes", "at", ">") TAKE_BACK("vote", "0 - value", "at")},
	{.sql = FOLLOW("vote", "votes")},

	/* Tags and notes are work: none is lost. */
	{.sql = "WITH " READERS("save")
		" UPDATE paperfeed.saves AS t SET"
		" tags = t.tags || ARRAY(SELECT x FROM unnest(o.tags) AS x WHERE x <> ALL (t.tags)),"
		" note = CASE WHEN o.note IS NULL OR o.note = t.note THEN t.note"
		" WHEN t.note IS NULL THEN o.note ELSE t.note || E'\\n\\n' || o.note END"
		" FROM r, paperfeed.saves AS o WHERE t.reader = r.reader AND o.reader = r.reader"
		" AND (t.paper = $1 AND o.paper = $2 OR t.paper = $2 AND o.paper = $1)"},
	{.sql = "WITH " READERS("save") ", " BOTH("saves", "saved_at", "<")
		TAKE_BACK("save", "-1", "saved_at")},
	{.sql = FOLLOW("save", "saves")},

	{.sql = "WITH " READERS("view") ", " BOTH("reads", "read_at", "<")
		TAKE_BACK("view", "-1", "read_at")},
	{.sql = FOLLOW("view", "reads")},

	{.sql = "UPDATE paperfeed.comments SET paper = $2 WHERE paper = $1"},

	{.sql = "UPDATE paperfeed.submissions AS t SET note = CASE WHEN o.note IS NULL OR o.note = t.note"
		" THEN t.note WHEN t.note IS NULL THEN o.note ELSE t.note || E'\\n\\n' || o.note END"
		" FROM paperfeed.submissions AS o WHERE o.reader = t.reader"
		" AND (t.paper = $1 AND o.paper = $2 OR t.paper = $2 AND o.paper = $1)"},
	{.sql = "WITH r AS MATERIALIZED (SELECT reader FROM paperfeed.submissions WHERE paper = $1), "
		BOTH("submissions", "at", "<") TAKE_BACK("submission", "-1", "at")},
	{.sql = "UPDATE paperfeed.submissions SET paper = $2 WHERE paper = $1"},
};

/* _readers_moved(old paperid, new paperid) */
Datum
pf_readers_moved(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {PF_ARG_PAPER, PF_ARG_PAPER};
	Datum		args[2];

	args[0] = PG_GETARG_DATUM(0);
	args[1] = PG_GETARG_DATUM(1);
	pf_reader_connect("paperfeed._readers_moved()");
	pf_reader_paper_moves(DatumGetTextPP(args[0]), DatumGetTextPP(args[1]));
	for (size_t i = 0; i < lengthof(plans); i++)
		(void) pf_plan_run(&plans[i], 2, types, args, NULL, false, NULL);
	SPI_finish();
	PG_RETURN_VOID();
}
