/*
 * A naive memblock: one record for each KiB of a small machine. Slow, and too
 * simple to be wrong in the same way as mm/memblock.c.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/string.h>
#include "mm/memblock_internal.h"
#include "host.h"
#include "memblock_model.h"

#define G		1024		/* bytes a record stands for */
#define N		128		/* records */
#define PER_PAGE	(PAGE_SIZE / G)

struct record {
	bool present, reserved;
	int nid;
	unsigned int flags;
};

static struct record model[N], before[N];
static u8 arena[N * G] __aligned(PAGE_SIZE);
static phys_addr_t origin;	/* address of the first record */

static struct {
	const u8 *next, *end;
} input;

static unsigned int any(unsigned int below)
{
	unsigned int byte = input.next < input.end ? *input.next++ : 0;

	return byte % below;
}

#define require(condition)						\
	do {								\
		if (!(condition))					\
			host_fail("%s:%d: %s\n", __func__, __LINE__,	\
				  #condition);				\
	} while (0)

/* A range of records. */
struct span {
	unsigned int from, to;
};

static struct span any_span(void)
{
	unsigned int from = any(N), length = any(40);

	return (struct span){ from, min(from + length, (unsigned int)N) };
}

static phys_addr_t address(unsigned int record)
{
	return origin + (phys_addr_t)record * G;
}

static phys_addr_t length(struct span s)
{
	return (phys_addr_t)(s.to - s.from) * G;
}

static bool alike(const struct record *a, const struct record *b)
{
	return a->present && b->present && a->nid == b->nid &&
	       a->flags == b->flags;
}

/* ---- the two agree ---- */

static unsigned int count_runs(const struct record *m, bool reserved)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < N; i++) {
		if (reserved)
			n += m[i].reserved && (!i || !m[i - 1].reserved);
		else
			n += m[i].present && (!i || !alike(&m[i - 1], &m[i]));
	}
	return max(n, 1U);
}

static void compare_memory(void)
{
	struct record seen[N] = {};
	const struct memblock_region *r;

	for_each_mem_region(r)
		for (phys_addr_t a = r->base; a < r->base + r->size; a += G) {
			struct record *s = &seen[(a - origin) / G];

			require(a >= origin && a < address(N));
			s->present = true;
			s->nid = r->nid;
			s->flags = r->flags;
		}
	for (unsigned int i = 0; i < N; i++)
		require(seen[i].present == model[i].present &&
			(!seen[i].present || alike(&seen[i], &model[i])));
	require(memblock.memory.cnt == count_runs(model, false));
}

static void compare_reserved(void)
{
	bool seen[N] = {};
	phys_addr_t start, end;
	u64 i;

	for_each_reserved_mem_range(i, &start, &end)
		for (phys_addr_t a = start; a < end; a += G) {
			require(a >= origin && a < address(N));
			seen[(a - origin) / G] = true;
		}
	for (unsigned int n = 0; n < N; n++)
		require(seen[n] == model[n].reserved);
	require(memblock.reserved.cnt == count_runs(model, true));
}

/* Whether an allocation for @nid and @flags may use record @i. */
static bool usable(unsigned int i, int nid, unsigned int flags)
{
	const struct record *m = &model[i];

	if (!m->present || m->reserved)
		return false;
	if (nid != NUMA_NO_NODE && nid != m->nid)
		return false;
	if (movable_node_enabled && (m->flags & MEMBLOCK_HOTPLUG) &&
	    !(flags & MEMBLOCK_HOTPLUG))
		return false;
	if ((flags & MEMBLOCK_MIRROR) && !(m->flags & MEMBLOCK_MIRROR))
		return false;
	if ((m->flags & MEMBLOCK_NOMAP) && !(flags & MEMBLOCK_NOMAP))
		return false;
	return !(m->flags & MEMBLOCK_DRIVER_MANAGED) ||
	       (flags & MEMBLOCK_DRIVER_MANAGED);
}

