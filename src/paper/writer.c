/*-------------------------------------------------------------------------
 *
 * writer.c
 *		Records into a papers table, one row for each paper.
 *
 * Records are collected into batches; each batch is written by a handful of
 * statements over arrays:
 *
 * 1. Look up which rows the identities of the batch belong to, which of these
 *	  rows exist, and what this feed said of them last.
 * 2. PaperGroup the records: those that share an identity, with each other or with
 *	  a row, are one paper (see group_items).
 * 3. Leave out groups whose feed says nothing new (same fingerprint).
 * 4. Claim the identities that are new.  Their unique key is what keeps two
 *	  transactions from making two rows of one paper: the later one waits for
 *	  the earlier one and finds its claim taken.
 * 5. Lock the rows that exist and merge (merge.c).
 * 6. Insert, update; move what pointed at rows that were joined into others.
 * 7. Note sightings and revisions.
 *
 * All of this is one subtransaction.  If a claim or an insert meets one that
 * another transaction committed in the meantime, it is rolled back and the
 * batch starts again from 1, which then finds what is there.  Statements
 * handle ids in sorted order, so that two ingests of the same papers wait for
 * each other; a deadlock, which different documents can still make, is retried
 * in the same way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/encoding.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "paper/store.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#define BATCH_RECORDS	1000
#define BATCH_BYTES		(4 * 1024 * 1024)
#define MAX_ATTEMPTS	20
#define MAX_PRESENT		100000	/* papers of a feed that are looked for */

/* Columns whose former values are worth a revision. */
#define REVISION_COLUMNS \
	(((PfColumnSet) -1) & ~(((PfColumnSet) 1 << PF_COL_LINKS) | ((PfColumnSet) 1 << PF_COL_METRICS) | \
							((PfColumnSet) 1 << PF_COL_EXTRA) | ((PfColumnSet) 1 << PF_COL_ID)))

typedef enum Outcome
{
	OUTCOME_UNCHANGED,
	OUTCOME_ADDED,
	OUTCOME_UPDATED
} Outcome;

/* A record of the batch. */
typedef struct RecordItem
{
	PfRow		row;
	PfIdentities ids;
	PfStr		hash;			/* to fall back on if its link is no identity */
	uint64		fingerprint;
	int			position;
	PfStr		announce;
	TimestampTz announced;
	int			next;			/* in its group, -1 = last */
} RecordItem;

/* The records of one paper. */
typedef struct PaperGroup
{
	PfStr		id;				/* of the paper: the most authoritative identity */
	int			first;			/* item, -1 = joined into another group */
	int			last;
	PfStrings	ids;			/* all identities, those of rows it joins included */
	PfStrings	rows;			/* ids of rows that exist */
	uint64		fingerprint;	/* of all items */
	bool		skip;			/* nothing new */
	bool		has_row;		/* a row under 'id' exists */
	PfRow		row;			/* merged */
	PfRow		before;
	PfColumnSet changed;
	bool		write;			/* insert or update is due */
	Outcome		outcome;
} PaperGroup;

typedef struct IdEntry
{
	PfStr		id;
	uint32		hash;
	char		status;
	int			group;			/* -1 = none */
	PfStr		owner;			/* row that the identity table names; none = not claimed */
	bool		exists;			/* a row with this id exists */
	bool		sighted;
	uint64		fingerprint;	/* of the last sighting */
	PfRow	   *row;			/* fetched */
} IdEntry;

#define SH_PREFIX		idmap
#define SH_ELEMENT_TYPE	IdEntry
#define SH_KEY_TYPE		PfStr
#define SH_KEY			id
#define SH_HASH_KEY(tb, key)	hash_bytes((const unsigned char *) (key).s, (key).len)
#define SH_EQUAL(tb, a, b)		pf_str_eq(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct PfWriter
{
	PfStore		store;
	int64		feed;
	bool		may_have_sighted;	/* the feed may have shown some of these papers before */
	PfCounts	counts;
	MemoryContext batch;		/* the items */
	MemoryContext scratch;		/* one attempt to write them; child of 'batch' */
	RecordItem	   *items;
	int			nitems;
	int			nrejects;
	Datum		rejects[4][BATCH_RECORDS];

	/* Of one attempt. */
	idmap_hash *map;
	PfStrings	known;			/* all ids in the map */
	PaperGroup	   *groups;
	int			ngroups;
};

