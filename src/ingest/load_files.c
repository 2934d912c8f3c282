/*-------------------------------------------------------------------------
 *
 * load_files.c
 *		Which files are meant by a path: one, those of a directory, a pattern.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include "ingest/load.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"

/* 'st' NULL = it is not known what it is: opening it will tell. */
static void
add(PfLoadFiles *files, const char *path, const struct stat *st)
{
	if (files->n == files->max)
	{
		files->max = files->max == 0 ? 64 : files->max * 2;
		files->paths = files->paths == NULL ?
			palloc(files->max * sizeof(char *)) :
			repalloc_huge(files->paths, files->max * sizeof(char *));
	}
	files->paths[files->n++] = pstrdup(path);
	if (st != NULL)
		files->bytes += st->st_size;
}

/* Can a name be stored and shown?  The file system takes any bytes. */
static bool
is_text(const char *name, const char *directory)
{
	if (pg_verify_mbstr(GetDatabaseEncoding(), name, (int) strlen(name), true))
		return true;
	ereport(WARNING,
			(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
			 errmsg("left out a file in \"%s\": its name is not valid in encoding \"%s\"",
					directory, GetDatabaseEncodingName())));
	return false;
}

/* 'pattern' NULL = all. */
static void
add_directory(PfLoadFiles *files, const char *directory, const char *pattern, bool recursive)
{
	DIR		   *dir = AllocateDir(directory);
	struct dirent *entry;

	check_stack_depth();
	while ((entry = ReadDir(dir, directory)) != NULL)
	{
		char		path[MAXPGPATH];
		struct stat st;

		CHECK_FOR_INTERRUPTS();
		if (entry->d_name[0] == '.' ||
			(pattern != NULL && fnmatch(pattern, entry->d_name, 0) != 0) ||
			!is_text(entry->d_name, directory))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", strcmp(directory, "/") == 0 ? "" : directory,
					 entry->d_name) >= (int) sizeof(path))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a path in \"%s\" is longer than %d bytes", directory, MAXPGPATH - 1)));
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		{
			if (recursive)
				add_directory(files, path, NULL, true);
		}
		else if (stat(path, &st) != 0)
			add(files, path, NULL);
		else if (S_ISREG(st.st_mode))
			add(files, path, &st);
	}
	FreeDir(dir);
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The directory and the pattern of a path that ends in one; false if it does not. */
static bool
split_pattern(const char *path, char **directory, const char **pattern)
{
	const char *slash = strrchr(path, '/');

	*pattern = slash == NULL ? path : slash + 1;
	if (strpbrk(*pattern, "*?[") == NULL)
		return false;
	*directory = slash == NULL ? pstrdup(".") :
		slash == path ? pstrdup("/") : pnstrdup(path, slash - path);
	return true;
}

void
pf_load_files_find(PfLoadFiles *files, const char *path, bool recursive)
{
	struct stat st;
	char	   *directory;
	const char *pattern;

	memset(files, 0, sizeof(PfLoadFiles));
	if (stat(path, &st) != 0)
	{
		int			error = errno;

		if (error != ENOENT || !split_pattern(path, &directory, &pattern))
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not stat file \"%s\": %m", path)));
		add_directory(files, directory, pattern, false);
		if (files->n == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FILE),
					 errmsg("no file in \"%s\" matches \"%s\"", directory, pattern)));
	}
	else if (S_ISDIR(st.st_mode))
		add_directory(files, path, NULL, recursive);
	else
	{
		files->one = true;
		add(files, path, &st);
	}
	qsort(files->paths, files->n, sizeof(char *), compare_paths);
}
