#pragma once
#include <linux/types.h>

/*
 * Carry out what the @n bytes at @data spell, on memblock and on a model that
 * keeps a record for every kilobyte; compare the two after each operation and
 * abort where they differ. Returns how many operations there were.
 */
unsigned int memblock_model_run(const u8 *data, size_t n);
