#!/usr/bin/env bash
# apt.sh: Debian packages for demo and test, as root, with no question asked.
#
#   apt.sh update
#   apt.sh install PACKAGE...
#
# Installing a PostgreSQL server makes and starts a cluster, unless told not to:
# for the time of the installation Debian's own switches for that are set.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

no_cluster=/etc/postgresql-common/createcluster.d/paperfeed.conf
no_service=/usr/sbin/policy-rc.d
mine=()

cleanup()
{
	[ ${#mine[@]} -eq 0 ] || rm -f "${mine[@]}"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

get()
{
	apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

install()
{
	get --no-install-recommends install "$@"
}

case $1 in
	update)
		get update
		;;
	install)
		shift
		if [ ! -e "$no_cluster" ]; then
			mine+=("$no_cluster")
			mkdir -p "$(dirname "$no_cluster")"
			echo "create_main_cluster = false" >"$no_cluster"
		fi
		if [ ! -e "$no_service" ]; then
			mine+=("$no_service")
			printf '#!/bin/sh\nexit 101\n' >"$no_service"
			chmod 755 "$no_service"
		fi
		# Lists that are older than the archive name files that are gone.
		install "$@" || { get update && install "$@"; }
		;;
esac
