/*-------------------------------------------------------------------------
 *
 * settings.c
 *		The settings of fetching: paperfeed.*.
 *
 * Anyone who may fetch at all may set limits and patience, within bounds.
 * What opens a way that the guard closes (private hosts, a proxy) is for
 * superusers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "fetch/transfer.h"
#include "utils/guc.h"

#define PF_MIN_TIMEOUT			1	/* ms */
#define PF_MAX_TIMEOUT			(60 * 60 * 1000)
#define PF_DEFAULT_TIMEOUT		(30 * 1000)
#define PF_DEFAULT_CONNECT		(5 * 1000)
#define PF_MAX_LOW_SPEED_TIME	(60 * 60)	/* s */
#define PF_DEFAULT_LOW_TIME		20
#define PF_DEFAULT_LOW_LIMIT	100 /* bytes/s */
#define PF_MIN_BODY				1	/* kB */
#define PF_MAX_BODY				(1024 * 1024 - 1)	/* what a bytea can hold */
#define PF_DEFAULT_BODY			(32 * 1024)
#define PF_MAX_REDIRECTS		20
#define PF_DEFAULT_REDIRECTS	5
#define PF_MAX_CONTACT			200 /* bytes */

char	   *pf_fetch_contact = NULL;	/* paperfeed.user_agent_contact */
int			pf_fetch_timeout = PF_DEFAULT_TIMEOUT;	/* paperfeed.fetch_timeout, ms */
int			pf_fetch_connect_timeout = PF_DEFAULT_CONNECT;	/* paperfeed.connect_timeout, ms */
int			pf_fetch_low_speed_limit = PF_DEFAULT_LOW_LIMIT;	/* paperfeed.low_speed_limit */
int			pf_fetch_low_speed_time = PF_DEFAULT_LOW_TIME;	/* paperfeed.low_speed_time, s */
int			pf_fetch_max_body = PF_DEFAULT_BODY;	/* paperfeed.max_body_size, kB */
int			pf_fetch_max_redirects = PF_DEFAULT_REDIRECTS;	/* paperfeed.max_redirects */
bool		pf_fetch_use_proxy = false; /* paperfeed.use_proxy */

/* paperfeed.allow_private_hosts, as text and as the guard reads it */
static char *allow_private_hosts = NULL;
const PfGuardList *pf_fetch_allowed = NULL;

/*
 * The contact stands between the parentheses of a comment in a header line.
 */
static bool
check_contact(char **newval, void **extra, GucSource source)
{
	const char *c;

	(void) extra;
	(void) source;
	for (c = *newval; *c != '\0'; c++)
	{
		if (*c < 0x20 || *c > 0x7e || strchr("()\\", *c) != NULL || c - *newval >= PF_MAX_CONTACT)
		{
			GUC_check_errdetail("The contact must be at most %d printable ASCII characters "
								"without parentheses or backslashes.", PF_MAX_CONTACT);
			return false;
		}
	}
	return true;
}

/*
 * Parse once here, so that the guard needs no memory when it judges.
 */
static bool
check_private_hosts(char **newval, void **extra, GucSource source)
{
	PfGuardList *list;
	PfStr		in = pf_str(*newval);
	PfStr		bad;
	int			max = 1;
	int			i;

	(void) source;
	for (i = 0; i < in.len && max < PF_GUARD_MAX_ENTRIES; i++)
		max += in.s[i] == ',';

	list = guc_malloc(LOG, offsetof(PfGuardList, entries) + max * sizeof(PfGuardEntry));
	if (list == NULL)
		return false;
	list->n = pf_guard_parse(in, list->entries, max, &bad);
	if (list->n < 0)
	{
		GUC_check_errdetail("\"%.*s\" is not a host name, an address or a CIDR prefix, the first "
							"two with \":port\" if wanted (at most %d entries).",
							Min(bad.len, PF_GUARD_MAX_NAME), bad.s, PF_GUARD_MAX_ENTRIES);
		guc_free(list);
		return false;
	}
	*extra = list;
	return true;
}

static void
assign_private_hosts(const char *newval, void *extra)
{
	(void) newval;
	pf_fetch_allowed = extra;
}

void
pf_fetch_init(void)
{
	DefineCustomStringVariable("paperfeed.user_agent_contact",
							   "Tells the sources whom to ask about this reader.",
							   "A web page or an e-mail address, sent in the User-Agent header as "
							   "\"paperfeed/x.y.z (+contact)\". Several services ask for it.",
							   &pf_fetch_contact, "", PGC_USERSET, 0,
							   check_contact, NULL, NULL);

	DefineCustomIntVariable("paperfeed.fetch_timeout",
							"Sets the longest time that one request may take.",
							"From its start to the last byte of its document, redirects included.",
							&pf_fetch_timeout, PF_DEFAULT_TIMEOUT, PF_MIN_TIMEOUT, PF_MAX_TIMEOUT,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomIntVariable("paperfeed.connect_timeout",
							"Sets the longest time until a connection stands.",
							"Counts the look-up of the host's name and the TLS handshake; "
							"for each redirect anew.",
							&pf_fetch_connect_timeout, PF_DEFAULT_CONNECT, PF_MIN_TIMEOUT,
							PF_MAX_TIMEOUT, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomIntVariable("paperfeed.low_speed_limit",
							"Sets the speed below which a transfer counts as stalled.",
							"In bytes per second; a request that stays below it for "
							"paperfeed.low_speed_time is given up.",
							&pf_fetch_low_speed_limit, PF_DEFAULT_LOW_LIMIT, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_BYTE, NULL, NULL, NULL);

	DefineCustomIntVariable("paperfeed.low_speed_time",
							"Sets how long a transfer may stay below paperfeed.low_speed_limit.",
							"The time until a server answers counts too. Zero turns the limit off.",
							&pf_fetch_low_speed_time, PF_DEFAULT_LOW_TIME, 0, PF_MAX_LOW_SPEED_TIME,
							PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable("paperfeed.max_body_size",
							"Sets the size of the largest document that is read.",
							"After decompression. A larger one is given up as soon as that shows.",
							&pf_fetch_max_body, PF_DEFAULT_BODY, PF_MIN_BODY, PF_MAX_BODY,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomIntVariable("paperfeed.max_redirects",
							"Sets how many redirects a request follows.",
							"Each of them is held against the same rules as the first address.",
							&pf_fetch_max_redirects, PF_DEFAULT_REDIRECTS, 0, PF_MAX_REDIRECTS,
							PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable("paperfeed.use_proxy",
							 "Lets requests go through the proxy that the environment names.",
							 "The server process's http_proxy, https_proxy, all_proxy and no_proxy "
							 "variables then hold. The proxy resolves the names, so it must refuse "
							 "private addresses itself; only the connection to it is judged here, "
							 "and a proxy on a private address must be listed in "
							 "paperfeed.allow_private_hosts by its address.",
							 &pf_fetch_use_proxy, false, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomStringVariable("paperfeed.allow_private_hosts",
							   "Lists hosts that may be read although their address is not public.",
							   "Separated by commas: names (\"feeds.corp\": when the URL names "
							   "that host, whatever its address), addresses "
							   "(\"127.0.0.1:8080\", \"[::1]\") and prefixes (\"10.1.0.0/16\": "
							   "whatever name led there); without a port all ports are meant.",
							   &allow_private_hosts, "", PGC_SUSET, GUC_LIST_INPUT,
							   check_private_hosts, assign_private_hosts, NULL);
}
