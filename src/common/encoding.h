/*-------------------------------------------------------------------------
 *
 * encoding.h
 *		Between text in the server's encoding and the UTF-8 of the C code.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_ENCODING_H
#define PF_ENCODING_H

#include "common/strings.h"

/*
 * The bytes of a text value as valid UTF-8.  In a UTF8 database these are the
 * value's own bytes, which must outlive the result; else a palloc'd copy.
 * What is no character of the server's encoding becomes '?'.
 */
extern PfStr pf_text_to_utf8(text *in);

/* A palloc'd text value; characters that the server's encoding lacks become '?'. */
extern text *pf_utf8_to_text(PfStr in);

#endif							/* PF_ENCODING_H */