static void compare_walks(int nid, unsigned int flags)
{
	phys_addr_t start, end, starts[N], ends[N];
	unsigned int runs = 0, n = 0;
	int on;
	u64 i;

	for (unsigned int k = 0; k < N; k++) {
		if (!usable(k, nid, flags))
			continue;
		if (k && usable(k - 1, nid, flags) &&
		    alike(&model[k - 1], &model[k])) {
			ends[runs - 1] = address(k + 1);
			continue;
		}
		starts[runs] = address(k);
		ends[runs++] = address(k + 1);
	}
	for_each_free_mem_range(i, nid, flags, &start, &end, &on) {
		require(n < runs && start == starts[n] && end == ends[n]);
		require(on == model[(start - origin) / G].nid);
		n++;
	}
	require(n == runs);
	for_each_free_mem_range_reverse(i, nid, flags, &start, &end, &on) {
		require(n > 0);
		n--;
		require(start == starts[n] && end == ends[n]);
		require(on == model[(start - origin) / G].nid);
	}
	require(n == 0);
}

static void compare_pages(void)
{
	unsigned long start, end, pages = 0, want = 0;
	int i;

	for_each_mem_pfn_range(i, MAX_NUMNODES, &start, &end, NULL)
		pages += end - start;
	for (unsigned int k = 0; k < N; k += PER_PAGE) {
		unsigned int same = 0;

		while (same < PER_PAGE && alike(&model[k], &model[k + same]))
			same++;
		want += same == PER_PAGE;
	}
	require(pages == want);
}

static void ask_about(struct span s)
{
	bool overlaps = false, inside = s.from < s.to;

	for (unsigned int i = s.from; i < s.to; i++) {
		require(memblock_is_memory(address(i)) == model[i].present);
		require(memblock_is_reserved(address(i) + G - 1) ==
			model[i].reserved);
		require(memblock_is_map_memory(address(i)) ==
			(model[i].present &&
			 !(model[i].flags & MEMBLOCK_NOMAP)));
		overlaps |= model[i].reserved;
		inside &= alike(&model[s.from], &model[i]);
	}
	if (s.from == s.to)
		return;
	require(memblock_is_region_reserved(address(s.from), length(s)) ==
		overlaps);
	require(memblock_is_region_memory(address(s.from), length(s)) ==
		inside);
}

static void compare(void)
{
	const char *broken = memblock_check();

	if (broken)
		host_fail("memblock_check: %s\n", broken);
	compare_memory();
	compare_reserved();
	compare_pages();
	compare_walks(NUMA_NO_NODE, 0);
	compare_walks(any(3), any(16));
	ask_about(any_span());
}

/* ---- arrays that move ---- */

static const struct memblock_region *arrays[2];
static unsigned long maxima[2];

static void note_arrays(void)
{
	arrays[0] = memblock.memory.regions;
	arrays[1] = memblock.reserved.regions;
	maxima[0] = memblock.memory.max;
	maxima[1] = memblock.reserved.max;
}

/* The records that an array in the arena covers; none for the first arrays. */
static struct span span_of(const struct memblock_region *array,
			   unsigned long max)
{
	phys_addr_t base = __pa(array);
	unsigned int from, pages;

	if (base < origin || base >= address(N))
		return (struct span){ 0, 0 };
	from = (base - origin) / G;
	pages = (max * sizeof(*array) + PAGE_SIZE - 1) / PAGE_SIZE;
	return (struct span){ from, from + pages * PER_PAGE };
}

static bool overlap(struct span a, struct span b)
{
	return a.from < b.to && b.from < a.to;
}

static bool touches_arrays(struct span s)
{
	return overlap(s, span_of(arrays[0], maxima[0])) ||
	       overlap(s, span_of(arrays[1], maxima[1]));
}

static void move_array(const struct memblock_type *type, int which,
		       struct span op)
{
	struct span old = span_of(arrays[which], maxima[which]);
	struct span new = span_of(type->regions, type->max);

