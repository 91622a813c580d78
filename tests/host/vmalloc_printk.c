/* What kernel/printk.c wants to know of a machine with several processors. */
#include "vmalloc_host.h"

extern int oops_in_progress;

int host_cpu, oops_in_progress;
