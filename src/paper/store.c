/*-------------------------------------------------------------------------
 *
 * store.c
 *		The statements that the writer runs.
 *
 * Statements on the papers table run as the caller: his rights, row-level
 * security, triggers and constraints apply.  Statements on the tables that
 * belong to the extension run as their owner under a safe search_path, so
 * that who may ingest needs no rights on them.
 *
 * Each statement handles a whole batch: lists go in as arrays, rows as a named
 * tuplestore (like a trigger's transition table).  Plans are made when they
 * are first needed: those on our own tables are kept for the session, those on
 * the papers table go with the SPI connection.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/partition.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "paper/owner.h"
#include "paper/plan.h"
#include "paper/store.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#define MAX_ARGS	6
#define ROWS_NAME	"paperfeed_rows"
#define SIGHTINGS_NAME	"paperfeed_sighted"

typedef enum ArgType
{
	ARG_END,
	ARG_OID,
	ARG_BIGINT,
	ARG_BIGINTS,
	ARG_INTS,
	ARG_TEXTS,
	ARG_JSONBS,
	ARG_ID,
	ARG_IDS
} ArgType;

static const struct
{
	bool		as_owner;
	ArgType		args[MAX_ARGS];
	const char *sql;			/* %1$s is the papers table */
}			statements[PF_NSTATEMENTS] = {
	[PF_STMT_IDENTITIES] = {true, {ARG_IDS, ARG_OID},
		"SELECT identity, paper FROM paperfeed._identity"
	" WHERE identity OPERATOR(pg_catalog.=) ANY ($1) AND target = $2"},

	[PF_STMT_CLAIM] = {true, {ARG_IDS, ARG_OID, ARG_IDS},
		"INSERT INTO paperfeed._identity (identity, target, paper)"
		" SELECT u.identity, $2, u.paper"
	" FROM unnest($1, $3) AS u (identity, paper)"},

	[PF_STMT_POINT] = {true, {ARG_IDS, ARG_OID, ARG_IDS, ARG_IDS},
		"UPDATE paperfeed._identity AS i SET paper = u.paper"
		" FROM unnest($1, $3, $4) AS u (identity, paper, was)"
		" WHERE i.identity OPERATOR(pg_catalog.=) u.identity AND i.target = $2"
	" AND i.paper OPERATOR(pg_catalog.=) u.was"},

	[PF_STMT_SIGHTINGS] = {true, {ARG_IDS, ARG_BIGINT},
		"SELECT paper, fingerprint FROM paperfeed.sightings"
	" WHERE paper OPERATOR(pg_catalog.=) ANY ($1) AND feed = $2"},

	[PF_STMT_SHOWN] = {true, {ARG_BIGINT, ARG_BIGINT},
	"SELECT paper FROM paperfeed.sightings WHERE feed = $1 LIMIT $2"},

	[PF_STMT_SIGHT] = {true, {ARG_BIGINT},
		"INSERT INTO paperfeed.sightings (feed, paper, position, announce, announced, fingerprint)"
	" SELECT $1, u.* FROM " SIGHTINGS_NAME " AS u"},

	[PF_STMT_SIGHT_AGAIN] = {true, {ARG_BIGINT},
		"INSERT INTO paperfeed.sightings AS s (feed, paper, position, announce, announced, fingerprint)"
		" SELECT $1, u.* FROM " SIGHTINGS_NAME " AS u"
		" ON CONFLICT (paper, feed) DO UPDATE SET last_seen = excluded.last_seen,"
		" position = excluded.position, fingerprint = excluded.fingerprint,"
		/* A new version does not undo that the paper was announced. */
		" announce = CASE WHEN s.announced IS NOT NULL AND (excluded.announced IS NULL"
		" OR excluded.announce IN ('replace', 'replace-cross')) THEN s.announce"
		" ELSE excluded.announce END,"
		" announced = CASE WHEN s.announced IS NOT NULL AND (excluded.announced IS NULL"
		" OR excluded.announce IN ('replace', 'replace-cross')) THEN s.announced"
	" ELSE excluded.announced END"},

	[PF_STMT_REVISE] = {true, {ARG_BIGINT, ARG_IDS, ARG_INTS, ARG_JSONBS},
		"INSERT INTO paperfeed.revisions (feed, paper, version, was)"
	" SELECT $1, u.* FROM unnest($2, $3, $4) AS u"},

	[PF_STMT_REJECT] = {true, {ARG_BIGINT, ARG_BIGINTS, ARG_INTS, ARG_TEXTS, ARG_JSONBS},
		"INSERT INTO paperfeed.rejects (feed, fingerprint, position, reason, record)"
		" SELECT $1, u.* FROM unnest($2, $3, $4, $5) AS u"
	" ON CONFLICT DO NOTHING"},

	[PF_STMT_MOVE_NOTES] = {true, {ARG_ID, ARG_ID, ARG_OID},
		"WITH i AS ("
		"UPDATE paperfeed._identity SET paper = $2"
		" WHERE target = $3 AND paper OPERATOR(pg_catalog.=) $1"
		" AND identity OPERATOR(pg_catalog.<>) paper),"
		" r AS ("
		"UPDATE paperfeed.revisions SET paper = $2 WHERE paper OPERATOR(pg_catalog.=) $1"
		" AND $3 = 'paperfeed.papers'::pg_catalog.regclass),"
		" s AS ("
		"DELETE FROM paperfeed.sightings WHERE paper OPERATOR(pg_catalog.=) $1"
		" AND feed IN (SELECT id FROM paperfeed.feeds WHERE target = $3) RETURNING *)"
		" INSERT INTO paperfeed.sightings AS t"
		" (paper, feed, first_seen, last_seen, position, announce, announced, fingerprint)"
		" SELECT $2, feed, first_seen, last_seen, position, announce, announced, fingerprint FROM s"
		" ON CONFLICT (paper, feed) DO UPDATE SET"
	" first_seen = LEAST(t.first_seen, excluded.first_seen)"},

	[PF_STMT_EXISTING] = {false, {ARG_IDS},
	"SELECT id FROM %1$s WHERE id OPERATOR(pg_catalog.=) ANY ($1)"},

	[PF_STMT_FETCH] = {false, {ARG_IDS},
		"SELECT id, title, abstract, authors, published, updated, version, categories, doi, venue,"
		" comment, license, url, pdf_url, links, metrics, withdrawn, source, extra"
		" FROM %1$s WHERE id OPERATOR(pg_catalog.=) ANY ($1)"
	" ORDER BY id FOR NO KEY UPDATE"},

	[PF_STMT_INSERT] = {false, {ARG_END},
	"INSERT INTO %1$s SELECT * FROM " ROWS_NAME},

	/* The list bounds the time of any plan: a join alone may be planned as a nested loop over the table. */
	[PF_STMT_UPDATE] = {false, {ARG_IDS},
		"UPDATE %1$s AS t SET title = u.title, abstract = u.abstract, authors = u.authors,"
		" published = u.published, updated = u.updated, version = u.version,"
		" categories = u.categories, doi = u.doi, venue = u.venue, comment = u.comment,"
		" license = u.license, url = u.url, pdf_url = u.pdf_url, links = u.links,"
		" metrics = u.metrics, withdrawn = u.withdrawn, source = u.source, extra = u.extra"
	" FROM " ROWS_NAME " AS u WHERE t.id OPERATOR(pg_catalog.=) u.id"
	" AND t.id OPERATOR(pg_catalog.=) ANY ($1)"},
};

