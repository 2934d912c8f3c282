/*-------------------------------------------------------------------------
 *
 * observe_count.c
 *		From readings of counters to signals.
 *
 * A counter is what sources count of a paper: its upvotes, its citations.  The
 * table readings has the last reading of each source and the number that the
 * source's count starts from ("base": 0, or its first reading where the kind
 * counts from there).  A source's count is its value less its base, never below
 * zero; the counter is the largest count of its sources, as they count the same
 * things, not all of them seeing all.  The sum of the counter's signals is kept
 * equal to it:
 *
 * 1. It grew: the difference is a signal at the time of the reading.  But what a
 *	  source tells in its first reading was not gathered at that moment, and if
 *	  it is more than other sources had, then because it sees more: that part is
 *	  as old as the paper's announcement, and known since the reading.
 * 2. It shrank: the newest signals are taken back, at their own times, as votes
 *	  that are retracted were the last ones more likely than the first ones.
 *
 * The paper is locked by those who call this, so that two observers of a counter
 * follow one another, also where they are the first ones and no row of readings
 * is there to be locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/record.h"
#include "compat.h"
#include "signal/signal.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* The last reading of a source, as it is in the table or will be. */
typedef struct Last
{
	Datum		paper;
	Datum		kind;
	text	   *source;
	double		value;
	double		base;
	TimestampTz at;
	bool		changed;
} Last;

typedef struct Lasts
{
	Last	   *items;
	int			n;
	int			max;
} Lasts;

typedef struct Retractions
{
	Datum	   *papers;
	Datum	   *kinds;
	Datum	   *amounts;
	int			n;
} Retractions;

int
pf_compare_texts(Datum a, Datum b)
{
	const text *x = DatumGetTextPP(a);
	const text *y = DatumGetTextPP(b);
	int			result = memcmp(VARDATA_ANY(x), VARDATA_ANY(y),
								Min(VARSIZE_ANY_EXHDR(x), VARSIZE_ANY_EXHDR(y)));

	return result != 0 ? result : (int) VARSIZE_ANY_EXHDR(x) - (int) VARSIZE_ANY_EXHDR(y);
}

