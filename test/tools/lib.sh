# shellcheck shell=bash disable=SC2015,SC2034,SC2119,SC2120
# lib.sh: what demo.sh and test.sh share: packages, build, a private PostgreSQL.
#
# PostgreSQL never runs as root.  As root, everything that is the server's runs
# as user postgres; otherwise as whoever calls.  That user, the "owner", may not
# be able to reach this tree (/root, say), so all that the server needs lies in
# a "place": a directory below the tree where he can reach it, else below
# /var/tmp, with a link where it would have been.  He can write into data, run,
# log and tap there; root writes beside those, never into them.
#
# Nothing is written into the system's PostgreSQL.  PostgreSQL finds its files
# by where its own program lies, so a place holds a copy of the programs, links
# to all else and, among them, this extension (see private_pg).

set -euo pipefail
umask 022
export LC_ALL=C

# Neither another make's options nor somebody's connection settings are meant for us.
unset MAKEFLAGS MFLAGS MAKELEVEL CDPATH TESTDIR
for name in $(compgen -e PG); do
	[ "$name" = PG_CONFIG ] || unset "$name"
done

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
logs=$top/.build/log
pg_oldest=15
pg_newest=18

# ---- telling what goes on: one line a step, "what ... 3 s" ----

step_open=

step()
{
	printf '%s ... ' "$*"
	step_open=1
	step_start=$SECONDS
}

step_done()
{
	printf '%s%d s\n' "${1:+$1, }" $((SECONDS - step_start))
	step_open=
}

fail()
{
	[ -z "$step_open" ] || printf 'failed\n'
	step_open=
	printf '\n' >&2
	printf '%s\n' "$@" >&2
	exit 1
}

# Run with the output in a log; if that fails, show its end and stop.
quietly()	# log command...
{
	local log=$logs/$1.log

	shift
	"$@" >"$log" 2>&1 </dev/null && return
	[ -z "$step_open" ] || printf 'failed\n'
	step_open=
	tail -n 25 "$log" >&2
	fail "This failed: $*" "All of its output is in $log"
}

prepare()
{
	mkdir -p "$logs" 2>/dev/null && [ -w "$logs" ] ||
		fail "Cannot write below $top." "Use a tree of your own, or run this as its owner."
}

# ---- packages ----

