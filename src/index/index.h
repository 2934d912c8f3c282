/*-------------------------------------------------------------------------
 *
 * index.h
 *		The access method paperfeed_bm25: what its files share.
 *
 * README tells the idea, the format byte by byte and who locks what.  Here are
 * the structures of pages and the functions of each file, under its name.
 * Only this module and the extension's entry (paperfeed.c) include this file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_H
#define PF_INDEX_H

#include "postgres.h"

#include "access/amapi.h"
#include "access/generic_xlog.h"
#include "access/genam.h"
#include "access/transam.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "storage/itemptr.h"
#include "tsearch/ts_type.h"
#include "utils/rel.h"

#include "compat.h"

/* ---- names and limits ---- */

#define PF_BM_MAGIC			0x70664235	/* "pfB5" */
#define PF_BM_VERSION		1
#define PF_BM_META_BLKNO	0
#define PF_BM_FIELDS		4		/* tsvector's weights: 0 = D, 1 = C, 2 = B, 3 = A */
#define PF_BM_MAX_FILTERS	8		/* columns behind the tsvector */
#define PF_BM_MAX_SEGMENTS	128
#define PF_BM_BLOCK			128		/* postings in a block */
#define PF_BM_NO_DOC		PG_UINT32_MAX

/* strategy numbers; the first five are those of a b-tree */
#define PF_BM_MATCH_STRATEGY	6	/* tsvector @@ tsquery */
#define PF_BM_SCORE_STRATEGY	7	/* tsvector <=> bm25query, for ORDER BY */
#define PF_BM_STRATEGIES		7

/* heavyweight page locks that name no page: see README, "Locks" */
#define PF_BM_SPILL_LOCK	0
#define PF_BM_MERGE_LOCK	1

/* ---- pages ---- */

typedef enum PfBmKind
{
	PF_BM_META = 1,
	PF_BM_BUFFER,				/* records of the write buffer */
	PF_BM_LONG,					/* what did not fit with a record on its page */
	PF_BM_HEADER,				/* a segment's header and extents */
	PF_BM_DOCS,					/* the first of a segment's areas, in the order of PfBmArea */
	PF_BM_ALIVE,
	PF_BM_DICTIONARY,
	PF_BM_SKIPS,
	PF_BM_POSTINGS,
	PF_BM_TABLES
} PfBmKind;

/* The special space of every page, after the model of other access methods. */
typedef struct PfBmTail
{
	uint64		owner;			/* segment's id; a buffer page's own number; 0 = metapage */
	uint64		xid;			/* full transaction id, next one when it was written or retired */
	pg_crc32c	crc;			/* CRC-32C: see pf_bm_page_seal() */
	uint16		kind;			/* PfBmKind, and PF_BM_RETIRED */
	uint16		page_id;		/* PF_BM_PAGE_ID */
} PfBmTail;

#define PF_BM_RETIRED	0x8000	/* kind's flag: free for reuse once xid is past the horizon */
#define PF_BM_PAGE_ID	0xFF9B

#define PF_BM_TAIL(page)		((PfBmTail *) PageGetSpecialPointer(page))
#define PF_BM_DATA(page)		((char *) (page) + SizeOfPageHeaderData)
#define PF_BM_PAYLOAD			(BLCKSZ - SizeOfPageHeaderData - MAXALIGN(sizeof(PfBmTail)))	/* 8144 */

/* A segment's areas: streams of pages, each with a numbering of its own from 0. */
typedef enum PfBmArea
{
	PF_BM_AREA_DOCS,
	PF_BM_AREA_ALIVE,
	PF_BM_AREA_DICTIONARY,
	PF_BM_AREA_SKIPS,
	PF_BM_AREA_POSTINGS,
	PF_BM_AREA_TABLES,
	PF_BM_AREAS
} PfBmArea;

/* ---- metapage ---- */

typedef enum PfBmFilterType
{
	PF_BM_FILTER_INT,			/* int2, int4, int8, bool, date, timestamp, timestamptz */
	PF_BM_FILTER_FLOAT,			/* float4, float8 */
	PF_BM_FILTER_HASH			/* text: equality only, rechecked */
} PfBmFilterType;

typedef struct PfBmFilter
{
	uint8		type;			/* PfBmFilterType */
	uint8		width;			/* bytes in a document's record: 1, 2, 4 or 8 */
	uint16		offset;			/* where in the record */
} PfBmFilter;

typedef struct PfBmSegmentEntry
{
	uint64		id;
	BlockNumber header;
	uint32		ndocs;			/* documents, the dead ones among them */
	uint32		ndead;			/* those that VACUUM has cleared from the alive bits */
	uint32		ntexts;			/* documents whose tsvector is not NULL */
	double		sum_length;		/* weighted length of all ntexts */
	uint32		npages;			/* header included */
	uint32		unused;
} PfBmSegmentEntry;

