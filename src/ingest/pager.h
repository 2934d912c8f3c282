/*-------------------------------------------------------------------------
 *
 * pager.h
 *		Where a source's history begins, and which page comes next: no
 *		database and no network.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PAGER_H
#define PF_PAGER_H

#include "feed/feed.h"
#include "utils/date.h"

typedef enum PfPagerKind
{
	PF_PAGER_LINKS,				/* documents that name the next one */
	PF_PAGER_OAI,
	PF_PAGER_ARXIV,
	PF_PAGER_BIORXIV,
	PF_PAGER_CROSSREF,
	PF_PAGER_OPENALEX,
	PF_PAGER_S2,
	PF_PAGER_DAILY				/* Hugging Face: one list a day */
} PfPagerKind;

/* Days without an end, or a beginning, are DATEVAL_NOEND and DATEVAL_NOBEGIN. */
typedef struct PfPager
{
	PfPagerKind kind;
	PfStr		feed;			/* its address, without user:password@ */
	DateADT		since;

	PfStr		next;			/* address of the page to be read */
	DateADT		from;			/* first and last day of the window that it belongs to */
	DateADT		to;
	int64		total;			/* records of the window as the service says; -1 = not known */
	int64		seen;			/* records of the window that were read */
	int			restarts;		/* of the window */
	int64		pages;			/* that were read */
	PfStr		landmark;		/* one of them, to notice a circle */
	bool		has_checksum;
	uint64		checksum;		/* of the last one */
	TimestampTz reached;		/* how far back it is, if pages come newest first */
	const char *note;			/* on the last step, for people; NULL = nothing to say */
} PfPager;

typedef enum PfPageFault
{
	PF_PAGE_GOOD,
	PF_PAGE_TEMPORARY,			/* it may do better if it is asked again */
	PF_PAGE_BAD
} PfPageFault;

/* What came of a page. */
typedef struct PfPage
{
	PfPageFault fault;
	int			http_status;
	PfStr		error_code;		/* the service's own */
	const PfFeedInfo *info;		/* NULL if there was no document */
	uint64		checksum;
	int			attempt;		/* 0 = the first time that it was asked for */
	DateADT		today;
} PfPage;

typedef enum PfStep
{
	PF_STEP_NEXT,				/* ask for the page 'next' */
	PF_STEP_AGAIN,				/* it is the same as before */
	PF_STEP_DONE,
	PF_STEP_FAILED				/* it is the same, for whoever wants to try later */
} PfStep;

extern const char *pf_pager_kind_name(PfPagerKind kind);

/*
 * Find out the kind of a feed from its address, and where to begin: with the
 * day 'since', or as early as the address and the service allow.  False if it
 * is known that there is no way to page through it.
 */
extern bool pf_pager_begin(PfPager *pager, PfStr feed, DateADT since, DateADT today);

/*
 * What follows from a page.  Strings are palloc'd in CurrentMemoryContext, or
 * belong to the pager or the page.
 */
extern PfStep pf_pager_step(PfPager *pager, const PfPage *page);

/* Have they the same scheme, host and port, so that one's password is for the other, too? */
extern bool pf_pager_same_origin(PfStr a, PfStr b);

/* The page's address with the user:password@ of the feed's, if they have the same origin. */
extern PfStr pf_pager_request_url(PfStr feed, PfStr page);

/* A day before the year 1000 is as good as none. */
extern DateADT pf_pager_since(DateADT since);

/* Days since 2000-01-01, UTC. */
extern DateADT pf_day_of(TimestampTz at);

#endif							/* PF_PAGER_H */
