/*-------------------------------------------------------------------------
 *
 * xml.c
 *		XML, piece by piece, to trees of the size of a record.
 *
 * The root element decides the format.  A format has containers (feed,
 * channel, ListRecords ...); they are opened, and every other element below
 * them is a piece: it is kept as a tree until it is complete and then handed
 * to the format.  So memory holds one record, however long the document is.
 *
 * libxml2 runs its SAX2 push parser over a few kilobytes at a time.  Its
 * callbacks may not raise errors, as a longjmp would leave the parser in an
 * undefined state: they only fill arenas (malloc) and note faults.  Complete
 * pieces wait in a queue, which pf_xml_drain empties when libxml2 is not on
 * the stack.
 *
 * Two arenas take turns: when a piece is still open after a drain, it stays
 * in its arena and later ones go to the other, so that the first can be reset
 * once that piece is complete and has been handed on.
 *
 * The parser context and the arenas are freed by a reset callback of the
 * memory context.  libxml2's global state is left as it is: no handlers,
 * allocators or clean-up of ours, as the server and other extensions use the
 * same library.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "compat.h"
#include "feed/xml.h"

#define MAX_DEPTH		256		/* of elements */
#define MAX_PIECE		(16 * 1024 * 1024)	/* bytes of one tree */
#define MAX_CONTAINERS	(16 * 1024 * 1024)	/* bytes of all containers */
#define MAX_NAMES		50000	/* different names; libxml2's look-up gets slow beyond */
#define MAX_NAME_SPACES	1000	/* in scope; it looks through all of them */
#define NS_CACHE		8

typedef struct Piece
{
	struct Piece *next;
	PfNode	   *node;
	bool		opened;
} Piece;

typedef struct Root
{
	const char *name;			/* of the root element, in lower case */
	PfXmlFn		format;
	bool		single;			/* the root itself is a piece */
	const char *containers[6];	/* below the root, in lower case */
} Root;

static const Root roots[] = {
	{"rss", pf_rss_piece, false, {"channel"}},
	{"rdf", pf_rss_piece, false, {"channel"}},
	{"channel", pf_rss_piece, false, {NULL}},
	{"feed", pf_atom_piece, false, {NULL}},
	{"entry", pf_atom_piece, true, {NULL}},
	{"oai-pmh", pf_oai_piece, false, {"listrecords", "getrecord", "listidentifiers"}},
	{"listrecords", pf_oai_piece, false, {NULL}},
	{"getrecord", pf_oai_piece, false, {NULL}},
	{"record", pf_oai_piece, true, {NULL}},
	{"pubmedarticleset", pf_pubmed_piece, false, {"deletecitation"}},
	{"pubmedbookarticleset", pf_pubmed_piece, false, {NULL}},
	{"pubmedarticle", pf_pubmed_piece, true, {NULL}},
	{"collection", pf_acl_piece, false, {"volume"}},
	{"volume", pf_acl_piece, false, {NULL}},
	{"dblp", pf_dblp_piece, false, {NULL}},
	{"dblpperson", pf_dblp_piece, false, {"r"}},
};