typedef struct PfBmMeta
{
	uint32		magic;
	uint32		version;
	uint64		index_id;		/* random: tells this build of the index from any other */
	uint64		next_owner;		/* for the next segment or buffer page */
	float4		weights[PF_BM_FIELDS];	/* as of the build; D, C, B, A */

	/* Write buffer: pages from head to tail, linked, with owners that ascend. */
	BlockNumber buffer_head;	/* InvalidBlockNumber = none */
	BlockNumber buffer_tail;
	uint64		buffer_owner;	/* owner of the head */
	uint32		buffer_pages;
	BlockNumber spare_head;		/* consumed buffer pages, linked, free at once */

	uint16		doc_width;		/* bytes of a document's record */
	uint16		nfilters;
	PfBmFilter	filters[PF_BM_MAX_FILTERS];
	uint8		order[PF_BM_MAX_FILTERS];	/* by which filters documents are sorted, see order.c */

	uint32		nsegments;		/* in the order they were published */
	PfBmSegmentEntry segments[PF_BM_MAX_SEGMENTS];
} PfBmMeta;

#define PF_BM_META(page)	((PfBmMeta *) PF_BM_DATA(page))

/* ---- documents ---- */

/*
 * Counts of a term in a document by field: byte f is the number of positions
 * with weight f (0 = D), at most 255 together; a lexeme without positions
 * counts 1 in D.
 */
typedef uint32 PfBmCounts;

#define PF_BM_COUNT(counts, f)	(((counts) >> (8 * (f))) & 0xFF)

/* A document in memory; on the page a packed record, see pf_bm_doc_pack(). */
typedef struct PfBmDoc
{
	ItemPointerData tid;
	uint16		nulls;			/* bit i: filter i is NULL (its value is then 0) */
	float4		length;			/* weighted length; -1 = the tsvector is NULL */
	int64		values[PF_BM_MAX_FILTERS];	/* ordered as the column is; see filter.c */
} PfBmDoc;

/* ---- segments ---- */

typedef struct PfBmExtent
{
	BlockNumber start;
	uint32		npages;
} PfBmExtent;

/* How many of each counts a segment's postings have; codes are its positions. */
typedef struct PfBmCountsEntry
{
	PfBmCounts	counts;
	uint32		n;				/* postings that have it, saturated */
} PfBmCountsEntry;

/*
 * First on the first header page.  Extents of all areas follow, area by area,
 * and go on at the start of the next header page (next).
 */
typedef struct PfBmHeader
{
	uint64		id;
	uint64		index_id;
	uint64		npostings;
	double		sum_length;
	float4		k1;				/* impacts are for these three */
	float4		b;
	float4		average;
	uint32		ndocs;
	uint32		ntexts;
	uint32		nterms;
	uint32		dictionary_root;	/* page in its area */
	uint32		dictionary_height;	/* 1 = the root is a leaf; 0 = no terms */
	uint32		dictionary_leaves;	/* the area's first pages */
	uint32		nskips;
	uint32		ncounts;		/* tables area: PfBmCountsEntry[ncounts], float4[nlengths] */
	uint32		nlengths;
	uint32		nzones;			/* then PfBmZone[nfilters][pages of the docs area] */
	uint32		npages[PF_BM_AREAS];
	uint32		nextents[PF_BM_AREAS];
	int64		min[PF_BM_MAX_FILTERS];	/* of the values that are not NULL; min > max = all NULL */
	int64		max[PF_BM_MAX_FILTERS];
	uint32		null_filters;	/* bit i: some value of filter i is NULL */
	BlockNumber next;			/* header page with more extents, or InvalidBlockNumber */
} PfBmHeader;

/* Of a filter's values on a page of the docs area, but for NULLs; min > max = all NULL. */
typedef struct PfBmZone
{
	int64		min;
	int64		max;
} PfBmZone;

/* First on each further header page. */
typedef struct PfBmMoreExtents
{
	BlockNumber next;
	uint32		n;
} PfBmMoreExtents;

/* One for each block of a list that has more than one. */
typedef struct PfBmSkip
{
	uint32		last_doc;
	uint32		page;			/* in the postings area */
	uint16		offset;			/* in its payload */
	uint16		impact;			/* largest in the block, in 1/65535, rounded up */
	uint8		doc_bits;		/* widths of the packed values, 0 to 32 */
	uint8		count_bits;
	uint8		length_bits;
	uint8		n;				/* postings - 1 */
} PfBmSkip;

StaticAssertDecl(sizeof(PfBmTail) == 24, "page tail");
StaticAssertDecl(sizeof(PfBmSegmentEntry) == 40, "segment entry");
StaticAssertDecl(sizeof(PfBmSkip) == 16, "skip entry");
StaticAssertDecl(sizeof(PfBmMeta) <= BLCKSZ - 48, "metapage");

/* ---- options.c ---- */

typedef struct PfBmOptions
{
	int32		vl_len_;
	double		k1;				/* 0 to 10, default 1.2 */
	double		b;				/* 0 to 1, default 0.75 */
	int			buffer_size;	/* kB of the write buffer beyond which it is spilled, default 256 */
	int			config;			/* offsets of strings; 0 = default */
	int			weights;
} PfBmOptions;

