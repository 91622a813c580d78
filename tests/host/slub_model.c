/* See slub_model.h. */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/slub_def.h>
#include <linux/smp.h>
#include <linux/string.h>
#include "mm/slab.h"
#include "host.h"
#include "slub_host.h"
#include "slub_model.h"

#define LIVE	256	/* objects at a time, at most */
#define CACHES	4

static const unsigned int sizes[CACHES] = { 24, 200, 1000, 3000 };
static struct kmem_cache *caches[CACHES];

/* A live object; each byte of it is its mark. */
static struct live {
	u8 *p;			/* NULL: the place is free */
	size_t size;
	struct kmem_cache *s;	/* NULL: from kmalloc() */
	u8 mark;
} live[LIVE];

static const u8 *input, *input_end;

static unsigned int next_byte(void)
{
	return input < input_end ? *input++ : 0;
}

static void check_mark(const struct live *l)
{
	for (size_t i = 0; i < l->size; i++)
		if (l->p[i] != l->mark)
			host_fail("object %px of %zu changed at %zu\n", l->p,
				  l->size, i);
}

static void enter(struct live *l, void *p, size_t size, struct kmem_cache *s,
		  u8 mark)
{
	l->p = p;
	l->size = size;
	l->s = s;
	l->mark = mark;
	memset(p, mark, size);
}

static struct live *random_place(void)
{
	return &live[next_byte() % LIVE];
}

static gfp_t random_gfp(void)
{
	unsigned int bits = next_byte();

	return (bits & 1 ? GFP_KERNEL : GFP_ATOMIC) | __GFP_NOWARN |
	       (bits & 2 ? __GFP_ZERO : 0);
}

static void check_zero(const u8 *p, size_t size, gfp_t gfp)
{
	for (size_t i = 0; (gfp & __GFP_ZERO) && i < size; i++)
		if (p[i])
			host_fail("asked for zeros, got %#x\n", p[i]);
}

static void release(struct live *l)
{
	struct live old = *l;

	if (!old.p)
		return;
	check_mark(l);
	l->p = NULL;
	if (old.s)
		kmem_cache_free(old.s, old.p);
	else
		kfree(old.p);
}

static void obtain(struct live *l)
{
	unsigned int which = next_byte();
	gfp_t gfp = random_gfp();
	int node = which & 0x80 ? (which >> 6) & 1 : NUMA_NO_NODE;
	struct kmem_cache *s = NULL;
	size_t size;
	u8 *p;

	if (which & 0x20) {
		size = next_byte() * next_byte() % 20000 + 1;
		p = kmalloc_node(size, gfp, node);
	} else {
		s = caches[which % CACHES];
		size = sizes[which % CACHES];
		p = kmem_cache_alloc_node(s, gfp, node);
	}
	if (!p)
		return;
	if ((unsigned long)p % 8)
		host_fail("object %px is not aligned\n", p);
	check_zero(p, size, gfp);
	while (l->p)	/* taken, perhaps by an interrupt */
		release(l);
	enter(l, p, size, s, next_byte() | 1);
}

static void resize(struct live *l)
{
	size_t size = next_byte() * 8 + 1, kept;
	struct live old = *l;
	u8 *p;

	if (!old.p || old.s)
		return;
	check_mark(l);
	l->p = NULL;
	kept = min(size, old.size);
	p = krealloc(old.p, size, GFP_KERNEL | __GFP_NOWARN);
	if (!p) {
		p = old.p;
		kept = size = old.size;
	}
	for (size_t i = 0; i < kept; i++)
		if (p[i] != old.mark)
			host_fail("krealloc lost byte %zu\n", i);
	while (l->p)
		release(l);
	enter(l, p, size, NULL, old.mark);
}

static void bulk(void)
{
	unsigned int which = next_byte() % CACHES, n = next_byte() % 40;
	void *p[40];

	if (kmem_cache_alloc_bulk(caches[which], random_gfp(), n, p) != n)
		return;
	for (unsigned int i = 0; i < n; i++)
		memset(p[i], 0xee, sizes[which]);
	if (n > 3)
		swap(p[0], p[n / 2]);
	kmem_cache_free_bulk(n % 2 ? caches[which] : NULL, n, p);
}

static void check_all(void)
{
	int cpu = host_cpu;

	for (host_cpu = 0; host_cpu < HOST_CPUS; host_cpu++)
		for (int i = 0; i < CACHES; i++)
			if (kmem_cache_check(caches[i]))
				host_fail("%s: %s\n", caches[i]->name,
					  kmem_cache_check(caches[i]));
	host_cpu = cpu;
}

static unsigned int disturbances;	/* left; from the input */
static int depth;

/* An interrupt, or what another processor does meanwhile. */
static void disturb(bool remote)
{
	if (!disturbances || depth || (next_byte() & 3))
		return;
	disturbances--;
	depth++;
	if (remote)
		host_cpu = (host_cpu + 1 + next_byte() % (HOST_CPUS - 1)) %
			   HOST_CPUS;
	for (unsigned int n = next_byte() % 4; n; n--) {
		struct live *l = random_place();

		if (l->p)
			release(l);
		else if (!remote)
			obtain(l);
	}
	depth--;
}

static void operation(void)
{
	unsigned int op = next_byte();

	switch (op & 15) {
	case 0: host_cpu = next_byte() % HOST_CPUS; break;
	case 1: kmem_cache_shrink(caches[next_byte() % CACHES]); break;
	case 2: host_fail_pages(next_byte() % 8); break;
	case 3: resize(random_place()); break;
	case 4: bulk(); break;
	case 5: disturbances = next_byte(); break;
	case 6: check_all(); break;
	case 7: case 8: case 9: case 10: obtain(random_place()); break;
	default: release(random_place());
	}
}

static void make_caches(bool plain)
{
	static const char *const names[CACHES] = { "a", "b", "c", "d" };

	for (int i = 0; i < CACHES; i++) {
		slab_flags_t flags = plain || i % 2 ? SLAB_NO_MERGE :
			SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE |
			SLAB_POISON | SLAB_STORE_USER;

		caches[i] = kmem_cache_create(names[i], sizes[i], 0, flags,
					      NULL);
		if (!caches[i])
			host_fail("no cache %s\n", names[i]);
	}
}

static void shrink_kmalloc_caches(void)
{
	struct kmem_cache *s;

	list_for_each_entry(s, &slab_caches, list)
		kmem_cache_shrink(s);
}

/* All is given back: as many pages must be in use as before. */
static void end(unsigned long before)
{
	host_disturb = NULL;
	host_fail_pages(0);
	for (int i = 0; i < LIVE; i++)
		release(&live[i]);
	check_all();
	for (int i = 0; i < CACHES; i++)
		kmem_cache_destroy(caches[i]);
	shrink_kmalloc_caches();
	if (host_pages_used() != before)
		host_fail("%lu pages before, %lu after\n", before,
			  host_pages_used());
}

unsigned int slub_model_run(const u8 *data, size_t n)
{
	unsigned int operations = 0, reports;
	static bool ready;
	unsigned long before;

	if (!ready)
		host_slub_init();
	ready = true;
	shrink_kmalloc_caches();
	before = host_pages_used();
	reports = slab_error_count();
	input = data;
	input_end = data + n;
	host_cpu = 0;
	disturbances = 0;
	make_caches(next_byte() & 1);
	host_disturb = disturb;
	for (; input < input_end; operations++)
		operation();
	check_all();
	end(before);
	if (slab_error_count() != reports)
		host_fail("a report without a reason\n");
	return operations;
}
