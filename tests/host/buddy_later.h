/*
 * What later checkpoints have beside the buddy system, for buddy_model.c: one
 * processor whose lists are always taken, so that every request goes to the
 * zone, and one migrate type, as on a machine with very little memory.
 */
#include <linux/cpumask.h>
#include <linux/fault-inject.h>
#include <linux/percpu.h>
#include <linux/topology.h>

static u8 types[PAGES / pageblock_nr_pages];

unsigned int nr_online_nodes = 2, nr_cpu_ids = 1;
struct cpumask __cpu_possible_mask = { 1 }, __cpu_online_mask = { 1 };
unsigned long pageblock_flags_base;
bool page_group_by_mobility_disabled = true;

DEFINE_PER_CPU(int, numa_mem);

int cpu_to_node(int cpu)
{
	return 0;
}

struct cpumask cpumask_of_node(int node)
{
	return (struct cpumask) { node == 0 };
}

void __percpu *__alloc_percpu(size_t size, size_t align)
{
	return NULL;
}

/* Requests fail, and nothing is said of it, as before there were marks. */
void warn_alloc(gfp_t gfp, nodemask_t *nodemask, const char *fmt, ...)
{
}

void set_page_owner(struct page *page, unsigned int order, gfp_t gfp)
{
	host_fail("no records of owners are kept\n");
}

void reset_page_owner(struct page *page, unsigned int order)
{
	host_fail("no records of owners are kept\n");
}

bool page_has_owner(const struct page *page, unsigned int order)
{
	return false;
}

void dump_page_owner(const struct page *page)
{
}

static void set_up_later_zone(struct zone *zone, unsigned int number)
{
	zone->name = "zone";
	atomic_long_set(&zone->managed_pages, zone->spanned_pages);
	zone_table[number] = zone;
	zone_pcp_init(zone);
	zone_stat_init(zone);
}

static void set_up_later(void)
{
	pageblock_flags_base = (unsigned long)types -
			       ((unsigned long)pages >> PAGEBLOCK_MAP_SHIFT);
	for (int nid = 0; nid < 2; nid++) {
		node_stat_init(&nodes[nid]);
		for (int i = 0; i < MAX_NR_ZONES; i++)
			nodes[nid].node_zones[i].zone_pgdat = &nodes[nid];
	}
}
