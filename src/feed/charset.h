/*-------------------------------------------------------------------------
 *
 * charset.h
 *		Bytes in any of an allow-list of charsets to valid UTF-8, piece by piece.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_CHARSET_H
#define PF_CHARSET_H

#include "common/strings.h"

/* Gets valid UTF-8 without NUL; a piece never ends within a character. */
typedef void (*PfUtf8Fn) (void *arg, const char *s, size_t len);

typedef struct PfCharset PfCharset;

/* 'content_type' may be none.  Allocates in CurrentMemoryContext. */
extern PfCharset *pf_charset_begin(PfStr content_type, PfUtf8Fn fn, void *arg);
extern void pf_charset_push(PfCharset *cs, const char *bytes, size_t len);
extern void pf_charset_end(PfCharset *cs);

/* The charset that was decided on, "utf-8" for instance; static. */
extern const char *pf_charset_name(const PfCharset *cs);

/* Number of bytes that the charset does not have and that were guessed or replaced. */
extern uint64 pf_charset_faults(const PfCharset *cs);

#endif							/* PF_CHARSET_H */
