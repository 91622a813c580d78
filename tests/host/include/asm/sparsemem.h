/*
 * Sections as a program on a host has them: the same sizes, but the struct
 * pages lie where the program says. Shadows arch/x86/include/asm/sparsemem.h
 * when kernel code is tested off the machine.
 */
#pragma once

#define SECTION_SIZE_BITS	27
#define MAX_PHYSMEM_BITS	46

/* Where the struct page of frame 0 would be; each program defines it. */
extern struct page *vmemmap;
