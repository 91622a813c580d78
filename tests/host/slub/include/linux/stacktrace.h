#pragma once
static inline unsigned int stack_trace_save(unsigned long *store,
					    unsigned int size,
					    unsigned int skip)
{
	return 0;
}
