/*-------------------------------------------------------------------------
 *
 * guard.c
 *		Which addresses a request may lead to.
 *
 * A feed's address comes from people, its redirects and its DNS from anybody,
 * while the database server sits inside a network that trusts it.  So every
 * connection is judged by the address that it is about to be opened to, after
 * the name was resolved and once for each hop: a name that changes its address
 * between two look-ups (DNS rebinding) gains nothing, as what is judged is what
 * is connected to.
 *
 * IPv4: the special-purpose blocks of IANA's registry are refused.  IPv6: only
 * 2000::/3, the block that public hosts live in, is open, less the special
 * blocks inside it.  An IPv6 address that carries an IPv4 one (6to4, Teredo)
 * is as public as that one.
 *
 * The list of exceptions (paperfeed.allow_private_hosts) has two kinds of
 * entries, which mean different things:
 *
 * - a name trusts that name, and so its DNS: it holds when the URL of the hop
 *	 names that very host, whatever the address.  Another name that resolves to
 *	 the same address is not let in.
 * - an address or prefix trusts what listens there: it holds for the address
 *	 connected to, whatever name led to it.  Matching the URL as well would
 *	 protect nothing, since a redirect may name the address as such.
 *
 * An address with an IPv4 one inside needs both of them open: 64:ff9b::/96 on
 * the list does not open 64:ff9b::10.0.0.1, unless 10.0.0.1 is open too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "fetch/guard.h"

#define PF_MAX_NUMERIC	64		/* longer than any numeric address */

typedef struct Block
{
	uint8		prefix[16];
	uint8		bits;
	const char *reason;
	bool		carries;		/* an IPv4 address, in its last four bytes */
} Block;

static const Block blocks4[] = {
	{{0}, 8, "\"this network\" (0.0.0.0/8)", false},
	{{10}, 8, "private (10.0.0.0/8)", false},
	{{100, 64}, 10, "shared by a carrier (100.64.0.0/10)", false},
	{{127}, 8, "loopback (127.0.0.0/8)", false},
	{{169, 254}, 16, "link-local (169.254.0.0/16)", false},
	{{172, 16}, 12, "private (172.16.0.0/12)", false},
	{{192, 0, 0}, 24, "for protocols (192.0.0.0/24)", false},
	{{192, 0, 2}, 24, "for documentation (192.0.2.0/24)", false},
	{{192, 88, 99}, 24, "a 6to4 relay (192.88.99.0/24)", false},
	{{192, 168}, 16, "private (192.168.0.0/16)", false},
	{{198, 18}, 15, "for benchmarks (198.18.0.0/15)", false},
	{{198, 51, 100}, 24, "for documentation (198.51.100.0/24)", false},
	{{203, 0, 113}, 24, "for documentation (203.0.113.0/24)", false},
	{{224}, 4, "multicast (224.0.0.0/4)", false},
	{{255, 255, 255, 255}, 32, "broadcast", false},
	{{240}, 4, "reserved (240.0.0.0/4)", false}
};

/* The first match counts, so longer prefixes come before those that contain them. */
static const Block blocks6[] = {
	{{0}, 128, "unspecified (::)", false},
	{{[15] = 1}, 128, "loopback (::1)", false},
	{{[10] = 0xff, 0xff}, 96, "a mapped IPv4 address (::ffff:0:0/96)", true},
	{{0}, 96, "an IPv4-compatible address (::/96)", true},
	{{0x00, 0x64, 0xff, 0x9b}, 96, "behind a translator (64:ff9b::/96)", true},
	{{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, "behind a translator (64:ff9b:1::/48)", true},
	{{0xfc}, 7, "private (fc00::/7)", false},
	{{0xfe, 0x80}, 10, "link-local (fe80::/10)", false},
	{{0xfe, 0xc0}, 10, "site-local (fec0::/10)", false},
	{{0xff}, 8, "multicast (ff00::/8)", false},
	{{0x20, 0x01, 0x0d, 0xb8}, 32, "for documentation (2001:db8::/32)", false},
	{{0x3f, 0xff}, 20, "for documentation (3fff::/20)", false}
};

static const uint8 teredo[16] = {0x20, 0x01, 0, 0};
static const uint8 six_to_four[16] = {0x20, 0x02};
static const uint8 protocols6[16] = {0x20, 0x01};
static const uint8 global_unicast[16] = {0x20};

static bool
has_prefix(const uint8 *address, const uint8 *prefix, int bits)
{
	int			bytes = bits / 8;
	int			rest = bits % 8;

	if (bytes > 0 && memcmp(address, prefix, bytes) != 0)
		return false;
	return rest == 0 || ((address[bytes] ^ prefix[bytes]) >> (8 - rest)) == 0;
}

static const Block *
find_block(const Block *blocks, int n, const uint8 *address)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		if (has_prefix(address, blocks[i].prefix, blocks[i].bits))
			return &blocks[i];
	}
	return NULL;
}

