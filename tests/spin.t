#!/bin/sh
# The Promela models of the last checkpoint (CH=08 for another), each checked
# in every order of its steps: models/CASES says NAME DEFINE ok|error, and
# DEFINE - is none.
cd "$(dirname "$0")/.." || exit 1
last=$(ls -d chapters/[0-9][0-9]-* | tail -n 1 | sed 's|.*/\([0-9]*\)-.*|\1|')
build=build/spin
mkdir -p $build

if ! book/tangle --plain "${CH:-$last}" $build/tree > $build/log 2>&1; then
	sed 's/^/# /' $build/log
	echo "Bail out! the checkpoint does not tangle"
	exit 1
fi
echo "1..$(grep -c . $build/tree/models/CASES)"

# check NAME DEFINE: prints ok or error, or why neither can be said.
check() {
	dir=$build/$1.$2
	define=
	[ "$2" = - ] || define=-D$2
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$build/tree/models/$1.pml" "$dir/model.pml"
	(
		cd "$dir" || exit 1
		spin $define -a model.pml > log 2>&1 &&
			gcc -O1 -w -DSAFETY -DMEMLIM=1024 -o pan pan.c >> log 2>&1 &&
			nice timeout 50 ./pan -m200000 > out 2>&1 || exit 1
	) || { tail -n 3 "$dir/log" | sed 's/^/# /'; echo failed; return; }
	if grep -q "max search depth too small\|Search not completed" "$dir/out" &&
	   ! grep -q "errors: [1-9]" "$dir/out"; then
		echo incomplete
	elif grep -q "errors: 0" "$dir/out"; then
		echo ok
	elif grep -q "errors: [1-9]" "$dir/out"; then
		echo error
	else
		echo failed
	fi
}

number=0
while read -r name define wanted; do
	[ -n "$name" ] || continue
	number=$((number + 1))
	got=$(check "$name" "$define" | tail -n 1)
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' \
		"$build/$name.$define/out" 2> /dev/null)
	if [ "$got" = "$wanted" ]; then
		echo "ok $number - $name $define: $wanted, $states states"
	else
		echo "not ok $number - $name $define: $got, not $wanted"
		tail -n 15 "$build/$name.$define/out" | sed 's/^/# /'
	fi
done < $build/tree/models/CASES
