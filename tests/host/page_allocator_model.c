/*
 * The page allocator's logic, unchanged, against a model too simple to be
 * wrong in the same way: a byte for each page says whether it is in use.
 * Lists of two processors, marks, reserves, types and counters are compared
 * with what follows from these bytes.
 */
#include <linux/cpumask.h>
#include <linux/fault-inject.h>
#include <linux/gfp.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmstat.h>
#include <asm/unwind.h>
#include "host.h"
#include "mm/internal.h"
#include "page_allocator_model.h"

#define BLOCK		MAX_ORDER_NR_PAGES
#define PAGES		(6 * BLOCK)
#define MAX_LIVE	512
#define CPUS		2

enum { FREE, USED, RESERVED };

/* The machine: its bytes, their structures, two nodes with three zones. */
static u8 memory[PAGES * PAGE_SIZE] __aligned(BLOCK * PAGE_SIZE);
static struct page pages[PAGES] __aligned(BLOCK * sizeof(struct page));
static u8 types[PAGES / pageblock_nr_pages];
static struct pglist_data nodes[2];
static struct mem_section sections[SECTIONS_PER_ROOT];

struct page *host_vmemmap;
nodemask_t node_states[NR_NODE_STATES];
struct pglist_data *node_data[MAX_NUMNODES];
struct mem_section *mem_section[NR_SECTION_ROOTS];
unsigned int nr_online_nodes = 2, nr_cpu_ids = CPUS;
struct cpumask __cpu_possible_mask = { 3 }, __cpu_online_mask = { 3 };
unsigned long pageblock_flags_base;
bool page_group_by_mobility_disabled;

/* Each zone: whose, of what kind, from which page up to which. */
static const struct {
	int nid;
	enum zone_type type;
	unsigned int start, end;
} zones[] = {
	{ 0, ZONE_DMA32, 3, BLOCK + 500 },
	{ 0, ZONE_NORMAL, BLOCK + 500, 3 * BLOCK },
	{ 1, ZONE_NORMAL, 3 * BLOCK, PAGES - 5 },
};

/* The model, what it has allocated, and what it has counted. */
static u8 state[PAGES];
static bool waits[PAGES];	/* on a processor's list; found by walking */
static struct live {
	unsigned int page, order;
} live[MAX_LIVE];
static unsigned int nr_live;
static long counted[2], in_use;
static long used_before;	/* by the events of earlier runs */

/* Processors: static variables and those of alloc_percpu(), and a copy. */
DEFINE_PER_CPU(int, numa_mem);		/* both are near node 0 */
static DEFINE_PER_CPU(char[1 << 15], arena) __aligned(64);
static size_t arena_used;
static u8 second_cpu[1 << 20] __aligned(64);

static void set_up_cpus(void)
{
	unsigned long at = (unsigned long)&arena & ~0xffUL;

	host_cpu = 0;
	arena_used = 0;
	memset(&arena, 0, sizeof(arena));
	memset(second_cpu, 0, sizeof(second_cpu));
	__per_cpu_offset[1] = (unsigned long)second_cpu + (1 << 19) - at;
}

void __percpu *__alloc_percpu(size_t size, size_t align)
{
	char *p = (char *)&arena + ALIGN(arena_used, align);

	arena_used = ALIGN(arena_used, align) + size;
	return arena_used <= sizeof(arena) ? p : NULL;
}

int cpu_to_node(int cpu)
{
	return cpu;
}

struct cpumask cpumask_of_node(int node)
{
	return (struct cpumask) { 1UL << node };
}

bool kallsyms_lookup_line(unsigned long address, struct code_line *line)
{
	return false;
}

void init_deferred_block(struct page *page)
{
	host_fail("no block is deferred\n");
}

/* What the records of owners ask for: memory, frames, a clock, no stack. */

static u8 records[(PAGES_PER_SECTION + 1) * sizeof(struct page_owner)]
	__aligned(64);
static size_t records_used;
unsigned long __highest_present_section_nr;

void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align,
			     phys_addr_t min_addr, phys_addr_t max_addr,
			     int nid)
{
	void *p = records + records_used;

	records_used = ALIGN(records_used + size, align);
	if (records_used > sizeof(records))
		host_fail("%zu bytes of records\n", records_used);
	return memset(p, 0, size);
}

void memblock_free(void *ptr, size_t size)
{
	host_fail("records are given back\n");
}

