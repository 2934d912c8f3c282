/*-------------------------------------------------------------------------
 *
 * owner.h
 *		Do something to the extension's own tables as their owner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_OWNER_H
#define PF_OWNER_H

#include "postgres.h"

typedef struct PfAsOwner
{
	Oid			user;
	int			context;
	int			nest;
} PfAsOwner;

/*
 * Between these, SQL runs with the rights of the owner of paperfeed.papers
 * and a safe search_path.  Only statements of ours on tables of ours belong
 * there.  An error in between is undone with the (sub)transaction.
 */
extern void pf_as_owner_begin(PfAsOwner *saved);
extern void pf_as_owner_end(const PfAsOwner *saved);

#endif							/* PF_OWNER_H */