	if (type->regions == arrays[which])
		return;
	require(!overlap(new, op) && new.from < new.to);
	require(address(new.to) <= memblock.current_limit);
	for (unsigned int i = new.from; i < new.to; i++) {
		require(usable(i, NUMA_NO_NODE, 0));
		model[i].reserved = true;
	}
	for (unsigned int i = old.from; i < old.to; i++)
		model[i].reserved = false;
}

/* Follow the arrays that an operation on @op has moved. */
static void follow_arrays(struct span op)
{
	move_array(&memblock.reserved, 1, op);
	move_array(&memblock.memory, 0, op);
	note_arrays();
}

/* Whether -ENOMEM was right: no array could have been placed outside @op. */
static bool out_of_room(struct span op)
{
	unsigned int run = 0;

	if (!memblock_can_resize)
		return true;
	for (unsigned int i = 0; i < N; i++) {
		if (i % PER_PAGE == 0 && (!run || !alike(&model[i - 1],
							 &model[i])))
			run = 0;
		if (!usable(i, NUMA_NO_NODE, 0) || !alike(&model[i],
		    &model[i - i % PER_PAGE]) ||
		    overlap(op, (struct span){ i, i + 1 }) ||
		    address(i + 1) > memblock.current_limit)
			run = 0;
		else if (run || i % PER_PAGE == 0)
			run++;
		if (run == 3 * PER_PAGE)
			return false;
	}
	return true;
}

/*
 * The outcome of an operation on @op, already carried out on the model: take
 * it back if memblock refused, which it may only do when short of entries.
 */
static void settle(int err, struct span op, const struct memblock_type *type,
		   unsigned int entries)
{
	bool reserved = type == &memblock.reserved;

	if (!err)
		return;
	require(err == -ENOMEM);
	require(out_of_room(op));
	require(count_runs(before, reserved) + entries > maxima[reserved] ||
		memblock_can_resize);
	memcpy(model, before, sizeof(model));
}

/* ---- operations ---- */

#define each(i, s)	for (unsigned int i = (s).from; i < (s).to; i++)

static unsigned int gaps_in(struct span s, bool reserved)
{
	unsigned int n = 0;

	each(i, s) {
		bool here = reserved ? model[i].reserved : model[i].present;
		bool last = i > s.from && (reserved ? model[i - 1].reserved :
						     model[i - 1].present);

		n += !here && (i == s.from || last);
	}
	return n;
}

/* Call memblock, follow its arrays, then do @effect to each record of s. */
#define perform(s, type, entries, call, effect) do {			\
	unsigned int entries_ = (entries);				\
	int err_ = (call);						\
	follow_arrays(s);						\
	memcpy(before, model, sizeof(model));				\
	each(i, s) {							\
		struct record *m = &model[i];				\
		effect;							\
	}								\
	settle(err_, s, type, entries_);				\
} while (0)

static void op_add(struct span s)
{
	int nid = any(3);
	unsigned int flags = any(3) ? 0 : any(16);

	if (nid == 2)
		nid = MAX_NUMNODES;
	perform(s, &memblock.memory, gaps_in(s, false),
		memblock_add_node(address(s.from), length(s), nid, flags),
		if (!m->present) {
			m->present = true;
			m->nid = nid;
			m->flags = flags;
		});
}

static void op_remove(struct span s)
{
	perform(s, &memblock.memory, 1,
		memblock_remove(address(s.from), length(s)),
		m->present = false);
}

static void op_reserve(struct span s)
{
	perform(s, &memblock.reserved, gaps_in(s, true),
		memblock_reserve(address(s.from), length(s)),
		m->reserved = true);
}

static void op_free(struct span s)
{
	if (touches_arrays(s))
		return;
	perform(s, &memblock.reserved, 1,
		memblock_phys_free(address(s.from), length(s)),
		m->reserved = false);
}

