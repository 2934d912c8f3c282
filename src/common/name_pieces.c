/*-------------------------------------------------------------------------
 *
 * name_pieces.c
 *		A list of names as pieces between commas and "and", and what each
 *		piece looks like.
 *
 * The walk needs no memory and looks at each byte a bounded number of times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/name_pieces.h"

#define PF_NEAR		160			/* bytes around an "and" that are looked at */

static const char *const suffixes[] = {"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"};

static const char *const nothings[] = {
	"and", "&", "et al", "et al.", "et. al.", "others", "...", "…", "phd",
	"ph.d.", "ph.d", "ph. d.", "ph. d", "msc", "m.sc.", "bsc", "b.sc.", "dphil",
	"pharmd", "dr.", "prof.",
};

/* Degrees behind a whole name; behind a family name they are initials. */
static const char *const degrees[] = {"md", "mph", "mba", "dds", "rn"};

/* Last words of the names of groups. */
static const char *const group_words[] = {
	"collaboration", "collaborations", "consortium", "consortia", "group",
	"groups", "team", "teams", "society", "societies", "association", "network",
	"committee", "council", "institute", "university", "universities",
	"foundation", "initiative", "investigators", "project", "agency", "force",
};

static inline char
lower(char c)
{
	return (unsigned char) (c - 'A') < 26 ? (char) (c | 0x20) : c;
}

static bool
is_one_of(PfStr a, const char *const *list, int n)
{
	if (a.len == 0 || a.len > 16)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (lower(a.s[0]) == list[i][0] && pf_str_eq_nocase(a, list[i]))
			return true;
	}
	return false;
}

PfStr
pf_last_word(PfStr a)
{
	int			i = a.len;

	while (i > 0 && a.s[i - 1] != ' ')
		i--;
	return (PfStr) {a.s + i, a.len - i};
}

bool
pf_is_group(PfStr a)
{
	return is_one_of(pf_last_word(a), group_words, lengthof(group_words));
}

/*
 * Is it made of initials?  1: yes, with dots; 2: one to three capitals
 * without any; 0: no.  A character outside ASCII counts as a capital.
 */
static int
initials(PfStr a)
{
	int			letters = 0;	/* in this group */
	int			total = 0;
	bool		dots = false;
	bool		small = false;

	if (a.len > 32)
		return 0;
	for (int i = 0; i < a.len; i++)
	{
		char		c = a.s[i];

		if (c == '.')
		{
			if (letters == 0)
				return 0;
			dots = true;
			letters = 0;
		}
		else if (c == ' ' || c == '-')
		{
			if (letters > 1)
				return 0;
			letters = 0;
		}
		else if (pf_is_upper(c) || (IS_HIGHBIT_SET(c) && (c & 0x40) != 0))
		{
			letters++;
			total++;
		}
		else if (pf_is_lower(c))
		{
			if (total == 0)
				return 0;		/* only behind others, as in "J.-p." */
			letters++;
			small = true;
		}
		else if (!IS_HIGHBIT_SET(c))
			return 0;
		if (letters > 3)
			return 0;
	}
	if (dots)
		return letters <= 1 ? 1 : 0;
	return !small && total >= 1 && total <= 3 ? 2 : 0;
}

static PfLook
look_at(PfStr a, PfLook before)
{
	bool		words = memchr(a.s, ' ', a.len) != NULL;
	int			kind;

	if (a.len >= 2 && a.len <= 8)
	{
		switch (lower(a.s[0]))	/* spares most pieces the lists */
		{
			case 'i':
			case 'j':
			case 's':
				if (is_one_of(a, suffixes, lengthof(suffixes)))
					return PF_LOOK_SUFFIX;
				break;
			case 'a':
			case 'b':
			case 'd':
			case 'e':
			case 'm':
			case 'o':
			case 'p':
			case 'r':
			case '&':
			case '.':
			case '\xe2':
				if (is_one_of(a, nothings, lengthof(nothings)))
					return PF_LOOK_NOTHING;
				if (before == PF_LOOK_NAME && pf_is_upper(a.s[1]) &&
					is_one_of(a, degrees, lengthof(degrees)))
					return PF_LOOK_NOTHING;
				break;
			default:
				break;
		}
	}
	kind = initials(a);
	if (pf_is_whole(a))
		return PF_LOOK_NAME;
	if (kind == 1)
		return PF_LOOK_INITIALS;
	if (kind == 2)
		return PF_LOOK_CAPITALS;

	/* "van der Berg" is as good as a word: a family. */
	return words && !pf_is_lower(a.s[0]) ? PF_LOOK_NAME : PF_LOOK_WORD;
}

/*
 * The length of an "and" at s, which is behind a blank or a comma, with the
 * blank behind it; 0 if there is none.
 */
static inline int
and_length(const char *s, const char *end)
{
	if (s == end)
		return 0;
	if (*s == '&')
		return end - s > 1 && s[1] == ' ' ? 2 : 0;
	switch (lower(*s))
	{
		case 'a':
			return end - s > 4 && lower(s[1]) == 'n' && lower(s[2]) == 'd' && s[3] == ' ' ? 4 : 0;
		case 'u':
			return end - s > 4 && memcmp(s, "und ", 4) == 0 ? 4 : 0;
		case 'e':
			if (end - s <= 3 || memcmp(s, "et ", 3) != 0)
				return 0;
			/* but not "et al." */
			if (end - s >= 5 && memcmp(s + 3, "al", 2) == 0 &&
				(end - s == 5 || s[5] == '.' || s[5] == ' ' || s[5] == ','))
				return 0;
			return 3;
		default:
			return 0;
	}
}

/*
 * Is the "and" between 'left' and what begins at 'right' part of one group's
 * name: "Department of Physics and Astronomy", "ATLAS and CMS Collaborations"?
 */
static bool
and_inside_name(PfStr left, const char *right, const char *end)
{
	const char *comma;

	/* Looking far from here, again and again, would take quadratic time. */
	left.len = Min(left.len, PF_NEAR);
	end = right + Min(end - right, PF_NEAR);
	comma = memchr(right, ',', end - right);

	if (pf_str_find(left, " of ").s != NULL || pf_str_find(left, " for ").s != NULL)
		return true;
	if (memchr(left.s, ' ', left.len) != NULL || memchr(left.s, '.', left.len) != NULL)
		return false;
	return pf_is_group(pf_str_trim((PfStr) {right, (int) ((comma ? comma : end) - right)}));
}

bool
pf_next_piece(PfNameWalk *w)
{
	w->after_and = false;
	for (;;)
	{
		const char *start;
		const char *p;
		PfLook		look;
		int			n;

		while (w->s < w->end && (*w->s == ' ' || *w->s == ','))
			w->s++;
		if (w->s == w->end)
			return false;
		if (w->split_and && (n = and_length(w->s, w->end)) > 0)
		{
			w->after_and = true;
			w->s += n;
			continue;
		}

		start = w->s;
		for (p = start; p < w->end && *p != ','; p++)
		{
			if (*p == ' ' && w->split_and && and_length(p + 1, w->end) > 0 &&
				!and_inside_name((PfStr) {start, (int) (p - start)}, p + 1, w->end))
				break;
		}
		w->s = p;
		while (p[-1] == ' ')
			p--;				/* stops at 'start', which is no blank */
		w->piece = (PfStr) {start, (int) (p - start)};
		look = look_at(w->piece, w->look);
		if (look != PF_LOOK_NOTHING)
		{
			w->look = look;
			return true;
		}
		w->after_and = false;
	}
}
