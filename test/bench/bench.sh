#!/usr/bin/env bash
# bench.sh: how fast papers are taken in; see "make bench".
#
#   make bench                   with documents that are made up
#   make bench BENCH_DATA=DIR    DIR may hold oai/*.xml(.gz) and feeds/ (see documents.pl)
#   make bench BENCH_REPEAT=9    repetitions of each measurement; default 5
#
# Installs what is missing (sfeed too, where it can), builds, runs a private
# server below .bench/ for as long as it takes, and prints one table (bench.pl).

# shellcheck source=test/tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh"

here=$top/test/bench
data=
if [ -n "${BENCH_DATA:-}" ]; then
	data=$(cd "$BENCH_DATA" && pwd -P) || fail "BENCH_DATA is $BENCH_DATA, and there is no such directory."
fi

# The rows that need it are left out without it.
try_sfeed()
{
	if ! command -v sfeed >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		step "Packages: sfeed, to compare with"
		bash "$top/test/tools/apt.sh" install sfeed >"$logs/apt.log" 2>&1 </dev/null || true
		step_done
	fi
}

# The programs beside the server, and what it calls to know its CPU time.
build_programs()
{
	local cc=${CC:-gcc}

	# shellcheck disable=SC2046
	quietly build-sax "$cc" -O2 $(pkg-config --cflags libxml-2.0) "$here/sax.c" -o "$place/sax" \
		$(pkg-config --libs libxml-2.0)
	quietly build-timed "$cc" -O2 "$here/timed.c" -o "$place/timed"
	quietly build-cpu "$cc" -O2 -fPIC -shared -I"$("$pg_config" --includedir-server)" "$here/cpu.c" \
		-o "$place/cpu.so"
}

# They stay from run to run, until they would be made otherwise.
make_documents()
{
	local now

	now="$(cksum <"$here/documents.pl") $data"
	[ "$(cat "$place/documents/stamp" 2>/dev/null)" != "$now" ] || return 0
	step "Documents: ${data:-made up}"
	rm -rf "$place/documents"
	quietly documents perl "$here/documents.pl" "$place/documents" ${data:+"$data"}
	printf '%s\n' "$now" >"$place/documents/stamp"
	step_done
}

prepare
need_packages bench
know_pg
find_owner "$top/.bench"
try_sfeed
make_place "$top/.bench"
private_pg
! server_runs || fail "The server below $place runs: another make bench?"
step "Build: paperfeed for PostgreSQL $pg_version with $(basename "${CC:-gcc}")"
build bench ${CC:+"CC=$CC"}
install_into_place bench
build_programs
step_done
make_documents

rm -rf "$place/files"
give_dir "$place/files"
new_cluster peer
trap stop_server EXIT
start_server "shared_buffers = 512MB
max_wal_size = 4GB"
export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres PGCLIENTENCODING=UTF8
export BENCH_PSQL=$bindir/psql BENCH_PLACE=$place BENCH_DATA=$data
"$bindir/psql" -XAtq -v ON_ERROR_STOP=1 -v "module=$place/cpu" -f "$here/bench.sql" >/dev/null
step "Measuring"
perl "$here/bench.pl" >"$place/table"
step_done
echo
cat "$place/table"
