/*-------------------------------------------------------------------------
 *
 * json_head.c
 *		What a JSON document says of itself: title, total, next page, error.
 *
 * Services page in three ways: by the address of the next page, by a cursor,
 * and by a number of records to skip.  The last two are turned into an address
 * by putting them into the query of the document's own; without that there is
 * no next page.
 *
 * A member may be told more than once, at first when the list of records
 * begins and again at the end, so what was found first stays.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_item.h"
#include "lib/stringinfo.h"

#define MAX_CROSSREF_OFFSET	10000	/* Crossref wants a cursor beyond */

static void
keep_once(PfDoc *doc, PfStr *to, PfStr text)
{
	if (to->s == NULL && !pf_str_blank(text))
		*to = pf_doc_keep(doc, text);
}

/* An object without any list is no feed, and its title not that of one. */
static bool
has_list(const PfNode *node)
{
	PF_EACH_CHILD(member, node)
	{
		if (member->kind == PF_NODE_ARRAY)
			return true;
	}
	return false;
}

static void
keep_total(PfDoc *doc, const PfNode *node)
{
	int64		total;

	if (doc->info.total < 0 && pf_int(node, &total) && total >= 0)
		doc->info.total = total;
}

static void
keep_error(PfDoc *doc, PfStr code, PfStr words)
{
	if (pf_str_blank(words))
		return;
	if (doc->info.error.s == NULL)
		keep_once(doc, &doc->info.error_code, code);
	keep_once(doc, &doc->info.error, words);
}

/* ----------------------------------------------------------------
 * The next page
 * ----------------------------------------------------------------
 */

static void
append_encoded(StringInfo buf, PfStr a)
{
	for (int i = 0; i < a.len; i++)
	{
		unsigned char c = (unsigned char) a.s[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			c == '-' || c == '_' || c == '.' || c == '~')
			appendStringInfoChar(buf, c);
		else
			appendStringInfo(buf, "%%%02X", c);
	}
}

/* Is the parameter "name=..." at the front? */
static bool
is_param(PfStr a, const char *name)
{
	int			n = (int) strlen(name);

	return pf_str_starts(a, name) && (a.len == n || a.s[n] == '=');
}

static PfStr
next_param(PfStr *query)
{
	PfStr		param = *query;
	int			n = 0;

	while (n < query->len && query->s[n] != '&')
		n++;
	param.len = n;
	*query = (PfStr) {query->s + Min(n + 1, query->len), query->len - Min(n + 1, query->len)};
	return param;
}

/* The value of a parameter of the document's address; none if it has none. */
static PfStr
get_param(const PfDoc *doc, const char *name)
{
	PfUrl		url;

	if (!pf_str_blank(doc->base) && pf_url_split(doc->base, &url))
	{
		while (url.query.len > 0)
		{
			PfStr		param = next_param(&url.query);
			int			n = (int) strlen(name) + 1;

			if (is_param(param, name) && param.len >= n)
				return (PfStr) {param.s + n, param.len - n};
		}
	}
	return PF_STR_NONE;
}

static int64
get_int_param(const PfDoc *doc, const char *name)
{
	int			value;

	return pf_str_int(get_param(doc, name), &value) ? value : 0;
}

/* The next page is this one with another value of a parameter. */
static void
keep_next_param(PfDoc *doc, const char *name, PfStr value)
{
	StringInfoData buf;
	PfUrl		url;
	char		sep = '?';
	int			path_len;

	if (doc->info.next.s != NULL || pf_str_blank(value) || pf_str_blank(doc->base) ||
		!pf_url_split(doc->base, &url) || url.host.s == NULL)
		return;

	initStringInfo(&buf);
	for (path_len = 0; path_len < doc->base.len; path_len++)
	{
		if (doc->base.s[path_len] == '?' || doc->base.s[path_len] == '#')
			break;
	}
	appendBinaryStringInfo(&buf, doc->base.s, path_len);
	while (url.query.len > 0)
	{
		PfStr		param = next_param(&url.query);

		if (param.len == 0 || is_param(param, name))
			continue;
		appendStringInfoChar(&buf, sep);
		appendBinaryStringInfo(&buf, param.s, param.len);
		sep = '&';
	}
	appendStringInfo(&buf, "%c%s=", sep, name);
	append_encoded(&buf, value);
	doc->info.next = pf_doc_keep(doc, (PfStr) {buf.data, buf.len});
	pfree(buf.data);
}