static void op_hotplug(struct span s)
{
	if (any(2))
		perform(s, &memblock.memory, 2,
			memblock_mark_hotplug(address(s.from), length(s)),
			m->flags |= MEMBLOCK_HOTPLUG);
	else
		perform(s, &memblock.memory, 2,
			memblock_clear_hotplug(address(s.from), length(s)),
			m->flags &= ~MEMBLOCK_HOTPLUG);
}

static void op_nomap(struct span s)
{
	if (any(2))
		perform(s, &memblock.memory, 2,
			memblock_mark_nomap(address(s.from), length(s)),
			m->flags |= MEMBLOCK_NOMAP);
	else
		perform(s, &memblock.memory, 2,
			memblock_clear_nomap(address(s.from), length(s)),
			m->flags &= ~MEMBLOCK_NOMAP);
}

static void op_mirror(struct span s)
{
	perform(s, &memblock.memory, 2,
		memblock_mark_mirror(address(s.from), length(s)),
		m->flags |= MEMBLOCK_MIRROR);
	system_has_some_mirror = any(2);
}

static void op_set_node(struct span s)
{
	int nid = any(3);

	perform(s, &memblock.memory, 2,
		memblock_set_node(address(s.from), length(s), &memblock.memory,
				  nid),
		m->nid = nid);
}

/* The highest or lowest place that will do, tried one by one. */
static phys_addr_t model_find(unsigned int records, phys_addr_t align,
			      phys_addr_t start, phys_addr_t end, int nid,
			      unsigned int flags)
{
	for (unsigned int k = 0; k + records <= N; k++) {
		unsigned int at = memblock.bottom_up ? k : N - records - k;
		unsigned int fits = 0;
		phys_addr_t a = address(at);

		if (a % align || a < max_t(phys_addr_t, start, PAGE_SIZE) ||
		    a + records * G > end)
			continue;
		while (fits < records && usable(at + fits, nid, flags) &&
		       alike(&model[at], &model[at + fits]))
			fits++;
		if (fits == records)
			return a;
	}
	return 0;
}

/* An allocation's wishes, and the places it is tried at, the best first. */
struct wish {
	unsigned int records;
	phys_addr_t align, start, end;
	int nid;
	bool exact;
};

static unsigned int model_choices(const struct wish *w, phys_addr_t choices[4])
{
	unsigned int n = 0;

	for (int mirror = system_has_some_mirror; mirror >= 0; mirror--) {
		unsigned int flags = mirror ? MEMBLOCK_MIRROR : 0;

		choices[n++] = model_find(w->records, w->align, w->start,
					  w->end, w->nid, flags);
		if (!w->exact)
			choices[n++] = model_find(w->records, w->align,
						  w->start, w->end,
						  NUMA_NO_NODE, flags);
	}
	return n;
}

static struct span span_at(phys_addr_t found, unsigned int records)
{
	unsigned int from = found ? (found - origin) / G : 0;

	return (struct span){ from, found ? from + records : from };
}

/*
 * The first choice that can be found is taken. A choice may be passed over for
 * one reason only: there was no entry to reserve it with.
 */
static void op_alloc(struct span s)
{
	struct wish w = {
		.records = 1 + any(20), .align = 1U << any(16),
		.start = address(s.from), .nid = (int)any(3) - 1,
		.exact = any(2),
	};
	phys_addr_t end = any(2) ? address(s.to) : MEMBLOCK_ALLOC_ACCESSIBLE;
	phys_addr_t choices[4], got;
	struct span wanted = { 0, 0 };
	unsigned long entries = memblock.reserved.cnt;
	unsigned int n, i;

	w.end = end ?: memblock.current_limit;
	n = model_choices(&w, choices);
	got = memblock_alloc_range_nid(w.records * G, w.align, w.start, end,
				       w.nid, w.exact);
	for (i = 0; i < n && !choices[i]; i++)
		;
	if (i < n)
		wanted = span_at(choices[i], w.records);
	follow_arrays(wanted);
	for (; i < n && choices[i] != got; i++) {
		if (!choices[i])
			continue;
		require(entries == maxima[1]);
		require(out_of_room(span_at(choices[i], w.records)));
	}
	require(i < n || !got);
	each(k, span_at(got, w.records))
		model[k].reserved = true;
}

