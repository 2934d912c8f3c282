#!/usr/bin/env bash
# search.sh: how fast the search index is, beside others, and how well it ranks; see "make bench".
#
#   make bench-search                           with 20,000 papers of made-up words: that it runs
#   make bench-search BENCH_DATA=DIR            DIR may hold corpus/ and oai/ (search_corpus.pl) and
#                                               eval/ (search_quality.pl); 100,000 papers
#   ... BENCH_DOCS="100000 1000000"             numbers of papers to search in, each on its own
#   ... BENCH_QUERIES=1000                      queries of each kind, at most 3,000
#   ... BENCH_SECONDS=30                        at most so long for one kind of query of a peer, once to
#                                               warm up and once to be timed; default 2, 10 or 30
#   ... BENCH_DIR=/var/tmp/somewhere            where the papers are kept, loaded, for the next time
#   ... BENCH_PEERS="gin rum fts5"              what to compare with; "" for nothing
#
# Installs what is missing (the peers too, where it can), builds, runs a private
# server for as long as it takes, and prints tables (search.pl).

# shellcheck source=test/tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh"

here=$top/test/bench
begun=$SECONDS
data=
if [ -n "${BENCH_DATA:-}" ]; then
	data=$(cd "$BENCH_DATA" && pwd -P) || fail "BENCH_DATA is $BENCH_DATA, and there is no such directory."
fi
read -ra sizes <<<"${BENCH_DOCS:-$([ -n "$data" ] && echo 100000 || echo 20000)}"
for size in "${sizes[@]}"; do
	[[ $size =~ ^[1-9][0-9]{3,7}$ ]] || fail "BENCH_DOCS is ${BENCH_DOCS:-}; say numbers from 1000 to 99999999."
done
peers=${BENCH_PEERS-gin rum fts5}

# Their tables are left out without them.
try_peers()
{
	local wanted=()

	[[ $peers != *rum* ]] || [ -e "$pg_sharedir/extension/rum.control" ] || wanted+=("postgresql-$pg_version-rum")
	[[ $peers != *fts5* ]] || has_library sqlite3 || wanted+=(libsqlite3-dev)
	if [ ${#wanted[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		step "Packages: ${wanted[*]}, to compare with"
		for package in "${wanted[@]}"; do
			bash "$top/test/tools/apt.sh" install "$package" >"$logs/apt.log" 2>&1 </dev/null || true
		done
		step_done
	fi
}

build_programs()
{
	local cc=${CC:-gcc} libdir

	libdir=$("$pg_config" --libdir)
	quietly build-search_pg "$cc" -O2 -I"$("$pg_config" --includedir)" "$here/search_pg.c" "$here/search_time.c" \
		-o "$place/search_pg" -L"$libdir" "-Wl,-rpath,$libdir" -lpq
	rm -f "$place/search_fts5"
	if has_library sqlite3; then
		# shellcheck disable=SC2046
		quietly build-search_fts5 "$cc" -O2 "$here/search_fts5.c" "$here/search_time.c" -o "$place/search_fts5" \
			$(pkg-config --cflags --libs sqlite3)
	fi
}

# The owner's files of the data, and what makes papers of them.
stamp()	# size
{
	{
		echo "$1"
		cat "$here/search_corpus.pl" "$here/search_load.sql"
		[ -z "$data" ] || find -L "$data/corpus" "$data/oai" -type f -printf '%p %s\n' 2>/dev/null | sort
	} | cksum
}

query() { "$bindir/psql" -XAtq -v ON_ERROR_STOP=1 -d "${2:-postgres}" -c "$1"; }

# A database for each size stays from run to run, until it would be made otherwise.
make_database()	# size
{
	local now name=docs$1

	now=$(stamp "$1")
	if [ -n "$(query "SELECT 1 FROM pg_database WHERE datname = '$name'")" ] &&
		[ "$(query 'SELECT stamp FROM bench.about' "$name" 2>/dev/null)" = "$now" ]; then
		return
	fi
	step "Papers: $1"
	rm -rf "$place/corpus"
	mkdir "$place/corpus"
	quietly search_corpus perl "$here/search_corpus.pl" "$place/corpus" "$1" ${data:+"$data"}
	step_done
	step "Loading them, and their tsvectors"
	query "DROP DATABASE IF EXISTS $name"
	query "CREATE DATABASE $name"
	quietly search_load "$bindir/psql" -Xq -d "$name" -v "dir=$place/corpus" -v "about=$(cat "$place/corpus/about")" \
		-v "stamp=$now" -f "$here/search_load.sql"
	rm -rf "$place/corpus"
	step_done
}

# Half of a small machine's memory is left to its files.
shared_buffers()
{
	awk '/^MemTotal/ {print ($2 > 12e6 ? "4GB" : $2 > 4e6 ? "1GB" : "256MB")}' /proc/meminfo 2>/dev/null || echo 1GB
}

prepare
need_packages bench
know_pg
try_peers
place=${BENCH_DIR:-}
if [ -z "$place" ]; then
	find_owner "$top/.bench"
	make_place "$top/.bench"
	place=$place/search
fi
find_owner "$place"
make_place "$place"
private_pg
link_all "$pg_pkglibdir" "$place/pg$pg_pkglibdir"
link_all "$pg_sharedir/extension" "$place/pg$pg_sharedir/extension"
! server_runs || fail "The server below $place runs: another make bench?"
step "Build: paperfeed for PostgreSQL $pg_version with $(basename "${CC:-gcc}")"
build bench-search ${CC:+"CC=$CC"}
install_into_place bench-search
build_programs
step_done
[ "$(cat "$place/initialized" 2>/dev/null)" = "$pg_version" ] || new_cluster peer
trap stop_server EXIT
start_server "shared_buffers = $(shared_buffers)
maintenance_work_mem = 64MB
max_wal_size = 32GB
checkpoint_timeout = 1d
fsync = off
jit = off
autovacuum = off
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
timezone = 'UTC'"
export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres PGCLIENTENCODING=UTF8 PGOPTIONS=-cclient_min_messages=warning
for size in "${sizes[@]}"; do
	make_database "$size"
done
export BENCH_PSQL=$bindir/psql BENCH_PLACE=$place BENCH_DATA=$data BENCH_PEERS=$peers
export BENCH_SIZES="${sizes[*]}"
perl "$here/search.pl" >"$place/table"
if [ -d "$data/eval" ]; then
	perl "$here/search_quality.pl" >>"$place/table"
fi
echo
cat "$place/table"
printf '\n%d s in all\n' $((SECONDS - begun))
