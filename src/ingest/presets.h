/*-------------------------------------------------------------------------
 *
 * presets.h
 *		Addresses of the services' feeds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PRESETS_H
#define PF_PRESETS_H

#include "common/strings.h"

/*
 * Addresses, palloc'd; none where what is asked for is not of the service's form.
 * 'max_results' 0 is the service's own.
 */
extern PfStr pf_preset_arxiv(const PfStrings *categories);
extern PfStr pf_preset_arxiv_query(PfStr query, int max_results);

/* Either may be none; 'since' is "2025-02-18". */
extern PfStr pf_preset_arxiv_oai(PfStr set, PfStr since);

/* "date" and a day, "week", "month", "sort" and "trending"; NULL = the latest. */
extern PfStr pf_preset_huggingface(const char *what, PfStr value);

extern PfStr pf_preset_biorxiv(const char *server, PfStr collection);	/* "biorxiv", "medrxiv" */
extern PfStr pf_preset_pubmed(PfStr query, int max_results);
extern PfStr pf_preset_openreview(PfStr venue);
extern PfStr pf_preset_acl(PfStr collection);
extern PfStr pf_preset_dblp(PfStr query, int max_results);
extern PfStr pf_preset_semantic_scholar(PfStr query);

#endif							/* PF_PRESETS_H */
