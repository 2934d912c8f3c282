/*-------------------------------------------------------------------------
 *
 * fetch.h
 *		An address to bytes, a status and validators; many at once.
 *
 * A feed's fault is data: a host that does not resolve, a refused or private
 * address, a timeout, bad TLS, too much of anything comes back as a response
 * of status PF_FETCH_FAILED with an SQLSTATE and a text for people.  Raised as
 * errors are only the caller's faults (an address that is no http or https
 * URL, a bad extra header), cancel and statement_timeout, and lack of memory.
 *
 * Nothing here touches the database: no snapshot, lock or transaction is
 * needed, and none should be held, while a request is under way.  What
 * libcurl and malloc own hangs on memory contexts whose reset callbacks
 * release it, so an error anywhere needs no clean-up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_FETCH_H
#define PF_FETCH_H

#include "common/strings.h"

/* Longest address, validator (ETag, Last-Modified) and Content-Type that are sent or handed on. */
#define PF_FETCH_MAX_URL		4096
#define PF_FETCH_MAX_VALIDATOR	1024
#define PF_FETCH_MAX_TYPE		256

/* Seconds of Retry-After and of max-age that are believed. */
#define PF_FETCH_MAX_WAIT		(7 * 24 * 60 * 60)

/* Bytes of the body of an error (4xx, 5xx) that are kept; the rest is cut off. */
#define PF_FETCH_MAX_ERROR_BODY (256 * 1024)

/* Requests of one set that are under way at once; more wait their turn. */
#define PF_FETCH_MAX_ACTIVE		32

/*
 * What to ask for.  Only 'url' is needed; zero the rest.  The strings are
 * copied.  A validator with control bytes or over-long is left out, as it came
 * from a server; an extra header that is no "Name: value" is an error.
 */
typedef struct PfRequest
{
	PfStr		url;			/* http or https; may carry user:password@ */
	PfStr		etag;			/* as a response gave it, for If-None-Match */
	PfStr		last_modified;	/* as a response gave it, for If-Modified-Since */
	PfStr		accept;			/* none = feeds of any format */
	PfStrings	headers;		/* "Name: value"; not sent on to other hosts by redirects */
	int			timeout_ms;		/* for all of it; 0 = paperfeed.fetch_timeout */
	void	   *tag;			/* the caller's own, given back in the response */
} PfRequest;

typedef enum PfFetchStatus
{
	PF_FETCH_OK,				/* a 2xx status and a complete body */
	PF_FETCH_NOT_MODIFIED,		/* 304 to a request with validators */
	PF_FETCH_HTTP_ERROR,		/* any other status; the body is kept, see above */
	PF_FETCH_FAILED				/* no usable answer; 'error' says why */
} PfFetchStatus;

typedef struct PfResponse
{
	PfFetchStatus status;
	int			http_status;	/* of the last hop; 0 = none came */
	void	   *tag;			/* of the request */
	int			redirects;		/* hops followed */
	PfStr		effective_url;	/* of the last hop, without user:password@: a base URL */

	/*
	 * Where the feed lives now: set only if there were redirects, all of them
	 * permanent (301, 308), and the last hop answered with PF_FETCH_OK or
	 * PF_FETCH_NOT_MODIFIED.  user:password@ is kept within the same host.
	 */
	PfStr		moved_permanently_url;

	/* Header fields of the last hop, trimmed, valid UTF-8 without control bytes; none if absent. */
	PfStr		content_type;
	PfStr		etag;
	PfStr		last_modified;
	int			retry_after;	/* seconds from now, at most PF_FETCH_MAX_WAIT; -1 = not said */
	int			max_age;		/* seconds it is fresh (Cache-Control, Expires); -1 = not said */

	PfStr		body;			/* decoded; as the server sent it, in any charset */
	bool		body_cut;		/* of a PF_FETCH_HTTP_ERROR: this is not all of it */
	int64		wire_bytes;		/* of all hops' bodies as transferred */
	double		elapsed_ms;

	/* Unless PF_FETCH_OK or PF_FETCH_NOT_MODIFIED. */
	int			sqlstate;
	const char *error;			/* one line, names the address without its password */
	const char *hint;			/* a sentence on what to do, or NULL */
} PfResponse;

/* Defines the settings paperfeed.*; call it once, from _PG_init. */
extern void pf_fetch_init(void);

/* Raises an error (22023) if 'url' is not a usable http or https address; sends nothing. */
extern void pf_fetch_check_url(PfStr url);

/* The same told, not raised: why not, in UTF-8; NULL if it is usable. */
extern const char *pf_fetch_url_problem(PfStr url);

/* Raises the errors that a request with these extra headers would raise. */
extern void pf_fetch_check_headers(const PfStrings *headers);

/*
 * May headers that are for 'url' be sent to 'other'?  If it is of the same origin,
 * as for redirects; not if either of them is not usable.
 */
extern bool pf_fetch_same_origin(PfStr url, PfStr other);

/* 'url' without user:password@, for messages and logs; palloc'd, ends in NUL. */
extern PfStr pf_fetch_public_url(PfStr url);

/*
 * One request.  Waits for its end, with interrupts processed.  The response
 * lives in a child of CurrentMemoryContext, until that is reset or
 * pf_response_free.  No connection outlives the call.
 */
extern PfResponse *pf_fetch(const PfRequest *request);

/* Release a response and its body early. */
extern void pf_response_free(PfResponse *response);

/*
 * A set of requests under way at once.  It lives in a child of
 * CurrentMemoryContext; choose one that outlasts a transaction if the caller
 * commits between responses.  Connections are kept and used again within a set.
 *
 * Time runs for requests under way even when the caller does something else.
 */
typedef struct PfFetchSet PfFetchSet;

extern PfFetchSet *pf_fetch_begin(void);

/* Add a request; it starts as soon as fewer than PF_FETCH_MAX_ACTIVE are under way. */
extern void pf_fetch_add(PfFetchSet *set, const PfRequest *request);

/*
 * The next response in the order of completion, or NULL when none is left.
 * Waits for it at most 'wait_ms' (-1 = as long as it takes; then NULL means
 * that the set is empty).  Give it back with pf_response_free to keep memory
 * low; pf_fetch_end frees those that were not.
 */
extern PfResponse *pf_fetch_next(PfFetchSet *set, int wait_ms);

/* Close connections, give up what is under way, and free the set with its responses. */
extern void pf_fetch_end(PfFetchSet *set);

#endif							/* PF_FETCH_H */
