/*-------------------------------------------------------------------------
 *
 * topics_words.c
 *		Titles as rows of tokens.
 *
 * PostgreSQL's own parser takes "Qwen2.5" for a host and "GPT-4" for a word and
 * a negative number, so titles are cut here: a token is a run of letters and
 * digits, with a point, an apostrophe or an ampersand inside.  Which words are
 * stop words, and which are forms of one word, is for PostgreSQL's dictionary
 * english_stem to say; it is asked once for each spelling.
 *
 * All is kept in arrays in the aggregate's context, 4 bytes for a token: a
 * million titles take some 60 MB.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "tsearch/ts_cache.h"
#include "tsearch/ts_public.h"
#include "utils/memutils.h"

#include "compat.h"
#include "signal/topics.h"

#define MAX_TITLE		2000	/* bytes of a title that are looked at */
#define MAX_TEXT		0xFFFF0000

/*
 * Words that say what kind of text a paper is, not what it is about; sorted.
 * Spellings rather than stems: "generalized" is to go, "generalization" not.
 */
static const char *const weak_words[] = {
	"accelerate", "accelerating", "achieve", "achieving", "across", "actually", "adapt", "addressing", "advance",
	"advanced", "advances", "advancing", "along", "also", "alternative", "always", "amid", "among", "analyzing",
	"anchored", "application", "applications", "applied", "apply", "applying", "approach", "approaches", "assess",
	"assessing", "assessment", "assisted", "aware", "balancing", "based", "become", "becomes", "behind",
	"benchmark", "benchmarking", "benchmarks", "best", "better", "beyond", "big", "boost", "boosting", "break",
	"breaking", "bridge", "bridging", "bring", "bringing", "build", "building", "capabilities", "capability",
	"capture", "capturing", "case", "challenge", "challenges", "characterizing", "choose", "choosing", "close",
	"closing", "combine", "combining", "come", "comparative", "compare", "comparing", "comparison", "complete",
	"complex", "comprehensive", "considerations", "construct", "constructing", "contribution", "contributions",
	"create", "creating", "critical", "current", "dataset", "datasets", "decoupled", "decoupling", "define",
	"defining", "deliver", "demystifying", "depend", "deploying", "derive", "designing", "detecting", "determine",
	"develop", "developing", "development", "different", "directions", "disentangling", "diverse", "drive",
	"driven", "easy", "effect", "effective", "effects", "efficient", "efficiently", "emerging", "empirical",
	"empower", "empowering", "enable", "enabled", "enables", "enabling", "enhance", "enhanced", "enhancement",
	"enhancing", "enough", "ensuring", "establishing", "et", "evaluate", "evaluating", "evaluation",
	"evaluations", "every", "evidence", "examining", "example", "examples", "expand", "expanding", "experiment",
	"experimental", "experiments", "explain", "explaining", "exploit", "exploiting", "exploration", "exploratory",
	"explore", "exploring", "extend", "extended", "extending", "extensible", "extension", "extract", "extracting",
	"fail", "fails", "fast", "faster", "find", "finding", "findings", "first", "five", "follow", "four",
	"framework", "frameworks", "full", "fully", "future", "gap", "gaps", "generalized", "get", "give", "go",
	"goes", "good", "great", "guided", "guiding", "handling", "harnessing", "help", "helps", "high", "highly",
	"hold", "identify", "identifying", "impact", "impacts", "imperfect", "implementation", "implications",
	"important", "improve", "improved", "improves", "improving", "incorporating", "increase", "increasing",
	"inducing", "informed", "insight", "insights", "inspired", "instead", "integrate", "integrated",
	"integrating", "introducing", "introduction", "investigate", "investigating", "investigation", "issue",
	"issues", "joint", "jointly", "keep", "key", "know", "learn", "learns", "lessons", "let", "level", "leverage",
	"leveraging", "like", "limit", "limits", "linking", "literature", "look", "low", "made", "make", "makes",
	"making", "many", "matters", "may", "mean", "means", "measure", "measuring", "mechanism", "mechanisms",
	"meet", "meets", "method", "methodology", "methods", "might", "mitigate", "mitigating", "modern", "modular",
	"move", "moving", "much", "multiple", "must", "navigating", "near", "need", "needs", "never", "new", "next",
	"non", "note", "novel", "one", "optimize", "optimized", "optimizing", "overcoming", "overview", "paper",
	"papers", "part", "perhaps", "perspective", "perspectives", "pilot", "possible", "potential", "practical",
	"practice", "predict", "predicting", "preliminary", "present", "preserve", "preserving", "principled",
	"progress", "proposal", "propose", "proposed", "provide", "providing", "quantify", "quantifying", "quest",
	"quick", "rapid", "rather", "reach", "read", "real", "really", "recent", "recover", "recovering",
	"redefining", "reduce", "reducing", "regarding", "reimagining", "related", "remain", "remember", "report",
	"reports", "require", "research", "resolving", "result", "results", "rethink", "rethinking", "reveal",
	"revealing", "reveals", "review", "reviews", "revisit", "revisited", "revisiting", "right", "road", "roadmap",
	"run", "say", "scalable", "scale", "second", "see", "seeing", "seek", "seeking", "seven", "shape", "shaping",
	"show", "shows", "simple", "simplifying", "simply", "simultaneous", "simultaneously", "six", "solution",
	"solutions", "solve", "solving", "some", "specific", "step", "steps", "still", "strategies", "strategy",
	"strong", "studies", "study", "studying", "sufficient", "supported", "supporting", "survey", "surveys",
	"systematic", "tackling", "tailored", "take", "taking", "task", "tasks", "technical", "technique",
	"techniques", "tell", "ten", "theoretical", "think", "three", "top", "toward", "towards", "transforming",
	"turn", "turning", "two", "type", "ultra", "uncover", "uncovering", "understand", "unified", "unify",
	"unifying", "unleashing", "unlock", "unlocking", "unraveling", "unsolved", "unveiling", "us", "usage", "use",
	"used", "useful", "uses", "using", "utilizing", "various", "versus", "via", "view", "vs", "want", "way",
	"ways", "well", "whether", "whose", "within", "without", "work", "working", "works", "wrong", "years", "yet",
};

