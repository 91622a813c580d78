/*
 * mm/page_alloc.c, unchanged, against a model too simple to be wrong in the
 * same way: a byte for each page says whether it is free, and everything else
 * is found by looking at all of them.
 */
#include <linux/gfp.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmstat.h>
#include "buddy_model.h"
#include "host.h"
#include "mm/internal.h"

#define BLOCK		MAX_ORDER_NR_PAGES
#define PAGES		(6 * BLOCK)
#define MAX_LIVE	512
#define FREE		0
#define USED		1
#define RESERVED	2

/* The machine: its bytes, their structures, two nodes with three zones. */
static u8 memory[PAGES * PAGE_SIZE] __aligned(BLOCK * PAGE_SIZE);
static struct page pages[PAGES] __aligned(BLOCK * sizeof(struct page));
static struct pglist_data nodes[2];
static struct mem_section sections[SECTIONS_PER_ROOT];

struct page *host_vmemmap;
nodemask_t node_states[NR_NODE_STATES];
struct pglist_data *node_data[MAX_NUMNODES];
struct mem_section *mem_section[NR_SECTION_ROOTS];

#ifdef NR_PCP_LISTS
#include "buddy_later.h"
#else
static void set_up_later_zone(struct zone *zone, unsigned int number)
{
}

static void set_up_later(void)
{
}
#endif

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

/* The model, and what it has allocated. */
static u8 state[PAGES];
static struct live {
	unsigned int page, order;
	bool compound;
} live[MAX_LIVE];
static unsigned int nr_live;

bool kallsyms_lookup_line(unsigned long address, struct code_line *line)
{
	return false;
}

void init_deferred_block(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	if (!pfn_deferred(pfn))
		host_fail("a block is initialized that is not deferred\n");
	clear_bit(deferred_index(pfn), __pfn_to_section(pfn)->deferred);
	for (unsigned int i = 1; i < BLOCK; i++) {
		memset(page + i, 0, sizeof(*page));
		page[i].flags = page->flags & ~PAGEFLAGS_MASK;
		page_mapcount_reset(page + i);
	}
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
	zone->zone_start_pfn = page_to_pfn(pages + zones[z].start);
	zone->spanned_pages = zones[z].end - zones[z].start;
	zone->present_pages = zone->spanned_pages;
	zone_init_free_lists(zone);
	set_up_later_zone(zone, zones[z].nid << ZONES_SHIFT | zones[z].type);
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
	}
	set_up_later();
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
	if (i < zones[0].start || i >= PAGES - 5 || i % 701 == 700) {
		__SetPageReserved(&pages[i]);
		init_page_count(&pages[i]);
		state[i] = RESERVED;
	}
}

static bool all_are(unsigned int page, unsigned int order, u8 what)
{
	for (unsigned int i = page; i < page + (1U << order); i++)
		if (i >= PAGES || state[i] != what)
			return false;
	return true;
}

static bool in_one_zone(unsigned int page, unsigned int order)
{
	return zone_of(page) == zone_of(page + (1U << order) - 1);
}

/* The order of the largest aligned free block at @page in the model, or -1. */
static int largest_at(unsigned int page)
{
	int order = -1;

	for (int k = 0; k < MAX_ORDER && !(page & ((1U << k) - 1)); k++)
		if (all_are(page, k, FREE) && in_one_zone(page, k))
			order = k;
	return order;
}

/* Give it all, as a kernel does that starts; the last but one is deferred. */
static void hand_over(void)
{
	for (unsigned int i = 0; i < PAGES;) {
		int order = largest_at(i);
		struct zone *zone = page_zone(&pages[i]);

		if (order == MAX_ORDER - 1) {
			unsigned long pfn = page_to_pfn(&pages[i]);

			set_bit(deferred_index(pfn),
				__pfn_to_section(pfn)->deferred);
			memset(&pages[i + 1], 0x55,
			       (BLOCK - 1) * sizeof(struct page));
		}
		if (order >= 0)
			free_one_page(zone, &pages[i], order,
				      MIGRATE_UNMOVABLE);
		i += order < 0 ? 1 : 1U << order;
	}
}

static void set_up(void)
{
	unsigned long base = (unsigned long)memory >> PAGE_SHIFT;

	host_vmemmap = (struct page *)((unsigned long)pages -
				       base * sizeof(struct page));
	memset(sections, 0, sizeof(sections));
	memset(sections[0].subsection_map, 0xff,
	       sizeof(sections[0].subsection_map));
	mem_section[0] = sections;
	set_up_nodes();
	for (unsigned int i = 0; i < PAGES; i++)
		set_up_page(i);
	for (unsigned int i = 4 * BLOCK; i < 5 * BLOCK; i++) {
		set_up_page(i);
		__ClearPageReserved(&pages[i]);
		set_page_count(&pages[i], 0);
		state[i] = FREE;
	}
	nr_live = 0;
	hand_over();
}

/* Comparing */