static IdEntry *
entry_of(PfWriter *w, PfStr id)
{
	bool		found;
	IdEntry    *entry = idmap_lookup(w->map, id);

	/* An insert may move entries even if it finds its key: look first. */
	if (entry == NULL)
	{
		entry = idmap_insert(w->map, id, &found);
		pf_strings_add(&w->known, id);
		entry->group = -1;
		entry->owner = PF_STR_NONE;
		entry->exists = false;
		entry->sighted = false;
		entry->row = NULL;
	}
	return entry;
}

static int
compare_ids(const void *a, const void *b)
{
	const PfStr *x = a;
	const PfStr *y = b;
	int			c = memcmp(x->s, y->s, Min(x->len, y->len));

	return c != 0 ? c : x->len - y->len;
}

/* Column 'column' (from 1) of row 'i' of the last result as a copied string. */
static PfStr
result_str(uint64 i, int column)
{
	bool		isnull;
	Datum		datum = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column, &isnull);
	text	   *t;

	if (isnull)
		return PF_STR_NONE;
	t = DatumGetTextPP(datum);
	return pf_str_dup((PfStr) {VARDATA_ANY(t), (int) VARSIZE_ANY_EXHDR(t)});
}

/* Fill the map: owners, existing rows, sightings. */
static void
look_up(PfWriter *w)
{
	Datum		args[2];
	PfStrings	others = {NULL, 0, 0};
	uint64		found;

	for (int i = 0; i < w->nitems; i++)
	{
		for (int k = 0; k < w->items[i].ids.n; k++)
			(void) entry_of(w, w->items[i].ids.ids[k]);
	}

	/* An arXiv id is always its paper's own. */
	for (int i = 0; i < w->known.n; i++)
	{
		if (pf_paperid_scheme(w->known.items[i]) != PF_SCHEME_ARXIV)
			pf_strings_add(&others, w->known.items[i]);
	}
	if (others.n > 0)
	{
		args[0] = pf_store_ids(&w->store, others.items, others.n);
		args[1] = ObjectIdGetDatum(w->store.target);
		found = pf_store_run(&w->store, PF_STMT_IDENTITIES, args);
		for (uint64 i = 0; i < found; i++)
		{
			PfStr		owner = result_str(i, 2);

			entry_of(w, result_str(i, 1))->owner = owner;
			(void) entry_of(w, owner);
		}
		SPI_freetuptable(SPI_tuptable);
	}

	args[0] = pf_store_ids(&w->store, w->known.items, w->known.n);
	found = pf_store_run(&w->store, PF_STMT_EXISTING, args);
	for (uint64 i = 0; i < found; i++)
		entry_of(w, result_str(i, 1))->exists = true;
	SPI_freetuptable(SPI_tuptable);
	if (!w->may_have_sighted)
		return;

	args[1] = Int64GetDatum(w->feed);
	found = pf_store_run(&w->store, PF_STMT_SIGHTINGS, args);
	for (uint64 i = 0; i < found; i++)
	{
		IdEntry    *entry = entry_of(w, result_str(i, 1));
		bool		isnull;

		entry->sighted = true;
		entry->fingerprint = (uint64) DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i],
																  SPI_tuptable->tupdesc, 2,
																  &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * A link that several records with different titles share is the address of
 * a list, not of a paper.
 */
static void
drop_shared_links(PfWriter *w)
{
	for (int i = 0; i < w->nitems; i++)
	{
		RecordItem	   *item = &w->items[i];

		if (item->ids.n == 0 || pf_paperid_scheme(item->ids.ids[0]) != PF_SCHEME_URL)
			continue;
		for (int k = 0; k < w->nitems; k++)
		{
			RecordItem	   *other = &w->items[k];

			if (k == i || other->ids.n == 0 || pf_str_blank(item->hash) ||
				pf_str_blank(other->hash) || pf_str_eq(item->hash, other->hash) ||
				!pf_str_eq(item->ids.ids[0], other->ids.ids[0]))
				continue;
			for (int j = 0; j < w->nitems; j++)
			{
				if (j != i && w->items[j].ids.n > 0 && !pf_str_blank(w->items[j].hash) &&
					pf_str_eq(item->ids.ids[0], w->items[j].ids.ids[0]))
				{
					w->items[j].ids.n = 1;
					w->items[j].ids.ids[0] = w->items[j].hash;
				}
			}
			item->ids.n = 1;
			item->ids.ids[0] = item->hash;
			break;
		}
	}
}

/*
 * May a record with these identities be of the paper 'id'?  Not if it has
 * another identity of the same kind: two arXiv papers that name one DOI are
 * two papers, and one of them is wrong about the DOI.
 */
static bool
may_be(const PfIdentities *ids, PfStr id)
{
	PfScheme	scheme = pf_paperid_scheme(id);
	bool		has_scheme = false;

	if (scheme >= PF_SCHEME_URL)
		return true;
	for (int i = 0; i < ids->n; i++)
	{
		if (pf_paperid_scheme(ids->ids[i]) != scheme)
			continue;
		if (pf_str_eq(ids->ids[i], id))
			return true;
		has_scheme = true;
	}
	return !has_scheme;
}

/* Make 'id' known as one of the group's. */
static void
give_id(PfWriter *w, int g, PfStr id)
{
	PaperGroup	   *group = &w->groups[g];
	IdEntry    *entry = entry_of(w, id);

	entry->group = g;
	pf_strings_add(&group->ids, entry->id);
	if (group->id.s == NULL ||
		pf_paperid_scheme(entry->id) < pf_paperid_scheme(group->id) ||
		(pf_paperid_scheme(entry->id) == pf_paperid_scheme(group->id) &&
		 entry->exists && !entry_of(w, group->id)->exists))
		group->id = entry->id;
	if (entry->exists && !pf_strings_has(&group->rows, entry->id))
		pf_strings_add(&group->rows, entry->id);
}

static int
new_group(PfWriter *w)
{
	PaperGroup	   *group = &w->groups[w->ngroups];

	memset(group, 0, sizeof(PaperGroup));
	group->first = group->last = -1;
	return w->ngroups++;
}

/* PaperGroup 'from' becomes part of group 'to'. */
static void
join_groups(PfWriter *w, int to, int from)
{
	PaperGroup	   *a = &w->groups[to];
	PaperGroup	   *b = &w->groups[from];

	for (int i = 0; i < b->ids.n; i++)
		give_id(w, to, b->ids.items[i]);
	if (b->first >= 0)
	{
		if (a->last >= 0)
			w->items[a->last].next = b->first;
		else
			a->first = b->first;
		a->last = b->last;
	}
	b->first = -1;
	b->ids.n = 0;
	b->rows.n = 0;
}

/*
 * Put each record into the group of its paper.  A record that carries
 * identities of several papers joins them, unless may_be says no; an identity
 * that it cannot have is left to the paper that has it.
 */
static void
group_items(PfWriter *w)
{
	/* Each item can open a group, and each of its identities one for a row. */
	w->groups = palloc_extended((Size) w->nitems * (PF_MAX_IDENTITIES + 1) * sizeof(PaperGroup),
								MCXT_ALLOC_HUGE);
	w->ngroups = 0;

	for (int i = 0; i < w->nitems; i++)
	{
		RecordItem	   *item = &w->items[i];
		int			mine = -1;
		bool		usable[PF_MAX_IDENTITIES];

		item->next = -1;
		for (int k = 0; k < item->ids.n; k++)
		{
			IdEntry    *entry = entry_of(w, item->ids.ids[k]);
			PfStr		owner = entry->owner;
			int			g = entry->group;

			usable[k] = true;
			if (g < 0 && owner.s != NULL)
			{
				/* Known by the table: open the group of its paper. */
				g = entry_of(w, owner)->group;
				if (g < 0)
				{
					g = new_group(w);
					give_id(w, g, owner);
				}
				if (!pf_str_eq(owner, item->ids.ids[k]))
					give_id(w, g, item->ids.ids[k]);
			}
			else if (g < 0 && entry->exists)
			{
				g = new_group(w);
				give_id(w, g, item->ids.ids[k]);
			}
			if (g < 0)
				continue;
			if (!may_be(&item->ids, w->groups[g].id))
				usable[k] = false;
			else if (mine < 0)
				mine = g;
			else if (mine != g)
				join_groups(w, mine, g);
		}
		if (mine < 0)
			mine = new_group(w);
		for (int k = 0; k < item->ids.n; k++)
		{
			if (usable[k] && entry_of(w, item->ids.ids[k])->group != mine)
				give_id(w, mine, item->ids.ids[k]);
		}

		if (w->groups[mine].last >= 0)
			w->items[w->groups[mine].last].next = i;
		else
			w->groups[mine].first = i;
		w->groups[mine].last = i;
		w->groups[mine].fingerprint = hash_combine64(w->groups[mine].fingerprint,
													 item->fingerprint);
	}
}

/* Find the groups of which the feed says nothing that it did not say before. */
static void
skip_unchanged(PfWriter *w)
{
	for (int g = 0; g < w->ngroups; g++)
	{
		PaperGroup	   *group = &w->groups[g];
		IdEntry    *entry;

		if (group->first < 0)
			continue;
		if (group->id.s == NULL)
		{
			/* All its identities belong to other papers: go by the hash. */
			RecordItem	   *item = &w->items[group->first];

			if (pf_str_blank(item->hash))
			{
				group->skip = true;
				continue;
			}
			give_id(w, g, item->hash);
		}
		entry = entry_of(w, group->id);
		group->has_row = entry->exists;
		group->skip = entry->exists && group->rows.n == 1 && entry->sighted &&
			entry->fingerprint == group->fingerprint;
		for (int i = 0; i < group->ids.n && group->skip; i++)
		{
			PfStr		id = group->ids.items[i];
			PfStr		owner = entry_of(w, id)->owner;

			group->skip = owner.s != NULL ? pf_str_eq(owner, group->id) :
				pf_paperid_scheme(id) == PF_SCHEME_ARXIV && pf_str_eq(id, group->id);
		}
	}
}

typedef struct Claim
{
	PfStr		identity;
	PfStr		paper;
} Claim;

/* Claim the new identities, correct those that are to name another row. */
static void
claim(PfWriter *w)
{
	Claim	   *claims;
	Claim	   *moves;
	int			max = (int) w->map->members;
	int			nclaims = 0;
	int			nmoves = 0;

	claims = palloc((max + 1) * sizeof(Claim));
	moves = palloc((max + 1) * sizeof(Claim));
	for (int g = 0; g < w->ngroups; g++)
	{
		PaperGroup	   *group = &w->groups[g];

		if (group->first < 0 || group->skip)
			continue;
		for (int i = 0; i < group->ids.n; i++)
		{
			IdEntry    *entry = entry_of(w, group->ids.items[i]);

			/* An identity may be listed twice after groups were joined. */
			if (entry->group != g)
				continue;
			entry->group = -2;

			/* The papers table's own key is claim enough. */
			if (entry->owner.s == NULL && pf_paperid_scheme(entry->id) == PF_SCHEME_ARXIV)
				continue;
			if (entry->owner.s == NULL)
				claims[nclaims++] = (Claim) {entry->id, group->id};
			else if (!pf_str_eq(entry->owner, group->id))
				moves[nmoves++] = (Claim) {entry->id, group->id};
		}
	}

	for (int pass = 0; pass < 2; pass++)
	{
		Claim	   *list = pass == 0 ? claims : moves;
		int			n = pass == 0 ? nclaims : nmoves;
		PfStr	   *ids = palloc((n + 1) * sizeof(PfStr));
		PfStr	   *papers = palloc((n + 1) * sizeof(PfStr));
		Datum		args[3];

		if (n == 0)
			continue;
		qsort(list, n, sizeof(Claim), compare_ids);	/* by identity, the first member */
		for (int i = 0; i < n; i++)
		{
			ids[i] = list[i].identity;
			papers[i] = list[i].paper;
		}
		args[0] = pf_store_ids(&w->store, ids, n);
		args[1] = ObjectIdGetDatum(w->store.target);
		args[2] = pf_store_ids(&w->store, papers, n);
		(void) pf_store_run(&w->store, pass == 0 ? PF_STMT_CLAIM : PF_STMT_POINT, args);
	}
}

/* Lock and read the rows that exist. */
static void
fetch_rows(PfWriter *w)
{
	PfStrings	wanted = {NULL, 0, 0};
	Datum		args[1];
	uint64		found;

	for (int g = 0; g < w->ngroups; g++)
	{
		PaperGroup	   *group = &w->groups[g];

		if (group->first < 0 || group->skip)
			continue;
		for (int i = 0; i < group->rows.n; i++)
			pf_strings_add(&wanted, group->rows.items[i]);
	}
	if (wanted.n == 0)
		return;
	qsort(wanted.items, wanted.n, sizeof(PfStr), compare_ids);
	args[0] = pf_store_ids(&w->store, wanted.items, wanted.n);
	found = pf_store_run(&w->store, PF_STMT_FETCH, args);
	for (uint64 i = 0; i < found; i++)
	{
		PfRow	   *row = palloc(sizeof(PfRow));

		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, row->values, row->nulls);
		entry_of(w, result_str(i, 1))->row = row;
	}
	/* The tuple table lives until the attempt is over: the rows point into it. */
}

