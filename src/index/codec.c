/*-------------------------------------------------------------------------
 *
 * codec.c
 *		Arrays of packed integers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/codec.h"

static inline uint64
load64(const char *from)
{
	uint64		word;

	memcpy(&word, from, sizeof(word));
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	return word;
}

char *
pf_bm_pack(char *to, const uint32 *values, int n, int width)
{
	uint64		pending = 0;
	int			npending = 0;

	for (int i = 0; i < n; i++)
	{
		pending |= (uint64) values[i] << npending;
		npending += width;
		while (npending >= 8)
		{
			*to++ = (char) pending;
			pending >>= 8;
			npending -= 8;
		}
	}
	if (npending > 0)
		*to++ = (char) pending;
	return to;
}

void
pf_bm_unpack(const char *from, uint32 *values, int n, int width)
{
	uint64		mask = ((uint64) 1 << width) - 1;
	uint64		bit = 0;

	if (width == 0)
	{
		memset(values, 0, sizeof(uint32) * n);
		return;
	}

	/* Eight values fill width bytes. */
	for (; n >= 8; n -= 8, values += 8, from += width)
	{
		for (int i = 0; i < 8; i++)
		{
			int			at = i * width;

			values[i] = (uint32) ((load64(from + (at >> 3)) >> (at & 7)) & mask);
		}
	}
	for (int i = 0; i < n; i++, bit += width)
		values[i] = (uint32) ((load64(from + (bit >> 3)) >> (bit & 7)) & mask);
}

void
pf_bm_unpack_one(const char *from, Size bit, int width, uint32 *value)
{
	uint64		mask = ((uint64) 1 << width) - 1;

	*value = width == 0 ? 0 : (uint32) ((load64(from + (bit >> 3)) >> (bit & 7)) & mask);
}
