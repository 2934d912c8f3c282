/*-------------------------------------------------------------------------
 *
 * replay.c
 *		How papers stood at a moment, from the signals known then.
 *
 * All signals up to that moment count, but the older ones hardly.  So they are
 * read backwards from it, window by window, into rough sums, until older ones
 * cannot change who is at the top; then the scores of the few papers that may
 * be there are summed up exactly.
 *
 * When the windows reach back by A half-lives, what is older adds at most
 * gross * 2^-A to a paper's score or takes that from it, where gross is the sum
 * of the weights of all its signals (heat.gross).  Nor can it be more than all
 * of them decayed, as heat has them (see old_bound).  Let tau be the k-th of the
 * rough sums, and G such that epsilon = G * 2^-A is a small part of tau.  A
 * paper is left out if its gross is below G and its rough sum below tau - 2
 * epsilon, or its gross is not, but its rough sum and the bound for what is
 * older are together below tau - 2 epsilon: its score is then below tau -
 * epsilon.  If the k-th of the exact scores is not below that, they are the
 * top; if it is (old votes against papers), or the papers to look at are too
 * many, the next window is read.
 * Once there are no older signals the rough sums are the scores but for
 * rounding (of which account is kept, as signals may cancel out), and the same
 * reasoning ends it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "signal/standing.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define SHARE_OF_TAU	8		/* epsilon is at most tau by this */
#define MIN_GROSS		16		/* as heat_gross_idx has it */
#define MAX_LARGE		20000	/* papers of large gross that are looked at */
#define MAX_EXACT		2000	/* papers summed up, beside k */
#define EXACT_AT_ONCE	500
#define ROUNDING		1e-6	/* of what is compared with rough sums */
#define ROUNDING_OF_TERMS	1e-9	/* of what they are made of, taken without signs */

typedef struct RoughEntry
{
	text	   *paper;
	double		sum;
	double		rounding;		/* what it may be wrong by */
	uint32		hash;
	char		status;
} RoughEntry;

static inline bool
same_text(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

#define SH_PREFIX		rough
#define SH_ELEMENT_TYPE	RoughEntry
#define SH_KEY_TYPE		text *
#define SH_KEY			paper
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) VARDATA_ANY(key), (int) VARSIZE_ANY_EXHDR(key))
#define SH_EQUAL(tb, a, b)		same_text(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct ExactEntry
{
	text	   *paper;
	PfSums		sums;
	uint32		hash;
	char		status;
} ExactEntry;

#define SH_PREFIX		exact
#define SH_ELEMENT_TYPE	ExactEntry
#define SH_KEY_TYPE		text *
#define SH_KEY			paper
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) VARDATA_ANY(key), (int) VARSIZE_ANY_EXHDR(key))
#define SH_EQUAL(tb, a, b)		same_text(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct PfReplay
{
	const PfSignalConfig *config;
	int64		half_life;
	TimestampTz as_of;
	MemoryContext context;
	rough_hash *rough;
	exact_hash *exact;
	double		reach;			/* half-lives that the windows go back */
	TimestampTz from;			/* signals after this have been read */
	TimestampTz first;			/* no signal is older */
};

/* Takes the rows of a window, or those of some papers, as they come. */
typedef struct SignalReceiver
{
	DestReceiver pub;
	PfReplay   *replay;
	bool		exact;
	const PfSignalKind *kind;	/* of the last row */
} SignalReceiver;

static const PfSignalKind *
kind_of(SignalReceiver *r, Datum name)
{
	text	   *t = DatumGetTextPP(name);
	int			len = (int) VARSIZE_ANY_EXHDR(t);

	if (r->kind == NULL || strncmp(r->kind->name, VARDATA_ANY(t), len) != 0 ||
		r->kind->name[len] != '\0')
		r->kind = pf_signal_kind_by_name(r->replay->config, VARDATA_ANY(t), len);
	return r->kind;
}

