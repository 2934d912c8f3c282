/*-------------------------------------------------------------------------
 *
 * request.c
 *		A request made ready for libcurl, and what libcurl calls back.
 *
 * Redirects are followed here rather than by libcurl, one handle set-up per
 * hop: so each hop's address is parsed, judged and counted by our rules,
 * passwords and extra headers stay with the host that they are for, and it is
 * known whether all hops were permanent.
 *
 * The callbacks run inside libcurl: they may not raise errors, nor palloc.
 * They note what they find in the transfer, and stop it by their result.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "fetch/transfer.h"

#define PF_AGENT				"paperfeed/0.1.0"
#define PF_ACCEPT				"application/atom+xml, application/rss+xml, " \
								"application/rdf+xml, application/feed+json, " \
								"application/json;q=0.9, application/xml;q=0.9, " \
								"text/xml;q=0.9, */*;q=0.5"
#define PF_MAX_HEADER_BYTES		(128 * 1024)	/* of a hop's answer */
#define PF_MAX_HEADER_LINES		512
#define PF_MAX_REDIRECT_BODY	(64 * 1024) /* read to keep the connection, dropped */
#define PF_FIRST_BODY			(16 * 1024) /* of the body's buffer */
#define PF_RECEIVE_BUFFER		(64 * 1024)
#define PF_MAX_EXTRA_HEADERS	32
#define PF_MAX_EXTRA_HEADER		4096	/* bytes */

/* What a caller may not send: it would change how the request is framed or where it goes. */
static const char *const reserved_headers[] = {
	"accept", "accept-encoding", "connection", "content-length", "expect", "host", "if-match",
	"if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive",
	"proxy-authorization", "proxy-connection", "range", "te", "trailer", "transfer-encoding",
	"upgrade"
};

/*
 * The socket of a connection about to be opened.  This is where the guard
 * stands: no packet has been sent to 'address' yet, and none will be.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	PfTransfer *t = arg;
	const uint8 *bytes = NULL;
	int			len = 0;
	int			port = 0;		/* a proxy's may differ from the URL's */
	const char *reason;
	curl_socket_t fd;

	if (address->family == AF_INET)
	{
		struct sockaddr_in *in = (struct sockaddr_in *) (void *) &address->addr;

		bytes = (const uint8 *) &in->sin_addr;
		port = ntohs(in->sin_port);
		len = 4;
	}
	else if (address->family == AF_INET6)
	{
		struct sockaddr_in6 *in = (struct sockaddr_in6 *) (void *) &address->addr;

		bytes = (const uint8 *) &in->sin6_addr;
		port = ntohs(in->sin6_port);
		len = 16;
	}

	if (purpose != CURLSOCKTYPE_IPCXN || len == 0)
		reason = "of no known family";
	else
		reason = pf_guard_refuses(pf_fetch_allowed, pf_str(t->host), port, bytes, len);
	if (reason != NULL)
	{
		t->refused = reason;
		t->refused_len = len;
		t->refused_port = port;
		if (len > 0)
			memcpy(t->refused_address, bytes, len);
		return CURL_SOCKET_BAD;
	}

	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd >= 0)
		t->opened = true;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	PfTransfer *t = arg;
	size_t		len = size * n;
	size_t		end = len;
	size_t		i;

	while (end > 0 && (line[end - 1] == '\n' || line[end - 1] == '\r'))
		end--;
	for (i = 0; i < end; i++)
	{
		if (((unsigned char) line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			t->odd_header = true;
	}
	t->header_bytes += len;
	t->header_lines++;
	if (t->header_bytes > PF_MAX_HEADER_BYTES || t->header_lines > PF_MAX_HEADER_LINES)
	{
		t->fault = PF_FAULT_HEADERS;
		return CURL_WRITEFUNC_ERROR;
	}
	return len;
}

/*
 * Grow the body by powers of two up to its limit: together no more than is
 * copied once, and nothing is reserved on a server's word.
 */
static bool
make_room(PfTransfer *t, size_t len)
{
	size_t		size = Max(t->body_size, PF_FIRST_BODY);
	char	   *body;

	while (size < t->body_len + len)
		size *= 2;
	size = Min(size, t->body_max);
	if (size <= t->body_size)
		return true;
	body = realloc(t->body, size);
	if (body == NULL)
		return false;
	t->body = body;
	t->body_size = size;
	return true;
}

/*
 * A piece of the body, decoded.
 */
static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	PfTransfer *t = arg;
	size_t		len = size * n;
	long		status = 0;
	size_t		take;

	if (t->body == NULL)
	{
		size_t		max = (size_t) pf_fetch_max_body * 1024;
		curl_off_t	promised = -1;

		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &promised);
		if (status >= 300 && status < 400)
		{
			t->dropped += len;
			if (t->dropped <= PF_MAX_REDIRECT_BODY)
				return len;
			t->fault = PF_FAULT_ENOUGH;
			return CURL_WRITEFUNC_ERROR;
		}
		t->response->body_cut = false;
		t->body_max = status >= 400 ? Min(max, PF_FETCH_MAX_ERROR_BODY) : max;
		if (status < 400 && promised > (curl_off_t) max)
		{
			t->fault = PF_FAULT_TOO_LARGE;
			return CURL_WRITEFUNC_ERROR;
		}
		t->response->http_status = (int) status;
	}

	take = Min(len, t->body_max - t->body_len);
	if (!make_room(t, take))
	{
		t->fault = PF_FAULT_MEMORY;
		return CURL_WRITEFUNC_ERROR;
	}
	memcpy(t->body + t->body_len, data, take);
	t->body_len += take;
	if (take < len)
	{
		t->fault = t->response->http_status >= 400 ? PF_FAULT_ENOUGH : PF_FAULT_TOO_LARGE;
		t->response->body_cut = t->fault == PF_FAULT_ENOUGH;
		return CURL_WRITEFUNC_ERROR;
	}
	return len;
}

