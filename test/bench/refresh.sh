#!/usr/bin/env bash
# refresh.sh: how fast, and how dear, feeds are asked; see "make bench".
#
#   make bench-refresh                       1,000 feeds of a server on this machine that answers after 50 ms
#   ... BENCH_FEEDS=5000                     so many
#
# Installs what is missing, builds, runs a private server for as long as it
# takes, and prints a table (refresh.pl).

# shellcheck source=test/tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh"

here=$top/test/bench
begun=$SECONDS
feeds=${BENCH_FEEDS:-1000}
[[ $feeds =~ ^[1-9][0-9]{2,4}$ ]] || fail "BENCH_FEEDS is $feeds; say a number from 100 to 99999."

prepare
need_packages bench
know_pg
find_owner "$top/.bench"
make_place "$top/.bench"
place=$place/refresh
find_owner "$place"
make_place "$place"
private_pg
! server_runs || fail "The server below $place runs: another make bench?"
step "Build: paperfeed for PostgreSQL $pg_version with $(basename "${CC:-gcc}")"
build bench-refresh ${CC:+"CC=$CC"}
install_into_place bench-refresh
step_done
new_cluster peer
trap stop_server EXIT
start_server "shared_buffers = 256MB
max_wal_size = 4GB
autovacuum = off
shared_preload_libraries = 'paperfeed'
paperfeed.allow_private_hosts = '127.0.0.0/8'
paperfeed.host_spacing = 0
paperfeed.host_connections = 32
timezone = 'UTC'"
export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres PGCLIENTENCODING=UTF8 PGOPTIONS=-cclient_min_messages=warning
step "Measuring: $feeds feeds"
BENCH_PSQL=$bindir/psql BENCH_FEEDS=$feeds perl -I"$here" -I"$top/test/t" "$here/refresh.pl" >"$place/table"
step_done
echo
cat "$place/table"
printf '\n%d s in all\n' $((SECONDS - begun))
