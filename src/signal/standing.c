/*-------------------------------------------------------------------------
 *
 * standing.c
 *		How a paper stands, from its sums.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "signal/standing.h"
#include "utils/timestamp.h"

/* Kinds that count as one thing, and whether those against it are apart. */
static const struct
{
	const char *kinds[2];
	bool		net;
}			columns[] = {
	{{"vote", "upvotes"}, false},
	{{"vote", "upvotes"}, false},
	{{"comment", "comments"}, true},
	{{"save", NULL}, true},
	{{"view", NULL}, true},
	{{"github_stars", NULL}, true},
	{{"citations", NULL}, true},
};

void
pf_standing_of(PfStanding *standing, const PfSums *sums, const PfSignalConfig *config,
			   int slot, int64 half_life, TimestampTz as_of)
{
	PfDecaySum	total = pf_sums_total(sums, config, slot);

	standing->score = pf_rank_sum_value(&total, as_of, half_life);
	standing->votes = pf_sums_net(sums, config, "vote") + pf_sums_net(sums, config, "upvotes");
	standing->comments = pf_sums_net(sums, config, "comment") + pf_sums_net(sums, config, "comments");
}

int
pf_standing_compare(const void *a, const void *b)
{
	const PfStanding *x = a;
	const PfStanding *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return pf_compare_texts(PointerGetDatum(x->paper), PointerGetDatum(y->paper));
}

PG_FUNCTION_INFO_V1(pf_standing);

/* _standing(parts bytea) */
Datum
pf_standing(PG_FUNCTION_ARGS)
{
	PfSignalConfig *config = pf_signal_config();
	PfSums		sums = {0};
	TupleDesc	tupdesc;
	Datum		values[lengthof(columns) + 1];
	bool		nulls[lengthof(columns) + 1] = {false};
	TimestampTz last_at = DT_NOBEGIN;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	pf_sums_in(&sums, PG_GETARG_BYTEA_PP(0));
	for (size_t c = 0; c < lengthof(columns); c++)
	{
		double		value = 0;

		for (int i = 0; i < sums.nkinds; i++)
		{
			const PfKindSums *k = &sums.kinds[i];
			const PfSignalKind *kind = pf_signal_kind_by_id(config, k->kind);

			for (int j = 0; j < 2 && kind != NULL && columns[c].kinds[j] != NULL; j++)
			{
				if (strcmp(kind->name, columns[c].kinds[j]) == 0)
					value += columns[c].net ? k->ups - k->downs : c == 0 ? k->ups : k->downs;
			}
		}
		values[c] = Float8GetDatum(value);
	}
	for (int i = 0; i < sums.nkinds; i++)
		last_at = Max(last_at, sums.kinds[i].last_at);
	values[lengthof(columns)] = TimestampTzGetDatum(last_at);
	nulls[lengthof(columns)] = sums.nkinds == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
