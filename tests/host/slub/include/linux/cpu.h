#pragma once
#include <linux/smp.h>

static inline void on_each_cpu_test(void (*fn)(void *arg), void *arg)
{
	int cpu = host_cpu;

	for (host_cpu = 0; host_cpu < HOST_CPUS; host_cpu++)
		fn(arg);
	host_cpu = cpu;
}