/* Two ingests at once are kept apart by a unique index on id; say so before any work is done. */
static void
check_unique(Relation rel)
{
	ListCell   *lc;
	List	   *indexes = RelationGetIndexList(rel);
	bool		found = false;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Form_pg_index form = index->rd_index;

		if (form->indisunique && form->indisvalid && form->indimmediate &&
			form->indnkeyatts == 1 && form->indkey.values[0] == PF_COL_ID + 1 &&
			RelationGetIndexPredicate(index) == NIL)
			found = true;
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("table \"%s\" has no unique index on column \"id\"",
						RelationGetRelationName(rel)),
				 errhint("Run ALTER TABLE %s ADD PRIMARY KEY (id).",
						 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
													RelationGetRelationName(rel)))));
}

/* The owner, if his code is to have no more than his own rights. */
static Oid
less_trusted(Oid owner)
{
	Oid			user = GetUserId();

	return owner != user && has_privs_of_role(user, owner) && !has_privs_of_role(owner, user) ?
		owner : InvalidOid;
}

static const AclMode needed[] = {ACL_SELECT, ACL_INSERT, ACL_UPDATE};

bool
pf_writer_may(Oid target)
{
	for (size_t i = 0; i < lengthof(needed); i++)
	{
		bool		is_missing = false;

		if (pg_class_aclcheck_ext(target, GetUserId(), needed[i], &is_missing) != ACLCHECK_OK &&
			!is_missing)
			return false;
	}
	return true;
}

