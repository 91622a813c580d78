/*
 * The first caches with the n-th request to the layers below failing: argument
 * n. Ends well if there are not so many; panics, or says "made good", if so.
 */
#include <linux/kernel.h>
#include "host.h"
#include "slub_host.h"

static unsigned int number(const char *digits)
{
	unsigned int n = 0;

	while (*digits)
		n = n * 10 + *digits++ - '0';
	return n;
}

int main(int argc, char **argv)
{
	host_console(true);
	host_fail_pages(argc > 1 ? number(argv[1]) : 0);
	host_slub_init();
	if (!host_pages_failed())
		return 0;
	printk("made good\n");
	return 1;
}
