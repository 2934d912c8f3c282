/*-------------------------------------------------------------------------
 *
 * urls.h
 *		Addresses: splitting, resolving (RFC 3986), canonical form.
 *
 * Results are palloc'd in CurrentMemoryContext.  Nothing here raises an error
 * over what an address says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_URLS_H
#define PF_URLS_H

#include "common/strings.h"

typedef struct PfUrl
{
	PfStr		scheme;			/* without ":"; none if relative */
	PfStr		userinfo;
	PfStr		host;			/* without brackets */
	int			port;			/* -1 = none given */
	PfStr		path;
	PfStr		query;			/* without "?"; none if absent */
	PfStr		fragment;		/* without "#"; none if absent */
} PfUrl;

/*
 * Split by RFC 3986 appendix B; false for what no address can be (control
 * bytes, blanks inside, a bad host or port).
 */
extern bool pf_url_split(PfStr in, PfUrl *out);

/*
 * Resolve 'ref' against 'base' (RFC 3986 section 5.2).  'ref' is trimmed
 * first and blanks inside are encoded.  If there is no base, an absolute ref
 * is given back as it is.  None when the ref is empty, when the result would
 * not be absolute, or its scheme is not http, https, ftp or mailto.
 */
extern PfStr pf_url_resolve(PfStr base, PfStr ref);

/*
 * The form under which two links to one page are equal: scheme and host in
 * lower case, default port, fragment, userinfo, tracking parameters (utm_*, rss, fbclid ...),
 * "www." and a slash at the end of the path left out, http written as https,
 * percent-encoding of unreserved characters undone, dot segments removed.
 * None if it is not http(s).
 */
extern PfStr pf_url_canonical(PfStr in);

/* The value of a parameter of the query as it is spelled there; none if it has none. */
extern PfStr pf_url_param(PfStr url, const char *name);

/*
 * The address with a parameter set to 'value', which is percent-encoded here,
 * or without it if that is none.  The parameter goes to the end, other ones stay
 * as they are, a fragment is left out.  None if it is no address.
 */
extern PfStr pf_url_with_param(PfStr url, const char *name, PfStr value);

/* Percent-decoded copy; invalid sequences stay as they are. */
extern PfStr pf_url_decode(PfStr in);

#endif							/* PF_URLS_H */