unsigned long next_present_section_nr(unsigned long nr)
{
	return nr ? -1UL : 0;
}

struct page *pfn_to_online_page(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	return page >= pages && page < pages + PAGES ? page : NULL;
}

u64 ktime_get_ns(void)
{
	static u64 now;

	return now++;
}

void unwind_start(struct unwind_state *state, struct pt_regs *regs,
		  unsigned long bp)
{
	state->ip = 0;
}

bool unwind_next_frame(struct unwind_state *state)
{
	return false;
}

static void set_up_owners(void)
{
	records_used = 0;
	page_owner_alloc();
	set_page_alloc_extras(EXTRA_OWNER, 0);
}

/* Setting up */

static struct zone *zone_nr(unsigned int z)
{
	return &nodes[zones[z].nid].node_zones[zones[z].type];
}

static void set_up_zone(unsigned int z)
{
	struct zone *zone = zone_nr(z);

	zone->zone_pgdat = &nodes[zones[z].nid];
	zone->name = "zone";
	zone->zone_start_pfn = page_to_pfn(pages + zones[z].start);
	zone->spanned_pages = zones[z].end - zones[z].start;
	zone->present_pages = zone->spanned_pages;
	atomic_long_set(&zone->managed_pages, zone->spanned_pages);
	zone_init_free_lists(zone);
	zone_table[zones[z].nid << ZONES_SHIFT | zones[z].type] = zone;
	zone_pcp_init(zone);
	zone_stat_init(zone);
}

static void set_up_zonelist(struct zonelist *list, const int *order)
{
	struct zoneref *ref = list->_zonerefs;

	for (; *order >= 0; order++, ref++) {
		ref->zone = zone_nr(*order);
		ref->zone_idx = zones[*order].type;
	}
	ref->zone = NULL;
	ref->zone_idx = 0;
}

static void set_up_nodes(void)
{
	static const int lists[4][4] = {
		{ 1, 0, 2, -1 }, { 1, 0, -1 }, { 2, 1, 0, -1 }, { 2, -1 },
	};

	memset(nodes, 0, sizeof(nodes));
	for (int nid = 0; nid < 2; nid++) {
		node_data[nid] = &nodes[nid];
		nodes[nid].node_id = nid;
		node_stat_init(&nodes[nid]);
		for (int i = 0; i < MAX_NR_ZONES; i++)
			nodes[nid].node_zones[i].zone_pgdat = &nodes[nid];
	}
	node_states[N_ONLINE].bits = node_states[N_MEMORY].bits = 3;
	for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++)
		set_up_zone(z);
	for (int i = 0; i < 4; i++)
		set_up_zonelist(&nodes[i / 2].node_zonelists[i % 2], lists[i]);
}

static unsigned int zone_of(unsigned int page)
{
	unsigned int z = 0;

	while (page >= zones[z].end)
		z++;
	return z;
}

static void set_up_page(unsigned int i)
{
	unsigned int z = zone_of(min_t(unsigned int, i, PAGES - 6));

	memset(&pages[i], 0, sizeof(pages[i]));
	set_page_links(&pages[i], zones[z].type, zones[z].nid,
		       page_to_pfn(&pages[i]));
	page_mapcount_reset(&pages[i]);
	state[i] = FREE;
	if (i < zones[0].start || i >= PAGES - 5 || i % 1801 == 1800) {
		__SetPageReserved(&pages[i]);
		init_page_count(&pages[i]);
		state[i] = RESERVED;
	}
}

static long used_by_events(void)
{
	unsigned long events[NR_VM_EVENT_ITEMS];
	long used = 0;

	all_vm_events(events);
	for (int i = PGALLOC_DMA; i <= PGALLOC_MOVABLE; i++)
		used += events[i];
	return used - (long)events[PGFREE];
}

