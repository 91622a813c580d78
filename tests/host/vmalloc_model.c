/*
 * vmalloc on a machine made of arrays. For each page of addresses the model
 * knows who owns it, what is mapped there and what each processor's TLB
 * remembers; for each frame, whether it is free. After every operation no
 * processor may remember, of a page that somebody owns, anything but what is
 * mapped there. Where an address must come from the tree of holes, a search
 * that looks at every hole says which one it is.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>
#include "mm/vmap_area.h"
#include "host.h"
#include "vmalloc_model.h"

/* From the C library, whose headers do not mix with the kernel's. */
extern void *malloc(size_t size);
extern void free(void *p);
extern void *mmap(void *addr, size_t length, int prot, int flags, int fd,
		  long offset);
#define PROT_READ_WRITE		3
#define MAP_FIXED_ANONYMOUS	0x32	/* and private */

bool host_in_interrupt;
unsigned int host_fail_in, host_objects, host_frames;
static unsigned int refusals;	/* of objects, frames and tables */
struct page host_page[HOST_FRAMES];

static struct page *mapped[HOST_SPACE], *tlb[HOST_CPUS][HOST_SPACE];
static u8 owned[HOST_SPACE];	/* number of the owner, from 1; 0: none */

static struct {
	const u8 *next, *end;
} input;

