/*-------------------------------------------------------------------------
 *
 * dictionary_writer.c
 *		A segment's dictionary: leaves as terms come, inner levels at the end.
 *
 * A page is a list of entries with prefix compression, restarted at every 16th
 * so that a reader can search; README has the bytes.  Of each leaf a separator
 * is kept: the shortest string that is greater than all terms before it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/codec.h"
#include "index/index.h"
#include "index/writer.h"

#include "utils/memutils.h"

#define RESTART			16		/* entries */
#define MAX_TERM		2047	/* bytes: a lexeme's limit is 2046 */
#define MAX_VALUE		40		/* bytes of an entry behind its term */

/* What leads to a page of the level below: a term at some place of the text. */
typedef struct Child
{
	Size		term;
	int			len;
	uint32		page;
} Child;

typedef struct Level
{
	Child	   *children;
	uint32		n;
	uint32		max;
	char	   *text;
	Size		size;
	Size		max_size;
} Level;

struct PfBmDictionaryWriter
{
	PfBmPages  *pages;
	MemoryContext context;

	/* the page in the making */
	char		entries[PF_BM_PAYLOAD];
	Size		used;
	uint16		restarts[PF_BM_PAYLOAD / RESTART];
	int			nrestarts;
	int			nentries;

	char		last[MAX_TERM];	/* term of the last entry */
	int			last_len;
	char		term[MAX_TERM];
	int			len;
	Level		level;			/* separators of the leaves */
};

static int
shared_prefix(const char *a, int a_len, const char *b, int b_len)
{
	int			n = 0;

	while (n < a_len && n < b_len && a[n] == b[n])
		n++;
	return n;
}

static void
add_child(Level *level, const char *term, int len, uint32 page)
{
	if (level->n == level->max)
	{
		level->max = Max(level->max * 2, 64);
		level->children = level->children == NULL ? palloc(sizeof(Child) * level->max) :
			repalloc_huge(level->children, sizeof(Child) * (Size) level->max);
	}
	if (level->size + len > level->max_size)
	{
		level->max_size = Max(level->max_size * 2, level->size + len + 1024);
		level->text = level->text == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, level->max_size) :
			repalloc_huge(level->text, level->max_size);
	}
	level->children[level->n].term = level->size;
	level->children[level->n].len = len;
	level->children[level->n].page = page;
	level->n++;
	memcpy(level->text + level->size, term, len);
	level->size += len;
}

/* The page in the making becomes the area's next. */
static void
put_page(PfBmDictionaryWriter *writer)
{
	Size		head = sizeof(uint16) * (2 + writer->nrestarts);
	char	   *to = pf_bm_stream_room(writer->pages, PF_BM_AREA_DICTIONARY, head + writer->used);
	uint16	   *numbers = (uint16 *) to;

	numbers[0] = writer->nentries;
	numbers[1] = writer->nrestarts;
	for (int i = 0; i < writer->nrestarts; i++)
		numbers[2 + i] = head + writer->restarts[i];
	memcpy(to + head, writer->entries, writer->used);
	writer->pages->streams[PF_BM_AREA_DICTIONARY].used += head + writer->used;
	pf_bm_stream_flush(writer->pages, PF_BM_AREA_DICTIONARY);
	writer->used = 0;
	writer->nrestarts = 0;
	writer->nentries = 0;
}

/* Adds an entry; gives false, and adds nothing, if the page has no room. */
static bool
put_entry(PfBmDictionaryWriter *writer, const char *term, int len, const char *value, int value_len)
{
	bool		restart = writer->nentries % RESTART == 0;
	int			shared = restart ? 0 : shared_prefix(writer->last, writer->last_len, term, len);
	Size		head = sizeof(uint16) * (2 + writer->nrestarts + 1);
	char	   *to;

	/* 4 is for both varints */
	if (head + writer->used + 4 + (len - shared) + value_len > PF_BM_PAYLOAD)
		return false;
	if (restart)
		writer->restarts[writer->nrestarts++] = writer->used;
	to = writer->entries + writer->used;
	to = pf_bm_varint_put(to, shared);
	to = pf_bm_varint_put(to, len - shared);
	memcpy(to, term + shared, len - shared);
	to += len - shared;
	memcpy(to, value, value_len);
	to += value_len;
	writer->used = to - writer->entries;
	writer->nentries++;
	memmove(writer->last, term, len);
	writer->last_len = len;
	return true;
}

