/*-------------------------------------------------------------------------
 *
 * identity.c
 *		Which paper a record is of.
 *
 * A record may carry several identities.  They are sorted by the authority of
 * their scheme (see PfScheme); the first one names the paper, the others
 * become aliases.  A link counts only where the record says it is the
 * paper's page, and the hash of title and first author only where there is
 * nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "paper/paper.h"

static void
add(PfIdentities *out, PfScheme *schemes, PfStr spelled)
{
	PfStr		id;
	int			version = 0;
	PfScheme	scheme;
	int			at;

	if (pf_str_blank(spelled))
		return;
	scheme = pf_paperid_read(spelled, &id, &version);
	if (scheme == PF_SCHEME_NONE)
		return;
	for (int i = 0; i < out->n; i++)
	{
		if (pf_str_eq(out->ids[i], id))
		{
			if (out->version == 0 && i == 0)
				out->version = version;
			return;
		}
	}
	if (out->n == PF_MAX_IDENTITIES)
		return;
	/* No paper has two of these: the second is of one that it mentions. */
	for (int i = 0; i < out->n; i++)
	{
		if (schemes[i] == scheme && scheme != PF_SCHEME_DOI && scheme < PF_SCHEME_URL)
			return;
	}

	/* Stable insertion: the first of a scheme stays the first. */
	at = out->n;
	while (at > 0 && schemes[at - 1] > scheme)
	{
		out->ids[at] = out->ids[at - 1];
		schemes[at] = schemes[at - 1];
		at--;
	}
	out->ids[at] = id;
	schemes[at] = scheme;
	out->n++;
	if (at == 0)
		out->version = version;
}

void
pf_identify(const PfRecord *rec, PfIdentities *out)
{
	PfScheme	schemes[PF_MAX_IDENTITIES + 1];

	out->n = 0;
	out->version = 0;
	for (int i = 0; i < rec->ids.n; i++)
		add(out, schemes, rec->ids.items[i]);
	if (rec->doi.s != NULL)
		add(out, schemes, rec->doi);
	if (out->n == 0 || schemes[0] >= PF_SCHEME_URL)
		add(out, schemes, rec->url);
	if (out->n == 0)
	{
		PfStr		hash = pf_paperid_hash(rec->title, rec->authors.n > 0 ?
										   rec->authors.items[0] : PF_STR_NONE);

		if (hash.s != NULL)
			out->ids[out->n++] = hash;
	}
}