static const struct
{
	const char *uri;			/* a prefix if it ends in '*' */
	PfNs		ns;
}			name_spaces[] = {
	{"http://www.w3.org/2005/Atom", PF_NS_ATOM},
	{"http://purl.org/atom/ns#*", PF_NS_ATOM},
	{"http://purl.org/rss/1.0/modules/content/*", PF_NS_CONTENT},
	{"http://purl.org/rss/1.0/modules/prism/*", PF_NS_PRISM},
	{"http://prismstandard.org/namespaces/*", PF_NS_PRISM},
	{"http://purl.org/rss/1.0/modules/syndication/*", PF_NS_SYNDICATION},
	{"http://purl.org/rss/1.0/", PF_NS_RSS},
	{"http://my.netscape.com/rdf/simple/0.9/*", PF_NS_RSS},
	{"http://channel.netscape.com/rdf/simple/0.9/*", PF_NS_RSS},
	{"http://purl.org/net/rss1.1#*", PF_NS_RSS},
	{"http://backend.userland.com/rss*", PF_NS_RSS},
	{"http://www.w3.org/1999/02/22-rdf-syntax-ns#", PF_NS_RDF},
	{"http://purl.org/dc/elements/1.1/", PF_NS_DC},
	{"http://purl.org/dc/elements/1.0/", PF_NS_DC},
	{"http://purl.org/dc/terms/", PF_NS_DC},
	{"http://arxiv.org/schemas/atom*", PF_NS_ARXIV},
	{"https://arxiv.org/schemas/atom*", PF_NS_ARXIV},
	{"http://a9.com/-/spec/opensearch/1.1/", PF_NS_OPENSEARCH},
	{"http://a9.com/-/spec/opensearchrss/1.0/", PF_NS_OPENSEARCH},
	{"http://search.yahoo.com/mrss*", PF_NS_MEDIA},
	{"http://purl.org/syndication/history/1.0", PF_NS_FEED_HISTORY},
	{"http://www.openarchives.org/OAI/2.0/oai_dc/", PF_NS_OAI_DC},
	{"http://www.openarchives.org/OAI/2.0/", PF_NS_OAI},
	{"http://arxiv.org/OAI/arXivRaw/", PF_NS_OAI_ARXIVRAW},
	{"http://arxiv.org/OAI/arXiv/", PF_NS_OAI_ARXIV},
	{"http://www.w3.org/1999/xhtml", PF_NS_XHTML},
	{"http://www.w3.org/1998/Math/MathML", PF_NS_MATHML},
	{"http://www.w3.org/XML/1998/namespace", PF_NS_XML},
};

/* What a prefix that nobody declared is nearly always meant to be. */
static const struct
{
	const char *prefix;
	PfNs		ns;
}			usual_prefixes[] = {
	{"atom", PF_NS_ATOM},
	{"dc", PF_NS_DC},
	{"dcterms", PF_NS_DC},
	{"prism", PF_NS_PRISM},
	{"content", PF_NS_CONTENT},
	{"arxiv", PF_NS_ARXIV},
	{"opensearch", PF_NS_OPENSEARCH},
	{"media", PF_NS_MEDIA},
	{"rdf", PF_NS_RDF},
	{"sy", PF_NS_SYNDICATION},
	{"syn", PF_NS_SYNDICATION},
	{"oai_dc", PF_NS_OAI_DC},
	{"mml", PF_NS_MATHML},
	{"xml", PF_NS_XML},
};

struct PfXml
{
	PfXmlPieceFn fn;
	void	   *arg;
	xmlParserCtxtPtr parser;
	xmlSAXHandler sax;

	const Root *root;
	int			depth;
	int			name_spaces;	/* in scope */
	uint16		declared[MAX_DEPTH + 1];	/* of these, by each open element */
	int			piece_depth;	/* depth of the open piece's root */
	PfNode	   *container;		/* innermost open container */
	PfNode	   *node;			/* innermost element of the open piece */
	PfNode	   *text;			/* the text being appended to, or NULL */
	bool		space;			/* white space was seen, and nothing after it yet */

	PfArena    *arenas[2];
	int			active;			/* arena that new pieces go to */
	int			open_in;		/* arena of the open piece */
	PfArena    *containers;
	Piece	   *first;			/* complete, not yet handed on */
	Piece	  **last;

	struct
	{
		const xmlChar *uri;
		PfNs		ns;
	}			cache[NS_CACHE];
	int			ncache;

	bool		cut_off;
	char		fault[256];
	int			sqlstate;
	char		problem[256];
};

static void stop(PfXml *xml, int sqlstate, const char *fmt,...) __attribute__((format(printf, 3, 4)));

static void
stop(PfXml *xml, int sqlstate, const char *fmt,...)
{
	va_list		args;

	if (xml->fault[0] == '\0')
	{
		va_start(args, fmt);
		vsnprintf(xml->fault, sizeof(xml->fault), fmt, args);
		va_end(args);
		xml->sqlstate = sqlstate;
	}
	xmlStopParser(xml->parser);
}

static void
out_of_room(PfXml *xml)
{
	stop(xml, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a record is larger than %d MB",
		 MAX_PIECE / (1024 * 1024));
}