void
pf_store_check(PfStore *store, Oid target)
{
	Relation	rel;
	Oid			schema = get_namespace_oid("paperfeed", false);
	Oid			papertype = pf_paper_typeid();

	memset(store, 0, sizeof(PfStore));
	store->target = target;
	store->tupdesc = pf_paper_tupdesc();
	store->paperid = TupleDescAttr(store->tupdesc, PF_COL_ID)->atttypid;
	store->paperid_array = get_array_type(store->paperid);

	rel = try_relation_open(target, AccessShareLock);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", target)));
	if ((rel->rd_rel->relkind != RELKIND_RELATION &&
		 rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) ||
		rel->rd_rel->reloftype != papertype)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table of type paperfeed.paper",
						RelationGetRelationName(rel)),
				 errhint("Make one by CREATE TABLE name OF paperfeed.paper (PRIMARY KEY (id)).")));
	check_unique(rel);
	for (size_t i = 0; i < lengthof(needed); i++)
	{
		AclResult	result = pg_class_aclcheck(target, GetUserId(), needed[i]);

		if (result != ACLCHECK_OK)
			aclcheck_error(result, OBJECT_TABLE, RelationGetRelationName(rel));
	}
	store->table = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
											  RelationGetRelationName(rel));
	store->run_as = less_trusted(rel->rd_rel->relowner);
	store->is_papers = target == get_relname_relid("papers", schema);
	/* Keep the lock: the statements name the table by name. */
	relation_close(rel, NoLock);

}

/*
 * Plans on our own tables, kept for the session.  They are never freed, as a
 * statement of an outer writer may be using them (a trigger on a papers table
 * may ingest too); when the extension was made anew they are forgotten.
 */
static SPIPlanPtr kept_plans[PF_NSTATEMENTS];
static Oid	kept_for;			/* the type paperid that they know */

static EphemeralNamedRelation
register_rows(char *name, TupleDesc tupdesc)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));

	enr->md.name = name;
	enr->md.tupdesc = tupdesc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = 1000;
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register relation \"%s\"", name);
	return enr;
}

