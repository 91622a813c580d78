/*
 * Per-CPU variables as a program on a host sees them: processor host_cpu is
 * "this" one, and a test may change that. Shadows asm/percpu.h.
 */
#pragma once
#define HOST_PERCPU
#include <linux/percpu-defs.h>
#include <linux/threads.h>
#include <linux/types.h>

extern unsigned int host_cpu;
extern unsigned long __per_cpu_offset[NR_CPUS];

#define this_cpu_ptr(ptr) \
	((typeof(*(ptr)) *)((unsigned long)(ptr) + __per_cpu_offset[host_cpu]))
#define this_cpu_read(pcp)		(*this_cpu_ptr(&(pcp)))
#define this_cpu_read_stable(pcp)	this_cpu_read(pcp)
#define this_cpu_write(pcp, val)	((void)(this_cpu_read(pcp) = (val)))
#define this_cpu_add(pcp, val)		((void)(this_cpu_read(pcp) += (val)))
#define this_cpu_sub(pcp, val)		((void)(this_cpu_read(pcp) -= (val)))
#define this_cpu_and(pcp, val)		((void)(this_cpu_read(pcp) &= (val)))
#define this_cpu_or(pcp, val)		((void)(this_cpu_read(pcp) |= (val)))
#define this_cpu_inc(pcp)		this_cpu_add(pcp, 1)
#define this_cpu_dec(pcp)		this_cpu_sub(pcp, 1)
#define this_cpu_add_return(pcp, val)	(this_cpu_read(pcp) += (val))
#define this_cpu_cmpxchg(pcp, old, new) ({				\
	typeof(pcp) was_ = this_cpu_read(pcp);				\
	if (was_ == (old))						\
		this_cpu_read(pcp) = (new);				\
	was_;								\
})
#define this_cpu_xchg(pcp, new) ({					\
	typeof(pcp) was_ = this_cpu_read(pcp);				\
	this_cpu_read(pcp) = (new);					\
	was_;								\
})
#define this_cpu_cmpxchg_double(pcp1, pcp2, o1, o2, n1, n2) ({		\
	bool same_ = this_cpu_read(pcp1) == (o1) &&			\
		     this_cpu_read(pcp2) == (o2);			\
	if (same_) {							\
		this_cpu_write(pcp1, n1);				\
		this_cpu_write(pcp2, n2);				\
	}								\
	same_;								\
})
