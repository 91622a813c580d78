#pragma once
#define lockdep_print_order()	((void)0)
