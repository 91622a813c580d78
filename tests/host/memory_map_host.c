/* The size of memory, which arch/x86/kernel/setup.c knows in the kernel. */
#include <asm/setup.h>

unsigned long max_pfn, max_low_pfn;
