/*
 * Two models. Of the map: a byte for each four bytes, saying which allocation
 * has them. Of the graph: its transitive closure, made anew for each question.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/lock_graph.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include "host.h"
#include "processors_model.h"

static struct pcpu_chunk chunk;
static u16 owner[PCPU_MAP_BITS];	/* an allocation's number; 0: free */

static bool fits(unsigned int at, unsigned int bits)
{
	if (at + bits > PCPU_MAP_BITS)
		return false;
	for (unsigned int i = 0; i < bits; i++)
		if (owner[at + i])
			return false;
	return true;
}

/* The lowest place that is free and aligned, or -ENOMEM. */
static int model_alloc(size_t size, size_t align, u16 number)
{
	unsigned int bits = (size + 3) / 4, step = align < 4 ? 1 : align / 4;

	if (!size || size > PERCPU_DYNAMIC_RESERVE)
		return -ENOMEM;
	for (unsigned int at = 0; at < PCPU_MAP_BITS; at += step) {
		if (!fits(at, bits))
			continue;
		for (unsigned int i = 0; i < bits; i++)
			owner[at + i] = number;
		return at * 4;
	}
	return -ENOMEM;
}

static size_t model_free(unsigned int offset)
{
	unsigned int at = offset / 4, n = 0;
	u16 number;

	if (offset % 4 || at >= PCPU_MAP_BITS || !owner[at] ||
	    (at && owner[at - 1] == owner[at]))
		return 0;
	number = owner[at];
	for (; at < PCPU_MAP_BITS && owner[at] == number; at++, n++)
		owner[at] = 0;
	return n * 4;
}

static void compare_maps(void)
{
	int broken = pcpu_chunk_check(&chunk);
	unsigned int free = 0;

	if (broken)
		host_fail("pcpu_chunk_check() says %d\n", broken);
	for (unsigned int i = 0; i < PCPU_MAP_BITS; i++) {
		free += !owner[i];
		if (test_bit(i, chunk.alloc_map) != !!owner[i])
			host_fail("bit %u is wrong\n", i);
	}
	if (free != chunk.free_bits)
		host_fail("%u bits are free, not %u\n", free, chunk.free_bits);
}

static void percpu_operation(u8 what, unsigned int number, u16 *number_next)
{
	long got, wanted;

	if (what & 0x80) {
		size_t align = 1u << (what & 7);

		if (align > 64)
			align = 64;
		wanted = model_alloc(number, align, ++*number_next);
		got = pcpu_chunk_alloc(&chunk, number, align);
	} else {
		wanted = model_free(number);
		got = pcpu_chunk_free(&chunk, number);
	}
	if (got != wanted)
		host_fail("%s %u: %ld, not %ld\n",
			  what & 0x80 ? "alloc" : "free", number, got, wanted);
}

void percpu_operations(const u8 *data, size_t size)
{
	u16 number_next = 0;

	memset(&chunk, 0, sizeof(chunk));
	memset(owner, 0, sizeof(owner));
	chunk.free_bits = PCPU_MAP_BITS;
	for (; size >= 3; size -= 3, data += 3) {
		unsigned int number = data[1] | data[2] << 8;

		/* Small sizes mostly; offsets of what may begin there. */
		if (data[0] & 0x80 && data[0] & 0x40)
			number %= 300;
		else if (!(data[0] & 0x80))
			number = data[0] & 1 ? number : number & ~3u;
		percpu_operation(data[0], number, &number_next);
		compare_maps();
	}
}

#define NODES	16	/* of the graph; spread over its numbers */

static struct lock_graph graph;
static bool edge[NODES][NODES];

static unsigned int class_of(unsigned int node)
{
	return node * 17;
}

/* How many classes a shortest way has, by relaxing all edges again and again */
static unsigned int model_way(unsigned int from, u16 wanted)
{
	unsigned int length[NODES], best = 0;

	for (unsigned int i = 0; i < NODES; i++)
		length[i] = i == from ? 1 : 1000;
	for (unsigned int round = 0; round < NODES; round++)
		for (unsigned int a = 0; a < NODES; a++)
			for (unsigned int b = 0; b < NODES; b++)
				if (edge[a][b] && length[a] + 1 < length[b])
					length[b] = length[a] + 1;
	for (unsigned int i = 0; i < NODES; i++)
		if (wanted >> i & 1 && length[i] < 1000 &&
		    (!best || length[i] < best))
			best = length[i];
	return best;
}

static void compare_ways(unsigned int from, u16 wanted)
{
	unsigned long set[LOCK_CLASS_WORDS] = { };
	u16 path[MAX_LOCK_CLASSES];
	unsigned int got, should = model_way(from, wanted);

	for (unsigned int i = 0; i < NODES; i++)
		if (wanted >> i & 1)
			__set_bit(class_of(i), set);
	got = lock_graph_path(&graph, class_of(from), set, path);
	if (got != should)
		host_fail("a way of %u classes, not %u\n", got, should);
	if (got && (path[0] != class_of(from) || !test_bit(path[got - 1], set)))
		host_fail("the way has the wrong ends\n");
	for (unsigned int i = 1; i < got; i++)
		if (!edge[path[i - 1] / 17][path[i] / 17])
			host_fail("the way takes an edge that is not there\n");
}

/* Every edge leads to a higher level, or there are none since edges close. */
static void check_levels(void)
{
	u16 level[MAX_LOCK_CLASSES];
	bool cycle = false;

	if (lock_graph_levels(&graph, level)) {
		for (unsigned int a = 0; a < NODES; a++)
			for (unsigned int b = 0; b < NODES; b++)
				if (edge[a][b] && level[class_of(a)] >=
						  level[class_of(b)])
					host_fail("an edge leads down\n");
		return;
	}
	for (unsigned int a = 0; a < NODES; a++)
		for (unsigned int b = 0; b < NODES; b++)
			cycle |= edge[a][b] && model_way(b, 1 << a);
	if (!cycle)
		host_fail("no levels, and no cycle\n");
}

void lock_graph_operations(const u8 *data, size_t size)
{
	memset(&graph, 0, sizeof(graph));
	memset(edge, 0, sizeof(edge));
	for (; size >= 4; size -= 4, data += 4) {
		unsigned int a = data[1] % NODES, b = data[2] % NODES;

		if (data[0] % 8 == 0) {
			lock_graph_forget(&graph, class_of(a));
			for (unsigned int i = 0; i < NODES; i++)
				edge[a][i] = edge[i][a] = false;
		} else {
			if (lock_graph_has(&graph, class_of(a), class_of(b)) !=
			    edge[a][b])
				host_fail("an edge is wrong\n");
			lock_graph_add(&graph, class_of(a), class_of(b));
			edge[a][b] = true;
		}
		compare_ways(b, data[0] << 8 | data[3]);
	}
	check_levels();
}
