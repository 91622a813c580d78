#pragma once
#include <linux/types.h>

/*
 * Carry out what the @n bytes at @data spell, on the page allocator of two
 * processors and on a model that keeps a byte for each page; compare the two
 * and abort where they differ. Returns how many operations there were.
 */
unsigned int page_allocator_model_run(const u8 *data, size_t n);