#define require(condition)						\
	do {								\
		if (!(condition))					\
			host_fail("%s:%d: %s\n", __func__, __LINE__,	\
				  #condition);				\
	} while (0)

static unsigned int any(unsigned int below)
{
	unsigned int byte = input.next < input.end ? *input.next++ : 0;

	return byte % below;
}

static unsigned int space_page(unsigned long addr)
{
	require(addr >= VMALLOC_START);
	require(PFN_DOWN(addr - VMALLOC_START) <= HOST_SPACE);
	return PFN_DOWN(addr - VMALLOC_START);
}

/* ---- the machine: objects and frames ---- */

bool host_fails(void)
{
	bool fails = host_fail_in && !--host_fail_in;

	refusals += fails;
	return fails;
}

void *kmalloc_node(size_t size, gfp_t gfp, int node)
{
	void *object = host_fails() ? NULL : malloc(size);

	host_objects += !!object;
	if (object)
		memset(object, 0x5a, size);
	return object;
}

void *kzalloc_node(size_t size, gfp_t gfp, int node)
{
	void *object = kmalloc_node(size, gfp, node);

	return object ? memset(object, 0, size) : NULL;
}

void kfree(const void *object)
{
	host_objects -= !!object;
	free((void *)object);
}

struct kmem_cache *host_cache(size_t size)
{
	return (void *)size;
}

void *kmem_cache_alloc_node(struct kmem_cache *cache, gfp_t gfp, int node)
{
	return kmalloc_node((size_t)cache, gfp, node);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	kfree(object);
}

static bool is_free_block(unsigned int pfn, unsigned int order)
{
	for (unsigned int i = 0; i < 1U << order; i++)
		if (host_page[pfn + i].state)
			return false;
	return true;
}

struct page *alloc_pages_node(int node, gfp_t gfp, unsigned int order)
{
	require(order < MAX_ORDER);
	if (host_fails())
		return NULL;
	for (unsigned int pfn = 0; pfn < HOST_FRAMES; pfn += 1U << order) {
		if (!is_free_block(pfn, order))
			continue;
		for (unsigned int i = 0; i < 1U << order; i++) {
			host_page[pfn + i] = (struct page){ .state = 1 };
			require(host_page[pfn + i].count == 0);
		}
		host_page[pfn].count = 1;
		host_page[pfn].order = order;
		host_frames += 1U << order;
		return &host_page[pfn];
	}
	refusals++;
	return NULL;
}

void split_page(struct page *page, unsigned int order)
{
	require(page->order == order && page->count == 1);
	for (unsigned int i = 0; i < 1U << order; i++)
		page[i] = (struct page){ .count = 1, .state = 1 };
}

void __free_pages(struct page *page, unsigned int order)
{
	require(page_to_pfn(page) % (1U << order) == 0);
	require(page->state && page->count > 0);
	if (--page->count)
		return;		/* somebody else's; only ever of order 0 */
	for (unsigned int i = 0; i < 1U << order; i++) {
		require(page[i].state && !page[i].count);
		page[i] = (struct page){ 0 };
	}
	host_frames -= 1U << order;
}

/* ---- a caller that finds a page's number somewhere, and tries it ---- */

static struct page *speculated;		/* it has a reference to this one */

void host_speculate(struct page *page)
{
	static unsigned int looks;

	if (++looks % 37 || speculated || !page->count)
		return;
	page->count++;
	speculated = page;
}

static void stop_speculating(void)
{
	if (speculated)
		__free_pages(speculated, 0);
	speculated = NULL;
}

/* ---- the machine: page tables and TLBs ---- */

int vmap_pages_range_noflush(unsigned long addr, unsigned long end,
			     pgprot_t prot, struct page **pages,
			     unsigned int page_shift)
{
	unsigned int large = page_shift == PMD_SHIFT;

	require(!large || IS_ALIGNED(addr | end, PMD_SIZE));
	for (unsigned int i = 0; addr != end; addr += PAGE_SIZE, i++) {
		if (i % PTRS_PER_PMD == 0 && host_fails())
			return -1;
		require(!mapped[space_page(addr)]);
		require(!large || pages[i] == pages[i / 512 * 512] + i % 512);
		require(!large || page_to_pfn(pages[i / 512 * 512]) % 512 == 0);
		mapped[space_page(addr)] = pages[i];
	}
	return 0;
}

/* The model's tables are an array, and all there. */
void preallocate_vmalloc_pages(void)
{
}

void vunmap_range_noflush(unsigned long addr, unsigned long end)
{
	for (; addr != end; addr += PAGE_SIZE)
		mapped[space_page(addr)] = NULL;
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	require(start < end && start >= VMALLOC_START);
	for (; end > start; end -= PAGE_SIZE)
		for (int cpu = 0; cpu < HOST_CPUS; cpu++)
			tlb[cpu][space_page(end - PAGE_SIZE)] = NULL;
}

/* ---- owners ---- */

#define OWNERS 60

enum kind { NONE, VMALLOC, VMAP, MAP_RAM };

static struct owner {
	enum kind kind;
	void *addr;
	unsigned int pages;
	struct page *held;	/* a reference to one of its pages */
	struct page *own[64];	/* what it has mapped itself */
} owners[OWNERS];

static void note(unsigned int n, void *addr, unsigned int pages,
		 enum kind kind)
{
	unsigned int at = space_page((unsigned long)addr);

	owners[n].kind = kind;
	owners[n].addr = addr;
	owners[n].pages = pages;
	for (unsigned int i = 0; i < pages; i++) {
		require(at + i < HOST_SPACE && !owned[at + i]);
		require(mapped[at + i] && mapped[at + i]->count > 0);
		require(kind == VMALLOC || mapped[at + i] == owners[n].own[i]);
		owned[at + i] = n + 1;
	}
	/* a guard page follows, but for the last kind */
	if (kind != MAP_RAM)
		require(at + pages < HOST_SPACE && !owned[at + pages] &&
			!mapped[at + pages]);
}

static void forget(unsigned int n)
{
	unsigned int at = space_page((unsigned long)owners[n].addr);

	memset(&owned[at], 0, owners[n].pages);
	owners[n].kind = NONE;
}

/* ---- a search that looks at every hole ---- */

static unsigned long naive_place(unsigned long size, unsigned long align,
				 unsigned long start, unsigned long end,
				 unsigned long length)
{
	for (struct rb_node *n = rb_first(&free_vmap_area_root); n;
	     n = rb_next(n)) {
		struct vmap_area *va = rb_entry(n, struct vmap_area, rb_node);
		unsigned long low = max(va->va_start, start);
		unsigned long high = min(va->va_end, end);

		low = ALIGN(low, align);
		if (va->va_end - va->va_start >= length && low + size <= high)
			return low;
	}
	return 0;
}

static unsigned long naive_search(unsigned long size, unsigned long align,
				  unsigned long start, unsigned long end)
{
	return naive_place(size, align, start, end, size + align - PAGE_SIZE)
	       ?: naive_place(size, align, start, end, size);
}

/* ---- operations ---- */

static unsigned int free_owner(void)
{
	unsigned int n = 0;

	while (n < OWNERS && owners[n].kind)
		n++;
	return n;
}

/* Where an area of @size should come from: 0 if from a cache, or not at all */
static unsigned long expected(unsigned long size, unsigned long align,
			      unsigned long start, unsigned long end)
{
	unsigned long class = size / PAGE_SIZE - 1;

	if (align == PAGE_SIZE && start == VMALLOC_START &&
	    end == VMALLOC_END && class < VMAP_CACHE_PAGES &&
	    vmap_cache[host_cpu].nr[class])
		return 0;
	return naive_search(size, align, start, end);
}

static void op_vmalloc(unsigned int n, unsigned int pages)
{
	unsigned long align = PAGE_SIZE, start = VMALLOC_START;
	unsigned long end = VMALLOC_END, where;
	unsigned int refused = refusals;
	void *addr;

	if (any(3) == 0) {
		align <<= any(6);
		start += any(32) * 16 * PAGE_SIZE;
		if (any(2))
			end = min(end, start + any(64) * 32 * PAGE_SIZE);
	}
	where = start < end ? expected((pages + 1) * PAGE_SIZE, align, start,
				       end) : 0;
	addr = __vmalloc_node_range(pages * PAGE_SIZE, align, start, end,
				    GFP_KERNEL, PAGE_KERNEL, 0, NUMA_NO_NODE,
				    NULL);
	if (!addr && refusals == refused && start < end) {
		vm_unmap_aliases();
		drain_vmap_caches();
		require(!naive_search((pages + 1) * PAGE_SIZE, align, start,
				      end));
	}
	if (!addr)
		return;
	require(IS_ALIGNED((unsigned long)addr, align));
	require((unsigned long)addr >= start);
	require(!where || (unsigned long)addr == where);
	note(n, addr, pages, VMALLOC);
}

static void op_huge(unsigned int n)
{
	void *addr = vmalloc_huge(513 * PAGE_SIZE, GFP_KERNEL);

	if (addr)
		note(n, addr, find_vm_area(addr)->nr_pages, VMALLOC);
}

/* Pages of the owner's own, one at a time; false if there are not enough. */
static bool get_pages(struct page **pages, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		pages[i] = alloc_pages_node(0, GFP_KERNEL, 0);
		if (pages[i])
			continue;
		while (i--)
			__free_pages(pages[i], 0);
		return false;
	}
	return true;
}

