/* See slub_host.h. Freed pages are poisoned where ASan can see it. */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/slub_def.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmstat.h>
#include "host.h"
#include "slub_host.h"

#define NODES	2
#define PAGES	(NODES * HOST_NODE_PAGES)

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
void __asan_poison_memory_region(const void *, size_t);
void __asan_unpoison_memory_region(const void *, size_t);
#define FORBID(p, n)	__asan_poison_memory_region(p, n)
#define ALLOW(p, n)	__asan_unpoison_memory_region(p, n)
#else
#define FORBID(p, n)	((void)0)
#define ALLOW(p, n)	((void)0)
#endif

static u8 ram[PAGES * PAGE_SIZE] __aligned(1 << 22);
static struct page pages[PAGES];
static bool used[PAGES];
static unsigned long pages_used;

struct page *vmemmap;
struct pglist_data *node_data[MAX_NUMNODES];
static struct pglist_data nodes[NODES];
nodemask_t node_states[NR_NODE_STATES];
unsigned int nr_node_ids = NODES, nr_cpu_ids = HOST_CPUS;
unsigned long jiffies;

unsigned long host_irq_flags = X86_EFLAGS_IF;
unsigned int host_locks;
int host_cpu;
bool host_has_cx16 = true;
void (*host_disturb)(bool remote);

/* Page i of ours is the frame of its address, which is large. */
static struct page *first_page(void)
{
	return (struct page *)((unsigned long)vmemmap +
		((unsigned long)ram >> PAGE_SHIFT) * sizeof(struct page));
}

/* What the command line said of clearing: nothing, unless a program does. */
bool host_init_on_alloc, host_init_on_free;

bool want_init_on_alloc(gfp_t gfp)
{
	return gfp & __GFP_ZERO || host_init_on_alloc;
}

bool want_init_on_free(void)
{
	return host_init_on_free;
}

static unsigned int fail_in;
static bool failed;

void host_fail_pages(unsigned int nth)
{
	fail_in = nth;
	failed = false;
}

bool host_pages_failed(void)
{
	return failed;
}

unsigned long host_pages_used(void)
{
	return pages_used;
}

static bool block_is_free(unsigned long at, unsigned long n)
{
	for (unsigned long i = at; i < at + n; i++)
		if (used[i])
			return false;
	return true;
}

static struct page *take_block(unsigned long at, gfp_t gfp, unsigned int order)
{
	struct page *page = first_page() + at;
	unsigned long n = 1UL << order;

	ALLOW(ram + at * PAGE_SIZE, n << PAGE_SHIFT);
	if (gfp & __GFP_ZERO)
		memset(ram + at * PAGE_SIZE, 0, n << PAGE_SHIFT);
	memset(used + at, 1, n);
	pages_used += n;
	for (unsigned long i = 0; i < n; i++) {
		unsigned long nid = (at + i) / HOST_NODE_PAGES;

		memset(page + i, 0, sizeof(*page));
		page[i].flags = nid << NODES_PGOFF;
		page_mapcount_reset(page + i);
		if (order && (gfp & __GFP_COMP) && i)
			page[i].compound_head = (unsigned long)page | 1;
	}
	atomic_set(&page->_refcount, 1);
	if (order && (gfp & __GFP_COMP)) {
		__SetPageHead(page);
		page[1].compound_order = order;
	}
	return page;
}

struct page *__alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	unsigned long n = 1UL << order;

	if (fail_in && --fail_in == 0) {
		failed = true;
		return NULL;
	}
	for (int i = 0; i < NODES; i++, nid = (nid + 1) % NODES) {
		unsigned long at = nid * HOST_NODE_PAGES;

		for (; at < (nid + 1UL) * HOST_NODE_PAGES; at += n)
			if (block_is_free(at, n))
				return take_block(at, gfp, order);
		if (gfp & __GFP_THISNODE)
			break;
	}
	return NULL;
}

void __free_pages(struct page *page, unsigned int order)
{
	unsigned long at = page - first_page(), n = 1UL << order;

	if (at >= PAGES || at % n || !block_is_free(at, n) != 1)
		host_fail("free of pages that are not taken\n");
	if (PageSlab(page) || page->mapping || page->private ||
	    atomic_read(&page->_refcount) != 1 ||
	    atomic_read(&page->_mapcount) != -1)
		host_fail("a page comes back in a bad state\n");
	if (order && page[1].compound_order != order)
		host_fail("a block comes back with another order\n");
	memset(used + at, 0, n);
	pages_used -= n;
	FORBID(ram + at * PAGE_SIZE, n << PAGE_SHIFT);
}

