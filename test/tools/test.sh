#!/usr/bin/env bash
# test.sh: from a bare machine to every suite passed; see "make test".
#
# Checks, builds by gcc and clang without a warning, regression and isolation
# tests (both builds, the second with assertions), then the TAP tests.  Ends with
# "N passed, N failed" alone on a line; the status is not 0 if anything failed.
#
# Logs and differences stay below .build/log.

# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

passed=0
failed=0

# One that is not a suite of its own.
check()	# what command...
{
	local what=$1 status

	shift
	step "$what"
	set +e
	(set -e; "$@") >"$logs/check.log" 2>&1 </dev/null
	status=$?
	set -e
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		step_done
	else
		failed=$((failed + 1))
		step_open=
		echo "FAILED"
		tail -n 40 "$logs/check.log"
	fi
}

finish()
{
	echo
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# Count a suite by its tests' lines; a suite that broke off has failed once more.
count()	# name, status, log, pattern of what passed, of what failed
{
	local ok not_ok

	ok=$(grep -cE "$4" "$3" || true)
	not_ok=$(grep -cE "$5" "$3" || true)
	if [ "$2" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
		not_ok=1
	fi
	passed=$((passed + ok))
	failed=$((failed + not_ok))
	if [ "$not_ok" -gt 0 ]; then
		echo "FAILED ($not_ok of $((ok + not_ok)))"
		step_open=
		echo "$1: the log is $3"
		return 1
	fi
	step_done "$ok passed"
}

# A C compiler's warnings are errors; what clang does not know of gcc's options is none.
build_strictly()	# compiler, name, more of make's arguments
{
	local werror=-Werror

	case $1 in
		*clang*) werror="-Werror -Wno-unknown-warning-option -Wno-ignored-optimization-argument" ;;
	esac
	build "$2" "CC=$1" "WERROR=$werror" "${@:3}"
	for module in "$top/.build/$2"/test/modules/*/; do
		[ ! -e "$module/Makefile" ] ||
			make -s -C "$module" -j"$jobs" with_llvm=no PG_CONFIG="$pg_config" "CC=$1" "WERROR=$werror" "${@:3}" all
	done
}

install_build()	# name
{
	local module

	install_into_place "$1"
	for module in "$top/.build/$1"/test/modules/*/; do
		[ ! -e "$module/Makefile" ] || install_into_place "$1" "test/modules/$(basename "$module")"
	done
}

as_tester()
{
	as_owner env HOME="$place/tap" PATH="$bindir:$PATH" PGHOST="$sockets" PGUSER=postgres PG_CONFIG="$bindir/pg_config" "$@"
}

# pg_regress's lines up to PostgreSQL 15, and from 16 on.
ok_line='^(test .* \.\.\. ok|     .* \.\.\. ok|ok [0-9]+ )'
not_ok_line='^(test .* \.\.\. FAILED|     .* \.\.\. FAILED|not ok [0-9]+ )'

installcheck()	# what it is called, directory below the copy of the tree
{
	local log=$logs/installcheck-$1.log status=0 dir=$place/tree/$2

	step "Regression and isolation tests: $1"
	as_tester make -s -C "$dir" PG_CONFIG="$bindir/pg_config" installcheck >"$log" 2>&1 </dev/null || status=$?
	count "$1" "$status" "$log" "$ok_line" "$not_ok_line" && return
	grep -E "$not_ok_line" "$log" || tail -n 20 "$log"
	find "$dir" -name regression.diffs -exec cat {} + >"$logs/regression-$1.diffs"
	head -n 60 "$logs/regression-$1.diffs"
}

tap()	# test file, below the copy of the tree
{
	local name log status=0 dir

	name=$(basename "$1" .pl)
	log=$logs/tap-$name.log
	dir=$place/tap/$name
	step "TAP tests: $name"
	as_owner mkdir -p "$dir/tmp_check/log"
	as_tester env -u PGHOST -u PGUSER LANG=C.UTF-8 TESTDIR="$dir" TESTDATADIR="$dir/tmp_check" TESTLOGDIR="$dir/tmp_check/log" \
		PG_REGRESS="$pg_pgxsdir/src/test/regress/pg_regress" CC=gcc PG_TEST_TIMEOUT_DEFAULT=60 \
		timeout -k 10 600 perl -I "$pg_pgxsdir/src/test/perl" -I "$place/tree/$(dirname "$1")" "$place/tree/$1" \
		>"$log" 2>&1 </dev/null || status=$?
	count "$name" "$status" "$log" '^ok [0-9]+' '^not ok [0-9]+' && return
	grep -A 6 -E '^not ok' "$log" || tail -n 20 "$log"
}

# What failed can be looked at afterwards; else nothing of the server is left.
clean_up()
{
	stop_server
	[ "$failed" -gt 0 ] || remove_place "$top/.build/place"
}

# What "make demo" shows, from the bundled sample.
demo_page()
{
	local page=$logs/demo-page.log

	as_tester createdb demo
	psql_as_owner -q -d demo -c "CREATE EXTENSION paperfeed"
	psql_as_owner -q -d demo -v offline=1 -v "sample=$place/tree/test/fixtures/demo/" <"$top/test/tools/demo.sql" >"$page"
	grep -q '^  1 .* SLA: Beyond Sparsity in Diffusion' "$page" || fail "The first paper is another one: $page"
	grep -q 'ONE ROW: 10 papers' "$page" || fail "The papers of two feeds are not joined: $page"
	[ "$(LC_ALL=C.UTF-8 wc -L <"$page")" -le 100 ] || fail "Wider than 100 columns: $page"
}

# pg_cron, for one TAP test that goes without where it cannot be had: not worth stopping for.
want_pg_cron()
{
	local package=postgresql-$pg_version-cron

	[ ! -e "$pg_sharedir/extension/pg_cron.control" ] || return 0
	[ "$pg_bindir" = "/usr/lib/postgresql/$pg_version/bin" ] && command -v apt-get >/dev/null || return 0
	[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; } || return 0
	step "Packages: $package, this time only"
	if as_root timeout 300 bash "$top/test/tools/apt.sh" install "$package" >"$logs/apt-cron.log" 2>&1 </dev/null; then
		step_done
	elif [ -n "${CI:-}" ]; then
		fail "Could not install $package" "See $logs/apt-cron.log"
	else
		step_done "not to be had, its test is skipped"
	fi
}

prepare
need_packages test
know_pg
want_pg_cron
clang=$(find_clang)

check "Layers: who may use what" bash "$top/test/tools/check_layers.sh"
check "Build: PostgreSQL $pg_version, gcc, warnings are errors" build_strictly gcc test-gcc
check "Build: PostgreSQL $pg_version, $(basename "$clang"), warnings are errors, assertions on" \
	build_strictly "$clang" test-clang COPT=-DUSE_ASSERT_CHECKING
[ "$failed" -eq 0 ] || { finish || exit 1; }
check "Symbols: all begin with pf_" bash "$top/test/tools/check_layers.sh" "$top/.build/test-gcc/paperfeed.so"

find_owner "$top/.build/place"
make_place "$top/.build/place"
step "Server: a private PostgreSQL $pg_version, run by $owner"
stop_server
rm -rf "$place/pg" "$place/tree" "$place/tap"
give_dir "$place/tap"
private_pg
install_build test-gcc
copy_tree "$place/tree"
[ "$(id -u)" != 0 ] || chown -R "$owner" "$place/tree"
as_owner chmod 700 "$sockets"
new_cluster trust
trap clean_up EXIT
start_server 'fsync = off'
step_done

suites()	# which build
{
	local module

	installcheck "$1" .
	for module in "$place/tree"/test/modules/*/; do
		[ ! -e "$module/Makefile" ] ||
			installcheck "$1-$(basename "$module")" "test/modules/$(basename "$module")"
	done
}

suites gcc
check "Demo: its page from the bundled sample" demo_page
step "Server: with the build of $(basename "$clang")"
install_build test-clang
step_done
suites clang
install_build test-gcc

cd "$top"
for file in test/t/*.pl; do
	[ ! -e "$file" ] || tap "$file"
done

finish
