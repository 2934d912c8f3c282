/*-------------------------------------------------------------------------
 *
 * date_words.c
 *		The words that stand in dates: months, zones, weekdays, seasons.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/date_words.h"

#define W(name, least, kind, value) \
	{(name), sizeof(name) - 1, (least), PF_WORD_##kind, (value)}

/*
 * In lower case: English first, then the languages whose months turn up in
 * feeds.  'least' is so long that no other month begins alike.
 */
static const PfDateWord words[] = {
	W("january", 3, MONTH, 1), W("february", 3, MONTH, 2),
	W("march", 3, MONTH, 3), W("april", 3, MONTH, 4),
	W("may", 0, MONTH, 5), W("june", 3, MONTH, 6),
	W("july", 3, MONTH, 7), W("august", 3, MONTH, 8),
	W("september", 3, MONTH, 9), W("october", 3, MONTH, 10),
	W("november", 3, MONTH, 11), W("december", 3, MONTH, 12),

	W("monday", 3, SKIP, 0), W("tuesday", 3, SKIP, 0),
	W("wednesday", 3, SKIP, 0), W("thursday", 3, SKIP, 0),
	W("friday", 3, SKIP, 0), W("saturday", 3, SKIP, 0),
	W("sunday", 3, SKIP, 0), W("at", 0, SKIP, 0),
	W("on", 0, SKIP, 0), W("of", 0, SKIP, 0),
	W("the", 0, SKIP, 0), W("de", 0, SKIP, 0),
	W("st", 0, SKIP, 0), W("nd", 0, SKIP, 0),
	W("rd", 0, SKIP, 0), W("th", 0, SKIP, 0),
	W("年", 0, SKIP, 0), W("月", 0, SKIP, 0), W("日", 0, SKIP, 0),
	W("년", 0, SKIP, 0), W("월", 0, SKIP, 0), W("일", 0, SKIP, 0),

	/* The first month of the season, northern hemisphere. */
	W("spring", 0, SEASON, 3), W("summer", 0, SEASON, 6),
	W("autumn", 0, SEASON, 9), W("fall", 0, SEASON, 9),
	W("winter", 0, SEASON, 1),

	W("t", 0, TIME, 0), W("w", 0, WEEK, 0), W("am", 0, AM, 0),
	W("pm", 0, PM, 0), W("a", 0, AM, 0), W("p", 0, PM, 0), W("m", 0, SKIP, 0),

	W("z", 0, ZONE, 0), W("utc", 0, ZONE, 0),
	W("gmt", 0, ZONE, 0), W("ut", 0, ZONE, 0),
	W("est", 0, ZONE, -300), W("edt", 0, ZONE, -240),
	W("cst", 0, ZONE, -360), W("cdt", 0, ZONE, -300),
	W("mst", 0, ZONE, -420), W("mdt", 0, ZONE, -360),
	W("pst", 0, ZONE, -480), W("pdt", 0, ZONE, -420),
	W("akst", 0, ZONE, -540), W("akdt", 0, ZONE, -480),
	W("hst", 0, ZONE, -600), W("ast", 0, ZONE, -240),
	W("adt", 0, ZONE, -180), W("brt", 0, ZONE, -180),
	W("wet", 0, ZONE, 0), W("west", 0, ZONE, 60),
	W("bst", 0, ZONE, 60), W("cet", 0, ZONE, 60),
	W("met", 0, ZONE, 60), W("mez", 0, ZONE, 60),
	W("cest", 0, ZONE, 120), W("mest", 0, ZONE, 120),
	W("mesz", 0, ZONE, 120), W("eet", 0, ZONE, 120),
	W("eest", 0, ZONE, 180), W("msk", 0, ZONE, 180),
	W("ist", 0, ZONE, 330), W("hkt", 0, ZONE, 480),
	W("sgt", 0, ZONE, 480), W("awst", 0, ZONE, 480),
	W("jst", 0, ZONE, 540), W("kst", 0, ZONE, 540),
	W("acst", 0, ZONE, 570), W("aest", 0, ZONE, 600),
	W("aedt", 0, ZONE, 660), W("nzst", 0, ZONE, 720),
	W("nzdt", 0, ZONE, 780),

	/* German, French, Spanish, Italian, Portuguese, Dutch */
	W("januar", 3, MONTH, 1), W("januari", 3, MONTH, 1),
	W("jänner", 4, MONTH, 1), W("janvier", 4, MONTH, 1),
	W("enero", 3, MONTH, 1), W("gennaio", 3, MONTH, 1),
	W("janeiro", 4, MONTH, 1),
	W("februar", 3, MONTH, 2), W("februari", 3, MONTH, 2),
	W("février", 4, MONTH, 2), W("fevrier", 3, MONTH, 2),
	W("febrero", 3, MONTH, 2), W("febbraio", 3, MONTH, 2),
	W("fevereiro", 3, MONTH, 2),
	W("märz", 4, MONTH, 3), W("mars", 4, MONTH, 3),
	W("marzo", 4, MONTH, 3), W("março", 4, MONTH, 3),
	W("maart", 4, MONTH, 3), W("mrt", 0, MONTH, 3),
	W("avril", 3, MONTH, 4), W("abril", 3, MONTH, 4),
	W("aprile", 3, MONTH, 4),
	W("mai", 0, MONTH, 5), W("mayo", 4, MONTH, 5),
	W("maggio", 3, MONTH, 5), W("maio", 4, MONTH, 5),
	W("mei", 0, MONTH, 5),
	W("juni", 4, MONTH, 6), W("juin", 4, MONTH, 6),
	W("junio", 4, MONTH, 6), W("giugno", 3, MONTH, 6),
	W("junho", 4, MONTH, 6),
	W("juli", 4, MONTH, 7), W("juillet", 4, MONTH, 7),
	W("julio", 4, MONTH, 7), W("luglio", 3, MONTH, 7),
	W("julho", 4, MONTH, 7),
	W("août", 4, MONTH, 8), W("aout", 4, MONTH, 8),
	W("agosto", 3, MONTH, 8), W("augustus", 3, MONTH, 8),
	W("septembre", 3, MONTH, 9), W("septiembre", 3, MONTH, 9),
	W("settembre", 3, MONTH, 9), W("setembro", 3, MONTH, 9),
	W("oktober", 3, MONTH, 10), W("octobre", 3, MONTH, 10),
	W("octubre", 3, MONTH, 10), W("ottobre", 3, MONTH, 10),
	W("outubro", 3, MONTH, 10),
	W("novembre", 3, MONTH, 11), W("noviembre", 3, MONTH, 11),
	W("novembro", 3, MONTH, 11),
	W("dezember", 3, MONTH, 12), W("décembre", 4, MONTH, 12),
	W("decembre", 3, MONTH, 12), W("diciembre", 3, MONTH, 12),
	W("dicembre", 3, MONTH, 12), W("dezembro", 3, MONTH, 12),
};

const PfDateWord *
pf_date_word(const char *w, int len)
{
	for (const PfDateWord *word = words; word < words + lengthof(words); word++)
	{
		if (word->name[0] == w[0] && len <= word->len &&
			len >= (word->least == 0 ? word->len : word->least) &&
			memcmp(word->name, w, len) == 0)
			return word;
	}
	return NULL;
}
