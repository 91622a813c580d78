#pragma once
void flush_tlb_kernel_range(unsigned long start, unsigned long end);
