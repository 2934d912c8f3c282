/*-------------------------------------------------------------------------
 *
 * date_words.h
 *		The words that stand in dates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_DATE_WORDS_H
#define PF_DATE_WORDS_H

#include "postgres.h"

/* What a word may say. */
typedef enum PfWordKind
{
	PF_WORD_UNKNOWN,
	PF_WORD_SKIP,					/* a weekday, "at", "the" */
	PF_WORD_MONTH,
	PF_WORD_SEASON,				/* gives a month, too */
	PF_WORD_ZONE,					/* minutes east of UTC */
	PF_WORD_AM,
	PF_WORD_PM,
	PF_WORD_TIME,					/* the T between date and time */
	PF_WORD_WEEK					/* the W before the number of a week */
} PfWordKind;

typedef struct PfDateWord
{
	const char *name;
	int			len;
	int			least;			/* so many bytes of the name are enough; 0 = all */
	PfWordKind	kind;
	int			value;
} PfDateWord;

/* Look a word up, which is in lower case; NULL if it says nothing. */
extern const PfDateWord *pf_date_word(const char *w, int len);

#endif							/* PF_DATE_WORDS_H */