static void
merge_groups(PfWriter *w)
{
	for (int g = 0; g < w->ngroups; g++)
	{
		PaperGroup	   *group = &w->groups[g];
		bool		have = false;
		PfRow	   *existing;

		if (group->first < 0 || group->skip)
			continue;

		/* A row that vanished between the look-up and the lock counts as none. */
		existing = entry_of(w, group->id)->row;
		group->has_row = existing != NULL;
		if (existing != NULL)
		{
			group->row = group->before = *existing;
			have = true;
		}
		for (int i = 0; i < group->rows.n; i++)
		{
			PfRow	   *other = entry_of(w, group->rows.items[i])->row;

			if (other == NULL || other == existing)
				continue;
			if (have)
				group->changed |= pf_row_merge(&group->row, other);
			else
				group->row = *other;
			have = true;
		}
		for (int i = group->first; i >= 0; i = w->items[i].next)
		{
			if (have)
				group->changed |= pf_row_merge(&group->row, &w->items[i].row);
			else
				group->row = w->items[i].row;
			have = true;
		}
		group->row.values[PF_COL_ID] =
			PointerGetDatum(cstring_to_text_with_len(group->id.s, group->id.len));
		group->row.nulls[PF_COL_ID] = false;
		group->write = !group->has_row || group->changed != 0;
		if (group->has_row && group->changed != 0)
			group->outcome = OUTCOME_UPDATED;
		else if (!group->has_row)
			group->outcome = group->rows.n > 0 ? OUTCOME_UPDATED : OUTCOME_ADDED;
	}
}