PfBmDictionaryWriter *
pf_bm_dictionary_begin(PfBmPages *pages)
{
	PfBmDictionaryWriter *writer = palloc0(sizeof(PfBmDictionaryWriter));

	writer->pages = pages;
	writer->context = CurrentMemoryContext;
	return writer;
}

void
pf_bm_dictionary_term(PfBmDictionaryWriter *writer, const char *term, int len)
{
	if (len < 0 || len > MAX_TERM)
		elog(ERROR, "lexeme of %d bytes", len);
	memcpy(writer->term, term, len);
	writer->len = len;
}

static char *
put_uint16(char *to, uint16 value)
{
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

void
pf_bm_dictionary_add(PfBmDictionaryWriter *writer, const PfBmTerm *term)
{
	char		value[MAX_VALUE];
	char	   *to = pf_bm_varint_put(value, term->df);
	int			len;

	if (term->df == 1)
	{
		to = pf_bm_varint_put(to, term->doc);
		to = pf_bm_varint_put(to, term->code);
		to = pf_bm_varint_put(to, term->length);
	}
	else if (term->nblocks == 1)
	{
		to = pf_bm_varint_put(to, term->only.page);
		to = pf_bm_varint_put(to, term->only.offset);
		to = put_uint16(to, term->only.impact);
		*to++ = (char) term->only.doc_bits;
		*to++ = (char) term->only.count_bits;
		*to++ = (char) term->only.length_bits;
	}
	else
	{
		to = pf_bm_varint_put(to, term->skip);
		to = put_uint16(to, term->impact);
	}
	len = to - value;

	if (put_entry(writer, writer->term, writer->len, value, len))
	{
		if (writer->nentries == 1 && writer->level.n == 0)
		{
			MemoryContext old = MemoryContextSwitchTo(writer->context);

			add_child(&writer->level, "", 0, 0);
			MemoryContextSwitchTo(old);
		}
		return;
	}

	/* Begin a page: what separates it is a byte more than what both terms share. */
	{
		MemoryContext old = MemoryContextSwitchTo(writer->context);
		int			shared = shared_prefix(writer->last, writer->last_len, writer->term, writer->len);

		put_page(writer);
		add_child(&writer->level, writer->term, Min(shared + 1, writer->len),
				  writer->pages->streams[PF_BM_AREA_DICTIONARY].npages);
		put_entry(writer, writer->term, writer->len, value, len);
		MemoryContextSwitchTo(old);
	}
}

void
pf_bm_dictionary_end(PfBmDictionaryWriter *writer, PfBmHeader *header)
{
	PfBmStream *stream = &writer->pages->streams[PF_BM_AREA_DICTIONARY];

	if (writer->nentries > 0)
		put_page(writer);
	header->dictionary_leaves = stream->npages;
	header->dictionary_height = stream->npages > 0 ? 1 : 0;

	while (writer->level.n > 1)
	{
		Level		below = writer->level;

		memset(&writer->level, 0, sizeof(Level));
		for (uint32 i = 0; i < below.n; i++)
		{
			const char *term = below.text + below.children[i].term;
			int			len = below.children[i].len;
			char		value[PF_BM_VARINT_MAX];
			int			value_len = pf_bm_varint_put(value, below.children[i].page) - value;

			if (i > 0 && put_entry(writer, term, len, value, value_len))
				continue;
			if (i > 0)
				put_page(writer);
			add_child(&writer->level, term, len, stream->npages);
			put_entry(writer, term, len, value, value_len);
		}
		put_page(writer);
		header->dictionary_height++;
	}
	header->dictionary_root = stream->npages > 0 ? stream->npages - 1 : 0;
}
