/*-------------------------------------------------------------------------
 *
 * json_scan.c
 *		A look over JSON before it is parsed.
 *
 * PostgreSQL's parser recurses and is strict.  This pass knows strings,
 * brackets and words, and nothing of the grammar: it refuses what is nested too
 * deep, and mends what programs are known to write in place of JSON:
 *
 *	- control characters inside strings (raw line ends and tabs), NUL bytes
 *	- backslashes that begin no escape ("\alpha" out of TeX)
 *	- commas before a closing bracket
 *	- NaN, Infinity, and Python's None, True, False
 *
 * The same code runs first without a buffer, to see whether there is anything
 * to mend, and only then with one, to write the mended copy.  Both run in
 * time linear in the input.
 *
 * The scan and the parser agree on where strings begin and end as far as the
 * parser gets, so the depth found here bounds the parser's recursion.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_scan.h"
#include "miscadmin.h"

typedef struct Scan
{
	const char *s;
	const char *end;
	const char *copied;			/* all before is in 'mended' */
	StringInfo	mended;
	PfJsonScan *out;
} Scan;

/* Words that are no JSON, and what is written for them. */
static const struct
{
	const char *word;
	const char *json;
}			words[] = {
	{"NaN", "null"},
	{"nan", "null"},
	{"Infinity", "null"},
	{"inf", "null"},
	{"undefined", "null"},
	{"None", "null"},
	{"True", "true"},
	{"False", "false"},
};

/* Replace the 'n' bytes at 'p' by 'by'. */
static void
mend(Scan *scan, const char *p, size_t n, const char *by, const char *flaw)
{
	if (scan->out->flaw == NULL)
	{
		scan->out->flaw = flaw;
		scan->out->flaw_at = p - scan->s;
	}
	if (scan->mended != NULL)
	{
		appendBinaryStringInfo(scan->mended, scan->copied, (int) (p - scan->copied));
		appendStringInfoString(scan->mended, by);
		scan->copied = p + n;
	}
}

static inline bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* 'p' is behind the opening quote; returns where the string ends, behind its quote. */
static const char *
scan_string(Scan *scan, const char *p)
{
	const char *end = scan->end;

	for (;;)
	{
		p = pf_json_skip_plain(p, end);
		if (p == end)
			break;
		if (*p == '"')
			return p + 1;
		if (*p != '\\')
		{
			const char *by = " ";

			if (*p == '\n')
				by = "\\n";
			else if (*p == '\t')
				by = "\\t";
			mend(scan, p, 1, by, "a control character in a string");
			p++;
			continue;
		}

		if (end - p < 2)
			break;
		if (p[1] == 'u')
		{
			int			n = 0;

			while (n < 4 && end - p > 2 + n && is_hex(p[2 + n]))
				n++;
			if (n < 4)
				mend(scan, p, 1, "\\\\", "an invalid escape in a string");
			p += 2 + n;
		}
		else if (p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL)
			p += 2;
		else
		{
			/* The next character may be one of several bytes, or a control character. */
			mend(scan, p, 1, "\\\\", "an invalid escape in a string");
			p++;
		}
	}
	scan->out->open = true;
	return end;
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A word, perhaps behind a sign, outside of strings. */
static const char *
scan_word(Scan *scan, const char *p)
{
	const char *word = *p == '-' || *p == '+' ? p + 1 : p;
	const char *q = word;

	while (q < scan->end && is_letter(*q))
		q++;
	for (int i = 0; i < (int) lengthof(words); i++)
	{
		size_t		n = strlen(words[i].word);

		if ((size_t) (q - word) == n && memcmp(word, words[i].word, n) == 0)
			mend(scan, p, q - p, words[i].json, "a word that JSON does not have");
	}
	return q;
}

static const char *
scan_number(Scan *scan, const char *p)
{
	if ((*p == '-' || *p == '+') && scan->end - p > 1 && is_letter(p[1]))
		return scan_word(scan, p);
	while (p < scan->end && ((*p >= '0' && *p <= '9') || *p == '.' || *p == '-' || *p == '+' ||
							 *p == 'e' || *p == 'E'))
		p++;
	return p;
}

void
pf_json_scan(const char *s, size_t len, StringInfo mended, PfJsonScan *out)
{
	Scan		scan = {s, s + len, s, mended, out};
	const char *p = s;
	const char *comma = NULL;	/* the last token, if it is one */
	int			depth = 0;

	memset(out, 0, sizeof(*out));

	while (p < scan.end)
	{
		CHECK_FOR_INTERRUPTS();
		switch (*p)
		{
			case ' ':
			case '\t':
			case '\n':
			case '\r':
				do
					p++;
				while (p < scan.end && *p == ' ');
				continue;
			case '"':
				p = scan_string(&scan, p + 1);
				break;
			case '{':
			case '[':
				if (++depth > PF_JSON_MAX_DEPTH)
				{
					out->too_deep = true;
					return;
				}
				p++;
				break;
			case '}':
			case ']':
				if (comma != NULL)
					mend(&scan, comma, 1, " ", "a comma before a closing bracket");
				if (depth > 0)
					depth--;
				p++;
				break;
			case ',':
				comma = p++;
				continue;
			case '-':
			case '+':
			case '0':
			case '1':
			case '2':
			case '3':
			case '4':
			case '5':
			case '6':
			case '7':
			case '8':
			case '9':
				p = scan_number(&scan, p);
				break;
			default:
				if (is_letter(*p))
					p = scan_word(&scan, p);
				else if ((unsigned char) *p < 0x20)
				{
					mend(&scan, p, 1, " ", "a control character");
					p++;
				}
				else
					p++;
				break;
		}
		comma = NULL;
	}

	if (depth > 0)
		out->open = true;
	if (mended != NULL)
		appendBinaryStringInfo(mended, scan.copied, (int) (p - scan.copied));
}
