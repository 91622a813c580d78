/*
 * A naive machine: one record for each page frame, from which zones, holes,
 * deferred blocks and zonelists follow by counting.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "host.h"
#include "mm/memmap_check.h"
#include "mm/mm_init.h"
#include "pages_host.h"
#include "pages_model.h"

#define NODES	4

struct frame {
	bool ram, reserved;
	u8 nid, flags;
};

static struct frame model[HOST_PAGES];
static unsigned long max_zone_pfn[MAX_NR_ZONES];
static unsigned long movable_pfn[NODES];

static struct {
	const u8 *next, *end;
} input;

static unsigned int any(unsigned int below)
{
	unsigned int a = input.next < input.end ? *input.next++ : 0;
	unsigned int b = input.next < input.end ? *input.next++ : 0;

	return (a << 8 | b) % below;
}

#define require(condition)						\
	do {								\
		if (!(condition))					\
			host_fail("%s:%d: %s\n", __func__, __LINE__,	\
				  #condition);				\
	} while (0)

static struct frame *frame_of(unsigned long pfn)
{
	require(pfn >= HOST_START && pfn < HOST_END);
	return &model[pfn - HOST_START];
}

/* A frame: at any place, or where something is likely to begin. */
static unsigned long any_pfn(void)
{
	static const unsigned int steps[] = { 1, 512, 1024, 4096, 32768 };
	unsigned int step = steps[any(ARRAY_SIZE(steps))];

	return HOST_START + any(HOST_PAGES / step) * step;
}

/* --- the machine ---------------------------------------------------------- */

static void add_some_memory(void)
{
	static const u8 kinds[] = { 0, 0, 0, MEMBLOCK_HOTPLUG, MEMBLOCK_MIRROR,
				    MEMBLOCK_NOMAP };
	unsigned long start = any_pfn(), end = any_pfn(), pfn;
	u8 nid = any(NODES), flags = kinds[any(ARRAY_SIZE(kinds))];

	if (start > end)
		swap(start, end);
	memblock_add_node(PFN_PHYS(start), PFN_PHYS(end - start), nid, flags);
	for (pfn = start; pfn < end; pfn++)
		if (!frame_of(pfn)->ram)
			*frame_of(pfn) = (struct frame) {
				true, false, nid, flags
			};
}

static void reserve_some(void)
{
	unsigned long start = any_pfn(), bytes = 1 + any(40000);

	memblock_reserve(PFN_PHYS(start) + any(4096), bytes);
}

/* There is always some memory on node 0, at the very end. */
static void make_memory(void)
{
	unsigned long start = HOST_END - 4096, pfn;
	unsigned int n;

	memset(model, 0, sizeof(model));
	memblock_add_node(PFN_PHYS(start), PFN_PHYS(4096), 0, 0);
	for (pfn = start; pfn < HOST_END; pfn++)
		frame_of(pfn)->ram = true;
	for (n = any(8); n; n--)
		add_some_memory();
	for (n = any(12); n; n--)
		reserve_some();
}

static void make_parameters(void)
{
	unsigned long dma = any_pfn(), dma32 = any_pfn();
	int i, j, nid;

	max_zone_pfn[ZONE_DMA] = min(dma, dma32);
	max_zone_pfn[ZONE_DMA32] = max(dma, dma32);
	max_zone_pfn[ZONE_NORMAL] = HOST_END;
	for (nid = 0; nid < NODES; nid++)
		node_set_online(nid);
	node_states[N_POSSIBLE] = node_states[N_ONLINE];
	for (i = 0; i < NODES; i++)
		for (j = 0; j < NODES; j++)
			if (i != j)
				host_machine.distance[i][j] = 11 + any(6);
	for (nid = 0; nid < NODES; nid++)
		if (any(2))
			node_set_state(nid, N_CPU);
	switch (any(6)) {
	case 0:
		required_kernelcore.pages = any(HOST_PAGES / 2);
		break;
	case 1:
		required_movablecore.pages = any(HOST_PAGES / 2);
		break;
	case 2:
		required_kernelcore.percent = any(101);
		required_movablecore.percent = any(101);
		break;
	case 3:
		mirrored_kernelcore = true;
		break;
	case 4:
		movable_node_enabled = true;
		break;
	}
}

/* --- where ZONE_MOVABLE begins, a page at a time -------------------------- */

