/*-------------------------------------------------------------------------
 *
 * scrub.c
 *		Make text that claims to be XML safe to feed to an XML parser.
 *
 * A lexer that knows where tags, CDATA sections, comments, processing
 * instructions and the document type declaration begin and end:
 *
 * - The XML declaration, processing instructions, comments and the DOCTYPE
 *	 with all it declares are left out.  What never reaches the parser cannot
 *	 be expanded, included or fetched: there are no entity bombs and no
 *	 external entities left to guard against.
 * - References to HTML's named characters become the characters; references
 *	 to anything else unknown, and a bare &, become text.  Character
 *	 references that XML forbids become what Windows means by them, or U+FFFD.
 * - A < that begins no tag becomes text.  So does one whose tag is longer
 *	 than PF_MAX_TAG or has more than PF_MAX_ATTRIBUTES attributes: the
 *	 parser's time for a tag is quadratic in them and cannot be interrupted.
 * - Control characters, which XML 1.0 forbids, are left out.
 * - HTML's void elements (<br>, <img ...>) are closed.
 *
 * What needs no mending is handed on as it stands, in long runs.  A construct
 * cut off by the end of a piece is held back until the next one; comments and
 * declarations may be of any length, as they are forgotten on the way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/text.h"
#include "feed/scrub.h"

#define MAX_REFERENCE	40		/* bytes from & to ; */
#define SMALL_RUN		256		/* bytes that are rather copied than handed on alone */

typedef enum State
{
	IN_TEXT,
	IN_CDATA,
	IN_COMMENT,
	IN_PI,
	IN_DOCTYPE
} State;

struct PfScrub
{
	PfScrubFn	fn;
	void	   *arg;
	State		state;
	int			depth;			/* of brackets in the DOCTYPE */
	char		quote;			/* open quote in the DOCTYPE, or 0 */
	bool		doctype_comment;	/* within a comment in the DOCTYPE */
	StringInfoData held;		/* what the last piece ended in, and this one */
	bool		controls;		/* the piece has control characters */
	const char *end;			/* of the piece */
	const char *amp;			/* the next & in it, as of what is looked at */
	const char *bracket;		/* the next ] */
	bool		in_tag;			/* what is held is a tag that has not ended */
	const char *run;			/* to be handed on: grows while nothing needs mending */
	size_t		run_len;
	char		small[4096];	/* short runs, handed on together */
	size_t		nsmall;
	const char *problem;
};

static void
flush_small(PfScrub *scrub)
{
	if (scrub->nsmall > 0)
		scrub->fn(scrub->arg, scrub->small, scrub->nsmall);
	scrub->nsmall = 0;
}

/*
 * Hand on the run.  The parser takes its time for each piece, so short ones,
 * as between many references, are collected.
 */
static void
flush_run(PfScrub *scrub)
{
	if (scrub->run_len > SMALL_RUN)
	{
		flush_small(scrub);
		scrub->fn(scrub->arg, scrub->run, scrub->run_len);
	}
	else if (scrub->run_len > 0)
	{
		if (scrub->nsmall + scrub->run_len > sizeof(scrub->small))
			flush_small(scrub);
		memcpy(scrub->small + scrub->nsmall, scrub->run, scrub->run_len);
		scrub->nsmall += scrub->run_len;
	}
	scrub->run_len = 0;
}

/* 's' must stay as it is until the end of scrub_piece. */
static inline void
emit(PfScrub *scrub, const char *s, size_t len)
{
	if (scrub->run_len == 0)
		scrub->run = s;
	else if (scrub->run + scrub->run_len != s)
	{
		flush_run(scrub);
		scrub->run = s;
	}
	scrub->run_len += len;
}

static void
note(PfScrub *scrub, const char *problem)
{
	if (scrub->problem == NULL)
		scrub->problem = problem;
}

static inline bool
is_control(unsigned char c)
{
	return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

/* A plain loop without an early end: the Makefile has it made into vector code. */
static bool
has_control(const char *s, size_t len)
{
	unsigned char found = 0;

	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) s[i];

		found |= (c < 0x20) & (c != '\t') & (c != '\n') & (c != '\r');
	}
	return found != 0;
}

