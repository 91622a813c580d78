/*
 * Random operations on slabs and their model, from fixed seeds. An argument
 * plays a processor without cmpxchg16b, where all caches are single.
 */
#include <linux/kernel.h>
#include "host.h"
#include "slub_host.h"
#include "slub_model.h"

static u64 state;

/* xorshift64, Marsaglia 2003 */
static u64 next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

int main(int argc, char **argv)
{
	static u8 data[4000];
	unsigned int operations = 0;

	host_has_cx16 = argc < 2;
	host_console(false);
	for (unsigned int seed = 1; seed <= 60; seed++) {
		state = seed * 0x9e3779b97f4a7c15ULL;
		for (unsigned int i = 0; i < sizeof(data); i++)
			data[i] = next_random() >> 24;
		operations += slub_model_run(data, sizeof(data));
	}
	host_console(true);
	printk("%u operations agree\n", operations);
	return 0;
}
