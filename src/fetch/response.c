/*-------------------------------------------------------------------------
 *
 * response.c
 *		What came of a hop: the next one, an answer, or a fault put in words.
 *
 * Runs outside of libcurl's callbacks, so it may palloc; it raises nothing
 * but lack of memory.  Every byte from outside that goes into a response is
 * held to be UTF-8 without control characters and of bounded length, for it
 * will be stored, sent back or shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <time.h>

#include "fetch/transfer.h"
#include "mb/pg_wchar.h"

#define PF_MAX_REASON	160		/* bytes of libcurl's words in ours */
#define PF_TIMER_SLACK	20		/* ms that libcurl's clock may be before ours */

/*
 * A field of the final header, trimmed; none if it is absent, empty,
 * longer than 'max' or not fit to be shown.
 */
static PfStr
field(PfTransfer *t, const char *name, size_t index, int max)
{
	struct curl_header *header;
	PfStr		value;
	int			i;

	if (curl_easy_header(t->easy, name, index, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return PF_STR_NONE;
	value = pf_str_trim(pf_str(header->value));
	if (value.len == 0 || value.len > max)
		return PF_STR_NONE;
	for (i = 0; i < value.len; i++)
	{
		if (((unsigned char) value.s[i] < 0x20 && value.s[i] != '\t') || value.s[i] == 0x7f)
			return PF_STR_NONE;
	}
	if (pg_encoding_verifymbstr(PG_UTF8, value.s, value.len) != value.len)
		return PF_STR_NONE;
	return pf_str_dup(value);
}

/* Leading digits as a number of seconds, at most PF_FETCH_MAX_WAIT; -1 if there are none. */
static int
seconds(PfStr in)
{
	int			n = -1;
	int			i;

	for (i = 0; i < in.len && in.s[i] >= '0' && in.s[i] <= '9'; i++)
	{
		n = Max(n, 0) * 10 + (in.s[i] - '0');
		if (n > PF_FETCH_MAX_WAIT)
			return PF_FETCH_MAX_WAIT;
	}
	return n;
}

/*
 * Seconds from the server's own "now" to a date in one of its fields; -1 if
 * that is no date, 0 if it has passed.
 */
static int
seconds_until(PfTransfer *t, PfStr date)
{
	PfStr		sent = field(t, "Date", 0, 64);
	time_t		now = sent.s != NULL ? curl_getdate(sent.s, NULL) : -1;
	time_t		then = curl_getdate(date.s, NULL);

	if (then == -1)
		return -1;
	if (now == -1)
		now = time(NULL);
	if (then <= now)
		return 0;
	return then - now > PF_FETCH_MAX_WAIT ? PF_FETCH_MAX_WAIT : (int) (then - now);
}

static int
retry_after(PfTransfer *t)
{
	PfStr		value = field(t, "Retry-After", 0, 64);
	int			n;

	if (value.s == NULL)
		return -1;
	n = seconds(value);
	return n >= 0 ? n : seconds_until(t, value);
}

/*
 * How long the document stays fresh (RFC 9111 section 4.2, for a cache that
 * is not shared).
 */
static int
max_age(PfTransfer *t)
{
	int			fresh = -1;
	PfStr		value;
	size_t		line;

	for (line = 0;; line++)
	{
		PfStrings	parts = {0};
		int			i;

		value = field(t, "Cache-Control", line, PF_FETCH_MAX_VALIDATOR);
		if (value.s == NULL)
			break;
		pf_strings_split(&parts, value, ",");
		for (i = 0; i < parts.n; i++)
		{
			PfStr		part = parts.items[i];

			if (pf_str_eq_nocase(part, "no-cache") || pf_str_eq_nocase(part, "no-store"))
				return 0;
			if (fresh < 0 && pf_str_starts_nocase(part, "max-age="))
			{
				part = (PfStr) {part.s + 8, part.len - 8};
				if (part.len > 0 && part.s[0] == '"')
					part = (PfStr) {part.s + 1, part.len - 1};
				fresh = seconds(part);
			}
		}
	}
	if (fresh < 0)
	{
		value = field(t, "Expires", 0, 64);
		if (value.s == NULL)
			return -1;
		fresh = Max(seconds_until(t, value), 0);	/* no date means "already expired" */
	}
	value = field(t, "Age", 0, 64);
	return Max(fresh - Max(seconds(value), 0), 0);
}

/*
 * libcurl's own words for what went wrong: they may quote the server.
 */
static const char *
reason(PfTransfer *t, CURLcode code)
{
	const char *words = t->errbuf[0] != '\0' ? t->errbuf : curl_easy_strerror(code);
	char	   *copy = psprintf("%.*s", PF_MAX_REASON, words);
	char	   *c;

	for (c = copy; *c != '\0'; c++)
	{
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	}
	return copy;
}

/* The hop's address for messages, with the first one if they differ. */
static const char *
where(PfTransfer *t)
{
	const char *address = pf_address_shown(pf_address_public(t->url));

	if (t->response->redirects > 0)
		return psprintf("%s (redirected %d time%s)", address, t->response->redirects,
						t->response->redirects > 1 ? "s" : "");
	return address;
}

static void
fail(PfTransfer *t, int sqlstate, const char *error, const char *hint)
{
	t->response->status = PF_FETCH_FAILED;
	t->response->sqlstate = sqlstate;
	t->response->error = error;
	t->response->hint = hint;
}

void
pf_transfer_refused(PfTransfer *t, const char *why, const uint8 *address, int len, int port)
{
	char		text[INET6_ADDRSTRLEN] = "an address";
	const char *entry;

	if (len == 4 || len == 16)
		inet_ntop(len == 4 ? AF_INET : AF_INET6, address, text, sizeof(text));
	entry = psprintf(len == 16 ? "[%s]:%d" : "%s:%d", text, port);
	fail(t, ERRCODE_INSUFFICIENT_PRIVILEGE,
		 psprintf("%s leads to %s, which is %s", where(t), text, why),
		 psprintf("If that host may be read, a superuser can add \"%s\" to "
				  "paperfeed.allow_private_hosts.", entry));
}

void
pf_transfer_too_late(PfTransfer *t)
{
	fail(t, ERRCODE_CONNECTION_FAILURE,
		 psprintf("%s took longer than %d ms", where(t), t->timeout_ms),
		 "Raise paperfeed.fetch_timeout if the source is known to be slow.");
}

static void
timed_out(PfTransfer *t)
{
	curl_off_t	resolved = 0;
	curl_off_t	connected = 0;

	curl_easy_getinfo(t->easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	if (pf_fetch_now() - t->started >= t->timeout_ms - PF_TIMER_SLACK)
		pf_transfer_too_late(t);
	else if (connected > 0)
		fail(t, ERRCODE_CONNECTION_FAILURE,
			 psprintf("%s sent less than %d bytes a second for %d s", where(t),
					  pf_fetch_low_speed_limit, pf_fetch_low_speed_time),
			 "Raise paperfeed.low_speed_time if the source is known to be slow.");
	else
		fail(t, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
			 psprintf("could not %s %s within %d ms",
					  resolved > 0 ? "connect to" : "resolve the host of", where(t),
					  pf_fetch_connect_timeout),
			 "Raise paperfeed.connect_timeout if the network is known to be slow.");
}

static void
too_large(PfTransfer *t)
{
	fail(t, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
		 psprintf("the document at %s is larger than %d kB", where(t), pf_fetch_max_body),
		 "Raise paperfeed.max_body_size, or ask the source for smaller pages.");
}

static void
header_too_large(PfTransfer *t)
{
	fail(t, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
		 psprintf("the header of %s is too large", where(t)),
		 "The source is at fault; tell its owner.");
}

/*
 * The faults that libcurl finds.
 */
static void
failed(PfTransfer *t, CURLcode code)
{
	long		os_error = 0;

	/* Old versions say that memory is out for a line of the header over their limit. */
	if (code == CURLE_OUT_OF_MEMORY || code == PF_CURLE_TOO_LARGE)
	{
		header_too_large(t);
		return;
	}

	switch (code)
	{
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
			fail(t, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
				 psprintf("could not resolve the host of %s", where(t)),
				 "Check its name, and that the database server reaches a name server.");
			break;

		case CURLE_COULDNT_CONNECT:
			curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error);
			fail(t, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
				 psprintf("could not connect to %s: %s", where(t),
						  os_error != 0 ? strerror((int) os_error) : "no connection"),
				 "Check host and port, and that the database server may open connections to them.");
			break;

		case CURLE_OPERATION_TIMEDOUT:
			timed_out(t);
			break;

		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_ENGINE_NOTFOUND:
		case CURLE_SSL_ENGINE_SETFAILED:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_USE_SSL_FAILED:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CRL_BADFILE:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		case CURLE_SSL_INVALIDCERTSTATUS:
			fail(t, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
				 psprintf("could not make a secure connection to %s: %s", where(t),
						  reason(t, code)),
				 "Check the certificate of the source, and the CA certificates and the clock of "
				 "the database server.");
			break;

		case CURLE_BAD_CONTENT_ENCODING:
		case CURLE_WRITE_ERROR: /* a decoder's, as our callback has set a fault */
			fail(t, ERRCODE_PROTOCOL_VIOLATION,
				 psprintf("the body of %s is not in its Content-Encoding%s%s", where(t),
						  code == CURLE_WRITE_ERROR ? "" : ": ",
						  code == CURLE_WRITE_ERROR ? "" : reason(t, code)),
				 "The source is at fault; try again later or tell its owner.");
			break;

		case CURLE_PARTIAL_FILE:
		case CURLE_HTTP2_STREAM:
			fail(t, ERRCODE_CONNECTION_FAILURE,
				 psprintf("the document at %s broke off: %s", where(t), reason(t, code)),
				 "Try again later.");
			break;

		case CURLE_GOT_NOTHING:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
			fail(t, ERRCODE_CONNECTION_FAILURE,
				 psprintf("%s closed the connection without a complete answer: %s", where(t),
						  reason(t, code)),
				 "Try again later.");
			break;

		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_HTTP2:
			fail(t, ERRCODE_PROTOCOL_VIOLATION,
				 psprintf("%s did not answer in HTTP: %s", where(t), reason(t, code)),
				 "Check that the address is a web server's.");
			break;

		default:
			fail(t, ERRCODE_CONNECTION_FAILURE,
				 psprintf("could not fetch %s: %s", where(t), reason(t, code)), NULL);
			break;
	}
}

/*
 * A redirect to 'location'.  True if t->url now is the next hop's.
 */
static bool
redirect(PfTransfer *t, PfStr location)
{
	char	   *from = pf_address_public(t->url);
	const char *problem;

	if (t->response->redirects >= pf_fetch_max_redirects)
	{
		fail(t, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			 psprintf("%s redirects again, after %d redirect%s", pf_address_shown(from),
					  t->response->redirects, t->response->redirects == 1 ? "" : "s"),
			 "Check the address in a browser; the limit is paperfeed.max_redirects.");
		return false;
	}

	problem = pf_address_set(t->url, location);
	if (problem != NULL)
	{
		/* The target is the server's word, so it cannot hold a secret of ours. */
		fail(t, ERRCODE_INSUFFICIENT_PRIVILEGE,
			 psprintf("%s redirects to \"%s\", which cannot be followed: %s",
					  pf_address_shown(from),
					  pf_address_shown(pnstrdup(location.s, location.len)), problem),
			 "Check the address in a browser.");
		return false;
	}

	/* Our password goes back to where it belongs, and nobody else's anywhere. */
	if (curl_url_set(t->url, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
		curl_url_set(t->url, CURLUPART_PASSWORD, NULL, 0) != CURLUE_OK)
		pf_fetch_no_memory();
	if (pf_address_same(t->origin, pf_address_origin(t->url)))
	{
		if ((t->user != NULL &&
			 curl_url_set(t->url, CURLUPART_USER, t->user, 0) != CURLUE_OK) ||
			(t->password != NULL &&
			 curl_url_set(t->url, CURLUPART_PASSWORD, t->password, 0) != CURLUE_OK))
			pf_fetch_no_memory();
	}
	t->response->redirects++;
	return true;
}

static bool
redirects(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static const char *
hint_for_status(int status)
{
	switch (status)
	{
		case 401:
		case 403:
			return "The source wants a password or a key, or does not serve this reader.";
		case 404:
			return "Check the address; the feed may have moved.";
		case 410:
			return "The feed has ended.";
		case 406:
		case 429:
		case 503:
			return "The source asks to be read less often; try again later.";
		default:
			return status >= 500 ? "The source is at fault; try again later." : NULL;
	}
}

/*
 * An answer that is no redirect.
 */
static void
answered(PfTransfer *t, int status)
{
	PfResponse *r = t->response;

	r->http_status = status;
	r->content_type = field(t, "Content-Type", 0, PF_FETCH_MAX_TYPE);
	if (!t->odd_header)
	{
		r->etag = field(t, "ETag", 0, PF_FETCH_MAX_VALIDATOR);
		r->last_modified = field(t, "Last-Modified", 0, PF_FETCH_MAX_VALIDATOR);
	}
	r->retry_after = retry_after(t);
	r->max_age = max_age(t);
	r->body = (PfStr) {t->body != NULL ? t->body : "", (int) t->body_len};

	if (status >= 200 && status < 300 && status != 206)
		r->status = PF_FETCH_OK;
	else if (status == 304 && (t->etag != NULL || t->last_modified != NULL))
		r->status = PF_FETCH_NOT_MODIFIED;
	else
	{
		r->status = PF_FETCH_HTTP_ERROR;
		r->sqlstate = ERRCODE_CONNECTION_EXCEPTION;
		r->error = psprintf(redirects(status) ?
							"%s redirects (HTTP status %d) to no usable address" :
							"%s answered with HTTP status %d", where(t), status);
		r->hint = hint_for_status(status);
		return;
	}
	if (r->redirects > 0 && t->all_permanent)
		r->moved_permanently_url = pf_str(pf_address_get(t->url, CURLUPART_URL));
}

/*
 * Did the header arrive, so that a status other than 2xx has said all that
 * matters?
 */
static bool
only_body(CURLcode code)
{
	return code == CURLE_PARTIAL_FILE || code == CURLE_BAD_CONTENT_ENCODING ||
		code == CURLE_WRITE_ERROR || code == CURLE_RECV_ERROR || code == CURLE_HTTP2_STREAM;
}

static void
give_body_back(PfTransfer *t)
{
	free(t->body);
	t->body = NULL;
	t->body_len = t->body_size = 0;
}

bool
pf_transfer_done(PfTransfer *t, CURLcode code)
{
	MemoryContext old = MemoryContextSwitchTo(t->context);
	PfResponse *r = t->response;
	curl_off_t	wire = 0;
	long		status = 0;
	bool		again = false;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire);
	r->wire_bytes += wire;
	r->http_status = (int) status;

	if (t->fault == PF_FAULT_MEMORY)
		pf_fetch_no_memory();
	else if (t->fault == PF_FAULT_TOO_LARGE)
		too_large(t);
	else if (t->fault == PF_FAULT_HEADERS)
		header_too_large(t);
	else if (code != CURLE_OK && t->fault != PF_FAULT_ENOUGH &&
			 !(status >= 300 && only_body(code)))
	{
		if (t->refused != NULL && !t->opened)
			pf_transfer_refused(t, t->refused, t->refused_address, t->refused_len,
								t->refused_port);
		else
			failed(t, code);
	}
	else
	{
		PfStr		location = PF_STR_NONE;

		if (code != CURLE_OK)
			r->body_cut = true;

		if (redirects((int) status))
		{
			location = field(t, "Location", 0, PF_FETCH_MAX_URL);
			t->all_permanent = t->all_permanent && (status == 301 || status == 308);
		}
		if (location.s != NULL)
			again = redirect(t, location);
		else
			answered(t, (int) status);
	}

	if (r->status == PF_FETCH_FAILED && !again)
		give_body_back(t);
	MemoryContextSwitchTo(old);
	return again;
}