void mod_node_page_state(struct pglist_data *pgdat, enum node_stat_item item,
			 long delta)
{
	pgdat->vm_stat[item] += delta;
	if ((long)pgdat->vm_stat[item] < 0)
		host_fail("more slabs went than came\n");
}

unsigned long global_node_page_state(enum node_stat_item item)
{
	unsigned long sum = 0;

	for (int i = 0; i < NODES; i++)
		sum += nodes[i].vm_stat[item];
	return sum;
}

static u8 percpu_area[HOST_CPUS][HOST_UNIT] __aligned(64);
static bool percpu_used[HOST_UNIT / 64];

void *__alloc_percpu(size_t size, size_t align)
{
	if (fail_in && --fail_in == 0) {
		failed = true;
		return NULL;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(percpu_used); i++) {
		if (percpu_used[i])
			continue;
		percpu_used[i] = true;
		return percpu_area[0] + i * 64;
	}
	return NULL;
}

static void *numbered[HOST_UNIT];

unsigned long percpu_number(const void *p)
{
	unsigned long n = 0;

	while (numbered[n] && numbered[n] != p)
		n++;
	numbered[n] = (void *)p;
	return n;
}

void *percpu_by_number(unsigned long n)
{
	return numbered[n];
}

void free_percpu(void *p)
{
	if (p)
		percpu_used[((u8 *)p - percpu_area[0]) / 64] = false;
}

/* Call out, on the processor we are on and with interrupts off. */
static void disturb(bool remote)
{
	unsigned long flags = host_irq_flags;
	int cpu = host_cpu;

	if (!host_disturb)
		return;
	host_irq_flags = 0;
	host_disturb(remote);
	host_irq_flags = flags;
	host_cpu = cpu;
}

void host_interrupt(void)
{
	if (host_irq_flags)
		disturb(false);
}

void host_remote(void)
{
	if (!host_locks)
		disturb(true);
}

void on_each_cpu(void (*fn)(void *info), void *info, int wait)
{
	unsigned long flags = host_irq_flags;
	int cpu = host_cpu;

	host_irq_flags = 0;
	for (host_cpu = 0; host_cpu < HOST_CPUS; host_cpu++)
		fn(info);
	host_cpu = cpu;
	host_irq_flags = flags;
}

static void init_node(int nid)
{
	struct pglist_data *pgdat = &nodes[nid];

	node_data[nid] = pgdat;
	pgdat->node_id = nid;
	for (int i = 0; i < MAX_NR_ZONES; i++)
		pgdat->node_zones[i].zone_pgdat = pgdat;
	for (int i = 0; i < NODES; i++) {
		struct zoneref *z = &pgdat->node_zonelists[0]._zonerefs[i];

		z->zone = &nodes[(nid + i) % NODES].node_zones[ZONE_NORMAL];
		z->zone_idx = ZONE_NORMAL;
	}
	for (int state = 0; state < NR_NODE_STATES; state++)
		node_set(nid, node_states[state]);
}

struct zoneref *__next_zones_zonelist(struct zoneref *z,
				      enum zone_type highest_zoneidx,
				      const nodemask_t *nodes_)
{
	return z;
}

struct pglist_data *first_online_pgdat(void)
{
	return node_data[0];
}

struct pglist_data *next_online_pgdat(struct pglist_data *pgdat)
{
	return pgdat->node_id + 1 < NODES ? pgdat + 1 : NULL;
}

void dump_stack(void)
{
}

bool kallsyms_lookup_line(unsigned long address, struct code_line *line)
{
	return false;
}

ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t n = __builtin_strlen(from);

	if (n < size) {
		__builtin_memcpy(to, from, n + 1);
		return n;
	}
	__builtin_memcpy(to, from, size - 1);
	to[size - 1] = '\0';
	return -E2BIG;
}

void host_slub_init(void)
{
	vmemmap = (struct page *)((unsigned long)pages -
		((unsigned long)ram >> PAGE_SHIFT) * sizeof(struct page));
	for (int nid = 0; nid < NODES; nid++)
		init_node(nid);
	FORBID(ram, sizeof(ram));
	kmem_cache_init();
}

/* No timer runs checks here, so nobody need hold them back. */
unsigned int checks_held;