/* ---- arrays and tables ---- */

void *
pf_topics_grow(MemoryContext context, void *items, uint32 n, uint32 *max, Size size)
{
	if (n < *max)
		return items;
	if (*max >= PF_TOKEN_SPELLING / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many titles")));
	*max = Max(*max * 2, 1024);
	return items == NULL ? MemoryContextAllocHuge(context, *max * size) : repalloc_huge(items, *max * size);
}

/*
 * Linear probing; the caller keeps a hash with each item, or computes it anew
 * from the item, when the table is made larger.
 */
uint32 *
pf_numbers_slot(PfNumbers *numbers, uint32 hash)
{
	return &numbers->slots[hash & numbers->mask];
}

bool
pf_numbers_full(const PfNumbers *numbers)
{
	return numbers->slots == NULL || numbers->used >= numbers->mask / 2;
}

void
pf_numbers_resize(PfNumbers *numbers, MemoryContext context)
{
	Size		n = numbers->slots == NULL ? 4096 : ((Size) numbers->mask + 1) * 2;

	if (numbers->slots != NULL)
		pfree(numbers->slots);
	numbers->slots = MemoryContextAllocExtended(context, n * sizeof(uint32), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	numbers->mask = (uint32) (n - 1);
}

/* ---- words ---- */

static uint32
hash_text(const char *s, int len)
{
	return hash_bytes((const unsigned char *) s, len);
}

static uint32
store_text(PfTopics *topics, const char *s, int len)
{
	uint32		at = topics->ntext;

	if (topics->ntext > MAX_TEXT - len)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many words")));
	while (topics->maxtext - topics->ntext < (uint32) len)
	{
		uint32		max = topics->maxtext < 65536 ? 65536 :
			topics->maxtext > MAX_TEXT / 2 ? PG_UINT32_MAX : topics->maxtext * 2;

		topics->text = topics->text == NULL ? MemoryContextAllocHuge(topics->context, max) :
			repalloc_huge(topics->text, max);
		topics->maxtext = max;
	}
	memcpy(topics->text + at, s, len);
	topics->ntext += len;
	return at;
}

static uint32
enter_stem(PfTopics *topics, const char *s, int len)
{
	uint32		hash = hash_text(s, len);
	uint32		i;

	if (pf_numbers_full(&topics->by_stem))
	{
		pf_numbers_resize(&topics->by_stem, topics->context);
		for (uint32 n = 0; n < topics->nstems; n++)
		{
			i = hash_text(topics->text + topics->stems[n].text, topics->stems[n].len);
			while (topics->by_stem.slots[i & topics->by_stem.mask] != 0)
				i++;
			topics->by_stem.slots[i & topics->by_stem.mask] = n + 1;
		}
	}
	for (i = hash;; i++)
	{
		uint32	   *slot = pf_numbers_slot(&topics->by_stem, i);
		PfStem	   *stem;

		if (*slot == 0)
		{
			topics->stems = pf_topics_grow(topics->context, topics->stems, topics->nstems,
										   &topics->maxstems, sizeof(PfStem));
			topics->stems[topics->nstems] = (PfStem) {.text = store_text(topics, s, len), .len = (uint16) len};
			topics->by_stem.used++;
			*slot = ++topics->nstems;
			return topics->nstems - 1;
		}
		stem = &topics->stems[*slot - 1];
		if (stem->len == len && memcmp(topics->text + stem->text, s, len) == 0)
			return *slot - 1;
	}
}

static inline bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static int
compare_weak(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *) item);
}

