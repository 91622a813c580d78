/*
 * What the sanitized form of a memory map must be, worked out the slow way:
 * for one address at a time, by looking at every entry.
 */
#pragma once
#include <linux/kernel.h>
#include <asm/e820/api.h>

#define ADDR_END	(1ULL << 52)	/* no address reaches this */

static inline int model_rank(u32 type)
{
	static const u32 order[] = { 1, 2, 3, 4, 5, 7, 12, 128 };
	unsigned int rank;

	for (rank = 0; rank < ARRAY_SIZE(order); rank++)
		if (order[rank] == type)
			return rank + 1;
	return 2;			/* unknown: as reserved */
}

static inline u32 model_type(int rank)
{
	static const u32 order[] = { 0, 1, 2, 3, 4, 5, 7, 12, 128 };

	return order[rank];
}

/* Whether @entry, as the firmware gave it, says something of @addr. */
static inline bool model_claims(const struct e820_entry *entry, u64 addr)
{
	bool fits = entry->addr < ADDR_END &&
		    entry->size <= ADDR_END - entry->addr;

	if (!entry->type || addr >= ADDR_END || addr < entry->addr ||
	    addr - entry->addr >= entry->size)
		return false;
	return fits || entry->type != E820_TYPE_RAM;
}

/* The type that rules at @addr, 0 for none. */
static inline u32 model_type_at(const struct e820_table *table, u64 addr)
{
	int rank = 0;
	u32 i;

	for (i = 0; i < table->nr_entries; i++)
		if (model_claims(&table->entries[i], addr))
			rank = max(rank, model_rank(table->entries[i].type));
	return model_type(rank);
}
