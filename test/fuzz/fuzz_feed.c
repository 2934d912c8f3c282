/*-------------------------------------------------------------------------
 *
 * fuzz_feed.c
 *		libFuzzer target: a document from its bytes to its records.
 *
 * Promises that are checked, beside what the sanitizers see: text is valid
 * UTF-8 without NUL, identities are canonical, times are times, and what is
 * read of a document without faults does not depend on the size of the pieces
 * that the bytes come in.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "backend.h"
#include "common/hashfn.h"
#include "ingest/document.h"
#include "paper/paper.h"

typedef struct Run
{
	const uint8 *bytes;
	size_t		size;
	size_t		piece;
	PfStr		base;
	PfStr		content_type;
	bool		ok;
	bool		recovered;
	const char *charset;
	uint64		hash;
	int64		records;
	char		problem[100];
} Run;

static void
add(Run *run, const void *s, int len)
{
	run->hash = hash_combine64(run->hash, hash_bytes_extended(s, len, 0));
}

static void
add_text(Run *run, const char *what, PfStr text)
{
	fuzz_check_text(what, text);
	if (text.s != NULL)
		add(run, text.s, text.len);
}

static void
add_texts(Run *run, const char *what, const PfStrings *list)
{
	for (int i = 0; i < list->n; i++)
	{
		if (pf_str_blank(list->items[i]))
			fuzz_die("an empty element", pf_str(what));
		add_text(run, what, list->items[i]);
	}
}

static void
add_pairs(Run *run, const char *what, const PfPairs *pairs)
{
	for (int i = 0; i < pairs->n; i++)
	{
		add_text(run, "key", pf_str(pairs->items[i].key));
		add_text(run, what, pairs->items[i].value);
	}
}

static void
add_time(Run *run, TimestampTz t)
{
	if (t != PF_NO_TIME && !IS_VALID_TIMESTAMP(t))
		fuzz_die("a time out of range", pf_str_printf("%lld", (long long) t));
	add(run, &t, sizeof(t));
}

static void
on_record(PfRecord *rec, const PfFeedInfo *info pg_attribute_unused(), void *arg)
{
	Run		   *run = arg;
	PfIdentities ids;

	run->records++;
	add_texts(run, "ids", &rec->ids);
	add_text(run, "title", rec->title);
	add_text(run, "abstract", rec->abstract);
	add_texts(run, "authors", &rec->authors);
	add_time(run, rec->published);
	add_time(run, rec->updated);
	add_texts(run, "categories", &rec->categories);
	add_text(run, "doi", rec->doi);
	add_text(run, "venue", rec->venue);
	add_text(run, "comment", rec->comment);
	add_text(run, "license", rec->license);
	add_text(run, "url", rec->url);
	add_text(run, "pdf_url", rec->pdf_url);
	add_pairs(run, "links", &rec->links);
	add_pairs(run, "metrics", &rec->metrics);
	add_pairs(run, "extra", &rec->extra);
	add_text(run, "source", rec->source);
	add_text(run, "announce", rec->announce);
	add_time(run, rec->announced);

	pf_identify(rec, &ids);
	for (int i = 0; i < ids.n; i++)
	{
		PfStr		again;

		add_text(run, "identity", ids.ids[i]);
		if (pf_paperid_scheme(ids.ids[i]) != PF_SCHEME_HASH &&
			(pf_paperid_read(ids.ids[i], &again, NULL) == PF_SCHEME_NONE ||
			 !pf_str_eq(again, ids.ids[i])))
			fuzz_die("an identity that is not canonical", ids.ids[i]);
	}
}

/* What the document said of itself, and how reading it ended. */
static void
on_end(Run *run, const PfFeedInfo *info, bool ok, int sqlstate, const char *problem)
{
	run->ok = ok;
	run->recovered = info->recovered;
	run->charset = info->charset;
	if (!ok && (sqlstate == 0 || sqlstate == ERRCODE_INTERNAL_ERROR || problem == NULL))
		fuzz_die("a failure without a reason", PF_STR_LIT(""));
	fuzz_check_text("problem", pf_str(problem));
	snprintf(run->problem, sizeof(run->problem), "%s", problem == NULL ? "" : problem);
	add_text(run, "title", info->title);
	add_text(run, "home", info->home);
	add_text(run, "self", info->self);
	add_text(run, "next", info->next);
	add_text(run, "language", info->language);
	add_text(run, "skip_days", info->skip_days);
	add_text(run, "skip_hours", info->skip_hours);
	add_text(run, "resumption_token", info->resumption_token);
	add_text(run, "error_code", info->error_code);
	add_text(run, "error", info->error);
	add_time(run, info->updated);
}

