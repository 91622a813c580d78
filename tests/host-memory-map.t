#!/bin/sh
# The memory map, ACPI's tables, the loader's information and the command line,
# built for this host from the kernel's own sources: their self-tests, random
# maps against a slow model, and fuzzers, under sanitizers, with two compilers.
set -u
cd "$(dirname "$0")/.." || exit 1

out=build/host/memory-map
tree=$out/tree
count=0

# tap NAME COMMAND...: one test, which passes if the command does.
tap() {
	count=$((count + 1))
	name=$1
	shift
	if "$@" > "$out/log" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		tail -n 40 "$out/log" | sed 's/^/# /'
	fi
}

# build CC PROGRAM FILE...
build() {
	cc=$1
	program=$out/$2
	shift 2
	CC=$cc tests/host/build.sh "$tree" "$program" "$@"
}

build_fuzzer() {
	program=$1
	shift
	CFLAGS=-fsanitize=fuzzer-no-link LDFLAGS=-fsanitize=fuzzer \
		build clang "$program" "$@"
}

# fuzz NAME RUNS: from the seeds, a fixed number of inputs, always the same.
fuzz() {
	rm -rf "$out/corpus-$1"
	mkdir -p "$out/corpus-$1"
	timeout 300 "$out/$1_fuzz" -runs="$2" -seed=1 -max_len=4096 \
		-artifact_prefix="$out/" "$out/corpus-$1" \
		"tests/host/corpus/$1"
}

map="arch/x86/kernel/e820.c lib/sort.c"
boot="arch/x86/kernel/bootparam.c arch/x86/platform/pvh/enlighten.c
	arch/x86/platform/multiboot2.c"
line="lib/cmdline.c lib/kstrtox.c lib/glob.c kernel/params.c"
acpi="drivers/acpi/tables.c drivers/acpi/numa/srat.c
	arch/x86/kernel/acpi/boot.c arch/x86/mm/numa.c memory_map_host.c"
suites="tests/e820_test.c tests/bootparam_test.c tests/cmdline_test.c
	tests/acpi_test.c"

mkdir -p "$out"
book/tangle 3 "$tree" || exit 1

# shellcheck disable=SC2086
for cc in gcc clang; do
	tap "$cc builds the self-tests" \
		build $cc "suites-$cc" lib/kunit/test.c kunit_main.c \
		$suites $map $boot $line $acpi early_memremap.c
	tap "$cc: the self-tests pass" "$out/suites-$cc"
	tap "$cc builds the model of the map" \
		build $cc "e820_random-$cc" e820_random.c $map
	tap "$cc: random maps are what the model says" \
		"$out/e820_random-$cc" 12 2026
done

# shellcheck disable=SC2086
{
	tap "the fuzzer of the map builds" \
		build_fuzzer e820_fuzz e820_fuzz.c $map
	tap "the fuzzer of the tables builds" \
		build_fuzzer acpi_fuzz acpi_fuzz.c $map $acpi early_memremap.c
	tap "the fuzzer of the loader's information builds" \
		build_fuzzer bootparam_fuzz bootparam_fuzz.c $map $boot \
			early_memremap.c
	tap "the fuzzer of the command line builds" \
		build_fuzzer cmdline_fuzz cmdline_fuzz.c $line
}
tap "any bytes as a map" fuzz e820 40000
tap "any bytes as tables" fuzz acpi 100000
tap "any bytes as what a loader left" fuzz bootparam 20000
tap "any bytes as a command line" fuzz cmdline 100000

echo "1..$count"
