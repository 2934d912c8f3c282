/*-------------------------------------------------------------------------
 *
 * oai_dc.h
 *		Dublin Core as the repositories of OAI-PMH fill it in.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_OAI_DC_H
#define PF_OAI_DC_H

#include "feed/format.h"

/*
 * Read the elements below 'metadata' into 'rec', whose source and (arXiv)
 * first identity are set.  False if there is nothing of Dublin Core in it.
 */
extern bool pf_oai_dc_read(PfDoc *doc, const PfNode *metadata, PfRecord *rec);

#endif							/* PF_OAI_DC_H */
