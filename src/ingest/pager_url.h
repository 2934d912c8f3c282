/*-------------------------------------------------------------------------
 *
 * pager_url.h
 *		The addresses that services want for a page of a range of days.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PAGER_URL_H
#define PF_PAGER_URL_H

#include "ingest/pager.h"

/* The kind that the form of an address tells; false if it is known to have no pages. */
extern bool pf_pager_recognize(PfStr url, PfPagerKind *kind);

/* The days that the address itself asks for. */
extern void pf_pager_own_days(PfPagerKind kind, PfStr url, DateADT *from, DateADT *to);

/* The first page of the window, or the one from pager->seen on where records are counted. */
extern PfStr pf_pager_window_url(const PfPager *pager);

/* OAI-PMH. */
extern PfStr pf_pager_identify_url(const PfPager *pager);
extern PfStr pf_pager_token_url(const PfPager *pager, PfStr token);

/* Hugging Face: another page of the same day. */
extern PfStr pf_pager_day_url(const PfPager *pager, int page);

#endif							/* PF_PAGER_URL_H */
