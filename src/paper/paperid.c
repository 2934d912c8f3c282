/*-------------------------------------------------------------------------
 *
 * paperid.c
 *		The type paperid: input and output, comparison, hash, its page.
 *
 * On disk a paperid is a text that holds the canonical "scheme:value"; so it
 * is binary-coercible to text.  The input functions make sure of the
 * canonical form, everything else relies on it: two identities are equal if
 * their bytes are.  The order is that of the bytes, in every database.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "common/sha2.h"
#include "compat.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "paper/paperid.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(pf_paperid_in);
PG_FUNCTION_INFO_V1(pf_paperid_out);
PG_FUNCTION_INFO_V1(pf_paperid_recv);
PG_FUNCTION_INFO_V1(pf_paperid_send);
PG_FUNCTION_INFO_V1(pf_paperid_from_text);
PG_FUNCTION_INFO_V1(pf_paperid_try);
PG_FUNCTION_INFO_V1(pf_paperid_eq);
PG_FUNCTION_INFO_V1(pf_paperid_ne);
PG_FUNCTION_INFO_V1(pf_paperid_lt);
PG_FUNCTION_INFO_V1(pf_paperid_le);
PG_FUNCTION_INFO_V1(pf_paperid_gt);
PG_FUNCTION_INFO_V1(pf_paperid_ge);
PG_FUNCTION_INFO_V1(pf_paperid_cmp);
PG_FUNCTION_INFO_V1(pf_paperid_hashcode);
PG_FUNCTION_INFO_V1(pf_paperid_hashcode_extended);
PG_FUNCTION_INFO_V1(pf_paperid_page);
PG_FUNCTION_INFO_V1(pf_paperid_scheme_name);

#define PF_GETARG_PAPERID(n)	PG_GETARG_VARLENA_PP(n)

/*
 * Text in the server's encoding to an identity; NULL if it is none.  A
 * canonical form is ASCII and needs no conversion on the way back.  Here a
 * character that does not convert is an error, not '?': it would make one
 * identity of two.
 */
static text *
read_server_text(const char *s, int len)
{
	PfStr		in = {s, len};
	PfStr		canonical;

	if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII)
	{
		in.s = pg_server_to_any(s, len, PG_UTF8);
		if (in.s != s)
			in.len = (int) strlen(in.s);
	}
	if (pf_paperid_read(in, &canonical, NULL) == PF_SCHEME_NONE)
		return NULL;
	return cstring_to_text_with_len(canonical.s, canonical.len);
}

#define PF_INPUT_ERROR(s) \
	(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), \
	 errmsg("invalid input syntax for type %s: \"%s\"", "paperid", (s)), \
	 errhint("Write it like \"arXiv:2303.12345\", \"hep-th/9901001\", \"10.1145/3292500\", " \
			 "\"pmid:31452104\", \"acl:2020.acl-main.1\", \"openreview:SyxAb30cY7\", " \
			 "or as the address of the paper's page."))

Datum
pf_paperid_in(PG_FUNCTION_ARGS)
{
	char	   *s = PG_GETARG_CSTRING(0);
	text	   *result = read_server_text(s, (int) strlen(s));

	if (result == NULL)
		ereturn(fcinfo->context, (Datum) 0, PF_INPUT_ERROR(s));
	PG_RETURN_TEXT_P(result);
}

Datum
pf_paperid_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TextDatumGetCString(PG_GETARG_DATUM(0)));
}

Datum
pf_paperid_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			len;
	char	   *s = pq_getmsgtext(buf, buf->len - buf->cursor, &len);
	text	   *result = read_server_text(s, len);

	if (result == NULL)
		ereport(ERROR, PF_INPUT_ERROR(s));
	PG_RETURN_TEXT_P(result);
}

