/*-------------------------------------------------------------------------
 *
 * memo.h
 *		What a function gave for its last arguments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_MEMO_H
#define PF_MEMO_H

#include "common/strings.h"

#define PF_MEMO_KEYS	3

typedef struct PfMemo PfMemo;

/* In CurrentMemoryContext, and gone with it; holds up to so many bytes, and takes no more then. */
extern PfMemo *pf_memo_new(Size max);

/* A copy of the result for these arguments, palloc'd; NULL = not known. */
extern void *pf_memo_find(PfMemo *memo, const PfStr keys[PF_MEMO_KEYS]);
extern void pf_memo_add(PfMemo *memo, const PfStr keys[PF_MEMO_KEYS], const void *result, Size len);

/*
 * For paperfeed.document(), while papers are written: the index on them calls
 * it for each, and so does who wants to know their words.  NULL = none.
 */
extern PfMemo *pf_document_memo;

/* A memo for it, until CurrentMemoryContext is reset or deleted. */
extern void pf_document_memo_begin(void);

#endif							/* PF_MEMO_H */
