/*-------------------------------------------------------------------------
 *
 * jsonstream.h
 *		Cut a stream of JSON into values that are read one at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_JSONSTREAM_H
#define PF_JSONSTREAM_H

#include "lib/stringinfo.h"

#define PF_MAX_JSON_VALUE	(64 * 1024 * 1024)	/* bytes of one value */

/*
 * Gets each value's text.  'line' counts from 1.  'nth' counts from 0;
 * 'single' is true when nothing but white space follows or came before, and
 * the value is not an element of an array around all.
 */
typedef void (*PfJsonValueFn) (void *arg, const char *s, size_t len, int64 line, bool complete);

typedef struct PfJsonStream
{
	PfJsonValueFn fn;
	void	   *arg;
	StringInfoData text;		/* the value being collected, and what was not looked at yet */
	int			at;				/* bytes of it that were looked at */
	int			start;			/* where the value begins; -1 = between values */
	int			depth;
	bool		in_string;
	bool		escaped;
	bool		in_array;		/* the values are elements of a root array */
	bool		began;			/* something was seen */
	bool		by_lines;		/* a value ended with its line */
	int64		line;			/* of 'at' */
	int64		start_line;
	bool		too_large;
} PfJsonStream;

extern void pf_jsonstream_begin(PfJsonStream *js, PfJsonValueFn fn, void *arg);
extern void pf_jsonstream_push(PfJsonStream *js, const char *s, size_t len);
extern void pf_jsonstream_end(PfJsonStream *js);

#endif							/* PF_JSONSTREAM_H */
