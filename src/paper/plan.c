/*-------------------------------------------------------------------------
 *
 * plan.c
 *		Statements of ours on the extension's own tables.
 *
 * They run as the owner of these tables under a safe search_path: who votes or
 * looks at a list needs no rights on them, and row-level security, which hides
 * who voted, does not hide the votes.  Plans are kept for the session; when the
 * extension was made anew they are made anew, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "paper/owner.h"
#include "paper/paper.h"
#include "paper/plan.h"
#include "tcop/pquery.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/resowner.h"

#define MAX_ARGS	24

void
pf_spi_connect(void)
{
	MemoryContext upper = CurrentMemoryContext;

	SPI_connect();
	MemoryContextSwitchTo(upper);
}

Oid
pf_own_table(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("paperfeed", false));
}

Oid
pf_paperid_type(void)
{
	return TupleDescAttr(pf_paper_tupdesc(), PF_COL_ID)->atttypid;
}

Datum
pf_paperid_array(Datum *papers, int n)
{
	return PointerGetDatum(construct_array(papers, n, pf_paperid_type(), -1, false, TYPALIGN_INT));
}

/*
 * A plan made while a table was small must not read all of it when it has
 * grown, so the planner is told to use the indexes; and what it then takes for
 * dear is not to be compiled.
 */
static int
prefer_indexes(void)
{
	static const char *const off[] = {"enable_seqscan", "enable_bitmapscan", "enable_hashjoin",
	"enable_mergejoin", "jit"};
	int			nest = NewGUCNestLevel();

	for (size_t i = 0; i < lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nest;
}

static void
prepare(PfPlan *plan, int nargs, const Oid *types)
{
	Oid			paperid = pf_paperid_type();
	Oid			real[MAX_ARGS];
	int			nest;
	SPIPlanPtr	made;
	CachedPlan *cached;

	Assert(nargs <= MAX_ARGS);
	for (int i = 0; i < nargs; i++)
		real[i] = types[i] == PF_ARG_PAPER ? paperid :
			types[i] == PF_ARG_PAPERS ? get_array_type(paperid) : types[i];
	nest = prefer_indexes();
	made = SPI_prepare_cursor(plan->sql, nargs, real, CURSOR_OPT_GENERIC_PLAN);
	if (made == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	SPI_keepplan(made);
	/* Planned here and now, under these settings. */
	cached = SPI_plan_get_cached_plan(made);
	if (cached != NULL)
		ReleaseCachedPlan(cached, CurrentResourceOwner);
	AtEOXact_GUC(true, nest);
	plan->plan = made;
	plan->made_for = paperid;
}

uint64
pf_plan_run(PfPlan *plan, int nargs, const Oid *types, Datum *args,
			  const char *nulls, bool read_only, DestReceiver *dest)
{
	MemoryContext context = CurrentMemoryContext;
	SPIExecuteOptions options;
	PfAsOwner	saved;
	int			rc;

	/* After a commit there is none, and values of the result may have to be detoasted. */
	EnsurePortalSnapshotExists();
	pf_as_owner_begin(&saved);
	/* A plan of an extension that is gone may be in use further out: it is left alone. */
	if (plan->plan == NULL || plan->made_for != pf_paperid_type())
		prepare(plan, nargs, types);
	if (dest == NULL)
		rc = SPI_execute_plan(plan->plan, args, nulls, read_only, 0);
	else
	{
		memset(&options, 0, sizeof(options));
		options.read_only = read_only;
		options.dest = dest;
		options.params = NULL;
		if (nargs > 0)
		{
			options.params = makeParamList(nargs);
			for (int i = 0; i < nargs; i++)
			{
				ParamExternData *param = &options.params->params[i];

				param->value = args[i];
				param->isnull = nulls != NULL && nulls[i] == 'n';
				param->pflags = PARAM_FLAG_CONST;
				param->ptype = SPI_getargtypeid(plan->plan, i);
			}
		}
		rc = SPI_execute_plan_extended(plan->plan, &options);
	}
	pf_as_owner_end(&saved);
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	/* SPI leaves its own context behind. */
	MemoryContextSwitchTo(context);
	return SPI_processed;
}
