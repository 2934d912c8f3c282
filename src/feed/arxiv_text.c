/*-------------------------------------------------------------------------
 *
 * arxiv_text.c
 *		arXiv's text: names, comments and abstracts.
 *
 * All of it is TeX as authors typed it.  Most names need no work, which is
 * found out by one look at their bytes.
 *
 * Withdrawn papers stay in arXiv's feeds; that they are withdrawn is told in
 * words only, in the comment or in the first sentence of the abstract.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/arxiv.h"

/* Bytes at the start of an abstract that may tell of a withdrawal. */
#define NOTICE_LENGTH	100

static inline bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static PfStr
skip(PfStr a, int n)
{
	return (PfStr) {a.s + n, a.len - n};
}

/*
 * OAI-PMH once dropped the braces and blanks around TeX's accents, so that
 * Hj{\o}rungnes became "Hj\orungnes" and Fran\c{c}ois "Fran\ccois".  Put a
 * blank behind the one letter that is the command.
 */
static PfStr
mend_accents(PfStr in)
{
	static const char commands[] = "oOlLickvuHrdbt";
	static const char *const longer[] = {"aa", "AA", "ae", "AE", "oe", "OE", "ss", "th", "TH", "dj",
	"DJ", "ng", "NG", "dh", "DH", "textquote"};
	char	   *buf = palloc(in.len * 2 + 1);
	int			n = 0;

	for (int i = 0; i < in.len; i++)
	{
		buf[n++] = in.s[i];
		if (in.s[i] == '\\' && in.len - i > 2 && strchr(commands, in.s[i + 1]) != NULL &&
			is_alpha(in.s[i + 2]))
		{
			PfStr		rest = skip(in, i + 1);
			bool		known = false;

			for (int k = 0; k < (int) lengthof(longer) && !known; k++)
				known = pf_str_starts(rest, longer[k]) &&
					(rest.len == (int) strlen(longer[k]) || !is_alpha(rest.s[strlen(longer[k])]));
			if (!known)
			{
				buf[n++] = in.s[++i];
				buf[n++] = ' ';
			}
		}
	}
	return (PfStr) {buf, n};
}

/* Does this text need no look by pf_plain?  Few names do. */
static bool
is_plain_name(PfStr a)
{
	static const bool special[256] = {
		['\\'] = true,['{'] = true,['}'] = true,['$'] = true,['~'] = true,['^'] = true,
		['`'] = true,['<'] = true,['&'] = true,['\t'] = true,['\n'] = true,['\r'] = true
	};
	bool		blank = true;

	for (int i = 0; i < a.len; i++)
	{
		unsigned char c = (unsigned char) a.s[i];

		if (special[c] || (c == ' ' && blank))
			return false;
		blank = (c == ' ');
	}
	return a.len <= 0 || !blank;
}

PfStr
pf_arxiv_name(PfStr in)
{
	if (is_plain_name(in))
		return in;
	if (memchr(in.s, '\\', in.len) != NULL)
		in = mend_accents(in);
	return pf_plain_str(in, PF_PLAIN_ALL);
}

static bool
is_suffix(PfStr a)
{
	return PF_STR_IS(a, "Jr.") || PF_STR_IS(a, "Jr") || PF_STR_IS(a, "Sr.") ||
		PF_STR_IS(a, "Sr") || PF_STR_IS(a, "II") || PF_STR_IS(a, "III") || PF_STR_IS(a, "IV");
}

/* Take one name off a list: fold blanks, join a suffix to the name before. */
static void
add_author(PfStrings *list, PfStr name)
{
	name = pf_str_trim(name);
	if (pf_str_starts(name, "and "))
		name = pf_str_trim(skip(name, 4));
	if (name.len == 0 || pf_str_starts_nocase(name, "et al"))
		return;
	if (is_suffix(name) && list->n > 0)
	{
		PfStr	   *before = &list->items[list->n - 1];
		int			n = before->len;

		while (n > 0 && before->s[n - 1] != ' ')
			n--;
		if (!is_suffix(skip(*before, n)))
			*before = pf_str_printf("%.*s %.*s", before->len, before->s, name.len, name.s);
		return;
	}
	pf_strings_add(list, name);
}

/*
 * Names are parted by commas, semicolons, "and", "&" and the colon after a
 * collaboration, all outside of parentheses; what stands in parentheses is an
 * affiliation, or a nickname, and left out.
 */