static text *
copy_text(PfReplay *replay, const text *t)
{
	text	   *copy = MemoryContextAlloc(replay->context, VARSIZE_ANY_EXHDR(t) + VARHDRSZ);

	SET_VARSIZE(copy, VARSIZE_ANY_EXHDR(t) + VARHDRSZ);
	memcpy(VARDATA(copy), VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
	return copy;
}

static bool
receive_signal(TupleTableSlot *slot, DestReceiver *self)
{
	SignalReceiver *r = (SignalReceiver *) self;
	PfReplay   *replay = r->replay;
	const PfSignalKind *kind;
	text	   *paper;
	double		weight;
	TimestampTz at;
	bool		found;

	slot_getallattrs(slot);
	kind = kind_of(r, slot->tts_values[1]);
	if (kind == NULL)
		return true;
	paper = DatumGetTextPP(slot->tts_values[0]);
	weight = DatumGetFloat8(slot->tts_values[2]);
	at = DatumGetTimestampTz(slot->tts_values[3]);
	if (r->exact)
	{
		ExactEntry *entry = exact_lookup(replay->exact, paper);
		PfSignal	signal = {kind->id, weight, at, DatumGetBool(slot->tts_values[4])};
		MemoryContext old;

		Assert(entry != NULL);
		old = MemoryContextSwitchTo(replay->context);
		pf_sums_add(&entry->sums, &signal, &replay->half_life, 1);
		MemoryContextSwitchTo(old);
	}
	else
	{
		RoughEntry *entry = rough_insert(replay->rough, paper, &found);

		if (!found)
		{
			entry->paper = copy_text(replay, paper);
			entry->sum = 0;
			entry->rounding = 0;
		}
		/* In doubles: a difference of int64 may overflow, and this is rough. */
		weight *= kind->weight *
			exp2(((double) at - (double) replay->as_of) / (double) replay->half_life);
		entry->sum += weight;
		entry->rounding += ROUNDING_OF_TERMS * fabs(weight);
	}
	return true;
}

static void
receiver_startup(DestReceiver *self pg_attribute_unused(), int operation pg_attribute_unused(),
				 TupleDesc typeinfo pg_attribute_unused())
{
}

static void
receiver_shutdown(DestReceiver *self pg_attribute_unused())
{
}

static uint64
run(PfReplay *replay, bool exact, PfPlan *plan, int nargs, const Oid *types, Datum *args)
{
	SignalReceiver receiver;

	memset(&receiver, 0, sizeof(receiver));
	receiver.pub.receiveSlot = receive_signal;
	receiver.pub.rStartup = receiver_startup;
	receiver.pub.rShutdown = receiver_shutdown;
	receiver.pub.rDestroy = receiver_shutdown;
	receiver.pub.mydest = DestNone;
	receiver.replay = replay;
	receiver.exact = exact;
	return pf_plan_run(plan, nargs, types, args, NULL, true, &receiver.pub);
}

PfReplay *
pf_replay_begin(const PfSignalConfig *config, int64 half_life, TimestampTz as_of)
{
	PfReplay   *replay = palloc0(sizeof(PfReplay));

	replay->config = config;
	replay->half_life = half_life;
	replay->as_of = as_of;
	replay->context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed replay",
											ALLOCSET_DEFAULT_SIZES);
	replay->rough = rough_create(replay->context, 1024, NULL);
	replay->exact = exact_create(replay->context, 64, NULL);
	replay->from = as_of;
	return replay;
}

/* Find where the signals begin. */
static void
find_first(PfReplay *replay)
{
	static PfPlan plan = {
		.sql = "SELECT min(at) FROM paperfeed.signals"
	};
	bool		isnull;
	Datum		first;

	(void) pf_plan_run(&plan, 0, NULL, NULL, NULL, true, NULL);
	first = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	replay->first = isnull ? DT_NOEND : DatumGetTimestampTz(first);
	SPI_freetuptable(SPI_tuptable);
}

/* Read back to 'reach' half-lives before the moment. */
static void
widen(PfReplay *replay, double reach)
{
	static PfPlan plan = {
		.sql = "SELECT paper, kind, weight, at FROM paperfeed.signals"
		" WHERE at > $1 AND at <= $2 AND COALESCE(known_at, at) <= $3"
	};
	static const Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		args[3];
	double		from = (double) replay->as_of - reach * (double) replay->half_life;

	if (from <= (double) replay->first)
		args[0] = TimestampTzGetDatum(DT_NOBEGIN);
	else
		args[0] = TimestampTzGetDatum((TimestampTz) from);
	args[1] = TimestampTzGetDatum(replay->from);
	args[2] = TimestampTzGetDatum(replay->as_of);
	(void) run(replay, false, &plan, 3, types, args);
	replay->from = DatumGetTimestampTz(args[0]);
	replay->reach = reach;
}

static inline bool
read_all(const PfReplay *replay)
{
	return replay->from <= replay->first || TIMESTAMP_IS_NOBEGIN(replay->from);
}

