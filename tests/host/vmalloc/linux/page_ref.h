#pragma once
#include <linux/mm.h>
#define page_ref_count(page)	((page)->count)
#define set_page_count(page, n)	((page)->count = (n))
