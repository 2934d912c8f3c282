#!/usr/bin/env bash
# trending.sh: which formula foresees votes, by a replay; see "make bench" and doc/trending.md.
#
#   make bench-trending BENCH_DATA=DIR   DIR/trending has hf_upvote_observations.tsv (arxiv_id, observed_at,
#                                        upvotes, comments, source, kind) and may have hf_papers.jsonl
#                                        (arxiv_id, hf_listed_at, github_stars_obs)
#
# Without those there is nothing to do.  Installs what is missing, builds, runs a
# private server for as long as it takes, and prints tables (trending.pl).

# shellcheck source=test/tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh"

here=$top/test/bench
begun=$SECONDS
data=
if [ -n "${BENCH_DATA:-}" ]; then
	data=$(cd "$BENCH_DATA" && pwd -P) || fail "BENCH_DATA is $BENCH_DATA, and there is no such directory."
fi
if [ ! -e "$data/trending/hf_upvote_observations.tsv" ]; then
	echo "Trending: left out; it takes readings of votes, BENCH_DATA/trending/hf_upvote_observations.tsv."
	exit
fi

prepare
need_packages bench
know_pg
find_owner "$top/.bench"
make_place "$top/.bench"
place=$place/trending
find_owner "$place"
make_place "$place"
private_pg
! server_runs || fail "The server below $place runs: another make bench?"
step "Build: paperfeed for PostgreSQL $pg_version with $(basename "${CC:-gcc}")"
build bench-trending ${CC:+"CC=$CC"}
install_into_place bench-trending
step_done
new_cluster peer
trap stop_server EXIT
start_server "shared_buffers = 256MB
work_mem = 64MB
fsync = off
jit = off
autovacuum = off
max_parallel_workers_per_gather = 0
timezone = 'UTC'"
export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres PGCLIENTENCODING=UTF8 PGOPTIONS=-cclient_min_messages=warning
export BENCH_PSQL=$bindir/psql BENCH_DATA=$data
perl "$here/trending.pl" >"$place/table"
cat "$place/table"
printf '\n%d s in all\n' $((SECONDS - begun))
