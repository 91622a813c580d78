/*
 * A machine for the code of chapter 6, in a program of this host: physical
 * memory is a range of our own addresses, the struct pages are an array full
 * of garbage, and what is mapped where is written down.
 */
#pragma once
#include <linux/mm.h>

#define HOST_SECTIONS	4UL
#define HOST_START	section_nr_to_pfn(2UL)	/* the first frame there can be */
#define HOST_PAGES	(HOST_SECTIONS * PAGES_PER_SECTION)
#define HOST_END	(HOST_START + HOST_PAGES)

/* What fills a struct page that nobody has written to. */
#define HOST_GARBAGE	0xa5

/* How each page of the virtual memory map got there. */
enum host_mapping { HOST_UNMAPPED, HOST_BASE, HOST_HUGE };
#define HOST_MAP_PAGES	(HOST_PAGES * sizeof(struct page) / PAGE_SIZE)

extern struct host_machine {
	enum host_mapping mapping[HOST_MAP_PAGES];
	phys_addr_t mapped_to[HOST_MAP_PAGES];
	unsigned char distance[MAX_NUMNODES][MAX_NUMNODES];
} host_machine;

/* No memory, no sections, no zones, one node online, distances 10 and 20. */
void host_machine_reset(void);
/* All of chapter 6, in the order of the boot. */
void host_machine_boot(const unsigned long *max_zone_pfn);
