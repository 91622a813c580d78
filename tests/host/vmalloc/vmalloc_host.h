/*
 * The machine on which mm/vmap_area.c and mm/vmalloc.c run as a host program:
 * four processors, a space of a few thousand pages of addresses, page frames,
 * page tables and TLBs that are arrays. Its headers shadow the kernel's.
 */
#pragma once
#include <linux/compiler.h>
#include <linux/types.h>

#define HOST_CPUS	4
#define HOST_FRAMES	2048
#define HOST_ORDERS	11

extern int host_cpu;			/* the one that runs */
extern bool host_in_interrupt;
extern unsigned int host_fail_in;	/* allocations until one fails; 0: none */
extern unsigned int host_objects;	/* allocated, not freed */
extern unsigned int host_frames;	/* the same for frames */

/* True if this allocation is to fail. */
bool host_fails(void);
