/*-------------------------------------------------------------------------
 *
 * input.c
 *		Where a document's bytes come from: memory or a server file, plain or gzip.
 *
 * gzip is known by its first two bytes.  Several members in a row are one
 * document, as gzip itself has it.  A bomb is known by its ratio: what grows
 * more than a hundredfold, and beyond what could pass for a document, is
 * refused, so that no small input costs unbounded time.
 *
 * zlib's memory comes from malloc, and the file is one of those that fd.c counts
 * only: both are released by a reset callback of the memory context, so that an
 * input may be read over many transactions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "catalog/pg_authid.h"
#include "common/encoding.h"
#include "ingest/input.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define BUFFER_SIZE		65536
#define HEAD_SIZE		65536	/* bytes by which a file is known again */
#define GZIP_MAGIC_1	0x1F
#define GZIP_MAGIC_2	0x8B
#define BOMB_SIZE		(8 * 1024 * 1024)
#define BOMB_RATIO		100

struct PfInput
{
	int			fd;				/* -1 = memory, or closed */
	char	   *path;			/* NULL = memory */
	char	   *buffer;			/* of a file */
	PfStr		memory;
	bool		handed_on;		/* the memory */
	int64		raw_bytes;
	bool		summing;
	pg_crc32c	crc;			/* of the bytes read */

	bool		started;
	bool		gzip;
	bool		inflating;		/* zlib holds memory */
	bool		done;
	z_stream	z;
	char	   *plain;			/* decompressed */
	int64		plain_bytes;
	const char *fault;
	int			sqlstate;
};

static void
release(void *arg)
{
	PfInput    *in = arg;

	if (in->inflating)
		inflateEnd(&in->z);
	in->inflating = false;
	if (in->fd >= 0)
	{
		(void) close(in->fd);
		ReleaseExternalFD();
	}
	in->fd = -1;
}

static PfInput *
make_input(void)
{
	PfInput    *in = palloc0(sizeof(PfInput));
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	in->fd = -1;
	INIT_CRC32C(in->crc);
	callback->func = release;
	callback->arg = in;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return in;
}

void
pf_input_check_rights(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read server files"),
				 errdetail("Only roles with privileges of the \"%s\" role may ingest server files.",
						   "pg_read_server_files"),
				 errhint("Read the file on the client and use paperfeed.ingest_document.")));
}

PfInput *
pf_input_memory(PfStr bytes)
{
	PfInput    *in = make_input();

	in->memory = bytes;
	return in;
}

/* Open the file; false with 'errno' set, or 0 if it is none that has an end. */
static bool
open_file(PfInput *in, const char *path)
{
	struct stat st;

	/* Look before opening, which would wait for the other end of a pipe. */
	if (stat(path, &st) != 0)
		return false;
	errno = 0;
	if (!S_ISREG(st.st_mode) || !AcquireExternalFD())
		return false;
	in->fd = BasicOpenFile(path, O_RDONLY | PG_BINARY);
	if (in->fd < 0)
	{
		ReleaseExternalFD();
		return false;
	}
	in->path = pstrdup(path);
	in->buffer = palloc(BUFFER_SIZE);
	return true;
}

PfInput *
pf_input_file(const char *path)
{
	PfInput    *in = make_input();

	if (open_file(in, path))
		return in;
	if (errno == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", path)));
	ereport(ERROR,
			(errcode_for_file_access(),
			 errmsg("could not open file \"%s\" for reading: %m", path)));
}

PfInput *
pf_input_try_file(const char *path, const char **problem)
{
	PfInput    *in = make_input();

	if (open_file(in, path))
		return in;
	*problem = errno == 0 ? "it is not a regular file" : pstrdup(strerror(errno));
	return NULL;
}

static void
set_fault(PfInput *in, int sqlstate, const char *fault)
{
	in->done = true;
	if (in->fault != NULL)
		return;
	in->fault = fault;
	in->sqlstate = sqlstate;
}

/* Read from the file, as much as there is at once; 0 = the end, or a fault. */
static size_t
read_file(PfInput *in)
{
	ssize_t		n;
	const char *message;

	do
	{
		CHECK_FOR_INTERRUPTS();
		n = read(in->fd, in->buffer, BUFFER_SIZE);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (size_t) n;
	message = psprintf("could not read the file: %m");
	set_fault(in, ERRCODE_IO_ERROR, pf_str_dup(pf_text_to_utf8(cstring_to_text(message))).s);
	return 0;
}

/* To its beginning again. */
static void
rewind_file(PfInput *in)
{
	if (lseek(in->fd, 0, SEEK_SET) < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in file \"%s\": %m", in->path)));
}

