/*
 * Physical memory for a program on a host: an image that a test provides, or,
 * without one, the program's own addresses.
 *
 * What is mapped from an image is a copy of exactly the size asked for, freed
 * when it is given back. Reading past the range, using it later and never
 * giving it back are then errors that the sanitizers report; giving back what
 * was not mapped, or another size, is reported here.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/early_ioremap.h>
#include "early_memremap.h"
#include "host.h"

extern void *malloc(size_t size);
extern void free(void *block);

#define USER_ADDR_END	(1ULL << 47)

static const unsigned char *image;
static unsigned long long image_base, image_size;

static struct {
	void *addr;
	unsigned long size;
} mapped[16];

/* The place of @addr among what is mapped; of NULL, a free one. */
static unsigned int place_of(const void *addr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mapped); i++)
		if (mapped[i].addr == addr)
			return i;
	host_fail("%s\n", addr ? "unmapping what is not mapped" :
				 "too much is mapped at once");
}

void host_memory(const void *data, unsigned long long base,
		 unsigned long long size)
{
	image = data;
	image_base = base;
	image_size = size;
}

void *early_memremap(phys_addr_t phys_addr, unsigned long size)
{
	unsigned int place = place_of(NULL);
	void *copy;

	if (!image)
		return phys_addr < USER_ADDR_END ? (void *)phys_addr : NULL;
	if (!size || phys_addr < image_base ||
	    phys_addr - image_base >= image_size ||
	    size > image_size - (phys_addr - image_base))
		return NULL;
	copy = malloc(size);
	memcpy(copy, image + (phys_addr - image_base), size);
	mapped[place].addr = copy;
	mapped[place].size = size;
	return copy;
}

void early_memunmap(void *addr, unsigned long size)
{
	unsigned int place;

	if (!image)
		return;
	place = place_of(addr);
	if (mapped[place].size != size)
		host_fail("mapped %lu bytes, unmapping %lu\n",
			  mapped[place].size, size);
	mapped[place].addr = NULL;
	free(addr);
}