extern void pf_bm_options_init(void);	/* for _PG_init */
extern bytea *pf_bm_options(Datum reloptions, bool validate);
extern double pf_bm_k1(Relation index);
extern double pf_bm_b(Relation index);
extern uint32 pf_bm_buffer_pages(Relation index);
extern void pf_bm_weights(Relation index, float4 weights[PF_BM_FIELDS]);	/* of the options */
extern Oid	pf_bm_config(Relation index);	/* text search configuration */
extern Relation pf_bm_index_open(Oid relid, LOCKMODE lockmode);	/* ERROR 42809 unless one of ours */
extern Relation pf_bm_index_open_any(Oid relid, LOCKMODE lockmode);	/* or a partitioned one of ours */

/* Those with the data: itself, or the open indexes of all its partitions. */
extern List *pf_bm_index_leaves(Relation index, LOCKMODE lockmode);
extern void pf_bm_index_leaves_close(Relation index, List *leaves);	/* keeps locks */

/* ---- tsv.c: what a tsvector says of a document ---- */

extern PfBmCounts pf_bm_tsv_counts(TSVector tsv, const WordEntry *word);
extern float4 pf_bm_tsv_length(TSVector tsv, const float4 weights[PF_BM_FIELDS]);

/* Weighted term frequency of the fields in mask (bit f). */
static inline float4
pf_bm_weighted(PfBmCounts counts, const float4 weights[PF_BM_FIELDS], int mask)
{
	double		sum = 0;

	for (int f = 0; f < PF_BM_FIELDS; f++)
	{
		if (mask & (1 << f))
			sum += (double) weights[f] * PF_BM_COUNT(counts, f);
	}
	return (float4) sum;
}

#define PF_BM_ALL_FIELDS	0xF

/* ---- score: the one formula, for the index and for a row on its own ---- */

/* idf as in Lucene: never negative */
extern double pf_bm_idf(double ntexts, double df);

struct PfBmQuery;

/*
 * What the scores of a query are made of, for the index it names; for a
 * partitioned one, of all its partitions together.
 */
typedef struct PfBmStats
{
	double		ntexts;
	double		sum_length;
	double		average;
	double		k1;
	double		b;
	float4		weights[PF_BM_FIELDS];
	double	   *df;				/* of the query's terms */
	double	   *idf;			/* times the query's weight */
} PfBmStats;

/*
 * Reads them from the index (AccessShareLock); df and idf are palloc'd.  ERROR 42501 unless the
 * current user may SELECT what the index is made of.
 */
extern void pf_bm_stats_read(const struct PfBmQuery *query, PfBmStats *stats);

/* The same, read once for a statement's snapshot; good until the next call. */
extern const PfBmStats *pf_bm_stats_kept(const struct PfBmQuery *query);
extern void pf_bm_check_select(Relation index);	/* ERROR 42501, as above */

static inline double
pf_bm_saturation(double tf, double length, double average, double k1, double b)
{
	double		norm = average > 0 ? 1 - b + b * length / average : 1;

	return tf > 0 ? tf / (tf + k1 * norm) : 0;
}

/* ---- filter.c ---- */

/* Layout of the columns behind the tsvector; ERROR if there are too many or of other types. */
extern void pf_bm_filters_init(Relation index, PfBmMeta *meta);
extern int64 pf_bm_filter_value(Relation index, int filter, Datum value);	/* filter from 0 */

/* Fills doc->values and nulls from the index's columns (values[0] is the tsvector). */
extern void pf_bm_filter_values(Relation index, const Datum *values, const bool *isnull, PfBmDoc *doc);

/* Scan keys on the columns behind the tsvector, turned into ranges. */
typedef struct PfBmRange
{
	int			filter;
	int64		low;			/* inclusive */
	int64		high;			/* inclusive; low > high matches nothing */
	bool		recheck;		/* equal hashes may be different text */
	int			nvalues;		/* = ANY: sorted values; -1 = a plain range */
	int64	   *in;
} PfBmRange;

/* ranges has room for nkeys; gives their number.  *never = no row can match. */
extern int	pf_bm_ranges(Relation index, ScanKey keys, int nkeys, PfBmRange *ranges, bool *never);

static inline bool
pf_bm_range_test(const PfBmRange *range, const PfBmDoc *doc)
{
	int64		value = doc->values[range->filter];

	if (doc->nulls & (1 << range->filter))
		return false;
	if (value < range->low || value > range->high)
		return false;
	if (range->nvalues >= 0)
	{
		int			lo = 0;
		int			hi = range->nvalues;

		while (lo < hi)
		{
			int			mid = lo + (hi - lo) / 2;

			if (range->in[mid] == value)
				return true;
			if (range->in[mid] < value)
				lo = mid + 1;
			else
				hi = mid;
		}
		return false;
	}
	return true;
}

/* A document's record in the docs area, doc_width bytes: length, tid, nulls (if filters), values. */
extern void pf_bm_doc_pack(const PfBmMeta *meta, const PfBmDoc *doc, char *record);
extern void pf_bm_doc_unpack(const PfBmMeta *meta, const char *record, PfBmDoc *doc);

