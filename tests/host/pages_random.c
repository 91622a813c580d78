/* Random machines for chapter 6 and its model, from fixed seeds. */
#include <linux/kernel.h>
#include "host.h"
#include "pages_model.h"

int main(void)
{
	unsigned long pages = 0, seed;
	static u8 data[200];

	host_console(false);
	for (seed = 1; seed <= 60; seed++) {
		host_random(data, sizeof(data), seed);
		pages += pages_model_run(data, sizeof(data));
	}
	host_console(true);
	printk("%lu page frames agree\n", pages);
	return 0;
}
