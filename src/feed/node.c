/*-------------------------------------------------------------------------
 *
 * node.c
 *		Trees of nodes and the arenas they live in.
 *
 * An arena is a chain of malloc'd blocks.  Text grows at the end of the
 * newest block: SAX hands over one text in many pieces, and as long as it is
 * the last thing in the arena it is extended in place; when the block is full
 * the text moves to a block twice its size, so that a text of n bytes costs
 * O(n) copying and stays in one piece.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/node.h"

#define ARENA_BLOCK		(16 * 1024)

struct PfArenaBlock
{
	PfArenaBlock *next;			/* older block */
	size_t		size;			/* of data */
	char		data[FLEXIBLE_ARRAY_MEMBER];
};

static bool
add_block(PfArena *arena, size_t size)
{
	PfArenaBlock *block;

	if (size < ARENA_BLOCK)
		size = ARENA_BLOCK;
	if (size > arena->limit - arena->total)
		return false;
	block = malloc(offsetof(PfArenaBlock, data) + size);
	if (block == NULL)
		return false;
	block->next = arena->block;
	block->size = size;
	arena->block = block;
	arena->at = block->data;
	arena->end = block->data + size;
	arena->total += size;
	return true;
}

PfArena *
pf_arena_create(size_t limit)
{
	PfArena    *arena = malloc(sizeof(PfArena));

	if (arena == NULL)
		return NULL;
	memset(arena, 0, sizeof(PfArena));
	arena->limit = Max(limit, ARENA_BLOCK);
	if (!add_block(arena, ARENA_BLOCK))
	{
		free(arena);
		return NULL;
	}
	return arena;
}

void *
pf_arena_alloc(PfArena *arena, size_t size)
{
	char	   *at = (char *) MAXALIGN(arena->at);

	if (at > arena->end || size > (size_t) (arena->end - at))
	{
		if (size > arena->limit || !add_block(arena, size))
			return NULL;
		at = (char *) MAXALIGN(arena->at);
	}
	arena->at = at + size;
	return at;
}

void
pf_arena_reset(PfArena *arena)
{
	PfArenaBlock *block = arena->block;

	/* Keep the oldest block, which has the ordinary size. */
	while (block->next != NULL)
	{
		PfArenaBlock *next = block->next;

		free(block);
		block = next;
	}
	arena->block = block;
	arena->at = block->data;
	arena->end = block->data + block->size;
	arena->total = block->size;
}

void
pf_arena_destroy(PfArena *arena)
{
	if (arena == NULL)
		return;
	for (PfArenaBlock *block = arena->block; block != NULL;)
	{
		PfArenaBlock *next = block->next;

		free(block);
		block = next;
	}
	free(arena);
}

PfNode *
pf_node_add(PfArena *arena, PfNode *parent, PfNodeKind kind)
{
	PfNode	   *node = pf_arena_alloc(arena, sizeof(PfNode));

	if (node == NULL)
		return NULL;
	node->kind = kind;
	node->ns = PF_NS_NONE;
	node->spaced = false;
	node->name = PF_STR_NONE;
	node->text = PF_STR_NONE;
	node->parent = parent;
	node->next = node->child = node->last = NULL;
	if (parent != NULL)
	{
		if (parent->last != NULL)
			parent->last->next = node;
		else
			parent->child = node;
		parent->last = node;
	}
	return node;
}

bool
pf_node_append(PfArena *arena, PfNode *node, const char *s, size_t len)
{
	size_t		have = (size_t) node->text.len;
	bool		at_end = node->text.s != NULL && node->text.s + have == arena->at;

	if (len > arena->limit || have + len > arena->limit || have + len > PG_INT32_MAX)
		return false;

	if (!at_end || len > (size_t) (arena->end - arena->at))
	{
		/* Start it, or move it to where it has room to double. */
		if (have > 0 || len > (size_t) (arena->end - arena->at))
		{
			if (!add_block(arena, Max((have + len) * 2, ARENA_BLOCK)) &&
				!add_block(arena, have + len))
				return false;
			if (have > 0)
				memcpy(arena->at, node->text.s, have);
		}
		node->text.s = arena->at;
		arena->at += have;
	}

	memcpy(arena->at, s, len);
	arena->at += len;
	node->text.len += (int) len;
	return true;
}

static inline bool
is_named(const PfNode *node, const char *name, int len)
{
	return node->name.len == len && node->kind != PF_NODE_ATTRIBUTE &&
		memcmp(node->name.s, name, len) == 0;
}

const PfNode *
pf_child(const PfNode *node, const char *name)
{
	int			len = (int) strlen(name);

	if (node == NULL)
		return NULL;
	for (const PfNode *c = node->child; c != NULL; c = c->next)
	{
		if (is_named(c, name, len))
			return c;
	}
	return NULL;
}

const PfNode *
pf_path(const PfNode *node, const char *path)
{
	while (node != NULL && *path != '\0')
	{
		int			len = (int) strcspn(path, ".");
		const PfNode *c = node->child;

		while (c != NULL && !is_named(c, path, len))
			c = c->next;
		node = c;
		path += len;
		if (*path == '.')
			path++;
	}
	return node;
}

