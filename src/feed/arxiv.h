/*-------------------------------------------------------------------------
 *
 * arxiv.h
 *		What arXiv's feeds have in common, whatever carries them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_ARXIV_H
#define PF_ARXIV_H

#include "feed/format.h"

/*
 * Take an identifier out of its spelling: "oai:arXiv.org:2303.12345v2",
 * "arXiv:hep-th/9901001", "http://arxiv.org/abs/...", "https://arxiv.org/pdf/...v1.pdf" or
 * the bare identifier.  'id' is a part of 'in' without the version,
 * 'version' is 0 where none is named.
 */
extern bool pf_arxiv_id(PfStr in, PfStr *id, int *version);

/* Is this an address on arxiv.org or another of arXiv's hosts of papers? */
extern bool pf_arxiv_is_host(PfStr url);

/*
 * Make 'in' the record's first identity and set version, page and PDF;
 * false, and nothing set, if it is no arXiv identifier.
 */
extern bool pf_arxiv_identify(PfRecord *rec, PfStr in);

/* "10.1/a 10.1/b", "10.1/a, 10.1/b", "10.1/a; 10.1/b" */
extern void pf_arxiv_dois(PfRecord *rec, PfStr in);

/* "cs.AI", "hep-th": a category rather than a class of MSC or ACM? */
extern bool pf_arxiv_is_category(PfStr a);

/*
 * The category that arXiv calls "Mathematics - Combinatorics" ("math.CO"),
 * static; none if unknown.
 */
extern PfStr pf_arxiv_subject(PfStr name);

/* "cs.CL", "hep-th" or "cs" as arXiv spells it, ASCII case disregarded; static; none if unknown. */
extern PfStr pf_arxiv_category_code(PfStr a);

/*
 * Add what a feed lists among categories: codes as they are, names as codes,
 * classes of MSC and ACM to rec->extra.
 */
extern void pf_arxiv_category(PfRecord *rec, PfStr a);

/* One name, TeX resolved. */
extern PfStr pf_arxiv_name(PfStr in);

/* "A. B. Given, C. Given (affiliation) and D. Given", TeX inside; appended to 'list'. */
extern void pf_arxiv_authors(PfStrings *list, PfStr in);

/* Set the comment, and what it says of a withdrawal. */
extern void pf_arxiv_comment(PfRecord *rec, PfStr in);

/* Set the abstract, and what its first words say of a withdrawal. */
extern void pf_arxiv_abstract(PfRecord *rec, PfStr in);

/*
 * "Title. (arXiv:2001.00001v1 [cs.AI] UPDATED)", as arXiv's feeds had it until
 * 2023; gives back the title alone.
 */
extern PfStr pf_arxiv_title(PfStr in, PfRecord *rec);

/*
 * Note when a daily announcement listed the paper.  That is the day on which
 * a new paper came out, and one that is listed in another subject while its
 * identifier is of these weeks; of an older or replaced one it tells nothing.
 */
extern void pf_arxiv_announced(PfRecord *rec, TimestampTz when);

#endif							/* PF_ARXIV_H */
