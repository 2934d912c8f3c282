/*-------------------------------------------------------------------------
 *
 * attempt.c
 *		Something for one feed, whose failure is not to be that of the others.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "common/encoding.h"
#include "ingest/attempt.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* Is it about one feed, so that the others can go on? */
static bool
is_bearable(const ErrorData *error)
{
	int			class = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return class != ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) &&
		class != ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) &&
		class != ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR) &&
		class != ERRCODE_TO_CATEGORY(ERRCODE_DATA_CORRUPTED);
}

const char *
pf_attempt(void (*what) (void *), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	const char *volatile message = NULL;
	ConstraintsSetStmt now = {.type = T_ConstraintsSetStmt};

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		what(arg);
		/* What the commit would raise is this feed's failure, not everybody's. */
		AfterTriggerSetState(&now);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!is_bearable(error))
			ReThrowError(error);
		if (error->detail != NULL)
			error->message = psprintf("%s: %s", error->message, error->detail);
		message = pf_str_dup(pf_text_to_utf8(cstring_to_text(error->message))).s;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return message;
}
