/*
 * Cases by hand for the code of chapter 6: a machine of 512 MiB from 256 MiB
 * on, whose devices reach the first 16 MiB and the first 128 MiB of that.
 */
#include <kunit/test.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include "mm/memmap_check.h"
#include "mm/mm_init.h"
#include "mm/sparse.h"
#include "pages_host.h"

/* The frame, or the address, so many MiB behind the first. */
#define AT(mib)		(HOST_START + ((unsigned long)(mib) << 8))
#define ADDRESS(mib)	PFN_PHYS(AT(mib))

static int begin(struct kunit *test)
{
	host_machine_reset();
	return 0;
}

static void add(int nid, unsigned long from, unsigned long to, u32 flags)
{
	memblock_add_node(ADDRESS(from), (phys_addr_t)(to - from) << 20, nid,
			  flags);
}

static void boot(int nodes)
{
	static const unsigned long max_zone_pfn[] = {
		AT(16), AT(128), AT(512), 0,
	};

	while (nodes--)
		node_set_online(nodes);
	node_states[N_POSSIBLE] = node_states[N_ONLINE];
	host_machine_boot(max_zone_pfn);
}

static struct zone *zone(int nid, enum zone_type type)
{
	return &NODE_DATA(nid)->node_zones[type];
}

#define EXPECT_ZONE(test, z, start, spanned, present) do {		\
	KUNIT_EXPECT_EQ(test, (z)->zone_start_pfn, AT(start));		\
	KUNIT_EXPECT_EQ(test, (z)->spanned_pages >> 8, (spanned) + 0ul); \
	KUNIT_EXPECT_EQ(test, (z)->present_pages >> 8, (present) + 0ul); \
} while (0)

static void one_node(struct kunit *test)
{
	add(0, 0, 512, 0);
	boot(1);
	EXPECT_ZONE(test, zone(0, ZONE_DMA), 0, 16, 16);
	EXPECT_ZONE(test, zone(0, ZONE_DMA32), 16, 112, 112);
	EXPECT_ZONE(test, zone(0, ZONE_NORMAL), 128, 384, 384);
	KUNIT_EXPECT_FALSE(test, populated_zone(zone(0, ZONE_MOVABLE)));
	KUNIT_EXPECT_EQ(test, vmemmap_huge_pages - 0, 4ul);
}

static void a_hole_is_spanned(struct kunit *test)
{
	add(0, 0, 100, 0);
	add(0, 200, 300, 0);
	boot(1);
	EXPECT_ZONE(test, zone(0, ZONE_DMA32), 16, 112, 84);
	EXPECT_ZONE(test, zone(0, ZONE_NORMAL), 128, 172, 100);
	KUNIT_EXPECT_FALSE(test, pfn_valid(AT(150)));
	KUNIT_EXPECT_EQ(test, node_spanned_pages(0), AT(300) - AT(0));
	KUNIT_EXPECT_EQ(test, node_present_pages(0), 200ul << 8);
}

static void a_node_without_memory(struct kunit *test)
{
	add(0, 0, 256, 0);
	add(2, 256, 512, 0);
	host_machine.distance[1][2] = 15;
	boot(3);
	KUNIT_EXPECT_EQ(test, node_present_pages(1), 0ul);
	KUNIT_EXPECT_FALSE(test, node_state(1, N_MEMORY));
	KUNIT_EXPECT_GE(test, PHYS_PFN(__pa(NODE_DATA(1))), AT(256));
	KUNIT_EXPECT_PTR_EQ(test, NODE_DATA(1)->node_zonelists[0]
			    ._zonerefs[0].zone, zone(2, ZONE_NORMAL));
	KUNIT_EXPECT_NULL(test, NODE_DATA(1)->node_zonelists[1]
			  ._zonerefs[0].zone);
	KUNIT_EXPECT_STREQ(test, memmap_check() ?: "", "");
}

static void amounts(struct kunit *test)
{
	add(0, 0, 256, 0);
	add(1, 256, 512, 0);
	required_kernelcore.pages = 300 << 8;
	boot(2);
	EXPECT_ZONE(test, zone(0, ZONE_NORMAL), 128, 24, 24);
	EXPECT_ZONE(test, zone(0, ZONE_MOVABLE), 152, 104, 104);
	EXPECT_ZONE(test, zone(1, ZONE_NORMAL), 256, 152, 152);
	EXPECT_ZONE(test, zone(1, ZONE_MOVABLE), 408, 104, 104);
}

