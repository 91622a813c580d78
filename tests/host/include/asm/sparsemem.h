/*
 * Where a program on a host keeps its struct pages: in an array that the test
 * provides, aligned as the virtual memory map is. Shadows asm/sparsemem.h.
 */
#pragma once

#define SECTION_SIZE_BITS	27
#define MAX_PHYSMEM_BITS	46

struct page;
extern struct page *host_vmemmap;	/* the structure of page frame 0 */
#define VMEMMAP_START		0UL	/* as for its alignment */
#define vmemmap			host_vmemmap
