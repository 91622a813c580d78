#pragma once
#include <asm/page.h>
#include <linux/pfn.h>
/* Memory of the program's own, so that what lies there can be written to. */
#define HOST_SPACE	2048		/* pages of addresses */
#define VMALLOC_START	0x200000000000UL
#define VMALLOC_END	(VMALLOC_START + (HOST_SPACE + 1) * PAGE_SIZE - 1)
#define PMD_SHIFT	21
typedef struct { u64 pgprot; } pgprot_t;
#define PAGE_KERNEL	((pgprot_t){ 0x8000000000000163 })