static void
keep_next_int(PfDoc *doc, const char *name, int64 value)
{
	keep_next_param(doc, name, pf_str_printf("%lld", (long long) value));
}

static void
keep_next_url(PfDoc *doc, PfStr ref)
{
	if (doc->info.next.s == NULL && ref.s != NULL)
		keep_once(doc, &doc->info.next, pf_url_resolve(doc->base, ref));
}

/* ----------------------------------------------------------------
 * The services' own
 * ----------------------------------------------------------------
 */

/*
 * bioRxiv: {"status": "ok", "cursor": 0, "count": 100, "total": "1234"}; the
 * cursor is a part of the path, "/details/server/from/to/0", perhaps with
 * "/json" behind it.  "total" overstates, so an empty page is the end too.
 */
static void
take_biorxiv(PfDoc *doc, const PfNode *message)
{
	PfStr		status = pf_json_text(message, "status");
	PfStr		tail = pf_str_find(doc->base, "/details/");
	int64		cursor;
	int64		count;
	int64		total;
	int			slashes = 0;
	int			from = 0;
	int			to;

	if (doc->info.format == NULL)
		doc->info.format = "biorxiv details";
	if (status.s != NULL && !pf_str_eq_nocase(status, "ok"))
		keep_error(doc, PF_STR_NONE, status);
	keep_total(doc, pf_child(message, "total"));
	if (doc->info.total < 0)
		keep_total(doc, pf_child(message, "count"));

	if (doc->info.next.s != NULL || tail.s == NULL ||
		!pf_int(pf_child(message, "cursor"), &cursor) ||
		!pf_int(pf_child(message, "count"), &count) ||
		!pf_int(pf_child(message, "total"), &total) ||
		count < 1 || cursor < 0 || cursor >= total || count >= total - cursor)
		return;

	/* Behind the fifth slash, which may be missing with the cursor. */
	while (from < tail.len && tail.s[from] != '?' && tail.s[from] != '#' && slashes < 5)
	{
		if (tail.s[from++] == '/')
			slashes++;
	}
	if (slashes < 4)
		return;
	to = from;
	while (to < tail.len && tail.s[to] >= '0' && tail.s[to] <= '9')
		to++;
	doc->info.next = pf_doc_keep(doc, pf_str_printf("%.*s%s%lld%.*s",
													(int) (tail.s + from - doc->base.s),
													doc->base.s, slashes == 4 ? "/" : "",
													(long long) (cursor + count),
													tail.len - to, tail.s + to));
}

/* OpenAlex: {"count", "page", "per_page", "next_cursor"}; DataCite: {"total", "page"} */
static void
take_meta(PfDoc *doc, const PfNode *meta)
{
	int64		page;
	int64		per_page;

	keep_total(doc, pf_child(meta, "count"));
	keep_total(doc, pf_child(meta, "total"));
	keep_next_param(doc, "cursor", pf_json_text(meta, "next_cursor"));
	if (doc->info.next.s == NULL && get_param(doc, "cursor").s == NULL &&
		pf_int(pf_child(meta, "page"), &page) && pf_int(pf_child(meta, "per_page"), &per_page) &&
		page > 0 && page < 10000 && per_page > 0 && per_page <= 10000 &&
		page * per_page < doc->info.total)
		keep_next_int(doc, "page", page + 1);
}

