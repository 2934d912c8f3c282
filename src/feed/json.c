/*-------------------------------------------------------------------------
 *
 * json.c
 *		One JSON value to records, by PostgreSQL's own parser.
 *
 * The parser (common/jsonapi.h) tells of each member and element as it begins
 * and of each bracket as it closes.  We keep two trees: the head, which is all
 * of the value but its lists of records, and the piece, which is the record
 * being read.  A complete record is handed on and its arena is reset, so that
 * a list of any length costs the memory of one record.
 *
 * The lexer is asked not to unescape strings.  Then neither it nor the parser
 * allocates anything; a string without escapes is taken as a part of the
 * document, and others are unescaped into the arena.  It also means that NUL
 * and lone surrogates, which PostgreSQL refuses, come to us and are replaced.
 *
 * Which arrays are lists of records is decided by their place alone (see
 * is_list); an object may stand where a list of one could (is_single), and so
 * may the value itself.  Of members of the same name the first one counts, as
 * the formats look them up with pf_child.
 *
 * A fault of the document is noted and returned, never raised.  Before
 * version 16 the parser's actions cannot stop it: after a fault of ours they
 * ignore what follows.  What takes the records may raise errors: all there is
 * to clean up are memory contexts and the arenas, and these are freed by a
 * reset callback of the document's context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "feed/json.h"
#include "feed/json_item.h"
#include "feed/json_scan.h"
#include "feed/json_text.h"

#define MAX_RECORD	(16 * 1024 * 1024)	/* bytes of a record and of its tree */
#define MAX_HEAD	256			/* members outside of lists that are looked at */

typedef struct PfJson PfJson;

struct PfJson
{
	PfDoc	   *doc;
	PfArena    *head_arena;
	PfArena    *piece_arena;
	MemoryContextCallback callback;

	/* Of the value. */
	const char *s;				/* as it came */
	size_t		len;
	int64		line;			/* where it begins */
	bool		is_mended;
	bool		over_limit;
	PfStr		fault;			/* its first */
	JsonLexContext *lex;
	PfNode	   *root;			/* in the head; NULL for a scalar */
	PfNode	   *open;			/* innermost container that we keep */
	PfNode	   *list;			/* the open list of records */
	bool		listed;			/* there is or was one */
	const char *piece_start;	/* of the record */
	int			skip;			/* open containers that we do not keep */
	bool		told;			/* the head was told before its end */
	int64		taken;			/* records */
};

static void
release(void *arg)
{
	PfJson	   *json = arg;

	pf_arena_destroy(json->head_arena);
	pf_arena_destroy(json->piece_arena);
}

