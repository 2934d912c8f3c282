/*-------------------------------------------------------------------------
 *
 * batch_write.c
 *		A grouped batch into the papers table and the tables beside it.
 *
 * Runs in a subtransaction of the writer's.  Statements handle ids in sorted
 * order, so that two ingests of the same papers wait for each other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "paper/batch.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Columns whose former values are worth a revision. */
#define REVISION_COLUMNS \
	(((PfColumnSet) -1) & ~(((PfColumnSet) 1 << PF_COL_LINKS) | ((PfColumnSet) 1 << PF_COL_METRICS) | \
							((PfColumnSet) 1 << PF_COL_EXTRA) | ((PfColumnSet) 1 << PF_COL_ID)))

#define MAX_HOOKS	4			/* of a kind */

PfNewsHook	pf_news_hook = NULL;

static PfWrittenHook written_hooks[MAX_HOOKS];
static PfMovedHook moved_hooks[MAX_HOOKS];
static PfWordsHook words_hooks[MAX_HOOKS];
static int	nwritten_hooks = 0;
static int	nmoved_hooks = 0;
static int	nwords_hooks = 0;

void
pf_add_written_hook(PfWrittenHook hook)
{
	if (nwritten_hooks == MAX_HOOKS)
		elog(ERROR, "too many hooks");
	written_hooks[nwritten_hooks++] = hook;
}

void
pf_add_moved_hook(PfMovedHook hook)
{
	if (nmoved_hooks == MAX_HOOKS)
		elog(ERROR, "too many hooks");
	moved_hooks[nmoved_hooks++] = hook;
}

void
pf_add_words_hook(PfWordsHook hook)
{
	if (nwords_hooks == MAX_HOOKS)
		elog(ERROR, "too many hooks");
	words_hooks[nwords_hooks++] = hook;
}

bool
pf_batch_words_wanted(PfBatch *b)
{
	for (int h = 0; h < nwords_hooks && b->store->is_papers; h++)
	{
		if (words_hooks[h] ())
			return true;
	}
	return false;
}

typedef struct Claim
{
	PfStr		identity;
	PfStr		paper;
	PfStr		was;			/* the row that it named until now */
} Claim;

/* Another transaction got in the way: the writer starts the batch again. */
static void
race(PfStr id)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not write paper \"%.*s\" because of concurrent updates", id.len, id.s),
			 errhint("Try again.  If it goes on, look for row-level security that shows the row but "
					 "does not let it be updated.")));
}

/* Claim the new identities, correct those that are to name another row. */
static void
claim(PfBatch *b)
{
	Claim	   *claims;
	Claim	   *moves;
	int			max = (int) b->map->members;
	int			nclaims = 0;
	int			nmoves = 0;

	claims = palloc((max + 1) * sizeof(Claim));
	moves = palloc((max + 1) * sizeof(Claim));
	for (int g = 0; g < b->ngroups; g++)
	{
		PfGroup    *group = &b->groups[g];

		if (group->first < 0 || group->skip)
			continue;
		for (int i = 0; i < group->ids.n; i++)
		{
			PfIdEntry    *entry = pf_batch_entry(b, group->ids.items[i]);

			/* An identity may be listed twice after groups were joined. */
			if (entry->group != g)
				continue;
			entry->group = -2;

			/* The papers table's own key is claim enough. */
			if (entry->owner.s == NULL && pf_paperid_scheme(entry->id) == PF_SCHEME_ARXIV)
				continue;
			if (entry->owner.s == NULL)
				claims[nclaims++] = (Claim) {entry->id, group->id, PF_STR_NONE};
			/*
			 * A row that is not there may have been joined into another one between
			 * our two looks: then the identity does not name it any more.
			 */
			else if (!pf_str_eq(entry->owner, group->id) ||
					 !pf_batch_entry(b, group->id)->exists)
				moves[nmoves++] = (Claim) {entry->id, group->id, entry->owner};
		}
	}

	for (int pass = 0; pass < 2; pass++)
	{
		Claim	   *list = pass == 0 ? claims : moves;
		int			n = pass == 0 ? nclaims : nmoves;
		PfStr	   *ids = palloc((n + 1) * sizeof(PfStr));
		PfStr	   *papers = palloc((n + 1) * sizeof(PfStr));
		PfStr	   *was = palloc((n + 1) * sizeof(PfStr));
		Datum		args[4];

		if (n == 0)
			continue;
		qsort(list, n, sizeof(Claim), pf_batch_compare_ids);	/* by identity, the first member */
		for (int i = 0; i < n; i++)
		{
			ids[i] = list[i].identity;
			papers[i] = list[i].paper;
			was[i] = list[i].was;
		}
		args[0] = pf_store_ids(b->store, ids, n);
		args[1] = ObjectIdGetDatum(b->store->target);
		args[2] = pf_store_ids(b->store, papers, n);
		if (pass == 0)
			(void) pf_store_run(b->store, PF_STMT_CLAIM, args);
		else
		{
			args[3] = pf_store_ids(b->store, was, n);
			if (pf_store_run(b->store, PF_STMT_POINT, args) != (uint64) n)
				race(papers[0]);
		}
	}
}

