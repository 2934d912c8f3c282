/*-------------------------------------------------------------------------
 *
 * submit.h
 *		What was submitted, and how it is found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_SUBMIT_H
#define PF_SUBMIT_H

#include "postgres.h"

#include "paper/paperid.h"

typedef struct PfSource
{
	text	   *text;			/* as it was submitted */
	PfScheme	scheme;			/* PF_SCHEME_NONE: a title */
	text	   *id;				/* canonical; NULL for a title */
} PfSource;

extern PfSource pf_source_read(text *source);

/*
 * The paper in paperfeed.papers, see pf_reader_paper; NULL if there is none,
 * and then, if more than one has the title, why.  SPI is connected.
 */
extern text *pf_source_paper(const PfSource *source, const char **problem);

/* May the caller ask for it?  SPI is connected, as for the next. */
extern bool pf_source_allowed(const PfSource *source);

/*
 * Ask the service that has it and write the paper, with the caller's rights.
 * Returns what went wrong, or NULL.  Nothing may be locked meanwhile.  A title
 * that the service knows becomes the identity of its paper.
 */
extern const char *pf_source_fetch(PfSource *source);

/* How long to wait between two requests for sources of its kind, in milliseconds. */
extern int	pf_source_pause(const PfSource *source);

#endif							/* PF_SUBMIT_H */
