/*
 * arch/x86/mm/init_64.c, pgtable.c and pat/set_memory.c against a model that
 * knows nothing of tables: an array with one word for each page of a window
 * of physical memory, saying how large the page is that maps it and with
 * which rights. The window has a whole aligned GiB and crosses into the next
 * top-level entry. Tables come from a pool that can be told to run dry.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/init.h>
#include <asm/pgalloc.h>
#include <asm/sections.h>
#include <asm/set_memory.h>
#include <asm/tlbflush.h>
#include "host.h"
#include "page_tables_model.h"

#define BASE	(511UL * SZ_1G)
#define PAGES	((SZ_1G + SZ_128M) / PAGE_SIZE)
#define FLAGS	(_PAGE_PRESENT | _PAGE_RW | _PAGE_NX | _PAGE_CACHE_MASK)

#define CHECK(condition, fmt, ...) do {					\
	if (!(condition))						\
		host_fail("%s: " fmt "\n", #condition, ##__VA_ARGS__);	\
} while (0)

/* What the image and the processor would provide. */
char _text[1], _end[1];
unsigned long direct_pages_count[PG_LEVEL_NUM];

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	CHECK(start < end, "%#lx-%#lx", start, end);
}

/* A real one would fault on a page that is not present. */
void clflush_cache_range(void *vaddr, unsigned int size)
{
	unsigned long addr = (unsigned long)vaddr;
	unsigned int level;

	CHECK(size && vaddr, "%u", size);
	for (; addr < (unsigned long)vaddr + size; addr += PAGE_SIZE)
		CHECK(pte_present(*lookup_address(addr, &level)), "%#lx", addr);
}

u64 cachemode2protval(enum page_cache_mode pcm)
{
	static const u64 bits[] = {
		0, _PAGE_PWT, _PAGE_PCD, _PAGE_PCD | _PAGE_PWT,
		_PAGE_PAT | _PAGE_PCD | _PAGE_PWT, _PAGE_PAT | _PAGE_PWT,
	};

	return bits[pcm];
}

/* Pages for tables; at most @left more. */
static u8 pool[1024][PAGE_SIZE] __aligned(PAGE_SIZE);
static bool in_use[ARRAY_SIZE(pool)];
static unsigned int left;

void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align,
			     phys_addr_t min_addr, phys_addr_t max_addr,
			     int nid)
{
	CHECK(size == PAGE_SIZE && align == PAGE_SIZE, "%llu", size);
	for (unsigned int i = 0; left && i < ARRAY_SIZE(pool); i++)
		if (!in_use[i]) {
			in_use[i] = true;
			left--;
			memset(pool[i], 0, PAGE_SIZE);
			return pool[i];
		}
	return NULL;
}

void memblock_free(void *ptr, size_t size)
{
	unsigned int i = (u8 (*)[PAGE_SIZE])ptr - pool;

	CHECK(i < ARRAY_SIZE(pool) && in_use[i], "%p", ptr);
	in_use[i] = false;
}

/* A page of the window: bits of FLAGS, and above them its level; 0 is none. */
static u64 model[PAGES];
#define LEVEL_SHIFT	52
#define LEVEL(word)	((enum pg_level)((word) >> LEVEL_SHIFT & 7))
#define WORD(level, flags) ((u64)(level) << LEVEL_SHIFT | (flags))

static unsigned long pages_of(enum pg_level level)
{
	return 1UL << (9 * (level - PG_LEVEL_4K));
}

/* The entry for a page, found with nothing but shifts. */
static u64 find(unsigned long address, enum pg_level *level)
{
	u64 entry = (unsigned long)swapper_pg_dir | _PAGE_PRESENT;

	for (*level = PG_LEVEL_NUM; *level > PG_LEVEL_4K; ) {
		const u64 *table = (void *)(entry & PTE_PFN_MASK);

		--*level;
		entry = table[address >> (12 + 9 * (*level - 1)) & 511];
		if (!(entry & _PAGE_PRESENT) ||
		    (*level < PG_LEVEL_512G && entry & _PAGE_PSE))
			break;
	}
	return entry;
}