/* Lock and read the rows that exist. */
static void
fetch_rows(PfBatch *b)
{
	PfStrings	wanted = {NULL, 0, 0};
	Datum		args[1];
	uint64		found;

	for (int g = 0; g < b->ngroups; g++)
	{
		PfGroup    *group = &b->groups[g];

		if (group->first < 0 || group->skip)
			continue;
		for (int i = 0; i < group->rows.n; i++)
			pf_strings_add(&wanted, group->rows.items[i]);
	}
	if (wanted.n == 0)
		return;
	qsort(wanted.items, wanted.n, sizeof(PfStr), pf_batch_compare_ids);
	args[0] = pf_store_ids(b->store, wanted.items, wanted.n);
	found = pf_store_run(b->store, PF_STMT_FETCH, args);
	b->fetched = SPI_tuptable;
	for (uint64 i = 0; i < found; i++)
	{
		PfRow	   *row = palloc(sizeof(PfRow));

		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, row->values, row->nulls);
		pf_batch_entry(b, pf_batch_result(i, 1))->row = row;
	}
	/* A row that was there a moment ago was deleted, or joined into another. */
	for (int i = 0; i < wanted.n; i++)
	{
		if (pf_batch_entry(b, wanted.items[i])->row == NULL)
			race(wanted.items[i]);
	}
}

/* A row to change: an item's own row must stay as it is for another attempt. */
static PfRow *
copy_row(const PfRow *row)
{
	PfRow	   *copy = palloc(sizeof(PfRow));

	*copy = *row;
	return copy;
}

static void
merge_group(PfBatch *b, PfGroup *group)
{
	PfRow	   *existing = pf_batch_entry(b, group->id)->row;
	PfRow	   *row = NULL;

	group->has_row = existing != NULL;
	group->before = existing;
	if (existing == NULL && group->rows.n == 0 && group->first == group->last &&
		pf_str_eq(group->id, b->items[group->first].ids.ids[0]))
	{
		/* Nearly all of a first load: one record, nothing to merge. */
		group->row = &b->items[group->first].row;
		group->write = true;
		group->outcome = PF_OUTCOME_ADDED;
		return;
	}

	if (existing != NULL)
		row = copy_row(existing);
	for (int i = 0; i < group->rows.n; i++)
	{
		PfRow	   *other = pf_batch_entry(b, group->rows.items[i])->row;

		if (other == existing)
			continue;
		if (row == NULL)
			row = copy_row(other);
		else
			group->changed |= pf_row_merge(row, other);
	}
	for (int i = group->first; i >= 0; i = b->items[i].next)
	{
		if (row == NULL)
			row = copy_row(&b->items[i].row);
		else
			group->changed |= pf_row_merge(row, &b->items[i].row);
	}
	row->values[PF_COL_ID] =
		PointerGetDatum(cstring_to_text_with_len(group->id.s, group->id.len));
	row->nulls[PF_COL_ID] = false;
	group->row = row;
	group->write = !group->has_row || group->changed != 0;
	if (!group->has_row && group->rows.n == 0)
		group->outcome = PF_OUTCOME_ADDED;
	else if (group->write || group->rows.n > 1)
		group->outcome = PF_OUTCOME_UPDATED;
}

