/* The per-CPU allocator's map and the lock graph against naive models. */
#pragma once
#include <linux/types.h>

/* Do what @data says, compare after each step; host_fail() on a difference. */
void percpu_operations(const u8 *data, size_t size);
void lock_graph_operations(const u8 *data, size_t size);
