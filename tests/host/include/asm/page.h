/*
 * Pages as a program on a host sees them: an address is its own translation.
 * Shadows arch/x86/include/asm/page.h when kernel code is tested off the
 * machine.
 */
#pragma once
#include <asm/page_types.h>
#include <linux/types.h>

#define __pa(x)			((phys_addr_t)(unsigned long)(x))
#define __pa_symbol(x)		__pa(x)
#define __va(x)			((void *)(unsigned long)(x))
#if __has_include(<asm-generic/getorder.h>)
#include <asm-generic/getorder.h>
#endif
