/* Random operations, the same each time, on both models. */
#include <linux/kernel.h>
#include "host.h"
#include "processors_model.h"

#define ROUNDS	60
#define BYTES	3000

static u64 state = 8;

static u8 random_byte(void)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return state >> 56;
}

int main(void)
{
	static u8 data[BYTES];

	host_console(1);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < BYTES; i++)
			data[i] = random_byte();
		percpu_operations(data, BYTES);
		lock_graph_operations(data, round % 2 ? BYTES : 200);
	}
	printk("%d operations agree\n", ROUNDS * BYTES / 3);
	return 0;
}