/* Crossref without a cursor: {"items-per-page": 20, "query": {"start-index": 0}}. */
static void
take_crossref(PfDoc *doc, const PfNode *message)
{
	int64		per_page;
	int64		start;

	keep_total(doc, pf_child(message, "total-results"));
	if (pf_child(message, "total-results") != NULL && doc->info.format == NULL)
		doc->info.format = "crossref works";
	if (pf_child(message, "next-cursor") != NULL)
		keep_next_param(doc, "cursor", pf_json_text(message, "next-cursor"));
	else if (doc->info.records > 0 && get_param(doc, "cursor").s == NULL &&
			 pf_int(pf_child(message, "items-per-page"), &per_page) &&
			 pf_int(pf_path(message, "query.start-index"), &start) && per_page > 0 &&
			 start >= 0 && start < doc->info.total && per_page < MAX_CROSSREF_OFFSET &&
			 start + per_page < Min(doc->info.total, MAX_CROSSREF_OFFSET))
		keep_next_int(doc, "offset", start + per_page);
}

/*
 * Europe PMC: {"hitCount": 7, "nextCursorMark": "AoI..."}; on the last page the
 * mark is that of the request.
 */
static void
take_europepmc(PfDoc *doc, const PfNode *root)
{
	PfStr		mark = pf_json_text(root, "nextCursorMark");

	if (doc->info.format == NULL)
		doc->info.format = "europepmc";
	keep_total(doc, pf_child(root, "hitCount"));
	if (mark.s != NULL && !pf_str_eq(mark, pf_url_decode(get_param(doc, "cursorMark"))))
		keep_next_param(doc, "cursorMark", mark);
}

/* dblp: {"@total": "123", "@sent": "30", "@first": "0"} */
static void
take_dblp(PfDoc *doc, const PfNode *hits)
{
	int64		sent;
	int64		first;

	keep_total(doc, pf_child(hits, "@total"));
	if (doc->info.format == NULL)
		doc->info.format = "dblp search";
	if (pf_int(pf_child(hits, "@sent"), &sent) && pf_int(pf_child(hits, "@first"), &first) &&
		sent > 0 && first >= 0 && first < doc->info.total && first + sent < doc->info.total)
		keep_next_int(doc, "f", first + sent);
}

/* An error in one of the shapes that services use; 'node' is its message. */
static void
take_error(PfDoc *doc, const PfNode *node)
{
	static const char *const codes[] = {"status", "statusCode", "code"};
	const PfNode *first = node;
	PfStr		words = pf_text(node);
	PfStr		code = PF_STR_NONE;

	if (node->kind == PF_NODE_ARRAY)
		first = node->child;
	if (first != NULL && first->kind == PF_NODE_OBJECT)
	{
		words = pf_json_text(first, "message");
		if (words.s == NULL)
			words = pf_json_text(first, "detail");
		if (words.s == NULL)
			words = pf_json_text(first, "title");
		code = pf_json_text(first, "code");
		if (code.s == NULL)
			code = pf_json_text(first, "status");
		if (code.s == NULL)
			code = pf_json_text(first, "type");
	}
	else if (first != NULL && words.s == NULL)
		words = pf_text(first);
	for (int i = 0; i < (int) lengthof(codes) && code.s == NULL; i++)
		code = pf_json_text(node->parent, codes[i]);
	if (node->kind != PF_NODE_TRUE && node->kind != PF_NODE_FALSE)
		keep_error(doc, code, words);
}