static void
know_spelling(PfTopics *topics, PfSpelling *spelling, const char *s, int len)
{
	TSDictionaryCacheEntry *dictionary = lookup_ts_dictionary_cache(topics->dictionary);
	MemoryContext old = MemoryContextSwitchTo(topics->scratch);
	DictSubState state = {false, false, NULL};
	char		lower[PF_MAX_TOKEN + 1];
	int			digits = 0;
	TSLexeme   *lexeme;

	for (int i = 0; i < len; i++)
	{
		lower[i] = pg_ascii_tolower((unsigned char) s[i]);
		if (i > 0 && (is_upper(s[i]) || (s[i] >= '0' && s[i] <= '9') || s[i] == '+' || s[i] == '#'))
			spelling->kind |= PF_WORD_ACRONYM;
		digits += (s[i] >= '0' && s[i] <= '9') || s[i] == '.';
	}
	lower[len] = '\0';
	if (digits == len)
		spelling->kind |= PF_WORD_NUMBER;
	if (digits == len && len == 4 && (memcmp(s, "19", 2) == 0 || memcmp(s, "20", 2) == 0))
		spelling->kind |= PF_WORD_YEAR;
	if (len > 5 && strcmp(lower + len - 3, "ing") == 0)
		spelling->kind |= PF_WORD_GERUND;
	if (pg_mblen(s) >= len)
		spelling->kind |= PF_WORD_SINGLE;
	if (strcmp(lower, "of") == 0)
		spelling->kind |= PF_WORD_OF;
	if (bsearch(lower, weak_words, lengthof(weak_words), sizeof(char *), compare_weak) != NULL)
		spelling->kind |= PF_WORD_WEAK;

	lexeme = (TSLexeme *)
		DatumGetPointer(FunctionCall4(&dictionary->lexize, PointerGetDatum(dictionary->dictData),
									  PointerGetDatum(s), Int32GetDatum(len), PointerGetDatum(&state)));
	if (lexeme != NULL && lexeme->lexeme == NULL)
		spelling->kind |= PF_WORD_STOP;
	if (lexeme != NULL && lexeme->lexeme != NULL && strlen(lexeme->lexeme) <= PF_MAX_TOKEN)
		spelling->word = enter_stem(topics, lexeme->lexeme, (int) strlen(lexeme->lexeme));
	else
		spelling->word = enter_stem(topics, lower, len);
	MemoryContextSwitchTo(old);
	MemoryContextReset(topics->scratch);
}

/* The number of a spelling, or -1; it is entered if there is one to be known. */
static int64
look_up(PfTopics *topics, const char *s, int len, bool enter)
{
	uint32		hash = hash_text(s, len);

	for (uint32 i = hash;; i++)
	{
		uint32	   *slot = pf_numbers_slot(&topics->by_spelling, i);
		PfSpelling *spelling;

		if (*slot == 0)
		{
			PfSpelling	new = {.len = (uint16) len};

			if (!enter)
				return -1;
			know_spelling(topics, &new, s, len);
			new.text = store_text(topics, s, len);
			topics->spellings = pf_topics_grow(topics->context, topics->spellings, topics->nspellings,
											   &topics->maxspellings, sizeof(PfSpelling));
			topics->spellings[topics->nspellings] = new;
			topics->by_spelling.used++;
			*slot = ++topics->nspellings;
			return topics->nspellings - 1;
		}
		spelling = &topics->spellings[*slot - 1];
		if (spelling->len == len && memcmp(topics->text + spelling->text, s, len) == 0)
			return *slot - 1;
	}
}

