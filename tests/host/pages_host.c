#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "host.h"
#include "mm/internal.h"
#include "mm/memblock_internal.h"
#include "pages_host.h"

extern void *mmap(void *addr, size_t size, int prot, int flags, int fd,
		  long offset);
#define READ_WRITE	3
#define FIXED_LAZY	(0x02 | 0x10 | 0x20 | 0x4000)	/* ... NORESERVE */
#define LAZY		(0x02 | 0x20 | 0x4000)

struct host_machine host_machine;
struct page *vmemmap;

static void get_memory(void)
{
	void *memory = (void *)PFN_PHYS(HOST_START);
	size_t size = HOST_PAGES * sizeof(struct page);
	char *pages;

	if (vmemmap)
		return;
	if (mmap(memory, PFN_PHYS(HOST_PAGES), READ_WRITE, FIXED_LAZY, -1,
		 0) != memory)
		host_fail("no physical memory\n");
	pages = mmap(NULL, size + PMD_SIZE, READ_WRITE, LAZY, -1, 0);
	if (pages == (void *)-1)
		host_fail("no struct pages\n");
	pages = (char *)ALIGN((unsigned long)pages, PMD_SIZE);
	vmemmap = (struct page *)pages - HOST_START;
}

static void reset_memblock(void)
{
	memset(memblock_memory_init_regions, 0,
	       INIT_MEMBLOCK_REGIONS * sizeof(struct memblock_region));
	memset(memblock_reserved_init_regions, 0,
	       INIT_MEMBLOCK_REGIONS * sizeof(struct memblock_region));
	memblock = (struct memblock) {
		.current_limit = MEMBLOCK_ALLOC_ANYWHERE,
		.memory = { 1, INIT_MEMBLOCK_REGIONS, 0,
			    memblock_memory_init_regions, "memory" },
		.reserved = { 1, INIT_MEMBLOCK_REGIONS, 0,
			      memblock_reserved_init_regions, "reserved" },
	};
	memblock_can_resize = system_has_some_mirror = false;
	movable_node_enabled = false;
}

void host_machine_reset(void)
{
	int i, j;

	get_memory();
	reset_memblock();
	memset(pfn_to_page(HOST_START), HOST_GARBAGE,
	       HOST_PAGES * sizeof(struct page));
	memset(&host_machine, 0, sizeof(host_machine));
	memset(mem_section, 0, sizeof(mem_section));
	memset(node_data, 0, sizeof(node_data));
	__highest_present_section_nr = 0;
	required_kernelcore = required_movablecore = (struct core_request) { 0 };
	mirrored_kernelcore = false;
	memset(node_states, 0, sizeof(node_states));
	node_set_state(0, N_POSSIBLE);
	node_set_online(0);
	for (i = 0; i < MAX_NUMNODES; i++)
		for (j = 0; j < MAX_NUMNODES; j++)
			host_machine.distance[i][j] = i == j ? 10 : 20;
}

void host_machine_boot(const unsigned long *max_zone_pfn)
{
	int nid;

	for_each_online_node(nid)
		alloc_node_data(nid);
	sparse_init();
	free_area_init(max_zone_pfn);
	build_all_zonelists();
	memmap_init();
}

int __node_distance(int from, int to)
{
	return host_machine.distance[from][to];
}

/* Write down that a page of the map is there; no page is mapped twice. */
static void note(unsigned long addr, phys_addr_t phys, enum host_mapping how)
{
	unsigned long first = (unsigned long)pfn_to_page(HOST_START);
	unsigned long i = (addr - first) / PAGE_SIZE;

	if (addr % PAGE_SIZE || phys % PAGE_SIZE || addr < first ||
	    i >= HOST_MAP_PAGES)
		host_fail("%lx mapped to %llx\n", addr, phys);
	if (host_machine.mapping[i] != HOST_UNMAPPED)
		host_fail("%lx mapped twice\n", addr);
	if (!memblock_is_reserved(phys))
		host_fail("%lx mapped to %llx, which is free\n", addr, phys);
	host_machine.mapping[i] = how;
	host_machine.mapped_to[i] = phys;
}

int vmemmap_map_huge(unsigned long addr, phys_addr_t phys)
{
	unsigned long offset;

	if (addr % PMD_SIZE || phys % PMD_SIZE)
		host_fail("large page %lx mapped to %llx\n", addr, phys);
	for (offset = 0; offset < PMD_SIZE; offset += PAGE_SIZE)
		note(addr + offset, phys + offset, HOST_HUGE);
	return 0;
}

int vmemmap_map_base(unsigned long addr, phys_addr_t phys)
{
	note(addr, phys, HOST_BASE);
	return 0;
}
