/*-------------------------------------------------------------------------
 *
 * node.h
 *		A piece of a document, XML or JSON, as a small tree.
 *
 * The readers cut a document into pieces of the size of a record and build
 * one tree for each; the formats walk the tree and know nothing of parsers.
 *
 * XML: an element has its attributes and children in document order, text
 * between them as nodes of its own; white space alone makes no node but a mark
 * on the next one.  JSON: the members of an object have a
 * name, the elements of an array have none; a scalar's text is in 'text'
 * (strings unescaped, numbers as written).
 *
 * Trees live in a PfArena, which takes its memory from malloc because it is
 * filled inside callbacks of libxml2, where no error may be raised.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_NODE_H
#define PF_NODE_H

#include "common/strings.h"
#include "lib/stringinfo.h"

typedef enum PfNodeKind
{
	PF_NODE_ELEMENT,			/* XML */
	PF_NODE_ATTRIBUTE,
	PF_NODE_TEXT,
	PF_NODE_OBJECT,				/* JSON */
	PF_NODE_ARRAY,
	PF_NODE_STRING,
	PF_NODE_NUMBER,
	PF_NODE_TRUE,
	PF_NODE_FALSE,
	PF_NODE_NULL
} PfNodeKind;

/* Name spaces that formats ask for; anything else is PF_NS_OTHER. */
typedef enum PfNs
{
	PF_NS_NONE,
	PF_NS_OTHER,
	PF_NS_ATOM,					/* 1.0 and 0.3 */
	PF_NS_RSS,					/* 1.0, 0.9, 0.90, 1.1, userland's 2.0 */
	PF_NS_RDF,
	PF_NS_DC,					/* elements and terms */
	PF_NS_PRISM,				/* any version */
	PF_NS_ARXIV,				/* http://arxiv.org/schemas/atom */
	PF_NS_OPENSEARCH,
	PF_NS_CONTENT,
	PF_NS_MEDIA,
	PF_NS_FEED_HISTORY,			/* RFC 5005 */
	PF_NS_SYNDICATION,
	PF_NS_OAI,
	PF_NS_OAI_DC,
	PF_NS_OAI_ARXIV,
	PF_NS_OAI_ARXIVRAW,
	PF_NS_XHTML,
	PF_NS_MATHML,
	PF_NS_XML
} PfNs;

typedef struct PfNode PfNode;
struct PfNode
{
	PfNodeKind	kind;
	PfNs		ns;
	bool		spaced;			/* white space and nothing else stood before it */
	PfStr		name;			/* local name; none for text and array elements */
	PfStr		text;			/* of text, attributes and JSON scalars */
	PfNode	   *parent;
	PfNode	   *next;			/* next sibling; attributes come before children */
	PfNode	   *child;			/* first attribute or child */
	PfNode	   *last;			/* last child, for appending */
};

typedef struct PfArenaBlock PfArenaBlock;

typedef struct PfArena
{
	char	   *at;				/* next free byte of the newest block */
	char	   *end;			/* of that block */
	PfArenaBlock *block;
	size_t		limit;
	size_t		total;			/* bytes in all blocks */
} PfArena;

/* An arena holds up to 'limit' bytes.  These return NULL when memory or the limit is out. */
extern PfArena *pf_arena_create(size_t limit);
extern void *pf_arena_alloc(PfArena *arena, size_t size);
extern void pf_arena_reset(PfArena *arena);	/* forgets all, keeps a block */
extern void pf_arena_destroy(PfArena *arena);	/* NULL is allowed */

/* Append a node to 'parent' (may be NULL); NULL when memory is out. */
extern PfNode *pf_node_add(PfArena *arena, PfNode *parent, PfNodeKind kind);

/* Append bytes to the text of 'node', which must be the arena's newest text; false when memory is out. */
extern bool pf_node_append(PfArena *arena, PfNode *node, const char *s, size_t len);

/* Is it an element (or JSON member) of this name?  pf_is takes any name space. */
#define pf_is(node, lit)		PF_STR_IS((node)->name, lit)
#define pf_is_ns(node, space, lit) ((node)->ns == (space) && PF_STR_IS((node)->name, lit))

/* First child element or member of that name, in any name space; NULL if there is none.  NULL in, NULL out. */
extern const PfNode *pf_child(const PfNode *node, const char *name);

/* Walk "a.b.c": pf_child again and again. */
extern const PfNode *pf_path(const PfNode *node, const char *path);

/* The value of an attribute, or none. */
extern PfStr pf_attr(const PfNode *node, const char *name);

/*
 * All text below a node, trimmed at both ends, tags left out: none for NULL
 * and for what is empty.  For a JSON scalar its text (none for null), none
 * for objects and arrays.  palloc'd only where more than one piece is joined.
 */
extern PfStr pf_text(const PfNode *node);
extern PfStr pf_child_text(const PfNode *node, const char *name);	/* pf_text(pf_child()) */

/*
 * The content of an element as markup for pf_plain: text escaped, child
 * elements as tags under their local names.  palloc'd.
 */
extern PfStr pf_markup(const PfNode *node);

/* A JSON number (or string of digits) as an integer; false if it is none. */
extern bool pf_int(const PfNode *node, int64 *out);

#endif							/* PF_NODE_H */
