/*-------------------------------------------------------------------------
 *
 * run.c
 *		One attempt at a feed: a document to rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/rules.h"
#include "ingest/run.h"

void
pf_run_record(PfRecord *rec, const PfFeedInfo *info pg_attribute_unused(), void *writer)
{
	pf_writer_add(writer, rec);
}

static void
count_only(PfRecord *rec pg_attribute_unused(), const PfFeedInfo *info pg_attribute_unused(),
		   void *arg pg_attribute_unused())
{
}

bool
pf_run_is_same(PfRun *run, const PfFeedRow *feed, PfInput *in)
{
	if (!feed->has_checksum)
		return false;
	if (feed->checksum != pf_input_checksum(in))
		return false;
	run->status = "unchanged";
	run->bytes = feed->checksum & PG_UINT32_MAX;
	run->counts.seen = feed->records;
	run->counts.rejected = feed->rejected;
	run->counts.unchanged = feed->records - feed->rejected;
	return true;
}

void
pf_run_conclude(PfRun *run, const PfOutcome *outcome)
{
	const PfFeedInfo *info = outcome->info;

	run->info = info;
	if (!outcome->ok)
	{
		run->status = "failed";
		run->error = outcome->problem;
	}
	else if (info->error_code.s != NULL && info->records == 0 &&
			 !PF_STR_IS(info->error_code, "noRecordsMatch"))
	{
		run->status = "failed";
		run->error = pf_str_printf("the service says: %.*s %.*s",
								   info->error_code.len, info->error_code.s,
								   info->error.len, info->error.s ? info->error.s : "").s;
	}
	else if (info->recovered)
	{
		run->status = "recovered";
		run->error = outcome->problem;
	}
	else
		run->status = "ok";
}

void
pf_run_document(PfRun *run, const PfFeedRow *feed, PfInput *in, PfStr base_url, PfStr content_type)
{
	PfWriter   *writer = pf_writer_begin(run->target, feed->id, feed->is_new);
	PfOutcome	outcome;

	pf_rules_filter(writer, run->target, &feed->tags);
	pf_input_start_checksum(in);
	outcome = pf_document_read(in, base_url, content_type, pf_run_record, writer);
	run->checksum = pf_input_end_checksum(in);
	run->counts = pf_writer_end(writer);
	run->bytes = pf_input_bytes(in);
	pf_run_conclude(run, &outcome);
}

/* The service's own words in the body of an HTTP error, or the status alone. */
static const char *
http_error(const PfResponse *response)
{
	PfOutcome	outcome;

	if (response->body.len > 0)
	{
		outcome = pf_document_read(pf_input_memory(response->body), response->effective_url,
								   response->content_type, count_only, NULL);
		if (outcome.info->error.s != NULL)
			return pf_str_printf("%s: %.*s", response->error,
								 outcome.info->error.len, outcome.info->error.s).s;
	}
	return response->error;
}

void
pf_run_response(PfRun *run, const PfFeedRow *feed, const PfResponse *response)
{
	PfInput    *in;

	run->response = response;
	run->bytes = response->body.len;
	switch (response->status)
	{
		case PF_FETCH_OK:
			in = pf_input_memory(response->body);
			if (!pf_run_is_same(run, feed, in))
				pf_run_document(run, feed, in, response->effective_url, response->content_type);
			break;
		case PF_FETCH_NOT_MODIFIED:
			run->status = "unchanged";
			run->bytes = 0;
			break;
		case PF_FETCH_HTTP_ERROR:
			run->status = "failed";
			run->error = http_error(response);
			break;
		case PF_FETCH_FAILED:
			run->status = "failed";
			run->error = response->error;
			break;
	}
}
