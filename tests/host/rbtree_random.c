/*
 * Random operations on trees and their model, from fixed seeds. Odd seeds
 * keep to few keys, so that trees grow and shrink to nothing often.
 */
#include <linux/kernel.h>
#include "host.h"
#include "rbtree_model.h"

int main(void)
{
	static u8 data[6000];
	unsigned int operations = 0;

	host_console(false);
	for (unsigned int seed = 1; seed <= 12; seed++) {
		host_random(data, sizeof(data), seed);
		for (unsigned int i = 1; seed % 2 && i < sizeof(data); i += 3)
			data[i] &= 15;
		operations += rbtree_model_run(data, sizeof(data));
	}
	host_console(true);
	printk("%u operations agree\n", operations);
	return 0;
}
