/*-------------------------------------------------------------------------
 *
 * codec.h
 *		Integers in bytes: varints and packed arrays; see README.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INDEX_CODEC_H
#define PF_INDEX_CODEC_H

#include "postgres.h"

#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"

/* ---- varints: seven bits a byte, least significant first ---- */

#define PF_BM_VARINT_MAX	10		/* bytes that one takes at most */

static inline char *
pf_bm_varint_put(char *to, uint64 value)
{
	while (value >= 0x80)
	{
		*to++ = (char) (value | 0x80);
		value >>= 7;
	}
	*to++ = (char) value;
	return to;
}

/* Gives where it ends, or NULL if it does not end before end, or is no uint64. */
static inline const char *
pf_bm_varint_get(const char *from, const char *end, uint64 *value)
{
	uint64		result = 0;

	for (int shift = 0; from < end && shift < 64; shift += 7)
	{
		uint8		byte = (uint8) *from++;

		result |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			*value = result;
			return from;
		}
	}
	return NULL;
}

/* The same for a uint32. */
static inline const char *
pf_bm_varint_get32(const char *from, const char *end, uint32 *value)
{
	uint64		wide;

	from = pf_bm_varint_get(from, end, &wide);
	if (from == NULL || wide > PG_UINT32_MAX)
		return NULL;
	*value = (uint32) wide;
	return from;
}

/* ---- packed arrays ---- */

/* Bits that hold value: 0 for 0. */
static inline int
pf_bm_width(uint32 value)
{
	return value == 0 ? 0 : pg_leftmost_one_pos32(value) + 1;
}

static inline Size
pf_bm_packed_size(int n, int width)
{
	return ((Size) n * width + 7) / 8;
}

/* Bytes of a block of postings: three arrays; one of nothing but zeros has a place, too. */
static inline Size
pf_bm_block_size(int n, int doc_bits, int count_bits, int length_bits)
{
	Size		size = pf_bm_packed_size(n, doc_bits) + pf_bm_packed_size(n, count_bits) +
		pf_bm_packed_size(n, length_bits);

	return size > 0 ? size : 1;
}

/* Gives where it ends. */
extern char *pf_bm_pack(char *to, const uint32 *values, int n, int width);

/*
 * Reads up to 8 bytes past the end of the array, which the caller must own (a
 * page's special space will do); width is 0 to 32.
 */
extern void pf_bm_unpack(const char *from, uint32 *values, int n, int width);

/* The value that begins at a bit. */
extern void pf_bm_unpack_one(const char *from, Size bit, int width, uint32 *value);

#endif							/* PF_INDEX_CODEC_H */
