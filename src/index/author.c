/*-------------------------------------------------------------------------
 *
 * author.c
 *		Authors' names as terms: without diacritics, and as wholes.
 *
 * Who types a name types "Scholkopf" as often as "Schölkopf", and wants the
 * papers of Wei Zhang before those of a Wei Li and an Ann Zhang.  So what is
 * indexed of the authors is more than their words: the names that have
 * diacritics also without them, and for each name two terms that no parser
 * makes, since they hold a blank: family name and initial, and given and family
 * name.  A query makes the same terms of words that may be a name.  Where they
 * are none, no paper has the term, and it changes nothing.
 *
 * What is made here is stored in indexes: as with a dictionary, a change of
 * the rules asks for a REINDEX.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "index/author.h"

#define MAX_KEY			200		/* bytes; a longer name is none */
#define MAX_TOKENS		64		/* words of a name */
#define MAX_WINDOW		4

/* ---- names as wholes ---- */

static inline bool
is_punctuation(char c)
{
	return c != '\0' && strchr(".,;:'\"()[]-", c) != NULL;
}

static bool
is_suffix(PfStr token)
{
	static const char *const suffixes[] = {"jr", "sr", "ii", "iii", "iv", "phd", "md"};

	for (size_t i = 0; i < lengthof(suffixes); i++)
	{
		if (pf_str_eq_nocase(token, suffixes[i]))
			return true;
	}
	return false;
}

static inline int
first_letter(PfStr token)
{
	return Min(pg_utf_mblen((const unsigned char *) token.s), token.len);
}

static void
add_key(PfStrings *keys, const char *a, int alen, const char *b, int blen)
{
	char	   *s;

	if (alen + blen + 1 > MAX_KEY)
		return;
	s = palloc(alen + blen + 2);
	memcpy(s, a, alen);
	s[alen] = ' ';
	memcpy(s + alen + 1, b, blen);
	s[alen + blen + 1] = '\0';
	pf_strings_add(keys, (PfStr) {s, alen + blen + 1});
}

static void
add_name(PfStrings *keys, PfStr given, PfStr family)
{
	int			initial = first_letter(given);

	/* "Doe J", with the initial behind. */
	if (first_letter(family) == family.len && initial < given.len)
	{
		add_key(keys, given.s, given.len, family.s, family.len);
		return;
	}
	add_key(keys, family.s, family.len, given.s, initial);

	/* An initial, or several: "J.-P." */
	if (initial < given.len && memchr(given.s, '.', given.len) == NULL)
		add_key(keys, given.s, given.len, family.s, family.len);
}

void
pf_author_keys(PfStrings *keys, PfStr folded, bool windows)
{
	PfStr		tokens[MAX_TOKENS];
	int			n = 0;
	int			comma = 0;		/* tokens before it */

	for (int i = 0; i < folded.len;)
	{
		PfStr		token;

		while (i < folded.len && pf_is_space(folded.s[i]))
			i++;
		token = (PfStr) {folded.s + i, 0};
		while (i < folded.len && !pf_is_space(folded.s[i]))
			i++;
		token.len = (int) (folded.s + i - token.s);
		if (token.len > 1 && token.s[token.len - 1] == ',' && comma == 0)
			comma = n + 1;
		while (token.len > 0 && is_punctuation(token.s[token.len - 1]))
			token.len--;
		while (token.len > 0 && is_punctuation(token.s[0]))
		{
			token.s++;
			token.len--;
		}
		if (token.len > 0 && n < MAX_TOKENS && !(n > 0 && is_suffix(token)))
			tokens[n++] = token;
	}

	if (!windows)
	{
		/* "Bengio, Yoshua": the family name ends at the comma. */
		if (comma > 0 && comma < n)
			add_name(keys, tokens[comma], tokens[comma - 1]);
		else if (n > 1)
			add_name(keys, tokens[0], tokens[n - 1]);
		return;
	}
	for (int from = 0; from < n; from++)
	{
		for (int to = from + 1; to < Min(n, from + MAX_WINDOW); to++)
		{
			if (!pf_str_eq(tokens[from], tokens[to]))
				add_name(keys, tokens[from], tokens[to]);
		}
	}
}
