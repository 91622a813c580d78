#!/bin/sh
# mm/slub*.c and mm/slab_common.c, unchanged, as programs of this host: the
# kernel's own suites, random operations with interrupts and other processors
# in between against a model, each allocation failing in turn, and a bounded
# run of the fuzzer; the random ones also with hidden, shuffled free pointers.
cd "$(dirname "$0")/.." || exit 1
build=build/host/slub
tree=$build/tree
corpus=tests/host/corpus/slub
slub="slub_host.c mm/slub.c mm/slub_layout.c mm/slub_debug.c
	mm/slub_check.c mm/slab_common.c mm/failslab.c mm/util.c
	lib/fault-inject.c lib/glob.c lib/kstrtox.c"
hard="-DCONFIG_SLAB_FREELIST_HARDENED -DCONFIG_SLAB_FREELIST_RANDOM"
. tests/host/check.sh

# make CC PROGRAM FILE...: with $flags
make() {
	cc=$1 program=$2
	shift 2
	# shellcheck disable=SC2086
	CC=$cc CFLAGS="-Itests/host/slub/include ${flags-}" \
		nice tests/host/build.sh $tree "$build/$program" $slub "$@"
}

make_suite() {
	make "$1" "kunit-$1" lib/kunit/test.c slub_kunit.c \
		tests/slub_test.c tests/slub_debug_test.c \
		tests/slub_check_test.c tests/slub_stress_test.c
}

make_random() {
	make "$1" "random-$1" slub_model.c slub_random.c
}

make_hard() {
	flags=$hard make gcc hard slub_model.c slub_random.c &&
		flags=$hard make gcc kunit-hard lib/kunit/test.c slub_kunit.c \
			tests/slub_test.c tests/slub_debug_test.c \
			tests/slub_check_test.c tests/slub_stress_test.c
}

# The first caches with one request failing, then the next, until none is left.
at_boot() {
	make gcc boot slub_boot.c || return
	n=0
	while n=$((n + 1)); ! $build/boot $n > $build/boot.out 2>&1; do
		grep -q -e 'made good' -e 'panic: no ' $build/boot.out || {
			cat $build/boot.out
			return 1
		}
	done
	[ $n -gt 40 ]
}

make_fuzzer() {
	SANITIZE=fuzzer,address,undefined make clang fuzz slub_model.c \
		slub_fuzz.c
}

fuzz() {
	mkdir -p $build/found
	nice $build/fuzz -runs=1500 -seed=1 -max_len=512 -timeout=20 \
		-verbosity=0 -artifact_prefix=$build/ $build/found $corpus
}

mkdir -p $build
echo 1..19
check "the tree tangles" book/tangle "${CH:-10}" $tree
for cc in gcc clang; do
	check "the suites build with $cc" make_suite $cc
	check "the suites pass" $build/kunit-$cc
	check "the model builds with $cc" make_random $cc
	check "slabs and the model agree" $build/random-$cc
done
check "with hidden pointers it builds" make_hard
check "with hidden pointers they agree" $build/hard
check "with hidden pointers the suites pass" $build/kunit-hard
check "without cmpxchg16b the suites pass" $build/kunit-gcc old
check "without cmpxchg16b slabs and the model agree" $build/random-gcc old
check "the n-th failure builds" make gcc nth slub_nth.c
check "every failure leaves nothing behind" $build/nth
check "nor without cmpxchg16b" $build/nth old
check "a failure at boot is made good, or a panic that says so" at_boot
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
