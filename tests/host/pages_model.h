#pragma once
#include <linux/types.h>

/*
 * Make of the @n bytes at @data a machine with holes, nodes and parameters,
 * boot chapter 6 on it, and compare all it says with a model that keeps a
 * record for every page frame; abort where they differ. Returns how many page
 * frames of RAM there were.
 */
unsigned long pages_model_run(const u8 *data, size_t n);