void
pf_store_begin(PfStore *store, Oid target)
{
	TupleDesc	sighting;

	pf_store_check(store, target);

	if (kept_for != store->paperid)
		memset(kept_plans, 0, sizeof(kept_plans));
	kept_for = store->paperid;

	/* A level of its own: what SPI keeps for the relations lives as long as the store. */
	pf_spi_connect();
	store->rows = register_rows(ROWS_NAME, store->tupdesc);
	sighting = CreateTemplateTupleDesc(PF_NSIGHTING);
	TupleDescInitEntry(sighting, PF_SIGHTING_PAPER + 1, "paper", store->paperid, -1, 0);
	TupleDescInitEntry(sighting, PF_SIGHTING_POSITION + 1, "position", INT4OID, -1, 0);
	TupleDescInitEntry(sighting, PF_SIGHTING_ANNOUNCE + 1, "announce", TEXTOID, -1, 0);
	TupleDescInitEntry(sighting, PF_SIGHTING_ANNOUNCED + 1, "announced", TIMESTAMPTZOID, -1, 0);
	TupleDescInitEntry(sighting, PF_SIGHTING_FINGERPRINT + 1, "fingerprint", INT8OID, -1, 0);
	store->sightings = register_rows(SIGHTINGS_NAME, sighting);
}

void
pf_store_end(PfStore *store pg_attribute_unused())
{
	MemoryContext context = CurrentMemoryContext;

	SPI_finish();
	MemoryContextSwitchTo(context);
}

static SPIPlanPtr
prepare(PfStore *store, PfStatement statement)
{
	Oid			types[MAX_ARGS];
	int			n = 0;
	SPIPlanPtr	plan;

	for (; n < MAX_ARGS && statements[statement].args[n] != ARG_END; n++)
	{
		switch (statements[statement].args[n])
		{
			case ARG_OID:
				types[n] = REGCLASSOID;
				break;
			case ARG_BIGINT:
				types[n] = INT8OID;
				break;
			case ARG_BIGINTS:
				types[n] = INT8ARRAYOID;
				break;
			case ARG_INTS:
				types[n] = INT4ARRAYOID;
				break;
			case ARG_TEXTS:
				types[n] = TEXTARRAYOID;
				break;
			case ARG_JSONBS:
				types[n] = JSONBARRAYOID;
				break;
			case ARG_ID:
				types[n] = store->paperid;
				break;
			default:
				types[n] = store->paperid_array;
				break;
		}
	}
	plan = SPI_prepare_cursor(statements[statement].as_owner ? statements[statement].sql :
							  psprintf(statements[statement].sql, store->table),
							  n, types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	if (statements[statement].as_owner)
		SPI_keepplan(plan);
	return plan;
}

/*
 * Few ids out of a large table is what these statements are about.  A plan is
 * kept, and one made while the table was small must not read all of it when it
 * has grown: so the planner is told to use the indexes.
 */
static int
prefer_indexes(void)
{
	static const char *const off[] = {"enable_seqscan", "enable_hashjoin", "enable_mergejoin"};
	int			nest = NewGUCNestLevel();

	for (size_t i = 0; i < lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nest;
}

/*
 * Statements that fire triggers of the user's run under his own settings; only
 * their plan is made under ours.
 */
static inline bool
fires_triggers(PfStatement statement)
{
	return statement == PF_STMT_INSERT || statement == PF_STMT_UPDATE;
}

static void
execute(PfStore *store, PfStatement statement, Datum *args)
{
	MemoryContext context = CurrentMemoryContext;
	SPIPlanPtr *plan = statements[statement].as_owner ? &kept_plans[statement] :
		&store->plans[statement];
	int			nest = prefer_indexes();
	int			rc;

	if (*plan == NULL)
	{
		SPIPlanPtr	made = prepare(store, statement);
		CachedPlan *cached = SPI_plan_get_cached_plan(made);

		if (cached != NULL)
			ReleaseCachedPlan(cached, statements[statement].as_owner ?
							  CurrentResourceOwner : NULL);
		*plan = made;
	}
	if (fires_triggers(statement))
	{
		AtEOXact_GUC(true, nest);
		nest = NewGUCNestLevel();
	}
	rc = SPI_execute_plan(*plan, args, NULL, false, 0);
	AtEOXact_GUC(true, nest);
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	/* SPI leaves its own context behind. */
	MemoryContextSwitchTo(context);
}

/* What an attempt that failed left there went with its memory context and resource owner. */
static Tuplestorestate *
refill(EphemeralNamedRelation enr)
{
	enr->reldata = tuplestore_begin_heap(false, false, work_mem);
	return enr->reldata;
}

static void
drain(EphemeralNamedRelation enr)
{
	tuplestore_end(enr->reldata);
	enr->reldata = NULL;
}

/* As the target's owner; a roll-back restores the user, too. */
static void
execute_restricted(PfStore *store, PfStatement statement, Datum *args)
{
	int			nest = NewGUCNestLevel();
	Oid			user;
	int			context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(store->run_as,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	execute(store, statement, args);
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, context);
}

uint64
pf_store_run(PfStore *store, PfStatement statement, Datum *args)
{
	PfAsOwner	saved;

	if (!statements[statement].as_owner)
	{
		if (OidIsValid(store->run_as))
			execute_restricted(store, statement, args);
		else
			execute(store, statement, args);
		if (statement == PF_STMT_INSERT || statement == PF_STMT_UPDATE)
			drain(store->rows);
		return SPI_processed;
	}

	pf_as_owner_begin(&saved);
	execute(store, statement, args);
	pf_as_owner_end(&saved);
	if (statement == PF_STMT_SIGHT || statement == PF_STMT_SIGHT_AGAIN)
		drain(store->sightings);
	return SPI_processed;
}

/* Is it the target or a partition of it? */
static bool
is_target(PfStore *store, Oid relid)
{
	if (relid == store->target)
		return true;
	return get_rel_relispartition(relid) &&
		list_member_oid(get_partition_ancestors(relid), store->target);
}

/* Is it an index on the id alone? */
static bool
is_id_index(Oid relid, Oid indexid)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(indexid));
	Form_pg_index form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	result = form->indrelid == relid && form->indnkeyatts == 1 &&
		form->indkey.values[0] == get_attnum(relid, "id");
	ReleaseSysCache(tuple);
	return result;
}

