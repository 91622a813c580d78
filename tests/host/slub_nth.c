/*
 * A bit of everything that allocates, done again and again with the first, the
 * second, the third … request to the layers below failing, until none is left
 * to fail; and then the same with objects instead of pages. Each time all pages
 * must be back. An argument plays a processor without cmpxchg16b.
 */
#include <linux/fault-inject.h>
#include <linux/kernel.h>
#include <linux/slub_def.h>
#include <linux/string.h>
#include "mm/slab.h"
#include "host.h"
#include "slub_host.h"

#define OBJECTS	60

static gfp_t gfp;

static void construct(void *object)
{
	memset(object, 1, 100);
}

static void in_bulk(struct kmem_cache *s)
{
	void *p[OBJECTS];

	if (kmem_cache_alloc_bulk(s, gfp, OBJECTS, p))
		kmem_cache_free_bulk(s, OBJECTS, p);
}

static void one_by_one(struct kmem_cache *s)
{
	void *p[OBJECTS];
	int n = 0;

	for (int i = 0; i < OBJECTS; i++) {
		p[n] = kmem_cache_alloc_node(s, gfp, i % 2);
		n += p[n] != NULL;
	}
	while (n)
		kmem_cache_free(s, p[--n]);
}

static void one_cache(slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_create("nth", 100, 0,
						 flags | SLAB_NO_MERGE,
						 construct);

	if (!s)
		return;
	one_by_one(s);
	in_bulk(s);
	if (kmem_cache_check(s))
		host_fail("%s\n", kmem_cache_check(s));
	kmem_cache_destroy(s);
}

static void any_size(void)
{
	char *p = kstrdup("text", gfp), *q;

	for (size_t size = 8; size < 100000; size *= 2) {
		q = krealloc(p, size, gfp);
		p = q ?: p;
		if (p && strcmp(p, "text"))
			strscpy(p, "text", 5);
		kfree(__kmalloc(size + 1, gfp));
	}
	kfree(p);
}

static void shrink_all(void)
{
	struct kmem_cache *s;

	list_for_each_entry(s, &slab_caches, list)
		kmem_cache_shrink(s);
}

static void everything(void)
{
	one_cache(0);
	one_cache(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON |
		  SLAB_STORE_USER);
	any_size();
}

static bool objects_failed(void)
{
	return !atomic_read(&failslab.attr.nth);
}

/* Fail each in turn; returns how many there were. */
static unsigned int in_turn(void (*fail_nth)(unsigned int nth),
			    bool (*failed)(void), unsigned long before)
{
	unsigned int nth = 0;
	bool reached;

	do {
		fail_nth(++nth);
		everything();
		reached = failed();
		fail_nth(0);
		shrink_all();
		if (host_pages_used() != before)
			host_fail("failure %u: %lu pages before, %lu after\n",
				  nth, before, host_pages_used());
	} while (reached);
	return nth - 1;
}

static void fail_objects(unsigned int nth)
{
	fail_nth_slab(nth);
}

int main(int argc, char **argv)
{
	unsigned int pages, objects;
	unsigned long before;

	host_console(false);
	host_has_cx16 = argc < 2;
	host_slub_init();
	gfp = GFP_KERNEL | __GFP_NOWARN;
	shrink_all();
	before = host_pages_used();
	pages = in_turn(host_fail_pages, host_pages_failed, before);
	objects = in_turn(fail_objects, objects_failed, before);
	if (slab_error_count())
		host_fail("%u reports\n", slab_error_count());
	if (pages < 10 || objects < 4 * OBJECTS)
		host_fail("only %u and %u were made to fail\n", pages, objects);
	host_console(true);
	printk("%u pages and %u objects failed, nothing left behind\n", pages,
	       objects);
	return 0;
}
