/*-------------------------------------------------------------------------
 *
 * search_fts5.c
 *		The search benchmark's work, done by SQLite's FTS5.
 *
 *		search_fts5 build DATABASE < ROWS
 *		search_fts5 insert DATABASE < ROWS
 *		search_fts5 ask DATABASE REPEAT SECONDS < QUERIES
 *
 * ROWS are in the format of COPY: id, title, abstract, published, tenth.  All
 * are read before the clock starts.  build makes a table for the filters and a
 * full-text index over title and abstract (Porter's stems; it does not keep the
 * texts), in one transaction, and merges it into one b-tree; then, off the
 * clock, it makes the file as small as it can be.  insert adds rows in one transaction.  Both
 * print the seconds.  ask is what search_pg.c is for PostgreSQL: preparing a
 * statement counts.  Nothing here waits for a disk.
 *
 *-------------------------------------------------------------------------
 */
#define _DEFAULT_SOURCE

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "search_time.h"

#define NFIELDS		5

static sqlite3 *db;

static void
must(int status, const char *what)
{
	if (status != SQLITE_OK)
		give_up(what, sqlite3_errmsg(db));
}

static void
execute(const char *sql)
{
	must(sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *
prepare(const char *sql)
{
	sqlite3_stmt *statement;

	must(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), sql);
	return statement;
}

/* Splits a row of COPY in place; of its escapes, the texts have only \\. */
static void
split(char *row, char *fields[NFIELDS])
{
	char	   *to = row;

	for (int i = 0; i < NFIELDS; i++)
	{
		bool		more;

		fields[i] = to;
		while (*row != '\0' && *row != '\t')
		{
			if (*row == '\\' && row[1] != '\0')
				row++;
			*to++ = *row++;
		}
		more = *row == '\t';
		if (more)
			row++;
		else if (i < NFIELDS - 1)
			give_up("row", "there are not enough columns");
		*to++ = '\0';
	}
}

static void
add(char **rows, int n)
{
	sqlite3_stmt *document = prepare("INSERT INTO search (rowid, title, abstract) VALUES (?, ?, ?)");
	sqlite3_stmt *paper = prepare("INSERT INTO docs (id, published, tenth) VALUES (?, ?, ?)");

	execute("BEGIN");
	for (int i = 0; i < n; i++)
	{
		char	   *fields[NFIELDS];

		split(rows[i], fields);
		sqlite3_bind_int64(document, 1, atoll(fields[0]));
		sqlite3_bind_text(document, 2, fields[1], -1, SQLITE_STATIC);
		sqlite3_bind_text(document, 3, fields[2], -1, SQLITE_STATIC);
		sqlite3_bind_int64(paper, 1, atoll(fields[0]));
		sqlite3_bind_text(paper, 2, fields[3], -1, SQLITE_STATIC);
		sqlite3_bind_int64(paper, 3, atoll(fields[4]));
		if (sqlite3_step(document) != SQLITE_DONE || sqlite3_step(paper) != SQLITE_DONE)
			give_up("insert", sqlite3_errmsg(db));
		sqlite3_reset(document);
		sqlite3_reset(paper);
	}
	execute("COMMIT");
	sqlite3_finalize(document);
	sqlite3_finalize(paper);
}

static void
build(char **rows, int n)
{
	execute("CREATE VIRTUAL TABLE search USING fts5(title, abstract, content='', tokenize='porter unicode61')");
	execute("CREATE TABLE docs (id INTEGER PRIMARY KEY, published TEXT, tenth INTEGER)");
	add(rows, n);
	execute("INSERT INTO search (search) VALUES ('optimize')");
}

static int
ask(const char *query)
{
	sqlite3_stmt *statement = prepare(query);
	int			rows = 0;
	int			status;

	while ((status = sqlite3_step(statement)) == SQLITE_ROW)
		rows++;
	if (status != SQLITE_DONE)
		give_up(query, sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	return rows;
}

int
main(int argc, char **argv)
{
	char	  **lines;
	int			n;
	double		start;

	if (argc < 3)
		give_up("search_fts5", "wrong arguments");
	lines = read_lines(stdin, &n);
	must(sqlite3_open(argv[2], &db), argv[2]);
	execute("PRAGMA journal_mode = MEMORY");
	execute("PRAGMA synchronous = OFF");
	execute("PRAGMA cache_size = -4000000");
	start = now();
	if (strcmp(argv[1], "ask") == 0 && argc == 5)
		time_queries(lines, n, true, atoi(argv[3]), atof(argv[4]), ask);
	else
	{
		bool		first = strcmp(argv[1], "build") == 0;

		if (first)
			build(lines, n);
		else
			add(lines, n);
		printf("%.3f\n", now() - start);
		if (first)
			execute("VACUUM");
	}
	must(sqlite3_close(db), "close");
	return 0;
}
