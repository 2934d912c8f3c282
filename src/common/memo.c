/*-------------------------------------------------------------------------
 *
 * memo.c
 *		What a function gave for its last arguments.
 *
 * Arguments are kept and compared byte by byte: a hash alone, of texts that
 * anybody writes, could be made to give another text's result.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/memo.h"
#include "utils/memutils.h"

/* Bytes of the memo above: batches of papers are smaller. */
#define DOCUMENT_MEMO	(32 * 1024 * 1024)

#define NBUCKETS	2048		/* a power of two */

typedef struct Entry
{
	struct Entry *next;			/* in its bucket */
	int			key_lens[PF_MEMO_KEYS]; /* -1 = absent */
	Size		len;
	char		bytes[FLEXIBLE_ARRAY_MEMBER];	/* the result, then the arguments */
} Entry;

struct PfMemo
{
	MemoryContext context;
	Size		room;			/* that is left */
	Entry	   *buckets[NBUCKETS];
};

PfMemo	   *pf_document_memo = NULL;

PfMemo *
pf_memo_new(Size max)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed memo",
												  ALLOCSET_DEFAULT_SIZES);
	PfMemo	   *memo = MemoryContextAllocZero(context, sizeof(PfMemo));

	memo->context = context;
	memo->room = max;
	return memo;
}

static inline int
key_len(PfStr key)
{
	return key.s == NULL ? -1 : key.len;
}

/* The first argument and the lengths tell most apart. */
static Entry **
bucket(PfMemo *memo, const PfStr keys[PF_MEMO_KEYS])
{
	uint32		hash = hash_bytes((const unsigned char *) keys[0].s, keys[0].s == NULL ? 0 : keys[0].len);

	for (int k = 1; k < PF_MEMO_KEYS; k++)
		hash = hash_combine(hash, murmurhash32((uint32) key_len(keys[k])));
	return &memo->buckets[hash & (NBUCKETS - 1)];
}

static bool
has_keys(const Entry *entry, const PfStr keys[PF_MEMO_KEYS])
{
	const char *bytes = entry->bytes + entry->len;

	for (int k = 0; k < PF_MEMO_KEYS; k++)
	{
		if (entry->key_lens[k] != key_len(keys[k]))
			return false;
	}
	for (int k = 0; k < PF_MEMO_KEYS; k++)
	{
		if (entry->key_lens[k] <= 0)
			continue;
		if (memcmp(bytes, keys[k].s, keys[k].len) != 0)
			return false;
		bytes += keys[k].len;
	}
	return true;
}

void *
pf_memo_find(PfMemo *memo, const PfStr keys[PF_MEMO_KEYS])
{
	for (const Entry *entry = *bucket(memo, keys); entry != NULL; entry = entry->next)
	{
		if (has_keys(entry, keys))
			return memcpy(palloc(entry->len), entry->bytes, entry->len);
	}
	return NULL;
}

void
pf_memo_add(PfMemo *memo, const PfStr keys[PF_MEMO_KEYS], const void *result, Size len)
{
	Entry	  **first = bucket(memo, keys);
	Size		size = offsetof(Entry, bytes) + len;
	Entry	   *entry;
	char	   *bytes;

	for (int k = 0; k < PF_MEMO_KEYS; k++)
		size += Max(key_len(keys[k]), 0);
	if (size > memo->room)
		return;
	memo->room -= size;
	entry = MemoryContextAlloc(memo->context, size);
	entry->len = len;
	memcpy(entry->bytes, result, len);
	bytes = entry->bytes + len;
	for (int k = 0; k < PF_MEMO_KEYS; k++)
	{
		entry->key_lens[k] = key_len(keys[k]);
		if (entry->key_lens[k] <= 0)
			continue;
		memcpy(bytes, keys[k].s, keys[k].len);
		bytes += keys[k].len;
	}
	entry->next = *first;
	*first = entry;
}

/* ---- the one for document() ---- */

static void
forget(void *arg)
{
	if (pf_document_memo == arg)
		pf_document_memo = NULL;
}

void
pf_document_memo_begin(void)
{
	PfMemo	   *memo = pf_memo_new(DOCUMENT_MEMO);
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	callback->func = forget;
	callback->arg = memo;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	pf_document_memo = memo;
}
