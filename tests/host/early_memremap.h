/* See early_memremap.c. Needs no header of either side. */
#pragma once

/* Let physical memory be @size bytes at @data, from address @base. */
void host_memory(const void *data, unsigned long long base,
		 unsigned long long size);