/* Order of documents in a segment: filters in the order of the metapage (NULLs last), then tid. */
extern int	pf_bm_doc_compare(const PfBmMeta *meta, const PfBmDoc *a, const PfBmDoc *b);

/* ---- page.c ---- */

extern void pf_bm_page_init(Page page, uint16 kind, uint64 owner);	/* pd_lower = start of data */
extern void pf_bm_page_set_size(Page page, Size size);	/* bytes of payload in use */
extern void pf_bm_page_seal(Page page);	/* after the last change, before it is logged */

/* ERROR XX002 unless the page is sound, of this kind and owner (0 = any). Caller holds a lock. */
extern void pf_bm_page_check(Relation index, BlockNumber blkno, Page page, PfBmKind kind, uint64 owner,
							 bool crc);
extern bool pf_bm_page_is_sound(Page page);	/* the same as a question: layout and CRC */
extern _Noreturn void pf_bm_corrupt(Relation index, BlockNumber blkno, const char *fmt,...)
			__attribute__((format(printf, 3, 4)));

/* Pinned and share-locked; checked. Release by UnlockReleaseBuffer(). */
extern Buffer pf_bm_read(Relation index, BlockNumber blkno, PfBmKind kind, uint64 owner);

/*
 * A page nobody else has: reused or new, pinned and exclusively locked, content
 * undefined.  With extend, never a reused one.
 */
extern Buffer pf_bm_page_claim(Relation index, bool extend);

/*
 * Adds n pages in a row at the end of the file, zeroed; gives the first.  For builds:
 * VACUUM would take them for free.
 */
extern BlockNumber pf_bm_pages_extend(Relation index, uint32 n);

/* Marks pages as free for reuse past the horizon of what runs now. */
extern void pf_bm_page_retire(Relation index, BlockNumber blkno, uint64 owner);
extern bool pf_bm_is_past(uint64 xid);	/* is a full transaction id past the horizon? */
extern bool pf_bm_page_reusable(Page page);	/* new, or retired past the horizon */

/* ---- meta.c ---- */

extern void pf_bm_meta_read(Relation index, PfBmMeta *meta);	/* a copy */

/* For a change: locked exclusively, and the copy that generic WAL will log.  Then finish, or abort. */
typedef struct PfBmChange
{
	Buffer		buffer;
	GenericXLogState *state;
	PfBmMeta   *meta;
	Page		page;
} PfBmChange;

extern void pf_bm_meta_begin(Relation index, PfBmChange *change);
extern void pf_bm_meta_finish(PfBmChange *change);	/* seals, logs, unlocks */
extern void pf_bm_meta_abort(PfBmChange *change);	/* unlocks; nothing has changed */
extern uint64 pf_bm_next_owner(Relation index);	/* a number for a segment in the making */

/* ---- writer.c: a segment from its documents and terms ---- */

typedef struct PfBmWriter PfBmWriter;

/*
 * Phases: begin; every document in order by add_doc(); then terms in ascending
 * order (memcmp, then length), each by term() and its postings, documents
 * ascending, by posting(); end() gives the entry for the metapage.  A term
 * without postings is left out.  Nothing refers to the segment until its
 * entry is on the metapage.
 */
extern PfBmWriter *pf_bm_writer_begin(Relation index, const PfBmMeta *meta, bool build,
									  const PfBmCountsEntry *counts, uint32 ncounts);
extern uint32 pf_bm_writer_add_doc(PfBmWriter *writer, const PfBmDoc *doc);	/* its number */
extern void pf_bm_writer_term(PfBmWriter *writer, const char *term, int len);
extern void pf_bm_writer_postings(PfBmWriter *writer, const uint32 *docs, const uint32 *codes, int n);
extern void pf_bm_writer_end(PfBmWriter *writer, PfBmSegmentEntry *entry);
/*
 * Codes are positions in the counts given to begin(), which need not be sorted
 * and must stay until the end.  With build, pages are neither logged nor taken from
 * the free space map, and the segment's id is meta->next_owner, which is the caller's to advance.
 */

/* ---- source: what segments are merged from ---- */

/*
 * A stream of documents and sorted terms: documents in memory after an
 * add() (invert.c), a run of a build in a temporary file (run.c), a segment (segment_source.c).
 * The users call doc() for each of ndocs, then next() until false, and after
 * each next() postings() until 0.
 */
typedef struct PfBmSource PfBmSource;
struct PfBmSource
{
	uint32		ndocs;
	uint32		ncounts;
	const PfBmCountsEntry *counts;	/* what codes stand for */

	bool		(*doc) (PfBmSource *source, PfBmDoc *doc);	/* next document; false = it is dead */
	bool		(*next) (PfBmSource *source);	/* next term: sets term, len */
	int			(*postings) (PfBmSource *source, uint32 *docs, uint32 *codes);	/* up to PF_BM_BLOCK */
	void		(*close) (PfBmSource *source);

	const char *term;			/* valid until the next next() */
	int			len;
};

/* ---- segment.c: reading ---- */

