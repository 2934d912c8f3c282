#!/usr/bin/env bash
# demo.sh: from a bare machine to ranked papers; see "make demo".
#
#   demo.sh demo        set up what is missing, start a private server, show papers
#   demo.sh demo-stop   stop that server; its data stay
#   demo.sh demo-clean  stop it and remove all that it has
#
# DEMO_OFFLINE=1 asks no feed in the network: the papers are the bundled sample.

# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

database=papers
fixtures=$top/test/fixtures/demo

# Anything that a build depends on: then the last one's result is good, too.
fingerprint()
{
	{
		echo "${CC:-} $("$pg_config" --version)"
		cd "$top" && find Makefile paperfeed.control src -type f ! -name '*.o' ! -name '*.bc' -print0 |
			sort -z | xargs -0 cat
	} | cksum
}

build_and_install()
{
	local now

	now=$(fingerprint)
	[ "$(cat "$place/pg/built" 2>/dev/null)" != "$now" ] || return 0
	step "Build: paperfeed for PostgreSQL $pg_version with $(basename "${CC:-gcc}")"
	build demo ${CC:+"CC=$CC"}
	install_into_place demo
	printf '%s\n' "$now" >"$place/pg/built"
	step_done
}

# A cluster of another major version cannot be read by this one.
check_cluster()
{
	local had

	had=$(cat "$place/initialized" 2>/dev/null || true)
	[ -z "$had" ] || [ "$had" = "$pg_version" ] ||
		fail "The demo's data are PostgreSQL $had's, and this is $pg_version." \
			"Remove them by make demo-clean, or go on with that version: make demo PG_CONFIG=/usr/lib/postgresql/$had/bin/pg_config"
}

# The extension's SQL may change under the same version number while one works on it.
create_extension()
{
	local script now

	script=$(find "$place/pg$pg_sharedir/extension" -name 'paperfeed--*.sql' ! -type l | sort -V | tail -n 1)
	now=$(cksum <"$script")
	if [ "$(psql_as_owner -d postgres -Atc "SELECT count(*) FROM pg_database WHERE datname = '$database'")" = 1 ]; then
		[ "$(cat "$place/created" 2>/dev/null)" != "$now" ] || return 0
		step "Database: the extension's SQL has changed, so all starts afresh"
		psql_as_owner -q -d postgres -c "DROP DATABASE $database WITH (FORCE)"
	else
		step "Database: CREATE EXTENSION paperfeed"
	fi
	psql_as_owner -q -d postgres -c "CREATE DATABASE $database"
	psql_as_owner -q -d "$database" -c "CREATE EXTENSION paperfeed"
	printf '%s\n' "$now" >"$place/created"
	step_done
}

demo()
{
	local psql sudo=

	prepare
	need_packages demo
	know_pg
	find_owner "$top/.demo/cluster"
	make_place "$top/.demo/cluster"
	check_cluster
	private_pg
	build_and_install
	if ! server_runs; then
		step "Server: a private PostgreSQL $pg_version, run by $owner, in ${place/#$top\//}"
		[ -e "$place/initialized" ] || new_cluster peer
		start_server
		step_done
	fi
	create_extension

	mkdir -p "$place/sample"
	install -m 644 "$fixtures"/* "$place/sample/"
	psql_as_owner -q -d "$database" -v "offline=${DEMO_OFFLINE:-0}" -v "sample=$place/sample/" \
		<"$top/test/tools/demo.sql"

	psql=$(command -v psql || echo "$pg_bindir/psql")
	[ "$psql" != /usr/bin/psql ] || psql=psql
	[ -z "${SUDO_USER:-}" ] || sudo="sudo "
	printf '\n%-9s%s\n%-9s%s\n' \
		"Connect:" "$sudo$psql -h $(printf %q "$sockets") -U postgres $database" \
		"Stop:" "make demo-stop   (make demo-clean removes its data, too)"
}

# Where the demo is, for stopping it: no package or build is needed for that.
find_place()
{
	[ -d "$top/.demo/cluster" ] || return 1
	find_pg
	[ -z "$pg_config" ] || know_pg
	find_owner "$top/.demo/cluster"
	place=$(cd "$top/.demo/cluster" && pwd -P)
	bindir=$(dirname "$(find "$place/pg" -path '*/bin/pg_ctl' 2>/dev/null | head -n 1)")
}

demo_stop()
{
	if find_place && server_runs; then
		step "Server: stopping the one in ${place/#$top\//}"
		stop_server
		step_done
	else
		echo "The demo's server does not run."
	fi
}

demo_clean()
{
	demo_stop
	remove_place "$top/.demo/cluster"
	rm -rf "$top/.demo" "$top/.build/demo"
	echo "The demo is removed."
}

case ${1:-demo} in
	demo) demo ;;
	demo-stop) demo_stop ;;
	demo-clean) demo_clean ;;
	*) fail "usage: demo.sh demo|demo-stop|demo-clean" ;;
esac