static PfNs
lookup_ns(const char *uri)
{
	for (size_t i = 0; i < lengthof(name_spaces); i++)
	{
		size_t		n = strlen(name_spaces[i].uri);

		if (name_spaces[i].uri[n - 1] == '*' ? strncmp(uri, name_spaces[i].uri, n - 1) == 0 :
			strcmp(uri, name_spaces[i].uri) == 0)
			return name_spaces[i].ns;
	}
	return PF_NS_OTHER;
}

/* The parser's dictionary makes equal addresses equal pointers. */
static PfNs
name_space(PfXml *xml, const xmlChar *prefix, const xmlChar *uri)
{
	PfNs		ns;

	if (uri == NULL)
	{
		if (prefix == NULL)
			return PF_NS_NONE;
		for (size_t i = 0; i < lengthof(usual_prefixes); i++)
		{
			if (strcmp((const char *) prefix, usual_prefixes[i].prefix) == 0)
				return usual_prefixes[i].ns;
		}
		return PF_NS_OTHER;
	}
	for (int i = 0; i < NS_CACHE; i++)
	{
		if (xml->cache[i].uri == uri)
			return xml->cache[i].ns;
	}
	ns = lookup_ns((const char *) uri);
	xml->cache[xml->ncache % NS_CACHE].uri = uri;
	xml->cache[xml->ncache % NS_CACHE].ns = ns;
	xml->ncache++;
	return ns;
}

static void
enqueue(PfXml *xml, PfNode *node, bool opened)
{
	Piece	   *piece = pf_arena_alloc(opened ? xml->containers : xml->arenas[xml->open_in],
									   sizeof(Piece));

	if (piece == NULL)
	{
		out_of_room(xml);
		return;
	}
	piece->next = NULL;
	piece->node = node;
	piece->opened = opened;
	*xml->last = piece;
	xml->last = &piece->next;
}

/*
 * Without entities being replaced, libxml2 hands on an & in a value as
 * "&#38;", and as nothing else: a literal one comes as "&#38;#38;".
 */
static void
mend_ampersands(PfNode *attribute)
{
	char	   *s = unconstify(char *, attribute->text.s);
	char	   *end = s + attribute->text.len;
	char	   *to = memchr(s, '&', attribute->text.len);

	for (char *from = to; from != NULL && from < end;)
	{
		*to++ = *from;
		from += end - from >= 5 && memcmp(from, "&#38;", 5) == 0 ? 5 : 1;
	}
	if (to != NULL)
		attribute->text.len = (int) (to - s);
}

static PfNode *
make_element(PfXml *xml, PfArena *arena, PfNode *parent, const xmlChar *name,
			 const xmlChar *prefix, const xmlChar *uri, int nattributes, const xmlChar **attributes)
{
	PfNode	   *node = pf_node_add(arena, parent, PF_NODE_ELEMENT);

	if (node == NULL)
		return NULL;
	node->name = pf_str((const char *) name);	/* lives in the dictionary */
	node->ns = name_space(xml, prefix, uri);

	for (int i = 0; i < nattributes; i++, attributes += 5)
	{
		PfNode	   *attribute = pf_node_add(arena, node, PF_NODE_ATTRIBUTE);

		if (attribute == NULL)
			return NULL;
		attribute->name = pf_str((const char *) attributes[0]);
		attribute->ns = name_space(xml, attributes[1], attributes[2]);
		attribute->text = PF_STR_LIT("");
		if (attributes[4] > attributes[3] &&
			!pf_node_append(arena, attribute, (const char *) attributes[3],
							attributes[4] - attributes[3]))
			return NULL;
		mend_ampersands(attribute);
	}
	return node;
}

static bool
find_root(PfXml *xml, const char *name)
{
	for (size_t i = 0; i < lengthof(roots); i++)
	{
		if (pg_strcasecmp(name, roots[i].name) == 0)
		{
			xml->root = &roots[i];
			return true;
		}
	}
	if (pg_strcasecmp(name, "html") == 0)
		stop(xml, ERRCODE_INVALID_XML_DOCUMENT, "this is an HTML page, not a feed");
	else if (pg_strcasecmp(name, "opml") == 0)
		stop(xml, ERRCODE_INVALID_XML_DOCUMENT, "this is a list of feeds (OPML), not a feed");
	else
		stop(xml, ERRCODE_INVALID_XML_DOCUMENT,
			 "unknown kind of document: its root element is <%.64s>", name);
	return false;
}

