#pragma once
#include <linux/gfp.h>
struct page {
	int count;
	u8 state;		/* free, head of a block, part of one */
	u8 order;
};
extern struct page host_page[HOST_FRAMES];
#define page_to_pfn(page)	((unsigned long)((page) - host_page))
#define totalram_pages()	((unsigned long)HOST_FRAMES)
/* All frames are in one zone. */
#define page_zone_id(page)	((void)(page), 0)
#define page_address(page)	((void)(page), (void *)0)