static enum zone_type kind_by_address(unsigned long pfn)
{
	enum zone_type type = ZONE_DMA;

	while (type < ZONE_NORMAL && pfn >= max_zone_pfn[type])
		type++;
	return type;
}

/* The highest kind that any frame can have, and where it begins. */
static enum zone_type highest_kind(unsigned long *start)
{
	enum zone_type type = ZONE_NORMAL;

	while (type && max_zone_pfn[type] <= max_zone_pfn[type - 1])
		type--;
	*start = type ? max_zone_pfn[type - 1] : 0;
	return type;
}

static unsigned long model_grow(int nid, unsigned long share,
				unsigned long usable)
{
	unsigned long pfn, got = 0;

	for (pfn = max(HOST_START, movable_pfn[nid]); pfn < HOST_END; pfn++) {
		if (!frame_of(pfn)->ram || frame_of(pfn)->nid != nid)
			continue;
		if (pfn >= usable && got >= share) {
			movable_pfn[nid] = pfn;
			break;
		}
		movable_pfn[nid] = pfn + 1;
		got++;
		if (pfn >= usable && got >= share)
			break;
	}
	return got;
}

static unsigned long asked(const struct core_request *request,
			   unsigned long total)
{
	return request->percent ? total * request->percent / 100 :
				  request->pages;
}

static void model_by_amount(unsigned long usable)
{
	unsigned long pfn, total = 0, core, movable, left, share, got;
	unsigned int nodes = 0;
	int nid;

	for (pfn = HOST_START; pfn < HOST_END; pfn++)
		if (frame_of(pfn)->ram) {
			total++;
			nodes |= 1 << frame_of(pfn)->nid;
		}
	core = asked(&required_kernelcore, total);
	movable = asked(&required_movablecore, total);
	if (movable)
		core = max(core, total - min(total, ALIGN(movable, 1024ul)));
	if (!core || core >= total)
		return;
	for (left = hweight_long(nodes); left; left--) {
		share = core / left;
		for (nid = 0; nid < NODES; nid++) {
			if (!(nodes >> nid & 1))
				continue;
			if (core < share)
				share = core / left;
			got = model_grow(nid, share, usable);
			core -= min(core, got);
		}
		if (core <= left - 1)
			break;
	}
}

static void model_by_flag(bool hotplug, unsigned long usable)
{
	unsigned long pfn;

	for (pfn = HOST_END - 1; pfn >= HOST_START; pfn--) {
		struct frame *frame = frame_of(pfn);
		bool moves = hotplug ? frame->flags & MEMBLOCK_HOTPLUG :
				       !(frame->flags & MEMBLOCK_MIRROR);

		/* A region counts as a whole, by where it begins. */
		if (frame->ram && moves && (hotplug || pfn >= usable) &&
		    (pfn == HOST_START || !frame[-1].ram ||
		     frame[-1].nid != frame->nid ||
		     frame[-1].flags != frame->flags))
			movable_pfn[frame->nid] = pfn;
	}
}

static enum zone_type find_movable(void)
{
	unsigned long usable, pfn, end;
	enum zone_type highest = highest_kind(&usable);
	int nid;

	memset(movable_pfn, 0, sizeof(movable_pfn));
	if (movable_node_enabled)
		model_by_flag(true, 0);
	else if (mirrored_kernelcore)
		model_by_flag(false, max_zone_pfn[ZONE_DMA32]);
	else
		model_by_amount(usable);
	for (nid = 0; nid < NODES; nid++) {
		for (end = 0, pfn = HOST_START; pfn < HOST_END; pfn++)
			if (frame_of(pfn)->ram && frame_of(pfn)->nid == nid)
				end = pfn + 1;
		movable_pfn[nid] = ALIGN(movable_pfn[nid], 1024ul);
		if (movable_pfn[nid] >= end)
			movable_pfn[nid] = 0;
		require(movable_pfn[nid] == zone_movable_pfn[nid]);
	}
	return highest;
}

/* --- what the kernel should have made of it ------------------------------- */

static enum zone_type highest;

static enum zone_type kind_of(unsigned long pfn)
{
	struct frame *frame = frame_of(pfn);
	unsigned long movable = movable_pfn[frame->nid];
	enum zone_type type = kind_by_address(pfn);

	if (!movable || pfn < movable)
		return type;
	if (mirrored_kernelcore && (frame->flags & MEMBLOCK_MIRROR ||
				    type != highest))
		return type;
	return ZONE_MOVABLE;
}

