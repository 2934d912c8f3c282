/*-------------------------------------------------------------------------
 *
 * reader.h
 *		What the functions for readers share: who calls, which paper is meant,
 *		what a text may be.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_READER_H
#define PF_READER_H

#include "postgres.h"

#include "signal/signal.h"

/* SPI, but what is allocated outlives it.  25006 in a read-only transaction. */
extern void pf_reader_connect(const char *function);

/* paperfeed.current_reader(); palloc'd. */
extern text *pf_current_reader(void);

/*
 * The id under which 'paper' stands in paperfeed.papers: its own, or that of
 * the paper whose alias it is.  Until the transaction's end it is not joined
 * into another one.  23503 if there is none; NULL if 'missing_ok'.
 */
extern text *pf_reader_paper(text *paper, bool missing_ok);

/* Keep others away who would submit the same paper, until the transaction's end. */
extern void pf_reader_paper_alone(const text *paper);

/* Keep readers away from two papers, until the transaction's end. */
extern void pf_reader_paper_moves(const text *old, const text *new);

/*
 * What a reader wrote, without blanks around it.  22023 if that is longer than
 * 'max' characters, or empty unless 'blank_ok'; a line has no control
 * characters, a text only those of lines.
 */
extern text *pf_reader_line(const text *in, const char *what, int max, bool blank_ok);
extern text *pf_reader_text(const text *in, const char *what, int max, bool blank_ok);

/* A column of the first row that a statement gave. */
extern Datum pf_reader_column(int number, bool *isnull);

#endif							/* PF_READER_H */
