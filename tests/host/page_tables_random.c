/* Random operations on page tables and their model, from fixed seeds. */
#include <linux/kernel.h>
#include "host.h"
#include "page_tables_model.h"

int main(void)
{
	static u8 data[8 * 100];
	unsigned int operations = 0;

	host_console(false);
	for (unsigned int seed = 1; seed <= 20; seed++) {
		host_random(data, sizeof(data), seed);
		operations += page_tables_model_run(data, sizeof(data), 4);
	}
	host_console(true);
	printk("%u operations agree\n", operations);
	return 0;
}
