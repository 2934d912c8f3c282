/*-------------------------------------------------------------------------
 *
 * cron.c
 *		SQL: paperfeed.schedule, unschedule: refresh() by pg_cron.
 *
 * A job of pg_cron's is the caller's and runs with his rights; it is known by
 * its name, of which each role has one.  Its command must be the CALL alone:
 * pg_cron sends it as one string, and with anything beside it, it would be a
 * transaction block, in which refresh() cannot commit.
 *
 * pg_cron has its tables in one database of the server.  From any other one
 * they cannot be reached, so there an error says what to run and where.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fetch/fetch.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "paper/plan.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(pf_cron_schedule);
PG_FUNCTION_INFO_V1(pf_cron_unschedule);

#define JOB_NAME	"paperfeed refresh"

/* A statement with the caller's rights; it names all that it uses by its schema. */
static uint64
run(const char *sql, int nargs, Oid *types, Datum *args)
{
	int			rc = SPI_execute_with_args(sql, nargs, types, args, NULL, false, 0);

	if (rc < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

static Datum
first_value(bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
}

/* A job that may not do its work would fail where nobody looks. */
static void
check_rights(void)
{
	bool		isnull;

	(void) run("SELECT pg_catalog.has_function_privilege("
			   "'paperfeed.refresh(integer, interval, integer)', 'EXECUTE')", 0, NULL, NULL);
	if (!DatumGetBool(first_value(&isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for procedure refresh"),
				 errdetail("The job would run with the rights of role \"%s\".",
						   GetUserNameFromId(GetUserId(), false))));
}

/* The CALL, with those arguments that are given. */
static char *
refresh_command(FunctionCallInfo fcinfo)
{
	StringInfoData s;
	const char *separator = "";

	initStringInfo(&s);
	appendStringInfoString(&s, "CALL paperfeed.refresh(");
	if (!PG_ARGISNULL(1))
	{
		int32		max_feeds = PG_GETARG_INT32(1);

		if (max_feeds < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("max_feeds must be positive, or NULL for no limit")));
		appendStringInfo(&s, "max_feeds => %d", max_feeds);
		separator = ", ";
	}
	if (!PG_ARGISNULL(2))
	{
		Datum		max_time = PG_GETARG_DATUM(2);
		Interval	none = {0};

		if (!DatumGetBool(DirectFunctionCall2(interval_gt, max_time, IntervalPGetDatum(&none))))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("max_time must be positive, or NULL for no limit")));
		appendStringInfo(&s, "%smax_time => %s", separator,
						 quote_literal_cstr(DatumGetCString(DirectFunctionCall1(interval_out,
																				max_time))));
		separator = ", ";
	}
	if (!PG_ARGISNULL(3))
	{
		int32		concurrency = PG_GETARG_INT32(3);

		if (concurrency < 1 || concurrency > PF_FETCH_MAX_ACTIVE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("concurrency must be between 1 and %d", PF_FETCH_MAX_ACTIVE)));
		appendStringInfo(&s, "%sconcurrency => %d", separator, concurrency);
	}
	appendStringInfoChar(&s, ')');
	return s.data;
}

/* The database that pg_cron lives in; NULL if the server does not load it. */
static const char *
cron_database(void)
{
	return GetConfigOption("cron.database_name", true, false);
}

/* In that database the job needs another name: it is the one of that database, too. */
static char *
elsewhere_name(const char *database)
{
	return quote_literal_cstr(psprintf("%s in %s", JOB_NAME, database));
}

/* Does not return. */
static void
raise_no_cron(const char *schedule, const char *command)
{
	const char *database = get_database_name(MyDatabaseId);
	const char *cron_db = cron_database();

	if (cron_db == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("pg_cron is not loaded by this server"),
				 errhint("Install it, add it to shared_preload_libraries and restart the server; "
						 "or have the system's cron do it, by a line of its crontab: "
						 "%s psql -X -d %s -c \"%s\"",
						 schedule, quote_identifier(database), command)));
	if (strcmp(cron_db, database) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"pg_cron\" is not created yet"),
				 errhint("Have a superuser run CREATE EXTENSION pg_cron in this database.")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_cron is in database \"%s\", not in this one", cron_db),
			 errhint("Run there: SELECT cron.schedule_in_database(%s, %s, %s, %s);",
					 elsewhere_name(database), quote_literal_cstr(schedule),
					 quote_literal_cstr(command), quote_literal_cstr(database))));
}

/* schedule(cron text, max_feeds integer, max_time interval, concurrency integer) */
Datum
pf_cron_schedule(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		args[2];
	char	   *command;
	bool		isnull;
	int64		job;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	command = refresh_command(fcinfo);
	pf_spi_connect();
	check_rights();
	if (!OidIsValid(get_extension_oid("pg_cron", true)))
		raise_no_cron(text_to_cstring(PG_GETARG_TEXT_PP(0)), command);
	args[0] = PG_GETARG_DATUM(0);
	args[1] = CStringGetTextDatum(command);
	(void) run("SELECT cron.schedule('" JOB_NAME "', $1, $2)", 2, types, args);
	job = DatumGetInt64(first_value(&isnull));
	SPI_finish();
	PG_RETURN_INT64(job);
}

/* unschedule() */
Datum
pf_cron_unschedule(PG_FUNCTION_ARGS)
{
	const char *cron_db = cron_database();
	bool		isnull;
	bool		gone = false;

	(void) fcinfo;
	if (!OidIsValid(get_extension_oid("pg_cron", true)))
	{
		const char *database = get_database_name(MyDatabaseId);

		if (cron_db == NULL || strcmp(cron_db, database) == 0)
			PG_RETURN_BOOL(false);
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pg_cron is in database \"%s\", not in this one", cron_db),
				 errhint("Run there: SELECT cron.unschedule(%s);", elsewhere_name(database))));
	}
	pf_spi_connect();
	if (run("SELECT cron.unschedule(j.jobid) FROM cron.job AS j"
			" WHERE j.jobname::pg_catalog.text OPERATOR(pg_catalog.=) '" JOB_NAME "'"
			" AND j.username::pg_catalog.text OPERATOR(pg_catalog.=) current_user::pg_catalog.text"
			" AND j.database::pg_catalog.text OPERATOR(pg_catalog.=)"
			" pg_catalog.current_database()::pg_catalog.text", 0, NULL, NULL) > 0)
		gone = DatumGetBool(first_value(&isnull));
	SPI_finish();
	PG_RETURN_BOOL(gone);
}
