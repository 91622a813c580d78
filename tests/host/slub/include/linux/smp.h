#pragma once
#include <linux/percpu.h>
#include <linux/types.h>

extern unsigned int nr_cpu_ids;

#define smp_processor_id()	host_cpu
#define for_each_possible_cpu(cpu) \
	for ((cpu) = 0; (cpu) < HOST_CPUS; (cpu)++)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)
#define num_online_cpus()	HOST_CPUS

void on_each_cpu(void (*fn)(void *info), void *info, int wait);
