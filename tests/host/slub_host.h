/*
 * The machine under slabs, for host programs: two nodes of pages, four
 * processors played by one thread, and interrupts where a program wants them.
 */
#pragma once
#include <linux/types.h>

#define HOST_NODE_PAGES	2048

extern bool host_has_cx16;
extern int host_cpu;
extern bool host_init_on_alloc, host_init_on_free;

/* Set all of it up, and kmem_cache_init(). Once. */
void host_slub_init(void);

unsigned long host_pages_used(void);

/* Fail the @nth request for pages from now on (1: the next); 0: none. */
void host_fail_pages(unsigned int nth);
bool host_pages_failed(void);	/* has it come to that? */

/*
 * Called between the steps of the fast path, interrupts on (@remote false),
 * and between reading and exchanging a slab's words (@remote true); may call
 * the allocator, on any processor if @remote.
 */
extern void (*host_disturb)(bool remote);
