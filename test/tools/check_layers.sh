#!/usr/bin/env bash
# check_layers.sh: the rules of the house that a compiler does not check.
#
#   check_layers.sh [paperfeed.so]
#
# Modules are src/ folders on floors; one may use those on lower floors only.
# With a library, its symbols are checked, too.  Prints each breach; status 1 if
# there is one.

set -euo pipefail
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
breaches=0

breach()
{
	echo "$*"
	breaches=$((breaches + 1))
}

declare -A floor=(
	[common]=0
	[fetch]=1 [feed]=1 [paper]=1 [rank]=1
	[ingest]=2 [signal]=2 [index]=2
	[digest]=3 [recommend]=3
)

# Lines of C that match, as file:line:text; none is fine.
lines()	# pattern
{
	grep -rnE --include='*.[ch]' "$1" src || true
}

cd "$top"

# Includes go down.
for module in src/*/; do
	module=$(basename "$module")
	if [ -z "${floor[$module]:-}" ] && [ -n "$(find "src/$module" -name '*.[ch]')" ]; then
		breach "src/$module: no floor; give it one in test/tools/check_layers.sh"
	fi
done
while IFS=: read -r file line text; do
	from=${file#src/}
	from=${from%%/*}
	to=${text#*\"}
	to=${to%%/*}
	if [ "$from" != "$to" ] && [ -n "${floor[$from]:-}" ] && [ -n "${floor[$to]:-}" ] &&
		[ "${floor[$to]}" -ge "${floor[$from]}" ]; then
		breach "$file:$line: $from must not use $to"
	fi
done < <(lines '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[a-z]+/')
while IFS=: read -r file line text; do
	breach "$file:$line: includes go by module, not by ../"
done < <(lines '#[[:space:]]*include[[:space:]]*"\.\.?/')

# One user for each library, one file for versions, no SQL below the floors that do it.
only()	# what, pattern, where it may be (a pattern of file names)
{
	while IFS=: read -r file line text; do
		[[ $file =~ ^src/($3) ]] || breach "$file:$line: $1"
	done < <(lines "$2")
}
only "libxml2 is for src/feed" '#[[:space:]]*include[[:space:]]*["<]libxml/' 'feed/'
only "libcurl is for src/fetch and the mail of src/digest" '#[[:space:]]*include[[:space:]]*["<]curl/' 'fetch/|digest/mail'
only "versions are for src/compat.h" 'PG_VERSION_NUM|LIBXML_VERSION|LIBCURL_VERSION_NUM' 'compat\.h:?$'
only "no SPI in src/common, src/rank and src/index" '#[[:space:]]*include[[:space:]]*"executor/spi\.h"' \
	'(paper|feed|fetch|ingest|signal|recommend|digest)/'

# What the library shows to the process that loads it.
if [ $# -gt 0 ]; then
	while read -r symbol; do
		case $symbol in
			pf_* | pg_finfo_pf_* | _PG_init | Pg_magic_func) ;;
			_init | _fini | _edata | _end | __bss_start) ;;
			*) breach "$1: symbol $symbol does not begin with pf_: make it static or rename it" ;;
		esac
	done < <(nm -D --defined-only "$1" | awk '{print $NF}')
fi

[ "$breaches" -eq 0 ]
