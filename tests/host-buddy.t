#!/bin/sh
# mm/page_alloc.c, unchanged, as a program of this host: random operations
# against a model with two compilers, and a bounded run of the fuzzer.
cd "$(dirname "$0")/.." || exit 1
build=build/host/buddy
tree=$build/tree
sources="mm/page_alloc.c mm/page_alloc_check.c mm/vmstat.c mm/mmzone.c mm/debug.c"
. tests/host/check.sh

make_random() {
	# shellcheck disable=SC2086
	CC=$1 tests/host/build.sh $tree "$build/random-$1" buddy_model.c \
		buddy_random.c $sources
}

make_fuzzer() {
	# shellcheck disable=SC2086
	CC=clang SANITIZE=fuzzer,address,undefined tests/host/build.sh $tree \
		$build/fuzz buddy_model.c buddy_fuzz.c $sources
}

fuzz() {
	rm -rf $build/found
	mkdir -p $build/found
	$build/fuzz -runs=400 -seed=1 -max_len=1024 -timeout=20 -verbosity=0 \
		-artifact_prefix=$build/ $build/found tests/host/corpus/buddy
}

mkdir -p $build
echo 1..6
check "the tree tangles" book/tangle 7 $tree
for cc in gcc clang; do
	check "the model builds with $cc" make_random $cc
	check "the page allocator and the model agree" $build/random-$cc
done
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
