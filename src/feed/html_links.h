/*-------------------------------------------------------------------------
 *
 * html_links.h
 *		Links of an HTML page that lead to feeds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_HTML_LINKS_H
#define PF_HTML_LINKS_H

#include "common/strings.h"

typedef struct PfHtmlLink
{
	bool		alternate;		/* <link rel="alternate">, the page's own word; else <a> */
	PfStr		url;			/* absolute, http or https */
	PfStr		title;			/* or none */
	const char *type;			/* "rss", "atom", "rdf", "json feed", "xml"; NULL = not said */
} PfHtmlLink;

/* Gets a link that is gone afterwards, in the caller's memory context. */
typedef void (*PfHtmlLinkFn) (const PfHtmlLink *link, void *arg);

/*
 * Hand on the links of a page, in UTF-8, that was found at 'base': what says that
 * it is a feed, and what by its address looks like one.  False if this is no HTML.
 */
extern bool pf_html_links(PfStr page, PfStr base, PfHtmlLinkFn fn, void *arg);

#endif							/* PF_HTML_LINKS_H */