Datum
pf_paperid_send(PG_FUNCTION_ARGS)
{
	text	   *id = PG_GETARG_TEXT_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendtext(&buf, VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

Datum
pf_paperid_from_text(PG_FUNCTION_ARGS)
{
	text	   *in = PG_GETARG_TEXT_PP(0);
	text	   *result = read_server_text(VARDATA_ANY(in), VARSIZE_ANY_EXHDR(in));

	if (result == NULL)
		ereport(ERROR, PF_INPUT_ERROR(text_to_cstring(in)));
	PG_RETURN_TEXT_P(result);
}

Datum
pf_paperid_try(PG_FUNCTION_ARGS)
{
	text	   *in = PG_GETARG_TEXT_PP(0);
	text	   *result = read_server_text(VARDATA_ANY(in), VARSIZE_ANY_EXHDR(in));

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(result);
}

/* Compare the first two arguments. */
static int
compare(FunctionCallInfo fcinfo)
{
	struct varlena *a = PF_GETARG_PAPERID(0);
	struct varlena *b = PF_GETARG_PAPERID(1);
	int			alen = VARSIZE_ANY_EXHDR(a);
	int			blen = VARSIZE_ANY_EXHDR(b);
	int			result = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(alen, blen));

	if (result == 0)
		result = (alen > blen) - (alen < blen);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

static bool
same(FunctionCallInfo fcinfo)
{
	struct varlena *a = PF_GETARG_PAPERID(0);
	struct varlena *b = PF_GETARG_PAPERID(1);
	bool		result;

	result = VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

Datum
pf_paperid_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same(fcinfo));
}

Datum
pf_paperid_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same(fcinfo));
}

Datum
pf_paperid_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

Datum
pf_paperid_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

Datum
pf_paperid_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

Datum
pf_paperid_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

Datum
pf_paperid_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

Datum
pf_paperid_hashcode(PG_FUNCTION_ARGS)
{
	struct varlena *id = PF_GETARG_PAPERID(0);
	Datum		result = hash_any((unsigned char *) VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));

	PG_FREE_IF_COPY(id, 0);
	return result;
}

Datum
pf_paperid_hashcode_extended(PG_FUNCTION_ARGS)
{
	struct varlena *id = PF_GETARG_PAPERID(0);
	Datum		result = hash_any_extended((unsigned char *) VARDATA_ANY(id),
										   VARSIZE_ANY_EXHDR(id), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(id, 0);
	return result;
}

Datum
pf_paperid_page(PG_FUNCTION_ARGS)
{
	text	   *id = PG_GETARG_TEXT_PP(0);
	PfStr		url = pf_paperid_url((PfStr) {VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id)});

	if (url.s == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(url.s, url.len));
}

Datum
pf_paperid_scheme_name(PG_FUNCTION_ARGS)
{
	text	   *id = PG_GETARG_TEXT_PP(0);
	const char *s = VARDATA_ANY(id);
	const char *colon = memchr(s, ':', VARSIZE_ANY_EXHDR(id));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(s, colon == NULL ? 0 : (int) (colon - s)));
}

PfScheme
pf_paperid_scheme(PfStr canonical)
{
	if (canonical.s == NULL || canonical.len < 5)
		return PF_SCHEME_NONE;
	switch (canonical.s[0])
	{
		case 'a':
			return canonical.s[1] == 'r' ? PF_SCHEME_ARXIV : PF_SCHEME_ACL;
		case 'd':
			return PF_SCHEME_DOI;
		case 'p':
			return PF_SCHEME_PMID;
		case 'o':
			return canonical.s[1] == 'a' ? PF_SCHEME_OAI : PF_SCHEME_OPENREVIEW;
		case 'u':
			return PF_SCHEME_URL;
		case 'h':
			return PF_SCHEME_HASH;
		default:
			return PF_SCHEME_NONE;
	}
}

/* The address of a DOI; what an address cannot hold is percent-encoded. */
static PfStr
doi_page(PfStr doi)
{
	static const char resolver[] = "https://doi.org/";
	char	   *buf = palloc(sizeof(resolver) + doi.len * 3);
	char	   *out = buf + sizeof(resolver) - 1;

	memcpy(buf, resolver, sizeof(resolver));
	for (int i = 0; i < doi.len; i++)
	{
		if (strchr("\"#<>?[\\]^`{|}", doi.s[i]) != NULL)
			out += sprintf(out, "%%%02X", (unsigned char) doi.s[i]);
		else
			*out++ = doi.s[i];
	}
	*out = '\0';
	return (PfStr) {buf, (int) (out - buf)};
}

