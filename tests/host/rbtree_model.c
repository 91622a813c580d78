/*
 * A naive ordered set: an array of 256 places, one for each key. A plain
 * tree, one that knows its first node and an augmented one must agree with it
 * after every operation.
 */
#include <linux/kernel.h>
#include <linux/rbtree_augmented.h>
#include <linux/string.h>
#include "host.h"
#include "rbtree_model.h"

#define KEYS 256

struct item {
	struct rb_node node, cached, augmented;
	unsigned int key;
	u8 number, most;
	bool present;
};

static struct item items[KEYS], others[KEYS], *at[KEYS];
static struct rb_root plain;
static struct rb_root_cached cached;
static struct rb_root augmented;

#define require(condition)						\
	do {								\
		if (!(condition))					\
			host_fail("%s:%d: %s\n", __func__, __LINE__,	\
				  #condition);				\
	} while (0)

static inline u8 number_of(struct item *item)
{
	return item->number;
}

RB_DECLARE_CALLBACKS_MAX(static, callbacks, struct item, augmented, u8, most,
			 number_of);

static bool less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct item, node)->key <
	       rb_entry(b, struct item, node)->key;
}

static bool less_cached(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct item, cached)->key <
	       rb_entry(b, struct item, cached)->key;
}

static int compare(const void *key, const struct rb_node *node)
{
	return (int)*(const unsigned int *)key -
	       (int)rb_entry(node, struct item, node)->key;
}

static void insert_augmented(struct item *item)
{
	struct rb_node **link = &augmented.rb_node, *parent = NULL;

	while (*link) {
		struct item *i = rb_entry(*link, struct item, augmented);

		i->most = max(i->most, item->number);
		parent = *link;
		link = item->key < i->key ? &parent->rb_left :
					    &parent->rb_right;
	}
	item->most = item->number;
	rb_link_node(&item->augmented, parent, link);
	rb_insert_augmented(&item->augmented, &augmented, &callbacks);
}

static void insert(unsigned int key, u8 number)
{
	if (at[key])
		return;
	at[key] = &items[key];
	*at[key] = (struct item){ .key = key, .number = number };
	rb_add(&at[key]->node, &plain, less);
	rb_add_cached(&at[key]->cached, &cached, less_cached);
	insert_augmented(at[key]);
}

static void erase(unsigned int key)
{
	struct item *item = at[key];

	if (!item)
		return;
	rb_erase(&item->node, &plain);
	rb_erase_cached(&item->cached, &cached);
	rb_erase_augmented(&item->augmented, &augmented, &callbacks);
	memset(item, 0x5a, sizeof(*item));	/* nobody may look at it */
	at[key] = NULL;
}

static void replace(unsigned int key)
{
	struct item *old = at[key], *new;

	if (!old)
		return;
	new = old == &items[key] ? &others[key] : &items[key];
	*new = *old;
	rb_replace_node(&old->node, &new->node, &plain);
	rb_replace_node_cached(&old->cached, &new->cached, &cached);
	rb_replace_node(&old->augmented, &new->augmented, &augmented);
	memset(old, 0x5a, sizeof(*old));
	at[key] = new;
}

/* ---- the two agree ---- */

static u8 most_below(const struct rb_node *node)
{
	const struct item *item;
	u8 most;

	if (!node)
		return 0;
	item = rb_entry(node, struct item, augmented);
	most = max(most_below(node->rb_left), most_below(node->rb_right));
	require(item->most == max(item->number, most));
	return item->most;
}

static void compare_walks(void)
{
	struct rb_node *up = rb_first(&plain), *c = rb_first_cached(&cached);
	struct rb_node *a = rb_first(&augmented), *down = rb_last(&plain);

	for (int key = 0; key < KEYS; key++) {
		if (at[key]) {
			require(up == &at[key]->node);
			require(c == &at[key]->cached);
			require(a == &at[key]->augmented);
			up = rb_next(up);
			c = rb_next(c);
			a = rb_next(a);
		}
		if (at[KEYS - 1 - key]) {
			require(down == &at[KEYS - 1 - key]->node);
			down = rb_prev(down);
		}
	}
	require(!up && !c && !a && !down);
}

static unsigned int postorder_size(void)
{
	struct item *pos, *n;
	unsigned int size = 0;

	rbtree_postorder_for_each_entry_safe(pos, n, &plain, node)
		size++;
	return size;
}

static void compare_all(unsigned int key)
{
	struct rb_node *found = rb_find(&key, &plain, compare);
	unsigned int size = 0;

	for (int i = 0; i < KEYS; i++)
		size += !!at[i];
	require(!rb_check(&plain));
	require(!rb_check(&cached.rb_root));
	require(!rb_check(&augmented));
	require(found == (at[key] ? &at[key]->node : NULL));
	require(postorder_size() == size);
	most_below(augmented.rb_node);
	compare_walks();
}

unsigned int rbtree_model_run(const u8 *data, size_t size)
{
	unsigned int operations = 0;

	plain = augmented = RB_ROOT;
	cached = RB_ROOT_CACHED;
	memset(at, 0, sizeof(at));
	for (; size >= 3; data += 3, size -= 3, operations++) {
		if (data[0] < 120)
			insert(data[1], data[2]);
		else if (data[0] < 230)
			erase(data[1]);
		else
			replace(data[1]);
		compare_all(data[1]);
	}
	return operations;
}
