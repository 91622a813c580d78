#pragma once
#include <linux/types.h>

/*
 * Carry out what the @n bytes at @data spell, on the page allocator and on a
 * model that keeps a byte for each page; compare the two after each operation
 * and abort where they differ. Returns how many operations there were.
 */
unsigned int buddy_model_run(const u8 *data, size_t n);