static void compare_zones(void)
{
	unsigned long present[NODES][MAX_NR_ZONES] = { 0 }, pfn, node;
	int nid, type;

	for (pfn = HOST_START; pfn < HOST_END; pfn++)
		if (frame_of(pfn)->ram)
			present[frame_of(pfn)->nid][kind_of(pfn)]++;
	for (nid = 0; nid < NODES; nid++) {
		node = 0;
		for (type = 0; type < MAX_NR_ZONES; type++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[type];

			require(zone->present_pages == present[nid][type]);
			require(zone_idx(zone) == type);
			node += present[nid][type];
		}
		require(node_present_pages(nid) == node);
		require(node_state(nid, N_MEMORY) == !!node);
	}
}

static bool has_ram[HOST_PAGES / PAGES_PER_SUBSECTION];

static bool subsection_has_ram(unsigned long pfn)
{
	return has_ram[(pfn - HOST_START) / PAGES_PER_SUBSECTION];
}

static void learn_subsections(void)
{
	unsigned long i;

	memset(has_ram, 0, sizeof(has_ram));
	for (i = 0; i < HOST_PAGES; i++)
		has_ram[i / PAGES_PER_SUBSECTION] |= model[i].ram;
}

static bool is_reserved(unsigned long pfn)
{
	return frame_of(pfn)->reserved;
}

static void learn_reserved(void)
{
	struct memblock_region *r;

	for_each_reserved_mem_region(r) {
		unsigned long pfn = memblock_region_reserved_base_pfn(r);
		unsigned long end = memblock_region_reserved_end_pfn(r);

		for (; r->size && pfn < end; pfn++)
			if (pfn >= HOST_START && pfn < HOST_END)
				frame_of(pfn)->reserved = true;
	}
}

static bool can_wait(unsigned long pfn)
{
	struct frame *first = frame_of(pfn), *frame;

	for (frame = first; frame < first + MAX_ORDER_NR_PAGES; frame++)
		if (!frame->ram || is_reserved(pfn + (frame - first)) ||
		    frame->nid != first->nid || frame->flags != first->flags ||
		    frame->flags & MEMBLOCK_NOMAP ||
		    kind_of(pfn + (frame - first)) != kind_of(pfn))
			return false;
	return true;
}

/* A hole is linked like the RAM below it in its subsection, or else above. */
static void compare_hole(unsigned long pfn)
{
	unsigned long from = pfn - 1;

	if (pfn % PAGES_PER_SUBSECTION == 0)
		for (from = pfn + 1; !frame_of(from)->ram; from++)
			;
	require(page_zone_id(pfn_to_page(pfn)) ==
		page_zone_id(pfn_to_page(from)));
}

static void compare_page(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);
	struct frame *frame = frame_of(pfn);
	bool out = !frame->ram || frame->flags & MEMBLOCK_NOMAP ||
		   is_reserved(pfn);

	require(page_to_section(page) == pfn_to_section_nr(pfn));
	require(PageReserved(page) == out);
	require(!(page->flags & (BIT(ZONES_PGOFF) - 1) & ~BIT(PG_reserved)));
	require(atomic_read(&page->_refcount) == 1);
	require(atomic_read(&page->_mapcount) == -1);
	require(!page->lru.next && !page->lru.prev && !page->mapping &&
		!page->index && !page->private);
	if (!frame->ram) {
		compare_hole(pfn);
		return;
	}
	require(page_to_nid(page) == frame->nid);
	require(page_zonenum(page) == kind_of(pfn));
}

static bool untouched(struct page *page)
{
	const u8 *byte = (const u8 *)page, *end = (const u8 *)(page + 1);

	while (byte < end)
		if (*byte++ != HOST_GARBAGE)
			return false;
	return true;
}

static void compare_block(unsigned long pfn)
{
	unsigned long end = pfn + MAX_ORDER_NR_PAGES;
	bool wait = can_wait(pfn);

	if (pfn_valid(pfn) || pfn_valid(end - 1))
		require(pfn_deferred(pfn) == wait);
	for (; pfn < end; pfn++) {
		require(pfn_valid(pfn) == subsection_has_ram(pfn));
		require(!!pfn_to_online_page(pfn) == (pfn_valid(pfn) && !wait));
		if (pfn_valid(pfn) && (!wait || pfn % MAX_ORDER_NR_PAGES == 0))
			compare_page(pfn);
		else
			require(untouched(pfn_to_page(pfn)));
	}
}

