/* search_time.h: what search_pg.c and search_fts5.c share; see search_time.c. */
#ifndef SEARCH_TIME_H
#define SEARCH_TIME_H

#include <stdbool.h>
#include <stdio.h>

extern double now(void);		/* seconds */
extern void give_up(const char *what, const char *message);
extern void *allocate(size_t size); /* zeros */

/* All lines of a file, without their ends. */
extern char **read_lines(FILE *file, int *n);

/*
 * Asks all, and prints figures.  ask() gives the number of rows.  With warm,
 * all is asked once before.  repeat and seconds are as in search_time.c.
 */
extern void time_queries(char **queries, int n, bool warm, int repeat, double seconds,
						 int (*ask) (const char *query));

#endif
