/* Interrupts are a flag of the whole program; see slub_host.h. */
#pragma once
#include <linux/types.h>
#include <asm/processor-flags.h>

extern unsigned long host_irq_flags;	/* X86_EFLAGS_IF or 0 */

static inline unsigned long native_save_fl(void)
{
	return host_irq_flags;
}

static inline void local_irq_disable(void)
{
	host_irq_flags = 0;
}

static inline void local_irq_enable(void)
{
	host_irq_flags = X86_EFLAGS_IF;
}

static inline bool irqs_disabled_flags(unsigned long flags)
{
	return !(flags & X86_EFLAGS_IF);
}

static inline bool irqs_disabled(void)
{
	return irqs_disabled_flags(native_save_fl());
}

static inline void local_irq_restore(unsigned long flags)
{
	host_irq_flags = flags;
}

#define local_save_flags(flags)	((flags) = native_save_fl())
#define local_irq_save(flags) do {					\
	(flags) = native_save_fl();					\
	local_irq_disable();						\
} while (0)
