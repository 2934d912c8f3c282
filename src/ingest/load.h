/*-------------------------------------------------------------------------
 *
 * load.h
 *		Files with millions of records: which they are, and how far each is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_LOAD_H
#define PF_LOAD_H

#include "ingest/input.h"
#include "ingest/lock.h"
#include "paper/paper.h"

/* load_files.c: in the byte order of their paths. */
typedef struct PfLoadFiles
{
	char	  **paths;
	int			n;
	int			max;
	int64		bytes;			/* of all of them */
	bool		one;			/* a file was named, not a directory or a pattern */
} PfLoadFiles;

/*
 * 'path' is a file, a directory, of which all files are meant whose names do not
 * begin with a dot, or a pattern (* ? []) for the names in a directory.  What a
 * link points at is a file, but no directory to go down to.  Raises the file
 * system's error; 58P01 too if nothing is there.
 */
extern void pf_load_files_find(PfLoadFiles *files, const char *path, bool recursive);

/* load_row.c: a row of paperfeed.loads. */
typedef enum PfLoadState
{
	PF_LOAD_LOADING,			/* or broken off */
	PF_LOAD_DONE,
	PF_LOAD_FAILED
} PfLoadState;

typedef struct PfLoadRow
{
	int			id;
	bool		is_new;			/* made just now */
	bool		same;			/* the file is what it was, its base address, and its feed */
	PfLoadState state;
	int64		feed;			/* 0 = none yet */
	int64		bytes;			/* read up to the last commit */
	PfCounts	counts;			/* committed */
	const char *error;			/* in UTF-8; only written */
} PfLoadRow;

/* What a load is told apart by. */
typedef struct PfLoadKey
{
	const char *path;
	Oid			target;
	PfStr		base_url;		/* may be none */
	const PfFileIdentity *file; /* NULL = it could not be opened */
} PfLoadKey;

/*
 * These run as the tables' owner; SPI is connected.  Is the file done?  Does not
 * wait for anybody.
 */
extern bool pf_load_row_is_done(const PfLoadKey *key);

/*
 * Make sure that there is a row, and lock it for the session: NULL if another
 * session loads the file.  The lock lives in CurrentMemoryContext.
 */
extern PfLock *pf_load_row_open(PfLoadRow *row, const PfLoadKey *key);

/* From the first record, or behind those that are in; the row is told what is loaded now. */
extern void pf_load_row_begin(PfLoadRow *row, const PfLoadKey *key, bool anew);

/* How far it is, in the transaction that wrote the papers. */
extern void pf_load_row_note(const PfLoadRow *row);

#endif							/* PF_LOAD_H */
