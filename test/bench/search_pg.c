/*-------------------------------------------------------------------------
 *
 * search_pg.c
 *		Time queries of PostgreSQL, at the client.
 *
 *		search_pg [-b SQL] [-c] [-r REPEAT] [-s SECONDS] < QUERIES
 *
 * A query a line.  They go over one connection, made as libpq's environment
 * variables say, by the simple protocol, so that parsing and planning count.
 * -b: SQL to begin with, not timed.  -c: cold, for statements that can run only once.
 * The rest, and what is printed, is told in search_time.c.
 *
 *-------------------------------------------------------------------------
 */
#define _DEFAULT_SOURCE

#include <stdlib.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "search_time.h"

static PGconn *conn;

static int
ask(const char *query)
{
	PGresult   *result = PQexec(conn, query);
	int			rows = PQntuples(result);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		give_up(query, PQerrorMessage(conn));
	PQclear(result);
	return rows;
}

int
main(int argc, char **argv)
{
	const char *begin = NULL;
	bool		warm = true;
	int			repeat = 1;
	double		seconds = 1e9;
	char	  **queries;
	int			n;
	int			option;

	while ((option = getopt(argc, argv, "b:cr:s:")) != -1)
	{
		if (option == 'b')
			begin = optarg;
		else if (option == 'c')
			warm = false;
		else if (option == 'r')
			repeat = atoi(optarg);
		else if (option == 's')
			seconds = atof(optarg);
		else
			return 1;
	}
	if (repeat < 1 || argc > optind)
		give_up("search_pg", "wrong arguments");
	queries = read_lines(stdin, &n);
	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
		give_up("connection", PQerrorMessage(conn));
	if (begin != NULL)
		ask(begin);
	time_queries(queries, n, warm, repeat, seconds, ask);
	PQfinish(conn);
	return 0;
}
