/*-------------------------------------------------------------------------
 *
 * editions.h
 *		Editions: the papers of a day, a week or a month.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_EDITIONS_H
#define PF_EDITIONS_H

#include "postgres.h"

#include "nodes/params.h"
#include "signal/signal.h"
#include "utils/date.h"
#include "utils/timestamp.h"

typedef enum PfPeriod
{
	PF_PERIOD_DAY,
	PF_PERIOD_WEEK,
	PF_PERIOD_MONTH
} PfPeriod;

/* From its first moment up to that of the next edition, which is not in it. */
typedef struct PfEdition
{
	DateADT		first;
	TimestampTz since;
	TimestampTz until;
} PfEdition;

/* editions_days.c: days, by the setting paperfeed.time_zone */

extern void pf_editions_init(void);
extern DateADT pf_edition_day(TimestampTz at);

/* The edition that contains a day; for an infinite one, all that is before or after everything. */
extern PfEdition pf_edition_of(DateADT day, PfPeriod period);

/* editions.c: statements on the papers, as the caller; SPI is connected */

extern void pf_edition_param(ParamListInfo params, int i, Oid type, Datum value, bool isnull);
extern void pf_edition_run(const char *sql, ParamListInfo params, DestReceiver *dest);

/* Parts of statements on the extension's own tables. */

/* Sightings of feeds of other tables are not about paperfeed.papers. */
#define PF_EDITION_FEED \
	"(SELECT f.target FROM paperfeed.feeds AS f WHERE f.id = s.feed)" \
	" = 'paperfeed.papers'::pg_catalog.regclass"
#define PF_EDITION_ANNOUNCES \
	"COALESCE(s.announce NOT IN ('replace', 'replace-cross'), true) AND " PF_EDITION_FEED

/*
 * Which papers count for the day of their publication: SQL for the rest of a
 * FROM and its WHERE, after one that has the papers' ids as u.id.
 *
 * Announcements that name no kind are of new papers.  Papers that have only
 * been featured or listed anew somewhere count for these days alone; as soon as
 * another feed shows them, too, without telling when, for that of their
 * publication as well.
 */
#define PF_EDITION_PUBLISHED \
	" CROSS JOIN LATERAL (SELECT" \
	" pg_catalog.bool_or(s.announced IS NOT NULL" \
	" AND COALESCE(s.announce NOT IN ('cross', 'featured', 'replace', 'replace-cross'), true)) AS new," \
	" pg_catalog.bool_or(s.announced IS NOT NULL" \
	" AND s.announce IN ('cross', 'featured')) AS listed," \
	" pg_catalog.bool_or(s.announced IS NULL" \
	" OR s.announce IN ('replace', 'replace-cross')) AS shown" \
	" FROM paperfeed.sightings AS s WHERE s.paper OPERATOR(pg_catalog.=) u.id" \
	" AND " PF_EDITION_FEED ") AS a" \
	" WHERE a.new IS NOT TRUE AND (a.listed IS NOT TRUE OR a.shown)"

#endif							/* PF_EDITIONS_H */