/*
 * An open segment.  Handles are kept by the backend (a segment never changes),
 * and live until pf_bm_segment_release() and longer.
 */
typedef struct PfBmSegment
{
	uint64		index_id;
	uint64		id;
	PfBmHeader	header;
	PfBmExtent *extents[PF_BM_AREAS];
	uint32	   *first[PF_BM_AREAS];	/* page number each extent begins with */
	PfBmCounts *counts;			/* header.ncounts */
	float4	   *lengths;		/* header.nlengths */
	float4	   *tf;				/* header.ncounts: weighted term frequency */
	PfBmCountsEntry *entries;	/* header.ncounts: the tables as stored */
	PfBmZone   *zones;			/* header.nzones, once pf_bm_segment_zones() was called */
	uint8	   *checked;		/* bit for each page of each area: its CRC was right */
	uint32		first_checked[PF_BM_AREAS];
	uint64		used;			/* when, for eviction */
	int			users;
	MemoryContext context;
} PfBmSegment;

extern PfBmSegment *pf_bm_segment_open(Relation index, const PfBmMeta *meta,
									   const PfBmSegmentEntry *entry);
extern void pf_bm_segment_release(PfBmSegment *segment);

/* Zones of a filter, one for each page of the docs area. */
extern const PfBmZone *pf_bm_segment_zones(Relation index, PfBmSegment *segment, int filter);
extern BlockNumber pf_bm_segment_block(const PfBmSegment *segment, PfBmArea area, uint32 page);

/*
 * Pinned and checked; *pinned is released if it is another page, and set.  Call
 * pf_bm_segment_done() when the page has been read: it may be share-locked.
 */
extern Page pf_bm_segment_page(Relation index, PfBmSegment *segment, PfBmArea area, uint32 page,
							   Buffer *pinned);
extern void pf_bm_segment_done(PfBmArea area, Buffer pinned);	/* the pin stays with the caller */

extern void pf_bm_segment_doc(Relation index, const PfBmMeta *meta, PfBmSegment *segment, uint32 doc,
							  Buffer *pinned, PfBmDoc *out);
extern bool pf_bm_segment_alive(Relation index, PfBmSegment *segment, uint32 doc, Buffer *pinned);

/* ---- dictionary.c ---- */

/* A term of a segment: where its postings are. */
typedef struct PfBmTerm
{
	uint32		df;				/* 0 = not in this segment */
	uint32		nblocks;
	uint32		skip;			/* first entry in the skips area, if nblocks > 1 */
	uint16		impact;			/* largest of the list */
	PfBmSkip	only;			/* the block, if nblocks is 1 and df > 1 */
	uint32		doc;			/* the posting, if df is 1 */
	uint32		code;
	uint32		length;
} PfBmTerm;

extern bool pf_bm_segment_lookup(Relation index, PfBmSegment *segment, const char *term, int len,
								 PfBmTerm *out);

/* Walks the dictionary in order. */
typedef struct PfBmTermScan
{
	Relation	index;
	PfBmSegment *segment;
	uint32		page;			/* next leaf */
	BlockNumber blkno;			/* of this one */
	char	   *data;			/* a copy of the leaf, with 8 bytes to spare */
	const char *pos;
	const char *end;
	uint32		left;			/* entries of the leaf */
	bool		pending;		/* term and info are set, and not given out yet */
	char		term[2048];
	int			len;
	PfBmTerm	info;
} PfBmTermScan;

/* From the first term >= prefix (len 0: from the start). */
extern void pf_bm_terms_begin(PfBmTermScan *scan, Relation index, PfBmSegment *segment,
							  const char *prefix, int len);
extern bool pf_bm_terms_next(PfBmTermScan *scan);	/* sets term, len, info */
extern void pf_bm_terms_end(PfBmTermScan *scan);

/* ---- cursor.c: reading postings ---- */

typedef struct PfBmCursor
{
	Relation	index;
	PfBmSegment *segment;
	PfBmTerm	term;
	uint32		doc;			/* where it stands; PF_BM_NO_DOC = at the end */
	int			pos;			/* in the decoded block */
	int			n;				/* decoded postings; 0 = none */
	uint32		block;			/* decoded block */
	uint32		shallow;		/* block that pf_bm_cursor_shallow() found */
	bool		coded;			/* codes and lengths are decoded, too */
	bool		unpinned;		/* gives the pin back after each block */
	Buffer		postings;		/* pin */
	PfBmSkip   *skip;			/* all of the list's, or NULL */
	uint32		docs[PF_BM_BLOCK];
	uint32		codes[PF_BM_BLOCK];		/* counts: segment->counts[code], segment->tf[code] */
	uint32		lengths[PF_BM_BLOCK];	/* segment->lengths[...] */
} PfBmCursor;

/* Stands on the first posting.  Cursors are large: palloc them. */
extern void pf_bm_cursor_open(PfBmCursor *cursor, Relation index, PfBmSegment *segment,
							  const PfBmTerm *term, bool unpinned);
extern void pf_bm_cursor_close(PfBmCursor *cursor);

