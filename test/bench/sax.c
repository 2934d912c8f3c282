/*-------------------------------------------------------------------------
 *
 * sax.c
 *		The limit of parsing: libxml2's SAX2 push parser with empty handlers.
 *
 *		sax FILE...
 *
 * Reads all files, then pushes each through a parser of its own in pieces of
 * the size that paperfeed uses, with paperfeed's options.  Prints seconds of
 * CPU time, seconds, bytes and start tags seen.
 *
 *-------------------------------------------------------------------------
 */
#define _DEFAULT_SOURCE

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECE_SIZE	32768

typedef struct Document
{
	char	   *bytes;
	size_t		len;
} Document;

static long tags;

static void
on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		 int nnamespaces, const xmlChar **namespaces, int nattributes, int ndefaulted,
		 const xmlChar **attributes)
{
	(void) arg;
	(void) name;
	(void) prefix;
	(void) uri;
	(void) nnamespaces;
	(void) namespaces;
	(void) nattributes;
	(void) ndefaulted;
	(void) attributes;
	tags++;
}

static void
on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void) arg;
	(void) name;
	(void) prefix;
	(void) uri;
}

static void
on_text(void *arg, const xmlChar *s, int len)
{
	(void) arg;
	(void) s;
	(void) len;
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static Document
read_file(const char *path)
{
	Document	doc;
	FILE	   *file = fopen(path, "rb");
	long		len;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (len = ftell(file)) < 0)
	{
		perror(path);
		exit(1);
	}
	rewind(file);
	doc.len = (size_t) len;
	doc.bytes = malloc(doc.len + 1);
	if (doc.bytes == NULL || fread(doc.bytes, 1, doc.len, file) != doc.len)
	{
		perror(path);
		exit(1);
	}
	fclose(file);
	return doc;
}

static void
parse(const Document *doc)
{
	xmlSAXHandler sax;
	xmlParserCtxtPtr parser;

	memset(&sax, 0, sizeof(sax));
	sax.initialized = XML_SAX2_MAGIC;
	sax.startElementNs = on_start;
	sax.endElementNs = on_end;
	sax.characters = on_text;
	sax.ignorableWhitespace = on_text;
	sax.cdataBlock = on_text;
	parser = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
	if (parser == NULL)
		exit(1);
	xmlCtxtUseOptions(parser, XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_NOCDATA);
	for (size_t i = 0; i < doc->len; i += PIECE_SIZE)
	{
		size_t		len = doc->len - i < PIECE_SIZE ? doc->len - i : PIECE_SIZE;

		xmlParseChunk(parser, doc->bytes + i, (int) len, 0);
	}
	if (xmlParseChunk(parser, NULL, 0, 1) != 0)
		fprintf(stderr, "a document is not well-formed\n");
	xmlFreeParserCtxt(parser);
}

int
main(int argc, char **argv)
{
	Document   *docs = malloc((size_t) argc * sizeof(Document));
	size_t		bytes = 0;
	double		cpu;
	double		wall;

	if (argc < 2 || docs == NULL)
		return 1;
	for (int i = 1; i < argc; i++)
	{
		docs[i] = read_file(argv[i]);
		bytes += docs[i].len;
	}

	/* Once to get memory from the system and to warm up. */
	parse(&docs[1]);
	tags = 0;

	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	wall = seconds(CLOCK_MONOTONIC);
	for (int i = 1; i < argc; i++)
		parse(&docs[i]);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%.6f %.6f %zu %ld\n", cpu, wall, bytes, tags);
	return 0;
}