static void
merge_groups(PfBatch *b)
{
	for (int g = 0; g < b->ngroups; g++)
	{
		if (b->groups[g].first >= 0 && !b->groups[g].skip)
			merge_group(b, &b->groups[g]);
	}
}

static int
compare_groups(const void *a, const void *b)
{
	const PfGroup    *x = *(PfGroup    *const *) a;
	const PfGroup    *y = *(PfGroup    *const *) b;

	return pf_batch_compare_ids(&x->id, &y->id);
}

/* Insert or update what is due. */
static void
write_rows(PfBatch *b, bool insert)
{
	PfGroup   **groups = palloc((b->ngroups + 1) * sizeof(PfGroup *));
	PfRow	  **rows = palloc((b->ngroups + 1) * sizeof(PfRow *));
	int			n = 0;

	for (int g = 0; g < b->ngroups; g++)
	{
		PfGroup    *group = &b->groups[g];

		if (group->first >= 0 && !group->skip && group->write && group->has_row != insert)
			groups[n++] = group;
	}
	if (n == 0)
		return;
	qsort(groups, n, sizeof(PfGroup *), compare_groups);
	for (int i = 0; i < n; i++)
		rows[i] = groups[i]->row;
	pf_store_set_rows(b->store, rows, n);
	if (insert)
		(void) pf_store_run(b->store, PF_STMT_INSERT, NULL);
	else
	{
		PfStr	   *ids = palloc(n * sizeof(PfStr));
		Datum		args[1];

		for (int i = 0; i < n; i++)
			ids[i] = groups[i]->id;
		args[0] = pf_store_ids(b->store, ids, n);
		(void) pf_store_run(b->store, PF_STMT_UPDATE, args);
	}
}

/* Let what knew the rows that were joined know the one that stays. */
static void
join_rows(PfBatch *b)
{
	for (int g = 0; g < b->ngroups; g++)
	{
		PfGroup    *group = &b->groups[g];

		if (group->first < 0 || group->skip)
			continue;
		for (int i = 0; i < group->rows.n; i++)
		{
			PfStr		old = group->rows.items[i];
			Datum		args[3];

			if (pf_str_eq(old, group->id) || pf_batch_entry(b, old)->row == NULL)
				continue;
			args[0] = PointerGetDatum(cstring_to_text_with_len(old.s, old.len));
			args[1] = PointerGetDatum(cstring_to_text_with_len(group->id.s, group->id.len));
			args[2] = ObjectIdGetDatum(b->store->target);
			pf_store_lock_out(b->store, old);
			for (int h = 0; h < nmoved_hooks && b->store->is_papers; h++)
				moved_hooks[h] (args[0], args[1]);
			(void) pf_store_run(b->store, PF_STMT_MOVE_NOTES, args);
			pf_store_repoint(b->store, old, group->id);
			pf_store_remove(b->store, old, group->id);
		}
	}
}

static Datum
array_of(Datum *datums, bool *nulls, int n, Oid type, int16 len, bool byval, char align)
{
	int			dims[1] = {n};
	int			lbs[1] = {1};

	return PointerGetDatum(construct_md_array(datums, nulls, 1, dims, lbs, type, len, byval, align));
}

