#!/bin/sh
# mm/memblock.c, unchanged, as a program of this host: the kernel's own suite,
# random operations against a model, and a bounded run of the fuzzer.
cd "$(dirname "$0")/.." || exit 1
build=build/host/memblock
tree=$build/tree
corpus=tests/host/corpus/memblock
. tests/host/check.sh

make_suite() {
	CC=$1 tests/host/build.sh $tree "$build/kunit-$1" lib/kunit/test.c \
		kunit_main.c mm/memblock.c mm/memblock_check.c \
		tests/memblock_test.c
}

make_random() {
	CC=$1 tests/host/build.sh $tree "$build/random-$1" memblock_model.c \
		memblock_random.c mm/memblock.c mm/memblock_check.c
}

make_fuzzer() {
	CC=clang SANITIZE=fuzzer,address,undefined tests/host/build.sh $tree \
		$build/fuzz memblock_model.c memblock_fuzz.c mm/memblock.c \
		mm/memblock_check.c
}

fuzz() {
	mkdir -p $build/found
	$build/fuzz -runs=6000 -seed=1 -max_len=1024 -timeout=20 -verbosity=0 \
		-artifact_prefix=$build/ $build/found $corpus
}

mkdir -p $build
echo 1..10
check "the tree tangles" book/tangle "${CH:-4}" $tree
for cc in gcc clang; do
	check "the suite builds with $cc" make_suite $cc
	check "the suite passes" $build/kunit-$cc
	check "the model builds with $cc" make_random $cc
	check "memblock and the model agree" $build/random-$cc
done
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
