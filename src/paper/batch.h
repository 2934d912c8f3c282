/*-------------------------------------------------------------------------
 *
 * batch.h
 *		A batch of records on its way into a papers table; within the paper
 *		room only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_BATCH_H
#define PF_BATCH_H

#include "common/hashfn.h"
#include "paper/store.h"

typedef enum PfOutcomeOf
{
	PF_OUTCOME_UNCHANGED,
	PF_OUTCOME_ADDED,
	PF_OUTCOME_UPDATED
} PfOutcomeOf;

/* A record of the batch. */
typedef struct PfItem
{
	PfRow		row;
	PfIdentities ids;
	PfStr		hash;			/* to fall back on if its link is no identity */
	uint64		fingerprint;
	int			position;
	PfStr		announce;
	TimestampTz announced;
	bool		unwanted;		/* no reason to make a row */
	int			next;			/* in its group, -1 = last */
} PfItem;

/* The records of one paper. */
typedef struct PfGroup
{
	PfStr		id;				/* of the paper: the most authoritative identity */
	int			first;			/* item, -1 = joined into another group */
	int			last;
	PfStrings	ids;			/* all identities, those of rows it joins included */
	PfStrings	rows;			/* ids of rows that exist */
	uint64		fingerprint;	/* of all items */
	bool		skip;			/* nothing new, or nothing that can be written */
	bool		unwanted;		/* skipped, as it has no row and is not to have one */
	bool		has_row;		/* a row under 'id' exists */
	PfRow	   *row;			/* merged */
	PfRow	   *before;			/* as it is in the table; NULL = new */
	PfColumnSet changed;
	bool		write;			/* insert or update is due */
	PfOutcomeOf		outcome;
} PfGroup;

typedef struct PfIdEntry
{
	PfStr		id;
	uint32		hash;
	char		status;
	int			group;			/* -1 = none */
	PfStr		owner;			/* row that the identity table names; none = not claimed */
	bool		exists;			/* a row with this id exists */
	bool		sighted;
	uint64		fingerprint;	/* of the last sighting */
	PfRow	   *row;			/* fetched */
} PfIdEntry;

/* Identities and rows that the batch has to do with, by id. */
#define SH_PREFIX		idmap
#define SH_ELEMENT_TYPE	PfIdEntry
#define SH_KEY_TYPE		PfStr
#define SH_KEY			id
#define SH_HASH_KEY(tb, key)	hash_bytes((const unsigned char *) (key).s, (key).len)
#define SH_EQUAL(tb, a, b)		pf_str_eq(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct PfBatch
{
	PfStore    *store;
	int64		feed;
	bool		may_have_sighted;	/* the feed may have shown some of these papers before */
	PfItem	   *items;
	int			nitems;

	/* Of one attempt to write it. */
	idmap_hash *map;
	PfStrings	known;			/* all ids in the map */
	PfGroup    *groups;
	int			ngroups;
	SPITupleTable *fetched;		/* the locked rows; groups point into it */
} PfBatch;

/* batch.c */
extern void pf_batch_drop_shared_links(PfBatch *b);	/* once, in the items' memory context */
extern void pf_batch_look_up(PfBatch *b);
extern void pf_batch_group(PfBatch *b);
extern void pf_batch_skip_unchanged(PfBatch *b);
extern PfIdEntry *pf_batch_entry(PfBatch *b, PfStr id);	/* made if it is not there */
extern int	pf_batch_compare_ids(const void *a, const void *b);	/* of PfStr, in byte order */
extern PfStr pf_batch_result(uint64 i, int column);	/* of SPI's last result, copied */

/* batch_write.c: all statements that change anything; in a subtransaction */
extern void pf_batch_write(PfBatch *b, MemoryContext context);

#endif							/* PF_BATCH_H */
