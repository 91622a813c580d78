/*
 * Any bytes as a memory map: its sanitized form must keep the invariants and
 * say of every address what the slow model says.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/e820/api.h>
#include "e820_model.h"
#include "host.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct e820_table given, table;

static void compare_at(u64 addr)
{
	if (model_type_at(&given, addr) != model_type_at(&table, addr))
		host_fail("%#llx is %u, not %u\n", addr,
			  model_type_at(&table, addr),
			  model_type_at(&given, addr));
}

/* Between two ends nothing changes, so it is enough to look at those. */
static void compare_ends(const struct e820_table *ends)
{
	u32 i;

	for (i = 0; i < ends->nr_entries; i++) {
		compare_at(ends->entries[i].addr);
		compare_at(ends->entries[i].addr + ends->entries[i].size);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 nr = min_t(size_t, size / sizeof(struct e820_entry), 100);

	host_console(false);
	memset(&given, 0, sizeof(given));
	given.nr_entries = nr;
	memcpy(given.entries, data, nr * sizeof(struct e820_entry));
	table = given;
	if (e820__update_table(&table))
		host_fail("100 entries do not make more than 320\n");
	if (e820__check(&table))
		host_fail("invariant %d\n", e820__check(&table));
	compare_ends(&given);
	compare_ends(&table);
	return 0;
}
