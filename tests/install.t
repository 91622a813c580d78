#!/bin/sh
# What book/install does on a machine that lacks something, and on one that
# does not. Nothing is installed here.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
number=0

check() {	# description, then a command that must succeed
	number=$((number + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		sed 's/^/# /' "$scratch/out" 2>/dev/null
	fi
}

# Run it with the given packages.txt, as nobody and without sudo.
as_nobody() {
	mkdir -p "$scratch/bin"
	for tool in sed dpkg-query id env mkdir tail; do
		ln -sf "$(command -v $tool)" "$scratch/bin/$tool"
	done
	cd "$scratch" || exit 1
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --clear-groups env "PATH=$scratch/bin" \
			/bin/sh "$scratch/install" > out 2>&1
	else
		env "PATH=$scratch/bin" /bin/sh "$scratch/install" > out 2>&1
	fi
	status=$?
	cd "$top" || exit 1
	return $status
}

cp "$top/book/install" "$scratch/install"
chmod 755 "$scratch/install"

printf 'dpkg   always there\nno-such-thing-1   # a remark\n\n# another\n' \
	> "$scratch/packages.txt"
as_nobody
check "without root, a missing package stops it" [ $? -eq 1 ]
check "and it prints the exact command" grep -q \
	'apt-get update && apt-get install -y --no-install-recommends no-such-thing-1$' \
	"$scratch/out"
check "which names nothing that is there" sh -c "! grep -q dpkg '$scratch/out'"

printf 'dpkg\n' > "$scratch/packages.txt"
as_nobody
check "with nothing missing it succeeds" [ $? -eq 0 ]
check "and says nothing" [ ! -s "$scratch/out" ]

check "every line of packages.txt says what it is for" sh -c \
	"! grep -v '^#' '$top/packages.txt' | grep -E '^[^ ]+ *$'"
check "no package is listed twice" sh -c \
	"! sed 's/ .*//' '$top/packages.txt' | grep -v '^#' | grep . | sort | uniq -d | grep ."
echo "1..$number"