/* Initialize a block that waits; its pages are free, and no other changes. */
static void demand(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);
	unsigned long i, links = page->flags;

	init_deferred_block(page);
	require(!pfn_deferred(pfn));
	for (i = 1; i < MAX_ORDER_NR_PAGES; i++) {
		require(page[i].flags == links);
		require(atomic_read(&page[i]._refcount) == 0);
		require(atomic_read(&page[i]._mapcount) == -1);
		require(!page[i].lru.next && !page[i].private);
	}
}

static void compare_memmap(void)
{
	unsigned long pfn;

	for (pfn = HOST_START; pfn < HOST_END; pfn += MAX_ORDER_NR_PAGES)
		compare_block(pfn);
	for (pfn = HOST_START; pfn < HOST_END; pfn += 3 * MAX_ORDER_NR_PAGES)
		if (pfn_valid(pfn) && pfn_deferred(pfn))
			demand(pfn);
}

/* Struct pages are mapped where there is RAM, by large pages where that fits,
 * which come from the node they describe. */
static void compare_mapping(void)
{
	const unsigned long per_page = PAGE_SIZE / sizeof(struct page);
	unsigned long i, pfn;

	for (i = 0; i < HOST_MAP_PAGES; i++) {
		pfn = HOST_START + i * per_page;
		require((host_machine.mapping[i] != HOST_UNMAPPED) ==
			subsection_has_ram(pfn));
		if (host_machine.mapping[i] == HOST_HUGE && frame_of(pfn)->ram)
			require(frame_of(PHYS_PFN(host_machine.mapped_to[i]))
				->nid == frame_of(pfn)->nid);
	}
}

/* --- zonelists ------------------------------------------------------------ */

static unsigned int load[NODES];

static bool better(int node, int a, int b)
{
	int da = host_machine.distance[node][a] + (a < node) +
		 node_state(a, N_CPU);
	int db = host_machine.distance[node][b] + (b < node) +
		 node_state(b, N_CPU);

	if (da != db)
		return da < db;
	if (load[a] != load[b])
		return load[a] < load[b];
	return a < b;
}

static struct zoneref *compare_node(struct zoneref *ref, int nid)
{
	int type;

	for (type = ZONE_MOVABLE; type >= 0; type--)
		if (NODE_DATA(nid)->node_zones[type].present_pages) {
			require(ref->zone == &NODE_DATA(nid)->node_zones[type]);
			require(ref->zone_idx == type);
			ref++;
		}
	return ref;
}

static void compare_zonelist(int nid)
{
	struct zonelist *lists = NODE_DATA(nid)->node_zonelists;
	struct zoneref *ref = lists[ZONELIST_NOFALLBACK]._zonerefs;
	unsigned int done = 1 << nid;
	int last = nid, best, n;

	require(!compare_node(ref, nid)->zone);
	ref = compare_node(lists[ZONELIST_FALLBACK]._zonerefs, nid);
	for (;;) {
		best = -1;
		for (n = 0; n < NODES; n++)
			if (!(done >> n & 1) && node_present_pages(n) &&
			    (best < 0 || better(nid, n, best)))
				best = n;
		if (best < 0)
			break;
		done |= 1 << best;
		if (host_machine.distance[nid][best] !=
		    host_machine.distance[nid][last])
			load[best]++;
		last = best;
		ref = compare_node(ref, best);
	}
	require(!ref->zone);
}

unsigned long pages_model_run(const u8 *data, size_t n)
{
	unsigned long pfn, ram = 0;
	int nid;

	input.next = data;
	input.end = data + n;
	host_machine_reset();
	make_memory();
	make_parameters();
	host_machine_boot(max_zone_pfn);
	learn_reserved();
	learn_subsections();
	highest = find_movable();
	require(highest == movable_zone);
	compare_zones();
	compare_memmap();
	compare_mapping();
	memset(load, 0, sizeof(load));
	for (nid = 0; nid < NODES; nid++)
		compare_zonelist(nid);
	if (memmap_check())
		host_fail("invariant %s\n", memmap_check());
	for (pfn = HOST_START; pfn < HOST_END; pfn++)
		ram += frame_of(pfn)->ram;
	return ram;
}