void
pf_arxiv_authors(PfStrings *list, PfStr in)
{
	char	   *buf;
	int			n = 0;
	int			depth = 0;
	int			closing = 0;	/* parentheses still to come that close */

	in = pf_arxiv_name(in);
	if (in.s == NULL)
		return;
	buf = palloc(in.len + 1);
	for (int i = 0; i < in.len; i++)
		closing += (in.s[i] == ')');

	for (int i = 0, start = 0; i <= in.len; i++)
	{
		char		c = i < in.len ? in.s[i] : ',';
		bool		cut = i == in.len;

		if (c == ')')
		{
			closing--;
			if (depth > 0)
				depth--;
			continue;
		}
		if (c == '(' && depth < closing)
		{
			depth++;
			continue;
		}
		if (depth > 0 && !cut)
			continue;

		if (c == ',' || c == ';' || c == ':')
			cut = true;
		else if (c == ' ' && in.len - i > 5 && memcmp(in.s + i, " and ", 5) == 0)
		{
			cut = true;
			i += 3;
		}
		else if (c == ' ' && in.len - i > 3 && memcmp(in.s + i, " & ", 3) == 0)
		{
			cut = true;
			i += 1;
		}
		if (cut)
		{
			add_author(list, (PfStr) {buf + start, n - start});
			start = n;
		}
		else if (c != ' ' || n == start || buf[n - 1] != ' ')
			buf[n++] = c;
	}
}

static bool
ends_with_nocase(PfStr a, const char *end)
{
	int			n = (int) strlen(end);

	return a.len >= n && pf_str_eq_nocase(skip(a, a.len - n), end);
}

/* From the next "withdrawn" to the end, or none. */
static PfStr
find_withdrawn(PfStr text)
{
	PfStr		at = pf_str_find(text, "ithdrawn");

	if (at.s == NULL)
		at = pf_str_find(text, "ITHDRAWN");
	if (at.s == NULL || at.s == text.s || (at.s[-1] != 'w' && at.s[-1] != 'W'))
		return PF_STR_NONE;
	return (PfStr) {at.s - 1, at.len + 1};
}

/* "withdrawn from IEEE Transactions": not from arXiv. */
static bool
is_from_elsewhere(PfStr after)
{
	after = pf_str_trim(after);
	if (!pf_str_starts_nocase(after, "from "))
		return false;
	after = pf_str_trim(skip(after, 5));
	return !pf_str_starts_nocase(after, "arxiv") && !pf_str_starts_nocase(after, "the arxiv");
}

/*
 * "This paper has been withdrawn", "withdrawn by the authors", but not "an
 * earlier version was withdrawn" or "withdrawn from the device".
 */
static bool
tells_withdrawal(PfStr text)
{
	static const char *const before[] = {"been", "is", "paper", "article", "submission",
	"manuscript", "preprint", "report", "note:", "now", "("};
	PfStr		rest = text;
	PfStr		at;

	while ((at = find_withdrawn(rest)).s != NULL)
	{
		PfStr		head = pf_str_trim((PfStr) {text.s, (int) (at.s - text.s)});

		rest = skip(at, 9);
		if (is_from_elsewhere(rest))
			continue;
		if (head.len == 0)
			return true;
		for (int i = 0; i < (int) lengthof(before); i++)
		{
			if (ends_with_nocase(head, before[i]))
				return true;
		}
	}
	return false;
}

/* "paper", "article" ... among the words: it is about itself, not about a drug. */
static bool
speaks_of_itself(PfStr text)
{
	static const char *const words[] = {"paper", "article", "submission", "manuscript",
	"preprint", "report", "work"};

	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (pf_str_find(text, words[i]).s != NULL)
			return true;
	}
	return false;
}

void
pf_arxiv_comment(PfRecord *rec, PfStr in)
{
	rec->comment = pf_plain_str(in, PF_PLAIN_ALL);
	if (rec->comment.s != NULL && tells_withdrawal(rec->comment))
		rec->withdrawn = true;
}

void
pf_arxiv_abstract(PfRecord *rec, PfStr in)
{
	PfStr		a;

	rec->abstract = pf_plain_str(in, PF_PLAIN_ALL);
	a = rec->abstract;
	if (a.s == NULL)
		return;
	a.len = Min(a.len, NOTICE_LENGTH);
	if (pf_str_starts_nocase(a, "withdrawn"))
		rec->withdrawn = true;
	else if ((pf_str_starts_nocase(a, "this ") || pf_str_starts_nocase(a, "the ")) &&
			 tells_withdrawal(a) && speaks_of_itself(a))
		rec->withdrawn = true;
}
