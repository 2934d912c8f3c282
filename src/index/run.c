/*-------------------------------------------------------------------------
 *
 * run.c
 *		Sorted runs of a build, in temporary files.
 *
 * What did not fit in memory at a time is turned over (invert.c), written as it is
 * read, and read again as a source of the merge.  A file has
 *
 *	  RunHeader, then PfBmCountsEntry[ncounts]
 *	  documents, doc_width bytes each, in their order
 *	  terms in their order: varint shared (bytes in common with the term before),
 *	  varint unshared + 1, those bytes; then the postings, in batches of: 1 byte
 *	  n, then n times varint document - the one before - 1 and varint code; then a
 *	  batch of 0
 *	  at the end a term with 0 for unshared + 1
 *
 * and both sides go through a buffer of their own, in which whatever is read or
 * written in one piece has room.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/codec.h"
#include "index/index.h"

#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#define RUN_BUFFER		(32 * 1024)

/* The largest pieces: a batch of postings, and a term. */
#define MAX_BATCH		(1 + PF_BM_BLOCK * 10)
#define MAX_TERM_BYTES	2048
#define MAX_PIECE		(MAX_TERM_BYTES + 2 * PF_BM_VARINT_MAX)

StaticAssertDecl(MAX_BATCH <= MAX_PIECE, "a batch of postings is a piece");

typedef struct RunHeader
{
	uint32		ndocs;
	uint32		ncounts;
} RunHeader;

/* ---- writing ---- */

typedef struct RunWriter
{
	BufFile    *file;
	char	   *pos;
	char		data[RUN_BUFFER];
} RunWriter;

static void
run_flush(RunWriter *writer)
{
	if (writer->pos > writer->data)
		BufFileWrite(writer->file, writer->data, writer->pos - writer->data);
	writer->pos = writer->data;
}

/* Makes room for a piece. */
static inline void
run_room(RunWriter *writer)
{
	if (writer->pos + MAX_PIECE > writer->data + RUN_BUFFER)
		run_flush(writer);
}

static void
write_terms(RunWriter *writer, PfBmSource *source)
{
	char		last[MAX_TERM_BYTES];
	int			last_len = 0;
	uint32		docs[PF_BM_BLOCK];
	uint32		codes[PF_BM_BLOCK];
	int			n;

	while (source->next(source))
	{
		int			shared = 0;
		uint32		next = 0;

		CHECK_FOR_INTERRUPTS();
		Assert(source->len < MAX_TERM_BYTES);
		while (shared < Min(source->len, last_len) && source->term[shared] == last[shared])
			shared++;
		run_room(writer);
		writer->pos = pf_bm_varint_put(writer->pos, shared);
		writer->pos = pf_bm_varint_put(writer->pos, source->len - shared + 1);
		memcpy(writer->pos, source->term + shared, source->len - shared);
		writer->pos += source->len - shared;
		memcpy(last + shared, source->term + shared, source->len - shared);
		last_len = source->len;

		do
		{
			char	   *pos;

			n = source->postings(source, docs, codes);
			run_room(writer);
			pos = writer->pos;
			*pos++ = (char) n;
			for (int i = 0; i < n; i++)
			{
				pos = pf_bm_varint_put(pos, docs[i] - next);
				pos = pf_bm_varint_put(pos, codes[i]);
				next = docs[i] + 1;
			}
			writer->pos = pos;
		} while (n > 0);
	}
	run_room(writer);
	writer->pos = pf_bm_varint_put(writer->pos, 0);
	writer->pos = pf_bm_varint_put(writer->pos, 0);
}

void
pf_bm_run_write(BufFile *file, const PfBmMeta *meta, PfBmSource *source)
{
	RunHeader	header = {source->ndocs, source->ncounts};
	RunWriter  *writer = palloc(sizeof(RunWriter));

	writer->file = file;
	writer->pos = writer->data;
	BufFileWrite(file, &header, sizeof(header));
	if (source->ncounts > 0)
		BufFileWrite(file, unconstify(PfBmCountsEntry *, source->counts),
					 sizeof(PfBmCountsEntry) * (Size) source->ncounts);
	for (uint32 i = 0; i < source->ndocs; i++)
	{
		PfBmDoc		doc;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		(void) source->doc(source, &doc);
		run_room(writer);
		pf_bm_doc_pack(meta, &doc, writer->pos);
		writer->pos += meta->doc_width;
	}
	write_terms(writer, source);
	run_flush(writer);
	pfree(writer);
}

/* ---- reading ---- */

