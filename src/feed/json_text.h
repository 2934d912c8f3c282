/*-------------------------------------------------------------------------
 *
 * json_text.h
 *		The text of JSON strings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_JSON_TEXT_H
#define PF_JSON_TEXT_H

#include "feed/node.h"

/* Something that was replaced, and where; 'what' is NULL if there is none. */
typedef struct PfJsonFlaw
{
	const char *what;
	const char *at;
} PfJsonFlaw;

/*
 * The text of the string between two quotes, which the lexer has checked: the
 * bytes themselves if there is no escape among them, else in the arena.
 * False when the arena is full.  '*flaw' is set once, where it is empty.
 */
extern bool pf_json_unescape(PfArena *arena, const char *p, const char *end, PfStr *out,
							 PfJsonFlaw *flaw);

/*
 * Recorders of HTTP keep the bytes of a body as characters U+0000 to U+00FF.
 * If that is what 'text' is, and the bytes are UTF-8, they are given back
 * (palloc'd), else 'text' itself.
 */
extern PfStr pf_json_undo_latin1(PfStr text);

#endif							/* PF_JSON_TEXT_H */
