/* The one feature that slabs ask for, switched by the program. */
#pragma once
#include <linux/types.h>

#define X86_FEATURE_CX16	1
extern bool host_has_cx16;
#define boot_cpu_has(feature)	host_has_cx16