/* To the first posting with a document >= doc, never backwards; gives it, or PF_BM_NO_DOC. */
extern uint32 pf_bm_cursor_seek(PfBmCursor *cursor, uint32 doc);
extern uint32 pf_bm_cursor_next(PfBmCursor *cursor);
extern void pf_bm_cursor_codes(PfBmCursor *cursor);	/* sees to it that the block is coded */
extern uint32 pf_bm_cursor_code(PfBmCursor *cursor);	/* of the posting it stands on */

/* Code of counts and of length of the posting it stands on, without decoding the others'. */
extern void pf_bm_cursor_posting(PfBmCursor *cursor, uint32 *code, uint32 *length);

/* The block that would hold doc, without reading it: its last document and its largest impact. */
extern uint32 pf_bm_cursor_shallow(PfBmCursor *cursor, uint32 doc, uint16 *impact);

/* ---- buffer.c: the write buffer ---- */

/*
 * A document that is not in a segment yet: one record on a buffer page.  In
 * memory, what pf_bm_buffer_scan() gives.
 */
typedef struct PfBmRecord
{
	PfBmDoc		doc;
	uint32		nterms;
	const uint32 *hashes;		/* nterms, in the order of the terms */
	const PfBmCounts *counts;	/* nterms */
	const uint16 *lengths;		/* nterms: bytes of each term */
	const char *terms;			/* one after the other, ascending */
} PfBmRecord;

extern uint32 pf_bm_hash(const char *term, int len);

/* Position of a term in a record, or -1. */
extern int	pf_bm_record_find(const PfBmRecord *record, const char *term, int len, uint32 hash);

/* Adds a document; tsv NULL for a NULL.  Gives the pages the buffer has now, and whether it was empty. */
extern uint32 pf_bm_buffer_add(Relation index, const PfBmDoc *doc, TSVector tsv, bool *first);

/*
 * Calls fn for each record that is not a tombstone, as of *meta or a moment
 * later: sets *meta to the metapage whose buffer it was.  If a spill overtakes,
 * calls restart (which forgets what it has seen) and begins again, with the
 * metapage read anew.  The record is good for that call only; no lock is held
 * and fn may raise an error.
 */
typedef void (*PfBmRecordFn) (const PfBmRecord *record, void *arg);
extern void pf_bm_buffer_scan(Relation index, PfBmMeta *meta, PfBmRecordFn fn, void (*restart) (void *arg),
							  void *arg);

/* First on a page of kind BUFFER; records follow. */
typedef struct PfBmBufferPage
{
	BlockNumber next;			/* first here and on LONG pages: also links spare pages */
	uint32		closed;
	uint64		next_owner;		/* 0 = no next page that is the buffer's */
	uint32		nrecords;
	uint32		unused;
} PfBmBufferPage;

/* First on a page of kind LONG; bytes follow. */
typedef struct PfBmLongPage
{
	BlockNumber next;
	uint32		unused;
	uint64		next_owner;
} PfBmLongPage;

/* The document's record follows, then nterms and the arrays, or a PfBmLongRef. */
typedef struct PfBmRecordHead
{
	uint32		size;
	uint16		flags;
	uint16		unused;
} PfBmRecordHead;

#define PF_BM_TOMBSTONE		1
#define PF_BM_IS_LONG		2
#define PF_BM_RECORD_TERM	10	/* bytes of a term beside its own: hash, counts, length */

typedef struct PfBmLongRef
{
	uint32		nbytes;
	BlockNumber first;
	uint64		owner;
} PfBmLongRef;

#define PF_BM_USED(page)	(((PageHeader) (page))->pd_lower - SizeOfPageHeaderData)

typedef struct PfBmNumbers
{
	uint32	   *items;
	Size		n;
	Size		max;
} PfBmNumbers;

extern void pf_bm_numbers_add(PfBmNumbers *numbers, uint32 number);

/* Pages of the buffer, as of a copy of the metapage. */
typedef struct PfBmChain
{
	BlockNumber head;
	uint64		owner;
	BlockNumber tail;
	uint32		npages;			/* LONG ones, too */
	PfBmNumbers blocks;			/* of them all */
	PfBmNumbers long_first;		/* of each long record */
	PfBmNumbers long_last;
} PfBmChain;

/*
 * For who holds the spill lock.  Spilling: close, walk, link, and in the change that
 * publishes the segment, drop; the caller releases its locked pages behind
 * the change.  walk() and delete() go to the tail of *meta.
 */
extern void pf_bm_buffer_close(Relation index, const PfBmMeta *meta);
extern void pf_bm_buffer_walk(Relation index, const PfBmMeta *meta, PfBmRecordFn fn, void *arg,
							  PfBmChain *chain);
extern void pf_bm_chain_link(Relation index, const PfBmChain *chain);
extern void pf_bm_chain_drop(Relation index, PfBmChange *change, const PfBmChain *chain, Buffer locked[2]);
extern void pf_bm_buffer_delete(Relation index, const PfBmMeta *meta, IndexBulkDeleteCallback callback,
								void *state, double *removed);

