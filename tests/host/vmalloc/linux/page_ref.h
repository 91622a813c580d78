#pragma once
#include <linux/mm.h>
/* A speculative reference may come right behind a look, or before a step. */
void host_speculate(struct page *page);
#define page_ref_count(page) ({						\
	int count_ = (page)->count;					\
	host_speculate(page);						\
	count_;								\
})
#define set_page_count(page, n)	((page)->count = (n))
#define init_page_count(page)	set_page_count(page, 1)
#define put_page_testzero(page)	(host_speculate(page), !--(page)->count)
