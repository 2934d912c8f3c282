/*-------------------------------------------------------------------------
 *
 * rules.h
 *		What the user wants to keep, drop, tag and boost.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_RULES_H
#define PF_RULES_H

#include "ingest/criteria.h"

/* In the order in which they are asked. */
typedef enum PfAction
{
	PF_ACTION_DROP,
	PF_ACTION_KEEP,
	PF_ACTION_TAG,
	PF_ACTION_BOOST,
	PF_NACTIONS
} PfAction;

typedef struct PfRule
{
	int64		id;
	PfStr		name;
	PfAction	action;
	PfCriteria	criteria;
	PfStrings	feed_tags;		/* none = any feed */
} PfRule;

/* Those that are enabled, sorted by action and id. */
typedef struct PfRules
{
	PfRule	   *items;
	int			n;
	int			first[PF_NACTIONS + 1]; /* of an action; the last one is n */
} PfRules;

/* As of now, whatever the transaction's snapshot.  Valid until the next call. */
extern const PfRules *pf_rules(void);

/* Would a record from a feed with these tags make a new paper?  If not, *why says so. */
extern bool pf_rules_want(const PfRules *rules, PfSubject *subject, const PfStrings *feed_tags,
						  PfStr *why);

/* Keep out what rules do not let in from a feed with these tags, which must outlive the writer. */
extern void pf_rules_filter(PfWriter *writer, Oid target, const PfStrings *feed_tags);

/* rules_mark.c: tags and boosts */

/*
 * Make the matches of papers with the rules of action tag and boost what they
 * are.  The papers are locked, or nobody else sees them.  SPI is connected.
 */
extern void pf_rules_mark(const Datum *papers, const PfRow *const *rows, int n,
						  int64 *added, int64 *removed);

extern void pf_rules_init(void);	/* from _PG_init, before the signals' */

#endif							/* PF_RULES_H */
