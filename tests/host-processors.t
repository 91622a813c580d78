#!/bin/sh
# The per-CPU allocator's map, sets of processors and the graph of lock order,
# unchanged, as programs of this host: the kernel's own suites, random
# operations against models, and a bounded run of the fuzzer.
cd "$(dirname "$0")/.." || exit 1
build=build/host/processors
tree=$build/tree
corpus=tests/host/corpus/processors
code="mm/percpu.c kernel/cpu.c kernel/locking/lock_graph.c lib/bitmap.c
	lib/find_bit.c lib/string.c"

. tests/host/check.sh

# shellcheck disable=SC2086
make_suite() {
	CC=$1 tests/host/build.sh $tree "$build/kunit-$1" lib/kunit/test.c \
		kunit_main.c $code tests/cpumask_test.c \
		tests/percpu_map_test.c tests/lock_graph_test.c
}

# shellcheck disable=SC2086
make_random() {
	CC=$1 tests/host/build.sh $tree "$build/random-$1" \
		processors_model.c processors_random.c $code
}

# shellcheck disable=SC2086
make_fuzzer() {
	CC=clang SANITIZE=fuzzer,address,undefined tests/host/build.sh $tree \
		$build/fuzz processors_model.c processors_fuzz.c $code
}

fuzz() {
	mkdir -p $build/found
	$build/fuzz -runs=4000 -seed=1 -max_len=600 -timeout=20 -verbosity=0 \
		-artifact_prefix=$build/ $build/found $corpus
}

mkdir -p $build
echo 1..10
check "the tree tangles" book/tangle "${CH:-8}" $tree
for cc in gcc clang; do
	check "the suite builds with $cc" make_suite $cc
	check "the suite passes" $build/kunit-$cc
	check "the model builds with $cc" make_random $cc
	check "code and models agree" $build/random-$cc
done
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
