/*
 * Random changes to a memory map, held against a map with one byte for each
 * address. The window of addresses lies at 0, in the middle, or across the
 * largest address there is, where entries are cut.
 *
 * usage: e820_random ROUNDS SEED
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/e820/api.h>
#include "e820_model.h"
#include "host.h"

extern unsigned long strtoul(const char *text, char **end, int base);

#define WINDOW	4096

static struct e820_table table;
static u32 model[WINDOW];		/* the type of each address, or 0 */
static u64 base;
static u64 state;
static bool crumbs;			/* only tiny ranges: fills tables */
static unsigned int given_up;		/* tables that were full */

static u64 next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static u64 below(u64 limit)
{
	return next_random() % limit;
}

static u32 random_type(void)
{
	static const u32 types[] = { 1, 1, 1, 2, 3, 4, 5, 7, 12, 128, 77 };

	return types[below(ARRAY_SIZE(types))];
}

static u64 random_size(void)
{
	if (crumbs)
		return 1 + below(2);
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
		return 1 + below(WINDOW);
	case 2:
		return ~0ULL - below(WINDOW);	/* wraps around */
	default:
		return 1 + below(24);
	}
}

static bool in_range(u32 i, u64 start, u64 size)
{
	return base + i >= start && base + i - start < size;
}

static u32 table_type_at(u64 addr)
{
	u32 i;

	for (i = 0; i < table.nr_entries; i++)
		if (table.entries[i].addr <= addr &&
		    addr - table.entries[i].addr < table.entries[i].size)
			return table.entries[i].type;
	return 0;
}

/* Byte by byte; a table that was full may know less, but no more RAM. */
static void compare(bool full, const char *after)
{
	int broken = e820__check(&table);
	u32 i, type;

	if (broken)
		host_fail("after %s: invariant %d\n", after, broken);
	for (i = 0; i < WINDOW; i++) {
		type = table_type_at(base + i);
		if (base + i >= ADDR_END)
			model[i] = 0;
		if (type == model[i])
			continue;
		if (!full || type == E820_TYPE_RAM)
			host_fail("after %s: %#llx is %u, not %u\n", after,
				  base + i, type, model[i]);
		model[i] = type;
	}
	given_up += full;
}

static void do_add(void)
{
	struct e820_entry entry = {
		base + below(WINDOW), random_size(), random_type()
	};
	bool full;
	u32 i;

	full = e820__append_entry(&table, entry.addr, entry.size,
				  entry.type) == -ENOSPC;
	full |= e820__update_table(&table) != 0;
	for (i = 0; i < WINDOW; i++)
		if (model_claims(&entry, base + i))
			model[i] = model_type(max(model_rank(entry.type),
				model[i] ? model_rank(model[i]) : 0));
	compare(full, "an addition");
}

/* Turn old into new, or, with new 0, forget it; old 0 is any type. */
static void do_change(void)
{
	u64 start = base + below(WINDOW), size = random_size();
	u32 old_type = below(3) ? random_type() : 0, new_type = 0;
	bool full;
	u32 i;

	full = table.nr_entries >= E820_MAX_ENTRIES - 2;
	if (old_type == 77)
		old_type = 2;
	if (old_type && below(2)) {
		new_type = model_type(model_rank(random_type()));
		__e820__range_update(&table, start, size, old_type, new_type);
	} else {
		__e820__range_remove(&table, start, size, old_type, old_type);
	}
	for (i = 0; i < WINDOW; i++)
		if (in_range(i, start, size) && model[i] &&
		    (!old_type || model[i] == old_type))
			model[i] = new_type;
	compare(full, "a change");
}

static void do_ask(void)
{
	u64 start = base + below(WINDOW), end = start + below(WINDOW / 8);
	u32 type = below(3) ? model_type(1 + below(8)) : 0, i;
	bool any = false, all = true;
	u64 bytes = 0;

	end = min(end, base + WINDOW);
	for (i = 0; i < WINDOW; i++) {
		bool is = model[i] && (!type || model[i] == type);

		if (base + i < start || base + i >= end)
			continue;
		any |= is;
		all &= is;
		bytes += is;
	}
	if (__e820__mapped_any(&table, start, end, type) != any ||
	    __e820__mapped_all(&table, start, end, type) != all ||
	    e820__mapped_bytes(&table, start, end, type) != bytes)
		host_fail("[%#llx, %#llx) of type %u: wrong answer\n", start,
			  end, type);
}

static void round_of_changes(void)
{
	static const u64 bases[] = { 0, 1ULL << 40, ADDR_END - WINDOW / 2 };
	unsigned int i, n = 10 + below(1000);

	memset(model, 0, sizeof(model));
	table.nr_entries = 0;
	base = bases[below(ARRAY_SIZE(bases))];
	crumbs = below(2);
	for (i = 0; i < n; i++) {
		if (below(4))
			do_add();
		else
			do_change();
		do_ask();
	}
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 10, i;

	state = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	host_console(false);
	for (i = 0; i < rounds; i++)
		round_of_changes();
	host_console(true);
	printk("%lu rounds agree; tables were full %u times\n", rounds,
	       given_up);
	return 0;
}
