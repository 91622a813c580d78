/*
 * Random operations on slabs and their model, from fixed seeds. An argument
 * plays a processor without cmpxchg16b, where all caches are single.
 */
#include <linux/kernel.h>
#include "host.h"
#include "slub_host.h"
#include "slub_model.h"

int main(int argc, char **argv)
{
	static u8 data[4000];
	unsigned int operations = 0;

	host_has_cx16 = argc < 2;
	host_console(false);
	for (unsigned int seed = 1; seed <= 60; seed++) {
		host_random(data, sizeof(data), seed);
		operations += slub_model_run(data, sizeof(data));
	}
	host_console(true);
	printk("%u operations agree\n", operations);
	return 0;
}
