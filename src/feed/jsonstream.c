/*-------------------------------------------------------------------------
 *
 * jsonstream.c
 *		Cut a stream of JSON into values that are read one at a time.
 *
 * A document is one value, or values one after the other (JSON lines), or an
 * array, whose elements are then taken as the values.  Only brackets and
 * strings are looked at here, to find where a value ends; PostgreSQL's parser
 * reads the value itself.  So memory holds one value: one line of JSON lines,
 * one element of a list.
 *
 * In JSON lines a broken line must not swallow those after it: once a value
 * has ended with its line, a line that begins with '{' begins a value, even
 * if the one before seems open.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_scan.h"
#include "feed/jsonstream.h"

void
pf_jsonstream_begin(PfJsonStream *js, PfJsonValueFn fn, void *arg)
{
	memset(js, 0, sizeof(PfJsonStream));
	js->fn = fn;
	js->arg = arg;
	js->start = -1;
	js->line = 1;
	initStringInfo(&js->text);
}

/* Hand on the value that ends before 'end'. */
static void
finish_value(PfJsonStream *js, int end, bool complete)
{
	int			start = js->start;

	js->start = -1;
	js->depth = 0;
	js->in_string = false;
	js->escaped = false;
	js->fn(js->arg, js->text.data + start, end - start, js->start_line, complete);
}

/* Look at one byte between values. */
static void
between(PfJsonStream *js, char c, int at)
{
	switch (c)
	{
		case ' ':
		case '\t':
		case '\r':
			return;
		case '\n':
			js->line++;
			return;
		case ',':
			return;
		case '[':
			if (!js->began)
			{
				js->began = true;
				js->in_array = true;
				return;
			}
			break;
		case ']':
			if (js->in_array)
			{
				js->in_array = false;
				return;
			}
			break;
		default:
			break;
	}
	js->began = true;
	js->start = at;
	js->start_line = js->line;
	js->depth = 0;
	if (c == '{' || c == '[')
		js->depth = 1;
	else if (c == '"')
		js->in_string = true;
}

static void
look(PfJsonStream *js)
{
	const char *s = js->text.data;
	int			n = js->text.len;
	int			i = js->at;

	while (i < n)
	{
		char		c = s[i];

		if (js->start < 0)
		{
			between(js, c, i);
			i++;
			continue;
		}
		if (js->in_string)
		{
			if (js->escaped)
				js->escaped = false;
			else if (c == '\\')
				js->escaped = true;
			else if (c == '"')
				js->in_string = false;
			else if (c != '\n')
			{
				/* The bulk of every document: the inside of strings. */
				i = (int) (pf_json_skip_plain(s + i + 1, s + n) - s) - 1;
			}
			if (c != '\n')
			{
				i++;
				continue;
			}
		}

		switch (c)
		{
			case '\n':
				js->line++;
				if (js->by_lines && !js->in_array && i + 1 < n && s[i + 1] == '{')
					finish_value(js, i, false);
				else if (js->by_lines && !js->in_array && i + 1 == n)
				{
					/* Wait for the next byte. */
					js->line--;
					js->at = i;
					return;
				}
				else if (js->depth == 0 && !js->in_string)
					finish_value(js, i, true);
				break;
			case '"':
				js->in_string = true;
				break;
			case '{':
			case '[':
				js->depth++;
				break;
			case '}':
			case ']':
				if (js->depth == 0)
				{
					/* A scalar in an array that ends here. */
					finish_value(js, i, true);
					js->in_array = false;
				}
				else if (--js->depth == 0)
				{
					if (i + 1 < n && s[i + 1] == '\n' && js->start_line == js->line)
						js->by_lines = true;
					finish_value(js, i + 1, true);
				}
				break;
			case ',':
				if (js->depth == 0)
					finish_value(js, i, true);
				break;
			default:
				break;
		}
		i++;
	}
	js->at = i;
}

void
pf_jsonstream_push(PfJsonStream *js, const char *s, size_t len)
{
	if (js->too_large)
		return;
	if ((size_t) js->text.len + len > PF_MAX_JSON_VALUE)
	{
		js->too_large = true;
		return;
	}
	appendBinaryStringInfo(&js->text, s, (int) len);
	look(js);

	/* Keep only the open value. */
	if (js->start != 0)
	{
		int			from = js->start < 0 ? js->at : js->start;

		memmove(js->text.data, js->text.data + from, js->text.len - from);
		js->text.len -= from;
		js->text.data[js->text.len] = '\0';
		js->at -= from;
		if (js->start > 0)
			js->start = 0;
	}
}

void
pf_jsonstream_end(PfJsonStream *js)
{
	if (js->start >= 0 && !js->too_large)
		finish_value(js, js->text.len, js->depth == 0 && !js->in_string);
}