static void a_small_node_is_all_kernel(struct kunit *test)
{
	add(0, 0, 480, 0);
	add(1, 480, 512, 0);
	required_movablecore.percent = 50;
	boot(2);
	EXPECT_ZONE(test, zone(1, ZONE_NORMAL), 480, 32, 32);
	KUNIT_EXPECT_FALSE(test, populated_zone(zone(1, ZONE_MOVABLE)));
	EXPECT_ZONE(test, zone(0, ZONE_MOVABLE), 224, 256, 256);
}

static void mirror(struct kunit *test)
{
	add(0, 0, 200, MEMBLOCK_MIRROR);
	add(0, 200, 300, 0);
	add(0, 300, 400, MEMBLOCK_MIRROR);
	add(0, 400, 512, 0);
	mirrored_kernelcore = true;
	boot(1);
	EXPECT_ZONE(test, zone(0, ZONE_NORMAL), 128, 384, 172);
	EXPECT_ZONE(test, zone(0, ZONE_MOVABLE), 200, 312, 212);
	KUNIT_EXPECT_EQ(test, page_zonenum(pfn_to_page(AT(300))), ZONE_NORMAL);
	KUNIT_EXPECT_EQ(test, page_zonenum(pfn_to_page(AT(400))), ZONE_MOVABLE);
	KUNIT_EXPECT_STREQ(test, memmap_check() ?: "", "");
	mirrored_kernelcore = false;
	KUNIT_EXPECT_STREQ(test, memmap_check() ?: "", "Z3");
}

static void what_can_be_unplugged(struct kunit *test)
{
	add(0, 0, 256, 0);
	add(1, 256, 512, MEMBLOCK_HOTPLUG);
	movable_node_enabled = true;
	required_kernelcore.pages = 1 << 8;
	boot(2);
	EXPECT_ZONE(test, zone(1, ZONE_MOVABLE), 256, 256, 256);
	KUNIT_EXPECT_FALSE(test, node_state(1, N_NORMAL_MEMORY));
	KUNIT_EXPECT_TRUE(test, node_state(1, N_MEMORY));
	EXPECT_ZONE(test, zone(0, ZONE_NORMAL), 128, 128, 128);
}

static void map_of_a_small_machine(struct kunit *test)
{
	unsigned long pages = vmemmap_base_pages;

	add(0, 0, 12, 0);
	boot(1);
	KUNIT_EXPECT_EQ(test, vmemmap_base_pages - pages, 6 * 8ul);
	KUNIT_EXPECT_FALSE(test, pfn_valid(AT(12)));
	KUNIT_EXPECT_TRUE(test, pfn_valid(AT(12) - 1));
}

static void map_of_a_shared_section(struct kunit *test)
{
	unsigned long huge = vmemmap_huge_pages;

	add(0, 0, 64, 0);
	add(1, 64, 256, 0);
	boot(2);
	KUNIT_EXPECT_EQ(test, vmemmap_huge_pages - huge, 1ul);
	KUNIT_EXPECT_EQ(test, page_to_nid(pfn_to_page(AT(64) - 1024)), 0);
	KUNIT_EXPECT_EQ(test, page_to_nid(pfn_to_page(AT(64))), 1);
}

static void in_turns(struct kunit *test)
{
	int nid, n, firsts = 0;

	for (nid = 0; nid < 4; nid++)
		add(nid, nid * 128, nid * 128 + 128, 0);
	boot(4);
	for (nid = 0; nid < 4; nid++) {
		struct zoneref *ref = NODE_DATA(nid)->node_zonelists[0]._zonerefs;

		while (ref->zone && zonelist_node_idx(ref) == nid)
			ref++;
		firsts |= 1 << (n = zonelist_node_idx(ref));
		KUNIT_EXPECT_EQ(test, n, (nid + 1) % 4);
	}
	KUNIT_EXPECT_EQ(test, firsts, 15);
}

static struct kunit_case pages_toy_cases[] = {
	KUNIT_CASE(one_node),
	KUNIT_CASE(a_hole_is_spanned),
	KUNIT_CASE(a_node_without_memory),
	KUNIT_CASE(amounts),
	KUNIT_CASE(a_small_node_is_all_kernel),
	KUNIT_CASE(mirror),
	KUNIT_CASE(what_can_be_unplugged),
	KUNIT_CASE(map_of_a_small_machine),
	KUNIT_CASE(map_of_a_shared_section),
	KUNIT_CASE(in_turns),
	{}
};

static struct kunit_suite pages_toy_suite = {
	.name = "pages_toy",
	.init = begin,
	.test_cases = pages_toy_cases,
};
kunit_test_suite(pages_toy_suite);
