#!/bin/sh
# The code that builds and changes page tables, unchanged, as a program of this
# host: random operations against a model, and a bounded run of the fuzzer.
cd "$(dirname "$0")/.." || exit 1
build=build/host/page-tables
tree=$build/tree
corpus=tests/host/corpus/page_tables
sources="page_tables_model.c arch/x86/mm/init_64.c arch/x86/mm/pgtable.c
	arch/x86/mm/pat/set_memory.c"
. tests/host/check.sh

make_random() {
	# shellcheck disable=SC2086
	CC=$1 tests/host/build.sh $tree "$build/random-$1" \
		page_tables_random.c $sources
}

make_fuzzer() {
	# shellcheck disable=SC2086
	CC=clang SANITIZE=fuzzer,address,undefined tests/host/build.sh $tree \
		$build/fuzz page_tables_fuzz.c $sources
}

fuzz() {
	mkdir -p $build/found
	$build/fuzz -runs=200 -seed=1 -max_len=512 -timeout=20 -verbosity=0 \
		-artifact_prefix=$build/ $build/found $corpus
}

# A mapping that forgets to look at the alignment must not pass.
finds_a_mistake() {
	rm -rf $build/wrong
	cp -r $tree $build/wrong
	sed -i 's/(addr - info->offset) & (size - 1) ||/0 ||/' \
		$build/wrong/arch/x86/mm/init_64.c
	sed -i 's/protval_large_2_4k(entry & ~_PAGE_PSE)/protval_large_2_4k(entry) \& ~_PAGE_PSE/' \
		$build/wrong/arch/x86/mm/pat/set_memory.c
	! cmp -s $tree/arch/x86/mm/pat/set_memory.c \
		$build/wrong/arch/x86/mm/pat/set_memory.c || return 1
	# shellcheck disable=SC2086
	tests/host/build.sh $build/wrong $build/random-wrong \
		page_tables_random.c $sources || return 1
	! $build/random-wrong
}

mkdir -p $build
echo 1..7
check "the tree tangles" book/tangle "${CH:-5}" $tree
for cc in gcc clang; do
	check "the model builds with $cc" make_random $cc
	check "page tables and the model agree" $build/random-$cc
done
check "a mistake is found" finds_a_mistake
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
