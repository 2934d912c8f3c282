/*-------------------------------------------------------------------------
 *
 * pager_sql.c
 *		SQL: paperfeed.backfill_pages: which pages would be asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "fetch/fetch.h"
#include "fmgr.h"
#include "funcapi.h"
#include "ingest/backfill.h"
#include "ingest/document.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(pf_backfill_pages);

typedef struct Answers
{
	Datum	   *bodies;
	bool	   *no_body;
	int			n;
	Datum	   *statuses;
	bool	   *no_status;
	int			nstatuses;
} Answers;

static void
ignore_record(PfRecord *rec pg_attribute_unused(), const PfFeedInfo *info pg_attribute_unused(),
			  void *arg pg_attribute_unused())
{
}

/* The n-th answer as a page; a NULL is none at all. */
static void
read_answer(const Answers *answers, int n, PfStr base_url, PfPage *page)
{
	PfInput    *in;
	PfOutcome	outcome;

	page->http_status = n < answers->nstatuses && !answers->no_status[n] ?
		DatumGetInt32(answers->statuses[n]) : 200;
	if (answers->no_body[n] || page->http_status >= 500)
	{
		page->fault = PF_PAGE_TEMPORARY;
		return;
	}
	in = pf_input_memory(pf_text_to_utf8(DatumGetTextPP(answers->bodies[n])));
	pf_input_start_checksum(in);
	outcome = pf_document_read(in, base_url, PF_STR_NONE, ignore_record, NULL);
	page->checksum = pf_input_end_checksum(in);
	page->info = outcome.info;
	page->error_code = outcome.info->error_code;
	page->fault = outcome.ok && page->http_status < 400 &&
		(page->error_code.s == NULL || outcome.info->records > 0) ? PF_PAGE_GOOD : PF_PAGE_BAD;
}

static void
put_row(ReturnSetInfo *rsinfo, int number, const PfPager *pager, const char *outcome,
		const char *note)
{
	Datum		values[7];
	bool		nulls[7] = {false};

	values[0] = Int32GetDatum(number);
	values[1] = CStringGetTextDatum(pf_pager_kind_name(pager->kind));
	values[2] = PointerGetDatum(pf_utf8_to_text(pager->next));
	values[3] = DateADTGetDatum(pager->from);
	nulls[3] = DATE_NOT_FINITE(pager->from);
	values[4] = DateADTGetDatum(pager->to);
	nulls[4] = DATE_NOT_FINITE(pager->to);
	nulls[5] = outcome == NULL;
	if (outcome != NULL)
		values[5] = CStringGetTextDatum(outcome);
	nulls[6] = note == NULL;
	if (note != NULL)
		values[6] = CStringGetTextDatum(note);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* backfill_pages(source text, since date, answers text[], statuses integer[]) */
Datum
pf_backfill_pages(PG_FUNCTION_ARGS)
{
	static const char *const outcomes[] = {
		[PF_STEP_NEXT] = "next", [PF_STEP_AGAIN] = "again",
		[PF_STEP_DONE] = "done", [PF_STEP_FAILED] = "failed"
	};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Answers		answers = {0};
	PfPager		pager;
	PfStr		url;
	PfStep		step = PF_STEP_NEXT;
	int			attempt = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	if (!PG_ARGISNULL(2))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT,
						  &answers.bodies, &answers.no_body, &answers.n);
	if (!PG_ARGISNULL(3))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), INT4OID, sizeof(int32), true, TYPALIGN_INT,
						  &answers.statuses, &answers.no_status, &answers.nstatuses);
	url = pf_str_trim(pf_text_to_utf8(PG_GETARG_TEXT_PP(0)));
	pf_fetch_check_url(url);
	url = pf_fetch_public_url(url);
	if (!pf_pager_begin(&pager, url,
						PG_ARGISNULL(1) ? DATEVAL_NOBEGIN : pf_pager_since(PG_GETARG_DATEADT(1)),
						pf_day_of(pf_now())))
		pf_backfill_refuse(url, NULL);

	for (int i = 0;; i++)
	{
		PfPager		before = pager;
		PfPage		page;

		if (i == answers.n)
		{
			put_row(rsinfo, i + 1, &before, NULL, NULL);
			break;
		}
		memset(&page, 0, sizeof(page));
		page.attempt = attempt;
		page.today = pf_day_of(pf_now());
		read_answer(&answers, i, pager.next, &page);
		step = pf_pager_step(&pager, &page);
		put_row(rsinfo, i + 1, &before, outcomes[step], pager.note);
		attempt = step == PF_STEP_AGAIN ? attempt + 1 : 0;
		if (step == PF_STEP_DONE || step == PF_STEP_FAILED)
			break;
	}
	return (Datum) 0;
}