/* A zone's free blocks follow from what is free: the largest, everywhere. */
static void compare_blocks(void)
{
	for (unsigned int i = 0; i < PAGES;) {
		int order = largest_at(i), says = -1;

		if (order == MAX_ORDER - 1 || !pfn_deferred(page_to_pfn(&pages[i])))
			says = PageBuddy(&pages[i]) ?
			       (int)page_private(&pages[i]) : -1;
		if (says != order)
			host_fail("page %u: order %d, the model has %d\n",
				  i, says, order);
		i += order < 0 ? 1 : 1U << order;
	}
}

static void compare_counts(void)
{
	unsigned long count[ARRAY_SIZE(zones)] = {}, sum = 0;

	for (unsigned int i = 0; i < PAGES - 5; i++)
		count[zone_of(i)] += state[i] == FREE;
	for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++) {
		sum += count[z];
		if (zone_page_state(zone_nr(z), NR_FREE_PAGES) != count[z])
			host_fail("zone %u does not have %lu free pages\n", z,
				  count[z]);
	}
	(void)sum;
}

static void compare(void)
{
	compare_counts();
	compare_blocks();
	for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++)
		if (buddy_check(zone_nr(z)))
			host_fail("zone %u breaks %s\n", z,
				  buddy_check(zone_nr(z)));
}

/* Operations */

static const gfp_t flags[] = {
	GFP_KERNEL, GFP_ATOMIC, GFP_DMA32, GFP_HIGHUSER_MOVABLE,
	GFP_KERNEL | __GFP_THISNODE, GFP_KERNEL | __GFP_ZERO, GFP_DMA,
	GFP_KERNEL | __GFP_COMP,
};

static bool zone_has(unsigned int z, unsigned int order)
{
	unsigned int i = round_up(zones[z].start, 1U << order);

	for (; i + (1U << order) <= zones[z].end; i += 1U << order)
		if (all_are(i, order, FREE))
			return true;
	return false;
}

/* The zone that must serve a request, or -1. */
static int expected_zone(gfp_t gfp, unsigned int order, int nid,
			 const nodemask_t *mask)
{
	struct zonelist *list = node_zonelist(nid, gfp);

	for (struct zoneref *r = list->_zonerefs; r->zone; r++)
		for (unsigned int z = 0; z < ARRAY_SIZE(zones); z++)
			if (r->zone == zone_nr(z) &&
			    zones[z].type <= gfp_zone(gfp) &&
			    (!mask || node_isset(zones[z].nid, *mask)) &&
			    zone_has(z, order))
				return z;
	return -1;
}

static void take(unsigned int page, unsigned int order, bool compound)
{
	if (!all_are(page, order, FREE) || page & ((1U << order) - 1))
		host_fail("page %u, order %u: not free\n", page, order);
	memset(state + page, USED, 1U << order);
	live[nr_live++] = (struct live) { page, order, compound };
}

static void check_taken(struct page *page, unsigned int order, gfp_t gfp)
{
	u8 *bytes = page_address(page);

	if (page_ref_count(page) != 1)
		host_fail("a new page has %d references\n",
			  page_ref_count(page));
	if (gfp & __GFP_ZERO)
		for (size_t i = 0; i < PAGE_SIZE << order; i += 509)
			if (bytes[i])
				host_fail("a page is not cleared\n");
	if (gfp & __GFP_COMP && order &&
	    compound_head(page + (1UL << order) - 1) != page)
		host_fail("the last page does not know its head\n");
	for (unsigned long i = 0; i < 1UL << order; i++)
		if (PageTail(page + i) != (gfp & __GFP_COMP && i))
			host_fail("page %lu of a new block is%s a tail\n", i,
				  PageTail(page + i) ? "" : " not");
	memset(bytes, 0xa5, 64);
}

static void do_alloc(u8 how, u8 what)
{
	unsigned int order = what % (MAX_ORDER + 1);
	gfp_t gfp = flags[how % ARRAY_SIZE(flags)];
	nodemask_t mask = { 1UL << (how >> 6 & 1) };
	nodemask_t *only = how >> 7 ? &mask : NULL;
	int nid = how >> 4 & 1, z;
	struct page *page;

	if (what >= 128)
		order %= 3;
	if (nr_live == MAX_LIVE)
		return;
	z = order < MAX_ORDER ? expected_zone(gfp, order, nid, only) : -1;
	page = __alloc_pages(gfp | __GFP_NOWARN, order, nid, only);
	if (!page != (z < 0))
		host_fail("order %u: got %p, zone %d\n", order, page, z);
	if (!page)
		return;
	if (zone_of(page - pages) != z)
		host_fail("from zone %u, not %d\n", zone_of(page - pages), z);
	take(page - pages, order, order && gfp & __GFP_COMP);
	check_taken(page, order, gfp);
}

static struct live pick(u8 which)
{
	unsigned int i = which * nr_live / 256;
	struct live l = live[i];

	live[i] = live[--nr_live];
	return l;
}

