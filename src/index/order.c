/*-------------------------------------------------------------------------
 *
 * order.c
 *		By which columns the documents of an index are sorted.
 *
 * Where documents with equal or near values are neighbours, a condition leaves out
 * whole pages of them by their zones (least and greatest value).  Sorting by columns
 * with few values first does that for several columns at once: ten values,
 * say, make ten stretches, in each of which the next column is sorted again.  So columns
 * of which a sample of rows shows few values go first, as long as their values
 * together make few stretches; the others follow as they were declared.
 *
 * The order is chosen once, when the index is built.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/index.h"

#include "access/tableam.h"
#include "nodes/execnodes.h"

#define PLACES			32		/* in the table, of so many blocks each */
#define PLACE_BLOCKS	2
#define MAX_STRETCHES	32		/* of equal values of all columns that go first */
#define ROWS_PER_VALUE	10		/* that a sample must have to be believed */

typedef struct Sample
{
	const PfBmMeta *meta;
	uint64		rows;
	int			ndistinct[PF_BM_MAX_FILTERS];	/* MAX_STRETCHES + 1 = more than that */
	int64		distinct[PF_BM_MAX_FILTERS][MAX_STRETCHES + 1];
} Sample;

static void
add_row(Relation index, ItemPointer tid, Datum *values, bool *isnull, bool alive, void *state)
{
	Sample	   *sample = state;
	PfBmDoc		doc;

	(void) tid;
	(void) alive;
	memset(&doc, 0, sizeof(doc));
	pf_bm_filter_values(index, values, isnull, &doc);
	sample->rows++;
	for (int filter = 0; filter < sample->meta->nfilters; filter++)
	{
		int			n = sample->ndistinct[filter];
		int			i = 0;

		while (i < n && sample->distinct[filter][i] != doc.values[filter])
			i++;
		if (i == n && n <= MAX_STRETCHES)
			sample->distinct[filter][sample->ndistinct[filter]++] = doc.values[filter];
	}
}

void
pf_bm_choose_order(Relation heap, Relation index, IndexInfo *info, PfBmMeta *meta)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(heap);
	Sample		sample = {.meta = meta};
	bool		taken[PF_BM_MAX_FILTERS] = {false};
	int			stretches = 1;
	int			n = 0;

	if (meta->nfilters < 2 || nblocks == 0)
		return;
	for (int i = 0; i < PLACES; i++)
	{
		BlockNumber first = (BlockNumber) ((uint64) nblocks * i / PLACES);
		BlockNumber last = (BlockNumber) ((uint64) nblocks * (i + 1) / PLACES);

		if (first < last)
			table_index_build_range_scan(heap, index, info, false, false, false, first,
										 Min(last - first, PLACE_BLOCKS), add_row, &sample, NULL);
	}

	for (;;)
	{
		int			best = -1;

		for (int i = 0; i < meta->nfilters; i++)
		{
			if (!taken[i] && sample.ndistinct[i] * stretches <= MAX_STRETCHES &&
				(uint64) sample.ndistinct[i] * ROWS_PER_VALUE <= sample.rows &&
				(best < 0 || sample.ndistinct[i] < sample.ndistinct[best]))
				best = i;
		}
		if (best < 0)
			break;
		taken[best] = true;
		stretches *= Max(sample.ndistinct[best], 1);
		meta->order[n++] = (uint8) best;
	}
	for (int i = 0; i < meta->nfilters; i++)
	{
		if (!taken[i])
			meta->order[n++] = (uint8) i;
	}
}
