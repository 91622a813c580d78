#pragma once
#include "vmalloc_host.h"
#define DECLARE_PER_CPU(type, name)	extern __typeof__(type) name[HOST_CPUS]
#define DEFINE_PER_CPU(type, name)	__typeof__(type) name[HOST_CPUS]
#define per_cpu_ptr(ptr, cpu)		(&(*(ptr))[cpu])
#define this_cpu_ptr(ptr)		per_cpu_ptr(ptr, host_cpu)
#define this_cpu_read(name)		((name)[host_cpu])
#define this_cpu_write(name, value)	((name)[host_cpu] = (value))
