#pragma once
#include "vmalloc_host.h"
typedef unsigned int gfp_t;
#define __GFP_DIRECT_RECLAIM	1u
#define __GFP_NOFAIL		2u
#define __GFP_NORETRY		4u
#define __GFP_NOWARN		8u
#define __GFP_ZERO		16u
#define GFP_KERNEL		__GFP_DIRECT_RECLAIM
#define MAX_ORDER		HOST_ORDERS
#define MAX_ORDER_NR_PAGES	(1 << (MAX_ORDER - 1))
struct page *alloc_pages_node(int node, gfp_t gfp, unsigned int order);
void split_page(struct page *page, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
