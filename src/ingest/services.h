/*-------------------------------------------------------------------------
 *
 * services.h
 *		What the address of a service's page tells of its feeds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_SERVICES_H
#define PF_SERVICES_H

#include "common/strings.h"

typedef void (*PfServiceFn) (PfStr url, PfStr title, const char *type, void *arg);

/* Hand on the feeds of a page of a service that is known; none if it is not. */
extern void pf_service_feeds(PfStr page, PfServiceFn fn, void *arg);

#endif							/* PF_SERVICES_H */
