/*-------------------------------------------------------------------------
 *
 * backend.h
 *		What stands in for a PostgreSQL backend around paperfeed's readers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_FUZZ_BACKEND_H
#define PF_FUZZ_BACKEND_H

#include "postgres.h"

#include "common/strings.h"

/* What one run raised. */
extern int	fuzz_sqlstate;
extern char fuzz_message[256];

/* Run 'fn' in a memory context of its own, which is deleted; false if it raised an error. */
extern bool fuzz_run(void (*fn) (void *arg), void *arg);

/* Say what is wrong, and die in a way that fuzzers notice. */
extern void fuzz_die(const char *what, PfStr text) pg_attribute_noreturn();

/* Text that a record may hold: absent, or valid UTF-8 without NUL. */
extern void fuzz_check_text(const char *what, PfStr text);

#endif							/* PF_FUZZ_BACKEND_H */
