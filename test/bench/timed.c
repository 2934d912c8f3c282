/*-------------------------------------------------------------------------
 *
 * timed.c
 *		Run a command once for each of some files and tell how long it took.
 *
 *		timed COMMAND FILE...
 *
 * Its standard input is the file, its output is thrown away.  Prints seconds
 * of CPU time of all runs (finer than a shell's "time") and seconds.
 *
 *-------------------------------------------------------------------------
 */
#define _DEFAULT_SOURCE

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void
run(char *command, const char *path)
{
	int			in = open(path, O_RDONLY);
	int			out = open("/dev/null", O_WRONLY);

	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
	{
		perror(path);
		_exit(126);
	}
	execlp(command, command, (char *) NULL);
	perror(command);
	_exit(127);
}

int
main(int argc, char **argv)
{
	struct rusage usage;
	double		start = now();

	if (argc < 3)
		return 1;
	for (int i = 2; i < argc; i++)
	{
		int			status;
		pid_t		pid = fork();

		if (pid == 0)
			run(argv[1], argv[i]);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
			WEXITSTATUS(status) != 0)
			return 1;
	}
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%.6f %.6f\n",
		   usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
		   (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6, now() - start);
	return 0;
}