/* A large entry's type bits where a small one has them. */
static u64 flags_of(u64 entry, enum pg_level level)
{
	u64 flags = entry & FLAGS & ~_PAGE_PAT;

	if (level == PG_LEVEL_4K)
		return flags | (entry & _PAGE_PAT);
	return flags | (entry & _PAGE_PAT_LARGE ? _PAGE_PAT : 0);
}

static void compare(void)
{
	unsigned long i = 0, size;
	enum pg_level level;

	for (; i < PAGES; i += size) {
		phys_addr_t phys = BASE + i * PAGE_SIZE;
		u64 entry = find(PAGE_OFFSET + phys, &level);
		u64 word = 0;

		size = pages_of(level);
		if (entry) {
			word = WORD(level, flags_of(entry, level));
			CHECK((entry & PTE_PFN_MASK &
			       page_level_mask(level)) == phys,
			      "%llx for page %lx", entry, i);
		} else {
			size -= PHYS_PFN(phys) & (size - 1);
			size = min(size, PAGES - i);
		}
		for (unsigned long k = 0; k < size; k++)
			CHECK(model[i + k] == word, "page %lx: %llx, not %llx",
			      i + k, word, model[i + k]);
	}
}

/* Every page taken is a table that something leads to. */
static unsigned int tables_below(u64 entry, enum pg_level level)
{
	const u64 *table = (void *)(entry & PTE_PFN_MASK);
	unsigned int n = 1;

	for (int i = 0; level > PG_LEVEL_4K && i < 512; i++)
		if (table[i] & _PAGE_PRESENT &&
		    (level == PG_LEVEL_512G || !(table[i] & _PAGE_PSE)))
			n += tables_below(table[i], level - 1);
	return n;
}

static void compare_pool(void)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(pool); i++)
		used += in_use[i];
	CHECK(used + 1 == tables_below((unsigned long)swapper_pg_dir,
				       PG_LEVEL_512G), "%u", used);
	CHECK(used == nr_pgtable_pages, "%lu", nr_pgtable_pages);
}

/* How large a page may be that begins at @i of [.., end). */
static enum pg_level largest(unsigned long i, unsigned long end,
			     unsigned int mask)
{
	enum pg_level level = PG_LEVEL_1G;

	while (level > PG_LEVEL_4K &&
	       (i % pages_of(level) || i + pages_of(level) > end ||
		!(mask & BIT(level))))
		level--;
	return level;
}

static void model_map(unsigned long i, unsigned long end, u64 flags,
		      unsigned int mask)
{
	while (i < end) {
		enum pg_level level = largest(i, end, mask);

		for (unsigned long k = 0; k < pages_of(level); k++)
			model[i++] = WORD(level, flags);
	}
}

/* Did the pool ever run dry? Tables may have been left, with nothing in them. */
static bool was_dry;

/* After running dry: what is mapped is so rightly, and within the range. */
static void adopt(unsigned long i, unsigned long end, u64 flags)
{
	for (; i < end; i++) {
		enum pg_level level;
		u64 entry = find(PAGE_OFFSET + BASE + i * PAGE_SIZE, &level);

		if (!entry)
			continue;
		CHECK(flags_of(entry, level) == flags, "%llx", entry);
		model[i] = WORD(level, flags);
	}
}

/* Out of memory, some pages may be smaller; nothing else may differ. */
static void adopt_sizes(void)
{
	enum pg_level level;

	was_dry = true;
	for (unsigned long i = 0; i < PAGES; i++) {
		if (!model[i])
			continue;
		find(PAGE_OFFSET + BASE + i * PAGE_SIZE, &level);
		CHECK(level <= LEVEL(model[i]), "page %lx grew", i);
		model[i] = WORD(level, model[i] & FLAGS);
	}
}

static bool is_free(unsigned long i, unsigned long end)
{
	for (; i < end; i++)
		if (model[i])
			return false;
	return true;
}

