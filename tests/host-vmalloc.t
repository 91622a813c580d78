#!/bin/sh
# mm/vmap_area.c and mm/vmalloc.c, unchanged, as a program of this host, on a
# machine of arrays: random operations against a model, and a bounded run of
# the fuzzer.
cd "$(dirname "$0")/.." || exit 1
build=build/host/vmalloc
tree=$build/tree
corpus=tests/host/corpus/vmalloc
files="mm/vmap_area.c mm/vmap_area_check.c mm/vmalloc.c lib/rbtree.c lib/find_bit.c"
export CFLAGS="-Itests/host/vmalloc"
. tests/host/check.sh

make_random() {
	CC=$1 tests/host/build.sh $tree "$build/random-$1" vmalloc_printk.c vmalloc_model.c \
		vmalloc_random.c $files
}

make_fuzzer() {
	CC=clang SANITIZE=fuzzer,address,undefined tests/host/build.sh $tree \
		$build/fuzz vmalloc_printk.c vmalloc_model.c vmalloc_fuzz.c $files
}

fuzz() {
	mkdir -p $build/found
	$build/fuzz -runs=600 -seed=1 -max_len=2048 -timeout=20 -verbosity=0 \
		-artifact_prefix=$build/ $build/found $corpus
}

mkdir -p $build
echo 1..6
check "the tree tangles" book/tangle "${CH:-11}" $tree
for cc in gcc clang; do
	check "the model builds with $cc" make_random $cc
	check "vmalloc and the model agree" $build/random-$cc
done
check "the fuzzer builds and finds nothing" eval "make_fuzzer && fuzz"
