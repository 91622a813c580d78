/* The page allocator's interface, as far as slabs need it. */
#pragma once
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/topology.h>

#define __GFP_DMA		0x01u
#define __GFP_HIGHMEM		0x02u
#define __GFP_DMA32		0x04u
#define __GFP_MOVABLE		0x08u
#define __GFP_RECLAIMABLE	0x10u
#define __GFP_HIGH		0x20u
#define __GFP_ZERO		0x100u
#define __GFP_ATOMIC		0x200u
#define __GFP_DIRECT_RECLAIM	0x400u
#define __GFP_KSWAPD_RECLAIM	0x800u
#define __GFP_NOWARN		0x2000u
#define __GFP_NOFAIL		0x8000u
#define __GFP_NORETRY		0x10000u
#define __GFP_NOMEMALLOC	0x80000u
#define __GFP_COMP		0x40000u
#define __GFP_THISNODE		0x200000u
#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL		__GFP_RECLAIM
#define GFP_ATOMIC		(__GFP_HIGH | __GFP_ATOMIC)
#define GFP_NOWAIT		__GFP_KSWAPD_RECLAIM
#define GFP_DMA			__GFP_DMA
#define GFP_DMA32		__GFP_DMA32

#define might_alloc(gfp)	do { } while (0)

struct page *__alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);

#define alloc_pages(gfp, order) \
	__alloc_pages_node(numa_node_id(), gfp, order)
#define alloc_pages_node(nid, gfp, order) \
	__alloc_pages_node((nid) < 0 ? numa_node_id() : (nid), gfp, order)
#define alloc_page(gfp)			alloc_pages(gfp, 0)
#define gfp_zone(gfp)			ZONE_NORMAL
#define node_zonelist(nid, gfp)		NODE_DATA(nid)->node_zonelists

#ifndef compound_order
#define compound_order(page) \
	(PageHead(page) ? (unsigned int)(page)[1].compound_order : 0u)
#endif