/* As the server does it. */
static void
read_at_once(void *arg)
{
	Run		   *run = arg;
	char	   *copy = palloc(run->size);
	PfInput    *in;
	PfOutcome	outcome;

	/* Bytes too far are seen. */
	memcpy(copy, run->bytes, run->size);
	in = pf_input_memory((PfStr) {copy, (int) run->size});
	outcome = pf_document_read(in, run->base, run->content_type, on_record, run);
	on_end(run, outcome.info, outcome.ok, outcome.sqlstate, outcome.problem);
	(void) pf_input_checksum(in);
	pf_input_close(in);
}

/* Decompress nothing, hand over pieces that are gone after each call. */
static void
read_in_pieces(void *arg)
{
	Run		   *run = arg;
	PfFeed	   *feed = pf_feed_begin(run->base, run->content_type, on_record, run);
	const PfFeedInfo *info;
	int			sqlstate = 0;
	bool		ok;

	for (size_t at = 0; at < run->size; at += run->piece)
	{
		size_t		n = Min(run->piece, run->size - at);
		char	   *copy = palloc(n);

		memcpy(copy, run->bytes + at, n);
		pf_feed_push(feed, copy, n);
		pfree(copy);
	}
	ok = pf_feed_end(feed, &sqlstate);
	info = pf_feed_info(feed);
	on_end(run, info, ok, sqlstate, info->problem.s);
}

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	static const PfStr types[] = {
		{NULL, 0}, {"application/json", 16}, {"text/xml; charset=iso-8859-1", 28},
		{"text/xml; charset=gb18030", 25}
	};
	static const PfStr bases[] = {
		{NULL, 0}, {"https://example.org/feeds/a?b=c", 31},
		{"https://api.biorxiv.org/details/biorxiv/2024-01-01/2024-01-02/100", 66}
	};
	static const size_t pieces[] = {1, 7, 777, 4096};
	uint32		seed = size > 0 ? hash_bytes(data, Min(size, 64)) : 0;
	Run			whole = {
		.bytes = data,.size = size,
		.base = bases[seed % lengthof(bases)],
		.content_type = types[seed / 8 % lengthof(types)]
	};
	Run			cut = whole;

	cut.piece = pieces[seed / 64 % lengthof(pieces)];
	if (!fuzz_run(read_at_once, &whole) || !fuzz_run(read_in_pieces, &cut))
		return 0;
	if (size >= 2 && data[0] == 0x1F && data[1] == 0x8B)
		return 0;				/* compressed */
	/* How libxml2 recovers does depend on the pieces, and whether a label is believed. */
	if ((whole.recovered && cut.recovered) || strcmp(whole.charset, cut.charset) != 0)
		return 0;
	if (whole.ok != cut.ok || whole.recovered != cut.recovered ||
		whole.records != cut.records || whole.hash != cut.hash)
	{
		fprintf(stderr, "at once: %d, %lld records, %s\nin pieces of %zu: %d, %lld records, %s\n",
				whole.ok, (long long) whole.records, whole.problem,
				cut.piece, cut.ok, (long long) cut.records, cut.problem);
		fuzz_die("what is read depends on the pieces", PF_STR_LIT(""));
	}
	return 0;
}
