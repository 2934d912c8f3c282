/*-------------------------------------------------------------------------
 *
 * search_time.c
 *		Ask queries one after the other and tell how long each took.
 *
 * First all are asked without being timed, then "repeat" times; a query's time
 * is the median of these, so that what else the machine does counts less.
 * Each of the two ends after "seconds": the later queries are left out then.
 *
 * Printed are the number of queries, the percentiles 50, 95 and 99, the longest
 * single run and the mean, all in milliseconds, and the mean number of rows.
 *
 *-------------------------------------------------------------------------
 */
#define _DEFAULT_SOURCE

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "search_time.h"

double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

void
give_up(const char *what, const char *message)
{
	fprintf(stderr, "%s: %s\n", what, message);
	exit(1);
}

void *
allocate(size_t size)
{
	void	   *p = calloc(size > 0 ? size : 1, 1);

	if (p == NULL)
		give_up("memory", "there is not enough");
	return p;
}

char	  **
read_lines(FILE *file, int *n)
{
	int			max = 1024;
	char	  **lines = allocate(max * sizeof(char *));
	char	   *line = NULL;
	size_t		size = 0;
	ssize_t		length;

	*n = 0;
	while ((length = getline(&line, &size, file)) > 0)
	{
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (*n == max)
		{
			max *= 2;
			lines = realloc(lines, max * sizeof(char *));
		}
		if (lines == NULL || (lines[*n] = strdup(line)) == NULL)
			give_up("memory", "there is not enough");
		(*n)++;
	}
	free(line);
	return lines;
}

static int
by_value(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* The smallest of n sorted values that a share p of them does not exceed. */
static double
percentile(const double *sorted, int n, double p)
{
	int			i = (int) (p * n);

	return sorted[i < p * n || i == 0 ? i : i - 1];
}

void
time_queries(char **queries, int n, bool warm, int repeat, double seconds,
			 int (*ask) (const char *query))
{
	double	   *times = allocate((size_t) n * repeat * sizeof(double));
	double	   *medians = allocate(n * sizeof(double));
	int			stride = repeat;
	double		longest = 0;
	double		sum = 0;
	double		rows = 0;
	double		start = now();

	for (int i = 0; warm && i < n; i++)
	{
		ask(queries[i]);
		if (now() - start > seconds)
			n = i + 1;
	}
	start = now();
	for (int r = 0; r < repeat; r++)
	{
		for (int i = 0; i < n; i++)
		{
			double		begin = now();
			int			nrows = ask(queries[i]);
			double		t = now() - begin;

			times[i * stride + r] = t * 1e3;
			if (t * 1e3 > longest)
				longest = t * 1e3;
			if (r == 0)
				rows += nrows;
			if (now() - start > seconds)
			{
				if (r == 0)
					n = i + 1;
				repeat = r > 0 && i + 1 < n ? r : r + 1;
				break;
			}
		}
	}
	for (int i = 0; i < n; i++)
	{
		qsort(&times[i * stride], repeat, sizeof(double), by_value);
		medians[i] = times[i * stride + repeat / 2];
		sum += medians[i];
	}
	if (n == 0)
		give_up("queries", "there are none");
	qsort(medians, n, sizeof(double), by_value);
	printf("%d %.4f %.4f %.4f %.4f %.4f %.2f\n", n, percentile(medians, n, 0.5),
		   percentile(medians, n, 0.95), percentile(medians, n, 0.99), longest, sum / n, rows / n);
	free(times);
	free(medians);
}
