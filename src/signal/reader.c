/*-------------------------------------------------------------------------
 *
 * reader.c
 *		Who is reading, and which paper he means.
 *
 * A reader is known by the setting paperfeed.reader, which an application sets
 * for each request, or else by the database role that he chose to be: the one
 * logged in as, or that of SET ROLE.  Neither SECURITY DEFINER functions nor our
 * own switch to the tables' owner changes that.  Only what PostgreSQL runs as a
 * table's owner while somebody else analyzes or indexes it (index expressions,
 * materialized views) is in that owner's name: he could act in another's there.
 *
 * No foreign key ties what readers say to the papers.  So that nothing is left
 * behind under an id while two papers become one, readers and those who join
 * papers lock the id against each other, though neither against their like.
 * Locks are by some thousands of classes of ids, as a transaction with votes on
 * all papers must not run out of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "common/strings.h"
#include "compat.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "signal/reader.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#define MAX_READER		200		/* bytes; it is part of keys */
#define LOCK_CLASSES	4096

static char *reader = NULL;		/* paperfeed.reader */

static bool
check_reader(char **newval, void **extra pg_attribute_unused(),
			 GucSource source pg_attribute_unused())
{
	const unsigned char *c = (const unsigned char *) *newval;

	if (strlen(*newval) > MAX_READER)
	{
		GUC_check_errdetail("A reader's name may have at most %d bytes.", MAX_READER);
		return false;
	}
	for (; *c != '\0'; c++)
	{
		if (*c < 0x20 || *c == 0x7f)
		{
			GUC_check_errdetail("A reader's name must not have control characters.");
			return false;
		}
	}
	return true;
}

void
pf_signal_init(void)
{
	DefineCustomStringVariable("paperfeed.reader",
							   "Sets the reader in whose name votes and the like are given.",
							   "Empty: the database role. An application sets it for each of its "
							   "users, once its role was granted SET ON PARAMETER paperfeed.reader.",
							   &reader, "", PGC_SUSET, 0, check_reader, NULL, NULL);
}

text *
pf_current_reader(void)
{
	/* Code of a table's owner, run for whoever maintains the table, is that owner's and nobody else's. */
	if (InSecurityRestrictedOperation())
		return cstring_to_text(GetUserNameFromId(GetUserId(), false));
	if (reader != NULL && reader[0] != '\0')
	{
		/* A server's configuration is not in anybody's encoding. */
		(void) pg_verifymbstr(reader, (int) strlen(reader), false);
		return cstring_to_text(reader);
	}
	return cstring_to_text(GetUserNameFromId(GetOuterUserId(), false));
}

PG_FUNCTION_INFO_V1(pf_current_reader_sql);

/* current_reader() */
Datum
pf_current_reader_sql(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(pf_current_reader());
}

void
pf_reader_connect(const char *function)
{
	PreventCommandIfReadOnly(function);
	pf_spi_connect();
}

Datum
pf_reader_column(int number, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, isnull);
}

static uint32
lock_class(const text *paper)
{
	return hash_bytes((const unsigned char *) VARDATA_ANY(paper),
					  (int) VARSIZE_ANY_EXHDR(paper)) % LOCK_CLASSES;
}

/*
 * The value of 'column' in the row of one of our tables that has these values
 * in its primary key's columns; NULL if there is none.  As of now, whatever the
 * transaction's snapshot: what was joined is not there any more.
 */
static text *
look_up(const char *table, int column, text *id, int id_column, Oid target, int target_column)
{
	Relation	rel = table_open(pf_own_table(table), AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TypeCacheEntry *type = lookup_type_cache(pf_paperid_type(), TYPECACHE_EQ_OPR_FINFO);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	text	   *found = NULL;

	if (!rel->rd_indexvalid)
		list_free(RelationGetIndexList(rel));	/* makes rd_pkindex known */
	ScanKeyInit(&keys[0], id_column, BTEqualStrategyNumber, type->eq_opr_finfo.fn_oid,
				PointerGetDatum(id));
	if (OidIsValid(target))
		ScanKeyInit(&keys[1], target_column, BTEqualStrategyNumber, F_OIDEQ,
					ObjectIdGetDatum(target));
	scan = systable_beginscan(rel, rel->rd_pkindex, OidIsValid(rel->rd_pkindex), snapshot,
							  OidIsValid(target) ? 2 : 1, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;

		found = DatumGetTextPCopy(heap_getattr(tuple, column, RelationGetDescr(rel), &isnull));
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

static text *
find_paper(text *paper)
{
	return look_up("papers", 1, paper, 1, InvalidOid, 0);
}

static text *
find_alias(text *alias)
{
	return look_up("_identity", 3, alias, 1, pf_own_table("papers"), 2);
}

text *
pf_reader_paper(text *paper, bool missing_ok)
{
	Oid			votes = pf_own_table("votes");
	text	   *id = paper;
	text	   *found;

	/* Joined papers may be joined again, so a few steps may be needed. */
	for (int step = 0; step < 8; step++)
	{
		LockDatabaseObject(votes, lock_class(id), 0, ShareLock);
		found = find_paper(id);
		if (found != NULL)
			return found;
		UnlockDatabaseObject(votes, lock_class(id), 0, ShareLock);
		found = find_alias(id);
		if (found == NULL)
			break;
		id = found;
	}
	if (!missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("paper \"%s\" is not in paperfeed.papers", text_to_cstring(paper)),
				 errhint("SELECT * FROM paperfeed.submit(%s) proposes it.",
						 quote_literal_cstr(text_to_cstring(paper)))));
	return NULL;
}

void
pf_reader_paper_alone(const text *paper)
{
	LockDatabaseObject(pf_own_table("submissions"), lock_class(paper), 0, ExclusiveLock);
}

void
pf_reader_paper_moves(const text *old, const text *new)
{
	Oid			votes = pf_own_table("votes");

	LockDatabaseObject(votes, lock_class(old), 0, RowExclusiveLock);
	LockDatabaseObject(votes, lock_class(new), 0, RowExclusiveLock);
}

static text *
check_text(const text *in, const char *what, int max, bool blank_ok, bool lines)
{
	PfStr		body = pf_str_trim((PfStr) {VARDATA_ANY(in), (int) VARSIZE_ANY_EXHDR(in)});
	const char *s = body.s;
	int			len = body.len;
	int			nchars;

	if (len == 0 && !blank_ok)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be blank", what)));
	nchars = pg_mbstrlen_with_len(s, len);
	if (nchars > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is too long", what),
				 errdetail("It has %d characters; at most %d are allowed.", nchars, max)));
	for (int i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) s[i];

		if ((c < 0x20 && !(lines && (c == '\n' || c == '\r' || c == '\t'))) || c == 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must not have control characters", what)));
	}
	return cstring_to_text_with_len(s, len);
}

text *
pf_reader_line(const text *in, const char *what, int max, bool blank_ok)
{
	return check_text(in, what, max, blank_ok, false);
}

text *
pf_reader_text(const text *in, const char *what, int max, bool blank_ok)
{
	return check_text(in, what, max, blank_ok, true);
}
