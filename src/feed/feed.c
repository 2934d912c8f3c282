/*-------------------------------------------------------------------------
 *
 * feed.c
 *		A document from its first byte to its last record.
 *
 * bytes -> charset.c -> UTF-8 -> the first character tells XML from JSON
 *	 XML:  scrub.c -> xml.c -> trees -> the format of the root element
 *	 JSON: jsonstream.c -> json.c -> trees -> the format of the record's shape
 * -> records -> finish.c -> the callback.
 *
 * A line of JSON lines, or an element of a list, that is malformed, over a
 * limit, or nothing that could be a paper, becomes a record that is none, with
 * the reason, in its place among the others.  Those before the first record are
 * held back until it comes: without any, this is no feed of papers, and they are
 * no records.
 *
 * Everything lives in one memory context below the caller's; what libxml2 and
 * malloc own is released by its reset callback.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/charset.h"
#include "feed/feed.h"
#include "feed/format.h"
#include "feed/json.h"
#include "feed/jsonstream.h"
#include "feed/scrub.h"
#include "feed/xml.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define PIECE_SIZE		16384	/* bytes between two looks at interrupts */
#define MAX_LEADING		4096	/* bytes of junk before the first < or { */
#define MAX_HELD		100		/* values without a paper that are held back, then forgotten */
#define MAX_QUOTED		1000	/* bytes of one that are shown */

typedef enum Syntax
{
	SYNTAX_UNKNOWN,
	SYNTAX_XML,
	SYNTAX_JSON,
	SYNTAX_NEITHER
} Syntax;

/* A value that is no record. */
typedef struct BadValue
{
	PfStr		reason;
	PfStr		text;			/* its beginning */
} BadValue;

struct PfFeed
{
	PfDoc		doc;			/* the first member, see pf_doc_emit */
	PfCharset  *charset;
	Syntax		syntax;
	int			leading;		/* bytes skipped before the document */
	PfScrub    *scrub;
	PfXml	   *xml;
	PfJsonStream json;
	int64		values;			/* of JSON, read so far */
	int64		bad_values;
	bool		open_value;		/* the last one did not end */
	BadValue	held[MAX_HELD];
	int			nheld;
	bool		nested;			/* within an HTTP recording */
	int			sqlstate;
	bool		failed;
};

/*
 * A message for people, kept with the document.  It may quote what libxml2 saw,
 * cut anywhere: what is no UTF-8 becomes '?'.
 */
static PfStr
keep_message(PfFeed *feed, const char *message)
{
	PfStr		kept = pf_doc_keep(&feed->doc, pf_str(message));
	int			at = 0;

	while (at < kept.len)
	{
		at += pg_encoding_verifymbstr(PG_UTF8, kept.s + at, kept.len - at);
		if (at < kept.len)
			unconstify(char *, kept.s)[at++] = '?';
	}
	return kept;
}

static void
note_problem(PfFeed *feed, const char *problem)
{
	if (problem == NULL)
		return;
	feed->doc.info.recovered = true;
	if (feed->doc.info.problem.s == NULL)
		feed->doc.info.problem = keep_message(feed, problem);
}

static void
fail(PfFeed *feed, int sqlstate, const char *problem)
{
	if (feed->failed)
		return;
	feed->failed = true;
	feed->sqlstate = sqlstate;
	feed->doc.info.problem = keep_message(feed, problem != NULL ? problem :
										  "the document is over a limit");
}

PfStr
pf_doc_keep(PfDoc *doc, PfStr a)
{
	MemoryContext old = MemoryContextSwitchTo(doc->context);
	PfStr		copy = pf_str_dup(a);

	MemoryContextSwitchTo(old);
	return copy;
}

/* Hand on as a record what is none.  The caller resets the record's context. */
static void
emit_bad_value(PfFeed *feed, const BadValue *bad)
{
	PfDoc	   *doc = &feed->doc;
	MemoryContext old = MemoryContextSwitchTo(doc->record_context);
	PfRecord	rec;

	pf_record_init(&rec);
	rec.reject = pf_str_dup(bad->reason).s;
	pf_pairs_add(&rec.extra, "text", PF_PAIR_STRING, bad->text);
	doc->fn(&rec, &doc->info, doc->arg);
	MemoryContextSwitchTo(old);
}

static void
release_held(PfFeed *feed)
{
	for (int i = 0; i < feed->nheld; i++)
	{
		emit_bad_value(feed, &feed->held[i]);
		pfree(unconstify(char *, feed->held[i].reason.s));
		pfree(unconstify(char *, feed->held[i].text.s));
	}
	feed->nheld = 0;
}

