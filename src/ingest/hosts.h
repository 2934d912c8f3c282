/*-------------------------------------------------------------------------
 *
 * hosts.h
 *		When a host may be asked: its spacing, its connections, its word.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_HOSTS_H
#define PF_HOSTS_H

#include "fetch/fetch.h"

typedef struct PfHosts PfHosts;	/* the hosts that one job has to do with */
typedef struct PfHost PfHost;
typedef struct PfTurn PfTurn;	/* leave to make one request */

/* Lives in CurrentMemoryContext, which must outlast transactions, and keeps its locks with it. */
extern PfHosts *pf_hosts_begin(void);

/* The host that 'url' goes by.  SPI is connected. */
extern PfHost *pf_hosts_get(PfHosts *hosts, PfStr url);

extern PfStr pf_host_name(const PfHost *host);
extern void **pf_host_data(PfHost *host);	/* the caller's own; NULL at first */

/*
 * May a request start now?  If so the turn is noted and a connection is held
 * until pf_turn_end, and the caller is to commit before he makes the request.
 * Else NULL, and '*wait_ms' is how long to wait before asking again, '*why' the
 * reason if the host is blocked (else none).  SPI is connected.
 */
extern PfTurn *pf_host_turn(PfHost *host, int64 *wait_ms, PfStr *why);

/*
 * The request has ended: note what the host said of being busy, in the current
 * transaction, and give the connection back.  SPI is connected.
 */
extern void pf_turn_end(PfTurn *turn, const PfResponse *response);

/*
 * The same for those who ask one thing after the other: waits for a turn, and
 * commits.  NULL if the host is blocked for longer than 'max_wait_ms'.
 */
extern PfTurn *pf_host_wait_turn(PfHost *host, int64 max_wait_ms, PfStr *why);

extern void pf_hosts_init(void);	/* defines the settings; from _PG_init */

#endif							/* PF_HOSTS_H */
