/* Random machines for chapter 6 and its model, from fixed seeds. */
#include <linux/kernel.h>
#include "host.h"
#include "pages_model.h"

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
	unsigned long pages = 0, seed, i;
	static u8 data[200];

	host_console(false);
	for (seed = 1; seed <= 60; seed++) {
		state = seed * 0x9e3779b97f4a7c15ULL;
		for (i = 0; i < sizeof(data); i++)
			data[i] = next_random() >> 24;
		pages += pages_model_run(data, sizeof(data));
	}
	host_console(true);
	printk("%lu page frames agree\n", pages);
	return 0;
}
