#pragma once
#include "vmalloc_host.h"
#define num_online_cpus()		HOST_CPUS
#define for_each_possible_cpu(cpu) \
	for ((cpu) = 0; (cpu) < HOST_CPUS; (cpu)++)
#define smp_processor_id()		((unsigned int)host_cpu)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)
#define smp_send_reschedule(cpu)	((void)(cpu))
