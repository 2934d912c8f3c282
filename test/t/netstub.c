/*-------------------------------------------------------------------------
 *
 * netstub.c
 *		A library to preload into a server under test: a network of its own.
 *
 * - getaddrinfo: no name is looked up elsewhere.  "loopback.test" resolves to
 *	 127.0.0.1, "private.test" to 10.0.0.1, "mixed.test" to 10.0.0.1 and
 *	 127.0.0.1, "mapped.test" to ::ffff:127.0.0.1, "rebind.test" to 127.0.0.1
 *	 and 127.0.0.2 in turn, "stall.test" after a minute to nothing; localhost
 *	 and numeric addresses are as ever, other names unknown.
 * - connect: addresses that are not loopback are refused without a packet,
 *	 and every attempt, to loopback too, is written to the file named by
 *	 PAPERFEED_CONNECT_LOG.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef int (*getaddrinfo_fn) (const char *, const char *, const struct addrinfo *,
							   struct addrinfo **);
typedef int (*connect_fn) (int, const struct sockaddr *, socklen_t);

static int
is_numeric(const char *name)
{
	unsigned char buf[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, buf) == 1 || inet_pton(AF_INET6, name, buf) == 1;
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
			struct addrinfo **result)
{
	getaddrinfo_fn real = (getaddrinfo_fn) dlsym(RTLD_NEXT, "getaddrinfo");
	struct addrinfo numeric;
	const char *first = NULL;
	const char *second = NULL;
	static int	calls = 0;
	int			code;

	if (node == NULL || is_numeric(node) || strcmp(node, "localhost") == 0)
		return real(node, service, hints, result);

	if (strcmp(node, "loopback.test") == 0)
		first = "127.0.0.1";
	else if (strcmp(node, "private.test") == 0)
		first = "10.0.0.1";
	else if (strcmp(node, "mapped.test") == 0)
		first = "::ffff:127.0.0.1";
	else if (strcmp(node, "rebind.test") == 0)
		first = calls++ % 2 == 0 ? "127.0.0.1" : "127.0.0.2";
	else if (strcmp(node, "mixed.test") == 0)
	{
		first = "10.0.0.1";
		second = "127.0.0.1";
	}
	else if (strcmp(node, "stall.test") == 0)
		sleep(60);
	if (first == NULL)
		return EAI_NONAME;

	memset(&numeric, 0, sizeof(numeric));
	numeric.ai_socktype = hints != NULL ? hints->ai_socktype : SOCK_STREAM;
	numeric.ai_protocol = hints != NULL ? hints->ai_protocol : 0;
	numeric.ai_flags = AI_NUMERICHOST;
	code = real(first, service, &numeric, result);
	if (code == 0 && second != NULL)
	{
		struct addrinfo *last = *result;

		while (last->ai_next != NULL)
			last = last->ai_next;
		code = real(second, service, &numeric, &last->ai_next);
	}
	return code;
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	connect_fn	real = (connect_fn) dlsym(RTLD_NEXT, "connect");
	const char *log = getenv("PAPERFEED_CONNECT_LOG");
	char		text[INET6_ADDRSTRLEN] = "?";
	int			loopback;
	int			port;

	if (address->sa_family == AF_INET)
	{
		const struct sockaddr_in *in = (const struct sockaddr_in *) (const void *) address;

		loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
		port = ntohs(in->sin_port);
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	}
	else if (address->sa_family == AF_INET6)
	{
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *) (const void *) address;

		loopback = IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
		port = ntohs(in->sin6_port);
		inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
	}
	else
		return real(fd, address, len);

	if (log != NULL)
	{
		char		line[INET6_ADDRSTRLEN + 16];
		int			n = snprintf(line, sizeof(line), "%s %d\n", text, port);
		int			out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		if (out >= 0)
		{
			if (write(out, line, n) != n)
				abort();
			close(out);
		}
	}
	if (!loopback)
	{
		errno = EACCES;
		return -1;
	}
	return real(fd, address, len);
}
