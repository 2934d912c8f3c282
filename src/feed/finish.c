/*-------------------------------------------------------------------------
 *
 * finish.c
 *		What is done to every record, whatever its format.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/format.h"

void
pf_record_finish(PfDoc *doc, PfRecord *rec)
{
	/* Authors put the address of their code into the abstract or the comment. */
	if (rec->abstract.s != NULL)
		pf_links(rec->abstract, &rec->links);
	if (rec->comment.s != NULL)
		pf_links(rec->comment, &rec->links);

	if (pf_str_blank(rec->source))
		rec->source = doc->host;
}