/* ---- invert.c: documents in memory ---- */

typedef struct PfBmInvert PfBmInvert;

extern PfBmInvert *pf_bm_invert_begin(const PfBmMeta *meta);	/* in the current memory context */
extern void pf_bm_invert_add_tsv(PfBmInvert *invert, const PfBmDoc *doc, TSVector tsv);
extern void pf_bm_invert_add_record(PfBmInvert *invert, const PfBmRecord *record);
extern Size pf_bm_invert_size(const PfBmInvert *invert);	/* bytes */
extern uint32 pf_bm_invert_ndocs(const PfBmInvert *invert);
extern PfBmSource *pf_bm_invert_source(PfBmInvert *invert);	/* sorts; no more add */

/* ---- segment_source.c ---- */

extern PfBmSource *pf_bm_segment_source(Relation index, const PfBmMeta *meta,
										const PfBmSegmentEntry *entry);

/* ---- merge.c ---- */

/*
 * Merges sources into a segment: documents in the order of pf_bm_doc_compare(), the dead
 * left out, with interrupts checked.  Gives false, and writes nothing, if no document is left.
 * The caller closes the sources.
 */
extern bool pf_bm_merge(Relation index, const PfBmMeta *meta, bool build, PfBmSource **sources,
						int nsources, PfBmSegmentEntry *entry);

/* ---- run.c: sorted runs of a build in temporary files ---- */

struct BufFile;

/* Documents and terms of a source without dead documents, to an empty file. */
extern void pf_bm_run_write(struct BufFile *file, const PfBmMeta *meta, PfBmSource *source);

/* Reads it from its start; meta must stay, and close() closes the file, too. */
extern PfBmSource *pf_bm_run_source(struct BufFile *file, const PfBmMeta *meta);

/* ---- build.c ---- */

/* order.c: sets meta->order from a sample of the table */
extern void pf_bm_choose_order(Relation heap, Relation index, struct IndexInfo *info, PfBmMeta *meta);

extern IndexBuildResult *pf_bm_build(Relation heap, Relation index, struct IndexInfo *info);
extern void pf_bm_buildempty(Relation index);
extern char *pf_bm_buildphasename(int64 phase);

/* ---- insert.c, spill.c ---- */

extern bool pf_bm_insert(Relation index, Datum *values, bool *isnull, ItemPointer tid, Relation heap,
						 IndexUniqueCheck unique, bool unchanged, struct IndexInfo *info);

/*
 * Makes a segment of the buffer if it has more pages than told.  Unless wait, gives up at once if
 * somebody else is at it.  Says whether others have begun a new buffer meanwhile, so that none of them
 * will find it empty.
 */
extern bool pf_bm_spill(Relation index, uint32 pages, bool wait);

/*
 * Merges segments where the policy says so; at most max_pages of input in one
 * merge (0 = no limit).  Caller holds the merge lock.  Gives whether it did one.
 */
extern bool pf_bm_merge_step(Relation index, uint32 max_pages);

/* Writes a segment again, elsewhere, if it is there still and reaches a block; the caller as above. */
extern bool pf_bm_move_step(Relation index, uint64 id, BlockNumber limit);

/* One merge as small as an insert may wait for, unless somebody else is merging. */
extern void pf_bm_merge_inline(Relation index);

/* ---- vacuum.c ---- */

extern IndexBulkDeleteResult *pf_bm_bulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
											   IndexBulkDeleteCallback callback, void *state);
extern IndexBulkDeleteResult *pf_bm_vacuumcleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats);

/* ---- sweep.c ---- */

/* Finds free pages and retires those of nobody; gives the number of blocks before the free ones at the end. */
extern BlockNumber pf_bm_sweep(IndexVacuumInfo *info, IndexBulkDeleteResult *stats);

/* Pages of a segment that this backend has retired: for the free space map, once they may be used again. */
extern void pf_bm_free_later(uint64 index_id, BlockNumber start, uint32 npages);
extern void pf_bm_free_due(Relation index, uint64 index_id);

/* Cuts the file off behind its last page in use, if that is worth it and nobody is in the way. */
extern void pf_bm_truncate(IndexVacuumInfo *info, Relation heap, BlockNumber used,
						   IndexBulkDeleteResult *stats);

/* ---- query.c: the type bm25query ---- */

typedef struct PfBmQueryTerm
{
	uint32		offset;			/* of its bytes, from the start of the value */
	uint16		len;
	uint16		mask;			/* fields that count */
	float4		weight;			/* how often the query has it */
} PfBmQueryTerm;

typedef struct PfBmQuery
{
	int32		vl_len_;
	Oid			index;
	uint32		nterms;			/* distinct by (term, mask), ascending */
	PfBmQueryTerm terms[FLEXIBLE_ARRAY_MEMBER];
} PfBmQuery;

#define PF_BM_QUERY_TERM(query, i)	((const char *) (query) + (query)->terms[i].offset)
#define PF_BM_MAX_QUERY_TERMS	65535