static void put_pages(struct page **pages, unsigned int count)
{
	while (count--)
		__free_pages(pages[count], 0);
}

static void op_map(unsigned int n, unsigned int pages, enum kind kind)
{
	struct owner *owner = &owners[n];
	void *addr;

	if (!get_pages(owner->own, pages))
		return;
	addr = kind == VMAP ? vmap(owner->own, pages, 0, PAGE_KERNEL) :
			      vm_map_ram(owner->own, pages, NUMA_NO_NODE);
	if (addr)
		note(n, addr, pages, kind);
	else
		put_pages(owner->own, pages);
}

static void op_free(unsigned int n)
{
	struct owner *owner = &owners[n];
	unsigned int pages = owner->pages;
	enum kind kind = owner->kind;

	if (!kind)
		return;
	if (kind == VMALLOC && any(8) == 0) {	/* keep one page */
		owner->held = mapped[space_page((unsigned long)owner->addr) +
				     any(pages)];
		owner->held->count++;
	}
	forget(n);
	host_in_interrupt = kind == VMALLOC && any(8) == 0;
	if (kind == VMALLOC)
		vfree(owner->addr);
	else if (kind == VMAP)
		vunmap(owner->addr);
	else
		vm_unmap_ram(owner->addr, pages);
	if (host_in_interrupt) {		/* it was only put aside */
		host_in_interrupt = false;
		vfree(NULL);
	}
	if (kind != VMALLOC)
		put_pages(owner->own, pages);
	if (owner->held)
		__free_pages(owner->held, 0);
	owner->held = NULL;
}

