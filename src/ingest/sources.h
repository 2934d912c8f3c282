/*-------------------------------------------------------------------------
 *
 * sources.h
 *		Adding feeds to paperfeed.feeds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_SOURCES_H
#define PF_SOURCES_H

#include "common/strings.h"
#include "datatype/timestamp.h"

/* A feed as somebody adds it: none, an empty list or NULL is what was not said. */
typedef struct PfSource
{
	PfStr		url;			/* as pf_source_url gives it */
	Oid			target;
	PfStr		title;			/* as pf_source_label gives it, like each of the tags */
	PfStrings	tags;
	Interval   *every;
	PfStrings  *headers;
} PfSource;

/* The http or https address that is meant: trimmed, "feed://" and "feed:https://" understood. */
extern PfStr pf_source_url(PfStr in);

/* Why that is no address of a feed, for people; NULL if it is one. */
extern const char *pf_source_url_problem(PfStr url);

/* One line of text, as long as a name may be: white space and control characters folded. */
extern PfStr pf_source_label(PfStr in);

/* Add one that is not blank and not there yet, as far as there is room. */
extern void pf_source_tag(PfStrings *tags, PfStr tag);

/*
 * These need SPI to be connected, and leave the row's id, title and tags in
 * SPI_tuptable.  The caller has checked the source.
 */
extern void pf_source_add(const PfSource *source);

/*
 * The same, but a feed that refresh() asks already, or that is paused, only gets
 * the tags that it lacks; then false.
 */
extern bool pf_source_import(const PfSource *source);

#endif							/* PF_SOURCES_H */
