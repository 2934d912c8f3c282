/*-------------------------------------------------------------------------
 *
 * finish.c
 *		What is done to every record, whatever its format.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/format.h"

/* Does the comment call a page its project's, or is it where projects have theirs? */
static bool
is_project_page(PfStr comment, PfStr url)
{
	static const char *const words[] = {"roject", "ebsite", "emo", "github.io", "gitlab.io",
	"sites.google.com"};

	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (pf_str_find(i < 3 ? comment : url, words[i]).s != NULL)
			return true;
	}
	return false;
}

/*
 * Authors put the address of their code into the comment too; but a page of
 * no known kind that a comment names is mostly the journal's.
 */
static void
add_comment_links(PfRecord *rec)
{
	PfPairs		links = {NULL, 0, 0};

	pf_links(rec->comment, &links);
	for (int i = 0; i < links.n; i++)
	{
		const PfPair *link = &links.items[i];
		bool		known = strcmp(link->key, "project") == 0 &&
			!is_project_page(rec->comment, link->value);

		for (int k = 0; k < rec->links.n && !known; k++)
			known = strcmp(rec->links.items[k].key, link->key) == 0 &&
				pf_str_eq(rec->links.items[k].value, link->value);
		if (!known)
			pf_pairs_add(&rec->links, link->key, link->type, link->value);
	}
}

void
pf_record_finish(PfDoc *doc, PfRecord *rec)
{
	if (rec->abstract.s != NULL)
		pf_links(rec->abstract, &rec->links);
	if (rec->comment.s != NULL)
		add_comment_links(rec);

	if (pf_str_blank(rec->source))
		rec->source = doc->host;
}