static int
compare_groups(const void *a, const void *b)
{
	const PaperGroup *x = *(PaperGroup *const *) a;
	const PaperGroup *y = *(PaperGroup *const *) b;

	return compare_ids(&x->id, &y->id);
}

/* Insert or update what is due. */
static void
write_rows(PfWriter *w, bool insert)
{
	PaperGroup **groups = palloc((w->ngroups + 1) * sizeof(PaperGroup *));
	PfRow	  **rows = palloc((w->ngroups + 1) * sizeof(PfRow *));
	int			n = 0;

	for (int g = 0; g < w->ngroups; g++)
	{
		PaperGroup *group = &w->groups[g];

		if (group->first >= 0 && !group->skip && group->write && group->has_row != insert)
			groups[n++] = group;
	}
	if (n == 0)
		return;
	qsort(groups, n, sizeof(PaperGroup *), compare_groups);
	for (int i = 0; i < n; i++)
		rows[i] = &groups[i]->row;
	pf_store_set_rows(&w->store, rows, n);
	(void) pf_store_run(&w->store, insert ? PF_STMT_INSERT : PF_STMT_UPDATE, NULL);
}

/* Let what knew the rows that were joined know the one that stays. */
static void
join_rows(PfWriter *w)
{
	for (int g = 0; g < w->ngroups; g++)
	{
		PaperGroup	   *group = &w->groups[g];

		if (group->first < 0 || group->skip)
			continue;
		for (int i = 0; i < group->rows.n; i++)
		{
			PfStr		old = group->rows.items[i];
			Datum		args[3];

			if (pf_str_eq(old, group->id) || entry_of(w, old)->row == NULL)
				continue;
			args[0] = PointerGetDatum(cstring_to_text_with_len(old.s, old.len));
			args[1] = PointerGetDatum(cstring_to_text_with_len(group->id.s, group->id.len));
			args[2] = ObjectIdGetDatum(w->store.target);
			(void) pf_store_run(&w->store, PF_STMT_MOVE_NOTES, args);
			pf_store_repoint(&w->store, old, group->id);
			(void) pf_store_run(&w->store, PF_STMT_DELETE, args);
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

/* Under its own id, or under that of a row that was joined into it. */
static bool
was_sighted(PfWriter *w, const PaperGroup *group)
{
	for (int i = 0; i < group->rows.n; i++)
	{
		if (entry_of(w, group->rows.items[i])->sighted)
			return true;
	}
	return entry_of(w, group->id)->sighted;
}

/* 'again': those that this feed sighted before, else those that it did not. */
static void
note_sightings(PfWriter *w, bool again)
{
	PaperGroup **groups = palloc((w->ngroups + 1) * sizeof(PaperGroup *));
	PfSighting *sightings;
	int			n = 0;
	Datum		args[1];

	for (int g = 0; g < w->ngroups; g++)
	{
		if (w->groups[g].first >= 0 && !w->groups[g].skip &&
			was_sighted(w, &w->groups[g]) == again)
			groups[n++] = &w->groups[g];
	}
	if (n == 0)
		return;
	qsort(groups, n, sizeof(PaperGroup *), compare_groups);
	sightings = palloc0(n * sizeof(PfSighting));
	for (int i = 0; i < n; i++)
	{
		PfSighting *s = &sightings[i];
		RecordItem *item = &w->items[groups[i]->last];

		s->values[PF_SIGHTING_PAPER] = groups[i]->row.values[PF_COL_ID];
		s->values[PF_SIGHTING_POSITION] = Int32GetDatum(item->position);
		s->nulls[PF_SIGHTING_ANNOUNCE] = item->announce.s == NULL;
		if (item->announce.s != NULL)
			s->values[PF_SIGHTING_ANNOUNCE] = PointerGetDatum(pf_utf8_to_text(item->announce));
		s->nulls[PF_SIGHTING_ANNOUNCED] = item->announced == PF_NO_TIME;
		s->values[PF_SIGHTING_ANNOUNCED] = TimestampTzGetDatum(item->announced);
		s->values[PF_SIGHTING_FINGERPRINT] = Int64GetDatum((int64) groups[i]->fingerprint);
	}
	pf_store_set_sightings(&w->store, sightings, n);
	args[0] = Int64GetDatum(w->feed);
	(void) pf_store_run(&w->store, again ? PF_STMT_SIGHT_AGAIN : PF_STMT_SIGHT, args);
}

/* Former values of changed columns, and rows that were joined into others as a whole. */
static void
note_revisions(PfWriter *w)
{
	PfStrings	papers = {NULL, 0, 0};
	Datum	   *versions;
	bool	   *version_nulls;
	Datum	   *was;
	int			max = 0;
	int			n = 0;
	Datum		args[4];

	if (!w->store.is_papers)
		return;
	for (int g = 0; g < w->ngroups; g++)
		max += 1 + w->groups[g].rows.n;
	versions = palloc((max + 1) * sizeof(Datum));
	version_nulls = palloc((max + 1) * sizeof(bool));
	was = palloc((max + 1) * sizeof(Datum));

	for (int g = 0; g < w->ngroups; g++)
	{
		PaperGroup	   *group = &w->groups[g];
		PfColumnSet lost = 0;

		if (group->first < 0 || group->skip)
			continue;
		if (group->has_row)
		{
			for (int c = 0; c < PF_NCOLUMNS; c++)
			{
				if ((group->changed & REVISION_COLUMNS & ((PfColumnSet) 1 << c)) != 0 &&
					!group->before.nulls[c])
					lost |= (PfColumnSet) 1 << c;
			}
		}
		for (int i = -1; i < group->rows.n; i++)
		{
			PfRow	   *row = i < 0 ? &group->before : entry_of(w, group->rows.items[i])->row;

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
	args[0] = Int64GetDatum(w->feed);
	args[1] = pf_store_ids(&w->store, papers.items, n);
	args[2] = array_of(versions, version_nulls, n, INT4OID, 4, true, TYPALIGN_INT);
	args[3] = PointerGetDatum(construct_array(was, n, JSONBOID, -1, false, TYPALIGN_INT));
	(void) pf_store_run(&w->store, PF_STMT_REVISE, args);
}

static void
count_outcomes(PfWriter *w)
{
	for (int g = 0; g < w->ngroups; g++)
	{
		PaperGroup	   *group = &w->groups[g];

		if (group->first < 0)
			continue;
		if (group->outcome == OUTCOME_ADDED)
			w->counts.added++;
		else if (group->outcome == OUTCOME_UPDATED)
			w->counts.updated++;
	}
}

static void
write_batch(PfWriter *w)
{
	w->map = idmap_create(w->scratch, (uint32) w->nitems * 2, NULL);
	memset(&w->known, 0, sizeof(w->known));
	look_up(w);
	group_items(w);
	skip_unchanged(w);
	claim(w);
	fetch_rows(w);
	merge_groups(w);
	write_rows(w, true);
	write_rows(w, false);
	join_rows(w);
	note_sightings(w, false);
	note_sightings(w, true);
	note_revisions(w);
}

/* Write the batch in a subtransaction.  False if another transaction got in its way. */
static bool
try_batch(PfWriter *w, bool last)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool ok = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		write_batch(w);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (last || IsolationUsesXactSnapshot() || !pf_store_is_race(&w->store, error))
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		ok = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return ok;
}

static void
write_rejects(PfWriter *w)
{
	Datum		args[5];
	int			n = w->nrejects;

	if (n == 0)
		return;
	args[0] = Int64GetDatum(w->feed);
	args[1] = PointerGetDatum(construct_array(w->rejects[0], n, INT8OID, 8, FLOAT8PASSBYVAL,
											  TYPALIGN_DOUBLE));
	args[2] = PointerGetDatum(construct_array(w->rejects[1], n, INT4OID, 4, true, TYPALIGN_INT));
	args[3] = PointerGetDatum(construct_array(w->rejects[2], n, TEXTOID, -1, false, TYPALIGN_INT));
	args[4] = PointerGetDatum(construct_array(w->rejects[3], n, JSONBOID, -1, false, TYPALIGN_INT));
	(void) pf_store_run(&w->store, PF_STMT_REJECT, args);
}

static void
flush_batch(PfWriter *w)
{
	MemoryContext old = MemoryContextSwitchTo(w->scratch);

	if (w->nitems > 0)
	{
		drop_shared_links(w);
		for (int attempt = 1; !try_batch(w, attempt == MAX_ATTEMPTS); attempt++)
		{
			CHECK_FOR_INTERRUPTS();
			w->may_have_sighted = true;
			MemoryContextReset(w->scratch);
		}
		count_outcomes(w);
	}
	write_rejects(w);
	MemoryContextSwitchTo(old);
	MemoryContextReset(w->batch);
	w->scratch = AllocSetContextCreate(w->batch, "paperfeed batch attempt", ALLOCSET_DEFAULT_SIZES);
	w->nitems = 0;
	w->nrejects = 0;
}

void
pf_writer_check(Oid target)
{
	PfStore		store;

	pf_store_check(&store, target);
}

PfWriter *
pf_writer_begin(Oid target, int64 feed, bool feed_is_new)
{
	PfWriter   *w = palloc0(sizeof(PfWriter));

	pf_store_begin(&w->store, target);
	w->feed = feed;
	w->may_have_sighted = !feed_is_new;
	w->items = palloc(BATCH_RECORDS * sizeof(RecordItem));
	w->batch = AllocSetContextCreate(CurrentMemoryContext, "paperfeed batch", ALLOCSET_DEFAULT_SIZES);
	w->scratch = AllocSetContextCreate(w->batch, "paperfeed batch attempt", ALLOCSET_DEFAULT_SIZES);
	return w;
}

void
pf_writer_add(PfWriter *w, const PfRecord *rec)
{
	MemoryContext old = MemoryContextSwitchTo(w->batch);
	PfIdentities ids;
	const char *reject = rec->reject;

	w->counts.seen++;
	pf_identify(rec, &ids);
	if (reject == NULL && ids.n == 0)
		reject = "it has neither a title nor an identity";
	if (reject != NULL)
	{
		int			n = w->nrejects++;

		w->counts.rejected++;
		w->rejects[0][n] = Int64GetDatum((int64) pf_record_fingerprint(rec));
		w->rejects[1][n] = Int32GetDatum((int32) Min(w->counts.seen, PG_INT32_MAX));
		w->rejects[2][n] = CStringGetTextDatum(reject);
		w->rejects[3][n] = pf_record_jsonb(rec);
	}
	else
	{
		RecordItem	   *item = &w->items[w->nitems++];

		item->ids = ids;
		item->hash = PF_STR_NONE;
		if (pf_paperid_scheme(ids.ids[0]) >= PF_SCHEME_URL)
			item->hash = pf_paperid_hash(rec->title, rec->authors.n > 0 ?
										 rec->authors.items[0] : PF_STR_NONE);
		pf_row_from_record(rec, &ids, false, &item->row);
		item->fingerprint = pf_record_fingerprint(rec);
		item->position = (int) Min(w->counts.seen, PG_INT32_MAX);
		item->announce = pf_str_dup(rec->announce);
		item->announced = rec->announced;
	}
	MemoryContextSwitchTo(old);

	if (w->nitems == BATCH_RECORDS || w->nrejects == BATCH_RECORDS ||
		MemoryContextMemAllocated(w->batch, false) > BATCH_BYTES)
		flush_batch(w);
}

PfCounts
pf_writer_end(PfWriter *w)
{
	flush_batch(w);
	w->counts.unchanged = w->counts.seen - w->counts.added - w->counts.updated -
		w->counts.rejected;
	MemoryContextDelete(w->batch);
	return w->counts;
}

bool
pf_writer_all_present(Oid target, int64 feed)
{
	PfStore		store;
	Datum		args[2] = {Int64GetDatum(feed), Int64GetDatum(MAX_PRESENT + 1)};
	PfStr	   *ids;
	uint64		n;

	pf_store_begin(&store, target);
	n = pf_store_run(&store, PF_STMT_SHOWN, args);
	if (n > MAX_PRESENT)
		return false;
	ids = palloc((n + 1) * sizeof(PfStr));
	for (uint64 i = 0; i < n; i++)
		ids[i] = result_str(i, 1);
	SPI_freetuptable(SPI_tuptable);

	args[0] = pf_store_ids(&store, ids, (int) n);
	return pf_store_run(&store, PF_STMT_EXISTING, args) == n;
}