/*
 * A validator as it may be sent back, or NULL.  It came from a server, which
 * may have put a line end and a header of its own choice into it.
 */
static const char *
validator(PfStr in)
{
	int			i;

	in = pf_str_trim(in);
	if (pf_str_blank(in) || in.len > PF_FETCH_MAX_VALIDATOR)
		return NULL;
	for (i = 0; i < in.len; i++)
	{
		if ((unsigned char) in.s[i] < 0x20 || in.s[i] == 0x7f)
			return NULL;
	}
	return pf_str_dup(in).s;
}

/* A character of a header's name (RFC 9110, "token"). */
static bool
token_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static const char *
extra_header(PfStr in)
{
	PfStr		value = pf_str_find(in, ":");
	PfStr		name = {in.s, value.s != NULL ? (int) (value.s - in.s) : 0};
	bool		good = name.len > 0 && in.len <= PF_MAX_EXTRA_HEADER;
	int			i;

	for (i = 0; i < name.len; i++)
		good = good && token_char((unsigned char) name.s[i]);
	for (i = name.len + 1; i < in.len; i++)
		good = good && ((unsigned char) in.s[i] >= 0x20 || in.s[i] == '\t') && in.s[i] != 0x7f;
	if (good)
		value = pf_str_trim((PfStr) {value.s + 1, value.len - 1});
	if (!good || value.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid request header"),
				 errdetail("It must be \"Name: value\" without control characters, "
						   "at most %d bytes.", PF_MAX_EXTRA_HEADER)));
	for (i = 0; i < (int) lengthof(reserved_headers); i++)
	{
		if (pf_str_eq_nocase(name, reserved_headers[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("request header \"%s\" may not be set", reserved_headers[i])));
	}
	return psprintf("%.*s: %.*s", name.len, name.s, value.len, value.s);
}

void
pf_fetch_check_headers(const PfStrings *headers)
{
	if (headers->n > PF_MAX_EXTRA_HEADERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d request headers", PF_MAX_EXTRA_HEADERS)));
	for (int i = 0; i < headers->n; i++)
		(void) extra_header(headers->items[i]);
}

void
pf_transfer_prepare(PfTransfer *t, const PfRequest *request)
{
	MemoryContext old = MemoryContextSwitchTo(t->context);
	const char *problem;
	int			i;

	pf_fetch_check_url(request->url);
	t->url = curl_url();
	if (t->url == NULL)
		pf_fetch_no_memory();
	problem = pf_address_set(t->url, request->url);
	if (problem != NULL)
		elog(ERROR, "address was usable and is not: %s", problem);
	t->origin = pf_address_origin(t->url);
	t->user = pf_address_get(t->url, CURLUPART_USER);
	t->password = pf_address_get(t->url, CURLUPART_PASSWORD);

	t->accept = validator(request->accept);
	t->etag = validator(request->etag);
	t->last_modified = validator(request->last_modified);
	pf_fetch_check_headers(&request->headers);
	t->extra = palloc(sizeof(char *) * (request->headers.n + 1));
	for (i = 0; i < request->headers.n; i++)
		t->extra[t->n_extra++] = extra_header(request->headers.items[i]);

	t->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : pf_fetch_timeout;
	t->all_permanent = true;
	t->response->tag = request->tag;
	t->response->retry_after = -1;
	t->response->max_age = -1;
	MemoryContextSwitchTo(old);
}

static void
add_header(PfTransfer *t, const char *line)
{
	struct curl_slist *list = curl_slist_append(t->headers, line);

	if (list == NULL)
		pf_fetch_no_memory();
	t->headers = list;
}

/*
 * Set an option; whether it worked is asked once, in the end.  libcurl's
 * checking macro wants an expression per option, so no function will do.
 */
#define SET(option, value) \
	do { \
		if (code == CURLE_OK) \
			code = curl_easy_setopt(t->easy, option, value); \
	} while (0)

/*
 * The options that hold for every hop.  What is at its default in libcurl but
 * matters here is said all the same.
 */
static void
set_up(PfTransfer *t)
{
	CURLcode	code = CURLE_OK;
	char	   *agent = pf_fetch_contact != NULL && pf_fetch_contact[0] != '\0' ?
		psprintf("%s (+%s)", PF_AGENT, pf_fetch_contact) : pstrdup(PF_AGENT);

	t->easy = curl_easy_init();
	if (t->easy == NULL)
		pf_fetch_no_memory();

	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_ERRORBUFFER, t->errbuf);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);	/* leave a look-up behind rather than wait for it */
	SET(CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	SET(CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
	SET(CURLOPT_AUTOREFERER, 0L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_ACCEPT_ENCODING, "");	/* all that libcurl can decode */
	SET(CURLOPT_BUFFERSIZE, (long) PF_RECEIVE_BUFFER);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_USERAGENT, agent);
	if (!pf_fetch_use_proxy)
		SET(CURLOPT_PROXY, "");	/* also overrides the environment */

	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);

	if (code != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not set up a request: %s", curl_easy_strerror(code))));
	pfree(agent);
}

