/*-------------------------------------------------------------------------
 *
 * batch.c
 *		Which records of a batch are of which paper.
 *
 * Records are grouped by the identities they share, with each other and with
 * rows that exist (see pf_batch_group).  Nothing is changed here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "paper/batch.h"
#include "utils/builtins.h"

PfIdEntry *
pf_batch_entry(PfBatch *b, PfStr id)
{
	bool		found;
	PfIdEntry    *entry = idmap_lookup(b->map, id);

	/* An insert may move entries even if it finds its key: look first. */
	if (entry == NULL)
	{
		entry = idmap_insert(b->map, id, &found);
		pf_strings_add(&b->known, id);
		entry->group = -1;
		entry->owner = PF_STR_NONE;
		entry->exists = false;
		entry->sighted = false;
		entry->row = NULL;
	}
	return entry;
}

int
pf_batch_compare_ids(const void *a, const void *b)
{
	const PfStr *x = a;
	const PfStr *y = b;
	int			c = memcmp(x->s, y->s, Min(x->len, y->len));

	return c != 0 ? c : x->len - y->len;
}

/* Column 'column' (from 1) of row 'i' of the last result as a copied string. */
PfStr
pf_batch_result(uint64 i, int column)
{
	bool		isnull;
	Datum		datum = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column, &isnull);
	text	   *t;

	if (isnull)
		return PF_STR_NONE;
	t = DatumGetTextPP(datum);
	return pf_str_dup((PfStr) {VARDATA_ANY(t), (int) VARSIZE_ANY_EXHDR(t)});
}

