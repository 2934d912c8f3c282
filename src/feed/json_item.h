/*-------------------------------------------------------------------------
 *
 * json_item.h
 *		What the JSON formats share.
 *
 * All take NULL for a node and a path such as "a.b" for a member.  Nothing
 * here raises an error over what a document says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_JSON_ITEM_H
#define PF_JSON_ITEM_H

#include "feed/format.h"

/* For each element of an array or member of an object; none for NULL. */
#define PF_EACH_CHILD(var, node) \
	for (const PfNode *var = pf_first_child(node); var != NULL; var = var->next)

static inline const PfNode *
pf_first_child(const PfNode *node)
{
	return node != NULL ? node->child : NULL;
}

/* The format whose shape the node has. */
extern PfPiece pf_json_item(PfDoc *doc, const PfNode *node, PfRecord *rec);

/* Is the member there, and an object, an array ...? */
extern bool pf_json_has(const PfNode *node, const char *path, PfNodeKind kind);

/* The text of a member, or of the first that has text if it is an array; none for "". */
extern PfStr pf_json_text(const PfNode *node, const char *path);

/* The same as display text. */
extern PfStr pf_json_plain(const PfNode *node, const char *path, int flags);

/* true, or a string or number that says so. */
extern bool pf_json_true(const PfNode *node, const char *path);

/* A date in any layout. */
extern TimestampTz pf_json_date(const PfNode *node, const char *path);

/* A member that is an address, resolved; none if it is none. */
extern PfStr pf_json_url(const PfDoc *doc, const PfNode *node, const char *path);

/* Put a number that jsonb can hold under 'key'; false, and nothing put, for anything else. */
extern bool pf_json_number(PfPairs *pairs, const char *key, const PfNode *node);

/* The same for a member, into rec->metrics. */
extern void pf_json_metric(PfRecord *rec, const char *key, const PfNode *node, const char *path);

/* Put a string under 'key' of rec->extra. */
extern void pf_json_extra(PfRecord *rec, const char *key, const PfNode *node, const char *path);

/*
 * Put the strings of an array under 'key': its elements, or the member of that
 * name of each element that is an object.  A single string is a list of one.
 */
extern void pf_json_list(PfPairs *pairs, const char *key, const PfNode *list, const char *member);

/* The same, appended to a list of display text. */
extern void pf_json_strings(PfStrings *strings, const PfNode *list, const char *member);

/* Add "prefix" and the member's text to the identities. */
extern void pf_json_id(PfRecord *rec, const char *prefix, const PfNode *node, const char *path);

/* Is 'word' in the text, in any case? */
extern bool pf_json_says(PfStr text, const char *word);

#endif							/* PF_JSON_ITEM_H */