PfStr
pf_paperid_url(PfStr canonical)
{
	PfScheme	scheme = pf_paperid_scheme(canonical);
	PfStr		value;
	const char *colon;

	if (scheme == PF_SCHEME_NONE || scheme == PF_SCHEME_HASH || scheme == PF_SCHEME_OAI)
		return PF_STR_NONE;
	colon = memchr(canonical.s, ':', canonical.len);
	if (colon == NULL)
		return PF_STR_NONE;
	value.s = colon + 1;
	value.len = (int) (canonical.s + canonical.len - value.s);

	switch (scheme)
	{
		case PF_SCHEME_ARXIV:
			return pf_str_join(PF_STR_LIT("https://arxiv.org/abs/"), value);
		case PF_SCHEME_DOI:
			return doi_page(value);
		case PF_SCHEME_PMID:
			return pf_str_printf("https://pubmed.ncbi.nlm.nih.gov/%.*s/", value.len, value.s);
		case PF_SCHEME_ACL:
			return pf_str_printf("https://aclanthology.org/%.*s/", value.len, value.s);
		case PF_SCHEME_OPENREVIEW:
			return pf_str_printf("https://openreview.net/forum?id=%.*s", value.len, value.s);
		default:
			return pf_str_dup(value);
	}
}

/*
 * The next character of s, folded for pf_paperid_hash: letters in lower case,
 * 0 for white space, punctuation and what is no valid UTF-8.
 */
static uint32
fold_char(const unsigned char **s, const unsigned char *end)
{
	int			len = pg_utf_mblen(*s);
	uint32		c;

	if (len > end - *s || !pg_utf8_islegal(*s, len))
	{
		(*s)++;
		return 0;
	}
	c = utf8_to_unicode(*s);
	*s += len;

	if (c < 0x80)
	{
		if (c >= 'A' && c <= 'Z')
			return c + 0x20;
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : 0;
	}
	if (c < 0xC0)
		return c == 0xAA || c == 0xB2 || c == 0xB3 || c == 0xB5 || c == 0xB9 || c == 0xBA ? c : 0;
	if (c <= 0xDE)
		return c == 0xD7 ? c : c + 0x20;
	if (c >= 0x100 && c <= 0x17F)
	{
		/* Pairs, capital first; which half is even changes twice. */
		if (c == 0x178)
			return 0xFF;
		if ((c >= 0x139 && c <= 0x148) || c >= 0x179)
			return c <= 0x17E && c % 2 == 1 ? c + 1 : c;
		return c != 0x130 && c != 0x138 && c % 2 == 0 ? c + 1 : c;
	}
	if (c >= 0x391 && c <= 0x3A9)
		return c + 0x20;
	if (c >= 0x410 && c <= 0x42F)
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40F)
		return c + 0x50;
	if ((c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x3003) ||
		(c >= 0x3008 && c <= 0x301F) || (c >= 0xFF01 && c <= 0xFF0F) ||
		(c >= 0xFF1A && c <= 0xFF20) || (c >= 0xFF3B && c <= 0xFF40) ||
		(c >= 0xFF5B && c <= 0xFF65) || c == 0xFEFF)
		return 0;
	return c;
}

/* Write 'in' folded; at most as long as it was. */
static unsigned char *
fold(unsigned char *out, PfStr in)
{
	const unsigned char *s = (const unsigned char *) in.s;
	const unsigned char *end = s + in.len;

	while (s < end)
	{
		uint32		c = fold_char(&s, end);

		if (c != 0)
		{
			unicode_to_utf8(c, out);
			out += pg_utf_mblen(out);
		}
	}
	return out;
}

/*
 * These hashes are stored: neither what is folded nor how may ever change, so
 * the folding is spelled out here and does not follow any version of Unicode.
 */
PfStr
pf_paperid_hash(PfStr title, PfStr first_author)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char *buf;
	unsigned char *out;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *ctx;
	bool		ok;
	char	   *result;

	if (pf_str_blank(title))
		return PF_STR_NONE;
	buf = palloc((Size) title.len + Max(first_author.len, 0) + 2);
	out = fold(buf, title);
	if (out == buf)
	{
		pfree(buf);
		return PF_STR_NONE;
	}
	*out++ = '\n';
	if (first_author.s != NULL)
		out = fold(out, first_author);

	ctx = pg_cryptohash_create(PG_SHA256);
	ok = ctx != NULL && pg_cryptohash_init(ctx) >= 0 &&
		pg_cryptohash_update(ctx, buf, out - buf) >= 0 &&
		pg_cryptohash_final(ctx, digest, sizeof(digest)) >= 0;
	pg_cryptohash_free(ctx);
	pfree(buf);
	if (!ok)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute %s hash", "SHA256")));

	result = palloc(5 + 32 + 1);
	memcpy(result, "hash:", 5);
	for (int i = 0; i < 16; i++)
	{
		result[5 + i * 2] = hex[digest[i] >> 4];
		result[6 + i * 2] = hex[digest[i] & 15];
	}
	result[37] = '\0';
	return (PfStr) {result, 37};
}
