/* touch: what guest code touches between two marks. A plugin of QEMU's TCG,
 * of API version 1, for x86-64 guests; tests/touch.py builds and reads it.
 *
 *     -plugin touch.so,out=FILE[,detail=KEY:N]
 *
 * A mark is a seven-byte NOP, nopl KEY(%rax) before the region and
 * nopl KEY(%rcx) after it, where KEY is the address of the region's name in the
 * guest. Without the plugin it is an instruction that does nothing. A region
 * writes a line to FILE when it ends:
 *
 *     KEY instructions loads stores lines code-lines locked
 *
 * Lines have 64 bytes and are told apart by their virtual addresses. An
 * instruction that reads and writes memory is a load and a store; a step of a
 * `rep` instruction counts as one. With detail, each access of the Nth region
 * (from 0) called KEY is written before that, as
 *
 *     > address-of-instruction r|w address size
 *
 * Regions do not nest: a beginning ends the one before, without a line for it.
 * Only the first processor is counted. What the processor does by itself, such
 * as walking page tables, is not seen.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of QEMU's interface, so that no header of it is needed. */

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*translated_t)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*executed_t)(unsigned int cpu, void *data);
typedef void (*accessed_t)(unsigned int cpu, uint32_t info, uint64_t address,
			   void *data);
enum { NO_REGISTERS, READS_AND_WRITES = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_t call);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *,
						 size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
					    executed_t call, int flags, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *,
				      accessed_t call, int flags, int rw,
				      void *data);
unsigned int qemu_plugin_mem_size_shift(uint32_t info);
bool qemu_plugin_mem_is_store(uint32_t info);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

/* --- A set of lines: a hash table that a new generation empties. */

enum { BITS = 20, SLOTS = 1 << BITS };

struct set {
	struct slot {
		uint64_t line;
		uint32_t generation;
	} slots[SLOTS];
	uint32_t generation, used;
};

static struct set data, code;

static void empty(struct set *set)
{
	set->generation++;
	set->used = 0;
}

static void add(struct set *set, uint64_t line)
{
	uint32_t i = line * 0x9e3779b97f4a7c15 >> (64 - BITS);
	struct slot *slot;

	for (;; i = (i + 1) % SLOTS) {
		slot = &set->slots[i];
		if (slot->generation != set->generation)
			break;
		if (slot->line == line)
			return;
	}
	if (++set->used > SLOTS / 2) {
		fprintf(stderr, "touch: a region of more than 32 MiB\n");
		exit(1);
	}
	*slot = (struct slot){ line, set->generation };
}

/* --- Regions. */

static FILE *out;
static uint64_t region;		/* the key of the open one, or 0 */
static uint64_t instructions, loads, stores, locked;
static uint64_t detail, skip;	/* what to tell in detail, and not before */

static void begins(unsigned int cpu, void *key)
{
	if (cpu)
		return;
	region = (uintptr_t)key;
	instructions = loads = stores = locked = 0;
	empty(&data);
	empty(&code);
}

static void ends(unsigned int cpu, void *key)
{
	if (cpu || region != (uintptr_t)key)
		return;
	fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u %"
		PRIu64 "\n", region, instructions, loads, stores, data.used,
		code.used, locked);
	if (region == detail)
		skip--;
	region = 0;
}

/* --- What an instruction does when it is executed. */

struct instruction {
	uint64_t address;
	uint8_t size;
	bool locks;
};

static void executed(unsigned int cpu, void *what)
{
	const struct instruction *in = what;

	if (cpu || !region)
		return;
	instructions++;
	locked += in->locks;
	add(&code, in->address / 64);
	add(&code, (in->address + in->size - 1) / 64);
}

static void accessed(unsigned int cpu, uint32_t info, uint64_t address,
		     void *what)
{
	const struct instruction *in = what;
	bool store = qemu_plugin_mem_is_store(info);
	uint64_t size = 1u << qemu_plugin_mem_size_shift(info);

	if (cpu || !region)
		return;
	*(store ? &stores : &loads) += 1;
	add(&data, address / 64);
	add(&data, (address + size - 1) / 64);
	if (region == detail && !skip)
		fprintf(out, "> %" PRIx64 " %c %" PRIx64 " %" PRIu64 "\n",
			in->address, store ? 'w' : 'r', address, size);
}

/* --- What it is, seen when it is translated. */

/* Has it a LOCK prefix, or is it an exchange with memory, which locks unasked? */
static bool locks(const uint8_t *p, size_t size)
{
	static const uint8_t prefixes[] = {
		0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3,
	};
	size_t i = 0;

	while (i < size && (memchr(prefixes, p[i], sizeof(prefixes)) ||
			    p[i] >> 4 == 4))		/* REX */
		i++;
	if (i + 1 >= size)
		return false;
	return p[i] == 0xf0 || ((p[i] | 1) == 0x87 && p[i + 1] < 0xc0);
}

/* The key of a mark, or 0: compilers pad with the first kind, but with 0. */
static uint64_t mark(const uint8_t *p, size_t size)
{
	int32_t key;

	if (size != 7 || p[0] != 0x0f || p[1] != 0x1f || (p[2] | 1) != 0x81)
		return 0;
	memcpy(&key, p + 3, sizeof(key));
	return key < 0 ? (uint64_t)(int64_t)key : 0;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *p = qemu_plugin_insn_data(insn);
		size_t size = qemu_plugin_insn_size(insn);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		uint64_t key = mark(p, size);
		struct instruction *in;

		if (key) {
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, p[2] == 0x80 ? begins : ends,
				NO_REGISTERS, (void *)(uintptr_t)key);
			continue;
		}
		if (!(in = malloc(sizeof(*in))))	/* kept as the code is */
			abort();
		*in = (struct instruction){ address, size, locks(p, size) };
		qemu_plugin_register_vcpu_insn_exec_cb(insn, executed,
						       NO_REGISTERS, in);
		qemu_plugin_register_vcpu_mem_cb(insn, accessed, NO_REGISTERS,
						 READS_AND_WRITES, in);
	}
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
			       char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4) && !out)
			out = fopen(argv[i] + 4, "w");
		else if (sscanf(argv[i], "detail=%" SCNx64 ":%" SCNu64, &detail,
				&skip) != 2) {
			fprintf(stderr, "touch: “%s”?\n", argv[i]);
			return 1;
		}
	}
	if (!out) {
		fprintf(stderr, "touch: no file to write to\n");
		return 1;
	}
	empty(&data);
	empty(&code);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
