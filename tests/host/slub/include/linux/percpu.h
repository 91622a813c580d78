/* Per-CPU memory: units of HOST_UNIT bytes; one processor is the current. */
#pragma once
#include <linux/types.h>

#define HOST_CPUS	4
#define HOST_UNIT	(64 * 1024)
#define __percpu

extern int host_cpu;

#include <linux/percpu-defs.h>
#undef DEFINE_PER_CPU
/* A static one, with room for all units behind it. */
#define DEFINE_PER_CPU(type, name)					\
	__typeof__(type) name##_units[HOST_CPUS * HOST_UNIT / sizeof(type)]; \
	static __typeof__(type) name __attribute__((alias(#name "_units")))

/* Perhaps an interrupt comes here. */
void host_interrupt(void);
void *__alloc_percpu(size_t size, size_t align);
void free_percpu(void *p);

/* Numbers as in the kernel; of all that is per CPU, in the order of asking. */
unsigned long percpu_number(const void *p);
void *percpu_by_number(unsigned long n);

#define per_cpu_ptr(p, cpu) \
	((typeof(p))((unsigned long)(p) + (cpu) * HOST_UNIT))
#define this_cpu_ptr(p)		per_cpu_ptr(p, host_cpu)

#define this_cpu_read(x) \
	(host_interrupt(), *(volatile typeof(x) *)this_cpu_ptr(&(x)))
