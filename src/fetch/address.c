/*-------------------------------------------------------------------------
 *
 * address.c
 *		URLs as libcurl reads them.
 *
 * Only libcurl's own parser is used here, and what it made of an address is
 * what it is given to connect to: two parsers that disagree over where the
 * host is are how filters are passed by.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fetch/transfer.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#define PF_MAX_SHOWN	200		/* bytes of an address in a message */

static bool
clean(PfStr in)
{
	int			i;

	for (i = 0; i < in.len; i++)
	{
		if ((unsigned char) in.s[i] < 0x20 || in.s[i] == 0x7f)
			return false;
	}
	return pg_encoding_verifymbstr(PG_UTF8, in.s, in.len) == in.len;
}

/* Does it begin with "scheme:", of another scheme than ours? */
static bool
other_scheme(PfStr address)
{
	int			i;

	for (i = 0; i < address.len; i++)
	{
		unsigned char c = (unsigned char) address.s[i];

		if (c == ':')
			break;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			  strchr("+-.", c) != NULL))
			return false;
	}
	address.len = Min(i, address.len);
	return i > 0 && !pf_str_eq_nocase(address, "http") && !pf_str_eq_nocase(address, "https");
}

const char *
pf_address_set(CURLU *url, PfStr address)
{
	CURLUcode	code;
	char	   *text;
	char	   *scheme;
	char	   *host;

	address = pf_str_trim(address);
	if (pf_str_blank(address))
		return "it is empty";
	if (address.len > PF_FETCH_MAX_URL)
		return psprintf("it is longer than %d bytes", PF_FETCH_MAX_URL);
	if (!clean(address))
		return "it has control characters or is not UTF-8";

	text = pnstrdup(address.s, address.len);
	code = curl_url_set(url, CURLUPART_URL, text, CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME);
	pfree(text);
	if (code == CURLUE_OUT_OF_MEMORY)
		pf_fetch_no_memory();
	if (code != CURLUE_OK)
		return other_scheme(address) ? "only http and https are read" :
			"it is not an absolute URL, or malformed";

	scheme = pf_address_get(url, CURLUPART_SCHEME);
	if (scheme == NULL || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		return "only http and https are read";
	host = pf_address_get(url, CURLUPART_HOST);
	if (host == NULL || host[0] == '\0')
		return "it names no host";

	/* Encoding may have made it longer; a fragment is not for servers. */
	if (curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
		pf_fetch_no_memory();
	text = pf_address_get(url, CURLUPART_URL);
	if (text == NULL || strlen(text) > PF_FETCH_MAX_URL)
		return psprintf("it is longer than %d bytes", PF_FETCH_MAX_URL);
	return NULL;
}

char *
pf_address_get(CURLU *url, CURLUPart part)
{
	char	   *text = NULL;
	char	   *copy = NULL;
	CURLUcode	code;

	code = curl_url_get(url, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0);
	if (code == CURLUE_OUT_OF_MEMORY)
		pf_fetch_no_memory();
	if (code == CURLUE_OK && text != NULL)
		copy = MemoryContextAllocExtended(CurrentMemoryContext, strlen(text) + 1,
										  MCXT_ALLOC_NO_OOM);
	if (copy != NULL)
		strcpy(copy, text);
	curl_free(text);
	if (code == CURLUE_OK && copy == NULL)
		pf_fetch_no_memory();
	return copy;
}

char *
pf_address_origin(CURLU *url)
{
	return psprintf("%s://%s:%s", pf_address_get(url, CURLUPART_SCHEME),
					pf_address_get(url, CURLUPART_HOST), pf_address_get(url, CURLUPART_PORT));
}

/*
 * May what was meant for 'origin' be sent to 'other'?  If it is the same, or
 * its secure counterpart on the usual ports.
 */
bool
pf_address_same(const char *origin, const char *other)
{
	int			len = (int) strlen(origin);

	if (pg_strcasecmp(origin, other) == 0)
		return true;
	return strncmp(origin, "http://", 7) == 0 && strncmp(other, "https://", 8) == 0 &&
		len > 10 && strcmp(origin + len - 3, ":80") == 0 &&
		pg_strncasecmp(origin + 7, other + 8, len - 9) == 0 &&
		strcmp(other + len - 1, "443") == 0;
}

char *
pf_address_public(CURLU *url)
{
	char	   *user = pf_address_get(url, CURLUPART_USER);
	char	   *password = pf_address_get(url, CURLUPART_PASSWORD);
	char	   *text;

	if (curl_url_set(url, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
		curl_url_set(url, CURLUPART_PASSWORD, NULL, 0) != CURLUE_OK)
		pf_fetch_no_memory();
	text = pf_address_get(url, CURLUPART_URL);
	if ((user != NULL && curl_url_set(url, CURLUPART_USER, user, 0) != CURLUE_OK) ||
		(password != NULL && curl_url_set(url, CURLUPART_PASSWORD, password, 0) != CURLUE_OK))
		pf_fetch_no_memory();
	return text;
}

/*
 * Cut to a fit length and freed of what terminals and logs do not like.  Not
 * freed of passwords: that is for the caller.
 */
const char *
pf_address_shown(const char *address)
{
	int			len = (int) strlen(address);
	bool		cut = len > PF_MAX_SHOWN;
	char	   *copy;
	int			i;

	if (cut)
	{
		len = PF_MAX_SHOWN;
		while (len > 0 && ((unsigned char) address[len] & 0xC0) == 0x80)
			len--;				/* not within a character */
	}
	copy = psprintf("%.*s%s", len, address, cut ? "..." : "");
	for (i = 0; i < len; i++)
	{
		if ((unsigned char) copy[i] < 0x20 || copy[i] == 0x7f)
			copy[i] = '?';
	}
	if (pg_encoding_verifymbstr(PG_UTF8, copy, len) != len)
	{
		for (i = 0; i < len; i++)
		{
			if ((unsigned char) copy[i] >= 0x80)
				copy[i] = '?';
		}
	}
	return copy;
}

/*
 * An address that cannot be read may have its password anywhere before an
 * "@"; all of that goes.
 */
static PfStr
hide_password(PfStr url)
{
	PfStr		rest = pf_str_find(url, "://");
	PfStr		scheme = PF_STR_NONE;
	int			i;

	if (rest.s != NULL)
	{
		scheme = (PfStr) {url.s, (int) (rest.s - url.s) + 3};
		url = (PfStr) {rest.s + 3, rest.len - 3};
	}
	for (i = url.len; i > 0; i--)
	{
		if (url.s[i - 1] == '@')
			break;
	}
	return pf_str(pf_address_shown(psprintf("%.*s%.*s", scheme.len, scheme.len > 0 ? scheme.s : "",
											url.len - i, url.s + i)));
}

typedef struct UrlHolder
{
	MemoryContextCallback callback;
	CURLU	   *url;
} UrlHolder;

static void
holder_release(void *arg)
{
	curl_url_cleanup(((UrlHolder *) arg)->url);
}

/*
 * A CURLU that goes with a memory context, a child of the current one.
 */
static CURLU *
hold_url(MemoryContext *context)
{
	UrlHolder  *holder;

	*context = AllocSetContextCreate(CurrentMemoryContext, "paperfeed address",
									 ALLOCSET_SMALL_SIZES);
	holder = MemoryContextAllocZero(*context, sizeof(UrlHolder));
	holder->callback.func = holder_release;
	holder->callback.arg = holder;
	MemoryContextRegisterResetCallback(*context, &holder->callback);
	holder->url = curl_url();
	if (holder->url == NULL)
		pf_fetch_no_memory();
	return holder->url;
}

PfStr
pf_fetch_public_url(PfStr url)
{
	MemoryContext context;
	CURLU	   *parsed = hold_url(&context);
	PfStr		result;

	if (pf_address_set(parsed, url) == NULL)
		result = pf_str(pf_address_public(parsed));
	else
		result = hide_password(url);
	MemoryContextDelete(context);
	return result;
}

const char *
pf_fetch_url_problem(PfStr url)
{
	MemoryContext context;
	CURLU	   *parsed = hold_url(&context);
	const char *problem = pf_address_set(parsed, url);

	MemoryContextDelete(context);
	return problem;
}

bool
pf_fetch_same_origin(PfStr url, PfStr other)
{
	MemoryContext contexts[2];
	CURLU	   *a = hold_url(&contexts[0]);
	CURLU	   *b = hold_url(&contexts[1]);
	bool		same = pf_address_set(a, url) == NULL && pf_address_set(b, other) == NULL &&
		pf_address_same(pf_address_origin(a), pf_address_origin(b));

	MemoryContextDelete(contexts[0]);
	MemoryContextDelete(contexts[1]);
	return same;
}

void
pf_fetch_check_url(PfStr url)
{
	const char *problem = pf_fetch_url_problem(url);

	if (problem != NULL)
	{
		char	   *shown = unconstify(char *, hide_password(url).s);
		char	   *c;

		for (c = shown; *c != '\0' && GetDatabaseEncoding() != PG_UTF8; c++)
		{
			if ((unsigned char) *c >= 0x80)
				*c = '?';		/* messages are in the server's encoding */
		}
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot fetch \"%s\": %s", shown, problem),
				 errhint("Give an address such as \"https://rss.arxiv.org/atom/cs.AI\".")));
	}
}
