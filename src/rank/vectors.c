/*-------------------------------------------------------------------------
 *
 * vectors.c
 *		Similarity of embeddings: the cosine of real[], the Hamming distance
 *		of packed bits.
 *
 * Sums are kept in double, in four lanes that a vector type of the compiler
 * spells out.  So nothing overflows, no -ffast-math is needed, and the result is
 * the same to the last bit on every machine: the lanes are added in one order,
 * and products and sums are separate statements, which compilers do not fuse
 * under -std=c11.  An IMMUTABLE function owes that to the indexes built on it.
 *
 * Where the linker can choose at load time, the loops are compiled once more
 * for processors that have wider registers or a population count.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/varbit.h"

#include "rank/rank.h"

/*
 * gcc only: clang 14 exports the resolvers of static functions, and the bitcode
 * for PostgreSQL's JIT, which clang makes, is better off without them.
 */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define CLONES(isa) __attribute__((target_clones("default", isa)))
#else
#define CLONES(isa)
#endif

#define LANES	4

typedef double Lanes __attribute__((vector_size(LANES * sizeof(double))));

/* Adds up a.b, a.a and b.b of the first n elements, a multiple of LANES. */
CLONES("avx2")
static void
sum_products(const float *a, const float *b, int n, double *ab, double *aa, double *bb)
{
	Lanes		sum_ab = {0};
	Lanes		sum_aa = {0};
	Lanes		sum_bb = {0};

	for (int i = 0; i < n; i += LANES)
	{
		Lanes		x = {a[i], a[i + 1], a[i + 2], a[i + 3]};
		Lanes		y = {b[i], b[i + 1], b[i + 2], b[i + 3]};
		Lanes		product;

		product = x * y;
		sum_ab += product;
		product = x * x;
		sum_aa += product;
		product = y * y;
		sum_bb += product;
	}
	*ab += (sum_ab[0] + sum_ab[1]) + (sum_ab[2] + sum_ab[3]);
	*aa += (sum_aa[0] + sum_aa[1]) + (sum_aa[2] + sum_aa[3]);
	*bb += (sum_bb[0] + sum_bb[1]) + (sum_bb[2] + sum_bb[3]);
}

double
pf_rank_cosine(const float *a, const float *b, int n)
{
	int			whole = n - n % LANES;
	double		ab = 0;
	double		aa = 0;
	double		bb = 0;

	sum_products(a, b, whole, &ab, &aa, &bb);
	if (whole < n)
	{
		float		rest[2][LANES] = {{0}};

		memcpy(rest[0], a + whole, (n - whole) * sizeof(float));
		memcpy(rest[1], b + whole, (n - whole) * sizeof(float));
		sum_products(rest[0], rest[1], LANES, &ab, &aa, &bb);
	}
	if (!isfinite(aa) || !isfinite(bb))
		return NAN;
	if (aa == 0 || bb == 0)
		return 0;

	/* Squares of floats are far from a double's limits, and so is their product. */
	return fmin(fmax(ab / sqrt(aa * bb), -1), 1);
}

CLONES("popcnt")
static int64
count_differing(const uint8 *a, const uint8 *b, int64 nbytes)
{
	int64		distance = 0;
	int64		i;

	for (i = 0; i + 8 <= nbytes; i += 8)
	{
		uint64		x;
		uint64		y;

		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		distance += __builtin_popcountll(x ^ y);
	}
	for (; i < nbytes; i++)
		distance += __builtin_popcount(a[i] ^ b[i]);
	return distance;
}

int64
pf_rank_hamming(const uint8 *a, const uint8 *b, int64 nbytes)
{
	return count_differing(a, b, nbytes);
}

int
pf_rank_hamming64(uint64 a, uint64 b)
{
	return __builtin_popcountll(a ^ b);
}

PG_FUNCTION_INFO_V1(pf_cosine);
PG_FUNCTION_INFO_V1(pf_hamming_bit);
PG_FUNCTION_INFO_V1(pf_hamming_int8);

static void
check_vector(ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("vector must be a one-dimensional array")));
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("vector must not contain nulls")));
	Assert(ARR_ELEMTYPE(array) == FLOAT4OID);
}

/* cosine(real[], real[]) */
Datum
pf_cosine(PG_FUNCTION_ARGS)
{
	ArrayType  *a = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *b = PG_GETARG_ARRAYTYPE_P(1);
	int			n;
	double		cosine;

	check_vector(a);
	check_vector(b);
	n = ArrayGetNItems(ARR_NDIM(a), ARR_DIMS(a));
	if (n != ArrayGetNItems(ARR_NDIM(b), ARR_DIMS(b)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("vectors have different dimensions"),
				 errdetail("The dimensions are %d and %d.",
						   n, ArrayGetNItems(ARR_NDIM(b), ARR_DIMS(b)))));

	cosine = pf_rank_cosine((const float *) ARR_DATA_PTR(a), (const float *) ARR_DATA_PTR(b), n);
	if (isnan(cosine))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("vector elements must be finite numbers")));

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	PG_RETURN_FLOAT8(cosine);
}

/* hamming(bit, bit) */
Datum
pf_hamming_bit(PG_FUNCTION_ARGS)
{
	VarBit	   *a = PG_GETARG_VARBIT_P(0);
	VarBit	   *b = PG_GETARG_VARBIT_P(1);

	if (VARBITLEN(a) != VARBITLEN(b))
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_LENGTH_MISMATCH),
				 errmsg("bit strings have different lengths"),
				 errdetail("The lengths are %d and %d.", VARBITLEN(a), VARBITLEN(b))));
	PG_RETURN_INT32((int32) pf_rank_hamming(VARBITS(a), VARBITS(b), VARBITBYTES(a)));
}

/* hamming(bigint, bigint) */
Datum
pf_hamming_int8(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(pf_rank_hamming64((uint64) PG_GETARG_INT64(0), (uint64) PG_GETARG_INT64(1)));
}