int64
pf_topics_find(const PfTopics *topics, const char *spelling, int len)
{
	return look_up(unconstify(PfTopics *, topics), spelling, len, false);
}

static uint32
enter_spelling(PfTopics *topics, const char *s, int len)
{
	if (pf_numbers_full(&topics->by_spelling))
	{
		pf_numbers_resize(&topics->by_spelling, topics->context);
		for (uint32 n = 0; n < topics->nspellings; n++)
		{
			uint32		i = hash_text(topics->text + topics->spellings[n].text, topics->spellings[n].len);

			while (topics->by_spelling.slots[i & topics->by_spelling.mask] != 0)
				i++;
			topics->by_spelling.slots[i & topics->by_spelling.mask] = n + 1;
		}
	}
	return (uint32) look_up(topics, s, len, true);
}

/* ---- titles ---- */

typedef enum CharKind
{
	CHAR_LETTER,
	CHAR_INSIDE,				/* a part of a word between letters, else punctuation */
	CHAR_APOSTROPHE,
	CHAR_PLUS,					/* a part of a word behind letters */
	CHAR_HYPHEN,
	CHAR_SPACE,
	CHAR_BREAK
} CharKind;

static CharKind
wide_char(pg_wchar c)
{
	if (c < 0xC0)
		return c == 0xA0 || c == 0xAD ? CHAR_SPACE :
			c == 0xAA || c == 0xB2 || c == 0xB3 || c == 0xB5 || c == 0xB9 || c == 0xBA ? CHAR_LETTER : CHAR_BREAK;
	if (c == 0xD7 || c == 0xF7)
		return CHAR_BREAK;
	if (c < 0x2000)
		return CHAR_LETTER;
	if (c <= 0x206F)
		return c <= 0x200D || c == 0x202F || c >= 0x205F ? CHAR_SPACE :
			c <= 0x2013 ? CHAR_HYPHEN :
			c == 0x2019 ? CHAR_APOSTROPHE : CHAR_BREAK;
	if ((c >= 0x2190 && c <= 0x2BFF) || (c >= 0x3001 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) ||
		(c >= 0xFE10 && c <= 0xFE6F) || (c >= 0xFF01 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20) ||
		(c >= 0xFF3B && c <= 0xFF40) || (c >= 0xFF5B && c <= 0xFF65) || (c >= 0x1F000 && c <= 0x1FAFF))
		return CHAR_BREAK;
	return c == 0x3000 ? CHAR_SPACE : CHAR_LETTER;
}

/* A character's kind and length; what is cut short is a letter of the bytes there are. */
static inline CharKind
char_kind(const char *s, const char *end, bool utf8, int *len)
{
	unsigned char c = (unsigned char) *s;

	*len = 1;
	if (c >= 0x80)
	{
		*len = Min(pg_mblen(s), (int) (end - s));
		return utf8 && *len == pg_utf_mblen((const unsigned char *) s) ?
			wide_char(utf8_to_unicode((const unsigned char *) s)) : CHAR_LETTER;
	}
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return CHAR_LETTER;
	switch (c)
	{
		case '.':
		case '&':
			return CHAR_INSIDE;
		case '\'':
			return CHAR_APOSTROPHE;
		case '+':
		case '#':
			return CHAR_PLUS;
		case '-':
			return CHAR_HYPHEN;
		case ' ':
		case '\t':
		case '\n':
		case '\r':
			return CHAR_SPACE;
	}
	return CHAR_BREAK;
}

static void
add_token(PfTopics *topics, const char *s, int len, uint32 flags)
{
	uint32		spelling = enter_spelling(topics, s, len);

	topics->tokens = pf_topics_grow(topics->context, topics->tokens, topics->ntokens,
									&topics->maxtokens, sizeof(uint32));
	topics->tokens[topics->ntokens++] = spelling | flags;
}

