#pragma once
#include <linux/types.h>

/*
 * Carry out what the @n bytes at @data spell, on caches and on a model that
 * knows what each live object should hold; with interrupts between the steps,
 * other processors at work, and pages that cannot be had. Aborts where the two
 * differ. Returns how many operations there were.
 */
unsigned int slub_model_run(const u8 *data, size_t n);