PfStr
pf_attr(const PfNode *node, const char *name)
{
	int			len = (int) strlen(name);

	if (node == NULL)
		return PF_STR_NONE;
	for (const PfNode *c = node->child; c != NULL && c->kind == PF_NODE_ATTRIBUTE; c = c->next)
	{
		if (c->name.len == len && memcmp(c->name.s, name, len) == 0)
			return c->text;
	}
	return PF_STR_NONE;
}

/* The node after 'node' in document order, below 'top'; attributes too. */
static const PfNode *
next_in_order(const PfNode *node, const PfNode *top)
{
	if (node->child != NULL)
		return node->child;
	while (node != top && node->next == NULL)
		node = node->parent;
	return node == top ? NULL : node->next;
}

PfStr
pf_text(const PfNode *node)
{
	const PfNode *only = NULL;
	StringInfoData buf;

	if (node == NULL)
		return PF_STR_NONE;

	switch (node->kind)
	{
		case PF_NODE_ELEMENT:
			break;
		case PF_NODE_OBJECT:
		case PF_NODE_ARRAY:
		case PF_NODE_NULL:
			return PF_STR_NONE;
		default:
			only = node;
			break;
	}

	/* Nearly always there is one text and nothing else. */
	if (only == NULL)
	{
		const PfNode *n;

		for (n = next_in_order(node, node); n != NULL; n = next_in_order(n, node))
		{
			if (n->kind != PF_NODE_TEXT)
				continue;
			if (only != NULL)
				break;
			only = n;
		}
		if (n != NULL)
		{
			PfStr		trimmed;

			initStringInfo(&buf);
			for (n = next_in_order(node, node); n != NULL; n = next_in_order(n, node))
			{
				if (n->spaced)
					appendStringInfoChar(&buf, ' ');
				if (n->kind == PF_NODE_TEXT)
					appendBinaryStringInfo(&buf, n->text.s, n->text.len);
			}
			trimmed = pf_str_trim((PfStr) {buf.data, buf.len});
			return trimmed.len > 0 ? trimmed : PF_STR_NONE;
		}
	}

	if (only != NULL)
	{
		PfStr		trimmed = pf_str_trim(only->text);

		if (trimmed.len > 0)
			return trimmed;
	}
	return PF_STR_NONE;
}

PfStr
pf_child_text(const PfNode *node, const char *name)
{
	return pf_text(pf_child(node, name));
}

static void
append_escaped(StringInfo buf, PfStr text)
{
	int			start = 0;

	for (int i = 0; i < text.len; i++)
	{
		const char *ref;

		switch (text.s[i])
		{
			case '<':
				ref = "&lt;";
				break;
			case '>':
				ref = "&gt;";
				break;
			case '&':
				ref = "&amp;";
				break;
			default:
				continue;
		}
		appendBinaryStringInfo(buf, text.s + start, i - start);
		appendStringInfoString(buf, ref);
		start = i + 1;
	}
	appendBinaryStringInfo(buf, text.s + start, text.len - start);
}

PfStr
pf_markup(const PfNode *node)
{
	StringInfoData buf;
	const PfNode *n;

	if (node == NULL)
		return PF_STR_NONE;
	initStringInfo(&buf);
	n = node->child;
	while (n != NULL)
	{
		if (n->spaced)
			appendStringInfoChar(&buf, ' ');
		if (n->kind == PF_NODE_TEXT)
			append_escaped(&buf, n->text);
		else if (n->kind == PF_NODE_ELEMENT)
		{
			appendStringInfoChar(&buf, '<');
			appendBinaryStringInfo(&buf, n->name.s, n->name.len);
			appendStringInfoChar(&buf, '>');
			if (n->child != NULL)
			{
				n = n->child;
				continue;
			}
		}
		/* Leave elements on the way up. */
		for (;;)
		{
			if (n->kind == PF_NODE_ELEMENT)
			{
				appendStringInfoString(&buf, "</");
				appendBinaryStringInfo(&buf, n->name.s, n->name.len);
				appendStringInfoChar(&buf, '>');
			}
			if (n->next != NULL)
			{
				n = n->next;
				break;
			}
			n = n->parent;
			if (n == node)
			{
				n = NULL;
				break;
			}
		}
	}
	if (buf.len == 0)
		return PF_STR_NONE;
	return (PfStr) {buf.data, buf.len};
}

bool
pf_int(const PfNode *node, int64 *out)
{
	PfStr		text;
	int64		value = 0;
	int			i = 0;
	bool		negative = false;

	if (node == NULL || (node->kind != PF_NODE_NUMBER && node->kind != PF_NODE_STRING))
		return false;
	text = pf_str_trim(node->text);
	if (text.len > 0 && text.s[0] == '-')
	{
		negative = true;
		i = 1;
	}
	if (i == text.len || text.len - i > 18)
		return false;
	for (; i < text.len; i++)
	{
		if (text.s[i] < '0' || text.s[i] > '9')
			return false;
		value = value * 10 + (text.s[i] - '0');
	}
	*out = negative ? -value : value;
	return true;
}
