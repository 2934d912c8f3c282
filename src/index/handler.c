/*-------------------------------------------------------------------------
 *
 * handler.c
 *		What PostgreSQL is told of the access method, and the check of its
 *		operator classes.
 *
 * There are two kinds of operator classes: the one of the tsvector, with @@
 * and the ordering operator, and those of the columns behind it, whose
 * operators are the five of a b-tree and may be of several types.  Which types
 * those are, and which comparisons among them, is built in (filter.c): a class
 * for another type would be an index that cannot be built.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/amvalidate.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "index/index.h"

PG_FUNCTION_INFO_V1(pf_bm25_handler);

Datum
pf_bm25_handler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *am = makeNode(IndexAmRoutine);

	(void) fcinfo;
	am->amstrategies = PF_BM_STRATEGIES;
	am->amsupport = 0;
	am->amoptsprocnum = 0;
	am->amcanorder = false;
	am->amcanorderbyop = true;
	am->amcanbackward = false;
	am->amcanunique = false;
	am->amcanmulticol = true;
	am->amoptionalkey = true;
	am->amsearcharray = true;
	am->amsearchnulls = false;
	am->amstorage = false;
	am->amclusterable = false;
	am->ampredlocks = false;
	am->amcanparallel = false;
	am->amcaninclude = false;
	am->amusemaintenanceworkmem = true;
	am->amparallelvacuumoptions = 0;	/* merges and their locks stay in the leader */
	am->amkeytype = InvalidOid;

	am->ambuild = pf_bm_build;
	am->ambuildempty = pf_bm_buildempty;
	am->aminsert = pf_bm_insert;
	am->ambulkdelete = pf_bm_bulkdelete;
	am->amvacuumcleanup = pf_bm_vacuumcleanup;
	am->amcostestimate = pf_bm_costestimate;
	am->amoptions = pf_bm_options;
	am->ambuildphasename = pf_bm_buildphasename;
	am->amvalidate = pf_bm_validate;
	am->ambeginscan = pf_bm_beginscan;
	am->amrescan = pf_bm_rescan;
	am->amgettuple = pf_bm_gettuple;
	am->amgetbitmap = pf_bm_getbitmap;
	am->amendscan = pf_bm_endscan;
	PG_RETURN_POINTER(am);
}

/* ---- operator classes ---- */

/* Types of filter columns, and what each may be compared with. */
static const struct
{
	Oid			type;
	Oid			others[2];
	bool		equality_only;
}			filter_types[] =
{
	{INT2OID, {INT4OID, INT8OID}, false},
	{INT4OID, {INT2OID, INT8OID}, false},
	{INT8OID, {INT2OID, INT4OID}, false},
	{FLOAT4OID, {FLOAT8OID, InvalidOid}, false},
	{FLOAT8OID, {FLOAT4OID, InvalidOid}, false},
	{DATEOID, {TIMESTAMPOID, InvalidOid}, false},
	{TIMESTAMPOID, {DATEOID, InvalidOid}, false},
	{TIMESTAMPTZOID, {DATEOID, TIMESTAMPOID}, false},
	{BOOLOID, {InvalidOid, InvalidOid}, false},
	{TEXTOID, {InvalidOid, InvalidOid}, true},
};

static int
find_filter_type(Oid type)
{
	for (int i = 0; i < (int) lengthof(filter_types); i++)
	{
		if (filter_types[i].type == type)
			return i;
	}
	return -1;
}

static const char *check_filter_operator(Form_pg_amop amop);

/* What is wrong with an operator of a family; NULL if nothing is. */
static const char *
check_operator(Form_pg_amop amop)
{
	if (amop->amopstrategy < 1 || amop->amopstrategy > PF_BM_STRATEGIES)
		return "invalid strategy number";
	if (amop->amopstrategy == PF_BM_SCORE_STRATEGY)
	{
		if (amop->amoppurpose != AMOP_ORDER)
			return "must be FOR ORDER BY";
		if (amop->amoplefttype != TSVECTOROID)
			return "wrong type on its left";
		if (!opfamily_can_sort_type(amop->amopsortfamily, FLOAT8OID) ||
			get_op_rettype(amop->amopopr) != FLOAT8OID)
			return "must order as float8 does";
		if (!check_amop_signature(amop->amopopr, FLOAT8OID, amop->amoplefttype, amop->amoprighttype))
			return "wrong signature";
		return NULL;
	}

	if (amop->amoppurpose != AMOP_SEARCH || OidIsValid(amop->amopsortfamily))
		return "cannot be FOR ORDER BY";
	if (!check_amop_signature(amop->amopopr, BOOLOID, amop->amoplefttype, amop->amoprighttype))
		return "wrong signature";
	if (amop->amopstrategy == PF_BM_MATCH_STRATEGY)
	{
		if (amop->amoplefttype != TSVECTOROID || amop->amoprighttype != TSQUERYOID)
			return "must be for tsvector and tsquery";
		return NULL;
	}
	return check_filter_operator(amop);
}

