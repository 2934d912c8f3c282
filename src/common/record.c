/*-------------------------------------------------------------------------
 *
 * record.c
 *		Making and filling a PfRecord.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/record.h"

void
pf_record_init(PfRecord *rec)
{
	memset(rec, 0, sizeof(PfRecord));
	rec->published = PF_NO_TIME;
	rec->updated = PF_NO_TIME;
	rec->announced = PF_NO_TIME;
}

void
pf_pairs_add(PfPairs *pairs, const char *key, PfPairType type, PfStr value)
{
	if (value.s == NULL)
		return;
	if (pairs->n == pairs->max)
	{
		int			max = pairs->max == 0 ? 8 : pairs->max * 2;

		if (pairs->items == NULL)
			pairs->items = palloc(max * sizeof(PfPair));
		else
			pairs->items = repalloc(pairs->items, max * sizeof(PfPair));
		pairs->max = max;
	}
	pairs->items[pairs->n].key = key;
	pairs->items[pairs->n].value = value;
	pairs->items[pairs->n].type = type;
	pairs->n++;
}
