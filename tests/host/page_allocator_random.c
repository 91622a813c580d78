/* Random operations on the page allocator and its model, from fixed seeds. */
#include <linux/kernel.h>
#include "host.h"
#include "page_allocator_model.h"

int main(void)
{
	static u8 data[6000];
	unsigned int operations = 0;

	host_console(false);
	for (unsigned int seed = 1; seed <= 12; seed++) {
		host_random(data, sizeof(data), seed);
		operations += page_allocator_model_run(data, sizeof(data));
	}
	host_console(true);
	printk("%u operations agree\n", operations);
	return 0;
}
