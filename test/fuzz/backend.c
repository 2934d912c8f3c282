/*-------------------------------------------------------------------------
 *
 * backend.c
 *		What stands in for a PostgreSQL backend around paperfeed's readers.
 *
 * Each palloc is a malloc, so that sanitizers see every byte too far; the
 * header before it is poisoned for the same reason.  Memory contexts form a
 * tree and run their reset callbacks, which is how the readers release what
 * libxml2 and malloc own.  An error is a longjmp out of fuzz_run, with
 * whatever was on the stack, as in a backend.
 *
 * Conversions of charsets are iconv's, driven as PostgreSQL's are: as many
 * whole characters as fit, then the number of bytes used.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <iconv.h>
#include <setjmp.h>
#include <signal.h>

#include "backend.h"
#include "catalog/namespace.h"
#include "common/encoding.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#endif
#if defined(WITH_ASAN) || defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void) (p), (void) (n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void) (p), (void) (n))
#endif

/* ----------------------------------------------------------------
 * Memory
 * ----------------------------------------------------------------
 */

typedef struct Context Context;

typedef struct Chunk
{
	struct Chunk *next;
	struct Chunk *prev;
	Context    *context;
	size_t		size;
} Chunk;

#define HEADER	MAXALIGN(sizeof(Chunk))

struct Context
{
	Chunk	   *chunks;
	MemoryContextCallback *callbacks;
	Context    *parent;
	Context    *child;
	Context    *sibling;
};

static Context top;

MemoryContext CurrentMemoryContext = (MemoryContext) &top;
MemoryContext TopMemoryContext = (MemoryContext) &top;
MemoryContext ErrorContext = (MemoryContext) &top;

static void *
allocate(Context *context, size_t size, bool huge)
{
	Chunk	   *chunk;

	if (!huge && size > MaxAllocSize)
		elog(ERROR, "invalid memory alloc request size %zu", size);
	chunk = malloc(HEADER + size);
	if (chunk == NULL)
		abort();
	chunk->context = context;
	chunk->size = size;
	chunk->prev = NULL;
	chunk->next = context->chunks;
	if (chunk->next != NULL)
	{
		ASAN_UNPOISON_MEMORY_REGION(chunk->next, HEADER);
		chunk->next->prev = chunk;
		ASAN_POISON_MEMORY_REGION(chunk->next, HEADER);
	}
	context->chunks = chunk;
	ASAN_POISON_MEMORY_REGION(chunk, HEADER);
	return (char *) chunk + HEADER;
}

static Chunk *
open_chunk(void *p)
{
	Chunk	   *chunk = (Chunk *) ((char *) p - HEADER);

	ASAN_UNPOISON_MEMORY_REGION(chunk, HEADER);
	return chunk;
}

void
pfree(void *p)
{
	Chunk	   *chunk = open_chunk(p);
	Chunk	   *next = chunk->next;
	Chunk	   *prev = chunk->prev;

	if (next != NULL)
	{
		ASAN_UNPOISON_MEMORY_REGION(next, HEADER);
		next->prev = prev;
		ASAN_POISON_MEMORY_REGION(next, HEADER);
	}
	if (prev != NULL)
	{
		ASAN_UNPOISON_MEMORY_REGION(prev, HEADER);
		prev->next = next;
		ASAN_POISON_MEMORY_REGION(prev, HEADER);
	}
	else
		chunk->context->chunks = next;
	free(chunk);
}

void *
palloc(Size size)
{
	return allocate((Context *) CurrentMemoryContext, size, false);
}

void *
palloc_extended(Size size, int flags)
{
	void	   *p = allocate((Context *) CurrentMemoryContext, size, (flags & MCXT_ALLOC_HUGE) != 0);

	if ((flags & MCXT_ALLOC_ZERO) != 0)
		memset(p, 0, size);
	return p;
}

void *
palloc0(Size size)
{
	return palloc_extended(size, MCXT_ALLOC_ZERO);
}

void *
repalloc(void *p, Size size)
{
	Chunk	   *chunk = open_chunk(p);
	size_t		old = chunk->size;
	Context    *context = chunk->context;
	void	   *q;

	ASAN_POISON_MEMORY_REGION(chunk, HEADER);
	q = allocate(context, size, false);
	memcpy(q, p, Min(old, size));
	pfree(p);
	return q;
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return allocate((Context *) context, size, false);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return memset(MemoryContextAlloc(context, size), 0, size);
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name pg_attribute_unused(),
							  Size min_size pg_attribute_unused(),
							  Size first_size pg_attribute_unused(),
							  Size max_size pg_attribute_unused())
{
	Context    *context = calloc(1, sizeof(Context));

	if (context == NULL)
		abort();
	context->parent = (Context *) parent;
	context->sibling = context->parent->child;
	context->parent->child = context;
	return (MemoryContext) context;
}

void
MemoryContextRegisterResetCallback(MemoryContext c, MemoryContextCallback *callback)
{
	Context    *context = (Context *) c;

	callback->next = context->callbacks;
	context->callbacks = callback;
}

