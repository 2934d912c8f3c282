/*-------------------------------------------------------------------------
 *
 * entities.c
 *		The named character references of HTML.
 *
 * A binary search over the table that make_tables.py wrote.  The names are
 * case-sensitive ("Alpha" and "alpha").
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/entities_table.h"
#include "common/text.h"

PfStr
pf_entity(PfStr name)
{
	int			low = 0;
	int			high = PF_ENTITIES - 1;

	if (name.len < 2 || name.len > PF_ENTITY_NAME)
		return PF_STR_NONE;

	while (low <= high)
	{
		int			mid = (low + high) / 2;
		const char *at = entity_pool + entity_at[mid];
		int			len = (int) strlen(at);
		int			cmp = memcmp(name.s, at, Min(name.len, len));

		if (cmp == 0)
			cmp = name.len - len;
		if (cmp == 0)
			return pf_str(at + len + 1);
		if (cmp < 0)
			high = mid - 1;
		else
			low = mid + 1;
	}
	return PF_STR_NONE;
}
