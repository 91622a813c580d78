#!/bin/sh
# The buddy system, unchanged, as a program of this host: random operations
# against a model on chapter 7's sources, and on those of the last checkpoint
# with two compilers and a bounded run of the fuzzer.
cd "$(dirname "$0")/.." || exit 1
build=build/host/buddy
sources="mm/page_alloc.c mm/page_alloc_check.c mm/vmstat.c mm/mmzone.c mm/debug.c"
later="mm/pcp.c mm/fallback.c mm/watermark.c mm/fail_page_alloc.c
	mm/page_poison.c lib/fault-inject.c lib/find_bit.c lib/kstrtox.c"
. tests/host/check.sh

make_random() {
	tree=$build/tree-$2 cc=$1
	shift 2
	CC=$cc nice tests/host/build.sh "$tree" "$tree-random-$cc" \
		buddy_model.c buddy_random.c "$@"
}

make_fuzzer() {
	# shellcheck disable=SC2086
	CC=clang SANITIZE=fuzzer,address,undefined nice tests/host/build.sh \
		$build/tree-last $build/fuzz buddy_model.c buddy_fuzz.c \
		$sources $later
}

fuzz() {
	rm -rf $build/found
	mkdir -p $build/found
	nice $build/fuzz -runs=400 -seed=1 -max_len=1024 -timeout=20 \
		-verbosity=0 -artifact_prefix=$build/ $build/found \
		tests/host/corpus/buddy
}

mkdir -p $build
echo 1..9
check "chapter 7 tangles" book/tangle 7 $build/tree-07
# shellcheck disable=SC2086
check "the model builds with its sources" make_random gcc 07 $sources
check "the page allocator and the model agree" $build/tree-07-random-gcc
check "the last checkpoint tangles" \
	book/tangle "${CH:-$(last_checkpoint)}" $build/tree-last
for cc in gcc clang; do
	# shellcheck disable=SC2086
	check "the model builds with $cc" make_random $cc last $sources $later
	check "the page allocator and the model agree" \
		$build/tree-last-random-$cc
done
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