/*
 * The IPv4 addresses inside an IPv6 one; gives their number, 0 to 2.
 */
static int
embedded(const uint8 *a, uint8 inner[2][4])
{
	const Block *block;
	int			i;

	if (has_prefix(a, six_to_four, 16))
	{
		memcpy(inner[0], a + 2, 4);
		return 1;
	}
	if (has_prefix(a, teredo, 32))
	{
		memcpy(inner[0], a + 4, 4); /* the relay's server */
		for (i = 0; i < 4; i++)
			inner[1][i] = a[12 + i] ^ 0xff; /* the host's own, inverted */
		return 2;
	}

	block = find_block(blocks6, lengthof(blocks6), a);
	if (block == NULL || !block->carries)
		return 0;
	memcpy(inner[0], a + 12, 4);
	return 1;
}

static const char *
reason4(const uint8 *address)
{
	const Block *block = find_block(blocks4, lengthof(blocks4), address);

	return block != NULL ? block->reason : NULL;
}

static const char *
reason6(const uint8 *address)
{
	const Block *block = find_block(blocks6, lengthof(blocks6), address);
	uint8		inner[2][4];
	int			n;
	int			i;

	if (block != NULL)
		return block->reason;
	if (!has_prefix(address, global_unicast, 3))
		return "not a public host's (outside 2000::/3)";

	n = embedded(address, inner);
	for (i = 0; i < n; i++)
	{
		if (reason4(inner[i]) != NULL)
			return reason4(inner[i]);
	}
	if (n == 0 && has_prefix(address, protocols6, 23))
		return "for protocols (2001::/23)";
	return NULL;
}

const char *
pf_guard_reason(const uint8 *address, int len)
{
	if (len == 4)
		return reason4(address);
	if (len == 16)
		return reason6(address);
	return "of no known family";
}

/* Is there an entry of an address or prefix that covers it? */
static bool
covered(const PfGuardList *list, int port, const uint8 *address, int len)
{
	int			i;

	for (i = 0; i < list->n; i++)
	{
		const PfGuardEntry *entry = &list->entries[i];

		if (entry->len == len && (entry->port == 0 || entry->port == port) &&
			has_prefix(address, entry->address, entry->bits))
			return true;
	}
	return false;
}

static bool
named(const PfGuardList *list, PfStr host, int port)
{
	int			i;

	if (host.len > 0 && host.s[host.len - 1] == '.')
		host.len--;
	for (i = 0; i < list->n; i++)
	{
		const PfGuardEntry *entry = &list->entries[i];

		if (entry->len == 0 && (entry->port == 0 || entry->port == port) &&
			(int) strlen(entry->name) == host.len &&
			pg_strncasecmp(entry->name, host.s, host.len) == 0)
			return true;
	}
	return false;
}

const char *
pf_guard_refuses(const PfGuardList *list, PfStr host, int port, const uint8 *address, int len)
{
	const char *reason = pf_guard_reason(address, len);
	uint8		inner[2][4];
	int			n;
	int			i;

	if (reason == NULL)
		return NULL;
	if (list == NULL || (len != 4 && len != 16))
		return reason;
	if (named(list, host, port))
		return NULL;
	if (!covered(list, port, address, len))
		return reason;

	n = len == 16 ? embedded(address, inner) : 0;
	for (i = 0; i < n; i++)
	{
		reason = reason4(inner[i]);
		if (reason != NULL && !covered(list, port, inner[i], 4))
			return reason;
	}
	return NULL;
}