static void map(unsigned long i, unsigned long end, u8 how)
{
	static const u64 rights[] = {
		__PAGE_KERNEL, __PAGE_KERNEL_RO, __PAGE_KERNEL_ROX,
		__PAGE_KERNEL | _PAGE_PAT | _PAGE_PWT,
	};
	struct x86_mapping_info info = {
		.offset = PAGE_OFFSET,
		.page_flag = __pgprot(rights[how & 3]),
		.page_size_mask = (how >> 2 & 3) << PG_LEVEL_2M,
	};
	u64 flags = rights[how & 3] & FLAGS;

	if (!is_free(i, end))
		return;
	if (!kernel_physical_mapping_init(BASE + i * PAGE_SIZE,
					  BASE + end * PAGE_SIZE, &info)) {
		model_map(i, end, flags, info.page_size_mask);
		if (was_dry)
			adopt_sizes();
		return;
	}
	CHECK(!left, "%u", left);
	was_dry = true;
	adopt(i, end, flags);
}

/* No page reaches across the border in front of page @i. */
static void model_split(unsigned long i)
{
	while (i < PAGES && model[i] && i % pages_of(LEVEL(model[i]))) {
		unsigned long size = pages_of(LEVEL(model[i]));
		unsigned long k = i / size * size, last = k + size;

		for (; k < last; k++)
			model[k] -= WORD(1, 0);
	}
}

static bool is_mapped(unsigned long i, unsigned long end)
{
	for (; i < end; i++)
		if (!model[i])
			return false;
	return true;
}

static const struct {
	int (*set_memory)(unsigned long addr, int numpages);
	u64 set, clr;
} changes[] = {
	{ set_memory_ro, 0, _PAGE_RW }, { set_memory_rw, _PAGE_RW, 0 },
	{ set_memory_x, 0, _PAGE_NX }, { set_memory_nx, _PAGE_NX, 0 },
	{ set_memory_np, 0, _PAGE_PRESENT }, { set_memory_p, _PAGE_PRESENT, 0 },
	{ set_memory_wb, 0, _PAGE_CACHE_MASK },
	{ set_memory_wc, _PAGE_PWT, _PAGE_CACHE_MASK },
	{ set_memory_uc, _PAGE_PCD, _PAGE_CACHE_MASK },
	{ set_memory_wp, _PAGE_PAT | _PAGE_PWT, _PAGE_CACHE_MASK },
};

static void change(unsigned long i, unsigned long end, u8 how)
{
	unsigned int what = how % ARRAY_SIZE(changes);
	int err = changes[what].set_memory(PAGE_OFFSET + BASE + i * PAGE_SIZE,
					   end - i);

	if (i == end) {
		CHECK(err == -EINVAL, "%d", err);
	} else if (!is_mapped(i, end)) {
		CHECK(err == -EFAULT, "%d", err);
	} else if (err) {
		CHECK(err == -ENOMEM && !left, "%d", err);
		adopt_sizes();
	} else {
		model_split(i);
		model_split(end);
		for (; i < end; i++)
			model[i] = (model[i] & ~changes[what].clr) |
				   changes[what].set;
	}
}

/* A place in the window, more often than not at a round number. */
static unsigned long place(const u8 *data)
{
	unsigned long i = (data[0] | data[1] << 8) * 5UL + (data[2] & 7);

	switch (data[2] >> 5) {
	case 0: case 1: case 2:
		i = i >> 9 << 9;
		break;
	case 3:
		i = i >> 18 << 18;
		break;
	case 4:
		i = (i >> 9 << 9) + (data[2] & 7);
	}
	return min(i, PAGES);
}

static void one_operation(const u8 *data)
{
	unsigned long i = place(data), end = place(data + 3);

	if (end < i)
		swap(i, end);
	left = data[7] < 24 ? data[7] / 8 : ARRAY_SIZE(pool);
	if (data[6] & 0x80)
		change(i, end, data[6] & 0x7f);
	else if (i < end)
		map(i, end, data[6]);
}

unsigned int page_tables_model_run(const u8 *data, size_t size,
				   unsigned int every)
{
	unsigned int n = 0;

	__supported_pte_mask = ~0ULL;
	nr_pgtable_pages = 0;
	was_dry = false;
	memset(swapper_pg_dir, 0, sizeof(swapper_pg_dir));
	memset(in_use, 0, sizeof(in_use));
	memset(model, 0, sizeof(model));
	for (; size >= 8; size -= 8, data += 8) {
		one_operation(data);
		if (++n % every)
			continue;
		compare();
		compare_pool();
	}
	compare();
	compare_pool();
	return n;
}
