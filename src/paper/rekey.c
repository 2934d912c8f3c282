/*-------------------------------------------------------------------------
 *
 * rekey.c
 *		Follow a paper to its new id.
 *
 * When two rows turn out to be one paper, or a paper gets a more
 * authoritative identity, whatever points at the old row by a foreign key
 * (the extension's own tables and the users') is made to point at the new
 * one.  Where that breaks a unique key of the pointing table (a reader's vote
 * on both rows, say), the row at the new paper stays, and the foreign key's
 * own ON DELETE rule decides about the other when the old paper goes.  If that
 * forbids it, the old row of the papers table stays, with a warning.
 *
 * The old row is locked first, so that nobody can point at it between the
 * moves and its removal.
 *
 * All rows of a table are tried at once, in a subtransaction; only if one of
 * them is in the way they are tried one by one.
 *
 * Each update runs as the owner of the pointing table, without row-level
 * security, as the actions of foreign keys do: this is ON UPDATE CASCADE in all
 * but name, and who ingests need not see or own what points at papers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "paper/store.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* Foreign keys on the table's id, alone or with other columns. */
static const char *const find_sql =
"SELECT pg_catalog.format('%I.%I', n.nspname, r.relname), pg_catalog.quote_ident(a.attname),"
" r.relowner"
" FROM pg_catalog.pg_constraint AS c"
" JOIN pg_catalog.pg_class AS r ON r.oid OPERATOR(pg_catalog.=) c.conrelid"
" JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace"
" JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) c.conrelid"
" AND a.attnum OPERATOR(pg_catalog.=)"
" c.conkey[pg_catalog.array_position(c.confkey, 1::pg_catalog.int2)]"
" WHERE c.contype OPERATOR(pg_catalog.=) 'f' AND c.confrelid OPERATOR(pg_catalog.=) $1"
" AND 1::pg_catalog.int2 OPERATOR(pg_catalog.=) ANY (c.confkey)"
" AND c.conparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid"
" ORDER BY c.oid";

/* What pg_catalog's foreign keys do when they act. */
static void
become(Oid role)
{
	Oid			user;
	int			context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(role, context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS |
						   (role != user ? SECURITY_RESTRICTED_OPERATION : 0));
}

/*
 * Run an UPDATE or DELETE in a subtransaction, as 'role' unless that is
 * InvalidOid; false if a key (unique, exclusion, foreign) forbids it.
 */
static bool
try_statement(Oid role, const char *sql, int nargs, Oid *types, Datum *args)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool ok = true;
	Oid			user;
	int			sec_context;

	GetUserIdAndSecContext(&user, &sec_context);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		if (OidIsValid(role))
			become(role);
		if (SPI_execute_with_args(sql, nargs, types, args, NULL, false, 0) < 0)
			elog(ERROR, "could not run: %s", sql);
		SetUserIdAndSecContext(user, sec_context);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		/* The roll-back restores the user, too. */
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION &&
			error->sqlerrcode != ERRCODE_EXCLUSION_VIOLATION &&
			error->sqlerrcode != ERRCODE_FOREIGN_KEY_VIOLATION &&
			error->sqlerrcode != ERRCODE_RESTRICT_VIOLATION)
			ReThrowError(error);
		FreeErrorData(error);
		ok = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return ok;
}

static void
repoint_one_by_one(PfStore *store, Oid role, const char *table, const char *column, Datum *ids)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[4] = {store->paperid, store->paperid, OIDOID, TIDOID};
	Datum		args[4] = {ids[0], ids[1]};
	char	   *select = psprintf("SELECT tableoid, ctid FROM %s WHERE %s OPERATOR(pg_catalog.=) $1",
								  table, column);
	char	   *update = psprintf("UPDATE %s SET %s = $2 WHERE %s OPERATOR(pg_catalog.=) $1"
								  " AND tableoid OPERATOR(pg_catalog.=) $3"
								  " AND ctid OPERATOR(pg_catalog.=) $4",
								  table, column, column);
	SPITupleTable *found;
	uint64		n;
	Oid			user;
	int			sec_context;

	GetUserIdAndSecContext(&user, &sec_context);
	become(role);
	if (SPI_execute_with_args(select, 1, types, args, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of: %s", select);
	SetUserIdAndSecContext(user, sec_context);
	found = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		args[2] = SPI_getbinval(found->vals[i], found->tupdesc, 1, &isnull);
		args[3] = SPI_getbinval(found->vals[i], found->tupdesc, 2, &isnull);
		(void) try_statement(role, update, 4, types, args);
	}
	SPI_freetuptable(found);
	MemoryContextSwitchTo(context);
}

void
pf_store_lock_out(PfStore *store, PfStr old)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[1] = {store->paperid};
	Datum		args[1] = {PointerGetDatum(cstring_to_text_with_len(old.s, old.len))};
	char	   *lock = psprintf("SELECT FROM %s WHERE id OPERATOR(pg_catalog.=) $1 FOR UPDATE",
								store->table);

	if (SPI_execute_with_args(lock, 1, types, args, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of: %s", lock);
	SPI_freetuptable(SPI_tuptable);
	/* SPI leaves its own context behind. */
	MemoryContextSwitchTo(context);
}

void
pf_store_repoint(PfStore *store, PfStr old, PfStr new)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			find_types[1] = {REGCLASSOID};
	Datum		find_args[1] = {ObjectIdGetDatum(store->target)};
	Oid			types[2] = {store->paperid, store->paperid};
	Datum		ids[2];
	SPITupleTable *found;
	uint64		n;

	ids[0] = PointerGetDatum(cstring_to_text_with_len(old.s, old.len));
	ids[1] = PointerGetDatum(cstring_to_text_with_len(new.s, new.len));

	if (SPI_execute_with_args(find_sql, 1, find_types, find_args, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up foreign keys");
	MemoryContextSwitchTo(context);
	found = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		char	   *table = SPI_getvalue(found->vals[i], found->tupdesc, 1);
		char	   *column = SPI_getvalue(found->vals[i], found->tupdesc, 2);
		bool		isnull;
		Oid			role = DatumGetObjectId(SPI_getbinval(found->vals[i], found->tupdesc, 3,
														  &isnull));
		char	   *sql = psprintf("UPDATE %s SET %s = $2 WHERE %s OPERATOR(pg_catalog.=) $1",
								   table, column, column);

		if (!try_statement(role, sql, 2, types, ids))
			repoint_one_by_one(store, role, table, column, ids);
	}
	SPI_freetuptable(found);
	MemoryContextSwitchTo(context);
}

void
pf_store_remove(PfStore *store, PfStr old, PfStr new)
{
	Oid			types[1] = {store->paperid};
	Datum		args[1] = {PointerGetDatum(cstring_to_text_with_len(old.s, old.len))};
	char	   *sql = psprintf("DELETE FROM %s WHERE id OPERATOR(pg_catalog.=) $1", store->table);

	if (!try_statement(store->run_as, sql, 1, types, args))
		ereport(WARNING,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("paper \"%.*s\" stays beside \"%.*s\", though both are the same",
						old.len, old.s, new.len, new.s),
				 errdetail("Rows of another table point at both, and its foreign key does not let one go."),
				 errhint("Declare the foreign key ON DELETE CASCADE, or delete one of these rows.")));
}
