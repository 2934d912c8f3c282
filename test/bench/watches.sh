#!/usr/bin/env bash
# watches.sh: what watches cost the ingest of papers; see "make bench".
#
#   make bench-watches                            30,000 papers that are made up
#   make bench-watches BENCH_DATA=DIR             DIR may hold corpus/ and oai/ (see search_corpus.pl)
#   ... BENCH_WATCHES="10000 100000"              how many; default 1000 10000 100000
#
# Installs what is missing, builds, runs a private server for as long as it
# takes, and prints a table (watches.pl).

# shellcheck source=test/tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh"

here=$top/test/bench
begun=$SECONDS
data=
if [ -n "${BENCH_DATA:-}" ]; then
	data=$(cd "$BENCH_DATA" && pwd -P) || fail "BENCH_DATA is $BENCH_DATA, and there is no such directory."
fi
watches=${BENCH_WATCHES:-1000 10000 100000}
[[ $watches =~ ^[1-9][0-9]*(\ [1-9][0-9]*)*$ ]] || fail "BENCH_WATCHES is $watches; say numbers, with blanks between."

prepare
need_packages bench
know_pg
find_owner "$top/.bench"
make_place "$top/.bench"
place=$place/watches
find_owner "$place"
make_place "$place"
private_pg
! server_runs || fail "The server below $place runs: another make bench?"
step "Build: paperfeed for PostgreSQL $pg_version with $(basename "${CC:-gcc}")"
build bench-watches ${CC:+"CC=$CC"}
install_into_place bench-watches
quietly build-cpu "${CC:-gcc}" -O2 -fPIC -shared -I"$("$pg_config" --includedir-server)" "$here/cpu.c" -o "$place/cpu.so"
step_done
new_cluster peer
trap stop_server EXIT
start_server "shared_buffers = 1GB
max_wal_size = 8GB
fsync = off
jit = off
autovacuum = off"
export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres PGCLIENTENCODING=UTF8 PGOPTIONS=-cclient_min_messages=warning
step "Papers: ${data:-made up}"
rm -rf "$place/corpus"
mkdir "$place/corpus"
quietly search_corpus perl "$here/search_corpus.pl" "$place/corpus" 30000 ${data:+"$data"}
quietly watches_load "$bindir/psql" -XAtq -v ON_ERROR_STOP=1 -v "dir=$place/corpus" -v "module=$place/cpu" -f "$here/watches.sql"
rm -rf "$place/corpus"
step_done
step "Measuring"
BENCH_PSQL=$bindir/psql BENCH_WATCHES=$watches perl "$here/watches.pl" >"$place/table"
step_done
echo
cat "$place/table"
printf '\n%d s in all\n' $((SECONDS - begun))
