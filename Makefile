# paperfeed: feeds of research papers in, ranked papers out.
#
#   make demo     from a bare machine to ranked papers (demo-stop, demo-clean)
#   make test     from a bare machine to every suite passed
#   make bench    how fast papers are taken in, and found again [BENCH_DATA=...];
#                 the latter alone: bench-search; signals and lists: bench-signals;
#                 how feeds are asked: bench-refresh; which votes trending() foresees:
#                 bench-trending; what watches cost: bench-watches
#
#   make, make install, make installcheck [PG_CONFIG=...]     as with any extension
#   make prove_installcheck                                   the TAP tests

EXTENSION = paperfeed
EXTVERSION = 0.1.0
MODULE_big = paperfeed

# One line per room, from the ground floor up.
ROOMS = common paper feed fetch rank index signal ingest
OBJS = src/paperfeed.o $(patsubst %.c,%.o,$(sort $(wildcard $(ROOMS:%=src/%/*.c))))

# The install script is the rooms' SQL, in order.
SQL_PARTS = src/paperfeed.sql \
	src/paper/paperid.sql \
	src/paper/paper.sql \
	src/common/text.sql \
	src/rank/rank.sql \
	src/index/index.sql \
	src/index/check.sql \
	src/fetch/fetch.sql \
	src/ingest/parse.sql \
	src/ingest/feeds.sql \
	src/ingest/criteria.sql \
	src/ingest/hosts.sql \
	src/ingest/runs.sql \
	src/ingest/ingest.sql \
	src/ingest/load.sql \
	src/ingest/sources.sql \
	src/ingest/opml.sql \
	src/ingest/presets.sql \
	src/ingest/discover.sql \
	src/ingest/rules.sql \
	src/ingest/backfill.sql \
	src/ingest/refresh.sql \
	src/index/search.sql \
	src/signal/signals.sql \
	src/signal/reader.sql \
	src/signal/submit.sql \
	src/signal/trending.sql \
	src/signal/observe.sql \
	src/signal/boosts.sql \
	src/signal/topics.sql \
	src/signal/editions.sql \
	src/ingest/watches.sql \
	src/ingest/health.sql \
	src/ingest/cron.sql

DATA_built = $(EXTENSION)--$(EXTVERSION).sql

REGRESS := $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
ISOLATION := $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
REGRESS_OPTS = --load-extension=paperfeed --encoding=UTF8
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation --load-extension=paperfeed

# PostgreSQL's own headers as system headers: the warnings are for our code.
PG_CPPFLAGS = -I$(srcdir)/src -isystem $(shell $(PG_CONFIG) --includedir-server) \
	$(shell pkg-config --cflags libxml-2.0 libcurl)
PG_CFLAGS = -std=c11 -Wextra $(WERROR)
SHLIB_LINK = $(shell pkg-config --libs libxml-2.0 libcurl zlib)
ifeq ($(shell uname -s),Linux)
# Calls need no detour through the procedure linkage table.
PG_CFLAGS += -fno-plt
SHLIB_LINK += -Wl,-Bsymbolic-functions
endif
EXTRA_CLEAN = $(EXTENSION)--$(EXTVERSION).sql tmp_check

.PHONY: demo demo-stop demo-clean test bench bench-search bench-signals bench-refresh bench-trending bench-watches prove_installcheck

# These see to everything themselves, PostgreSQL included.
ifneq ($(filter demo demo-stop demo-clean test bench bench-search bench-signals bench-refresh bench-trending bench-watches,$(MAKECMDGOALS)),)

demo demo-stop demo-clean:
	@bash test/tools/demo.sh $@

test:
	@bash test/tools/test.sh

bench:
	@bash test/bench/bench.sh
	@bash test/bench/search.sh
	@bash test/bench/signals.sh
	@bash test/bench/refresh.sh
	@bash test/bench/trending.sh
	@bash test/bench/watches.sh

bench-search:
	@bash test/bench/search.sh

bench-signals:
	@bash test/bench/signals.sh

bench-refresh:
	@bash test/bench/refresh.sh

bench-trending:
	@bash test/bench/trending.sh

bench-watches:
	@bash test/bench/watches.sh

else

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs))
ifeq ($(PGXS),)
$(error The files for building PostgreSQL extensions were not found; install postgresql-server-dev-NN, \
	or say PG_CONFIG=/path/to/pg_config, or try "make demo", which sees to it itself)
endif
include $(PGXS)

# The scan for control characters goes over every byte; a search over blocks of postings.
src/feed/scrub.o src/index/buffer.o src/index/candidates.o src/index/codec.o \
	src/index/cursor.o src/index/maxscore.o src/index/topk.o: CFLAGS += $(CFLAGS_UNROLL_LOOPS) $(CFLAGS_VECTORIZE)

$(OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)

$(EXTENSION)--$(EXTVERSION).sql: $(SQL_PARTS)
	cat $^ > $@

# What a test forbids looks dear to the planner, and would be compiled query by query.
installcheck prove_installcheck: export PGOPTIONS := $(PGOPTIONS) -c jit=off

# Apart from installcheck, since they need IPC::Run and servers of their own.
PROVE_TESTS = test/t/*.pl
prove_installcheck:
	$(prove_installcheck)

endif
