/*-------------------------------------------------------------------------
 *
 * owner.c
 *		Do something to the extension's own tables as their owner.
 *
 * Whoever may call a function that keeps notes (feeds, identities, sightings)
 * needs no rights on the tables that hold them.  The owner is that of
 * paperfeed._identity, a table that nobody has a reason to give away.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "paper/owner.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#define SAFE_PATH	"pg_catalog, pg_temp"

static Oid
find_owner(void)
{
	Oid			schema = get_namespace_oid("paperfeed", false);
	HeapTuple	tuple = SearchSysCache1(RELOID,
										ObjectIdGetDatum(get_relname_relid("_identity", schema)));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table paperfeed._identity does not exist"),
				 errhint("Drop and create the extension paperfeed again.")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

void
pf_as_owner_begin(PfAsOwner *saved)
{
	Oid			owner = find_owner();

	GetUserIdAndSecContext(&saved->user, &saved->context);
	/* Within another one there is nothing to do. */
	if (saved->user == owner && (saved->context & SECURITY_LOCAL_USERID_CHANGE) != 0 &&
		strcmp(namespace_search_path, SAFE_PATH) == 0)
	{
		saved->nest = 0;
		return;
	}
	SetUserIdAndSecContext(owner, saved->context | SECURITY_LOCAL_USERID_CHANGE);
	saved->nest = NewGUCNestLevel();
	(void) set_config_option("search_path", SAFE_PATH, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
pf_as_owner_end(const PfAsOwner *saved)
{
	if (saved->nest == 0)
		return;
	AtEOXact_GUC(true, saved->nest);
	SetUserIdAndSecContext(saved->user, saved->context);
}
