#!/bin/sh
# build.sh: build kernel code and its tests into a program for this host.
#
# usage: tests/host/build.sh TREE PROGRAM FILE.c...
#
# TREE is a tangled checkpoint; a FILE with no slash in front is taken from it
# if it is there, and from tests/host otherwise. Every program gets printk, the
# formats and host.c. CC, SANITIZE (default address,undefined) and CFLAGS are
# heeded. What C libraries also define is renamed. Programs are linked at a
# fixed address: a run that depends on addresses is the same run each time.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$1
program=$2
shift 2

cc=${CC:-gcc}
sanitize=${SANITIZE-address,undefined}
rename=
for name in snprintf vsnprintf; do
	rename="$rename -D$name=loom_$name"
done

# compile SOURCE OBJECT: with $flags. Programs share most of their files, so an
# object is kept under what it was made from: the flags, and what the compiler
# sees of the source. Where the tree is does not matter.
kept=$here/../../build/host/objects
compile() {
	# shellcheck disable=SC2086
	set -- "$1" "$2" "$cc" $flags -I"$here" -I"$here/include" -I"$tree" \
		-I"$tree/include" -I"$tree/arch/x86/include"
	source=$1 made=$2
	shift 2
	seen=$made.i
	"$@" -E "$source" > "$seen"
	key=$({ echo "$cc" $flags; sed "s,$tree/,,g" "$seen"; } | sha256sum)
	key=${key%% *}
	rm "$seen"
	if [ ! -f "$kept/$key.o" ]; then
		"$@" -c "$source" -o "$made"
		mkdir -p "$kept"
		cp "$made" "$kept/$key.$$"
		mv "$kept/$key.$$" "$kept/$key.o"
	fi
	cp "$kept/$key.o" "$made"
}

set -- host.c kernel/printk.c lib/vsprintf.c "$@"
objects=
mkdir -p "$program.o"
for file; do
	source=$here/$file
	if [ -f "$tree/$file" ]; then
		source=$tree/$file
	fi
	object=$program.o/$(echo "$file" | tr / _).o
	# The table of suites is an array made by the linker: no red zones in it.
	globals=
	case $file in
	*_test.c)
		case $cc in
		*clang*) globals="-mllvm -asan-globals=0" ;;
		*) globals="--param asan-globals=0" ;;
		esac ;;
	esac
	flags="-std=gnu11 -g -O1 -Wall -Wextra -Werror -Wno-unused-parameter
		-Wno-sign-compare -ffreestanding
		-fno-omit-frame-pointer -fno-stack-protector -fno-pie -DUNROLL_LOOP=
		${sanitize:+-fsanitize=$sanitize -fno-sanitize-recover=all}
		$globals $rename ${CFLAGS-}"
	compile "$source" "$object"
	objects="$objects $object"
done
# shellcheck disable=SC2086
"$cc" ${sanitize:+-fsanitize=$sanitize} ${LDFLAGS-} $objects -no-pie \
	-Wl,-T,"$here/kunit.lds" -o "$program"
