/* Between reading two words and exchanging them, other processors work. */
#pragma once
#include_next <asm/cmpxchg.h>

void host_remote(void);

#undef cmpxchg_double
#define cmpxchg_double(p1, p2, o1, o2, n1, n2) \
	(host_remote(), __cmpxchg_double("lock ", p1, o1, o2, n1, n2))
