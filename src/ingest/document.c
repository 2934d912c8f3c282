/*-------------------------------------------------------------------------
 *
 * document.c
 *		Read a whole document from an input.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/encoding.h"
#include "ingest/document.h"
#include "utils/builtins.h"
#include "utils/errcodes.h"

PfOutcome
pf_document_end(PfFeed *feed, const PfInput *in)
{
	PfOutcome	outcome;
	int			state = 0;
	const char *fault;

	memset(&outcome, 0, sizeof(outcome));
	outcome.ok = pf_feed_end(feed, &outcome.sqlstate);
	outcome.info = pf_feed_info(feed);
	if (!outcome.ok || outcome.info->recovered)
		outcome.problem = outcome.info->problem.s;

	fault = pf_input_fault(in, &state);
	if (fault != NULL)
	{
		outcome.ok = false;
		outcome.sqlstate = state;
		outcome.problem = fault;
	}
	return outcome;
}

PfOutcome
pf_document_read(PfInput *in, PfStr base_url, PfStr content_type, PfRecordFn fn, void *arg)
{
	PfFeed	   *feed = pf_feed_begin(base_url, content_type, fn, arg);
	const char *bytes;
	size_t		n;

	while ((n = pf_input_next(in, &bytes)) > 0)
		pf_feed_push(feed, bytes, n);
	return pf_document_end(feed, in);
}

void
pf_document_raise(const PfOutcome *outcome)
{
	int64		records = outcome->info->records;

	ereport(ERROR,
			(errcode(outcome->sqlstate),
			 errmsg("could not read the document: %s",
					text_to_cstring(pf_utf8_to_text(pf_str(outcome->problem)))),
			 records > 0 ? errdetail("%lld records were read before that.", (long long) records) : 0));
}
