# Loom: everything a person does. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := all
.SECONDEXPANSION:

# Order, ranges and messages are the same wherever this runs.
export LC_ALL := C.UTF-8

ifneq ($(findstring :,$(CURDIR)),)
$(error $(CURDIR): TeX and gdb take a colon for the end of a folder's name. \
	Move the book to a path without one; it may hold anything else)
endif

CHAPTERS := $(sort $(wildcard chapters/[0-9][0-9]-*/*.nw))
NAMES := $(patsubst chapters/%/main.nw,%,$(filter %/main.nw,$(CHAPTERS)))
LAST := $(lastword $(NAMES))
COUNT := $(words $(NAMES))

# CH may be 4, 04, 04-memblock or memblock; the last chapter if not given.
NAME := $(strip $(foreach n,$(NAMES),$(if $(filter $n $(firstword $(subst -, ,$n)) \
	$(patsubst 0%,%,$(firstword $(subst -, ,$n))) \
	$(n:$(firstword $(subst -, ,$n))-%=%),$(or $(CH),$(LAST))),$n)))
TREE = tangled/$(NAME)

ifneq ($(CH),)
ifneq ($(words $(NAME)),1)
$(error There is no chapter CH=$(CH). They are: $(NAMES))
endif
endif

TANGLE := book/tangle book/tangle.awk book/stream book/stream.awk
BUILT := $(NAMES:%=build/checkpoint/%.built)
LOG := build/log

# What is given here is handed on as it was typed, whatever the shell makes of it.
quoted = '$(subst ','\'',$(value $1))'

# A kernel of other flags is built in the tree, and is not the checkpoint; that
# is made again when it is next asked for, since the flags are newer.
OTHER := $(strip $(foreach v,DEBUG WERROR CC FLAGS,$(filter command%,$(origin $v))))
ALSO = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# Checkpoints have most of their sources in common, trees for tests and
# experiments even more: what was compiled once is not compiled again. The
# directory is no part of it, since gdb is told where the sources are.
export PATH := /usr/lib/ccache:$(PATH)
export CCACHE_DIR := $(CURDIR)/build/ccache
export CCACHE_NOHASHDIR := 1
export CCACHE_SLOPPINESS := include_file_mtime,include_file_ctime

# ---------------------------------------------------------------- the book

## all: install what is missing, make the book and all checkpoints, boot the last
all: checkpoints book
	@echo "booting $(LAST)"
	@$(MAKE) -s -C tangled/$(LAST) test > $(LOG)/boot.txt 2>&1 || \
		{ tail -n 20 $(LOG)/boot.txt | tail -c 4000; exit 1; }
	@tail -n 1 $(LOG)/boot.txt
	@echo
	@echo "The book is" $$(cd build && ls loom-[0-9].pdf | sed 's,^,build/,') "and, with"
	@echo "their back rooms," $$(cd build && ls loom-[0-9]-back.pdf | sed 's,^,build/,')
	@echo "(make html for the pages to browse)."
	@echo "  make run CH=04        boots a checkpoint; Ctrl-a x leaves QEMU"
	@echo "  make debug CH=04      stops it at its first instruction, under gdb"
	@echo "  exercises/exercise list     shows the exercises; then"
	@echo "  make exercise EX=...  gives you one, make grade EX=... grades it"
	@echo "  make plain CH=04      gives you its tree to change"
	@echo "  make help             lists everything else"

## book: weave the volumes, build/loom-1.pdf, build/loom-1-back.pdf and so on,
##       first making again what the machine says in them
book: build/packages live
	@book/weave/pdf

## html: weave build/html/index.html and its pages
html: build/packages live
	@book/weave/html

## epub: weave build/loom.epub from the same pages
epub: build/packages live
	@book/weave/html && book/weave/epub

## page CH=04: one chapter's two PDFs, main line and back room, in seconds
page: build/packages
	@book/weave/pdf --chapter $(firstword $(subst -, ,$(NAME)))

## live: boot the checkpoints for the outputs the book shows, where they changed
live: checkpoints
	@book/livebook

# ---------------------------------------------------------- the checkpoints

## checkpoint CH=04: tangle and compile one checkpoint
ifeq ($(OTHER),)
checkpoint: build/checkpoint/$(NAME).built
else
checkpoint: build/checkpoint/$(NAME).tangled
	@echo "make   $(NAME) with $(OTHER)"
	@$(MAKE) -s $(ALSO) -C $(TREE) loom.elf
endif

## checkpoints: tangle and compile all of them
checkpoints: $(BUILT)
	@book/tangle --sweep
	@cd build/checkpoint && for made in *.built; do \
		[ -d "../../chapters/$${made%.built}" ] || \
			rm -f "$$made" "$${made%.built}.tangled"; done

# A chapter's file that goes away makes this list another one.
build/checkpoint/sources: FORCE
	@mkdir -p build/checkpoint
	@echo '$(CHAPTERS)' | cmp -s - $@ || echo '$(CHAPTERS)' > $@

# A sentence that changes touches the chapters and so the tangle; files that
# stay the same keep their times, and nothing is compiled for it.
build/checkpoint/%.tangled: $(CHAPTERS) $(TANGLE) build/checkpoint/sources \
		$$(if $$(wildcard tangled/$$*/.manifest),,FORCE) | build/packages
	@book/tangle $(firstword $(subst -, ,$*)) tangled/$*
	@touch $@

# The log has what the compiler and the linker say, and not what they were told.
.SECONDARY: $(NAMES:%=build/checkpoint/%.tangled)
build/checkpoint/%.built: build/checkpoint/%.tangled \
		$$(wildcard tangled/$$*/obj/flags) \
		$$(if $$(wildcard tangled/$$*/loom.elf),,FORCE)
	@mkdir -p $(LOG)
	@echo "make   [$(shell expr $(firstword $(subst -, ,$*)) + 0)/$(COUNT)] $*"
	@$(MAKE) -s $(ALSO) -C tangled/$* loom.elf > $(LOG)/$*.txt 2>&1 || { \
		head -n 40 $(LOG)/$*.txt | cut -c 1-400 >&2; \
		echo "tangled/$* was not built; all of it: $(LOG)/$*.txt" >&2; exit 1; }
	@! grep -v '^make\(\[[0-9]*\]\)*: ' $(LOG)/$*.txt >&2 || true
	@touch $@

# ---------------------------------------------------------------- running

## run CH=04: boot a checkpoint to its prompt; Ctrl-D there ends it
run: checkpoint
	@echo "booting $(NAME); Ctrl-D at its prompt, or Ctrl-a x, leaves QEMU"
	@$(MAKE) -s -C $(TREE) run

## test CH=04: boot a checkpoint and see that its self-tests pass
## test: the tests of kernel and book; what is too much for each run, in turn
## test-all: all tests there are
ifneq ($(CH),)
test: checkpoint
	@$(MAKE) -s -C $(TREE) test
else
test: build/packages
	@tests/timing new
	@tests/timing run "make checkpoints" $(MAKE) checkpoints
	@tests/timing run "make live" book/livebook --turn
	@mkdir -p $(LOG)
	@echo "weaving meanwhile; the log is $(LOG)/woven.txt"
	@{ tests/timing run "pages to browse" book/weave/html && \
		tests/timing run "volumes on paper" \
			book/weave/pdf --volumes $$(tests/turns.py volumes) && \
		$(PROVE) $(OF_BOOK); } > $(LOG)/woven.txt 2>&1 & \
	$(PROVE) $(OF_KERNEL) 2>&1 | tee $(LOG)/test.log; passed=$$?; \
	wait $$!; woven=$$?; \
	cat $(LOG)/woven.txt; tests/timing table | tee $(LOG)/seconds.txt; \
	exit $$((passed | woven))
endif
test-all: export LOOM_ALL = 1
test-all: test
PROVE := prove -j$(shell nproc) --timer --exec 'tests/timing test'
# Tests of the woven book wait for it; all others are made meanwhile.
OF_BOOK := tests/html.t tests/weave.t
OF_KERNEL := $(filter-out $(OF_BOOK),$(wildcard tests/*.t))

## soak N=1M: the random tests of the last checkpoint, N operations of each kind
##       on 4 processors; SEED=5 repeats a run
soak: build/packages
	@LOOM_SOAK=$(if $(N),$(call quoted,N),1M) LOOM_SEED=$(call quoted,SEED) tests/soak.t

## map CH=09 MAP=name: draw physical memory by page state, before and after a
##       workload (book/map: what else can be set)
SETTINGS := MAP MEM SMP MACHINE CPU NUMA QEMU APPEND FRAMES FROM TO WIDTH ROWS \
	CELLS COLUMNS SQUEEZE OUT
map: checkpoint
	@book/map $(firstword $(subst -, ,$(NAME))) $(foreach v,$(SETTINGS),$(if \
		$(filter command%,$(origin $v)),$v=$(call quoted,$v)))

## bench CH=04: what a checkpoint costs, beside Linux's figures and our bounds
## bench CH=10 LINES=kmalloc64_alloc: which lines an operation touches
bench: checkpoint
	@book/bench $(if $(LINES),--lines) $(firstword $(subst -, ,$(NAME))) $(LINES)

## debug CH=04: boot a checkpoint under gdb, stopped at its first instruction
debug: checkpoint
	@$(MAKE) -s -C $(TREE) debug

## iso CH=04: an ISO image that GRUB boots
iso: checkpoint
	@$(MAKE) -s -C $(TREE) iso
	@echo $(TREE)/loom.iso

## plain CH=04: its tree in plain C, without #line, to change: work/plain-04-…
PLAIN = work/plain-$(NAME)
plain: build/packages
	@mkdir -p work
	@book/tangle --plain $(firstword $(subst -, ,$(NAME))) $(PLAIN)
	@$(MAKE) -s -C $(PLAIN) compile_commands.json
	@echo "$(PLAIN)/ is yours: make -C $(PLAIN) run, test, tags, …"
	@echo "What you change there is never overwritten."

## tags CH=04: an index for editors of the checkpoint's tree, as it is tangled
tags: build/checkpoint/$$(NAME).tangled
	@$(MAKE) -s -C $(TREE) tags
	@echo $(TREE)/tags

## diff CH=04: what the chapter changed in the tangled C
PREVIOUS = $(word $(patsubst 0%,%,$(firstword $(subst -, ,$(NAME)))),nothing $(NAMES))
diff: build/packages
	@book/tangle --plain $(firstword $(subst -, ,$(NAME))) build/plain/$(NAME)
	@mkdir -p build/plain/nothing
	@[ $(PREVIOUS) = nothing ] || book/tangle --plain \
		$(firstword $(subst -, ,$(PREVIOUS))) build/plain/$(PREVIOUS)
	@cd build/plain && { diff -ruN -x .manifest $(PREVIOUS) $(NAME) || \
		[ $$? -eq 1 ]; } | { if [ -t 1 ]; then $${PAGER:-less}; else cat; fi; }

# --------------------------------------------------------------- exercises

## exercise EX=04/slug: an exercise, set up for you in work/
## grade EX=04/slug: what of it passes, what fails, and where
## hint EX=04/slug: a hint for it, each time the next one
## solution EX=04/slug: how the book would have done it
exercise grade hint solution: build/packages
	@exercises/exercise $@ $(if $(EX),$(call quoted,EX))

## solutions: weave build/loom-solutions.pdf, all solutions and answers
solutions: build/packages
	@book/weave/solutions

# ------------------------------------------------------------ housekeeping

## dist: build/loom.tar.xz: the book, its pages, and the checkpoints as plain C
dist: book html
	@rm -rf build/dist && mkdir -p build/dist/loom
	@cp -r build/loom-*.pdf build/html README.md LICENSE* build/dist/loom
	@for name in $(NAMES); do \
		book/tangle --plain $${name%%-*} build/dist/loom/$$name && \
		rm build/dist/loom/$$name/.manifest || exit 1; done
	@tar -C build/dist -cJf build/loom.tar.xz loom
	@echo build/loom.tar.xz

## clean: throw away all that was made (not work/, which is yours)
clean:
	rm -rf build $(filter-out tangled/README.md,$(wildcard tangled/*))

## help: this list
help:
	@sed -n 's/^## //p' Makefile | awk -F': ' \
		'/^ / { sub(/^ +/, ""); printf "  %-25s %s\n", "", $$0; next } \
		{ printf "  make %-20s %s\n", $$1, substr($$0, length($$1) + 3) }'
	@echo
	@sed -n 's/^#= \{0,1\}//p' Makefile

#= CH is a chapter, as 4, 04, memblock or 04-memblock; without it the last one is
#= meant. run, test, debug, map and iso take besides
#=
#=   MEM=1G         memory (512M)         SMP=4          processors (1)
#=   MACHINE=q35    the chipset (pc)      CPU=qemu64     the processor (max)
#=   APPEND="…"     the kernel's command line, as kunit.filter_glob=slub or
#=                  map=fragment
#=   QEMU="…"       more options for QEMU, as -numa …
#=   BOOT=iso       boots through GRUB (run, test)
#=   DEBUG=1        a kernel with its checks (chapter 6 and later)
#=   DEBUG=kasan    one in which each access is checked (11 and later; gcc)
#=   WERROR=1  CC=clang              warnings are errors; another compiler
#=   NUMA=2         nodes of one size (map)
#=
#= LOOM_DRAFT=1 weaves although something is missing, LOOM_LIMIT=60 gives a
#= graded boot as many seconds, LOOM_WORK=… is where exercises are put.

FORCE:

build/packages: packages.txt book/install
	@book/install
	@mkdir -p build && touch $@

.PHONY: all book html epub page live checkpoint checkpoints run test test-all soak \
	bench map debug iso plain tags diff exercise grade hint solution solutions \
	dist clean help