/* The k-th of the rough sums above zero; 0 if there are fewer. */
static double
kth_rough(PfReplay *replay, int k)
{
	double	   *best;			/* a heap of the k largest, the smallest of them first */
	rough_iterator it;
	RoughEntry *entry;
	int			n = 0;
	double		result;

	if (replay->rough->members < (uint64) k)
		return 0;
	best = MemoryContextAllocHuge(CurrentMemoryContext, k * sizeof(double));
	rough_start_iterate(replay->rough, &it);
	while ((entry = rough_iterate(replay->rough, &it)) != NULL)
	{
		int			i;

		if (entry->sum <= 0 || (n == k && entry->sum <= best[0]))
			continue;
		if (n < k)
		{
			for (i = n++; i > 0 && best[(i - 1) / 2] > entry->sum; i = (i - 1) / 2)
				best[i] = best[(i - 1) / 2];
		}
		else
		{
			i = 0;
			for (;;)
			{
				int			child = 2 * i + 1;

				if (child + 1 < k && best[child + 1] < best[child])
					child++;
				if (child >= k || best[child] >= entry->sum)
					break;
				best[i] = best[child];
				i = child;
			}
		}
		best[i] = entry->sum;
	}
	result = n < k ? 0 : best[0];
	pfree(best);
	return result;
}

static bool
mark_exact(PfReplay *replay, text *paper)
{
	bool		found;
	ExactEntry *entry = exact_insert(replay->exact, paper, &found);

	if (!found)
	{
		entry->paper = copy_text(replay, paper);
		memset(&entry->sums, 0, sizeof(entry->sums));
	}
	return !found;
}

/* Sum up the signals of the given papers, which have been marked. */
static void
sum_up(PfReplay *replay, Datum *papers, int n)
{
	static PfPlan plan = {
		.sql = "SELECT paper, kind, weight, at, retracts FROM paperfeed.signals"
		" WHERE paper OPERATOR(pg_catalog.=) ANY ($1) AND at <= $2 AND COALESCE(known_at, at) <= $2"
	};
	static const Oid types[] = {PF_ARG_PAPERS, TIMESTAMPTZOID};

	for (int i = 0; i < n; i += EXACT_AT_ONCE)
	{
		Datum		args[2];

		args[0] = pf_paperid_array(papers + i, Min(EXACT_AT_ONCE, n - i));
		args[1] = TimestampTzGetDatum(replay->as_of);
		(void) run(replay, true, &plan, 2, types, args);
		pfree(DatumGetPointer(args[0]));
	}
}

typedef struct TextList
{
	Datum	   *items;
	int			n;
	int			max;
} TextList;

static void
add_text(TextList *list, text *t)
{
	if (list->n == list->max)
	{
		list->max = Max(256, list->max * 2);
		list->items = list->items == NULL ? palloc(list->max * sizeof(Datum)) :
			repalloc(list->items, list->max * sizeof(Datum));
	}
	list->items[list->n++] = PointerGetDatum(t);
}

/* Are papers of so much gross few? */
static bool
large_are_few(double large)
{
	static PfPlan plan = {
		.sql = "SELECT count(*) FROM (SELECT FROM paperfeed.heat WHERE gross >= $1 AND gross >= 16"
		" LIMIT $2) AS h"
	};
	static const Oid types[] = {FLOAT8OID, INT8OID};
	Datum		args[2] = {Float8GetDatum(large), Int64GetDatum(MAX_LARGE + 1)};
	bool		isnull;
	int64		n;

	(void) pf_plan_run(&plan, 2, types, args, NULL, true, NULL);
	n = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return n <= MAX_LARGE;
}

/*
 * At most so much of a paper's score, with or without its sign, is older than
 * the windows: its gross after their time, and what heat has for the same
 * half-life, or a longer one, without signs and as of the moment.
 */
static double
old_bound(const PfReplay *replay, double gross, const bytea *parts)
{
	double		bound = gross * exp2(-replay->reach);
	int			slot = -1;
	PfSums		sums = {0};
	double		kept = 0;

	for (int i = 0; i < replay->config->nslots; i++)
	{
		if (replay->config->half_lives[i] >= replay->half_life &&
			(slot < 0 || replay->config->half_lives[i] < replay->config->half_lives[slot]))
			slot = i;
	}
	if (slot < 0)
		return bound;
	pf_sums_in(&sums, parts);
	for (int i = 0; i < sums.nkinds; i++)
	{
		const PfSignalKind *kind = pf_signal_kind_by_id(replay->config, sums.kinds[i].kind);
		PfDecaySum	all = sums.kinds[i].sums[slot];

		if (kind == NULL)
			continue;
		all.hi = all.terms;
		all.lo = 0;
		kept += fabs(kind->weight) *
			pf_rank_sum_value(&all, replay->as_of, replay->config->half_lives[slot]);
	}
	pfree(sums.kinds);
	/* By the shorter half-life it is less: 2^(A * (1 - h / H)) times at least. */
	kept *= exp2(-replay->reach *
				 (1 - (double) replay->half_life / (double) replay->config->half_lives[slot]));
	return Min(bound, kept * (1 + ROUNDING));
}

