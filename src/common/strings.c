/*-------------------------------------------------------------------------
 *
 * strings.c
 *		Counted strings and lists of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/strings.h"

static inline char
ascii_lower(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char) (c + ('a' - 'A')) : c;
}

PfStr
pf_str(const char *cstring)
{
	if (cstring == NULL)
		return PF_STR_NONE;
	return (PfStr) {cstring, (int) strlen(cstring)};
}

PfStr
pf_str_dup(PfStr a)
{
	if (a.s == NULL)
		return PF_STR_NONE;
	return (PfStr) {pnstrdup(a.s, a.len), a.len};
}

PfStr
pf_str_join(PfStr a, PfStr b)
{
	char	   *s = palloc((Size) a.len + b.len + 1);

	memcpy(s, a.s, a.len);
	memcpy(s + a.len, b.s, b.len);
	s[a.len + b.len] = '\0';
	return (PfStr) {s, a.len + b.len};
}

bool
pf_str_starts(PfStr a, const char *prefix)
{
	int			n = (int) strlen(prefix);

	return a.len >= n && memcmp(a.s, prefix, n) == 0;
}

bool
pf_str_starts_nocase(PfStr a, const char *prefix)
{
	for (int i = 0; prefix[i] != '\0'; i++)
	{
		if (i >= a.len || ascii_lower(a.s[i]) != ascii_lower(prefix[i]))
			return false;
	}
	return true;
}

bool
pf_str_eq_nocase(PfStr a, const char *other)
{
	return a.len == (int) strlen(other) && pf_str_starts_nocase(a, other);
}

PfStr
pf_str_find(PfStr hay, const char *needle)
{
	size_t		n = strlen(needle);
	const char *at;

	if (hay.s == NULL)
		return PF_STR_NONE;
	at = memmem(hay.s, hay.len, needle, n);
	if (at == NULL)
		return PF_STR_NONE;
	return (PfStr) {at, (int) (hay.s + hay.len - at)};
}

PfStr
pf_str_printf(const char *fmt,...)
{
	va_list		args;
	char	   *s;
	size_t		size = 128;

	for (;;)
	{
		size_t		needed;

		s = palloc(size);
		va_start(args, fmt);
		needed = pvsnprintf(s, size, fmt, args);
		va_end(args);
		if (needed < size)
			return (PfStr) {s, (int) needed};
		pfree(s);
		size = needed;
	}
}

bool
pf_str_int(PfStr a, int *out)
{
	int64		value = 0;

	if (a.len < 1 || a.len > 10)
		return false;
	for (int i = 0; i < a.len; i++)
	{
		if (a.s[i] < '0' || a.s[i] > '9')
			return false;
		value = value * 10 + (a.s[i] - '0');
	}
	if (value > PG_INT32_MAX)
		return false;
	*out = (int) value;
	return true;
}

void
pf_strings_add(PfStrings *list, PfStr a)
{
	if (list->n == list->max)
	{
		int			max = list->max == 0 ? 8 : list->max * 2;

		if (list->items == NULL)
			list->items = palloc(max * sizeof(PfStr));
		else
			list->items = repalloc(list->items, max * sizeof(PfStr));
		list->max = max;
	}
	list->items[list->n++] = a;
}

bool
pf_strings_has(const PfStrings *list, PfStr a)
{
	for (int i = 0; i < list->n; i++)
	{
		if (pf_str_eq(list->items[i], a))
			return true;
	}
	return false;
}

void
pf_strings_split(PfStrings *list, PfStr a, const char *seps)
{
	int			start = 0;

	if (a.s == NULL)
		return;
	for (int i = 0; i <= a.len; i++)
	{
		if (i == a.len || (a.s[i] != '\0' && strchr(seps, a.s[i]) != NULL))
		{
			PfStr		piece = pf_str_trim((PfStr) {a.s + start, i - start});

			if (piece.len > 0)
				pf_strings_add(list, piece);
			start = i + 1;
		}
	}
}
