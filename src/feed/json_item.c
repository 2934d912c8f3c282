/*-------------------------------------------------------------------------
 *
 * json_item.c
 *		From the shape of a JSON object to its format, and what the JSON
 *		formats share.
 *
 * A service does not say which it is, so a format knows its records by the
 * members that no other format has.  The order of the table matters only where
 * one shape is a part of another: the generic one is the last.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "feed/json_item.h"
#include "feed/parts.h"

static const PfJsonFn formats[] = {
	pf_huggingface_item,
	pf_arxiv_snapshot_item,
	pf_biorxiv_item,
	pf_crossref_item,
	pf_openalex_item,
	pf_s2_item,
	pf_europepmc_item,
	pf_openreview_item,
	pf_datacite_item,
	pf_dblp_json_item,
	pf_jsonfeed_item,
	pf_generic_json_item,
};

PfPiece
pf_json_item(PfDoc *doc, const PfNode *node, PfRecord *rec)
{
	if (node->kind != PF_NODE_OBJECT)
		return PF_PIECE_OTHER;
	for (int i = 0; i < (int) lengthof(formats); i++)
	{
		if (formats[i] (doc, node, rec) == PF_PIECE_RECORD)
			return PF_PIECE_RECORD;
	}
	return PF_PIECE_OTHER;
}

bool
pf_json_has(const PfNode *node, const char *path, PfNodeKind kind)
{
	const PfNode *member = pf_path(node, path);

	return member != NULL && member->kind == kind;
}

PfStr
pf_json_text(const PfNode *node, const char *path)
{
	const PfNode *member = pf_path(node, path);

	if (member != NULL && member->kind == PF_NODE_ARRAY)
	{
		PF_EACH_CHILD(element, member)
		{
			PfStr		text = pf_text(element);

			if (text.s != NULL)
				return text;
		}
	}
	return pf_text(member);
}

PfStr
pf_json_plain(const PfNode *node, const char *path, int flags)
{
	PfStr		text = pf_json_text(node, path);

	return text.s != NULL ? pf_plain_str(text, flags) : PF_STR_NONE;
}

bool
pf_json_true(const PfNode *node, const char *path)
{
	const PfNode *member = pf_path(node, path);

	if (member == NULL)
		return false;
	if (member->kind == PF_NODE_STRING || member->kind == PF_NODE_NUMBER)
		return pf_str_eq_nocase(member->text, "true") || PF_STR_IS(member->text, "1");
	return member->kind == PF_NODE_TRUE;
}

TimestampTz
pf_json_date(const PfNode *node, const char *path)
{
	PfStr		text = pf_json_text(node, path);

	return text.s != NULL ? pf_date(text) : PF_NO_TIME;
}

PfStr
pf_json_url(const PfDoc *doc, const PfNode *node, const char *path)
{
	PfStr		text = pf_json_text(node, path);

	return text.s != NULL ? pf_url_resolve(doc->base, text) : PF_STR_NONE;
}

/* Digits with at most one point, short enough for any number type. */
static bool
is_simple_number(PfStr a)
{
	int			points = 0;
	int			i = 0;

	if (a.len > 0 && a.s[0] == '-')
		i = 1;
	if (a.len - i < 1 || a.len > 30 || a.s[i] == '.' || a.s[a.len - 1] == '.')
		return false;
	if (a.s[i] == '0' && a.len - i > 1 && a.s[i + 1] != '.')
		return false;			/* no number in JSON */
	for (; i < a.len; i++)
	{
		if (a.s[i] == '.')
			points++;
		else if (a.s[i] < '0' || a.s[i] > '9')
			return false;
	}
	return points <= 1;
}

bool
pf_json_number(PfPairs *pairs, const char *key, const PfNode *node)
{
	PfStr		text = pf_text(node);

	if (text.s == NULL || !is_simple_number(text))
		return false;
	pf_pairs_add(pairs, key, PF_PAIR_NUMBER, text);
	return true;
}

void
pf_json_metric(PfRecord *rec, const char *key, const PfNode *node, const char *path)
{
	pf_json_number(&rec->metrics, key, pf_path(node, path));
}

void
pf_json_extra(PfRecord *rec, const char *key, const PfNode *node, const char *path)
{
	pf_part_set(&rec->extra, key, pf_json_text(node, path));
}

void
pf_json_list(PfPairs *pairs, const char *key, const PfNode *list, const char *member)
{
	if (list != NULL && list->kind == PF_NODE_STRING)
		pf_part_add_to(pairs, key, pf_text(list));
	else if (list != NULL && list->kind == PF_NODE_ARRAY)
	{
		int			n = 0;

		PF_EACH_CHILD(element, list)
		{
			if (n++ == PF_MAX_EXTRA_LIST)
				break;
			if (element->kind == PF_NODE_OBJECT && member != NULL)
				pf_part_add_to(pairs, key, pf_json_text(element, member));
			else
				pf_part_add_to(pairs, key, pf_text(element));
		}
	}
}

void
pf_json_strings(PfStrings *strings, const PfNode *list, const char *member)
{
	if (list != NULL && list->kind == PF_NODE_STRING)
		pf_part_add(strings, pf_plain_str(list->text, PF_PLAIN_ALL));
	else if (list != NULL && list->kind == PF_NODE_ARRAY)
	{
		PF_EACH_CHILD(element, list)
		{
			PfStr		text;

			if (element->kind == PF_NODE_OBJECT && member != NULL)
				text = pf_json_text(element, member);
			else
				text = pf_text(element);
			if (text.s != NULL)
				pf_part_add(strings, pf_plain_str(text, PF_PLAIN_ALL));
		}
	}
}

void
pf_json_id(PfRecord *rec, const char *prefix, const PfNode *node, const char *path)
{
	PfStr		text = pf_json_text(node, path);

	if (text.s != NULL)
		pf_part_add(&rec->ids, pf_str_printf("%s%.*s", prefix, text.len, text.s));
}

bool
pf_json_says(PfStr text, const char *word)
{
	for (int i = 0; i < text.len; i++)
	{
		if (pf_str_starts_nocase((PfStr) {text.s + i, text.len - i}, word))
			return true;
	}
	return false;
}