static void set_up(bool owners)
{
	unsigned long base = (unsigned long)memory >> PAGE_SHIFT;

	host_vmemmap = (struct page *)((unsigned long)pages -
				       base * sizeof(struct page));
	memset(types, MIGRATE_MOVABLE, sizeof(types));
	pageblock_flags_base = (unsigned long)types -
			       ((unsigned long)pages >> PAGEBLOCK_MAP_SHIFT);
	memset(sections, 0, sizeof(sections));
	memset(sections[0].subsection_map, 0xff,
	       sizeof(sections[0].subsection_map));
	mem_section[0] = sections;
	set_up_cpus();
	set_up_nodes();
	for (unsigned int i = 0; i < PAGES; i++)
		set_up_page(i);
	for (unsigned int i = 0; i < PAGES; i++)
		if (state[i] == FREE)
			free_one_page(page_zone(&pages[i]), &pages[i], 0,
				      MIGRATE_MOVABLE);
	page_alloc_extras = 0;
	fail_nth_page_alloc(0);
	page_alloc_init_late();
	if (owners)
		set_up_owners();
	used_before = used_by_events();
	nr_live = 0;
	counted[0] = counted[1] = in_use = 0;
}

/* Comparing */

static bool is_isolated(unsigned int page)
{
	return get_pageblock_migratetype(pages + page) == MIGRATE_ISOLATE;
}

static void find_waiting(void)
{
	memset(waits, 0, sizeof(waits));
	for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++)
		for (unsigned int i = 0; i < CPUS * NR_PCP_LISTS; i++) {
			struct per_cpu_pages *pcp = per_cpu_ptr(
				zone_nr(z)->per_cpu_pageset, i / NR_PCP_LISTS);
			unsigned int list = i % NR_PCP_LISTS;
			unsigned int order = list / MIGRATE_PCPTYPES;
			struct list_head *link;

			if (order > PAGE_ALLOC_COSTLY_ORDER)
				order = pageblock_order;
			list_for_each(link, &pcp->lists[list])
				memset(waits + (list_entry(link, struct page,
							   pcp_list) - pages),
				       true, 1UL << order);
		}
}

/* Free pages of zone @z: all, those on no list, and of these in CMA blocks. */
static void count_zone(unsigned int z, long *all, long *free, long *cma)
{
	*all = *free = *cma = 0;
	for (unsigned int i = zones[z].start; i < zones[z].end; i++) {
		bool counts = state[i] == FREE && !waits[i] && !is_isolated(i);

		*all += state[i] == FREE && !is_isolated(i);
		*free += counts;
		*cma += counts && get_pageblock_migratetype(pages + i) ==
				  MIGRATE_CMA;
	}
}

static void compare_counts(void)
{
	long all, free, cma, used;

	find_waiting();
	for (unsigned int i = 0; i < PAGES; i++)
		if (waits[i] && state[i] != FREE)
			host_fail("page %u waits and is in use\n", i);
	for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++) {
		struct zone *zone = zone_nr(z);

		count_zone(z, &all, &free, &cma);
		if (zone_page_state(zone, NR_FREE_PAGES) != free ||
		    zone_page_state(zone, NR_FREE_CMA_PAGES) != cma)
			host_fail("zone %u: %ld pages free, %ld for CMA\n", z,
				  free, cma);
	}
	used = used_by_events() - used_before;
	if (used != in_use)
		host_fail("%ld pages are in use, not %ld\n", in_use, used);
	if (page_alloc_extras & EXTRA_OWNER && page_owner_pages() != in_use)
		host_fail("%ld pages are in use, and %lu have an owner\n",
			  in_use, page_owner_pages());
}

static void compare(void)
{
	compare_counts();
	for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++) {
		const char *broken = buddy_check(zone_nr(z)) ?:
				     page_alloc_check(zone_nr(z)) ?:
				     vmstat_check();

		if (broken)
			host_fail("zone %u breaks %s\n", z, broken);
	}
	if (page_owner_check())
		host_fail("owners: %s\n", page_owner_check());
	for (int nid = 0; nid < 2; nid++)
		if (node_page_state_snapshot(&nodes[nid], NR_PAGETABLE) !=
		    counted[nid])
			host_fail("node %d has not counted %ld\n", nid,
				  counted[nid]);
}

/* Requests */

static const gfp_t flags[] = {
	GFP_KERNEL, GFP_ATOMIC, GFP_DMA32, GFP_HIGHUSER_MOVABLE,
	GFP_KERNEL | __GFP_THISNODE, GFP_KERNEL | __GFP_RECLAIMABLE,
	GFP_NOWAIT, GFP_KERNEL | __GFP_MEMALLOC,
};

/* How many pages a zone must keep from this request, in the book's words. */
static long kept_from(struct zone *zone, gfp_t gfp)
{
	long min = zone->_watermark[WMARK_MIN];

	if (gfp & __GFP_MEMALLOC)
		return -1;
	if (gfp & __GFP_HIGH)
		min -= min / 2;
	if (gfp & __GFP_ATOMIC)
		min -= min / 4;
	else
		min += zone->nr_reserved_highatomic;
	return min + zone->lowmem_reserve[gfp_zone(gfp)];
}

