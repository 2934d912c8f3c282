/*-------------------------------------------------------------------------
 *
 * fuzz_text.c
 *		libFuzzer target: everything that reads a piece of text: plain, links,
 *		names, dates, addresses, identities.
 *
 * Promises that are checked, beside what the sanitizers see: results are valid
 * UTF-8, display text has single blanks and none at its ends, canonical forms
 * stay as they are when they are read again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "backend.h"
#include "common/dates.h"
#include "common/names.h"
#include "common/text.h"
#include "common/urls.h"
#include "mb/pg_wchar.h"
#include "paper/paperid.h"

static void
check_plain(PfStr in, int flags)
{
	PfStr		out = pf_plain_str(in, flags);

	fuzz_check_text("plain", out);
	if (out.s == NULL)
		return;
	if (out.len == 0 || pf_is_space(out.s[0]) || pf_is_space(out.s[out.len - 1]))
		fuzz_die("display text with a blank at its end", out);
	for (int i = 0; i < out.len; i++)
	{
		if ((unsigned char) out.s[i] < ' ' || (out.s[i] == ' ' && out.s[i + 1] == ' '))
			fuzz_die("display text with white space in it", out);
	}
}

static void
check_names(PfStr in, void (*split) (PfStrings *list, PfStr in))
{
	PfStrings	names = {NULL, 0, 0};

	split(&names, in);
	for (int i = 0; i < names.n; i++)
	{
		fuzz_check_text("name", names.items[i]);
		if (pf_str_trim(names.items[i]).len == 0)
			fuzz_die("an empty name", in);
	}
}

static void
check_paperid(PfStr in)
{
	PfStr		id;
	PfStr		again;
	int			version = 0;
	PfScheme	scheme = pf_paperid_read(in, &id, &version);

	if (scheme == PF_SCHEME_NONE)
		return;
	fuzz_check_text("identity", id);
	if (id.len > PF_PAPERID_MAX || id.s[id.len] != '\0' || version < 0 ||
		pf_paperid_scheme(id) != scheme)
		fuzz_die("an identity out of shape", id);
	if (pf_paperid_read(id, &again, NULL) != scheme || !pf_str_eq(id, again))
		fuzz_die("an identity that is not canonical", id);
	fuzz_check_text("page", pf_paperid_url(id));
}

static void
check_urls(PfStr in)
{
	PfStr		url = pf_url_canonical(in);

	fuzz_check_text("canonical address", url);
	if (url.s != NULL && !pf_str_eq(pf_url_canonical(url), url))
		fuzz_die("an address that is not canonical", url);
	fuzz_check_text("address", pf_url_resolve(PF_STR_NONE, in));
	fuzz_check_text("address", pf_url_resolve(PF_STR_LIT("https://a.example/b/c/d?e"), in));
	fuzz_check_text("address", pf_url_resolve(in, PF_STR_LIT("../x?y")));
	(void) pf_url_decode(in);
}

static void
read_text(void *arg)
{
	PfStr		in = *(PfStr *) arg;
	PfPairs		links = {NULL, 0, 0};
	TimestampTz t;

	check_plain(in, PF_PLAIN_ALL);
	check_plain(in, PF_PLAIN_HTML);
	check_plain(in, PF_PLAIN_TEX);
	check_plain(in, 0);
	pf_links(in, &links);
	for (int i = 0; i < links.n; i++)
		fuzz_check_text("link", links.items[i].value);
	check_names(in, pf_names_split);
	check_names(in, pf_names_split_given);
	fuzz_check_text("name", pf_name(in));
	t = pf_date(in);
	if (t != PF_NO_TIME && !IS_VALID_TIMESTAMP(t))
		fuzz_die("a time out of range", in);
	check_paperid(in);
	check_urls(in);
	(void) pf_paperid_hash(in, in);
}

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *copy = malloc(size > 0 ? size : 1);
	PfStr		in = {copy, (int) size};

	/* All text in C is valid UTF-8 without NUL; a copy, so that bytes too far are seen. */
	memcpy(copy, data, size);
	if (memchr(copy, '\0', size) == NULL &&
		pg_encoding_verifymbstr(PG_UTF8, copy, (int) size) == (int) size)
		fuzz_run(read_text, &in);
	free(copy);
	return 0;
}
