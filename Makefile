# paperfeed: feeds of research papers in, ranked papers out.

EXTENSION = paperfeed
EXTVERSION = 0.1.0
MODULE_big = paperfeed

# One line per room, from the ground floor up.
ROOMS = common paper feed fetch rank ingest
OBJS = src/paperfeed.o $(patsubst %.c,%.o,$(sort $(wildcard $(ROOMS:%=src/%/*.c))))

# The install script is the rooms' SQL, in order.
SQL_PARTS = src/paperfeed.sql \
	src/paper/paperid.sql \
	src/paper/paper.sql \
	src/common/text.sql \
	src/rank/rank.sql \
	src/fetch/fetch.sql \
	src/ingest/parse.sql \
	src/ingest/feeds.sql \
	src/ingest/ingest.sql \
	src/ingest/search.sql

DATA_built = $(EXTENSION)--$(EXTVERSION).sql

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
REGRESS_OPTS = --load-extension=paperfeed --encoding=UTF8
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation --load-extension=paperfeed
TAP_TESTS = 1

# PostgreSQL's own headers as system headers: the warnings are for our code.
PG_CPPFLAGS = -I$(srcdir)/src -isystem $(shell $(PG_CONFIG) --includedir-server) \
	$(shell pkg-config --cflags libxml-2.0 libcurl)
PG_CFLAGS = -std=c11 -Wextra $(WERROR)
SHLIB_LINK = $(shell pkg-config --libs libxml-2.0 libcurl zlib)
ifeq ($(shell uname -s),Linux)
# Calls between our own files need no detour through the procedure linkage table.
SHLIB_LINK += -Wl,-Bsymbolic-functions
endif
EXTRA_CLEAN = $(EXTENSION)--$(EXTVERSION).sql

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The scan for control characters goes over every byte.
src/feed/scrub.o: CFLAGS += $(CFLAGS_UNROLL_LOOPS) $(CFLAGS_VECTORIZE)

$(OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)

$(EXTENSION)--$(EXTVERSION).sql: $(SQL_PARTS)
	cat $^ > $@

# How fast papers are taken in; BENCH_DATA=DIR measures with documents of your own.
.PHONY: bench
bench:
	PG_CONFIG=$(PG_CONFIG) $(srcdir)/test/bench/bench.pl