/* Whether a block may be used for an ordinary request that waits. */
static bool block_serves(unsigned int page, unsigned int order, gfp_t gfp)
{
	unsigned int z = zone_of(page);

	if (page + (1U << order) > zones[z].end)
		return false;
	for (unsigned int i = page; i < page + (1U << order); i++) {
		int type = get_pageblock_migratetype(pages + i);

		if (state[i] != FREE || type > MIGRATE_PCPTYPES ||
		    type == MIGRATE_HIGHATOMIC)
			return false;
		if (order == MAX_ORDER - 1 && type != types[page / 512])
			return false;
	}
	return true;
}

static bool zone_may_serve(unsigned int z, gfp_t gfp, int nid,
			   const nodemask_t *mask)
{
	return zones[z].type <= gfp_zone(gfp) &&
	       (!mask || node_isset(zones[z].nid, *mask)) &&
	       (!(gfp & __GFP_THISNODE) || zones[z].nid == nid);
}

/*
 * Whether a request that could wait, and was refused, need not have been. It
 * has emptied all lists before it gave up.
 */
static bool was_wrong(gfp_t gfp, unsigned int order, int nid,
		      const nodemask_t *mask)
{
	long all, free, cma;

	for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++) {
		unsigned int i = round_up(zones[z].start, 1U << order);

		count_zone(z, &all, &free, &cma);
		if (!zone_may_serve(z, gfp, nid, mask) ||
		    all - cma - (1L << order) + 1 <= kept_from(zone_nr(z), gfp))
			continue;
		for (; i < zones[z].end; i += 1U << order)
			if (block_serves(i, order, gfp))
				return true;
	}
	return false;
}

/* What has been given out must have been free, and allowed. */
static void check_taken(struct page *page, unsigned int order, gfp_t gfp,
			int nid, const nodemask_t *mask)
{
	unsigned int first = page - pages, z = zone_of(first);
	long all, free, cma;

	count_zone(z, &all, &free, &cma);
	if (!zone_may_serve(z, gfp, nid, mask) || first % (1U << order))
		host_fail("page %u must not serve %#x\n", first, gfp);
	if (all <= kept_from(zone_nr(z), gfp))
		host_fail("zone %u has %ld pages: too few\n", z, all);
	if (page_ref_count(page) != 1 || page_private(page))
		host_fail("page %u is not new\n", first);
	for (unsigned int i = first; i < first + (1U << order); i++)
		if (state[i] != FREE || is_isolated(i))
			host_fail("page %u was not to be had\n", i);
	if (!(gfp & __GFP_MOVABLE) && types[first / 512] == MIGRATE_CMA &&
	    !waits[first])
		host_fail("page %u is for CMA\n", first);
}

static void take(struct page *page, unsigned int order)
{
	memset(state + (page - pages), USED, 1U << order);
	live[nr_live++] = (struct live) { page - pages, order };
	in_use += 1L << order;
}

static void do_alloc(u8 how, u8 what)
{
	unsigned int order = what < 20 ? what % MAX_ORDER : what % 4;
	gfp_t gfp = flags[how % ARRAY_SIZE(flags)];
	nodemask_t mask = { 1UL << (how >> 6 & 1) };
	nodemask_t *only = how >> 7 && how & 8 ? &mask : NULL;
	int nid = how >> 4 & 1;
	bool fails = fail_page_alloc.attr.nth.counter;
	struct page *page;

	if (nr_live == MAX_LIVE)
		return;
	find_waiting();
	page = __alloc_pages(gfp | __GFP_NOWARN, order, nid, only);
	if (page) {
		check_taken(page, order, gfp, nid, only);
		take(page, order);
	} else if (gfp & __GFP_DIRECT_RECLAIM && !fails &&
		   was_wrong(gfp, order, nid, only)) {
		host_fail("order %u, %#x: refused\n", order, gfp);
	}
}

