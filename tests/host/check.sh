# check NAME COMMAND...: a test passes if the command does. TAP; what a failing
# command said last follows it. For tests with a directory $build.
number=0

# The number of the last checkpoint, whose sources most tests here are of.
last_checkpoint() {
	for path in chapters/[0-9]*-*; do
		last=${path#chapters/}
	done
	echo "${last%%-*}"
}

check() {
	number=$((number + 1))
	name=$1
	shift
	if "$@" > "$build/out" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		tail -n 25 "$build/out" | sed 's/^/# /'
	fi
}