static void
note_sightings(PfBatch *b)
{
	PfGroup   **groups = palloc((b->ngroups + 1) * sizeof(PfGroup *));
	PfSighting *sightings;
	int			n = 0;
	Datum		args[1];

	for (int g = 0; g < b->ngroups; g++)
	{
		if (b->groups[g].first >= 0 && !b->groups[g].skip)
			groups[n++] = &b->groups[g];
	}
	if (n == 0)
		return;
	qsort(groups, n, sizeof(PfGroup *), compare_groups);
	sightings = palloc0(n * sizeof(PfSighting));
	for (int i = 0; i < n; i++)
	{
		PfSighting *s = &sightings[i];
		PfItem	   *item = &b->items[groups[i]->last];

		s->values[PF_SIGHTING_PAPER] = groups[i]->row->values[PF_COL_ID];
		s->values[PF_SIGHTING_POSITION] = Int32GetDatum(item->position);
		s->nulls[PF_SIGHTING_ANNOUNCE] = item->announce.s == NULL;
		if (item->announce.s != NULL)
			s->values[PF_SIGHTING_ANNOUNCE] = PointerGetDatum(pf_utf8_to_text(item->announce));
		s->nulls[PF_SIGHTING_ANNOUNCED] = item->announced == PF_NO_TIME;
		s->values[PF_SIGHTING_ANNOUNCED] = TimestampTzGetDatum(item->announced);
		s->values[PF_SIGHTING_FINGERPRINT] = Int64GetDatum((int64) groups[i]->fingerprint);
	}
	pf_store_set_sightings(b->store, sightings, n);
	args[0] = Int64GetDatum(b->feed);
	(void) pf_store_run(b->store, b->may_have_sighted ? PF_STMT_SIGHT_AGAIN : PF_STMT_SIGHT, args);
}

/* Former values of changed columns, and rows that were joined into others as a whole. */
static void
note_revisions(PfBatch *b)
{
	PfStrings	papers = {NULL, 0, 0};
	Datum	   *versions;
	bool	   *version_nulls;
	Datum	   *was;
	int			max = 0;
	int			n = 0;
	Datum		args[4];

	if (!b->store->is_papers)
		return;
	for (int g = 0; g < b->ngroups; g++)
		max += 1 + b->groups[g].rows.n;
	versions = palloc((max + 1) * sizeof(Datum));
	version_nulls = palloc((max + 1) * sizeof(bool));
	was = palloc((max + 1) * sizeof(Datum));

	for (int g = 0; g < b->ngroups; g++)
	{
		PfGroup    *group = &b->groups[g];
		PfColumnSet lost = 0;

		if (group->first < 0 || group->skip)
			continue;
		if (group->has_row)
		{
			for (int c = 0; c < PF_NCOLUMNS; c++)
			{
				if ((group->changed & REVISION_COLUMNS & ((PfColumnSet) 1 << c)) != 0 &&
					!group->before->nulls[c])
					lost |= (PfColumnSet) 1 << c;
			}
		}
		for (int i = -1; i < group->rows.n; i++)
		{
			PfRow	   *row = i < 0 ? group->before : pf_batch_entry(b, group->rows.items[i])->row;

			if (i < 0 ? lost == 0 :
				(row == NULL || pf_str_eq(group->rows.items[i], group->id)))
				continue;
			pf_strings_add(&papers, group->id);
			versions[n] = row->values[PF_COL_VERSION];
			version_nulls[n] = row->nulls[PF_COL_VERSION];
			was[n] = pf_row_jsonb(row, i < 0 ? lost : (PfColumnSet) -1);
			n++;
		}
	}
	if (n == 0)
		return;
	args[0] = Int64GetDatum(b->feed);
	args[1] = pf_store_ids(b->store, papers.items, n);
	args[2] = array_of(versions, version_nulls, n, INT4OID, 4, true, TYPALIGN_INT);
	args[3] = PointerGetDatum(construct_array(was, n, JSONBOID, -1, false, TYPALIGN_INT));
	(void) pf_store_run(b->store, PF_STMT_REVISE, args);
}