typedef struct RunSource
{
	PfBmSource	source;			/* first: what the users of the source see of this */
	MemoryContext context;
	BufFile    *file;
	const PfBmMeta *meta;
	PfBmCountsEntry *counts;

	const char *pos;
	const char *end;			/* of what is in data */
	bool		at_end;			/* of the file */
	bool		in_term;		/* the current term's last batch is still to come */
	uint32		next_doc;		/* the smallest document that its next posting can have */
	char		term[MAX_TERM_BYTES];
	char		data[RUN_BUFFER];
} RunSource;

static void
unexpected(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a temporary file of the build does not read as it was written")));
}

/* Sees that the next piece is in data. */
static inline void
run_need(RunSource *run)
{
	Size		left = run->end - run->pos;

	if (left >= MAX_PIECE || run->at_end)
		return;
	memmove(run->data, run->pos, left);
	left += BufFileRead(run->file, run->data + left, RUN_BUFFER - left);
	run->pos = run->data;
	run->end = run->data + left;
	run->at_end = left < RUN_BUFFER;
}

static bool
source_doc(PfBmSource *source, PfBmDoc *doc)
{
	RunSource  *run = (RunSource *) source;

	run_need(run);
	if (run->end - run->pos < run->meta->doc_width)
		unexpected();
	pf_bm_doc_unpack(run->meta, run->pos, doc);
	run->pos += run->meta->doc_width;
	return true;
}

static int
source_postings(PfBmSource *source, uint32 *docs, uint32 *codes)
{
	RunSource  *run = (RunSource *) source;
	const char *pos;
	int			n;

	if (!run->in_term)
		return 0;
	run_need(run);
	pos = run->pos;
	if (pos >= run->end)
		unexpected();
	n = (uint8) *pos++;
	if (n > PF_BM_BLOCK)
		unexpected();
	for (int i = 0; i < n; i++)
	{
		uint32		gap;

		pos = pf_bm_varint_get32(pos, run->end, &gap);
		if (pos == NULL || gap >= source->ndocs - run->next_doc)
			unexpected();
		docs[i] = run->next_doc + gap;
		run->next_doc = docs[i] + 1;
		pos = pf_bm_varint_get32(pos, run->end, &codes[i]);
		if (pos == NULL)
			unexpected();
	}
	run->pos = pos;
	run->in_term = n > 0;
	return n;
}

static bool
source_next(PfBmSource *source)
{
	RunSource  *run = (RunSource *) source;
	uint32		docs[PF_BM_BLOCK];
	uint32		codes[PF_BM_BLOCK];
	uint32		shared;
	uint32		unshared = 0;
	const char *pos;

	/* Postings that nobody asked for. */
	while (run->in_term)
		(void) source_postings(source, docs, codes);

	run_need(run);
	pos = pf_bm_varint_get32(run->pos, run->end, &shared);
	if (pos != NULL)
		pos = pf_bm_varint_get32(pos, run->end, &unshared);
	if (pos == NULL)
		unexpected();
	if (unshared == 0)
		return false;			/* without moving: the next call gives false, too */
	unshared--;
	if (shared > (uint32) source->len || unshared > MAX_TERM_BYTES - shared ||
		unshared > run->end - pos)
		unexpected();
	memcpy(run->term + shared, pos, unshared);
	source->len = shared + unshared;
	run->pos = pos + unshared;
	run->in_term = true;
	run->next_doc = 0;
	return true;
}

static void
source_close(PfBmSource *source)
{
	RunSource  *run = (RunSource *) source;

	BufFileClose(run->file);
	MemoryContextDelete(run->context);
}

PfBmSource *
pf_bm_run_source(BufFile *file, const PfBmMeta *meta)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed run",
												  ALLOCSET_SMALL_SIZES);
	RunSource  *run = MemoryContextAllocZero(context, sizeof(RunSource));
	PfBmSource *source = &run->source;
	RunHeader	header;
	Size		size;

	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind a temporary file of the build")));
	if (BufFileRead(file, &header, sizeof(header)) != sizeof(header))
		unexpected();
	size = sizeof(PfBmCountsEntry) * (Size) header.ncounts;
	run->counts = MemoryContextAllocHuge(context, Max(size, 1));
	if (BufFileRead(file, run->counts, size) != size)
		unexpected();

	run->context = context;
	run->file = file;
	run->meta = meta;
	run->pos = run->data;
	run->end = run->data;
	source->ndocs = header.ndocs;
	source->ncounts = header.ncounts;
	source->counts = run->counts;
	source->term = run->term;
	source->doc = source_doc;
	source->next = source_next;
	source->postings = source_postings;
	source->close = source_close;
	return source;
}