/* The document's reader; made with its first value and kept for the others. */
static PfJson *
get_reader(PfDoc *doc)
{
	PfJson	   *json = doc->json;

	if (json != NULL)
		return json;
	json = MemoryContextAllocZero(doc->context, sizeof(PfJson));
	json->doc = doc;
	json->callback.func = release;
	json->callback.arg = json;
	MemoryContextRegisterResetCallback(doc->context, &json->callback);
	json->head_arena = pf_arena_create(MAX_RECORD);
	json->piece_arena = pf_arena_create(MAX_RECORD);
	if (json->head_arena == NULL || json->piece_arena == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	doc->json = json;
	return json;
}

/* ----------------------------------------------------------------
 * Faults
 * ----------------------------------------------------------------
 */

/* Note a fault of form; the value's first one counts, and the document's. */
static void
keep_fault(PfJson *json, PfStr fault)
{
	PfDoc	   *doc = json->doc;

	json->fault = fault;
	if (doc->info.problem.s == NULL)
		doc->info.problem = pf_doc_keep(doc, fault);
}

/* The same, with its place in the value. */
static void
note_problem(PfJson *json, const char *what, size_t at)
{
	MemoryContext old;
	int64		line = json->line;
	int64		column = 1;

	if (json->fault.s != NULL)
		return;
	for (size_t i = 0; i < at; i++)
	{
		if (json->s[i] == '\n')
		{
			line++;
			column = 1;
		}
		else if ((json->s[i] & 0xC0) != 0x80)
			column++;
	}
	old = MemoryContextSwitchTo(json->doc->context);
	keep_fault(json, pf_str_printf("malformed JSON: %s at line %lld, column %lld%s", what,
								   (long long) line, (long long) column,
								   line == json->line ? " of the value" : ""));
	MemoryContextSwitchTo(old);
}

/* The same for a place in what is being parsed. */
static void
note_problem_at(PfJson *json, const char *what, const char *at)
{
	/* The mended copy has other offsets; but then a first problem was noted already. */
	if (!json->is_mended)
		note_problem(json, what, at - json->lex->input);
}

/* A limit was hit: this is why the value was not read. */
static void
note_limit(PfJson *json, const char *what)
{
	json->over_limit = true;
	if (json->fault.s != NULL)
		pfree(unconstify(char *, json->fault.s));
	keep_fault(json, pf_doc_keep(json->doc, pf_str(what)));
}

static const char *
fault_words(JsonParseErrorType code)
{
	switch (code)
	{
		case JSON_ESCAPING_INVALID:
		case JSON_UNICODE_ESCAPE_FORMAT:
			return "an invalid escape in a string";
		case JSON_ESCAPING_REQUIRED:
			return "a control character in a string";
		case JSON_EXPECTED_ARRAY_FIRST:
		case JSON_EXPECTED_ARRAY_NEXT:
			return "an array that does not go on";
		case JSON_EXPECTED_COLON:
			return "a member without a colon";
		case JSON_EXPECTED_OBJECT_FIRST:
		case JSON_EXPECTED_OBJECT_NEXT:
			return "an object that does not go on";
		case JSON_EXPECTED_STRING:
			return "a member without a name";
		case JSON_EXPECTED_JSON:
			return "a value is missing";
		case JSON_EXPECTED_END:
			return "something behind the end";
		default:
			return "something unknown";
	}
}

/* ----------------------------------------------------------------
 * Text
 * ----------------------------------------------------------------
 */

/* The string between two quotes; false when the arena is full. */
static bool
read_string(PfJson *json, PfArena *arena, const char *p, const char *end, PfStr *out)
{
	PfJsonFlaw	flaw = {NULL, NULL};

	if (!pf_json_unescape(arena, p, end, out, &flaw))
		return false;
	if (flaw.what != NULL)
	{
		note_problem_at(json, flaw.what, flaw.at);
		json->doc->info.recovered = true;
	}
	return true;
}

/*
 * The name of the member that begins.  The lexer stands at the value and
 * remembers where the colon ended; the name is found backwards from there.
 * A quote belongs to the string if an odd number of backslashes is before it.
 */
static bool
read_name(PfJson *json, PfArena *arena, PfStr *out)
{
	const char *end = json->lex->prev_token_terminator - 1;
	const char *start;

	do
		end--;
	while (*end != '"');

	start = end;
	for (;;)
	{
		int			backslashes = 0;

		do
			start--;
		while (*start != '"');
		while (start[-1 - backslashes] == '\\')
			backslashes++;
		if (backslashes % 2 == 0)
			break;
	}
	return read_string(json, arena, start + 1, end, out);
}

/* ----------------------------------------------------------------
 * Places
 * ----------------------------------------------------------------
 */

/* Is the array a list of records? */
static bool
is_list(const PfJson *json, const PfNode *node)
{
	const PfNode *parent = node->parent;
	const PfNode *root = json->root;

	if (parent == root)
		return pf_is(node, "items") || pf_is(node, "results") || pf_is(node, "data") ||
			pf_is(node, "notes") || pf_is(node, "collection") || pf_is(node, "papers") ||
			pf_is(node, "recommendedPapers");
	if (pf_is(node, "items"))
		return pf_is(parent, "message") && parent->parent == root;
	if (pf_is(node, "result"))
		return pf_is(parent, "resultList") && parent->parent == root;
	if (pf_is(node, "hit"))
		return pf_is(parent, "hits") && pf_is(parent->parent, "result") &&
			parent->parent->parent == root;
	return false;
}

/* Is the object a record, where other documents have a list? */
static bool
is_single(const PfJson *json, const PfNode *node)
{
	if (node->parent == json->root)
		return pf_is(node, "data") || pf_is(node, "message");
	return is_list(json, node);
}

/* Does pf_json_head get the members of this object one by one? */
static bool
is_outer(const PfJson *json, const PfNode *node)
{
	if (node->parent == json->root)
		return pf_is(node, "message") || pf_is(node, "result");
	return pf_is(node, "hits") && pf_is(node->parent, "result") &&
		node->parent->parent == json->root;
}

/* Tell what is known outside of the lists; may be called again when more is. */
static void
tell_head(PfJson *json)
{
	PfNode	   *node = json->root->child;
	MemoryContext old = MemoryContextSwitchTo(json->doc->record_context);
	char		path[256];
	int			n = 0;

	json->told = true;
	while (node != NULL && n++ < MAX_HEAD)
	{
		if (node->kind == PF_NODE_OBJECT && node->child != NULL && is_outer(json, node))
		{
			node = node->child;
			continue;
		}
		if (node->name.len < (int) sizeof(path) / 2)
		{
			const char *prefix = "";

			if (node->parent != json->root)
			{
				if (pf_is(node->parent, "message"))
					prefix = "message.";
				else
					prefix = pf_is(node->parent, "result") ? "result." : "result.hits.";
			}
			snprintf(path, sizeof(path), "%s%.*s", prefix, node->name.len, node->name.s);
			pf_json_head(json->doc, path, node);
		}
		while (node != json->root && node->next == NULL)
			node = node->parent;
		node = node == json->root ? NULL : node->next;
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(json->doc->record_context);
}

/* A candidate is complete. */
static void
take(PfJson *json, const PfNode *node)
{
	PfDoc	   *doc = json->doc;
	MemoryContext old = MemoryContextSwitchTo(doc->record_context);
	PfRecord	rec;

	pf_record_init(&rec);
	if (pf_json_item(doc, node, &rec) == PF_PIECE_RECORD)
	{
		json->taken++;
		pf_doc_emit(doc, &rec);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(doc->record_context);
}

/* The body of an HTTP exchange kept as {"url": ..., "status_code": ..., "body": "..."}. */
static bool
is_recording(PfJson *json, PfStr *body)
{
	PfDoc	   *doc = json->doc;
	const PfNode *text = pf_child(json->root, "body");
	PfStr		address = pf_child_text(json->root, "url");
	int64		status;
	PfUrl		url;

	if (text == NULL || text->kind != PF_NODE_STRING ||
		!pf_int(pf_child(json->root, "status_code"), &status) || !pf_url_split(address, &url))
		return false;
	if (pf_str_blank(doc->base))
		doc->base = pf_doc_keep(doc, address);
	*body = pf_str_dup(pf_json_undo_latin1(text->text));
	return true;
}

/* ----------------------------------------------------------------
 * Actions
 * ----------------------------------------------------------------
 */

/* A member (named) or element begins; the lexer stands at its first token. */
static bool
begin_value(PfJson *json, bool named)
{
	JsonLexContext *lex = json->lex;
	JsonTokenType token = lex->token_type;
	bool		container = token == JSON_TOKEN_OBJECT_START || token == JSON_TOKEN_ARRAY_START;
	PfArena    *arena;
	PfNode	   *node;
	PfStr		name = PF_STR_NONE;
	PfStr		text = PF_STR_NONE;
	PfNodeKind	kind;

	CHECK_FOR_INTERRUPTS();
	if (json->over_limit)
		return false;
	if (json->skip > 0)
	{
		if (container)
			json->skip++;
		return true;
	}

	/* An element of a list of records: only objects can be records. */
	if (json->list != NULL && json->open == json->list)
	{
		if (token != JSON_TOKEN_OBJECT_START)
		{
			if (container)
				json->skip = 1;
			return true;
		}
		if (!json->told)
			tell_head(json);
		pf_arena_reset(json->piece_arena);
		json->piece_start = lex->token_start;
		json->open = pf_node_add(json->piece_arena, NULL, PF_NODE_OBJECT);
		return true;			/* cannot fail in an empty arena */
	}

	switch (token)
	{
		case JSON_TOKEN_OBJECT_START:
			kind = PF_NODE_OBJECT;
			break;
		case JSON_TOKEN_ARRAY_START:
			kind = PF_NODE_ARRAY;
			break;
		case JSON_TOKEN_STRING:
			kind = PF_NODE_STRING;
			break;
		case JSON_TOKEN_NUMBER:
			kind = PF_NODE_NUMBER;
			break;
		case JSON_TOKEN_TRUE:
			kind = PF_NODE_TRUE;
			break;
		case JSON_TOKEN_FALSE:
			kind = PF_NODE_FALSE;
			break;
		case JSON_TOKEN_NULL:
			kind = PF_NODE_NULL;
			break;
		default:
			return true;		/* the parser is about to refuse it */
	}

	arena = json->list != NULL ? json->piece_arena : json->head_arena;
	if (named && !read_name(json, arena, &name))
		goto full;
	if (kind == PF_NODE_STRING)
	{
		if (!read_string(json, arena, lex->token_start + 1, lex->token_terminator - 1, &text))
			goto full;
	}
	else if (!container)
		text = (PfStr) {lex->token_start, (int) (lex->token_terminator - lex->token_start)};
	if (json->list != NULL && lex->token_terminator - json->piece_start > MAX_RECORD)
		goto full;

	node = pf_node_add(arena, json->open, kind);
	if (node == NULL)
		goto full;
	node->name = name;
	node->text = text;
	if (container)
	{
		json->open = node;
		if (kind == PF_NODE_ARRAY && json->list == NULL && is_list(json, node))
		{
			json->list = node;
			json->listed = true;
		}
	}
	return true;

full:
	note_limit(json, json->list != NULL ? "a record in JSON is larger than 16 MB" :
			   "JSON of more than 16 MB has no known list of records");
	return false;
}

/* A bracket closed. */
static bool
end_container(PfJson *json)
{
	PfNode	   *node = json->open;

	CHECK_FOR_INTERRUPTS();

	CHECK_FOR_INTERRUPTS();
	if (json->over_limit)
		return false;
	if (json->skip > 0)
	{
		json->skip--;
		return true;
	}

	if (json->list != NULL && node == json->list)
	{
		json->list = NULL;
		json->open = node->parent;
	}
	else if (json->list != NULL)
	{
		if (node->parent != NULL)
			json->open = node->parent;
		else
		{
			json->open = json->list;
			take(json, node);
		}
	}
	else
	{
		json->open = node->parent;
		if (node->kind == PF_NODE_OBJECT && node != json->root &&
			json->taken == 0 && is_single(json, node))
		{
			if (!json->told)
				tell_head(json);
			take(json, node);
		}
	}
	return true;
}

static PfJsonAction
on_member(void *state, char *name pg_attribute_unused(), bool isnull pg_attribute_unused())
{
	bool		ok pg_attribute_unused() = begin_value(state, true);

	PF_JSON_ACTION_RETURN(!ok);
}

static PfJsonAction
on_element(void *state, bool isnull pg_attribute_unused())
{
	bool		ok pg_attribute_unused() = begin_value(state, false);

	PF_JSON_ACTION_RETURN(!ok);
}

static PfJsonAction
on_end(void *state)
{
	bool		ok pg_attribute_unused() = end_container(state);

	PF_JSON_ACTION_RETURN(!ok);
}

/* ----------------------------------------------------------------
 * Values
 * ----------------------------------------------------------------
 */

static JsonParseErrorType
parse(PfJson *json, const char *s, size_t len, bool open)
{
	JsonSemAction sem = {0};
	JsonParseErrorType code;

	json->root = NULL;
	json->list = NULL;
	if (len > 0 && *s == '{')
		json->root = pf_node_add(json->head_arena, NULL, PF_NODE_OBJECT);
	else if (len > 0 && *s == '[')
		json->list = json->root = pf_node_add(json->head_arena, NULL, PF_NODE_ARRAY);
	json->open = json->root;
	json->listed = json->list != NULL;
	json->skip = 0;
	json->told = false;
	json->taken = 0;

	sem.semstate = json;
	sem.object_field_start = on_member;
	sem.array_element_start = on_element;
	sem.object_end = on_end;
	sem.array_end = on_end;
	json->lex = pf_json_lexer(s, len);
	code = pg_parse_json(json->lex, &sem);

	if (code != JSON_SUCCESS && !json->over_limit)
	{
		const char *at = json->lex->token_start;

		if (open && (at == NULL || code == JSON_EXPECTED_MORE ||
					 (code == JSON_INVALID_TOKEN && *at == '"')))
			note_problem(json, "an early end", json->len);
		else
			note_problem_at(json, fault_words(code), at != NULL ? at : s + len);
	}
	pfree(json->lex);
	json->lex = NULL;
	return code;
}

/* False if it is malformed or over a limit.  An HTTP recording's body goes to 'recording'. */
static bool
read_value(PfJson *json, const char *s, size_t len, PfStr *recording)
{
	PfDoc	   *doc = json->doc;
	PfJsonScan	scan;
	StringInfoData mended;
	JsonParseErrorType code;
	bool		ok;

	mended.data = NULL;
	pf_json_scan(s, len, NULL, &scan);
	if (scan.too_deep)
	{
		note_limit(json, "JSON is nested too deep");
		return false;
	}
	json->is_mended = scan.flaw != NULL;
	if (json->is_mended)
	{
		if (len > MaxAllocSize / 2 - 1)
		{
			note_limit(json, "JSON is too large to be mended");
			return false;
		}
		note_problem(json, scan.flaw, scan.flaw_at);
		doc->info.recovered = true;
		initStringInfo(&mended);
		enlargeStringInfo(&mended, (int) len);
		pf_json_scan(s, len, &mended, &scan);
		s = mended.data;
		len = mended.len;
	}

	pf_arena_reset(json->head_arena);
	code = parse(json, s, len, scan.open);
	ok = code == JSON_SUCCESS && !json->over_limit;

	if (json->root != NULL && !json->over_limit)
	{
		bool		told = false;

		if (ok && json->root->kind == PF_NODE_OBJECT && json->taken == 0)
		{
			told = is_recording(json, recording);
			if (!told && len > MAX_RECORD && !json->told)
			{
				note_limit(json, "a record is larger than 16 MB");
				ok = false;
			}
			else if (!told)
			{
				/* If it is a record, its members are not the document's. */
				take(json, json->root);
				told = json->taken > 0;
			}
		}
		/* What is broken outside of a list may have been a record. */
		if (!told && (ok || json->told))
			tell_head(json);
	}
	if (mended.data != NULL)
		pfree(mended.data);
	return ok;
}

void
pf_json_read(PfDoc *doc, const char *s, size_t len, int64 line, PfJsonOutcome *out)
{
	PfJson	   *json = get_reader(doc);

	while (len > 0 && (unsigned char) *s <= ' ')
	{
		if (*s == '\n')
			line++;
		s++;
		len--;
	}
	json->s = s;
	json->len = len;
	json->line = line;
	json->over_limit = false;
	json->listed = false;
	json->taken = 0;
	if (json->fault.s != NULL)
		pfree(unconstify(char *, json->fault.s));
	json->fault = PF_STR_NONE;

	out->recording = PF_STR_NONE;
	out->ok = read_value(json, s, len, &out->recording);
	out->sqlstate = json->over_limit ? ERRCODE_PROGRAM_LIMIT_EXCEEDED : ERRCODE_INVALID_JSON_TEXT;
	out->fault = json->fault;
	out->records = json->taken;
	out->is_list = json->listed;

	/* Services give a cursor with the empty page at the end, too. */
	if (doc->info.records == 0)
		doc->info.next = PF_STR_NONE;
}
