/*-------------------------------------------------------------------------
 *
 * paperid.h
 *		A paper's identity: canonical "scheme:value".
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PAPERID_H
#define PF_PAPERID_H

#include "common/strings.h"
#include "fmgr.h"

/*
 * In falling order of authority: the identity of a paper is the first of
 * these that any of its records carries.
 */
typedef enum PfScheme
{
	PF_SCHEME_ARXIV,
	PF_SCHEME_DOI,
	PF_SCHEME_PMID,
	PF_SCHEME_ACL,
	PF_SCHEME_OPENREVIEW,
	PF_SCHEME_URL,
	PF_SCHEME_OAI,				/* a record of a repository that is not arXiv's */
	PF_SCHEME_HASH,
	PF_SCHEME_NONE				/* not an identity */
} PfScheme;

#define PF_PAPERID_MAX	1024	/* bytes of the canonical form */

/*
 * Read any spelling of an identity.  On success '*canonical' is palloc'd
 * "scheme:value" ending in NUL, '*version' the version that the spelling
 * named ("v2" -> 2) or 0.  Either may be NULL.  Returns PF_SCHEME_NONE,
 * never an error, for what is no identity.
 */
extern PfScheme pf_paperid_read(PfStr in, PfStr *canonical, int *version);

/* The scheme of a canonical identity. */
extern PfScheme pf_paperid_scheme(PfStr canonical);

/* "hash:" and 32 hexadecimal digits of SHA-256 over folded title and first author. */
extern PfStr pf_paperid_hash(PfStr title, PfStr first_author);

/* The page for people of a canonical identity; none for hash. palloc'd. */
extern PfStr pf_paperid_url(PfStr canonical);

#endif							/* PF_PAPERID_H */
