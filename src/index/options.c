/*-------------------------------------------------------------------------
 *
 * options.c
 *		Storage parameters of an index, and opening one by its OID.
 *
 * k1, b and buffer_size hold from the moment they are set.  The weights are
 * part of every length that is stored, so the index goes by those of its
 * build, which the metapage has; here are the ones for the next build.
 *
 * A text search configuration is looked up without the search_path: a name
 * without a schema is one of pg_catalog.  So it is the same one for whoever
 * asks, and for a restore, which sets no search_path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/relation.h"
#include "access/reloptions.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "nodes/value.h"
#include "parser/scansup.h"
#include "tsearch/ts_cache.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "index/index.h"

#define DEFAULT_K1			1.2
#define MAX_K1				10.0
#define DEFAULT_B			0.75
#define MAX_B				1.0
#define DEFAULT_BUFFER_SIZE	256
#define MIN_BUFFER_SIZE		64
#define MAX_BUFFER_SIZE		65536
#define DEFAULT_WEIGHTS		"{1,1,1,1}"
#define MAX_WEIGHT			100.0

static relopt_kind option_kind;

/* '{0.1,0.2,0.4,1.0}' */
static bool
parse_weights(const char *s, float4 weights[PF_BM_FIELDS])
{
	bool		any = false;

	while (scanner_isspace(*s))
		s++;
	if (*s++ != '{')
		return false;
	for (int f = 0; f < PF_BM_FIELDS; f++)
	{
		char	   *end;
		double		value;

		if (f > 0 && *s++ != ',')
			return false;
		value = strtod(s, &end);
		if (end == s || !isfinite(value) || value < 0 || value > MAX_WEIGHT)
			return false;
		weights[f] = (float4) value;
		any = any || weights[f] > 0;
		for (s = end; scanner_isspace(*s);)
			s++;
	}
	if (*s++ != '}')
		return false;
	while (scanner_isspace(*s))
		s++;
	return *s == '\0' && any;
}

static void
check_weights(const char *value)
{
	float4		weights[PF_BM_FIELDS];

	if (value != NULL && !parse_weights(value, weights))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", "weights", value),
				 errdetail("It takes four numbers from 0 to %g, not all 0, for what is labeled "
						   "D, C, B and A, as in {0.1,0.2,0.4,1.0}.", MAX_WEIGHT)));
}

static Oid
find_config(const char *name)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(name));

	if (list_length(names) == 1)
		names = lcons(makeString(pstrdup("pg_catalog")), names);
	return get_ts_config_oid(names, false);
}

static void
check_config(const char *value)
{
	if (value != NULL)
		(void) find_config(value);
}

void
pf_bm_options_init(void)
{
	const LOCKMODE lock = ShareUpdateExclusiveLock;

	option_kind = add_reloption_kind();
	add_real_reloption(option_kind, "k1", "how slowly further occurrences of a term stop to matter",
					   DEFAULT_K1, 0, MAX_K1, lock);
	add_real_reloption(option_kind, "b", "how much the length of a document matters",
					   DEFAULT_B, 0, MAX_B, lock);
	add_int_reloption(option_kind, "buffer_size", "size of the write buffer, in kilobytes",
					  DEFAULT_BUFFER_SIZE, MIN_BUFFER_SIZE, MAX_BUFFER_SIZE, lock);
	add_string_reloption(option_kind, "config",
						 "text search configuration of queries, with its schema unless that is pg_catalog",
						 NULL, check_config, lock);
	add_string_reloption(option_kind, "weights",
						 "weights of what is labeled D, C, B and A; they take effect at REINDEX",
						 DEFAULT_WEIGHTS, check_weights, lock);
}

bytea *
pf_bm_options(Datum reloptions, bool validate)
{
	static const relopt_parse_elt options[] = {
		{.optname = "k1", .opttype = RELOPT_TYPE_REAL, .offset = offsetof(PfBmOptions, k1)},
		{.optname = "b", .opttype = RELOPT_TYPE_REAL, .offset = offsetof(PfBmOptions, b)},
		{.optname = "buffer_size", .opttype = RELOPT_TYPE_INT, .offset = offsetof(PfBmOptions, buffer_size)},
		{.optname = "config", .opttype = RELOPT_TYPE_STRING, .offset = offsetof(PfBmOptions, config)},
		{.optname = "weights", .opttype = RELOPT_TYPE_STRING, .offset = offsetof(PfBmOptions, weights)}
	};

	return (bytea *) build_reloptions(reloptions, validate, option_kind, sizeof(PfBmOptions),
									  options, lengthof(options));
}