/* What is left from its last use, and does no harm, goes away. */
static void give(struct live l)
{
	memset(state + l.page, FREE, 1U << l.order);
	pages[l.page + (1U << l.order) - 1].flags |= 1UL << PG_dirty;
	if (l.compound)
		put_page(pages + l.page + (1U << l.order) - 1);
	else
		__free_pages(pages + l.page, l.order);
}

/* A reference more: the head stays, of a compound page all of it. */
static void do_shared(u8 which)
{
	struct live l = pick(which);
	struct page *page = pages + l.page;

	get_page(page);
	__free_pages(page, l.order);
	if (!l.compound)
		memset(state + l.page + 1, FREE, (1U << l.order) - 1);
	compare();
	put_page(page);
	memset(state + l.page, FREE, 1U << l.order);
}

static void do_split(u8 which, u8 how)
{
	struct live l = pick(which);

	if (l.compound || nr_live + 2 > MAX_LIVE) {
		give(l);
		return;
	}
	split_page(pages + l.page, l.order);
	for (unsigned int i = 0; i < 1U << l.order; i++) {
		unsigned int page = l.page + (i ^ (how & ((1U << l.order) - 1)));

		state[page] = FREE;
		__free_page(pages + page);
		if (i < 2)
			compare();
	}
}

static void do_exact(u8 how, u8 what)
{
	size_t size = 1 + (what + 256 * (how & 7)) * 61UL;
	void *p;

	p = alloc_pages_exact_nid(how & 1, size, GFP_KERNEL);
	if (!p != (expected_zone(GFP_KERNEL, get_order(size), how & 1,
				 NULL) < 0))
		host_fail("%zu bytes: got %p\n", size, p);
	if (!p)
		return;
	for (size_t i = 0; i < PFN_UP(size); i++) {
		unsigned int page = virt_to_page(p) - pages + i;

		if (state[page] != FREE)
			host_fail("page %u was not free\n", page);
		state[page] = USED;
	}
	compare();
	memset(p, 0x5a, size);
	memset(state + (virt_to_page(p) - pages), FREE, PFN_UP(size));
	free_pages_exact(p, size);
}

/* What must be noticed, and change nothing. */
static void do_double_free(u8 which)
{
	struct live l = pick(which);
	unsigned int before = warn_count();

	give(l);
	compare();
	__free_pages(pages + l.page, l.order);
	if (warn_count() != before + 1)
		host_fail("a double free was not noticed\n");
}

/* A page that somebody still uses does not go back, nor does its block. */
static void do_bad_free(u8 which, unsigned int how)
{
	struct live l = pick(which);
	struct page *page = pages + l.page;
	struct page *bad = page + how / 3 % (1U << l.order);
	unsigned int before = warn_count();

	if (how % 3 == 0)
		bad->flags |= 1UL << PG_lru;
	else if (how % 3 == 1)
		page->mapping = (void *)page;
	else
		atomic_set(&page->_mapcount, 0);
	__free_pages(page, l.order);
	if (warn_count() != before + 1)
		host_fail("a bad page was not noticed: %u of order %u\n",
			  l.page, l.order);
	compare();
	if (l.compound)
		return;		/* it is one thing no more: it stays away */
	page->flags &= ~(1UL << PG_lru);
	page->mapping = NULL;
	page_mapcount_reset(page);
	memset(state + l.page, FREE, 1U << l.order);
	set_page_count(page, 1);
	__free_pages(page, l.order);
}

/* A page that was changed while it was free is not given to anybody. */
static void do_changed(int nid)
{
	gfp_t gfp = GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN;
	struct page *page = __alloc_pages(gfp, 0, nid, NULL), *other;
	unsigned int before = warn_count();

	if (!page)
		return;
	__free_page(page);
	if (!PageBuddy(page) || page_private(page))
		return;		/* it has merged: somewhere in a block */
	page->flags |= 1UL << PG_dirty;
	other = __alloc_pages(gfp, 0, nid, NULL);
	if (other == page || warn_count() != before + 1)
		host_fail("a changed page was not noticed\n");
	page->flags &= ~(1UL << PG_dirty);
	set_page_count(page, 1);
	__free_page(page);
	if (other)
		__free_page(other);
}

static void operation(u8 op, u8 how, u8 what)
{
	if (op < 120 || !nr_live)
		do_alloc(how, what);
	else if (op < 210)
		give(pick(how));
	else if (op < 225)
		do_shared(how);
	else if (op < 235)
		do_split(how, what);
	else if (op < 245)
		do_exact(how, what);
	else if (op < 249)
		do_double_free(how);
	else if (op < 252)
		do_changed(how & 1);
	else
		do_bad_free(how, what * 5 + op);
	compare();
}

unsigned int buddy_model_run(const u8 *data, size_t n)
{
	unsigned int done = 0;

	set_up();
	compare();
	for (; n >= 3; data += 3, n -= 3, done++)
		operation(data[0], data[1], data[2]);
	while (nr_live)
		give(live[--nr_live]);
	compare();
	return done;
}
