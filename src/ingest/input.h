/*-------------------------------------------------------------------------
 *
 * input.h
 *		Where a document's bytes come from: memory or a server file, plain or gzip.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_INPUT_H
#define PF_INPUT_H

#include "common/strings.h"
#include "datatype/timestamp.h"

/* An input belongs to the CurrentMemoryContext of its making, not to a transaction. */
typedef struct PfInput PfInput;

/* The bytes must outlive the input. */
extern PfInput *pf_input_memory(PfStr bytes);

/* Raises 42501 unless the current user may read server files. */
extern void pf_input_check_rights(void);

/* Raises the file system's error if it cannot be opened.  The caller checks rights. */
extern PfInput *pf_input_file(const char *path);

/* The same, but NULL, and why not, if it cannot be opened. */
extern PfInput *pf_input_try_file(const char *path, const char **problem);

/* By what a file is known again, without reading all of it. */
typedef struct PfFileIdentity
{
	int64		size;			/* bytes */
	TimestampTz modified;		/* whole seconds */
	uint32		head;			/* CRC-32C of its first 64 kB */
} PfFileIdentity;

/* Of a file that was not read from yet. */
extern void pf_input_identify(PfInput *in, PfFileIdentity *out);

/*
 * The next bytes, valid until the next call; 0 of them at the end and after a
 * fault of the data or of the file, which pf_input_fault then tells.
 */
extern size_t pf_input_next(PfInput *in, const char **bytes);

/*
 * CRC-32C and length of the bytes as they are stored.  Of all of them, whatever
 * was read before: the input is at its beginning again afterwards.
 */
extern uint64 pf_input_checksum(PfInput *in);

/* The same while reading: start before the first byte; the end reads what was left. */
extern void pf_input_start_checksum(PfInput *in);
extern uint64 pf_input_end_checksum(PfInput *in);

/*
 * What was wrong with compressed data or with reading the file, for people; NULL
 * if nothing.  '*sqlstate' goes with it.
 */
extern const char *pf_input_fault(const PfInput *in, int *sqlstate);

/* Bytes read from below, before decompression. */
extern int64 pf_input_bytes(const PfInput *in);

extern void pf_input_close(PfInput *in);

#endif							/* PF_INPUT_H */
