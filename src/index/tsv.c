/*-------------------------------------------------------------------------
 *
 * tsv.c
 *		What a tsvector says of a document: counts by field, weighted length.
 *
 * A position's weight is its field.  A lexeme without positions (strip(), or
 * an array made a tsvector) counts as one occurrence in D.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

/* A count is a byte, and tsvector knows no more than 256 positions anyway. */
#define MAX_COUNT	255

static inline int
positions(TSVector tsv, const WordEntry *word, const WordEntryPos **pos)
{
	static const WordEntryPos none = 0;
	int			n = POSDATALEN(tsv, word);

	if (n == 0)
	{
		*pos = &none;
		return 1;
	}
	*pos = POSDATAPTR(tsv, word);
	return Min(n, MAX_COUNT);
}

PfBmCounts
pf_bm_tsv_counts(TSVector tsv, const WordEntry *word)
{
	const WordEntryPos *pos;
	int			n = positions(tsv, word, &pos);
	PfBmCounts	counts = 0;

	/* No byte overflows: there are at most 255 altogether. */
	for (int i = 0; i < n; i++)
		counts += (PfBmCounts) 1 << (8 * WEP_GETWEIGHT(pos[i]));
	return counts;
}

float4
pf_bm_tsv_length(TSVector tsv, const float4 weights[PF_BM_FIELDS])
{
	const WordEntry *words = ARRPTR(tsv);
	uint64		total[PF_BM_FIELDS] = {0};
	double		length = 0;

	for (int w = 0; w < tsv->size; w++)
	{
		const WordEntryPos *pos;
		int			n = positions(tsv, &words[w], &pos);

		for (int i = 0; i < n; i++)
			total[WEP_GETWEIGHT(pos[i])]++;
	}
	for (int f = 0; f < PF_BM_FIELDS; f++)
		length += (double) weights[f] * (double) total[f];
	return (float4) length;
}