/*
 * Which words are written with a capital, and which only in titles, is told by
 * the titles that are written like sentences.  How often a word stands alone is
 * counted, too.
 */
static void
count_spellings(PfTopics *topics, uint32 start)
{
	int			upper = 0;
	int			lower = 0;

	for (uint32 i = start; i < topics->ntokens; i++)
	{
		uint32		token = topics->tokens[i];
		PfSpelling *spelling = &topics->spellings[token & PF_TOKEN_SPELLING];
		PfStem	   *stem = &topics->stems[spelling->word];
		char		c = topics->text[spelling->text];

		if ((token & PF_TOKEN_GLUED) || (i + 1 < topics->ntokens && (topics->tokens[i + 1] & PF_TOKEN_GLUED)))
			stem->bound++;
		else
			stem->free++;
		if ((token & PF_TOKEN_FIRST) || (spelling->kind & (PF_WORD_STOP | PF_WORD_ACRONYM)))
			continue;
		upper += is_upper(c);
		lower += is_lower(c);
	}
	if (lower == 0 || lower < 2 * upper)
		return;
	for (uint32 i = start; i < topics->ntokens; i++)
	{
		if (!(topics->tokens[i] & PF_TOKEN_FIRST))
			topics->spellings[topics->tokens[i] & PF_TOKEN_SPELLING].sentence++;
	}
}

void
pf_topics_add(PfTopics *topics, const char *title, int len, int bucket)
{
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8;
	const char *s = title;
	const char *end = title + (len > MAX_TITLE ? pg_mbcliplen(title, len, MAX_TITLE) : len);
	uint32		start = topics->ntokens;
	uint32		flags = PF_TOKEN_FIRST;

	topics->titles = pf_topics_grow(topics->context, topics->titles, topics->ntitles + 1,
									&topics->maxtitles, sizeof(PfTitle));
	topics->titles[topics->ntitles++] = (PfTitle) {.start = start, .bucket = bucket};
	while (s < end)
	{
		int			n;
		CharKind	kind = char_kind(s, end, utf8, &n);

		if (kind == CHAR_LETTER)
		{
			const char *word = s;
			const char *word_end;

			for (s += n, word_end = s; s < end; s += n, word_end = s)
			{
				kind = char_kind(s, end, utf8, &n);
				if (kind == CHAR_INSIDE || kind == CHAR_APOSTROPHE)
				{
					int			m;

					if (s + n >= end || char_kind(s + n, end, utf8, &m) != CHAR_LETTER)
						break;
					/* "Newton's" is Newton. */
					if (kind == CHAR_APOSTROPHE && (s[n] == 's' || s[n] == 'S') &&
						(s + n + 1 == end || char_kind(s + n + 1, end, utf8, &m) != CHAR_LETTER))
					{
						s += n + 1;
						break;
					}
				}
				else if (kind != CHAR_LETTER && kind != CHAR_PLUS)
					break;
			}
			if (word_end - word <= PF_MAX_TOKEN)
			{
				add_token(topics, word, (int) (word_end - word), flags);
				flags = 0;
			}
			else
				flags = PF_TOKEN_FIRST;
			/* A hyphen glues if letters follow at once. */
			if (s < end && char_kind(s, end, utf8, &n) == CHAR_HYPHEN)
			{
				int			m;

				s += n;
				if (s < end && char_kind(s, end, utf8, &m) == CHAR_LETTER)
					flags |= flags == 0 ? PF_TOKEN_GLUED : 0;
				else
					flags = PF_TOKEN_FIRST;
			}
			continue;
		}
		if (kind != CHAR_SPACE)
			flags = PF_TOKEN_FIRST;
		s += n;
	}
	topics->titles[topics->ntitles].start = topics->ntokens;
	count_spellings(topics, start);
}

PfTopics *
pf_topics_new(MemoryContext context, int k)
{
	PfTopics   *topics = MemoryContextAllocZero(context, sizeof(PfTopics));

	topics->context = context;
	topics->scratch = AllocSetContextCreate(context, "paperfeed topics", ALLOCSET_SMALL_SIZES);
	topics->dictionary = get_ts_dict_oid(list_make2(makeString("pg_catalog"), makeString("english_stem")), false);
	topics->k = k;
	return topics;
}
