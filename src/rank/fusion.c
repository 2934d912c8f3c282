/*-------------------------------------------------------------------------
 *
 * fusion.c
 *		Reciprocal rank fusion: several ranked lists into one.
 *
 * A list gives each document 1 / (k + rank); a document that it lacks, whose
 * rank is null after an outer join, gets nothing.  As that is a plain number,
 * SQL's own + and sum() do the fusing, with weights if wanted; there is no
 * aggregate here because sum(rrf(rank)) is one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "rank/rank.h"

double
pf_rank_rrf(int64 rank, int32 k)
{
	return 1.0 / ((double) rank + k);
}

PG_FUNCTION_INFO_V1(pf_rrf);

/* rrf(rank, k) */
Datum
pf_rrf(PG_FUNCTION_ARGS)
{
	int64		rank;
	int32		k;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	k = PG_GETARG_INT32(1);
	if (k < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must not be negative")));
	if (PG_ARGISNULL(0))
		PG_RETURN_FLOAT8(0);
	rank = PG_GETARG_INT64(0);
	if (rank < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rank must be positive")));
	PG_RETURN_FLOAT8(pf_rank_rrf(rank, k));
}