static bool
is_container(PfXml *xml, const char *name)
{
	if (xml->depth == 1)
		return !xml->root->single;
	for (int i = 0; i < (int) lengthof(xml->root->containers) && xml->root->containers[i]; i++)
	{
		if (pg_strcasecmp(name, xml->root->containers[i]) == 0)
			return true;
	}
	return false;
}

static void
on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		 int nnamespaces, const xmlChar **namespaces pg_attribute_unused(),
		 int nattributes, int ndefaulted pg_attribute_unused(), const xmlChar **attributes)
{
	PfXml	   *xml = ((xmlParserCtxtPtr) arg)->_private;
	PfNode	   *node;

	if (++xml->depth > MAX_DEPTH)
	{
		stop(xml, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "elements are nested more than %d deep", MAX_DEPTH);
		return;
	}
	xml->declared[xml->depth] = (uint16) Min(nnamespaces, PG_UINT16_MAX);
	xml->name_spaces += xml->declared[xml->depth];
	if (xml->name_spaces > MAX_NAME_SPACES)
	{
		stop(xml, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "more than %d name spaces are declared at once",
			 MAX_NAME_SPACES);
		return;
	}
	xml->text = NULL;

	if (xml->node == NULL)
	{
		if (xml->depth == 1 && !find_root(xml, (const char *) name))
			return;
		if (is_container(xml, (const char *) name))
		{
			node = make_element(xml, xml->containers, NULL, name, prefix, uri,
								nattributes, attributes);
			if (node == NULL)
			{
				stop(xml, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many nested lists");
				return;
			}
			node->parent = xml->container;
			xml->container = node;
			enqueue(xml, node, true);
			return;
		}
		xml->piece_depth = xml->depth;
		xml->open_in = xml->active;
	}

	node = make_element(xml, xml->arenas[xml->open_in], xml->node, name, prefix, uri,
						nattributes, attributes);
	if (node == NULL)
	{
		out_of_room(xml);
		return;
	}
	if (xml->node == NULL)
		node->parent = xml->container;
	else
		node->spaced = xml->space;
	xml->space = false;
	xml->node = node;
}

static void
on_end(void *arg, const xmlChar *name pg_attribute_unused(),
	   const xmlChar *prefix pg_attribute_unused(), const xmlChar *uri pg_attribute_unused())
{
	PfXml	   *xml = ((xmlParserCtxtPtr) arg)->_private;

	xml->text = NULL;
	if (xml->node == NULL)
	{
		if (xml->container != NULL)
			xml->container = xml->container->parent;
	}
	else if (xml->depth == xml->piece_depth)
	{
		enqueue(xml, xml->node, false);
		xml->node = NULL;
		xml->space = false;
	}
	else
		xml->node = xml->node->parent;
	if (xml->depth <= MAX_DEPTH)
		xml->name_spaces -= xml->declared[xml->depth];
	xml->depth--;
}

static bool
is_blank(const xmlChar *s, int len)
{
	for (int i = 0; i < len; i++)
	{
		if (s[i] > ' ')
			return false;
	}
	return true;
}

static void
on_text(void *arg, const xmlChar *s, int len)
{
	PfXml	   *xml = ((xmlParserCtxtPtr) arg)->_private;

	if (xml->node == NULL || len <= 0)
		return;
	if (xml->text == NULL)
	{
		if (is_blank(s, len))
		{
			xml->space = true;
			return;
		}
		xml->text = pf_node_add(xml->arenas[xml->open_in], xml->node, PF_NODE_TEXT);
		if (xml->text == NULL)
		{
			out_of_room(xml);
			return;
		}
		xml->text->spaced = xml->space;
		xml->space = false;
	}
	if (!pf_node_append(xml->arenas[xml->open_in], xml->text, (const char *) s, len))
		out_of_room(xml);
}

static void
on_error(void *arg, PfXmlErrorPtr error)
{
	PfXml	   *xml = ((xmlParserCtxtPtr) arg)->_private;
	size_t		n;

	if (xml == NULL || xml->problem[0] != '\0' || error->message == NULL)
		return;
	/* Undeclared prefixes and relative name spaces do not change what is read. */
	if (error->level < XML_ERR_ERROR || error->domain == XML_FROM_NAMESPACE)
		return;
	snprintf(xml->problem, sizeof(xml->problem), "%s", error->message);
	n = strlen(xml->problem);
	while (n > 0 && (xml->problem[n - 1] == '\n' || xml->problem[n - 1] == ' '))
		xml->problem[--n] = '\0';
}

static void
release(void *arg)
{
	PfXml	   *xml = arg;

	if (xml->parser != NULL)
	{
		xmlFreeParserCtxt(xml->parser);
		xml->parser = NULL;
	}
	for (int i = 0; i < 2; i++)
	{
		pf_arena_destroy(xml->arenas[i]);
		xml->arenas[i] = NULL;
	}
	pf_arena_destroy(xml->containers);
	xml->containers = NULL;
}

PfXml *
pf_xml_begin(PfXmlPieceFn fn, void *arg)
{
	PfXml	   *xml = palloc0(sizeof(PfXml));
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	xml->fn = fn;
	xml->arg = arg;
	xml->last = &xml->first;

	callback->func = release;
	callback->arg = xml;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);

	/*
	 * Only these events are wanted.  Declarations cannot reach the parser, as
	 * pf_scrub leaves them out; with no handler for them they would be
	 * ignored all the same.
	 */
	xml->sax.initialized = XML_SAX2_MAGIC;
	xml->sax.startElementNs = on_start;
	xml->sax.endElementNs = on_end;
	xml->sax.characters = on_text;
	xml->sax.ignorableWhitespace = on_text;
	xml->sax.cdataBlock = on_text;
	xml->sax.serror = on_error;

	for (int i = 0; i < 2; i++)
		xml->arenas[i] = pf_arena_create(MAX_PIECE);
	xml->containers = pf_arena_create(MAX_CONTAINERS);
	xml->parser = xmlCreatePushParserCtxt(&xml->sax, NULL, NULL, 0, NULL);
	if (xml->parser == NULL || xml->arenas[0] == NULL || xml->arenas[1] == NULL ||
		xml->containers == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Could not create an XML parser.")));
	xml->parser->_private = xml;
	xmlCtxtUseOptions(xml->parser, XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_NOCDATA);
	return xml;
}

void
pf_xml_push(PfXml *xml, const char *s, size_t len)
{
	if (xml->fault[0] == '\0' && len > 0)
		xmlParseChunk(xml->parser, s, (int) len, 0);
}

void
pf_xml_drain(PfXml *xml)
{
	for (Piece *piece = xml->first; piece != NULL; piece = piece->next)
		xml->fn(xml->arg, xml->root->format, piece->node, piece->opened);
	xml->first = NULL;
	xml->last = &xml->first;

	for (int i = 0; i < 2; i++)
	{
		if (xml->node == NULL || i != xml->open_in)
			pf_arena_reset(xml->arenas[i]);
	}
	if (xml->node != NULL)
		xml->active = 1 - xml->open_in;
	if (xml->fault[0] == '\0' && xmlDictSize(xml->parser->dict) > MAX_NAMES)
		stop(xml, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "more than %d different names", MAX_NAMES);
}

void
pf_xml_end(PfXml *xml)
{
	if (xml->fault[0] == '\0')
	{
		/* At the end, in recovery, libxml2 closes what is open: look before. */
		xml->cut_off = xml->depth > 0;
		xmlParseChunk(xml->parser, NULL, 0, 1);
		if (xml->cut_off && xml->problem[0] == '\0')
			snprintf(xml->problem, sizeof(xml->problem), "the document is cut off");
		if (xml->root == NULL)
			stop(xml, ERRCODE_INVALID_XML_DOCUMENT, "there is no root element");
	}
	pf_xml_drain(xml);
}

const char *
pf_xml_fault(const PfXml *xml, int *sqlstate)
{
	if (xml->fault[0] == '\0')
		return NULL;
	*sqlstate = xml->sqlstate;
	return xml->fault;
}

const char *
pf_xml_problem(const PfXml *xml)
{
	return xml->problem[0] != '\0' ? xml->problem : NULL;
}

bool
pf_xml_cut_off(const PfXml *xml)
{
	return xml->cut_off;
}
