/*-------------------------------------------------------------------------
 *
 * paperid_sort.c
 *		Sort support of paperid: abbreviated keys.
 *
 * The first bytes of identities say little ("arxiv:23"), so an abbreviated key
 * is not made of them: it packs the scheme, which takes three bits, and the
 * first nine characters of the value.  A canonical form is printable ASCII
 * without blanks; 94 characters and the end make digits of base 95, and
 * 95^9 * 8 fits 64 bits.  For arXiv that is all but the last digit.
 *
 * Keys that differ order as the bytes of the identities do, because no scheme
 * is a prefix of another and what is left out behind one ("10." of a DOI,
 * "https://" of a link) begins every value of that scheme.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "paper/paperid.h"
#include "utils/sortsupport.h"

#define PF_KEY_CHARS	9

PG_FUNCTION_INFO_V1(pf_paperid_sortsupport);

static int
compare_whole(Datum x, Datum y, SortSupport ssup)
{
	struct varlena *a = PG_DETOAST_DATUM_PACKED(x);
	struct varlena *b = PG_DETOAST_DATUM_PACKED(y);
	int			alen = VARSIZE_ANY_EXHDR(a);
	int			blen = VARSIZE_ANY_EXHDR(b);
	int			result = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(alen, blen));

	(void) ssup;
	if (result == 0)
		result = (alen > blen) - (alen < blen);
	if ((Pointer) a != DatumGetPointer(x))
		pfree(a);
	if ((Pointer) b != DatumGetPointer(y))
		pfree(b);
	return result;
}

#if SIZEOF_DATUM == 8

/* In the order of their names; the text that begins every identity of one. */
static const struct
{
	const char *prefix;
	int			len;
}			ranks[] =
{
#define RANK(prefix) {(prefix), sizeof(prefix) - 1}
	RANK("acl:"), RANK("arxiv:"), RANK("doi:10."), RANK("hash:"), RANK("oai:"),
	RANK("openreview:"), RANK("pmid:"), RANK("url:https://"),
};

static Datum
abbreviate(Datum original, SortSupport ssup)
{
	struct varlena *id = PG_DETOAST_DATUM_PACKED(original);
	const char *s = VARDATA_ANY(id);
	const char *end = s + VARSIZE_ANY_EXHDR(id);
	uint64		key = 0;
	int			rank = 0;

	(void) ssup;
	while (rank < (int) lengthof(ranks) - 1 &&
		   (end - s < ranks[rank].len || memcmp(s, ranks[rank].prefix, ranks[rank].len) != 0))
		rank++;
	s += Min(ranks[rank].len, end - s);
	for (int i = 0; i < PF_KEY_CHARS; i++)
		key = key * 95 + (s < end ? (unsigned char) *s++ - ' ' : 0);
	key += (uint64) rank << 60;

	if ((Pointer) id != DatumGetPointer(original))
		pfree(id);
	return UInt64GetDatum(key);
}

/* Keys are cheap to make: worth it even where many are the same. */
static bool
never_abort(int memtupcount, SortSupport ssup)
{
	(void) memtupcount;
	(void) ssup;
	return false;
}

#endif							/* SIZEOF_DATUM == 8 */

Datum
pf_paperid_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = compare_whole;
#if SIZEOF_DATUM == 8
	if (ssup->abbreviate)
	{
		ssup->comparator = ssup_datum_unsigned_cmp;
		ssup->abbrev_converter = abbreviate;
		ssup->abbrev_abort = never_abort;
		ssup->abbrev_full_comparator = compare_whole;
	}
#endif
	PG_RETURN_VOID();
}
