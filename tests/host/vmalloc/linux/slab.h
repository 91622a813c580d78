#pragma once
#include <linux/gfp.h>
struct kmem_cache;
#define SLAB_PANIC 1
struct kmem_cache *host_cache(size_t size);
#define KMEM_CACHE(type, flags)	host_cache(sizeof(struct type))
void *kmem_cache_alloc_node(struct kmem_cache *cache, gfp_t gfp, int node);
#define kmem_cache_alloc(cache, gfp) kmem_cache_alloc_node(cache, gfp, -1)
void kmem_cache_free(struct kmem_cache *cache, void *object);
void *kmalloc_node(size_t size, gfp_t gfp, int node);
void *kzalloc_node(size_t size, gfp_t gfp, int node);
void kfree(const void *object);