int
pf_guard_address(PfStr in, uint8 *address)
{
	char		buf[PF_MAX_NUMERIC];

	if (in.len <= 0 || in.len >= (int) sizeof(buf) || memchr(in.s, '\0', in.len) != NULL)
		return 0;
	memcpy(buf, in.s, in.len);
	buf[in.len] = '\0';
	if (inet_pton(AF_INET, buf, address) == 1)
		return 4;
	if (inet_pton(AF_INET6, buf, address) == 1)
		return 16;
	return 0;
}

/* A decimal number up to 'max', digits only; -1 if it is none. */
static int
number(const char *s, int len, int max)
{
	int			n = 0;
	int			i;

	if (len < 1 || len > 5)
		return -1;
	for (i = 0; i < len; i++)
	{
		if (s[i] < '0' || s[i] > '9')
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return n <= max ? n : -1;
}

/*
 * A host's name: letters, digits, hyphens, underscores and dots.  One whose last
 * label begins with a digit would be read as an IPv4 address by resolvers.
 */
static bool
read_name(const char *s, int len, char *name)
{
	int			label = 0;
	int			i;

	if (len > 0 && s[len - 1] == '.')
		len--;
	if (len < 1 || len > PF_GUARD_MAX_NAME)
		return false;
	for (i = 0; i < len; i++)
	{
		char		c = pg_ascii_tolower((unsigned char) s[i]);

		if (c == '.')
		{
			if (i == label)
				return false;	/* an empty label */
			label = i + 1;
		}
		else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
		name[i] = c;
	}
	name[len] = '\0';
	return label < len && !(name[label] >= '0' && name[label] <= '9');
}

static bool
read_entry(const char *s, int len, PfGuardEntry *entry)
{
	const char *slash = memchr(s, '/', len);
	const char *colon = memchr(s, ':', len);
	int			port;

	memset(entry, 0, sizeof(*entry));

	if (slash != NULL)			/* a prefix */
	{
		int			bits;

		entry->len = pf_guard_address((PfStr) {s, (int) (slash - s)}, entry->address);
		bits = number(slash + 1, (int) (s + len - slash - 1), entry->len * 8);
		if (entry->len == 0 || bits < 0)
			return false;
		entry->bits = bits;
		return true;
	}

	if (s[0] == '[')			/* IPv6, perhaps with a port */
	{
		const char *end = memchr(s, ']', len);

		if (end == NULL)
			return false;
		entry->len = pf_guard_address((PfStr) {s + 1, (int) (end - s - 1)}, entry->address);
		if (entry->len != 16)
			return false;
		colon = end + 1 < s + len ? end + 1 : NULL;
		if (colon != NULL && *colon != ':')
			return false;
	}
	else if (colon != NULL && memchr(colon + 1, ':', s + len - colon - 1) != NULL)
	{
		entry->len = pf_guard_address((PfStr) {s, len}, entry->address);
		if (entry->len != 16)
			return false;
		colon = NULL;			/* all of them belong to the address */
	}
	else
	{
		int			host_len = colon != NULL ? (int) (colon - s) : len;

		entry->len = pf_guard_address((PfStr) {s, host_len}, entry->address);
		if (entry->len == 0 && !read_name(s, host_len, entry->name))
			return false;
	}

	entry->bits = entry->len * 8;
	if (colon != NULL)
	{
		port = number(colon + 1, (int) (s + len - colon - 1), 65535);
		if (port < 1)
			return false;
		entry->port = port;
	}
	return true;
}

int
pf_guard_parse(PfStr in, PfGuardEntry *entries, int max, PfStr *bad)
{
	int			n = 0;
	int			start = 0;

	*bad = PF_STR_NONE;
	while (start < in.len)
	{
		const char *comma = memchr(in.s + start, ',', in.len - start);
		int			next = comma != NULL ? (int) (comma - in.s) + 1 : in.len;
		int			end = comma != NULL ? next - 1 : in.len;

		while (start < end && (in.s[start] == ' ' || in.s[start] == '\t'))
			start++;
		while (end > start && (in.s[end - 1] == ' ' || in.s[end - 1] == '\t'))
			end--;
		if (end > start)
		{
			if (n >= max || !read_entry(in.s + start, end - start, &entries[n]))
			{
				*bad = (PfStr) {in.s + start, end - start};
				return -1;
			}
			n++;
		}
		start = next;
	}
	return n;
}