/* Had the feed shown the paper, under any of the ids that its rows had? */
static bool
was_shown(PfBatch *b, const PfGroup *group)
{
	bool		shown = pf_batch_entry(b, group->id)->sighted;

	for (int i = 0; i < group->rows.n && !shown; i++)
		shown = pf_batch_entry(b, group->rows.items[i])->sighted;
	return shown;
}

/* Tell those above what the feed told. */
static void
tell_news(PfBatch *b)
{
	PfGroup   **groups;
	PfNews	   *news;
	int			ngroups = 0;
	int			n = 0;

	if (pf_news_hook == NULL || !b->store->is_papers)
		return;
	groups = palloc((b->ngroups + 1) * sizeof(PfGroup *));
	for (int g = 0; g < b->ngroups; g++)
	{
		PfGroup    *group = &b->groups[g];

		/* Nearly all of a first load: neither numbers nor anybody else who knows the paper. */
		if (group->first < 0 || group->skip ||
			(group->first == group->last && group->rows.n == 0 &&
			 b->items[group->first].announce.s == NULL &&
			 b->items[group->first].row.nulls[PF_COL_METRICS]))
			continue;
		groups[ngroups++] = group;
	}
	if (ngroups == 0)
		return;
	qsort(groups, ngroups, sizeof(PfGroup *), compare_groups);
	news = palloc(b->nitems * sizeof(PfNews));
	for (int g = 0; g < ngroups; g++)
	{
		PfGroup    *group = groups[g];
		bool		shown = was_shown(b, group);

		for (int i = group->first; i >= 0; i = b->items[i].next)
		{
			PfItem	   *item = &b->items[i];

			if (shown && item->row.nulls[PF_COL_METRICS])
				continue;
			news[n++] = (PfNews) {
				.paper = group->row->values[PF_COL_ID],
				.told = &item->row,
				.row = group->row,
				.announce = item->announce,
				.announced = item->announced,
				.is_new = group->rows.n == 0,
				.was_shown = shown
			};
		}
	}
	if (n > 0)
		pf_news_hook(news, n);
}

/* Tell those above which rows were written, and which are new to the feed. */
static void
tell_written(PfBatch *b)
{
	PfGroup   **groups;
	PfWritten  *papers;
	int			n = 0;

	if (nwritten_hooks == 0 || !b->store->is_papers)
		return;
	groups = palloc((b->ngroups + 1) * sizeof(PfGroup *));
	for (int g = 0; g < b->ngroups; g++)
	{
		PfGroup    *group = &b->groups[g];

		if (group->first >= 0 && !group->skip && (group->write || !was_shown(b, group)))
			groups[n++] = group;
	}
	if (n == 0)
		return;
	qsort(groups, n, sizeof(PfGroup *), compare_groups);
	papers = palloc(n * sizeof(PfWritten));
	for (int i = 0; i < n; i++)
		papers[i] = (PfWritten) {
			.paper = groups[i]->row->values[PF_COL_ID],
			.row = groups[i]->row,
			.changed = groups[i]->has_row ? groups[i]->changed : (PfColumnSet) -1,
			.is_new = groups[i]->rows.n == 0,
			.was_shown = was_shown(b, groups[i])
		};
	for (int h = 0; h < nwritten_hooks; h++)
		written_hooks[h] (papers, n);
}

void
pf_batch_write(PfBatch *b, MemoryContext context)
{
	b->map = idmap_create(context, (uint32) b->nitems * 2, NULL);
	memset(&b->known, 0, sizeof(b->known));
	b->fetched = NULL;
	pf_batch_look_up(b);
	pf_batch_group(b);
	pf_batch_skip_unchanged(b);
	claim(b);
	fetch_rows(b);
	merge_groups(b);
	write_rows(b, true);
	write_rows(b, false);
	join_rows(b);
	note_sightings(b);
	note_revisions(b);
	tell_news(b);
	tell_written(b);
	if (b->fetched != NULL)
		SPI_freetuptable(b->fetched);
}