/*
 * Mark the papers that may have a score of 'least' or more, and sum them up.
 * False if they are too many.
 */
static bool
look_at(PfReplay *replay, double large, double least, int max)
{
	static PfPlan plan = {
		.sql = "SELECT paper, gross, parts FROM paperfeed.heat WHERE gross >= $1 AND gross >= 16"
	};
	static const Oid types[] = {FLOAT8OID};
	TextList	wanted = {NULL, 0, 0};
	rough_iterator it;
	RoughEntry *entry;
	int			n = 0;

	rough_start_iterate(replay->rough, &it);
	while ((entry = rough_iterate(replay->rough, &it)) != NULL)
	{
		if (entry->sum + entry->rounding >= least)
		{
			add_text(&wanted, entry->paper);
			if (wanted.n > max)
				return false;
		}
	}
	if (!read_all(replay))
	{
		Datum		args[1] = {Float8GetDatum(large)};
		SPITupleTable *rows;
		uint64		found;

		found = pf_plan_run(&plan, 1, types, args, NULL, true, NULL);
		rows = SPI_tuptable;
		for (uint64 i = 0; i < found && wanted.n <= max; i++)
		{
			Datum		values[3];
			bool		nulls[3];
			text	   *paper;
			double		sum;

			heap_deform_tuple(rows->vals[i], rows->tupdesc, values, nulls);
			paper = DatumGetTextPP(values[0]);
			entry = rough_lookup(replay->rough, paper);
			sum = entry == NULL ? 0 : entry->sum + entry->rounding;
			/* With a sum of 'least' it is on the list already. */
			if (sum < least &&
				sum + old_bound(replay, DatumGetFloat8(values[1]),
								DatumGetByteaPP(values[2])) >= least)
				add_text(&wanted, copy_text(replay, paper));
		}
		SPI_freetuptable(rows);
		if (wanted.n > max)
			return false;
	}

	for (int i = 0; i < wanted.n; i++)
	{
		if (mark_exact(replay, (text *) DatumGetPointer(wanted.items[i])))
			wanted.items[n++] = wanted.items[i];
	}
	sum_up(replay, wanted.items, n);
	return true;
}

/* All exact scores above zero, the highest first. */
static PfStanding *
sort_exact(PfReplay *replay, int *n)
{
	PfStanding *result = palloc((replay->exact->members + 1) * sizeof(PfStanding));
	exact_iterator it;
	ExactEntry *entry;

	*n = 0;
	exact_start_iterate(replay->exact, &it);
	while ((entry = exact_iterate(replay->exact, &it)) != NULL)
	{
		PfStanding *standing = &result[*n];

		pf_standing_of(standing, &entry->sums, replay->config, 0, replay->half_life, replay->as_of);
		standing->paper = entry->paper;
		if (standing->score > 0)
			(*n)++;
	}
	qsort(result, *n, sizeof(PfStanding), pf_standing_compare);
	return result;
}

PfStanding *
pf_replay_top(PfReplay *replay, int k, int *n)
{
	PfStanding *result;

	if (replay->reach == 0)
	{
		find_first(replay);
		widen(replay, 1);
	}
	for (;;)
	{
		double		tau = kth_rough(replay, k);
		double		rest = exp2(-replay->reach);
		double		large = tau / SHARE_OF_TAU / rest;
		double		epsilon = read_all(replay) ? 0 : tau / SHARE_OF_TAU;
		double		least = (tau - 2 * epsilon) * (1 - ROUNDING);

		if (read_all(replay))
		{
			/* Fewer than k: all that are above zero, to rounding. */
			if (tau == 0)
				least = DBL_MIN;
			(void) look_at(replay, large, least, INT_MAX);
			result = sort_exact(replay, n);
			*n = Min(*n, k);
			return result;
		}
		if (tau > 0 && large >= MIN_GROSS && large_are_few(large) &&
			look_at(replay, large, least, MAX_EXACT + 2 * k))
		{
			result = sort_exact(replay, n);
			if (*n >= k && result[k - 1].score >= tau - epsilon)
			{
				*n = k;
				return result;
			}
			pfree(result);
		}

		/* As far as is likely to do, at least half as far again. */
		if (tau > 0)
			widen(replay, Max(ceil(log2(SHARE_OF_TAU * MIN_GROSS / tau)),
							  ceil(replay->reach * 1.5)));
		else
			widen(replay, replay->reach * 2);
	}
}

PfSums *
pf_replay_paper(PfReplay *replay, text *paper)
{
	Datum		papers[1] = {PointerGetDatum(paper)};
	ExactEntry *entry;

	if (mark_exact(replay, paper))
		sum_up(replay, papers, 1);
	entry = exact_lookup(replay->exact, paper);
	return &entry->sums;
}