void
MemoryContextReset(MemoryContext c)
{
	Context    *context = (Context *) c;

	while (context->child != NULL)
		MemoryContextDelete((MemoryContext) context->child);
	while (context->callbacks != NULL)
	{
		MemoryContextCallback *callback = context->callbacks;

		context->callbacks = callback->next;
		callback->func(callback->arg);
	}
	while (context->chunks != NULL)
		pfree((char *) context->chunks + HEADER);
}

void
MemoryContextDelete(MemoryContext c)
{
	Context    *context = (Context *) c;
	Context   **link = &context->parent->child;

	MemoryContextReset(c);
	while (*link != context)
		link = &(*link)->sibling;
	*link = context->sibling;
	free(context);
}

char *
pstrdup(const char *s)
{
	return pnstrdup(s, strlen(s));
}

char *
pnstrdup(const char *s, Size len)
{
	size_t		n = strnlen(s, len);
	char	   *copy = palloc(n + 1);

	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

/* ----------------------------------------------------------------
 * Errors and interrupts
 * ----------------------------------------------------------------
 */

int			fuzz_sqlstate;
char		fuzz_message[256];

volatile sig_atomic_t InterruptPending = 0;

static jmp_buf out_of_run;
static bool running;

bool
fuzz_run(void (*fn) (void *arg), void *arg)
{
	MemoryContext context = AllocSetContextCreateInternal((MemoryContext) &top, "run", 0, 0, 0);
	bool		ok = false;

	CurrentMemoryContext = context;
	running = true;
	if (setjmp(out_of_run) == 0)
	{
		fn(arg);
		ok = true;
	}
	running = false;
	CurrentMemoryContext = (MemoryContext) &top;
	MemoryContextDelete(context);
	return ok;
}

void
ProcessInterrupts(void)
{
}

void
check_stack_depth(void)
{
}

bool
errstart(int elevel, const char *domain pg_attribute_unused())
{
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

int
errcode(int sqlstate)
{
	fuzz_sqlstate = sqlstate;
	return 0;
}

static void
keep_message(const char *fmt, va_list args)
{
	vsnprintf(fuzz_message, sizeof(fuzz_message), fmt, args);
}

#define MESSAGE_FUNCTION(name) \
int \
name(const char *fmt,...) \
{ \
	va_list		args; \
\
	va_start(args, fmt); \
	keep_message(fmt, args); \
	va_end(args); \
	return 0; \
}

MESSAGE_FUNCTION(errmsg)

int
errmsg_internal(const char *fmt,...)
{
	va_list		args;

	/* elog: what cannot happen. */
	fuzz_sqlstate = ERRCODE_INTERNAL_ERROR;
	va_start(args, fmt);
	keep_message(fmt, args);
	va_end(args);
	return 0;
}

int
errdetail(const char *fmt pg_attribute_unused(),...)
{
	return 0;
}

int
errhint(const char *fmt pg_attribute_unused(),...)
{
	return 0;
}

void
errfinish(const char *file, int line, const char *function pg_attribute_unused())
{
	if (fuzz_sqlstate == ERRCODE_INTERNAL_ERROR || !running)
	{
		fprintf(stderr, "%s:%d: %s\n", file, line, fuzz_message);
		abort();
	}
	longjmp(out_of_run, 1);
}

#ifdef USE_ASSERT_CHECKING
#if PG_VERSION_NUM >= 160000
void
ExceptionalCondition(const char *condition, const char *file, int line)
#else
void
ExceptionalCondition(const char *condition, const char *type pg_attribute_unused(),
					 const char *file, int line)
#endif
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}
#endif

/* ----------------------------------------------------------------
 * Charsets
 * ----------------------------------------------------------------
 */

static const char *
iconv_name(int encoding)
{
	switch (encoding)
	{
		case PG_WIN1252:
			return "CP1252";
		case PG_WIN1251:
			return "CP1251";
		case PG_LATIN2:
			return "ISO-8859-2";
		case PG_KOI8R:
			return "KOI8-R";
		case PG_EUC_JP:
			return "EUC-JP";
		case PG_SJIS:
			return "SHIFT_JIS";
		case PG_GBK:
			return "GBK";
		case PG_GB18030:
			return "GB18030";
		case PG_BIG5:
			return "BIG5";
		case PG_UHC:
			return "UHC";
		default:
			return NULL;
	}
}

Oid
FindDefaultConversionProc(int32 from, int32 to)
{
	return to == PG_UTF8 && iconv_name(from) != NULL ? (Oid) 1 : InvalidOid;
}

int
pg_do_encoding_conversion_buf(Oid proc pg_attribute_unused(), int from,
							  int to pg_attribute_unused(), unsigned char *src, int srclen,
							  unsigned char *dest, int destlen, bool no_error)
{
	static iconv_t converters[_PG_LAST_ENCODING_];
	int			used = 0;
	int			filled = 0;

	if (!no_error)
		abort();
	if (converters[from] == NULL)
		converters[from] = iconv_open("UTF-8", iconv_name(from));
	if (srclen >= (destlen - 1) / MAX_CONVERSION_GROWTH)
		srclen = (destlen - 1) / MAX_CONVERSION_GROWTH;
	while (used < srclen && src[used] != '\0')
	{
		char	   *in = (char *) src + used;
		char	   *out = (char *) dest + filled;
		int			len = pg_encoding_verifymbchar(from, in, srclen - used);
		size_t		in_left = len;
		size_t		out_left = destlen - 1 - filled;

		if (len < 0 || iconv(converters[from], &in, &in_left, &out, &out_left) == (size_t) -1 ||
			in_left > 0)
		{
			iconv(converters[from], NULL, NULL, NULL, NULL);
			break;
		}
		filled = out - (char *) dest;
		used += len;
	}
	dest[filled] = '\0';
	return used;
}

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

char *
pg_server_to_any(const char *s, int len pg_attribute_unused(), int encoding pg_attribute_unused())
{
	return unconstify(char *, s);
}

int
pg_encoding_mbcliplen(int encoding, const char *s, int len, int limit)
{
	int			clipped = 0;

	while (len > 0)
	{
		int			n = Min(pg_encoding_mblen(encoding, s), len);

		if (clipped + n > limit)
			break;
		clipped += n;
		s += n;
		len -= n;
	}
	return clipped;
}

/* ----------------------------------------------------------------
 * What is linked and never called
 * ----------------------------------------------------------------
 */

#define NEVER(result, name, arguments) \
result \
name arguments \
{ \
	abort(); \
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
NEVER(text *, cstring_to_text_with_len, (const char *s, int len))
NEVER(text *, pf_utf8_to_text, (PfStr in))
NEVER(text *, cstring_to_text, (const char *s))
NEVER(PfStr, pf_text_to_utf8, (text *in))
NEVER(bool, AcquireExternalFD, (void))
NEVER(void, ReleaseExternalFD, (void))
NEVER(int, BasicOpenFile, (const char *name, int flags))
NEVER(TimestampTz, time_t_to_timestamptz, (pg_time_t tm))
NEVER(bool, has_privs_of_role, (Oid member, Oid role))
NEVER(Oid, GetUserId, (void))
NEVER(int, errcode_for_file_access, (void))
NEVER(char *, text_to_cstring, (const text *t))
NEVER(struct varlena *, pg_detoast_datum_packed, (struct varlena *datum))
NEVER(char *, pq_getmsgtext, (StringInfo msg, int rawbytes, int *nbytes))
NEVER(void, pq_begintypsend, (StringInfo buf))
NEVER(void, pq_sendtext, (StringInfo buf, const char *str, int slen))
NEVER(bytea *, pq_endtypsend, (StringInfo buf))
#pragma GCC diagnostic pop

/* ----------------------------------------------------------------
 * The calendar, as utils/adt/datetime.c and timestamp.c have it
 * ----------------------------------------------------------------
 */

const int	day_tab[2][13] = {
	{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
	{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}
};

int
date2j(int y, int m, int d)
{
	int			julian;
	int			century;

	if (m > 2)
	{
		m += 1;
		y += 4800;
	}
	else
	{
		m += 13;
		y += 4799;
	}
	century = y / 100;
	julian = y * 365 - 32167;
	julian += y / 4 - century + century / 4;
	julian += 7834 * m / 256 + d;
	return julian;
}

void
j2date(int jd, int *year, int *month, int *day)
{
	unsigned int julian = jd + 32044;
	unsigned int quad = julian / 146097;
	unsigned int extra = (julian - quad * 146097) * 4 + 3;
	int			y;

	julian += 60 + quad * 3 + extra / 146097;
	quad = julian / 1461;
	julian -= quad * 1461;
	y = julian * 4 / 1461;
	julian = (y != 0 ? (julian + 305) % 365 : (julian + 306) % 366) + 123;
	y += quad * 4;
	*year = y - 4800;
	quad = julian * 2141 / 65536;
	*day = julian - 7834 * quad / 256;
	*month = (quad + 10) % 12 + 1;
}

int
isoweek2j(int year, int week)
{
	int			day4 = date2j(year, 1, 4);

	return (week - 1) * 7 + (day4 - (day4 + 7) % 7);
}

/* ----------------------------------------------------------------
 * Checks
 * ----------------------------------------------------------------
 */

void
fuzz_die(const char *what, PfStr text)
{
	fprintf(stderr, "WRONG: %s: \"%.*s\"\n", what, text.s == NULL ? 0 : text.len,
			text.s == NULL ? "" : text.s);
	abort();
}

void
fuzz_check_text(const char *what, PfStr text)
{
	if (text.s == NULL)
	{
		if (text.len != 0)
			fuzz_die("absent text with a length", PF_STR_LIT(""));
		return;
	}
	if (text.len < 0)
		fuzz_die("a negative length", PF_STR_LIT(""));
	if (memchr(text.s, '\0', text.len) != NULL)
		fuzz_die("NUL in text", pf_str(what));
	if (pg_encoding_verifymbstr(PG_UTF8, text.s, text.len) != text.len)
		fuzz_die(what, text);
}
