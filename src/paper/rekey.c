/*-------------------------------------------------------------------------
 *
 * rekey.c
 *		Follow a paper to its new id.
 *
 * When two rows turn out to be one paper, or a paper gets a more
 * authoritative identity, whatever points at the old row by a foreign key
 * (the extension's own tables and the users') is made to point at the new
 * one.  Where that would break a unique key of the pointing table (a reader's
 * vote on both rows, say), the row at the new paper stays, and the foreign
 * key's own ON DELETE rule decides about the other when the old paper goes.
 *
 * Runs as the caller, like every statement on a table that may be his.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "paper/store.h"
#include "utils/builtins.h"

/* Foreign keys of one column on the table's id, and unique indexes over that column. */
static const char *const find_sql =
"SELECT c.conrelid::pg_catalog.regclass::pg_catalog.text,"
" pg_catalog.quote_ident(a.attname),"
" (SELECT pg_catalog.string_agg("
"  ' AND NOT EXISTS (SELECT FROM ' || c.conrelid::pg_catalog.regclass::pg_catalog.text ||"
"  ' AS d WHERE d.' || pg_catalog.quote_ident(a.attname) || ' OPERATOR(pg_catalog.=) $2' ||"
"  COALESCE((SELECT pg_catalog.string_agg(' AND d.' || pg_catalog.quote_ident(k.attname) ||"
"    ' IS NOT DISTINCT FROM c.' || pg_catalog.quote_ident(k.attname), '')"
"   FROM pg_catalog.pg_attribute AS k"
"   WHERE k.attrelid = c.conrelid AND k.attnum = ANY (i.indkey) AND k.attnum <> a.attnum), '')"
"  || ')', '')"
"  FROM pg_catalog.pg_index AS i"
"  WHERE i.indrelid = c.conrelid AND i.indisunique AND a.attnum = ANY (i.indkey))"
" FROM pg_catalog.pg_constraint AS c"
" JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
" WHERE c.contype = 'f' AND c.confrelid = $1 AND c.confkey = '{1}' AND c.conparentid = 0"
" ORDER BY c.oid";

void
pf_store_repoint(PfStore *store, PfStr old, PfStr new)
{
	Oid			find_types[1] = {REGCLASSOID};
	Datum		find_args[1] = {ObjectIdGetDatum(store->target)};
	Oid			types[2] = {store->paperid, store->paperid};
	Datum		args[2];
	SPITupleTable *found;
	uint64		n;

	args[0] = PointerGetDatum(cstring_to_text_with_len(old.s, old.len));
	args[1] = PointerGetDatum(cstring_to_text_with_len(new.s, new.len));

	if (SPI_execute_with_args(find_sql, 1, find_types, find_args, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up foreign keys");
	found = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		char	   *table = SPI_getvalue(found->vals[i], found->tupdesc, 1);
		char	   *column = SPI_getvalue(found->vals[i], found->tupdesc, 2);
		char	   *unless = SPI_getvalue(found->vals[i], found->tupdesc, 3);
		StringInfoData sql;

		initStringInfo(&sql);
		appendStringInfo(&sql,
						 "UPDATE %s AS c SET %s = $2 WHERE c.%s OPERATOR(pg_catalog.=) $1%s",
						 table, column, column, unless != NULL ? unless : "");
		if (SPI_execute_with_args(sql.data, 2, types, args, NULL, false, 0) != SPI_OK_UPDATE)
			elog(ERROR, "could not update table %s", table);
		pfree(sql.data);
	}
	SPI_freetuptable(found);
}
