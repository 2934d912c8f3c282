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

/* Inlined for each width, so that shifts and offsets are constants. */
static pg_attribute_always_inline void
unpack8(const char *from, uint32 *values, const int width)
{
	const uint64 mask = ((uint64) 1 << width) - 1;

	for (int i = 0; i < 8; i++)
		values[i] = (uint32) ((load64(from + (i * width >> 3)) >> (i * width & 7)) & mask);
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
	switch (width)
	{
#define CASE(w) case w: for (; n >= 8; n -= 8, values += 8, from += w) unpack8(from, values, w); break
			CASE(1); CASE(2); CASE(3); CASE(4); CASE(5); CASE(6); CASE(7); CASE(8);
			CASE(9); CASE(10); CASE(11); CASE(12); CASE(13); CASE(14); CASE(15); CASE(16);
			CASE(17); CASE(18); CASE(19); CASE(20); CASE(21); CASE(22); CASE(23); CASE(24);
			CASE(25); CASE(26); CASE(27); CASE(28); CASE(29); CASE(30); CASE(31); CASE(32);
#undef CASE
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
