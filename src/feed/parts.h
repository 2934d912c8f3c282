/*-------------------------------------------------------------------------
 *
 * parts.h
 *		What the XML formats share: links, DOIs, marked-up text, and the
 *		elements of Dublin Core, PRISM and arXiv that any feed may carry.
 *
 * Nothing here raises an error over what a document says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_PARTS_H
#define PF_PARTS_H

#include "feed/format.h"

/*
 * Lists that are kept free of repeats look back this far only, so that a
 * hostile list costs no more than its length.
 */
#define PF_MAX_LOOKBACK		64

/* Elements of a list that is kept for its own sake (affiliations, keywords). */
#define PF_MAX_EXTRA_LIST	64

/* The node itself or its next sibling that is an element; NULL in, NULL out. */
static inline const PfNode *
pf_element(const PfNode *node)
{
	while (node != NULL && node->kind != PF_NODE_ELEMENT)
		node = node->next;
	return node;
}

/* For each child element. */
#define PF_EACH_ELEMENT(var, node) \
	for (const PfNode *var = pf_element((node)->child); var != NULL; var = pf_element(var->next))

/* Display text of an element: of its markup where it has elements inside, else of its text. */
extern PfStr pf_part_plain(const PfNode *node, int flags);

/* 'ref' resolved against the nearest xml:base; none if that gives no address. */
extern PfStr pf_part_link(const PfDoc *doc, const PfNode *node, PfStr ref);

/*
 * The page of an item: 'ref' resolved, but none if it is the feed's own home.
 * Some feeds link all their items there, and one page makes one paper.
 */
extern PfStr pf_part_page(const PfDoc *doc, const PfNode *node, PfStr ref);

/* Does the path of this address end in ".pdf"? */
extern bool pf_part_is_pdf(PfStr url);

/* The DOI in "10.1145/1", "doi:10.1145/1" or a resolver's address; none if it is none. */
extern PfStr pf_part_doi(PfStr in);

/* Note a DOI in any of these spellings: the first becomes rec->doi, all are ids. */
extern bool pf_part_add_doi(PfRecord *rec, PfStr in);

/* Note an identity in any spelling; a DOI as above. */
extern void pf_part_add_id(PfRecord *rec, PfStr in);

/* Append unless absent, empty or there already. */
extern void pf_part_add(PfStrings *list, PfStr a);

/* The same for a list in rec->extra or rec->links, up to PF_MAX_EXTRA_LIST elements. */
extern void pf_part_add_to(PfPairs *pairs, const char *key, PfStr a);

/* Put a single string under 'key' unless it is absent or empty or the key is there already. */
extern void pf_part_set(PfPairs *pairs, const char *key, PfStr a);

/*
 * Without the full stop that some bibliographies put after every title; one
 * that belongs to an abbreviation ("U.S.") or an ellipsis stays.
 */
extern PfStr pf_part_title_stop(PfStr title);

/*
 * What an item says in Dublin Core, PRISM and arXiv's elements, before it is
 * weighed against the rest.
 */
typedef struct PfExtension
{
	const PfNode *title;		/* dc:title */
	const PfNode *abstract;		/* dc:description, dcterms:abstract */
	const PfNode *creator;		/* the first dc:creator; the others are siblings */
	const PfNode *source;		/* dc:source */
	PfStr		venue;			/* prism:publicationName, arxiv:journal_ref */
	PfStr		url;			/* prism:url */
	PfStr		section;		/* prism:section */
	TimestampTz date;			/* dc:date, dcterms:issued, dcterms:created */
	TimestampTz modified;		/* dcterms:modified, prism:modificationDate */
	TimestampTz cover;			/* prism:publicationDate, prism:coverDate */
	bool		arxiv;			/* it has elements of arXiv's name space */
	bool		primary;		/* arxiv:primary_category was seen */
} PfExtension;

extern void pf_extension_init(PfExtension *ext);

/*
 * Take one child element of an item.  Identities, subjects, rights and
 * arXiv's own fields go to 'rec' at once, the rest to 'ext'.
 */
extern void pf_extension_take(const PfNode *child, PfRecord *rec, PfExtension *ext);

/* What the item said in core elements comes first; fill what is still absent. */
extern void pf_extension_finish(const PfDoc *doc, PfRecord *rec, const PfExtension *ext,
								int flags);

/* The authors of dc:creator elements. */
extern void pf_extension_creators(PfRecord *rec, const PfExtension *ext, bool arxiv);

#endif							/* PF_PARTS_H */