# Is there a PostgreSQL to build for and to run?
pg_complete()	# pg_config
{
	local v

	v=$("$1" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p')
	[ -n "$v" ] && [ "$v" -ge $pg_oldest ] && [ "$v" -le $pg_newest ] &&
		[ -x "$("$1" --bindir)/postgres" ] &&
		[ -e "$("$1" --pgxs)" ] &&
		[ -e "$("$1" --includedir-server)/postgres.h" ]
}

# The caller's PG_CONFIG, else the newest one that is complete; empty if there is none.
find_pg()
{
	local c

	if [ -n "${PG_CONFIG:-}" ]; then
		pg_config=$(command -v "$PG_CONFIG" || true)
		[ -n "$pg_config" ] && pg_complete "$pg_config" ||
			fail "PG_CONFIG is $PG_CONFIG, which is no PostgreSQL $pg_oldest to $pg_newest with server and headers." \
				"Say PG_CONFIG=/path/to/pg_config, or leave it out to have one chosen."
		return
	fi
	pg_config=
	while IFS= read -r c; do
		if pg_complete "$c"; then
			pg_config=$c
			break
		fi
	done < <(find /usr/lib/postgresql -path '*/bin/pg_config' 2>/dev/null | sort -Vr; command -v pg_config || true)
}

# PostgreSQL's major version in the distribution; empty if apt has no lists yet.
distribution_pg()
{
	{ apt-cache depends postgresql 2>/dev/null || true; } |
		sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p'
}

has_library()	# name for pkg-config
{
	command -v pkg-config >/dev/null && pkg-config --exists "$1" 2>/dev/null
}

# What is not there yet, as Debian's package names.
find_missing()	# demo or test
{
	local n

	missing=()
	find_pg
	if [ -z "$pg_config" ]; then
		n=$(distribution_pg)
		if [ -z "$n" ]; then
			missing+=(postgresql postgresql-server-dev-all)
		else
			[ "$n" -ge $pg_oldest ] && [ "$n" -le $pg_newest ] ||
				fail "This system's PostgreSQL is $n; paperfeed is for $pg_oldest to $pg_newest." \
					"Install one of those with its server headers and say PG_CONFIG=/path/to/pg_config."
			missing+=("postgresql-$n" "postgresql-server-dev-$n")
		fi
	fi
	case ${CC:-gcc} in
		*clang*) command -v "$CC" >/dev/null || missing+=("$(basename "$CC")") ;;
	esac
	command -v gcc >/dev/null || missing+=(gcc)
	command -v make >/dev/null || missing+=(make)
	[ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
	command -v pkg-config >/dev/null || missing+=(pkg-config)
	has_library libxml-2.0 || missing+=(libxml2-dev)
	has_library libcurl || missing+=(libcurl4-openssl-dev)
	has_library zlib || missing+=(zlib1g-dev)
	[ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] || missing+=(ca-certificates)
	if [ "$1" = test ]; then
		perl -MTest::More -MTime::HiRes -e 1 2>/dev/null || missing+=(perl)
		perl -MIPC::Run -e 1 2>/dev/null || missing+=(libipc-run-perl)
		command -v nm >/dev/null || missing+=(binutils)
		[ -n "$(find_clang)" ] || [ -z "$pg_config" ] || missing+=(clang)
	fi
}

# clang, or the versioned one that Debian's server headers bring along.
find_clang()
{
	local c

	for c in "$(command -v clang || true)" \
		"$([ -n "${pg_config:-}" ] && sed -n 's/^CLANG = //p' "$(dirname "$("$pg_config" --pgxs)")/../Makefile.global")"; do
		if [ -n "$c" ] && command -v "$c" >/dev/null; then
			echo "$c"
			return
		fi
	done
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

need_packages()	# demo or test
{
	find_missing "$1"
	[ ${#missing[@]} -gt 0 ] || return 0

	command -v apt-get >/dev/null ||
		fail "Some things are missing, by Debian's names: ${missing[*]}" \
			"Install them with your system's package manager, then run make $1 again."
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		fail "Some packages are missing, and only root may install them:" \
			"    apt-get install --no-install-recommends ${missing[*]}" \
			"Then run make $1 again."

	if [ "$(id -u)" != 0 ]; then
		echo "sudo is asked to install packages: ${missing[*]}"
		sudo true || fail "Without sudo, have root run:" \
			"    apt-get install --no-install-recommends ${missing[*]}" \
			"Then run make $1 again."
	fi
	if [ -z "$(distribution_pg)" ]; then
		step "Packages: reading apt's lists"
		quietly apt as_root bash "$top/test/tools/apt.sh" update
		step_done
		find_missing "$1"
	fi
	step "Packages: installing ${#missing[@]} and what they need, this time only"
	quietly apt as_root bash "$top/test/tools/apt.sh" install "${missing[@]}"
	step_done
	find_missing "$1"
	if [ ${#missing[@]} -gt 0 ]; then	# clang shows only once PostgreSQL is there
		step "Packages: installing ${missing[*]}"
		quietly apt as_root bash "$top/test/tools/apt.sh" install "${missing[@]}"
		step_done
		find_missing "$1"
	fi
	[ ${#missing[@]} -eq 0 ] || fail "Still missing after the installation: ${missing[*]}" "See $logs/apt.log"
}

# After need_packages: what the chosen PostgreSQL is.
know_pg()
{
	pg_version=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	pg_bindir=$("$pg_config" --bindir)
	pg_sharedir=$("$pg_config" --sharedir)
	pg_pkglibdir=$("$pg_config" --pkglibdir)
	pg_pgxsdir=$(cd "$(dirname "$("$pg_config" --pgxs)")/../.." && pwd)
	jobs=$(nproc 2>/dev/null || echo 2)
}

# ---- build ----

# The tree's files that a build and the tests need, without anything built.
copy_tree()	# to
{
	mkdir -p "$1"
	(cd "$top" && find Makefile paperfeed.control src sql expected test -type f \
		! -name '*.o' ! -name '*.bc' ! -name '*.so' ! -path '*/results/*' -print0) |
		tar -C "$top" --null -T - -cf - | tar -C "$1" --no-same-owner -xf -
}

# Build a copy, from scratch: what a tree's own objects were made from, and by
# which compiler, cannot be told.
build()	# name, then make's arguments
{
	local dir=$top/.build/$1

	shift
	rm -rf "$dir"
	copy_tree "$dir"
	quietly "build-$(basename "$dir")" make -s -C "$dir" -j"$jobs" with_llvm=no PG_CONFIG="$pg_config" "$@" all
}

# ---- a place of the server's own ----

# The user to run the server as: root leaves data to the one who has them.
find_owner()	# the place, as make_place() takes it
{
	if [ "$(id -u)" != 0 ]; then
		owner=$(id -un)
	elif [ -d "$1/data" ]; then
		owner=$(stat -c %U "$1/data")
	elif id postgres >/dev/null 2>&1; then
		owner=postgres
	else
		fail "PostgreSQL does not run as root, and there is no user postgres." \
			"Run this as another user, or add one: useradd --system postgres"
	fi
}

as_owner()
{
	if [ "$(id -u)" = 0 ]; then
		(cd / && exec runuser -u "$owner" -- env HOME=/ "$@")
	else
		(cd / && exec "$@")
	fi
}

give_dir()	# a directory of the owner's
{
	mkdir -p "$1"
	[ "$(id -u)" != 0 ] || chown "$owner" "$1"
}

make_place()	# where it is seen in the tree
{
	local elsewhere dir

	mkdir -p "$(dirname "$1")"
	[ ! -L "$1" ] || [ -d "$1" ] || rm "$1"
	if [ ! -d "$1" ]; then
		mkdir "$1"
		if ! as_owner test -x "$1"; then
			rmdir "$1"
			elsewhere=$(mktemp -d /var/tmp/paperfeed.XXXXXX)
			chmod 755 "$elsewhere"
			ln -s "$elsewhere" "$1"
		fi
	fi
	[ -w "$1" ] ||
		fail "$(cd "$1" && pwd -P) belongs to $(stat -L -c %U "$1")." \
			"Run this as that user or as root, or have it removed: make demo-clean"
	place=$(cd "$1" && pwd -P)
	for dir in data log tap; do
		give_dir "$place/$dir"
	done

	# A socket's address must fit into 107 bytes.
	sockets=$place/run
	[ ! -L "$sockets" ] || [ -d "$sockets" ] || rm "$sockets"
	if [ ! -d "$sockets" ] && [ ${#sockets} -gt 80 ]; then
		elsewhere=$(mktemp -d /tmp/paperfeed.XXXXXX)
		chmod 755 "$elsewhere"
		ln -s "$elsewhere" "$sockets"
	fi
	give_dir "$sockets"
	sockets=$(cd "$sockets" && pwd -P)
}

remove_place()	# where it is seen in the tree
{
	[ -d "$1" ] || return 0
	[ ! -L "$1/run" ] || rm -rf "$(readlink "$1/run")"
	[ ! -L "$1" ] || rm -rf "$(readlink "$1")"
	rm -rf "$1"
}

# A PostgreSQL below $place/pg whose files are links to the installed one's, but
# for the programs: a copied program finds libraries and extensions beside it.
private_pg()
{
	local root=$place/pg stamp program

	stamp="$("$pg_config" --version) $pg_bindir $(stat -c '%Y %s' "$pg_bindir/postgres")"
	if [ "$(cat "$root/stamp" 2>/dev/null)" != "$stamp" ]; then
		stop_server
		rm -rf "$root"
		mkdir -p "$root$pg_bindir" "$root$pg_pkglibdir" "$root$pg_sharedir/extension"
		for program in postgres initdb pg_ctl pg_config psql createdb dropdb createuser dropuser clusterdb reindexdb \
			vacuumdb pg_dump pg_dumpall pg_restore pg_upgrade pg_basebackup pg_verifybackup pg_isready pg_controldata \
			pg_resetwal pg_rewind pg_waldump pg_receivewal pg_amcheck pg_checksums pgbench; do
			[ ! -e "$pg_bindir/$program" ] || cp "$pg_bindir/$program" "$root$pg_bindir/"
		done
		link_all "$pg_pkglibdir" "$root$pg_pkglibdir"
		link_all "$pg_sharedir" "$root$pg_sharedir"
		link_all "$pg_sharedir/extension" "$root$pg_sharedir/extension"
		printf '%s\n' "$stamp" >"$root/stamp"
	fi
	bindir=$root$pg_bindir
	[ "$(as_owner "$bindir/pg_config" --sharedir)" = "$root$pg_sharedir" ] ||
		fail "This PostgreSQL cannot be run from a copy of its programs in $bindir."
}

link_all()	# from to
{
	local f

	for f in "$1"/*; do
		case $f in
			*/paperfeed* | */pf_unit*) ;;
			*) [ -e "$2/$(basename "$f")" ] || ln -s "$f" "$2/" ;;
		esac
	done
}

install_into_place()	# name of the build, subdirectory
{
	quietly install make -s -C "$top/.build/$1/${2:-}" with_llvm=no PG_CONFIG="$pg_config" DESTDIR="$place/pg" install
}

# ---- the private server ----

server_runs()
{
	[ -e "$place/initialized" ] && [ -x "${bindir:-$place/pg$pg_bindir}/pg_ctl" ] &&
		as_owner "${bindir:-$place/pg$pg_bindir}/pg_ctl" -D "$place/data" status >/dev/null 2>&1
}

stop_server()
{
	server_runs || return 0
	as_owner "${bindir:-$place/pg$pg_bindir}/pg_ctl" -D "$place/data" -m fast -w stop >/dev/null
}

quote() { printf "'%s'" "${1//\'/\'\'}"; }

new_cluster()	# how to let the owner and root in: peer or trust
{
	rm -rf "$place/initialized" "$place/data"
	give_dir "$place/data"
	quietly initdb as_owner "$bindir/initdb" -D "$place/data" -U postgres -E UTF8 --locale=C.UTF-8 -A "$1" -N \
		--no-instructions
	echo "include_if_exists 'place.conf'" | as_owner tee -a "$place/data/postgresql.conf" >/dev/null
	if [ "$1" = peer ]; then
		echo "local all all peer map=paperfeed" | as_owner tee "$place/data/pg_hba.conf" >/dev/null
		printf 'paperfeed %s postgres\n' "$owner" root | as_owner tee "$place/data/pg_ident.conf" >/dev/null
	fi
	echo "$pg_version" >"$place/initialized"
}

start_server()	# more settings, one a line
{
	server_runs && return
	as_owner tee "$place/data/place.conf" >/dev/null <<-END
		listen_addresses = ''
		unix_socket_directories = $(quote "$sockets")
		cluster_name = 'paperfeed'
		log_line_prefix = '%m [%p] '
		${1:-}
	END
	as_owner "$bindir/pg_ctl" -D "$place/data" -l "$place/log/server" -w -t 60 start >/dev/null 2>&1 || {
		as_owner tail -n 15 "$place/log/server" >&2
		fail "PostgreSQL did not start; its log is $place/log/server"
	}
}

psql_as_owner()
{
	as_owner env PGHOST="$sockets" PGUSER=postgres PGCLIENTENCODING=UTF8 PGCONNECT_TIMEOUT=10 \
		"$bindir/psql" -X -v ON_ERROR_STOP=1 "$@"
}