/* So that no product of scores leaves single precision. */
#define PF_BM_MAX_WEIGHT	1e6f
#define PF_BM_WEIGHT_IN_RANGE(weight)	((weight) >= 1e-6f && (weight) <= PF_BM_MAX_WEIGHT)

extern PfBmQuery *pf_bm_query_check(Datum value);	/* detoasted; sound; ERROR if not */

/* ---- view.c: an index as of one moment ---- */

/* A document of the buffer that a scan looks at. */
typedef struct PfBmBuffered
{
	PfBmDoc		doc;
	bool		matches;		/* the tsquerys of the scan, if there are */
	double		score;			/* filled in when statistics are complete */
	uint32		first;			/* in view->found: (term, counts) of the query's terms it has */
	uint32		nfound;
} PfBmBuffered;

typedef struct PfBmFound
{
	uint32		term;			/* of the query */
	PfBmCounts	counts;
} PfBmFound;

typedef struct PfBmView
{
	Relation	index;
	MemoryContext context;
	PfBmMeta	meta;
	double		k1;
	double		b;
	double		ntexts;			/* segments and buffer, the dead of segments included */
	double		sum_length;
	double		average;
	uint32		ndocs;			/* alive, as far as the index knows */

	PfBmSegment **segments;		/* meta.nsegments */
	const PfBmQuery *query;		/* or NULL */
	PfBmTerm   *terms;			/* [segment * query->nterms + term] */
	double	   *df;				/* of the query's terms, everywhere */
	double	   *idf;			/* times the query's weight */

	PfBmBuffered *buffered;		/* every record of the buffer that is not a tombstone */
	uint32		nbuffered;
	PfBmFound  *found;
	uint32		nfound;
} PfBmView;

struct PfBmMatcher;
extern PfBmView *pf_bm_view_open(Relation index, const PfBmQuery *query, struct PfBmMatcher *matcher);

/* Scores of the buffer's documents; for who has put other statistics into average and idf. */
extern void pf_bm_view_score(PfBmView *view);
extern void pf_bm_view_close(PfBmView *view);	/* releases segments, deletes its context */

/* ---- match.c: tsquery over segments and records ---- */

typedef struct PfBmMatcher PfBmMatcher;
typedef struct PfBmMatch PfBmMatch;

/* All of n queries together; NULL elements are not allowed. */
extern PfBmMatcher *pf_bm_matcher_begin(TSQuery *queries, int n);
extern bool pf_bm_matcher_recheck(const PfBmMatcher *matcher);	/* phrases: rows must be looked at */
extern bool pf_bm_matcher_record(const PfBmMatcher *matcher, const PfBmRecord *record);

/* Does it match every document that has one of these terms (its terms only joined by OR)? */
extern bool pf_bm_matcher_implied(const PfBmMatcher *matcher, const PfBmQuery *query);

/* Is it the AND of exactly the query's terms? */
extern bool pf_bm_matcher_is_and(const PfBmMatcher *matcher, const PfBmQuery *query);

/* Over one segment; documents with a NULL never match, the dead are not looked at here. */
extern PfBmMatch *pf_bm_match_open(const PfBmMatcher *matcher, Relation index, const PfBmMeta *meta, PfBmSegment *segment);
extern double pf_bm_match_estimate(const PfBmMatch *match);	/* how many documents, at most */
extern uint32 pf_bm_match_seek(PfBmMatch *match, uint32 doc);	/* first >= doc, never backwards */
extern bool pf_bm_match_test(PfBmMatch *match, uint32 doc);	/* docs must ascend */
extern void pf_bm_match_close(PfBmMatch *match);

/* ---- topk.c: the best documents ---- */

typedef struct PfBmHit
{
	double		score;
	uint32		source;			/* segment's place in the view; nsegments = the buffer */
	uint32		doc;			/* in it */
	ItemPointerData tid;
} PfBmHit;

/*
 * The k best of the documents that are alive, pass the ranges and the matcher
 * (NULL = all) and have a score > 0; by score, then source, then doc.
 * *complete = there are no more than these.
 */
extern int	pf_bm_topk(PfBmView *view, const PfBmRange *ranges, int nranges, const PfBmMatcher *matcher,
					   int k, PfBmHit *hits, bool *complete);

/* ---- scan.c, cost.c, handler.c ---- */

extern IndexScanDesc pf_bm_beginscan(Relation index, int nkeys, int norderbys);
extern void pf_bm_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys);
extern bool pf_bm_gettuple(IndexScanDesc scan, ScanDirection direction);
extern int64 pf_bm_getbitmap(IndexScanDesc scan, TIDBitmap *tbm);
extern void pf_bm_endscan(IndexScanDesc scan);

struct PlannerInfo;
struct IndexPath;
extern void pf_bm_costestimate(struct PlannerInfo *root, struct IndexPath *path, double loop_count,
							   Cost *startup, Cost *total, Selectivity *selectivity,
							   double *correlation, double *pages);
extern int	pf_bm_limit_hint(Oid index);	/* rows that the last plan on it wanted; 0 = unknown */

extern bool pf_bm_validate(Oid opclass);

#endif							/* PF_INDEX_H */
