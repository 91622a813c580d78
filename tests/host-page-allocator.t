#!/bin/sh
# The last checkpoint's page allocator, unchanged, as a program of this host: two
# processors' lists, marks, reserves, types and counters under random requests
# against a model, with two compilers, and a bounded run of the fuzzer.
cd "$(dirname "$0")/.." || exit 1
build=build/host/page-allocator
tree=$build/tree
sources="mm/page_alloc.c mm/pcp.c mm/fallback.c mm/page_isolation.c
	mm/page_alloc_check.c mm/vmstat.c mm/watermark.c mm/mmzone.c mm/debug.c
	mm/fail_page_alloc.c mm/page_poison.c mm/page_owner.c mm/show_mem.c
	lib/fault-inject.c lib/find_bit.c lib/kstrtox.c"
. tests/host/check.sh

make_random() {
	# shellcheck disable=SC2086
	CC=$1 nice tests/host/build.sh $tree "$build/random-$1" \
		page_allocator_model.c page_allocator_random.c $sources
}

make_fuzzer() {
	# shellcheck disable=SC2086
	CC=clang SANITIZE=fuzzer,address,undefined nice tests/host/build.sh \
		$tree $build/fuzz page_allocator_model.c page_allocator_fuzz.c \
		$sources
}

fuzz() {
	rm -rf $build/found
	mkdir -p $build/found
	nice $build/fuzz -runs=400 -seed=1 -max_len=1024 -timeout=20 \
		-verbosity=0 -artifact_prefix=$build/ $build/found \
		tests/host/corpus/page-allocator
}

mkdir -p $build
echo 1..6
check "the tree tangles" book/tangle "${CH:-$(last_checkpoint)}" $tree
for cc in gcc clang; do
	check "the model builds with $cc" make_random $cc
	check "the page allocator and the model agree" $build/random-$cc
done
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
