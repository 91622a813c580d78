/* An interrupt may come right before the exchange. */
#pragma once
#include <linux/percpu.h>

#define this_cpu_try_cmpxchg_double(x1, x2, o1, o2, n1, n2) ({		\
	typeof(&(x1)) p1_ = this_cpu_ptr(&(x1));			\
	typeof(&(x2)) p2_ = this_cpu_ptr(&(x2));			\
	bool done_;							\
									\
	host_interrupt();						\
	done_ = *p1_ == *(o1) && *p2_ == *(o2);				\
	if (done_) {							\
		*p1_ = (n1);						\
		*p2_ = (n2);						\
	} else {							\
		*(o1) = *p1_;						\
		*(o2) = *p2_;						\
	}								\
	done_;								\
})

#define this_cpu_is(x, value)	(this_cpu_read(x) == (value))