static void do_bulk(u8 how, u8 what)
{
	struct page *array[16] = {};
	unsigned int want = what % 16 + 1, n;
	gfp_t gfp = how & 1 ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE;

	if (nr_live + 16 > MAX_LIVE)
		return;
	n = __alloc_pages_bulk(gfp | __GFP_NOWARN, how >> 1 & 1, NULL, want,
			       NULL, array);
	if (n > want)
		host_fail("%u pages instead of %u\n", n, want);
	for (unsigned int i = 0; i < n; i++) {
		if (state[array[i] - pages] != FREE)
			host_fail("a page of many was in use\n");
		take(array[i], 0);
	}
}

static void give(unsigned int i)
{
	struct live l = live[i];

	live[i] = live[--nr_live];
	memset(state + l.page, FREE, 1U << l.order);
	in_use -= 1L << l.order;
	__free_pages(pages + l.page, l.order);
}

/* What an interrupt does that comes while the lists of a zone are in use. */
static void do_interrupt(u8 how, u8 what)
{
	struct zone *zone = zone_nr(how % ARRAY_SIZE(zones));
	struct per_cpu_pages *pcp = this_cpu_ptr(zone->per_cpu_pageset);
	int count = pcp->count;

	if (!spin_trylock(&pcp->lock))
		host_fail("a list's lock is held by nobody\n");
	if (what & 1 && nr_live)
		give(how * nr_live / 256);
	if (nr_live < MAX_LIVE) {
		struct page *page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN,
						what >> 1 & 3);

		if (page)
			take(page, what >> 1 & 3);
	}
	if (pcp->count != count)
		host_fail("a list was changed by an interrupt\n");
	spin_unlock(&pcp->lock);
}

/* Set a pageblock apart, or give it back, as movable or for CMA. */
static void do_isolate(u8 how, u8 what)
{
	unsigned int block = how % ARRAY_SIZE(types);
	struct page *page = pages + block * pageblock_nr_pages;
	int was = types[block];

	if (was == MIGRATE_ISOLATE) {
		unset_migratetype_isolate(page, what & 1 ? MIGRATE_CMA :
							   what / 2 % 3);
	} else if (!set_migratetype_isolate(page)) {
		drain_all_pages(NULL);
		if (was == MIGRATE_HIGHATOMIC)
			host_fail("a reserve was isolated\n");
	} else if (was != MIGRATE_HIGHATOMIC && block && block != 2 &&
		   block != ARRAY_SIZE(types) - 1) {
		host_fail("pageblock %u cannot be isolated\n", block);
	}
}

/* Marks from nothing to half of the zone. */
static void do_marks(u8 how)
{
	struct zone *zone = zone_nr(how % ARRAY_SIZE(zones));

	set_zone_wmarks(zone, zone_managed_pages(zone) * (how >> 4) / 32);
}

static void do_count(u8 how, u8 what)
{
	int nid = how & 1;
	long delta = (s8)what;

	if (counted[nid] + delta < 0)
		delta = -counted[nid];
	counted[nid] += delta;
	mod_node_page_state(&nodes[nid], NR_PAGETABLE, delta);
	if (!(how & 0x70))
		refresh_cpu_vm_stats();
}

static void operation(u8 op, u8 how, u8 what)
{
	host_cpu = op & 1;
	if (op < 110 || !nr_live)
		do_alloc(how, what);
	else if (op < 200)
		give(how * nr_live / 256);
	else if (op < 212)
		do_bulk(how, what);
	else if (op < 224)
		do_interrupt(how, what);
	else if (op < 232)
		do_isolate(how, what);
	else if (op < 238)
		do_marks(how);
	else if (op < 248)
		do_count(how, what);
	else if (op < 252)
		drain_pages(how & 1);
	else
		fail_nth_page_alloc(how % 4);
}

/* With everything given back, each zone must be whole again. */
static void give_all(void)
{
	long all, free, cma;

	while (nr_live)
		give(nr_live - 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i] == MIGRATE_ISOLATE)
			unset_migratetype_isolate(pages + i * 512,
						  MIGRATE_MOVABLE);
	drain_all_pages(NULL);
	compare();
	for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++) {
		count_zone(z, &all, &free, &cma);
		if (all != free)
			host_fail("zone %u: not all came back\n", z);
	}
}

unsigned int page_allocator_model_run(const u8 *data, size_t n)
{
	unsigned int done = 0;

	set_up(n && data[0] & 1);
	compare();
	for (; n >= 3; data += 3, n -= 3, done++) {
		operation(data[0], data[1], data[2]);
		if (done % 4 == 0)
			compare();
	}
	give_all();
	return done;
}
