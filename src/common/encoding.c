/*-------------------------------------------------------------------------
 *
 * encoding.c
 *		Between text in the server's encoding and the UTF-8 of the C code.
 *
 * PostgreSQL's own conversion raises an error over a character that the other
 * side lacks.  A feed must not fail over one, so the conversion is done with
 * its errors off, piece by piece, and what cannot be converted becomes '?'.
 * The pieces are short because the output may take four times their size.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "common/encoding.h"
#include "compat.h"

#define PIECE 4096

/* Append what is valid in 'encoding', '?' for each byte that is not. */
static void
append_valid(StringInfo out, PfStr in, int encoding)
{
	while (in.len > 0)
	{
		int			n = pg_encoding_verifymbstr(encoding, in.s, in.len);

		appendBinaryStringInfo(out, in.s, n);
		in.s += n;
		in.len -= n;
		if (in.len > 0)
		{
			appendStringInfoChar(out, '?');
			in.s++;
			in.len--;
		}
	}
}

/* Append 'in' converted; both encodings differ and neither is SQL_ASCII. */
static void
append_converted(StringInfo out, PfStr in, int from, int to)
{
	Oid			proc = FindDefaultConversionProc(from, to);

	while (in.len > 0)
	{
		int			piece = pg_encoding_mbcliplen(from, in.s, in.len, PIECE);
		int			done = 0;

		if (piece <= 0)
			piece = 1;			/* broken at its start */
		if (OidIsValid(proc))
		{
			enlargeStringInfo(out, piece * MAX_CONVERSION_GROWTH + 1);
			done = pg_do_encoding_conversion_buf(proc, from, to,
												 (unsigned char *) unconstify(char *, in.s), piece,
												 (unsigned char *) out->data + out->len,
												 out->maxlen - out->len, true);
			out->len += strlen(out->data + out->len);
		}
		else
		{
			while (done < piece && !IS_HIGHBIT_SET(in.s[done]))
				done++;
			appendBinaryStringInfo(out, in.s, done);
		}
		in.s += done;
		in.len -= done;
		if (done < piece)
		{
			int			len = Min(pg_encoding_mblen(from, in.s), in.len);

			appendStringInfoChar(out, '?');
			in.s += len;
			in.len -= len;
		}
	}
}

PfStr
pf_text_to_utf8(text *in)
{
	PfStr		bytes = {VARDATA_ANY(in), (int) VARSIZE_ANY_EXHDR(in)};
	int			encoding = GetDatabaseEncoding();
	StringInfoData out;

	if (encoding == PG_UTF8)
		return bytes;

	initStringInfo(&out);
	if (encoding == PG_SQL_ASCII)
		append_valid(&out, bytes, PG_UTF8);
	else
		append_converted(&out, bytes, encoding, PG_UTF8);
	return (PfStr) {out.data, out.len};
}

text *
pf_utf8_to_text(PfStr in)
{
	int			encoding = GetDatabaseEncoding();
	StringInfoData out;
	text	   *result;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return cstring_to_text_with_len(in.s, in.len);

	initStringInfo(&out);
	append_converted(&out, in, PG_UTF8, encoding);
	result = cstring_to_text_with_len(out.data, out.len);
	pfree(out.data);
	return result;
}
