/*-------------------------------------------------------------------------
 *
 * transfer.h
 *		A request under way: what the files of this room share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_TRANSFER_H
#define PF_TRANSFER_H

#include <curl/curl.h>

#include "compat.h"				/* after curl.h, whose version it looks at */
#include "fetch/fetch.h"
#include "fetch/guard.h"
#include "lib/ilist.h"
#include "utils/palloc.h"

/* What a callback found and could not say to libcurl. */
typedef enum PfFault
{
	PF_FAULT_NONE,
	PF_FAULT_MEMORY,			/* malloc gave nothing */
	PF_FAULT_TOO_LARGE,			/* the body is over the limit */
	PF_FAULT_HEADERS,			/* the header is over its limit */
	PF_FAULT_ENOUGH				/* all that is wanted of this body has come: no fault */
} PfFault;

/*
 * One request.  Lives in 'context', a child of the set's; 'callback' releases
 * what libcurl and malloc own when that goes.  Callbacks of libcurl write to
 * the plain members only.
 */
typedef struct PfTransfer
{
	dlist_node	node;			/* in the set's list of waiting or of finished ones */
	PfFetchSet *set;
	MemoryContext context;
	MemoryContextCallback callback;
	PfResponse *response;

	/* The request. */
	CURLU	   *url;			/* of this hop */
	char	   *origin;			/* scheme, host and port of the first hop: "https://host:443" */
	char	   *user;			/* of the first hop's URL, still encoded, or NULL */
	char	   *password;
	const char *accept;
	const char *etag;			/* clean, or NULL */
	const char *last_modified;
	const char **extra;			/* header lines */
	int			n_extra;
	int			timeout_ms;

	/* Owned by libcurl. */
	CURL	   *easy;
	struct curl_slist *headers;
	bool		added;			/* to the set's multi handle */
	bool		reserved;		/* a file descriptor */
	char		errbuf[CURL_ERROR_SIZE];

	/* The hop as the guard sees it. */
	char	   *host;			/* without brackets */
	int			port;
	bool		opened;			/* some address was let through */
	const char *refused;		/* why the last address was not; NULL if none was refused */
	uint8		refused_address[16];
	int			refused_len;
	int			refused_port;

	/* What has come. */
	double		started;		/* pf_fetch_now() */
	bool		all_permanent;
	PfFault		fault;
	size_t		header_bytes;	/* of this hop */
	int			header_lines;
	bool		odd_header;		/* a line had control characters inside */
	size_t		dropped;		/* bytes of a redirect's body */
	char	   *body;			/* malloc'd */
	size_t		body_len;
	size_t		body_size;
	size_t		body_max;
} PfTransfer;

/* settings.c */
extern char *pf_fetch_contact;
extern int	pf_fetch_timeout;
extern int	pf_fetch_connect_timeout;
extern int	pf_fetch_low_speed_limit;
extern int	pf_fetch_low_speed_time;
extern int	pf_fetch_max_body;
extern int	pf_fetch_max_redirects;
extern bool pf_fetch_use_proxy;
extern const PfGuardList *pf_fetch_allowed;

/* fetch.c */
extern double pf_fetch_now(void);	/* milliseconds of a clock that never goes back */
extern _Noreturn void pf_fetch_no_memory(void);

/* address.c */

/*
 * Set 'url' to 'address', which may be relative to what 'url' holds.  NULL if
 * it is a usable http or https URL; else the reason why not, palloc'd or static.
 */
extern const char *pf_address_set(CURLU *url, PfStr address);
extern char *pf_address_get(CURLU *url, CURLUPart part);	/* palloc'd, or NULL if it has none */
extern char *pf_address_origin(CURLU *url);
extern char *pf_address_public(CURLU *url); /* without user and password */
extern bool pf_address_same(const char *origin, const char *other);
extern const char *pf_address_shown(const char *address);	/* for messages: short, printable */

/* request.c */

/* Copy the request; raises an error for the caller's faults. */
extern void pf_transfer_prepare(PfTransfer *t, const PfRequest *request);

/* Make t->easy ready for the hop that t->url names; false if the hop is refused already. */
extern bool pf_transfer_hop(PfTransfer *t);

/* response.c */

/*
 * The hop has ended with 'code'.  True if t->url now names the next hop; else
 * the response is complete.
 */
extern bool pf_transfer_done(PfTransfer *t, CURLcode code);
extern void pf_transfer_refused(PfTransfer *t, const char *why, const uint8 *address, int len,
								int port);
extern void pf_transfer_too_late(PfTransfer *t);

#endif							/* PF_TRANSFER_H */