double
pf_bm_k1(Relation index)
{
	const PfBmOptions *options = (const PfBmOptions *) index->rd_options;

	return options ? options->k1 : DEFAULT_K1;
}

double
pf_bm_b(Relation index)
{
	const PfBmOptions *options = (const PfBmOptions *) index->rd_options;

	return options ? options->b : DEFAULT_B;
}

uint32
pf_bm_buffer_pages(Relation index)
{
	const PfBmOptions *options = (const PfBmOptions *) index->rd_options;

	return (uint32) ((Size) (options ? options->buffer_size : DEFAULT_BUFFER_SIZE) * 1024 / BLCKSZ);
}

void
pf_bm_weights(Relation index, float4 weights[PF_BM_FIELDS])
{
	const PfBmOptions *options = (const PfBmOptions *) index->rd_options;
	const char *value = options ? GET_STRING_RELOPTION(options, weights) : DEFAULT_WEIGHTS;

	/* What was stored has been checked, but the limits may have changed since. */
	if (value == NULL || !parse_weights(value, weights))
		check_weights(value ? value : "");
}

Oid
pf_bm_config(Relation index)
{
	const PfBmOptions *options = (const PfBmOptions *) index->rd_options;
	const char *name = options ? GET_STRING_RELOPTION(options, config) : NULL;

	return name ? find_config(name) : getTSCurrentConfig(true);
}

/*
 * As pf_bm_index_open(), but the index may be a partitioned one, which has no
 * storage: only its partitions' indexes have.
 */
Relation
pf_bm_index_open_any(Oid relid, LOCKMODE lockmode)
{
	Relation	index = try_relation_open(relid, lockmode);

	if (index == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("index with OID %u does not exist", relid)));
	if ((index->rd_rel->relkind != RELKIND_INDEX &&
		 index->rd_rel->relkind != RELKIND_PARTITIONED_INDEX) ||
		index->rd_indam->ambuild != pf_bm_build)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a paperfeed_bm25 index", RelationGetRelationName(index))));
	if (index->rd_rel->relkind == RELKIND_PARTITIONED_INDEX)
		return index;

	if (RELATION_IS_OTHER_TEMP(index))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary indexes of other sessions")));
	if (!RelationIsPermanent(index) && RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary or unlogged indexes during recovery")));
	if (!index->rd_index->indisready || !index->rd_index->indislive)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" is not ready", RelationGetRelationName(index)),
				 errhint("Wait until it is built, or REINDEX it if that failed.")));
	return index;
}

Relation
pf_bm_index_open(Oid relid, LOCKMODE lockmode)
{
	Relation	index = pf_bm_index_open_any(relid, lockmode);

	if (index->rd_rel->relkind == RELKIND_PARTITIONED_INDEX)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("index \"%s\" is partitioned", RelationGetRelationName(index)),
				 errdetail("It has no data of its own; the indexes of its partitions have."),
				 errhint("Name the index of one of the partitions.")));
	return index;
}

/*
 * The indexes that have the data: the index itself, or those below a
 * partitioned one.  They are open; pf_bm_index_leaves_close() closes them but
 * for the index itself.
 */
List *
pf_bm_index_leaves(Relation index, LOCKMODE lockmode)
{
	List	   *leaves = NIL;
	List	   *all;
	ListCell   *cell;

	if (index->rd_rel->relkind != RELKIND_PARTITIONED_INDEX)
		return list_make1(index);

	all = find_all_inheritors(RelationGetRelid(index), lockmode, NULL);
	foreach(cell, all)
	{
		Relation	leaf;

		/* Nothing to read in the partitioned ones; the lock on the others is held. */
		if (get_rel_relkind(lfirst_oid(cell)) != RELKIND_INDEX)
			continue;
		leaf = pf_bm_index_open_any(lfirst_oid(cell), NoLock);
		leaves = lappend(leaves, leaf);
	}
	list_free(all);
	return leaves;
}

void
pf_bm_index_leaves_close(Relation index, List *leaves)
{
	ListCell   *cell;

	foreach(cell, leaves)
	{
		if (lfirst(cell) != index)
			relation_close(lfirst(cell), NoLock);
	}
	list_free(leaves);
}
