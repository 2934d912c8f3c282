#!/usr/bin/env bash
# signals.sh: how fast signals are taken in, and lists are read and replayed; see "make bench".
#
#   make bench-signals                            100,000 papers with a million signals, made up
#   ... BENCH_SIGNALS="1000000 10000000"          numbers of papers and signals
#   ... BENCH_SECONDS=20                          for each measurement with pgbench; default 5
#
# Installs what is missing, builds, runs a private server for as long as it
# takes, and prints a table (signals.pl).

# shellcheck source=test/tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh"

here=$top/test/bench
begun=$SECONDS
read -r papers signals <<<"${BENCH_SIGNALS:-100000 1000000}"
[[ $papers =~ ^[1-9][0-9]{3,6}$ && $signals =~ ^[1-9][0-9]{3,8}$ ]] ||
	fail "BENCH_SIGNALS is ${BENCH_SIGNALS:-}; say two numbers, of papers (1000 to 9999999) and of signals."

prepare
need_packages bench
know_pg
find_owner "$top/.bench"
make_place "$top/.bench"
place=$place/signals
find_owner "$place"
make_place "$place"
private_pg
! server_runs || fail "The server below $place runs: another make bench?"
step "Build: paperfeed for PostgreSQL $pg_version with $(basename "${CC:-gcc}")"
build bench-signals ${CC:+"CC=$CC"}
install_into_place bench-signals
step_done
new_cluster peer
trap stop_server EXIT
start_server "shared_buffers = 1GB
max_wal_size = 8GB
max_connections = 50"
export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres PGCLIENTENCODING=UTF8
step "Papers and signals: $papers and $signals"
"$bindir/psql" -XAtq -v ON_ERROR_STOP=1 -v "papers=$papers" -v "signals=$signals" -f "$here/signals.sql" >"$place/load"
step_done
step "Measuring"
BENCH_PSQL=$bindir/psql BENCH_PGBENCH=$bindir/pgbench BENCH_PLACE=$place perl "$here/signals.pl" >"$place/table"
step_done
echo
cat "$place/load" "$place/table"
printf '\n%d s in all\n' $((SECONDS - begun))
