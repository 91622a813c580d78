/* The model of the kernel's page tables; see page_tables_model.c. */
#pragma once
#include <linux/types.h>

/*
 * Do what @data says to the tables and to the model and compare the two after
 * every @every operations, and at the end; a difference aborts. Returns how
 * many operations that were.
 */
unsigned int page_tables_model_run(const u8 *data, size_t size,
				   unsigned int every);