static void
emit_without_controls(PfScrub *scrub, const char *s, size_t len)
{
	size_t		start = 0;

	if (!scrub->controls)
	{
		emit(scrub, s, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
	{
		if (is_control((unsigned char) s[i]))
		{
			note(scrub, "control characters");
			emit(scrub, s + start, i - start);
			start = i + 1;
		}
	}
	emit(scrub, s + start, len - start);
}

static inline bool
is_name_start(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || c >= 0x80;
}

/*
 * The reference at 's' (which is at &): its length, or 0 if it is none, or
 * -1 if the end of the piece cuts it off.  '*with' is what to put in its
 * place, none to keep it.
 */
static int
reference(const char *s, size_t len, bool final, PfStr *with)
{
	size_t		n = 1;
	PfStr		name;

	*with = PF_STR_NONE;
	while (n < len && n < MAX_REFERENCE &&
		   ((s[n] >= '0' && s[n] <= '9') || (s[n] >= 'a' && s[n] <= 'z') ||
			(s[n] >= 'A' && s[n] <= 'Z') || s[n] == '#'))
		n++;
	if (n == len && n < MAX_REFERENCE && !final)
		return -1;
	if (n >= len || s[n] != ';' || n == 1)
		return 0;

	name = (PfStr) {s + 1, (int) n - 1};
	if (name.s[0] == '#')
	{
		uint32		c = 0;
		bool		hex = name.len > 1 && (name.s[1] == 'x' || name.s[1] == 'X');
		int			i = hex ? 2 : 1;

		if (i >= name.len)
			return 0;
		for (; i < name.len; i++)
		{
			char		d = name.s[i];
			int			v;

			if (d >= '0' && d <= '9')
				v = d - '0';
			else if (hex && d >= 'a' && d <= 'f')
				v = d - 'a' + 10;
			else if (hex && d >= 'A' && d <= 'F')
				v = d - 'A' + 10;
			else
				return 0;
			c = Min(c * (hex ? 16 : 10) + v, 0x110000);
		}
		if (c >= 0x80 && c < 0xA0)
		{
			/* pf_plain knows the Windows-1252 range: hand the reference on as text. */
			*with = PF_STR_LIT("&amp;");
			return 1;
		}
		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xFFFE || c == 0xFFFF ||
			(c >= 0xD800 && c < 0xE000) || c > 0x10FFFF)
			*with = PF_STR_LIT("\xEF\xBF\xBD");
		else if (s[2] == 'X')
		{
			/* XML wants a small x. */
			*with = PF_STR_LIT("&#x");
			return 3;
		}
		return (int) n + 1;
	}
	if (PF_STR_IS(name, "amp") || PF_STR_IS(name, "lt") || PF_STR_IS(name, "gt") ||
		PF_STR_IS(name, "quot") || PF_STR_IS(name, "apos"))
		return (int) n + 1;

	*with = pf_entity(name);
	if (with->s == NULL)
		return 0;
	if (with->len == 1 && strchr("<>&\"'", with->s[0]) != NULL)
	{
		/* &LT; and other names of what XML must not see bare. */
		*with = with->s[0] == '<' ? PF_STR_LIT("&lt;") : with->s[0] == '>' ? PF_STR_LIT("&gt;") :
			with->s[0] == '&' ? PF_STR_LIT("&amp;") : with->s[0] == '"' ? PF_STR_LIT("&quot;") :
			PF_STR_LIT("&apos;");
	}
	return (int) n + 1;
}

/*
 * The next & (or ]) from 's' on, or NULL if it is not before 'end'.  It is
 * looked for once in a piece, not once for each text in it.
 */
static inline const char *
next_of(const char **known, char c, const PfScrub *scrub, const char *s, const char *end)
{
	if (*known < s)
	{
		*known = memchr(s, c, scrub->end - s);
		if (*known == NULL)
			*known = scrub->end;
	}
	return *known < end ? *known : NULL;
}

/* May this text be handed on as it is? */
static inline bool
needs_no_look(PfScrub *scrub, const char *s, const char *end)
{
	return !scrub->controls && next_of(&scrub->amp, '&', scrub, s, end) == NULL &&
		next_of(&scrub->bracket, ']', scrub, s, end) == NULL;
}

/*
 * Hand on text or a tag, references and "]]>" mended.  Returns how much of it
 * was used: less than 'len' only if something is cut off at the end.
 */
static size_t
scrub_references(PfScrub *scrub, const char *s, size_t len, bool final)
{
	const char *end = s + len;
	const char *start = s;
	const char *at = s;

	for (;;)
	{
		const char *amp = next_of(&scrub->amp, '&', scrub, at, end);
		const char *bracket = next_of(&scrub->bracket, ']', scrub, at, end);
		PfStr		with;
		int			n;

		if (amp == NULL && bracket == NULL)
			break;
		if (amp == NULL || (bracket != NULL && bracket < amp))
		{
			/* The end of a CDATA section that did not begin: the parser would lose text. */
			at = bracket;
			if (end - at < 3 && !final && memcmp(at, "]]", end - at) == 0)
			{
				emit_without_controls(scrub, start, at - start);
				return at - s;
			}
			if (end - at >= 3 && memcmp(at, "]]>", 3) == 0)
			{
				note(scrub, "]]> outside of a CDATA section");
				emit_without_controls(scrub, start, at - start);
				emit(scrub, "]]&gt;", 6);
				at += 3;
				start = at;
			}
			else
				at++;
			continue;
		}

		at = amp;
		n = reference(at, end - at, final, &with);
		if (n < 0)
		{
			emit_without_controls(scrub, start, at - start);
			return at - s;
		}
		if (n == 0)
		{
			note(scrub, "a bare & or an unknown entity");
			with = PF_STR_LIT("&amp;");
			n = 1;
		}
		if (with.s != NULL)
		{
			emit_without_controls(scrub, start, at - start);
			emit(scrub, with.s, with.len);
			start = at + n;
		}
		at += n;
	}
	emit_without_controls(scrub, start, end - start);
	return len;
}

/* The bytes that mean something in a tag. */
static const bool tag_special[256] = {
	['"'] = true, ['\''] = true, ['&'] = true, ['<'] = true, ['='] = true, ['>'] = true
};

/*
 * Length of the tag at 's' (which is at <, followed by a name or a slash),
 * 0 if this < begins no tag, -1 if the end of the piece cuts it off.  Tells
 * whether there is a & in it, or a < inside a value.
 */
static int
tag_length(const char *s, size_t len, bool final, bool *has_amp, bool *has_lt)
{
	size_t		max = Min(len, PF_MAX_TAG);
	int			attributes = 0;
	char		quote = 0;

	*has_amp = false;
	*has_lt = false;
	if (s[1] == '/')
	{
		/* Nearly all end within a few bytes. */
		const char *end = memchr(s, '>', Min(max, 32));

		if (end != NULL)
			return (int) (end - s) + 1;
		for (size_t i = 2; i < max; i++)
		{
			if (s[i] == '>')
				return (int) i + 1;
			if (s[i] == '<')
				return 0;
		}
		return len >= PF_MAX_TAG || final ? 0 : -1;
	}
	for (size_t i = 1; i < max; i++)
	{
		unsigned char c = (unsigned char) s[i];

		/* Letters first: names are most of it. */
		if (c > '>' || !tag_special[c])
			continue;
		if (c == '&')
			*has_amp = true;
		if (quote != 0)
		{
			if (c == (unsigned char) quote)
				quote = 0;
			else if (c == '<')
				*has_lt = true;
		}
		else if (c == '>')
			return (int) i + 1;
		else if (c == '"' || c == '\'')
		{
			/* A quote opens only a value: anything else is an apostrophe in text. */
			size_t		k = i;

			while (k > 1 && (s[k - 1] == ' ' || s[k - 1] == '\n' || s[k - 1] == '\t' ||
							 s[k - 1] == '\r'))
				k--;
			if (s[k - 1] == '=')
				quote = (char) c;
		}
		else if (c == '=')
		{
			if (++attributes > PF_MAX_ATTRIBUTES)
				return 0;
		}
		else if (c == '<')
			return 0;
	}
	if (len >= PF_MAX_TAG || final)
		return 0;
	return -1;
}

/* One of HTML's elements that have no end tag and that people leave open. */
static bool
is_void_name(PfStr name)
{
	return name.len == 2 ?
		pf_str_eq_nocase(name, "br") || pf_str_eq_nocase(name, "hr") :
		name.len == 3 && (pf_str_eq_nocase(name, "img") || pf_str_eq_nocase(name, "wbr"));
}

/* Is it such an element's tag, without the slash that XML wants? */
static inline bool
is_open_void(const char *s, int len)
{
	int			n = 0;

	if (len < 4 || s[len - 2] == '/')
		return false;
	if (s[3] == '>' || s[3] == ' ' || s[3] == '\n')
		n = 2;
	else if (s[4] == '>' || s[4] == ' ' || s[4] == '\n')
		n = 3;
	return n > 0 && is_void_name((PfStr) {s + 1, n});
}

static inline bool
is_void_end(const char *s, int len)
{
	return s[1] == '/' && len < 8 && is_void_name(pf_str_trim((PfStr) {s + 2, len - 3}));
}

/* Hand on a tag that may need it mended; a < inside a value must not stay bare. */
static void
mend_tag(PfScrub *scrub, const char *s, int len, bool has_lt)
{
	if (has_lt)
	{
		size_t		start = 0;

		note(scrub, "a bare < in an attribute");
		for (size_t i = 1; i < (size_t) len; i++)
		{
			if (s[i] != '<')
				continue;
			scrub_references(scrub, s + start, i - start, true);
			emit(scrub, "&lt;", 4);
			start = i + 1;
		}
		s += start;
		len -= (int) start;
	}
	if (is_open_void(s, len))
	{
		scrub_references(scrub, s, len - 1, true);
		emit(scrub, "/>", 2);
	}
	else
		scrub_references(scrub, s, len, true);
}

/* Skip to behind 'end'; true if it is there.  Otherwise all but what may be its beginning is used. */
static bool
skip_to(const char *s, size_t len, const char *end, size_t *used)
{
	size_t		n = strlen(end);
	const char *at = memmem(s, len, end, n);

	if (at != NULL)
	{
		*used = at - s + n;
		return true;
	}
	*used = len >= n ? len - (n - 1) : 0;
	return false;
}

/* Skip the rest of a DOCTYPE; true when it has ended. */
static bool
skip_doctype(PfScrub *scrub, const char *s, size_t len, size_t *used)
{
	for (size_t i = 0; i < len; i++)
	{
		char		c = s[i];

		if (scrub->doctype_comment)
		{
			size_t		n;
			bool		ended = skip_to(s + i, len - i, "-->", &n);

			if (!ended)
			{
				*used = i + n;
				return false;
			}
			scrub->doctype_comment = false;
			i += n - 1;
		}
		else if (scrub->quote != 0)
		{
			if (c == scrub->quote)
				scrub->quote = 0;
		}
		else if (c == '"' || c == '\'')
			scrub->quote = c;
		else if (c == '[')
			scrub->depth++;
		else if (c == ']')
			scrub->depth = 0;
		else if (c == '<')
		{
			if (len - i < 4)
			{
				*used = i;
				return false;
			}
			if (memcmp(s + i, "<!--", 4) == 0)
			{
				scrub->doctype_comment = true;
				i += 3;
			}
		}
		else if (c == '>' && scrub->depth == 0)
		{
			*used = i + 1;
			return true;
		}
	}
	*used = len;
	return false;
}

/* Handle what begins at a < in text.  Returns the bytes used, -1 to wait for more. */
static int64
scrub_markup(PfScrub *scrub, const char *s, size_t len, bool final)
{
	bool		has_amp;
	bool		has_lt;
	int			n;

	if (len < 9 && !final && (len < 2 || s[1] == '!'))
		return -1;

	/* Tags first: nearly everything is one. */
	if (len >= 2 && (is_name_start((unsigned char) s[1]) ||
					 (s[1] == '/' && (len < 3 || is_name_start((unsigned char) s[2])))))
	{
		n = tag_length(s, len, final, &has_amp, &has_lt);
		if (n < 0)
		{
			scrub->in_tag = true;
			return -1;
		}
		if (n > 0)
		{
			if (has_amp || has_lt || scrub->controls || is_open_void(s, n))
				mend_tag(scrub, s, n, has_lt);
			else if (!is_void_end(s, n))
				emit(scrub, s, n);
			return n;
		}
	}
	else if (len >= 2 && s[1] == '?')
	{
		scrub->state = IN_PI;
		return 2;
	}
	else if (len >= 9 && memcmp(s, "<![CDATA[", 9) == 0)
	{
		emit(scrub, s, 9);
		scrub->state = IN_CDATA;
		return 9;
	}
	else if (len >= 4 && memcmp(s, "<!--", 4) == 0)
	{
		scrub->state = IN_COMMENT;
		return 4;
	}
	else if (len >= 9 && pg_strncasecmp(s, "<!DOCTYPE", 9) == 0)
	{
		scrub->state = IN_DOCTYPE;
		scrub->depth = 0;
		scrub->quote = 0;
		scrub->doctype_comment = false;
		return 9;
	}
	note(scrub, "a < that begins no tag");
	emit(scrub, "&lt;", 4);
	return 1;
}

/* Work through 's'; returns how much of it was used. */
static size_t
scrub_run(PfScrub *scrub, const char *s, size_t len, bool final)
{
	size_t		i = 0;

	while (i < len)
	{
		const char *at = s + i;
		size_t		rest = len - i;
		size_t		used;
		int64		n;

		switch (scrub->state)
		{
			case IN_TEXT:
				if (*at != '<')
				{
					const char *lt = memchr(at, '<', rest);
					size_t		text = lt == NULL ? rest : (size_t) (lt - at);

					if (needs_no_look(scrub, at, at + text))
					{
						emit(scrub, at, text);
						i += text;
						break;
					}
					used = scrub_references(scrub, at, text, final || lt != NULL);
					i += used;
					if (used < text)
						return i;
					break;
				}
				n = scrub_markup(scrub, at, rest, final);
				if (n < 0)
					return i;
				i += n;
				break;

			case IN_CDATA:
				if (skip_to(at, rest, "]]>", &used))
					scrub->state = IN_TEXT;
				else if (final)
					used = rest;
				emit_without_controls(scrub, at, used);
				i += used;
				if (scrub->state == IN_CDATA)
				{
					if (final)
						emit(scrub, "]]>", 3);
					return i;
				}
				break;

			case IN_COMMENT:
			case IN_PI:
				if (!skip_to(at, rest, scrub->state == IN_COMMENT ? "-->" : "?>", &used))
					return i + used;
				scrub->state = IN_TEXT;
				i += used;
				break;

			case IN_DOCTYPE:
				if (!skip_doctype(scrub, at, rest, &used))
					return i + used;
				scrub->state = IN_TEXT;
				i += used;
				break;
		}
	}
	return i;
}

static size_t
scrub_piece(PfScrub *scrub, const char *s, size_t len, bool final)
{
	size_t		used;

	scrub->controls = has_control(s, len);
	scrub->end = s + len;
	scrub->amp = scrub->bracket = s - 1;
	scrub->in_tag = false;
	used = scrub_run(scrub, s, len, final);
	flush_run(scrub);
	flush_small(scrub);
	return used;
}

PfScrub *
pf_scrub_begin(PfScrubFn fn, void *arg)
{
	PfScrub    *scrub = palloc0(sizeof(PfScrub));

	scrub->fn = fn;
	scrub->arg = arg;
	scrub->state = IN_TEXT;
	initStringInfo(&scrub->held);
	return scrub;
}

void
pf_scrub_push(PfScrub *scrub, const char *s, size_t len)
{
	size_t		used;

	if (scrub->held.len == 0)
	{
		used = scrub_piece(scrub, s, len, false);
		appendBinaryStringInfo(&scrub->held, s + used, (int) (len - used));
		return;
	}
	appendBinaryStringInfo(&scrub->held, s, (int) len);
	/* A long tag is not looked at again until it may have ended. */
	if (scrub->in_tag && scrub->held.len < PF_MAX_TAG && memchr(s, '>', len) == NULL)
		return;
	used = scrub_piece(scrub, scrub->held.data, scrub->held.len, false);
	memmove(scrub->held.data, scrub->held.data + used, scrub->held.len - used);
	scrub->held.len -= (int) used;
	scrub->held.data[scrub->held.len] = '\0';
}

void
pf_scrub_end(PfScrub *scrub)
{
	if (scrub->held.len > 0)
		scrub_piece(scrub, scrub->held.data, scrub->held.len, true);
	else if (scrub->state == IN_CDATA)
		emit(scrub, "]]>", 3);
	flush_run(scrub);
	flush_small(scrub);
	if (scrub->state != IN_TEXT)
		note(scrub, "cut off inside a comment, CDATA section or declaration");
	resetStringInfo(&scrub->held);
}

const char *
pf_scrub_problem(const PfScrub *scrub)
{
	return scrub->problem;
}
