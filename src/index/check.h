/*-------------------------------------------------------------------------
 *
 * check.h
 *		What the files of index_check() share.
 *
 * They read pages on their own, with bounds of their own, and never through the
 * functions that everybody else uses: those raise an error at the first fault.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_CHECK_H
#define PF_INDEX_CHECK_H

#include "index/index.h"

#define PF_BM_MAX_PROBLEMS	1000

typedef struct PfBmProblem
{
	BlockNumber blkno;
	const char *part;			/* a constant */
	char	   *text;
} PfBmProblem;

typedef struct PfBmCheck
{
	Relation	index;
	PfBmMeta	meta;			/* a copy */
	BlockNumber nblocks;
	BufferAccessStrategy strategy;
	MemoryContext context;		/* of all below */
	uint8	   *used;			/* bit for each block: something has it */
	uint8	   *unreadable;		/* bit for each block: that was reported */
	uint64		segment;		/* that is looked at, or 0 */
	PfBmProblem *problems;
	int			nproblems;		/* one more than the maximum: there were more */
} PfBmCheck;

/* A segment, as far as it was found sound. */
typedef struct PfBmCheckSegment
{
	const PfBmSegmentEntry *entry;
	PfBmHeader	header;
	PfBmExtent *extents[PF_BM_AREAS];
	uint32	   *first[PF_BM_AREAS];	/* page number each extent begins with */
	PfBmCounts *counts;			/* header.ncounts; NULL = not to be had */
	float4	   *lengths;		/* header.nlengths; NULL = not to be had */
	PfBmZone   *zones;			/* header.nzones; NULL = not to be had */
	uint32	   *codes;			/* for each document: of its length; or one of the two below */
	double	   *sums;			/* for each document: weighted counts of its postings */
	bool		complete;		/* everything that the sums need was there */
} PfBmCheckSegment;

#define PF_BM_CODE_UNKNOWN	PG_UINT32_MAX	/* the document's record could not be read */
#define PF_BM_CODE_NULL		(PG_UINT32_MAX - 1)	/* it has no text, nor any posting */

/* ---- check.c ---- */

extern void pf_bm_check_report(PfBmCheck *check, BlockNumber blkno, const char *part,
							   const char *fmt,...)
			__attribute__((format(printf, 4, 5)));
extern bool pf_bm_check_full(const PfBmCheck *check);	/* enough was reported */

/* A copy of the page, if it can be read, and layout and checksum are right. */
extern bool pf_bm_check_read(PfBmCheck *check, BlockNumber blkno, const char *part,
							 PGAlignedBlock *copy);

/* Also of this kind and owner (0 = any). */
extern bool pf_bm_check_page(PfBmCheck *check, BlockNumber blkno, PfBmKind kind, uint64 owner,
							 const char *part, PGAlignedBlock *copy);

/* The block is of what is looked at; false if it is outside of the file, or something else's. */
extern bool pf_bm_check_take(PfBmCheck *check, BlockNumber blkno, const char *part);
extern bool pf_bm_check_meta(PfBmCheck *check, PfBmMeta *meta);	/* a copy, if it is sound */

/* Is a document's length what its terms add up to?  Their order is another. */
static inline bool
pf_bm_check_length(double length, double sum)
{
	double		difference = length > sum ? length - sum : sum - length;

	return difference <= 1e-5 * (length > 1 ? length : 1);
}

static inline bool
pf_bm_check_counts(PfBmCounts counts)
{
	uint32		sum = 0;

	for (int f = 0; f < PF_BM_FIELDS; f++)
		sum += PF_BM_COUNT(counts, f);
	return sum >= 1 && sum <= 255;
}

/* Reports what is wrong with a document on its own; gives whether nothing is. */
extern bool pf_bm_check_doc(PfBmCheck *check, BlockNumber blkno, const char *part, uint32 at,
							const PfBmDoc *doc);

/* ---- check_buffer.c ---- */

extern void pf_bm_check_buffer(PfBmCheck *check);
extern void pf_bm_check_spare(PfBmCheck *check);

/* ---- check_segment.c ---- */

extern void pf_bm_check_segment(PfBmCheck *check, const PfBmSegmentEntry *entry);
extern bool pf_bm_check_area(PfBmCheck *check, const PfBmCheckSegment *segment, PfBmArea area,
							 uint32 page,
							 PGAlignedBlock *copy);
extern BlockNumber pf_bm_check_block(const PfBmCheckSegment *segment, PfBmArea area, uint32 page);

/* ---- check_docs.c ---- */

extern void pf_bm_check_docs(PfBmCheck *check, PfBmCheckSegment *segment);
extern void pf_bm_check_alive(PfBmCheck *check, const PfBmCheckSegment *segment);

/* ---- check_dictionary.c, check_postings.c ---- */

extern void pf_bm_check_dictionary(PfBmCheck *check, PfBmCheckSegment *segment);

/* Goes through the postings of one term after the other, as they were written. */
typedef struct PfBmCheckPostings
{
	PfBmCheck  *check;
	PfBmCheckSegment *segment;
	uint64		npostings;
	uint32		next_skip;		/* where the next list of skip entries begins */
	uint32		next_page;		/* where the next block begins, or on the page behind */
	uint32		next_offset;
	bool		known;			/* the three above are right: no term was left out */
	uint32		skips_page;		/* that is in skips; PF_BM_NO_DOC = none */
	uint32		postings_page;
	bool		skips_sound;
	bool		postings_sound;
	PGAlignedBlock skips;
	PGAlignedBlock postings;
} PfBmCheckPostings;

extern PfBmCheckPostings *pf_bm_check_postings_begin(PfBmCheck *check, PfBmCheckSegment *segment);
extern void pf_bm_check_postings(PfBmCheckPostings *state, BlockNumber leaf, const PfBmTerm *term);
extern void pf_bm_check_postings_end(PfBmCheckPostings *state);

#endif							/* PF_INDEX_CHECK_H */
