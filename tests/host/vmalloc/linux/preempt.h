#pragma once
#include "vmalloc_host.h"
#define in_interrupt()		host_in_interrupt
#define might_sleep()			((void)0)
