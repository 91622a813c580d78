#pragma once
#include "vmalloc_host.h"
#define in_interrupt()		host_in_interrupt
