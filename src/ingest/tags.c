/*-------------------------------------------------------------------------
 *
 * tags.c
 *		SQL: paperfeed.tag_paper, untag_paper: tags by hand.
 *
 * A tag that is taken off stays off, also if a rule gives it: that is kept as a
 * row, too.  The paper's row is locked against being joined into another one,
 * which would leave the tag behind.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/strings.h"
#include "compat.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "utils/builtins.h"

#define MAX_TAG			100		/* characters */
#define MAX_NAMES		8		/* in a chain from a paper's old id to its row */

PG_FUNCTION_INFO_V1(pf_is_tag);
PG_FUNCTION_INFO_V1(pf_tag_paper);
PG_FUNCTION_INFO_V1(pf_untag_paper);

static bool
is_tag(PfStr tag)
{
	for (int i = 0; i < tag.len; i++)
	{
		unsigned char c = (unsigned char) tag.s[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return tag.len > 0 && pf_str_trim(tag).len == tag.len &&
		pg_mbstrlen_with_len(tag.s, tag.len) <= MAX_TAG;
}

/* _is_tag(tag text) */
Datum
pf_is_tag(PG_FUNCTION_ARGS)
{
	text	   *tag = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(is_tag((PfStr) {VARDATA_ANY(tag), (int) VARSIZE_ANY_EXHDR(tag)}));
}

static Datum
read_tag(text *in)
{
	PfStr		tag = pf_str_trim((PfStr) {VARDATA_ANY(in), (int) VARSIZE_ANY_EXHDR(in)});

	if (!is_tag(tag))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no tag", text_to_cstring(in)),
				 errdetail("A tag has 1 to %d characters and no control characters.", MAX_TAG)));
	return PointerGetDatum(cstring_to_text_with_len(tag.s, tag.len));
}

/* The id of a paper's row, by whichever name; the row is locked. */
static Datum
find_paper(Datum paper)
{
	static const Oid types[] = {PF_ARG_PAPER};
	static PfPlan lock = {
		.sql = "SELECT id FROM paperfeed.papers WHERE id OPERATOR(pg_catalog.=) $1 FOR KEY SHARE"
	};
	static PfPlan rename = {
		.sql = "SELECT paper FROM paperfeed.aliases WHERE alias OPERATOR(pg_catalog.=) $1"
	};
	Datum		name = paper;
	bool		isnull;

	for (int i = 0; i < MAX_NAMES; i++)
	{
		if (pf_plan_run(&lock, 1, types, &name, NULL, false, NULL) > 0)
			return name;
		if (pf_plan_run(&rename, 1, types, &name, NULL, false, NULL) == 0)
			break;
		name = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	}
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("paper \"%s\" is not in paperfeed.papers", TextDatumGetCString(paper))));
}

static bool
has_tag(Datum *args)
{
	static const Oid types[] = {PF_ARG_PAPER, TEXTOID};
	static PfPlan plan = {
		.sql = "SELECT FROM paperfeed.paper_tags WHERE paper OPERATOR(pg_catalog.=) $1 AND tag = $2"
	};

	return pf_plan_run(&plan, 2, types, args, NULL, false, NULL) > 0;
}

/* Does something about a tag; gives whether the paper had it before. */
static bool
change_tag(FunctionCallInfo fcinfo, const char *function, PfPlan *plans, int nplans)
{
	static const Oid types[] = {PF_ARG_PAPER, TEXTOID};
	Datum		args[2];
	bool		had;

	PreventCommandIfReadOnly(function);
	args[1] = read_tag(PG_GETARG_TEXT_PP(1));
	pf_spi_connect();
	args[0] = find_paper(PG_GETARG_DATUM(0));
	had = has_tag(args);
	for (int i = 0; i < nplans; i++)
		(void) pf_plan_run(&plans[i], 2, types, args, NULL, false, NULL);
	SPI_finish();
	return had;
}

/* tag_paper(paper paperid, tag text) */
Datum
pf_tag_paper(PG_FUNCTION_ARGS)
{
	static PfPlan give = {
		.sql = "INSERT INTO paperfeed.hand_tags AS t (paper, tag) VALUES ($1, $2)"
		" ON CONFLICT (paper, tag) DO UPDATE SET given = true, at = excluded.at WHERE NOT t.given"
	};

	PG_RETURN_BOOL(!change_tag(fcinfo, "paperfeed.tag_paper()", &give, 1));
}

/* untag_paper(paper paperid, tag text) */
Datum
pf_untag_paper(PG_FUNCTION_ARGS)
{
	static PfPlan take[] = {
		{.sql = "DELETE FROM paperfeed.hand_tags AS t WHERE paper OPERATOR(pg_catalog.=) $1"
			" AND tag = $2 AND given"},
		{.sql = "INSERT INTO paperfeed.hand_tags (paper, tag, given) SELECT paper, tag, false"
			" FROM paperfeed.paper_tags WHERE paper OPERATOR(pg_catalog.=) $1 AND tag = $2 LIMIT 1"
		" ON CONFLICT DO NOTHING"},
	};

	PG_RETURN_BOOL(change_tag(fcinfo, "paperfeed.untag_paper()", take, lengthof(take)));
}