static void op_trim(void)
{
	phys_addr_t align = G << any(4);
	unsigned int from, to;

	memblock_trim_memory(align);
	memcpy(before, model, sizeof(model));
	for (from = 0; from < N; from = to) {
		for (to = from + 1; to < N && alike(&before[from], &before[to]);)
			to++;
		for (unsigned int i = from; i < to; i++)
			if (address(i) < round_up(address(from), align) ||
			    address(i + 1) > round_down(address(to), align))
				model[i].present = false;
	}
}

/* Both limits count memory from below. */
static unsigned int record_of_limit(unsigned int records)
{
	for (unsigned int i = 0; i < N; i++)
		if (model[i].present && records-- == 1)
			return i + 1;
	return N;
}

static void op_limit(struct span s)
{
	unsigned int stop = record_of_limit(s.to);
	bool map_only = any(2);

	if (!s.to || touches_arrays((struct span){ stop, N }))
		return;
	if (memblock.memory.cnt + 2 > memblock.memory.max ||
	    memblock.reserved.cnt + 2 > memblock.reserved.max)
		return;
	if (map_only)
		memblock_mem_limit_remove_map((phys_addr_t)s.to * G);
	else
		memblock_enforce_memory_limit((phys_addr_t)s.to * G);
	for (unsigned int i = stop; i < N; i++) {
		if (!map_only || !(model[i].flags & MEMBLOCK_NOMAP))
			model[i].present = false;
		model[i].reserved = false;
	}
}

static void op_settings(void)
{
	movable_node_enabled = any(2);
	memblock_set_bottom_up(any(2));
	memblock_set_current_limit(any(2) ? MEMBLOCK_ALLOC_ANYWHERE :
					    address(any(N)));
}

static void operate(void)
{
	unsigned int which = any(16);
	struct span s = any_span();

	switch (which) {
	case 0: case 1: case 2:
		return op_add(s);
	case 3:
		return op_remove(s);
	case 4: case 5: case 6:
		return op_reserve(s);
	case 7: case 8:
		return op_free(s);
	case 9:
		return op_hotplug(s);
	case 10:
		return any(2) ? op_nomap(s) : op_mirror(s);
	case 11:
		return op_set_node(s);
	case 12: case 13:
		return op_alloc(s);
	case 14:
		return any(4) ? op_alloc(s) : op_trim();
	default:
		return any(4) ? op_settings() : op_limit(s);
	}
}

/* ---- the run ---- */

static void reset_type(struct memblock_type *type, char *name,
		       struct memblock_region *regions, unsigned long max)
{
	memset(regions, 0, INIT_MEMBLOCK_REGIONS * sizeof(*regions));
	*type = (struct memblock_type) {
		.cnt = 1, .max = max, .regions = regions, .name = name,
	};
}

unsigned int memblock_model_run(const u8 *data, size_t n)
{
	unsigned int operations = 0;

	input.next = data;
	input.end = data + n;
	memset(model, 0, sizeof(model));
	memblock.bottom_up = false;
	memblock.current_limit = MEMBLOCK_ALLOC_ANYWHERE;
	memblock_can_resize = any(2);
	origin = memblock_can_resize ? __pa(arena) : 0;
	reset_type(&memblock.memory, "memory", memblock_memory_init_regions,
		   4 + any(INIT_MEMBLOCK_REGIONS - 3));
	reset_type(&memblock.reserved, "reserved",
		   memblock_reserved_init_regions,
		   4 + any(INIT_MEMBLOCK_REGIONS - 3));
	system_has_some_mirror = movable_node_enabled = false;
	note_arrays();
	while (input.next < input.end) {
		operate();
		compare();
		operations++;
	}
	return operations;
}
