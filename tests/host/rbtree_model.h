#pragma once
#include <linux/types.h>

/* Run the operations @data says on trees and model; returns how many. */
unsigned int rbtree_model_run(const u8 *data, size_t size);