void
pf_input_identify(PfInput *in, PfFileIdentity *out)
{
	struct stat st;
	pg_crc32c	crc;
	size_t		left = HEAD_SIZE;
	size_t		n;

	if (fstat(in->fd, &st) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not stat file \"%s\": %m", in->path)));
	INIT_CRC32C(crc);
	while (left > 0 && (n = read_file(in)) > 0)
	{
		n = Min(n, left);
		COMP_CRC32C(crc, in->buffer, n);
		left -= n;
	}
	FIN_CRC32C(crc);
	rewind_file(in);
	out->size = st.st_size;
	out->modified = time_t_to_timestamptz(st.st_mtime);
	out->head = crc;
}

/* The next bytes as they are stored. */
static size_t
next_raw(PfInput *in, const char **bytes)
{
	size_t		n;

	if (in->path == NULL)
	{
		n = in->handed_on ? 0 : in->memory.len;
		*bytes = in->memory.s;
		in->handed_on = true;
	}
	else
	{
		n = read_file(in);
		*bytes = in->buffer;
	}
	in->raw_bytes += n;
	if (in->summing)
		COMP_CRC32C(in->crc, *bytes, n);
	return n;
}

uint64
pf_input_end_checksum(PfInput *in)
{
	const char *bytes;
	pg_crc32c	crc;

	/* What follows the end of the document is part of the file. */
	while (next_raw(in, &bytes) > 0)
		CHECK_FOR_INTERRUPTS();
	crc = in->crc;
	FIN_CRC32C(crc);
	return (uint64) crc << 32 | (uint32) in->raw_bytes;
}

void
pf_input_start_checksum(PfInput *in)
{
	in->summing = true;
}

uint64
pf_input_checksum(PfInput *in)
{
	uint64		checksum;

	pf_input_start_checksum(in);
	checksum = pf_input_end_checksum(in);
	in->handed_on = false;
	in->raw_bytes = 0;
	INIT_CRC32C(in->crc);
	if (in->path != NULL)
		rewind_file(in);
	return checksum;
}

static void
start_gzip(PfInput *in)
{
	if (inflateInit2(&in->z, 15 + 16) != Z_OK)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Could not start to decompress.")));
	in->inflating = true;
	in->gzip = true;
	in->plain = palloc(BUFFER_SIZE);
}

/* See that there is something to decompress. */
static bool
refill(PfInput *in)
{
	const char *bytes;

	if (in->z.avail_in == 0)
	{
		in->z.avail_in = (uInt) next_raw(in, &bytes);
		in->z.next_in = (Bytef *) unconstify(char *, bytes);
	}
	return in->z.avail_in > 0;
}

static size_t
next_plain(PfInput *in, const char **bytes)
{
	size_t		n;

	in->z.next_out = (Bytef *) in->plain;
	in->z.avail_out = BUFFER_SIZE;
	while (in->z.avail_out > 0 && !in->done)
	{
		int			rc;

		CHECK_FOR_INTERRUPTS();
		if (!refill(in))
		{
			set_fault(in, ERRCODE_DATA_EXCEPTION, "the compressed data is cut off");
			break;
		}
		rc = inflate(&in->z, Z_NO_FLUSH);
		if (rc == Z_STREAM_END)
		{
			/* Another member, or the end; padding after the last one is no fault. */
			if (!refill(in) || *in->z.next_in != GZIP_MAGIC_1)
				in->done = true;
			else
				inflateReset(&in->z);
		}
		else if (rc != Z_OK && rc != Z_BUF_ERROR)
			set_fault(in, ERRCODE_DATA_EXCEPTION, "the compressed data is damaged");
	}
	n = BUFFER_SIZE - in->z.avail_out;
	in->plain_bytes += n;
	if (in->plain_bytes > BOMB_SIZE && in->plain_bytes / BOMB_RATIO > in->raw_bytes)
		set_fault(in, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
				  "the data is compressed more than a hundredfold");
	*bytes = in->plain;
	return n;
}

size_t
pf_input_next(PfInput *in, const char **bytes)
{
	if (in->done)
		return 0;
	if (!in->started)
	{
		size_t		n = next_raw(in, bytes);

		in->started = true;
		if (n < 2 || (unsigned char) (*bytes)[0] != GZIP_MAGIC_1 ||
			(unsigned char) (*bytes)[1] != GZIP_MAGIC_2)
			return n;
		in->z.next_in = (Bytef *) unconstify(char *, *bytes);
		in->z.avail_in = (uInt) n;
		start_gzip(in);
	}
	return in->gzip ? next_plain(in, bytes) : next_raw(in, bytes);
}

const char *
pf_input_fault(const PfInput *in, int *sqlstate)
{
	if (in->fault != NULL)
		*sqlstate = in->sqlstate;
	return in->fault;
}

int64
pf_input_bytes(const PfInput *in)
{
	return in->raw_bytes;
}

void
pf_input_close(PfInput *in)
{
	release(in);
}