/* Find the rows that the ids known from 'from' on belong to. */
static void
look_up_owners(PfBatch *b, int from)
{
	PfStrings	wanted = {NULL, 0, 0};
	Datum		args[2];
	uint64		found;

	/* An arXiv id is always its paper's own. */
	for (int i = from; i < b->known.n; i++)
	{
		if (pf_paperid_scheme(b->known.items[i]) != PF_SCHEME_ARXIV)
			pf_strings_add(&wanted, b->known.items[i]);
	}
	if (wanted.n == 0)
		return;
	args[0] = pf_store_ids(b->store, wanted.items, wanted.n);
	args[1] = ObjectIdGetDatum(b->store->target);
	found = pf_store_run(b->store, PF_STMT_IDENTITIES, args);
	for (uint64 i = 0; i < found; i++)
	{
		PfStr		owner = pf_batch_result(i, 2);

		pf_batch_entry(b, pf_batch_result(i, 1))->owner = owner;
		(void) pf_batch_entry(b, owner);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Fill the map: owners, existing rows, sightings. */
void
pf_batch_look_up(PfBatch *b)
{
	Datum		args[2];
	int			nids;
	uint64		found;

	for (int i = 0; i < b->nitems; i++)
	{
		for (int k = 0; k < b->items[i].ids.n; k++)
			(void) pf_batch_entry(b, b->items[i].ids.ids[k]);
	}
	nids = b->known.n;

	/* Then the same for the rows that these belong to. */
	look_up_owners(b, 0);
	if (b->known.n > nids)
		look_up_owners(b, nids);

	args[0] = pf_store_ids(b->store, b->known.items, b->known.n);
	found = pf_store_run(b->store, PF_STMT_EXISTING, args);
	for (uint64 i = 0; i < found; i++)
		pf_batch_entry(b, pf_batch_result(i, 1))->exists = true;
	SPI_freetuptable(SPI_tuptable);
	if (!b->may_have_sighted)
		return;

	args[1] = Int64GetDatum(b->feed);
	found = pf_store_run(b->store, PF_STMT_SIGHTINGS, args);
	for (uint64 i = 0; i < found; i++)
	{
		PfIdEntry    *entry = pf_batch_entry(b, pf_batch_result(i, 1));
		bool		isnull;

		entry->sighted = true;
		entry->fingerprint = (uint64) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i],
																  SPI_tuptable->tupdesc, 2,
																  &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
}

static int
compare_by_first_id(const void *a, const void *b)
{
	return pf_batch_compare_ids(&(*(PfItem *const *) a)->ids.ids[0],
								&(*(PfItem *const *) b)->ids.ids[0]);
}

/*
 * A link that several records with different titles share is the address of
 * a list, not of a paper: they go by their hashes.
 */
void
pf_batch_drop_shared_links(PfBatch *b)
{
	PfItem	  **items = palloc((b->nitems + 1) * sizeof(PfItem *));
	int			n = 0;
	int			end;

	for (int i = 0; i < b->nitems; i++)
	{
		PfItem	   *item = &b->items[i];

		if (!pf_str_blank(item->hash) && pf_paperid_scheme(item->ids.ids[0]) == PF_SCHEME_URL)
			items[n++] = item;
	}
	qsort(items, n, sizeof(PfItem *), compare_by_first_id);
	for (int start = 0; start < n; start = end)
	{
		bool		shared = false;

		for (end = start + 1; end < n && compare_by_first_id(&items[start], &items[end]) == 0; end++)
			shared |= !pf_str_eq(items[start]->hash, items[end]->hash);
		for (int i = start; shared && i < end; i++)
		{
			items[i]->ids.n = 1;
			items[i]->ids.ids[0] = items[i]->hash;
			items[i]->row.values[PF_COL_ID] =
				PointerGetDatum(cstring_to_text_with_len(items[i]->hash.s, items[i]->hash.len));
		}
	}
	pfree(items);
}

/*
 * May the record be of the group's paper?  Not if it has identities of the
 * kind that names the paper, and none of them is the paper's: two arXiv papers
 * that name one DOI are two papers, and one of them is wrong about the DOI.
 */
static bool
may_be(PfBatch *b, const PfIdentities *ids, int g)
{
	PfStr		id = b->groups[g].id;
	PfScheme	scheme = pf_paperid_scheme(id);
	bool		has_scheme = false;

	if (scheme >= PF_SCHEME_URL)
		return true;
	for (int i = 0; i < ids->n; i++)
	{
		PfIdEntry    *entry;

		if (pf_paperid_scheme(ids->ids[i]) != scheme)
			continue;
		entry = pf_batch_entry(b, ids->ids[i]);
		if (pf_str_eq(entry->id, id) || entry->group == g ||
			(entry->owner.s != NULL && pf_str_eq(entry->owner, id)))
			return true;
		has_scheme = true;
	}
	return !has_scheme;
}

/*
 * May the record join the two groups?  If papers of one kind of identity are
 * to be one, it must name both itself, and two arXiv papers never are.
 */
static bool
may_join(PfBatch *b, const PfIdentities *ids, int g, int h)
{
	PfScheme	scheme = pf_paperid_scheme(b->groups[g].id);
	bool		names_g = false;
	bool		names_h = false;

	if (scheme >= PF_SCHEME_URL || scheme != pf_paperid_scheme(b->groups[h].id))
		return true;
	for (int i = 0; i < ids->n && scheme != PF_SCHEME_ARXIV; i++)
	{
		if (pf_paperid_scheme(ids->ids[i]) != scheme)
			continue;
		names_g |= pf_batch_entry(b, ids->ids[i])->group == g;
		names_h |= pf_batch_entry(b, ids->ids[i])->group == h;
	}
	return names_g && names_h;
}

/* Make 'id' known as one of the group's. */
static void
give_id(PfBatch *b, int g, PfStr id)
{
	PfGroup    *group = &b->groups[g];
	PfIdEntry    *entry = pf_batch_entry(b, id);

	entry->group = g;
	pf_strings_add(&group->ids, entry->id);
	if (group->id.s == NULL ||
		pf_paperid_scheme(entry->id) < pf_paperid_scheme(group->id) ||
		(pf_paperid_scheme(entry->id) == pf_paperid_scheme(group->id) &&
		 entry->exists && !pf_batch_entry(b, group->id)->exists))
		group->id = entry->id;
	if (entry->exists && !pf_strings_has(&group->rows, entry->id))
		pf_strings_add(&group->rows, entry->id);
}

static int
new_group(PfBatch *b)
{
	PfGroup    *group = &b->groups[b->ngroups];

	memset(group, 0, sizeof(PfGroup));
	group->first = group->last = -1;
	return b->ngroups++;
}

/* PfGroup 'from' becomes part of group 'to'. */
static void
join_groups(PfBatch *b, int to, int from)
{
	PfGroup    *group = &b->groups[to];
	PfGroup    *other = &b->groups[from];

	for (int i = 0; i < other->ids.n; i++)
		give_id(b, to, other->ids.items[i]);
	if (other->first >= 0)
	{
		if (group->last >= 0)
			b->items[group->last].next = other->first;
		else
			group->first = other->first;
		group->last = other->last;
		group->fingerprint = hash_combine64(group->fingerprint, other->fingerprint);
	}
	other->first = -1;
	other->ids.n = 0;
	other->rows.n = 0;
}

/*
 * Put each record into the group of its paper.  A record that carries
 * identities of several papers joins them, unless may_be says no; an identity
 * that it cannot have is left to the paper that has it.
 */
void
pf_batch_group(PfBatch *b)
{
	/* Each item can open a group, and each known id one for its row. */
	b->groups = palloc_extended(((Size) b->nitems + b->map->members) * sizeof(PfGroup),
								MCXT_ALLOC_HUGE);
	b->ngroups = 0;

	for (int i = 0; i < b->nitems; i++)
	{
		PfItem	   *item = &b->items[i];
		int			mine = -1;
		bool		usable[PF_MAX_IDENTITIES];

		CHECK_FOR_INTERRUPTS();
		item->next = -1;
		for (int k = 0; k < item->ids.n; k++)
		{
			PfIdEntry    *entry = pf_batch_entry(b, item->ids.ids[k]);
			PfStr		owner = entry->owner;
			int			g = entry->group;

			usable[k] = true;
			if (g < 0 && owner.s != NULL)
			{
				/* Known by the table: open the group of its paper. */
				g = pf_batch_entry(b, owner)->group;
				if (g < 0)
				{
					g = new_group(b);
					give_id(b, g, owner);
				}
				if (!pf_str_eq(owner, item->ids.ids[k]))
					give_id(b, g, item->ids.ids[k]);
			}
			else if (g < 0 && entry->exists)
			{
				g = new_group(b);
				give_id(b, g, item->ids.ids[k]);
			}
			if (g < 0)
				continue;
			if (!may_be(b, &item->ids, g))
				usable[k] = false;
			else if (mine < 0)
				mine = g;
			else if (mine != g && !may_join(b, &item->ids, mine, g))
				usable[k] = false;
			else if (mine != g)
				join_groups(b, mine, g);
		}
		if (mine < 0)
			mine = new_group(b);
		for (int k = 0; k < item->ids.n; k++)
		{
			if (usable[k] && pf_batch_entry(b, item->ids.ids[k])->group != mine)
				give_id(b, mine, item->ids.ids[k]);
		}

		if (b->groups[mine].last >= 0)
			b->items[b->groups[mine].last].next = i;
		else
			b->groups[mine].first = i;
		b->groups[mine].last = i;
		b->groups[mine].fingerprint = hash_combine64(b->groups[mine].fingerprint,
													 item->fingerprint);
	}
}

/* Does the feed say of the paper that it is gone, and nothing else? */
static bool
only_deleted(PfBatch *b, const PfGroup *group)
{
	for (int i = group->first; i >= 0; i = b->items[i].next)
	{
		const PfRow *row = &b->items[i].row;

		if (!row->nulls[PF_COL_TITLE] || !DatumGetBool(row->values[PF_COL_WITHDRAWN]))
			return false;
	}
	return true;
}

static bool
only_unwanted(PfBatch *b, const PfGroup *group)
{
	for (int i = group->first; i >= 0; i = b->items[i].next)
	{
		if (!b->items[i].unwanted)
			return false;
	}
	return true;
}

/* Find the groups of which the feed says nothing that it did not say before, and those to be dropped. */
void
pf_batch_skip_unchanged(PfBatch *b)
{
	for (int g = 0; g < b->ngroups; g++)
	{
		PfGroup    *group = &b->groups[g];
		PfIdEntry    *entry;

		if (group->first < 0)
			continue;
		if (group->id.s == NULL)
		{
			/* Each of its identities belongs to another paper. */
			group->skip = true;
			continue;
		}
		entry = pf_batch_entry(b, group->id);
		group->unwanted = group->rows.n == 0 && only_unwanted(b, group);
		if (group->unwanted || (group->rows.n == 0 && only_deleted(b, group)))
		{
			group->skip = true;
			continue;
		}
		group->has_row = entry->exists;
		group->skip = entry->exists && group->rows.n == 1 && entry->sighted &&
			entry->fingerprint == group->fingerprint;
		for (int i = 0; i < group->ids.n && group->skip; i++)
		{
			PfStr		id = group->ids.items[i];
			PfStr		owner = pf_batch_entry(b, id)->owner;

			group->skip = owner.s != NULL ? pf_str_eq(owner, group->id) :
				pf_paperid_scheme(id) == PF_SCHEME_ARXIV && pf_str_eq(id, group->id);
		}
	}
}
