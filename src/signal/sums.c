/*-------------------------------------------------------------------------
 *
 * sums.c
 *		What is kept of a paper's signals: for each kind, how much there was
 *		of it, and its decaying sum for each half-life.
 *
 * The sums do not know the weights of kinds, so those may change without a
 * look at the signals, and a score can be taken apart.  They are kept as seen
 * from a fixed time (see rank/time.c): a signal is added in O(1), in any order.
 *
 * In the column heat.parts this is a bytea of this machine's own numbers: it is
 * derived, never dumped, and made anew from the signals where one is in doubt.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "rank/args.h"
#include "signal/signal.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* In front of the kinds in heat.parts. */
typedef struct Header
{
	uint16		nkinds;
	uint16		nslots;
} Header;

/* A kind there, followed by its sums. */
typedef struct StoredKind
{
	int32		kind;
	int32		unused;
	double		ups;
	double		downs;
	double		gross;
	TimestampTz last_at;
} StoredKind;

void
pf_sums_reset(PfSums *sums)
{
	sums->nkinds = 0;
}

/* The kind's sums, made if they are not there. */
static PfKindSums *
kind_sums(PfSums *sums, int kind)
{
	int			i = sums->nkinds;

	while (i > 0 && sums->kinds[i - 1].kind > kind)
		i--;
	if (i > 0 && sums->kinds[i - 1].kind == kind)
		return &sums->kinds[i - 1];
	if (sums->nkinds == sums->max_kinds)
	{
		sums->max_kinds = Max(1, sums->max_kinds * 2);
		if (sums->kinds == NULL)
			sums->kinds = palloc(sums->max_kinds * sizeof(PfKindSums));
		else
			sums->kinds = repalloc(sums->kinds, sums->max_kinds * sizeof(PfKindSums));
	}
	memmove(&sums->kinds[i + 1], &sums->kinds[i], (sums->nkinds - i) * sizeof(PfKindSums));
	sums->nkinds++;
	memset(&sums->kinds[i], 0, sizeof(PfKindSums));
	sums->kinds[i].kind = kind;
	sums->kinds[i].last_at = DT_NOBEGIN;
	return &sums->kinds[i];
}

void
pf_sums_add(PfSums *sums, const PfSignal *signal, const int64 *half_lives, int nslots)
{
	PfKindSums *k = kind_sums(sums, signal->kind);
	double		weight = signal->weight;

	if (signal->retracts)
	{
		if (weight < 0)
			k->ups += weight;
		else
			k->downs -= weight;
	}
	else if (weight < 0)
		k->downs -= weight;
	else
		k->ups += weight;
	k->gross += fabs(weight);
	k->last_at = Max(k->last_at, signal->at);
	for (int i = 0; i < nslots; i++)
	{
		if (half_lives[i] > 0)
			pf_rank_sum_add(&k->sums[i], weight, signal->at, half_lives[i]);
	}
}

void
pf_sums_merge(PfSums *sums, const PfSums *other)
{
	for (int i = 0; i < other->nkinds; i++)
	{
		const PfKindSums *from = &other->kinds[i];
		PfKindSums *to = kind_sums(sums, from->kind);

		to->ups += from->ups;
		to->downs += from->downs;
		to->gross += from->gross;
		to->last_at = Max(to->last_at, from->last_at);
		for (int s = 0; s < PF_MAX_SLOTS; s++)
			pf_rank_sum_merge(&to->sums[s], &from->sums[s]);
	}
}

/* Of all kinds, each by its weight. */
PfDecaySum
pf_sums_total(const PfSums *sums, const PfSignalConfig *config, int slot)
{
	PfDecaySum	total = {0, 0, 0, 0};

	for (int i = 0; i < sums->nkinds; i++)
	{
		const PfSignalKind *kind = pf_signal_kind_by_id(config, sums->kinds[i].kind);
		PfDecaySum	part = sums->kinds[i].sums[slot];

		if (kind == NULL)
			continue;
		pf_rank_sum_scale(&part, kind->weight);
		pf_rank_sum_merge(&total, &part);
	}
	return total;
}

/* Signals less those against it, none decayed and whatever the kind's weight. */
double
pf_sums_net(const PfSums *sums, const PfSignalConfig *config, const char *name)
{
	const PfSignalKind *kind = pf_signal_kind_by_name(config, name, (int) strlen(name));

	for (int i = 0; kind != NULL && i < sums->nkinds; i++)
	{
		if (sums->kinds[i].kind == kind->id)
			return sums->kinds[i].ups - sums->kinds[i].downs;
	}
	return 0;
}

bytea *
pf_sums_out(const PfSums *sums, int nslots)
{
	Size		size = VARHDRSZ + sizeof(Header) +
		sums->nkinds * (sizeof(StoredKind) + nslots * sizeof(PfDecaySum));
	bytea	   *result = palloc0(size);
	char	   *p = VARDATA(result);
	Header		header = {(uint16) sums->nkinds, (uint16) nslots};

	SET_VARSIZE(result, size);
	memcpy(p, &header, sizeof(header));
	p += sizeof(header);
	for (int i = 0; i < sums->nkinds; i++)
	{
		const PfKindSums *k = &sums->kinds[i];
		StoredKind	stored = {k->kind, 0, k->ups, k->downs, k->gross, k->last_at};

		memcpy(p, &stored, sizeof(stored));
		p += sizeof(stored);
		memcpy(p, k->sums, nslots * sizeof(PfDecaySum));
		p += nslots * sizeof(PfDecaySum);
	}
	return result;
}

void
pf_sums_in(PfSums *sums, const bytea *parts)
{
	const char *p = VARDATA_ANY(parts);
	Size		size = VARSIZE_ANY_EXHDR(parts);
	Header		header = {0, 0};

	if (size >= sizeof(header))
		memcpy(&header, p, sizeof(header));
	if (size < sizeof(header) || header.nslots > PF_MAX_SLOTS ||
		size != sizeof(header) +
		header.nkinds * (sizeof(StoredKind) + header.nslots * sizeof(PfDecaySum)))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid sums in paperfeed.heat"),
				 errhint("Run SELECT paperfeed.rebuild_heat().")));
	p += sizeof(header);
	for (int i = 0; i < header.nkinds; i++)
	{
		StoredKind	stored;
		PfKindSums *k;

		memcpy(&stored, p, sizeof(stored));
		p += sizeof(stored);
		k = kind_sums(sums, stored.kind);
		k->ups = stored.ups;
		k->downs = stored.downs;
		k->gross = stored.gross;
		k->last_at = stored.last_at;
		memcpy(k->sums, p, header.nslots * sizeof(PfDecaySum));
		p += header.nslots * sizeof(PfDecaySum);
	}
}

PG_FUNCTION_INFO_V1(pf_heat_parts_add);

static int
stored_slots(const bytea *parts)
{
	Header		header;

	memcpy(&header, VARDATA_ANY(parts), sizeof(header));
	return header.nslots;
}

/* _heat_add(parts bytea, more bytea) */
Datum
pf_heat_parts_add(PG_FUNCTION_ARGS)
{
	bytea	   *a = PG_GETARG_BYTEA_PP(0);
	bytea	   *b = PG_GETARG_BYTEA_PP(1);
	PfSums		sums = {0};
	PfSums		more = {0};

	pf_sums_in(&sums, a);
	pf_sums_in(&more, b);
	pf_sums_merge(&sums, &more);
	PG_RETURN_BYTEA_P(pf_sums_out(&sums, Max(stored_slots(a), stored_slots(b))));
}
