/*-------------------------------------------------------------------------
 *
 * paperfeed.c
 *		The module's entry.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/clock.h"
#include "fetch/fetch.h"
#include "fmgr.h"
#include "index/index.h"
#include "ingest/feeds.h"
#include "ingest/hosts.h"
#include "ingest/rules.h"
#include "ingest/watch.h"
#include "signal/editions.h"
#include "signal/signal.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	pf_clock_init();
	pf_fetch_init();
	pf_bm_options_init();
	pf_hosts_init();
	pf_runs_init();
	pf_rules_init();
	pf_signal_init();
	pf_observe_init();
	pf_editions_init();
	pf_watches_init();
	MarkGUCPrefixReserved("paperfeed");
}