void
pf_json_head(PfDoc *doc, const char *path, const PfNode *node)
{
	PfFeedInfo *info = &doc->info;

	if (node->kind == PF_NODE_NULL)
		return;

	/* JSON Feed, and what others took over from it */
	if (strcmp(path, "title") == 0)
	{
		if (has_list(node->parent))
			keep_once(doc, &info->title, pf_plain_str(pf_text(node), PF_PLAIN_ALL));
	}
	else if (strcmp(path, "home_page_url") == 0)
		keep_once(doc, &info->home, pf_url_resolve(doc->base, pf_text(node)));
	else if (strcmp(path, "feed_url") == 0)
		keep_once(doc, &info->self, pf_url_resolve(doc->base, pf_text(node)));
	else if (strcmp(path, "language") == 0)
		keep_once(doc, &info->language, pf_text(node));
	else if (strcmp(path, "version") == 0)
	{
		PfStr		version = pf_str_find(pf_text(node), "jsonfeed.org/version/");

		if (PF_STR_IS(version, "jsonfeed.org/version/1.1"))
			info->format = "json feed 1.1";
		else if (version.s != NULL)
			info->format = "json feed 1.0";
	}
	else if (strcmp(path, "authors") == 0 || strcmp(path, "author") == 0)
	{
		if (doc->authors.n == 0)
		{
			MemoryContext old = MemoryContextSwitchTo(doc->context);

			pf_json_strings(&doc->authors, node, "name");
			if (node->kind == PF_NODE_OBJECT && pf_json_text(node, "name").s != NULL)
				pf_strings_add(&doc->authors, pf_json_plain(node, "name", PF_PLAIN_ALL));
			for (int i = 0; i < doc->authors.n; i++)
				doc->authors.items[i] = pf_str_dup(doc->authors.items[i]);
			MemoryContextSwitchTo(old);
		}
	}

	/* The next page */
	else if (strcmp(path, "next_url") == 0)
		keep_next_url(doc, pf_text(node));
	else if (strcmp(path, "next") == 0)
	{
		int64		offset;

		if (pf_int(node, &offset))
			keep_next_int(doc, "offset", offset);
		else
			keep_next_url(doc, pf_text(node));
	}
	else if (strcmp(path, "token") == 0)
		keep_next_param(doc, "token", pf_text(node));
	else if (strcmp(path, "links") == 0)
	{
		keep_next_url(doc, pf_json_text(node, "next"));
		keep_once(doc, &info->self, pf_url_resolve(doc->base, pf_json_text(node, "self")));
	}
	else if (strcmp(path, "meta") == 0)
		take_meta(doc, node);
	else if (strcmp(path, "total") == 0)
		keep_total(doc, node);
	else if (strcmp(path, "count") == 0)
	{
		int64		offset = get_int_param(doc, "offset");

		/* OpenReview tells how many notes there are, not how many came. */
		keep_total(doc, node);
		if (info->records > 0 && info->format != NULL &&
			strcmp(info->format, "openreview notes") == 0 &&
			offset + info->records < info->total)
			keep_next_int(doc, "offset", offset + info->records);
	}
	else if (strcmp(path, "messages") == 0)
		take_biorxiv(doc, pf_first_child(node));
	else if (strcmp(path, "message.total-results") == 0 ||
			 strcmp(path, "message.next-cursor") == 0 || strcmp(path, "message.query") == 0 ||
			 strcmp(path, "message.items-per-page") == 0)
		take_crossref(doc, node->parent);
	else if (strcmp(path, "hitCount") == 0 || strcmp(path, "nextCursorMark") == 0)
		take_europepmc(doc, node->parent);
	else if (strcmp(path, "result.hits.@total") == 0 || strcmp(path, "result.hits.@sent") == 0 ||
			 strcmp(path, "result.hits.@first") == 0)
		take_dblp(doc, node->parent);

	/* Errors */
	else if (strcmp(path, "error") == 0 || strcmp(path, "errors") == 0)
		take_error(doc, node);
	else if (strcmp(path, "errMsg") == 0)
		keep_error(doc, pf_json_text(node->parent, "errCode"), pf_text(node));
	else if (strcmp(path, "message") == 0)
	{
		if (info->records == 0)
			take_error(doc, node);
	}
	else if (strcmp(path, "result.status") == 0)
	{
		PfStr		code = pf_json_text(node, "@code");

		if (code.s != NULL && !PF_STR_IS(code, "200"))
			keep_error(doc, code, pf_json_text(node, "text"));
	}
}
