#pragma once
#include <linux/types.h>

/* Run the operations @data says on vmalloc and its model; returns how many. */
unsigned int vmalloc_model_run(const u8 *data, size_t size);
