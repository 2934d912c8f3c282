/*-------------------------------------------------------------------------
 *
 * paper.h
 *		Papers as rows: record to tuple, identity, merging, writing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PAPER_H
#define PF_PAPER_H

#include "access/tupdesc.h"
#include "common/record.h"
#include "paper/paperid.h"

/* Columns of paperfeed.paper, from 0. */
typedef enum PfColumn
{
	PF_COL_ID,
	PF_COL_TITLE,
	PF_COL_ABSTRACT,
	PF_COL_AUTHORS,
	PF_COL_PUBLISHED,
	PF_COL_UPDATED,
	PF_COL_VERSION,
	PF_COL_CATEGORIES,
	PF_COL_DOI,
	PF_COL_VENUE,
	PF_COL_COMMENT,
	PF_COL_LICENSE,
	PF_COL_URL,
	PF_COL_PDF_URL,
	PF_COL_LINKS,
	PF_COL_METRICS,
	PF_COL_WITHDRAWN,
	PF_COL_SOURCE,
	PF_COL_EXTRA,
	PF_NCOLUMNS
} PfColumn;

/* The same for a SELECT, whatever columns of his own somebody has added. */
#define PF_PAPER_COLUMNS \
	"id, title, abstract, authors, published, updated, version, categories, doi, venue," \
	" comment, license, url, pdf_url, links, metrics, withdrawn, source, extra"

typedef struct PfRow
{
	Datum		values[PF_NCOLUMNS];
	bool		nulls[PF_NCOLUMNS];
} PfRow;

#define PF_MAX_IDENTITIES	16

/* The identities of one record, canonical, the most authoritative first. */
typedef struct PfIdentities
{
	PfStr		ids[PF_MAX_IDENTITIES];
	int			n;
	int			version;		/* that one of them named; 0 = none */
} PfIdentities;

/* identity.c */
extern void pf_identify(const PfRecord *rec, PfIdentities *out);

/* tuple.c */
extern TupleDesc pf_paper_tupdesc(void);	/* of paperfeed.paper, blessed, not to be freed */
extern Oid	pf_paper_typeid(void);

/*
 * Fill a row from a record, in CurrentMemoryContext.  'with_sighting': put
 * the other identities and the announcement into extra, for those who see
 * the record only.
 */
extern void pf_row_from_record(const PfRecord *rec, const PfIdentities *ids, bool with_sighting,
							   PfRow *row);

/* Hash of all that the record says. */
extern uint64 pf_record_fingerprint(const PfRecord *rec);

/* The record as jsonb, for people to look at. */
extern Datum pf_record_jsonb(const PfRecord *rec);

/* merge.c */
typedef uint32 PfColumnSet;		/* bit n = column n */

/*
 * Merge 'in' into 'row' by the rules at the head of merge.c.  Returns the
 * columns of 'row' that changed; their new values are those of 'in' or
 * palloc'd in CurrentMemoryContext.
 */
extern PfColumnSet pf_row_merge(PfRow *row, const PfRow *in);

/* The named columns of a row as a jsonb object. */
extern Datum pf_row_jsonb(const PfRow *row, PfColumnSet columns);

/* writer.c */
typedef struct PfCounts
{
	int64		seen;
	int64		added;
	int64		updated;
	int64		unchanged;
	int64		dropped;		/* by a rule of the user's */
	int64		rejected;
} PfCounts;

typedef struct PfWriter PfWriter;

/*
 * Write records into 'target', a table OF paperfeed.paper, with the rights of
 * the current user on it.  SPI has a level of its own from begin to end, and
 * the memory context that is current at the beginning must live as long.
 * Raises 42809 if the table is of another type, 42P10 if its id is not unique.
 */
extern void pf_writer_check(Oid target);	/* raises the same errors */
extern bool pf_writer_may(Oid target);	/* has the current user the rights?  True of what is not there */
extern PfWriter *pf_writer_begin(Oid target, int64 feed, bool feed_is_new);

/* These were counted before, in the same document: places and counts go on from there. */
extern void pf_writer_go_on(PfWriter *writer, const PfCounts *counts);
extern void pf_writer_add(PfWriter *writer, const PfRecord *rec);
extern PfCounts pf_writer_end(PfWriter *writer);

/*
 * Asked of each record, as a row under an id of its own.  One that is not wanted
 * only tells of a paper that has a row already, or gets one in the same batch;
 * else it counts as dropped.
 */
typedef bool (*PfWantedFn) (const PfRow *told, void *arg);
extern void pf_writer_filter(PfWriter *writer, PfWantedFn wanted, void *arg);

/*
 * What a feed told of a paper of paperfeed.papers, for those above who want to
 * know.  They hear of it where the paper was written or is newly sighted, once
 * for each of the feed's records that has metrics or may be an announcement.
 */
typedef struct PfNews
{
	Datum		paper;			/* paperid */
	const PfRow *told;			/* the record, under an id of its own */
	const PfRow *row;			/* what is known of the paper now */
	PfStr		announce;		/* as in PfRecord */
	TimestampTz announced;
	bool		is_new;			/* the row was not there before */
	bool		was_shown;		/* this feed had shown the paper before */
} PfNews;

/*
 * Called in the subtransaction that writes a batch: in the order of the papers'
 * ids, a paper's records one after the other, the later one's word being the
 * last.  The rows are locked (new ones are not to be seen by others yet), and
 * SPI is connected.
 */
typedef void (*PfNewsHook) (const PfNews *news, int n);
extern PfNewsHook pf_news_hook;

/* A row of paperfeed.papers that was inserted or changed, or that a feed shows for the first time. */
typedef struct PfWritten
{
	Datum		paper;			/* paperid */
	const PfRow *row;			/* merged, as it is now */
	PfColumnSet changed;		/* of a row that was there, perhaps none; else all columns */
	bool		is_new;			/* the paper had no row before, under any id */
	bool		was_shown;		/* this feed had shown the paper before */
} PfWritten;

/*
 * Called once for each batch that has any, under the same conditions as the hook
 * above, and after it.
 */
typedef void (*PfWrittenHook) (const PfWritten *papers, int n);

/*
 * Called when the row 'old' turned out to be the paper 'new', and is about to
 * go: both are locked, the old one against references, too.
 */
typedef void (*PfMovedHook) (Datum old, Datum new);

/*
 * Called when papers are about to be written into paperfeed.papers: will the words
 * of many of them be asked for, by document()?  SPI is connected.
 */
typedef bool (*PfWordsHook) (void);

/* From _PG_init; they are called in the order in which they were added. */
extern void pf_add_words_hook(PfWordsHook hook);
extern void pf_add_written_hook(PfWrittenHook hook);
extern void pf_add_moved_hook(PfMovedHook hook);

/*
 * Do rows exist for all papers that the feed ever showed?  False also if
 * these are too many to look.
 */
extern bool pf_writer_all_present(Oid target, int64 feed);

#endif							/* PF_PAPER_H */
