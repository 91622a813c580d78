/* A program on a host has no interrupts. Shadows asm/irqflags.h. */
#pragma once
#include <linux/types.h>

static inline bool irqs_disabled_flags(unsigned long flags)
{
	return !flags;
}

static inline bool irqs_disabled(void)
{
	return true;
}

#define local_irq_disable()	((void)0)
#define local_irq_enable()	((void)0)
#define local_save_flags(flags)	((flags) = 0)
#define local_irq_save(flags)	((flags) = 0)
#define local_irq_restore(flags) ((void)(flags))
#define halt()			((void)0)