/*
 * Of use only with a proxy, which connects in our place: refuse what can be
 * seen to be private without a look-up.
 */
static const char *
refuse_unresolved(PfTransfer *t, uint8 *address, int *len)
{
	static const uint8 loopback[4] = {127, 0, 0, 1};
	PfStr		host = pf_str(t->host);

	*len = pf_guard_address(host, address);
	if (*len == 0 && (pf_str_eq_nocase(host, "localhost") || pf_str_eq_nocase(host, "localhost.")))
	{
		memcpy(address, loopback, 4);
		*len = 4;
	}
	return *len > 0 ? pf_guard_refuses(pf_fetch_allowed, host, t->port, address, *len) : NULL;
}

bool
pf_transfer_hop(PfTransfer *t)
{
	MemoryContext old = MemoryContextSwitchTo(t->context);
	CURLcode	code = CURLE_OK;
	double		left = t->timeout_ms - (pf_fetch_now() - t->started);
	char	   *host = pf_address_get(t->url, CURLUPART_HOST);
	char	   *port = pf_address_get(t->url, CURLUPART_PORT);
	char	   *text = pf_address_get(t->url, CURLUPART_URL);
	int			len = (int) strlen(host);
	int			i;

	if (t->easy == NULL)
		set_up(t);

	t->host = host[0] == '[' ? pnstrdup(host + 1, len - 2) : host;
	t->port = atoi(port);
	t->response->effective_url = pf_str(pf_address_public(t->url));
	t->opened = false;
	t->refused = NULL;
	t->fault = PF_FAULT_NONE;
	t->header_bytes = 0;
	t->header_lines = 0;
	t->odd_header = false;
	t->dropped = 0;
	t->errbuf[0] = '\0';

	if (left < 1)
	{
		pf_transfer_too_late(t);
		MemoryContextSwitchTo(old);
		return false;
	}
	if (pf_fetch_use_proxy)
	{
		uint8		address[16];
		const char *reason = refuse_unresolved(t, address, &len);

		if (reason != NULL)
		{
			pf_transfer_refused(t, reason, address, len, t->port);
			MemoryContextSwitchTo(old);
			return false;
		}
	}

	SET(CURLOPT_HTTPHEADER, (struct curl_slist *) NULL);
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	add_header(t, psprintf("Accept: %s", t->accept != NULL ? t->accept : PF_ACCEPT));
	if (t->etag != NULL)
		add_header(t, psprintf("If-None-Match: %s", t->etag));
	if (t->last_modified != NULL)
		add_header(t, psprintf("If-Modified-Since: %s", t->last_modified));
	if (t->n_extra > 0 && pf_address_same(t->origin, pf_address_origin(t->url)))
	{
		for (i = 0; i < t->n_extra; i++)
			add_header(t, t->extra[i]);
	}

	SET(CURLOPT_URL, text);
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_TIMEOUT_MS, (long) left);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long) pf_fetch_connect_timeout);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long) pf_fetch_low_speed_limit);
	SET(CURLOPT_LOW_SPEED_TIME, (long) pf_fetch_low_speed_time);
	MemoryContextSwitchTo(old);

	if (code == CURLE_OUT_OF_MEMORY)
		pf_fetch_no_memory();
	if (code != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not set up a request: %s", curl_easy_strerror(code))));
	return true;
}
