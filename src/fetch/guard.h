/*-------------------------------------------------------------------------
 *
 * guard.h
 *		Which addresses a request may lead to.
 *
 * Pure: no memory is taken, nothing is raised, so all of it may be called
 * inside libcurl's callbacks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_GUARD_H
#define PF_GUARD_H

#include "common/strings.h"

#define PF_GUARD_MAX_NAME		253 /* a host's name, by RFC 1035 */
#define PF_GUARD_MAX_ENTRIES	256 /* of paperfeed.allow_private_hosts */

/* An entry of the list of private hosts that are allowed all the same. */
typedef struct PfGuardEntry
{
	uint8		len;			/* of 'address': 4 or 16; 0 = the entry is a name */
	uint8		bits;			/* of the prefix */
	uint8		address[16];
	uint16		port;			/* 0 = any */
	char		name[PF_GUARD_MAX_NAME + 1];	/* lower case, no dot at the end */
} PfGuardEntry;

typedef struct PfGuardList
{
	int			n;
	PfGuardEntry entries[FLEXIBLE_ARRAY_MEMBER];
} PfGuardList;

/*
 * What an address in network order ('len' 4 or 16) is for, if it is not a
 * public host's: "loopback", "private" ...; NULL if it is public.
 */
extern const char *pf_guard_reason(const uint8 *address, int len);

/*
 * May a connection be opened to 'address' and 'port', where the request's URL
 * names 'host' (without brackets)?  NULL if so, else the reason why not.
 * 'list' may be NULL.
 */
extern const char *pf_guard_refuses(const PfGuardList *list, PfStr host, int port,
									const uint8 *address, int len);

/* Read a numeric address (no brackets, no prefix); gives its length, 0 if it is none. */
extern int	pf_guard_address(PfStr in, uint8 *address);

/*
 * Read entries separated by commas: a name, an address or a prefix (CIDR), the first
 * two with ":port" if wanted, IPv6 in brackets then.  Fills 'entries' (at most
 * 'max') and gives their number; -1 with the culprit in '*bad' if one is
 * malformed or too many.
 */
extern int	pf_guard_parse(PfStr in, PfGuardEntry *entries, int max, PfStr *bad);

#endif							/* PF_GUARD_H */