bool
pf_store_is_race(PfStore *store, const ErrorData *error)
{
	Oid			schema;
	Oid			relid;

	if (error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE)
		return true;
	if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION || error->table_name == NULL)
		return false;
	if (strcmp(error->schema_name, "paperfeed") == 0 &&
		(strcmp(error->table_name, "_identity") == 0 ||
		 strcmp(error->table_name, "sightings") == 0))
		return true;

	/* Another unique key of the user's table is no matter of concurrency. */
	schema = get_namespace_oid(error->schema_name, true);
	relid = OidIsValid(schema) ? get_relname_relid(error->table_name, schema) : InvalidOid;
	return OidIsValid(relid) && error->constraint_name != NULL && is_target(store, relid) &&
		is_id_index(relid, get_relname_relid(error->constraint_name, schema));
}

Datum
pf_store_ids(PfStore *store, const PfStr *ids, int n)
{
	Datum	   *datums = palloc(Max(n, 1) * sizeof(Datum));
	int16		len;
	bool		byval;
	char		align;

	for (int i = 0; i < n; i++)
		datums[i] = PointerGetDatum(cstring_to_text_with_len(ids[i].s, ids[i].len));
	get_typlenbyvalalign(store->paperid, &len, &byval, &align);
	return PointerGetDatum(construct_array(datums, n, store->paperid, len, byval, align));
}

void
pf_store_set_rows(PfStore *store, PfRow **rows, int n)
{
	Tuplestorestate *tuples = refill(store->rows);

	for (int i = 0; i < n; i++)
		tuplestore_putvalues(tuples, store->tupdesc, rows[i]->values, rows[i]->nulls);
}

void
pf_store_set_sightings(PfStore *store, PfSighting *sightings, int n)
{
	Tuplestorestate *tuples = refill(store->sightings);

	for (int i = 0; i < n; i++)
		tuplestore_putvalues(tuples, store->sightings->md.tupdesc, sightings[i].values,
							 sightings[i].nulls);
}