static inline bool
same_text(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static int
compare_counters(Datum paper_a, Datum kind_a, Datum paper_b, Datum kind_b)
{
	int			result = pf_compare_texts(paper_a, paper_b);

	return result != 0 ? result : pf_compare_texts(kind_a, kind_b);
}

static int
compare_lasts(const void *a, const void *b)
{
	const Last *x = a;
	const Last *y = b;

	return compare_counters(x->paper, x->kind, y->paper, y->kind);
}

/* A counter's readings stay in their order; the array is of pointers into the caller's. */
static int
compare_readings(const void *a, const void *b)
{
	const PfReading *x = *(PfReading *const *) a;
	const PfReading *y = *(PfReading *const *) b;
	int			result = compare_counters(x->paper, x->kind, y->paper, y->kind);

	return result != 0 ? result : (x > y) - (x < y);
}

static Last *
add_last(Lasts *lasts)
{
	if (lasts->n == lasts->max)
	{
		lasts->max = Max(16, lasts->max * 2);
		lasts->items = lasts->items == NULL ? palloc(lasts->max * sizeof(Last)) :
			repalloc(lasts->items, lasts->max * sizeof(Last));
	}
	return memset(&lasts->items[lasts->n++], 0, sizeof(Last));
}

/* What is known of the papers' counters, in the order of paper and kind. */
static void
read_lasts(Lasts *lasts, Datum *papers, int n)
{
	static const Oid types[] = {PF_ARG_PAPERS};
	static PfPlan plan = {
		.sql = "SELECT paper, kind, source, value, base, at FROM paperfeed.readings"
		" WHERE paper OPERATOR(pg_catalog.=) ANY ($1)"
	};
	Datum		args[1] = {pf_paperid_array(papers, n)};
	uint64		found;
	SPITupleTable *rows;

	/* The papers are locked: what is true now counts, whatever the transaction's snapshot. */
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	found = pf_plan_run(&plan, 1, types, args, NULL, true, NULL);
	PopActiveSnapshot();
	rows = SPI_tuptable;

	for (uint64 i = 0; i < found; i++)
	{
		Datum		values[6];
		bool		nulls[6];
		Last	   *last = add_last(lasts);

		heap_deform_tuple(rows->vals[i], rows->tupdesc, values, nulls);
		last->paper = PointerGetDatum(DatumGetTextPCopy(values[0]));
		last->kind = PointerGetDatum(DatumGetTextPCopy(values[1]));
		last->source = DatumGetTextPCopy(values[2]);
		last->value = DatumGetFloat8(values[3]);
		last->base = DatumGetFloat8(values[4]);
		last->at = DatumGetTimestampTz(values[5]);
	}
	SPI_freetuptable(rows);
	if (lasts->n > 1)
		qsort(lasts->items, lasts->n, sizeof(Last), compare_lasts);
}

static double
counter(const Lasts *lasts)
{
	double		count = 0;

	for (int i = 0; i < lasts->n; i++)
		count = Max(count, lasts->items[i].value - lasts->items[i].base);
	return count;
}

/* One reading of a counter whose last readings are 'lasts'; returns by how much it grew. */
static double
observe(Lasts *lasts, const PfReading *reading, TimestampTz at, PfNewSignals *signals)
{
	double		before = counter(lasts);
	Last	   *last = NULL;
	bool		first;
	double		grown;

	for (int i = 0; i < lasts->n && last == NULL; i++)
	{
		if (same_text(lasts->items[i].source, reading->source))
			last = &lasts->items[i];
	}
	first = last == NULL;
	if (!first && at < last->at)
		return 0;
	if (first)
	{
		last = add_last(lasts);
		last->paper = reading->paper;
		last->kind = reading->kind;
		last->source = reading->source;
		last->base = reading->from_first_reading ? reading->value : 0;
	}
	last->value = reading->value;
	last->at = at;
	last->changed = true;

	grown = counter(lasts) - before;
	if (grown > 0)
		pf_new_signal(signals, reading->paper, reading->kind, grown,
					  first && reading->dated != PF_NO_TIME ? Min(reading->dated, at) : at,
					  reading->source, at);
	return grown;
}

static void
write_lasts(const Lasts *lasts)
{
	static const Oid types[] = {
		PF_ARG_PAPERS, TEXTARRAYOID, TEXTARRAYOID, FLOAT8ARRAYOID, FLOAT8ARRAYOID, TIMESTAMPTZOID
	};
	static PfPlan plan = {
		.sql = "INSERT INTO paperfeed.readings AS r (paper, kind, source, value, base, at)"
		" SELECT u.*, $6 FROM unnest($1, $2, $3, $4, $5) AS u"
		" ON CONFLICT (paper, kind, source) DO UPDATE SET value = excluded.value,"
		" base = excluded.base, at = excluded.at"
	};
	int			max = Max(lasts->n, 1);
	Datum	   *columns[5];
	Datum		args[6];
	int			n = 0;

	for (int c = 0; c < 5; c++)
		columns[c] = palloc(max * sizeof(Datum));
	for (int i = 0; i < lasts->n; i++)
	{
		const Last *last = &lasts->items[i];

		if (!last->changed)
			continue;
		columns[0][n] = last->paper;
		columns[1][n] = last->kind;
		columns[2][n] = PointerGetDatum(last->source);
		columns[3][n] = Float8GetDatum(last->value);
		columns[4][n] = Float8GetDatum(last->base);
		args[5] = TimestampTzGetDatum(last->at);	/* the same in all */
		n++;
	}
	if (n == 0)
		return;
	args[0] = pf_paperid_array(columns[0], n);
	for (int c = 1; c < 3; c++)
		args[c] = PointerGetDatum(construct_array(columns[c], n, TEXTOID, -1, false, TYPALIGN_INT));
	for (int c = 3; c < 5; c++)
		args[c] = PointerGetDatum(construct_array(columns[c], n, FLOAT8OID, sizeof(float8),
												  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	(void) pf_plan_run(&plan, 6, types, args, NULL, false, NULL);
}

void
pf_observe_retract(Datum *papers, Datum *kinds, Datum *amounts, int n, TimestampTz known_at)
{
	static const Oid types[] = {PF_ARG_PAPERS, TEXTARRAYOID, FLOAT8ARRAYOID, TIMESTAMPTZOID};
	static PfPlan plan = {
		.sql = "INSERT INTO paperfeed.signals (paper, kind, weight, at, source, known_at, retracts)"
		" SELECT d.paper, d.kind, -LEAST(s.net, d.amount - (s.sum - s.net)), s.at, s.source,"
		" CASE WHEN $4 > s.at THEN $4 END, true"
		" FROM unnest($1, $2, $3) AS d (paper, kind, amount), LATERAL"
		" (SELECT n.at, n.source, n.net,"
		" sum(n.net) OVER (ORDER BY n.at DESC, n.source DESC ROWS UNBOUNDED PRECEDING) AS sum"
		" FROM (SELECT at, source, sum(weight) AS net FROM paperfeed.signals"
		" WHERE paper OPERATOR(pg_catalog.=) d.paper AND kind = d.kind AND reader IS NULL"
		" GROUP BY at, source HAVING sum(weight) > 0) AS n) AS s"
		" WHERE s.sum - s.net < d.amount"
	};
	Datum		args[4];

	if (n == 0)
		return;
	args[0] = pf_paperid_array(papers, n);
	args[1] = PointerGetDatum(construct_array(kinds, n, TEXTOID, -1, false, TYPALIGN_INT));
	args[2] = PointerGetDatum(construct_array(amounts, n, FLOAT8OID, sizeof(float8),
											  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	args[3] = TimestampTzGetDatum(known_at);
	(void) pf_plan_run(&plan, 4, types, args, NULL, false, NULL);
}

double
pf_observe_readings(PfReading *readings, int n, TimestampTz at, PfNewSignals *signals)
{
	PfReading **sorted = palloc(Max(n, 1) * sizeof(PfReading *));
	Datum	   *papers = palloc(Max(n, 1) * sizeof(Datum));
	Retractions less;
	Lasts		known = {NULL, 0, 0};
	Lasts		written = {NULL, 0, 0};
	double		total = 0;
	int			npapers = 0;
	int			k = 0;
	int			end;

	if (n == 0)
		return 0;
	for (int i = 0; i < n; i++)
		sorted[i] = &readings[i];
	qsort(sorted, n, sizeof(PfReading *), compare_readings);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || pf_compare_texts(sorted[i]->paper, sorted[i - 1]->paper) != 0)
			papers[npapers++] = sorted[i]->paper;
	}
	read_lasts(&known, papers, npapers);

	less.papers = palloc(n * sizeof(Datum));
	less.kinds = palloc(n * sizeof(Datum));
	less.amounts = palloc(n * sizeof(Datum));
	less.n = 0;
	for (int start = 0; start < n; start = end)
	{
		PfReading  *reading = sorted[start];
		Lasts		lasts = {NULL, 0, 0};
		double		grown = 0;
		double		shrunk = 0;

		for (end = start + 1; end < n && compare_counters(reading->paper, reading->kind,
														  sorted[end]->paper, sorted[end]->kind) == 0;)
			end++;
		for (; k < known.n; k++)
		{
			int			order = compare_counters(known.items[k].paper, known.items[k].kind,
												 reading->paper, reading->kind);

			if (order > 0)
				break;
			if (order == 0)
				*add_last(&lasts) = known.items[k];
		}
		for (int i = start; i < end; i++)
		{
			bool		corrected = false;

			/* Told twice by one source: the last word counts. */
			for (int later = i + 1; later < end && !corrected; later++)
				corrected = same_text(sorted[i]->source, sorted[later]->source);
			if (!corrected)
			{
				double		change = observe(&lasts, sorted[i], at, signals);

				grown += change;
				shrunk -= Min(change, 0);
			}
		}
		if (shrunk > 0)
		{
			less.papers[less.n] = reading->paper;
			less.kinds[less.n] = reading->kind;
			less.amounts[less.n++] = Float8GetDatum(shrunk);
		}
		for (int i = 0; i < lasts.n; i++)
		{
			if (lasts.items[i].changed)
				*add_last(&written) = lasts.items[i];
		}
		total += grown;
	}
	write_lasts(&written);
	pf_new_signals_write(signals);
	pf_observe_retract(less.papers, less.kinds, less.amounts, less.n, at);
	return total;
}
