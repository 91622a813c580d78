/* As for all host programs; the direct map begins at 0. */
#pragma once
#include "../../../include/asm/page.h"
#undef PAGE_OFFSET
#define PAGE_OFFSET	0UL