/* A processor uses what an owner has, and remembers where it was. */
static void op_touch(unsigned int n, int cpu)
{
	unsigned int at;

	if (!owners[n].kind)
		return;
	at = space_page((unsigned long)owners[n].addr);
	for (unsigned int i = 0; i < owners[n].pages; i++)
		tlb[cpu][at + i] = mapped[at + i];
}

static void operate(void)
{
	unsigned int n, free = free_owner();
	bool room = free < OWNERS;

	stop_speculating();
	switch (any(12)) {
	case 0: case 1: case 2:
		n = any(40);
		if (room)
			op_vmalloc(free, 1 + (n < 36 ? n % 18 : n * 4));
		break;
	case 3:
		if (room)
			op_map(free, 1 + any(63), VMAP);
		break;
	case 4:
		if (room)
			op_map(free, 1 + any(20), MAP_RAM);
		break;
	case 5: case 6: case 7:
		op_free(any(OWNERS));
		break;
	case 8: case 9:
		op_touch(any(OWNERS), any(HOST_CPUS));
		break;
	case 10:
		host_cpu = any(HOST_CPUS);
		break;
	case 11:
		n = any(64);
		if (n < 4)
			vm_unmap_aliases();
		else if (n < 8)
			drain_vmap_caches();
		else if (n < 12 && room)
			op_huge(free);
		else
			host_fail_in = n / 4;
		break;
	}
}

/* ---- what must hold ---- */

/* A large area's array of pages is an area, too, which nobody here asked for. */
static bool is_inner(unsigned int i)
{
	struct vm_struct *area = find_vm_area((void *)(VMALLOC_START +
						       i * PAGE_SIZE));

	return area && area->nr_pages <= 4 && !owned[i];
}

static void check(void)
{
	const char *broken = vmap_check();

	if (broken)
		host_fail("%s is broken\n", broken);
	for (unsigned int i = 0; i < HOST_SPACE; i++) {
		require(mapped[i] || !owned[i]);
		if (!mapped[i])
			continue;
		require(owned[i] || is_inner(i));
		require(mapped[i]->state && mapped[i]->count > 0);
		for (int cpu = 0; cpu < HOST_CPUS; cpu++)
			require(!tlb[cpu][i] || tlb[cpu][i] == mapped[i]);
	}
}

static void give_everything_back(void)
{
	host_fail_in = 0;
	for (unsigned int n = 0; n < OWNERS; n++) {
		op_free(n);
		stop_speculating();
		check();
	}
	vm_unmap_aliases();
	drain_vmap_caches();
	check();
	require(host_frames == 0);
	require(host_objects == 1);	/* the one hole */
	require(!vmalloc_nr_pages());
	require(RB_EMPTY_ROOT(&vmap_area_root));
}

unsigned int vmalloc_model_run(const u8 *data, size_t size)
{
	static bool started;
	unsigned int operations = 0;

	if (!started) {
		require(mmap((void *)VMALLOC_START, HOST_SPACE * PAGE_SIZE,
			     PROT_READ_WRITE, MAP_FIXED_ANONYMOUS, -1, 0) ==
			(void *)VMALLOC_START);
		vmalloc_init();
	}
	started = true;
	input.next = data;
	input.end = data + size;
	host_cpu = 0;
	while (input.next < input.end) {
		operate();
		check();
		operations++;
	}
	give_everything_back();
	return operations;
}
