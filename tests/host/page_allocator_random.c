/* Random operations on the page allocator and its model, from fixed seeds. */
#include <linux/kernel.h>
#include "host.h"
#include "page_allocator_model.h"

static u64 state;

/* xorshift64, Marsaglia 2003 */
static u64 next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

int main(void)
{
	static u8 data[6000];
	unsigned int operations = 0;

	host_console(false);
	for (unsigned int seed = 1; seed <= 12; seed++) {
		state = seed * 0x9e3779b97f4a7c15ULL;
		for (unsigned int i = 0; i < sizeof(data); i++)
			data[i] = next_random() >> 24;
		operations += page_allocator_model_run(data, sizeof(data));
	}
	host_console(true);
	printk("%u operations agree\n", operations);
	return 0;
}
