/*-------------------------------------------------------------------------
 *
 * cpu.c
 *		SQL: bench.cpu(), the seconds of CPU time that this backend has used.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_cpu);

Datum
bench_cpu(PG_FUNCTION_ARGS)
{
	struct timespec t;

	(void) fcinfo;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	PG_RETURN_FLOAT8(t.tv_sec + t.tv_nsec * 1e-9);
}