/* A value that gave no record.  One that did not end may be all that is missing of the document. */
static void
note_bad_value(PfFeed *feed, const char *s, size_t len, int64 line, const PfJsonOutcome *value,
			   bool complete)
{
	MemoryContext old;
	BadValue	bad;
	char	   *text;

	if (feed->nheld == MAX_HELD)
		return;
	if (len > MAX_QUOTED)
		len = (size_t) pg_encoding_mbcliplen(PG_UTF8, s, (int) Min(len, PG_INT32_MAX), MAX_QUOTED);
	old = MemoryContextSwitchTo(feed->doc.context);
	bad.text = pf_str_dup((PfStr) {s, (int) len});
	text = unconstify(char *, bad.text.s);
	for (size_t i = 0; i < len; i++)
	{
		if ((unsigned char) text[i] < ' ')
			text[i] = ' ';
	}
	if (value->ok)
		bad.reason = pf_str_printf("there is no paper in it: line %lld", (long long) line);
	else if (value->sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		bad.reason = pf_str_printf("%s: line %lld", value->fault.s, (long long) line);
	else
		bad.reason = pf_str_dup(value->fault);
	MemoryContextSwitchTo(old);

	feed->held[feed->nheld++] = bad;
	if (complete && feed->doc.info.records > 0)
	{
		release_held(feed);
		MemoryContextReset(feed->doc.record_context);
	}
}

void
pf_doc_emit(PfDoc *doc, PfRecord *rec)
{
	if (doc->info.records == 0)
		release_held((PfFeed *) doc);
	pf_record_finish(doc, rec);
	doc->info.records++;
	doc->fn(rec, &doc->info, doc->arg);
}

/* A tree from the XML reader. */
static void
on_piece(void *arg, PfXmlFn format, const PfNode *node, bool opened)
{
	PfFeed	   *feed = arg;
	PfDoc	   *doc = &feed->doc;
	MemoryContext old = MemoryContextSwitchTo(doc->record_context);
	PfRecord	rec;

	pf_record_init(&rec);
	if (format(doc, node, opened, &rec) == PF_PIECE_RECORD)
		pf_doc_emit(doc, &rec);
	MemoryContextSwitchTo(old);
	MemoryContextReset(doc->record_context);
}

static void
on_scrubbed(void *arg, const char *s, size_t len)
{
	pf_xml_push(((PfFeed *) arg)->xml, s, len);
}

/* The body of an HTTP recording is a document of its own. */
static void
read_recording(PfFeed *feed, PfStr body)
{
	PfFeed	   *inner = pf_feed_begin(feed->doc.base, PF_STR_NONE, feed->doc.fn, feed->doc.arg);
	int			sqlstate;

	inner->nested = true;
	pf_feed_push(inner, body.s, body.len);
	if (!pf_feed_end(inner, &sqlstate))
		fail(feed, sqlstate, inner->doc.info.problem.s);
	inner->doc.info.bytes = feed->doc.info.bytes;
	feed->doc.info = inner->doc.info;
}

/* One value from the JSON stream. */
static void
on_value(void *arg, const char *s, size_t len, int64 line, bool complete)
{
	PfFeed	   *feed = arg;
	PfJsonOutcome value;

	CHECK_FOR_INTERRUPTS();
	feed->values++;
	feed->open_value = !complete;
	if (feed->nheld > 0 && feed->doc.info.records > 0)
	{
		release_held(feed);
		MemoryContextReset(feed->doc.record_context);
	}
	pf_json_read(&feed->doc, s, len, line, &value);
	if (value.recording.s != NULL && !feed->nested)
	{
		read_recording(feed, value.recording);
		return;
	}
	if (value.records == 0 && !(value.ok && value.is_list))
		note_bad_value(feed, s, len, line, &value, complete);
	if (value.ok)
		return;

	feed->bad_values++;
	if (feed->sqlstate == 0)
		feed->sqlstate = value.sqlstate;
	feed->doc.info.recovered = true;
	if (value.records > 0 && value.sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		fail(feed, value.sqlstate, value.fault.s);
}

/* Valid UTF-8 from charset.c. */
static void
on_utf8(void *arg, const char *s, size_t len)
{
	PfFeed	   *feed = arg;

	if (feed->syntax == SYNTAX_UNKNOWN)
	{
		/* Skip what servers put before a document by mistake. */
		while (len > 0 && *s != '<' && !((*s == '{' || *s == '[') && feed->leading == 0))
		{
			if (strchr(" \t\r\n\xEF\xBB\xBF", *s) == NULL && feed->leading++ > MAX_LEADING)
			{
				feed->syntax = SYNTAX_NEITHER;
				break;
			}
			s++;
			len--;
		}
		if (feed->syntax == SYNTAX_UNKNOWN && len > 0)
		{
			if (feed->leading > 0)
				note_problem(feed, "there is text before the document");
			if (*s == '<')
			{
				feed->syntax = SYNTAX_XML;
				feed->xml = pf_xml_begin(on_piece, feed);
				feed->scrub = pf_scrub_begin(on_scrubbed, feed);
			}
			else
			{
				feed->syntax = SYNTAX_JSON;
				pf_jsonstream_begin(&feed->json, on_value, feed);
			}
		}
	}

	switch (feed->syntax)
	{
		case SYNTAX_XML:
			pf_scrub_push(feed->scrub, s, len);
			pf_xml_drain(feed->xml);
			break;
		case SYNTAX_JSON:
			pf_jsonstream_push(&feed->json, s, len);
			break;
		default:
			break;
	}
}

PfFeed *
pf_feed_begin(PfStr base_url, PfStr content_type, PfRecordFn fn, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed document",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PfFeed	   *feed = palloc0(sizeof(PfFeed));
	PfDoc	   *doc = &feed->doc;
	PfUrl		url;

	doc->context = context;
	/* Its first block, which a reset keeps, is to hold nearly every record. */
	doc->record_context = AllocSetContextCreate(context, "paperfeed record",
												0, 64 * 1024, ALLOCSET_DEFAULT_MAXSIZE);
	doc->fn = fn;
	doc->arg = arg;
	doc->info.total = -1;
	doc->info.updated = PF_NO_TIME;
	doc->base = pf_str_dup(pf_str_trim(base_url));
	if (pf_str_blank(doc->base))
		doc->base = PF_STR_NONE;
	else if (pf_url_split(doc->base, &url) && !pf_str_blank(url.host))
		doc->host = pf_str_dup(url.host);
	feed->charset = pf_charset_begin(pf_str_dup(content_type), on_utf8, feed);
	MemoryContextSwitchTo(old);
	return feed;
}

void
pf_feed_push(PfFeed *feed, const char *bytes, size_t len)
{
	MemoryContext old = MemoryContextSwitchTo(feed->doc.context);

	while (len > 0)
	{
		size_t		n = Min(len, PIECE_SIZE);

		CHECK_FOR_INTERRUPTS();
		pf_charset_push(feed->charset, bytes, n);
		feed->doc.info.bytes += n;
		bytes += n;
		len -= n;
	}
	MemoryContextSwitchTo(old);
}

bool
pf_feed_end(PfFeed *feed, int *sqlstate)
{
	PfFeedInfo *info = &feed->doc.info;
	MemoryContext old = MemoryContextSwitchTo(feed->doc.context);
	const char *fault;
	int			state = 0;

	pf_charset_end(feed->charset);
	info->charset = pf_charset_name(feed->charset);

	switch (feed->syntax)
	{
		case SYNTAX_XML:
			pf_scrub_end(feed->scrub);
			pf_xml_end(feed->xml);
			fault = pf_xml_fault(feed->xml, &state);
			if (fault != NULL)
				fail(feed, state, fault);
			info->cut_off = pf_xml_cut_off(feed->xml);
			note_problem(feed, pf_scrub_problem(feed->scrub));
			note_problem(feed, pf_xml_problem(feed->xml));
			break;

		case SYNTAX_JSON:
			pf_jsonstream_end(&feed->json);
			info->cut_off = feed->open_value;
			if (info->cut_off)
				note_problem(feed, "the document is cut off");
			if (feed->json.too_large)
				fail(feed, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a JSON value is larger than 64 MB");
			else if (feed->bad_values > 0 && feed->bad_values == feed->values &&
					 info->records == 0)
				fail(feed, feed->sqlstate,
					 info->problem.s != NULL ? info->problem.s : "this is no JSON");
			break;

		default:
			fail(feed, ERRCODE_INVALID_TEXT_REPRESENTATION,
				 info->bytes == 0 ? "the document is empty" :
				 "this is neither XML nor JSON");
			break;
	}
	if (pf_charset_faults(feed->charset) > 0)
		note_problem(feed, "bytes that its charset does not have");

	MemoryContextSwitchTo(old);
	*sqlstate = feed->failed ? feed->sqlstate : 0;
	return !feed->failed;
}

const PfFeedInfo *
pf_feed_info(const PfFeed *feed)
{
	return &feed->doc.info;
}
