#!/bin/sh
# Chapter 6 on this host, unchanged: the suite of lists, bits and atomics, and
# random machines, with holes, nodes and parameters, against a model that keeps
# a record for every page frame; a bounded run of the fuzzer.
cd "$(dirname "$0")/.." || exit 1
build=build/host/pages
tree=$build/tree
corpus=tests/host/corpus/pages
. tests/host/check.sh

pages="mm/memblock.c mm/mmzone.c mm/sparse.c mm/sparse-vmemmap.c
	mm/kernelcore.c mm/mm_init.c mm/memmap.c mm/numa.c mm/zonelist.c
	mm/memmap_check.c lib/bitmap.c lib/find_bit.c lib/cmdline.c
	lib/kstrtox.c"

# shellcheck disable=SC2086
make_suite() {
	CC=$1 tests/host/build.sh $tree "$build/kunit-$1" lib/kunit/test.c \
		kunit_main.c tests/tools_test.c pages_toy_test.c pages_host.c \
		$pages
}

# shellcheck disable=SC2086
make_random() {
	CC=$1 tests/host/build.sh $tree "$build/random-$1" pages_host.c \
		pages_model.c pages_random.c $pages
}

# shellcheck disable=SC2086
make_fuzzer() {
	CC=clang SANITIZE=fuzzer,address,undefined tests/host/build.sh $tree \
		$build/fuzz pages_host.c pages_model.c pages_fuzz.c $pages
}

fuzz() {
	mkdir -p $build/found
	$build/fuzz -runs=120 -seed=1 -max_len=256 -timeout=20 -verbosity=0 \
		-artifact_prefix=$build/ $build/found $corpus
}

mkdir -p $build
echo 1..10
check "the tree tangles" book/tangle "${CH:-6}" $tree
for cc in gcc clang; do
	check "the suites build with $cc" make_suite $cc
	check "the suites pass" $build/kunit-$cc
	check "the model builds with $cc" make_random $cc
	check "random machines are what the model says" $build/random-$cc
done
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