static const char *
check_filter_operator(Form_pg_amop amop)
{
	int			at = find_filter_type(amop->amoplefttype);

	if (at < 0)
		return "unsupported type on its left";
	if (amop->amoprighttype != amop->amoplefttype &&
		(!OidIsValid(amop->amoprighttype) ||
		 (amop->amoprighttype != filter_types[at].others[0] &&
		  amop->amoprighttype != filter_types[at].others[1])))
		return "unsupported type on its right";
	if (filter_types[at].equality_only && amop->amopstrategy != BTEqualStrategyNumber)
		return "only equality is supported";
	return NULL;
}

/* Strategies that a class for the type must have, as bits. */
static uint64
required_strategies(Oid type)
{
	int			at = find_filter_type(type);
	uint64		five = ((UINT64CONST(1) << (BTMaxStrategyNumber + 1)) - 1) & ~UINT64CONST(1);

	if (type == TSVECTOROID)
		return UINT64CONST(1) << PF_BM_MATCH_STRATEGY;
	if (at >= 0 && filter_types[at].equality_only)
		return UINT64CONST(1) << BTEqualStrategyNumber;
	return five;
}

static bool
complain(const char *family, const char *what, const char *object)
{
	ereport(INFO,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("operator family \"%s\" of access method %s: %s: %s", family, "paperfeed_bm25",
					object, what)));
	return false;
}

static bool
check_family(Oid family, Oid type, const char *name)
{
	CatCList   *operators = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(family));
	CatCList   *functions = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(family));
	List	   *groups;
	ListCell   *cell;
	bool		result = true;
	bool		has_type = false;
	bool		has_order = false;

	for (int i = 0; i < operators->n_members; i++)
	{
		Form_pg_amop amop = (Form_pg_amop) GETSTRUCT(&operators->members[i]->tuple);
		const char *fault = check_operator(amop);

		if (fault != NULL)
			result = complain(name, fault, format_operator(amop->amopopr));
		if (amop->amopstrategy == PF_BM_SCORE_STRATEGY && amop->amoplefttype == type)
			has_order = true;
	}
	for (int i = 0; i < functions->n_members; i++)
	{
		Form_pg_amproc amproc = (Form_pg_amproc) GETSTRUCT(&functions->members[i]->tuple);

		result = complain(name, "there are no support functions", format_procedure(amproc->amproc));
	}

	groups = identify_opfamily_groups(operators, functions);
	foreach(cell, groups)
	{
		OpFamilyOpFuncGroup *group = lfirst(cell);
		uint64		required = required_strategies(group->lefttype);

		/* The ordering operator and @@ have another type on the right each. */
		if (group->lefttype == TSVECTOROID && group->righttype != TSQUERYOID)
			continue;
		if (group->lefttype == type &&
			(group->righttype == type || type == TSVECTOROID))
			has_type = true;
		if ((group->operatorset & required) != required)
			result = complain(name, "operators are missing for these types",
							  psprintf("%s, %s", format_type_be(group->lefttype),
									   format_type_be(group->righttype)));
	}
	if (!has_type || (type == TSVECTOROID && !has_order))
		result = complain(name, "operators are missing for this type", format_type_be(type));

	ReleaseCatCacheList(functions);
	ReleaseCatCacheList(operators);
	return result;
}

bool
pf_bm_validate(Oid opclass)
{
	HeapTuple	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
	Form_pg_opclass form;
	HeapTuple	family;
	char	   *name;
	bool		result = true;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator class %u", opclass);
	form = (Form_pg_opclass) GETSTRUCT(tuple);
	family = SearchSysCache1(OPFAMILYOID, ObjectIdGetDatum(form->opcfamily));
	if (!HeapTupleIsValid(family))
		elog(ERROR, "cache lookup failed for operator family %u", form->opcfamily);
	name = pstrdup(NameStr(((Form_pg_opfamily) GETSTRUCT(family))->opfname));
	ReleaseSysCache(family);

	if (form->opcintype != TSVECTOROID && find_filter_type(form->opcintype) < 0)
		result = complain(name, "unsupported type of an operator class",
						  format_type_be(form->opcintype));
	if (OidIsValid(form->opckeytype) && form->opckeytype != form->opcintype)
		result = complain(name, "an index stores no other type than its column's",
						  format_type_be(form->opckeytype));
	if (!check_family(form->opcfamily, form->opcintype, name))
		result = false;
	ReleaseSysCache(tuple);
	return result;
}
