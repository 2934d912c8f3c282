/*-------------------------------------------------------------------------
 *
 * writer.h
 *		What the files that write a segment share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_WRITER_H
#define PF_INDEX_WRITER_H

#include "index/index.h"

/* One area's stream: the page in the making, and where those before it went. */
typedef struct PfBmStream
{
	char	   *image;			/* BLCKSZ; data begin behind a page header's room */
	Size		used;			/* bytes of data */
	uint32		npages;			/* flushed */
	PfBmExtent *extents;
	uint32		nextents;
	uint32		max_extents;
	BlockNumber reserved;		/* build: pages that are its own already */
	uint32		nreserved;
} PfBmStream;

typedef struct PfBmPages
{
	Relation	index;
	bool		build;			/* not logged */
	uint64		id;				/* the segment's */
	uint32		npages;			/* written */
	PfBmStream	streams[PF_BM_AREAS];
} PfBmPages;

/* writer.c */
extern void pf_bm_stream_flush(PfBmPages *pages, PfBmArea area);

/* Where the next size bytes go, on a fresh page if need be; the caller adds to used. */
extern char *pf_bm_stream_room(PfBmPages *pages, PfBmArea area, Size size);

/* dictionary_writer.c: term() once for each term, then add() unless it has no postings */
typedef struct PfBmDictionaryWriter PfBmDictionaryWriter;

extern PfBmDictionaryWriter *pf_bm_dictionary_begin(PfBmPages *pages);
extern void pf_bm_dictionary_term(PfBmDictionaryWriter *dictionary, const char *term, int len);
extern void pf_bm_dictionary_add(PfBmDictionaryWriter *dictionary, const PfBmTerm *term);
extern void pf_bm_dictionary_end(PfBmDictionaryWriter *dictionary, PfBmHeader *header);

#endif							/* PF_INDEX_WRITER_H */
